/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * modify.c - the verb `modify`: a bond's profile and its ports', all of it or nothing.
 *
 * Decides which profiles change. What can be applied to the running bond is live.c's business.
 */
#include "live.h"

#include <string.h>

#define MODIFY_WAIT_S 10u

static bool
wants_port(struct profile *profile, const char *ifname)
{
    for (guint i = 0; i < profile->ports->len; i++) {
        if (strcmp(profile->ports->pdata[i], ifname) == 0)
            return true;
    }
    return false;
}

/* A port names its bond by the interface: it follows when that is renamed. */
static void
follow(GPtrArray *changes, NMRemoteConnection *port, NMConnection *old, NMConnection *new)
{
    NMSettingConnection *s_con = nm_connection_get_setting_connection(NM_CONNECTION(port));
    g_autoptr(NMConnection) moved = NULL;

    if (strcmp(nm_ifname_of(old), nm_ifname_of(new)) == 0 ||
        g_strcmp0(nm_setting_connection_get_master(s_con), nm_ifname_of(old)) != 0)
        return;
    moved = nm_simple_connection_new_clone(NM_CONNECTION(port));
    g_object_set(nm_connection_get_setting_connection(moved), NM_SETTING_CONNECTION_MASTER,
                 nm_ifname_of(new), NULL);
    changes_update(changes, port, moved);
}

static void
collect(struct nm *nm, NMRemoteConnection *bond, GPtrArray *ports, struct profile *profile,
        GPtrArray *changes, GPtrArray *added)
{
    changes_update(changes, bond, profile->bond);
    for (guint i = 0; i < profile->ports->len; i++) {
        const char *ifname = profile->ports->pdata[i];
        g_autoptr(NMConnection) port = NULL;

        if (nm_port_profile(nm, NM_CONNECTION(bond), ifname) != NULL)
            continue;
        port = profile_make_port(profile->bond, ifname);
        changes_add(changes, port);
        g_ptr_array_add(added, (gpointer) ifname);
    }
    for (guint i = 0; i < ports->len; i++) {
        if (wants_port(profile, nm_ifname_of(ports->pdata[i])))
            follow(changes, ports->pdata[i], NM_CONNECTION(bond), profile->bond);
        else
            changes_delete(changes, ports->pdata[i]);
    }
}

struct request {
    int argc;
    char **argv;
    bool live, dry_run;
};

static int
modify(struct nm *nm, NMRemoteConnection *bond, const struct request *request)
{
    g_autoptr(GPtrArray) ports = nm_ports_of(nm, NM_CONNECTION(bond));
    g_autoptr(profile_auto) profile = profile_read(NM_CONNECTION(bond), ports);
    g_autoptr(GPtrArray) changes = changes_new();
    g_autoptr(GPtrArray) added = g_ptr_array_new();
    bool busy;
    int rc = words_apply(profile, request->argc, request->argv);

    if (rc == CLI_EXIT_OK)
        rc = words_finish(profile);
    if (rc != CLI_EXIT_OK)
        return rc;
    collect(nm, bond, ports, profile, changes, added);
    if (request->dry_run)
        return changes_print(changes);
    words_warn_of_ports(nm, profile->bond, added, &busy);
    rc = changes_commit(nm, changes);
    if (rc != CLI_EXIT_OK)
        return rc;
    changes_say(nm, changes);
    return request->live ? live_apply(nm, bond, profile, changes) : CLI_EXIT_OK;
}

int
cli_modify(struct cli *cli, int argc, char **argv)
{
    struct request request = {0};
    const struct cli_opt own[] = {
        {.name = "live", .flag = &request.live},
        {.name = "dry-run", .flag = &request.dry_run},
        {.name = NULL},
    };
    NMRemoteConnection *bond;
    struct nm nm;
    int rc;

    words_protect(argc, argv);
    rc = cli_parse(cli, own, false, &argc, argv);
    if (rc == CLI_EXIT_OK)
        rc = words_expect(cli, "modify", &argc, &argv, 3, -1, "NAME OPTION VALUE...");
    if (rc != CLI_EXIT_OK)
        return MAX(rc, 0);
    request.argc = argc - 1;
    request.argv = argv + 1;
    rc = nm_open(&nm, cli, MODIFY_WAIT_S);
    bond = rc == CLI_EXIT_OK ? nm_find_bond(&nm, argv[0], &rc) : NULL;
    if (bond != NULL)
        rc = modify(&nm, bond, &request);
    nm_close(&nm);
    return rc;
}
