/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * monitor.h - what happens to links, addresses and neighbours, as it happens.
 *
 * One netlink socket with a current picture of all links and addresses of the namespace. The
 * owner polls dp_monitor_fd() and calls dp_monitor_dispatch(). An overrun (ENOBUFS) is healed
 * inside by reading everything again; callbacks then tell the differences.
 */
#ifndef DP_MONITOR_H
#define DP_MONITOR_H

#include <netinet/in.h>

#include "datapath/link.h"

struct dp_monitor;

struct dp_addr {
    int ifindex;
    int family;          /* AF_INET, AF_INET6 */
    uint8_t prefix_len;
    uint32_t flags;      /* IFA_F_* (tentative, ...) */
    uint8_t scope;
    union {
        struct in_addr v4;
        struct in6_addr v6;
    } u;
};

struct dp_monitor_ops { /* any may be NULL */
    void (*link_changed)(const struct dp_link *link, void *data); /* new or changed */
    void (*link_gone)(int ifindex, const char *name, void *data);
    void (*addr_changed)(const struct dp_addr *addr, bool added, void *data);
    /* somebody made or removed a tc filter there, or a qdisc with filters; 0: anywhere */
    void (*filters_changed)(int ifindex, void *data);
};

int dp_monitor_open(struct dp_monitor **out, const struct dp_monitor_ops *ops, void *data);
void dp_monitor_close(struct dp_monitor *m);
int dp_monitor_fd(const struct dp_monitor *m);
int dp_monitor_dispatch(struct dp_monitor *m);
bool dp_monitor_is_read(const struct dp_monitor *m); /* nothing waits for a dispatch */

/* The picture. Pointers are borrowed until the next dispatch. */
const struct dp_link *dp_monitor_link(const struct dp_monitor *m, int ifindex);
const struct dp_link *dp_monitor_link_by_name(const struct dp_monitor *m, const char *name);
typedef void (*dp_addr_cb)(const struct dp_addr *addr, void *data);
void dp_monitor_foreach_link(const struct dp_monitor *m, dp_link_cb cb, void *data);
/* Whose `lower` it is (for a veth that is also its peer), in no order, until one is enough. */
typedef bool (*dp_upper_cb)(const struct dp_link *link, void *data); /* false: it is */
void dp_monitor_foreach_upper(const struct dp_monitor *m, int ifindex, dp_upper_cb cb, void *data);
/* Another number when devices have come or gone, or stand elsewhere: while it is the same, pointers
 * to links stay good, and so does what was found out about what is above what. */
uint64_t dp_monitor_shape(const struct dp_monitor *m);
void dp_monitor_foreach_addr(const struct dp_monitor *m, int ifindex, dp_addr_cb cb, void *data);
/* `upper` is above `lower`: itself a VLAN, macvlan, ... on it or its bridge, at any depth. */
bool dp_monitor_is_above(const struct dp_monitor *m, int upper, int lower);

#endif
