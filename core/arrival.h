/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * arrival.h - rr_order=arrival, one frame at a time: the port by which it is at the other end
 * first, of those by which it does not overtake what was sent of its flow before. Part of select.h
 * (native and BPF, the same rules).
 *
 * In turns, frames of one flow arrive as the ports' queues and cables happen to let them, and TCP
 * takes what overtakes for a loss. Flowlets (another port after a pause) help no flow that makes no
 * pauses, and those are the ones that want more than a port. So each port has a clock here: when it
 * will have sent what it was given, by its speed. With the delay of its cable that says when a
 * frame would arrive. A flow that one port can carry stays on the quickest one; one that is too
 * much for it spills over, in order.
 *
 * The clocks are shared by all CPUs. Two that choose at once may both take one port: a frame late,
 * never a clock that is wrong for good, because a busy clock is only added to.
 */
#ifndef BOND_ARRIVAL_H
#define BOND_ARRIVAL_H

#include "frame.h"
#include "table.h"

/* A port is never thought to be further behind the busiest one than this (one that comes new, or
 * when speeds are not as they say). More than what queues hold. */
#define BOND_ARRIVAL_LEAD_NS 20000000ull

/* On the wire a frame has besides: preamble, checksum, gap. */
#define BOND_WIRE_OVERHEAD 24u

/* pace_ns of a speed. */
#define BOND_ARRIVAL_PACE(mbps) ((uint32_t) (65536ull * 8 * 1000 / (mbps)))

/* A frame as it is to leave. */
struct bond_departure {
    uint64_t now_ns;   /* CLOCK_MONOTONIC */
    uint32_t wire_len; /* with BOND_WIRE_OVERHEAD, for each segment that it becomes */
    uint32_t flow;     /* any hash of its flow */
};

/* Straight arithmetic: the verifier would follow each branch of each turn of a loop. Times are
 * below 2^58. */
static BOND_INLINE uint64_t
bond_is_before(uint64_t a, uint64_t b)
{
    return (uint64_t) ((int64_t) (a - b) >> 63); /* all ones, or 0 */
}

static BOND_INLINE uint64_t
bond_earlier(uint64_t a, uint64_t b)
{
    uint64_t mask = bond_is_before(a, b);

    return (a & mask) | (b & ~mask);
}

static BOND_INLINE uint64_t
bond_later(uint64_t a, uint64_t b)
{
    uint64_t mask = bond_is_before(a, b);

    return (b & mask) | (a & ~mask);
}

/* The slot in entry i of tx[]. */
static BOND_INLINE uint32_t
bond_arrival_slot_at(const struct bond_table *t, uint32_t i)
{
    uint32_t slot;

    i &= BOND_MAX_PORTS - 1;
    BOND_OPAQUE(i);
    i &= BOND_MAX_PORTS - 1;
    slot = t->tx[i] & (BOND_MAX_PORTS - 1);
    BOND_OPAQUE(slot);
    return slot & (BOND_MAX_PORTS - 1);
}

/* How long a port sends. */
static BOND_INLINE uint64_t
bond_arrival_takes(const struct bond_table *t, uint32_t slot, uint32_t wire_len)
{
    return (uint64_t) wire_len * t->pace_ns[slot] >> 16;
}

/* The earliest that any port can begin. */
BOND_SEARCH uint64_t
bond_arrival_floor(const struct bond_table *t, const struct bond_arrivals *a, uint64_t now_ns)
{
    uint64_t busiest = BOND_ARRIVAL_LEAD_NS;

    for (uint32_t i = 0; t && a && i < BOND_MAX_PORTS && i < t->n_tx; i++)
        busiest = bond_later(busiest, a->free_ns[bond_arrival_slot_at(t, i)]);
    return bond_later(now_ns, busiest - BOND_ARRIVAL_LEAD_NS);
}

/* When and where: the time of arrival, and in the low bits the entry of tx[], counted from the one
 * whose turn it is. `last_ns`: when what was sent of the flow before arrives. */
BOND_SEARCH uint64_t
bond_arrival_best(const struct bond_table *t, const struct bond_arrivals *a, uint64_t floor_ns,
                  uint64_t last_ns, uint32_t wire_len)
{
    uint64_t first = UINT64_MAX >> 1, in_order = UINT64_MAX >> 1;

    if (!t || !a)
        return 0;
    for (uint32_t i = 0; i < BOND_MAX_PORTS && i < t->n_tx; i++) {
        uint32_t slot = bond_arrival_slot_at(t, i);
        uint64_t at = bond_later(a->free_ns[slot], floor_ns) +
                      bond_arrival_takes(t, slot, wire_len) + t->delay_ns[slot];
        uint64_t key = at * BOND_MAX_PORTS | ((i - a->turn) & (BOND_MAX_PORTS - 1));

        first = bond_earlier(first, key);
        in_order = bond_earlier(in_order, key | (bond_is_before(at, last_ns) >> 1));
    }
    /* Small frames behind a great one would all have to take its port, and never leave it again. */
    return in_order - first <= (uint64_t) t->patience_ns * BOND_MAX_PORTS ? in_order : first;
}

/* The port is given the frame; its slot. */
BOND_SEARCH uint32_t
bond_arrival_take(const struct bond_table *t, struct bond_arrivals *a, uint64_t floor_ns,
                  uint64_t best, uint32_t wire_len)
{
    uint32_t i, slot;
    uint64_t takes;

    if (!t || !a)
        return BOND_MAX_PORTS;
    i = ((uint32_t) best + a->turn) & (BOND_MAX_PORTS - 1);
    slot = bond_arrival_slot_at(t, i);
    takes = bond_arrival_takes(t, slot, wire_len);
    a->turn = i + 1;
    if (a->free_ns[slot] >= floor_ns)
        __sync_fetch_and_add(&a->free_ns[slot], takes);
    else
        a->free_ns[slot] = floor_ns + takes;
    return slot;
}

/* The slot, or BOND_MAX_PORTS. There is a port in tx[]. */
static BOND_INLINE uint32_t
bond_arrival_slot(const struct bond_table *t, struct bond_arrivals *a,
                  const struct bond_departure *d)
{
    uint32_t flow = d->flow & (BOND_ARRIVAL_FLOWS - 1);
    uint64_t floor_ns, best;

    if (!a)
        return BOND_MAX_PORTS;
    BOND_OPAQUE(flow);
    flow &= BOND_ARRIVAL_FLOWS - 1;
    floor_ns = bond_arrival_floor(t, a, d->now_ns);
    best = bond_arrival_best(t, a, floor_ns, a->last_ns[flow], d->wire_len);
    a->last_ns[flow] = best / BOND_MAX_PORTS;
    return bond_arrival_take(t, a, floor_ns, best, d->wire_len);
}

#endif
