/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-pins.c - what a bond has pinned: used again only where it fits, by name and by device; and
 * what is said where nothing can be pinned.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <net/if.h>

#include <bpf/bpf.h>
#include <cmocka.h>

#include "core/options.h"
#include "tests/bpf/world.h"

static struct world world;

static unsigned
n_pins(const struct dp_bpf *bpf)
{
    return DP_BPF_N_MAPS + DP_BPF_N_PROGS - (dp_bpf_sees_carrier(bpf) ? 0 : 1) +
           (by_tcx(bpf) ? 2 : 0); /* the bond's and its peer's hook */
}

static uint32_t
program_id(const struct dp_bpf *bpf, unsigned prog)
{
    struct bpf_prog_info info = {0};
    uint32_t len = sizeof(info);

    assert_int_equal(bpf_obj_get_info_by_fd(bpf->prog_fd[prog], &info, &len), 0);
    return info.id;
}

static unsigned
at_egress(uint32_t prog_id)
{
    uint32_t ids[8], n = 8;

    if (bpf_prog_query(world.bond, (enum bpf_attach_type) 47, 0, NULL, ids, &n) == 0 && n > 0)
        return n == 1 && ids[0] == prog_id;
    return lines("tc filter show dev bond0 egress | grep -w 'id %u'", prog_id);
}

/* Programs of this very build are used again; those of another are not, nor some that are loaded
 * with other maps. */
static void
programs_of_this_build_only(void **state)
{
    struct dp_bpf *bpf = open_bond(&world);
    uint32_t tx = program_id(bpf, DP_PROG_TX), rx = program_id(bpf, DP_PROG_RX);
    struct bond_table t;
    char tx_pin[32];

    table_fill(&t, &world, BOND_MODE_ACTIVE_BACKUP, BOND_XMIT_LAYER2, 1);
    assert_int_equal(dp_bpf_publish(bpf, &t), 0);
    snprintf(tx_pin, sizeof(tx_pin), "tx-%016llx", (unsigned long long) dp_object_id(bpf->variant));
    dp_bpf_close(bpf, false);
    bpf = open_bond(&world);
    assert_int_equal(program_id(bpf, DP_PROG_TX), tx);
    assert_int_equal(program_id(bpf, DP_PROG_RX), rx);
    assert_int_equal(at_egress(tx), 1);
    dp_bpf_close(bpf, false);

    run("mv %s/bond0/%s %s/bond0/tx-0123456789abcdef", world.pin_dir, tx_pin, world.pin_dir);
    bpf = open_bond(&world);
    assert_int_not_equal(program_id(bpf, DP_PROG_TX), tx);
    assert_int_equal(at_egress(program_id(bpf, DP_PROG_TX)), 1);
    assert_int_equal(lines("ls %s/bond0 | grep 0123456789abcdef", world.pin_dir), 0);
    assert_int_equal(lines("ls %s/bond0", world.pin_dir), n_pins(bpf));
    tx = program_id(bpf, DP_PROG_TX);
    dp_bpf_close(bpf, false);

    /* a map that is another one now */
    run("rm %s/bond0/counters", world.pin_dir);
    bpf = open_bond(&world);
    assert_int_not_equal(program_id(bpf, DP_PROG_TX), tx);
    dp_bpf_close(bpf, true);
}

/* Pins that do not fit: of a device of the same name that is no more, of another layout, half of
 * them. They are replaced, and the bond works. */
static void
pins_that_do_not_fit(void **state)
{
    struct dp_bpf *bpf = open_bond(&world);
    struct bond_counters c[BOND_MAX_PORTS + 1];
    int far = capture(world.far[0], false), at_bond = capture(world.bond, false);
    struct bond_table t;
    struct frame f, got;

    table_fill(&t, &world, BOND_MODE_ACTIVE_BACKUP, BOND_XMIT_LAYER2, 1);
    assert_int_equal(dp_bpf_attach_port(bpf, world.port[0]), 0);
    assert_int_equal(dp_bpf_publish(bpf, &t), 0);
    plain_frame(&f);

    bpf->shared->version = BOND_TABLE_VERSION + 1;
    dp_bpf_close(bpf, false);
    bpf = open_bond(&world);
    assert_int_equal(bpf->shared->head, 0);
    assert_int_equal(bpf->shared->version, BOND_TABLE_VERSION);
    assert_int_equal(dp_bpf_attach_port(bpf, world.port[0]), 0);
    /* Until there is a table, the programs of the other layout go on. */
    drain(far);
    for (unsigned i = 0; i < 2; i++) {
        drain(at_bond);
        send_frame(world.bond, &f);
        assert_int_equal(receive(far, &got, 1000, NULL, NULL), f.len);
        send_frame(world.far[0], &f);
        assert_int_equal(receive(at_bond, &got, 1000, NULL, NULL), f.len);
        assert_int_equal(dp_bpf_counters(bpf, c), 0);
        assert_int_equal(c[0].tx_packets, i);
        assert_int_equal(c[0].rx_packets, i);
        assert_int_equal(dp_bpf_publish(bpf, &t), 0);
    }

    bpf->shared->bond_ifindex = 4711;
    dp_bpf_close(bpf, false);
    bpf = open_bond(&world);
    assert_int_equal(bpf->shared->head, 0);
    assert_int_equal(bpf->shared->bond_ifindex, world.bond);
    dp_bpf_close(bpf, false);

    run("rm %s/bond0/counters", world.pin_dir);
    bpf = open_bond(&world);
    assert_int_equal(lines("ls %s/bond0", world.pin_dir), n_pins(bpf));
    dp_bpf_close(bpf, true);
    assert_int_equal(lines("ls -A %s", world.pin_dir), 0);
    close(far);
    close(at_bond);
}

/* The device has another name after a restart: the pins follow, and the traffic goes on. */
static void
a_renamed_bond(void **state)
{
    struct dp_bpf *bpf = open_bond(&world);
    const char *const keep[] = {"team.0"};
    int far = capture(world.far[0], false);
    char text[DP_BPF_TEXT_SIZE] = "";
    struct bond_table t;
    struct frame f, got;

    plain_frame(&f);
    table_fill(&t, &world, BOND_MODE_ACTIVE_BACKUP, BOND_XMIT_LAYER2, 1);
    assert_int_equal(dp_bpf_publish(bpf, &t), 0);
    dp_bpf_close(bpf, false);
    run("ip link set bond0 down && ip link set bond0 name team.0 && ip link set team.0 up");
    assert_int_equal(
        dp_bpf_open(&bpf, world.pin_dir, "team.0", world.bond, world.peer, text, sizeof(text)), 0);
    assert_int_equal(bpf->shared->head, 1);
    assert_int_equal(lines("ls %s", world.pin_dir), 1);
    /* Whatever a sweep finds of a bond that is kept, its filters stay. */
    run("mkdir %s/bond0 && ln %s/team%%2e0/shared %s/bond0/shared", world.pin_dir, world.pin_dir,
        world.pin_dir);
    assert_int_equal(dp_bpf_sweep(world.pin_dir, keep, 1), 1);
    drain(far);
    send_frame(world.bond, &f);
    assert_int_equal(receive(far, &got, 1000, NULL, NULL), f.len);
    dp_bpf_close(bpf, true);
    run("ip link set team.0 down && ip link set team.0 name bond0 && ip link set bond0 up");
    close(far);
}

static void
a_slot_given_to_another_port(void **state)
{
    struct dp_bpf *bpf = open_bond(&world);
    struct bond_counters c[BOND_MAX_PORTS + 1];
    struct bond_table t;
    struct frame f;

    plain_frame(&f);
    table_fill(&t, &world, BOND_MODE_BROADCAST, BOND_XMIT_LAYER2, 2);
    assert_int_equal(dp_bpf_publish(bpf, &t), 0);
    send_frame(world.bond, &f);
    send_frame(world.bond, &f);
    assert_int_equal(dp_bpf_counters_reset(bpf, 1), 0);
    send_frame(world.bond, &f);
    assert_int_equal(dp_bpf_counters(bpf, c), 0);
    assert_int_equal(c[0].tx_packets, 3);
    assert_int_equal(c[1].tx_packets, 1);
    assert_int_equal(c[BOND_MAX_PORTS].tx_packets, 6);
    assert_int_equal(dp_bpf_counters_reset(bpf, BOND_MAX_PORTS), -EINVAL);
    dp_bpf_close(bpf, true);
}

static void
failures_say_what_and_where(void **state)
{
    char text[DP_BPF_TEXT_SIZE] = "", dir[96];
    struct dp_bpf *bpf = NULL;

    snprintf(dir, sizeof(dir), "%s.no-bpf.XXXXXX", world.mount_dir);
    assert_non_null(mkdtemp(dir));
    assert_int_equal(dp_bpf_open(&bpf, dir, "bond0", world.bond, world.peer, text, sizeof(text)),
                     -EINVAL);
    assert_non_null(strstr(text, dir));
    assert_non_null(strstr(text, "BPF file system"));
    rmdir(dir);
    assert_int_equal(
        dp_bpf_open(&bpf, "/nonexistent/dir", "bond0", world.bond, world.peer, text, sizeof(text)),
        -ENOENT);
    assert_non_null(strstr(text, "/nonexistent/dir"));
    assert_int_equal(
        dp_bpf_open(&bpf, world.pin_dir, "bond0", 99999, world.peer, text, sizeof(text)), -ENODEV);
    assert_non_null(strstr(text, "bond0"));
    assert_null(bpf);
    assert_int_equal(lines("ls -A %s", world.pin_dir), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(programs_of_this_build_only),
        cmocka_unit_test(pins_that_do_not_fit),
        cmocka_unit_test(a_renamed_bond),
        cmocka_unit_test(a_slot_given_to_another_port),
        cmocka_unit_test(failures_say_what_and_where),
    };
    int failed;

    world_open(&world);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    world_close(&world);
    return failed;
}
