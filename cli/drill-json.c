/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drill-json.c - the report for programs: docs/drill-1.schema.json.
 */
#include "drill-play.h"
#include "json.h"

#include "config-cli.h"

#define DRILL_VERSION 1

static void
print_fault(struct json *json, const struct drill_event *event)
{
    const struct drill_fault *fault = event->fault;
    bool directed = fault->kind == DRILL_SILENT || fault->kind == DRILL_LOSS;

    json_open(json, "fault", '{');
    json_string(json, "kind", drill_kinds[fault->kind].name);
    json_string(json, "port", event->port[0] != '\0' ? event->port : NULL);
    if (fault->kind == DRILL_FLAP) {
        json_count(json, "count", fault->count);
        json_count(json, "period_ms", fault->period_ms);
    } else {
        json_count(json, "hold_ms", fault->hold_ms);
    }
    if (directed)
        json_string(json, "direction",
                    !fault->way[DRILL_OUT]  ? "in"
                    : !fault->way[DRILL_IN] ? "out"
                                            : "both");
    if (fault->kind == DRILL_LOSS)
        json_count(json, "percent", fault->percent);
    if (fault->kind == DRILL_DELAY)
        json_count(json, "delay_ms", fault->delay_ms);
    json_close(json, '}');
}

static void
print_count(struct json *json, const char *key, const struct drill_count *count)
{
    json_open(json, key, '{');
    json_count(json, "sent", count->sent);
    json_count(json, "received", count->received);
    json_count(json, "lost", count->lost);
    json_count(json, "duplicated", count->duplicated);
    json_count(json, "reordered", count->reordered);
    json_count(json, "outage_us", count->longest_us);
    json_count(json, "span_us", count->span_us);
    json_count(json, "late_us", count->late_us);
    json_open(json, "gaps", '[');
    for (guint i = 0; count->gaps != NULL && i < count->gaps->len; i++) {
        const struct drill_gap *gap = &g_array_index(count->gaps, struct drill_gap, i);

        json_open(json, NULL, '{');
        json_number(json, "from_us", gap->from_us);
        json_number(json, "to_us", gap->to_us);
        json_count(json, "lost", gap->count);
        json_close(json, '}');
    }
    json_close(json, ']');
    json_close(json, '}');
}

static void
print_phases(struct json *json, const struct drill_event *event)
{
    json_open(json, "phases_us", '{');
    for (int i = 0; i < DRILL_N_PHASES; i++) {
        if (event->phase_us[i] > 0)
            json_count(json, drill_phase_names[i], event->phase_us[i]);
        else
            json_string(json, drill_phase_names[i], NULL);
    }
    json_close(json, '}');
}

static void
print_notes(struct json *json, const struct drill_event *event)
{
    json_open(json, "bondd", '[');
    for (guint i = 0; i < event->notes->len; i++) {
        const struct drill_note *note = event->notes->pdata[i];

        json_open(json, NULL, '{');
        json_number(json, "time_us", note->time_us);
        json_string(json, "port", note->port[0] != '\0' ? note->port : NULL);
        json_string(json, "event", note->event);
        json_string(json, "text", note->text);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void
print_event(struct json *json, const struct drill_report *report, const struct drill_event *event)
{
    static const char *const outcomes[] = {"played", "not-done", "not-back"};

    json_open(json, NULL, '{');
    print_fault(json, event);
    json_string(json, "outcome", outcomes[event->outcome]);
    json_string(json, "why", event->why);
    json_bool(json, "failed", drill_event_failed(event));
    json_number(json, "begin_us", event->begin_us);
    json_number(json, "fault_us", event->fault_us);
    json_number(json, "undone_us", event->undo_us);
    json_number(json, "end_us", event->end_us);
    if (report->round_trip) {
        print_count(json, "round_trip", &event->count[DRILL_IN]);
    } else {
        print_count(json, "out", &event->count[DRILL_OUT]);
        print_count(json, "in", &event->count[DRILL_IN]);
    }
    print_phases(json, event);
    print_notes(json, event);
    json_close(json, '}');
}

void
drill_print_json(const struct drill_report *report)
{
    struct json json = {.pretty = true};

    json_open(&json, NULL, '{');
    json_number(&json, "version", DRILL_VERSION);
    json_string(&json, "bondcli", NMB_VERSION);
    json_number(&json, "started_us", report->started_us);
    json_string(&json, "bond", report->bond);
    json_string(&json, "target", report->target);
    json_bool(&json, "lab", report->lab);
    json_bool(&json, "interrupted", report->interrupted);
    json_count(&json, "interval_us", report->plan->interval_us);
    if (report->plan->max_outage_us > 0)
        json_count(&json, "max_outage_us", report->plan->max_outage_us);
    else
        json_string(&json, "max_outage_us", NULL);
    json_open(&json, "runs", '[');
    for (guint i = 0; i < report->runs->len; i++) {
        const struct drill_run *run = report->runs->pdata[i];

        json_open(&json, NULL, '{');
        json_string(&json, "setting", run->setting);
        json_open(&json, "events", '[');
        for (guint j = 0; j < run->events->len; j++)
            print_event(&json, report, run->events->pdata[j]);
        json_close(&json, ']');
        json_close(&json, '}');
    }
    json_close(&json, ']');
    json_close(&json, '}');
}
