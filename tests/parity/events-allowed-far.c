/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * events-allowed-far.c - where the other end matters and core decides otherwise than the kernel, on
 * purpose: docs/differences.md, "ARP and NS monitor".
 */
#include <string.h>

#include "tests/parity/events-rules.h"

bool
parity_has_slept(const struct parity_sim *s, const struct parity_event *e)
{
    return s->script->family == PARITY_MONITORS && e && e->what == PARITY_BOND_UP;
}

/* A port that is tried or active no longer, or not yet, when the monitor looks at what came in:
 * with arp_validate=active or backup it counted when it came, or did not. */
static bool
is_judged_late(const struct parity_sim *s, const struct parity_event *e)
{
    const uint32_t validate = s->b.opt.num[BOND_OPT_ARP_VALIDATE] & 3;

    return s->script->mode == BOND_MODE_ACTIVE_BACKUP && (validate == 1 || validate == 2) &&
           parity_makes_it_select(e);
}

/* A port without a carrier, of which the driver does not know: it leaves one that it had tried
 * "going down", until it is heard of again. */
static bool
carrier_allowed(struct parity_sim *s, const struct parity_event *e,
                const struct parity_lines *lines, uint32_t at, const char *driver, const char *here)
{
    struct parity_device *d;

    if (strcmp(driver, "MII Status: going down") || strcmp(here, "MII Status: down"))
        return false;
    d = &s->port[parity_number_in(parity_line_before(lines, at, "Slave Interface: p"))];
    if (!d->is_parted && parity_has_slept(s, e)) /* there they all failed, and were tried */
        return d->is_parted = parity_use(RULE_SLEPT);
    if (!d->is_parted && e && is_judged_late(s, e)) /* here it was up for an interval */
        return d->is_parted = parity_use(RULE_STAMPED);
    d->is_parted = d->is_parted || !d->up || !d->carrier;
    return d->is_parted && parity_use(RULE_CARRIER);
}

/* The driver waits for answers of an active port that has no link any more. Nobody asks meanwhile,
 * so with arp_validate its backups hear nothing either, and some fail. And a port that it has made
 * the active one although another, equal one was it (RULE_EQUAL) may fail. When the bond is set up
 * again the first look finds that nobody has answered for a while, and every port fails. They all
 * count on from the driver's number. */
static bool
failure_allowed(struct parity_sim *s, const struct parity_event *e,
                const struct parity_lines *lines, uint32_t at, const char *driver, const char *here)
{
    const uint32_t port =
        (uint32_t) parity_number_in(parity_line_before(lines, at, "Slave Interface: p"));
    const int slot = bond_port_by_ifindex(&s->b, (int) port + 10);
    enum parity_rule rule;

    if (!e || slot == BOND_NO_PORT || strncmp(driver, "Link Failure Count: ", 20))
        return false;
    if (parity_number_in(driver) + 1 == parity_number_in(here) && is_judged_late(s, e)) {
        s->b.port[slot].failure_count--;
        return parity_use(RULE_STAMPED);
    }
    if (parity_number_in(driver) != parity_number_in(here) + 1)
        return false;
    if (parity_has_slept(s, e))
        rule = RULE_SLEPT;
    else if (s->script->mode != BOND_MODE_ACTIVE_BACKUP)
        return false;
    else if ((e->what == PARITY_CUT || e->what == PARITY_UNSET) && e->port != port)
        rule = RULE_STARVED;
    else if (parity_makes_it_select(e) && slot != s->b.active)
        rule = RULE_EQUAL;
    else
        return false;
    s->b.port[slot].failure_count++;
    return parity_use(rule);
}

bool
parity_monitor_line_allowed(struct parity_sim *s, const struct parity_event *e,
                            const struct parity_lines *lines, uint32_t at, const char *driver,
                            const char *here)
{
    return carrier_allowed(s, e, lines, at, driver, here) ||
           failure_allowed(s, e, lines, at, driver, here);
}

/* Something is down there that is not here. */
static bool
is_down_there(const struct parity_lines *driver, const struct parity_lines *here)
{
    for (uint32_t i = 0; i < driver->n && i < here->n; i++)
        if (!strcmp(driver->line[i], "MII Status: down") &&
            !strcmp(here->line[i], "MII Status: up"))
            return true;
    return false;
}

/* Every port is up and down in turn, also if the answers come in where nobody has asked. */
static bool
nobody_answers(const struct parity_sim *s)
{
    if (s->far.stray && s->script->mode == BOND_MODE_ACTIVE_BACKUP)
        return true;
    for (uint32_t i = 0; i < s->script->ports; i++)
        for (uint32_t k = 0; k < s->script->n_targets; k++)
            if (s->far.usable[i] && !s->far.mute[i] && !s->far.dead[k] && parity_sim_asks(s, k))
                return false;
    return true;
}

/* balance-rr sends IGMP by an active port that nobody sees: there another, after all had failed. */
static bool
sends_igmp_by_another(const struct parity_sim *s, const struct parity_event *e,
                      const struct parity_lines *driver, const struct parity_lines *here)
{
    const char *a = parity_line_of(driver, "sent by "), *b = parity_line_of(here, "sent by ");
    const size_t n = strlen(a);

    return parity_has_slept(s, e) && s->script->mode == BOND_MODE_BALANCE_RR && strlen(b) == n &&
           !strncmp(a, b, n - 1) && a[n - 1] != b[n - 1] && parity_use(RULE_SLEPT);
}

/* See mark_if_down() in events-sim.c. */
static bool
listens_in_another_way(const struct parity_sim *s, const struct parity_event *e)
{
    const uint32_t validate = s->b.opt.num[BOND_OPT_ARP_VALIDATE] & 3;
    const bool is_another_now = e && e->what == PARITY_OPTION && !strcmp(e->option, "arp_validate");

    if (s->script->mode == BOND_MODE_ACTIVE_BACKUP ||
        (validate != 1 && validate != 2 && !is_another_now))
        return false;
    for (uint32_t i = 0; i < s->script->ports; i++)
        if (s->port[i].is_parted)
            return parity_use(RULE_REOPENED);
    return false;
}

/* Where the driver takes a port for up that has no carrier any more, and nobody answers by the
 * others, the two go round by different ways. */
bool
parity_monitor_parts(const struct parity_sim *s, const struct parity_event *e,
                     const struct parity_lines *driver, const struct parity_lines *here)
{
    if (s->script->family != PARITY_MONITORS)
        return false;
    if (e && (e->what == PARITY_CUT || e->what == PARITY_UNSET) && nobody_answers(s))
        return parity_use(RULE_CARRIER);
    if (listens_in_another_way(s, e) || sends_igmp_by_another(s, e, driver, here))
        return true;
    if (s->adopted > 0 && s->script->mode == BOND_MODE_ACTIVE_BACKUP)
        return parity_use(RULE_EQUAL);
    return s->script->mode != BOND_MODE_ACTIVE_BACKUP &&
           (s->b.opt.num[BOND_OPT_ARP_VALIDATE] & 2) && is_down_there(driver, here) &&
           parity_use(RULE_BELIEVED);
}

void
parity_has_asked_by(struct parity_sim *s, const char *port, const char *instead_of)
{
    uint8_t *to = &s->far.asked[parity_number_in(port)];
    uint8_t *from = &s->far.asked[parity_number_in(instead_of)];

    *to = *from;
    *from = 0;
}

/* Frames of the bond's own IPv6 stack (memberships) go round, too. */
bool
parity_is_out_of_step(const struct parity_sim *s, struct parity_history *history,
                      const struct parity_lines *driver, const struct parity_lines *here)
{
    const char *want = parity_line_of(driver, "sent by "), *have = parity_line_of(here, "sent by ");

    if (s->script->mode != BOND_MODE_BALANCE_RR || s->b.opt.n_ns_targets == 0 ||
        !strcmp(want, have) || ++history->skew >= s->script->ports) {
        history->skew = 0;
        return false;
    }
    return true;
}

/* ---- partners ---- */

static const struct bond_port *
port_of(const struct parity_sim *s, uint32_t port)
{
    const int slot = bond_port_by_ifindex(&s->b, (int) port + 10);

    return slot == BOND_NO_PORT ? NULL : &s->b.port[slot];
}

/* The driver has used the port alone until a partner was found, and it was made anew, as one that
 * is half duplex, at that moment: nobody stops it then. */
static bool
is_left_enabled(const struct parity_sim *s, uint32_t port, bool comes_in_there)
{
    const struct bond_port *p = port_of(s, port);

    return comes_in_there && p && s->port[port].half && p->lacp.agg != s->b.lacp.active_agg;
}

/* Only if the driver's port is not to collect yet. */
static bool
comes_in_early(const struct parity_sim *s, const char *driver, const char *here)
{
    char text[64] = "comes in from";
    bool any_half = false;

    for (uint32_t i = 0; i < s->script->ports; i++) {
        const struct bond_port *p = port_of(s, i);
        const uint8_t state = p ? p->lacp.state : 0;
        const bool waits = (state & BOND_LACP_SYNC) && !(state & BOND_LACP_COLLECTING);
        const char name[] = {' ', 'p', (char) ('0' + i), 0};

        any_half = any_half || is_left_enabled(s, i, strstr(driver, name));
        strcat(text, (strstr(here, name) && !waits) || is_left_enabled(s, i, strstr(driver, name))
                         ? name
                         : " -");
    }
    if (any_half)
        return !strcmp(text, driver) && parity_use(RULE_LACP_HALF);
    return !strcmp(text, driver) && parity_use(RULE_LACP_EARLY);
}

/* Of the ports that may, here only those send whose partner collects. */
static bool
sends_to_who_collects(const struct parity_sim *s, const char *driver, const char *here)
{
    bool any_waits = false;

    for (uint32_t i = 0; i < s->script->ports; i++) {
        const struct bond_port *p = port_of(s, i);
        const bool may = p && (p->lacp.state & BOND_LACP_DISTRIBUTING);
        const bool collects = p && (p->lacp.partner.state & BOND_LACP_COLLECTING);
        const char name = (char) ('0' + i);

        any_waits = any_waits || (may && !collects);
        if ((strchr(driver, name) && !may) || (strchr(here, name) && !(may && collects)))
            return false;
    }
    return any_waits && parity_use(RULE_LACP_COLLECTS);
}

/* The same ports together, in aggregators of other numbers. */
static bool
has_other_numbers(const struct parity_lines *driver, const struct parity_lines *here)
{
    int there_of[16] = {0}, here_of[16] = {0};

    for (uint32_t i = 0; i < driver->n && i < here->n; i++) {
        const int a = parity_number_in(driver->line[i]), b = parity_number_in(here->line[i]);

        if (!strstr(driver->line[i], "Aggregator ID: "))
            continue;
        if (a <= 0 || a > 15 || b <= 0 || b > 15 || (there_of[b] && there_of[b] != a) ||
            (here_of[a] && here_of[a] != b))
            return false;
        there_of[b] = a;
        here_of[a] = b;
    }
    return parity_use(RULE_LACP_NUMBER);
}

/* A partner that hears nothing any more may have said so twice by now; and one that asks for an
 * LACPDU every 30 s may not yet have heard that it is taken for one that does not aggregate. */
static bool
has_said_other(const struct parity_sim *s, const struct parity_lines *lines, uint32_t at,
               const char *driver, const char *here)
{
    const int port = parity_number_in(parity_line_before(lines, at, "Slave Interface: p"));
    const bool is_slow = s->script->system_rate[s->far.system_of[port]][0] == 's';
    const int bits =
        (s->far.was_deaf[port] ? BOND_LACP_EXPIRED | BOND_LACP_DEFAULTED | BOND_LACP_SYNC : 0) |
        (s->far.alone[port] && is_slow
             ? BOND_LACP_SYNC | BOND_LACP_COLLECTING | BOND_LACP_DISTRIBUTING
             : 0);

    return bits && !strncmp(parity_line_before(lines, at, "details "), "details p", 9) &&
           !((parity_number_in(driver) ^ parity_number_in(here)) & ~bits) &&
           parity_use(RULE_LACP_SAID);
}

bool
parity_partner_line_allowed(const struct parity_sim *s, const struct parity_lines *driver,
                            const struct parity_lines *here, uint32_t at)
{
    const char *a = driver->line[at], *b = here->line[at], *name;

    if (s->script->family != PARITY_PARTNERS)
        return false;
    if (!strncmp(a, "sent by ", 8))
        return sends_to_who_collects(s, a + 8, b + 8);
    if (!strncmp(a, "comes in ", 9))
        return comes_in_early(s, a, b);
    name = parity_line_before(driver, at, "Slave Interface: p");
    if (!strncmp(name, "Slave Interface: p", 18) && s->far.loop[parity_number_in(name)])
        return parity_use(RULE_LACP_LOOP);
    if (strstr(a, "Aggregator ID: "))
        return has_other_numbers(driver, here);
    return !strncmp(a, "    port state: ", 16) && has_said_other(s, driver, at, a, b);
}

bool
parity_partner_gives_up(const struct parity_sim *s, const struct parity_event *e)
{
    return s->script->family == PARITY_PARTNERS && e && e->what == PARITY_FAR &&
           e->far == PARITY_FAR_DEAF && e->far_value && s->b.opt.num[BOND_OPT_LACP_RATE] &&
           parity_use(RULE_LACP_SAID);
}

/* The driver multiplies the speed of one port, which may be one without a link. */
static bool
counts_another_bandwidth(const struct parity_sim *s, const struct parity_lines *driver,
                         const struct parity_lines *here)
{
    const char *a = parity_line_of(driver, "\tAggregator ID: ");
    const char *b = parity_line_of(here, "\tAggregator ID: ");

    if (!a || !b || !strcmp(a, b) || s->b.opt.num[BOND_OPT_AD_SELECT] == BOND_AD_STABLE)
        return false;
    for (uint32_t i = 0; i < s->script->ports; i++) {
        const struct bond_port *p = port_of(s, i);

        if (p && p->lacp.agg == s->b.lacp.active_agg && !p->lacp.port_enabled)
            return parity_use(RULE_LACP_BANDWIDTH);
    }
    return false;
}

/* The last state that a partner is known to have said by that port, or -1. */
static int
said_by_partner(const struct parity_lines *lines, uint32_t port)
{
    bool is_its = false, is_partners = false;

    for (uint32_t i = 0; i < lines->n; i++) {
        if (!strncmp(lines->line[i], "Slave Interface: p", 18))
            is_its = parity_number_in(lines->line[i]) == (int) port;
        if (!strncmp(lines->line[i], "details ", 8))
            is_partners = lines->line[i][8] == 'p';
        if (is_its && is_partners && !strncmp(lines->line[i], "    port state: ", 16))
            return parity_number_in(lines->line[i]);
    }
    return -1;
}

/* A deaf partner may have taken "in sync" back, or may have had no occasion to. */
static bool
took_back_in_time(const struct parity_sim *s, const struct parity_lines *driver,
                  const struct parity_lines *here)
{
    for (uint32_t i = 0; i < s->script->ports; i++)
        if (s->far.was_deaf[i] &&
            ((said_by_partner(driver, i) ^ said_by_partner(here, i)) & BOND_LACP_SYNC))
            return parity_use(RULE_LACP_SAID);
    return false;
}

/* The driver chooses anew when a link changes or a port finds its aggregator, but not when a port
 * is detached that leaves others behind. */
static bool
keeps_a_smaller_one(const struct parity_sim *s, const struct parity_event *e,
                    const struct parity_lines *driver, const struct parity_lines *here)
{
    const char *a = parity_line_of(driver, "\tAggregator ID: ");
    const char *b = parity_line_of(here, "\tAggregator ID: ");

    return e && e->what == PARITY_DETACH && a && b && strcmp(a, b) &&
           s->b.opt.num[BOND_OPT_AD_SELECT] != BOND_AD_STABLE && parity_use(RULE_LACP_SHRUNK);
}

bool
parity_partner_parts(const struct parity_sim *s, const struct parity_event *e,
                     const struct parity_lines *driver, const struct parity_lines *here)
{
    if (s->script->family != PARITY_PARTNERS)
        return false;
    for (uint32_t i = 0; i < s->script->ports; i++)
        if (s->far.loop[i])
            return parity_use(RULE_LACP_LOOP);
    return took_back_in_time(s, driver, here) || counts_another_bandwidth(s, driver, here) ||
           keeps_a_smaller_one(s, e, driver, here);
}
