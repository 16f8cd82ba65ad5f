/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * features.c - the offloads that a bond's device claims: those that every port has.
 *
 * Decides how the features and GSO limits of the ports combine (kernel: bond_compute_features()).
 * Touches the bond's device only. VLAN tag offload and what concerns receiving stay as they are:
 * as in the kernel's bond the tag travels beside the frame, and a port without the offload has it
 * put in by the kernel. A wrong answer here costs speed, never a frame: the kernel does at the
 * port in software whatever the port cannot.
 */
#include <errno.h>
#include <linux/ethtool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "datapath/ethtool.h"
#include "datapath/nl.h"

#define MAX_FEATURES 256
#define BLOCKS (MAX_FEATURES / 32)

/* kernel: GSO_LEGACY_MAX_SIZE, GSO_MAX_SEGS: what a device has that nobody limited */
#define GSO_DEFAULT_SIZE 65536u
#define GSO_DEFAULT_SEGS 65535u

struct names {
    unsigned n;
    char name[MAX_FEATURES][ETH_GSTRING_LEN];
};

struct bits {
    uint32_t v[BLOCKS];
};

struct features {
    uint32_t blocks; /* how many the kernel has */
    struct bits available, active;
};

static bool
bit(const struct bits *b, unsigned i)
{
    return b->v[i / 32] >> (i % 32) & 1;
}

static void
bit_set(struct bits *b, unsigned i, bool on)
{
    uint32_t m = 1u << (i % 32);

    b->v[i / 32] = on ? b->v[i / 32] | m : b->v[i / 32] & ~m;
}

/* The kernel numbers features at run time; names are what stays. */
static int
read_names(int fd, const char *dev, struct names *names)
{
    struct {
        struct ethtool_sset_info info;
        uint32_t n;
    } sset = {.info = {.cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ull << ETH_SS_FEATURES}};
    struct ethtool_gstrings *s;
    int r = dp_ethtool(fd, dev, &sset);

    if (r < 0)
        return r;
    if (!sset.info.sset_mask || sset.n > MAX_FEATURES)
        return -EOPNOTSUPP;
    s = calloc(1, sizeof(*s) + (size_t) sset.n * ETH_GSTRING_LEN);
    if (!s)
        return -ENOMEM;
    s->cmd = ETHTOOL_GSTRINGS;
    s->string_set = ETH_SS_FEATURES;
    s->len = sset.n;
    r = dp_ethtool(fd, dev, s);
    if (r >= 0) {
        names->n = s->len < sset.n ? s->len : sset.n;
        memcpy(names->name, s->data, (size_t) names->n * ETH_GSTRING_LEN);
    }
    free(s);
    return r;
}

static int
read_features(int fd, const char *dev, struct features *out)
{
    struct {
        struct ethtool_gfeatures req;
        struct ethtool_get_features_block block[BLOCKS];
    } cmd = {.req = {.cmd = ETHTOOL_GFEATURES, .size = BLOCKS}};
    int r = dp_ethtool(fd, dev, &cmd);

    if (r < 0)
        return r;
    out->blocks = cmd.req.size < BLOCKS ? cmd.req.size : BLOCKS;
    for (unsigned i = 0; i < BLOCKS; i++) {
        out->available.v[i] = cmd.block[i].available;
        out->active.v[i] = cmd.block[i].active;
    }
    return 0;
}

static bool
ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);

    return n >= m && strcmp(s + n - m, end) == 0;
}

/* What a sender may leave to the device: gathering, checksums, segmentation. Not generic
 * segmentation, which is the kernel's own work for any device. */
static bool
is_ours(const char *name)
{
    if (strcmp(name, "tx-generic-segmentation") == 0)
        return false;
    return strncmp(name, "tx-scatter-gather", 17) == 0 || strncmp(name, "tx-checksum-", 12) == 0 ||
           ends_with(name, "-segmentation") || strcmp(name, "tx-gso-list") == 0;
}

/* A NIC that does checksums protocol by protocol has "ipv4" and "ipv6" instead of "generic". */
static bool
port_can(const struct names *names, const struct bits *active, unsigned feature)
{
    if (bit(active, feature))
        return true;
    if (strcmp(names->name[feature], "tx-checksum-ip-generic") != 0)
        return false;
    for (unsigned i = 0; i < names->n; i++) {
        if ((strcmp(names->name[i], "tx-checksum-ipv4") == 0 ||
             strcmp(names->name[i], "tx-checksum-ipv6") == 0) &&
            bit(active, i))
            return true;
    }
    return false;
}

static int
write_features(int fd, const char *dev, uint32_t blocks, const struct bits *valid,
               const struct bits *wanted)
{
    struct {
        struct ethtool_sfeatures req;
        struct ethtool_set_features_block block[BLOCKS];
    } cmd = {.req = {.cmd = ETHTOOL_SFEATURES, .size = blocks}}; /* exactly so many */
    int r;

    for (unsigned i = 0; i < BLOCKS; i++) {
        cmd.block[i].valid = valid->v[i];
        cmd.block[i].requested = wanted->v[i] & valid->v[i];
    }
    r = dp_ethtool(fd, dev, &cmd);
    return r < 0 ? r : 0; /* positive: a feature that depends on another waits for it */
}

/* Takes from `wanted` what the port has not. A port that is gone limits nothing. */
static int
limit_by_port(int fd, const struct names *names, int port_ifindex, struct bits *wanted)
{
    char dev[IFNAMSIZ];
    struct features f;
    int r;

    if (!if_indextoname((unsigned) port_ifindex, dev))
        return 0;
    r = read_features(fd, dev, &f);
    if (r < 0)
        return r == -ENODEV ? 0 : r;
    for (unsigned i = 0; i < names->n; i++) {
        if (bit(wanted, i) && !port_can(names, &f.active, i))
            bit_set(wanted, i, false);
    }
    return 0;
}

static int
sync_offloads(const char *bond, const int *port_ifindexes, unsigned n_ports)
{
    struct bits valid = {0}, wanted = {0};
    struct names names;
    struct features f;
    int fd = dp_ethtool_open(), r;

    if (fd < 0)
        return fd;
    r = read_names(fd, bond, &names);
    if (r >= 0)
        r = read_features(fd, bond, &f);
    for (unsigned i = 0; r >= 0 && i < names.n; i++) {
        if (is_ours(names.name[i]) && bit(&f.available, i)) {
            bit_set(&valid, i, true);
            bit_set(&wanted, i, true);
        }
    }
    for (unsigned i = 0; r >= 0 && i < n_ports; i++)
        r = limit_by_port(fd, &names, port_ifindexes[i], &wanted);
    if (r >= 0) {
        bool same = true;

        for (unsigned i = 0; i < BLOCKS; i++)
            same = same && (f.active.v[i] & valid.v[i]) == wanted.v[i];
        r = same ? 0 : write_features(fd, bond, f.blocks, &valid, &wanted);
    }
    close(fd);
    return r < 0 ? r : 0;
}

struct gso {
    uint32_t size, ipv4_size, segs; /* in force; ipv4_size 0: the kernel has no such limit */
    uint32_t tso_size, tso_segs;    /* the device's bounds for them */
};

static int
on_gso(const struct nlmsghdr *nlh, void *data)
{
    const struct nlattr *tb[DP_IFLA_GSO_IPV4_MAX_SIZE + 1];
    struct gso *out = data;
    const struct {
        unsigned attr;
        uint32_t *to;
    } row[] = {
        {IFLA_GSO_MAX_SIZE, &out->size},
        {IFLA_GSO_MAX_SEGS, &out->segs},
        {IFLA_TSO_MAX_SIZE, &out->tso_size},
        {IFLA_TSO_MAX_SEGS, &out->tso_segs},
        {DP_IFLA_GSO_IPV4_MAX_SIZE, &out->ipv4_size},
    };

    dp_nl_attrs(nlh, sizeof(struct ifinfomsg), tb, DP_IFLA_GSO_IPV4_MAX_SIZE);
    for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        if (tb[row[i].attr] && mnl_attr_get_payload_len(tb[row[i].attr]) == 4)
            *row[i].to = mnl_attr_get_u32(tb[row[i].attr]);
    }
    return 0;
}

static int
read_gso(struct dp_nl *nl, int ifindex, struct gso *out)
{
    uint8_t req[DP_NL_REQ_SIZE];
    struct nlmsghdr *nlh;
    int r;

    memset(out, 0, sizeof(*out));
    dp_nl_request_link(&nlh, req, RTM_GETLINK, 0, ifindex);
    r = dp_nl_talk(nl, nlh, on_gso, out);
    if (r < 0)
        return r;
    if (!out->size)
        out->size = GSO_DEFAULT_SIZE;
    if (!out->segs)
        out->segs = GSO_DEFAULT_SEGS;
    if (!out->tso_size) /* a kernel before 5.19 has no such bound */
        out->tso_size = GSO_DEFAULT_SIZE;
    if (!out->tso_segs)
        out->tso_segs = GSO_DEFAULT_SEGS;
    return 0;
}

static uint32_t
least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static int
write_gso(struct dp_nl *nl, int ifindex, const struct gso *is, const struct gso *want)
{
    uint8_t req[DP_NL_REQ_SIZE];
    struct nlmsghdr *nlh;
    bool same = true;

    dp_nl_request_link(&nlh, req, RTM_NEWLINK, 0, ifindex);
    if (want->size != is->size) {
        mnl_attr_put_u32(nlh, IFLA_GSO_MAX_SIZE, want->size);
        same = false;
    }
    if (want->segs != is->segs) {
        mnl_attr_put_u32(nlh, IFLA_GSO_MAX_SEGS, want->segs);
        same = false;
    }
    /* Setting the general limit drags this one along: it has to be said again. */
    if (is->ipv4_size && (!same || want->ipv4_size != is->ipv4_size)) {
        mnl_attr_put_u32(nlh, DP_IFLA_GSO_IPV4_MAX_SIZE, want->ipv4_size);
        same = false;
    }
    return same ? 0 : dp_nl_talk(nl, nlh, NULL, NULL);
}

static int
sync_gso(struct dp_nl *nl, int bond_ifindex, const int *port_ifindexes, unsigned n_ports,
         uint32_t max_segs)
{
    struct gso bond, want = {GSO_DEFAULT_SIZE, GSO_DEFAULT_SIZE, GSO_DEFAULT_SEGS, 0, 0};
    unsigned n_seen = 0;
    int r = read_gso(nl, bond_ifindex, &bond);

    for (unsigned i = 0; r == 0 && i < n_ports; i++) {
        struct gso port;

        r = read_gso(nl, port_ifindexes[i], &port);
        if (r == -ENODEV) {
            r = 0;
            continue;
        }
        if (r < 0)
            break;
        /* The first port may also raise the limits (BIG TCP). */
        want.size = n_seen ? least(want.size, port.size) : port.size;
        want.segs = n_seen ? least(want.segs, port.segs) : port.segs;
        if (!port.ipv4_size)
            port.ipv4_size = GSO_DEFAULT_SIZE;
        want.ipv4_size = n_seen ? least(want.ipv4_size, port.ipv4_size) : port.ipv4_size;
        n_seen++;
    }
    if (r < 0)
        return r;
    want.size = least(want.size, bond.tso_size);
    want.ipv4_size = least(want.ipv4_size, bond.tso_size);
    want.segs = least(want.segs, bond.tso_segs);
    if (max_segs)
        want.segs = least(want.segs, max_segs);
    return write_gso(nl, bond_ifindex, &bond, &want);
}

int
dp_link_sync_features(struct dp_nl *nl, int bond_ifindex, const int *port_ifindexes, unsigned n,
                      uint32_t max_segs)
{
    char bond[IFNAMSIZ];
    int offloads, gso;

    if (!if_indextoname((unsigned) bond_ifindex, bond))
        return -ENODEV;
    offloads = sync_offloads(bond, port_ifindexes, n);
    gso = sync_gso(nl, bond_ifindex, port_ifindexes, n, max_segs);
    return offloads ? offloads : gso;
}
