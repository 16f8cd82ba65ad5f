/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mii.c - what a port's link is, from its carrier and the two delays. Decides link states only;
 * who is used follows in active.c.
 *
 *            carrier lost            downdelay over
 *        UP ─────────────► FAIL ────────────────────► DOWN
 *        ▲ ◄───────────────┘ carrier back              │ ▲
 *        │                                carrier back │ │ carrier lost
 *        └──────────────────────────── BACK ◄──────────┘ │
 *          updelay over, or nothing     └────────────────┘
 *          else is usable
 *
 * Kernel: bond_miimon_inspect() and bond_miimon_commit(). There the carrier is looked at every
 * miimon and a delay is counted in looks; here a change is judged when it is reported, and a
 * delay is a deadline. use_carrier makes no difference: both values read the carrier. A port that
 * is silent by BFD (bfdmon.c) is DOWN as if it had no carrier, at once.
 */
#include "core/internal.h"

static enum bond_link
next_link(const struct bond_port *p, uint64_t now)
{
    bool up = bond_port_is_up(p);
    bool over = now >= p->delay_until_ns;

    if (up && p->bfd.silent)
        return BOND_LINK_DOWN; /* the detection time has been waited for: no downdelay */
    switch ((enum bond_link) p->link) {
    case BOND_LINK_UP:
        return up ? BOND_LINK_UP : BOND_LINK_FAIL;
    case BOND_LINK_FAIL:
        return up ? BOND_LINK_UP : over ? BOND_LINK_DOWN : BOND_LINK_FAIL;
    case BOND_LINK_DOWN:
        return up ? BOND_LINK_BACK : BOND_LINK_DOWN;
    case BOND_LINK_BACK:
        return !up ? BOND_LINK_DOWN : over ? BOND_LINK_UP : BOND_LINK_BACK;
    }
    return BOND_LINK_DOWN;
}

/* Why the link is what it is now, as the user would say it. */
static enum bond_reason
why(const struct step *s, int slot)
{
    const struct bond_port *p = &s->b->port[slot], *was = &s->was->port[slot];

    if (!p->admin_up)
        return BOND_REASON_ADMIN_DOWN;
    if (!p->carrier)
        return BOND_REASON_CARRIER_LOST;
    if (p->bfd.silent)
        return BOND_REASON_PEER_SILENT;
    if (was->bfd.silent)
        return BOND_REASON_PEER_ANSWERS;
    if (bond_arpmon_on(s->was))
        return BOND_REASON_OPTION;
    if (was->phase != BOND_PHASE_MEMBER)
        return BOND_REASON_CARRIER_AT_ATTACH;
    return was->admin_up ? BOND_REASON_CARRIER_BACK : BOND_REASON_ADMIN_UP;
}

/* A delay of zero is passed through without a word. */
static void
start_delay(struct step *s, int slot, enum bond_opt_id id, enum bond_note note)
{
    uint32_t delay_ms = bond_delay_ms(s->b, id);

    s->b->port[slot].delay_until_ns = bond_after_ms(s->now, delay_ms);
    if (delay_ms > 0)
        bond_note(s, note, slot, BOND_NO_PORT, why(s, slot));
}

static void
enter_up(struct step *s, int slot, enum bond_reason reason)
{
    struct bond *b = s->b;
    struct bond_port *p = &b->port[slot];

    p->last_link_up_ns = s->now;
    if (!bond_slot_is_member(b, b->active) || slot == bond_primary(b) ||
        p->prio > b->port[b->active].prio)
        s->reselect = true;
    bond_note(s, BOND_NOTE_LINK_UP, slot, BOND_NO_PORT, reason);
}

static void
enter_down(struct step *s, int slot, enum bond_reason reason)
{
    struct bond_port *p = &s->b->port[slot];

    if (p->failure_count < UINT32_MAX)
        p->failure_count++;
    bond_note(s, BOND_NOTE_LINK_DOWN, slot, BOND_NO_PORT, reason);
}

void
bond_link_enter(struct step *s, int slot, enum bond_link link, enum bond_reason reason)
{
    struct bond_port *p = &s->b->port[slot];

    p->link = (uint8_t) link;
    p->last_change_ns = s->now;
    p->delay_until_ns = BOND_NEVER;
    switch (link) {
    case BOND_LINK_UP:
        enter_up(s, slot, reason);
        break;
    case BOND_LINK_FAIL:
        start_delay(s, slot, BOND_OPT_DOWNDELAY, BOND_NOTE_LINK_FAIL);
        break;
    case BOND_LINK_DOWN:
        enter_down(s, slot, reason);
        break;
    case BOND_LINK_BACK:
        start_delay(s, slot, BOND_OPT_UPDELAY, BOND_NOTE_LINK_BACK);
        break;
    }
}

/* To a fixpoint: with no delays a link goes through FAIL or BACK at once. Two moves are the
 * longest way, so the bound is never met. */
static void
judge(struct step *s, int slot)
{
    const struct bond_port *p = &s->b->port[slot];

    for (int i = 0; i < 4; i++) {
        enum bond_link link = next_link(p, s->now);
        bool waited = s->was->port[slot].phase == BOND_PHASE_MEMBER &&
                      s->was->port[slot].link == p->link &&
                      ((p->link == BOND_LINK_FAIL && link == BOND_LINK_DOWN) ||
                       (p->link == BOND_LINK_BACK && link == BOND_LINK_UP));

        if (link == (enum bond_link) p->link)
            return;
        bond_link_enter(s, slot, link, waited ? BOND_REASON_DELAY_OVER : why(s, slot));
    }
}

/* A failing active port still counts while its downdelay runs (kernel: ignore_updelay looks at
 * curr_active_slave in active-backup, at the usable ports in the other modes). */
static bool
something_is_usable(const struct bond *b)
{
    if (bond_n_up(b) > 0)
        return true;
    return bond_mode(b) == BOND_MODE_ACTIVE_BACKUP && bond_slot_is_member(b, b->active) &&
           b->port[b->active].link == BOND_LINK_FAIL;
}

void
bond_mii_settle(struct step *s)
{
    int order[BOND_MAX_PORTS], hurry;
    uint32_t n = bond_port_order(s->b, false, order);

    for (uint32_t i = 0; i < n; i++)
        judge(s, order[i]);
    if (something_is_usable(s->b))
        return;
    hurry = bond_best_port(s->b, BOND_LINK_BACK);
    if (hurry != BOND_NO_PORT)
        bond_link_enter(s, hurry, BOND_LINK_UP, BOND_REASON_FIRST_USABLE);
}

/* A running delay keeps its beginning and gets a new end. */
void
bond_mii_redelay(struct step *s)
{
    if (bond_arpmon_on(s->was))
        return; /* there are none */
    for (int i = 0; i < (int) BOND_MAX_PORTS; i++) {
        struct bond_port *p = &s->b->port[i];

        if (!bond_slot_is_member(s->b, i))
            continue;
        if (p->link == BOND_LINK_FAIL)
            p->delay_until_ns =
                bond_after_ms(p->last_change_ns, bond_delay_ms(s->b, BOND_OPT_DOWNDELAY));
        if (p->link == BOND_LINK_BACK)
            p->delay_until_ns =
                bond_after_ms(p->last_change_ns, bond_delay_ms(s->b, BOND_OPT_UPDELAY));
    }
}
