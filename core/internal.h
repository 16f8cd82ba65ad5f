/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * internal.h - what the files of bond_step() share. Nothing outside core/ includes it.
 *
 * A step: the event changes the state (step.c, attach.c, leave.c, reconfigure.c), then it is
 * settled: links are judged (mii.c), the active port is chosen (active.c), addresses are dealt
 * out (mac.c), drains end (leave.c), announcements come due (notify.c). At the end the state
 * before and after is compared and the difference becomes actions, in an order that is safe for
 * traffic (effects.c). So a step that moves something there and back again does nothing.
 */
#ifndef BOND_INTERNAL_H
#define BOND_INTERNAL_H

#include <errno.h>
#include <string.h>

#include "core/bond.h"

struct step {
    struct bond *b;
    const struct bond *was; /* the state before the event */
    struct bond_actions *out;
    struct bond_err *err; /* may be NULL */
    uint64_t now;
    bool reselect;    /* something happened after which the kernel looks for a better active port */
    bool assign_macs; /* the rule for addresses has changed: deal them all out again */
    enum bond_reason cause; /* of the reselection, if it was not a link; BOND_REASON_NONE */
    int wish;               /* make this port active if it is usable; BOND_NO_PORT */
    bool put_bond_mac;
    uint32_t put_port_mac; /* bit n: slot n */
    uint32_t released;
    bool announce, resend_igmp;
    uint32_t learn_own;   /* bit n: slot n sends a learning packet from its own address */
    uint32_t learn_other; /* bit n: the active port sends one from slot n's address */
    bool tick, probe;     /* the event is a TICK; the ARP/NS monitor has looked and asks again */
    uint32_t probe_ports; /* bit n: slot n asks */
    uint8_t frame_slot[BOND_MAX_FRAMES]; /* by which port out->frame[i] leaves */
    uint8_t frame_act[BOND_MAX_FRAMES];  /* BOND_ACT_SEND or _BFD */
};

/* bond.c */
int bond_primary(const struct bond *b);          /* kernel: primary_slave. Slot or BOND_NO_PORT */
bool bond_port_is_up(const struct bond_port *p); /* kernel: bond_slave_is_up() */
uint32_t bond_n_members(const struct bond *b);
uint32_t bond_n_up(const struct bond *b); /* members with link UP */
bool bond_carrier_rule(const struct bond *b);
bool bond_inactive_rule(const struct bond *b, int slot);
bool bond_options_valid(const struct bond_options *o);
bool bond_mac_valid(const uint8_t mac[BOND_MAC_LEN]); /* not zero, not multicast */
/* The bond's, or that of one of its ports. */
bool bond_has_mac(const struct bond *b, const uint8_t mac[BOND_MAC_LEN]);

static inline uint32_t
bond_opt_num(const struct bond *b, enum bond_opt_id id)
{
    return b->opt.num[id];
}

static inline enum bond_mode
bond_mode(const struct bond *b)
{
    return (enum bond_mode) b->opt.num[BOND_OPT_MODE];
}

static inline bool
bond_uses_primary(const struct bond *b)
{
    return bond_mode_uses_primary(b->opt.num[BOND_OPT_MODE]);
}

static inline bool
bond_mac_equal(const uint8_t *a, const uint8_t *b)
{
    return memcmp(a, b, BOND_MAC_LEN) == 0;
}

/* Saturating, but a deadline is never BOND_NEVER. */
static inline uint64_t
bond_after_ms(uint64_t t, uint64_t ms)
{
    uint64_t ns = ms * BOND_NSEC_PER_MSEC;
    return t >= BOND_NEVER - ns ? BOND_NEVER - 1 : t + ns;
}

/* A delay as the kernel counts it: in whole looks of miimon (bond_options.c,
 * _bond_option_delay_set). Without miimon there is none. */
static inline uint32_t
bond_delay_ms(const struct bond *b, enum bond_opt_id id)
{
    uint32_t miimon = bond_opt_num(b, BOND_OPT_MIIMON);
    return miimon ? bond_opt_num(b, id) / miimon * miimon : 0;
}

/* effects.c */
void bond_note(struct step *s, enum bond_note note, int slot, int other, enum bond_reason reason);
/* A zeroed frame of this length to leave by that port in this step, after the table is published;
 * more than BOND_MAX_FRAMES of them are lost, as on a wire. Never NULL. */
uint8_t *bond_send(struct step *s, int slot, uint16_t len, uint16_t vlan_id);
uint8_t *bond_send_as(struct step *s, enum bond_action_type type, int slot, uint16_t len,
                      uint16_t vlan_id);
void bond_effects(struct step *s);
uint64_t bond_next_deadline(const struct bond *b, uint64_t now);

/* attach.c: what is reported of ports. 0, slot or negative errno. */
int bond_attach(struct step *s, const struct bond_event *ev);
int bond_port_report(struct step *s, const struct bond_event *ev);
int bond_port_reconfigure(struct step *s, const struct bond_event *ev);

/* leave.c */
void bond_leave_start(struct step *s, int slot);
void bond_release(struct step *s, int slot, enum bond_reason reason);
void bond_leave_settle(struct step *s);
void bond_inactive_settle(struct step *s);

/* mii.c */
void bond_mii_settle(struct step *s);
void bond_mii_redelay(struct step *s); /* the delays have changed */
/* The link's new state with all that it sets off: counters, notes, a new choice. */
void bond_link_enter(struct step *s, int slot, enum bond_link link, enum bond_reason reason);

/* arpmon.c, arpmon_rx.c; more in arpmon.h */
bool bond_arpmon_on(const struct bond *b); /* by the options: it judges the links, mii.c does not */
uint32_t bond_arpmon_frames(const struct bond *b); /* BOND_FRAMES_* */
bool bond_arpmon_counts_traffic(const struct bond *b);

/* active.c */
/* The order of preference among ports of the same link state. */
bool bond_port_goes_before(const struct bond *b, int x, int y);
int bond_best_port(const struct bond *b, enum bond_link link); /* slot or BOND_NO_PORT */
int bond_set_active(struct step *s, int slot);                 /* SET_ACTIVE: 0 or negative errno */
void bond_active_settle(struct step *s);

/* mac.c */
bool bond_mac_learn(struct step *s, const uint8_t mac[BOND_MAC_LEN], bool given);
void bond_mac_attach(struct step *s, int slot, bool first);
void bond_mac_failover(struct step *s);
void bond_mac_restore(struct step *s, int slot);
void bond_mac_left(struct step *s, int slot); /* it is no member any more */
void bond_mac_last_left(struct bond *b);
void bond_mac_settle(struct step *s);
enum bond_fail_over_mac bond_mac_policy(const struct bond *b);

/* notify.c */
void bond_notify_settle(struct step *s);

/* tlb.c */
bool bond_is_lb(const struct bond *b); /* balance-tlb or -alb */
void bond_tlb_settle(struct step *s);

/* buckets.c */
void bond_buckets_settle(struct step *s);
void bond_buckets_balance(struct step *s, const struct bond_bucket_load *load);

/* alb.c */
bool bond_alb_balances_receiving(const struct bond *b);
void bond_alb_forget(struct bond *b); /* no client is known any more */
void bond_alb_frame(struct step *s, const struct bond_event *ev);
void bond_alb_settle(struct step *s);
uint64_t bond_alb_deadline(const struct bond *b);

/* reconfigure.c */
int bond_reconfigure(struct step *s, const struct bond_options *o);

#endif
