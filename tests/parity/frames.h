/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frames.h - the frames that the kernel driver was asked about: the same for its recorder (in the
 * guest), for the replay against core/hash.h (native), and for whoever writes a hash policy.
 *
 * A frame is a function of its number alone. Change the generator, and the golden file must be
 * recorded again (its first line has a sum over all frames).
 */
#ifndef TESTS_PARITY_FRAMES_H
#define TESTS_PARITY_FRAMES_H

#include <stdint.h>

#include "core/hash.h"

#define PARITY_RANDOM_FRAMES 24000u
#define PARITY_DIRECTED_FRAMES 600u /* behind them: what chance hardly meets */
#define PARITY_FRAMES (PARITY_RANDOM_FRAMES + PARITY_DIRECTED_FRAMES)
#define PARITY_FRAME_MAX 400u
#define PARITY_POLICIES 6u
/* Of a hash the golden file keeps the remainder by this: it gives the port among 1 to 8. */
#define PARITY_MODULUS 840u /* least common multiple of 1..8 */

struct parity_frame {
    uint16_t len;
    uint16_t tag_proto; /* accelerated tag: 0x8100, 0x88a8; 0: none */
    uint16_t tag_tci;
    const char *kind;
    uint8_t data[PARITY_FRAME_MAX];
};

/* Accelerated tags come from VLAN devices on the bond, so there are only these. */
struct parity_vlan {
    uint16_t proto, vid;
    uint8_t priority; /* what its device writes into every tag */
};
#define PARITY_VLANS 8u
extern const struct parity_vlan parity_vlan[PARITY_VLANS];

void parity_frame(uint32_t index, struct parity_frame *f);

/* The frame as the packet path is handed it.
 *
 * Encapsulating policies begin at the network header, and where there are tags in the frame itself,
 * a packet socket (which sent these) puts it behind all of them while skb->protocol stays that of
 * the outermost: the kernel then takes the first bytes behind the tags for a tag. A stacked VLAN
 * device does the same. Where the frame ends within its tags, the network header is at 14. */
struct bond_frame parity_view(const struct parity_frame *f);

/* A sum over n frames. */
uint64_t parity_frames_sum(uint32_t first, uint32_t n);

/* For messages: static buffer. */
const char *parity_dump(const struct parity_frame *f);

#endif
