/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * status.c - the verb `status`: which bonds, in which form.
 */
#include "view.h"

#include <stdio.h>
#include <string.h>

#define MAX_ATTEMPTS 5

static const char *const field_names[] = {
    "NAME",     "MODE",        "HEALTH",       "UP",       "CARRIER",  "MAC-ADDRESS",
    "MTU",      "ACTIVE-PORT", "PRIMARY-PORT", "PORTS",    "FAILURES", "RX-PACKETS",
    "RX-BYTES", "TX-PACKETS",  "TX-BYTES",     "DATAPATH", "WARNINGS", NULL,
};

static char *
join_ports(const struct view *view, guint *failures)
{
    g_autoptr(GString) names = g_string_new(NULL);

    *failures = 0;
    for (guint i = 0; i < view->ports->len; i++) {
        const struct view_port *port = view->ports->pdata[i];

        *failures += nmbond_port_get_failure_count(port->port);
        if (view_port_is_member(port))
            g_string_append_printf(names, "%s%s", names->len > 0 ? "," : "",
                                   nmbond_port_get_name(port->port));
    }
    return g_strdup(names->str);
}

/* In the order of field_names[]. */
static char **
field_values(const struct view *view)
{
    NmbondBond *bond = view->bond;
    const char *const *warnings = nmbond_bond_get_warnings(bond);
    GPtrArray *values = g_ptr_array_new();
    guint failures;
    char *ports = join_ports(view, &failures);

    g_ptr_array_add(values, g_strdup(nmbond_bond_get_name(bond)));
    g_ptr_array_add(values, g_strdup(nmbond_bond_get_mode(bond)));
    g_ptr_array_add(values, g_strdup(view_health_word(view_health(view))));
    g_ptr_array_add(values, g_strdup(nmbond_bond_get_up(bond) ? "yes" : "no"));
    g_ptr_array_add(values, g_strdup(nmbond_bond_get_carrier(bond) ? "yes" : "no"));
    g_ptr_array_add(values, g_strdup(nmbond_bond_get_mac_address(bond)));
    g_ptr_array_add(values, g_strdup_printf("%u", nmbond_bond_get_mtu(bond)));
    g_ptr_array_add(values, g_strdup(nmbond_bond_get_active_port(bond)));
    g_ptr_array_add(values, g_strdup(nmbond_bond_get_primary_port(bond)));
    g_ptr_array_add(values, ports);
    g_ptr_array_add(values, g_strdup_printf("%u", failures));
    g_ptr_array_add(values, g_strdup_printf("%" G_GUINT64_FORMAT, view->counters.rx_packets));
    g_ptr_array_add(values, g_strdup_printf("%" G_GUINT64_FORMAT, view->counters.rx_bytes));
    g_ptr_array_add(values, g_strdup_printf("%" G_GUINT64_FORMAT, view->counters.tx_packets));
    g_ptr_array_add(values, g_strdup_printf("%" G_GUINT64_FORMAT, view->counters.tx_bytes));
    g_ptr_array_add(values, g_strdup(nmbond_bond_get_datapath(bond)));
    g_ptr_array_add(values, warnings != NULL ? g_strjoinv(" | ", (char **) warnings) : NULL);
    for (guint i = 0; i < values->len; i++) {
        if (values->pdata[i] == NULL)
            values->pdata[i] = g_strdup("");
    }
    g_ptr_array_add(values, NULL);
    return (char **) g_ptr_array_free(values, FALSE);
}

int
status_print_table(struct cli *cli, GPtrArray *views)
{
    struct cli_table table;
    int rc = cli_table_init(cli, &table, field_names);

    if (rc != CLI_EXIT_OK)
        return rc;
    for (guint i = 0; i < views->len; i++)
        cli_table_add(&table, field_values(views->pdata[i]));
    cli_table_print(cli, &table);
    cli_table_clear(&table);
    return CLI_EXIT_OK;
}

/* A wrong field is refused before bondd is asked. */
static int
check_fields(struct cli *cli)
{
    struct cli_table table;
    int rc = cli_table_init(cli, &table, field_names);

    if (rc == CLI_EXIT_OK)
        cli_table_clear(&table);
    return rc;
}

int
cli_fail_no_bond(struct cli *cli, const char *name)
{
    g_autoptr(GPtrArray) bonds = nmbond_client_get_bonds(cli->client);
    g_autoptr(GString) names = g_string_new(NULL);

    for (guint i = 0; i < bonds->len; i++)
        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "",
                               nmbond_bond_get_name(bonds->pdata[i]));
    if (bonds->len == 0)
        cli_error(_("There is no bond '%s'; bondd has no bonds."), name);
    else
        cli_error(_("There is no bond '%s'; there are: %s."), name, names->str);
    return CLI_EXIT_NOT_FOUND;
}

static int
choose_bonds(struct cli *cli, int argc, char **argv, GPtrArray **bonds)
{
    if (argc == 0) {
        *bonds = nmbond_client_get_bonds(cli->client);
        return CLI_EXIT_OK;
    }
    *bonds = g_ptr_array_new_with_free_func(g_object_unref);
    for (int i = 0; i < argc; i++) {
        NmbondBond *bond = nmbond_client_get_bond(cli->client, argv[i]);

        if (bond == NULL)
            return cli_fail_no_bond(cli, argv[i]);
        g_ptr_array_add(*bonds, bond);
    }
    return CLI_EXIT_OK;
}

static int
print_views(struct cli *cli, GPtrArray *views, bool as_json, bool overview)
{
    if (as_json)
        return status_print_json(cli, views);
    if (cli_wants_table(cli))
        return status_print_table(cli, views);
    if (views->len == 0)
        puts(_("There are no bonds."));
    else if (overview && views->len > 1)
        status_print_overview(cli, views);
    else
        status_print_human(cli, views);
    return CLI_EXIT_OK;
}

static void
free_view(gpointer view)
{
    view_free(view);
}

struct request {
    bool as_json, as_proc;
    int n_names; /* 0: all bonds */
    char **names;
};

/* Asks everything first and prints then, so that a second try repeats nothing. */
static bool
ask_texts(struct cli *cli, GPtrArray *bonds, GString *out, GError **error)
{
    for (guint i = 0; i < bonds->len; i++) {
        g_autofree char *text = NULL;

        cli_bound_call(cli, bonds->pdata[i]);
        if (!nmbond_bond_call_get_status_text_sync(bonds->pdata[i], &text, NULL, error))
            return false;
        g_string_append(out, text);
    }
    return true;
}

static bool
ask_views(struct cli *cli, GPtrArray *bonds, GPtrArray *views, GError **error)
{
    for (guint i = 0; i < bonds->len; i++) {
        struct view *view = view_collect(cli, bonds->pdata[i], error);

        if (view == NULL)
            return false;
        g_ptr_array_add(views, view);
    }
    return true;
}

/* One try; an error is left to the caller. */
static int
answer(struct cli *cli, const struct request *request, GError **error)
{
    g_autoptr(GPtrArray) bonds = NULL;
    g_autoptr(GPtrArray) views = g_ptr_array_new_with_free_func(free_view);
    g_autoptr(GString) text = g_string_new(NULL);
    int rc = choose_bonds(cli, request->n_names, request->names, &bonds);

    if (rc != CLI_EXIT_OK)
        return rc;
    if (request->as_proc) {
        if (!ask_texts(cli, bonds, text, error))
            return CLI_EXIT_FAILED;
        fputs(text->str, stdout);
        return CLI_EXIT_OK;
    }
    if (!ask_views(cli, bonds, views, error))
        return CLI_EXIT_FAILED;
    return print_views(cli, views, request->as_json, request->n_names == 0);
}

/* bondd may be restarted, a bond deleted, while we ask: then the state is asked for anew. */
static int
answer_in_the_end(struct cli *cli, const struct request *request)
{
    for (int attempt = 1;; attempt++) {
        GError *error = NULL;
        int rc = cli_connect(cli);

        if (rc == CLI_EXIT_OK)
            rc = answer(cli, request, &error);
        if (error == NULL)
            return rc;
        if (attempt == MAX_ATTEMPTS || !(cli_bondd_has_gone(error) || cli_object_has_gone(error)))
            return cli_fail(cli, error);
        g_error_free(error);
    }
}

int
cli_status(struct cli *cli, int argc, char **argv)
{
    struct request request = {0};
    const struct cli_opt own[] = {
        {.name = "json", .flag = &request.as_json},
        {.name = "proc", .flag = &request.as_proc},
        {.name = NULL},
    };
    int rc = cli_parse(cli, own, false, &argc, argv);

    if (rc != CLI_EXIT_OK)
        return rc;
    if (cli->help) {
        cli_print_help(cli_find_verb("status"));
        return CLI_EXIT_OK;
    }
    if (request.as_json + request.as_proc + cli_wants_table(cli) > 1) {
        cli_error(_("'--json', '--proc' and the options for fields exclude each other."));
        return CLI_EXIT_USER_INPUT;
    }
    rc = check_fields(cli);
    if (rc != CLI_EXIT_OK)
        return rc;
    request.n_names = argc;
    request.names = argv;
    return answer_in_the_end(cli, &request);
}
