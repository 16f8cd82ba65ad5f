/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bpf.h - the packet path of one bond: loads the BPF programs, attaches them, publishes tables.
 *
 * One instance of the object per bond, in the best variant that the kernel takes. Programs: tx on
 * the bond's egress, tx again on the hidden peer's ingress (for BOND_TABLE_F_VIA_PEER), rx on each
 * port's ingress. Everything is held by the kernel (filters, pinned maps), nothing by this process:
 * after a restart dp_bpf_open() takes over what is there: the pinned programs if they are of the
 * same build, else it replaces them in place.
 *
 * Publishing is atomic: tables live in BOND_TABLE_RING generations, a head number names the one
 * in force, a reader that was overtaken looks again.
 *
 * All functions return 0 or a negative errno unless said otherwise.
 */
#ifndef DP_BPF_H
#define DP_BPF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/table.h"

struct dp_bpf;

/* Loads (or, where `<pin_dir>/<bond name>/` has maps of this version, takes over) and attaches to
 * the bond and its peer. `*out`: transfer full. *text gets a sentence on failure (size >= 256). */
int dp_bpf_open(struct dp_bpf **out, const char *pin_dir, const char *bond_name, int bond_ifindex,
                int peer_ifindex, char *text, size_t text_size);

/* Receiving by two peers (hidden.h): the kernel has what it takes, and it is not forbidden. */
bool dp_bpf_can_hide(void);
/* Puts the program that joins them on the two devices that are to be hidden, while they are in this
 * namespace: it goes with them. */
int dp_bpf_put_inside(struct dp_bpf *bpf, const int device[2]);
/* Which they are there; from the next table on what ports receive goes by them. ENOENT: they have
 * no program. */
int dp_bpf_set_inside(struct dp_bpf *bpf, const int inside[2]);
/* "peers", or "ingress": onto the ingress of the bond's device; for status. */
const char *dp_bpf_receives_by(const struct dp_bpf *bpf);

/* For all bonds that are opened from now on: do without what not every kernel has, so that carrier
 * is seen by netlink alone (for tests, and for whoever meets a kernel that misbehaves). */
void dp_bpf_netlink_only(bool on);

/* The packet path skips a port without carrier by itself. */
bool dp_bpf_sees_carrier(const struct dp_bpf *bpf);

/* It also tells, the first time after each publication: readable when it did. -1: it cannot. The
 * descriptor belongs to bpf. */
int dp_bpf_wake_fd(const struct dp_bpf *bpf);
/* Reads what it told. Returns when the first frame was led past a port without carrier (ns,
 * CLOCK_MONOTONIC); 0: it has not told anything. */
uint64_t dp_bpf_wake_read(struct dp_bpf *bpf);

/* Closes the handles. destroy: also detaches from bond and peer and removes the pins (ports must
 * have been detached or be gone). */
void dp_bpf_close(struct dp_bpf *bpf, bool destroy);

/* The whole table, atomically. gen, bond_ifindex and what is for short ways are filled in
 * here. */
int dp_bpf_publish(struct dp_bpf *bpf, const struct bond_table *table);

/* The rx program on a port; idempotent. EBUSY: it is a port of another bond that is alive; EEXIST:
 * a filter that is not ours is in our place; ENODEV. detach of a port that is gone returns 0. */
int dp_bpf_attach_port(struct dp_bpf *bpf, int port_ifindex);
int dp_bpf_detach_port(struct dp_bpf *bpf, int port_ifindex);

/* out[BOND_MAX_PORTS + 1], summed over CPUs. The last is the bond: the sum of its ports, those that
 * have left included, and the frames that no port could carry (kernel: bond_get_stats()). One skb
 * is one frame, before segmentation. */
int dp_bpf_counters(struct dp_bpf *bpf, struct bond_counters *out);
/* out[BOND_MAX_PORTS]: when a frame last came in on each slot's port, while the table in force has
 * BOND_TABLE_F_STAMP; 0: none did. */
int dp_bpf_stamps(struct dp_bpf *bpf, uint64_t *out);
/* Copies of what frames are sent by at the moment: the table in force, and the account of balance-tlb
 * and -alb. */
int dp_bpf_look(struct dp_bpf *bpf, struct bond_table *table, struct bond_tlb *tlb);
/* hash=resilient: what has gone by each bucket since the bond was made. */
int dp_bpf_bucket_load(struct dp_bpf *bpf, struct bond_bucket_load *out);
/* A slot is reused by another port: its counters start at zero. */
int dp_bpf_counters_reset(struct dp_bpf *bpf, unsigned slot);

/* How programs are put on devices. */
enum dp_attach {
    DP_ATTACH_AUTO,   /* tcx where the kernel has it and nobody else has a tc filter, else clsact */
    DP_ATTACH_TCX,    /* tcx, before all tc filters; no bond where the kernel has none */
    DP_ATTACH_CLSACT, /* clsact, after all tc filters */
};
/* For all bonds that are opened from now on. */
void dp_bpf_attach_by(enum dp_attach how);
/* "tcx", "clsact", or "mixed" where it is not the same on all devices of the bond; for status. */
const char *dp_bpf_attachment(const struct dp_bpf *bpf);
/* Somebody's tc filters on the device (0: on any) have come or gone: with DP_ATTACH_AUTO ours may
 * have to change places. Nothing is lost by it. */
int dp_bpf_filters_changed(struct dp_bpf *bpf, int ifindex);

/* Removes pins of bonds that are not in keep[n] (after a crash). Returns how many were removed. */
int dp_bpf_sweep(const char *pin_dir, const char *const *keep, unsigned n);

#endif
