/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * encap.h - the flow that a frame belongs to, as encap2+3 and encap3+4 see it: through VLANs,
 * PPPoE, IPv6 extension headers and tunnels down to the innermost addresses and ports.
 *
 * Kernel: __skb_flow_dissect() in Linux 6.1, with the keys that the driver asks it for
 * (flow_keys_bonding), its oddities included: each is a sentence below. Compiled natively and to
 * BPF, where one header is one call: the verifier looks at it once, for any frame.
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

/* Kernel: MAX_FLOW_DISSECT_HDRS, and the first. */
#define BOND_ENCAP_PASSES 16

/* What a header says about going on. */
#define BOND_ENCAP_BAD 0u  /* the frame has no flow */
#define BOND_ENCAP_GOOD 1u /* all is known that can be */
#define BOND_ENCAP_ETH 2u  /* at off begins what `proto` says */
#define BOND_ENCAP_IP 3u   /* at off begins what `ip_proto` says */

struct bond_encap {
    uint32_t next;     /* BOND_ENCAP_* */
    uint32_t off;      /* of the next header in the frame */
    uint32_t proto;    /* Ethernet protocol, host order */
    uint32_t ip_proto; /* inside the last IP header */
    uint32_t vlan;     /* a tag was seen */
    struct bond_flow flow;
};

/* The bytes of one header, as words so that addresses are read as they lie in memory. */
union bond_header {
    uint32_t word[10];
    uint8_t byte[40];
};

static BOND_INLINE uint32_t
bond_header16(const union bond_header *h, uint32_t at)
{
    return (uint32_t) h->byte[at] << 8 | h->byte[at + 1];
}

/* Through a header of n bytes, to the protocol that its two bytes at `at` name. */
static BOND_INLINE uint32_t
bond_encap_through(bond_source *s, struct bond_encap *e, uint32_t n, uint32_t at)
{
    union bond_header h;

    if (!bond_source_bytes(s, e->off + at, &h, 2))
        return BOND_ENCAP_BAD;
    e->proto = bond_header16(&h, 0);
    e->off += n;
    return BOND_ENCAP_ETH;
}

/* Before its first tag a frame with an accelerated one goes on at what is beside that, wherever the
 * first tag is: within a tunnel too. */
static BOND_INLINE uint32_t
bond_encap_vlan(bond_source *s, struct bond_encap *e)
{
    if (!e->vlan && bond_source_is_tagged(s)) {
        e->vlan = 1;
        e->proto = BOND_BE16(bond_source_proto_be(s));
        return BOND_ENCAP_ETH;
    }
    e->vlan = 1;
    return bond_encap_through(s, e, 4, 2);
}

static BOND_INLINE uint32_t
bond_encap_ip4(bond_source *s, struct bond_encap *e)
{
    union bond_header h;

    if (!bond_source_bytes(s, e->off, &h, BOND_IP4_HLEN) || (h.byte[0] & 0xfu) < 5)
        return BOND_ENCAP_BAD;
    e->off += (h.byte[0] & 0xfu) << 2;
    e->ip_proto = h.byte[9];
    e->flow.addrs = h.word[3] ^ h.word[4];
    return bond_header16(&h, 6) & BOND_IP_MF_OR_OFFSET ? BOND_ENCAP_GOOD : BOND_ENCAP_IP;
}

static BOND_INLINE uint32_t
bond_encap_ip6(bond_source *s, struct bond_encap *e)
{
    union bond_header h;

    if (!bond_source_bytes(s, e->off, &h, BOND_IP6_HLEN))
        return BOND_ENCAP_BAD;
    e->off += BOND_IP6_HLEN;
    e->ip_proto = h.byte[6];
    e->flow.addrs = h.word[2] ^ h.word[3] ^ h.word[4] ^ h.word[5] ^ h.word[6] ^ h.word[7] ^
                    h.word[8] ^ h.word[9];
    return BOND_ENCAP_IP;
}

static BOND_INLINE uint32_t
bond_encap_pppoe(bond_source *s, struct bond_encap *e)
{
    union bond_header h;

    /* version 1, type 1, code 0: session data */
    if (!bond_source_bytes(s, e->off, &h, 8) || bond_header16(&h, 0) != 0x1100)
        return BOND_ENCAP_BAD;
    e->off += 8;
    switch (bond_header16(&h, 6)) {
    case BOND_PPP_IP:
        e->proto = BOND_ETH_IP;
        return BOND_ENCAP_ETH;
    case BOND_PPP_IPV6:
        e->proto = BOND_ETH_IPV6;
        return BOND_ENCAP_ETH;
    case BOND_PPP_MPLS_UC:
    case BOND_PPP_MPLS_MC:
        e->proto = BOND_ETH_MPLS_UC;
        return BOND_ENCAP_ETH;
    default: /* a number of PPP ends odd and begins even */
        return (bond_header16(&h, 6) & 0x0101) == 0x0001;
    }
}

static BOND_INLINE uint32_t
bond_encap_tipc(bond_source *s, struct bond_encap *e)
{
    union bond_header h;

    if (!bond_source_bytes(s, e->off, &h, 16))
        return BOND_ENCAP_BAD;
    e->flow.addrs = h.word[3]; /* the sender's node */
    return BOND_ENCAP_GOOD;
}

/* A unicast packet of version 15; Ethernet is inside. */
static BOND_INLINE uint32_t
bond_encap_batman(bond_source *s, struct bond_encap *e)
{
    union bond_header h;

    if (!bond_source_bytes(s, e->off, &h, 24) || bond_header16(&h, 0) != 0x400f)
        return BOND_ENCAP_BAD;
    e->off += 24;
    e->proto = bond_header16(&h, 22);
    return BOND_ENCAP_ETH;
}

/* Whether n bytes are there is all that matters. */
static BOND_INLINE uint32_t
bond_encap_long_enough(bond_source *s, struct bond_encap *e, uint32_t n)
{
    union bond_header h;

    return bond_source_bytes(s, e->off + n - 1, &h, 1) ? BOND_ENCAP_GOOD : BOND_ENCAP_BAD;
}

/* Labels are not looked behind: neither does the kernel for the driver's keys. */
static BOND_INLINE uint32_t
bond_encap_eth(bond_source *s, struct bond_encap *e)
{
    switch (e->proto) {
    case BOND_ETH_IP:
        return bond_encap_ip4(s, e);
    case BOND_ETH_IPV6:
        return bond_encap_ip6(s, e);
    case BOND_ETH_8021Q:
    case BOND_ETH_8021AD:
        return bond_encap_vlan(s, e);
    case BOND_ETH_PPP_SES:
        return bond_encap_pppoe(s, e);
    case BOND_ETH_TIPC:
        return bond_encap_tipc(s, e);
    case BOND_ETH_MPLS_UC:
    case BOND_ETH_MPLS_MC:
    case BOND_ETH_ARP:
    case BOND_ETH_RARP:
        return BOND_ENCAP_GOOD;
    case BOND_ETH_FCOE:
        return bond_encap_long_enough(s, e, 38);
    case BOND_ETH_1588:
        return bond_encap_long_enough(s, e, 34);
    case BOND_ETH_PRP:
    case BOND_ETH_HSR:
        return bond_encap_through(s, e, 6, 4);
    case BOND_ETH_BATMAN:
        return bond_encap_batman(s, e);
    default:
        return BOND_ENCAP_BAD;
    }
}

/* PPP in GRE with anything but IP inside keeps a protocol that nobody knows: no flow. */
static BOND_INLINE uint32_t
bond_encap_pptp(bond_source *s, struct bond_encap *e, uint32_t off)
{
    union bond_header h;

    if (!bond_source_bytes(s, off, &h, 4))
        return BOND_ENCAP_BAD;
    if (bond_header16(&h, 2) == BOND_PPP_IP)
        e->proto = BOND_ETH_IP;
    else if (bond_header16(&h, 2) == BOND_PPP_IPV6)
        e->proto = BOND_ETH_IPV6;
    e->off = off + 4;
    return BOND_ENCAP_ETH;
}

static BOND_INLINE uint32_t
bond_encap_gre(bond_source *s, struct bond_encap *e)
{
    uint32_t flags, off = e->off + 4;
    union bond_header h;

    if (!bond_source_bytes(s, e->off, &h, 4))
        return BOND_ENCAP_BAD;
    flags = bond_header16(&h, 0);
    if (flags & BOND_GRE_ROUTING || (flags & BOND_GRE_VERSION) > 1)
        return BOND_ENCAP_GOOD;
    e->proto = bond_header16(&h, 2);
    if (flags & BOND_GRE_VERSION && !(e->proto == BOND_ETH_PPTP && flags & BOND_GRE_KEY))
        return BOND_ENCAP_GOOD;
    off += flags & BOND_GRE_CSUM ? 4 : 0;
    if (flags & BOND_GRE_KEY) {
        if (!bond_source_bytes(s, off, &h, 4))
            return BOND_ENCAP_BAD;
        off += 4;
    }
    off += flags & BOND_GRE_SEQ ? 4 : 0;
    if (flags & BOND_GRE_VERSION)
        return bond_encap_pptp(s, e, off + (flags & BOND_GRE_ACK ? 4 : 0));
    e->off = off;
    return e->proto == BOND_ETH_TEB ? bond_encap_through(s, e, BOND_ETH_HLEN, 12) : BOND_ENCAP_ETH;
}

/* IPv6: one hop-by-hop, routing or destination header. */
static BOND_INLINE uint32_t
bond_encap_extension(bond_source *s, struct bond_encap *e)
{
    union bond_header h;

    if (!bond_source_bytes(s, e->off, &h, 2))
        return BOND_ENCAP_BAD;
    e->ip_proto = h.byte[0];
    e->off += (h.byte[1] + 1u) << 3;
    return BOND_ENCAP_IP;
}

/* The id tells flows apart, not the type. An error is a flow of its own here: the packet that it
 * complains about does not count. */
static BOND_INLINE uint32_t
bond_encap_icmp(bond_source *s, struct bond_encap *e)
{
    union bond_header h;

    if (bond_source_bytes(s, e->off, &h, BOND_ICMP_HLEN) && bond_icmp_has_id(h.byte[0])) {
        uint32_t id = bond_header16(&h, 4);

        e->flow.l4 = BOND_ICMP_WORD(h.byte[0], h.byte[1], id ? id : 1);
    }
    return BOND_ENCAP_GOOD;
}

/* Into a tunnel without a header of its own. */
static BOND_INLINE uint32_t
bond_encap_into(struct bond_encap *e, uint32_t proto)
{
    e->proto = proto;
    return BOND_ENCAP_ETH;
}

static BOND_INLINE uint32_t
bond_encap_in_ip(bond_source *s, struct bond_encap *e)
{
    switch (e->ip_proto) {
    case BOND_IPPROTO_GRE:
        return bond_encap_gre(s, e);
    case BOND_IPPROTO_HOPOPTS:
    case BOND_IPPROTO_ROUTING:
    case BOND_IPPROTO_DSTOPTS:
        return e->proto == BOND_ETH_IPV6 ? bond_encap_extension(s, e) : BOND_ENCAP_GOOD;
    case BOND_IPPROTO_FRAGMENT: /* the first one's ports do not count either */
        return e->proto == BOND_ETH_IPV6 ? bond_encap_long_enough(s, e, 8) : BOND_ENCAP_GOOD;
    case BOND_IPPROTO_IPIP:
        return bond_encap_into(e, BOND_ETH_IP);
    case BOND_IPPROTO_IPV6:
        return bond_encap_into(e, BOND_ETH_IPV6);
    case BOND_IPPROTO_MPLS:
        return bond_encap_into(e, BOND_ETH_MPLS_UC);
    case BOND_IPPROTO_ICMP:
    case BOND_IPPROTO_ICMPV6:
        return bond_encap_icmp(s, e);
    default:
        return BOND_ENCAP_GOOD;
    }
}

/* Where the ports are if this is the end; where it is not, the next header's are read again. */
static BOND_INLINE void
bond_encap_ports(bond_source *s, struct bond_encap *e)
{
    uint32_t at = e->off + (e->ip_proto == BOND_IPPROTO_AH ? 4 : 0);
    union bond_header h;

    if (bond_has_ports(e->ip_proto) && bond_source_bytes(s, at, &h, 4))
        e->flow.l4 = h.word[0];
}

/* The kernel counts a protocol beside IP and what is inside IP as one header. */
BOND_SEARCH int
bond_encap_pass(bond_source *s, struct bond_encap *e)
{
    if (!s || !e)
        return 0;
    e->flow.l4 = 0;
    if (e->next == BOND_ENCAP_ETH)
        e->next = bond_encap_eth(s, e);
    if (e->next == BOND_ENCAP_IP) {
        e->next = bond_encap_in_ip(s, e);
        bond_encap_ports(s, e);
    }
    return 0;
}

/* False: no flow. Then the hash is that of layer2. */
BOND_SEARCH int
bond_dissect_encap(bond_source *s, struct bond_flow *flow)
{
    struct bond_encap e = {.next = BOND_ENCAP_ETH};

    if (!s || !flow)
        return 0;
    e.off = bond_source_net(s);
    e.proto = BOND_BE16(bond_source_proto_be(s));
    for (uint32_t i = 0; i < BOND_ENCAP_PASSES && e.next >= BOND_ENCAP_ETH; i++)
        bond_encap_pass(s, &e);
    *flow = e.flow;
    return e.next != BOND_ENCAP_BAD;
}

#endif
