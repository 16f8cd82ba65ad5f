/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bpf_priv.h - what the files behind bpf.h share. Nobody else includes it but their tests.
 */
#ifndef DP_BPF_PRIV_H
#define DP_BPF_PRIV_H

#include <limits.h>

#include "datapath/bpf.h"
#include "datapath/bpf/shared.h"

struct bond_bpf; /* the skeleton */
struct dp_tc;

#define DP_BPF_N_MAPS 4
#define DP_BPF_TEXT_SIZE 256

struct dp_bpf {
    struct bond_bpf *skel;
    struct dp_shared *shared; /* mapped; lives as long as skel */
    struct dp_tc *tc;
    char name[BOND_NAME_SIZE];
    char dir[PATH_MAX]; /* where the maps are pinned */
    bool waiting;       /* hooks where an older program goes on until the first table */
    int n_cpus;
    struct bond_counters *per_cpu; /* [n_cpus], scratch */
};

/* bpf_tc.c: filters on clsact, through one netlink socket of this namespace. */
int dp_tc_open(struct dp_tc **out);
void dp_tc_close(struct dp_tc *tc);

/* Who put a filter where we put ours. */
enum dp_tc_owner {
    DP_TC_NOBODY,
    DP_TC_THIS_BOND,
    DP_TC_DEAD_BOND,  /* a bond whose device is no more */
    DP_TC_OTHER_BOND, /* another bond, alive */
    DP_TC_FOREIGN,    /* not a bond at all */
};
/* The owner of the filter in our place; *n_filters (may be NULL): all filters in this direction.
 * ENODEV where the device is gone. */
int dp_tc_owner(struct dp_tc *tc, int ifindex, unsigned direction, int bond_ifindex,
                enum dp_tc_owner *owner, unsigned *n_filters);
/* Makes sure that there is a clsact; *made: it was not there before. */
int dp_tc_qdisc_add(struct dp_tc *tc, int ifindex, bool *made);
/* Puts the program in place of what was there, without a gap. EBUSY where that belongs to another
 * living bond, EEXIST where it is not ours. */
int dp_tc_attach(struct dp_tc *tc, int ifindex, unsigned direction, int bond_ifindex, int prog_fd);
/* Takes our filter away; with own_qdisc also the clsact, if then nobody uses it. Nothing there
 * (any more) is success. */
int dp_tc_detach(struct dp_tc *tc, int ifindex, unsigned direction, int bond_ifindex,
                 bool own_qdisc);
/* dp_tc_detach() for all of shared->hook. */
void dp_tc_detach_hooks(struct dp_tc *tc, struct dp_shared *shared);

/* bpf_pin.c: pinned maps. */
/* The bond's directory, made where it is missing; taken along where the bond was renamed. */
int dp_pin_dir(char *dir, size_t size, const char *pin_dir, const char *bond_name, int bond_ifindex,
               char *text, size_t text_size);
/* Lets the skeleton, opened and not loaded, use the pinned maps if there are maps of this layout
 * for this bond. *reused says so. What does not fit is removed, its filters too where known. */
int dp_pin_reuse(struct dp_bpf *bpf, int bond_ifindex, bool *reused, char *text, size_t text_size);
int dp_pin_maps(struct dp_bpf *bpf, char *text, size_t text_size);
void dp_pin_remove(const char *dir);

/* One sentence into text; returns code. */
int dp_text(char *text, size_t size, int code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif
