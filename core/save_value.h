/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * save_value.h - one value of the saved state as text, and back: what kinds there are. Which fields
 * there are is save.c's.
 */
#ifndef BOND_SAVE_VALUE_H
#define BOND_SAVE_VALUE_H

#include "core/bond.h"
#include "core/text.h"

enum save_kind { BOOL, U8, U16, U32, U64, I8, I32, MAC, NAME, TIMES, BUCKETS };

#define N_TIMES 16 /* TIMES: a row of that many uint64_t, without the zeros at its end */
_Static_assert(N_TIMES == BOND_MAX_ARP_TARGETS && N_TIMES == BOND_MAX_NS_TARGETS, "rows of times");

struct save_field {
    const char *key;
    enum save_kind kind;
    uint16_t offset;
    int64_t min, max; /* of the numbers but U64 */
};

/* "key=value" and the end of the line. */
void save_put(struct bond_text *t, const struct save_field *f, const void *base);
void save_put_hex(struct bond_text *t, const uint8_t *bytes, size_t n);

/* False: it is no such value, or out of its range. */
bool save_get(const struct save_field *f, void *base, const char *value);
bool save_get_hex(const char *value, uint8_t *out, size_t n); /* exactly n bytes */
bool save_get_int(const char *value, int64_t min, int64_t max, int64_t *out);

#endif
