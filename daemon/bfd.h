/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bfd.h - BFD sessions of core in the world: BOND_ACT_BFD out. (In: frames.c.) */
#ifndef BONDD_BFD_H
#define BONDD_BFD_H

#include "daemon/bond.h"

/* BOND_ACT_BFD: frame is the peer's address, then the control packet. */
void bondd_bfd_send(struct bondd_bond *b, int slot, const struct bond_frame_out *frame);
/* The bond's handles and memory for this. */
void bondd_bfd_free(struct bondd_bond *b);

#endif
