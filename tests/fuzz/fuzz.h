/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz.h - what the harnesses share: bytes one after the other, and a check that says what broke.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/bond.h"

/* libFuzzer keeps the input of a run that ends here. */
#define MUST(condition, ...)                                                                       \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "\n%s:%d: " #condition " does not hold: ", __FILE__, __LINE__);        \
            fprintf(stderr, __VA_ARGS__);                                                          \
            fputc('\n', stderr);                                                                   \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

struct bytes {
    const uint8_t *at, *end;
};

/* Zero when there is nothing left. */
static inline uint8_t
next_byte(struct bytes *in)
{
    return in->at < in->end ? *in->at++ : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
