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
    const struct dp_link **above;      /* [n_above], as dp_above_list() gave it */
    int n_above;                       /* what it returned; 0: nothing yet */
    const struct dp_monitor *above_of; /* whose picture that is */
    uint64_t above_shape;              /* and the shape it had */
    unsigned gathered;                 /* how often the list was made */
};

/* dp_above_list(), made anew only when devices have come or gone since: 4,000 VLANs are spoken for
 * in 250 parts. *out: borrowed until the next call. */
int dp_announcer_above(struct dp_announcer *a, const struct dp_monitor *m, int bond_ifindex,
                       const struct dp_link *const **out);

/* Up, Ethernet, and talks ARP: a device on which announcing makes sense. */
bool dp_can_announce(const struct dp_link *link);
/* As it is now, whatever the monitor's picture says. */
void dp_announcer_mac(const struct dp_announcer *a, const struct dp_link *link,
                      uint8_t mac[BOND_MAC_LEN]);
/* Never waits: a queue that is full is an error (-ENOBUFS, -EAGAIN). */
int dp_announcer_send(const struct dp_announcer *a, int ifindex, const uint8_t *frame,
                      unsigned len);

#endif
