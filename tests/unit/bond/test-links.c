/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-links.c - mii.c: what a link is, to the millisecond; and the bond's carrier. */
#include "sim.h"

/* Kernel: bond_miimon_inspect() with both delays 0; here without waiting for a look. */
SIM_ROWS(loss_is_judged_when_reported, "mode=balance-rr miimon=100",
         {10, "attach eth0", NULL, "on, eth0 up active; tx eth0"},
         {10, "attach eth1", NULL, "on, eth0 up active, eth1 up; tx eth0 eth1"},
         {33, "carrier eth1 off", "publish, announce",
          "on, eth0 up active, eth1 down 1; tx eth0 eth0"},
         {34, "carrier eth1 on", "publish", "on, eth0 up active, eth1 up 1; tx eth0 eth1"})

/* The kernel without miimon never looks and sends into the dead port. */
SIM_ROWS(miimon_0_is_judged_too, "mode=balance-rr miimon=0", {10, "attach eth0", NULL, NULL},
         {10, "attach eth1 nocarrier", NULL, "on, eth0 up active, eth1 down; tx eth0 eth0"},
         {33, "carrier eth0 off", "publish, carrier off", "off, eth0 down 1, eth1 down; tx"},
         {34, "carrier eth1 on", "publish, carrier on, announce, igmp",
          "on, eth0 down 1, eth1 up active; tx eth1 eth1"})

/* Kernel: bond_slave_is_up() wants IFF_UP and the carrier. */
SIM_ROWS(admin_down_is_down, "mode=active-backup miimon=100", {10, "attach eth0", NULL, NULL},
         {10, "attach eth1 down", NULL, "on, eth0 up active, eth1 down; tx eth0"},
         {20, "admin eth0 down", NULL, "off, eth0 down 1, eth1 down; tx"},
         {30, "admin eth0 up", NULL, "on, eth0 up 1 active, eth1 down; tx eth0"})

/* Kernel: bond_miimon_inspect(), BOND_LINK_FAIL. The active port stays until the delay is over;
 * the carrier goes at once if no other port is up (bond_set_carrier() counts BOND_LINK_UP). */
SIM_ROWS(downdelay, "mode=active-backup miimon=100 downdelay=200", {0, "attach eth0", NULL, NULL},
         {0, "attach eth1", NULL, NULL},
         {100, "carrier eth0 off", "publish", "on, eth0 going down active, eth1 up; tx eth0"},
         {299, "tick", NULL, "on, eth0 going down active, eth1 up; tx eth0"},
         {300, "tick", "publish, announce, igmp", "on, eth0 down 1, eth1 up active; tx eth1"},
         {400, "carrier eth1 off", "publish, carrier off",
          "off, eth0 down 1, eth1 going down active; tx eth1"},
         {599, "carrier eth1 on", "publish, carrier on",
          "on, eth0 down 1, eth1 up active; tx eth1"},
         {900, "tick", "", "on, eth0 down 1, eth1 up active; tx eth1"})

/* Kernel: bond_get_slave_by_id() asks bond_slave_can_tx(), so rr skips a port while its downdelay
 * runs; the failure is counted when it is over. */
SIM_ROWS(downdelay_in_rr_skips_at_once, "mode=balance-rr miimon=100 downdelay=100",
         {0, "attach eth0", NULL, NULL}, {0, "attach eth1", NULL, NULL},
         {10, "carrier eth0 off", "publish, announce",
          "on, eth0 going down active, eth1 up; tx eth1 eth1"},
         {109, "tick", NULL, "on, eth0 going down active, eth1 up; tx eth1 eth1"},
         {110, "tick", "igmp", "on, eth0 down 1, eth1 up active; tx eth1 eth1"})

/* Kernel: bond_miimon_inspect(), BOND_LINK_BACK. */
SIM_ROWS(updelay, "mode=active-backup miimon=100 updelay=300",
         {0, "attach eth0", NULL, "on, eth0 up active; tx eth0"},
         {0, "attach eth1 nocarrier", NULL, NULL},
         {100, "carrier eth1 on", "", "on, eth0 up active, eth1 going back; tx eth0"},
         {399, "tick", "", "on, eth0 up active, eth1 going back; tx eth0"},
         {400, "tick", "publish", "on, eth0 up active, eth1 up; tx eth0"})

/* Kernel: bond_miimon_commit() counts every way into BOND_LINK_DOWN, from BACK too. */
SIM_ROWS(back_and_down_again_counts, "mode=active-backup miimon=100 updelay=300",
         {0, "attach eth0", NULL, NULL},
         {0, "attach eth1 nocarrier", NULL, "on, eth0 up active, eth1 down; tx eth0"},
         {100, "carrier eth1 on", NULL, "on, eth0 up active, eth1 going back; tx eth0"},
         {399, "carrier eth1 off", "", "on, eth0 up active, eth1 down 1; tx eth0"},
         {400, "tick", "", "on, eth0 up active, eth1 down 1; tx eth0"},
         {500, "carrier eth1 on", "", "on, eth0 up active, eth1 going back 1; tx eth0"},
         {799, "tick", "", "on, eth0 up active, eth1 going back 1; tx eth0"},
         {800, "tick", "publish", "on, eth0 up active, eth1 up 1; tx eth0"})

/* Kernel: bond_miimon_inspect(), ignore_updelay; a delay that runs ends when the last port goes
 * (bond_find_best_slave() takes the BACK port with the least delay left). */
SIM_ROWS(updelay_is_ignored_when_nothing_is_usable, "mode=active-backup miimon=100 updelay=1000",
         {0, "attach eth0", NULL, "on, eth0 up active; tx eth0"},
         {0, "attach eth1 nocarrier", NULL, NULL}, {0, "attach eth2 nocarrier", NULL, NULL},
         {200, "carrier eth2 on", NULL, NULL},
         {300, "carrier eth1 on", NULL,
          "on, eth0 up active, eth1 going back, eth2 going back; tx eth0"},
         {500, "carrier eth0 off", "publish, announce, igmp",
          "on, eth0 down 1, eth1 going back, eth2 up active; tx eth2"},
         {1300, "tick", NULL, "on, eth0 down 1, eth1 up, eth2 up active; tx eth2"})

/* Kernel: in active-backup ignore_updelay looks at curr_active_slave, which stays through its
 * downdelay; in the other modes at the ports that can send. */
SIM_ROWS(updelay_waits_for_a_failing_active_port,
         "mode=active-backup miimon=100 updelay=500 downdelay=200", {0, "attach eth0", NULL, NULL},
         {0, "attach eth1 nocarrier", NULL, NULL}, {100, "carrier eth0 off", NULL, NULL},
         {150, "carrier eth1 on", NULL, "off, eth0 going down active, eth1 going back; tx eth0"},
         {299, "tick", NULL, "off, eth0 going down active, eth1 going back; tx eth0"},
         {300, "tick", NULL, "on, eth0 down 1, eth1 up active; tx eth1"})
SIM_ROWS(updelay_does_not_wait_for_a_failing_port_in_xor,
         "mode=balance-xor miimon=100 updelay=500 downdelay=200", {0, "attach eth0", NULL, NULL},
         {0, "attach eth1 nocarrier", NULL, NULL},
         {100, "carrier eth0 off", NULL, "off, eth0 going down active, eth1 down; tx"},
         {150, "carrier eth1 on", NULL, "on, eth0 going down active, eth1 up; tx eth1"})

/* Kernel: _bond_option_delay_set() keeps delays as multiples of miimon, rounded down. */
SIM_ROWS(delays_are_whole_looks, "mode=active-backup miimon=100 downdelay=250",
         {0, "attach eth0", NULL, NULL}, {0, "attach eth1", NULL, NULL},
         {100, "carrier eth0 off", NULL, NULL},
         {299, "tick", NULL, "on, eth0 going down active, eth1 up; tx eth0"},
         {300, "tick", NULL, "on, eth0 down 1, eth1 up active; tx eth1"})

/* A delay that runs keeps its beginning. */
SIM_ROWS(delays_change_while_they_run, "mode=active-backup miimon=100 downdelay=1000",
         {0, "attach eth0", NULL, NULL}, {0, "attach eth1", NULL, NULL},
         {100, "carrier eth0 off", NULL, NULL},
         {200, "set downdelay=500", "", "on, eth0 going down active, eth1 up; tx eth0"},
         {599, "tick", NULL, "on, eth0 going down active, eth1 up; tx eth0"},
         {600, "tick", NULL, "on, eth0 down 1, eth1 up active; tx eth1"},
         {700, "carrier eth1 off", NULL, "off, eth0 down 1, eth1 going down active; tx eth1"},
         {900, "set downdelay=0", NULL, "off, eth0 down 1, eth1 down 1; tx"})

/* Kernel: bond_set_carrier(); min_links counts there in 802.3ad only. */
SIM_ROWS(min_links, "mode=balance-rr miimon=100 min_links=2",
         {0, "attach eth0", "bond-mac 01, publish", "off, eth0 up active; tx eth0"},
         {0, "attach eth1", "eth1.mac 01, publish, carrier on, igmp", NULL},
         {10, "carrier eth1 off", "publish, carrier off", NULL},
         {20, "set min_links=1", "carrier on, announce", NULL},
         {30, "set min_links=3", "carrier off", NULL}, {40, "set min_links=0", "carrier on", NULL})

static void
the_bond_asks_for_a_look_every_miimon(void **state)
{
    static struct sim s;

    sim_init(&s, "mode=active-backup miimon=100");
    assert_true(s.out.next_ns == BOND_NEVER);
    sim_do(&s, 50, "attach eth0");
    assert_true(s.out.next_ns == 150 * BOND_NSEC_PER_MSEC);
    sim_do(&s, 149, "tick");
    assert_true(s.out.next_ns == 150 * BOND_NSEC_PER_MSEC);
    sim_do(&s, 151, "tick");
    assert_true(s.out.next_ns == 251 * BOND_NSEC_PER_MSEC);
    sim_do(&s, 160, "set miimon=10");
    assert_true(s.out.next_ns == 170 * BOND_NSEC_PER_MSEC);
    sim_do(&s, 165, "bond down");
    assert_true(s.out.next_ns == BOND_NEVER);
}

/* A downdelay ends in one nanosecond, not before. */
static void
a_delay_ends_at_its_nanosecond(void **state)
{
    static struct sim s;
    struct bond_event tick = {.type = BOND_EV_TICK};

    sim_init(&s, "mode=active-backup miimon=100 downdelay=100");
    sim_do(&s, 0, "attach eth0");
    sim_do(&s, 0, "carrier eth0 off");
    sim_step(&s, &tick, 100 * BOND_NSEC_PER_MSEC - 1);
    assert_int_equal(s.b.port[0].link, BOND_LINK_FAIL);
    assert_true(s.out.next_ns == 100 * BOND_NSEC_PER_MSEC);
    sim_step(&s, &tick, 100 * BOND_NSEC_PER_MSEC);
    assert_int_equal(s.b.port[0].link, BOND_LINK_DOWN);
}

static void
notes_say_why(void **state)
{
    static struct sim s;

    sim_init(&s, "mode=active-backup miimon=100 updelay=100 downdelay=100");
    sim_do(&s, 0, "attach eth0");
    assert_string_equal(sim_notes(&s), "port-attached eth0: it was asked for; "
                                       "mac-changed: the first port gives its address; "
                                       "link-going-back eth0: it came with a carrier; "
                                       "link-up eth0: nothing else was usable; "
                                       "active-changed none -> eth0: nothing else was usable; "
                                       "carrier-up: enough ports are up");
    sim_do(&s, 0, "attach eth1");
    sim_do(&s, 100, "tick");
    assert_string_equal(sim_notes(&s), "link-up eth1: the delay is over");
    sim_do(&s, 200, "carrier eth0 off");
    assert_string_equal(sim_notes(&s), "link-going-down eth0: the carrier was lost");
    sim_do(&s, 300, "tick");
    assert_string_equal(sim_notes(&s),
                        "link-down eth0: the delay is over; "
                        "active-changed eth0 -> eth1: the active port failed or left");
    sim_do(&s, 400, "admin eth1 down");
    assert_string_equal(sim_notes(&s), "link-going-down eth1: the device was set down; "
                                       "carrier-down: the carrier was lost");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loss_is_judged_when_reported),
        cmocka_unit_test(miimon_0_is_judged_too),
        cmocka_unit_test(admin_down_is_down),
        cmocka_unit_test(downdelay),
        cmocka_unit_test(downdelay_in_rr_skips_at_once),
        cmocka_unit_test(updelay),
        cmocka_unit_test(back_and_down_again_counts),
        cmocka_unit_test(updelay_is_ignored_when_nothing_is_usable),
        cmocka_unit_test(updelay_waits_for_a_failing_active_port),
        cmocka_unit_test(updelay_does_not_wait_for_a_failing_port_in_xor),
        cmocka_unit_test(delays_are_whole_looks),
        cmocka_unit_test(delays_change_while_they_run),
        cmocka_unit_test(min_links),
        cmocka_unit_test(the_bond_asks_for_a_look_every_miimon),
        cmocka_unit_test(a_delay_ends_at_its_nanosecond),
        cmocka_unit_test(notes_say_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
