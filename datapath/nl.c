/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nl.c - the request socket, and a link message as struct dp_link.
 *
 * Every request asks for an acknowledgement, so that each has exactly one end and no answer is
 * left over for the next one. Decides nothing about devices.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "datapath/nl.h"

#define LOWER_UP 0x10000u /* IFF_LOWER_UP; linux/if.h and net/if.h do not go together */

int
dp_nl_open(struct dp_nl **out)
{
    struct dp_nl *nl = calloc(1, sizeof(*nl));
    int err;

    if (!nl)
        return -ENOMEM;
    nl->sock = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
    if (!nl->sock || mnl_socket_bind(nl->sock, 0, MNL_SOCKET_AUTOPID) < 0) {
        err = -errno;
        dp_nl_close(nl);
        return err;
    }
    nl->portid = mnl_socket_get_portid(nl->sock);
    *out = nl;
    return 0;
}

/* It is bound already: whoever has opened it listens by it. */
int
dp_nl_adopt(struct dp_nl **out, int fd)
{
    struct dp_nl *nl = calloc(1, sizeof(*nl));

    if (!nl)
        return -ENOMEM;
    nl->sock = mnl_socket_fdopen(fd);
    if (!nl->sock) {
        free(nl);
        return -errno;
    }
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    nl->portid = mnl_socket_get_portid(nl->sock);
    *out = nl;
    return 0;
}

void
dp_nl_close(struct dp_nl *nl)
{
    if (!nl)
        return;
    if (nl->sock)
        mnl_socket_close(nl->sock);
    free(nl);
}

struct nlmsghdr *
dp_nl_request(void *req, uint16_t type, uint16_t flags)
{
    struct nlmsghdr *nlh = mnl_nlmsg_put_header(req);

    nlh->nlmsg_type = type;
    nlh->nlmsg_flags = NLM_F_REQUEST | flags;
    return nlh;
}

struct ifinfomsg *
dp_nl_request_link(struct nlmsghdr **nlh, void *req, uint16_t type, uint16_t flags, int ifindex)
{
    struct ifinfomsg *ifm;

    *nlh = dp_nl_request(req, type, flags);
    ifm = mnl_nlmsg_put_extra_header(*nlh, sizeof(*ifm));
    ifm->ifi_family = AF_UNSPEC;
    ifm->ifi_index = ifindex;
    return ifm;
}

struct nlmsghdr *
dp_nl_request_get(void *req, int ifindex)
{
    struct nlmsghdr *nlh;

    dp_nl_request_link(&nlh, req, RTM_GETLINK, 0, ifindex);
    mnl_attr_put_u32(nlh, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    return nlh;
}

struct exchange {
    dp_nl_cb cb;
    void *data;
    bool interrupted; /* NLM_F_DUMP_INTR was seen */
    int result;       /* the first error of a callback */
};

/* One datagram. Returns 1: more to come, 0: the end, negative: the kernel's refusal. */
static int
read_answers(struct dp_nl *nl, struct exchange *x, int len)
{
    const struct nlmsghdr *nlh = (const struct nlmsghdr *) nl->buf;

    for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
        if (nlh->nlmsg_seq != nl->seq || nlh->nlmsg_pid != nl->portid)
            continue; /* the rest of a request that was given up */
        if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
            x->interrupted = true;
        if (nlh->nlmsg_type == NLMSG_ERROR) {
            const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);

            return e->error; /* 0 is the acknowledgement */
        }
        if (nlh->nlmsg_type == NLMSG_DONE)
            return 0;
        if (x->cb) {
            int r = x->cb(nlh, x->data);

            if (r < 0 && x->result == 0)
                x->result = r;
        }
    }
    return 1;
}

static int
exchange(struct dp_nl *nl, struct nlmsghdr *nlh, struct exchange *x)
{
    int r;

    nlh->nlmsg_seq = ++nl->seq;
    if (mnl_socket_sendto(nl->sock, nlh, nlh->nlmsg_len) < 0)
        return -errno;
    do {
        ssize_t len = mnl_socket_recvfrom(nl->sock, nl->buf, sizeof(nl->buf));

        if (len < 0) {
            if (errno == EINTR) {
                r = 1;
                continue;
            }
            return -errno;
        }
        r = read_answers(nl, x, (int) len);
    } while (r > 0);
    return r ? r : x->result;
}

int
dp_nl_talk(struct dp_nl *nl, struct nlmsghdr *nlh, dp_nl_cb cb, void *data)
{
    struct exchange x = {.cb = cb, .data = data};

    nlh->nlmsg_flags |= NLM_F_ACK;
    return exchange(nl, nlh, &x);
}

int
dp_nl_dump(struct dp_nl *nl, struct nlmsghdr *nlh, dp_nl_cb cb, void *data)
{
    struct exchange x = {.cb = cb, .data = data};
    int r;

    nlh->nlmsg_flags |= NLM_F_DUMP;
    r = exchange(nl, nlh, &x);
    return r == 0 && x.interrupted ? -EAGAIN : r;
}

void
dp_nl_attrs(const struct nlmsghdr *nlh, size_t header_len, const struct nlattr **tb, unsigned max)
{
    const struct nlattr *attr;

    memset(tb, 0, (max + 1) * sizeof(*tb));
    if (mnl_nlmsg_get_payload_len(nlh) < header_len)
        return;
    mnl_attr_for_each(attr, nlh, header_len)
    {
        if (mnl_attr_get_type(attr) <= max)
            tb[mnl_attr_get_type(attr)] = attr;
    }
}

void
dp_nl_nested(const struct nlattr *nest, const struct nlattr **tb, unsigned max)
{
    const struct nlattr *attr;

    memset(tb, 0, (max + 1) * sizeof(*tb));
    if (!nest)
        return;
    mnl_attr_for_each_nested(attr, nest)
    {
        if (mnl_attr_get_type(attr) <= max)
            tb[mnl_attr_get_type(attr)] = attr;
    }
}

static void
copy_string(char *dst, size_t size, const struct nlattr *attr)
{
    size_t len = attr ? mnl_attr_get_payload_len(attr) : 0;

    if (len >= size)
        len = size - 1;
    if (len)
        memcpy(dst, mnl_attr_get_payload(attr), len);
    dst[len] = '\0';
    /* What follows an inner NUL would make equal links differ in memcmp. */
    len = strlen(dst);
    memset(dst + len, 0, size - len);
}

static uint32_t
u32_or_0(const struct nlattr *attr)
{
    return attr && mnl_attr_get_payload_len(attr) >= 4 ? mnl_attr_get_u32(attr) : 0;
}

static void
parse_linkinfo(const struct nlattr *nest, struct dp_link *out)
{
    const struct nlattr *info[IFLA_INFO_DATA + 1];

    dp_nl_nested(nest, info, IFLA_INFO_DATA);
    copy_string(out->kind, sizeof(out->kind), info[IFLA_INFO_KIND]);
    if (info[IFLA_INFO_DATA] && strcmp(out->kind, "vlan") == 0) {
        const struct nlattr *vlan[IFLA_VLAN_PROTOCOL + 1];

        dp_nl_nested(info[IFLA_INFO_DATA], vlan, IFLA_VLAN_PROTOCOL);
        if (vlan[IFLA_VLAN_ID])
            out->vlan_id = mnl_attr_get_u16(vlan[IFLA_VLAN_ID]);
        if (vlan[IFLA_VLAN_PROTOCOL])
            out->vlan_proto = ntohs(mnl_attr_get_u16(vlan[IFLA_VLAN_PROTOCOL]));
    }
}

static void
parse_mac(uint8_t mac[BOND_MAC_LEN], const struct nlattr *attr)
{
    if (attr && mnl_attr_get_payload_len(attr) == BOND_MAC_LEN)
        memcpy(mac, mnl_attr_get_payload(attr), BOND_MAC_LEN);
}

bool
dp_nl_parse_link(const struct nlmsghdr *nlh, struct dp_link *out)
{
    const struct ifinfomsg *ifm = mnl_nlmsg_get_payload(nlh);
    const struct nlattr *tb[IFLA_PERM_ADDRESS + 1];

    memset(out, 0, sizeof(*out));
    /* The bridge tells of its ports with the same message type (AF_BRIDGE), wireless drivers of
     * scans with hardly an attribute. Neither is the link. */
    if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifm) || ifm->ifi_family != AF_UNSPEC)
        return false;
    dp_nl_attrs(nlh, sizeof(*ifm), tb, IFLA_PERM_ADDRESS);
    if (!tb[IFLA_IFNAME] || !tb[IFLA_MTU])
        return false;
    out->ifindex = ifm->ifi_index;
    out->arphrd = ifm->ifi_type;
    out->flags = ifm->ifi_flags;
    out->carrier = (ifm->ifi_flags & IFF_UP) && (ifm->ifi_flags & LOWER_UP);
    copy_string(out->name, sizeof(out->name), tb[IFLA_IFNAME]);
    copy_string(out->alias, sizeof(out->alias), tb[IFLA_IFALIAS]);
    out->carrier_changes = u32_or_0(tb[IFLA_CARRIER_CHANGES]);
    out->mtu = u32_or_0(tb[IFLA_MTU]);
    out->master = (int) u32_or_0(tb[IFLA_MASTER]);
    out->promiscuity = u32_or_0(tb[IFLA_PROMISCUITY]);
    if (!tb[IFLA_LINK_NETNSID]) /* otherwise the index is another namespace's */
        out->lower = (int) u32_or_0(tb[IFLA_LINK]);
    if (tb[IFLA_ADDRESS])
        out->mac_len = (uint8_t) mnl_attr_get_payload_len(tb[IFLA_ADDRESS]);
    parse_mac(out->mac, tb[IFLA_ADDRESS]);
    parse_mac(out->perm_mac, tb[IFLA_PERM_ADDRESS]);
    parse_linkinfo(tb[IFLA_LINKINFO], out);
    return true;
}
