/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * events-cases-far.c - scripts in which the other end of the cables matters: targets of the ARP and
 * NS monitors that answer or do not, partners of 802.3ad that change, fall silent, begin anew.
 *
 * Kept out: what docs/differences.md has as another decision for good (a monitor without targets,
 * arp_all_targets where nobody validates, ad_user_port_key), as nothing could be compared after it.
 */
#include <stdio.h>
#include <string.h>

#include "tests/parity/events-gen.h"

#define MONITOR_EVENTS 12u
#define PARTNER_FIRST_MS 11000u  /* the driver waits 8 s before it uses its first port */
#define PARTNER_MS 6700u         /* not where three seconds end */
#define PARTNER_SILENT_MS 10500u /* 3 s, 3 s alone, 2 s of waiting */
#define PARTNER_ALL_MS 56000u    /* then churn would be noticed */
#define PARTNER_CHURN_MS 62000u

enum { NONE, ACTIVE, BACKUP, ALL, FILTER, FILTER_ACTIVE, FILTER_BACKUP };
static const char *const validate_names[] = {"none",   "active",        "backup",       "all",
                                             "filter", "filter_active", "filter_backup"};
/* As they are added; arp_ip_target of events takes '-', too. */
static const char *const in_bond[] = {"+10.9.0.16", "+10.9.0.17", "+10.9.0.18", "+10.9.0.19"};
static const char *const in_vlan[] = {"+10.9.5.16", "+10.9.5.17", "+10.9.5.18", "+10.9.5.19"};

static bool
flip(uint32_t *bits, uint32_t n)
{
    *bits ^= 1u << n;
    return *bits >> n & 1;
}

static void
far(struct parity_event *e, enum parity_far what, uint32_t which, uint32_t value)
{
    e->what = PARITY_FAR;
    e->far = what;
    e->port = which;
    e->far_value = value;
}

/* ---- monitors ---- */

/* In balancing modes a port that is down counts as a backup, whose own answers the driver does not
 * believe: rarely. */
static uint32_t
some_validate(struct parity_gen *g)
{
    static const uint8_t values[] = {NONE, ACTIVE, BACKUP, ALL,           ALL,
                                     ALL,  FILTER, ALL,    FILTER_ACTIVE, FILTER_BACKUP};
    static const uint8_t balancing[] = {NONE, NONE, ACTIVE, FILTER, FILTER_ACTIVE};

    if (g->script->mode != 1 && parity_below(g, 10))
        return balancing[parity_below(g, 5)];
    return values[parity_below(g, 10)];
}

static void
targets(struct parity_gen *g, uint32_t index)
{
    struct parity_script *s = g->script;
    const uint32_t kind = index / 6 % 4; /* by sixes: every mode has all kinds */

    s->n_targets = 1 + parity_below(g, 3);
    if (kind == 3) {
        s->n_targets = 1 + parity_below(g, 2);
        memset(s->target, PARITY_IN_IPV6, sizeof(s->target));
        parity_setting(g, "ns_ip6_target",
                       s->n_targets == 1 ? "2001:db8::10" : "2001:db8::10,2001:db8::11");
        if (s->n_targets == 1 || parity_below(g, 2))
            return;
        s->n_targets = 2;
        s->target[0] = PARITY_IN_BOND; /* one of each */
        s->setting[s->n_settings - 1].value = "2001:db8::11";
        parity_setting(g, "arp_ip_target", in_bond[0]);
        return;
    }
    for (uint32_t i = 0; i < s->n_targets; i++) {
        s->target[i] = parity_below(g, 5) ? PARITY_IN_BOND : PARITY_IN_VLAN;
        parity_setting(g, "arp_ip_target",
                       s->target[i] == PARITY_IN_BOND ? in_bond[i] : in_vlan[i]);
        g->targets |= 1u << i;
    }
}

static bool
asks_all(const struct parity_script *s)
{
    for (uint32_t i = 0; i < s->n_settings; i++)
        if (!strcmp(s->setting[i].option, "arp_all_targets"))
            return s->setting[i].value[1] == 'l';
    return false;
}

static void
monitor_settings(struct parity_gen *g, uint32_t index)
{
    struct parity_script *s = g->script;

    s->interval_ms = 400;
    parity_setting(g, "arp_interval", "400");
    targets(g, index);
    g->validate = some_validate(g);
    parity_setting(g, "arp_validate", validate_names[g->validate]);
    if (g->targets && g->validate == ALL)
        parity_setting(g, "arp_all_targets", PARITY_PICK(g, "any", "all"));
    g->missed_max = 1 + parity_below(g, 3);
    parity_setting(g, "arp_missed_max", (const char *const[]){"1", "2", "3"}[g->missed_max - 1]);
    if (s->mode == 1) {
        if (parity_below(g, 2)) {
            parity_setting(g, "primary", PARITY_PICK(g, "p0", "p1"));
            parity_setting(g, "primary_reselect", PARITY_PICK(g, "always", "better", "failure"));
        }
        parity_setting(g, "fail_over_mac", PARITY_PICK(g, "none", "none", "active"));
    }
    s->is_switch = parity_below(g, 4) < (s->mode == 1 ? 3u : 1u);
}

static void
monitor_option(struct parity_gen *g, struct parity_event *e)
{
    struct parity_script *s = g->script;
    char text[32];
    uint32_t n;

    e->what = PARITY_OPTION;
    switch (parity_below(g, g->uses_primary ? 6 : 3)) {
    case 0:
        if (asks_all(s)) {
            e->option = "num_grat_arp";
            snprintf(e->value, sizeof(e->value), "2");
            return;
        }
        g->validate = some_validate(g);
        e->option = "arp_validate";
        snprintf(e->value, sizeof(e->value), "%s", validate_names[g->validate]);
        return;
    case 1:
        g->missed_max = 1 + parity_below(g, 3);
        e->option = "arp_missed_max";
        snprintf(e->value, sizeof(e->value), "%u", g->missed_max);
        return;
    case 2:
        n = parity_below(g, s->n_targets);
        if (!(g->targets & ~(1u << n))) { /* the only one, or none of this kind */
            e->option = "arp_missed_max";
            snprintf(e->value, sizeof(e->value), "%u", g->missed_max);
            return;
        }
        e->option = "arp_ip_target";
        parity_target_text(s, n, text);
        snprintf(e->value, sizeof(e->value), "%c%.30s", flip(&g->targets, n) ? '+' : '-', text);
        return;
    default:
        parity_change_primary(g, e, parity_below(g, 6));
        return;
    }
}

static void
monitor_event(struct parity_gen *g, struct parity_event *e)
{
    struct parity_script *s = g->script;
    uint32_t kind = parity_below(g, 100);
    const uint32_t target = parity_below(g, s->n_targets);

    e->port = parity_below(g, s->ports);
    if (kind < 32) {
        far(e, PARITY_FAR_MUTE, e->port, flip(&g->mute, e->port));
    } else if (kind < 48) {
        far(e, PARITY_FAR_DEAD, target, flip(&g->dead, target));
    } else if (kind < 60) {
        parity_change_link(g, e);
    } else if (kind < 64 && g->attached[e->port]) {
        parity_set_or_unset(g, e);
    } else if (kind < 72) {
        parity_attach_or_detach(g, e);
    } else if (kind < 80) {
        g->noise[e->port] = g->noise[e->port] ? PARITY_QUIET : 1 + (uint8_t) parity_below(g, 4);
        far(e, PARITY_FAR_NOISE, e->port, g->noise[e->port]);
    } else if (kind < 84) {
        far(e, PARITY_FAR_STRAY, 0, flip(&g->stray, 0));
    } else if (kind < 87 && g->uses_primary) {
        e->what = PARITY_PRIO;
        snprintf(e->value, sizeof(e->value), "%d", (int) parity_below(g, 5) - 2);
    } else {
        monitor_option(g, e);
    }
    /* The driver notices a carrier late: only what follows can be compared. Until then, and by
     * another arp_validate, it judges what the last look sent to the port. */
    if (e->what == PARITY_CUT || e->what == PARITY_UNSET ||
        (e->what == PARITY_OPTION && !strcmp(e->option, "arp_validate")))
        e->rounds_before = 2 + g->missed_max;
    e->rounds = 4 + g->missed_max + s->ports;
    if (e->what == PARITY_FAR && parity_below(g, 3) == 0)
        e->rounds = 1 + parity_below(g, 4);
}

/* Up to more rounds than it takes for silence to count. */
static void
bond_down_and_up(struct parity_gen *g)
{
    struct parity_script *s = g->script;

    parity_bond_down_and_up(g);
    s->event[s->n_events - 2].rounds = 1 + parity_below(g, g->missed_max + 3);
    s->event[s->n_events - 1].rounds = 4 + g->missed_max + s->ports;
}

void
parity_monitor_script(struct parity_gen *g, uint32_t index)
{
    static const uint8_t modes[] = {0, 1, 1, 1, 2, 3};
    struct parity_script *s = g->script;

    s->family = PARITY_MONITORS;
    s->mode = modes[index % 6];
    s->ports = 2 + parity_below(g, 2);
    g->uses_primary = s->mode == 1;
    monitor_settings(g, index);
    s->first_rounds = 4 + g->missed_max + s->ports;
    for (uint32_t i = 0; i < s->ports; i++) {
        s->speed[i] = 1000;
        s->cut[i] = g->cut[i] = parity_below(g, 8) == 0;
        g->attached[i] = true;
    }
    while (s->n_events < MONITOR_EVENTS)
        if (parity_below(g, 30) == 0)
            bond_down_and_up(g);
        else
            monitor_event(g, &s->event[s->n_events++]);
}

/* ---- partners ---- */

static void
partner_settings(struct parity_gen *g)
{
    struct parity_script *s = g->script;
    const uint32_t two = parity_below(g, 5) < 2;

    parity_setting(g, "miimon", "100");
    parity_setting(g, "updelay", PARITY_PICK(g, "0", "0", "800"));
    parity_setting(g, "downdelay", PARITY_PICK(g, "0", "0", "800"));
    parity_setting(g, "lacp_rate", PARITY_PICK(g, "fast", "fast", "slow"));
    parity_setting(g, "lacp_active", PARITY_PICK(g, "on", "on", "on", "off"));
    parity_setting(g, "ad_select", PARITY_PICK(g, "stable", "bandwidth", "count"));
    parity_setting(g, "ad_actor_sys_prio", PARITY_PICK(g, "65535", "100"));
    parity_setting(g, "ad_user_port_key", PARITY_PICK(g, "0", "5"));
    parity_setting(g, "min_links", PARITY_PICK(g, "0", "0", "1", "2"));
    parity_setting(g, "xmit_hash_policy", PARITY_PICK(g, "layer2", "layer2+3", "layer3+4"));
    for (uint32_t i = 0; i < PARITY_SYSTEMS; i++)
        s->system_rate[i] = PARITY_PICK(g, "fast", "fast", "slow");
    for (uint32_t i = 0; i < s->ports; i++) {
        s->speed[i] = two || parity_below(g, 4) ? 1000 : parity_some_speed(g);
        s->half[i] = parity_below(g, 16) == 0;
        s->cut[i] = g->cut[i] = parity_below(g, 8) == 0;
        s->system_of[i] = g->system_of[i] = (uint8_t) (two && parity_below(g, 2));
        g->attached[i] = true;
    }
}

static void
partner_option(struct parity_gen *g, struct parity_event *e)
{
    const char *value;

    e->what = PARITY_OPTION;
    switch (parity_below(g, 5)) {
    case 0:
        e->option = "lacp_rate";
        value = PARITY_PICK(g, "fast", "slow");
        break;
    case 1:
        e->option = "min_links";
        value = PARITY_PICK(g, "0", "1", "2", "3");
        break;
    case 2:
        e->option = "ad_actor_sys_prio";
        value = PARITY_PICK(g, "65535", "100", "7");
        break;
    case 3:
        e->option = "ad_actor_system";
        value = PARITY_PICK(g, "02:00:00:00:05:01", "02:00:00:00:05:02", "00:00:00:00:00:00");
        break;
    default:
        e->option = "xmit_hash_policy";
        value = PARITY_PICK(g, "layer2", "layer2+3", "layer3+4");
        break;
    }
    snprintf(e->value, sizeof(e->value), "%s", value);
}

/* No other port is attached. */
static bool
is_alone(const struct parity_gen *g, uint32_t port)
{
    for (uint32_t i = 0; i < g->script->ports; i++)
        if (i != port && g->attached[i])
            return false;
    return true;
}

static void
partner_event(struct parity_gen *g, struct parity_event *e)
{
    const uint32_t kind = parity_below(g, 100), port = parity_below(g, g->script->ports);
    const uint32_t system = g->system_of[port];

    e->port = port;
    e->wait_ms = PARTNER_MS;
    if (kind < 30) {
        parity_change_link(g, e);
    } else if (kind < 34 && g->attached[port]) {
        parity_set_or_unset(g, e);
    } else if (kind < 48) {
        if (is_alone(g, port))
            e->wait_ms = PARTNER_FIRST_MS;
        parity_attach_or_detach(g, e);
    } else if (kind < 60) {
        far(e, PARITY_FAR_MUTE, port, flip(&g->mute, port));
        e->wait_ms = PARTNER_SILENT_MS;
    } else if (kind < 66) {
        far(e, PARITY_FAR_DEAF, port, flip(&g->deaf, port));
        e->wait_ms = PARTNER_SILENT_MS;
    } else if (kind < 73) {
        far(e, PARITY_FAR_KEY, system, parity_below(g, 4));
    } else if (kind < 81) {
        far(e, PARITY_FAR_RESTART, system, 0);
    } else if (kind < 86) {
        far(e, PARITY_FAR_ALONE, port, flip(&g->alone, port));
    } else if (kind < 89) {
        far(e, PARITY_FAR_LOOP, port, flip(&g->loop, port));
        e->wait_ms = PARTNER_SILENT_MS;
    } else if (kind < 93) {
        g->system_of[port] ^= 1;
        far(e, PARITY_FAR_CABLE, port, g->system_of[port]);
    } else {
        partner_option(g, e);
    }
}

/* Every fourth one first waits until churn has been looked for. */
void
parity_partner_script(struct parity_gen *g)
{
    struct parity_script *s = g->script;
    bool waits;

    s->family = PARITY_PARTNERS;
    s->mode = 4;
    s->long_ms = PARTNER_FIRST_MS;
    s->ports = 2 + parity_below(g, PARITY_MAX_PORTS - 1);
    partner_settings(g);
    waits = parity_below(g, 4) == 0;
    if (waits)
        s->event[s->n_events++] =
            (struct parity_event){.what = PARITY_PAUSE, .wait_ms = PARTNER_CHURN_MS};
    g->spent_ms = PARTNER_FIRST_MS;
    while (s->n_events + 1 < PARITY_MAX_EVENTS) {
        struct parity_event *e = &s->event[s->n_events];

        partner_event(g, e);
        if (g->spent_ms + e->wait_ms > PARTNER_ALL_MS) {
            memset(e, 0, sizeof(*e));
            return;
        }
        g->spent_ms += e->wait_ms;
        s->n_events++;
    }
}
