/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-publish.c - no frame sees half of a change: tables that have nothing in common alternate as
 * fast as they can be published while frames are sent through them on the other CPU.
 *
 * Table A: active-backup, its port in slot 3, queue ids none. Table B: balance-xor over slots
 * 20..27. Table C: balance-rr over slots 10..12. A mixture would show: A's mode with B's ports, or
 * B's hash with A's count.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <bpf/bpf.h>
#include <cmocka.h>
#include <linux/pkt_cls.h>

#include "core/options.h"
#include "tests/bpf/world.h"

#define N_FRAMES 10000000u
#define N_TABLES 100000u
#define A_SLOT 3u
#define B_FIRST 20u
#define B_PORTS 8u
#define C_FIRST 10u
#define C_PORTS 3u

static struct world world;

struct flood {
    int fd;
    struct frame f;
    atomic_uint sent;
    atomic_bool stop;
};

static void *
flood(void *data)
{
    struct flood *fl = data;

    while (!atomic_load(&fl->stop)) {
        LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = fl->f.b, .data_size_in = fl->f.len,
                    .repeat = 1000);

        if (bpf_prog_test_run_opts(fl->fd, &opts))
            break;
        atomic_fetch_add(&fl->sent, 1000);
    }
    return NULL;
}

static uint64_t
now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t) t.tv_sec * 1000000000u + (uint64_t) t.tv_nsec;
}

static void
ports_from(struct bond_table *t, unsigned first, unsigned n)
{
    t->n_ports = first + n;
    t->n_tx = n;
    for (unsigned i = 0; i < n; i++) {
        t->tx[i] = (uint8_t) (first + i);
        t->port[first + i] =
            (struct bond_table_port){.ifindex = 100 + first + i, .rx = BOND_RX_ACCEPT, .can_tx = 1};
    }
}

static void
tables(struct bond_table *a, struct bond_table *b, struct bond_table *c)
{
    table_fill(a, &world, BOND_MODE_ACTIVE_BACKUP, BOND_XMIT_LAYER2, 0);
    ports_from(a, A_SLOT, 1);
    table_fill(b, &world, BOND_MODE_BALANCE_XOR, BOND_XMIT_LAYER2, 0);
    ports_from(b, B_FIRST, B_PORTS);
    table_fill(c, &world, BOND_MODE_BALANCE_RR, BOND_XMIT_LAYER2, 0);
    ports_from(c, C_FIRST, C_PORTS);
}

/* How many frames were given up, because every look at a table was overtaken. */
static unsigned long
publish_under_flood(unsigned pause_ns)
{
    struct dp_bpf *bpf = open_bond(&world);
    struct bond_counters n[BOND_MAX_PORTS + 1];
    struct flood fl = {.fd = bpf->prog_fd[DP_PROG_TX]};
    struct bond_table a, b, c;
    unsigned long by_c = 0;
    pthread_t thread;
    unsigned published;
    /* 02:..:02 <- 02:..:01, 0x88b5: hash 0x88b6, entry 6 of 8 */
    unsigned b_slot = B_FIRST + 6;

    tables(&a, &b, &c);
    f_eth(&fl.f, MAC(2), MAC(1), 0x88b5);
    f_zero(&fl.f, 46);
    assert_int_equal(dp_bpf_publish(bpf, &a), 0);
    assert_int_equal(pthread_create(&thread, NULL, flood, &fl), 0);
    for (published = 0; published < N_TABLES || atomic_load(&fl.sent) < N_FRAMES; published++) {
        uint64_t until = pause_ns ? now_ns() + pause_ns : 0;

        /* In threes: so that in no place of the ring a table follows one like it. */
        assert_int_equal(dp_bpf_publish(bpf, published % 3 == 0   ? &b
                                             : published % 3 == 1 ? &a
                                                                  : &c),
                         0);
        while (pause_ns && now_ns() < until)
            ;
    }
    atomic_store(&fl.stop, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(dp_bpf_counters(bpf, n), 0);
    dp_bpf_close(bpf, true);
    for (unsigned i = 0; i < C_PORTS; i++)
        by_c += n[C_FIRST + i].tx_packets;
    printf("%u tables under %u frames: %lu by A, %lu by B, %lu by C, %lu given up\n", published,
           atomic_load(&fl.sent), n[A_SLOT].tx_packets, n[b_slot].tx_packets, by_c,
           n[BOND_MAX_PORTS].tx_dropped);
    assert_true(n[A_SLOT].tx_packets > 0 && n[b_slot].tx_packets > 0 && by_c > 0);
    assert_int_equal(n[A_SLOT].tx_packets + n[b_slot].tx_packets + by_c +
                         n[BOND_MAX_PORTS].tx_dropped,
                     atomic_load(&fl.sent));
    return n[BOND_MAX_PORTS].tx_dropped;
}

/* As fast as memory can be written, some ten million times a second: every try may be overtaken,
 * but a wrong choice is never made. */
static void
no_frame_sees_half_a_change(void **state)
{
    publish_under_flood(0);
}

/* A million times a second, still far from anything real: nothing is lost. */
static void
no_frame_is_lost_by_a_change(void **state)
{
    assert_int_equal(publish_under_flood(1000), 0);
}

static void
a_table_out_of_bounds_is_refused(void **state)
{
    struct dp_bpf *bpf = open_bond(&world);
    struct bond_table t;

    table_fill(&t, &world, BOND_MODE_BALANCE_RR, BOND_XMIT_LAYER2, 2);
    t.n_ports = BOND_MAX_PORTS + 1;
    assert_int_equal(dp_bpf_publish(bpf, &t), -EINVAL);
    t.n_ports = 2;
    t.n_tx = BOND_MAX_PORTS + 1;
    assert_int_equal(dp_bpf_publish(bpf, &t), -EINVAL);
    assert_int_equal(bpf->shared->head, 0);
    dp_bpf_close(bpf, true);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_frame_sees_half_a_change),
        cmocka_unit_test(no_frame_is_lost_by_a_change),
        cmocka_unit_test(a_table_out_of_bounds_is_refused),
    };
    int failed;

    dp_bpf_netlink_only(true); /* the ports of these tables are numbers, not devices */
    world_open(&world);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    world_close(&world);
    return failed;
}
