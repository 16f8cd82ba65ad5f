/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * monitored.h - what fuzz-arp and fuzz-nd share: a bond that listens to such frames, and the way of
 * bytes into it. Each parser is fed frames in memory of exactly their size; then the same frame is
 * a step of the bond, whose invariants must hold afterwards.
 */
#ifndef FUZZ_MONITORED_H
#define FUZZ_MONITORED_H

#include "fuzz.h"

#include "core/parse.h"

#define MONITORED_PORTS 3
#define MAX_FRAMES 64
#define MAX_FRAME 160
#define ETH_HEADER 14

static const uint64_t pauses_ns[] = {0, 1000000, 50000000, 100000000, 250000000, 2100000000};

static struct bond b;

static inline void
feed(const struct bond_event *ev, uint64_t now)
{
    static struct bond_actions a;
    struct bond_err err = {0};

    if (bond_step(&b, ev, now, &a, &err) < 0) {
        MUST(err.text[0], "event %d refused without a sentence", ev->type);
        return;
    }
    MUST(!bond_check(&b), "event %d: %s", ev->type, bond_check(&b));
    MUST(a.next_ns > now, "event %d: the next step is due at once", ev->type);
}

/* A bond of three ports with these options, in force together. */
static inline void
start_monitored(size_t n, const char *const *names, const char *const *values, uint64_t now)
{
    start_bond(&b, n, names, values, MONITORED_PORTS, feed, now);
}

/* Frames one after the other, each with four bytes before it: the port (the last one is the host
 * itself, sending), flags, a pause, a length. `check` is the parser's turn. */
static inline void
feed_frames(struct bytes *in, void (*check)(const uint8_t *data, size_t len), uint64_t now)
{
    static const struct bond_event tick = {.type = BOND_EV_TICK};

    for (int i = 0; in->at < in->end && i < MAX_FRAMES; i++) {
        struct bond_event ev = {.type = BOND_EV_FRAME};
        uint8_t flags, *exact;
        size_t len, left;

        ev.slot = next_byte(in) % (MONITORED_PORTS + 1);
        ev.slot = ev.slot == MONITORED_PORTS ? BOND_NO_PORT : ev.slot;
        flags = next_byte(in);
        now += pauses_ns[next_byte(in) % (sizeof(pauses_ns) / sizeof(pauses_ns[0]))];
        len = next_byte(in) % MAX_FRAME;
        left = (size_t) (in->end - in->at);
        len = len < left ? len : left;
        exact = malloc(len + 1);
        memcpy(exact + 1, in->at, len); /* the bytes before and behind it are out of bounds */
        in->at += len;
        check(exact + 1, len);
        ev.u.frame.data = exact + 1;
        ev.u.frame.len = (uint16_t) len;
        ev.u.frame.vlan_id = flags & 1 ? 7 : 0;
        ev.u.frame.from_us = flags & 2;
        ev.u.frame.to_us = flags & 4;
        if (len >= ETH_HEADER) /* what a packet socket brings is a frame at least */
            feed(&ev, now);
        feed(&tick, now);
        free(exact);
    }
}

#endif
