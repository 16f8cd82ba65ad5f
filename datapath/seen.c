/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * seen.c - a hash set of MAC addresses, for bridges with some thousand hosts.
 *
 * Open addressing, at most half full. Decides nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "datapath/seen.h"

#define FIRST_SIZE 64     /* a power of two */
#define USED (1ull << 63) /* tells a key from an empty place */

static uint64_t
key_of(const uint8_t mac[BOND_MAC_LEN], uint16_t vlan_id)
{
    uint64_t key = vlan_id & 0xfffu;

    for (int i = 0; i < BOND_MAC_LEN; i++)
        key = key << 8 | mac[i];
    return key | USED;
}

/* Where the key is, or where it would go. */
static uint64_t *
place(const struct dp_seen *seen, uint64_t key)
{
    size_t i = (size_t) ((key * 0x9e3779b97f4a7c15ull) >> 32); /* Fibonacci hashing */

    while (seen->key[i & (seen->size - 1)] && seen->key[i & (seen->size - 1)] != key)
        i++;
    return &seen->key[i & (seen->size - 1)];
}

static bool
grow(struct dp_seen *seen)
{
    struct dp_seen more = {.n = seen->n, .size = seen->size ? 2 * seen->size : FIRST_SIZE};

    more.key = calloc(more.size, sizeof(*more.key));
    if (!more.key)
        return false;
    for (size_t i = 0; i < seen->size; i++) {
        if (seen->key[i])
            *place(&more, seen->key[i]) = seen->key[i];
    }
    free(seen->key);
    *seen = more;
    return true;
}

bool
dp_seen_add(struct dp_seen *seen, const uint8_t mac[BOND_MAC_LEN], uint16_t vlan_id)
{
    uint64_t key = key_of(mac, vlan_id), *at;

    if (2 * seen->n >= seen->size && !grow(seen))
        return true;
    at = place(seen, key);
    if (*at)
        return false;
    *at = key;
    seen->n++;
    return true;
}

void
dp_seen_free(struct dp_seen *seen)
{
    free(seen->key);
    memset(seen, 0, sizeof(*seen));
}
