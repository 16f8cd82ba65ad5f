/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * above.c - which devices are above which: VLANs and the like by IFLA_LINK, bridges by master.
 *
 * Decides what "above" means. IFLA_LINK alone does not say it: a veth's names its peer, a
 * tunnel's the device that it happens to leave by.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "datapath/above.h"

#define MAX_DEPTH 16 /* kernel: devices cannot be stacked deeper than 8 (MAX_NEST_DEV) */

/* Kinds whose frames leave by IFLA_LINK as they are, or with a tag. */
static bool
is_stacked(const struct dp_link *link)
{
    static const char *const kinds[] = {"vlan", "macvlan", "macvtap", "ipvlan", "ipvtap", "macsec"};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(link->kind, kinds[i]) == 0)
            return link->lower != 0;
    }
    return false;
}

struct walk {
    const struct dp_monitor *m;
    int upper, lower;
    unsigned depth;
    bool found;
};

static bool is_above(const struct dp_monitor *m, int upper, int lower, unsigned depth);

static void
is_above_by_port(const struct dp_link *port, void *data)
{
    struct walk *w = data;

    if (!w->found && port->master == w->upper)
        w->found = port->ifindex == w->lower || is_above(w->m, port->ifindex, w->lower, w->depth);
}

static bool
is_above(const struct dp_monitor *m, int upper, int lower, unsigned depth)
{
    struct walk w = {.m = m, .upper = upper, .lower = lower, .depth = depth + 1};
    const struct dp_link *link = dp_monitor_link(m, upper);

    if (!link || depth >= MAX_DEPTH)
        return false;
    if (is_stacked(link))
        return link->lower == lower || is_above(m, link->lower, lower, depth + 1);
    /* A NIC or a veth is nobody's master; only for others all links have to be looked through. */
    if (link->kind[0] && strcmp(link->kind, "veth") != 0)
        dp_monitor_foreach_link(m, is_above_by_port, &w);
    return w.found;
}

bool
dp_monitor_is_above(const struct dp_monitor *m, int upper, int lower)
{
    return upper != lower && is_above(m, upper, lower, 0);
}

struct list {
    const struct dp_link **v;
    size_t n, size;
    bool failed;
};

static void
add(struct list *list, const struct dp_link *link)
{
    if (link && list->n == list->size) {
        size_t size = list->size ? 2 * list->size : 16;
        const struct dp_link **v = realloc(list->v, size * sizeof(*v));

        list->failed |= !v;
        if (!v)
            return;
        list->v = v;
        list->size = size;
    }
    if (link)
        list->v[list->n++] = link;
}

static bool
add_stacked(const struct dp_link *link, void *data)
{
    if (is_stacked(link))
        add(data, link);
    return true;
}

static int
by_index(const void *x, const void *y)
{
    int a = (*(const struct dp_link *const *) x)->ifindex;
    int b = (*(const struct dp_link *const *) y)->ifindex;

    return (a > b) - (a < b);
}

/* In order, each once, and nothing that is known already (in order, too). */
static void
reduce(struct list *list, const struct list *known)
{
    size_t n = 0;

    if (list->n > 0)
        qsort(list->v, list->n, sizeof(*list->v), by_index);
    for (size_t i = 0; i < list->n; i++) {
        if ((n == 0 || list->v[n - 1] != list->v[i]) &&
            !bsearch(&list->v[i], known->v, known->n, sizeof(*known->v), by_index))
            list->v[n++] = list->v[i];
    }
    list->n = n;
}

/* What stands on each of `of`, and whose ports they are. */
static void
climb(const struct dp_monitor *m, const struct list *of, struct list *out)
{
    for (size_t i = 0; i < of->n; i++) {
        dp_monitor_foreach_upper(m, of->v[i]->ifindex, add_stacked, out);
        if (of->v[i]->master)
            add(out, dp_monitor_link(m, of->v[i]->master));
    }
}

/* `known` grows by everything above it. */
static void
climb_all(const struct dp_monitor *m, struct list *known)
{
    struct list from = {0}, to;

    for (size_t i = 0; i < known->n; i++)
        add(&from, known->v[i]);
    for (int depth = 0; depth < MAX_DEPTH && from.n > 0; depth++) {
        to = (struct list){0};
        climb(m, &from, &to);
        reduce(&to, known);
        for (size_t i = 0; i < to.n; i++)
            add(known, to.v[i]);
        qsort(known->v, known->n, sizeof(*known->v), by_index);
        known->failed |= from.failed || to.failed;
        free(from.v);
        from = to;
    }
    free(from.v);
}

static void
put_first(struct list *list, const struct dp_link *link)
{
    size_t at = 0;

    while (list->v[at] != link)
        at++;
    memmove(&list->v[1], list->v, at * sizeof(*list->v));
    list->v[0] = link;
}

int
dp_above_list(const struct dp_monitor *m, int bond_ifindex, const struct dp_link ***out)
{
    const struct dp_link *bond = dp_monitor_link(m, bond_ifindex);
    struct list list = {0};

    *out = NULL;
    if (!bond)
        return 0;
    add(&list, bond);
    if (!list.failed)
        climb_all(m, &list);
    if (list.failed) {
        free(list.v);
        return -ENOMEM;
    }
    put_first(&list, bond);
    *out = list.v;
    return (int) list.n;
}
