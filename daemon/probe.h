/* SPDX-License-Identifier: GPL-2.0-or-later */
/* probe.h - the ARP/NS monitor of core in the world: BOND_ACT_PROBE out, what was heard in. */
#ifndef BONDD_PROBE_H
#define BONDD_PROBE_H

#include "daemon/bond.h"

/* BOND_ACT_PROBE: every target is asked by this port. */
void bondd_probe_send(struct bondd_bond *b, int slot);
/* Fills from_us and to_us of an event with an ARP or ND frame. */
void bondd_probe_tell(const struct bondd_bond *b, struct bond_event *ev);
/* Before a TICK: when the monitor is due, core is told all that has come in until now. */
void bondd_probe_catch_up(struct bondd_bond *b);
/* What each port has heard by now, where any frame counts; also before options change. */
void bondd_probe_tell_traffic(struct bondd_bond *b);
void bondd_probe_free(struct bondd_bond *b);

#endif
