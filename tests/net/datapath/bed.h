/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bed.h - a bond whose every frame is heard on its peer, with a monitor and an announcer.
 *
 *   what a test puts above
 *           |
 *         bond0 <-> nmbp0     all that is sent on the bond is heard here
 */
#ifndef BED_H
#define BED_H

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <string.h>

#include "tests/net/datapath/lab.h"

#define QUIET_MS 30 /* how long nothing more may come */

struct bed {
    struct dp_nl *nl;
    struct dp_monitor *m;
    struct dp_announcer *a;
    struct dp_announced sent;
    int parts; /* in which the last bed_resend_igmp() was said */
    int bond, wire;
    uint8_t mac[6]; /* the bond's */
};

int bed_setup(void **state); /* *state: the struct bed. No IPv6 but where a test asks for it */
int bed_teardown(void **state);
#define BED_TEST(f) cmocka_unit_test_setup_teardown(f, bed_setup, bed_teardown)

void bed_settle(struct bed *b); /* the monitor has seen everything */
/* The monitor knows an IPv6 address of dev that is not tentative (even "nodad" takes the
 * kernel a moment). */
void bed_wait_usable(struct bed *b, const char *dev, const char *addr);
void bed_announce(struct bed *b); /* settles first */
int bed_announce_all(struct bed *b);
int bed_resend_igmp(struct bed *b);
void bed_expect_sent(const struct bed *b, unsigned arp, unsigned na, unsigned rarp);

/* The next frame of its kind on the wire is exactly this one. */
void bed_expect_garp(struct bed *b, const uint8_t mac[6], const char *addr);
void bed_expect_rarp(struct bed *b, const uint8_t mac[6]);
/* Addresses, hop limit, checksum, flags, target, the link-layer option. */
void bed_expect_na(struct bed *b, const uint8_t mac[6], const char *addr, uint8_t flags);
void bed_expect_quiet(struct bed *b); /* no ARP, no RARP */

#endif
