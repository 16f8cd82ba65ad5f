/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drill-text.c - the report as a table: for people, side by side where settings are compared, and
 * in fields for scripts.
 */
#include "drill-play.h"

#include <stdio.h>
#include <string.h>

#define LATE_US 100000u /* what people notice */
#define COLUMN_WIDTH 18

static const char *const field_names[] = {
    "SETTING",       "FAULT",      "PORT",        "RESULT",       "OUT-SENT",   "OUT-LOST",
    "OUT-OUTAGE-US", "IN-SENT",    "IN-LOST",     "IN-OUTAGE-US", "DUPLICATED", "REORDERED",
    "DETECTED-US",   "DECIDED-US", "SWITCHED-US", "ANNOUNCED-US", "WHY",        NULL,
};

static const char *
result_word(const struct drill_event *event)
{
    switch (event->outcome) {
    case DRILL_NOT_DONE:
        return "not-done";
    case DRILL_NOT_BACK:
        return "not-back";
    case DRILL_PLAYED:
        break;
    }
    return event->too_long ? "too-long" : "ok";
}

static char *
cell(const struct drill_event *event)
{
    g_autofree char *time = drill_short_time(drill_event_outage_us(event));

    if (event->outcome == DRILL_NOT_DONE)
        return g_strdup("--");
    if (drill_event_lost(event) == 0)
        return g_strdup("0");
    return g_strdup_printf("%" G_GUINT64_FORMAT " / %s", drill_event_lost(event), time);
}

static enum cli_color
color_of(const struct drill_event *event)
{
    if (event->outcome == DRILL_NOT_DONE)
        return CLI_COLOR_DIM;
    if (drill_event_failed(event))
        return CLI_COLOR_BAD;
    return drill_event_lost(event) > 0 ? CLI_COLOR_WARN : CLI_COLOR_GOOD;
}

/* ---- one setting ---- */

static void
print_way(const struct cli *cli, const struct drill_count *count)
{
    g_autofree char *lost = g_strdup_printf("%" G_GUINT64_FORMAT, count->lost);
    g_autofree char *outage = drill_short_time(count->longest_us);
    enum cli_color color = count->lost > 0 ? CLI_COLOR_WARN : CLI_COLOR_GOOD;

    cli_print_cell(cli, color, -9, lost);
    cli_print_cell(cli, color, -11, count->lost > 0 ? outage : "-");
}

static void
print_phases(const struct drill_event *event)
{
    for (int i = 0; i < DRILL_N_PHASES; i++) {
        if (event->phase_us[i] == 0)
            printf("%10s", "-");
        else
            printf("%10" G_GUINT64_FORMAT, event->phase_us[i]);
    }
}

/* Nothing may be lost, and yet somebody has waited. */
static void
print_late(const struct cli *cli, const struct drill_event *event)
{
    guint64 late_us = MAX(event->count[DRILL_OUT].late_us, event->count[DRILL_IN].late_us);
    g_autofree char *late = drill_short_time(late_us);
    g_autofree char *text = g_strdup_printf(_("at most %s late"), late);

    if (event->fault->kind != DRILL_DELAY && late_us < LATE_US)
        return;
    printf("  ");
    cli_print_cell(cli, CLI_COLOR_WARN, 0, text);
}

static void
print_event(const struct cli *cli, const struct drill_report *report,
            const struct drill_event *event, int width)
{
    g_autofree char *what = drill_fault_describe(event->fault, event->port);

    printf("  ");
    cli_print_cell(cli, CLI_COLOR_NONE, width, what);
    if (event->outcome == DRILL_NOT_DONE) {
        printf("  ");
        cli_print_cell(cli, CLI_COLOR_DIM, 0, event->why);
        printf("\n");
        return;
    }
    if (!report->round_trip)
        print_way(cli, &event->count[DRILL_OUT]);
    print_way(cli, &event->count[DRILL_IN]);
    printf("%7" G_GUINT64_FORMAT "%7" G_GUINT64_FORMAT,
           event->count[DRILL_OUT].duplicated + event->count[DRILL_IN].duplicated,
           event->count[DRILL_OUT].reordered + event->count[DRILL_IN].reordered);
    print_phases(event);
    print_late(cli, event);
    if (drill_event_failed(event)) {
        printf("  ");
        cli_print_cell(cli, CLI_COLOR_BAD, 0,
                       event->why != NULL ? event->why : _("longer than allowed"));
    }
    printf("\n");
}

static void
print_heading(const struct cli *cli, const struct drill_report *report, int width)
{
    printf("  ");
    cli_print_cell(cli, CLI_COLOR_TITLE, width, _("fault"));
    if (!report->round_trip) {
        cli_print_cell(cli, CLI_COLOR_TITLE, -9, _("out: lost"));
        cli_print_cell(cli, CLI_COLOR_TITLE, -11, _("outage"));
    }
    cli_print_cell(cli, CLI_COLOR_TITLE, -9, report->round_trip ? _("lost") : _("in: lost"));
    cli_print_cell(cli, CLI_COLOR_TITLE, -11, _("outage"));
    cli_print_cell(cli, CLI_COLOR_TITLE, -7, _("dup."));
    cli_print_cell(cli, CLI_COLOR_TITLE, -7, _("reord."));
    cli_print_cell(cli, CLI_COLOR_TITLE, -10, _("detected"));
    cli_print_cell(cli, CLI_COLOR_TITLE, -10, _("decided"));
    cli_print_cell(cli, CLI_COLOR_TITLE, -10, _("switched"));
    cli_print_cell(cli, CLI_COLOR_TITLE, -10, _("announced"));
    printf("\n");
}

static int
fault_width(const struct drill_report *report)
{
    int width = cli_text_width(_("fault"));

    for (guint i = 0; i < report->runs->len; i++) {
        const struct drill_run *run = report->runs->pdata[i];

        for (guint j = 0; j < run->events->len; j++) {
            const struct drill_event *event = run->events->pdata[j];
            g_autofree char *what = drill_fault_describe(event->fault, event->port);

            width = MAX(width, cli_text_width(what));
        }
    }
    return width;
}

/* ---- side by side ---- */

/* The name of a column: the setting, or its number where that would be too wide. */
static char *
column_name(const struct drill_report *report, guint i, bool numbered)
{
    const struct drill_run *run = report->runs->pdata[i];

    return numbered ? g_strdup_printf("(%u)", i + 1) : g_strdup(drill_run_title(report, run));
}

static bool
need_numbers(const struct cli *cli, const struct drill_report *report)
{
    for (guint i = 0; i < report->runs->len; i++) {
        if (cli_text_width(drill_run_title(report, report->runs->pdata[i])) > COLUMN_WIDTH - 2)
            return true;
    }
    return false;
}

static void
print_legend(const struct drill_report *report)
{
    for (guint i = 0; i < report->runs->len; i++)
        printf("  (%u) %s\n", i + 1, drill_run_title(report, report->runs->pdata[i]));
    printf("\n");
}

static void
print_comparison(const struct cli *cli, const struct drill_report *report)
{
    int width = fault_width(report) + 2;
    bool numbered = need_numbers(cli, report);

    printf("%s\n\n", _("Lost probes of both ways / the longest outage"));
    if (numbered)
        print_legend(report);
    printf("  %*s", width, "");
    for (guint i = 0; i < report->runs->len; i++) {
        g_autofree char *name = column_name(report, i, numbered);

        cli_print_cell(cli, CLI_COLOR_TITLE, COLUMN_WIDTH, name);
    }
    printf("\n");
    for (guint j = 0; j < report->plan->faults->len; j++) {
        g_autofree char *what = drill_fault_describe(report->plan->faults->pdata[j], NULL);

        printf("  ");
        cli_print_cell(cli, CLI_COLOR_NONE, width, what);
        for (guint i = 0; i < report->runs->len; i++) {
            const struct drill_run *run = report->runs->pdata[i];
            const struct drill_event *event = j < run->events->len ? run->events->pdata[j] : NULL;
            g_autofree char *text = event != NULL ? cell(event) : g_strdup("--");

            cli_print_cell(cli, event != NULL ? color_of(event) : CLI_COLOR_DIM, COLUMN_WIDTH,
                           text);
        }
        printf("\n");
    }
    printf("\n");
}

void
drill_print_text(const struct cli *cli, const struct drill_report *report)
{
    int width = fault_width(report);

    if (report->runs->len > 1)
        print_comparison(cli, report);
    for (guint i = 0; i < report->runs->len; i++) {
        const struct drill_run *run = report->runs->pdata[i];

        cli_print_cell(cli, CLI_COLOR_TITLE, 0,
                       run->setting[0] != '\0' ? run->setting : report->bond);
        printf("\n");
        print_heading(cli, report, width);
        for (guint j = 0; j < run->events->len; j++)
            print_event(cli, report, run->events->pdata[j], width);
        printf("\n");
    }
    printf(_("One probe each %u µs and way. From 'detected' on: µs from the news to bondd.\n"),
           report->plan->interval_us);
    if (report->interrupted)
        printf("%s\n", _("The drill was interrupted; what was changed is as it was before."));
}

/* ---- fields ---- */

static char *
number(guint64 value)
{
    return g_strdup_printf("%" G_GUINT64_FORMAT, value);
}

static char **
event_values(const struct drill_run *run, const struct drill_event *event)
{
    char **values = g_new0(char *, G_N_ELEMENTS(field_names));
    guint n = 0;

    values[n++] = g_strdup(run->setting);
    values[n++] = g_strdup(drill_kinds[event->fault->kind].name);
    values[n++] = g_strdup(event->port);
    values[n++] = g_strdup(result_word(event));
    for (int way = 0; way < DRILL_N_WAYS; way++) {
        values[n++] = number(event->count[way].sent);
        values[n++] = number(event->count[way].lost);
        values[n++] = number(event->count[way].longest_us);
    }
    values[n++] = number(event->count[DRILL_OUT].duplicated + event->count[DRILL_IN].duplicated);
    values[n++] = number(event->count[DRILL_OUT].reordered + event->count[DRILL_IN].reordered);
    for (int i = 0; i < DRILL_N_PHASES; i++)
        values[n++] = event->phase_us[i] > 0 ? number(event->phase_us[i]) : g_strdup("");
    values[n++] = g_strdup(event->why != NULL ? event->why : "");
    return values;
}

int
drill_check_fields(struct cli *cli)
{
    struct cli_table table;
    int rc = cli_table_init(cli, &table, field_names);

    if (rc == CLI_EXIT_OK)
        cli_table_clear(&table);
    return rc;
}

void
drill_print_table(struct cli *cli, const struct drill_report *report)
{
    struct cli_table table;

    if (cli_table_init(cli, &table, field_names) != CLI_EXIT_OK)
        return;
    for (guint i = 0; i < report->runs->len; i++) {
        const struct drill_run *run = report->runs->pdata[i];

        for (guint j = 0; j < run->events->len; j++)
            cli_table_add(&table, event_values(run, run->events->pdata[j]));
    }
    cli_table_print(cli, &table);
    cli_table_clear(&table);
}
