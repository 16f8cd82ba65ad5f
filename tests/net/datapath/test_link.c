/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_link.c - the device calls of link.h against real devices.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/bond.h"
#include "tests/net/datapath/lab.h"

struct fixture {
    struct dp_nl *nl;
};

static int
setup(void **state)
{
    static struct fixture f;

    if (lab_setup(state) < 0 || dp_nl_open(&f.nl) < 0)
        return -1;
    *state = &f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    dp_nl_close(f->nl);
    return 0;
}

static struct dp_nl *
nl_of(void **state)
{
    return ((struct fixture *) *state)->nl;
}

static struct dp_link
link_of(struct dp_nl *nl, const char *name)
{
    struct dp_link link;

    lab_ok(dp_link_get(nl, name, &link));
    return link;
}

static void
count(const struct dp_link *link, void *data)
{
    ++*(int *) data;
}

static int
count_links(struct dp_nl *nl)
{
    int n = 0;

    lab_ok(dp_link_foreach(nl, count, &n));
    return n;
}

static void
a_pair_is_made_and_leaves_nothing(void **state)
{
    static const uint8_t mac[6] = {0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0xee};
    struct dp_nl *nl = nl_of(state);
    int before = count_links(nl), bond, peer, v;
    struct dp_link b, p;

    lab_ok(dp_link_create_pair(nl, "bond0", mac, &bond, &peer));
    lab_ok(dp_link_get_index(nl, bond, &b));
    lab_ok(dp_link_get_index(nl, peer, &p));
    assert_string_equal(b.name, "bond0");
    assert_string_equal(b.kind, "veth");
    assert_memory_equal(b.mac, mac, 6);
    assert_int_equal(b.lower, peer);
    assert_string_equal(p.name, DP_PEER_PREFIX "0");
    assert_int_equal(p.lower, bond);
    assert_false(p.flags & IFF_UP);
    assert_true(p.flags & IFF_NOARP);
    assert_false(p.flags & IFF_MULTICAST);
    assert_int_equal(p.mtu, 65535);
    assert_true(lab_try("ip -d link show bond0 | grep -q 'numtxqueues 16 '"));
    lab_ok(dp_sysctl6_get(p.name, "disable_ipv6", &v));
    assert_int_equal(v, 1);
    lab_ok(dp_sysctl6_get("bond0", "disable_ipv6", &v));
    assert_int_equal(v, 0);

    lab_ok(dp_link_delete(nl, bond));
    assert_int_equal(count_links(nl), before);
    assert_int_equal(dp_link_get_index(nl, peer, &p), -ENODEV);
    assert_int_equal(dp_link_delete(nl, bond), -ENODEV);
}

static void
a_peer_in_another_namespace_is_no_lower_device(void **state)
{
    pid_t other = lab_other_netns();

    lab_run("ip link add eth0 type veth peer name sw0 netns %d", (int) other);
    assert_int_equal(link_of(nl_of(state), "eth0").lower, 0);
    lab_end(other);
}

static void
peers_are_numbered(void **state)
{
    struct dp_nl *nl = nl_of(state);
    int bond, peer;

    for (int i = 0; i < 12; i++) {
        char name[16], peer_name[16];
        struct dp_link p;

        snprintf(name, sizeof(name), "bond%d", i);
        snprintf(peer_name, sizeof(peer_name), "%s%d", DP_PEER_PREFIX, i);
        lab_ok(dp_link_create_pair(nl, name, NULL, &bond, &peer));
        lab_ok(dp_link_get_index(nl, peer, &p));
        assert_string_equal(p.name, peer_name);
    }
}

static void
bad_names_make_nothing(void **state)
{
    static const char *const bad[] = {"",  "a/b", "a b",    "a:b",
                                      ".", "..",  "bond%d", "sixteen-letters-"};
    struct dp_nl *nl = nl_of(state);
    int before = count_links(nl), bond, peer;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int r = dp_link_create_pair(nl, bad[i], NULL, &bond, &peer);

        if (r != -EINVAL)
            fail_msg("name \"%s\": result %d, want -EINVAL", bad[i], r);
    }
    assert_int_equal(count_links(nl), before);
    lab_ok(dp_link_create_pair(nl, "bond0", NULL, &bond, &peer));
    assert_int_equal(dp_link_create_pair(nl, "bond0", NULL, &bond, &peer), -EEXIST);
    assert_int_equal(dp_link_create_pair(nl, "lo", NULL, &bond, &peer), -EEXIST);
    assert_int_equal(count_links(nl), before + 2);
}

static void
what_is_not_there_is_enodev(void **state)
{
    static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};
    struct dp_nl *nl = nl_of(state);
    struct dp_link link;
    uint8_t duplex;
    int32_t speed;

    assert_int_equal(dp_link_get(nl, "nope", &link), -ENODEV);
    assert_int_equal(dp_link_get(nl, "", &link), -ENODEV);
    assert_int_equal(dp_link_get(nl, "a-name-that-is-too-long", &link), -ENODEV);
    assert_int_equal(dp_link_get_index(nl, 4711, &link), -ENODEV);
    assert_int_equal(dp_link_get_index(nl, 0, &link), -ENODEV);
    assert_int_equal(dp_link_get_index(nl, -1, &link), -ENODEV);
    assert_int_equal(dp_link_set_up(nl, 4711, true), -ENODEV);
    assert_int_equal(dp_link_set_mtu(nl, 4711, 1500), -ENODEV);
    assert_int_equal(dp_link_set_mac(nl, 4711, mac), -ENODEV);
    assert_int_equal(dp_link_set_alias(nl, 4711, "x"), -ENODEV);
    assert_int_equal(dp_link_uc_addr(nl, 4711, mac, true), -ENODEV);
    assert_int_equal(dp_link_speed(4711, &speed, &duplex), -ENODEV);
    assert_int_equal(dp_link_sync_features(nl, 4711, NULL, 0, 0), -ENODEV);
    /* The socket is still in step after all these refusals. */
    lab_ok(dp_link_get(nl, "lo", &link));
    assert_string_equal(link.name, "lo");
}

static void
carrier_follows_the_peer(void **state)
{
    struct dp_nl *nl = nl_of(state);
    int bond, peer;

    lab_ok(dp_link_create_pair(nl, "bond0", NULL, &bond, &peer));
    assert_false(link_of(nl, "bond0").carrier);
    lab_ok(dp_link_set_up(nl, bond, true));
    assert_false(link_of(nl, "bond0").carrier);
    for (int i = 0; i < 20; i++) { /* at once each time, with nothing in between */
        lab_ok(dp_link_set_up(nl, peer, true));
        assert_true(link_of(nl, "bond0").carrier);
        lab_ok(dp_link_set_up(nl, peer, false));
        assert_false(link_of(nl, "bond0").carrier);
    }
    lab_ok(dp_link_set_up(nl, peer, true));
    lab_ok(dp_link_set_up(nl, bond, false));
    assert_false(link_of(nl, "bond0").carrier);
}

/* A read of the one link settles what linkwatch still holds back, which may be a second. */
static void
after_reading_frames_pass(void **state)
{
    struct dp_nl *nl = nl_of(state);
    uint8_t frame[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 9, 0x88, 0xb5};
    struct lab_frame got;
    struct dp_link link;
    int bond, peer, fd;

    if (!lab_kernel_is_at_least(6, 16)) {
        print_message("this kernel does not settle link events when it is asked\n");
        skip();
    }
    lab_ok(dp_link_create_pair(nl, "bond0", NULL, &bond, &peer));
    lab_ok(dp_link_set_up(nl, bond, true));
    lab_ok(dp_link_set_up(nl, peer, true));
    fd = lab_listen(DP_PEER_PREFIX "0");
    for (int i = 0; i < 10; i++) {
        lab_ok(dp_link_set_up(nl, peer, false));
        lab_ok(dp_link_set_up(nl, peer, true));
        link = link_of(nl, "bond0");
        assert_true(link.carrier);
        assert_true(link.flags & IFF_RUNNING);
        frame[20] = (uint8_t) i;
        lab_send("bond0", frame, sizeof(frame));
        assert_true(lab_next(fd, 0x88b5, 0, 200, &got));
        lab_expect_frame(&got, frame, sizeof(frame));
    }
    close(fd);
}

static void
mac_is_set_and_restored(void **state)
{
    static const uint8_t bond_mac[6] = {0x02, 1, 2, 3, 4, 5}, group[6] = {0x01, 0, 0x5e, 0, 0, 1};
    struct dp_nl *nl = nl_of(state);
    struct dp_link link;
    uint8_t own[6];

    lab_run("ip link add eth0 type veth peer name sw0");
    lab_run("ip link set eth0 up");
    link = link_of(nl, "eth0");
    memcpy(own, link.mac, 6);
    lab_ok(dp_link_set_mac(nl, link.ifindex, bond_mac));
    assert_memory_equal(link_of(nl, "eth0").mac, bond_mac, 6);
    assert_true(link_of(nl, "eth0").flags & IFF_UP);
    assert_int_equal(dp_link_set_mac(nl, link.ifindex, group), -EADDRNOTAVAIL);
    assert_memory_equal(link_of(nl, "eth0").mac, bond_mac, 6);
    lab_ok(dp_link_set_mac(nl, link.ifindex, own));
    assert_memory_equal(link_of(nl, "eth0").mac, own, 6);
    lab_run("ip link add sit9 type sit 2>/dev/null || ip tuntap add dev sit9 mode tun");
    assert_int_equal(dp_link_set_mac(nl, lab_index("sit9"), bond_mac), -EOPNOTSUPP);
}

/* An address that another macvlan has is refused, by EBUSY on older kernels, which sets off the
 * way down and up. The device must end as it began. */
static void
a_refused_mac_changes_nothing(void **state)
{
    struct dp_nl *nl = nl_of(state);
    uint8_t taken[6], own[6];
    int r;

    lab_run("ip link add eth0 type veth peer name sw0");
    lab_run("ip link set eth0 up");
    lab_run("ip link add mv0 link eth0 type macvlan mode bridge");
    lab_run("ip link add mv1 link eth0 type macvlan mode bridge");
    lab_run("ip link set mv0 up");
    lab_run("ip link set mv1 up");
    lab_mac("mv0", taken);
    lab_mac("mv1", own);
    r = dp_link_set_mac(nl, lab_index("mv1"), taken);
    if (r != -EBUSY && r != -EADDRINUSE)
        fail_msg("setting a taken address: %d", r);
    assert_true(link_of(nl, "mv1").flags & IFF_UP);
    assert_memory_equal(link_of(nl, "mv1").mac, own, 6);
}

static void
flags_are_counted_apart_from_others(void **state)
{
    struct dp_nl *nl = nl_of(state);
    struct dp_link link;

    lab_run("ip link add eth0 type veth peer name sw0");
    link = link_of(nl, "eth0");
    lab_ok(dp_link_set_flags(nl, link.ifindex, IFF_ALLMULTI, IFF_ALLMULTI));
    assert_true(link_of(nl, "eth0").flags & IFF_ALLMULTI);
    assert_false(link_of(nl, "eth0").flags & IFF_PROMISC);
    lab_ok(dp_link_set_flags(nl, link.ifindex, IFF_PROMISC, IFF_PROMISC));
    assert_int_equal(link_of(nl, "eth0").promiscuity, 1);
    lab_ok(dp_link_set_flags(nl, link.ifindex, IFF_PROMISC, IFF_PROMISC)); /* once is once */
    assert_int_equal(link_of(nl, "eth0").promiscuity, 1);
    lab_ok(dp_link_set_flags(nl, link.ifindex, 0, 0)); /* an empty mask changes nothing */
    assert_true(link_of(nl, "eth0").flags & IFF_PROMISC);
    lab_ok(dp_link_set_flags(nl, link.ifindex, 0, IFF_PROMISC | IFF_ALLMULTI));
    assert_int_equal(link_of(nl, "eth0").promiscuity, 0);
    assert_int_equal(link_of(nl, "eth0").flags, link.flags);
}

/* What we set must not hang on our socket: bondd may die. */
static void
flags_outlive_the_socket(void **state)
{
    struct dp_nl *other;

    lab_run("ip link add eth0 type veth peer name sw0");
    lab_ok(dp_nl_open(&other));
    lab_ok(dp_link_set_flags(other, lab_index("eth0"), IFF_ALLMULTI, IFF_ALLMULTI));
    dp_nl_close(other);
    assert_true(link_of(nl_of(state), "eth0").flags & IFF_ALLMULTI);
}

static void
mtu_and_alias(void **state)
{
    struct dp_nl *nl = nl_of(state);
    char longest[256], too_long[300];
    int eth0;

    lab_run("ip link add eth0 type veth peer name sw0");
    eth0 = lab_index("eth0");
    lab_ok(dp_link_set_mtu(nl, eth0, 9000));
    assert_int_equal(link_of(nl, "eth0").mtu, 9000);
    assert_int_equal(dp_link_set_mtu(nl, eth0, 10), -EINVAL);
    lab_ok(dp_link_set_alias(nl, eth0, "port of bond bond0"));
    assert_string_equal(link_of(nl, "eth0").alias, "port of bond bond0");
    memset(longest, 'x', sizeof(longest) - 1);
    longest[255] = '\0';
    lab_ok(dp_link_set_alias(nl, eth0, longest));
    assert_string_equal(link_of(nl, "eth0").alias, longest);
    memset(too_long, 'y', sizeof(too_long) - 1);
    too_long[299] = '\0';
    assert_int_equal(dp_link_set_alias(nl, eth0, too_long), -EINVAL);
    lab_ok(dp_link_set_alias(nl, eth0, ""));
    assert_string_equal(link_of(nl, "eth0").alias, "");
}

static void
extra_unicast_address(void **state)
{
    static const uint8_t mac[6] = {0x02, 9, 9, 9, 9, 9};
    struct dp_nl *nl = nl_of(state);
    int eth0;

    lab_run("ip link add eth0 type veth peer name sw0");
    eth0 = lab_index("eth0");
    lab_ok(dp_link_uc_addr(nl, eth0, mac, true));
    lab_ok(dp_link_uc_addr(nl, eth0, mac, true)); /* again is no error */
    assert_true(lab_try("bridge fdb show dev eth0 | grep -q '^02:09:09:09:09:09 self permanent'"));
    lab_ok(dp_link_uc_addr(nl, eth0, mac, false));
    assert_false(lab_try("bridge fdb show dev eth0 | grep -q 02:09:09:09:09:09"));
    assert_int_equal(dp_link_uc_addr(nl, eth0, mac, false), -ENOENT);
}

static void
speed_is_what_the_driver_says(void **state)
{
    uint8_t duplex = 0, mac[6];
    int32_t speed = 0;

    lab_run("ip link add eth0 type veth peer name sw0");
    lab_ok(dp_link_speed(lab_index("eth0"), &speed, &duplex)); /* veth: 10 Gbit/s, full */
    assert_int_equal(speed, 10000);
    assert_int_equal(duplex, BOND_DUPLEX_FULL);
    lab_ok(dp_link_speed(lab_index("lo"), &speed, &duplex));
    assert_int_equal(speed, BOND_SPEED_UNKNOWN);
    assert_int_equal(duplex, BOND_DUPLEX_UNKNOWN);
    lab_run("ip tuntap add dev tap0 mode tap");
    lab_run("ethtool -s tap0 speed 100 duplex half");
    lab_ok(dp_link_speed(lab_index("tap0"), &speed, &duplex));
    assert_int_equal(speed, 100);
    assert_int_equal(duplex, BOND_DUPLEX_HALF);
    assert_int_equal(dp_link_perm_mac("eth0", mac), -ENODATA); /* a veth has none */
    assert_int_equal(dp_link_perm_mac("nope", mac), -ENODEV);
}

static void
sysctls_of_one_device_only(void **state)
{
    int v;

    lab_run("ip link add eth0 type veth peer name sw0");
    lab_ok(dp_sysctl6_set("eth0", "disable_ipv6", 1));
    lab_ok(dp_sysctl6_get("eth0", "disable_ipv6", &v));
    assert_int_equal(v, 1);
    lab_ok(dp_sysctl6_get("sw0", "disable_ipv6", &v));
    assert_int_equal(v, 0);
    assert_int_equal(dp_sysctl6_get("nope", "disable_ipv6", &v), -ENOENT);
    assert_int_equal(dp_sysctl6_set("all", "disable_ipv6", 1), -EINVAL);
    assert_int_equal(dp_sysctl6_set("default", "disable_ipv6", 1), -EINVAL);
    assert_int_equal(dp_sysctl6_set("../../ipv4/conf/eth0", "arp_filter", 1), -EINVAL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_pair_is_made_and_leaves_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(a_peer_in_another_namespace_is_no_lower_device, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(peers_are_numbered, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_names_make_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_not_there_is_enodev, setup, teardown),
        cmocka_unit_test_setup_teardown(carrier_follows_the_peer, setup, teardown),
        cmocka_unit_test_setup_teardown(after_reading_frames_pass, setup, teardown),
        cmocka_unit_test_setup_teardown(mac_is_set_and_restored, setup, teardown),
        cmocka_unit_test_setup_teardown(a_refused_mac_changes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(flags_are_counted_apart_from_others, setup, teardown),
        cmocka_unit_test_setup_teardown(flags_outlive_the_socket, setup, teardown),
        cmocka_unit_test_setup_teardown(mtu_and_alias, setup, teardown),
        cmocka_unit_test_setup_teardown(extra_unicast_address, setup, teardown),
        cmocka_unit_test_setup_teardown(speed_is_what_the_driver_says, setup, teardown),
        cmocka_unit_test_setup_teardown(sysctls_of_one_device_only, setup, teardown),
    };

    lab_require_netns();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
