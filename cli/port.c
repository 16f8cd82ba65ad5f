/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * port.c - the verbs `port add|remove|up|down` and `active`.
 *
 * A port leaves gracefully: the partner is told, and what is under way still arrives. --hard asks
 * bondd to let it go at once.
 */
#include "words.h"

#include <stdio.h>
#include <string.h>

#define PORT_WAIT_S 30u
#define DETACH_HARD 1u

static const char *const actions[] = {"add", "remove", "up", "down", NULL};

struct request {
    const char *action, *bond, *port;
    int argc; /* settings of a port that is added */
    char **argv;
    bool hard;
};

static int
set_port_option(NMConnection *port, const char *key, const char *value)
{
    g_autofree char *name = g_strdelimit(g_strdup(key), "-", '_');
    const struct bond_opt_desc *desc = bond_port_opt_by_name(name);
    g_autofree char *user_key = NULL;
    g_autofree char *text = NULL;
    struct bond_err err;
    NMSetting *setting;
    int64_t number;

    if (desc == NULL) {
        cli_error(_("'%s' is not an option of a port; there are: queue_id, prio, "
                    "actor_port_prio, rr_delay."),
                  key);
        return CLI_EXIT_USER_INPUT;
    }
    if (bond_port_option_parse((enum bond_port_opt_id) desc->id, value, &number, &err) != 0) {
        cli_error("%s", err.text);
        return CLI_EXIT_USER_INPUT;
    }
    if (desc->id == BOND_PORT_OPT_QUEUE_ID) {
        setting = nm_setting_bond_port_new();
        g_object_set(setting, NM_SETTING_BOND_PORT_QUEUE_ID, (guint) number, NULL);
        nm_connection_add_setting(port, setting);
        return CLI_EXIT_OK;
    }
    setting = nm_connection_get_setting(port, NM_TYPE_SETTING_USER);
    if (setting == NULL) {
        setting = nm_setting_user_new();
        nm_connection_add_setting(port, setting);
    }
    user_key = g_strconcat(PROFILE_USER_PREFIX, desc->name, NULL);
    text = g_strdup_printf("%" G_GINT64_FORMAT, (gint64) number);
    nm_setting_user_set_data(NM_SETTING_USER(setting), user_key, text, NULL);
    return CLI_EXIT_OK;
}

static int
add_port(struct nm *nm, NMRemoteConnection *bond, const struct request *request)
{
    g_autoptr(NMConnection) port = profile_make_port(NM_CONNECTION(bond), request->port);
    g_autoptr(GPtrArray) changes = changes_new();
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    bool busy;
    int rc = CLI_EXIT_OK;

    for (int i = 0; i < request->argc && rc == CLI_EXIT_OK; i += 2)
        rc = set_port_option(port, request->argv[i], request->argv[i + 1]);
    if (rc != CLI_EXIT_OK)
        return rc;
    g_ptr_array_add(names, (gpointer) request->port);
    words_warn_of_ports(nm, NM_CONNECTION(bond), names, &busy);
    changes_add(changes, port);
    rc = changes_commit(nm, changes);
    if (rc != CLI_EXIT_OK)
        return rc;
    changes_say(nm, changes);
    if (nm_active_of(nm, bond) == NULL)
        return CLI_EXIT_OK;
    return nm_activate(nm, ((struct change *) changes->pdata[0])->remote, true);
}

/* Out of the bond at once; NetworkManager then finds it out already. */
static int
detach_hard(struct nm *nm, NMRemoteConnection *bond, const char *ifname)
{
    g_autoptr(NmbondBond) running = NULL;
    GError *error = NULL;
    int rc = cli_connect(nm->cli);

    if (rc != CLI_EXIT_OK)
        return rc;
    running = nmbond_client_get_bond(nm->cli->client, nm_ifname_of(bond));
    if (running == NULL)
        return CLI_EXIT_OK;
    cli_bound_call(nm->cli, running);
    if (nmbond_bond_call_detach_port_sync(running, ifname, DETACH_HARD, NULL, &error) ||
        g_error_matches(error, NMBOND_ERROR, NMBOND_ERROR_NO_SUCH_PORT)) {
        g_clear_error(&error);
        return CLI_EXIT_OK;
    }
    return cli_fail(nm->cli, error);
}

static int
remove_port(struct nm *nm, NMRemoteConnection *profile)
{
    g_autoptr(GPtrArray) changes = changes_new();
    int rc;

    changes_delete(changes, profile);
    rc = changes_commit(nm, changes);
    if (rc == CLI_EXIT_OK)
        changes_say(nm, changes);
    return rc;
}

static int
change_port(struct nm *nm, NMRemoteConnection *bond, const struct request *request)
{
    NMRemoteConnection *profile = nm_port_profile(nm, NM_CONNECTION(bond), request->port);
    const char *id = nm_connection_get_id(NM_CONNECTION(bond));
    bool is_add = strcmp(request->action, "add") == 0;
    int rc = CLI_EXIT_OK;

    if (is_add && profile != NULL) {
        cli_error(_("%s is a port of '%s' already."), request->port, id);
        return CLI_EXIT_USER_INPUT;
    }
    if (is_add)
        return add_port(nm, bond, request);
    if (profile == NULL) {
        cli_error(_("%s is not a port of '%s'."), request->port, id);
        return CLI_EXIT_NOT_FOUND;
    }
    if (strcmp(request->action, "up") == 0)
        return nm_activate(nm, profile, true);
    if (request->hard)
        rc = detach_hard(nm, bond, request->port);
    if (rc != CLI_EXIT_OK)
        return rc;
    if (strcmp(request->action, "down") == 0)
        return nm_deactivate(nm, profile, true);
    return remove_port(nm, profile);
}

static int
read_action(struct request *request, const char *word)
{
    for (gsize i = 0; actions[i] != NULL; i++) {
        if (word[0] != '\0' && g_str_has_prefix(actions[i], word)) {
            request->action = actions[i];
            return CLI_EXIT_OK;
        }
    }
    if (word[0] != '\0' && g_str_has_prefix("delete", word) && strlen(word) > 1) {
        request->action = "remove";
        return CLI_EXIT_OK;
    }
    cli_error(_("'%s' is not a command of 'port'; there are: add, remove, up, down."), word);
    return CLI_EXIT_USER_INPUT;
}

static int
check(struct request *request)
{
    if (!nm_utils_is_valid_iface_name(request->port, NULL)) {
        cli_error(_("'%s' is no name that a network interface can have."), request->port);
        return CLI_EXIT_USER_INPUT;
    }
    if (request->argc > 0 && strcmp(request->action, "add") != 0) {
        cli_error(_("'port %s' takes a bond and a port, but '%s' was given too."), request->action,
                  request->argv[0]);
        return CLI_EXIT_USER_INPUT;
    }
    if (request->argc % 2 != 0) {
        cli_error(_("The value of '%s' is missing."), request->argv[request->argc - 1]);
        return CLI_EXIT_USER_INPUT;
    }
    if (request->hard && (strcmp(request->action, "add") == 0 || request->action[0] == 'u')) {
        cli_error(_("'--hard' is for 'port remove' and 'port down'."));
        return CLI_EXIT_USER_INPUT;
    }
    return CLI_EXIT_OK;
}

int
cli_port(struct cli *cli, int argc, char **argv)
{
    struct request request = {0};
    const struct cli_opt own[] = {{.name = "hard", .flag = &request.hard}, {.name = NULL}};
    NMRemoteConnection *bond;
    struct nm nm;
    int rc = cli_parse(cli, own, false, &argc, argv);

    bool has_action = argc > 0; /* what is no action is said before what is missing */

    if (rc == CLI_EXIT_OK && !cli->help && has_action)
        rc = read_action(&request, argv[0]);
    if (rc == CLI_EXIT_OK)
        rc = words_expect(cli, "port", &argc, &argv, 3, -1, "add|remove|up|down BOND PORT");
    if (rc == CLI_EXIT_OK && !has_action)
        rc = read_action(&request, argv[0]);
    if (rc != CLI_EXIT_OK)
        return MAX(rc, 0);
    request.bond = argv[1];
    request.port = argv[2];
    request.argc = argc - 3;
    request.argv = argv + 3;
    rc = check(&request);
    if (rc != CLI_EXIT_OK)
        return rc;
    rc = nm_open(&nm, cli, PORT_WAIT_S);
    bond = rc == CLI_EXIT_OK ? nm_find_bond(&nm, request.bond, &rc) : NULL;
    if (bond != NULL)
        rc = change_port(&nm, bond, &request);
    nm_close(&nm);
    return rc;
}

void
cli_port_complete(int argc, char **argv)
{
    const char *word = argv[argc - 1];

    if (argc == 1) {
        for (gsize i = 0; actions[i] != NULL; i++)
            cli_offer(actions[i], word);
    } else if (argc == 2) {
        nm_offer_bonds(word);
    } else if (argc == 3 && argv[0][0] == 'a') {
        nm_offer_devices(word, false);
    } else if (argc == 3) {
        nm_offer_ports(argv[1], word);
    } else if (argv[0][0] == 'a' && argc % 2 == 0) {
        for (int id = 0; id < BOND_PORT_OPT_N; id++)
            cli_offer(bond_port_opt_desc((enum bond_port_opt_id) id)->name, word);
    }
}

/* ---- active ---- */

int
cli_active(struct cli *cli, int argc, char **argv)
{
    g_autoptr(NmbondBond) bond = NULL;
    GError *error = NULL;
    bool none;
    int rc = cli_parse(cli, NULL, false, &argc, argv);

    if (rc == CLI_EXIT_OK)
        rc = words_expect(cli, "active", &argc, &argv, 2, 2, "BOND PORT|none");
    if (rc != CLI_EXIT_OK)
        return MAX(rc, 0);
    rc = cli_connect(cli);
    if (rc != CLI_EXIT_OK)
        return rc;
    bond = nmbond_client_get_bond(cli->client, argv[0]);
    if (bond == NULL)
        return cli_fail_no_bond(cli, argv[0]);
    none = strcmp(argv[1], "none") == 0 || argv[1][0] == '\0';
    cli_bound_call(cli, bond);
    if (!nmbond_bond_call_set_active_port_sync(bond, none ? "" : argv[1], NULL, &error))
        return cli_fail(cli, error);
    if (none)
        printf(_("The active port of %s is chosen automatically.\n"), argv[0]);
    else
        printf(_("%s is the active port of %s.\n"), argv[1], argv[0]);
    return CLI_EXIT_OK;
}

void
cli_active_complete(int argc, char **argv)
{
    if (argc == 1)
        nm_offer_bonds(argv[0]);
    if (argc == 2) {
        nm_offer_ports(argv[0], argv[1]);
        cli_offer("none", argv[1]);
    }
}
