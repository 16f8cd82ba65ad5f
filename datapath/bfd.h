/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bfd.h - BFD control packets on their way out. What is in them is core's (core/bfd.h), what they
 * are wrapped in is here: UDP over IPv4 by one port, past the bond.
 */
#ifndef DP_BFD_H
#define DP_BFD_H

#include "core/bfd.h"
#include "datapath/probe.h"

struct dp_bfd_way {
    const uint8_t *source_mac, *dest_mac; /* [BOND_MAC_LEN] */
    struct in_addr peer;
    uint16_t udp_port;
    uint32_t session; /* a number that no other session of this host has */
};

/* By the port, with source address and tags of the route to the peer. fd is of
 * dp_packet_open_sender(). Returns 0 or a negative errno. */
int dp_bfd_send(int fd, int port_ifindex, const struct dp_bfd_way *way,
                const struct dp_route *route, const uint8_t payload[BOND_BFD_LEN]);

/* Control packets reach the host's own IP stack, too; nobody there listens, and it would answer
 * each with "port unreachable". A socket that takes them and drops them unread. Returns it, or a
 * negative errno (EADDRINUSE: somebody does listen, which is as good). */
int dp_bfd_open_sink(uint16_t udp_port);

#endif
