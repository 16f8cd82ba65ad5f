/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * table.h - the published table: all that the packet path knows.
 *
 * The decision core builds one of these (bond_table_build), the datapath publishes it, the
 * packet path (select.h, compiled natively and to BPF) reads it. Fixed-width integers only:
 * this is a map value. Change its layout, change BOND_TABLE_VERSION.
 */
#ifndef BOND_TABLE_H
#define BOND_TABLE_H

#ifndef __bpf__
#include <stdint.h>
#endif

#include "limits.h"

#define BOND_TABLE_VERSION 1u

/* flags */
#define BOND_TABLE_F_VIA_PEER 1u /* send through the hidden peer: captures and counters on the
                                  * bond's own device see every frame (set by the daemon) */

/* What happens to a frame that comes in on a port. */
#define BOND_RX_DROP 0u   /* not a port of this bond, or an inactive one */
#define BOND_RX_ACCEPT 1u /* enters the bond */
#define BOND_RX_DRAIN 2u  /* leaving while another port is active: what is under way to one receiver
                           * enters; broadcast and multicast come in at the active port too, and
                           * our own announcements come back here, flooded by the switch */

struct bond_table_port { /* by slot: 0..BOND_MAX_PORTS-1 */
    uint32_t ifindex;    /* 0: slot free */
    uint16_t queue_id;   /* 0: none. kernel: bond_slave_override() */
    uint8_t rx;          /* BOND_RX_* */
    uint8_t can_tx;      /* up and link up: a queue_id may choose it */
};

struct bond_table {
    uint32_t gen; /* set by the publisher: generation, see datapath/bpf.h */
    uint32_t bond_ifindex;
    uint32_t flags;
    uint32_t mode;        /* enum bond_mode */
    uint32_t xmit_policy; /* enum bond_xmit_policy */
    uint32_t packets_per_slave;
    uint32_t n_ports; /* slots 0..n_ports-1 may be in use */
    uint32_t n_tx;    /* entries of tx[] in use; 0: nothing can be sent */
    uint32_t igmp_slot; /* balance-rr: where IGMP leaves (kernel: curr_active_slave, else first);
                         * BOND_MAX_PORTS: none */
    uint32_t has_queue_ids; /* some port has queue_id != 0 */
    /* Slots to choose from, by index. active-backup: one entry. balance-xor, broadcast: the
     * usable ports. balance-rr: one entry for each port of the bond in order, an unusable one
     * replaced by the next usable (kernel: bond_get_slave_by_id). */
    uint8_t tx[BOND_MAX_PORTS];
    struct bond_table_port port[BOND_MAX_PORTS];
};

/* One per port slot, plus one (BOND_MAX_PORTS) for the bond: per-CPU in the packet path. */
struct bond_counters {
    uint64_t rx_packets, rx_bytes;
    uint64_t tx_packets, tx_bytes;
    uint64_t rx_dropped; /* came in on an inactive port */
    uint64_t tx_dropped; /* no port to send by */
};

#endif
