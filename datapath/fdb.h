/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fdb.h - inside datapath/ only: what bridges have learned, and which VLANs a bridge's port is in.
 */
#ifndef DP_FDB_H
#define DP_FDB_H

#include "datapath/link.h"

struct dp_fdb_entry {
    uint8_t mac[BOND_MAC_LEN];
    uint16_t vlan_id; /* 0: none */
    int port;         /* ifindex of the bridge's port behind which the host is */
};

typedef void (*dp_fdb_cb)(const struct dp_fdb_entry *entry, void *data);

/* Hosts, learned or entered by hand; not the bridge's and its ports' own addresses. */
int dp_fdb_hosts(struct dp_nl *nl, int bridge_ifindex, dp_fdb_cb cb, void *data);
/* Unicast addresses that others want received on the device: its macvlans', wherever they live. */
int dp_fdb_unicast(struct dp_nl *nl, int ifindex, dp_fdb_cb cb, void *data);

struct dp_port_vlans {
    bool known;                         /* the bridge keeps VLANs for this port */
    uint8_t member[512], untagged[512]; /* bit per VLAN */
};

int dp_port_vlans(struct dp_nl *nl, int port_ifindex, struct dp_port_vlans *out);

#endif
