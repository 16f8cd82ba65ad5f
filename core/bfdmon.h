/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bfdmon.h - inside core/ only: the BFD sessions of a bond's ports, and what they say of them
 * (bfd.h has the machine).
 */
#ifndef BOND_BFDMON_H
#define BOND_BFDMON_H

#include "core/internal.h"

bool bond_bfd_on(const struct bond *b);
bool bond_monitors_all(const struct bond *b);
/* monitors=any, and the peer answers: whatever the ARP/NS monitor says. */
bool bond_bfd_vouches(const struct bond *b, int slot);
uint32_t bond_bfd_frames(const struct bond *b); /* BOND_FRAMES_* */

void bond_bfd_frame(struct step *s, const struct bond_event *ev);
void bond_bfd_settle(struct step *s); /* before the links are judged */
void bond_bfd_resume_all(struct step *s);
uint64_t bond_bfd_deadline(const struct bond *b, uint64_t now);
const char *bond_bfd_check(const struct bond *b);

#endif
