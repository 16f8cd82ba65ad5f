/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe.c - which way a target is, and the question to it. Decides no link state.
 *
 * Solicitations do not go through the IPv6 stack: a port of a bond has none (no address, IPv6 off);
 * sent on the bond, the packet path would choose the port.
 */
#include "datapath/probe.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <stdlib.h>
#include <string.h>

#include "datapath/above.h"
#include "datapath/frames.h"
#include "datapath/nl.h"
#include "datapath/packet.h"

static unsigned
addr_len(int family)
{
    return family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);
}

/* ---- the way ---- */

struct answer {
    int oif;
    bool neighbour; /* not behind a router, not ourselves */
    struct dp_target source;
};

static int
read_route(const struct nlmsghdr *nlh, void *data)
{
    const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
    const struct nlattr *tb[RTA_MAX + 1];
    struct answer *a = data;

    if (nlh->nlmsg_type != RTM_NEWROUTE)
        return 0;
    dp_nl_attrs(nlh, sizeof(*rtm), tb, RTA_MAX);
    a->neighbour = rtm->rtm_type == RTN_UNICAST && !tb[RTA_GATEWAY] && !tb[RTA_VIA];
    if (tb[RTA_OIF])
        a->oif = (int) mnl_attr_get_u32(tb[RTA_OIF]);
    if (tb[RTA_PREFSRC] && mnl_attr_get_payload_len(tb[RTA_PREFSRC]) == addr_len(a->source.family))
        memcpy(&a->source.addr, mnl_attr_get_payload(tb[RTA_PREFSRC]), addr_len(a->source.family));
    return 0;
}

static int
ask_route(struct dp_nl *nl, const struct dp_target *target, struct answer *a)
{
    uint8_t req[DP_NL_REQ_SIZE];
    struct nlmsghdr *nlh = dp_nl_request(req, RTM_GETROUTE, 0);
    struct rtmsg *rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
    unsigned len = addr_len(target->family);

    rtm->rtm_family = (uint8_t) target->family;
    rtm->rtm_dst_len = (uint8_t) (8 * len);
    mnl_attr_put(nlh, RTA_DST, len, &target->addr);
    return dp_nl_talk(nl, nlh, read_route, a);
}

struct way {
    const struct dp_monitor *m;
    int upper, bond_ifindex;
    int lower; /* the next device on the way down; 0: there is none */
};

static void
port_towards_bond(const struct dp_link *link, void *data)
{
    struct way *w = data;

    if (link->master == w->upper && w->lower == 0 &&
        (link->ifindex == w->bond_ifindex ||
         dp_monitor_is_above(w->m, link->ifindex, w->bond_ifindex)))
        w->lower = link->ifindex;
}

/* Of a bridge it is the port that the bond is below. */
static int
lower_of(const struct dp_monitor *m, const struct dp_link *link, int bond_ifindex)
{
    struct way w = {.m = m, .upper = link->ifindex, .bond_ifindex = bond_ifindex};

    dp_monitor_foreach_link(m, port_towards_bond, &w);
    return w.lower != 0 ? w.lower : link->lower;
}

/* Down from the device that the route names; false if it does not end at the bond. */
static bool
collect_tags(const struct dp_monitor *m, int ifindex, int bond_ifindex, struct dp_route *out)
{
    if (ifindex != bond_ifindex && !dp_monitor_is_above(m, ifindex, bond_ifindex))
        return false;
    while (ifindex != bond_ifindex) {
        const struct dp_link *link = dp_monitor_link(m, ifindex);

        if (!link)
            return false;
        if (strcmp(link->kind, "vlan") == 0 && link->vlan_id != 0) {
            if (out->n_tags == DP_PROBE_TAGS)
                return false;
            out->tag[out->n_tags].proto = link->vlan_proto ? link->vlan_proto : ETH_P_8021Q;
            out->tag[out->n_tags++].vlan_id = link->vlan_id;
        }
        ifindex = lower_of(m, link, bond_ifindex);
    }
    return true;
}

void
dp_probe_route(struct dp_nl *nl, const struct dp_monitor *m, int bond_ifindex,
               const struct dp_target *target, struct dp_route *out)
{
    struct answer a = {.source.family = target->family};

    *out = (struct dp_route){.source.family = target->family};
    if (ask_route(nl, target, &a) < 0 || !a.neighbour)
        return;
    if (collect_tags(m, a.oif, bond_ifindex, out))
        out->source = a.source;
    else
        out->n_tags = 0;
}

/* ---- the question ---- */

int
dp_probe_send(int fd, int port_ifindex, const uint8_t mac[BOND_MAC_LEN],
              const struct dp_target *target, const struct dp_route *route)
{
    struct bond_frame_out frame = {0};
    unsigned len;

    _Static_assert(ETH_HLEN + 40 + 32 + 4 * DP_PROBE_TAGS <= BOND_FRAME_SIZE, "room for the tags");
    if (target->family == AF_INET)
        len = dp_frame_arp_request(frame.data, mac, route->source.addr.v4, target->addr.v4);
    else
        len = dp_frame_ns(frame.data, mac, &route->source.addr.v6, &target->addr.v6);
    for (unsigned i = 0; i < route->n_tags; i++)
        len = dp_frame_push_tag(frame.data, len, route->tag[i].proto, route->tag[i].vlan_id);
    frame.len = (uint16_t) len;
    return dp_packet_send(fd, port_ifindex, &frame);
}

/* ---- whose address ---- */

struct search {
    const struct dp_target *addr;
    bool found;
};

static void
compare(const struct dp_addr *addr, void *data)
{
    struct search *s = data;

    if (addr->family == s->addr->family &&
        memcmp(&addr->u, &s->addr->addr, addr_len(addr->family)) == 0)
        s->found = true;
}

bool
dp_above_has_address(const struct dp_monitor *m, int bond_ifindex, const struct dp_target *addr)
{
    struct search s = {.addr = addr};
    const struct dp_link **above;
    int n = dp_above_list(m, bond_ifindex, &above);

    for (int i = 0; i < n && !s.found; i++)
        dp_monitor_foreach_addr(m, above[i]->ifindex, compare, &s);
    free(above);
    return s.found;
}
