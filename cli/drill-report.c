/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drill-report.c - the report as data: made, added to, judged, freed. Prints nothing.
 */
#include "drill.h"

const char *const drill_phase_names[DRILL_N_PHASES] = {"detected", "decided", "switched",
                                                       "announced"};

static void
note_free(struct drill_note *note)
{
    g_free(note->port);
    g_free(note->event);
    g_free(note->text);
    g_free(note);
}

static void
lane_free(struct drill_lane *lane)
{
    g_free(lane->port);
    g_array_unref(lane->samples);
    g_free(lane);
}

static void
event_free(struct drill_event *event)
{
    for (int way = 0; way < DRILL_N_WAYS; way++)
        drill_count_clear(&event->count[way]);
    g_ptr_array_unref(event->notes);
    g_ptr_array_unref(event->lanes);
    g_free(event->port);
    g_free(event->why);
    g_free(event);
}

static void
run_free(struct drill_run *run)
{
    g_ptr_array_unref(run->events);
    g_free(run->setting);
    g_free(run);
}

struct drill_report *
drill_report_new(const struct drill_plan *plan)
{
    struct drill_report *report = g_new0(struct drill_report, 1);

    report->plan = plan;
    report->runs = g_ptr_array_new_with_free_func((GDestroyNotify) run_free);
    return report;
}

void
drill_report_free(struct drill_report *report)
{
    g_ptr_array_unref(report->runs);
    g_free(report->bond);
    g_free(report->target);
    g_free(report);
}

struct drill_run *
drill_report_add_run(struct drill_report *report, const char *setting)
{
    struct drill_run *run = g_new0(struct drill_run, 1);

    run->setting = g_strdup(setting);
    run->events = g_ptr_array_new_with_free_func((GDestroyNotify) event_free);
    g_ptr_array_add(report->runs, run);
    return run;
}

struct drill_event *
drill_run_add_event(struct drill_run *run, const struct drill_fault *fault)
{
    struct drill_event *event = g_new0(struct drill_event, 1);

    event->fault = fault;
    event->port = g_strdup("");
    event->notes = g_ptr_array_new_with_free_func((GDestroyNotify) note_free);
    event->lanes = g_ptr_array_new_with_free_func((GDestroyNotify) lane_free);
    g_ptr_array_add(run->events, event);
    return event;
}

const char *
drill_run_title(const struct drill_report *report, const struct drill_run *run)
{
    if (run->setting[0] == '\0')
        return report->bond;
    return g_str_has_prefix(run->setting, "mode=") ? run->setting + 5 : run->setting;
}

guint64
drill_event_lost(const struct drill_event *event)
{
    return event->count[DRILL_OUT].lost + event->count[DRILL_IN].lost;
}

guint64
drill_event_outage_us(const struct drill_event *event)
{
    return MAX(event->count[DRILL_OUT].longest_us, event->count[DRILL_IN].longest_us);
}

bool
drill_event_failed(const struct drill_event *event)
{
    return event->outcome == DRILL_NOT_BACK || event->too_long;
}

bool
drill_report_failed(const struct drill_report *report)
{
    for (guint i = 0; i < report->runs->len; i++) {
        const struct drill_run *run = report->runs->pdata[i];

        for (guint j = 0; j < run->events->len; j++) {
            if (drill_event_failed(run->events->pdata[j]))
                return true;
        }
    }
    return false;
}

char *
drill_short_time(guint64 us)
{
    if (us < 1000)
        return g_strdup_printf("%u µs", (guint) us);
    if (us < 1000000)
        return g_strdup_printf("%.1f ms", (double) us / 1e3);
    return g_strdup_printf("%.2f s", (double) us / 1e6);
}

void
drill_append(GString *out, const char *format, ...)
{
    va_list args;
    g_autofree char *text = NULL;

    va_start(args, format);
    text = g_markup_vprintf_escaped(format, args);
    va_end(args);
    g_string_append(out, text);
}
