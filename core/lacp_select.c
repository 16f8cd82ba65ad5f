/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lacp_select.c - the Selection Logic (IEEE 802.1AX-2014, 6.4.14): which aggregator a port belongs
 * to, and which aggregator carries the bond's traffic. One of them does, as in the kernel.
 *
 * Kernel: ad_port_selection_logic(), ad_agg_selection_logic(), ad_agg_selection_test().
 */
#include "core/lacp_internal.h"

/* ---- a port and its aggregator ---- */

static bool
has_other_ports(const struct bond *b, int agg, int slot)
{
    for (int i = 0; i < (int) BOND_MAX_PORTS; i++)
        if (i != slot && bond_slot_is_member(b, i) && b->port[i].lacp.agg == agg)
            return true;
    return false;
}

static bool
suits(const struct bond_lacp_agg *agg, const struct bond_lacp_port *p)
{
    return agg->key == p->key && bond_mac_equal(agg->partner_system, p->partner.system) &&
           agg->partner_system_prio == p->partner.system_prio &&
           agg->partner_key == p->partner.key && bond_lacp_has_partner(agg) && !agg->is_individual;
}

/* One that others with the same partner are in, or the first that is free. There are as many as
 * ports, so one is. */
int
bond_lacp_find_agg(const struct bond *b, int slot)
{
    int order[BOND_MAX_PORTS], free_agg = slot;
    uint32_t n = bond_port_order(b, false, order);

    for (uint32_t i = n; i > 0; i--)
        if (!has_other_ports(b, order[i - 1], slot))
            free_agg = order[i - 1];
    for (uint32_t i = 0; i < n; i++)
        if (has_other_ports(b, order[i], slot) &&
            suits(&b->port[order[i]].agg, &b->port[slot].lacp))
            return order[i];
    return free_agg;
}

static void
clear_agg(struct bond *b, int agg)
{
    b->port[agg].agg = (struct bond_lacp_agg){.id = b->port[agg].agg.id};
    if (b->lacp.active_agg == agg)
        b->lacp.active_agg = BOND_NO_PORT;
}

void
bond_lacp_detach(struct bond *b, int slot)
{
    int agg = b->port[slot].lacp.agg;

    if (agg == (int) BOND_LACP_NO_AGG)
        return;
    b->port[slot].lacp.agg = BOND_LACP_NO_AGG;
    if (!has_other_ports(b, agg, slot))
        clear_agg(b, agg);
}

void
bond_lacp_attach(struct bond *b, int slot, int agg)
{
    struct bond_lacp_port *p = &b->port[slot].lacp;
    struct bond_lacp_agg *a = &b->port[agg].agg;

    p->selected = true;
    if (p->agg == agg && has_other_ports(b, agg, slot))
        return;
    bond_lacp_detach(b, slot);
    p->agg = (uint8_t) agg;
    if (has_other_ports(b, agg, slot))
        return;
    a->is_individual = !p->lacp_enabled;
    a->key = p->key;
    memcpy(a->partner_system, p->partner.system, BOND_MAC_LEN);
    a->partner_system_prio = p->partner.system_prio;
    a->partner_key = p->partner.key;
}

/* kernel: bond_3ad_unbind_slave(). The others go on in a free one, with another id. */
void
bond_lacp_move_agg(struct bond *b, int from)
{
    int order[BOND_MAX_PORTS], to = BOND_NO_PORT;
    uint32_t n = bond_port_order(b, false, order);
    uint16_t id;

    for (uint32_t i = n; i > 0; i--)
        if (order[i - 1] != from && !has_other_ports(b, order[i - 1], BOND_NO_PORT))
            to = order[i - 1];
    if (!has_other_ports(b, from, from) || to == BOND_NO_PORT)
        return;
    id = b->port[to].agg.id;
    b->port[to].agg = b->port[from].agg;
    b->port[to].agg.id = id;
    for (int i = 0; i < (int) BOND_MAX_PORTS; i++)
        if (i != from && bond_slot_is_member(b, i) && b->port[i].lacp.agg == from)
            b->port[i].lacp.agg = (uint8_t) to;
    if (b->lacp.active_agg == from)
        b->lacp.active_agg = to;
}

/* ---- which aggregator ---- */

uint32_t
bond_lacp_agg_ports(const struct bond *b, int agg)
{
    uint32_t n = 0;

    for (int i = 0; i < (int) BOND_MAX_PORTS; i++)
        n += bond_slot_is_member(b, i) && b->port[i].lacp.agg == agg;
    return n;
}

uint32_t
bond_lacp_agg_active_ports(const struct bond *b, int agg)
{
    uint32_t n = 0;

    for (int i = 0; i < (int) BOND_MAX_PORTS; i++)
        n +=
            bond_slot_is_member(b, i) && b->port[i].lacp.agg == agg && b->port[i].lacp.port_enabled;
    return n;
}

/* What counts, the most important first. The last one decides between any two. */
struct rank {
    uint64_t v[9];
};

static uint64_t
sum(const struct bond *b, int agg, bool of_prio)
{
    uint64_t total = 0;

    for (int i = 0; i < (int) BOND_MAX_PORTS; i++) {
        const struct bond_port *p = &b->port[i];

        if (!bond_slot_is_member(b, i) || p->lacp.agg != agg || !p->lacp.port_enabled)
            continue;
        total += of_prio ? p->actor_port_prio : p->speed_mbps > 0 ? (uint64_t) p->speed_mbps : 0;
    }
    return total;
}

static struct rank
rank_of(const struct bond *b, int agg)
{
    const struct bond_lacp_agg *a = &b->port[agg].agg;
    uint32_t policy = bond_opt_num(b, BOND_OPT_AD_SELECT);
    bool by_prio = policy == BOND_AD_ACTOR_PORT_PRIO;
    bool by_count = by_prio || policy == BOND_AD_COUNT;
    bool is_stable = policy == BOND_AD_STABLE, is_active = agg == b->lacp.active_agg;

    return (struct rank){{
        is_stable && a->key != 0,
        is_stable && bond_lacp_has_partner(a),
        is_stable && is_active,
        !a->is_individual,
        bond_lacp_has_partner(a),
        by_prio ? sum(b, agg, true) : 0,
        by_count ? bond_lacp_agg_active_ports(b, agg) : 0,
        sum(b, agg, false),
        is_active ? UINT64_MAX : UINT64_MAX - 1 - b->port[agg].attach_seq,
    }};
}

/* The one order of aggregators: does x go before y? */
static bool
goes_before(const struct bond *b, int x, int y)
{
    const struct rank rx = rank_of(b, x), ry = rank_of(b, y);

    for (size_t i = 0; i < sizeof(rx.v) / sizeof(rx.v[0]); i++)
        if (rx.v[i] != ry.v[i])
            return rx.v[i] > ry.v[i];
    return false;
}

int
bond_lacp_best_agg(const struct bond *b)
{
    int best = BOND_NO_PORT;

    for (int i = 0; i < (int) BOND_MAX_PORTS; i++)
        if (bond_slot_is_member(b, i) && bond_lacp_agg_active_ports(b, i) > 0 &&
            (best == BOND_NO_PORT || goes_before(b, i, best)))
            best = i;
    return best;
}
