// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * wrap.bpf.c - gives a test frame what BPF_PROG_TEST_RUN cannot: a queue number and a VLAN tag
 * beside the frame; then goes on into the program under test. skb->mark: tag << 16 | queue.
 */
#include <stdint.h>

#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

#include "core/frame.h"

struct {
    __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
    __uint(max_entries, 1);
    __type(key, uint32_t);
    __type(value, uint32_t);
} target SEC(".maps");

static BOND_INLINE void
mark_up(struct __sk_buff *skb)
{
    uint32_t mark = skb->mark;

    skb->queue_mapping = mark & 0xffff;
    if (mark >> 16)
        bpf_skb_vlan_push(skb, BOND_BE16(0x8100), mark >> 16);
}

SEC("tc")
int
wrap(struct __sk_buff *skb)
{
    mark_up(skb);
    bpf_tail_call(skb, &target, 0);
    return TC_ACT_STOLEN;
}

/* As a filter of its own, before the bond's: what somebody's skbedit and vlan actions would do. */
SEC("tc")
int
before(struct __sk_buff *skb)
{
    mark_up(skb);
    return TC_ACT_UNSPEC;
}

char _license[] SEC("license") = "GPL";
