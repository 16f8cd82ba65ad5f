/* SPDX-License-Identifier: GPL-2.0-or-later */
/* balance.h - hash=resilient: core is told what went by each bucket. */
#ifndef BONDD_BALANCE_H
#define BONDD_BALANCE_H

#include "daemon/bond.h"

/* Before a TICK: when core wants to balance, it is told what went by since it was last told. */
void bondd_balance_catch_up(struct bondd_bond *b);

#endif
