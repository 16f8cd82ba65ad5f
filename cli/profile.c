/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * profile.c - words of the command line into a bond's profile, and back.
 *
 * Decides what a key means. The options of a bond, and where they are stored, are of
 * profiles/profile.c. Never talks to anybody.
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
    return desc != NULL && profile_option_is_list(desc);
}

/* ---- read ---- */

struct profile *
profile_read(NMConnection *bond, GPtrArray *port_connections)
{
    struct profile *profile = profile_new_for(nm_simple_connection_new_clone(bond));

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

static bool
set_ports(struct profile *profile, char op, const char *value, GError **error)
{
    g_auto(GStrv) names = g_strsplit_set(value, ", ", -1);

    if (op == '=')
        g_ptr_array_set_size(profile->ports, 0);
    for (gsize i = 0; names[i] != NULL; i++) {
        int at = profile_find_port(profile, names[i]);

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
        return profile_set_option(profile, desc, op, value, error);
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
        return profile_set_mtu(profile->bond, value, error);
    case KEY_MAC:
        return profile_set_mac(profile->bond, value, error);
    case KEY_AUTOCONNECT:
        return set_autoconnect(profile->bond, value, error);
    case KEY_IFNAME:
        return set_ifname(profile->bond, value, error);
    case KEY_OPTIONS:
        return set_options(profile, value, error);
    }
    return false;
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
