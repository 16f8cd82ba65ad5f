/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bfd.h - Bidirectional Forwarding Detection in asynchronous mode (RFC 5880), one session a port,
 * as single-hop session (RFC 5881, UDP port 3784) or micro session of a LAG member (RFC 7130,
 * port 6784).
 *
 * A session is a function of its state, what came in, and time: bfd.c is the machine, bfd_pdu.c the
 * bytes, bfdmon.c what a session means for a port. No echo, no demand mode of our own, no
 * authentication, IPv4 only. A peer in demand mode is respected.
 */
#ifndef BOND_BFD_H
#define BOND_BFD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limits.h"

#define BOND_BFD_LEN 24u       /* a control packet without authentication */
#define BOND_BFD_SLOW_MS 1000u /* RFC 5880, 6.8.3: no faster while the session is not up */

/* How long a session that came up after another one had gone down is no proof against that one:
 * after a restart of the peer its sessions come up one after the other. */
#define BOND_BFD_SETTLE_MS 3000u

enum bond_bfd_state { /* as on the wire */
                      BOND_BFD_ADMIN_DOWN = 0,
                      BOND_BFD_DOWN = 1,
                      BOND_BFD_INIT = 2,
                      BOND_BFD_UP = 3,
};

enum bond_bfd_diag { /* RFC 5880, 4.1 */
                     BOND_BFD_DIAG_NONE = 0,
                     BOND_BFD_DIAG_EXPIRED = 1, /* control detection time expired */
                     BOND_BFD_DIAG_NEIGHBOR_DOWN = 3,
                     BOND_BFD_DIAG_ADMIN_DOWN = 7,
                     BOND_BFD_N_DIAGS = 32,
};

struct bond_bfd_packet {
    uint8_t state, diag, detect_mult; /* enum bond_bfd_state, 0..31, not 0 */
    bool poll, final, demand;
    uint32_t my_disc, your_disc;
    uint32_t desired_tx_us, required_rx_us;
};

struct bond_bfd_config {
    uint32_t interval_ms;
    uint8_t detect_mult;
    uint32_t disc; /* ours: the port's ifindex, which no other port of this host has */
};

/* One session. All zero: none. Names as in RFC 5880, 6.8.1. */
struct bond_bfd {
    bool on;
    uint8_t state, remote_state, diag; /* enum bond_bfd_state; enum bond_bfd_diag */
    uint8_t remote_mult;
    bool remote_demand;
    bool poll;   /* we have said something new and wait for the answer (F) */
    bool answer; /* the peer has: the next packet has F */
    bool urgent; /* the next packet differs from the last: it leaves now (6.8.7) */
    bool was_up; /* the peer has answered, and has not taken leave since */
    bool silent; /* bfdmon.c: the port is not to be used */
    bool peer_known;
    uint8_t peer_mac[BOND_MAC_LEN]; /* who sent the last packet */
    uint32_t remote_disc, remote_tx_us, remote_rx_us;
    uint32_t tx_us, rx_us;            /* our intervals in force; */
    uint32_t desired_us, required_us; /* as we say them: in force once the peer knows (6.8.3) */
    uint64_t tx_at_ns;                /* the next packet */
    uint64_t sent_ns;                 /* the last one; 0: never */
    uint64_t detect_at_ns;            /* silence until then means down; BOND_NEVER */
    uint64_t heard_ns;                /* 0: never */
    uint64_t since_ns;                /* when it came up, or stopped being up */
};

/* bfd.c: the machine. */
void bond_bfd_start(struct bond_bfd *s, const struct bond_bfd_config *c, uint64_t now_ns);
/* New intervals for a session that runs. */
void bond_bfd_configure(struct bond_bfd *s, const struct bond_bfd_config *c);
/* RFC 5880, 6.8.6 from where the session has been found. False: to be discarded. */
bool bond_bfd_receive(struct bond_bfd *s, const struct bond_bfd_config *c,
                      const struct bond_bfd_packet *p, uint64_t now_ns);
/* Judges silence. Only where all that has arrived has been received. */
void bond_bfd_expire(struct bond_bfd *s, const struct bond_bfd_config *c, uint64_t now_ns);
/* True: *out is to be sent now. */
bool bond_bfd_transmit(struct bond_bfd *s, const struct bond_bfd_config *c, uint64_t now_ns,
                       struct bond_bfd_packet *out);
/* The last packet of a session that ends: ADMIN_DOWN (take no notice), or DOWN (use it no more). */
void bond_bfd_farewell(const struct bond_bfd *s, const struct bond_bfd_config *c,
                       enum bond_bfd_state state, struct bond_bfd_packet *out);
/* After a while in which nobody listened. */
void bond_bfd_resume(struct bond_bfd *s, uint64_t now_ns);
uint64_t bond_bfd_detection_ns(const struct bond_bfd *s);
/* How far apart the peer's packets are, as negotiated. */
uint64_t bond_bfd_expected_ns(const struct bond_bfd *s);

/* bfd_pdu.c: bytes. Parsing is total: from the Ethernet header on, without a tag; false: it is no
 * valid control packet for that UDP port, not from a neighbour (TTL 255), or cut short. */
bool bond_bfd_parse(const uint8_t *data, size_t len, uint16_t udp_port,
                    struct bond_bfd_packet *out);
void bond_bfd_build(uint8_t data[BOND_BFD_LEN], const struct bond_bfd_packet *p);

const char *bond_bfd_state_name(enum bond_bfd_state state); /* "admin-down", "down", ... */

#endif
