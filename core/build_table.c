/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * build_table.c - the state as the packet path needs it. A pure function; what a frame does with
 * the table is decided in select.h.
 */
#include "core/arrival.h"
#include "core/internal.h"
#include "core/tlb.h"

/* kernel: bond_get_slave_by_id(): the port with this index or the next one in the circle that can
 * send. */
static int
by_id(const struct bond *b, const int order[BOND_MAX_PORTS], uint32_t n, uint32_t id)
{
    for (uint32_t i = 0; i < n; i++)
        if (bond_port_can_tx(b, order[(id + i) % n]))
            return order[(id + i) % n];
    return BOND_NO_PORT;
}

static void
add_tx(struct bond_table *t, int slot)
{
    if (slot != BOND_NO_PORT)
        t->tx[t->n_tx++] = (uint8_t) slot;
}

static bool
is_usable(const struct bond *b, int slot)
{
    return bond_slot_is_member(b, slot) && bond_port_is_up(&b->port[slot]) &&
           b->port[slot].link == BOND_LINK_UP;
}

/* Behind the entries in use: who stands in, in the order in which they would be chosen, as far as
 * it is one of their own properties (standin.h). */
static void
add_waiting(const struct bond *b, struct bond_table *t)
{
    uint32_t chosen = 0, at = t->n_tx;

    if (bond_slot_is_member(b, b->active))
        chosen |= 1u << b->active;
    for (;;) {
        int best = BOND_NO_PORT;

        for (int i = 0; i < (int) BOND_MAX_PORTS; i++) {
            if (!(chosen >> i & 1) && is_usable(b, i) &&
                (best == BOND_NO_PORT || bond_port_goes_before(b, i, best)))
                best = i;
        }
        if (best == BOND_NO_PORT || at == BOND_MAX_PORTS)
            return;
        chosen |= 1u << best;
        t->tx[at++] = (uint8_t) best;
    }
}

static void
build_tx(const struct bond *b, struct bond_table *t)
{
    int order[BOND_MAX_PORTS];
    uint32_t n = bond_port_order(b, false, order);

    switch (bond_mode(b)) {
    case BOND_MODE_BALANCE_RR:
        for (uint32_t i = 0; i < n; i++)
            add_tx(t, by_id(b, order, n, i));
        if (n > 0 && t->n_tx > 0)
            t->igmp_slot = bond_port_can_tx(b, b->active) ? (uint32_t) b->active : t->tx[0];
        break;
    case BOND_MODE_BALANCE_XOR: /* kernel: bond_update_slave_arr() */
    case BOND_MODE_BROADCAST:
    case BOND_MODE_8023AD:
    case BOND_MODE_BALANCE_TLB:
    case BOND_MODE_BALANCE_ALB:
        for (uint32_t i = 0; i < n; i++)
            if (bond_port_can_tx(b, order[i]))
                add_tx(t, order[i]);
        break;
    case BOND_MODE_ACTIVE_BACKUP: /* also while its downdelay runs, as the kernel */
        add_tx(t, b->active);
        add_waiting(b, t);
        break;
    }
}

/* A leaving port of active-backup takes no group frames (table.h, BOND_RX_UNICAST): a bridge above
 * would learn its own hosts on the bond. Where all ports are active at once, a static LAG may go
 * on sending anything by a port that leaves. In balance-alb each port has clients of its own
 * (kernel: bond_should_deliver_exact_match()). */
static uint8_t
rx_of(const struct bond *b, const struct bond_port *p)
{
    uint8_t inactive = bond_mode(b) == BOND_MODE_BALANCE_ALB ? BOND_RX_UNICAST : BOND_RX_DROP;

    switch ((enum bond_phase) p->phase) {
    case BOND_PHASE_FREE:
        return BOND_RX_DROP;
    case BOND_PHASE_MEMBER:
        if (!p->inactive)
            return BOND_RX_ACCEPT;
        return p->overtaken_until_ns != 0 ? BOND_RX_UNICAST : inactive;
    case BOND_PHASE_DRAINING:
    case BOND_PHASE_LINGERING:
        return bond_mode_uses_primary(bond_mode(b)) ? BOND_RX_UNICAST : BOND_RX_ACCEPT;
    }
    return BOND_RX_DROP;
}

/* kernel: bond_should_override_tx_queue() */
static bool
uses_queue_ids(enum bond_mode mode)
{
    return mode == BOND_MODE_ACTIVE_BACKUP || mode == BOND_MODE_BALANCE_RR;
}

/* What balance-tlb and balance-alb need besides. */
static void
build_lb(const struct bond *b, struct bond_table *t)
{
    bool is_alb = bond_mode(b) == BOND_MODE_BALANCE_ALB;

    t->active_slot = b->active != BOND_NO_PORT ? (uint32_t) b->active : BOND_MAX_PORTS;
    t->tlb_epoch = bond_opt_num(b, BOND_OPT_TLB_DYNAMIC_LB) ? b->tlb_epoch : 0;
    t->bond_mac = bond_mac_number(b->mac);
    for (uint32_t i = 0; i < t->n_ports; i++) {
        const struct bond_port *p = &b->port[i];
        bool by_client = is_alb && p->phase != BOND_PHASE_MEMBER;

        if (p->phase == BOND_PHASE_FREE)
            continue;
        t->port[i].mac = bond_mac_number(by_client ? p->client_mac : p->mac);
        t->port[i].own_mac = bond_mac_number(p->perm_mac);
        t->port[i].speed_mbps = p->speed_mbps > 0 ? (uint32_t) p->speed_mbps : 0;
    }
    for (uint32_t i = 0; is_alb && i < BOND_CLIENTS; i++) {
        const struct bond_client *c = &b->client[i];

        t->client[i].slot = c->assigned && c->slot >= 0 ? (uint32_t) c->slot : BOND_MAX_PORTS;
        t->client[i].host_ip = c->host_ip;
        t->client[i].client_ip = c->client_ip;
    }
}

static void
build_buckets(const struct bond *b, struct bond_table *t)
{
    t->resilient = 1;
    t->hash_seed = b->hash_seed;
    memcpy(t->bucket, b->bucket, sizeof(t->bucket));
}

/* What nobody knows is taken for slow: then frames are counted and not timed. A clock that is too
 * quick would let the first port do all the work. */
#define UNKNOWN_SPEED_MBPS 1000u

/* rr_order=arrival. A speed tells only where every port has one. */
static void
build_arrival(const struct bond *b, struct bond_table *t)
{
    bool known = true;

    for (uint32_t i = 0; i < t->n_tx; i++)
        known = known && b->port[t->tx[i]].speed_mbps > 0;
    for (uint32_t i = 0; i < t->n_tx; i++) {
        uint32_t slot = t->tx[i];
        uint32_t mbps = known ? (uint32_t) b->port[slot].speed_mbps : UNKNOWN_SPEED_MBPS;

        t->pace_ns[slot] = BOND_ARRIVAL_PACE(mbps);
        t->delay_ns[slot] = b->port[slot].rr_delay_us * 1000;
        if (t->pace_ns[slot] > t->patience_ns)
            t->patience_ns = t->pace_ns[slot];
    }
    t->flags |= BOND_TABLE_F_ARRIVAL;
}

/* Ports cut super-packets into frames, and those of one leave beside those of the next one, by the
 * next port. TCP takes for lost what three later ones have overtaken; of two frames the second is
 * overtaken by one of each other port. Beyond these speeds that many packets cost the sender's
 * processor more than their order gains. */
#define ARRIVAL_SEGMENTS 2u
#define ARRIVAL_SEGMENTS_MBPS 10000u /* of all ports */

uint32_t
bond_max_segments(const struct bond *b)
{
    int order[BOND_MAX_PORTS];
    uint32_t n = bond_port_order(b, false, order);
    uint64_t mbps = 0;

    if (bond_mode(b) != BOND_MODE_BALANCE_RR ||
        bond_opt_num(b, BOND_OPT_RR_ORDER) != BOND_RR_ORDER_ARRIVAL)
        return 0;
    for (uint32_t i = 0; i < n; i++) {
        if (b->port[order[i]].speed_mbps <= 0)
            return 0;
        mbps += (uint64_t) b->port[order[i]].speed_mbps;
    }
    return n > 1 && mbps <= ARRIVAL_SEGMENTS_MBPS ? ARRIVAL_SEGMENTS : 0;
}

void
bond_table_build(const struct bond *b, struct bond_table *t)
{
    memset(t, 0, sizeof(*t));
    t->mode = bond_mode(b);
    t->xmit_policy = bond_opt_num(b, BOND_OPT_XMIT_HASH_POLICY);
    t->packets_per_slave = bond_opt_num(b, BOND_OPT_PACKETS_PER_SLAVE);
    t->igmp_slot = BOND_MAX_PORTS;
    t->flags = bond_arpmon_counts_traffic(b) ? BOND_TABLE_F_STAMP : 0;
    if (bond_mode(b) == BOND_MODE_8023AD && bond_opt_num(b, BOND_OPT_BROADCAST_NEIGHBOR))
        t->flags |= BOND_TABLE_F_NEIGHBOURS;
    build_tx(b, t);
    for (uint32_t i = 0; i < BOND_MAX_PORTS; i++) {
        const struct bond_port *p = &b->port[i];
        bool is_member = bond_slot_is_member(b, (int) i);

        if (p->phase == BOND_PHASE_FREE)
            continue;
        t->n_ports = i + 1;
        t->port[i].ifindex = (uint32_t) p->ifindex;
        t->port[i].rx = rx_of(b, p);
        t->port[i].can_tx = is_usable(b, (int) i);
        if (is_member && uses_queue_ids(bond_mode(b)))
            t->port[i].queue_id = p->queue_id;
        if (t->port[i].queue_id != 0)
            t->has_queue_ids = 1;
    }
    if (bond_is_lb(b))
        build_lb(b, t);
    if (bond_is_resilient(b))
        build_buckets(b, t);
    if (bond_mode(b) == BOND_MODE_BALANCE_RR &&
        bond_opt_num(b, BOND_OPT_RR_ORDER) == BOND_RR_ORDER_ARRIVAL)
        build_arrival(b, t);
}
