/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* text.h - a text that grows in the caller's buffer and is cut where the buffer ends. */
#ifndef BOND_TEXT_H
#define BOND_TEXT_H

#include <stdarg.h>
#include <stdio.h>

struct bond_text {
    char *buf; /* may be NULL if size is 0 */
    size_t size;
    int len; /* as if size were no limit: what snprintf() would return */
};

static inline void __attribute__((format(printf, 2, 3)))
bond_text_add(struct bond_text *t, const char *fmt, ...)
{
    size_t used = (size_t) t->len < t->size ? (size_t) t->len : t->size;
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(t->size ? t->buf + used : NULL, t->size - used, fmt, ap);
    va_end(ap);
    if (n > 0)
        t->len += n;
}

#endif
