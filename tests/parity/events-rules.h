/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * events-rules.h - inside the rules only: their names, and how they read a look.
 */
#ifndef TESTS_PARITY_EVENTS_RULES_H
#define TESTS_PARITY_EVENTS_RULES_H

#include "tests/parity/events-allowed.h"

enum parity_rule {
    RULE_LAST_LEFT,
    RULE_FOLLOW,
    RULE_EQUAL,
    RULE_SAME_VALUE,
    RULE_FAILING,
    RULE_UPDELAY,
    RULE_BROADCAST,
    RULE_IGMP,
    RULE_XOR,
    RULE_LOAD,
    RULE_LB_ADDRESS,
    RULE_ALL_ACTIVE,
    RULE_LACP_SYNC,
    RULE_LACP_KEY,
    RULE_LACP_STABLE,
    RULE_LACP_CHURN,
    RULE_LACP_EARLY,
    RULE_LACP_LOOP,
    RULE_LACP_COLLECTS,
    RULE_LACP_BANDWIDTH,
    RULE_LACP_NUMBER,
    RULE_LACP_SAID,
    RULE_LACP_SHRUNK,
    RULE_LACP_HALF,
    RULE_CARRIER,
    RULE_STARVED,
    RULE_BELIEVED,
    RULE_SLEPT,
    RULE_REOPENED,
    RULE_STAMPED,
    RULE_N
};

/* Counts that a rule was needed; true. */
bool parity_use(enum parity_rule rule);
/* The line of the look that begins like this, without the beginning; NULL: there is none. */
const char *parity_line_of(const struct parity_lines *lines, const char *beginning);
/* The line that begins like this before line `at`, which is in the same port's part. */
const char *parity_line_before(const struct parity_lines *lines, uint32_t at,
                               const char *beginning);
int parity_number_in(const char *line);
/* After this event the driver looks for the best port anew. */
bool parity_makes_it_select(const struct parity_event *e);

/* events-allowed-far.c. With ARP and NS monitors: */
bool parity_monitor_line_allowed(struct parity_sim *s, const struct parity_event *e,
                                 const struct parity_lines *lines, uint32_t at, const char *driver,
                                 const char *here);
/* As if it had been that port which asked in the last round. */
void parity_has_asked_by(struct parity_sim *s, const char *port, const char *instead_of);
/* The bond is up again under its monitor. */
bool parity_has_slept(const struct parity_sim *s, const struct parity_event *e);
bool parity_is_out_of_step(const struct parity_sim *s, struct parity_history *history,
                           const struct parity_lines *driver, const struct parity_lines *here);
/* With partners. */
bool parity_partner_line_allowed(const struct parity_sim *s, const struct parity_lines *driver,
                                 const struct parity_lines *here, uint32_t at);
/* A partner has just become deaf. It gives up 5 to 6 s later, we 6 s after its last word, and the
 * look comes after 10.5 s: either may be right. */
bool parity_partner_gives_up(const struct parity_sim *s, const struct parity_event *e);
bool parity_partner_parts(const struct parity_sim *s, const struct parity_event *e,
                          const struct parity_lines *driver, const struct parity_lines *here);
/* Nothing more can be compared. */
bool parity_monitor_parts(const struct parity_sim *s, const struct parity_event *e,
                          const struct parity_lines *driver, const struct parity_lines *here);

#endif
