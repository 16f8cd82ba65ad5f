/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bpf.c - the packet path of one bond from the outside: loads, takes over, publishes, counts.
 *
 * Holds handles only. What must outlive this process is in the kernel: programs on devices
 * (bpf_hook.c), pinned maps (bpf_pin.c), and in the shared memory the list of hooks (bpf/shared.h).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "core/select.h"
#include "datapath/bpf_priv.h"

static int
attach_bond(struct dp_bpf *bpf, char *text, size_t text_size)
{
    const struct dp_shared *s = bpf->shared;
    int err = s->peer_ifindex ? dp_hook_attach(bpf, (int) s->peer_ifindex, DP_HOOK_INGRESS) : 0;

    if (!err)
        err = dp_hook_attach(bpf, (int) s->bond_ifindex, DP_HOOK_EGRESS);
    if (err)
        return dp_text(text, text_size, err,
                       "The BPF programs could not be attached to bond '%s' and its peer: %s.",
                       bpf->name, strerror(-err));
    return 0;
}

static int
look_for_tcx(struct dp_bpf *bpf, char *text, size_t text_size)
{
    bpf->has_tcx = dp_tcx_available();
    if (bpf->has_tcx || !dp_hook_wants(DP_ATTACH_TCX))
        return 0;
    return dp_text(text, text_size, -EOPNOTSUPP,
                   "attach=tcx is asked for, but the kernel has no tcx for bond '%s' (it came with "
                   "6.6); allowed are auto and clsact.",
                   bpf->name);
}

static struct dp_bpf *
alloc(const char *bond_name)
{
    struct dp_bpf *bpf = calloc(1, sizeof(*bpf));

    if (!bpf)
        return NULL;
    snprintf(bpf->name, sizeof(bpf->name), "%s", bond_name);
    for (unsigned i = 0; i < DP_BPF_N_MAPS; i++)
        bpf->map_fd[i] = -1;
    for (unsigned i = 0; i < DP_BPF_N_PROGS; i++)
        bpf->prog_fd[i] = -1;
    return bpf;
}

/* Maps and programs, from the pins or anew. */
static int
get_ready(struct dp_bpf *bpf, const char *pin_dir, int bond_ifindex, bool *reused, char *text,
          size_t text_size)
{
    bool programs = false;
    int err = dp_pin_dir(&bpf->dir, bpf->tc, pin_dir, bpf->name, bond_ifindex, text, text_size);

    if (!err)
        err = dp_pin_reuse(bpf, bond_ifindex, reused, &programs, text, text_size);
    if (!err && !programs)
        err = dp_object_load(bpf, text, text_size);
    if (err)
        return err;
    bpf->shared = dp_pin_map_shared(bpf->map_fd[DP_MAP_SHARED]);
    if (!bpf->shared)
        return dp_text(text, text_size, -EINVAL,
                       "The memory of the packet path of bond '%s' could not be mapped.",
                       bpf->name);
    return programs ? 0 : dp_pin_all(bpf, text, text_size);
}

int
dp_bpf_open(struct dp_bpf **out, const char *pin_dir, const char *bond_name, int bond_ifindex,
            int peer_ifindex, char *text, size_t text_size)
{
    struct dp_bpf *bpf = alloc(bond_name);
    bool reused = false;
    int err;

    if (!bpf)
        return dp_text(text, text_size, -ENOMEM, "There is no memory for bond '%s'.", bond_name);
    bpf->n_cpus = libbpf_num_possible_cpus();
    bpf->per_cpu = calloc(bpf->n_cpus > 0 ? (size_t) bpf->n_cpus : 1, sizeof(*bpf->per_cpu));
    err = bpf->n_cpus < 0 ? bpf->n_cpus : bpf->per_cpu ? dp_tc_open(&bpf->tc) : -ENOMEM;
    if (err) {
        dp_bpf_close(bpf, false);
        return dp_text(text, text_size, err, "No netlink socket could be had for bond '%s': %s.",
                       bond_name, strerror(-err));
    }
    err = look_for_tcx(bpf, text, text_size);
    if (!err)
        err = get_ready(bpf, pin_dir, bond_ifindex, &reused, text, text_size);
    if (!err) {
        bpf->shared->bond_ifindex = (uint32_t) bond_ifindex;
        bpf->shared->peer_ifindex = (uint32_t) peer_ifindex;
        err = attach_bond(bpf, text, text_size);
    }
    if (err) {
        dp_bpf_close(bpf, !reused);
        return err;
    }
    *out = bpf;
    return 0;
}

void
dp_bpf_close(struct dp_bpf *bpf, bool destroy)
{
    if (!bpf)
        return;
    if (destroy && bpf->shared)
        dp_hook_detach_all(bpf->tc, bpf->dir, bpf->shared);
    if (destroy && bpf->dir)
        dp_pin_remove(bpf->dir);
    dp_wake_close(bpf->wake);
    if (bpf->shared)
        munmap(bpf->shared, sizeof(*bpf->shared));
    for (unsigned i = 0; i < DP_BPF_N_MAPS; i++) {
        if (bpf->map_fd[i] >= 0)
            close(bpf->map_fd[i]);
    }
    for (unsigned i = 0; i < DP_BPF_N_PROGS; i++) {
        if (bpf->prog_fd[i] >= 0)
            close(bpf->prog_fd[i]);
    }
    dp_tc_close(bpf->tc);
    free(bpf->dir);
    free(bpf->per_cpu);
    free(bpf);
}

bool
dp_bpf_can_hide(void)
{
    return dp_tcx_available() && !dp_hook_wants(DP_ATTACH_CLSACT);
}

int
dp_bpf_put_inside(struct dp_bpf *bpf, const int device[2])
{
    int err = 0;

    for (unsigned i = 0; i < 2 && !err; i++)
        err = dp_tcx_attach(bpf->dir, device[i], DP_HOOK_INSIDE + i, bpf->prog_fd[DP_PROG_INSIDE]);
    return err;
}

int
dp_bpf_set_inside(struct dp_bpf *bpf, const int inside[2])
{
    int err = 0;

    for (unsigned i = 0; i < 2; i++)
        bpf->shared->inside[i] = (uint32_t) inside[i];
    for (unsigned i = 0; i < 2 && !err; i++)
        err = dp_tcx_replace(bpf->dir, 0, DP_HOOK_INSIDE + i, bpf->prog_fd[DP_PROG_INSIDE]);
    return err;
}

const char *
dp_bpf_receives_by(const struct dp_bpf *bpf)
{
    return bpf->shared->inside[0] ? "peers" : "ingress";
}

bool
dp_bpf_sees_carrier(const struct dp_bpf *bpf)
{
    return bpf->variant == DP_VARIANT_SEES;
}

/* What of a port enters without a look at the table, and how: as in enters[]. A port that is leaving
 * may have an address that is not the bond's: what it takes for sent to itself is not for the bond,
 * then. By the peers the bond's device counts by itself. */
static uint64_t
entrance(const struct dp_shared *s, const struct bond_table *t, uint32_t slot)
{
    bool is_to_count = t->flags & BOND_TABLE_F_RX_VIA_PEER;
    uint64_t port = DP_PORT(slot, t->port[slot].ifindex);

    if (!bond_rx_is_plain(t, slot))
        return 0;
    if (s->inside[0] && t->port[slot].rx == BOND_RX_ACCEPT)
        return port | DP_BY_PEERS | (is_to_count ? DP_BY_PEERS_ONLY : 0);
    return is_to_count ? 0 : port;
}

static void
fill_short_way(struct bond_table *t)
{
    t->tx_way = bond_tx_way(t);
    t->tx_part = t->n_tx ? bond_part_of(t->n_tx) : 0;
    for (unsigned i = 0; i < t->n_tx; i++) {
        uint32_t slot = t->tx[i] % BOND_MAX_PORTS;

        t->tx_port[i] = DP_PORT(slot, t->port[slot].ifindex);
    }
}

/* What a table says, word by word: frames that meet one before head is set are the first of the new
 * table. */
static void
publish_words(struct dp_shared *s, const struct bond_table *t)
{
    uint64_t only = t->tx_way == BOND_WAY_ONE ? t->tx_port[0] : 0, enters[BOND_MAX_PORTS] = {0};

    __atomic_store_n(&s->only, only, __ATOMIC_RELAXED);
    for (uint32_t slot = 0; slot < t->n_ports; slot++) {
        uint64_t port = entrance(s, t, slot);

        if (port)
            enters[dp_enters_at((uint32_t) port)] = port;
    }
    for (unsigned i = 0; i < BOND_MAX_PORTS; i++)
        __atomic_store_n(&s->enters[i], enters[i], __ATOMIC_RELAXED);
}

int
dp_bpf_publish(struct dp_bpf *bpf, const struct bond_table *table)
{
    struct dp_shared *s = bpf->shared;
    uint32_t gen = s->head + 1;
    struct bond_table *slot = &s->ring[gen % BOND_TABLE_RING];

    if (table->n_ports > BOND_MAX_PORTS || table->n_tx > BOND_MAX_PORTS)
        return -EINVAL;
    /* The head before this one is seen before the slot changes. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    *slot = *table;
    slot->gen = gen;
    slot->bond_ifindex = s->bond_ifindex;
    fill_short_way(slot);
    publish_words(s, slot);
    __atomic_store_n(&s->head, gen, __ATOMIC_RELEASE);
    if (!bpf->waiting)
        return 0;
    bpf->waiting = false;
    return dp_hook_attach_all(bpf);
}

int
dp_bpf_attach_port(struct dp_bpf *bpf, int port_ifindex)
{
    return dp_hook_attach(bpf, port_ifindex, DP_HOOK_INGRESS);
}

int
dp_bpf_detach_port(struct dp_bpf *bpf, int port_ifindex)
{
    return dp_hook_detach(bpf, port_ifindex, DP_HOOK_INGRESS);
}

static void
add(struct bond_counters *to, const struct bond_counters *c)
{
    to->rx_packets += c->rx_packets;
    to->rx_bytes += c->rx_bytes;
    to->tx_packets += c->tx_packets;
    to->tx_bytes += c->tx_bytes;
    to->rx_dropped += c->rx_dropped;
    to->tx_dropped += c->tx_dropped;
    if (c->last_rx_ns > to->last_rx_ns)
        to->last_rx_ns = c->last_rx_ns;
}

static int
read_slot(struct dp_bpf *bpf, uint32_t slot, struct bond_counters *out)
{
    *out = (struct bond_counters){0};
    if (bpf_map_lookup_elem(bpf->map_fd[DP_MAP_COUNTERS], &slot, bpf->per_cpu))
        return -errno;
    for (int i = 0; i < bpf->n_cpus; i++)
        add(out, &bpf->per_cpu[i]);
    return 0;
}

int
dp_bpf_counters(struct dp_bpf *bpf, struct bond_counters *out)
{
    struct bond_counters bond;
    int err = read_slot(bpf, BOND_MAX_PORTS, &bond);

    add(&bond, &bpf->shared->gone);
    for (uint32_t i = 0; i < BOND_MAX_PORTS && !err; i++) {
        err = read_slot(bpf, i, &out[i]);
        add(&bond, &out[i]);
    }
    out[BOND_MAX_PORTS] = bond;
    return err;
}

int
dp_bpf_bucket_load(struct dp_bpf *bpf, struct bond_bucket_load *out)
{
    uint32_t zero = 0;

    return bpf_map_lookup_elem(bpf->map_fd[DP_MAP_LOAD], &zero, out) ? -errno : 0;
}

int
dp_bpf_stamps(struct dp_bpf *bpf, uint64_t *out)
{
    uint32_t n_ports = bpf->shared->ring[bpf->shared->head % BOND_TABLE_RING].n_ports;
    int err = 0;

    memset(out, 0, BOND_MAX_PORTS * sizeof(*out));
    for (uint32_t i = 0; i < n_ports && !err; i++) {
        struct bond_counters c;

        err = read_slot(bpf, i, &c);
        out[i] = c.last_rx_ns;
    }
    return err;
}

int
dp_bpf_look(struct dp_bpf *bpf, struct bond_table *table, struct bond_tlb *tlb)
{
    uint32_t zero = 0;

    *table = bpf->shared->ring[bpf->shared->head % BOND_TABLE_RING];
    return bpf_map_lookup_elem(bpf->map_fd[DP_MAP_TLB], &zero, tlb) ? -errno : 0;
}

int
dp_bpf_counters_reset(struct dp_bpf *bpf, unsigned slot)
{
    struct bond_counters c;
    uint32_t key = slot;
    int err;

    if (slot >= BOND_MAX_PORTS)
        return -EINVAL;
    err = read_slot(bpf, key, &c);
    if (err)
        return err;
    memset(bpf->per_cpu, 0, (size_t) bpf->n_cpus * sizeof(*bpf->per_cpu));
    if (bpf_map_update_elem(bpf->map_fd[DP_MAP_COUNTERS], &key, bpf->per_cpu, BPF_ANY))
        return -errno;
    add(&bpf->shared->gone, &c);
    return 0;
}
