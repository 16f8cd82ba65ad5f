/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_packet.c - what a port's socket hears, and what it does not; what core's frames look like on
 * the wire.
 *
 *   left (the port) <-> right (the wire)
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <netinet/icmp6.h>
#include <string.h>
#include <unistd.h>

#include "datapath/packet.h"
#include "tests/net/datapath/lab.h"

static const uint8_t slow_group[6] = {0x01, 0x80, 0xc2, 0x00, 0x00, 0x02};

/* A queue is set going by linkwatch; until then a frame that is sent is lost without a word. */
static void
wait_up(void)
{
    lab_wait(lab_try("ip link show left | grep -q 'state UP'"));
    lab_wait(lab_try("ip link show right | grep -q 'state UP'"));
}

static int
setup(void **state)
{
    if (lab_setup(state) < 0)
        return -1;
    lab_run("ip link add left type veth peer name right");
    lab_run("sysctl -qw net.ipv6.conf.left.disable_ipv6=1 net.ipv6.conf.right.disable_ipv6=1");
    lab_run("ip link set left up && ip link set right up");
    wait_up();
    return 0;
}

/* A frame to the slow protocols' group, or what else `to` says; the last byte is `mark`. */
static unsigned
make(uint8_t frame[128], const uint8_t to[6], uint16_t ethertype, uint8_t mark)
{
    memset(frame, 0, 128);
    memcpy(frame, to, 6);
    frame[6] = 2;
    frame[12] = (uint8_t) (ethertype >> 8);
    frame[13] = (uint8_t) ethertype;
    frame[127] = mark;
    return 128;
}

static void
wire_says(uint16_t ethertype, uint8_t mark)
{
    uint8_t frame[128];

    lab_send("right", frame, make(frame, slow_group, ethertype, mark));
}

static void
wire_says_icmp6(uint8_t type, uint8_t mark)
{
    uint8_t frame[128];

    make(frame, slow_group, ETH_P_IPV6, mark);
    frame[14] = 0x60;
    frame[20] = 58;
    frame[54] = type;
    lab_send("right", frame, sizeof(frame));
}

static uint8_t
heard(int fd, struct dp_packet *p)
{
    int r = 0;

    lab_wait((r = dp_packet_receive(fd, p)) != 0);
    assert_int_equal(r, 1);
    assert_int_equal(p->len, 128);
    return p->data[127];
}

/* Frames come in order: when the one that ends the row is there, what is missing was not heard. */
static void
expect_marks(int fd, uint16_t last_type, const char *marks)
{
    struct dp_packet p;

    wire_says(last_type, 'z');
    for (; *marks; marks++)
        assert_int_equal(heard(fd, &p), *marks);
    assert_int_equal(heard(fd, &p), 'z');
}

static void
say_one_of_each(void)
{
    wire_says(ETH_P_IP, 'i');
    wire_says(ETH_P_SLOW, 's');
    wire_says(ETH_P_ARP, 'a');
    wire_says_icmp6(ND_NEIGHBOR_SOLICIT, '1');
    wire_says_icmp6(ND_NEIGHBOR_ADVERT, '2');
    wire_says_icmp6(ND_ROUTER_ADVERT, '3');
    wire_says(ETH_P_IPV6, '6'); /* no ICMP */
}

static void
hears_what_was_asked_for(void **state)
{
    int left = lab_index("left"), fd = dp_packet_open(left, BOND_FRAMES_SLOW);

    lab_ok(fd);
    say_one_of_each();
    expect_marks(fd, ETH_P_SLOW, "s");
    lab_ok(dp_packet_set(fd, left, BOND_FRAMES_ARP));
    say_one_of_each();
    expect_marks(fd, ETH_P_ARP, "a");
    lab_ok(dp_packet_set(fd, left, BOND_FRAMES_ND | BOND_FRAMES_ARP));
    say_one_of_each();
    expect_marks(fd, ETH_P_ARP, "a12");
    lab_ok(dp_packet_set(fd, left, BOND_FRAMES_SLOW | BOND_FRAMES_ARP | BOND_FRAMES_ND));
    say_one_of_each();
    expect_marks(fd, ETH_P_SLOW, "sa12");
    close(fd);
}

/* One socket for all ports: it says by which one a frame came. The group is asked for by device. */
static void
one_hears_all_devices(void **state)
{
    int fd = dp_packet_open(0, BOND_FRAMES_SLOW), left = lab_index("left");
    struct dp_packet p;

    lab_ok(fd);
    assert_false(lab_try("ip maddr show dev left | grep -q 01:80:c2:00:00:02"));
    lab_ok(dp_packet_join(fd, left, true));
    assert_true(lab_try("ip maddr show dev left | grep -q 01:80:c2:00:00:02"));
    wire_says(ETH_P_ARP, 'a');
    wire_says(ETH_P_SLOW, 's');
    assert_int_equal(heard(fd, &p), 's');
    assert_int_equal(p.ifindex, left);
    lab_ok(dp_packet_join(fd, left, false));
    assert_false(lab_try("ip maddr show dev left | grep -q 01:80:c2:00:00:02"));
    lab_run("ip link set left down && ip link set left up");
    lab_wait(dp_packet_receive(fd, &p) == 0); /* it is bound to no device that could go */
    close(fd);
}

static void
take_everything(void)
{
    static const struct bpf_insn drop[] = {
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = TC_ACT_SHOT},
        {.code = BPF_JMP | BPF_EXIT},
    };
    LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = lab_index("left"), .attach_point = BPF_TC_INGRESS);
    LIBBPF_OPTS(bpf_tc_opts, opts,
                .prog_fd = bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "drop", "GPL", drop, 2, NULL));

    lab_ok(opts.prog_fd);
    lab_ok(bpf_tc_hook_create(&hook));
    lab_ok(bpf_tc_attach(&hook, &opts));
}

/* As the receive program does with all but what is spoken between neighbours. */
static void
hears_before_the_frame_is_taken_away(void **state)
{
    int fd = dp_packet_open(lab_index("left"), BOND_FRAMES_ARP);

    lab_ok(fd);
    take_everything();
    wire_says(ETH_P_ARP, 'a');
    expect_marks(fd, ETH_P_ARP, "a");
    close(fd);
}

static void
the_tag_is_told(void **state)
{
    static const uint16_t ids[] = {100, 4094, 0};
    int fd = dp_packet_open(lab_index("left"), BOND_FRAMES_ARP), sender = dp_packet_open_sender();
    int right = lab_index("right");
    struct dp_packet p;

    lab_ok(fd);
    lab_ok(sender);
    for (int i = 0; i < 3; i++) {
        struct bond_frame_out out = {.len = 128, .vlan_id = ids[i]};

        make(out.data, slow_group, ETH_P_ARP, 'v');
        lab_ok(dp_packet_send(sender, right, &out));
        assert_int_equal(heard(fd, &p), 'v');
        assert_int_equal(p.vlan_id, ids[i]);
        assert_int_equal(p.data[12] << 8 | p.data[13], ETH_P_ARP);
    }
    close(sender);
    close(fd);
}

static void
does_not_hear_itself(void **state)
{
    int left = lab_index("left"), fd = dp_packet_open(left, BOND_FRAMES_SLOW | BOND_FRAMES_ARP);
    int sender = dp_packet_open_sender();
    struct bond_frame_out out = {.len = 128};

    lab_ok(fd);
    lab_ok(sender);
    make(out.data, slow_group, ETH_P_SLOW, 'm');
    lab_ok(dp_packet_send(sender, left, &out));
    expect_marks(fd, ETH_P_SLOW, "");
    close(sender);
    close(fd);
}

static void
sends_as_it_is(void **state)
{
    int sender = dp_packet_open_sender(), wire = lab_listen("right"), left = lab_index("left");
    struct bond_frame_out out = {.len = 124};
    struct lab_frame got;

    lab_ok(sender);
    make(out.data, slow_group, ETH_P_SLOW, 0);
    for (unsigned i = 14; i < 124; i++)
        out.data[i] = (uint8_t) i;
    lab_ok(dp_packet_send(sender, left, &out));
    assert_true(lab_next(wire, ETH_P_SLOW, 0, WAIT_MS, &got));
    lab_expect_frame(&got, out.data, 124);
    close(wire);
    close(sender);
}

static void
what_cannot_be_sent(void **state)
{
    int sender = dp_packet_open_sender(), left = lab_index("left");
    struct bond_frame_out out = {.len = 13};

    lab_ok(sender);
    assert_int_equal(dp_packet_send(sender, left, &out), -EMSGSIZE);
    out.len = BOND_FRAME_SIZE + 1;
    assert_int_equal(dp_packet_send(sender, left, &out), -EMSGSIZE);
    out.len = make(out.data, slow_group, ETH_P_SLOW, 0);
    lab_run("ip link set left down");
    assert_int_equal(dp_packet_send(sender, left, &out), -ENETDOWN);
    lab_run("ip link del left");
    assert_int_equal(dp_packet_send(sender, left, &out), -ENXIO);
    close(sender);
}

/* A port that goes down and comes back is heard again by the same socket. */
static void
stays_good_over_down_and_up(void **state)
{
    int fd = dp_packet_open(lab_index("left"), BOND_FRAMES_SLOW);
    struct dp_packet p;

    lab_ok(fd);
    lab_run("ip link set left down");
    assert_int_equal(dp_packet_receive(fd, &p), -ENETDOWN);
    assert_int_equal(dp_packet_receive(fd, &p), 0);
    lab_run("ip link set left up");
    wait_up();
    wire_says(ETH_P_SLOW, 'u');
    expect_marks(fd, ETH_P_SLOW, "u");
    close(fd);
}

/* The device itself is told to take the group, for as long as it is listened to. */
static void
asks_the_device_for_the_group(void **state)
{
    int left = lab_index("left"), fd = dp_packet_open(left, BOND_FRAMES_SLOW);

    lab_ok(fd);
    assert_true(lab_try("ip maddr show dev left | grep -q 01:80:c2:00:00:02"));
    lab_ok(dp_packet_set(fd, left, BOND_FRAMES_ARP));
    assert_false(lab_try("ip maddr show dev left | grep -q 01:80:c2:00:00:02"));
    lab_ok(dp_packet_set(fd, left, BOND_FRAMES_SLOW));
    assert_true(lab_try("ip maddr show dev left | grep -q 01:80:c2:00:00:02"));
    close(fd);
    assert_false(lab_try("ip maddr show dev left | grep -q 01:80:c2:00:00:02"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(hears_what_was_asked_for, setup),
        cmocka_unit_test_setup(one_hears_all_devices, setup),
        cmocka_unit_test_setup(hears_before_the_frame_is_taken_away, setup),
        cmocka_unit_test_setup(the_tag_is_told, setup),
        cmocka_unit_test_setup(does_not_hear_itself, setup),
        cmocka_unit_test_setup(sends_as_it_is, setup),
        cmocka_unit_test_setup(what_cannot_be_sent, setup),
        cmocka_unit_test_setup(stays_good_over_down_and_up, setup),
        cmocka_unit_test_setup(asks_the_device_for_the_group, setup),
    };

    lab_require_netns();
    return cmocka_run_group_tests_name("packet", tests, NULL, NULL);
}
