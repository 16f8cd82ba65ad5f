/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-random.c - what must hold whatever happens: thousands of random scripts with a fixed seed
 * (NMB_SEED changes it, NMB_SCRIPTS their number). sim_step() checks every step from all sides;
 * here are the properties of whole scripts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

#define STEPS 60
#define IFINDEXES 6

static uint64_t seed;

/* splitmix64: 0..n-1 */
static uint32_t
pick(uint32_t n)
{
    uint64_t z = seed += 0x9e3779b97f4a7c15ull;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return (uint32_t) ((z ^ (z >> 31)) >> 33) % n;
}

static unsigned
n_scripts(void)
{
    const char *n = getenv("NMB_SCRIPTS");
    return n ? (unsigned) atoi(n) : 1000;
}

static int
begin(void **state)
{
    const char *given = getenv("NMB_SEED");

    seed = given ? strtoull(given, NULL, 0) : 3;
    return 0;
}

/* ---- random events ---- */

/* Half of the modes that have an ARP monitor use it. Its targets are 10.0.0.1 and 10.0.0.2. */
static void
random_monitor(struct bond_options *o)
{
    static const uint32_t intervals_ms[] = {20, 50, 100, 1000};

    memset(o->arp_target_be, 0, sizeof(o->arp_target_be));
    o->n_arp_targets = 0;
    o->num[BOND_OPT_ARP_INTERVAL] = o->num[BOND_OPT_ARP_VALIDATE] = 0;
    if (o->num[BOND_OPT_MODE] > BOND_MODE_BROADCAST || pick(2))
        return;
    o->num[BOND_OPT_MIIMON] = 0;
    o->num[BOND_OPT_ARP_INTERVAL] = intervals_ms[pick(4)];
    o->num[BOND_OPT_ARP_VALIDATE] = pick(7);
    o->num[BOND_OPT_ARP_ALL_TARGETS] = pick(2);
    o->num[BOND_OPT_ARP_MISSED_MAX] = pick(3) + 1;
    o->n_arp_targets = (uint8_t) pick(3);
    for (uint8_t i = 0; i < o->n_arp_targets; i++)
        memcpy(&o->arp_target_be[i], (uint8_t[]){10, 0, 0, (uint8_t) (i + 1)}, 4);
}

/* ARP, to all: 10.0.0.<sender> asks for or answers 10.0.0.<target>; 99 is us. */
static void
put_arp(struct bond_event *ev, uint8_t op, uint8_t sender, uint8_t target)
{
    static uint8_t frame[42];
    const uint8_t fixed[] = {8, 6, 0, 1, 8, 0, 6, 4, 0, op};

    memset(frame, 0xff, 6);
    memset(frame + 6, 2, 6);
    memcpy(frame + 12, fixed, sizeof(fixed));
    memset(frame + 22, 2, 6);
    memcpy(frame + 28, (uint8_t[]){10, 0, 0, sender}, 4);
    memset(frame + 32, 0, 6);
    memcpy(frame + 38, (uint8_t[]){10, 0, 0, target}, 4);
    ev->type = BOND_EV_FRAME;
    ev->u.frame.data = frame;
    ev->u.frame.len = sizeof(frame);
    ev->u.frame.from_us = sender == 99;
    ev->u.frame.to_us = target == 99;
}

static void
random_options(struct bond_options *o)
{
    static const uint32_t ms[] = {0, 0, 10, 50, 100, 130, 1000};
    static const uint32_t modes[] = {0, 1, 2, 3, 5, 6, 6};
    char name[16];

    o->num[BOND_OPT_MODE] = modes[pick(7)];
    o->num[BOND_OPT_TLB_DYNAMIC_LB] = pick(3) != 0;
    o->num[BOND_OPT_LP_INTERVAL] = pick(4) + 1;
    o->num[BOND_OPT_MIIMON] = ms[pick(7)];
    o->num[BOND_OPT_UPDELAY] = ms[pick(7)];
    o->num[BOND_OPT_DOWNDELAY] = ms[pick(7)];
    o->num[BOND_OPT_PEER_NOTIF_DELAY] = ms[pick(7)];
    o->num[BOND_OPT_NUM_GRAT_ARP] = pick(4);
    o->num[BOND_OPT_RESEND_IGMP] = pick(4);
    o->num[BOND_OPT_PRIMARY_RESELECT] = pick(3);
    o->num[BOND_OPT_FAIL_OVER_MAC] = pick(3);
    o->num[BOND_OPT_ALL_SLAVES_ACTIVE] = pick(2);
    o->num[BOND_OPT_MIN_LINKS] = pick(3);
    o->num[BOND_OPT_BFD] = pick(3);
    o->num[BOND_OPT_MONITORS] = pick(4) == 0;
    o->num[BOND_OPT_BFD_INTERVAL] = 10 + pick(100);
    snprintf(name, sizeof(name), "eth%u", pick(IFINDEXES) + 1);
    memset(o->primary, 0, sizeof(o->primary));
    memset(o->active_slave, 0, sizeof(o->active_slave));
    if (pick(2))
        strcpy(o->primary, name);
    if (pick(4) == 0)
        strcpy(o->active_slave, name);
    random_monitor(o);
}

static void
random_port(struct bond_event *ev)
{
    int32_t ifindex = (int32_t) pick(IFINDEXES) + 1;

    ev->u.attach.ifindex = ifindex;
    snprintf(ev->u.attach.name, BOND_NAME_SIZE, "eth%d", pick(20) ? ifindex : ifindex + 1);
    ev->u.attach.mac[0] = 2;
    ev->u.attach.mac[5] = pick(10) ? (uint8_t) ifindex : 1;
    ev->u.attach.admin_up = pick(8) != 0;
    ev->u.attach.carrier = pick(4) != 0;
    ev->u.attach.speed_mbps = (int32_t) pick(3) * 1000;
    ev->u.attach.duplex = (uint8_t) pick(3);
    ev->u.attach.queue_id = pick(4) ? 0 : (uint16_t) pick(4);
    ev->u.attach.prio = pick(3) ? 0 : (int32_t) pick(5) - 2;
}

/* Ports are meant by ifindex; -1 is none. */
struct random_event {
    struct bond_event ev;
    int ifindex;
    uint64_t wait_ns; /* BOND_NEVER: until the next deadline */
};

/* ARP between few hosts, sent by the host above the bond or heard on a port, sometimes odd. */
static void
random_arp(const struct bond *b, struct bond_event *ev)
{
    static uint8_t f[64];
    const uint8_t *ours = pick(3) ? b->mac : b->port[pick(BOND_MAX_PORTS)].mac;
    bool sent = pick(3) != 0;

    ev->type = BOND_EV_FRAME;
    sim_arp(f, pick(2), (uint8_t) pick(4), (uint8_t) pick(20), (uint8_t) pick(256));
    memcpy(f + 22, ours, BOND_MAC_LEN);
    if (!sent && pick(4))
        memcpy(f + 22, (uint8_t[]){2, 0, 0, 0, 2, (uint8_t) pick(4)}, BOND_MAC_LEN);
    if (pick(8) == 0)
        f[pick(42)] ^= (uint8_t) (1u << pick(8));
    ev->u.frame.data = f;
    ev->u.frame.len = pick(12) ? 60 : (uint16_t) pick(60);
    ev->u.frame.vlan_id = pick(4) ? 0 : 7;
}

/* A BFD packet of a peer in any state, which may know us or not. */
static void
put_bfd(const struct bond *b, struct bond_event *ev, const struct bond_bfd_packet *p)
{
    static uint8_t f[66];

    memset(f, 0, sizeof(f));
    memcpy(f + 6, (uint8_t[]){2, 0, 0, 0, 3, (uint8_t) pick(2)}, BOND_MAC_LEN);
    f[12] = 8;
    f[14] = 0x45;
    f[17] = 52;
    f[22] = 255;
    f[23] = 17;
    f[36] = (uint8_t) (bond_bfd_udp_port(b) >> 8);
    f[37] = (uint8_t) bond_bfd_udp_port(b);
    f[39] = 32;
    bond_bfd_build(f + 42, p);
    ev->type = BOND_EV_FRAME;
    ev->u.frame.data = f;
    ev->u.frame.len = sizeof(f);
}

static void
random_bfd(const struct bond *b, struct bond_event *ev, int ifindex)
{
    const struct bond_bfd_packet p = {
        .state = (uint8_t) pick(4),
        .detect_mult = (uint8_t) (1 + pick(4)),
        .poll = pick(4) == 0,
        .final = pick(3) == 0,
        .demand = pick(8) == 0,
        .my_disc = 1 + pick(3),
        .your_disc = pick(2) ? (uint32_t) ifindex : pick(3),
        .desired_tx_us = pick(5) * 10000,
        .required_rx_us = pick(5) * 10000,
    };

    put_bfd(b, ev, &p);
}

static struct random_event
random_event(const struct bond *b)
{
    static const uint64_t waits_ms[] = {0, 0, 1, 9, 50, 99, 100, 350};
    struct random_event r = {.ifindex = (int) pick(IFINDEXES) + 1};
    struct bond_event *ev = &r.ev;

    r.wait_ns = pick(3) ? waits_ms[pick(8)] * BOND_NSEC_PER_MSEC : BOND_NEVER;
    switch (pick(20)) {
    case 10:
    case 11:
    case 12:
    case 13:
        if (b->opt.num[BOND_OPT_BFD] != BOND_BFD_OFF && pick(4)) {
            random_bfd(b, ev, r.ifindex);
            break;
        }
        random_arp(b, ev);
        if (pick(3))
            r.ifindex = -1;
        break;
    case 0:
    case 1:
    case 2:
        ev->type = BOND_EV_PORT_ATTACH;
        random_port(ev);
        break;
    case 3:
        ev->type = BOND_EV_PORT_DETACH;
        ev->u.detach.hard = pick(4) == 0;
        break;
    case 4:
        ev->type = pick(2) ? BOND_EV_PORT_GONE : BOND_EV_PORT_CLAIMED;
        break;
    case 5:
        ev->type = BOND_EV_OPTIONS;
        ev->u.options = b->opt;
        random_options(&ev->u.options);
        break;
    case 6:
        ev->type = BOND_EV_PORT_OPTIONS;
        ev->u.port_options.prio = (int32_t) pick(5) - 2;
        ev->u.port_options.queue_id = (uint16_t) pick(4);
        break;
    case 7:
        ev->type = BOND_EV_SET_ACTIVE;
        if (pick(4) == 0)
            r.ifindex = -1;
        break;
    case 8:
        ev->type = BOND_EV_BOND_LINK;
        ev->u.bond_link.admin_up = pick(4) != 0;
        ev->u.bond_link.mac_given = pick(4) == 0;
        ev->u.bond_link.bridged = pick(8) == 0;
        memcpy(ev->u.bond_link.mac, b->mac, BOND_MAC_LEN);
        if (pick(3) == 0)
            memcpy(ev->u.bond_link.mac, (uint8_t[]){2, 0, 0, 0, 1, (uint8_t) pick(9)}, 6);
        break;
    case 9:
        ev->type = BOND_EV_TICK;
        break;
    case 19:
        if (pick(2))
            put_arp(ev, (uint8_t) pick(2) + 1, pick(3) ? (uint8_t) pick(3) + 1 : 99,
                    pick(2) ? (uint8_t) pick(3) + 1 : 99);
        else
            ev->type = BOND_EV_TRAFFIC;
        break;
    default:
        ev->type = BOND_EV_PORT_LINK;
        break;
    }
    return r;
}

/* A report of the port's device, mostly with another carrier. */
static void
random_report(const struct bond *b, struct bond_event *ev)
{
    const struct bond_port *p = &b->port[ev->slot];

    ev->u.port_link.admin_up = pick(10) ? p->admin_up : !p->admin_up;
    ev->u.port_link.carrier = pick(3) ? !p->carrier : p->carrier;
    ev->u.port_link.speed_mbps = pick(5) ? p->speed_mbps : 10000;
    ev->u.port_link.duplex = p->duplex;
    memcpy(ev->u.port_link.mac, p->mac, BOND_MAC_LEN);
    snprintf(ev->u.port_link.name, BOND_NAME_SIZE, "eth%d",
             pick(30) ? p->ifindex : (int) pick(IFINDEXES) + 1);
}

static struct random_event
next_event(const struct sim *s, uint64_t *now)
{
    struct random_event r = random_event(&s->b);

    if (r.wait_ns != BOND_NEVER)
        *now += r.wait_ns;
    else if (s->out.next_ns != BOND_NEVER)
        *now = s->out.next_ns;
    r.ev.slot = r.ifindex < 0 ? BOND_NO_PORT : bond_port_by_ifindex(&s->b, r.ifindex);
    if (r.ev.type == BOND_EV_PORT_LINK && r.ev.slot != BOND_NO_PORT)
        random_report(&s->b, &r.ev);
    else if (r.ev.type == BOND_EV_PORT_LINK)
        r.ev.type = BOND_EV_TICK;
    else if (r.ev.type == BOND_EV_TRAFFIC)
        r.ev.u.traffic.last_rx_ns = *now - pick(2) * 30 * BOND_NSEC_PER_MSEC;
    return r;
}

static void
init(struct sim *s)
{
    struct bond_event options = {.type = BOND_EV_OPTIONS};

    sim_init(s, "mode=balance-rr miimon=100");
    options.u.options = s->b.opt;
    random_options(&options.u.options);
    sim_step(s, &options, 0);
}

/* ---- properties ---- */

/* The peer is there: it answers on every port, and not again for a while. */
static void
answer_bfd(struct sim *s, uint64_t now)
{
    int order[BOND_MAX_PORTS];
    uint32_t n = bond_port_order(&s->b, false, order);

    for (uint32_t i = 0; i < n && s->b.opt.num[BOND_OPT_BFD] != BOND_BFD_OFF; i++) {
        const struct bond_port *port = &s->b.port[order[i]];
        struct bond_event ev = {.slot = order[i]};
        const struct bond_bfd_packet p = {
            .state = port->bfd.state == BOND_BFD_DOWN ? BOND_BFD_DOWN : BOND_BFD_UP,
            .detect_mult = 255,
            .final = true,
            .my_disc = 1,
            .your_disc = (uint32_t) port->ifindex,
            .desired_tx_us = 10000,
            .required_rx_us = 10000,
        };

        if (port->bfd.state == BOND_BFD_UP && now < port->bfd.heard_ns + BOND_NSEC_PER_SEC)
            continue;
        put_bfd(&s->b, &ev, &p);
        sim_step(s, &ev, now);
    }
}

/* The network works: what every port asks is answered, and backups hear the questions. */
static void
answer_all(struct sim *s, uint64_t now)
{
    int order[BOND_MAX_PORTS];
    uint32_t n = bond_port_order(&s->b, false, order);

    for (uint32_t i = 0; i < n && s->b.opt.num[BOND_OPT_ARP_INTERVAL]; i++) {
        struct bond_event ev = {.type = BOND_EV_TRAFFIC, .slot = order[i]};

        ev.u.traffic.last_rx_ns = now;
        sim_step(s, &ev, now);
        for (uint8_t t = 1; t <= s->b.opt.n_arp_targets; t++) {
            put_arp(&ev, 2, t, 99);
            sim_step(s, &ev, now);
            put_arp(&ev, 1, 99, t);
            sim_step(s, &ev, now);
        }
    }
}

/* However a script ends: when every port has a carrier and time passes, all are up and carry. */
static void
heal(struct sim *s, uint64_t now)
{
    /* no delay is longer */
    uint64_t interval = s->b.opt.num[BOND_OPT_ARP_INTERVAL] * BOND_NSEC_PER_MSEC;
    uint64_t end = now + 2 * BOND_NSEC_PER_SEC + 8 * interval;
    struct bond_event up = {.type = BOND_EV_PORT_LINK}, tick = {.type = BOND_EV_TICK};
    int order[BOND_MAX_PORTS];
    uint32_t n = bond_port_order(&s->b, true, order);

    if (!s->b.admin_up && s->b.opt.num[BOND_OPT_ARP_INTERVAL])
        sim_do(s, now / BOND_NSEC_PER_MSEC + 1, "bond up"); /* a bond that is down asks nobody */
    for (uint32_t i = 0; i < n; i++) {
        up.slot = order[i];
        random_report(&s->b, &up);
        up.u.port_link.admin_up = up.u.port_link.carrier = true;
        sim_step(s, &up, now);
    }
    while (now < end) {
        answer_bfd(s, now += 50 * BOND_NSEC_PER_MSEC);
        sim_step(s, &tick, now);
        if (now % (interval / 2 + 1) < 50 * BOND_NSEC_PER_MSEC)
            answer_all(s, now);
    }

    n = bond_port_order(&s->b, false, order);
    for (uint32_t i = 0; i < n; i++)
        assert_int_equal(s->b.port[order[i]].link, BOND_LINK_UP);
    assert_int_equal(s->b.carrier, n > 0 && n >= s->b.opt.num[BOND_OPT_MIN_LINKS]);
    assert_int_equal(s->b.active != BOND_NO_PORT, n > 0);
    for (uint32_t i = 0; i < BOND_MAX_PORTS; i++)
        assert_int_not_equal(s->b.port[i].phase, BOND_PHASE_DRAINING);
}

static void
no_state_is_a_trap(void **state)
{
    static struct sim s;

    for (unsigned script = 0; script < n_scripts(); script++) {
        uint64_t now = 0;

        init(&s);
        for (int i = 0; i < STEPS; i++) {
            struct random_event r = next_event(&s, &now);
            sim_step(&s, &r.ev, now);
        }
        heal(&s, now);
    }
}

/* The same state with its ports in other slots. */
static void
shuffle_slots(struct sim *s)
{
    struct bond was = s->b;
    struct sim_world w = s->world;
    int to[BOND_MAX_PORTS];

    for (int i = 0; i < (int) BOND_MAX_PORTS; i++) {
        int j = (int) pick((uint32_t) i + 1);

        to[i] = to[j];
        to[j] = i;
    }
    for (int i = 0; i < (int) BOND_MAX_PORTS; i++) {
        s->b.port[to[i]] = was.port[i];
        memcpy(s->world.port_mac[to[i]], w.port_mac[i], BOND_MAC_LEN);
        if (was.active == i)
            s->b.active = to[i];
        if (was.arp_port == i)
            s->b.arp_port = to[i];
        if (was.client_last == i)
            s->b.client_last = to[i];
    }
    for (int i = 0; i < (int) BOND_CLIENTS; i++)
        if (was.client[i].assigned)
            s->b.client[i].slot = (int8_t) to[was.client[i].slot];
    bond_table_build(&s->b, &s->world.table);
}

static void
same(struct sim *a, struct sim *b, int rc_a, int rc_b)
{
    char state_a[4096], proc_a[8192], proc_b[8192];

    assert_int_equal(rc_a < 0 ? rc_a : 0, rc_b < 0 ? rc_b : 0);
    assert_int_equal(a->out.n, b->out.n);
    assert_true(a->out.next_ns == b->out.next_ns);
    strcpy(state_a, sim_state(a));
    assert_string_equal(state_a, sim_state(b));
    bond_proc_format(&a->b, "v", proc_a, sizeof(proc_a));
    bond_proc_format(&b->b, "v", proc_b, sizeof(proc_b));
    assert_string_equal(proc_a, proc_b);
}

static void
slots_do_not_matter(void **state)
{
    static struct sim a, b;

    for (unsigned script = 0; script < n_scripts() / 2; script++) {
        uint64_t now = 0;

        init(&a);
        a.without_twin = true; /* the first test has them */
        b = a;
        for (int i = 0; i < STEPS; i++) {
            struct random_event r = next_event(&a, &now);
            int rc = sim_step(&a, &r.ev, now);

            if (pick(4) == 0)
                shuffle_slots(&b);
            if (r.ifindex > 0 && r.ev.slot != BOND_NO_PORT)
                r.ev.slot = bond_port_by_ifindex(&b.b, r.ifindex);
            same(&a, &b, rc, sim_step(&b, &r.ev, now));
        }
    }
}

/* Ports that are told apart by prio, links that change at one moment: the order in which the
 * reports come in changes nothing of where it ends. */
static void
the_order_of_reports_does_not_matter(void **state)
{
    static struct sim start, s;
    char words[64], want[4096];

    for (unsigned script = 0; script < n_scripts() / 4; script++) {
        int order[IFINDEXES], on[IFINDEXES];

        snprintf(words, sizeof(words), "mode=%u miimon=100", pick(4));
        sim_init(&start, words);
        start.without_twin = true;
        for (int i = 0; i < IFINDEXES; i++) {
            snprintf(words, sizeof(words), "attach eth%d prio=%d %s", i, (i * 5) % IFINDEXES * 3,
                     pick(2) ? "nocarrier" : "");
            sim_do(&start, 0, words);
            on[i] = (int) pick(2);
        }
        for (int round = 0; round < 6; round++) {
            s = start;
            for (int i = 0; i < IFINDEXES; i++) {
                int j = (int) pick((uint32_t) i + 1);

                order[i] = order[j];
                order[j] = i;
            }
            for (int i = 0; i < IFINDEXES; i++) {
                snprintf(words, sizeof(words), "carrier eth%d %s", order[i],
                         on[order[i]] ? "on" : "off");
                sim_do(&s, 10, words);
            }
            if (round == 0)
                strcpy(want, sim_state(&s));
            assert_string_equal(sim_state(&s), want);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(no_state_is_a_trap, begin),
        cmocka_unit_test_setup(slots_do_not_matter, begin),
        cmocka_unit_test_setup(the_order_of_reports_does_not_matter, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
