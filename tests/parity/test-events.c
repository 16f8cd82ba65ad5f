/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-events.c - what core makes of the scripts of events-cases.h, against what the kernel driver
 * made of them: golden/events.txt (format: compact.py, made by ./record), or a fresh recording with
 * another seed. After every event: its errno, carrier, addresses, by which ports frames leave, from
 * which they enter, and the text of /proc/net/bonding, line by line.
 *
 *   test-events GOLDEN
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
static uint32_t parted_scripts[PARITY_SCRIPTS], n_parted; /* in which something differs */

static struct {
    uint32_t scripts, looks, allowed, parted, differences;
} of_mode[BOND_N_MODES];

static struct parity_lines driver; /* the look, as recorded */

static void
show(const struct parity_event *e, const char *want, const char *have)
{
    of_mode[script.mode].differences++;
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
    of_mode[script.mode].looks++;
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
    if (verdict == PARITY_AGAIN) {
        parity_sim_look(&sim, version, text, sizeof(text));
        split(text, &here);
        verdict =
            same(&here) ? PARITY_ALLOWED : parity_judge(&sim, &history, e, &driver, &here, &at);
    }
    over = verdict != PARITY_ALLOWED;
    of_mode[script.mode].parted += verdict == PARITY_PARTED;
    of_mode[script.mode].allowed += verdict == PARITY_ALLOWED || verdict == PARITY_PARTED;
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
    of_mode[script.mode].scripts++;
    parity_sim_begin(&sim, &script);
    for (uint32_t i = 0; i < script.ports; i++)
        if (parity_sim_attach(&sim, i))
            printf("script %u: p%u is not taken: %s\n", index, i, sim.err.text), differences++;
    parity_sim_wait(&sim, parity_wait_ms(&script, NULL));
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

static bool
next_look(char *line)
{
    char *bar = strchr(line, '|');
    const struct parity_event *e = NULL;
    int have = 0;

    if (!bar || !read_look(bar + 1))
        return false;
    version = strrchr(driver.line[4], ' ') + 1;
    if (sim.b.ifindex && next_event > 0)
        e = &script.event[next_event - 1];
    if (e && !over) {
        have = parity_sim_event(&sim, e);
        parity_sim_wait(&sim, parity_wait_ms(&script, e));
    }
    if (!over)
        look(e, atoi(line), have);
    next_event++;
    return next_event <= script.n_events + 1;
}

static bool
take(char *line)
{
    if (!strncmp(line, "# ", 2)) {
        unsigned long long sum = 0;

        return sscanf(line, "# %*u scripts, seed %u, sum %llx", &seed, &sum) == 2 &&
               sum == parity_scripts_sum();
    }
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

int
main(int argc, char **argv)
{
    FILE *file = argc > 1 ? fopen(argv[1], "r") : NULL;
    static char line[65536];
    bool good = true;

    if (!file) {
        fprintf(stderr, "usage: test-events GOLDEN, or test-events FILE fresh\n");
        return 2;
    }
    while (good && fgets(line, sizeof(line), file)) {
        good = take(line);
        if (!good)
            printf("not a line of this golden file: record it again: %s\n", line);
    }
    fclose(file);
    while (n_table > 0)
        free(table[--n_table]);
    if (sim.broken) {
        printf("an invariant does not hold: %s\n", sim.broken);
        good = false;
    }
    if (scripts < 500 && argc < 3) {
        printf("only %u scripts\n", scripts);
        good = false;
    }
    good = parity_events_report(argc < 3) && good;
    for (uint32_t m = 0; m < BOND_N_MODES; m++)
        if (of_mode[m].scripts)
            printf("%s: %u scripts, %u looks, %u of them allowed to differ, %u scripts left early, "
                   "%u differences\n",
                   bond_mode_name((enum bond_mode) m), of_mode[m].scripts, of_mode[m].looks,
                   of_mode[m].allowed, of_mode[m].parted, of_mode[m].differences);
    for (uint32_t i = 0; i < n_parted; i++)
        printf("%s %u%s", i ? "" : "scripts that differ:", parted_scripts[i],
               i + 1 == n_parted ? "\n" : "");
    printf("%u looks in %u scripts, %u differences\n", looks, scripts, differences);
    return good && differences == 0 ? 0 : 1;
}
