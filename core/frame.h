/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * frame.h - a frame that is to be sent, and its bytes.
 *
 * Compiled natively and to BPF, for hash.h, dissect.h and select.h. It reads; it knows of headers
 * no more than where Ethernet's ends. Reads beyond the frame never happen; reads beyond the bytes
 * in reach set `missing`.
 */
#ifndef BOND_FRAME_H
#define BOND_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BOND_INLINE inline __attribute__((always_inline))

/* A loop over the ports. In BPF a (global) function by itself: the verifier follows it once and
 * takes any number for its answer, instead of following each port through all that comes after. */
#ifdef __bpf__
#define BOND_SEARCH __attribute__((noinline))
#else
#define BOND_SEARCH static inline
#endif

/* In BPF a function by itself that the verifier follows each time that it is called: it keeps what
 * it does out of the registers of its callers. */
#ifdef __bpf__
#define BOND_ASIDE static __attribute__((noinline))
#else
#define BOND_ASIDE static inline
#endif

/* In BPF a function with the frame for argument. Global ones (followed once) may have that only on
 * kernels with types (BTF); in the variant for the others the verifier follows this one each time
 * that it is called. */
#ifdef BOND_WITHOUT_TYPES
#define BOND_WITH_FRAME BOND_ASIDE
#else
#define BOND_WITH_FRAME BOND_SEARCH
#endif

/* The compiler must not know more of the value than the verifier does (clang 14 drops a mask that
 * it can prove superfluous; the verifier then refuses the program). */
#define BOND_OPAQUE(x) __asm__ volatile("" : "+r"(x))

#define BOND_ETH_HLEN 14u

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define BOND_BE16(x) ((uint16_t) ((((x) &0xffu) << 8) | (((x) >> 8) & 0xffu)))
#else
#define BOND_BE16(x) ((uint16_t) (x))
#endif

/*
 * Where encap.h reads from: natively the frame below; in BPF the kernel's own context, because
 * headers may lie deeper than a program can have bytes in reach. For BPF the accessors,
 * bond_source_*(), are the includer's (datapath/bpf/source.h).
 */
#ifdef __bpf__
typedef struct __sk_buff bond_source;
#else
typedef struct bond_frame bond_source;
#endif

/* A frame as the device is handed it: Ethernet header first, an accelerated VLAN tag beside it. */
struct bond_frame {
    const uint8_t *data, *end; /* the bytes in reach */
    uint32_t len;              /* the whole frame, in reach or not */
    uint16_t proto_be;         /* skb->protocol, network order: with an accelerated tag what is
                                * inside, with a tag in the frame 802.1Q */
    uint16_t vlan_tci;         /* accelerated tag; 0: none */
    uint32_t queue;            /* skb->queue_mapping; 0: none */
#ifdef __bpf__
    bond_source *source;
#else
    bool tagged;      /* an accelerated tag is there, vlan_tci 0 or not */
    uint16_t net;     /* where the stack says that the network header is; 0: right behind
                       * Ethernet's. With tags in the frame a packet socket and a stacked
                       * VLAN device put it behind them */
    uint32_t l4_hash; /* skb->hash, if it is one over ports (skb->l4_hash); 0: none */
#endif
    bool missing; /* out: bytes were needed that the frame has and that are not in reach.
                   * What was answered is void: bring BOND_REACH bytes into reach (or
                   * the whole frame, if shorter) and ask again */
};

static BOND_INLINE bond_source *
bond_frame_source(struct bond_frame *f)
{
#ifdef __bpf__
    return f->source;
#else
    return f;
#endif
}

/* n bytes at off, or NULL. */
static BOND_INLINE const uint8_t *
bond_frame_at(struct bond_frame *f, uint32_t off, uint32_t n)
{
    const uint8_t *p = f->data + off;

    BOND_OPAQUE(p);
    if (p + n > f->end) {
        if (off + n <= f->len)
            f->missing = true;
        return NULL;
    }
    return p;
}

/* Four bytes as they lie in memory. In BPF packet words are read whole (the verifier checks the
 * alignment where the machine needs it); natively nothing is known of it. */
static BOND_INLINE uint32_t
bond_load32(const uint8_t *p)
{
#ifdef __bpf__
    return *(const uint32_t *) p;
#else
    uint32_t v;

    __builtin_memcpy(&v, p, sizeof(v));
    return v;
#endif
}

/* Two bytes, the same way. */
static BOND_INLINE uint16_t
bond_load16(const uint8_t *p)
{
#ifdef __bpf__
    return *(const uint16_t *) p;
#else
    uint16_t v;

    __builtin_memcpy(&v, p, sizeof(v));
    return v;
#endif
}

/* Four bytes where words are not aligned, in ARP say: by halves. */
static BOND_INLINE uint32_t
bond_load32_halves(const uint8_t *p)
{
    union {
        uint16_t half[2];
        uint32_t word;
    } v;

#ifdef __bpf__
    v.half[0] = *(const uint16_t *) p;
    v.half[1] = *(const uint16_t *) (p + 2);
#else
    __builtin_memcpy(&v, p, sizeof(v));
#endif
    return v.word;
}

#ifndef __bpf__
static inline bool
bond_source_bytes(bond_source *f, uint32_t off, void *to, uint32_t n)
{
    const uint8_t *p = bond_frame_at(f, off, n);

    if (p)
        __builtin_memcpy(to, p, n);
    return p;
}

static inline uint32_t
bond_source_len(const bond_source *f)
{
    return f->len;
}

static inline uint32_t
bond_source_proto_be(const bond_source *f)
{
    return f->proto_be;
}

static inline bool
bond_source_is_tagged(const bond_source *f)
{
    return f->tagged || f->vlan_tci;
}

static inline uint32_t
bond_source_net(const bond_source *f)
{
    return f->net ? f->net : BOND_ETH_HLEN;
}

static inline uint32_t
bond_source_l4_hash(const bond_source *f)
{
    return f->l4_hash;
}
#endif

#endif
