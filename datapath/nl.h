/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nl.h - inside datapath/ only: one rtnetlink request socket and what is read from its messages.
 *
 * Decides how a request is sent and how a link message becomes a struct dp_link; never what to
 * ask for.
 */
#ifndef DP_NL_H
#define DP_NL_H

#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "datapath/link.h"

/* Newer than the headers of Debian 12; the numbers are the kernel's ABI. */
#define DP_IFLA_GSO_IPV4_MAX_SIZE 63

#define DP_NL_BUF_SIZE 32768 /* the largest piece in which the kernel hands out a dump */

struct dp_nl {
    struct mnl_socket *sock;
    unsigned portid;
    uint32_t seq;
    _Alignas(struct nlmsghdr) uint8_t buf[DP_NL_BUF_SIZE];
};

/* Called for each answer; a negative return ends up as the request's result (it is read to its
 * end all the same). */
typedef int (*dp_nl_cb)(const struct nlmsghdr *nlh, void *data);

/* Starts a message in req (>= DP_NL_REQ_SIZE bytes). */
#define DP_NL_REQ_SIZE 1024
struct nlmsghdr *dp_nl_request(void *req, uint16_t type, uint16_t flags);
struct ifinfomsg *dp_nl_request_link(struct nlmsghdr **nlh, void *req, uint16_t type,
                                     uint16_t flags, int ifindex);
/* RTM_GETLINK, without the statistics, which cost the kernel more than all the rest. ifindex 0: by
 * name, or all. */
struct nlmsghdr *dp_nl_request_get(void *req, int ifindex);

/* Sends and waits for the acknowledgement. Returns 0 or a negative errno. cb may be NULL. */
int dp_nl_talk(struct dp_nl *nl, struct nlmsghdr *nlh, dp_nl_cb cb, void *data);
/* The same for NLM_F_DUMP; -EAGAIN: the picture changed while it was read, read again. */
int dp_nl_dump(struct dp_nl *nl, struct nlmsghdr *nlh, dp_nl_cb cb, void *data);

/* tb[max + 1]; attributes above max are skipped. */
void dp_nl_attrs(const struct nlmsghdr *nlh, size_t header_len, const struct nlattr **tb,
                 unsigned max);
void dp_nl_nested(const struct nlattr *nest, const struct nlattr **tb, unsigned max);

/* False for messages that are no full description of a link (bridge ports, wireless events).
 * `out` is zeroed first, padding included, so that two can be compared with memcmp. */
bool dp_nl_parse_link(const struct nlmsghdr *nlh, struct dp_link *out);

#endif
