/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bond.h - one bond's state, and the one function that moves it: bond_step().
 *
 * state + event + now -> new state + actions + next deadline. Same input, same output: no
 * clock, socket or allocation. bondd, the tests, the fuzzer and the simulator all drive this
 * function. Times are nanoseconds of one monotonic clock; BOND_NEVER is never.
 *
 * Ports live in slots. A slot's number is the port's identity in the packet table and in the
 * counters; the *order* of ports (what the kernel's slave list is) is by attach_seq.
 */
#ifndef BOND_BOND_H
#define BOND_BOND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bfd.h"
#include "lacp.h"
#include "limits.h"
#include "options.h"
#include "table.h"

#define BOND_NO_PORT (-1)
#define BOND_DRAIN_MS 300 /* bond_init() sets drain_ms to this; the owner may change it */
#define BOND_SPEED_UNKNOWN (-1)
#define BOND_DUPLEX_HALF 0
#define BOND_DUPLEX_FULL 1
#define BOND_DUPLEX_UNKNOWN 255

enum bond_link { /* kernel: BOND_LINK_* */
                 BOND_LINK_UP = 0,
                 BOND_LINK_FAIL = 1, /* has gone down, downdelay runs */
                 BOND_LINK_DOWN = 2,
                 BOND_LINK_BACK = 3, /* has come back, updelay runs */
};

/* A port's way through the bond. Leaving is in two steps (architecture.md, "Leaving a port"):
 *   MEMBER -> DRAINING -> LINGERING -> FREE   modes 0, 2, 3
 *   MEMBER -> DRAINING -> FREE                the others
 * From DRAINING and LINGERING, PORT_ATTACH leads back to MEMBER; a hard PORT_DETACH, PORT_GONE,
 * PORT_CLAIMED or the device set down lead to FREE at once. What receives nothing for the bond (a
 * backup, a port without link) has nothing to drain. */
enum bond_phase {
    BOND_PHASE_FREE = 0,  /* slot not in use */
    BOND_PHASE_MEMBER,    /* a port of the bond */
    BOND_PHASE_DRAINING,  /* no longer chosen, announced; still receives, keeps the bond's MAC */
    BOND_PHASE_LINGERING, /* has its own MAC back, still receives while otherwise unused: behind
                           * a static LAG the switch goes on sending here (modes 0, 2, 3) */
};

struct bond_port {
    uint8_t phase; /* enum bond_phase */
    uint8_t link;  /* enum bond_link */
    bool admin_up, carrier;
    bool inactive; /* kernel slave->inactive: what comes in is dropped */
    uint8_t duplex;
    int32_t speed_mbps;
    int32_t ifindex;
    char name[BOND_NAME_SIZE];
    uint8_t perm_mac[BOND_MAC_LEN]; /* what it gets back on leaving (address at attach) */
    uint8_t mac[BOND_MAC_LEN];      /* what it has now, as last reported */
    uint16_t queue_id;
    int32_t prio;
    uint16_t actor_port_prio; /* 802.3ad */
    uint32_t rr_delay_us;     /* rr_order=arrival */
    uint32_t failure_count;
    uint8_t
        client_mac[BOND_MAC_LEN]; /* balance-alb: by which clients know it, stays when it leaves */
    uint64_t attach_seq;
    uint64_t delay_until_ns; /* FAIL, BACK: when the delay is over. DRAINING: end of the drain */
    uint64_t overtaken_until_ns; /* has become inactive with its link up: what is under way to it
                                  * enters until then (the drain time). 0: not so */
    uint64_t last_link_up_ns;
    uint64_t last_change_ns;
    struct bond_lacp_port lacp; /* 802.3ad */
    struct bond_lacp_agg agg;   /* the aggregator that belongs to it (lacp.h) */
    /* the ARP/NS monitor (arpmon.c); times as in the kernel's struct slave */
    uint32_t targets_heard; /* of which targets the port has lately heard. Bit n: arp_ip_target n,
                             * bit BOND_MAX_ARP_TARGETS + n: ns_ip6_target n. For status */
    uint64_t last_rx_ns, last_tx_ns; /* a sign of life; a probe */
    uint64_t arp_rx_ns[BOND_MAX_ARP_TARGETS], ns_rx_ns[BOND_MAX_NS_TARGETS]; /* of each target */
    struct bond_bfd bfd;
};

/* balance-alb: a client is told by ARP which port's address to send to. */
struct bond_client { /* kernel: struct rlb_client_info */
    bool assigned;
    uint8_t left; /* updates still to send */
    int8_t slot;  /* its port */
    uint16_t vlan_id;
    uint32_t host_ip, client_ip; /* as they lie in a frame */
    uint8_t mac[BOND_MAC_LEN];   /* the client's; zero: not known yet */
    uint64_t at_ns;              /* the next update; BOND_NEVER */
};

struct bond {
    char name[BOND_NAME_SIZE];
    int32_t ifindex;
    struct bond_options opt;
    bool admin_up;
    bool carrier;             /* as decided: what BOND_ACT_CARRIER last said */
    bool mac_is_set;          /* the MAC was given, or taken from the first port */
    bool mac_from_first_port; /* take (and give back) it as the kernel does */
    bool force_primary;       /* kernel: bond->force_primary */
    uint8_t mac[BOND_MAC_LEN];
    int active; /* slot of the active port (kernel: curr_active_slave), or NO_PORT.
                 * As in the kernel it exists in every mode. */
    uint64_t next_attach_seq;
    uint32_t drain_ms;    /* how long a leaving port keeps receiving */
    uint32_t notify_left; /* announcements still to send (kernel: send_peer_notif) */
    uint64_t notify_at_ns;
    uint32_t igmp_left; /* kernel: igmp_retrans */
    uint64_t igmp_at_ns;
    uint64_t poll_at_ns;       /* the next look at all ports (miimon) */
    int arp_port;              /* active-backup without an active port: the one that is being tried
                                * (kernel: current_arp_slave), or NO_PORT */
    uint64_t arp_at_ns;        /* the next look of the ARP/NS monitor */
    struct bond_lacp lacp;     /* 802.3ad */
    bool bridged;              /* the bond is a port of a bridge */
    uint32_t tlb_epoch;        /* balance-tlb, -alb: counts rebalancings; 0: never */
    uint64_t tlb_at_ns;        /* the next rebalancing */
    uint64_t learn_at_ns;      /* the next learning packets (lp_interval) */
    uint64_t promisc_until_ns; /* balance-alb: the active port takes other ports' addresses too */
    uint32_t hash_seed;        /* hash=resilient; given by the owner after bond_init() */
    uint64_t balance_at_ns;    /* the next look at what goes by each bucket */
    uint8_t bucket[BOND_BUCKETS]; /* hash=resilient: slot, or BOND_MAX_PORTS */
    int client_last;              /* the slot that the last client got (kernel: rx_slave) */
    /* From here on what is free is all zero and never written to: where memory is given page by
     * page, a bond takes no more of it than its ports and clients need. */
    struct bond_port port[BOND_MAX_PORTS];
    struct bond_client client[BOND_CLIENTS]; /* balance-alb: by bond_byte_hash() of client_ip */
};

enum bond_event_type {
    BOND_EV_TICK,        /* nothing but time has passed */
    BOND_EV_BOND_LINK,   /* the bond's own device: u.bond_link */
    BOND_EV_PORT_ATTACH, /* u.attach; a port that is DRAINING or LINGERING becomes a member again */
    BOND_EV_PORT_DETACH, /* slot; u.detach. Of a port that is leaving: nothing, unless hard */
    BOND_EV_PORT_LINK,   /* slot; u.port_link: state of the device, whether it changed or not */
    BOND_EV_PORT_GONE,   /* slot: the device is no more (or is no longer ours to touch) */
    BOND_EV_PORT_CLAIMED, /* slot: a leaving port is used for something else: let go at once.
                           * EBUSY for a member */
    BOND_EV_OPTIONS,      /* u.options: a finished set from bond_options_apply(); any change is
                           * live, the mode included */
    BOND_EV_PORT_OPTIONS, /* slot; u.port_options */
    BOND_EV_FRAME,        /* slot; u.frame: LACP, marker, ARP or ND, seen on the port;
                           * BOND_NO_PORT: sent on the bond by the host (bond_frames_wanted_sent()) */
    BOND_EV_TRAFFIC, /* slot; u.traffic: told of each member before a TICK at arp_at_ns and before
                        OPTIONS, if the table has BOND_TABLE_F_STAMP */
    BOND_EV_LOAD,    /* u.load: told before a TICK at balance_at_ns */
    BOND_EV_SET_ACTIVE, /* slot, or BOND_NO_PORT for "choose by yourself" (active_slave) */
    BOND_EV_RESUME,     /* after bond_load(): nobody listened for a while, so silence is no sign */
};

struct bond_event {
    enum bond_event_type type;
    int slot;
    union {
        struct {
            bool admin_up;
            uint8_t mac[BOND_MAC_LEN]; /* as the device has it */
            bool bridged;              /* it is a port of a bridge */
            bool mac_given;            /* someone else set it: it becomes the bond's. If not, and
                                        * the bond has another one, the device is put right */
        } bond_link;
        struct {
            int32_t ifindex;
            char name[BOND_NAME_SIZE];
            uint8_t mac[BOND_MAC_LEN];
            bool admin_up, carrier;
            int32_t speed_mbps;
            uint8_t duplex;
            uint16_t queue_id;
            int32_t prio;
            uint16_t actor_port_prio; /* 0: the default */
            uint32_t rr_delay_us;
        } attach;
        struct {
            bool hard; /* no drain */
        } detach;
        struct {
            bool admin_up, carrier;
            int32_t speed_mbps;
            uint8_t duplex;
            uint8_t mac[BOND_MAC_LEN];
            char name[BOND_NAME_SIZE]; /* it may have been renamed */
        } port_link;
        struct bond_options options;
        struct {
            uint16_t queue_id;
            int32_t prio;
            uint16_t actor_port_prio; /* 0: the default */
            uint32_t rr_delay_us;
        } port_options;
        struct {
            const uint8_t *data; /* [len], from the Ethernet header on; borrowed for the step */
            uint16_t len;
            uint16_t vlan_id;    /* of a tag that the device took off; 0: none */
            bool from_us, to_us; /* ARP, ND: the bond or a device above it has the address that
                                  * it comes from, is for (ARP: sender and target) */
        } frame;
        const struct bond_bucket_load *load; /* what went by each bucket since it was last told;
                                              * borrowed for the step */
        struct {
            uint64_t last_rx_ns; /* when a frame last came in; 0: never */
        } traffic;
    } u;
};

/* To be carried out in order; each is complete in itself (no reading back of state). Notes come
 * first, then addresses of members, PUBLISH, LEARN, SEND and BFD, PROBE, CARRIER, ANNOUNCE,
 * RESEND_IGMP, at last what concerns ports that have left. A row of announcements waits while there
 * is no carrier.
 */
enum bond_action_type {
    BOND_ACT_PUBLISH,     /* bond_table_build() gives something new: publish it */
    BOND_ACT_CARRIER,     /* on: the carrier of the bond's device */
    BOND_ACT_BOND_MAC,    /* mac: to the bond's device */
    BOND_ACT_PORT_MAC,    /* slot, mac: to the port's device */
    BOND_ACT_ANNOUNCE,    /* GARP, NA (and RARP behind bridges) for every address, once */
    BOND_ACT_RESEND_IGMP, /* membership reports again, once */
    BOND_ACT_SEND,  /* slot, index: put out->frame[index] on the wire by that port, as it is */
    BOND_ACT_PROBE, /* slot: ask every target of arp_ip_target and ns_ip6_target by that port;
                     * source address and VLAN tags are of the route to it (kernel:
                     * bond_send_validate()) */
    BOND_ACT_BFD,   /* slot, index: put out->frame[index] into UDP over IPv4 to bfd_peer by that
                     * port. The first six bytes are the destination's address */
    BOND_ACT_LEARN, /* slot, mac, on: by that port a learning packet from that address, also
                     * tagged for each VLAN above the bond (with the VLAN's address where that
                     * is not the bond's); on: for macvlans above, too (kernel:
                     * alb_send_learning_packets(), on is !strict_match) */
    BOND_ACT_PORT_RELEASE, /* slot: has left: undo everything done to the device. The slot is free
                            */
    BOND_ACT_NOTE,         /* note, slot, reason: for the event log */
};

/* What the event log can say; names in bond_note_name(). */
enum bond_note {
    BOND_NOTE_PORT_ATTACHED,
    BOND_NOTE_PORT_LEAVING,
    BOND_NOTE_PORT_RELEASED,
    BOND_NOTE_LINK_FAIL, /* downdelay runs */
    BOND_NOTE_LINK_DOWN,
    BOND_NOTE_LINK_BACK, /* updelay runs */
    BOND_NOTE_LINK_UP,
    BOND_NOTE_ACTIVE_CHANGED, /* slot: the new active port or BOND_NO_PORT; other: the old one */
    BOND_NOTE_CARRIER_UP,
    BOND_NOTE_CARRIER_DOWN,
    BOND_NOTE_OPTIONS_CHANGED,
    BOND_NOTE_MAC_CHANGED,
    BOND_NOTE_AGGREGATOR_CHANGED, /* slot: whose aggregator is active now; other: was */
    BOND_NOTE_LACP_DISTRIBUTING,  /* the port sends from now on */
    BOND_NOTE_LACP_NOT_DISTRIBUTING,
    BOND_NOTE_LACP_LOOP, /* the port hears our own LACPDUs */
    BOND_NOTE_N
};

enum bond_reason {
    BOND_REASON_NONE,
    BOND_REASON_REQUEST, /* somebody asked for it */
    BOND_REASON_CARRIER_LOST,
    BOND_REASON_CARRIER_BACK,
    BOND_REASON_CARRIER_AT_ATTACH,
    BOND_REASON_ADMIN_DOWN,
    BOND_REASON_ADMIN_UP,
    BOND_REASON_DEVICE_GONE,
    BOND_REASON_DELAY_OVER,
    BOND_REASON_DRAINED,
    BOND_REASON_CLAIMED,
    BOND_REASON_PRIMARY,        /* the primary port is usable (again) */
    BOND_REASON_BETTER,         /* primary_reselect=better: faster, or full duplex */
    BOND_REASON_FIRST_USABLE,   /* there was no active port */
    BOND_REASON_ACTIVE_FAILED,  /* the active port failed or left */
    BOND_REASON_OPTION,         /* an option changed */
    BOND_REASON_PRIO,           /* a port of higher prio is usable */
    BOND_REASON_MIN_LINKS,      /* carrier: fewer ports are up than min_links */
    BOND_REASON_PORTS_UP,       /* carrier: enough ports are up */
    BOND_REASON_NO_PORTS,       /* carrier: the last port has left */
    BOND_REASON_FIRST_PORT,     /* MAC: taken from the first port */
    BOND_REASON_FAIL_OVER_MAC,  /* MAC: taken from the active port */
    BOND_REASON_PARTNER,        /* the LACP partner said something new */
    BOND_REASON_PARTNER_SILENT, /* no LACPDU for the timeout */
    BOND_REASON_OWN_SYSTEM,     /* the LACPDU is of this bond */
    BOND_REASON_NO_ANSWER,      /* ARP/NS monitor: nothing was heard */
    BOND_REASON_ANSWERS,        /* ARP/NS monitor: something was heard again */
    BOND_REASON_PEER_SILENT,    /* BFD: the peer does not answer */
    BOND_REASON_PEER_ANSWERS,   /* BFD: it does (again) */
    BOND_REASON_N
};

struct bond_action {
    enum bond_action_type type;
    int slot;
    int other;
    uint32_t index;
    bool on;
    uint8_t mac[BOND_MAC_LEN];
    enum bond_note note;
    enum bond_reason reason;
};

#define BOND_MAX_ACTIONS 1024
#define BOND_MAX_FRAMES 256
#define BOND_FRAME_SIZE 144 /* a LACPDU is 124 */

struct bond_frame_out {
    uint16_t len;
    uint16_t vlan_id; /* to be tagged with; 0: none */
    uint8_t data[BOND_FRAME_SIZE];
};

struct bond_actions {
    uint32_t n;
    uint32_t n_frames;
    uint64_t next_ns; /* call bond_step(TICK) then at the latest; BOND_NEVER. Never in the past */
    struct bond_action v[BOND_MAX_ACTIONS];
    struct bond_frame_out frame[BOND_MAX_FRAMES];
};

/* A bond without ports, admin down, carrier off. */
void bond_init(struct bond *b, const char *name, int32_t ifindex, const struct bond_options *opt);

/* The step. `out` is overwritten. Returns 0, the slot for PORT_ATTACH, or a negative errno with
 * the state unchanged and no action (ENOSPC: no free slot; EEXIST: already a member;
 * ENODEV: no such slot; EACCES: SET_ACTIVE in a mode without an active port; EINVAL: SET_ACTIVE of
 * a port that is not usable, values out of range; EPERM: queue_id of another port;
 * EADDRNOTAVAIL: no unicast address). `err` then has the sentence; it may be NULL. */
int bond_step(struct bond *b, const struct bond_event *ev, uint64_t now_ns,
              struct bond_actions *out, struct bond_err *err);

/* Which frames BOND_EV_FRAME must bring, on each member. */
#define BOND_FRAMES_SLOW 1u /* slow protocols: LACP, marker */
#define BOND_FRAMES_ARP 2u
#define BOND_FRAMES_ND 4u         /* neighbour solicitations and advertisements */
#define BOND_FRAMES_BFD 8u        /* UDP port 3784 */
#define BOND_FRAMES_MICRO_BFD 16u /* UDP port 6784 */
uint32_t bond_frames_wanted(const struct bond *b);
/* The same of what the host sends on the bond. */
uint32_t bond_frames_wanted_sent(const struct bond *b);
/* Whether the port must take frames for every address (kernel: primary_is_promisc). */
bool bond_port_wants_promisc(const struct bond *b, int slot);

uint16_t bond_bfd_udp_port(const struct bond *b);
/* When the next session has been silent for too long: what has arrived is to be stepped before
 * time is. BOND_NEVER */
uint64_t bond_bfd_detect_at(const struct bond *b);

/* The packet table for the state. Deterministic; gen, bond_ifindex and flags' VIA_PEER are the
 * publisher's. */
void bond_table_build(const struct bond *b, struct bond_table *t);

/* How many segments a super-packet that is handed to the bond should have at most; 0: any. */
uint32_t bond_max_segments(const struct bond *b);

int bond_port_by_name(const struct bond *b, const char *name); /* slot or BOND_NO_PORT */
int bond_port_by_ifindex(const struct bond *b, int32_t ifindex);
/* Slots in attach order; members only unless `leaving` too. Returns how many. */
uint32_t bond_port_order(const struct bond *b, bool leaving, int order[BOND_MAX_PORTS]);
bool bond_port_can_tx(const struct bond *b, int slot); /* kernel: bond_slave_can_tx() */
bool bond_slot_is_member(const struct bond *b, int slot);
bool bond_name_valid(const char *name);       /* of a device; kernel: dev_valid_name() */
bool bond_is_resilient(const struct bond *b); /* flows go by buckets: hash=resilient is in force */

/* 802.3ad: what a port says of itself; how many of an aggregator's ports have a usable link. */
struct bond_lacp_info bond_lacp_actor(const struct bond *b, int slot);
uint32_t bond_lacp_agg_active_ports(const struct bond *b, int agg);

/* /proc: "up", "going down", "down", "going back" */
const char *bond_link_name(enum bond_link link);
const char *bond_phase_name(enum bond_phase phase);
const char *bond_note_name(enum bond_note note);       /* "active-changed" */
const char *bond_reason_text(enum bond_reason reason); /* "the carrier was lost" */

/* proc.c: the text of /proc/net/bonding/<bond>, field by field (kernel: bond_procfs.c).
 * `version` is printed after "Ethernet Channel Bonding Driver: ". Returns as snprintf does. */
int bond_proc_format(const struct bond *b, const char *version, char *buf, size_t size);

/* save.c: the state as versioned text, and back. Losing nothing: load(save(b)) steps exactly as b.
 * save returns as snprintf does; load 0 or -EINVAL with a sentence (line number, reason). */
int bond_save(const struct bond *b, char *buf, size_t size);
int bond_load(struct bond *b, const char *text, struct bond_err *err);

/* copy.c. Both are whole states; of *to nothing is touched that is free in both. */
void bond_copy(struct bond *to, const struct bond *from);
/* A number that stays the same while nothing changes but what moves on with every look, every probe
 * and every LACPDU. A file may lag behind in that: BOND_EV_RESUME puts it right. Other states have
 * other numbers, but for one chance in 2^64. */
uint64_t bond_digest(const struct bond *b);

/* The invariants that every step must leave true; returns NULL or what is broken. Tests, fuzzer
 * and bondd's debug build call it. */
const char *bond_check(const struct bond *b);

#endif
