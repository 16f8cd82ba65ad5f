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

struct mark {
    const struct dp_link *link;
    bool above;
};

struct marks {
    struct mark *v;
    size_t n, size;
    bool failed;
};

static void
collect(const struct dp_link *link, void *data)
{
    struct marks *marks = data;

    if (marks->n == marks->size) {
        size_t size = marks->size ? 2 * marks->size : 64;
        struct mark *v = realloc(marks->v, size * sizeof(*v));

        if (!v) {
            marks->failed = true;
            return;
        }
        marks->v = v;
        marks->size = size;
    }
    marks->v[marks->n++] = (struct mark){.link = link};
}

static int
by_index(const void *key, const void *mark)
{
    int a = *(const int *) key, b = ((const struct mark *) mark)->link->ifindex;

    return (a > b) - (a < b);
}

static struct mark *
find(const struct marks *marks, int ifindex)
{
    return marks->n ? bsearch(&ifindex, marks->v, marks->n, sizeof(*marks->v), by_index) : NULL;
}

/* One look at every link: is it above something above the bond? False: nothing new. */
static bool
spread(struct marks *marks)
{
    bool changed = false;

    for (size_t i = 0; i < marks->n; i++) {
        struct mark *mark = &marks->v[i], *other;

        if (!mark->above && is_stacked(mark->link)) {
            other = find(marks, mark->link->lower);
            if (other && other->above) {
                mark->above = true;
                changed = true;
            }
        }
        if (mark->above && mark->link->master) {
            other = find(marks, mark->link->master);
            if (other && !other->above) {
                other->above = true;
                changed = true;
            }
        }
    }
    return changed;
}

static int
list_of(const struct marks *marks, const struct dp_link *bond, const struct dp_link ***out)
{
    const struct dp_link **list = calloc(marks->n, sizeof(*list));
    int n = 0;

    if (!list)
        return -ENOMEM;
    list[n++] = bond;
    for (size_t i = 0; i < marks->n; i++) {
        if (marks->v[i].above && marks->v[i].link != bond)
            list[n++] = marks->v[i].link;
    }
    *out = list;
    return n;
}

int
dp_above_list(const struct dp_monitor *m, int bond_ifindex, const struct dp_link ***out)
{
    struct marks marks = {0};
    struct mark *bond;
    int n = 0;

    *out = NULL;
    dp_monitor_foreach_link(m, collect, &marks); /* in order of their index */
    bond = find(&marks, bond_ifindex);
    if (marks.failed) {
        n = -ENOMEM;
    } else if (bond) {
        bond->above = true;
        for (int depth = 0; depth < MAX_DEPTH && spread(&marks); depth++)
            ;
        n = list_of(&marks, bond->link, out);
    }
    free(marks.v);
    return n;
}
