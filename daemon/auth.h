/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * auth.h - who may change something: uid 0, and whoever polkit allows.
 */
#ifndef BONDD_AUTH_H
#define BONDD_AUTH_H

#include <gio/gio.h>

#define BONDD_POLKIT_ACTION "org.freedesktop.NetworkManager.bond.modify"

typedef void (*bondd_auth_cb)(GDBusMethodInvocation *invocation, gpointer data);

/* Calls `allowed` (now or later), or answers the call with NotAuthorized and frees `data`. */
void bondd_auth_check(GDBusMethodInvocation *invocation, bondd_auth_cb allowed, gpointer data,
                      GDestroyNotify free_data);

#endif
