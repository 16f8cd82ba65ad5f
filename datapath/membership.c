/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * membership.c - says again which multicast groups we are in, on the bond and above.
 *
 * The kernel's bond makes its own stack rejoin (NETDEV_RESEND_IGMP: IGMP and MLD); from outside
 * the kernel the same reports are built from /proc/net/igmp, igmp6 and mcfilter. Joins and leaves
 * nothing. Where /proc does not tell whether somebody wants all sources of a group, all are
 * asked for: too much traffic for one query interval, never too little.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "datapath/above.h"
#include "datapath/announce_priv.h"
#include "datapath/frames.h"

union address {
    struct in_addr v4;
    struct in6_addr v6;
    uint8_t bytes[16];
};

struct membership {
    int ifindex, family, version;
    unsigned users;
    union address group;
};

struct filter {
    int ifindex, family;
    union address group, source;
    unsigned long including; /* sockets that named this source */
};

struct dp_memberships {
    struct membership *group;
    struct filter *filter;
    size_t n_groups, groups_size, n_filters, filters_size;
};

static void *
append(void *array, size_t *n, size_t *size, size_t item)
{
    void **v = array;

    if (*n == *size) {
        size_t more = *size ? 2 * *size : 32;
        void *p = realloc(*v, more * item);

        if (!p)
            return NULL;
        *v = p;
        *size = more;
    }
    return memset((uint8_t *) *v + (*n)++ * item, 0, item);
}

#define APPEND_GROUP(ms)                                                                           \
    append(&(ms)->group, &(ms)->n_groups, &(ms)->groups_size, sizeof(struct membership))
#define APPEND_FILTER(ms)                                                                          \
    append(&(ms)->filter, &(ms)->n_filters, &(ms)->filters_size, sizeof(struct filter))

static bool
parse_hex16(const char *hex, struct in6_addr *out)
{
    for (int i = 0; i < 16; i++) {
        unsigned byte;

        if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
            return false;
        out->s6_addr[i] = (uint8_t) byte;
    }
    return true;
}

/* A device's line "2 eth0 : 1 V3", then a line for each of its groups, printed as a number of
 * this machine: "010000E0 1 0:00000000 0". */
static int
parse_igmp(FILE *f, struct dp_memberships *ms)
{
    int ifindex = 0, version = 3;
    char line[256];

    while (fgets(line, sizeof(line), f)) {
        struct membership *g;
        unsigned group, users;
        char *v;

        if (line[0] != '\t') {
            ifindex = atoi(line);
            v = strrchr(line, 'V');
            version = v && v[1] >= '1' && v[1] <= '3' ? v[1] - '0' : 3;
            continue;
        }
        if (sscanf(line, " %x %u", &group, &users) != 2)
            continue;
        g = APPEND_GROUP(ms);
        if (!g)
            return -ENOMEM;
        g->ifindex = ifindex;
        g->family = AF_INET;
        g->version = version;
        g->users = users;
        g->group.v4.s_addr = group;
    }
    return 0;
}

static int
parse_igmp6(FILE *f, struct dp_memberships *ms)
{
    char line[256], hex[33];

    while (fgets(line, sizeof(line), f)) {
        struct membership *g;
        unsigned users;
        int ifindex;

        if (sscanf(line, "%d %*s %32s %u", &ifindex, hex, &users) != 3 || strlen(hex) != 32)
            continue;
        g = APPEND_GROUP(ms);
        if (!g)
            return -ENOMEM;
        g->ifindex = ifindex;
        g->family = AF_INET6;
        g->version = 2;
        g->users = users;
        if (!parse_hex16(hex, &g->group.v6))
            ms->n_groups--;
    }
    return 0;
}

static int
parse_mcfilter(FILE *f, struct dp_memberships *ms)
{
    char line[256];

    while (fgets(line, sizeof(line), f)) {
        unsigned group, source;
        unsigned long including;
        struct filter *filter;
        int ifindex;

        if (sscanf(line, "%d %*s 0x%x 0x%x %lu", &ifindex, &group, &source, &including) != 4)
            continue; /* the heading */
        filter = APPEND_FILTER(ms);
        if (!filter)
            return -ENOMEM;
        filter->ifindex = ifindex;
        filter->family = AF_INET;
        filter->group.v4.s_addr = htonl(group);
        filter->source.v4.s_addr = htonl(source);
        filter->including = including;
    }
    return 0;
}

static int
parse_mcfilter6(FILE *f, struct dp_memberships *ms)
{
    char line[256], group[33], source[33];

    while (fgets(line, sizeof(line), f)) {
        unsigned long including;
        struct filter *filter;
        int ifindex;

        if (sscanf(line, "%d %*s %32s %32s %lu", &ifindex, group, source, &including) != 4 ||
            strlen(group) != 32 || strlen(source) != 32)
            continue;
        filter = APPEND_FILTER(ms);
        if (!filter)
            return -ENOMEM;
        filter->ifindex = ifindex;
        filter->family = AF_INET6;
        filter->including = including;
        if (!parse_hex16(group, &filter->group.v6) || !parse_hex16(source, &filter->source.v6))
            ms->n_filters--;
    }
    return 0;
}

static int
by_device(const void *a, const void *b)
{
    int x = ((const struct membership *) a)->ifindex, y = ((const struct membership *) b)->ifindex;

    return (x > y) - (x < y);
}

int
dp_memberships_read(struct dp_memberships **out)
{
    static const struct {
        const char *path;
        int (*parse)(FILE *f, struct dp_memberships *ms);
    } file[] = {
        /* thread-self: the network namespace of who asks */
        {"/proc/thread-self/net/igmp", parse_igmp},
        {"/proc/thread-self/net/igmp6", parse_igmp6},
        {"/proc/thread-self/net/mcfilter", parse_mcfilter},
        {"/proc/thread-self/net/mcfilter6", parse_mcfilter6},
    };
    struct dp_memberships *ms = *out = calloc(1, sizeof(*ms));
    int r = ms ? 0 : -ENOMEM;

    for (size_t i = 0; i < sizeof(file) / sizeof(file[0]) && r == 0; i++) {
        FILE *f = fopen(file[i].path, "re");

        if (!f) {
            if (errno != ENOENT) /* no IPv6, or no multicast */
                r = -errno;
            continue;
        }
        r = file[i].parse(f, ms);
        fclose(f);
    }
    if (ms && ms->n_groups > 0)
        qsort(ms->group, ms->n_groups, sizeof(*ms->group), by_device);
    return r;
}

void
dp_memberships_free(struct dp_memberships *ms)
{
    if (!ms)
        return;
    free(ms->group);
    free(ms->filter);
    free(ms);
}

static bool
is_of(const struct filter *f, const struct membership *g)
{
    return f->ifindex == g->ifindex && f->family == g->family &&
           memcmp(&f->group, &g->group, sizeof(f->group)) == 0;
}

/* Every member named this source, so no member wants all. */
static bool
is_include_mode(const struct dp_memberships *ms, const struct membership *g)
{
    for (size_t i = 0; i < ms->n_filters; i++) {
        if (is_of(&ms->filter[i], g) && ms->filter[i].including == g->users)
            return true;
    }
    return false;
}

/* Those that nobody reports: all-hosts; all-nodes and what stays in the host (RFC 3810, 6). */
static bool
is_reported(const struct membership *g)
{
    if (g->family == AF_INET)
        return g->group.v4.s_addr != htonl(INADDR_ALLHOSTS_GROUP);
    return !IN6_IS_ADDR_MC_NODELOCAL(&g->group.v6) && (g->group.v6.s6_addr[1] & 0xf) != 0 &&
           !(IN6_IS_ADDR_MC_LINKLOCAL(&g->group.v6) && g->group.v6.s6_addr[15] == 1 &&
             memcmp(&g->group.v6.s6_addr[2], (uint8_t[13]){0}, 13) == 0);
}

struct source {
    int family;
    bool found;
    union address addr;
};

/* IPv4: the device's first address, or 0.0.0.0; MLD: its link-local one, or :: */
static void
pick_source(const struct dp_addr *addr, void *data)
{
    struct source *s = data;

    if (s->found || addr->family != s->family)
        return;
    if (s->family == AF_INET6 && (!IN6_IS_ADDR_LINKLOCAL(&addr->u.v6) ||
                                  (addr->flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED))))
        return;
    s->found = true;
    memcpy(&s->addr, &addr->u, sizeof(addr->u));
}

static int
send_report(const struct dp_announcer *a, const struct dp_monitor *m, const struct dp_link *link,
            const struct membership *g, const struct dp_frame_group *group)
{
    struct source src = {.family = g->family};
    uint8_t frame[DP_FRAME_SIZE], mac[BOND_MAC_LEN];
    unsigned len;

    dp_announcer_mac(a, link, mac);
    dp_monitor_foreach_addr(m, g->ifindex, pick_source, &src);
    if (g->family == AF_INET)
        len = dp_frame_igmp(frame, mac, src.addr.v4, group, g->version);
    else
        len = dp_frame_mld(frame, mac, &src.addr.v6, group, g->version);
    return dp_announcer_send(a, g->ifindex, frame, len);
}

/* One report, or several where its sources do not fit into one. */
static int
report(const struct dp_announcer *a, const struct dp_monitor *m, const struct dp_link *link,
       const struct dp_memberships *ms, const struct membership *g)
{
    struct dp_frame_group group = {.include = is_include_mode(ms, g)};
    int r, first = 0;

    memcpy(&group.addr, &g->group, sizeof(group.addr));
    for (size_t i = 0; group.include && i < ms->n_filters; i++) {
        if (!is_of(&ms->filter[i], g) || ms->filter[i].including == 0)
            continue;
        if (group.n_sources == DP_FRAME_SOURCES_MAX) {
            r = send_report(a, m, link, g, &group);
            first = first ? first : r;
            group.n_sources = 0;
        }
        memcpy(&group.source[group.n_sources++], &ms->filter[i].source, sizeof(group.source[0]));
    }
    r = send_report(a, m, link, g, &group);
    return first ? first : r;
}

/* The first of a device's groups; n_groups: it has none. */
static size_t
first_of(const struct dp_memberships *ms, int ifindex)
{
    size_t lo = 0, hi = ms->n_groups;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (ms->group[mid].ifindex < ifindex)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static int
report_device(const struct dp_announcer *a, const struct dp_monitor *m,
              const struct dp_memberships *ms, const struct dp_link *link)
{
    int first = 0;

    if (!(link->flags & IFF_UP) || link->mac_len != BOND_MAC_LEN)
        return 0;
    for (size_t at = first_of(ms, link->ifindex);
         at < ms->n_groups && ms->group[at].ifindex == link->ifindex; at++) {
        if (is_reported(&ms->group[at])) {
            int r = report(a, m, link, ms, &ms->group[at]);

            first = first ? first : r;
        }
    }
    return first;
}

int
dp_resend_igmp(struct dp_announcer *a, const struct dp_monitor *m, const struct dp_memberships *ms,
               int bond_ifindex, int *from)
{
    const struct dp_link *const *above;
    int n = dp_announcer_above(a, m, bond_ifindex, &above), begin = *from, done = 0, first = 0;

    *from = 0;
    if (n <= 0)
        return n ? n : -ENODEV;
    for (int i = 0; i < n && *from == 0; i++) {
        if (begin != 0 && (i == 0 || above[i]->ifindex < begin))
            continue;
        if (done++ == DP_ANNOUNCE_DEVICES) {
            *from = above[i]->ifindex;
        } else {
            int r = report_device(a, m, ms, above[i]);

            first = first ? first : r;
        }
    }
    return first;
}
