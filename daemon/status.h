/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * status.h - what people and scripts read: the text of /proc/net/bonding, and warnings.
 */
#ifndef BONDD_STATUS_H
#define BONDD_STATUS_H

#include "daemon/bond.h"

char *bondd_status_text(const struct bondd_bond *b); /* transfer full */
/* Writes <run-dir>/<bond>, if it differs from *last (transfer full, updated). */
void bondd_status_write(const struct bondd_bond *b);
void bondd_status_remove(const struct bondd_bond *b);

/* What a user should know, a sentence each. Transfer full. */
GStrv bondd_status_warnings(const struct bondd_bond *b);

#endif
