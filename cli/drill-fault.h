/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drill-fault.h - doing harm, and undoing it whatever happens.
 */
#ifndef BONDCLI_DRILL_FAULT_H
#define BONDCLI_DRILL_FAULT_H

#include "cli.h"
#include "drill.h"

/* Runs a command to its end, apart from the terminal's signals; `output` (may be NULL) is its
 * standard output without the last newline. False: `error` is what it said last. */
bool command_run(const char *const *argv, char **output, GError **error);

/* ---- what is to be undone (drill-undo.c) ---- */

/* Commands that put back what was done, last one first. A process of its own (the guard) has the
 * list too, and goes through it when we are gone, whatever killed us. */
struct undo;

struct undo *undo_new(void); /* before there are threads */
/* Runs what is left, ends the guard. */
void undo_free(struct undo *undo);
/* To be called before the harm is done. */
void undo_push(struct undo *undo, const char *const *argv);
/* Runs all. False: `error` is about the first that failed. */
bool undo_run(struct undo *undo, GError **error);

/* ---- faults (drill-fault.c) ---- */

struct drill_place {
    bool lab;
    int switch_pid;          /* lab: a process in the switch's network */
    const char *partner_bus; /* lab: where the switch's bondd is, if it does LACP */
    const char *bond, *mode;
    bool arp_monitor;
};

/* Whether it can be done here at all: NULL, or the sentence why not. Changes nothing. */
char *fault_refusal(const struct drill_place *place, const struct drill_fault *fault,
                    const char *port);
/* Flap: one time down. */
bool fault_inflict(const struct drill_place *place, const struct drill_fault *fault,
                   const char *port, struct undo *undo, GError **error);

#endif
