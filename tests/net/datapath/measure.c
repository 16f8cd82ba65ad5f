/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * measure.c - how long the datapath's calls take: what a failover adds up to.
 *
 * Prints, asserts only that the calls succeed. 2,000 addresses and 2,000 other links stand for a
 * large machine.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/net/datapath/bed.h"

#define ROUNDS 200
#define MANY 2000

static int peer;

static int
by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *) a, y = *(const uint64_t *) b;

    return (x > y) - (x < y);
}

static void
print(const char *what, uint64_t ns[], unsigned n)
{
    qsort(ns, n, sizeof(*ns), by_value);
    printf("%-58s median %8.1f us   p99 %8.1f us\n", what, (double) ns[n / 2] / 1000.0,
           (double) ns[n * 99 / 100] / 1000.0);
}

#define MEASURE(what, n, call)                                                                     \
    do {                                                                                           \
        uint64_t ns_[ROUNDS];                                                                      \
        for (unsigned i_ = 0; i_ < (n); i_++) {                                                    \
            uint64_t t_ = lab_now_ns();                                                            \
            lab_ok(call);                                                                          \
            ns_[i_] = lab_now_ns() - t_;                                                           \
        }                                                                                          \
        print(what, ns_, (n));                                                                     \
    } while (0)

static void
settle(struct bed *b)
{
    struct pollfd p = {.fd = dp_monitor_fd(b->m), .events = POLLIN};

    do {
        lab_ok(dp_monitor_dispatch(b->m));
    } while (poll(&p, 1, 0) > 0);
}

static int
flap(struct bed *b)
{
    static bool up = true;

    up = !up;
    lab_ok(dp_link_set_up(b->nl, peer, up));
    return dp_monitor_dispatch(b->m);
}

static int
make_and_delete(struct bed *b)
{
    int bond, other;

    lab_ok(dp_link_create_pair(b->nl, "bond9", NULL, &bond, &other));
    return dp_link_delete(b->nl, bond);
}

static void
measure(struct bed *b, const char *where)
{
    struct dp_link link;
    int32_t speed;
    uint8_t duplex;

    printf("%s\n", where);
    MEASURE("  dp_link_get", ROUNDS, dp_link_get(b->nl, "bond0", &link));
    MEASURE("  dp_link_speed", ROUNDS, dp_link_speed(b->bond, &speed, &duplex));
    MEASURE("  peer up or down, seen by dp_monitor_dispatch", ROUNDS, flap(b));
    settle(b);
    MEASURE("  dp_announce", ROUNDS / 10, bed_announce_all(b));
    MEASURE("  dp_resend_igmp", ROUNDS / 10, bed_resend_igmp(b));
}

/* IPv6 addresses, and devices above with an address each (private: they do not flood each other).
 */
static void
announcing(struct bed *b, const char *what, const char *batch)
{
    lab_run("%s | ip -batch -", batch);
    settle(b);
    MEASURE(what, ROUNDS / 10, bed_announce_all(b));
}

static void
calls(void **state)
{
    struct bed b;
    uint64_t t;

    lab_run("sysctl -qw net.ipv6.conf.default.disable_ipv6=1");
    lab_ok(dp_nl_open(&b.nl));
    lab_ok(dp_link_create_pair(b.nl, "bond0", NULL, &b.bond, &peer));
    lab_ok(dp_link_set_up(b.nl, peer, true));
    lab_ok(dp_link_set_up(b.nl, b.bond, true));
    lab_run("ip addr add 10.0.1.243/24 dev bond0");
    lab_ok(dp_monitor_open(&b.m, NULL, NULL));
    lab_ok(dp_announcer_open(&b.a));
    measure(&b, "one bond with one address:");
    MEASURE("  dp_link_create_pair and dp_link_delete", 20, make_and_delete(&b));
    settle(&b);

    lab_run("for i in $(seq 0 %d); do echo addr add 10.9.$((i / 200)).$((i %% 200 + 1))/32 "
            "dev bond0; echo link add v$i type veth peer name w$i; done | ip -batch -",
            MANY / 2 - 1);
    lab_run("for i in $(seq 0 %d); do echo addr add 10.8.$((i / 200)).$((i %% 200 + 1))/32 "
            "dev bond0; done | ip -batch -",
            MANY / 2 - 1);
    settle(&b);
    measure(&b, "with 2,001 addresses on it, beside 2,000 other links:");
    lab_run("ip addr flush dev bond0");
    lab_run("sysctl -qw net.ipv6.conf.bond0.disable_ipv6=0");
    announcing(&b, "  dp_announce, 1,000 IPv6 addresses instead",
               "for i in $(seq 1000); do echo addr add 2001:db8::$i/64 dev bond0 nodad; done");
    lab_run("sysctl -qw net.ipv6.conf.bond0.disable_ipv6=1");
    announcing(
        &b, "  dp_announce, 1,000 macvlans instead",
        "for i in $(seq 0 999); do echo link add m$i link bond0 up type macvlan mode private; "
        "echo addr add 10.7.$((i / 200)).$((i % 200 + 1))/32 dev m$i; done");
    dp_monitor_close(b.m);
    t = lab_now_ns();
    lab_ok(dp_monitor_open(&b.m, NULL, NULL));
    printf("%-58s        %8.1f us\n", "  dp_monitor_open (and each resync)",
           (double) (lab_now_ns() - t) / 1000.0);
    dp_monitor_close(b.m);
    dp_announcer_close(b.a);
    dp_nl_close(b.nl);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup(calls, lab_setup)};

    lab_require_netns();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
