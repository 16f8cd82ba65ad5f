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

/* By their numbers: modes 0 to 3, then 802.3ad, then balance-tlb and balance-alb. */
#define PARITY_SCRIPTS 808u
#define PARITY_FIRST_LACP 640u
#define PARITY_FIRST_TLB 712u
#define PARITY_MAX_PORTS 4u
#define PARITY_MAX_EVENTS 18u
#define PARITY_MAX_SETTINGS 12u
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
};

struct parity_event {
    enum parity_what what;
    uint32_t port;
    uint32_t speed; /* PARITY_MEND: 0 is the same as before */
    bool half;
    bool short_wait;
    const char *option;
    char value[24];
};

struct parity_setting {
    const char *option, *value;
};

struct parity_script {
    uint32_t mode, ports, long_ms;
    uint32_t speed[PARITY_MAX_PORTS];
    bool half[PARITY_MAX_PORTS], cut[PARITY_MAX_PORTS];
    uint32_t n_settings, n_events;
    struct parity_setting setting[PARITY_MAX_SETTINGS];
    struct parity_event event[PARITY_MAX_EVENTS];
};

/* `seed` 0 is that of the golden file. */
void parity_script(uint32_t seed, uint32_t index, struct parity_script *s);
uint32_t parity_wait_ms(const struct parity_script *s, const struct parity_event *e);
uint64_t parity_scripts_sum(void);                           /* over those of the golden file */
const char *parity_event_text(const struct parity_event *e); /* static buffer */

void parity_port_mac(uint32_t port, uint8_t mac[6]);
void parity_probe(uint32_t i, uint8_t frame[PARITY_PROBE_LEN]);

#endif
