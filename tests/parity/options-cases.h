/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options-cases.h - what is written to which option of a bond in which state: the same for the
 * recorder (real driver, in the guest) and for the replay (core/options.h).
 *
 * A sequence begins with a new bond and writes to it, one option after the other: what was written
 * before is the state for what comes. All options by themselves, each with all texts, in each mode
 * and state; then random texts; then random sets of mostly good values, for what options do to each
 * other.
 */
#ifndef TESTS_PARITY_OPTIONS_CASES_H
#define TESTS_PARITY_OPTIONS_CASES_H

#include <stdint.h>

enum parity_state { /* of the bond */
                    PARITY_DOWN,
                    PARITY_UP,
                    PARITY_PORTS, /* up, with the ports p0 and p1, both usable */
                    PARITY_STATES
};

#define PARITY_TEXT 80u
#define PARITY_MAX_WRITES 128u

struct parity_write {
    const char *option;
    char text[PARITY_TEXT];
};

struct parity_sequence {
    uint32_t mode;
    enum parity_state state;
    uint32_t n;
    struct parity_write write[PARITY_MAX_WRITES];
};

extern const char *const parity_options[]; /* all files in sysfs that take an option; NULL ends */

/* How many sequences the golden file has; the one with this number: further ones are random. */
uint32_t parity_sequences(void);
void parity_sequence(uint32_t index, struct parity_sequence *s);

/* The text as it may stand in a message. Static buffer. */
const char *parity_escape(const char *text);

#endif
