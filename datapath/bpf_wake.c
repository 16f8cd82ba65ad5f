/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bpf_wake.c - hears of the packet path that it led frames past a port without carrier. What that
 * means for the bond is not decided here.
 */
#include <stdlib.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "datapath/bpf_priv.h"

struct dp_wake {
    struct ring_buffer *ring;
    uint64_t first_ns;
};

static int
on_record(void *ctx, void *data, size_t size)
{
    const struct dp_wake_record *r = data;
    struct dp_wake *w = ctx;

    if (size >= sizeof(*r) && (w->first_ns == 0 || r->at_ns < w->first_ns))
        w->first_ns = r->at_ns;
    return 0;
}

void
dp_wake_close(struct dp_wake *w)
{
    if (!w)
        return;
    ring_buffer__free(w->ring);
    free(w);
}

int
dp_bpf_wake_fd(const struct dp_bpf *bpf)
{
    return bpf->variant == DP_VARIANT_SEES ? bpf->map_fd[DP_MAP_WAKE] : -1;
}

/* Mapped when first told: most bonds never are. */
uint64_t
dp_bpf_wake_read(struct dp_bpf *bpf)
{
    struct dp_wake *w = bpf->wake;

    if (dp_bpf_wake_fd(bpf) < 0)
        return 0;
    if (!w) {
        w = calloc(1, sizeof(*w));
        if (!w)
            return 0;
        w->ring = ring_buffer__new(bpf->map_fd[DP_MAP_WAKE], on_record, w, NULL);
        if (!w->ring) {
            free(w);
            return 0;
        }
        bpf->wake = w;
    }
    w->first_ns = 0;
    ring_buffer__consume(w->ring);
    return w->first_ns;
}
