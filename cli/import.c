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
