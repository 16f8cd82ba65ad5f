/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frames.c - what core hears on ports and says there. Decides nothing: core says what it wants to
 * hear (what it does not want is switchside.c's), and each frame is one step. Sources are as urgent
 * as netlink and the timer, so a partner's PDU waits for no method call and no file.
 */
#include "daemon/frames.h"

#include <errno.h>
#include <glib-unix.h>
#include <unistd.h>

#include "daemon/probe.h"
#include "daemon/switchside.h"
#include "datapath/learn.h"
#include "datapath/packet.h"

#define FRAMES_A_TURN 32 /* then others have their turn, however many are waiting */

#define HOST BOND_MAX_PORTS /* the ear that hears what the host sends */
#define NOBODY (BOND_MAX_PORTS + 1)

static unsigned
ear_of(const struct bondd_bond *b, int fd)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(b->ear); i++) {
        if (b->ear[i].source != 0 && b->ear[i].fd == fd)
            return i;
    }
    return NOBODY;
}

static void
hear(struct bondd_bond *b, int fd)
{
    unsigned ear = ear_of(b, fd);
    struct bond_event ev = {.type = BOND_EV_FRAME, .slot = ear == HOST ? BOND_NO_PORT : (int) ear};
    uint64_t news_at_ns = b->news_at_ns;
    struct dp_packet packet;

    for (int i = 0; i < FRAMES_A_TURN; i++) {
        /* A step may close the socket: the port is asked for each time. */
        if (ear == NOBODY || ear_of(b, fd) != ear || dp_packet_receive(fd, &packet) <= 0)
            break;
        if (bondd_switchside_hear(b, ear, &packet))
            continue;
        ev.u.frame.data = packet.data;
        ev.u.frame.len = packet.len;
        ev.u.frame.vlan_id = packet.vlan_id;
        bondd_probe_tell(b, &ev);
        b->news_at_ns = bondd_now_ns();
        bondd_bond_step(b, &ev, NULL);
        b->news_at_ns = news_at_ns;
    }
}

static gboolean
frame_ready(gint fd, GIOCondition condition, gpointer data)
{
    struct bondd_bond *b = data;

    hear(b, fd);
    bondd_engine_rearm(b->engine);
    return G_SOURCE_CONTINUE;
}

static void
stop(struct bondd_ear *ear)
{
    if (ear->source == 0)
        return;
    g_source_remove(ear->source);
    close(ear->fd);
    bondd_switchside_forget(ear);
    *ear = (struct bondd_ear){0};
}

static void
start(struct bondd_bond *b, unsigned which, int ifindex, uint32_t what)
{
    struct bondd_ear *ear = &b->ear[which];
    GSource *source;
    int fd = dp_packet_open(ifindex, what);

    if (fd < 0) {
        if (fd != -ENODEV) /* it has gone; netlink will say so */
            bondd_warning("%s: listening on %s failed: %s", b->core.name,
                          which == HOST ? "the bond" : b->port[which].name, g_strerror(-fd));
        return;
    }
    source = g_unix_fd_source_new(fd, G_IO_IN);
    g_source_set_priority(source, G_PRIORITY_HIGH);
    g_source_set_callback(source, G_SOURCE_FUNC(frame_ready), b, NULL);
    *ear = (struct bondd_ear){
        .fd = fd, .ifindex = ifindex, .what = what, .source = g_source_attach(source, NULL)};
    g_source_unref(source);
}

static void
sync_ear(struct bondd_bond *b, unsigned which, int ifindex, uint32_t what)
{
    struct bondd_ear *ear = &b->ear[which];

    if (ear->source != 0 && (what == 0 || ear->ifindex != ifindex))
        stop(ear);
    if (what == 0 || ear->what == what)
        return;
    if (ear->source == 0)
        start(b, which, ifindex, what);
    else if (dp_packet_set(ear->fd, ifindex, what) == 0)
        ear->what = what;
}

void
bondd_frames_sync(struct bondd_bond *b)
{
    uint32_t wanted = bond_frames_wanted(&b->core) | BONDD_SWITCHSIDE_FRAMES;

    for (int i = 0; i < (int) BOND_MAX_PORTS; i++)
        sync_ear(b, (unsigned) i, b->core.port[i].ifindex,
                 bond_slot_is_member(&b->core, i) ? wanted : 0);
    sync_ear(b, HOST, b->peer_ifindex, bond_frames_wanted_sent(&b->core));
    bondd_switchside_sync(b);
}

void
bondd_frames_catch_up(struct bondd_bond *b)
{
    for (int i = 0; i < (int) BOND_MAX_PORTS; i++) {
        if (b->ear[i].source != 0)
            hear(b, b->ear[i].fd);
    }
}

void
bondd_frames_close(struct bondd_bond *b)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(b->ear); i++)
        stop(&b->ear[i]);
}

void
bondd_frames_learn(struct bondd_bond *b, const struct bond_action *a)
{
    if (b->port[a->slot].in_use)
        dp_learn(b->engine->sender_fd, b->engine->monitor, b->core.ifindex,
                 b->port[a->slot].ifindex, a->mac, a->on);
}

void
bondd_frames_send(struct bondd_bond *b, int slot, const struct bond_frame_out *frame)
{
    int ifindex = b->port[slot].in_use ? b->port[slot].ifindex : 0;
    int r = ifindex > 0 ? dp_packet_send(b->engine->sender_fd, ifindex, frame) : 0;

    /* Down, gone, or its queue is full: protocols say it again. */
    if (r < 0 && r != -ENETDOWN && r != -ENODEV && r != -ENXIO && r != -ENOBUFS && r != -EAGAIN)
        bondd_warning("%s: sending by port %s failed: %s", b->core.name, b->port[slot].name,
                      g_strerror(-r));
}
