/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * nmbond-lookup.c - asking a client: bonds, ports, events.
 *
 * Bonds and ports come from what the client already knows; only the event log asks bondd.
 * Arrays hold references that go with them; to a binding that is "transfer container".
 */
#include "nmbond-client-private.h"

/**
 * nmbond_client_get_connection:
 * @client: a client
 *
 * The bus that the client uses.
 *
 * Returns: (transfer none): the bus
 */
GDBusConnection *
nmbond_client_get_connection(NmbondClient *client)
{
    g_return_val_if_fail(NMBOND_IS_CLIENT(client), NULL);
    return client->connection;
}

/**
 * nmbond_client_get_flags:
 * @client: a client
 *
 * Whether bondd may be started.
 *
 * Returns: what it was made with
 */
NmbondClientFlags
nmbond_client_get_flags(NmbondClient *client)
{
    g_return_val_if_fail(NMBOND_IS_CLIENT(client), NMBOND_CLIENT_FLAGS_NONE);
    return client->flags;
}

/**
 * nmbond_client_get_running:
 * @client: a client
 *
 * Whether bondd is there now. While it is away there are no bonds here, and their traffic goes
 * on.
 *
 * Returns: whether bondd is there now, with its bonds loaded
 */
gboolean
nmbond_client_get_running(NmbondClient *client)
{
    g_return_val_if_fail(NMBOND_IS_CLIENT(client), FALSE);
    return client->tracker != NULL && nmb_tracker_is_running(client->tracker);
}

/**
 * nmbond_client_get_start_error:
 * @client: a client
 *
 * Why bondd could not be started.
 *
 * Returns: (transfer none) (nullable): why bondd could not be started when the client was made, a
 *   sentence of the bus; %NULL if it could
 */
const char *
nmbond_client_get_start_error(NmbondClient *client)
{
    g_return_val_if_fail(NMBOND_IS_CLIENT(client), NULL);
    return client->start_error;
}

/**
 * nmbond_client_get_manager:
 * @client: a client
 *
 * The proxy outlives bondd: unless the client is %NMBOND_CLIENT_FLAGS_NO_AUTO_START, a method
 * called on it starts bondd. Its cached properties are %NULL while bondd is away.
 *
 * Returns: (transfer none): the proxy of bondd's Manager
 */
NmbondManager *
nmbond_client_get_manager(NmbondClient *client)
{
    g_return_val_if_fail(NMBOND_IS_CLIENT(client), NULL);
    return client->manager;
}

static const struct nmb_object *
lookup_object(NmbondClient *client, const char *path)
{
    return path != NULL ? g_hash_table_lookup(nmb_tracker_get_objects(client->tracker), path)
                        : NULL;
}

static int
compare_bonds(gconstpointer a, gconstpointer b)
{
    NmbondBond *bond_a = *(NmbondBond *const *) a;
    NmbondBond *bond_b = *(NmbondBond *const *) b;

    return g_strcmp0(nmbond_bond_get_name(bond_a), nmbond_bond_get_name(bond_b));
}

/**
 * nmbond_client_get_bonds:
 * @client: a client
 *
 * All bonds, by their names.
 *
 * Returns: (transfer container) (element-type NmbondBond): all bonds, by name
 */
GPtrArray *
nmbond_client_get_bonds(NmbondClient *client)
{
    GPtrArray *bonds;
    GHashTableIter iter;
    gpointer value;

    g_return_val_if_fail(NMBOND_IS_CLIENT(client), NULL);
    bonds = g_ptr_array_new_with_free_func(g_object_unref);
    g_hash_table_iter_init(&iter, nmb_tracker_get_objects(client->tracker));
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const struct nmb_object *object = value;

        if (object->bond != NULL)
            g_ptr_array_add(bonds, g_object_ref(object->bond));
    }
    g_ptr_array_sort(bonds, compare_bonds);
    return bonds;
}

/**
 * nmbond_client_get_bond:
 * @client: a client
 * @name: the name of the bond's device
 *
 * Looks a bond up by its name.
 *
 * Returns: (transfer full) (nullable): the bond
 */
NmbondBond *
nmbond_client_get_bond(NmbondClient *client, const char *name)
{
    g_autoptr(GPtrArray) bonds = NULL;

    g_return_val_if_fail(NMBOND_IS_CLIENT(client), NULL);
    g_return_val_if_fail(name != NULL, NULL);
    bonds = nmbond_client_get_bonds(client);
    for (guint i = 0; i < bonds->len; i++) {
        if (g_strcmp0(nmbond_bond_get_name(bonds->pdata[i]), name) == 0)
            return g_object_ref(bonds->pdata[i]);
    }
    return NULL;
}

/**
 * nmbond_client_get_bond_by_path:
 * @client: a client
 * @path: an object path, as nmbond_manager_call_create_bond() answers
 *
 * Looks a bond up by its path on D-Bus.
 *
 * Returns: (transfer full) (nullable): the bond
 */
NmbondBond *
nmbond_client_get_bond_by_path(NmbondClient *client, const char *path)
{
    const struct nmb_object *object;

    g_return_val_if_fail(NMBOND_IS_CLIENT(client), NULL);
    object = lookup_object(client, path);
    return object != NULL && object->bond != NULL ? g_object_ref(object->bond) : NULL;
}

/**
 * nmbond_client_get_port_by_path:
 * @client: a client
 * @path: an object path, as in the bond's property Ports
 *
 * Looks a port up by its path on D-Bus.
 *
 * Returns: (transfer full) (nullable): the port
 */
NmbondPort *
nmbond_client_get_port_by_path(NmbondClient *client, const char *path)
{
    const struct nmb_object *object;

    g_return_val_if_fail(NMBOND_IS_CLIENT(client), NULL);
    object = lookup_object(client, path);
    return object != NULL && object->port != NULL ? g_object_ref(object->port) : NULL;
}

/**
 * nmbond_client_get_ports:
 * @client: a client
 * @bond: one of its bonds
 *
 * The ports of a bond, in the order in which they joined.
 *
 * Returns: (transfer container) (element-type NmbondPort): the bond's ports, in the order in which
 * they joined
 */
GPtrArray *
nmbond_client_get_ports(NmbondClient *client, NmbondBond *bond)
{
    GPtrArray *ports;
    const char *const *paths;

    g_return_val_if_fail(NMBOND_IS_CLIENT(client), NULL);
    g_return_val_if_fail(NMBOND_IS_BOND(bond), NULL);
    ports = g_ptr_array_new_with_free_func(g_object_unref);
    paths = nmbond_bond_get_ports(bond);
    for (gsize i = 0; paths != NULL && paths[i] != NULL; i++) {
        NmbondPort *port = nmbond_client_get_port_by_path(client, paths[i]);

        if (port != NULL)
            g_ptr_array_add(ports, port);
    }
    return ports;
}

static int
compare_ports(gconstpointer a, gconstpointer b)
{
    NmbondPort *port_a = *(NmbondPort *const *) a;
    NmbondPort *port_b = *(NmbondPort *const *) b;

    return g_strcmp0(nmbond_port_get_name(port_a), nmbond_port_get_name(port_b));
}

/**
 * nmbond_client_get_leaving_ports:
 * @client: a client
 * @bond: one of its bonds
 *
 * Ports that are no members any more, but still receive: state "draining" or "lingering".
 *
 * Returns: (transfer container) (element-type NmbondPort): those ports, by name
 */
GPtrArray *
nmbond_client_get_leaving_ports(NmbondClient *client, NmbondBond *bond)
{
    const char *path;
    const char *const *members;
    GPtrArray *ports;
    GHashTableIter iter;
    gpointer key, value;

    g_return_val_if_fail(NMBOND_IS_CLIENT(client), NULL);
    g_return_val_if_fail(NMBOND_IS_BOND(bond), NULL);
    path = g_dbus_proxy_get_object_path(G_DBUS_PROXY(bond));
    members = nmbond_bond_get_ports(bond);
    ports = g_ptr_array_new_with_free_func(g_object_unref);
    g_hash_table_iter_init(&iter, nmb_tracker_get_objects(client->tracker));
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        const struct nmb_object *object = value;

        if (object->port != NULL && g_strcmp0(nmbond_port_get_bond(object->port), path) == 0 &&
            (members == NULL || !g_strv_contains(members, key)))
            g_ptr_array_add(ports, g_object_ref(object->port));
    }
    g_ptr_array_sort(ports, compare_ports);
    return ports;
}

/**
 * nmbond_client_get_port:
 * @client: a client
 * @bond: one of its bonds
 * @name: the name of the port's device
 *
 * Looks a port up by its name.
 *
 * Returns: (transfer full) (nullable): the port
 */
NmbondPort *
nmbond_client_get_port(NmbondClient *client, NmbondBond *bond, const char *name)
{
    g_autoptr(GPtrArray) ports = nmbond_client_get_ports(client, bond);

    g_return_val_if_fail(ports != NULL && name != NULL, NULL);
    for (guint i = 0; i < ports->len; i++) {
        if (g_strcmp0(nmbond_port_get_name(ports->pdata[i]), name) == 0)
            return g_object_ref(ports->pdata[i]);
    }
    return NULL;
}

/* ---- the event log ---- */

/* Takes `list`, of type aa{sv}. */
static GPtrArray *
events_from_variant(GVariant *list)
{
    GPtrArray *events = g_ptr_array_new_with_free_func((GDestroyNotify) nmbond_event_unref);
    GVariantIter iter;
    GVariant *child;

    g_variant_iter_init(&iter, list);
    while ((child = g_variant_iter_next_value(&iter)) != NULL) {
        NmbondEvent *event = nmbond_event_new_from_variant(child);

        g_variant_unref(child);
        if (event != NULL)
            g_ptr_array_add(events, event);
    }
    g_variant_unref(list);
    return events;
}

static void
get_events_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    GError *error = NULL;
    GVariant *list = NULL;

    if (!nmbond_manager_call_get_events_finish(NMBOND_MANAGER(source), &list, result, &error)) {
        g_task_return_error(task, error);
        return;
    }
    g_task_return_pointer(task, events_from_variant(list), (GDestroyNotify) g_ptr_array_unref);
}

/**
 * nmbond_client_get_events_async:
 * @client: a client
 * @bond: (nullable): a bond's name, or %NULL for all
 * @since: only events with a greater number; 0 for all that are still known
 * @cancellable: (nullable): to give up
 * @callback: (scope async): called with the answer
 * @user_data: for @callback
 *
 * Asks for what has happened, from bondd's log.
 */
void
nmbond_client_get_events_async(NmbondClient *client, const char *bond, guint64 since,
                               GCancellable *cancellable, GAsyncReadyCallback callback,
                               gpointer user_data)
{
    GTask *task;

    g_return_if_fail(NMBOND_IS_CLIENT(client));
    task = g_task_new(client, cancellable, callback, user_data);
    g_task_set_source_tag(task, nmbond_client_get_events_async);
    nmbond_manager_call_get_events(client->manager, bond != NULL ? bond : "", since, cancellable,
                                   get_events_cb, task);
}

/**
 * nmbond_client_get_events_finish:
 * @client: a client
 * @result: what the callback got
 * @error: return location
 *
 * Ends what nmbond_client_get_events_async() began.
 *
 * Returns: (transfer container) (element-type NmbondEvent): the events, oldest first
 */
GPtrArray *
nmbond_client_get_events_finish(NmbondClient *client, GAsyncResult *result, GError **error)
{
    g_return_val_if_fail(g_task_is_valid(result, client), NULL);
    return g_task_propagate_pointer(G_TASK(result), error);
}

/**
 * nmbond_client_get_events_sync:
 * @client: a client
 * @bond: (nullable): a bond's name, or %NULL for all
 * @since: only events with a greater number; 0 for all that are still known
 * @cancellable: (nullable): to give up
 * @error: return location
 *
 * Asks for what has happened, from bondd's log, and blocks until the answer is there.
 *
 * Returns: (transfer container) (element-type NmbondEvent): the events, oldest first
 */
GPtrArray *
nmbond_client_get_events_sync(NmbondClient *client, const char *bond, guint64 since,
                              GCancellable *cancellable, GError **error)
{
    GVariant *list = NULL;

    g_return_val_if_fail(NMBOND_IS_CLIENT(client), NULL);
    if (!nmbond_manager_call_get_events_sync(client->manager, bond != NULL ? bond : "", since,
                                             &list, cancellable, error))
        return NULL;
    return events_from_variant(list);
}
