/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * nmbond-client-private.h - what a client consists of, for the files of this library only.
 */
#ifndef NMBOND_CLIENT_PRIVATE_H
#define NMBOND_CLIENT_PRIVATE_H

#include "nmbond-client.h"

struct _NmbondClient {
    GObject parent_instance;
    GDBusConnection *connection;
    NmbondClientFlags flags;
    GDBusObjectManager *objects; /* bonds and ports; emptied when bondd goes */
    NmbondManager *manager;      /* stays; a call through it starts bondd */
    char *start_error;           /* why bondd could not be started, or NULL */
};

#endif
