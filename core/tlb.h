/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tlb.h - balance-tlb and balance-alb, one frame at a time: which port sends it, under which
 * address, and what is written into it. Part of select.h (native and BPF, the same rules).
 *
 * Kernel: bond_xmit_tlb_slave_get(), bond_xmit_alb_slave_get(), bond_do_alb_xmit(),
 * tlb_choose_channel(), rlb_arp_xmit(). Differences: who keeps the account is the packet path
 * alone (struct bond_tlb), so balancing goes on without a process; ARP never makes a client here,
 * it only finds those that core has published.
 */
#ifndef BOND_TLB_H
#define BOND_TLB_H

#include "hash.h"
#include "options.h"
#include "table.h"

#define BOND_ETH_ARP 0x0806u
#define BOND_ARP_LEN 28u
#define BOND_ARP_REQUEST 1u
#define BOND_ARP_REPLY 2u
#define BOND_ARP_SENDER_MAC (BOND_ETH_HLEN + 8) /* offset in the frame */
#define BOND_TLB_INTERVAL_S 10u                 /* kernel: BOND_TLB_REBALANCE_INTERVAL */
#define BOND_MAC_BROADCAST 0xffffffffffffull
#define BOND_MAC_ALL_NODES 0x333300000001ull /* kernel: mac_v6_allmcast */

/* What is written into a frame before it leaves. */
#define BOND_EDIT_SOURCE 1u /* the port's address is the Ethernet source */
#define BOND_EDIT_ARP 2u    /* and the ARP sender */

struct bond_lb {
    uint32_t slot; /* BOND_MAX_PORTS: none */
    uint32_t edit; /* BOND_EDIT_* */
};

static BOND_INLINE uint64_t
bond_mac_number(const uint8_t *p)
{
    return (uint64_t) p[0] << 40 | (uint64_t) p[1] << 32 | (uint64_t) p[2] << 24 |
           (uint64_t) p[3] << 16 | (uint64_t) p[4] << 8 | p[5];
}

static BOND_INLINE void
bond_mac_bytes(uint64_t mac, uint8_t *p)
{
    p[0] = (uint8_t) (mac >> 40);
    p[1] = (uint8_t) (mac >> 32);
    p[2] = (uint8_t) (mac >> 24);
    p[3] = (uint8_t) (mac >> 16);
    p[4] = (uint8_t) (mac >> 8);
    p[5] = (uint8_t) mac;
}

/* Kernel: _simple_hash(), of words. */
static BOND_INLINE uint32_t
bond_byte_hash(uint32_t word)
{
    word ^= word >> 16;
    return (word ^ word >> 8) & 0xff;
}

/* Whether a port of the bond has the address. */
BOND_SEARCH int
bond_mac_is_ours(const struct bond_table *t, uint64_t mac)
{
    for (uint32_t i = 0; t && i < BOND_MAX_PORTS && i < t->n_ports; i++) {
        if (t->port[i].ifindex && (t->port[i].mac == mac || t->port[i].own_mac == mac))
            return 1;
    }
    return 0;
}

/* The usable port with the most to spare, in bits a second; of equals the first (kernel:
 * tlb_get_least_loaded_slave(); its megabits overflow 32 bits above 4 Gb/s). BOND_MAX_PORTS: none.
 */
BOND_SEARCH uint32_t
bond_tlb_least_loaded(const struct bond_table *t, const struct bond_tlb *tlb)
{
    uint32_t best = BOND_MAX_PORTS;
    int64_t most = 0;

    for (uint32_t i = 0; t && tlb && i < BOND_MAX_PORTS && i < t->n_tx; i++) {
        uint32_t slot = t->tx[i] & (BOND_MAX_PORTS - 1);
        int64_t spare =
            ((int64_t) t->port[slot].speed_mbps << 20) - ((int64_t) tlb->load[slot] << 3);

        if (best == BOND_MAX_PORTS || spare > most) {
            best = slot;
            most = spare;
        }
    }
    return best;
}

/* A new epoch: nothing is assigned, the active port has what cannot be balanced. */
BOND_SEARCH int
bond_tlb_begin(const struct bond_table *t, struct bond_tlb *tlb)
{
    if (!t || !tlb)
        return 0;
    for (uint32_t i = 0; i < BOND_MAX_PORTS; i++)
        tlb->load[i] = i == t->active_slot ? (uint32_t) (tlb->unbalanced / BOND_TLB_INTERVAL_S) : 0;
    tlb->unbalanced = 0;
    tlb->epoch = t->tlb_epoch;
    return 1;
}

/* Kernel: __tlb_choose_channel(). Two CPUs at once may assign one entry twice: the later stays,
 * and the load is off until the next epoch. */
BOND_SEARCH uint32_t
bond_tlb_slot(const struct bond_table *t, struct bond_tlb *tlb, uint32_t index, uint32_t len)
{
    struct bond_tlb_entry *e;
    uint32_t slot;

    if (!t || !tlb)
        return BOND_MAX_PORTS;
    index &= BOND_TLB_ENTRIES - 1;
    BOND_OPAQUE(index);
    index &= BOND_TLB_ENTRIES - 1;
    e = &tlb->entry[index];
    slot = e->slot & (BOND_MAX_PORTS - 1);
    BOND_OPAQUE(slot);
    slot &= BOND_MAX_PORTS - 1;
    if (e->epoch != t->tlb_epoch || !t->port[slot].can_tx) {
        slot = bond_tlb_least_loaded(t, tlb);
        if (slot >= BOND_MAX_PORTS)
            return slot;
        BOND_OPAQUE(slot);
        slot &= BOND_MAX_PORTS - 1;
        if (e->epoch != t->tlb_epoch) {
            e->load = 1 + (uint32_t) (e->bytes / BOND_TLB_INTERVAL_S);
            e->bytes = 0;
        }
        e->slot = slot;
        e->epoch = t->tlb_epoch;
        tlb->load[slot] += e->load;
    }
    __sync_fetch_and_add(&e->bytes, len);
    return slot;
}

/* Kernel: alb_determine_nd(): neighbour discovery, or too short to tell. */
static BOND_INLINE bool
bond_frame_is_nd(struct bond_frame *f)
{
    const uint8_t *ip = bond_frame_at(f, BOND_ETH_HLEN, BOND_IP6_HLEN);
    const uint8_t *icmp;

    if (!ip)
        return true;
    if (ip[6] != BOND_IPPROTO_ICMPV6)
        return false;
    icmp = bond_frame_at(f, BOND_ETH_HLEN + BOND_IP6_HLEN, BOND_ICMP_HLEN);
    return !icmp || icmp[0] == 135 || icmp[0] == 136;
}

/* How a frame is balanced. */
#define BOND_LB_NOT 0u     /* it goes by the active port, or where ARP goes */
#define BOND_LB_BY_HASH 1u /* by xmit_hash_policy */
#define BOND_LB_BY_KEY 2u  /* by the key found */

/* balance-tlb: IP to one receiver is balanced. */
static BOND_INLINE uint32_t
bond_tlb_kind(struct bond_frame *f)
{
    const uint8_t *eth = bond_frame_at(f, 0, BOND_ETH_HLEN);

    if (!eth || (eth[0] & 1))
        return BOND_LB_NOT;
    if (f->proto_be == BOND_BE16(BOND_ETH_IP))
        return BOND_LB_BY_HASH;
    return f->proto_be == BOND_BE16(BOND_ETH_IPV6) && !bond_frame_is_nd(f) ? BOND_LB_BY_HASH
                                                                           : BOND_LB_NOT;
}

/* balance-alb: by the destination's IP address; what must be seen under one address by everybody
 * is not balanced (broadcasts, IGMP, neighbour discovery, probes for duplicate addresses). */
static BOND_INLINE uint32_t
bond_alb_kind(const struct bond_table *t, struct bond_frame *f, uint32_t *key)
{
    const uint8_t *eth = bond_frame_at(f, 0, BOND_ETH_HLEN);
    uint64_t to = eth ? bond_mac_number(eth) : BOND_MAC_BROADCAST;
    const uint8_t *ip;

    if (to == BOND_MAC_BROADCAST)
        return BOND_LB_NOT;
    if (f->proto_be == BOND_BE16(BOND_ETH_IP)) {
        ip = bond_frame_at(f, BOND_ETH_HLEN, BOND_IP4_HLEN);
        if (!ip || ip[9] == 2 /* IGMP */ || bond_load32(ip + 16) == UINT32_MAX)
            return BOND_LB_NOT;
        *key = bond_load32(ip + 16);
    } else if (f->proto_be == BOND_BE16(BOND_ETH_IPV6)) {
        if (to == BOND_MAC_ALL_NODES || bond_frame_is_nd(f))
            return BOND_LB_NOT;
        ip = bond_frame_at(f, BOND_ETH_HLEN, BOND_IP6_HLEN);
        if (!ip || (bond_load32(ip + 8) | bond_load32(ip + 12) | bond_load32(ip + 16) |
                    bond_load32(ip + 20)) == 0)
            return BOND_LB_NOT;
        *key = bond_load32(ip + 24) ^ bond_load32(ip + 28) ^ bond_load32(ip + 32) ^
               bond_load32(ip + 36);
    } else {
        return BOND_LB_NOT;
    }
    *key = bond_byte_hash(*key);
    return t->tlb_epoch != 0 ? BOND_LB_BY_KEY : BOND_LB_BY_HASH; /* as balance-tlb would */
}

/* balance-alb: ARP of the host to a client that has a port goes by that port, and a reply tells the
 * client that port's address. All other ARP is left as it is. */
static BOND_INLINE struct bond_lb
bond_alb_arp(const struct bond_table *t, struct bond_frame *f)
{
    struct bond_lb lb = {BOND_MAX_PORTS, 0};
    const uint8_t *arp = bond_frame_at(f, BOND_ETH_HLEN, BOND_ARP_LEN);
    const struct bond_table_client *c;
    uint32_t slot, index;

    if (!arp || !bond_mac_is_ours(t, bond_mac_number(arp + 8)))
        return lb;
    arp = bond_frame_at(f, BOND_ETH_HLEN, BOND_ARP_LEN);
    if (!arp)
        return lb;
    index = bond_byte_hash(bond_load32(arp + 24));
    BOND_OPAQUE(index);
    index &= BOND_CLIENTS - 1;
    c = &t->client[index];
    slot = c->slot;
    if (slot >= BOND_MAX_PORTS || c->host_ip != bond_load32_halves(arp + 14) ||
        c->client_ip != bond_load32(arp + 24))
        return lb;
    BOND_OPAQUE(slot);
    slot &= BOND_MAX_PORTS - 1;
    if (!t->port[slot].can_tx)
        return lb;
    lb.slot = slot;
    if (arp[6] == 0 && arp[7] == BOND_ARP_REPLY)
        lb.edit = BOND_EDIT_ARP;
    return lb;
}

/* The port, once it is known how the frame is balanced, by which hash or key, and where ARP goes
 * (lb->slot, or BOND_MAX_PORTS). */
static BOND_INLINE void
bond_lb_finish(const struct bond_table *t, struct bond_tlb *tlb, uint32_t kind, uint32_t hash,
               uint32_t len, struct bond_lb *lb)
{
    bool dynamic = t->tlb_epoch != 0 && tlb;
    uint32_t slot;

    if (dynamic && tlb->epoch != t->tlb_epoch)
        bond_tlb_begin(t, tlb);
    if (kind != BOND_LB_NOT && dynamic) {
        lb->slot = bond_tlb_slot(t, tlb, hash, len);
    } else if (kind != BOND_LB_NOT && t->n_tx > 0) {
        uint32_t i = hash % t->n_tx;

        i &= BOND_MAX_PORTS - 1;
        BOND_OPAQUE(i);
        i &= BOND_MAX_PORTS - 1;
        lb->slot = t->tx[i];
    }
    if (lb->slot >= BOND_MAX_PORTS) {
        lb->slot = t->active_slot;
        if (dynamic)
            __sync_fetch_and_add(&tlb->unbalanced, len);
    }
    if (lb->slot >= BOND_MAX_PORTS)
        return;
    slot = lb->slot;
    BOND_OPAQUE(slot);
    slot &= BOND_MAX_PORTS - 1;
    if (!t->port[slot].can_tx)
        lb->slot = BOND_MAX_PORTS;
    else if (slot != t->active_slot)
        lb->edit |= BOND_EDIT_SOURCE;
}

#endif
