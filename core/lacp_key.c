/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lacp_key.c - what options and devices make of the actor: its key, its administrative bits, what
 * it says of itself. Decides nothing over time.
 *
 * Kernel: ad_update_actor_keys(), __get_link_speed(), bond_3ad_handle_link_change(),
 * bond_3ad_update_lacp_rate(), bond_3ad_update_lacp_active().
 *
 *   key   15 .. 6            5 .. 1   0
 *         ad_user_port_key   speed    full duplex
 */
#include "core/lacp_internal.h"

#define KEY_USER_SHIFT 6
#define KEY_SPEED 0x3eu
#define KEY_FULL 0x01u

/* The kernel's numbers for speeds (AD_LINK_SPEED_*), seen in /proc as part of the key. */
static uint16_t
speed_number(int32_t mbps)
{
    static const int32_t speeds[] = {1,     10,    100,   1000,  2500,  5000,   10000,  14000,
                                     20000, 25000, 40000, 50000, 56000, 100000, 200000, 400000};

    for (size_t i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++)
        if (speeds[i] == mbps)
            return (uint16_t) (i + 1);
    return 0;
}

/* While its downdelay runs a port still counts, as in the kernel. */
bool
bond_lacp_port_usable(const struct bond_port *p)
{
    return p->link == BOND_LINK_UP || p->link == BOND_LINK_FAIL;
}

uint16_t
bond_lacp_key(const struct bond *b, int slot)
{
    const struct bond_port *p = &b->port[slot];
    uint32_t key = bond_opt_num(b, BOND_OPT_AD_USER_PORT_KEY) << KEY_USER_SHIFT;

    if (bond_lacp_port_usable(p))
        key |= (uint32_t) speed_number(p->speed_mbps) << 1 |
               (p->duplex == BOND_DUPLEX_FULL ? KEY_FULL : 0);
    return (uint16_t) key;
}

struct bond_lacp_info
bond_lacp_actor(const struct bond *b, int slot)
{
    const struct bond_port *p = &b->port[slot];
    struct bond_lacp_info info = {
        .system_prio = (uint16_t) bond_opt_num(b, BOND_OPT_AD_ACTOR_SYS_PRIO),
        .key = p->lacp.key,
        .port_prio = p->actor_port_prio,
        .port = p->lacp.number,
        .state = p->lacp.state,
    };

    memcpy(info.system, b->lacp.system, BOND_MAC_LEN);
    return info;
}

static uint8_t
admin_bits(const struct bond *b)
{
    return (uint8_t) ((bond_opt_num(b, BOND_OPT_LACP_ACTIVE) ? BOND_LACP_ACTIVITY : 0) |
                      (bond_opt_num(b, BOND_OPT_LACP_RATE) ? BOND_LACP_TIMEOUT : 0));
}

/* Another speed, or a link that is back, begins anew; another key of the user's leads to another
 * aggregator. A port that went down stays where it is, as in the kernel. */
static void
key_changed(struct bond_lacp_port *p, uint16_t key, bool usable)
{
    if (usable && (key & KEY_FULL) && ((key ^ p->key) & (KEY_SPEED | KEY_FULL)))
        p->begin = true;
    else if (usable)
        p->selected = false;
    p->key = key;
    p->ntt = true;
}

bool
bond_lacp_follow(struct bond *b, int slot)
{
    struct bond_lacp_port *p = &b->port[slot].lacp, was = *p;
    bool usable = bond_lacp_port_usable(&b->port[slot]);
    uint16_t key = bond_lacp_key(b, slot);
    uint8_t bits = admin_bits(b);

    if (key != p->key)
        key_changed(p, key, usable);
    p->port_enabled = usable;
    p->lacp_enabled = key & KEY_FULL;
    if ((p->state & (BOND_LACP_ACTIVITY | BOND_LACP_TIMEOUT)) != bits) {
        p->state = (uint8_t) ((p->state & ~(BOND_LACP_ACTIVITY | BOND_LACP_TIMEOUT)) | bits);
        p->ntt = true;
    }
    return memcmp(p, &was, sizeof(was)) != 0;
}
