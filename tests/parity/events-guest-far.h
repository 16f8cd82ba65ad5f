/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * events-guest-far.h - in the guest: the other end of the tap devices, in real time.
 */
#ifndef TESTS_PARITY_EVENTS_GUEST_FAR_H
#define TESTS_PARITY_EVENTS_GUEST_FAR_H

#include "tests/parity/events-far.h"

/* Addresses on the bond "b", of which the driver asks its targets. Returns false if it fails. */
bool guest_far_addresses(const struct parity_script *script);
void guest_far_begin(const struct parity_script *script, const int tap[PARITY_MAX_PORTS]);
void guest_far_is_up(void); /* the bond: its monitor begins */
void guest_far_first(void); /* until ports are to come */
void guest_far_link(uint32_t port, const struct parity_far_port *is);
void guest_far_event(const struct parity_event *e);
void guest_far_pump(void); /* takes what has left, does what is due */
/* Until the event may happen; until the next look. False: what had to happen in time did not. */
bool guest_far_wait_before(const struct parity_event *e);
bool guest_far_wait(const struct parity_event *e);
void guest_far_asked(char text[64]);

#endif
