/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-machines.c - each machine alone, at times of the test's choosing: from every state, what
 * leads where, a nanosecond before its time and at it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/lacp_internal.h"

#define T 1000000000000ull

static void
receive(void **state)
{
    static const struct {
        enum bond_lacp_rx from;
        bool port_enabled, lacp_enabled;
        uint64_t current_while_ns;
        enum bond_lacp_rx before, at; /* at T-1, at T */
    } rows[] = {
#define RX(name) BOND_LACP_RX_##name
        {RX(PORT_DISABLED), false, true, BOND_NEVER, RX(PORT_DISABLED), RX(PORT_DISABLED)},
        {RX(PORT_DISABLED), true, true, BOND_NEVER, RX(EXPIRED), RX(EXPIRED)},
        {RX(PORT_DISABLED), true, false, BOND_NEVER, RX(LACP_DISABLED), RX(LACP_DISABLED)},
        {RX(EXPIRED), true, true, T, RX(EXPIRED), RX(DEFAULTED)},
        {RX(EXPIRED), false, true, T, RX(PORT_DISABLED), RX(PORT_DISABLED)},
        {RX(EXPIRED), true, false, T, RX(PORT_DISABLED), RX(PORT_DISABLED)},
        {RX(LACP_DISABLED), true, false, BOND_NEVER, RX(LACP_DISABLED), RX(LACP_DISABLED)},
        {RX(LACP_DISABLED), true, true, BOND_NEVER, RX(PORT_DISABLED), RX(PORT_DISABLED)},
        {RX(LACP_DISABLED), false, false, BOND_NEVER, RX(PORT_DISABLED), RX(PORT_DISABLED)},
        {RX(DEFAULTED), true, true, BOND_NEVER, RX(DEFAULTED), RX(DEFAULTED)},
        {RX(DEFAULTED), false, true, BOND_NEVER, RX(PORT_DISABLED), RX(PORT_DISABLED)},
        {RX(CURRENT), true, true, T, RX(CURRENT), RX(EXPIRED)},
        {RX(CURRENT), false, true, T, RX(PORT_DISABLED), RX(PORT_DISABLED)},
        {RX(CURRENT), true, false, T, RX(PORT_DISABLED), RX(PORT_DISABLED)},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bond_lacp_port p = {.rx = (uint8_t) rows[i].from,
                                   .port_enabled = rows[i].port_enabled,
                                   .lacp_enabled = rows[i].lacp_enabled,
                                   .current_while_ns = rows[i].current_while_ns};

        if (bond_lacp_rx_next_state(&p, T - 1) != rows[i].before ||
            bond_lacp_rx_next_state(&p, T) != rows[i].at)
            fail_msg("row %zu: %s, %s", i, bond_lacp_rx_name(bond_lacp_rx_next_state(&p, T - 1)),
                     bond_lacp_rx_name(bond_lacp_rx_next_state(&p, T)));
    }
}

static void
receive_entered(void **state)
{
    static struct bond b;
    struct bond_lacp_port *p = &b.port[3].lacp;

    *p = (struct bond_lacp_port){.matched = true, .selected = true, .partner.state = 0x3d};
    bond_lacp_rx_enter(&b, 3, BOND_LACP_RX_EXPIRED, T);
    assert_int_equal(p->current_while_ns, T + 3 * BOND_NSEC_PER_SEC);
    assert_int_equal(p->partner.state, 0x3d - BOND_LACP_SYNC + BOND_LACP_TIMEOUT);
    assert_int_equal(p->state, BOND_LACP_EXPIRED);
    assert_true(p->selected && !p->matched && p->churned);
    bond_lacp_rx_enter(&b, 3, BOND_LACP_RX_DEFAULTED, T);
    assert_int_equal(p->state, BOND_LACP_DEFAULTED);
    assert_int_equal(p->partner.state, 0);
    assert_int_equal(p->partner.system_prio, 0xffff);
    assert_int_equal(p->current_while_ns, BOND_NEVER);
    assert_true(!p->selected && p->matched); /* it had another partner */
    p->selected = true;
    bond_lacp_rx_enter(&b, 3, BOND_LACP_RX_DEFAULTED, T);
    assert_true(p->selected); /* nothing new in that */
    bond_lacp_rx_enter(&b, 3, BOND_LACP_RX_PORT_DISABLED, T);
    assert_true(p->selected && !p->matched); /* it stays where it is while its link is down */
    bond_lacp_rx_enter(&b, 3, BOND_LACP_RX_LACP_DISABLED, T);
    assert_true(!p->selected && p->matched);
}

/* What one PDU makes of a port that is in sync with its partner. */
static void
receive_pdu(void **state)
{
    static const struct bond_lacp_info us = {65535, {2, 0, 0, 0, 0, 1}, 9, 255, 3, 0x3d, 0};
    static const struct bond_lacp_info them = {7, {2, 0, 0, 0, 0, 2}, 17, 128, 5, 0x3d, 0};
    static const struct {
        int of_partner;            /* whose field: the partner's own, or what it believes of us */
        struct bond_lacp_info add; /* what is changed in it */
        bool selected, ntt, in_sync;
    } rows[] = {
        {1, {0}, true, false, true},
        {1, {.system_prio = 1}, false, false, true},
        {1, {.system = {0, 1}}, false, false, true},
        {1, {.key = 1}, false, false, true},
        {1, {.port_prio = 1}, false, false, true},
        {1, {.port = 1}, false, false, true},
        {1, {.state = BOND_LACP_AGGREGATION}, false, false, true},
        {1, {.state = BOND_LACP_SYNC}, true, false, false},
        {1, {.state = BOND_LACP_TIMEOUT}, true, false, true},
        {0, {.system_prio = 1}, true, true, false},
        {0, {.system = {0, 1}}, true, true, false},
        {0, {.key = 1}, true, true, false},
        {0, {.port_prio = 1}, true, true, false},
        {0, {.port = 1}, true, true, false},
        {0, {.state = BOND_LACP_AGGREGATION}, true, true, false},
        {0, {.state = BOND_LACP_SYNC}, true, true, true},
        {0, {.state = BOND_LACP_ACTIVITY}, true, true, true},
        {0, {.state = BOND_LACP_TIMEOUT}, true, true, true},
        {0, {.state = BOND_LACP_COLLECTING}, true, false, true},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        static struct bond b;
        struct bond_lacp_port *p = &b.port[0].lacp;
        struct bond_lacpdu pdu = {.actor = them, .partner = us};
        struct bond_lacp_info *f = rows[i].of_partner ? &pdu.actor : &pdu.partner;

        memcpy(b.lacp.system, us.system, BOND_MAC_LEN);
        b.opt.num[BOND_OPT_AD_ACTOR_SYS_PRIO] = us.system_prio;
        b.port[0].actor_port_prio = us.port_prio;
        *p = (struct bond_lacp_port){.number = us.port,
                                     .key = us.key,
                                     .state = us.state,
                                     .rx = BOND_LACP_RX_CURRENT,
                                     .selected = true,
                                     .partner = them};
        f->system_prio ^= rows[i].add.system_prio;
        f->system[1] ^= rows[i].add.system[1];
        f->key ^= rows[i].add.key;
        f->port_prio ^= rows[i].add.port_prio;
        f->port ^= rows[i].add.port;
        f->state ^= rows[i].add.state;
        bond_lacp_rx_pdu(&b, 0, &pdu, T);
        if (p->selected != rows[i].selected || p->ntt != rows[i].ntt ||
            !!(p->partner.state & BOND_LACP_SYNC) != rows[i].in_sync)
            fail_msg("row %zu: selected %d, ntt %d, state %u", i, p->selected, p->ntt,
                     p->partner.state);
        assert_int_equal(p->partner.key, pdu.actor.key);
        assert_int_equal(p->current_while_ns, T + BOND_LACP_LONG_TIMEOUT_NS);
        p->state |= BOND_LACP_TIMEOUT;
        bond_lacp_rx_pdu(&b, 0, &pdu, T);
        assert_int_equal(p->current_while_ns, T + BOND_LACP_SHORT_TIMEOUT_NS);
    }
}

/* The aggregator of port 0 suits port 1 if both ends are the same, and it has a partner. */
static void
aggregators(void **state)
{
    static const struct bond_lacp_agg suits = {1, false, 0, 9, {2, 0, 0, 0, 0, 2}, 7, 17};

    for (int i = 0; i < 7; i++) {
        static struct bond b;
        struct bond_lacp_agg *a = &b.port[0].agg;

        memset(&b, 0, sizeof(b));
        b.port[0].phase = b.port[1].phase = BOND_PHASE_MEMBER;
        b.port[1].attach_seq = 1;
        b.port[1].lacp = (struct bond_lacp_port){
            .agg = BOND_LACP_NO_AGG,
            .key = 9,
            .partner = {.system_prio = 7, .system = {2, 0, 0, 0, 0, 2}, .key = 17}};
        *a = suits;
        a->key = (uint16_t) (a->key + (i == 1));
        a->partner_key = (uint16_t) (a->partner_key + (i == 2));
        a->partner_system_prio = (uint16_t) (a->partner_system_prio + (i == 3));
        a->partner_system[3] = i == 4;
        a->is_individual = i == 5;
        if (i == 6) {
            memset(a->partner_system, 0, BOND_MAC_LEN);
            memset(b.port[1].lacp.partner.system, 0, BOND_MAC_LEN);
        }
        if (bond_lacp_find_agg(&b, 1) != (i == 0 ? 0 : 1))
            fail_msg("row %d: %d", i, bond_lacp_find_agg(&b, 1));
    }
}

static void
periodic(void **state)
{
    static const struct {
        enum bond_lacp_periodic from;
        uint8_t actor, partner;
        bool enabled;
        enum bond_lacp_periodic to;
    } rows[] = {
#define P(name) BOND_LACP_##name##_PERIODIC
        {P(NO), 0, 0, true, P(NO)}, /* nobody is active */
        {P(NO), BOND_LACP_ACTIVITY, 0, true, P(FAST)},
        {P(NO), 0, BOND_LACP_ACTIVITY, true, P(FAST)},
        {P(NO), BOND_LACP_ACTIVITY, 0, false, P(NO)},
        {P(FAST), BOND_LACP_ACTIVITY, 0, true, P(SLOW)},
        {P(FAST), BOND_LACP_ACTIVITY, BOND_LACP_TIMEOUT, true, P(FAST)},
        {P(FAST), BOND_LACP_ACTIVITY, BOND_LACP_TIMEOUT, false, P(NO)},
        {P(SLOW), BOND_LACP_ACTIVITY, BOND_LACP_TIMEOUT, true, P(FAST)},
        {P(SLOW), BOND_LACP_ACTIVITY, 0, true, P(SLOW)},
        {P(SLOW), 0, BOND_LACP_TIMEOUT, true, P(NO)},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bond_lacp_port p = {.periodic = (uint8_t) rows[i].from,
                                   .state = rows[i].actor,
                                   .partner.state = rows[i].partner,
                                   .port_enabled = rows[i].enabled,
                                   .lacp_enabled = true,
                                   .periodic_ns = BOND_NEVER};

        if (bond_lacp_periodic_next_state(&p) != rows[i].to)
            fail_msg("row %zu: %d", i, bond_lacp_periodic_next_state(&p));
    }
}

static void
periodic_entered(void **state)
{
    struct bond_lacp_port p = {.periodic_ns = BOND_NEVER};

    bond_lacp_periodic_enter(&p, BOND_LACP_FAST_PERIODIC, T);
    assert_int_equal(p.periodic_ns, T + BOND_NSEC_PER_SEC);
    assert_false(p.ntt);
    assert_false(bond_lacp_periodic_due(&p, T + BOND_NSEC_PER_SEC - 1));
    assert_true(bond_lacp_periodic_due(&p, T + BOND_NSEC_PER_SEC));
    bond_lacp_periodic_enter(&p, BOND_LACP_SLOW_PERIODIC, T + 5); /* before its time */
    assert_false(p.ntt);
    assert_int_equal(p.periodic_ns, T + 5 + 30 * BOND_NSEC_PER_SEC);
    bond_lacp_periodic_enter(&p, BOND_LACP_SLOW_PERIODIC, p.periodic_ns);
    assert_true(p.ntt);
    p.ntt = false;
    bond_lacp_periodic_enter(&p, BOND_LACP_FAST_PERIODIC, T + 6); /* somebody is in a hurry */
    assert_true(p.ntt);
    bond_lacp_periodic_enter(&p, BOND_LACP_NO_PERIODIC, T);
    assert_int_equal(p.periodic_ns, BOND_NEVER);
    assert_false(bond_lacp_periodic_due(&p, BOND_NEVER));
}

static void
mux(void **state)
{
    static const struct {
        enum bond_lacp_mux from;
        bool selected, ready_n, active, coupled;
        uint8_t partner;
        enum bond_lacp_mux to;
    } rows[] = {
#define M(name) BOND_LACP_MUX_##name
#define SYN BOND_LACP_SYNC
#define COL (BOND_LACP_SYNC | BOND_LACP_COLLECTING)
        {M(DETACHED), false, false, true, true, COL, M(DETACHED)},
        {M(DETACHED), true, false, true, true, COL, M(WAITING)},
        {M(WAITING), true, false, true, true, COL, M(WAITING)},
        {M(WAITING), true, true, true, true, 0, M(ATTACHED)},
        {M(WAITING), false, true, true, true, COL, M(DETACHED)},
        {M(ATTACHED), true, true, true, true, 0, M(ATTACHED)},
        {M(ATTACHED), true, true, true, true, BOND_LACP_COLLECTING, M(ATTACHED)},
        {M(ATTACHED), true, true, true, true, SYN, M(COLLECTING_DISTRIBUTING)},
        {M(ATTACHED), true, true, false, true, SYN, M(ATTACHED)},
        {M(ATTACHED), false, true, true, true, SYN, M(DETACHED)},
        {M(ATTACHED), true, true, true, false, COL, M(COLLECTING)},
        {M(COLLECTING), true, true, true, false, SYN, M(COLLECTING)},
        {M(COLLECTING), true, true, true, false, COL, M(DISTRIBUTING)},
        {M(COLLECTING), true, true, true, false, 0, M(ATTACHED)},
        {M(COLLECTING), true, true, false, false, COL, M(ATTACHED)},
        {M(COLLECTING), true, true, true, true, SYN, M(COLLECTING_DISTRIBUTING)},
        {M(DISTRIBUTING), true, true, true, false, COL, M(DISTRIBUTING)},
        {M(DISTRIBUTING), true, true, true, false, SYN, M(COLLECTING)},
        {M(DISTRIBUTING), true, true, true, false, 0, M(ATTACHED)},
        {M(DISTRIBUTING), false, true, true, false, COL, M(ATTACHED)},
        {M(DISTRIBUTING), true, true, true, true, COL, M(COLLECTING_DISTRIBUTING)},
        {M(COLLECTING_DISTRIBUTING), true, true, true, true, SYN, M(COLLECTING_DISTRIBUTING)},
        {M(COLLECTING_DISTRIBUTING), true, true, true, true, 0, M(ATTACHED)},
        {M(COLLECTING_DISTRIBUTING), true, true, false, true, COL, M(ATTACHED)},
        {M(COLLECTING_DISTRIBUTING), false, true, true, true, COL, M(ATTACHED)},
        {M(COLLECTING_DISTRIBUTING), true, true, true, false, COL, M(DISTRIBUTING)},
        {M(COLLECTING_DISTRIBUTING), true, true, true, false, SYN, M(COLLECTING)},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        static struct bond b;
        struct bond_lacp_port *p = &b.port[2].lacp;

        memset(&b, 0, sizeof(b));
        b.opt.num[BOND_OPT_MODE] = BOND_MODE_8023AD;
        b.opt.num[BOND_OPT_COUPLED_CONTROL] = rows[i].coupled;
        b.port[2].phase = BOND_PHASE_MEMBER;
        b.lacp.active_agg = rows[i].active ? 1 : BOND_NO_PORT;
        *p = (struct bond_lacp_port){.number = 1,
                                     .agg = 1,
                                     .mux = (uint8_t) rows[i].from,
                                     .selected = rows[i].selected,
                                     .ready_n = rows[i].ready_n,
                                     .partner.state = rows[i].partner};
        if (bond_lacp_mux_next_state(&b, 2) != rows[i].to)
            fail_msg("row %zu: %s", i, bond_lacp_mux_name(bond_lacp_mux_next_state(&b, 2)));
        /* Nobody goes on while another port of the aggregator still waits. */
        b.port[4].phase = BOND_PHASE_MEMBER;
        b.port[4].lacp = (struct bond_lacp_port){.number = 2, .agg = 1, .mux = M(WAITING)};
        if (rows[i].from == M(WAITING) && rows[i].selected)
            assert_int_equal(bond_lacp_mux_next_state(&b, 2), M(WAITING));
        p->begin = true;
        assert_int_equal(bond_lacp_mux_next_state(&b, 2), M(DETACHED));
    }
}

static void
mux_entered(void **state)
{
    static const struct {
        enum bond_lacp_mux to;
        bool active, ntt;
        uint8_t bits;
    } rows[] = {
        {M(DETACHED), true, true, 0},
        {M(WAITING), true, false, 0x38},
        {M(ATTACHED), true, true, 0x08},
        {M(ATTACHED), false, true, 0},
        {M(COLLECTING), true, true, 0x18},
        {M(DISTRIBUTING), true, false, 0x38},
        {M(COLLECTING_DISTRIBUTING), true, true, 0x38},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        static struct bond b;
        struct bond_lacp_port *p = &b.port[0].lacp;

        b.lacp.active_agg = rows[i].active ? 5 : 6;
        *p = (struct bond_lacp_port){.agg = 5, .state = 0x38 | 5, .wait_while_ns = 1};
        bond_lacp_mux_enter(&b, 0, rows[i].to, T);
        assert_int_equal(p->mux, rows[i].to);
        assert_int_equal(p->state, rows[i].bits | 5);
        assert_int_equal(p->ntt, rows[i].ntt);
        assert_int_equal(p->wait_while_ns,
                         rows[i].to == M(WAITING) ? T + 2 * BOND_NSEC_PER_SEC : BOND_NEVER);
    }
}

static void
churn(void **state)
{
    struct bond_lacp_port p = {.churned = true,
                               .churn_actor = BOND_LACP_CHURN,
                               .state = BOND_LACP_SYNC,
                               .churn_partner = BOND_LACP_NO_CHURN};
    const uint64_t minute = 60 * BOND_NSEC_PER_SEC;

    assert_true(bond_lacp_churn_run(&p, T));
    assert_false(p.churned);
    assert_int_equal(p.churn_actor, BOND_LACP_CHURN_MONITOR);
    assert_int_equal(p.churn_partner, BOND_LACP_CHURN_MONITOR);
    assert_false(bond_lacp_churn_run(&p, T + minute - 1));
    assert_true(bond_lacp_churn_run(&p, T + minute));
    assert_int_equal(p.churn_actor, BOND_LACP_NO_CHURN);
    assert_int_equal(p.churn_partner, BOND_LACP_CHURN);
    assert_int_equal(p.churn_actor_count, 0);
    assert_int_equal(p.churn_partner_count, 1);
    assert_false(bond_lacp_churn_run(&p, T + 100 * minute)); /* the verdict stands */
    assert_int_equal(p.churn_actor_ns, BOND_NEVER);
}

static void
transmit_limit(void **state)
{
    struct bond_lacp_port p = {0};

    assert_int_equal(bond_lacp_tx_at(&p), 0);
    p.tx_ns[2] = T;
    assert_int_equal(bond_lacp_tx_at(&p), 0);
    p.tx_ns[0] = T - 5;
    assert_int_equal(bond_lacp_tx_at(&p), T - 5 + BOND_NSEC_PER_SEC);
}

static void
keys(void **state)
{
    static const struct {
        int32_t mbps;
        uint16_t number;
    } rows[] = {{10, 2},
                {100, 3},
                {1000, 4},
                {2500, 5},
                {5000, 6},
                {10000, 7},
                {14000, 8},
                {20000, 9},
                {25000, 10},
                {40000, 11},
                {50000, 12},
                {56000, 13},
                {100000, 14},
                {200000, 15},
                {400000, 16},
                {1234, 0},
                {BOND_SPEED_UNKNOWN, 0}};
    static struct bond b;
    struct bond_port *p = &b.port[0];

    b.opt.num[BOND_OPT_AD_USER_PORT_KEY] = 1023;
    p->duplex = BOND_DUPLEX_FULL;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        p->speed_mbps = rows[i].mbps;
        p->link = BOND_LINK_UP;
        assert_int_equal(bond_lacp_key(&b, 0), 1023 << 6 | rows[i].number << 1 | 1);
        p->link = BOND_LINK_FAIL; /* downdelay runs */
        assert_int_equal(bond_lacp_key(&b, 0), 1023 << 6 | rows[i].number << 1 | 1);
        p->link = BOND_LINK_BACK;
        assert_int_equal(bond_lacp_key(&b, 0), 1023 << 6);
    }
    p->link = BOND_LINK_UP;
    p->duplex = BOND_DUPLEX_HALF;
    p->speed_mbps = 100;
    assert_int_equal(bond_lacp_key(&b, 0), 1023 << 6 | 3 << 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(receive),     cmocka_unit_test(receive_entered),
        cmocka_unit_test(receive_pdu), cmocka_unit_test(aggregators),
        cmocka_unit_test(periodic),    cmocka_unit_test(periodic_entered),
        cmocka_unit_test(mux),         cmocka_unit_test(mux_entered),
        cmocka_unit_test(churn),       cmocka_unit_test(transmit_limit),
        cmocka_unit_test(keys),
    };

    return cmocka_run_group_tests_name("lacp-machines", tests, NULL, NULL);
}
