/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * learn.c - builds and sends learning packets. Decides which addresses speak besides the port's;
 * when, is core's. Kernel: alb_send_learning_packets(), alb_upper_dev_walk().
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <stdlib.h>
#include <string.h>

#include "datapath/above.h"
#include "datapath/frames.h"
#include "datapath/learn.h"
#include "datapath/packet.h"

struct lesson {
    int fd, port_ifindex;
    unsigned sent;
};

/* To itself: a switch that knows the address drops it, one that does not floods 60 bytes. */
static void
teach(struct lesson *l, const uint8_t mac[BOND_MAC_LEN], uint16_t vlan_id)
{
    struct bond_frame_out f = {.len = DP_FRAME_MIN, .vlan_id = vlan_id};
    uint16_t proto = htons(ETH_P_LOOPBACK);

    memcpy(f.data, mac, ETH_ALEN);
    memcpy(f.data + ETH_ALEN, mac, ETH_ALEN);
    memcpy(f.data + 2 * ETH_ALEN, &proto, sizeof(proto));
    l->sent += dp_packet_send(l->fd, l->port_ifindex, &f) == 0;
}

static bool
is_macvlan(const struct dp_link *link)
{
    return strcmp(link->kind, "macvlan") == 0 || strcmp(link->kind, "macvtap") == 0;
}

static bool
is_vlan_on(const struct dp_link *link, int bond_ifindex)
{
    return link && strcmp(link->kind, "vlan") == 0 && link->lower == bond_ifindex;
}

unsigned
dp_learn(int fd, const struct dp_monitor *m, int bond_ifindex, int port_ifindex,
         const uint8_t mac[BOND_MAC_LEN], bool macvlans)
{
    struct lesson l = {.fd = fd, .port_ifindex = port_ifindex};
    const struct dp_link **above = NULL;
    int n = dp_above_list(m, bond_ifindex, &above);

    teach(&l, mac, 0);
    for (int i = 1; i < n; i++) { /* the first is the bond */
        const struct dp_link *link = above[i], *lower = dp_monitor_link(m, link->lower);

        if (is_vlan_on(link, bond_ifindex)) {
            bool shares = memcmp(link->mac, above[0]->mac, BOND_MAC_LEN) == 0;

            teach(&l, shares ? mac : link->mac, link->vlan_id);
        } else if (macvlans && is_macvlan(link)) {
            if (link->lower == bond_ifindex)
                teach(&l, link->mac, 0);
            else if (is_vlan_on(lower, bond_ifindex))
                teach(&l, link->mac, lower->vlan_id);
        }
    }
    free(above);
    return l.sent;
}
