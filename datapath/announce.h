/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * announce.h - tells the network where we are now.
 *
 * Gratuitous ARP and unsolicited NA for every address on the bond and on every device
 * above it (VLANs with their tags, bridges, macvlans), RARP for the bond's MAC where there is no
 * address, and RARP for each host that a bridge above the bond has learned on its other ports.
 * Frames are sent on the device that has the address, so they travel through the bond's own
 * packet path, after the new table is published.
 */
#ifndef DP_ANNOUNCE_H
#define DP_ANNOUNCE_H

#include "datapath/link.h"
#include "datapath/monitor.h"

struct dp_announcer;

int dp_announcer_open(struct dp_announcer **out);
void dp_announcer_close(struct dp_announcer *a);

struct dp_announced {
    unsigned arp, na, rarp; /* frames sent */
};

/* Once, for all, but only for DP_ANNOUNCE_DEVICES devices a call, so that nobody waits while 4,000
 * VLANs are spoken for. *from: 0 to begin with the bond; set to where to go on, by calling again,
 * or to 0: all is said. *sent (may be NULL) counts on. Returns 0, or the first error after having
 * tried everything. */
#define DP_ANNOUNCE_DEVICES 16
int dp_announce(struct dp_announcer *a, struct dp_nl *nl, const struct dp_monitor *m,
                int bond_ifindex, int *from, struct dp_announced *sent);

/* Which multicast groups the devices of this namespace are in. With thousands of devices reading it
 * takes the kernel a tenth of a second; any thread may. *out: transfer full, also with an error.
 */
struct dp_memberships;
int dp_memberships_read(struct dp_memberships **out);
void dp_memberships_free(struct dp_memberships *ms);
/* Membership reports for the groups joined on the bond and above (kernel: resend_igmp), in parts
 * like dp_announce(). */
int dp_resend_igmp(struct dp_announcer *a, const struct dp_monitor *m,
                   const struct dp_memberships *ms, int bond_ifindex, int *from);

/* frames.c: pure builders, tested alone. Return the length; buf holds >= 64 bytes. */
unsigned dp_frame_garp(uint8_t *buf, const uint8_t mac[BOND_MAC_LEN], struct in_addr addr);
unsigned dp_frame_rarp(uint8_t *buf, const uint8_t mac[BOND_MAC_LEN]);

#endif
