/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lacp.c - runs the machines of all ports until none moves. Decides in which order they run, who
 * takes part, and what is worth a note; what each does is in its own file.
 *
 * Kernel: bond_3ad_state_machine_handler() runs every machine once every 100 ms, so what one of
 * them does reaches the next a tick later. Here it does so at once, and time is in deadlines.
 * bond_3ad_bind_slave(), bond_3ad_unbind_slave(), bond_3ad_lacpdu_recv(). While the bond is down
 * the machines stand still, as there.
 */
#include "core/bfdmon.h"
#include "core/lacp_internal.h"

/* Receive goes three states at most, Selection and Mux follow: five rounds are the longest way. */
#define MAX_ROUNDS 16

void
bond_lacp_init(struct bond *b)
{
    memset(&b->lacp, 0, sizeof(b->lacp));
    b->lacp.active_agg = BOND_NO_PORT;
}

static void
set_system(struct bond *b)
{
    static const uint8_t zero[BOND_MAC_LEN];
    bool given = !bond_mac_equal(b->opt.ad_actor_system, zero);

    memcpy(b->lacp.system, given ? b->opt.ad_actor_system : b->mac, BOND_MAC_LEN);
}

/* kernel: ad_initialize_port(). The number is one more than that of the last in order. */
void
bond_lacp_bind(struct step *s, int slot)
{
    struct bond *b = s->b;
    struct bond_lacp_port *p = &b->port[slot].lacp;
    uint16_t last = 0;
    bool first = true;
    uint64_t seq = 0;

    for (int i = 0; i < (int) BOND_MAX_PORTS; i++) {
        if (i == slot || !bond_slot_is_member(b, i) || b->port[i].lacp.number == 0)
            continue;
        if (first || b->port[i].attach_seq > seq)
            last = b->port[i].lacp.number;
        seq = first || b->port[i].attach_seq > seq ? b->port[i].attach_seq : seq;
        first = false;
    }
    if (first) {
        bond_lacp_init(b);
        set_system(b);
    }
    memset(p, 0, sizeof(*p));
    p->number = (uint16_t) (last % UINT16_MAX + 1);
    p->agg = BOND_LACP_NO_AGG;
    p->state = BOND_LACP_AGGREGATION;
    p->begin = true;
    bond_lacp_record_default(p);
    p->state &= (uint8_t) ~BOND_LACP_DEFAULTED;
    p->current_while_ns = p->periodic_ns = p->wait_while_ns = BOND_NEVER;
    p->churn_actor_ns = p->churn_partner_ns = p->join_ns = BOND_NEVER;
    b->lacp.last_agg_id = (uint16_t) (b->lacp.last_agg_id % UINT16_MAX + 1);
    b->port[slot].agg = (struct bond_lacp_agg){.id = b->lacp.last_agg_id};
}

/* Nobody counts on the port any more. */
void
bond_lacp_unbind(struct step *s, int slot, bool tell)
{
    struct bond *b = s->b;
    struct bond_lacp_port *p = &b->port[slot].lacp;

    if (p->number == 0)
        return;
    if (tell)
        bond_lacp_transmit_goodbye(s, slot);
    p->agg = BOND_LACP_NO_AGG;
    bond_lacp_move_agg(b, slot);
    for (int i = 0; i < (int) BOND_MAX_PORTS; i++)
        if (bond_slot_is_member(b, i) && bond_lacp_agg_ports(b, i) == 0) {
            b->port[i].agg = (struct bond_lacp_agg){.id = b->port[i].agg.id};
            if (b->lacp.active_agg == i)
                b->lacp.active_agg = BOND_NO_PORT;
        }
    if (b->lacp.active_agg == slot)
        b->lacp.active_agg = BOND_NO_PORT;
    b->port[slot].agg = (struct bond_lacp_agg){0};
}

static void
leave_mode(struct step *s)
{
    struct bond *b = s->b;
    int order[BOND_MAX_PORTS];
    uint32_t n = bond_port_order(b, true, order);

    for (uint32_t i = 0; i < n; i++)
        bond_lacp_unbind(s, order[i], bond_slot_is_member(b, order[i]));
    for (uint32_t i = 0; i < n; i++) {
        memset(&b->port[order[i]].lacp, 0, sizeof(b->port[0].lacp));
        memset(&b->port[order[i]].agg, 0, sizeof(b->port[0].agg));
    }
    bond_lacp_init(b);
}

static void
enter_mode(struct step *s)
{
    int order[BOND_MAX_PORTS];
    uint32_t n = bond_port_order(s->b, false, order);

    for (uint32_t i = 0; i < n; i++)
        bond_lacp_bind(s, order[i]);
}

/* kernel: bond_3ad_update_ad_actor_settings(). Keys and bits: bond_lacp_follow(). */
void
bond_lacp_options_changed(struct step *s)
{
    struct bond *b = s->b;
    const struct bond_options *o = &b->opt, *was = &s->was->opt;

    if (bond_mode(b) != bond_mode(s->was)) {
        if (bond_is_lacp(s->was))
            leave_mode(s);
        if (bond_is_lacp(b))
            enter_mode(s);
        return;
    }
    if (!bond_is_lacp(b) ||
        (bond_mac_equal(o->ad_actor_system, was->ad_actor_system) &&
         o->num[BOND_OPT_AD_ACTOR_SYS_PRIO] == was->num[BOND_OPT_AD_ACTOR_SYS_PRIO]))
        return;
    set_system(b);
    for (int i = 0; i < (int) BOND_MAX_PORTS; i++)
        if (b->port[i].phase != BOND_PHASE_FREE)
            b->port[i].lacp.ntt = bond_slot_is_member(b, i);
}

/* ---- frames ---- */

static void
lacpdu(struct step *s, int slot, const struct bond_lacpdu *pdu)
{
    struct bond_lacp_port *p = &s->b->port[slot].lacp;

    p->stats.lacpdu_rx++;
    if (bond_mac_equal(pdu->actor.system, s->b->lacp.system)) { /* our own voice */
        if (!p->looped)
            bond_note(s, BOND_NOTE_LACP_LOOP, slot, BOND_NO_PORT, BOND_REASON_OWN_SYSTEM);
        p->looped = true;
        return;
    }
    p->looped = false;
    bond_lacp_rx_pdu(s->b, slot, pdu, s->now);
}

void
bond_lacp_frame(struct step *s, const struct bond_event *ev)
{
    struct bond_lacp_port *p = &s->b->port[ev->slot].lacp;
    struct bond_lacpdu pdu;

    if (!bond_is_lacp(s->b) || !s->b->admin_up)
        return;
    switch (bond_slow_parse(ev->u.frame.data, ev->u.frame.len, &pdu)) {
    case BOND_SLOW_NONE:
        break;
    case BOND_SLOW_LACPDU:
        lacpdu(s, ev->slot, &pdu);
        break;
    case BOND_SLOW_MARKER:
        p->stats.marker_rx++;
        bond_lacp_answer_marker(s, ev->slot, ev->u.frame.data);
        break;
    case BOND_SLOW_MARKER_RESPONSE: /* we never ask */
        p->stats.marker_response_rx++;
        break;
    case BOND_SLOW_MARKER_UNKNOWN:
        p->stats.marker_unknown++;
        break;
    case BOND_SLOW_UNKNOWN:
        p->stats.lacpdu_unknown++;
        break;
    case BOND_SLOW_ILLEGAL:
        p->stats.lacpdu_illegal++;
        break;
    }
}

/* ---- running ---- */

static void
begin(struct bond *b, int slot, uint64_t now)
{
    struct bond_lacp_port *p = &b->port[slot].lacp;

    p->selected = false;
    p->churned = true;
    bond_lacp_record_default(p);
    p->state &= (uint8_t) ~BOND_LACP_EXPIRED;
    bond_lacp_rx_enter(b, slot, BOND_LACP_RX_PORT_DISABLED, now);
    bond_lacp_periodic_enter(p, BOND_LACP_NO_PERIODIC, now);
    bond_lacp_mux_enter(b, slot, BOND_LACP_MUX_DETACHED, now);
    p->begin = false;
}

static bool
run_receive(struct bond *b, int slot, uint64_t now)
{
    struct bond_lacp_port *p = &b->port[slot].lacp;
    bool moved = bond_lacp_follow(b, slot) || p->begin;
    enum bond_lacp_rx rx;
    enum bond_lacp_periodic periodic;

    if (p->begin)
        begin(b, slot, now);
    rx = bond_lacp_rx_next_state(p, now);
    if (rx != (enum bond_lacp_rx) p->rx) {
        bond_lacp_rx_enter(b, slot, rx, now);
        moved = true;
    }
    periodic = bond_lacp_periodic_next_state(p);
    if (periodic != (enum bond_lacp_periodic) p->periodic || bond_lacp_periodic_due(p, now)) {
        bond_lacp_periodic_enter(p, periodic, now);
        moved = true;
    }
    return moved;
}

static bool
run_selection(struct bond *b, int slot)
{
    if (b->port[slot].lacp.selected)
        return false;
    bond_lacp_attach(b, slot, bond_lacp_find_agg(b, slot));
    return true;
}

static bool
run_active_agg(struct bond *b)
{
    int best = bond_lacp_best_agg(b);

    if (best == b->lacp.active_agg)
        return false;
    b->lacp.active_agg = best;
    return true;
}

static bool
run_mux(struct bond *b, int slot, uint64_t now)
{
    struct bond_lacp_port *p = &b->port[slot].lacp;
    bool is_active = (int) p->agg == b->lacp.active_agg;
    enum bond_lacp_mux mux;

    if (p->mux == BOND_LACP_MUX_WAITING && now >= p->wait_while_ns) {
        p->ready_n = true;
        p->wait_while_ns = BOND_NEVER;
    }
    mux = bond_lacp_mux_next_state(b, slot);
    if (mux == (enum bond_lacp_mux) p->mux &&
        (mux != BOND_LACP_MUX_ATTACHED || is_active == !!(p->state & BOND_LACP_SYNC)))
        return false;
    bond_lacp_mux_enter(b, slot, mux, now);
    return true;
}

static bool
round_of_all(struct bond *b, const int *order, uint32_t n, uint64_t now)
{
    bool moved = false;

    for (uint32_t i = 0; i < n; i++)
        moved |= run_receive(b, order[i], now);
    for (uint32_t i = 0; i < n; i++)
        moved |= run_selection(b, order[i]);
    moved |= run_active_agg(b);
    for (uint32_t i = 0; i < n; i++)
        moved |= run_mux(b, order[i], now);
    for (uint32_t i = 0; i < n; i++)
        moved |= bond_lacp_churn_run(&b->port[order[i]].lacp, now);
    return bond_lacp_sends_run(b, now) || moved;
}

/* ---- what is worth a note ---- */

static enum bond_reason
why_out(const struct bond_lacp_port *p)
{
    if (!p->port_enabled)
        return BOND_REASON_CARRIER_LOST;
    if (p->rx == BOND_LACP_RX_EXPIRED || p->rx == BOND_LACP_RX_DEFAULTED)
        return BOND_REASON_PARTNER_SILENT;
    return BOND_REASON_PARTNER;
}

static void
note_changes(struct step *s)
{
    const struct bond *b = s->b, *was = s->was;

    for (int i = 0; i < (int) BOND_MAX_PORTS; i++) {
        bool now = bond_lacp_distributes(b, i), before = bond_lacp_distributes(was, i);

        if (!bond_slot_is_member(b, i) || now == before)
            continue;
        if (now)
            bond_note(s, BOND_NOTE_LACP_DISTRIBUTING, i, BOND_NO_PORT,
                      b->port[i].lacp.rx == BOND_LACP_RX_CURRENT ? BOND_REASON_PARTNER
                                                                 : BOND_REASON_PARTNER_SILENT);
        else
            bond_note(s, BOND_NOTE_LACP_NOT_DISTRIBUTING, i, BOND_NO_PORT,
                      why_out(&b->port[i].lacp));
    }
    if (b->lacp.active_agg != was->lacp.active_agg)
        bond_note(s, BOND_NOTE_AGGREGATOR_CHANGED, b->lacp.active_agg, was->lacp.active_agg,
                  b->lacp.active_agg == BOND_NO_PORT ? BOND_REASON_ACTIVE_FAILED : s->cause);
}

void
bond_lacp_settle(struct step *s)
{
    struct bond *b = s->b;
    int order[BOND_MAX_PORTS];
    uint32_t n = bond_port_order(b, false, order);

    if (!bond_is_lacp(b))
        return;
    for (int i = 0; b->admin_up && i < MAX_ROUNDS; i++)
        if (!round_of_all(b, order, n, s->now))
            break;
    for (uint32_t i = 0; b->admin_up && i < n; i++)
        bond_lacp_transmit(s, order[i]);
    note_changes(s);
}

/* Nobody listened for a while, so silence was no sign. */
void
bond_lacp_resume(struct step *s)
{
    for (int i = 0; bond_is_lacp(s->b) && i < (int) BOND_MAX_PORTS; i++) {
        struct bond_lacp_port *p = &s->b->port[i].lacp;
        bool is_short = p->rx == BOND_LACP_RX_EXPIRED || (p->state & BOND_LACP_TIMEOUT);

        if (!bond_slot_is_member(s->b, i))
            continue;
        if (p->rx == BOND_LACP_RX_CURRENT || p->rx == BOND_LACP_RX_EXPIRED)
            p->current_while_ns = bond_after_ns(s->now, is_short ? BOND_LACP_SHORT_TIMEOUT_NS
                                                                 : BOND_LACP_LONG_TIMEOUT_NS);
        memset(p->tx_ns, 0, sizeof(p->tx_ns));
        p->ntt = true;
    }
}

static uint64_t
earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

uint64_t
bond_lacp_deadline(const struct bond *b)
{
    uint64_t next = BOND_NEVER;

    if (!bond_is_lacp(b) || !b->admin_up)
        return next;
    for (int i = 0; i < (int) BOND_MAX_PORTS; i++) {
        const struct bond_lacp_port *p = &b->port[i].lacp;

        if (!bond_slot_is_member(b, i))
            continue;
        next = earlier(next, earlier(p->current_while_ns, p->periodic_ns));
        next = earlier(next, earlier(p->wait_while_ns, p->join_ns));
        next = earlier(next, earlier(p->churn_actor_ns, p->churn_partner_ns));
        if (p->ntt)
            next = earlier(next, bond_lacp_tx_at(p));
    }
    return next;
}
