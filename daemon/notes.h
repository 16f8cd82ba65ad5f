/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * notes.h - core's notes and bondd's own, as events with a sentence.
 */
#ifndef BONDD_NOTES_H
#define BONDD_NOTES_H

#include "core/sentences.h"
#include "daemon/bond.h"

/* One BOND_ACT_NOTE, after the actions of its step have been carried out. */
void bondd_note_core(struct bondd_bond *b, const struct bond_action *a, uint64_t took_us,
                     const struct bondd_phases *phases);
/* Something that only bondd knows; `port` may be NULL. */
void bondd_note(struct bondd_bond *b, const char *event, const char *port, const char *reason,
                const char *format, ...) G_GNUC_PRINTF(5, 6);

#endif
