/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * load.c - what passes through each port at the moment: two looks at its counters, and the time
 * between them. Asks nobody; the counters are in the views.
 */
#include "view.h"

#define SHORTEST_US (20 * 1000) /* below that a packet more or less decides */

struct sample {
    struct view_counters counters;
    gint64 at_us;
};

struct loads {
    GHashTable *samples; /* D-Bus path of a port → struct sample */
};

struct loads *
loads_new(void)
{
    struct loads *loads = g_new0(struct loads, 1);

    loads->samples = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return loads;
}

void
loads_free(struct loads *loads)
{
    if (loads == NULL)
        return;
    g_hash_table_unref(loads->samples);
    g_free(loads);
}

static guint64
bits_a_second(guint64 before, guint64 now, gint64 us)
{
    return (guint64) ((double) (now - before) * 8 * G_USEC_PER_SEC / (double) us);
}

static void
look_at(struct loads *loads, struct view_port *port)
{
    const char *path = g_dbus_proxy_get_object_path(G_DBUS_PROXY(port->port));
    const struct view_counters *now = &port->counters;
    struct sample *sample = g_hash_table_lookup(loads->samples, path);
    gint64 us = sample != NULL ? port->counted_us - sample->at_us : 0;

    /* counters go back where bondd had to begin anew: then there is nothing to compare */
    if (us >= SHORTEST_US && now->rx_bytes >= sample->counters.rx_bytes &&
        now->tx_bytes >= sample->counters.tx_bytes)
        port->load = (struct view_load){
            .known = true,
            .rx_bits = bits_a_second(sample->counters.rx_bytes, now->rx_bytes, us),
            .tx_bits = bits_a_second(sample->counters.tx_bytes, now->tx_bytes, us)};
    if (sample == NULL) {
        sample = g_new0(struct sample, 1);
        g_hash_table_insert(loads->samples, g_strdup(path), sample);
    }
    *sample = (struct sample){.counters = *now, .at_us = port->counted_us};
}

void
loads_look(struct loads *loads, GPtrArray *views)
{
    for (guint i = 0; i < views->len; i++) {
        struct view *view = views->pdata[i];

        for (guint p = 0; p < view->ports->len; p++)
            look_at(loads, view->ports->pdata[p]);
    }
}
