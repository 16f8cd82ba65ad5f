/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lent.c - reads how sockets are handed over at start: sd_listen_fds(3), a protocol of three
 * variables, which other service managers speak as well.
 */
#include "daemon/lent.h"

#include <glib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/log.h"

#define FIRST 3 /* SD_LISTEN_FDS_START */
#define NAME "hidden"

/* Of the one called so; of the only one, if nobody says how it is called. -1: none. */
static int
find_fd(void)
{
    const char *pid = g_getenv("LISTEN_PID"), *fds = g_getenv("LISTEN_FDS");
    const char *all = g_getenv("LISTEN_FDNAMES");
    g_auto(GStrv) names = NULL;
    guint64 n, for_pid;

    if (pid == NULL || fds == NULL ||
        !g_ascii_string_to_unsigned(pid, 10, 1, G_MAXINT32, &for_pid, NULL) ||
        !g_ascii_string_to_unsigned(fds, 10, 1, 1024, &n, NULL) || (pid_t) for_pid != getpid())
        return -1;
    names = g_strsplit(all != NULL ? all : NAME, ":", -1);
    for (guint i = 0; i < n && names[i] != NULL; i++) {
        if (strcmp(names[i], NAME) == 0)
            return FIRST + (int) i;
    }
    return -1;
}

struct dp_hidden *
bondd_lent_hidden(void)
{
    struct dp_hidden *h = NULL;
    int fd = find_fd(), r = fd >= 0 ? dp_hidden_open(&h, fd) : 0;

    g_unsetenv("LISTEN_PID");
    g_unsetenv("LISTEN_FDS");
    g_unsetenv("LISTEN_FDNAMES");
    if (r < 0)
        bondd_warning("The socket \"" NAME "\" is of no use (%s): a netlink socket (route) of another "
                      "network namespace is needed. Bonds receive by the ingress of their devices.",
                      g_strerror(-r));
    return h;
}
