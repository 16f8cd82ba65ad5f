/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ifcfg-bond.c - an ifcfg file of a bond, and those of its ports, into profiles.
 */
#include "profiles/ifcfg.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/bond.h"

/* Said by what the profile is, or of no concern to NetworkManager. */
static const char *const known[] = {
    "TYPE",         "BONDING_MASTER", "SLAVE",         "MASTER",      "USERCTL",  "HOTPLUG",
    "PROXY_METHOD", "BROWSER_ONLY",   "NM_CONTROLLED", "MASTER_UUID", "ARPCHECK", "ARPUPDATE",
};

/* Sets what bonds and ports have in common. The sentences of a file's own lines come first. */
static void
set_common(struct import *import, struct ifcfg *file, NMConnection *connection)
{
    NMSettingConnection *s_con = nm_connection_get_setting_connection(connection);
    const char *name = ifcfg_get(file, "NAME"), *uuid = ifcfg_get(file, "UUID");
    g_autofree char *made = import->make_uuid != NULL ? import->make_uuid(file->path) : NULL;

    ifcfg_take_errors(import, file);
    for (gsize i = 0; i < G_N_ELEMENTS(known); i++)
        ifcfg_get(file, known[i]);
    g_object_set(s_con, NM_SETTING_CONNECTION_ID, name != NULL ? name : ifcfg_device(file),
                 NM_SETTING_CONNECTION_AUTOCONNECT, (gboolean) ifcfg_is_yes(file, "ONBOOT", true),
                 NM_SETTING_CONNECTION_ZONE, ifcfg_get(file, "ZONE"), NULL);
    if (uuid != NULL && !g_uuid_string_is_valid(uuid))
        ifcfg_error(import, file, "UUID", _("this is no UUID"));
    else if (uuid != NULL || made != NULL)
        g_object_set(s_con, NM_SETTING_CONNECTION_UUID, uuid != NULL ? uuid : made, NULL);
}

static void
set_pair(struct import *import, struct ifcfg *file, struct profile *profile,
         const struct bond_opt_desc *desc, const char *value)
{
    char op = profile_option_is_list(desc) && (value[0] == '+' || value[0] == '-') ? value[0] : '=';
    g_autoptr(GError) error = NULL;

    if (!profile_set_option(profile, desc, op, op == '=' ? value : value + 1, &error))
        ifcfg_error(import, file, "BONDING_OPTS", error->message);
}

/* "mode=1 miimon=100 arp_ip_target=+10.0.0.1" */
static void
set_bonding_opts(struct import *import, struct ifcfg *file, struct profile *profile)
{
    const char *value = ifcfg_get(file, "BONDING_OPTS");
    g_auto(GStrv) words = g_strsplit_set(value != NULL ? value : "", " \t", -1);

    for (gsize i = 0; words[i] != NULL; i++) {
        char *equals = strchr(words[i], '=');
        const struct bond_opt_desc *desc;
        g_autofree char *text = NULL;

        if (words[i][0] == '\0')
            continue;
        if (equals == NULL) {
            text = g_strdup_printf(_("'%s' in BONDING_OPTS is not option=value"), words[i]);
            ifcfg_error(import, file, "BONDING_OPTS", text);
            continue;
        }
        *equals = '\0';
        desc = bond_opt_by_name(strcmp(words[i], "active_slave") == 0 ? "primary" : words[i]);
        if (desc != NULL) {
            set_pair(import, file, profile, desc, equals + 1);
        } else {
            text =
                g_strdup_printf(_("%s in BONDING_OPTS has no counterpart in a profile"), words[i]);
            ifcfg_skip(import, file, "BONDING_OPTS", text);
        }
    }
}

static void
set_wired(struct import *import, struct ifcfg *file, NMConnection *connection)
{
    static const struct {
        const char *key;
        bool (*set)(NMConnection *connection, const char *value, GError **error);
    } keys[] = {{"MTU", profile_set_mtu}, {"MACADDR", profile_set_mac}};

    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        const char *value = ifcfg_get(file, keys[i].key);
        g_autoptr(GError) error = NULL;

        if (value != NULL && !keys[i].set(connection, value, &error))
            ifcfg_error(import, file, keys[i].key, error->message);
    }
}

static void
set_queue(struct import *import, struct ifcfg *file, NMConnection *port)
{
    const char *queue = ifcfg_get(file, "BOND_PORT_QUEUE_ID");
    guint64 number;

    if (queue == NULL)
        return;
    if (g_ascii_string_to_unsigned(queue, 10, 0, 65535, &number, NULL))
        g_object_set(profile_ensure(port, NM_SETTING_BOND_PORT_SETTING_NAME, "NMSettingBondPort"),
                     NM_SETTING_BOND_PORT_QUEUE_ID, (guint) number, NULL);
    else
        ifcfg_error(import, file, "BOND_PORT_QUEUE_ID", _("this is no number of a queue"));
}

/* The end of each file: was it good? `n_errors`: how many there were before it. */
static void
finish(struct import *import, struct ifcfg *file, NMConnection *connection, guint n_errors)
{
    struct imported *imported = g_new0(struct imported, 1);

    ifcfg_skip_unused(import, file);
    imported->path = g_strdup(file->path);
    if (import->errors->len == n_errors)
        imported->connection = g_object_ref(connection);
    g_ptr_array_add(import->profiles, imported);
}

static bool
is_left_alone(struct import *import, struct ifcfg *file)
{
    if (!import->in_place || ifcfg_is_yes(file, "NM_CONTROLLED", true))
        return false;
    g_ptr_array_add(import->unmanaged, g_strdup(ifcfg_device(file)));
    return true;
}

static void
import_port(struct import *import, struct ifcfg *file, NMConnection *bond)
{
    guint n_errors = import->errors->len;
    const char *hwaddr = ifcfg_get(file, "HWADDR");
    g_autoptr(NMConnection) port = profile_make_port(bond, ifcfg_device(file));
    g_autoptr(GError) error = NULL;

    if (is_left_alone(import, file))
        return;
    set_common(import, file, port);
    if (ifcfg_get(file, "DEVICE") == NULL && hwaddr != NULL) /* the card is known by it alone */
        g_object_set(nm_connection_get_setting_connection(port),
                     NM_SETTING_CONNECTION_INTERFACE_NAME, NULL, NULL);
    ifcfg_get(file, "BOOTPROTO"); /* a port has no addresses */
    set_wired(import, file, port);
    if (hwaddr != NULL && !nm_utils_hwaddr_valid(hwaddr, 6))
        ifcfg_error(import, file, "HWADDR", _("this is no MAC address"));
    else if (hwaddr != NULL)
        g_object_set(profile_ensure(port, NM_SETTING_WIRED_SETTING_NAME, "NMSettingWired"),
                     NM_SETTING_WIRED_MAC_ADDRESS, hwaddr, NULL);
    set_queue(import, file, port);
    if (import->errors->len == n_errors && !nm_connection_normalize(port, NULL, NULL, &error))
        ifcfg_error(import, file, "DEVICE", error->message);
    finish(import, file, port, n_errors);
}

static void
import_one(struct import *import, struct ifcfg *file, GPtrArray *aliases, struct profile *profile)
{
    guint n_errors = import->errors->len;
    g_autoptr(GError) error = NULL;

    set_common(import, file, profile->bond);
    if (!bond_name_valid(ifcfg_device(file)))
        ifcfg_error(import, file, "DEVICE", _("this is no name that a network interface can have"));
    set_bonding_opts(import, file, profile);
    set_wired(import, file, profile->bond);
    import_addresses(import, file, aliases, profile->bond);
    import_side_files(import, file, profile->bond);
    if (!profile_finish(profile, &error) && import->errors->len == n_errors)
        ifcfg_error(import, file, "BONDING_OPTS", error->message);
    for (guint i = 0; i < profile->notes->len; i++)
        ifcfg_skip(import, file, "BONDING_OPTS", profile->notes->pdata[i]);
    finish(import, file, profile->bond, n_errors);
}

/* A broken file of a bond leaves its ports' files as good as they are. */
void
import_bond(struct import *import, struct ifcfg *file, GPtrArray *aliases, GPtrArray *ports)
{
    g_autoptr(profile_auto) profile = profile_new(ifcfg_device(file));

    if (!is_left_alone(import, file))
        import_one(import, file, aliases, profile);
    for (guint i = 0; i < ports->len; i++)
        import_port(import, ports->pdata[i], profile->bond);
}
