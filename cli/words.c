/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * words.c - reads "OPTION VALUE ..." into a profile, and completes it.
 *
 * Decides what is a key, what a value, and what '+' and '-' belong to.
 */
#include "words.h"

#include <stdio.h>
#include <string.h>

#define PROTECTED_MINUS '\001'

static const char *
without_sign(const char *word)
{
    return word[0] == '+' || word[0] == '-' || word[0] == PROTECTED_MINUS ? word + 1 : word;
}

void
words_protect(int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        bool is_key = argv[i][0] == '-' && profile_is_list(argv[i] + 1);
        bool is_value = i > 0 && argv[i][0] == '-' && argv[i][1] != '-' && argv[i][1] != '\0' &&
                        profile_is_list(without_sign(argv[i - 1]));

        if (is_key || is_value)
            argv[i][0] = PROTECTED_MINUS;
    }
}

static char
sign_of(const char *word)
{
    return word[0] == PROTECTED_MINUS ? '-' : word[0] == '+' ? '+' : '=';
}

static int
apply_pair(struct profile *profile, const char *key, const char *value)
{
    char op = sign_of(key);
    GError *error = NULL;

    if (op != '=')
        key++;
    else if (profile_is_list(key) && sign_of(value) != '=')
        op = sign_of(value), value++;
    if (profile_set(profile, key, op, value, &error))
        return CLI_EXIT_OK;
    cli_error("%s", error->message);
    g_error_free(error);
    return CLI_EXIT_USER_INPUT;
}

static bool
is_gateway(const char *key)
{
    return strcmp(key, "gateway") == 0 || g_str_has_prefix(key, "gw");
}

int
words_apply(struct profile *profile, int argc, char **argv)
{
    int rc = CLI_EXIT_OK;

    for (int i = 0; i < argc; i += 2) {
        const char *key = without_sign(argv[i]);

        if (!profile_is_key(key) || i + 1 == argc) {
            if (!profile_is_key(key))
                cli_error(_("'%s' is not an option of a bond; 'bondcli help add' names them."),
                          key);
            else
                cli_error(_("The value of '%s' is missing."), key);
            return CLI_EXIT_USER_INPUT;
        }
    }
    /* a gateway is judged by the addresses, wherever they stand */
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < argc && rc == CLI_EXIT_OK; i += 2) {
            if (is_gateway(argv[i]) == (pass == 1))
                rc = apply_pair(profile, argv[i], argv[i + 1]);
        }
    }
    return rc;
}

int
words_finish(struct profile *profile)
{
    GError *error = NULL;
    bool ok = profile_finish(profile, &error);

    for (guint i = 0; ok && i < profile->notes->len; i++)
        cli_warn("%s", (const char *) profile->notes->pdata[i]);
    if (ok)
        return CLI_EXIT_OK;
    cli_error("%s", error->message);
    g_error_free(error);
    return CLI_EXIT_USER_INPUT;
}

/* ---- --ask ---- */

char *
words_ask(const char *label)
{
    g_autofree char *line = NULL;
    size_t size = 0;

    printf("%s: ", label);
    fflush(stdout);
    if (getline(&line, &size, stdin) < 0) {
        printf("\n");
        return NULL;
    }
    return g_strdup(g_strstrip(line));
}

/* What is asked for is called as the usage calls it, word by word. Asked for until it is said. */
static void
ask_for_words(int *argc, char ***argv, int min, const char *usage)
{
    g_auto(GStrv) labels = g_strsplit(usage, " ", -1);
    char **all = g_new0(char *, (gsize) MAX(min, *argc) + 1); /* for as long as bondcli runs */

    memcpy(all, *argv, (gsize) *argc * sizeof(char *));
    while (*argc < min && labels[*argc] != NULL) {
        char *word = words_ask(labels[*argc]);

        if (word == NULL)
            break;
        if (word[0] != '\0')
            all[(*argc)++] = word;
        else
            g_free(word);
    }
    *argv = all;
}

int
words_expect(const struct cli *cli, const char *verb, int *argc_inout, char ***argv_inout, int min,
             int max, const char *usage)
{
    int argc;
    char **argv;

    if (cli->help) {
        cli_print_help(cli_find_verb(verb));
        return -1;
    }
    if (cli->ask)
        ask_for_words(argc_inout, argv_inout, min, usage);
    argc = *argc_inout;
    argv = *argv_inout;
    if (argc < min) {
        cli_error(_("'%s' needs more words: bondcli %s %s"), verb, verb, usage);
        return CLI_EXIT_USER_INPUT;
    }
    if (max >= 0 && argc > max) {
        cli_error(_("'%s' does not take '%s': bondcli %s %s"), verb, argv[max], verb, usage);
        return CLI_EXIT_USER_INPUT;
    }
    return CLI_EXIT_OK;
}

/* ---- what else wants the ports ---- */

static void
warn_of_profiles(struct nm *nm, NMConnection *bond, const char *ifname)
{
    const GPtrArray *all = nm_client_get_connections(nm->client);

    for (guint i = 0; i < all->len; i++) {
        NMConnection *other = all->pdata[i];
        NMSettingConnection *s_con = nm_connection_get_setting_connection(other);

        if (strcmp(nm_ifname_of(other), ifname) != 0 || nm_is_port_of(other, bond) ||
            !nm_setting_connection_get_autoconnect(s_con))
            continue;
        cli_warn(_("profile '%s' is for %s too and is brought up automatically: the next start may "
                   "bring up that one instead."),
                 nm_connection_get_id(other), ifname);
    }
}

void
words_warn_of_ports(struct nm *nm, NMConnection *bond, GPtrArray *ports, bool *busy)
{
    *busy = false;
    for (guint i = 0; i < ports->len; i++) {
        const char *ifname = ports->pdata[i];
        NMDevice *device = nm_client_get_device_by_iface(nm->client, ifname);
        NMActiveConnection *active =
            device != NULL ? nm_device_get_active_connection(device) : NULL;
        NMRemoteConnection *used =
            active != NULL ? nm_active_connection_get_connection(active) : NULL;

        if (device == NULL)
            cli_warn(_("there is no device %s now."), ifname);
        if (used != NULL && !nm_is_port_of(NM_CONNECTION(used), bond)) {
            cli_warn(_("%s is in use by '%s' now; bringing up '%s' takes it away from there."),
                     ifname, nm_active_connection_get_id(active), nm_connection_get_id(bond));
            *busy = true;
        }
        warn_of_profiles(nm, bond, ifname);
    }
}

/* ---- completion ---- */

void
words_complete(int argc, char **argv)
{
    const char *word = argc > 0 ? argv[argc - 1] : "";
    const char *key = argc > 1 ? without_sign(argv[argc - 2]) : "";

    if (argc % 2 == 1)
        profile_offer_keys(word);
    else if (profile_is_list(key) && (g_str_has_prefix(key, "port") || g_str_has_prefix(key, "sl")))
        nm_offer_devices(word, true);
    else if (strcmp(key, "primary") == 0)
        nm_offer_devices(word, false);
    else
        profile_offer_values(key, word);
}
