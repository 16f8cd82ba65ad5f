/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * standin.h - the port for a frame whose chosen port has lost its carrier, until a new table says
 * so: a pure function of (frame, published table, which slots have a carrier).
 *
 * Compiled natively and to BPF, as select.h is. It only takes ports away: none is used that the
 * table does not know as able to send. Where it can, it chooses as the next table will, so that a
 * flow moves once and not twice.
 */
#ifndef BOND_STANDIN_H
#define BOND_STANDIN_H

#include "select.h"

/* Entries of tx[] that can take over, by bit, of the first n. `alive`: slots with a carrier, by
 * bit. Behind n_tx (table.h) stand ports that wait: they must be able to send as the monitor sees
 * it. Straight arithmetic: the verifier would follow each branch. */
BOND_SEARCH uint32_t
bond_stand_ins(const struct bond_table *t, uint32_t alive, uint32_t n)
{
    uint32_t living = 0, waiting = 0, used;

    if (!t)
        return 0;
    for (uint32_t i = 0; i < BOND_MAX_PORTS; i++) {
        uint32_t slot = t->tx[i] & (BOND_MAX_PORTS - 1);

        BOND_OPAQUE(slot);
        slot &= BOND_MAX_PORTS - 1;
        living |= (alive >> slot & 1) << i;
        waiting |= (alive >> slot & t->port[slot].can_tx & 1) << i;
    }
    used = t->n_tx < BOND_MAX_PORTS ? (1u << (t->n_tx & (BOND_MAX_PORTS - 1))) - 1 : ~0u;
    n = n < BOND_MAX_PORTS ? (1u << (n & (BOND_MAX_PORTS - 1))) - 1 : ~0u;
    return ((living & used) | (waiting & ~used)) & n;
}

static BOND_INLINE uint32_t
bond_count_bits(uint32_t v)
{
    v -= v >> 1 & 0x55555555u;
    v = (v & 0x33333333u) + (v >> 2 & 0x33333333u);
    return ((v + (v >> 4)) & 0x0f0f0f0fu) * 0x01010101u >> 24;
}

/* The number of the lowest bit of v, which is not 0. */
static BOND_INLINE uint32_t
bond_lowest_bit(uint32_t v)
{
    return bond_count_bits((v & (0u - v)) - 1);
}

/* The entry of tx[] that stands in; BOND_MAX_PORTS: none. `id` is what chose: with `compact` it
 * counts the living alone, as a table without the dead does (bond_hash() % n); else the next living
 * one after id % n takes over. */
BOND_SEARCH uint32_t
bond_stand_in_entry(uint32_t living, uint32_t n, uint32_t id, uint32_t compact)
{
    uint32_t from;

    if (living == 0 || n == 0)
        return BOND_MAX_PORTS;
    if (compact) {
        id %= bond_count_bits(living);
        for (uint32_t i = 0; i < BOND_MAX_PORTS && i < id; i++)
            living &= living - 1;
        return bond_lowest_bit(living);
    }
    from = living >> (id % n & (BOND_MAX_PORTS - 1)) << (id % n & (BOND_MAX_PORTS - 1));
    return bond_lowest_bit(from ? from : living);
}

/* For a frame that bond_choose() gave to a port without carrier. Round-robin has counted it. */
static BOND_INLINE struct bond_choice
bond_stand_in(const struct bond_table *t, struct bond_frame *f, const struct bond_rr *rr,
              uint32_t alive)
{
    struct bond_choice none = {BOND_SEND_NONE, 0, 0, 0, 0};
    uint32_t n = t->n_tx, id = 0, compact = 0, entry;

    switch (t->mode) {
    case BOND_MODE_BALANCE_RR:
        id = rr->counter ? *rr->counter : rr->random;
        if (rr->arrivals)
            id = rr->arrivals->turn; /* stands behind the one that was chosen */
        break;
    case BOND_MODE_BALANCE_XOR:
    case BOND_MODE_8023AD:
        id = n > 1 ? bond_hash_called(t->xmit_policy, t->resilient, f) : 0;
        if (t->resilient)
            id = bond_bucket_wish(bond_bucket_of(t, id));
        compact = 1;
        break;
    default: /* the active port, then those that wait, in the order of preference */
        n = t->n_ports;
        break;
    }
    entry = bond_stand_in_entry(bond_stand_ins(t, alive, n), n, id, compact);
    return entry < BOND_MAX_PORTS ? bond_choice_nth(t, entry) : none;
}

#endif
