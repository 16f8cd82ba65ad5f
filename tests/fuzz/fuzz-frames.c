/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz-frames.c - any bytes as an ARP or ND frame. What is taken for one has the form of one, says
 * what its bytes say, and is nothing any more when a byte of it is missing.
 */
#include "fuzz.h"

#include "core/parse.h"

#define ARP_LEN 42
#define ND_LEN 78

static void
check_arp(const uint8_t *data, const struct bond_arp *arp)
{
    struct bond_arp cut;

    MUST(data[12] == 8 && data[13] == 6 && data[18] == 6 && data[19] == 4, "no ARP for IPv4");
    MUST(arp->op == (data[20] << 8 | data[21]), "operation %u", arp->op);
    MUST(!memcmp(arp->sender_mac, data + 22, 6) && !memcmp(&arp->sender_be, data + 28, 4) &&
             !memcmp(&arp->target_be, data + 38, 4),
         "other addresses than in the frame");
    MUST(!bond_arp_parse(data, ARP_LEN - 1, &cut), "a byte is missing and it is still ARP");
}

static void
check_nd(const uint8_t *data, const struct bond_nd *nd)
{
    struct bond_nd cut;

    MUST(data[12] == 0x86 && data[13] == 0xdd && data[20] == 58 && data[21] == 255, "no ND");
    MUST(nd->type == BOND_ND_SOLICIT || nd->type == BOND_ND_ADVERT, "type %u", nd->type);
    MUST(!memcmp(nd->source, data + 22, 16) && !memcmp(nd->destination, data + 38, 16) &&
             !memcmp(nd->target, data + 62, 16),
         "other addresses than in the frame");
    MUST(!bond_nd_parse(data, ND_LEN - 1, &cut), "a byte is missing and it is still ND");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1); /* so that the sanitizer sees the first byte past it */
    struct bond_arp arp;
    struct bond_nd nd;
    bool is_arp, is_nd;

    memcpy(copy, data, size);
    is_arp = bond_arp_parse(copy, size, &arp);
    is_nd = bond_nd_parse(copy, size, &nd);
    MUST(!is_arp || !is_nd, "both at once");
    if (is_arp)
        check_arp(copy, &arp);
    if (is_nd)
        check_nd(copy, &nd);
    free(copy);
    return 0;
}
