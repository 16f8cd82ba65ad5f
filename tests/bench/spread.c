/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spread.c - how evenly flows are spread, and how many move when a port dies: the kernel's rule
 * (hash % ports) beside hash=resilient, both by core's own code. Prints the table of
 * docs/spreading.md; the last column is what one choice costs.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/bond.h"
#include "core/select.h"

struct set {
    const char *name;
    int from_step, to_step; /* 0: always the same */
};

static const struct set sets[] = {
    {"one port after the other", 1, 0},
    {"every fourth port", 4, 0},
    {"the same port at both ends", 1, 1},
    {"random ports", -1, 0},
};

static uint16_t
port_of(int step, unsigned i)
{
    return (uint16_t) (step < 0 ? 1024 + bond_mix(i) % 60000 : 1024 + i * (unsigned) step);
}

static void
fill(uint8_t f[60], const struct set *set, unsigned i)
{
    static const uint8_t begin[] = {2, 0, 0, 0, 9, 9, 2, 0, 0, 0, 0, 1, 8, 0, 0x45};
    uint16_t from = port_of(set->from_step, i), to = port_of(set->to_step, i);

    memset(f, 0, 60);
    memcpy(f, begin, sizeof(begin));
    f[23] = 6;
    memcpy(f + 26, (uint8_t[]){10, 0, 1, 1, 10, 0, 9, 7}, 8);
    memcpy(f + 34,
           (uint8_t[]){(uint8_t) (from >> 8), (uint8_t) from, (uint8_t) (to >> 8), (uint8_t) to},
           4);
}

static uint32_t
slot_of(const struct bond_table *t, const uint8_t f[60])
{
    struct bond_rr rr = {0};
    struct bond_frame view = {
        .data = f, .end = f + 60, .len = 60, .proto_be = BOND_BE16(BOND_ETH_IP)};

    return bond_choose(t, &view, &rr).slot;
}

static void
step(struct bond *b, struct bond_event *ev, uint64_t now)
{
    static struct bond_actions out;

    if (bond_step(b, ev, now, &out, NULL) < 0)
        fprintf(stderr, "spread: a step failed\n");
}

static void
make(struct bond *b, const char *hash, unsigned n)
{
    const char *names[] = {"mode", "xmit_hash_policy", "hash"};
    const char *values[] = {"balance-xor", "layer3+4", hash};
    struct bond_opt_ctx ctx = {.live = true};
    struct bond_options o;

    bond_options_init(&o, BOND_MODE_BALANCE_RR);
    bond_options_apply(&o, 3, names, values, true, &ctx, NULL);
    bond_init(b, "bond0", 1, &o);
    b->hash_seed = 0x5eed;
    for (unsigned i = 0; i < n; i++) {
        struct bond_event ev = {.type = BOND_EV_PORT_ATTACH,
                                .u.attach = {.ifindex = (int) i + 2,
                                             .mac = {2, 0, 0, 0, 0, (uint8_t) i},
                                             .admin_up = true,
                                             .carrier = true,
                                             .speed_mbps = 10000,
                                             .duplex = BOND_DUPLEX_FULL}};

        snprintf(ev.u.attach.name, sizeof(ev.u.attach.name), "eth%u", i);
        step(b, &ev, 1000000);
    }
}

static double
most_over_mean(const struct bond *b, const struct set *set, unsigned flows, unsigned n)
{
    unsigned got[BOND_MAX_PORTS] = {0}, most = 0;
    struct bond_table t;
    uint8_t f[60];

    bond_table_build(b, &t);
    for (unsigned i = 0; i < flows; i++) {
        fill(f, set, i);
        got[slot_of(&t, f)]++;
    }
    for (unsigned p = 0; p < n; p++)
        most = got[p] > most ? got[p] : most;
    return (double) most * n / flows;
}

/* Per cent of all flows that move, and of those that were not on the port that dies. */
static void
moved(struct bond *b, unsigned flows, double *all, double *innocent)
{
    struct bond_event ev = {.type = BOND_EV_PORT_LINK, .slot = 1};
    struct bond_table before, after;
    unsigned n_all = 0, n_innocent = 0;
    uint8_t f[60];

    bond_table_build(b, &before);
    ev.u.port_link.admin_up = true;
    memcpy(ev.u.port_link.name, b->port[1].name, BOND_NAME_SIZE);
    memcpy(ev.u.port_link.mac, b->port[1].mac, BOND_MAC_LEN);
    step(b, &ev, 2000000);
    bond_table_build(b, &after);
    for (unsigned i = 0; i < flows; i++) {
        uint32_t was;

        fill(f, &sets[3], i);
        was = slot_of(&before, f);
        if (slot_of(&after, f) == was)
            continue;
        n_all++;
        n_innocent += was != 1;
    }
    *all = 100.0 * n_all / flows;
    *innocent = 100.0 * n_innocent / flows;
}

static double
ns_each(const struct bond *b)
{
    struct timespec from, to;
    struct bond_table t;
    uint8_t f[60];
    uint32_t sum = 0;
    const unsigned rounds = 3000000;

    bond_table_build(b, &t);
    clock_gettime(CLOCK_MONOTONIC, &from);
    for (unsigned i = 0; i < rounds; i++) {
        fill(f, &sets[0], i);
        sum += slot_of(&t, f);
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    if (sum == 1)
        puts("");
    return ((double) (to.tv_sec - from.tv_sec) * 1e9 + (double) (to.tv_nsec - from.tv_nsec)) /
           rounds;
}

int
main(void)
{
    static struct bond b;
    static const char *const hashes[] = {"kernel", "resilient"};

    puts("| flows (one pair of hosts, 4 ports) | number | hash=kernel | hash=resilient |");
    puts("|---|---|---|---|");
    for (size_t k = 0; k < sizeof(sets) / sizeof(sets[0]); k++) {
        for (unsigned flows = 1000; flows <= 16000; flows *= 16) {
            double r[2];

            for (int h = 0; h < 2; h++) {
                make(&b, hashes[h], 4);
                r[h] = most_over_mean(&b, &sets[k], flows, 4);
            }
            printf("| %s | %u | %.2f | %.2f |\n", sets[k].name, flows, r[0], r[1]);
        }
    }
    puts("\n| ports | flows moved by the death of one: hash=kernel | of them innocent | "
         "hash=resilient | of them innocent |");
    puts("|---|---|---|---|---|");
    for (unsigned n = 3; n <= 32; n = n == 3 ? 4 : n * 2) {
        double all[2], innocent[2];

        for (int h = 0; h < 2; h++) {
            make(&b, hashes[h], n);
            moved(&b, 20000, &all[h], &innocent[h]);
        }
        printf("| %u | %.1f %% | %.1f %% | %.1f %% | %.1f %% |\n", n, all[0], innocent[0], all[1],
               innocent[1]);
    }
    for (int round = 0; round < 3; round++) {
        double ns[2];

        for (int h = 0; h < 2; h++) {
            make(&b, hashes[h], 4);
            ns[h] = ns_each(&b);
        }
        printf("\none choice, natively: kernel %.1f ns, resilient %.1f ns (%+.1f)", ns[0], ns[1],
               ns[1] - ns[0]);
    }
    puts("");
    return 0;
}
