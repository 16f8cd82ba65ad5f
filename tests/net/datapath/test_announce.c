/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_announce.c - what leaves a bond when it is announced, byte by byte.
 *
 *   mv0 (macvlan)   br0 --- p0 <-> h0 (a host)
 *           \        |
 *            `---- bond0 <-> nmbp0     all that is sent on the bond is heard on its peer
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/net/datapath/lab.h"

#define QUIET_MS 30 /* how long nothing more may come */
#define NA 136

struct bed {
    struct dp_nl *nl;
    struct dp_monitor *m;
    struct dp_announcer *a;
    struct dp_announced sent;
    int bond, wire;
    uint8_t mac[6];
};

/* No IPv6 but where a test asks for it: its own chatter would be heard too. */
static int
setup(void **state)
{
    static struct bed b;
    int peer;

    if (lab_setup(state) < 0)
        return -1;
    memset(&b, 0, sizeof(b));
    lab_run("sysctl -qw net.ipv6.conf.default.disable_ipv6=1 net.ipv6.conf.default.accept_dad=0");
    lab_ok(dp_nl_open(&b.nl));
    lab_ok(dp_link_create_pair(b.nl, "bond0", NULL, &b.bond, &peer));
    lab_ok(dp_link_set_up(b.nl, peer, true));
    lab_ok(dp_link_set_up(b.nl, b.bond, true));
    lab_mac("bond0", b.mac);
    b.wire = lab_listen(DP_PEER_PREFIX "0");
    lab_ok(dp_announcer_open(&b.a));
    lab_ok(dp_monitor_open(&b.m, NULL, NULL));
    *state = &b;
    return 0;
}

static int
teardown(void **state)
{
    struct bed *b = *state;

    dp_monitor_close(b->m);
    dp_announcer_close(b->a);
    dp_nl_close(b->nl);
    close(b->wire);
    return 0;
}

/* One call handles a limited number of events. */
static void
settle(struct bed *b)
{
    struct pollfd p = {.fd = dp_monitor_fd(b->m), .events = POLLIN};

    while (poll(&p, 1, 0) > 0)
        lab_ok(dp_monitor_dispatch(b->m));
}

static void
announce(struct bed *b)
{
    settle(b);
    lab_ok(dp_announce(b->a, b->nl, b->m, b->bond, &b->sent));
}

static void
expect_sent(const struct bed *b, unsigned arp, unsigned na, unsigned rarp)
{
    if (b->sent.arp != arp || b->sent.na != na || b->sent.rarp != rarp)
        fail_msg("sent %u ARP, %u NA, %u RARP; want %u, %u, %u", b->sent.arp, b->sent.na,
                 b->sent.rarp, arp, na, rarp);
}

static void
expect_garp(struct bed *b, const uint8_t mac[6], const char *addr)
{
    uint8_t want[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0,
                        0,    8,    6,    0,    1,    8,    0, 6, 4, 0, 1};
    struct lab_frame got;

    memcpy(want + 6, mac, 6);
    memcpy(want + 22, mac, 6);
    inet_pton(AF_INET, addr, want + 28);
    inet_pton(AF_INET, addr, want + 38);
    if (!lab_next(b->wire, ETH_P_ARP, 0, WAIT_MS, &got))
        fail_msg("no gratuitous ARP for %s", addr);
    lab_expect_frame(&got, want, sizeof(want));
}

static void
expect_rarp(struct bed *b, const uint8_t mac[6])
{
    uint8_t want[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0,
                        0,    0x80, 0x35, 0,    1,    8,    0, 6, 4, 0, 3};
    struct lab_frame got;

    memcpy(want + 6, mac, 6);
    memcpy(want + 22, mac, 6);
    memcpy(want + 32, mac, 6);
    if (!lab_next(b->wire, ETH_P_RARP, 0, WAIT_MS, &got))
        fail_msg("no RARP");
    lab_expect_frame(&got, want, sizeof(want));
}

static void
expect_quiet(struct bed *b)
{
    struct lab_frame got;

    if (lab_next(b->wire, ETH_P_ARP, 0, QUIET_MS, &got))
        fail_msg("an ARP too many");
    if (lab_next(b->wire, ETH_P_RARP, 0, 0, &got))
        fail_msg("a RARP too many");
}

/* Checks all of it: addresses, hop limit, checksum, flags, target, the link-layer option. */
static void
expect_na(struct bed *b, const uint8_t mac[6], const char *addr, uint8_t flags)
{
    static const uint8_t all_nodes_mac[6] = {0x33, 0x33, 0, 0, 0, 1};
    uint8_t target[16], all_nodes[16], option[8] = {2, 1};
    struct lab_frame got;
    const uint8_t *ip = got.byte + 14, *icmp = got.byte + 54;

    inet_pton(AF_INET6, addr, target);
    inet_pton(AF_INET6, "ff02::1", all_nodes);
    memcpy(option + 2, mac, 6);
    if (!lab_next(b->wire, ETH_P_IPV6, NA, WAIT_MS, &got))
        fail_msg("no neighbour advertisement for %s", addr);
    assert_int_equal(got.len, 14 + 40 + 32);
    assert_memory_equal(got.byte, all_nodes_mac, 6);
    assert_memory_equal(got.byte + 6, mac, 6);
    assert_int_equal(ip[7], 255);
    assert_memory_equal(ip + 24, all_nodes, 16);
    assert_int_equal(lab_icmp6_sum(ip), 0);
    assert_int_equal(icmp[1], 0);
    assert_memory_equal(icmp + 4, ((uint8_t[]){flags, 0, 0, 0}), 4);
    assert_memory_equal(icmp + 8, target, 16);
    assert_memory_equal(icmp + 24, option, 8);
}

static void
every_ipv4_address_of_the_bond(void **state)
{
    struct bed *b = *state;

    lab_run("ip addr add 10.0.1.243/24 dev bond0");
    lab_run("ip addr add 10.0.1.244/24 dev bond0");
    lab_run("ip addr add 192.0.2.1 peer 192.0.2.2/32 dev bond0");
    announce(b);
    expect_sent(b, 3, 0, 0);
    expect_garp(b, b->mac, "10.0.1.243");
    expect_garp(b, b->mac, "10.0.1.244");
    expect_garp(b, b->mac, "192.0.2.1");
    expect_quiet(b);
    announce(b); /* each call sends once, and nothing is dampened */
    expect_sent(b, 3, 0, 0);
    lab_run("ip addr del 10.0.1.244/24 dev bond0");
    announce(b);
    expect_sent(b, 2, 0, 0);
}

static void
without_an_address_rarp(void **state)
{
    struct bed *b = *state;

    announce(b);
    expect_sent(b, 0, 0, 1);
    expect_rarp(b, b->mac);
    expect_quiet(b);
}

static void
a_bond_that_is_down_says_nothing(void **state)
{
    struct bed *b = *state;

    lab_run("ip addr add 10.0.1.243/24 dev bond0");
    lab_run("ip link set bond0 down");
    announce(b);
    expect_sent(b, 0, 0, 0);
    assert_int_equal(dp_announce(b->a, b->nl, b->m, 4711, &b->sent), -ENODEV);
}

static void
ipv6_addresses(void **state)
{
    struct bed *b = *state;

    lab_run("sysctl -qw net.ipv6.conf.bond0.addr_gen_mode=1 net.ipv6.conf.bond0.disable_ipv6=0");
    lab_run("ip addr add fe80::243/64 dev bond0 nodad");
    lab_run("ip addr add 2001:db8::243/64 dev bond0 nodad");
    announce(b);
    expect_sent(b, 0, 2, 0);
    expect_na(b, b->mac, "fe80::243", 0x20); /* override, not solicited */
    expect_na(b, b->mac, "2001:db8::243", 0x20);
    lab_run("sysctl -qw net.ipv6.conf.bond0.forwarding=1");
    announce(b);
    expect_na(b, b->mac, "fe80::243", 0xa0); /* and we are a router */
}

static void
tentative_addresses_are_not_ours_yet(void **state)
{
    struct bed *b = *state;

    lab_run("sysctl -qw net.ipv6.conf.bond0.addr_gen_mode=1 net.ipv6.conf.bond0.disable_ipv6=0 "
            "net.ipv6.conf.bond0.accept_dad=1 net.ipv6.conf.bond0.dad_transmits=30");
    lab_run("ip addr add fe80::1/64 dev bond0 nodad");
    lab_run("ip addr add 2001:db8::243/64 dev bond0");
    announce(b);
    expect_sent(b, 0, 1, 0);
    expect_na(b, b->mac, "fe80::1", 0x20);
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
    announce(b);
    expect_sent(b, 1, 0, 0); /* it is down */
    expect_garp(b, b->mac, "10.0.1.243");
    lab_run("ip link set mv0 up");
    announce(b);
    expect_sent(b, 2, 0, 0);
    expect_garp(b, b->mac, "10.0.1.243");
    expect_garp(b, mac, "10.0.1.9");
    expect_quiet(b);
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
    announce(b);
    expect_sent(b, 1, 0, 1);
    expect_garp(b, b->mac, "10.0.1.243");
    expect_rarp(b, mac);
    lab_end(other);
}

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
    announce(b);
    /* The bond's own MAC is another one, and nothing else speaks for it. */
    expect_sent(b, 1, 0, 1);
    expect_rarp(b, b->mac);
    expect_garp(b, mac, "10.0.1.243");
    expect_quiet(b);
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
    announce(b);
    expect_sent(b, 0, 0, 3);
    expect_rarp(b, bridge); /* the bridge's own MAC; once, for it is the bond's too */
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
    expect_quiet(b);
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
    announce(b);
    assert_int_equal(b->sent.arp, 1);
    expect_garp(b, mac, "10.9.9.9");
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
join(const char *group, const char *source, const char *dev)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0); /* the membership lasts as long */
    int r;

    if (source) {
        struct group_source_req req = {.gsr_interface = (uint32_t) lab_index(dev)};
        struct sockaddr_in *g = (struct sockaddr_in *) &req.gsr_group,
                           *s = (struct sockaddr_in *) &req.gsr_source;

        g->sin_family = s->sin_family = AF_INET;
        inet_pton(AF_INET, group, &g->sin_addr);
        inet_pton(AF_INET, source, &s->sin_addr);
        r = setsockopt(fd, IPPROTO_IP, MCAST_JOIN_SOURCE_GROUP, &req, sizeof(req));
    } else {
        struct ip_mreqn req = {.imr_ifindex = lab_index(dev)};

        inet_pton(AF_INET, group, &req.imr_multiaddr);
        r = setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &req, sizeof(req));
    }
    if (r < 0)
        fail_msg("joining %s on %s: %s", group, dev, strerror(errno));
}

static void
drain(struct bed *b)
{
    struct lab_frame f;

    while (lab_next(b->wire, ETH_P_IP, 0, 0, &f))
        ;
}

/* The kernel's own reports for the join come too, some of them later (it repeats them): they
 * change a membership (4, 5), ours state it (1, 2). */
static void
expect_igmp3(struct bed *b, uint8_t mode, const char *group, const char *source)
{
    uint8_t want[12] = {mode, 0, 0, source ? 1 : 0};
    struct lab_frame got;
    const uint8_t *igmp = got.byte + 38;

    inet_pton(AF_INET, group, want + 4);
    if (source)
        inet_pton(AF_INET, source, want + 8);
    do {
        if (!lab_next(b->wire, ETH_P_IP, 0, WAIT_MS, &got))
            fail_msg("no report for %s", group);
    } while (got.byte[23] != IPPROTO_IGMP || igmp[8] > 2);
    assert_int_equal(igmp[0], 0x22);
    assert_memory_equal(igmp + 8, want, source ? 12 : 8);
    assert_memory_equal(got.byte + 26, ((uint8_t[]){10, 0, 1, 243}), 4);
}

static void
memberships_are_told_again(void **state)
{
    struct bed *b = *state;
    struct lab_frame got;

    lab_run("ip addr add 10.0.1.243/24 dev bond0");
    join("239.1.2.3", NULL, "bond0");
    join("232.1.1.1", "192.0.2.77", "bond0");
    drain(b);
    lab_ok(dp_monitor_dispatch(b->m));
    lab_ok(dp_resend_igmp(b->a, b->m, b->bond));
    expect_igmp3(b, 1, "232.1.1.1", "192.0.2.77"); /* the kernel lists the latest first */
    expect_igmp3(b, 2, "239.1.2.3", NULL);

    lab_run("sysctl -qw net.ipv4.conf.bond0.force_igmp_version=2");
    drain(b);
    lab_ok(dp_resend_igmp(b->a, b->m, b->bond));
    do {
        assert_true(lab_next(b->wire, ETH_P_IP, 0, WAIT_MS, &got));
    } while (got.byte[38] != 0x16 || got.byte[42] != 239);
    assert_memory_equal(got.byte + 42, ((uint8_t[]){239, 1, 2, 3}), 4);
    assert_int_equal(dp_resend_igmp(b->a, b->m, 4711), -ENODEV);
}

static void
ipv6_memberships_too(void **state)
{
    struct bed *b = *state;
    struct ipv6_mreq req = {0};
    struct lab_frame got;
    bool found = false;
    int fd;

    lab_run("sysctl -qw net.ipv6.conf.bond0.addr_gen_mode=1 net.ipv6.conf.bond0.disable_ipv6=0");
    lab_run("ip addr add fe80::243/64 dev bond0 nodad");
    fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    inet_pton(AF_INET6, "ff05::1234", &req.ipv6mr_multiaddr);
    req.ipv6mr_interface = (unsigned) b->bond;
    assert_int_equal(setsockopt(fd, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &req, sizeof(req)), 0);
    lab_ok(dp_monitor_dispatch(b->m));
    lab_ok(dp_resend_igmp(b->a, b->m, b->bond));
    while (!found) {
        if (!lab_next(b->wire, ETH_P_IPV6, 143, WAIT_MS, &got))
            fail_msg("no MLD report for ff05::1234");
        assert_int_equal(lab_icmp6_sum(got.byte + 14), 0);
        found = got.len == 90 && got.byte[70] == 2 &&
                memcmp(got.byte + 74, &req.ipv6mr_multiaddr, 16) == 0;
    }
    assert_memory_equal(got.byte + 22, ((uint8_t[]){0xfe, 0x80}), 2);
    close(fd);
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
    announce(b);
    expect_sent(b, 1000, 0, 0);
    while (seen < 1000 && lab_next(b->wire, ETH_P_ARP, 0, WAIT_MS, &got))
        seen++;
    assert_int_equal(seen, 1000);
    expect_quiet(b);
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
    announce(b);
    assert_int_equal(b->sent.arp, 1);
    assert_true(lab_next(b->wire, ETH_P_8021Q, 0, WAIT_MS, &got));
    assert_memory_equal(got.byte + 14, ((uint8_t[]){0, 7, 8, 6}), 4);
    assert_memory_equal(got.byte + 32, ((uint8_t[]){10, 0, 7, 1}), 4);
    assert_true(dp_monitor_is_above(b->m, lab_index("bond0.7"), b->bond));
    assert_int_equal(dp_monitor_link_by_name(b->m, "bond0.7")->vlan_id, 7);
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
    announce(b);
    do {
        assert_true(lab_next(b->wire, ETH_P_RARP, 0, WAIT_MS, &got));
    } while (got.byte[11] != 1);
    announce(b);
    assert_true(lab_next(b->wire, ETH_P_8021Q, 0, WAIT_MS, &got));
    lab_mac_of("02:00:00:00:00:20", mac);
    assert_memory_equal(got.byte + 6, mac, 6);
    assert_memory_equal(got.byte + 14, ((uint8_t[]){0, 20, 0x80, 0x35}), 4);
    while (lab_next(b->wire, ETH_P_8021Q, 0, QUIET_MS, &got))
        assert_int_not_equal(got.byte[15], 30);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(every_ipv4_address_of_the_bond),
        T(without_an_address_rarp),
        T(a_bond_that_is_down_says_nothing),
        T(ipv6_addresses),
        T(tentative_addresses_are_not_ours_yet),
        T(a_macvlan_above),
        T(a_macvlan_in_another_namespace),
        T(a_bridge_above_with_an_address),
        T(hosts_behind_a_bridge),
        T(devices_above_devices_above),
        T(memberships_are_told_again),
        T(ipv6_memberships_too),
        T(many_addresses),
        T(hosts_behind_a_bridge_with_vlans),
        T(vlans_above),
    };

    lab_require_netns();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
