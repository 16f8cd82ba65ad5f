/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config.h - what the administrator chose: command line and /etc/bondd.conf, read once at start.
 */
#ifndef BONDD_CONFIG_H
#define BONDD_CONFIG_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "datapath/bpf.h"

#define BONDD_DRAIN_MS_DEFAULT 300u
#define BONDD_DRAIN_MS_MAX 60000u

enum bondd_datapath {
    BONDD_DATAPATH_AUTO,
    BONDD_DATAPATH_BPF,
    BONDD_DATAPATH_KERNEL,
};

struct bondd_config {
    char *run_dir, *state_dir, *pin_dir, *file; /* owned */
    enum bondd_datapath datapath;
    bool failover_netlink; /* the packet path is not to see carriers by itself */
    enum dp_attach attach;
    bool device_counters; /* the bonds' own devices are to count what passes */
    uint32_t drain_ms;
    uint32_t max_bonds;
    uint32_t idle_exit_s; /* without a bond for so long: exit; 0 never */
    GPtrArray *warnings;  /* of char*: what was wrong in the file */
};

void bondd_config_init(struct bondd_config *c);
void bondd_config_clear(struct bondd_config *c);

/* Reads c->file. What is invalid there keeps its default and becomes a warning; never fails. */
void bondd_config_read(struct bondd_config *c);

bool bondd_kernel_has_bonding(void);
/* "bpf" or "kernel", and why in one sentence (static strings). */
const char *bondd_config_datapath(const struct bondd_config *c, const char **reason);

#endif
