/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * import-bond.c - an ifcfg file of a bond, and those of its ports, into profiles.
 */
#include "ifcfg.h"

#include <string.h>

/* Said by what the profile is, or of no concern to NetworkManager. */
static const char *const known[] = {
    "TYPE",         "BONDING_MASTER", "SLAVE",         "MASTER",      "USERCTL",  "HOTPLUG",
    "PROXY_METHOD", "BROWSER_ONLY",   "NM_CONTROLLED", "MASTER_UUID", "ARPCHECK", "ARPUPDATE",
};

static void
set_common(struct ifcfg *file, NMConnection *connection, const char *device)
{
    NMSettingConnection *s_con = nm_connection_get_setting_connection(connection);
    const char *name = ifcfg_get(file, "NAME"), *uuid = ifcfg_get(file, "UUID");
    const char *zone = ifcfg_get(file, "ZONE");

    for (gsize i = 0; i < G_N_ELEMENTS(known); i++)
        ifcfg_get(file, known[i]);
    g_object_set(s_con, NM_SETTING_CONNECTION_ID, name != NULL ? name : device,
                 NM_SETTING_CONNECTION_AUTOCONNECT, (gboolean) ifcfg_is_yes(file, "ONBOOT", true),
                 NM_SETTING_CONNECTION_ZONE, zone, NULL);
    if (uuid != NULL && g_uuid_string_is_valid(uuid))
        g_object_set(s_con, NM_SETTING_CONNECTION_UUID, uuid, NULL);
}

static void
set_pair(struct import *import, struct ifcfg *file, const char *key, struct profile *profile,
         const char *name, const char *value)
{
    char op = value[0] == '+' || value[0] == '-' ? value[0] : '=';
    GError *error = NULL;

    if (!profile_set(profile, name, op, op == '=' ? value : value + 1, &error)) {
        ifcfg_error(import, file, key, error->message);
        g_error_free(error);
    }
}

/* "mode=1 miimon=100 arp_ip_target=+10.0.0.1" */
static void
set_bonding_opts(struct import *import, struct ifcfg *file, struct profile *profile)
{
    const char *value = ifcfg_get(file, "BONDING_OPTS");
    g_auto(GStrv) words = g_strsplit_set(value != NULL ? value : "", " \t", -1);

    for (gsize i = 0; words[i] != NULL; i++) {
        char *equals = strchr(words[i], '=');
        g_autofree char *text = NULL;

        if (words[i][0] == '\0')
            continue;
        if (equals == NULL) {
            text = g_strdup_printf(_("'%s' in BONDING_OPTS is not option=value"), words[i]);
            ifcfg_error(import, file, "BONDING_OPTS", text);
            continue;
        }
        *equals = '\0';
        if (bond_opt_by_name(words[i]) != NULL) {
            set_pair(import, file, "BONDING_OPTS", profile,
                     strcmp(words[i], "active_slave") == 0 ? "primary" : words[i], equals + 1);
        } else {
            text =
                g_strdup_printf(_("%s in BONDING_OPTS has no counterpart in a profile"), words[i]);
            ifcfg_skip(import, file, "BONDING_OPTS", text);
        }
    }
}

static void
set_wired(struct import *import, struct ifcfg *file, struct profile *profile)
{
    const char *mtu = ifcfg_get(file, "MTU"), *mac = ifcfg_get(file, "MACADDR");

    if (mtu != NULL)
        set_pair(import, file, "MTU", profile, "mtu", mtu);
    if (mac != NULL)
        set_pair(import, file, "MACADDR", profile, "mac", mac);
}

static void
import_port(struct import *import, struct ifcfg *file, NMConnection *bond)
{
    const char *device = ifcfg_get(file, "DEVICE"), *hwaddr = ifcfg_get(file, "HWADDR");
    const char *queue = ifcfg_get(file, "BOND_PORT_QUEUE_ID");
    const char *base = strrchr(file->path, '-') + 1;
    g_autoptr(NMConnection) port = profile_make_port(bond, device != NULL ? device : base);
    g_autoptr(profile_auto) wired = profile_new("port"); /* for its checks of MTU and MAC */
    g_autoptr(GError) error = NULL;
    guint64 number;

    ifcfg_take_errors(import, file);
    set_common(file, port, device != NULL ? device : base);
    if (device == NULL && hwaddr != NULL) /* the card is known by its address alone */
        g_object_set(nm_connection_get_setting_connection(port),
                     NM_SETTING_CONNECTION_INTERFACE_NAME, NULL, NULL);
    ifcfg_get(file, "BOOTPROTO"); /* a port has no addresses */
    set_wired(import, file, wired);
    if (nm_connection_get_setting_wired(wired->bond) != NULL)
        nm_connection_add_setting(
            port, nm_setting_duplicate(NM_SETTING(nm_connection_get_setting_wired(wired->bond))));
    if (hwaddr != NULL && !nm_utils_hwaddr_valid(hwaddr, 6))
        ifcfg_error(import, file, "HWADDR", _("this is no MAC address"));
    else if (hwaddr != NULL)
        g_object_set(nm_connection_get_setting_wired(port), NM_SETTING_WIRED_MAC_ADDRESS, hwaddr,
                     NULL);
    if (queue != NULL && g_ascii_string_to_unsigned(queue, 10, 0, 65535, &number, NULL)) {
        NMSetting *s_port = nm_setting_bond_port_new();

        g_object_set(s_port, NM_SETTING_BOND_PORT_QUEUE_ID, (guint) number, NULL);
        nm_connection_add_setting(port, s_port);
    } else if (queue != NULL) {
        ifcfg_error(import, file, "BOND_PORT_QUEUE_ID", _("this is no number of a queue"));
    }
    if (!nm_connection_normalize(port, NULL, NULL, &error))
        ifcfg_error(import, file, "DEVICE", error->message);
    ifcfg_skip_unused(import, file);
    changes_add(import->changes, port);
}

void
import_bond(struct import *import, struct ifcfg *file, GPtrArray *ports)
{
    const char *device = ifcfg_get(file, "DEVICE");
    g_autofree char *base = g_path_get_basename(file->path);
    g_autoptr(profile_auto) profile = NULL;
    GError *error = NULL;

    ifcfg_take_errors(import, file);
    if (device == NULL)
        device = g_str_has_prefix(base, "ifcfg-") ? base + 6 : base;
    if (!nm_utils_is_valid_iface_name(device, NULL)) {
        ifcfg_error(import, file, "DEVICE", _("this is no name that a network interface can have"));
        return;
    }
    profile = profile_new(device);
    set_common(file, profile->bond, device);
    set_bonding_opts(import, file, profile);
    set_wired(import, file, profile);
    import_addresses(import, file, profile->bond);
    if (!profile_finish(profile, &error)) {
        ifcfg_error(import, file, "BONDING_OPTS", error->message);
        g_error_free(error);
    }
    for (guint i = 0; i < profile->notes->len; i++)
        ifcfg_skip(import, file, "BONDING_OPTS", profile->notes->pdata[i]);
    ifcfg_skip_unused(import, file);
    changes_add(import->changes, profile->bond);
    for (guint i = 0; i < ports->len; i++)
        import_port(import, ports->pdata[i], profile->bond);
}
