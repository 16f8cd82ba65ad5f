/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wire.c - see wire.h. */
#include "wire.h"

#include <stdlib.h>

#define SAVE_SIZE 131072

static uint32_t
chance(struct wire *w)
{
    w->seed = w->seed * 1664525u + 1013904223u;
    return w->seed >> 8;
}

static void
apply(struct bond_options *o, const char *options)
{
    char copy[256], *save = NULL;
    const char *names[16], *values[16];
    struct bond_opt_ctx ctx = {.live = true};
    struct bond_err err = {0};
    size_t n = 0;

    snprintf(copy, sizeof(copy), "%s", options);
    for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
        names[n] = word;
        values[n] = strchr(word, '=') + 1;
        strchr(word, '=')[0] = '\0';
        n++;
    }
    if (bond_options_apply(o, n, names, values, false, &ctx, &err) < 0)
        fail_msg("%s: %s", options, err.text);
}

void
wire_init(struct wire *w)
{
    memset(w, 0, sizeof(*w));
    w->now = BOND_NSEC_PER_SEC;
    w->seed = 1;
    w->latency_ns = MS / 2;
    for (int h = 0; h < WIRE_HOSTS; h++)
        for (int s = 0; s < (int) BOND_MAX_PORTS; s++)
            w->peer[h][s].host = -1;
}

/* ---- a step, from all sides ---- */

static void
note_sent(struct wire *w, int host, int slot)
{
    uint64_t *last = w->last_sent[host][slot];

    /* More than three in a second are too many; a goodbye is not held back. */
    if (bond_slot_is_member(&w->bond[host], slot) && last[0] != 0 &&
        w->now - last[0] < BOND_LACP_FAST_PERIODIC_NS)
        fail_msg("host %d, slot %d: a fourth LACPDU within a second", host, slot);
    memmove(last, last + 1, 2 * sizeof(last[0]));
    last[2] = w->now;
    w->sent[host][slot]++;
}

static void
fly(struct wire *w, int host, int slot, const struct bond_frame_out *f)
{
    struct wire_end to = w->peer[host][slot];
    struct wire_frame *new;

    if (f->data[14] == 1) /* LACP, no marker */
        note_sent(w, host, slot);
    if (to.host < 0 || w->cut[host][slot] || chance(w) % 100 < w->loss_percent)
        return;
    assert_true(w->n_flight < WIRE_FLIGHT);
    new = &w->flight[w->n_flight++];
    new->at_ns = w->now + w->latency_ns + (w->jitter_ms ? chance(w) % w->jitter_ms : 0) * MS;
    new->host = to.host;
    new->slot = to.slot;
    new->len = f->len;
    memcpy(new->data, f->data, f->len);
}

static void
check_twin(struct wire *w, int host, const struct bond_event *ev, int rc, const char *saved)
{
    static struct bond_actions out;
    static struct bond twin;
    struct bond_err err = {0};

    if (bond_load(&twin, saved, &err) < 0)
        fail_msg("what was saved cannot be loaded: %s", err.text);
    assert_int_equal(bond_step(&twin, ev, w->now, &out, NULL), rc);
    assert_memory_equal(&twin, &w->bond[host], sizeof(twin));
    assert_int_equal(out.n, w->out.n);
    assert_int_equal(out.n_frames, w->out.n_frames);
    assert_memory_equal(out.frame, w->out.frame, out.n_frames * sizeof(out.frame[0]));
}

int
wire_step(struct wire *w, int host, const struct bond_event *ev)
{
    static char saved[SAVE_SIZE];
    struct bond *b = &w->bond[host];
    struct bond_err err = {0};
    int rc;

    if (!w->without_twin)
        assert_true(bond_save(b, saved, sizeof(saved)) < SAVE_SIZE);
    memset(&w->out, 0, sizeof(w->out));
    rc = bond_step(b, ev, w->now, &w->out, &err);
    if (rc < 0)
        fail_msg("host %d refuses event %d: %s", host, ev->type, err.text);
    if (!w->without_twin)
        check_twin(w, host, ev, rc, saved);
    if (bond_check(b))
        fail_msg("host %d after event %d: %s", host, ev->type, bond_check(b));
    assert_true(w->out.next_ns > w->now);
    w->next[host] = w->out.next_ns;
    for (uint32_t i = 0; i < w->out.n; i++) {
        w->announced[host] += w->out.v[i].type == BOND_ACT_ANNOUNCE;
        if (w->out.v[i].type == BOND_ACT_SEND)
            fly(w, host, w->out.v[i].slot, &w->out.frame[w->out.v[i].index]);
    }
    return rc;
}

/* ---- traffic ---- */

static bool
sends(const struct bond_table *t, int slot)
{
    for (uint32_t i = 0; i < t->n_tx; i++)
        if (t->tx[i] == slot)
            return true;
    return false;
}

/* Ports where one end sends what the other drops. */
static uint32_t
losing(const struct wire *w)
{
    static struct bond_table t[WIRE_HOSTS];
    uint32_t n = 0;

    for (int h = 0; h < WIRE_HOSTS; h++)
        bond_table_build(&w->bond[h], &t[h]);
    for (int h = 0; h < WIRE_HOSTS; h++)
        for (int s = 0; s < (int) BOND_MAX_PORTS; s++) {
            struct wire_end to = w->peer[h][s];

            if (to.host >= 0 && !w->cut[h][s] && sends(&t[h], s) &&
                t[to.host].port[to.slot].rx == BOND_RX_DROP)
                n++;
        }
    return n;
}

static uint32_t
first_frame(const struct wire *w)
{
    uint32_t first = w->n_flight;

    for (uint32_t i = 0; i < w->n_flight; i++)
        if (first == w->n_flight || w->flight[i].at_ns < w->flight[first].at_ns)
            first = i;
    return first;
}

static void
arrive(struct wire *w, uint32_t i)
{
    struct wire_frame f = w->flight[i];

    memmove(&w->flight[i], &w->flight[i + 1], (--w->n_flight - i) * sizeof(f));
    if (!w->cut[f.host][f.slot] && bond_slot_is_member(&w->bond[f.host], f.slot))
        wire_frame(w, f.host, f.slot, f.data, f.len);
}

void
wire_frame(struct wire *w, int host, int slot, const uint8_t *data, uint16_t len)
{
    struct bond_event ev = {.type = BOND_EV_FRAME, .slot = slot};

    ev.u.frame.data = data;
    ev.u.frame.len = len;
    wire_step(w, host, &ev);
}

void
wire_run(struct wire *w, uint64_t ms)
{
    static const struct bond_event tick = {.type = BOND_EV_TICK};
    uint64_t end = w->now + ms * MS;

    for (;;) {
        uint32_t f = first_frame(w);
        uint64_t at = f < w->n_flight ? w->flight[f].at_ns : BOND_NEVER;
        int host = -1;

        for (int h = 0; h < WIRE_HOSTS; h++)
            if (w->bond[h].name[0] && w->next[h] < at) {
                at = w->next[h];
                host = h;
            }
        if (at > end)
            break;
        if (w->watch_loss)
            w->lost_ns += losing(w) * (at - w->now);
        w->now = at;
        if (host >= 0)
            wire_step(w, host, &tick);
        else
            arrive(w, f);
    }
    if (w->watch_loss)
        w->lost_ns += losing(w) * (end - w->now);
    w->now = end;
}

/* ---- what happens ---- */

void
wire_host(struct wire *w, int host, const char *options)
{
    struct bond_options o;
    char name[8];

    snprintf(name, sizeof(name), "bond%d", host);
    bond_options_init(&o, BOND_MODE_8023AD);
    apply(&o, "mode=802.3ad miimon=10000");
    apply(&o, options);
    bond_init(&w->bond[host], name, 100 + host, &o);
    w->next[host] = BOND_NEVER;
}

void
wire_up(struct wire *w, int host, bool up)
{
    struct bond_event ev = {.type = BOND_EV_BOND_LINK};

    ev.u.bond_link.admin_up = up;
    memcpy(ev.u.bond_link.mac, (uint8_t[]){2, 0, 0, (uint8_t) (host + 1), 0, 0}, BOND_MAC_LEN);
    ev.u.bond_link.mac_given = true;
    wire_step(w, host, &ev);
}

void
wire_plug(struct wire *w, int host, int slot, int other, int other_slot)
{
    w->peer[host][slot] = (struct wire_end){other, other_slot};
    w->peer[other][other_slot] = (struct wire_end){host, slot};
}

void
wire_attach_prio(struct wire *w, int host, int slot, int32_t speed, uint16_t prio)
{
    struct bond_event ev = {.type = BOND_EV_PORT_ATTACH, .slot = BOND_NO_PORT};

    ev.u.attach.ifindex = slot + 1;
    snprintf(ev.u.attach.name, BOND_NAME_SIZE, "eth%d", slot);
    memcpy(ev.u.attach.mac, (uint8_t[]){2, 0, 0, (uint8_t) (host + 1), 0, (uint8_t) (slot + 1)},
           BOND_MAC_LEN);
    ev.u.attach.admin_up = true;
    ev.u.attach.carrier = !w->cut[host][slot];
    ev.u.attach.speed_mbps = speed;
    ev.u.attach.duplex = speed > 0 ? BOND_DUPLEX_FULL : BOND_DUPLEX_UNKNOWN;
    ev.u.attach.actor_port_prio = prio;
    memset(w->last_sent[host][slot], 0, sizeof(w->last_sent[host][slot]));
    assert_int_equal(wire_step(w, host, &ev), slot);
}

void
wire_attach(struct wire *w, int host, int slot, int32_t speed)
{
    wire_attach_prio(w, host, slot, speed, 0);
}

void
wire_detach(struct wire *w, int host, int slot, bool hard)
{
    struct bond_event ev = {.type = BOND_EV_PORT_DETACH, .slot = slot, .u.detach.hard = hard};

    wire_step(w, host, &ev);
}

void
wire_set(struct wire *w, int host, const char *options)
{
    struct bond_event ev = {.type = BOND_EV_OPTIONS};

    ev.u.options = w->bond[host].opt;
    apply(&ev.u.options, options);
    if (ev.u.options.num[BOND_OPT_MODE] != w->bond[host].opt.num[BOND_OPT_MODE])
        memset(w->last_sent[host], 0, sizeof(w->last_sent[host])); /* a goodbye, a new life */
    wire_step(w, host, &ev);
}

void
wire_link(struct wire *w, int host, int slot, bool carrier, int32_t speed, uint8_t duplex)
{
    struct bond_event ev = {.type = BOND_EV_PORT_LINK, .slot = slot};
    const struct bond_port *p = &w->bond[host].port[slot];

    ev.u.port_link.admin_up = true;
    ev.u.port_link.carrier = carrier;
    ev.u.port_link.speed_mbps = speed;
    ev.u.port_link.duplex = duplex;
    memcpy(ev.u.port_link.mac, p->mac, BOND_MAC_LEN);
    memcpy(ev.u.port_link.name, p->name, BOND_NAME_SIZE);
    wire_step(w, host, &ev);
}

void
wire_cut(struct wire *w, int host, int slot, bool cut)
{
    struct wire_end ends[2] = {{host, slot}, w->peer[host][slot]};

    for (int i = 0; i < 2; i++) {
        if (ends[i].host < 0)
            continue;
        w->cut[ends[i].host][ends[i].slot] = cut;
        if (bond_slot_is_member(&w->bond[ends[i].host], ends[i].slot))
            wire_link(w, ends[i].host, ends[i].slot, !cut, 1000, BOND_DUPLEX_FULL);
    }
}

void
wire_kill(struct wire *w, int host, uint64_t ms)
{
    static const struct bond_event resume = {.type = BOND_EV_RESUME};
    static char saved[SAVE_SIZE];
    struct bond_err err = {0};

    bond_save(&w->bond[host], saved, sizeof(saved));
    w->next[host] = BOND_NEVER;
    for (int s = 0; s < (int) BOND_MAX_PORTS; s++)
        w->cut[host][s] = true; /* nobody listens */
    wire_run(w, ms);
    for (int s = 0; s < (int) BOND_MAX_PORTS; s++)
        w->cut[host][s] = false;
    assert_int_equal(bond_load(&w->bond[host], saved, &err), 0);
    memset(w->last_sent[host], 0, sizeof(w->last_sent[host]));
    wire_step(w, host, &resume);
}

void
wire_pair(struct wire *w, uint32_t n, const char *options_a, const char *options_b)
{
    wire_init(w);
    wire_host(w, 0, options_a);
    wire_host(w, 1, options_b);
    wire_up(w, 0, true);
    wire_up(w, 1, true);
    for (int i = 0; i < (int) n; i++) {
        wire_plug(w, 0, i, 1, i);
        wire_attach(w, 0, i, 1000);
        wire_attach(w, 1, i, 1000);
    }
}

/* ---- what is ---- */

uint32_t
wire_sending(const struct wire *w, int host)
{
    struct bond_table t;

    bond_table_build(&w->bond[host], &t);
    return t.n_tx;
}

static void __attribute__((format(printf, 2, 3))) say(struct wire *w, const char *format, ...)
{
    size_t used = strlen(w->text);
    va_list args;

    va_start(args, format);
    vsnprintf(w->text + used, sizeof(w->text) - used, format, args);
    va_end(args);
}

const char *
wire_state(struct wire *w, int host)
{
    const struct bond *b = &w->bond[host];
    int order[BOND_MAX_PORTS];
    uint32_t n = bond_port_order(b, true, order);
    struct bond_table t;

    w->text[0] = '\0';
    for (uint32_t i = 0; i < n; i++) {
        const struct bond_port *p = &b->port[order[i]];

        say(w, "%s%s", i ? ", " : "", p->name);
        if (p->phase != BOND_PHASE_MEMBER) {
            say(w, " %s", bond_phase_name((enum bond_phase) p->phase));
            continue;
        }
        if (p->lacp.agg != BOND_LACP_NO_AGG)
            say(w, " agg%u%s", b->port[p->lacp.agg].agg.id,
                (int) p->lacp.agg == b->lacp.active_agg ? "*" : "");
        say(w, " %s %s %u/%u%s", bond_lacp_rx_name((enum bond_lacp_rx) p->lacp.rx),
            bond_lacp_mux_name((enum bond_lacp_mux) p->lacp.mux), p->lacp.state,
            p->lacp.partner.state, p->inactive ? " drops" : "");
    }
    bond_table_build(b, &t);
    say(w, "; tx");
    for (uint32_t i = 0; i < t.n_tx; i++)
        say(w, " %s", b->port[t.tx[i]].name);
    say(w, "; %s", b->carrier ? "on" : "off");
    return w->text;
}
