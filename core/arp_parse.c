/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* arp_parse.c - the bytes of an ARP message. Judges its form, not who may say it. */
#include <string.h>

#include "core/parse.h"

enum { /* from the Ethernet header on */
       OFF_TYPE = 12,
       OFF_HARDWARE = 14,
       OFF_PROTOCOL = 16,
       OFF_LENGTHS = 18,
       OFF_OP = 20,
       OFF_SENDER_MAC = 22,
       OFF_SENDER = 28,
       OFF_TARGET = 38,
       ARP_END = 42,
};

static unsigned
get16(const uint8_t *p)
{
    return (unsigned) p[0] << 8 | p[1];
}

bool
bond_arp_parse(const uint8_t *data, size_t len, struct bond_arp *out)
{
    if (len < ARP_END || get16(data + OFF_TYPE) != 0x0806)
        return false;
    if (get16(data + OFF_HARDWARE) != 1 || get16(data + OFF_PROTOCOL) != 0x0800 ||
        data[OFF_LENGTHS] != BOND_MAC_LEN || data[OFF_LENGTHS + 1] != 4)
        return false;
    out->op = (uint16_t) get16(data + OFF_OP);
    memcpy(out->sender_mac, data + OFF_SENDER_MAC, BOND_MAC_LEN);
    memcpy(&out->sender_be, data + OFF_SENDER, sizeof(out->sender_be));
    memcpy(&out->target_be, data + OFF_TARGET, sizeof(out->target_be));
    return true;
}
