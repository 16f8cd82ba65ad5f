/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * status-lacp.c - 802.3ad in the forms of `status`: the aggregator in use, and how far each port is
 * with its partner. Values come from D-Bus as they are.
 */
#include "status-lacp.h"

#include <string.h>

#define NOBODY "00:00:00:00:00:00"

static bool
is_empty(GVariant *lacp)
{
    return lacp == NULL || g_variant_n_children(lacp) == 0;
}

char *
status_lacp_summary(const struct view *view)
{
    GVariant *lacp = nmbond_bond_get_lacp(view->bond);
    guint32 id, ports;
    const char *partner;

    if (is_empty(lacp))
        return NULL;
    if (!g_variant_lookup(lacp, "aggregator", "u", &id) ||
        !g_variant_lookup(lacp, "ports", "u", &ports) ||
        !g_variant_lookup(lacp, "partner-system", "&s", &partner))
        return g_strdup(_("none"));
    if (strcmp(partner, NOBODY) == 0)
        return g_strdup_printf(_("%u, without an LACP partner"), id);
    return g_strdup_printf(ngettext("%u: %u port, partner %s", "%u: %u ports, partner %s", ports),
                           id, ports, partner);
}

char *
status_lacp_port(const struct view_port *port)
{
    GVariant *lacp = nmbond_port_get_lacp(port->port);
    g_autoptr(GVariant) actor = NULL;
    g_autoptr(GVariant) partner = NULL;
    const char *mux, *receive, *system;
    guint32 id, state, partner_state;

    if (is_empty(lacp) || !g_variant_lookup(lacp, "aggregator", "u", &id) ||
        !g_variant_lookup(lacp, "mux-state", "&s", &mux) ||
        !g_variant_lookup(lacp, "receive-state", "&s", &receive) ||
        !g_variant_lookup(lacp, "actor", "@a{sv}", &actor) ||
        !g_variant_lookup(lacp, "partner", "@a{sv}", &partner) ||
        !g_variant_lookup(actor, "state", "u", &state) ||
        !g_variant_lookup(partner, "state", "u", &partner_state) ||
        !g_variant_lookup(partner, "system", "&s", &system))
        return NULL;
    if (strcmp(system, NOBODY) == 0)
        return g_strdup_printf(_("%s: aggregator %u, %s, no partner"),
                               nmbond_port_get_name(port->port), id, mux);
    /* the numbers are those of /proc */
    return g_strdup_printf(_("%s: aggregator %u, %s, state %u, partner %s (%s), state %u"),
                           nmbond_port_get_name(port->port), id, mux, state, system, receive,
                           partner_state);
}

/* ---- JSON ---- */

static void json_dict(struct json *json, const char *key, GVariant *dict);

static void
json_value(struct json *json, const char *key, GVariant *value)
{
    g_autofree char *name = g_strdelimit(g_strdup(key), "-", '_');

    if (g_variant_is_of_type(value, G_VARIANT_TYPE_UINT32))
        json_count(json, name, g_variant_get_uint32(value));
    else if (g_variant_is_of_type(value, G_VARIANT_TYPE_BOOLEAN))
        json_bool(json, name, g_variant_get_boolean(value));
    else if (g_variant_is_of_type(value, G_VARIANT_TYPE_STRING))
        json_string(json, name, g_variant_get_string(value, NULL));
    else if (g_variant_is_of_type(value, G_VARIANT_TYPE_VARDICT))
        json_dict(json, name, value);
}

static void
json_dict(struct json *json, const char *key, GVariant *dict)
{
    GVariantIter iter;
    const char *name;
    GVariant *value;

    json_open(json, key, '{');
    g_variant_iter_init(&iter, dict);
    while (g_variant_iter_loop(&iter, "{&sv}", &name, &value))
        json_value(json, name, value);
    json_close(json, '}');
}

static void
json_lacp(struct json *json, GVariant *lacp)
{
    if (is_empty(lacp))
        json_string(json, "lacp", NULL);
    else
        json_dict(json, "lacp", lacp);
}

void
status_lacp_json_bond(struct json *json, NmbondBond *bond)
{
    json_lacp(json, nmbond_bond_get_lacp(bond));
}

void
status_lacp_json_port(struct json *json, NmbondPort *port)
{
    json_count(json, "actor_port_priority", nmbond_port_get_actor_port_priority(port));
    json_lacp(json, nmbond_port_get_lacp(port));
}
