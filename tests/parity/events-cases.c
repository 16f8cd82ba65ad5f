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

#include "tests/parity/events-cases.h"

#define LACP_EVENTS 8u /* within a minute: before churn is noticed */
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

struct gen {
    uint64_t s;
    struct parity_script *script;
    bool attached[PARITY_MAX_PORTS], cut[PARITY_MAX_PORTS], down[PARITY_MAX_PORTS];
    bool was_short; /* one short wait, then a long one: no delay ends near a look */
    uint32_t last;  /* the port that something happened to */
    bool uses_primary;
};

static uint32_t
below(struct gen *g, uint32_t n)
{
    /* xorshift64* */
    g->s ^= g->s >> 12;
    g->s ^= g->s << 25;
    g->s ^= g->s >> 27;
    return (uint32_t) (((g->s * 0x2545f4914f6cdd1dull >> 32) * n) >> 32);
}

static const char *
pick(struct gen *g, const char *const *list)
{
    uint32_t n = 0;

    while (list[n])
        n++;
    return list[below(g, n)];
}
#define PICK(g, ...) pick(g, (const char *const[]){__VA_ARGS__, NULL})

static uint32_t
some_speed(struct gen *g)
{
    static const uint32_t speeds[] = {10, 100, 1000, 1000, 1000, 10000};

    return speeds[below(g, COUNT(speeds))];
}

static void
setting(struct gen *g, const char *option, const char *value)
{
    struct parity_script *s = g->script;

    s->setting[s->n_settings++] = (struct parity_setting){option, value};
}

static void
settings(struct gen *g)
{
    const uint32_t mode = g->script->mode;

    setting(g, "miimon", "100");
    setting(g, "updelay", PICK(g, "0", "800"));
    setting(g, "downdelay", PICK(g, "0", "800"));
    if (below(g, 4) == 0)
        setting(g, "all_slaves_active", "1");
    if (g->uses_primary && below(g, 2)) {
        setting(g, "primary", PICK(g, "p0", "p1", "p2"));
        setting(g, "primary_reselect", PICK(g, "always", "better", "better", "failure"));
    }
    if (mode == 1)
        setting(g, "fail_over_mac", PICK(g, "none", "none", "active", "follow"));
    if (mode == 0)
        setting(g, "packets_per_slave", PICK(g, "1", "1", "2", "3"));
    if (mode == 4) {
        setting(g, "lacp_rate", PICK(g, "slow", "fast"));
        setting(g, "ad_select", PICK(g, "stable", "bandwidth", "count"));
        setting(g, "ad_actor_sys_prio", PICK(g, "65535", "100"));
        setting(g, "ad_user_port_key", PICK(g, "0", "5"));
        setting(g, "min_links", PICK(g, "0", "0", "1", "2"));
    }
    if (mode == 5)
        setting(g, "tlb_dynamic_lb", PICK(g, "0", "0", "1"));
    if (mode == 2 || mode == 4 || mode == 5)
        setting(g, "xmit_hash_policy", PICK(g, "layer2", "layer2+3", "layer3+4"));
}

static void
option(struct gen *g, struct parity_event *e)
{
    static const char *const names[] = {"p0", "p1", "p2", "p3"};
    const char *value;

    e->what = PARITY_OPTION;
    switch (below(g, g->uses_primary ? 12 : 6)) {
    case 0:
        e->option = "updelay";
        value = PICK(g, "0", "800");
        break;
    case 1:
        e->option = "downdelay";
        value = PICK(g, "0", "800");
        break;
    case 2:
        e->option = "all_slaves_active";
        value = PICK(g, "0", "1");
        break;
    case 3:
        e->option = "queue_id";
        snprintf(e->value, sizeof(e->value), "p%u:%u", below(g, g->script->ports), below(g, 4));
        return;
    case 4:
        e->option = "peer_notif_delay";
        value = PICK(g, "0", "200", "1000");
        break;
    case 5:
        e->option = g->script->mode == 0   ? "packets_per_slave"
                    : g->script->mode == 2 ? "xmit_hash_policy"
                    : g->script->mode == 4 ? "min_links"
                                           : "num_grat_arp";
        value = PICK(g, "1", "2");
        break;
    case 6:
    case 7:
        e->option = "primary_reselect";
        value = PICK(g, "always", "better", "failure");
        break;
    case 8:
    case 9:
        e->option = "primary";
        value = below(g, 4) ? names[below(g, g->script->ports)] : "\n";
        break;
    default:
        e->option = "active_slave";
        value = below(g, 6) ? names[below(g, g->script->ports)] : "\n";
        break;
    }
    snprintf(e->value, sizeof(e->value), "%s", value);
}

static void
change_link(struct gen *g, struct parity_event *e)
{
    e->what = g->cut[e->port] ? PARITY_MEND : PARITY_CUT;
    e->speed = some_speed(g);
    e->half = below(g, 3) == 0;
    /* Mostly the same link again; and nobody tells the driver of the speed of a port that is down.
     */
    if (below(g, 2) || g->down[e->port])
        e->speed = 0;
    else if (below(g, 2))
        e->speed = g->script->speed[e->port];
    g->cut[e->port] = !g->cut[e->port];
}

static void
happen(struct gen *g, struct parity_event *e)
{
    uint32_t kind = below(g, 100);

    e->port = below(g, g->script->ports);
    if (g->was_short && below(g, 3)) { /* the same port, while its delay runs */
        e->port = g->last;
        kind = 0;
    }
    g->last = e->port;
    if (kind < 50) {
        change_link(g, e);
    } else if (kind < 58 && g->attached[e->port]) {
        e->what = g->down[e->port] ? PARITY_SET : PARITY_UNSET;
        g->down[e->port] = !g->down[e->port];
    } else if (kind < 76) {
        e->what = g->attached[e->port] ? PARITY_DETACH : PARITY_ATTACH;
        g->attached[e->port] = !g->attached[e->port];
        g->down[e->port] = false;
    } else if (kind < 80 && g->uses_primary) {
        e->what = PARITY_PRIO;
        snprintf(e->value, sizeof(e->value), "%d", (int) below(g, 5) - 2);
    } else {
        option(g, e);
    }
    e->short_wait = !g->was_short && below(g, 5) < 2 && g->script->mode != 4;
    g->was_short = e->short_wait;
}

static void
bond_down_and_up(struct gen *g)
{
    struct parity_script *s = g->script;

    s->event[s->n_events++].what = PARITY_BOND_DOWN;
    s->event[s->n_events++].what = PARITY_BOND_UP;
    g->was_short = false;
}

void
parity_script(uint32_t seed, uint32_t index, struct parity_script *s)
{
    static const uint8_t modes[] = {0, 1, 1, 1, 2, 3};
    const bool is_lacp = index >= PARITY_FIRST_LACP && index < PARITY_FIRST_TLB;
    struct gen g = {.s = (index + 1 + ((uint64_t) seed << 32)) * 0x9e3779b97f4a7c15ull,
                    .script = s};

    memset(s, 0, sizeof(*s));
    below(&g, 2);
    s->mode = index < PARITY_FIRST_LACP ? modes[index % COUNT(modes)] : is_lacp ? 4 : 5 + index % 2;
    s->long_ms = is_lacp ? PARITY_LACP_MS : PARITY_LONG_MS;
    s->ports = 2 + below(&g, PARITY_MAX_PORTS - 1);
    g.uses_primary = s->mode == 1 || s->mode >= 5;
    settings(&g);
    for (uint32_t i = 0; i < s->ports; i++) {
        s->speed[i] = some_speed(&g);
        s->half[i] = below(&g, 6) == 0;
        s->cut[i] = g.cut[i] = below(&g, 6) == 0;
        g.attached[i] = true;
    }
    while (s->n_events + 2 <= (is_lacp ? LACP_EVENTS : PARITY_MAX_EVENTS)) {
        if (below(&g, 40) == 0 && !g.was_short)
            bond_down_and_up(&g);
        else
            happen(&g, &s->event[s->n_events++]);
    }
}

const char *
parity_event_text(const struct parity_event *e)
{
    static char text[96];
    static const char *const words[] = {
        [PARITY_CUT] = "cut",        [PARITY_MEND] = "mend",     [PARITY_UNSET] = "down",
        [PARITY_SET] = "up",         [PARITY_ATTACH] = "attach", [PARITY_DETACH] = "detach",
        [PARITY_OPTION] = "option",  [PARITY_PRIO] = "prio",     [PARITY_BOND_DOWN] = "bond down",
        [PARITY_BOND_UP] = "bond up"};
    const char *wait = e->short_wait ? ", short wait" : "";

    if (e->what == PARITY_OPTION)
        snprintf(text, sizeof(text), "%s=%s%s", e->option, e->value[0] == '\n' ? "" : e->value,
                 wait);
    else if (e->what == PARITY_MEND && e->speed)
        snprintf(text, sizeof(text), "mend p%u (%u %s)%s", e->port, e->speed,
                 e->half ? "half" : "full", wait);
    else if (e->what == PARITY_BOND_DOWN || e->what == PARITY_BOND_UP)
        snprintf(text, sizeof(text), "%s%s", words[e->what], wait);
    else
        snprintf(text, sizeof(text), "%s p%u %s%s", words[e->what], e->port, e->value, wait);
    return text;
}

uint32_t
parity_wait_ms(const struct parity_script *s, const struct parity_event *e)
{
    return e && e->short_wait ? PARITY_SHORT_MS : s->long_ms;
}

uint64_t
parity_scripts_sum(void)
{
    uint64_t sum = 0xcbf29ce484222325ull; /* FNV-1a */
    struct parity_script s;

    for (uint32_t i = 0; i < PARITY_SCRIPTS; i++) {
        parity_script(0, i, &s);
        for (uint32_t k = 0; k < s.n_settings; k++)
            for (const char *p = s.setting[k].value; *p; p++)
                sum = (sum ^ (uint8_t) *p) * 0x100000001b3ull;
        for (uint32_t k = 0; k < s.n_events; k++)
            for (const char *p = parity_event_text(&s.event[k]); *p; p++)
                sum = (sum ^ (uint8_t) *p) * 0x100000001b3ull;
    }
    return sum;
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
