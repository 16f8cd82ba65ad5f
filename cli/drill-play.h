/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drill-play.h - plays a plan on a bond and fills the report.
 */
#ifndef BONDCLI_DRILL_PLAY_H
#define BONDCLI_DRILL_PLAY_H

#include "drill-fault.h"
#include "drill-lab.h"
#include "drill-probe.h"

struct play {
    struct cli *cli;
    const struct drill_plan *plan;
    struct drill_report *report;
    struct probe_target target;
    struct lab *lab; /* NULL: a live bond */
    const char *bond;
    GPtrArray *settings; /* of char **; empty: the bond as it is */
    bool yes_really;
    guint n_events, n_played; /* for the progress */
    char *doing;              /* "[3/5] mode=...: carrier eth0"; NULL: between two faults */
    gint64 doing_since_ns;
    struct undo *undo;
    int signo; /* SIGINT, SIGTERM or SIGHUP came; 0: none */
    gint64 zero_ns;
    /* of the run that is under way */
    struct drill_place place;
    struct probe_link *link;
    GPtrArray *ports; /* of char *: usable before the first fault */
    guint n_active;   /* and of those in use */
};

/* An exit code; 0 also where faults were not survived: the report says so. */
int play_all(struct play *play);

/* How long the fault under way has taken until now, on a terminal. */
void play_show_time(const struct play *play);
/* Looks at the bond; false: there is none. */
bool play_look(struct play *play, GError **error);
/* NULL: the fault may be played on this port; else the sentence why not. */
char *play_refusal(struct play *play, const struct drill_fault *fault, const char *port);

/* ---- the bond while it is watched (drill-watch.c) ---- */

/* Fresh state of bondd; an exit code after having said why. */
int watch_connect(struct play *play);
/* Notes which ports are usable: that is what must come back. */
bool watch_snapshot(struct play *play, GError **error);
bool watch_is_whole(struct play *play);
guint watch_n_usable_but(struct play *play, const char *port);
bool watch_has_port(struct play *play, const char *port);
/* Lets time pass, sampling what the ports carry into event->lanes (may be NULL), until `until_ns`
 * or the bond is whole, if that is asked for. False: a signal came. */
bool watch_wait(struct play *play, struct drill_event *event, gint64 until_ns, bool till_whole);
/* The port with the most frames in event->lanes until now. */
const char *watch_busiest(const struct drill_event *event);
void watch_start_lanes(struct play *play, struct drill_event *event);
/* bondd's events of that time, and the phases of the first failover. */
void watch_take_notes(struct play *play, struct drill_event *event);

/* The report for people and for scripts (drill-text.c, drill-json.c). */
void drill_print_text(const struct cli *cli, const struct drill_report *report);
int drill_check_fields(struct cli *cli);
void drill_print_table(struct cli *cli, const struct drill_report *report);
void drill_print_json(const struct drill_report *report);

#endif
