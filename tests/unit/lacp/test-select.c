/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-select.c - which aggregator a port belongs to, which one carries the traffic, and when that
 * changes. Host 0 has cables to two partners.
 */
#include <stdlib.h>

#include "wire.h"

static struct wire w;

/* Cable i of host 0 goes to host owner[i] (1 or 2) at that speed and priority. */
static void
build(const char *options, const char *owner, const int32_t *speed, const uint16_t *prio)
{
    wire_init(&w);
    for (int h = 0; h < 3; h++) {
        wire_host(&w, h, options);
        wire_up(&w, h, true);
    }
    for (int i = 0; owner[i]; i++) {
        int host = owner[i] - '0', slot = 0;

        for (int k = 0; k < i; k++)
            slot += owner[k] == owner[i];
        wire_plug(&w, 0, i, host, slot);
        wire_attach(&w, host, slot, speed[i]);
    }
    for (int i = 0; owner[i]; i++)
        wire_attach_prio(&w, 0, i, speed[i], prio ? prio[i] : 0);
    wire_run(&w, 8000);
}

/* The ports that send, by letter: port 0 is a. */
static const char *
senders(void)
{
    static char text[16];
    struct bond_table t;

    bond_table_build(&w.bond[0], &t);
    for (uint32_t i = 0; i < t.n_tx; i++)
        text[i] = (char) ('a' + t.tx[i]);
    text[t.n_tx] = '\0';
    return text;
}

static const int32_t same[] = {1000, 1000, 1000, 1000, 1000};

static void
policies(void **state)
{
    static const struct {
        const char *options, *owner;
        int32_t speed[5];
        uint16_t prio[5];
        const char *senders;
    } rows[] = {
        /* stable: who was first */
        {"ad_select=stable", "122", {1000, 1000, 1000}, {0}, "a"},
        {"ad_select=stable", "211", {100, 1000, 1000}, {0}, "a"},
        /* bandwidth: the sum */
        {"ad_select=bandwidth", "122", {1000, 1000, 1000}, {0}, "bc"},
        {"ad_select=bandwidth", "122", {10000, 1000, 1000}, {0}, "a"},
        {"ad_select=bandwidth", "1122", {1000, 1000, 10000, 10000}, {0}, "cd"},
        {"ad_select=bandwidth", "1122", {1000, 1000, 1000, 1000}, {0}, "ab"},
        /* count, then bandwidth */
        {"ad_select=count", "122", {10000, 1000, 1000}, {0}, "bc"},
        {"ad_select=count", "12", {1000, 10000}, {0}, "b"},
        {"ad_select=count", "11222", {10000, 10000, 10, 10, 10}, {0}, "cde"},
        /* the sum of priorities, then count, then bandwidth */
        {"ad_select=actor_port_prio", "122", {1000, 1000, 1000}, {1000, 1, 1}, "a"},
        {"ad_select=actor_port_prio", "122", {1000, 1000, 1000}, {1000, 500, 501}, "bc"},
        {"ad_select=actor_port_prio", "122", {1000, 1000, 1000}, {1000, 500, 500}, "bc"},
        {"ad_select=actor_port_prio", "12", {1000, 10000}, {7, 7}, "b"},
        /* Ports of different speeds do not go together, whoever the partner is. */
        {"ad_select=bandwidth", "111", {1000, 1000, 10000}, {0}, "c"},
        {"ad_select=count", "111", {1000, 1000, 10000}, {0}, "ab"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        build(rows[i].options, rows[i].owner, rows[i].speed, rows[i].prio[0] ? rows[i].prio : NULL);
        if (strcmp(senders(), rows[i].senders) != 0)
            fail_msg("row %zu: %s with %s: %s send, not %s", i, rows[i].options, rows[i].owner,
                     senders(), rows[i].senders);
    }
}

/* The one that carries the traffic fails: the other takes over at once; back again, it depends. */
static void
failover(void **state)
{
    static const struct {
        const char *options, *after_repair;
    } rows[] = {
        {"ad_select=stable", "c"}, {"ad_select=bandwidth", "ab"}, {"ad_select=count", "ab"}};

    for (int i = 0; i < 3; i++) {
        build(rows[i].options, "112", same, NULL);
        assert_string_equal(senders(), "ab");
        assert_int_equal(w.bond[0].port[2].lacp.state & BOND_LACP_SYNC, 0);
        wire_cut(&w, 0, 0, true);
        assert_string_equal(senders(), "b");
        wire_cut(&w, 0, 1, true);
        assert_int_equal(w.bond[0].lacp.active_agg, w.bond[0].port[2].lacp.agg);
        assert_true(w.bond[0].carrier);
        wire_run(&w, 2); /* in sync, there and back: no wait for the next PDU */
        assert_string_equal(senders(), "c");
        wire_cut(&w, 0, 0, false);
        wire_cut(&w, 0, 1, false);
        wire_run(&w, 8000);
        assert_string_equal(senders(), rows[i].after_repair);
    }
}

/* A port of the aggregator that is not used says so to its partner, which sends nothing by it. */
static void
the_unused_partner_knows(void **state)
{
    build("ad_select=bandwidth", "1122", same, NULL);
    assert_string_equal(senders(), "ab");
    assert_int_equal(wire_sending(&w, 1), 2);
    for (int s = 0; s < 2; s++)
        assert_false(w.bond[2].port[s].lacp.state & BOND_LACP_DISTRIBUTING);
    /* More bandwidth over there: over it goes, and the first partner is told. */
    wire_cut(&w, 0, 0, true);
    wire_run(&w, 3000);
    assert_string_equal(senders(), "cd");
    assert_int_equal(w.bond[1].port[1].lacp.state & BOND_LACP_DISTRIBUTING, 0);
    assert_int_equal(wire_sending(&w, 2), 2);
}

/* The order in which slots are filled is not the order of the ports. */
static void
slots_do_not_matter(void **state)
{
    static const int orders[][4] = {{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 3, 0, 2}, {2, 0, 3, 1}};
    static const int32_t last_speed[] = {100, 1000}, uneven[] = {1000, 1000, 1000, 100};
    static struct bond base;

    for (int policy = 0, k = 0; policy < 4; policy += k, k = !k) { /* a clear case, and a tie */
        char options[32];
        int winner = -1;

        snprintf(options, sizeof(options), "ad_select=%d", policy);
        build(options, "1221", last_speed[k] == 100 ? uneven : same, NULL);
        base = w.bond[0];
        base.lacp.active_agg = BOND_NO_PORT;
        for (int o = 0; o < 4; o++) {
            static struct bond b;

            b = base;
            for (int i = 0; i < 4; i++) {
                b.port[orders[o][i]] = base.port[i];
                if (base.port[i].lacp.agg != BOND_LACP_NO_AGG)
                    b.port[orders[o][i]].lacp.agg = (uint8_t) orders[o][base.port[i].lacp.agg];
            }
            bond_step(&b, &(struct bond_event){.type = BOND_EV_TICK}, w.now, &w.out, NULL);
            assert_true(b.lacp.active_agg != BOND_NO_PORT);
            if (winner < 0)
                winner = b.port[b.lacp.active_agg].ifindex;
            assert_int_equal(b.port[b.lacp.active_agg].ifindex, winner);
        }
    }
}

/* kernel: an aggregator is a slave's; when that one leaves, the others go on in another. */
static void
the_owner_leaves(void **state)
{
    build("", "111", same, NULL);
    for (int s = 0; s < 3; s++)
        assert_int_equal(w.bond[0].port[s].lacp.agg, 0);
    w.watch_loss = true;
    wire_detach(&w, 0, 0, false);
    assert_int_equal(w.bond[0].port[w.bond[0].port[1].lacp.agg].agg.id, 2);
    assert_string_equal(senders(), "bc");
    wire_run(&w, 5000);
    assert_string_equal(senders(), "bc");
    wire_attach(&w, 0, 0, 1000);
    assert_int_equal(w.bond[0].port[0].agg.id, 4); /* ids are not given twice */
    assert_int_equal(w.bond[0].port[0].lacp.number, 4);
    wire_run(&w, 5000);
    assert_int_equal(w.lost_ns, 0);
    assert_int_equal(wire_sending(&w, 0), 3);
}

static void
half_duplex_is_alone(void **state)
{
    build("", "11", same, NULL);
    wire_link(&w, 0, 1, true, 1000, BOND_DUPLEX_HALF);
    wire_run(&w, 8000);
    assert_string_equal(senders(), "a");
    assert_int_equal(w.bond[0].port[1].lacp.rx, BOND_LACP_RX_LACP_DISABLED);
    assert_true(w.bond[0].port[w.bond[0].port[1].lacp.agg].agg.is_individual);
    wire_link(&w, 0, 1, true, 1000, BOND_DUPLEX_FULL); /* and is no trap */
    wire_run(&w, 8000);
    assert_string_equal(senders(), "ab");
}

static void
carrier(void **state)
{
    build("min_links=2", "111", same, NULL);
    assert_true(w.bond[0].carrier);
    wire_cut(&w, 0, 0, true);
    assert_true(w.bond[0].carrier);
    wire_cut(&w, 0, 1, true);
    assert_false(w.bond[0].carrier);
    wire_cut(&w, 0, 0, false);
    wire_run(&w, 8000);
    assert_true(w.bond[0].carrier);

    /* Without a partner there is one port, or with lacp_strict none. */
    wire_init(&w);
    wire_host(&w, 0, "");
    wire_up(&w, 0, true);
    wire_attach(&w, 0, 0, 1000);
    wire_attach(&w, 0, 1, 1000);
    wire_run(&w, 10000);
    assert_true(w.bond[0].carrier);
    assert_string_equal(senders(), "a");
    assert_true(w.bond[0].port[1].inactive);
    wire_set(&w, 0, "lacp_strict=on");
    assert_false(w.bond[0].carrier);
    assert_string_equal(senders(), "");
    assert_true(w.bond[0].port[0].inactive);
    wire_set(&w, 0, "lacp_strict=off all_slaves_active=1");
    assert_string_equal(senders(), "a");
    assert_false(w.bond[0].port[1].inactive);
}

/* Both ends of a cable in one bond, and a cable to a partner. */
static void
a_looped_cable(void **state)
{
    wire_init(&w);
    for (int h = 0; h < 2; h++) {
        wire_host(&w, h, "");
        wire_up(&w, h, true);
    }
    wire_plug(&w, 0, 0, 0, 1);
    wire_plug(&w, 0, 2, 1, 0);
    for (int s = 0; s < 3; s++)
        wire_attach(&w, 0, s, 1000);
    wire_attach(&w, 1, 0, 1000);
    wire_run(&w, 100000);
    assert_true(w.bond[0].port[0].lacp.looped && w.bond[0].port[1].lacp.looped);
    assert_string_equal(senders(), "c"); /* the one with a partner */
    assert_true(w.bond[0].port[0].inactive && w.bond[0].port[1].inactive);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(policies),
        cmocka_unit_test(failover),
        cmocka_unit_test(the_unused_partner_knows),
        cmocka_unit_test(slots_do_not_matter),
        cmocka_unit_test(the_owner_leaves),
        cmocka_unit_test(half_duplex_is_alone),
        cmocka_unit_test(carrier),
        cmocka_unit_test(a_looped_cable),
    };

    return cmocka_run_group_tests_name("lacp-select", tests, NULL, NULL);
}
