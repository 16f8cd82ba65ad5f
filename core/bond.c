/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bond.c - questions to a bond's state. Decides nothing over time: every answer is a function of
 * the state as it is.
 */
#include "core/bfdmon.h"
#include "core/lacp_internal.h"

void
bond_init(struct bond *b, const char *name, int32_t ifindex, const struct bond_options *opt)
{
    memset(b, 0, sizeof(*b));
    memcpy(b->name, name, strnlen(name, BOND_NAME_SIZE - 1));
    b->ifindex = ifindex;
    b->opt = *opt;
    b->active = b->arp_port = BOND_NO_PORT;
    b->drain_ms = BOND_DRAIN_MS;
    bond_lacp_init(b);
    b->notify_at_ns = b->igmp_at_ns = b->poll_at_ns = b->arp_at_ns = BOND_NEVER;
    b->tlb_at_ns = b->learn_at_ns = b->promisc_until_ns = BOND_NEVER;
    b->client_last = BOND_NO_PORT;
    b->balance_at_ns = BOND_NEVER;
    memset(b->bucket, BOND_MAX_PORTS, sizeof(b->bucket));
}

bool
bond_slot_is_member(const struct bond *b, int slot)
{
    return slot >= 0 && slot < (int) BOND_MAX_PORTS && b->port[slot].phase == BOND_PHASE_MEMBER;
}

/* Members come first: a leaving port may share its name with the one that took its place. */
static int
find_port(const struct bond *b, const char *name, int32_t ifindex)
{
    int found = BOND_NO_PORT;

    for (int i = 0; i < (int) BOND_MAX_PORTS; i++) {
        const struct bond_port *p = &b->port[i];

        if (p->phase == BOND_PHASE_FREE)
            continue;
        if (name ? strncmp(p->name, name, BOND_NAME_SIZE) != 0 : p->ifindex != ifindex)
            continue;
        if (p->phase == BOND_PHASE_MEMBER)
            return i;
        found = i;
    }
    return found;
}

int
bond_port_by_name(const struct bond *b, const char *name)
{
    return find_port(b, name, 0);
}

int
bond_port_by_ifindex(const struct bond *b, int32_t ifindex)
{
    return find_port(b, NULL, ifindex);
}

uint32_t
bond_port_order(const struct bond *b, bool leaving, int order[BOND_MAX_PORTS])
{
    uint32_t n = 0;

    for (int i = 0; i < (int) BOND_MAX_PORTS; i++) {
        uint32_t at = n;

        if (b->port[i].phase == BOND_PHASE_FREE || (!leaving && !bond_slot_is_member(b, i)))
            continue;
        for (; at > 0 && b->port[order[at - 1]].attach_seq > b->port[i].attach_seq; at--)
            order[at] = order[at - 1];
        order[at] = i;
        n++;
    }
    return n;
}

uint32_t
bond_n_members(const struct bond *b)
{
    int order[BOND_MAX_PORTS];
    return bond_port_order(b, false, order);
}

uint32_t
bond_n_up(const struct bond *b)
{
    uint32_t n = 0;

    for (int i = 0; i < (int) BOND_MAX_PORTS; i++)
        n += bond_slot_is_member(b, i) && b->port[i].link == BOND_LINK_UP;
    return n;
}

bool
bond_port_is_up(const struct bond_port *p)
{
    return p->admin_up && p->carrier;
}

int
bond_primary(const struct bond *b)
{
    int slot;

    if (!bond_uses_primary(b) || b->opt.primary[0] == '\0')
        return BOND_NO_PORT;
    slot = bond_port_by_name(b, b->opt.primary);
    return bond_slot_is_member(b, slot) ? slot : BOND_NO_PORT;
}

uint32_t
bond_frames_wanted(const struct bond *b)
{
    uint32_t bfd = bond_bfd_frames(b);

    if (bond_mode(b) == BOND_MODE_BALANCE_ALB)
        return BOND_FRAMES_ARP | bfd;
    return bfd | (bond_mode(b) == BOND_MODE_8023AD ? BOND_FRAMES_SLOW : bond_arpmon_frames(b));
}

uint32_t
bond_frames_wanted_sent(const struct bond *b)
{
    return bond_alb_balances_receiving(b) ? BOND_FRAMES_ARP : 0;
}

/* kernel: slave->inactive, which in these modes follows from who is active (bond_open(),
 * bond_set_slave_inactive_flags()) and from all_slaves_active. */
bool
bond_inactive_rule(const struct bond *b, int slot)
{
    switch (bond_mode(b)) {
    case BOND_MODE_BALANCE_RR:
    case BOND_MODE_BALANCE_XOR:
    case BOND_MODE_BROADCAST:
        return false;
    case BOND_MODE_8023AD:
        return bond_lacp_is_inactive(b, slot);
    case BOND_MODE_ACTIVE_BACKUP:
    case BOND_MODE_BALANCE_TLB:
    case BOND_MODE_BALANCE_ALB:
        break;
    }
    return slot != b->active && slot != b->arp_port && !bond_opt_num(b, BOND_OPT_ALL_SLAVES_ACTIVE);
}

bool
bond_port_can_tx(const struct bond *b, int slot)
{
    if (!bond_slot_is_member(b, slot) || !bond_port_is_up(&b->port[slot]) ||
        b->port[slot].link != BOND_LINK_UP)
        return false;
    if (bond_is_lacp(b))
        return bond_lacp_distributes(b, slot);
    return bond_mode(b) != BOND_MODE_ACTIVE_BACKUP || slot == b->active;
}

/* kernel: bond_set_carrier(), bond_3ad_set_carrier(); there min_links counts in 802.3ad only. */
bool
bond_carrier_rule(const struct bond *b)
{
    uint32_t up = bond_n_up(b);

    if (bond_is_lacp(b))
        return bond_lacp_carrier(b);
    return up > 0 && up >= bond_opt_num(b, BOND_OPT_MIN_LINKS);
}

bool
bond_name_valid(const char *name)
{
    size_t n = strnlen(name, BOND_NAME_SIZE);

    if (n == 0 || n == BOND_NAME_SIZE || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return false;
    for (size_t i = 0; i < n; i++)
        if (strchr("/: \t\n\v\f\r\xa0", name[i]) != NULL) /* the kernel's isspace() knows 0xa0 */
            return false;
    return true;
}

bool
bond_mac_valid(const uint8_t mac[BOND_MAC_LEN])
{
    static const uint8_t zero[BOND_MAC_LEN];
    return !(mac[0] & 1) && !bond_mac_equal(mac, zero);
}

bool
bond_has_mac(const struct bond *b, const uint8_t mac[BOND_MAC_LEN])
{
    if (b->mac_is_set && bond_mac_equal(mac, b->mac))
        return true;
    for (int i = 0; i < (int) BOND_MAX_PORTS; i++)
        if (bond_slot_is_member(b, i) && bond_mac_equal(mac, b->port[i].mac))
            return true;
    return false;
}

static bool
no_name_or_valid(const char name[BOND_NAME_SIZE])
{
    return name[0] == '\0' || bond_name_valid(name);
}

bool
bond_options_valid(const struct bond_options *o)
{
    return o->num[BOND_OPT_MODE] < BOND_N_MODES &&
           o->num[BOND_OPT_FAIL_OVER_MAC] <= BOND_FOM_FOLLOW &&
           o->num[BOND_OPT_PRIMARY_RESELECT] <= BOND_RESELECT_FAILURE &&
           o->num[BOND_OPT_XMIT_HASH_POLICY] <= BOND_XMIT_VLAN_SRCMAC &&
           o->num[BOND_OPT_AD_SELECT] <= BOND_AD_ACTOR_PORT_PRIO &&
           o->num[BOND_OPT_MONITORS] <= 1 && o->num[BOND_OPT_BFD] <= BOND_BFD_SINGLE_HOP &&
           o->num[BOND_OPT_BFD_INTERVAL] >= BOND_BFD_MIN_MS &&
           o->num[BOND_OPT_BFD_INTERVAL] <= BOND_BFD_MAX_MS &&
           o->num[BOND_OPT_BFD_MULTIPLIER] >= 2 && o->num[BOND_OPT_BFD_MULTIPLIER] <= UINT8_MAX &&
           o->num[BOND_OPT_AD_USER_PORT_KEY] <= 1023 &&
           o->num[BOND_OPT_AD_ACTOR_SYS_PRIO] <= UINT16_MAX &&
           o->n_arp_targets <= BOND_MAX_ARP_TARGETS && o->n_ns_targets <= BOND_MAX_NS_TARGETS &&
           no_name_or_valid(o->primary) && no_name_or_valid(o->active_slave);
}
