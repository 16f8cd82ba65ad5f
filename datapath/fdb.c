/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fdb.c - reads bridges' forwarding tables. Never changes one.
 */
#include <errno.h>
#include <linux/if_bridge.h>
#include <stdlib.h>
#include <string.h>

#include "datapath/fdb.h"
#include "datapath/nl.h"

#define DUMP_TRIES 4 /* a host that appears meanwhile announces itself */

struct entries {
    struct dp_fdb_entry *v;
    size_t n, size;
    int bridge; /* its hosts are wanted; 0: the unicast addresses of `self` */
    int self;
};

static bool
is_wanted(const struct entries *e, const struct ndmsg *ndm, const struct nlattr *const *tb)
{
    if (!tb[NDA_LLADDR] || mnl_attr_get_payload_len(tb[NDA_LLADDR]) != BOND_MAC_LEN)
        return false;
    if (((const uint8_t *) mnl_attr_get_payload(tb[NDA_LLADDR]))[0] & 1)
        return false; /* a multicast group */
    if (!e->bridge)
        return ndm->ndm_ifindex == e->self && (ndm->ndm_flags & NTF_SELF);
    /* NUD_PERMANENT: a local address. An entry made by hand for a host is NUD_NOARP. */
    return tb[NDA_MASTER] && mnl_attr_get_u32(tb[NDA_MASTER]) == (uint32_t) e->bridge &&
           !(ndm->ndm_flags & NTF_SELF) && !(ndm->ndm_state & NUD_PERMANENT);
}

static int
on_entry(const struct nlmsghdr *nlh, void *data)
{
    const struct ndmsg *ndm = mnl_nlmsg_get_payload(nlh);
    const struct nlattr *tb[NDA_MASTER + 1];
    struct entries *e = data;
    struct dp_fdb_entry *entry;

    if (nlh->nlmsg_type != RTM_NEWNEIGH || mnl_nlmsg_get_payload_len(nlh) < sizeof(*ndm))
        return 0;
    dp_nl_attrs(nlh, sizeof(*ndm), tb, NDA_MASTER);
    if (!is_wanted(e, ndm, tb))
        return 0;
    if (e->n == e->size) {
        size_t size = e->size ? 2 * e->size : 64;
        struct dp_fdb_entry *v = realloc(e->v, size * sizeof(*v));

        if (!v)
            return -ENOMEM;
        e->v = v;
        e->size = size;
    }
    entry = &e->v[e->n++];
    memset(entry, 0, sizeof(*entry));
    memcpy(entry->mac, mnl_attr_get_payload(tb[NDA_LLADDR]), BOND_MAC_LEN);
    entry->port = ndm->ndm_ifindex;
    if (tb[NDA_VLAN])
        entry->vlan_id = mnl_attr_get_u16(tb[NDA_VLAN]);
    return 0;
}

/* The kernel takes the filter in this old form (struct ifinfomsg, IFLA_MASTER) since ever. */
static int
read_entries(struct dp_nl *nl, struct entries *e, dp_fdb_cb cb, void *data)
{
    int r = -EAGAIN;

    for (int i = 0; i < DUMP_TRIES && r == -EAGAIN; i++) {
        uint8_t req[DP_NL_REQ_SIZE];
        struct nlmsghdr *nlh;
        struct ifinfomsg *ifm;

        e->n = 0;
        ifm = dp_nl_request_link(&nlh, req, RTM_GETNEIGH, 0, e->self);
        ifm->ifi_family = AF_BRIDGE;
        if (e->bridge)
            mnl_attr_put_u32(nlh, IFLA_MASTER, (uint32_t) e->bridge);
        r = dp_nl_dump(nl, nlh, on_entry, e);
    }
    if (r == -EAGAIN)
        r = 0;
    for (size_t i = 0; r == 0 && i < e->n; i++)
        cb(&e->v[i], data);
    free(e->v);
    return r == -EOPNOTSUPP ? 0 : r; /* a kernel without bridges has learned nothing */
}

int
dp_fdb_hosts(struct dp_nl *nl, int bridge_ifindex, dp_fdb_cb cb, void *data)
{
    struct entries e = {.bridge = bridge_ifindex};

    return read_entries(nl, &e, cb, data);
}

int
dp_fdb_unicast(struct dp_nl *nl, int ifindex, dp_fdb_cb cb, void *data)
{
    struct entries e = {.self = ifindex};

    return read_entries(nl, &e, cb, data);
}

struct vlan_reading {
    int port;
    struct dp_port_vlans *out;
};

static int
on_bridge_port(const struct nlmsghdr *nlh, void *data)
{
    const struct ifinfomsg *ifm = mnl_nlmsg_get_payload(nlh);
    const struct nlattr *tb[IFLA_AF_SPEC + 1], *attr;
    struct vlan_reading *x = data;

    if (nlh->nlmsg_type != RTM_NEWLINK || mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifm) ||
        ifm->ifi_index != x->port)
        return 0;
    dp_nl_attrs(nlh, sizeof(*ifm), tb, IFLA_AF_SPEC);
    if (!tb[IFLA_AF_SPEC])
        return 0;
    mnl_attr_for_each_nested(attr, tb[IFLA_AF_SPEC])
    {
        const struct bridge_vlan_info *info = mnl_attr_get_payload(attr);

        if (mnl_attr_get_type(attr) != IFLA_BRIDGE_VLAN_INFO ||
            mnl_attr_get_payload_len(attr) < sizeof(*info) || info->vid >= 4096)
            continue;
        x->out->known = true;
        x->out->member[info->vid / 8] |= (uint8_t) (1u << info->vid % 8);
        if (info->flags & BRIDGE_VLAN_INFO_UNTAGGED)
            x->out->untagged[info->vid / 8] |= (uint8_t) (1u << info->vid % 8);
    }
    return 0;
}

int
dp_port_vlans(struct dp_nl *nl, int port_ifindex, struct dp_port_vlans *out)
{
    struct vlan_reading x = {.port = port_ifindex, .out = out};
    uint8_t req[DP_NL_REQ_SIZE];
    struct ifinfomsg *ifm;
    struct nlmsghdr *nlh;
    int r;

    memset(out, 0, sizeof(*out));
    ifm = dp_nl_request_link(&nlh, req, RTM_GETLINK, 0, 0);
    ifm->ifi_family = AF_BRIDGE;
    mnl_attr_put_u32(nlh, IFLA_EXT_MASK, RTEXT_FILTER_BRVLAN);
    r = dp_nl_dump(nl, nlh, on_bridge_port, &x);
    return r == -EAGAIN || r == -EOPNOTSUPP ? 0 : r;
}
