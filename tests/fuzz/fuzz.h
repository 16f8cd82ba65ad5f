/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz.h - what the harnesses share: bytes one after the other, a check that says what broke,
 * and a bond with its ports.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/bond.h"

/* libFuzzer keeps the input of a run that ends here. */
#define MUST(condition, ...)                                                                       \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "\n%s:%d: " #condition " does not hold: ", __FILE__, __LINE__);        \
            fprintf(stderr, __VA_ARGS__);                                                          \
            fputc('\n', stderr);                                                                   \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

struct bytes {
    const uint8_t *at, *end;
};

/* Zero when there is nothing left. */
static inline uint8_t
next_byte(struct bytes *in)
{
    return in->at < in->end ? *in->at++ : 0;
}

/* eth<i>, up, with an address of its own, comes to the bond. */
static inline struct bond_event
attach_event(int i, int32_t speed_mbps, uint8_t duplex)
{
    struct bond_event ev = {.type = BOND_EV_PORT_ATTACH};

    ev.u.attach.ifindex = i + 1;
    snprintf(ev.u.attach.name, BOND_NAME_SIZE, "eth%d", i);
    ev.u.attach.mac[0] = 2;
    ev.u.attach.mac[5] = (uint8_t) (i + 1);
    ev.u.attach.admin_up = ev.u.attach.carrier = true;
    ev.u.attach.speed_mbps = speed_mbps;
    ev.u.attach.duplex = duplex;
    return ev;
}

/* bond0 with these options, in force together, up, and that many ports; each event by `feed`. */
static inline void
start_bond(struct bond *b, size_t n, const char *const *names, const char *const *values, int ports,
           void (*feed)(const struct bond_event *ev, uint64_t now), uint64_t now)
{
    struct bond_event up = {.type = BOND_EV_BOND_LINK};
    struct bond_options o;
    struct bond_err err = {0};

    bond_options_init(&o, BOND_MODE_BALANCE_RR);
    MUST(!bond_options_apply(&o, n, names, values, false, NULL, &err), "%s", err.text);
    memset(b, 0, sizeof(*b));
    bond_init(b, "bond0", 100, &o);
    up.u.bond_link.admin_up = true;
    feed(&up, now);
    for (int i = 0; i < ports; i++) {
        struct bond_event ev = attach_event(i, 1000, BOND_DUPLEX_FULL);

        feed(&ev, now);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
