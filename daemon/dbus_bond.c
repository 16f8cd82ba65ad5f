/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dbus_bond.c - org.freedesktop.NetworkManager.bond.Bond: one object for each bond.
 */
#include "daemon/dbus.h"

#include <string.h>

#include "daemon/dbus_lacp.h"
#include "daemon/error.h"
#include "daemon/status.h"
#include "daemon/wake.h"

char *
bondd_dbus_bond_path(const struct bondd_bond *b)
{
    return g_strdup_printf(BONDD_ROOT_PATH "/bonds/%u", b->id);
}

/* Methods ------------------------------------------------------------------------------------ */

struct deletion {
    struct bondd_dbus *d;
    GDBusMethodInvocation *invocation;
};

static void
bond_deleted(void *data)
{
    struct deletion *c = data;

    bondd_dbus_answer(c->d, c->invocation, NULL, NULL);
    g_free(c);
}

static bool
delete_bond(struct bondd_call *call, GError **error)
{
    struct deletion *c = g_new(struct deletion, 1);

    *c = (struct deletion){call->d, call->invocation};
    call->deferred = true;
    bondd_bond_destroy(call->bond, false, bond_deleted, c);
    return true;
}

static bool
set_options(struct bondd_call *call, GError **error)
{
    static const char *const flag_names[] = {"replace", "only check", "strict", NULL};
    g_autoptr(GVariant) options = NULL;
    struct bondd_args_options args;
    guint32 flags;
    bool ok;

    g_variant_get(call->params, "(@a{ss}u)", &options, &flags);
    if (!bondd_args_flags(flags, flag_names, error))
        return false;
    bondd_args_options(options, &args);
    ok = bondd_bond_set_options(call->bond, args.n, args.names, args.values, flags & 1, flags & 4,
                                flags & 2, error);
    bondd_args_options_clear(&args);
    return ok;
}

static bool
attach_port(struct bondd_call *call, GError **error)
{
    g_autoptr(GVariant) dict = NULL;
    g_autofree char *path = NULL;
    struct bondd_port_settings settings;
    const char *ifname;
    int slot;

    g_variant_get(call->params, "(&s@a{sv})", &ifname, &dict);
    if (!bondd_args_port(dict, &settings, error))
        return false;
    slot = bondd_bond_attach(call->bond, ifname, &settings, error);
    if (slot < 0)
        return false;
    path = bondd_dbus_port_path(call->bond, slot);
    call->reply = g_variant_new("(o)", path);
    return true;
}

static bool
detach_port(struct bondd_call *call, GError **error)
{
    static const char *const flag_names[] = {"hard, without a drain", "answer after the drain",
                                             NULL};
    struct bondd_bond_object *o;
    const char *ifname;
    guint32 flags;
    int slot;

    g_variant_get(call->params, "(&su)", &ifname, &flags);
    if (!bondd_args_flags(flags, flag_names, error))
        return false;
    slot = bondd_bond_detach(call->bond, ifname, flags & 1, error);
    if (slot < 0)
        return false;
    o = g_hash_table_lookup(call->d->bonds, call->bond);
    if ((flags & 2) && o != NULL && call->bond->core.port[slot].phase == BOND_PHASE_DRAINING) {
        g_object_set_data(G_OBJECT(call->invocation), "slot", GINT_TO_POINTER(slot));
        g_ptr_array_add(o->waiting, call->invocation);
        call->deferred = true;
    }
    return true;
}

static bool
set_active_port(struct bondd_call *call, GError **error)
{
    const char *ifname;

    g_variant_get(call->params, "(&s)", &ifname);
    return bondd_bond_set_active(call->bond, ifname, error);
}

static bool
get_status_text(struct bondd_call *call, GError **error)
{
    g_autofree char *text = bondd_status_text(call->bond);

    call->reply = g_variant_new("(s)", text);
    return true;
}

GVariant *
bondd_dbus_counters(const struct bond_counters *c)
{
    GVariantBuilder b;

    g_variant_builder_init(&b, G_VARIANT_TYPE("a{st}"));
    g_variant_builder_add(&b, "{st}", "rx-packets", c->rx_packets);
    g_variant_builder_add(&b, "{st}", "rx-bytes", c->rx_bytes);
    g_variant_builder_add(&b, "{st}", "tx-packets", c->tx_packets);
    g_variant_builder_add(&b, "{st}", "tx-bytes", c->tx_bytes);
    g_variant_builder_add(&b, "{st}", "rx-dropped", c->rx_dropped);
    g_variant_builder_add(&b, "{st}", "tx-dropped", c->tx_dropped);
    return g_variant_new("(a{st})", &b);
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
    call->reply = bondd_dbus_counters(&c[BOND_MAX_PORTS]);
    return true;
}

static gboolean
on_delete(BonddDbusBond *iface, GDBusMethodInvocation *invocation)
{
    return bondd_dbus_call(iface, invocation, delete_bond, true);
}

static gboolean
on_set_options(BonddDbusBond *iface, GDBusMethodInvocation *invocation)
{
    return bondd_dbus_call(iface, invocation, set_options, true);
}

static gboolean
on_attach_port(BonddDbusBond *iface, GDBusMethodInvocation *invocation)
{
    return bondd_dbus_call(iface, invocation, attach_port, true);
}

static gboolean
on_detach_port(BonddDbusBond *iface, GDBusMethodInvocation *invocation)
{
    return bondd_dbus_call(iface, invocation, detach_port, true);
}

static gboolean
on_set_active_port(BonddDbusBond *iface, GDBusMethodInvocation *invocation)
{
    return bondd_dbus_call(iface, invocation, set_active_port, true);
}

static gboolean
on_get_status_text(BonddDbusBond *iface, GDBusMethodInvocation *invocation)
{
    return bondd_dbus_call(iface, invocation, get_status_text, false);
}

static gboolean
on_get_counters(BonddDbusBond *iface, GDBusMethodInvocation *invocation)
{
    return bondd_dbus_call(iface, invocation, get_counters, false);
}

static gboolean
on_find_port(BonddDbusBond *iface, GDBusMethodInvocation *invocation)
{
    return bondd_dbus_call(iface, invocation, bondd_dbus_find_port, false);
}

/* The object --------------------------------------------------------------------------------- */

static struct bondd_bond_object *
object_new(struct bondd_dbus *d, struct bondd_bond *b)
{
    struct bondd_bond_object *o = g_new0(struct bondd_bond_object, 1);
    g_autofree char *path = bondd_dbus_bond_path(b);

    o->bond = b;
    o->waiting = g_ptr_array_new();
    o->object = bondd_dbus_object_skeleton_new(path);
    o->iface = bondd_dbus_bond_skeleton_new();
    bondd_dbus_tie(o->iface, d, b->id, 0);
    g_signal_connect(o->iface, "handle-delete", G_CALLBACK(on_delete), NULL);
    g_signal_connect(o->iface, "handle-set-options", G_CALLBACK(on_set_options), NULL);
    g_signal_connect(o->iface, "handle-attach-port", G_CALLBACK(on_attach_port), NULL);
    g_signal_connect(o->iface, "handle-detach-port", G_CALLBACK(on_detach_port), NULL);
    g_signal_connect(o->iface, "handle-set-active-port", G_CALLBACK(on_set_active_port), NULL);
    g_signal_connect(o->iface, "handle-get-status-text", G_CALLBACK(on_get_status_text), NULL);
    g_signal_connect(o->iface, "handle-get-counters", G_CALLBACK(on_get_counters), NULL);
    g_signal_connect(o->iface, "handle-find-port", G_CALLBACK(on_find_port), NULL);
    return o;
}

static GVariant *
options_variant(const struct bond_options *opt)
{
    GVariantBuilder b;

    g_variant_builder_init(&b, G_VARIANT_TYPE("a{ss}"));
    for (int i = 0; i < BOND_OPT_N; i++) {
        const struct bond_opt_desc *desc = bond_opt_desc((enum bond_opt_id) i);
        char text[1024];

        if (!(desc->modes & (1u << opt->num[BOND_OPT_MODE])) || (desc->flags & BOND_OPT_F_RUNTIME))
            continue;
        bond_option_format(opt, (enum bond_opt_id) i, text, sizeof(text));
        g_variant_builder_add(&b, "{ss}", desc->name, text);
    }
    return g_variant_builder_end(&b);
}

static void
sync_ports_property(struct bondd_bond_object *o)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
    int order[BOND_MAX_PORTS];
    uint32_t n = bond_port_order(&o->bond->core, false, order);

    for (uint32_t i = 0; i < n; i++)
        g_ptr_array_add(paths, bondd_dbus_port_path(o->bond, order[i]));
    g_ptr_array_add(paths, NULL);
    bondd_dbus_bond_set_ports(o->iface, (const char *const *) paths->pdata);
}

static void
sync_properties(struct bondd_bond_object *o)
{
    const struct bond *c = &o->bond->core;
    uint32_t mode = c->opt.num[BOND_OPT_MODE];
    g_auto(GStrv) warnings = bondd_status_warnings(o->bond);
    char mac[18];

    g_snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", o->bond->dev_mac[0],
               o->bond->dev_mac[1], o->bond->dev_mac[2], o->bond->dev_mac[3], o->bond->dev_mac[4],
               o->bond->dev_mac[5]);
    bondd_dbus_bond_set_name(o->iface, c->name);
    bondd_dbus_bond_set_ifindex(o->iface, c->ifindex);
    bondd_dbus_bond_set_mode(o->iface, bond_mode_name((enum bond_mode) mode));
    bondd_dbus_bond_set_options(o->iface, options_variant(&c->opt));
    bondd_dbus_bond_set_active_port(
        o->iface,
        bond_mode_uses_primary(mode) && c->active != BOND_NO_PORT ? c->port[c->active].name : "");
    bondd_dbus_bond_set_primary_port(o->iface, c->opt.primary);
    bondd_dbus_bond_set_up(o->iface, c->admin_up);
    bondd_dbus_bond_set_carrier(o->iface, c->carrier);
    bondd_dbus_bond_set_mac_address(o->iface, mac);
    bondd_dbus_bond_set_mtu(o->iface, o->bond->mtu);
    bondd_dbus_bond_set_datapath(o->iface, "bpf");
    if (o->bond->bpf != NULL) {
        bondd_dbus_bond_set_failover(o->iface, bondd_wake_failover(o->bond));
        bondd_dbus_bond_set_attachment(o->iface, dp_bpf_attachment(o->bond->bpf));
        bondd_dbus_bond_set_receive(o->iface, dp_bpf_receives_by(o->bond->bpf));
    }
    bondd_dbus_bond_set_lacp(o->iface, bondd_dbus_lacp_bond(&o->bond->core));
    bondd_dbus_bond_set_warnings(o->iface, (const char *const *) warnings);
    sync_ports_property(o);
}

/* Calls that wait for the end of a drain; `all`: the bond is going. */
static void
answer_waiting(struct bondd_bond_object *o, bool all)
{
    for (guint i = o->waiting->len; i-- > 0;) {
        GDBusMethodInvocation *invocation = o->waiting->pdata[i];
        int slot = GPOINTER_TO_INT(g_object_get_data(G_OBJECT(invocation), "slot"));

        if (!all && o->bond->core.port[slot].phase == BOND_PHASE_DRAINING)
            continue;
        g_ptr_array_remove_index(o->waiting, i);
        g_dbus_method_invocation_return_value(invocation, NULL);
    }
}

void
bondd_dbus_bond_changed(struct bondd_bond *b, void *data)
{
    struct bondd_dbus *d = data;
    struct bondd_bond_object *o = g_hash_table_lookup(d->bonds, b);
    bool is_new = o == NULL;

    if (is_new) {
        o = object_new(d, b);
        g_hash_table_insert(d->bonds, b, o);
    }
    /* A path in Ports leads to an object at all times: new ones before, old ones after. */
    for (int i = 0; i < (int) BOND_MAX_PORTS; i++) {
        if (b->core.port[i].phase != BOND_PHASE_FREE)
            bondd_dbus_port_sync(d, o, i);
    }
    sync_properties(o);
    if (is_new) {
        bondd_dbus_object_skeleton_set_bond(o->object, o->iface);
        g_dbus_object_manager_server_export(d->objects, G_DBUS_OBJECT_SKELETON(o->object));
    }
    g_dbus_interface_skeleton_flush(G_DBUS_INTERFACE_SKELETON(o->iface));
    for (int i = 0; i < (int) BOND_MAX_PORTS; i++) {
        if (b->core.port[i].phase == BOND_PHASE_FREE)
            bondd_dbus_port_drop(d, &o->port[i]);
    }
    answer_waiting(o, false);
}

void
bondd_dbus_bond_removed(struct bondd_bond *b, void *data)
{
    struct bondd_dbus *d = data;
    struct bondd_bond_object *o = g_hash_table_lookup(d->bonds, b);

    if (o == NULL)
        return;
    g_hash_table_remove(d->bonds, b);
    answer_waiting(o, true);
    for (guint i = 0; i < BOND_MAX_PORTS; i++)
        bondd_dbus_port_drop(d, &o->port[i]);
    g_dbus_object_manager_server_unexport(d->objects,
                                          g_dbus_object_get_object_path(G_DBUS_OBJECT(o->object)));
    g_object_unref(o->object);
    g_object_unref(o->iface);
    g_ptr_array_unref(o->waiting);
    g_free(o);
}
