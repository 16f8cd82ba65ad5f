/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * arpmon.c - links that are judged by what is heard on them, every arp_interval; and by which port
 * the targets are asked. Decides link states and probes; who is used follows in active.c.
 *
 * Modes 0, 2, 3: every port asks the targets, and each is up or down by itself.
 * Mode 1: the active port asks. Backups hear its broadcasts. With no active port, one after the
 * other is tried for an interval, until something is heard:
 *
 *            nothing heard for arp_missed_max (backup: + 1) intervals, or no carrier
 *        UP ───────────────────────────────────────────────────────────────────────► DOWN
 *        ▲ ▲ heard                                                              tried │
 *        │ └───────────────── FAIL ◄────────────────────────── BACK ◄─────────────────┘
 *        │           tried ──────┘► (next round)  not heard     │
 *        └──────────────────────────────────────────────────────┘ heard
 *
 * Kernel: bond_loadbalance_arp_mon(), bond_ab_arp_inspect(), _commit() and _probe(). Three
 * differences: a carrier that goes takes the port down at once, time in which nobody could look
 * (bondd was stopped, or late) is no port's fault, and a monitor begins with a clean slate.
 */
#include "core/arpmon.h"
#include "core/bfdmon.h"

bool
bond_arpmon_on(const struct bond *b)
{
    return bond_opt_num(b, BOND_OPT_ARP_INTERVAL) > 0 && bond_mode(b) <= BOND_MODE_BROADCAST &&
           (b->opt.n_arp_targets > 0 || b->opt.n_ns_targets > 0);
}

bool
bond_arpmon_is_active(const struct bond *b, int slot)
{
    if (bond_mode(b) == BOND_MODE_ACTIVE_BACKUP)
        return slot == b->active || slot == b->arp_port;
    return b->port[slot].link == BOND_LINK_UP;
}

bool
bond_arpmon_validates(const struct bond *b, int slot)
{
    return bond_opt_num(b, BOND_OPT_ARP_VALIDATE) & (bond_arpmon_is_active(b, slot) ? 1u : 2u);
}

static uint64_t
oldest(const uint64_t *stamp, unsigned n, uint64_t than)
{
    for (unsigned i = 0; i < n; i++)
        than = stamp[i] < than ? stamp[i] : than;
    return than;
}

/* arp_all_targets counts where answers are told apart, that is with arp_validate: elsewhere the
 * kernel waits for answers that it never looks at. */
uint64_t
bond_arpmon_last_rx(const struct bond *b, int slot)
{
    const struct bond_port *p = &b->port[slot];

    if (!bond_opt_num(b, BOND_OPT_ARP_ALL_TARGETS) || !bond_arpmon_validates(b, slot))
        return p->last_rx_ns;
    return oldest(p->ns_rx_ns, b->opt.n_ns_targets,
                  oldest(p->arp_rx_ns, b->opt.n_arp_targets, UINT64_MAX));
}

/* ---- stamps ---- */

static void
stamp_all(const struct bond *b, struct bond_port *p, uint64_t at)
{
    p->last_rx_ns = p->last_tx_ns = at;
    for (unsigned i = 0; i < b->opt.n_arp_targets; i++)
        p->arp_rx_ns[i] = at;
    for (unsigned i = 0; i < b->opt.n_ns_targets; i++)
        p->ns_rx_ns[i] = at;
}

/* kernel: bond_enslave(): as if something had been heard a little more than one interval ago. The
 * link is what the carrier is. */
void
bond_arpmon_attach(struct step *s, int slot)
{
    struct bond *b = s->b;
    struct bond_port *p = &b->port[slot];
    uint64_t ago = (bond_opt_num(b, BOND_OPT_ARP_INTERVAL) + 1) * BOND_NSEC_PER_MSEC;

    if (!bond_arpmon_on(b))
        return;
    stamp_all(b, p, s->now > ago ? s->now - ago : 0);
    if (bond_port_is_up(p) && !(bond_bfd_on(b) && bond_monitors_all(b)))
        bond_link_enter(s, slot, BOND_LINK_UP, BOND_REASON_CARRIER_AT_ATTACH);
}

static void
shift(uint64_t *stamp, uint64_t now, uint64_t late)
{
    if (*stamp <= now)
        *stamp = now - *stamp > late ? *stamp + late : now;
}

/* The time from when somebody should have looked until now does not count. What was heard before
 * grows no older by it, what was heard meanwhile is as good as heard now. */
static void
forgive(struct step *s, uint64_t late)
{
    for (int i = 0; i < (int) BOND_MAX_PORTS; i++) {
        struct bond_port *p = &s->b->port[i];

        if (!bond_slot_is_member(s->b, i))
            continue;
        if (bond_arpmon_within(s->b, p->last_link_up_ns, 3, s->now - late))
            shift(&p->last_link_up_ns, s->now, late); /* later it means nothing */
        shift(&p->last_rx_ns, s->now, late);
        shift(&p->last_tx_ns, s->now, late);
        for (unsigned t = 0; t < s->b->opt.n_arp_targets; t++)
            shift(&p->arp_rx_ns[t], s->now, late);
        for (unsigned t = 0; t < s->b->opt.n_ns_targets; t++)
            shift(&p->ns_rx_ns[t], s->now, late);
    }
}

/* ---- verdicts ---- */

/* A port that was only being tried, or waited for its updelay, was in no use: no failure. */
static void
set_down(struct step *s, int slot, enum bond_reason reason)
{
    struct bond_port *p = &s->b->port[slot];

    if (p->link == BOND_LINK_DOWN)
        return;
    if (p->link == BOND_LINK_BACK || (p->link == BOND_LINK_FAIL && bond_arpmon_on(s->was))) {
        p->link = BOND_LINK_DOWN;
        p->last_change_ns = s->now;
        p->delay_until_ns = BOND_NEVER;
    } else {
        bond_link_enter(s, slot, BOND_LINK_DOWN, reason);
    }
}

static void
set_up(struct step *s, int slot, enum bond_reason reason)
{
    struct bond *b = s->b;
    uint64_t link_up = b->port[slot].last_link_up_ns;
    bool reselect = s->reselect;

    bond_link_enter(s, slot, BOND_LINK_UP, reason);
    if (bond_mode(b) == BOND_MODE_ACTIVE_BACKUP)
        b->arp_port = BOND_NO_PORT;
    else
        s->reselect = reselect || !bond_slot_is_member(b, b->active);
    b->port[slot].last_link_up_ns = link_up; /* only who becomes active gets its two intervals */
}

/* What a port's link is to be; the same as it is: no change. */

/* kernel: bond_loadbalance_arp_mon() */
static enum bond_link
judge_balancing(const struct bond *b, const struct bond_port *p, uint64_t now)
{
    uint32_t n = p->link == BOND_LINK_UP ? bond_opt_num(b, BOND_OPT_ARP_MISSED_MAX) : 1;
    bool alive = bond_arpmon_within(b, p->last_tx_ns, n, now) &&
                 bond_arpmon_within(b, p->last_rx_ns, n, now);

    return alive && bond_port_is_up(p) ? BOND_LINK_UP : BOND_LINK_DOWN;
}

/* kernel: bond_ab_arp_inspect(), for links that are not up */
static enum bond_link
judge_waiting(const struct bond *b, int slot, uint64_t now)
{
    const struct bond_port *p = &b->port[slot];

    if (bond_arpmon_within(b, bond_arpmon_last_rx(b, slot), 1, now) && bond_port_is_up(p))
        return BOND_LINK_UP;
    return p->link == BOND_LINK_BACK ? BOND_LINK_FAIL : (enum bond_link) p->link;
}

/* kernel: bond_ab_arp_inspect(), for links that are up. While ports are tried nobody asks for the
 * backups to hear. */
static enum bond_link
judge_up(const struct bond *b, int slot, uint64_t now)
{
    const struct bond_port *p = &b->port[slot];
    uint32_t missed_max = bond_opt_num(b, BOND_OPT_ARP_MISSED_MAX);
    uint64_t last_rx = bond_arpmon_last_rx(b, slot);
    bool alive;

    if (bond_arpmon_within(b, p->last_link_up_ns, 2, now))
        return BOND_LINK_UP;
    if (slot == b->active)
        alive = bond_arpmon_within(b, p->last_tx_ns, missed_max, now) &&
                bond_arpmon_within(b, last_rx, missed_max, now);
    else
        alive = b->arp_port != BOND_NO_PORT || bond_arpmon_within(b, last_rx, missed_max + 1, now);
    return alive ? BOND_LINK_UP : BOND_LINK_DOWN;
}

/* monitors=any: one that is alive will do; =all: judge_carriers() takes the silent down. */
static enum bond_link
judge(const struct bond *b, int slot, uint64_t now)
{
    if (bond_bfd_vouches(b, slot) && bond_port_is_up(&b->port[slot]))
        return BOND_LINK_UP;
    if (bond_monitors_all(b) && b->port[slot].bfd.silent)
        return BOND_LINK_DOWN;
    if (bond_mode(b) != BOND_MODE_ACTIVE_BACKUP)
        return judge_balancing(b, &b->port[slot], now);
    return b->port[slot].link == BOND_LINK_UP ? judge_up(b, slot, now)
                                              : judge_waiting(b, slot, now);
}

uint32_t
bond_arpmon_heard(const struct bond *b, const struct bond_port *p, uint64_t now)
{
    uint32_t missed_max = bond_opt_num(b, BOND_OPT_ARP_MISSED_MAX);
    uint32_t bits = 0;

    for (unsigned i = 0; i < b->opt.n_arp_targets; i++)
        bits |= (uint32_t) bond_arpmon_within(b, p->arp_rx_ns[i], missed_max, now) << i;
    for (unsigned i = 0; i < b->opt.n_ns_targets; i++)
        bits |= (uint32_t) bond_arpmon_within(b, p->ns_rx_ns[i], missed_max, now)
                << (BOND_MAX_ARP_TARGETS + i);
    return bits;
}

/* All are judged before any of them changes, as the kernel inspects and then commits. */
static void
look(struct step *s)
{
    struct bond *b = s->b;
    enum bond_link verdict[BOND_MAX_PORTS];
    int order[BOND_MAX_PORTS];
    uint32_t n = bond_port_order(b, false, order);

    for (uint32_t i = 0; i < n; i++)
        verdict[i] = judge(b, order[i], s->now);
    for (uint32_t i = 0; i < n; i++) {
        struct bond_port *p = &b->port[order[i]];

        p->targets_heard = bond_arpmon_heard(b, p, s->now);
        if (verdict[i] == (enum bond_link) p->link)
            continue;
        if (verdict[i] == BOND_LINK_UP)
            set_up(s, order[i],
                   bond_bfd_vouches(b, order[i]) ? BOND_REASON_PEER_ANSWERS : BOND_REASON_ANSWERS);
        else if (verdict[i] == BOND_LINK_DOWN)
            set_down(s, order[i], BOND_REASON_NO_ANSWER);
        else
            p->link = (uint8_t) verdict[i];
    }
}

/* Contract 5: a port without carrier is not up, whoever judges. Nor, with monitors=all, is one
 * whose peer does not answer. */
static void
judge_carriers(struct step *s)
{
    for (int i = 0; i < (int) BOND_MAX_PORTS; i++) {
        const struct bond_port *p = &s->b->port[i];

        if (!bond_slot_is_member(s->b, i))
            continue;
        if (!bond_port_is_up(p))
            set_down(s, i, p->admin_up ? BOND_REASON_CARRIER_LOST : BOND_REASON_ADMIN_DOWN);
        else if (bond_monitors_all(s->b) && p->bfd.silent)
            set_down(s, i, BOND_REASON_PEER_SILENT);
    }
}

static void
begin(struct step *s)
{
    struct bond *b = s->b;

    b->arp_at_ns = s->now;
    for (int i = 0; i < (int) BOND_MAX_PORTS; i++)
        if (bond_slot_is_member(b, i) && s->was->port[i].phase == BOND_PHASE_MEMBER &&
            b->port[i].link == BOND_LINK_UP)
            stamp_all(b, &b->port[i], s->now);
}

/* Links that wait for a delay of mii.c, or are tried by this monitor, mean nothing to the other. */
static void
end_waits(struct step *s)
{
    for (int i = 0; i < (int) BOND_MAX_PORTS; i++) {
        const struct bond_port *p = &s->b->port[i];

        if (bond_slot_is_member(s->b, i) &&
            (p->link == BOND_LINK_FAIL || p->link == BOND_LINK_BACK))
            set_down(s, i, BOND_REASON_OPTION);
    }
}

void
bond_arpmon_stop(struct step *s)
{
    struct bond *b = s->b;

    b->arp_at_ns = BOND_NEVER;
    b->arp_port = BOND_NO_PORT;
    if (!bond_arpmon_on(s->was))
        return;
    end_waits(s);
    for (int i = 0; i < (int) BOND_MAX_PORTS; i++)
        if (b->port[i].phase != BOND_PHASE_FREE)
            b->port[i].targets_heard = 0;
}

void
bond_arpmon_settle(struct step *s)
{
    struct bond *b = s->b;
    uint32_t interval_ms = bond_opt_num(b, BOND_OPT_ARP_INTERVAL);
    uint64_t interval = interval_ms * BOND_NSEC_PER_MSEC, due = b->arp_at_ns;

    if (!bond_arpmon_on(s->was) || bond_mode(b) != bond_mode(s->was))
        end_waits(s);
    judge_carriers(s);
    if (bond_mode(b) != BOND_MODE_ACTIVE_BACKUP)
        b->arp_port = BOND_NO_PORT;
    if (!b->admin_up) {
        b->arp_at_ns = BOND_NEVER;
        return;
    }
    if (due == BOND_NEVER)
        begin(s);
    else if (due > bond_after_ms(s->now, interval_ms))
        b->arp_at_ns = bond_after_ms(s->now, interval_ms); /* the interval has become shorter */
    if (!s->tick || s->now < b->arp_at_ns)
        return;
    due = b->arp_at_ns;
    if (s->now > due)
        forgive(s, s->now - due);
    look(s);
    b->arp_at_ns = due + interval > s->now ? due + interval : bond_after_ms(s->now, interval_ms);
    s->probe = true;
}

/* ---- probes ---- */

static void
ask_by(struct step *s, int slot)
{
    s->b->port[slot].last_tx_ns = s->now;
    s->probe_ports |= 1u << slot;
}

/* kernel: bond_ab_arp_probe(): the next port with a carrier after the one that was tried, in a
 * circle. */
static int
next_to_try(const struct bond *b)
{
    int order[BOND_MAX_PORTS];
    uint32_t n = bond_port_order(b, false, order), at = 0;

    for (uint32_t i = 0; i < n; i++)
        if (order[i] == b->arp_port)
            at = i;
    for (uint32_t i = 1; i <= n; i++)
        if (bond_port_is_up(&b->port[order[(at + i) % n]]))
            return order[(at + i) % n];
    return BOND_NO_PORT;
}

static void
try_next(struct step *s)
{
    struct bond *b = s->b;
    int slot = next_to_try(b);

    if (slot == BOND_NO_PORT)
        return;
    b->arp_port = slot;
    b->port[slot].link = BOND_LINK_BACK;
    b->port[slot].last_link_up_ns = s->now;
    ask_by(s, slot);
}

void
bond_arpmon_probe(struct step *s)
{
    struct bond *b = s->b;

    if (b->active != BOND_NO_PORT || !bond_slot_is_member(b, b->arp_port))
        b->arp_port = BOND_NO_PORT;
    if (!s->probe)
        return;
    if (bond_mode(b) != BOND_MODE_ACTIVE_BACKUP) {
        for (int i = 0; i < (int) BOND_MAX_PORTS; i++)
            if (bond_slot_is_member(b, i) && bond_port_is_up(&b->port[i]))
                ask_by(s, i);
    } else if (b->active != BOND_NO_PORT) {
        ask_by(s, b->active);
    } else {
        try_next(s);
    }
}
