/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * announce.c - tells the network where the bond is, and again when nobody could hear it.
 *
 * Core says when. The packet path drops an announcement while it knows of no port that can send:
 * all cables may have been cut at once, or the kernel has not set the queue of a port going whose
 * carrier has just come (up to a second). That is no failure: it is said a moment later.
 */
#include "daemon/announce.h"

#include <errno.h>

#define AGAIN_MS 50
#define GIVE_UP_MS 2000 /* then it is not the kernel that is slow */

static int
say(struct bondd_bond *b)
{
    struct dp_announced sent = {0};

    return dp_announce(b->engine->announcer, b->engine->nl, b->engine->monitor, b->core.ifindex,
                       &sent);
}

static void
complain(const struct bondd_bond *b, int r)
{
    if (r < 0 && r != -ENETDOWN)
        bondd_warning("%s: announcing was not complete: %s", b->core.name, g_strerror(-r));
}

/* Without a carrier core arms its announcement anew when there is one again. */
static bool
has_way_out(const struct bondd_bond *b)
{
    return b->core.admin_up && b->core.carrier;
}

static gboolean
again(gpointer data)
{
    struct bondd_bond *b = data;
    bool more = has_way_out(b) && b->announce_left-- > 0;
    int r = more ? say(b) : 0;

    if (r == -ENOBUFS)
        return G_SOURCE_CONTINUE;
    complain(b, r);
    b->announce_again = 0;
    return G_SOURCE_REMOVE;
}

void
bondd_announce_forget(struct bondd_bond *b)
{
    if (b->announce_again != 0)
        g_source_remove(b->announce_again);
    b->announce_again = 0;
}

void
bondd_announce(struct bondd_bond *b)
{
    int r;

    bondd_announce_forget(b);
    if (!b->core.admin_up)
        return;
    r = say(b);
    if (r != -ENOBUFS) {
        complain(b, r);
        return;
    }
    b->announce_left = GIVE_UP_MS / AGAIN_MS;
    b->announce_again = g_timeout_add(AGAIN_MS, again, b);
}
