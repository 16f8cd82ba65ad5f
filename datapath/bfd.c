/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bfd.c - wraps BFD control packets into frames (RFC 5881, 4 and 5; RFC 7130, 2.2) and sends them.
 * Decides nothing of a session.
 */
#include "datapath/bfd.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "datapath/frames.h"
#include "datapath/packet.h"

/* RFC 5881, 4: from 49152 on, the same for all packets of a session */
#define FIRST_SOURCE_PORT 49152u
#define N_SOURCE_PORTS 16384u

int
dp_bfd_send(int fd, int port_ifindex, const struct dp_bfd_way *way, const struct dp_route *route,
            const uint8_t payload[BOND_BFD_LEN])
{
    const struct dp_frame_udp udp = {
        .source_mac = way->source_mac,
        .dest_mac = way->dest_mac,
        .source = route->source.addr.v4,
        .dest = way->peer,
        .source_port = (uint16_t) (FIRST_SOURCE_PORT + way->session % N_SOURCE_PORTS),
        .dest_port = way->udp_port,
        .ttl = 255, /* RFC 5881, 5: whoever is not a neighbour cannot say it */
    };
    struct bond_frame_out frame = {0};
    unsigned len;

    _Static_assert(ETH_HLEN + 28 + BOND_BFD_LEN + 4 * DP_PROBE_TAGS <= BOND_FRAME_SIZE,
                   "room for the tags");
    len = dp_frame_udp(frame.data, &udp, payload, BOND_BFD_LEN);
    for (unsigned i = 0; i < route->n_tags; i++)
        len = dp_frame_push_tag(frame.data, len, route->tag[i].proto, route->tag[i].vlan_id);
    frame.len = (uint16_t) len;
    return dp_packet_send(fd, port_ifindex, &frame);
}

int
dp_bfd_open_sink(uint16_t udp_port)
{
    struct sock_filter nothing[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
    const struct sock_fprog filter = {1, nothing};
    const struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(udp_port)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), r = 0;

    if (fd < 0)
        return -errno;
    if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) < 0 ||
        bind(fd, (const struct sockaddr *) &any, sizeof(any)) < 0) {
        r = -errno;
        close(fd);
        return r;
    }
    return fd;
}
