/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * attach.c - what comes in about ports: a new one, what its device is like now, its own options.
 * Decides who may become a port; what follows from it is decided when the step settles.
 *
 * Kernel: bond_enslave(), bond_slave_netdev_event(), bond_option_queue_id_set(),
 * bond_option_prio_set().
 */
#include <stdio.h>

#include "core/lacp_internal.h"
#include "core/arpmon.h"

static int
check_queue_id(struct step *s, const char *name, uint16_t queue_id, int slot)
{
    for (int i = 0; queue_id != 0 && i < (int) BOND_MAX_PORTS; i++)
        if (i != slot && bond_slot_is_member(s->b, i) && s->b->port[i].queue_id == queue_id)
            return bond_err_set(s->err, BOND_ERR_CONFLICT, -EPERM,
                                "queue_id %u of %s is already that of %s; each port needs its own, "
                                "or 0",
                                queue_id, name, s->b->port[i].name);
    return 0;
}

/* kernel: bond_update_speed_duplex(): one of them unknown makes both unknown. */
static void
set_speed(struct bond_port *p, int32_t speed_mbps, uint8_t duplex)
{
    bool known = speed_mbps > 0 && (duplex == BOND_DUPLEX_HALF || duplex == BOND_DUPLEX_FULL);

    p->speed_mbps = known ? speed_mbps : BOND_SPEED_UNKNOWN;
    p->duplex = known ? duplex : BOND_DUPLEX_UNKNOWN;
}

/* Where the port goes: its old slot if it is leaving, a free one, or a negative errno. */
static int
find_slot(struct step *s, int32_t ifindex, const char *name)
{
    struct bond *b = s->b;
    int slot = bond_port_by_ifindex(b, ifindex), same_name = bond_port_by_name(b, name);

    if (bond_slot_is_member(b, slot) || bond_slot_is_member(b, same_name))
        return bond_err_set(s->err, BOND_ERR_BUSY, -EEXIST, "%s is already a port of %s", name,
                            b->name);
    for (int i = 0; slot == BOND_NO_PORT && i < (int) BOND_MAX_PORTS; i++)
        if (b->port[i].phase == BOND_PHASE_FREE)
            slot = i;
    if (slot == BOND_NO_PORT)
        return bond_err_set(
            s->err, BOND_ERR_LIMIT, -ENOSPC,
            "%s cannot become a port of %s: a bond has at most %u ports, those that "
            "are leaving included",
            name, b->name, BOND_MAX_PORTS);
    return slot;
}

static uint16_t
port_prio(uint16_t given)
{
    return given ? given : BOND_LACP_PORT_PRIO;
}

/* A port that was leaving keeps what it had before it first came; the rest is new, as it is for
 * a slave that the kernel enslaves again. */
static void
fill(struct step *s, int slot, const struct bond_event *ev)
{
    struct bond_port *p = &s->b->port[slot], was = *p;

    memset(p, 0, sizeof(*p));
    p->phase = BOND_PHASE_MEMBER;
    p->link = BOND_LINK_DOWN;
    p->ifindex = ev->u.attach.ifindex;
    memcpy(p->name, ev->u.attach.name, BOND_NAME_SIZE);
    memcpy(p->mac, ev->u.attach.mac, BOND_MAC_LEN);
    memcpy(p->perm_mac, was.phase == BOND_PHASE_FREE ? p->mac : was.perm_mac, BOND_MAC_LEN);
    p->admin_up = ev->u.attach.admin_up;
    p->carrier = ev->u.attach.carrier;
    set_speed(p, ev->u.attach.speed_mbps, ev->u.attach.duplex);
    p->queue_id = ev->u.attach.queue_id;
    p->prio = ev->u.attach.prio;
    p->actor_port_prio = port_prio(ev->u.attach.actor_port_prio);
    p->rr_delay_us = ev->u.attach.rr_delay_us;
    p->attach_seq = s->b->next_attach_seq++;
    p->delay_until_ns = BOND_NEVER;
    p->last_change_ns = s->now;
}

int
bond_attach(struct step *s, const struct bond_event *ev)
{
    struct bond *b = s->b;
    const char *name = ev->u.attach.name;
    bool first = bond_n_members(b) == 0;
    int slot, rc;

    if (!bond_name_valid(name) || ev->u.attach.ifindex <= 0)
        return bond_err_set(s->err, BOND_ERR_BAD_VALUE, -EINVAL,
                            "a port needs a valid interface name and index");
    if (!bond_mac_valid(ev->u.attach.mac))
        return bond_err_set(s->err, BOND_ERR_NOT_SUPPORTED, -EADDRNOTAVAIL,
                            "%s cannot become a port of %s: it has no unicast Ethernet address",
                            name, b->name);
    slot = find_slot(s, ev->u.attach.ifindex, name);
    if (slot < 0)
        return slot;
    rc = check_queue_id(s, name, ev->u.attach.queue_id, slot);
    if (rc < 0)
        return rc;

    fill(s, slot, ev);
    bond_note(s, BOND_NOTE_PORT_ATTACHED, slot, BOND_NO_PORT, BOND_REASON_REQUEST);
    bond_arpmon_attach(s, slot);
    bond_mac_attach(s, slot, first);
    if (bond_is_lacp(b))
        bond_lacp_bind(s, slot);
    if (bond_uses_primary(b)) {
        s->reselect = true;
        b->force_primary = b->force_primary || slot == bond_primary(b);
        if (strcmp(name, b->opt.active_slave) == 0)
            s->wish = slot;
    }
    return slot;
}

/* Names are unique at any moment, reports of two renames may be not: the older name goes. */
static void
rename_port(struct step *s, int slot, const char *name)
{
    struct bond *b = s->b;
    int other = bond_port_by_name(b, name), primary = bond_primary(b);

    if (bond_slot_is_member(b, other) && other != slot) {
        struct bond_port *p = &b->port[other];

        memset(p->name, 0, BOND_NAME_SIZE);
        snprintf(p->name, BOND_NAME_SIZE, "if%d", (int) p->ifindex);
    }
    memset(b->port[slot].name, 0, BOND_NAME_SIZE);
    memcpy(b->port[slot].name, name, strnlen(name, BOND_NAME_SIZE - 1));
    if (bond_primary(b) != primary)
        s->reselect = true;
}

int
bond_port_report(struct step *s, const struct bond_event *ev)
{
    int slot = ev->slot;
    struct bond_port *p = &s->b->port[slot];
    const char *name = ev->u.port_link.name;

    p->admin_up = ev->u.port_link.admin_up;
    p->carrier = ev->u.port_link.carrier;
    set_speed(p, ev->u.port_link.speed_mbps, ev->u.port_link.duplex);
    memcpy(p->mac, ev->u.port_link.mac, BOND_MAC_LEN);
    if (bond_name_valid(name) && strcmp(name, p->name) != 0)
        rename_port(s, slot, name);
    if (p->phase == BOND_PHASE_MEMBER)
        return 0;
    if (!p->admin_up)
        bond_release(s, slot, BOND_REASON_ADMIN_DOWN);
    else
        p->link = bond_port_is_up(p) ? BOND_LINK_UP : BOND_LINK_DOWN;
    return 0;
}

int
bond_port_reconfigure(struct step *s, const struct bond_event *ev)
{
    struct bond *b = s->b;
    struct bond_port *p = &b->port[ev->slot];
    int rc = check_queue_id(s, p->name, ev->u.port_options.queue_id, ev->slot);

    if (rc < 0)
        return rc;
    p->queue_id = ev->u.port_options.queue_id;
    p->rr_delay_us = ev->u.port_options.rr_delay_us;
    if (p->actor_port_prio != port_prio(ev->u.port_options.actor_port_prio)) {
        p->actor_port_prio = port_prio(ev->u.port_options.actor_port_prio);
        p->lacp.ntt = p->lacp.number != 0;
    }
    if (p->prio == ev->u.port_options.prio)
        return 0;
    p->prio = ev->u.port_options.prio;
    if (bond_primary(b) == BOND_NO_PORT)
        s->reselect = true;
    return 0;
}
