/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * profile-ip.c - addresses, gateway and name servers of a profile, both families by one word.
 *
 * Decides which family a word is for. What belongs together is NetworkManager's check.
 */
#include "profile.h"

#include <string.h>

#include "cli.h"

static int
family_of(const char *address)
{
    if (nm_utils_ipaddr_valid(AF_INET, address))
        return AF_INET;
    return nm_utils_ipaddr_valid(AF_INET6, address) ? AF_INET6 : AF_UNSPEC;
}

static NMSettingIPConfig *
setting_of(NMConnection *bond, int family)
{
    NMSettingIPConfig *s_ip = family == AF_INET ? nm_connection_get_setting_ip4_config(bond)
                                                : nm_connection_get_setting_ip6_config(bond);

    if (s_ip != NULL)
        return s_ip;
    s_ip = NM_SETTING_IP_CONFIG(family == AF_INET ? nm_setting_ip4_config_new()
                                                  : nm_setting_ip6_config_new());
    g_object_set(s_ip, NM_SETTING_IP_CONFIG_METHOD, "auto", NULL);
    nm_connection_add_setting(bond, NM_SETTING(s_ip));
    return s_ip;
}

static void
set_method(NMConnection *bond, int family, const char *method)
{
    NMSettingIPConfig *s_ip = setting_of(bond, family);

    nm_setting_ip_config_clear_addresses(s_ip);
    g_object_set(s_ip, NM_SETTING_IP_CONFIG_METHOD, method, NM_SETTING_IP_CONFIG_GATEWAY, NULL,
                 NULL);
}

static bool
parse_address(const char *word, NMIPAddress **address, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(word, "/", 2);
    int family = family_of(parts[0] != NULL ? parts[0] : "");
    guint64 prefix;

    *address = NULL;
    if (family != AF_UNSPEC && parts[1] != NULL &&
        g_ascii_string_to_unsigned(parts[1], 10, 0, family == AF_INET ? 32 : 128, &prefix, NULL))
        *address = nm_ip_address_new(family, parts[0], (guint) prefix, NULL);
    if (*address != NULL)
        return true;
    return profile_error(error, _("'%s' is no address with its prefix, such as 10.0.1.243/24."),
                         word);
}

static bool
parse_all(const char *value, GPtrArray *addresses, GError **error)
{
    g_auto(GStrv) words = g_strsplit_set(value, ", ", -1);
    NMIPAddress *address;

    for (gsize i = 0; words[i] != NULL; i++) {
        if (words[i][0] == '\0')
            continue;
        if (!parse_address(words[i], &address, error))
            return false;
        g_ptr_array_add(addresses, address);
    }
    return true;
}

bool
profile_set_addresses(NMConnection *bond, char op, const char *value, GError **error)
{
    g_autoptr(GPtrArray) addresses =
        g_ptr_array_new_with_free_func((GDestroyNotify) nm_ip_address_unref);
    bool cleared[2] = {false, false};

    if (op == '=' && (strcmp(value, "auto") == 0 || strcmp(value, "dhcp") == 0)) {
        set_method(bond, AF_INET, NM_SETTING_IP4_CONFIG_METHOD_AUTO);
        set_method(bond, AF_INET6, NM_SETTING_IP6_CONFIG_METHOD_AUTO);
        return true;
    }
    if (op == '=' && (value[0] == '\0' || strcmp(value, "none") == 0)) {
        set_method(bond, AF_INET, NM_SETTING_IP4_CONFIG_METHOD_DISABLED);
        set_method(bond, AF_INET6, NM_SETTING_IP6_CONFIG_METHOD_DISABLED);
        return true;
    }
    if (!parse_all(value, addresses, error))
        return false;
    for (guint i = 0; i < addresses->len; i++) {
        int family = nm_ip_address_get_family(addresses->pdata[i]);
        NMSettingIPConfig *s_ip = setting_of(bond, family);

        if (op == '=' && !cleared[family == AF_INET6])
            nm_setting_ip_config_clear_addresses(s_ip);
        cleared[family == AF_INET6] = true;
        if (op == '-' && !nm_setting_ip_config_remove_address_by_value(s_ip, addresses->pdata[i]))
            return profile_error(error, _("The profile has no address %s/%u."),
                                 nm_ip_address_get_address(addresses->pdata[i]),
                                 nm_ip_address_get_prefix(addresses->pdata[i]));
        if (op != '-')
            nm_setting_ip_config_add_address(s_ip, addresses->pdata[i]);
        if (op == '=' || g_strcmp0(nm_setting_ip_config_get_method(s_ip), "disabled") == 0)
            g_object_set(s_ip, NM_SETTING_IP_CONFIG_METHOD, "manual", NULL);
    }
    return true;
}

bool
profile_set_gateway(NMConnection *bond, const char *value, GError **error)
{
    g_auto(GStrv) words = g_strsplit_set(value, ", ", -1);

    if (value[0] == '\0' || strcmp(value, "none") == 0) {
        g_object_set(setting_of(bond, AF_INET), NM_SETTING_IP_CONFIG_GATEWAY, NULL, NULL);
        g_object_set(setting_of(bond, AF_INET6), NM_SETTING_IP_CONFIG_GATEWAY, NULL, NULL);
        return true;
    }
    for (gsize i = 0; words[i] != NULL; i++) {
        int family = family_of(words[i]);

        if (family == AF_UNSPEC)
            return profile_error(error, _("'%s' is no IP address."), words[i]);
        if (nm_setting_ip_config_get_num_addresses(setting_of(bond, family)) == 0)
            return profile_error(
                error, _("The gateway %s needs an address of its network, by 'ip'."), words[i]);
        g_object_set(setting_of(bond, family), NM_SETTING_IP_CONFIG_GATEWAY, words[i], NULL);
    }
    return true;
}

bool
profile_set_dns(NMConnection *bond, char op, const char *value, GError **error)
{
    g_auto(GStrv) words = g_strsplit_set(value, ", ", -1);

    for (gsize i = 0; words[i] != NULL; i++) {
        if (words[i][0] != '\0' && family_of(words[i]) == AF_UNSPEC)
            return profile_error(error, _("'%s' is no IP address."), words[i]);
    }
    if (op == '=') {
        nm_setting_ip_config_clear_dns(setting_of(bond, AF_INET));
        nm_setting_ip_config_clear_dns(setting_of(bond, AF_INET6));
    }
    for (gsize i = 0; words[i] != NULL; i++) {
        if (words[i][0] == '\0')
            continue;
        if (op != '-')
            nm_setting_ip_config_add_dns(setting_of(bond, family_of(words[i])), words[i]);
        else if (!nm_setting_ip_config_remove_dns_by_value(setting_of(bond, family_of(words[i])),
                                                           words[i]))
            return profile_error(error, _("The profile has no name server %s."), words[i]);
    }
    return true;
}
