/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * arpmon.h - inside core/ only: the ARP and neighbour solicitation monitor.
 *
 * Where it is on it takes the place of mii.c: a port is up because something was heard on it, not
 * because it has a carrier (but never without one). arpmon.c judges and probes every
 * arp_interval, arpmon_rx.c says what counts as having been heard.
 */
#ifndef BOND_ARPMON_H
#define BOND_ARPMON_H

#include "core/internal.h"

/* kernel: bond_time_in_interval(): from one interval before `then` to `n` and a half after it. */
static inline bool
bond_arpmon_within(const struct bond *b, uint64_t then, uint32_t n, uint64_t now)
{
    uint64_t interval = bond_opt_num(b, BOND_OPT_ARP_INTERVAL) * BOND_NSEC_PER_MSEC;
    return now + interval >= then && now <= then + n * interval + interval / 2;
}

/* kernel: !slave->backup. The port that is being tried counts as active. */
bool bond_arpmon_is_active(const struct bond *b, int slot);
/* kernel: slave_do_arp_validate() */
bool bond_arpmon_validates(const struct bond *b, int slot);
/* kernel: slave_last_rx() */
uint64_t bond_arpmon_last_rx(const struct bond *b, int slot);

/* As bond_port.targets_heard. */
uint32_t bond_arpmon_heard(const struct bond *b, const struct bond_port *p, uint64_t now);

void bond_arpmon_attach(struct step *s, int slot);
/* Targets may have changed: who stays keeps what was heard of it. */
void bond_arpmon_retarget(struct step *s);
void bond_arpmon_frame(struct step *s, const struct bond_event *ev);
void bond_arpmon_traffic(struct step *s, const struct bond_event *ev);

void bond_arpmon_settle(struct step *s); /* links; in place of bond_mii_settle() */
void bond_arpmon_stop(struct step *s);   /* the monitor is off: before bond_mii_settle() */
void bond_arpmon_probe(struct step *s);  /* when the active port has been chosen */

#endif
