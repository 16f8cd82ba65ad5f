/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ethtool.h - inside datapath/ only: one ethtool request.
 */
#ifndef DP_ETHTOOL_H
#define DP_ETHTOOL_H

#include "datapath/link.h"

int dp_ethtool_open(void); /* a descriptor of the calling thread's namespace, or -errno */
/* cmd: one of linux/ethtool.h's structs. Returns what the kernel returns (>= 0), or -errno. */
int dp_ethtool(int fd, const char *name, void *cmd);

#endif
