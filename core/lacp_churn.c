/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lacp_churn.c - Churn Detection (IEEE 802.1AX-2014, 6.4.17): an end that is not in sync a minute
 * after the link was set up will not be soon. For people; nothing is decided by it.
 *
 * Kernel: ad_churn_machine(). As there the verdict stands until the Receive machine begins anew.
 */
#include "core/lacp_internal.h"

static enum bond_lacp_churn
churn_next_state(enum bond_lacp_churn state, uint64_t at_ns, bool in_sync, uint64_t now)
{
    if (state != BOND_LACP_CHURN_MONITOR || now < at_ns)
        return state;
    return in_sync ? BOND_LACP_NO_CHURN : BOND_LACP_CHURN;
}

static bool
run_one(uint8_t *state, uint64_t *at_ns, uint32_t *count, bool in_sync, uint64_t now)
{
    enum bond_lacp_churn next =
        churn_next_state((enum bond_lacp_churn) * state, *at_ns, in_sync, now);

    if (next == (enum bond_lacp_churn) * state)
        return false;
    *state = (uint8_t) next;
    *at_ns = BOND_NEVER;
    if (next == BOND_LACP_CHURN && *count < UINT32_MAX)
        (*count)++;
    return true;
}

bool
bond_lacp_churn_run(struct bond_lacp_port *p, uint64_t now)
{
    bool moved = p->churned;

    if (p->churned) {
        p->churned = false;
        p->churn_actor = p->churn_partner = BOND_LACP_CHURN_MONITOR;
        p->churn_actor_ns = p->churn_partner_ns = bond_after_ns(now, BOND_LACP_CHURN_NS);
    }
    moved |= run_one(&p->churn_actor, &p->churn_actor_ns, &p->churn_actor_count,
                     p->state & BOND_LACP_SYNC, now);
    moved |= run_one(&p->churn_partner, &p->churn_partner_ns, &p->churn_partner_count,
                     p->partner.state & BOND_LACP_SYNC, now);
    return moved;
}
