/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * events-cases.h - what happens to a bond: the same scripts for the recorder (real driver, in the
 * guest, in real time) and for the replay (core/, in simulated time).
 *
 * A script makes a bond with options, sets it up, attaches its ports, and then lets one thing after
 * the other happen. After each it waits: PARITY_SHORT_MS, when the change has been noticed and a
 * delay is running, or PARITY_LONG_MS, when every delay is over. Then it looks at everything.
 * miimon is 100 ms and delays are 0 or 800 ms, so that neither answer depends on a few
 * milliseconds.
 */
#ifndef TESTS_PARITY_EVENTS_CASES_H
#define TESTS_PARITY_EVENTS_CASES_H

#include <stdbool.h>
#include <stdint.h>

/* By their numbers: links in modes 0 to 3, then 802.3ad alone, then balance-tlb and balance-alb;
 * the ARP and NS monitors; 802.3ad with a partner. Each family has a golden file of its own. */
enum parity_family { PARITY_LINKS, PARITY_MONITORS, PARITY_PARTNERS, PARITY_FAMILIES };
#define PARITY_FIRST_LACP 640u
#define PARITY_FIRST_TLB 712u
#define PARITY_FIRST_MONITOR 1000u
#define PARITY_FIRST_PARTNER 2000u
#define PARITY_MAX_SCRIPTS 1024u /* of a family */
#define PARITY_MAX_PORTS 4u
#define PARITY_MAX_EVENTS 18u
#define PARITY_MAX_SETTINGS 16u
#define PARITY_MAX_TARGETS 4u
#define PARITY_SYSTEMS 2u
#define PARITY_SHORT_MS 400u
#define PARITY_LONG_MS 1250u
#define PARITY_LACP_MS                                                                             \
    7000u                /* instead, in 802.3ad: long enough to give up waiting for a partner      \
                          */
#define PARITY_PROBES 7u /* frames sent to see by which port they leave; the last one is IGMP */
#define PARITY_PROBE_LEN 60u

enum parity_what {
    PARITY_CUT,   /* the port loses its carrier */
    PARITY_MEND,  /* and has it back, with this speed and duplex */
    PARITY_UNSET, /* the port is set down */
    PARITY_SET,   /* and up */
    PARITY_ATTACH,
    PARITY_DETACH,
    PARITY_OPTION, /* option = value, through sysfs; of a port: queue_id */
    PARITY_PRIO,   /* of a port, through netlink */
    PARITY_BOND_DOWN,
    PARITY_BOND_UP,
    PARITY_FAR, /* something changes at the other end of the cables: events-far.h */
    PARITY_PAUSE,
};

/* What an event of PARITY_FAR switches on or off there. */
enum parity_far {
    PARITY_FAR_MUTE,    /* of a port: nothing comes in by it but its carrier */
    PARITY_FAR_DEAF,    /* of a port: what leaves by it gets lost */
    PARITY_FAR_DEAD,    /* of a target: it does not answer */
    PARITY_FAR_STRAY,   /* answers come in by the next port */
    PARITY_FAR_NOISE,   /* of a port: so is what comes in by it: enum parity_noise */
    PARITY_FAR_KEY,     /* of a partner: has another ad_user_port_key */
    PARITY_FAR_RESTART, /* of a partner */
    PARITY_FAR_ALONE,   /* of a port: its partner says that it does not aggregate */
    PARITY_FAR_LOOP,    /* of a port: what leaves by it comes in again */
    PARITY_FAR_CABLE,   /* of a port: is plugged into that partner */
};

enum parity_noise {
    PARITY_QUIET,
    PARITY_NOISE_OTHER,    /* broadcasts of no protocol that the monitors know */
    PARITY_NOISE_ARP,      /* of two strangers */
    PARITY_NOISE_ANNOUNCE, /* a target speaks to all, not to us */
    PARITY_NOISE_ELSEWHERE /* a target answers somebody else */
};

struct parity_event {
    enum parity_what what;
    uint32_t port;
    uint32_t speed; /* PARITY_MEND: 0 is the same as before */
    bool half;
    bool short_wait;
    enum parity_far far;
    uint32_t far_value; /* `port` is the target or the partner where it is about one */
    uint32_t rounds;    /* of the monitor, until the look; before the event */
    uint32_t rounds_before;
    uint32_t wait_ms; /* with a partner, until the look */
    const char *option;
    char value[32];
};

struct parity_setting {
    const char *option, *value;
};

struct parity_script {
    enum parity_family family;
    uint32_t mode, ports, long_ms;
    uint32_t speed[PARITY_MAX_PORTS];
    bool half[PARITY_MAX_PORTS], cut[PARITY_MAX_PORTS];
    uint32_t n_settings, n_events;
    struct parity_setting setting[PARITY_MAX_SETTINGS];
    struct parity_event event[PARITY_MAX_EVENTS];
    /* the other end: targets of a monitor; partners of 802.3ad */
    uint32_t interval_ms, n_targets, first_rounds;
    uint8_t target[PARITY_MAX_TARGETS]; /* enum parity_target */
    bool is_switch;                     /* one switch at all ports; if not, a cable each */
    uint8_t system_of[PARITY_MAX_PORTS];
    const char *system_rate[PARITY_SYSTEMS];
};

/* Addresses: 10.9.0.16 + n, over the VLAN 10.9.5.16 + n, 2001:db8::10 + n; the bond has those that
 * end in 1. */
enum parity_target { PARITY_IN_BOND, PARITY_IN_VLAN, PARITY_IN_IPV6 };
#define PARITY_VLAN 5u

uint32_t parity_family_first(enum parity_family family);
uint32_t parity_family_count(enum parity_family family); /* of the golden file */
const char *parity_family_name(enum parity_family family);

/* `seed` 0 is that of the golden file. */
void parity_script(uint32_t seed, uint32_t index, struct parity_script *s);
uint32_t parity_wait_ms(const struct parity_script *s, const struct parity_event *e);
uint64_t parity_scripts_sum(enum parity_family family);      /* over those of the golden file */
const char *parity_event_text(const struct parity_event *e); /* static buffer */

void parity_target_text(const struct parity_script *s, uint32_t target, char text[32]);
void parity_port_mac(uint32_t port, uint8_t mac[6]);
void parity_probe(uint32_t i, uint8_t frame[PARITY_PROBE_LEN]);

#endif
