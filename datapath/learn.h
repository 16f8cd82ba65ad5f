/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * learn.h - learning packets: a frame from an address, sent by a port for no other purpose than
 * that every switch on its way learns where the address is now (balance-tlb, balance-alb).
 */
#ifndef DP_LEARN_H
#define DP_LEARN_H

#include "datapath/monitor.h"

/* By that port, from `mac`: untagged, and tagged for each VLAN on the bond, then from the VLAN's
 * address where it is not the bond's. With macvlans, from the addresses of macvlans on the bond or
 * on its VLANs as well. `fd` is of dp_packet_open_sender(). Returns how many left. */
unsigned dp_learn(int fd, const struct dp_monitor *m, int bond_ifindex, int port_ifindex,
                  const uint8_t mac[BOND_MAC_LEN], bool macvlans);

#endif
