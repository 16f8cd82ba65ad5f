/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * options_apply.c - a set of options at once, all or nothing.
 *
 * Decides whether the set makes sense as a whole, in whatever order it is given: what contradicts
 * itself, what needs something else, what is not carried out yet. Each single option goes through
 * bond_option_set(), in table order.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/options_private.h"

struct given { /* by id: what the caller named */
    const char *name[BOND_OPT_N];
    const char *value[BOND_OPT_N];
};

/* What makes no sense without arp_interval. */
static const enum bond_opt_id of_arp[] = {BOND_OPT_ARP_IP_TARGET, BOND_OPT_NS_IP6_TARGET,
                                          BOND_OPT_ARP_VALIDATE};
#define N_OF_ARP (sizeof(of_arp) / sizeof(of_arp[0]))

/* What makes no sense without bfd. */
static const enum bond_opt_id of_bfd[] = {BOND_OPT_MONITORS, BOND_OPT_BFD_PEER,
                                          BOND_OPT_BFD_INTERVAL, BOND_OPT_BFD_MULTIPLIER};
#define N_OF_BFD (sizeof(of_bfd) / sizeof(of_bfd[0]))

/* num_grat_arp and num_unsol_na in one set: fine while they say the same. */
static int
same_or_refuse(const struct bond_opt_desc *d, const char *first, const char *first_value,
               const char *second, const char *second_value, struct bond_err *err)
{
    struct bond_options a, b;
    char quoted[2][BOND_QUOTE_SIZE];
    int r;

    if (!strcmp(first, second))
        return bond_err_set(err, BOND_ERR_CONFLICT, -EINVAL,
                            "%s is given twice, as %s and as %s: use each option once", first,
                            bond_opt_quote(first_value, quoted[0]),
                            bond_opt_quote(second_value, quoted[1]));
    bond_options_init(&a, BOND_MODE_BALANCE_RR);
    b = a;
    r = bond_opt_read(d, first, first_value, &a, err);
    if (!r)
        r = bond_opt_read(d, second, second_value, &b, err);
    if (r || bond_opt_equal(&a, &b, (enum bond_opt_id) d->id))
        return r;
    return bond_err_set(err, BOND_ERR_CONFLICT, -EINVAL,
                        "%s %s contradicts %s %s: they are one option, give it one value", second,
                        bond_opt_quote(second_value, quoted[1]), first,
                        bond_opt_quote(first_value, quoted[0]));
}

static int
sort_given(struct given *g, size_t n, const char *const *names, const char *const *values,
           struct bond_err *err)
{
    memset(g, 0, sizeof(*g));
    for (size_t i = 0; i < n; i++) {
        const struct bond_opt_desc *d = bond_opt_by_name(names[i]);
        const char *value = values[i] ? values[i] : "";
        int r;

        if (!d)
            return bond_opt_unknown(names[i] ? names[i] : "", err);
        if (g->name[d->id]) {
            r = same_or_refuse(d, g->name[d->id], g->value[d->id], names[i], value, err);
            if (r)
                return r;
        }
        g->name[d->id] = names[i];
        g->value[d->id] = value;
    }
    return 0;
}

static uint32_t
given_number(const struct given *g, enum bond_opt_id id)
{
    struct bond_options o;

    bond_options_init(&o, BOND_MODE_BALANCE_RR);
    if (!g->name[id] || bond_opt_read(bond_opt_desc(id), g->name[id], g->value[id], &o, NULL))
        return 0;
    return o.num[id];
}

/* Given, the default, and of no use here: nothing to say against it (NetworkManager and editors
 * write defaults into profiles of every mode). */
static bool
is_idle_default(const struct bond_opt_desc *d, const struct given *g, const struct bond_options *o)
{
    if ((d->modes & (1u << o->num[BOND_OPT_MODE])) &&
        !(bond_opt_is_delay(d->id) && !o->num[BOND_OPT_MIIMON]))
        return false;
    return bond_opt_is_default((enum bond_opt_id) d->id, g->value[d->id]);
}

static int
apply_one(struct bond_options *o, const struct bond_opt_desc *d, const struct given *g,
          const struct bond_opt_ctx *ctx, struct bond_err *err)
{
    if (is_idle_default(d, g, o))
        return 0;
    if (d->id == BOND_OPT_MODE && o->num[d->id] == given_number(g, BOND_OPT_MODE)) {
        struct bond_options said = *o;
        const int r = bond_opt_read(d, g->name[d->id], g->value[d->id], &said, err);

        /* Naming the mode that it has changes nothing else. */
        if (!r)
            bond_opt_mark(o, d->id, true);
        return r;
    }
    return bond_option_set(o, g->name[d->id], g->value[d->id], ctx, err);
}

/* Out of the set, if it is well spelled. */
static int
leave_out(struct given *g, enum bond_opt_id id, const struct bond_options *o, struct bond_err *err)
{
    struct bond_options scratch = *o;
    int r;

    if (!g->name[id])
        return 0;
    r = bond_opt_read(bond_opt_desc(id), g->name[id], g->value[id], &scratch, err);
    if (!r)
        g->name[id] = g->value[id] = NULL;
    return r;
}

/* Given both monitors, NetworkManager lets MII win. Profiles that do so, or that have kept an
 * arp_validate, are common: editors change the one and leave the other. */
static int
let_mii_win(struct given *g, const struct bond_options *o, struct bond_err *err)
{
    const bool both = given_number(g, BOND_OPT_ARP_INTERVAL) != 0;
    int r;

    if (!given_number(g, BOND_OPT_MIIMON))
        return 0;
    r = leave_out(g, BOND_OPT_ARP_VALIDATE, o, err);
    for (size_t i = 0; !r && both && i < N_OF_ARP; i++)
        r = leave_out(g, of_arp[i], o, err);
    if (!r && both)
        r = leave_out(g, BOND_OPT_ARP_INTERVAL, o, err);
    return r;
}

static void
reset(struct bond_options *o, unsigned int id)
{
    struct bond_options def;

    bond_options_init(&def, BOND_MODE_BALANCE_RR);
    bond_opt_copy(o, &def, (enum bond_opt_id) id);
    bond_opt_mark(o, id, false);
}

/* What is left over from before and of no use now returns to its default, so that the set as it
 * then is can be given again and is accepted. */
static void
drop_leftovers(struct bond_options *o, const struct given *g)
{
    for (unsigned int id = 0; id < BOND_OPT_N; id++)
        if (!(bond_opt_desc((enum bond_opt_id) id)->modes & (1u << o->num[BOND_OPT_MODE])))
            reset(o, id);
    for (size_t i = 0; i < N_OF_ARP; i++)
        if (!o->num[BOND_OPT_ARP_INTERVAL] && !g->name[of_arp[i]])
            reset(o, of_arp[i]);
    for (size_t i = 0; i < N_OF_BFD; i++)
        if (!o->num[BOND_OPT_BFD] && !g->name[of_bfd[i]])
            reset(o, of_bfd[i]);
}

static int
check_monitors(const struct given *g, const struct bond_options *o, struct bond_err *err)
{
    struct bond_options def;
    char text[BOND_QUOTE_SIZE], quoted[BOND_QUOTE_SIZE];

    bond_options_init(&def, BOND_MODE_BALANCE_RR);
    if (o->num[BOND_OPT_ARP_INTERVAL]) {
        if (o->n_arp_targets || o->n_ns_targets)
            return 0;
        bond_option_format(o, BOND_OPT_ARP_INTERVAL, text, sizeof(text));
        return bond_err_set(err, BOND_ERR_CONFLICT, -EINVAL,
                            "arp_interval %s needs a target: set arp_ip_target or ns_ip6_target to "
                            "the addresses to probe too",
                            text);
    }
    for (size_t i = 0; i < N_OF_ARP; i++) {
        const enum bond_opt_id id = of_arp[i];

        if (!bond_opt_equal(o, &def, id))
            return bond_err_set(err, BOND_ERR_CONFLICT, -EINVAL,
                                "%s %s needs arp_interval: set arp_interval to the probing "
                                "interval in ms too",
                                bond_opt_desc(id)->name, bond_opt_quote(g->value[id], quoted));
    }
    return 0;
}

static int
check_bfd(const struct given *g, const struct bond_options *o, struct bond_err *err)
{
    struct bond_options def;
    char quoted[BOND_QUOTE_SIZE];

    bond_options_init(&def, BOND_MODE_BALANCE_RR);
    if (o->num[BOND_OPT_BFD] && !o->bfd_peer_be)
        return bond_err_set(err, BOND_ERR_CONFLICT, -EINVAL,
                            "bfd %s needs a peer: set bfd_peer to the IPv4 address of the host at "
                            "the other end too",
                            bond_opt_value_name(BOND_OPT_BFD, o->num[BOND_OPT_BFD]));
    for (size_t i = 0; !o->num[BOND_OPT_BFD] && i < N_OF_BFD; i++) {
        const enum bond_opt_id id = of_bfd[i];

        if (!bond_opt_equal(o, &def, id))
            return bond_err_set(err, BOND_ERR_CONFLICT, -EINVAL,
                                "%s %s needs bfd: set bfd to micro or single-hop too",
                                bond_opt_desc(id)->name, bond_opt_quote(g->value[id], quoted));
    }
    return 0;
}

static int
check_carried_out(const struct bond_options *o, struct bond_err *err)
{
    struct bond_options def;

    bond_options_init(&def, BOND_MODE_BALANCE_RR);
    for (unsigned int id = 0; id < BOND_OPT_N; id++) {
        const struct bond_opt_desc *d = bond_opt_desc((enum bond_opt_id) id);
        char text[BOND_WORDS_SIZE], quoted[BOND_QUOTE_SIZE], words[BOND_WORDS_SIZE];

        bond_option_format(o, (enum bond_opt_id) id, text, sizeof(text));
        bond_opt_quote(text, quoted);
        if ((d->flags & BOND_OPT_F_LATER) && !bond_opt_equal(o, &def, (enum bond_opt_id) id)) {
            if (d->instead)
                return bond_err_set(err, BOND_ERR_NOT_SUPPORTED, -EOPNOTSUPP,
                                    "%s %s is not supported yet: use %s", d->name, quoted,
                                    d->instead);
            bond_option_format(&def, (enum bond_opt_id) id, text, sizeof(text));
            return bond_err_set(err, BOND_ERR_NOT_SUPPORTED, -EOPNOTSUPP,
                                "%s %s is not supported yet: leave %s out%s%s", d->name, quoted,
                                d->name, *text ? " or use " : "", text);
        }
        if (d->type == BOND_OPT_T_ENUM && (d->used_in & (1u << o->num[BOND_OPT_MODE])) &&
            !bond_opt_value_is_carried_out((enum bond_opt_id) id, o->num[id]))
            return bond_err_set(err, BOND_ERR_NOT_SUPPORTED, -EOPNOTSUPP,
                                "%s %s is not supported yet: use %s", d->name, quoted,
                                bond_opt_values_text(d, true, words, sizeof(words)));
    }
    return 0;
}

/* Declarative: only what really changes needs the bond down or without ports. */
static int
check_changes(const struct bond_options *o, const struct bond_options *next,
              const struct bond_opt_ctx *ctx, struct bond_err *err)
{
    for (unsigned int id = 0; id < BOND_OPT_N; id++) {
        const struct bond_opt_desc *d = bond_opt_desc((enum bond_opt_id) id);
        char text[BOND_WORDS_SIZE];
        int r;

        if (bond_opt_equal(o, next, (enum bond_opt_id) id))
            continue;
        bond_option_format(next, (enum bond_opt_id) id, text, sizeof(text));
        r = bond_opt_check_state(d, d->name, text, ctx, err);
        if (r)
            return r;
    }
    return 0;
}

static void
start_over(struct bond_options *next, const struct bond_options *o)
{
    bond_options_init(next, BOND_MODE_BALANCE_RR);
    bond_opt_copy(next, o, BOND_OPT_ACTIVE_SLAVE);
    if (o->active_slave[0])
        bond_opt_mark(next, BOND_OPT_ACTIVE_SLAVE, true);
}

int
bond_options_apply(struct bond_options *o, size_t n, const char *const *names,
                   const char *const *values, bool replace, const struct bond_opt_ctx *ctx,
                   struct bond_err *err)
{
    struct bond_opt_ctx open = ctx ? *ctx : (struct bond_opt_ctx){0};
    struct bond_options next = *o;
    struct given g;
    int r;

    open.live = true; /* judged on the finished set, by check_changes() */
    if (replace)
        start_over(&next, o);
    r = sort_given(&g, n, names, values, err);
    if (!r)
        r = let_mii_win(&g, &next, err);
    for (unsigned int id = 0; !r && id < BOND_OPT_N; id++)
        if (g.name[id])
            r = apply_one(&next, bond_opt_desc((enum bond_opt_id) id), &g, &open, err);
    if (r)
        return r;
    drop_leftovers(&next, &g);
    r = check_monitors(&g, &next, err);
    if (!r)
        r = check_bfd(&g, &next, err);
    if (!r)
        r = check_carried_out(&next, err);
    if (!r)
        r = check_changes(o, &next, ctx, err);
    if (!r)
        *o = next;
    return r;
}
