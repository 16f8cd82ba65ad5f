/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dbus.c - the way of a method call, and the life on the bus. What methods mean is in the files
 * for each interface.
 */
#include "daemon/dbus.h"

#include "daemon/auth.h"
#include "daemon/error.h"
#include "daemon/main.h"

#define TIE "bondd-tie"

struct tie {
    struct bondd_dbus *d;
    uint32_t bond_id, port_id;
};

struct pending {
    GObject *iface; /* owned */
    bondd_method method;
};

static void
pending_free(gpointer data)
{
    struct pending *p = data;

    g_object_unref(p->iface);
    g_free(p);
}

void
bondd_dbus_tie(gpointer iface, struct bondd_dbus *d, uint32_t bond_id, uint32_t port_id)
{
    struct tie *t = g_new0(struct tie, 1);

    *t = (struct tie){d, bond_id, port_id};
    g_object_set_data_full(iface, TIE, t, g_free);
}

/* Looked up anew for each call: the bond may have gone while polkit was asked. */
static bool
resolve(struct bondd_call *call, const struct tie *t, GError **error)
{
    struct bondd_engine *e = t->d->engine;

    call->slot = BOND_NO_PORT;
    if (t->bond_id == 0)
        return true;
    call->bond = bondd_engine_by_id(e, t->bond_id);
    if (call->bond == NULL) {
        g_set_error(error, BONDD_ERROR, BONDD_ERROR_NO_SUCH_BOND,
                    "This bond (%s) is no more: it has just been deleted.",
                    g_dbus_method_invocation_get_object_path(call->invocation));
        return false;
    }
    if (t->port_id == 0)
        return true;
    for (int i = 0; i < (int) BOND_MAX_PORTS; i++) {
        if (call->bond->port[i].in_use && call->bond->port[i].id == t->port_id)
            call->slot = i;
    }
    if (call->slot != BOND_NO_PORT)
        return true;
    g_set_error(error, BONDD_ERROR, BONDD_ERROR_NO_SUCH_PORT,
                "This port (%s) is no more: it has just left bond %s.",
                g_dbus_method_invocation_get_object_path(call->invocation), call->bond->core.name);
    return false;
}

static void watch_idle(struct bondd_dbus *d);

void
bondd_dbus_answer(struct bondd_dbus *d, GDBusMethodInvocation *invocation, GVariant *reply,
                  const GError *error)
{
    bondd_engine_flush(d->engine);
    if (error != NULL)
        g_dbus_method_invocation_return_gerror(invocation, error);
    else
        g_dbus_method_invocation_return_value(invocation, reply);
    watch_idle(d);
}

static void
run(GDBusMethodInvocation *invocation, gpointer data)
{
    struct pending *p = data;
    const struct tie *t = g_object_get_data(p->iface, TIE);
    struct bondd_dbus *d = t->d;
    GError *error = NULL;
    struct bondd_call call = {
        .d = d,
        .invocation = invocation,
        .params = g_dbus_method_invocation_get_parameters(invocation),
    };
    bool ok;

    bondd_engine_catch_up(d->engine);
    ok = resolve(&call, t, &error) && p->method(&call, &error);
    bondd_engine_flush(d->engine);
    if (!ok)
        g_dbus_method_invocation_take_error(invocation, error);
    else if (!call.deferred)
        g_dbus_method_invocation_return_value(invocation, call.reply);
    watch_idle(d);
    pending_free(p);
}

gboolean
bondd_dbus_call(gpointer iface, GDBusMethodInvocation *invocation, bondd_method method,
                bool changes)
{
    struct pending *p = g_new0(struct pending, 1);

    p->iface = g_object_ref(iface);
    p->method = method;
    if (changes)
        bondd_auth_check(invocation, run, p, pending_free);
    else
        run(invocation, p);
    return TRUE;
}

/* Nothing to do ------------------------------------------------------------------------------ */

static gboolean
idle_long_enough(gpointer data)
{
    struct bondd_dbus *d = data;

    d->idle_id = 0;
    if (bondd_engine_count(d->engine) == 0)
        d->quit(BONDD_EXIT_IDLE, d->quit_data);
    return G_SOURCE_REMOVE;
}

static void
watch_idle(struct bondd_dbus *d)
{
    guint seconds = d->engine->config->idle_exit_s;

    g_clear_handle_id(&d->idle_id, g_source_remove);
    if (seconds > 0 && bondd_engine_count(d->engine) == 0)
        d->idle_id = g_timeout_add_seconds(seconds, idle_long_enough, d);
}

static void
removed(struct bondd_bond *b, void *data)
{
    bondd_dbus_bond_removed(b, data);
    watch_idle(data);
}

/* The bus ------------------------------------------------------------------------------------ */

static void
connection_closed(GDBusConnection *connection, gboolean vanished, GError *error, gpointer data)
{
    struct bondd_dbus *d = data;

    bondd_warning("The D-Bus daemon is gone: bondd ends, traffic goes on.");
    d->quit(1, d->quit_data);
}

static void
name_lost(GDBusConnection *connection, const char *name, gpointer data)
{
    struct bondd_dbus *d = data;

    if (connection == NULL || g_dbus_connection_is_closed(connection))
        return; /* connection_closed() says it */
    bondd_warning("The name %s cannot be had on D-Bus: another bondd has it, or the bus policy "
                  "(data/%s.conf) is not installed.",
                  name, name);
    d->quit(1, d->quit_data);
}

bool
bondd_dbus_start(struct bondd_dbus *d, struct bondd_engine *e, void (*quit)(int status, void *data),
                 void *data, GError **error)
{
    *d = (struct bondd_dbus){.engine = e, .quit = quit, .quit_data = data};
    d->connection = g_bus_get_sync(G_BUS_TYPE_SYSTEM, NULL, error);
    if (d->connection == NULL)
        return false;
    g_dbus_connection_set_exit_on_close(d->connection, FALSE);
    g_signal_connect(d->connection, "closed", G_CALLBACK(connection_closed), d);

    d->bonds = g_hash_table_new(NULL, NULL);
    d->objects = g_dbus_object_manager_server_new(BONDD_ROOT_PATH);
    d->manager = bondd_dbus_manager_skeleton_new();
    bondd_dbus_manager_init(d);
    if (!g_dbus_interface_skeleton_export(G_DBUS_INTERFACE_SKELETON(d->manager), d->connection,
                                          BONDD_ROOT_PATH, error))
        return false;
    for (guint i = 0; i < e->bonds->len; i++)
        bondd_dbus_bond_changed(e->bonds->pdata[i], d);
    g_dbus_object_manager_server_set_connection(d->objects, d->connection);

    e->observer = (struct bondd_observer){
        .bond_changed = bondd_dbus_bond_changed, .bond_removed = removed, .data = d};
    bondd_log_set_listener(e->log, bondd_dbus_manager_event, d);
    d->name_id = g_bus_own_name_on_connection(
        d->connection, BONDD_BUS_NAME, G_BUS_NAME_OWNER_FLAGS_NONE, NULL, name_lost, d, NULL);
    watch_idle(d);
    return true;
}

void
bondd_dbus_stop(struct bondd_dbus *d)
{
    if (d->connection == NULL)
        return;
    d->engine->observer = (struct bondd_observer){0};
    bondd_log_set_listener(d->engine->log, NULL, NULL);
    g_clear_handle_id(&d->idle_id, g_source_remove);
    if (d->name_id != 0)
        g_bus_unown_name(d->name_id);
    g_signal_handlers_disconnect_by_data(d->connection, d);
    /* What was promised to callers leaves before the process does. */
    g_dbus_connection_flush_sync(d->connection, NULL, NULL);
    /* Off the bus first: bonds do not end, and nobody is to be told that they did. */
    if (d->objects != NULL)
        g_dbus_object_manager_server_set_connection(d->objects, NULL);
    for (guint i = 0; i < d->engine->bonds->len; i++)
        bondd_dbus_bond_removed(d->engine->bonds->pdata[i], d);
    g_clear_object(&d->objects);
    g_clear_object(&d->manager);
    g_clear_pointer(&d->bonds, g_hash_table_unref);
    g_clear_object(&d->connection);
}
