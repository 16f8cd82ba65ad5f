/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * events-allowed.h - where core decides otherwise than the kernel, on purpose.
 */
#ifndef TESTS_PARITY_EVENTS_ALLOWED_H
#define TESTS_PARITY_EVENTS_ALLOWED_H

#include "tests/parity/events-sim.h"

#define PARITY_MAX_LINES 240u

struct parity_lines {
    uint32_t n;
    char *line[PARITY_MAX_LINES];
};

enum parity_verdict {
    PARITY_DIFFERS, /* no rule covers it */
    PARITY_ALLOWED, /* what follows can be compared all the same */
    PARITY_AGAIN,   /* core was brought to the driver's decision: look again */
    PARITY_PARTED,  /* allowed, but nothing that follows can be compared */
};

struct parity_history { /* of a script */
    bool hurried;       /* a rule let the two differ until a delay is over */
    uint32_t skew; /* frames that the driver's round robin has counted in this look, and we not */
};

/* The two looks differ after `e` (NULL: at the beginning). For PARITY_DIFFERS *at is the first line
 * that no rule covers. */
enum parity_verdict parity_judge(struct parity_sim *s, struct parity_history *history,
                                 const struct parity_event *e, const struct parity_lines *driver,
                                 const struct parity_lines *here, uint32_t *at);

/* Prints how often each rule was needed; false if one was not, and `all` had to be. */
bool parity_events_report(bool all);

#endif
