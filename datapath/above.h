/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * above.h - inside datapath/ only: a bond and every device above it.
 */
#ifndef DP_ABOVE_H
#define DP_ABOVE_H

#include "datapath/monitor.h"

/* The bond first, then what is above it, by index. *out: transfer full (free()); the links are
 * borrowed from the monitor until its next dispatch. Returns how many, 0 if there is no such
 * bond, or -ENOMEM. */
int dp_above_list(const struct dp_monitor *m, int bond_ifindex, const struct dp_link ***out);

#endif
