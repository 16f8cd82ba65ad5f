/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * events-sim.c - devices made of words under core/.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/parse.h"
#include "core/select.h"
#include "tests/parity/events-sim.h"

bool
parity_sim_asks(const struct parity_sim *s, uint32_t target)
{
    const uint32_t ip = parity_target_ip(s->script, target);

    if (s->script->target[target] == PARITY_IN_IPV6)
        return true;
    for (uint32_t i = 0; i < s->b.opt.n_arp_targets; i++)
        if (s->b.opt.arp_target_be[i] == ip)
            return true;
    return false;
}

static int step(struct parity_sim *s, struct bond_event *ev);

static int
slot_of(const struct parity_sim *s, uint32_t port)
{
    return bond_port_by_ifindex(&s->b, (int32_t) port + 10);
}

/* Frames of core/, and the questions to the targets, to the other end. */
static void
send_out(struct parity_sim *s, const struct bond_action *a)
{
    const uint32_t port = (uint32_t) (s->b.port[a->slot].ifindex - 10);
    const struct bond_frame_out *out = &s->out.frame[a->index & (BOND_MAX_FRAMES - 1)];
    uint8_t frame[PARITY_FAR_FRAME];

    if (port >= s->script->ports || !s->port[port].up || !s->port[port].carrier)
        return;
    if (a->type == BOND_ACT_SEND) {
        parity_far_frame(&s->far, port, out->data, out->len, s->now_ns);
        return;
    }
    for (uint32_t i = 0; i < s->script->n_targets; i++)
        if (parity_sim_asks(s, i))
            parity_far_frame(&s->far, port, frame,
                             parity_question(s->script, i, s->port[port].mac, frame), s->now_ns);
}

static void
carry_out(struct parity_sim *s)
{
    for (uint32_t i = 0; i < s->out.n; i++) {
        const struct bond_action *a = &s->out.v[i];

        if (a->type == BOND_ACT_SEND || a->type == BOND_ACT_PROBE)
            send_out(s, a);
        if (a->type != BOND_ACT_PORT_RELEASE && a->type != BOND_ACT_PORT_MAC)
            continue;
        for (uint32_t p = 0; p < s->script->ports; p++) {
            struct parity_device *d = &s->port[p];

            if (a->type == BOND_ACT_PORT_MAC && slot_of(s, p) == a->slot)
                memcpy(d->mac, a->mac, BOND_MAC_LEN);
            if (a->type == BOND_ACT_PORT_RELEASE && d->attached && slot_of(s, p) < 0) {
                d->attached = false;
                parity_port_mac(p, d->mac);
            }
        }
    }
}

/* As the packet path does. */
static void
stamp(struct parity_sim *s, uint32_t port)
{
    struct bond_table table;

    bond_table_build(&s->b, &table);
    if (table.flags & BOND_TABLE_F_STAMP)
        s->port[port].last_rx_ns = s->now_ns;
}

/* What comes in by a port. */
static void
arrive(void *data, uint32_t port, const uint8_t *frame, uint32_t len)
{
    struct parity_sim *s = data;
    struct bond_event ev = {.type = BOND_EV_FRAME, .slot = slot_of(s, port)};
    uint8_t bare[PARITY_FAR_FRAME];
    struct bond_arp arp;
    struct bond_nd nd;

    if (ev.slot < 0 || !s->port[port].up || !s->port[port].carrier)
        return;
    stamp(s, port);
    memcpy(bare, frame, len);
    ev.u.frame.data = bare;
    ev.u.frame.len = (uint16_t) len;
    if (frame[12] == 0x81 && frame[13] == 0) { /* the device takes the tag off */
        ev.u.frame.vlan_id = (uint16_t) ((frame[14] & 0xf) << 8 | frame[15]);
        memcpy(bare + 12, frame + 16, len - 16);
        ev.u.frame.len = (uint16_t) (len - 4);
    }
    if (bond_arp_parse(bare, ev.u.frame.len, &arp)) {
        ev.u.frame.from_us = parity_is_ours(arp.sender_be);
        ev.u.frame.to_us = parity_is_ours(arp.target_be);
    } else if (bond_nd_parse(bare, ev.u.frame.len, &nd)) {
        ev.u.frame.from_us = parity_is_ours6(nd.source);
        ev.u.frame.to_us = parity_is_ours6(nd.destination);
    }
    step(s, &ev);
}

/* bond.h: each port's traffic is told of before the monitor looks, and before options change. */
static void
tell_traffic(struct parity_sim *s)
{
    struct bond_table table;

    bond_table_build(&s->b, &table);
    if (!(table.flags & BOND_TABLE_F_STAMP))
        return;
    for (uint32_t i = 0; i < s->script->ports; i++) {
        struct bond_event ev = {.type = BOND_EV_TRAFFIC, .slot = slot_of(s, i)};

        ev.u.traffic.last_rx_ns = s->port[i].last_rx_ns;
        if (ev.slot >= 0)
            step(s, &ev);
    }
}

static int
step(struct parity_sim *s, struct bond_event *ev)
{
    int r = bond_step(&s->b, ev, s->now_ns, &s->out, &s->err);

    if (r >= 0)
        carry_out(s);
    if (!s->broken)
        s->broken = bond_check(&s->b);
    return r < 0 ? -r : 0;
}

static int
report_bond(struct parity_sim *s)
{
    struct bond_event ev = {.type = BOND_EV_BOND_LINK};

    ev.u.bond_link.admin_up = s->up;
    memcpy(ev.u.bond_link.mac, s->b.mac_is_set ? s->b.mac : (const uint8_t[6]){2, 9, 9, 9, 9, 9},
           BOND_MAC_LEN);
    return step(s, &ev);
}

/* What has become of the port is the other end's link, too. */
static void
tell_far_end(struct parity_sim *s, uint32_t port)
{
    const struct parity_device *d = &s->port[port];
    const struct parity_far_port is = {.has_link = d->up && d->carrier,
                                       .is_attached = d->attached,
                                       .half = d->half,
                                       .speed = d->speed};

    if (s->script->family != PARITY_LINKS)
        parity_far_link(&s->far, port, &is, s->now_ns);
}

static int
report_port(struct parity_sim *s, uint32_t port)
{
    const struct parity_device *d = &s->port[port];
    struct bond_event ev = {.type = BOND_EV_PORT_LINK, .slot = slot_of(s, port)};

    if (ev.slot < 0)
        return 0;
    ev.u.port_link.admin_up = d->up;
    ev.u.port_link.carrier = d->up && d->carrier;
    ev.u.port_link.speed_mbps = (int32_t) d->speed;
    ev.u.port_link.duplex = d->half ? BOND_DUPLEX_HALF : BOND_DUPLEX_FULL;
    memcpy(ev.u.port_link.mac, d->mac, BOND_MAC_LEN);
    snprintf(ev.u.port_link.name, BOND_NAME_SIZE, "p%u", port);
    return step(s, &ev);
}

/* A port of a balancing mode that is down when it comes or when the bond is set up: the driver
 * takes it for an active one until it has been up, so with arp_validate=active or backup the two
 * listen in different ways. */
static void
mark_if_down(struct parity_sim *s, uint32_t port)
{
    const int slot = slot_of(s, port);

    s->port[port].is_parted = slot >= 0 && s->script->family == PARITY_MONITORS &&
                              s->script->mode != BOND_MODE_ACTIVE_BACKUP &&
                              s->b.port[slot].link != BOND_LINK_UP;
}

/* What the driver attaches it sets up. */
int
parity_sim_attach(struct parity_sim *s, uint32_t port)
{
    struct parity_device *d = &s->port[port];
    struct bond_event ev = {.type = BOND_EV_PORT_ATTACH};
    int r;

    d->up = true;
    ev.u.attach.ifindex = (int32_t) port + 10;
    snprintf(ev.u.attach.name, BOND_NAME_SIZE, "p%u", port);
    memcpy(ev.u.attach.mac, d->mac, BOND_MAC_LEN);
    ev.u.attach.admin_up = true;
    ev.u.attach.carrier = d->carrier;
    ev.u.attach.speed_mbps = (int32_t) d->speed;
    ev.u.attach.duplex = d->half ? BOND_DUPLEX_HALF : BOND_DUPLEX_FULL;
    d->attached = true;
    r = step(s, &ev);
    if (r)
        d->attached = false;
    mark_if_down(s, port);
    tell_far_end(s, port);
    return r;
}

static int
detach(struct parity_sim *s, uint32_t port)
{
    struct bond_event ev = {.type = BOND_EV_PORT_DETACH, .slot = slot_of(s, port)};
    int r;

    if (ev.slot < 0)
        return EINVAL;
    ev.u.detach.hard = true; /* as the driver does it */
    r = step(s, &ev);
    s->port[port].up = false; /* it closes what leaves */
    return r;
}

static bool
has_port(const void *data, const char *name)
{
    return bond_port_by_name(data, name) != BOND_NO_PORT;
}

static int
set_queue(struct parity_sim *s, const char *value)
{
    char name[BOND_NAME_SIZE] = {0};
    struct bond_event ev = {.type = BOND_EV_PORT_OPTIONS};
    unsigned int queue = 0;

    sscanf(value, "%15[^:]:%u", name, &queue);
    ev.slot = bond_port_by_name(&s->b, name);
    if (ev.slot < 0)
        return EINVAL;
    ev.u.port_options.queue_id = (uint16_t) queue;
    ev.u.port_options.prio = s->b.port[ev.slot].prio;
    return step(s, &ev);
}

static int
set_prio(struct parity_sim *s, uint32_t port, const char *value)
{
    struct bond_event ev = {.type = BOND_EV_PORT_OPTIONS, .slot = slot_of(s, port)};

    if (ev.slot < 0)
        return EINVAL;
    ev.u.port_options.queue_id = s->b.port[ev.slot].queue_id;
    ev.u.port_options.prio = atoi(value);
    return step(s, &ev);
}

int
parity_sim_set_active(struct parity_sim *s, const char *name)
{
    struct bond_event ev = {.type = BOND_EV_SET_ACTIVE, .slot = BOND_NO_PORT};

    if (name) {
        ev.slot = bond_port_by_name(&s->b, name);
        if (ev.slot == BOND_NO_PORT)
            return EINVAL;
    }
    return step(s, &ev);
}

static int
set_option(struct parity_sim *s, const char *option, const char *value)
{
    struct bond_opt_ctx ctx = {.is_up = s->up, .has_port = has_port, .data = &s->b};
    struct bond_event ev = {.type = BOND_EV_OPTIONS};
    int r;

    if (!strcmp(option, "queue_id"))
        return set_queue(s, value);
    if (!strcmp(option, "active_slave"))
        return parity_sim_set_active(s, value[0] == '\n' ? NULL : value);
    for (uint32_t p = 0; p < s->script->ports; p++)
        ctx.n_ports += s->port[p].attached;
    if (!strcmp(option, "primary"))
        s->primary_again = !strcmp(value, s->b.opt.primary);
    ev.u.options = s->b.opt;
    r = bond_option_set(&ev.u.options, option, value, &ctx, &s->err);
    return r ? -r : step(s, &ev);
}

void
parity_sim_begin(struct parity_sim *s, const struct parity_script *script)
{
    struct bond_options o;
    char number[12];

    memset(s, 0, sizeof(*s));
    s->script = script;
    s->now_ns = BOND_NSEC_PER_SEC;
    bond_options_init(&o, BOND_MODE_BALANCE_RR);
    o.num[BOND_OPT_MIIMON] = 0; /* sysfs makes a bond without */
    snprintf(number, sizeof(number), "%u", script->mode);
    bond_option_set(&o, "mode", number, NULL, &s->err);
    for (uint32_t i = 0; i < script->n_settings; i++)
        bond_option_set(&o, script->setting[i].option, script->setting[i].value, NULL, &s->err);
    bond_init(&s->b, "b", 9, &o);
    s->b.drain_ms = 0; /* what is under way the driver drops at once */
    parity_far_begin(&s->far, script, s->now_ns, arrive, s);
    for (uint32_t p = 0; p < script->ports; p++) {
        s->port[p].carrier = !script->cut[p];
        s->port[p].speed = script->speed[p];
        s->port[p].half = script->half[p];
        parity_port_mac(p, s->port[p].mac);
    }
    s->up = true;
    report_bond(s);
    parity_far_tick(&s->far, s->now_ns);
    if (script->interval_ms)
        parity_sim_wait(s, script->interval_ms * 5 / 4);
}

static void
open_again(struct parity_sim *s)
{
    parity_far_tick(&s->far, s->now_ns);
    for (uint32_t p = 0; p < s->script->ports; p++)
        mark_if_down(s, p);
}

static int
happen(struct parity_sim *s, const struct parity_event *e)
{
    struct parity_device *d = &s->port[e->port];

    switch (e->what) {
    case PARITY_CUT:
        d->carrier = false;
        return report_port(s, e->port);
    case PARITY_MEND:
        d->carrier = true;
        d->speed = e->speed ? e->speed : d->speed;
        d->half = e->speed ? e->half : d->half;
        return report_port(s, e->port);
    case PARITY_UNSET:
    case PARITY_SET:
        d->up = e->what == PARITY_SET;
        return report_port(s, e->port);
    case PARITY_ATTACH:
        return parity_sim_attach(s, e->port);
    case PARITY_DETACH:
        return detach(s, e->port);
    case PARITY_OPTION:
        tell_traffic(s);
        return set_option(s, e->option, e->value);
    case PARITY_PRIO:
        return set_prio(s, e->port, e->value);
    case PARITY_BOND_DOWN:
    case PARITY_BOND_UP:
        s->up = e->what == PARITY_BOND_UP;
        if (s->up)
            open_again(s);
        return report_bond(s);
    case PARITY_FAR:
        parity_far_event(&s->far, e, s->now_ns);
        return 0;
    case PARITY_PAUSE:
        return 0;
    }
    return -1;
}

int
parity_sim_event(struct parity_sim *s, const struct parity_event *e)
{
    const int r = happen(s, e);

    s->adopted -= s->adopted > 0;
    if (e->what <= PARITY_DETACH)
        tell_far_end(s, e->port);
    return r;
}

static void
tick(struct parity_sim *s)
{
    struct bond_event ev = {.type = BOND_EV_TICK};

    if (s->b.arp_at_ns <= s->now_ns)
        tell_traffic(s);
    step(s, &ev);
}

void
parity_sim_wait(struct parity_sim *s, uint32_t ms)
{
    const uint64_t until = s->now_ns + ms * BOND_NSEC_PER_MSEC;

    while (s->out.next_ns <= until) {
        if (s->out.next_ns > s->now_ns)
            s->now_ns = s->out.next_ns;
        tick(s);
    }
    s->now_ns = until;
}

static void
wait_for_far_end(struct parity_sim *s)
{
    while (!parity_far_is_over(&s->far, s->b.active != BOND_NO_PORT, s->now_ns)) {
        const uint64_t far = parity_far_next(&s->far), core = s->out.next_ns;
        const uint64_t next = far < core ? far : core;

        s->now_ns = next > s->now_ns ? next : s->now_ns;
        if (core <= s->now_ns)
            tick(s);
        parity_far_run(&s->far, s->now_ns);
        if (s->far.broken && !s->broken)
            s->broken = s->far.broken;
    }
}

void
parity_sim_wait_before(struct parity_sim *s, const struct parity_event *e)
{
    if (e->rounds_before == 0)
        return;
    parity_far_wait_rounds(&s->far, e->rounds_before, s->now_ns);
    wait_for_far_end(s);
}

void
parity_sim_wait_after(struct parity_sim *s, const struct parity_event *e)
{
    if (s->script->family == PARITY_LINKS) {
        parity_sim_wait(s, parity_wait_ms(s->script, e));
        return;
    }
    parity_far_wait(&s->far, e, s->now_ns);
    wait_for_far_end(s);
}

struct text {
    char *buf;
    size_t size, len;
};

static void __attribute__((format(printf, 2, 3))) add(struct text *t, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (t->len < t->size)
        t->len += (size_t) vsnprintf(t->buf + t->len, t->size - t->len, format, args);
    va_end(args);
}

static void
add_address(const struct parity_sim *s, struct text *t, const uint8_t *have)
{
    uint8_t mac[BOND_MAC_LEN];

    for (uint32_t i = 0; i < s->script->ports; i++) {
        parity_port_mac(i, mac);
        if (!memcmp(mac, have, sizeof(mac))) {
            add(t, " p%u", i);
            return;
        }
    }
    add(t, " own");
}

static void
add_if_it_leaves(const struct parity_sim *s, struct text *t, struct bond_choice c, bool *any)
{
    const uint32_t port = c.ifindex - 10;

    if (c.send == BOND_SEND_NONE || !s->port[port].up || !s->port[port].carrier)
        return;
    add(t, "%u%s", port, c.edit ? "*" : "");
    *any = true;
}

static int
by_port(const void *a, const void *b)
{
    return *(const char *) a - *(const char *) b;
}

static void
look_at_sending(struct parity_sim *s, const struct bond_table *table, struct text *t)
{
    uint8_t frame[PARITY_PROBE_LEN];

    add(t, "sent by");
    for (uint32_t k = 0; k < PARITY_PROBES; k++) {
        struct bond_rr rr = {.counter = &s->sent};
        struct bond_frame f = {.data = frame, .end = frame + sizeof(frame), .len = sizeof(frame)};
        struct bond_choice c = {.send = BOND_SEND_NONE};
        bool any = false;
        size_t at;

        parity_probe(k, frame);
        memcpy(&f.proto_be, frame + 12, 2);
        if (s->b.carrier) /* to a device without nothing is given to send */
            c = bond_choose(table, &f, &rr);
        add(t, " ");
        at = t->len;
        if (c.send != BOND_SEND_ALL)
            add_if_it_leaves(s, t, c, &any);
        for (uint32_t i = 0; c.send == BOND_SEND_ALL && i < table->n_tx; i++)
            add_if_it_leaves(s, t, bond_choice_nth(table, i), &any);
        if (c.send == BOND_SEND_ALL)
            qsort(t->buf + at, t->len - at, 1, by_port);
        if (!any)
            add(t, "-");
    }
    add(t, "\n");
}

static void
look_at_receiving(struct parity_sim *s, const struct bond_table *table, struct text *t)
{
    uint8_t frame[PARITY_PROBE_LEN] = {0};
    struct bond_frame f = {.data = frame, .end = frame + sizeof(frame), .len = sizeof(frame)};

    memcpy(frame, s->b.mac, 6);
    memcpy(frame + 6, "\x02\xcc\0\0\0\1\x88\xb5", 8);
    memcpy(&f.proto_be, frame + 12, 2);
    add(t, "comes in from");
    for (uint32_t i = 0; i < s->script->ports; i++) {
        const struct parity_device *d = &s->port[i];
        const uint32_t slot = bond_slot_of(table, i + 10);
        const uint32_t admit = bond_admit(table, &f, slot).admit;

        if (d->up && d->carrier && slot < BOND_MAX_PORTS &&
            (admit == BOND_ADMIT_ENTER || admit == BOND_ADMIT_BOTH))
            add(t, " p%u", i);
        else
            add(t, " -");
        if (d->up && d->carrier)
            stamp(s, i);
        s->port[i].is_parted =
            d->is_parted && slot_of(s, i) >= 0 && s->b.port[slot_of(s, i)].link != BOND_LINK_UP;
    }
    add(t, "\n");
}

size_t
parity_sim_look(struct parity_sim *s, const char *version, char *buf, size_t size)
{
    struct text t = {buf, size, 0};
    struct bond_table table;
    char asked[64];

    bond_table_build(&s->b, &table);
    add(&t, "carrier %c\n", !s->up ? '-' : s->b.carrier ? '1' : '0');
    add(&t, "addresses");
    add_address(s, &t, s->b.mac);
    add(&t, ":");
    for (uint32_t i = 0; i < s->script->ports; i++)
        add_address(s, &t, s->port[i].mac);
    add(&t, "\n");
    look_at_sending(s, &table, &t);
    look_at_receiving(s, &table, &t);
    parity_far_asked(&s->far, asked);
    add(&t, "%s", asked);
    t.len += (size_t) bond_proc_format(&s->b, version, buf + t.len, size - t.len);
    return t.len;
}
