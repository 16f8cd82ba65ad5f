/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shared.h - the memory that the BPF programs of one bond and bondd share.
 *
 * One pinned map with one value, mapped into bondd. The programs read the numbers of devices, head,
 * only, enters and ring and nothing else; the rest is bondd's own memory that must outlive
 * bondd. Change the layout, change BOND_TABLE_VERSION.
 *
 * Why no frame sees half of a change
 * ----------------------------------
 * The table in force is ring[head % BOND_TABLE_RING]. To publish generation g, the writer fills
 * ring[g % RING], then sets head = g. A reader takes g = head, makes its choice from ring[g %
 * RING], then looks at head again. The slot that it used is next filled for generation g + RING,
 * and that begins only after head = g + RING - 1 was set. So a reader that still sees head - g <=
 * RING - 2 has read a table at rest: whole, and in force when it began. Otherwise it was overtaken
 * by three publications during one frame, and starts again. Both sides keep their order: the writer
 * by release fences, the reader because the second look at head comes after the reads (on x86 loads
 * are not reordered; elsewhere a full barrier stands between).
 */
#ifndef DP_BPF_SHARED_H
#define DP_BPF_SHARED_H

#include "core/table.h"

#define BOND_TABLE_RING 4u /* a power of two */

/* Where we have put a filter, so that whoever comes after a crash can take it away. */
#define DP_HOOK_INGRESS 0u
#define DP_HOOK_EGRESS 1u
#define DP_HOOKS (BOND_MAX_PORTS * 2 + 2)
/* Not hooks of ours to look for on devices, only names of pins: ingress of inside[0] and [1]. */
#define DP_HOOK_INSIDE 2u
struct dp_hook {
    uint32_t ifindex; /* 0: entry free */
    uint16_t direction;
    uint16_t own_qdisc; /* the clsact was made by us */
};

#define DP_PORT(slot, ifindex) ((uint64_t) (slot) << 32 | (ifindex))
#define DP_PORT_SLOT(port) ((uint32_t) ((port) >> 32) & (BOND_MAX_PORTS - 1))
/* In enters[]: by the two peers (hidden.h), if the port takes it for sent to itself; and nothing else
 * enters that quickly, because the bond's device is to count it. */
#define DP_BY_PEERS (1ull << 63)
#define DP_BY_PEERS_ONLY (1ull << 62)

static inline uint32_t
dp_enters_at(uint32_t ifindex)
{
    return ifindex & (BOND_MAX_PORTS - 1);
}

struct dp_shared {
    uint32_t version; /* BOND_TABLE_VERSION */
    uint32_t bond_ifindex;
    uint32_t peer_ifindex;
    uint32_t head; /* generation in force; 0: nothing published yet */
    /* The devices in the hidden namespace, by their numbers there: the peer of the bond's device,
     * the peer of peer_ifindex. 0: there are none. */
    uint32_t inside[2];
    /* What the table in force says, where a word says it: that is always whole. */
    uint64_t only; /* DP_PORT() by which every frame leaves; 0: that depends on the frame */
    /* By dp_enters_at(): DP_PORT() of which all that is sent to one receiver enters, as
     * bond_rx_is_plain() says; 0: look at the table. */
    uint64_t enters[BOND_MAX_PORTS];
    struct bond_table ring[BOND_TABLE_RING];
    struct bond_counters gone; /* of ports whose slot was given to another */
    struct dp_hook hook[DP_HOOKS];
};

/* Told through the ring buffer `wake`: a frame was led past a port without carrier, for the first
 * time since the table in force was published. */
struct dp_wake_record {
    uint64_t at_ns; /* CLOCK_MONOTONIC */
    uint32_t ifindex;
    uint32_t gen;
};

#endif
