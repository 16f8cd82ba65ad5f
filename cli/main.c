/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * main.c - bondcli: finds the verb and runs it. The verbs are in files of their own.
 */
#include "cli.h"

#include "config-cli.h"

#include <libintl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_WAIT_S 10u

/* In this order abbreviations are resolved. */
const struct cli_verb cli_verbs[] = {
    {
        .name = "status",
        .arguments = "[--json | --proc] [BOND...]",
        .summary = N_("the state of the bonds and their ports"),
        .help = N_("  --json     everything, for programs (docs/status.md)\n"
                   "  --proc     the text of /proc/net/bonding/BOND\n"
                   "  BOND       the name of a bond; without one: all bonds"),
        .options = (const char *const[]){"json", "proc", NULL},
        .takes_bonds = true,
        .run = cli_status,
    },
    {
        .name = "events",
        .arguments = "[--follow] [--since SEQ] [--json] [BOND]",
        .summary = N_("what happened, and why"),
        .help = N_("  --follow     go on with what happens now; before it the last ten\n"
                   "  --since SEQ  only events with a greater number\n"
                   "  --json       a JSON object for each event, one a line\n"
                   "  BOND         the name of a bond; without one: of all bonds"),
        .options = (const char *const[]){"follow", "since", "json", NULL},
        .takes_bonds = true,
        .run = cli_events,
    },
    {
        .name = "version",
        .arguments = "",
        .summary = N_("the versions of bondcli and bondd, and the datapath in use"),
        .run = cli_version,
    },
    {
        .name = "help",
        .arguments = "[COMMAND]",
        .summary = N_("this text, or that of a command"),
        .takes_verb = true,
        .run = cli_help,
    },
    {.name = NULL},
};

static int
dispatch(struct cli *cli, int argc, char **argv)
{
    const struct cli_verb *verb;
    int rc = cli_parse(cli, NULL, true, &argc, argv);

    if (rc != CLI_EXIT_OK)
        return rc;
    if (cli->version) {
        printf("bondcli %s\n", NMB_VERSION);
        return CLI_EXIT_OK;
    }
    if (argc == 0 && cli->help) {
        cli_print_help(NULL);
        return CLI_EXIT_OK;
    }
    if (argc == 0)
        return cli_status(cli, 0, argv);
    verb = cli_find_verb(argv[0]);
    if (verb == NULL)
        return CLI_EXIT_USER_INPUT;
    return verb->run(cli, argc - 1, argv + 1);
}

int
main(int argc, char **argv)
{
    struct cli cli = {.wait_s = DEFAULT_WAIT_S};
    const char *locale_dir = g_getenv("NM_BOND_LOCALEDIR"); /* for a copy that is not installed */
    int rc;

    setlocale(LC_ALL, "");
    bindtextdomain(GETTEXT_PACKAGE, locale_dir != NULL ? locale_dir : NMB_LOCALEDIR);
    bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8");
    textdomain(GETTEXT_PACKAGE);

    if (argc > 1 && strcmp(argv[1], "--complete-args") == 0) {
        cli_complete(argc - 2, argv + 2);
        return CLI_EXIT_OK;
    }
    rc = dispatch(&cli, argc - 1, argv + 1);
    g_clear_object(&cli.client);
    if (!cli_flush() && rc == CLI_EXIT_OK)
        rc = CLI_EXIT_FAILED;
    return rc;
}
