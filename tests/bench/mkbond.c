/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mkbond.c - a bond with the real packet path and nothing else: mkbond ATTACH PIN_DIR MODE BOND
 * PEER PORT...
 *
 * Loads and attaches the programs, publishes one table in which every port is usable, says how they
 * are attached, and waits until its input is closed: the pins hold the programs, and PIN_DIR may be
 * on a mount that only this process has. For measurements; nobody watches the links.
 *
 * ATTACH: auto, tcx or clsact; with ",counters" behind it the bond's own device counts, as with
 * device-counters=yes; with ",peers" it receives by way of the hidden namespace that was lent
 * (tests/lab/lend). Or both, in the other order.
 *
 * MODE: as bonds have it; balance-rr,MBPS,US,US,... is rr_order=arrival with ports of that speed
 * and with these delays.
 */
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arrival.h"
#include "core/options.h"
#include "datapath/bpf.h"
#include "datapath/hidden.h"
#include "datapath/link.h"

#define LENT 3 /* the descriptor of what was lent */

static int
fill_arrival(struct bond_table *t, char *words, unsigned n)
{
    unsigned mbps = (unsigned) atoi(words);

    t->flags |= BOND_TABLE_F_ARRIVAL;
    for (unsigned i = 0; i < n; i++) {
        words = strchr(words, ',');
        if (mbps == 0 || !words) {
            fprintf(stderr, "balance-rr,MBPS and a delay in µs for each port\n");
            return -1;
        }
        t->pace_ns[i] = t->patience_ns = BOND_ARRIVAL_PACE(mbps);
        t->delay_ns[i] = (uint32_t) atoi(++words) * 1000;
    }
    return 0;
}

static int
fill(struct bond_table *t, char *mode, char **ports, unsigned n)
{
    char *arrival = strchr(mode, ',');

    if (arrival)
        *arrival++ = '\0';
    memset(t, 0, sizeof(*t));
    for (t->mode = 0; t->mode <= BOND_MODE_BROADCAST; t->mode++) {
        if (strcmp(bond_mode_name((enum bond_mode) t->mode), mode) == 0)
            break;
    }
    if (t->mode > BOND_MODE_BROADCAST) {
        fprintf(stderr,
                "mode '%s': allowed are balance-rr, active-backup, balance-xor, broadcast\n", mode);
        return -1;
    }
    t->xmit_policy = BOND_XMIT_LAYER34;
    t->packets_per_slave = 1;
    t->n_ports = n;
    t->n_tx = t->mode == BOND_MODE_ACTIVE_BACKUP ? 1 : n;
    for (unsigned i = 0; i < n; i++) {
        t->port[i] = (struct bond_table_port){
            .ifindex = if_nametoindex(ports[i]), .rx = BOND_RX_ACCEPT, .can_tx = 1};
        t->tx[i] = (uint8_t) i;
        if (t->mode == BOND_MODE_ACTIVE_BACKUP && i > 0)
            t->port[i].rx = BOND_RX_DROP;
    }
    return arrival ? fill_arrival(t, arrival, n) : 0;
}

/* What bondd does for a bond that it makes (daemon/lifecycle.c). */
static int
hide(struct dp_bpf *bpf, struct dp_hidden *h, int bond, const int inner[2])
{
    int inside[2], err = dp_bpf_put_inside(bpf, inner);

    if (!err)
        err = dp_hidden_take(h, bond, inner);
    if (!err)
        err = dp_hidden_find(h, bond, inside);
    if (!err)
        err = dp_bpf_set_inside(bpf, inside);
    return err ? err : dp_hidden_set_up(h, inside[0], true);
}

static int
open_hidden(struct dp_hidden **h, int bond, int *peer, int *inner)
{
    struct dp_nl *nl;
    int err = dp_hidden_open(h, LENT);

    if (!err)
        err = dp_nl_open(&nl);
    if (err)
        return err;
    err = dp_link_create_side(nl, bond, peer, inner);
    dp_nl_close(nl);
    return err;
}

static int
attach_by(const char *how, uint32_t *flags, bool *peers)
{
    static const char *const names[] = {
        [DP_ATTACH_AUTO] = "auto", [DP_ATTACH_TCX] = "tcx", [DP_ATTACH_CLSACT] = "clsact"};
    size_t n = strcspn(how, ",");
    const char *more = how + n;

    *peers = strncmp(more, ",peers", 6) == 0;
    more += *peers ? 6 : 0;
    if (strcmp(more, ",counters") == 0) {
        *flags = BOND_TABLE_F_VIA_PEER | BOND_TABLE_F_RX_VIA_PEER;
        more += strlen(more);
    }
    for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (strlen(names[i]) == n && strncmp(how, names[i], n) == 0 && !*more) {
            dp_bpf_attach_by((enum dp_attach) i);
            return 0;
        }
    }
    fprintf(stderr, "attach '%s': allowed are auto, tcx, clsact, each alone or with ,peers or ,counters\n",
            how);
    return -1;
}

int
main(int argc, char **argv)
{
    struct bond_table t;
    struct dp_hidden *hidden = NULL;
    struct dp_bpf *bpf;
    char text[256] = "";
    uint32_t flags = 0;
    int err, bond, peer, inner[2];
    bool peers;

    if (argc < 7 || argc > 6 + (int) BOND_MAX_PORTS) {
        fprintf(stderr, "usage: mkbond ATTACH PIN_DIR MODE BOND PEER PORT...\n");
        return 2;
    }
    if (attach_by(*++argv, &flags, &peers))
        return 2;
    argc--;
    if (fill(&t, argv[2], argv + 5, (unsigned) argc - 5))
        return 2;
    t.flags |= flags;
    bond = (int) if_nametoindex(argv[3]);
    inner[0] = peer = (int) if_nametoindex(argv[4]);
    err = peers ? open_hidden(&hidden, bond, &peer, &inner[1]) : 0;
    if (!err)
        err = dp_bpf_open(&bpf, argv[1], argv[3], bond, peer, text, sizeof(text));
    if (err) {
        fprintf(stderr, "%s\n", text[0] ? text : strerror(-err));
        return 1;
    }
    if (hidden)
        err = hide(bpf, hidden, bond, inner);
    if (!err)
        err = dp_bpf_publish(bpf, &t);
    for (int i = 5; i < argc && !err; i++)
        err = dp_bpf_attach_port(bpf, (int) if_nametoindex(argv[i]));
    if (err)
        fprintf(stderr, "%s: %s\n", argv[3], strerror(-err));
    else
        printf("%s\n", dp_bpf_attachment(bpf));
    fflush(stdout);
    while (!err && getchar() != EOF)
        ;
    dp_bpf_close(bpf, false);
    return err ? 1 : 0;
}
