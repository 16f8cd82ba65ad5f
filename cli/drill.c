/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drill.c - the verb `drill`: reads what is wanted, refuses what cannot be done, asks, and writes
 * the reports.
 *
 * Nothing is touched before the whole plan is known to be possible.
 */
#include "drill-play.h"
#include "words.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <glib/gi18n.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct request {
    bool lab, respond, icmp, json, yes, yes_really;
    const char *to, *port, *plan_path, *interval, *max_outage, *compare, *junit, *html;
    FILE *junit_file, *html_file;
    const char *bond;
    int n_faults;
    char **faults;
    struct drill_plan *plan;
    GPtrArray *settings;
};

static int
bad(GError *error)
{
    cli_error("%s", error->message);
    g_error_free(error);
    return CLI_EXIT_USER_INPUT;
}

/* ---- the responder ---- */

static volatile int stop_responding;

static void
on_stop(int signo)
{
    stop_responding = signo;
}

static int
respond(guint port)
{
    struct sigaction action = {.sa_handler = on_stop};
    int problem;

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    fprintf(stderr, _("Answering drills on TCP and UDP port %u.\n"), port);
    problem = probe_respond(port, &stop_responding);
    if (problem != 0) {
        cli_error(_("Port %u: %s"), port, g_strerror(problem));
        return CLI_EXIT_FAILED;
    }
    return CLI_EXIT_SIGNAL + stop_responding;
}

/* ---- what is wanted ---- */

static int
read_plan(struct request *request)
{
    g_autofree char *text = NULL;
    GError *error = NULL;

    request->plan = drill_plan_new();
    if (request->plan_path != NULL) {
        if (!g_file_get_contents(request->plan_path, &text, NULL, &error))
            return bad(error);
        if (!drill_plan_read(request->plan, text, &error)) {
            g_prefix_error(&error, "%s: ", request->plan_path);
            return bad(error);
        }
    }
    for (int i = 0; i < request->n_faults; i++) {
        if (!drill_plan_add(request->plan, request->faults[i], &error))
            return bad(error);
    }
    if ((request->interval != NULL &&
         !drill_plan_set(request->plan, "interval-us", request->interval, &error)) ||
        (request->max_outage != NULL &&
         !drill_plan_set(request->plan, "max-outage-us", request->max_outage, &error)))
        return bad(error);
    if (request->plan->faults->len == 0)
        drill_plan_add_common(request->plan);
    request->settings = request->compare != NULL ? drill_compare_parse(request->compare, &error)
                                                 : g_ptr_array_new();
    return request->settings != NULL ? CLI_EXIT_OK : bad(error);
}

static int
check(const struct cli *cli, const struct request *request)
{
    if (request->json && cli_wants_table(cli)) {
        cli_error(_("'--json' and the options for fields exclude each other."));
        return CLI_EXIT_USER_INPUT;
    }
    if (request->lab && (request->to != NULL || request->icmp)) {
        cli_error(_("'--lab' has a responder of its own: it does not go with '--to' or '--icmp'."));
        return CLI_EXIT_USER_INPUT;
    }
    if (!request->lab && request->bond == NULL) {
        cli_error(_("'drill' needs a bond, or '--lab'."));
        return CLI_EXIT_USER_INPUT;
    }
    if (!request->lab && request->to == NULL) {
        cli_error(_("'drill' needs '--to ADDRESS': a host where 'bondcli drill --respond' runs, or "
                    "with '--icmp' one that answers pings."));
        return CLI_EXIT_USER_INPUT;
    }
    return CLI_EXIT_OK;
}

static int
open_file(const char *path, FILE **file)
{
    if (path == NULL)
        return CLI_EXIT_OK;
    *file = fopen(path, "we");
    if (*file != NULL)
        return CLI_EXIT_OK;
    cli_error("%s: %s", path, g_strerror(errno));
    return CLI_EXIT_FAILED;
}

/* ---- before a live bond is touched ---- */

static int
check_fault(struct play *play, const struct drill_fault *fault)
{
    const char *port = fault->port;
    g_autofree char *why = NULL;

    if (drill_kinds[fault->kind].takes_port && port == NULL)
        port = play->ports->len > 0 ? play->ports->pdata[0] : "";
    if (drill_kinds[fault->kind].takes_port && !watch_has_port(play, port)) {
        cli_error(_("%s is not a usable port of %s."), port, play->bond);
        return CLI_EXIT_USER_INPUT;
    }
    why = play_refusal(play, fault, port);
    if (why == NULL)
        return CLI_EXIT_OK;
    cli_error("%s", why);
    return CLI_EXIT_USER_INPUT;
}

static bool
ask(const struct play *play)
{
    g_autoptr(GString) list = g_string_new(NULL);
    char answer[16] = "";

    for (guint i = 0; i < play->plan->faults->len; i++) {
        const struct drill_fault *fault = play->plan->faults->pdata[i];
        g_autofree char *what = drill_fault_describe(fault, fault->port);

        g_string_append_printf(list, "%s%s", i > 0 ? ", " : "", what);
    }
    fprintf(stderr, _("This does harm to %s while it is in use: %s.\nGo on? (yes/no) [no] "),
            play->bond, list->str);
    fflush(stderr);
    if (fgets(answer, sizeof(answer), stdin) == NULL)
        return false;
    g_strstrip(answer);
    return g_ascii_strcasecmp(answer, "yes") == 0 || strcmp(answer, _("yes")) == 0;
}

static int
prepare_live(struct play *play, bool yes)
{
    int rc = watch_connect(play);
    GError *error = NULL;

    if (rc != CLI_EXIT_OK)
        return rc;
    if (!play_look(play, &error)) {
        bad(error);
        return CLI_EXIT_NOT_FOUND;
    }
    for (guint i = 0; i < play->plan->faults->len && rc == CLI_EXIT_OK; i++)
        rc = check_fault(play, play->plan->faults->pdata[i]);
    for (guint i = 0; i < play->settings->len && rc == CLI_EXIT_OK; i++) {
        if (!setting_apply(play->bond, play->settings->pdata[i], true, &error))
            rc = bad(error);
    }
    if (rc != CLI_EXIT_OK || yes)
        return rc;
    if (!isatty(STDIN_FILENO)) {
        cli_error(_("A drill harms %s while it is in use; without a terminal to ask at it needs "
                    "'--yes'."),
                  play->bond);
        return CLI_EXIT_USER_INPUT;
    }
    if (ask(play))
        return CLI_EXIT_OK;
    cli_error(_("Nothing was done."));
    return CLI_EXIT_FAILED;
}

/* ---- the report ---- */

static int
write_report(FILE *file, const char *path, char *text)
{
    g_autofree char *owned = text;

    if (fputs(owned, file) >= 0 && fclose(file) == 0)
        return CLI_EXIT_OK;
    cli_error("%s: %s", path, g_strerror(errno));
    return CLI_EXIT_FAILED;
}

static int
report(struct cli *cli, const struct request *request, const struct drill_report *found)
{
    int rc = CLI_EXIT_OK;

    if (request->junit != NULL)
        rc = write_report(request->junit_file, request->junit, drill_report_junit(found));
    if (request->html != NULL) {
        int rc_html = write_report(request->html_file, request->html, drill_report_html(found));

        rc = MAX(rc, rc_html);
    }
    if (request->json)
        drill_print_json(found);
    else if (cli_wants_table(cli))
        drill_print_table(cli, found);
    else
        drill_print_text(cli, found);
    return rc;
}

/* ---- playing ---- */

static gboolean
on_sigint(gpointer user_data)
{
    ((struct play *) user_data)->signo = SIGINT;
    return G_SOURCE_CONTINUE;
}

static gboolean
on_sigterm(gpointer user_data)
{
    ((struct play *) user_data)->signo = SIGTERM;
    return G_SOURCE_CONTINUE;
}

static gboolean
on_sighup(gpointer user_data)
{
    ((struct play *) user_data)->signo = SIGHUP;
    return G_SOURCE_CONTINUE;
}

struct job {
    struct cli *cli;
    const struct request *request;
    guint port;
};

static int
run(struct lab *lab, gpointer data)
{
    const struct job *job = data;
    const struct request *request = job->request;
    struct play play = {
        .cli = job->cli,
        .plan = request->plan,
        .report = drill_report_new(request->plan),
        .lab = lab,
        .bond = lab != NULL ? LAB_BOND : request->bond,
        .target = {lab != NULL ? LAB_TARGET : request->to, job->port, request->icmp},
        .settings = request->settings,
        .yes_really = request->yes_really,
        .undo = undo_new(), /* before there are threads */
    };
    int rc;

    play.ports = g_ptr_array_new_with_free_func(g_free);
    play.report->bond = g_strdup(play.bond);
    play.report->target = g_strdup(play.target.address);
    play.report->lab = lab != NULL;
    play.report->round_trip = request->icmp;
    rc = lab != NULL ? CLI_EXIT_OK : prepare_live(&play, request->yes || request->yes_really);
    if (rc == CLI_EXIT_OK) {
        g_unix_signal_add(SIGINT, on_sigint, &play);
        g_unix_signal_add(SIGTERM, on_sigterm, &play);
        g_unix_signal_add(SIGHUP, on_sighup, &play);
        rc = play_all(&play);
        if (play.report->runs->len > 0) {
            int rc_report = report(job->cli, request, play.report);

            rc = MAX(rc, rc_report);
        }
        if (rc == CLI_EXIT_OK && drill_report_failed(play.report))
            rc = CLI_EXIT_FAILED;
    }
    undo_free(play.undo);
    g_ptr_array_unref(play.ports);
    drill_report_free(play.report);
    return play.signo != 0 ? CLI_EXIT_SIGNAL + play.signo : rc;
}

static int
start(struct cli *cli, struct request *request, guint port)
{
    struct job job = {cli, request, port};
    int rc = check(cli, request);

    if (rc == CLI_EXIT_OK)
        rc = drill_check_fields(cli);
    if (rc == CLI_EXIT_OK)
        rc = read_plan(request);
    if (rc == CLI_EXIT_OK)
        rc = open_file(request->junit, &request->junit_file);
    if (rc == CLI_EXIT_OK)
        rc = open_file(request->html, &request->html_file);
    if (rc == CLI_EXIT_OK)
        rc = request->lab ? lab_run(run, &job) : run(NULL, &job);
    g_clear_pointer(&request->settings, g_ptr_array_unref);
    g_clear_pointer(&request->plan, drill_plan_free);
    return rc;
}

/* ---- the verb ---- */

int
cli_drill(struct cli *cli, int argc, char **argv)
{
    struct request r = {0};
    const struct cli_opt own[] = {
        {.name = "lab", .flag = &r.lab},
        {.name = "respond", .flag = &r.respond},
        {.name = "to", .value = &r.to},
        {.name = "port", .value = &r.port},
        {.name = "icmp", .flag = &r.icmp},
        {.name = "plan", .value = &r.plan_path},
        {.name = "interval", .value = &r.interval},
        {.name = "max-outage", .value = &r.max_outage},
        {.name = "compare", .value = &r.compare},
        {.name = "json", .flag = &r.json},
        {.name = "junit", .value = &r.junit},
        {.name = "html", .value = &r.html},
        {.name = "yes", .flag = &r.yes},
        {.name = "yes-really", .flag = &r.yes_really},
        {.name = NULL},
    };
    int rc = cli_parse(cli, own, false, &argc, argv);
    guint64 port = PROBE_PORT;

    if (rc != CLI_EXIT_OK)
        return rc;
    if (cli->help) {
        cli_print_help(cli_find_verb("drill"));
        return CLI_EXIT_OK;
    }
    if (r.port != NULL && !g_ascii_string_to_unsigned(r.port, 10, 1, 65535, &port, NULL)) {
        cli_error(_("'%s' is not a valid argument for '%s'; it takes a number from %u to %u."),
                  r.port, "--port", 1u, 65535u);
        return CLI_EXIT_USER_INPUT;
    }
    if (r.respond && argc > 0) {
        cli_error(_("'drill --respond' takes no bond and no fault, but '%s' was given."), argv[0]);
        return CLI_EXIT_USER_INPUT;
    }
    if (r.respond)
        return respond((guint) port);
    r.bond = !r.lab && argc > 0 ? argv[0] : NULL;
    r.faults = argv + (r.bond != NULL ? 1 : 0);
    r.n_faults = argc - (r.bond != NULL ? 1 : 0);
    return start(cli, &r, (guint) port);
}

/* "silent:eth" -> "silent:eth0" */
static void
offer_ports(const char *word, const char *bond)
{
    g_autofree char *kind = g_strndup(word, strcspn(word, ":") + 1);
    struct cli cli = {.wait_s = 2};
    g_autoptr(NmbondBond) found = NULL;

    if (cli_look(&cli) && (found = nmbond_client_get_bond(cli.client, bond)) != NULL) {
        g_autoptr(GPtrArray) ports = nmbond_client_get_ports(cli.client, found);

        for (guint i = 0; i < ports->len; i++) {
            g_autofree char *full = g_strconcat(kind, nmbond_port_get_name(ports->pdata[i]), NULL);

            cli_offer(full, word);
        }
    }
    g_clear_object(&cli.client);
}

void
cli_drill_complete(int argc, char **argv)
{
    const char *word = argv[argc - 1], *before = argc > 1 ? argv[argc - 2] : "";

    if (strcmp(before, "--compare") == 0) {
        cli_offer("modes", word);
        return;
    }
    if (strcmp(before, "--plan") == 0 || strcmp(before, "--junit") == 0 ||
        strcmp(before, "--html") == 0) {
        cli_offer_files = true;
        return;
    }
    if (argc > 1 && strchr(word, ':') != NULL) {
        offer_ports(word, argv[0]);
        return;
    }
    if (argc == 1)
        cli_offer_bonds(word);
    for (int i = 0; i < DRILL_N_KINDS; i++)
        cli_offer(drill_kinds[i].name, word);
}
