/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * looks.c - time: core is called when it wants to be, and ports are looked at as often as miimon
 * says, or more often while it is likely that something happens. One timer for all bonds.
 */
#include "daemon/looks.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "daemon/error.h"

static uint64_t
read_clock(clockid_t clock)
{
    struct timespec ts;

    clock_gettime(clock, &ts);
    return (uint64_t) ts.tv_sec * BOND_NSEC_PER_SEC + (uint64_t) ts.tv_nsec;
}

uint64_t
bondd_now_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

void
bondd_engine_due(struct bondd_engine *e, const struct bondd_bond *b)
{
    if (b->place != 0 && !b->waits_to_look)
        g_array_index(e->due, uint64_t, b->place - 1) = b->next_ns;
}

void
bondd_engine_rearm(struct bondd_engine *e)
{
    struct itimerspec at = {0};
    uint64_t next = e->close_look_ns;

    for (guint i = 0; i < e->due->len; i++)
        next = MIN(next, g_array_index(e->due, uint64_t, i));
    if (next != BOND_NEVER) {
        next = MAX(next, 1); /* zero would stop the timer */
        at.it_value.tv_sec = (time_t) (next / BOND_NSEC_PER_SEC);
        at.it_value.tv_nsec = (long) (next % BOND_NSEC_PER_SEC);
    }
    timerfd_settime(e->timer_fd, TFD_TIMER_ABSTIME, &at, NULL);
}

/* After Linux has told of a change of carrier, which may be a second late, it withholds the next
 * ones for up to a second (linkwatch; veths it finds urgent). A link that fails seldom does so once;
 * so for these two seconds bondd does not wait to be told. However many bonds and ports there are,
 * it takes 5 % of a core. */
#define CLOSELY_NS (2 * BOND_NSEC_PER_SEC)
#define CLOSE_LOOK_NS BOND_NSEC_PER_MSEC
#define CLOSE_LOOK_SHARE 20

void
bondd_engine_look_closely(struct bondd_engine *e, struct bondd_bond *b)
{
    uint64_t now = bondd_now_ns();

    if (b->place != 0 && b->closely_until_ns == 0)
        g_ptr_array_add(e->close, b);
    b->closely_until_ns = now + CLOSELY_NS;
    if (e->close_look_ns == BOND_NEVER)
        e->close_look_ns = now + CLOSE_LOOK_NS;
}

void
bondd_at_news(struct bondd_bond *b, uint64_t at_ns, void (*what)(struct bondd_bond *b))
{
    b->news_at_ns = at_ns;
    what(b);
    b->news_at_ns = 0;
}

static void
close_looks(struct bondd_engine *e, uint64_t now)
{
    uint64_t began = read_clock(CLOCK_THREAD_CPUTIME_ID), took;

    for (guint left = e->close->len; left > 0 && bondd_now_ns() < now + BONDD_SLICE_NS; left--) {
        struct bondd_bond *b = g_ptr_array_remove_index(e->close, 0);

        if (b->closely_until_ns <= now) {
            b->closely_until_ns = 0;
            continue;
        }
        g_ptr_array_add(e->close, b);
        bondd_at_news(b, now, bondd_bond_look);
    }
    took = read_clock(CLOCK_THREAD_CPUTIME_ID) - began;
    e->close_look_ns = BOND_NEVER;
    if (e->close->len > 0)
        e->close_look_ns = now + MAX(CLOSE_LOOK_NS, took * CLOSE_LOOK_SHARE);
}

/* Looks of miimon are a safety net: they may be late by as much as they take all together, and what
 * the kernel tells meanwhile comes before the next of them. Method calls have their turn. */
static gboolean
look_on(gpointer data)
{
    struct bondd_engine *e = data;
    uint64_t until = bondd_now_ns() + BONDD_SLICE_NS;

    while (e->to_look->len > 0 && bondd_now_ns() < until) {
        struct bondd_bond *b = g_ptr_array_remove_index(e->to_look, 0);

        b->waits_to_look = false;
        bondd_at_news(b, bondd_now_ns(), bondd_bond_poll);
    }
    bondd_engine_rearm(e);
    if (e->to_look->len > 0)
        return G_SOURCE_CONTINUE;
    e->look_source = 0;
    return G_SOURCE_REMOVE;
}

/* Until then the timer is not to go off for it. */
static void
look_later(struct bondd_engine *e, struct bondd_bond *b)
{
    g_array_index(e->due, uint64_t, b->place - 1) = BOND_NEVER;
    if (!b->waits_to_look)
        g_ptr_array_add(e->to_look, b);
    b->waits_to_look = true;
    if (e->look_source == 0)
        e->look_source = g_idle_add_full(G_PRIORITY_DEFAULT, look_on, e, NULL);
}

static void
tick(struct bondd_engine *e, struct bondd_bond *b, uint64_t now)
{
    if (b->core.poll_at_ns <= now)
        look_later(e, b);
    else
        bondd_at_news(b, now, bondd_bond_tick);
}

static gboolean
timer_fired(gint fd, GIOCondition condition, gpointer data)
{
    struct bondd_engine *e = data;
    uint64_t expirations, now = bondd_now_ns();

    if (read(fd, &expirations, sizeof(expirations)) < 0 && errno != EAGAIN)
        bondd_warning("The timer cannot be read: %s", g_strerror(errno));
    if (e->close_look_ns <= now)
        close_looks(e, now);
    for (guint i = 0; i < e->bonds->len; i++) {
        if (g_array_index(e->due, uint64_t, i) <= now)
            tick(e, e->bonds->pdata[i], now);
    }
    bondd_engine_rearm(e);
    return G_SOURCE_CONTINUE;
}

int
bondd_looks_open(struct bondd_engine *e)
{
    e->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (e->timer_fd < 0)
        return -errno;
    e->timer_source = bondd_engine_watch(e->timer_fd, timer_fired, e);
    return 0;
}

void
bondd_looks_close(struct bondd_engine *e)
{
    g_clear_handle_id(&e->timer_source, g_source_remove);
    g_clear_handle_id(&e->look_source, g_source_remove);
    if (e->timer_fd >= 0)
        close(e->timer_fd);
}
