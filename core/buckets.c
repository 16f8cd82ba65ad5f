/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * buckets.c - hash=resilient: which port each bucket has (buckets.h says which bucket a frame is
 * in). Decides over time: when ports come and go, and by what went by each bucket.
 *
 * A port that is lost gives its buckets to the others; no other bucket moves. A port that comes
 * takes its share and no more. Shares are by speed, where all speeds are known. Once a second the
 * bytes of each bucket are looked at, and single buckets move from the busiest port to the least
 * busy one where that evens things out. (Others: Open vSwitch's bond rebalancing, every 10 s;
 * resilient hashing in switches, with 64 entries.)
 */
#include "core/buckets.h"
#include "core/internal.h"

#define BALANCE_MS 1000
#define BALANCE_MOVES 64         /* of buckets in one look */
#define BALANCE_MIN_BYTES 125000 /* below 1 Mbit/s nothing is worth a reordered packet */
#define BALANCE_GOOD_PERCENT 105 /* of the fair share: good enough */

struct share {
    int slot;
    uint64_t weight;
    uint32_t quota, has; /* buckets */
    uint64_t bytes;
};

struct shares {
    uint32_t n;
    struct share v[BOND_MAX_PORTS]; /* as tx[] of the table is: usable ports in order */
};

bool
bond_is_resilient(const struct bond *b)
{
    return bond_opt_num(b, BOND_OPT_HASH) == BOND_HASH_RESILIENT &&
           (bond_mode(b) == BOND_MODE_BALANCE_XOR || bond_mode(b) == BOND_MODE_8023AD);
}

static struct shares
shares_of(const struct bond *b)
{
    int order[BOND_MAX_PORTS];
    uint32_t n = bond_is_resilient(b) ? bond_port_order(b, false, order) : 0;
    struct shares all = {0};
    bool known = true;

    for (uint32_t i = 0; i < n; i++) {
        if (!bond_port_can_tx(b, order[i]))
            continue;
        known = known && b->port[order[i]].speed_mbps > 0;
        all.v[all.n++].slot = order[i];
    }
    for (uint32_t i = 0; i < all.n; i++)
        all.v[i].weight = known ? (uint64_t) b->port[all.v[i].slot].speed_mbps : 1;
    return all;
}

static struct share *
share_of(struct shares *all, int slot)
{
    for (uint32_t i = 0; i < all->n; i++)
        if (all->v[i].slot == slot)
            return &all->v[i];
    return NULL;
}

/* By the largest remainder; of equals the first. */
static void
set_quotas(struct shares *all)
{
    uint64_t total = 0, rest[BOND_MAX_PORTS];
    uint32_t left = BOND_BUCKETS;

    for (uint32_t i = 0; i < all->n; i++)
        total += all->v[i].weight;
    for (uint32_t i = 0; i < all->n; i++) {
        all->v[i].quota = (uint32_t) (BOND_BUCKETS * all->v[i].weight / total);
        rest[i] = BOND_BUCKETS * all->v[i].weight % total;
        left -= all->v[i].quota;
    }
    while (left-- > 0) {
        uint32_t most = 0;

        for (uint32_t i = 1; i < all->n; i++)
            if (rest[i] > rest[most])
                most = i;
        all->v[most].quota++;
        rest[most] = 0;
    }
}

/* Whose share lacks the most; of equals the first. */
static struct share *
poorest(struct shares *all)
{
    struct share *best = &all->v[0];

    for (uint32_t i = 1; i < all->n; i++)
        if ((int64_t) all->v[i].quota - all->v[i].has > (int64_t) best->quota - best->has)
            best = &all->v[i];
    return best;
}

static void
give(struct bond *b, uint32_t bucket, struct share *to)
{
    b->bucket[bucket] = (uint8_t) to->slot;
    to->has++;
}

/* Buckets without a usable port. First as the packet path does it while it waits for this
 * (standin.h), so that a flow moves once; what that gives too much goes where it lacks. */
static void
settle_orphans(struct bond *b, struct shares *all)
{
    for (uint32_t i = 0; i < BOND_BUCKETS; i++) {
        struct share *to = &all->v[bond_bucket_wish(i) % all->n];

        if (!share_of(all, b->bucket[i])) {
            b->bucket[i] = BOND_MAX_PORTS;
            if (to->has < to->quota)
                give(b, i, to);
        }
    }
    for (uint32_t i = 0; i < BOND_BUCKETS; i++)
        if (b->bucket[i] == BOND_MAX_PORTS)
            give(b, i, poorest(all));
}

/* Those in `hungry` are brought up to their shares by those with too much. */
static void
feed(struct bond *b, struct shares *all, uint32_t hungry)
{
    for (uint32_t i = 0; i < BOND_BUCKETS; i++) {
        struct share *from = share_of(all, b->bucket[i]), *to = poorest(all);

        if (to->has >= to->quota)
            return;
        if (from->has > from->quota && (hungry >> to->slot & 1)) {
            from->has--;
            give(b, i, to);
        }
    }
}

/* Who may take from others, by slot: ports that were not usable; everybody where a weight is
 * another than it was. */
static uint32_t
newcomers(const struct shares *all, struct shares *before)
{
    uint32_t found = 0;

    for (uint32_t i = 0; i < all->n; i++) {
        const struct share *old = share_of(before, all->v[i].slot);

        if (!old)
            found |= 1u << all->v[i].slot;
        else if (old->weight != all->v[i].weight)
            return ~0u;
    }
    return found;
}

static bool
has_changed(const struct shares *a, const struct shares *b)
{
    bool same = a->n == b->n;

    for (uint32_t i = 0; same && i < a->n; i++)
        same = a->v[i].slot == b->v[i].slot && a->v[i].weight == b->v[i].weight;
    return !same;
}

static void
settle_clock(struct step *s, bool runs)
{
    struct bond *b = s->b;

    if (!runs)
        b->balance_at_ns = BOND_NEVER;
    else if (s->now >= b->balance_at_ns || b->balance_at_ns == BOND_NEVER)
        b->balance_at_ns = bond_after_ms(s->now, BALANCE_MS);
}

void
bond_buckets_settle(struct step *s)
{
    struct shares all = shares_of(s->b), before = shares_of(s->was);

    settle_clock(s, all.n > 0);
    if (!has_changed(&all, &before))
        return;
    if (all.n == 0) {
        memset(s->b->bucket, BOND_MAX_PORTS, sizeof(s->b->bucket));
        return;
    }
    set_quotas(&all);
    for (uint32_t i = 0; i < BOND_BUCKETS; i++) {
        struct share *owner = share_of(&all, s->b->bucket[i]);

        if (owner)
            owner->has++;
    }
    settle_orphans(s->b, &all);
    feed(s->b, &all, newcomers(&all, &before));
}

/* ---- by load ---- */

/* Is a busier than b, for its speed? */
static bool
is_busier(const struct share *a, const struct share *b)
{
    return a->bytes * b->weight > b->bytes * a->weight;
}

/* The bucket of `from` that brings both nearest to the same load; the least one that is any use
 * where all of them are too big. BOND_BUCKETS: none is. */
static uint32_t
best_move(const struct bond *b, const struct bond_bucket_load *load, const struct share *from,
          const struct share *to)
{
    /* moved this much, both are equally busy; moved twice this much (of equal ports), nothing is
     * won */
    uint64_t ideal =
        (from->bytes * to->weight - to->bytes * from->weight) / (from->weight + to->weight);
    uint64_t limit = from->bytes * to->weight / from->weight - to->bytes;
    uint32_t below = BOND_BUCKETS, above = BOND_BUCKETS;

    for (uint32_t i = 0; i < BOND_BUCKETS; i++) {
        uint64_t bytes = load->bytes[i];

        if (b->bucket[i] != from->slot || bytes == 0)
            continue;
        if (bytes <= ideal && (below == BOND_BUCKETS || bytes > load->bytes[below]))
            below = i;
        if (bytes > ideal && bytes < limit && (above == BOND_BUCKETS || bytes < load->bytes[above]))
            above = i;
    }
    return below < BOND_BUCKETS ? below : above;
}

static bool
move_one(struct bond *b, const struct bond_bucket_load *load, struct shares *all, uint64_t total,
         uint64_t weights)
{
    struct share *most = &all->v[0], *least = &all->v[0];
    uint32_t bucket;

    for (uint32_t i = 1; i < all->n; i++) {
        if (is_busier(&all->v[i], most))
            most = &all->v[i];
        if (is_busier(least, &all->v[i]))
            least = &all->v[i];
    }
    if (most->bytes * weights * 100 <= total * most->weight * BALANCE_GOOD_PERCENT)
        return false;
    bucket = best_move(b, load, most, least);
    if (bucket == BOND_BUCKETS)
        return false;
    b->bucket[bucket] = (uint8_t) least->slot;
    most->bytes -= load->bytes[bucket];
    least->bytes += load->bytes[bucket];
    return true;
}

void
bond_buckets_balance(struct step *s, const struct bond_bucket_load *load)
{
    struct shares all = shares_of(s->b);
    uint64_t total = 0, weights = 0;
    uint32_t moves = 0;

    for (uint32_t i = 0; i < BOND_BUCKETS; i++) {
        struct share *owner = share_of(&all, s->b->bucket[i]);

        if (owner)
            owner->bytes += load->bytes[i];
        total += owner ? load->bytes[i] : 0;
    }
    for (uint32_t i = 0; i < all.n; i++)
        weights += all.v[i].weight;
    if (all.n < 2 || total < BALANCE_MIN_BYTES)
        return;
    while (moves < BALANCE_MOVES && move_one(s->b, load, &all, total, weights))
        moves++;
}
