/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * import.c - the verb `import FORMAT FILE|DIR`: another program's bonds become profiles, all of
 * them or none.
 *
 * ifcfg files are read by profiles/, the others by import-*.c. What is wrong, or cannot be carried
 * over, is named with its file and line.
 */
#include "plan.h"

#include <stdio.h>
#include <string.h>

#include "words.h"

#define IMPORT_WAIT_S 10u

/* ---- what NetworkManager's daemon cannot do for the plugin, and libnm can for us ---- */

static bool
add_route(NMConnection *bond, const struct ifcfg_route *route, GError **error)
{
    g_autoptr(GHashTable) attributes = nm_utils_parse_variant_attributes(
        route->attributes, ' ', '=', FALSE, nm_ip_route_get_variant_attribute_spec(), error);
    GHashTableIter iter;
    gpointer name, value;
    NMIPRoute *made;
    bool ok = true;

    if (attributes == NULL)
        return false;
    made =
        nm_ip_route_new(route->family, route->to, route->prefix, route->via, route->metric, error);
    if (made == NULL)
        return false;
    g_hash_table_iter_init(&iter, attributes);
    while (ok && g_hash_table_iter_next(&iter, &name, &value)) {
        ok = nm_ip_route_attribute_validate(name, value, route->family, NULL, error);
        nm_ip_route_set_attribute(made, name, g_variant_ref(value));
    }
    if (ok)
        nm_setting_ip_config_add_route(route->family == AF_INET
                                           ? nm_connection_get_setting_ip4_config(bond)
                                           : nm_connection_get_setting_ip6_config(bond),
                                       made);
    nm_ip_route_unref(made);
    return ok;
}

/* A rule without a priority gets the one that the kernel would give: before those there are. */
#define FIRST_PRIORITY 32765u

static bool
add_rule(NMConnection *bond, int family, const char *text, GError **error)
{
    bool v6 = family == AF_INET6;
    NMSettingIPConfig *s_ip = v6 ? nm_connection_get_setting_ip6_config(bond)
                                 : nm_connection_get_setting_ip4_config(bond);
    NMIPRoutingRule *rule =
        nm_ip_routing_rule_from_string(text,
                                       v6 ? NM_IP_ROUTING_RULE_AS_STRING_FLAGS_AF_INET6
                                          : NM_IP_ROUTING_RULE_AS_STRING_FLAGS_AF_INET,
                                       NULL, error);
    bool ok = rule != NULL;

    if (ok && nm_ip_routing_rule_get_priority(rule) < 0)
        nm_ip_routing_rule_set_priority(rule, (gint64) FIRST_PRIORITY -
                                                  nm_setting_ip_config_get_num_routing_rules(s_ip));
    ok = ok && nm_ip_routing_rule_validate(rule, error);
    if (ok)
        nm_setting_ip_config_add_routing_rule(s_ip, rule);
    if (rule != NULL)
        nm_ip_routing_rule_unref(rule);
    return ok;
}

static void
import_ifcfg(struct import *import, const char *path, bool is_dir)
{
    g_autofree char *dir = is_dir ? g_strdup(path) : g_path_get_dirname(path);
    g_autofree char *base = g_path_get_basename(path);
    g_autofree char *full = is_dir ? NULL : g_build_filename(dir, base, NULL);

    import_directory(import, dir, full);
}

static const struct format {
    const char *name;
    void (*read)(struct plan *plan, const char *path, bool is_dir); /* NULL: ifcfg */
} formats[] = {
    {"ifcfg", NULL},
    {"netplan", import_netplan},
    {"networkd", import_networkd},
    {"interfaces", import_interfaces},
};

void
import_offer_formats(const char *word)
{
    for (gsize i = 0; i < G_N_ELEMENTS(formats); i++)
        cli_offer(formats[i].name, word);
}

/* May be abbreviated; the first that fits. */
static const struct format *
find_format(const char *word)
{
    g_autoptr(GString) names = g_string_new(NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(formats); i++) {
        if (word[0] != '\0' && g_str_has_prefix(formats[i].name, word))
            return &formats[i];
        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "", formats[i].name);
    }
    cli_error(_("'%s' is not a format that can be imported; there are: %s."), word, names->str);
    return NULL;
}

static void
read_all(struct import *import, const struct format *format, const char *path)
{
    bool is_dir = g_file_test(path, G_FILE_TEST_IS_DIR);

    if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
        g_ptr_array_add(import->errors, g_strdup_printf(_("%s: there is no such file"), path));
        return;
    }
    if (format->read == NULL) {
        import_ifcfg(import, path, is_dir);
    } else {
        struct plan *plan = plan_new(import);

        format->read(plan, path, is_dir);
        plan_finish(plan);
        plan_free(plan);
    }
    if (import->bonds->len == 0 && import->errors->len == 0)
        g_ptr_array_add(import->errors, g_strdup_printf(is_dir ? _("%s: no file is of a bond")
                                                               : _("%s: this is not of a bond"),
                                                        path));
}

static void
print_list(GPtrArray *list, void (*print)(const char *format, ...))
{
    for (guint i = 0; i < list->len; i++)
        print("%s", (const char *) list->pdata[i]);
}

static GPtrArray *
changes_of(struct import *import)
{
    GPtrArray *changes = changes_new();

    for (guint i = 0; i < import->profiles->len; i++)
        changes_add(changes, ((struct imported *) import->profiles->pdata[i])->connection);
    return changes;
}

static int
commit(struct cli *cli, struct import *import, GPtrArray *changes)
{
    NMRemoteConnection *there = NULL;
    struct nm nm;
    int rc = nm_open(&nm, cli, IMPORT_WAIT_S);

    for (guint i = 0; rc == CLI_EXIT_OK && i < import->bonds->len && there == NULL; i++)
        there = nm_look_for_bond(&nm, import->bonds->pdata[i]);
    if (there != NULL) {
        cli_error(_("There is a bond profile '%s' (%s) already; 'bondcli modify %s' changes it."),
                  nm_connection_get_id(NM_CONNECTION(there)), nm_ifname_of(there),
                  nm_connection_get_id(NM_CONNECTION(there)));
        rc = CLI_EXIT_USER_INPUT;
    }
    if (rc == CLI_EXIT_OK)
        rc = changes_commit(&nm, changes);
    if (rc == CLI_EXIT_OK)
        changes_say(&nm, changes);
    nm_close(&nm);
    return rc;
}

int
cli_import(struct cli *cli, int argc, char **argv)
{
    bool dry_run = false;
    const struct cli_opt own[] = {{.name = "dry-run", .flag = &dry_run}, {.name = NULL}};
    const struct format *format;
    struct import import;
    int rc = cli_parse(cli, own, false, &argc, argv);

    if (rc == CLI_EXIT_OK)
        rc = words_expect(cli, "import", &argc, &argv, 2, 2,
                          "ifcfg|netplan|networkd|interfaces FILE|DIR");
    if (rc != CLI_EXIT_OK)
        return MAX(rc, 0);
    format = find_format(argv[0]);
    if (format == NULL)
        return CLI_EXIT_USER_INPUT;
    import_init(&import);
    import.add_route = add_route;
    import.add_rule = add_rule;
    read_all(&import, format, argv[1]);
    print_list(import.skipped, cli_warn);
    if (import.errors->len > 0) {
        print_list(import.errors, cli_error);
        cli_error(_("Nothing was changed."));
        rc = CLI_EXIT_USER_INPUT;
    } else {
        g_autoptr(GPtrArray) changes = changes_of(&import);

        rc = dry_run ? changes_print(changes) : commit(cli, &import, changes);
    }
    import_clear(&import);
    return rc;
}
