/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * encap.h - the flow that a frame belongs to, as encap2+3 and encap3+4 see it: through VLANs,
 * PPPoE, IPv6 extension headers and tunnels down to the innermost addresses and ports.
 *
 * Kernel: __skb_flow_dissect() in Linux 6.1, with the keys that the driver asks it for
 * (flow_keys_bonding), its oddities included: each is a sentence below. Compiled natively and to
 * BPF, where one header is one call of a pure function: the verifier looks at it once, for whatever
 * a frame may hold.
 *
 * One difference: probes of TIPC links leave by the port of their sender's other messages; the
 * kernel takes a port by chance.
 */
#ifndef BOND_ENCAP_H
#define BOND_ENCAP_H

#include "dissect.h"
#include "frame.h"

#define BOND_ETH_TEB 0x6558u /* Ethernet in GRE */
#define BOND_ETH_ARP 0x0806u
#define BOND_ETH_RARP 0x8035u
#define BOND_ETH_8021Q 0x8100u
#define BOND_ETH_8021AD 0x88a8u
#define BOND_ETH_MPLS_UC 0x8847u
#define BOND_ETH_MPLS_MC 0x8848u
#define BOND_ETH_PPP_SES 0x8864u
#define BOND_ETH_PPTP 0x880bu /* PPP in GRE */
#define BOND_ETH_TIPC 0x88cau
#define BOND_ETH_1588 0x88f7u
#define BOND_ETH_PRP 0x88fbu
#define BOND_ETH_FCOE 0x8906u
#define BOND_ETH_HSR 0x892fu
#define BOND_ETH_BATMAN 0x4305u

#define BOND_IPPROTO_HOPOPTS 0u
#define BOND_IPPROTO_IPIP 4u
#define BOND_IPPROTO_IPV6 41u
#define BOND_IPPROTO_ROUTING 43u
#define BOND_IPPROTO_FRAGMENT 44u
#define BOND_IPPROTO_GRE 47u
#define BOND_IPPROTO_DSTOPTS 60u
#define BOND_IPPROTO_MPLS 137u

#define BOND_PPP_IP 0x0021u
#define BOND_PPP_IPV6 0x0057u
#define BOND_PPP_MPLS_UC 0x0281u
#define BOND_PPP_MPLS_MC 0x0283u

#define BOND_GRE_CSUM 0x8000u
#define BOND_GRE_ROUTING 0x4000u
#define BOND_GRE_KEY 0x2000u
#define BOND_GRE_SEQ 0x1000u
#define BOND_GRE_ACK 0x0080u
#define BOND_GRE_VERSION 0x0007u

#define BOND_ENCAP_AGAIN 15u /* kernel: MAX_FLOW_DISSECT_HDRS */
/* A protocol beside IP, and what is inside IP, after each time; and the ports behind the last. */
#define BOND_ENCAP_STEPS 33

/* What a header says about going on. */
#define BOND_ENCAP_BAD 0u  /* the frame has no flow */
#define BOND_ENCAP_GOOD 1u /* all is known that can be */
#define BOND_ENCAP_ETH 2u  /* at off begins what `proto` says */
#define BOND_ENCAP_IP 3u   /* at off begins what `ip_proto` says */

#define BOND_HEADER_MAX 40u /* IPv6's is the longest */

struct bond_encap {
    uint32_t next;     /* BOND_ENCAP_* */
    uint32_t off;      /* of the next header in the frame */
    uint32_t proto;    /* Ethernet protocol, host order */
    uint32_t ip_proto; /* inside the last IP header */
    uint32_t again;    /* times that a header led on to another */
    uint32_t beside; /* what is beside an accelerated tag, host order; 0: no such tag, or passed */
    struct bond_flow flow;
    uint32_t have; /* bytes of the header at off, the rest is void: */
    union {
        uint32_t word[BOND_HEADER_MAX / 4]; /* addresses are hashed as they lie in memory */
        uint8_t byte[BOND_HEADER_MAX];
    } h;
};

static BOND_INLINE uint32_t
bond_encap_number(const struct bond_encap *e, uint32_t at)
{
    at &= 0x1f;
    BOND_OPAQUE(at);
    at &= 0x1f;
    return (uint32_t) e->h.byte[at] << 8 | e->h.byte[at + 1];
}

/* On to what `proto` says, n bytes further. */
static BOND_INLINE uint32_t
bond_encap_on(struct bond_encap *e, uint32_t n, uint32_t proto)
{
    e->off += n;
    e->proto = proto;
    e->again++;
    return BOND_ENCAP_ETH;
}

/* Before its first tag a frame with an accelerated one goes on at what is beside that, wherever the
 * first tag is: within a tunnel too. */
static BOND_INLINE uint32_t
bond_encap_vlan(struct bond_encap *e)
{
    uint32_t beside = e->beside;

    e->beside = 0;
    if (beside)
        return bond_encap_on(e, 0, beside);
    return e->have < 4 ? BOND_ENCAP_BAD : bond_encap_on(e, 4, bond_encap_number(e, 2));
}

static BOND_INLINE uint32_t
bond_encap_ip4(struct bond_encap *e)
{
    if (e->have < BOND_IP4_HLEN || (e->h.byte[0] & 0xfu) < 5)
        return BOND_ENCAP_BAD;
    e->off += (e->h.byte[0] & 0xfu) << 2;
    e->ip_proto = e->h.byte[9];
    e->flow.addrs = e->h.word[3] ^ e->h.word[4];
    return bond_encap_number(e, 6) & BOND_IP_MF_OR_OFFSET ? BOND_ENCAP_GOOD : BOND_ENCAP_IP;
}

static BOND_INLINE uint32_t
bond_encap_ip6(struct bond_encap *e)
{
    const uint32_t *w = e->h.word;

    if (e->have < BOND_IP6_HLEN)
        return BOND_ENCAP_BAD;
    e->off += BOND_IP6_HLEN;
    e->ip_proto = e->h.byte[6];
    e->flow.addrs = w[2] ^ w[3] ^ w[4] ^ w[5] ^ w[6] ^ w[7] ^ w[8] ^ w[9];
    return BOND_ENCAP_IP;
}

static BOND_INLINE uint32_t
bond_encap_pppoe(struct bond_encap *e)
{
    uint32_t inside = bond_encap_number(e, 6);

    /* version 1, type 1, code 0: session data */
    if (e->have < 8 || bond_encap_number(e, 0) != 0x1100)
        return BOND_ENCAP_BAD;
    switch (inside) {
    case BOND_PPP_IP:
        return bond_encap_on(e, 8, BOND_ETH_IP);
    case BOND_PPP_IPV6:
        return bond_encap_on(e, 8, BOND_ETH_IPV6);
    case BOND_PPP_MPLS_UC:
    case BOND_PPP_MPLS_MC:
        return bond_encap_on(e, 8, BOND_ETH_MPLS_UC);
    default: /* a number of PPP ends odd and begins even */
        return (inside & 0x0101) == 0x0001 ? BOND_ENCAP_GOOD : BOND_ENCAP_BAD;
    }
}

static BOND_INLINE uint32_t
bond_encap_tipc(struct bond_encap *e)
{
    if (e->have < 16)
        return BOND_ENCAP_BAD;
    e->flow.addrs = e->h.word[3]; /* the sender's node */
    return BOND_ENCAP_GOOD;
}

/* A unicast packet of version 15; Ethernet is inside. */
static BOND_INLINE uint32_t
bond_encap_batman(struct bond_encap *e)
{
    if (e->have < 24 || bond_encap_number(e, 0) != 0x400f)
        return BOND_ENCAP_BAD;
    return bond_encap_on(e, 24, bond_encap_number(e, 22));
}

/* Labels are not looked behind: neither does the kernel for the driver's keys. */
static BOND_INLINE uint32_t
bond_encap_eth(struct bond_encap *e)
{
    switch (e->proto) {
    case BOND_ETH_IP:
        return bond_encap_ip4(e);
    case BOND_ETH_IPV6:
        return bond_encap_ip6(e);
    case BOND_ETH_8021Q:
    case BOND_ETH_8021AD:
        return bond_encap_vlan(e);
    case BOND_ETH_PPP_SES:
        return bond_encap_pppoe(e);
    case BOND_ETH_TIPC:
        return bond_encap_tipc(e);
    case BOND_ETH_MPLS_UC:
    case BOND_ETH_MPLS_MC:
    case BOND_ETH_ARP:
    case BOND_ETH_RARP:
        return BOND_ENCAP_GOOD;
    case BOND_ETH_FCOE:
        return e->have < 38 ? BOND_ENCAP_BAD : BOND_ENCAP_GOOD;
    case BOND_ETH_1588:
        return e->have < 34 ? BOND_ENCAP_BAD : BOND_ENCAP_GOOD;
    case BOND_ETH_PRP:
    case BOND_ETH_HSR:
        return e->have < 6 ? BOND_ENCAP_BAD : bond_encap_on(e, 6, bond_encap_number(e, 4));
    case BOND_ETH_BATMAN:
        return bond_encap_batman(e);
    default:
        return BOND_ENCAP_BAD;
    }
}

/* PPP in GRE with anything but IP inside keeps a protocol that nobody knows: no flow. */
static BOND_INLINE uint32_t
bond_encap_pptp(struct bond_encap *e, uint32_t n)
{
    uint32_t inside = bond_encap_number(e, n + 2);

    if (e->have < n + 4)
        return BOND_ENCAP_BAD;
    return bond_encap_on(e, n + 4,
                         inside == BOND_PPP_IP     ? BOND_ETH_IP
                         : inside == BOND_PPP_IPV6 ? BOND_ETH_IPV6
                                                   : BOND_ETH_PPTP);
}

static BOND_INLINE uint32_t
bond_encap_gre(struct bond_encap *e)
{
    uint32_t flags = bond_encap_number(e, 0), proto = bond_encap_number(e, 2), n = 4;

    if (e->have < 4)
        return BOND_ENCAP_BAD;
    if (flags & BOND_GRE_ROUTING || (flags & BOND_GRE_VERSION) > 1)
        return BOND_ENCAP_GOOD;
    if (flags & BOND_GRE_VERSION && !(proto == BOND_ETH_PPTP && flags & BOND_GRE_KEY))
        return BOND_ENCAP_GOOD;
    n += flags & BOND_GRE_CSUM ? 4 : 0;
    n += flags & BOND_GRE_KEY ? 4 : 0;
    if (flags & BOND_GRE_KEY && e->have < n)
        return BOND_ENCAP_BAD;
    n += flags & BOND_GRE_SEQ ? 4 : 0;
    if (flags & BOND_GRE_VERSION)
        return bond_encap_pptp(e, n + (flags & BOND_GRE_ACK ? 4 : 0));
    if (proto != BOND_ETH_TEB)
        return bond_encap_on(e, n, proto);
    n += BOND_ETH_HLEN;
    return e->have < n ? BOND_ENCAP_BAD : bond_encap_on(e, n, bond_encap_number(e, n - 2));
}

/* IPv6: one hop-by-hop, routing or destination header. */
static BOND_INLINE uint32_t
bond_encap_extension(struct bond_encap *e)
{
    if (e->have < 2)
        return BOND_ENCAP_BAD;
    e->ip_proto = e->h.byte[0];
    e->off += (e->h.byte[1] + 1u) << 3;
    e->again++;
    return BOND_ENCAP_IP;
}

/* The id tells flows apart, not the type. An error is a flow of its own here: the packet that it
 * complains about does not count. */
static BOND_INLINE uint32_t
bond_encap_icmp(struct bond_encap *e)
{
    if (e->have >= BOND_ICMP_HLEN && bond_icmp_has_id(e->h.byte[0])) {
        uint32_t id = bond_encap_number(e, 4);

        e->flow.l4 = BOND_ICMP_WORD(e->h.byte[0], e->h.byte[1], id ? id : 1);
    }
    return BOND_ENCAP_GOOD;
}

static BOND_INLINE uint32_t
bond_encap_in_ip(struct bond_encap *e)
{
    switch (e->ip_proto) {
    case BOND_IPPROTO_GRE:
        return bond_encap_gre(e);
    case BOND_IPPROTO_HOPOPTS:
    case BOND_IPPROTO_ROUTING:
    case BOND_IPPROTO_DSTOPTS:
        return e->proto == BOND_ETH_IPV6 ? bond_encap_extension(e) : BOND_ENCAP_GOOD;
    case BOND_IPPROTO_FRAGMENT: /* the first one's ports do not count either */
        return e->proto == BOND_ETH_IPV6 && e->have < 8 ? BOND_ENCAP_BAD : BOND_ENCAP_GOOD;
    case BOND_IPPROTO_IPIP:
        return bond_encap_on(e, 0, BOND_ETH_IP);
    case BOND_IPPROTO_IPV6:
        return bond_encap_on(e, 0, BOND_ETH_IPV6);
    case BOND_IPPROTO_MPLS:
        return bond_encap_on(e, 0, BOND_ETH_MPLS_UC);
    case BOND_IPPROTO_ICMP:
    case BOND_IPPROTO_ICMPV6:
        return bond_encap_icmp(e);
    default:
        return BOND_ENCAP_GOOD;
    }
}

static BOND_INLINE uint32_t
bond_encap_ports(const struct bond_encap *e)
{
    if (!bond_has_ports(e->ip_proto))
        return 0;
    if (e->ip_proto == BOND_IPPROTO_AH)
        return e->have < 8 ? 0 : e->h.word[1];
    return e->have < 4 ? 0 : e->h.word[0];
}

/* One header: of what `proto` says, or of what is inside IP. */
BOND_SEARCH int
bond_encap_step(struct bond_encap *e)
{
    bool enough;

    if (!e)
        return 0;
    enough = e->again > BOND_ENCAP_AGAIN;
    if (e->next == BOND_ENCAP_ETH) {
        e->next = enough ? BOND_ENCAP_GOOD : bond_encap_eth(e);
    } else {
        e->flow.l4 = bond_encap_ports(e);
        e->next = enough ? BOND_ENCAP_GOOD : bond_encap_in_ip(e);
    }
    return 0;
}

/* Aside, so that what is left of the loop is one block: kernel 6.1 refuses a loop that is entered
 * by falling into it, and clang 14 puts pieces of this one before its beginning. (It returns
 * something because an address left over where a result would be is refused.) */
BOND_ASIDE bool
bond_encap_read(bond_source *s, struct bond_encap *e)
{
    uint32_t len = bond_source_len(s), more;

    e->have = 0;
    if (len <= e->off)
        return false;
    more = len - e->off - 1;
    if (more > BOND_HEADER_MAX - 1)
        more = BOND_HEADER_MAX - 1;
    BOND_OPAQUE(more); /* so that it stays visible that there is at least one */
    if (bond_source_bytes(s, e->off, &e->h, more + 1))
        e->have = more + 1;
    return e->have > 0;
}

/* 0: no flow. Then the hash is that of layer2. */
BOND_WITH_FRAME int
bond_dissect_encap(bond_source *s, struct bond_flow *flow)
{
    struct bond_encap e = {.next = BOND_ENCAP_ETH};
    uint32_t steps = 0;

    if (!flow)
        return 0;
    e.off = bond_source_net(s);
    e.proto = BOND_BE16(bond_source_proto_be(s));
    e.beside = bond_source_is_tagged(s) ? e.proto : 0;
    do {
        bond_encap_read(s, &e);
        bond_encap_step(&e);
    } while (e.next >= BOND_ENCAP_ETH && ++steps < BOND_ENCAP_STEPS);
    *flow = e.flow;
    return e.next != BOND_ENCAP_BAD;
}

#endif
