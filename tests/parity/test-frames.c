/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-frames.c - the port that core chooses for each of the recorded frames, each policy and 1 to
 * 8 usable ports, against what the kernel driver chose (golden/frames.txt, made by ./record).
 *
 *   test-frames GOLDEN          every policy that is carried out
 *   test-frames GOLDEN POLICY   that policy, carried out or not
 *   test-frames FILE fresh      another recording
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/select.h"
#include "tests/parity/frames.h"

#define SHOWN 5u

static struct bond_table tables[PARITY_POLICIES][9];
static unsigned int cases, differences[PARITY_POLICIES];

static void
make_tables(void)
{
    for (uint32_t policy = 0; policy < PARITY_POLICIES; policy++) {
        for (uint32_t n = 1; n <= 8; n++) {
            struct bond_table *t = &tables[policy][n];

            t->mode = BOND_MODE_BALANCE_XOR;
            t->xmit_policy = policy;
            t->n_ports = t->n_tx = n;
            for (uint32_t i = 0; i < n; i++) {
                t->tx[i] = (uint8_t) i;
                t->port[i].ifindex = 10 + i;
                t->port[i].can_tx = 1;
            }
        }
    }
}

static int
digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 't' ? c - 'a' + 10 : -1;
}

static void
compare(uint32_t policy, uint32_t index, const struct parity_frame *f, uint32_t want)
{
    for (uint32_t n = 1; n <= 8; n++) {
        struct bond_rr rr = {0};
        struct bond_frame view = parity_view(f);
        struct bond_choice c = bond_choose(&tables[policy][n], &view, &rr);

        cases++;
        if (c.send == BOND_SEND_PORT && c.slot == want % n)
            continue;
        if (differences[policy]++ < SHOWN)
            printf("frame %u, %s, %u ports: the driver port %u, here %s %u: %s\n", index,
                   bond_opt_value_name(BOND_OPT_XMIT_HASH_POLICY, policy), n, want % n,
                   c.send == BOND_SEND_PORT ? "port" : "none", c.slot, parity_dump(f));
        break;
    }
}

static bool
replay_line(const char *line, uint32_t index, const bool use[PARITY_POLICIES])
{
    struct parity_frame f;

    if (strlen(line) != 2 * PARITY_POLICIES + 1)
        return false;
    parity_frame(index, &f);
    for (uint32_t policy = 0; policy < PARITY_POLICIES; policy++) {
        int high = digit(line[2 * policy]), low = digit(line[2 * policy + 1]);

        if (high < 0 || low < 0 || high * 30 + low >= (int) PARITY_MODULUS)
            return false;
        if (use[policy])
            compare(policy, index, &f, (uint32_t) (high * 30 + low));
    }
    return true;
}

static bool
replay(FILE *file, const bool use[PARITY_POLICIES], uint32_t at_least)
{
    unsigned int frames = 0, first = 0;
    unsigned long long sum = 0, have;
    uint32_t done = 0;
    char line[256];

    if (!fgets(line, sizeof(line), file) ||
        sscanf(line, "# %u frames from %u, sum %llx", &frames, &first, &sum) != 3) {
        printf("not a recording of frames\n");
        return false;
    }
    have = parity_frames_sum(first, frames);
    if (sum != have) {
        printf("the file is of other frames (their sum is %llx, not %llx): record it again\n", have,
               sum);
        return false;
    }
    while (fgets(line, sizeof(line), file)) {
        if (!replay_line(line, first + done++, use)) {
            printf("not a line of a recording: %s", line);
            return false;
        }
    }
    if (done != frames || frames < at_least)
        printf("%u frames instead of %u\n", done, frames < at_least ? at_least : frames);
    return done == frames && frames >= at_least;
}

int
main(int argc, char **argv)
{
    FILE *file = argc > 1 ? fopen(argv[1], "r") : NULL;
    const bool fresh = argc > 2 && !strcmp(argv[2], "fresh");
    bool use[PARITY_POLICIES], good;

    if (!file) {
        fprintf(stderr, "usage: test-frames FILE [POLICY | fresh]\n");
        return 2;
    }
    for (uint32_t p = 0; p < PARITY_POLICIES; p++)
        use[p] = argc > 2 && !fresh ? (uint32_t) atoi(argv[2]) == p
                                    : bond_opt_value_is_carried_out(BOND_OPT_XMIT_HASH_POLICY, p);
    make_tables();
    good = replay(file, use, fresh ? 1 : PARITY_FRAMES);
    fclose(file);
    for (uint32_t p = 0; p < PARITY_POLICIES; p++) {
        printf("%s: %s%u frames differ\n", bond_opt_value_name(BOND_OPT_XMIT_HASH_POLICY, p),
               use[p] ? "" : "not compared, not carried out: ", differences[p]);
        good = good && differences[p] == 0;
    }
    printf("%u cases\n", cases);
    return good ? 0 : 1;
}
