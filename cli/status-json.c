/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * status-json.c - `status --json`, version 1; docs/status.md and docs/status-1.schema.json say
 * what is in it.
 *
 * Keys are only ever added within a version. Units are in the names. Never translated.
 */
#include "json.h"
#include "status-lacp.h"
#include "view.h"

#include "core/options.h"

#include <string.h>

#define STATUS_VERSION 1

static const char *
or_null(const char *text)
{
    return text != NULL && text[0] != '\0' ? text : NULL;
}

static const char *
known_duplex(const char *duplex)
{
    return g_strcmp0(duplex, "unknown") != 0 ? or_null(duplex) : NULL;
}

static void
print_list(struct json *json, const char *key, const char *text)
{
    g_auto(GStrv) items = g_strsplit(text, ",", -1);

    json_open(json, key, '[');
    for (guint i = 0; items[i] != NULL; i++) {
        if (items[i][0] != '\0')
            json_string(json, NULL, items[i]);
    }
    json_close(json, ']');
}

/* By the option's type, so that a value has one JSON type whatever it is at the moment. */
static void
print_option(struct json *json, const char *name, const char *value)
{
    const struct bond_opt_desc *desc = bond_opt_by_name(name);
    gint64 number;

    if (desc != NULL && (desc->type == BOND_OPT_T_IP4_LIST || desc->type == BOND_OPT_T_IP6_LIST))
        print_list(json, name, value);
    else if (desc != NULL && (desc->type == BOND_OPT_T_IFNAME || desc->type == BOND_OPT_T_MAC))
        json_string(json, name, or_null(value));
    else if (g_ascii_string_to_signed(value, 10, G_MININT64, G_MAXINT64, &number, NULL))
        json_number(json, name, number);
    else
        json_string(json, name, value);
}

static void
print_options(struct json *json, const struct view *view)
{
    GVariant *options = nmbond_bond_get_options(view->bond);
    GVariantIter iter;
    const char *name, *value;

    json_open(json, "options", '{');
    if (options != NULL) {
        g_variant_iter_init(&iter, options);
        while (g_variant_iter_next(&iter, "{&s&s}", &name, &value))
            print_option(json, name, value);
    }
    json_close(json, '}');
}

static void
print_counters(struct json *json, const struct view_counters *counters)
{
    json_open(json, "counters", '{');
    json_count(json, "rx_packets", counters->rx_packets);
    json_count(json, "rx_bytes", counters->rx_bytes);
    json_count(json, "rx_dropped", counters->rx_dropped);
    json_count(json, "tx_packets", counters->tx_packets);
    json_count(json, "tx_bytes", counters->tx_bytes);
    json_count(json, "tx_dropped", counters->tx_dropped);
    json_close(json, '}');
}

static void
print_targets(struct json *json, NmbondPort *port)
{
    GVariant *targets = nmbond_port_get_targets(port);
    GVariantIter iter;
    const char *address;
    gboolean heard;

    json_open(json, "targets", '[');
    if (targets != NULL) {
        g_variant_iter_init(&iter, targets);
        while (g_variant_iter_next(&iter, "(&sb)", &address, &heard)) {
            json_open(json, NULL, '{');
            json_string(json, "address", address);
            json_bool(json, "heard", heard);
            json_close(json, '}');
        }
    }
    json_close(json, ']');
}

static void
print_port(struct json *json, const struct view_port *view)
{
    NmbondPort *port = view->port;

    json_open(json, NULL, '{');
    json_string(json, "name", nmbond_port_get_name(port));
    json_number(json, "ifindex", nmbond_port_get_ifindex(port));
    json_string(json, "state", nmbond_port_get_state(port));
    json_string(json, "link_state", nmbond_port_get_link_state(port));
    json_bool(json, "carrier", nmbond_port_get_carrier(port));
    json_string(json, "mac_address", nmbond_port_get_mac_address(port));
    json_string(json, "permanent_mac_address", nmbond_port_get_permanent_mac_address(port));
    if (nmbond_port_get_speed(port) > 0)
        json_count(json, "speed_mbps", nmbond_port_get_speed(port));
    else
        json_string(json, "speed_mbps", NULL);
    json_string(json, "duplex", known_duplex(nmbond_port_get_duplex(port)));
    json_count(json, "failure_count", nmbond_port_get_failure_count(port));
    json_count(json, "queue_id", nmbond_port_get_queue_id(port));
    json_number(json, "priority", nmbond_port_get_priority(port));
    status_lacp_json_port(json, port);
    print_targets(json, port);
    json_string(json, "bfd", or_null(nmbond_port_get_bfd(port)));
    json_count(json, "last_change_us", nmbond_port_get_last_change(port));
    print_counters(json, &view->counters);
    json_close(json, '}');
}

static void
print_bond(struct json *json, const struct view *view)
{
    NmbondBond *bond = view->bond;
    const char *const *warnings = nmbond_bond_get_warnings(bond);

    json_open(json, NULL, '{');
    json_string(json, "name", nmbond_bond_get_name(bond));
    json_number(json, "ifindex", nmbond_bond_get_ifindex(bond));
    json_string(json, "health", view_health_word(view_health(view)));
    json_string(json, "mode", nmbond_bond_get_mode(bond));
    json_bool(json, "up", nmbond_bond_get_up(bond));
    json_bool(json, "carrier", nmbond_bond_get_carrier(bond));
    json_string(json, "mac_address", or_null(nmbond_bond_get_mac_address(bond)));
    json_count(json, "mtu", nmbond_bond_get_mtu(bond));
    json_string(json, "active_port", or_null(nmbond_bond_get_active_port(bond)));
    json_string(json, "primary_port", or_null(nmbond_bond_get_primary_port(bond)));
    json_string(json, "datapath", nmbond_bond_get_datapath(bond));
    json_string(json, "failover", nmbond_bond_get_failover(bond));
    json_string(json, "attachment", nmbond_bond_get_attachment(bond));
    json_string(json, "receive", nmbond_bond_get_receive(bond));
    status_lacp_json_bond(json, bond);
    print_options(json, view);
    print_counters(json, &view->counters);
    json_open(json, "ports", '[');
    for (guint i = 0; i < view->ports->len; i++)
        print_port(json, view->ports->pdata[i]);
    json_close(json, ']');
    json_open(json, "warnings", '[');
    for (guint i = 0; warnings != NULL && warnings[i] != NULL; i++)
        json_string(json, NULL, warnings[i]);
    json_close(json, ']');
    json_close(json, '}');
}

static void
print_bondd(struct json *json, NmbondManager *manager)
{
    GVariant *limits = nmbond_manager_get_limits(manager);
    GVariantIter iter;
    const char *name;
    guint32 value;

    json_open(json, "bondd", '{');
    json_string(json, "version", nmbond_manager_get_version(manager));
    json_string(json, "datapath", nmbond_manager_get_datapath(manager));
    json_string(json, "datapath_reason", nmbond_manager_get_datapath_reason(manager));
    json_bool(json, "kernel_bonding", nmbond_manager_get_kernel_bonding(manager));
    json_open(json, "limits", '{');
    if (limits != NULL) {
        g_variant_iter_init(&iter, limits);
        while (g_variant_iter_next(&iter, "{&su}", &name, &value)) {
            g_autofree char *key = g_strdelimit(g_strdup(name), "-", '_');

            json_count(json, key, value);
        }
    }
    json_close(json, '}');
    json_close(json, '}');
}

int
status_print_json(struct cli *cli, GPtrArray *views)
{
    struct json json = {.pretty = true};

    json_open(&json, NULL, '{');
    json_number(&json, "version", STATUS_VERSION);
    print_bondd(&json, nmbond_client_get_manager(cli->client));
    json_open(&json, "bonds", '[');
    for (guint i = 0; i < views->len; i++)
        print_bond(&json, views->pdata[i]);
    json_close(&json, ']');
    json_close(&json, '}');
    return CLI_EXIT_OK;
}
