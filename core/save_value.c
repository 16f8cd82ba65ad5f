/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* save_value.c - see save_value.h. Reading trusts nothing. */
#include "core/save_value.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- writing ---- */

void
save_put_hex(struct bond_text *t, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        bond_text_add(t, "%02x", bytes[i]);
}

static void
add_times(struct bond_text *t, const uint64_t *times)
{
    unsigned n = N_TIMES;

    while (n > 0 && times[n - 1] == 0)
        n--;
    for (unsigned i = 0; i < n; i++)
        bond_text_add(t, "%s%" PRIu64, i > 0 ? "," : "", times[i]);
}

/* A digit each; nothing where no bucket has a port. */
#define BUCKET_DIGITS "0123456789abcdefghijklmnopqrstuv-"
_Static_assert(sizeof(BUCKET_DIGITS) == BOND_MAX_PORTS + 2, "a digit for each slot and for none");

static void
add_buckets(struct bond_text *t, const uint8_t *bucket)
{
    char text[BOND_BUCKETS + 1] = "";

    for (unsigned i = 0; bucket[0] < BOND_MAX_PORTS && i < BOND_BUCKETS; i++)
        text[i] = BUCKET_DIGITS[bucket[i]];
    bond_text_add(t, "%s", text);
}

void
save_put(struct bond_text *t, const struct save_field *f, const void *base)
{
    const char *at = (const char *) base + f->offset;

    bond_text_add(t, "%s=", f->key);
    switch (f->kind) {
    case BOOL:
        bond_text_add(t, "%d", *(const bool *) at);
        break;
    case U8:
        bond_text_add(t, "%u", *(const uint8_t *) at);
        break;
    case U16:
        bond_text_add(t, "%u", *(const uint16_t *) at);
        break;
    case U32:
        bond_text_add(t, "%" PRIu32, *(const uint32_t *) at);
        break;
    case U64:
        bond_text_add(t, "%" PRIu64, *(const uint64_t *) at);
        break;
    case I8:
        bond_text_add(t, "%d", *(const int8_t *) at);
        break;
    case I32:
        bond_text_add(t, "%" PRId32, *(const int32_t *) at);
        break;
    case MAC:
        save_put_hex(t, (const uint8_t *) at, BOND_MAC_LEN);
        break;
    case NAME:
        bond_text_add(t, "%.*s", BOND_NAME_SIZE - 1, at);
        break;
    case TIMES:
        add_times(t, (const uint64_t *) at);
        break;
    case BUCKETS:
        add_buckets(t, (const uint8_t *) at);
        break;
    }
    bond_text_add(t, "\n");
}

/* ---- reading ---- */

/* Digits only, with a sign where min is negative; strtoll() alone would take more. */
bool
save_get_int(const char *value, int64_t min, int64_t max, int64_t *out)
{
    size_t digits = strspn(value[0] == '-' ? value + 1 : value, "0123456789");

    if (digits == 0 || digits > 10 || (value[0] == '-' ? value + 1 : value)[digits] != '\0')
        return false;
    *out = strtoll(value, NULL, 10);
    return *out >= min && *out <= max;
}

static bool
read_u64(const char *value, uint64_t *out)
{
    uint64_t n = 0;

    if (value[0] == '\0')
        return false;
    for (; *value >= '0' && *value <= '9'; value++) {
        uint64_t digit = (uint64_t) (*value - '0');

        if (n > (UINT64_MAX - digit) / 10)
            return false;
        n = n * 10 + digit;
    }
    *out = n;
    return *value == '\0';
}

static bool
read_times(const char *value, uint64_t out[N_TIMES])
{
    char one[24];

    memset(out, 0, N_TIMES * sizeof(out[0]));
    for (unsigned i = 0; *value != '\0'; i++) {
        size_t n = strcspn(value, ",");

        if (i == N_TIMES || n >= sizeof(one))
            return false;
        memcpy(one, value, n);
        one[n] = '\0';
        if (!read_u64(one, &out[i]) || (value[n] == ',' && value[n + 1] == '\0'))
            return false;
        value += n + (value[n] == ',');
    }
    return true;
}

static int
hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
save_get_hex(const char *value, uint8_t *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int high = hex_digit(value[0]), low = high < 0 ? -1 : hex_digit(value[1]);

        if (low < 0)
            return false;
        out[i] = (uint8_t) (high << 4 | low);
        value += 2;
    }
    return *value == '\0';
}

static bool
read_buckets(const char *value, uint8_t *bucket)
{
    memset(bucket, BOND_MAX_PORTS, BOND_BUCKETS);
    if (*value == '\0')
        return true;
    for (unsigned i = 0; i < BOND_BUCKETS; i++) {
        const char *digit = value[i] != '\0' ? strchr(BUCKET_DIGITS, value[i]) : NULL;

        if (!digit)
            return false;
        bucket[i] = (uint8_t) (digit - BUCKET_DIGITS);
    }
    return value[BOND_BUCKETS] == '\0';
}

bool
save_get(const struct save_field *f, void *base, const char *value)
{
    char *at = (char *) base + f->offset;
    int64_t n = 0;

    if (f->kind == MAC)
        return save_get_hex(value, (uint8_t *) at, BOND_MAC_LEN);
    if (f->kind == U64)
        return read_u64(value, (uint64_t *) at);
    if (f->kind == TIMES)
        return read_times(value, (uint64_t *) at);
    if (f->kind == BUCKETS)
        return read_buckets(value, (uint8_t *) at);
    if (f->kind == NAME) {
        if (strlen(value) >= BOND_NAME_SIZE)
            return false;
        memset(at, 0, BOND_NAME_SIZE);
        memcpy(at, value, strlen(value));
        return true;
    }
    if (!save_get_int(value, f->min, f->max, &n))
        return false;
    if (f->kind == BOOL)
        *(bool *) at = n != 0;
    else if (f->kind == U8)
        *(uint8_t *) at = (uint8_t) n;
    else if (f->kind == U16)
        *(uint16_t *) at = (uint16_t) n;
    else if (f->kind == U32)
        *(uint32_t *) at = (uint32_t) n;
    else if (f->kind == I8)
        *(int8_t *) at = (int8_t) n;
    else
        *(int32_t *) at = (int32_t) n;
    return true;
}
