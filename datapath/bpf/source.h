/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * source.h - a frame as core/encap.h reads it, in BPF: by offset, through the kernel's helpers, so
 * that no header is too deep and none must be brought into reach first. Include before core/.
 */
#ifndef DP_BPF_SOURCE_H
#define DP_BPF_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "core/frame.h"

static BOND_INLINE struct bond_frame
bond_source_frame(struct __sk_buff *skb)
{
    return (struct bond_frame){
        .data = (const uint8_t *) (long) skb->data,
        .end = (const uint8_t *) (long) skb->data_end,
        .len = skb->len,
        .proto_be = (uint16_t) skb->protocol,
        .vlan_tci = (uint16_t) skb->vlan_tci,
        .queue = skb->queue_mapping,
        .source = skb,
    };
}

static BOND_INLINE bool
bond_source_bytes(struct __sk_buff *skb, uint32_t off, void *to, uint32_t n)
{
    return bpf_skb_load_bytes(skb, off, to, n) == 0;
}

static BOND_INLINE uint32_t
bond_source_len(const struct __sk_buff *skb)
{
    return skb->len;
}

static BOND_INLINE uint32_t
bond_source_proto_be(const struct __sk_buff *skb)
{
    return skb->protocol;
}

static BOND_INLINE bool
bond_source_is_tagged(const struct __sk_buff *skb)
{
    return skb->vlan_present;
}

/* No program sees skb->network_header. It can try, though: the last linear byte, counted from
 * there, is beyond the end if the header is further on than thought. It is elsewhere than behind
 * Ethernet's only where there are tags in the frame, and then behind some of them. */
static BOND_INLINE uint32_t
bond_source_net(struct __sk_buff *skb)
{
    uint32_t proto = skb->protocol, linear = skb->data_end - skb->data;
    uint32_t net = BOND_ETH_HLEN;
    uint8_t byte;

    if (proto != BOND_BE16(0x8100) && proto != BOND_BE16(0x88a8))
        return net;
    for (int i = 0; i < 8; i++) {
        if (linear <= net ||
            bpf_skb_load_bytes_relative(skb, linear - net - 1, &byte, 1, BPF_HDR_START_NET) == 0)
            break;
        net += 4;
    }
    return net;
}

/* Nor skb->l4_hash. A hash that is there is one over ports, but for a network card's over addresses
 * alone: that the kernel replaces by its own when it is asked for a better one. */
static BOND_INLINE uint32_t
bond_source_l4_hash(struct __sk_buff *skb)
{
    uint32_t hash = skb->hash;

    return hash && bpf_get_hash_recalc(skb) == hash ? hash : 0;
}

#endif
