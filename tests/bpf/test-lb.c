/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-lb.c - balance-tlb and balance-alb: by which port each frame leaves, and with which
 * addresses in it, natively and as BPF in the kernel. Both keep an account of what has been sent;
 * so they only go on choosing the same if every entry of it is the same, too.
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

#define BOND_MAC 0x020000000001ull
#define EPOCHS 3u

static unsigned n_frames = 4000; /* or the argument: user-mode Linux is slow */
static struct world world;

static void
fill(struct bond_table *t, unsigned mode, unsigned n, uint32_t epoch)
{
    table_fill(t, &world, mode, BOND_XMIT_LAYER23, n);
    t->bond_mac = BOND_MAC;
    t->active_slot = n > 1 ? 1 : 0;
    t->tlb_epoch = epoch;
    for (unsigned i = 0; i < n; i++) {
        t->port[i].mac = BOND_MAC + i;
        t->port[i].own_mac = BOND_MAC + i;
        t->port[i].speed_mbps = i == 3 ? 0 : 100u << i;
    }
    for (unsigned i = 0; i < BOND_CLIENTS; i++) {
        t->client[i].slot = mode == BOND_MODE_BALANCE_ALB ? i % (n + 1) : BOND_MAX_PORTS;
        t->client[i].slot = t->client[i].slot < n ? t->client[i].slot : BOND_MAX_PORTS;
        t->client[i].host_ip = htonl(0x0a000001);
        t->client[i].client_ip = htonl(0x0a000100 | i);
    }
}

/* Of the host to one of the clients, mostly. */
static void
some_arp(struct frame *f, struct rng *r)
{
    const uint8_t head[14] = {0, 1,
                              8, 0,
                              6, 4,
                              0, (uint8_t) (1 + rng_below(r, 2)),
                              2, 0,
                              0, 0,
                              0, (uint8_t) (1 + rng_below(r, 3))};
    const uint32_t host = htonl(0x0a000001), client = htonl(0x0a000100 | rng_below(r, 300));

    f->len = 0;
    f_eth(f, MAC(9), MAC(1), 0x0806);
    f_bytes(f, head, sizeof(head));
    f_bytes(f, &host, 4);
    f_zero(f, 6);
    f_bytes(f, &client, 4);
    f_zero(f, 18);
}

static void
some_frame(struct frame *f, struct rng *r)
{
    if (rng_below(r, 6) == 0) {
        some_arp(f, r);
        return;
    }
    f_random(f, r);
    f->b[0] &= rng_below(r, 4) ? 0xfe : 0xff;
    make_runnable(f);
}

/* What the frame is to be when it leaves. */
static void
edit(struct frame *f, const struct bond_choice *c)
{
    if (c->edit & BOND_EDIT_SOURCE)
        bond_mac_bytes(c->mac, f->b + BOND_MAC_LEN);
    if (c->edit & BOND_EDIT_ARP)
        bond_mac_bytes(c->mac, f->b + BOND_ARP_SENDER_MAC);
}

static void
compare(struct dp_bpf *bpf, const struct bond_table *t, struct bond_tlb *account,
        const struct frame *f)
{
    const struct bond_rr rr = {.tlb = account};
    struct frame left, want = *f;
    struct bond_frame v = view(f);
    const struct bond_choice c = bond_choose(t, &v, &rr);
    const bool sends = c.send == BOND_SEND_PORT;
    const uint64_t before = sends ? sent_by(bpf, c.slot) : 0;
    LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = f->b, .data_size_in = f->len,
                .data_out = left.b, .data_size_out = sizeof(left.b));

    edit(&want, &c);
    if (bpf_prog_test_run_opts(bpf->prog_fd[DP_PROG_TX], &opts))
        fail_msg("BPF_PROG_TEST_RUN: %s", f_dump(f));
    if ((opts.retval == TC_ACT_REDIRECT) != sends || (sends && sent_by(bpf, c.slot) != before + 1))
        fail_msg("verdict %d, native slot %u of %u, BPF another: %s", (int) opts.retval, c.slot,
                 t->n_tx, f_dump(f));
    if (opts.data_size_out != want.len || memcmp(left.b, want.b, want.len))
        fail_msg("addresses are others natively: %s", f_dump(f));
}

static void
frames_of(unsigned mode, bool by_load)
{
    struct dp_bpf *bpf = open_bond(&world);
    struct bond_tlb account = {0};
    struct rng r = {mode * 10 + by_load};
    struct bond_table t;
    struct frame f;
    uint32_t epoch = 0;

    for (unsigned n = 1; n <= WORLD_PORTS; n++)
        for (unsigned k = 0; k < EPOCHS; k++) {
            fill(&t, mode, n, by_load ? ++epoch : 0);
            assert_int_equal(dp_bpf_publish(bpf, &t), 0);
            for (unsigned i = 0; i < n_frames / EPOCHS; i++) {
                some_frame(&f, &r);
                compare(bpf, &t, by_load ? &account : NULL, &f);
            }
        }
    dp_bpf_close(bpf, true);
}

static void
tlb_by_hash(void **state)
{
    frames_of(BOND_MODE_BALANCE_TLB, false);
}

static void
tlb_by_load(void **state)
{
    frames_of(BOND_MODE_BALANCE_TLB, true);
}

static void
alb_by_load(void **state)
{
    frames_of(BOND_MODE_BALANCE_ALB, true);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tlb_by_hash),
        cmocka_unit_test(tlb_by_load),
        cmocka_unit_test(alb_by_load),
    };
    int failed;

    if (argc > 1)
        n_frames = (unsigned) atoi(argv[1]);
    world_open(&world);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    world_close(&world);
    return failed;
}
