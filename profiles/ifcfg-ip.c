/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ifcfg-ip.c - the IP keys of an ifcfg file into a profile.
 */
#include "profiles/ifcfg.h"

#include <arpa/inet.h>
#include <glib/gi18n-lib.h>
#include <string.h>

#define MAX_INDEX 256 /* IPADDR0 .. IPADDR255, DNS1 .. */

static NMSettingIPConfig *
setting_of(NMConnection *bond, int family)
{
    return family == AF_INET ? nm_connection_get_setting_ip4_config(bond)
                             : nm_connection_get_setting_ip6_config(bond);
}

static bool
is_address(int family, const char *text)
{
    struct in6_addr address; /* the larger one */

    return inet_pton(family, text, &address) == 1;
}

/* "IPADDR", "IPADDR0", "IPADDR1", ... : -1 is without a number */
static const char *
get_indexed(struct ifcfg *file, const char *key, int index, char *name, gsize size)
{
    if (index < 0)
        g_strlcpy(name, key, size);
    else
        g_snprintf(name, size, "%s%d", key, index);
    return ifcfg_get(file, name);
}

bool
ifcfg_netmask(const char *text, guint *prefix)
{
    struct in_addr mask;
    guint32 bits = inet_pton(AF_INET, text, &mask) == 1 ? ntohl(mask.s_addr) : 1;

    *prefix = (guint) __builtin_popcount(bits);
    return (~bits & (~bits + 1)) == 0;
}

static bool
prefix_of(struct import *import, struct ifcfg *file, int index, guint *prefix)
{
    char name[32];
    const char *text = get_indexed(file, "PREFIX", index, name, sizeof(name));
    guint64 number;

    if (text != NULL) {
        if (g_ascii_string_to_unsigned(text, 10, 0, 32, &number, NULL)) {
            *prefix = (guint) number;
            return true;
        }
        ifcfg_error(import, file, name, _("the prefix is a number from 0 to 32"));
        return false;
    }
    text = get_indexed(file, "NETMASK", index, name, sizeof(name));
    if (text == NULL) {
        g_autofree char *key = index < 0 ? g_strdup("IPADDR") : g_strdup_printf("IPADDR%d", index);

        ifcfg_error(import, file, key, _("the address has neither a PREFIX nor a NETMASK"));
        return false;
    }
    if (ifcfg_netmask(text, prefix))
        return true;
    ifcfg_error(import, file, name, _("this is no netmask"));
    return false;
}

static void
add_address(struct import *import, struct ifcfg *file, const char *key, NMConnection *bond,
            int family, const char *text, guint prefix)
{
    g_autoptr(GError) error = NULL;
    NMIPAddress *address = nm_ip_address_new(family, text, prefix, &error);

    if (address == NULL) {
        ifcfg_error(import, file, key, error->message);
        return;
    }
    nm_setting_ip_config_add_address(setting_of(bond, family), address);
    nm_ip_address_unref(address);
}

static void
import_addresses4(struct import *import, struct ifcfg *file, NMConnection *bond)
{
    char name[32];
    guint prefix = 0;

    for (int i = -1; i < MAX_INDEX; i++) {
        const char *text = get_indexed(file, "IPADDR", i, name, sizeof(name));

        if (text != NULL && prefix_of(import, file, i, &prefix))
            add_address(import, file, name, bond, AF_INET, text, prefix);
    }
}

static void
set_gateway(struct import *import, struct ifcfg *file, const char *key, NMConnection *bond,
            int family)
{
    const char *text = ifcfg_get(file, key);
    g_autofree char *without = NULL;

    if (text == NULL)
        return;
    without = g_strndup(text, strcspn(text, "%")); /* fe80::1%bond0 */
    if (!is_address(family, without))
        ifcfg_error(import, file, key, _("this is no address"));
    else
        g_object_set(setting_of(bond, family), NM_SETTING_IP_CONFIG_GATEWAY, without, NULL);
}

static void
import_dns(struct import *import, struct ifcfg *file, NMConnection *bond)
{
    const char *domains = ifcfg_get(file, "DOMAIN");
    g_auto(GStrv) words = g_strsplit_set(domains != NULL ? domains : "", " \t", -1);
    char name[32];

    for (int i = 1; i < MAX_INDEX; i++) {
        const char *text = get_indexed(file, "DNS", i, name, sizeof(name));

        if (text == NULL)
            continue;
        if (is_address(AF_INET, text))
            nm_setting_ip_config_add_dns(setting_of(bond, AF_INET), text);
        else if (is_address(AF_INET6, text))
            nm_setting_ip_config_add_dns(setting_of(bond, AF_INET6), text);
        else
            ifcfg_error(import, file, name, _("this is no address"));
    }
    for (gsize i = 0; words[i] != NULL; i++) {
        if (words[i][0] != '\0')
            nm_setting_ip_config_add_dns_search(setting_of(bond, AF_INET), words[i]);
    }
}

static void
set_method4(struct import *import, struct ifcfg *file, NMConnection *bond)
{
    static const char *const dynamic[] = {"dhcp", "bootp", NULL};
    static const char *const fixed[] = {"none", "static", "", NULL};
    const char *proto = ifcfg_get(file, "BOOTPROTO");
    g_autofree char *word = g_ascii_strdown(proto != NULL ? proto : "", -1);
    NMSettingIPConfig *s_ip = setting_of(bond, AF_INET);
    const char *method = nm_setting_ip_config_get_num_addresses(s_ip) > 0
                             ? NM_SETTING_IP4_CONFIG_METHOD_MANUAL
                             : NM_SETTING_IP4_CONFIG_METHOD_DISABLED;

    if (g_strv_contains(dynamic, word))
        method = NM_SETTING_IP4_CONFIG_METHOD_AUTO;
    else if (!g_strv_contains(fixed, word))
        ifcfg_error(import, file, "BOOTPROTO", _("this is none of none, static, dhcp, bootp"));
    g_object_set(s_ip, NM_SETTING_IP_CONFIG_METHOD, method, NULL);
}

static void
import_address6(struct import *import, struct ifcfg *file, const char *key, NMConnection *bond)
{
    const char *value = ifcfg_get(file, key);
    g_auto(GStrv) words = g_strsplit_set(value != NULL ? value : "", " \t", -1);

    for (gsize i = 0; words[i] != NULL; i++) {
        g_auto(GStrv) parts = g_strsplit(words[i], "/", 2);
        guint64 prefix = 64;

        if (words[i][0] == '\0')
            continue;
        if (parts[1] != NULL && !g_ascii_string_to_unsigned(parts[1], 10, 0, 128, &prefix, NULL))
            ifcfg_error(import, file, key, _("the prefix is a number from 0 to 128"));
        else
            add_address(import, file, key, bond, AF_INET6, parts[0], (guint) prefix);
    }
}

static void
set_method6(struct ifcfg *file, NMConnection *bond)
{
    NMSettingIPConfig *s_ip = setting_of(bond, AF_INET6);
    bool has_address = nm_setting_ip_config_get_num_addresses(s_ip) > 0;
    bool init = ifcfg_is_yes(file, "IPV6INIT", false);
    bool autoconf = ifcfg_is_yes(file, "IPV6_AUTOCONF", !has_address);
    bool dhcp = ifcfg_is_yes(file, "DHCPV6C", false);
    const char *method = NM_SETTING_IP6_CONFIG_METHOD_DISABLED;

    if (init || has_address)
        method = autoconf      ? NM_SETTING_IP6_CONFIG_METHOD_AUTO
                 : dhcp        ? NM_SETTING_IP6_CONFIG_METHOD_DHCP
                 : has_address ? NM_SETTING_IP6_CONFIG_METHOD_MANUAL
                               : NM_SETTING_IP6_CONFIG_METHOD_LINK_LOCAL;
    g_object_set(s_ip, NM_SETTING_IP_CONFIG_METHOD, method, NULL);
}

static void
set_switches(struct import *import, struct ifcfg *file, NMConnection *bond)
{
    static const struct {
        const char *key;
        int family;
        const char *property;
        bool inverted;
    } switches[] = {
        {"DEFROUTE", AF_INET, NM_SETTING_IP_CONFIG_NEVER_DEFAULT, true},
        {"IPV6_DEFROUTE", AF_INET6, NM_SETTING_IP_CONFIG_NEVER_DEFAULT, true},
        {"PEERDNS", AF_INET, NM_SETTING_IP_CONFIG_IGNORE_AUTO_DNS, true},
        {"IPV6_PEERDNS", AF_INET6, NM_SETTING_IP_CONFIG_IGNORE_AUTO_DNS, true},
        {"PEERROUTES", AF_INET, NM_SETTING_IP_CONFIG_IGNORE_AUTO_ROUTES, true},
        {"IPV6_PEERROUTES", AF_INET6, NM_SETTING_IP_CONFIG_IGNORE_AUTO_ROUTES, true},
        {"IPV4_FAILURE_FATAL", AF_INET, NM_SETTING_IP_CONFIG_MAY_FAIL, true},
        {"IPV6_FAILURE_FATAL", AF_INET6, NM_SETTING_IP_CONFIG_MAY_FAIL, true},
    };
    static const struct {
        const char *key;
        int family;
    } metrics[] = {
        {"METRIC", AF_INET}, {"IPV4_ROUTE_METRIC", AF_INET}, {"IPV6_ROUTE_METRIC", AF_INET6}};

    for (gsize i = 0; i < G_N_ELEMENTS(switches); i++) {
        bool otherwise = strstr(switches[i].key, "FATAL") == NULL;
        bool yes = ifcfg_is_yes(file, switches[i].key, otherwise);

        g_object_set(setting_of(bond, switches[i].family), switches[i].property,
                     (gboolean) (yes != switches[i].inverted), NULL);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(metrics); i++) {
        const char *text = ifcfg_get(file, metrics[i].key);
        gint64 metric;

        if (text == NULL)
            continue;
        if (!g_ascii_string_to_signed(text, 10, -1, G_MAXUINT32, &metric, NULL))
            ifcfg_error(import, file, metrics[i].key, _("this is no metric of a route"));
        else
            g_object_set(setting_of(bond, metrics[i].family), NM_SETTING_IP_CONFIG_ROUTE_METRIC,
                         metric, NULL);
    }
}

/* Said by what an alias is, by address and prefix, or of no concern to NetworkManager. */
static void
pass_over(struct ifcfg *file, bool is_alias)
{
    static const char *const always[] = {"NETWORK", "BROADCAST", NULL};
    static const char *const of_alias[] = {"DEVICE",    "NAME", "ONBOOT",        "ONPARENT",
                                           "BOOTPROTO", "TYPE", "NM_CONTROLLED", NULL};

    for (gsize i = 0; always[i] != NULL; i++)
        ifcfg_get(file, always[i]);
    for (gsize i = 0; is_alias && of_alias[i] != NULL; i++)
        ifcfg_get(file, of_alias[i]);
}

static void
import_alias(struct import *import, struct ifcfg *alias, NMConnection *bond)
{
    ifcfg_take_errors(import, alias);
    pass_over(alias, true);
    import_addresses4(import, alias, bond);
    ifcfg_skip_unused(import, alias);
}

void
import_addresses(struct import *import, struct ifcfg *file, GPtrArray *aliases, NMConnection *bond)
{
    pass_over(file, false);
    import_addresses4(import, file, bond);
    for (guint i = 0; i < aliases->len; i++)
        import_alias(import, aliases->pdata[i], bond);
    set_method4(import, file, bond);
    set_gateway(import, file, "GATEWAY", bond, AF_INET);
    set_gateway(import, file, "GATEWAY0", bond, AF_INET);
    import_address6(import, file, "IPV6ADDR", bond);
    import_address6(import, file, "IPV6ADDR_SECONDARIES", bond);
    set_method6(file, bond);
    set_gateway(import, file, "IPV6_DEFAULTGW", bond, AF_INET6);
    import_dns(import, file, bond);
    set_switches(import, file, bond);
}
