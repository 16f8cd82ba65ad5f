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
/* To be called before the harm is done. A command is one for command_run(), or UNDO_OPTIONS, the
 * bond, and names and values: all its options again. */
#define UNDO_OPTIONS "options"
void undo_push(struct undo *undo, const char *const *argv);
guint undo_length(const struct undo *undo);
/* Runs what was pushed since there were `length`. False: `error` is about the first that failed. */
bool undo_run(struct undo *undo, guint length, GError **error);

/* ---- another setting of a live bond (drill-setting.c) ---- */

/* Every option in force: UNDO_OPTIONS, the bond, names and values. NULL: `error` says why not. */
char **setting_save(const char *bond, GError **error);
/* `pairs`: "NAME", VALUE, ..., NULL. With `only_check` nothing is changed. */
bool setting_apply(const char *bond, const char *const *pairs, bool only_check, GError **error);
/* What setting_save() has returned. */
bool setting_restore(const char *const *saved, GError **error);

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
