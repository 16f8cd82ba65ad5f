/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * switchside.c - finds out whether the switch's side fits the bond's mode: who answers LACP and who
 * does not, who speaks it unasked, and whether what the bond sends comes back to it, which no
 * switch does to an aggregate. Only warns; what is done about partners is core's.
 */
#include "daemon/switchside.h"

#include <glib-unix.h>
#include <string.h>
#include <unistd.h>

#include "core/sentences.h"

#define OFF_TYPE 12    /* of an Ethernet frame */
#define OFF_SUBTYPE 14 /* behind it; 1 is LACP (802.3, table 57A-3) */
#define OFF_SYSTEM 20  /* Actor_System of an LACPDU (802.1AX-2014, 6.4.2.3) */
/* A partner says so every 30 s at least; after three times it is as good as gone (6.4.4). */
#define FORGET_S (BOND_LACP_LONG_TIMEOUT_NS / BOND_NSEC_PER_SEC)

static bool
is_slow(const struct dp_packet *packet)
{
    return packet->len >= OFF_SYSTEM + BOND_MAC_LEN && packet->data[OFF_TYPE] == 0x88 &&
           packet->data[OFF_TYPE + 1] == 0x09;
}

struct memory {
    struct bondd_bond *bond;
    struct bondd_ear *ear;
};

static gboolean
on_silence(gpointer data)
{
    struct memory *memory = data;

    memory->ear->forget = 0;
    memset(memory->ear->partner, 0, BOND_MAC_LEN);
    bondd_engine_touch(memory->bond->engine, memory->bond);
    return G_SOURCE_REMOVE;
}

void
bondd_switchside_forget(struct bondd_ear *ear)
{
    if (ear->forget != 0)
        g_source_remove(ear->forget);
    ear->forget = 0;
}

bool
bondd_switchside_hear(struct bondd_bond *b, unsigned slot, const struct dp_packet *packet)
{
    struct bondd_ear *ear = &b->ear[slot];
    const uint8_t *system = packet->data + OFF_SYSTEM;
    struct memory *memory;

    if (slot >= BOND_MAX_PORTS || !is_slow(packet) ||
        b->core.opt.num[BOND_OPT_MODE] == BOND_MODE_8023AD)
        return false;
    if (packet->data[OFF_SUBTYPE] != 1)
        return true;
    memory = g_new(struct memory, 1);
    *memory = (struct memory){b, ear};
    bondd_switchside_forget(ear);
    ear->forget =
        g_timeout_add_seconds_full(G_PRIORITY_DEFAULT, FORGET_S, on_silence, memory, g_free);
    if (memcmp(ear->partner, system, BOND_MAC_LEN) != 0) {
        memcpy(ear->partner, system, BOND_MAC_LEN);
        bondd_engine_touch(b->engine, b);
    }
    return true;
}

/* ---- what comes back ----
 *
 * A switch that does not know two ports as one aggregate floods a broadcast that comes in by one of
 * them to the other. ARP requests are broadcasts that every host sends now and then, and each
 * announcement is one. They enter the bond, so they are heard there, and the kernel looks for them
 * in ARP frames only. (Not on a bond that is a bridge's port: the bridge takes them first.)
 */

#define LOOK_S 60u      /* once heard, the socket is looked into so often, and wakes nobody */
#define BELIEVED_S 600u /* a host may ask nobody for some minutes */

static void listen_for_echo(struct bondd_bond *b);

static gboolean
on_look(gpointer data)
{
    struct bondd_bond *b = data;
    struct bondd_echo *echo = &b->echo;
    struct dp_packet packet;

    while (dp_packet_receive(echo->fd, &packet) > 0)
        echo->heard_ns = bondd_now_ns();
    if (bondd_now_ns() - echo->heard_ns < BELIEVED_S * BOND_NSEC_PER_SEC)
        return G_SOURCE_CONTINUE;
    echo->timer = 0;
    listen_for_echo(b);
    bondd_engine_touch(b->engine, b);
    return G_SOURCE_REMOVE;
}

static gboolean
on_echo(gint fd, GIOCondition condition, gpointer data)
{
    struct bondd_bond *b = data;
    struct dp_packet packet;

    if (dp_packet_receive(fd, &packet) <= 0)
        return G_SOURCE_CONTINUE;
    b->echo.source = 0;
    b->echo.heard_ns = bondd_now_ns();
    b->echo.timer = g_timeout_add_seconds(LOOK_S, on_look, b);
    bondd_engine_touch(b->engine, b);
    return G_SOURCE_REMOVE;
}

static void
listen_for_echo(struct bondd_bond *b)
{
    b->echo.source = g_unix_fd_add(b->echo.fd, G_IO_IN, on_echo, b);
}

void
bondd_switchside_close(struct bondd_bond *b)
{
    struct bondd_echo *echo = &b->echo;

    if (echo->source != 0)
        g_source_remove(echo->source);
    if (echo->timer != 0)
        g_source_remove(echo->timer);
    if (echo->source != 0 || echo->timer != 0)
        close(echo->fd);
    *echo = (struct bondd_echo){0};
}

static bool
wants_aggregate(const struct bondd_bond *b)
{
    uint32_t mode = b->core.opt.num[BOND_OPT_MODE];

    return mode == BOND_MODE_BALANCE_RR || mode == BOND_MODE_BALANCE_XOR ||
           mode == BOND_MODE_BROADCAST;
}

void
bondd_switchside_sync(struct bondd_bond *b)
{
    struct bondd_echo *echo = &b->echo;

    if (!wants_aggregate(b)) {
        bondd_switchside_close(b);
        return;
    }
    if (echo->ifindex == b->core.ifindex && memcmp(echo->mac, b->core.mac, BOND_MAC_LEN) == 0)
        return;
    bondd_switchside_close(b);
    echo->ifindex = b->core.ifindex;
    memcpy(echo->mac, b->core.mac, BOND_MAC_LEN);
    echo->fd = dp_packet_open_echo(echo->ifindex, echo->mac);
    if (echo->fd >= 0) /* else it is a warning less */
        listen_for_echo(b);
}

/* ---- warnings ---- */

static char *
mac_text(const uint8_t *mac)
{
    return g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
                           mac[5]);
}

/* Takes text. */
static void
warn(GStrvBuilder *out, char *text)
{
    g_strv_builder_add(out, text);
    g_free(text);
}

static void
warn_of_unasked(const struct bondd_bond *b, int slot, GStrvBuilder *out)
{
    g_autofree char *system = mac_text(b->ear[slot].partner);

    if (b->ear[slot].forget != 0)
        warn(out, g_strdup_printf(BOND_WARN_LACP_UNASKED, b->core.port[slot].name, system,
                                  bond_mode_name(b->core.opt.num[BOND_OPT_MODE])));
}

/* Two that both have a partner, but not together. */
static bool
warn_of_pair(const struct bond_port *one, const struct bond_port *two, GStrvBuilder *out)
{
    const struct bond_lacp_info *a = &one->lacp.partner, *b = &two->lacp.partner;
    g_autofree char *system_a = mac_text(a->system);
    g_autofree char *system_b = mac_text(b->system);

    if (memcmp(a->system, b->system, BOND_MAC_LEN) != 0)
        warn(out, g_strdup_printf(BOND_WARN_PARTNERS, one->name, two->name, system_a, system_b));
    else if (a->key != b->key)
        warn(out, g_strdup_printf(BOND_WARN_PARTNER_KEYS, one->name, two->name, a->key, b->key));
    else
        return false;
    return true;
}

static void
warn_of_partners(const struct bondd_bond *b, const int *order, uint32_t n, GStrvBuilder *out)
{
    const struct bond_port *first = NULL;
    bool told = false;

    for (uint32_t i = 0; i < n; i++) {
        const struct bond_port *p = &b->core.port[order[i]];

        if (p->lacp.number == 0 || p->lacp.looped)
            continue;
        if (p->lacp.rx == BOND_LACP_RX_DEFAULTED)
            warn(out, g_strdup_printf(BOND_WARN_NO_PARTNER, p->name));
        if (p->lacp.rx != BOND_LACP_RX_CURRENT)
            continue;
        if ((p->lacp.partner.state & BOND_LACP_AGGREGATION) == 0)
            warn(out, g_strdup_printf(BOND_WARN_PARTNER_INDIVIDUAL, p->name));
        else if (first == NULL)
            first = p;
        else if (!told)
            told = warn_of_pair(first, p, out);
    }
}

void
bondd_switchside_warnings(const struct bondd_bond *b, GStrvBuilder *out)
{
    int order[BOND_MAX_PORTS];
    uint32_t n = bond_port_order(&b->core, false, order);

    if (b->core.opt.num[BOND_OPT_MODE] == BOND_MODE_8023AD) {
        warn_of_partners(b, order, n, out);
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        warn_of_unasked(b, order[i], out);
    if (b->echo.timer != 0)
        warn(out, g_strdup_printf(BOND_WARN_COMES_BACK, b->core.name,
                                  bond_mode_name(b->core.opt.num[BOND_OPT_MODE])));
}
