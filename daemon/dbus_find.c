/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dbus_find.c - Bond.FindPort: the port that a frame would take, by the packet path's own selection
 * (select.h) over copies of what it goes by. Nothing is sent, assigned or counted.
 */
#include "daemon/dbus.h"

#include <string.h>

#include "core/select.h"
#include "daemon/error.h"

#define MAX_FRAME 65535

struct seen {
    struct bond_table table;
    struct bond_tlb tlb;
    struct bond_bucket_load load; /* of this frame alone */
};

static const char *
name_of(const struct bondd_bond *b, uint32_t slot)
{
    return slot < BOND_MAX_PORTS && bond_slot_is_member(&b->core, (int) slot)
               ? b->core.port[slot].name
               : "";
}

/* The slot, or BOND_MAX_PORTS. */
static uint32_t
choose(struct seen *seen, const uint8_t *data, gsize n)
{
    uint32_t counter = 0;
    struct bond_frame frame = {.data = data, .end = data + n, .len = (uint32_t) n};
    struct bond_rr rr = {.counter = &counter, .tlb = &seen->tlb, .load = &seen->load};
    struct bond_choice choice;

    memcpy(&frame.proto_be, data + 2 * BOND_MAC_LEN, sizeof(frame.proto_be));
    choice = bond_choose(&seen->table, &frame, &rr);
    return choice.send == BOND_SEND_PORT ? choice.slot : BOND_MAX_PORTS;
}

/* As the table would be without that port; who is active then is core's decision, the first of
 * those that are left stands in for it here. */
static void
take_out(struct bond_table *t, uint32_t slot)
{
    uint32_t n = 0;

    t->port[slot].can_tx = 0;
    for (uint32_t i = 0; i < t->n_tx; i++) {
        if (t->tx[i] != slot)
            t->tx[n++] = t->tx[i];
    }
    t->n_tx = n;
    for (uint32_t i = 0; t->resilient && n > 0 && i < BOND_BUCKETS; i++) {
        if (t->bucket[i] == slot)
            t->bucket[i] = t->tx[bond_bucket_wish(i) % n];
    }
    if (t->active_slot == slot)
        t->active_slot = n > 0 ? t->tx[0] : BOND_MAX_PORTS;
}

/* Which of the table's entries the frame belongs to: the one whose count has grown. */
static uint32_t
bucket_of(const struct bond_tlb *before, const struct bond_tlb *after)
{
    for (uint32_t i = 0; i < BOND_TLB_ENTRIES; i++) {
        if (before->entry[i].bytes != after->entry[i].bytes ||
            before->entry[i].epoch != after->entry[i].epoch)
            return i;
    }
    return BOND_TLB_ENTRIES;
}

/* The same for hash=resilient. */
static uint32_t
hash_bucket_of(const struct bond_bucket_load *load)
{
    uint32_t i = 0;

    while (i < BOND_BUCKETS && load->bytes[i] == 0)
        i++;
    return i;
}

static GVariant *
answer(struct bondd_bond *b, struct seen *seen, const uint8_t *data, gsize n)
{
    g_autofree struct bond_tlb *before = g_memdup2(&seen->tlb, sizeof(seen->tlb));
    uint32_t slot = choose(seen, data, n);
    uint32_t bucket = bucket_of(before, &seen->tlb), hashed = hash_bucket_of(&seen->load);
    GVariantDict dict;

    g_variant_dict_init(&dict, NULL);
    g_variant_dict_insert(&dict, "port", "s", name_of(b, slot));
    if (bucket < BOND_TLB_ENTRIES) {
        g_variant_dict_insert(&dict, "bucket", "u", bucket);
        g_variant_dict_insert(&dict, "assigned", "b",
                              before->entry[bucket].epoch == seen->table.tlb_epoch &&
                                  before->entry[bucket].slot == slot);
    }
    if (hashed < BOND_BUCKETS)
        g_variant_dict_insert(&dict, "hash-bucket", "u", hashed);
    if (slot < BOND_MAX_PORTS) {
        take_out(&seen->table, slot);
        slot = choose(seen, data, n);
    }
    g_variant_dict_insert(&dict, "backup", "s", name_of(b, slot));
    return g_variant_new("(@a{sv})", g_variant_dict_end(&dict));
}

bool
bondd_dbus_find_port(struct bondd_call *call, GError **error)
{
    g_autofree struct seen *seen = g_new0(struct seen, 1);
    g_autoptr(GVariant) frame = g_variant_get_child_value(call->params, 0);
    gsize n;
    const uint8_t *data = g_variant_get_fixed_array(frame, &n, 1);
    int r;

    if (n < BOND_ETH_HLEN || n > MAX_FRAME) {
        g_set_error(error, BONDD_ERROR, BONDD_ERROR_BAD_VALUE,
                    "A frame of %" G_GSIZE_FORMAT
                    " bytes is not possible: it has %u to %u, beginning with its Ethernet header.",
                    n, BOND_ETH_HLEN, MAX_FRAME);
        return false;
    }
    r = dp_bpf_look(call->bond->bpf, &seen->table, &seen->tlb);
    if (r < 0) {
        bondd_error_from_errno(error, r, "Reading the packet path of bond %s",
                               call->bond->core.name);
        return false;
    }
    call->reply = answer(call->bond, seen, data, n);
    return true;
}
