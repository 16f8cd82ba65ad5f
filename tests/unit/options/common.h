/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * common.h - options as tests write them: "mode=1; miimon=100; primary=eth0".
 */
#ifndef TEST_OPTIONS_COMMON_H
#define TEST_OPTIONS_COMMON_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/options.h"

#define MAX_GIVEN 64
#define TEXT_SIZE 1024

struct option_list {
    size_t n;
    const char *names[MAX_GIVEN];
    const char *values[MAX_GIVEN];
    char text[8192];
};

/* Splits at ';', then at the first '='; space in front of a name is dropped. */
void option_list_parse(struct option_list *l, const char *text);

/* bond_options_apply() of such a text. */
int apply_text(struct bond_options *o, const char *text, bool replace,
               const struct bond_opt_ctx *ctx, struct bond_err *err);

/* Fails the test with the refusal's sentence if it is refused. */
void must_apply(struct bond_options *o, const char *text, bool replace);
void must_set(struct bond_options *o, const char *name, const char *value);

/* One option as text; the pointer is good for the next 8 calls. */
const char *shown(const struct bond_options *o, const char *name);

/* All options as text, in the form that apply_text() reads. */
void show_all(const struct bond_options *o, char *buf, size_t size);

#endif
