/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * add.c - the verbs `add` and `clone`: a bond's and its ports' profiles, all of them or none.
 */
#include "words.h"

#include <string.h>

#define ADD_WAIT_S 10u

/* After the profiles: as NetworkManager would with a profile that connects automatically, it is
 * brought up, unless that would take a port from another profile. */
static int
start_if_wanted(struct nm *nm, GPtrArray *changes, bool busy)
{
    struct change *first = changes->pdata[0];
    NMSettingConnection *s_con = nm_connection_get_setting_connection(first->connection);
    int rc;

    if (!nm_setting_connection_get_autoconnect(s_con))
        return CLI_EXIT_OK;
    if (busy) {
        cli_warn(_("'%s' was not brought up, because a port is in use; 'bondcli up %s' does it."),
                 nm_connection_get_id(first->connection), nm_connection_get_id(first->connection));
        return CLI_EXIT_OK;
    }
    rc = nm_activate(nm, first->remote, false);
    return rc == CLI_EXIT_TIMEOUT && nm->wait_s == 0 ? CLI_EXIT_OK : rc;
}

static int
commit(struct cli *cli, struct profile *profile, GPtrArray *changes)
{
    const char *name = nm_connection_get_id(profile->bond);
    const char *ifname = nm_connection_get_interface_name(profile->bond);
    NMRemoteConnection *there;
    bool busy = false;
    struct nm nm;
    int rc = nm_open(&nm, cli, ADD_WAIT_S);

    if (rc == CLI_EXIT_OK) {
        there = nm_look_for_bond(&nm, name);
        if (there == NULL)
            there = nm_look_for_bond(&nm, ifname);
        if (there != NULL) {
            cli_error(_("There is a bond profile '%s' (%s) already; 'bondcli modify %s' changes "
                        "it."),
                      nm_connection_get_id(NM_CONNECTION(there)), nm_ifname_of(there),
                      nm_connection_get_id(NM_CONNECTION(there)));
            rc = CLI_EXIT_USER_INPUT;
        }
    }
    if (rc == CLI_EXIT_OK) {
        words_warn_of_ports(&nm, profile->bond, profile->ports, &busy);
        rc = changes_commit(&nm, changes);
    }
    if (rc == CLI_EXIT_OK) {
        changes_say(&nm, changes);
        rc = start_if_wanted(&nm, changes, busy);
    }
    nm_close(&nm);
    return rc;
}

static void
collect(struct profile *profile, GPtrArray *changes)
{
    changes_add(changes, profile->bond);
    for (guint i = 0; i < profile->ports->len; i++) {
        g_autoptr(NMConnection) port = profile_make_port(profile->bond, profile->ports->pdata[i]);

        changes_add(changes, port);
    }
}

static bool
names_key(int argc, char **argv, const char *key)
{
    for (int i = 0; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], key) == 0)
            return true;
    }
    return false;
}

static int
add_profiles(struct cli *cli, int argc, char **argv, bool dry_run)
{
    g_autoptr(GPtrArray) changes = changes_new();
    g_autoptr(profile_auto) profile = NULL;
    int rc;

    if (!names_key(argc - 1, argv + 1, "ifname") && !nm_utils_is_valid_iface_name(argv[0], NULL)) {
        cli_error(_("'%s' is no name that a network interface can have."), argv[0]);
        return CLI_EXIT_USER_INPUT;
    }
    profile = profile_new(argv[0]);
    rc = words_apply(profile, argc - 1, argv + 1);
    if (rc == CLI_EXIT_OK)
        rc = words_finish(profile);
    if (rc != CLI_EXIT_OK)
        return rc;
    collect(profile, changes);
    return dry_run ? changes_print(changes) : commit(cli, profile, changes);
}

/* With --ask: what most bonds need and was not said. An empty answer leaves the default. */
static void
ask_for_options(int *argc, char ***argv)
{
    static const char *const keys[][2] = {
        {"mode", N_("mode (empty: balance-rr)")},
        {"ports", N_("ports, with commas")},
        {"ip", N_("ip: ADDRESS/PREFIX, auto or none (empty: auto)")},
    };
    char **all = g_new0(char *, (gsize) *argc + 2 * G_N_ELEMENTS(keys) + 1);

    memcpy(all, *argv, (gsize) *argc * sizeof(char *));
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        char *word;

        if (names_key(*argc - 1, all + 1, keys[i][0]))
            continue;
        word = words_ask(_(keys[i][1]));
        if (word == NULL)
            break;
        if (word[0] == '\0')
            continue;
        all[(*argc)++] = g_strdup(keys[i][0]);
        all[(*argc)++] = word;
    }
    *argv = all;
}

int
cli_add(struct cli *cli, int argc, char **argv)
{
    bool dry_run = false;
    const struct cli_opt own[] = {{.name = "dry-run", .flag = &dry_run}, {.name = NULL}};
    int rc;

    words_protect(argc, argv);
    rc = cli_parse(cli, own, false, &argc, argv);
    if (rc == CLI_EXIT_OK)
        rc = words_expect(cli, "add", &argc, &argv, 1, -1, "NAME [OPTION VALUE]...");
    if (rc != CLI_EXIT_OK)
        return MAX(rc, 0);
    if (cli->ask)
        ask_for_options(&argc, &argv);
    return add_profiles(cli, argc, argv, dry_run);
}

/* ---- clone ---- */

static NMConnection *
copy(NMConnection *from, const char *id, const char *ifname, const char *master)
{
    NMConnection *to = nm_simple_connection_new_clone(from);
    g_autofree char *uuid = nm_utils_uuid_generate();

    /* two bonds do not fight for the same ports: whichever is wanted is brought up by hand */
    g_object_set(nm_connection_get_setting_connection(to), NM_SETTING_CONNECTION_ID, id,
                 NM_SETTING_CONNECTION_UUID, uuid, NM_SETTING_CONNECTION_AUTOCONNECT, FALSE,
                 NM_SETTING_CONNECTION_TIMESTAMP, (guint64) 0, NULL);
    if (ifname != NULL)
        g_object_set(nm_connection_get_setting_connection(to), NM_SETTING_CONNECTION_INTERFACE_NAME,
                     ifname, NM_SETTING_CONNECTION_AUTOCONNECT_SLAVES,
                     NM_SETTING_CONNECTION_AUTOCONNECT_SLAVES_YES, NULL);
    if (master != NULL)
        g_object_set(nm_connection_get_setting_connection(to), NM_SETTING_CONNECTION_MASTER, master,
                     NULL);
    return to;
}

static int
clone_bond(struct nm *nm, NMRemoteConnection *bond, const char *name)
{
    g_autoptr(GPtrArray) ports = nm_ports_of(nm, NM_CONNECTION(bond));
    g_autoptr(GPtrArray) changes = changes_new();
    g_autoptr(NMConnection) new = copy(NM_CONNECTION(bond), name, name, NULL);
    NMRemoteConnection *there = nm_look_for_bond(nm, name);
    int rc;

    if (there != NULL) {
        cli_error(_("There is a bond profile '%s' (%s) already; 'bondcli modify %s' changes it."),
                  nm_connection_get_id(NM_CONNECTION(there)), nm_ifname_of(there),
                  nm_connection_get_id(NM_CONNECTION(there)));
        return CLI_EXIT_USER_INPUT;
    }
    changes_add(changes, new);
    for (guint i = 0; i < ports->len; i++) {
        g_autofree char *id = g_strdup_printf("%s-%s", name, nm_ifname_of(ports->pdata[i]));
        g_autoptr(NMConnection) port = copy(ports->pdata[i], id, NULL, name);

        changes_add(changes, port);
    }
    rc = changes_commit(nm, changes);
    if (rc != CLI_EXIT_OK)
        return rc;
    changes_say(nm, changes);
    cli_warn(_("'%s' is not brought up automatically, so that the two do not fight for the ports; "
               "'bondcli up %s' switches to it."),
             name, name);
    return rc;
}

int
cli_clone(struct cli *cli, int argc, char **argv)
{
    NMRemoteConnection *bond;
    struct nm nm;
    int rc = cli_parse(cli, NULL, false, &argc, argv);

    if (rc == CLI_EXIT_OK)
        rc = words_expect(cli, "clone", &argc, &argv, 2, 2, "NAME NEW");
    if (rc != CLI_EXIT_OK)
        return MAX(rc, 0);
    if (!nm_utils_is_valid_iface_name(argv[1], NULL)) {
        cli_error(_("'%s' is no name that a network interface can have."), argv[1]);
        return CLI_EXIT_USER_INPUT;
    }
    rc = nm_open(&nm, cli, ADD_WAIT_S);
    bond = rc == CLI_EXIT_OK ? nm_find_bond(&nm, argv[0], &rc) : NULL;
    if (bond != NULL)
        rc = clone_bond(&nm, bond, argv[1]);
    nm_close(&nm);
    return rc;
}
