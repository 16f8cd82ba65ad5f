/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lacp.h - the state of 802.3ad: what a port and its aggregator know, and the frames they exchange.
 *
 * Names are the standard's (IEEE 802.1AX-2014, clause 6.4; numbers of clauses are given where a
 * machine is decided). One aggregator belongs to each port slot, as in the kernel; a port may be
 * attached to the aggregator of another slot. Times are deadlines; BOND_NEVER is never.
 *
 *   lacp_pdu.c       frames in and out
 *   lacp_rx.c        Receive machine          lacp_periodic.c  Periodic Transmission machine
 *   lacp_select.c    Selection Logic          lacp_mux.c       Mux machine
 *   lacp_churn.c     Churn Detection          lacp_tx.c        Transmit machine, marker responder
 *   lacp_key.c       keys, what options say   lacp.c           runs them, to a fixpoint
 *   lacp_use.c       which ports carry traffic, the carrier
 *   lacp_proc.c      the status text
 */
#ifndef BOND_LACP_H
#define BOND_LACP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limits.h"

/* Actor_State, Partner_State (6.4.2.3) */
#define BOND_LACP_ACTIVITY 0x01u
#define BOND_LACP_TIMEOUT 0x02u /* short */
#define BOND_LACP_AGGREGATION 0x04u
#define BOND_LACP_SYNC 0x08u
#define BOND_LACP_COLLECTING 0x10u
#define BOND_LACP_DISTRIBUTING 0x20u
#define BOND_LACP_DEFAULTED 0x40u
#define BOND_LACP_EXPIRED 0x80u

#define BOND_LACP_FAST_PERIODIC_NS (1 * BOND_NSEC_PER_SEC) /* 6.4.4 */
#define BOND_LACP_SLOW_PERIODIC_NS (30 * BOND_NSEC_PER_SEC)
#define BOND_LACP_SHORT_TIMEOUT_NS (3 * BOND_LACP_FAST_PERIODIC_NS)
#define BOND_LACP_LONG_TIMEOUT_NS (3 * BOND_LACP_SLOW_PERIODIC_NS)
#define BOND_LACP_AGGREGATE_WAIT_NS (2 * BOND_NSEC_PER_SEC)
#define BOND_LACP_CHURN_NS (60 * BOND_NSEC_PER_SEC)
#define BOND_LACP_JOIN_NS (100 * BOND_NSEC_PER_MSEC) /* ours: lacp_use.c */
#define BOND_LACP_MAX_TX 3u /* LACPDUs in any Fast_Periodic_Time (6.4.16) */
#define BOND_LACP_MAX_MARKERS                                                                      \
    5u /* answered in any second: slow protocols are at most ten frames a                          \
        * second (802.3, 57A.3) */

enum bond_ad_select {
    BOND_AD_STABLE = 0,
    BOND_AD_BANDWIDTH = 1,
    BOND_AD_COUNT = 2,
    BOND_AD_ACTOR_PORT_PRIO = 3,
};

#define BOND_LACP_NO_AGG BOND_MAX_PORTS /* of bond_lacp_port.agg: attached to none */
#define BOND_LACP_PORT_PRIO 255u        /* actor_port_prio where nobody says (kernel: 0xff) */

/* One end of a link, as an Actor or Partner Information TLV has it. */
struct bond_lacp_info {
    uint16_t system_prio;
    uint8_t system[BOND_MAC_LEN];
    uint16_t key;
    uint16_t port_prio;
    uint16_t port;
    uint8_t state;
    uint8_t no_hole; /* states are compared byte by byte */
};
_Static_assert(sizeof(struct bond_lacp_info) == 16, "a hole");

enum bond_lacp_rx { /* 6.4.12 */
                    BOND_LACP_RX_PORT_DISABLED,
                    BOND_LACP_RX_EXPIRED,
                    BOND_LACP_RX_LACP_DISABLED,
                    BOND_LACP_RX_DEFAULTED,
                    BOND_LACP_RX_CURRENT,
                    BOND_LACP_RX_N
};

enum bond_lacp_periodic { /* 6.4.13; PERIODIC_TX is passed through at once */
                          BOND_LACP_NO_PERIODIC,
                          BOND_LACP_FAST_PERIODIC,
                          BOND_LACP_SLOW_PERIODIC,
                          BOND_LACP_PERIODIC_N
};

enum bond_lacp_mux { /* 6.4.15. Coupled control ends in the last, independent in the two before */
                     BOND_LACP_MUX_DETACHED,
                     BOND_LACP_MUX_WAITING,
                     BOND_LACP_MUX_ATTACHED,
                     BOND_LACP_MUX_COLLECTING,
                     BOND_LACP_MUX_DISTRIBUTING,
                     BOND_LACP_MUX_COLLECTING_DISTRIBUTING,
                     BOND_LACP_MUX_N
};

enum bond_lacp_churn { /* 6.4.17; numbers as the kernel's */
                       BOND_LACP_CHURN_MONITOR,
                       BOND_LACP_CHURN,
                       BOND_LACP_NO_CHURN,
                       BOND_LACP_CHURN_N
};

/* Counted since the port came; as the kernel's (IFLA_STATS_LINK_8023AD). */
struct bond_lacp_stats {
    uint32_t lacpdu_rx, lacpdu_tx, lacpdu_unknown, lacpdu_illegal;
    uint32_t marker_rx, marker_tx, marker_response_rx, marker_unknown;
};

struct bond_lacp_port {
    uint16_t number;   /* Actor_Port_Number; 0: not taking part, and all else is zero */
    uint16_t key;      /* Actor_Oper_Port_Key */
    uint8_t state;     /* Actor_Oper_Port_State */
    uint8_t agg;       /* slot of the aggregator that it is attached to, or BOND_LACP_NO_AGG */
    bool port_enabled; /* the link is usable (or its downdelay runs) */
    bool lacp_enabled; /* full duplex */
    bool begin;        /* to be initialized */
    bool selected;     /* SELECTED; STANDBY does not exist here, as in the kernel */
    bool ready_n;      /* wait_while_timer has expired */
    bool matched;
    bool ntt;     /* need to transmit */
    bool churned; /* the churn monitors begin anew */
    bool sends;   /* distributes indeed, once the partner is ready for it (lacp_use.c) */
    bool looped;  /* hears its own system */
    uint8_t rx, periodic, mux;          /* enum bond_lacp_... */
    uint8_t churn_actor, churn_partner; /* enum bond_lacp_churn */
    struct bond_lacp_info partner;      /* Partner_Oper_... */
    uint32_t churn_actor_count, churn_partner_count;
    uint64_t current_while_ns, periodic_ns, wait_while_ns;
    uint64_t churn_actor_ns, churn_partner_ns;
    uint64_t join_ns;                 /* may distribute, and will from then on */
    uint64_t tx_ns[BOND_LACP_MAX_TX]; /* when the last ones left, the oldest first */
    uint64_t marker_since_ns;         /* the second in which marker_count were answered */
    uint32_t marker_count;
    struct bond_lacp_stats stats;
};

struct bond_lacp_agg {
    uint16_t id; /* Aggregator_Identifier */
    bool is_individual;
    uint8_t no_hole;
    uint16_t key;                         /* Actor_Oper_Aggregator_Key */
    uint8_t partner_system[BOND_MAC_LEN]; /* zero: nobody answers */
    uint16_t partner_system_prio;
    uint16_t partner_key;
};
_Static_assert(sizeof(struct bond_lacp_agg) == 16, "a hole");

struct bond_lacp {                /* of the bond */
    uint8_t system[BOND_MAC_LEN]; /* as it was when the first port came (kernel: ad_info.system) */
    uint16_t last_agg_id;
    int32_t active_agg; /* slot, or BOND_NO_PORT */
};

/* lacp_pdu.c ---------------------------------------------------------------------------------- */

#define BOND_SLOW_FRAME_LEN 124 /* header and 110 bytes: a LACPDU and a Marker PDU alike */

enum bond_slow_kind {
    BOND_SLOW_NONE, /* not for us: another protocol or receiver */
    BOND_SLOW_LACPDU,
    BOND_SLOW_MARKER, /* asks for an answer */
    BOND_SLOW_MARKER_RESPONSE,
    BOND_SLOW_MARKER_UNKNOWN,
    BOND_SLOW_UNKNOWN, /* another slow protocol (OAM, OSSP) */
    BOND_SLOW_ILLEGAL, /* too short */
};

struct bond_lacpdu {
    struct bond_lacp_info actor, partner; /* as the sender sees it: the actor is the other end */
};

/* Total: any bytes are fine. *pdu is set for a LACPDU only. Version, TLV types and reserved fields
 * are not looked at (6.4.2.3, note; as the kernel). */
enum bond_slow_kind bond_slow_parse(const uint8_t *frame, size_t len, struct bond_lacpdu *pdu);
/* frame[BOND_SLOW_FRAME_LEN], all of it written. `source`: the port's own address. */
void bond_lacpdu_build(uint8_t *frame, const uint8_t source[BOND_MAC_LEN],
                       const struct bond_lacpdu *pdu);
/* The answer to the Marker PDU `asked`, both [BOND_SLOW_FRAME_LEN]. */
void bond_marker_answer(uint8_t *frame, const uint8_t source[BOND_MAC_LEN], const uint8_t *asked);

const char *bond_lacp_rx_name(enum bond_lacp_rx state);   /* "current" */
const char *bond_lacp_mux_name(enum bond_lacp_mux state); /* "collecting-distributing" */
/* /proc: "monitoring", "churned", "none" */
const char *bond_lacp_churn_name(enum bond_lacp_churn state);

#endif
