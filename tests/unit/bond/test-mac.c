/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-mac.c - mac.c: who has which address. ethN's own is N+1, the bond's first one bb. */
#include "sim.h"

/* Kernel: bond_enslave(): NET_ADDR_RANDOM becomes the first slave's; all slaves get it. */
SIM_ROWS(first_port_gives_it, "mode=balance-rr miimon=100",
         {0, "attach eth4", "bond-mac 05, publish, carrier on, igmp", NULL},
         {0, "attach eth1", "eth1.mac 05, publish", NULL},
         {10, "detach eth4 hard", "publish, announce, igmp, release slot0", NULL},
         {20, "attach eth2", "eth2.mac 05, publish", NULL})

/* Kernel: an address that was given stays, the first port gets it too. */
SIM_ROWS(a_given_one_goes_to_all, "mode=balance-xor miimon=100", {0, "bond mac 77", "", NULL},
         {0, "attach eth0", "eth0.mac 77, publish, carrier on", NULL},
         {0, "attach eth1", "eth1.mac 77, publish", NULL},
         {10, "bond mac 78", "eth0.mac 78, eth1.mac 78", NULL}, {20, "bond mac 78", "", NULL})

/* Kernel: bond_set_mac_address() refuses what is no unicast address. */
static void
a_multicast_address_is_refused(void **state)
{
    static struct sim s;
    struct bond_event ev = {.type = BOND_EV_BOND_LINK};

    sim_init(&s, "mode=balance-rr miimon=100");
    ev.u.bond_link.admin_up = ev.u.bond_link.mac_given = true;
    ev.u.bond_link.mac[0] = 1;
    assert_int_equal(sim_step(&s, &ev, 0), -EADDRNOTAVAIL);
}

/* The kernel takes a random one when the last port leaves. Here it stays until the next first
 * port gives its own. One that was given stays for good. */
SIM_ROWS(the_next_first_port_gives_it_again, "mode=active-backup miimon=100",
         {0, "attach eth0", "bond-mac 01, publish, carrier on, announce, igmp", NULL},
         {10, "gone eth0", "publish, carrier off, release slot0", NULL},
         {20, "attach eth1", "bond-mac 02, publish, carrier on, announce, igmp", NULL},
         {30, "bond mac 77", "eth1.mac 77", NULL}, {40, "gone eth1", NULL, NULL},
         {50, "attach eth2", "eth2.mac 77, publish, carrier on, announce, igmp", NULL})

/* A device that lost the bond's address gets it again. */
SIM_ROWS(a_strange_address_is_put_right, "mode=active-backup miimon=100",
         {0, "attach eth0", NULL, NULL}, {10, "bond up", "", NULL})
static void
the_bond_gets_its_address_back(void **state)
{
    static struct sim s;
    struct bond_event ev = {.type = BOND_EV_BOND_LINK};

    sim_init(&s, "mode=active-backup miimon=100");
    sim_do(&s, 0, "attach eth0");
    ev.u.bond_link.admin_up = true;
    ev.u.bond_link.mac[5] = 0x99;
    sim_step(&s, &ev, 0);
    assert_string_equal(sim_effects(&s), "bond-mac 01");
}

/* Kernel: bond_do_fail_over_mac(), BOND_FOM_ACTIVE. */
SIM_ROWS(fail_over_mac_active, "mode=active-backup miimon=100 fail_over_mac=active",
         {0, "attach eth0", "bond-mac 01, publish, carrier on, announce, igmp", NULL},
         {0, "attach eth1", "publish", NULL},
         {10, "carrier eth0 off", "bond-mac 02, publish, announce, igmp", NULL},
         {20, "bond mac 77", "bond-mac 02", NULL}, /* kernel: bond_set_mac_address() does nothing */
         {30, "detach eth1 hard", "publish, carrier off, release slot1", NULL},
         {40, "carrier eth0 on", "bond-mac 01, publish, carrier on, announce, igmp", NULL})

/* Kernel: bond_do_fail_over_mac(), BOND_FOM_FOLLOW: a swap between the old and the new one. */
SIM_ROWS(fail_over_mac_follow, "mode=active-backup miimon=100 fail_over_mac=follow",
         {0, "attach eth0", "bond-mac 01, publish, carrier on, announce, igmp", NULL},
         {0, "attach eth1", "publish", NULL}, {0, "attach eth2", "publish", NULL},
         {10, "active eth1", "eth0.mac 02, eth1.mac 01, publish, announce, igmp", NULL},
         {20, "active eth2", "eth1.mac 03, eth2.mac 01, publish, announce, igmp", NULL},
         {30, "active eth0", "eth0.mac 01, eth2.mac 02, publish, announce, igmp", NULL})

/* Kernel: bond_get_old_active(): who has the bond's address, when nobody was active. */
SIM_ROWS(follow_after_nobody_was_active, "mode=active-backup miimon=100 fail_over_mac=follow",
         {0, "attach eth0", NULL, NULL}, {0, "attach eth1 nocarrier", NULL, NULL},
         {10, "carrier eth0 off", "publish, carrier off", NULL},
         {20, "carrier eth1 on", "eth0.mac 02, eth1.mac 01, publish, carrier on, announce, igmp",
          NULL})

/* Newer kernels: a port that has the bond's address gets another one in follow. */
SIM_ROWS(follow_keeps_addresses_apart, "mode=active-backup miimon=100 fail_over_mac=follow",
         {0, "attach eth0", NULL, NULL}, {0, "attach eth1 mac=01", "eth1.mac 02, publish", NULL},
         {0, "attach eth2 mac=01", "eth2.mac 03, publish", NULL})

/* Of two ports with the same address of their own the older one keeps it, whatever its slot. */
SIM_ROWS(follow_live_keeps_addresses_apart, "mode=active-backup miimon=100",
         {0, "attach eth9", NULL, NULL}, {0, "attach eth0", NULL, NULL}, /* slot 1 */
         {0, "attach eth1 mac=05", NULL, NULL}, {0, "detach eth0 hard", NULL, NULL},
         {0, "attach eth2 mac=05", NULL, NULL}, /* slot 1 again, but later */
         {10, "set fail_over_mac=follow", "eth2.mac 06, eth1.mac 05", NULL})

/* The kernel refuses to change fail_over_mac under ports. */
SIM_ROWS(fail_over_mac_live, "mode=active-backup miimon=100", {0, "attach eth0", NULL, NULL},
         {0, "attach eth1", "eth1.mac 01, publish", NULL}, {10, "active eth1", NULL, NULL},
         {20, "set fail_over_mac=active", "bond-mac 02, eth1.mac 02", NULL},
         {30, "set fail_over_mac=none", "eth0.mac 02", NULL},
         {40, "set fail_over_mac=follow", "eth0.mac 01", NULL},
         {50, "active eth0", "eth0.mac 02, eth1.mac 01, publish, announce, igmp", NULL},
         {60, "set fail_over_mac=active", "bond-mac 01, eth0.mac 01, eth1.mac 02", NULL})

/* fail_over_mac has no meaning in other modes (kernel: bond_enslave()). */
SIM_ROWS(other_modes_have_no_fail_over_mac, "mode=active-backup miimon=100 fail_over_mac=active",
         {0, "attach eth0", NULL, NULL}, {0, "attach eth1", "publish", NULL},
         {10, "set mode=balance-rr", "eth1.mac 01, publish", NULL},
         {20, "set mode=active-backup", "eth1.mac 02, publish, announce", NULL})

static void
no_address_no_port(void **state)
{
    static struct sim s;
    struct bond_event ev = {.type = BOND_EV_PORT_ATTACH,
                            .u.attach = {.ifindex = 3, .name = "tun0", .admin_up = true}};

    sim_init(&s, "mode=balance-rr miimon=100");
    assert_int_equal(sim_step(&s, &ev, 0), -EADDRNOTAVAIL);
    assert_string_equal(s.err.text,
                        "tun0 cannot become a port of bond0: it has no unicast Ethernet address");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_port_gives_it),
        cmocka_unit_test(a_given_one_goes_to_all),
        cmocka_unit_test(a_multicast_address_is_refused),
        cmocka_unit_test(the_next_first_port_gives_it_again),
        cmocka_unit_test(a_strange_address_is_put_right),
        cmocka_unit_test(the_bond_gets_its_address_back),
        cmocka_unit_test(fail_over_mac_active),
        cmocka_unit_test(fail_over_mac_follow),
        cmocka_unit_test(follow_after_nobody_was_active),
        cmocka_unit_test(follow_keeps_addresses_apart),
        cmocka_unit_test(follow_live_keeps_addresses_apart),
        cmocka_unit_test(fail_over_mac_live),
        cmocka_unit_test(other_modes_have_no_fail_over_mac),
        cmocka_unit_test(no_address_no_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
