/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mac.c - which address the bond and each port have. Decides addresses only; effects.c puts them
 * on the devices.
 *
 * Kernel: bond_enslave(), bond_set_mac_address(), bond_do_fail_over_mac(). fail_over_mac has a
 * meaning in active-backup only:
 *   none    all ports have the bond's address
 *   active  ports keep their own, the bond has the active port's
 *   follow  the active port has the bond's address, the others have different ones
 * balance-tlb and balance-alb deal addresses out as follow does (kernel: bond_alb_init_slave(),
 * bond_alb_handle_active_change(), bond_alb_deinit_slave()).
 */
#include "core/internal.h"

enum bond_fail_over_mac
bond_mac_policy(const struct bond *b)
{
    if (bond_is_lb(b))
        return BOND_FOM_FOLLOW;
    if (bond_mode(b) != BOND_MODE_ACTIVE_BACKUP)
        return BOND_FOM_NONE;
    return (enum bond_fail_over_mac) bond_opt_num(b, BOND_OPT_FAIL_OVER_MAC);
}

static void
set_bond_mac(struct step *s, const uint8_t mac[BOND_MAC_LEN], enum bond_reason reason)
{
    s->b->mac_is_set = true;
    if (bond_mac_equal(s->b->mac, mac))
        return;
    memcpy(s->b->mac, mac, BOND_MAC_LEN);
    s->put_bond_mac = true;
    bond_note(s, BOND_NOTE_MAC_CHANGED, BOND_NO_PORT, BOND_NO_PORT, reason);
}

static void
set_port_mac(struct step *s, int slot, const uint8_t mac[BOND_MAC_LEN])
{
    if (bond_mac_equal(s->b->port[slot].mac, mac))
        return;
    memcpy(s->b->port[slot].mac, mac, BOND_MAC_LEN);
    s->put_port_mac |= 1u << slot;
}

/* The first member other than `slot` that has the address, or BOND_NO_PORT. */
static int
holder(const struct bond *b, const uint8_t mac[BOND_MAC_LEN], int slot)
{
    int order[BOND_MAX_PORTS];
    uint32_t n = bond_port_order(b, false, order);

    for (uint32_t i = 0; i < n; i++)
        if (order[i] != slot && bond_mac_equal(b->port[order[i]].mac, mac))
            return order[i];
    return BOND_NO_PORT;
}

static bool
is_taken(const struct bond *b, const uint8_t mac[BOND_MAC_LEN], int slot)
{
    return bond_mac_equal(mac, b->mac) || holder(b, mac, slot) != BOND_NO_PORT;
}

/* kernel: alb_handle_addr_collision_on_attach(): an address of another port that nobody has now. */
static void
take_spare(const struct bond *b, int slot, uint8_t mac[BOND_MAC_LEN])
{
    int order[BOND_MAX_PORTS];
    uint32_t n = bond_port_order(b, false, order);

    for (uint32_t i = 0; i < n; i++) {
        if (is_taken(b, b->port[order[i]].perm_mac, slot))
            continue;
        memcpy(mac, b->port[order[i]].perm_mac, BOND_MAC_LEN);
        return;
    }
}

/* follow: a port's own address, unless somebody in the bond has it (the first port's is the
 * bond's); then a locally administered one made from it. The kernel takes a random one. */
static void
set_distinct_mac(struct step *s, int slot)
{
    uint8_t mac[BOND_MAC_LEN];

    memcpy(mac, s->b->port[slot].perm_mac, BOND_MAC_LEN);
    if (bond_is_lb(s->b) && is_taken(s->b, mac, slot))
        take_spare(s->b, slot, mac);
    while (is_taken(s->b, mac, slot)) {
        mac[0] |= 2;
        mac[BOND_MAC_LEN - 1]++;
    }
    set_port_mac(s, slot, mac);
}

/* kernel: bond_enslave(). `first`: the bond had no port. */
void
bond_mac_attach(struct step *s, int slot, bool first)
{
    struct bond *b = s->b;

    if (first && !b->mac_is_set) {
        b->mac_from_first_port = true;
        set_bond_mac(s, b->port[slot].perm_mac, BOND_REASON_FIRST_PORT);
    }
    switch (bond_mac_policy(b)) {
    case BOND_FOM_NONE:
        set_port_mac(s, slot, b->mac);
        break;
    case BOND_FOM_ACTIVE:
        set_port_mac(s, slot, b->port[slot].perm_mac);
        break;
    case BOND_FOM_FOLLOW:
        if (first && bond_mac_equal(b->mac, b->port[slot].perm_mac))
            set_port_mac(s, slot, b->mac);
        else
            set_distinct_mac(s, slot);
        break;
    }
}

/* kernel: bond_do_fail_over_mac(), its swap included: who had the bond's address gets the new
 * active port's. */
void
bond_mac_failover(struct step *s)
{
    struct bond *b = s->b;
    int slot = b->active, old = s->was->active;
    uint8_t mac[BOND_MAC_LEN];

    if (slot == BOND_NO_PORT || s->assign_macs)
        return;
    memcpy(mac, b->port[slot].mac, BOND_MAC_LEN);
    switch (bond_mac_policy(b)) {
    case BOND_FOM_NONE:
        break;
    case BOND_FOM_ACTIVE:
        b->mac_from_first_port = true;
        set_bond_mac(s, mac, BOND_REASON_FAIL_OVER_MAC);
        break;
    case BOND_FOM_FOLLOW:
        /* Clients go on sending to the address that the new active port had, until they hear. */
        if (bond_is_lb(b) && old != BOND_NO_PORT && !bond_slot_is_member(b, old) &&
            b->port[old].phase != BOND_PHASE_FREE)
            memcpy(b->port[old].client_mac, mac, BOND_MAC_LEN);
        if (!bond_slot_is_member(b, old))
            old = holder(b, b->mac, slot);
        set_port_mac(s, slot, old != BOND_NO_PORT ? b->port[old].mac : b->mac);
        if (old != BOND_NO_PORT)
            set_port_mac(s, old, mac);
        break;
    }
}

/* kernel: alb_change_hw_addr_on_detach(): who has the address that the leaving port gets back takes
 * the one that it had; its own, where that is the bond's or another port's, and its own is free. */
void
bond_mac_left(struct step *s, int slot)
{
    struct bond *b = s->b;
    const struct bond_port *p = &b->port[slot];
    int other = bond_is_lb(b) ? holder(b, p->perm_mac, slot) : BOND_NO_PORT;
    bool is_taken;

    if (other == BOND_NO_PORT || bond_mac_equal(p->perm_mac, p->mac) ||
        bond_mac_equal(p->perm_mac, b->mac))
        return;
    is_taken = bond_mac_equal(p->mac, b->mac) || holder(b, p->mac, other) != BOND_NO_PORT;
    if (is_taken && holder(b, b->port[other].perm_mac, other) == BOND_NO_PORT)
        set_port_mac(s, other, b->port[other].perm_mac);
    else
        set_port_mac(s, other, p->mac);
}

/* What the bond's device has. `given`: by somebody else than us. Returns false if it is no
 * address that a bond may have (kernel: bond_set_mac_address(), is_valid_ether_addr()). */
bool
bond_mac_learn(struct step *s, const uint8_t mac[BOND_MAC_LEN], bool given)
{
    struct bond *b = s->b;

    if (!given && !b->mac_is_set) {
        memcpy(b->mac, mac, BOND_MAC_LEN);
        return true;
    }
    if (b->mac_is_set && bond_mac_equal(b->mac, mac))
        return true;
    /* With fail_over_mac the kernel ignores the address that it is given. */
    if (!given ||
        (bond_mac_policy(b) != BOND_FOM_NONE && !bond_is_lb(b) && bond_n_members(b) > 0)) {
        s->put_bond_mac = true;
        return true;
    }
    if (!bond_mac_valid(mac))
        return false;
    memcpy(b->mac, mac, BOND_MAC_LEN);
    b->mac_is_set = true;
    b->mac_from_first_port = false;
    s->assign_macs = true;
    bond_note(s, BOND_NOTE_MAC_CHANGED, BOND_NO_PORT, BOND_NO_PORT, BOND_REASON_REQUEST);
    return true;
}

void
bond_mac_restore(struct step *s, int slot)
{
    set_port_mac(s, slot, s->b->port[slot].perm_mac);
}

/* The next first port gives its address again. The kernel takes a random one meanwhile; here the
 * bond keeps what it has, so that nothing above it sees a change that means nothing. */
void
bond_mac_last_left(struct bond *b)
{
    if (!b->mac_from_first_port || bond_n_members(b) > 0)
        return;
    b->mac_from_first_port = false;
    b->mac_is_set = false;
}

/* All addresses from the beginning, after the rule has changed. From the last port to the first, so
 * that of two with the same address the older one keeps it. */
static void
assign(struct step *s)
{
    struct bond *b = s->b;
    bool follow = bond_mac_policy(b) == BOND_FOM_FOLLOW;
    int order[BOND_MAX_PORTS];
    uint32_t n = bond_port_order(b, false, order);

    if (bond_mac_policy(b) == BOND_FOM_ACTIVE && b->active != BOND_NO_PORT) {
        b->mac_from_first_port = true;
        set_bond_mac(s, b->port[b->active].perm_mac, BOND_REASON_FAIL_OVER_MAC);
    }
    for (uint32_t i = 0; i < n; i++) {
        int slot = order[i];
        bool has_bond_mac = bond_mac_policy(b) == BOND_FOM_NONE || (follow && slot == b->active);

        set_port_mac(s, slot, has_bond_mac ? b->mac : b->port[slot].perm_mac);
    }
    for (uint32_t i = n; follow && i > 0; i--)
        if (order[i - 1] != b->active)
            set_distinct_mac(s, order[i - 1]);
}

void
bond_mac_settle(struct step *s)
{
    if (s->assign_macs)
        assign(s);
}
