/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * parted.h - ports that have left, and whose own MAC address the bond goes on using.
 *
 * The kernel's bonding only warns of them. With IPv6 on, such a device sends by itself (duplicate
 * address detection, multicast reports), and a switch that learns from it sends the bond's frames
 * to where the bond no longer listens. So IPv6 stays off on it for as long as nobody uses it and
 * the bond has that address.
 */
#ifndef BONDD_PARTED_H
#define BONDD_PARTED_H

#include "daemon/bond.h"

struct bondd_parted {
    int ifindex;
    char name[BOND_NAME_SIZE];
    int orig_disable_ipv6;
};

/* Before a port is restored: if it is such a one, its IPv6 is left to this file. */
void bondd_parted_keep(struct bondd_bond *b, struct bondd_port *p);
/* It becomes a port again: p, as it was saved, gets to know what was before. */
void bondd_parted_return(struct bondd_bond *owner, struct bondd_port *p);
/* It is in use or gone: its IPv6 is as it was, and it is forgotten. */
void bondd_parted_end(struct bondd_bond *b, int ifindex);
/* All of those, if `always`, or if the bond has another address or no ports. */
void bondd_parted_review(struct bondd_bond *b, bool always);
bool bondd_parted_has(const struct bondd_bond *b, int ifindex);

#endif
