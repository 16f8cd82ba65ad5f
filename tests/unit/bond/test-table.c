/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-table.c - build_table.c: what the packet path is told, mode by mode. */
#include "core/select.h"

#include "sim.h"

static struct bond_table
table(const struct sim *s)
{
    struct bond_table t;

    bond_table_build(&s->b, &t);
    return t;
}

/* Kernel: bond_get_slave_by_id(): from the port with the id on, round the circle. */
SIM_ROWS(rr, "mode=balance-rr miimon=0", {0, "attach eth0", NULL, NULL},
         {0, "attach eth1", NULL, NULL}, {0, "attach eth2", NULL, NULL},
         {0, "attach eth3", NULL,
          "on, eth0 up active, eth1 up, eth2 up, eth3 up; tx eth0 eth1 eth2 eth3"},
         {1, "carrier eth1 off", NULL,
          "on, eth0 up active, eth1 down 1, eth2 up, eth3 up; tx eth0 eth2 eth2 eth3"},
         {2, "carrier eth2 off", NULL,
          "on, eth0 up active, eth1 down 1, eth2 down 1, eth3 up; tx eth0 eth3 eth3 eth3"},
         {3, "carrier eth3 off", NULL,
          "on, eth0 up active, eth1 down 1, eth2 down 1, eth3 down 1; tx eth0 eth0 eth0 eth0"},
         {4, "carrier eth0 off", NULL,
          "off, eth0 down 1, eth1 down 1, eth2 down 1, eth3 down 1; tx"})

/* Kernel: bond_update_slave_arr(): the usable ones, in list order. */
SIM_ROWS(xor, "mode=balance-xor miimon=0",
         {
             0, "attach eth0", NULL, NULL},
         {0, "attach eth1", NULL, NULL},
         {0, "attach eth2", NULL, "on, eth0 up active, eth1 up, eth2 up; tx eth0 eth1 eth2"},
         {1, "carrier eth0 off", NULL, "on, eth0 down 1, eth1 up active, eth2 up; tx eth1 eth2"},
         {2, "carrier eth0 on", NULL, "on, eth0 up 1, eth1 up active, eth2 up; tx eth0 eth1 eth2"})

/* Kernel: bond_xmit_broadcast(). */
SIM_ROWS(broadcast, "mode=broadcast miimon=0", {0, "attach eth0", NULL, NULL},
         {0, "attach eth1", NULL, "on, eth0 up active, eth1 up; tx eth0 eth1"},
         {1, "carrier eth0 off", NULL, "on, eth0 down 1, eth1 up active; tx eth1"})

static void
numbers(void **state)
{
    static struct sim s;
    struct bond_table t;

    sim_init(&s, "mode=balance-xor miimon=100 xmit_hash_policy=layer3+4");
    t = table(&s);
    assert_int_equal(t.mode, BOND_MODE_BALANCE_XOR);
    assert_int_equal(t.xmit_policy, BOND_XMIT_LAYER34);
    assert_int_equal(t.n_ports, 0);
    assert_int_equal(t.n_tx, 0);
    sim_init(&s, "mode=balance-rr miimon=100 packets_per_slave=7");
    sim_do(&s, 0, "attach eth0");
    sim_do(&s, 0, "attach eth5");
    sim_do(&s, 0, "detach eth0 hard");
    t = table(&s);
    assert_int_equal(t.packets_per_slave, 7);
    assert_int_equal(t.n_ports, 2);
    assert_int_equal(t.port[0].ifindex, 0);
    assert_int_equal(t.port[1].ifindex, 6);
    assert_int_equal(t.gen + t.bond_ifindex + t.flags, 0); /* the publisher's */
}

/* Kernel: bond_xmit_roundrobin_slave_get(): curr_active_slave; ours must be able to send. */
static void
igmp_slot(void **state)
{
    static struct sim s;

    sim_init(&s, "mode=balance-rr miimon=100 downdelay=100");
    assert_int_equal(table(&s).igmp_slot, BOND_MAX_PORTS);
    sim_do(&s, 0, "attach eth0");
    sim_do(&s, 0, "attach eth1");
    sim_do(&s, 0, "attach eth2");
    assert_int_equal(table(&s).igmp_slot, 0);
    sim_do(&s, 0, "carrier eth0 off");
    assert_int_equal(table(&s).igmp_slot, 1);
    sim_do(&s, 100, "tick");
    sim_do(&s, 150, "carrier eth0 on");
    assert_int_equal(table(&s).igmp_slot, 1); /* it stays */
    sim_do(&s, 200, "set mode=balance-xor");
    assert_int_equal(table(&s).igmp_slot, BOND_MAX_PORTS);
}

/* Kernel: bond_should_deliver_exact_match(), bond_set_slave_inactive_flags(). */
static void
inactive_ports_do_not_receive(void **state)
{
    static struct sim s;

    sim_init(&s, "mode=active-backup miimon=100");
    sim_do(&s, 0, "attach eth0");
    sim_do(&s, 0, "attach eth1");
    assert_int_equal(table(&s).port[0].rx, BOND_RX_ACCEPT);
    assert_int_equal(table(&s).port[1].rx, BOND_RX_DROP);
    sim_do(&s, 0, "active eth1");
    sim_do(&s, BOND_DRAIN_MS, "tick"); /* until then: test-leave.c, an_overtaken_port_receives */
    assert_int_equal(table(&s).port[0].rx, BOND_RX_DROP);
    assert_int_equal(table(&s).port[1].rx, BOND_RX_ACCEPT);
    sim_do(&s, 400, "set all_slaves_active=1"); /* kernel: bond_option_all_slaves_active_set() */
    assert_int_equal(table(&s).port[0].rx, BOND_RX_ACCEPT);
    sim_do(&s, 400, "set all_slaves_active=0");
    sim_do(&s, 400 + BOND_DRAIN_MS, "tick");
    assert_int_equal(table(&s).port[0].rx, BOND_RX_DROP);
    sim_do(&s, 800, "set mode=balance-rr");
    assert_int_equal(table(&s).port[0].rx, BOND_RX_ACCEPT);
}

/* Kernel: bond_should_override_tx_queue(), bond_slave_override(): a backup may be chosen too. */
static void
queue_ids(void **state)
{
    static struct sim s;

    sim_init(&s, "mode=active-backup miimon=100");
    sim_do(&s, 0, "attach eth0");
    assert_int_equal(table(&s).has_queue_ids, 0);
    sim_do(&s, 0, "attach eth1 queue=2");
    assert_int_equal(table(&s).has_queue_ids, 1);
    assert_int_equal(table(&s).port[1].queue_id, 2);
    assert_int_equal(table(&s).port[1].can_tx, 1);
    sim_do(&s, 0, "carrier eth1 off");
    assert_int_equal(table(&s).port[1].can_tx, 0);
    sim_do(&s, 0, "set mode=balance-xor");
    assert_int_equal(table(&s).has_queue_ids, 0);
    assert_int_equal(table(&s).port[1].queue_id, 0);
    sim_do(&s, 0, "set mode=balance-rr");
    assert_int_equal(table(&s).has_queue_ids, 1);
}

static uint32_t
way(struct bond_table t, void (*change)(struct bond_table *))
{
    if (change)
        change(&t);
    return bond_tx_way(&t);
}

static void
captured(struct bond_table *t)
{
    t->flags |= BOND_TABLE_F_VIA_PEER;
}

static void
neighbours_by_all(struct bond_table *t)
{
    t->flags |= BOND_TABLE_F_NEIGHBOURS;
}

/* Where the frame does not matter, or its hash alone. That frames go where bond_choose() says on
 * these ways as well, is for tests/bpf. */
static void
short_ways(void **state)
{
    static struct sim s;

    sim_init(&s, "mode=active-backup miimon=100");
    assert_int_equal(way(table(&s), NULL), BOND_WAY_LONG); /* nothing to send by */
    sim_do(&s, 0, "attach eth0");
    sim_do(&s, 0, "attach eth1");
    assert_int_equal(way(table(&s), NULL), BOND_WAY_ONE);
    assert_int_equal(way(table(&s), captured), BOND_WAY_LONG);
    sim_do(&s, 0, "set mode=balance-rr");
    assert_int_equal(way(table(&s), NULL), BOND_WAY_TURN);
    assert_int_equal(way(table(&s), captured), BOND_WAY_LONG);
    sim_do(&s, 0, "set packets_per_slave=3");
    assert_int_equal(way(table(&s), NULL), BOND_WAY_TURN);
    sim_do(&s, 0, "set packets_per_slave=0");
    assert_int_equal(way(table(&s), NULL), BOND_WAY_LONG);
    sim_do(&s, 0, "set packets_per_slave=1 rr_order=arrival");
    assert_int_equal(way(table(&s), NULL), BOND_WAY_LONG);
    sim_do(&s, 0, "set rr_order=kernel");
    assert_int_equal(way(table(&s), NULL), BOND_WAY_TURN);
    sim_do(&s, 0, "attach eth2 queue=2");
    assert_int_equal(way(table(&s), NULL), BOND_WAY_LONG);
    sim_do(&s, 0, "set mode=balance-xor");
    assert_int_equal(way(table(&s), NULL), BOND_WAY_HASH);
    assert_int_equal(way(table(&s), captured), BOND_WAY_LONG);
    assert_int_equal(way(table(&s), neighbours_by_all), BOND_WAY_LONG);
    sim_do(&s, 0, "set xmit_hash_policy=encap3+4");
    assert_int_equal(way(table(&s), NULL), BOND_WAY_LONG);
    sim_do(&s, 0, "carrier eth1 off");
    sim_do(&s, 0, "carrier eth2 off");
    assert_int_equal(way(table(&s), NULL), BOND_WAY_ONE);
    sim_do(&s, 0, "set mode=broadcast");
    assert_int_equal(way(table(&s), NULL), BOND_WAY_LONG);
}

/* Where the rest is 0 or n - 1, for small numbers, those around powers of two and large ones. */
static void
modulo_without_division(void **state)
{
    for (uint32_t n = 1; n <= BOND_MAX_PORTS; n++) {
        uint64_t part = bond_part_of(n);

        for (uint64_t near = 1; near <= UINT32_MAX; near += near / 1000 + 1) {
            uint32_t multiple = (uint32_t) (near / n * n);

            assert_int_equal(bond_modulo(multiple, n, part), 0);
            assert_int_equal(bond_modulo(multiple - 1, n, part), (multiple - 1) % n);
            assert_int_equal(bond_modulo((uint32_t) near, n, part), near % n);
        }
        for (uint32_t i = 0; i < 32; i++) {
            assert_int_equal(bond_modulo(1u << i, n, part), (1u << i) % n);
            assert_int_equal(bond_modulo((1u << i) - 1, n, part), ((1u << i) - 1) % n);
            assert_int_equal(bond_modulo(UINT32_MAX - i, n, part), (UINT32_MAX - i) % n);
        }
    }
}

static void
receiving_by_a_word(void **state)
{
    static struct sim s;
    struct bond_table t;

    sim_init(&s, "mode=active-backup miimon=100");
    sim_do(&s, 0, "attach eth0");
    sim_do(&s, 0, "attach eth1");
    t = table(&s);
    assert_true(bond_rx_is_plain(&t, 0));
    assert_false(bond_rx_is_plain(&t, 1)); /* inactive */
    assert_false(bond_rx_is_plain(&t, 2)); /* nobody */
    t.flags = BOND_TABLE_F_RX_VIA_PEER;
    assert_true(bond_rx_is_plain(&t, 0));
    t.flags = BOND_TABLE_F_STAMP;
    assert_false(bond_rx_is_plain(&t, 0));
    t.flags = 0;
    t.bond_mac = 1;
    assert_false(bond_rx_is_plain(&t, 0));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rr),
        cmocka_unit_test(xor),
        cmocka_unit_test(broadcast),
        cmocka_unit_test(numbers),
        cmocka_unit_test(igmp_slot),
        cmocka_unit_test(inactive_ports_do_not_receive),
        cmocka_unit_test(queue_ids),
        cmocka_unit_test(short_ways),
        cmocka_unit_test(modulo_without_division),
        cmocka_unit_test(receiving_by_a_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
