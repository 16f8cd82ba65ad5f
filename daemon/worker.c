/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * worker.c - one thread, one queue. Knows nothing of what is worked on.
 */
#include "daemon/worker.h"

#include <glib.h>
#include <malloc.h>

struct item {
    bondd_work_fn work, done;
    void *data;
};

static unsigned outstanding; /* of the main loop alone */

static gboolean
finish(gpointer data)
{
    struct item *item = data;

    outstanding--;
    item->done(item->data);
    g_free(item);
    return G_SOURCE_REMOVE;
}

static void
run(gpointer data, gpointer unused)
{
    struct item *item = data;

    item->work(item->data);
    malloc_trim(0); /* loading programs takes megabytes for a moment */
    g_idle_add_full(G_PRIORITY_DEFAULT, finish, item, NULL);
}

void
bondd_worker_run(bondd_work_fn work, bondd_work_fn done, void *data)
{
    static GThreadPool *pool; /* lives as long as the process */
    struct item *item = g_new0(struct item, 1);

    if (pool == NULL)
        pool = g_thread_pool_new(run, NULL, 1, FALSE, NULL);
    *item = (struct item){work, done, data};
    outstanding++;
    g_thread_pool_push(pool, item, NULL);
}

void
bondd_worker_drain(void)
{
    while (outstanding > 0)
        g_main_context_iteration(NULL, TRUE);
}
