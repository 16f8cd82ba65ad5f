/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * physical.c - makes veth ports look like network cards to the process it is preloaded into.
 *
 * NetworkManager calls a link "software" by its IFLA_LINKINFO kind, and treats software links
 * kindlier when it starts again (SEAM: "Physical ports"). This library hides IFLA_LINKINFO and
 * IFLA_LINK of the links named eth* from netlink messages as they are received: what is left is
 * what the kernel says of a plain Ethernet card. Everything else passes untouched.
 *
 * Used by the lab only (LD_PRELOAD for NetworkManager); never installed.
 */
#include <dlfcn.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#define HIDDEN 0x3fff /* an attribute type that no reader knows, so it is skipped */

ssize_t recvmsg(int fd, struct msghdr *msg, int flags);

static bool
is_card(struct rtattr *first, int len)
{
    for (struct rtattr *a = first; RTA_OK(a, len); a = RTA_NEXT(a, len))
        if (a->rta_type == IFLA_IFNAME)
            return strncmp(RTA_DATA(a), "eth", 3) == 0;
    return false;
}

static void
hide_kind(struct nlmsghdr *nlh)
{
    struct ifinfomsg *info = NLMSG_DATA(nlh);
    int len = (int) IFLA_PAYLOAD(nlh);

    if (!is_card(IFLA_RTA(info), len))
        return;
    for (struct rtattr *a = IFLA_RTA(info); RTA_OK(a, len); a = RTA_NEXT(a, len))
        if ((a->rta_type & NLA_TYPE_MASK) == IFLA_LINKINFO || a->rta_type == IFLA_LINK)
            a->rta_type = HIDDEN;
}

ssize_t
recvmsg(int fd, struct msghdr *msg, int flags)
{
    static ssize_t (*real)(int, struct msghdr *, int);
    ssize_t n;
    unsigned left;

    if (!real)
        real = (ssize_t(*)(int, struct msghdr *, int)) dlsym(RTLD_NEXT, "recvmsg");
    n = real(fd, msg, flags);
    if (n <= 0 || (msg->msg_flags & MSG_TRUNC) || msg->msg_namelen < sizeof(struct sockaddr_nl) ||
        !msg->msg_name || ((struct sockaddr *) msg->msg_name)->sa_family != AF_NETLINK ||
        msg->msg_iovlen != 1)
        return n;
    left = (unsigned) n;
    for (struct nlmsghdr *h = msg->msg_iov[0].iov_base; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left))
        if (h->nlmsg_type == RTM_NEWLINK)
            hide_kind(h);
    return n;
}
