/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * seen.h - inside datapath/ only: a set of MAC addresses, each with or without a VLAN.
 */
#ifndef DP_SEEN_H
#define DP_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/limits.h"

struct dp_seen { /* all zero: empty */
    uint64_t *key;
    size_t n, size;
};

/* True when it was not in the set (it is now). Out of memory: true, for once more is better than
 * never. */
bool dp_seen_add(struct dp_seen *seen, const uint8_t mac[BOND_MAC_LEN], uint16_t vlan_id);
void dp_seen_free(struct dp_seen *seen); /* empties it */

#endif
