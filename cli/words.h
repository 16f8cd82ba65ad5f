/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * words.h - "OPTION VALUE ..." on the command line.
 */
#ifndef BONDCLI_WORDS_H
#define BONDCLI_WORDS_H

#include "nm.h"
#include "profile.h"

/* Before cli_parse(): "-ports eth1" and "ports -eth1" are no options of the program. */
void words_protect(int argc, char **argv);
/* Applies all pairs; says what is wrong with one. */
int words_apply(struct profile *profile, int argc, char **argv);
/* profile_finish(), the notes, and an error said. */
int words_finish(struct profile *profile);
void words_complete(int argc, char **argv); /* the last word; argv[0] is the first key */

/* The answer to "LABEL: ", "" if there is none; NULL at the end of the input. Transfer full. */
char *words_ask(const char *label);

/* What else wants these ports; *busy: some device is in use by another profile now. */
void words_warn_of_ports(struct nm *nm, NMConnection *bond, GPtrArray *ports, bool *busy);

/* Checks that a verb got exactly the words that it takes, "NAME NEW"; with --ask those that are
 * missing are asked for. */
int words_expect(const struct cli *cli, const char *verb, int *argc, char ***argv, int min, int max,
                 const char *usage);

#endif
