/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bfd.c - carries core's BFD packets out. Decides nothing about sessions; keeps the way to the peer
 * for a moment.
 */
#include "daemon/bfd.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "datapath/bfd.h"

/* The route is asked for at most this often. A bond that has just been given an address speaks from
 * 0.0.0.0 for as long. */
#define WAY_AGE_NS (100 * BOND_NSEC_PER_MSEC)

struct bondd_bfd {
    uint64_t asked_at_ns;
    struct dp_target peer;
    struct dp_route route;
    uint16_t sink_port; /* 0: none */
    int sink;
};

static void
stop_sink(struct bondd_bfd *w)
{
    if (w->sink_port != 0 && w->sink >= 0)
        close(w->sink);
    w->sink_port = 0;
}

/* Of several bonds the first has it, which does for all; when its bond goes, the next packet of
 * another one opens it again. */
static void
sync_sink(struct bondd_bond *b, struct bondd_bfd *w, uint16_t port)
{
    if (w->sink_port == port && w->sink >= 0)
        return;
    stop_sink(w);
    w->sink = dp_bfd_open_sink(port);
    w->sink_port = port;
    if (w->sink < 0 && w->sink != -EADDRINUSE)
        bondd_warning("%s: listening on UDP port %u failed: %s", b->core.name, port,
                      g_strerror(-w->sink));
}

static void
sync_way(struct bondd_bond *b, struct bondd_bfd *w)
{
    struct dp_target peer = {.family = AF_INET};
    uint64_t now = bondd_now_ns();

    peer.addr.v4.s_addr = b->core.opt.bfd_peer_be;
    if (w->asked_at_ns != 0 && now - w->asked_at_ns < WAY_AGE_NS &&
        memcmp(&peer, &w->peer, sizeof(peer)) == 0)
        return;
    w->asked_at_ns = now;
    w->peer = peer;
    dp_probe_route(b->engine->nl, b->engine->monitor, b->core.ifindex, &peer, &w->route);
    sync_sink(b, w, bond_bfd_udp_port(&b->core));
}

void
bondd_bfd_send(struct bondd_bond *b, int slot, const struct bond_frame_out *frame)
{
    const struct bondd_port *p = &b->port[slot];
    struct dp_bfd_way way = {
        .source_mac =
            b->core.port[slot].phase != BOND_PHASE_FREE ? b->core.port[slot].mac : b->core.mac,
        .dest_mac = frame->data,
        .session = (uint32_t) p->ifindex,
    };

    if (!p->in_use)
        return;
    if (b->bfd == NULL)
        b->bfd = g_new0(struct bondd_bfd, 1);
    if (b->core.opt.bfd_peer_be != 0) /* zero: BFD is off, this takes leave */
        sync_way(b, b->bfd);
    way.peer = b->bfd->peer.addr.v4;
    way.udp_port = b->bfd->sink_port;
    /* One that could not be sent is not heard, which is what BFD is for. */
    if (way.peer.s_addr != 0)
        dp_bfd_send(b->engine->sender_fd, p->ifindex, &way, &b->bfd->route,
                    frame->data + BOND_MAC_LEN);
}

void
bondd_bfd_free(struct bondd_bond *b)
{
    if (b->bfd != NULL)
        stop_sink(b->bfd);
    g_clear_pointer(&b->bfd, g_free);
}
