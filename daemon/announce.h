/* SPDX-License-Identifier: GPL-2.0-or-later */
/* announce.h - BOND_ACT_ANNOUNCE: the network is told where the bond is. */
#ifndef BONDD_ANNOUNCE_H
#define BONDD_ANNOUNCE_H

#include "daemon/bond.h"

void bondd_announce(struct bondd_bond *b);
/* BOND_ACT_RESEND_IGMP: membership reports, in a moment. */
void bondd_announce_groups(struct bondd_bond *b);
/* What was still to be said is not said. */
void bondd_announce_forget(struct bondd_bond *b);

#endif
