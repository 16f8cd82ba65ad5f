/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hidden.h - a network namespace that nobody looks into, through which bonds receive.
 *
 *     here         bond0               nmbp-7  <- ports, by bpf_redirect_peer()
 *                    ║                    ║
 *     hidden        b7 <---bond_inside--> p7
 *
 * bpf_redirect_peer() hands a frame on in place, without a queue and without breaking up the list
 * that it came in with, but only into another namespace. So two of them: into the hidden one and
 * back. Seen from here bond0 and nmbp-7 (7: the ifindex of bond0) are as the two ends of one pair,
 * and all that the bond's peer is for (captures, counting, announcements) works as without.
 *
 * Nothing here enters the namespace, which would take CAP_SYS_ADMIN: it is reached by a netlink
 * socket that somebody has opened there and handed to us, and that somebody keeps it alive. When it
 * ends, the devices in it end, and with them those here: whoever lends it must outlive bondd.
 *
 * All functions return 0 or a negative errno unless said otherwise, and may be called by any thread.
 */
#ifndef DP_HIDDEN_H
#define DP_HIDDEN_H

#include <stdbool.h>

struct dp_hidden;

/* fd: a netlink socket (NETLINK_ROUTE) of another namespace; it is ours then, unless this fails.
 * EPROTOTYPE: it is not such a socket; EXDEV: it is of this namespace. *out: transfer full. */
int dp_hidden_open(struct dp_hidden **out, int fd);
void dp_hidden_close(struct dp_hidden *h);

/* Moves the ends of a bond's pairs there: inner[0] that of the bond's device, inner[1] that of its
 * peer. */
int dp_hidden_take(struct dp_hidden *h, int bond_ifindex, const int inner[2]);
/* Finds them there, in the same order, and sets the second one up. ENODEV: they are not there. */
int dp_hidden_find(struct dp_hidden *h, int bond_ifindex, int inside[2]);
/* inside[0] up or down: the carrier of the bond's device. */
int dp_hidden_set_up(struct dp_hidden *h, int inside, bool up);

#endif
