/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * profile.c - a bond's profile: made, given options, checked, written.
 *
 * Decides where an option is stored: bond.options where NetworkManager knows the option and the
 * value, user.data (nm-bond.NAME) where it does not. What values are allowed is core's option
 * table. Used by bondcli and, in NetworkManager's own process, by the settings plugin: only those
 * functions of libnm are called that the daemon exports as well, and settings are read and written
 * as GObject properties. Never talks to anybody.
 */
#include "profiles/profile.h"

#include <glib/gi18n-lib.h>
#include <string.h>

bool
profile_error(GError **error, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_propagate_error(error, g_error_new_valist(PROFILE_ERROR, 1, format, args));
    va_end(args);
    return false;
}

const struct bond_opt_desc *
profile_find_option(const char *key)
{
    const struct bond_opt_desc *desc = bond_opt_by_name(key);
    g_autofree char *with_underscore = g_strdelimit(g_strdup(key), "-", '_');

    return desc != NULL ? desc : bond_opt_by_name(with_underscore);
}

bool
profile_option_is_list(const struct bond_opt_desc *desc)
{
    return desc->type == BOND_OPT_T_IP4_LIST || desc->type == BOND_OPT_T_IP6_LIST;
}

NMSetting *
profile_ensure(NMConnection *connection, const char *name, const char *type)
{
    /* looking a setting up by its name registers its type */
    NMSetting *setting = nm_connection_get_setting_by_name(connection, name);

    if (setting == NULL) {
        setting = g_object_new(g_type_from_name(type), NULL);
        nm_connection_add_setting(connection, setting);
    }
    return setting;
}

/* ---- made ---- */

struct profile *
profile_new_for(NMConnection *bond)
{
    struct profile *profile = g_new0(struct profile, 1);

    profile->bond = bond;
    profile->options = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    profile->given = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    profile->ports = g_ptr_array_new_with_free_func(g_free);
    profile->notes = g_ptr_array_new_with_free_func(g_free);
    return profile;
}

void
profile_free(struct profile *profile)
{
    g_object_unref(profile->bond);
    g_hash_table_unref(profile->options);
    g_hash_table_unref(profile->given);
    g_ptr_array_unref(profile->ports);
    g_ptr_array_unref(profile->notes);
    g_free(profile);
}

struct profile *
profile_new(const char *name)
{
    NMConnection *bond = nm_simple_connection_new();
    NMSetting *s_con = nm_setting_connection_new();
    NMSetting *s_ip4 = nm_setting_ip4_config_new(), *s_ip6 = nm_setting_ip6_config_new();
    g_autofree char *uuid = g_uuid_string_random();

    g_object_set(s_con, NM_SETTING_CONNECTION_ID, name, NM_SETTING_CONNECTION_UUID, uuid,
                 NM_SETTING_CONNECTION_TYPE, NM_SETTING_BOND_SETTING_NAME,
                 NM_SETTING_CONNECTION_INTERFACE_NAME, name,
                 NM_SETTING_CONNECTION_AUTOCONNECT_SLAVES,
                 NM_SETTING_CONNECTION_AUTOCONNECT_SLAVES_YES, NULL);
    g_object_set(s_ip4, NM_SETTING_IP_CONFIG_METHOD, NM_SETTING_IP4_CONFIG_METHOD_AUTO, NULL);
    g_object_set(s_ip6, NM_SETTING_IP_CONFIG_METHOD, NM_SETTING_IP6_CONFIG_METHOD_AUTO, NULL);
    nm_connection_add_setting(bond, s_con);
    profile_ensure(bond, NM_SETTING_BOND_SETTING_NAME, "NMSettingBond");
    nm_connection_add_setting(bond, s_ip4);
    nm_connection_add_setting(bond, s_ip6);
    return profile_new_for(bond);
}

NMConnection *
profile_make_port(NMConnection *bond, const char *ifname)
{
    NMConnection *port = nm_simple_connection_new();
    NMSettingConnection *s_bond_con = nm_connection_get_setting_connection(bond);
    NMSetting *s_con = nm_setting_connection_new();
    g_autofree char *uuid = g_uuid_string_random();
    g_autofree char *id = g_strdup_printf("%s-%s", nm_connection_get_id(bond), ifname);
    g_autofree char *master = NULL;

    g_object_get(s_bond_con, NM_SETTING_CONNECTION_INTERFACE_NAME, &master, NULL);
    g_object_set(s_con, NM_SETTING_CONNECTION_ID, id, NM_SETTING_CONNECTION_UUID, uuid,
                 NM_SETTING_CONNECTION_TYPE, NM_SETTING_WIRED_SETTING_NAME,
                 NM_SETTING_CONNECTION_INTERFACE_NAME, ifname, NM_SETTING_CONNECTION_MASTER, master,
                 NM_SETTING_CONNECTION_SLAVE_TYPE, NM_SETTING_BOND_SETTING_NAME,
                 NM_SETTING_CONNECTION_AUTOCONNECT,
                 nm_setting_connection_get_autoconnect(s_bond_con), NULL);
    nm_connection_add_setting(port, s_con);
    nm_connection_add_setting(port, nm_setting_wired_new());
    return port;
}

/* ---- one option ---- */

int
profile_find_port(struct profile *profile, const char *ifname)
{
    for (guint i = 0; i < profile->ports->len; i++) {
        if (strcmp(profile->ports->pdata[i], ifname) == 0)
            return (int) i;
    }
    return -1;
}

static NMSetting *
wired_of(NMConnection *connection)
{
    return profile_ensure(connection, NM_SETTING_WIRED_SETTING_NAME, "NMSettingWired");
}

bool
profile_set_mtu(NMConnection *connection, const char *value, GError **error)
{
    guint64 mtu = 0;

    if (value[0] != '\0' && strcmp(value, "auto") != 0 &&
        !g_ascii_string_to_unsigned(value, 10, 68, 65535, &mtu, NULL))
        return profile_error(error, _("'%s' is no MTU: it is a number from 68 to 65535, or auto."),
                             value);
    g_object_set(wired_of(connection), NM_SETTING_WIRED_MTU, (guint) mtu, NULL);
    return true;
}

bool
profile_set_mac(NMConnection *connection, const char *value, GError **error)
{
    static const char *const words[] = {"preserve", "permanent", "random", "stable", NULL};
    guint8 mac[BOND_MAC_LEN] = {0};

    if (value[0] != '\0' && !g_strv_contains(words, value) &&
        (nm_utils_hwaddr_aton(value, mac, sizeof(mac)) == NULL || (mac[0] & 1) != 0))
        return profile_error(error,
                             _("'%s' is no MAC address of one device, such as "
                               "02:00:00:00:00:01."),
                             value);
    g_object_set(wired_of(connection), NM_SETTING_WIRED_CLONED_MAC_ADDRESS,
                 value[0] != '\0' ? value : NULL, NULL);
    return true;
}

static bool
set_list_option(struct profile *profile, const char *name, char op, const char *value)
{
    const char *old = g_hash_table_lookup(profile->options, name);
    g_auto(GStrv) before = g_strsplit_set(old != NULL && op != '=' ? old : "", ", ", -1);
    g_auto(GStrv) words = g_strsplit_set(value, ", ", -1);
    g_autoptr(GPtrArray) after = g_ptr_array_new();

    for (gsize i = 0; before[i] != NULL; i++) {
        if (before[i][0] != '\0' &&
            (op != '-' || !g_strv_contains((const char *const *) words, before[i])))
            g_ptr_array_add(after, before[i]);
    }
    for (gsize i = 0; op != '-' && words[i] != NULL; i++) {
        if (words[i][0] != '\0')
            g_ptr_array_add(after, words[i]);
    }
    if (after->len == 0)
        return g_hash_table_remove(profile->options, name);
    g_ptr_array_add(after, NULL);
    g_hash_table_insert(profile->options, g_strdup(name), g_strjoinv(",", (char **) after->pdata));
    return true;
}

/* As nmcli: the monitor that was named last is the one that is wanted. */
static void
drop_other_monitor(struct profile *profile, const char *name, const char *value)
{
    static const char *const mii[] = {"miimon", "updelay", "downdelay", "peer_notif_delay", NULL};
    static const char *const arp[] = {"arp_interval",
                                      "arp_ip_target",
                                      "ns_ip6_target",
                                      "arp_validate",
                                      "arp_all_targets",
                                      "arp_missed_max",
                                      NULL};
    const char *const *other = NULL;

    if (strcmp(value, "0") == 0 || value[0] == '\0')
        return;
    if (strcmp(name, "miimon") == 0)
        other = arp;
    else if (strcmp(name, "arp_interval") == 0)
        other = mii;
    for (; other != NULL && *other != NULL; other++) {
        if (!g_hash_table_contains(profile->given, *other))
            g_hash_table_remove(profile->options, *other);
    }
}

bool
profile_set_option(struct profile *profile, const struct bond_opt_desc *desc, char op,
                   const char *value, GError **error)
{
    if (desc->id == BOND_OPT_ACTIVE_SLAVE)
        return profile_error(error, _("active_slave is not kept in a profile: 'primary PORT' is, "
                                      "and 'bondcli active BOND PORT' switches now."));
    g_hash_table_add(profile->given, g_strdup(desc->name));
    if (profile_option_is_list(desc))
        set_list_option(profile, desc->name, op, value);
    else if (value[0] == '\0')
        g_hash_table_remove(profile->options, desc->name);
    else
        g_hash_table_insert(profile->options, g_strdup(desc->name), g_strdup(value));
    drop_other_monitor(profile, desc->name, value);
    return true;
}

/* ---- the whole ---- */

static int
mode_of(GHashTable *options)
{
    const char *text = g_hash_table_lookup(options, "mode");
    struct bond_options o;
    struct bond_err err;
    const struct bond_opt_ctx ctx = {.live = true};

    bond_options_init(&o, BOND_MODE_BALANCE_RR);
    if (text != NULL && bond_option_set(&o, "mode", text, &ctx, &err) != 0)
        return -1;
    return (int) o.num[BOND_OPT_MODE];
}

/* What was set for another mode goes, unless it was asked for just now: then it is refused. */
static void
drop_what_the_mode_has_not(struct profile *profile)
{
    int mode = mode_of(profile->options);
    GHashTableIter iter;
    gpointer name;

    g_hash_table_iter_init(&iter, profile->options);
    while (mode >= 0 && g_hash_table_iter_next(&iter, &name, NULL)) {
        const struct bond_opt_desc *desc = bond_opt_by_name(name);

        if ((desc->modes & (1u << mode)) != 0 || g_hash_table_contains(profile->given, name))
            continue;
        g_ptr_array_add(profile->notes,
                        g_strdup_printf(_("%s does not exist in mode %s and was taken out."),
                                        (const char *) name, bond_mode_name((uint32_t) mode)));
        g_hash_table_iter_remove(&iter);
    }
}

static bool
is_nonzero(struct profile *profile, const char *name)
{
    const char *value = g_hash_table_lookup(profile->options, name);

    return value != NULL && strcmp(value, "0") != 0 && strcmp(value, "off") != 0;
}

static bool
check_options(struct profile *profile, GError **error)
{
    const struct bond_opt_ctx ctx = {.live = true};
    g_autofree gpointer *names = g_hash_table_get_keys_as_array(profile->options, NULL);
    guint n = g_hash_table_size(profile->options);
    g_autofree const char **values = g_new0(const char *, n + 1);
    struct bond_err err;

    if (is_nonzero(profile, "miimon") && is_nonzero(profile, "arp_interval"))
        return profile_error(error, _("miimon and arp_interval exclude each other: name one of "
                                      "them."));
    for (guint i = 0; i < n; i++)
        values[i] = g_hash_table_lookup(profile->options, names[i]);
    bond_options_init(&profile->o, BOND_MODE_BALANCE_RR);
    if (bond_options_apply(&profile->o, n, (const char *const *) names, values, true, &ctx, &err))
        return profile_error(error, "%s", err.text);
    return true;
}

/* Puts options into the bond setting's table, if NetworkManager takes them beside what is there. */
static bool
place(struct profile *profile, GHashTable *in_bond, const enum bond_opt_id *ids, gsize n)
{
    NMSetting *trial = g_object_new(g_type_from_name("NMSettingBond"), NULL);
    bool fits;

    for (gsize i = 0; i < n; i++) {
        char text[1024] = "";

        bond_option_format(&profile->o, ids[i], text, sizeof(text));
        g_hash_table_insert(in_bond, g_strdup(bond_opt_desc(ids[i])->name), g_strdup(text));
    }
    g_object_set(trial, NM_SETTING_BOND_OPTIONS, in_bond, NULL);
    fits = nm_setting_verify(trial, NULL, NULL);
    g_object_unref(trial);
    for (gsize i = 0; !fits && i < n; i++)
        g_hash_table_remove(in_bond, bond_opt_desc(ids[i])->name);
    return fits;
}

static GHashTable *
user_data_without_options(NMConnection *bond)
{
    NMSetting *s_user = nm_connection_get_setting_by_name(bond, NM_SETTING_USER_SETTING_NAME);
    GHashTable *data = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(GHashTable) before = NULL;
    GHashTableIter iter;
    gpointer key, value;

    if (s_user != NULL)
        g_object_get(s_user, NM_SETTING_USER_DATA, &before, NULL);
    if (before == NULL)
        return data;
    g_hash_table_iter_init(&iter, before);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        const char *name = key;

        if (!g_str_has_prefix(name, PROFILE_USER_PREFIX) ||
            profile_find_option(name + strlen(PROFILE_USER_PREFIX)) == NULL)
            g_hash_table_insert(data, g_strdup(name), g_strdup(value));
    }
    return data;
}

static void
write_options(struct profile *profile)
{
    static const enum bond_opt_id mode[] = {BOND_OPT_MODE};
    /* NetworkManager takes each of them only with the other */
    static const enum bond_opt_id arp[] = {BOND_OPT_ARP_INTERVAL, BOND_OPT_ARP_IP_TARGET};
    g_autoptr(GHashTable) in_bond = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(GHashTable) data = user_data_without_options(profile->bond);
    NMSetting *s_bond =
        profile_ensure(profile->bond, NM_SETTING_BOND_SETTING_NAME, "NMSettingBond");

    place(profile, in_bond, mode, 1);
    if (is_nonzero(profile, "arp_interval") && is_nonzero(profile, "arp_ip_target"))
        place(profile, in_bond, arp, 2);
    for (int id = 0; id < BOND_OPT_N; id++) {
        const enum bond_opt_id one[] = {(enum bond_opt_id) id};
        const char *name = bond_opt_desc(one[0])->name;
        char text[1024] = "";

        if (!g_hash_table_contains(profile->options, name) ||
            g_hash_table_contains(in_bond, name) || place(profile, in_bond, one, 1))
            continue;
        bond_option_format(&profile->o, one[0], text, sizeof(text));
        g_hash_table_insert(data, g_strconcat(PROFILE_USER_PREFIX, name, NULL), g_strdup(text));
    }
    g_object_set(s_bond, NM_SETTING_BOND_OPTIONS, in_bond, NULL);
    if (g_hash_table_size(data) > 0 ||
        nm_connection_get_setting_by_name(profile->bond, NM_SETTING_USER_SETTING_NAME) != NULL)
        g_object_set(profile_ensure(profile->bond, NM_SETTING_USER_SETTING_NAME, "NMSettingUser"),
                     NM_SETTING_USER_DATA, data, NULL);
}

bool
profile_finish(struct profile *profile, GError **error)
{
    const char *primary;

    drop_what_the_mode_has_not(profile);
    if (!check_options(profile, error))
        return false;
    primary = profile->o.primary;
    if (primary[0] != '\0' && profile->ports->len > 0 && profile_find_port(profile, primary) < 0)
        g_ptr_array_add(profile->notes,
                        g_strdup_printf(_("the primary %s is none of the ports."), primary));
    write_options(profile);
    return nm_connection_normalize(profile->bond, NULL, NULL, error);
}
