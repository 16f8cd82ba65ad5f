/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_frames.c - the frame builders, byte by byte against frames written out by hand.
 */
#include <arpa/inet.h>
#include <string.h>

#include "datapath/frames.h"
#include "tests/net/datapath/lab.h"

static const uint8_t mac[6] = {0x02, 0x11, 0x22, 0x33, 0x44, 0x55};

static void
expect(const uint8_t *buf, unsigned len, const uint8_t *want, unsigned want_len)
{
    struct lab_frame got = {.len = len};

    memcpy(got.byte, buf, len);
    lab_expect_frame(&got, want, want_len);
}

static void
garp(void **state)
{
    static const uint8_t want[60] = {
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0x11, 0x22, 0x33, 0x44, 0x55, 0x08, 0x06, /* */
        0x00, 0x01, 0x08, 0x00, 6,    4,    0x00, 0x01,            /* request */
        0x02, 0x11, 0x22, 0x33, 0x44, 0x55, 10,   0,    1,    243, /* sender */
        0,    0,    0,    0,    0,    0,    10,   0,    1,    243, /* target */
    };
    struct in_addr addr = {inet_addr("10.0.1.243")};
    uint8_t buf[64];

    memset(buf, 0xee, sizeof(buf));
    expect(buf, dp_frame_garp(buf, mac, addr), want, sizeof(want));
    assert_int_equal(buf[60], 0xee); /* not a byte further */
}

static void
rarp(void **state)
{
    static const uint8_t want[60] = {
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0x11, 0x22, 0x33, 0x44, 0x55, 0x80, 0x35, /* */
        0x00, 0x01, 0x08, 0x00, 6,    4,    0x00, 0x03, /* reverse request */
        0x02, 0x11, 0x22, 0x33, 0x44, 0x55, 0,    0,    0,    0,    0x02, 0x11, 0x22, 0x33,
        0x44, 0x55, 0,    0,    0,    0,
    };
    uint8_t buf[64];

    memset(buf, 0xee, sizeof(buf));
    expect(buf, dp_frame_rarp(buf, mac), want, sizeof(want));
}

static void
vlan_tag(void **state)
{
    static const uint8_t want[64] = {
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0x11, 0x22, 0x33, 0x44, 0x55, /* */
        0x81, 0x00, 0x0f, 0xa0,                                                 /* VLAN 4000 */
        0x80, 0x35, 0x00, 0x01, 0x08, 0x00, 6,    4,    0x00, 0x03,             /* */
        0x02, 0x11, 0x22, 0x33, 0x44, 0x55, 0,    0,    0,    0,    0x02, 0x11,
        0x22, 0x33, 0x44, 0x55, 0,    0,    0,    0,
    };
    uint8_t buf[64];
    unsigned len = dp_frame_rarp(buf, mac);

    expect(buf, dp_frame_push_vlan(buf, len, 4000), want, sizeof(want));
}

/* The checksums below were worked out apart from the code under test. */
static void
igmp3_all_sources(void **state)
{
    static const uint8_t want[60] = {
        0x01, 0x00, 0x5e, 0x00, 0x00, 0x16, 0x02, 0x11, 0x22, 0x33, 0x44, 0x55, 0x08, 0x00, /* */
        0x46, 0xc0, 0x00, 0x28, 0x00, 0x00, 0x40, 0x00, 1,    2,    0xf8, 0x06,             /* */
        10,   0,    1,    243,  224,  0,    0,    22,   0x94, 4,    0,    0,                /* */
        0x22, 0,    0xea, 0xf9, 0,    0,    0,    1, /* report, one record */
        2,    0,    0,    0,    239,  1,    2,    3, /* exclude nothing */
        0,    0,    0,    0,    0,    0,
    };
    struct dp_frame_group group = {.addr.v4.s_addr = inet_addr("239.1.2.3")};
    struct in_addr src = {inet_addr("10.0.1.243")};
    uint8_t buf[DP_FRAME_SIZE];

    memset(buf, 0xee, sizeof(buf));
    expect(buf, dp_frame_igmp(buf, mac, src, &group, 3), want, sizeof(want));
}

static void
igmp2_goes_to_the_group(void **state)
{
    static const uint8_t want[60] = {
        0x01, 0x00, 0x5e, 0x01, 0x02, 0x03, 0x02, 0x11, 0x22, 0x33, 0x44, 0x55, 0x08, 0x00, /* */
        0x46, 0xc0, 0x00, 0x20, 0x00, 0x00, 0x40, 0x00, 1,    2,    0xe6, 0xa0,             /* */
        10,   0,    1,    243,  239,  129,  2,    3,    0x94, 4,    0,    0,                /* */
        0x16, 0,    0xf8, 0x7a, 239,  129,  2,    3,
    };
    struct dp_frame_group group = {.addr.v4.s_addr = inet_addr("239.129.2.3")};
    struct in_addr src = {inet_addr("10.0.1.243")};
    uint8_t buf[DP_FRAME_SIZE];
    unsigned len;

    memset(buf, 0xee, sizeof(buf));
    expect(buf, dp_frame_igmp(buf, mac, src, &group, 2), want, sizeof(want));
    len = dp_frame_igmp(buf, mac, src, &group, 1);
    assert_int_equal(len, 60);
    assert_int_equal(buf[38], 0x12);
}

static uint16_t
ip_sum(const uint8_t *p, unsigned len)
{
    uint32_t sum = 0;

    for (unsigned i = 0; i < len; i += 2)
        sum += (uint32_t) (p[i] << 8 | p[i + 1]);
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t) ~sum;
}

static void
igmp3_most_sources(void **state)
{
    struct dp_frame_group group = {.addr.v4.s_addr = inet_addr("232.1.1.1"),
                                   .include = true,
                                   .n_sources = DP_FRAME_SOURCES_MAX};
    struct in_addr src = {0};
    uint8_t buf[DP_FRAME_SIZE];
    unsigned len;

    for (unsigned i = 0; i < DP_FRAME_SOURCES_MAX; i++)
        group.source[i].v4.s_addr = htonl(0x0a000001 + i);
    len = dp_frame_igmp(buf, mac, src, &group, 3);
    assert_int_equal(len, 14 + 24 + 8 + 8 + 4 * DP_FRAME_SOURCES_MAX);
    assert_int_equal(buf[16] << 8 | buf[17], len - 14);
    assert_int_equal(ip_sum(buf + 14, 24), 0);
    assert_int_equal(ip_sum(buf + 38, len - 38), 0);
    assert_int_equal(buf[46], 1); /* MODE_IS_INCLUDE */
    assert_int_equal(buf[49], DP_FRAME_SOURCES_MAX);
    assert_memory_equal(buf + len - 4, ((uint8_t[]){10, 0, 0, DP_FRAME_SOURCES_MAX}), 4);
}

static void
mld2_all_sources(void **state)
{
    static const uint8_t head[] = {
        0x33, 0x33, 0x00, 0x00, 0x00, 0x16, 0x02, 0x11, 0x22, 0x33, 0x44, 0x55, 0x86, 0xdd, /* */
        0x60, 0,    0,    0,    0,    36,   0,    1, /* hop-by-hop, hop limit 1 */
        0xfe, 0x80, 0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,
        0,    1,    0xff, 0x02, 0,    0,    0,    0,    0,    0,    0,    0,    0,    0,
        0,    0,    0,    0x16, 58,   0,    5,    2,    0,    0,    1,    0, /* router alert,
                                                                                padding */
        143,  0,
    };
    static const uint8_t tail[] = {
        0, 0, 0, 1, 2, 0, 0, 0, 0xff, 0x05, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x12, 0x34,
    };
    struct dp_frame_group group = {0};
    uint8_t buf[DP_FRAME_SIZE];
    struct in6_addr src;
    unsigned len;

    inet_pton(AF_INET6, "fe80::1", &src);
    inet_pton(AF_INET6, "ff05::1234", &group.addr.v6);
    len = dp_frame_mld(buf, mac, &src, &group, 2);
    assert_int_equal(len, sizeof(head) + 2 + sizeof(tail));
    assert_memory_equal(buf, head, sizeof(head));
    assert_memory_equal(buf + sizeof(head) + 2, tail, sizeof(tail));
    assert_int_equal(lab_icmp6_sum(buf + 14), 0);
    buf[70] ^= 1; /* the check itself can fail */
    assert_int_not_equal(lab_icmp6_sum(buf + 14), 0);
}

static void
mld_sources_and_version_1(void **state)
{
    struct dp_frame_group group = {.include = true, .n_sources = DP_FRAME_SOURCES_MAX};
    struct in6_addr src = {0};
    uint8_t buf[DP_FRAME_SIZE];
    unsigned len;

    inet_pton(AF_INET6, "ff35::1:2", &group.addr.v6);
    for (unsigned i = 0; i < DP_FRAME_SOURCES_MAX; i++)
        group.source[i].v6.s6_addr[15] = (uint8_t) i;
    len = dp_frame_mld(buf, mac, &src, &group, 2);
    assert_int_equal(len, 14 + 48 + 8 + 4 + 16 * (1 + DP_FRAME_SOURCES_MAX));
    assert_true(len <= DP_FRAME_SIZE);
    assert_int_equal(lab_icmp6_sum(buf + 14), 0);
    len = dp_frame_mld(buf, mac, &src, &group, 1);
    assert_int_equal(len, 14 + 48 + 24);
    assert_int_equal(buf[62], 131);
    assert_memory_equal(buf + 38, &group.addr.v6, 16);
    assert_memory_equal(buf, ((uint8_t[]){0x33, 0x33, 0, 1, 0, 2}), 6);
    assert_int_equal(lab_icmp6_sum(buf + 14), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(garp),
        cmocka_unit_test(rarp),
        cmocka_unit_test(vlan_tag),
        cmocka_unit_test(igmp3_all_sources),
        cmocka_unit_test(igmp2_goes_to_the_group),
        cmocka_unit_test(igmp3_most_sources),
        cmocka_unit_test(mld2_all_sources),
        cmocka_unit_test(mld_sources_and_version_1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
