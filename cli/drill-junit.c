/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drill-junit.c - the report as JUnit XML: a suite for each setting, a case for each fault. Pure.
 *
 * A fault that was not played is skipped; one that the bond did not come back from, or that cost
 * more than the plan allows, is a failure.
 */
#include "drill.h"

static void
add_verdict(GString *out, const struct drill_report *report, const struct drill_event *event)
{
    if (event->outcome == DRILL_NOT_DONE)
        drill_append(out, "      <skipped message=\"%s\"/>\n", event->why);
    else if (event->outcome == DRILL_NOT_BACK)
        drill_append(out, "      <failure type=\"not-back\" message=\"%s\"/>\n", event->why);
    else if (event->too_long)
        drill_append(out,
                     "      <failure type=\"outage\" message=\"%" G_GUINT64_FORMAT
                     " us, allowed are %u us\"/>\n",
                     drill_event_outage_us(event), report->plan->max_outage_us);
}

static void
add_count(GString *out, const char *name, const struct drill_count *count)
{
    drill_append(
        out,
        "%s: sent %" G_GUINT64_FORMAT ", lost %" G_GUINT64_FORMAT ", duplicated %" G_GUINT64_FORMAT
        ", reordered %" G_GUINT64_FORMAT ", outage %" G_GUINT64_FORMAT " us\n",
        name, count->sent, count->lost, count->duplicated, count->reordered, count->longest_us);
}

static void
add_case(GString *out, const struct drill_report *report, const struct drill_run *run,
         const struct drill_event *event)
{
    g_autofree char *name = drill_fault_describe(event->fault, event->port);

    drill_append(out, "    <testcase classname=\"%s %s\" name=\"%s\" time=\"%.3f\">\n",
                 report->bond, run->setting, name,
                 (double) (event->end_us - event->begin_us) / 1e6);
    add_verdict(out, report, event);
    g_string_append(out, "      <system-out>");
    if (!report->round_trip)
        add_count(out, "out", &event->count[DRILL_OUT]);
    add_count(out, report->round_trip ? "round trip" : "in", &event->count[DRILL_IN]);
    g_string_append(out, "</system-out>\n    </testcase>\n");
}

static void
add_suite(GString *out, const struct drill_report *report, const struct drill_run *run)
{
    guint failures = 0, skipped = 0;

    for (guint i = 0; i < run->events->len; i++) {
        const struct drill_event *event = run->events->pdata[i];

        failures += drill_event_failed(event);
        skipped += event->outcome == DRILL_NOT_DONE;
    }
    drill_append(out,
                 "  <testsuite name=\"drill %s %s\" tests=\"%u\" failures=\"%u\" skipped=\"%u\">\n",
                 report->bond, run->setting, run->events->len, failures, skipped);
    for (guint i = 0; i < run->events->len; i++)
        add_case(out, report, run, run->events->pdata[i]);
    g_string_append(out, "  </testsuite>\n");
}

char *
drill_report_junit(const struct drill_report *report)
{
    GString *out = g_string_new("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");

    for (guint i = 0; i < report->runs->len; i++)
        add_suite(out, report, report->runs->pdata[i]);
    g_string_append(out, "</testsuites>\n");
    return g_string_free(out, FALSE);
}
