/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * nmbond-tracker.c - keeps proxies for the objects of whichever bondd is there.
 *
 * GDBusObjectManagerClient does the same in general, but initialises itself in a thread while
 * changes of the owner come in another: a bondd that dies at that moment corrupts it. Here all
 * happens in the context in which the tracker was made, and nothing waits (except _sync).
 *
 * Signals are subscribed to before the objects are asked for. What comes before the answer is in
 * the answer; what comes after it changes it. So nothing is missed and no order is guessed.
 */
#include "nmbond-tracker.h"

#include "nmbond-client.h"

#define BOND_INTERFACE NMBOND_BUS_NAME ".Bond"
#define PORT_INTERFACE NMBOND_BUS_NAME ".Port"
#define OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"
#define PROPERTIES "org.freedesktop.DBus.Properties"

enum {
    SUB_ADDED,
    SUB_REMOVED,
    SUB_PROPERTIES,
    N_SUBS,
};

struct nmb_tracker {
    GDBusConnection *connection;
    const struct nmb_tracker_calls *calls;
    gpointer data;
    gboolean stopped;
    gboolean settled;
    gboolean loaded;
    guint watch;
    char *owner; /* the unique name of the bondd that is there, or NULL */
    guint subs[N_SUBS];
    GCancellable *loading;
    GHashTable *objects;
    GError *error;
};

static void
tracker_clear(gpointer data)
{
    struct nmb_tracker *t = data;

    g_hash_table_unref(t->objects);
    g_clear_error(&t->error);
    g_object_unref(t->connection);
}

static void
tracker_unref(struct nmb_tracker *t)
{
    g_rc_box_release_full(t, tracker_clear);
}

/* ---- objects ---- */

static void
object_free(gpointer data)
{
    struct nmb_object *object = data;

    g_clear_object(&object->bond);
    g_clear_object(&object->port);
    g_free(object);
}

static void
set_cached(GDBusProxy *proxy, GVariant *properties)
{
    GVariantIter iter;
    const char *name;
    GVariant *value;

    g_variant_iter_init(&iter, properties);
    while (g_variant_iter_next(&iter, "{&sv}", &name, &value)) {
        g_dbus_proxy_set_cached_property(proxy, name, value);
        g_variant_unref(value);
    }
}

/* No message is sent: the owner is a unique name, the properties are at hand. */
static gpointer
make_proxy(struct nmb_tracker *t, GType type, const char *path, const char *interface,
           GVariant *properties)
{
    g_autoptr(GError) error = NULL;
    gpointer proxy;

    proxy = g_initable_new(
        type, NULL, &error, "g-connection", t->connection, "g-flags",
        G_DBUS_PROXY_FLAGS_DO_NOT_LOAD_PROPERTIES | G_DBUS_PROXY_FLAGS_DO_NOT_CONNECT_SIGNALS,
        "g-name", t->owner, "g-object-path", path, "g-interface-name", interface, NULL);
    if (proxy == NULL) {
        g_warning("%s: %s", path, error->message);
        return NULL;
    }
    set_cached(G_DBUS_PROXY(proxy), properties);
    return proxy;
}

/* Returns the bond if there is a new one. Adding what is known changes nothing. */
static NmbondBond *
add_object(struct nmb_tracker *t, const char *path, GVariant *interfaces)
{
    g_autoptr(GVariant) bond = g_variant_lookup_value(interfaces, BOND_INTERFACE, NULL);
    g_autoptr(GVariant) port = g_variant_lookup_value(interfaces, PORT_INTERFACE, NULL);
    struct nmb_object *object = g_hash_table_lookup(t->objects, path);

    if (bond == NULL && port == NULL)
        return NULL;
    if (object == NULL) {
        object = g_new0(struct nmb_object, 1);
        g_hash_table_insert(t->objects, g_strdup(path), object);
    }
    if (port != NULL && object->port == NULL)
        object->port = make_proxy(t, NMBOND_TYPE_PORT_PROXY, path, PORT_INTERFACE, port);
    if (bond == NULL || object->bond != NULL)
        return NULL;
    object->bond = make_proxy(t, NMBOND_TYPE_BOND_PROXY, path, BOND_INTERFACE, bond);
    return object->bond;
}

static void
remove_object(struct nmb_tracker *t, const char *path)
{
    struct nmb_object *object = g_hash_table_lookup(t->objects, path);
    g_autoptr(NmbondBond) bond = NULL;

    if (object == NULL)
        return;
    bond = g_steal_pointer(&object->bond);
    g_hash_table_remove(t->objects, path);
    if (bond != NULL && !t->stopped)
        t->calls->bond_removed(t->data, bond);
}

static void
remove_all(struct nmb_tracker *t)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
    GHashTableIter iter;
    gpointer path;

    g_hash_table_iter_init(&iter, t->objects);
    while (g_hash_table_iter_next(&iter, &path, NULL))
        g_ptr_array_add(paths, g_strdup(path));
    for (guint i = 0; i < paths->len; i++)
        remove_object(t, paths->pdata[i]);
}

/* All objects are there before the first is told of: a bond's ports can be looked up. */
static void
add_all(struct nmb_tracker *t, GVariant *reply)
{
    g_autoptr(GPtrArray) bonds = g_ptr_array_new_with_free_func(g_object_unref);
    g_autoptr(GVariant) objects = g_variant_get_child_value(reply, 0);
    GVariantIter iter;
    const char *path;
    GVariant *interfaces;

    g_variant_iter_init(&iter, objects);
    while (g_variant_iter_next(&iter, "{&o@a{sa{sv}}}", &path, &interfaces)) {
        NmbondBond *bond = add_object(t, path, interfaces);

        if (bond != NULL)
            g_ptr_array_add(bonds, g_object_ref(bond));
        g_variant_unref(interfaces);
    }
    t->loaded = TRUE;
    for (guint i = 0; i < bonds->len && !t->stopped; i++)
        t->calls->bond_added(t->data, bonds->pdata[i]);
}

/* ---- signals of bondd ---- */

static void
on_added(GDBusConnection *connection, const char *sender, const char *path, const char *interface,
         const char *signal, GVariant *parameters, gpointer data)
{
    struct nmb_tracker *t = data;
    g_autoptr(GVariant) interfaces = NULL;
    const char *object;
    NmbondBond *bond;

    if (!t->loaded || !g_variant_is_of_type(parameters, G_VARIANT_TYPE("(oa{sa{sv}})")))
        return;
    g_variant_get(parameters, "(&o@a{sa{sv}})", &object, &interfaces);
    bond = add_object(t, object, interfaces);
    if (bond != NULL) {
        g_object_ref(bond);
        t->calls->bond_added(t->data, bond);
        g_object_unref(bond);
    }
}

static void
on_removed(GDBusConnection *connection, const char *sender, const char *path, const char *interface,
           const char *signal, GVariant *parameters, gpointer data)
{
    struct nmb_tracker *t = data;
    const char *object;

    if (!t->loaded || !g_variant_is_of_type(parameters, G_VARIANT_TYPE("(oas)")))
        return;
    g_variant_get(parameters, "(&oas)", &object, NULL);
    remove_object(t, object);
}

static void
on_properties(GDBusConnection *connection, const char *sender, const char *path,
              const char *interface, const char *signal, GVariant *parameters, gpointer data)
{
    struct nmb_tracker *t = data;
    struct nmb_object *object = g_hash_table_lookup(t->objects, path);
    g_autoptr(GDBusProxy) proxy = NULL;
    g_autoptr(GVariant) changed = NULL;
    g_autofree const char **invalidated = NULL;
    const char *name;

    if (object == NULL || !g_variant_is_of_type(parameters, G_VARIANT_TYPE("(sa{sv}as)")))
        return;
    g_variant_get(parameters, "(&s@a{sv}^a&s)", &name, &changed, &invalidated);
    if (g_str_equal(name, BOND_INTERFACE) && object->bond != NULL)
        proxy = G_DBUS_PROXY(g_object_ref(object->bond));
    else if (g_str_equal(name, PORT_INTERFACE) && object->port != NULL)
        proxy = G_DBUS_PROXY(g_object_ref(object->port));
    if (proxy == NULL)
        return;
    set_cached(proxy, changed);
    for (gsize i = 0; invalidated[i] != NULL; i++)
        g_dbus_proxy_set_cached_property(proxy, invalidated[i], NULL);
    /* the generated class turns this into notify:: of each property */
    g_signal_emit_by_name(proxy, "g-properties-changed", changed, invalidated);
}

static void
subscribe(struct nmb_tracker *t)
{
    t->subs[SUB_ADDED] = g_dbus_connection_signal_subscribe(
        t->connection, t->owner, OBJECT_MANAGER, "InterfacesAdded", NMBOND_OBJECT_PATH, NULL,
        G_DBUS_SIGNAL_FLAGS_NONE, on_added, t, NULL);
    t->subs[SUB_REMOVED] = g_dbus_connection_signal_subscribe(
        t->connection, t->owner, OBJECT_MANAGER, "InterfacesRemoved", NMBOND_OBJECT_PATH, NULL,
        G_DBUS_SIGNAL_FLAGS_NONE, on_removed, t, NULL);
    t->subs[SUB_PROPERTIES] = g_dbus_connection_signal_subscribe(
        t->connection, t->owner, PROPERTIES, "PropertiesChanged", NULL, NULL,
        G_DBUS_SIGNAL_FLAGS_NONE, on_properties, t, NULL);
}

static void
unsubscribe(struct nmb_tracker *t)
{
    for (gsize i = 0; i < N_SUBS; i++) {
        if (t->subs[i] != 0)
            g_dbus_connection_signal_unsubscribe(t->connection, t->subs[i]);
        t->subs[i] = 0;
    }
}

/* ---- who is bondd ---- */

static void
settle(struct nmb_tracker *t)
{
    if (t->stopped || t->settled)
        return;
    t->settled = TRUE;
    t->calls->settled(t->data);
}

static void
forget_owner(struct nmb_tracker *t)
{
    gboolean was_running = t->loaded;

    if (t->loading != NULL)
        g_cancellable_cancel(t->loading);
    g_clear_object(&t->loading);
    unsubscribe(t);
    g_clear_pointer(&t->owner, g_free);
    g_clear_error(&t->error);
    t->loaded = FALSE;
    remove_all(t);
    if (was_running && !t->stopped)
        t->calls->running_changed(t->data);
}

static void
on_managed_objects(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) reply = NULL;
    struct nmb_tracker *t = data;

    reply = g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);
    /* cancelled: the tracker has another owner, or none, and may be just about to go */
    if (!t->stopped && !g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
        g_clear_object(&t->loading);
        if (reply != NULL) {
            add_all(t, reply);
            if (!t->stopped)
                t->calls->running_changed(t->data);
        } else {
            t->error = g_steal_pointer(&error);
        }
        settle(t);
    }
    tracker_unref(t);
}

static void
on_appeared(GDBusConnection *connection, const char *name, const char *owner, gpointer data)
{
    struct nmb_tracker *t = data;

    if (t->stopped || g_strcmp0(t->owner, owner) == 0)
        return;
    g_rc_box_acquire(t);
    forget_owner(t);
    if (!t->stopped) {
        t->owner = g_strdup(owner);
        subscribe(t);
        t->loading = g_cancellable_new();
        g_dbus_connection_call(t->connection, owner, NMBOND_OBJECT_PATH, OBJECT_MANAGER,
                               "GetManagedObjects", NULL, G_VARIANT_TYPE("(a{oa{sa{sv}}})"),
                               G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, t->loading, on_managed_objects,
                               g_rc_box_acquire(t));
    }
    tracker_unref(t);
}

static void
on_vanished(GDBusConnection *connection, const char *name, gpointer data)
{
    struct nmb_tracker *t = data;

    if (t->stopped)
        return;
    g_rc_box_acquire(t);
    forget_owner(t);
    settle(t);
    tracker_unref(t);
}

/* ---- life ---- */

struct nmb_tracker *
nmb_tracker_new(GDBusConnection *connection, const struct nmb_tracker_calls *calls, gpointer data)
{
    struct nmb_tracker *t = g_rc_box_new0(struct nmb_tracker);

    t->connection = g_object_ref(connection);
    t->calls = calls;
    t->data = data;
    t->objects = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, object_free);
    return t;
}

void
nmb_tracker_start(struct nmb_tracker *t)
{
    t->watch = g_bus_watch_name_on_connection(t->connection, NMBOND_BUS_NAME,
                                              G_BUS_NAME_WATCHER_FLAGS_NONE, on_appeared,
                                              on_vanished, t, NULL);
}

static char *
get_owner_sync(struct nmb_tracker *t, GCancellable *cancellable, GError **error)
{
    g_autoptr(GVariant) reply = NULL;
    char *owner = NULL;

    reply = g_dbus_connection_call_sync(
        t->connection, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
        "GetNameOwner", g_variant_new("(s)", NMBOND_BUS_NAME), G_VARIANT_TYPE("(s)"),
        G_DBUS_CALL_FLAGS_NONE, -1, cancellable, error);
    if (reply != NULL)
        g_variant_get(reply, "(s)", &owner);
    return owner;
}

gboolean
nmb_tracker_start_sync(struct nmb_tracker *t, GCancellable *cancellable, GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autoptr(GVariant) reply = NULL;

    t->settled = TRUE; /* when this returns; nobody is called */
    t->owner = get_owner_sync(t, cancellable, &local);
    if (t->owner == NULL) {
        if (g_error_matches(local, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER)) {
            nmb_tracker_start(t);
            return TRUE;
        }
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    subscribe(t);
    reply = g_dbus_connection_call_sync(
        t->connection, t->owner, NMBOND_OBJECT_PATH, OBJECT_MANAGER, "GetManagedObjects", NULL,
        G_VARIANT_TYPE("(a{oa{sa{sv}}})"), G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, cancellable, error);
    if (reply == NULL)
        return FALSE;
    add_all(t, reply);
    nmb_tracker_start(t);
    return TRUE;
}

void
nmb_tracker_stop(struct nmb_tracker *t)
{
    if (t == NULL)
        return;
    t->stopped = TRUE;
    if (t->watch != 0)
        g_bus_unwatch_name(t->watch);
    forget_owner(t);
    tracker_unref(t);
}

gboolean
nmb_tracker_is_running(const struct nmb_tracker *t)
{
    return t->loaded;
}

const GError *
nmb_tracker_get_error(const struct nmb_tracker *t)
{
    return t->error;
}

GHashTable *
nmb_tracker_get_objects(const struct nmb_tracker *t)
{
    return t->objects;
}
