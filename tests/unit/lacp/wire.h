/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wire.h - two (or three) bonds back to back, in simulated time: what one sends arrives at the
 * other, later, or not at all. Nothing sleeps; the same seed gives the same run.
 *
 *   host 0 (bond a)  eth0 ───── eth0  host 1 (bond b)
 *                    eth1 ───── eth1
 *
 * After every step bond_check() holds, the next deadline is ahead, and (as sim.h) a twin that was
 * saved and loaded just before does the same.
 */
#ifndef WIRE_H
#define WIRE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "core/bond.h"

#define WIRE_HOSTS 3
#define WIRE_FLIGHT 512
#define MS BOND_NSEC_PER_MSEC

struct wire_end {
    int host, slot; /* host -1: an open end */
};

struct wire_frame {
    uint64_t at_ns;
    int host, slot; /* where it arrives */
    uint16_t len;
    uint8_t data[BOND_FRAME_SIZE];
};

struct wire {
    uint64_t now;
    uint32_t seed;
    uint64_t latency_ns;
    uint32_t jitter_ms; /* at most, more */
    uint32_t loss_percent;
    bool without_twin;
    struct bond bond[WIRE_HOSTS];
    uint64_t next[WIRE_HOSTS];
    struct wire_end peer[WIRE_HOSTS][BOND_MAX_PORTS];
    bool cut[WIRE_HOSTS][BOND_MAX_PORTS];
    struct wire_frame flight[WIRE_FLIGHT];
    uint32_t n_flight;
    uint32_t sent[WIRE_HOSTS][BOND_MAX_PORTS]; /* slow protocol frames */
    uint32_t announced[WIRE_HOSTS];
    uint64_t last_sent[WIRE_HOSTS][BOND_MAX_PORTS][4];
    struct bond_actions out; /* of the last step */
    /* For every moment and every port: a frame that one end sends the other takes in. */
    bool watch_loss;
    uint64_t lost_ns; /* for how long, all ports together, it was not so */
    char text[16384];
};

/* options: "lacp_rate=fast ad_select=bandwidth"; mode=802.3ad miimon=10000 is given. */
void wire_init(struct wire *w);
void wire_host(struct wire *w, int host, const char *options);
/* ethN of one to ethN of the other, or any slots; speed in Mbit/s. */
void wire_plug(struct wire *w, int host, int slot, int other, int other_slot);
void wire_attach(struct wire *w, int host, int slot, int32_t speed);
void wire_attach_prio(struct wire *w, int host, int slot, int32_t speed, uint16_t prio);
void wire_detach(struct wire *w, int host, int slot, bool hard);
void wire_set(struct wire *w, int host, const char *options);
void wire_link(struct wire *w, int host, int slot, bool carrier, int32_t speed, uint8_t duplex);
void wire_cut(struct wire *w, int host, int slot, bool cut); /* both ends lose the carrier */
void wire_up(struct wire *w, int host, bool up);
int wire_step(struct wire *w, int host, const struct bond_event *ev);
void wire_frame(struct wire *w, int host, int slot, const uint8_t *data, uint16_t len);
/* Time passes: deadlines are met and frames arrive in order. */
void wire_run(struct wire *w, uint64_t ms);
/* How a killed process comes back: saved, `ms` nothing, loaded. */
void wire_kill(struct wire *w, int host, uint64_t ms);

/* "eth0 agg1 current collecting-distributing 61/61, ...; tx eth0 eth1; on" */
const char *wire_state(struct wire *w, int host);
#define WIRE_IS(w, host, text) assert_string_equal(wire_state(w, host), text)

/* How many ports send. */
uint32_t wire_sending(const struct wire *w, int host);

/* Two hosts with n cables, both up, all attached at 1000. */
void wire_pair(struct wire *w, uint32_t n, const char *options_a, const char *options_b);

#endif
