/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bed.c - see bed.h.
 */
#include <linux/if_addr.h>
#include <poll.h>
#include <unistd.h>

#include "tests/net/datapath/bed.h"

/* IPv6 has chatter of its own, which would be heard too. */
int
bed_setup(void **state)
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

int
bed_teardown(void **state)
{
    struct bed *b = *state;

    dp_monitor_close(b->m);
    dp_announcer_close(b->a);
    dp_nl_close(b->nl);
    close(b->wire);
    return 0;
}

void
bed_settle(struct bed *b)
{
    struct pollfd p = {.fd = dp_monitor_fd(b->m), .events = POLLIN};

    while (poll(&p, 1, 0) > 0)
        lab_ok(dp_monitor_dispatch(b->m));
}

struct usable {
    struct in6_addr addr;
    bool found;
};

static void
is_usable(const struct dp_addr *addr, void *data)
{
    struct usable *u = data;

    if (addr->family == AF_INET6 && memcmp(&addr->u.v6, &u->addr, sizeof(u->addr)) == 0 &&
        !(addr->flags & IFA_F_TENTATIVE))
        u->found = true;
}

void
bed_wait_usable(struct bed *b, const char *dev, const char *addr)
{
    struct usable u = {.found = false};

    inet_pton(AF_INET6, addr, &u.addr);
    lab_wait(
        (bed_settle(b), dp_monitor_foreach_addr(b->m, lab_index(dev), is_usable, &u), u.found));
}

int
bed_announce_all(struct bed *b)
{
    int from = 0, r, first = 0;

    b->sent = (struct dp_announced){0};
    do {
        r = dp_announce(b->a, b->nl, b->m, b->bond, &from, &b->sent);
        first = first ? first : r;
    } while (from != 0);
    return first;
}

int
bed_resend_igmp(struct bed *b)
{
    struct dp_memberships *groups;
    int r = dp_memberships_read(&groups), from = 0, first = r;

    b->parts = 0;
    do {
        r = dp_resend_igmp(b->a, b->m, groups, b->bond, &from);
        first = first ? first : r;
        b->parts++;
    } while (from != 0);
    dp_memberships_free(groups);
    return first;
}

void
bed_announce(struct bed *b)
{
    bed_settle(b);
    lab_ok(bed_announce_all(b));
}

void
bed_expect_sent(const struct bed *b, unsigned arp, unsigned na, unsigned rarp)
{
    if (b->sent.arp != arp || b->sent.na != na || b->sent.rarp != rarp)
        fail_msg("sent %u ARP, %u NA, %u RARP; want %u, %u, %u", b->sent.arp, b->sent.na,
                 b->sent.rarp, arp, na, rarp);
}

void
bed_expect_garp(struct bed *b, const uint8_t mac[6], const char *addr)
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

void
bed_expect_rarp(struct bed *b, const uint8_t mac[6])
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

void
bed_expect_quiet(struct bed *b)
{
    struct lab_frame got;

    if (lab_next(b->wire, ETH_P_ARP, 0, QUIET_MS, &got))
        fail_msg("an ARP too many");
    if (lab_next(b->wire, ETH_P_RARP, 0, 0, &got))
        fail_msg("a RARP too many");
}

void
bed_expect_na(struct bed *b, const uint8_t mac[6], const char *addr, uint8_t flags)
{
    static const uint8_t all_nodes_mac[6] = {0x33, 0x33, 0, 0, 0, 1};
    uint8_t target[16], all_nodes[16], option[8] = {2, 1};
    struct lab_frame got;
    const uint8_t *ip = got.byte + 14, *icmp = got.byte + 54;

    inet_pton(AF_INET6, addr, target);
    inet_pton(AF_INET6, "ff02::1", all_nodes);
    memcpy(option + 2, mac, 6);
    if (!lab_next(b->wire, ETH_P_IPV6, 136, WAIT_MS, &got))
        fail_msg("no neighbour advertisement for %s", addr);
    assert_int_equal(got.len, 14 + 40 + 32);
    assert_memory_equal(got.byte, all_nodes_mac, 6);
    assert_memory_equal(got.byte + 6, mac, 6);
    assert_int_equal(ip[7], 255);
    assert_memory_equal(ip + 8, target, 16);
    assert_memory_equal(ip + 24, all_nodes, 16);
    assert_int_equal(lab_icmp6_sum(ip), 0);
    assert_int_equal(icmp[1], 0);
    assert_memory_equal(icmp + 4, ((uint8_t[]){flags, 0, 0, 0}), 4);
    assert_memory_equal(icmp + 8, target, 16);
    assert_memory_equal(icmp + 24, option, 8);
}
