/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hash.h - the transmit hash policies, number for number as the kernel driver computes them.
 *
 * Kernel: bond_xmit_hash() and what it calls. Compiled natively and to BPF. A policy is one case in
 * bond_hash(); what it needs of the frame comes from dissect.h and, where tunnels are looked into,
 * from encap.h.
 */
#ifndef BOND_HASH_H
#define BOND_HASH_H

#include "dissect.h"
#include "encap.h"
#include "frame.h"
#include "options.h"

static BOND_INLINE uint32_t
bond_hash_eth(struct bond_frame *f)
{
    const uint8_t *eth = bond_frame_at(f, 0, BOND_ETH_HLEN);

    if (!eth)
        return 0;
    return (uint32_t) eth[5] ^ eth[11] ^ ((uint32_t) eth[12] << 8 | eth[13]);
}

/* Both addresses and the type, whole: for hash=resilient. */
static BOND_INLINE uint32_t
bond_word_eth(struct bond_frame *f)
{
    const uint8_t *eth = bond_frame_at(f, 0, BOND_ETH_HLEN);
    uint32_t from;

    if (!eth)
        return 0;
    from = bond_load32_halves(eth + 8);
    return bond_load32(eth + 2) ^ (from << 11 | from >> 21) ^
           ((uint32_t) eth[12] << 24 | (uint32_t) eth[13] << 16);
}

static BOND_INLINE uint32_t
bond_hash_fold(uint32_t hash)
{
    hash ^= hash >> 16;
    return hash ^ hash >> 8;
}

/* Kernel: bond_vlan_srcmac_hash(). A tag in the frame itself does not count. */
static BOND_INLINE uint32_t
bond_hash_vlan_srcmac(struct bond_frame *f)
{
    const uint8_t *eth = bond_frame_at(f, 0, BOND_ETH_HLEN);

    if (!eth)
        return 0;
    return f->vlan_tci ^ ((uint32_t) eth[6] << 16 | (uint32_t) eth[7] << 8 | eth[8]) ^
           ((uint32_t) eth[9] << 16 | (uint32_t) eth[10] << 8 | eth[11]);
}

static BOND_INLINE uint32_t
bond_hash_of_flow(struct bond_frame *f, bool has_flow, bool l34, const struct bond_flow *flow)
{
    if (!has_flow)
        return bond_hash_eth(f);
    /* The lowest bit goes: even port numbers are common. */
    if (l34)
        return bond_hash_fold(flow->l4 ^ flow->addrs) >> 1;
    return bond_hash_fold(bond_hash_eth(f) ^ flow->addrs);
}

/* What the policy takes of a frame. `whole`: as one word with all that it has in it, to be mixed
 * (buckets.h); else folded as the kernel folds it. */
static BOND_INLINE uint32_t
bond_hash_or_word(uint32_t policy, bool whole, struct bond_frame *f)
{
    bool l34 = policy == BOND_XMIT_LAYER34 || policy == BOND_XMIT_ENCAP34;
    struct bond_flow flow = {0, 0};
    bool has_flow = false;

    switch (policy) {
    case BOND_XMIT_LAYER23:
    case BOND_XMIT_LAYER34:
        has_flow = bond_dissect(f, l34, &flow);
        break;
    case BOND_XMIT_ENCAP23:
    case BOND_XMIT_ENCAP34: {
        bond_source *source = bond_frame_source(f);
        uint32_t known = l34 ? bond_source_l4_hash(source) : 0;

        if (known)
            return known;
        has_flow = bond_dissect_encap(source, &flow);
        break;
    }
    case BOND_XMIT_VLAN_SRCMAC:
        return bond_hash_vlan_srcmac(f);
    default: /* layer2 */
        break;
    }
    if (whole && has_flow)
        return flow.addrs ^ (l34 ? flow.l4 : bond_word_eth(f));
    if (whole)
        return bond_word_eth(f);
    return bond_hash_of_flow(f, has_flow, l34, &flow);
}

#ifdef __bpf__
#define BOND_HASH_MISSING (1ull << 32) /* as bond_frame's `missing`; else it is the hash */

BOND_WITH_FRAME uint64_t
bond_hash_aside(bond_source *source, uint32_t policy, uint32_t whole)
{
    struct bond_frame f = bond_source_frame(source);
    uint32_t hash = bond_hash_or_word(policy, whole, &f);

    return f.missing ? BOND_HASH_MISSING : hash;
}
#endif

/* The same. In BPF by a function by itself: it is the greater part of what the verifier has to
 * follow. */
static BOND_INLINE uint32_t
bond_hash_called(uint32_t policy, bool whole, struct bond_frame *f)
{
#ifdef __bpf__
    uint64_t got = bond_hash_aside(f->source, policy, whole);

    f->missing = f->missing || got == BOND_HASH_MISSING;
    return (uint32_t) got;
#else
    return bond_hash_or_word(policy, whole, f);
#endif
}

/* Policies that look no further than the outermost headers, ICMP errors excepted. */
static BOND_INLINE bool
bond_hash_is_near(uint32_t policy)
{
    return policy != BOND_XMIT_ENCAP23 && policy != BOND_XMIT_ENCAP34;
}

static BOND_INLINE uint32_t
bond_hash_near_flow(bool l34, struct bond_frame *f)
{
    struct bond_flow flow = {0, 0};
    bool has_flow = bond_dissect_plain(f, l34, &flow);

    return bond_hash_of_flow(f, has_flow, l34, &flow);
}

/* bond_hash() by one of them, where bond_dissect_plain() says enough; else f->missing is set. */
static BOND_INLINE uint32_t
bond_hash_near(uint32_t policy, struct bond_frame *f)
{
    if (__builtin_expect(policy == BOND_XMIT_LAYER34, 1))
        return bond_hash_near_flow(true, f);
    if (policy == BOND_XMIT_LAYER23)
        return bond_hash_near_flow(false, f);
    return policy == BOND_XMIT_VLAN_SRCMAC ? bond_hash_vlan_srcmac(f) : bond_hash_eth(f);
}

/* The hash by which balance-xor (and 802.3ad) choose: hash % number of ports. */
static BOND_INLINE uint32_t
bond_hash(uint32_t policy, struct bond_frame *f)
{
    return bond_hash_or_word(policy, false, f);
}

#endif
