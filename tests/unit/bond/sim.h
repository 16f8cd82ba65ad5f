/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sim.h - a bond in a world made of words: tests say what happens and when, and read what came of
 * it, as text. Nothing sleeps, time is what the test says.
 *
 * Every step is checked from all sides, whatever the test looks at:
 *   - bond_check() holds, the next deadline is ahead, the actions are few;
 *   - a twin that was saved and loaded just before does and becomes exactly the same;
 *   - a copy onto the state before is the same, and has the same digest;
 *   - carrying out the actions leaves the devices as the state says they are.
 */
#ifndef SIM_H
#define SIM_H

#include <errno.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/bond.h"

#define SIM_MAX_ACTIONS 160 /* far below BOND_MAX_ACTIONS */

struct sim_world { /* what the actions have made of the devices */
    bool carrier;
    uint8_t bond_mac[BOND_MAC_LEN];
    uint8_t port_mac[BOND_MAX_PORTS][BOND_MAC_LEN];
    struct bond_table table;
};

struct sim {
    struct bond b;
    struct bond_actions out;
    struct bond_err err;
    struct sim_world world;
    bool without_twin; /* for tests that would be slow */
    char text[4096];
};

/* options: "mode=active-backup miimon=100", applied as the daemon does. */
void sim_init(struct sim *s, const char *options);

/* One step with all checks. Returns what bond_step() returned. */
int sim_step(struct sim *s, const struct bond_event *ev, uint64_t now_ns);

/*
 * The same in words (port names are eth0, eth1, ...; ethN has ifindex N+1 and address ..:N+1):
 *   tick                     bond up | down | mac XX (the last byte of 02:00:00:00:00:XX)
 *   attach ethN [nocarrier] [down] [prio=N] [queue=N] [speed=N] [delay=N]
 *   carrier ethN on|off      admin ethN up|down      speed ethN N    rename ethN name
 *   detach ethN [hard]       gone ethN               claim ethN
 *   set option=value ...     active ethN|none        prio ethN N     queue ethN N
 *   delay ethN N
 *   bond bridged | free      ask FROM TO             answer FROM TO MAC     (the host sends ARP)
 *   hear ethN FROM TO MAC    hear? ethN FROM TO MAC  (a reply, a request of 02:..:MAC comes in)
 */
int sim_do(struct sim *s, uint64_t t_ms, const char *words);

/* ARP from 10.0.0.<from> to 10.0.0.<to>, in 60 bytes. Addresses: 02:..:bb, and 02:..:<mac> (of
 * `to` in a reply; in a request it is broadcast). */
void sim_arp(uint8_t f[60], bool is_request, uint8_t from, uint8_t to, uint8_t mac);

/* Words for what came out and what is. Valid until the next call.
 *   "learn eth0 01, tell eth1 .2 is 02 at 42": a learning packet; an ARP reply to 10.0.0.2, whose
 *   address is ..:42, that names ..:02
 *   "bfd eth0 init p to 42": a BFD packet: state, poll or final, whom to
 *   effects: "bond-mac 01, eth1.mac 01, publish, carrier on, announce, igmp, release slot1"
 *   notes:   "link-down eth0: the carrier was lost; ..."
 *   state:   "on, eth0 up active, eth1 down 1, eth2 draining; tx eth0"   (1: failures) */
const char *sim_effects(struct sim *s);
const char *sim_notes(struct sim *s);
const char *sim_state(struct sim *s);

struct sim_row {
    unsigned t_ms;
    const char *event;
    const char *effects; /* NULL: whatever */
    const char *state;   /* NULL: whatever */
};

/* Runs all rows; a row that does not come true fails the test and prints what came instead.
 * A row that begins with '!' must be refused. The last row has event NULL. */
void sim_run(const char *options, const struct sim_row *rows);

/* SIM_ROWS(name, options, rows...): a test function from a table. */
#define SIM_ROWS(name, options, ...)                                                               \
    static void name(void **state)                                                                 \
    {                                                                                              \
        static const struct sim_row rows[] = {__VA_ARGS__, {0}};                                   \
        sim_run(options, rows);                                                                    \
    }

#endif
