/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_monitor.c - the picture follows what happens, and only changes are told, overruns included.
 */
#include <errno.h>
#include <linux/if_addr.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/net/datapath/lab.h"

#define MANY 400 /* veth pairs: enough to overrun a small buffer many times */

struct log {
    struct dp_nl *nl;
    struct dp_monitor *m;
    unsigned changed, gone, added, removed;
    unsigned flags_changed, unchanged; /* link_changed without a change: an error */
    struct dp_link last;
    struct dp_addr last_addr;
    char gone_name[IFNAMSIZ];
    int gone_ifindex;
    struct dp_link was[4096]; /* by index: what we were told last */
};

static struct log the_log;

static void
on_link(const struct dp_link *link, void *data)
{
    struct log *log = data;

    assert_non_null(dp_monitor_link(log->m, link->ifindex));
    if (strncmp(link->name, "old", 3) == 0)
        assert_string_equal(link->kind, "veth"); /* a bridge's messages do not say */
    log->changed++;
    if (link->ifindex < 4096) {
        if (memcmp(&log->was[link->ifindex], link, sizeof(*link)) == 0)
            log->unchanged++;
        memcpy(&log->was[link->ifindex], link, sizeof(*link));
    }
    memcpy(&log->last, link, sizeof(*link));
}

static void
on_gone(int ifindex, const char *name, void *data)
{
    struct log *log = data;

    assert_null(dp_monitor_link(log->m, ifindex));
    log->gone++;
    log->gone_ifindex = ifindex;
    snprintf(log->gone_name, sizeof(log->gone_name), "%s", name);
    if (ifindex < 4096)
        memset(&log->was[ifindex], 0, sizeof(log->was[ifindex]));
}

static void
on_addr(const struct dp_addr *addr, bool added, void *data)
{
    struct log *log = data;

    if (added)
        log->added++;
    else
        log->removed++;
    log->last_addr = *addr;
}

static int
setup(void **state)
{
    static const struct dp_monitor_ops ops = {on_link, on_gone, on_addr, NULL};
    struct log *log = &the_log;

    memset(log, 0, sizeof(*log));
    if (lab_setup(state) < 0)
        return -1;
    lab_run("sysctl -qw net.ipv6.conf.default.disable_ipv6=1");
    lab_run("ip link add old0 type veth peer name old1");
    lab_run("ip addr add 10.1.1.1/24 dev old0");
    lab_ok(dp_nl_open(&log->nl));
    lab_ok(dp_monitor_open(&log->m, &ops, log));
    *state = log;
    return 0;
}

static int
teardown(void **state)
{
    struct log *log = *state;

    dp_monitor_close(log->m);
    dp_nl_close(log->nl);
    return 0;
}

static void
settle(struct log *log)
{
    struct pollfd p = {.fd = dp_monitor_fd(log->m), .events = POLLIN};

    do {
        lab_ok(dp_monitor_dispatch(log->m));
    } while (poll(&p, 1, 0) > 0);
}

static void
count_addr(const struct dp_addr *addr, void *data)
{
    ++*(unsigned *) data;
}

static unsigned
n_addrs(const struct log *log, int ifindex)
{
    unsigned n = 0;

    dp_monitor_foreach_addr(log->m, ifindex, count_addr, &n);
    return n;
}

static void
what_was_there_is_no_news(void **state)
{
    struct log *log = *state;
    const struct dp_link *old0 = dp_monitor_link_by_name(log->m, "old0");

    assert_non_null(old0);
    assert_string_equal(old0->kind, "veth");
    assert_int_equal(old0->lower, lab_index("old1"));
    assert_int_equal(n_addrs(log, old0->ifindex), 1);
    assert_null(dp_monitor_link_by_name(log->m, "nope"));
    settle(log);
    assert_int_equal(log->changed + log->gone + log->added + log->removed, 0);
}

static void
a_link_comes_changes_and_goes(void **state)
{
    struct log *log = *state;
    int eth0;

    lab_run("ip link add eth0 type veth peer name sw0");
    settle(log);
    eth0 = lab_index("eth0");
    assert_string_equal(dp_monitor_link(log->m, eth0)->name, "eth0");
    lab_run("ip link set eth0 up");
    settle(log);
    assert_true(dp_monitor_link(log->m, eth0)->flags & IFF_UP);
    assert_false(dp_monitor_link(log->m, eth0)->carrier);
    lab_run("ip link set sw0 up");
    lab_wait((settle(log), dp_monitor_link(log->m, eth0)->carrier)); /* linkwatch tells */
    lab_run("ip link set sw0 down");
    lab_wait((settle(log), !dp_monitor_link(log->m, eth0)->carrier));
    lab_run("ip link set eth0 mtu 9000");
    settle(log);
    assert_int_equal(dp_monitor_link(log->m, eth0)->mtu, 9000);
    lab_run("ip link set eth0 address 02:00:00:00:00:77");
    settle(log);
    assert_int_equal(dp_monitor_link(log->m, eth0)->mac[5], 0x77);
    lab_run("ip link set eth0 alias 'port of bond bond0'");
    settle(log);
    assert_string_equal(dp_monitor_link(log->m, eth0)->alias, "port of bond bond0");
    log->changed = 0;
    lab_run("ip link set eth0 alias 'port of bond bond0'"); /* the kernel tells of that, too */
    settle(log);
    assert_int_equal(log->changed, 0);
    lab_run("ip link set eth0 promisc on");
    settle(log);
    assert_int_equal(dp_monitor_link(log->m, eth0)->promiscuity, 1);
    lab_run("ip link set eth0 down");
    lab_run("ip link set eth0 name uplink");
    settle(log);
    assert_string_equal(dp_monitor_link(log->m, eth0)->name, "uplink");
    assert_null(dp_monitor_link_by_name(log->m, "eth0"));
    lab_run("ip link del uplink");
    settle(log);
    assert_null(dp_monitor_link(log->m, eth0));
    assert_int_equal(log->gone, 2); /* it and its peer */
    assert_int_equal(log->unchanged, 0);
}

/* The bridge tells of its ports with the messages that tell of links: RTM_DELLINK when a port
 * leaves. The link has not gone. */
static void
leaving_a_bridge_is_not_going(void **state)
{
    struct log *log = *state;
    int old0 = lab_index("old0");

    lab_run("ip link add br0 type bridge");
    lab_run("ip link set old0 master br0");
    settle(log);
    assert_int_equal(dp_monitor_link(log->m, old0)->master, lab_index("br0"));
    lab_run("ip link set old0 nomaster");
    settle(log);
    assert_int_equal(dp_monitor_link(log->m, old0)->master, 0);
    assert_int_equal(log->gone, 0);
    lab_run("ip link del br0");
    settle(log);
    assert_int_equal(log->gone, 1);
    assert_string_equal(log->gone_name, "br0");
}

static void
moving_to_another_namespace_is_going(void **state)
{
    struct log *log = *state;
    int old0 = lab_index("old0");
    pid_t other = lab_other_netns();

    lab_run("ip link set old0 netns %d", (int) other);
    settle(log);
    assert_null(dp_monitor_link(log->m, old0));
    assert_int_equal(log->gone, 1);
    assert_int_equal(log->gone_ifindex, old0);
    assert_int_equal(log->removed, 1); /* its address went before it */
    /* The peer's peer is elsewhere now: its index would be a stranger's here. */
    assert_int_equal(dp_monitor_link_by_name(log->m, "old1")->lower, 0);
    lab_end(other);
}

static void
addresses_come_change_and_go(void **state)
{
    struct log *log = *state;
    int old0 = lab_index("old0");

    lab_run("sysctl -qw net.ipv6.conf.old0.addr_gen_mode=1 net.ipv6.conf.old0.disable_ipv6=0 "
            "net.ipv6.conf.old0.accept_dad=1");
    lab_run("ip link set old0 up");
    settle(log);
    log->added = log->removed = 0;
    lab_run("ip addr add 10.1.1.2/24 dev old0");
    settle(log);
    assert_int_equal(log->added, 1);
    assert_int_equal(log->last_addr.family, AF_INET);
    assert_int_equal(log->last_addr.prefix_len, 24);
    assert_int_equal(n_addrs(log, old0), 2);
    lab_run("ip addr add 10.1.1.2/32 dev old0"); /* another address to IPv4 */
    settle(log);
    assert_int_equal(n_addrs(log, old0), 3);
    lab_run("ip addr change 10.1.1.2/24 dev old0 valid_lft 1000 preferred_lft 500");
    settle(log);
    lab_run("ip addr change 10.1.1.2/24 dev old0 valid_lft 2000 preferred_lft 600");
    settle(log);
    log->added = 0;
    lab_run("ip addr change 10.1.1.2/24 dev old0 valid_lft 3000 preferred_lft 700");
    settle(log);
    assert_int_equal(log->added, 0); /* a lifetime is no news */

    lab_run("ip addr add 2001:db8::1/64 dev old0");
    settle(log);
    assert_int_equal(log->added, 1);
    assert_true(log->last_addr.flags & IFA_F_TENTATIVE); /* no carrier: it stays so */
    lab_run("ip link set old1 up");
    lab_wait((settle(log),
              log->last_addr.family == AF_INET6 && !(log->last_addr.flags & IFA_F_TENTATIVE)));
    assert_int_equal(n_addrs(log, old0), 4);
    lab_run("ip addr flush dev old0");
    settle(log);
    assert_int_equal(n_addrs(log, old0), 0);
    assert_int_equal(log->removed, 4);
}

static void
count_differences(const struct dp_link *link, void *data)
{
    struct log *log = data;
    struct dp_link now;

    lab_ok(dp_link_get_index(log->nl, link->ifindex, &now));
    if (memcmp(&now, link, sizeof(now)) != 0)
        fail_msg("the picture of %s is not what it is: flags %x mtu %u, are %x %u", link->name,
                 link->flags, link->mtu, now.flags, now.mtu);
    log->flags_changed++;
}

static void
count_link(const struct dp_link *link, void *data)
{
    ++*(unsigned *) data;
}

static void
an_overrun_heals(void **state)
{
    struct log *log = *state;
    int tiny = 1;
    unsigned there = 0, in_picture = 0;
    socklen_t len = sizeof(tiny);

    assert_int_equal(setsockopt(dp_monitor_fd(log->m), SOL_SOCKET, SO_RCVBUF, &tiny, sizeof(tiny)),
                     0);
    getsockopt(dp_monitor_fd(log->m), SOL_SOCKET, SO_RCVBUF, &tiny, &len);
    assert_true(tiny < 10000);
    lab_run("ip link del old0"); /* among what is lost: that it went, and its address */
    lab_run("for i in $(seq %d); do echo link add v$i type veth peer name w$i; "
            "echo addr add 10.2.$((i / 200)).$((i %% 200 + 1))/32 dev v$i; done | ip -batch -",
            MANY);
    lab_run("for i in $(seq %d); do echo link set v$i up mtu 1400; done | ip -batch -", MANY);
    settle(log);
    dp_link_foreach(log->nl, count_link, &there);
    dp_monitor_foreach_link(log->m, count_link, &in_picture);
    assert_int_equal(there, 2 * MANY + 1);
    assert_int_equal(in_picture, there);
    dp_monitor_foreach_link(log->m, count_differences, log);
    assert_int_equal(log->flags_changed, there);
    assert_null(dp_monitor_link_by_name(log->m, "old0"));
    assert_int_equal(log->gone, 2);
    assert_int_equal(log->removed, 1);
    assert_int_equal(log->added, MANY);
    assert_int_equal(log->unchanged, 0);
    if (log->changed >= 6 * MANY)
        fail_msg("%u changes told of %d links: nothing was lost, so nothing was healed",
                 log->changed, 2 * MANY);
    assert_int_equal(n_addrs(log, lab_index("v7")), 1);

    log->changed = 0; /* and it goes on */
    lab_run("ip link set v7 mtu 1300");
    settle(log);
    assert_int_equal(dp_monitor_link_by_name(log->m, "v7")->mtu, 1300);
    assert_true(log->changed >= 1); /* others' link states may settle late */
    assert_int_equal(log->unchanged, 0);
}

struct seen {
    const char *enough;
    unsigned n;
};

static bool
until(const struct dp_link *link, void *data)
{
    struct seen *seen = data;

    seen->n++;
    return strcmp(link->name, seen->enough) != 0;
}

static void
what_is_above_is_asked_until_one_is_enough(void **state)
{
    struct log *log = *state;
    struct seen all = {.enough = ""}, some = {.enough = "m7"};
    uint64_t shape;

    lab_run("ip link add below type veth peer name beside; ip link set beside up; "
            "for i in $(seq 10); do ip link add link below name m$i type macvlan; done");
    settle(log);
    dp_monitor_foreach_upper(log->m, lab_index("below"), until, &all);
    assert_int_equal(all.n, 11); /* and the peer */
    dp_monitor_foreach_upper(log->m, lab_index("below"), until, &some);
    assert_int_equal(some.n, 4); /* the latest first */

    shape = dp_monitor_shape(log->m);
    lab_run("ip link set below up mtu 1400; ip addr add 10.9.9.9/32 dev m1");
    settle(log);
    assert_int_equal(dp_monitor_shape(log->m), shape);
    lab_run("ip link del m3");
    settle(log);
    assert_int_not_equal(dp_monitor_shape(log->m), shape);
    shape = dp_monitor_shape(log->m);
    lab_run("ip link add br9 type bridge");
    settle(log);
    assert_int_not_equal(dp_monitor_shape(log->m), shape);
    shape = dp_monitor_shape(log->m);
    lab_run("ip link set m1 master br9");
    settle(log);
    assert_int_not_equal(dp_monitor_shape(log->m), shape);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(what_was_there_is_no_news),     T(a_link_comes_changes_and_goes),
        T(leaving_a_bridge_is_not_going), T(moving_to_another_namespace_is_going),
        T(addresses_come_change_and_go),  T(an_overrun_heals),
        T(what_is_above_is_asked_until_one_is_enough),
    };

    lab_require_netns();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
