/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drill-watch.c - the bond while the drill lasts: which ports are usable, what each of them
 * carries, what bondd says. Does no harm.
 */
#include "drill-play.h"

#include <gio/gio.h>
#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>

#define LOOK_US 5000
#define SAMPLE_US 20000

static bool
is_usable(NmbondPort *port)
{
    const char *state = nmbond_port_get_state(port);

    return g_strcmp0(state, "active") == 0 || g_strcmp0(state, "backup") == 0;
}

int
watch_connect(struct play *play)
{
    play->cli->deadline_us = 0; /* every step of a drill may take as long as --wait says */
    return cli_connect(play->cli);
}

static GPtrArray *
ports_now(struct play *play)
{
    g_autoptr(NmbondBond) bond = NULL;

    if (play->cli->client == NULL || !nmbond_client_get_running(play->cli->client))
        return NULL;
    bond = nmbond_client_get_bond(play->cli->client, play->bond);
    return bond != NULL ? nmbond_client_get_ports(play->cli->client, bond) : NULL;
}

/* In 802.3ad a port may be active long before it carries anything. */
static bool
is_in_use(NmbondPort *port)
{
    GVariant *lacp = nmbond_port_get_lacp(port);
    const char *mux;

    if (g_strcmp0(nmbond_port_get_state(port), "active") != 0)
        return false;
    return lacp == NULL || !g_variant_lookup(lacp, "mux-state", "&s", &mux) ||
           g_str_has_suffix(mux, "distributing");
}

static guint
count_active(const GPtrArray *ports)
{
    guint n = 0;

    for (guint i = 0; i < ports->len; i++)
        n += is_in_use(ports->pdata[i]);
    return n;
}

bool
watch_snapshot(struct play *play, GError **error)
{
    g_autoptr(GPtrArray) ports = ports_now(play);

    g_ptr_array_set_size(play->ports, 0);
    if (ports == NULL) {
        g_set_error(error, drill_error_quark(), 0, _("There is no bond '%s'."), play->bond);
        return false;
    }
    for (guint i = 0; i < ports->len; i++) {
        if (is_usable(ports->pdata[i]))
            g_ptr_array_add(play->ports, g_strdup(nmbond_port_get_name(ports->pdata[i])));
    }
    play->n_active = count_active(ports);
    return true;
}

bool
watch_has_port(struct play *play, const char *port)
{
    return g_ptr_array_find_with_equal_func(play->ports, port, g_str_equal, NULL);
}

guint
watch_n_usable_but(struct play *play, const char *port)
{
    g_autoptr(GPtrArray) ports = ports_now(play);
    guint n = 0;

    for (guint i = 0; ports != NULL && i < ports->len; i++)
        n += is_usable(ports->pdata[i]) &&
             g_strcmp0(nmbond_port_get_name(ports->pdata[i]), port) != 0;
    return n;
}

bool
watch_is_whole(struct play *play)
{
    g_autoptr(GPtrArray) ports = ports_now(play);
    guint n = 0;

    for (guint i = 0; ports != NULL && i < ports->len; i++)
        n += is_usable(ports->pdata[i]) &&
             watch_has_port(play, nmbond_port_get_name(ports->pdata[i]));
    return ports != NULL && n == play->ports->len && count_active(ports) >= play->n_active;
}

/* ---- what the ports carry ---- */

struct counters {
    guint64 rx, tx;
};

/* Of one device, from the text of /proc/net/dev. */
static bool
find_counters(const char *text, const char *port, struct counters *counters)
{
    g_autofree char *name = g_strdup_printf("%s:", port);

    for (const char *line = strstr(text, name); line != NULL; line = strstr(line + 1, name)) {
        if (line == text || line[-1] == ' ' || line[-1] == '\n')
            return sscanf(line + strlen(name),
                          "%*u %" G_GUINT64_FORMAT " %*u %*u %*u %*u %*u %*u %*u"
                          " %" G_GUINT64_FORMAT,
                          &counters->rx, &counters->tx) == 2;
    }
    return false;
}

static void
sample(struct play *play, struct drill_event *event)
{
    g_autofree char *text = NULL;
    gint64 now_us = (probe_now_ns() - play->zero_ns) / 1000;

    if (!g_file_get_contents("/proc/self/net/dev", &text, NULL, NULL))
        return;
    for (guint i = 0; i < event->lanes->len; i++) {
        struct drill_lane *lane = event->lanes->pdata[i];
        struct drill_sample sample = {.time_us = now_us};
        struct counters now = {lane->rx, lane->tx};

        find_counters(text, lane->port, &now);
        if (lane->started) {
            sample.rx = now.rx > lane->rx ? (guint) (now.rx - lane->rx) : 0;
            sample.tx = now.tx > lane->tx ? (guint) (now.tx - lane->tx) : 0;
            g_array_append_val(lane->samples, sample);
        }
        lane->started = true;
        lane->rx = now.rx;
        lane->tx = now.tx;
    }
}

void
watch_start_lanes(struct play *play, struct drill_event *event)
{
    for (guint i = 0; i < play->ports->len; i++) {
        struct drill_lane *lane = g_new0(struct drill_lane, 1);

        lane->port = g_strdup(play->ports->pdata[i]);
        lane->samples = g_array_new(FALSE, FALSE, sizeof(struct drill_sample));
        g_ptr_array_add(event->lanes, lane);
    }
    sample(play, event);
}

const char *
watch_busiest(const struct drill_event *event)
{
    const char *busiest = NULL;
    guint64 most = 0;

    for (guint i = 0; i < event->lanes->len; i++) {
        const struct drill_lane *lane = event->lanes->pdata[i];
        guint64 sum = 0;

        for (guint j = 0; j < lane->samples->len; j++) {
            const struct drill_sample *s = &g_array_index(lane->samples, struct drill_sample, j);

            sum += (guint64) s->rx + s->tx;
        }
        if (busiest == NULL || sum > most) {
            busiest = lane->port;
            most = sum;
        }
    }
    return busiest;
}

bool
watch_wait(struct play *play, struct drill_event *event, gint64 until_ns, bool till_whole)
{
    gint64 next_sample_ns = 0;

    for (;;) {
        gint64 now_ns = probe_now_ns();

        while (g_main_context_iteration(NULL, FALSE))
            ;
        if (play->signo != 0)
            return false;
        if (event != NULL && now_ns >= next_sample_ns) {
            sample(play, event);
            next_sample_ns = now_ns + SAMPLE_US * 1000;
            play_show_time(play);
        }
        if (now_ns >= until_ns || (till_whole && watch_is_whole(play)))
            return true;
        g_usleep((gulong) MIN(LOOK_US, (until_ns - now_ns) / 1000 + 1));
    }
}

/* ---- what bondd says ---- */

static void
take_phases(struct drill_event *event, NmbondEvent *note)
{
    for (int i = 0; i < DRILL_N_PHASES; i++) {
        g_autofree char *key = g_strdup_printf("%s-us", drill_phase_names[i]);
        guint64 us;

        if (event->phase_us[i] == 0 &&
            g_variant_lookup(nmbond_event_get_variant(note), key, "t", &us))
            event->phase_us[i] = us;
    }
}

void
watch_take_notes(struct play *play, struct drill_event *event)
{
    gint64 shift_us = play->report->started_us;
    g_autoptr(GPtrArray) notes = NULL;
    bool have_phases = false;

    if (play->cli->client == NULL || !nmbond_client_get_running(play->cli->client))
        return;
    notes = nmbond_client_get_events_sync(play->cli->client, play->bond, 0, NULL, NULL);
    for (guint i = 0; notes != NULL && i < notes->len; i++) {
        NmbondEvent *note = notes->pdata[i];
        gint64 time_us = nmbond_event_get_time_us(note) - shift_us;
        struct drill_note *copy;
        guint64 us;

        if (time_us < event->fault_us || time_us > event->end_us)
            continue;
        copy = g_new0(struct drill_note, 1);
        copy->time_us = time_us;
        copy->port = g_strdup(nmbond_event_get_port(note));
        copy->event = g_strdup(nmbond_event_get_event(note));
        copy->text = g_strdup(nmbond_event_get_text(note));
        g_ptr_array_add(event->notes, copy);
        if (!have_phases &&
            g_variant_lookup(nmbond_event_get_variant(note), "switched-us", "t", &us)) {
            take_phases(event, note);
            have_phases = true;
        }
    }
}
