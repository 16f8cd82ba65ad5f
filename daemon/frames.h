/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frames.h - frames between core and the ports: BOND_EV_FRAME in, BOND_ACT_SEND out. */
#ifndef BONDD_FRAMES_H
#define BONDD_FRAMES_H

#include "daemon/bond.h"

/* Every port that core wants to hear has its socket, with what bond_frames_wanted() says, and no
 * other has one. Called for each step, when core has moved: before its actions are carried out. */
void bondd_frames_sync(struct bondd_bond *b);
/* What has come in until now, as far as one turn goes. */
void bondd_frames_catch_up(struct bondd_bond *b);
void bondd_frames_close(struct bondd_bond *b);

/* The engine's socket, for what costs so little that one is enough for all ports. Negative errno.
 */
int bondd_frames_start(struct bondd_engine *e);
void bondd_frames_stop(struct bondd_engine *e);

void bondd_frames_learn(struct bondd_bond *b, const struct bond_action *a); /* BOND_ACT_LEARN */
void bondd_frames_send(struct bondd_bond *b, int slot, const struct bond_frame_out *frame);

#endif
