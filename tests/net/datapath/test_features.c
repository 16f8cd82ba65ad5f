/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_features.c - a bond's device claims what every port can do, and its ports are left alone.
 */
#include <stdio.h>
#include <string.h>

#include "datapath/nl.h"
#include "tests/net/datapath/lab.h"

struct bed {
    struct dp_nl *nl;
    int bond, port[2];
};

static int
setup(void **state)
{
    static struct bed b;
    int peer;

    if (lab_setup(state) < 0)
        return -1;
    lab_ok(dp_nl_open(&b.nl));
    lab_ok(dp_link_create_pair(b.nl, "bond0", NULL, &b.bond, &peer));
    lab_run("ip link add eth0 type veth peer name sw0");
    lab_run("ip link add eth1 type veth peer name sw1");
    b.port[0] = lab_index("eth0");
    b.port[1] = lab_index("eth1");
    *state = &b;
    return 0;
}

static int
teardown(void **state)
{
    dp_nl_close(((struct bed *) *state)->nl);
    return 0;
}

static void
expect_feature(const char *dev, const char *feature, bool on)
{
    if (lab_try("ethtool -k %s | grep -qE '^\\s*%s: %s'", dev, feature, on ? "on" : "off"))
        return;
    fail_msg("%s: %s is not %s", dev, feature, on ? "on" : "off");
}

static void
expect_gso(const char *dev, unsigned size, unsigned segs)
{
    if (!lab_try("ip -d link show %s | grep -q 'gso_max_size %u gso_max_segs %u '", dev, size,
                 segs)) {
        lab_run("ip -d link show %s | grep -o 'gso_max.*' >&2", dev);
        fail_msg("%s: want gso_max_size %u gso_max_segs %u", dev, size, segs);
    }
}

static void
what_one_port_cannot_the_bond_does_not_claim(void **state)
{
    struct bed *b = *state;

    lab_ok(dp_link_sync_features(b->nl, b->bond, b->port, 2, 0));
    expect_feature("bond0", "tx-tcp-segmentation", true);
    expect_feature("bond0", "tx-checksum-ip-generic", true);

    lab_run("ethtool -K eth1 tso off");
    lab_ok(dp_link_sync_features(b->nl, b->bond, b->port, 2, 0));
    expect_feature("bond0", "tx-tcp-segmentation", false);
    expect_feature("bond0", "tx-tcp6-segmentation", false);
    expect_feature("bond0", "tx-udp-segmentation", true);
    expect_feature("bond0", "tx-scatter-gather", true);
    expect_feature("eth0", "tx-tcp-segmentation", true); /* never the ports */
    expect_feature("eth1", "tx-tcp-segmentation", false);

    lab_run("ethtool -K eth0 tx off sg off");
    lab_ok(dp_link_sync_features(b->nl, b->bond, b->port, 2, 0));
    expect_feature("bond0", "tx-checksum-ip-generic", false);
    expect_feature("bond0", "tx-scatter-gather", false);

    lab_ok(dp_link_sync_features(b->nl, b->bond, &b->port[1], 1, 0)); /* eth0 has left */
    expect_feature("bond0", "tx-checksum-ip-generic", true);
    expect_feature("bond0", "tx-scatter-gather", true);
    expect_feature("bond0", "tx-tcp-segmentation", false);

    lab_ok(dp_link_sync_features(b->nl, b->bond, NULL, 0, 0)); /* and eth1 */
    expect_feature("bond0", "tx-tcp-segmentation", true);
    expect_feature("bond0", "tx-tcp6-segmentation", true);
}

static void
what_is_not_of_the_ports_stays(void **state)
{
    struct bed *b = *state;

    lab_run("ethtool -K bond0 gro on");
    lab_run("ethtool -K eth0 rx off txvlan off gro off gso off");
    lab_ok(dp_link_sync_features(b->nl, b->bond, b->port, 2, 0));
    expect_feature("bond0", "rx-checksumming", true);
    expect_feature("bond0", "tx-vlan-offload", true);
    expect_feature("bond0", "generic-receive-offload", true);
    expect_feature("bond0", "generic-segmentation-offload", true);
}

static void
gso_limits_are_the_least(void **state)
{
    struct bed *b = *state;

    lab_run("ip link set eth0 gso_max_size 40000");
    lab_run("ip link set eth1 gso_max_segs 20");
    lab_ok(dp_link_sync_features(b->nl, b->bond, b->port, 2, 0));
    expect_gso("bond0", 40000, 20);
    lab_ok(dp_link_sync_features(b->nl, b->bond, (int[]){b->port[1], b->port[0]}, 2, 0));
    expect_gso("bond0", 40000, 20);
    expect_gso("eth0", 40000, 65535);
    lab_ok(dp_link_sync_features(b->nl, b->bond, &b->port[1], 1, 0));
    expect_gso("bond0", 65536, 20);
    lab_ok(dp_link_sync_features(b->nl, b->bond, b->port, 2, 2));
    expect_gso("bond0", 40000, 2);
    lab_ok(dp_link_sync_features(b->nl, b->bond, b->port, 2, 30));
    expect_gso("bond0", 40000, 20);
    lab_ok(dp_link_sync_features(b->nl, b->bond, NULL, 0, 0));
    expect_gso("bond0", 65536, 65535);
}

static int
on_link(const struct nlmsghdr *nlh, void *data)
{
    const struct nlattr *tb[DP_IFLA_GSO_IPV4_MAX_SIZE + 1];

    dp_nl_attrs(nlh, sizeof(struct ifinfomsg), tb, DP_IFLA_GSO_IPV4_MAX_SIZE);
    if (tb[DP_IFLA_GSO_IPV4_MAX_SIZE])
        *(unsigned *) data = mnl_attr_get_u32(tb[DP_IFLA_GSO_IPV4_MAX_SIZE]);
    return 0;
}

/* 0: the kernel has no such limit. (Debian 12's ip knows nothing of it.) */
static unsigned
ipv4_size(struct bed *b, int ifindex)
{
    uint8_t req[DP_NL_REQ_SIZE];
    struct nlmsghdr *nlh;
    unsigned size = 0;

    dp_nl_request_link(&nlh, req, RTM_GETLINK, 0, ifindex);
    lab_ok(dp_nl_talk(b->nl, nlh, on_link, &size));
    return size;
}

static void
set_ipv4_size(struct bed *b, int ifindex, unsigned size)
{
    uint8_t req[DP_NL_REQ_SIZE];
    struct nlmsghdr *nlh;

    dp_nl_request_link(&nlh, req, RTM_NEWLINK, 0, ifindex);
    mnl_attr_put_u32(nlh, DP_IFLA_GSO_IPV4_MAX_SIZE, size);
    lab_ok(dp_nl_talk(b->nl, nlh, NULL, NULL));
}

/* Ports on which somebody has raised the limits raise the bond's, IPv4's apart from the other. */
static void
big_tcp(void **state)
{
    struct bed *b = *state;

    if (!lab_try("ip link set eth0 gso_max_size 185000"))
        skip(); /* a kernel before 5.19 */
    lab_run("ip link set eth1 gso_max_size 200000");
    if (ipv4_size(b, b->port[0])) {
        set_ipv4_size(b, b->port[0], 150000);
        set_ipv4_size(b, b->port[1], 100000);
    }
    lab_ok(dp_link_sync_features(b->nl, b->bond, b->port, 2, 0));
    expect_gso("bond0", 185000, 65535);
    assert_int_equal(ipv4_size(b, b->bond), ipv4_size(b, b->port[1]));
    lab_ok(dp_link_sync_features(b->nl, b->bond, b->port, 1, 0));
    assert_int_equal(ipv4_size(b, b->bond), ipv4_size(b, b->port[0]));
    lab_run("ip link set eth0 gso_max_size 65536");
    lab_ok(dp_link_sync_features(b->nl, b->bond, b->port, 2, 0));
    expect_gso("bond0", 65536, 65535);
}

static void
a_port_that_has_gone_limits_nothing(void **state)
{
    struct bed *b = *state;

    lab_run("ethtool -K eth1 tso off");
    lab_run("ip link set eth1 gso_max_segs 20");
    lab_run("ip link del eth1");
    lab_ok(dp_link_sync_features(b->nl, b->bond, b->port, 2, 0));
    expect_feature("bond0", "tx-tcp-segmentation", true);
    expect_gso("bond0", 65536, 65535);
}

/* A tap knows less than a veth, and some of it is fixed. */
static void
another_driver(void **state)
{
    struct bed *b = *state;
    int tap;

    lab_run("ip tuntap add dev tap0 mode tap");
    tap = lab_index("tap0");
    lab_ok(dp_link_sync_features(b->nl, b->bond, &tap, 1, 0));
    for (const char *const *f =
             (const char *const[]){"tx-checksum-ip-generic", "tx-tcp-segmentation",
                                   "tx-gre-segmentation", "tx-scatter-gather", NULL};
         *f; f++)
        expect_feature("bond0", *f, lab_try("ethtool -k tap0 | grep -qE '^\\s*%s: on'", *f));
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(what_one_port_cannot_the_bond_does_not_claim),
        T(what_is_not_of_the_ports_stays),
        T(gso_limits_are_the_least),
        T(big_tcp),
        T(a_port_that_has_gone_limits_nothing),
        T(another_driver),
    };

    lab_require_netns();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
