/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * version.c - the verb `version`: of bondcli and of the running bondd, and which datapath it uses.
 */
#include "cli.h"

#include "config-cli.h"

#include <stdio.h>

static const char *
text(const char *value)
{
    return value != NULL ? value : "?";
}

int
cli_version(struct cli *cli, int argc, char **argv)
{
    NmbondManager *manager;
    const char *reason;
    int rc = cli_parse(cli, NULL, false, &argc, argv);

    if (rc != CLI_EXIT_OK)
        return rc;
    if (cli->help) {
        cli_print_help(cli_find_verb("version"));
        return CLI_EXIT_OK;
    }
    if (argc > 0) {
        cli_error(_("'version' takes no argument, but '%s' was given."), argv[0]);
        return CLI_EXIT_USER_INPUT;
    }
    printf("bondcli %s\n", NMB_VERSION);
    fflush(stdout);
    rc = cli_connect(cli);
    if (rc != CLI_EXIT_OK)
        return rc;
    manager = nmbond_client_get_manager(cli->client);
    printf("bondd %s\n", text(nmbond_manager_get_version(manager)));
    reason = nmbond_manager_get_datapath_reason(manager);
    if (reason != NULL && reason[0] != '\0')
        printf(_("datapath %s: %s\n"), text(nmbond_manager_get_datapath(manager)), reason);
    else
        printf(_("datapath %s\n"), text(nmbond_manager_get_datapath(manager)));
    return CLI_EXIT_OK;
}
