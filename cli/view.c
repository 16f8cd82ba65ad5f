/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * view.c - collects a bond's state, and judges it: healthy, degraded or down, and why.
 *
 * The only file that judges; the forms of output (status-*.c) only show.
 */
#include "view.h"

#include "core/options.h"

#include <string.h>

#define LAST_EVENTS 5u

static void
view_port_free(gpointer data)
{
    struct view_port *port = data;

    g_object_unref(port->port);
    g_free(port);
}

void
view_free(struct view *view)
{
    if (view == NULL)
        return;
    g_clear_object(&view->bond);
    g_clear_pointer(&view->ports, g_ptr_array_unref);
    g_clear_pointer(&view->events, g_ptr_array_unref);
    g_free(view);
}

/* Takes `dict`, of type a{st}. */
static void
read_counters(GVariant *dict, struct view_counters *counters)
{
    const struct {
        const char *key;
        guint64 *value;
    } map[] = {
        {"rx-packets", &counters->rx_packets}, {"rx-bytes", &counters->rx_bytes},
        {"tx-packets", &counters->tx_packets}, {"tx-bytes", &counters->tx_bytes},
        {"rx-dropped", &counters->rx_dropped}, {"tx-dropped", &counters->tx_dropped},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(map); i++)
        g_variant_lookup(dict, map[i].key, "t", map[i].value);
    g_variant_unref(dict);
}

static bool
count_port(struct cli *cli, struct view_port *port, GError **error)
{
    GVariant *dict = NULL;

    cli_bound_call(cli, port->port);
    if (!nmbond_port_call_get_counters_sync(port->port, &dict, NULL, error))
        return false;
    read_counters(dict, &port->counters);
    port->counted_us = g_get_monotonic_time();
    return true;
}

static bool
collect_port(struct cli *cli, struct view *view, NmbondPort *proxy, GError **error)
{
    struct view_port *port = g_new0(struct view_port, 1);

    port->port = g_object_ref(proxy);
    if (!count_port(cli, port, error)) {
        view_port_free(port);
        return false;
    }
    g_ptr_array_add(view->ports, port);
    return true;
}

void
view_recount(struct cli *cli, struct view *view)
{
    for (guint i = 0; i < view->ports->len; i++)
        count_port(cli, view->ports->pdata[i], NULL);
}

static bool
collect_all(struct cli *cli, struct view *view, GPtrArray *proxies, GError **error)
{
    for (guint i = 0; i < proxies->len; i++) {
        g_autoptr(GError) local = NULL;

        /* one that left between the answer and the question is no failure */
        if (!collect_port(cli, view, proxies->pdata[i], &local) && !cli_object_has_gone(local)) {
            g_propagate_error(error, g_steal_pointer(&local));
            return false;
        }
    }
    return true;
}

static bool
collect_ports(struct cli *cli, struct view *view, GError **error)
{
    g_autoptr(GPtrArray) members = nmbond_client_get_ports(cli->client, view->bond);
    g_autoptr(GPtrArray) leaving = nmbond_client_get_leaving_ports(cli->client, view->bond);

    view->ports = g_ptr_array_new_with_free_func(view_port_free);
    return collect_all(cli, view, members, error) && collect_all(cli, view, leaving, error);
}

static bool
collect_events(struct cli *cli, struct view *view, GError **error)
{
    cli_bound_call(cli, nmbond_client_get_manager(cli->client));
    view->events = nmbond_client_get_events_sync(cli->client, nmbond_bond_get_name(view->bond), 0,
                                                 NULL, error);
    if (view->events == NULL)
        return false;
    if (view->events->len > LAST_EVENTS)
        g_ptr_array_remove_range(view->events, 0, view->events->len - LAST_EVENTS);
    return true;
}

struct view *
view_collect(struct cli *cli, NmbondBond *bond, GError **error)
{
    struct view *view = g_new0(struct view, 1);
    GVariant *dict = NULL;

    view->bond = g_object_ref(bond);
    cli_bound_call(cli, bond);
    if (!nmbond_bond_call_get_counters_sync(bond, &dict, NULL, error)) {
        view_free(view);
        return NULL;
    }
    read_counters(dict, &view->counters);
    if (!collect_ports(cli, view, error) || !collect_events(cli, view, error)) {
        view_free(view);
        return NULL;
    }
    return view;
}

const char *
view_option(const struct view *view, const char *name)
{
    GVariant *options = nmbond_bond_get_options(view->bond);
    const char *value = NULL;

    if (options == NULL || !g_variant_lookup(options, name, "&s", &value))
        return "";
    return value;
}

bool
view_uses_active_port(const struct view *view)
{
    for (uint32_t mode = 0; mode < BOND_N_MODES; mode++) {
        if (g_strcmp0(bond_mode_name((enum bond_mode) mode), nmbond_bond_get_mode(view->bond)) == 0)
            return bond_mode_uses_primary(mode);
    }
    return false;
}

bool
view_port_is_member(const struct view_port *port)
{
    const char *state = nmbond_port_get_state(port->port);

    return g_strcmp0(state, "draining") != 0 && g_strcmp0(state, "lingering") != 0;
}

bool
view_port_is_usable(const struct view_port *port)
{
    const char *state = nmbond_port_get_state(port->port);

    return g_strcmp0(state, "active") == 0 || g_strcmp0(state, "backup") == 0;
}

static void
count_ports(const struct view *view, guint *members, guint *usable)
{
    *members = *usable = 0;
    for (guint i = 0; i < view->ports->len; i++) {
        const struct view_port *port = view->ports->pdata[i];

        *members += view_port_is_member(port) ? 1 : 0;
        *usable += view_port_is_usable(port) ? 1 : 0;
    }
}

enum view_health
view_health(const struct view *view)
{
    guint members, usable;

    count_ports(view, &members, &usable);
    if (!nmbond_bond_get_up(view->bond) || !nmbond_bond_get_carrier(view->bond) || usable == 0)
        return VIEW_DOWN;
    return usable < members || members < 2 ? VIEW_DEGRADED : VIEW_OK;
}

const char *
view_health_word(enum view_health health)
{
    switch (health) {
    case VIEW_OK:
        return "ok";
    case VIEW_DEGRADED:
        return "degraded";
    case VIEW_DOWN:
        return "down";
    }
    return "down";
}

static char *
port_problem(const struct view_port *port)
{
    const char *name = nmbond_port_get_name(port->port);
    const char *link = nmbond_port_get_link_state(port->port);
    gint64 change_us = (gint64) nmbond_port_get_last_change(port->port);
    g_autofree char *since = NULL;
    g_autofree char *age = NULL;

    if (!nmbond_port_get_carrier(port->port) && change_us > 0) {
        since = cli_format_time(change_us, false);
        age = cli_format_age(change_us);
        return g_strdup_printf(_("%s has had no carrier since %s (for %s)."), name, since, age);
    }
    if (!nmbond_port_get_carrier(port->port))
        return g_strdup_printf(_("%s has no carrier."), name);
    if (g_strcmp0(link, "going back") == 0)
        return g_strdup_printf(_("%s has its carrier back, and waits for updelay to pass."), name);
    return g_strdup_printf(_("%s is switched off or not usable yet."), name);
}

char *
view_summary(const struct view *view, GPtrArray *problems)
{
    const char *name = nmbond_bond_get_name(view->bond);
    guint members, usable;

    count_ports(view, &members, &usable);
    for (guint i = 0; problems != NULL && i < view->ports->len; i++) {
        const struct view_port *port = view->ports->pdata[i];

        if (view_port_is_member(port) && !view_port_is_usable(port))
            g_ptr_array_add(problems, port_problem(port));
    }
    if (!nmbond_bond_get_up(view->bond))
        return g_strdup_printf(_("%s is switched off: nothing is sent or received."), name);
    if (members == 0)
        return g_strdup_printf(_("%s has no ports: nothing is sent or received."), name);
    if (!nmbond_bond_get_carrier(view->bond) || usable == 0)
        return g_strdup_printf(_("%s is DOWN: %u of %u ports are usable."), name, usable, members);
    if (usable < members)
        return g_strdup_printf(_("%s works, but is degraded: %u of %u ports are usable."), name,
                               usable, members);
    if (members == 1)
        return g_strdup_printf(_("%s works, with one port only."), name);
    return g_strdup_printf(_("%s works: all %u ports are usable."), name, members);
}
