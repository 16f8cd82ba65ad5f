/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * monitor.c - a current picture of all links and addresses, and who is told of what changed.
 *
 * Subscribes first and reads everything afterwards, so nothing falls between. When the kernel
 * had to drop events (ENOBUFS), everything is read again and only differences are reported.
 * Decides nothing about what a change means, and changes nothing in the system.
 *
 * Links are kept in an array sorted by index: new ones have the highest index, so filling it is
 * appending, and a look-up in 4,000 VLANs is a dozen steps. Each knows what stands on it, so that a
 * thousand bonds do not look through all links for what is above each.
 */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/pkt_sched.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "datapath/monitor.h"
#include "datapath/nl.h"

#define RCVBUF (8 << 20) /* some thousand links changing in one go */
#define DISPATCH_MAX 256 /* datagrams per call: the owner has other things to do */
#define RESYNC_TRIES 16

struct node {
    struct dp_link link;
    struct dp_addr *addrs;
    unsigned n_addrs;
    uint32_t seen;             /* the resync that found it */
    uint32_t *addr_seen;       /* [n_addrs] */
    struct node *uppers;       /* whose link.lower this one is */
    struct node *beside, **at; /* in such a list, or among the loose ones; at NULL: in none */
};

struct dp_monitor {
    struct mnl_socket *sock;
    struct dp_nl *nl; /* for reading everything */
    struct dp_monitor_ops ops;
    void *data;
    bool quiet; /* opening: the first picture is no news */
    uint32_t round;
    struct node **node;
    size_t n, size;
    struct node *loose; /* what they stand on is not known, or not yet */
    uint64_t shape;     /* changes with what there is, and what stands on what */
    _Alignas(struct nlmsghdr) uint8_t buf[DP_NL_BUF_SIZE];
};

/* The place of ifindex in the array, or where it would have to be. */
static size_t
position(const struct dp_monitor *m, int ifindex)
{
    size_t lo = 0, hi = m->n;

    if (m->n && m->node[m->n - 1]->link.ifindex < ifindex)
        return m->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (m->node[mid]->link.ifindex < ifindex)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static struct node *
find(const struct dp_monitor *m, int ifindex)
{
    size_t i = position(m, ifindex);

    return i < m->n && m->node[i]->link.ifindex == ifindex ? m->node[i] : NULL;
}

static void
unhang(struct node *node)
{
    if (!node->at)
        return;
    *node->at = node->beside;
    if (node->beside)
        node->beside->at = node->at;
    node->at = NULL;
}

/* Into the list of what it stands on, whichever it was in before. */
static void
hang(struct dp_monitor *m, struct node *node)
{
    struct node *lower = node->link.lower ? find(m, node->link.lower) : NULL;
    struct node **list = lower ? &lower->uppers : &m->loose;

    unhang(node);
    if (!node->link.lower)
        return;
    node->beside = *list;
    if (node->beside)
        node->beside->at = &node->beside;
    node->at = list;
    *list = node;
}

/* Of a list that belongs to a link that came, or went: what stands on it finds its place anew. */
static void
rehang(struct dp_monitor *m, struct node *first)
{
    for (struct node *node = first, *next; node; node = next) {
        next = node->beside;
        hang(m, node);
    }
}

static struct node *
insert(struct dp_monitor *m, int ifindex)
{
    size_t at = position(m, ifindex);
    struct node *node;

    if (m->n == m->size) {
        size_t size = m->size ? 2 * m->size : 32;
        struct node **v = realloc(m->node, size * sizeof(struct node *));

        if (!v)
            return NULL;
        m->node = v;
        m->size = size;
    }
    node = calloc(1, sizeof(*node));
    if (!node)
        return NULL;
    node->link.ifindex = ifindex;
    memmove(&m->node[at + 1], &m->node[at], (m->n - at) * sizeof(struct node *));
    m->node[at] = node;
    m->n++;
    m->shape++;
    rehang(m, m->loose);
    return node;
}

static void
node_free(struct node *node)
{
    free(node->addrs);
    free(node->addr_seen);
    free(node);
}

static void
tell_addr(struct dp_monitor *m, const struct dp_addr *addr, bool added)
{
    if (m->ops.addr_changed && !m->quiet)
        m->ops.addr_changed(addr, added, m->data);
}

/* Out of the picture first, then told: a callback that looks sees what is. */
static void
remove_addr(struct dp_monitor *m, struct node *node, unsigned i)
{
    struct dp_addr addr = node->addrs[i];

    node->n_addrs--;
    memmove(&node->addrs[i], &node->addrs[i + 1], (node->n_addrs - i) * sizeof(*node->addrs));
    memmove(&node->addr_seen[i], &node->addr_seen[i + 1],
            (node->n_addrs - i) * sizeof(*node->addr_seen));
    tell_addr(m, &addr, false);
}

/* The kernel does not tell of a veth whose peer moved to another namespace, where the peer's index
 * means another device, or none. */
static void
forget_peer(struct dp_monitor *m, const struct dp_link *gone)
{
    struct node *peer = gone->lower ? find(m, gone->lower) : NULL;

    if (!peer || peer->link.lower != gone->ifindex)
        return;
    peer->link.lower = 0;
    m->shape++;
    hang(m, peer);
    if (m->ops.link_changed && !m->quiet)
        m->ops.link_changed(&peer->link, m->data);
}

static void
remove_link(struct dp_monitor *m, int ifindex)
{
    size_t at = position(m, ifindex);
    struct node *node;

    if (at == m->n || m->node[at]->link.ifindex != ifindex)
        return;
    node = m->node[at];
    while (node->n_addrs)
        remove_addr(m, node, node->n_addrs - 1);
    m->n--;
    m->shape++;
    memmove(&m->node[at], &m->node[at + 1], (m->n - at) * sizeof(struct node *));
    unhang(node);
    rehang(m, node->uppers);
    if (m->ops.link_gone && !m->quiet)
        m->ops.link_gone(ifindex, node->link.name, m->data);
    forget_peer(m, &node->link);
    node_free(node);
}

static bool
stands_alike(const struct dp_link *a, const struct dp_link *b)
{
    return a->lower == b->lower && a->master == b->master && strcmp(a->kind, b->kind) == 0;
}

static int
update_link(struct dp_monitor *m, const struct nlmsghdr *nlh)
{
    struct dp_link link;
    struct node *node;

    if (!dp_nl_parse_link(nlh, &link))
        return 0;
    node = find(m, link.ifindex);
    if (!node && !(node = insert(m, link.ifindex)))
        return -ENOMEM;
    node->seen = m->round;
    if (memcmp(&node->link, &link, sizeof(link)) == 0)
        return 0;
    if (!stands_alike(&node->link, &link))
        m->shape++;
    memcpy(&node->link, &link, sizeof(link)); /* with its padding: see dp_nl_parse_link() */
    hang(m, node);
    if (m->ops.link_changed && !m->quiet)
        m->ops.link_changed(&node->link, m->data);
    return 0;
}

/* Only a message about the link itself: a bridge says RTM_DELLINK (AF_BRIDGE) of a port that
 * merely left it. */
static void
delete_link(struct dp_monitor *m, const struct nlmsghdr *nlh)
{
    const struct ifinfomsg *ifm = mnl_nlmsg_get_payload(nlh);

    if (mnl_nlmsg_get_payload_len(nlh) >= sizeof(*ifm) && ifm->ifi_family == AF_UNSPEC)
        remove_link(m, ifm->ifi_index);
}

static bool
parse_addr(const struct nlmsghdr *nlh, struct dp_addr *out)
{
    const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
    const struct nlattr *tb[IFA_FLAGS + 1], *addr;
    size_t len;

    memset(out, 0, sizeof(*out));
    if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifa))
        return false;
    if (ifa->ifa_family != AF_INET && ifa->ifa_family != AF_INET6)
        return false;
    dp_nl_attrs(nlh, sizeof(*ifa), tb, IFA_FLAGS);
    /* With a peer address IFA_ADDRESS is the peer's. */
    addr = tb[IFA_LOCAL] ? tb[IFA_LOCAL] : tb[IFA_ADDRESS];
    len = ifa->ifa_family == AF_INET ? sizeof(out->u.v4) : sizeof(out->u.v6);
    if (!addr || mnl_attr_get_payload_len(addr) != len)
        return false;
    memcpy(&out->u, mnl_attr_get_payload(addr), len);
    out->ifindex = (int) ifa->ifa_index;
    out->family = ifa->ifa_family;
    out->prefix_len = ifa->ifa_prefixlen;
    out->scope = ifa->ifa_scope;
    out->flags = tb[IFA_FLAGS] ? mnl_attr_get_u32(tb[IFA_FLAGS]) : ifa->ifa_flags;
    return true;
}

/* IPv4 knows the same address with two prefixes as two addresses. */
static bool
same_addr(const struct dp_addr *a, const struct dp_addr *b)
{
    return a->family == b->family && a->prefix_len == b->prefix_len &&
           memcmp(&a->u, &b->u, sizeof(a->u)) == 0;
}

static struct dp_addr *
append_addr(struct node *node)
{
    unsigned n = node->n_addrs + 1;

    if ((n & (n - 1)) == 0) { /* doubled at each power of two */
        struct dp_addr *v = realloc(node->addrs, 2 * n * sizeof(*v));
        uint32_t *seen;

        if (!v)
            return NULL;
        node->addrs = v;
        seen = realloc(node->addr_seen, 2 * n * sizeof(*seen));
        if (!seen)
            return NULL;
        node->addr_seen = seen;
    }
    node->n_addrs = n;
    return &node->addrs[n - 1];
}

static int
update_addr(struct dp_monitor *m, const struct nlmsghdr *nlh, bool added)
{
    struct dp_addr addr, *slot;
    struct node *node;
    unsigned i;

    if (!parse_addr(nlh, &addr))
        return 0;
    node = find(m, addr.ifindex);
    if (!node)
        return 0; /* its link came after this reading; both will be told of again */
    for (i = 0; i < node->n_addrs && !same_addr(&node->addrs[i], &addr); i++)
        ;
    if (!added) {
        if (i < node->n_addrs)
            remove_addr(m, node, i);
        return 0;
    }
    if (i < node->n_addrs) {
        node->addr_seen[i] = m->round;
        if (node->addrs[i].flags == addr.flags && node->addrs[i].scope == addr.scope)
            return 0; /* only its lifetime */
        slot = &node->addrs[i];
    } else if (!(slot = append_addr(node))) {
        return -ENOMEM;
    }
    *slot = addr;
    node->addr_seen[i] = m->round;
    tell_addr(m, &addr, true);
    return 0;
}

static void
tell_filters(struct dp_monitor *m, const struct nlmsghdr *nlh)
{
    const struct tcmsg *t = mnl_nlmsg_get_payload(nlh);
    bool is_qdisc = nlh->nlmsg_type == RTM_DELQDISC;

    if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*t) || !m->ops.filters_changed || m->quiet)
        return;
    if (!is_qdisc || t->tcm_parent == TC_H_INGRESS) /* clsact's parent has the same number */
        m->ops.filters_changed(t->tcm_ifindex > 0 ? t->tcm_ifindex : 0, m->data);
}

static int
handle(const struct nlmsghdr *nlh, void *data)
{
    struct dp_monitor *m = data;

    switch (nlh->nlmsg_type) {
    case RTM_NEWLINK:
        return update_link(m, nlh);
    case RTM_DELLINK:
        delete_link(m, nlh);
        return 0;
    case RTM_NEWADDR:
        return update_addr(m, nlh, true);
    case RTM_DELADDR:
        return update_addr(m, nlh, false);
    case RTM_NEWTFILTER:
    case RTM_DELTFILTER:
    case RTM_DELQDISC:
        tell_filters(m, nlh);
        return 0;
    default:
        return 0;
    }
}

static int
read_all(struct dp_monitor *m)
{
    uint8_t req[DP_NL_REQ_SIZE];
    struct ifaddrmsg *ifa;
    struct nlmsghdr *nlh;
    int r;

    nlh = dp_nl_request_get(req, 0);
    r = dp_nl_dump(m->nl, nlh, handle, m);
    if (r < 0)
        return r;
    nlh = dp_nl_request(req, RTM_GETADDR, 0);
    ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));
    ifa->ifa_family = AF_UNSPEC;
    return dp_nl_dump(m->nl, nlh, handle, m);
}

/* Removes what the last reading did not find. Callbacks may look, so removing starts over from
 * a stable place: the end. */
static void
drop_unseen(struct dp_monitor *m)
{
    for (size_t i = m->n; i-- > 0;) {
        struct node *node = m->node[i];

        if (node->seen != m->round) {
            remove_link(m, node->link.ifindex);
            continue;
        }
        for (unsigned j = node->n_addrs; j-- > 0;) {
            if (node->addr_seen[j] != m->round)
                remove_addr(m, node, j);
        }
    }
}

static int
resync(struct dp_monitor *m)
{
    int r = -EAGAIN;

    for (int i = 0; i < RESYNC_TRIES && r == -EAGAIN; i++) {
        m->round++;
        r = read_all(m);
    }
    /* Still changing after so many readings: what is queued meanwhile brings the rest. */
    if (r == 0 || r == -EAGAIN) {
        drop_unseen(m);
        r = 0;
    }
    return r;
}

static void
set_rcvbuf(struct dp_monitor *m)
{
    int fd = mnl_socket_get_fd(m->sock), size = RCVBUF;

    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)); /* as much as allowed */
}

static int
open_socket(struct dp_monitor *m)
{
    unsigned groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_TC;

    m->sock = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (!m->sock)
        return -errno;
    set_rcvbuf(m);
    return mnl_socket_bind(m->sock, groups, MNL_SOCKET_AUTOPID) < 0 ? -errno : 0;
}

int
dp_monitor_open(struct dp_monitor **out, const struct dp_monitor_ops *ops, void *data)
{
    struct dp_monitor *m = calloc(1, sizeof(*m));
    int r;

    if (!m)
        return -ENOMEM;
    if (ops)
        m->ops = *ops;
    m->data = data;
    r = dp_nl_open(&m->nl);
    if (r == 0)
        r = open_socket(m);
    if (r == 0) {
        m->quiet = true;
        r = resync(m);
        m->quiet = false;
    }
    if (r < 0) {
        dp_monitor_close(m);
        return r;
    }
    *out = m;
    return 0;
}

void
dp_monitor_close(struct dp_monitor *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->n; i++)
        node_free(m->node[i]);
    free(m->node);
    if (m->sock)
        mnl_socket_close(m->sock);
    dp_nl_close(m->nl);
    free(m);
}

int
dp_monitor_fd(const struct dp_monitor *m)
{
    return mnl_socket_get_fd(m->sock);
}

/* After an overrun: what is still queued is older than the reading that follows. */
static int
heal(struct dp_monitor *m)
{
    for (;;) {
        ssize_t len = recv(mnl_socket_get_fd(m->sock), m->buf, sizeof(m->buf), MSG_DONTWAIT);

        if (len < 0 && errno != ENOBUFS && errno != EINTR)
            break;
    }
    if (m->ops.filters_changed)
        m->ops.filters_changed(0, m->data);
    return resync(m);
}

int
dp_monitor_dispatch(struct dp_monitor *m)
{
    for (int i = 0; i < DISPATCH_MAX; i++) {
        ssize_t len = mnl_socket_recvfrom(m->sock, m->buf, sizeof(m->buf));
        const struct nlmsghdr *nlh = (const struct nlmsghdr *) m->buf;
        int left = (int) len, r = 0;

        if (len < 0) {
            if (errno == EAGAIN)
                return 0;
            if (errno == EINTR)
                continue;
            r = errno == ENOBUFS || errno == ENOSPC ? heal(m) : -errno;
            if (r < 0)
                return r;
            continue;
        }
        for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
            r = handle(nlh, m);
            if (r < 0)
                return r;
        }
    }
    return 0;
}

bool
dp_monitor_is_read(const struct dp_monitor *m)
{
    struct pollfd waits = {.fd = mnl_socket_get_fd(m->sock), .events = POLLIN};

    return poll(&waits, 1, 0) == 0;
}

const struct dp_link *
dp_monitor_link(const struct dp_monitor *m, int ifindex)
{
    const struct node *node = find(m, ifindex);

    return node ? &node->link : NULL;
}

const struct dp_link *
dp_monitor_link_by_name(const struct dp_monitor *m, const char *name)
{
    for (size_t i = 0; i < m->n; i++) {
        if (strcmp(m->node[i]->link.name, name) == 0)
            return &m->node[i]->link;
    }
    return NULL;
}

void
dp_monitor_foreach_link(const struct dp_monitor *m, dp_link_cb cb, void *data)
{
    for (size_t i = 0; i < m->n; i++)
        cb(&m->node[i]->link, data);
}

void
dp_monitor_foreach_upper(const struct dp_monitor *m, int ifindex, dp_upper_cb cb, void *data)
{
    const struct node *node = find(m, ifindex);
    const struct node *upper = node ? node->uppers : NULL;

    while (upper && cb(&upper->link, data))
        upper = upper->beside;
}

uint64_t
dp_monitor_shape(const struct dp_monitor *m)
{
    return m->shape;
}

void
dp_monitor_foreach_addr(const struct dp_monitor *m, int ifindex, dp_addr_cb cb, void *data)
{
    const struct node *node = find(m, ifindex);

    for (unsigned i = 0; node && i < node->n_addrs; i++)
        cb(&node->addrs[i], data);
}
