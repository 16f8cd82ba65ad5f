/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drill-html.c - the report as one page without anything beside it: an overview of all settings,
 * and each event with its picture (drill-svg.c). Pure.
 */
#include "drill.h"

#include <string.h>
#include <glib/gi18n.h>

#define COLUMN 122
#define FIRST_COLUMN 150
#define LINE 40

static const char style[] =
    "body{font:15px/1.45 system-ui,sans-serif;max-width:1000px;margin:2em auto;padding:0 1em;"
    "color:#1b2733}\n"
    "h1{font-size:1.5em}h2{margin-top:2em;border-bottom:1px solid #ccd}h3{margin:1.6em 0 .2em}\n"
    "p.facts{margin:.2em 0;color:#456}.bad{color:#b3261e;font-weight:600}.good{color:#1d7a3a}\n"
    "svg text{font:11px system-ui,sans-serif;fill:#456}svg.timeline{width:100%;height:auto}\n"
    ".during{fill:#fdf3e2}.fault{fill:#e8a33d}.tx{fill:#3d7fe8}.rx{fill:#5bb98b}.lost{fill:#c62828}"
    ".note{fill:#5a3d8a}\n"
    ".grid{stroke:#dde3ea;stroke-width:1}.key{display:inline-block;width:.8em;height:.8em;"
    "margin:0 .3em 0 1em}\n";

/* ---- the overview ---- */

/* Half of the frames for a second are as bad as all of them for half a second. */
static guint64
harm_us(const struct drill_report *report, const struct drill_event *event)
{
    guint64 lost = MAX(event->count[DRILL_OUT].lost, event->count[DRILL_IN].lost);

    return lost > 0 ? MAX(drill_event_outage_us(event), lost * report->plan->interval_us) : 0;
}

static const char *
cell_color(const struct drill_report *report, const struct drill_event *event)
{
    guint64 us;

    if (event == NULL || event->outcome == DRILL_NOT_DONE)
        return "#eceff3";
    us = harm_us(report, event);
    if (event->outcome == DRILL_NOT_BACK || us >= 500000)
        return "#f2b8b5";
    if (us >= 50000)
        return "#fbd9a7";
    return us > 0 ? "#f6f0b5" : "#c5e8cf";
}

static void
add_cell(GString *out, const struct drill_report *report, const struct drill_event *event, int x,
         int y)
{
    g_autofree char *time = event != NULL ? drill_short_time(drill_event_outage_us(event)) : NULL;
    bool done = event != NULL && event->outcome != DRILL_NOT_DONE;
    bool harmed = done && drill_event_lost(event) > 0;

    drill_append(out, "<rect x=\"%i\" y=\"%i\" width=\"%i\" height=\"%i\" rx=\"4\" fill=\"%s\"/>\n",
                 x, y, COLUMN - 4, LINE - 4, cell_color(report, event));
    g_string_append_printf(out, "<text x=\"%i\" y=\"%i\" text-anchor=\"middle\" %s>",
                           x + COLUMN / 2 - 2, y + (harmed ? 15 : 22),
                           "style=\"font:13px sans-serif;fill:#1b2733\"");
    if (done)
        g_string_append_printf(out, _("%lu lost"), (gulong) drill_event_lost(event));
    else
        g_string_append(out, "–");
    g_string_append(out, "</text>\n");
    if (harmed)
        drill_append(out,
                     "<text x=\"%i\" y=\"%i\" text-anchor=\"middle\" "
                     "style=\"font:11px sans-serif;fill:#456\">%s</text>\n",
                     x + COLUMN / 2 - 2, y + 30, time);
}

/* Stands alone too: the README has it as a picture. */
static void
add_overview(GString *out, const struct drill_report *report)
{
    int width = FIRST_COLUMN + (int) report->runs->len * COLUMN;
    int height = LINE * ((int) report->plan->faults->len + 1);

    g_string_append_printf(out,
                           "<svg id=\"overview\" viewBox=\"0 0 %i %i\" width=\"%i\" height=\"%i\" "
                           "style=\"max-width:100%%;height:auto;background:#fff\" "
                           "xmlns=\"http://www.w3.org/2000/svg\">\n",
                           width, height, width, height);
    for (guint i = 0; i < report->runs->len; i++)
        drill_append(out,
                     "<text x=\"%i\" y=\"24\" text-anchor=\"middle\" "
                     "style=\"font:bold 13px sans-serif;fill:#1b2733\">%s</text>\n",
                     FIRST_COLUMN + (int) i * COLUMN + COLUMN / 2 - 2,
                     drill_run_title(report, report->runs->pdata[i]));
    for (guint j = 0; j < report->plan->faults->len; j++) {
        g_autofree char *what = drill_fault_describe(report->plan->faults->pdata[j], NULL);
        int y = LINE * ((int) j + 1);

        drill_append(out,
                     "<text x=\"%i\" y=\"%i\" text-anchor=\"end\" "
                     "style=\"font:13px sans-serif;fill:#1b2733\">%s</text>\n",
                     FIRST_COLUMN - 12, y + 22, what);
        for (guint i = 0; i < report->runs->len; i++) {
            const struct drill_run *run = report->runs->pdata[i];

            add_cell(out, report, j < run->events->len ? run->events->pdata[j] : NULL,
                     FIRST_COLUMN + (int) i * COLUMN, y);
        }
    }
    g_string_append(out, "</svg>\n");
}

/* ---- one event ---- */

static void
add_count(GString *out, const char *way, const struct drill_count *count)
{
    g_autofree char *outage = drill_short_time(count->longest_us);
    g_autofree char *span = drill_short_time(count->span_us);
    g_autofree char *late = drill_short_time(count->late_us);

    drill_append(out, "<p class=\"facts\"><b>%s</b>: ", way);
    drill_append(out, _("sent %lu, lost %lu, duplicated %lu, reordered %lu"), (gulong) count->sent,
                 (gulong) count->lost, (gulong) count->duplicated, (gulong) count->reordered);
    if (count->lost > 0)
        drill_append(out, _("; outage %s, all losses within %s"), outage, span);
    drill_append(out, _("; at most %s late"), late);
    g_string_append(out, "</p>\n");
}

static void
add_phases(GString *out, const struct drill_event *event)
{
    if (event->phase_us[DRILL_SWITCHED] == 0)
        return;
    g_string_append(out, "<p class=\"facts\"><b>bondd</b>: ");
    drill_append(out, _("detected after %lu µs, decided %lu, switched %lu, announced %lu"),
                 (gulong) event->phase_us[DRILL_DETECTED], (gulong) event->phase_us[DRILL_DECIDED],
                 (gulong) event->phase_us[DRILL_SWITCHED],
                 (gulong) event->phase_us[DRILL_ANNOUNCED]);
    g_string_append(out, "</p>\n");
}

static void
add_event(GString *out, const struct drill_report *report, const struct drill_event *event)
{
    g_autofree char *what = drill_fault_describe(event->fault, event->port);

    drill_append(out, "<h3>%s</h3>\n", what);
    if (event->why != NULL)
        drill_append(out, "<p class=\"bad\">%s</p>\n", event->why);
    if (event->outcome == DRILL_NOT_DONE)
        return;
    if (event->too_long)
        drill_append(out, "<p class=\"bad\">%s</p>\n", _("longer than allowed"));
    if (!report->round_trip)
        add_count(out, _("out"), &event->count[DRILL_OUT]);
    add_count(out, report->round_trip ? _("there and back") : _("in"), &event->count[DRILL_IN]);
    add_phases(out, event);
    drill_svg_event(out, report, event);
}

static void
add_legend(GString *out)
{
    static const struct {
        const char *css, *text;
    } keys[] = {
        {"#e8a33d", N_("the fault")},       {"#3d7fe8", N_("frames sent")},
        {"#5bb98b", N_("frames received")}, {"#c62828", N_("probes lost")},
        {"#5a3d8a", N_("what bondd did")},
    };

    g_string_append(out, "<p>");
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
        drill_append(out, "<span class=\"key\" style=\"background:%s\"></span>%s", keys[i].css,
                     _(keys[i].text));
    g_string_append(out, "</p>\n");
}

char *
drill_report_html(const struct drill_report *report)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(report->started_us / 1000000);
    g_autofree char *when = g_date_time_format(time, "%Y-%m-%d %H:%M UTC");
    GString *out = g_string_new("<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\">\n");

    drill_append(out, "<title>bondcli drill: %s, %s</title>\n", report->bond, when);
    g_string_append_printf(out, "<style>\n%s</style></head><body>\n", style);
    drill_append(out, "<h1>bondcli drill: %s</h1>\n", report->bond);
    drill_append(out, "<p>%s. ", when);
    drill_append(out, _("One probe each %u µs and way, to %s."), report->plan->interval_us,
                 report->target);
    drill_append(
        out, " %s</p>\n",
        _("Lost: probes of both ways that did not come. The time is the longest in which nothing "
          "came."));
    if (report->interrupted)
        drill_append(out, "<p class=\"bad\">%s</p>\n", _("The drill was interrupted."));
    add_overview(out, report);
    add_legend(out);
    for (guint i = 0; i < report->runs->len; i++) {
        const struct drill_run *run = report->runs->pdata[i];

        drill_append(out, "<h2>%s</h2>\n", run->setting[0] != '\0' ? run->setting : report->bond);
        for (guint j = 0; j < run->events->len; j++)
            add_event(out, report, run->events->pdata[j]);
    }
    g_string_append(out, "</body></html>\n");
    return g_string_free(out, FALSE);
}
