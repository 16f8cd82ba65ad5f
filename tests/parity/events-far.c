/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * events-far.c - targets, a switch, partners: what answers a bond, and when to look at it.
 */
#include <string.h>

#include "core/parse.h"
#include "tests/parity/events-far.h"

#define AT_ACTOR_STATE 32 /* in a LACPDU, from the Ethernet header on */
#define FIRST_IFINDEX 10

static const uint8_t target_mac[6] = {0x02, 0xbb, 0, 0, 0, 1};
static const uint8_t stranger_mac[6] = {0x02, 0xbb, 0, 0, 0, 2};

static uint64_t
interval_ns(const struct parity_far_end *f)
{
    return f->script->interval_ms * BOND_NSEC_PER_MSEC;
}

static void
queue(struct parity_far_end *f, uint32_t port, const uint8_t *frame, uint32_t len, uint64_t now_ns)
{
    struct parity_far_frame *q = &f->queue[f->n_queued];

    if (f->n_queued >= PARITY_FAR_QUEUE || len > sizeof(q->data)) {
        f->broken = "more frames than the other end has room for";
        return;
    }
    f->n_queued++;
    q->at_ns = now_ns + PARITY_FAR_MS * BOND_NSEC_PER_MSEC;
    q->port = port;
    q->len = len;
    memcpy(q->data, frame, len);
}

/* ---- targets ---- */

static int
arp_target(const struct parity_far_end *f, uint32_t ip_be, uint32_t vlan)
{
    for (uint32_t i = 0; i < f->script->n_targets; i++) {
        const uint8_t where = f->script->target[i];

        if (where != PARITY_IN_IPV6 && parity_target_ip(f->script, i) == ip_be &&
            (where == PARITY_IN_VLAN) == (vlan == PARITY_VLAN))
            return (int) i;
    }
    return -1;
}

static int
nd_target(const struct parity_far_end *f, const uint8_t ip[16])
{
    uint8_t target[16];

    for (uint32_t i = 0; i < f->script->n_targets; i++) {
        parity_ip6(16 + i, target);
        if (f->script->target[i] == PARITY_IN_IPV6 && !memcmp(target, ip, 16))
            return (int) i;
    }
    return -1;
}

/* Everybody at the switch hears the question; the answer comes by the port that asked. */
static void
answer(struct parity_far_end *f, uint32_t port, int target, const uint8_t *question, uint32_t len,
       const uint8_t *reply, uint32_t reply_len, uint64_t now_ns)
{
    const uint32_t back = f->stray ? (port + 1) % f->script->ports : port;

    f->asked[port] |= (uint8_t) (1u << target);
    if (f->mute[port])
        return;
    for (uint32_t i = 0; f->script->is_switch && i < f->script->ports; i++)
        if (i != port)
            queue(f, i, question, len, now_ns);
    if (!f->dead[target])
        queue(f, back, reply, reply_len, now_ns);
}

static void
hear_question(struct parity_far_end *f, uint32_t port, const uint8_t *frame, uint32_t len,
              uint64_t now_ns)
{
    uint8_t bare[2048], reply[PARITY_FAR_FRAME];
    uint32_t vlan = 0, n = len < sizeof(bare) ? len : (uint32_t) sizeof(bare);
    struct bond_arp arp;
    struct bond_nd nd;
    int target;

    memcpy(bare, frame, n);
    if (n > 18 && frame[12] == 0x81 && frame[13] == 0) {
        vlan = (uint32_t) (frame[14] & 0xf) << 8 | frame[15];
        n -= 4;
        memcpy(bare + 12, frame + 16, n - 12);
    }
    if (bond_arp_parse(bare, n, &arp) && arp.op == BOND_ARP_REQUEST) {
        target = arp_target(f, arp.target_be, vlan);
        n = parity_arp(reply, BOND_ARP_REPLY, target_mac, arp.target_be, arp.sender_mac,
                       arp.sender_be, vlan);
    } else if (bond_nd_parse(bare, n, &nd) && nd.type == BOND_ND_SOLICIT) {
        target = nd_target(f, nd.target);
        n = parity_nd(reply, BOND_ND_ADVERT, target_mac, nd.target, bare + 6, nd.source, nd.target);
    } else {
        return;
    }
    if (target >= 0)
        answer(f, port, target, frame, len < PARITY_FAR_FRAME ? len : PARITY_FAR_FRAME, reply, n,
               now_ns);
}

static uint32_t
noise(const struct parity_far_end *f, uint8_t kind, uint8_t *frame)
{
    static const uint8_t all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    static const uint8_t all_nodes[16] = {0xff, 0x02, [15] = 1};
    const uint32_t target = parity_target_ip(f->script, 0);
    uint8_t ip[16], other[16];

    parity_ip6(16, ip);
    parity_ip6(201, other);
    switch ((enum parity_noise) kind) {
    case PARITY_NOISE_ARP:
        return parity_arp(frame, BOND_ARP_REQUEST, stranger_mac, parity_ip(0, 200), all,
                          parity_ip(0, 201), 0);
    case PARITY_NOISE_ANNOUNCE:
        if (f->script->target[0] == PARITY_IN_IPV6)
            return parity_nd(frame, BOND_ND_ADVERT, target_mac, ip, all, all_nodes, ip);
        return parity_arp(frame, BOND_ARP_REQUEST, target_mac, target, all, target, 0);
    case PARITY_NOISE_ELSEWHERE:
        if (f->script->target[0] == PARITY_IN_IPV6)
            return parity_nd(frame, BOND_ND_ADVERT, target_mac, ip, stranger_mac, other, ip);
        return parity_arp(frame, BOND_ARP_REPLY, target_mac, target, stranger_mac,
                          parity_ip(0, 201), 0);
    case PARITY_NOISE_OTHER:
    case PARITY_QUIET:
        break;
    }
    memset(frame, 0, 60);
    memcpy(frame, all, 6);
    memcpy(frame + 6, stranger_mac, 6);
    frame[12] = 0x88;
    frame[13] = 0xb5;
    return 60;
}

static void
make_noise(struct parity_far_end *f, uint64_t now_ns)
{
    uint8_t frame[PARITY_FAR_FRAME];
    bool any = false;

    for (uint32_t i = 0; i < f->script->ports; i++)
        if (f->noise[i]) {
            queue(f, i, frame, noise(f, f->noise[i], frame), now_ns);
            any = true;
        }
    f->noise_ns = any ? now_ns + interval_ns(f) / 8 : BOND_NEVER;
}

/* ---- partners ---- */

static void
partner_step(struct parity_far_end *f, uint32_t k, struct bond_event *ev, uint64_t now_ns)
{
    struct bond *b = &f->system[k];

    bond_step(b, ev, now_ns, &f->out, NULL);
    f->system_ns[k] = f->out.next_ns;
    if (!f->broken)
        f->broken = bond_check(b);
    for (uint32_t i = 0; i < f->out.n; i++) {
        const struct bond_action *a = &f->out.v[i];
        const uint32_t port = (uint32_t) (b->port[a->slot & 31].ifindex - FIRST_IFINDEX);
        struct bond_frame_out *frame = &f->out.frame[a->index & (BOND_MAX_FRAMES - 1)];

        if (a->type != BOND_ACT_SEND || port >= f->script->ports || f->loop[port])
            continue;
        if (f->alone[port])
            frame->data[AT_ACTOR_STATE] &= (uint8_t) ~BOND_LACP_AGGREGATION;
        queue(f, port, frame->data, frame->len, now_ns);
    }
}

static void
partner_link(struct parity_far_end *f, uint32_t port, uint64_t now_ns)
{
    const uint32_t k = f->system_of[port];
    struct bond_event ev = {.type = BOND_EV_PORT_LINK,
                            .slot =
                                bond_port_by_ifindex(&f->system[k], (int) port + FIRST_IFINDEX)};

    if (ev.slot == BOND_NO_PORT)
        return;
    ev.u.port_link.admin_up = true;
    ev.u.port_link.carrier = f->has_link[port];
    ev.u.port_link.speed_mbps = f->speed[port];
    ev.u.port_link.duplex = f->half[port] ? BOND_DUPLEX_HALF : BOND_DUPLEX_FULL;
    memcpy(ev.u.port_link.mac, f->system[k].port[ev.slot].mac, BOND_MAC_LEN);
    memcpy(ev.u.port_link.name, f->system[k].port[ev.slot].name, BOND_NAME_SIZE);
    partner_step(f, k, &ev, now_ns);
}

static void
partner_attach(struct parity_far_end *f, uint32_t port, uint64_t now_ns)
{
    struct bond_event ev = {.type = BOND_EV_PORT_ATTACH};

    ev.u.attach.ifindex = (int) port + FIRST_IFINDEX;
    memcpy(ev.u.attach.name, "f", 2);
    ev.u.attach.name[1] = (char) ('0' + port);
    memcpy(ev.u.attach.mac,
           (const uint8_t[6]){0x02, 0xcc, 0, 0, f->system_of[port], (uint8_t) port}, BOND_MAC_LEN);
    ev.u.attach.admin_up = true;
    ev.u.attach.carrier = f->has_link[port];
    ev.u.attach.speed_mbps = f->speed[port];
    ev.u.attach.duplex = f->half[port] ? BOND_DUPLEX_HALF : BOND_DUPLEX_FULL;
    partner_step(f, f->system_of[port], &ev, now_ns);
}

/* As if it had been switched on just now. */
static void
partner_begin(struct parity_far_end *f, uint32_t k, uint64_t now_ns)
{
    static const char key[][4] = {"0", "1", "2", "3"};
    struct bond_event ev = {.type = BOND_EV_BOND_LINK};
    struct bond_options o;

    bond_options_init(&o, BOND_MODE_8023AD);
    o.num[BOND_OPT_MIIMON] = 0; /* it is told of every link */
    bond_option_set(&o, "lacp_rate", f->script->system_rate[k], NULL, NULL);
    bond_option_set(&o, "ad_select", "bandwidth", NULL, NULL); /* whoever answers first */
    bond_option_set(&o, "ad_user_port_key", key[f->key[k] & 3], NULL, NULL);
    bond_init(&f->system[k], "far", 9, &o);
    f->system[k].drain_ms = 0;
    ev.u.bond_link.admin_up = true;
    ev.u.bond_link.mac_given = true;
    memcpy(ev.u.bond_link.mac, (const uint8_t[6]){0x02, 0xaa, 0, 0, 0, (uint8_t) (k + 1)},
           BOND_MAC_LEN);
    partner_step(f, k, &ev, now_ns);
    for (uint32_t i = 0; i < f->script->ports; i++)
        if (f->system_of[i] == k)
            partner_attach(f, i, now_ns);
}

static void
partner_key(struct parity_far_end *f, uint32_t k, uint32_t key, uint64_t now_ns)
{
    struct bond_event ev = {.type = BOND_EV_OPTIONS};

    f->key[k] = key;
    ev.u.options = f->system[k].opt;
    ev.u.options.num[BOND_OPT_AD_USER_PORT_KEY] = key;
    partner_step(f, k, &ev, now_ns);
}

/* What is new it says at once, not with its next LACPDU, which may be half a minute away. */
static void
partner_alone(struct parity_far_end *f, uint32_t port, bool alone, uint64_t now_ns)
{
    struct bond *b = &f->system[f->system_of[port]];
    const int slot = bond_port_by_ifindex(b, (int) port + FIRST_IFINDEX);
    struct bond_event tick = {.type = BOND_EV_TICK};

    f->alone[port] = alone;
    if (slot == BOND_NO_PORT)
        return;
    b->port[slot].lacp.ntt = true;
    partner_step(f, f->system_of[port], &tick, now_ns);
}

static void
recable(struct parity_far_end *f, uint32_t port, uint32_t to, uint64_t now_ns)
{
    const uint32_t from = f->system_of[port];
    struct bond_event ev = {.type = BOND_EV_PORT_DETACH,
                            .slot =
                                bond_port_by_ifindex(&f->system[from], (int) port + FIRST_IFINDEX)};

    ev.u.detach.hard = true;
    partner_step(f, from, &ev, now_ns);
    f->system_of[port] = (uint8_t) to;
    partner_attach(f, port, now_ns);
}

static void
hear_lacp(struct parity_far_end *f, uint32_t port, const uint8_t *frame, uint32_t len,
          uint64_t now_ns)
{
    const uint32_t k = f->system_of[port];
    struct bond_event ev = {.type = BOND_EV_FRAME,
                            .slot =
                                bond_port_by_ifindex(&f->system[k], (int) port + FIRST_IFINDEX)};
    struct bond_lacpdu pdu;

    if (bond_slow_parse(frame, len, &pdu) != BOND_SLOW_LACPDU)
        return;
    if (f->loop[port]) {
        queue(f, port, frame, len < PARITY_FAR_FRAME ? len : PARITY_FAR_FRAME, now_ns);
    } else if (!f->deaf[port] && f->has_link[port]) {
        ev.u.frame.data = frame;
        ev.u.frame.len = (uint16_t) len;
        partner_step(f, k, &ev, now_ns);
    }
}

/* ---- both ---- */

void
parity_far_begin(struct parity_far_end *f, const struct parity_script *script, uint64_t now_ns,
                 parity_far_arrive *arrive, void *data)
{
    memset(f, 0, sizeof(*f));
    f->script = script;
    f->arrive = arrive;
    f->data = data;
    f->noise_ns = f->until_ns = BOND_NEVER;
    f->period_ns = interval_ns(f);
    memcpy(f->system_of, script->system_of, sizeof(f->system_of));
    for (uint32_t k = 0; k < PARITY_SYSTEMS; k++) {
        f->system_ns[k] = BOND_NEVER;
        if (script->family == PARITY_PARTNERS)
            partner_begin(f, k, now_ns);
    }
}

void
parity_far_link(struct parity_far_end *f, uint32_t port, const struct parity_far_port *is,
                uint64_t now_ns)
{
    f->has_link[port] = is->has_link;
    f->usable[port] = is->has_link && is->is_attached;
    f->speed[port] = (int32_t) is->speed;
    f->half[port] = is->half;
    if (f->script->family == PARITY_PARTNERS)
        partner_link(f, port, now_ns);
}

void
parity_far_event(struct parity_far_end *f, const struct parity_event *e, uint64_t now_ns)
{
    switch (e->far) {
    case PARITY_FAR_MUTE:
        f->mute[e->port] = e->far_value;
        break;
    case PARITY_FAR_DEAF:
        f->deaf[e->port] = e->far_value;
        f->was_deaf[e->port] = true;
        break;
    case PARITY_FAR_DEAD:
        f->dead[e->port] = e->far_value;
        break;
    case PARITY_FAR_STRAY:
        f->stray = e->far_value;
        break;
    case PARITY_FAR_NOISE:
        f->noise[e->port] = (uint8_t) e->far_value;
        f->noise_ns = now_ns;
        break;
    case PARITY_FAR_KEY:
        partner_key(f, e->port, e->far_value, now_ns);
        break;
    case PARITY_FAR_RESTART:
        partner_begin(f, e->port, now_ns);
        break;
    case PARITY_FAR_ALONE:
        partner_alone(f, e->port, e->far_value, now_ns);
        break;
    case PARITY_FAR_LOOP:
        f->loop[e->port] = e->far_value;
        break;
    case PARITY_FAR_CABLE:
        recable(f, e->port, e->far_value, now_ns);
        break;
    }
}

void
parity_far_frame(struct parity_far_end *f, uint32_t port, const uint8_t *frame, uint32_t len,
                 uint64_t now_ns)
{
    if (f->script->family == PARITY_MONITORS)
        hear_question(f, port, frame, len, now_ns);
    else if (f->script->family == PARITY_PARTNERS)
        hear_lacp(f, port, frame, len, now_ns);
}

void
parity_far_run(struct parity_far_end *f, uint64_t now_ns)
{
    struct bond_event tick = {.type = BOND_EV_TICK};

    if (f->noise_ns <= now_ns)
        make_noise(f, now_ns);
    for (uint32_t k = 0; k < PARITY_SYSTEMS; k++)
        if (f->system_ns[k] <= now_ns)
            partner_step(f, k, &tick, now_ns);
    while (f->n_queued > 0 && f->queue[0].at_ns <= now_ns) {
        const struct parity_far_frame frame = f->queue[0];

        f->n_queued--;
        memmove(&f->queue[0], &f->queue[1], f->n_queued * sizeof(f->queue[0]));
        if (f->has_link[frame.port] && !f->mute[frame.port])
            f->arrive(f->data, frame.port, frame.data, frame.len);
    }
}

uint64_t
parity_far_next(const struct parity_far_end *f)
{
    uint64_t next = f->until_ns < f->noise_ns ? f->until_ns : f->noise_ns;

    for (uint32_t k = 0; k < PARITY_SYSTEMS; k++)
        next = f->system_ns[k] < next ? f->system_ns[k] : next;
    return f->n_queued > 0 && f->queue[0].at_ns < next ? f->queue[0].at_ns : next;
}

/* ---- when to look ---- */

void
parity_far_tick(struct parity_far_end *f, uint64_t now_ns)
{
    f->tick_ns = now_ns;
}

uint64_t
parity_far_quarter(const struct parity_far_end *f, uint64_t after_ns)
{
    const uint64_t period = f->period_ns, at = f->tick_ns + interval_ns(f) / 4;

    return at > after_ns || period == 0 ? at : at + ((after_ns - at) / period + 1) * period;
}

/* If nobody asks it is over at the time at which it would be. */
static void
begin_round(struct parity_far_end *f, uint64_t now_ns)
{
    memset(f->asked, 0, sizeof(f->asked));
    f->has_asked = false;
    f->until_ns = parity_far_quarter(f, now_ns + interval_ns(f) / 2);
}

void
parity_far_wait_rounds(struct parity_far_end *f, uint32_t rounds, uint64_t now_ns)
{
    f->rounds = rounds;
    f->more_rounds = 0;
    begin_round(f, now_ns);
}

void
parity_far_wait(struct parity_far_end *f, const struct parity_event *e, uint64_t now_ns)
{
    if (f->script->family == PARITY_MONITORS) {
        parity_far_wait_rounds(f, e ? e->rounds : f->script->first_rounds, now_ns);
        f->more_rounds = f->script->ports + 2;
    } else {
        f->until_ns = now_ns + parity_wait_ms(f->script, e) * BOND_NSEC_PER_MSEC;
    }
}

/* Without an active port one after the other is tried. */
static bool
is_the_first_ones_turn(const struct parity_far_end *f)
{
    for (uint32_t i = 0; i < f->script->ports; i++)
        if (f->usable[i])
            return f->asked[i] != 0;
    return true;
}

bool
parity_far_is_over(struct parity_far_end *f, bool has_active, uint64_t now_ns)
{
    bool asks = false;

    if (f->script->family == PARITY_MONITORS && !f->has_asked) {
        for (uint32_t i = 0; i < f->script->ports; i++)
            asks = asks || f->asked[i];
        if (asks) {
            f->tick_ns = now_ns;
            f->until_ns = parity_far_quarter(f, now_ns);
        }
        f->has_asked = asks;
    }
    if (now_ns < f->until_ns)
        return false;
    if (f->script->family == PARITY_MONITORS) {
        if (f->rounds > 1) {
            f->rounds--;
            begin_round(f, now_ns);
            return false;
        }
        if (f->script->mode == BOND_MODE_ACTIVE_BACKUP && !has_active && f->more_rounds > 0 &&
            !is_the_first_ones_turn(f)) {
            f->more_rounds--;
            begin_round(f, now_ns);
            return false;
        }
    }
    f->until_ns = BOND_NEVER;
    return true;
}

void
parity_far_asked(const struct parity_far_end *f, char text[64])
{
    size_t n = 0;

    text[0] = '\0';
    if (f->script->family != PARITY_MONITORS)
        return;
    memcpy(text, "asked by", 8);
    n = 8;
    for (uint32_t i = 0; i < f->script->ports; i++) {
        text[n++] = ' ';
        text[n++] = f->asked[i] ? (char) ('0' + f->asked[i]) : '-';
    }
    memcpy(text + n, "\n", 2);
}
