/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ifcfg-dir.c - which files of a directory belong to which bond.
 *
 * Decides what is a bond and what is a port of it. What a file says is ifcfg-bond.c's.
 */
#include "profiles/ifcfg.h"

#include <string.h>

static void
file_free(gpointer file)
{
    ifcfg_free(file);
}

static void
imported_free(gpointer data)
{
    struct imported *imported = data;

    g_free(imported->path);
    g_clear_object(&imported->connection);
    g_free(imported);
}

void
import_init(struct import *import)
{
    *import = (struct import){
        .errors = g_ptr_array_new_with_free_func(g_free),
        .skipped = g_ptr_array_new_with_free_func(g_free),
        .profiles = g_ptr_array_new_with_free_func(imported_free),
        .bonds = g_ptr_array_new_with_free_func(g_free),
        .unmanaged = g_ptr_array_new_with_free_func(g_free),
    };
}

void
import_clear(struct import *import)
{
    g_ptr_array_unref(import->errors);
    g_ptr_array_unref(import->skipped);
    g_ptr_array_unref(import->profiles);
    g_ptr_array_unref(import->bonds);
    g_ptr_array_unref(import->unmanaged);
}

static bool
is_bond(struct ifcfg *file)
{
    const char *type = ifcfg_get(file, "TYPE");

    return (type != NULL && g_ascii_strcasecmp(type, "bond") == 0) ||
           ifcfg_is_yes(file, "BONDING_MASTER", false) || ifcfg_get(file, "BONDING_OPTS") != NULL;
}

/* MASTER has the device's name, or the UUID as NetworkManager writes it. */
static bool
is_port_of(struct ifcfg *file, struct ifcfg *bond)
{
    const char *master = ifcfg_get(file, "MASTER"), *by_uuid = ifcfg_get(file, "MASTER_UUID");
    const char *uuid = ifcfg_get(bond, "UUID");

    return file != bond &&
           (g_strcmp0(master, ifcfg_device(bond)) == 0 ||
            (uuid != NULL && (g_strcmp0(master, uuid) == 0 || g_strcmp0(by_uuid, uuid) == 0)));
}

const char *
ifcfg_device(struct ifcfg *file)
{
    const char *device = ifcfg_get(file, "DEVICE");
    const char *base = strrchr(file->path, '/');

    base = base != NULL ? base + 1 : file->path;
    return device != NULL ? device : g_str_has_prefix(base, "ifcfg-") ? base + 6 : base;
}

/* As the initscripts, which leave out what editors and package managers leave behind. */
bool
ifcfg_is_name(const char *name)
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
    GPtrArray *files = g_ptr_array_new_with_free_func(file_free);
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
        struct ifcfg *file = ifcfg_is_name(name) ? ifcfg_read(full, import) : NULL;

        if (file != NULL)
            g_ptr_array_add(files, file);
    }
    g_dir_close(dir);
    g_ptr_array_sort(files, by_path);
    return files;
}

/* DEVICE=bond0:1: more addresses of bond0. */
static bool
is_alias_of(struct ifcfg *file, struct ifcfg *bond)
{
    const char *device = ifcfg_device(file), *colon = strchr(device, ':');
    const char *name = ifcfg_device(bond);

    return colon != NULL && (gsize) (colon - device) == strlen(name) &&
           g_str_has_prefix(device, name);
}

void
import_directory(struct import *import, const char *directory, const char *only)
{
    g_autoptr(GPtrArray) files = read_directory(directory, import);

    for (guint i = 0; i < files->len; i++) {
        g_autoptr(GPtrArray) ports = g_ptr_array_new();
        g_autoptr(GPtrArray) aliases = g_ptr_array_new();
        struct ifcfg *file = files->pdata[i];

        if (!is_bond(file) || (only != NULL && strcmp(file->path, only) != 0))
            continue;
        for (guint j = 0; j < files->len; j++) {
            if (is_port_of(files->pdata[j], file))
                g_ptr_array_add(ports, files->pdata[j]);
            if (is_alias_of(files->pdata[j], file))
                g_ptr_array_add(aliases, files->pdata[j]);
        }
        import_bond(import, file, aliases, ports);
        g_ptr_array_add(import->bonds, g_strdup(ifcfg_device(file)));
    }
}
