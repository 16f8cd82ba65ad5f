/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-parity.c - the real kernel driver against core/select.h: the same frames, sent through a
 * kernel bond, come out where select.h says. Needs a kernel with the bonding driver (tests/guest/run
 * has one); the bond's ports are p0..p7 of world.h, in that order.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <net/if.h>

#include "core/select.h"
#include "tests/bpf/world.h"

#define N_FRAMES 2000

static struct world world;
static int at_far[WORLD_PORTS];

static int
kernel_bond(const char *options, unsigned n)
{
    run("ip link add kbond type bond %s && ip link set kbond up", options);
    for (unsigned i = 0; i < n; i++)
        run("ip link set p%u down && ip link set p%u master kbond && ip link set p%u up", i, i, i);
    for (unsigned i = 0; i < n; i++)
        drain(at_far[i]);
    return (int) if_nametoindex("kbond");
}

static void
end_kernel_bond(unsigned n)
{
    run("ip link del kbond");
    for (unsigned i = 0; i < n; i++)
        run("ip link set p%u up", i);
}

/* A tag that is cut off is dropped by whoever receives it. */
static void
random_frame(struct frame *f, struct rng *r)
{
    f_random(f, r);
    if (f->b[12] == 0x81 && f->b[13] == 0 && f->len < 60)
        f->len = 60;
}

static void
expect_at(unsigned slot, const struct frame *f, const char *what)
{
    struct frame got;

    if (receive(at_far[slot], &got, 2000, NULL, NULL) == 0)
        fail_msg("%s: not at port %u: %s", what, slot, f_dump(f));
}

static void
hash_policies(void **state)
{
    static const char *const names[] = {"layer2", "layer3+4", "layer2+3"};
    static const unsigned counts[] = {2, 3, 5, 8};
    struct bond_table t;
    struct frame f;

    for (unsigned policy = 0; policy < 3; policy++) {
        for (unsigned i = 0; i < 4; i++) {
            unsigned n = counts[i];
            struct rng r = {policy * 10 + n};
            char options[64];
            int bond;

            snprintf(options, sizeof(options), "mode balance-xor miimon 100 xmit_hash_policy %s",
                     names[policy]);
            bond = kernel_bond(options, n);
            table_fill(&t, &world, BOND_MODE_BALANCE_XOR, policy, n);
            for (unsigned k = 0; k < N_FRAMES; k++) {
                struct bond_frame v;

                random_frame(&f, &r);
                v = view(&f);
                send_frame(bond, &f);
                expect_at(bond_choose(&t, &v, NULL).slot, &f, options);
            }
            end_kernel_bond(n);
        }
    }
}

static void
rounds(void **state)
{
    static const unsigned each[] = {1, 2, 3, 7};

    for (unsigned i = 0; i < 4; i++) {
        struct rng r = {each[i]};
        uint32_t counter = 0;
        struct bond_rr rr = {.counter = &counter};
        struct bond_table t;
        char options[64];
        int bond;

        snprintf(options, sizeof(options), "mode balance-rr miimon 100 packets_per_slave %u",
                 each[i]);
        bond = kernel_bond(options, 3);
        table_fill(&t, &world, BOND_MODE_BALANCE_RR, BOND_XMIT_LAYER2, 3);
        t.packets_per_slave = each[i];
        for (unsigned k = 0; k < 500; k++) {
            struct bond_frame v;
            struct frame f;

            random_frame(&f, &r);
            v = view(&f);
            send_frame(bond, &f);
            expect_at(bond_choose(&t, &v, &rr).slot, &f, options);
        }
        end_kernel_bond(3);
    }
}

static void
broadcast(void **state)
{
    int bond = kernel_bond("mode broadcast miimon 100", 3);
    struct rng r = {9};
    struct frame f;

    for (unsigned k = 0; k < 100; k++) {
        random_frame(&f, &r);
        send_frame(bond, &f);
        for (unsigned i = 0; i < 3; i++)
            expect_at(i, &f, "broadcast");
    }
    end_kernel_bond(3);
}

/* What comes in, on an active and on an inactive port of active-backup. */
static void
received(void **state)
{
    int bond = kernel_bond("mode active-backup miimon 100", 2);
    int at_bond = capture(bond, false);
    struct bond_table t;

    table_fill(&t, &world, BOND_MODE_ACTIVE_BACKUP, BOND_XMIT_LAYER2, 2);
    t.port[1].rx = BOND_RX_DROP;
    for (unsigned slot = 0; slot < 2; slot++) {
        for (unsigned k = 0; k < 4; k++) {
            const uint8_t *dst[] = {MAC(5), MAC_BROADCAST, MAC_LINK_LOCAL(0x0e),
                                    MAC_LINK_LOCAL(0x10)};
            struct frame f = {0}, got;
            struct bond_frame v;
            uint32_t admit;
            bool came;

            f_eth(&f, dst[k], MAC(1), 0x88b5);
            f_zero(&f, 46);
            v = view(&f);
            admit = bond_admit(&t, &v, slot).admit;
            drain(at_bond);
            send_frame(world.far[slot], &f);
            came = receive(at_bond, &got, 200, NULL, NULL) != 0;
            if (came != (admit == BOND_ADMIT_ENTER || admit == BOND_ADMIT_BOTH))
                fail_msg("port %u, destination %u: the kernel's bond %s it", slot, k,
                         came ? "has" : "has not");
        }
    }
    close(at_bond);
    end_kernel_bond(2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hash_policies),
        cmocka_unit_test(rounds),
        cmocka_unit_test(broadcast),
        cmocka_unit_test(received),
    };
    int failed;

    world_open(&world);
    if (system("ip link add kbond type bond 2>/dev/null && ip link del kbond") != 0) {
        printf("skipped: this kernel has no bonding driver\n");
        world_close(&world);
        return 77;
    }
    for (unsigned i = 0; i < WORLD_PORTS; i++)
        at_far[i] = capture(world.far[i], false);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    world_close(&world);
    return failed;
}
