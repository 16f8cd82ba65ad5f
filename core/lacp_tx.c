/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lacp_tx.c - the Transmit machine (IEEE 802.1AX-2014, 6.4.16) and the Marker Responder (6.5.4).
 * Decides when a frame may leave: never more than three LACPDUs in a second, the first at once.
 *
 * Kernel: ad_tx_machine(), which spaces them by a third of a second; bond_3ad_unbind_slave() for
 * the last one; ad_marker_info_received().
 */
#include "core/lacp_internal.h"

uint64_t
bond_lacp_tx_at(const struct bond_lacp_port *p)
{
    return p->tx_ns[0] == 0 ? 0 : bond_after_ns(p->tx_ns[0], BOND_LACP_FAST_PERIODIC_NS);
}

static void
send_pdu(struct step *s, int slot, uint8_t state)
{
    struct bond_port *port = &s->b->port[slot];
    struct bond_lacp_port *p = &port->lacp;
    struct bond_lacpdu pdu = {.actor = bond_lacp_actor(s->b, slot), .partner = p->partner};

    pdu.actor.state = state;
    bond_lacpdu_build(bond_send(s, slot, BOND_SLOW_FRAME_LEN, 0), port->perm_mac, &pdu);
    memmove(&p->tx_ns[0], &p->tx_ns[1], sizeof(p->tx_ns) - sizeof(p->tx_ns[0]));
    p->tx_ns[BOND_LACP_MAX_TX - 1] = s->now;
    p->stats.lacpdu_tx++;
}

/* Without a rhythm nothing is sent, and nothing waits to be (6.4.16). */
void
bond_lacp_transmit(struct step *s, int slot)
{
    struct bond_lacp_port *p = &s->b->port[slot].lacp;

    if (p->periodic == BOND_LACP_NO_PERIODIC)
        p->ntt = false;
    if (!p->ntt || s->now < bond_lacp_tx_at(p))
        return;
    p->ntt = false;
    send_pdu(s, slot, p->state);
}

void
bond_lacp_transmit_goodbye(struct step *s, int slot)
{
    const struct bond_lacp_port *p = &s->b->port[slot].lacp;

    if (s->b->admin_up && p->port_enabled && p->periodic != BOND_LACP_NO_PERIODIC)
        send_pdu(s, slot,
                 (uint8_t) (p->state & ~(BOND_LACP_SYNC | BOND_LACP_COLLECTING |
                                         BOND_LACP_DISTRIBUTING | BOND_LACP_AGGREGATION)));
}

void
bond_lacp_answer_marker(struct step *s, int slot, const uint8_t *frame)
{
    struct bond_lacp_port *p = &s->b->port[slot].lacp;

    if (s->now >= bond_after_ns(p->marker_since_ns, BOND_NSEC_PER_SEC)) {
        p->marker_since_ns = s->now;
        p->marker_count = 0;
    }
    if (p->marker_count >= BOND_LACP_MAX_MARKERS)
        return;
    p->marker_count++;
    p->stats.marker_tx++;
    bond_marker_answer(bond_send(s, slot, BOND_SLOW_FRAME_LEN, 0), s->b->port[slot].perm_mac,
                       frame);
}
