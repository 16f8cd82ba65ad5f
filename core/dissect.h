/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dissect.h - the flow that a frame belongs to, as layer2+3 and layer3+4 see it: the outermost IP
 * header, and the ports right behind it. encap.h looks deeper.
 *
 * Kernel: bond_flow_dissect(). Compiled natively and to BPF.
 */
#ifndef BOND_DISSECT_H
#define BOND_DISSECT_H

#include "frame.h"

#define BOND_IP4_HLEN 20u
#define BOND_IP6_HLEN 40u
#define BOND_ICMP_HLEN 8u
#define BOND_ETH_IP 0x0800u
#define BOND_ETH_IPV6 0x86ddu
#define BOND_IP_MF_OR_OFFSET 0x3fffu
#define BOND_IP4_PLAIN 0x45u /* the first byte of a header without options */

#define BOND_IPPROTO_ICMP 1u
#define BOND_IPPROTO_TCP 6u
#define BOND_IPPROTO_UDP 17u
#define BOND_IPPROTO_DCCP 33u
#define BOND_IPPROTO_ESP 50u
#define BOND_IPPROTO_AH 51u
#define BOND_IPPROTO_ICMPV6 58u
#define BOND_IPPROTO_SCTP 132u
#define BOND_IPPROTO_UDPLITE 136u

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define BOND_ICMP_WORD(type, code, id)                                                             \
    ((uint32_t) (type) | (uint32_t) (code) << 8 | (uint32_t) (id) << 16)
#else
#define BOND_ICMP_WORD(type, code, id)                                                             \
    ((uint32_t) (type) << 24 | (uint32_t) (code) << 16 | (uint32_t) (id))
#endif

/* No policy looks further: two IPv4 headers with all options, one of ICMP, and ports behind AH's
 * first word. */
#define BOND_REACH (BOND_ETH_HLEN + 60 + BOND_ICMP_HLEN + 60 + 8)

/* What the policies use of it. */
struct bond_flow {
    uint32_t addrs; /* source ^ destination, each folded to 32 bits */
    uint32_t l4;    /* ports, SPI, or ICMP type, code and identifier; 0: none */
};

/* Membership in a small set of numbers, without a branch for each. */
static BOND_INLINE bool
bond_in_set(uint64_t set, uint32_t n)
{
    return n < 64 && (set >> n & 1);
}

#define BOND_BIT(n) (1ull << (n))

/* Protocols that begin with four bytes that tell flows apart; behind AH they come after its first
 * four. Kernel: proto_ports_offset(). */
static BOND_INLINE bool
bond_has_ports(uint32_t ip_proto)
{
    return ip_proto == BOND_IPPROTO_TCP || ip_proto == BOND_IPPROTO_UDP ||
           bond_in_set(BOND_BIT(BOND_IPPROTO_DCCP) | BOND_BIT(BOND_IPPROTO_ESP) |
                           BOND_BIT(BOND_IPPROTO_AH),
                       ip_proto) ||
           ip_proto == BOND_IPPROTO_SCTP || ip_proto == BOND_IPPROTO_UDPLITE;
}

static BOND_INLINE uint32_t
bond_ip6_addrs(const uint8_t *ip)
{
    return bond_load32(ip + 8) ^ bond_load32(ip + 12) ^ bond_load32(ip + 16) ^
           bond_load32(ip + 20) ^ bond_load32(ip + 24) ^ bond_load32(ip + 28) ^
           bond_load32(ip + 32) ^ bond_load32(ip + 36);
}

/* One IP header at *off: addresses, then *off behind it and its protocol in *ip_proto (left alone
 * for an IPv4 fragment), and with l34 the ports. IPv6 extension headers are not walked: neither
 * does the driver. False: no such header. */
static BOND_INLINE bool
bond_dissect_ip(struct bond_frame *f, uint32_t *off, uint32_t *ip_proto, bool l34,
                struct bond_flow *flow)
{
    const uint8_t *ip;

    if (f->proto_be == BOND_BE16(BOND_ETH_IP)) {
        ip = bond_frame_at(f, *off, BOND_IP4_HLEN);
        if (!ip)
            return false;
        flow->addrs = bond_load32(ip + 12) ^ bond_load32(ip + 16);
        *off += (ip[0] & 0xfu) << 2;
        if ((((uint32_t) ip[6] << 8 | ip[7]) & BOND_IP_MF_OR_OFFSET) == 0)
            *ip_proto = ip[9];
    } else if (f->proto_be == BOND_BE16(BOND_ETH_IPV6)) {
        ip = bond_frame_at(f, *off, BOND_IP6_HLEN);
        if (!ip)
            return false;
        flow->addrs = bond_ip6_addrs(ip);
        *off += BOND_IP6_HLEN;
        *ip_proto = ip[6];
    } else {
        return false;
    }
    flow->l4 = 0;
    if (l34 && bond_has_ports(*ip_proto)) {
        uint32_t at = *ip_proto == BOND_IPPROTO_AH ? 4 : 0;
        const uint8_t *ports = bond_frame_at(f, *off + at, 4);

        if (ports)
            flow->l4 = bond_load32(ports);
    }
    return true;
}

/* bond_dissect() for the short way: of packets in which everything is where it usually is, so that
 * one look at where the frame ends is enough. Options, ICMP, AH and what is shorter set f->missing:
 * ask bond_dissect() then. */
static BOND_INLINE bool
bond_dissect_plain(struct bond_frame *f, bool l34, struct bond_flow *flow)
{
    const uint8_t *ip = f->data + BOND_ETH_HLEN, *ports;
    uint32_t ip_proto = UINT32_MAX;

    if (f->proto_be == BOND_BE16(BOND_ETH_IP)) {
        ports = ip + BOND_IP4_HLEN;
        if (ports + 4 > f->end || ip[0] != BOND_IP4_PLAIN) {
            f->missing = true;
            return false;
        }
        flow->addrs = bond_load32(ip + 12) ^ bond_load32(ip + 16);
        if (!(bond_load16(ip + 6) & BOND_BE16(BOND_IP_MF_OR_OFFSET)))
            ip_proto = ip[9];
    } else if (f->proto_be == BOND_BE16(BOND_ETH_IPV6)) {
        ports = ip + BOND_IP6_HLEN;
        if (ports + 4 > f->end) {
            f->missing = true;
            return false;
        }
        flow->addrs = bond_ip6_addrs(ip);
        ip_proto = ip[6];
    } else {
        return false;
    }
    flow->l4 = 0;
    if (l34 && bond_has_ports(ip_proto) && ip_proto != BOND_IPPROTO_AH)
        flow->l4 = bond_load32(ports);
    else if (ip_proto == BOND_IPPROTO_ICMP || ip_proto == BOND_IPPROTO_ICMPV6 ||
             ip_proto == BOND_IPPROTO_AH)
        f->missing = true;
    return true;
}

/* Kernel: icmp_has_id(); ICMP and ICMPv6 types in one list, as there. */
static BOND_INLINE bool
bond_icmp_has_id(uint32_t type)
{
    return bond_in_set(BOND_BIT(0) | BOND_BIT(8) | BOND_BIT(13) | BOND_BIT(14), type) ||
           (type & ~1u) == 128;
}

static BOND_INLINE bool
bond_icmp_is_error(uint32_t ip_proto, uint32_t type)
{
    uint64_t v4 = BOND_BIT(3) | BOND_BIT(4) | BOND_BIT(5) | BOND_BIT(11) | BOND_BIT(12);
    uint64_t v6 = BOND_BIT(1) | BOND_BIT(2) | BOND_BIT(3) | BOND_BIT(4);

    return bond_in_set(ip_proto == BOND_IPPROTO_ICMP ? v4 : v6, type);
}

/* Kernel: bond_flow_dissect(). An ICMP error belongs to the flow that it complains about: the
 * header inside it counts, and where that is cut off the frame has no flow. */
static BOND_INLINE bool
bond_dissect(struct bond_frame *f, bool l34, struct bond_flow *flow)
{
    uint32_t off = BOND_ETH_HLEN;
    uint32_t ip_proto = UINT32_MAX; /* none: a fragment */
    const uint8_t *icmp;

    if (!bond_dissect_ip(f, &off, &ip_proto, l34, flow))
        return false;
    if (ip_proto != BOND_IPPROTO_ICMP && ip_proto != BOND_IPPROTO_ICMPV6)
        return true;
    icmp = bond_frame_at(f, off, BOND_ICMP_HLEN);
    if (!icmp)
        return true;
    if (bond_icmp_is_error(ip_proto, icmp[0])) {
        off += BOND_ICMP_HLEN;
        return bond_dissect_ip(f, &off, &ip_proto, l34, flow);
    }
    if (bond_icmp_has_id(icmp[0])) {
        uint32_t id = (uint32_t) icmp[4] << 8 | icmp[5];

        flow->l4 = BOND_ICMP_WORD(icmp[0], icmp[1], id ? id : 1);
    }
    return true;
}

#endif
