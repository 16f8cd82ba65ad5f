/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * events-sim.h - the scripts of events-cases.h happen to core/, in simulated time.
 *
 * The devices are a few words; what core does to them is done to these, and reported back. What a
 * look shows has the same lines as that of events-guest.c.
 */
#ifndef TESTS_PARITY_EVENTS_SIM_H
#define TESTS_PARITY_EVENTS_SIM_H

#include "core/bond.h"
#include "tests/parity/events-far.h"

struct parity_device {
    bool up, carrier, half, attached;
    uint32_t speed;
    uint8_t mac[BOND_MAC_LEN];
    uint64_t last_rx_ns; /* as the packet path stamps it */
    bool is_parted;      /* a rule says that the driver has this port in another state */
};

struct parity_sim {
    const struct parity_script *script;
    struct bond b;
    struct bond_actions out;
    struct parity_device port[PARITY_MAX_PORTS];
    bool up;
    bool primary_again; /* `primary` was written with the value that it had */
    uint32_t adopted;   /* so many events more: it was told lately which port is active */
    uint32_t sent;      /* round robin's counter */
    uint64_t now_ns;
    const char *broken; /* an invariant that did not hold */
    struct bond_err err;
    struct parity_far_end far;
};

void parity_sim_begin(struct parity_sim *s, const struct parity_script *script);
int parity_sim_attach(struct parity_sim *s, uint32_t port);
int parity_sim_event(struct parity_sim *s, const struct parity_event *e); /* 0 or errno */
void parity_sim_wait(struct parity_sim *s, uint32_t ms);
/* Until the event may happen; until the look after it (NULL: the first one). */
void parity_sim_wait_before(struct parity_sim *s, const struct parity_event *e);
void parity_sim_wait_after(struct parity_sim *s, const struct parity_event *e);

/* Of a monitor the two differ by when the port's two intervals of grace began: for some events. */
#define PARITY_ADOPTED 3u
/* Makes this port the active one, as if somebody had asked for it; NULL: none. */
int parity_sim_set_active(struct parity_sim *s, const char *name);

/* It is among the targets now. */
bool parity_sim_asks(const struct parity_sim *s, uint32_t target);

/* Lines with '\n', `version` as /proc shows the driver's. Returns the length. */
size_t parity_sim_look(struct parity_sim *s, const char *version, char *buf, size_t size);

#endif
