/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * events-cases.c - scripts of things that happen to a bond, and the frames that look at it.
 *
 * The generator keeps track of what is attached, cut and down, so that what it lets happen is
 * mostly a change. A bond that is down is left alone until it is up again: there the two differ on
 * purpose (docs/differences.md).
 */
#include <stdio.h>
#include <string.h>

#include "tests/parity/events-gen.h"

#define LACP_EVENTS 8u /* within a minute: before churn is noticed */
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

uint32_t
parity_below(struct parity_gen *g, uint32_t n)
{
    /* xorshift64* */
    g->s ^= g->s >> 12;
    g->s ^= g->s << 25;
    g->s ^= g->s >> 27;
    return (uint32_t) (((g->s * 0x2545f4914f6cdd1dull >> 32) * n) >> 32);
}

const char *
parity_pick(struct parity_gen *g, const char *const *list)
{
    uint32_t n = 0;

    while (list[n])
        n++;
    return list[parity_below(g, n)];
}

uint32_t
parity_some_speed(struct parity_gen *g)
{
    static const uint32_t speeds[] = {10, 100, 1000, 1000, 1000, 10000};

    return speeds[parity_below(g, COUNT(speeds))];
}

void
parity_setting(struct parity_gen *g, const char *option, const char *value)
{
    struct parity_script *s = g->script;

    s->setting[s->n_settings++] = (struct parity_setting){option, value};
}

static void
settings(struct parity_gen *g)
{
    const uint32_t mode = g->script->mode;

    parity_setting(g, "miimon", "100");
    parity_setting(g, "updelay", PARITY_PICK(g, "0", "800"));
    parity_setting(g, "downdelay", PARITY_PICK(g, "0", "800"));
    if (parity_below(g, 4) == 0)
        parity_setting(g, "all_slaves_active", "1");
    if (g->uses_primary && parity_below(g, 2)) {
        parity_setting(g, "primary", PARITY_PICK(g, "p0", "p1", "p2"));
        parity_setting(g, "primary_reselect",
                       PARITY_PICK(g, "always", "better", "better", "failure"));
    }
    if (mode == 1)
        parity_setting(g, "fail_over_mac", PARITY_PICK(g, "none", "none", "active", "follow"));
    if (mode == 0)
        parity_setting(g, "packets_per_slave", PARITY_PICK(g, "1", "1", "2", "3"));
    if (mode == 4) {
        parity_setting(g, "lacp_rate", PARITY_PICK(g, "slow", "fast"));
        parity_setting(g, "ad_select", PARITY_PICK(g, "stable", "bandwidth", "count"));
        parity_setting(g, "ad_actor_sys_prio", PARITY_PICK(g, "65535", "100"));
        parity_setting(g, "ad_user_port_key", PARITY_PICK(g, "0", "5"));
        parity_setting(g, "min_links", PARITY_PICK(g, "0", "0", "1", "2"));
    }
    if (mode == 5)
        parity_setting(g, "tlb_dynamic_lb", PARITY_PICK(g, "0", "0", "1"));
    if (mode == 2 || mode == 4 || mode == 5)
        parity_setting(g, "xmit_hash_policy", PARITY_PICK(g, "layer2", "layer2+3", "layer3+4"));
}

void
parity_change_primary(struct parity_gen *g, struct parity_event *e, uint32_t which)
{
    static const char *const names[] = {"p0", "p1", "p2", "p3"};
    const char *value;

    e->what = PARITY_OPTION;
    switch (which) {
    case 0:
    case 1:
        e->option = "primary_reselect";
        value = PARITY_PICK(g, "always", "better", "failure");
        break;
    case 2:
    case 3:
        e->option = "primary";
        value = parity_below(g, 4) ? names[parity_below(g, g->script->ports)] : "\n";
        break;
    default:
        e->option = "active_slave";
        value = parity_below(g, 6) ? names[parity_below(g, g->script->ports)] : "\n";
        break;
    }
    snprintf(e->value, sizeof(e->value), "%s", value);
}

static void
option(struct parity_gen *g, struct parity_event *e)
{
    const uint32_t which = parity_below(g, g->uses_primary ? 12 : 6);
    const char *value;

    e->what = PARITY_OPTION;
    switch (which) {
    case 0:
        e->option = "updelay";
        value = PARITY_PICK(g, "0", "800");
        break;
    case 1:
        e->option = "downdelay";
        value = PARITY_PICK(g, "0", "800");
        break;
    case 2:
        e->option = "all_slaves_active";
        value = PARITY_PICK(g, "0", "1");
        break;
    case 3:
        e->option = "queue_id";
        snprintf(e->value, sizeof(e->value), "p%u:%u", parity_below(g, g->script->ports),
                 parity_below(g, 4));
        return;
    case 4:
        e->option = "peer_notif_delay";
        value = PARITY_PICK(g, "0", "200", "1000");
        break;
    case 5:
        e->option = g->script->mode == 0   ? "packets_per_slave"
                    : g->script->mode == 2 ? "xmit_hash_policy"
                    : g->script->mode == 4 ? "min_links"
                                           : "num_grat_arp";
        value = PARITY_PICK(g, "1", "2");
        break;
    default:
        parity_change_primary(g, e, which - 6);
        return;
    }
    snprintf(e->value, sizeof(e->value), "%s", value);
}

void
parity_change_link(struct parity_gen *g, struct parity_event *e)
{
    e->what = g->cut[e->port] ? PARITY_MEND : PARITY_CUT;
    e->speed = parity_some_speed(g);
    e->half = parity_below(g, 3) == 0;
    /* Mostly the same link again; and nobody tells the driver of the speed of a port that is down.
     */
    if (parity_below(g, 2) || g->down[e->port])
        e->speed = 0;
    else if (parity_below(g, 2))
        e->speed = g->script->speed[e->port];
    g->cut[e->port] = !g->cut[e->port];
}

void
parity_set_or_unset(struct parity_gen *g, struct parity_event *e)
{
    e->what = g->down[e->port] ? PARITY_SET : PARITY_UNSET;
    g->down[e->port] = !g->down[e->port];
}

void
parity_attach_or_detach(struct parity_gen *g, struct parity_event *e)
{
    e->what = g->attached[e->port] ? PARITY_DETACH : PARITY_ATTACH;
    g->attached[e->port] = !g->attached[e->port];
    g->down[e->port] = false;
}

static void
happen(struct parity_gen *g, struct parity_event *e)
{
    uint32_t kind = parity_below(g, 100);

    e->port = parity_below(g, g->script->ports);
    if (g->was_short && parity_below(g, 3)) { /* the same port, while its delay runs */
        e->port = g->last;
        kind = 0;
    }
    g->last = e->port;
    if (kind < 50) {
        parity_change_link(g, e);
    } else if (kind < 58 && g->attached[e->port]) {
        parity_set_or_unset(g, e);
    } else if (kind < 76) {
        parity_attach_or_detach(g, e);
    } else if (kind < 80 && g->uses_primary) {
        e->what = PARITY_PRIO;
        snprintf(e->value, sizeof(e->value), "%d", (int) parity_below(g, 5) - 2);
    } else {
        option(g, e);
    }
    e->short_wait = !g->was_short && parity_below(g, 5) < 2 && g->script->mode != 4;
    g->was_short = e->short_wait;
}

void
parity_bond_down_and_up(struct parity_gen *g)
{
    struct parity_script *s = g->script;

    s->event[s->n_events++].what = PARITY_BOND_DOWN;
    s->event[s->n_events++].what = PARITY_BOND_UP;
    g->was_short = false;
}

static void
links_script(struct parity_gen *g, uint32_t index)
{
    static const uint8_t modes[] = {0, 1, 1, 1, 2, 3};
    const bool is_lacp = index >= PARITY_FIRST_LACP && index < PARITY_FIRST_TLB;
    struct parity_script *s = g->script;

    s->mode = index < PARITY_FIRST_LACP ? modes[index % COUNT(modes)] : is_lacp ? 4 : 5 + index % 2;
    s->long_ms = is_lacp ? PARITY_LACP_MS : PARITY_LONG_MS;
    s->ports = 2 + parity_below(g, PARITY_MAX_PORTS - 1);
    g->uses_primary = s->mode == 1 || s->mode >= 5;
    settings(g);
    for (uint32_t i = 0; i < s->ports; i++) {
        s->speed[i] = parity_some_speed(g);
        s->half[i] = parity_below(g, 6) == 0;
        s->cut[i] = g->cut[i] = parity_below(g, 6) == 0;
        g->attached[i] = true;
    }
    while (s->n_events + 2 <= (is_lacp ? LACP_EVENTS : PARITY_MAX_EVENTS)) {
        if (parity_below(g, 40) == 0 && !g->was_short)
            parity_bond_down_and_up(g);
        else
            happen(g, &s->event[s->n_events++]);
    }
}

void
parity_script(uint32_t seed, uint32_t index, struct parity_script *s)
{
    struct parity_gen g = {.s = (index + 1 + ((uint64_t) seed << 32)) * 0x9e3779b97f4a7c15ull,
                           .script = s};

    memset(s, 0, sizeof(*s));
    parity_below(&g, 2);
    if (index >= PARITY_FIRST_PARTNER)
        parity_partner_script(&g);
    else if (index >= PARITY_FIRST_MONITOR)
        parity_monitor_script(&g, index);
    else
        links_script(&g, index);
}

static const struct {
    const char *name;
    uint32_t first, count;
} families[PARITY_FAMILIES] = {
    [PARITY_LINKS] = {"links", 0, 808},
    [PARITY_MONITORS] = {"monitors", PARITY_FIRST_MONITOR, 240},
    [PARITY_PARTNERS] = {"partners", PARITY_FIRST_PARTNER, 96},
};

uint32_t
parity_family_first(enum parity_family family)
{
    return families[family].first;
}

uint32_t
parity_family_count(enum parity_family family)
{
    return families[family].count;
}

const char *
parity_family_name(enum parity_family family)
{
    return families[family].name;
}

static const char *
far_text(const struct parity_event *e)
{
    static char text[64];
    static const char *const words[] = {
        [PARITY_FAR_MUTE] = "port mute",      [PARITY_FAR_DEAF] = "port deaf",
        [PARITY_FAR_DEAD] = "target dead",    [PARITY_FAR_STRAY] = "answers stray",
        [PARITY_FAR_NOISE] = "port noisy",    [PARITY_FAR_KEY] = "partner's key",
        [PARITY_FAR_RESTART] = "partner new", [PARITY_FAR_ALONE] = "port alone",
        [PARITY_FAR_LOOP] = "port looped",    [PARITY_FAR_CABLE] = "cable to partner"};

    snprintf(text, sizeof(text), "%s, %u: %u", words[e->far], e->port, e->far_value);
    return text;
}

const char *
parity_event_text(const struct parity_event *e)
{
    static char text[128];
    static const char *const words[] = {
        [PARITY_CUT] = "cut",         [PARITY_MEND] = "mend",     [PARITY_UNSET] = "down",
        [PARITY_SET] = "up",          [PARITY_ATTACH] = "attach", [PARITY_DETACH] = "detach",
        [PARITY_OPTION] = "option",   [PARITY_PRIO] = "prio",     [PARITY_BOND_DOWN] = "bond down",
        [PARITY_BOND_UP] = "bond up", [PARITY_PAUSE] = "pause"};
    char wait[24] = "";

    if (e->short_wait)
        snprintf(wait, sizeof(wait), ", short wait");
    else if (e->rounds || e->wait_ms)
        snprintf(wait, sizeof(wait), ", wait %u", e->rounds ? e->rounds : e->wait_ms);
    if (e->what == PARITY_FAR)
        snprintf(text, sizeof(text), "%s%s", far_text(e), wait);
    else if (e->what == PARITY_OPTION)
        snprintf(text, sizeof(text), "%s=%s%s", e->option, e->value[0] == '\n' ? "" : e->value,
                 wait);
    else if (e->what == PARITY_MEND && e->speed)
        snprintf(text, sizeof(text), "mend p%u (%u %s)%s", e->port, e->speed,
                 e->half ? "half" : "full", wait);
    else if (e->what >= PARITY_BOND_DOWN)
        snprintf(text, sizeof(text), "%s%s", words[e->what], wait);
    else
        snprintf(text, sizeof(text), "%s p%u %s%s", words[e->what], e->port, e->value, wait);
    return text;
}

uint32_t
parity_wait_ms(const struct parity_script *s, const struct parity_event *e)
{
    return e && e->wait_ms ? e->wait_ms : e && e->short_wait ? PARITY_SHORT_MS : s->long_ms;
}

/* FNV-1a */
static uint64_t
sum_of(uint64_t sum, const void *data, size_t n)
{
    const uint8_t *p = data;

    while (n-- > 0)
        sum = (sum ^ *p++) * 0x100000001b3ull;
    return sum;
}

/* What the driver cannot know of a script is in it, too. */
uint64_t
parity_scripts_sum(enum parity_family family)
{
    const uint32_t first = parity_family_first(family), n = parity_family_count(family);
    uint64_t sum = 0xcbf29ce484222325ull;
    struct parity_script s;

    for (uint32_t i = first; i < first + n; i++) {
        parity_script(0, i, &s);
        for (uint32_t k = 0; k < s.n_settings; k++)
            sum = sum_of(sum, s.setting[k].value, strlen(s.setting[k].value));
        for (uint32_t k = 0; k < s.n_events; k++) {
            const char *text = parity_event_text(&s.event[k]);

            sum = sum_of(sum, text, strlen(text));
        }
        if (family != PARITY_LINKS) {
            sum = sum_of(sum, s.system_of, sizeof(s.system_of));
            sum = sum_of(sum, &s.is_switch, sizeof(s.is_switch));
        }
    }
    return sum;
}

void
parity_target_text(const struct parity_script *s, uint32_t target, char text[32])
{
    static const char *const where[] = {[PARITY_IN_BOND] = "10.9.0.%u",
                                        [PARITY_IN_VLAN] = "10.9.5.%u",
                                        [PARITY_IN_IPV6] = "2001:db8::%x"};
    const char *format = where[s->target[target]];

    snprintf(text, 32, format, 16 + target);
}

void
parity_port_mac(uint32_t port, uint8_t mac[6])
{
    memcpy(mac, (const uint8_t[6]){0x00, 0x16, 0x3e, 0, (uint8_t) (port + 1), 0x10}, 6);
}

void
parity_probe(uint32_t i, uint8_t frame[PARITY_PROBE_LEN])
{
    const uint8_t n = (uint8_t) (i * 37 + 5);
    const uint8_t head[38] = {0x02,
                              0xee,
                              0,
                              0,
                              0,
                              n,
                              0x02,
                              0xdd,
                              0,
                              0,
                              1,
                              (uint8_t) (i + 1),
                              0x08,
                              0x00,
                              0x45,
                              0,
                              0,
                              46,
                              0,
                              0,
                              0x40,
                              0,
                              64,
                              i + 1 == PARITY_PROBES ? 2 : 17,
                              0,
                              0,
                              10,
                              0,
                              0,
                              n,
                              10,
                              1,
                              (uint8_t) (n >> 2),
                              7,
                              n,
                              1,
                              2,
                              (uint8_t) (n * 3)};

    memset(frame, 0, PARITY_PROBE_LEN);
    memcpy(frame, head, sizeof(head));
    frame[PARITY_PROBE_LEN - 1] = (uint8_t) i;
}
