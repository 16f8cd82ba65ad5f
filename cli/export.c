/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * export.c - the verb `export BOND`: profiles of a bond as ifcfg files, which `import ifcfg` and
 * the initscripts read.
 *
 * Prints them, or writes them into a directory, where nothing is overwritten.
 */
#include "words.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define EXPORT_WAIT_S 10u

static void
put(GString *out, const char *key, const char *value)
{
    g_string_append_printf(out, "%s=", key);
    if (value[strcspn(value, " \t'\"\\$`#&;|<>()*?")] == '\0') {
        g_string_append_printf(out, "%s\n", value);
        return;
    }
    g_string_append_c(out, '"');
    for (; *value != '\0'; value++) {
        if (strchr("\"\\$`", *value) != NULL)
            g_string_append_c(out, '\\');
        g_string_append_c(out, *value);
    }
    g_string_append(out, "\"\n");
}

static void
put_number(GString *out, const char *key, int index, const char *value)
{
    g_autofree char *name = g_strdup_printf("%s%d", key, index);

    put(out, index > 0 ? name : key, value);
}

static void
put_common(GString *out, NMConnection *connection)
{
    NMSettingConnection *s_con = nm_connection_get_setting_connection(connection);
    const char *ifname = nm_setting_connection_get_interface_name(s_con);

    if (ifname != NULL)
        put(out, "DEVICE", ifname);
    put(out, "NAME", nm_setting_connection_get_id(s_con));
    put(out, "UUID", nm_setting_connection_get_uuid(s_con));
    put(out, "ONBOOT", nm_setting_connection_get_autoconnect(s_con) ? "yes" : "no");
    if (nm_setting_connection_get_zone(s_con) != NULL)
        put(out, "ZONE", nm_setting_connection_get_zone(s_con));
}

static void
put_wired(GString *out, NMConnection *connection)
{
    NMSettingWired *s_wired = nm_connection_get_setting_wired(connection);
    g_autofree char *mtu = NULL;

    if (s_wired == NULL)
        return;
    mtu = g_strdup_printf("%u", nm_setting_wired_get_mtu(s_wired));
    if (nm_setting_wired_get_mtu(s_wired) != 0)
        put(out, "MTU", mtu);
    if (nm_setting_wired_get_cloned_mac_address(s_wired) != NULL)
        put(out, "MACADDR", nm_setting_wired_get_cloned_mac_address(s_wired));
    if (nm_setting_wired_get_mac_address(s_wired) != NULL)
        put(out, "HWADDR", nm_setting_wired_get_mac_address(s_wired));
}

static void
put_options(GString *out, NMConnection *bond)
{
    g_autoptr(GHashTable) options = profile_options(bond);
    g_autoptr(GString) text = g_string_new(NULL);

    for (int id = 0; id < BOND_OPT_N; id++) {
        const char *name = bond_opt_desc((enum bond_opt_id) id)->name;
        const char *value = g_hash_table_lookup(options, name);

        if (value != NULL)
            g_string_append_printf(text, "%s%s=%s", text->len > 0 ? " " : "", name, value);
    }
    put(out, "BONDING_OPTS", text->str);
}

static void
put_switches(GString *out, NMSettingIPConfig *s_ip, const char *prefix, const char *fatal)
{
    g_autofree char *defroute = g_strconcat(prefix, "DEFROUTE", NULL);
    g_autofree char *dns = g_strconcat(prefix, "PEERDNS", NULL);
    g_autofree char *routes = g_strconcat(prefix, "PEERROUTES", NULL);

    if (nm_setting_ip_config_get_never_default(s_ip))
        put(out, defroute, "no");
    if (nm_setting_ip_config_get_ignore_auto_dns(s_ip))
        put(out, dns, "no");
    if (nm_setting_ip_config_get_ignore_auto_routes(s_ip))
        put(out, routes, "no");
    if (!nm_setting_ip_config_get_may_fail(s_ip))
        put(out, fatal, "yes");
}

static void
put_metric(GString *out, const char *key, NMSettingIPConfig *s_ip)
{
    g_autofree char *metric =
        g_strdup_printf("%" G_GINT64_FORMAT, nm_setting_ip_config_get_route_metric(s_ip));

    if (nm_setting_ip_config_get_route_metric(s_ip) >= 0)
        put(out, key, metric);
}

static void
put_ip4(GString *out, NMSettingIPConfig *s_ip)
{
    const char *method = nm_setting_ip_config_get_method(s_ip);

    put(out, "BOOTPROTO", g_strcmp0(method, "auto") == 0 ? "dhcp" : "none");
    for (guint i = 0; i < nm_setting_ip_config_get_num_addresses(s_ip); i++) {
        NMIPAddress *address = nm_setting_ip_config_get_address(s_ip, (int) i);
        g_autofree char *prefix = g_strdup_printf("%u", nm_ip_address_get_prefix(address));

        put_number(out, "IPADDR", (int) i, nm_ip_address_get_address(address));
        put_number(out, "PREFIX", (int) i, prefix);
    }
    if (nm_setting_ip_config_get_gateway(s_ip) != NULL)
        put(out, "GATEWAY", nm_setting_ip_config_get_gateway(s_ip));
    put_switches(out, s_ip, "", "IPV4_FAILURE_FATAL");
    put_metric(out, "IPV4_ROUTE_METRIC", s_ip);
}

static void
put_ip6(GString *out, NMSettingIPConfig *s_ip)
{
    const char *method = nm_setting_ip_config_get_method(s_ip);
    g_autoptr(GString) more = g_string_new(NULL);

    if (g_strcmp0(method, "disabled") == 0 || g_strcmp0(method, "ignore") == 0) {
        put(out, "IPV6INIT", "no");
        return;
    }
    put(out, "IPV6INIT", "yes");
    put(out, "IPV6_AUTOCONF", g_strcmp0(method, "auto") == 0 ? "yes" : "no");
    if (g_strcmp0(method, "dhcp") == 0)
        put(out, "DHCPV6C", "yes");
    for (guint i = 0; i < nm_setting_ip_config_get_num_addresses(s_ip); i++) {
        NMIPAddress *address = nm_setting_ip_config_get_address(s_ip, (int) i);
        g_autofree char *text = g_strdup_printf("%s/%u", nm_ip_address_get_address(address),
                                                nm_ip_address_get_prefix(address));

        if (i == 0)
            put(out, "IPV6ADDR", text);
        else
            g_string_append_printf(more, "%s%s", i > 1 ? " " : "", text);
    }
    if (more->len > 0)
        put(out, "IPV6ADDR_SECONDARIES", more->str);
    if (nm_setting_ip_config_get_gateway(s_ip) != NULL)
        put(out, "IPV6_DEFAULTGW", nm_setting_ip_config_get_gateway(s_ip));
    put_switches(out, s_ip, "IPV6_", "IPV6_FAILURE_FATAL");
    put_metric(out, "IPV6_ROUTE_METRIC", s_ip);
}

static void
put_dns(GString *out, NMSettingIPConfig *s_ip4, NMSettingIPConfig *s_ip6)
{
    NMSettingIPConfig *both[] = {s_ip4, s_ip6};
    g_autoptr(GString) domains = g_string_new(NULL);
    int n = 0;

    for (gsize f = 0; f < G_N_ELEMENTS(both); f++) {
        for (guint i = 0; i < nm_setting_ip_config_get_num_dns(both[f]); i++)
            put_number(out, "DNS", ++n, nm_setting_ip_config_get_dns(both[f], (int) i));
        for (guint i = 0; i < nm_setting_ip_config_get_num_dns_searches(both[f]); i++)
            g_string_append_printf(domains, "%s%s", domains->len > 0 ? " " : "",
                                   nm_setting_ip_config_get_dns_search(both[f], (int) i));
    }
    if (domains->len > 0)
        put(out, "DOMAIN", domains->str);
}

static char *
bond_text(NMConnection *bond)
{
    GString *out = g_string_new("TYPE=Bond\nBONDING_MASTER=yes\n");
    NMSettingIPConfig *s_ip4 = nm_connection_get_setting_ip4_config(bond);
    NMSettingIPConfig *s_ip6 = nm_connection_get_setting_ip6_config(bond);

    put_common(out, bond);
    put_options(out, bond);
    put_wired(out, bond);
    if (s_ip4 != NULL)
        put_ip4(out, s_ip4);
    if (s_ip6 != NULL)
        put_ip6(out, s_ip6);
    if (s_ip4 != NULL && s_ip6 != NULL)
        put_dns(out, s_ip4, s_ip6);
    return g_string_free(out, FALSE);
}

static char *
port_text(NMConnection *port, NMConnection *bond)
{
    GString *out = g_string_new("TYPE=Ethernet\n");
    NMSetting *s_port = nm_connection_get_setting(port, NM_TYPE_SETTING_BOND_PORT);
    g_autofree char *queue = NULL;

    put_common(out, port);
    put(out, "MASTER", nm_ifname_of(bond));
    put(out, "SLAVE", "yes");
    put(out, "BOOTPROTO", "none");
    put_wired(out, port);
    if (s_port != NULL)
        queue =
            g_strdup_printf("%u", nm_setting_bond_port_get_queue_id(NM_SETTING_BOND_PORT(s_port)));
    if (queue != NULL && strcmp(queue, "0") != 0)
        put(out, "BOND_PORT_QUEUE_ID", queue);
    return g_string_free(out, FALSE);
}

/* ---- routes and rules, in files of their own ---- */

/* A word of `ip route`, with its value if it has one. */
static void
put_attribute(GString *out, NMIPRoute *route, const char *name)
{
    GVariant *value = nm_ip_route_get_attribute(route, name);

    if (g_variant_is_of_type(value, G_VARIANT_TYPE_BOOLEAN))
        g_string_append_printf(out, "%s%s", g_variant_get_boolean(value) ? " " : "",
                               g_variant_get_boolean(value) ? name : "");
    else if (g_variant_is_of_type(value, G_VARIANT_TYPE_STRING))
        g_string_append_printf(out, " %s %s", name, g_variant_get_string(value, NULL));
    else if (g_variant_is_of_type(value, G_VARIANT_TYPE_BYTE))
        g_string_append_printf(out, " %s %u", name, g_variant_get_byte(value));
    else if (g_variant_is_of_type(value, G_VARIANT_TYPE_UINT32))
        g_string_append_printf(out, " %s %u", name, g_variant_get_uint32(value));
}

static void
put_route(GString *out, NMIPRoute *route)
{
    g_auto(GStrv) names = nm_ip_route_get_attribute_names(route);
    GVariant *type = nm_ip_route_get_attribute(route, NM_IP_ROUTE_ATTRIBUTE_TYPE);

    if (type != NULL)
        g_string_append_printf(out, "%s ", g_variant_get_string(type, NULL));
    g_string_append_printf(out, "%s/%u", nm_ip_route_get_dest(route),
                           nm_ip_route_get_prefix(route));
    if (nm_ip_route_get_next_hop(route) != NULL)
        g_string_append_printf(out, " via %s", nm_ip_route_get_next_hop(route));
    if (nm_ip_route_get_metric(route) >= 0)
        g_string_append_printf(out, " metric %" G_GINT64_FORMAT, nm_ip_route_get_metric(route));
    for (gsize i = 0; names[i] != NULL; i++) {
        if (strcmp(names[i], NM_IP_ROUTE_ATTRIBUTE_TYPE) != 0)
            put_attribute(out, route, names[i]);
    }
    g_string_append_c(out, '\n');
}

static void
put_rule(GString *out, NMIPRoutingRule *rule)
{
    g_autofree char *text =
        nm_ip_routing_rule_to_string(rule, NM_IP_ROUTING_RULE_AS_STRING_FLAGS_NONE, NULL, NULL);

    if (text != NULL)
        g_string_append_printf(out, "%s\n", text);
}

/* "route-bond0" and its text, if there is something in it. */
static void
add_side_files(NMConnection *bond, NMSettingIPConfig *s_ip, const char *suffix, GPtrArray *names,
               GPtrArray *texts)
{
    GString *routes = g_string_new(NULL), *rules = g_string_new(NULL);
    GString *both[] = {routes, rules};
    static const char *const kinds[] = {"route", "rule"};

    for (guint i = 0; i < nm_setting_ip_config_get_num_routes(s_ip); i++)
        put_route(routes, nm_setting_ip_config_get_route(s_ip, (int) i));
    for (guint i = 0; i < nm_setting_ip_config_get_num_routing_rules(s_ip); i++)
        put_rule(rules, nm_setting_ip_config_get_routing_rule(s_ip, i));
    for (gsize i = 0; i < G_N_ELEMENTS(both); i++) {
        if (both[i]->len > 0) {
            g_ptr_array_add(names,
                            g_strdup_printf("%s%s-%s", kinds[i], suffix, nm_ifname_of(bond)));
            g_ptr_array_add(texts, g_strdup(both[i]->str));
        }
        g_string_free(both[i], TRUE);
    }
}

/* ---- where to ---- */

/* All or nothing: what was written before one that fails is taken away. */
static int
write_files(const char *dir, GPtrArray *names, GPtrArray *texts)
{
    GError *error = NULL;
    guint n;

    for (n = 0; n < names->len && error == NULL; n++) {
        g_autofree char *path = g_build_filename(dir, names->pdata[n], NULL);

        if (g_file_test(path, G_FILE_TEST_EXISTS))
            error = g_error_new(PROFILE_ERROR, 1, _("%s is there already"), path);
        else
            g_file_set_contents(path, texts->pdata[n], -1, &error);
    }
    if (error == NULL)
        return CLI_EXIT_OK;
    for (n--; n-- > 0;) {
        g_autofree char *path = g_build_filename(dir, names->pdata[n], NULL);

        unlink(path);
    }
    cli_error("%s", error->message);
    g_error_free(error);
    return CLI_EXIT_FAILED;
}

static int
export_bond(struct nm *nm, NMConnection *bond, const char *dir)
{
    g_autoptr(GPtrArray) ports = nm_ports_of(nm, bond);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);

    g_ptr_array_add(names, g_strconcat("ifcfg-", nm_ifname_of(bond), NULL));
    g_ptr_array_add(texts, bond_text(bond));
    if (nm_connection_get_setting_ip4_config(bond) != NULL)
        add_side_files(bond, nm_connection_get_setting_ip4_config(bond), "", names, texts);
    if (nm_connection_get_setting_ip6_config(bond) != NULL)
        add_side_files(bond, nm_connection_get_setting_ip6_config(bond), "6", names, texts);
    for (guint i = 0; i < ports->len; i++) {
        const char *ifname = nm_ifname_of(ports->pdata[i]);

        g_ptr_array_add(
            names,
            g_strconcat("ifcfg-",
                        ifname[0] != '\0' ? ifname : nm_connection_get_id(ports->pdata[i]), NULL));
        g_ptr_array_add(texts, port_text(ports->pdata[i], bond));
    }
    if (dir != NULL)
        return write_files(dir, names, texts);
    for (guint i = 0; i < names->len; i++)
        printf("%s# %s\n%s", i > 0 ? "\n" : "", (const char *) names->pdata[i],
               (const char *) texts->pdata[i]);
    return CLI_EXIT_OK;
}

int
cli_export(struct cli *cli, int argc, char **argv)
{
    const char *dir = NULL;
    const struct cli_opt own[] = {{.name = "directory", .value = &dir}, {.name = NULL}};
    NMRemoteConnection *bond;
    struct nm nm;
    int rc = cli_parse(cli, own, false, &argc, argv);

    if (rc == CLI_EXIT_OK)
        rc = words_expect(cli, "export", &argc, &argv, 1, 1, "NAME");
    if (rc != CLI_EXIT_OK)
        return MAX(rc, 0);
    if (dir != NULL && !g_file_test(dir, G_FILE_TEST_IS_DIR)) {
        cli_error(_("%s is not a directory."), dir);
        return CLI_EXIT_USER_INPUT;
    }
    rc = nm_open(&nm, cli, EXPORT_WAIT_S);
    bond = rc == CLI_EXIT_OK ? nm_find_bond(&nm, argv[0], &rc) : NULL;
    if (bond != NULL)
        rc = export_bond(&nm, NM_CONNECTION(bond), dir);
    nm_close(&nm);
    return rc;
}
