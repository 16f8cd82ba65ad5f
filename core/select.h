/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * select.h - the port a frame leaves by, and whether one that comes in enters the bond: pure
 * functions of (frame, published table).
 *
 * Compiled natively and, from this very source, to BPF: fixed-width integers, bounded loops, every
 * index clamped where the verifier can see it. It decides; it never sends, waits or remembers (the
 * round-robin counter and the account of balance-tlb belong to the caller). The kernel driver is
 * the reference: for every option that it has, the result here is the same.
 *
 * Hash policies are in hash.h.
 */
#ifndef BOND_SELECT_H
#define BOND_SELECT_H

#include "arrival.h"
#include "buckets.h"
#include "hash.h"
#include "options.h"
#include "table.h"
#include "tlb.h"

#define BOND_SEND_NONE 0u /* no port can carry it: drop */
#define BOND_SEND_PORT 1u /* by slot, whose device is ifindex */
#define BOND_SEND_ALL 2u  /* a copy by each of tx[0..n_tx-1]: bond_choice_nth() */

struct bond_choice {
    uint32_t send; /* BOND_SEND_* */
    uint32_t slot;
    uint32_t ifindex;
    uint32_t edit; /* BOND_EDIT_*: write mac there first */
    uint64_t mac;
};

#define BOND_IPPROTO_IGMP 2u

/* The device of a slot. A slot number out of the table is as good as random to the verifier. */
static BOND_INLINE struct bond_choice
bond_choice_slot(const struct bond_table *t, uint32_t slot)
{
    struct bond_choice c = {BOND_SEND_NONE, 0, 0, 0, 0};

    slot &= BOND_MAX_PORTS - 1;
    BOND_OPAQUE(slot);
    slot &= BOND_MAX_PORTS - 1;
    c.slot = slot;
    c.ifindex = t->port[slot].ifindex;
    c.send = c.ifindex ? BOND_SEND_PORT : BOND_SEND_NONE;
    return c;
}

/* Entry i of tx[]. */
static BOND_INLINE struct bond_choice
bond_choice_nth(const struct bond_table *t, uint32_t i)
{
    i &= BOND_MAX_PORTS - 1;
    BOND_OPAQUE(i);
    i &= BOND_MAX_PORTS - 1;
    return bond_choice_slot(t, t->tx[i]);
}

/* Kernel: bond_slave_override(). The slot of the port with this queue_id, where it can send; else
 * BOND_MAX_PORTS: the choice is the mode's. Queue 0 is "none recorded". */
BOND_SEARCH uint32_t
bond_slot_by_queue(const struct bond_table *t, uint32_t queue)
{
    for (uint32_t i = 0; t && i < BOND_MAX_PORTS && i < t->n_ports; i++) {
        const struct bond_table_port *p = &t->port[i];

        if (p->ifindex && p->queue_id == queue)
            return p->can_tx ? i : BOND_MAX_PORTS;
    }
    return BOND_MAX_PORTS;
}

/* Slot of a device, or BOND_MAX_PORTS. */
BOND_SEARCH uint32_t
bond_slot_of(const struct bond_table *t, uint32_t ifindex)
{
    for (uint32_t i = 0; t && i < BOND_MAX_PORTS && i < t->n_ports; i++) {
        if (t->port[i].ifindex == ifindex)
            return i;
    }
    return BOND_MAX_PORTS;
}

/* Membership reports leave by one port, so that a querier's view stays consistent. */
static BOND_INLINE bool
bond_frame_is_igmp(struct bond_frame *f)
{
    const uint8_t *ip;

    if (f->proto_be != BOND_BE16(BOND_ETH_IP))
        return false;
    ip = bond_frame_at(f, BOND_ETH_HLEN, BOND_IP4_HLEN);
    return ip && ip[9] == BOND_IPPROTO_IGMP;
}

static BOND_INLINE uint32_t
bond_rr_id(uint32_t packets_per_slave, uint32_t turn)
{
    return packets_per_slave == 1 ? turn : turn / packets_per_slave;
}

/* Kernel: bond_rr_gen_slave_id(). `counter` is this CPU's (kernel: rr_tx_counter); `random` is used
 * where packets_per_slave is 0. */
static BOND_INLINE uint32_t
bond_rr_next(uint32_t packets_per_slave, uint32_t *counter, uint32_t random)
{
    return packets_per_slave == 0 ? random : bond_rr_id(packets_per_slave, ++*counter);
}

/* What is remembered between frames, each looked at in its mode only. */
struct bond_rr {
    uint32_t *counter;               /* balance-rr */
    uint32_t random;                 /* balance-rr */
    struct bond_tlb *tlb;            /* balance-tlb, -alb */
    struct bond_bucket_load *load;   /* hash=resilient */
    struct bond_arrivals *arrivals;  /* rr_order=arrival */
    struct bond_departure departure; /* rr_order=arrival: of this frame */
};

/* balance-alb: ARP takes the way through the veth, where core hears it; anything does while a
 * capture runs on the bond (BOND_TABLE_F_VIA_PEER). The choice is made at the peer. */
static BOND_INLINE bool
bond_goes_via_peer(const struct bond_table *t, const struct bond_frame *f)
{
    return (t->flags & BOND_TABLE_F_VIA_PEER) ||
           (t->mode == BOND_MODE_BALANCE_ALB && f->proto_be == BOND_BE16(BOND_ETH_ARP));
}

static BOND_INLINE bool
bond_uses_lb(const struct bond_table *t)
{
    return t->mode == BOND_MODE_BALANCE_TLB || t->mode == BOND_MODE_BALANCE_ALB;
}

/* balance-tlb, -alb; `hash` is of xmit_hash_policy where that was asked for. */
static BOND_INLINE struct bond_choice
bond_choice_lb(const struct bond_table *t, const struct bond_rr *rr, uint32_t kind, uint32_t hash,
               uint32_t len, struct bond_lb *lb)
{
    struct bond_choice c = {BOND_SEND_NONE, 0, 0, 0, 0};

    bond_lb_finish(t, rr->tlb, kind, hash, len, lb);
    if (lb->slot >= BOND_MAX_PORTS)
        return c;
    c = bond_choice_slot(t, lb->slot);
    c.edit = lb->edit;
    c.mac = t->port[c.slot & (BOND_MAX_PORTS - 1)].mac;
    return c;
}

/* hash=resilient; `word` is of xmit_hash_policy. */
static BOND_INLINE struct bond_choice
bond_choice_bucket(const struct bond_table *t, struct bond_bucket_load *load, uint32_t word,
                   uint32_t len)
{
    struct bond_choice none = {BOND_SEND_NONE, 0, 0, 0, 0};
    uint32_t slot = bond_bucket_slot(t, load, bond_bucket_of(t, word), len);

    return slot < BOND_MAX_PORTS ? bond_choice_slot(t, slot) : none;
}

/* The choice of one port (or all, where that is the mode). Void where f->missing is set afterwards
 * (hash.h). */
static BOND_INLINE struct bond_choice
bond_choose_port(const struct bond_table *t, struct bond_frame *f, const struct bond_rr *rr)
{
    struct bond_choice c = {BOND_SEND_NONE, 0, 0, 0, 0};
    struct bond_lb lb = {BOND_MAX_PORTS, 0};
    uint32_t n = t->n_tx, kind = BOND_LB_NOT, id = 0;

    if (f->queue && t->has_queue_ids) {
        id = bond_slot_by_queue(t, f->queue);
        if (id < BOND_MAX_PORTS)
            return bond_choice_slot(t, id);
        id = 0;
    }
    if (t->mode == BOND_MODE_BALANCE_RR && bond_frame_is_igmp(f))
        return t->igmp_slot < BOND_MAX_PORTS ? bond_choice_slot(t, t->igmp_slot) : c;
    if (n == 0 || f->missing)
        return c;
    switch (t->mode) {
    case BOND_MODE_BALANCE_RR:
        if (t->flags & BOND_TABLE_F_ARRIVAL) {
            id = bond_arrival_slot(t, rr->arrivals, &rr->departure);
            return id < BOND_MAX_PORTS ? bond_choice_slot(t, id) : c;
        }
        if (!rr->counter)
            return c;
        id = bond_rr_next(t->packets_per_slave, rr->counter, rr->random);
        break;
    case BOND_MODE_ACTIVE_BACKUP:
        break;
    case BOND_MODE_BALANCE_XOR:
    case BOND_MODE_8023AD:
        /* With one port there is nothing to decide. */
        kind = n > 1 ? BOND_LB_BY_HASH : BOND_LB_NOT;
        break;
    case BOND_MODE_BROADCAST:
        c.send = BOND_SEND_ALL;
        return c;
    case BOND_MODE_BALANCE_TLB:
        kind = bond_tlb_kind(f);
        break;
    case BOND_MODE_BALANCE_ALB:
        kind = bond_alb_kind(t, f, &id);
        if (f->proto_be == BOND_BE16(BOND_ETH_ARP))
            lb = bond_alb_arp(t, f);
        break;
    default: /* a mode from a newer table: send nothing rather than anywhere */
        return c;
    }
    if (kind == BOND_LB_BY_HASH)
        id = bond_hash_called(t->xmit_policy, t->resilient, f);
    if (f->missing)
        return c;
    if (kind == BOND_LB_BY_HASH && t->resilient)
        return bond_choice_bucket(t, rr->load, id, f->len);
    if (bond_uses_lb(t))
        return bond_choice_lb(t, rr, kind, id, f->len, &lb);
    return bond_choice_nth(t, id % n);
}

/* Kernel: bond_should_broadcast_neighbor(). Extension headers are not walked there either. */
static BOND_INLINE bool
bond_source_is_neighbour(bond_source *source)
{
    uint32_t proto_be = bond_source_proto_be(source);
    uint8_t next, icmp[BOND_ICMP_HLEN];

    if (proto_be == BOND_BE16(BOND_ETH_ARP))
        return true;
    return proto_be == BOND_BE16(BOND_ETH_IPV6) &&
           bond_source_bytes(source, BOND_ETH_HLEN + 6, &next, 1) && next == BOND_IPPROTO_ICMPV6 &&
           bond_source_bytes(source, BOND_ETH_HLEN + BOND_IP6_HLEN, icmp, sizeof(icmp)) &&
           (icmp[0] == 135 || icmp[0] == 136);
}

/* A frame for which a port has been chosen leaves by all of them, a copy each. */
static BOND_INLINE bool
bond_goes_by_all(const struct bond_table *t, bond_source *source)
{
    return (t->flags & BOND_TABLE_F_NEIGHBOURS) && bond_source_is_neighbour(source);
}

/* Whether the choice needs less of a frame than all that is above. What bond_choose() answers is
 * then what is said beside BOND_WAY_*. */
static BOND_INLINE uint32_t
bond_tx_way(const struct bond_table *t)
{
    if (t->n_tx == 0 || t->has_queue_ids ||
        (t->flags & (BOND_TABLE_F_VIA_PEER | BOND_TABLE_F_NEIGHBOURS)))
        return BOND_WAY_LONG;
    switch (t->mode) {
    case BOND_MODE_ACTIVE_BACKUP:
        return BOND_WAY_ONE;
    case BOND_MODE_BALANCE_XOR:
    case BOND_MODE_8023AD:
        if (t->n_tx == 1)
            return BOND_WAY_ONE;
        return t->resilient || !bond_hash_is_near(t->xmit_policy) ? BOND_WAY_LONG : BOND_WAY_HASH;
    case BOND_MODE_BALANCE_RR:
        return t->packets_per_slave == 0 || (t->flags & BOND_TABLE_F_ARRIVAL) ? BOND_WAY_LONG
                                                                              : BOND_WAY_TURN;
    default:
        return BOND_WAY_LONG;
    }
}

/* One of n parts of 2^64, and 32 to 33 more: for bond_modulo(). */
static BOND_INLINE uint64_t
bond_part_of(uint32_t n)
{
    return UINT64_MAX / n + 33;
}

/* id % n, n being 1 to BOND_MAX_PORTS, without a division, which takes some twenty instructions in
 * BPF. id parts, modulo 2^64, are id % n parts and a rest. Without the lowest five bits n of them
 * fit into 64 bits; the rest is more than what goes with those, and far less than a part. */
static BOND_INLINE uint32_t
bond_modulo(uint32_t id, uint32_t n, uint64_t part)
{
    return (uint32_t) ((id * part >> 5) * n >> 59);
}

#ifndef __bpf__
/* The whole choice. In BPF its two halves are called apart: the verifier would follow what comes
 * between them twice. */
static inline struct bond_choice
bond_choose(const struct bond_table *t, struct bond_frame *f, const struct bond_rr *rr)
{
    struct bond_choice c = bond_choose_port(t, f, rr);

    if (c.send == BOND_SEND_PORT && bond_goes_by_all(t, f))
        c.send = BOND_SEND_ALL;
    return c;
}
#endif

/* What becomes of a frame that comes in on a device. */
#define BOND_ADMIT_PASS 0u  /* none of our business: it stays on the device */
#define BOND_ADMIT_DROP 1u  /* came in on an inactive port */
#define BOND_ADMIT_ENTER 2u /* enters the bond */
#define BOND_ADMIT_BOTH 3u  /* enters the bond, and stays on the port as well */

struct bond_admission {
    uint32_t admit; /* BOND_ADMIT_* */
    uint32_t slot;  /* BOND_MAX_PORTS: not a port */
    uint32_t bond_ifindex;
    uint64_t mac;   /* what the frame's destination becomes; 0: it stays */
    uint32_t stamp; /* write down when it came in */
};

/* 01:80:c2:00:00:00..0f: spoken between neighbours (LLDP, LACP, 802.1X, STP). */
static BOND_INLINE bool
bond_frame_is_link_local(struct bond_frame *f)
{
    const uint8_t *d = bond_frame_at(f, 0, BOND_ETH_HLEN);

    return d && d[0] == 0x01 && d[1] == 0x80 && d[2] == 0xc2 && d[3] == 0 && d[4] == 0 &&
           (d[5] & 0xf0) == 0;
}

/* To more than one receiver: multicast, broadcast. */
static BOND_INLINE bool
bond_frame_is_group(struct bond_frame *f)
{
    const uint8_t *d = bond_frame_at(f, 0, BOND_ETH_HLEN);

    return d && (d[0] & 1);
}

/* balance-tlb, -alb: clients know a port by an address of its own, the stack above the bond knows
 * only the bond's. (The kernel's stack takes the frame because it came in on the port; a redirected
 * one is looked at anew.) */
static BOND_INLINE bool
bond_frame_is_to_a_port(const struct bond_table *t, struct bond_frame *f)
{
    const uint8_t *d = t->bond_mac ? bond_frame_at(f, 0, BOND_ETH_HLEN) : NULL;
    uint64_t mac;

    if (!d || (d[0] & 1))
        return false;
    mac = bond_mac_number(d);
    return mac != t->bond_mac && bond_mac_is_ours(t, mac);
}

/*
 * `slot` is bond_slot_of() the device that it came in on.
 *
 * Kernel: bond_handle_frame(). An inactive port's frames go nowhere, but for link-local ones, which
 * stay on the port for whoever speaks there. An active port's frames enter the bond, all of them.
 * The kernel driver also shows them to sockets that are bound to the port and one protocol; a
 * redirected frame is seen by none. For link-local frames it matters (LLDP, 802.1X on the port), so
 * those do both.
 */
static BOND_INLINE struct bond_admission
bond_admit(const struct bond_table *t, struct bond_frame *f, uint32_t slot)
{
    struct bond_admission a = {BOND_ADMIT_PASS, slot, t->bond_ifindex, 0,
                               t->flags & BOND_TABLE_F_STAMP};
    bool enters;

    if (slot >= BOND_MAX_PORTS)
        return a;
    BOND_OPAQUE(slot);
    slot &= BOND_MAX_PORTS - 1;
    enters = t->port[slot].rx == BOND_RX_ACCEPT ||
             (t->port[slot].rx == BOND_RX_UNICAST && !bond_frame_is_group(f));
    if (bond_frame_is_link_local(f))
        a.admit = enters ? BOND_ADMIT_BOTH : BOND_ADMIT_PASS;
    else
        a.admit = enters ? BOND_ADMIT_ENTER : BOND_ADMIT_DROP;
    if (a.admit == BOND_ADMIT_ENTER && bond_frame_is_to_a_port(t, f))
        a.mac = t->bond_mac;
    return a;
}

/* Whatever is sent to one receiver and comes in on the port of this slot enters as it is, and
 * nothing is to be done beside: no more has to be looked at. (By which way it enters is another
 * matter: BOND_TABLE_F_RX_VIA_PEER.) */
static BOND_INLINE bool
bond_rx_is_plain(const struct bond_table *t, uint32_t slot)
{
    return t->port[slot].ifindex && t->port[slot].rx != BOND_RX_DROP && !t->bond_mac &&
           !(t->flags & BOND_TABLE_F_STAMP);
}

#endif
