/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * delete.c - the verbs `delete` (a bond's profile and its ports') and `reload`.
 */
#include "words.h"

#define DELETE_WAIT_S 10u

/* The bond first: its ports leave with it, all at once. */
static int
delete_bond(struct nm *nm, NMRemoteConnection *bond)
{
    g_autoptr(GPtrArray) ports = nm_ports_of(nm, NM_CONNECTION(bond));
    g_autoptr(GPtrArray) changes = changes_new();
    int rc;

    changes_delete(changes, bond);
    for (guint i = 0; i < ports->len; i++)
        changes_delete(changes, ports->pdata[i]);
    rc = changes_commit(nm, changes);
    if (rc == CLI_EXIT_OK)
        changes_say(nm, changes);
    return rc;
}

int
cli_delete(struct cli *cli, int argc, char **argv)
{
    NMRemoteConnection *bond;
    struct nm nm;
    int rc = cli_parse(cli, NULL, false, &argc, argv);

    if (rc == CLI_EXIT_OK)
        rc = words_expect(cli, "delete", &argc, &argv, 1, 1, "NAME");
    if (rc != CLI_EXIT_OK)
        return MAX(rc, 0);
    rc = nm_open(&nm, cli, DELETE_WAIT_S);
    bond = rc == CLI_EXIT_OK ? nm_find_bond(&nm, argv[0], &rc) : NULL;
    if (bond != NULL)
        rc = delete_bond(&nm, bond);
    nm_close(&nm);
    return rc;
}

int
cli_reload(struct cli *cli, int argc, char **argv)
{
    GError *error = NULL;
    struct nm_wait wait;
    struct nm nm;
    int rc = cli_parse(cli, NULL, false, &argc, argv);

    if (rc == CLI_EXIT_OK)
        rc = words_expect(cli, "reload", &argc, &argv, 0, 0, "");
    if (rc != CLI_EXIT_OK)
        return MAX(rc, 0);
    rc = nm_open(&nm, cli, DELETE_WAIT_S);
    if (rc == CLI_EXIT_OK) {
        nm_wait_init(&nm, &wait);
        nm_client_reload_connections_async(nm.client, nm.cancellable, nm_ready, &wait);
        nm_wait(&nm, &wait);
        if (!nm_client_reload_connections_finish(nm.client, wait.result, &error))
            rc = nm_fail(&nm, CLI_EXIT_FAILED, _("The profiles could not be read again"), error);
        nm_wait_clear(&wait);
    }
    nm_close(&nm);
    return rc;
}
