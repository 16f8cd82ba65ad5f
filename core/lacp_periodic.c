/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lacp_periodic.c - the Periodic Transmission machine (IEEE 802.1AX-2014, 6.4.13): how often the
 * partner hears from us although nothing is new. It asks for the rhythm; nobody sends at all where
 * both ends are passive.
 *
 * Kernel: ad_periodic_machine(). PERIODIC_TX is no state to stay in: bond_lacp_periodic_due().
 */
#include "core/lacp_internal.h"

static bool
wants_short(const struct bond_lacp_port *p)
{
    return p->partner.state & BOND_LACP_TIMEOUT;
}

enum bond_lacp_periodic
bond_lacp_periodic_next_state(const struct bond_lacp_port *p)
{
    bool somebody_asks = (p->state | p->partner.state) & BOND_LACP_ACTIVITY;

    if (p->begin || !p->port_enabled || !p->lacp_enabled || !somebody_asks)
        return BOND_LACP_NO_PERIODIC;
    if (p->periodic == BOND_LACP_NO_PERIODIC || wants_short(p))
        return BOND_LACP_FAST_PERIODIC;
    return BOND_LACP_SLOW_PERIODIC;
}

bool
bond_lacp_periodic_due(const struct bond_lacp_port *p, uint64_t now)
{
    return p->periodic != BOND_LACP_NO_PERIODIC && now >= p->periodic_ns;
}

/* Entered again when it was due. From slow to fast something is sent at once. */
void
bond_lacp_periodic_enter(struct bond_lacp_port *p, enum bond_lacp_periodic state, uint64_t now)
{
    if (bond_lacp_periodic_due(p, now) ||
        (p->periodic == BOND_LACP_SLOW_PERIODIC && state == BOND_LACP_FAST_PERIODIC))
        p->ntt = true;
    p->periodic = (uint8_t) state;
    switch (state) {
    case BOND_LACP_NO_PERIODIC:
    case BOND_LACP_PERIODIC_N:
        p->periodic_ns = BOND_NEVER;
        break;
    case BOND_LACP_FAST_PERIODIC:
        p->periodic_ns = bond_after_ns(now, BOND_LACP_FAST_PERIODIC_NS);
        break;
    case BOND_LACP_SLOW_PERIODIC:
        p->periodic_ns = bond_after_ns(now, BOND_LACP_SLOW_PERIODIC_NS);
        break;
    }
}
