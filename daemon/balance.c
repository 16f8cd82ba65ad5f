/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * balance.c - what the packet path counted by bucket, told to core when it wants to balance.
 * Decides nothing; core/buckets.c does.
 */
#include "daemon/balance.h"

void
bondd_balance_catch_up(struct bondd_bond *b)
{
    struct bond_event ev = {.type = BOND_EV_LOAD, .slot = BOND_NO_PORT};
    struct bond_bucket_load now, since;
    bool first = b->load_told == NULL;

    if (b->core.balance_at_ns > bondd_now_ns() || dp_bpf_bucket_load(b->bpf, &now) < 0)
        return;
    if (first)
        b->load_told = g_new(struct bond_bucket_load, 1);
    for (uint32_t i = 0; !first && i < BOND_BUCKETS; i++)
        since.bytes[i] = now.bytes[i] - b->load_told->bytes[i];
    *b->load_told = now;
    ev.u.load = &since;
    if (!first)
        bondd_bond_step(b, &ev, NULL);
}
