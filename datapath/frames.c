/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frames.c - the bytes of an announcement and of a probe: ARP, RARP, neighbour solicitations and
 * advertisements, IGMP and MLD reports, UDP.
 *
 * Pure functions; sends nothing and asks nobody.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <string.h>

#include "datapath/frames.h"

enum {
    ARP_REQUEST = 1,  /* RFC 826 */
    RARP_REQUEST = 3, /* RFC 903: "reverse request" */
    IGMP_V1_REPORT = 0x12,
    IGMP_V2_REPORT = 0x16,
    IGMP_V3_REPORT = 0x22,
    ND_SOLICIT = 135, /* RFC 4861 */
    ND_ADVERTISE = 136,
    ND_SOURCE_LINK_ADDRESS = 1,
    ND_TARGET_LINK_ADDRESS = 2,
    ND_ROUTER = 0x80, /* RFC 4861, 4.4 */
    ND_OVERRIDE = 0x20,
    MLD_V1_REPORT = 131,
    MLD_V2_REPORT = 143,
    MODE_IS_INCLUDE = 1, /* RFC 3376, 4.2.12 */
    MODE_IS_EXCLUDE = 2,
};

static const uint8_t broadcast[BOND_MAC_LEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

static void
put16(uint8_t *p, unsigned v)
{
    p[0] = (uint8_t) (v >> 8);
    p[1] = (uint8_t) v;
}

static uint8_t *
put_eth(uint8_t *buf, const uint8_t *dst, const uint8_t *src, uint16_t type)
{
    memcpy(buf, dst, BOND_MAC_LEN);
    memcpy(buf + BOND_MAC_LEN, src, BOND_MAC_LEN);
    put16(buf + 2 * BOND_MAC_LEN, type);
    return buf + ETH_HLEN;
}

/* `target`: the target's hardware address; NULL is unknown. */
static unsigned
put_arp(uint8_t *buf, uint16_t ethertype, uint16_t op, const uint8_t *mac, struct in_addr addr,
        const uint8_t *target)
{
    uint8_t *p;

    memset(buf, 0, DP_FRAME_MIN);
    p = put_eth(buf, broadcast, mac, ethertype);
    put16(p, 1); /* Ethernet */
    put16(p + 2, ETH_P_IP);
    p[4] = BOND_MAC_LEN;
    p[5] = sizeof(addr);
    put16(p + 6, op);
    memcpy(p + 8, mac, BOND_MAC_LEN);
    memcpy(p + 14, &addr, sizeof(addr));
    if (target)
        memcpy(p + 18, target, BOND_MAC_LEN);
    memcpy(p + 24, &addr, sizeof(addr));
    return DP_FRAME_MIN;
}

/* A request and no reply, as the kernel does (inetdev_send_gratuitous_arp()). */
unsigned
dp_frame_garp(uint8_t *buf, const uint8_t mac[BOND_MAC_LEN], struct in_addr addr)
{
    return put_arp(buf, ETH_P_ARP, ARP_REQUEST, mac, addr, NULL);
}

unsigned
dp_frame_arp_request(uint8_t *buf, const uint8_t mac[BOND_MAC_LEN], struct in_addr source,
                     struct in_addr target)
{
    unsigned len = put_arp(buf, ETH_P_ARP, ARP_REQUEST, mac, source, NULL);

    memcpy(buf + ETH_HLEN + 24, &target, sizeof(target));
    return len;
}

/* "Who has my address?" by someone who has none: switches learn the MAC, hosts ignore it. */
unsigned
dp_frame_rarp(uint8_t *buf, const uint8_t mac[BOND_MAC_LEN])
{
    return put_arp(buf, ETH_P_RARP, RARP_REQUEST, mac, (struct in_addr){0}, mac);
}

unsigned
dp_frame_push_tag(uint8_t *buf, unsigned len, uint16_t proto, uint16_t vlan_id)
{
    memmove(buf + 16, buf + 12, len - 12);
    put16(buf + 12, proto);
    put16(buf + 14, vlan_id);
    return len + 4;
}

unsigned
dp_frame_push_vlan(uint8_t *buf, unsigned len, uint16_t vlan_id)
{
    return dp_frame_push_tag(buf, len, ETH_P_8021Q, vlan_id);
}

static uint32_t
sum16(const void *data, unsigned len, uint32_t sum)
{
    const uint8_t *p = data;

    for (; len > 1; p += 2, len -= 2)
        sum += (uint32_t) p[0] << 8 | p[1];
    return len ? sum + ((uint32_t) p[0] << 8) : sum;
}

/* RFC 1071 */
static uint16_t
fold(uint32_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t) ~sum;
}

/* With the Router Alert option (RFC 2113), TTL 1 and precedence "internetwork control", as
 * RFC 3376, 4 asks for. Returns where the payload goes. */
static uint8_t *
put_ipv4(uint8_t *p, struct in_addr src, struct in_addr dst, unsigned payload_len)
{
    const unsigned header_len = 24;

    memset(p, 0, header_len);
    p[0] = 0x46;
    p[1] = 0xc0;
    put16(p + 2, header_len + payload_len);
    put16(p + 6, 0x4000); /* DF, as the kernel's reports */
    p[8] = 1;
    p[9] = IPPROTO_IGMP;
    memcpy(p + 12, &src, sizeof(src));
    memcpy(p + 16, &dst, sizeof(dst));
    p[20] = 0x94;
    p[21] = 4;
    put16(p + 10, fold(sum16(p, header_len, 0)));
    return p + header_len;
}

/* One group record (RFC 3376, 4.2.4; RFC 3810, 5.2.4): they differ in the addresses' size. */
static unsigned
put_record(uint8_t *p, const struct dp_frame_group *group, unsigned addr_len)
{
    p[0] = group->include ? MODE_IS_INCLUDE : MODE_IS_EXCLUDE;
    p[1] = 0;
    put16(p + 2, group->n_sources);
    memcpy(p + 4, &group->addr, addr_len);
    for (unsigned i = 0; i < group->n_sources; i++)
        memcpy(p + 4 + (i + 1) * addr_len, &group->source[i], addr_len);
    return 4 + (1 + group->n_sources) * addr_len;
}

static unsigned
pad(uint8_t *buf, unsigned len)
{
    if (len >= DP_FRAME_MIN)
        return len;
    memset(buf + len, 0, DP_FRAME_MIN - len);
    return DP_FRAME_MIN;
}

unsigned
dp_frame_igmp(uint8_t *buf, const uint8_t mac[BOND_MAC_LEN], struct in_addr src,
              const struct dp_frame_group *group, int version)
{
    uint8_t dst_mac[BOND_MAC_LEN] = {0x01, 0x00, 0x5e}, *igmp;
    const uint8_t *g = (const uint8_t *) &group->addr.v4;
    struct in_addr dst = group->addr.v4;
    unsigned len = 8;

    if (version >= 3) {
        inet_pton(AF_INET, "224.0.0.22", &dst);
        g = (const uint8_t *) &dst;
        len = 8 + 4 + 4 * (1 + group->n_sources);
    }
    dst_mac[3] = g[1] & 0x7f; /* RFC 1112, 6.4: the low 23 bits */
    dst_mac[4] = g[2];
    dst_mac[5] = g[3];
    igmp = put_ipv4(put_eth(buf, dst_mac, mac, ETH_P_IP), src, dst, len);
    memset(igmp, 0, 8);
    if (version >= 3) {
        igmp[0] = IGMP_V3_REPORT;
        put16(igmp + 6, 1);
        put_record(igmp + 8, group, sizeof(struct in_addr));
    } else {
        igmp[0] = version == 1 ? IGMP_V1_REPORT : IGMP_V2_REPORT;
        memcpy(igmp + 4, &group->addr.v4, sizeof(struct in_addr));
    }
    put16(igmp + 2, fold(sum16(igmp, len, 0)));
    return pad(buf, (unsigned) (igmp - buf) + len);
}

/* Hop limit 1 and the Router Alert option in a hop-by-hop header (RFC 3810, 5). */
static uint8_t *
put_ipv6(uint8_t *p, const struct in6_addr *src, const struct in6_addr *dst, unsigned payload_len)
{
    static const uint8_t hop_by_hop[8] = {IPPROTO_ICMPV6, 0, 5, 2, 0, 0, 1, 0};

    memset(p, 0, 40);
    p[0] = 0x60;
    put16(p + 4, sizeof(hop_by_hop) + payload_len);
    p[6] = IPPROTO_HOPOPTS;
    p[7] = 1;
    memcpy(p + 8, src, sizeof(*src));
    memcpy(p + 24, dst, sizeof(*dst));
    memcpy(p + 40, hop_by_hop, sizeof(hop_by_hop));
    return p + 40 + sizeof(hop_by_hop);
}

static uint16_t
icmp6_checksum(const struct in6_addr *src, const struct in6_addr *dst, const uint8_t *icmp,
               unsigned len)
{
    uint32_t sum = sum16(src, sizeof(*src), len + IPPROTO_ICMPV6);

    return fold(sum16(icmp, len, sum16(dst, sizeof(*dst), sum)));
}

unsigned
dp_frame_mld(uint8_t *buf, const uint8_t mac[BOND_MAC_LEN], const struct in6_addr *src,
             const struct dp_frame_group *group, int version)
{
    uint8_t dst_mac[BOND_MAC_LEN] = {0x33, 0x33}, *icmp;
    struct in6_addr dst = group->addr.v6;
    unsigned len = 8 + sizeof(dst);

    if (version >= 2) {
        inet_pton(AF_INET6, "ff02::16", &dst);
        len = 8 + 4 + (1 + group->n_sources) * (unsigned) sizeof(dst);
    }
    memcpy(dst_mac + 2, &dst.s6_addr[12], 4); /* RFC 2464, 7 */
    icmp = put_ipv6(put_eth(buf, dst_mac, mac, ETH_P_IPV6), src, &dst, len);
    memset(icmp, 0, 8);
    if (version >= 2) {
        icmp[0] = MLD_V2_REPORT;
        put16(icmp + 6, 1);
        put_record(icmp + 8, group, sizeof(struct in6_addr));
    } else {
        icmp[0] = MLD_V1_REPORT;
        memcpy(icmp + 8, &group->addr.v6, sizeof(struct in6_addr));
    }
    put16(icmp + 2, icmp6_checksum(src, &dst, icmp, len));
    return (unsigned) (icmp - buf) + len;
}

/* `option`: which link-layer address ours is; 0: none is told. */
static unsigned
put_nd(uint8_t *buf, const uint8_t mac[BOND_MAC_LEN], const struct in6_addr *source,
       const struct in6_addr *dst, uint8_t type, uint8_t flags, const struct in6_addr *target,
       uint8_t option)
{
    uint8_t dst_mac[BOND_MAC_LEN] = {0x33, 0x33}, *ip, *icmp;
    unsigned len = option ? 32 : 24;

    memcpy(dst_mac + 2, dst->s6_addr + 12, 4);
    memset(buf, 0, ETH_HLEN + 40 + 32);
    ip = put_eth(buf, dst_mac, mac, ETH_P_IPV6);
    ip[0] = 0x60;
    put16(ip + 4, len);
    ip[6] = IPPROTO_ICMPV6;
    ip[7] = 255;
    memcpy(ip + 8, source, sizeof(*source));
    memcpy(ip + 24, dst, sizeof(*dst));
    icmp = ip + 40;
    icmp[0] = type;
    icmp[4] = flags;
    memcpy(icmp + 8, target, sizeof(*target));
    if (option) {
        icmp[24] = option;
        icmp[25] = 1; /* in eights of bytes */
        memcpy(icmp + 26, mac, BOND_MAC_LEN);
    }
    put16(icmp + 2, icmp6_checksum(source, dst, icmp, len));
    return ETH_HLEN + 40 + len;
}

/* Nobody's address has no link-layer address to tell (RFC 4861, 4.3). */
unsigned
dp_frame_ns(uint8_t *buf, const uint8_t mac[BOND_MAC_LEN], const struct in6_addr *source,
            const struct in6_addr *target)
{
    struct in6_addr dst = {.s6_addr = {0xff, 0x02, [11] = 0x01, [12] = 0xff}};

    memcpy(dst.s6_addr + 13, target->s6_addr + 13, 3); /* RFC 4291, 2.7.1 */
    return put_nd(buf, mac, source, &dst, ND_SOLICIT, 0, target,
                  IN6_IS_ADDR_UNSPECIFIED(source) ? 0 : ND_SOURCE_LINK_ADDRESS);
}

unsigned
dp_frame_na(uint8_t *buf, const uint8_t mac[BOND_MAC_LEN], const struct in6_addr *addr, bool router)
{
    static const struct in6_addr all_nodes = {.s6_addr = {0xff, 0x02, [15] = 0x01}};

    return put_nd(buf, mac, addr, &all_nodes, ND_ADVERTISE, ND_OVERRIDE | (router ? ND_ROUTER : 0),
                  addr, ND_TARGET_LINK_ADDRESS);
}

unsigned
dp_frame_udp(uint8_t *buf, const struct dp_frame_udp *udp, const uint8_t *payload, unsigned len)
{
    uint8_t *ip = put_eth(buf, udp->dest_mac, udp->source_mac, ETH_P_IP), *p = ip + 20;
    unsigned udp_len = 8 + len;
    uint16_t sum;

    memset(ip, 0, 28);
    ip[0] = 0x45;
    ip[1] = 0xc0;
    put16(ip + 2, 20 + udp_len);
    put16(ip + 6, 0x4000); /* DF */
    ip[8] = udp->ttl;
    ip[9] = IPPROTO_UDP;
    memcpy(ip + 12, &udp->source, sizeof(udp->source));
    memcpy(ip + 16, &udp->dest, sizeof(udp->dest));
    put16(ip + 10, fold(sum16(ip, 20, 0)));
    put16(p, udp->source_port);
    put16(p + 2, udp->dest_port);
    put16(p + 4, udp_len);
    memcpy(p + 8, payload, len);
    sum = fold(sum16(p, udp_len, sum16(ip + 12, 8, IPPROTO_UDP + udp_len)));
    put16(p + 6, sum ? sum : 0xffff); /* RFC 768: zero is "none" */
    return pad(buf, ETH_HLEN + 20 + udp_len);
}
