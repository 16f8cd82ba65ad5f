/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * switchside.h - what the other end of the cables lets us know about how it is set up.
 */
#ifndef BONDD_SWITCHSIDE_H
#define BONDD_SWITCHSIDE_H

#include "daemon/bond.h"
#include "datapath/packet.h"

/* Slow protocols are listened to in every mode: that costs other traffic nothing. */
#define BONDD_SWITCHSIDE_FRAMES BOND_FRAMES_SLOW

/* True if the frame is none that core asked for: then it has been taken note of. */
bool bondd_switchside_hear(struct bondd_bond *b, unsigned slot, const struct dp_packet *packet);
void bondd_switchside_forget(struct bondd_ear *ear);
/* In modes that want a static aggregate: a socket for what comes back; none in the others. */
void bondd_switchside_sync(struct bondd_bond *b);
void bondd_switchside_close(struct bondd_bond *b);
/* A sentence for each thing that does not fit the bond's mode. */
void bondd_switchside_warnings(const struct bondd_bond *b, GStrvBuilder *out);

#endif
