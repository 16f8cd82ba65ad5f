/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * select.h - the port a frame leaves by: a pure function of (frame, published table).
 *
 * Compiled natively and, from this very source, to BPF: fixed-width integers, bounded loops, every
 * index clamped where the verifier can see it. It decides; it never counts, sends, waits or
 * remembers (the round-robin counter belongs to the caller). The kernel driver is the reference:
 * for every option that it has, the result here is the same.
 *
 * Hash policies are in hash.h.
 */
#ifndef BOND_SELECT_H
#define BOND_SELECT_H

#include "hash.h"
#include "options.h"
#include "table.h"

#define BOND_SEND_NONE 0u /* no port can carry it: drop */
#define BOND_SEND_PORT 1u /* by slot, whose device is ifindex */
#define BOND_SEND_ALL 2u  /* a copy by each of tx[0..n_tx-1]: bond_choice_nth() */

struct bond_choice {
    uint32_t send; /* BOND_SEND_* */
    uint32_t slot;
    uint32_t ifindex;
};

#define BOND_IPPROTO_IGMP 2u

/* The device of a slot. A slot number out of the table is as good as random to the verifier. */
static BOND_INLINE struct bond_choice
bond_choice_slot(const struct bond_table *t, uint32_t slot)
{
    struct bond_choice c = {BOND_SEND_NONE, 0, 0};

    slot &= BOND_MAX_PORTS - 1;
    BOND_OPAQUE(slot);
    slot &= BOND_MAX_PORTS - 1;
    c.slot = slot;
    c.ifindex = t->port[slot].ifindex;
    c.send = c.ifindex ? BOND_SEND_PORT : BOND_SEND_NONE;
    return c;
}

/* Entry i of tx[]. */
static BOND_INLINE struct bond_choice
bond_choice_nth(const struct bond_table *t, uint32_t i)
{
    i &= BOND_MAX_PORTS - 1;
    BOND_OPAQUE(i);
    i &= BOND_MAX_PORTS - 1;
    return bond_choice_slot(t, t->tx[i]);
}

/* Kernel: bond_slave_override(). The port with this queue_id, where it can send; queue 0 is "none
 * recorded". A port that cannot send leaves the choice to the mode. */
static BOND_INLINE bool
bond_choose_by_queue(const struct bond_table *t, uint32_t queue, struct bond_choice *c)
{
    for (uint32_t i = 0; i < BOND_MAX_PORTS && i < t->n_ports; i++) {
        const struct bond_table_port *p = &t->port[i];

        if (!p->ifindex || p->queue_id != queue)
            continue;
        if (!p->can_tx)
            return false;
        *c = bond_choice_slot(t, i);
        return c->send == BOND_SEND_PORT;
    }
    return false;
}

/* Membership reports leave by one port, so that a querier's view stays consistent. */
static BOND_INLINE bool
bond_frame_is_igmp(struct bond_frame *f)
{
    const uint8_t *ip;

    if (f->proto_be != BOND_BE16(BOND_ETH_IP))
        return false;
    ip = bond_frame_at(f, BOND_ETH_HLEN, BOND_IP4_HLEN);
    return ip && ip[9] == BOND_IPPROTO_IGMP;
}

/* Kernel: bond_rr_gen_slave_id(). `counter` is this CPU's (kernel: rr_tx_counter); `random` is used
 * where packets_per_slave is 0. */
static BOND_INLINE uint32_t
bond_rr_next(uint32_t packets_per_slave, uint32_t *counter, uint32_t random)
{
    uint32_t id;

    if (packets_per_slave == 0)
        return random;
    id = ++*counter;
    return packets_per_slave == 1 ? id : id / packets_per_slave;
}

/* Looked at in balance-rr only. */
struct bond_rr {
    uint32_t *counter;
    uint32_t random;
};

/* The choice. Void where bond_frame_missing(f) afterwards (hash.h). */
static BOND_INLINE struct bond_choice
bond_choose(const struct bond_table *t, struct bond_frame *f, const struct bond_rr *rr)
{
    struct bond_choice c = {BOND_SEND_NONE, 0, 0};
    uint32_t n = t->n_tx;
    uint32_t id;

    if (f->queue && t->has_queue_ids && bond_choose_by_queue(t, f->queue, &c))
        return c;
    if (t->mode == BOND_MODE_BALANCE_RR && bond_frame_is_igmp(f))
        return t->igmp_slot < BOND_MAX_PORTS ? bond_choice_slot(t, t->igmp_slot) : c;
    if (n == 0 || bond_frame_missing(f))
        return c;
    switch (t->mode) {
    case BOND_MODE_BALANCE_RR:
        if (!rr->counter)
            return c;
        id = bond_rr_next(t->packets_per_slave, rr->counter, rr->random);
        break;
    case BOND_MODE_ACTIVE_BACKUP:
        id = 0;
        break;
    case BOND_MODE_BALANCE_XOR:
        /* With one port there is nothing to decide. */
        id = n > 1 ? bond_hash(t->xmit_policy, f) : 0;
        break;
    case BOND_MODE_BROADCAST:
        c.send = BOND_SEND_ALL;
        return c;
    default: /* a mode from a newer table: send nothing rather than anywhere */
        return c;
    }
    return bond_choice_nth(t, id % n);
}

/* Slot of a device, or BOND_MAX_PORTS. */
static BOND_INLINE uint32_t
bond_slot_of(const struct bond_table *t, uint32_t ifindex)
{
    for (uint32_t i = 0; i < BOND_MAX_PORTS && i < t->n_ports; i++) {
        if (t->port[i].ifindex == ifindex)
            return i;
    }
    return BOND_MAX_PORTS;
}

#endif
