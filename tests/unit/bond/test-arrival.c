/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-arrival.c - rr_order=arrival (arrival.h): frames in a world where ports have a speed, a
 * queue and a cable, at times that the test says. What is looked at is when they arrive there.
 */
#include <stdio.h>
#include <string.h>

#include "core/standin.h"
#include "sim.h"

#define MAX_FRAME 65536u
#define MS 1000000ull

static struct sim sim;
static struct bond_table table;
static struct bond_arrivals arrivals;

/* The world: what the cables do with frames, whatever arrival.h thinks of them. */
static struct {
    uint64_t sent_ns[BOND_MAX_PORTS]; /* by slot: its queue is empty then */
    uint64_t bytes[BOND_MAX_PORTS];
    uint64_t last_ns[2]; /* by flow: its latest arrival */
    uint64_t overtook, by_ns;
    uint64_t turn; /* of the kernel's rule, to compare with */
} world;

static void
begin(const char *options, unsigned n, const char *const *ports)
{
    char words[64];

    sim_init(&sim, options);
    for (unsigned i = 0; i < n; i++) {
        snprintf(words, sizeof(words), "attach eth%u %s", i, ports[i]);
        assert_true(sim_do(&sim, 0, words) >= 0);
    }
    bond_table_build(&sim.b, &table);
    memset(&arrivals, 0, sizeof(arrivals));
    memset(&world, 0, sizeof(world));
}

#define EQUAL ((const char *const[]){"", "", "", ""})
#define SKEWED ((const char *const[]){"", "", "", "delay=200"})
#define ARRIVAL "mode=balance-rr miimon=0 rr_order=arrival"

static uint32_t
choose(uint64_t now_ns, uint32_t flow, uint32_t len)
{
    static uint8_t bytes[60] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5};
    struct bond_frame f = {
        .data = bytes, .end = bytes + sizeof(bytes), .len = len, .proto_be = BOND_BE16(0x88b5)};
    const struct bond_rr rr = {.arrivals = &arrivals, .departure = {now_ns, len, flow}};
    struct bond_choice c = bond_choose(&table, &f, &rr);

    assert_int_equal(c.send, BOND_SEND_PORT);
    return c.slot;
}

static void
travels(uint64_t now_ns, uint32_t slot, uint32_t flow, uint32_t len)
{
    const struct bond_port *p = &sim.b.port[slot];
    uint64_t at;

    if (world.sent_ns[slot] < now_ns)
        world.sent_ns[slot] = now_ns;
    world.sent_ns[slot] += len * 8000ull / (uint64_t) p->speed_mbps;
    world.bytes[slot] += len;
    at = world.sent_ns[slot] + p->rr_delay_us * 1000ull;
    if (at < world.last_ns[flow]) {
        world.overtook++;
        if (world.last_ns[flow] - at > world.by_ns)
            world.by_ns = world.last_ns[flow] - at;
        return;
    }
    world.last_ns[flow] = at;
}

static uint32_t
sends(uint64_t now_ns, uint32_t flow, uint32_t len)
{
    uint32_t slot = choose(now_ns, flow, len);

    travels(now_ns, slot, flow, len);
    return slot;
}

static uint64_t
bytes_in_all(void)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < BOND_MAX_PORTS; i++)
        sum += world.bytes[i];
    return sum;
}

/* One flow that wants all four ports: 3.9 Gbit/s of full super-packets for a second. */
static void
one_flow(void **state)
{
    const uint64_t each_ns = MAX_FRAME * 8ull * 10 / 39;

    begin(ARRIVAL, 4, SKEWED);
    for (uint64_t now = MS; now < 1000 * MS; now += each_ns)
        sends(now, 0, MAX_FRAME);
    assert_int_equal(world.overtook, 0);
    for (unsigned i = 0; i < 4; i++) {
        assert_in_range(world.bytes[i], bytes_in_all() * 22 / 100, bytes_in_all() * 26 / 100);
        assert_in_range(world.sent_ns[i], 998 * MS, 1003 * MS); /* no queue grows */
    }
    memset(&world, 0, sizeof(world)); /* the test can fail: the same in turns */
    for (uint64_t now = MS; now < 1000 * MS; now += each_ns)
        travels(now, world.turn++ % 4, 0, MAX_FRAME);
    assert_true(world.overtook > 1000);
}

/* A flow that one port can carry stays on the quickest, and in order; among equals in turns. */
static void
small_flow(void **state)
{
    begin(ARRIVAL, 4, ((const char *const[]){"delay=50", "delay=200", "", "delay=50"}));
    for (uint64_t now = MS; now < 100 * MS; now += 20000)
        assert_int_equal(sends(now, 0, 1500), 2);
    assert_int_equal(world.overtook, 0);
    begin(ARRIVAL, 4, EQUAL);
    for (unsigned i = 0; i < 12; i++)
        assert_int_equal(sends(MS + i * 20000, 0, 1500), i % 4);
}

/* Sizes as they come, one in sixteen any and the others full: few overtake, none by much, and no
 * port is left out. (Without patience it is twice as many, with more of it too.) */
static void
sizes(void **state)
{
    uint32_t random = 1;
    uint64_t n = 0;

    begin(ARRIVAL, 4, SKEWED);
    for (uint64_t now = MS; now < 1000 * MS; n++) {
        uint32_t len;

        random = random * 1664525u + 1013904223u;
        len = random >> 24 < 16 ? 66 + (random >> 8 & 0xffff) : MAX_FRAME;
        sends(now, 0, len);
        now += len * 8ull * 10 / 38;
    }
    assert_in_range(world.overtook, 0, n / 40);
    assert_in_range(world.by_ns, 0, MS);
    for (unsigned i = 0; i < 4; i++)
        assert_in_range(world.bytes[i], bytes_in_all() * 20 / 100, bytes_in_all() * 30 / 100);
}

/* Small frames for ever behind a great one: its port is not theirs for ever. */
static void
then_small(void **state)
{
    begin(ARRIVAL, 4, EQUAL);
    for (unsigned i = 0; i < 4; i++)
        sends(MS, 0, MAX_FRAME);
    for (uint64_t now = MS; now < 200 * MS; now += 3200)
        sends(now, 0, 1500); /* 3.75 Gbit/s */
    for (unsigned i = 0; i < 4; i++)
        assert_in_range(world.sent_ns[i], 199 * MS, 202 * MS);
    assert_in_range(world.overtook, 0, 4);
}

/* Another flow's frames do not wait behind it. */
static void
two_flows(void **state)
{
    begin(ARRIVAL, 2, EQUAL);
    assert_int_equal(sends(MS, 0, 60000), 0);
    assert_int_equal(sends(MS, 1, 100), 1);
    assert_int_equal(sends(MS, 0, 100), 0); /* its own do */
}

/* A bond that has sent for a while gets a port: it takes its share, and not all. */
static void
newcomer(void **state)
{
    uint64_t before;

    begin(ARRIVAL, 2, EQUAL);
    for (uint64_t now = MS; now < 100 * MS; now += 200000) /* 2.6 Gbit/s: queues grow */
        sends(now, 0, MAX_FRAME);
    sim_do(&sim, 100, "attach eth2");
    bond_table_build(&sim.b, &table);
    before = bytes_in_all();
    for (uint64_t now = 100 * MS; now < 200 * MS; now += 100000)
        sends(now, 0, MAX_FRAME);
    assert_in_range(world.bytes[2], (bytes_in_all() - before) * 33 / 100,
                    (bytes_in_all() - before) * 33 / 100 + 21 * 125000);
}

/* By speed; and where one is not known, evenly. */
static void
speeds(void **state)
{
    begin(ARRIVAL, 2, ((const char *const[]){"speed=1000", "speed=10000"}));
    assert_int_equal(table.pace_ns[0], 524288);
    assert_int_equal(table.pace_ns[1], 52428);
    assert_int_equal(table.patience_ns, 524288);
    for (uint64_t now = MS; now < 100 * MS; now += 6000) /* 10.9 Gbit/s of small super-packets */
        sends(now, 0, 8192);
    assert_in_range(world.bytes[1], world.bytes[0] * 9, world.bytes[0] * 11);
    assert_int_equal(world.overtook, 0);
    begin(ARRIVAL, 2, ((const char *const[]){"speed=-1", "speed=10000"}));
    assert_int_equal(table.pace_ns[0], 524288);
    assert_int_equal(table.pace_ns[1], 524288);
    for (uint64_t now = MS; now < 100 * MS; now += 6000)
        world.bytes[choose(now, 0, 8192)]++;
    assert_in_range(world.bytes[0], world.bytes[1] - 1, world.bytes[1] + 1);
}

/* What the table is told, and when; what stands in for a dead port. */
static void
options(void **state)
{
    const struct bond_rr rr = {.arrivals = &arrivals};
    struct bond_frame f = {0};
    uint32_t slot;

    begin("mode=balance-rr miimon=0", 4, SKEWED);
    assert_int_equal(table.flags, 0);
    assert_int_equal(table.patience_ns + table.pace_ns[0] + table.delay_ns[3], 0);
    assert_true(sim_do(&sim, 1, "set rr_order=arrival") >= 0);
    assert_string_equal(sim_effects(&sim), "publish");
    bond_table_build(&sim.b, &table);
    assert_int_equal(table.flags, BOND_TABLE_F_ARRIVAL);
    assert_int_equal(table.delay_ns[3], 200000);
    assert_true(sim_do(&sim, 2, "delay eth3 70") >= 0);
    assert_string_equal(sim_effects(&sim), "publish");
    assert_true(sim_do(&sim, 2, "prio eth3 5") >= 0);
    bond_table_build(&sim.b, &table);
    assert_int_equal(table.delay_ns[3], 70000);
    slot = choose(MS, 0, 1500);
    assert_int_equal(bond_stand_in(&table, &f, &rr, 0xfu & ~(1u << slot)).slot, (slot + 1) % 4);
    sim_do(&sim, 3, "set mode=balance-xor");
    bond_table_build(&sim.b, &table);
    assert_int_equal(table.flags + table.patience_ns, 0);
}

/* Super-packets are kept small where their order is kept, and ports are slow enough for it. */
static void
segments(void **state)
{
    begin(ARRIVAL, 4,
          ((const char *const[]){"speed=2500", "speed=2500", "speed=2500", "speed=2500"}));
    assert_int_equal(bond_max_segments(&sim.b), 2);
    sim_do(&sim, 1, "speed eth1 2501");
    assert_int_equal(bond_max_segments(&sim.b), 0);
    sim_do(&sim, 2, "speed eth1 1000");
    assert_int_equal(bond_max_segments(&sim.b), 2);
    sim_do(&sim, 3, "speed eth1 -1"); /* who knows */
    assert_int_equal(bond_max_segments(&sim.b), 0);
    sim_do(&sim, 4, "speed eth1 1000");
    sim_do(&sim, 5, "set rr_order=kernel");
    assert_int_equal(bond_max_segments(&sim.b), 0);
    sim_do(&sim, 6, "set rr_order=arrival");
    sim_do(&sim, 7, "set mode=balance-xor");
    assert_int_equal(bond_max_segments(&sim.b), 0);
    begin(ARRIVAL, 1, EQUAL);
    assert_int_equal(bond_max_segments(&sim.b), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_flow),   cmocka_unit_test(small_flow), cmocka_unit_test(sizes),
        cmocka_unit_test(then_small), cmocka_unit_test(two_flows),  cmocka_unit_test(newcomer),
        cmocka_unit_test(speeds),     cmocka_unit_test(options),    cmocka_unit_test(segments),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
