/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drill-lab.h - `bondcli drill --lab`: two hosts and a switch that vanish with the drill.
 */
#ifndef BONDCLI_DRILL_LAB_H
#define BONDCLI_DRILL_LAB_H

#include <glib.h>
#include <stdbool.h>

#define LAB_BOND "bond0"
#define LAB_TARGET "10.0.1.1"
#define LAB_PORTS 2u

struct lab {
    int switch_pid;          /* a process in the switch's network */
    const char *partner_bus; /* of the switch's bondd; NULL: it does no LACP now */
};

/* Makes the lab and runs `work` in it, in a process of its own; an exit code. */
int lab_run(int (*work)(struct lab *lab, gpointer data), gpointer data);

/* In `work`: the bond with these options ("NAME", VALUE, ..., NULL), up; and away with it. */
bool lab_make_bond(struct lab *lab, char *const *options, GError **error);
bool lab_remove_bond(struct lab *lab, GError **error);

#endif
