/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-arpmon.c - the ARP/NS monitor at chosen times: a row of ticks every 100 ms, and in between
 * what is heard. Each test is a rule of the kernel (bond_main.c), or a difference that
 * docs/differences.md names.
 */
#include <string.h>

#include "sim.h"

#define ARP "arp_interval=100 arp_ip_target=10.0.0.1 "
#define US 0x0a000063u /* 10.0.0.99 */

static struct sim s;

/* ---- what is heard ---- */

static void
put32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t) (v >> (24 - 8 * i));
}

/* Who says it: 10.0.0.<sender>, to 10.0.0.<target>; 99 is us, 0 is nobody. */
static void
hear_arp(unsigned t_ms, const char *port, unsigned op, unsigned sender, unsigned target)
{
    uint8_t frame[42] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 9, (uint8_t) sender, 8, 6, 0, 1, 8, 0, 6, 4};
    struct bond_event ev = {.type = BOND_EV_FRAME, .slot = bond_port_by_name(&s.b, port)};

    memcpy(frame, op == 2 ? s.b.port[ev.slot].mac : (const uint8_t *) "\xff\xff\xff\xff\xff\xff",
           6);
    frame[21] = (uint8_t) op;
    memcpy(frame + 22, sender == 99 || sender == 0 ? s.b.mac : frame + 6, 6);
    put32(frame + 28, sender ? US - 99 + sender : 0);
    put32(frame + 38, target ? US - 99 + target : 0);
    ev.u.frame.data = frame;
    ev.u.frame.len = sizeof(frame);
    ev.u.frame.from_us = sender == 99;
    ev.u.frame.to_us = target == 99;
    assert_int_equal(sim_step(&s, &ev, t_ms * BOND_NSEC_PER_MSEC), 0);
}

static void
answer(unsigned t_ms, const char *port, unsigned target)
{
    hear_arp(t_ms, port, 2, target, 99);
}

/* Our own question to the target, around through the switch. */
static void
overhear(unsigned t_ms, const char *port, unsigned target)
{
    hear_arp(t_ms, port, 1, 99, target);
}

static void
traffic(unsigned t_ms, const char *port)
{
    struct bond_event ev = {.type = BOND_EV_TRAFFIC, .slot = bond_port_by_name(&s.b, port)};

    ev.u.traffic.last_rx_ns = t_ms * BOND_NSEC_PER_MSEC;
    assert_int_equal(sim_step(&s, &ev, t_ms * BOND_NSEC_PER_MSEC), 0);
}

static void
tick(unsigned t_ms)
{
    assert_int_equal(sim_do(&s, t_ms, "tick"), 0);
}

/* Ticks every 100 ms from..to; before each, every named port (they end with NULL) hears something.
 */
static void
ticks(unsigned from, unsigned to, const char *const *ports)
{
    for (unsigned t = from; t <= to; t += 100) {
        for (const char *const *port = ports; port && *port; port++)
            traffic(t - 90, *port);
        tick(t);
    }
}

static const char *const both[] = {"eth0", "eth1", NULL};
static const char *const only0[] = {"eth0", NULL};
static const char *const only1[] = {"eth1", NULL};

static void
expect(const char *want)
{
    assert_string_equal(sim_state(&s), want);
}

static void
start(const char *options)
{
    sim_init(&s, options);
    tick(0); /* the first look; the next ones are at 100, 200, ... */
    sim_do(&s, 1, "attach eth0");
    sim_do(&s, 1, "attach eth1");
}

/* ---- modes 0, 2, 3 ---- */

/* Down when nothing was heard for more than 2.5 intervals, that is at the third look. */
static void
balancing_goes_down(void **state)
{
    start("mode=balance-rr " ARP);
    ticks(100, 500, both);
    expect("on, eth0 up active, eth1 up; tx eth0 eth1");
    traffic(550, "eth0"); /* eth1 was heard at 410 the last time */
    tick(600);
    expect("on, eth0 up active, eth1 up; tx eth0 eth1");
    traffic(650, "eth0");
    tick(700); /* 290 > 250 */
    expect("on, eth0 up active, eth1 down 1; tx eth0 eth0");
    assert_string_equal(sim_notes(&s), "link-down eth1: no answer from the ARP targets");
    assert_string_equal(sim_effects(&s), "publish, probe eth0, probe eth1, announce");
    ticks(800, 800, both);
    expect("on, eth0 up active, eth1 up 1; tx eth0 eth1");
    assert_string_equal(sim_notes(&s), "link-up eth1: the ARP targets answer");
}

static void
missed_max_counts(void **state)
{
    start("mode=balance-xor arp_missed_max=5 " ARP);
    ticks(100, 500, both);
    ticks(600, 900, only0); /* eth1: 410 */
    expect("on, eth0 up active, eth1 up; tx eth0 eth1");
    ticks(1000, 1000, only0); /* 590 > 550 */
    expect("on, eth0 up active, eth1 down 1; tx eth0");
}

/* The exact edge: interval * missed_max + interval / 2, inclusive. */
static void
slack_is_half_an_interval(void **state)
{
    start("mode=broadcast " ARP);
    ticks(100, 500, both);
    traffic(501, "eth0");
    traffic(450 + 51, "eth1");
    tick(600);
    tick(700);
    s.b.port[1].last_rx_ns = 550 * BOND_NSEC_PER_MSEC;
    s.b.port[0].last_rx_ns = 550 * BOND_NSEC_PER_MSEC - 1;
    tick(800);
    expect("on, eth0 down 1, eth1 up active; tx eth1");
}

/* ---- mode 1 ---- */

static void
active_fails_over(void **state)
{
    start("mode=active-backup " ARP);
    ticks(100, 500, both);
    expect("on, eth0 up active, eth1 up; tx eth0");
    assert_string_equal(sim_effects(&s), "probe eth0");
    ticks(600, 600, only1);
    expect("on, eth0 up active, eth1 up; tx eth0");
    ticks(700, 700, only1);
    expect("on, eth0 down 1, eth1 up active; tx eth1");
    assert_string_equal(sim_effects(&s), "publish, probe eth1, announce, igmp");
    assert_string_equal(sim_notes(&s),
                        "link-down eth0: no answer from the ARP targets; "
                        "active-changed eth0 -> eth1: the active port failed or left");
    ticks(800, 1200, both);
    expect("on, eth0 up 1, eth1 up active; tx eth1");
}

/* A backup has one interval more. */
static void
backup_has_one_more(void **state)
{
    start("mode=active-backup " ARP);
    ticks(100, 500, both);
    ticks(600, 700, only0); /* eth1: 410; 290 */
    expect("on, eth0 up active, eth1 up; tx eth0");
    ticks(800, 800, only0); /* 390 > 350 */
    expect("on, eth0 up active, eth1 down 1; tx eth0");
}

/* Who has just become active is given two and a half intervals. */
static void
new_active_has_time(void **state)
{
    start("mode=active-backup " ARP);
    ticks(100, 500, both);
    ticks(600, 700, only1); /* eth1 is active from 700 on, heard at 610 */
    ticks(800, 900, NULL);
    expect("on, eth0 down 1, eth1 up active; tx eth1");
    tick(1000); /* 300 > 250 */
    expect("off, eth0 down 1, eth1 going back 1; tx");
}

/* Nothing usable: one port an interval is tried, in a circle, and the first that hears serves. */
static void
ports_are_tried_in_turn(void **state)
{
    start("mode=active-backup " ARP);
    ticks(100, 500, both);
    ticks(600, 900, NULL);
    expect("on, eth0 down 1, eth1 up active; tx eth1"); /* it has until 950 */
    tick(1000);
    expect("off, eth0 down 1, eth1 going back 1; tx");
    assert_string_equal(sim_effects(&s), "publish, probe eth1, carrier off");
    tick(1100);
    expect("off, eth0 going back 1, eth1 going down 1; tx");
    assert_string_equal(sim_effects(&s), "publish, probe eth0");
    tick(1200);
    expect("off, eth0 going down 1, eth1 going back 1; tx");
    traffic(1210, "eth1");
    tick(1300);
    expect("on, eth0 going down 1, eth1 up 1 active; tx eth1");
    ticks(1400, 1400, both);
    expect("on, eth0 up 1, eth1 up 1 active; tx eth1");
}

static void
primary_takes_over(void **state)
{
    start("mode=active-backup primary=eth0 " ARP);
    ticks(100, 500, both);
    ticks(600, 700, only1);
    expect("on, eth0 down 1, eth1 up active; tx eth1");
    ticks(800, 800, both);
    expect("on, eth0 up 1 active, eth1 up; tx eth0");
    assert_string_equal(sim_notes(&s), "link-up eth0: the ARP targets answer; "
                                       "active-changed eth1 -> eth0: it is the primary port");
}

/* ---- arp_validate ---- */

static void
only_answers_count(void **state)
{
    start("mode=active-backup arp_validate=all " ARP);
    for (unsigned t = 100; t <= 500; t += 100) {
        answer(t - 50, "eth0", 1);
        overhear(t - 50, "eth1", 1);
        traffic(t - 50, "eth1");
        tick(t);
    }
    expect("on, eth0 up active, eth1 up; tx eth0");
    for (unsigned t = 600; t <= 900; t += 100) {
        traffic(t - 50, "eth0");
        answer(t - 50, "eth0", 7);         /* no target */
        hear_arp(t - 50, "eth0", 2, 1, 7); /* not to us */
        hear_arp(t - 50, "eth0", 1, 7, 99);
        overhear(t - 50, "eth0", 1); /* our own question proves nothing here */
        overhear(t - 50, "eth1", 1);
        tick(t);
    }
    assert_int_equal(s.b.port[0].failure_count, 1);
    assert_int_equal(s.b.port[0].link, BOND_LINK_DOWN);
}

/* Somebody else's question, and an answer that a switch floods, prove nothing of a backup. */
static void
backup_is_not_fooled(void **state)
{
    start("mode=active-backup arp_validate=all " ARP);
    for (unsigned t = 100; t <= 800; t += 100) {
        answer(t - 50, "eth0", 1);
        hear_arp(t - 50, "eth1", 1, 7, 1);
        answer(t - 50, "eth1", 1);
        tick(t);
    }
    expect("on, eth0 up active, eth1 down 1; tx eth0");
}

/* (b): a backup is believed only while the active port is answered. */
static void
backup_needs_an_active_that_is_answered(void **state)
{
    start("mode=active-backup arp_validate=all " ARP);
    for (unsigned t = 100; t <= 700; t += 100) {
        overhear(t - 50, "eth1", 1);
        tick(t);
    }
    assert_int_equal(s.b.port[0].failure_count, 1);
    assert_int_equal(s.b.port[1].failure_count, 1);
}

/* (c): while a port is tried an answer is believed wherever the switch delivers it. */
static void
an_answer_by_another_port(void **state)
{
    start("mode=active-backup arp_validate=all " ARP);
    ticks(100, 600, NULL);
    assert_int_not_equal(s.b.arp_port, BOND_NO_PORT);
    const char *tried = s.b.port[s.b.arp_port].name, *other = tried[3] == '0' ? "eth1" : "eth0";
    overhear(610, other, 1);
    tick(700);
    assert_int_equal(s.b.active, BOND_NO_PORT);
    tried = s.b.port[s.b.arp_port].name;
    other = tried[3] == '0' ? "eth1" : "eth0";
    answer(710, other, 1);
    tick(800);
    assert_string_equal(s.b.port[s.b.active].name, other);
}

/* A bond without an address asks from 0.0.0.0 and is answered so. */
static void
asked_from_nobody(void **state)
{
    start("mode=active-backup arp_validate=all " ARP);
    for (unsigned t = 100; t <= 800; t += 100) {
        hear_arp(t - 50, "eth0", 2, 1, 0);
        hear_arp(t - 50, "eth1", 1, 0, 1);
        tick(t);
    }
    expect("on, eth0 up active, eth1 up; tx eth0");
}

static void
filter_counts_arp_of_anybody(void **state)
{
    start("mode=active-backup arp_validate=filter " ARP);
    for (unsigned t = 100; t <= 800; t += 100) {
        hear_arp(t - 50, "eth0", 1, 7, 8);
        traffic(t - 50, "eth1");
        tick(t);
    }
    expect("on, eth0 up active, eth1 down 1; tx eth0");
}

/* In the kernel a bond like this never comes back. */
static void
one_port_that_validates_comes_back(void **state)
{
    sim_init(&s, "mode=balance-xor arp_validate=all " ARP);
    sim_do(&s, 1, "attach eth0");
    for (unsigned t = 100; t <= 500; t += 100)
        tick(t);
    expect("off, eth0 down 1; tx");
    answer(510, "eth0", 1);
    tick(600);
    expect("on, eth0 up 1 active; tx eth0");
}

static void
all_targets_must_answer(void **state)
{
    start("mode=active-backup arp_validate=active arp_all_targets=all arp_interval=100 "
          "arp_ip_target=10.0.0.1,10.0.0.2");
    for (unsigned t = 100; t <= 500; t += 100) {
        answer(t - 50, "eth0", 1);
        answer(t - 40, "eth0", 2);
        traffic(t - 40, "eth1");
        tick(t);
    }
    expect("on, eth0 up active, eth1 up; tx eth0");
    assert_int_equal(s.b.port[0].targets_heard, 3);
    for (unsigned t = 600; t <= 800; t += 100) {
        answer(t - 50, "eth0", 1);
        traffic(t - 40, "eth1");
        tick(t);
    }
    assert_int_equal(s.b.port[0].targets_heard, 1);
    expect("on, eth0 down 1, eth1 up active; tx eth1");
}

/* Answers that nobody looks at are not waited for. */
static void
all_targets_without_validation(void **state)
{
    start("mode=active-backup arp_all_targets=all " ARP);
    ticks(100, 900, both);
    expect("on, eth0 up active, eth1 up; tx eth0");
}

/* ---- IPv6 ---- */

static void
hear_nd(unsigned t_ms, const char *port, uint8_t type, uint8_t source, uint8_t destination,
        uint8_t target)
{
    uint8_t frame[78] = {[12] = 0x86, 0xdd, 0x60, 0, 0, 0, 0, 24, 58, 255};
    struct bond_event ev = {.type = BOND_EV_FRAME, .slot = bond_port_by_name(&s.b, port)};
    const uint8_t prefix[2] = {0xfd, 0};

    memcpy(frame, (const uint8_t *) "\x33\x33\x00\x00\x00\x01", 6);
    memcpy(frame + 22, prefix, 2);
    frame[37] = source;
    if (type == 135) /* the solicited-node group */
        memcpy(frame + 38, (const uint8_t[13]){0xff, 2, [11] = 1, 0xff}, 13);
    else
        memcpy(frame + 38, prefix, 2);
    frame[53] = destination;
    frame[54] = type;
    memcpy(frame + 62, prefix, 2);
    frame[77] = target;
    ev.u.frame.data = frame;
    ev.u.frame.len = sizeof(frame);
    ev.u.frame.from_us = source == 99;
    ev.u.frame.to_us = destination == 99;
    assert_int_equal(sim_step(&s, &ev, t_ms * BOND_NSEC_PER_MSEC), 0);
}

static void
neighbours_answer(void **state)
{
    start("mode=active-backup arp_validate=all arp_interval=100 ns_ip6_target=fd00::1");
    assert_int_equal(bond_frames_wanted(&s.b), BOND_FRAMES_ND);
    for (unsigned t = 100; t <= 600; t += 100) {
        hear_nd(t - 50, "eth0", 136, 1, 99, 1);
        hear_nd(t - 50, "eth1", 135, 99, 1, 1);
        tick(t);
    }
    expect("on, eth0 up active, eth1 up; tx eth0");
    assert_int_equal(s.b.port[0].targets_heard, 1u << BOND_MAX_ARP_TARGETS);
    for (unsigned t = 700; t <= 900; t += 100) {
        hear_nd(t - 50, "eth0", 136, 2, 99, 2);
        hear_nd(t - 50, "eth1", 135, 99, 1, 1);
        tick(t);
    }
    expect("on, eth0 down 1, eth1 up active; tx eth1");
    hear_nd(950, "eth1", 136, 7, 99, 1); /* from another address of the target's host */
    tick(1000);
    expect("on, eth0 down 1, eth1 up active; tx eth1");
    assert_int_equal(s.b.port[1].arp_rx_ns[0], 0);
    assert_int_equal(s.b.port[1].ns_rx_ns[0], 950 * BOND_NSEC_PER_MSEC);
}

/* ---- carriers, beginnings, time that does not count ---- */

static void
a_carrier_is_not_waited_for(void **state)
{
    start("mode=active-backup " ARP);
    ticks(100, 500, both);
    sim_do(&s, 510, "carrier eth0 off");
    expect("on, eth0 down 1, eth1 up active; tx eth1");
    sim_do(&s, 520, "carrier eth0 on");
    expect("on, eth0 down 1, eth1 up active; tx eth1");
    ticks(600, 600, only1);
    expect("on, eth0 down 1, eth1 up active; tx eth1");
    ticks(700, 700, both);
    expect("on, eth0 up 1, eth1 up active; tx eth1");
}

static void
without_a_carrier_nothing_heard_helps(void **state)
{
    start("mode=balance-rr " ARP);
    sim_do(&s, 10, "carrier eth1 off");
    ticks(100, 300, both);
    expect("on, eth0 up active, eth1 down 1; tx eth0 eth0");
}

static void
a_live_change_begins_anew(void **state)
{
    sim_init(&s, "mode=active-backup miimon=100");
    sim_do(&s, 0, "attach eth0");
    sim_do(&s, 0, "attach eth1 nocarrier");
    sim_do(&s, 5000, "set " ARP);
    tick(5001);
    expect("on, eth0 up active, eth1 down; tx eth0");
    tick(5100);
    tick(5200);
    expect("on, eth0 up active, eth1 down; tx eth0");
    tick(5300);
    expect("off, eth0 going back 1, eth1 down; tx");
    sim_do(&s, 5310, "set miimon=100");
    expect("on, eth0 up 1 active, eth1 down; tx eth0");
    assert_true(s.b.arp_at_ns == BOND_NEVER);
}

/* bondd was stopped for ten seconds: nobody was asked, so nobody failed to answer. */
static void
time_without_a_look_does_not_count(void **state)
{
    start("mode=active-backup " ARP);
    ticks(100, 500, both);
    tick(10500);
    expect("on, eth0 up active, eth1 up; tx eth0");
    tick(10600); /* as 700 is without the stop */
    expect("on, eth0 down 1, eth1 up active; tx eth1");
}

/* Only a TICK looks; the deadline is then at once, never behind. */
static void
other_events_do_not_look(void **state)
{
    start("mode=balance-rr " ARP);
    ticks(100, 500, both);
    sim_do(&s, 1000, "queue eth0 3");
    expect("on, eth0 up active, eth1 up; tx eth0 eth1");
    assert_true(s.out.next_ns == 1000 * BOND_NSEC_PER_MSEC + 1);
}

static void
targets_that_change_keep_what_was_heard(void **state)
{
    start("mode=active-backup arp_validate=all arp_interval=100 "
          "arp_ip_target=10.0.0.1,10.0.0.2,10.0.0.3");
    answer(10, "eth0", 1);
    answer(20, "eth0", 2);
    answer(30, "eth0", 3);
    sim_do(&s, 50, "set arp_ip_target=10.0.0.3,10.0.0.4,10.0.0.1");
    assert_true(s.b.port[0].arp_rx_ns[0] == 30 * BOND_NSEC_PER_MSEC);
    assert_true(s.b.port[0].arp_rx_ns[1] == 50 * BOND_NSEC_PER_MSEC);
    assert_true(s.b.port[0].arp_rx_ns[2] == 10 * BOND_NSEC_PER_MSEC);
}

static void
who_pays_for_stamps(void **state)
{
    static const struct {
        const char *options;
        bool stamp;
    } rows[] = {
        {"mode=active-backup miimon=100", false},
        {"mode=active-backup " ARP, true},
        {"mode=active-backup arp_validate=active " ARP, true},
        {"mode=active-backup arp_validate=all " ARP, false},
        {"mode=active-backup arp_validate=filter " ARP, false},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bond_table t;

        sim_init(&s, rows[i].options);
        bond_table_build(&s.b, &t);
        assert_int_equal((t.flags & BOND_TABLE_F_STAMP) != 0, rows[i].stamp);
    }
}

/* In the circle of ports that are tried; sim checks each step. */
static void
a_port_without_carrier_is_not_tried(void **state)
{
    start("mode=active-backup " ARP);
    sim_do(&s, 1, "attach eth2 nocarrier");
    for (unsigned t = 100; t <= 3000; t += 100) {
        tick(t);
        assert_int_equal(s.b.port[2].link, BOND_LINK_DOWN);
    }
}

static void
proc_text(void **state)
{
    char text[4096];

    sim_init(&s, "mode=active-backup arp_interval=250 arp_missed_max=3 "
                 "arp_ip_target=10.0.0.1,192.168.255.254 "
                 "ns_ip6_target=fd00::1,fe80::5efe:a00:1,::ffff:1.2.3.4,1:0:0:2:0:0:0:3,::1:2");
    bond_proc_format(&s.b, "v", text, sizeof(text));
    assert_non_null(strstr(text, "Peer Notification Delay (ms): 0\n"
                                 "ARP Polling Interval (ms): 250\n"
                                 "ARP Missed Max: 3\n"
                                 "ARP IP target/s (n.n.n.n form): 10.0.0.1, 192.168.255.254\n"
                                 "NS IPv6 target/s (xx::xx form): fd00::1, fe80::5efe:10.0.0.1, "
                                 "::ffff:1.2.3.4, 1:0:0:2::3, ::1:2\n"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(balancing_goes_down),
        cmocka_unit_test(missed_max_counts),
        cmocka_unit_test(slack_is_half_an_interval),
        cmocka_unit_test(active_fails_over),
        cmocka_unit_test(backup_has_one_more),
        cmocka_unit_test(new_active_has_time),
        cmocka_unit_test(ports_are_tried_in_turn),
        cmocka_unit_test(primary_takes_over),
        cmocka_unit_test(only_answers_count),
        cmocka_unit_test(backup_is_not_fooled),
        cmocka_unit_test(backup_needs_an_active_that_is_answered),
        cmocka_unit_test(an_answer_by_another_port),
        cmocka_unit_test(asked_from_nobody),
        cmocka_unit_test(filter_counts_arp_of_anybody),
        cmocka_unit_test(one_port_that_validates_comes_back),
        cmocka_unit_test(all_targets_must_answer),
        cmocka_unit_test(all_targets_without_validation),
        cmocka_unit_test(neighbours_answer),
        cmocka_unit_test(a_carrier_is_not_waited_for),
        cmocka_unit_test(without_a_carrier_nothing_heard_helps),
        cmocka_unit_test(a_live_change_begins_anew),
        cmocka_unit_test(time_without_a_look_does_not_count),
        cmocka_unit_test(other_events_do_not_look),
        cmocka_unit_test(targets_that_change_keep_what_was_heard),
        cmocka_unit_test(who_pays_for_stamps),
        cmocka_unit_test(a_port_without_carrier_is_not_tried),
        cmocka_unit_test(proc_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
