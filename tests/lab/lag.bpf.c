/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lag.bpf.c - a switch with a static link aggregation group, as two filters.
 *
 * What host b sends goes to either of the ports PORT0 and PORT1 at random, whatever is behind them:
 * a static group asks nobody. What they send goes to UPLINK. No learning, no flooding back.
 * topology.py compiles it with the three numbers.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_helpers.h>

SEC("classifier/group")
int
to_group(struct __sk_buff *skb)
{
    return (int) bpf_redirect(bpf_get_prandom_u32() & 1 ? PORT0 : PORT1, 0);
}

SEC("classifier/uplink")
int
to_uplink(struct __sk_buff *skb)
{
    return (int) bpf_redirect(UPLINK, 0);
}

char _license[] SEC("license") = "GPL";
