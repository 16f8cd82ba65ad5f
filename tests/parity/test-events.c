/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-events.c - what core makes of the scripts of events-cases.h, against what the kernel driver
 * made of them: golden/{links,monitors,partners}.txt (format: compact.py, made by ./record), or a
 * fresh recording with another seed. After every event: its errno, carrier, addresses, by which
 * ports frames leave, from which they enter, and the text of /proc/net/bonding, line by line.
 *
 *   test-events GOLDEN...
 *   test-events FILE fresh      another recording
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/parity/events-allowed.h"
#include "tests/parity/events-sim.h"

#define MAX_TABLE 8192u
#define SHOWN 25u

static char *table[MAX_TABLE];
static uint32_t n_table;
static struct parity_script script;
static struct parity_sim sim;
static uint32_t script_index, seed, next_event, scripts, looks, differences;
static bool over; /* of this script nothing more can be compared */
static const char *version = "";
static struct parity_history history;
static uint32_t parted_scripts[4 * PARITY_MAX_SCRIPTS], n_parted; /* in which something differs */

static struct {
    uint32_t scripts, looks, allowed, parted, differences;
} of_mode[PARITY_FAMILIES][BOND_N_MODES];
#define COUNTS of_mode[script.family][script.mode]

static struct parity_lines driver; /* the look, as recorded */

static void
show(const struct parity_event *e, const char *want, const char *have)
{
    COUNTS.differences++;
    parted_scripts[n_parted++] = script_index;
    if (differences++ >= SHOWN)
        return;
    printf("script %u, %s, after event %d (%s)\n  the driver: %s\n  here:       %s\n", script_index,
           bond_mode_name((enum bond_mode) script.mode), (int) next_event - 1,
           e ? parity_event_text(e) : "the beginning", want, have);
}

static void
split(char *text, struct parity_lines *lines)
{
    lines->n = 0;
    for (char *line = text; *line && lines->n < PARITY_MAX_LINES;) {
        char *end = strchr(line, '\n');

        lines->line[lines->n++] = line;
        if (!end)
            break;
        *end = '\0';
        line = end + 1;
    }
}

static bool
same(const struct parity_lines *here)
{
    for (uint32_t i = 0; i < here->n && i < driver.n; i++)
        if (strcmp(here->line[i], driver.line[i]))
            return false;
    return here->n == driver.n;
}

static void
look(const struct parity_event *e, int want, int have)
{
    static char text[16384];
    enum parity_verdict verdict;
    struct parity_lines here;
    uint32_t at = 0, sent = sim.sent;

    looks++;
    COUNTS.looks++;
    if (want != have && !(want && have)) {
        char a[64], b[sizeof(sim.err.text)];

        snprintf(a, sizeof(a), "%s", want ? strerror(want) : "takes it");
        snprintf(b, sizeof(b), "%s", have ? sim.err.text : "taken");
        show(e, a, b);
        over = true;
        return;
    }
    if (!sim.up)
        return; /* docs/differences.md: a bond that is down is judged here, and is not there */
    parity_sim_look(&sim, version, text, sizeof(text));
    split(text, &here);
    if (same(&here)) {
        history.hurried = false;
        return;
    }
    verdict = parity_judge(&sim, &history, e, &driver, &here, &at);
    if (history.hurried)
        sim.sent = sent; /* the driver had nothing to count them by */
    for (int i = 0; verdict == PARITY_AGAIN && i < 4; i++) {
        sim.sent = sent + history.skew;
        parity_sim_look(&sim, version, text, sizeof(text));
        split(text, &here);
        verdict =
            same(&here) ? PARITY_ALLOWED : parity_judge(&sim, &history, e, &driver, &here, &at);
    }
    history.skew = 0;
    over = verdict != PARITY_ALLOWED;
    COUNTS.parted += verdict == PARITY_PARTED;
    COUNTS.allowed += verdict == PARITY_ALLOWED || verdict == PARITY_PARTED;
    if (verdict == PARITY_DIFFERS || verdict == PARITY_AGAIN)
        show(e, at < driver.n ? driver.line[at] : "(nothing)",
             at < here.n ? here.line[at] : "(nothing)");
}

static void
begin_script(uint32_t index)
{
    script_index = index;
    scripts++;
    parity_script(seed, index, &script);
    COUNTS.scripts++;
    parity_sim_begin(&sim, &script);
    for (uint32_t i = 0; i < script.ports; i++)
        if (parity_sim_attach(&sim, i))
            printf("script %u: p%u is not taken: %s\n", index, i, sim.err.text), differences++;
    parity_sim_wait_after(&sim, NULL);
    next_event = 0;
    over = false;
    memset(&history, 0, sizeof(history));
}

static bool
read_look(char *words)
{
    char *save = NULL;
    uint32_t n = 0;

    for (char *w = strtok_r(words, " \n", &save); w; w = strtok_r(NULL, " \n", &save)) {
        uint32_t at = w[0] == '@' ? (uint32_t) atoi(w + 1) : n++;
        const char *id = w[0] == '@' ? strchr(w, ':') : w;

        if (!id || at >= PARITY_MAX_LINES)
            return false;
        id += *id == ':';
        if ((uint32_t) atoi(id) >= n_table)
            return false;
        driver.line[at] = table[atoi(id)];
    }
    driver.n = n ? n : driver.n;
    return true;
}

static const char *
version_of(const struct parity_lines *lines)
{
    static const char title[] = "Ethernet Channel Bonding Driver: ";

    for (uint32_t i = 0; i < lines->n; i++)
        if (!strncmp(lines->line[i], title, sizeof(title) - 1))
            return lines->line[i] + sizeof(title) - 1;
    return "";
}

static bool
next_look(char *line)
{
    char *bar = strchr(line, '|');
    const struct parity_event *e = NULL;
    int have = 0;

    if (!bar || !read_look(bar + 1))
        return false;
    version = version_of(&driver);
    if (sim.b.ifindex && next_event > 0)
        e = &script.event[next_event - 1];
    if (e && !over) {
        parity_sim_wait_before(&sim, e);
        have = parity_sim_event(&sim, e);
        parity_sim_wait_after(&sim, e);
    }
    if (!over)
        look(e, atoi(line), have);
    next_event++;
    return next_event <= script.n_events + 1;
}

/* "# 240 scripts of monitors, seed 0, sum ..., asked of Linux ..." */
static bool
take_title(const char *line)
{
    unsigned long long sum = 0;
    char name[16];

    if (sscanf(line, "# %*u scripts of %15[a-z], seed %u, sum %llx", name, &seed, &sum) != 3)
        return false;
    for (int f = 0; f < PARITY_FAMILIES; f++)
        if (!strcmp(name, parity_family_name(f)))
            return sum == parity_scripts_sum(f);
    return false;
}

static bool
take(char *line)
{
    if (!strncmp(line, "# ", 2))
        return take_title(line);
    if (!strncmp(line, "= ", 2)) {
        line[strcspn(line, "\n")] = '\0';
        table[n_table] = strdup(line + 2);
        return table[n_table] && ++n_table < MAX_TABLE;
    }
    if (!strncmp(line, "script ", 7)) {
        begin_script((uint32_t) atoi(line + 7));
        return true;
    }
    return next_look(line);
}

static bool
replay(const char *path)
{
    static char line[65536];
    FILE *file = fopen(path, "r");
    bool good = file;

    if (!file)
        printf("%s cannot be read\n", path);
    while (good && fgets(line, sizeof(line), file)) {
        good = take(line);
        if (!good)
            printf("not a line of this golden file: record it again: %s\n", line);
    }
    if (file)
        fclose(file);
    while (n_table > 0)
        free(table[--n_table]);
    return good;
}

static void
report(void)
{
    for (int f = 0; f < PARITY_FAMILIES; f++)
        for (uint32_t m = 0; m < BOND_N_MODES; m++)
            if (of_mode[f][m].scripts)
                printf("%s, %s: %u scripts, %u looks, %u of them allowed to differ, %u scripts "
                       "left early, %u differences\n",
                       bond_mode_name((enum bond_mode) m), parity_family_name(f),
                       of_mode[f][m].scripts, of_mode[f][m].looks, of_mode[f][m].allowed,
                       of_mode[f][m].parted, of_mode[f][m].differences);
    for (uint32_t i = 0; i < n_parted; i++)
        printf("%s %u%s", i ? "" : "scripts that differ:", parted_scripts[i],
               i + 1 == n_parted ? "\n" : "");
    printf("%u looks in %u scripts, %u differences\n", looks, scripts, differences);
}

int
main(int argc, char **argv)
{
    const bool is_fresh = argc > 2 && !strcmp(argv[argc - 1], "fresh");
    bool good = true;

    if (argc < 2) {
        fprintf(stderr, "usage: test-events GOLDEN..., or test-events FILE fresh\n");
        return 2;
    }
    for (int i = 1; i < argc - is_fresh; i++)
        good = replay(argv[i]) && good;
    if (sim.broken) {
        printf("an invariant does not hold: %s\n", sim.broken);
        good = false;
    }
    if (scripts < 1000 && !is_fresh) {
        printf("only %u scripts\n", scripts);
        good = false;
    }
    good = parity_events_report(!is_fresh) && good;
    report();
    return good && differences == 0 ? 0 : 1;
}
