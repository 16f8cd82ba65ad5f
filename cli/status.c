/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * status.c - the verb `status`: which bonds, in which form.
 */
#include "view.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAX_ATTEMPTS 5
#define LOAD_US (150 * 1000) /* for so long the ports are looked at to see their load */

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

struct request {
    bool as_json, as_proc, as_prometheus, watching;
    int n_names; /* 0: all bonds */
    char **names;
    struct loads *loads; /* while watching: of the last look */
};

/* While watching one may go and come back. */
static int
choose_bonds(struct cli *cli, const struct request *request, GPtrArray **bonds)
{
    if (request->n_names == 0) {
        *bonds = nmbond_client_get_bonds(cli->client);
        return CLI_EXIT_OK;
    }
    *bonds = g_ptr_array_new_with_free_func(g_object_unref);
    for (int i = 0; i < request->n_names; i++) {
        NmbondBond *bond = nmbond_client_get_bond(cli->client, request->names[i]);

        if (bond != NULL)
            g_ptr_array_add(*bonds, bond);
        else if (!request->watching)
            return cli_fail_no_bond(cli, request->names[i]);
    }
    return CLI_EXIT_OK;
}

/* One picture has no load; two of them shortly after one another have. */
static void
measure_load(struct cli *cli, const struct request *request, GPtrArray *views)
{
    struct loads *loads = request->loads != NULL ? request->loads : loads_new();

    loads_look(loads, views);
    if (request->loads != NULL)
        return;
    g_usleep(LOAD_US);
    for (guint i = 0; i < views->len; i++)
        view_recount(cli, views->pdata[i]);
    loads_look(loads, views);
    loads_free(loads);
}

static int
print_views(struct cli *cli, GPtrArray *views, const struct request *request)
{
    bool overview = request->n_names == 0 && views->len > 1;

    if (request->as_json)
        return status_print_json(cli, views);
    if (request->as_prometheus) {
        status_print_prometheus(views);
        return CLI_EXIT_OK;
    }
    if (cli_wants_table(cli))
        return status_print_table(cli, views);
    if (!overview)
        measure_load(cli, request, views);
    if (views->len == 0)
        puts(_("There are no bonds."));
    else if (overview)
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
    int rc = choose_bonds(cli, request, &bonds);

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
    return print_views(cli, views, request);
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

/* ---- --watch ---- */

static int
show(struct cli *cli, gpointer data)
{
    const struct request *request = data;
    bool for_people =
        !request->as_json && !request->as_proc && !request->as_prometheus && !cli_wants_table(cli);
    g_autofree char *now = cli_format_time(g_get_real_time(), false);
    g_autoptr(GError) error = NULL;
    int rc;

    if (for_people)
        printf(isatty(STDOUT_FILENO) == 1 ? _("%s   (q ends this)\n\n") : "%s\n\n", now);
    if (!nmbond_client_get_running(cli->client)) {
        puts(_("bondd has stopped; waiting for it."));
        return CLI_EXIT_OK;
    }
    rc = answer(cli, request, &error);
    if (error == NULL)
        return rc;
    if (!cli_bondd_has_gone(error) && !cli_object_has_gone(error))
        return cli_fail(cli, g_steal_pointer(&error));
    puts(_("It changes just now."));
    return CLI_EXIT_OK;
}

static int
watch(struct cli *cli, struct request *request)
{
    g_autoptr(GPtrArray) bonds = NULL;
    int rc = cli_connect(cli);

    if (rc == CLI_EXIT_OK)
        rc = choose_bonds(cli, request, &bonds);
    if (rc != CLI_EXIT_OK)
        return rc;
    request->watching = true;
    request->loads = loads_new();
    rc = watch_run(cli, show, request);
    loads_free(request->loads);
    return rc;
}

int
cli_status(struct cli *cli, int argc, char **argv)
{
    struct request request = {0};
    bool watching = false;
    const struct cli_opt own[] = {
        {.name = "json", .flag = &request.as_json},
        {.name = "proc", .flag = &request.as_proc, .shortest = 3}, /* -p is --pretty */
        {.name = "prometheus", .flag = &request.as_prometheus, .shortest = 4},
        {.name = "watch", .flag = &watching, .shortest = 3}, /* -w is --wait */
        {.name = NULL},
    };
    int rc = cli_parse(cli, own, false, &argc, argv);

    if (rc != CLI_EXIT_OK)
        return rc;
    if (cli->help) {
        cli_print_help(cli_find_verb("status"));
        return CLI_EXIT_OK;
    }
    if (request.as_json + request.as_proc + request.as_prometheus + cli_wants_table(cli) > 1) {
        cli_error(
            _("'--json', '--proc', '--prometheus' and the options for fields exclude each other."));
        return CLI_EXIT_USER_INPUT;
    }
    rc = cli_table_check(cli, field_names);
    if (rc != CLI_EXIT_OK)
        return rc;
    request.n_names = argc;
    request.names = argv;
    return watching ? watch(cli, &request) : answer_in_the_end(cli, &request);
}
