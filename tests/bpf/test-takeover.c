/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-takeover.c - what is in the kernel outlives whoever put it there, is taken over without a
 * lost frame, and is gone when it should be.
 */
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <net/if.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include <bpf/bpf.h>
#include <cmocka.h>

#include "core/options.h"
#include "tests/bpf/world.h"
#include "tests/bpf/wrap.skel.h"

static struct world world;

/* kernel: enum bpf_attach_type, BPF_TCX_INGRESS and BPF_TCX_EGRESS */
static unsigned
on_tcx(const char *dev, const char *direction)
{
    uint32_t n = 0;

    if (bpf_prog_query((int) if_nametoindex(dev),
                       (enum bpf_attach_type)(strcmp(direction, "egress") ? 46 : 47), 0, NULL, NULL,
                       &n))
        return 0; /* a kernel without it */
    return n;
}

static unsigned
on_clsact(const char *dev, const char *direction)
{
    return lines("tc filter show dev %s %s | grep -c nm-bond | grep -v '^0$'", dev, direction);
}

/* Programs of ours, however they are attached. */
static unsigned
programs(const char *dev, const char *direction)
{
    return on_tcx(dev, direction) + on_clsact(dev, direction);
}

static unsigned
clsacts(const char *dev)
{
    return lines("tc qdisc show dev %s | grep clsact", dev);
}

static void
traffic_goes_on_without_anybody(void **state)
{
    struct dp_bpf *bpf = open_bond(&world);
    struct bond_counters c[BOND_MAX_PORTS + 1];
    struct bond_table t;
    struct frame f, got;
    int far = capture(world.far[0], false), bond = capture(world.bond, false);

    table_fill(&t, &world, BOND_MODE_ACTIVE_BACKUP, BOND_XMIT_LAYER2, 2);
    assert_int_equal(dp_bpf_attach_port(bpf, world.port[0]), 0);
    assert_int_equal(dp_bpf_attach_port(bpf, world.port[0]), 0);
    assert_int_equal(dp_bpf_attach_port(bpf, world.port[1]), 0);
    assert_int_equal(dp_bpf_publish(bpf, &t), 0);
    plain_frame(&f);
    send_frame(world.bond, &f);
    assert_int_equal(receive(far, &got, 1000, NULL, NULL), f.len);
    dp_bpf_close(bpf, false);

    send_frame(world.bond, &f);
    assert_int_equal(receive(far, &got, 1000, NULL, NULL), f.len);
    drain(bond);
    send_frame(world.far[0], &f);
    assert_int_equal(receive(bond, &got, 1000, NULL, NULL), f.len);

    bpf = open_bond(&world);
    assert_int_equal(bpf->shared->head, 1);
    assert_int_equal(dp_bpf_counters(bpf, c), 0);
    assert_int_equal(c[0].tx_packets, 2);
    assert_int_equal(c[0].tx_bytes, 2 * f.len);
    assert_int_equal(c[0].rx_packets, 1);
    assert_int_equal(c[BOND_MAX_PORTS].tx_packets, 2);
    /* The port's program is still the old one; its counters are the same. */
    send_frame(world.far[0], &f);
    assert_int_equal(receive(bond, &got, 1000, NULL, NULL), f.len);
    assert_int_equal(dp_bpf_attach_port(bpf, world.port[0]), 0);
    assert_int_equal(programs("p0", "ingress"), 1);
    assert_int_equal(programs("bond0", "egress"), 1);
    assert_int_equal(programs("nmbp0", "ingress"), 1);
    assert_int_equal(dp_bpf_counters(bpf, c), 0);
    assert_int_equal(c[0].rx_packets, 2);
    dp_bpf_close(bpf, true);
    close(far);
    close(bond);
}

/* Numbered frames, one each 20 us, while the programs are taken over again and again, and each
 * time attached the other way where the kernel has two. */
static unsigned n_numbered = 20000; /* or the argument */

static void *
send_numbered(void *data)
{
    struct sockaddr_ll sll = {.sll_family = AF_PACKET,
                              .sll_protocol = htons(0x88b5),
                              .sll_ifindex = *(int *) data,
                              .sll_halen = 6};
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    unsigned failed = 0;
    struct frame f;

    plain_frame(&f);
    for (uint32_t i = 0; i < n_numbered; i++) {
        struct timespec pause = {.tv_nsec = 20000};

        memcpy(f.b + 14, &i, sizeof(i));
        if (sendto(fd, f.b, f.len, 0, (struct sockaddr *) &sll, sizeof(sll)) < 0)
            failed++;
        nanosleep(&pause, NULL);
    }
    close(fd);
    return (void *) (uintptr_t) failed;
}

/* clsact is the one to come from: that is how it was before there was tcx. */
static struct dp_bpf *
open_first(unsigned ways)
{
    if (ways > 1)
        dp_bpf_attach_by(DP_ATTACH_CLSACT);
    return open_bond(&world);
}

static void
take_over_again_and_again(int from, int at, unsigned ways)
{
    struct dp_bpf *bpf = open_first(ways);
    struct bond_counters c[BOND_MAX_PORTS + 1];
    struct bond_table t;
    pthread_t thread;
    unsigned got = 0, times = 0;
    void *failed;
    struct frame f;
    int fd = capture(at, false), size = 64 << 20;
    const char *way = ways > 1 ? "clsact" : dp_bpf_attachment(bpf);

    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)), 0);
    table_fill(&t, &world, BOND_MODE_ACTIVE_BACKUP, BOND_XMIT_LAYER2, 2);
    assert_int_equal(dp_bpf_publish(bpf, &t), 0);
    assert_int_equal(dp_bpf_attach_port(bpf, world.port[0]), 0);
    drain(fd);
    assert_int_equal(pthread_create(&thread, NULL, send_numbered, &from), 0);
    while (got < n_numbered) {
        dp_bpf_close(bpf, false);
        if (ways > 1)
            dp_bpf_attach_by(times % 2 ? DP_ATTACH_CLSACT : DP_ATTACH_AUTO);
        bpf = open_bond(&world);
        assert_int_equal(dp_bpf_attach_port(bpf, world.port[0]), 0);
        assert_int_equal(dp_bpf_publish(bpf, &t), 0);
        assert_string_equal(dp_bpf_attachment(bpf),
                            times % 2 == 0 && bpf->has_tcx && ways > 1 ? "tcx" : way);
        times++;
        while (receive(fd, &f, 0, NULL, NULL))
            got += f.b[12] == 0x88 && f.b[13] == 0xb5;
        if (pthread_tryjoin_np(thread, &failed) == 0) {
            while (receive(fd, &f, 200, NULL, NULL))
                got += f.b[12] == 0x88 && f.b[13] == 0xb5;
            break;
        }
    }
    assert_int_equal(dp_bpf_counters(bpf, c), 0);
    if (got >= n_numbered) /* the sender is done or about to be */
        pthread_timedjoin_np(thread, &failed, &(struct timespec){.tv_sec = time(NULL) + 10});
    printf("%u of %u frames arrived over %u take-overs\n", got, n_numbered, times);
    assert_int_equal((uintptr_t) failed, 0);
    assert_int_equal(got, n_numbered);
    assert_true(times >= 3);
    dp_bpf_close(bpf, true);
    world_attach_by();
    close(fd);
}

static void
not_one_frame_sent_is_lost_by_a_takeover(void **state)
{
    take_over_again_and_again(world.bond, world.far[0], 1);
}

static void
not_one_frame_received_is_lost_by_a_takeover(void **state)
{
    take_over_again_and_again(world.far[0], world.bond, 1);
}

static void
not_one_frame_sent_is_lost_between_clsact_and_tcx(void **state)
{
    take_over_again_and_again(world.bond, world.far[0], 2);
}

static void
not_one_frame_received_is_lost_between_clsact_and_tcx(void **state)
{
    take_over_again_and_again(world.far[0], world.bond, 2);
}

static void
destroy_leaves_nothing(void **state)
{
    struct dp_bpf *bpf = open_bond(&world);

    assert_int_equal(dp_bpf_attach_port(bpf, world.port[0]), 0);
    assert_int_equal(dp_bpf_attach_port(bpf, world.port[1]), 0);
    assert_int_equal(clsacts("p0"), !by_tcx(bpf));
    assert_int_equal(dp_bpf_detach_port(bpf, world.port[0]), 0);
    assert_int_equal(programs("p0", "ingress"), 0);
    assert_int_equal(clsacts("p0"), 0);
    assert_int_equal(dp_bpf_detach_port(bpf, world.port[0]), 0);
    dp_bpf_close(bpf, true);
    assert_int_equal(programs("p1", "ingress"), 0);
    assert_int_equal(clsacts("p1") + clsacts("bond0") + clsacts("nmbp0"), 0);
    assert_int_equal(lines("ls -A %s", world.pin_dir), 0);
}

/* A clsact that others made or use stays, and so do their filters. */
static void
others_are_left_alone(void **state)
{
    struct wrap_bpf *foreign = wrap_bpf__open_and_load();
    char path[96];
    struct dp_bpf *bpf;

    assert_non_null(foreign);
    snprintf(path, sizeof(path), "%s/other", world.mount_dir);
    assert_int_equal(bpf_obj_pin(bpf_program__fd(foreign->progs.before), path), 0);
    wrap_bpf__destroy(foreign);
    run("tc qdisc add dev p2 clsact");
    bpf = open_bond(&world);
    assert_int_equal(dp_bpf_attach_port(bpf, world.port[2]), 0);
    assert_int_equal(dp_bpf_attach_port(bpf, world.port[3]), 0);
    assert_int_equal(dp_bpf_attach_port(bpf, world.port[4]), 0);
    if (by_tcx(bpf))
        run("tc qdisc add dev p3 clsact");
    run("tc filter add dev p3 egress bpf da pinned %s/other", world.mount_dir);
    assert_int_equal(dp_bpf_detach_port(bpf, world.port[2]), 0);
    assert_int_equal(dp_bpf_detach_port(bpf, world.port[3]), 0);
    assert_int_equal(dp_bpf_detach_port(bpf, world.port[4]), 0);
    assert_int_equal(clsacts("p2"), 1);
    assert_int_equal(clsacts("p3"), 1);
    assert_int_equal(clsacts("p4"), 0);
    assert_true(lines("tc filter show dev p3 egress") > 0);
    run("tc qdisc del dev p2 clsact && tc qdisc del dev p3 clsact");
    dp_bpf_close(bpf, true);
}

/* Who made the clsact is remembered over a restart. */
static void
the_clsact_is_ours_after_a_takeover(void **state)
{
    struct dp_bpf *bpf = open_bond(&world);

    assert_int_equal(dp_bpf_attach_port(bpf, world.port[5]), 0);
    dp_bpf_close(bpf, false);
    bpf = open_bond(&world);
    assert_int_equal(dp_bpf_attach_port(bpf, world.port[5]), 0);
    assert_int_equal(dp_bpf_detach_port(bpf, world.port[5]), 0);
    assert_int_equal(clsacts("p5"), 0);
    dp_bpf_close(bpf, true);
}

static void
a_port_is_gone(void **state)
{
    struct dp_bpf *bpf = open_bond(&world);

    run("ip link add gone0 type veth peer name gone1");
    assert_int_equal(dp_bpf_attach_port(bpf, world.port[0]), 0);
    {
        int ifindex = (int) if_nametoindex("gone0");

        assert_int_equal(dp_bpf_attach_port(bpf, ifindex), 0);
        run("ip link del gone0");
        assert_int_equal(dp_bpf_detach_port(bpf, ifindex), 0);
        assert_int_equal(dp_bpf_attach_port(bpf, ifindex), -ENODEV);
    }
    dp_bpf_close(bpf, true);
}

/* A device that is a port of another bond is not taken from it; one of a bond that is no more is.
 */
static void
ports_of_other_bonds(void **state)
{
    struct dp_bpf *bpf = open_bond(&world), *other;
    char text[DP_BPF_TEXT_SIZE];
    int ifindex;

    run("ip link add bond1 type veth peer name nmbp1");
    ifindex = (int) if_nametoindex("bond1");
    assert_int_equal(dp_bpf_open(&other, world.pin_dir, "bond1", ifindex,
                                 (int) if_nametoindex("nmbp1"), text, sizeof(text)),
                     0);
    assert_int_equal(dp_bpf_attach_port(other, world.port[0]), 0);
    assert_int_equal(dp_bpf_attach_port(bpf, world.port[0]), -EBUSY);
    assert_int_equal(dp_bpf_detach_port(bpf, world.port[0]), 0);
    assert_int_equal(programs("p0", "ingress"), 1);
    dp_bpf_close(other, false);
    run("ip link del bond1");
    assert_int_equal(dp_bpf_attach_port(bpf, world.port[0]), 0);
    assert_int_equal(dp_bpf_detach_port(bpf, world.port[0]), 0);
    assert_int_equal(programs("p0", "ingress"), 0);
    dp_bpf_close(bpf, true);
    assert_int_equal(dp_bpf_sweep(world.pin_dir, NULL, 0), 1);
}

static void
sweep_removes_what_dead_bonds_left(void **state)
{
    struct dp_bpf *bpf = open_bond(&world), *dead;
    const char *const keep[] = {"bond0", "bond.7"};
    char text[DP_BPF_TEXT_SIZE];

    run("ip link add bond.7 type veth peer name nmbp7 && ip link add bond9 type veth peer name "
        "nmbp9");
    assert_int_equal(dp_bpf_open(&dead, world.pin_dir, "bond.7", (int) if_nametoindex("bond.7"),
                                 (int) if_nametoindex("nmbp7"), text, sizeof(text)),
                     0);
    dp_bpf_close(dead, false);
    assert_int_equal(dp_bpf_open(&dead, world.pin_dir, "bond9", (int) if_nametoindex("bond9"),
                                 (int) if_nametoindex("nmbp9"), text, sizeof(text)),
                     0);
    assert_int_equal(dp_bpf_attach_port(dead, world.port[6]), 0);
    dp_bpf_close(dead, false);
    run("ip link del bond9");
    assert_int_equal(programs("p6", "ingress"), 1);

    assert_int_equal(dp_bpf_sweep(world.pin_dir, keep, 2), 1);
    assert_int_equal(programs("p6", "ingress"), 0);
    assert_int_equal(clsacts("p6"), 0);
    assert_int_equal(lines("ls -A %s", world.pin_dir), 2);
    assert_int_equal(dp_bpf_sweep(world.pin_dir, keep, 2), 0);
    assert_int_equal(dp_bpf_sweep(world.pin_dir, keep, 1), 1);
    run("ip link del bond.7");
    dp_bpf_close(bpf, true);
    assert_int_equal(lines("ls -A %s", world.pin_dir), 0);
    assert_int_equal(dp_bpf_sweep("/nonexistent", NULL, 0), 0);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(traffic_goes_on_without_anybody),
        cmocka_unit_test(not_one_frame_sent_is_lost_by_a_takeover),
        cmocka_unit_test(not_one_frame_received_is_lost_by_a_takeover),
        cmocka_unit_test(not_one_frame_sent_is_lost_between_clsact_and_tcx),
        cmocka_unit_test(not_one_frame_received_is_lost_between_clsact_and_tcx),
        cmocka_unit_test(destroy_leaves_nothing),
        cmocka_unit_test(others_are_left_alone),
        cmocka_unit_test(the_clsact_is_ours_after_a_takeover),
        cmocka_unit_test(a_port_is_gone),
        cmocka_unit_test(ports_of_other_bonds),
        cmocka_unit_test(sweep_removes_what_dead_bonds_left),
    };
    int failed;

    if (argc > 1)
        n_numbered = (unsigned) atoi(argv[1]);
    world_open(&world);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    world_close(&world);
    return failed;
}
