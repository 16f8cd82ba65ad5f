/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * complete.c - `bondcli --complete-args WORD...`: what the last word could become, one a line.
 *
 * The shell's completion calls it (bondcli-completion), as nmcli's does. Says nothing where it
 * knows nothing; never starts bondd, never waits long, never complains.
 */
#include "cli.h"

#include <stdio.h>
#include <string.h>

#define COMPLETE_WAIT_S 2u

static const struct {
    const char *name;
    const char *values; /* with commas; "" is free text; NULL: a flag */
} global_options[] = {
    {"ask", NULL},  {"terse", NULL},    {"pretty", NULL},     {"mode", "tabular,multiline"},
    {"fields", ""}, {"get-values", ""}, {"escape", "yes,no"}, {"colors", "auto,yes,no"},
    {"wait", ""},   {"version", NULL},  {"help", NULL},
};

bool cli_offer_files;

void
cli_offer(const char *candidate, const char *word)
{
    if (g_str_has_prefix(candidate, word))
        puts(candidate);
}

static void
offer_option(const char *name, const char *word)
{
    g_autofree char *candidate = g_strconcat("--", name, NULL);

    cli_offer(candidate, word);
}

static void
offer_options(const struct cli_verb *verb, const char *word)
{
    for (gsize i = 0; verb != NULL && verb->options != NULL && verb->options[i] != NULL; i++)
        offer_option(verb->options[i], word);
    for (gsize i = 0; i < G_N_ELEMENTS(global_options); i++)
        offer_option(global_options[i].name, word);
}

static void
offer_verbs(const char *word)
{
    for (const struct cli_verb *verb = cli_verbs; verb->name != NULL; verb++)
        cli_offer(verb->name, word);
}

static void
offer_list(const char *values, const char *word)
{
    g_auto(GStrv) list = g_strsplit(values, ",", -1);

    for (gsize i = 0; list[i] != NULL; i++) {
        if (list[i][0] != '\0')
            cli_offer(list[i], word);
    }
}

void
cli_offer_bonds(const char *word)
{
    struct cli cli = {.wait_s = COMPLETE_WAIT_S};
    g_autoptr(GPtrArray) bonds = NULL;

    if (cli_look(&cli)) {
        bonds = nmbond_client_get_bonds(cli.client);
        for (guint i = 0; i < bonds->len; i++)
            cli_offer(nmbond_bond_get_name(bonds->pdata[i]), word);
    }
    g_clear_object(&cli.client);
}

/* The values of the global option that `word` is, or NULL if it takes none or has its own. */
static const char *
values_of(const char *word)
{
    const char *name = word + strspn(word, "-");

    if (word[0] != '-' || name[0] == '\0' || strchr(name, '=') != NULL)
        return NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(global_options); i++) {
        if (g_str_has_prefix(global_options[i].name, name))
            return global_options[i].values;
    }
    return NULL;
}

void
cli_complete(int argc, char **argv)
{
    const struct cli_verb *verb = NULL;
    const char *word = argc > 0 ? argv[argc - 1] : "";
    int first = 0;

    for (int i = 0; i + 1 < argc; i++) {
        const char *values = values_of(argv[i]);

        if (values != NULL && i + 2 == argc) {
            offer_list(values, word);
            return;
        }
        if (values != NULL)
            i++;
        else if (argv[i][0] != '-' && verb == NULL)
            verb = cli_match_verb(argv[i]), first = i + 1;
    }
    if (word[0] == '-')
        offer_options(verb, word);
    else if (verb == NULL || verb->takes_verb)
        offer_verbs(word);
    else if (verb->takes_bonds)
        cli_offer_bonds(word);
    else if (verb->complete != NULL)
        verb->complete(argc - first, argv + first);
}
