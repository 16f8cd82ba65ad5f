/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-active.c - active.c: which port is active. Kernel: bond_choose_primary_or_current(). */
#include "sim.h"

/* Kernel: without primary and prio the active port stays when another one comes back. */
SIM_ROWS(no_failback_between_equals, "mode=active-backup miimon=100",
         {0, "attach eth0", NULL, "on, eth0 up active; tx eth0"}, {0, "attach eth1", NULL, NULL},
         {10, "carrier eth0 off", NULL, "on, eth0 down 1, eth1 up active; tx eth1"},
         {20, "carrier eth0 on", "publish", "on, eth0 up 1, eth1 up active; tx eth1"})

/* The kernel goes back to the first port in the list when any port is attached; here an equal
 * never displaces. */
SIM_ROWS(attaching_moves_nothing, "mode=active-backup miimon=100", {0, "attach eth0", NULL, NULL},
         {0, "attach eth1", NULL, NULL}, {10, "carrier eth0 off", NULL, NULL},
         {20, "carrier eth0 on", NULL, NULL},
         {30, "attach eth2", "eth2.mac 01, publish",
          "on, eth0 up 1, eth1 up active, eth2 up; tx eth1"})

/* Kernel: the list order decides between equals when the active port fails. */
SIM_ROWS(first_attached_wins_between_equals, "mode=active-backup miimon=100",
         {0, "attach eth3", NULL, NULL}, {0, "attach eth2", NULL, NULL},
         {0, "attach eth1", NULL, NULL},
         {10, "carrier eth3 off", NULL, "on, eth3 down 1, eth2 up active, eth1 up; tx eth2"})

SIM_ROWS(primary_always, "mode=active-backup miimon=100 primary=eth1",
         {0, "attach eth0", NULL, "on, eth0 up active; tx eth0"},
         {0, "attach eth1", "eth1.mac 01, publish, announce, igmp",
          "on, eth0 up, eth1 up active; tx eth1"},
         {10, "carrier eth1 off", NULL, "on, eth0 up active, eth1 down 1; tx eth0"},
         {20, "carrier eth1 on", "publish, announce, igmp",
          "on, eth0 up, eth1 up 1 active; tx eth1"})

SIM_ROWS(primary_failure, "mode=active-backup miimon=100 primary=eth1 primary_reselect=failure",
         {0, "attach eth0", NULL, NULL},
         {0, "attach eth1", NULL, "on, eth0 up, eth1 up active; tx eth1"}, /* force_primary */
         {10, "carrier eth1 off", NULL, "on, eth0 up active, eth1 down 1; tx eth0"},
         {20, "carrier eth1 on", "publish", "on, eth0 up active, eth1 up 1; tx eth0"},
         {30, "carrier eth0 off", NULL, "on, eth0 down 1, eth1 up 1 active; tx eth1"})

SIM_ROWS(primary_better, "mode=active-backup miimon=100 primary=eth1 primary_reselect=better",
         {0, "attach eth0 speed=1000", NULL, NULL},
         {0, "attach eth1 speed=1000", NULL, "on, eth0 up, eth1 up active; tx eth1"},
         {10, "carrier eth1 off", NULL, NULL},
         {20, "carrier eth1 on", NULL, "on, eth0 up active, eth1 up 1; tx eth0"},
         {30, "carrier eth1 off", NULL, NULL}, {40, "speed eth1 10000", NULL, NULL},
         {50, "carrier eth1 on", NULL, "on, eth0 up, eth1 up 2 active; tx eth1"})

/* Kernel: an unknown speed is the highest number there is. */
SIM_ROWS(an_unknown_speed_is_better,
         "mode=active-backup miimon=100 primary=eth1 primary_reselect=better",
         {0, "attach eth0", NULL, NULL}, {0, "attach eth1 nocarrier speed=-1", NULL, NULL},
         {0, "set primary_reselect=better", NULL, NULL},
         {10, "carrier eth1 on", NULL, "on, eth0 up, eth1 up active; tx eth1"},
         {20, "carrier eth1 off", NULL, NULL},
         {30, "carrier eth1 on", NULL, "on, eth0 up, eth1 up 1 active; tx eth1"})

/* Kernel: bond_option_primary_set() sets force_primary: one reselection whatever the policy. */
SIM_ROWS(setting_the_primary_moves_at_once,
         "mode=active-backup miimon=100 primary_reselect=failure", {0, "attach eth0", NULL, NULL},
         {0, "attach eth1", NULL, "on, eth0 up active, eth1 up; tx eth0"},
         {10, "set primary=eth1", "publish, announce, igmp",
          "on, eth0 up, eth1 up active; tx eth1"},
         {20, "set primary=", "", "on, eth0 up, eth1 up active; tx eth1"},
         {30, "set primary=eth7", "", "on, eth0 up, eth1 up active; tx eth1"})

/* Kernel: force_primary waits until the primary is up. */
SIM_ROWS(force_primary_waits, "mode=active-backup miimon=100 primary=eth1 primary_reselect=failure",
         {0, "attach eth0", NULL, NULL},
         {0, "attach eth1 nocarrier", NULL, "on, eth0 up active, eth1 down; tx eth0"},
         {10, "carrier eth1 on", NULL, "on, eth0 up, eth1 up active; tx eth1"})

/* Kernel: bond_slave_netdev_event(), NETDEV_CHANGENAME. */
SIM_ROWS(a_rename_makes_and_unmakes_the_primary, "mode=active-backup miimon=100 primary=lan",
         {0, "attach eth0", NULL, NULL}, {0, "attach eth1", NULL, NULL},
         {10, "rename eth1 lan", "publish, announce, igmp", "on, eth0 up, lan up active; tx lan"},
         {20, "rename lan eth1", "", "on, eth0 up, eth1 up active; tx eth1"})

/* Kernel: bond_miimon_commit(): `slave->prio > active->prio`; policy as for a primary. */
SIM_ROWS(prio, "mode=active-backup miimon=100", {0, "attach eth0 prio=1", NULL, NULL},
         {0, "attach eth1 prio=5", NULL, "on, eth0 up, eth1 up active; tx eth1"},
         {0, "attach eth2 prio=-5", NULL, NULL},
         {10, "carrier eth1 off", NULL, "on, eth0 up active, eth1 down 1, eth2 up; tx eth0"},
         {20, "carrier eth0 off", NULL, "on, eth0 down 1, eth1 down 1, eth2 up active; tx eth2"},
         {30, "carrier eth0 on", NULL, "on, eth0 up 1 active, eth1 down 1, eth2 up; tx eth0"},
         {40, "carrier eth1 on", NULL, "on, eth0 up 1, eth1 up 1 active, eth2 up; tx eth1"})

SIM_ROWS(prio_follows_primary_reselect, "mode=active-backup miimon=100 primary_reselect=failure",
         {0, "attach eth0 prio=1", NULL, NULL},
         {0, "attach eth1 prio=5", NULL, "on, eth0 up active, eth1 up; tx eth0"},
         {10, "set primary_reselect=always", "publish, announce, igmp",
          "on, eth0 up, eth1 up active; tx eth1"})

/* Kernel: bond_option_prio_set() reselects, but not while there is a primary. */
SIM_ROWS(changing_a_prio, "mode=active-backup miimon=100", {0, "attach eth0", NULL, NULL},
         {0, "attach eth1", NULL, NULL},
         {10, "prio eth1 3", "publish, announce, igmp", "on, eth0 up, eth1 up active; tx eth1"},
         {20, "set primary=eth1", "", NULL}, {30, "active eth0", "publish, announce, igmp", NULL},
         {40, "prio eth0 -1", "", "on, eth0 up active, eth1 up; tx eth0"})

/* Kernel: a primary that is up is above every prio; one that is down leaves it to them. */
SIM_ROWS(primary_is_above_prio, "mode=active-backup miimon=100 primary=eth0",
         {0, "attach eth0", NULL, NULL},
         {0, "attach eth1 prio=5", NULL, "on, eth0 up active, eth1 up; tx eth0"},
         {0, "attach eth2 prio=9", NULL, NULL},
         {10, "carrier eth0 off", NULL, "on, eth0 down 1, eth1 up, eth2 up active; tx eth2"})

/* Kernel: bond_option_active_slave_set(). */
SIM_ROWS(active_slave, "mode=active-backup miimon=100 primary=eth0", {0, "attach eth0", NULL, NULL},
         {0, "attach eth1", NULL, NULL}, {0, "attach eth2 nocarrier", NULL, NULL},
         {10, "active eth1", "publish, announce, igmp",
          "on, eth0 up, eth1 up active, eth2 down; tx eth1"},
         {20, "active eth1", "", NULL},
         {25, "tick", "", "on, eth0 up, eth1 up active, eth2 down; tx eth1"}, /* it stays */
         {30, "!active eth2", NULL, "on, eth0 up, eth1 up active, eth2 down; tx eth1"},
         {40, "active none", "publish, announce, igmp",
          "on, eth0 up active, eth1 up, eth2 down; tx eth0"})

SIM_ROWS(active_slave_of_no_port, "mode=active-backup miimon=100",
         {0, "attach eth0 nocarrier", NULL, NULL}, {0, "attach eth1 nocarrier", NULL, NULL},
         {10, "!active eth1", NULL, "off, eth0 down, eth1 down; tx"})

/* Kernel: the option is for modes 1, 5, 6 (bond_opts[].unsuppmodes). */
SIM_ROWS(no_active_slave_in_rr, "mode=balance-rr miimon=100", {0, "attach eth0", NULL, NULL},
         {0, "attach eth1", NULL, NULL}, {10, "!active eth1", NULL, NULL},
         {10, "!active none", NULL, NULL})

/* As NetworkManager writes it: the wish comes true when the port is attached. */
SIM_ROWS(active_slave_as_an_option, "mode=active-backup miimon=100 active_slave=eth1",
         {0, "attach eth0", NULL, "on, eth0 up active; tx eth0"},
         {0, "attach eth1", NULL, "on, eth0 up, eth1 up active; tx eth1"},
         {10, "set active_slave=eth0", "publish, announce, igmp",
          "on, eth0 up active, eth1 up; tx eth0"})

/* A failing active port is given up for a primary that comes up (kernel: `curr->link != UP`). */
SIM_ROWS(a_primary_does_not_wait_for_downdelay,
         "mode=active-backup miimon=100 downdelay=500 primary=eth1", {0, "attach eth0", NULL, NULL},
         {0, "attach eth1 nocarrier", NULL, NULL},
         {10, "carrier eth0 off", NULL, "off, eth0 going down active, eth1 down; tx eth0"},
         {20, "carrier eth1 on", NULL, "on, eth0 going down, eth1 up active; tx eth1"})

static void
notes_say_why(void **state)
{
    static struct sim s;

    sim_init(&s, "mode=active-backup miimon=100 primary=eth1");
    sim_do(&s, 0, "attach eth0");
    sim_do(&s, 0, "attach eth1 nocarrier");
    sim_do(&s, 10, "carrier eth1 on");
    assert_string_equal(sim_notes(&s), "link-up eth1: the carrier is back; "
                                       "active-changed eth0 -> eth1: it is the primary port");
    sim_do(&s, 20, "active eth0");
    assert_string_equal(sim_notes(&s), "active-changed eth1 -> eth0: it was asked for");
    sim_do(&s, 30, "set primary=");
    assert_string_equal(sim_notes(&s), "options-changed: it was asked for");
    sim_do(&s, 40, "prio eth1 2");
    assert_string_equal(sim_notes(&s), "active-changed eth0 -> eth1: its prio is higher");
    sim_do(&s, 50, "detach eth1 hard");
    assert_string_equal(sim_notes(&s),
                        "port-released slot1: it was asked for; "
                        "active-changed slot1 -> eth0: the active port failed or left");
}

static void
refusals_are_sentences(void **state)
{
    static struct sim s;

    sim_init(&s, "mode=active-backup miimon=100");
    sim_do(&s, 0, "attach eth0");
    sim_do(&s, 0, "attach eth1 nocarrier");
    assert_int_equal(sim_do(&s, 0, "active eth1"), -EINVAL);
    assert_string_equal(s.err.text, "active_slave: eth1 cannot become the active port while its "
                                    "link is down; it must be up");
    sim_do(&s, 0, "set mode=balance-rr");
    assert_int_equal(sim_do(&s, 0, "active eth0"), -EACCES);
    assert_string_equal(s.err.text,
                        "active_slave cannot be set in mode balance-rr: only active-backup, "
                        "balance-tlb and balance-alb have an active port");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_failback_between_equals),
        cmocka_unit_test(attaching_moves_nothing),
        cmocka_unit_test(first_attached_wins_between_equals),
        cmocka_unit_test(primary_always),
        cmocka_unit_test(primary_failure),
        cmocka_unit_test(primary_better),
        cmocka_unit_test(an_unknown_speed_is_better),
        cmocka_unit_test(setting_the_primary_moves_at_once),
        cmocka_unit_test(force_primary_waits),
        cmocka_unit_test(a_rename_makes_and_unmakes_the_primary),
        cmocka_unit_test(prio),
        cmocka_unit_test(prio_follows_primary_reselect),
        cmocka_unit_test(changing_a_prio),
        cmocka_unit_test(primary_is_above_prio),
        cmocka_unit_test(active_slave),
        cmocka_unit_test(active_slave_of_no_port),
        cmocka_unit_test(no_active_slave_in_rr),
        cmocka_unit_test(active_slave_as_an_option),
        cmocka_unit_test(a_primary_does_not_wait_for_downdelay),
        cmocka_unit_test(notes_say_why),
        cmocka_unit_test(refusals_are_sentences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
