/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * options_text.c - the words of refusals: values as they may be shown, what would be allowed.
 *
 * Sentences travel over D-Bus and to terminals, so whatever came from outside is escaped to
 * printable ASCII and shortened here. Decides no refusal itself.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/options_private.h"

#define SHOWN_MAX 40   /* characters of a value, escapes counted */
#define NEAR_ENOUGH 2u /* edits between a wrong name and the one that was meant */
#define NAME_MAX_LEN 24

int
bond_err_set(struct bond_err *err, enum bond_err_kind kind, int code, const char *fmt, ...)
{
    va_list ap;

    if (!err)
        return code;
    err->kind = kind;
    err->code = code;
    va_start(ap, fmt);
    vsnprintf(err->text, sizeof(err->text), fmt, ap);
    va_end(ap);
    return code;
}

static bool
is_number(const char *text)
{
    const size_t len = strlen(text);

    return len > 0 && len <= 20 && strspn(text, "0123456789") == len;
}

/* 50 stays 50; anything else is put between quotes. */
const char *
bond_opt_quote(const char *text, char buf[BOND_QUOTE_SIZE])
{
    size_t n = 0;

    if (is_number(text)) {
        snprintf(buf, BOND_QUOTE_SIZE, "%s", text);
        return buf;
    }
    buf[n++] = '"';
    for (const unsigned char *p = (const unsigned char *) text; *p; p++) {
        char one[5];

        if (*p == '"' || *p == '\\')
            snprintf(one, sizeof(one), "\\%c", *p);
        else if (*p < ' ' || *p > '~')
            snprintf(one, sizeof(one), "\\x%02x", *p);
        else
            snprintf(one, sizeof(one), "%c", *p);
        if (n + strlen(one) > SHOWN_MAX + 1) {
            memcpy(buf + n, "...", 3);
            n += 3;
            break;
        }
        memcpy(buf + n, one, strlen(one));
        n += strlen(one);
    }
    buf[n++] = '"';
    buf[n] = '\0';
    return buf;
}

/* "a", "a or b", "a, b or c": called with the index of the item and how many there are. */
static size_t
list_item(char *buf, size_t size, size_t at, unsigned int i, unsigned int n, const char *last,
          const char *item)
{
    const char *sep = i == 0 ? "" : i + 1 == n ? last : ", ";

    if (at < size)
        snprintf(buf + at, size - at, "%s%s", sep, item);
    return at + strlen(sep) + strlen(item);
}

const char *
bond_opt_modes_text(uint8_t modes, char *buf, size_t size)
{
    const unsigned int n = (unsigned int) __builtin_popcount(modes);
    unsigned int i = 0;
    size_t at = 0;

    buf[0] = '\0';
    for (uint32_t mode = 0; mode < BOND_N_MODES; mode++)
        if (modes & (1u << mode))
            at = list_item(buf, size, at, i++, n, " and ", bond_mode_name((enum bond_mode) mode));
    return buf;
}

/* "balance-rr (0), active-backup (1) or ..."; `now`: only what is carried out already. */
const char *
bond_opt_values_text(const struct bond_opt_desc *d, bool now, char *buf, size_t size)
{
    unsigned int n = 0, i = 0;
    size_t at = 0;

    buf[0] = '\0';
    for (const struct bond_opt_value *v = d->values; v->name; v++)
        n += !now || !(v->flags & BOND_OPT_F_LATER);
    for (const struct bond_opt_value *v = d->values; v->name; v++) {
        char item[40];

        if (now && (v->flags & BOND_OPT_F_LATER))
            continue;
        snprintf(item, sizeof(item), "%s (%u)", v->name, v->value);
        at = list_item(buf, size, at, i++, n, " or ", item);
    }
    return buf;
}

/* Edits (insert, delete, replace) from a to b; both at most NAME_MAX_LEN long. */
static unsigned int
distance(const char *a, const char *b)
{
    unsigned int row[NAME_MAX_LEN + 1];
    const size_t n = strlen(b);

    for (size_t j = 0; j <= n; j++)
        row[j] = (unsigned int) j;
    for (size_t i = 1; a[i - 1]; i++) {
        unsigned int diagonal = row[0];

        row[0] = (unsigned int) i;
        for (size_t j = 1; j <= n; j++) {
            const unsigned int replaced = diagonal + (a[i - 1] != b[j - 1]);
            const unsigned int shorter = row[j] < row[j - 1] ? row[j] : row[j - 1];

            diagonal = row[j];
            row[j] = replaced < shorter + 1 ? replaced : shorter + 1;
        }
    }
    return row[n];
}

static const char *
nearest(const char *name)
{
    unsigned int best = NEAR_ENOUGH + 1;
    const char *found = NULL;

    if (strlen(name) < 3 || strlen(name) > NAME_MAX_LEN)
        return NULL;
    for (int id = 0; id < BOND_OPT_N; id++) {
        const struct bond_opt_desc *d = bond_opt_desc((enum bond_opt_id) id);
        const char *const names[] = {d->name, d->alias};

        for (size_t i = 0; i < 2 && names[i]; i++) {
            const unsigned int far = distance(name, names[i]);

            if (far < best) {
                best = far;
                found = names[i];
            }
        }
    }
    return found;
}

int
bond_opt_unknown(const char *name, struct bond_err *err)
{
    char quoted[BOND_QUOTE_SIZE], words[BOND_WORDS_SIZE];
    const char *near = nearest(name);
    size_t at = 0;

    bond_opt_quote(name, quoted);
    if (near)
        return bond_err_set(err, BOND_ERR_UNKNOWN_OPTION, -ENOENT,
                            "option %s is not known: did you mean %s?", quoted, near);
    words[0] = '\0';
    for (unsigned int id = 0; id < BOND_OPT_N; id++)
        at = list_item(words, sizeof(words), at, id, BOND_OPT_N, " and ",
                       bond_opt_desc((enum bond_opt_id) id)->name);
    return bond_err_set(err, BOND_ERR_UNKNOWN_OPTION, -ENOENT,
                        "option %s is not known: the options are %s", quoted, words);
}
