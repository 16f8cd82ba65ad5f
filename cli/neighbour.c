/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * neighbour.c - asks the kernel for the next hop to an address, and for its MAC address.
 */
#include "explain.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>

struct question {
    int family;
    guint8 address[16]; /* of the destination, then of the next hop */
    struct next_hop *hop;
    bool has_route;
};

static gsize
size_of(int family)
{
    return family == AF_INET ? 4 : 16;
}

static int
on_route(const struct nlmsghdr *message, void *data)
{
    struct question *question = data;
    struct nlattr *attr;

    if (message->nlmsg_type != RTM_NEWROUTE)
        return MNL_CB_OK;
    mnl_attr_for_each(attr, message, sizeof(struct rtmsg))
    {
        if (mnl_attr_get_type(attr) == RTA_OIF)
            question->hop->ifindex = (int) mnl_attr_get_u32(attr);
        if (mnl_attr_get_type(attr) == RTA_GATEWAY &&
            mnl_attr_get_payload_len(attr) == size_of(question->family))
            memcpy(question->address, mnl_attr_get_payload(attr), size_of(question->family));
        if (mnl_attr_get_type(attr) == RTA_PREFSRC &&
            mnl_attr_get_payload_len(attr) == size_of(question->family))
            memcpy(question->hop->source, mnl_attr_get_payload(attr), size_of(question->family));
    }
    question->has_route = question->hop->ifindex > 0;
    return MNL_CB_OK;
}

static int
on_neighbour(const struct nlmsghdr *message, void *data)
{
    const struct ndmsg *neighbour = mnl_nlmsg_get_payload(message);
    struct question *question = data;
    const guint8 *address = NULL, *mac = NULL;
    struct nlattr *attr;

    mnl_attr_for_each(attr, message, sizeof(*neighbour))
    {
        if (mnl_attr_get_type(attr) == NDA_DST)
            address = mnl_attr_get_payload(attr);
        if (mnl_attr_get_type(attr) == NDA_LLADDR && mnl_attr_get_payload_len(attr) == 6)
            mac = mnl_attr_get_payload(attr);
    }
    if (neighbour->ndm_ifindex != question->hop->ifindex || address == NULL || mac == NULL ||
        (neighbour->ndm_state & (NUD_FAILED | NUD_INCOMPLETE)) != 0 ||
        memcmp(address, question->address, size_of(question->family)) != 0)
        return MNL_CB_OK;
    memcpy(question->hop->mac, mac, 6);
    question->hop->has_mac = true;
    return MNL_CB_OK;
}

static bool
ask(struct mnl_socket *socket, struct nlmsghdr *message, mnl_cb_t callback, void *data)
{
    char buffer[16384];
    ssize_t n;
    int rc = MNL_CB_OK;

    message->nlmsg_seq = 1;
    if (mnl_socket_sendto(socket, message, message->nlmsg_len) < 0)
        return false;
    while (rc == MNL_CB_OK) {
        n = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));
        if (n <= 0)
            return false;
        rc = mnl_cb_run(buffer, (size_t) n, 1, mnl_socket_get_portid(socket), callback, data);
    }
    return rc == MNL_CB_STOP;
}

static bool
ask_route(struct mnl_socket *socket, struct question *question)
{
    char buffer[256] = {0};
    struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
    struct rtmsg *route;

    message->nlmsg_type = RTM_GETROUTE;
    message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
    route = mnl_nlmsg_put_extra_header(message, sizeof(*route));
    route->rtm_family = (unsigned char) question->family;
    route->rtm_dst_len = (unsigned char) (size_of(question->family) * 8);
    mnl_attr_put(message, RTA_DST, size_of(question->family), question->address);
    return ask(socket, message, on_route, question) && question->has_route;
}

static void
ask_neighbour(struct mnl_socket *socket, struct question *question)
{
    char buffer[256] = {0};
    struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
    struct ndmsg *neighbour;

    message->nlmsg_type = RTM_GETNEIGH;
    message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    neighbour = mnl_nlmsg_put_extra_header(message, sizeof(*neighbour));
    neighbour->ndm_family = (unsigned char) question->family;
    ask(socket, message, on_neighbour, question);
}

bool
next_hop_find(int family, const guint8 destination[16], struct next_hop *hop)
{
    struct mnl_socket *socket = mnl_socket_open(NETLINK_ROUTE);
    struct question question = {.family = family, .hop = hop};
    bool found = false;

    *hop = (struct next_hop){0};
    memcpy(question.address, destination, sizeof(question.address));
    if (socket != NULL && mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) == 0)
        found = ask_route(socket, &question);
    if (found) {
        inet_ntop(family, question.address, hop->address, sizeof(hop->address));
        ask_neighbour(socket, &question);
    }
    if (socket != NULL)
        mnl_socket_close(socket);
    return found;
}
