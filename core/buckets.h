/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * buckets.h - hash=resilient, one frame at a time: the hash names a bucket, the table says which
 * port a bucket has. Part of select.h (native and BPF, the same rules).
 *
 * Which port a bucket has is decided in buckets.c. Here nothing moves, so a flow keeps its port
 * whatever happens to other ports (the kernel's hash % n moves nearly all). The last step is a
 * mixer and not a fold, so that ports which differ by a step, or source == destination, are spread
 * like any others; and each bond has a seed of its own, so that two of them in a row do not make
 * the same choice.
 */
#ifndef BOND_BUCKETS_H
#define BOND_BUCKETS_H

#include "frame.h"
#include "table.h"

/* Every bit of the result depends on every bit of the word (the finisher of MurmurHash3, which is
 * in the public domain). */
static BOND_INLINE uint32_t
bond_mix(uint32_t word)
{
    word ^= word >> 16;
    word *= 0x85ebca6bu;
    word ^= word >> 13;
    word *= 0xc2b2ae35u;
    return word ^ word >> 16;
}

static BOND_INLINE uint32_t
bond_bucket_of(const struct bond_table *t, uint32_t word)
{
    return bond_mix(word ^ t->hash_seed) & (BOND_BUCKETS - 1);
}

/* Which of n ports a bucket that has lost its own would rather have, by its place in tx[]. */
static BOND_INLINE uint32_t
bond_bucket_wish(uint32_t bucket)
{
    return bond_mix(bucket + 1);
}

/* The slot, or BOND_MAX_PORTS. `load` may be NULL. */
static BOND_INLINE uint32_t
bond_bucket_slot(const struct bond_table *t, struct bond_bucket_load *load, uint32_t bucket,
                 uint32_t len)
{
    bucket &= BOND_BUCKETS - 1;
    BOND_OPAQUE(bucket);
    bucket &= BOND_BUCKETS - 1;
    if (load)
        __sync_fetch_and_add(&load->bytes[bucket], len);
    return t->bucket[bucket];
}

#endif
