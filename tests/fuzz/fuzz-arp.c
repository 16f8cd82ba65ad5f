/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz-arp.c - any bytes as ARP: the parser, the ARP monitor and the clients of balance-alb. What
 * is taken for ARP has the form of it, says what its bytes say, and is nothing any more when a byte
 * of it is missing.
 */
#include "monitored.h"

#define ARP_LEN 42

static void
check_arp(const uint8_t *data, size_t len)
{
    struct bond_arp arp, cut;

    if (!bond_arp_parse(data, len, &arp))
        return;
    MUST(len >= ARP_LEN, "%zu bytes", len);
    MUST(data[12] == 8 && data[13] == 6 && data[18] == 6 && data[19] == 4, "no ARP for IPv4");
    MUST(arp.op == (data[20] << 8 | data[21]), "operation %u", arp.op);
    MUST(!memcmp(arp.sender_mac, data + 22, 6) && !memcmp(&arp.sender_be, data + 28, 4) &&
             !memcmp(&arp.target_be, data + 38, 4),
         "other addresses than in the frame");
    MUST(!bond_arp_parse(data, ARP_LEN - 1, &cut), "a byte is missing and it is still ARP");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"mode", "arp_interval", "arp_ip_target", "arp_validate",
                                        "arp_all_targets"};
    static const char *const modes[] = {"balance-rr", "active-backup", "balance-xor", "broadcast"};
    static const char *const validate[] = {"none",   "active",        "backup",       "all",
                                           "filter", "filter_active", "filter_backup"};
    struct bytes in = {data, data + size};
    const uint8_t how = next_byte(&in);

    if (how & 0x80)
        start_monitored(1, names, (const char *const[]){"balance-alb"}, BOND_NSEC_PER_SEC);
    else
        start_monitored(5, names,
                        (const char *const[]){modes[how & 3], "100", "10.0.0.1,10.0.0.2",
                                              validate[(how >> 2 & 7) % 7],
                                              how & 0x20 ? "all" : "any"},
                        BOND_NSEC_PER_SEC);
    feed_frames(&in, check_arp, BOND_NSEC_PER_SEC);
    return 0;
}
