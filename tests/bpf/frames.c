/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frames.c - frames for the tests.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/options.h"
#include "tests/bpf/frames.h"

void
f_bytes(struct frame *f, const void *bytes, unsigned n)
{
    if (n > FRAME_MAX - f->len)
        n = FRAME_MAX - f->len;
    memcpy(f->b + f->len, bytes, n);
    f->len += n;
}

void
f_zero(struct frame *f, unsigned n)
{
    static const uint8_t zero[FRAME_MAX];

    f_bytes(f, zero, n > FRAME_MAX ? FRAME_MAX : n);
}

static void
f_u16(struct frame *f, uint16_t v)
{
    f_bytes(f, (uint8_t[]){(uint8_t) (v >> 8), (uint8_t) v}, 2);
}

static void
f_u32(struct frame *f, uint32_t v)
{
    f_u16(f, (uint16_t) (v >> 16));
    f_u16(f, (uint16_t) v);
}

void
f_eth(struct frame *f, const uint8_t dst[6], const uint8_t src[6], uint16_t proto)
{
    f_bytes(f, dst, 6);
    f_bytes(f, src, 6);
    f_u16(f, proto);
}

void
f_vlan(struct frame *f, uint16_t tci, uint16_t proto)
{
    f_u16(f, tci);
    f_u16(f, proto);
}

void
f_ip4(struct frame *f, uint32_t src, uint32_t dst, uint8_t proto, unsigned words, uint16_t frag)
{
    f_bytes(f, (uint8_t[]){(uint8_t) (0x40 | words), 0, 0, 84, 0, 1}, 6);
    f_u16(f, frag);
    f_bytes(f, (uint8_t[]){64, proto, 0, 0}, 4);
    f_u32(f, src);
    f_u32(f, dst);
    if (words > 5)
        f_zero(f, (words - 5) * 4);
}

void
f_ip6(struct frame *f, const uint8_t src[16], const uint8_t dst[16], uint8_t next)
{
    f_bytes(f, (uint8_t[]){0x60, 0, 0, 0, 0, 64, next, 64}, 8);
    f_bytes(f, src, 16);
    f_bytes(f, dst, 16);
}

void
f_ports(struct frame *f, uint16_t sport, uint16_t dport, unsigned rest)
{
    f_u16(f, sport);
    f_u16(f, dport);
    f_zero(f, rest);
}

void
f_icmp(struct frame *f, uint8_t type, uint8_t code, uint16_t id)
{
    f_bytes(f, (uint8_t[]){type, code, 0, 0}, 4);
    f_u16(f, id);
    f_u16(f, 1);
}

uint32_t
rng_next(struct rng *r)
{
    /* xorshift64*, and a start that is not zero */
    r->s = r->s ? r->s : 0x9e3779b97f4a7c15ull;
    r->s ^= r->s >> 12;
    r->s ^= r->s << 25;
    r->s ^= r->s >> 27;
    return (uint32_t) ((r->s * 0x2545f4914f6cdd1dull) >> 32);
}

uint32_t
rng_below(struct rng *r, uint32_t n)
{
    return (uint32_t) (((uint64_t) rng_next(r) * n) >> 32);
}

static const uint8_t protos[] = {0,  1,  2,  4,  6,  6,  17, 17,  33,  41, 43, 44,
                                 47, 50, 51, 58, 59, 60, 89, 132, 136, 1,  58, 255};

static void random_l4(struct frame *f, struct rng *r, uint8_t proto, unsigned depth);

static void
random_ip(struct frame *f, struct rng *r, bool six, unsigned depth)
{
    uint8_t proto = protos[rng_below(r, sizeof(protos))];

    if (six) {
        uint8_t a[32];

        for (unsigned i = 0; i < sizeof(a); i++)
            a[i] = (uint8_t) rng_next(r);
        f_ip6(f, a, a + 16, proto);
    } else {
        unsigned words = rng_below(r, 4) ? 5 : rng_below(r, 16);
        static const uint16_t frags[] = {0, 0, 0, 0x4000, 0x2000, 0x0001, 0x1fff, 0x8000};

        f_ip4(f, rng_next(r), rng_next(r), proto, words, frags[rng_below(r, 8)]);
    }
    random_l4(f, r, proto, depth);
}

static void
random_l4(struct frame *f, struct rng *r, uint8_t proto, unsigned depth)
{
    static const uint8_t types[] = {0, 1, 2, 3, 4, 5, 8, 11, 12, 13, 14, 128, 129, 135, 136, 200};

    if (proto == 1 || proto == 58) {
        f_icmp(f, types[rng_below(r, sizeof(types))], (uint8_t) rng_below(r, 3),
               rng_below(r, 4) ? (uint16_t) rng_next(r) : 0);
        if (depth)
            random_ip(f, r, rng_below(r, 2), depth - 1);
        return;
    }
    f_ports(f, (uint16_t) rng_next(r), (uint16_t) rng_next(r), 0);
    f_ports(f, (uint16_t) rng_next(r), (uint16_t) rng_next(r), 24);
}

void
f_random(struct frame *f, struct rng *r)
{
    uint8_t mac[12];
    unsigned kind = rng_below(r, 10);

    memset(f, 0, sizeof(*f));
    for (unsigned i = 0; i < sizeof(mac); i++)
        mac[i] = (uint8_t) rng_next(r);
    f_bytes(f, mac, sizeof(mac));
    if (kind < 5) {
        f_u16(f, 0x0800);
        random_ip(f, r, false, 2);
    } else if (kind < 8) {
        f_u16(f, 0x86dd);
        random_ip(f, r, true, 2);
    } else if (kind == 8) {
        f_u16(f, 0x8100);
        f_vlan(f, (uint16_t) rng_next(r), 0x0800);
        random_ip(f, r, false, 1);
    } else {
        f_u16(f, (uint16_t) (0x0600 + rng_below(r, 0xf000)));
        f_u32(f, rng_next(r));
        f_zero(f, 60);
    }
    if (rng_below(r, 4) == 0)
        f->len = 15 + rng_below(r, f->len - 15);
}

const char *
f_dump(const struct frame *f)
{
    static char text[FRAME_MAX * 2 + 1];

    for (unsigned i = 0; i < f->len; i++)
        snprintf(text + 2 * i, 3, "%02x", f->b[i]);
    return text;
}

/* A reader that knows where the frame ends. */
struct cursor {
    const struct frame *f;
    unsigned at;
};

static bool
has(const struct cursor *c, unsigned n)
{
    return c->at + n <= c->f->len;
}

struct flow {
    uint8_t addr[4], l4[4];
    int proto;
};

static void
xor_in(uint8_t to[4], const uint8_t *bytes, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        to[i % 4] ^= bytes[i];
}

/* One IP header: is it there, its addresses, its protocol, and what follows it. */
static bool
reference_ip(struct cursor *c, uint16_t proto, struct flow *flow)
{
    const uint8_t *h = c->f->b + c->at;

    memset(flow->addr, 0, 4);
    if (proto == 0x0800) {
        if (!has(c, 20))
            return false;
        xor_in(flow->addr, h + 12, 8);
        if (!(h[6] & 0x3f) && !h[7])
            flow->proto = h[9];
        c->at += 4 * (h[0] % 16);
        return true;
    }
    if (proto == 0x86dd) {
        if (!has(c, 40))
            return false;
        xor_in(flow->addr, h + 8, 32);
        flow->proto = h[6];
        c->at += 40;
        return true;
    }
    return false;
}

static void
reference_ports(const struct cursor *c, struct flow *flow)
{
    struct cursor p = *c;
    bool has_ports = flow->proto == 6 || flow->proto == 17 || flow->proto == 33 ||
                     flow->proto == 50 || flow->proto == 132 || flow->proto == 136;

    memset(flow->l4, 0, 4);
    if (flow->proto == 51)
        p.at += 4;
    else if (!has_ports)
        return;
    if (has(&p, 4))
        memcpy(flow->l4, p.f->b + p.at, 4);
}

static bool
in_list(int x, const int *list)
{
    for (; *list >= 0; list++) {
        if (*list == x)
            return true;
    }
    return false;
}

static bool
reference_flow(const struct frame *f, uint16_t proto, struct flow *flow)
{
    static const int with_id[] = {8, 0, 13, 14, 128, 129, -1};
    static const int error4[] = {3, 4, 5, 11, 12, -1}, error6[] = {1, 2, 3, 4, -1};
    struct cursor c = {f, 14};
    const uint8_t *h;

    flow->proto = -1;
    if (!reference_ip(&c, proto, flow))
        return false;
    reference_ports(&c, flow);
    if ((flow->proto != 1 && flow->proto != 58) || !has(&c, 8))
        return true;
    h = f->b + c.at;
    if (in_list(h[0], flow->proto == 1 ? error4 : error6)) {
        c.at += 8;
        if (!reference_ip(&c, proto, flow))
            return false;
        reference_ports(&c, flow);
    } else if (in_list(h[0], with_id)) {
        uint16_t id = (uint16_t) (h[4] * 256 + h[5]);

        id = id ? id : 1;
        memcpy(flow->l4, h, 2);
        memcpy(flow->l4 + 2, &id, 2); /* in the machine's order, as the kernel keeps it */
    }
    return true;
}

uint32_t
reference_hash(unsigned policy, const struct frame *f, uint16_t proto)
{
    uint32_t l2 = (uint32_t) (f->b[5] ^ f->b[11]) ^ (uint32_t) (f->b[12] * 256 + f->b[13]);
    uint32_t hash, addr;
    struct flow flow;

    if (policy == BOND_XMIT_LAYER2 || !reference_flow(f, proto, &flow))
        return l2;
    memcpy(&addr, flow.addr, 4);
    memcpy(&hash, flow.l4, 4);
    if (policy == BOND_XMIT_LAYER23)
        hash = l2;
    hash ^= addr;
    hash ^= hash >> 16;
    hash ^= hash >> 8;
    return policy == BOND_XMIT_LAYER34 ? hash >> 1 : hash;
}
