/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frames.c - what a bond may be asked to send: ordinary, odd, tunnelled, cut off, and nonsense.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "tests/parity/frames.h"

const struct parity_vlan parity_vlan[PARITY_VLANS] = {
    {0x8100, 1, 0},    {0x8100, 2, 0},    {0x8100, 100, 5}, {0x8100, 257, 0},
    {0x8100, 1000, 7}, {0x8100, 4094, 0}, {0x88a8, 100, 0}, {0x88a8, 2049, 3},
};

struct gen {
    uint64_t s;
    struct parity_frame *f;
};

static uint32_t
draw(struct gen *g)
{
    /* xorshift64* */
    g->s ^= g->s >> 12;
    g->s ^= g->s << 25;
    g->s ^= g->s >> 27;
    return (uint32_t) ((g->s * 0x2545f4914f6cdd1dull) >> 32);
}

static uint32_t
below(struct gen *g, uint32_t n)
{
    return (uint32_t) (((uint64_t) draw(g) * n) >> 32);
}

static bool
one_in(struct gen *g, uint32_t n)
{
    return below(g, n) == 0;
}

static void
put(struct gen *g, uint32_t value, unsigned int bytes)
{
    for (unsigned int i = bytes; i-- > 0;) {
        if (g->f->len < PARITY_FRAME_MAX)
            g->f->data[g->f->len++] = (uint8_t) (value >> (8 * i));
    }
}

static void
put_random(struct gen *g, unsigned int bytes)
{
    while (bytes-- > 0)
        put(g, draw(g), 1);
}

#define PICK(g, list) ((list)[below(g, sizeof(list) / sizeof((list)[0]))])

static void l3(struct gen *g, uint16_t proto, unsigned int depth);
static void l4(struct gen *g, uint8_t proto, unsigned int depth);

static const uint8_t common[] = {1, 6, 6, 6, 17, 17, 17, 58};
static const uint8_t transports[] = {0,  1,  2,  4,  6,  6, 17, 17,  33,  41,  41,  47,  47, 50,
                                     51, 58, 59, 60, 89, 4, 97, 103, 115, 132, 136, 137, 255};

static uint8_t
some_protocol(struct gen *g)
{
    return one_in(g, 2) ? PICK(g, common) : PICK(g, transports);
}

static void
ipv4_of(struct gen *g, uint8_t proto, unsigned int depth)
{
    static const uint16_t frags[] = {0x2000, 0x0001, 0x1fff, 0x2003, 0x3fff};
    static const uint16_t whole[] = {0, 0x4000, 0x8000};
    unsigned int words = one_in(g, 5) ? below(g, 16) : 5;
    unsigned int version = one_in(g, 40) ? below(g, 16) : 4;

    put(g, version << 4 | words, 1);
    put(g, draw(g), 1);
    put(g, one_in(g, 4) ? draw(g) : 200, 2);
    put(g, draw(g), 2);
    put(g, one_in(g, 6) ? PICK(g, frags) : PICK(g, whole), 2);
    put(g, 64, 1);
    put(g, proto, 1);
    put(g, 0, 2);
    put(g, draw(g), 4);
    put(g, draw(g), 4);
    for (unsigned int i = 5; i < words; i++)
        put(g, draw(g), 4);
    l4(g, proto, depth);
}

/* Extension headers: hop-by-hop, routing, destination, fragment, AH, in any order. */
static uint8_t
extension(struct gen *g, unsigned int *left)
{
    static const uint8_t headers[] = {0, 43, 60, 60, 44, 44, 51, 59};

    if (*left == 0)
        return some_protocol(g);
    --*left;
    return PICK(g, headers);
}

static void
extensions(struct gen *g, uint8_t next, unsigned int left, unsigned int depth)
{
    static const uint16_t fragments[] = {0, 1, 8, 9, 0xfff8, 0x5a8};

    while (next == 0 || next == 43 || next == 60 || next == 44) {
        uint8_t after = extension(g, &left);
        unsigned int words = one_in(g, 4) ? below(g, 4) : 0;

        put(g, after, 1);
        if (next == 44) {
            put(g, draw(g), 1);
            put(g, PICK(g, fragments), 2);
            put(g, draw(g), 4);
        } else {
            put(g, one_in(g, 30) ? draw(g) : words, 1);
            put_random(g, 6 + 8 * words);
        }
        next = after;
    }
    l4(g, next, depth);
}

static void
ipv6_of(struct gen *g, uint8_t proto, unsigned int depth)
{
    unsigned int left = one_in(g, 4) ? 1 + below(g, 4) : 0;
    uint32_t label = one_in(g, 2) ? draw(g) & 0xfffff : 0;
    uint8_t next = left ? extension(g, &left) : proto;

    put(g, 6u << 28 | (draw(g) & 0xff) << 20 | label, 4);
    put(g, 160, 2);
    put(g, next, 1);
    put(g, 64, 1);
    put_random(g, 32);
    extensions(g, next, left, depth);
}

static void
icmp(struct gen *g, unsigned int depth)
{
    static const uint8_t types[] = {0,  1,  2,  3,  4,   5,   8,   9,   10,  11, 12,
                                    13, 14, 15, 16, 128, 129, 133, 135, 136, 200};

    put(g, PICK(g, types), 1);
    put(g, below(g, 4), 1);
    put(g, draw(g), 2);
    put(g, one_in(g, 5) ? 0 : draw(g), 2);
    put(g, draw(g), 2);
    if (depth == 0)
        put_random(g, 24);
    else
        l3(g, one_in(g, 2) ? 0x0800 : 0x86dd, depth - 1);
}

static void
ppp(struct gen *g, unsigned int depth)
{
    static const uint16_t kinds[] = {0x0021, 0x0057, 0xc021, 0x0281};
    uint16_t kind = PICK(g, kinds);

    put(g, kind, one_in(g, 4) && kind < 0x100 ? 1 : 2);
    l3(g, kind == 0x0021 ? 0x0800 : kind == 0x0057 ? 0x86dd : 0, depth);
}

static void
ethernet(struct gen *g, uint16_t proto, unsigned int depth)
{
    put_random(g, 12);
    put(g, proto, 2);
    l3(g, proto, depth);
}

static void
gre(struct gen *g, unsigned int depth)
{
    static const uint16_t inner[] = {0x0800, 0x0800, 0x86dd, 0x86dd,
                                     0x6558, 0x8847, 0x880b, 0x1234};
    static const uint16_t flags[] = {0, 0, 0x8000, 0x2000, 0x1000, 0xb000, 0xa000, 0x4000, 0x0800};
    uint16_t proto = PICK(g, inner);
    uint16_t flag = PICK(g, flags);
    bool pptp = proto == 0x880b || one_in(g, 12);

    if (pptp) {
        proto = one_in(g, 8) ? proto : 0x880b;
        flag = (uint16_t) (0x2001 | (one_in(g, 2) ? 0x1000 : 0) | (one_in(g, 3) ? 0x80 : 0));
    } else if (one_in(g, 30)) {
        flag |= 2 + below(g, 6);
    }
    put(g, flag, 2);
    put(g, proto, 2);
    if (flag & 0x8000)
        put(g, draw(g), 4);
    if (flag & 0x2000)
        put(g, draw(g), 4);
    if (flag & 0x1000)
        put(g, draw(g), 4);
    if (flag & 0x80)
        put(g, draw(g), 4);
    if (pptp) {
        put(g, 0xff03, one_in(g, 2) ? 2 : 0);
        ppp(g, depth);
    } else if (proto == 0x6558) {
        ethernet(g, one_in(g, 2) ? 0x0800 : one_in(g, 3) ? 0x8100 : 0x86dd, depth);
    } else {
        l3(g, proto, depth);
    }
}

static void
udp(struct gen *g, unsigned int depth)
{
    static const uint16_t tunnels[] = {4789, 8472, 6081, 4754, 3544};
    uint16_t to = one_in(g, 8) ? PICK(g, tunnels) : (uint16_t) draw(g);

    put(g, draw(g), 2);
    put(g, to, 2);
    put(g, 100, 2);
    put(g, 0, 2);
    if (to == 4789 || to == 8472) {
        put(g, 0x08000000, 4);
        put(g, draw(g) << 8, 4);
        ethernet(g, 0x0800, depth ? depth - 1 : 0);
    } else {
        put_random(g, below(g, 24));
    }
}

static void
l4(struct gen *g, uint8_t proto, unsigned int depth)
{
    unsigned int deeper = depth ? depth - 1 : 0;

    if (proto == 1 || proto == 58) {
        icmp(g, depth);
    } else if (proto == 17) {
        udp(g, depth);
    } else if (proto == 47) {
        gre(g, deeper);
    } else if ((proto == 4 || proto == 41) && depth) {
        l3(g, proto == 4 ? 0x0800 : 0x86dd, deeper);
    } else if (proto == 137) {
        l3(g, 0x8847, deeper);
    } else if (proto == 51) {
        uint8_t next = some_protocol(g);

        put(g, next, 1);
        put(g, 4, 1);
        put(g, 0, 2);
        put_random(g, 20);
        if (deeper)
            l4(g, next, deeper);
    } else {
        put_random(g, 20 + below(g, 20));
    }
}

static void
arp(struct gen *g)
{
    put(g, one_in(g, 10) ? draw(g) : 1, 2);
    put(g, 0x0800, 2);
    put(g, 6, 1);
    put(g, 4, 1);
    put(g, one_in(g, 10) ? draw(g) : 1 + below(g, 2), 2);
    put_random(g, 20);
}

static void
mpls(struct gen *g, unsigned int depth)
{
    unsigned int labels = 1 + below(g, 4);

    for (unsigned int i = 0; i < labels; i++) {
        uint32_t label = one_in(g, 4) ? 7 : draw(g) & 0xfffff;

        put(g, label << 12 | (i + 1 == labels ? 0x100 : 0) | 64, 4);
    }
    l3(g, one_in(g, 2) ? 0x0800 : 0x86dd, depth);
}

static void
l3(struct gen *g, uint16_t proto, unsigned int depth)
{
    static const uint16_t inner[] = {0x0800, 0x0800, 0x86dd, 0x8100,
                                     0x88a8, 0x0806, 0x8864, 0x8847};

    switch (proto) {
    case 0x0800:
        ipv4_of(g, some_protocol(g), depth);
        break;
    case 0x86dd:
        ipv6_of(g, some_protocol(g), depth);
        break;
    case 0x8100:
    case 0x88a8: {
        uint16_t next = depth ? PICK(g, inner) : 0x0800;

        put(g, draw(g), 2);
        put(g, next, 2);
        l3(g, next, depth ? depth - 1 : 0);
        break;
    }
    case 0x8864:
        put(g, one_in(g, 20) ? draw(g) : 0x1100, 2);
        put(g, draw(g), 2);
        put(g, 100, 2);
        ppp(g, depth ? depth - 1 : 0);
        break;
    case 0x8847:
    case 0x8848:
        mpls(g, depth ? depth - 1 : 0);
        break;
    case 0x0806:
    case 0x8035:
        arp(g);
        break;
    case 0x4305: { /* batman-adv */
        put(g, one_in(g, 4) ? draw(g) : 0x400f, 2);
        put_random(g, 8);
        ethernet(g, 0x0800, depth ? depth - 1 : 0);
        break;
    }
    case 0x892f: /* HSR */
    case 0x88fb: /* PRP */
        put_random(g, 4);
        put(g, 0x0800, 2);
        l3(g, 0x0800, depth ? depth - 1 : 0);
        break;
    case 0x88ca: /* TIPC; probes (these two bits set) the kernel spreads by chance */
        put(g, draw(g) & ~0x08080000u, 4);
        put_random(g, 42);
        break;
    default:
        put_random(g, 46);
        break;
    }
}

struct kind {
    const char *name;
    unsigned int weight;
    uint16_t proto;
};

static const struct kind kinds[] = {
    {"IPv4", 28, 0x0800},   {"IPv6", 28, 0x86dd},  {"VLAN", 9, 0x8100}, {"QinQ", 5, 0x88a8},
    {"MPLS", 3, 0x8847},    {"PPPoE", 4, 0x8864},  {"ARP", 3, 0x0806},  {"RARP", 1, 0x8035},
    {"TIPC", 2, 0x88ca},    {"FCoE", 1, 0x8906},   {"PTP", 1, 0x88f7},  {"HSR", 2, 0x892f},
    {"PRP", 1, 0x88fb},     {"batman", 2, 0x4305}, {"LLC", 2, 0x0040},  {"garbage", 4, 0},
    {"MPLS mc", 1, 0x8848}, {"LLDP", 1, 0x88cc},   {"LACP", 1, 0x8809}, {"PPPoE disc", 1, 0x8863},
};

static const struct kind *
some_kind(struct gen *g)
{
    unsigned int sum = 0, at;

    for (unsigned int i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        sum += kinds[i].weight;
    at = below(g, sum);
    for (unsigned int i = 0;; i++) {
        if (at < kinds[i].weight)
            return &kinds[i];
        at -= kinds[i].weight;
    }
}

/* No device takes a tag beside MPLS: the stack would write it into the frame before. */
static bool
is_mpls(const struct parity_frame *f)
{
    unsigned int at = 12;

    while (at + 6 <= f->len && ((f->data[at] == 0x81 && f->data[at + 1] == 0x00) ||
                                (f->data[at] == 0x88 && f->data[at + 1] == 0xa8)))
        at += 4;
    return f->data[at] == 0x88 && (f->data[at + 1] == 0x47 || f->data[at + 1] == 0x48);
}

static void
tag_beside(struct gen *g)
{
    const struct parity_vlan *v = &PICK(g, parity_vlan);

    g->f->tag_proto = v->proto;
    g->f->tag_tci = (uint16_t) (v->priority << 13 | v->vid);
}

static void
random_frame(struct gen *g)
{
    const struct kind *kind = some_kind(g);
    struct parity_frame *f = g->f;

    f->kind = kind->name;
    put_random(g, 12);
    put(g, kind->proto ? kind->proto : 0x0600 + below(g, 0xfa00), 2);
    l3(g, (uint16_t) (f->data[12] << 8 | f->data[13]), 1 + below(g, 4));
    if (one_in(g, 5))
        f->len = (uint16_t) (14 + below(g, f->len - 13u));
    if (one_in(g, 5) && !is_mpls(f))
        tag_beside(g);
}

static void
begin(struct gen *g, const char *kind, uint16_t proto)
{
    g->f->kind = kind;
    put_random(g, 12);
    put(g, proto, 2);
}

static void
ipv4_header(struct gen *g, uint8_t proto)
{
    put(g, 0x450000c8, 4);
    put(g, draw(g) & 0xffff0000, 4);
    put(g, 64, 1);
    put(g, proto, 1);
    put(g, 0, 2);
    put_random(g, 8);
}

/* The driver takes what is beside a tag for the first tag in the frame, also where a tunnel begins
 * before that. */
static void
tag_in_tunnel(struct gen *g)
{
    begin(g, "tag in a tunnel", 0x0800);
    ipv4_header(g, 47);
    put(g, 0x00006558, 4);
    ethernet(g, one_in(g, 3) ? 0x88a8 : 0x8100, 1);
    if (!one_in(g, 4))
        tag_beside(g);
}

static void
gre_version(struct gen *g)
{
    const bool pptp = !one_in(g, 4);

    begin(g, "GRE version", 0x0800);
    ipv4_header(g, 47);
    put(g, 0x2000 | (one_in(g, 3) ? 0x1000 : 0) | below(g, 8), 2);
    put(g, pptp ? 0x880b : 0x0800, 2);
    put(g, draw(g), 4);
    if (g->f->data[34] & 0x10)
        put(g, draw(g), 4);
    if (pptp)
        put(g, 0x0021, 2);
    ipv4_header(g, 17);
    put_random(g, 16);
}

/* Around the length that a header must have. */
static void
short_header(struct gen *g)
{
    static const struct {
        uint16_t proto;
        uint8_t len;
    } headers[] = {{0x8906, 38}, {0x8906, 38}, {0x88f7, 34}, {0x88fb, 6},  {0x892f, 6},
                   {0x88ca, 16}, {0x4305, 24}, {0x8864, 8},  {0x0800, 20}, {0x86dd, 40}};
    const unsigned int i = below(g, sizeof(headers) / sizeof(headers[0]));

    begin(g, "short header", headers[i].proto);
    if (headers[i].proto == 0x88ca)
        put(g, draw(g) & ~0x08080000u, 4);
    else if (headers[i].proto == 0x8864)
        put(g, 0x1100, 2);
    else if (headers[i].proto == 0x4305)
        put(g, 0x400f, 2);
    else if (headers[i].proto == 0x0800)
        put(g, 0x4500, 2);
    put_random(g, 60);
    g->f->len = (uint16_t) (14 + headers[i].len - 2 + below(g, 5));
}

/* Around the number of headers after which the driver looks no further. */
static void
many_headers(struct gen *g)
{
    const unsigned int n = 12 + below(g, 7);

    if (one_in(g, 2)) {
        begin(g, "many headers", 0x86dd);
        put(g, 0x60000000, 4);
        put(g, 160, 2);
        put(g, 60, 1);
        put(g, 64, 1);
        put_random(g, 32);
        for (unsigned int i = 0; i < n; i++) {
            put(g, i + 1 < n ? 60 : 17, 1);
            put(g, 0, 1);
            put_random(g, 6);
        }
    } else {
        begin(g, "many headers", 0x0800);
        for (unsigned int i = 0; i < n; i++)
            ipv4_header(g, i + 1 < n ? 4 : 17);
    }
    put_random(g, 8);
}

static void
directed_frame(struct gen *g, uint32_t n)
{
    static void (*const makers[])(struct gen *) = {tag_in_tunnel, gre_version, short_header,
                                                   many_headers};

    makers[n % (sizeof(makers) / sizeof(makers[0]))](g);
}

void
parity_frame(uint32_t index, struct parity_frame *f)
{
    struct gen g = {(index + 1) * 0x9e3779b97f4a7c15ull, f};

    memset(f, 0, sizeof(*f));
    draw(&g);
    if (index >= PARITY_RANDOM_FRAMES && index < PARITY_FRAMES)
        directed_frame(&g, index - PARITY_RANDOM_FRAMES);
    else
        random_frame(&g);
}

static uint16_t
number(const struct parity_frame *f, unsigned int at)
{
    return (uint16_t) (f->data[at] << 8 | f->data[at + 1]);
}

/* Behind all tags; where the frame ends within them, and behind more than seven, at 14. */
static uint16_t
network_header(const struct parity_frame *f)
{
    unsigned int at = 14;

    while (at <= 14 + 7 * 4 && (number(f, at - 2) == 0x8100 || number(f, at - 2) == 0x88a8)) {
        at += 4;
        if (at > f->len)
            return 14;
    }
    return at <= 14 + 7 * 4 ? (uint16_t) at : 14;
}

struct bond_frame
parity_view(const struct parity_frame *f)
{
    uint16_t proto = number(f, 12);

    return (struct bond_frame){.data = f->data,
                               .end = f->data + f->len,
                               .len = f->len,
                               .proto_be = BOND_BE16(proto),
                               .vlan_tci = f->tag_tci,
                               .tagged = f->tag_proto != 0,
                               .net = network_header(f)};
}

uint64_t
parity_frames_sum(uint32_t first, uint32_t n)
{
    uint64_t sum = 0xcbf29ce484222325ull; /* FNV-1a */
    struct parity_frame f;

    for (uint32_t i = 0; i < n; i++) {
        parity_frame(first + i, &f);
        sum = (sum ^ f.tag_proto) * 0x100000001b3ull;
        sum = (sum ^ f.tag_tci) * 0x100000001b3ull;
        for (unsigned int k = 0; k < f.len; k++)
            sum = (sum ^ f.data[k]) * 0x100000001b3ull;
    }
    return sum;
}

const char *
parity_dump(const struct parity_frame *f)
{
    static char text[PARITY_FRAME_MAX * 2 + 64];
    int n = snprintf(text, 64, "%s tag %04x/%04x ", f->kind, f->tag_proto, f->tag_tci);

    for (unsigned int i = 0; i < f->len; i++)
        n += snprintf(text + n, sizeof(text) - (size_t) n, "%02x", f->data[i]);
    return text;
}
