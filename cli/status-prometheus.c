/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * status-prometheus.c - `status --prometheus`: the state and bondd's exact counters in Prometheus'
 * text format, for node_exporter's textfile collector or whatever serves it.
 *
 * Names and labels are only ever added; docs/status.md lists them. Never translated. A metric's
 * rows stand together, as the format demands: so each table here is printed metric by metric.
 */
#include "view.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct metric {
    const char *name, *type, *help;
};

static void
print_head(const struct metric *m)
{
    printf("# HELP %s %s\n# TYPE %s %s\n", m->name, m->help, m->name, m->type);
}

/* Backslash, quote and newline; an interface's name may have the first two. */
static void
print_label(const char *name, const char *value, const char *end)
{
    printf("%s=\"", name);
    for (; value != NULL && *value != '\0'; value++) {
        if (*value == '\\' || *value == '"')
            putchar('\\');
        if (*value == '\n')
            fputs("\\n", stdout);
        else
            putchar(*value);
    }
    printf("\"%s", end);
}

/* `port` NULL: of the bond. */
static void
print_row(const struct metric *m, const struct view *view, const struct view_port *port,
          guint64 value)
{
    printf("%s{", m->name);
    print_label("bond", nmbond_bond_get_name(view->bond), port != NULL ? "," : "");
    if (port != NULL)
        print_label("port", nmbond_port_get_name(port->port), "");
    printf("} %" G_GUINT64_FORMAT "\n", value);
}

/* Counters: the same of the bond and of each port ------------------------------------------- */

static const struct counter {
    const char *name, *help;
    size_t offset;
} counters[] = {
    {"receive_packets", "packets received", offsetof(struct view_counters, rx_packets)},
    {"receive_bytes", "bytes received", offsetof(struct view_counters, rx_bytes)},
    {"receive_drop", "packets that came in on an inactive port and were dropped",
     offsetof(struct view_counters, rx_dropped)},
    {"transmit_packets", "packets sent", offsetof(struct view_counters, tx_packets)},
    {"transmit_bytes", "bytes sent", offsetof(struct view_counters, tx_bytes)},
    {"transmit_drop", "packets that could not be sent", offsetof(struct view_counters, tx_dropped)},
};

static guint64
counter_of(const struct view_counters *all, const struct counter *c)
{
    guint64 value;

    memcpy(&value, (const char *) all + c->offset, sizeof(value));
    return value;
}

static void
print_counter(GPtrArray *views, const struct counter *c, bool of_ports)
{
    g_autofree char *name = g_strdup_printf("nmbond_%s%s_total", of_ports ? "port_" : "", c->name);
    g_autofree char *help =
        g_strdup_printf("%s: %s.", of_ports ? "Port of a bond" : "Bond", c->help);
    const struct metric m = {name, "counter", help};

    print_head(&m);
    for (guint i = 0; i < views->len; i++) {
        const struct view *view = views->pdata[i];

        if (!of_ports)
            print_row(&m, view, NULL, counter_of(&view->counters, c));
        for (guint j = 0; of_ports && j < view->ports->len; j++) {
            const struct view_port *port = view->ports->pdata[j];

            print_row(&m, view, port, counter_of(&port->counters, c));
        }
    }
}

/* State --------------------------------------------------------------------------------------- */

static guint64
bond_up(const struct view *view)
{
    return nmbond_bond_get_up(view->bond);
}

static guint64
bond_carrier(const struct view *view)
{
    return nmbond_bond_get_carrier(view->bond);
}

static guint64
count_ports(const struct view *view, bool (*counts)(const struct view_port *port))
{
    guint64 n = 0;

    for (guint i = 0; i < view->ports->len; i++)
        n += counts(view->ports->pdata[i]);
    return n;
}

static guint64
bond_ports(const struct view *view)
{
    return count_ports(view, view_port_is_member);
}

static guint64
bond_usable_ports(const struct view *view)
{
    return count_ports(view, view_port_is_usable);
}

static const struct {
    struct metric metric;
    guint64 (*value)(const struct view *view);
} of_bonds[] = {
    {{"nmbond_up", "gauge", "Bond: switched on."}, bond_up},
    {{"nmbond_carrier", "gauge", "Bond: has a carrier."}, bond_carrier},
    {{"nmbond_ports", "gauge", "Bond: ports."}, bond_ports},
    {{"nmbond_usable_ports", "gauge", "Bond: ports that can carry traffic."}, bond_usable_ports},
};

static guint64
port_carrier(const struct view_port *port)
{
    return nmbond_port_get_carrier(port->port);
}

static guint64
port_usable(const struct view_port *port)
{
    return view_port_is_usable(port);
}

static guint64
port_active(const struct view_port *port)
{
    return g_strcmp0(nmbond_port_get_state(port->port), "active") == 0;
}

static guint64
port_failures(const struct view_port *port)
{
    return nmbond_port_get_failure_count(port->port);
}

static const struct {
    struct metric metric;
    guint64 (*value)(const struct view_port *port);
} of_ports[] = {
    {{"nmbond_port_carrier", "gauge", "Port of a bond: has a carrier."}, port_carrier},
    {{"nmbond_port_usable", "gauge", "Port of a bond: can carry traffic."}, port_usable},
    {{"nmbond_port_active", "gauge", "Port of a bond: in use."}, port_active},
    {{"nmbond_port_link_failures_total", "counter", "Port of a bond: how often its link was lost."},
     port_failures},
};

static void
print_info(GPtrArray *views)
{
    static const struct metric m = {"nmbond_info", "gauge", "Bond: what it is and how it works."};

    print_head(&m);
    for (guint i = 0; i < views->len; i++) {
        const struct view *view = views->pdata[i];

        printf("%s{", m.name);
        print_label("bond", nmbond_bond_get_name(view->bond), ",");
        print_label("mode", nmbond_bond_get_mode(view->bond), ",");
        print_label("health", view_health_word(view_health(view)), ",");
        print_label("datapath", nmbond_bond_get_datapath(view->bond), ",");
        print_label("attachment", nmbond_bond_get_attachment(view->bond), ",");
        print_label("receive", nmbond_bond_get_receive(view->bond), ",");
        print_label("failover", nmbond_bond_get_failover(view->bond), "");
        puts("} 1");
    }
}

void
status_print_prometheus(GPtrArray *views)
{
    print_info(views);
    for (guint k = 0; k < G_N_ELEMENTS(of_bonds); k++) {
        print_head(&of_bonds[k].metric);
        for (guint i = 0; i < views->len; i++)
            print_row(&of_bonds[k].metric, views->pdata[i], NULL,
                      of_bonds[k].value(views->pdata[i]));
    }
    for (guint k = 0; k < G_N_ELEMENTS(of_ports); k++) {
        print_head(&of_ports[k].metric);
        for (guint i = 0; i < views->len; i++) {
            const struct view *view = views->pdata[i];

            for (guint j = 0; j < view->ports->len; j++)
                print_row(&of_ports[k].metric, view, view->ports->pdata[j],
                          of_ports[k].value(view->ports->pdata[j]));
        }
    }
    for (guint k = 0; k < G_N_ELEMENTS(counters); k++) {
        print_counter(views, &counters[k], false);
        print_counter(views, &counters[k], true);
    }
}
