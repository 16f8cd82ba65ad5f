/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lacp_proc.c - the 802.3ad lines of /proc/net/bonding/<bond>, in the kernel's order and words
 * (bond_info_show_master(), bond_info_show_slave()). Shows; decides nothing.
 */
#include "core/lacp_internal.h"
#include "core/text.h"

static void
show_mac(struct bond_text *t, const char *what, const uint8_t m[BOND_MAC_LEN])
{
    bond_text_add(t, "%s: %02x:%02x:%02x:%02x:%02x:%02x\n", what, m[0], m[1], m[2], m[3], m[4],
                  m[5]);
}

static void
show_active_agg(struct bond_text *t, const struct bond *b)
{
    int agg = b->lacp.active_agg;

    if (agg == BOND_NO_PORT) {
        bond_text_add(t, "bond %s has no active aggregator\n", b->name);
        return;
    }
    bond_text_add(t, "Active Aggregator Info:\n");
    bond_text_add(t, "\tAggregator ID: %u\n", b->port[agg].agg.id);
    bond_text_add(t, "\tNumber of ports: %u\n", bond_lacp_agg_active_ports(b, agg));
    bond_text_add(t, "\tActor Key: %u\n", b->port[agg].agg.key);
    bond_text_add(t, "\tPartner Key: %u\n", b->port[agg].agg.partner_key);
    show_mac(t, "\tPartner Mac Address", b->port[agg].agg.partner_system);
}

void
bond_lacp_show(struct bond_text *t, const struct bond *b)
{
    uint32_t select = bond_opt_num(b, BOND_OPT_AD_SELECT);
    const char *policy = bond_opt_value_name(BOND_OPT_AD_SELECT, select);

    if (!bond_is_lacp(b))
        return;
    bond_text_add(t, "\n802.3ad info\n");
    bond_text_add(t, "LACP active: %s\n", bond_opt_num(b, BOND_OPT_LACP_ACTIVE) ? "on" : "off");
    bond_text_add(t, "LACP rate: %s\n", bond_opt_num(b, BOND_OPT_LACP_RATE) ? "fast" : "slow");
    bond_text_add(t, "Min links: %u\n", bond_opt_num(b, BOND_OPT_MIN_LINKS));
    bond_text_add(t, "Aggregator selection policy (ad_select): %s\n", policy ? policy : "unknown");
    bond_text_add(t, "System priority: %u\n", bond_opt_num(b, BOND_OPT_AD_ACTOR_SYS_PRIO));
    show_mac(t, "System MAC address", b->lacp.system);
    show_active_agg(t, b);
}

static void
show_end(struct bond_text *t, const char *key_name, const struct bond_lacp_info *end)
{
    bond_text_add(t, "    system priority: %u\n", end->system_prio);
    show_mac(t, "    system mac address", end->system);
    bond_text_add(t, "    %s: %u\n", key_name, end->key);
    bond_text_add(t, "    port priority: %u\n", end->port_prio);
    bond_text_add(t, "    port number: %u\n", end->port);
    bond_text_add(t, "    port state: %u\n", end->state);
}

void
bond_lacp_show_port(struct bond_text *t, const struct bond *b, int slot)
{
    const struct bond_lacp_port *p = &b->port[slot].lacp;
    struct bond_lacp_info actor = bond_lacp_actor(b, slot);

    if (!bond_is_lacp(b))
        return;
    if (p->agg == BOND_LACP_NO_AGG) {
        bond_text_add(t, "Aggregator ID: N/A\n");
        return;
    }
    bond_text_add(t, "Aggregator ID: %u\n", b->port[p->agg].agg.id);
    bond_text_add(t, "Actor Churn State: %s\n",
                  bond_lacp_churn_name((enum bond_lacp_churn) p->churn_actor));
    bond_text_add(t, "Partner Churn State: %s\n",
                  bond_lacp_churn_name((enum bond_lacp_churn) p->churn_partner));
    bond_text_add(t, "Actor Churned Count: %u\n", p->churn_actor_count);
    bond_text_add(t, "Partner Churned Count: %u\n", p->churn_partner_count);
    bond_text_add(t, "details actor lacp pdu:\n");
    show_end(t, "port key", &actor);
    bond_text_add(t, "details partner lacp pdu:\n");
    show_end(t, "oper key", &p->partner);
}
