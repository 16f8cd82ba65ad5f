/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz-options.c - any text as options. One byte of circumstances, then "name=value" a line; an
 * empty line ends a set and begins the next.
 */
#include "fuzz.h"

#define MAX_SET 48

static bool
is_eth0(const void *data, const char *ifname)
{
    return !strcmp(ifname, "eth0");
}

static void
check_refusal(int r, const struct bond_err *err, const struct bond_options *o,
              const struct bond_options *before)
{
    MUST(r < 0 && err->code == r && err->kind != BOND_ERR_NONE, "%d, kind %d", r, err->kind);
    MUST(!memcmp(o, before, sizeof(*o)), "changed although refused: %s", err->text);
    MUST(err->text[0] && strlen(err->text) < sizeof(err->text) - 1, "%s", err->text);
    for (const char *p = err->text; *p; p++)
        MUST(*p >= ' ' && *p <= '~', "a refusal with the byte %d", *p);
}

/* As it is shown it is accepted again, and is the same. */
static void
check_fixpoint(const struct bond_options *o)
{
    static char text[BOND_OPT_N][1024];
    const char *names[BOND_OPT_N], *values[BOND_OPT_N];
    struct bond_options fresh;
    struct bond_err err = {0};

    for (unsigned int id = 0; id < BOND_OPT_N; id++) {
        const int n = bond_option_format(o, (enum bond_opt_id) id, text[id], sizeof(text[id]));

        MUST(n >= 0 && (size_t) n == strlen(text[id]), "%u is %d long", id, n);
        names[id] = bond_opt_desc((enum bond_opt_id) id)->name;
        values[id] = text[id];
    }
    bond_options_init(&fresh, BOND_MODE_BALANCE_RR);
    MUST(!bond_options_apply(&fresh, BOND_OPT_N, names, values, true, NULL, &err), "%s", err.text);
    memcpy(fresh.set_mask, o->set_mask, sizeof(fresh.set_mask));
    MUST(!memcmp(&fresh, o, sizeof(fresh)), "what is shown is not what is in force");
}

static void
try_set(struct bond_options *o, size_t n, const char *const *names, const char *const *values,
        uint8_t how)
{
    const struct bond_opt_ctx ctx = {.is_up = how & 1,
                                     .n_ports = how >> 1 & 1,
                                     .live = how & 4,
                                     .has_port = how & 8 ? is_eth0 : NULL};
    const struct bond_options before = *o;
    struct bond_options single;
    struct bond_err err = {0};
    const int r = bond_options_apply(o, n, names, values, how & 16, &ctx, &err);

    if (r)
        check_refusal(r, &err, o, &before);
    else
        check_fixpoint(o);
    bond_options_init(&single, (enum bond_mode)((how >> 5) % BOND_N_MODES));
    for (size_t i = 0; i < n; i++) {
        const struct bond_options was = single;
        int64_t number;
        int s;

        memset(&err, 0, sizeof(err));
        s = bond_option_set(&single, names[i], values[i], &ctx, &err);
        if (s)
            check_refusal(s, &err, &single, &was);
        for (unsigned int id = 0; id < BOND_PORT_OPT_N; id++)
            bond_port_option_parse((enum bond_port_opt_id) id, values[i], &number, &err);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *names[MAX_SET], *values[MAX_SET];
    struct bond_options o;
    uint8_t how = size ? data[0] : 0;
    char *text, *line, *rest;
    size_t n = 0;

    if (!size)
        return 0;
    text = strndup((const char *) data + 1, size - 1);
    rest = text;
    bond_options_init(&o, BOND_MODE_BALANCE_RR);
    while ((line = strsep(&rest, "\n"))) {
        char *value = strchr(line, '=');

        if (!*line || n == MAX_SET) {
            try_set(&o, n, names, values, how);
            how = (uint8_t) (how * 31 + 7);
            n = 0;
            continue;
        }
        if (value)
            *value++ = '\0';
        names[n] = line;
        values[n++] = value;
    }
    try_set(&o, n, names, values, how);
    free(text);
    return 0;
}
