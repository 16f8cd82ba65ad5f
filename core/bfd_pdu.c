/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bfd_pdu.c - the bytes of a BFD control packet (RFC 5880, 4.1) in UDP over IPv4. Judges its form
 * and that it comes from a neighbour (RFC 5881, 5), not which session it is for. Checksums are not
 * looked at: of a frame that never was on a wire they are not filled in.
 */
#include <string.h>

#include "core/bfd.h"

enum { /* from the Ethernet header on */
       OFF_TYPE = 12,
       OFF_IP = 14,
       IP_LEN = 20,
       UDP_LEN = 8,
       IP_TOTAL = OFF_IP + 2,
       IP_FRAGMENT = OFF_IP + 6,
       IP_TTL = OFF_IP + 8,
       IP_PROTOCOL = OFF_IP + 9,
       PROTOCOL_UDP = 17,
};

enum { /* of a control packet */
       OFF_VERSION = 0,
       OFF_STATE = 1,
       OFF_MULT = 2,
       OFF_LENGTH = 3,
       OFF_MY_DISC = 4,
       OFF_YOUR_DISC = 8,
       OFF_DESIRED_TX = 12,
       OFF_REQUIRED_RX = 16,
       VERSION = 1,
       BIT_POLL = 0x20,
       BIT_FINAL = 0x10,
       BIT_AUTH = 0x04,
       BIT_DEMAND = 0x02,
       BIT_MULTIPOINT = 0x01,
};

static unsigned
get16(const uint8_t *p)
{
    return (unsigned) p[0] << 8 | p[1];
}

static uint32_t
get32(const uint8_t *p)
{
    return (uint32_t) get16(p) << 16 | get16(p + 2);
}

static void
put32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t) (v >> (24 - 8 * i));
}

/* The UDP payload, or NULL. A datagram with IP options, or in fragments, is no BFD packet of ours.
 */
static const uint8_t *
udp_payload(const uint8_t *data, size_t len, uint16_t udp_port, size_t *payload_len)
{
    const uint8_t *udp = data + OFF_IP + IP_LEN;
    size_t total, udp_len;

    if (len < OFF_IP + IP_LEN + UDP_LEN || get16(data + OFF_TYPE) != 0x0800 ||
        data[OFF_IP] != 0x45 || data[IP_TTL] != 255 || data[IP_PROTOCOL] != PROTOCOL_UDP ||
        (get16(data + IP_FRAGMENT) & 0x3fff) != 0)
        return NULL;
    total = get16(data + IP_TOTAL);
    udp_len = get16(udp + 4);
    if (total > len - OFF_IP || total < IP_LEN + UDP_LEN || udp_len > total - IP_LEN ||
        udp_len < UDP_LEN || get16(udp + 2) != udp_port)
        return NULL;
    *payload_len = udp_len - UDP_LEN;
    return udp + UDP_LEN;
}

bool
bond_bfd_parse(const uint8_t *data, size_t len, uint16_t udp_port, struct bond_bfd_packet *out)
{
    size_t n = 0;
    const uint8_t *p = udp_payload(data, len, udp_port, &n);

    if (!p || n < BOND_BFD_LEN || p[OFF_VERSION] >> 5 != VERSION || p[OFF_LENGTH] < BOND_BFD_LEN ||
        p[OFF_LENGTH] > n || p[OFF_MULT] == 0 || (p[OFF_STATE] & (BIT_MULTIPOINT | BIT_AUTH)))
        return false;
    *out = (struct bond_bfd_packet){
        .state = p[OFF_STATE] >> 6,
        .diag = p[OFF_VERSION] & 0x1f,
        .detect_mult = p[OFF_MULT],
        .poll = p[OFF_STATE] & BIT_POLL,
        .final = p[OFF_STATE] & BIT_FINAL,
        .demand = p[OFF_STATE] & BIT_DEMAND,
        .my_disc = get32(p + OFF_MY_DISC),
        .your_disc = get32(p + OFF_YOUR_DISC),
        .desired_tx_us = get32(p + OFF_DESIRED_TX),
        .required_rx_us = get32(p + OFF_REQUIRED_RX),
    };
    return out->my_disc != 0 && (out->your_disc != 0 || out->state <= BOND_BFD_DOWN);
}

void
bond_bfd_build(uint8_t data[BOND_BFD_LEN], const struct bond_bfd_packet *p)
{
    memset(data, 0, BOND_BFD_LEN);
    data[OFF_VERSION] = (uint8_t) (VERSION << 5 | p->diag);
    data[OFF_STATE] = (uint8_t) (p->state << 6 | (p->poll ? BIT_POLL : 0) |
                                 (p->final ? BIT_FINAL : 0) | (p->demand ? BIT_DEMAND : 0));
    data[OFF_MULT] = p->detect_mult;
    data[OFF_LENGTH] = BOND_BFD_LEN;
    put32(data + OFF_MY_DISC, p->my_disc);
    put32(data + OFF_YOUR_DISC, p->your_disc);
    put32(data + OFF_DESIRED_TX, p->desired_tx_us);
    put32(data + OFF_REQUIRED_RX, p->required_rx_us);
}

const char *
bond_bfd_state_name(enum bond_bfd_state state)
{
    switch (state) {
    case BOND_BFD_ADMIN_DOWN:
        return "admin-down";
    case BOND_BFD_DOWN:
        return "down";
    case BOND_BFD_INIT:
        return "init";
    case BOND_BFD_UP:
        return "up";
    }
    return "unknown";
}
