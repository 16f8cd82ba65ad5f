/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * parted.c - decides how long IPv6 stays off on a port that has left.
 */
#include "daemon/parted.h"

#include <string.h>

static struct bondd_parted *
find(const struct bondd_bond *b, int ifindex)
{
    for (guint i = 0; i < b->parted->len; i++) {
        struct bondd_parted *r = &g_array_index(b->parted, struct bondd_parted, i);

        if (r->ifindex == ifindex)
            return r;
    }
    return NULL;
}

bool
bondd_parted_has(const struct bondd_bond *b, int ifindex)
{
    return find(b, ifindex) != NULL;
}

static bool
address_is_shared(const struct bondd_bond *b)
{
    int order[BOND_MAX_PORTS];

    return b->core.mac_is_set && bond_port_order(&b->core, false, order) > 0;
}

static bool
is_used(struct bondd_bond *b, int ifindex)
{
    struct dp_link now;

    return dp_link_get_index(b->engine->nl, ifindex, &now) < 0 || now.master != 0;
}

void
bondd_parted_keep(struct bondd_bond *b, struct bondd_port *p)
{
    struct bondd_parted r = {.ifindex = p->ifindex, .orig_disable_ipv6 = p->orig_disable_ipv6};

    if (!p->ipv6_off || memcmp(p->orig_mac, b->core.mac, BOND_MAC_LEN) != 0 ||
        !address_is_shared(b) || p->claimed || is_used(b, p->ifindex))
        return;
    g_strlcpy(r.name, p->name, sizeof(r.name));
    g_array_append_val(b->parted, r);
    bondd_engine_map(b->engine, r.ifindex, b);
    p->ipv6_off = false;
}

static void
forget(struct bondd_bond *b, struct bondd_parted *r)
{
    bondd_engine_unmap(b->engine, r->ifindex);
    g_array_remove_index(b->parted, (guint) (r - (struct bondd_parted *) (void *) b->parted->data));
    b->ports_changed = true;
    bondd_engine_touch(b->engine, b);
}

void
bondd_parted_return(struct bondd_bond *owner, struct bondd_port *p)
{
    struct bondd_parted *r = find(owner, p->ifindex);

    if (r == NULL)
        return;
    if (p->orig_disable_ipv6 == 1) {
        p->orig_disable_ipv6 = r->orig_disable_ipv6;
        p->ipv6_off = true;
    }
    forget(owner, r);
}

void
bondd_parted_end(struct bondd_bond *b, int ifindex)
{
    struct bondd_parted *r = find(b, ifindex);
    struct dp_link now;
    int value;

    if (r == NULL)
        return;
    if (dp_link_get_index(b->engine->nl, ifindex, &now) == 0 &&
        dp_sysctl6_get(now.name, "disable_ipv6", &value) == 0 && value == 1)
        dp_sysctl6_set(now.name, "disable_ipv6", r->orig_disable_ipv6);
    forget(b, r);
}

void
bondd_parted_review(struct bondd_bond *b, bool always)
{
    for (guint i = b->parted->len; i-- > 0;) {
        const struct bondd_parted *r = &g_array_index(b->parted, struct bondd_parted, i);
        struct dp_link now;

        if (always || !address_is_shared(b) ||
            dp_link_get_index(b->engine->nl, r->ifindex, &now) < 0 ||
            memcmp(now.mac, b->core.mac, BOND_MAC_LEN) != 0)
            bondd_parted_end(b, r->ifindex);
    }
}
