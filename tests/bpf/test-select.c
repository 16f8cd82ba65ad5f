/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-select.c - frames as rows: {table, frame} -> {verdict, port}, each row natively and in the
 * kernel. Where a hash decides, the port was worked out by hand from the kernel's formula (for a
 * little-endian machine: the formula takes addresses as they lie in memory).
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <cmocka.h>
#include <linux/pkt_cls.h>

#include "core/select.h"
#include "tests/bpf/world.h"
#include "tests/bpf/wrap.skel.h"

#define RR BOND_MODE_BALANCE_RR
#define AB BOND_MODE_ACTIVE_BACKUP
#define XOR BOND_MODE_BALANCE_XOR
#define BC BOND_MODE_BROADCAST
#define AD BOND_MODE_8023AD
#define L2 BOND_XMIT_LAYER2
#define L23 BOND_XMIT_LAYER23
#define L34 BOND_XMIT_LAYER34

static struct world world;
static struct wrap_bpf *wrap;

/* Frames. 02:00:00:00:00:01 sends to :02; hosts 10.0.1.1 -> 10.0.1.2, fe80::1 -> fe80::2. */
static const uint8_t six1[16] = {0xfe, 0x80, [15] = 1}, six2[16] = {0xfe, 0x80, [15] = 2};

static void
eth(struct frame *f, uint16_t proto)
{
    f_eth(f, MAC(2), MAC(1), proto);
}

static void
ip4(struct frame *f, uint8_t proto, unsigned words, uint16_t frag)
{
    f_ip4(f, IP4(10, 0, 1, 1), IP4(10, 0, 1, 2), proto, words, frag);
}

static void
arp(struct frame *f)
{
    eth(f, 0x0806);
    f_zero(f, 28);
}

static void
tcp(struct frame *f)
{
    eth(f, 0x0800);
    ip4(f, 6, 5, 0x4000);
    f_ports(f, 1000, 80, 16);
}

static void
tcp_with_options(struct frame *f)
{
    eth(f, 0x0800);
    ip4(f, 6, 8, 0);
    f_ports(f, 1000, 80, 16);
}

static void
tcp_fragment(struct frame *f)
{
    eth(f, 0x0800);
    ip4(f, 6, 5, 0x2000);
    f_ports(f, 1000, 80, 16);
}

static void
tcp_in_vlan(struct frame *f)
{
    eth(f, 0x8100);
    f_vlan(f, 7, 0x0800);
    ip4(f, 6, 5, 0);
    f_ports(f, 1000, 80, 16);
}

static void
udp6(struct frame *f)
{
    eth(f, 0x86dd);
    f_ip6(f, six1, six2, 17);
    f_ports(f, 5000, 53, 4);
}

static void
udp6_behind_extension(struct frame *f)
{
    eth(f, 0x86dd);
    f_ip6(f, six1, six2, 60);
    f_bytes(f, (uint8_t[]){17, 0, 1, 4, 0, 0, 0, 0}, 8);
    f_ports(f, 5000, 53, 4);
}

static void
ping(struct frame *f)
{
    eth(f, 0x0800);
    ip4(f, 1, 5, 0);
    f_icmp(f, 8, 0, 0x1234);
}

static void
ping_with_id_zero(struct frame *f)
{
    eth(f, 0x0800);
    ip4(f, 1, 5, 0);
    f_icmp(f, 8, 0, 0);
}

static void
unreachable(struct frame *f)
{
    eth(f, 0x0800);
    f_ip4(f, IP4(10, 0, 1, 9), IP4(10, 0, 1, 1), 1, 5, 0);
    f_icmp(f, 3, 1, 0);
    ip4(f, 6, 5, 0);
    f_ports(f, 1000, 80, 4);
}

static void
unreachable_cut(struct frame *f)
{
    unreachable(f);
    f->len = 14 + 20 + 8 + 19;
}

static void
solicitation(struct frame *f)
{
    eth(f, 0x86dd);
    f_ip6(f, six1, six2, 58);
    f_icmp(f, 135, 0, 0);
    f_zero(f, 16);
}

static void
advertisement(struct frame *f)
{
    eth(f, 0x86dd);
    f_ip6(f, six1, six2, 58);
    f_icmp(f, 136, 0, 0);
    f_zero(f, 16);
}

static void
advertisement_cut(struct frame *f)
{
    advertisement(f);
    f->len = 14 + 40 + 7;
}

static void
ping6(struct frame *f)
{
    eth(f, 0x86dd);
    f_ip6(f, six1, six2, 58);
    f_icmp(f, 128, 0, 7);
    f_zero(f, 16);
}

static void
igmp(struct frame *f)
{
    f_eth(f, (const uint8_t[6]){1, 0, 0x5e, 0, 0, 0x16}, MAC(1), 0x0800);
    f_ip4(f, IP4(10, 0, 1, 1), IP4(224, 0, 0, 22), 2, 6, 0);
    f_zero(f, 16);
}

/* Tables. */
static void
nothing_usable(struct bond_table *t)
{
    t->n_tx = 0;
    t->igmp_slot = BOND_MAX_PORTS;
}

static void
second_is_active(struct bond_table *t)
{
    t->tx[0] = 1;
    t->igmp_slot = 1;
}

static void
first_has_left(struct bond_table *t) /* slot 0 free, 1 and 2 in use */
{
    memset(&t->port[0], 0, sizeof(t->port[0]));
    t->tx[0] = 1;
    t->tx[1] = 2;
    t->n_tx = 2;
    t->igmp_slot = 2;
}

static void
two_packets_each(struct bond_table *t)
{
    t->packets_per_slave = 2;
}

static void
to_neighbours(struct bond_table *t)
{
    t->flags |= BOND_TABLE_F_NEIGHBOURS;
}

static void
to_neighbours_nobody(struct bond_table *t)
{
    to_neighbours(t);
    nothing_usable(t);
}

static void
queues(struct bond_table *t)
{
    t->has_queue_ids = 1;
    t->port[0].queue_id = 1;
    t->port[1].queue_id = 2;
    t->port[2].queue_id = 3;
}

static void
queues_third_down(struct bond_table *t)
{
    queues(t);
    t->port[2].can_tx = 0;
}

static void
last_slots(struct bond_table *t)
{
    memset(t->port, 0, sizeof(t->port));
    t->n_ports = BOND_MAX_PORTS;
    t->tx[0] = BOND_MAX_PORTS - 1;
    t->n_tx = 1;
    t->port[BOND_MAX_PORTS - 1] =
        (struct bond_table_port){.ifindex = 1, .rx = BOND_RX_ACCEPT, .can_tx = 1};
}

static void
later_mode(struct bond_table *t)
{
    t->mode = 77;
}

struct row {
    const char *what;
    unsigned mode, policy, n;
    void (*change)(struct bond_table *);
    void (*frame)(struct frame *);
    unsigned queue, tci;
    unsigned counter; /* this CPU's round-robin counter before */
    unsigned send, slot;
};

#define TO(s) .send = BOND_SEND_PORT, .slot = (s)
#define NOWHERE .send = BOND_SEND_NONE
#define ALL .send = BOND_SEND_ALL

static const struct row rows[] = {
    /* clang-format off */
    {"rr: the counter is raised, then taken", RR, L2, 2, NULL, tcp, .counter = 0, TO(1)},
    {"rr: and goes round", RR, L2, 2, NULL, tcp, .counter = 1, TO(0)},
    {"rr: three ports", RR, L2, 3, NULL, tcp, .counter = 4, TO(2)},
    {"rr: the counter overflows", RR, L2, 3, NULL, tcp, .counter = 0xffffffff, TO(0)},
    {"rr: packets_per_slave=2, first of two", RR, L2, 3, two_packets_each, tcp, .counter = 1, TO(1)},
    {"rr: packets_per_slave=2, second of two", RR, L2, 3, two_packets_each, tcp, .counter = 2, TO(1)},
    {"rr: packets_per_slave=2, the next", RR, L2, 3, two_packets_each, tcp, .counter = 3, TO(2)},
    {"rr: slots, not positions", RR, L2, 3, first_has_left, tcp, .counter = 0, TO(2)},
    {"rr: igmp leaves by one port", RR, L2, 3, second_is_active, igmp, .counter = 1, TO(1)},
    {"rr: igmp by the slot that the table says", RR, L2, 3, first_has_left, igmp, .counter = 1, TO(2)},
    {"rr: igmp with nobody to carry it", RR, L2, 2, nothing_usable, igmp, NOWHERE},
    {"rr: nobody to carry it", RR, L2, 2, nothing_usable, tcp, NOWHERE},
    {"rr: a bond without ports", RR, L2, 0, NULL, tcp, NOWHERE},
    {"rr: one port", RR, L2, 1, NULL, tcp, .counter = 6, TO(0)},
    {"active-backup: the active port", AB, L2, 2, NULL, tcp, TO(0)},
    {"active-backup: the other one is active", AB, L2, 2, second_is_active, tcp, TO(1)},
    {"active-backup: arp too", AB, L2, 2, second_is_active, arp, TO(1)},
    {"active-backup: igmp as everything", AB, L2, 2, second_is_active, igmp, TO(1)},
    {"active-backup: no active port", AB, L2, 2, nothing_usable, tcp, NOWHERE},
    {"active-backup: the last slot", AB, L2, 1, last_slots, tcp, TO(BOND_MAX_PORTS - 1)},
    /* 0x02 ^ 0x01 ^ 0x0800 = 2051; ARP: 0x02 ^ 0x01 ^ 0x0806 = 2053 */
    {"xor layer2: 2051 % 2", XOR, L2, 2, NULL, tcp, TO(1)},
    {"xor layer2: 2051 % 3", XOR, L2, 3, NULL, tcp, TO(2)},
    {"xor layer2: 2051 % 8", XOR, L2, 8, NULL, tcp, TO(3)},
    {"xor layer2: arp, 2053 % 8", XOR, L2, 8, NULL, arp, TO(5)},
    {"xor layer2: ports of a free slot are not counted", XOR, L2, 3, first_has_left, tcp, TO(2)},
    /* 0x803 ^ 0x03000000, folded: 0x03030b08 */
    {"xor layer2+3: 0x03030b08 % 3", XOR, L23, 3, NULL, tcp, TO(1)},
    {"xor layer2+3: 0x03030b08 % 7", XOR, L23, 7, NULL, tcp, TO(5)},
    {"xor layer2+3: a fragment is the same flow", XOR, L23, 7, NULL, tcp_fragment, TO(5)},
    {"xor layer2+3: ARP is layer2, 2053 % 7", XOR, L23, 7, NULL, arp, TO(2)},
    {"xor layer2+3: an ICMP error is of the flow inside", XOR, L23, 7, NULL, unreachable, TO(5)},
    {"xor layer2+3: cut off inside it is layer2, 2051 % 7", XOR, L23, 7, NULL, unreachable_cut, TO(0)},
    /* 03e8 0050 as they lie ^ 0x03000000: 0x5300e803, folded 0x5353bbb8, halved 0x29a9dddc */
    {"xor layer3+4: TCP", XOR, L34, 7, NULL, tcp, TO(0x29a9dddc % 7)},
    {"xor layer3+4: IPv4 options are stepped over", XOR, L34, 7, NULL, tcp_with_options, TO(0x29a9dddc % 7)},
    /* no ports: 0x03000000, folded 0x03030303, halved 0x01818181 */
    {"xor layer3+4: a fragment has no ports", XOR, L34, 7, NULL, tcp_fragment, TO(0x01818181 % 7)},
    {"xor layer3+4: an error is of the flow inside", XOR, L34, 7, NULL, unreachable, TO(0x29a9dddc % 7)},
    {"xor layer3+4: cut off inside it is layer2", XOR, L34, 7, NULL, unreachable_cut, TO(2051 % 7)},
    {"xor layer3+4: ARP is layer2", XOR, L34, 7, NULL, arp, TO(2053 % 7)},
    /* type 8, code 0, id 0x1234 in the machine's order: 0x12340008 ^ 0x03000000 = 0x11340008 */
    {"xor layer3+4: a ping by its identifier", XOR, L34, 7, NULL, ping, TO(0x08929296 % 7)},
    {"xor layer3+4: identifier 0 counts as 1", XOR, L34, 7, NULL, ping_with_id_zero, TO(0x01810105 % 7)},
    /* fe80::1 ^ fe80::2 = ::3 as it lies 0x03000000; 1388 0035: 0x35008813 ^ -> 0x36008813 */
    {"xor layer3+4: UDP over IPv6", XOR, L34, 7, NULL, udp6, TO(0x1b1b5f56 % 7)},
    {"xor layer3+4: extension headers are not walked", XOR, L34, 7, NULL, udp6_behind_extension, TO(0x01818181 % 7)},
    {"xor: a tag in the frame is layer2, 0x02 ^ 0x01 ^ 0x8100", XOR, L34, 7, NULL, tcp_in_vlan, TO(0x8103 % 7)},
    {"xor: a tag beside the frame changes nothing", XOR, L34, 7, NULL, tcp, .tci = 7, TO(0x29a9dddc % 7)},
    {"xor: one port", XOR, L34, 1, NULL, tcp, TO(0)},
    {"xor: nobody to carry it", XOR, L34, 3, nothing_usable, tcp, NOWHERE},
    {"broadcast: two", BC, L2, 2, NULL, tcp, ALL},
    {"broadcast: one", BC, L2, 1, NULL, tcp, ALL},
    {"broadcast: eight", BC, L2, 8, NULL, igmp, ALL},
    {"broadcast: nobody", BC, L2, 2, nothing_usable, tcp, NOWHERE},
    {"broadcast_neighbor: ARP by all", AD, L34, 3, to_neighbours, arp, ALL},
    {"broadcast_neighbor: a solicitation by all", AD, L34, 3, to_neighbours, solicitation, ALL},
    {"broadcast_neighbor: an advertisement by all", AD, L2, 8, to_neighbours, advertisement, ALL},
    {"broadcast_neighbor: with a tag beside it too", AD, L34, 3, to_neighbours, arp, .tci = 7, ALL},
    {"broadcast_neighbor: one port", AD, L34, 1, to_neighbours, arp, ALL},
    {"broadcast_neighbor: nobody to carry it", AD, L34, 3, to_neighbours_nobody, arp, NOWHERE},
    {"broadcast_neighbor: cut off is layer2, 0x02 ^ 0x01 ^ 0x86dd", AD, L2, 3, to_neighbours, advertisement_cut, TO(0x86de % 3)},
    {"broadcast_neighbor: a ping by its hash", AD, L2, 3, to_neighbours, ping6, TO(0x86de % 3)},
    {"broadcast_neighbor: TCP by its hash", AD, L34, 7, to_neighbours, tcp, TO(0x29a9dddc % 7)},
    {"802.3ad without it: ARP by its hash", AD, L2, 8, NULL, arp, TO(5)},
    {"802.3ad without it: a solicitation by its hash", AD, L2, 3, NULL, solicitation, TO(0x86de % 3)},
    {"queue: the port with this queue_id", AB, L2, 3, queues, tcp, .queue = 2, TO(1)},
    {"queue: before round robin", RR, L2, 3, queues, tcp, .queue = 3, TO(2)},
    {"queue: before IGMP's port", RR, L2, 3, queues, igmp, .queue = 3, TO(2)},
    {"queue: before the hash", XOR, L2, 3, queues, tcp, .queue = 1, TO(0)},
    {"queue: 0 is none", AB, L2, 3, queues, tcp, .queue = 0, TO(0)},
    {"queue: nobody has it", AB, L2, 3, queues, tcp, .queue = 9, TO(0)},
    {"queue: its port cannot send", AB, L2, 3, queues_third_down, tcp, .queue = 3, TO(0)},
    {"queue: recorded, but no port has a queue_id", XOR, L2, 2, NULL, tcp, .queue = 1, TO(1)},
    {"a mode that this packet path does not know", 2, L2, 2, later_mode, tcp, NOWHERE},
    /* clang-format on */
};

/* What to do with the counters of the kernel's side of a row. */
static void
check_counters(const struct row *row, const struct bond_table *t, const struct bond_counters *was,
               const struct bond_counters *is, unsigned len)
{
    bool dropped = row->send == BOND_SEND_NONE;

    for (unsigned i = 0; i < BOND_MAX_PORTS; i++) {
        bool by_this = row->send == BOND_SEND_ALL ? i < t->n_tx : !dropped && i == row->slot;

        if (is[i].tx_packets - was[i].tx_packets != by_this ||
            is[i].tx_bytes - was[i].tx_bytes != (by_this ? len : 0) ||
            is[i].tx_dropped != was[i].tx_dropped)
            fail_msg("%s: slot %u: %lu frames, %lu bytes, %lu dropped", row->what, i,
                     is[i].tx_packets - was[i].tx_packets, is[i].tx_bytes - was[i].tx_bytes,
                     is[i].tx_dropped - was[i].tx_dropped);
    }
    assert_int_equal(is[BOND_MAX_PORTS].tx_dropped - was[BOND_MAX_PORTS].tx_dropped, dropped);
}

static void
run_row(const struct row *row, struct dp_bpf *bpf, int ifindex)
{
    struct bond_counters was[BOND_MAX_PORTS + 1], is[BOND_MAX_PORTS + 1];
    struct bond_rr rr = {.counter = &(uint32_t){row->counter}};
    struct bond_table t;
    struct frame f = {0};
    struct bond_frame view;
    struct bond_choice c;
    uint32_t zero = 0;
    int fd = bpf->prog_fd[DP_PROG_TX];
    int verdict, want;

    table_fill(&t, &world, row->mode, row->policy, row->n);
    if (row->change)
        row->change(&t);
    row->frame(&f);
    view = (struct bond_frame){.data = f.b,
                               .end = f.b + f.len,
                               .len = f.len,
                               .proto_be = htons((uint16_t) (f.b[12] << 8 | f.b[13])),
                               .vlan_tci = (uint16_t) row->tci,
                               .queue = row->queue};
    c = bond_choose(&t, &view, &rr);
    if (c.send != row->send || (c.send == BOND_SEND_PORT && c.slot != row->slot))
        fail_msg("%s: natively %u by slot %u, expected %u by slot %u", row->what, c.send, c.slot,
                 row->send, row->slot);

    assert_int_equal(dp_bpf_publish(bpf, &t), 0);
    set_rr_counter(bpf, row->counter);
    assert_int_equal(bpf_map_update_elem(bpf_map__fd(wrap->maps.target), &zero, &fd, BPF_ANY), 0);
    assert_int_equal(dp_bpf_counters(bpf, was), 0);
    verdict = test_run(bpf_program__fd(wrap->progs.wrap), &f, (unsigned) ifindex,
                       row->tci << 16 | row->queue);
    assert_int_equal(dp_bpf_counters(bpf, is), 0);
    want = row->send == BOND_SEND_NONE ? TC_ACT_SHOT : TC_ACT_REDIRECT;
    if (verdict != want)
        fail_msg("%s: in the kernel verdict %d, expected %d", row->what, verdict, want);
    check_counters(row, &t, was, is, f.len);
}

static void
each_row_natively_and_in_the_kernel(void **state)
{
    struct dp_bpf *bpf = open_bond(&world);

    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        run_row(&rows[i], bpf, world.bond);
        run_row(&rows[i], bpf, world.peer);
    }
    dp_bpf_close(bpf, true);
}

/* packets_per_slave=0: any port, each about equally often. */
static void
random_port(void **state)
{
    struct dp_bpf *bpf = open_bond(&world);
    struct bond_counters c[BOND_MAX_PORTS + 1];
    struct bond_table t;
    struct frame f = {0};

    tcp(&f);
    table_fill(&t, &world, RR, L2, 4);
    t.packets_per_slave = 0;
    assert_int_equal(dp_bpf_publish(bpf, &t), 0);
    for (unsigned i = 0; i < 4000; i++)
        test_run(bpf->prog_fd[DP_PROG_TX], &f, 0, 0);
    assert_int_equal(dp_bpf_counters(bpf, c), 0);
    for (unsigned i = 0; i < 4; i++) /* 1000 +- 7 standard deviations */
        assert_in_range(c[i].tx_packets, 800, 1200);
    assert_int_equal(c[BOND_MAX_PORTS].tx_packets, 4000);
    dp_bpf_close(bpf, true);
}

/* The bond's device lets frames pass to the peer, which chooses; each is counted once. */
static void
via_the_peer(void **state)
{
    struct dp_bpf *bpf = open_bond(&world);
    struct bond_counters c[BOND_MAX_PORTS + 1];
    struct bond_table t;
    struct frame f = {0};

    tcp(&f);
    table_fill(&t, &world, AB, L2, 2);
    t.flags = BOND_TABLE_F_VIA_PEER;
    assert_int_equal(dp_bpf_publish(bpf, &t), 0);
    assert_int_equal(test_run(bpf->prog_fd[DP_PROG_TX], &f, (unsigned) world.bond, 0),
                     TC_ACT_UNSPEC);
    assert_int_equal(test_run(bpf->prog_fd[DP_PROG_TX], &f, (unsigned) world.peer, 0),
                     TC_ACT_REDIRECT);
    assert_int_equal(dp_bpf_counters(bpf, c), 0);
    assert_int_equal(c[0].tx_packets, 1);
    assert_int_equal(c[BOND_MAX_PORTS].tx_packets, 1);
    dp_bpf_close(bpf, true);
}

struct rx_row {
    const char *what;
    bool known; /* the device is in the table */
    unsigned rx;
    const uint8_t *dst;
    int verdict; /* of the program */
    unsigned received, dropped;
};

static void
received_frames(void **state)
{
    static const uint8_t bond_mac[6] = {2, 0, 0, 0, 0, 1}, other[6] = {2, 0, 0, 0, 0, 9};
    static const uint8_t lldp[6] = {1, 0x80, 0xc2, 0, 0, 0x0e}, pause[6] = {1, 0x80, 0xc2, 0, 0, 1};
    static const uint8_t beyond[6] = {1, 0x80, 0xc2, 0, 0, 0x10},
                         all[6] = {255, 255, 255, 255, 255, 255};
    /* clang-format off */
    static const struct rx_row table[] = {
        {"active port: for us", true, BOND_RX_ACCEPT, bond_mac, TC_ACT_REDIRECT, 1, 0},
        {"active port: for somebody else", true, BOND_RX_ACCEPT, other, TC_ACT_REDIRECT, 1, 0},
        {"active port: broadcast", true, BOND_RX_ACCEPT, all, TC_ACT_REDIRECT, 1, 0},
        {"active port: link-local, in the bond and on the port", true, BOND_RX_ACCEPT, lldp, TC_ACT_UNSPEC, 1, 0},
        {"active port: just above link-local", true, BOND_RX_ACCEPT, beyond, TC_ACT_REDIRECT, 1, 0},
        {"inactive port: for us", true, BOND_RX_DROP, bond_mac, TC_ACT_SHOT, 0, 1},
        {"inactive port: broadcast", true, BOND_RX_DROP, all, TC_ACT_SHOT, 0, 1},
        {"inactive port: link-local stays on the port", true, BOND_RX_DROP, lldp, TC_ACT_UNSPEC, 0, 0},
        {"inactive port: 01:80:c2:00:00:01 too", true, BOND_RX_DROP, pause, TC_ACT_UNSPEC, 0, 0},
        {"inactive port: just above link-local", true, BOND_RX_DROP, beyond, TC_ACT_SHOT, 0, 1},
        {"leaving port: for us", true, BOND_RX_UNICAST, bond_mac, TC_ACT_REDIRECT, 1, 0},
        {"leaving port: broadcast comes in elsewhere too", true, BOND_RX_UNICAST, all, TC_ACT_SHOT, 0, 1},
        {"leaving port: link-local stays on the port", true, BOND_RX_UNICAST, lldp, TC_ACT_UNSPEC, 0, 0},
        {"no port of the bond", false, BOND_RX_ACCEPT, bond_mac, TC_ACT_UNSPEC, 0, 0},
    };
    /* clang-format on */
    struct dp_bpf *bpf = open_bond(&world);

    for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const struct rx_row *row = &table[i];
        struct bond_counters was[BOND_MAX_PORTS + 1], is[BOND_MAX_PORTS + 1];
        struct frame f = {0}, got;
        struct bond_table t;
        int bond, verdict;
        unsigned copies;

        table_fill(&t, &world, AB, L2, 2);
        t.port[1].rx = (uint8_t) row->rx;
        if (!row->known)
            t.n_ports = 1;
        f_eth(&f, row->dst, MAC(7), 0x0800);
        ip4(&f, 6, 5, 0);
        f_ports(&f, 1, 2, 16);
        assert_int_equal(dp_bpf_publish(bpf, &t), 0);
        assert_int_equal(dp_bpf_counters(bpf, was), 0);
        bond = capture(world.bond, false);
        drain(bond);
        verdict = test_run(bpf->prog_fd[DP_PROG_RX], &f, (unsigned) world.port[1], 0);
        assert_int_equal(dp_bpf_counters(bpf, is), 0);
        /* TEST_RUN carries out no redirect; a copy it does. */
        copies = receive(bond, &got, row->verdict == TC_ACT_UNSPEC && row->received ? 1000 : 0,
                         NULL, NULL)
                     ? 1
                     : 0;
        close(bond);
        if (verdict != row->verdict || is[1].rx_packets - was[1].rx_packets != row->received ||
            is[1].rx_bytes - was[1].rx_bytes != row->received * f.len ||
            is[1].rx_dropped - was[1].rx_dropped != row->dropped ||
            is[BOND_MAX_PORTS].rx_packets - was[BOND_MAX_PORTS].rx_packets != row->received ||
            copies != (row->verdict == TC_ACT_UNSPEC && row->received))
            fail_msg("%s: verdict %d, received %lu, dropped %lu, copies %u", row->what, verdict,
                     is[1].rx_packets - was[1].rx_packets, is[1].rx_dropped - was[1].rx_dropped,
                     copies);
    }
    dp_bpf_close(bpf, true);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row_natively_and_in_the_kernel),
        cmocka_unit_test(random_port),
        cmocka_unit_test(via_the_peer),
        cmocka_unit_test(received_frames),
    };
    int failed;

    world_open(&world);
    wrap = wrap_bpf__open_and_load();
    if (!wrap) {
        fprintf(stderr, "the test's own BPF program does not load\n");
        return 1;
    }
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    wrap_bpf__destroy(wrap);
    world_close(&world);
    return failed;
}
