/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-hash.c - three answers to one question, for many random frames: the kernel's formula as
 * written down in frames.c, core/hash.h natively, and the same source as BPF in the kernel.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <cmocka.h>
#include <linux/pkt_cls.h>

#include "core/select.h"
#include "tests/bpf/world.h"

static unsigned n_frames = 20000; /* or the argument: user-mode Linux is slow */

static struct world world;
static const unsigned policies[] = {BOND_XMIT_LAYER2, BOND_XMIT_LAYER23, BOND_XMIT_LAYER34};

static uint16_t
proto_of(const struct frame *f)
{
    return (uint16_t) (f->b[12] << 8 | f->b[13]);
}

static void
native_is_the_formula(void **state)
{
    struct rng r = {1};
    struct frame f;

    for (unsigned i = 0; i < 10 * n_frames; i++) {
        f_random(&f, &r);
        for (unsigned p = 0; p < 3; p++) {
            struct bond_frame v = view(&f);
            uint32_t want = reference_hash(policies[p], &f, proto_of(&f));
            uint32_t got = bond_hash(policies[p], &v);

            if (got != want)
                fail_msg("policy %u: native 0x%08x, formula 0x%08x: %s", policies[p], got, want,
                         f_dump(&f));
        }
    }
}

/* Frames in pieces: what is out of reach is asked for, and the answer with it in reach is that of
 * the whole frame. */
static void
bytes_out_of_reach_are_asked_for(void **state)
{
    struct rng r = {2};
    unsigned asked = 0;
    struct frame f;

    for (unsigned i = 0; i < n_frames; i++) {
        f_random(&f, &r);
        for (unsigned p = 0; p < 3; p++) {
            struct bond_frame v = view(&f);
            uint32_t whole = bond_hash(policies[p], &v), got;
            unsigned reach = 14 + rng_below(&r, f.len - 13);

            v = view(&f);
            v.end = v.data + reach;
            got = bond_hash(policies[p], &v);
            if (v.missing) {
                asked++;
                v = view(&f);
                v.end = v.data + (f.len < BOND_REACH ? f.len : BOND_REACH);
                got = bond_hash(policies[p], &v);
            }
            if (got != whole || v.missing)
                fail_msg("policy %u: 0x%08x of %u bytes, 0x%08x of the whole: %s", policies[p], got,
                         reach, whole, f_dump(&f));
        }
    }
    assert_in_range(asked, n_frames / 10, 3 * n_frames);
}

/* The short way's hash is the hash, or says that it does not know: for ICMP, and where bytes are
 * out of reach. */
static void
near_is_the_hash_or_says_so(void **state)
{
    static const unsigned near[] = {BOND_XMIT_LAYER2, BOND_XMIT_LAYER23, BOND_XMIT_LAYER34,
                                    BOND_XMIT_VLAN_SRCMAC};
    struct rng r = {4};
    unsigned said = 0;
    struct frame f;

    for (unsigned i = 0; i < n_frames; i++) {
        f_random(&f, &r);
        for (unsigned p = 0; p < 4; p++) {
            struct bond_frame v = view(&f), w = v;
            unsigned reach = rng_below(&r, 2) ? f.len : 14 + rng_below(&r, f.len - 13);
            uint32_t whole = bond_hash(near[p], &v), got;

            w.end = w.data + reach;
            got = bond_hash_near(near[p], &w);
            said += w.missing;
            if (!w.missing && got != whole)
                fail_msg("policy %u: 0x%08x of %u bytes, 0x%08x of the whole: %s", near[p], got,
                         reach, whole, f_dump(&f));
        }
    }
    assert_in_range(said, n_frames / 10, 2 * n_frames);
}

static void
bpf_is_native(void **state)
{
    struct dp_bpf *bpf = open_bond(&world);
    int fd = bpf->prog_fd[DP_PROG_TX];
    struct bond_table t;
    struct frame f;

    for (unsigned p = 0; p < 3; p++) {
        for (unsigned n = 1; n <= WORLD_PORTS; n++) {
            struct rng r = {3 + n + p * 100};
            uint64_t sent[WORLD_PORTS] = {0};

            table_fill(&t, &world, BOND_MODE_BALANCE_XOR, policies[p], n);
            assert_int_equal(dp_bpf_publish(bpf, &t), 0);
            for (unsigned i = 0; i < n; i++)
                sent[i] = sent_by(bpf, i);
            for (unsigned i = 0; i < n_frames; i++) {
                struct bond_frame v;
                struct bond_choice c;
                int verdict;

                f_random(&f, &r);
                make_runnable(&f);
                v = view(&f);
                c = bond_choose(&t, &v, NULL);
                verdict = test_run(fd, &f, 0, 0);
                if (c.send != BOND_SEND_PORT || verdict != TC_ACT_REDIRECT ||
                    c.slot != reference_hash(policies[p], &f, proto_of(&f)) % n ||
                    sent_by(bpf, c.slot) != ++sent[c.slot])
                    fail_msg("policy %u, %u ports: verdict %d, native slot %u, BPF another: %s",
                             policies[p], n, verdict, c.slot, f_dump(&f));
            }
        }
    }
    dp_bpf_close(bpf, true);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(native_is_the_formula),
        cmocka_unit_test(bytes_out_of_reach_are_asked_for),
        cmocka_unit_test(near_is_the_hash_or_says_so),
        cmocka_unit_test(bpf_is_native),
    };
    int failed;

    if (argc > 1)
        n_frames = (unsigned) atoi(argv[1]);
    world_open(&world);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    world_close(&world);
    return failed;
}
