// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bond.bpf.c - the packet path of one bond: what is sent on it leaves by a port, what comes in on a
 * port enters it.
 *
 * Which port is decided by core/select.h from the published table; here are the frame's bytes, the
 * counters and the verdict. Nothing here keeps state but counters, and nothing writes a table.
 *
 * bond_tx       egress of the bond's device
 * bond_tx_peer  ingress of its hidden peer: what went through the veth (BOND_TABLE_F_VIA_PEER, or a
 *               sender that bypasses the egress hook)
 * bond_rx       ingress of each port
 */
#include <stdint.h>

#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

#include "core/select.h"
#include "datapath/bpf/shared.h"

#define TRIES 8 /* overtaken, or bytes to be brought into reach */

/* "Not for us": the next filter, or the stack. */
#define PASS TC_ACT_UNSPEC

/* The second look at the head must come after the reads of the table (shared.h). */
#ifdef BOND_LOADS_IN_ORDER
#define LOADS_BEFORE() __asm__ volatile("" ::: "memory")
#else
static uint64_t fence_word;
#define LOADS_BEFORE() ((void) __sync_fetch_and_add(&fence_word, 0))
#endif

struct dp_shared shared SEC(".data.shared") = {.version = BOND_TABLE_VERSION};

/* By slot; BOND_MAX_PORTS is the bond itself: frames that no port could carry. */
struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, BOND_MAX_PORTS + 1);
    __type(key, uint32_t);
    __type(value, struct bond_counters);
} counters SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, uint32_t);
    __type(value, uint32_t);
} rr_counter SEC(".maps");

static BOND_INLINE uint32_t
head(void)
{
    return *(volatile uint32_t *) &shared.head;
}

static BOND_INLINE const struct bond_table *
table_of(uint32_t gen)
{
    gen &= BOND_TABLE_RING - 1;
    BOND_OPAQUE(gen);
    gen &= BOND_TABLE_RING - 1;
    return &shared.ring[gen];
}

/* All that was read of table_of(gen) before is one table, whole. */
static BOND_INLINE bool
still_whole(uint32_t gen)
{
    LOADS_BEFORE();
    return head() - gen <= BOND_TABLE_RING - 2;
}

static BOND_INLINE struct bond_counters *
counters_of(uint32_t slot)
{
    return bpf_map_lookup_elem(&counters, &slot);
}

static BOND_INLINE void
count_tx(uint32_t slot, uint32_t len)
{
    struct bond_counters *c = counters_of(slot);

    if (c) {
        c->tx_packets++;
        c->tx_bytes += len;
    }
}

static BOND_INLINE int
drop_tx(uint32_t slot)
{
    struct bond_counters *c = counters_of(slot);

    if (c)
        c->tx_dropped++;
    return TC_ACT_SHOT;
}

/* A copy by every port of tx[], the frame itself by the last. Each entry is checked to be of the
 * table that the frame began with; one that was overtaken on its way goes no further. */
static BOND_INLINE int
send_all(struct __sk_buff *skb, uint32_t gen)
{
    const struct bond_table *t = table_of(gen);

    for (uint32_t i = 0; i < BOND_MAX_PORTS; i++) {
        uint32_t n = t->n_tx;
        struct bond_choice c = bond_choice_nth(t, i);

        if (!still_whole(gen) || i >= n || c.send == BOND_SEND_NONE)
            break;
        if (i + 1 == n) {
            count_tx(c.slot, skb->len);
            return bpf_redirect(c.ifindex, 0);
        }
        if (bpf_clone_redirect(skb, c.ifindex, 0) == 0)
            count_tx(c.slot, skb->len);
        else
            drop_tx(c.slot);
    }
    return drop_tx(BOND_MAX_PORTS);
}

/* The slow half of a choice: the bytes that it needs lie in the frame's fragments. */
static BOND_INLINE bool
bring_into_reach(struct __sk_buff *skb, uint32_t want)
{
    return bpf_skb_pull_data(skb, want) == 0;
}

static BOND_INLINE int
transmit(struct __sk_buff *skb, bool on_bond)
{
    struct bond_rr rr = {NULL, 0};
    uint32_t zero = 0;

    for (int i = 0; i < TRIES; i++) {
        uint32_t gen = head();
        const struct bond_table *t = table_of(gen);
        bool via_peer = on_bond && (t->flags & BOND_TABLE_F_VIA_PEER);
        struct bond_frame f = {
            .data = (const uint8_t *) (long) skb->data,
            .end = (const uint8_t *) (long) skb->data_end,
            .len = skb->len,
            .proto_be = (uint16_t) skb->protocol,
            .vlan_tci = (uint16_t) skb->vlan_tci,
            .queue = skb->queue_mapping,
        };
        struct bond_choice c;

        if (via_peer) {
            if (!still_whole(gen))
                continue;
            return PASS;
        }
        if (t->mode == BOND_MODE_BALANCE_RR) {
            rr.counter = bpf_map_lookup_elem(&rr_counter, &zero);
            if (!rr.counter)
                break;
            if (t->packets_per_slave == 0)
                rr.random = bpf_get_prandom_u32();
        } else {
            rr.counter = NULL;
        }
        c = bond_choose(t, &f, &rr);
        if (!still_whole(gen))
            continue;
        if (bond_frame_missing(&f)) {
            if (!bring_into_reach(skb, f.want))
                break;
            continue;
        }
        if (c.send == BOND_SEND_NONE)
            break;
        if (c.send == BOND_SEND_ALL)
            return send_all(skb, gen);
        count_tx(c.slot, skb->len);
        return bpf_redirect(c.ifindex, 0);
    }
    return drop_tx(BOND_MAX_PORTS);
}

SEC("tc")
int
bond_tx(struct __sk_buff *skb)
{
    return transmit(skb, true);
}

SEC("tc")
int
bond_tx_peer(struct __sk_buff *skb)
{
    return transmit(skb, false);
}

/* 01:80:c2:00:00:00..0f: spoken between neighbours (LLDP, LACP, 802.1X, STP). */
static BOND_INLINE bool
is_link_local(struct __sk_buff *skb)
{
    const uint8_t *d = (const uint8_t *) (long) skb->data;

    if (d + BOND_ETH_HLEN > (const uint8_t *) (long) skb->data_end)
        return false;
    return d[0] == 0x01 && d[1] == 0x80 && d[2] == 0xc2 && d[3] == 0 && d[4] == 0 &&
           (d[5] & 0xf0) == 0;
}

/*
 * Kernel: bond_handle_frame(). An inactive port's frames go nowhere, but for link-local ones, which
 * stay on the port for whoever speaks there. An active port's frames all enter the bond; the
 * kernel driver still shows them to sockets that are bound to the port and a protocol, after the
 * redirect no longer possible. For link-local ones (LLDP, 802.1X) it matters: those do both.
 * A device that is not in the table is none of our business.
 */
SEC("tc")
int
bond_rx(struct __sk_buff *skb)
{
    uint32_t bond = 0, slot = BOND_MAX_PORTS, rx = BOND_RX_DROP;
    struct bond_counters *c;
    bool whole = false;

    for (int i = 0; i < TRIES && !whole; i++) {
        uint32_t gen = head();
        const struct bond_table *t = table_of(gen);

        bond = t->bond_ifindex;
        slot = bond_slot_of(t, skb->ifindex);
        if (slot < BOND_MAX_PORTS)
            rx = t->port[slot].rx;
        whole = still_whole(gen);
    }
    if (!whole || slot >= BOND_MAX_PORTS)
        return PASS;
    c = counters_of(slot);
    if (!c)
        return TC_ACT_SHOT;
    if (rx != BOND_RX_ACCEPT && rx != BOND_RX_DRAIN) {
        if (is_link_local(skb))
            return PASS;
        c->rx_dropped++;
        return TC_ACT_SHOT;
    }
    c->rx_packets++;
    c->rx_bytes += skb->len;
    if (is_link_local(skb)) {
        bpf_clone_redirect(skb, bond, BPF_F_INGRESS);
        return PASS;
    }
    return bpf_redirect(bond, BPF_F_INGRESS);
}

char _license[] SEC("license") = "GPL";
