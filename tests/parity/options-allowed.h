/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options-allowed.h - where core takes or refuses a text otherwise than the kernel, on purpose.
 */
#ifndef TESTS_PARITY_OPTIONS_ALLOWED_H
#define TESTS_PARITY_OPTIONS_ALLOWED_H

#include <stdbool.h>

#include "core/options.h"
#include "tests/parity/options-cases.h"

/* `text` was written to `option`: errno of the driver and here. True: a rule covers it. Then
 * `means` is what the driver took the text for: written to core it has to do what the driver did.
 * Empty: what core has taken it is to forget again. */
bool parity_allowed(const char *option, const char *text, int driver, int here,
                    char means[PARITY_TEXT]);

/* Both took it, and `read` reads differently here: true if a rule covers it. `means` as above;
 * empty: they have parted, and the rest of the sequence cannot be compared. */
bool parity_value_allowed(const char *option, const char *text, const char *read,
                          const char *driver, const char *here, char means[PARITY_TEXT]);

/* Prints how often each rule was needed; false if one was not, and `all` had to be. */
bool parity_allowed_report(bool all);

#endif
