/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * packet.h - frames that core wants to see on a port, and frames that core puts on the wire.
 *
 * A socket hears only what is asked for (a filter in the kernel sorts the rest out before
 * anything is copied), before the packet path takes it into the bond, and never what leaves.
 * Slow protocols alone cost the other traffic nothing, so one socket hears them on all devices;
 * ARP, ND and BFD make the kernel look at each frame that comes in on the port, so there it is a
 * socket a port. Closing one takes the kernel some 20 ms (until no CPU looks at it any more).
 */
#ifndef DP_PACKET_H
#define DP_PACKET_H

#include <stdint.h>

#include "core/bond.h"

#define DP_PACKET_SIZE 256 /* what is longer is cut: no LACPDU, ARP or ND message is */

struct dp_packet {
    int ifindex; /* where it came in */
    uint16_t len;
    uint16_t vlan_id;             /* of a tag that was taken off; 0: none */
    uint8_t data[DP_PACKET_SIZE]; /* from the Ethernet header on */
};

/* `what`: BOND_FRAMES_* (core/bond.h). ifindex 0: on all devices. Returns a non-blocking socket or
 * a negative errno. */
int dp_packet_open(int ifindex, uint32_t what);
/* Of a socket on all devices: whether this one is to take what goes to the group of the slow
 * protocols (others may do so anyway). */
int dp_packet_join(int fd, int ifindex, bool on);
/* Something else is asked for now. */
int dp_packet_set(int fd, int ifindex, uint32_t what);
/* Hears ARP frames from `mac` that come in on a device, and whatever else comes in there costs
 * nothing. What a tagged one had to say is heard, too. */
int dp_packet_open_echo(int ifindex, const uint8_t mac[BOND_MAC_LEN]);
/* 1: *out is a frame; 0: there is none at the moment; or a negative errno (-ENETDOWN once when the
 * device has gone down: the socket stays good). */
int dp_packet_receive(int fd, struct dp_packet *out);

/* One socket to send by all ports. Never waits. The frames are control traffic and go before the
 * rest where the port's queue knows priorities. */
int dp_packet_open_sender(void);
int dp_packet_send(int fd, int ifindex, const struct bond_frame_out *frame);

#endif
