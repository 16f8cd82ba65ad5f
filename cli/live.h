/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live.h - a changed profile applied to the bond that runs.
 */
#ifndef BONDCLI_LIVE_H
#define BONDCLI_LIVE_H

#include "words.h"

/* `changes` have been committed. Says what was applied and what could not be. */
int live_apply(struct nm *nm, NMRemoteConnection *bond, struct profile *profile,
               GPtrArray *changes);

#endif
