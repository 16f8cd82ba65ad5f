/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wake.c - hears from the packet path. It only makes bondd look sooner: what the ports are like is
 * read from the kernel, as after any other news.
 */
#include "daemon/wake.h"

#include <glib-unix.h>

static gboolean
told(gint fd, GIOCondition condition, gpointer data)
{
    struct bondd_bond *b = data;
    uint64_t at = dp_bpf_wake_read(b->bpf);

    if (at == 0)
        return G_SOURCE_CONTINUE;
    b->news_at_ns = at;
    bondd_bond_look(b);
    b->news_at_ns = 0;
    bondd_engine_rearm(b->engine);
    return G_SOURCE_CONTINUE;
}

void
bondd_wake_start(struct bondd_bond *b)
{
    int fd = dp_bpf_wake_fd(b->bpf);
    GSource *source;

    if (fd < 0 || b->wake_source != 0)
        return;
    source = g_unix_fd_source_new(fd, G_IO_IN);
    g_source_set_priority(source, G_PRIORITY_HIGH);
    g_source_set_callback(source, G_SOURCE_FUNC(told), b, NULL);
    b->wake_source = g_source_attach(source, NULL);
    g_source_unref(source);
}

void
bondd_wake_stop(struct bondd_bond *b)
{
    g_clear_handle_id(&b->wake_source, g_source_remove);
}

const char *
bondd_wake_failover(const struct bondd_bond *b)
{
    return dp_bpf_sees_carrier(b->bpf) ? "packet-path" : "netlink";
}
