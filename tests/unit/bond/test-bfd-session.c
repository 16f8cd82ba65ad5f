/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-bfd-session.c - the BFD machine (RFC 5880, 6.8) and the bytes of its packets: single rules,
 * and two sessions that talk over a wire that loses, delays and falls silent by chance.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/bfd.h"

#define MS BOND_NSEC_PER_MSEC

static const struct bond_bfd_config ten = {.interval_ms = 10, .detect_mult = 3, .disc = 7};

static struct bond_bfd_packet
packet(enum bond_bfd_state state, uint32_t your_disc)
{
    return (struct bond_bfd_packet){.state = state,
                                    .detect_mult = 3,
                                    .my_disc = 9,
                                    .your_disc = your_disc,
                                    .desired_tx_us = 10000,
                                    .required_rx_us = 10000};
}

static void
hear(struct bond_bfd *s, enum bond_bfd_state state, uint64_t now)
{
    const struct bond_bfd_packet p = packet(state, state > BOND_BFD_DOWN ? 7 : 0);

    assert_true(bond_bfd_receive(s, &ten, &p, now));
}

/* ---- rules ---- */

static void
test_states(void **state)
{
    static const struct {
        enum bond_bfd_state is, heard, becomes;
    } rows[] = {
        {BOND_BFD_DOWN, BOND_BFD_ADMIN_DOWN, BOND_BFD_DOWN},
        {BOND_BFD_DOWN, BOND_BFD_DOWN, BOND_BFD_INIT},
        {BOND_BFD_DOWN, BOND_BFD_INIT, BOND_BFD_UP},
        {BOND_BFD_DOWN, BOND_BFD_UP, BOND_BFD_DOWN},
        {BOND_BFD_INIT, BOND_BFD_ADMIN_DOWN, BOND_BFD_DOWN},
        {BOND_BFD_INIT, BOND_BFD_DOWN, BOND_BFD_INIT},
        {BOND_BFD_INIT, BOND_BFD_INIT, BOND_BFD_UP},
        {BOND_BFD_INIT, BOND_BFD_UP, BOND_BFD_UP},
        {BOND_BFD_UP, BOND_BFD_ADMIN_DOWN, BOND_BFD_DOWN},
        {BOND_BFD_UP, BOND_BFD_DOWN, BOND_BFD_DOWN},
        {BOND_BFD_UP, BOND_BFD_INIT, BOND_BFD_UP},
        {BOND_BFD_UP, BOND_BFD_UP, BOND_BFD_UP},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bond_bfd s;

        bond_bfd_start(&s, &ten, 1);
        s.state = (uint8_t) rows[i].is;
        s.was_up = rows[i].is == BOND_BFD_UP;
        hear(&s, rows[i].heard, 2 * MS);
        assert_int_equal(s.state, rows[i].becomes);
        assert_int_equal(s.was_up, rows[i].heard == BOND_BFD_ADMIN_DOWN
                                       ? false
                                       : rows[i].is == BOND_BFD_UP || s.state == BOND_BFD_UP);
    }
}

/* No faster than once a second before the session is up, then as configured, by a poll. */
static void
test_slow_until_up(void **state)
{
    struct bond_bfd s;
    struct bond_bfd_packet out;
    uint64_t first;

    bond_bfd_start(&s, &ten, 0);
    assert_true(bond_bfd_transmit(&s, &ten, 0, &out));
    assert_int_equal(out.desired_tx_us, 1000000);
    assert_int_equal(out.required_rx_us, 10000);
    first = s.tx_at_ns;
    assert_true(first >= 750 * MS && first <= 1000 * MS);
    assert_false(bond_bfd_transmit(&s, &ten, first - 1, &out));
    assert_true(bond_bfd_transmit(&s, &ten, first, &out));
    hear(&s, BOND_BFD_INIT, first + 1);
    assert_int_equal(s.state, BOND_BFD_UP);
    assert_true(bond_bfd_transmit(&s, &ten, first + 1, &out)); /* the news, at once */
    assert_true(out.poll && !out.final && out.state == BOND_BFD_UP);
    assert_int_equal(out.desired_tx_us, 10000);
    assert_int_equal(out.your_disc, 9);
    assert_true(s.tx_at_ns - (first + 1) <= 10 * MS && s.tx_at_ns - (first + 1) >= 7 * MS);
}

/* At exactly the detection time: remote multiplier times the slower of ours and theirs. */
static void
test_detection(void **state)
{
    struct bond_bfd s;

    bond_bfd_start(&s, &ten, 0);
    hear(&s, BOND_BFD_INIT, MS);
    assert_int_equal(s.detect_at_ns, MS + 30 * MS);
    bond_bfd_expire(&s, &ten, 31 * MS - 1);
    assert_int_equal(s.state, BOND_BFD_UP);
    bond_bfd_expire(&s, &ten, 31 * MS);
    assert_int_equal(s.state, BOND_BFD_DOWN);
    assert_int_equal(s.diag, BOND_BFD_DIAG_EXPIRED);
    assert_int_equal(s.remote_disc, 0);
    assert_true(s.was_up);
    assert_true(s.detect_at_ns == BOND_NEVER);
}

/* Longer intervals are spoken at once and hold when the peer has answered; shorter ones hold at
 * once for sending, for listening afterwards. */
static void
test_poll(void **state)
{
    const struct bond_bfd_config slower = {.interval_ms = 50, .detect_mult = 3, .disc = 7};
    struct bond_bfd_packet p = packet(BOND_BFD_UP, 7), out;
    struct bond_bfd s;

    bond_bfd_start(&s, &ten, 0);
    hear(&s, BOND_BFD_INIT, 1);
    p.final = true;
    assert_true(bond_bfd_receive(&s, &ten, &p, 2));
    assert_false(s.poll);
    bond_bfd_configure(&s, &slower);
    assert_int_equal(s.tx_us, 10000);
    assert_int_equal(s.rx_us, 50000);
    assert_true(bond_bfd_transmit(&s, &slower, 3, &out));
    assert_true(out.poll);
    assert_int_equal(out.desired_tx_us, 50000);
    assert_true(bond_bfd_receive(&s, &slower, &p, 4));
    assert_int_equal(s.tx_us, 50000);
    assert_false(s.poll);
    bond_bfd_configure(&s, &ten);
    assert_int_equal(s.tx_us, 10000);
    assert_int_equal(s.rx_us, 50000);
    assert_true(bond_bfd_receive(&s, &ten, &p, 5));
    assert_int_equal(s.rx_us, 10000);
    p.final = false;
    p.poll = true;
    bond_bfd_transmit(&s, &ten, 5, &out);
    assert_true(bond_bfd_receive(&s, &ten, &p, 6));
    assert_true(bond_bfd_transmit(&s, &ten, 6, &out)); /* answers wait for no timer */
    assert_true(out.final && !out.poll);
    assert_false(bond_bfd_transmit(&s, &ten, 6, &out));
}

/* Once it is up the peer wants to hear more often than when the next packet was planned. */
static void
test_hastens(void **state)
{
    struct bond_bfd_packet p = packet(BOND_BFD_INIT, 7), out;
    struct bond_bfd s;

    bond_bfd_start(&s, &ten, 0);
    p.required_rx_us = 1000000;
    assert_true(bond_bfd_receive(&s, &ten, &p, 500 * MS));
    assert_true(bond_bfd_transmit(&s, &ten, 500 * MS, &out));
    assert_true(s.tx_at_ns >= 1250 * MS);
    p = packet(BOND_BFD_UP, 7);
    p.poll = true;
    assert_true(bond_bfd_receive(&s, &ten, &p, 502 * MS));
    assert_true(s.tx_at_ns == 510 * MS);
    assert_true(bond_bfd_transmit(&s, &ten, 502 * MS, &out)); /* the answer is not in its place */
    assert_true(out.final);
    assert_true(s.tx_at_ns == 510 * MS);
    assert_false(bond_bfd_transmit(&s, &ten, 510 * MS - 1, &out));
    assert_true(bond_bfd_transmit(&s, &ten, 510 * MS, &out));
    assert_true(s.tx_at_ns <= 520 * MS);
    p.poll = false;
    p.required_rx_us = 1000000;
    assert_true(bond_bfd_receive(&s, &ten, &p, 511 * MS));
    assert_true(bond_bfd_transmit(&s, &ten, 520 * MS, &out));
    p.required_rx_us = 10000;
    assert_true(bond_bfd_receive(&s, &ten, &p, 900 * MS)); /* the new interval is over: at once */
    assert_true(bond_bfd_transmit(&s, &ten, 900 * MS, &out));
}

static void
test_discarded(void **state)
{
    struct bond_bfd_packet p = packet(BOND_BFD_UP, 8);
    struct bond_bfd s, before;

    bond_bfd_start(&s, &ten, 0);
    before = s;
    assert_false(bond_bfd_receive(&s, &ten, &p, 1)); /* it is for another session */
    assert_memory_equal(&s, &before, sizeof(s));
}

/* A peer that wants nothing is sent nothing; one in demand mode gets answers. */
static void
test_quiet(void **state)
{
    struct bond_bfd_packet p = packet(BOND_BFD_UP, 7), out;
    struct bond_bfd s;

    for (int demand = 0; demand < 2; demand++) {
        bond_bfd_start(&s, &ten, 0);
        hear(&s, BOND_BFD_INIT, 1);
        bond_bfd_transmit(&s, &ten, 1, &out);
        p.poll = false;
        p.final = true;
        p.demand = demand;
        p.required_rx_us = demand ? 10000 : 0;
        assert_true(bond_bfd_receive(&s, &ten, &p, 2));
        for (uint64_t t = MS; t < 500 * MS; t += MS)
            assert_false(bond_bfd_transmit(&s, &ten, t, &out));
        p.poll = true;
        assert_true(bond_bfd_receive(&s, &ten, &p, 500 * MS));
        assert_true(bond_bfd_transmit(&s, &ten, 500 * MS, &out));
        assert_true(out.final);
    }
}

/* ---- bytes ---- */

static size_t
wrap(uint8_t *f, const struct bond_bfd_packet *p)
{
    memset(f, 0, 66);
    f[12] = 8;
    f[14] = 0x45;
    f[17] = 20 + 8 + BOND_BFD_LEN;
    f[22] = 255;
    f[23] = 17;
    f[36] = 3784 >> 8;
    f[37] = 3784 & 0xff;
    f[39] = 8 + BOND_BFD_LEN;
    bond_bfd_build(f + 42, p);
    return 66;
}

static void
test_bytes(void **state)
{
    static const struct {
        uint8_t at, value;
        const char *why;
    } broken[] = {
        {12, 9, "not IPv4"},
        {14, 0x46, "options"},
        {17, 200, "longer than the frame"},
        {20, 0x20, "a fragment"},
        {22, 254, "not a neighbour"},
        {23, 6, "TCP"},
        {37, 1, "another port"},
        {39, 200, "longer than IP says"},
        {42, 0x40, "version 2"},
        {43, 0xc1, "multipoint"},
        {43, 0xc4, "authenticated"},
        {44, 0, "no multiplier"},
        {45, 23, "too short"},
        {45, 25, "longer than UDP says"},
        {49, 0, "no discriminator"},
        {53, 0, "up with nobody"},
    };
    struct bond_bfd_packet p = packet(BOND_BFD_UP, 7), q;
    uint8_t f[66];

    p.poll = p.demand = true;
    p.diag = 3;
    assert_int_equal(wrap(f, &p), sizeof(f));
    assert_true(bond_bfd_parse(f, sizeof(f), 3784, &q));
    assert_memory_equal(&p, &q, sizeof(p));
    assert_false(bond_bfd_parse(f, sizeof(f), 6784, &q));
    for (size_t n = 0; n < sizeof(f); n++)
        assert_false(bond_bfd_parse(f, n, 3784, &q));
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        wrap(f, &p);
        f[broken[i].at] = broken[i].value;
        if (bond_bfd_parse(f, sizeof(f), 3784, &q))
            fail_msg("taken although %s", broken[i].why);
    }
}

/* ---- two of them ---- */

#define WIRE 64

struct end {
    struct bond_bfd s;
    struct bond_bfd_config c;
    bool slow_ears; /* as FRR: it does not want to hear more than once a second until it is up */
};

struct wire { /* what is under way to each end */
    struct bond_bfd_packet p[WIRE];
    uint64_t at[WIRE];
    unsigned n;
};

static uint32_t seed;

static uint32_t
rnd(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

static void
put(struct wire *w, const struct bond_bfd_packet *p, uint64_t at)
{
    assert_true(w->n < WIRE);
    w->p[w->n] = *p;
    w->at[w->n++] = at;
}

static void
deliver(struct wire *w, struct end *e, uint64_t now)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < w->n; i++) {
        if (w->at[i] <= now) {
            bond_bfd_receive(&e->s, &e->c, &w->p[i], now);
        } else {
            w->p[kept] = w->p[i];
            w->at[kept++] = w->at[i];
        }
    }
    w->n = kept;
}

static bool
say(struct end *e, uint64_t now, struct bond_bfd_packet *out)
{
    if (!bond_bfd_transmit(&e->s, &e->c, now, out))
        return false;
    if (e->slow_ears && e->s.state != BOND_BFD_UP)
        out->required_rx_us = 1000000;
    return true;
}

/* 100 runs of 12 s in steps of 1 ms: both come up; on a wire that loses nothing they stay so; cut,
 * both are down within the detection time; mended, both are up again. */
static void
test_pairs(void **state)
{
    for (seed = 1; seed <= 100; seed++) {
        struct end e[2] = {{.c = {.interval_ms = 10 + rnd(40), .detect_mult = 3, .disc = 1}},
                           {.c = {.interval_ms = 10 + rnd(40), .detect_mult = 3, .disc = 2}}};
        struct wire w[2] = {0};
        const uint64_t cut = 4000 * MS + rnd(1000) * MS, mended = cut + 500 * MS;
        const bool one_way = rnd(2);
        uint64_t down_at[2] = {0};
        uint32_t slower =
            e[0].c.interval_ms > e[1].c.interval_ms ? e[0].c.interval_ms : e[1].c.interval_ms;

        e[1].slow_ears = rnd(2);
        for (int i = 0; i < 2; i++)
            bond_bfd_start(&e[i].s, &e[i].c, rnd(1000) * MS);
        for (uint64_t now = 1000 * MS; now < 12000 * MS; now += MS) {
            for (int i = 0; i < 2; i++) {
                struct bond_bfd_packet out;

                deliver(&w[i], &e[i], now);
                bond_bfd_expire(&e[i].s, &e[i].c, now);
                while (say(&e[i], now, &out)) {
                    assert_true(e[i].s.tx_at_ns > now);
                    if (now < cut || now >= mended || (one_way && i == 0))
                        put(&w[1 - i], &out, now + rnd(3) * MS);
                }
                if (now >= cut && down_at[i] == 0 && e[i].s.state != BOND_BFD_UP)
                    down_at[i] = now;
                if ((now >= 3500 * MS && now < cut) || now >= mended + 3500 * MS)
                    assert_int_equal(e[i].s.state, BOND_BFD_UP);
            }
        }
        for (int i = 0; i < 2; i++) {
            assert_true(down_at[i] != 0);
            /* what was sent last, 2 ms under way, then silence; one way: told by the other */
            assert_true(down_at[i] - cut <= (3 * slower + 2 + 4) * MS);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_states),    cmocka_unit_test(test_slow_until_up),
        cmocka_unit_test(test_detection), cmocka_unit_test(test_poll),
        cmocka_unit_test(test_hastens),   cmocka_unit_test(test_discarded),
        cmocka_unit_test(test_quiet),     cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_pairs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
