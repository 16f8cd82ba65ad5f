/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-buckets.c - hash=resilient: who moves when ports come and go (buckets.c), how evenly flows
 * are spread (buckets.h), and what is done about it by load. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/standin.h"
#include "sim.h"

#define RESILIENT "mode=balance-xor miimon=0 xmit_hash_policy=layer3+4 hash=resilient"

static struct sim sim;
static uint64_t now_ms;

static void
begin(const char *options, unsigned n, const char *speed)
{
    char words[64];

    sim_init(&sim, options);
    sim.b.hash_seed = 0x5eed;
    sim.without_twin = false;
    now_ms = 0;
    for (unsigned i = 0; i < n; i++) {
        snprintf(words, sizeof(words), "attach eth%u%s", i, speed);
        assert_true(sim_do(&sim, now_ms, words) >= 0);
    }
}

static void
happens(const char *words)
{
    now_ms += 10;
    assert_true(sim_do(&sim, now_ms, words) >= 0);
}

static unsigned
count(const uint8_t *bucket, unsigned slot)
{
    unsigned n = 0;

    for (unsigned i = 0; i < BOND_BUCKETS; i++)
        n += bucket[i] == slot;
    return n;
}

/* Flows: one pair of hosts, ports as the set says. */
struct set {
    const char *name;
    uint16_t (*from)(unsigned i), (*to)(unsigned i);
};

static uint16_t
one(unsigned i)
{
    return 443;
}

static uint16_t
up(unsigned i)
{
    return (uint16_t) (1024 + i);
}

static uint16_t
by_four(unsigned i)
{
    return (uint16_t) (1024 + 4 * i);
}

static uint16_t
scattered(unsigned i)
{
    return (uint16_t) (1024 + bond_mix(i * 2654435761u) % 60000);
}

static const struct set sets[] = {
    {"ports in a row", up, one},
    {"steps of four", by_four, one},
    {"the same port at both ends", up, up},
    {"random ports", scattered, one},
};

static struct bond_choice
send_flow(const struct bond_table *t, struct bond_bucket_load *load, const struct set *set,
          unsigned i)
{
    uint16_t from = set->from(i), to = set->to(i);
    uint8_t f[60] = {2, 0, 0, 0, 9, 9, 2, 0, 0, 0, 0, 1, 8, 0, 0x45};
    struct bond_rr rr = {.load = load};
    struct bond_frame view = {
        .data = f, .end = f + sizeof(f), .len = sizeof(f), .proto_be = BOND_BE16(BOND_ETH_IP)};

    f[23] = 6;
    memcpy(f + 26, (uint8_t[]){10, 0, 1, 1, 10, 0, 9, 7}, 8);
    memcpy(f + 34,
           (uint8_t[]){(uint8_t) (from >> 8), (uint8_t) from, (uint8_t) (to >> 8), (uint8_t) to},
           4);
    return bond_choose(t, &view, &rr);
}

/* The kernel's fold puts "the same port at both ends" on one port, and steps on half of them. */
static void
every_set_is_spread(void **state)
{
    for (unsigned n = 2; n <= 8; n *= 2) {
        begin(RESILIENT, n, "");
        for (size_t k = 0; k < sizeof(sets) / sizeof(sets[0]); k++) {
            for (unsigned flows = 1000; flows <= 10000; flows *= 10) {
                unsigned got[BOND_MAX_PORTS] = {0};
                double mean = (double) flows / n, sigma = sqrt(mean * (1 - 1.0 / n));

                for (unsigned i = 0; i < flows; i++)
                    got[send_flow(&sim.world.table, NULL, &sets[k], i).slot]++;
                for (unsigned p = 0; p < n; p++)
                    if (fabs(got[p] - mean) > 4 * sigma + 0.02 * mean)
                        fail_msg("%s, %u flows over %u ports: port %u has %u", sets[k].name, flows,
                                 n, p, got[p]);
            }
        }
    }
}

/* The mixer is the one that it says it is; what goes by a bucket is counted there. */
static void
mixes_and_counts(void **state)
{
    static struct bond_bucket_load load;
    uint64_t sum = 0;

    assert_int_equal(bond_mix(0), 0);
    assert_int_equal(bond_mix(1), 0x514e28b7u);
    begin(RESILIENT, 2, "");
    memset(&load, 0, sizeof(load));
    for (unsigned i = 0; i < 5; i++)
        send_flow(&sim.world.table, &load, &sets[0], i);
    for (unsigned i = 0; i < BOND_BUCKETS; i++)
        sum += load.bytes[i];
    assert_int_equal(sum, 5 * 60);
}

/* Two boxes in a row: what the first sends by one port the second must not send by one port. */
static void
seeds_are_independent(void **state)
{
    struct bond_table first, second;
    unsigned got[2] = {0};

    begin(RESILIENT, 2, "");
    first = second = sim.world.table;
    second.hash_seed = 0xabcdef01;
    for (unsigned i = 0; i < 10000; i++)
        if (send_flow(&first, NULL, &sets[0], i).slot == 0)
            got[send_flow(&second, NULL, &sets[0], i).slot]++;
    assert_in_range(got[0], 2200, 2800);
    assert_in_range(got[1], 2200, 2800);
}

static void
shares_are_exact(void **state)
{
    for (unsigned n = 1; n <= BOND_MAX_PORTS; n++) {
        begin(RESILIENT, n, "");
        for (unsigned p = 0; p < n; p++)
            assert_in_range(count(sim.b.bucket, p), BOND_BUCKETS / n, BOND_BUCKETS / n + 1);
    }
    begin(RESILIENT, 1, " speed=10000");
    happens("attach eth1 speed=25000");
    assert_in_range(count(sim.b.bucket, 0), 292, 293); /* 28.6 % */
    happens("speed eth1 10000");
    assert_int_equal(count(sim.b.bucket, 0), 512);
    happens("attach eth2 speed=-1"); /* not known: all weigh the same */
    assert_in_range(count(sim.b.bucket, 2), 341, 342);
}

/* A port goes and comes back, at any number of ports: only its own buckets move, then only its
 * share. */
static void
only_its_own_move(void **state)
{
    for (unsigned n = 2; n <= 32; n += n < 8 ? 1 : 8) {
        uint8_t before[BOND_BUCKETS], after[BOND_BUCKETS];
        unsigned innocent = 0, moved = 0;

        begin(RESILIENT, n, "");
        memcpy(before, sim.b.bucket, sizeof(before));
        happens("carrier eth1 off");
        memcpy(after, sim.b.bucket, sizeof(after));
        for (unsigned i = 0; i < BOND_BUCKETS; i++)
            innocent += before[i] != 1 && after[i] != before[i];
        assert_int_equal(innocent, 0);
        assert_int_equal(count(after, 1), 0);
        for (unsigned p = 0; p < n; p++)
            if (p != 1)
                assert_in_range(count(after, p), BOND_BUCKETS / (n - 1),
                                BOND_BUCKETS / (n - 1) + 1);
        happens("carrier eth1 on");
        for (unsigned i = 0; i < BOND_BUCKETS; i++)
            moved += after[i] != sim.b.bucket[i];
        assert_int_equal(moved, count(sim.b.bucket, 1));
        assert_in_range(moved, BOND_BUCKETS / n, BOND_BUCKETS / n + 1);
    }
}

/* What stands in for a dead port until the next table is there goes, for most flows, where that
 * table will send them. */
static void
a_flow_moves_once(void **state)
{
    struct bond_table before;
    unsigned twice = 0, all = 0;

    begin(RESILIENT, 4, "");
    before = sim.world.table;
    happens("carrier eth2 off");
    for (unsigned i = 0; i < 4000; i++) {
        uint16_t from = up(i);
        uint8_t f[60] = {2, 0, 0, 0, 9, 9, 2, 0, 0, 0, 0, 1, 8, 0, 0x45};
        struct bond_frame view = {
            .data = f, .end = f + 60, .len = 60, .proto_be = BOND_BE16(BOND_ETH_IP)};
        struct bond_rr rr = {0};
        struct bond_choice at_first;

        f[23] = 6;
        memcpy(f + 26, (uint8_t[]){10, 0, 1, 1, 10, 0, 9, 7}, 8);
        memcpy(f + 34, (uint8_t[]){(uint8_t) (from >> 8), (uint8_t) from, 1, 187}, 4);
        if (bond_choose(&before, &view, &rr).slot != 2)
            continue;
        at_first = bond_stand_in(&before, &view, &rr, 0xb);
        assert_int_equal(at_first.send, BOND_SEND_PORT);
        assert_int_not_equal(at_first.slot, 2);
        all++;
        twice += at_first.slot != bond_choose(&sim.world.table, &view, &rr).slot;
    }
    assert_in_range(all, 900, 1100);
    assert_in_range(twice, 0, all / 5);
}

/* Zipf(1.1) over 2000 flows: unfair by chance, fair after two looks. */
static void
balances_by_load(void **state)
{
    static struct bond_bucket_load load;
    uint64_t bytes[4], total = 0, most;
    double fair;

    begin(RESILIENT, 4, "");
    memset(&load, 0, sizeof(load));
    for (unsigned i = 0; i < 2000; i++) {
        uint64_t weight = (uint64_t) (1e8 / pow(i + 3, 1.1));
        uint32_t word = bond_mix(i);

        load.bytes[bond_bucket_of(&sim.world.table, word)] += weight;
        total += weight;
    }
    fair = (double) total / 4;
    for (int look = 0; look < 3; look++) {
        struct bond_event ev = {.type = BOND_EV_LOAD, .slot = BOND_NO_PORT};

        memset(bytes, 0, sizeof(bytes));
        for (unsigned i = 0; i < BOND_BUCKETS; i++)
            bytes[sim.b.bucket[i]] += load.bytes[i];
        most = 0;
        for (unsigned p = 0; p < 4; p++)
            most = bytes[p] > most ? bytes[p] : most;
        if (look == 2)
            break;
        ev.u.load = &load;
        now_ms += 1000;
        sim_step(&sim, &ev, now_ms * 1000000);
    }
    if (most > 1.10 * fair)
        fail_msg("after two looks the busiest port has %.2f of its fair share", most / fair);
}

/* Nothing is moved for nothing: a quiet bond, an even one, one flow that is too big for any port.
 */
static void
lets_well_alone(void **state)
{
    static struct bond_bucket_load load;
    struct bond_event ev = {.type = BOND_EV_LOAD, .slot = BOND_NO_PORT, .u.load = &load};
    uint8_t before[BOND_BUCKETS];

    begin(RESILIENT, 4, "");
    memcpy(before, sim.b.bucket, sizeof(before));
    for (int round = 0; round < 3; round++) {
        for (unsigned i = 0; i < BOND_BUCKETS; i++)
            load.bytes[i] = round == 0 ? i % 100 : round == 1 ? 1000000 : 0;
        load.bytes[7] += round == 2 ? 1000000000 : 0;
        now_ms += 1000;
        sim_step(&sim, &ev, now_ms * 1000000);
        assert_memory_equal(before, sim.b.bucket, sizeof(before));
    }
}

/* Which port is busy is a question of its speed; and a bucket that is too big to even things out
 * moves if that is better than nothing. */
static void
moves_what_helps(void **state)
{
    static struct bond_bucket_load load;
    struct bond_event ev = {.type = BOND_EV_LOAD, .slot = BOND_NO_PORT, .u.load = &load};
    unsigned before, first = BOND_BUCKETS, second = BOND_BUCKETS, other = 0;

    begin(RESILIENT, 1, " speed=10000");
    happens("attach eth1 speed=25000");
    before = count(sim.b.bucket, 0);
    for (unsigned i = 0; i < BOND_BUCKETS; i++)
        load.bytes[i] = sim.b.bucket[i] == 0 ? 1500000 : 1000000;
    now_ms += 1000;
    sim_step(&sim, &ev, now_ms * 1000000);
    assert_in_range(count(sim.b.bucket, 0), before - 64, before - 32);

    begin(RESILIENT, 2, "");
    memset(&load, 0, sizeof(load));
    for (unsigned i = 0; i < BOND_BUCKETS; i++) {
        if (sim.b.bucket[i] == 1)
            other = i;
        else if (first == BOND_BUCKETS)
            first = i;
        else
            second = i;
    }
    load.bytes[first] = load.bytes[second] = 60000000;
    load.bytes[other] = 30000000;
    now_ms += 1000;
    sim_step(&sim, &ev, now_ms * 1000000);
    assert_int_equal(sim.b.bucket[first] + sim.b.bucket[second], 1);
    assert_int_equal(sim.b.bucket[other], 1);
}

/* After balancing by load the rule still holds: a dead port moves nobody else. */
static void
a_balanced_bond_fails_over_as_well(void **state)
{
    static struct bond_bucket_load load;
    struct bond_event ev = {.type = BOND_EV_LOAD, .slot = BOND_NO_PORT, .u.load = &load};
    uint8_t before[BOND_BUCKETS];

    begin(RESILIENT, 3, "");
    for (unsigned i = 0; i < BOND_BUCKETS; i++)
        load.bytes[i] = sim.b.bucket[i] == 0 ? 900000 : 1000;
    now_ms += 1000;
    sim_step(&sim, &ev, now_ms * 1000000);
    assert_in_range(count(sim.b.bucket, 0), 250, 300); /* 64 a look */
    memcpy(before, sim.b.bucket, sizeof(before));
    happens("carrier eth2 off");
    for (unsigned i = 0; i < BOND_BUCKETS; i++)
        assert_true(before[i] == 2 || before[i] == sim.b.bucket[i]);
}

/* Switched on, off, and in a mode that has no use for it. */
static void
only_where_it_is_asked_for(void **state)
{
    begin("mode=balance-xor miimon=0", 2, "");
    assert_int_equal(count(sim.b.bucket, BOND_MAX_PORTS), BOND_BUCKETS);
    assert_false(sim.world.table.resilient);
    happens("set hash=resilient");
    assert_int_equal(count(sim.b.bucket, 0), BOND_BUCKETS / 2);
    assert_true(sim.world.table.resilient);
    happens("set mode=active-backup");
    assert_int_equal(count(sim.b.bucket, BOND_MAX_PORTS), BOND_BUCKETS);
    happens("set mode=balance-xor");
    happens("detach eth0 hard");
    happens("detach eth1 hard");
    assert_int_equal(count(sim.b.bucket, BOND_MAX_PORTS), BOND_BUCKETS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_set_is_spread),
        cmocka_unit_test(mixes_and_counts),
        cmocka_unit_test(seeds_are_independent),
        cmocka_unit_test(shares_are_exact),
        cmocka_unit_test(only_its_own_move),
        cmocka_unit_test(a_flow_moves_once),
        cmocka_unit_test(balances_by_load),
        cmocka_unit_test(lets_well_alone),
        cmocka_unit_test(moves_what_helps),
        cmocka_unit_test(a_balanced_bond_fails_over_as_well),
        cmocka_unit_test(only_where_it_is_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
