/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * nmbond-client.c - finds bondd, and finds it again after it was restarted.
 *
 * Two views of one daemon are held: the tracker has the bonds and ports with their properties and
 * drops them when bondd goes; a proxy of the Manager stays, so that a method call can start bondd
 * again. Nothing here decides anything about bonds, and nothing here
 * blocks except what is called _sync.
 */
#include "nmbond-client-private.h"

#include "nmbond-enum-types.h"
#include "nmbond-error.h"

enum {
    PROP_0,
    PROP_CONNECTION,
    PROP_FLAGS,
    PROP_RUNNING,
    N_PROPERTIES,
};

enum {
    SIGNAL_BOND_ADDED,
    SIGNAL_BOND_REMOVED,
    SIGNAL_EVENT,
    N_SIGNALS,
};

static GParamSpec *properties[N_PROPERTIES];
static guint signals[N_SIGNALS];

static void initable_iface_init(GInitableIface *iface);
static void async_initable_iface_init(GAsyncInitableIface *iface);

G_DEFINE_TYPE_WITH_CODE(NmbondClient, nmbond_client, G_TYPE_OBJECT,
                        G_IMPLEMENT_INTERFACE(G_TYPE_INITABLE, initable_iface_init)
                            G_IMPLEMENT_INTERFACE(G_TYPE_ASYNC_INITABLE, async_initable_iface_init))

/* ---- following bondd ---- */

static void
on_bond_added(gpointer data, NmbondBond *bond)
{
    g_signal_emit(data, signals[SIGNAL_BOND_ADDED], 0, bond);
}

static void
on_bond_removed(gpointer data, NmbondBond *bond)
{
    g_signal_emit(data, signals[SIGNAL_BOND_REMOVED], 0, bond);
}

static void
on_running_changed(gpointer data)
{
    g_object_notify_by_pspec(G_OBJECT(data), properties[PROP_RUNNING]);
}

static void
on_manager_event(NmbondManager *manager, GVariant *variant, gpointer user_data)
{
    g_autoptr(NmbondEvent) event = nmbond_event_new_from_variant(variant);

    if (event != NULL)
        g_signal_emit(user_data, signals[SIGNAL_EVENT], 0, event);
}

static void
take_manager(NmbondClient *self, NmbondManager *manager)
{
    self->manager = manager;
    g_signal_connect_object(manager, "event", G_CALLBACK(on_manager_event), self, 0);
}

/* That bondd cannot be started is a state, not a failure: the client waits for it. */
static void
note_start_error(NmbondClient *self, const GError *error)
{
    g_autoptr(GError) copy = g_error_copy(error);

    g_dbus_error_strip_remote_error(copy);
    g_free(self->start_error);
    self->start_error = g_strdup(copy->message);
}

static GDBusProxyFlags
manager_proxy_flags(NmbondClient *self)
{
    return (self->flags & NMBOND_CLIENT_FLAGS_NO_AUTO_START) != 0
               ? G_DBUS_PROXY_FLAGS_DO_NOT_AUTO_START
               : G_DBUS_PROXY_FLAGS_DO_NOT_AUTO_START_AT_CONSTRUCTION;
}

static GVariant *
start_service_arguments(void)
{
    return g_variant_new("(su)", NMBOND_BUS_NAME, 0u);
}

/* ---- initialisation, step by step: bus, start, Manager, objects ----
 *
 * A bondd that goes away meanwhile makes all but the first begin anew, a few times. */

#define MAX_ATTEMPTS 5u

/* bondd was there and is gone, or was killed before it was there: the next one may stay. */
static gboolean
may_pass(const GError *error)
{
    return g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY) ||
           g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN) ||
           g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER) ||
           g_error_matches(error, G_IO_ERROR, G_IO_ERROR_FAILED); /* GDBusProxy: no owner */
}

static gboolean
was_killed(const GError *error)
{
    return g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_SPAWN_CHILD_SIGNALED);
}

static gboolean
drop_for_another_attempt(NmbondClient *self)
{
    if (++self->n_attempts >= MAX_ATTEMPTS)
        return FALSE;
    g_clear_pointer(&self->tracker, nmb_tracker_stop);
    g_clear_object(&self->manager);
    g_clear_pointer(&self->start_error, g_free);
    return TRUE;
}

/* After all steps: a bondd that was started and is gone again. */
static gboolean
lost_it(NmbondClient *self)
{
    return (self->flags & NMBOND_CLIENT_FLAGS_NO_AUTO_START) == 0 && self->start_error == NULL &&
           !nmbond_client_get_running(self);
}

static void init_start(GTask *task);

/* Takes `error`. */
static void
init_failed(GTask *task, GError *error)
{
    NmbondClient *self = g_task_get_source_object(task);

    if (may_pass(error) && drop_for_another_attempt(self)) {
        g_error_free(error);
        init_start(task);
        return;
    }
    g_task_return_error(task, error);
}

static void
clear_cancel_source(NmbondClient *self)
{
    if (self->cancel_source != NULL)
        g_source_destroy(self->cancel_source);
    g_clear_pointer(&self->cancel_source, g_source_unref);
}

static void
on_settled(gpointer data)
{
    NmbondClient *self = data;
    g_autoptr(GTask) task = g_steal_pointer(&self->init_task);
    const GError *error = nmb_tracker_get_error(self->tracker);

    clear_cancel_source(self);
    if (error != NULL)
        init_failed(task, g_error_copy(error));
    else if (lost_it(self) && drop_for_another_attempt(self))
        init_start(task);
    else
        g_task_return_boolean(task, TRUE);
}

static const struct nmb_tracker_calls tracker_calls = {
    .bond_added = on_bond_added,
    .bond_removed = on_bond_removed,
    .running_changed = on_running_changed,
    .settled = on_settled,
};

static gboolean
on_cancelled(GCancellable *cancellable, gpointer data)
{
    NmbondClient *self = data;
    g_autoptr(GTask) task = g_steal_pointer(&self->init_task);

    clear_cancel_source(self);
    g_clear_pointer(&self->tracker, nmb_tracker_stop);
    g_task_return_error_if_cancelled(task);
    return G_SOURCE_REMOVE;
}

static void
init_tracker(GTask *task)
{
    NmbondClient *self = g_task_get_source_object(task);
    GCancellable *cancellable = g_task_get_cancellable(task);

    self->init_task = g_object_ref(task);
    if (cancellable != NULL) {
        self->cancel_source = g_cancellable_source_new(cancellable);
        g_source_set_callback(self->cancel_source, G_SOURCE_FUNC(on_cancelled), self, NULL);
        g_source_attach(self->cancel_source, g_task_get_context(task));
    }
    self->tracker = nmb_tracker_new(self->connection, &tracker_calls, self);
    nmb_tracker_start(self->tracker);
}

static void
init_manager_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    NmbondClient *self = g_task_get_source_object(task);
    GError *error = NULL;
    NmbondManager *manager;

    manager = nmbond_manager_proxy_new_finish(result, &error);
    if (manager == NULL) {
        init_failed(task, error);
        return;
    }
    take_manager(self, manager);
    init_tracker(task);
}

static void
init_manager(GTask *task)
{
    NmbondClient *self = g_task_get_source_object(task);

    nmbond_manager_proxy_new(self->connection, manager_proxy_flags(self), NMBOND_BUS_NAME,
                             NMBOND_OBJECT_PATH, g_task_get_cancellable(task), init_manager_cb,
                             g_object_ref(task));
}

static void
init_start_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    NmbondClient *self = g_task_get_source_object(task);
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) reply = NULL;

    reply = g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);
    if (reply == NULL) {
        if (g_task_return_error_if_cancelled(task))
            return;
        if (was_killed(error) && drop_for_another_attempt(self)) {
            init_start(task);
            return;
        }
        note_start_error(self, error);
    }
    init_manager(task);
}

static void
init_start(GTask *task)
{
    NmbondClient *self = g_task_get_source_object(task);

    if ((self->flags & NMBOND_CLIENT_FLAGS_NO_AUTO_START) != 0) {
        init_manager(task);
        return;
    }
    g_dbus_connection_call(self->connection, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                           "org.freedesktop.DBus", "StartServiceByName", start_service_arguments(),
                           G_VARIANT_TYPE("(u)"), G_DBUS_CALL_FLAGS_NONE, -1,
                           g_task_get_cancellable(task), init_start_cb, g_object_ref(task));
}

static void
init_bus_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    NmbondClient *self = g_task_get_source_object(task);
    GError *error = NULL;

    self->connection = g_bus_get_finish(result, &error);
    if (self->connection == NULL) {
        g_task_return_error(task, error);
        return;
    }
    init_start(task);
}

static void
nmbond_client_init_async(GAsyncInitable *initable, int priority, GCancellable *cancellable,
                         GAsyncReadyCallback callback, gpointer user_data)
{
    NmbondClient *self = NMBOND_CLIENT(initable);
    g_autoptr(GTask) task = g_task_new(self, cancellable, callback, user_data);

    g_task_set_source_tag(task, nmbond_client_init_async);
    g_task_set_priority(task, priority);
    if (self->connection == NULL)
        g_bus_get(G_BUS_TYPE_SYSTEM, cancellable, init_bus_cb, g_object_ref(task));
    else
        init_start(task);
}

static gboolean
nmbond_client_init_finish(GAsyncInitable *initable, GAsyncResult *result, GError **error)
{
    return g_task_propagate_boolean(G_TASK(result), error);
}

static gboolean
start_sync(NmbondClient *self, GCancellable *cancellable, GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autoptr(GVariant) reply = NULL;

    if ((self->flags & NMBOND_CLIENT_FLAGS_NO_AUTO_START) != 0)
        return TRUE;
    reply = g_dbus_connection_call_sync(
        self->connection, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
        "StartServiceByName", start_service_arguments(), G_VARIANT_TYPE("(u)"),
        G_DBUS_CALL_FLAGS_NONE, -1, cancellable, &local);
    if (reply != NULL)
        return TRUE;
    if (g_cancellable_set_error_if_cancelled(cancellable, error))
        return FALSE;
    if (was_killed(local) && drop_for_another_attempt(self))
        return start_sync(self, cancellable, error);
    note_start_error(self, local);
    return TRUE;
}

static gboolean
attempt_sync(NmbondClient *self, GCancellable *cancellable, GError **error)
{
    NmbondManager *manager;

    if (!start_sync(self, cancellable, error))
        return FALSE;
    manager =
        nmbond_manager_proxy_new_sync(self->connection, manager_proxy_flags(self), NMBOND_BUS_NAME,
                                      NMBOND_OBJECT_PATH, cancellable, error);
    if (manager == NULL)
        return FALSE;
    take_manager(self, manager);
    self->tracker = nmb_tracker_new(self->connection, &tracker_calls, self);
    return nmb_tracker_start_sync(self->tracker, cancellable, error);
}

static gboolean
nmbond_client_init_sync(GInitable *initable, GCancellable *cancellable, GError **error)
{
    NmbondClient *self = NMBOND_CLIENT(initable);

    if (self->connection == NULL)
        self->connection = g_bus_get_sync(G_BUS_TYPE_SYSTEM, cancellable, error);
    if (self->connection == NULL)
        return FALSE;
    for (;;) {
        g_autoptr(GError) local = NULL;
        gboolean ok = attempt_sync(self, cancellable, &local);
        gboolean again = ok ? lost_it(self) : may_pass(local);

        if (again && drop_for_another_attempt(self))
            continue;
        if (!ok)
            g_propagate_error(error, g_steal_pointer(&local));
        return ok;
    }
}

static void
initable_iface_init(GInitableIface *iface)
{
    iface->init = nmbond_client_init_sync;
}

static void
async_initable_iface_init(GAsyncInitableIface *iface)
{
    iface->init_async = nmbond_client_init_async;
    iface->init_finish = nmbond_client_init_finish;
}

/* ---- the object ---- */

static void
nmbond_client_init(NmbondClient *self)
{
}

static void
nmbond_client_get_property(GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
    NmbondClient *self = NMBOND_CLIENT(object);

    switch (id) {
    case PROP_CONNECTION:
        g_value_set_object(value, self->connection);
        break;
    case PROP_FLAGS:
        g_value_set_flags(value, self->flags);
        break;
    case PROP_RUNNING:
        g_value_set_boolean(value, nmbond_client_get_running(self));
        break;
    default:
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
    }
}

static void
nmbond_client_set_property(GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
    NmbondClient *self = NMBOND_CLIENT(object);

    switch (id) {
    case PROP_CONNECTION:
        self->connection = g_value_dup_object(value);
        break;
    case PROP_FLAGS:
        self->flags = g_value_get_flags(value);
        break;
    default:
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
    }
}

static void
nmbond_client_dispose(GObject *object)
{
    NmbondClient *self = NMBOND_CLIENT(object);

    clear_cancel_source(self);
    g_clear_pointer(&self->tracker, nmb_tracker_stop);
    g_clear_object(&self->manager);
    g_clear_object(&self->connection);
    g_clear_pointer(&self->start_error, g_free);
    G_OBJECT_CLASS(nmbond_client_parent_class)->dispose(object);
}

static void
nmbond_client_class_init(NmbondClientClass *klass)
{
    GObjectClass *object_class = G_OBJECT_CLASS(klass);

    (void) NMBOND_ERROR; /* from now on GDBus turns bondd's errors into this domain */

    object_class->get_property = nmbond_client_get_property;
    object_class->set_property = nmbond_client_set_property;
    object_class->dispose = nmbond_client_dispose;

    /**
     * NmbondClient:connection:
     *
     * The bus; the system bus if none was given.
     */
    properties[PROP_CONNECTION] =
        g_param_spec_object("connection", NULL, NULL, G_TYPE_DBUS_CONNECTION,
                            G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
    /**
     * NmbondClient:flags:
     *
     * Whether bondd may be started.
     */
    properties[PROP_FLAGS] =
        g_param_spec_flags("flags", NULL, NULL, NMBOND_TYPE_CLIENT_FLAGS, NMBOND_CLIENT_FLAGS_NONE,
                           G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
    /**
     * NmbondClient:running:
     *
     * Whether bondd is there now, with its bonds loaded.
     */
    properties[PROP_RUNNING] = g_param_spec_boolean("running", NULL, NULL, FALSE,
                                                    G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
    g_object_class_install_properties(object_class, N_PROPERTIES, properties);

    /**
     * NmbondClient::bond-added:
     * @client: the client
     * @bond: the new bond; also one that is there again after a restart of bondd
     *
     * A bond is there now.
     */
    signals[SIGNAL_BOND_ADDED] =
        g_signal_new("bond-added", NMBOND_TYPE_CLIENT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                     G_TYPE_NONE, 1, NMBOND_TYPE_BOND);
    /**
     * NmbondClient::bond-removed:
     * @client: the client
     * @bond: the bond that is gone, or out of sight because bondd is
     *
     * A bond is gone.
     */
    signals[SIGNAL_BOND_REMOVED] =
        g_signal_new("bond-removed", NMBOND_TYPE_CLIENT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                     G_TYPE_NONE, 1, NMBOND_TYPE_BOND);
    /**
     * NmbondClient::event:
     * @client: the client
     * @event: what has just happened
     *
     * Something happened to a bond: a failover, a port that came or left, and why.
     */
    signals[SIGNAL_EVENT] = g_signal_new("event", NMBOND_TYPE_CLIENT, G_SIGNAL_RUN_LAST, 0, NULL,
                                         NULL, NULL, G_TYPE_NONE, 1, NMBOND_TYPE_EVENT);
}

/**
 * nmbond_client_new_async:
 * @connection: (nullable): a bus, or %NULL for the system bus
 * @flags: whether bondd may be started
 * @cancellable: (nullable): to give up
 * @callback: (scope async): called when the bonds are there
 * @user_data: for @callback
 *
 * That bondd is not running and cannot be started is not an error here: see
 * nmbond_client_get_running() and nmbond_client_get_start_error().
 */
void
nmbond_client_new_async(GDBusConnection *connection, NmbondClientFlags flags,
                        GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
    g_return_if_fail(connection == NULL || G_IS_DBUS_CONNECTION(connection));

    g_async_initable_new_async(NMBOND_TYPE_CLIENT, G_PRIORITY_DEFAULT, cancellable, callback,
                               user_data, "connection", connection, "flags", flags, NULL);
}

/**
 * nmbond_client_new_finish: (constructor)
 * @result: what the callback got
 * @error: return location
 *
 * Ends what nmbond_client_new_async() began.
 *
 * Returns: (transfer full): the client, or %NULL if there is no bus or it was cancelled
 */
NmbondClient *
nmbond_client_new_finish(GAsyncResult *result, GError **error)
{
    g_autoptr(GObject) source = g_async_result_get_source_object(result);
    GObject *client = g_async_initable_new_finish(G_ASYNC_INITABLE(source), result, error);

    return client != NULL ? NMBOND_CLIENT(client) : NULL;
}

/**
 * nmbond_client_new_sync: (constructor)
 * @connection: (nullable): a bus, or %NULL for the system bus
 * @flags: whether bondd may be started
 * @cancellable: (nullable): to give up
 * @error: return location
 *
 * Makes a client, and blocks until the bonds are there. For programs without a main loop.
 *
 * Returns: (transfer full): the client, or %NULL if there is no bus or it was cancelled
 */
NmbondClient *
nmbond_client_new_sync(GDBusConnection *connection, NmbondClientFlags flags,
                       GCancellable *cancellable, GError **error)
{
    return g_initable_new(NMBOND_TYPE_CLIENT, cancellable, error, "connection", connection, "flags",
                          flags, NULL);
}
