/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dbus_lacp.c - shows what core knows of 802.3ad. Nothing that moves with every LACPDU is in it
 * (timers, counts of frames): a property that changes is a signal.
 */
#include "daemon/dbus_lacp.h"

static void
add_u(GVariantBuilder *d, const char *key, guint32 value)
{
    g_variant_builder_add(d, "{sv}", key, g_variant_new_uint32(value));
}

static void
add_b(GVariantBuilder *d, const char *key, bool value)
{
    g_variant_builder_add(d, "{sv}", key, g_variant_new_boolean(value));
}

static void
add_s(GVariantBuilder *d, const char *key, const char *value)
{
    g_variant_builder_add(d, "{sv}", key, g_variant_new_string(value));
}

static void
add_mac(GVariantBuilder *d, const char *key, const uint8_t m[BOND_MAC_LEN])
{
    g_variant_builder_add(
        d, "{sv}", key,
        g_variant_new_printf("%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]));
}

static bool
is_lacp(const struct bond *b)
{
    return b->opt.num[BOND_OPT_MODE] == BOND_MODE_8023AD;
}

GVariant *
bondd_dbus_lacp_bond(const struct bond *b)
{
    GVariantBuilder d;
    int agg = b->lacp.active_agg;

    g_variant_builder_init(&d, G_VARIANT_TYPE_VARDICT);
    if (is_lacp(b)) {
        add_u(&d, "system-priority", b->opt.num[BOND_OPT_AD_ACTOR_SYS_PRIO]);
        add_mac(&d, "system", b->lacp.system);
    }
    if (is_lacp(b) && agg != BOND_NO_PORT) {
        add_u(&d, "aggregator", b->port[agg].agg.id);
        add_u(&d, "ports", bond_lacp_agg_active_ports(b, agg));
        add_u(&d, "actor-key", b->port[agg].agg.key);
        add_u(&d, "partner-key", b->port[agg].agg.partner_key);
        add_mac(&d, "partner-system", b->port[agg].agg.partner_system);
    }
    return g_variant_builder_end(&d);
}

static GVariant *
end_of(const struct bond_lacp_info *info)
{
    GVariantBuilder d;

    g_variant_builder_init(&d, G_VARIANT_TYPE_VARDICT);
    add_u(&d, "system-priority", info->system_prio);
    add_mac(&d, "system", info->system);
    add_u(&d, "key", info->key);
    add_u(&d, "port-priority", info->port_prio);
    add_u(&d, "port", info->port);
    add_u(&d, "state", info->state);
    return g_variant_builder_end(&d);
}

static void
add_churn(GVariantBuilder *d, const char *key, const char *count_key, uint8_t state, uint32_t count)
{
    add_s(d, key, bond_lacp_churn_name((enum bond_lacp_churn) state));
    add_u(d, count_key, count);
}

GVariant *
bondd_dbus_lacp_port(const struct bond *b, int slot)
{
    const struct bond_lacp_port *p = &b->port[slot].lacp;
    struct bond_lacp_info actor = bond_lacp_actor(b, slot);
    GVariantBuilder d;

    g_variant_builder_init(&d, G_VARIANT_TYPE_VARDICT);
    if (is_lacp(b) && bond_slot_is_member(b, slot)) {
        if (p->agg != BOND_LACP_NO_AGG) {
            add_u(&d, "aggregator", b->port[p->agg].agg.id);
            add_b(&d, "aggregator-is-active", (int) p->agg == b->lacp.active_agg);
        }
        add_s(&d, "receive-state", bond_lacp_rx_name((enum bond_lacp_rx) p->rx));
        add_s(&d, "mux-state", bond_lacp_mux_name((enum bond_lacp_mux) p->mux));
        add_b(&d, "looped", p->looped);
        add_churn(&d, "actor-churn", "actor-churned", p->churn_actor, p->churn_actor_count);
        add_churn(&d, "partner-churn", "partner-churned", p->churn_partner, p->churn_partner_count);
        g_variant_builder_add(&d, "{sv}", "actor", end_of(&actor));
        g_variant_builder_add(&d, "{sv}", "partner", end_of(&p->partner));
    }
    return g_variant_builder_end(&d);
}
