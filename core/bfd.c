/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bfd.c - one BFD session (RFC 5880, section 6.8). Decides its state and when it speaks; what a
 * session means for a port is decided in bfdmon.c.
 *
 *          hears Down            hears Init, Up
 *     DOWN ──────────► INIT ─────────────────────► UP
 *      ▲ └── hears Init ───────────────────────────▲│
 *      └──── silence, or hears AdminDown ◄──────────┘ (or hears Down)
 *
 * Intervals are spoken (desired, required) and in force (tx, rx): where a change could make the
 * peer miss us, or us it, it is in force only when the peer has answered a poll (6.8.3).
 */
#include <string.h>

#include "core/bfd.h"

#define NSEC_PER_USEC UINT64_C(1000)
#define SLOW_US (BOND_BFD_SLOW_MS * 1000u)

static uint32_t
max32(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static uint64_t
after(uint64_t t, uint64_t ns)
{
    return t >= BOND_NEVER - ns ? BOND_NEVER - 1 : t + ns;
}

uint64_t
bond_bfd_expected_ns(const struct bond_bfd *s)
{
    return max32(s->rx_us, s->remote_tx_us) * NSEC_PER_USEC;
}

/* 6.8.4 */
uint64_t
bond_bfd_detection_ns(const struct bond_bfd *s)
{
    return s->remote_mult * bond_bfd_expected_ns(s);
}

static uint32_t
wanted_tx_us(const struct bond_bfd *s, const struct bond_bfd_config *c)
{
    uint32_t us = c->interval_ms * 1000u;

    return s->state == BOND_BFD_UP ? us : max32(us, SLOW_US);
}

/* What is longer for sending, or shorter for listening, waits for the peer. */
static void
put_in_force(struct bond_bfd *s)
{
    if (s->state != BOND_BFD_UP || !s->poll || s->desired_us < s->tx_us)
        s->tx_us = s->desired_us;
    if (s->state != BOND_BFD_UP || !s->poll || s->required_us > s->rx_us)
        s->rx_us = s->required_us;
}

void
bond_bfd_configure(struct bond_bfd *s, const struct bond_bfd_config *c)
{
    uint32_t desired = wanted_tx_us(s, c), required = c->interval_ms * 1000u;

    if (s->desired_us == desired && s->required_us == required)
        return;
    s->desired_us = desired;
    s->required_us = required;
    s->poll = s->state == BOND_BFD_UP;
    s->urgent = true;
    put_in_force(s);
}

void
bond_bfd_start(struct bond_bfd *s, const struct bond_bfd_config *c, uint64_t now_ns)
{
    *s = (struct bond_bfd){
        .on = true,
        .state = BOND_BFD_DOWN,
        .remote_state = BOND_BFD_DOWN,
        .remote_rx_us = 1, /* 6.8.1 */
        .tx_at_ns = now_ns,
        .detect_at_ns = BOND_NEVER,
    };
    bond_bfd_configure(s, c);
}

static void
enter(struct bond_bfd *s, const struct bond_bfd_config *c, enum bond_bfd_state state,
      enum bond_bfd_diag diag, uint64_t now)
{
    if (s->state == state)
        return;
    if (state == BOND_BFD_UP || s->state == BOND_BFD_UP)
        s->since_ns = now;
    s->state = (uint8_t) state;
    s->diag = (uint8_t) diag;
    s->urgent = true;
    if (state == BOND_BFD_UP) {
        s->was_up = true;
    } else {
        s->poll = false;
    }
    bond_bfd_configure(s, c);
}

/* The table of 6.8.6; in AdminDown we never are. */
static void
hear_state(struct bond_bfd *s, const struct bond_bfd_config *c, uint8_t heard, uint64_t now)
{
    if (heard == BOND_BFD_ADMIN_DOWN) {
        enter(s, c, BOND_BFD_DOWN, BOND_BFD_DIAG_NEIGHBOR_DOWN, now);
        s->was_up = false; /* it takes leave: that says nothing of the link (RFC 5882, 3.2) */
    } else if (s->state == BOND_BFD_DOWN && heard == BOND_BFD_DOWN) {
        enter(s, c, BOND_BFD_INIT, BOND_BFD_DIAG_NONE, now);
    } else if ((s->state == BOND_BFD_DOWN && heard == BOND_BFD_INIT) ||
               (s->state == BOND_BFD_INIT && heard >= BOND_BFD_INIT)) {
        enter(s, c, BOND_BFD_UP, BOND_BFD_DIAG_NONE, now);
    } else if (s->state == BOND_BFD_UP && heard == BOND_BFD_DOWN) {
        enter(s, c, BOND_BFD_DOWN, BOND_BFD_DIAG_NEIGHBOR_DOWN, now);
    }
}

/* As negotiated, without the spread. */
static uint64_t
tx_interval_ns(const struct bond_bfd *s)
{
    return max32(s->tx_us, s->remote_rx_us) * NSEC_PER_USEC;
}

/* A peer that wants to hear more often from now on does not wait for what was planned before
 * (6.8.3): it may count already, and miss us. */
static void
hasten(struct bond_bfd *s)
{
    uint64_t latest = after(s->sent_ns, tx_interval_ns(s));

    if (s->tx_at_ns > latest)
        s->tx_at_ns = latest;
}

bool
bond_bfd_receive(struct bond_bfd *s, const struct bond_bfd_config *c,
                 const struct bond_bfd_packet *p, uint64_t now_ns)
{
    if (p->your_disc != 0 && p->your_disc != c->disc)
        return false;
    s->remote_disc = p->my_disc;
    s->remote_state = p->state;
    s->remote_demand = p->demand;
    s->remote_mult = p->detect_mult;
    s->remote_tx_us = p->desired_tx_us;
    s->remote_rx_us = p->required_rx_us;
    if (p->final && s->poll) {
        s->poll = false;
        put_in_force(s);
    }
    hear_state(s, c, p->state, now_ns);
    hasten(s);
    s->answer = s->answer || p->poll;
    s->heard_ns = now_ns;
    s->detect_at_ns = after(now_ns, bond_bfd_detection_ns(s));
    return true;
}

void
bond_bfd_expire(struct bond_bfd *s, const struct bond_bfd_config *c, uint64_t now_ns)
{
    if (now_ns < s->detect_at_ns)
        return;
    s->detect_at_ns = BOND_NEVER;
    s->remote_disc = 0; /* 6.8.1, bfd.RemoteDiscr */
    s->remote_state = BOND_BFD_DOWN;
    s->remote_demand = false;
    if (s->state == BOND_BFD_UP || s->state == BOND_BFD_INIT)
        enter(s, c, BOND_BFD_DOWN, BOND_BFD_DIAG_EXPIRED, now_ns);
}

/* 6.8.7: up to a quarter earlier, with a multiplier of 1 at least a tenth. Any spread will do. */
static uint64_t
jittered(const struct bond_bfd *s, const struct bond_bfd_config *c, uint64_t now)
{
    uint64_t interval = tx_interval_ns(s);
    uint32_t spread = ((uint32_t) (now / NSEC_PER_USEC) + c->disc) * 2654435761u >> 16;
    uint32_t percent = c->detect_mult > 1 ? spread % 26 : 10 + spread % 16;

    return interval - interval * percent / 100;
}

static void
fill(const struct bond_bfd *s, const struct bond_bfd_config *c, struct bond_bfd_packet *out)
{
    *out = (struct bond_bfd_packet){
        .state = s->state,
        .diag = s->diag,
        .detect_mult = c->detect_mult,
        .poll = s->poll && !s->answer,
        .final = s->answer,
        .my_disc = c->disc,
        .your_disc = s->remote_disc,
        .desired_tx_us = s->desired_us,
        .required_rx_us = s->required_us,
    };
}

/* Who wants nothing, or asks when he wants something, is sent nothing but answers (6.8.7). */
bool
bond_bfd_transmit(struct bond_bfd *s, const struct bond_bfd_config *c, uint64_t now_ns,
                  struct bond_bfd_packet *out)
{
    bool demand = s->remote_demand && s->state == BOND_BFD_UP && s->remote_state == BOND_BFD_UP;
    bool quiet = s->remote_rx_us == 0 || (demand && !s->poll);
    bool due = now_ns >= s->tx_at_ns;

    if (due || s->urgent)
        s->tx_at_ns = after(now_ns, jittered(s, c, now_ns));
    if (!s->answer && (quiet || !(due || s->urgent))) {
        s->urgent = false;
        return false;
    }
    fill(s, c, out);
    s->sent_ns = now_ns;
    s->answer = s->urgent = false;
    return true;
}

void
bond_bfd_farewell(const struct bond_bfd *s, const struct bond_bfd_config *c,
                  enum bond_bfd_state state, struct bond_bfd_packet *out)
{
    fill(s, c, out);
    out->state = (uint8_t) state;
    out->diag = BOND_BFD_DIAG_ADMIN_DOWN;
    out->poll = out->final = false;
}

void
bond_bfd_resume(struct bond_bfd *s, uint64_t now_ns)
{
    if (!s->on)
        return;
    s->tx_at_ns = now_ns;
    if (s->detect_at_ns != BOND_NEVER)
        s->detect_at_ns = after(now_ns, bond_bfd_detection_ns(s));
}
