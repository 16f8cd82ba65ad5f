/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-random.c - whatever happens to two or three bonds and the cables between them, with frames
 * that are late, lost or damaged: every step leaves the invariants true (wire.c), and when the
 * storm is over all that can carry traffic does, at both ends, and nothing is lost.
 *
 * NMB_SCRIPTS: how many (default 25). A failure names its seed; NMB_SEED runs that one alone.
 */
#include <stdlib.h>

#include "wire.h"

#define CABLES 4
#define EVENTS 120

static const char *const options[] = {
    "lacp_rate=fast",
    "lacp_rate=slow",
    "ad_select=stable",
    "ad_select=bandwidth",
    "ad_select=count",
    "ad_select=actor_port_prio",
    "lacp_active=off",
    "lacp_active=on",
    "coupled_control=off",
    "coupled_control=on",
    "min_links=2",
    "min_links=0",
    "ad_user_port_key=3",
    "ad_user_port_key=0",
    "ad_actor_sys_prio=1",
    "lacp_strict=on",
    "lacp_strict=off",
    "all_slaves_active=1",
    "updelay=20000",
    "updelay=0",
    "downdelay=10000",
    "downdelay=0",
    "mode=balance-xor",
    "mode=802.3ad",
    "mode=active-backup",
    "mode=802.3ad miimon=500",
    "ad_actor_system=02:00:00:00:00:09",
    "all_slaves_active=0",
};

static struct wire w;
static uint32_t seed;

static uint32_t
pick(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 10) % n;
}

static void
damaged_frame(int host, int slot)
{
    uint8_t data[BOND_FRAME_SIZE];
    struct bond_lacpdu pdu = {
        .actor = {65535,
                  {2, 0, 0, (uint8_t) pick(4), 0, 0},
                  (uint16_t) pick(40),
                  255,
                  (uint16_t) pick(5),
                  (uint8_t) pick(256),
                  0},
        .partner = {65535,
                    {2, 0, 0, (uint8_t) pick(4), 0, 0},
                    (uint16_t) pick(40),
                    255,
                    (uint16_t) pick(5),
                    (uint8_t) pick(256),
                    0},
    };

    bond_lacpdu_build(data, (uint8_t[6]){2, 9, 9, 9, 9, 9}, &pdu);
    if (pick(4) == 0)
        data[pick(BOND_SLOW_FRAME_LEN)] = (uint8_t) pick(256);
    wire_frame(&w, host, slot, data, (uint16_t) (pick(8) ? BOND_SLOW_FRAME_LEN : pick(124)));
}

static void
something(uint32_t hosts)
{
    int host = (int) pick(hosts), slot = (int) pick(CABLES);
    bool is_member = bond_slot_is_member(&w.bond[host], slot);
    static const int32_t speeds[] = {1000, 1000, 100, 10000, BOND_SPEED_UNKNOWN};

    switch (pick(12)) {
    case 0:
    case 1:
        wire_cut(&w, host, slot, !w.cut[host][slot]);
        break;
    case 2:
        if (is_member)
            wire_detach(&w, host, slot, pick(2));
        break;
    case 3:
        for (int s = 0; s < CABLES; s++) /* slots are given out from the first free one on */
            if (w.bond[host].port[s].phase == BOND_PHASE_FREE) {
                wire_attach_prio(&w, host, s, speeds[pick(5)], (uint16_t) pick(3));
                break;
            }
        break;
    case 4:
    case 5:
        wire_set(&w, host,
                 w.bond[host].opt.num[BOND_OPT_MODE] != BOND_MODE_8023AD
                     ? "mode=802.3ad" /* what is its own is refused elsewhere */
                     : options[pick(sizeof(options) / sizeof(options[0]))]);
        break;
    case 6:
        if (is_member && !w.cut[host][slot])
            wire_link(&w, host, slot, true, speeds[pick(5)],
                      pick(3) ? BOND_DUPLEX_FULL : BOND_DUPLEX_HALF);
        break;
    case 7:
        wire_up(&w, host, pick(3));
        break;
    case 8:
        if (is_member)
            damaged_frame(host, slot);
        break;
    case 9:
        w.loss_percent = pick(3) * 30;
        w.jitter_ms = pick(3) * 200;
        break;
    case 10:
        wire_kill(&w, host, pick(3000));
        break;
    default:
        wire_run(&w, pick(7) ? pick(4000) : pick(120000));
        break;
    }
}

/* All is well again at every host. */
static void
calm(uint32_t hosts)
{
    w.loss_percent = w.jitter_ms = 0;
    for (int h = 0; h < (int) hosts; h++) {
        wire_up(&w, h, true);
        wire_set(&w, h, "mode=802.3ad");
        wire_set(&w, h,
                 "lacp_active=on min_links=0 updelay=0 downdelay=0 lacp_strict=off "
                 "ad_actor_system=00:00:00:00:00:00 ad_user_port_key=0 all_slaves_active=0");
        for (int s = 0; s < CABLES; s++)
            w.cut[h][s] = false;
    }
    wire_run(&w, 1000); /* who was draining is gone */
    for (int h = 0; h < (int) hosts; h++)
        for (int s = 0; s < CABLES; s++) {
            if (w.bond[h].port[s].phase == BOND_PHASE_FREE)
                wire_attach(&w, h, s, 1000);
            wire_link(&w, h, s, true, 1000, BOND_DUPLEX_FULL);
        }
    wire_run(&w, 300000);
}

static void
check_calm(uint32_t hosts)
{
    uint32_t all = hosts == 2 ? CABLES : CABLES / 2;

    /* Hosts 1 and 2 have all their cables to host 0, which can use one partner at a time. */
    if (wire_sending(&w, 0) != all)
        fail_msg("seed %u: host 0 does not recover: %s", seed, wire_state(&w, 0));
    for (int h = 1; h < (int) hosts; h++)
        for (int s = 0; s < CABLES; s++) {
            struct wire_end to = w.peer[h][s];
            const struct bond_lacp_port *p = &w.bond[h].port[s].lacp;

            if (to.host == 0 &&
                bond_port_can_tx(&w.bond[0], to.slot) != !!(p->state & BOND_LACP_DISTRIBUTING))
                fail_msg("seed %u: the ends disagree: %s", seed, wire_state(&w, h));
        }
    w.watch_loss = true;
    w.lost_ns = 0;
    wire_run(&w, 200000);
    w.watch_loss = false;
    if (hosts == 2 && w.lost_ns != 0)
        fail_msg("seed %u: frames are lost although all is well: %s", seed, wire_state(&w, 0));
}

static void
storm(uint32_t first_seed, uint32_t hosts)
{
    seed = first_seed;
    wire_init(&w);
    w.seed = first_seed;
    w.without_twin = first_seed % 4 != 0;
    for (int h = 0; h < (int) hosts; h++) {
        wire_host(&w, h, "");
        wire_up(&w, h, true);
    }
    for (int s = 0; s < CABLES; s++) {
        wire_plug(&w, 0, s, hosts == 2 ? 1 : 1 + s % 2, s);
        for (int h = 0; h < (int) hosts; h++)
            wire_attach(&w, h, s, 1000);
    }
    for (int i = 0; i < EVENTS; i++)
        something(hosts);
    calm(hosts);
    check_calm(hosts);
}

static void
storms(void **state)
{
    const char *one = getenv("NMB_SEED"), *many = getenv("NMB_SCRIPTS");
    uint32_t n = many ? (uint32_t) atoi(many) : 25;

    if (one) {
        storm((uint32_t) atoi(one), 2);
        storm((uint32_t) atoi(one), 3);
        return;
    }
    for (uint32_t i = 1; i <= n; i++) {
        print_message("%u ", i);
        storm(i, 2);
        storm(i, 3);
    }
    print_message("\n");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(storms)};

    return cmocka_run_group_tests_name("lacp-random", tests, NULL, NULL);
}
