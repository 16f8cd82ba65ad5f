/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * nmbond-tracker.h - the objects of whichever bondd is there; for the files of this library only.
 */
#ifndef NMBOND_TRACKER_H
#define NMBOND_TRACKER_H

#include <gio/gio.h>

#include "nmbond-generated.h"

struct nmb_object { /* at one path: the one or the other */
    NmbondBond *bond;
    NmbondPort *port;
};

struct nmb_tracker_calls {
    void (*bond_added)(gpointer data, NmbondBond *bond);
    void (*bond_removed)(gpointer data, NmbondBond *bond);
    void (*running_changed)(gpointer data);
    /* Once: whether bondd is there has become known, and its objects are loaded if it is. */
    void (*settled)(gpointer data);
};

struct nmb_tracker; /* lives until nmb_tracker_stop(); nothing is called after that */

struct nmb_tracker *nmb_tracker_new(GDBusConnection *connection,
                                    const struct nmb_tracker_calls *calls, gpointer data);
void nmb_tracker_start(struct nmb_tracker *tracker);
/* Loads at once what is there, then starts. */
gboolean nmb_tracker_start_sync(struct nmb_tracker *tracker, GCancellable *cancellable,
                                GError **error);
void nmb_tracker_stop(struct nmb_tracker *tracker);

gboolean nmb_tracker_is_running(const struct nmb_tracker *tracker);
/* Why the objects of a bondd that is there could not be loaded, or NULL. */
const GError *nmb_tracker_get_error(const struct nmb_tracker *tracker);
/* Path to struct nmb_object; borrowed. */
GHashTable *nmb_tracker_get_objects(const struct nmb_tracker *tracker);

#endif
