/* SPDX-License-Identifier: GPL-2.0-or-later */
/* events-frames.c - ARP and neighbour discovery in bytes, and who has which address. */
#include <arpa/inet.h>
#include <string.h>

#include "core/parse.h"
#include "tests/parity/events-far.h"

#define FRAME_LEN 60u

uint32_t
parity_ip(uint32_t net, uint32_t host)
{
    return htonl(0x0a090000u | net << 8 | host);
}

void
parity_ip6(uint32_t host, uint8_t ip[16])
{
    memset(ip, 0, 16);
    memcpy(ip, "\x20\x01\x0d\xb8", 4);
    ip[15] = (uint8_t) host;
}

uint32_t
parity_target_ip(const struct parity_script *s, uint32_t target)
{
    return parity_ip(s->target[target] == PARITY_IN_VLAN ? PARITY_VLAN : 0, 16 + target);
}

bool
parity_is_ours(uint32_t ip_be)
{
    return ip_be == parity_ip(0, 1) || ip_be == parity_ip(PARITY_VLAN, 1);
}

bool
parity_is_ours6(const uint8_t ip[16])
{
    uint8_t own[16];

    parity_ip6(1, own);
    return !memcmp(own, ip, 16);
}

/* In the tag's place or without one; returns where the payload goes. */
static uint32_t
header(uint8_t *frame, const uint8_t to[6], const uint8_t from[6], uint32_t vlan, uint16_t type)
{
    const uint16_t tag[2] = {htons(0x8100), htons((uint16_t) vlan)}, type_be = htons(type);
    const uint32_t at = vlan ? 16 : 12;

    memcpy(frame, to, 6);
    memcpy(frame + 6, from, 6);
    memcpy(frame + 12, tag, sizeof(tag));
    memcpy(frame + at, &type_be, 2);
    return at + 2;
}

uint32_t
parity_arp(uint8_t *frame, uint32_t op, const uint8_t from_mac[6], uint32_t from_be,
           const uint8_t to_mac[6], uint32_t to_be, uint32_t vlan)
{
    static const uint8_t fixed[6] = {0, 1, 8, 0, 6, 4};
    uint32_t at;

    memset(frame, 0, FRAME_LEN + 4);
    at = header(frame, to_mac, from_mac, vlan, 0x0806);
    memcpy(frame + at, fixed, 6);
    frame[at + 7] = (uint8_t) op;
    memcpy(frame + at + 8, from_mac, 6);
    memcpy(frame + at + 14, &from_be, 4);
    if (op == BOND_ARP_REPLY)
        memcpy(frame + at + 18, to_mac, 6);
    memcpy(frame + at + 24, &to_be, 4);
    return FRAME_LEN + (vlan ? 4 : 0);
}

/* Without a checksum: neither the driver nor core/ looks at it. */
uint32_t
parity_nd(uint8_t *frame, uint32_t type, const uint8_t from_mac[6], const uint8_t from[16],
          const uint8_t to_mac[6], const uint8_t to[16], const uint8_t about[16])
{
    const uint32_t len = 14 + 40 + 32;
    uint8_t *ip = frame + 14;

    memset(frame, 0, len);
    header(frame, to_mac, from_mac, 0, 0x86dd);
    ip[0] = 0x60;
    ip[5] = 32;
    ip[6] = 58;
    ip[7] = 255;
    memcpy(ip + 8, from, 16);
    memcpy(ip + 24, to, 16);
    ip[40] = (uint8_t) type;
    ip[44] = type == BOND_ND_ADVERT ? 0x60 : 0; /* solicited, override */
    memcpy(ip + 48, about, 16);
    ip[64] = type == BOND_ND_ADVERT ? 2 : 1; /* the sender's link-layer address */
    ip[65] = 1;
    memcpy(ip + 66, from_mac, 6);
    return len;
}

uint32_t
parity_question(const struct parity_script *s, uint32_t target, const uint8_t mac[6],
                uint8_t *frame)
{
    static const uint8_t all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    const uint32_t net = s->target[target] == PARITY_IN_VLAN ? PARITY_VLAN : 0;
    uint8_t own[16], about[16], group[16] = {0xff, 0x02, [11] = 1, [12] = 0xff};
    uint8_t group_mac[6] = {0x33, 0x33, 0xff};

    if (s->target[target] != PARITY_IN_IPV6)
        return parity_arp(frame, BOND_ARP_REQUEST, mac, parity_ip(net, 1), all,
                          parity_target_ip(s, target), net);
    parity_ip6(1, own);
    parity_ip6(16 + target, about);
    memcpy(group + 13, about + 13, 3);
    memcpy(group_mac + 3, about + 13, 3);
    return parity_nd(frame, BOND_ND_SOLICIT, mac, own, group_mac, group, about);
}
