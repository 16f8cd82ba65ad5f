/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * watch.c - what happens to the links of a bond, as events for core. Decides only who a device
 * belongs to: a port that somebody else has taken is let go, never fought over.
 */
#include "daemon/bond.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "daemon/balance.h"
#include "daemon/notes.h"
#include "daemon/probe.h"

/* A look at all ports ------------------------------------------------------------------------ */

static void
port_gone(struct bondd_bond *b, int slot)
{
    struct bond_event ev = {.type = BOND_EV_PORT_GONE, .slot = slot};

    bondd_bond_step(b, &ev, NULL);
}

/* What core knows of a member already is no event; most looks find nothing else. */
static bool
is_known(const struct bond_port *p, const struct dp_link *link)
{
    return p->phase == BOND_PHASE_MEMBER && p->admin_up == ((link->flags & IFF_UP) != 0) &&
           p->carrier == link->carrier && memcmp(p->mac, link->mac, BOND_MAC_LEN) == 0 &&
           strcmp(p->name, link->name) == 0;
}

static void
feed_port(struct bondd_bond *b, int slot, const struct dp_link *link, bool ask_speed)
{
    const struct bond_port *p = &b->core.port[slot];
    struct bond_event ev = {.type = BOND_EV_PORT_LINK, .slot = slot};

    if (p->carrier != link->carrier)
        bondd_engine_look_closely(b->engine, b);
    ev.u.port_link.admin_up = (link->flags & IFF_UP) != 0;
    ev.u.port_link.carrier = link->carrier;
    ev.u.port_link.speed_mbps = p->speed_mbps;
    ev.u.port_link.duplex = p->duplex;
    if (ask_speed)
        dp_link_speed(link->ifindex, &ev.u.port_link.speed_mbps, &ev.u.port_link.duplex);
    memcpy(ev.u.port_link.mac, link->mac, BOND_MAC_LEN);
    g_strlcpy(ev.u.port_link.name, link->name, sizeof(ev.u.port_link.name));
    bondd_bond_step(b, &ev, NULL);
}

/* Of what the kernel has told and nobody has read, all that concerns these ports is older than what
 * was read here: a carrier that went and is back would seem to go now. */
static void
doubt_old_news(struct bondd_bond *b, const int *order, uint32_t n)
{
    if (dp_monitor_is_read(b->engine->monitor))
        return;
    for (uint32_t i = 0; i < n; i++)
        b->port[order[i]].since_turn = b->engine->turns;
}

/* The speed is read when a link has come up, and after every other port has been judged: asking a
 * driver may take long. */
static bool
speed_is_stale(const struct bond_port *p, const struct dp_link *link, bool had_carrier)
{
    return link->carrier && (!had_carrier || p->speed_mbps == BOND_SPEED_UNKNOWN);
}

/* Of another device, or of one that is no port any more. */
static void
unsee_others(struct bondd_bond *b, int slot, int ifindex)
{
    struct bondd_seen *seen = &b->seen[slot];

    if (seen->ifindex == 0 || seen->ifindex == ifindex)
        return;
    close(seen->fd);
    *seen = (struct bondd_seen){0};
}

void
bondd_bond_unsee(struct bondd_bond *b)
{
    for (int i = 0; i < (int) BOND_MAX_PORTS; i++)
        unsee_others(b, i, 0);
}

static uint64_t
count_changes(const struct bondd_seen *seen)
{
    uint32_t changes;

    return seen->ifindex != 0 && dp_link_carrier_changes(seen->fd, &changes) == 0
               ? 1 + (uint64_t) changes
               : 0;
}

/* Counted before it is looked at: what changes in between is seen the next time. */
static void
read_port(struct bondd_bond *b, int slot, struct dp_link *link, int *state)
{
    struct bondd_seen *seen = &b->seen[slot];
    int ifindex = b->core.port[slot].ifindex;
    uint64_t before;

    if (seen->ifindex == 0 && (seen->fd = dp_link_carrier_open(b->port[slot].name)) >= 0)
        seen->ifindex = ifindex;
    before = count_changes(seen);
    *state = dp_link_get_index(b->engine->nl, ifindex, link);
    seen->changes = *state == 0 && before == 1 + (uint64_t) link->carrier_changes ? before : 0;
}

void
bondd_bond_tick(struct bondd_bond *b)
{
    struct bond_event ev = {.type = BOND_EV_TICK};

    bondd_probe_catch_up(b);
    bondd_balance_catch_up(b);
    bondd_bond_step(b, &ev, NULL);
}

void
bondd_bond_look(struct bondd_bond *b)
{
    struct dp_link links[BOND_MAX_PORTS];
    int order[BOND_MAX_PORTS], state[BOND_MAX_PORTS];
    uint32_t n = bond_port_order(&b->core, true, order);
    bool ask[BOND_MAX_PORTS] = {false};
    int active = b->core.active;

    b->look = false;
    for (int i = 0; i < (int) BOND_MAX_PORTS; i++)
        unsee_others(b, i, b->core.port[i].phase != BOND_PHASE_FREE ? b->core.port[i].ifindex : 0);
    for (uint32_t i = 0; i < n; i++)
        read_port(b, order[i], &links[i], &state[i]);
    doubt_old_news(b, order, n);
    /* The active port last: when it has failed, what the others can do is known already. */
    for (int last = 0; last <= 1; last++) {
        for (uint32_t i = 0; i < n; i++) {
            int slot = order[i];
            bool had = b->core.port[slot].carrier;

            if ((slot == active) != (last == 1) || b->core.port[slot].phase == BOND_PHASE_FREE)
                continue;
            if (state[i] == -ENODEV) {
                port_gone(b, slot);
            } else if (state[i] == 0) {
                ask[i] = speed_is_stale(&b->core.port[slot], &links[i], had);
                if (!is_known(&b->core.port[slot], &links[i]))
                    feed_port(b, slot, &links[i], false);
            }
        }
    }
    bondd_bond_tick(b);
    for (uint32_t i = 0; i < n; i++) {
        if (ask[i] && b->core.port[order[i]].phase != BOND_PHASE_FREE)
            feed_port(b, order[i], &links[i], true);
    }
}

/* Of carriers alone the kernel may tell late; all else of a link it tells as it happens. */
static bool
is_as_seen(const struct bondd_bond *b, int slot)
{
    const struct bond_port *p = &b->core.port[slot];
    const struct bondd_seen *seen = &b->seen[slot];

    return p->phase == BOND_PHASE_MEMBER && !(p->carrier && p->speed_mbps == BOND_SPEED_UNKNOWN) &&
           seen->ifindex == p->ifindex && seen->changes != 0 &&
           seen->changes == count_changes(seen);
}

void
bondd_bond_poll(struct bondd_bond *b)
{
    int order[BOND_MAX_PORTS];
    uint32_t n = bond_port_order(&b->core, true, order), i = 0;

    while (i < n && is_as_seen(b, order[i]))
        i++;
    /* While links fail looks are there to settle the kernel's link events, too. */
    if (i < n || b->look || b->closely_until_ns != 0)
        bondd_bond_look(b);
    else
        bondd_bond_tick(b);
}

/* Ports -------------------------------------------------------------------------------------- */

static void
claimed(struct bondd_bond *b, int slot)
{
    struct bond_event ev = {.type = BOND_EV_PORT_CLAIMED, .slot = slot};

    b->port[slot].claimed = true;
    bondd_bond_step(b, &ev, NULL);
}

static void
taken(struct bondd_bond *b, int slot, const struct dp_link *link)
{
    struct bond_event ev = {.type = BOND_EV_PORT_DETACH, .slot = slot, .u.detach.hard = true};
    const struct dp_link *master = dp_monitor_link(b->engine->monitor, link->master);

    b->port[slot].claimed = true;
    bondd_note(b, "port-taken", link->name, BOND_WHY_TAKEN, BOND_SAY_PORT_TAKEN, link->name,
               master != NULL ? master->name : "another device");
    bondd_bond_step(b, &ev, NULL);
}

void
bondd_bond_port_changed(struct bondd_bond *b, int slot, const struct dp_link *link)
{
    struct bondd_port *p = &b->port[slot];

    if (strcmp(p->name, link->name) != 0) {
        bondd_note(b, "port-renamed", link->name, BOND_WHY_RENAMED, BOND_SAY_PORT_RENAMED, p->name,
                   link->name);
        g_strlcpy(p->name, link->name, sizeof(p->name));
        b->ports_changed = true;
    }
    if (bond_slot_is_member(&b->core, slot)) {
        if (link->master != 0)
            taken(b, slot, link);
        else if (b->engine->turns > p->since_turn && b->core.port[slot].carrier &&
                 (!link->carrier || !(link->flags & IFF_UP)))
            feed_port(b, slot, link, false); /* what is certain needs no second look */
    } else if (link->master != 0 || !(link->flags & IFF_UP)) {
        claimed(b, slot);
    }
    b->look = true;
}

void
bondd_bond_port_gone(struct bondd_bond *b, int slot)
{
    if (b->core.port[slot].phase != BOND_PHASE_FREE)
        port_gone(b, slot);
    b->look = true;
}

void
bondd_bond_port_claimed(struct bondd_bond *b, int ifindex)
{
    int slot = bondd_bond_slot(b, ifindex);

    if (slot != BOND_NO_PORT && !bond_slot_is_member(&b->core, slot))
        claimed(b, slot);
}

/* The bond's own device ----------------------------------------------------------------------- */

struct uppers {
    const struct bondd_bond *b;
    bool foreign_mac;
};

static bool
look_at_upper(const struct dp_link *link, void *data)
{
    struct uppers *u = data;

    u->foreign_mac =
        link->ifindex != u->b->peer_ifindex && memcmp(link->mac, u->b->dev_mac, BOND_MAC_LEN) != 0;
    return !u->foreign_mac;
}

/* A port is promiscuous with the bond, and while it receives for others. */
static void
set_port_promisc(struct bondd_bond *b, guint slot)
{
    bool stands_in = b->stand_ins & (1u << slot);

    if (b->port[slot].in_use)
        bondd_port_set_promisc(&b->port[slot], b->engine->nl, b->promisc || stands_in);
    b->ports_changed = true;
}

void
bondd_bond_sync_ports(struct bondd_bond *b)
{
    for (guint i = 0; i < BOND_MAX_PORTS; i++) {
        uint32_t bit = 1u << i;

        if (bond_port_wants_promisc(&b->core, (int) i) == ((b->stand_ins & bit) != 0))
            continue;
        b->stand_ins ^= bit;
        set_port_promisc(b, i);
    }
}

/* Somebody captures on the bond if its promiscuity is more than what devices above it explain: one
 * for a bridge, one for all VLANs and macvlans with addresses of their own (a veth has no filter
 * for further addresses and turns promiscuous instead). */
void
bondd_bond_sync_promisc(struct bondd_bond *b, const struct dp_link *link)
{
    struct uppers u = {.b = b};
    uint32_t bridge = link->master != 0 ? 1 : 0;
    bool promisc = link->promiscuity > 0, via_peer;

    /* With thousands above it, the others are looked through only if the answer is with them. */
    if (link->promiscuity == bridge + 1)
        dp_monitor_foreach_upper(b->engine->monitor, b->core.ifindex, look_at_upper, &u);
    via_peer = link->promiscuity > bridge + (u.foreign_mac ? 1 : 0);
    if (promisc != b->promisc) {
        b->promisc = promisc;
        for (guint i = 0; i < BOND_MAX_PORTS; i++)
            set_port_promisc(b, i);
        bondd_engine_touch(b->engine, b);
    }
    if (via_peer != b->via_peer) {
        b->via_peer = via_peer;
        bondd_bond_publish(b);
    }
}

void
bondd_bond_filters_changed(struct bondd_bond *b, int ifindex)
{
    const char *before = dp_bpf_attachment(b->bpf);
    int r = dp_bpf_filters_changed(b->bpf, ifindex);

    if (r < 0 && r != -ENODEV)
        bondd_warning("%s: The packet path could not make way for somebody's tc filters: %s.",
                      b->core.name, g_strerror(-r));
    if (strcmp(before, dp_bpf_attachment(b->bpf)) != 0)
        bondd_engine_touch(b->engine, b);
}

static void
set_mtu(struct bondd_bond *b, uint32_t mtu)
{
    b->mtu = mtu;
    for (guint i = 0; i < BOND_MAX_PORTS; i++) {
        if (b->port[i].in_use)
            bondd_port_set_mtu(&b->port[i], b->engine->nl, mtu);
    }
    b->ports_changed = true;
    bondd_note(b, "mtu-changed", NULL, BOND_WHY_SET, BOND_SAY_MTU_CHANGED, mtu);
    bondd_engine_touch(b->engine, b);
}

void
bondd_bond_link_changed(struct bondd_bond *b, const struct dp_link *link)
{
    struct bond_event ev = {.type = BOND_EV_BOND_LINK};
    bool mac_given = memcmp(link->mac, b->dev_mac, BOND_MAC_LEN) != 0 &&
                     memcmp(link->mac, b->core.mac, BOND_MAC_LEN) != 0;
    bool up = (link->flags & IFF_UP) != 0;
    const struct dp_link *master = dp_monitor_link(b->engine->monitor, link->master);
    bool bridged = master != NULL && strcmp(master->kind, "bridge") == 0;

    if (strcmp(link->name, b->dev_name) != 0) {
        g_strlcpy(b->dev_name, link->name, sizeof(b->dev_name));
        bondd_note(b, "bond-renamed", NULL, BOND_WHY_RENAMED, BOND_SAY_BOND_RENAMED, b->core.name,
                   link->name);
        bondd_engine_touch(b->engine, b);
    }
    if (up != b->core.admin_up || bridged != b->core.bridged || mac_given) {
        memcpy(b->dev_mac, link->mac, BOND_MAC_LEN);
        ev.u.bond_link.admin_up = up;
        ev.u.bond_link.bridged = bridged;
        ev.u.bond_link.mac_given = mac_given;
        memcpy(ev.u.bond_link.mac, link->mac, BOND_MAC_LEN);
        bondd_bond_step(b, &ev, NULL);
    }
    if (link->mtu != b->mtu)
        set_mtu(b, link->mtu);
    bondd_bond_sync_promisc(b, link);
}

/* The other end of the device's pair goes up and down with it. */
void
bondd_bond_show_carrier(struct bondd_bond *b)
{
    if (!b->hidden)
        dp_link_set_up(b->engine->nl, b->peer_ifindex, b->core.carrier);
    else if (b->inside != 0)
        dp_hidden_set_up(b->engine->hidden, b->inside, b->core.carrier);
}

/* Its up and down are the bond's carrier, and nobody else's business. Where the bond is hidden that
 * is another device, and this one is always up. */
void
bondd_bond_peer_changed(struct bondd_bond *b, const struct dp_link *link)
{
    bool up = (link->flags & IFF_UP) != 0;

    if (up != (b->hidden || b->core.carrier))
        dp_link_set_up(b->engine->nl, b->peer_ifindex, !up);
}

void
bondd_bond_sync_features(struct bondd_bond *b)
{
    int order[BOND_MAX_PORTS], ifindexes[BOND_MAX_PORTS];
    uint32_t n = bond_port_order(&b->core, false, order);

    b->features_stale = false;
    b->max_segments = bond_max_segments(&b->core);
    for (uint32_t i = 0; i < n; i++)
        ifindexes[i] = b->core.port[order[i]].ifindex;
    dp_link_sync_features(b->engine->nl, b->core.ifindex, ifindexes, n, b->max_segments);
}
