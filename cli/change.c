/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * change.c - several profiles changed as one: all, or everything as it was.
 *
 * Decides how a change is undone. Does not know what the profiles are for.
 */
#include "nm.h"

#include <stdio.h>
#include <string.h>

static void
change_free(gpointer data)
{
    struct change *change = data;

    g_clear_object(&change->connection);
    g_clear_object(&change->remote);
    g_clear_object(&change->before);
    g_free(change);
}

GPtrArray *
changes_new(void)
{
    return g_ptr_array_new_with_free_func(change_free);
}

static struct change *
append(GPtrArray *changes, enum change_kind kind)
{
    struct change *change = g_new0(struct change, 1);

    change->kind = kind;
    g_ptr_array_add(changes, change);
    return change;
}

void
changes_add(GPtrArray *changes, NMConnection *connection)
{
    append(changes, CHANGE_ADD)->connection = g_object_ref(connection);
}

/* Without the time of its last use, which is no part of what a user asks for. */
static NMConnection *
snapshot(NMRemoteConnection *remote)
{
    NMConnection *copy = nm_simple_connection_new_clone(NM_CONNECTION(remote));

    g_object_set(nm_connection_get_setting_connection(copy), NM_SETTING_CONNECTION_TIMESTAMP,
                 (guint64) 0, NULL);
    return copy;
}

void
changes_update(GPtrArray *changes, NMRemoteConnection *remote, NMConnection *connection)
{
    struct change *change = append(changes, CHANGE_UPDATE);

    change->remote = g_object_ref(remote);
    change->connection = g_object_ref(connection);
    change->before = snapshot(remote);
}

void
changes_delete(GPtrArray *changes, NMRemoteConnection *remote)
{
    struct change *change = append(changes, CHANGE_DELETE);

    change->remote = g_object_ref(remote);
    change->before = snapshot(remote);
}

static bool
add(struct nm *nm, NMConnection *connection, NMRemoteConnection **made, GError **error)
{
    GVariant *settings = nm_connection_to_dbus(connection, NM_CONNECTION_SERIALIZE_ALL);
    NMRemoteConnection *remote;
    struct nm_wait wait;

    /* blocked: nothing is brought up before everything is there */
    nm_wait_init(nm, &wait);
    nm_client_add_connection2(nm->client, settings,
                              NM_SETTINGS_ADD_CONNECTION2_FLAG_TO_DISK |
                                  NM_SETTINGS_ADD_CONNECTION2_FLAG_BLOCK_AUTOCONNECT,
                              NULL, FALSE, nm->cancellable, nm_ready, &wait);
    nm_wait(nm, &wait);
    remote = nm_client_add_connection2_finish(nm->client, wait.result, NULL, error);
    nm_wait_clear(&wait);
    if (remote == NULL)
        return false;
    g_set_object(made, remote);
    g_object_unref(remote);
    return true;
}

static bool
update(struct nm *nm, NMRemoteConnection *remote, NMConnection *to, GError **error)
{
    g_autoptr(GVariant) answer = NULL;
    struct nm_wait wait;

    nm_wait_init(nm, &wait);
    nm_remote_connection_update2(remote, nm_connection_to_dbus(to, NM_CONNECTION_SERIALIZE_ALL),
                                 NM_SETTINGS_UPDATE2_FLAG_TO_DISK |
                                     NM_SETTINGS_UPDATE2_FLAG_NO_REAPPLY,
                                 NULL, nm->cancellable, nm_ready, &wait);
    nm_wait(nm, &wait);
    answer = nm_remote_connection_update2_finish(remote, wait.result, error);
    nm_wait_clear(&wait);
    return answer != NULL;
}

static bool delete (struct nm *nm, NMRemoteConnection *remote, GError **error)
{
    struct nm_wait wait;
    gboolean ok;

    nm_wait_init(nm, &wait);
    nm_remote_connection_delete_async(remote, nm->cancellable, nm_ready, &wait);
    nm_wait(nm, &wait);
    ok = nm_remote_connection_delete_finish(remote, wait.result, error);
    nm_wait_clear(&wait);
    return ok;
}

static bool
apply(struct nm *nm, struct change *change, GError **error)
{
    switch (change->kind) {
    case CHANGE_ADD:
        change->done = add(nm, change->connection, &change->remote, error);
        break;
    case CHANGE_UPDATE:
        change->done = update(nm, change->remote, change->connection, error);
        break;
    case CHANGE_DELETE:
        change->done = delete (nm, change->remote, error);
        break;
    }
    return change->done;
}

/* One whose outcome is not known, because time ran out, may have been added all the same. */
static void
undo(struct nm *nm, struct change *change)
{
    const char *id =
        nm_connection_get_id(change->before != NULL ? change->before : change->connection);
    g_autoptr(NMRemoteConnection) again = NULL;
    g_autoptr(GError) error = NULL;
    bool ok = true;

    switch (change->kind) {
    case CHANGE_ADD:
        if (change->remote == NULL) {
            NMRemoteConnection *late = nm_client_get_connection_by_uuid(
                nm->client, nm_connection_get_uuid(change->connection));

            change->remote = late != NULL ? g_object_ref(late) : NULL;
        }
        ok = change->remote == NULL || delete (nm, change->remote, &error);
        break;
    case CHANGE_UPDATE:
        ok = (!change->done && !change->unknown) ||
             update(nm, change->remote, change->before, &error);
        break;
    case CHANGE_DELETE:
        ok = !change->done || add(nm, change->before, &again, &error);
        break;
    }
    if (!ok)
        cli_error(_("'%s' could not be put back as it was: %s"), id, error->message);
}

static int
failed_as(enum change_kind kind)
{
    return kind == CHANGE_DELETE ? CLI_EXIT_CON_DELETE : CLI_EXIT_FAILED;
}

static char *
what_failed(const struct change *change)
{
    const char *id =
        nm_connection_get_id(change->before != NULL ? change->before : change->connection);

    switch (change->kind) {
    case CHANGE_ADD:
        return g_strdup_printf(_("Failed to add '%s' connection"), id);
    case CHANGE_UPDATE:
        return g_strdup_printf(_("Failed to modify connection '%s'"), id);
    case CHANGE_DELETE:
        break;
    }
    return g_strdup_printf(_("Connection deletion failed: '%s'"), id);
}

static const char *const field_names[] = {"NAME", "UUID", "DEVICE", "ACTION", NULL};

int
changes_commit(struct nm *nm, GPtrArray *changes)
{
    int rc = cli_table_check(nm->cli, field_names);
    guint n;

    if (rc != CLI_EXIT_OK)
        return rc;

    for (n = 0; n < changes->len && rc == CLI_EXIT_OK; n++) {
        struct change *change = changes->pdata[n];
        GError *error = NULL;

        if (!apply(nm, change, &error)) {
            g_autofree char *what = what_failed(change);

            change->unknown = nm->timed_out;
            rc = nm_fail(nm, failed_as(change->kind), what, error);
        } else if (nm->signo != 0) {
            rc = CLI_EXIT_SIGNAL + nm->signo;
        }
    }
    if (rc == CLI_EXIT_OK)
        return rc;
    while (n-- > 0)
        undo(nm, changes->pdata[n]);
    cli_error(_("Nothing was changed."));
    return rc;
}

void
changes_say(struct nm *nm, GPtrArray *changes)
{
    static const char *const actions[] = {"added", "modified", "deleted"};
    bool as_table = cli_wants_table(nm->cli);
    struct cli_table table;

    if (as_table && cli_table_init(nm->cli, &table, field_names) != CLI_EXIT_OK)
        return;
    for (guint i = 0; i < changes->len; i++) {
        struct change *change = changes->pdata[i];
        NMConnection *c = change->connection != NULL ? change->connection : change->before;
        const char *id = nm_connection_get_id(c), *uuid = nm_connection_get_uuid(c);

        if (as_table) {
            const char *values[] = {id, uuid, nm_ifname_of(c), actions[change->kind], NULL};

            cli_table_add(&table, g_strdupv((char **) values));
        } else if (change->kind == CHANGE_ADD) {
            printf(_("Connection '%s' (%s) successfully added.\n"), id, uuid);
        } else if (change->kind == CHANGE_UPDATE) {
            printf(_("Connection '%s' (%s) successfully modified.\n"), id, uuid);
        } else {
            printf(_("Connection '%s' (%s) successfully deleted.\n"), id, uuid);
        }
    }
    if (!as_table)
        return;
    cli_table_print(nm->cli, &table);
    cli_table_clear(&table);
}

int
changes_print(GPtrArray *changes)
{
    for (guint i = 0; i < changes->len; i++) {
        struct change *change = changes->pdata[i];
        g_autoptr(GError) error = NULL;
        g_autoptr(GKeyFile) file = NULL;
        g_autofree char *text = NULL;

        if (change->connection == NULL) {
            printf(_("# %s is deleted\n\n"), nm_connection_get_id(change->before));
            continue;
        }
        file =
            nm_keyfile_write(change->connection, NM_KEYFILE_HANDLER_FLAGS_NONE, NULL, NULL, &error);
        if (file == NULL) {
            cli_error("%s", error->message);
            return CLI_EXIT_FAILED;
        }
        text = g_key_file_to_data(file, NULL, NULL);
        printf("# %s.nmconnection\n%s\n", nm_connection_get_id(change->connection), text);
    }
    return CLI_EXIT_OK;
}
