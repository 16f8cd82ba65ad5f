/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-tlb.c - tlb.c: when flows are balanced afresh and learning packets are sent; and tlb.h, the
 * packet path's account, frame by frame. ethN's own address is N+1. */
#include <stdio.h>
#include <string.h>

#include "core/select.h"
#include "sim.h"

#define TLB "mode=balance-tlb miimon=0 lp_interval=5"

/* Kernel: bond_alb_monitor(): learning packets each lp_interval, rebalancing each 10 s. */
SIM_ROWS(time_passes, TLB,
         {0, "attach eth0", "bond-mac 01, publish, learn eth0 01+, carrier on, announce, igmp",
          NULL},
         {1000, "attach eth1", "publish", "on, eth0 up active, eth1 up; tx eth0 eth1"},
         {4999, "tick", "", NULL}, {5000, "tick", "learn eth0 01+, learn eth1 02", NULL},
         {10000, "tick", "learn eth0 01+, learn eth1 02", NULL}, /* the second port: at 1000 */
         {10999, "tick", "", NULL}, {11000, "tick", "publish", NULL},
         {12000, "set lp_interval=1", "", NULL},
         {13000, "tick", "learn eth0 01+, learn eth1 02", NULL}, {13100, "bond down", NULL, NULL},
         {60000, "tick", "", NULL})

/* Kernel: bond_alb_handle_active_change(), alb_swap_mac_addr(): one address per port, the bond's at
 * the active one; bond_alb_handle_link_change(): a port that comes asks for a rebalancing. */
SIM_ROWS(failover, TLB, {0, "attach eth0", NULL, NULL}, {0, "attach eth1", NULL, NULL},
         {100, "carrier eth0 off",
          "eth0.mac 02, eth1.mac 01, publish, learn eth1 01+, announce, igmp",
          "on, eth0 down 1, eth1 up active; tx eth1"},
         {200, "carrier eth0 on", "publish", "on, eth0 up 1, eth1 up active; tx eth0 eth1"},
         {300, "active eth0",
          "eth0.mac 01, eth1.mac 02, publish, learn eth0 01+, learn eth1 02, announce, igmp", NULL},
         {400, "carrier eth1 off", "publish", NULL})

/* A port that leaves keeps the bond's address while it drains, if it had it. */
SIM_ROWS(leave, TLB, {0, "attach eth0", NULL, NULL}, {0, "attach eth1", NULL, NULL},
         {100, "detach eth0", "eth1.mac 01, publish, learn eth1 01+, announce, igmp",
          "on, eth0 draining, eth1 up active; tx eth1"},
         {400, "tick", "publish, release slot0", NULL},
         {500, "attach eth0", "eth0.mac 02, publish",
          NULL}, /* a free one: eth1 has its own no more */
         {600, "detach eth0", "publish, release slot0", NULL})

/* Kernel: bond_open(): by hash alone nothing is to be done with time. */
SIM_ROWS(without_dynamic_lb, TLB " tlb_dynamic_lb=0", {0, "attach eth0", NULL, NULL},
         {0, "attach eth1", NULL, NULL}, {60000, "tick", "", NULL},
         {60100, "active eth1",
          "eth0.mac 02, eth1.mac 01, publish, learn eth0 02, learn eth1 01+, announce, igmp", NULL},
         {60200, "set tlb_dynamic_lb=1", "publish", NULL},
         {60400, "tick", "publish", NULL}, /* nothing is under way to eth0 any more */
         {65200, "tick", "learn eth0 02, learn eth1 01+", NULL})

/* ---- the packet path ---- */

static struct bond_table t;
static struct bond_tlb tlb;

static void
table(unsigned n, unsigned mode, unsigned epoch)
{
    memset(&t, 0, sizeof(t));
    memset(&tlb, 0, sizeof(tlb));
    t.mode = mode;
    t.n_ports = t.n_tx = n;
    t.tlb_epoch = epoch;
    t.bond_mac = 0x020000000001;
    for (unsigned i = 0; i < n; i++) {
        t.tx[i] = (uint8_t) i;
        t.port[i] = (struct bond_table_port){.mac = t.bond_mac + i,
                                             .own_mac = t.bond_mac + i,
                                             .ifindex = i + 1,
                                             .speed_mbps = 1000,
                                             .can_tx = 1};
    }
}

/* To 10.0.0.<to>, `len` bytes. The hash of balance-alb is 10 ^ to. */
static struct bond_choice
send_to(uint8_t to, uint32_t len)
{
    uint8_t f[60] = {2, 0, 0, 0, 9, to, 2, 0, 0, 0, 0, 1, 8, 0, 0x45};
    struct bond_rr rr = {.tlb = &tlb};
    struct bond_frame view = {
        .data = f, .end = f + sizeof(f), .len = len, .proto_be = BOND_BE16(BOND_ETH_IP)};

    f[23] = 17;
    memcpy(f + 26, (uint8_t[]){10, 0, 0, 1, 10, 0, 0, to}, 8);
    return bond_choose(&t, &view, &rr);
}

/* Kernel: __tlb_choose_channel(): a flow stays; a new one goes where most is to spare. */
static void
flows_stay(void **state)
{
    table(2, BOND_MODE_BALANCE_ALB, 1);
    assert_int_equal(send_to(2, 1000).slot, 0);
    assert_int_equal(send_to(3, 1000).slot, 1); /* load 1 on the other */
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(send_to(2, 1000).slot, 0);
    assert_int_equal(tlb.entry[10 ^ 2].bytes, 101000);
    assert_int_equal(tlb.load[0], 1);
}

/* Kernel: tlb_clear_slave(.., 1): what a flow sent in an interval is its load in the next. */
static void
a_new_epoch_knows_the_loads(void **state)
{
    table(2, BOND_MODE_BALANCE_ALB, 1);
    send_to(2, 900000);
    send_to(3, 10);
    send_to(4, 500000);
    send_to(5, 500000);
    t.tlb_epoch = 2;
    assert_int_equal(send_to(2, 1).slot, 0);
    assert_int_equal(tlb.load[0], 90001);
    assert_int_equal(tlb.entry[10 ^ 2].bytes, 1);
    assert_int_equal(send_to(4, 1).slot, 1);
    assert_int_equal(send_to(5, 1).slot, 1); /* 50001 are less than 90001 */
    assert_int_equal(send_to(3, 1).slot, 0); /* 100002 are more */
    assert_int_equal(tlb.load[1], 100002);
}

/* Kernel: bond_do_alb_xmit(): what cannot be balanced weighs on the active port. */
static void
the_active_port_has_its_own_load(void **state)
{
    uint8_t arp[60] = {255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, 8, 6};
    struct bond_rr rr = {.tlb = &tlb};
    struct bond_frame view = {
        .data = arp, .end = arp + 60, .len = 1000000, .proto_be = BOND_BE16(BOND_ETH_ARP)};

    table(2, BOND_MODE_BALANCE_ALB, 1);
    assert_int_equal(bond_choose(&t, &view, &rr).slot, 0);
    t.tlb_epoch = 2;
    assert_int_equal(send_to(2, 1).slot, 1);
    assert_int_equal(tlb.load[0], 100000);
    assert_int_equal(tlb.unbalanced, 0);
}

/* Kernel: compute_gap(); in 64 bits. */
static void
speed_counts(void **state)
{
    table(3, BOND_MODE_BALANCE_ALB, 1);
    t.port[1].speed_mbps = 10000;
    t.port[2].speed_mbps = 0; /* unknown */
    for (uint8_t to = 1; to < 200; to++)
        assert_int_equal(send_to(to, 1500).slot, 1);
}

static void
a_port_that_fails_loses_its_flows(void **state)
{
    table(2, BOND_MODE_BALANCE_ALB, 1);
    send_to(2, 10);
    assert_int_equal(send_to(3, 10).slot, 1);
    t.port[1].can_tx = 0;
    t.n_tx = 1;
    assert_int_equal(send_to(3, 10).slot, 0);
    t.port[0].can_tx = 0;
    t.n_tx = 0;
    assert_int_equal(send_to(3, 10).send, BOND_SEND_NONE);
}

/* By any other port than the active one: under its own address. */
static void
whose_address(void **state)
{
    struct bond_choice c;

    table(2, BOND_MODE_BALANCE_ALB, 1);
    c = send_to(2, 10);
    assert_int_equal(c.edit, 0);
    c = send_to(3, 10);
    assert_int_equal(c.edit, BOND_EDIT_SOURCE);
    assert_true(c.mac == 0x020000000002);
    t.active_slot = 1;
    assert_int_equal(send_to(3, 10).edit, 0);
    assert_int_equal(send_to(2, 10).edit, BOND_EDIT_SOURCE);
}

/* The load evens out: of many flows of different weight no port carries much more than another. */
static void
loads_even_out(void **state)
{
    uint64_t by_port[4] = {0};

    table(4, BOND_MODE_BALANCE_ALB, 1);
    for (unsigned epoch = 1; epoch <= 3; epoch++) {
        t.tlb_epoch = epoch;
        memset(by_port, 0, sizeof(by_port));
        for (unsigned round = 0; round < 50; round++)
            for (uint8_t to = 1; to < 129; to++) {
                uint32_t len = 64 + 1400u * (to % 7 == 0);

                by_port[send_to(to, len).slot] += len;
            }
    }
    for (unsigned i = 1; i < 4; i++)
        assert_in_range(by_port[i] * 100 / by_port[0], 80, 125);
}

/* tlb_dynamic_lb=0: the hash says it, and the account is left alone. */
static void
by_hash_alone(void **state)
{
    static const struct bond_tlb empty;

    table(3, BOND_MODE_BALANCE_TLB, 0);
    t.xmit_policy = BOND_XMIT_LAYER2;
    for (uint8_t to = 1; to < 100; to++)
        assert_int_equal(send_to(to, 10).slot, (to ^ 1u ^ 0x0800u) % 3);
    assert_memory_equal(&tlb, &empty, sizeof(tlb));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_passes),
        cmocka_unit_test(failover),
        cmocka_unit_test(leave),
        cmocka_unit_test(without_dynamic_lb),
        cmocka_unit_test(flows_stay),
        cmocka_unit_test(a_new_epoch_knows_the_loads),
        cmocka_unit_test(the_active_port_has_its_own_load),
        cmocka_unit_test(speed_counts),
        cmocka_unit_test(a_port_that_fails_loses_its_flows),
        cmocka_unit_test(whose_address),
        cmocka_unit_test(loads_even_out),
        cmocka_unit_test(by_hash_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
