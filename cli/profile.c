/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * profile.c - words of the command line into a bond's profile, and back.
 *
 * Decides what a key means and where it is stored: bond.options where NetworkManager knows the
 * option and the value, user.data (nm-bond.NAME) where it does not. What values are allowed is
 * core's option table. Never talks to anybody.
 */
#include "profile.h"

#include <string.h>

#include "cli.h"

enum key_kind {
    KEY_PORTS,
    KEY_IP,
    KEY_GATEWAY,
    KEY_DNS,
    KEY_MTU,
    KEY_MAC,
    KEY_AUTOCONNECT,
    KEY_IFNAME,
    KEY_OPTIONS,
};

/* The first of a kind is the one that completion offers. */
static const struct {
    const char *name;
    enum key_kind kind;
    bool is_list;
} keys[] = {
    {"ports", KEY_PORTS, true},
    {"ip", KEY_IP, true},
    {"gateway", KEY_GATEWAY, false},
    {"dns", KEY_DNS, true},
    {"mtu", KEY_MTU, false},
    {"mac", KEY_MAC, false},
    {"autoconnect", KEY_AUTOCONNECT, false},
    {"ifname", KEY_IFNAME, false},
    {"slaves", KEY_PORTS, true}, /* nmcli's and the kernel's words */
    {"slave", KEY_PORTS, true},
    {"port", KEY_PORTS, true},
    {"ip4", KEY_IP, true},
    {"ip6", KEY_IP, true},
    {"gw4", KEY_GATEWAY, false},
    {"gw6", KEY_GATEWAY, false},
    {"bond.options", KEY_OPTIONS, false},
    {"options", KEY_OPTIONS, false},
};
#define N_OFFERED 8

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

static int
find_key(const char *key)
{
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        if (strcmp(keys[i].name, key) == 0)
            return (int) i;
    }
    return -1;
}

bool
profile_is_key(const char *key)
{
    return find_key(key) >= 0 || profile_find_option(key) != NULL;
}

bool
profile_is_list(const char *key)
{
    const struct bond_opt_desc *desc = profile_find_option(key);
    int i = find_key(key);

    if (i >= 0)
        return keys[i].is_list;
    return desc != NULL && (desc->type == BOND_OPT_T_IP4_LIST || desc->type == BOND_OPT_T_IP6_LIST);
}

/* ---- made and read ---- */

static struct profile *
profile_alloc(NMConnection *bond)
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
    g_autofree char *uuid = nm_utils_uuid_generate();

    nm_connection_add_setting(
        bond, g_object_new(NM_TYPE_SETTING_CONNECTION, NM_SETTING_CONNECTION_ID, name,
                           NM_SETTING_CONNECTION_UUID, uuid, NM_SETTING_CONNECTION_TYPE,
                           NM_SETTING_BOND_SETTING_NAME, NM_SETTING_CONNECTION_INTERFACE_NAME, name,
                           NM_SETTING_CONNECTION_AUTOCONNECT_SLAVES,
                           NM_SETTING_CONNECTION_AUTOCONNECT_SLAVES_YES, NULL));
    nm_connection_add_setting(bond, nm_setting_bond_new());
    nm_connection_add_setting(bond,
                              g_object_new(NM_TYPE_SETTING_IP4_CONFIG, NM_SETTING_IP_CONFIG_METHOD,
                                           NM_SETTING_IP4_CONFIG_METHOD_AUTO, NULL));
    nm_connection_add_setting(bond,
                              g_object_new(NM_TYPE_SETTING_IP6_CONFIG, NM_SETTING_IP_CONFIG_METHOD,
                                           NM_SETTING_IP6_CONFIG_METHOD_AUTO, NULL));
    return profile_alloc(bond);
}

struct profile *
profile_read(NMConnection *bond, GPtrArray *port_connections)
{
    struct profile *profile = profile_alloc(nm_simple_connection_new_clone(bond));

    g_object_set(nm_connection_get_setting_connection(profile->bond),
                 NM_SETTING_CONNECTION_TIMESTAMP, (guint64) 0, NULL);
    g_hash_table_unref(profile->options);
    profile->options = profile_options(bond);
    for (guint i = 0; i < port_connections->len; i++) {
        const char *ifname = nm_connection_get_interface_name(port_connections->pdata[i]);

        if (ifname != NULL)
            g_ptr_array_add(profile->ports, g_strdup(ifname));
    }
    return profile;
}

/* ---- one word pair ---- */

static int
find_port(struct profile *profile, const char *ifname)
{
    for (guint i = 0; i < profile->ports->len; i++) {
        if (strcmp(profile->ports->pdata[i], ifname) == 0)
            return (int) i;
    }
    return -1;
}

static bool
set_ports(struct profile *profile, char op, const char *value, GError **error)
{
    g_auto(GStrv) names = g_strsplit_set(value, ", ", -1);

    if (op == '=')
        g_ptr_array_set_size(profile->ports, 0);
    for (gsize i = 0; names[i] != NULL; i++) {
        int at = find_port(profile, names[i]);

        if (names[i][0] == '\0')
            continue;
        if (!nm_utils_is_valid_iface_name(names[i], NULL))
            return profile_error(error, _("'%s' is no name that a network interface can have."),
                                 names[i]);
        if (strcmp(names[i], nm_connection_get_interface_name(profile->bond)) == 0)
            return profile_error(error, _("%s cannot be a port of itself."), names[i]);
        if (op == '-' && at < 0)
            return profile_error(error, _("%s is not a port of '%s'."), names[i],
                                 nm_connection_get_id(profile->bond));
        if (op != '-' && at >= 0)
            return profile_error(error, _("%s is named twice as a port of '%s'."), names[i],
                                 nm_connection_get_id(profile->bond));
        if (op == '-')
            g_ptr_array_remove_index(profile->ports, (guint) at);
        else
            g_ptr_array_add(profile->ports, g_strdup(names[i]));
    }
    if (profile->ports->len > BOND_MAX_PORTS)
        return profile_error(error, _("A bond has at most %u ports, but %u were named."),
                             BOND_MAX_PORTS, profile->ports->len);
    return true;
}

static NMSettingWired *
wired_of(NMConnection *bond)
{
    if (nm_connection_get_setting_wired(bond) == NULL)
        nm_connection_add_setting(bond, nm_setting_wired_new());
    return nm_connection_get_setting_wired(bond);
}

static bool
set_mtu(NMConnection *bond, const char *value, GError **error)
{
    guint64 mtu = 0;

    if (value[0] != '\0' && strcmp(value, "auto") != 0 &&
        !g_ascii_string_to_unsigned(value, 10, 68, 65535, &mtu, NULL))
        return profile_error(error, _("'%s' is no MTU: it is a number from 68 to 65535, or auto."),
                             value);
    g_object_set(wired_of(bond), NM_SETTING_WIRED_MTU, (guint) mtu, NULL);
    return true;
}

static bool
set_mac(NMConnection *bond, const char *value, GError **error)
{
    static const char *const words[] = {"preserve", "permanent", "random", "stable", NULL};
    guint8 mac[BOND_MAC_LEN] = {0};

    if (value[0] != '\0' && !g_strv_contains(words, value) &&
        (nm_utils_hwaddr_aton(value, mac, sizeof(mac)) == NULL || (mac[0] & 1) != 0))
        return profile_error(error,
                             _("'%s' is no MAC address of one device, such as "
                               "02:00:00:00:00:01."),
                             value);
    g_object_set(wired_of(bond), NM_SETTING_WIRED_CLONED_MAC_ADDRESS,
                 value[0] != '\0' ? value : NULL, NULL);
    return true;
}

static bool
set_autoconnect(NMConnection *bond, const char *value, GError **error)
{
    static const char *const yes[] = {"yes", "true", "on", "1", NULL};
    static const char *const no[] = {"no", "false", "off", "0", NULL};
    g_autofree char *word = g_ascii_strdown(value, -1);

    if (!g_strv_contains(yes, word) && !g_strv_contains(no, word))
        return profile_error(error, _("'%s' is neither yes nor no."), value);
    g_object_set(nm_connection_get_setting_connection(bond), NM_SETTING_CONNECTION_AUTOCONNECT,
                 (gboolean) g_strv_contains(yes, word), NULL);
    return true;
}

static bool
set_ifname(NMConnection *bond, const char *value, GError **error)
{
    if (!nm_utils_is_valid_iface_name(value, NULL))
        return profile_error(error, _("'%s' is no name that a network interface can have."), value);
    g_object_set(nm_connection_get_setting_connection(bond), NM_SETTING_CONNECTION_INTERFACE_NAME,
                 value, NULL);
    return true;
}

/* "mode=1,miimon=100,arp_ip_target=10.0.0.1,10.0.0.2" */
static bool
set_options(struct profile *profile, const char *value, GError **error)
{
    g_auto(GStrv) parts = g_strsplit_set(value, ", ", -1);
    g_autofree char *last = NULL;

    for (gsize i = 0; parts[i] != NULL; i++) {
        char *equals = strchr(parts[i], '=');
        const char *text = equals != NULL ? equals + 1 : parts[i];

        if (parts[i][0] == '\0')
            continue;
        if (equals != NULL) {
            g_free(last);
            last = g_strndup(parts[i], (gsize) (equals - parts[i]));
        }
        if (last == NULL || profile_find_option(last) == NULL)
            return profile_error(error, _("'%s' is not an option of a bond."), parts[i]);
        if (!profile_set(profile, last, equals != NULL ? '=' : '+', text, error))
            return false;
    }
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

static bool
set_option(struct profile *profile, const struct bond_opt_desc *desc, char op, const char *value,
           GError **error)
{
    if (desc->id == BOND_OPT_ACTIVE_SLAVE)
        return profile_error(error, _("active_slave is not kept in a profile: 'primary PORT' is, "
                                      "and 'bondcli active BOND PORT' switches now."));
    g_hash_table_add(profile->given, g_strdup(desc->name));
    if (profile_is_list(desc->name))
        set_list_option(profile, desc->name, op, value);
    else if (value[0] == '\0')
        g_hash_table_remove(profile->options, desc->name);
    else
        g_hash_table_insert(profile->options, g_strdup(desc->name), g_strdup(value));
    drop_other_monitor(profile, desc->name, value);
    return true;
}

bool
profile_set(struct profile *profile, const char *key, char op, const char *value, GError **error)
{
    const struct bond_opt_desc *desc = profile_find_option(key);
    int i = find_key(key);

    if (i < 0 && desc == NULL)
        return profile_error(error,
                             _("'%s' is not an option of a bond; 'bondcli help add' names "
                               "them."),
                             key);
    if (op != '=' && !profile_is_list(key))
        return profile_error(error, _("'%s' is no list: '+' and '-' cannot be used with it."), key);
    if (i < 0)
        return set_option(profile, desc, op, value, error);
    switch (keys[i].kind) {
    case KEY_PORTS:
        return set_ports(profile, op, value, error);
    case KEY_IP:
        return profile_set_addresses(profile->bond, op, value, error);
    case KEY_GATEWAY:
        return profile_set_gateway(profile->bond, value, error);
    case KEY_DNS:
        return profile_set_dns(profile->bond, op, value, error);
    case KEY_MTU:
        return set_mtu(profile->bond, value, error);
    case KEY_MAC:
        return set_mac(profile->bond, value, error);
    case KEY_AUTOCONNECT:
        return set_autoconnect(profile->bond, value, error);
    case KEY_IFNAME:
        return set_ifname(profile->bond, value, error);
    case KEY_OPTIONS:
        return set_options(profile, value, error);
    }
    return false;
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

static bool
fits_bond_setting(struct profile *profile, enum bond_opt_id id, const char *name, const char *text)
{
    /* NetworkManager 1.42 wants IPv4 targets with an interval */
    if ((id == BOND_OPT_ARP_INTERVAL || id == BOND_OPT_ARP_VALIDATE) &&
        profile->o.n_arp_targets == 0)
        return false;
    return nm_setting_bond_validate_option(name, text);
}

static void
write_options(struct profile *profile)
{
    NMSettingBond *s_bond = NM_SETTING_BOND(nm_setting_bond_new());
    NMSettingUser *s_user =
        NM_SETTING_USER(nm_connection_get_setting(profile->bond, NM_TYPE_SETTING_USER));

    if (s_user == NULL) {
        s_user = NM_SETTING_USER(nm_setting_user_new());
        nm_connection_add_setting(profile->bond, NM_SETTING(s_user));
    }
    for (int id = 0; id < BOND_OPT_N; id++) {
        const char *name = bond_opt_desc((enum bond_opt_id) id)->name;
        g_autofree char *key = g_strconcat(PROFILE_USER_PREFIX, name, NULL);
        char text[1024] = "";
        bool in_bond;

        nm_setting_user_set_data(s_user, key, NULL, NULL);
        if (id != BOND_OPT_MODE && !g_hash_table_contains(profile->options, name))
            continue;
        bond_option_format(&profile->o, (enum bond_opt_id) id, text, sizeof(text));
        in_bond = fits_bond_setting(profile, (enum bond_opt_id) id, name, text);
        if (in_bond)
            nm_setting_bond_add_option(s_bond, name, text);
        else
            nm_setting_user_set_data(s_user, key, text, NULL);
    }
    nm_connection_add_setting(profile->bond, NM_SETTING(s_bond));
    if (nm_setting_user_get_keys(s_user, NULL)[0] == NULL)
        nm_connection_remove_setting(profile->bond, NM_TYPE_SETTING_USER);
}

bool
profile_finish(struct profile *profile, GError **error)
{
    const char *primary;

    drop_what_the_mode_has_not(profile);
    if (!check_options(profile, error))
        return false;
    primary = profile->o.primary;
    if (primary[0] != '\0' && profile->ports->len > 0 && find_port(profile, primary) < 0)
        g_ptr_array_add(profile->notes,
                        g_strdup_printf(_("the primary %s is none of the ports."), primary));
    write_options(profile);
    return nm_connection_normalize(profile->bond, NULL, NULL, error);
}

/* ---- completion ---- */

void
profile_offer_options(const char *word)
{
    for (int id = 0; id < BOND_OPT_N; id++) {
        if (id != BOND_OPT_ACTIVE_SLAVE)
            cli_offer(bond_opt_desc((enum bond_opt_id) id)->name, word);
    }
}

void
profile_offer_keys(const char *word)
{
    for (gsize i = 0; i < N_OFFERED; i++)
        cli_offer(keys[i].name, word);
    profile_offer_options(word);
}

void
profile_offer_values(const char *key, const char *word)
{
    const struct bond_opt_desc *desc = profile_find_option(key);

    if (strcmp(key, "autoconnect") == 0) {
        cli_offer("yes", word);
        cli_offer("no", word);
    }
    for (const struct bond_opt_value *v = desc != NULL ? desc->values : NULL;
         v != NULL && v->name != NULL; v++)
        cli_offer(v->name, word);
}
