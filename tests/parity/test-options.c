/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-options.c - what core makes of every case of options-cases.h, against what the kernel driver
 * made of it (golden/options.txt, made by ./record): the same errno or the same values read back.
 *
 * Where core differs on purpose, docs/differences.md says so and options-allowed.c has a rule with
 * its reason; how often each was needed is printed, and a rule that no case needs is a failure.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/parity/options-allowed.h"
#include "tests/parity/options-cases.h"

#define SHOWN 30u
#define LINE 65536u

static unsigned int cases, differences;
static struct {
    unsigned int cases, differences;
} of_mode[BOND_N_MODES]; /* that the sequence begins in */

static bool
has_port(const void *data, const char *name)
{
    return data && (!strcmp(name, "p0") || !strcmp(name, "p1"));
}

/* As the kernel's file of that name reads, with "_" for a space. */
static void
read_back(const struct bond_options *o, const char *option, bool has_ports, char *text, size_t size)
{
    const struct bond_opt_desc *d = bond_opt_by_name(option);

    text[0] = '\0';
    if (!strncmp(option, "ad_", 3) && strcmp(option, "ad_select") &&
        o->num[BOND_OPT_MODE] != BOND_MODE_8023AD)
        return; /* the driver shows them in that mode only */
    if (d->id == BOND_OPT_PRIMARY && !has_port(has_ports ? o : NULL, o->primary))
        return; /* and this one once it is attached */
    bond_option_format(o, (enum bond_opt_id) d->id, text, size);
    if (d->type == BOND_OPT_T_ENUM && !(d->flags & BOND_OPT_F_NUMBER))
        snprintf(text + strlen(text), size - strlen(text), "_%u", o->num[d->id]);
    for (char *p = text; *p && d->type == BOND_OPT_T_IP4_LIST; p++)
        *p = *p == ',' ? '_' : *p;
}

struct replay {
    struct parity_sequence s;
    struct bond_options o;
    struct bond_opt_ctx ctx;
    char now[64][512]; /* what the driver reads, by number of the option */
};

static void
begin(struct replay *r, uint32_t index)
{
    parity_sequence(index, &r->s);
    bond_options_init(&r->o, BOND_MODE_BALANCE_RR);
    r->o.num[BOND_OPT_MIIMON] = 0; /* sysfs makes a bond without; 100 is NetworkManager's */
    memset(&r->ctx, 0, sizeof(r->ctx));
    if (r->s.mode != 0) {
        char number[12];

        snprintf(number, sizeof(number), "%u", r->s.mode);
        bond_option_set(&r->o, "mode", number, &r->ctx, NULL);
    }
    r->ctx.is_up = r->s.state != PARITY_DOWN;
    r->ctx.n_ports = r->s.state == PARITY_PORTS ? 2 : 0;
    r->ctx.has_port = has_port;
    r->ctx.data = r->s.state == PARITY_PORTS ? r : NULL;
    for (unsigned int i = 0; parity_options[i]; i++)
        read_back(&r->o, parity_options[i], r->ctx.n_ports > 0, r->now[i], sizeof(r->now[i]));
}

/* The driver's word for a write: 0 and r->now brought forward, or the errno. */
static int
driver_says(struct replay *r, char *word)
{
    static const struct {
        char letter;
        int code;
    } words[] = {{'.', 0},      {'I', EINVAL}, {'B', EBUSY}, {'N', ENOTEMPTY},
                 {'A', EACCES}, {'P', EPERM},  {'D', ENODEV}};
    char *save = NULL;

    for (unsigned int i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (word[0] == words[i].letter && !word[1])
            return words[i].code;
    if (word[0] == 'e')
        return atoi(word + 1);
    for (char *part = strtok_r(word, ",", &save); part; part = strtok_r(NULL, ",", &save)) {
        char *text = strchr(part, '=');

        if (!text)
            return -1;
        snprintf(r->now[atoi(part)], sizeof(r->now[0]), "%s", text + 1);
    }
    return 0;
}

static void
differs(const struct replay *r, uint32_t index, const struct parity_write *w, const char *what,
        const char *driver, const char *here)
{
    static const char *const states[] = {"down", "up", "with ports"};

    of_mode[r->s.mode].differences++;
    if (differences++ < SHOWN)
        printf("sequence %u, %s, %s: %s %s: %s: the driver %s, here %s\n", index,
               bond_mode_name((enum bond_mode) r->o.num[BOND_OPT_MODE]), states[r->s.state],
               w->option, parity_escape(w->text), what, driver, here);
}

/* The first option that reads differently here than with the driver, or NULL; `text`: what it is
 * here. */
static unsigned int
other_value(const struct replay *r, char *text, size_t size)
{
    unsigned int i = 0;

    for (; parity_options[i]; i++) {
        if (!strcmp(parity_options[i], "active_slave"))
            continue;
        read_back(&r->o, parity_options[i], r->ctx.n_ports > 0, text, size);
        if (strcmp(text, r->now[i]))
            break;
    }
    return i;
}

/* Where a rule allows it, what the driver took the text for is written here instead, and then must
 * do the same. */
static bool
compare_refusal(struct replay *r, uint32_t index, const struct parity_write *w, int driver)
{
    const struct bond_options before = r->o;
    struct bond_err err = {0};
    int here = -bond_option_set(&r->o, w->option, w->text, &r->ctx, &err);
    char means[PARITY_TEXT], want[64];

    if (driver == here)
        return true;
    r->o = before;
    if (parity_allowed(w->option, w->text, driver, here, means)) {
        if (!means[0])
            return true;
        here = -bond_option_set(&r->o, w->option, means, &r->ctx, &err);
        if (driver == here)
            return true;
    }
    snprintf(want, sizeof(want), "%s", driver ? strerror(driver) : "takes it");
    differs(r, index, w, "taken or not", want, here ? err.text : "it is taken");
    return driver && here;
}

/* False: they have parted for good, the rest of the sequence says nothing. */
static bool
compare(struct replay *r, uint32_t index, const struct parity_write *w, char *word)
{
    const struct bond_options before = r->o;
    const int driver = driver_says(r, word);
    char text[512], means[PARITY_TEXT];
    unsigned int i;

    cases++;
    of_mode[r->s.mode].cases++;
    if (!compare_refusal(r, index, w, driver))
        return false;
    i = other_value(r, text, sizeof(text));
    if (!parity_options[i])
        return true;
    if (!parity_value_allowed(w->option, w->text, parity_options[i], r->now[i], text, means)) {
        differs(r, index, w, parity_options[i], r->now[i], text);
        return false;
    }
    if (!means[0])
        return false;
    r->o = before;
    bond_option_set(&r->o, w->option, means, &r->ctx, NULL);
    i = other_value(r, text, sizeof(text));
    if (parity_options[i])
        differs(r, index, w, parity_options[i], r->now[i], text);
    return !parity_options[i];
}

static bool
replay_line(char *line)
{
    static struct replay r;
    char *save = NULL, *word = strtok_r(line, " \n", &save);
    uint32_t index = (uint32_t) atoi(word), done = 0;
    bool together = true;

    begin(&r, index);
    while ((word = strtok_r(NULL, " \n", &save))) {
        char *star = strchr(word, '=') ? NULL : strchr(word, '*');
        unsigned int times = star ? 1 + (unsigned int) atoi(star + 1) : 1;

        if (star)
            *star = '\0';
        for (; times > 0 && done < r.s.n; times--, done++)
            together = together && compare(&r, index, &r.s.write[done], word);
        if (times)
            return false;
    }
    return done == r.s.n;
}

int
main(int argc, char **argv)
{
    FILE *file = argc > 1 ? fopen(argv[1], "r") : NULL;
    static char line[LINE];
    uint32_t sequences = 0;
    bool good = true;

    if (!file) {
        fprintf(stderr, "usage: test-options GOLDEN, or test-options FILE fresh\n");
        return 2;
    }
    while (good && fgets(line, sizeof(line), file)) {
        if (line[0] == '#')
            continue;
        sequences++;
        good = replay_line(line);
        if (!good)
            printf("not a line of this golden file: record it again: %s\n", line);
    }
    fclose(file);
    if (argc == 2 && sequences != parity_sequences()) {
        printf("%u sequences instead of %u\n", sequences, parity_sequences());
        good = false;
    }
    good = parity_allowed_report(argc == 2) && good;
    for (uint32_t m = 0; m < BOND_N_MODES; m++)
        printf("%s: %u writes, %u differences\n", bond_mode_name((enum bond_mode) m),
               of_mode[m].cases, of_mode[m].differences);
    printf("%u writes in %u sequences, %u differences\n", cases, sequences, differences);
    return good && differences == 0 ? 0 : 1;
}
