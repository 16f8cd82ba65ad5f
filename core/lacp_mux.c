/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lacp_mux.c - the Mux machine (IEEE 802.1AX-2014, 6.4.15): how far a port is into its aggregator.
 *
 *   DETACHED ──selected──► WAITING ──2 s──► ATTACHED ──partner in sync──► COLLECTING_DISTRIBUTING
 *                                               └──► COLLECTING ──partner collects──► DISTRIBUTING
 *                                                    (coupled_control=off)
 *
 * Kernel: ad_mux_machine(). The aggregator must be the active one for a port to be in sync: there a
 * port of an aggregator that is no longer the active one goes on saying that it collects, here it
 * tells its partner; and a port that comes into sync says so at once, not with the next PDU.
 */
#include "core/lacp_internal.h"

static bool
in_active_agg(const struct bond *b, const struct bond_lacp_port *p)
{
    return p->agg != BOND_LACP_NO_AGG && (int) p->agg == b->lacp.active_agg;
}

/* Ready: nobody who has been given to the aggregator still waits. */
static bool
all_ready(const struct bond *b, uint8_t agg)
{
    for (int i = 0; i < (int) BOND_MAX_PORTS; i++)
        if (bond_slot_is_member(b, i) && b->port[i].lacp.agg == agg && !b->port[i].lacp.ready_n)
            return false;
    return true;
}

/* Beyond ATTACHED: which of the three. */
static enum bond_lacp_mux
beyond_attached(const struct bond *b, const struct bond_lacp_port *p)
{
    bool partner_collects = p->partner.state & BOND_LACP_COLLECTING;

    if (bond_opt_num(b, BOND_OPT_COUPLED_CONTROL))
        return BOND_LACP_MUX_COLLECTING_DISTRIBUTING;
    /* Collecting is told before anything is sent. */
    if (p->mux == BOND_LACP_MUX_ATTACHED || !partner_collects)
        return BOND_LACP_MUX_COLLECTING;
    return BOND_LACP_MUX_DISTRIBUTING;
}

enum bond_lacp_mux
bond_lacp_mux_next_state(const struct bond *b, int slot)
{
    const struct bond_lacp_port *p = &b->port[slot].lacp;
    bool in_sync = p->selected && in_active_agg(b, p) && (p->partner.state & BOND_LACP_SYNC);

    if (p->begin)
        return BOND_LACP_MUX_DETACHED;
    switch ((enum bond_lacp_mux) p->mux) {
    case BOND_LACP_MUX_DETACHED:
        return p->selected ? BOND_LACP_MUX_WAITING : BOND_LACP_MUX_DETACHED;
    case BOND_LACP_MUX_WAITING:
        if (!p->selected)
            return BOND_LACP_MUX_DETACHED;
        return p->ready_n && all_ready(b, p->agg) ? BOND_LACP_MUX_ATTACHED : BOND_LACP_MUX_WAITING;
    case BOND_LACP_MUX_ATTACHED:
        if (!p->selected)
            return BOND_LACP_MUX_DETACHED;
        return in_sync ? beyond_attached(b, p) : BOND_LACP_MUX_ATTACHED;
    case BOND_LACP_MUX_COLLECTING:
    case BOND_LACP_MUX_DISTRIBUTING:
    case BOND_LACP_MUX_COLLECTING_DISTRIBUTING:
        return in_sync ? beyond_attached(b, p) : BOND_LACP_MUX_ATTACHED;
    case BOND_LACP_MUX_N:
        break;
    }
    return BOND_LACP_MUX_DETACHED;
}

static void
set_bits(struct bond_lacp_port *p, uint8_t bits)
{
    const uint8_t all = BOND_LACP_SYNC | BOND_LACP_COLLECTING | BOND_LACP_DISTRIBUTING;

    p->state = (uint8_t) ((p->state & ~all) | bits);
}

/* Entered again in ATTACHED when the aggregator has become, or is no longer, the active one. */
void
bond_lacp_mux_enter(struct bond *b, int slot, enum bond_lacp_mux state, uint64_t now)
{
    struct bond_lacp_port *p = &b->port[slot].lacp;

    p->mux = (uint8_t) state;
    p->wait_while_ns = BOND_NEVER;
    switch (state) {
    case BOND_LACP_MUX_DETACHED:
    case BOND_LACP_MUX_N:
        p->ready_n = false;
        p->ntt = true;
        set_bits(p, 0);
        break;
    case BOND_LACP_MUX_WAITING:
        p->wait_while_ns = bond_after_ns(now, BOND_LACP_AGGREGATE_WAIT_NS);
        break;
    case BOND_LACP_MUX_ATTACHED:
        set_bits(p, in_active_agg(b, p) ? BOND_LACP_SYNC : 0);
        p->ntt = true;
        break;
    case BOND_LACP_MUX_COLLECTING:
        set_bits(p, BOND_LACP_SYNC | BOND_LACP_COLLECTING);
        p->ntt = true;
        break;
    case BOND_LACP_MUX_DISTRIBUTING: /* no news for the partner */
        set_bits(p, BOND_LACP_SYNC | BOND_LACP_COLLECTING | BOND_LACP_DISTRIBUTING);
        break;
    case BOND_LACP_MUX_COLLECTING_DISTRIBUTING:
        set_bits(p, BOND_LACP_SYNC | BOND_LACP_COLLECTING | BOND_LACP_DISTRIBUTING);
        p->ntt = true;
        break;
    }
}
