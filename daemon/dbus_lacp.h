/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dbus_lacp.h - 802.3ad as D-Bus tells it: the property Lacp of bonds and ports. */
#ifndef BONDD_DBUS_LACP_H
#define BONDD_DBUS_LACP_H

#include <glib.h>

#include "core/bond.h"

/* Both a{sv}, floating; empty in other modes and for a port that is leaving. */
GVariant *bondd_dbus_lacp_bond(const struct bond *b);
GVariant *bondd_dbus_lacp_port(const struct bond *b, int slot);

#endif
