/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drill-svg.c - one event as a picture: the fault, what each port carried, what was lost, what
 * bondd did, on one axis of time. Pure.
 */
#include "drill.h"

#include <glib/gi18n.h>

#define LEFT 110
#define WIDTH 840 /* of the axis */
#define LANE 46
#define ROW 16
#define SAMPLE_US 20000 /* about: for the first, which has none before it */

struct axis {
    gint64 from_us, length_us;
};

static double
x_of(const struct axis *axis, gint64 time_us)
{
    gint64 at = CLAMP(time_us - axis->from_us, 0, axis->length_us);

    return LEFT + (double) at * WIDTH / (double) axis->length_us;
}

/* SVG wants '.' in every language. */
static const char *
number(char buffer[G_ASCII_DTOSTR_BUF_SIZE], double value)
{
    return g_ascii_formatd(buffer, G_ASCII_DTOSTR_BUF_SIZE, "%.1f", value);
}

static void
rectangle(GString *out, const char *css, double x, double y, double width, double height,
          const char *title)
{
    char a[G_ASCII_DTOSTR_BUF_SIZE], b[G_ASCII_DTOSTR_BUF_SIZE], c[G_ASCII_DTOSTR_BUF_SIZE],
        d[G_ASCII_DTOSTR_BUF_SIZE];
    g_autofree char *escaped = g_markup_escape_text(title, -1);

    g_string_append_printf(out,
                           "<rect class=\"%s\" x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\">"
                           "<title>%s</title></rect>\n",
                           css, number(a, x), number(b, y), number(c, width), number(d, height),
                           escaped);
}

static void
label(GString *out, int y, const char *text)
{
    g_autofree char *escaped = g_markup_escape_text(text, -1);

    g_string_append_printf(out, "<text x=\"%i\" y=\"%i\" text-anchor=\"end\">%s</text>\n", LEFT - 8,
                           y, escaped);
}

/* ---- what a port carried ---- */

/* Frames a second between the sample before and this one. */
static double
rate_of(const struct drill_lane *lane, guint i, bool tx)
{
    const struct drill_sample *s = &g_array_index(lane->samples, struct drill_sample, i);
    gint64 before_us = i > 0 ? s[-1].time_us : s->time_us - SAMPLE_US;

    return (tx ? s->tx : s->rx) * 1e6 / (double) MAX(s->time_us - before_us, 1);
}

/* Steps: a sample is the mean since the one before. */
static void
add_side(GString *out, const struct axis *axis, const struct drill_lane *lane, bool tx, double most,
         int middle)
{
    char x[G_ASCII_DTOSTR_BUF_SIZE], y[G_ASCII_DTOSTR_BUF_SIZE];
    double half = LANE / 2.0 - 3, from = LEFT;

    g_string_append_printf(out, "<polygon class=\"%s\" points=\"%i,%i", tx ? "tx" : "rx", LEFT,
                           middle);
    for (guint i = 0; i < lane->samples->len; i++) {
        double to = x_of(axis, g_array_index(lane->samples, struct drill_sample, i).time_us);

        number(y, middle + (tx ? -1 : 1) * MIN(1.0, rate_of(lane, i, tx) / most) * half);
        g_string_append_printf(out, " %s,%s", number(x, from), y);
        g_string_append_printf(out, " %s,%s", number(x, to), y);
        from = to;
    }
    g_string_append_printf(out, " %s,%i\"/>\n", number(x, from), middle);
}

/* A burst shall not flatten all the rest: the scale is twice the usual rate, or the highest. */
static double
usual_most(const struct drill_event *event)
{
    double sum = 0, most = 1;
    guint n = 1;

    for (guint i = 0; i < event->lanes->len; i++) {
        const struct drill_lane *lane = event->lanes->pdata[i];

        for (guint j = 0; j < 2 * lane->samples->len; j++) {
            double rate = rate_of(lane, j / 2, j % 2);

            most = MAX(most, rate);
            sum += rate;
            n += rate > 0;
        }
    }
    return MIN(most, 2 * sum / n + 1);
}

/* ---- what was lost ---- */

static void
add_gaps(GString *out, const struct axis *axis, const struct drill_count *count, int y)
{
    gint64 end_us = G_MININT64;

    for (guint i = 0; count->gaps != NULL && i < count->gaps->len; i++) {
        const struct drill_gap *gap = &g_array_index(count->gaps, struct drill_gap, i);
        double from = x_of(axis, gap->from_us), to = x_of(axis, gap->to_us);
        g_autofree char *title = NULL;

        if (gap->to_us <= end_us)
            continue;
        end_us = gap->to_us + axis->length_us / (2 * WIDTH); /* half a dot: no more is seen */
        title = g_strdup_printf(_("%u lost within %lu us"), gap->count,
                                (gulong) (gap->to_us - gap->from_us));
        rectangle(out, "lost", from, y + 3, MAX(to - from, 1.5), ROW - 6, title);
    }
}

static void
add_notes(GString *out, const struct axis *axis, const struct drill_event *event, int y)
{
    for (guint i = 0; i < event->notes->len; i++) {
        const struct drill_note *note = event->notes->pdata[i];
        g_autofree char *title =
            g_strdup_printf("+%li us: %s", (long) (note->time_us - event->fault_us), note->text);

        rectangle(out, "note", x_of(axis, note->time_us) - 1, y + 2, 3, ROW - 4, title);
    }
}

static void
add_scale(GString *out, const struct axis *axis, const struct drill_event *event, int y)
{
    static const gint64 steps_ms[] = {50, 100, 200, 500, 1000, 2000, 5000, 10000, 30000, 60000};
    gint64 step_us = 0;

    for (gsize i = 0; i < G_N_ELEMENTS(steps_ms) && axis->length_us > step_us * 10; i++)
        step_us = steps_ms[i] * 1000;
    for (gint64 t = event->fault_us; x_of(axis, t) < LEFT + WIDTH - 20; t += step_us) {
        char x[G_ASCII_DTOSTR_BUF_SIZE];

        number(x, x_of(axis, t));
        g_string_append_printf(out,
                               "<line class=\"grid\" x1=\"%s\" x2=\"%s\" y1=\"0\" y2=\"%i\"/>"
                               "<text x=\"%s\" y=\"%i\" text-anchor=\"middle\">%li ms</text>\n",
                               x, x, y, x, y + 13, (long) ((t - event->fault_us) / 1000));
    }
}

void
drill_svg_event(GString *out, const struct drill_report *report, const struct drill_event *event)
{
    const struct axis axis = {event->begin_us, MAX(event->end_us - event->begin_us, 1)};
    int lanes = (int) event->lanes->len * LANE, rows = report->round_trip ? 3 : 4;
    int height = ROW * rows + lanes + 20, y = 0;
    double most = usual_most(event);
    g_autofree char *what = drill_fault_describe(event->fault, event->port);

    g_string_append_printf(out,
                           "<svg class=\"timeline\" viewBox=\"0 0 %i %i\" role=\"img\" "
                           "xmlns=\"http://www.w3.org/2000/svg\">\n",
                           LEFT + WIDTH + 10, height);
    add_scale(out, &axis, event, height - 20);
    rectangle(out, "during", x_of(&axis, event->fault_us), 0,
              x_of(&axis, event->undo_us) - x_of(&axis, event->fault_us), height - 20, what);
    label(out, y + 12, _("fault"));
    rectangle(out, "fault", x_of(&axis, event->fault_us), y + 2,
              MAX(x_of(&axis, event->undo_us) - x_of(&axis, event->fault_us), 2), ROW - 4, what);
    y += ROW;
    for (guint i = 0; i < event->lanes->len; i++, y += LANE) {
        const struct drill_lane *lane = event->lanes->pdata[i];

        label(out, y + LANE / 2 + 4, lane->port);
        add_side(out, &axis, lane, true, most, y + LANE / 2);
        add_side(out, &axis, lane, false, most, y + LANE / 2);
    }
    if (!report->round_trip) {
        label(out, y + 12, _("lost, out"));
        add_gaps(out, &axis, &event->count[DRILL_OUT], y);
        y += ROW;
    }
    label(out, y + 12, report->round_trip ? _("lost") : _("lost, in"));
    add_gaps(out, &axis, &event->count[DRILL_IN], y);
    y += ROW;
    label(out, y + 12, "bondd");
    add_notes(out, &axis, event, y);
    g_string_append(out, "</svg>\n");
}
