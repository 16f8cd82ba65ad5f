/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * active.c - which port is the active one. Decides that and nothing else; addresses and
 * announcements follow from it.
 *
 * Kernel: bond_choose_primary_or_current(), bond_find_best_slave(), bond_change_active_slave(),
 * bond_option_active_slave_set(). As there, an active port exists in every mode, and a new choice
 * is made only when there is a cause (s->reselect), so that a choice by hand stays.
 */
#include "core/internal.h"

/* The one order among ports of the same link state: whose updelay is over sooner, the primary,
 * the higher prio, who came first. It is total, so the winner depends on no slot number. */
bool
bond_port_goes_before(const struct bond *b, int x, int y)
{
    const struct bond_port *px = &b->port[x], *py = &b->port[y];
    int primary = bond_primary(b);

    if (px->delay_until_ns != py->delay_until_ns)
        return px->delay_until_ns < py->delay_until_ns;
    if ((x == primary) != (y == primary))
        return x == primary;
    if (px->prio != py->prio)
        return px->prio > py->prio;
    return px->attach_seq < py->attach_seq;
}

int
bond_best_port(const struct bond *b, enum bond_link link)
{
    int best = BOND_NO_PORT;

    for (int i = 0; i < (int) BOND_MAX_PORTS; i++)
        if (bond_slot_is_member(b, i) && b->port[i].link == link &&
            (best == BOND_NO_PORT || bond_port_goes_before(b, i, best)))
            best = i;
    return best;
}

/* primary_reselect, between a usable active port and one that is preferred to it. As in the
 * kernel an unknown speed is above all others. */
static bool
may_displace(const struct bond *b, int slot)
{
    const struct bond_port *p = &b->port[slot], *active = &b->port[b->active];
    uint32_t speed = (uint32_t) p->speed_mbps, active_speed = (uint32_t) active->speed_mbps;

    switch ((enum bond_primary_reselect) bond_opt_num(b, BOND_OPT_PRIMARY_RESELECT)) {
    case BOND_RESELECT_ALWAYS:
        return true;
    case BOND_RESELECT_BETTER:
        return speed != active_speed ? speed > active_speed : p->duplex > active->duplex;
    case BOND_RESELECT_FAILURE:
        return false;
    }
    return false;
}

/* Whether the best usable port takes over from a usable active one. Equals never do. */
static bool
displaces(const struct bond *b, int best)
{
    bool preferred = best == bond_primary(b) || b->port[best].prio > b->port[b->active].prio;

    return best != b->active && preferred && may_displace(b, best);
}

static int
choose(struct step *s)
{
    struct bond *b = s->b;
    int best = bond_best_port(b, BOND_LINK_UP);
    bool is_member = bond_slot_is_member(b, b->active);

    if (best == BOND_NO_PORT)
        return is_member && b->port[b->active].link == BOND_LINK_FAIL ? b->active : BOND_NO_PORT;
    if (b->force_primary && best == bond_primary(b)) {
        b->force_primary = false;
        return best;
    }
    if (!is_member || b->port[b->active].link != BOND_LINK_UP || displaces(b, best))
        return best;
    return b->active;
}

static enum bond_reason
why(const struct step *s)
{
    const struct bond *b = s->b, *was = s->was;
    bool failed = !bond_slot_is_member(b, was->active) ||
                  (b->port[was->active].link != BOND_LINK_UP && was->active != b->active);

    if (b->active != BOND_NO_PORT && b->active == s->wish)
        return BOND_REASON_REQUEST;
    if (was->active == BOND_NO_PORT)
        return BOND_REASON_FIRST_USABLE;
    if (failed)
        return BOND_REASON_ACTIVE_FAILED;
    if (s->cause != BOND_REASON_NONE)
        return s->cause;
    if (bond_opt_num(b, BOND_OPT_PRIMARY_RESELECT) == BOND_RESELECT_BETTER)
        return BOND_REASON_BETTER;
    return b->active == bond_primary(b) ? BOND_REASON_PRIMARY : BOND_REASON_PRIO;
}

void
bond_active_settle(struct step *s)
{
    struct bond *b = s->b;
    bool held = bond_slot_is_member(b, b->active) && (b->port[b->active].link == BOND_LINK_UP ||
                                                      b->port[b->active].link == BOND_LINK_FAIL);

    if (s->reselect || !held)
        b->active = choose(s);
    if (bond_slot_is_member(b, s->wish) && b->port[s->wish].link == BOND_LINK_UP)
        b->active = s->wish;
    if (b->active == s->was->active)
        return;
    if (b->active != BOND_NO_PORT)
        b->port[b->active].last_link_up_ns = s->now;
    if (bond_uses_primary(b))
        bond_note(s, BOND_NOTE_ACTIVE_CHANGED, b->active, s->was->active, why(s));
    bond_mac_failover(s);
}

int
bond_set_active(struct step *s, int slot)
{
    struct bond *b = s->b;
    const char *mode = bond_mode_name(bond_mode(b));

    if (!bond_uses_primary(b))
        return bond_err_set(s->err, BOND_ERR_WRONG_MODE, -EACCES,
                            "active_slave cannot be set in mode %s: only active-backup, "
                            "balance-tlb and balance-alb have an active port",
                            mode);
    s->reselect = true;
    s->cause = BOND_REASON_REQUEST;
    if (slot == BOND_NO_PORT) {
        b->active = BOND_NO_PORT;
        return 0;
    }
    if (!bond_slot_is_member(b, slot))
        return bond_err_set(s->err, BOND_ERR_NO_PORT, -ENODEV,
                            "active_slave: %s has no such port; it must be a port of the bond",
                            b->name);
    s->reselect = false;
    if (slot == b->active)
        return 0;
    if (b->active == BOND_NO_PORT || b->port[slot].link != BOND_LINK_UP ||
        !bond_port_is_up(&b->port[slot]))
        return bond_err_set(s->err, BOND_ERR_BUSY, -EINVAL,
                            "active_slave: %s cannot become the active port while its link is %s; "
                            "it must be up",
                            b->port[slot].name, bond_link_name(b->port[slot].link));
    s->wish = slot;
    return 0;
}
