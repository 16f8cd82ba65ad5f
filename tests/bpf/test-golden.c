/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-golden.c - the frames that the kernel driver was asked about (tests/parity), sent by a
 * packet socket as they were there, through the bond's programs: each policy, the port that the
 * driver took; and over four ports, by captures on them, the port that select.h says. Before them a
 * filter that puts a VLAN tag beside a frame, as a VLAN device does.
 *
 *   test-bpf-golden FRAMES.TXT [HOW MANY]
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>

#include <bpf/bpf.h>
#include <cmocka.h>

#include "core/select.h"
#include "tests/bpf/world.h"
#include "tests/bpf/wrap.skel.h"
#include "tests/parity/frames.h"

#define WIRE_PORTS 4u
#define WIRE_FRAMES 400u

static struct world world;
static struct dp_bpf *bpf;
static int sender;
static const char *golden;
static uint32_t n_frames = PARITY_FRAMES;
static uint16_t want[PARITY_FRAMES][PARITY_POLICIES]; /* the hash's remainder by PARITY_MODULUS */

static unsigned
digit(char c)
{
    return (unsigned) (c <= '9' ? c - '0' : c - 'a' + 10);
}

static void
read_golden(void)
{
    FILE *file = fopen(golden, "r");
    char line[256];
    uint32_t i = 0;

    if (!file)
        fail_msg("%s: %s", golden, strerror(errno));
    while (i < n_frames && fgets(line, sizeof(line), file)) {
        if (line[0] == '#')
            continue;
        assert_int_equal(strlen(line), 2 * PARITY_POLICIES + 1);
        for (unsigned p = 0; p < PARITY_POLICIES; p++)
            want[i][p] = (uint16_t) (digit(line[2 * p]) * 30 + digit(line[2 * p + 1]));
        i++;
    }
    fclose(file);
    assert_int_equal(i, n_frames);
}

static int
set_up(void **state)
{
    struct wrap_bpf *tagger = wrap_bpf__open_and_load();
    char path[96];

    assert_non_null(tagger);
    read_golden();
    bpf = open_bond(&world);
    snprintf(path, sizeof(path), "%s/before", world.mount_dir);
    assert_int_equal(bpf_obj_pin(bpf_program__fd(tagger->progs.before), path), 0);
    wrap_bpf__destroy(tagger);
    run("tc qdisc replace dev bond0 clsact");
    run("tc filter add dev bond0 egress prio 1 bpf da pinned %s", path);
    assert_int_equal(dp_bpf_filters_changed(bpf, world.bond), 0);
    unlink(path);
    sender = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    assert_true(sender >= 0);
    return 0;
}

static int
tear_down(void **state)
{
    close(sender);
    dp_bpf_close(bpf, true);
    return 0;
}

static void
send_as_recorded(const struct parity_frame *f)
{
    struct sockaddr_ll to = {
        .sll_family = AF_PACKET, .sll_ifindex = world.bond, .sll_protocol = htons(ETH_P_ALL)};
    uint32_t mark = (uint32_t) f->tag_tci << 16;

    assert_int_equal(setsockopt(sender, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)), 0);
    if (sendto(sender, f->data, f->len, 0, (struct sockaddr *) &to, sizeof(to)) < 0)
        fail_msg("sending %u bytes: %s: %s", f->len, strerror(errno), parity_dump(f));
}

/* Seven and eight ports together see more of a hash than eight do. */
static void
the_drivers_port(void **state)
{
    struct bond_table t;
    struct parity_frame f;

    for (uint32_t policy = 0; policy < PARITY_POLICIES; policy++) {
        for (uint32_t n = 7; n <= WORLD_PORTS; n++) {
            uint64_t sent[WORLD_PORTS];

            table_fill(&t, &world, BOND_MODE_BALANCE_XOR, policy, n);
            assert_int_equal(dp_bpf_publish(bpf, &t), 0);
            for (uint32_t i = 0; i < n; i++)
                sent[i] = sent_by(bpf, i);
            for (uint32_t i = 0; i < n_frames; i++) {
                uint32_t slot = want[i][policy] % n;

                parity_frame(i, &f);
                send_as_recorded(&f);
                if (sent_by(bpf, slot) != ++sent[slot])
                    fail_msg("frame %u, %s, %u ports: not by port %u: %s", i,
                             bond_opt_value_name(BOND_OPT_XMIT_HASH_POLICY, policy), n, slot,
                             parity_dump(&f));
            }
        }
    }
}

/* How many frames have left by the port since the last look. */
static unsigned
left_by(int tap)
{
    struct frame got;
    unsigned n = 0, type;

    while (receive(tap, &got, 0, &type, NULL))
        n += type == PACKET_OUTGOING;
    return n;
}

/* Frames that the golden file does not have, too: nothing here was recorded. */
static void
seen_leaving_by_the_native_cores_port(void **state)
{
    int tap[WIRE_PORTS];
    unsigned used[WIRE_PORTS] = {0};

    for (unsigned i = 0; i < WIRE_PORTS; i++)
        tap[i] = capture(world.port[i], true);
    for (uint32_t policy = 0; policy < PARITY_POLICIES; policy++) {
        struct bond_table t;

        table_fill(&t, &world, BOND_MODE_BALANCE_XOR, policy, WIRE_PORTS);
        assert_int_equal(dp_bpf_publish(bpf, &t), 0);
        for (uint32_t k = 0; k < WIRE_FRAMES; k++) {
            struct parity_frame f;
            struct bond_frame view;
            uint32_t slot;

            parity_frame(PARITY_FRAMES + k, &f);
            view = parity_view(&f);
            slot = bond_choose(&t, &view, NULL).slot;
            for (unsigned i = 0; i < WIRE_PORTS; i++)
                left_by(tap[i]);
            send_as_recorded(&f);
            for (unsigned i = 0; i < WIRE_PORTS; i++) {
                unsigned n = left_by(tap[i]);

                used[i] += n;
                if (n != (i == slot))
                    fail_msg("%s: %u frames left by port %u, one was to leave by %u: %s",
                             bond_opt_value_name(BOND_OPT_XMIT_HASH_POLICY, policy), n, i, slot,
                             parity_dump(&f));
            }
        }
    }
    for (unsigned i = 0; i < WIRE_PORTS; i++) {
        assert_in_range(used[i], PARITY_POLICIES * WIRE_FRAMES / 8, PARITY_POLICIES * WIRE_FRAMES);
        close(tap[i]);
    }
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_drivers_port),
        cmocka_unit_test(seen_leaving_by_the_native_cores_port),
    };
    int failed;

    if (argc < 2) {
        fprintf(stderr, "usage: %s FRAMES.TXT [HOW MANY]\n", argv[0]);
        return 2;
    }
    golden = argv[1];
    if (argc > 2 && (uint32_t) atoi(argv[2]) < n_frames)
        n_frames = (uint32_t) atoi(argv[2]);
    world_open(&world);
    failed = cmocka_run_group_tests(tests, set_up, tear_down);
    world_close(&world);
    return failed;
}
