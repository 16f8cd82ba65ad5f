/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_membership.c - multicast groups that are joined on a bond are told of again.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/net/datapath/bed.h"

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
    lab_run("ip addr add 10.0.1.244/24 dev bond0"); /* the first one is the source */
    join("239.1.2.3", NULL, "bond0");
    join("239.1.2.4", NULL, "bond0");
    join("239.1.2.4", "192.0.2.77", "bond0"); /* one member wants it all */
    join("232.1.1.1", "192.0.2.77", "bond0");
    drain(b);
    lab_ok(dp_monitor_dispatch(b->m));
    lab_ok(bed_resend_igmp(b));
    expect_igmp3(b, 1, "232.1.1.1", "192.0.2.77"); /* the kernel lists the latest first */
    expect_igmp3(b, 2, "239.1.2.4", NULL);
    expect_igmp3(b, 2, "239.1.2.3", NULL);

    lab_run("sysctl -qw net.ipv4.conf.bond0.force_igmp_version=2");
    drain(b);
    lab_ok(bed_resend_igmp(b));
    do {
        assert_true(lab_next(b->wire, ETH_P_IP, 0, WAIT_MS, &got));
    } while (got.byte[38] != 0x16 || got.byte[45] != 3);
    assert_memory_equal(got.byte + 42, ((uint8_t[]){239, 1, 2, 3}), 4);
    b->bond = 4711;
    assert_int_equal(bed_resend_igmp(b), -ENODEV);
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
    bed_wait_usable(b, "bond0", "fe80::243");
    fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    inet_pton(AF_INET6, "ff05::1234", &req.ipv6mr_multiaddr);
    req.ipv6mr_interface = (unsigned) b->bond;
    assert_int_equal(setsockopt(fd, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &req, sizeof(req)), 0);
    lab_ok(dp_monitor_dispatch(b->m));
    lab_ok(bed_resend_igmp(b));
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

#define MANY 40

/* The reports for 239.1.2.3 that come next, until all devices have said one. */
static void
expect_one_of_each(struct bed *b)
{
    uint8_t heard[MANY][6] = {0};

    for (int n = 0; n < MANY;) {
        struct lab_frame got;
        int i = 0;

        if (!lab_next(b->wire, ETH_P_IP, 0, WAIT_MS, &got))
            fail_msg("%d of %d devices were heard", n, MANY);
        if (got.byte[38] != 0x22 || memcmp(got.byte + 50, ((uint8_t[]){239, 1, 2, 3}), 4) != 0)
            continue;
        while (i < n && memcmp(heard[i], got.byte + 6, 6) != 0)
            i++;
        if (i == n)
            memcpy(heard[n++], got.byte + 6, 6);
    }
}

static void
many_devices_in_parts(void **state)
{
    struct bed *b = *state;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    /* The kernel says each once, and is heard to have done so. */
    lab_run("sysctl -qw net.ipv4.igmp_qrv=1 net.ipv4.igmp_max_memberships=100");
    for (int i = 0; i < MANY; i++) {
        struct ip_mreqn req = {.imr_multiaddr.s_addr = htonl(0xef010203)};
        char name[16];

        snprintf(name, sizeof(name), "m%d", i);
        lab_run("ip link add link bond0 name %s type macvlan mode private; ip link set %s up", name,
                name);
        req.imr_ifindex = lab_index(name);
        assert_int_equal(setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &req, sizeof(req)), 0);
    }
    expect_one_of_each(b);
    bed_settle(b);
    lab_ok(bed_resend_igmp(b));
    expect_one_of_each(b);
    assert_int_equal(b->parts, 3); /* the bond, and 40 */
    close(fd);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        BED_TEST(memberships_are_told_again),
        BED_TEST(ipv6_memberships_too),
        BED_TEST(many_devices_in_parts),
    };

    lab_require_netns();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
