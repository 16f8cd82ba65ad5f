/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drill-play.c - one fault after the other: a look at the traffic, the fault, its end, and until
 * all is as it was; then what it has cost.
 *
 * Decides when a fault is not played. What is done, and how it is counted, is elsewhere.
 */
#include "drill-play.h"

#include <gio/gio.h>
#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MS_NS G_GINT64_CONSTANT(1000000)
#define BEFORE_MS 200 /* a look at the traffic before the fault */
#define BACK_MS 20000 /* how long a bond may take to be as it was */
#define AFTER_MS 300  /* and the traffic after that */
#define ON_WAY_MS 100 /* how long a frame may be on its way */
#define ANSWER_MS 10000
#define SETTLE_MS 1000 /* a live bond under another setting */

static gint64
now_us(const struct play *play)
{
    return (probe_now_ns() - play->zero_ns) / 1000;
}

static gint64
in_ms(gint64 ms)
{
    return probe_now_ns() + ms * MS_NS;
}

/* ---- progress ---- */

static void
say_start(struct play *play, const struct drill_run *run, const struct drill_event *event)
{
    g_autofree char *what = drill_fault_describe(event->fault, event->port);

    g_free(play->doing);
    play->doing = g_strdup_printf("[%u/%u] %s%s%s", play->n_played, play->n_events, run->setting,
                                  run->setting[0] != '\0' ? ": " : "", what);
    play->doing_since_ns = probe_now_ns();
    fputs(play->doing, stderr);
    fflush(stderr);
}

void
play_show_time(const struct play *play)
{
    if (play->doing != NULL && isatty(STDERR_FILENO))
        fprintf(stderr, "\r%s  %.1f s ", play->doing,
                (double) (probe_now_ns() - play->doing_since_ns) / 1e9);
}

static void
say_end(struct play *play, const struct drill_event *event)
{
    g_autofree char *outage = drill_short_time(drill_event_outage_us(event));

    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K%s", play->doing);
    g_clear_pointer(&play->doing, g_free);

    if (event->outcome == DRILL_PLAYED)
        fprintf(stderr, _(": %lu lost, outage %s\n"), (gulong) drill_event_lost(event), outage);
    else
        fprintf(stderr, ": %s\n", event->why);
}

/* ---- one fault ---- */

static void
not_done(struct drill_event *event, char *why)
{
    event->outcome = DRILL_NOT_DONE;
    g_free(event->why);
    event->why = why;
}

static bool
takes_port_out(const struct drill_fault *fault)
{
    return drill_kinds[fault->kind].takes_port && fault->kind != DRILL_DELAY &&
           !(fault->kind == DRILL_LOSS && fault->percent < 100);
}

char *
play_refusal(struct play *play, const struct drill_fault *fault, const char *port)
{
    if (takes_port_out(fault) && !play->yes_really && watch_n_usable_but(play, port) == 0)
        return g_strdup_printf(_("%s is the last working port of %s; '--yes-really' takes it all "
                                 "the same."),
                               port, play->bond);
    return fault_refusal(&play->place, fault, port);
}

/* Which port; and whether the fault may be played at all. */
static bool
prepare(struct play *play, struct drill_event *event)
{
    const struct drill_fault *fault = event->fault;
    const char *port = fault->port != NULL ? fault->port : watch_busiest(event);
    char *why;

    if (drill_kinds[fault->kind].takes_port) {
        g_free(event->port);
        event->port = g_strdup(port != NULL ? port : "");
        if (port == NULL || !watch_has_port(play, port)) {
            not_done(event,
                     g_strdup_printf(_("%s is not a usable port of %s."), event->port, play->bond));
            return false;
        }
    }
    why = play_refusal(play, fault, event->port);
    if (why != NULL)
        not_done(event, why);
    return why == NULL;
}

/* The first half of a flap is what fault_inflict() has done. */
static void
flap_on(struct play *play, struct drill_event *event)
{
    gint64 half_ms = event->fault->period_ms / 2;
    guint length = undo_length(play->undo) - 1;

    for (guint i = 1; i < event->fault->count; i++) {
        if (!watch_wait(play, event, in_ms(half_ms), false) ||
            !undo_run(play->undo, length, NULL) ||
            !watch_wait(play, event, in_ms(half_ms), false) ||
            !fault_inflict(&play->place, event->fault, event->port, play->undo, NULL))
            return;
    }
    watch_wait(play, event, in_ms(half_ms), false);
}

static void
suffer(struct play *play, struct drill_event *event)
{
    guint length = undo_length(play->undo);
    g_autoptr(GError) error = NULL;
    bool done;

    event->fault_us = now_us(play);
    done = fault_inflict(&play->place, event->fault, event->port, play->undo, &error);
    if (done && event->fault->kind == DRILL_FLAP)
        flap_on(play, event);
    else if (done)
        watch_wait(play, event, in_ms(event->fault->hold_ms), false);
    event->undo_us = now_us(play);
    if (!done)
        not_done(event, g_strdup(error->message));
    g_clear_error(&error);
    if (!undo_run(play->undo, length, &error)) {
        event->outcome = DRILL_NOT_BACK;
        g_free(event->why);
        event->why = g_strdup(error->message);
    }
}

static void
recover(struct play *play, struct drill_event *event)
{
    watch_wait(play, event, in_ms(BACK_MS), true);
    if (play->signo == 0 && !watch_is_whole(play)) {
        event->outcome = DRILL_NOT_BACK;
        g_free(event->why);
        event->why = g_strdup_printf(_("%s is not as it was before."), play->bond);
    }
    watch_wait(play, event, in_ms(AFTER_MS), false);
}

static bool
is_out(const struct drill_event *event)
{
    return event->count[DRILL_OUT].open || event->count[DRILL_IN].open;
}

/* What was sent from the fault on until the traffic of both ways is back. */
static void
count(struct play *play, struct drill_event *event)
{
    gint64 until_ns = in_ms(BACK_MS);
    g_autoptr(GError) error = NULL;
    bool ok;

    do {
        event->end_us = now_us(play);
        watch_wait(play, NULL, in_ms(ON_WAY_MS), false);
        ok = probe_link_count(play->link, play->zero_ns + event->fault_us * 1000,
                              play->zero_ns + event->end_us * 1000, play->zero_ns, event->count,
                              &error);
    } while (ok && is_out(event) && play->signo == 0 && probe_now_ns() < until_ns &&
             watch_wait(play, event, in_ms(AFTER_MS), false));
    if (!ok || (is_out(event) && play->signo == 0)) {
        event->outcome = DRILL_NOT_BACK;
        g_free(event->why);
        event->why =
            ok ? g_strdup(_("The probes do not arrive any more.")) : g_strdup(error->message);
    }
    event->too_long =
        play->plan->max_outage_us > 0 && drill_event_outage_us(event) > play->plan->max_outage_us;
}

static bool
renew_link(struct play *play, GError **error)
{
    g_clear_pointer(&play->link, probe_link_close); /* a responder serves one at a time */
    play->link = probe_link_open(&play->target, play->plan->interval_us, error);
    return play->link != NULL;
}

static void
play_fault(struct play *play, struct drill_run *run, const struct drill_fault *fault)
{
    struct drill_event *event = drill_run_add_event(run, fault);
    g_autoptr(GError) error = NULL;

    play->n_played++;
    if ((play->link == NULL || probe_link_is_long(play->link)) && !renew_link(play, &error)) {
        not_done(event, g_strdup(error->message));
        say_start(play, run, event);
        say_end(play, event);
        return;
    }
    event->begin_us = event->fault_us = event->undo_us = event->end_us = now_us(play);
    watch_start_lanes(play, event);
    if (!watch_wait(play, event, in_ms(BEFORE_MS), false)) {
        not_done(event, g_strdup(_("The drill was interrupted.")));
        return;
    }
    if (prepare(play, event)) {
        say_start(play, run, event);
        suffer(play, event);
        recover(play, event);
        count(play, event);
        watch_take_notes(play, event);
    } else {
        say_start(play, run, event);
    }
    say_end(play, event);
}

/* ---- the plan under one setting ---- */

static bool
read_place(struct play *play, GError **error)
{
    g_autoptr(NmbondBond) bond = NULL;
    const char *interval = NULL;
    GVariant *options;

    bond = nmbond_client_get_bond(play->cli->client, play->bond);
    if (bond == NULL) {
        g_set_error(error, drill_error_quark(), 0, _("There is no bond '%s'."), play->bond);
        return false;
    }
    options = nmbond_bond_get_options(bond);
    if (options != NULL)
        g_variant_lookup(options, "arp_interval", "&s", &interval);
    play->place = (struct drill_place){
        .lab = play->lab != NULL,
        .switch_pid = play->lab != NULL ? play->lab->switch_pid : 0,
        .partner_bus = play->lab != NULL ? play->lab->partner_bus : NULL,
        .bond = play->bond,
        .mode = g_intern_string(nmbond_bond_get_mode(bond)),
        .arp_monitor = interval != NULL && strcmp(interval, "0") != 0,
    };
    return true;
}

bool
play_look(struct play *play, GError **error)
{
    return read_place(play, error) && watch_snapshot(play, error);
}

/* The lab's bond is new: its ports and the way to the responder come up in their time. */
static bool
wait_for_lab(struct play *play, GError **error)
{
    gint64 until_ns = in_ms(ANSWER_MS);

    do {
        if (!watch_wait(play, NULL, in_ms(50), false))
            return true;
        g_clear_error(error);
        if (watch_snapshot(play, error) && play->ports->len == LAB_PORTS &&
            play->n_active >= (g_strcmp0(play->place.mode, "802.3ad") == 0 ? LAB_PORTS : 1))
            play->link = probe_link_open(&play->target, play->plan->interval_us, error);
    } while (play->link == NULL && probe_now_ns() < until_ns);
    if (play->link == NULL && error != NULL && *error == NULL)
        g_set_error(error, drill_error_quark(), 0, _("The lab's bond does not come up."));
    return play->link != NULL;
}

/* A live bond under other options: what was usable must be so again, in its own time. */
static bool
change_setting(struct play *play, char *const *setting, GError **error)
{
    g_auto(GStrv) saved = NULL;

    if (*setting == NULL)
        return true;
    saved = setting_save(play->bond, error);
    if (saved == NULL)
        return false;
    undo_push(play->undo, (const char *const *) saved);
    if (!setting_apply(play->bond, (const char *const *) setting, false, error))
        return false;
    play->n_active = 0; /* another mode, another number */
    watch_wait(play, NULL, in_ms(BACK_MS), true);
    watch_wait(play, NULL, in_ms(SETTLE_MS), false);
    return play_look(play, error);
}

static bool
start_run(struct play *play, char *const *setting, GError **error)
{
    if (play->lab != NULL && !lab_make_bond(play->lab, setting, error))
        return false;
    if (watch_connect(play) != CLI_EXIT_OK) {
        g_set_error(error, drill_error_quark(), 0, _("bondd is not running."));
        return false;
    }
    if (play->lab != NULL)
        return read_place(play, error) && wait_for_lab(play, error);
    if (!play_look(play, error) || !change_setting(play, setting, error))
        return false;
    play->link = probe_link_open(&play->target, play->plan->interval_us, error);
    return play->link != NULL;
}

/* "mode=802.3ad lacp_rate=slow"; the mode by its name, once it is known (may be NULL). */
static char *
describe_setting(char *const *setting, const char *mode)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (; *setting != NULL; setting += 2) {
        bool is_mode = mode != NULL && strcmp(setting[0], "mode") == 0;

        g_string_append_printf(text, "%s%s=%s", text->len > 0 ? " " : "", setting[0],
                               is_mode ? mode : setting[1]);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static int
play_setting(struct play *play, char *const *setting)
{
    g_autofree char *name = describe_setting(setting, NULL);
    g_autoptr(GError) error = NULL;
    int rc = CLI_EXIT_OK;

    if (!start_run(play, setting, &error)) {
        if (error != NULL && play->signo == 0)
            cli_error("%s%s%s", name, name[0] != '\0' ? ": " : "", error->message);
        rc = CLI_EXIT_FAILED;
    } else if (play->signo == 0) {
        g_autofree char *full_name = describe_setting(setting, play->place.mode);
        struct drill_run *run = drill_report_add_run(play->report, full_name);

        for (guint i = 0; i < play->plan->faults->len && play->signo == 0; i++)
            play_fault(play, run, play->plan->faults->pdata[i]);
    }
    g_clear_pointer(&play->link, probe_link_close);
    g_clear_error(&error);
    if (!undo_run(play->undo, 0, &error)) {
        cli_error("%s", error->message);
        g_clear_error(&error);
        rc = CLI_EXIT_FAILED;
    }
    if (play->lab != NULL && play->signo == 0 && !lab_remove_bond(play->lab, &error) &&
        rc == CLI_EXIT_OK) {
        cli_error("%s", error->message);
        rc = CLI_EXIT_FAILED;
    }
    return rc;
}

int
play_all(struct play *play)
{
    static char *as_it_is[] = {NULL};
    int rc = CLI_EXIT_OK;

    play->zero_ns = probe_now_ns();
    play->report->started_us = g_get_real_time();

    play->n_events = play->plan->faults->len * MAX(play->settings->len, 1);
    if (play->settings->len == 0)
        rc = play_setting(play, as_it_is);
    for (guint i = 0; i < play->settings->len && rc == CLI_EXIT_OK && play->signo == 0; i++)
        rc = play_setting(play, play->settings->pdata[i]);
    play->report->interrupted = play->signo != 0;

    return rc;
}
