/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lacp_internal.h - what the files of 802.3ad share, and what the rest of the step asks them.
 *
 * A machine is two functions: x_next_state() says where it goes from here and changes nothing;
 * x_enter() is what entering a state does. lacp.c runs them until none moves.
 */
#ifndef BOND_LACP_INTERNAL_H
#define BOND_LACP_INTERNAL_H

#include "core/internal.h"

static inline bool
bond_is_lacp(const struct bond *b)
{
    return bond_mode(b) == BOND_MODE_8023AD;
}

static inline bool
bond_lacp_has_partner(const struct bond_lacp_agg *agg)
{
    static const uint8_t zero[BOND_MAC_LEN];
    return !bond_mac_equal(agg->partner_system, zero);
}

/* Before a deadline is reached it lies ahead; one that has been met is BOND_NEVER. */
static inline uint64_t
bond_after_ns(uint64_t t, uint64_t ns)
{
    return t >= BOND_NEVER - ns ? BOND_NEVER - 1 : t + ns;
}

/* lacp_key.c: what options and the device say of the actor. */
uint16_t bond_lacp_key(const struct bond *b, int slot);
bool bond_lacp_port_usable(const struct bond_port *p); /* port_enabled as it should be */
bool bond_lacp_follow(struct bond *b, int slot); /* takes all that over; true: something changed */

/* lacp_rx.c */
enum bond_lacp_rx bond_lacp_rx_next_state(const struct bond_lacp_port *p, uint64_t now);
void bond_lacp_rx_enter(struct bond *b, int slot, enum bond_lacp_rx state, uint64_t now);
void bond_lacp_rx_pdu(struct bond *b, int slot, const struct bond_lacpdu *pdu, uint64_t now);
/* The partner as it is believed to be before it has said anything (Partner_Admin_...). */
void bond_lacp_record_default(struct bond_lacp_port *p);

/* lacp_periodic.c */
enum bond_lacp_periodic bond_lacp_periodic_next_state(const struct bond_lacp_port *p);
bool bond_lacp_periodic_due(const struct bond_lacp_port *p, uint64_t now); /* PERIODIC_TX */
void bond_lacp_periodic_enter(struct bond_lacp_port *p, enum bond_lacp_periodic state,
                              uint64_t now);

/* lacp_select.c */
int bond_lacp_find_agg(const struct bond *b, int slot); /* slot of the aggregator for this port */
void bond_lacp_attach(struct bond *b, int slot, int agg);
void bond_lacp_detach(struct bond *b, int slot);
void bond_lacp_move_agg(struct bond *b, int from);           /* its owner leaves, its ports stay */
uint32_t bond_lacp_agg_ports(const struct bond *b, int agg); /* attached */
int bond_lacp_best_agg(const struct bond *b);                       /* or BOND_NO_PORT */

/* lacp_mux.c */
enum bond_lacp_mux bond_lacp_mux_next_state(const struct bond *b, int slot);
void bond_lacp_mux_enter(struct bond *b, int slot, enum bond_lacp_mux state, uint64_t now);

/* lacp_churn.c */
bool bond_lacp_churn_run(struct bond_lacp_port *p, uint64_t now); /* both; true: one moved */

/* lacp_tx.c */
uint64_t bond_lacp_tx_at(const struct bond_lacp_port *p); /* when the next one may leave */
void bond_lacp_transmit(struct step *s, int slot);
void bond_lacp_transmit_goodbye(struct step *s, int slot); /* out of sync, at once */
void bond_lacp_answer_marker(struct step *s, int slot, const uint8_t *frame);

/* lacp_use.c */
bool bond_lacp_collects(const struct bond *b, int slot);
bool bond_lacp_is_inactive(const struct bond *b, int slot); /* kernel: slave->inactive */
bool bond_lacp_sends_next_state(const struct bond *b, int slot, uint64_t now);
bool bond_lacp_sends_run(struct bond *b, uint64_t now); /* all ports; true: one moved */
bool bond_lacp_distributes(const struct bond *b, int slot);
bool bond_lacp_carrier(const struct bond *b);
const char *bond_lacp_check(const struct bond *b); /* invariants, as bond_check() */

/* lacp_proc.c: nothing in other modes. */
struct bond_text;
void bond_lacp_show(struct bond_text *t, const struct bond *b);
void bond_lacp_show_port(struct bond_text *t, const struct bond *b, int slot);

/* lacp.c: from the rest of the step. */
void bond_lacp_init(struct bond *b);
void bond_lacp_bind(struct step *s, int slot);
/* Of a member, or one that is leaving; `tell`: the partner. */
void bond_lacp_unbind(struct step *s, int slot, bool tell);
void bond_lacp_options_changed(struct step *s);
void bond_lacp_frame(struct step *s, const struct bond_event *ev);
void bond_lacp_resume(struct step *s);
void bond_lacp_settle(struct step *s);
uint64_t bond_lacp_deadline(const struct bond *b);

#endif
