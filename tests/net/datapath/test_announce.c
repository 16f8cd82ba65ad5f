/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_announce.c - what leaves a bond when it is announced, byte by byte.
 */
#include <errno.h>
#include <poll.h>

#include "datapath/announce_priv.h"
#include "tests/net/datapath/bed.h"

static void
every_ipv4_address_of_the_bond(void **state)
{
    struct bed *b = *state;

    lab_run("ip addr add 10.0.1.243/24 dev bond0");
    lab_run("ip addr add 10.0.1.244/24 dev bond0");
    lab_run("ip addr add 192.0.2.1 peer 192.0.2.2/32 dev bond0");
    bed_announce(b);
    bed_expect_sent(b, 3, 0, 0);
    bed_expect_garp(b, b->mac, "10.0.1.243");
    bed_expect_garp(b, b->mac, "10.0.1.244");
    bed_expect_garp(b, b->mac, "192.0.2.1");
    bed_expect_quiet(b);
    bed_announce(b); /* each call sends once, and nothing is dampened */
    bed_expect_sent(b, 3, 0, 0);
    lab_run("ip addr del 10.0.1.244/24 dev bond0");
    bed_announce(b);
    bed_expect_sent(b, 2, 0, 0);
}

static void
without_an_address_rarp(void **state)
{
    struct bed *b = *state;

    bed_announce(b);
    bed_expect_sent(b, 0, 0, 1);
    bed_expect_rarp(b, b->mac);
    bed_expect_quiet(b);
}

static void
a_bond_that_is_down_says_nothing(void **state)
{
    struct bed *b = *state;
    int from = 0;

    lab_run("ip addr add 10.0.1.243/24 dev bond0");
    lab_run("ip link set bond0 down");
    bed_announce(b);
    bed_expect_sent(b, 0, 0, 0);
    assert_int_equal(dp_announce(b->a, b->nl, b->m, 4711, &from, &b->sent), -ENODEV);
}

/* Each once, whatever comes and goes between two parts. */
static void
many_devices_in_parts(void **state)
{
    struct bed *b = *state;
    int from = 0, parts = 0;

    lab_run(
        "for n in $(seq 100 139); do ip link add link bond0 name m$n type macvlan mode private; "
        "ip addr add 10.0.2.$n/24 dev m$n; ip link set m$n up; done; "
        "ip addr add 10.0.1.243/24 dev bond0");
    bed_settle(b);
    b->sent = (struct dp_announced){0};
    do {
        unsigned before = b->sent.arp;

        lab_ok(dp_announce(b->a, b->nl, b->m, b->bond, &from, &b->sent));
        assert_true(b->sent.arp - before <= DP_ANNOUNCE_DEVICES);
        if (parts++ == 0) {
            lab_run("ip link delete m100; ip link delete m139");
            bed_settle(b);
        }
    } while (from != 0);
    assert_int_equal(parts, 3);
    bed_expect_sent(b, 40, 0, 0); /* the bond and 39: one had spoken when it went */
    /* Looked for in the first part, and in the second, before which some had gone. */
    assert_int_equal(b->a->gathered, 2);
    bed_announce(b);
    assert_int_equal(b->a->gathered, 2);
    lab_run("for n in $(seq 101 128); do ip link delete m$n; done");
    bed_announce(b);
    bed_expect_sent(b, 11, 0, 0);
}

static void
ipv6_addresses(void **state)
{
    struct bed *b = *state;

    lab_run("sysctl -qw net.ipv6.conf.bond0.addr_gen_mode=1 net.ipv6.conf.bond0.disable_ipv6=0");
    lab_run("ip addr add fe80::243/64 dev bond0 nodad");
    lab_run("ip addr add 2001:db8::243/64 dev bond0 nodad");
    bed_wait_usable(b, "bond0", "fe80::243");
    bed_wait_usable(b, "bond0", "2001:db8::243");
    bed_announce(b);
    bed_expect_sent(b, 0, 2, 0);
    bed_expect_na(b, b->mac, "fe80::243", 0x20); /* override, not solicited */
    bed_expect_na(b, b->mac, "2001:db8::243", 0x20);
    lab_run("sysctl -qw net.ipv6.conf.bond0.forwarding=1");
    bed_announce(b);
    bed_expect_na(b, b->mac, "fe80::243", 0xa0); /* and we are a router */
}

static void
tentative_addresses_are_not_ours_yet(void **state)
{
    struct bed *b = *state;

    lab_run("sysctl -qw net.ipv6.conf.bond0.addr_gen_mode=1 net.ipv6.conf.bond0.disable_ipv6=0 "
            "net.ipv6.conf.bond0.accept_dad=1 net.ipv6.conf.bond0.dad_transmits=30");
    lab_run("ip addr add fe80::1/64 dev bond0 nodad");
    bed_wait_usable(b, "bond0", "fe80::1");
    lab_run("ip addr add 2001:db8::243/64 dev bond0");
    bed_announce(b);
    bed_expect_sent(b, 0, 1, 0);
    bed_expect_na(b, b->mac, "fe80::1", 0x20);
}

static void
ipv6_addresses_of_several_devices(void **state)
{
    struct bed *b = *state;
    uint8_t mac[6];

    lab_run("ip link add mv0 link bond0 type macvlan mode bridge");
    lab_run("sysctl -qw net.ipv6.conf.bond0.addr_gen_mode=1 net.ipv6.conf.bond0.disable_ipv6=0 "
            "net.ipv6.conf.mv0.addr_gen_mode=1 net.ipv6.conf.mv0.disable_ipv6=0");
    lab_run("ip link set mv0 up");
    lab_mac("mv0", mac);
    lab_run("ip addr add fe80::1/64 dev bond0 nodad");
    bed_wait_usable(b, "bond0", "fe80::1");
    lab_run("ip addr add fe80::2/64 dev mv0 nodad");
    bed_wait_usable(b, "mv0", "fe80::2");
    lab_run("ip addr add 2001:db8::2/64 dev mv0 nodad");
    bed_wait_usable(b, "mv0", "2001:db8::2");
    for (int i = 0; i < 2; i++) {
        bed_announce(b);
        bed_expect_sent(b, 0, 3, 0);
        bed_expect_na(b, b->mac, "fe80::1", 0x20);
        bed_expect_na(b, mac, "fe80::2", 0x20);
        bed_expect_na(b, mac, "2001:db8::2", 0x20);
    }
}

static void
a_macvlan_above(void **state)
{
    struct bed *b = *state;
    uint8_t mac[6];

    lab_run("ip addr add 10.0.1.243/24 dev bond0");
    lab_run("ip link add mv0 link bond0 type macvlan mode bridge");
    lab_run("ip addr add 10.0.1.9/24 dev mv0");
    lab_mac("mv0", mac);
    bed_announce(b);
    bed_expect_sent(b, 1, 0, 0); /* it is down */
    bed_expect_garp(b, b->mac, "10.0.1.243");
    lab_run("ip link set mv0 up");
    bed_announce(b);
    bed_expect_sent(b, 2, 0, 0);
    bed_expect_garp(b, b->mac, "10.0.1.243");
    bed_expect_garp(b, mac, "10.0.1.9");
    bed_expect_quiet(b);
}

/* Its addresses are out of sight, its MAC is not. */
static void
a_macvlan_in_another_namespace(void **state)
{
    struct bed *b = *state;
    uint8_t mac[6];
    pid_t other;

    lab_run("ip addr add 10.0.1.243/24 dev bond0");
    lab_run("ip link add mv0 link bond0 type macvlan mode bridge");
    lab_mac("mv0", mac);
    other = lab_other_netns();
    lab_run("ip link set mv0 netns %d", (int) other);
    lab_run("nsenter -t %d -n ip link set mv0 up", (int) other);
    bed_announce(b);
    bed_expect_sent(b, 1, 0, 1);
    bed_expect_garp(b, b->mac, "10.0.1.243");
    bed_expect_rarp(b, mac);
    lab_end(other);
}

/* A step that changes the address announces at once, before the monitor has heard of it. */
static void
an_address_changed_a_moment_ago(void **state)
{
    static const uint8_t mac[6] = {0x02, 0, 0, 0, 0, 0xaa};
    struct bed *b = *state;

    lab_run("ip addr add 10.0.1.243/24 dev bond0");
    bed_settle(b);
    lab_ok(dp_link_set_mac(b->nl, b->bond, mac));
    lab_ok(bed_announce_all(b));
    bed_expect_garp(b, mac, "10.0.1.243");
    assert_memory_equal(dp_monitor_link(b->m, b->bond)->mac, b->mac, 6);
}

/* A full queue must not hold the caller up: an error, and what was sent is counted. */
static void
many_addresses(void **state)
{
    struct bed *b = *state;
    unsigned seen = 0;
    struct lab_frame got;

    lab_run("for i in $(seq 1 250); do for j in 0 1 2 3; do echo addr add 10.$j.0.$i/32 dev bond0; "
            "done; done | ip -batch -");
    bed_announce(b);
    bed_expect_sent(b, 1000, 0, 0);
    while (seen < 1000 && lab_next(b->wire, ETH_P_ARP, 0, WAIT_MS, &got))
        seen++;
    assert_int_equal(seen, 1000);
    bed_expect_quiet(b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        BED_TEST(every_ipv4_address_of_the_bond),
        BED_TEST(without_an_address_rarp),
        BED_TEST(a_bond_that_is_down_says_nothing),
        BED_TEST(ipv6_addresses),
        BED_TEST(tentative_addresses_are_not_ours_yet),
        BED_TEST(ipv6_addresses_of_several_devices),
        BED_TEST(a_macvlan_above),
        BED_TEST(many_devices_in_parts),
        BED_TEST(a_macvlan_in_another_namespace),
        BED_TEST(an_address_changed_a_moment_ago),
        BED_TEST(many_addresses),
    };

    lab_require_netns();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
