/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bpf_hook.c - which program goes on which hook of a device, and how: by tcx or by clsact.
 *
 * tcx is quicker, but comes before all tc filters: a policer or mirror on a port, an skbedit on the
 * bond, would no longer meet the frames that they meet with the kernel's driver. So where others
 * have filters, clsact it is, after theirs. Changing from one to the other, the new way is there
 * before the old one goes; with both there it is tcx that takes the frame.
 *
 * Does nothing to a device itself: bpf_tc.c and bpf_tcx.c do.
 */
#include <errno.h>
#include <stdatomic.h>

#include "datapath/bpf_priv.h"

static atomic_int wanted = DP_ATTACH_AUTO;

void
dp_bpf_attach_by(enum dp_attach how)
{
    atomic_store(&wanted, how);
}

bool
dp_hook_wants(enum dp_attach how)
{
    return atomic_load(&wanted) == (int) how;
}

static struct dp_hook *
find(struct dp_shared *s, int ifindex, unsigned direction)
{
    for (unsigned i = 0; i < DP_HOOKS; i++) {
        if (s->hook[i].ifindex == (uint32_t) ifindex && s->hook[i].direction == direction)
            return &s->hook[i];
    }
    return NULL;
}

static int
program_for(const struct dp_bpf *bpf, int ifindex)
{
    const struct dp_shared *s = bpf->shared;
    bool sends = ifindex == (int) s->bond_ifindex || ifindex == (int) s->peer_ifindex;

    return bpf->prog_fd[sends ? DP_PROG_TX : DP_PROG_RX];
}

static bool
wants_tcx(const struct dp_bpf *bpf, int ifindex, unsigned direction)
{
    switch (atomic_load(&wanted)) {
    case DP_ATTACH_CLSACT:
        return false;
    case DP_ATTACH_TCX:
        return true;
    default:
        return bpf->has_tcx && !dp_tc_others(bpf->tc, ifindex, direction);
    }
}

static bool
is_done(const struct dp_bpf *bpf, int ifindex, unsigned direction, bool by_tcx)
{
    int bond = (int) bpf->shared->bond_ifindex, prog = program_for(bpf, ifindex);
    enum dp_tc_owner owner;

    if (!by_tcx)
        return dp_tc_runs(bpf->tc, ifindex, direction, bond, prog) &&
               !dp_tcx_is_there(bpf->dir, ifindex, direction);
    return dp_tcx_runs(bpf->dir, ifindex, direction, prog) &&
           dp_tc_owner(bpf->tc, ifindex, direction, bond, &owner, NULL) == 0 &&
           owner != DP_TC_THIS_BOND;
}

/* A program with fresh maps knows no table yet. Where an older one of this bond is at work (before
 * an upgrade, with another layout), that goes on until the first table is published. */
static bool
must_wait(struct dp_bpf *bpf, int ifindex, unsigned direction, enum dp_tc_owner owner)
{
    bool waits = bpf->shared->head == 0 &&
                 (owner == DP_TC_THIS_BOND || dp_tcx_is_there(bpf->dir, ifindex, direction));

    bpf->waiting |= waits;
    return waits;
}

/* A clsact of ours stays until the port goes: the kernel stops all queues of a device while one is
 * taken away (or made). */
static int
attach_tcx(struct dp_bpf *bpf, int ifindex, unsigned direction)
{
    int err = dp_tcx_attach(bpf->dir, ifindex, direction, program_for(bpf, ifindex));

    return err ? err
               : dp_tc_detach(bpf->tc, ifindex, direction, (int) bpf->shared->bond_ifindex, false);
}

static int
attach_clsact(struct dp_bpf *bpf, struct dp_hook *h, int ifindex, unsigned direction, bool is_new)
{
    bool made;
    int err = dp_tc_qdisc_add(bpf->tc, ifindex, &made);

    if (err)
        return err;
    if (made || is_new)
        h->own_qdisc = made;
    err = dp_tc_attach(bpf->tc, ifindex, direction, (int) bpf->shared->bond_ifindex,
                       program_for(bpf, ifindex));
    if (!err)
        dp_tcx_detach(bpf->dir, ifindex, direction);
    return err;
}

/* The device belongs to no other living bond, attached in whatever way. */
static int
check_free(struct dp_bpf *bpf, int ifindex, unsigned direction, enum dp_tc_owner *owner)
{
    int err =
        dp_tc_owner(bpf->tc, ifindex, direction, (int) bpf->shared->bond_ifindex, owner, NULL);

    if (err)
        return err;
    if (*owner == DP_TC_OTHER_BOND)
        return -EBUSY;
    return bpf->has_tcx ? dp_tcx_check_free(bpf->dir, ifindex, direction) : 0;
}

/* Whatever is there of this bond. The hook is free then. */
static int
drop(struct dp_tc *tc, const char *dir, struct dp_shared *shared, struct dp_hook *h)
{
    int err;

    dp_tcx_detach(dir, (int) h->ifindex, h->direction);
    err =
        dp_tc_detach(tc, (int) h->ifindex, h->direction, (int) shared->bond_ifindex, h->own_qdisc);
    if (!err)
        *h = (struct dp_hook){0};
    return err;
}

/* The hook is written down before the program is there: a crash in between is then cleaned up. */
int
dp_hook_attach(struct dp_bpf *bpf, int ifindex, unsigned direction)
{
    struct dp_hook *h = find(bpf->shared, ifindex, direction);
    bool by_tcx = wants_tcx(bpf, ifindex, direction), is_new = !h;
    enum dp_tc_owner owner;
    int err;

    if (h && is_done(bpf, ifindex, direction, by_tcx)) {
        bpf->by_tcx[h - bpf->shared->hook] = by_tcx;
        return 0;
    }
    err = check_free(bpf, ifindex, direction, &owner);
    if (err)
        return err;
    if (!h)
        h = find(bpf->shared, 0, 0);
    if (!h)
        return -ENOSPC;
    h->direction = (uint16_t) direction;
    h->ifindex = (uint32_t) ifindex;
    if (must_wait(bpf, ifindex, direction, owner)) {
        bpf->by_tcx[h - bpf->shared->hook] = owner != DP_TC_THIS_BOND;
        return 0;
    }
    err = by_tcx ? attach_tcx(bpf, ifindex, direction)
                 : attach_clsact(bpf, h, ifindex, direction, is_new);
    if (err && is_new)
        drop(bpf->tc, bpf->dir, bpf->shared, h);
    bpf->by_tcx[h - bpf->shared->hook] = by_tcx;
    return err;
}

int
dp_hook_attach_all(struct dp_bpf *bpf)
{
    int first = 0;

    for (unsigned i = 0; i < DP_HOOKS; i++) {
        const struct dp_hook *h = &bpf->shared->hook[i];
        int err = h->ifindex ? dp_hook_attach(bpf, (int) h->ifindex, h->direction) : 0;

        if (err != -ENODEV) /* gone: nothing to attach to, and nothing to complain of */
            first = first ? first : err;
    }
    return first;
}

int
dp_hook_detach(struct dp_bpf *bpf, int ifindex, unsigned direction)
{
    struct dp_hook *h = find(bpf->shared, ifindex, direction);
    struct dp_hook unknown = {.ifindex = (uint32_t) ifindex, .direction = (uint16_t) direction};

    return drop(bpf->tc, bpf->dir, bpf->shared, h ? h : &unknown);
}

void
dp_hook_detach_all(struct dp_tc *tc, const char *dir, struct dp_shared *shared)
{
    for (unsigned i = 0; i < DP_HOOKS; i++) {
        if (shared->hook[i].ifindex)
            drop(tc, dir, shared, &shared->hook[i]);
    }
}

int
dp_bpf_filters_changed(struct dp_bpf *bpf, int ifindex)
{
    int first = 0;

    if (ifindex == 0)
        return dp_hook_attach_all(bpf);
    for (unsigned direction = DP_HOOK_INGRESS; direction <= DP_HOOK_EGRESS; direction++) {
        int err =
            find(bpf->shared, ifindex, direction) ? dp_hook_attach(bpf, ifindex, direction) : 0;

        first = first ? first : err;
    }
    return first;
}

const char *
dp_bpf_attachment(const struct dp_bpf *bpf)
{
    bool tcx = false, clsact = false;

    for (unsigned i = 0; i < DP_HOOKS; i++) {
        if (bpf->shared->hook[i].ifindex) {
            tcx |= bpf->by_tcx[i];
            clsact |= !bpf->by_tcx[i];
        }
    }
    return !tcx ? "clsact" : clsact ? "mixed" : "tcx";
}
