/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bpf_priv.h - what the files behind bpf.h share. Nobody else includes it but their tests.
 */
#ifndef DP_BPF_PRIV_H
#define DP_BPF_PRIV_H

#include <limits.h>

#include "datapath/bpf.h"
#include "datapath/bpf/shared.h"

struct dp_tc;
struct dp_wake;

#define DP_BPF_TEXT_SIZE 256

enum { DP_MAP_SHARED, DP_MAP_COUNTERS, DP_MAP_RR, DP_MAP_TLB, DP_MAP_LOAD, DP_MAP_WAKE, DP_BPF_N_MAPS };
enum { DP_PROG_TX, DP_PROG_RX, DP_PROG_INSIDE, DP_BPF_N_PROGS };

/* The programs, compiled from one source, the best first. */
enum dp_variant {
    DP_VARIANT_SEES,  /* skips a port without carrier, and has DP_MAP_WAKE to tell of it */
    DP_VARIANT_PLAIN, /* a port without carrier is bondd's business */
    DP_VARIANT_BARE,  /* the same for a kernel without types */
    DP_N_VARIANTS,
};

struct dp_bpf {
    enum dp_variant variant;
    int map_fd[DP_BPF_N_MAPS]; /* -1: none */
    int prog_fd[DP_BPF_N_PROGS];
    struct dp_shared *shared; /* DP_MAP_SHARED, mapped */
    struct dp_tc *tc;
    char name[BOND_NAME_SIZE];
    char *dir;             /* where the maps are pinned; owned */
    bool waiting;          /* hooks where an older program goes on until the first table */
    bool has_tcx;          /* the kernel has it */
    bool by_tcx[DP_HOOKS]; /* of shared->hook: how the program is attached there */
    int n_cpus;
    struct bond_counters *per_cpu; /* [n_cpus], scratch */
    struct dp_wake *wake;          /* NULL: nobody has asked for it */
};

/* bpf_object.c: what is built into us. */
/* Tells this build's programs of a variant from all others. */
uint64_t dp_object_id(enum dp_variant variant);
/* The best one that is wanted and not yet known to be too much for this kernel. */
enum dp_variant dp_object_best(void);
/* Loads the best variant that the kernel takes. Maps that bpf has already are used, the others and
 * the programs are made. */
int dp_object_load(struct dp_bpf *bpf, char *text, size_t text_size);

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
/* The filter in our place runs this very program, for this bond. */
bool dp_tc_runs(struct dp_tc *tc, int ifindex, unsigned direction, int bond_ifindex, int prog_fd);
/* Makes sure that there is a clsact; *made: it was not there before. */
int dp_tc_qdisc_add(struct dp_tc *tc, int ifindex, bool *made);
/* Puts the program in place of what was there, without a gap. EBUSY where that belongs to another
 * living bond, EEXIST where it is not ours. */
int dp_tc_attach(struct dp_tc *tc, int ifindex, unsigned direction, int bond_ifindex, int prog_fd);
/* Takes our filter away, or what a dead bond has left there; with own_qdisc also the clsact, if
 * then nobody uses it. Nothing there (any more) is success. */
int dp_tc_detach(struct dp_tc *tc, int ifindex, unsigned direction, int bond_ifindex,
                 bool own_qdisc);
/* Whether somebody has a filter in this direction that is not ours. */
bool dp_tc_others(struct dp_tc *tc, int ifindex, unsigned direction);

/* bpf_tcx.c: programs on tcx, each held by a link that is pinned in the bond's directory. */
bool dp_tcx_available(void);
bool dp_tcx_is_pin(const char *name, int *ifindex, unsigned *direction);
/* Any program at all is on the hook. */
bool dp_tcx_is_used(int ifindex, unsigned direction);
/* A program of the bond is on the hook; this one is. */
bool dp_tcx_is_there(const char *dir, int ifindex, unsigned direction);
bool dp_tcx_runs(const char *dir, int ifindex, unsigned direction, int prog_fd);
/* EBUSY: the device belongs to another living bond. One that is no more loses it. */
int dp_tcx_check_free(const char *dir, int ifindex, unsigned direction);
/* Puts the program in place of the bond's that was there, without a gap. */
int dp_tcx_attach(const char *dir, int ifindex, unsigned direction, int prog_fd);
/* The same where there is one already, else ENOENT. */
int dp_tcx_replace(const char *dir, int ifindex, unsigned direction, int prog_fd);
void dp_tcx_detach(const char *dir, int ifindex, unsigned direction);
/* Takes away what is attached but in no hook of shared. */
void dp_tcx_prune(const char *dir, const struct dp_shared *shared);

/* bpf_hook.c: one program on one hook, by tcx or clsact. */
bool dp_hook_wants(enum dp_attach how);
/* Idempotent; what is attached the other way is replaced without a gap. */
int dp_hook_attach(struct dp_bpf *bpf, int ifindex, unsigned direction);
int dp_hook_detach(struct dp_bpf *bpf, int ifindex, unsigned direction);
/* All of shared->hook, once more. */
int dp_hook_attach_all(struct dp_bpf *bpf);
/* All of shared->hook. */
void dp_hook_detach_all(struct dp_tc *tc, const char *dir, struct dp_shared *shared);

/* bpf_pin.c: pinned maps and programs. */
/* The bond's directory, made where it is missing; taken along where the bond was renamed. *dir:
 * transfer full. */
int dp_pin_dir(char **dir, struct dp_tc *tc, const char *pin_dir, const char *bond_name,
               int bond_ifindex, char *text, size_t text_size);
/* Takes the pinned maps if they are of this layout and for this bond, and then the programs if they
 * are of this build and use these maps. *maps, *programs say so. What does not fit is removed, its
 * filters too where known. */
int dp_pin_reuse(struct dp_bpf *bpf, int bond_ifindex, bool *maps, bool *programs, char *text,
                 size_t text_size);
/* Pins all of bpf, and nothing else is left in its directory. */
int dp_pin_all(struct dp_bpf *bpf, char *text, size_t text_size);
void dp_pin_remove(const char *dir);
/* The device of the bond that the directory is of; 0: not known. */
int dp_pin_bond_of(const char *dir);
/* The shared memory behind a map, if it is of our layout; else NULL. */
struct dp_shared *dp_pin_map_shared(int fd);

/* bpf_wake.c */
void dp_wake_close(struct dp_wake *w);

/* One sentence into text; returns code. */
int dp_text(char *text, size_t size, int code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif
