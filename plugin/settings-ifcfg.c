/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * settings-ifcfg.c - the settings plugin: ifcfg files of bonds and of their ports, read in place.
 *
 * Decides which of NetworkManager's profiles come and go with the files of a directory. What a file
 * says is profiles/'s. The files are never written: a profile that is deleted or migrated has its
 * file renamed to FILE.old, a modification is refused with the way to do it. A file that has become
 * wrong leaves its profile as it was.
 */
#include <errno.h>
#include <gmodule.h>
#include <glib/gstdio.h>

#include "check.h"
#include "nm-compat.h"
#include "profiles/ifcfg.h"

#define CONFIG_FILE "/etc/bondd.conf"
#define PLUGIN_NAME "nm-bond-ifcfg"

#define say(level, format, ...)                                                                    \
    nm_log((level), LOGD_SETTINGS, NULL, NULL, PLUGIN_NAME ": " format, ##__VA_ARGS__)

G_MODULE_EXPORT NMSettingsPlugin *nm_settings_plugin_factory(void);

typedef struct {
    NMSettingsPlugin parent;
    GHashTable *storages; /* path → NMSettingsStorage: what NetworkManager has of us */
    GPtrArray *unmanaged; /* names of devices; NULL: not looked yet */
    gboolean stepped_aside;
} NmbIfcfgPlugin;

typedef struct {
    NMSettingsPluginClass parent;
} NmbIfcfgPluginClass;

static GType nmb_ifcfg_plugin_get_type(void);
G_DEFINE_TYPE(NmbIfcfgPlugin, nmb_ifcfg_plugin, nm_settings_plugin_get_type())

typedef struct {
    NMSettingsPluginConnectionLoadCallback call;
    gpointer data;
} Report;

/* ---- reading ---- */

static char *
directory(void)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *path = NULL;

    if (g_key_file_load_from_file(file, CONFIG_FILE, G_KEY_FILE_NONE, NULL))
        path = g_key_file_get_string(file, "ifcfg", "directory", NULL);
    if (path && g_path_is_absolute(g_strstrip(path)))
        return g_steal_pointer(&path);
    if (path)
        say(LOGL_WARN, "%s: directory=%s is no absolute path and is ignored", CONFIG_FILE, path);
    return g_strdup(IFCFG_DIRECTORY);
}

/* The same file has the same UUID for ever. (The namespace was chosen by chance, once.) */
static char *
make_uuid(const char *path)
{
    return nm_uuid_generate_from_string_str(
        path, -1, NM_UUID_TYPE_VERSION5,
        &NM_UUID_INIT(81, d5, 1a, c6, d3, ba, 4b, 29, 8a, 6b, 64, b0, f1, a7, d0, ce));
}

static void
say_all(NMLogLevel level, GPtrArray *sentences)
{
    for (guint i = 0; i < sentences->len; i++)
        say(level, "%s", (const char *) sentences->pdata[i]);
}

/* NetworkManager's own plugin for ifcfg files knows more kinds of them. */
static gboolean
is_left_to_another(NmbIfcfgPlugin *self)
{
    gboolean there = g_type_from_name("NMSIfcfgRHPlugin") != 0;

    if (there && !self->stepped_aside)
        say(LOGL_INFO, "the ifcfg-rh plugin is loaded: ifcfg files are left to it");
    self->stepped_aside = there;
    return there;
}

static gboolean
same_strings(GPtrArray *a, GPtrArray *b)
{
    if (a->len != b->len)
        return FALSE;
    for (guint i = 0; i < a->len; i++)
        if (!g_str_equal(a->pdata[i], b->pdata[i]))
            return FALSE;
    return TRUE;
}

static void
read_files(NmbIfcfgPlugin *self, struct import *import)
{
    g_autofree char *path = directory();
    gboolean changed;

    import_init(import);
    import->in_place = true;
    import->make_uuid = make_uuid;
    if (!is_left_to_another(self) && g_file_test(path, G_FILE_TEST_IS_DIR))
        import_directory(import, path, NULL);
    changed = self->unmanaged && !same_strings(self->unmanaged, import->unmanaged);
    g_clear_pointer(&self->unmanaged, g_ptr_array_unref);
    self->unmanaged = g_ptr_array_ref(import->unmanaged);
    if (changed)
        g_signal_emit_by_name(self, NM_SETTINGS_PLUGIN_UNMANAGED_SPECS_CHANGED);
}

/* ---- what NetworkManager is told ---- */

static const char *
path_of_uuid(NmbIfcfgPlugin *self, const char *uuid)
{
    GHashTableIter iter;
    gpointer path, storage;

    g_hash_table_iter_init(&iter, self->storages);
    while (g_hash_table_iter_next(&iter, &path, &storage))
        if (g_str_equal(nm_settings_storage_get_uuid(storage), uuid))
            return path;
    return NULL;
}

static void
drop(NmbIfcfgPlugin *self, const char *path, const Report *report)
{
    g_autoptr(GObject) storage = g_hash_table_lookup(self->storages, path);

    if (!storage)
        return;
    g_object_ref(storage);
    g_hash_table_remove(self->storages, path);
    report->call(NM_SETTINGS_PLUGIN(self), (NMSettingsStorage *) storage, NULL, report->data);
}

static void
tell(NmbIfcfgPlugin *self, const struct imported *imported, const Report *report)
{
    NMSettingsStorage *storage = g_hash_table_lookup(self->storages, imported->path);
    const char *uuid, *other;

    if (!imported->connection) {
        if (storage)
            say(LOGL_WARN, "%s: its profile stays as it was", imported->path);
        return;
    }
    uuid = nm_connection_get_uuid(imported->connection);
    if (storage && !g_str_equal(nm_settings_storage_get_uuid(storage), uuid)) {
        drop(self, imported->path, report);
        storage = NULL;
    }
    other = storage ? NULL : path_of_uuid(self, uuid);
    if (other) {
        say(LOGL_WARN, "%s: the file is ignored: %s has the same UUID", imported->path, other);
        return;
    }
    if (!storage) {
        storage = nm_settings_storage_new(NM_SETTINGS_PLUGIN(self), uuid, imported->path);
        g_hash_table_insert(self->storages, g_strdup(imported->path), storage);
    }
    report->call(NM_SETTINGS_PLUGIN(self), storage, imported->connection, report->data);
}

static gboolean
is_among(const struct import *import, const char *path)
{
    for (guint i = 0; i < import->profiles->len; i++)
        if (g_str_equal(((struct imported *) import->profiles->pdata[i])->path, path))
            return TRUE;
    return FALSE;
}

static void
drop_gone(NmbIfcfgPlugin *self, const struct import *import, const Report *report)
{
    g_autoptr(GPtrArray) gone = g_ptr_array_new_with_free_func(g_free);
    GHashTableIter iter;
    gpointer path;

    g_hash_table_iter_init(&iter, self->storages);
    while (g_hash_table_iter_next(&iter, &path, NULL))
        if (!is_among(import, path))
            g_ptr_array_add(gone, g_strdup(path));
    for (guint i = 0; i < gone->len; i++)
        drop(self, gone->pdata[i], report);
}

static void
reload_connections(NMSettingsPlugin *plugin, NMSettingsPluginConnectionLoadCallback callback,
                   gpointer user_data)
{
    NmbIfcfgPlugin *self = (NmbIfcfgPlugin *) plugin;
    const Report report = {callback, user_data};
    struct import import;

    read_files(self, &import);
    say_all(LOGL_INFO, import.skipped);
    say_all(LOGL_WARN, import.errors);
    drop_gone(self, &import, &report);
    for (guint i = 0; i < import.profiles->len; i++)
        tell(self, import.profiles->pdata[i], &report);
    import_clear(&import);
}

/* `nmcli connection load FILE`. The whole directory is read, for a port needs its bond; only the
 * file that was asked for is told. */
static void
load_one(NmbIfcfgPlugin *self, NMSettingsPluginConnectionLoadEntry *entry, const Report *report)
{
    struct import import;
    const struct imported *found = NULL;

    read_files(self, &import);
    for (guint i = 0; i < import.profiles->len; i++) {
        const struct imported *imported = import.profiles->pdata[i];

        if (g_str_equal(imported->path, entry->filename))
            found = imported;
    }
    entry->handled = TRUE;
    say_all(LOGL_WARN, import.errors);
    if (found)
        tell(self, found, report);
    else
        drop(self, entry->filename, report);
    if (!found || !found->connection)
        g_set_error(&entry->error, nm_settings_error_quark(), NM_SETTINGS_ERROR_INVALID_CONNECTION,
                    found ? "%s cannot be used as it is; the log says why"
                          : "%s is not of a bond nor of a port of one",
                    entry->filename);
    import_clear(&import);
}

static void
load_connections(NMSettingsPlugin *plugin, NMSettingsPluginConnectionLoadEntry *entries,
                 gsize n_entries, NMSettingsPluginConnectionLoadCallback callback,
                 gpointer user_data)
{
    const Report report = {callback, user_data};
    g_autofree char *own = directory();

    for (gsize i = 0; i < n_entries; i++) {
        g_autofree char *dir = g_path_get_dirname(entries[i].filename);
        g_autofree char *base = g_path_get_basename(entries[i].filename);

        if (!entries[i].handled && g_str_equal(dir, own) && ifcfg_is_name(base) &&
            !is_left_to_another((NmbIfcfgPlugin *) plugin))
            load_one((NmbIfcfgPlugin *) plugin, &entries[i], &report);
    }
}

static GSList *
get_unmanaged_specs(NMSettingsPlugin *plugin)
{
    NmbIfcfgPlugin *self = (NmbIfcfgPlugin *) plugin;
    GSList *specs = NULL;

    if (!self->unmanaged) { /* NetworkManager asks before it has profiles read */
        struct import import;

        read_files(self, &import);
        import_clear(&import);
    }
    for (guint i = 0; i < self->unmanaged->len; i++)
        specs = g_slist_prepend(
            specs, g_strdup_printf("interface-name:=%s", (char *) self->unmanaged->pdata[i]));
    return specs;
}

/* ---- what users do to such a profile ---- */

static gboolean
update_connection(NMSettingsPlugin *plugin, NMSettingsStorage *storage, NMConnection *connection,
                  NMSettingsStorage **out_storage, NMConnection **out_connection, GError **error)
{
    g_set_error(error, nm_settings_error_quark(), NM_SETTINGS_ERROR_NOT_SUPPORTED,
                "this profile is the file %s: edit it and run 'nmcli connection reload', or make "
                "it a profile that nmcli can change with 'nmcli connection migrate %s'",
                nm_settings_storage_get_filename(storage), nm_connection_get_id(connection));
    return FALSE;
}

static gboolean
delete_connection(NMSettingsPlugin *plugin, NMSettingsStorage *storage, GError **error)
{
    NmbIfcfgPlugin *self = (NmbIfcfgPlugin *) plugin;
    const char *path = nm_settings_storage_get_filename(storage);
    g_autofree char *old = g_strconcat(path, ".old", NULL);

    if (g_rename(path, old) != 0 && errno != ENOENT) {
        g_set_error(error, nm_settings_error_quark(), NM_SETTINGS_ERROR_FAILED,
                    "%s could not be renamed to %s: %s", path, old, g_strerror(errno));
        say(LOGL_WARN, "%s could not be renamed to %s: %s", path, old, g_strerror(errno));
        return FALSE;
    }
    say(LOGL_INFO, "%s was renamed to %s", path, old);
    g_hash_table_remove(self->storages, path);
    return TRUE;
}

/* ---- the object ---- */

static void
nmb_ifcfg_plugin_init(NmbIfcfgPlugin *self)
{
    self->storages = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_object_unref);
}

static void
finalize(GObject *object)
{
    NmbIfcfgPlugin *self = (NmbIfcfgPlugin *) object;

    g_hash_table_unref(self->storages);
    g_clear_pointer(&self->unmanaged, g_ptr_array_unref);
    G_OBJECT_CLASS(nmb_ifcfg_plugin_parent_class)->finalize(object);
}

static void
nmb_ifcfg_plugin_class_init(NmbIfcfgPluginClass *klass)
{
    NMSettingsPluginClass *plugin_class = (NMSettingsPluginClass *) klass;

    G_OBJECT_CLASS(klass)->finalize = finalize;
    plugin_class->plugin_name = PLUGIN_NAME;
    plugin_class->get_unmanaged_specs = get_unmanaged_specs;
    plugin_class->reload_connections = reload_connections;
    plugin_class->load_connections = load_connections;
    plugin_class->update_connection = update_connection;
    plugin_class->delete_connection = delete_connection;
}

/* NetworkManager does not start without an object from here: where the plugin declines it gets one
 * that does nothing. */
NMSettingsPlugin *
nm_settings_plugin_factory(void)
{
    g_autoptr(GError) error = NULL;

    if (nmb_check_version(&error) &&
        nmb_check_instance(nm_settings_plugin_get_type(), sizeof(NMSettingsPlugin),
                           sizeof(NMSettingsPluginClass), &error) &&
        nmb_check_instance(nm_settings_storage_get_type(), sizeof(NMSettingsStorage),
                           sizeof(NMSettingsStorageClass), &error))
        return g_object_new(nmb_ifcfg_plugin_get_type(), NULL);
    say(LOGL_WARN, "%s", error->message);
    return g_object_new(nm_settings_plugin_get_type(), NULL);
}
