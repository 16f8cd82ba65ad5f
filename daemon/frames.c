/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frames.c - what core hears on ports and says there. Decides nothing: core says what it wants to
 * hear (what it does not want is switchside.c's), and each frame is one step. Sources are as urgent
 * as netlink and the timer, so a partner's PDU waits for no method call and no file.
 *
 * Slow protocols alone come by one socket of the engine: with one for each port, two thousand ports
 * are two thousand descriptors to be looked at in every turn of the loop, and bondd's end takes the
 * kernel 20 ms for each.
 */
#include "daemon/frames.h"

#include <errno.h>
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
deliver(struct bondd_bond *b, unsigned ear, const struct dp_packet *packet)
{
    struct bond_event ev = {.type = BOND_EV_FRAME, .slot = ear == HOST ? BOND_NO_PORT : (int) ear};
    uint64_t news_at_ns = b->news_at_ns;

    if (bondd_switchside_hear(b, ear, packet))
        return;
    ev.u.frame.data = packet->data;
    ev.u.frame.len = packet->len;
    ev.u.frame.vlan_id = packet->vlan_id;
    bondd_probe_tell(b, &ev);
    b->news_at_ns = bondd_now_ns();
    bondd_bond_step(b, &ev, NULL);
    b->news_at_ns = news_at_ns;
}

static void
hear(struct bondd_bond *b, int fd)
{
    unsigned ear = ear_of(b, fd);
    struct dp_packet packet;

    for (int i = 0; i < FRAMES_A_TURN; i++) {
        /* A step may close the socket: the port is asked for each time. */
        if (ear == NOBODY || ear_of(b, fd) != ear || dp_packet_receive(fd, &packet) <= 0)
            break;
        deliver(b, ear, &packet);
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

/* What was heard of a partner stays. */
static void
shut(const struct bondd_bond *b, struct bondd_ear *ear)
{
    if (ear->source != 0) {
        g_source_remove(ear->source);
        close(ear->fd);
    } else {
        dp_packet_join(b->engine->slow_fd, ear->ifindex, false);
    }
    ear->source = 0;
    ear->what = 0;
}

static void
stop(const struct bondd_bond *b, struct bondd_ear *ear)
{
    if (ear->what == 0)
        return;
    shut(b, ear);
    bondd_switchside_forget(ear);
    *ear = (struct bondd_ear){0};
}

static void
start(struct bondd_bond *b, unsigned which, int ifindex, uint32_t what)
{
    bool is_cheap = what == BOND_FRAMES_SLOW;
    struct bondd_ear *ear = &b->ear[which];
    int r = is_cheap ? dp_packet_join(b->engine->slow_fd, ifindex, true)
                     : dp_packet_open(ifindex, what);

    if (r < 0) {
        if (r != -ENODEV) /* it has gone; netlink will say so */
            bondd_warning("%s: listening on %s failed: %s", b->core.name,
                          which == HOST ? "the bond" : b->port[which].name, g_strerror(-r));
        return;
    }
    ear->ifindex = ifindex;
    ear->what = what;
    ear->fd = is_cheap ? -1 : r;
    ear->source = is_cheap ? 0 : bondd_engine_watch(r, frame_ready, b);
}

static void
sync_ear(struct bondd_bond *b, unsigned which, int ifindex, uint32_t what)
{
    struct bondd_ear *ear = &b->ear[which];

    if (what == 0 || (ear->what != 0 && ear->ifindex != ifindex))
        stop(b, ear);
    if (ear->what == what)
        return;
    if (ear->source != 0 && what != BOND_FRAMES_SLOW) {
        if (dp_packet_set(ear->fd, ifindex, what) == 0)
            ear->what = what;
        return;
    }
    if (ear->what != 0)
        shut(b, ear);
    start(b, which, ifindex, what);
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
        stop(b, &b->ear[i]);
}

/* ---- slow protocols ---- */

static gboolean
slow_ready(gint fd, GIOCondition condition, gpointer data)
{
    struct bondd_engine *e = data;
    struct dp_packet packet;

    for (int i = 0; i < FRAMES_A_TURN && dp_packet_receive(fd, &packet) > 0; i++) {
        struct bondd_bond *b = bondd_engine_by_ifindex(e, packet.ifindex);
        int slot = b != NULL ? bondd_bond_slot(b, packet.ifindex) : BOND_NO_PORT;

        /* Of a port with a socket of its own it comes by that. */
        if (slot != BOND_NO_PORT && b->ear[slot].what != 0 && b->ear[slot].source == 0)
            deliver(b, (unsigned) slot, &packet);
    }
    bondd_engine_rearm(e);
    return G_SOURCE_CONTINUE;
}

int
bondd_frames_start(struct bondd_engine *e)
{
    e->slow_fd = dp_packet_open(0, BOND_FRAMES_SLOW);
    if (e->slow_fd >= 0)
        e->slow_source = bondd_engine_watch(e->slow_fd, slow_ready, e);
    return e->slow_fd;
}

void
bondd_frames_stop(struct bondd_engine *e)
{
    g_clear_handle_id(&e->slow_source, g_source_remove);
    if (e->slow_fd >= 0)
        close(e->slow_fd);
}

/* ---- out ---- */

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
