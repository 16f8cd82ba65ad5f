/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * help.c - the verb `help`, and what --help prints.
 */
#include "cli.h"

#include <stdio.h>

static void
print_overview(void)
{
    puts(_("Usage: bondcli [OPTIONS] COMMAND [ARGUMENTS]\n"
           "\n"
           "Commands (may be abbreviated; without one: status)"));
    for (const struct cli_verb *verb = cli_verbs; verb->name != NULL; verb++) {
        g_autofree char *synopsis = g_strdup_printf("%s %s", verb->name, verb->arguments);

        printf("  %-48s %s\n", synopsis, _(verb->summary));
    }
    puts(_("\n"
           "Options (one dash or two, may be abbreviated)\n"
           "  --ask                    asks for what is missing on the command line\n"
           "  --terse                  values only, with ':' between them\n"
           "  --pretty                 tables with a title and lines\n"
           "  --mode tabular|multiline a line for each bond, or for each value\n"
           "  --fields FIELD,...       which values; 'all' for all\n"
           "  --get-values FIELD,...   --terse and --fields in one\n"
           "  --escape yes|no          whether ':' in values becomes '\\:'; default yes\n"
           "  --colors auto|yes|no     default auto: on a terminal, unless NO_COLOR is set\n"
           "  --wait SECONDS           how long bondd may take to answer; default 10\n"
           "  --version                the version of bondcli\n"
           "  --help                   this text, or that of a command"));
}

void
cli_print_help(const struct cli_verb *verb)
{
    if (verb == NULL) {
        print_overview();
        return;
    }
    printf(_("Usage: bondcli %s %s\n"), verb->name, verb->arguments);
    printf("\n%s\n", _(verb->summary));
    if (verb->help != NULL)
        printf("\n%s\n", _(verb->help));
}

int
cli_help(struct cli *cli, int argc, char **argv)
{
    const struct cli_verb *verb = NULL;
    int rc = cli_parse(cli, NULL, false, &argc, argv);

    if (rc != CLI_EXIT_OK)
        return rc;
    if (argc > 1) {
        cli_error(_("'help' takes one command, but '%s' was given too."), argv[1]);
        return CLI_EXIT_USER_INPUT;
    }
    if (argc == 1) {
        verb = cli_find_verb(argv[0]);
        if (verb == NULL)
            return CLI_EXIT_USER_INPUT;
    }
    cli_print_help(verb);
    return CLI_EXIT_OK;
}
