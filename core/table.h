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

#define BOND_TABLE_VERSION 7u

/* flags */
#define BOND_TABLE_F_VIA_PEER                                                                      \
    1u                        /* send through the hidden peer: captures and counters on the        \
                               * bond's own device see every frame (set by the daemon) */
#define BOND_TABLE_F_STAMP 2u /* write down when a frame last came in on each port */
#define BOND_TABLE_F_RX_VIA_PEER                                                                   \
    4u /* what enters does so through the hidden peer: the bond's own device counts it */
#define BOND_TABLE_F_NEIGHBOURS                                                                    \
    8u /* 802.3ad: ARP, neighbour solicitations and advertisements leave by every port in use */
#define BOND_TABLE_F_ARRIVAL 16u /* balance-rr with rr_order=arrival (arrival.h) */

/* What happens to a frame that comes in on a port. */
#define BOND_RX_DROP 0u   /* not a port of this bond, or an inactive one */
#define BOND_RX_ACCEPT 1u /* enters the bond */
#define BOND_RX_UNICAST                                                                            \
    2u /* not the active port, but what is sent to one receiver enters (leaving,                   \
        * or balance-alb); broadcast and multicast come in at the active port                      \
        * too, and our own announcements come back here, flooded by the switch */

/* Addresses are numbers here: the first byte is the highest of 48 bits (bond_mac_number()). */
struct bond_table_port { /* by slot: 0..BOND_MAX_PORTS-1 */
    uint64_t mac;        /* balance-tlb, -alb: the address that it has; else 0 */
    uint64_t own_mac;    /* balance-tlb, -alb: the one it came with: addresses change places among
                          * ports, and frames are under way to where they were; else 0 */
    uint32_t ifindex;    /* 0: slot free */
    uint32_t speed_mbps; /* balance-tlb, -alb; 0: unknown */
    uint16_t queue_id;   /* 0: none. kernel: bond_slave_override() */
    uint8_t rx;          /* BOND_RX_* */
    uint8_t can_tx;      /* up and link up: a queue_id may choose it */
    uint32_t zero;
};

/* balance-alb: whom an ARP reply to a client is to name. Addresses as they lie in the frame. */
#define BOND_CLIENTS 256u /* kernel: RLB_HASH_TABLE_SIZE, the values of a byte */
struct bond_table_client {
    uint32_t host_ip, client_ip;
    uint32_t slot; /* BOND_MAX_PORTS: nobody */
};

/* balance-tlb, -alb with tlb_dynamic_lb: what the packet path remembers between frames, in a map
 * of its own. Entries and loads of another epoch than the table's count as not there: beginning
 * an epoch is all that has to be done to rebalance. */
#define BOND_TLB_ENTRIES 256u /* kernel: TLB_HASH_TABLE_SIZE */
struct bond_tlb_entry {
    uint64_t bytes; /* sent since it was assigned */
    uint32_t epoch; /* in which it was assigned; 0: never */
    uint32_t slot;
    uint32_t load; /* bytes a second, of the time before; kernel: load_history */
    uint32_t zero;
};
struct bond_tlb {
    struct bond_tlb_entry entry[BOND_TLB_ENTRIES];
    uint64_t unbalanced;           /* bytes that went by the active port because they have to */
    uint32_t epoch;                /* of load[] */
    uint32_t load[BOND_MAX_PORTS]; /* by slot: the sum over entries assigned in this epoch */
    uint32_t zero;
};

/* hash=resilient: flows fall into buckets, each of which has a port (buckets.h). So many that 31
 * ports still get shares within 3 %. What goes by each is counted in a map of its own. */
#define BOND_BUCKETS 1024u
struct bond_bucket_load {
    uint64_t bytes[BOND_BUCKETS];
};

/* How much of a frame the choice of its port needs: bond_tx_way(). */
#define BOND_WAY_LONG 0u /* all that bond_choose() looks at */
#define BOND_WAY_ONE 1u  /* nothing: every frame leaves by tx[0] */
#define BOND_WAY_HASH 2u /* its hash: it leaves by tx[hash % n_tx] */
#define BOND_WAY_TURN 3u /* whether it is IGMP: else it leaves by the next of tx[] */

/* rr_order=arrival: what the packet path remembers between frames, in a map of its own. Times are
 * CLOCK_MONOTONIC. */
#define BOND_ARRIVAL_FLOWS 256u
struct bond_arrivals {
    uint64_t free_ns[BOND_MAX_PORTS];     /* by slot: when it will have sent what it was given */
    uint64_t last_ns[BOND_ARRIVAL_FLOWS]; /* by hash: when what was sent arrives */
    uint32_t turn; /* the entry of tx[] behind the last one: first of equals */
    uint32_t zero;
};

struct bond_table {
    uint32_t gen; /* set by the publisher: generation, see datapath/bpf.h */
    uint32_t bond_ifindex;
    uint32_t flags;
    uint32_t mode;        /* enum bond_mode */
    uint32_t xmit_policy; /* enum bond_xmit_policy */
    uint32_t packets_per_slave;
    uint32_t n_ports;   /* slots 0..n_ports-1 may be in use */
    uint32_t n_tx;      /* entries of tx[] in use; 0: nothing can be sent */
    uint32_t igmp_slot; /* balance-rr: where IGMP leaves (kernel: curr_active_slave, else first);
                         * BOND_MAX_PORTS: none */
    uint32_t has_queue_ids; /* some port has queue_id != 0 */
    uint32_t active_slot;   /* balance-tlb, -alb: the active port; BOND_MAX_PORTS: none */
    uint32_t tlb_epoch;     /* tlb_dynamic_lb: the rebalancing in force; 0: by hash */
    uint64_t bond_mac;      /* balance-tlb, -alb; else 0 */
    uint32_t resilient;     /* hash=resilient: bucket[] is in use */
    uint32_t hash_seed;
    uint32_t tx_way;      /* set by the publisher: BOND_WAY_* */
    uint32_t patience_ns; /* BOND_TABLE_F_ARRIVAL: so much later a frame may arrive for not
                           * overtaking others */
    /* Slots to choose from, by index. active-backup: one entry; behind it, not counted in n_tx, the
     * ports that wait, the best first (standin.h). balance-xor, broadcast, -tlb,
     * -alb: the usable ports. balance-rr: one entry for each port of the bond in order, an unusable
     * one replaced by the next usable (kernel: bond_get_slave_by_id). */
    uint8_t tx[BOND_MAX_PORTS];
    /* For short ways, set by the publisher. */
    uint64_t tx_part;                 /* bond_part_of(n_tx) */
    uint64_t tx_port[BOND_MAX_PORTS]; /* as tx[]: slot << 32 | ifindex */
    struct bond_table_port port[BOND_MAX_PORTS];
    struct bond_table_client client[BOND_CLIENTS]; /* balance-alb: by bond_byte_hash() */
    uint8_t bucket[BOND_BUCKETS];                  /* slot, or BOND_MAX_PORTS */
    /* BOND_TABLE_F_ARRIVAL, by slot. At the end: nobody else comes by here. */
    uint32_t pace_ns[BOND_MAX_PORTS];  /* how long it sends 64 KiB */
    uint32_t delay_ns[BOND_MAX_PORTS]; /* how long its cable is */
};

/* One per port slot, plus one (BOND_MAX_PORTS) for the bond: per-CPU in the packet path. */
struct bond_counters {
    uint64_t rx_packets, rx_bytes;
    uint64_t tx_packets, tx_bytes;
    uint64_t rx_dropped; /* came in on an inactive port */
    uint64_t tx_dropped; /* no port to send by */
    uint64_t last_rx_ns; /* with BOND_TABLE_F_STAMP: CLOCK_MONOTONIC, any frame */
};

#endif
