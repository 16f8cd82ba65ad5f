/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-arrival.c - rr_order=arrival natively and as BPF in the kernel: the same ports for the same
 * frames, and the same clocks afterwards. The kernel's clock cannot be set; so the ports' clocks
 * are ahead of it (then only they decide) or all at rest.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <cmocka.h>
#include <linux/pkt_cls.h>

#include "core/select.h"
#include "tests/bpf/world.h"

#define FRAMES 3000u
#define PORTS 5u
#define AHEAD_NS (3600 * BOND_NSEC_PER_SEC)

static struct world world;

static uint64_t
now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t) ts.tv_sec * BOND_NSEC_PER_SEC + (uint64_t) ts.tv_nsec;
}

/* The map of the program's that has this name; nobody but the program needs it. */
static int
map_of(int prog_fd, const char *name)
{
    uint32_t ids[16];
    struct bpf_prog_info prog = {.map_ids = (uint64_t) (uintptr_t) ids, .nr_map_ids = 16};
    uint32_t len = sizeof(prog);

    if (bpf_obj_get_info_by_fd(prog_fd, &prog, &len))
        fail_msg("the program's maps");
    for (uint32_t i = 0; i < prog.nr_map_ids; i++) {
        struct bpf_map_info map = {0};
        int fd = bpf_map_get_fd_by_id(ids[i]);

        len = sizeof(map);
        if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &map, &len) && strcmp(map.name, name) == 0)
            return fd;
        close(fd);
    }
    fail_msg("the program has no map %s", name);
    return -1;
}

static void
put(int map, const struct bond_arrivals *a)
{
    if (bpf_map_update_elem(map, &(uint32_t){0}, a, BPF_ANY))
        fail_msg("the clocks");
}

static struct bond_arrivals
got(int map)
{
    struct bond_arrivals a;

    if (bpf_map_lookup_elem(map, &(uint32_t){0}, &a))
        fail_msg("the clocks");
    return a;
}

/* Slots that have sent one more frame than they had, by bit. */
static uint32_t
sent_now(struct dp_bpf *bpf, uint64_t before[PORTS])
{
    uint32_t slots = 0;

    for (uint32_t i = 0; i < PORTS; i++) {
        uint64_t n = sent_by(bpf, i);

        slots |= (uint32_t) (n != before[i]) << i;
        before[i] = n;
    }
    return slots;
}

static void
run_program(struct dp_bpf *bpf, uint32_t wire_len, uint32_t segments)
{
    struct frame f;
    struct __sk_buff ctx = {.wire_len = wire_len, .gso_segs = segments};
    LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = f.b, .ctx_in = &ctx,
                .ctx_size_in = sizeof(ctx));

    plain_frame(&f);
    opts.data_size_in = f.len;
    if (bpf_prog_test_run_opts(bpf->prog_fd[DP_PROG_TX], &opts) || opts.retval != TC_ACT_REDIRECT)
        fail_msg("BPF_PROG_TEST_RUN: %d", (int) opts.retval);
}

/* A frame natively, from the clocks before and with the flow that the kernel's hash has named. */
static uint32_t
natively(const struct bond_table *t, struct bond_arrivals *a, uint32_t flow, uint32_t wire_len,
         uint32_t segments)
{
    const struct bond_departure d = {.wire_len = wire_len + segments * BOND_WIRE_OVERHEAD,
                                     .flow = flow};

    return bond_arrival_slot(t, a, &d);
}

static void
fill(struct bond_table *t, unsigned n)
{
    table_fill(t, &world, BOND_MODE_BALANCE_RR, BOND_XMIT_LAYER2, n);
    t->flags |= BOND_TABLE_F_ARRIVAL;
    for (uint32_t i = 0; i < n; i++) {
        t->pace_ns[i] = BOND_ARRIVAL_PACE(1000 << (i == 2));
        t->delay_ns[i] = i * 50000;
    }
    t->patience_ns = BOND_ARRIVAL_PACE(1000);
}

static void
busy(void **state)
{
    struct dp_bpf *bpf = open_bond(&world);
    const int map = map_of(bpf->prog_fd[DP_PROG_TX], "arrivals");
    uint64_t before[PORTS] = {0};
    struct bond_table t;
    struct rng r = {5};

    for (unsigned n = 1; n <= PORTS; n++) {
        struct bond_arrivals a = {0}, b;

        fill(&t, n);
        assert_int_equal(dp_bpf_publish(bpf, &t), 0);
        for (uint32_t i = 0; i < n; i++)
            a.free_ns[i] = now_ns() + AHEAD_NS + rng_below(&r, 2000000);
        for (uint32_t k = 0; k < FRAMES / PORTS; k++) {
            uint32_t len = 60 + rng_below(&r, 65000), segments = 1 + rng_below(&r, 40), flow, slot;
            uint64_t last = now_ns() + AHEAD_NS + rng_below(&r, 4000000);

            for (uint32_t i = 0; i < BOND_ARRIVAL_FLOWS; i++)
                a.last_ns[i] = last;
            put(map, &a);
            run_program(bpf, len, segments);
            b = got(map);
            for (flow = 0; flow + 1 < BOND_ARRIVAL_FLOWS && b.last_ns[flow] == last; flow++)
                ;
            slot = natively(&t, &a, flow, len, segments);
            assert_int_equal(sent_now(bpf, before), 1u << slot);
            assert_memory_equal(&a, &b, sizeof(a));
        }
    }
    dp_bpf_close(bpf, true);
}

/* Ports at rest: of equals each in its turn; one with a shorter cable always. */
static void
idle(void **state)
{
    struct dp_bpf *bpf = open_bond(&world);
    const int map = map_of(bpf->prog_fd[DP_PROG_TX], "arrivals");
    uint64_t before[PORTS] = {0};
    struct bond_arrivals a = {0};
    struct bond_table t;

    for (unsigned longer = 0; longer < 2; longer++) {
        fill(&t, 3);
        for (uint32_t i = 0; i < 3; i++) {
            t.pace_ns[i] = 1;
            t.delay_ns[i] = longer && i != 1 ? 1000 : 0;
        }
        assert_int_equal(dp_bpf_publish(bpf, &t), 0);
        a.turn = 0;
        put(map, &a);
        for (uint32_t k = 0; k < 9; k++) {
            run_program(bpf, 60, 1);
            assert_int_equal(sent_now(bpf, before), 1u << (longer ? 1 : k % 3));
        }
        assert_true(got(map).free_ns[1] <= now_ns());
    }
    dp_bpf_close(bpf, true);
}

/* rr_order=kernel: the clocks stand still. */
static void
unused(void **state)
{
    struct dp_bpf *bpf = open_bond(&world);
    const int map = map_of(bpf->prog_fd[DP_PROG_TX], "arrivals");
    const struct bond_arrivals none = {0};
    struct bond_arrivals a;
    struct bond_table t;

    table_fill(&t, &world, BOND_MODE_BALANCE_RR, BOND_XMIT_LAYER2, 3);
    assert_int_equal(dp_bpf_publish(bpf, &t), 0);
    for (uint32_t k = 0; k < 9; k++)
        run_program(bpf, 60, 1);
    a = got(map);
    assert_memory_equal(&a, &none, sizeof(a));
    dp_bpf_close(bpf, true);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(busy),
        cmocka_unit_test(idle),
        cmocka_unit_test(unused),
    };
    int failed;

    world_open(&world);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    world_close(&world);
    return failed;
}
