/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link.c - reads, makes, changes and removes network devices over rtnetlink.
 *
 * Does one thing per call, and leaves nothing half done when it fails. Decides nothing: which
 * device gets what is the caller's. Never touches a device that it was not told to.
 */
#include <errno.h>
#include <linux/veth.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/bond.h"
#include "datapath/nl.h"

#define BOND_TX_QUEUES 16 /* kernel: the bonding module's default for tx_queues */
#define PEER_MTU 65535    /* never the bottleneck, whatever MTU the bond gets */
#define DUMP_TRIES 16

static int
on_link(const struct nlmsghdr *nlh, void *data)
{
    return nlh->nlmsg_type == RTM_NEWLINK && dp_nl_parse_link(nlh, data) ? 0 : -EBADMSG;
}

/* Asking for one link, and not for all of them, makes the kernel settle a pending link event. */
static int
get_link(struct dp_nl *nl, struct nlmsghdr *nlh, struct dp_link *out)
{
    memset(out, 0, sizeof(*out));
    return dp_nl_talk(nl, nlh, on_link, out);
}

int
dp_link_get(struct dp_nl *nl, const char *name, struct dp_link *out)
{
    uint8_t req[DP_NL_REQ_SIZE];
    struct nlmsghdr *nlh;

    if (name[0] == '\0' || strlen(name) >= IFNAMSIZ)
        return -ENODEV;
    nlh = dp_nl_request_get(req, 0);
    mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
    return get_link(nl, nlh, out);
}

int
dp_link_get_index(struct dp_nl *nl, int ifindex, struct dp_link *out)
{
    uint8_t req[DP_NL_REQ_SIZE];
    struct nlmsghdr *nlh;

    if (ifindex <= 0)
        return -ENODEV;
    nlh = dp_nl_request_get(req, ifindex);
    return get_link(nl, nlh, out);
}

struct link_list {
    struct dp_link *v;
    size_t n, size;
};

static int
on_listed_link(const struct nlmsghdr *nlh, void *data)
{
    struct link_list *list = data;

    if (nlh->nlmsg_type != RTM_NEWLINK)
        return 0;
    if (list->n == list->size) {
        size_t size = list->size ? 2 * list->size : 64;
        struct dp_link *v = realloc(list->v, size * sizeof(*v));

        if (!v)
            return -ENOMEM;
        list->v = v;
        list->size = size;
    }
    if (dp_nl_parse_link(nlh, &list->v[list->n]))
        list->n++;
    return 0;
}

/* The list is complete before the first callback, so that a callback may use `nl` itself. */
int
dp_link_foreach(struct dp_nl *nl, dp_link_cb cb, void *data)
{
    struct link_list list = {0};
    int r = -EAGAIN;

    for (int i = 0; i < DUMP_TRIES && r == -EAGAIN; i++) {
        uint8_t req[DP_NL_REQ_SIZE];
        struct nlmsghdr *nlh;

        list.n = 0;
        nlh = dp_nl_request_get(req, 0);
        r = dp_nl_dump(nl, nlh, on_listed_link, &list);
    }
    for (size_t i = 0; r == 0 && i < list.n; i++)
        cb(&list.v[i], data);
    free(list.v);
    return r;
}

/* The peer takes its name from the kernel within the request: nobody, NetworkManager included,
 * ever sees it under another one. */
static void
put_peer(struct nlmsghdr *nlh)
{
    struct nlattr *peer = mnl_attr_nest_start(nlh, VETH_INFO_PEER);
    struct ifinfomsg *ifm = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifm));

    ifm->ifi_flags = IFF_NOARP;
    ifm->ifi_change = IFF_NOARP | IFF_MULTICAST;
    mnl_attr_put_strz(nlh, IFLA_IFNAME, DP_PEER_PREFIX "%d");
    mnl_attr_put_u32(nlh, IFLA_MTU, PEER_MTU);
    mnl_attr_put_u32(nlh, IFLA_NUM_TX_QUEUES, 1);
    mnl_attr_put_u32(nlh, IFLA_NUM_RX_QUEUES, 1);
    mnl_attr_nest_end(nlh, peer);
}

static int
request_pair(struct dp_nl *nl, const char *name, const uint8_t *mac, uint32_t tx_queues)
{
    uint8_t req[DP_NL_REQ_SIZE];
    struct nlattr *info, *data;
    struct nlmsghdr *nlh;

    dp_nl_request_link(&nlh, req, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0);
    mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
    if (mac)
        mnl_attr_put(nlh, IFLA_ADDRESS, BOND_MAC_LEN, mac);
    mnl_attr_put_u32(nlh, IFLA_NUM_TX_QUEUES, tx_queues);
    mnl_attr_put_u32(nlh, IFLA_NUM_RX_QUEUES, 1);
    info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
    mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "veth");
    data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
    put_peer(nlh);
    mnl_attr_nest_end(nlh, data);
    mnl_attr_nest_end(nlh, info);
    return dp_nl_talk(nl, nlh, NULL, NULL);
}

static int
without_ipv6(const char *name)
{
    int r = dp_sysctl6_set(name, "disable_ipv6", 1);

    return r == -ENOENT ? 0 : r; /* no IPv6 here */
}

/* A pair whose second end says nothing by itself. */
static int
create_pair(struct dp_nl *nl, const char *name, const uint8_t *mac, uint32_t tx_queues,
            int *ifindex, int *peer_ifindex)
{
    struct dp_link link, peer;
    int r = request_pair(nl, name, mac, tx_queues);

    if (r < 0)
        return r;
    r = dp_link_get(nl, name, &link);
    if (r < 0)
        return r;
    r = dp_link_get_index(nl, link.lower, &peer);
    if (r == 0)
        r = without_ipv6(peer.name);
    if (r < 0) {
        dp_link_delete(nl, link.ifindex);
        return r;
    }
    *ifindex = link.ifindex;
    *peer_ifindex = peer.ifindex;
    return 0;
}

int
dp_link_create_pair(struct dp_nl *nl, const char *name, const uint8_t *mac, int *bond_ifindex,
                    int *peer_ifindex)
{
    if (!bond_name_valid(name) || strchr(name, '%') != NULL) /* it would be a pattern */
        return -EINVAL;
    /* As many queues as the kernel's bond has, so that queue_mapping can name a port (queue_id). */
    return create_pair(nl, name, mac, BOND_TX_QUEUES, bond_ifindex, peer_ifindex);
}

#define SIDE DP_PEER_PREFIX "-%d"

int
dp_link_create_side(struct dp_nl *nl, int bond_ifindex, int *peer_ifindex, int *inner_ifindex)
{
    char name[32];
    int r = snprintf(name, sizeof(name), SIDE, bond_ifindex);

    if (r >= IFNAMSIZ)
        return -ENAMETOOLONG;
    r = create_pair(nl, name, NULL, 1, peer_ifindex, inner_ifindex);
    if (r < 0)
        return r;
    r = without_ipv6(name);
    if (r == 0)
        r = dp_link_set_mtu(nl, *peer_ifindex, PEER_MTU);
    if (r == 0)
        r = dp_link_set_flags(nl, *peer_ifindex, IFF_NOARP | IFF_UP,
                              IFF_NOARP | IFF_MULTICAST | IFF_UP);
    if (r < 0)
        dp_link_delete(nl, *peer_ifindex);
    return r;
}

int
dp_link_bond_of_side(const char *name)
{
    int ifindex = 0;
    char end;

    return sscanf(name, SIDE "%c", &ifindex, &end) == 1 ? ifindex : 0;
}

int
dp_link_peer_of(struct dp_nl *nl, const struct dp_link *bond)
{
    struct dp_link peer;
    char name[32];
    int r;

    if (strcmp(bond->kind, "veth") != 0)
        return -ENODEV;
    if (bond->lower) {
        r = dp_link_get_index(nl, bond->lower, &peer);
        if (r == 0 && strncmp(peer.name, DP_PEER_PREFIX, strlen(DP_PEER_PREFIX)) != 0)
            r = -ENODEV;
    } else {
        snprintf(name, sizeof(name), SIDE, bond->ifindex);
        r = dp_link_get(nl, name, &peer);
    }
    return r < 0 ? r : peer.ifindex;
}

int
dp_link_delete(struct dp_nl *nl, int ifindex)
{
    uint8_t req[DP_NL_REQ_SIZE];
    struct nlmsghdr *nlh;

    if (ifindex <= 0)
        return -ENODEV;
    dp_nl_request_link(&nlh, req, RTM_DELLINK, 0, ifindex);
    return dp_nl_talk(nl, nlh, NULL, NULL);
}

void
dp_link_delete_bond(struct dp_nl *nl, int bond_ifindex, int peer_ifindex)
{
    dp_link_delete(nl, bond_ifindex);
    dp_link_delete(nl, peer_ifindex);
}

/* RTM_NEWLINK without NLM_F_CREATE, and with an index: changes, never creates. */
static struct ifinfomsg *
request_change(struct nlmsghdr **nlh, uint8_t req[DP_NL_REQ_SIZE], int ifindex)
{
    return dp_nl_request_link(nlh, req, RTM_NEWLINK, 0, ifindex);
}

int
dp_link_set_flags(struct dp_nl *nl, int ifindex, uint32_t flags, uint32_t mask)
{
    uint8_t req[DP_NL_REQ_SIZE];
    struct nlmsghdr *nlh;
    struct ifinfomsg *ifm;

    if (ifindex <= 0)
        return -ENODEV;
    if (mask == 0)
        return 0; /* nothing was asked for */
    ifm = request_change(&nlh, req, ifindex);
    ifm->ifi_flags = flags & mask;
    ifm->ifi_change = mask;
    return dp_nl_talk(nl, nlh, NULL, NULL);
}

int
dp_link_set_up(struct dp_nl *nl, int ifindex, bool up)
{
    return dp_link_set_flags(nl, ifindex, up ? IFF_UP : 0, IFF_UP);
}

int
dp_link_set_mtu(struct dp_nl *nl, int ifindex, uint32_t mtu)
{
    uint8_t req[DP_NL_REQ_SIZE];
    struct nlmsghdr *nlh;

    if (ifindex <= 0)
        return -ENODEV;
    request_change(&nlh, req, ifindex);
    mnl_attr_put_u32(nlh, IFLA_MTU, mtu);
    return dp_nl_talk(nl, nlh, NULL, NULL);
}

static int
change_mac(struct dp_nl *nl, int ifindex, const uint8_t mac[BOND_MAC_LEN])
{
    uint8_t req[DP_NL_REQ_SIZE];
    struct nlmsghdr *nlh;

    request_change(&nlh, req, ifindex);
    mnl_attr_put(nlh, IFLA_ADDRESS, BOND_MAC_LEN, mac);
    return dp_nl_talk(nl, nlh, NULL, NULL);
}

int
dp_link_without_addresses(struct dp_nl *nl, int ifindex)
{
    uint8_t req[DP_NL_REQ_SIZE];
    struct nlattr *spec, *inet6;
    struct nlmsghdr *nlh;

    request_change(&nlh, req, ifindex);
    spec = mnl_attr_nest_start(nlh, IFLA_AF_SPEC);
    inet6 = mnl_attr_nest_start(nlh, AF_INET6);
    mnl_attr_put_u8(nlh, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
    mnl_attr_nest_end(nlh, inet6);
    mnl_attr_nest_end(nlh, spec);
    return dp_nl_talk(nl, nlh, NULL, NULL);
}

int
dp_link_move(struct dp_nl *nl, int ifindex, int ns_fd, const char *name)
{
    uint8_t req[DP_NL_REQ_SIZE];
    struct nlmsghdr *nlh;

    if (ifindex <= 0)
        return -ENODEV;
    request_change(&nlh, req, ifindex);
    mnl_attr_put_u32(nlh, IFLA_NET_NS_FD, (uint32_t) ns_fd);
    mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
    return dp_nl_talk(nl, nlh, NULL, NULL);
}

/* For a driver that takes a new address only while it is down. Whatever fails, the device ends up
 * again, with its old address if it would not come up with the new one. */
static int
change_mac_down(struct dp_nl *nl, const struct dp_link *link, const uint8_t mac[BOND_MAC_LEN])
{
    int r = dp_link_set_up(nl, link->ifindex, false), up;

    if (r < 0)
        return r;
    r = change_mac(nl, link->ifindex, mac);
    up = dp_link_set_up(nl, link->ifindex, true);
    if (r == 0 && up < 0) {
        change_mac(nl, link->ifindex, link->mac);
        dp_link_set_up(nl, link->ifindex, true);
    }
    return r < 0 ? r : up;
}

int
dp_link_set_mac(struct dp_nl *nl, int ifindex, const uint8_t mac[BOND_MAC_LEN])
{
    struct dp_link link;
    int r = dp_link_get_index(nl, ifindex, &link);

    if (r < 0)
        return r;
    if (link.mac_len != BOND_MAC_LEN)
        return -EOPNOTSUPP;
    /* A driver that must be down for a change would refuse even "no change". */
    if (memcmp(link.mac, mac, BOND_MAC_LEN) == 0)
        return 0;
    r = change_mac(nl, ifindex, mac);
    return r == -EBUSY && (link.flags & IFF_UP) ? change_mac_down(nl, &link, mac) : r;
}

int
dp_link_set_alias(struct dp_nl *nl, int ifindex, const char *alias)
{
    uint8_t req[DP_NL_REQ_SIZE];
    struct nlmsghdr *nlh;

    if (ifindex <= 0)
        return -ENODEV;
    if (strlen(alias) >= sizeof(((struct dp_link *) NULL)->alias))
        return -EINVAL;
    request_change(&nlh, req, ifindex);
    mnl_attr_put_str(nlh, IFLA_IFALIAS, alias); /* empty: clears it */
    return dp_nl_talk(nl, nlh, NULL, NULL);
}

int
dp_link_uc_addr(struct dp_nl *nl, int ifindex, const uint8_t mac[BOND_MAC_LEN], bool add)
{
    uint8_t req[DP_NL_REQ_SIZE];
    struct nlmsghdr *nlh;
    struct ndmsg *ndm;

    if (ifindex <= 0)
        return -ENODEV;
    nlh = dp_nl_request(req, add ? RTM_NEWNEIGH : RTM_DELNEIGH, add ? NLM_F_CREATE : 0);
    ndm = mnl_nlmsg_put_extra_header(nlh, sizeof(*ndm));
    ndm->ndm_family = AF_BRIDGE;
    ndm->ndm_ifindex = ifindex;
    ndm->ndm_flags = NTF_SELF;
    ndm->ndm_state = NUD_PERMANENT;
    mnl_attr_put(nlh, NDA_LLADDR, BOND_MAC_LEN, mac);
    return dp_nl_talk(nl, nlh, NULL, NULL);
}
