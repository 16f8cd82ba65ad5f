/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * view.h - one bond as `status` sees it: what bondd says, and what that means.
 */
#ifndef BONDCLI_VIEW_H
#define BONDCLI_VIEW_H

#include "cli.h"

struct view_counters {
    guint64 rx_packets, rx_bytes, tx_packets, tx_bytes, rx_dropped, tx_dropped;
};

/* How much passes at the moment, from two looks at the counters (load.c). */
struct view_load {
    bool known;
    guint64 rx_bits, tx_bits; /* a second */
};

struct view_port {
    NmbondPort *port;
    struct view_counters counters;
    gint64 counted_us; /* when, monotonic */
    struct view_load load;
};

enum view_health {
    VIEW_OK,
    VIEW_DEGRADED, /* traffic flows, but something is not as it should be */
    VIEW_DOWN,     /* no traffic */
};

struct view {
    NmbondBond *bond;
    GPtrArray *ports; /* of struct view_port *: members as they joined, then who leaves */
    struct view_counters counters;
    GPtrArray *events; /* of NmbondEvent, the newest last */
};

/* The state of `bond` now; NULL with `error` if bondd cannot say. */
struct view *view_collect(struct cli *cli, NmbondBond *bond, GError **error);
void view_free(struct view *view);
/* Reads the ports' counters again, as far as that is possible. */
void view_recount(struct cli *cli, struct view *view);

bool view_port_is_member(const struct view_port *port);
bool view_port_is_usable(const struct view_port *port);
enum view_health view_health(const struct view *view);
const char *view_health_word(enum view_health health); /* for scripts */
/* The state in a sentence; a problem per further line of `problems` (may be NULL). */
char *view_summary(const struct view *view, GPtrArray *problems);

/* The value of an option in force, "" if bondd does not tell. */
const char *view_option(const struct view *view, const char *name);
bool view_uses_active_port(const struct view *view);

/* ---- load (load.c) ---- */
struct loads; /* what was counted when, of which port */
struct loads *loads_new(void);
void loads_free(struct loads *loads);
/* Fills in the load of the ports since the last look, and remembers this one. */
void loads_look(struct loads *loads, GPtrArray *views);

/* ---- status --watch (watch.c) ---- */
/* Calls `show`, which prints to stdout, now and whenever bondd says that something has changed, on
 * a terminal also every second, until the user has seen enough. An exit code. */
int watch_run(struct cli *cli, int (*show)(struct cli *cli, gpointer data), gpointer data);

/* ---- the forms of status ---- */
void status_print_prometheus(GPtrArray *views);
int status_print_json(struct cli *cli, GPtrArray *views);
void status_print_human(struct cli *cli, GPtrArray *views);
void status_print_overview(struct cli *cli, GPtrArray *views);
int status_print_table(struct cli *cli, GPtrArray *views);

#endif
