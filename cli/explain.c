/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explain.c - the verb `explain`: which value an option has and where it came from, and by which
 * port a flow leaves (explain-flow.c).
 */
#include "explain.h"

#include <stdio.h>
#include <string.h>

#include "words.h"

static const char *const field_names[] = {"OPTION", "VALUE",   "FROM",   "PROFILE",
                                          "WANTED", "DEFAULT", "REASON", NULL};

struct sources {
    GHashTable *wanted;           /* what the profile says; NULL: no profile is known */
    char *profile;                /* its name */
    struct bond_options expected; /* what the rules make of it */
    struct bond_options defaults;
};

static NMConnection *
running_profile(struct nm *nm, const char *ifname)
{
    const GPtrArray *active = nm_client_get_active_connections(nm->client);

    for (guint i = 0; i < active->len; i++) {
        NMRemoteConnection *c = nm_active_connection_get_connection(active->pdata[i]);

        if (c != NULL && nm_is_bond(NM_CONNECTION(c)) && strcmp(nm_ifname_of(c), ifname) == 0)
            return NM_CONNECTION(c);
    }
    return NULL;
}

/* Without NetworkManager there is no profile, and everything else can still be said. */
static void
read_profile(struct cli *cli, const char *ifname, struct sources *sources)
{
    NMClient *client = nm_client_new(NULL, NULL);
    struct nm nm = {.cli = cli, .client = client};
    NMConnection *profile = NULL;

    if (client != NULL && nm_client_get_nm_running(client))
        profile = running_profile(&nm, ifname);
    if (profile != NULL) {
        sources->profile = g_strdup(nm_connection_get_id(profile));
        sources->wanted = profile_options(profile);
    }
    g_clear_object(&client);
}

static void
read_rules(NmbondBond *bond, struct sources *sources)
{
    const struct bond_opt_ctx ctx = {.live = true};
    const char *mode = nmbond_bond_get_mode(bond);
    struct bond_err err;
    GHashTableIter iter;
    gpointer name, value;

    bond_options_init(&sources->defaults, BOND_MODE_BALANCE_RR);
    bond_option_set(&sources->defaults, "mode", mode, &ctx, &err);
    bond_options_init(&sources->defaults, (enum bond_mode) sources->defaults.num[BOND_OPT_MODE]);
    sources->expected = sources->defaults;
    if (sources->wanted == NULL)
        return;
    for (int id = 0; id < BOND_OPT_N; id++) {
        g_hash_table_iter_init(&iter, sources->wanted);
        while (g_hash_table_iter_next(&iter, &name, &value)) {
            if (bond_opt_by_name(name)->id == id)
                bond_option_set(&sources->expected, name, value, &ctx, &err);
        }
    }
}

static void
format_default(const struct sources *sources, enum bond_opt_id id, char *text, gsize size)
{
    struct bond_options none;

    bond_options_init(&none, BOND_MODE_BALANCE_RR);
    bond_option_format(id == BOND_OPT_MODE ? &none : &sources->defaults, id, text, size);
}

static const char *
origin(enum bond_opt_id id, const char *value, const struct sources *sources, const char **why)
{
    char expected[1024], normal[1024];
    const char *wanted = sources->wanted != NULL
                             ? g_hash_table_lookup(sources->wanted, bond_opt_desc(id)->name)
                             : NULL;

    bond_option_format(&sources->expected, id, expected, sizeof(expected));
    format_default(sources, id, normal, sizeof(normal));
    *why = "";
    if (wanted != NULL && strcmp(value, expected) == 0 &&
        (strcmp(value, wanted) == 0 || strcmp(value, normal) != 0)) {
        if (strcmp(value, wanted) != 0)
            *why = _("the profile's value, as the kernel's rules spell or round it");
        return "profile";
    }
    if (wanted != NULL && strcmp(value, expected) == 0) {
        *why = _("another option of the profile rules it out, or it is another spelling");
        return "rule";
    }
    if (wanted != NULL) {
        *why = _("the profile or the bond was changed since; 'bondcli modify --live' or 'nmcli "
                 "device reapply' brings them together");
        return "runtime";
    }
    if (id == BOND_OPT_MODE && sources->wanted == NULL) {
        *why = _("no profile of NetworkManager is known; it was set at bondd");
        return "runtime";
    }
    if (strcmp(value, normal) == 0)
        return "default";
    if (strcmp(value, expected) == 0) {
        *why = _("a rule of the kernel: another option that is set brings it");
        return "rule";
    }
    *why = _("it was set while the bond runs, not by a profile");
    return "runtime";
}

static bool
applies(enum bond_opt_id id, guint32 mode)
{
    return (bond_opt_desc(id)->modes & (1u << mode)) != 0;
}

static void
add_row(struct cli_table *table, NmbondBond *bond, enum bond_opt_id id,
        const struct sources *sources)
{
    const char *name = bond_opt_desc(id)->name, *value = "", *why, *from, *wanted = NULL;
    char normal[1024];
    GVariant *options = nmbond_bond_get_options(bond);

    if (options != NULL)
        g_variant_lookup(options, name, "&s", &value);
    from = origin(id, value, sources, &why);
    if (sources->wanted != NULL)
        wanted = g_hash_table_lookup(sources->wanted, name);
    format_default(sources, id, normal, sizeof(normal));

    const char *values[] = {name,
                            value,
                            from,
                            sources->profile != NULL ? sources->profile : "",
                            wanted != NULL ? wanted : "",
                            normal,
                            why,
                            NULL};

    cli_table_add(table, g_strdupv((char **) values));
}

static void
print_one(NmbondBond *bond, enum bond_opt_id id, char **values)
{
    const struct bond_opt_desc *desc = bond_opt_desc(id);

    printf(_("%s of %s is %s%s%s.\n"), values[0], nmbond_bond_get_name(bond),
           values[1][0] != '\0' ? values[1] : _("not set"), desc->unit != NULL ? " " : "",
           desc->unit != NULL ? desc->unit : "");
    if (strcmp(values[2], "profile") == 0)
        printf(_("  from           the profile '%s', which says %s\n"), values[3], values[4]);
    else if (strcmp(values[2], "default") == 0)
        puts(_("  from           the default: nobody has set it"));
    else if (strcmp(values[2], "rule") == 0)
        puts(_("  from           a rule of the kernel"));
    else
        puts(_("  from           a change while the bond runs"));
    if (values[6][0] != '\0')
        printf(_("  why            %s\n"), values[6]);
    if (values[4][0] != '\0' && strcmp(values[2], "profile") != 0)
        printf(_("  profile        '%s' says %s\n"), values[3], values[4]);
    printf(_("  default        %s\n"), values[5][0] != '\0' ? values[5] : _("not set"));
    printf("  %s\n", desc->help);
}

int
explain_option(struct cli *cli, NmbondBond *bond, const char *name)
{
    g_autofree char *with_underscore = g_strdelimit(g_strdup(name != NULL ? name : ""), "-", '_');
    const struct bond_opt_desc *desc = bond_opt_by_name(with_underscore);
    struct sources sources = {0};
    struct cli_table table;
    int rc;

    if (name != NULL && desc == NULL)
        desc = bond_opt_by_name(name);
    if (name != NULL && desc == NULL) {
        cli_error(_("'%s' is not an option of a bond; 'bondcli help add' names them."), name);
        return CLI_EXIT_USER_INPUT;
    }
    rc = cli_table_init(cli, &table, field_names);
    if (rc != CLI_EXIT_OK)
        return rc;
    read_profile(cli, nmbond_bond_get_name(bond), &sources);
    read_rules(bond, &sources);
    for (int id = 0; id < BOND_OPT_N; id++) {
        if (desc != NULL ? desc->id == id
                         : applies((enum bond_opt_id) id, sources.defaults.num[BOND_OPT_MODE]))
            add_row(&table, bond, (enum bond_opt_id) id, &sources);
    }
    if (desc != NULL && !applies((enum bond_opt_id) desc->id, sources.defaults.num[BOND_OPT_MODE]))
        cli_warn(_("%s has no effect in mode %s."), desc->name, nmbond_bond_get_mode(bond));
    if (desc != NULL && !cli_wants_table(cli)) {
        print_one(bond, (enum bond_opt_id) desc->id, table.rows->pdata[0]);
    } else {
        if (cli->fields == NULL && cli->get_values == NULL && !cli->terse)
            table.n_selected = 3;
        cli_table_print(cli, &table);
    }
    cli_table_clear(&table);
    g_clear_pointer(&sources.wanted, g_hash_table_unref);
    g_free(sources.profile);
    return CLI_EXIT_OK;
}

int
cli_explain(struct cli *cli, int argc, char **argv)
{
    const char *flow = NULL, *mac = NULL, *spread = NULL;
    const char *usage = "BOND option [NAME] | BOND --flow FLOW | BOND --spread CIDR|PCAP";
    const struct cli_opt own[] = {
        {.name = "flow", .value = &flow},
        {.name = "mac", .value = &mac},
        {.name = "spread", .value = &spread},
        {.name = NULL},
    };
    g_autoptr(NmbondBond) bond = NULL;
    const char *named = NULL;
    bool asks_option;
    int rc = cli_parse(cli, own, false, &argc, argv);

    asks_option = flow == NULL && spread == NULL;
    if (rc == CLI_EXIT_OK)
        rc = words_expect(cli, "explain", &argc, &argv, asks_option ? 2 : 1, asks_option ? 3 : 1,
                          usage);
    if (rc != CLI_EXIT_OK)
        return MAX(rc, 0);
    if (flow != NULL && spread != NULL) {
        cli_error(_("'--flow' and '--spread' exclude each other."));
        return CLI_EXIT_USER_INPUT;
    }
    /* "explain bond0 miimon" */
    if (asks_option && argc == 2 && profile_find_option(argv[1]) != NULL)
        named = argv[1];
    else if (asks_option && argc == 3)
        named = argv[2];
    if (asks_option && named != argv[1] && !g_str_has_prefix("options", argv[1])) {
        cli_error(_("'%s' does not take '%s': bondcli %s %s"), "explain", argv[1], "explain",
                  usage);
        return CLI_EXIT_USER_INPUT;
    }
    if (mac != NULL && flow == NULL) {
        cli_error(_("'--mac' belongs to '--flow'."));
        return CLI_EXIT_USER_INPUT;
    }
    rc = cli_connect(cli);
    if (rc != CLI_EXIT_OK)
        return rc;
    bond = nmbond_client_get_bond(cli->client, argv[0]);
    if (bond == NULL)
        return cli_fail_no_bond(cli, argv[0]);
    if (spread != NULL)
        return explain_spread(cli, bond, spread);
    return flow != NULL ? explain_flow(cli, bond, flow, mac) : explain_option(cli, bond, named);
}

void
cli_explain_complete(int argc, char **argv)
{
    if (argc == 1)
        cli_offer_bonds(argv[0]);
    if (argc == 2)
        cli_offer("option", argv[1]);
    if (argc == 2 || argc == 3)
        profile_offer_options(argv[argc - 1]);
}
