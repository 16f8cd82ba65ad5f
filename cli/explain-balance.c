/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explain-balance.c - the port of a flow where it depends on what was sent before: balance-tlb,
 * balance-alb and hash=resilient. bondd looks it up in what the packet path goes by.
 */
#include "explain.h"

#include "core/options.h"
#include "core/table.h"

bool
explain_asks_bondd(const struct bond_options *o)
{
    guint32 mode = o->num[BOND_OPT_MODE];

    return mode == BOND_MODE_BALANCE_TLB || mode == BOND_MODE_BALANCE_ALB ||
           (o->num[BOND_OPT_HASH] == BOND_HASH_RESILIENT &&
            (mode == BOND_MODE_BALANCE_XOR || mode == BOND_MODE_8023AD));
}

static char *
reason(GVariant *answer, const char *port)
{
    gboolean assigned = FALSE;
    guint32 bucket;

    if (port[0] == '\0')
        return g_strdup(_("no port can be used"));
    if (g_variant_lookup(answer, "hash-bucket", "u", &bucket))
        return g_strdup_printf(_("the flow is in bucket %u of %u (hash=resilient), which is %s's"),
                               bucket, BOND_BUCKETS, port);
    if (!g_variant_lookup(answer, "bucket", "u", &bucket))
        return g_strdup(_("by the hash, for tlb_dynamic_lb is off"));
    if (g_variant_lookup(answer, "assigned", "b", &assigned) && assigned)
        return g_strdup_printf(_("flows of kind %u (of 256) were given to %s when they were last "
                                 "balanced, which is done every 10 s"),
                               bucket, port);
    return g_strdup_printf(
        _("flows of kind %u (of 256) have no port yet: %s has the most to spare"), bucket, port);
}

char *
explain_ask_bondd(struct cli *cli, NmbondBond *bond, const struct flow *flow, char **port,
                  char **backup, GError **error)
{
    guint8 data[FLOW_FRAME_SIZE];
    gsize length = flow_frame(flow, data);
    GVariant *frame = g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, data, length, 1);
    g_autoptr(GVariant) answer = NULL;

    *port = *backup = NULL;
    cli_bound_call(cli, bond);
    if (!nmbond_bond_call_find_port_sync(bond, frame, &answer, NULL, error))
        return NULL;
    if (!g_variant_lookup(answer, "port", "s", port))
        *port = g_strdup("");
    if (!g_variant_lookup(answer, "backup", "s", backup))
        *backup = g_strdup("");
    return reason(answer, *port);
}
