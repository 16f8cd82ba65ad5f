/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * events-far.h - the other end of a bond's cables, for the recorder (real time, tap devices) and
 * for the replay (simulated time) alike.
 *
 * Either a switch, or a cable each, behind which the targets of an ARP or NS monitor answer; or one
 * or two partners that speak LACP, which are core/ itself. What comes back does so PARITY_FAR_MS
 * after what called for it: in the guest that is later than the driver's own tick of the clock.
 *
 * It also says when to look: a monitor that tries one port after the other never comes to rest, so
 * looks are taken a quarter of an interval after it has asked, and if there is no active port,
 * after it has asked by the first port that has a link.
 */
#ifndef TESTS_PARITY_EVENTS_FAR_H
#define TESTS_PARITY_EVENTS_FAR_H

#include "core/bond.h"
#include "tests/parity/events-cases.h"

#define PARITY_FAR_MS 20u
#define PARITY_FAR_FRAME 128u
#define PARITY_FAR_QUEUE 256u

/* A frame arrives at the bond by that port. */
typedef void parity_far_arrive(void *data, uint32_t port, const uint8_t *frame, uint32_t len);

struct parity_far_port { /* the link as both ends see it, and whether the bond uses the port */
    bool has_link, is_attached, half;
    uint32_t speed;
};

struct parity_far_frame {
    uint64_t at_ns;
    uint32_t port, len;
    uint8_t data[PARITY_FAR_FRAME];
};

struct parity_far_end {
    const struct parity_script *script;
    parity_far_arrive *arrive;
    void *data;
    bool has_link[PARITY_MAX_PORTS];
    bool usable[PARITY_MAX_PORTS]; /* and the bond has the port */
    int32_t speed[PARITY_MAX_PORTS];
    bool half[PARITY_MAX_PORTS];
    bool mute[PARITY_MAX_PORTS], deaf[PARITY_MAX_PORTS], alone[PARITY_MAX_PORTS];
    bool was_deaf[PARITY_MAX_PORTS]; /* its partner's last word may still be of that time */
    bool loop[PARITY_MAX_PORTS], dead[PARITY_MAX_TARGETS], stray;
    uint8_t noise[PARITY_MAX_PORTS], system_of[PARITY_MAX_PORTS];
    uint64_t noise_ns;
    uint8_t asked[PARITY_MAX_PORTS]; /* in this round: bit n: target n */
    uint32_t n_queued;
    struct parity_far_frame queue[PARITY_FAR_QUEUE]; /* as they were sent */
    struct bond system[PARITY_SYSTEMS];
    uint32_t key[PARITY_SYSTEMS];
    uint64_t system_ns[PARITY_SYSTEMS];
    struct bond_actions out;
    const char *broken; /* a partner's invariant that did not hold */
    /* the wait for the next look */
    uint32_t rounds, more_rounds;
    uint64_t until_ns, tick_ns; /* tick_ns: when the monitor has looked, as far as is known */
    uint64_t period_ns;         /* of the monitor: arp_interval; the driver's is a jiffy longer */
    bool has_asked;
};

void parity_far_begin(struct parity_far_end *f, const struct parity_script *script, uint64_t now_ns,
                      parity_far_arrive *arrive, void *data);
void parity_far_link(struct parity_far_end *f, uint32_t port, const struct parity_far_port *is,
                     uint64_t now_ns);
void parity_far_event(struct parity_far_end *f, const struct parity_event *e, uint64_t now_ns);
/* The bond has sent it by that port. */
void parity_far_frame(struct parity_far_end *f, uint32_t port, const uint8_t *frame, uint32_t len,
                      uint64_t now_ns);
/* Does what is due. */
void parity_far_run(struct parity_far_end *f, uint64_t now_ns);
uint64_t parity_far_next(const struct parity_far_end *f); /* when something is */

/* The bond has been set up: its monitor looks now, and then every interval. */
void parity_far_tick(struct parity_far_end *f, uint64_t now_ns);
/* When ports are to come for the first time: a quarter of an interval after a look. */
uint64_t parity_far_quarter(const struct parity_far_end *f, uint64_t after_ns);
/* Until the look after the event (NULL: the first one); so many rounds. */
void parity_far_wait(struct parity_far_end *f, const struct parity_event *e, uint64_t now_ns);
void parity_far_wait_rounds(struct parity_far_end *f, uint32_t rounds, uint64_t now_ns);
/* True: look now. Otherwise ask again at parity_far_next() or when a frame has left. */
bool parity_far_is_over(struct parity_far_end *f, bool has_active, uint64_t now_ns);
/* "asked by 3 -": which targets each port has asked in the last round, by bit; with a line's end.
 * Empty without a monitor. */
void parity_far_asked(const struct parity_far_end *f, char text[64]);

/* events-frames.c: addresses of the bond (host 1) and others, in the order of the wire. */
uint32_t parity_ip(uint32_t net, uint32_t host);
void parity_ip6(uint32_t host, uint8_t ip[16]);
uint32_t parity_target_ip(const struct parity_script *s, uint32_t target);
bool parity_is_ours(uint32_t ip_be);
bool parity_is_ours6(const uint8_t ip[16]);
/* Frames; each returns its length. `vlan` 0: without a tag. */
uint32_t parity_arp(uint8_t *frame, uint32_t op, const uint8_t from_mac[6], uint32_t from_be,
                    const uint8_t to_mac[6], uint32_t to_be, uint32_t vlan);
uint32_t parity_nd(uint8_t *frame, uint32_t type, const uint8_t from_mac[6], const uint8_t from[16],
                   const uint8_t to_mac[6], const uint8_t to[16], const uint8_t about[16]);
/* What the bond asks of a target by a port of that address, as the driver does. */
uint32_t parity_question(const struct parity_script *s, uint32_t target, const uint8_t mac[6],
                         uint8_t *frame);

#endif
