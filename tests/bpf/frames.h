/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frames.h - frames for the tests, put together header by header, and random ones.
 */
#ifndef TESTS_BPF_FRAMES_H
#define TESTS_BPF_FRAMES_H

#include <stdint.h>

#define FRAME_MAX 512u

struct frame {
    unsigned len;
    uint8_t b[FRAME_MAX];
};

#define MAC(last) ((const uint8_t[6]){0x02, 0, 0, 0, 0, (last)})
#define MAC_LINK_LOCAL(last) ((const uint8_t[6]){0x01, 0x80, 0xc2, 0, 0, (last)})
#define MAC_BROADCAST ((const uint8_t[6]){0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
#define IP4(a, b, c, d)                                                                            \
    ((uint32_t) (a) << 24 | (uint32_t) (b) << 16 | (uint32_t) (c) << 8 | (uint32_t) (d))

/* Each appends. */
void f_bytes(struct frame *f, const void *bytes, unsigned n);
void f_eth(struct frame *f, const uint8_t dst[6], const uint8_t src[6], uint16_t proto);
void f_vlan(struct frame *f, uint16_t tci, uint16_t proto);
/* `words` 5..15; frag: the header's 16 bits of flags and offset */
void f_ip4(struct frame *f, uint32_t src, uint32_t dst, uint8_t proto, unsigned words,
           uint16_t frag);
void f_ip6(struct frame *f, const uint8_t src[16], const uint8_t dst[16], uint8_t next);
void f_ports(struct frame *f, uint16_t sport, uint16_t dport, unsigned rest);
void f_icmp(struct frame *f, uint8_t type, uint8_t code, uint16_t id);
void f_zero(struct frame *f, unsigned n);

/* A generator of our own: the same seed is the same frames everywhere. */
struct rng {
    uint64_t s;
};
uint32_t rng_next(struct rng *r);
uint32_t rng_below(struct rng *r, uint32_t n);

/* Something that a bond might be asked to send, often odd: options, fragments, errors inside
 * ICMP, every protocol, cut off anywhere. At least 15 bytes, which BPF_PROG_TEST_RUN needs. */
void f_random(struct frame *f, struct rng *r);

/* For messages of failing tests; static buffer. */
const char *f_dump(const struct frame *f);

/* The kernel's formulas once more, written down from their description and not from core/hash.h:
 * byte by byte. proto is skb->protocol in host order. */
uint32_t reference_hash(unsigned policy, const struct frame *f, uint16_t proto);

#endif
