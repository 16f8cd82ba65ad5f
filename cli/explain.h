/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explain.h - the parts of the verb `explain`.
 */
#ifndef BONDCLI_EXPLAIN_H
#define BONDCLI_EXPLAIN_H

#include <net/if.h>
#include <netinet/in.h>

#include <NetworkManager.h>

#include "view.h"

#define FLOW_FRAME_SIZE 128

/* One flow as text says it: "tcp 10.0.1.243:443 > 10.0.9.7:51000". */
struct flow {
    int family;
    unsigned proto; /* IPPROTO_* */
    guint8 source[16], destination[16];
    guint16 source_port, destination_port;
    guint8 source_mac[6], destination_mac[6];
};

/* Reads the text; the sentence says what is wrong with it. */
bool flow_parse(const char *text, struct flow *flow, GError **error);
/* The first frame of the flow as the bond would be handed it; returns its length. */
gsize flow_frame(const struct flow *flow, guint8 frame[FLOW_FRAME_SIZE]);
const char *flow_address(const struct flow *flow, const guint8 *address); /* static buffer */

/* Where the kernel sends packets to an address (neighbour.c). */
struct next_hop {
    int ifindex; /* the device of the route */
    char address[INET6_ADDRSTRLEN];
    guint8 mac[6];
    bool has_mac; /* it is in the neighbour table */
};
/* False: no route, or the kernel could not be asked. */
bool next_hop_find(int family, const guint8 destination[16], struct next_hop *hop);

int explain_flow(struct cli *cli, NmbondBond *bond, const char *text, const char *mac);
int explain_option(struct cli *cli, NmbondBond *bond, const char *name); /* NULL: all */

#endif
