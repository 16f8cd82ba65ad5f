/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe.c - carries the ARP/NS monitor's questions out, and to it what it needs to know of answers.
 * Decides nothing about links; keeps the ways to the targets for a moment.
 */
#include "daemon/probe.h"

#include <string.h>

#include "core/parse.h"
#include "daemon/frames.h"
#include "datapath/probe.h"

/* A route is asked for at most this often: 16 targets at 10 ms would be 1600 questions a second. A
 * bond that has just been given an address asks from nobody for as long. */
#define ROUTE_AGE_NS (100 * BOND_NSEC_PER_MSEC)

struct bondd_routes {
    uint64_t asked_at_ns;
    struct dp_target target[BOND_MAX_ARP_TARGETS + BOND_MAX_NS_TARGETS];
    struct dp_route route[BOND_MAX_ARP_TARGETS + BOND_MAX_NS_TARGETS];
};

static unsigned
list_targets(const struct bond_options *o, struct dp_target *out)
{
    unsigned n = 0;

    memset(out, 0, (BOND_MAX_ARP_TARGETS + BOND_MAX_NS_TARGETS) * sizeof(*out));
    for (unsigned i = 0; i < o->n_arp_targets; i++) {
        out[n].family = AF_INET;
        out[n++].addr.v4.s_addr = o->arp_target_be[i];
    }
    for (unsigned i = 0; i < o->n_ns_targets; i++) {
        out[n].family = AF_INET6;
        memcpy(&out[n++].addr.v6, o->ns_target[i], sizeof(out->addr.v6));
    }
    return n;
}

void
bondd_probe_send(struct bondd_bond *b, int slot)
{
    struct dp_target target[BOND_MAX_ARP_TARGETS + BOND_MAX_NS_TARGETS];
    unsigned n = list_targets(&b->core.opt, target);
    struct bondd_routes *routes = b->routes;
    uint64_t now = bondd_now_ns();
    bool stale;

    if (!b->port[slot].in_use)
        return;
    if (routes == NULL)
        routes = b->routes = g_new0(struct bondd_routes, 1);
    stale = routes->asked_at_ns == 0 || now - routes->asked_at_ns >= ROUTE_AGE_NS ||
            memcmp(routes->target, target, sizeof(target)) != 0;
    if (stale) {
        memcpy(routes->target, target, sizeof(target));
        routes->asked_at_ns = now;
    }
    for (unsigned i = 0; i < n; i++) {
        if (stale)
            dp_probe_route(b->engine->nl, b->engine->monitor, b->core.ifindex, &target[i],
                           &routes->route[i]);
        /* One that could not be sent has no answer, which is what the monitor is for. */
        dp_probe_send(b->engine->sender_fd, b->port[slot].ifindex, b->core.port[slot].mac,
                      &target[i], &routes->route[i]);
    }
}

static bool
is_own(const struct bondd_bond *b, int family, const void *addr)
{
    struct dp_target t = {.family = family};

    memcpy(&t.addr, addr, family == AF_INET ? sizeof(t.addr.v4) : sizeof(t.addr.v6));
    return dp_above_has_address(b->engine->monitor, b->core.ifindex, &t);
}

void
bondd_probe_tell(const struct bondd_bond *b, struct bond_event *ev)
{
    struct bond_arp arp;
    struct bond_nd nd;

    if (b->core.arp_at_ns == BOND_NEVER)
        return; /* others hear ARP, too */
    if (bond_arp_parse(ev->u.frame.data, ev->u.frame.len, &arp)) {
        ev->u.frame.from_us = is_own(b, AF_INET, &arp.sender_be);
        ev->u.frame.to_us = is_own(b, AF_INET, &arp.target_be);
    } else if (bond_nd_parse(ev->u.frame.data, ev->u.frame.len, &nd)) {
        ev->u.frame.from_us = is_own(b, AF_INET6, nd.source);
        ev->u.frame.to_us = is_own(b, AF_INET6, nd.destination);
    }
}

void
bondd_probe_tell_traffic(struct bondd_bond *b)
{
    struct bond_event ev = {.type = BOND_EV_TRAFFIC};
    uint64_t stamps[BOND_MAX_PORTS];
    struct bond_table t;

    bond_table_build(&b->core, &t);
    if (!(t.flags & BOND_TABLE_F_STAMP) || dp_bpf_stamps(b->bpf, stamps) < 0)
        return;
    for (ev.slot = 0; ev.slot < (int) BOND_MAX_PORTS; ev.slot++) {
        ev.u.traffic.last_rx_ns = stamps[ev.slot];
        if (stamps[ev.slot] != 0 && bond_slot_is_member(&b->core, ev.slot))
            bondd_bond_step(b, &ev, NULL);
    }
}

void
bondd_probe_catch_up(struct bondd_bond *b)
{
    const uint64_t now = bondd_now_ns();

    if (b->core.arp_at_ns > now && bond_bfd_detect_at(&b->core) > now)
        return;
    bondd_frames_catch_up(b);
    if (b->core.arp_at_ns <= now)
        bondd_probe_tell_traffic(b);
}

void
bondd_probe_free(struct bondd_bond *b)
{
    g_clear_pointer(&b->routes, g_free);
}
