/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dbus_manager.c - org.freedesktop.NetworkManager.bond.Manager.
 */
#include "daemon/dbus.h"

#include "daemon/error.h"

static bool
check_datapath(const struct bondd_engine *e, GError **error)
{
    if (e->config->datapath != BONDD_DATAPATH_KERNEL)
        return true;
    g_set_error(
        error, BONDD_ERROR, BONDD_ERROR_NOT_SUPPORTED,
        "bondd makes no bonds because %s says datapath=kernel: the kernel's own driver is to "
        "be used (auto and bpf allow bondd to, and so does nm-bond.datapath=bpf in a profile).",
        e->config->file);
    return false;
}

/* The options of a bond that does not exist yet. */
static bool
new_options(GVariant *dict, struct bond_options *opt, GError **error)
{
    struct bond_opt_ctx ctx = {.live = true};
    struct bondd_args_options args;
    struct bond_err err = {0};
    int r;

    bondd_args_options(dict, &args);
    bond_options_init(opt, BOND_MODE_BALANCE_RR);
    r = bond_options_apply(opt, args.n, args.names, args.values, true, &ctx, &err);
    bondd_args_options_clear(&args);
    if (r < 0)
        bondd_error_from_core(error, &err);
    return r >= 0;
}

/* A bond that is being made. Who asks for it meanwhile gets the answer afterwards: its link can be
 * seen a moment before it is a bond. */
struct creation {
    struct bondd_dbus *d;
    char name[BOND_NAME_SIZE];
    GDBusMethodInvocation *invocation;
    GPtrArray *asked; /* of GDBusMethodInvocation: GetBond */
    struct creation *next;
};

static void
answer_creation(struct creation *c, GDBusMethodInvocation *invocation, const char *path,
                const GError *error)
{
    bondd_dbus_answer(c->d, invocation, path != NULL ? g_variant_new("(o)", path) : NULL, error);
}

static void
bond_created(struct bondd_bond *b, const GError *error, void *data)
{
    struct creation *c = data, **at = &c->d->creations;
    g_autofree char *path = b != NULL ? bondd_dbus_bond_path(b) : NULL;

    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    answer_creation(c, c->invocation, path, error);
    for (guint i = 0; i < c->asked->len; i++)
        answer_creation(c, c->asked->pdata[i], path, error);
    g_ptr_array_unref(c->asked);
    g_free(c);
}

static bool
create_bond(struct bondd_call *call, GError **error)
{
    struct bondd_engine *e = call->d->engine;
    g_autoptr(GVariant) options = NULL, settings = NULL;
    struct bondd_new_bond what = {.drain_ms = e->config->drain_ms};
    struct creation *c;
    const char *name;
    bool insists; /* on our datapath, whatever the configuration says */

    g_variant_get(call->params, "(&s@a{ss}@a{sv})", &name, &options, &settings);
    if (!new_options(options, &what.options, error) ||
        !bondd_args_bond(settings, &what.has_mac, what.mac, &what.drain_ms, &insists, error) ||
        (!insists && !check_datapath(e, error)))
        return false;
    if (bondd_engine_count(e) >= e->config->max_bonds) {
        g_set_error(error, BONDD_ERROR, BONDD_ERROR_LIMIT_REACHED,
                    "Bond \"%s\" cannot be created: there are %u bonds, and more are not possible.",
                    name, e->config->max_bonds);
        return false;
    }
    if (!bondd_engine_check_name(e, name, error))
        return false;
    g_strlcpy(what.name, name, sizeof(what.name));
    c = g_new0(struct creation, 1);
    c->d = call->d;
    g_strlcpy(c->name, name, sizeof(c->name));
    c->invocation = call->invocation;
    c->asked = g_ptr_array_new();
    c->next = call->d->creations;
    call->d->creations = c;
    call->deferred = true;
    bondd_bond_create(e, &what, bond_created, c);
    return true;
}

static bool
get_bond(struct bondd_call *call, GError **error)
{
    g_autofree char *path = NULL;
    struct bondd_bond *b;
    const char *name;

    g_variant_get(call->params, "(&s)", &name);
    for (struct creation *c = call->d->creations; c != NULL; c = c->next) {
        if (strcmp(c->name, name) == 0) {
            g_ptr_array_add(c->asked, call->invocation);
            call->deferred = true;
            return true;
        }
    }
    b = bondd_engine_find(call->d->engine, name);
    if (b == NULL) {
        g_set_error(error, BONDD_ERROR, BONDD_ERROR_NO_SUCH_BOND, "There is no bond \"%s\".", name);
        return false;
    }
    path = bondd_dbus_bond_path(b);
    call->reply = g_variant_new("(o)", path);
    return true;
}

static bool
check_options(struct bondd_call *call, GError **error)
{
    g_autoptr(GVariant) options = g_variant_get_child_value(call->params, 0);
    struct bond_options opt;

    return new_options(options, &opt, error);
}

/* Events ------------------------------------------------------------------------------------- */

static void
add_time(GVariantDict *d, const char *key, uint64_t us)
{
    if (us != 0)
        g_variant_dict_insert(d, key, "t", us);
}

static GVariant *
event_variant(const struct bondd_event *ev)
{
    GVariantDict d;

    g_variant_dict_init(&d, NULL);
    g_variant_dict_insert(&d, "seq", "t", ev->seq);
    g_variant_dict_insert(&d, "time", "t", (guint64) ev->time_us);
    g_variant_dict_insert(&d, "bond", "s", ev->bond);
    g_variant_dict_insert(&d, "port", "s", ev->port);
    g_variant_dict_insert(&d, "event", "s", ev->event);
    g_variant_dict_insert(&d, "reason", "s", ev->reason);
    g_variant_dict_insert(&d, "text", "s", ev->text);
    if (g_strcmp0(ev->event, "active-changed") == 0)
        g_variant_dict_insert(&d, "other", "s", ev->other);
    if (ev->took_us != 0)
        g_variant_dict_insert(&d, "took-us", "t", ev->took_us);
    add_time(&d, "detected-us", ev->phases.detected_us);
    add_time(&d, "decided-us", ev->phases.decided_us);
    add_time(&d, "switched-us", ev->phases.switched_us);
    add_time(&d, "announced-us", ev->phases.announced_us);
    return g_variant_dict_end(&d);
}

static void
add_event(const struct bondd_event *ev, void *data)
{
    g_variant_builder_add_value(data, event_variant(ev));
}

static bool
get_events(struct bondd_call *call, GError **error)
{
    GVariantBuilder builder;
    const char *bond;
    guint64 since;

    g_variant_get(call->params, "(&st)", &bond, &since);
    g_variant_builder_init(&builder, G_VARIANT_TYPE("aa{sv}"));
    bondd_log_foreach(call->d->engine->log, bond, since, add_event, &builder);
    call->reply = g_variant_new("(aa{sv})", &builder);
    return true;
}

void
bondd_dbus_manager_event(const struct bondd_event *ev, void *data)
{
    struct bondd_dbus *d = data;

    bondd_dbus_manager_emit_event(d->manager, event_variant(ev));
}

/* Methods ------------------------------------------------------------------------------------ */

static gboolean
on_create_bond(BonddDbusManager *iface, GDBusMethodInvocation *invocation)
{
    return bondd_dbus_call(iface, invocation, create_bond, true);
}

static gboolean
on_get_bond(BonddDbusManager *iface, GDBusMethodInvocation *invocation)
{
    return bondd_dbus_call(iface, invocation, get_bond, false);
}

static gboolean
on_check_options(BonddDbusManager *iface, GDBusMethodInvocation *invocation)
{
    return bondd_dbus_call(iface, invocation, check_options, false);
}

static gboolean
on_get_events(BonddDbusManager *iface, GDBusMethodInvocation *invocation)
{
    return bondd_dbus_call(iface, invocation, get_events, false);
}

static GVariant *
limits(const struct bondd_config *c)
{
    GVariantBuilder b;

    g_variant_builder_init(&b, G_VARIANT_TYPE("a{su}"));
    g_variant_builder_add(&b, "{su}", "ports-per-bond", (guint32) BOND_MAX_PORTS);
    g_variant_builder_add(&b, "{su}", "bonds", c->max_bonds);
    g_variant_builder_add(&b, "{su}", "arp-targets", (guint32) BOND_MAX_ARP_TARGETS);
    g_variant_builder_add(&b, "{su}", "ns-targets", (guint32) BOND_MAX_NS_TARGETS);
    return g_variant_builder_end(&b);
}

void
bondd_dbus_manager_init(struct bondd_dbus *d)
{
    const char *reason;
    const char *datapath = bondd_config_datapath(d->engine->config, &reason);

    bondd_dbus_tie(d->manager, d, 0, 0);
    bondd_dbus_manager_set_version(d->manager, BONDD_VERSION);
    bondd_dbus_manager_set_datapath(d->manager, datapath);
    bondd_dbus_manager_set_datapath_reason(d->manager, reason);
    bondd_dbus_manager_set_kernel_bonding(d->manager, bondd_kernel_has_bonding());
    bondd_dbus_manager_set_limits(d->manager, limits(d->engine->config));
    g_signal_connect(d->manager, "handle-create-bond", G_CALLBACK(on_create_bond), NULL);
    g_signal_connect(d->manager, "handle-get-bond", G_CALLBACK(on_get_bond), NULL);
    g_signal_connect(d->manager, "handle-check-options", G_CALLBACK(on_check_options), NULL);
    g_signal_connect(d->manager, "handle-get-events", G_CALLBACK(on_get_events), NULL);
}
