/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-alb.c - alb.c and what mac.c, leave.c and notify.c do for it: clients of balance-alb, their
 * ports, and what they are told when. ethN's own address is N+1; hosts are 10.0.0.x. */
#include <stdio.h>

#include "core/internal.h"
#include "core/tlb.h"
#include "sim.h"

#define ALB "mode=balance-alb miimon=0 lp_interval=3600"
#define THREE                                                                                      \
    {0, "attach eth0", NULL, NULL}, {0, "attach eth1", NULL, NULL},                                \
    {                                                                                              \
        0, "attach eth2", NULL, NULL                                                               \
    }

/* Kernel: rlb_choose_channel(): clients get the ports in turn. Who is with the active port needs
 * to be told nothing: the reply named it. The others are told when Linux will take it, and thrice.
 */
SIM_ROWS(clients_get_ports_in_turn, ALB, THREE, {100, "answer 1 2 42", "publish", NULL},
         {200, "answer 1 3 43", "publish", NULL}, {300, "answer 1 4 44", "publish", NULL},
         {400, "answer 1 4 44", "", NULL}, /* known */
         {2199, "tick", "", NULL}, {2200, "tick", "tell eth1 .3 is 02 at 43", NULL},
         {2300, "tick", "tell eth2 .4 is 03 at 44", NULL}, {3299, "tick", "", NULL},
         {3300, "tick", "tell eth1 .3 is 02 at 43", NULL},
         {3400, "tick", "tell eth2 .4 is 03 at 44", NULL},
         {4400, "tick", "tell eth1 .3 is 02 at 43", NULL},
         {4500, "tick", "tell eth2 .4 is 03 at 44", NULL}, {9000, "tick", "", NULL})

/* Kernel: rlb_arp_xmit(), rlb_arp_recv(): the client's address is known from its reply. */
SIM_ROWS(asking_makes_a_client, ALB, THREE, {0, "answer 1 9 49", "publish", NULL}, /* eth0 */
         {100, "ask 1 2", "publish", NULL}, {150, "hear eth0 2 1 42", "", NULL},
         {160, "hear eth1 2 1 42", "", NULL}, {2149, "tick", "", NULL},
         {2150, "tick", "tell eth1 .2 is 02 at 42", NULL})

/* Kernel: rlb_update_entry_from_arp(): a client with another network card. */
SIM_ROWS(a_client_changes_its_address, ALB, THREE, {0, "answer 1 9 49", NULL, NULL},
         {0, "answer 1 2 42", NULL, NULL}, {9000, "tick", NULL, NULL}, {11000, "tick", NULL, NULL},
         {13000, "tick", NULL, NULL}, {20000, "hear eth1 2 1 52", "", NULL},
         {22000, "tick", "publish, tell eth1 .2 is 02 at 52", NULL} /* and rebalances */)

/* Kernel: rlb_req_update_subnet_clients(): a request is heard by all, and names the active port. */
SIM_ROWS(a_request_brings_all_and_sends_them_back, ALB, THREE, {0, "answer 1 2 42", NULL, NULL},
         {0, "answer 1 3 43", NULL, NULL}, {0, "answer 8 4 44", NULL, NULL},
         {2000, "tick", NULL, NULL}, {3100, "tick", NULL, NULL}, {4200, "tick", NULL, NULL},
         {9000, "ask 1 77", "publish", NULL}, {10999, "tick", NULL, NULL},
         {11000, "tick", "tell eth1 .3 is 02 at 43", NULL}, /* .2 has the active port */
         {12100, "tick", "tell eth1 .3 is 02 at 43", NULL})

/* An announcement does the same and makes no client of the host itself. */
SIM_ROWS(an_announcement_makes_no_client, ALB, THREE, {0, "answer 1 2 42", NULL, NULL},
         {0, "answer 1 3 43", NULL, NULL}, {2000, "tick", NULL, NULL}, {3100, "tick", NULL, NULL},
         {4200, "tick", NULL, NULL}, {9000, "ask 1 1", "", NULL},
         {11000, "tick", "publish, tell eth1 .3 is 02 at 43", NULL},
         {12100, "answer 1 4 44", "publish, tell eth1 .3 is 02 at 43", NULL},
         {14100, "tick", "tell eth1 .3 is 02 at 43, tell eth2 .4 is 03 at 44", NULL})

/* Kernel: rlb_choose_channel(): one place for one client; who had it goes to the active port. */
SIM_ROWS(one_place_one_client, ALB, THREE, {0, "answer 1 9 49", NULL, NULL},
         {0, "answer 1 2 42", NULL, NULL},
         {100, "answer 8 2 42", "publish, tell eth0 .2 is 01 at 42", NULL},
         {2100, "tick", "tell eth2 .2 is 03 at 42", NULL})

/* Kernel: rlb_purge_src_ip(): the host's address is somebody else's now. Our own frames, flooded
 * back by a switch, are nobody else's. */
SIM_ROWS(an_address_that_has_moved, ALB, THREE, {0, "answer 1 2 42", NULL, NULL},
         {0, "answer 1 3 43", NULL, NULL}, {100, "hear? eth1 1 7 02", "", NULL},
         {200, "hear eth1 1 7 01", "", NULL}, {300, "hear? eth0 1 7 99", "publish", NULL},
         {3000, "tick", "", NULL})

/* Kernel: rlb_clear_slave(), rlb_teach_disabled_mac_on_primary(), rlb_rebalance(). */
SIM_ROWS(a_port_fails_and_comes_back, ALB, THREE, {0, "answer 1 2 42", NULL, NULL},
         {0, "answer 1 3 43", NULL, NULL}, {9000, "tick", NULL, NULL}, {10100, "tick", NULL, NULL},
         {11200, "tick", NULL, NULL},
         {20000, "carrier eth1 off", "publish, learn eth0 02, tell eth0 .3 is 01 at 43, announce",
          "on, eth0 up active, eth1 down 1, eth2 up; tx eth0 eth2"},
         {21100, "tick", "publish, tell eth0 .3 is 01 at 43", NULL},
         {22200, "tick", "tell eth0 .3 is 01 at 43", NULL},
         {25000, "carrier eth1 on", "publish, tell eth1 .2 is 02 at 42, tell eth2 .3 is 03 at 43",
          NULL})

/* Kernel: alb_swap_mac_addr(), alb_fasten_mac_swap(): the bond's address goes on at the new active
 * port, and the others are told what has changed for them. */
SIM_ROWS(
    the_active_port_fails, ALB, THREE, {0, "answer 1 2 42", NULL, NULL},
    {0, "answer 1 3 43", NULL, NULL}, {0, "answer 1 4 44", NULL, NULL}, {9000, "tick", NULL, NULL},
    {10100, "tick", NULL, NULL}, {11200, "tick", NULL, NULL},
    {12000, "carrier eth0 off",
     "eth0.mac 02, eth1.mac 01, publish, learn eth1 02, learn eth1 01+, tell eth1 .2 is 01 at 42, "
     "tell eth1 .3 is 01 at 43, announce, igmp",
     NULL},
    {13000, "active eth2",
     "eth1.mac 03, eth2.mac 01, publish, learn eth1 03, learn eth2 01+, "
     "tell eth1 .2 is 03 at 42, tell eth1 .3 is 03 at 43, tell eth2 .4 is 01 at 44, announce, igmp",
     NULL})

/* Clients of a port that leaves are told before it is let go, and it receives until it is claimed.
 */
SIM_ROWS(a_port_leaves, ALB, THREE, {0, "answer 1 2 42", NULL, NULL},
         {0, "answer 1 3 43", NULL, NULL}, {9000, "tick", NULL, NULL}, {10100, "tick", NULL, NULL},
         {11200, "tick", NULL, NULL},
         {12000, "detach eth1", "publish, tell eth0 .3 is 01 at 43, announce",
          "on, eth0 up active, eth1 draining, eth2 up; tx eth0 eth2"},
         {12300, "tick", "", "on, eth0 up active, eth1 lingering, eth2 up; tx eth0 eth2"},
         {12400, "claim eth1", "publish, release slot1", NULL})

/* Kernel: alb_change_hw_addr_on_detach(): nobody keeps an address that goes with its port. */
SIM_ROWS(addresses_go_with_their_ports, ALB, THREE,
         {100, "active eth1",
          "eth0.mac 02, eth1.mac 01, publish, learn eth0 02, learn eth1 01+, announce, igmp", NULL},
         {200, "active eth2",
          "eth1.mac 03, eth2.mac 01, publish, learn eth1 03, learn eth2 01+, announce, igmp", NULL},
         {300, "detach eth1 hard", "eth0.mac 03, publish, learn eth0 03, announce, release slot1",
          NULL},
         /* Kernel: alb_handle_addr_collision_on_attach(): a free one of another port's. */
         {400, "gone eth0", "publish, announce, release slot0", NULL},
         {500, "attach eth0", "eth0.mac 03, publish", NULL},
         {600, "attach eth3 mac=01", "eth3.mac 02, publish", NULL},
         {700, "bond mac 77",
          "eth0.mac 01, eth3.mac 03, eth2.mac 77, publish, learn eth0 01, learn eth3 03, "
          "learn eth2 77",
          NULL})

/* Kernel: bond_close(); a bridge above the bond: rlb_arp_xmit(). */
SIM_ROWS(when_there_are_no_clients, ALB, THREE, {0, "answer 1 2 42", "publish", NULL},
         {0, "bond bridged", "publish", NULL}, {100, "answer 1 2 42", "", NULL},
         {200, "bond free", "", NULL}, {300, "answer 1 2 42", "publish", NULL},
         {400, "bond down", "publish", NULL}, {500, "answer 1 2 42", "", NULL},
         {600, "bond up", NULL, NULL}, {700, "answer 1 2 42", "publish", NULL},
         {800, "set mode=balance-tlb", "publish", NULL}, {900, "answer 1 2 42", "", NULL})

/* ---- what is no row ---- */

static struct sim s;

static void
ports(const char *options)
{
    sim_init(&s, options);
    sim_do(&s, 0, "attach eth0");
    sim_do(&s, 0, "attach eth1");
}

static void
the_active_port_stands_in(void **state)
{
    ports(ALB);
    assert_false(bond_port_wants_promisc(&s.b, 0));
    sim_do(&s, 1000, "carrier eth1 off");
    assert_true(bond_port_wants_promisc(&s.b, 0));
    assert_false(bond_port_wants_promisc(&s.b, 1));
    sim_do(&s, 10999, "tick");
    assert_true(bond_port_wants_promisc(&s.b, 0));
    sim_do(&s, 11000, "tick");
    assert_false(bond_port_wants_promisc(&s.b, 0));
    sim_do(&s, 12000, "carrier eth1 on");
    sim_do(&s, 13000, "carrier eth0 off");
    assert_true(bond_port_wants_promisc(&s.b, 1));
    sim_do(&s, 30000, "carrier eth0 on");
    assert_false(bond_port_wants_promisc(&s.b, 1));
    sim_do(&s, 31000, "active eth0"); /* clients of eth0 know it by the address that eth1 has now */
    assert_true(bond_port_wants_promisc(&s.b, 0));
    sim_do(&s, 32000, "set mode=active-backup");
    assert_false(bond_port_wants_promisc(&s.b, 1));
}

static void
what_is_heard(void **state)
{
    ports(ALB);
    assert_int_equal(bond_frames_wanted(&s.b), BOND_FRAMES_ARP);
    assert_int_equal(bond_frames_wanted_sent(&s.b), BOND_FRAMES_ARP);
    sim_do(&s, 0, "bond bridged");
    assert_int_equal(bond_frames_wanted_sent(&s.b), 0);
    sim_do(&s, 0, "set mode=balance-tlb");
    assert_int_equal(bond_frames_wanted(&s.b), 0);
    assert_int_equal(bond_frames_wanted_sent(&s.b), 0);
}

/* Nothing but whole ARP for IPv4 over Ethernet, of a sender that is ours, makes a client. */
static void
what_is_no_arp(void **state)
{
    static const unsigned spoiled[] = {12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 27};
    struct bond_event ev = {.type = BOND_EV_FRAME, .slot = BOND_NO_PORT};
    uint8_t f[60];

    ports(ALB);
    for (unsigned i = 0; i <= sizeof(spoiled) / sizeof(spoiled[0]) + 1; i++) {
        sim_arp(f, false, 1, 2, 0x42);
        f[27] = 1; /* the bond's */
        ev.u.frame.data = f;
        ev.u.frame.len = 42;
        if (i < sizeof(spoiled) / sizeof(spoiled[0]))
            f[spoiled[i]] ^= 0x40;
        else if (i == sizeof(spoiled) / sizeof(spoiled[0]))
            ev.u.frame.len = 41;
        sim_step(&s, &ev, 0);
        assert_int_equal(s.b.client[10 ^ 2].assigned,
                         i == sizeof(spoiled) / sizeof(spoiled[0]) + 1);
    }
}

/* The frame itself, tagged as the client's ARP was. */
static void
what_a_client_is_told(void **state)
{
    static const uint8_t want[42] = {2,  0, 0, 0, 0, 0x42, 2, 0, 0, 0,    0,  2, 8, 6,
                                     0,  1, 8, 0, 6, 4,    0, 2, 2, 0,    0,  0, 0, 2,
                                     10, 0, 0, 1, 2, 0,    0, 0, 0, 0x42, 10, 0, 0, 2};
    struct bond_event ev = {.type = BOND_EV_FRAME, .slot = BOND_NO_PORT};
    uint8_t f[60];

    ports(ALB);
    sim_do(&s, 0, "answer 1 9 49");
    sim_arp(f, false, 1, 2, 0x42);
    f[27] = 1;
    ev.u.frame.data = f;
    ev.u.frame.len = 60;
    ev.u.frame.vlan_id = 7;
    sim_step(&s, &ev, 0);
    sim_do(&s, 2000, "tick");
    assert_string_equal(sim_effects(&s), "tell eth1 .2 is 02 at 42 in 7");
    assert_int_equal(s.out.frame[0].len, 42);
    assert_memory_equal(s.out.frame[0].data, want, 42);
}

/* Kernel: __rlb_next_rx_slave(): a faster port gets all. */
static void
the_fastest_port_gets_clients(void **state)
{
    sim_init(&s, ALB);
    sim_do(&s, 0, "attach eth0 speed=1000");
    sim_do(&s, 0, "attach eth1 speed=10000");
    sim_do(&s, 0, "attach eth2 speed=10000");
    sim_do(&s, 0, "attach eth3 speed=1000");
    sim_do(&s, 0, "answer 1 2 42");
    sim_do(&s, 0, "answer 1 3 43");
    sim_do(&s, 0, "answer 1 4 44");
    assert_int_equal(s.b.client[10 ^ 1 ^ 1 ^ 2].slot, 1);
    assert_int_equal(s.b.client[10 ^ 3].slot, 2);
    assert_int_equal(s.b.client[10 ^ 4].slot, 1);
}

/* A host that makes sure of one neighbour asks him alone: nobody else hears it. */
static void
asking_one_client(void **state)
{
    struct bond_event ev = {.type = BOND_EV_FRAME, .slot = BOND_NO_PORT};
    uint8_t f[60];

    ports(ALB);
    sim_do(&s, 0, "answer 1 9 49");
    sim_do(&s, 0, "answer 1 2 42"); /* eth1 */
    sim_do(&s, 0, "answer 1 5 45");
    sim_do(&s, 0, "answer 1 3 43"); /* eth1 */
    for (unsigned t = 2000; t < 9000; t += 100)
        sim_do(&s, t, "tick");
    sim_arp(f, true, 1, 2, 0);
    memcpy(f, (uint8_t[]){2, 0, 0, 0, 0, 0x42}, 6);
    f[27] = 1;
    ev.u.frame.data = f;
    ev.u.frame.len = 60;
    sim_step(&s, &ev, 9000 * BOND_NSEC_PER_MSEC);
    sim_do(&s, 11000, "tick");
    assert_string_equal(sim_effects(&s), "publish, tell eth1 .2 is 02 at 42");
}

/* What the packet path knows: a port that is not active takes what is for one receiver, and one
 * that has left takes it under the address by which clients know it. */
static void
what_is_published(void **state)
{
    struct bond_table t;

    ports(ALB);
    sim_do(&s, 0, "answer 1 9 49");
    sim_do(&s, 0, "answer 1 2 42");
    bond_table_build(&s.b, &t);
    assert_int_equal(t.active_slot, 0);
    assert_true(t.bond_mac == 0x020000000001);
    assert_int_equal(t.port[0].rx, BOND_RX_ACCEPT);
    assert_int_equal(t.port[1].rx, BOND_RX_UNICAST);
    assert_int_equal(t.port[1].speed_mbps, 1000);
    assert_int_equal(t.client[10 ^ 2].slot, 1);
    assert_int_equal(t.client[10 ^ 3].slot, BOND_MAX_PORTS);
    assert_true(t.tlb_epoch > 0);

    sim_do(&s, 0, "active eth1"); /* eth0 has 02 now */
    sim_do(&s, 100, "detach eth0");
    sim_do(&s, 400, "tick");
    assert_string_equal(sim_effects(&s), "eth0.mac 01");
    bond_table_build(&s.b, &t);
    assert_true(t.port[0].mac == 0x020000000002);
    assert_int_equal(t.port[0].rx, BOND_RX_UNICAST);

    assert_true(t.port[0].own_mac == 0x020000000001);
    assert_true(bond_mac_is_ours(&t, 0x020000000001));
    assert_false(bond_mac_is_ours(&t, 0x020000000003));

    /* The new active port's former address is still known: frames to it are under way. */
    ports(ALB);
    sim_do(&s, 100, "detach eth0");
    bond_table_build(&s.b, &t);
    assert_true(t.port[1].mac == t.bond_mac);
    assert_true(t.port[0].mac == 0x020000000002);

    sim_do(&s, 500, "set mode=balance-tlb tlb_dynamic_lb=0");
    bond_table_build(&s.b, &t);
    assert_int_equal(t.tlb_epoch, 0);
    sim_do(&s, 500, "set mode=active-backup");
    bond_table_build(&s.b, &t);
    assert_true(t.bond_mac == 0 && t.port[1].mac == 0);
}

/* Every place taken: the step stays within what a step can hold, and nobody is forgotten. */
static void
two_hundred_clients(void **state)
{
    char words[64];
    unsigned n = 0;

    ports(ALB);
    s.without_twin = true;
    for (unsigned i = 2; i < 120; i++) {
        snprintf(words, sizeof(words), "answer 1 %u %x", i, i);
        sim_do(&s, 0, words);
    }
    for (unsigned t = 10000; t < 16000; t += 100)
        sim_do(&s, t, "tick");
    sim_do(&s, 20000, "carrier eth1 off");
    for (unsigned i = 0; i < s.out.n; i++)
        n += s.out.v[i].type == BOND_ACT_SEND;
    assert_int_equal(n, 59);
    for (unsigned i = 0; i < BOND_CLIENTS; i++)
        assert_true(!s.b.client[i].assigned || s.b.client[i].slot == 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clients_get_ports_in_turn),
        cmocka_unit_test(asking_makes_a_client),
        cmocka_unit_test(a_client_changes_its_address),
        cmocka_unit_test(a_request_brings_all_and_sends_them_back),
        cmocka_unit_test(an_announcement_makes_no_client),
        cmocka_unit_test(one_place_one_client),
        cmocka_unit_test(an_address_that_has_moved),
        cmocka_unit_test(a_port_fails_and_comes_back),
        cmocka_unit_test(the_active_port_fails),
        cmocka_unit_test(a_port_leaves),
        cmocka_unit_test(addresses_go_with_their_ports),
        cmocka_unit_test(when_there_are_no_clients),
        cmocka_unit_test(the_active_port_stands_in),
        cmocka_unit_test(what_is_heard),
        cmocka_unit_test(what_is_no_arp),
        cmocka_unit_test(what_a_client_is_told),
        cmocka_unit_test(the_fastest_port_gets_clients),
        cmocka_unit_test(asking_one_client),
        cmocka_unit_test(what_is_published),
        cmocka_unit_test(two_hundred_clients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
