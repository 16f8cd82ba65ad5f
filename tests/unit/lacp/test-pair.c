/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-pair.c - two of our bonds back to back: how a link comes up, joins, leaves, fails, and what
 * is lost meanwhile (nothing, but where a cable is cut).
 */
#include "wire.h"

#define BOTH_UP                                                                                    \
    "eth0 agg1* current collecting-distributing 61/61, "                                           \
    "eth1 agg1* current collecting-distributing 61/61; tx eth0 eth1; on"
#define ONE_UP "eth0 agg1* current collecting-distributing 61/61; tx eth0; on"

static struct wire w;

static void
start(const char *a, const char *b)
{
    wire_pair(&w, 2, a, b);
    wire_run(&w, 5000);
}

/* aggregate_wait_time is what it takes, to the millisecond (and two frames). */
static void
comes_up(void **state)
{
    wire_pair(&w, 2, "", "");
    WIRE_IS(&w, 0,
            "eth0 agg1* expired waiting 197/2, eth1 agg2 expired waiting 197/2 drops; tx eth0; on");
    wire_run(&w, 1);
    WIRE_IS(&w, 0,
            "eth0 agg1* current waiting 5/5 drops, eth1 agg1* current waiting 5/5 drops; tx; on");
    wire_run(&w, 1998);
    WIRE_IS(&w, 0,
            "eth0 agg1* current waiting 5/5 drops, eth1 agg1* current waiting 5/5 drops; tx; on");
    wire_run(&w, 1);
    WIRE_IS(&w, 0, "eth0 agg1* current attached 13/5, eth1 agg1* current attached 13/5; tx; on");
    wire_run(&w, 1000);
    WIRE_IS(&w, 0, BOTH_UP);
    WIRE_IS(&w, 1, BOTH_UP);
}

/* A cable comes back: how often that is announced. */
static uint32_t
announcements_of_a_return(int host)
{
    uint32_t before;

    wire_cut(&w, host, 1, true);
    wire_run(&w, 1000);
    before = w.announced[host];
    wire_cut(&w, host, 1, false);
    wire_run(&w, 5000);
    WIRE_IS(&w, host, BOTH_UP);
    return w.announced[host] - before;
}

/* Kernel: bond_should_broadcast_neighbor(), ad_cond_set_peer_notif(): the table says by which ports
 * neighbours are asked, and a port that comes into use is announced. */
static void
neighbours(void **state)
{
    struct bond_table t;

    wire_pair(&w, 2, "broadcast_neighbor=on num_grat_arp=1", "");
    for (int host = 0; host < 2; host++) {
        bond_table_build(&w.bond[host], &t);
        assert_int_equal((t.flags & BOND_TABLE_F_NEIGHBOURS) != 0, host == 0);
    }
    wire_run(&w, 5000);
    assert_int_equal(announcements_of_a_return(0), 1);
    wire_set(&w, 0, "broadcast_neighbor=off");
    bond_table_build(&w.bond[0], &t);
    assert_int_equal(t.flags, 0);
    assert_int_equal(announcements_of_a_return(0), 0);
    wire_set(&w, 0, "broadcast_neighbor=on");
    wire_set(&w, 0, "mode=balance-xor"); /* which resets it */
    bond_table_build(&w.bond[0], &t);
    assert_int_equal(t.flags, 0);
}

/* Left alone it stays, and sends in the rhythm that the other asked for. */
static void
rhythm(void **state)
{
    uint32_t before;

    start("lacp_rate=fast", "");
    before = w.sent[1][0];
    wire_run(&w, 60000);
    assert_in_range(w.sent[1][0] - before, 59, 61); /* asked to be quick */
    before = w.sent[0][0];
    wire_run(&w, 60000);
    assert_in_range(w.sent[0][0] - before, 2, 2);
}

static void
stays_for_a_day(void **state)
{
    start("", "");
    w.watch_loss = w.without_twin = true;
    wire_run(&w, 24ull * 3600 * 1000);
    assert_int_equal(w.lost_ns, 0);
    WIRE_IS(&w, 0, BOTH_UP);
}

static void
leaves_and_joins_without_loss(void **state)
{
    static const char *const options[] = {"", "lacp_rate=fast", "coupled_control=off",
                                          "ad_select=bandwidth", "ad_select=count lacp_strict=on"};

    for (size_t a = 0; a < 5; a++)
        for (size_t b = 0; b < 5; b++) {
            wire_pair(&w, 2, options[a], options[b]);
            w.without_twin = a != b; /* it takes its time */
            wire_run(&w, 5000);
            w.watch_loss = true;
            for (int slot = 1; slot >= 0; slot--) {
                wire_detach(&w, 0, slot, false);
                wire_run(&w, 1000);
                assert_int_equal(wire_sending(&w, 0), 1);
                assert_int_equal(wire_sending(&w, 1), 1);
                wire_attach(&w, 0, slot, 1000);
                wire_run(&w, 5000);
                assert_int_equal(wire_sending(&w, 0), 2);
                assert_int_equal(wire_sending(&w, 1), 2);
            }
            if (w.lost_ns != 0)
                fail_msg("%s against %s: %llu ns lost", options[a], options[b],
                         (unsigned long long) w.lost_ns);
        }
}

/* Beside another port one joins 100 ms after its partner has said that it collects. */
static void
joins_a_little_later(void **state)
{
    const struct bond_lacp_port *p = &w.bond[0].port[1].lacp;

    start("", "");
    wire_detach(&w, 0, 1, false);
    wire_run(&w, 1000);
    wire_attach(&w, 0, 1, 1000);
    for (int i = 0; p->join_ns == BOND_NEVER && i < 5000; i++)
        wire_run(&w, 1);
    assert_true(p->partner.state & BOND_LACP_COLLECTING);
    assert_true(p->state & BOND_LACP_DISTRIBUTING); /* as the kernel shows it */
    wire_run(&w, 98);
    assert_int_equal(wire_sending(&w, 0), 1);
    wire_run(&w, 2);
    assert_int_equal(wire_sending(&w, 0), 2);
}

/* The partner is told in the very step, after the table is published. */
static void
the_partner_is_told_first(void **state)
{
    struct bond_lacpdu pdu;
    uint32_t publish = 99, send = 99, release = 99;

    start("", "");
    wire_detach(&w, 0, 1, false);
    for (uint32_t i = 0; i < w.out.n; i++) {
        if (w.out.v[i].type == BOND_ACT_PUBLISH)
            publish = i;
        if (w.out.v[i].type == BOND_ACT_SEND)
            send = i;
    }
    assert_true(publish < send && send < 99);
    assert_int_equal(w.out.v[send].slot, 1);
    assert_int_equal(bond_slow_parse(w.out.frame[w.out.v[send].index].data,
                                     w.out.frame[w.out.v[send].index].len, &pdu),
                     BOND_SLOW_LACPDU);
    assert_int_equal(pdu.actor.state, BOND_LACP_ACTIVITY);
    wire_run(&w, 299);
    WIRE_IS(&w, 0, "eth0 agg1* current collecting-distributing 61/61, eth1 draining; tx eth0; on");
    wire_run(&w, 1);
    WIRE_IS(&w, 0, ONE_UP);

    /* At once, and without a drain: told all the same, before the device is let go. */
    start("", "");
    wire_detach(&w, 0, 1, true);
    for (uint32_t i = 0; i < w.out.n; i++) {
        if (w.out.v[i].type == BOND_ACT_SEND)
            send = i;
        if (w.out.v[i].type == BOND_ACT_PORT_RELEASE)
            release = i;
    }
    assert_true(send < release && release < 99);
}

static void
a_cut_cable(void **state)
{
    start("", "");
    wire_cut(&w, 0, 0, true);
    WIRE_IS(&w, 0,
            "eth0 agg1* port-disabled attached 13/53, "
            "eth1 agg1* current collecting-distributing 61/61; tx eth1; on");
    wire_run(&w, 10000);
    wire_cut(&w, 0, 0, false);
    wire_run(&w, 5000);
    WIRE_IS(&w, 0, BOTH_UP);
    WIRE_IS(&w, 1, BOTH_UP);
}

/* The link is up, but nothing comes: 3 s (fast) or 90 s, then 3 s more and the port is alone. */
static void
a_silent_partner(void **state)
{
    static const struct {
        const char *options;
        uint64_t timeout_ms, last_ms;
    } rows[] = {{"lacp_rate=fast", 3000, 1000}, {"", 90000, 30000}};

    for (int i = 0; i < 2; i++) {
        uint64_t heard;

        start(rows[i].options, "");
        wire_run(&w, rows[i].last_ms * 2 + 400);
        heard = w.bond[0].port[0].lacp.current_while_ns - rows[i].timeout_ms * MS;
        assert_true(heard + rows[i].last_ms * MS >= w.now);
        w.peer[1][0].host = -1; /* one way only */
        wire_run(&w, (heard + rows[i].timeout_ms * MS - w.now) / MS - 1);
        assert_int_equal(w.bond[0].port[0].lacp.rx, BOND_LACP_RX_CURRENT);
        wire_run(&w, 2);
        assert_int_equal(w.bond[0].port[0].lacp.rx, BOND_LACP_RX_EXPIRED);
        assert_false(bond_port_can_tx(&w.bond[0], 0));
        assert_true(bond_port_can_tx(&w.bond[0], 1));
        wire_run(&w, 2998);
        assert_int_equal(w.bond[0].port[0].lacp.rx, BOND_LACP_RX_EXPIRED);
        wire_run(&w, 3);
        assert_int_equal(w.bond[0].port[0].lacp.rx, BOND_LACP_RX_DEFAULTED);
        assert_int_not_equal(w.bond[0].port[0].lacp.agg, w.bond[0].lacp.active_agg);
        wire_plug(&w, 1, 0, 0, 0);
        wire_run(&w, 40000);
        assert_int_equal(wire_sending(&w, 0), 2);
    }
}

/* kill -9, and back within a second: the partner notices nothing. */
static void
a_killed_process(void **state)
{
    static const char *const options[] = {"lacp_rate=fast", ""};

    for (int i = 0; i < 4; i++) {
        start(options[i & 1], options[i >> 1]);
        wire_run(&w, 700);
        w.watch_loss = true;
        for (int k = 0; k < 5; k++) {
            wire_kill(&w, 0, 1500);
            assert_int_equal(w.out.n_frames, 2); /* speaks before it listens */
            assert_int_equal(wire_sending(&w, 1), 2);
            wire_run(&w, 1234);
            assert_int_equal(wire_sending(&w, 1), 2);
            assert_int_equal(wire_sending(&w, 0), 2);
        }
        wire_run(&w, 100000);
        assert_int_equal(wire_sending(&w, 0), 2);
        assert_int_equal(wire_sending(&w, 1), 2);
    }
}

/* A machine that was switched off and on again: all new, no goodbye. */
static void
a_partner_that_restarts(void **state)
{
    start("", "");
    for (int s = 0; s < 2; s++)
        wire_cut(&w, 0, s, true);
    wire_host(&w, 1, "");
    wire_up(&w, 1, true);
    for (int s = 0; s < 2; s++)
        w.cut[0][s] = w.cut[1][s] = false;
    for (int s = 0; s < 2; s++)
        wire_attach(&w, 1, s, 1000);
    for (int s = 0; s < 2; s++)
        wire_link(&w, 0, s, true, 1000, BOND_DUPLEX_FULL);
    wire_run(&w, 6000);
    assert_int_equal(wire_sending(&w, 0), 2);
    assert_int_equal(wire_sending(&w, 1), 2);

    /* The link never went: its process came back with nothing of what it knew. */
    wire_host(&w, 1, "lacp_rate=fast");
    wire_up(&w, 1, true);
    memset(w.last_sent[1], 0, sizeof(w.last_sent[1]));
    for (int s = 0; s < 2; s++)
        wire_attach(&w, 1, s, 1000);
    wire_run(&w, 10000);
    assert_int_equal(wire_sending(&w, 0), 2);
    assert_int_equal(wire_sending(&w, 1), 2);
}

/* Another key at the partner, then another here: both ports move over together. */
static void
a_key_that_changes(void **state)
{
    start("", "");
    wire_set(&w, 1, "ad_user_port_key=5");
    wire_run(&w, 8000);
    assert_int_equal(wire_sending(&w, 0), 2);
    assert_int_equal(w.bond[0].port[0].lacp.partner.key, 5 << 6 | 4 << 1 | 1);
    wire_set(&w, 0, "ad_user_port_key=1023");
    assert_int_equal(w.bond[0].port[w.bond[0].port[0].lacp.agg].agg.key, 1023 << 6 | 4 << 1 | 1);
    wire_run(&w, 8000);
    assert_int_equal(wire_sending(&w, 1), 2);
    wire_set(&w, 0, "ad_actor_sys_prio=7 ad_actor_system=02:00:00:00:00:77");
    wire_run(&w, 8000);
    assert_int_equal(wire_sending(&w, 0), 2);
    assert_int_equal(w.bond[1].port[0].lacp.partner.system_prio, 7);
    assert_int_equal(w.bond[1].port[0].lacp.partner.system[5], 0x77);
}

static void
who_is_passive(void **state)
{
    start("lacp_active=off", "");
    assert_int_equal(wire_sending(&w, 0), 2);
    start("", "lacp_active=off");
    assert_int_equal(wire_sending(&w, 0), 2);
    start("lacp_active=off", "lacp_active=off"); /* nobody begins */
    wire_run(&w, 100000);
    assert_int_equal(w.sent[0][0] + w.sent[1][0] + w.sent[0][1] + w.sent[1][1], 0);
    wire_set(&w, 0, "lacp_active=on");
    wire_run(&w, 35000); /* a port alone speaks every 30 s */
    assert_int_equal(wire_sending(&w, 0), 2);
}

static void
options_under_traffic(void **state)
{
    start("", "");
    w.watch_loss = true;
    wire_set(&w, 0, "lacp_rate=fast");
    wire_run(&w, 5000);
    wire_set(&w, 0, "coupled_control=off");
    wire_run(&w, 5000);
    wire_set(&w, 1, "coupled_control=off");
    wire_run(&w, 5000);
    wire_set(&w, 0, "coupled_control=on lacp_rate=slow");
    wire_run(&w, 5000);
    wire_set(&w, 1, "ad_select=bandwidth lacp_strict=on");
    wire_run(&w, 5000);
    assert_int_equal(w.lost_ns, 0);
    assert_int_equal(wire_sending(&w, 0), 2);
    assert_int_equal(wire_sending(&w, 1), 2);
}

/* Out of 802.3ad and back in, without asking anyone to go down first. */
static void
another_mode_and_back(void **state)
{
    start("", "");
    wire_set(&w, 0, "mode=balance-xor");
    wire_run(&w, 1);
    assert_int_equal(wire_sending(&w, 1), 0); /* was told */
    assert_int_equal(w.bond[0].lacp.active_agg, BOND_NO_PORT);
    wire_run(&w, 100000);
    wire_set(&w, 0, "mode=802.3ad");
    wire_run(&w, 35000);
    WIRE_IS(&w, 0, BOTH_UP);
    assert_int_equal(wire_sending(&w, 1), 2);
}

static void
the_bond_down_and_up(void **state)
{
    start("", "");
    wire_up(&w, 0, false);
    wire_run(&w, 200000);
    assert_int_equal(wire_sending(&w, 1), 1); /* alone */
    wire_up(&w, 0, true);
    wire_run(&w, 40000);
    assert_int_equal(wire_sending(&w, 0), 2);
    assert_int_equal(wire_sending(&w, 1), 2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_up),
        cmocka_unit_test(neighbours),
        cmocka_unit_test(rhythm),
        cmocka_unit_test(stays_for_a_day),
        cmocka_unit_test(leaves_and_joins_without_loss),
        cmocka_unit_test(joins_a_little_later),
        cmocka_unit_test(the_partner_is_told_first),
        cmocka_unit_test(a_cut_cable),
        cmocka_unit_test(a_silent_partner),
        cmocka_unit_test(a_killed_process),
        cmocka_unit_test(a_partner_that_restarts),
        cmocka_unit_test(a_key_that_changes),
        cmocka_unit_test(who_is_passive),
        cmocka_unit_test(options_under_traffic),
        cmocka_unit_test(another_mode_and_back),
        cmocka_unit_test(the_bond_down_and_up),
    };

    return cmocka_run_group_tests_name("lacp-pair", tests, NULL, NULL);
}
