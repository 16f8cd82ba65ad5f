/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * leave.c - how a port leaves without a lost frame. Decides when it may go.
 *
 *   MEMBER ──► DRAINING ──► LINGERING ──► (released)     modes 0, 2, 3, 6
 *                     └───────────────► (released)       the others
 *
 * A leaving port is chosen for nothing and counts for nothing (carrier, order, status text).
 * Draining, it still receives what is under way and answers to the bond's address. Behind a
 * static LAG the switch goes on sending to it for as long as its link is up, so there it lingers:
 * it has its own address back and is free to use, but what comes in for the bond still enters,
 * until it is claimed, set down or gone. So it does in balance-alb, for clients that have not
 * heard yet that they have another port.
 */
#include "core/lacp_internal.h"

static bool
lingers(enum bond_mode mode)
{
    switch (mode) {
    case BOND_MODE_BALANCE_RR:
    case BOND_MODE_BALANCE_XOR:
    case BOND_MODE_BROADCAST:
    case BOND_MODE_BALANCE_ALB:
        return true;
    case BOND_MODE_ACTIVE_BACKUP:
    case BOND_MODE_8023AD:
    case BOND_MODE_BALANCE_TLB:
        return false;
    }
    return false;
}

/* A port that receives nothing for the bond (backup, no link) has nothing to drain. */
void
bond_leave_start(struct step *s, int slot)
{
    struct bond_port *p = &s->b->port[slot];
    bool is_alb = bond_mode(s->b) == BOND_MODE_BALANCE_ALB; /* receives on every port */
    bool receives = !p->inactive || p->overtaken_until_ns != 0 || is_alb;
    bool drains = bond_port_is_up(p) && receives;

    bond_lacp_unbind(s, slot, true);
    p->phase = BOND_PHASE_DRAINING;
    p->link = bond_port_is_up(p) ? BOND_LINK_UP : BOND_LINK_DOWN;
    p->delay_until_ns = drains ? bond_after_ms(s->now, s->b->drain_ms) : s->now;
    p->last_change_ns = s->now;
    p->inactive = false;
    bond_mac_left(s, slot);
    bond_mac_last_left(s->b);
    bond_note(s, BOND_NOTE_PORT_LEAVING, slot, BOND_NO_PORT, BOND_REASON_REQUEST);
}

void
bond_release(struct step *s, int slot, enum bond_reason reason)
{
    struct bond_port *p = &s->b->port[slot];

    bond_lacp_unbind(s, slot, reason != BOND_REASON_DEVICE_GONE); /* tells the partner again */
    bond_note(s, BOND_NOTE_PORT_RELEASED, slot, BOND_NO_PORT, reason);
    if (p->phase == BOND_PHASE_MEMBER) {
        p->phase = BOND_PHASE_FREE;
        bond_mac_left(s, slot);
    }
    memset(p, 0, sizeof(*p));
    bond_mac_last_left(s->b);
    s->put_port_mac &= ~(1u << slot);
    s->released |= 1u << slot;
}

void
bond_leave_settle(struct step *s)
{
    bool linger = lingers(bond_mode(s->b));

    for (int i = 0; i < (int) BOND_MAX_PORTS; i++) {
        struct bond_port *p = &s->b->port[i];

        if (p->phase == BOND_PHASE_DRAINING && s->now >= p->delay_until_ns) {
            if (!linger) {
                bool drained = p->delay_until_ns != p->last_change_ns;

                bond_release(s, i, drained ? BOND_REASON_DRAINED : BOND_REASON_REQUEST);
                continue;
            }
            p->phase = BOND_PHASE_LINGERING;
            p->delay_until_ns = BOND_NEVER;
            bond_mac_restore(s, i);
        } else if (p->phase == BOND_PHASE_LINGERING && !linger) {
            bond_release(s, i, BOND_REASON_OPTION);
        }
    }
}

/* A member that another one overtakes (a choice by hand, the primary's return, a change of mode)
 * still gets what the switch sent before it heard the announcement. The kernel drops that. */
void
bond_inactive_settle(struct step *s)
{
    for (int i = 0; i < (int) BOND_MAX_PORTS; i++) {
        const struct bond_port *was = &s->was->port[i];
        struct bond_port *p = &s->b->port[i];
        bool received = was->phase == BOND_PHASE_MEMBER && bond_port_is_up(was) && !was->inactive;

        if (p->phase == BOND_PHASE_FREE)
            continue;
        p->inactive = bond_slot_is_member(s->b, i) && bond_inactive_rule(s->b, i);
        if (p->inactive && bond_port_is_up(p) && received)
            p->overtaken_until_ns = bond_after_ms(s->now, s->b->drain_ms);
        if (!p->inactive || !bond_port_is_up(p) || s->now >= p->overtaken_until_ns)
            p->overtaken_until_ns = 0;
    }
}
