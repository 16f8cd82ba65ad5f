/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe.h - asks a target of the ARP/NS monitor, by one port.
 *
 * The question is a frame that leaves by the port itself, past the bond. What is in it, source
 * address and tags, is as if it had been sent on the bond or on the VLAN above that leads to the
 * target.
 */
#ifndef DP_PROBE_H
#define DP_PROBE_H

#include <netinet/in.h>

#include "datapath/link.h"
#include "datapath/monitor.h"

#define DP_PROBE_TAGS 4

struct dp_target {
    int family; /* AF_INET, AF_INET6 */
    union {
        struct in_addr v4;
        struct in6_addr v6;
    } addr;
};

struct dp_route {
    struct dp_target source; /* zero where the bond has no address for this */
    unsigned n_tags;
    struct {
        uint16_t proto, vlan_id;
    } tag[DP_PROBE_TAGS]; /* the innermost first */
};

/* kernel: bond_arp_send_all(), bond_verify_device_path(): by the route to the target, if it is a
 * neighbour on the bond or on a device above it. Otherwise from nobody, without a tag: it is still
 * a question that a target on this link answers. */
void dp_probe_route(struct dp_nl *nl, const struct dp_monitor *m, int bond_ifindex,
                    const struct dp_target *target, struct dp_route *out);
/* fd is of dp_packet_open_sender(). Returns 0 or a negative errno. */
int dp_probe_send(int fd, int port_ifindex, const uint8_t mac[BOND_MAC_LEN],
                  const struct dp_target *target, const struct dp_route *route);

/* kernel: bond_has_this_ip(): the bond, or a device above it, has the address. */
bool dp_above_has_address(const struct dp_monitor *m, int bond_ifindex,
                          const struct dp_target *addr);

#endif
