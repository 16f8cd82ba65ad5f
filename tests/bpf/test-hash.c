/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-hash.c - three answers to one question, for many random frames: the kernel's formula as
 * written down in frames.c, core/hash.h natively, and the same source as BPF in the kernel. Two for
 * balance-rr.
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

static const unsigned near[] = {BOND_XMIT_LAYER2, BOND_XMIT_LAYER23, BOND_XMIT_LAYER34,
                                BOND_XMIT_VLAN_SRCMAC};

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

/* The short way's hash is the hash, or says that it does not know: for ICMP, AH, options, and where
 * bytes are out of reach. */
static void
near_is_the_hash_or_says_so(void **state)
{
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

/* What it knows: else all would be right and slow. */
static void
near_knows_what_is_plain(void **state)
{
    static const uint8_t six[16] = {0xfe, 0x80};
    struct frame f[4] = {0};

    f_eth(&f[0], MAC(2), MAC(1), 0x0800);
    f_ip4(&f[0], IP4(10, 0, 0, 1), IP4(10, 0, 0, 2), 17, 5, 0x4000);
    f_eth(&f[1], MAC(2), MAC(1), 0x0800);
    f_ip4(&f[1], IP4(10, 0, 0, 1), IP4(10, 0, 0, 2), 6, 5, 0x2000); /* a fragment */
    f_eth(&f[2], MAC(2), MAC(1), 0x86dd);
    f_ip6(&f[2], six, six, 6);
    f_eth(&f[3], MAC(2), MAC(1), 0x0806);
    for (unsigned i = 0; i < 4; i++) {
        f_ports(&f[i], 1000, 80, 0);
        for (unsigned p = 0; p < 4; p++) {
            struct bond_frame v = view(&f[i]);

            bond_hash_near(near[p], &v);
            if (v.missing)
                fail_msg("policy %u does not know %s", near[p], f_dump(&f[i]));
        }
    }
}

/* n entries, over all ports where those are fewer. */
static void
fill_entries(struct bond_table *t, unsigned policy, unsigned n)
{
    table_fill(t, &world, BOND_MODE_BALANCE_XOR, policy, n < WORLD_PORTS ? n : WORLD_PORTS);
    t->n_tx = n;
    for (unsigned i = 0; i < n; i++)
        t->tx[i] = (uint8_t) ((i * 3 + i / WORLD_PORTS) % t->n_ports);
}

static void
bpf_is_native(void **state)
{
    static const unsigned counts[] = {1, 2, 3, 4, 5, 6, 7, 8, 11, 25, 31, 32};
    struct dp_bpf *bpf = open_bond(&world);
    int fd = bpf->prog_fd[DP_PROG_TX];
    struct bond_table t;
    struct frame f;

    for (unsigned p = 0; p < 3; p++) {
        for (unsigned k = 0; k < sizeof(counts) / sizeof(counts[0]); k++) {
            unsigned n = counts[k];
            struct rng r = {3 + n + p * 100};
            uint64_t sent[WORLD_PORTS] = {0};

            fill_entries(&t, policies[p], n);
            assert_int_equal(dp_bpf_publish(bpf, &t), 0);
            for (unsigned i = 0; i < t.n_ports; i++)
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
                    c.slot != t.tx[reference_hash(policies[p], &f, proto_of(&f)) % n] ||
                    sent_by(bpf, c.slot) != ++sent[c.slot])
                    fail_msg("policy %u, %u ports: verdict %d, native slot %u, BPF another: %s",
                             policies[p], n, verdict, c.slot, f_dump(&f));
            }
        }
    }
    dp_bpf_close(bpf, true);
}

/* Whatever frame: by the same port as natively, and counted the same way. IGMP is not. */
static void
round_robin(void **state)
{
    static const unsigned counts[] = {1, 2, 3, 5, 7, 8}, each[] = {1, 2, 3, 65535};
    struct dp_bpf *bpf = open_bond(&world);
    unsigned uncounted = 0;
    struct rng r = {5};

    for (unsigned i = 0; i < n_frames / 5; i++) {
        uint32_t was = i % 3 ? rng_next(&r) : 0u - rng_below(&r, 5), is = was;
        struct bond_rr rr = {.counter = &is};
        struct bond_frame v;
        struct bond_choice c;
        struct bond_table t;
        struct frame f;
        uint64_t sent;

        f_random(&f, &r);
        make_runnable(&f);
        v = view(&f);
        table_fill(&t, &world, BOND_MODE_BALANCE_RR, BOND_XMIT_LAYER2, counts[i % 6]);
        t.packets_per_slave = each[i / 6 % 4];
        t.igmp_slot = t.n_tx - 1;
        c = bond_choose(&t, &v, &rr);
        assert_int_equal(dp_bpf_publish(bpf, &t), 0);
        set_rr_counter(bpf, was);
        sent = sent_by(bpf, c.slot);
        if (test_run(bpf->prog_fd[DP_PROG_TX], &f, 0, 0) != TC_ACT_REDIRECT ||
            sent_by(bpf, c.slot) != sent + 1 || rr_counted(bpf, was) != is - was)
            fail_msg("%u ports, packets_per_slave=%u, counter %u: natively %u, +%u; +%u: %s",
                     t.n_tx, t.packets_per_slave, was, c.slot, is - was, rr_counted(bpf, was),
                     f_dump(&f));
        uncounted += is == was;
    }
    assert_in_range(uncounted, n_frames / 1000, n_frames / 50);
    dp_bpf_close(bpf, true);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(native_is_the_formula),
        cmocka_unit_test(bytes_out_of_reach_are_asked_for),
        cmocka_unit_test(near_is_the_hash_or_says_so),
        cmocka_unit_test(near_knows_what_is_plain),
        cmocka_unit_test(bpf_is_native),
        cmocka_unit_test(round_robin),
    };
    int failed;

    if (argc > 1)
        n_frames = (unsigned) atoi(argv[1]);
    world_open(&world);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    world_close(&world);
    return failed;
}
