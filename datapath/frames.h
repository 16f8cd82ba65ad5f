/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frames.h - inside datapath/ only: the frames of announce.c and membership.c that announce.h
 * does not have. Pure: bytes in, bytes out. All return the frame's length.
 */
#ifndef DP_FRAMES_H
#define DP_FRAMES_H

#include "datapath/announce.h"

#define DP_FRAME_MIN 60         /* a frame on the wire has no less (64 with its checksum) */
#define DP_FRAME_ND 86          /* a neighbour solicitation or advertisement */
#define DP_FRAME_SIZE 1514      /* what a buffer for membership reports must hold */
#define DP_FRAME_SOURCES_MAX 80 /* in one report */

/* "Who has target?" from source (RFC 826; 0.0.0.0: nobody, RFC 5227). */
unsigned dp_frame_arp_request(uint8_t *buf, const uint8_t mac[BOND_MAC_LEN], struct in_addr source,
                              struct in_addr target);
/* A neighbour solicitation (RFC 4861, 4.3) to the target's solicited-node group. */
unsigned dp_frame_ns(uint8_t *buf, const uint8_t mac[BOND_MAC_LEN], const struct in6_addr *source,
                     const struct in6_addr *target);

/* An unsolicited neighbour advertisement (RFC 4861, 7.2.6) of our own address to all nodes. */
unsigned dp_frame_na(uint8_t *buf, const uint8_t mac[BOND_MAC_LEN], const struct in6_addr *addr,
                     bool router);

struct dp_frame_udp {
    const uint8_t *source_mac, *dest_mac; /* [BOND_MAC_LEN] */
    struct in_addr source, dest;
    uint16_t source_port, dest_port; /* host order */
    uint8_t ttl;
};
/* A datagram over IPv4, of network control precedence. */
unsigned dp_frame_udp(uint8_t *buf, const struct dp_frame_udp *udp, const uint8_t *payload,
                      unsigned len);

/* A tag of any kind; the last one put is the outermost. */
unsigned dp_frame_push_tag(uint8_t *buf, unsigned len, uint16_t proto, uint16_t vlan_id);
/* Puts an 802.1Q tag behind the addresses; buf has room for four bytes more. */
unsigned dp_frame_push_vlan(uint8_t *buf, unsigned len, uint16_t vlan_id);

/* A group and, in `include` mode, the sources that are wanted of it (otherwise all). */
struct dp_frame_group {
    union {
        struct in_addr v4;
        struct in6_addr v6;
    } addr;
    bool include;
    unsigned n_sources; /* <= DP_FRAME_SOURCES_MAX */
    union {
        struct in_addr v4;
        struct in6_addr v6;
    } source[DP_FRAME_SOURCES_MAX];
};

/* IGMPv3 (RFC 3376, 4.2) to 224.0.0.22, one record; version 1 and 2 to the group itself. */
unsigned dp_frame_igmp(uint8_t *buf, const uint8_t mac[BOND_MAC_LEN], struct in_addr src,
                       const struct dp_frame_group *group, int version);
/* MLDv2 (RFC 3810, 5.2) to ff02::16, one record; version 1 to the group itself. */
unsigned dp_frame_mld(uint8_t *buf, const uint8_t mac[BOND_MAC_LEN], const struct in6_addr *src,
                      const struct dp_frame_group *group, int version);

#endif
