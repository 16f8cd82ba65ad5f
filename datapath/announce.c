/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * announce.c - tells the network where we are: for each address ARP or NA, RARP for the rest.
 *
 * Decides what is announced and on which device; when is the core's. What is most urgent goes
 * first: our own addresses, known without asking the kernel; then what bridges have learned.
 * Frames go out through the bond's own packet path, so they must be sent after the new table is
 * published, and never with PACKET_QDISC_BYPASS, which would go past it.
 */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if_arp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "datapath/above.h"
#include "datapath/announce_priv.h"
#include "datapath/fdb.h"
#include "datapath/frames.h"
#include "datapath/seen.h"

#define SNDBUF (4 << 20) /* a burst for some thousand addresses without waiting */

static int
open_packet_socket(void)
{
    /* Protocol 0: sends, receives nothing. */
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), size = SNDBUF;

    if (fd < 0)
        return -errno;
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    return fd;
}

int
dp_announcer_open(struct dp_announcer **out)
{
    struct dp_announcer *a = calloc(1, sizeof(*a));
    int fd = open_packet_socket();

    if (!a || fd < 0) {
        free(a);
        if (fd >= 0)
            close(fd);
        return fd < 0 ? fd : -ENOMEM;
    }
    a->packet_fd = fd;
    *out = a;
    return 0;
}

void
dp_announcer_close(struct dp_announcer *a)
{
    if (!a)
        return;
    close(a->packet_fd);
    free(a->above);
    free(a);
}

int
dp_announcer_above(struct dp_announcer *a, const struct dp_monitor *m, int bond_ifindex,
                   const struct dp_link *const **out)
{
    uint64_t shape = dp_monitor_shape(m);

    /* The first pointer is good only if the shape is the same. */
    if (a->n_above <= 0 || a->above_of != m || a->above_shape != shape ||
        a->above[0]->ifindex != bond_ifindex) {
        free(a->above);
        a->n_above = dp_above_list(m, bond_ifindex, &a->above);
        a->above_of = m;
        a->above_shape = shape;
        a->gathered++;
    }
    *out = a->above;
    return a->n_above;
}

bool
dp_can_announce(const struct dp_link *link)
{
    return (link->flags & IFF_UP) && !(link->flags & IFF_NOARP) && link->arphrd == ARPHRD_ETHER &&
           link->mac_len == BOND_MAC_LEN;
}

int
dp_announcer_send(const struct dp_announcer *a, int ifindex, const uint8_t *frame, unsigned len)
{
    struct sockaddr_ll to = {
        .sll_family = AF_PACKET,
        .sll_ifindex = ifindex,
        .sll_halen = BOND_MAC_LEN,
    };

    memcpy(&to.sll_protocol, frame + 2 * BOND_MAC_LEN, sizeof(to.sll_protocol));
    memcpy(to.sll_addr, frame, BOND_MAC_LEN);
    if (sendto(a->packet_fd, frame, len, 0, (struct sockaddr *) &to, sizeof(to)) < 0)
        return -errno;
    return 0;
}

/* The step that announces may have changed the bond's address a moment ago, and with it that of
 * VLANs and bridges above: the picture does not know yet. */
void
dp_announcer_mac(const struct dp_announcer *a, const struct dp_link *link,
                 uint8_t mac[BOND_MAC_LEN])
{
    struct ifreq ifr = {0};

    memcpy(ifr.ifr_name, link->name, sizeof(ifr.ifr_name));
    if (ioctl(a->packet_fd, SIOCGIFHWADDR, &ifr) == 0)
        memcpy(mac, ifr.ifr_hwaddr.sa_data, BOND_MAC_LEN);
    else
        memcpy(mac, link->mac, BOND_MAC_LEN); /* renamed meanwhile */
}

/* One announcement under way. */
struct run {
    struct dp_announcer *a;
    struct dp_nl *nl;
    const struct dp_monitor *m;
    struct dp_announced sent;
    int error; /* the first one */

    const struct dp_link *const *above; /* [n_above], the bond first; borrowed of `a` */
    int n_above;

    const struct dp_link *dev; /* whose addresses are being gone through */
    uint8_t mac[BOND_MAC_LEN]; /* its address at this moment */
    unsigned n_dev;            /* frames sent for it */
    bool router;               /* the device forwards IPv6 */

    struct dp_seen spoken; /* the MACs announced on devices that we see */

    struct dp_port_vlans *vlans; /* of the bridge port vlans_port; read when needed */
    int vlans_port;
};

static void
note_error(struct run *run, int r)
{
    if (r < 0 && run->error == 0)
        run->error = r;
}

static void
send_rarp(struct run *run, int ifindex, const uint8_t mac[BOND_MAC_LEN], uint16_t vlan_id)
{
    uint8_t frame[DP_FRAME_MIN + 4];
    unsigned len = dp_frame_rarp(frame, mac);
    int r;

    if (vlan_id)
        len = dp_frame_push_vlan(frame, len, vlan_id);
    r = dp_announcer_send(run->a, ifindex, frame, len);
    if (r == 0)
        run->sent.rarp++;
    note_error(run, r);
}

static void
send_garp(struct run *run, struct in_addr addr)
{
    uint8_t frame[DP_FRAME_MIN];
    unsigned len = dp_frame_garp(frame, run->mac, addr);
    int r = dp_announcer_send(run->a, run->dev->ifindex, frame, len);

    if (r == 0) {
        run->sent.arp++;
        run->n_dev++;
    }
    note_error(run, r);
}

/* The source is the address itself, as in the kernel (ndisc_send_na()). */
static void
send_na(struct run *run, const struct in6_addr *addr)
{
    uint8_t frame[DP_FRAME_ND];
    unsigned len = dp_frame_na(frame, run->mac, addr, run->router);
    int r = dp_announcer_send(run->a, run->dev->ifindex, frame, len);

    if (r == 0) {
        run->sent.na++;
        run->n_dev++;
    }
    note_error(run, r);
}

static void
announce_addr(const struct dp_addr *addr, void *data)
{
    struct run *run = data;

    if (addr->family == AF_INET)
        send_garp(run, addr->u.v4);
    else if (!(addr->flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)))
        send_na(run, &addr->u.v6); /* others are not ours (yet) */
}

/* The MAC that nothing else spoke for. Not of a bridge's port whose bridge has the same one. */
static bool
needs_rarp(const struct run *run)
{
    const struct dp_link *master;

    if (run->n_dev || strncmp(run->dev->kind, "ipv", 3) == 0)
        return false; /* ipvlan, ipvtap: the MAC of what is below */
    master = run->dev->master ? dp_monitor_link(run->m, run->dev->master) : NULL;
    return !master || memcmp(master->mac, run->mac, BOND_MAC_LEN) != 0;
}

/* A router that forgot its flag would vanish from its neighbours' lists of routers
 * (RFC 4861, 7.2.5). */
static bool
is_router(const struct dp_link *dev)
{
    int forwarding = 0;

    return dp_sysctl6_get(dev->name, "forwarding", &forwarding) == 0 && forwarding != 0;
}

static void
announce_device(struct run *run, const struct dp_link *dev)
{
    if (!dp_can_announce(dev))
        return;
    run->dev = dev;
    run->n_dev = 0;
    dp_announcer_mac(run->a, dev, run->mac);
    dp_seen_add(&run->spoken, run->mac, 0);
    run->router = is_router(dev);
    dp_monitor_foreach_addr(run->m, dev->ifindex, announce_addr, run);
    if (needs_rarp(run))
        send_rarp(run, dev->ifindex, run->mac, 0);
}

static bool
is_above_or_bond(const struct run *run, int ifindex)
{
    int lo = 1, hi = run->n_above;

    if (run->above[0]->ifindex == ifindex)
        return true;
    while (lo < hi) { /* by index, behind the bond */
        int mid = lo + (hi - lo) / 2;

        if (run->above[mid]->ifindex < ifindex)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < run->n_above && run->above[lo]->ifindex == ifindex;
}

static bool
has_bit(const uint8_t *bits, unsigned i)
{
    return bits[i / 8] >> i % 8 & 1;
}

/* A bridge that knows VLANs keeps one with each host; whether it is seen on the wire is up to
 * the port: not at all, as a tag, or without. */
static bool
tag_on_port(struct run *run, int port, uint16_t *vlan_id)
{
    if (*vlan_id == 0)
        return true;
    if (!run->vlans)
        run->vlans = malloc(sizeof(*run->vlans));
    if (!run->vlans)
        return false;
    if (run->vlans_port != port) {
        note_error(run, dp_port_vlans(run->nl, port, run->vlans));
        run->vlans_port = port;
    }
    if (!run->vlans->known)
        return true;
    if (!has_bit(run->vlans->member, *vlan_id % 4096))
        return false;
    if (has_bit(run->vlans->untagged, *vlan_id % 4096))
        *vlan_id = 0;
    return true;
}

/* The hosts of a bridge, to be told of on its port `port`, which leads to the bond. */
struct hosts {
    struct run *run;
    int port;
    struct dp_seen seen; /* what was made by hand is in the table with and without its VLAN */
};

static void
announce_host(const struct dp_fdb_entry *host, void *data)
{
    struct hosts *h = data;
    uint16_t vlan_id = host->vlan_id;

    /* What is behind the bond itself is not ours to announce. */
    if (is_above_or_bond(h->run, host->port) || !tag_on_port(h->run, h->port, &vlan_id))
        return;
    if (dp_seen_add(&h->seen, host->mac, vlan_id))
        send_rarp(h->run, h->port, host->mac, vlan_id);
}

static void
announce_bridge(struct run *run, const struct dp_link *bridge)
{
    for (int i = 0; i < run->n_above; i++) {
        struct hosts h = {.run = run, .port = run->above[i]->ifindex};

        if (run->above[i]->master == bridge->ifindex && (run->above[i]->flags & IFF_UP))
            note_error(run, dp_fdb_hosts(run->nl, bridge->ifindex, announce_host, &h));
        dp_seen_free(&h.seen);
    }
}

/* macvlans in other namespaces: their addresses are out of sight, their MACs are in the bond's
 * filter. Those that are in sight have spoken for themselves. */
static void
announce_unicast(const struct dp_fdb_entry *entry, void *data)
{
    struct run *run = data;

    if (dp_seen_add(&run->spoken, entry->mac, 0))
        send_rarp(run, run->above[0]->ifindex, entry->mac, 0);
}

/* What speaks for others comes last, when all have spoken for themselves. */
static void
announce_rest(struct run *run)
{
    for (int i = 0; i < run->n_above; i++) {
        if (dp_can_announce(run->above[i]))
            dp_seen_add(&run->spoken, run->above[i]->mac, 0);
        if (strcmp(run->above[i]->kind, "bridge") == 0)
            announce_bridge(run, run->above[i]);
    }
    note_error(run, dp_fdb_unicast(run->nl, run->above[0]->ifindex, announce_unicast, run));
}

/* The bond first, the others by index: so it is known where to go on, whatever comes and goes in
 * between. Returns where, or 0. */
static int
announce_some(struct run *run, int from)
{
    int n = 0;

    for (int i = 0; i < run->n_above; i++) {
        const struct dp_link *dev = run->above[i];

        if (from != 0 && (i == 0 || dev->ifindex < from))
            continue;
        if (n++ == DP_ANNOUNCE_DEVICES)
            return dev->ifindex;
        announce_device(run, dev);
    }
    announce_rest(run);
    return 0;
}

int
dp_announce(struct dp_announcer *a, struct dp_nl *nl, const struct dp_monitor *m, int bond_ifindex,
            int *from, struct dp_announced *sent)
{
    struct run run = {.a = a, .nl = nl, .m = m};
    int begin = *from;

    *from = 0;
    if (sent)
        run.sent = *sent;
    run.n_above = dp_announcer_above(a, m, bond_ifindex, &run.above);
    if (run.n_above == 0)
        run.error = -ENODEV;
    else if (run.n_above < 0)
        run.error = run.n_above;
    else if (run.above[0]->flags & IFF_UP) /* otherwise there is no way out, nor a need */
        *from = announce_some(&run, begin);
    if (sent)
        *sent = run.sent;
    dp_seen_free(&run.spoken);
    free(run.vlans);
    return run.error;
}
