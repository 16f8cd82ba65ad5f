/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * client.h - the plugin's calls to bondd (data/org.freedesktop.NetworkManager.bond.xml).
 *
 * Every call starts bondd by D-Bus activation if it is not running. Errors are bondd's sentences
 * as they are, or one that says that bondd could not be reached.
 */
#ifndef NMB_CLIENT_H
#define NMB_CLIENT_H

#include <gio/gio.h>

typedef enum {
    NMB_SET_REPLACE = 1, /* options not named return to their defaults */
    NMB_SET_CHECK = 2,   /* change nothing, only say whether it would be accepted */
} NmbSetFlags;

typedef enum {
    NMB_DETACH_HARD = 1,       /* no drain */
    NMB_DETACH_WAIT_DRAIN = 2, /* answer when the drain is over */
} NmbDetachFlags;

typedef void (*NmbClientDone)(GError *error, gpointer data);
typedef void (*NmbClientBack)(void);

/* `back` is called whenever bondd has come (back) to the bus after it had been away; `needed` says
 * whether there is a bond that wants it, so that it is started again at once. */
void nmb_client_init(GDBusConnection *bus, NmbClientBack back, gboolean (*needed)(void));

/* Floating variants are consumed. */
gboolean nmb_client_create(const char *bond, GVariant *options, GVariant *settings, GError **error);
gboolean nmb_client_set_options(const char *bond, GVariant *options, NmbSetFlags flags,
                                GError **error);
gboolean nmb_client_detach(const char *bond, const char *port, NmbDetachFlags flags,
                           GError **error);
/* Deleting a bond that bondd does not know is a success. */
gboolean nmb_client_delete(const char *bond, GError **error);
/* a{ss}, transfer full; NULL on error. */
GVariant *nmb_client_get_options(const char *bond, GError **error);

/* `done` is always called, later, once; NULL error for success. */
void nmb_client_set_options_async(const char *bond, GVariant *options, NmbSetFlags flags,
                                  NmbClientDone done, gpointer data);
void nmb_client_attach_async(const char *bond, const char *port, GVariant *settings,
                             GCancellable *cancellable, NmbClientDone done, gpointer data);

#endif
