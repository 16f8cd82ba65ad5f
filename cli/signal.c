/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * signal.c - signals as events of the main loop, with their number.
 */
#include "cli.h"

#include <glib-unix.h>

struct listener {
    int signo;
    void (*on)(int signo, gpointer data);
    gpointer data;
};

static gboolean
on_signal(gpointer data)
{
    const struct listener *listener = data;

    listener->on(listener->signo, listener->data);
    return G_SOURCE_CONTINUE;
}

guint
cli_signal_add(int signo, void (*on)(int signo, gpointer data), gpointer data)
{
    struct listener *listener = g_new(struct listener, 1);

    *listener = (struct listener){signo, on, data};
    return g_unix_signal_add_full(G_PRIORITY_DEFAULT, signo, on_signal, listener, g_free);
}
