/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-bfd.c - what BFD sessions do to a bond: a silent link, a silent peer, peers that never
 * answer, and how BFD goes together with the other monitors.
 */
#include <string.h>

#include "sim.h"

#define BFD "bfd=micro bfd_peer=10.0.0.1 "

static struct sim s;

/* ---- the peer ---- */

static void
say(uint64_t t_ms, const char *port, enum bond_bfd_state state)
{
    struct bond_event ev = {.type = BOND_EV_FRAME, .slot = bond_port_by_name(&s.b, port)};
    const struct bond_bfd_packet p = {
        .state = state,
        .detect_mult = 3,
        .my_disc = 1,
        .your_disc = state > BOND_BFD_DOWN ? (uint32_t) s.b.port[ev.slot].ifindex : 0,
        .final = state == BOND_BFD_UP,
        .desired_tx_us = 10000,
        .required_rx_us = 10000};
    uint8_t f[66] = {2,
                     0,
                     0,
                     0,
                     0,
                     0,
                     2,
                     0,
                     0,
                     0,
                     0,
                     0x42,
                     8,
                     0,
                     0x45,
                     [17] = 52,
                     [22] = 255,
                     [23] = 17,
                     [36] = 6784 >> 8,
                     [37] = 6784 & 0xff,
                     [39] = 32};

    bond_bfd_build(f + 42, &p);
    ev.u.frame.data = f;
    ev.u.frame.len = sizeof(f);
    assert_int_equal(sim_step(&s, &ev, t_ms * BOND_NSEC_PER_MSEC), 0);
}

/* From..to, every 10 ms: who is named here speaks, and time passes as bondd would let it. */
static void
speak(uint64_t from, uint64_t to, const char *const *ports)
{
    for (uint64_t t = from; t <= to; t += 10) {
        for (const char *const *port = ports; port && *port; port++)
            say(t, *port, BOND_BFD_UP);
        assert_int_equal(sim_do(&s, t, "tick"), 0);
    }
}

static const char *const both[] = {"eth0", "eth1", NULL};
static const char *const first[] = {"eth0", NULL};
static const char *const second[] = {"eth1", NULL};

static void
make(const char *options)
{
    sim_init(&s, options);
    s.without_twin = false;
    sim_do(&s, 0, "bond up");
    sim_do(&s, 0, "attach eth0");
    sim_do(&s, 0, "attach eth1");
}

/* Both sessions up since 100 ms, and talking until 4 s. */
static void
talk(const char *options)
{
    make(options);
    for (const char *const *port = both; *port; port++) {
        say(100, *port, BOND_BFD_DOWN);
        say(100, *port, BOND_BFD_INIT);
    }
    speak(110, 4000, both);
    assert_int_equal(s.b.port[0].bfd.state, BOND_BFD_UP);
    assert_int_equal(s.b.port[1].bfd.state, BOND_BFD_UP);
}

static void
is(const char *state)
{
    assert_string_equal(sim_state(&s), state);
}

/* ---- any ---- */

/* 30 ms after the last packet, not a nanosecond earlier, whatever downdelay says. */
static void
test_silent_link(void **state)
{
    talk("mode=active-backup downdelay=500 " BFD);
    is("on, eth0 up active, eth1 up; tx eth0");
    speak(4010, 4020, second);
    say(4029, "eth1", BOND_BFD_UP);
    sim_do(&s, 4029, "tick");
    is("on, eth0 up active, eth1 up; tx eth0");
    sim_do(&s, 4030, "tick");
    is("on, eth0 down 1, eth1 up active; tx eth1");
    assert_non_null(strstr(sim_notes(&s), "link-down eth0: its peer does not answer (BFD)"));
    speak(4040, 5000, second);
    say(5001, "eth0", BOND_BFD_DOWN);
    is("on, eth0 down 1, eth1 up active; tx eth1");
    say(5002, "eth0", BOND_BFD_UP);
    is("on, eth0 up 1, eth1 up active; tx eth1");
    assert_non_null(strstr(sim_notes(&s), "link-up eth0: its peer answers (BFD)"));
}

/* The other side hears nothing of this link: that is as bad. */
static void
test_one_way(void **state)
{
    talk("mode=balance-xor " BFD);
    say(4001, "eth0", BOND_BFD_DOWN);
    is("on, eth0 down 1, eth1 up active; tx eth1");
}

static void
test_updelay(void **state)
{
    talk("mode=balance-xor updelay=100 " BFD);
    say(4001, "eth0", BOND_BFD_DOWN);
    say(4002, "eth0", BOND_BFD_DOWN);
    say(4003, "eth0", BOND_BFD_UP);
    is("on, eth0 going back 1, eth1 up active; tx eth1");
    speak(4010, 4100, both);
    is("on, eth0 going back 1, eth1 up active; tx eth1");
    sim_do(&s, 4103, "tick");
    is("on, eth0 up 1, eth1 up active; tx eth0 eth1");
}

/* Nobody speaks any more: the peer's daemon is gone, not both links at once. */
static void
test_silent_peer(void **state)
{
    talk("mode=active-backup " BFD);
    speak(4010, 6000, NULL);
    is("on, eth0 up active, eth1 up; tx eth0");
    assert_int_equal(s.b.port[0].bfd.state, BOND_BFD_DOWN);
    /* and comes back, one port after the other: nobody is blamed for being second */
    say(6010, "eth1", BOND_BFD_DOWN);
    say(6011, "eth1", BOND_BFD_UP);
    speak(6020, 8900, second);
    is("on, eth0 up active, eth1 up; tx eth0");
    speak(8910, 9100, second);
    is("on, eth0 down 1, eth1 up active; tx eth1");
}

/* The other one was up still, but had not been heard of for as long. */
static void
test_stale_witness(void **state)
{
    talk("mode=active-backup " BFD);
    say(4005, "eth1", BOND_BFD_UP);
    sim_do(&s, 4030, "tick");
    assert_int_equal(s.b.port[0].bfd.state, BOND_BFD_DOWN);
    assert_int_equal(s.b.port[1].bfd.state, BOND_BFD_UP);
    is("on, eth0 up active, eth1 up; tx eth0");
    say(4031, "eth1", BOND_BFD_UP);
    is("on, eth0 down 1, eth1 up active; tx eth1");
}

static void
test_never_answered(void **state)
{
    make("mode=active-backup " BFD);
    speak(0, 10000, NULL);
    is("on, eth0 up active, eth1 up; tx eth0");
    say(10010, "eth1", BOND_BFD_DOWN);
    say(10011, "eth1", BOND_BFD_INIT);
    speak(10020, 20000, second);
    is("on, eth0 up active, eth1 up; tx eth0");
}

static void
test_takes_leave(void **state)
{
    talk("mode=active-backup " BFD);
    say(4001, "eth0", BOND_BFD_ADMIN_DOWN);
    speak(4010, 6000, second);
    is("on, eth0 up active, eth1 up; tx eth0");
}

/* One that is silent is better than none. */
static void
test_last_resort(void **state)
{
    talk("mode=active-backup " BFD);
    say(4001, "eth0", BOND_BFD_DOWN);
    is("on, eth0 down 1, eth1 up active; tx eth1");
    sim_do(&s, 4005, "carrier eth1 off");
    is("on, eth0 up 1 active, eth1 down 1; tx eth0");
}

/* ---- all ---- */

static void
test_all(void **state)
{
    make("mode=active-backup monitors=all " BFD);
    is("off, eth0 down, eth1 down; tx");
    say(100, "eth1", BOND_BFD_DOWN);
    say(101, "eth1", BOND_BFD_INIT);
    is("on, eth0 down, eth1 up active; tx eth1");
    speak(110, 4000, second);
    speak(4010, 4030, NULL);
    is("off, eth0 down, eth1 down 1; tx");
}

/* ---- with the ARP monitor ---- */

#define ARP "arp_interval=100 arp_ip_target=10.0.0.1 "

static void
test_arp_any(void **state)
{
    talk("mode=balance-xor " ARP BFD); /* no answer to ARP in all that time */
    is("on, eth0 up active, eth1 up; tx eth0 eth1");
    speak(4010, 5000, first);
    is("on, eth0 up active, eth1 down 1; tx eth0");
    assert_int_equal(s.b.port[1].bfd.state, BOND_BFD_DOWN);
}

static void
test_arp_all(void **state)
{
    talk("mode=balance-xor monitors=all " ARP BFD);
    is("off, eth0 down 1, eth1 down 1; tx"); /* for a moment, as if ARP had been heard, it was up */
}

/* ---- what is sent ---- */

static void
test_sent(void **state)
{
    make("mode=active-backup " BFD);
    assert_non_null(strstr(sim_effects(&s), "bfd eth1 down to 01"));
    say(100, "eth0", BOND_BFD_DOWN);
    assert_string_equal(sim_effects(&s), "bfd eth0 init to 42");
    say(101, "eth0", BOND_BFD_UP);
    assert_non_null(strstr(sim_effects(&s), "bfd eth0 up p to 42"));
    say(102, "eth0", BOND_BFD_UP);
    sim_do(&s, 103, "detach eth0 hard");
    assert_non_null(strstr(sim_effects(&s), "bfd slot0 down to 42"));
    sim_do(&s, 104, "set bfd=off bfd_peer=");
    assert_non_null(strstr(sim_effects(&s), "bfd eth1 admin-down to 01"));
    sim_do(&s, 2000, "tick");
    assert_null(strstr(sim_effects(&s), "bfd"));
    assert_int_equal(bond_frames_wanted(&s.b), 0);
}

/* A switch brings our own packets around. */
static void
test_own_packets(void **state)
{
    make("mode=active-backup " BFD);
    memset(s.b.mac, 0, BOND_MAC_LEN - 1);
    s.b.mac[0] = 2;
    s.b.mac[5] = 0x42;
    memcpy(s.world.bond_mac, s.b.mac, BOND_MAC_LEN);
    say(100, "eth0", BOND_BFD_DOWN);
    assert_int_equal(s.b.port[0].bfd.state, BOND_BFD_DOWN);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_silent_link), cmocka_unit_test(test_one_way),
        cmocka_unit_test(test_updelay),     cmocka_unit_test(test_stale_witness),
        cmocka_unit_test(test_silent_peer), cmocka_unit_test(test_never_answered),
        cmocka_unit_test(test_takes_leave), cmocka_unit_test(test_last_resort),
        cmocka_unit_test(test_all),         cmocka_unit_test(test_arp_any),
        cmocka_unit_test(test_arp_all),     cmocka_unit_test(test_sent),
        cmocka_unit_test(test_own_packets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
