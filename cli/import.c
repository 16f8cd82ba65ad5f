/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * import.c - the verb `import ifcfg FILE|DIR`: bonds of the initscripts become profiles, all of
 * them or none.
 *
 * Decides which files belong to a bond. What is wrong, or cannot be carried over, is named with its
 * file and line.
 */
#include "ifcfg.h"

#include <stdio.h>
#include <string.h>

#define IMPORT_WAIT_S 10u

static void
free_file(gpointer file)
{
    ifcfg_free(file);
}

static bool
is_bond(struct ifcfg *file)
{
    const char *type = ifcfg_get(file, "TYPE");

    return (type != NULL && g_ascii_strcasecmp(type, "bond") == 0) ||
           ifcfg_is_yes(file, "BONDING_MASTER", false) || ifcfg_get(file, "BONDING_OPTS") != NULL;
}

static const char *
device_of(struct ifcfg *file)
{
    const char *device = ifcfg_get(file, "DEVICE");
    const char *base = strrchr(file->path, '/');

    base = base != NULL ? base + 1 : file->path;
    return device != NULL ? device : g_str_has_prefix(base, "ifcfg-") ? base + 6 : base;
}

/* As the initscripts, which leave out what editors and package managers leave behind. */
static bool
is_ifcfg_name(const char *name)
{
    static const char *const endings[] = {"~",       ".bak",     ".orig",    ".rej",
                                          ".rpmnew", ".rpmsave", ".rpmorig", ".old",
                                          ".augnew", ".augtmp",  NULL};

    for (gsize i = 0; endings[i] != NULL; i++) {
        if (g_str_has_suffix(name, endings[i]))
            return false;
    }
    return g_str_has_prefix(name, "ifcfg-") && strcmp(name, "ifcfg-lo") != 0;
}

static int
by_path(gconstpointer a, gconstpointer b)
{
    const struct ifcfg *x = *(struct ifcfg *const *) a, *y = *(struct ifcfg *const *) b;

    return strcmp(x->path, y->path);
}

static GPtrArray *
read_directory(const char *path, struct import *import)
{
    GPtrArray *files = g_ptr_array_new_with_free_func(free_file);
    GError *error = NULL;
    GDir *dir = g_dir_open(path, 0, &error);
    const char *name;

    if (dir == NULL) {
        g_ptr_array_add(import->errors, g_strdup(error->message));
        g_error_free(error);
        return files;
    }
    while ((name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *full = g_build_filename(path, name, NULL);
        struct ifcfg *file = is_ifcfg_name(name) ? ifcfg_read(full, import) : NULL;

        if (file != NULL)
            g_ptr_array_add(files, file);
    }
    g_dir_close(dir);
    g_ptr_array_sort(files, by_path);
    return files;
}

static void
skip_side_files(struct import *import, struct ifcfg *file)
{
    static const char *const kinds[] = {"route", "route6", "rule", "rule6"};
    g_autofree char *dir = g_path_get_dirname(file->path);

    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autofree char *name = g_strdup_printf("%s-%s", kinds[i], device_of(file));
        g_autofree char *path = g_build_filename(dir, name, NULL);

        if (g_file_test(path, G_FILE_TEST_EXISTS))
            g_ptr_array_add(
                import->skipped,
                g_strdup_printf(_("%s:1: routes and rules are not carried over"), path));
    }
}

/* `only`: the path of the one bond that is wanted, or NULL. */
static void
import_files(struct import *import, GPtrArray *files, const char *only)
{
    for (guint i = 0; i < files->len; i++) {
        g_autoptr(GPtrArray) ports = g_ptr_array_new();
        struct ifcfg *file = files->pdata[i];

        if (!is_bond(file) || (only != NULL && strcmp(file->path, only) != 0))
            continue;
        for (guint j = 0; j < files->len; j++) {
            const char *master = ifcfg_get(files->pdata[j], "MASTER");

            if (master != NULL && strcmp(master, device_of(file)) == 0)
                g_ptr_array_add(ports, files->pdata[j]);
        }
        import_bond(import, file, ports);
        skip_side_files(import, file);
        g_ptr_array_add(import->bonds, g_strdup(device_of(file)));
    }
}

static void
read_all(struct import *import, const char *path)
{
    bool is_dir = g_file_test(path, G_FILE_TEST_IS_DIR);
    g_autofree char *dir = is_dir ? g_strdup(path) : g_path_get_dirname(path);
    g_autofree char *base = g_path_get_basename(path);
    g_autofree char *full = is_dir ? NULL : g_build_filename(dir, base, NULL);
    g_autoptr(GPtrArray) files = NULL;

    if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
        g_ptr_array_add(import->errors, g_strdup_printf(_("%s: there is no such file"), path));
        return;
    }
    files = read_directory(dir, import);
    import_files(import, files, full);
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

static int
commit(struct cli *cli, struct import *import)
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
        rc = changes_commit(&nm, import->changes);
    if (rc == CLI_EXIT_OK)
        changes_say(&nm, import->changes);
    nm_close(&nm);
    return rc;
}

int
cli_import(struct cli *cli, int argc, char **argv)
{
    bool dry_run = false;
    const struct cli_opt own[] = {{.name = "dry-run", .flag = &dry_run}, {.name = NULL}};
    struct import import = {0};
    int rc = cli_parse(cli, own, false, &argc, argv);

    if (rc == CLI_EXIT_OK)
        rc = words_expect(cli, "import", argc, argv, 2, 2, "ifcfg FILE|DIR");
    if (rc != CLI_EXIT_OK)
        return MAX(rc, 0);
    if (argv[0][0] == '\0' || !g_str_has_prefix("ifcfg", argv[0])) {
        cli_error(_("'%s' is not a format that can be imported; there is: ifcfg."), argv[0]);
        return CLI_EXIT_USER_INPUT;
    }
    import.errors = g_ptr_array_new_with_free_func(g_free);
    import.skipped = g_ptr_array_new_with_free_func(g_free);
    import.bonds = g_ptr_array_new_with_free_func(g_free);
    import.changes = changes_new();
    read_all(&import, argv[1]);
    print_list(import.skipped, cli_warn);
    if (import.errors->len > 0) {
        print_list(import.errors, cli_error);
        cli_error(_("Nothing was changed."));
        rc = CLI_EXIT_USER_INPUT;
    } else {
        rc = dry_run ? changes_print(import.changes) : commit(cli, &import);
    }
    g_ptr_array_unref(import.errors);
    g_ptr_array_unref(import.skipped);
    g_ptr_array_unref(import.bonds);
    g_ptr_array_unref(import.changes);
    return rc;
}
