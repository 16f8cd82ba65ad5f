/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * nd_parse.c - the bytes of a neighbour solicitation or advertisement. Judges its form (RFC 4861,
 * 7.1), not who may say it. The checksum is not looked at: of a frame that never was on a wire
 * (two namespaces of one machine) it is not filled in.
 */
#include <string.h>

#include "core/parse.h"

enum { /* from the Ethernet header on */
       OFF_TYPE = 12,
       OFF_IP6 = 14,
       OFF_NEXT = OFF_IP6 + 6,
       OFF_HOPS = OFF_IP6 + 7,
       OFF_SOURCE = OFF_IP6 + 8,
       OFF_DESTINATION = OFF_IP6 + 24,
       OFF_ICMP6 = OFF_IP6 + 40,
       OFF_TARGET = OFF_ICMP6 + 8,
       ND_END = OFF_TARGET + 16,
       NEXT_ICMP6 = 58,
};

bool
bond_nd_parse(const uint8_t *data, size_t len, struct bond_nd *out)
{
    if (len < ND_END || data[OFF_TYPE] != 0x86 || data[OFF_TYPE + 1] != 0xdd)
        return false;
    if (data[OFF_IP6] >> 4 != 6 || data[OFF_NEXT] != NEXT_ICMP6 || data[OFF_HOPS] != 255)
        return false;
    if ((data[OFF_ICMP6] != BOND_ND_SOLICIT && data[OFF_ICMP6] != BOND_ND_ADVERT) ||
        data[OFF_ICMP6 + 1] != 0)
        return false;
    out->type = data[OFF_ICMP6];
    memcpy(out->source, data + OFF_SOURCE, sizeof(out->source));
    memcpy(out->destination, data + OFF_DESTINATION, sizeof(out->destination));
    memcpy(out->target, data + OFF_TARGET, sizeof(out->target));
    return true;
}
