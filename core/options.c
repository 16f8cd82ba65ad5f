/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * options.c - one option of one bond, as the kernel's sysfs and netlink set it.
 *
 * Decides whether an option may change in this mode and state, and what changes with it (kernel:
 * __bond_opt_set() and the setters of bond_options.c). Whether a whole set makes sense is decided
 * in options_apply.c; what a text means, in options_read.c.
 */
#include <errno.h>
#include <string.h>

#include "core/options_private.h"

#define DEFAULT_MIIMON_MS 100 /* kernel: BOND_DEFAULT_MIIMON */

void
bond_options_init(struct bond_options *o, enum bond_mode mode)
{
    memset(o, 0, sizeof(*o));
    for (unsigned int id = 0; id < BOND_OPT_N; id++)
        o->num[id] = (uint32_t) bond_opt_desc((enum bond_opt_id) id)->def;
    o->num[BOND_OPT_MODE] = mode;
}

int
bond_opt_check_mode(const struct bond_opt_desc *d, const char *name, const char *value,
                    const struct bond_options *o, struct bond_err *err)
{
    const uint32_t mode = o->num[BOND_OPT_MODE];
    char quoted[BOND_QUOTE_SIZE], words[BOND_WORDS_SIZE];

    if (d->modes & (1u << mode))
        return 0;
    return bond_err_set(
        err, BOND_ERR_WRONG_MODE, -EACCES, "%s %s is not allowed in mode %s: it works in mode%s %s",
        name, bond_opt_quote(value, quoted), bond_mode_name((enum bond_mode) mode),
        d->modes & (d->modes - 1) ? "s" : "", bond_opt_modes_text(d->modes, words, sizeof(words)));
}

/* kernel: the rest of bond_opt_check_deps() */
int
bond_opt_check_state(const struct bond_opt_desc *d, const char *name, const char *value,
                     const struct bond_opt_ctx *ctx, struct bond_err *err)
{
    char quoted[BOND_QUOTE_SIZE];

    if (!ctx || ctx->live)
        return 0;
    bond_opt_quote(value, quoted);
    if ((d->flags & BOND_OPT_F_NOPORTS) && ctx->n_ports > 0)
        return bond_err_set(err, BOND_ERR_HAS_PORTS, -ENOTEMPTY,
                            "%s %s is not allowed while the bond has ports: detach them first (%u "
                            "now)",
                            name, quoted, ctx->n_ports);
    if ((d->flags & BOND_OPT_F_IFDOWN) && ctx->is_up)
        return bond_err_set(err, BOND_ERR_NOT_DOWN, -EBUSY,
                            "%s %s is not allowed while the bond is up: take the bond down first",
                            name, quoted);
    return 0;
}

/* kernel: bond_option_mode_set() */
static void
mode_changes(struct bond_options *o)
{
    const uint32_t mode = o->num[BOND_OPT_MODE];

    if (mode == BOND_MODE_8023AD || mode == BOND_MODE_BALANCE_TLB ||
        mode == BOND_MODE_BALANCE_ALB) {
        o->num[BOND_OPT_ARP_INTERVAL] = 0;
        bond_opt_mark(o, BOND_OPT_ARP_INTERVAL, false);
        if (!o->num[BOND_OPT_MIIMON])
            o->num[BOND_OPT_MIIMON] = DEFAULT_MIIMON_MS;
    }
    if (mode == BOND_MODE_BALANCE_ALB)
        o->num[BOND_OPT_TLB_DYNAMIC_LB] = 1;
    o->num[BOND_OPT_ARP_VALIDATE] = 0;
    o->num[BOND_OPT_BROADCAST_NEIGHBOR] = 0;
    bond_opt_mark(o, BOND_OPT_ARP_VALIDATE, false);
    bond_opt_mark(o, BOND_OPT_BROADCAST_NEIGHBOR, false);
}

static const enum bond_opt_id delays[] = {BOND_OPT_UPDELAY, BOND_OPT_DOWNDELAY,
                                          BOND_OPT_PEER_NOTIF_DELAY};
#define N_DELAYS (sizeof(delays) / sizeof(delays[0]))

bool
bond_opt_is_delay(unsigned int id)
{
    for (size_t i = 0; i < N_DELAYS; i++)
        if (id == delays[i])
            return true;
    return false;
}

/* The kernel keeps delays as multiples of miimon, so they grow and shrink with it. */
static void
scale_delays(struct bond_options *o, uint32_t old_miimon)
{
    const uint32_t miimon = o->num[BOND_OPT_MIIMON];

    for (size_t i = 0; i < N_DELAYS; i++) {
        const uint32_t max = (uint32_t) bond_opt_desc(delays[i])->max;
        const uint64_t ms = old_miimon ? (uint64_t) (o->num[delays[i]] / old_miimon) * miimon : 0;

        o->num[delays[i]] = ms <= max ? (uint32_t) ms : miimon ? max / miimon * miimon : 0;
        if (!o->num[delays[i]])
            bond_opt_mark(o, delays[i], false);
    }
}

/* kernel: bond_option_miimon_set() */
static void
miimon_changes(struct bond_options *o, uint32_t old_miimon)
{
    scale_delays(o, old_miimon);
    if (!o->num[BOND_OPT_MIIMON] || !o->num[BOND_OPT_ARP_INTERVAL])
        return;
    o->num[BOND_OPT_ARP_INTERVAL] = 0;
    o->num[BOND_OPT_ARP_VALIDATE] = 0;
    bond_opt_mark(o, BOND_OPT_ARP_INTERVAL, false);
    bond_opt_mark(o, BOND_OPT_ARP_VALIDATE, false);
}

/* kernel: bond_option_arp_interval_set() */
static void
arp_interval_changes(struct bond_options *o)
{
    const uint32_t old_miimon = o->num[BOND_OPT_MIIMON];

    if (!o->num[BOND_OPT_ARP_INTERVAL])
        return;
    o->num[BOND_OPT_MIIMON] = 0;
    bond_opt_mark(o, BOND_OPT_MIIMON, false);
    scale_delays(o, old_miimon);
}

/* kernel: _bond_option_delay_set(). Refuses even 0 without miimon, as the kernel does. */
static int
delay_changes(const struct bond_opt_desc *d, const char *name, const char *value,
              struct bond_options *o, struct bond_err *err)
{
    const uint32_t miimon = o->num[BOND_OPT_MIIMON];
    char quoted[BOND_QUOTE_SIZE];

    if (!miimon)
        return bond_err_set(err, BOND_ERR_CONFLICT, -EPERM,
                            "%s %s needs miimon: set miimon to the polling interval in ms first",
                            name, bond_opt_quote(value, quoted));
    o->num[d->id] -= o->num[d->id] % miimon;
    return 0;
}

static int
check_active(const char *name, const struct bond_options *o, const struct bond_opt_ctx *ctx,
             struct bond_err *err)
{
    char quoted[BOND_QUOTE_SIZE];

    if (!o->active_slave[0] || !ctx || !ctx->has_port || ctx->has_port(ctx->data, o->active_slave))
        return 0;
    return bond_err_set(err, BOND_ERR_NO_PORT, -ENODEV,
                        "%s %s is not a port of this bond: use the name of an attached port", name,
                        bond_opt_quote(o->active_slave, quoted));
}

static int
carry_through(const struct bond_opt_desc *d, const char *name, const char *value,
              const struct bond_options *old, struct bond_options *o,
              const struct bond_opt_ctx *ctx, struct bond_err *err)
{
    if (d->id == BOND_OPT_MODE)
        mode_changes(o);
    else if (d->id == BOND_OPT_MIIMON)
        miimon_changes(o, old->num[BOND_OPT_MIIMON]);
    else if (d->id == BOND_OPT_ARP_INTERVAL)
        arp_interval_changes(o);
    else if (d->id == BOND_OPT_ACTIVE_SLAVE)
        return check_active(name, o, ctx, err);
    else if (bond_opt_is_delay(d->id))
        return delay_changes(d, name, value, o, err);
    return 0;
}

int
bond_option_set(struct bond_options *o, const char *name, const char *value,
                const struct bond_opt_ctx *ctx, struct bond_err *err)
{
    const struct bond_opt_desc *d = bond_opt_by_name(name);
    struct bond_options next = *o;
    int r;

    value = value ? value : "";
    if (!d)
        return bond_opt_unknown(name ? name : "", err);
    r = bond_opt_check_mode(d, name, value, o, err);
    if (!r)
        r = bond_opt_check_state(d, name, value, ctx, err);
    if (!r)
        r = bond_opt_read(d, name, value, &next, err);
    if (!r) {
        bond_opt_mark(&next, d->id, true);
        r = carry_through(d, name, value, o, &next, ctx, err);
    }
    if (!r)
        *o = next;
    return r;
}
