/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lacp_use.c - what the machines mean for traffic: which ports take frames in, which send, whether
 * the bond has a carrier.
 *
 * Kernel: ad_enable_collecting_distributing() and its kin, bond_update_slave_arr(),
 * bond_3ad_set_carrier(). Two differences, both so that a port joins and leaves without a lost
 * frame where the partner is coupled (most are, and send as soon as we are in sync): a port takes
 * frames in from the moment on that it says it is in sync; and beside others that carry the traffic
 * it sends only when its partner has said that it collects, and has had the time to do so
 * (switches, Open vSwitch among them, say so a moment before).
 */
#include "core/lacp_internal.h"

static bool
in_active_agg(const struct bond *b, int slot)
{
    const struct bond_lacp_port *p = &b->port[slot].lacp;

    return bond_slot_is_member(b, slot) && p->number != 0 && p->agg != BOND_LACP_NO_AGG &&
           (int) p->agg == b->lacp.active_agg;
}

/* Nobody answers: the aggregator is one port, used as if there were no LACP. */
static bool
is_fallback(const struct bond *b)
{
    return !bond_lacp_has_partner(&b->port[b->lacp.active_agg].agg) &&
           !bond_opt_num(b, BOND_OPT_LACP_STRICT);
}

bool
bond_lacp_collects(const struct bond *b, int slot)
{
    const struct bond_lacp_port *p = &b->port[slot].lacp;

    if (!in_active_agg(b, slot))
        return false;
    return is_fallback(b) || (p->state & BOND_LACP_COLLECTING) ||
           (p->mux == BOND_LACP_MUX_ATTACHED && (p->state & BOND_LACP_SYNC) &&
            bond_lacp_has_partner(&b->port[p->agg].agg));
}

bool
bond_lacp_is_inactive(const struct bond *b, int slot)
{
    return !bond_opt_num(b, BOND_OPT_ALL_SLAVES_ACTIVE) && !bond_lacp_collects(b, slot);
}

static bool
may_distribute(const struct bond *b, int slot)
{
    const struct bond_port *p = &b->port[slot];

    return in_active_agg(b, slot) && bond_port_is_up(p) && p->link == BOND_LINK_UP &&
           (is_fallback(b) || (p->lacp.state & BOND_LACP_DISTRIBUTING));
}

/* Whether the other end takes in what we send, by its own word. */
static bool
is_taken_in(const struct bond *b, int slot)
{
    return is_fallback(b) || (b->port[slot].lacp.partner.state & BOND_LACP_COLLECTING);
}

bool
bond_lacp_sends_next_state(const struct bond *b, int slot, uint64_t now)
{
    const struct bond_lacp_port *p = &b->port[slot].lacp;

    if (!may_distribute(b, slot) || !is_taken_in(b, slot))
        return false;
    return is_fallback(b) || p->sends || now >= p->join_ns;
}

/* The first port sends at once; another one joins it a little after its partner has said that it
 * collects. Where no partner says so, all send that may, as the kernel's do. */
bool
bond_lacp_sends_run(struct bond *b, uint64_t now)
{
    bool next[BOND_MAX_PORTS], taken_in[BOND_MAX_PORTS], any = false, any_taken_in = false;
    bool moved = false;

    for (int i = 0; i < (int) BOND_MAX_PORTS; i++) {
        next[i] = bond_lacp_sends_next_state(b, i, now);
        taken_in[i] = may_distribute(b, i) && is_taken_in(b, i);
        any |= next[i];
        any_taken_in |= taken_in[i];
    }
    for (int i = 0; i < (int) BOND_MAX_PORTS; i++) {
        struct bond_lacp_port *p = &b->port[i].lacp;
        bool sends = any ? next[i] : any_taken_in ? taken_in[i] : may_distribute(b, i);
        uint64_t join_ns = !taken_in[i] || sends      ? BOND_NEVER
                           : p->join_ns == BOND_NEVER ? bond_after_ns(now, BOND_LACP_JOIN_NS)
                                                      : p->join_ns;

        if (!bond_slot_is_member(b, i) || (p->sends == sends && p->join_ns == join_ns))
            continue;
        p->sends = sends;
        p->join_ns = join_ns;
        moved = true;
    }
    return moved;
}

bool
bond_lacp_distributes(const struct bond *b, int slot)
{
    return b->port[slot].lacp.sends && may_distribute(b, slot);
}

bool
bond_lacp_carrier(const struct bond *b)
{
    uint32_t min = bond_opt_num(b, BOND_OPT_MIN_LINKS), n = 0;
    int agg = b->lacp.active_agg;

    if (agg == BOND_NO_PORT)
        return false;
    if (!bond_opt_num(b, BOND_OPT_LACP_STRICT))
        return bond_lacp_agg_active_ports(b, agg) >= min;
    for (int i = 0; i < (int) BOND_MAX_PORTS; i++)
        n += may_distribute(b, i);
    return n > 0 && n >= min;
}

static const char *
check_port(const struct bond *b, int slot)
{
    const struct bond_lacp_port *p = &b->port[slot].lacp;

    if (p->number == 0 || b->port[slot].agg.id == 0)
        return "a port of 802.3ad takes no part in it";
    if (p->rx >= BOND_LACP_RX_N || p->periodic >= BOND_LACP_PERIODIC_N ||
        p->mux >= BOND_LACP_MUX_N || p->churn_actor >= BOND_LACP_CHURN_N ||
        p->churn_partner >= BOND_LACP_CHURN_N || p->agg > BOND_LACP_NO_AGG)
        return "a machine of a port is in no state";
    if (p->agg != BOND_LACP_NO_AGG && !bond_slot_is_member(b, p->agg))
        return "a port is attached to an aggregator that is not there";
    if (!b->admin_up)
        return NULL;
    if (p->begin || p->churned || !p->selected || p->agg == BOND_LACP_NO_AGG)
        return "a port waits for what should have been done";
    if (p->port_enabled != bond_lacp_port_usable(&b->port[slot]) ||
        p->key != bond_lacp_key(b, slot) ||
        (p->rx == BOND_LACP_RX_PORT_DISABLED) == p->port_enabled)
        return "a port does not follow its link";
    if ((p->rx == BOND_LACP_RX_CURRENT || p->rx == BOND_LACP_RX_EXPIRED) !=
        (p->current_while_ns != BOND_NEVER))
        return "a partner is believed for ever, or not at all";
    if ((p->periodic == BOND_LACP_NO_PERIODIC) != (p->periodic_ns == BOND_NEVER))
        return "a rhythm without a next time";
    if (p->sends && p->join_ns != BOND_NEVER)
        return "a port that sends waits to send";
    if ((p->state & BOND_LACP_DISTRIBUTING) && !in_active_agg(b, slot))
        return "a port distributes that is not in the active aggregator";
    return NULL;
}

const char *
bond_lacp_check(const struct bond *b)
{
    const char *broken = NULL;
    int agg = b->lacp.active_agg;

    if (!bond_is_lacp(b))
        return agg == BOND_NO_PORT ? NULL : "an aggregator without 802.3ad";
    if (agg != BOND_NO_PORT && (!bond_slot_is_member(b, agg) || bond_lacp_agg_ports(b, agg) == 0))
        return "the active aggregator has no port";
    if (b->admin_up && bond_lacp_best_agg(b) != agg)
        return "the active aggregator is not the best one";
    for (int i = 0; i < (int) BOND_MAX_PORTS && !broken; i++)
        if (bond_slot_is_member(b, i))
            broken = check_port(b, i);
    return broken;
}
