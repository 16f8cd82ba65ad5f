/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * notify.c - when the network is told where we are now. Decides that an announcement is due, not
 * what is in it.
 *
 * Kernel: bond_change_active_slave() arms, bond_should_notify_peers() and
 * bond_resend_igmp_join_requests_delayed() send. Two differences: ports that stop being used are
 * announced in every mode, and an announcement that finds no carrier waits for it.
 */
#include "core/internal.h"

#define NOTIFY_GAP_MS 100 /* where neither peer_notif_delay nor miimon says */
#define IGMP_GAP_MS 200   /* kernel: HZ / 5 */

static uint32_t
used_ports(const struct bond *b)
{
    uint32_t used = 0;

    for (int i = 0; i < (int) BOND_MAX_PORTS; i++)
        used |= (uint32_t) bond_port_can_tx(b, i) << i;
    return used;
}

static bool
path_changed(const struct bond *b, const struct bond *was)
{
    bool lost = (used_ports(was) & ~used_ports(b)) != 0;

    switch (bond_mode(b)) {
    case BOND_MODE_BALANCE_RR:
    case BOND_MODE_BALANCE_XOR:
    case BOND_MODE_BROADCAST:
        return lost;
    case BOND_MODE_8023AD: /* kernel: ad_cond_set_peer_notif() */
        return lost || (bond_opt_num(b, BOND_OPT_BROADCAST_NEIGHBOR) &&
                        (used_ports(b) & ~used_ports(was)) != 0);
    case BOND_MODE_BALANCE_ALB: /* every port has clients: they come to the active one at once */
        if (lost && b->active != BOND_NO_PORT)
            return true;
        break;
    case BOND_MODE_ACTIVE_BACKUP:
    case BOND_MODE_BALANCE_TLB:
        break;
    }
    return b->active != BOND_NO_PORT &&
           (b->active != was->active || (lost && bond_mode(b) != bond_mode(was)));
}

static bool
groups_moved(const struct bond *b, const struct bond *was)
{
    if (b->active == was->active || b->active == BOND_NO_PORT)
        return false;
    return bond_mode(b) == BOND_MODE_BALANCE_RR || bond_uses_primary(b);
}

/* One of a row of `left`, `gap_ms` apart, is due. Without carrier the row waits. */
static bool
due(const struct step *s, uint32_t *left, uint64_t *at_ns, uint64_t gap_ms)
{
    if (*left == 0 || !s->b->carrier) {
        *at_ns = BOND_NEVER;
        return false;
    }
    if (*at_ns == BOND_NEVER)
        *at_ns = s->now;
    if (s->now < *at_ns)
        return false;
    (*left)--;
    *at_ns = *left > 0 ? bond_after_ms(s->now, gap_ms) : BOND_NEVER;
    return true;
}

static void
arm(uint32_t *left, uint64_t *at_ns, uint32_t n)
{
    *left = n;
    *at_ns = BOND_NEVER;
}

void
bond_notify_settle(struct step *s)
{
    struct bond *b = s->b;
    /* kernel: bond_close(): nothing is sent while the bond is down. */
    uint32_t count = b->admin_up ? bond_opt_num(b, BOND_OPT_NUM_GRAT_ARP) : 0;
    uint32_t igmp_count = b->admin_up ? bond_opt_num(b, BOND_OPT_RESEND_IGMP) : 0;
    uint32_t gap_ms = bond_delay_ms(b, BOND_OPT_PEER_NOTIF_DELAY);

    if (gap_ms == 0)
        gap_ms = bond_opt_num(b, BOND_OPT_MIIMON);
    if (gap_ms == 0)
        gap_ms = NOTIFY_GAP_MS;
    if (path_changed(b, s->was))
        arm(&b->notify_left, &b->notify_at_ns, count);
    if (groups_moved(b, s->was))
        arm(&b->igmp_left, &b->igmp_at_ns, igmp_count);
    if (b->notify_left > count)
        b->notify_left = count;
    if (b->igmp_left > igmp_count)
        b->igmp_left = igmp_count;
    s->announce = due(s, &b->notify_left, &b->notify_at_ns, gap_ms);
    s->resend_igmp = due(s, &b->igmp_left, &b->igmp_at_ns, IGMP_GAP_MS);
}
