/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_bridge.c - announcements for bridges and VLANs above a bond, and for hosts behind them.
 *
 *   br0 --- p0 <-> h0 (a host)
 *    |
 *   bond0 <-> nmbp0     all that is sent on the bond is heard on its peer
 *
 * Where the running kernel has no VLANs, uml.sh runs these tests in a kernel that has.
 */
#include "tests/net/datapath/bed.h"

static void
make_bridge(void)
{
    lab_run("ip link add br0 type bridge forward_delay 0");
    lab_run("ip link set bond0 master br0");
    lab_run("ip link add p0 type veth peer name h0");
    lab_run("ip link set p0 master br0");
    lab_run("ip link set h0 up");
    lab_run("ip link set p0 up");
    lab_run("ip link set br0 up");
    lab_wait(lab_try("bridge link show dev p0 | grep -q 'state forwarding'"));
    lab_wait(lab_try("bridge link show dev bond0 | grep -q 'state forwarding'"));
}

static void
learn(const char *from, const char *mac)
{
    uint8_t frame[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

    frame[12] = 0x88;
    frame[13] = 0xb5;
    lab_mac_of(mac, frame + 6);
    lab_send(from, frame, sizeof(frame));
    lab_wait(lab_try("bridge fdb show br br0 | grep -q '^%s'", mac));
}

static void
a_bridge_above_with_an_address(void **state)
{
    struct bed *b = *state;
    uint8_t mac[6];

    make_bridge();
    lab_run("ip link set br0 address 02:00:00:00:00:b0");
    lab_run("ip addr add 10.0.1.243/24 dev br0");
    lab_mac("br0", mac);
    bed_announce(b);
    /* The bond's own MAC is another one, and nothing else speaks for it. */
    bed_expect_sent(b, 1, 0, 1);
    bed_expect_rarp(b, b->mac);
    bed_expect_garp(b, mac, "10.0.1.243");
    bed_expect_quiet(b);
}

static void
hosts_behind_a_bridge(void **state)
{
    struct bed *b = *state;
    uint8_t bridge[6], host[6], fixed[6];

    make_bridge();
    lab_run("ip link set br0 address $(cat /dev/null; ip -o link show bond0 | "
            "sed 's/.*link.ether \\([^ ]*\\).*/\\1/')");
    lab_mac("br0", bridge);
    assert_memory_equal(bridge, b->mac, 6);
    learn("h0", "02:00:00:00:00:11");
    learn(DP_PEER_PREFIX "0", "02:00:00:00:00:99"); /* behind the bond: not ours to announce */
    lab_run("bridge fdb add 02:00:00:00:00:12 dev p0 master static");
    lab_mac_of("02:00:00:00:00:11", host);
    lab_mac_of("02:00:00:00:00:12", fixed);
    bed_announce(b);
    bed_expect_sent(b, 0, 0, 3);
    bed_expect_rarp(b, bridge); /* the bridge's own MAC; once, for it is the bond's too */
    {
        struct lab_frame first, second;
        uint8_t macs[12];

        assert_true(lab_next(b->wire, ETH_P_RARP, 0, WAIT_MS, &first));
        assert_true(lab_next(b->wire, ETH_P_RARP, 0, WAIT_MS, &second));
        memcpy(macs, first.byte + 6, 6);
        memcpy(macs + 6, second.byte + 6, 6);
        if (memcmp(macs, host, 6) != 0) { /* the order is the bridge's hash */
            memcpy(macs, second.byte + 6, 6);
            memcpy(macs + 6, first.byte + 6, 6);
        }
        assert_memory_equal(macs, host, 6);
        assert_memory_equal(macs + 6, fixed, 6);
    }
    bed_expect_quiet(b);
}

/* The address is two storeys up: on a macvlan on a bridge on the bond. */
static void
devices_above_devices_above(void **state)
{
    struct bed *b = *state;
    uint8_t mac[6];

    make_bridge();
    lab_run("ip link add top link br0 type macvlan mode bridge");
    lab_run("ip link set top up");
    lab_run("ip addr add 10.9.9.9/24 dev top");
    lab_mac("top", mac);
    bed_announce(b);
    assert_int_equal(b->sent.arp, 1);
    bed_expect_garp(b, mac, "10.9.9.9");
    assert_true(dp_monitor_is_above(b->m, lab_index("top"), b->bond));
    assert_true(dp_monitor_is_above(b->m, lab_index("br0"), b->bond));
    assert_true(dp_monitor_is_above(b->m, lab_index("top"), lab_index("br0")));
    assert_false(dp_monitor_is_above(b->m, b->bond, b->bond));
    assert_false(dp_monitor_is_above(b->m, b->bond, lab_index("br0")));
    assert_false(dp_monitor_is_above(b->m, lab_index("h0"), b->bond));
    assert_false(dp_monitor_is_above(b->m, lab_index("p0"), b->bond));
    /* A veth's IFLA_LINK is its peer, which is not below it. */
    assert_false(dp_monitor_is_above(b->m, lab_index(DP_PEER_PREFIX "0"), b->bond));
    assert_false(dp_monitor_is_above(b->m, b->bond, lab_index(DP_PEER_PREFIX "0")));
}

static void
send_tagged(const char *from, const char *mac, uint8_t vlan_id)
{
    uint8_t frame[64] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

    lab_mac_of(mac, frame + 6);
    memcpy(frame + 12, (uint8_t[]){0x81, 0, 0, vlan_id, 0x88, 0xb5}, 6);
    lab_send(from, frame, sizeof(frame));
    lab_wait(lab_try("bridge fdb show br br0 | grep -q '^%s dev p0 vlan %u'", mac, vlan_id));
}

/* How a host's VLAN looks on the wire is up to the bond's port of the bridge. */
static void
hosts_behind_a_bridge_with_vlans(void **state)
{
    struct bed *b = *state;
    struct lab_frame got;
    uint8_t mac[6];

    make_bridge();
    if (!lab_try("ip link set br0 type bridge vlan_filtering 1")) {
        print_message("no bridges with VLANs on this kernel\n");
        skip();
    }
    lab_run("bridge vlan add dev p0 vid 20");
    lab_run("bridge vlan add dev p0 vid 30");
    lab_run("bridge vlan add dev bond0 vid 20");
    learn("h0", "02:00:00:00:00:01"); /* VLAN 1: untagged on the bond */
    send_tagged("h0", "02:00:00:00:00:20", 20);
    send_tagged("h0", "02:00:00:00:00:30", 30); /* the bond is not in it */
    bed_announce(b);
    do {
        assert_true(lab_next(b->wire, ETH_P_RARP, 0, WAIT_MS, &got));
    } while (got.byte[11] != 1);
    bed_announce(b);
    assert_true(lab_next(b->wire, ETH_P_8021Q, 0, WAIT_MS, &got));
    lab_mac_of("02:00:00:00:00:20", mac);
    assert_memory_equal(got.byte + 6, mac, 6);
    assert_memory_equal(got.byte + 14, ((uint8_t[]){0, 20, 0x80, 0x35}), 4);
    while (lab_next(b->wire, ETH_P_8021Q, 0, QUIET_MS, &got))
        assert_int_not_equal(got.byte[15], 30);
}

static void
vlans_above(void **state)
{
    struct bed *b = *state;
    struct lab_frame got;

    if (!lab_try("ip link add bond0.7 link bond0 type vlan id 7")) {
        print_message("no VLAN devices on this kernel (8021q is missing)\n");
        skip();
    }
    lab_run("ip link set bond0.7 up");
    lab_run("ip addr add 10.0.7.1/24 dev bond0.7");
    bed_announce(b);
    assert_int_equal(b->sent.arp, 1);
    assert_true(lab_next(b->wire, ETH_P_8021Q, 0, WAIT_MS, &got));
    assert_memory_equal(got.byte + 14, ((uint8_t[]){0, 7, 8, 6}), 4);
    assert_memory_equal(got.byte + 32, ((uint8_t[]){10, 0, 7, 1}), 4);
    assert_true(dp_monitor_is_above(b->m, lab_index("bond0.7"), b->bond));
    assert_int_equal(dp_monitor_link_by_name(b->m, "bond0.7")->vlan_id, 7);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        BED_TEST(a_bridge_above_with_an_address),
        BED_TEST(hosts_behind_a_bridge),
        BED_TEST(devices_above_devices_above),
        BED_TEST(hosts_behind_a_bridge_with_vlans),
        BED_TEST(vlans_above),
    };

    lab_require_netns();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
