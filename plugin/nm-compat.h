/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nm-compat.h - the only door to NetworkManager's private headers.
 *
 * They come from the distribution's source package of exactly the version that
 * is installed (scripts/nm-headers); nothing of them is kept in this repository.
 * Whatever differs between NetworkManager versions is bridged here, so that the
 * other files of the plugin speak one language.
 */
#ifndef NMB_NM_COMPAT_H
#define NMB_NM_COMPAT_H

#include "src/core/nm-default-daemon.h"

#include "NetworkManagerUtils.h"
#include "devices/nm-device-factory.h"
#include "devices/nm-device-private.h"
#include "libnm-core-intern/nm-core-internal.h"
#include "libnm-glib-aux/nm-uuid.h"
#include "libnm-platform/nm-platform.h"
#include "nm-act-request.h"
#include "nm-dbus-manager.h"
#include "nm-manager.h"
#include "settings/nm-settings-connection.h"
#include "settings/nm-settings-plugin.h"

/* The bond setting of a profile, made if it has none. nm_setting_bond_get_type() and its like are
 * not exported by the daemon; looking a setting up by name registers its type. */
static inline NMSetting *
nmb_connection_ensure_bond(NMConnection *connection)
{
    NMSetting *s_bond = nm_connection_get_setting_by_name(connection, NM_SETTING_BOND_SETTING_NAME);

    return s_bond ? s_bond
                  : _nm_connection_ensure_setting(connection, g_type_from_name("NMSettingBond"));
}

/* One line in NetworkManager's log, the way its own devices write them. `bond` is the name of the
 * link or NULL. */
#define nmb_log(level, bond, format, ...)                                                          \
    nm_log((level), LOGD_BOND, (bond), NULL, "nm-bond%s%s%s: " format, (bond) ? " (" : "",         \
           (bond) ? (bond) : "", (bond) ? ")" : "", ##__VA_ARGS__)
#define nmb_debug(bond, ...) nmb_log(LOGL_DEBUG, bond, __VA_ARGS__)
#define nmb_info(bond, ...) nmb_log(LOGL_INFO, bond, __VA_ARGS__)
#define nmb_warn(bond, ...) nmb_log(LOGL_WARN, bond, __VA_ARGS__)

/* `connection.slave-type` of a profile, "" for none. (The getters beyond get_connection_type() are
 * not exported.) */
static inline gboolean
nmb_connection_is_bond_port(NMConnection *connection)
{
    NMSettingConnection *s_con = nm_connection_get_setting_connection(connection);
    g_autofree char *type = NULL;

    if (s_con)
        g_object_get(s_con, NM_SETTING_CONNECTION_SLAVE_TYPE, &type, NULL);
    return g_strcmp0(type, NM_SETTING_BOND_SETTING_NAME) == 0;
}

#endif
