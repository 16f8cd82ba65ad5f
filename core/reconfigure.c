/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reconfigure.c - new options under a running bond. Decides what has to be looked at again; the
 * rest of the step does it as it always does.
 *
 * The kernel wants the bond down or without ports for some of them (mode, fail_over_mac); here
 * all are live. What a change sets off is otherwise as in bond_options.c.
 */
#include "core/lacp_internal.h"
#include "core/arpmon.h"

static bool
differs(const struct bond_options *a, const struct bond_options *b, enum bond_opt_id id)
{
    return a->num[id] != b->num[id];
}

/* kernel: bond_option_primary_set() */
static void
primary_changed(struct step *s)
{
    s->reselect = true;
    s->b->force_primary = bond_primary(s->b) != BOND_NO_PORT;
}

/* kernel: bond_option_active_slave_set(). A wish that cannot be met now is refused by the kernel
 * and dropped here: it came with options that are in force. */
static void
active_slave_changed(struct step *s)
{
    s->reselect = true;
    if (s->b->opt.active_slave[0] == '\0')
        s->b->active = BOND_NO_PORT;
    else
        s->wish = bond_port_by_name(s->b, s->b->opt.active_slave);
}

int
bond_reconfigure(struct step *s, const struct bond_options *o)
{
    struct bond *b = s->b;
    const struct bond_options *was = &s->was->opt;
    enum bond_fail_over_mac policy = bond_mac_policy(b);

    /* Finished sets come from bond_options_apply(). What would break the state is refused all the
     * same. */
    if (!bond_options_valid(o))
        return bond_err_set(s->err, BOND_ERR_BAD_VALUE, -EINVAL,
                            "the options of %s are no finished set: a value is out of range",
                            b->name);
    if (memcmp(o, was, sizeof(*o)) == 0)
        return 0;
    b->opt = *o;
    s->cause = BOND_REASON_OPTION;
    bond_note(s, BOND_NOTE_OPTIONS_CHANGED, BOND_NO_PORT, BOND_NO_PORT, BOND_REASON_REQUEST);
    if (bond_mac_policy(b) != policy)
        s->assign_macs = true;
    bond_mii_redelay(s);
    bond_lacp_options_changed(s);
    bond_arpmon_retarget(s);
    if (differs(o, was, BOND_OPT_MODE) || differs(o, was, BOND_OPT_PRIMARY_RESELECT))
        s->reselect = true;
    if (strcmp(o->primary, was->primary) != 0)
        primary_changed(s);
    if (bond_uses_primary(b) && strcmp(o->active_slave, was->active_slave) != 0)
        active_slave_changed(s);
    return 0;
}
