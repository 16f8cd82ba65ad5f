/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dbus_port.c - org.freedesktop.NetworkManager.bond.Port: one object for each port, also while it
 * is leaving.
 */
#include "daemon/dbus.h"

#include <arpa/inet.h>

#include "daemon/dbus_lacp.h"
#include "daemon/error.h"

char *
bondd_dbus_port_path(const struct bondd_bond *b, int slot)
{
    return g_strdup_printf(BONDD_ROOT_PATH "/bonds/%u/ports/%u", b->id, b->port[slot].id);
}

static bool
set_settings(struct bondd_call *call, GError **error)
{
    g_autoptr(GVariant) dict = g_variant_get_child_value(call->params, 0);
    struct bondd_port_settings settings;

    return bondd_args_port(dict, &settings, error) &&
           bondd_bond_port_settings(call->bond, call->slot, &settings, error);
}

static bool
get_counters(struct bondd_call *call, GError **error)
{
    struct bond_counters c[BOND_MAX_PORTS + 1];
    int r = dp_bpf_counters(call->bond->bpf, c);

    if (r < 0) {
        bondd_error_from_errno(error, r, "Reading the counters of bond %s", call->bond->core.name);
        return false;
    }
    call->reply = bondd_dbus_counters(&c[call->slot]);
    return true;
}

static gboolean
on_set_settings(BonddDbusPort *iface, GDBusMethodInvocation *invocation)
{
    return bondd_dbus_call(iface, invocation, set_settings, true);
}

static gboolean
on_get_counters(BonddDbusPort *iface, GDBusMethodInvocation *invocation)
{
    return bondd_dbus_call(iface, invocation, get_counters, false);
}

static const char *
state_name(const struct bond *c, int slot)
{
    const struct bond_port *p = &c->port[slot];

    switch ((enum bond_phase) p->phase) {
    case BOND_PHASE_DRAINING:
        return "draining";
    case BOND_PHASE_LINGERING:
        return "lingering";
    case BOND_PHASE_FREE:
    case BOND_PHASE_MEMBER:
        break;
    }
    if (bond_port_can_tx(c, slot))
        return "active";
    return p->link == BOND_LINK_UP && p->carrier && p->admin_up ? "backup" : "down";
}

static const char *
duplex_name(uint8_t duplex)
{
    return duplex == BOND_DUPLEX_FULL ? "full" : duplex == BOND_DUPLEX_HALF ? "half" : "unknown";
}

static void
format_mac(char text[18], const uint8_t mac[BOND_MAC_LEN])
{
    g_snprintf(text, 18, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
               mac[5]);
}

static GVariant *
targets(const struct bond *c, const struct bond_port *p)
{
    bool on = p->phase == BOND_PHASE_MEMBER && c->arp_at_ns != BOND_NEVER;
    char text[INET6_ADDRSTRLEN];
    GVariantBuilder out;

    g_variant_builder_init(&out, G_VARIANT_TYPE("a(sb)"));
    for (guint i = 0; on && i < c->opt.n_arp_targets; i++)
        g_variant_builder_add(&out, "(sb)",
                              inet_ntop(AF_INET, &c->opt.arp_target_be[i], text, sizeof(text)),
                              (p->targets_heard & (1u << i)) != 0);
    for (guint i = 0; on && i < c->opt.n_ns_targets; i++)
        g_variant_builder_add(&out, "(sb)",
                              inet_ntop(AF_INET6, c->opt.ns_target[i], text, sizeof(text)),
                              (p->targets_heard & (1u << (BOND_MAX_ARP_TARGETS + i))) != 0);
    return g_variant_builder_end(&out);
}

static void
sync_properties(struct bondd_bond_object *o, struct bondd_port_object *po, int slot)
{
    const struct bond_port *p = &o->bond->core.port[slot];
    int64_t change_us = (int64_t) (p->last_change_ns / 1000);
    char mac[18];

    bondd_dbus_port_set_name(po->iface, p->name);
    bondd_dbus_port_set_ifindex(po->iface, p->ifindex);
    bondd_dbus_port_set_bond(po->iface, g_dbus_object_get_object_path(G_DBUS_OBJECT(o->object)));
    bondd_dbus_port_set_state(po->iface, state_name(&o->bond->core, slot));
    bondd_dbus_port_set_link_state(po->iface, bond_link_name((enum bond_link) p->link));
    bondd_dbus_port_set_carrier(po->iface, p->carrier);
    format_mac(mac, p->perm_mac);
    bondd_dbus_port_set_permanent_mac_address(po->iface, mac);
    format_mac(mac, p->mac);
    bondd_dbus_port_set_mac_address(po->iface, mac);
    bondd_dbus_port_set_speed(po->iface, p->speed_mbps > 0 ? (guint) p->speed_mbps : 0);
    bondd_dbus_port_set_duplex(po->iface, duplex_name(p->duplex));
    bondd_dbus_port_set_failure_count(po->iface, p->failure_count);
    bondd_dbus_port_set_queue_id(po->iface, p->queue_id);
    bondd_dbus_port_set_priority(po->iface, p->prio);
    bondd_dbus_port_set_targets(po->iface, targets(&o->bond->core, p));
    bondd_dbus_port_set_bfd(
        po->iface, p->bfd.on ? bond_bfd_state_name((enum bond_bfd_state) p->bfd.state) : "");
    bondd_dbus_port_set_actor_port_priority(po->iface, p->actor_port_prio);
    bondd_dbus_port_set_rr_delay(po->iface, p->rr_delay_us);
    bondd_dbus_port_set_lacp(po->iface, bondd_dbus_lacp_port(&o->bond->core, slot));
    bondd_dbus_port_set_last_change(
        po->iface, change_us != 0 ? (guint64) (change_us + o->bond->real_minus_mono_us) : 0);
}

void
bondd_dbus_port_sync(struct bondd_dbus *d, struct bondd_bond_object *o, int slot)
{
    struct bondd_port_object *po = &o->port[slot];
    bool is_new;

    if (po->id != o->bond->port[slot].id)
        bondd_dbus_port_drop(d, po);
    is_new = po->id == 0;
    if (is_new) {
        g_autofree char *path = bondd_dbus_port_path(o->bond, slot);

        po->id = o->bond->port[slot].id;
        po->object = bondd_dbus_object_skeleton_new(path);
        po->iface = bondd_dbus_port_skeleton_new();
        bondd_dbus_tie(po->iface, d, o->bond->id, po->id);
        g_signal_connect(po->iface, "handle-set-settings", G_CALLBACK(on_set_settings), NULL);
        g_signal_connect(po->iface, "handle-get-counters", G_CALLBACK(on_get_counters), NULL);
    }
    sync_properties(o, po, slot);
    if (is_new) {
        bondd_dbus_object_skeleton_set_port(po->object, po->iface);
        g_dbus_object_manager_server_export(d->objects, G_DBUS_OBJECT_SKELETON(po->object));
    }
    g_dbus_interface_skeleton_flush(G_DBUS_INTERFACE_SKELETON(po->iface));
}

void
bondd_dbus_port_drop(struct bondd_dbus *d, struct bondd_port_object *po)
{
    if (po->id == 0)
        return;
    g_dbus_object_manager_server_unexport(d->objects,
                                          g_dbus_object_get_object_path(G_DBUS_OBJECT(po->object)));
    g_clear_object(&po->object);
    g_clear_object(&po->iface);
    po->id = 0;
}
