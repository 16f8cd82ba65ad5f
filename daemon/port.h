/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * port.h - what is done to a device that is a port, and how it is undone.
 *
 * Everything is remembered twice: as it was found, and as we made it. Restoring touches only what
 * is still as we made it: whoever changed something meanwhile has the last word.
 */
#ifndef BONDD_PORT_H
#define BONDD_PORT_H

#include <glib.h>

#include "datapath/bpf.h"
#include "datapath/link.h"

#define BONDD_PORT_ALIAS_PREFIX "port of bond "

struct bondd_port {
    bool in_use;
    uint32_t id; /* number in its D-Bus path */
    int ifindex;
    char name[BOND_NAME_SIZE]; /* stays readable after the port has gone */

    /* as it was found */
    uint8_t orig_mac[BOND_MAC_LEN];
    uint32_t orig_mtu;
    uint32_t orig_flags;
    int orig_disable_ipv6; /* -1: there is no IPv6 */
    char orig_alias[sizeof((struct dp_link){0}.alias)];

    /* as we made it */
    bool mac_set;
    uint8_t set_mac[BOND_MAC_LEN];
    uint32_t set_mtu;   /* 0: not touched */
    uint32_t set_flags; /* IFF_UP, IFF_ALLMULTI, IFF_PROMISC that we turned on */
    bool ipv6_off, alias_set;
    bool claimed; /* leaves because somebody uses it: IPv6 is theirs */
    bool uc_set;  /* the bond's MAC is an extra unicast address */
    uint8_t uc[BOND_MAC_LEN];

    uint64_t since_turn; /* what the kernel told before may be older than what was read of it (of the
                          * device before it was a port; or of its carrier before a look) */
    char trouble[160]; /* a sentence for the bond's warnings, or "" */
};

/* Remembers the device as it is; touches nothing. */
void bondd_port_save(struct bondd_port *p, const struct dp_link *link);

/* Makes the device a port, its MAC apart (that is core's to say): receive before send. Idempotent,
 * so that a restarted bondd may call it again. On failure the caller restores. */
bool bondd_port_apply(struct bondd_port *p, struct dp_nl *nl, struct dp_bpf *bpf,
                      const char *bond_name, uint32_t mtu, bool promisc, GError **error);

/* Up, if it was not; apart from apply, because a port that its owner took down stays down. */
bool bondd_port_bring_up(struct bondd_port *p, struct dp_nl *nl, GError **error);

/* The device is as it was found. One that no longer exists is no error. `bpf` may be NULL. */
void bondd_port_restore(struct bondd_port *p, struct dp_nl *nl, struct dp_bpf *bpf);

int bondd_port_set_mac(struct bondd_port *p, struct dp_nl *nl, const uint8_t mac[BOND_MAC_LEN]);
int bondd_port_set_mtu(struct bondd_port *p, struct dp_nl *nl, uint32_t mtu);
int bondd_port_set_promisc(struct bondd_port *p, struct dp_nl *nl, bool on);

/* Frames for the bond's MAC are still taken although the port has its own back. */
void bondd_port_linger(struct bondd_port *p, struct dp_nl *nl, const uint8_t mac[BOND_MAC_LEN]);
void bondd_port_unlinger(struct bondd_port *p, struct dp_nl *nl);

#endif
