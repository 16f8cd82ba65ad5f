/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz-nd.c - any bytes as neighbour discovery: the parser and the NS monitor. What is taken for a
 * solicitation or an advertisement has the form of one, says what its bytes say, and is nothing any
 * more when a byte of it is missing.
 */
#include "monitored.h"

#define ND_LEN 78

static void
check_nd(const uint8_t *data, size_t len)
{
    struct bond_nd nd, cut;
    struct bond_arp arp;

    if (!bond_nd_parse(data, len, &nd))
        return;
    MUST(len >= ND_LEN, "%zu bytes", len);
    MUST(data[12] == 0x86 && data[13] == 0xdd && data[20] == 58 && data[21] == 255, "no ND");
    MUST(nd.type == BOND_ND_SOLICIT || nd.type == BOND_ND_ADVERT, "type %u", nd.type);
    MUST(!memcmp(nd.source, data + 22, 16) && !memcmp(nd.destination, data + 38, 16) &&
             !memcmp(nd.target, data + 62, 16),
         "other addresses than in the frame");
    MUST(!bond_nd_parse(data, ND_LEN - 1, &cut), "a byte is missing and it is still ND");
    MUST(!bond_arp_parse(data, len, &arp), "both at once");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"mode", "arp_interval", "ns_ip6_target", "arp_validate",
                                        "arp_all_targets"};
    static const char *const modes[] = {"balance-rr", "active-backup", "balance-xor", "broadcast"};
    static const char *const validate[] = {"none",   "active",        "backup",       "all",
                                           "filter", "filter_active", "filter_backup"};
    struct bytes in = {data, data + size};
    const uint8_t how = next_byte(&in);

    start_monitored(5, names,
                    (const char *const[]){modes[how & 3], "100", "fd00::1,fd00::2",
                                          validate[(how >> 2 & 7) % 7], how & 0x20 ? "all" : "any"},
                    BOND_NSEC_PER_SEC);
    feed_frames(&in, check_nd, BOND_NSEC_PER_SEC);
    return 0;
}
