/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * announce_priv.h - inside datapath/ only: the announcer's socket, kept open for the moment
 * when every millisecond counts.
 */
#ifndef DP_ANNOUNCE_PRIV_H
#define DP_ANNOUNCE_PRIV_H

#include "datapath/announce.h"

struct dp_announcer {
    int packet_fd;
};

/* Up, Ethernet, and talks ARP: a device on which announcing makes sense. */
bool dp_can_announce(const struct dp_link *link);
/* As it is now, whatever the monitor's picture says. */
void dp_announcer_mac(const struct dp_announcer *a, const struct dp_link *link,
                      uint8_t mac[BOND_MAC_LEN]);
/* Never waits: a queue that is full is an error (-ENOBUFS, -EAGAIN). */
int dp_announcer_send(const struct dp_announcer *a, int ifindex, const uint8_t *frame,
                      unsigned len);

#endif
