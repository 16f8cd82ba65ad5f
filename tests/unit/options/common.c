/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * common.c - reading and showing options in tests. Checks nothing by itself.
 */
#include "common.h"

void
option_list_parse(struct option_list *l, const char *text)
{
    char *save = NULL;

    memset(l, 0, sizeof(*l));
    assert_true(strlen(text) < sizeof(l->text));
    strcpy(l->text, text);
    for (char *item = strtok_r(l->text, ";", &save); item; item = strtok_r(NULL, ";", &save)) {
        char *value;

        item += strspn(item, " ");
        value = strchr(item, '=');
        if (value)
            *value++ = '\0';
        assert_true(l->n < MAX_GIVEN);
        l->names[l->n] = item;
        l->values[l->n++] = value;
    }
}

int
apply_text(struct bond_options *o, const char *text, bool replace, const struct bond_opt_ctx *ctx,
           struct bond_err *err)
{
    struct option_list l;

    option_list_parse(&l, text);
    return bond_options_apply(o, l.n, l.names, l.values, replace, ctx, err);
}

void
must_apply(struct bond_options *o, const char *text, bool replace)
{
    struct bond_err err = {0};

    if (apply_text(o, text, replace, NULL, &err))
        fail_msg("\"%s\" was refused: %s", text, err.text);
}

void
must_set(struct bond_options *o, const char *name, const char *value)
{
    struct bond_err err = {0};

    if (bond_option_set(o, name, value, NULL, &err))
        fail_msg("%s=%s was refused: %s", name, value, err.text);
}

const char *
shown(const struct bond_options *o, const char *name)
{
    static char ring[8][TEXT_SIZE];
    static unsigned int next;
    const struct bond_opt_desc *d = bond_opt_by_name(name);
    char *buf = ring[next++ % 8];

    if (!d)
        fail_msg("the test asks for an option \"%s\" that is not in the table", name);
    assert_in_range(bond_option_format(o, (enum bond_opt_id) d->id, buf, TEXT_SIZE), 0,
                    TEXT_SIZE - 1);
    return buf;
}

void
show_all(const struct bond_options *o, char *buf, size_t size)
{
    size_t at = 0;

    for (unsigned int id = 0; id < BOND_OPT_N; id++) {
        const char *name = bond_opt_desc((enum bond_opt_id) id)->name;

        at +=
            (size_t) snprintf(buf + at, size - at, "%s%s=%s", id ? ";" : "", name, shown(o, name));
        assert_true(at < size);
    }
}
