/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options.c - how bondcli reads its command line: nmcli's habits.
 *
 * One dash or two, names abbreviated, "--name value" or "--name=value", "--" ends the options.
 * Decides what a word means, never what is then done.
 */
#include "cli.h"

#include <stdio.h>
#include <string.h>

static const struct cli_opt *
find_option(const struct cli_opt *table, const char *word, size_t length)
{
    if (table == NULL || length == 0)
        return NULL;
    for (; table->name != NULL; table++) {
        if (length >= table->shortest && strncmp(table->name, word, length) == 0)
            return table;
    }
    return NULL;
}

static bool
one_of(const char *text, const char *const *values)
{
    for (; *values != NULL; values++) {
        if (g_str_has_prefix(*values, text) && text[0] != '\0')
            return true;
    }
    return false;
}

static int
check_choice(const char *option, const char *value, const char *const *values)
{
    g_autofree char *allowed = NULL;

    if (value == NULL || one_of(value, values))
        return CLI_EXIT_OK;
    allowed = g_strjoinv("', '", (char **) values);
    cli_error(_("'%s' is not a valid argument for '%s'; allowed are '%s'."), value, option,
              allowed);
    return CLI_EXIT_USER_INPUT;
}

static int
check_globals(struct cli *cli)
{
    static const char *const modes[] = {"tabular", "multiline", NULL};
    static const char *const yes_no[] = {"yes", "no", NULL};
    static const char *const auto_yes_no[] = {"auto", "yes", "no", NULL};
    guint64 wait;

    if (check_choice("--mode", cli->mode, modes) != CLI_EXIT_OK ||
        check_choice("--escape", cli->escape, yes_no) != CLI_EXIT_OK ||
        check_choice("--colors", cli->colors, auto_yes_no) != CLI_EXIT_OK)
        return CLI_EXIT_USER_INPUT;
    if (cli->fields != NULL && cli->get_values != NULL) {
        cli_error(_("'--fields' and '--get-values' exclude each other."));
        return CLI_EXIT_USER_INPUT;
    }
    if (cli->terse && cli->pretty) {
        cli_error(_("'--terse' and '--pretty' exclude each other."));
        return CLI_EXIT_USER_INPUT;
    }
    if (cli->wait != NULL) {
        if (!g_ascii_string_to_unsigned(cli->wait, 10, 0, 86400, &wait, NULL)) {
            cli_error(_("'%s' is not a valid argument for '%s'; it takes seconds, 0 to 86400."),
                      cli->wait, "--wait");
            return CLI_EXIT_USER_INPUT;
        }
        cli->wait_s = (unsigned) wait;
    }
    return CLI_EXIT_OK;
}

/* One option at argv[*i]; moves *i to its last word. */
static int
take_option(const struct cli_opt *own, const struct cli_opt *global, int argc, char **argv, int *i)
{
    const char *word = argv[*i] + (argv[*i][1] == '-' ? 2 : 1);
    const char *equals = strchr(word, '=');
    size_t length = equals != NULL ? (size_t) (equals - word) : strlen(word);
    const struct cli_opt *option = find_option(own, word, length);

    if (option == NULL)
        option = find_option(global, word, length);
    if (option == NULL) {
        cli_error(_("Option '%s' is unknown, try 'bondcli help'."), argv[*i]);
        return CLI_EXIT_USER_INPUT;
    }
    if (option->flag != NULL ? *option->flag : *option->value != NULL) {
        cli_error(_("Option '--%s' is specified the second time."), option->name);
        return CLI_EXIT_USER_INPUT;
    }
    if (option->flag != NULL) {
        if (equals != NULL) {
            cli_error(_("Option '--%s' takes no value, but '%s' was given."), option->name,
                      equals + 1);
            return CLI_EXIT_USER_INPUT;
        }
        *option->flag = true;
        return CLI_EXIT_OK;
    }
    if (equals != NULL) {
        *option->value = equals + 1;
        return CLI_EXIT_OK;
    }
    if (*i + 1 >= argc) {
        cli_error(_("Missing argument for '--%s'."), option->name);
        return CLI_EXIT_USER_INPUT;
    }
    *option->value = argv[++*i];
    return CLI_EXIT_OK;
}

int
cli_parse(struct cli *cli, const struct cli_opt *own, bool until_word, int *argc, char **argv)
{
    const struct cli_opt global[] = {
        {.name = "ask", .flag = &cli->ask},
        {.name = "terse", .flag = &cli->terse},
        {.name = "pretty", .flag = &cli->pretty},
        {.name = "mode", .value = &cli->mode},
        {.name = "fields", .value = &cli->fields},
        {.name = "get-values", .value = &cli->get_values},
        {.name = "escape", .value = &cli->escape},
        {.name = "colors", .value = &cli->colors},
        {.name = "wait", .value = &cli->wait},
        {.name = "version", .flag = &cli->version},
        {.name = "help", .flag = &cli->help},
        {.name = NULL},
    };
    bool options_end = false;
    int n_words = 0;

    for (int i = 0; i < *argc; i++) {
        bool is_option = !options_end && argv[i][0] == '-' && argv[i][1] != '\0';

        if (is_option && strcmp(argv[i], "--") == 0) {
            options_end = true;
        } else if (is_option) {
            int rc = take_option(own, global, *argc, argv, &i);

            if (rc != CLI_EXIT_OK)
                return rc;
        } else {
            argv[n_words++] = argv[i];
            if (until_word) {
                while (++i < *argc)
                    argv[n_words++] = argv[i];
            }
        }
    }
    *argc = n_words;
    return check_globals(cli);
}

const struct cli_verb *
cli_match_verb(const char *word)
{
    for (const struct cli_verb *verb = cli_verbs; verb->name != NULL; verb++) {
        if (word[0] != '\0' && g_str_has_prefix(verb->name, word))
            return verb;
    }
    /* what nmcli and the kernel call a port */
    return strcmp(word, "slave") == 0 ? cli_match_verb("port") : NULL;
}

const struct cli_verb *
cli_find_verb(const char *word)
{
    const struct cli_verb *found = cli_match_verb(word);
    g_autoptr(GString) names = NULL;

    if (found != NULL)
        return found;
    names = g_string_new(NULL);
    for (const struct cli_verb *verb = cli_verbs; verb->name != NULL; verb++)
        g_string_append_printf(names, "%s%s", names->len > 0 ? ", " : "", verb->name);
    cli_error(_("'%s' is not a command of bondcli; there are: %s."), word, names->str);
    return NULL;
}
