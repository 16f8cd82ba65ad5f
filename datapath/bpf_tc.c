/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bpf_tc.c - puts BPF programs on the clsact hooks of devices, and takes them away.
 *
 * A filter of ours is known by its place (priority, handle) and its name, which holds the bond's
 * ifindex. What others have on a device is never touched: neither their filters nor a clsact that
 * was there before us or that they use now.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <libmnl/libmnl.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include "datapath/bpf_priv.h"

/* After everybody else's filters, as the kernel driver's receive handler and transmit function
 * come after them. */
#define TC_PRIO 65000u
#define TC_HANDLE 1u
#define TC_NAME "nm-bond:%d"

struct dp_tc {
    struct mnl_socket *nl;
    unsigned port, seq;
};

/* Of requests and answers, which are done with when a function returns: one for all bonds.
 * netlink(7): a dump's messages come in pieces of up to that. */
static _Thread_local char buf[32768];

struct place {
    int ifindex;
    bool ours_there;
    uint32_t prog_id;
    char name[64];
    unsigned n;
    bool others; /* filters that are not in our place */
};

int
dp_tc_open(struct dp_tc **out)
{
    struct dp_tc *tc = calloc(1, sizeof(*tc));

    if (!tc)
        return -ENOMEM;
    tc->nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
    if (!tc->nl || mnl_socket_bind(tc->nl, 0, MNL_SOCKET_AUTOPID) < 0) {
        int err = -errno;

        dp_tc_close(tc);
        return err;
    }
    tc->port = mnl_socket_get_portid(tc->nl);
    *out = tc;
    return 0;
}

void
dp_tc_close(struct dp_tc *tc)
{
    if (!tc)
        return;
    if (tc->nl)
        mnl_socket_close(tc->nl);
    free(tc);
}

static struct nlmsghdr *
request(struct dp_tc *tc, uint16_t type, uint16_t flags, int ifindex, struct tcmsg **out)
{
    struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
    struct tcmsg *t;

    nlh->nlmsg_type = type;
    nlh->nlmsg_flags = NLM_F_REQUEST | flags;
    nlh->nlmsg_seq = ++tc->seq;
    t = mnl_nlmsg_put_extra_header(nlh, sizeof(*t));
    t->tcm_family = AF_UNSPEC;
    t->tcm_ifindex = ifindex;
    *out = t;
    return nlh;
}

static int
talk(struct dp_tc *tc, struct nlmsghdr *nlh, mnl_cb_t cb, void *data)
{
    unsigned seq = nlh->nlmsg_seq;
    int ret = MNL_CB_OK;

    if (mnl_socket_sendto(tc->nl, nlh, nlh->nlmsg_len) < 0)
        return -errno;
    while (ret > MNL_CB_STOP) {
        ssize_t len = mnl_socket_recvfrom(tc->nl, buf, sizeof(buf));

        if (len < 0 && errno == EINTR)
            continue;
        if (len < 0)
            return -errno;
        ret = mnl_cb_run(buf, (size_t) len, seq, tc->port, cb, data);
    }
    return ret < 0 ? -errno : 0;
}

static uint32_t
parent_of(unsigned direction)
{
    return TC_H_MAKE(TC_H_CLSACT, direction == DP_HOOK_EGRESS ? TC_H_MIN_EGRESS : TC_H_MIN_INGRESS);
}

static struct nlmsghdr *
filter_request(struct dp_tc *tc, uint16_t type, uint16_t flags, int ifindex, unsigned direction)
{
    struct tcmsg *t;
    struct nlmsghdr *nlh = request(tc, type, flags | NLM_F_ACK, ifindex, &t);

    t->tcm_parent = parent_of(direction);
    t->tcm_handle = TC_HANDLE;
    t->tcm_info = TC_H_MAKE(TC_PRIO << 16, htons(ETH_P_ALL));
    return nlh;
}

static int
option_cb(const struct nlattr *attr, void *data)
{
    struct place *p = data;

    if (mnl_attr_get_type(attr) == TCA_BPF_NAME)
        snprintf(p->name, sizeof(p->name), "%s", mnl_attr_get_str(attr));
    if (mnl_attr_get_type(attr) == TCA_BPF_ID)
        p->prog_id = mnl_attr_get_u32(attr);
    return MNL_CB_OK;
}

static int
filter_cb(const struct nlmsghdr *nlh, void *data)
{
    const struct tcmsg *t = mnl_nlmsg_get_payload(nlh);
    struct place *p = data;
    struct nlattr *attr;

    if (nlh->nlmsg_type != RTM_NEWTFILTER)
        return MNL_CB_OK;
    p->others |= t->tcm_info >> 16 != TC_PRIO; /* also those of a block that devices share */
    if (t->tcm_ifindex != p->ifindex)
        return MNL_CB_OK;
    p->n++;
    if (t->tcm_info >> 16 != TC_PRIO || t->tcm_handle != TC_HANDLE)
        return MNL_CB_OK;
    p->ours_there = true;
    mnl_attr_for_each(attr, nlh, sizeof(*t))
    {
        if (mnl_attr_get_type(attr) == TCA_OPTIONS)
            mnl_attr_parse_nested(attr, option_cb, p);
    }
    return MNL_CB_OK;
}

static int
look(struct dp_tc *tc, int ifindex, unsigned direction, struct place *p)
{
    struct nlmsghdr *nlh;
    struct tcmsg *t;

    *p = (struct place){.ifindex = ifindex};
    nlh = request(tc, RTM_GETTFILTER, NLM_F_DUMP, ifindex, &t);
    t->tcm_parent = parent_of(direction);
    return talk(tc, nlh, filter_cb, p);
}

int
dp_tc_owner(struct dp_tc *tc, int ifindex, unsigned direction, int bond_ifindex,
            enum dp_tc_owner *owner, unsigned *n_filters)
{
    char name[IF_NAMESIZE];
    struct place p;
    int other, err;

    if (!if_indextoname((unsigned) ifindex, name))
        return -ENODEV;
    err = look(tc, ifindex, direction, &p);
    if (err)
        return err;
    if (n_filters)
        *n_filters = p.n;
    if (!p.ours_there)
        *owner = DP_TC_NOBODY;
    else if (sscanf(p.name, TC_NAME, &other) != 1)
        *owner = DP_TC_FOREIGN;
    else if (other == bond_ifindex)
        *owner = DP_TC_THIS_BOND;
    else
        *owner = if_indextoname((unsigned) other, name) ? DP_TC_OTHER_BOND : DP_TC_DEAD_BOND;
    return 0;
}

bool
dp_tc_others(struct dp_tc *tc, int ifindex, unsigned direction)
{
    struct place p;
    int other;

    return look(tc, ifindex, direction, &p) == 0 &&
           (p.others || (p.ours_there && sscanf(p.name, TC_NAME, &other) != 1));
}

bool
dp_tc_runs(struct dp_tc *tc, int ifindex, unsigned direction, int bond_ifindex, int prog_fd)
{
    struct bpf_prog_info info = {0};
    uint32_t len = sizeof(info);
    struct place p;
    int other;

    return bpf_obj_get_info_by_fd(prog_fd, &info, &len) == 0 &&
           look(tc, ifindex, direction, &p) == 0 && p.ours_there && p.prog_id == info.id &&
           sscanf(p.name, TC_NAME, &other) == 1 && other == bond_ifindex;
}

int
dp_tc_qdisc_add(struct dp_tc *tc, int ifindex, bool *made)
{
    struct tcmsg *t;
    struct nlmsghdr *nlh =
        request(tc, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, ifindex, &t);
    int err;

    t->tcm_parent = TC_H_CLSACT;
    t->tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
    mnl_attr_put_strz(nlh, TCA_KIND, "clsact");
    err = talk(tc, nlh, NULL, NULL);
    *made = err == 0;
    /* There is one already, or an "ingress", which serves receiving as well. */
    return err == -EEXIST ? 0 : err;
}

static int
qdisc_delete(struct dp_tc *tc, int ifindex)
{
    struct tcmsg *t;
    struct nlmsghdr *nlh = request(tc, RTM_DELQDISC, NLM_F_ACK, ifindex, &t);

    t->tcm_parent = TC_H_CLSACT;
    t->tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
    return talk(tc, nlh, NULL, NULL);
}

int
dp_tc_attach(struct dp_tc *tc, int ifindex, unsigned direction, int bond_ifindex, int prog_fd)
{
    struct nlmsghdr *nlh;
    struct nlattr *options;
    enum dp_tc_owner owner;
    char name[64];
    int err;

    err = dp_tc_owner(tc, ifindex, direction, bond_ifindex, &owner, NULL);
    if (err)
        return err;
    if (owner == DP_TC_OTHER_BOND)
        return -EBUSY;
    if (owner == DP_TC_FOREIGN)
        return -EEXIST;
    snprintf(name, sizeof(name), TC_NAME, bond_ifindex);
    nlh = filter_request(tc, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_REPLACE, ifindex, direction);
    mnl_attr_put_strz(nlh, TCA_KIND, "bpf");
    options = mnl_attr_nest_start(nlh, TCA_OPTIONS);
    mnl_attr_put_u32(nlh, TCA_BPF_FD, (uint32_t) prog_fd);
    mnl_attr_put_strz(nlh, TCA_BPF_NAME, name);
    mnl_attr_put_u32(nlh, TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
    mnl_attr_nest_end(nlh, options);
    return talk(tc, nlh, NULL, NULL);
}

int
dp_tc_detach(struct dp_tc *tc, int ifindex, unsigned direction, int bond_ifindex, bool own_qdisc)
{
    enum dp_tc_owner owner;
    unsigned n_in = 0, n_out = 0;
    int err = dp_tc_owner(tc, ifindex, direction, bond_ifindex, &owner, NULL);

    if (err)
        return err == -ENODEV ? 0 : err;
    if (owner == DP_TC_THIS_BOND || owner == DP_TC_DEAD_BOND) {
        err = talk(tc, filter_request(tc, RTM_DELTFILTER, 0, ifindex, direction), NULL, NULL);
        if (err && err != -ENOENT && err != -ENODEV)
            return err;
    }
    if (!own_qdisc)
        return 0;
    if (dp_tc_owner(tc, ifindex, DP_HOOK_INGRESS, bond_ifindex, &owner, &n_in) ||
        dp_tc_owner(tc, ifindex, DP_HOOK_EGRESS, bond_ifindex, &owner, &n_out) || n_in || n_out)
        return 0;
    err = qdisc_delete(tc, ifindex);
    /* Somebody has been quicker. */
    return err == -ENOENT || err == -ENODEV || err == -EINVAL ? 0 : err;
}
