/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record.c - which bonds and ports NetworkManager had active, kept over its restarts.
 *
 * One small key file per bond in /run/NetworkManager/nm-bond, replaced atomically, versioned; one
 * that cannot be read is removed with a line in the log. NetworkManager's own state files are not
 * enough: it rewrites them without the profile's UUID while it is adopting a device, so that a
 * second death at that moment would lose the bond (docs/plugin.md).
 *
 * Beside the records goes one snippet of NetworkManager's configuration, keep-configuration=no for
 * the ports. A port of ours has no address and no master in the kernel; without the snippet
 * NetworkManager finds "no existing configuration" on it and forgets which profile it had.
 */
#include "record.h"

#include <errno.h>
#include <glib/gstdio.h>

#include "nm-compat.h"

#define NMB_RECORD_DIR NMRUNDIR "/nm-bond"
#define NMB_RECORD_VERSION 1
#define NMB_CONF_DIR NMRUNDIR "/conf.d"
#define NMB_CONF_FILE NMB_CONF_DIR "/90-nm-bond-ports.conf"

static GHashTable *records; /* name of the bond → NmbRecord */

/* ---- in memory ---- */

static void
port_free(gpointer data)
{
    NmbRecordPort *port = data;

    g_free(port->name);
    g_free(port->uuid);
    g_free(port);
}

static void
record_free(gpointer data)
{
    NmbRecord *record = data;

    g_ptr_array_unref(record->ports);
    g_free(record->bond);
    g_free(record->uuid);
    g_free(record);
}

static GHashTable *
all_records(void)
{
    if (!records)
        records = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, record_free);
    return records;
}

NmbRecord *
nmb_record_get(const char *bond)
{
    return g_hash_table_lookup(all_records(), bond);
}

NmbRecord *
nmb_record_ensure(const char *bond)
{
    NmbRecord *record = nmb_record_get(bond);

    if (record)
        return record;
    record = g_new0(NmbRecord, 1);
    record->bond = g_strdup(bond);
    record->ports = g_ptr_array_new_with_free_func(port_free);
    g_hash_table_insert(all_records(), record->bond, record);
    return record;
}

void
nmb_record_foreach(NmbRecordFunc func, gpointer data)
{
    g_autoptr(GList) list = g_hash_table_get_values(all_records());

    for (GList *l = list; l; l = l->next)
        func(l->data, data);
}

NmbRecordPort *
nmb_record_port(NmbRecord *record, const char *name)
{
    for (guint i = 0; i < record->ports->len; i++) {
        NmbRecordPort *port = g_ptr_array_index(record->ports, i);

        if (g_str_equal(port->name, name))
            return port;
    }
    return NULL;
}

NmbRecordPort *
nmb_record_port_ensure(NmbRecord *record, const char *name)
{
    NmbRecordPort *port = nmb_record_port(record, name);

    if (port)
        return port;
    port = g_new0(NmbRecordPort, 1);
    port->name = g_strdup(name);
    g_ptr_array_add(record->ports, port);
    return port;
}

void
nmb_record_port_remove(NmbRecord *record, const char *name)
{
    NmbRecordPort *port = nmb_record_port(record, name);

    if (port)
        g_ptr_array_remove(record->ports, port);
}

/* ---- on disk ---- */

static char *
record_path(const char *bond)
{
    return g_strconcat(NMB_RECORD_DIR "/", bond, NULL);
}

static void
write_file(const char *dir, const char *path, const char *text)
{
    g_autoptr(GError) error = NULL;

    if (g_mkdir_with_parents(dir, 0755) != 0)
        nmb_warn(NULL, "cannot create %s: %s", dir, g_strerror(errno));
    else if (!g_file_set_contents(path, text, -1, &error))
        nmb_warn(NULL, "cannot write %s: %s", path, error->message);
}

/* A name as it stands in a list of device specs, where , ; and \ have a meaning. */
static void
append_spec(GString *text, const char *name)
{
    g_string_append_printf(text, "%sinterface-name:=", text->len ? "," : "");
    for (; *name; name++) {
        if (strchr(",;\\ ", *name))
            g_string_append_c(text, '\\');
        g_string_append_c(text, *name);
    }
}

static void
write_snippet(void)
{
    static char *written;
    g_autoptr(GString) specs = g_string_new(NULL);
    g_autofree char *text = NULL;
    GHashTableIter iter;
    NmbRecord *record;

    g_hash_table_iter_init(&iter, all_records());
    while (g_hash_table_iter_next(&iter, NULL, (gpointer *) &record))
        for (guint i = 0; i < record->ports->len; i++)
            append_spec(specs, ((NmbRecordPort *) g_ptr_array_index(record->ports, i))->name);
    if (g_strcmp0(written, specs->str) == 0)
        return;
    g_free(written);
    written = g_strdup(specs->str);
    if (specs->len == 0) {
        g_unlink(NMB_CONF_FILE);
        return;
    }
    text = g_strdup_printf("# Written by the bond plugin: the ports of bonds, adopted by their "
                           "profile's UUID after a restart.\n"
                           "[device-nm-bond-ports]\n"
                           "match-device=%s\n"
                           "keep-configuration=no\n",
                           specs->str);
    write_file(NMB_CONF_DIR, NMB_CONF_FILE, text);
}

void
nmb_record_save(NmbRecord *record)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *path = record_path(record->bond);
    g_autofree char *text = NULL;
    g_autofree char *old = NULL;

    g_key_file_set_integer(file, "bond", "version", NMB_RECORD_VERSION);
    g_key_file_set_integer(file, "bond", "ifindex", record->ifindex);
    g_key_file_set_string(file, "bond", "uuid", record->uuid ? record->uuid : "");
    for (guint i = 0; i < record->ports->len; i++) {
        NmbRecordPort *port = g_ptr_array_index(record->ports, i);
        g_autofree char *group = g_strconcat("port ", port->name, NULL);

        g_key_file_set_integer(file, group, "ifindex", port->ifindex);
        g_key_file_set_string(file, group, "uuid", port->uuid ? port->uuid : "");
    }
    text = g_key_file_to_data(file, NULL, NULL);
    if (!g_file_get_contents(path, &old, NULL, NULL) || !g_str_equal(old, text))
        write_file(NMB_RECORD_DIR, path, text);
    write_snippet();
}

void
nmb_record_drop(const char *bond)
{
    g_autofree char *path = record_path(bond);

    g_unlink(path);
    g_hash_table_remove(all_records(), bond);
    write_snippet();
}

static gboolean
read_ports(NmbRecord *record, GKeyFile *file, GError **error)
{
    g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);

    for (guint i = 0; groups[i]; i++) {
        NmbRecordPort *port;

        if (!g_str_has_prefix(groups[i], "port "))
            continue;
        port = nmb_record_port_ensure(record, groups[i] + strlen("port "));
        port->ifindex = g_key_file_get_integer(file, groups[i], "ifindex", error);
        if (port->ifindex <= 0)
            return FALSE;
        port->uuid = g_key_file_get_string(file, groups[i], "uuid", error);
        if (!port->uuid)
            return FALSE;
    }
    return TRUE;
}

static gboolean
read_record(const char *bond, const char *path, GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    NmbRecord *record;
    int version;

    if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, error))
        return FALSE;
    version = g_key_file_get_integer(file, "bond", "version", error);
    if (version != NMB_RECORD_VERSION) {
        if (error && !*error)
            g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "version %d instead of %d",
                        version, NMB_RECORD_VERSION);
        return FALSE;
    }
    record = nmb_record_ensure(bond);
    record->ifindex = g_key_file_get_integer(file, "bond", "ifindex", error);
    record->uuid = g_key_file_get_string(file, "bond", "uuid", error && *error ? NULL : error);
    return record->ifindex > 0 && record->uuid && read_ports(record, file, error);
}

void
nmb_record_load_all(void)
{
    g_autoptr(GDir) dir = g_dir_open(NMB_RECORD_DIR, 0, NULL);
    const char *bond;

    while (dir && (bond = g_dir_read_name(dir))) {
        g_autofree char *path = record_path(bond);
        g_autoptr(GError) error = NULL;

        if (read_record(bond, path, &error))
            continue;
        nmb_warn(bond, "the record %s is not used: %s", path,
                 error ? error->message : "a value is missing or wrong");
        nmb_record_drop(bond);
    }
    write_snippet();
}
