/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bpf_object.c - the programs that are built into us, in their variants, and what the kernel makes
 * of them. Decides which variant a bond gets; never attaches or pins anything.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "datapath/bpf_priv.h"
#include "datapath/bond.skel.h" /* needs the types of shared.h */
#include "datapath/bare.skel.h"
#include "datapath/sees.skel.h"

static const char *const map_names[DP_BPF_N_MAPS] = {
    [DP_MAP_SHARED] = ".data.shared", [DP_MAP_COUNTERS] = "counters",
    [DP_MAP_RR] = "rr_counter",       [DP_MAP_TLB] = "tlb",
    [DP_MAP_LOAD] = "load",           [DP_MAP_WAKE] = "wake",
};
static const char *const prog_names[DP_BPF_N_PROGS] = {
    [DP_PROG_TX] = "bond_tx",
    [DP_PROG_RX] = "bond_rx",
    [DP_PROG_INSIDE] = "bond_inside",
};

static atomic_int best = DP_VARIANT_SEES;

void
dp_bpf_netlink_only(bool on)
{
    atomic_store(&best, on ? DP_VARIANT_PLAIN : DP_VARIANT_SEES);
}

enum dp_variant
dp_object_best(void)
{
    return (enum dp_variant) atomic_load(&best);
}

static const void *
bytes_of(enum dp_variant variant, size_t *size)
{
    if (variant == DP_VARIANT_SEES)
        return sees_bpf__elf_bytes(size);
    return variant == DP_VARIANT_BARE ? bare_bpf__elf_bytes(size) : bond_bpf__elf_bytes(size);
}

/* FNV-1a: tells builds apart, keeps nobody out. */
uint64_t
dp_object_id(enum dp_variant variant)
{
    static _Atomic uint64_t known[DP_N_VARIANTS];
    size_t size;
    const uint8_t *bytes = bytes_of(variant, &size);
    uint64_t h = 0xcbf29ce484222325ull ^ BOND_TABLE_VERSION;

    if (atomic_load(&known[variant]) != 0)
        return atomic_load(&known[variant]);

    for (size_t i = 0; i < size; i++)
        h = (h ^ bytes[i]) * 0x100000001b3ull;
    atomic_store(&known[variant], h);
    return h;
}

/* What libbpf says while it works: the first warning is kept for the sentence, nothing is printed.
 */
static __thread char first_warning[160];

static int
keep_warning(enum libbpf_print_level level, const char *fmt, va_list ap)
{
    if (level == LIBBPF_WARN && !first_warning[0]) {
        vsnprintf(first_warning, sizeof(first_warning), fmt, ap);
        first_warning[strcspn(first_warning, "\n")] = '\0';
    }
    return 0;
}

/* Our own descriptors: the object, with its copies of code and types, is not kept. */
static int
keep_fd(int fd, int *out)
{
    if (*out >= 0)
        return 0; /* it was there before */
    *out = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    return *out < 0 ? -errno : 0;
}

static int
load_into(struct dp_bpf *bpf, struct bpf_object *obj)
{
    int err = 0;

    for (unsigned i = 0; i < DP_BPF_N_MAPS && !err; i++) {
        struct bpf_map *map = bpf_object__find_map_by_name(obj, map_names[i]);

        if (map && bpf->map_fd[i] >= 0)
            err = bpf_map__reuse_fd(map, bpf->map_fd[i]);
    }
    if (!err)
        err = bpf_object__load(obj);
    for (unsigned i = 0; i < DP_BPF_N_MAPS && !err; i++) {
        struct bpf_map *map = bpf_object__find_map_by_name(obj, map_names[i]);

        if (map)
            err = keep_fd(bpf_map__fd(map), &bpf->map_fd[i]);
    }
    for (unsigned i = 0; i < DP_BPF_N_PROGS && !err; i++) {
        struct bpf_program *prog = bpf_object__find_program_by_name(obj, prog_names[i]);

        err = prog ? keep_fd(bpf_program__fd(prog), &bpf->prog_fd[i]) : -ENOENT;
    }
    return err;
}

static int
load_variant(struct dp_bpf *bpf, enum dp_variant variant)
{
    size_t size;
    const void *bytes = bytes_of(variant, &size);
    const struct bpf_object_open_opts opts = {
        .sz = sizeof(opts),
        .object_name = "bond_bpf",
    };
    struct bpf_object *obj;
    int err;

    first_warning[0] = '\0';
    libbpf_set_print(keep_warning);
    obj = bpf_object__open_mem(bytes, size, &opts);
    if (!obj)
        return -errno;
    err = load_into(bpf, obj);
    bpf_object__close(obj);
    if (!err)
        bpf->variant = variant;
    return err;
}

int
dp_object_load(struct dp_bpf *bpf, char *text, size_t text_size)
{
    int err = -ENOTSUP;

    for (int v = (int) dp_object_best(); v < DP_N_VARIANTS && err; v++) {
        err = load_variant(bpf, (enum dp_variant) v);
        if (!err)
            atomic_store(&best, v); /* whatever is better is too much for this kernel */
    }
    if (err)
        return dp_text(text, text_size, err,
                       "The kernel did not take the BPF programs for bond '%s': %s (%s).",
                       bpf->name, strerror(-err), first_warning);
    return 0;
}
