/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * looks.h - when bonds are called and their ports looked at.
 */
#ifndef BONDD_LOOKS_H
#define BONDD_LOOKS_H

#include "daemon/bond.h"

#define BONDD_SLICE_NS (2 * BOND_NSEC_PER_MSEC) /* of work that can wait; then others have turns */

/* 0, or -errno. */
int bondd_looks_open(struct bondd_engine *e);
void bondd_looks_close(struct bondd_engine *e);

/* what(b), because of news that came in at at_ns (CLOCK_MONOTONIC): what follows is measured from
 * then. */
void bondd_at_news(struct bondd_bond *b, uint64_t at_ns, void (*what)(struct bondd_bond *b));

#endif
