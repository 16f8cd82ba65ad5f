/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-leave.c - attach.c and leave.c: who may come, and how a port goes. drain_ms is 300. */
#include <stdio.h>
#include <string.h>

#include "sim.h"

SIM_ROWS(active_backup_drains, "mode=active-backup miimon=0", {0, "attach eth0", NULL, NULL},
         {0, "attach eth1", NULL, NULL},
         {100, "detach eth0", "publish, announce, igmp",
          "on, eth0 draining, eth1 up active; tx eth1"},
         {399, "tick", "", "on, eth0 draining, eth1 up active; tx eth1"},
         {400, "tick", "publish, release slot0", "on, eth1 up active; tx eth1"})

/* Behind a static LAG the switch goes on sending for as long as the link is up. */
SIM_ROWS(rr_lingers, "mode=balance-rr miimon=0", {0, "attach eth0", NULL, NULL},
         {0, "attach eth1", NULL, NULL},
         {100, "detach eth1", "publish, announce", "on, eth0 up active, eth1 draining; tx eth0"},
         {399, "tick", "", "on, eth0 up active, eth1 draining; tx eth0"},
         {400, "tick", "eth1.mac 02", "on, eth0 up active, eth1 lingering; tx eth0"},
         {9999999, "tick", "", "on, eth0 up active, eth1 lingering; tx eth0"},
         {9999999, "claim eth1", "publish, release slot1", "on, eth0 up active; tx eth0"})
SIM_ROWS(xor_and_broadcast_linger, "mode=balance-xor miimon=0", {0, "attach eth0", NULL, NULL},
         {0, "attach eth1", NULL, NULL}, {0, "detach eth1", NULL, NULL},
         {300, "tick", "eth1.mac 02", "on, eth0 up active, eth1 lingering; tx eth0"},
         {400, "set mode=broadcast", "publish", "on, eth0 up active, eth1 lingering; tx eth0"},
         {500, "set mode=active-backup", "publish, release slot1", "on, eth0 up active; tx eth0"})

/* A backup port receives nothing, a port without link neither: there is nothing to drain. */
SIM_ROWS(a_backup_goes_at_once, "mode=active-backup miimon=0", {0, "attach eth0", NULL, NULL},
         {0, "attach eth1", NULL, NULL}, {0, "attach eth2", NULL, NULL},
         {10, "detach eth1", "publish, release slot1", "on, eth0 up active, eth2 up; tx eth0"},
         {20, "set all_slaves_active=1", "publish", NULL},
         {30, "detach eth2", "publish", "on, eth0 up active, eth2 draining; tx eth0"})
SIM_ROWS(a_port_without_link_does_not_drain, "mode=balance-rr miimon=0",
         {0, "attach eth0", NULL, NULL}, {0, "attach eth1 nocarrier", NULL, NULL},
         {10, "detach eth1", "publish, eth1.mac 02", "on, eth0 up active, eth1 lingering; tx eth0"})

SIM_ROWS(hard_gone_claimed, "mode=balance-rr miimon=0", {0, "attach eth0", NULL, NULL},
         {0, "attach eth1", NULL, NULL}, {0, "attach eth2", NULL, NULL},
         {0, "attach eth3", NULL, NULL},
         {10, "detach eth1 hard", "publish, announce, release slot1",
          "on, eth0 up active, eth2 up, eth3 up; tx eth0 eth2 eth3"},
         {20, "gone eth0", "publish, announce, igmp, release slot0",
          "on, eth2 up active, eth3 up; tx eth2 eth3"},
         {30, "!claim eth2", NULL, NULL}, /* only one that leaves can be */
         {40, "detach eth2", NULL, NULL},
         {50, "claim eth2", "publish, release slot2", "on, eth3 up active; tx eth3"},
         {60, "detach eth3", "publish, carrier off", "off, eth3 draining; tx"},
         {70, "detach eth3", "", NULL}, /* it already does */
         {80, "detach eth3 hard", "publish, release slot3", "off; tx"},
         {90, "!detach eth3", NULL, NULL}, {90, "!gone eth3", NULL, NULL})

/* A leaving device that is set down is of no more use. */
SIM_ROWS(down_while_leaving, "mode=balance-rr miimon=0", {0, "attach eth0", NULL, NULL},
         {0, "attach eth1", NULL, NULL}, {10, "detach eth1", NULL, NULL},
         {20, "carrier eth1 off", "", "on, eth0 up active, eth1 draining; tx eth0"},
         {30, "admin eth1 down", "publish, release slot1", "on, eth0 up active; tx eth0"})

/* It comes back as a new port, in the place of a new one, but keeps its own address. */
SIM_ROWS(coming_back, "mode=balance-rr miimon=0", {0, "attach eth0", NULL, NULL},
         {0, "attach eth1", NULL, NULL}, {0, "attach eth2", NULL, NULL},
         {10, "carrier eth1 off", NULL, NULL},
         {20, "carrier eth1 on", NULL, "on, eth0 up active, eth1 up 1, eth2 up; tx eth0 eth1 eth2"},
         {30, "detach eth1", NULL, "on, eth0 up active, eth1 draining, eth2 up; tx eth0 eth2"},
         {40, "attach eth1", "publish", "on, eth0 up active, eth2 up, eth1 up; tx eth0 eth2 eth1"},
         {50, "detach eth1", NULL, NULL},
         {350, "tick", "eth1.mac 02", "on, eth0 up active, eth2 up, eth1 lingering; tx eth0 eth2"},
         {360, "attach eth1", "eth1.mac 01, publish", NULL}, {370, "detach eth1", NULL, NULL},
         {670, "tick", "eth1.mac 02", NULL})

/* The last one leaves and another one comes before it is gone: the bond's address is the new
 * one's, the old one gets its own back. */
SIM_ROWS(one_goes_another_comes, "mode=active-backup miimon=0",
         {0, "attach eth0", "bond-mac 01, publish, carrier on, announce, igmp", NULL},
         {10, "detach eth0", "publish, carrier off", "off, eth0 draining; tx"},
         {20, "attach eth1", "bond-mac 02, publish, carrier on, announce, igmp",
          "on, eth0 draining, eth1 up active; tx eth1"},
         {310, "tick", "publish, release slot0", "on, eth1 up active; tx eth1"})

/* What counts for nothing: carrier, min_links, primary, prio, queue_id. */
SIM_ROWS(a_leaving_port_counts_for_nothing, "mode=balance-rr miimon=0 min_links=2",
         {0, "attach eth0 queue=1", NULL, NULL},
         {0, "attach eth1 queue=2", NULL, "on, eth0 up active, eth1 up; tx eth0 eth1"},
         {10, "detach eth1", "publish, carrier off", NULL}, {20, "queue eth0 2", "publish", NULL},
         {20, "!attach eth1 queue=2", NULL, NULL},
         {30, "set mode=active-backup primary=eth1", NULL,
          "off, eth0 up active, eth1 draining; tx eth0"},
         {40, "!active eth1", NULL, NULL})

SIM_ROWS(who_may_come, "mode=balance-rr miimon=0", {0, "attach eth0 queue=1", NULL, NULL},
         {0, "!attach eth0", NULL, NULL},
         {0, "!attach eth1 queue=1", NULL, NULL}, /* kernel: bond_option_queue_id_set() */
         {0, "attach eth1", NULL, NULL}, {0, "!queue eth1 1", NULL, NULL},
         {0, "queue eth1 2", "publish", NULL},
         {0, "!attach et:h2", NULL, NULL}) /* kernel: dev_valid_name() */

static void
full(void **state)
{
    static struct sim s;
    char words[64];

    sim_init(&s, "mode=balance-rr miimon=100");
    for (unsigned i = 0; i < BOND_MAX_PORTS; i++) {
        snprintf(words, sizeof(words), "attach eth%u", i);
        assert_int_equal(sim_do(&s, 0, words), i);
    }
    assert_int_equal(sim_do(&s, 0, "attach eth99"), -ENOSPC);
    assert_non_null(strstr(s.err.text, "at most 32 ports"));
    sim_do(&s, 0, "detach eth7 hard");
    assert_int_equal(sim_do(&s, 0, "attach eth99"), 7);
}

/* Frames for a draining port must enter although another one is active; and no slot number is
 * wrong enough to do harm. */
static void
a_draining_port_receives(void **state)
{
    static struct sim s;
    struct bond_table t;

    sim_init(&s, "mode=active-backup miimon=100");
    sim_do(&s, 0, "attach eth0");
    sim_do(&s, 0, "attach eth1");
    sim_do(&s, 0, "detach eth0");
    bond_table_build(&s.b, &t);
    assert_int_equal(t.port[0].rx, BOND_RX_UNICAST);
    assert_int_equal(t.port[0].can_tx, 0);
    assert_int_equal(t.port[1].rx, BOND_RX_ACCEPT);
    sim_do(&s, 300, "tick");
    bond_table_build(&s.b, &t);
    assert_int_equal(t.port[0].rx, BOND_RX_DROP);
    assert_int_equal(t.port[0].ifindex, 0);
}

/* What the switch sent to the old active port before it heard of the new one still enters. */
static void
an_overtaken_port_receives(void **state)
{
    static const char *const ways[] = {"active eth1", "set mode=active-backup primary=eth1"};
    static struct sim s;
    struct bond_table t;

    for (unsigned i = 0; i < 2; i++) {
        sim_init(&s, "mode=active-backup miimon=100");
        sim_do(&s, 0, "attach eth0");
        sim_do(&s, 0, "attach eth1");
        bond_table_build(&s.b, &t);
        assert_int_equal(t.port[1].rx, BOND_RX_DROP);
        assert_int_equal(sim_do(&s, 10, ways[i]), 0);
        for (int ms = 10; ms <= 310; ms += 299) {
            sim_do(&s, (uint64_t) ms, "tick");
            bond_table_build(&s.b, &t);
            assert_int_equal(t.port[0].rx, BOND_RX_UNICAST);
            assert_int_equal(t.port[1].rx, BOND_RX_ACCEPT);
        }
        assert_true(s.out.next_ns <= 310 * BOND_NSEC_PER_MSEC);
        sim_do(&s, 310, "tick");
        bond_table_build(&s.b, &t);
        assert_int_equal(t.port[0].rx, BOND_RX_DROP);
    }
}

/* All receive in balance-rr; who becomes a backup by a change of mode has frames under way. */
static void
a_change_of_mode_overtakes(void **state)
{
    static struct sim s;
    struct bond_table t;

    sim_init(&s, "mode=balance-rr miimon=100");
    sim_do(&s, 0, "attach eth0");
    sim_do(&s, 0, "attach eth1");
    sim_do(&s, 50, "set mode=active-backup");
    bond_table_build(&s.b, &t);
    assert_int_equal(t.port[1].rx, BOND_RX_UNICAST);
    sim_do(&s, 60, "carrier eth1 off"); /* without link nothing is under way */
    sim_do(&s, 70, "carrier eth1 on");
    bond_table_build(&s.b, &t);
    assert_int_equal(t.port[1].rx, BOND_RX_DROP);
    sim_do(&s, 80, "active eth1");
    sim_do(&s, 90, "detach eth0"); /* overtaken just now: it drains although it is a backup */
    assert_int_equal(s.b.port[0].phase, BOND_PHASE_DRAINING);
}

/* Behind a static LAG anything may still come in by a port that leaves. */
static void
a_leaving_port_of_a_lag_receives_all(void **state)
{
    static struct sim s;
    struct bond_table t;

    sim_init(&s, "mode=balance-xor miimon=100");
    sim_do(&s, 0, "attach eth0");
    sim_do(&s, 0, "attach eth1");
    sim_do(&s, 0, "detach eth0");
    bond_table_build(&s.b, &t);
    assert_int_equal(t.port[0].rx, BOND_RX_ACCEPT);
    sim_do(&s, 300, "tick");
    bond_table_build(&s.b, &t);
    assert_int_equal(t.port[0].rx, BOND_RX_ACCEPT);
    assert_int_equal(t.port[0].can_tx, 0);
}

static void
wrong_slots(void **state)
{
    static const int slots[] = {-1000000, -1, 0, 31, 32, 1000000};
    static struct sim s;

    sim_init(&s, "mode=active-backup miimon=100");
    for (int type = BOND_EV_PORT_DETACH; type <= BOND_EV_PORT_OPTIONS; type++)
        for (unsigned i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
            struct bond_event ev = {.type = (enum bond_event_type) type, .slot = slots[i]};

            if (type != BOND_EV_OPTIONS)
                assert_int_equal(sim_step(&s, &ev, 0), -ENODEV);
        }
    assert_int_equal(sim_step(&s, &(struct bond_event){.type = 99}, 0), -EINVAL);
}

/* A bond that never drains lets go in one step, in the safe order. */
static void
no_drain(void **state)
{
    static struct sim s;

    sim_init(&s, "mode=active-backup miimon=100");
    s.b.drain_ms = 0;
    sim_do(&s, 0, "attach eth0");
    sim_do(&s, 0, "attach eth1");
    sim_do(&s, 0, "detach eth0");
    assert_string_equal(sim_effects(&s), "publish, announce, igmp, release slot0");
}

static void
notes_say_why(void **state)
{
    static struct sim s;

    sim_init(&s, "mode=balance-rr miimon=100");
    sim_do(&s, 0, "attach eth0");
    sim_do(&s, 0, "detach eth0");
    assert_string_equal(sim_notes(&s), "port-leaving eth0: it was asked for; "
                                       "carrier-down: the last port has left");
    sim_do(&s, 1, "claim eth0");
    assert_string_equal(sim_notes(&s),
                        "port-released slot0: the device is used for something else");
    sim_do(&s, 0, "set mode=active-backup");
    sim_do(&s, 0, "attach eth0");
    sim_do(&s, 0, "detach eth0");
    sim_do(&s, 300, "tick");
    assert_string_equal(sim_notes(&s), "port-released slot0: the drain is over");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(active_backup_drains),
        cmocka_unit_test(rr_lingers),
        cmocka_unit_test(xor_and_broadcast_linger),
        cmocka_unit_test(a_backup_goes_at_once),
        cmocka_unit_test(a_port_without_link_does_not_drain),
        cmocka_unit_test(hard_gone_claimed),
        cmocka_unit_test(down_while_leaving),
        cmocka_unit_test(coming_back),
        cmocka_unit_test(one_goes_another_comes),
        cmocka_unit_test(a_leaving_port_counts_for_nothing),
        cmocka_unit_test(who_may_come),
        cmocka_unit_test(full),
        cmocka_unit_test(a_draining_port_receives),
        cmocka_unit_test(a_leaving_port_of_a_lag_receives_all),
        cmocka_unit_test(an_overtaken_port_receives),
        cmocka_unit_test(a_change_of_mode_overtakes),
        cmocka_unit_test(wrong_slots),
        cmocka_unit_test(no_drain),
        cmocka_unit_test(notes_say_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
