/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * client.c - the plugin's calls to bondd, and the watch over its life.
 *
 * Plain D-Bus calls instead of proxies: the plugin needs six methods, and a proxy would make
 * NetworkManager take part in every property change of every bond. Decides only when to start
 * bondd again; never what a bond looks like.
 */
#include "client.h"

#include "nm-compat.h"

#define NMB_NAME "org.freedesktop.NetworkManager.bond"
#define NMB_PATH "/org/freedesktop/NetworkManager/bond"
#define NMB_IFACE_MANAGER NMB_NAME ".Manager"
#define NMB_IFACE_BOND NMB_NAME ".Bond"
#define NMB_ERROR_PREFIX NMB_NAME ".Error."

/* A healthy bondd answers within milliseconds; NetworkManager waits meanwhile. */
#define NMB_SYNC_TIMEOUT_MS 4000
/* Making a bond loads programs, and may start bondd first: on a small or busy machine that is
 * seconds. Failing then is worse than to wait. */
#define NMB_CREATE_TIMEOUT_MS 10000
/* One that has left a call unanswered is asked on, but waited for no longer than this, until it
 * answers again: NetworkManager must not stand still for each port of a bond. */
#define NMB_SILENT_TIMEOUT_MS 1000
#define NMB_ASYNC_TIMEOUT_MS 10000
/* A bondd that dies again within this time of its last start is in trouble: it is started at once
 * so many times, then after 1, 2, 4, ... seconds. */
#define NMB_CRASH_WINDOW_US (10 * G_USEC_PER_SEC)
#define NMB_CRASH_PATIENCE 4
#define NMB_CRASH_DELAY_MAX_S 32

static struct {
    GDBusConnection *bus;
    NmbClientBack back;
    gboolean (*needed)(void);
    gboolean was_away;
    gboolean silent;        /* a call was not answered, and nothing has been heard since */
    GHashTable *unanswered; /* names of bonds that it may be making all the same */
    gint64 started_us;      /* when we last asked for a start; 0 never */
    guint crashes;          /* in a row */
    guint start_source;
} client;

/* ---- errors ---- */

static gboolean
remote_error_is(const GError *error, const char *name)
{
    g_autofree char *remote = g_dbus_error_get_remote_error(error);

    return remote && g_str_has_prefix(remote, NMB_ERROR_PREFIX) &&
           g_str_equal(remote + strlen(NMB_ERROR_PREFIX), name);
}

static gboolean
gave_no_answer(const GError *error)
{
    return g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT) ||
           g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_TIMEOUT) ||
           g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY);
}

/* bondd's own sentences are for people already; what the bus says is put into ours. */
static void
make_readable(GError **error)
{
    GError *e = *error;
    g_autofree char *remote = NULL;
    g_autofree char *text = NULL;

    if (g_error_matches(e, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return;
    remote = g_dbus_error_get_remote_error(e);
    g_dbus_error_strip_remote_error(e);
    if (remote && g_str_has_prefix(remote, NMB_ERROR_PREFIX))
        return;
    if (gave_no_answer(e))
        text = g_strdup_printf("the bonding daemon bondd gave no answer (%s)", e->message);
    else if (e->domain == G_DBUS_ERROR || e->domain == G_IO_ERROR)
        text = g_strdup_printf("the bonding daemon bondd cannot be reached (%s)", e->message);
    if (text) {
        g_free(e->message);
        e->message = g_steal_pointer(&text);
    }
}

static gboolean
no_bus(GError **error)
{
    if (client.bus)
        return FALSE;
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED,
                        "the bonding daemon bondd cannot be reached (NetworkManager has no "
                        "connection to the system bus)");
    return TRUE;
}

/* ---- calls that are waited for ---- */

static void
heard(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(GVariant) answer =
        g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, NULL);

    client.silent = FALSE; /* an answer, a refusal, or its end */
}

/* A call that bondd answers in its turn: after those that it has not answered yet. */
static void
wait_for_a_sign(void)
{
    if (client.silent)
        return;
    client.silent = TRUE;
    g_dbus_connection_call(client.bus, NMB_NAME, NMB_PATH, NMB_IFACE_MANAGER, "GetBond",
                           g_variant_new("(s)", ""), NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START,
                           G_MAXINT, NULL, heard, NULL);
}

static GVariant *
call_sync(const char *path, const char *iface, const char *method, GVariant *args,
          const char *reply, GError **error)
{
    int timeout_ms = g_str_equal(method, "CreateBond") ? NMB_CREATE_TIMEOUT_MS /* asked for once */
                     : client.silent                   ? NMB_SILENT_TIMEOUT_MS
                                                       : NMB_SYNC_TIMEOUT_MS;
    GError *local = NULL;
    GVariant *answer;

    if (no_bus(error)) {
        if (args)
            g_variant_unref(g_variant_ref_sink(args));
        return NULL;
    }
    answer = g_dbus_connection_call_sync(client.bus, NMB_NAME, path, iface, method, args,
                                         G_VARIANT_TYPE(reply), G_DBUS_CALL_FLAGS_NONE, timeout_ms,
                                         NULL, &local);
    if (answer)
        return answer;
    if (gave_no_answer(local))
        wait_for_a_sign();
    g_propagate_error(error, local);
    return NULL;
}

static char *
bond_path(const char *bond, GError **error)
{
    g_autoptr(GVariant) answer =
        call_sync(NMB_PATH, NMB_IFACE_MANAGER, "GetBond", g_variant_new("(s)", bond), "(o)", error);
    char *path = NULL;

    if (answer)
        g_variant_get(answer, "(o)", &path);
    return path;
}

/* The path is asked for each time: bondd numbers its objects anew when it starts. */
static GVariant *
bond_call(const char *bond, const char *iface, const char *method, GVariant *args,
          const char *reply, GError **error)
{
    g_autoptr(GVariant) sunk = args ? g_variant_ref_sink(args) : NULL;
    g_autofree char *path = bond_path(bond, error);

    return path ? call_sync(path, iface, method, sunk, reply, error) : NULL;
}

static gboolean
finish(GVariant *answer, GError **error, GError *local)
{
    if (answer) {
        g_variant_unref(answer);
        return TRUE;
    }
    make_readable(&local);
    g_propagate_error(error, local);
    return FALSE;
}

gboolean
nmb_client_set_options(const char *bond, GVariant *options, NmbSetFlags flags, GError **error)
{
    GError *local = NULL;
    GVariant *answer =
        bond_call(bond, NMB_IFACE_BOND, "SetOptions",
                  g_variant_new("(@a{ss}u)", options, (guint32) flags), "()", &local);

    return finish(answer, error, local);
}

/* A bond whose making was not answered in time may be there when the profile is brought up again.
 * It is the one that is wanted then, and not in the way. */
gboolean
nmb_client_create(const char *bond, GVariant *options, GVariant *settings, GError **error)
{
    g_autoptr(GVariant) sunk = g_variant_ref_sink(options);
    GError *local = NULL;
    GVariant *answer =
        call_sync(NMB_PATH, NMB_IFACE_MANAGER, "CreateBond",
                  g_variant_new("(s@a{ss}@a{sv})", bond, sunk, settings), "(o)", &local);

    if (!answer && gave_no_answer(local))
        g_hash_table_add(client.unanswered, g_strdup(bond));
    else if (g_hash_table_remove(client.unanswered, bond) && !answer &&
             remote_error_is(local, "BondExists")) {
        g_error_free(local);
        return nmb_client_set_options(bond, sunk, NMB_SET_REPLACE, error);
    }
    return finish(answer, error, local);
}

gboolean
nmb_client_detach(const char *bond, const char *port, NmbDetachFlags flags, GError **error)
{
    GError *local = NULL;
    GVariant *answer = bond_call(bond, NMB_IFACE_BOND, "DetachPort",
                                 g_variant_new("(su)", port, (guint32) flags), "()", &local);

    if (!answer && (remote_error_is(local, "NoSuchBond") || remote_error_is(local, "NoSuchPort"))) {
        g_error_free(local); /* what is wanted is so already */
        return TRUE;
    }
    return finish(answer, error, local);
}

gboolean
nmb_client_delete(const char *bond, GError **error)
{
    GError *local = NULL;
    GVariant *answer = bond_call(bond, NMB_IFACE_BOND, "Delete", NULL, "()", &local);

    if (!answer && remote_error_is(local, "NoSuchBond")) {
        g_error_free(local);
        return TRUE;
    }
    return finish(answer, error, local);
}

GVariant *
nmb_client_get_options(const char *bond, GError **error)
{
    GError *local = NULL;
    g_autoptr(GVariant) answer =
        bond_call(bond, "org.freedesktop.DBus.Properties", "Get",
                  g_variant_new("(ss)", NMB_IFACE_BOND, "Options"), "(v)", &local);
    g_autoptr(GVariant) value = NULL;

    if (!answer) {
        finish(NULL, error, local);
        return NULL;
    }
    g_variant_get(answer, "(v)", &value);
    if (!g_variant_is_of_type(value, G_VARIANT_TYPE("a{ss}"))) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                    "bondd's property Options has type '%s' instead of 'a{ss}'",
                    g_variant_get_type_string(value));
        return NULL;
    }
    return g_steal_pointer(&value);
}

/* ---- calls that are not waited for: GetBond, then the method ---- */

typedef struct {
    char *bond;
    const char *method;
    GVariant *args;
    GCancellable *cancellable;
    NmbClientDone done;
    gpointer data;
} AsyncCall;

static void
async_finish(AsyncCall *call, GError *error)
{
    if (error)
        make_readable(&error);
    call->done(error, call->data);
    g_clear_error(&error);
    g_clear_object(&call->cancellable);
    g_variant_unref(call->args);
    g_free(call->bond);
    g_free(call);
}

static void
async_answer(GObject *source, GAsyncResult *result, gpointer data)
{
    GError *error = NULL;
    GVariant *answer = g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);

    g_clear_pointer(&answer, g_variant_unref);
    async_finish(data, error);
}

static void
async_have_path(GObject *source, GAsyncResult *result, gpointer data)
{
    AsyncCall *call = data;
    GError *error = NULL;
    g_autoptr(GVariant) answer =
        g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);
    const char *path;

    if (!answer) {
        async_finish(call, error);
        return;
    }
    g_variant_get(answer, "(&o)", &path);
    g_dbus_connection_call(client.bus, NMB_NAME, path, NMB_IFACE_BOND, call->method, call->args,
                           NULL, G_DBUS_CALL_FLAGS_NONE, NMB_ASYNC_TIMEOUT_MS, call->cancellable,
                           async_answer, call);
}

static gboolean
async_no_bus(gpointer data)
{
    GError *error = NULL;

    no_bus(&error);
    async_finish(data, error);
    return G_SOURCE_REMOVE;
}

static void
async_start(const char *bond, const char *method, GVariant *args, GCancellable *cancellable,
            NmbClientDone done, gpointer data)
{
    AsyncCall *call = g_new0(AsyncCall, 1);

    call->bond = g_strdup(bond);
    call->method = method;
    call->args = g_variant_ref_sink(args);
    call->cancellable = cancellable ? g_object_ref(cancellable) : NULL;
    call->done = done;
    call->data = data;
    if (!client.bus) {
        g_idle_add(async_no_bus, call);
        return;
    }
    g_dbus_connection_call(client.bus, NMB_NAME, NMB_PATH, NMB_IFACE_MANAGER, "GetBond",
                           g_variant_new("(s)", bond), G_VARIANT_TYPE("(o)"),
                           G_DBUS_CALL_FLAGS_NONE, NMB_ASYNC_TIMEOUT_MS, cancellable,
                           async_have_path, call);
}

void
nmb_client_set_options_async(const char *bond, GVariant *options, NmbSetFlags flags,
                             NmbClientDone done, gpointer data)
{
    async_start(bond, "SetOptions", g_variant_new("(@a{ss}u)", options, (guint32) flags), NULL,
                done, data);
}

void
nmb_client_attach_async(const char *bond, const char *port, GVariant *settings,
                        GCancellable *cancellable, NmbClientDone done, gpointer data)
{
    async_start(bond, "AttachPort", g_variant_new("(s@a{sv})", port, settings), cancellable, done,
                data);
}

/* ---- bondd's life ---- */

static void
start_answer(GObject *source, GAsyncResult *result, gpointer data)
{
    GError *error = NULL;
    g_autoptr(GVariant) answer =
        g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);

    if (answer)
        return;
    make_readable(&error);
    nmb_warn(NULL, "%s; bonds keep their traffic, but no failover is decided", error->message);
    g_error_free(error);
}

static gboolean
start_bondd(gpointer data)
{
    client.start_source = 0;
    client.started_us = g_get_monotonic_time();
    g_dbus_connection_call(client.bus, NMB_NAME, NMB_PATH, "org.freedesktop.DBus.Peer", "Ping",
                           NULL, NULL, G_DBUS_CALL_FLAGS_NONE, NMB_ASYNC_TIMEOUT_MS, NULL,
                           start_answer, NULL);
    return G_SOURCE_REMOVE;
}

static guint
crash_delay_s(void)
{
    guint doublings;

    if (client.crashes < NMB_CRASH_PATIENCE)
        return 0;
    doublings = MIN(client.crashes - NMB_CRASH_PATIENCE, 5);
    return MIN(1u << doublings, NMB_CRASH_DELAY_MAX_S);
}

static void
on_vanished(GDBusConnection *bus, const char *name, gpointer data)
{
    gint64 now_us = g_get_monotonic_time();
    guint delay_s;

    client.was_away = TRUE;
    g_hash_table_remove_all(client.unanswered); /* the next one does not know of them */
    if (!bus || client.start_source || !client.needed())
        return;
    if (client.started_us && now_us - client.started_us < NMB_CRASH_WINDOW_US)
        client.crashes++;
    else
        client.crashes = 0;
    delay_s = crash_delay_s();
    if (delay_s == 0) {
        nmb_info(NULL, "bondd is gone, starting it again");
        start_bondd(NULL);
    } else {
        nmb_warn(NULL, "bondd is gone again, starting it in %u s", delay_s);
        client.start_source = g_timeout_add_seconds(delay_s, start_bondd, NULL);
    }
}

static void
on_appeared(GDBusConnection *bus, const char *name, const char *owner, gpointer data)
{
    g_clear_handle_id(&client.start_source, g_source_remove);
    if (!client.was_away)
        return;
    client.was_away = FALSE;
    client.back();
}

void
nmb_client_init(GDBusConnection *bus, NmbClientBack back, gboolean (*needed)(void))
{
    client.back = back;
    client.needed = needed;
    client.unanswered = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (!bus)
        return;
    client.bus = g_object_ref(bus);
    g_bus_watch_name_on_connection(bus, NMB_NAME, G_BUS_NAME_WATCHER_FLAGS_NONE, on_appeared,
                                   on_vanished, NULL, NULL);
}
