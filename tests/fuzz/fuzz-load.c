/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz-load.c - any text as saved state. What is refused leaves the bond as it was; what is
 * accepted is sound, is saved as the same again, and goes on exactly as its copy does.
 */
#include "fuzz.h"

#define TEXT_SIZE 65536

static char text[2][TEXT_SIZE];

static void
save(const struct bond *b, char *buf)
{
    const int n = bond_save(b, buf, TEXT_SIZE);

    MUST(n > 0 && n < TEXT_SIZE, "%d bytes", n);
    MUST((size_t) n == strlen(buf), "says %d, wrote %zu", n, strlen(buf));
}

static void
go_on(struct bond *b, struct bond *copy)
{
    static struct bond_actions a, c;
    const struct bond_event tick = {.type = BOND_EV_TICK};
    uint64_t now = 0;

    for (int i = 0; i < 4 && now < BOND_NEVER; i++) {
        bond_step(b, &tick, now, &a, NULL);
        bond_step(copy, &tick, now, &c, NULL);
        MUST(!bond_check(b), "%s", bond_check(b));
        MUST(a.n == c.n && !memcmp(a.v, c.v, a.n * sizeof(a.v[0])), "other actions, step %d", i);
        MUST(a.next_ns == c.next_ns, "another deadline, step %d", i);
        now = a.next_ns;
    }
    save(b, text[0]);
    save(copy, text[1]);
    MUST(!strcmp(text[0], text[1]), "goes on in another way");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct bond b, copy, before;
    struct bond_options defaults;
    struct bond_err err = {0};
    char *input = strndup((const char *) data, size);
    char proc[16];
    int r;

    bond_options_init(&defaults, BOND_MODE_BALANCE_RR);
    memset(&b, 0, sizeof(b));
    bond_init(&b, "bond0", 1, &defaults);
    before = b;
    r = bond_load(&b, input, &err);
    free(input);
    if (r) {
        MUST(r == -EINVAL && err.code == r && err.text[0], "%d %s", r, err.text);
        MUST(!memcmp(&b, &before, sizeof(b)), "changed although refused: %s", err.text);
        return 0;
    }
    MUST(!bond_check(&b), "%s", bond_check(&b));
    save(&b, text[0]);
    memset(&copy, 0, sizeof(copy));
    MUST(!bond_load(&copy, text[0], &err), "%s", err.text);
    save(&copy, text[1]);
    MUST(!strcmp(text[0], text[1]), "saved again, it is another");
    MUST(bond_proc_format(&b, "fuzz", proc, sizeof(proc)) > (int) sizeof(proc), "short");
    go_on(&b, &copy);
    return 0;
}
