/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-pdu.c - slow protocol frames, byte by byte.
 */
#include <stdlib.h>

#include "wire.h"

static const uint8_t source[6] = {0x02, 0x11, 0x22, 0x33, 0x44, 0x55};

/* A LACPDU as the standard draws it (802.1AX-2014, figure 6-7). */
static const uint8_t lacpdu[BOND_SLOW_FRAME_LEN] = {
    0x01, 0x80, 0xc2, 0x00, 0x00, 0x02, 0x02, 0x11, 0x22, 0x33, 0x44, 0x55, 0x88, 0x09, /* */
    0x01, 0x01,             /* LACP, version 1 */
    0x01, 0x14,             /* actor, 20 bytes */
    0x80, 0x01,             /* system priority */
    0x02, 0x00, 0x00, 0x00, /* system */
    0x00, 0xaa, 0x00, 0x0f, /* key */
    0x00, 0xff,             /* port priority */
    0x12, 0x34,             /* port */
    0x3d, 0x00, 0x00, 0x00, /* state, reserved */
    0x02, 0x14,             /* partner, 20 bytes */
    0xff, 0xff,             /* */
    0x02, 0x00, 0x00, 0x00, /* */
    0x00, 0xbb, 0x00, 0x11, /* */
    0x00, 0x80,             /* */
    0x00, 0x07,             /* */
    0xc7, 0x00, 0x00, 0x00, /* */
    0x03, 0x10,             /* collector, 16 bytes: all zero, and so is the rest */
};

static const struct bond_lacpdu fields = {
    .actor = {0x8001, {2, 0, 0, 0, 0, 0xaa}, 15, 255, 0x1234, 0x3d, 0},
    .partner = {0xffff, {2, 0, 0, 0, 0, 0xbb}, 17, 128, 7, 0xc7, 0},
};

static void
built(void **state)
{
    uint8_t frame[BOND_SLOW_FRAME_LEN + 1];

    memset(frame, 0xee, sizeof(frame));
    bond_lacpdu_build(frame, source, &fields);
    assert_memory_equal(frame, lacpdu, sizeof(lacpdu));
    assert_int_equal(frame[BOND_SLOW_FRAME_LEN], 0xee); /* not a byte further */
}

static void
parsed(void **state)
{
    struct bond_lacpdu pdu;

    memset(&pdu, 0xee, sizeof(pdu));
    assert_int_equal(bond_slow_parse(lacpdu, sizeof(lacpdu), &pdu), BOND_SLOW_LACPDU);
    assert_memory_equal(&pdu, &fields, sizeof(pdu));
}

/* A later version with other TLV lengths is read all the same (6.4.2.3, note). */
static void
what_is_not_looked_at(void **state)
{
    uint8_t frame[200] = {0};
    struct bond_lacpdu pdu;

    memcpy(frame, lacpdu, sizeof(lacpdu));
    frame[15] = 2;
    frame[17] = 0;
    frame[33] = 0xff;
    assert_int_equal(bond_slow_parse(frame, sizeof(frame), &pdu), BOND_SLOW_LACPDU);
    assert_memory_equal(&pdu, &fields, sizeof(pdu));
}

static void
what_it_is(void **state)
{
    static const struct {
        int at;
        uint8_t value;
        uint16_t len;
        enum bond_slow_kind kind;
    } rows[] = {
        {0, 0x01, 124, BOND_SLOW_LACPDU},   {0, 0x01, 123, BOND_SLOW_ILLEGAL},
        {0, 0x01, 14, BOND_SLOW_ILLEGAL},   {0, 0x01, 13, BOND_SLOW_NONE},
        {0, 0x01, 0, BOND_SLOW_NONE},       {5, 0x01, 124, BOND_SLOW_NONE},  /* to another group */
        {0, 0x02, 124, BOND_SLOW_NONE},     {13, 0x06, 124, BOND_SLOW_NONE}, /* another protocol */
        {12, 0x08, 124, BOND_SLOW_NONE},    {14, 0x00, 124, BOND_SLOW_UNKNOWN},
        {14, 0x03, 124, BOND_SLOW_UNKNOWN}, /* OAM */
        {14, 0x0a, 124, BOND_SLOW_UNKNOWN}, /* OSSP */
        {14, 0x02, 124, BOND_SLOW_MARKER},  {14, 0x02, 123, BOND_SLOW_ILLEGAL},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t frame[BOND_SLOW_FRAME_LEN];
        struct bond_lacpdu pdu;

        memcpy(frame, lacpdu, sizeof(frame));
        frame[rows[i].at] = rows[i].value;
        if (bond_slow_parse(frame, rows[i].len, &pdu) != rows[i].kind)
            fail_msg("row %zu is %d", i, bond_slow_parse(frame, rows[i].len, &pdu));
    }
}

static void
markers(void **state)
{
    uint8_t asked[BOND_SLOW_FRAME_LEN], answer[BOND_SLOW_FRAME_LEN], want[BOND_SLOW_FRAME_LEN];
    struct bond_lacpdu pdu;

    for (unsigned i = 0; i < sizeof(asked); i++)
        asked[i] = (uint8_t) (i * 7);
    memcpy(asked, lacpdu, 14);
    asked[11] = 0x99; /* of the other end */
    asked[14] = 2;
    asked[16] = 1;
    assert_int_equal(bond_slow_parse(asked, sizeof(asked), &pdu), BOND_SLOW_MARKER);
    memcpy(want, asked, sizeof(want));
    want[11] = 0x55;
    want[16] = 2;
    bond_marker_answer(answer, source, asked);
    assert_memory_equal(answer, want, sizeof(want));
    assert_int_equal(bond_slow_parse(answer, sizeof(answer), &pdu), BOND_SLOW_MARKER_RESPONSE);
    answer[16] = 3;
    assert_int_equal(bond_slow_parse(answer, sizeof(answer), &pdu), BOND_SLOW_MARKER_UNKNOWN);
}

/* Whatever the bytes: an answer, and none that reads beyond them (the sanitizers look). */
static void
any_bytes(void **state)
{
    uint32_t seed = 7, kinds = 0;

    for (int i = 0; i < 200000; i++) {
        uint8_t frame[BOND_SLOW_FRAME_LEN], *exact;
        struct bond_lacpdu pdu;
        size_t len;

        memcpy(frame, lacpdu, sizeof(frame));
        for (int k = 0; k < 3; k++) {
            seed = seed * 1664525u + 1013904223u;
            frame[(seed >> 8) % 20] = (uint8_t) (seed >> 20 & 3);
        }
        len = (seed >> 4) % 5 ? sizeof(frame) : (seed >> 8) % (sizeof(frame) + 1);
        exact = malloc(len ? len : 1);
        memcpy(exact, frame, len);
        kinds |= 1u << bond_slow_parse(exact, len, &pdu);
        free(exact);
    }
    assert_int_equal(kinds, (1u << (BOND_SLOW_ILLEGAL + 1)) - 1); /* each was met */
}

/* ---- through the step ---- */

static struct wire w;

static uint32_t
answers(int n)
{
    uint8_t frame[BOND_SLOW_FRAME_LEN];
    uint32_t got = 0;

    memcpy(frame, lacpdu, sizeof(frame));
    frame[14] = 2;
    for (int i = 0; i < n; i++) {
        wire_frame(&w, 0, 0, frame, sizeof(frame));
        got += w.out.n_frames;
    }
    return got;
}

static void
markers_are_answered_but_not_a_flood(void **state)
{
    wire_pair(&w, 1, "", "");
    w.peer[0][0].host = -1; /* who asks is not the other bond */
    wire_run(&w, 10000);
    memset(w.last_sent, 0, sizeof(w.last_sent));
    assert_int_equal(answers(1), 1);
    assert_memory_equal(w.out.frame[0].data + 6, w.bond[0].port[0].perm_mac, 6);
    assert_int_equal(w.out.frame[0].data[16], 2);
    memset(w.last_sent, 0, sizeof(w.last_sent));
    w.without_twin = true;
    for (int i = 0; i < 4; i++) {
        memset(w.last_sent, 0, sizeof(w.last_sent));
        assert_int_equal(answers(1), 1);
    }
    assert_int_equal(answers(1000), 0);
    wire_run(&w, 1000);
    memset(w.last_sent, 0, sizeof(w.last_sent));
    assert_int_equal(answers(1), 1);
    assert_int_equal(w.bond[0].port[0].lacp.stats.marker_rx, 1006);
    assert_int_equal(w.bond[0].port[0].lacp.stats.marker_tx, 6);
}

static void
what_is_counted(void **state)
{
    static const struct {
        int at;
        uint8_t value;
        uint16_t len;
    } rows[] = {{14, 3, 124}, {14, 1, 60}, {14, 1, 60}, {16, 2, 124}, {16, 9, 124}};
    const struct bond_lacp_stats *stats = &w.bond[0].port[0].lacp.stats;

    wire_pair(&w, 1, "", "");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t frame[BOND_SLOW_FRAME_LEN];

        memcpy(frame, lacpdu, sizeof(frame));
        if (rows[i].at == 16)
            frame[14] = 2;
        frame[rows[i].at] = rows[i].value;
        wire_frame(&w, 0, 0, frame, rows[i].len);
    }
    assert_int_equal(stats->lacpdu_unknown, 1);
    assert_int_equal(stats->lacpdu_illegal, 2);
    assert_int_equal(stats->marker_response_rx, 1);
    assert_int_equal(stats->marker_unknown, 1);
    assert_int_equal(stats->lacpdu_rx, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(built),
        cmocka_unit_test(parsed),
        cmocka_unit_test(what_is_not_looked_at),
        cmocka_unit_test(what_it_is),
        cmocka_unit_test(markers),
        cmocka_unit_test(any_bytes),
        cmocka_unit_test(markers_are_answered_but_not_a_flood),
        cmocka_unit_test(what_is_counted),
    };

    return cmocka_run_group_tests_name("lacp-pdu", tests, NULL, NULL);
}
