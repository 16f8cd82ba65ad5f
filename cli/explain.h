/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explain.h - the parts of the verb `explain`.
 */
#ifndef BONDCLI_EXPLAIN_H
#define BONDCLI_EXPLAIN_H

#include <net/if.h>
#include <netinet/in.h>

#include <NetworkManager.h>

#include "core/options.h"
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
    guint8 source[16]; /* the host's own address that goes there; zero: not known */
    guint8 mac[6];
    bool has_mac; /* it is in the neighbour table */
};
/* False: no route, or the kernel could not be asked. */
bool next_hop_find(int family, const guint8 destination[16], struct next_hop *hop);

/* balance-tlb, -alb, hash=resilient: what only bondd knows (explain-balance.c) */
bool explain_asks_bondd(const struct bond_options *o);
/* Why it is that port; both are transfer full, as the answer is. NULL: error. */
char *explain_ask_bondd(struct cli *cli, NmbondBond *bond, const struct flow *flow, char **port,
                        char **backup, GError **error);

/* What bondd says of the options that matter to where a frame goes; false: it has been said. */
bool explain_read_options(NmbondBond *bond, struct bond_options *o);
/* By xmit_hash_policy alone. */
bool explain_uses_policy(const struct bond_options *o);
bool explain_port_carries(const struct bond_options *o, NmbondPort *port);

struct bond_frame;
struct spread;
void spread_add(struct spread *spread, struct bond_frame *frame);
bool spread_read_capture(struct spread *spread, const char *path, GError **error);
int explain_spread(struct cli *cli, NmbondBond *bond, const char *what);

int explain_flow(struct cli *cli, NmbondBond *bond, const char *text, const char *mac);
int explain_option(struct cli *cli, NmbondBond *bond, const char *name); /* NULL: all */

#endif
