/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-traffic.c - real frames through real devices: what test-select.c cannot see. Where a frame
 * comes out, how often, with which tag, as what kind of frame; frames in pieces; queue numbers.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <sys/socket.h>

#include <bpf/bpf.h>
#include <cmocka.h>

#include "core/select.h"
#include "tests/bpf/world.h"
#include "tests/bpf/wrap.skel.h"

#define N_PORTS 3u
#define BIG 6000u /* more than a page: the kernel keeps such a frame in pieces */

static struct world world;
static struct dp_bpf *bpf;
static int at_far[N_PORTS], at_bond;
static uint32_t rx_flags; /* of tables for what is received */

static int
set_up(void **state)
{
    bpf = open_bond(&world);
    for (unsigned i = 0; i < N_PORTS; i++)
        at_far[i] = capture(world.far[i], false);
    at_bond = capture(world.bond, false);
    return 0;
}

static int
tear_down(void **state)
{
    for (unsigned i = 0; i < N_PORTS; i++)
        close(at_far[i]);
    close(at_bond);
    dp_bpf_close(bpf, true);
    return 0;
}

static void
publish(struct bond_table *t)
{
    assert_int_equal(dp_bpf_publish(bpf, t), 0);
    for (unsigned i = 0; i < N_PORTS; i++) {
        assert_int_equal(dp_bpf_attach_port(bpf, world.port[i]), 0);
        drain(at_far[i]);
    }
    drain(at_bond);
}

static void
frame(struct frame *f, const uint8_t dst[6], uint16_t n)
{
    memset(f, 0, sizeof(*f));
    f_eth(f, dst, MAC(1), 0x0800);
    f_ip4(f, IP4(10, 0, 1, 1), IP4(10, 0, 1, 2), 17, 5, 0);
    f_ports(f, n, 7, 32);
}

/* Sends with a mark and, in pieces, with only the Ethernet header in the first. */
static void
send_marked(const uint8_t *bytes, unsigned len, uint32_t mark, bool in_pieces)
{
    struct sockaddr_ll sll = {.sll_family = AF_PACKET,
                              .sll_protocol = htons(0x0800),
                              .sll_ifindex = world.bond,
                              .sll_halen = 6};
    struct virtio_net_hdr vnet = {.hdr_len = 14};
    struct iovec iov[2] = {{&vnet, sizeof(vnet)}, {(void *) bytes, len}};
    struct msghdr m = {.msg_name = &sll,
                       .msg_namelen = sizeof(sll),
                       .msg_iov = in_pieces ? iov : iov + 1,
                       .msg_iovlen = in_pieces ? 2 : 1};
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), one = 1;

    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)), 0);
    if (in_pieces)
        assert_int_equal(setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)), 0);
    if (sendmsg(fd, &m, 0) < 0)
        fail_msg("sending %u bytes: %s", len, strerror(errno));
    close(fd);
}

/* And whole, which may take another way to the same port. */
static void
frames_in_pieces(void **state)
{
    static uint8_t big[BIG];
    struct bond_table t;
    struct frame f, got;

    for (unsigned policy = 0; policy < 3; policy++) {
        table_fill(&t, &world, BOND_MODE_BALANCE_XOR, policy, N_PORTS);
        for (unsigned i = 0; i < N_PORTS; i++)
            t.tx[i] = (uint8_t) ((i + 1) % N_PORTS);
        publish(&t);
        for (uint16_t i = 0; i < 24; i++) {
            struct bond_frame view;
            struct bond_choice c;

            frame(&f, MAC(2), (uint16_t) (i * 2));
            memcpy(big, f.b, f.len);
            view = (struct bond_frame){
                .data = big, .end = big + BIG, .len = BIG, .proto_be = htons(0x0800)};
            c = bond_choose(&t, &view, NULL);
            send_marked(big, BIG, 0, true);
            if (receive(at_far[c.slot], &got, 1000, NULL, NULL) != BIG ||
                memcmp(got.b, big, sizeof(got.b)) != 0)
                fail_msg("policy %u, port %u: not at slot %u", policy, i * 2, c.slot);
            send_frame(world.bond, &f);
            if (receive(at_far[c.slot], &got, 1000, NULL, NULL) != f.len)
                fail_msg("policy %u, port %u, whole: not at slot %u", policy, i * 2, c.slot);
        }
        for (unsigned i = 0; i < N_PORTS; i++)
            assert_int_equal(drain(at_far[i]), 0);
    }
}

static void
round_robin_goes_round(void **state)
{
    struct bond_table t;
    struct frame f, got;

    table_fill(&t, &world, BOND_MODE_BALANCE_RR, BOND_XMIT_LAYER2, N_PORTS);
    publish(&t);
    for (uint16_t i = 0; i < 300; i++) {
        frame(&f, MAC(2), i);
        send_frame(world.bond, &f);
    }
    for (unsigned i = 0; i < N_PORTS; i++) {
        unsigned n = 0;

        while (receive(at_far[i], &got, n < 98 ? 1000 : 50, NULL, NULL))
            n++;
        /* Each CPU has its own round. */
        assert_in_range(n, 98, 102);
    }
}

static void
broadcast_is_one_copy_by_each(void **state)
{
    struct bond_table t;
    struct frame f, got;

    table_fill(&t, &world, BOND_MODE_BROADCAST, BOND_XMIT_LAYER2, N_PORTS);
    publish(&t);
    frame(&f, MAC(2), 1);
    send_frame(world.bond, &f);
    for (unsigned i = 0; i < N_PORTS; i++) {
        assert_int_equal(receive(at_far[i], &got, 1000, NULL, NULL), f.len);
        assert_memory_equal(got.b, f.b, f.len);
        assert_int_equal(drain(at_far[i]), 0);
    }
}

/* What captures on the bond see; and each frame is sent and counted once. */
static void
through_the_peer(void **state)
{
    struct bond_counters was[BOND_MAX_PORTS + 1], is[BOND_MAX_PORTS + 1];
    int tap = capture(world.bond, true);
    struct bond_table t;
    struct frame f, got;
    unsigned seen = 0, type;

    table_fill(&t, &world, BOND_MODE_ACTIVE_BACKUP, BOND_XMIT_LAYER2, N_PORTS);
    for (int via = 0; via < 2; via++) {
        t.flags = via ? BOND_TABLE_F_VIA_PEER : 0;
        publish(&t);
        drain(tap);
        seen = 0;
        assert_int_equal(dp_bpf_counters(bpf, was), 0);
        frame(&f, MAC(2), 1);
        send_frame(world.bond, &f);
        assert_int_equal(receive(at_far[0], &got, 1000, NULL, NULL), f.len);
        assert_int_equal(drain(at_far[0]), 0);
        while (receive(tap, &got, via && !seen ? 1000 : 0, &type, NULL))
            seen += type == PACKET_OUTGOING;
        assert_int_equal(seen, via);
        assert_int_equal(dp_bpf_counters(bpf, is), 0);
        assert_int_equal(is[0].tx_packets - was[0].tx_packets, 1);
        assert_int_equal(is[BOND_MAX_PORTS].tx_packets - was[BOND_MAX_PORTS].tx_packets, 1);
    }
    close(tap);
}

/* A sender that bypasses queues bypasses our egress hook too; the peer's catches its frames. */
static void
a_sender_that_bypasses_the_egress_hook(void **state)
{
    struct sockaddr_ll sll = {.sll_family = AF_PACKET,
                              .sll_protocol = htons(0x0800),
                              .sll_ifindex = world.bond,
                              .sll_halen = 6};
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), one = 1;
    struct bond_table t;
    struct frame f, got;

    table_fill(&t, &world, BOND_MODE_ACTIVE_BACKUP, BOND_XMIT_LAYER2, N_PORTS);
    publish(&t);
    frame(&f, MAC(2), 1);
    assert_int_equal(setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one)), 0);
    assert_int_equal(sendto(fd, f.b, f.len, 0, (struct sockaddr *) &sll, sizeof(sll)), f.len);
    assert_int_equal(receive(at_far[0], &got, 1000, NULL, NULL), f.len);
    close(fd);
}

static void
queue_numbers_and_tags_set_by_others(void **state)
{
    struct wrap_bpf *foreign = wrap_bpf__open_and_load();
    char path[96];
    struct bond_table t;
    struct frame f, got;
    unsigned tci;

    assert_non_null(foreign);
    snprintf(path, sizeof(path), "%s/before", world.mount_dir);
    assert_int_equal(bpf_obj_pin(bpf_program__fd(foreign->progs.before), path), 0);
    wrap_bpf__destroy(foreign);
    table_fill(&t, &world, BOND_MODE_ACTIVE_BACKUP, BOND_XMIT_LAYER2, N_PORTS);
    t.has_queue_ids = 1;
    t.port[2].queue_id = 2;
    publish(&t);
    run("tc qdisc replace dev bond0 clsact");
    run("tc filter add dev bond0 egress prio 1 bpf da pinned %s", path);
    assert_int_equal(dp_bpf_filters_changed(bpf, world.bond), 0);
    frame(&f, MAC(2), 1);
    send_marked(f.b, f.len, 0, false);
    assert_int_equal(receive(at_far[0], &got, 1000, NULL, &tci), f.len);
    assert_int_equal(tci, 0);
    send_marked(f.b, f.len, 2, false);
    assert_int_equal(receive(at_far[2], &got, 1000, NULL, &tci), f.len);
    /* The far end strips the tag again, as every receiver does. */
    send_marked(f.b, f.len, 42u << 16, false);
    assert_int_equal(receive(at_far[0], &got, 1000, NULL, &tci), f.len);
    assert_int_equal(tci, 42);
    run("tc filter del dev bond0 egress prio 1");
    assert_int_equal(dp_bpf_filters_changed(bpf, world.bond), 0);
    unlink(path);
}

static void
received_frames_are_the_bonds(void **state)
{
    struct bond_table t;
    struct frame f, got;
    unsigned type, tci;
    uint8_t mac[6];

    run("ip link set bond0 address 02:00:00:00:00:77");
    memcpy(mac, MAC(0x77), 6);
    table_fill(&t, &world, BOND_MODE_ACTIVE_BACKUP, BOND_XMIT_LAYER2, N_PORTS);
    t.port[1].rx = BOND_RX_DROP;
    t.port[2].rx = BOND_RX_UNICAST;
    t.flags |= rx_flags;
    publish(&t);
    for (unsigned i = 0; i < N_PORTS; i++) {
        frame(&f, mac, 1);
        send_frame(world.far[i], &f);
        if (i == 1)
            continue;
        assert_int_equal(receive(at_bond, &got, 1000, &type, &tci), f.len);
        assert_int_equal(type, PACKET_HOST);
        frame(&f, MAC(0x55), 1);
        send_frame(world.far[i], &f);
        assert_int_equal(receive(at_bond, &got, 1000, &type, &tci), f.len);
        assert_int_equal(type, PACKET_OTHERHOST);
        if (i != 2) { /* what is for everybody comes in at the active port */
            frame(&f, MAC_BROADCAST, 1);
            send_frame(world.far[i], &f);
            assert_int_equal(receive(at_bond, &got, 1000, &type, &tci), f.len);
            assert_int_equal(type, PACKET_BROADCAST);
        }
        /* With a tag: stripped on the port, beside the frame on the bond. */
        memset(&f, 0, sizeof(f));
        f_eth(&f, mac, MAC(1), 0x8100);
        f_vlan(&f, 42, 0x0800);
        f_ip4(&f, IP4(10, 0, 1, 1), IP4(10, 0, 1, 2), 17, 5, 0);
        send_frame(world.far[i], &f);
        assert_int_equal(receive(at_bond, &got, 1000, &type, &tci), f.len - 4);
        assert_int_equal(tci, 42);
    }
    assert_int_equal(receive(at_bond, &got, 50, NULL, NULL), 0);
}

/* LLDP: for whoever listens on the active port with a socket of its protocol, and for the bond. */
static void
link_local_frames_are_seen_on_port_and_bond(void **state)
{
    struct sockaddr_ll sll = {.sll_family = AF_PACKET, .sll_protocol = htons(0x88cc)};
    int fd[2];
    struct bond_table t;
    struct frame f = {0}, got;

    table_fill(&t, &world, BOND_MODE_ACTIVE_BACKUP, BOND_XMIT_LAYER2, 2);
    t.port[1].rx = BOND_RX_DROP;
    t.flags |= rx_flags;
    publish(&t);
    f_eth(&f, MAC_LINK_LOCAL(0x0e), MAC(1), 0x88cc);
    f_zero(&f, 46);
    for (unsigned i = 0; i < 2; i++) {
        fd[i] = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
        sll.sll_ifindex = world.port[i];
        assert_int_equal(bind(fd[i], (struct sockaddr *) &sll, sizeof(sll)), 0);
        send_frame(world.far[i], &f);
        assert_int_equal(receive(fd[i], &got, 1000, NULL, NULL), f.len);
        assert_int_equal(drain(fd[i]), 0);
        close(fd[i]);
    }
    assert_int_equal(receive(at_bond, &got, 1000, NULL, NULL), f.len);
    assert_int_equal(drain(at_bond), 0);
}

/* As /proc/net/dev has it: bytes and packets received, bytes and packets sent. */
static void
device_counters(uint64_t out[4])
{
    char line[256];
    int n = 0;
    FILE *file = fopen("/proc/thread-self/net/dev", "r");

    assert_non_null(file);
    while (n != 4 && fgets(line, sizeof(line), file))
        n = sscanf(line, " bond0: %lu %lu %*u %*u %*u %*u %*u %*u %lu %lu", &out[0], &out[1],
                   &out[2], &out[3]);
    fclose(file);
    assert_int_equal(n, 4);
}

/* ip -s link show bond0: with both flags every frame, with neither none. */
static void
the_device_counts(void **state)
{
    struct bond_table t;
    struct frame f, got;

    for (unsigned on = 0; on < 2; on++) {
        uint64_t was[4], is[4];

        table_fill(&t, &world, BOND_MODE_ACTIVE_BACKUP, BOND_XMIT_LAYER2, N_PORTS);
        t.flags = on ? BOND_TABLE_F_VIA_PEER | BOND_TABLE_F_RX_VIA_PEER : 0;
        publish(&t);
        frame(&f, MAC_BROADCAST, 1);
        drain(at_bond);
        device_counters(was);
        for (unsigned i = 0; i < 3; i++) {
            send_frame(world.bond, &f);
            assert_int_equal(receive(at_far[0], &got, 1000, NULL, NULL), f.len);
            send_frame(world.far[0], &f);
            assert_int_equal(receive(at_bond, &got, 1000, NULL, NULL), f.len);
        }
        device_counters(is);
        for (unsigned i = 0; i < 4; i++)
            assert_int_equal(is[i] - was[i], !on ? 0 : i % 2 ? 3 : 3 * f.len);
    }
}

static int
set_up_via_peer(void **state)
{
    rx_flags = BOND_TABLE_F_RX_VIA_PEER;
    return set_up(state);
}

static int
tear_down_via_peer(void **state)
{
    rx_flags = 0;
    return tear_down(state);
}

#define TEST_VIA_PEER(f)                                                                           \
    {                                                                                              \
#f "_via_peer", f, set_up_via_peer, tear_down_via_peer, NULL                               \
    }
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(frames_in_pieces),
        TEST(round_robin_goes_round),
        TEST(broadcast_is_one_copy_by_each),
        TEST(through_the_peer),
        TEST(a_sender_that_bypasses_the_egress_hook),
        TEST(queue_numbers_and_tags_set_by_others),
        TEST(received_frames_are_the_bonds),
        TEST(link_local_frames_are_seen_on_port_and_bond),
        TEST_VIA_PEER(received_frames_are_the_bonds),
        TEST_VIA_PEER(link_local_frames_are_seen_on_port_and_bond),
        TEST(the_device_counts),
    };
    int failed;

    world_open(&world);
    run("for d in bond0 nmbp0 p0 p1 p2 q0 q1 q2; do ip link set $d mtu 9000 || exit 1; done");
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    world_close(&world);
    return failed;
}
