/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * world.h - a network of our own for a test, and the bond's programs in it.
 *
 *     bond0 === nmbp0        (veth; the bond and its hidden peer)
 *     p0    === q0           (veth; a port and the far end of its cable)
 *     ...       ...
 *     p7    === q7
 *
 * All in one new network namespace, all up, without IPv6, with a BPF file system of its own. Ends
 * with the process.
 */
#ifndef TESTS_BPF_WORLD_H
#define TESTS_BPF_WORLD_H

#include <stdbool.h>

#include "core/frame.h"
#include "datapath/bpf_priv.h"
#include "tests/bpf/frames.h"

#define WORLD_PORTS 8

struct world {
    char pin_dir[96];
    char mount_dir[64];
    int bond, peer;
    int port[WORLD_PORTS], far[WORLD_PORTS]; /* ifindex */
};

/* Exits with 77 and the reason where namespaces or BPF cannot be had. */
void world_open(struct world *w);
void world_close(struct world *w);
/* Programs are attached as BOND_ATTACH in the environment says: auto (the default), tcx, clsact. */
void world_attach_by(void);

/* Runs a command; the test fails with its output if it does. */
void run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* How many lines a command prints. */
unsigned lines(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

struct dp_bpf *open_bond(const struct world *w);
bool by_tcx(const struct dp_bpf *bpf);

/* n members, all usable, in slots 0..n-1, received frames accepted. */
void table_fill(struct bond_table *t, const struct world *w, unsigned mode, unsigned policy,
                unsigned n);

/* From ..:01 to ..:02, of no protocol that anybody speaks. */
void plain_frame(struct frame *f);
/* The frame as the packet path is handed it, without a tag beside it. */
struct bond_frame view(const struct frame *f);
/* BPF_PROG_TEST_RUN refuses an IP frame that ends within its first header: so long it becomes. */
void make_runnable(struct frame *f);
/* How many frames have left by this port. */
uint64_t sent_by(struct dp_bpf *bpf, uint32_t slot);
/* The round-robin counters, of all CPUs; how many frames they have counted since, together. */
void set_rr_counter(struct dp_bpf *bpf, uint32_t value);
uint32_t rr_counted(struct dp_bpf *bpf, uint32_t value);

/* BPF_PROG_TEST_RUN as if the frame were at device `ifindex` (0: lo). */
int test_run(int prog_fd, const struct frame *f, unsigned ifindex, uint32_t mark);

/* A packet socket that sees what comes in on a device (and, with `out`, what goes out). */
int capture(int ifindex, bool out);
/* The next frame within ms; its length, or 0. *pkt_type and *tci may be NULL. */
unsigned receive(int fd, struct frame *f, int ms, unsigned *pkt_type, unsigned *tci);
/* Reads away what is there; how many. */
unsigned drain(int fd);
void send_frame(int ifindex, const struct frame *f);

#endif
