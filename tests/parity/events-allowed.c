/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * events-allowed.c - the rules, each with its reason; docs/differences.md has them for users. A
 * rule names the situation as narrowly as it can, so that nothing else hides behind it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/parity/events-rules.h"

static const char *const reasons[RULE_N] = {
    [RULE_LAST_LEFT] = "a bond whose last port has left keeps its address",
    [RULE_FOLLOW] = "fail_over_mac=follow: no two ports have one address",
    [RULE_EQUAL] = "an equal does not displace the active port",
    [RULE_SAME_VALUE] = "an option that is written with the value it has changes nothing",
    [RULE_FAILING] = "while its downdelay runs the active port stays, whatever option is written",
    [RULE_UPDELAY] = "updelay does not prolong an outage, in balance-rr and broadcast neither",
    [RULE_BROADCAST] = "broadcast heeds updelay while another port is usable",
    [RULE_IGMP] = "balance-rr sends IGMP by a port that can send",
    [RULE_LACP_SYNC] = "802.3ad: a port that carries nothing is not in sync",
    [RULE_LOAD] = "balance-tlb, balance-alb: by the load it is any usable port",
    [RULE_LB_ADDRESS] = "balance-tlb, balance-alb: addresses while there is no active port",
    [RULE_ALL_ACTIVE] =
        "balance-tlb, balance-alb: all_slaves_active is in force at once, everywhere",
    [RULE_LACP_KEY] = "802.3ad: an aggregator keeps its key when its first port loses its link",
    [RULE_LACP_STABLE] =
        "802.3ad: ad_select=stable keeps the first one, also while the bond begins",
    [RULE_LACP_CHURN] = "802.3ad: churn is timed while the bond is down, too",
    [RULE_LACP_EARLY] = "802.3ad: a port takes frames in from when it says that it is in sync",
    [RULE_LACP_LOOP] = "802.3ad: what we hear of ourselves is not believed",
    [RULE_LACP_COLLECTS] = "802.3ad: a port sends when its partner says that it collects",
    [RULE_LACP_BANDWIDTH] = "802.3ad: an aggregator has the bandwidth of its usable ports",
    [RULE_LACP_NUMBER] = "802.3ad: in which of the free aggregators ports meet",
    [RULE_LACP_SAID] = "802.3ad: the last word of a partner that is deaf, or slow to hear",
    [RULE_LACP_SHRUNK] = "802.3ad: the best aggregator also when a port has left the active one",
    [RULE_LACP_HALF] = "802.3ad: a half duplex port that is not used takes nothing in",
    [RULE_CARRIER] = "monitors: a port without carrier is down, also one that was being tried",
    [RULE_STARVED] = "monitors: backups do not fail with an active port that has lost its link",
    [RULE_BELIEVED] =
        "monitors: with arp_validate=backup or all a port of a balancing mode comes back",
    [RULE_SLEPT] = "monitors: while the bond is down silence counts for nothing",
    [RULE_REOPENED] =
        "monitors: a port of a balancing mode that is down is so, also after the bond was down",
    [RULE_STAMPED] =
        "monitors: what comes in counts by what the port is when the monitor looks next",
    [RULE_XOR] = "balance-xor sends by a port that took over before its updelay was over",
};
static unsigned int needed[RULE_N];

bool
parity_use(enum parity_rule rule)
{
    needed[rule]++;
    return true;
}

const char *
parity_line_of(const struct parity_lines *lines, const char *beginning)
{
    const size_t n = strlen(beginning);

    for (uint32_t i = 0; i < lines->n; i++)
        if (!strncmp(lines->line[i], beginning, n))
            return lines->line[i] + n;
    return NULL;
}

static bool
is_option(const struct parity_event *e, const char *name)
{
    return e->what == PARITY_OPTION && !strcmp(e->option, name);
}

bool
parity_makes_it_select(const struct parity_event *e)
{
    return e->what == PARITY_ATTACH || e->what == PARITY_DETACH || e->what == PARITY_PRIO ||
           is_option(e, "primary") || is_option(e, "primary_reselect") ||
           is_option(e, "active_slave");
}

static bool
has_link(const struct parity_sim *s, int slot)
{
    return slot != BOND_NO_PORT && s->b.port[slot].link == BOND_LINK_UP;
}

static enum parity_verdict
judge_active(struct parity_sim *s, const struct parity_event *e, const char *want, const char *have)
{
    const int a = bond_port_by_name(&s->b, want), b = bond_port_by_name(&s->b, have);

    /* It remembers that it has to choose the primary, until that is usable. */
    const bool forced = s->primary_again && a != BOND_NO_PORT && !strcmp(s->b.opt.primary, want);

    if (!parity_makes_it_select(e) && !parity_has_slept(s, e) && !forced)
        return s->adopted > 0 && parity_use(RULE_EQUAL) ? PARITY_PARTED : PARITY_DIFFERS;
    if (a == BOND_NO_PORT && b != BOND_NO_PORT && s->b.port[b].link == BOND_LINK_FAIL) {
        parity_use(RULE_FAILING);
        return PARITY_PARTED;
    }
    if (parity_has_slept(s, e) && a != BOND_NO_PORT && has_link(s, b) && !has_link(s, a) &&
        s->far.usable[s->b.port[a].ifindex - 10]) {
        parity_use(RULE_SLEPT); /* it was tried first, and answers; here nobody had to be tried */
        return PARITY_PARTED;
    }
    if (!has_link(s, a) || !has_link(s, b))
        return PARITY_DIFFERS;
    if (parity_has_slept(s, e))
        parity_use(RULE_SLEPT);
    else if (forced)
        parity_use(RULE_SAME_VALUE);
    else if (is_option(e, "primary_reselect") || is_option(e, "primary"))
        parity_use(strcmp(s->b.opt.primary, want) ? RULE_EQUAL : RULE_SAME_VALUE);
    else if (s->b.port[a].prio == s->b.port[b].prio && strcmp(s->b.opt.primary, want))
        parity_use(RULE_EQUAL);
    else
        return PARITY_DIFFERS;
    if (parity_sim_set_active(s, want))
        return PARITY_DIFFERS;
    s->primary_again = s->primary_again && !forced;
    s->adopted = s->script->family == PARITY_MONITORS ? PARITY_ADOPTED : 0;
    parity_has_asked_by(s, want, have);
    parity_sim_wait(s, 1); /* the drain of the port that was active is over */
    return PARITY_AGAIN;
}

/* fail_over_mac=follow: the active port has the bond's address, and no two ports have the same. */
static bool
follows(const struct parity_sim *s)
{
    const uint8_t *active = s->b.active == BOND_NO_PORT ? NULL : s->b.port[s->b.active].mac;

    if (active && memcmp(active, s->b.mac, BOND_MAC_LEN))
        return false;
    for (uint32_t i = 0; i < s->script->ports; i++)
        for (uint32_t k = 0; k < i; k++)
            if (s->port[i].attached && s->port[k].attached &&
                !memcmp(s->port[i].mac, s->port[k].mac, BOND_MAC_LEN))
                return false;
    return true;
}

static bool
addresses_allowed(const struct parity_sim *s, const char *driver, const char *here)
{
    const char *ports_there = strchr(driver, ':'), *ports_here = strchr(here, ':');
    int order[BOND_MAX_PORTS];

    if (bond_port_order(&s->b, false, order) == 0 && !strncmp(driver, "addresses own:", 14) &&
        !strcmp(ports_there, ports_here))
        return parity_use(RULE_LAST_LEFT);
    if (ports_there - driver != ports_here - here ||
        strncmp(driver, here, (size_t) (ports_here - here)))
        return false; /* the bond's own is the same in both */
    if (s->script->mode >= BOND_MODE_BALANCE_TLB)
        return s->b.active == BOND_NO_PORT && parity_use(RULE_LB_ADDRESS);
    return s->b.opt.num[BOND_OPT_FAIL_OVER_MAC] == BOND_FOM_FOLLOW && follows(s) &&
           parity_use(RULE_FOLLOW);
}

/* The driver's IGMP goes to a port whose link is gone already, where nothing leaves. */
static bool
sending_allowed(const struct parity_sim *s, const char *driver, const char *here)
{
    const size_t n = strlen(driver);

    return s->script->mode == BOND_MODE_BALANCE_RR && s->b.active != BOND_NO_PORT &&
           s->b.port[s->b.active].link == BOND_LINK_FAIL && strlen(here) == n &&
           !strncmp(driver, here, n - 1) && driver[n - 1] == '-' && parity_use(RULE_IGMP);
}

int
parity_number_in(const char *line)
{
    return atoi(line + strcspn(line, "0123456789"));
}

const char *
parity_line_before(const struct parity_lines *lines, uint32_t at, const char *beginning)
{
    const size_t n = strlen(beginning);

    while (at > 0 && strncmp(lines->line[at], beginning, n))
        at--;
    return lines->line[at];
}

/* Of a port that is down, or not of the active aggregator, the driver goes on showing the bits for
 * "in sync", "collecting" and "distributing" in the actor's and the partner's state if they once
 * were. */
static bool
sync_allowed(const struct parity_lines *lines, uint32_t at, const char *driver, const char *here)
{
    const int bits = BOND_LACP_SYNC | BOND_LACP_COLLECTING | BOND_LACP_DISTRIBUTING;
    const int there = parity_number_in(driver), now = parity_number_in(here);
    const char *active = parity_line_of(lines, "\tAggregator ID: ");
    const bool is_down = strcmp(parity_line_before(lines, at, "MII Status: "), "MII Status: up");
    const int aggregator = parity_number_in(parity_line_before(lines, at, "Aggregator ID: "));

    return (is_down || !active || aggregator != atoi(active)) && (there & ~bits) == (now & ~bits) &&
           (now & there) == now && parity_use(RULE_LACP_SYNC);
}

static bool
lacp_line_allowed(const struct parity_event *e, const struct parity_lines *lines, uint32_t at,
                  const char *driver, const char *here)
{
    if (!strncmp(driver, "    port state: ", 16))
        return sync_allowed(lines, at, driver, here);
    if (!strncmp(driver, "\tActor Key: ", 12)) /* no speed and no duplex in the driver's */
        return (parity_number_in(driver) & 0x3f) == 0 && parity_use(RULE_LACP_KEY);
    return e && e->what == PARITY_BOND_UP && strstr(driver, " Churn") &&
           parity_use(RULE_LACP_CHURN);
}

static bool
chooses_another(const struct parity_sim *s, const struct parity_lines *driver,
                const struct parity_lines *here)
{
    const char *a = parity_line_of(driver, "\tAggregator ID: "),
               *b = parity_line_of(here, "\tAggregator ID: ");
    const char *partner = parity_line_of(driver, "\tPartner Mac Address: ");

    return a && b && strcmp(a, b) && s->b.opt.num[BOND_OPT_AD_SELECT] == 0 && partner &&
           !strcmp(partner, "00:00:00:00:00:00") && parity_use(RULE_LACP_STABLE);
}

/* Where the load decides, or what the clients were told, it is a usable port, with its own address
 * on the frame if it is not the active one. */
static bool
load_allowed(const struct parity_sim *s, const char *sent)
{
    const uint32_t mode = s->script->mode;

    if (mode != BOND_MODE_BALANCE_ALB &&
        (mode != BOND_MODE_BALANCE_TLB || !s->b.opt.num[BOND_OPT_TLB_DYNAMIC_LB]))
        return false;
    for (; *sent; sent++) {
        const int slot = bond_port_by_ifindex(&s->b, *sent - '0' + 10);

        if (*sent < '0' || *sent > '9')
            continue;
        if (!has_link(s, slot) || (sent[1] == '*') == (slot == s->b.active))
            return false;
    }
    return parity_use(RULE_LOAD);
}

/* The driver looks at all_slaves_active when it makes a port a backup, and when the option is
 * written at those that are backups then. */
static bool
all_active_allowed(const struct parity_sim *s)
{
    bool touched = false;

    for (uint32_t i = 0; i < s->script->n_settings; i++)
        touched = touched || !strcmp(s->script->setting[i].option, "all_slaves_active");
    for (uint32_t i = 0; i < s->script->n_events; i++)
        touched = touched || is_option(&s->script->event[i], "all_slaves_active");
    return touched && s->script->mode >= BOND_MODE_BALANCE_TLB && parity_use(RULE_ALL_ACTIVE);
}

static bool
line_allowed(struct parity_sim *s, const struct parity_event *e, const struct parity_lines *lines,
             uint32_t at, const char *driver, const char *here)
{
    if (!strncmp(driver, "addresses ", 10))
        return addresses_allowed(s, driver, here);
    if (!strncmp(driver, "sent by ", 8))
        return sending_allowed(s, driver, here) ||
               (load_allowed(s, driver + 8) && load_allowed(s, here + 8));
    if (!strncmp(driver, "comes in ", 9))
        return all_active_allowed(s);
    if (s->script->family == PARITY_MONITORS)
        return parity_monitor_line_allowed(s, e, lines, at, driver, here);
    return s->script->mode == BOND_MODE_8023AD && lacp_line_allowed(e, lines, at, driver, here);
}

/* A port has just come back, and only for as long as its delay runs the two differ. */
static bool
hurries(const struct parity_sim *s, const struct parity_event *e, const struct parity_lines *driver,
        const struct parity_lines *here)
{
    const char *a = parity_line_of(driver, "carrier "), *b = parity_line_of(here, "carrier ");
    const uint32_t mode = s->script->mode;

    if ((e->what != PARITY_MEND && e->what != PARITY_SET && e->what != PARITY_ATTACH) ||
        !e->short_wait || s->b.opt.num[BOND_OPT_UPDELAY] == 0)
        return false;
    if ((mode == BOND_MODE_BALANCE_RR || mode == BOND_MODE_BROADCAST) && a[0] == '0' && b[0] == '1')
        return parity_use(RULE_UPDELAY);
    return mode == BOND_MODE_BROADCAST && a[0] == '1' &&
           !parity_line_of(driver, "MII Status: going back") &&
           parity_line_of(here, "MII Status: going back") && parity_use(RULE_BROADCAST);
}

/* The driver does not put such a port into the array that it chooses from: nothing leaves. */
static bool
is_forgotten(const struct parity_sim *s, const struct parity_lines *driver,
             const struct parity_lines *here)
{
    const char *carrier = parity_line_of(driver, "carrier "),
               *sent = parity_line_of(driver, "sent by ");

    return s->script->mode == BOND_MODE_BALANCE_XOR && carrier[0] == '1' &&
           !sent[strspn(sent, " -")] && parity_line_of(driver, "MII Status: up") &&
           !strcmp(parity_line_of(here, "carrier "), carrier) && parity_use(RULE_XOR);
}

enum parity_verdict
parity_judge(struct parity_sim *s, struct parity_history *history, const struct parity_event *e,
             const struct parity_lines *driver, const struct parity_lines *here, uint32_t *at)
{
    const char *want = parity_line_of(driver, "Currently Active Slave: ");
    const char *have = parity_line_of(here, "Currently Active Slave: ");

    if (history->hurried)
        return PARITY_PARTED;
    if (e && want && have && strcmp(want, have)) {
        const enum parity_verdict verdict = judge_active(s, e, want, have);

        if (verdict != PARITY_DIFFERS)
            return verdict;
    }
    if (e && hurries(s, e, driver, here)) {
        history->hurried = true;
        return PARITY_ALLOWED;
    }
    if (e && e->what == PARITY_DETACH && is_forgotten(s, driver, here))
        return PARITY_PARTED;
    if (s->script->family == PARITY_MONITORS && parity_is_out_of_step(s, history, driver, here))
        return PARITY_AGAIN;
    if (s->script->mode == BOND_MODE_8023AD && chooses_another(s, driver, here))
        return PARITY_PARTED;
    if (parity_partner_gives_up(s, e))
        return PARITY_ALLOWED;
    for (*at = 0; *at < driver->n || *at < here->n; ++*at) {
        if (*at >= driver->n || *at >= here->n)
            return PARITY_DIFFERS;
        if (strcmp(driver->line[*at], here->line[*at]) &&
            !line_allowed(s, e, driver, *at, driver->line[*at], here->line[*at]) &&
            !parity_partner_line_allowed(s, driver, here, *at))
            return parity_monitor_parts(s, e, driver, here) ||
                           parity_partner_parts(s, e, driver, here)
                       ? PARITY_PARTED
                       : PARITY_DIFFERS;
    }
    return PARITY_ALLOWED;
}

bool
parity_events_report(bool all)
{
    /* Other seeds than that of the golden file meet them. */
    static const bool is_rare[RULE_N] = {
        [RULE_SAME_VALUE] = true, [RULE_FAILING] = true,     [RULE_REOPENED] = true,
        [RULE_STAMPED] = true,    [RULE_LACP_SHRUNK] = true, [RULE_LACP_HALF] = true};
    bool each = true;

    for (int i = 0; i < RULE_N; i++) {
        printf("allowed %u times: %s\n", needed[i], reasons[i]);
        each = each && (needed[i] > 0 || is_rare[i]);
    }
    return each || !all;
}
