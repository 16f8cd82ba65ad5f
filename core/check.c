/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * check.c - the invariants that every step leaves true. Changes nothing; names the first one that
 * is broken.
 */
#include "core/bfdmon.h"
#include "core/lacp_internal.h"

/* The ARP monitor judges its link. */
static const char *
check_monitored(const struct bond *b, int slot)
{
    const struct bond_port *p = &b->port[slot];

    if (p->delay_until_ns != BOND_NEVER)
        return "a port's delay does not fit its link";
    if (p->link != BOND_LINK_DOWN && !bond_port_is_up(p))
        return "a port without carrier is not down";
    if (p->inactive != bond_inactive_rule(b, slot))
        return "a port is wrongly (in)active";
    if (bond_mode(b) != BOND_MODE_ACTIVE_BACKUP && p->link != BOND_LINK_UP &&
        p->link != BOND_LINK_DOWN)
        return "a port is tried in a mode where all ask";
    return slot == b->arp_port && p->link != BOND_LINK_BACK && p->link != BOND_LINK_DOWN
               ? "the port that is tried is not going back"
               : NULL;
}

static const char *
check_port(const struct bond *b, int slot)
{
    const struct bond_port *p = &b->port[slot];
    bool waits = p->delay_until_ns != BOND_NEVER;

    if (!bond_name_valid(p->name) || p->ifindex <= 0)
        return "a port has no valid name or ifindex";
    if (!bond_mac_valid(p->perm_mac))
        return "a port has no address of its own to get back";
    if (p->attach_seq >= b->next_attach_seq)
        return "a port came later than the next one will";
    if (p->link > BOND_LINK_BACK || p->phase > BOND_PHASE_LINGERING)
        return "a port's link or phase is out of range";
    if ((p->duplex == BOND_DUPLEX_UNKNOWN) != (p->speed_mbps == BOND_SPEED_UNKNOWN))
        return "only one of speed and duplex of a port is known";
    if (p->overtaken_until_ns != 0 && (!p->inactive || !bond_port_is_up(p)))
        return "a port is overtaken but active or without link";
    if (p->phase == BOND_PHASE_MEMBER) {
        if (bond_arpmon_on(b))
            return check_monitored(b, slot);
        if (waits != (p->link == BOND_LINK_FAIL || p->link == BOND_LINK_BACK))
            return "a port's delay does not fit its link";
        if ((p->link == BOND_LINK_UP || p->link == BOND_LINK_BACK) !=
            (bond_port_is_up(p) && !p->bfd.silent))
            return "a port's link does not follow from its carrier and its peer";
        if (p->inactive != bond_inactive_rule(b, slot))
            return "a port is wrongly (in)active";
        return NULL;
    }
    if (p->inactive || (p->link != BOND_LINK_UP && p->link != BOND_LINK_DOWN))
        return "a leaving port is inactive or waits for its link";
    if (waits != (p->phase == BOND_PHASE_DRAINING))
        return "a leaving port's deadline does not fit its phase";
    return NULL;
}

static const char *
check_pair(const struct bond_port *p, const struct bond_port *q)
{
    if (p->phase == BOND_PHASE_FREE || q->phase == BOND_PHASE_FREE)
        return NULL;
    if (p->ifindex == q->ifindex)
        return "two ports have the same ifindex";
    if (p->attach_seq == q->attach_seq)
        return "two ports came at the same time";
    if (p->phase != BOND_PHASE_MEMBER || q->phase != BOND_PHASE_MEMBER)
        return NULL;
    if (strcmp(p->name, q->name) == 0)
        return "two ports have the same name";
    if (p->queue_id != 0 && p->queue_id == q->queue_id)
        return "two ports have the same queue_id";
    return NULL;
}

static const char *
check_ports(const struct bond *b)
{
    static const struct bond_port empty;
    const char *broken = NULL;

    if (b->next_attach_seq > INT64_MAX)
        return "more ports have come than can be counted";
    for (int i = 0; i < (int) BOND_MAX_PORTS && !broken; i++) {
        if (b->port[i].phase != BOND_PHASE_FREE)
            broken = check_port(b, i);
        else if (memcmp(&b->port[i], &empty, sizeof(empty)) != 0)
            broken = "a free slot is not empty";
        for (int j = 0; j < i && !broken; j++)
            broken = check_pair(&b->port[i], &b->port[j]);
    }
    return broken;
}

static const char *
check_active(const struct bond *b)
{
    const struct bond_port *p;

    if (b->active == BOND_NO_PORT)
        return bond_n_up(b) > 0 ? "a port is up but none is active" : NULL;
    if (!bond_slot_is_member(b, b->active))
        return "the active port is no port of the bond";
    p = &b->port[b->active];
    if (p->link != BOND_LINK_UP && p->link != BOND_LINK_FAIL)
        return "the active port is not usable";
    return NULL;
}

/* A BACK port must not be waited for while nothing else carries traffic. */
static const char *
check_carrier(const struct bond *b)
{
    bool failing = bond_mode(b) == BOND_MODE_ACTIVE_BACKUP && b->active != BOND_NO_PORT;

    if (b->carrier != bond_carrier_rule(b))
        return "the carrier does not follow from the ports";
    if (!bond_arpmon_on(b) && bond_n_up(b) == 0 && !failing &&
        bond_best_port(b, BOND_LINK_BACK) != BOND_NO_PORT)
        return "updelay is waited for although nothing is usable";
    return NULL;
}

static const char *
check_mac(const struct bond *b)
{
    if (b->mac_from_first_port && !b->mac_is_set)
        return "the bond's address is from a port but not set";
    if (bond_n_members(b) > 0 && (!b->mac_is_set || !bond_mac_valid(b->mac)))
        return "the bond has ports but no address";
    return NULL;
}

static const char *
check_arpmon(const struct bond *b)
{
    bool tries = b->arp_port != BOND_NO_PORT, on = bond_arpmon_on(b);

    if (tries && (!on || bond_mode(b) != BOND_MODE_ACTIVE_BACKUP || b->active != BOND_NO_PORT ||
                  !bond_slot_is_member(b, b->arp_port)))
        return "a port is tried without need";
    return (on && b->admin_up) != (b->arp_at_ns != BOND_NEVER)
               ? "the ARP monitor and its deadline disagree"
               : NULL;
}

static const char *
check_rows(const struct bond *b)
{
    if ((b->notify_at_ns != BOND_NEVER) != (b->notify_left > 0 && b->carrier))
        return "announcements and their deadline disagree";
    if ((b->igmp_at_ns != BOND_NEVER) != (b->igmp_left > 0 && b->carrier))
        return "membership reports and their deadline disagree";
    if (!b->admin_up && (b->notify_left > 0 || b->igmp_left > 0 || b->poll_at_ns != BOND_NEVER))
        return "a bond that is down wants to send or look";
    if (b->notify_left > bond_opt_num(b, BOND_OPT_NUM_GRAT_ARP) ||
        b->igmp_left > bond_opt_num(b, BOND_OPT_RESEND_IGMP))
        return "more is to be sent than the options say";
    if (b->admin_up && bond_n_members(b) > 0 && bond_opt_num(b, BOND_OPT_MIIMON) > 0 &&
        b->poll_at_ns == BOND_NEVER)
        return "nobody looks at the ports";
    return NULL;
}

static const char *
check_client(const struct bond *b, const struct bond_client *c)
{
    static const struct bond_client nobody;

    if (!c->assigned)
        return memcmp(c, &nobody, sizeof(nobody)) != 0 ? "no client, but his place is taken" : NULL;
    if ((c->left > 0) != (c->at_ns != BOND_NEVER))
        return "updates of a client and their deadline disagree";
    if (!bond_port_can_tx(b, c->slot))
        return "a client has no port that can receive";
    if (c->left > 0 && !bond_mac_valid(c->mac))
        return "a client without an address is to be told something";
    return NULL;
}

static const char *
check_lb(const struct bond *b)
{
    bool runs = b->admin_up && bond_is_lb(b) && bond_n_members(b) > 0;
    const char *broken = NULL;

    for (uint32_t i = 0; i < BOND_CLIENTS && !broken; i++)
        broken = check_client(b, &b->client[i]);
    if (broken)
        return broken;
    if (!runs && (b->tlb_at_ns != BOND_NEVER || b->learn_at_ns != BOND_NEVER))
        return "what is not balanced by load wants to be balanced again";
    if ((b->tlb_at_ns == BOND_NEVER) != (b->learn_at_ns == BOND_NEVER))
        return "of rebalancing and learning packets only one runs";
    if (b->promisc_until_ns != BOND_NEVER &&
        (bond_mode(b) != BOND_MODE_BALANCE_ALB || b->active == BOND_NO_PORT))
        return "nobody needs a promiscuous port";
    if (b->client_last != BOND_NO_PORT && !bond_port_can_tx(b, b->client_last))
        return "the port that was last given to a client is not usable";
    return NULL;
}

static const char *
check_buckets(const struct bond *b)
{
    bool some = false;

    for (int i = 0; i < (int) BOND_MAX_PORTS; i++)
        some |= bond_port_can_tx(b, i);
    if ((b->balance_at_ns != BOND_NEVER) != (bond_is_resilient(b) && some))
        return "buckets and their deadline disagree";
    for (uint32_t i = 0; i < BOND_BUCKETS; i++) {
        if (b->bucket[i] > BOND_MAX_PORTS)
            return "a bucket is out of range";
        if ((b->bucket[i] < BOND_MAX_PORTS) != (bond_is_resilient(b) && some))
            return "there are buckets without a port, or ports that need no buckets";
        if (b->bucket[i] < BOND_MAX_PORTS && !bond_port_can_tx(b, b->bucket[i]))
            return "the port of a bucket cannot send";
    }
    return NULL;
}

static const char *
check_table(const struct bond *b)
{
    struct bond_table t;

    bond_table_build(b, &t);
    if (t.n_tx > BOND_MAX_PORTS || t.n_ports > BOND_MAX_PORTS || t.igmp_slot > BOND_MAX_PORTS)
        return "the table is out of range";
    for (uint32_t i = 0; i < t.n_tx; i++)
        if (!bond_port_can_tx(b, t.tx[i]) && t.tx[i] != b->active)
            return "the table sends through a port that cannot send";
    if (t.n_tx == 0 && bond_n_up(b) > 0 && !bond_is_lacp(b))
        return "a port is up but the table is empty";
    return NULL;
}

const char *
bond_check(const struct bond *b)
{
    static const char *(*const checks[])(const struct bond *) = {
        check_active, check_ports,   bond_lacp_check, check_carrier,  check_mac,   check_rows,
        check_lb,     check_buckets, check_arpmon,    bond_bfd_check, check_table,
    };
    const char *broken = NULL;

    if (!bond_options_valid(&b->opt) || !bond_name_valid(b->name))
        return "the options or the name are out of range";
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]) && !broken; i++)
        broken = checks[i](b);
    return broken;
}
