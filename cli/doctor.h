/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * doctor.h - findings of the verb `doctor`.
 */
#ifndef BONDCLI_DOCTOR_H
#define BONDCLI_DOCTOR_H

#include "nm.h"

enum doctor_state { DOCTOR_OK, DOCTOR_HINT, DOCTOR_PROBLEM };

struct doctor {
    struct cli *cli;
    GPtrArray *rows; /* of char **: CHECK, STATE, FINDING, ADVICE */
    bool has_problem;
};

/* Takes `finding`; `advice` is what to do, or "". */
void doctor_add(struct doctor *doctor, const char *check, enum doctor_state state, char *finding,
                const char *advice);

/* The kernel, what is left over of bonds, the network cards (doctor-system.c). */
void doctor_check_kernel(struct doctor *doctor);
void doctor_check_leftovers(struct doctor *doctor); /* with cli->client, connected */
void doctor_check_cards(struct doctor *doctor);

#endif
