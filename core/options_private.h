/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * options_private.h - what the parts of the option table share: reading a text against one row,
 * and the words of refusals. Nothing outside core/options*.c includes it.
 */
#ifndef BOND_OPTIONS_PRIVATE_H
#define BOND_OPTIONS_PRIVATE_H

#include "core/options.h"

#define BOND_OPT_NO_NEED (-1)
#define BOND_QUOTE_SIZE 64 /* a value as refusals show it, shortened and escaped */
#define BOND_WORDS_SIZE 1024

/* options_text.c: pieces of sentences. Each fills buf and returns it. */
const char *bond_opt_quote(const char *text, char buf[BOND_QUOTE_SIZE]);
const char *bond_opt_modes_text(uint8_t modes, char *buf, size_t size);
const char *bond_opt_values_text(const struct bond_opt_desc *d, bool now, char *buf, size_t size);
int bond_opt_unknown(const char *name, struct bond_err *err);

/* options_read.c: what the text says, checked against the row alone, into the option's field of
 * *o. `name` is the spelling that was used. On refusal *o may be half changed: pass a copy. */
int bond_opt_read(const struct bond_opt_desc *d, const char *name, const char *text,
                  struct bond_options *o, struct bond_err *err);
bool bond_opt_equal(const struct bond_options *a, const struct bond_options *b,
                    enum bond_opt_id id);
void bond_opt_copy(struct bond_options *to, const struct bond_options *from, enum bond_opt_id id);

/* options.c: the kernel's conditions, for options_apply.c. */
bool bond_opt_is_delay(unsigned int id); /* refused without miimon, even 0 */
int bond_opt_check_mode(const struct bond_opt_desc *d, const char *name, const char *value,
                        const struct bond_options *o, struct bond_err *err);
int bond_opt_check_state(const struct bond_opt_desc *d, const char *name, const char *value,
                         const struct bond_opt_ctx *ctx, struct bond_err *err);

static inline void
bond_opt_mark(struct bond_options *o, unsigned int id, bool given)
{
    const uint32_t bit = 1u << (id % 32);

    o->set_mask[id / 32] = given ? o->set_mask[id / 32] | bit : o->set_mask[id / 32] & ~bit;
}

#endif
