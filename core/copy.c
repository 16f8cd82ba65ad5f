/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * copy.c - a state as a whole: copied, and told from others. Decides only what is clockwork: what
 * moves on by itself and is no news to anybody.
 */
#include "core/internal.h"

#define HEAD offsetof(struct bond, port) /* before what comes in rows */
_Static_assert(HEAD % 8 == 0 && sizeof(struct bond_port) % 8 == 0 &&
                   sizeof(struct bond_client) % 8 == 0,
               "digests are taken of whole words");

void
bond_copy(struct bond *to, const struct bond *from)
{
    memcpy(to, from, HEAD);
    for (unsigned i = 0; i < BOND_MAX_PORTS; i++)
        if (to->port[i].phase != BOND_PHASE_FREE || from->port[i].phase != BOND_PHASE_FREE)
            to->port[i] = from->port[i];
    for (unsigned i = 0; i < BOND_CLIENTS; i++)
        if (to->client[i].assigned || from->client[i].assigned)
            to->client[i] = from->client[i];
}

/* The finisher of SplitMix64 (in the public domain), word by word: quick, and no two words may
 * change places. It keeps nobody out who looks for two states with one digest. */
static uint64_t
digest(uint64_t h, const void *data, size_t n)
{
    for (size_t i = 0; i < n; i += sizeof(uint64_t)) {
        uint64_t word;

        memcpy(&word, (const uint8_t *) data + i, sizeof(word));
        h = (h ^ word) + 0x9e3779b97f4a7c15ull;
        h = (h ^ h >> 30) * 0xbf58476d1ce4e5b9ull;
        h = (h ^ h >> 27) * 0x94d049bb133111ebull;
        h ^= h >> 31;
    }
    return h;
}

static uint64_t
digest_head(const struct bond *b)
{
    struct bond t; /* its head */

    memcpy(&t, b, HEAD);
    t.poll_at_ns = t.arp_at_ns = t.balance_at_ns = t.tlb_at_ns = t.learn_at_ns = 0;
    t.tlb_epoch = 0;
    return digest(0, &t, HEAD);
}

static uint64_t
digest_port(uint64_t h, const struct bond_port *port)
{
    struct bond_port p;
    struct bond_lacp_port *l = &p.lacp;

    memcpy(&p, port, sizeof(p));
    p.last_rx_ns = p.last_tx_ns = 0;
    memset(p.arp_rx_ns, 0, sizeof(p.arp_rx_ns));
    memset(p.ns_rx_ns, 0, sizeof(p.ns_rx_ns));
    p.bfd.tx_at_ns = p.bfd.sent_ns = p.bfd.detect_at_ns = p.bfd.heard_ns = 0;
    p.bfd.urgent = p.bfd.answer = false;
    l->current_while_ns = l->periodic_ns = l->marker_since_ns = 0;
    memset(l->tx_ns, 0, sizeof(l->tx_ns));
    memset(&l->stats, 0, sizeof(l->stats));
    l->marker_count = 0;
    l->ntt = false;
    return digest(h, &p, sizeof(p));
}

static uint64_t
digest_client(uint64_t h, const struct bond_client *client)
{
    struct bond_client c;

    memcpy(&c, client, sizeof(c));
    c.left = 0;
    c.at_ns = 0;
    return digest(h, &c, sizeof(c));
}

uint64_t
bond_digest(const struct bond *b)
{
    uint64_t h = digest_head(b);

    for (unsigned i = 0; i < BOND_MAX_PORTS; i++)
        if (b->port[i].phase != BOND_PHASE_FREE)
            h = digest_port(h + i, &b->port[i]);
    for (unsigned i = 0; i < BOND_CLIENTS; i++)
        if (b->client[i].assigned)
            h = digest_client(h + i, &b->client[i]);
    return h;
}
