/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lacp_pdu.c - slow protocol frames: bytes to fields and back. Decides what a frame is, never what
 * follows from it. IEEE 802.1AX-2014, 6.4.2.3 (LACPDU), 6.5.3.3 (Marker).
 */
#include <string.h>

#include "core/lacp.h"

#define ETH_LEN 14
#define SUBTYPE_LACP 1
#define SUBTYPE_MARKER 2
#define TLV_MARKER 1
#define TLV_MARKER_RESPONSE 2

/* Offsets in the frame. */
#define AT_SUBTYPE ETH_LEN
#define AT_VERSION (ETH_LEN + 1)
#define AT_TLV (ETH_LEN + 2) /* the first one */
#define AT_ACTOR (ETH_LEN + 2)
#define AT_PARTNER (ETH_LEN + 22)
#define AT_COLLECTOR (ETH_LEN + 42)
#define INFO_LEN 20
#define COLLECTOR_LEN 16

static const uint8_t slow_group[BOND_MAC_LEN] = {0x01, 0x80, 0xc2, 0x00, 0x00, 0x02};

static uint16_t
get16(const uint8_t *p)
{
    return (uint16_t) (p[0] << 8 | p[1]);
}

static void
put16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t) (v >> 8);
    p[1] = (uint8_t) v;
}

static void
get_info(const uint8_t *tlv, struct bond_lacp_info *info)
{
    *info = (struct bond_lacp_info){
        .system_prio = get16(tlv + 2),
        .key = get16(tlv + 10),
        .port_prio = get16(tlv + 12),
        .port = get16(tlv + 14),
        .state = tlv[16],
    };
    memcpy(info->system, tlv + 4, BOND_MAC_LEN);
}

static void
put_info(uint8_t *tlv, uint8_t type, const struct bond_lacp_info *info)
{
    tlv[0] = type;
    tlv[1] = INFO_LEN;
    put16(tlv + 2, info->system_prio);
    memcpy(tlv + 4, info->system, BOND_MAC_LEN);
    put16(tlv + 10, info->key);
    put16(tlv + 12, info->port_prio);
    put16(tlv + 14, info->port);
    tlv[16] = info->state;
}

static enum bond_slow_kind
marker_kind(uint8_t tlv)
{
    if (tlv == TLV_MARKER)
        return BOND_SLOW_MARKER;
    return tlv == TLV_MARKER_RESPONSE ? BOND_SLOW_MARKER_RESPONSE : BOND_SLOW_MARKER_UNKNOWN;
}

enum bond_slow_kind
bond_slow_parse(const uint8_t *frame, size_t len, struct bond_lacpdu *pdu)
{
    if (len < ETH_LEN || memcmp(frame, slow_group, BOND_MAC_LEN) != 0 || frame[12] != 0x88 ||
        frame[13] != 0x09)
        return BOND_SLOW_NONE;
    if (len < BOND_SLOW_FRAME_LEN)
        return BOND_SLOW_ILLEGAL;
    if (frame[AT_SUBTYPE] == SUBTYPE_MARKER)
        return marker_kind(frame[AT_TLV]);
    if (frame[AT_SUBTYPE] != SUBTYPE_LACP)
        return BOND_SLOW_UNKNOWN;
    get_info(frame + AT_ACTOR, &pdu->actor);
    get_info(frame + AT_PARTNER, &pdu->partner);
    return BOND_SLOW_LACPDU;
}

static void
put_header(uint8_t *frame, const uint8_t source[BOND_MAC_LEN])
{
    memcpy(frame, slow_group, BOND_MAC_LEN);
    memcpy(frame + BOND_MAC_LEN, source, BOND_MAC_LEN);
    put16(frame + 12, 0x8809);
}

void
bond_lacpdu_build(uint8_t *frame, const uint8_t source[BOND_MAC_LEN], const struct bond_lacpdu *pdu)
{
    memset(frame, 0, BOND_SLOW_FRAME_LEN);
    put_header(frame, source);
    frame[AT_SUBTYPE] = SUBTYPE_LACP;
    frame[AT_VERSION] = 1;
    put_info(frame + AT_ACTOR, 1, &pdu->actor);
    put_info(frame + AT_PARTNER, 2, &pdu->partner);
    frame[AT_COLLECTOR] = 3;
    frame[AT_COLLECTOR + 1] = COLLECTOR_LEN; /* CollectorMaxDelay 0; a terminator of zeros */
}

void
bond_marker_answer(uint8_t *frame, const uint8_t source[BOND_MAC_LEN], const uint8_t *asked)
{
    memcpy(frame, asked, BOND_SLOW_FRAME_LEN);
    put_header(frame, source);
    frame[AT_TLV] = TLV_MARKER_RESPONSE;
}
