/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wake.h - the packet path tells that it led frames past a port without carrier.
 */
#ifndef BONDD_WAKE_H
#define BONDD_WAKE_H

#include "daemon/bond.h"

/* From now on the bond's ports are looked at when it tells. Where the kernel has not what it takes,
 * nothing happens: netlink brings the news. */
void bondd_wake_start(struct bondd_bond *b);
void bondd_wake_stop(struct bondd_bond *b);

/* What all bonds are heard by. Negative errno. */
int bondd_wake_open(struct bondd_engine *e);
void bondd_wake_close(struct bondd_engine *e);

/* "packet-path" or "netlink": who keeps frames from a port without carrier. */
const char *bondd_wake_failover(const struct bondd_bond *b);

#endif
