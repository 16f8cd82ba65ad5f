/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wake.c - hears from the packet path. It only makes bondd look sooner: what the ports are like is
 * read from the kernel, as after any other news.
 */
#include "daemon/wake.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "daemon/looks.h"

#define BONDS_A_TURN 32 /* then others have their turn */

static void
told(struct bondd_bond *b)
{
    uint64_t at = dp_bpf_wake_read(b->bpf);

    if (at != 0)
        bondd_at_news(b, at, bondd_bond_look);
}

static gboolean
ready(gint fd, GIOCondition condition, gpointer data)
{
    struct epoll_event ev;

    for (int i = 0; i < BONDS_A_TURN && epoll_wait(fd, &ev, 1, 0) == 1; i++)
        told(ev.data.ptr);
    bondd_engine_rearm(data);
    return G_SOURCE_CONTINUE;
}

int
bondd_wake_open(struct bondd_engine *e)
{
    e->wake_fd = epoll_create1(EPOLL_CLOEXEC);
    if (e->wake_fd < 0)
        return -errno;
    e->wake_source = bondd_engine_watch(e->wake_fd, ready, e);
    return 0;
}

void
bondd_wake_close(struct bondd_engine *e)
{
    g_clear_handle_id(&e->wake_source, g_source_remove);
    if (e->wake_fd >= 0)
        close(e->wake_fd);
}

void
bondd_wake_start(struct bondd_bond *b)
{
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = b};
    int fd = dp_bpf_wake_fd(b->bpf);

    if (fd >= 0 && !b->can_wake)
        b->can_wake = epoll_ctl(b->engine->wake_fd, EPOLL_CTL_ADD, fd, &ev) == 0;
}

void
bondd_wake_stop(struct bondd_bond *b)
{
    if (b->can_wake)
        epoll_ctl(b->engine->wake_fd, EPOLL_CTL_DEL, dp_bpf_wake_fd(b->bpf), NULL);
    b->can_wake = false;
}

const char *
bondd_wake_failover(const struct bondd_bond *b)
{
    return dp_bpf_sees_carrier(b->bpf) ? "packet-path" : "netlink";
}
