/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * attach.c - brings ports in and takes them out. Decides whether a device may be a port, and
 * refuses with a sentence before it touches anything.
 */
#include "daemon/bond.h"

#include <errno.h>
#include <net/if_arp.h>
#include <string.h>

#include "daemon/error.h"
#include "daemon/parted.h"

int
bondd_bond_slot(const struct bondd_bond *b, int ifindex)
{
    for (int i = 0; i < (int) BOND_MAX_PORTS; i++) {
        if (b->port[i].in_use && b->port[i].ifindex == ifindex)
            return i;
    }
    return BOND_NO_PORT;
}

/* May it be a port? -------------------------------------------------------------------------- */

static bool refuse(GError **error, enum bondd_error code, const struct bondd_bond *b,
                   const char *ifname, const char *format, ...) G_GNUC_PRINTF(5, 6);

static bool
refuse(GError **error, enum bondd_error code, const struct bondd_bond *b, const char *ifname,
       const char *format, ...)
{
    g_autofree char *why = NULL;
    va_list args;

    va_start(args, format);
    why = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, BONDD_ERROR, code, "\"%s\" cannot be a port of bond %s: %s.", ifname,
                b->core.name, why);
    return false;
}

static bool
check_type(const struct bondd_bond *b, const struct dp_link *link, GError **error)
{
    const struct bondd_bond *owner = bondd_engine_by_ifindex(b->engine, link->ifindex);

    if (link->flags & IFF_LOOPBACK)
        return refuse(error, BONDD_ERROR_PORT_TYPE, b, link->name,
                      "it is the loopback device, and only Ethernet devices can be ports");
    if (link->arphrd != ARPHRD_ETHER || link->mac_len != BOND_MAC_LEN)
        return refuse(error, BONDD_ERROR_PORT_TYPE, b, link->name,
                      "it is not an Ethernet device (its type is %u, Ethernet is %u)", link->arphrd,
                      ARPHRD_ETHER);
    if (owner != NULL && owner->core.ifindex == link->ifindex)
        return refuse(error, BONDD_ERROR_PORT_TYPE, b, link->name,
                      "it is a bond itself, and bonds cannot be nested");
    if ((owner != NULL && owner->peer_ifindex == link->ifindex) ||
        (strcmp(link->kind, "veth") == 0 && g_str_has_prefix(link->name, DP_PEER_PREFIX)))
        return refuse(error, BONDD_ERROR_PORT_TYPE, b, link->name,
                      "it is the hidden end of a bond's link");
    if (dp_monitor_is_above(b->engine->monitor, link->ifindex, b->core.ifindex))
        return refuse(error, BONDD_ERROR_CONFLICT, b, link->name,
                      "it stands above that bond, which would make a loop");
    return true;
}

static bool
check_free(const struct bondd_bond *b, const struct dp_link *link, GError **error)
{
    const struct bondd_bond *owner = bondd_engine_by_ifindex(b->engine, link->ifindex);
    struct dp_link master;
    int slot;

    if (link->master != 0) {
        bool known = dp_link_get_index(b->engine->nl, link->master, &master) == 0;

        return refuse(error, BONDD_ERROR_PORT_BUSY, b, link->name,
                      "it is a port of %s %s; take it out of there first",
                      known && master.kind[0] != '\0' ? master.kind : "device",
                      known ? master.name : "that is not visible here");
    }
    if (owner == NULL || owner == b)
        return true;
    slot = bondd_bond_slot(owner, link->ifindex);
    if (slot != BOND_NO_PORT && bond_slot_is_member(&owner->core, slot))
        return refuse(error, BONDD_ERROR_PORT_BUSY, b, link->name,
                      "it is a port of bond %s; detach it there first", owner->core.name);
    return true;
}

/* A slot is free, or one is made free by letting go of a port that only lingers. */
static bool
check_room(struct bondd_bond *b, const char *ifname, GError **error)
{
    int lingering = BOND_NO_PORT;

    for (int i = 0; i < (int) BOND_MAX_PORTS; i++) {
        if (b->core.port[i].phase == BOND_PHASE_FREE)
            return true;
        if (b->core.port[i].phase == BOND_PHASE_LINGERING)
            lingering = i;
    }
    if (lingering != BOND_NO_PORT) {
        struct bond_event ev = {
            .type = BOND_EV_PORT_DETACH, .slot = lingering, .u.detach.hard = true};

        return bondd_bond_step(b, &ev, error) >= 0;
    }
    return refuse(error, BONDD_ERROR_LIMIT_REACHED, b, ifname,
                  "the bond has %u ports already, and more are not possible", BOND_MAX_PORTS);
}

/* In ----------------------------------------------------------------------------------------- */

static void
fill_attach(struct bond_event *ev, const struct dp_link *link,
            const struct bondd_port_settings *settings)
{
    *ev = (struct bond_event){.type = BOND_EV_PORT_ATTACH, .slot = BOND_NO_PORT};
    ev->u.attach.ifindex = link->ifindex;
    g_strlcpy(ev->u.attach.name, link->name, sizeof(ev->u.attach.name));
    memcpy(ev->u.attach.mac, link->mac, BOND_MAC_LEN);
    ev->u.attach.admin_up = (link->flags & IFF_UP) != 0;
    ev->u.attach.carrier = link->carrier;
    ev->u.attach.speed_mbps = BOND_SPEED_UNKNOWN;
    ev->u.attach.duplex = BOND_DUPLEX_UNKNOWN;
    dp_link_speed(link->ifindex, &ev->u.attach.speed_mbps, &ev->u.attach.duplex);
    ev->u.attach.queue_id = settings->queue_id;
    ev->u.attach.prio = settings->prio;
    ev->u.attach.actor_port_prio = settings->actor_port_prio;
    ev->u.attach.rr_delay_us = settings->rr_delay_us;
}

/* Through core, the device being prepared. Returns the slot or a negative errno. */
static int
enter(struct bondd_bond *b, int ifindex, const struct bondd_port_settings *settings, GError **error)
{
    struct bond_event ev;
    struct dp_link link;
    /* Read only now: reading brings a fresh link's queue to life before it is chosen. */
    int r = dp_link_get_index(b->engine->nl, ifindex, &link);

    if (r < 0) {
        bondd_error_from_errno(error, r, "Port %i of bond %s could not be read", ifindex,
                               b->core.name);
        return r;
    }
    fill_attach(&ev, &link, settings);
    b->mac_error = 0;
    r = bondd_bond_step(b, &ev, error);
    if (r >= 0 && b->mac_error < 0) {
        struct bond_event out = {.type = BOND_EV_PORT_DETACH, .slot = r, .u.detach.hard = true};

        bondd_error_from_errno(error, b->mac_error,
                               "Port %s could not be attached: its MAC address cannot be changed "
                               "(fail_over_mac=active lets every port keep its own)",
                               link.name);
        r = b->mac_error;
        bondd_bond_step(b, &out, NULL);
    }
    return r;
}

static int
attach_new(struct bondd_bond *b, const struct dp_link *link,
           const struct bondd_port_settings *settings, GError **error)
{
    struct bondd_bond *owner = bondd_engine_by_ifindex(b->engine, link->ifindex);
    struct bondd_port *coming = &b->port[BONDD_PORT_COMING];
    int r;

    coming->id = b->next_port_id++;
    bondd_port_save(coming, link);
    if (owner != NULL)
        bondd_parted_return(owner, coming);
    b->ports_changed = true;
    bondd_bond_save(b); /* killed from here on, the next bondd restores the device */
    if (!bondd_port_apply(coming, b->engine->nl, b->bpf, b->core.name, b->mtu, b->promisc, error) ||
        !bondd_port_bring_up(coming, b->engine->nl, error))
        r = -EIO;
    else
        r = enter(b, link->ifindex, settings, error);
    if (r < 0 && coming->in_use)
        bondd_port_restore(coming, b->engine->nl, b->bpf);
    b->ports_changed = b->features_stale = true;
    return r;
}

/* Leaving, and wanted again: whatever has changed in the bond meanwhile is applied, too. */
static int
attach_again(struct bondd_bond *b, int slot, const struct dp_link *link,
             const struct bondd_port_settings *settings, GError **error)
{
    struct bondd_port *p = &b->port[slot];
    struct bondd_port_settings all = *settings;

    if (!all.has_queue_id)
        all.queue_id = b->core.port[slot].queue_id;
    if (!all.has_prio)
        all.prio = b->core.port[slot].prio;
    if (all.actor_port_prio == 0)
        all.actor_port_prio = b->core.port[slot].actor_port_prio;
    if (!all.has_rr_delay)
        all.rr_delay_us = b->core.port[slot].rr_delay_us;
    if (!bondd_port_apply(p, b->engine->nl, b->bpf, b->core.name, b->mtu, b->promisc, error) ||
        !bondd_port_bring_up(p, b->engine->nl, error))
        return -EIO;
    p->since_turn = b->engine->turns;
    b->ports_changed = true;
    return enter(b, link->ifindex, &all, error);
}

/* It may still be leaving another bond: that ends now, and the device is as it was before that. */
static bool
end_other_leave(struct bondd_bond *b, struct dp_link *link, GError **error)
{
    struct bondd_bond *owner = bondd_engine_by_ifindex(b->engine, link->ifindex);

    if (owner == NULL || owner == b)
        return true;
    bondd_bond_port_claimed(owner, link->ifindex);
    return dp_link_get_index(b->engine->nl, link->ifindex, link) == 0 ||
           refuse(error, BONDD_ERROR_NO_SUCH_PORT, b, link->name, "it has just gone");
}

int
bondd_bond_attach(struct bondd_bond *b, const char *ifname,
                  const struct bondd_port_settings *settings, GError **error)
{
    struct dp_link link;
    int slot, r = dp_link_get(b->engine->nl, ifname, &link);

    if (r < 0) {
        g_set_error(error, BONDD_ERROR, BONDD_ERROR_NO_SUCH_PORT,
                    "\"%s\" cannot be a port of bond %s: there is no such device.", ifname,
                    b->core.name);
        return -1;
    }
    slot = bondd_bond_slot(b, link.ifindex);
    if (slot != BOND_NO_PORT && bond_slot_is_member(&b->core, slot))
        return bondd_bond_port_settings(b, slot, settings, error) ? slot : -1;
    if (!check_type(b, &link, error) || !check_free(b, &link, error))
        return -1;
    if (slot != BOND_NO_PORT)
        r = attach_again(b, slot, &link, settings, error);
    else if (!check_room(b, ifname, error) || !end_other_leave(b, &link, error))
        r = -EBUSY;
    else
        r = attach_new(b, &link, settings, error);
    bondd_engine_touch(b->engine, b);
    return r < 0 ? -1 : r;
}

/* Out ---------------------------------------------------------------------------------------- */

int
bondd_bond_detach(struct bondd_bond *b, const char *ifname, bool hard, GError **error)
{
    struct bond_event ev = {.type = BOND_EV_PORT_DETACH, .u.detach.hard = hard};

    ev.slot = bond_port_by_name(&b->core, ifname);
    if (ev.slot == BOND_NO_PORT) {
        g_set_error(error, BONDD_ERROR, BONDD_ERROR_NO_SUCH_PORT,
                    "\"%s\" is not a port of bond %s.", ifname, b->core.name);
        return -1;
    }
    if (!hard && !bond_slot_is_member(&b->core, ev.slot))
        return ev.slot; /* on its way already */
    return bondd_bond_step(b, &ev, error) < 0 ? -1 : ev.slot;
}

bool
bondd_bond_port_settings(struct bondd_bond *b, int slot, const struct bondd_port_settings *settings,
                         GError **error)
{
    const struct bond_port *p = &b->core.port[slot];
    struct bond_event ev = {.type = BOND_EV_PORT_OPTIONS, .slot = slot};

    if (!bond_slot_is_member(&b->core, slot)) {
        g_set_error(error, BONDD_ERROR, BONDD_ERROR_NO_SUCH_PORT,
                    "\"%s\" is leaving bond %s: only a port of it has settings (attach it again "
                    "first).",
                    p->name, b->core.name);
        return false;
    }
    ev.u.port_options.queue_id = settings->has_queue_id ? settings->queue_id : p->queue_id;
    ev.u.port_options.prio = settings->has_prio ? settings->prio : p->prio;
    ev.u.port_options.actor_port_prio =
        settings->actor_port_prio != 0 ? settings->actor_port_prio : p->actor_port_prio;
    ev.u.port_options.rr_delay_us = settings->has_rr_delay ? settings->rr_delay_us : p->rr_delay_us;
    if (ev.u.port_options.queue_id == p->queue_id && ev.u.port_options.prio == p->prio &&
        ev.u.port_options.actor_port_prio == p->actor_port_prio &&
        ev.u.port_options.rr_delay_us == p->rr_delay_us)
        return true;
    return bondd_bond_step(b, &ev, error) >= 0;
}
