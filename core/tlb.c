/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tlb.c - when balance-tlb and balance-alb balance afresh, and when ports send learning packets.
 * Decides times only: which flow goes by which port is the packet path's (tlb.h).
 *
 * Kernel: bond_alb_monitor(), bond_alb_handle_link_change(), bond_alb_handle_active_change(),
 * alb_fasten_mac_swap(). There a rebalancing empties the table of flows; here it begins an epoch,
 * and the packet path takes what it finds of an older one for empty. So there is nothing to be
 * collected, and flows are balanced while bondd is away: by the last epoch.
 */
#include "core/internal.h"
#include "core/tlb.h"

#define REBALANCE_MS (BOND_TLB_INTERVAL_S * 1000)

bool
bond_is_lb(const struct bond *b)
{
    return bond_mode(b) == BOND_MODE_BALANCE_TLB || bond_mode(b) == BOND_MODE_BALANCE_ALB;
}

/* Another port may carry more than its share: one has come, or another one is active. */
static bool
has_changed(const struct step *s)
{
    if (s->b->active != s->was->active || bond_mode(s->b) != bond_mode(s->was))
        return true;
    for (int i = 0; i < (int) BOND_MAX_PORTS; i++)
        if (bond_port_can_tx(s->b, i) && !bond_port_can_tx(s->was, i))
            return true;
    return false;
}

static void
rebalance(struct step *s)
{
    s->b->tlb_epoch++;
    if (s->b->tlb_epoch == 0) /* means "by hash" */
        s->b->tlb_epoch = 1;
    s->b->tlb_at_ns = bond_after_ms(s->now, REBALANCE_MS);
}

static void
learn_all(struct step *s)
{
    for (int i = 0; i < (int) BOND_MAX_PORTS; i++)
        if (bond_port_can_tx(s->b, i))
            s->learn_own |= 1u << i;
}

/* kernel: alb_fasten_mac_swap(): ports whose address is new tell the switches. */
static void
learn_new(struct step *s)
{
    for (int i = 0; i < (int) BOND_MAX_PORTS; i++) {
        bool is_new = s->b->active != s->was->active && i == s->b->active;

        if (bond_port_can_tx(s->b, i) &&
            (is_new || (bond_slot_is_member(s->was, i) &&
                        !bond_mac_equal(s->b->port[i].mac, s->was->port[i].mac))))
            s->learn_own |= 1u << i;
    }
}

void
bond_tlb_settle(struct step *s)
{
    struct bond *b = s->b;
    uint64_t interval_ms = (uint64_t) bond_opt_num(b, BOND_OPT_LP_INTERVAL) * 1000;
    bool runs = bond_is_lb(b) && b->admin_up && bond_n_members(b) > 0;

    if (runs)
        learn_new(s);
    /* kernel: bond_open(): by hash alone nothing needs time, but for clients. */
    runs =
        runs && (bond_opt_num(b, BOND_OPT_TLB_DYNAMIC_LB) || bond_mode(b) == BOND_MODE_BALANCE_ALB);
    if (!runs) {
        b->tlb_at_ns = b->learn_at_ns = BOND_NEVER;
        if (b->tlb_epoch == 0)
            b->tlb_epoch = 1; /* flows are balanced, once, also on a bond that is down */
        return;
    }
    if (s->now >= b->tlb_at_ns || b->tlb_at_ns == BOND_NEVER || has_changed(s))
        rebalance(s);
    if (s->now >= b->learn_at_ns) {
        learn_all(s);
        b->learn_at_ns = BOND_NEVER;
    }
    if (b->learn_at_ns > bond_after_ms(s->now, interval_ms))
        b->learn_at_ns = bond_after_ms(s->now, interval_ms);
}
