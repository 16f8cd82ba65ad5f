/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-standin.c - core/standin.h natively: who takes a frame whose port has lost its carrier, for
 * every set of ports that still have one. The measure is the next table: what it will choose.
 */
#include <stdio.h>
#include <string.h>

#include "core/standin.h"
#include "sim.h"

#define PORTS 5u
#define FRAMES 40u
#define ALL ((1u << PORTS) - 1)

static void
bits(void **state)
{
    for (uint32_t i = 0; i < 100000; i++) {
        uint32_t v = i * 2654435761u, n = 0;
        int lowest = -1;

        for (int k = 31; k >= 0; k--)
            if (v >> k & 1) {
                n++;
                lowest = k;
            }
        assert_int_equal(bond_count_bits(v), n);
        if (v)
            assert_int_equal(bond_lowest_bit(v), lowest);
    }
    assert_int_equal(bond_count_bits(UINT32_MAX), 32);
    assert_int_equal(bond_lowest_bit(1u << 31), 31);
}

static void
entries(void **state)
{
    /* the next one that lives, round the circle */
    assert_int_equal(bond_stand_in_entry(0x16, 5, 0, 0), 1);
    assert_int_equal(bond_stand_in_entry(0x16, 5, 3, 0), 4);
    assert_int_equal(bond_stand_in_entry(0x06, 5, 3, 0), 1);
    assert_int_equal(bond_stand_in_entry(0x06, 5, 8, 0), 1);
    /* counted among the living alone */
    assert_int_equal(bond_stand_in_entry(0x16, 5, 0, 1), 1);
    assert_int_equal(bond_stand_in_entry(0x16, 5, 4, 1), 2);
    assert_int_equal(bond_stand_in_entry(0x16, 5, 5, 1), 4);
    assert_int_equal(bond_stand_in_entry(1u << 31, 32, 7, 1), 31);
    /* nobody */
    assert_int_equal(bond_stand_in_entry(0, 5, 3, 0), BOND_MAX_PORTS);
    assert_int_equal(bond_stand_in_entry(0, 5, 3, 1), BOND_MAX_PORTS);
    assert_int_equal(bond_stand_in_entry(1, 0, 3, 0), BOND_MAX_PORTS);
}

static void
begin(struct sim *s, const char *options)
{
    char words[32];

    sim_init(s, options);
    s->without_twin = true;
    for (uint32_t i = 0; i < PORTS; i++) {
        snprintf(words, sizeof(words), "attach eth%u", i);
        sim_do(s, 0, words);
    }
}

/* What bondd publishes once it knows which ports are dead. */
static struct bond_table
next_table(const struct sim *now, uint32_t alive)
{
    static struct sim s;
    struct bond_table t;
    char words[32];

    s = *now;
    for (uint32_t i = 0; i < PORTS; i++)
        if (!(alive >> i & 1)) {
            snprintf(words, sizeof(words), "carrier eth%u off", i);
            sim_do(&s, 1, words);
        }
    bond_table_build(&s.b, &t);
    return t;
}

static struct bond_frame
frame(uint8_t data[60], uint32_t i)
{
    memset(data, 0, 60);
    memcpy(data, "\2\0\0\0\0\1\2\0\0\0\0\2\x88\xb5", 14);
    data[5] = (uint8_t) i;
    data[10] = (uint8_t) (i / 7);
    return (struct bond_frame){.data = data, .end = data + 60, .len = 60, .proto_be = 0xb588};
}

/* Of the port that a table chooses: its device; 0: none. */
static uint32_t
chosen(const struct bond_table *t, uint32_t i, uint32_t *counter)
{
    const struct bond_rr rr = {.counter = counter};
    uint8_t data[60];
    struct bond_frame f = frame(data, i);
    const struct bond_choice c = bond_choose(t, &f, &rr);

    return c.send == BOND_SEND_PORT ? c.ifindex : 0;
}

static uint32_t
stands_in(const struct bond_table *t, uint32_t i, uint32_t *counter, uint32_t alive)
{
    const struct bond_rr rr = {.counter = counter};
    uint8_t data[60];
    struct bond_frame f = frame(data, i);
    const struct bond_choice c = bond_stand_in(t, &f, &rr, alive);

    return c.send == BOND_SEND_PORT ? c.ifindex : 0;
}

/* A flow moves once: to where the next table has it. */
static void
as_the_next_table(const char *options)
{
    static struct sim s;
    struct bond_table t;
    uint32_t counter = 0;

    begin(&s, options);
    bond_table_build(&s.b, &t);
    for (uint32_t alive = 0; alive <= ALL; alive++) {
        const struct bond_table next = next_table(&s, alive);

        for (uint32_t i = 0; i < FRAMES; i++)
            if (!(alive >> (chosen(&t, i, &counter) - 1) & 1))
                assert_int_equal(stands_in(&t, i, &counter, alive), chosen(&next, i, &counter));
    }
}

static void
balancing(void **state)
{
    as_the_next_table("mode=balance-xor miimon=0");
    as_the_next_table("mode=balance-xor miimon=0 xmit_hash_policy=vlan+srcmac");
}

static void
active_backup(void **state)
{
    as_the_next_table("mode=active-backup miimon=0");
    as_the_next_table("mode=active-backup miimon=0 primary=eth3");
    as_the_next_table("mode=active-backup miimon=0 primary=eth3 primary_reselect=failure");
}

/* The table stays for a moment; its counter is at the frame that was given to a dead port. */
static void
round_robin(void **state)
{
    static struct sim s;
    struct bond_table t;

    begin(&s, "mode=balance-rr miimon=0");
    bond_table_build(&s.b, &t);
    for (uint32_t alive = 0; alive <= ALL; alive++)
        for (uint32_t count = 0; count < 2 * PORTS; count++) {
            uint32_t want = 0;

            for (uint32_t k = 0; k < PORTS && !want; k++)
                if (alive >> (count + k) % PORTS & 1)
                    want = (count + k) % PORTS + 1;
            assert_int_equal(stands_in(&t, 0, &count, alive), want);
        }
}

/* A carrier is not enough: a port whose updelay runs, or that is down to the monitor, waits. */
static void
not_usable(void **state)
{
    static struct sim s;
    struct bond_table t;

    sim_init(&s, "mode=active-backup miimon=100 updelay=500");
    sim_do(&s, 0, "attach eth0");
    sim_do(&s, 600, "attach eth1 nocarrier");
    sim_do(&s, 700, "carrier eth1 on");
    bond_table_build(&s.b, &t);
    assert_int_equal(stands_in(&t, 0, NULL, 0x2), 0);
    sim_do(&s, 1200, "tick");
    bond_table_build(&s.b, &t);
    assert_int_equal(stands_in(&t, 0, NULL, 0x2), 2);
    assert_int_equal(stands_in(&t, 0, NULL, 0), 0);
    t.port[1].can_tx = 0; /* an entry behind n_tx is not enough either */
    assert_int_equal(stands_in(&t, 0, NULL, 0x2), 0);
    assert_int_equal(bond_stand_ins(NULL, ALL, 3), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bits),        cmocka_unit_test(entries),
        cmocka_unit_test(balancing),   cmocka_unit_test(active_backup),
        cmocka_unit_test(round_robin), cmocka_unit_test(not_usable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
