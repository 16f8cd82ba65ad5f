/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * nmbond-client-private.h - what a client consists of, for the files of this library only.
 */
#ifndef NMBOND_CLIENT_PRIVATE_H
#define NMBOND_CLIENT_PRIVATE_H

#include "nmbond-client.h"
#include "nmbond-tracker.h"

struct _NmbondClient {
    GObject parent_instance;
    GDBusConnection *connection;
    NmbondClientFlags flags;
    struct nmb_tracker *tracker; /* bonds and ports; emptied when bondd goes */
    NmbondManager *manager;      /* stays; a call through it starts bondd */
    guint n_attempts;            /* to get a bondd that stays, while the client is made */
    GTask *init_task;            /* while it waits for the tracker */
    GSource *cancel_source;      /* the same */
    char *start_error;           /* why bondd could not be started, or NULL */
};

#endif
