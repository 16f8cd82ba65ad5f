/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-account.c - numbered probes: what a sequence of arrivals means.
 *
 * A row is what arrived, in this order, of the numbers 10 to 19; number N was sent at N ms.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "drill.h"

#define FIRST 10u
#define END 20u
#define MS_NS G_GINT64_CONSTANT(1000000)

struct row {
    const char *what, *arrived;
    guint lost, duplicated, reordered;
    guint longest_ms, span_ms, n_gaps;
    bool open;
};

static const struct row rows[] = {
    {"all", "10 11 12 13 14 15 16 17 18 19", .n_gaps = 0},
    {"those beside the range do not count", "8 9 10 11 12 13 14 15 16 17 18 19 20 21", .n_gaps = 0},
    {"one lost: from the one before to the one after", "10 11 12 14 15 16 17 18 19", 1, 0, 0, 2, 2,
     1, false},
    {"three in a row", "10 11 15 16 17 18 19", 3, 0, 0, 4, 4, 1, false},
    {"every second: short gaps, a long span", "10 12 14 16 18 19", 4, 0, 0, 2, 8, 4, false},
    {"the first two", "12 13 14 15 16 17 18 19", 2, 0, 0, 3, 3, 1, false},
    {"the last two: not over yet", "10 11 12 13 14 15 16 17", 2, 0, 0, 3, 3, 1, true},
    {"a copy", "10 11 12 12 13 14 15 16 17 18 19 10", 0, 2, 0, 0, 0, 0, false},
    {"late by one", "10 12 11 13 14 15 16 17 18 19", 0, 0, 1, 0, 0, 0, false},
    {"one that is late by all is not lost", "11 12 13 14 15 16 17 18 19 10", 0, 0, 1, 0, 0, 0,
     false},
    {"a number from after the range does not make others late", "25 10 11 12 13 14 15 16 17 18 19",
     0, 0, 0, 0, 0, 0, false},
    {"nothing", "", 10, 0, 0, 11, 11, 1, true},
};

static GArray *
parse(const char *text)
{
    GArray *arrivals = g_array_new(FALSE, FALSE, sizeof(struct drill_arrival));
    g_auto(GStrv) words = g_strsplit(text, " ", -1);

    for (gsize i = 0; words[i] != NULL; i++) {
        guint32 seq = (guint32) g_ascii_strtoull(words[i], NULL, 10);
        struct drill_arrival a = {seq, (gint64) seq * MS_NS, (gint64) seq * MS_NS + 50000};

        g_array_append_val(arrivals, a);
    }
    return arrivals;
}

static void
test_rows(void **state)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        const struct row *row = &rows[i];
        g_autoptr(GArray) arrivals = parse(row->arrived);
        struct drill_count count;

        drill_account((const struct drill_arrival *) (const void *) arrivals->data, arrivals->len,
                      FIRST, END, MS_NS, 0, &count);
        print_message("%s\n", row->what);
        assert_int_equal(count.sent, END - FIRST);
        assert_int_equal(count.received + count.lost, count.sent);
        assert_int_equal(count.lost, row->lost);
        assert_int_equal(count.duplicated, row->duplicated);
        assert_int_equal(count.reordered, row->reordered);
        assert_int_equal(count.longest_us, row->longest_ms * 1000);
        assert_int_equal(count.span_us, row->span_ms * 1000);
        assert_int_equal(count.gaps->len, row->n_gaps);
        assert_int_equal(count.open, row->open);
        drill_count_clear(&count);
    }
}

static void
test_gaps_are_on_our_clock(void **state)
{
    g_autoptr(GArray) arrivals = parse("10 11 14 15 16 17 18 19");
    const struct drill_arrival *a = (const struct drill_arrival *) (const void *) arrivals->data;
    const struct drill_gap *gap;
    struct drill_count count;

    assert_int_equal(drill_clock_shift_ns(a, arrivals->len), 50000);
    drill_account(a, arrivals->len, FIRST, END, MS_NS, 50000, &count);
    gap = &g_array_index(count.gaps, struct drill_gap, 0);
    assert_int_equal(gap->first, 12);
    assert_int_equal(gap->count, 2);
    assert_int_equal(gap->from_us, 11050);
    assert_int_equal(gap->to_us, 14050);
    drill_count_clear(&count);
}

static void
test_the_quickest_frame_tells_the_clock(void **state)
{
    const struct drill_arrival a[] = {{1, 1000, 9000}, {2, 2000, 9500}, {3, 3000, 12000}};

    assert_int_equal(drill_clock_shift_ns(a, 3), 7500);
    assert_int_equal(drill_clock_shift_ns(a, 0), 0);
}

/* The clocks differ by a second; what is beside the range and a second copy say nothing. */
static void
test_late_is_later_than_the_quickest(void **state)
{
    const struct drill_arrival a[] = {
        {9, 0, 500},
        {10, 1000, MS_NS * 1000 + 1500},
        {11, 2000, MS_NS * 1000 + 2200},
        {12, 3000, MS_NS * 1020 + 3200},
        {11, 2000, MS_NS * 3000},
    };
    struct drill_count count;

    drill_account(a, G_N_ELEMENTS(a), 10, 13, MS_NS, 0, &count);
    assert_int_equal(count.late_us, 20000);
    drill_count_clear(&count);
}

static void
test_an_empty_range(void **state)
{
    struct drill_count count;

    drill_account(NULL, 0, 5, 5, MS_NS, 0, &count);
    assert_int_equal(count.sent, 0);
    assert_int_equal(count.lost, 0);
    assert_false(count.open);
    drill_count_clear(&count);
}

/* Whatever arrives, in whatever order, the sums are right. */
static void
test_random(void **state)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(7);

    for (int round = 0; round < 300; round++) {
        struct drill_arrival a[64];
        guint n = g_rand_int_range(random, 0, 64), lost = 0;
        bool came[END] = {false};
        struct drill_count count;

        for (guint i = 0; i < n; i++) {
            guint32 seq = (guint32) g_rand_int_range(random, FIRST - 3, END + 3);

            a[i] = (struct drill_arrival){seq, (gint64) seq * MS_NS, (gint64) seq * MS_NS};
            if (seq >= FIRST && seq < END)
                came[seq] = true;
        }
        drill_account(a, n, FIRST, END, MS_NS, 0, &count);
        for (guint32 seq = FIRST; seq < END; seq++)
            lost += !came[seq];
        assert_int_equal(count.lost, lost);
        assert_int_equal(count.open, !came[END - 1]);
        lost = 0;
        for (guint i = 0; i < count.gaps->len; i++)
            lost += g_array_index(count.gaps, struct drill_gap, i).count;
        assert_int_equal(count.lost, lost);
        drill_count_clear(&count);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_gaps_are_on_our_clock),
        cmocka_unit_test(test_the_quickest_frame_tells_the_clock),
        cmocka_unit_test(test_late_is_later_than_the_quickest),
        cmocka_unit_test(test_an_empty_range),
        cmocka_unit_test(test_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
