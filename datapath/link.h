/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link.h - what we do to and know of network devices: rtnetlink, ethtool, sysctl.
 *
 * A struct dp_nl is one request socket, synchronous, of the network namespace it was opened in.
 * All functions return 0 or a negative errno unless said otherwise.
 */
#ifndef DP_LINK_H
#define DP_LINK_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/limits.h"

#define DP_PEER_PREFIX                                                                             \
    "nmbp" /* the hidden end of a bond's veth pair: nmbp0, nmbp1, ... The plugin                   \
            * tells our bonds from foreign veths by it */

struct dp_nl;

struct dp_link {
    int ifindex;
    char name[IFNAMSIZ];
    char kind[16];   /* IFLA_INFO_KIND: "veth", "bridge", "vlan"; "" for a NIC */
    uint16_t arphrd; /* ARPHRD_ETHER ... */
    uint32_t flags;  /* IFF_* */
    bool carrier;    /* IFF_LOWER_UP with IFF_UP, as the driver says. A new kernel also
                      * settles its link events before it answers dp_link_get(), so that
                      * frames pass at once */
    uint32_t carrier_changes; /* how often it came or went */
    uint32_t mtu;
    uint8_t mac[BOND_MAC_LEN], perm_mac[BOND_MAC_LEN];
    uint8_t mac_len;
    int master;           /* ifindex of the kernel's master, 0 */
    int lower;            /* IFLA_LINK (of a VLAN, macvlan; a veth's peer), 0 where it is in another
                           * network namespace */
    uint32_t promiscuity; /* IFLA_PROMISCUITY */
    uint16_t vlan_id, vlan_proto; /* kind vlan; ETH_P_8021Q or ETH_P_8021AD */
    char alias[256];              /* kernel: IFALIASZ */
};

int dp_nl_open(struct dp_nl **out); /* transfer full */
/* By a socket that somebody has opened and bound; transfer full of it, too. */
int dp_nl_adopt(struct dp_nl **out, int fd);
void dp_nl_close(struct dp_nl *nl);

int dp_link_get(struct dp_nl *nl, const char *name, struct dp_link *out); /* ENODEV */
int dp_link_get_index(struct dp_nl *nl, int ifindex, struct dp_link *out);
/* The device's number of that name as sysfs has it: a descriptor for it, or -errno (ENOENT); and what
 * it is now, which waits for nobody (ENODEV). */
int dp_link_carrier_open(const char *name);
int dp_link_carrier_changes(int fd, uint32_t *changes);
typedef void (*dp_link_cb)(const struct dp_link *link, void *data);
int dp_link_foreach(struct dp_nl *nl, dp_link_cb cb, void *data);

/* Creates veth `name` and its peer (DP_PEER_PREFIX%d): peer down (no carrier), without IPv6,
 * ARP, or multicast of its own. mac NULL: kernel's random one. */
int dp_link_create_pair(struct dp_nl *nl, const char *name, const uint8_t *mac, int *bond_ifindex,
                        int *peer_ifindex);
/* The other pair of a bond that receives by two peers (hidden.h): *peer_ifindex is what the bond has
 * for a peer from then on, DP_PEER_PREFIX-<ifindex of the bond>, up; its own peer is *inner_ifindex. */
int dp_link_create_side(struct dp_nl *nl, int bond_ifindex, int *peer_ifindex, int *inner_ifindex);
/* What the bond's device has for a peer, wherever the end of its pair is; ENODEV: it is no bond. */
int dp_link_peer_of(struct dp_nl *nl, const struct dp_link *bond);
/* The device of the bond that a link is such a peer of; 0: it is none. */
int dp_link_bond_of_side(const char *name);
/* The kernel gives it no link-local address, so that it has nothing to say by itself. For a device that
 * is out of reach of dp_sysctl6_set(), in another namespace. Where there is no IPv6 that fails. */
int dp_link_without_addresses(struct dp_nl *nl, int ifindex);
/* To the network namespace behind ns_fd, under that name. */
int dp_link_move(struct dp_nl *nl, int ifindex, int ns_fd, const char *name);
int dp_link_delete(struct dp_nl *nl, int ifindex);
/* Both devices of a bond, whichever is still there. (Where they are the two ends of one pair, one goes
 * with the other.) */
void dp_link_delete_bond(struct dp_nl *nl, int bond_ifindex, int peer_ifindex);
int dp_link_set_up(struct dp_nl *nl, int ifindex, bool up);
int dp_link_set_mtu(struct dp_nl *nl, int ifindex, uint32_t mtu);
/* Where the device refuses while up (EBUSY), it is taken down and up around the change. */
int dp_link_set_mac(struct dp_nl *nl, int ifindex, const uint8_t mac[BOND_MAC_LEN]);
int dp_link_set_flags(struct dp_nl *nl, int ifindex, uint32_t flags, uint32_t mask);
int dp_link_set_alias(struct dp_nl *nl, int ifindex, const char *alias); /* "" clears */
/* An extra unicast address in the device's filter (dev_uc_add, `bridge fdb add ... self`). */
int dp_link_uc_addr(struct dp_nl *nl, int ifindex, const uint8_t mac[BOND_MAC_LEN], bool add);

/* ethtool: speed BOND_SPEED_UNKNOWN / duplex BOND_DUPLEX_UNKNOWN where the device does not say. */
int dp_link_speed(int ifindex, int32_t *speed_mbps, uint8_t *duplex);
int dp_link_perm_mac(const char *name, uint8_t mac[BOND_MAC_LEN]);
/* The bond's offloads become what every port can do; GSO limits the least of theirs, and of
 * max_segs segments where that is not 0. */
int dp_link_sync_features(struct dp_nl *nl, int bond_ifindex, const int *port_ifindexes, unsigned n,
                          uint32_t max_segs);

/* /proc/sys/net/ipv6/conf/<name>/<key>; ENOENT where there is no IPv6. */
int dp_sysctl6_get(const char *name, const char *key, int *value);
int dp_sysctl6_set(const char *name, const char *key, int value);

#endif
