/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * import.c - the verb `import ifcfg FILE|DIR`: bonds of the initscripts become profiles, all of
 * them or none.
 *
 * The files are read by profiles/. What is wrong, or cannot be carried over, is named with its file
 * and line.
 */
#include "profiles/ifcfg.h"

#include <stdio.h>
#include <string.h>

#include "words.h"

#define IMPORT_WAIT_S 10u

static void
read_all(struct import *import, const char *path)
{
    bool is_dir = g_file_test(path, G_FILE_TEST_IS_DIR);
    g_autofree char *dir = is_dir ? g_strdup(path) : g_path_get_dirname(path);
    g_autofree char *base = g_path_get_basename(path);
    g_autofree char *full = is_dir ? NULL : g_build_filename(dir, base, NULL);

    if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
        g_ptr_array_add(import->errors, g_strdup_printf(_("%s: there is no such file"), path));
        return;
    }
    import_directory(import, dir, full);
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
    struct import import;
    int rc = cli_parse(cli, own, false, &argc, argv);

    if (rc == CLI_EXIT_OK)
        rc = words_expect(cli, "import", argc, argv, 2, 2, "ifcfg FILE|DIR");
    if (rc != CLI_EXIT_OK)
        return MAX(rc, 0);
    if (argv[0][0] == '\0' || !g_str_has_prefix("ifcfg", argv[0])) {
        cli_error(_("'%s' is not a format that can be imported; there is: ifcfg."), argv[0]);
        return CLI_EXIT_USER_INPUT;
    }
    import_init(&import);
    read_all(&import, argv[1]);
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
