/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * carrier.h - whether a port has a carrier, read by the packet path itself from the kernel's own
 * device: no process, no event and no delay in between.
 *
 * Needs bpf_rdonly_cast() (kernel 6.2), CAP_PERFMON, and names of the kernel that are nobody's
 * promise: dev_index_head, index_hlist. Where one of them is not there the object does not load,
 * and the one without this file is used. Only what is read is declared; CO-RE finds it.
 */
#ifndef DP_BPF_CARRIER_H
#define DP_BPF_CARRIER_H

#include <bpf/bpf_core_read.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct hlist_node {
    struct hlist_node *next;
};
struct hlist_head {
    struct hlist_node *first;
};
struct net {
    struct hlist_head *dev_index_head;
};
typedef struct {
    struct net *net;
} possible_net_t;
struct Qdisc {
    unsigned int flags;
};
struct netdev_queue {
    struct Qdisc *qdisc;
};
struct net_device {
    unsigned long state;
    struct netdev_queue *_tx;
    int ifindex;
    possible_net_t nd_net;
    struct hlist_node index_hlist;
};
struct sk_buff {
    struct net_device *dev;
};
#pragma clang attribute pop

/* Kernel: enum netdev_state_t, NETDEV_HASHENTRIES, TCQ_F_BUILTIN. */
#define DEV_STARTED 1ul
#define DEV_NO_CARRIER 4ul
#define DEV_BUCKETS 256u
#define QDISC_BUILTIN 1u

/* Devices in one bucket that are looked at: with up to 256 * 64 links in the namespace, all. */
#define DEV_REACH 64u

void *bpf_cast_to_kern_ctx(void *obj) __ksym;
void *bpf_rdonly_cast(const void *obj, __u32 btf_id) __ksym;

#define KERNEL(type, address)                                                                      \
    ((struct type *) bpf_rdonly_cast((const void *) (address),                                     \
                                     (__u32) bpf_core_type_id_kernel(struct type)))

/* It has a carrier, and the kernel has set its queues going: after a carrier has come back that
 * takes linkwatch up to a second, in which all that is sent meets noop_qdisc, the one built-in. */
static __attribute__((always_inline)) int
is_going(struct net_device *dev)
{
    return (dev->state & (DEV_STARTED | DEV_NO_CARRIER)) == DEV_STARTED &&
           !(dev->_tx->qdisc->flags & QDISC_BUILTIN);
}

/* Where the namespace of the bond lists its devices by number, as can_send() found it. */
static uint64_t device_lists;

/* The same without a search: false may also mean that it takes one to say. Most devices are the
 * first of their bucket, and each look into the kernel's memory costs eight instructions. */
static __attribute__((always_inline)) int
can_send_for_sure(uint32_t ifindex)
{
    unsigned long at = device_lists + (ifindex & (DEV_BUCKETS - 1)) * sizeof(struct hlist_head);
    struct hlist_node *node = KERNEL(hlist_head, at)->first;
    struct net_device *dev;

    if (!node)
        return 0;
    at = (unsigned long) node - bpf_core_field_offset(struct net_device, index_hlist);
    dev = KERNEL(net_device, at);
    return (uint32_t) dev->ifindex == ifindex && is_going(dev);
}

/* The device can send: up, with a carrier. One that is gone cannot. In the namespace of the device
 * that the frame is on, which is that of the bond. */
__attribute__((noinline)) int
can_send(struct __sk_buff *skb, uint32_t ifindex)
{
    struct sk_buff *k = bpf_cast_to_kern_ctx(skb);
    struct hlist_head *heads = k->dev->nd_net.net->dev_index_head;
    unsigned long at =
        (unsigned long) heads + (ifindex & (DEV_BUCKETS - 1)) * sizeof(struct hlist_head);
    struct hlist_node *node = KERNEL(hlist_head, at)->first;

    device_lists = (uint64_t) heads;
    for (uint32_t i = 0; i < DEV_REACH; i++) {
        struct net_device *dev;

        if (!node)
            return 0;
        at = (unsigned long) node - bpf_core_field_offset(struct net_device, index_hlist);
        dev = KERNEL(net_device, at);
        if ((uint32_t) dev->ifindex == ifindex)
            return is_going(dev);
        node = KERNEL(hlist_node, node)->next;
    }
    return 1; /* not found out */
}

#endif
