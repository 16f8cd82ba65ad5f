/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drill-account.c - from numbered probes to lost, duplicated, reordered, and how long nothing came.
 *
 * Pure. A probe is lost if its number did not come at all; reordered if a higher one came before
 * it; late by what it was longer on the way than the quickest of those that are counted with it
 * (the clocks of two hosts are not compared).
 */
#include "drill.h"

struct first_arrival {
    gint64 sent_ns;
    bool came;
};

gint64
drill_clock_shift_ns(const struct drill_arrival *arrivals, gsize n)
{
    gint64 shift = G_MAXINT64;

    for (gsize i = 0; i < n; i++)
        shift = MIN(shift, arrivals[i].at_ns - arrivals[i].sent_ns);
    return n > 0 ? shift : 0;
}

static void
take_arrivals(const struct drill_arrival *arrivals, gsize n, guint32 first, guint32 end,
              struct first_arrival *seen, struct drill_count *count)
{
    gint64 highest = -1, quickest = G_MAXINT64, slowest = G_MININT64;

    for (gsize i = 0; i < n; i++) {
        const struct drill_arrival *a = &arrivals[i];

        if (a->seq < first || a->seq >= end)
            continue;
        if (seen[a->seq - first].came) {
            count->duplicated++;
            continue;
        }
        seen[a->seq - first] = (struct first_arrival){.sent_ns = a->sent_ns, .came = true};
        count->received++;
        quickest = MIN(quickest, a->at_ns - a->sent_ns);
        slowest = MAX(slowest, a->at_ns - a->sent_ns);
        if ((gint64) a->seq < highest)
            count->reordered++;
        highest = MAX(highest, (gint64) a->seq);
    }
    if (count->received > 0)
        count->late_us = (guint64) (slowest - quickest) / 1000;
}

/* Numbers [from, to) of `seen` did not come. */
static void
add_gap(const struct first_arrival *seen, guint32 n, guint32 from, guint32 to, guint32 first,
        gint64 interval_ns, gint64 shift_ns, struct drill_count *count)
{
    gint64 length_ns = (gint64) (to - from + 1) * interval_ns;
    gint64 after_ns = to < n     ? seen[to].sent_ns
                      : from > 0 ? seen[from - 1].sent_ns + length_ns
                                 : length_ns;
    gint64 before_ns = from > 0 ? seen[from - 1].sent_ns : after_ns - length_ns;
    struct drill_gap gap = {
        .first = first + from,
        .count = to - from,
        .from_us = (before_ns + shift_ns) / 1000,
        .to_us = (after_ns + shift_ns) / 1000,
    };

    count->longest_us = MAX(count->longest_us, (guint64) (gap.to_us - gap.from_us));
    g_array_append_val(count->gaps, gap);
}

void
drill_account(const struct drill_arrival *arrivals, gsize n, guint32 first, guint32 end,
              gint64 interval_ns, gint64 shift_ns, struct drill_count *count)
{
    guint32 n_sent = end > first ? end - first : 0;
    g_autofree struct first_arrival *seen = g_new0(struct first_arrival, n_sent);

    *count = (struct drill_count){.sent = n_sent};
    count->gaps = g_array_new(FALSE, FALSE, sizeof(struct drill_gap));
    take_arrivals(arrivals, n, first, end, seen, count);
    count->lost = count->sent - count->received;
    count->open = n_sent > 0 && !seen[n_sent - 1].came;
    for (guint32 i = 0; i < n_sent; i++) {
        guint32 from = i;

        while (i < n_sent && !seen[i].came)
            i++;
        if (i > from)
            add_gap(seen, n_sent, from, i, first, interval_ns, shift_ns, count);
    }
    if (count->gaps->len > 0)
        count->span_us =
            (guint64) (g_array_index(count->gaps, struct drill_gap, count->gaps->len - 1).to_us -
                       g_array_index(count->gaps, struct drill_gap, 0).from_us);
}

void
drill_count_clear(struct drill_count *count)
{
    g_clear_pointer(&count->gaps, g_array_unref);
}
