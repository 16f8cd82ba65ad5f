/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state.h - <state-dir>/<bond>.state: what bondd needs to go on after its own death.
 *
 * Text, versioned, replaced atomically. First bondd's own lines, then core's (bond_save).
 */
#ifndef BONDD_STATE_H
#define BONDD_STATE_H

#include "daemon/bond.h"

bool bondd_state_write(const char *dir, const struct bondd_bond *b, GError **error);
/* Fills core, peer_ifindex, ids and port[]; the sentence of an error names what is wrong. */
bool bondd_state_parse(struct bondd_bond *b, const char *text, GError **error);
void bondd_state_remove(const char *dir, const char *bond_name);
/* Renamed to NAME.state.bad, for people to look at. */
void bondd_state_set_aside(const char *dir, const char *bond_name);

/* Atomic: a reader sees the old text or the new one. The temporary name cannot be a bond's. */
bool bondd_file_replace(const char *dir, const char *name, const char *text, gsize size,
                        GError **error);

#endif
