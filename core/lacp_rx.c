/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lacp_rx.c - the Receive machine (IEEE 802.1AX-2014, 6.4.12): what is believed of the partner, and
 * for how long.
 *
 *   PORT_DISABLED ──link──► EXPIRED ──3 s──► DEFAULTED        LACP_DISABLED: half duplex
 *                             ▲  └────┐ PDU     │ PDU
 *                   too long  └─── CURRENT ◄────┘
 *
 * Kernel: ad_rx_machine(), __record_pdu(), __choose_matched(), __update_selected(), __update_ntt().
 * As there LACP_Activity is no part of "matched". Different from there: LACP_DISABLED is left when
 * the port is full duplex again.
 */
#include "core/lacp_internal.h"

enum bond_lacp_rx
bond_lacp_rx_next_state(const struct bond_lacp_port *p, uint64_t now)
{
    enum bond_lacp_rx state = (enum bond_lacp_rx) p->rx;
    bool expired = now >= p->current_while_ns;

    if (!p->port_enabled)
        return BOND_LACP_RX_PORT_DISABLED;
    if (state == BOND_LACP_RX_PORT_DISABLED)
        return p->lacp_enabled ? BOND_LACP_RX_EXPIRED : BOND_LACP_RX_LACP_DISABLED;
    if (p->lacp_enabled == (state == BOND_LACP_RX_LACP_DISABLED))
        return BOND_LACP_RX_PORT_DISABLED; /* and on from there */
    if (state == BOND_LACP_RX_EXPIRED && expired)
        return BOND_LACP_RX_DEFAULTED;
    if (state == BOND_LACP_RX_CURRENT && expired)
        return BOND_LACP_RX_EXPIRED;
    return state;
}

static void
default_partner(struct bond_lacp_info *partner)
{
    *partner = (struct bond_lacp_info){
        .system_prio = 0xffff, .key = 1, .port_prio = 0xff, .port = 1}; /* as the kernel's */
}

/* recordDefault */
void
bond_lacp_record_default(struct bond_lacp_port *p)
{
    default_partner(&p->partner);
    p->state |= BOND_LACP_DEFAULTED;
}

/* Whether two ends are the same, seen by Selection (6.4.9, update_Selected). */
static bool
same_link(const struct bond_lacp_info *x, const struct bond_lacp_info *y)
{
    return x->port == y->port && x->port_prio == y->port_prio &&
           bond_mac_equal(x->system, y->system) && x->system_prio == y->system_prio &&
           x->key == y->key && !((x->state ^ y->state) & BOND_LACP_AGGREGATION);
}

/* update_Default_Selected */
static void
update_default_selected(struct bond_lacp_port *p)
{
    struct bond_lacp_info admin;

    default_partner(&admin);
    if (!same_link(&admin, &p->partner))
        p->selected = false;
}

void
bond_lacp_rx_enter(struct bond *b, int slot, enum bond_lacp_rx state, uint64_t now)
{
    struct bond_lacp_port *p = &b->port[slot].lacp;

    p->rx = (uint8_t) state;
    p->current_while_ns = BOND_NEVER;
    switch (state) {
    case BOND_LACP_RX_PORT_DISABLED:
        p->matched = false;
        p->partner.state &= (uint8_t) ~BOND_LACP_SYNC;
        break;
    case BOND_LACP_RX_LACP_DISABLED:
        p->selected = false;
        bond_lacp_record_default(p);
        p->matched = true;
        p->state &= (uint8_t) ~BOND_LACP_EXPIRED;
        break;
    case BOND_LACP_RX_EXPIRED:
        p->matched = false;
        p->partner.state &= (uint8_t) ~BOND_LACP_SYNC;
        p->partner.state |= BOND_LACP_TIMEOUT;
        p->current_while_ns = bond_after_ns(now, BOND_LACP_SHORT_TIMEOUT_NS);
        p->state |= BOND_LACP_EXPIRED;
        p->churned = true;
        break;
    case BOND_LACP_RX_DEFAULTED:
        update_default_selected(p);
        bond_lacp_record_default(p);
        p->matched = true;
        p->state &= (uint8_t) ~BOND_LACP_EXPIRED;
        break;
    case BOND_LACP_RX_CURRENT: /* by a PDU only */
    case BOND_LACP_RX_N:
        break;
    }
}

/* What the partner believes of us, against what is so. */
static bool
knows_us(const struct bond_lacp_info *said, const struct bond_lacp_info *actor)
{
    return same_link(said, actor);
}

/* update_NTT */
static bool
must_be_told(const struct bond_lacp_info *said, const struct bond_lacp_info *actor)
{
    const uint8_t bits =
        BOND_LACP_ACTIVITY | BOND_LACP_TIMEOUT | BOND_LACP_SYNC | BOND_LACP_AGGREGATION;

    return !same_link(said, actor) || ((said->state ^ actor->state) & bits);
}

/* recordPDU */
static void
record_pdu(struct bond_lacp_port *p, const struct bond_lacpdu *pdu,
           const struct bond_lacp_info *actor)
{
    p->matched = knows_us(&pdu->partner, actor) || !(pdu->actor.state & BOND_LACP_AGGREGATION);
    p->partner = pdu->actor;
    if (!p->matched)
        p->partner.state &= (uint8_t) ~BOND_LACP_SYNC;
    p->state &= (uint8_t) ~(BOND_LACP_DEFAULTED | BOND_LACP_EXPIRED);
}

/* A PDU of another system. Heard in vain where LACP is off. */
void
bond_lacp_rx_pdu(struct bond *b, int slot, const struct bond_lacpdu *pdu, uint64_t now)
{
    struct bond_lacp_port *p = &b->port[slot].lacp;
    struct bond_lacp_info actor = bond_lacp_actor(b, slot);

    if (p->begin || p->rx == BOND_LACP_RX_PORT_DISABLED || p->rx == BOND_LACP_RX_LACP_DISABLED)
        return;
    if (p->rx != BOND_LACP_RX_CURRENT)
        p->churned = true;
    if (!same_link(&pdu->actor, &p->partner))
        p->selected = false; /* update_Selected */
    if (must_be_told(&pdu->partner, &actor))
        p->ntt = true;
    record_pdu(p, pdu, &actor);
    p->rx = BOND_LACP_RX_CURRENT;
    p->current_while_ns = bond_after_ns(
        now, p->state & BOND_LACP_TIMEOUT ? BOND_LACP_SHORT_TIMEOUT_NS : BOND_LACP_LONG_TIMEOUT_NS);
}
