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
#include <gio/gio.h>

#define AGAIN_MS 50
#define GIVE_UP_MS 2000 /* then it is not the kernel that is slow */

static int
say(struct bondd_bond *b)
{
    return dp_announce(b->engine->announcer, b->engine->nl, b->engine->monitor, b->core.ifindex,
                       &b->announce_from, NULL);
}

static void go_on(struct bondd_bond *b);

/* Without a carrier core arms its announcement anew when there is one again. */
static gboolean
again(gpointer data)
{
    struct bondd_bond *b = data;

    b->announce_again = 0;
    if (b->core.admin_up && b->core.carrier)
        go_on(b);
    return G_SOURCE_REMOVE;
}

/* One part; with thousands of devices above there are many, and whatever else has happened is done
 * between them. */
static void
go_on(struct bondd_bond *b)
{
    int r = say(b);

    if (r == -ENOBUFS && b->announce_left > 0) {
        b->announce_left--;
        b->announce_from = 0;
        b->announce_again = g_timeout_add(AGAIN_MS, again, b);
        return;
    }
    if (r < 0 && r != -ENETDOWN && r != -ENOBUFS)
        bondd_warning("%s: announcing was not complete: %s", b->core.name, g_strerror(-r));
    if (b->announce_from != 0)
        b->announce_again = g_idle_add_full(G_PRIORITY_DEFAULT, again, b, NULL);
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
    bondd_announce_forget(b);
    b->announce_from = 0;
    b->announce_left = GIVE_UP_MS / AGAIN_MS;
    if (b->core.admin_up)
        go_on(b);
}

/* ---- multicast groups ----
 *
 * The kernel tells of them in files that list all devices; with a thousand bonds reading them takes
 * a tenth of a second. So a thread reads, once for all bonds that wait for it by then. What it
 * found is said in parts, too.
 */

struct reading {
    struct bondd_engine *engine;
    struct dp_memberships *groups;
};

static void
read_groups(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    struct reading *r = data;

    dp_memberships_read(&r->groups); /* what could be read is said */
    g_task_return_boolean(task, TRUE);
}

static gboolean
report_some(gpointer data)
{
    struct reading *r = data;
    GPtrArray *waiting = r->engine->rejoining;

    if (waiting->len > 0 && r->groups != NULL) {
        struct bondd_bond *b = waiting->pdata[0];

        dp_resend_igmp(r->engine->announcer, r->engine->monitor, r->groups, b->core.ifindex,
                       &b->groups_from);
        if (b->groups_from == 0)
            g_ptr_array_remove_index(waiting, 0);
        if (waiting->len > 0)
            return G_SOURCE_CONTINUE;
    }
    g_clear_pointer(&r->engine->rejoining, g_ptr_array_unref);
    dp_memberships_free(r->groups);
    g_free(r);
    return G_SOURCE_REMOVE;
}

static void
report_groups(GObject *source, GAsyncResult *result, gpointer data)
{
    g_idle_add_full(G_PRIORITY_DEFAULT, report_some, data, NULL);
}

void
bondd_announce_groups(struct bondd_bond *b)
{
    struct bondd_engine *e = b->engine;
    struct reading *r;
    GTask *task;

    b->groups_from = 0;
    if (e->rejoining != NULL) {
        if (!g_ptr_array_find(e->rejoining, b, NULL))
            g_ptr_array_add(e->rejoining, b);
        return;
    }
    e->rejoining = g_ptr_array_new();
    g_ptr_array_add(e->rejoining, b);
    r = g_new0(struct reading, 1);
    r->engine = e;
    task = g_task_new(NULL, NULL, report_groups, r);
    g_task_set_task_data(task, r, NULL);
    g_task_run_in_thread(task, read_groups);
    g_object_unref(task);
}
