/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * events.c - the verb `events`: bondd's log of what happened and why, and what happens now.
 *
 * While following, nothing is shown twice or left out: signals are held back until the log that
 * was asked for has been printed, and the number of the last line shown decides what is new.
 */
#include "json.h"
#include "view.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#define EVENTS_VERSION 1
#define MAX_ATTEMPTS 5
#define FOLLOW_TAIL 10u /* lines of the past before what happens now, unless --since asks */

static const char *const field_names[] = {
    "SEQ", "TIME", "BOND", "PORT", "EVENT", "REASON", "OTHER", "TEXT", NULL,
};

struct events {
    struct cli *cli;
    const char *bond; /* or NULL: of all */
    guint64 last_seq; /* the last one shown */
    bool as_json, as_table;
    GMainLoop *loop;
    bool loading;    /* the log is under way */
    GPtrArray *held; /* signals that came meanwhile */
    int rc;
};

/* How long after the news a failover was where; the keys are those of the D-Bus interface. */
static const char *const phases[] = {"detected-us", "decided-us", "switched-us", "announced-us"};

static guint64
phase_us(NmbondEvent *event, guint i)
{
    guint64 us = 0;

    return g_variant_lookup(nmbond_event_get_variant(event), phases[i], "t", &us) ? us : 0;
}

static void
print_phases_json(struct json *json, NmbondEvent *event)
{
    for (guint i = 0; i < G_N_ELEMENTS(phases); i++) {
        g_autofree char *key = g_strdelimit(g_strdup(phases[i]), "-", '_');

        if (phase_us(event, i) > 0)
            json_count(json, key, phase_us(event, i));
    }
}

/* Of a failover alone: elsewhere they are more than a reader wants. */
static void
print_phases(NmbondEvent *event)
{
    const char *before = "  (";

    if (strcmp(nmbond_event_get_event(event), "active-changed") != 0)
        return;
    for (guint i = 0; i < G_N_ELEMENTS(phases); i++) {
        if (phase_us(event, i) == 0)
            continue;
        printf("%s%s %" G_GUINT64_FORMAT, before, phases[i], phase_us(event, i));
        before = ", ";
    }
    if (before[0] == ',')
        printf(")");
}

static void
print_json(NmbondEvent *event)
{
    struct json json = {0};
    const char *other = nmbond_event_get_other(event);
    const char *port = nmbond_event_get_port(event);

    json_open(&json, NULL, '{');
    json_number(&json, "version", EVENTS_VERSION);
    json_count(&json, "seq", nmbond_event_get_seq(event));
    json_number(&json, "time_us", nmbond_event_get_time_us(event));
    json_string(&json, "bond", nmbond_event_get_bond(event));
    json_string(&json, "port", port[0] != '\0' ? port : NULL);
    json_string(&json, "event", nmbond_event_get_event(event));
    json_string(&json, "reason", nmbond_event_get_reason(event));
    json_string(&json, "other", other[0] != '\0' ? other : NULL);
    json_string(&json, "text", nmbond_event_get_text(event));
    print_phases_json(&json, event);
    json_close(&json, '}');
}

static char **
event_values(NmbondEvent *event)
{
    char **values = g_new0(char *, G_N_ELEMENTS(field_names));
    guint n = 0;

    values[n++] = g_strdup_printf("%" G_GUINT64_FORMAT, nmbond_event_get_seq(event));
    values[n++] = g_strdup_printf("%" G_GINT64_FORMAT, nmbond_event_get_time_us(event));
    values[n++] = g_strdup(nmbond_event_get_bond(event));
    values[n++] = g_strdup(nmbond_event_get_port(event));
    values[n++] = g_strdup(nmbond_event_get_event(event));
    values[n++] = g_strdup(nmbond_event_get_reason(event));
    values[n++] = g_strdup(nmbond_event_get_other(event));
    values[n++] = g_strdup(nmbond_event_get_text(event));
    return values;
}

static enum cli_color
event_color(NmbondEvent *event)
{
    const char *name = nmbond_event_get_event(event);

    if (g_str_has_suffix(name, "-down") || g_str_has_suffix(name, "-fail"))
        return CLI_COLOR_BAD;
    if (g_str_has_suffix(name, "-up"))
        return CLI_COLOR_GOOD;
    return strcmp(name, "active-changed") == 0 ? CLI_COLOR_WARN : CLI_COLOR_NONE;
}

static void
print_human(const struct cli *cli, NmbondEvent *event)
{
    g_autofree char *time = cli_format_time(nmbond_event_get_time_us(event), true);
    g_autofree char *text = cli_translate(nmbond_event_get_text(event));

    printf("%s  ", time);
    cli_print_cell(cli, CLI_COLOR_TITLE, 8, nmbond_event_get_bond(event));
    printf(" ");
    cli_print_cell(cli, event_color(event), 0, text);
    print_phases(event);
    printf("\n");
}

static void
print_events(struct events *self, GPtrArray *events, guint first)
{
    struct cli_table table = {0};

    if (self->as_table && cli_table_init(self->cli, &table, field_names) != CLI_EXIT_OK)
        return;
    for (guint i = first; i < events->len; i++) {
        NmbondEvent *event = events->pdata[i];

        if (nmbond_event_get_seq(event) <= self->last_seq)
            continue;
        self->last_seq = nmbond_event_get_seq(event);
        if (self->bond != NULL && strcmp(self->bond, nmbond_event_get_bond(event)) != 0)
            continue;
        if (self->as_table)
            cli_table_add(&table, event_values(event));
        else if (self->as_json)
            print_json(event);
        else
            print_human(self->cli, event);
    }
    if (self->as_table) {
        cli_table_print(self->cli, &table);
        cli_table_clear(&table);
    }
}

/* ---- following ---- */

static void
stop(struct events *self, int rc)
{
    self->rc = rc;
    g_main_loop_quit(self->loop);
}

static void
show_one(struct events *self, NmbondEvent *event)
{
    g_autoptr(GPtrArray) one = g_ptr_array_new();

    g_ptr_array_add(one, event);
    print_events(self, one, 0);
    if (!cli_flush())
        stop(self, CLI_EXIT_FAILED);
}

static void
on_event(NmbondClient *client, NmbondEvent *event, gpointer user_data)
{
    struct events *self = user_data;

    if (self->loading)
        g_ptr_array_add(self->held, nmbond_event_ref(event));
    else
        show_one(self, event);
}

/* A bondd without the old log counts from the beginning. */
static void
accept_restarted_count(struct events *self, GPtrArray *events)
{
    NmbondEvent *newest = events->len > 0 ? events->pdata[events->len - 1] : NULL;

    if (newest != NULL && nmbond_event_get_seq(newest) < self->last_seq)
        self->last_seq = 0;
}

static void
on_log_after_restart(GObject *source, GAsyncResult *result, gpointer user_data)
{
    struct events *self = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) events = NULL;

    events = nmbond_client_get_events_finish(NMBOND_CLIENT(source), result, &error);
    self->loading = false;
    if (events != NULL) {
        accept_restarted_count(self, events);
        print_events(self, events, 0);
    }
    for (guint i = 0; i < self->held->len; i++)
        show_one(self, self->held->pdata[i]);
    g_ptr_array_set_size(self->held, 0);
    if (!cli_flush())
        stop(self, CLI_EXIT_FAILED);
}

static void
on_running(NmbondClient *client, GParamSpec *pspec, gpointer user_data)
{
    struct events *self = user_data;

    if (!nmbond_client_get_running(client)) {
        fprintf(stderr, "%s\n", _("bondd has stopped; waiting for it."));
        return;
    }
    fprintf(stderr, "%s\n", _("bondd is back."));
    self->loading = true;
    g_dbus_proxy_set_default_timeout(G_DBUS_PROXY(nmbond_client_get_manager(client)), -1);
    nmbond_client_get_events_async(client, NULL, 0, NULL, on_log_after_restart, self);
}

static void
on_signal(int signo, gpointer self)
{
    stop(self, CLI_EXIT_SIGNAL + signo);
}

static int
follow(struct events *self)
{
    cli_signal_add(SIGINT, on_signal, self);
    cli_signal_add(SIGTERM, on_signal, self);
    g_signal_connect(self->cli->client, "notify::running", G_CALLBACK(on_running), self);
    g_main_loop_run(self->loop);
    return self->rc;
}

/* ---- the verb ---- */

/* A bond that is not there may have been: then its history is known. */
static int
check_bond(struct events *self, GError **error)
{
    g_autoptr(NmbondBond) bond = nmbond_client_get_bond(self->cli->client, self->bond);
    g_autoptr(GPtrArray) events = NULL;

    if (bond != NULL)
        return CLI_EXIT_OK;
    cli_bound_call(self->cli, nmbond_client_get_manager(self->cli->client));
    events = nmbond_client_get_events_sync(self->cli->client, self->bond, 0, NULL, error);
    if (events == NULL)
        return CLI_EXIT_FAILED;
    if (events->len > 0)
        return CLI_EXIT_OK;
    cli_error(_("There is no bond '%s', and no event of one."), self->bond);
    return CLI_EXIT_NOT_FOUND;
}

struct request {
    bool following, has_since;
    guint64 since;
};

/* Asks for the log; an error is left to the caller. */
static int
print_log(struct events *self, const struct request *request, GError **error)
{
    struct cli *cli = self->cli;
    guint tail = request->following && !request->has_since ? FOLLOW_TAIL : G_MAXUINT;
    g_autoptr(GPtrArray) events = NULL;

    cli_bound_call(cli, nmbond_client_get_manager(cli->client));
    events = nmbond_client_get_events_sync(cli->client, self->bond, request->since, NULL, error);
    if (events == NULL)
        return CLI_EXIT_FAILED;
    if (self->bond != NULL && !request->following && events->len == 0) {
        int rc = check_bond(self, error);

        if (rc != CLI_EXIT_OK)
            return rc;
    }
    print_events(self, events, events->len > tail ? events->len - tail : 0);
    return cli_flush() ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}

/* A bondd that is restarted meanwhile is asked anew; nothing was printed until then. */
static int
connect_and_print_log(struct events *self, const struct request *request)
{
    for (int attempt = 1;; attempt++) {
        GError *error = NULL;
        int rc = cli_connect(self->cli);

        if (rc != CLI_EXIT_OK)
            return rc;
        /* Signals wait in the main context until the loop runs: after the log. */
        g_signal_connect(self->cli->client, "event", G_CALLBACK(on_event), self);
        rc = print_log(self, request, &error);
        if (error == NULL)
            return rc;
        if (attempt == MAX_ATTEMPTS || !cli_bondd_has_gone(error))
            return cli_fail(self->cli, error);
        g_error_free(error);
    }
}

static int
run(struct events *self, const struct request *request)
{
    int rc;

    self->loop = g_main_loop_new(NULL, FALSE);
    self->held = g_ptr_array_new_with_free_func((GDestroyNotify) nmbond_event_unref);
    rc = connect_and_print_log(self, request);
    if (rc == CLI_EXIT_OK && request->following)
        rc = follow(self);
    if (self->cli->client != NULL)
        g_signal_handlers_disconnect_by_data(self->cli->client, self);
    g_ptr_array_unref(self->held);
    g_main_loop_unref(self->loop);
    return rc;
}

int
cli_events(struct cli *cli, int argc, char **argv)
{
    struct request request = {0};
    bool as_json = false;
    const char *since_text = NULL;
    const struct cli_opt own[] = {
        {.name = "follow", .flag = &request.following},
        {.name = "since", .value = &since_text},
        {.name = "json", .flag = &as_json},
        {.name = NULL},
    };
    int rc = cli_parse(cli, own, false, &argc, argv);
    struct events self = {.cli = cli};

    if (rc != CLI_EXIT_OK)
        return rc;
    if (cli->help) {
        cli_print_help(cli_find_verb("events"));
        return CLI_EXIT_OK;
    }
    if (argc > 1) {
        cli_error(_("'events' takes one bond, but '%s' was given too."), argv[1]);
        return CLI_EXIT_USER_INPUT;
    }
    if (since_text != NULL &&
        !g_ascii_string_to_unsigned(since_text, 10, 0, G_MAXINT64, &request.since, NULL)) {
        cli_error(_("'%s' is not a valid argument for '%s'; it takes the number of an event."),
                  since_text, "--since");
        return CLI_EXIT_USER_INPUT;
    }
    self.as_json = as_json;
    self.as_table = cli_wants_table(cli);
    if (self.as_json && self.as_table) {
        cli_error(_("'--json' and the options for fields exclude each other."));
        return CLI_EXIT_USER_INPUT;
    }
    if (self.as_table && request.following)
        cli->terse = true; /* columns cannot be measured before the lines are there */
    self.bond = argc > 0 ? argv[0] : NULL;
    rc = cli_table_check(cli, field_names);
    request.has_since = since_text != NULL;
    return rc == CLI_EXIT_OK ? run(&self, &request) : rc;
}
