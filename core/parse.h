/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * parse.h - ARP and neighbour discovery as the monitor reads them.
 *
 * Total: any bytes of any length are either taken apart or refused. A parser judges form only;
 * whether the message proves anything is decided in arpmon_rx.c.
 */
#ifndef BOND_PARSE_H
#define BOND_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limits.h"

#define BOND_ARP_REQUEST 1u
#define BOND_ARP_REPLY 2u
#define BOND_ND_SOLICIT 135u
#define BOND_ND_ADVERT 136u

struct bond_arp { /* RFC 826, for IPv4 over Ethernet */
    uint16_t op;  /* as it came: BOND_ARP_REQUEST, BOND_ARP_REPLY or something else */
    uint8_t sender_mac[BOND_MAC_LEN];
    uint32_t sender_be, target_be;
};

struct bond_nd {  /* RFC 4861, 4.3 and 4.4 */
    uint8_t type; /* BOND_ND_* */
    uint8_t source[16], destination[16], target[16];
};

/* From the Ethernet header on, without a tag. False: it is something else, or cut short. */
bool bond_arp_parse(const uint8_t *data, size_t len, struct bond_arp *out);
bool bond_nd_parse(const uint8_t *data, size_t len, struct bond_nd *out);

#endif
