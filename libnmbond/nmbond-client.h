/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * nmbond-client.h - bondd's bonds and ports, kept up to date.
 */
#ifndef NMBOND_CLIENT_H
#define NMBOND_CLIENT_H

#include <gio/gio.h>

#include "nmbond-event.h"
#include "nmbond-generated.h"

G_BEGIN_DECLS

/**
 * NMBOND_BUS_NAME:
 *
 * bondd's name on the system bus.
 */
#define NMBOND_BUS_NAME "org.freedesktop.NetworkManager.bond"

/**
 * NMBOND_OBJECT_PATH:
 *
 * The path of the Manager and of the ObjectManager.
 */
#define NMBOND_OBJECT_PATH "/org/freedesktop/NetworkManager/bond"

/**
 * NmbondClientFlags:
 * @NMBOND_CLIENT_FLAGS_NONE: bondd is started if it is not running
 * @NMBOND_CLIENT_FLAGS_NO_AUTO_START: only look; never start bondd
 *
 * Whether a client may have D-Bus start bondd.
 */
typedef enum { /*< flags >*/
               NMBOND_CLIENT_FLAGS_NONE = 0,
               NMBOND_CLIENT_FLAGS_NO_AUTO_START = 1 << 0,
} NmbondClientFlags;

/**
 * NmbondSetOptionsFlags:
 * @NMBOND_SET_OPTIONS_FLAGS_NONE: options not named keep their values
 * @NMBOND_SET_OPTIONS_FLAGS_REPLACE: options not named return to their defaults
 * @NMBOND_SET_OPTIONS_FLAGS_CHECK: change nothing, only say whether it would be accepted
 * @NMBOND_SET_OPTIONS_FLAGS_STRICT: refuse what the kernel's driver would refuse while the bond
 *   is up or has ports
 *
 * For nmbond_bond_call_set_options().
 */
typedef enum { /*< flags >*/
               NMBOND_SET_OPTIONS_FLAGS_NONE = 0,
               NMBOND_SET_OPTIONS_FLAGS_REPLACE = 1 << 0,
               NMBOND_SET_OPTIONS_FLAGS_CHECK = 1 << 1,
               NMBOND_SET_OPTIONS_FLAGS_STRICT = 1 << 2,
} NmbondSetOptionsFlags;

/**
 * NmbondDetachFlags:
 * @NMBOND_DETACH_FLAGS_NONE: answer once nothing more is sent by the port and the change is
 *   announced; what is still on its way is received meanwhile
 * @NMBOND_DETACH_FLAGS_HARD: no drain
 * @NMBOND_DETACH_FLAGS_WAIT: answer when the drain is over
 *
 * For nmbond_bond_call_detach_port().
 */
typedef enum { /*< flags >*/
               NMBOND_DETACH_FLAGS_NONE = 0,
               NMBOND_DETACH_FLAGS_HARD = 1 << 0,
               NMBOND_DETACH_FLAGS_WAIT = 1 << 1,
} NmbondDetachFlags;

/**
 * NmbondClient:
 *
 * bondd's bonds and ports, kept up to date, also over its restarts.
 *
 * When bondd goes, its bonds disappear from here ([signal@Nmbond.Client::bond-removed], then
 * [property@Nmbond.Client:running] is false); when the next one is there they come back as new
 * objects. Keep names, not objects. Signals come in the main context in which the client was made.
 */
#define NMBOND_TYPE_CLIENT (nmbond_client_get_type())
G_DECLARE_FINAL_TYPE(NmbondClient, nmbond_client, NMBOND, CLIENT, GObject)

void nmbond_client_new_async(GDBusConnection *connection, NmbondClientFlags flags,
                             GCancellable *cancellable, GAsyncReadyCallback callback,
                             gpointer user_data);
NmbondClient *nmbond_client_new_finish(GAsyncResult *result, GError **error);
NmbondClient *nmbond_client_new_sync(GDBusConnection *connection, NmbondClientFlags flags,
                                     GCancellable *cancellable, GError **error);

GDBusConnection *nmbond_client_get_connection(NmbondClient *client);
NmbondClientFlags nmbond_client_get_flags(NmbondClient *client);
gboolean nmbond_client_get_running(NmbondClient *client);
const char *nmbond_client_get_start_error(NmbondClient *client);
NmbondManager *nmbond_client_get_manager(NmbondClient *client);

GPtrArray *nmbond_client_get_bonds(NmbondClient *client);
NmbondBond *nmbond_client_get_bond(NmbondClient *client, const char *name);
NmbondBond *nmbond_client_get_bond_by_path(NmbondClient *client, const char *path);
GPtrArray *nmbond_client_get_ports(NmbondClient *client, NmbondBond *bond);
GPtrArray *nmbond_client_get_leaving_ports(NmbondClient *client, NmbondBond *bond);
NmbondPort *nmbond_client_get_port(NmbondClient *client, NmbondBond *bond, const char *name);
NmbondPort *nmbond_client_get_port_by_path(NmbondClient *client, const char *path);

void nmbond_client_get_events_async(NmbondClient *client, const char *bond, guint64 since,
                                    GCancellable *cancellable, GAsyncReadyCallback callback,
                                    gpointer user_data);
GPtrArray *nmbond_client_get_events_finish(NmbondClient *client, GAsyncResult *result,
                                           GError **error);
GPtrArray *nmbond_client_get_events_sync(NmbondClient *client, const char *bond, guint64 since,
                                         GCancellable *cancellable, GError **error);

G_END_DECLS

#endif
