/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * alb.c - the clients of balance-alb: which port each is told to send to, and when it is told.
 *
 * Kernel: the rlb functions of bond_alb.c. As there a client is one pair of addresses in ARP that
 * the host sends, it gets the ports in turn, and a port's clients go to others when it cannot
 * receive. Differences, all for clients that must not lose a frame:
 *   - A new client's first reply names the active port (the packet path knows no client before
 *     core does); the update follows when the client will take it.
 *   - An update is said three times, further apart than the second for which Linux holds on to
 *     the address that it heard first (neigh locktime); the kernel says it four times in 400 ms.
 *   - Nothing is learned from ARP of our own that a switch floods back, nor from announcements.
 */
#include "core/internal.h"
#include "core/tlb.h"

#define UPDATES 3          /* kernel: RLB_UPDATE_RETRY, and the first */
#define UPDATE_GAP_MS 1100 /* Linux: locktime, 1 s */
#define AFTER_ARP_MS 2000  /* kernel: RLB_UPDATE_DELAY */
#define PROMISC_MS 10000   /* kernel: RLB_PROMISC_TIMEOUT */
#define ARP_FRAME_LEN (BOND_ETH_HLEN + BOND_ARP_LEN)

struct arp { /* what matters of one over Ethernet and IPv4 */
    bool is_request, is_broadcast;
    uint32_t from_ip, to_ip;
    const uint8_t *from, *to;
};

bool
bond_alb_balances_receiving(const struct bond *b)
{
    return bond_mode(b) == BOND_MODE_BALANCE_ALB && !b->bridged;
}

/* A place without a client is all zero, and never written to. */
static void
forget(struct bond_client *c)
{
    if (c->assigned)
        memset(c, 0, sizeof(*c));
}

void
bond_alb_forget(struct bond *b)
{
    for (uint32_t i = 0; i < BOND_CLIENTS; i++)
        forget(&b->client[i]);
}

/* ---- ports in turn ---- */

/* kernel: __rlb_next_rx_slave(): the next in the circle, unless a faster one is elsewhere. */
static int
next_port(struct bond *b)
{
    int order[BOND_MAX_PORTS], before = BOND_NO_PORT, after = BOND_NO_PORT;
    uint32_t n = bond_port_order(b, false, order);
    bool found = false;

    for (uint32_t i = 0; i < n; i++) {
        int *best = found ? &after : &before;

        if (!bond_port_can_tx(b, order[i]))
            continue;
        if (*best == BOND_NO_PORT || b->port[*best].speed_mbps < b->port[order[i]].speed_mbps)
            *best = order[i];
        found = found || order[i] == b->client_last;
    }
    if (after == BOND_NO_PORT ||
        (before != BOND_NO_PORT && b->port[after].speed_mbps < b->port[before].speed_mbps))
        after = before;
    if (after != BOND_NO_PORT)
        b->client_last = after;
    return after;
}

/* ---- updates ---- */

static void
update_from(struct bond_client *c, uint64_t at_ns)
{
    bool known = bond_mac_valid(c->mac) && c->slot != BOND_NO_PORT;

    c->left = known ? UPDATES : 0;
    c->at_ns = known ? at_ns : BOND_NEVER;
}

static void
put_ip(uint8_t *at, uint32_t ip)
{
    memcpy(at, &ip, sizeof(ip));
}

/* kernel: rlb_update_client(): an ARP reply to the client alone. */
static void
tell(struct step *s, const struct bond_client *c)
{
    static const uint8_t head[] = {0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, BOND_ARP_REPLY};
    const uint8_t *mac = s->b->port[c->slot].mac;
    uint8_t *f = bond_send(s, c->slot, ARP_FRAME_LEN, c->vlan_id);

    memcpy(f, c->mac, BOND_MAC_LEN);
    memcpy(f + 6, mac, BOND_MAC_LEN);
    memcpy(f + 12, head, sizeof(head));
    memcpy(f + 22, mac, BOND_MAC_LEN);
    put_ip(f + 28, c->host_ip);
    memcpy(f + 32, c->mac, BOND_MAC_LEN);
    put_ip(f + 38, c->client_ip);
}

static void
tell_who_is_due(struct step *s)
{
    for (uint32_t i = 0; i < BOND_CLIENTS; i++) {
        struct bond_client *c = &s->b->client[i];

        if (!c->assigned || s->now < c->at_ns)
            continue;
        if (bond_port_can_tx(s->b, c->slot))
            tell(s, c);
        c->left--;
        c->at_ns = c->left ? bond_after_ms(s->now, UPDATE_GAP_MS) : BOND_NEVER;
    }
}

uint64_t
bond_alb_deadline(const struct bond *b)
{
    uint64_t next = BOND_NEVER;

    for (uint32_t i = 0; i < BOND_CLIENTS; i++)
        if (b->client[i].assigned && b->client[i].at_ns < next)
            next = b->client[i].at_ns;
    return next;
}

/* ---- ARP ---- */

static bool
read_arp(const struct bond_event *ev, struct arp *arp)
{
    static const uint8_t head[] = {0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0};
    const uint8_t *f = ev->u.frame.data;

    if (ev->u.frame.len < ARP_FRAME_LEN || memcmp(f + 12, head, sizeof(head)) != 0 ||
        (f[21] != BOND_ARP_REQUEST && f[21] != BOND_ARP_REPLY))
        return false;
    arp->is_request = f[21] == BOND_ARP_REQUEST;
    arp->is_broadcast = f[0] & 1;
    arp->from = f + 22;
    arp->to = f + 32;
    memcpy(&arp->from_ip, f + 28, sizeof(arp->from_ip));
    memcpy(&arp->to_ip, f + 38, sizeof(arp->to_ip));
    return true;
}

static bool
is_ours(const struct bond *b, const uint8_t mac[BOND_MAC_LEN])
{
    if (bond_mac_equal(mac, b->mac))
        return true;
    for (int i = 0; i < (int) BOND_MAX_PORTS; i++)
        if (b->port[i].phase != BOND_PHASE_FREE &&
            (bond_mac_equal(mac, b->port[i].mac) || bond_mac_equal(mac, b->port[i].client_mac)))
            return true;
    return false;
}

static bool
is_client(const struct bond_client *c, uint32_t host_ip, uint32_t client_ip)
{
    return c->assigned && c->host_ip == host_ip && c->client_ip == client_ip;
}

/* kernel: rlb_choose_channel(): somebody else's place is taken, after he has been told to send to
 * the active port. */
static void
register_client(struct step *s, struct bond_client *c, const struct arp *arp, uint16_t vlan_id)
{
    struct bond *b = s->b;
    int slot;

    if (c->assigned && b->active != BOND_NO_PORT && c->slot != b->active &&
        bond_mac_valid(c->mac)) {
        c->slot = (int8_t) b->active;
        tell(s, c);
    }
    forget(c);
    slot = next_port(b);
    if (slot == BOND_NO_PORT)
        return;
    c->assigned = true;
    c->slot = (int8_t) slot;
    c->at_ns = BOND_NEVER;
    c->host_ip = arp->from_ip;
    c->client_ip = arp->to_ip;
    c->vlan_id = vlan_id;
}

/* A request in the bond's name brings whoever hears it to the active port; afterwards they are sent
 * back (kernel: rlb_req_update_subnet_clients()). */
static void
update_hearers(struct step *s, const struct arp *arp)
{
    for (uint32_t i = 0; i < BOND_CLIENTS; i++) {
        struct bond_client *c = &s->b->client[i];

        if (c->assigned && c->host_ip == arp->from_ip && c->slot != s->b->active &&
            (arp->is_broadcast || c->client_ip == arp->to_ip))
            update_from(c, bond_after_ms(s->now, AFTER_ARP_MS));
    }
}

/* kernel: rlb_arp_xmit() */
static void
sent(struct step *s, const struct arp *arp, uint16_t vlan_id)
{
    struct bond_client *c = &s->b->client[bond_byte_hash(arp->to_ip)];
    bool is_new = !is_client(c, arp->from_ip, arp->to_ip);
    bool is_announcement = arp->from_ip == arp->to_ip;

    if (!is_ours(s->b, arp->from) || arp->from_ip == 0)
        return;
    if (is_new && !is_announcement)
        register_client(s, c, arp, vlan_id);
    if (c->assigned && !is_announcement && bond_mac_valid(arp->to))
        memcpy(c->mac, arp->to, BOND_MAC_LEN);
    if (c->assigned && is_new && !is_announcement && c->slot != s->b->active)
        update_from(c, bond_after_ms(s->now, AFTER_ARP_MS));
    if (arp->is_request || is_announcement)
        update_hearers(s, arp);
}

/* kernel: rlb_arp_recv(): somebody else has an address of the host now; a client's address. */
static void
received(struct step *s, const struct arp *arp)
{
    struct bond_client *c = &s->b->client[bond_byte_hash(arp->from_ip)];

    if (is_ours(s->b, arp->from))
        return;
    for (uint32_t i = 0; i < BOND_CLIENTS; i++)
        if (s->b->client[i].assigned && s->b->client[i].host_ip == arp->from_ip)
            forget(&s->b->client[i]);
    if (arp->is_request || !is_client(c, arp->to_ip, arp->from_ip) || !bond_mac_valid(arp->from) ||
        bond_mac_equal(c->mac, arp->from))
        return;
    memcpy(c->mac, arp->from, BOND_MAC_LEN);
    if (c->slot != s->b->active)
        update_from(c, bond_after_ms(s->now, AFTER_ARP_MS));
}

void
bond_alb_frame(struct step *s, const struct bond_event *ev)
{
    struct arp arp;

    if (!bond_alb_balances_receiving(s->b) || !s->b->admin_up || !read_arp(ev, &arp))
        return;
    if (ev->slot == BOND_NO_PORT)
        sent(s, &arp, ev->u.frame.vlan_id);
    else
        received(s, &arp);
}

/* ---- what ports go through ---- */

static bool
has_come(const struct step *s)
{
    if (bond_mode(s->was) != BOND_MODE_BALANCE_ALB)
        return true;
    for (int i = 0; i < (int) BOND_MAX_PORTS; i++)
        if (bond_port_can_tx(s->b, i) && !bond_port_can_tx(s->was, i))
            return true;
    return false;
}

/* kernel: rlb_rebalance(), rlb_clear_slave(), rlb_req_update_slave_clients(). Nobody is left with a
 * port that cannot receive; where there is no port at all, clients are asked for again. */
static void
move_clients(struct step *s)
{
    bool deal_again = has_come(s);

    for (uint32_t i = 0; i < BOND_CLIENTS; i++) {
        struct bond_client *c = &s->b->client[i];
        int old = c->slot;

        if (!c->assigned)
            continue;
        if (deal_again || !bond_port_can_tx(s->b, old))
            c->slot = (int8_t) next_port(s->b);
        if (c->slot == BOND_NO_PORT)
            forget(c);
        else if (c->slot != old || !bond_mac_equal(s->b->port[old].mac, s->was->port[old].mac))
            update_from(c, s->now);
    }
}

/* kernel: rlb_teach_disabled_mac_on_primary(): until its clients have heard, the active port
 * receives for one that cannot. */
static void
stand_in(struct step *s)
{
    struct bond *b = s->b;

    if (s->now >= b->promisc_until_ns)
        b->promisc_until_ns = BOND_NEVER;
    for (int i = 0; i < (int) BOND_MAX_PORTS; i++) {
        bool lost =
            bond_slot_is_member(b, i) && !bond_port_can_tx(b, i) && bond_port_can_tx(s->was, i);
        bool renamed = bond_slot_is_member(s->was, i) && bond_slot_is_member(b, i) &&
                       !bond_mac_equal(b->port[i].mac, s->was->port[i].mac);

        if (lost)
            s->learn_other |= 1u << i;
        if (lost || renamed)
            b->promisc_until_ns = bond_after_ms(s->now, PROMISC_MS);
    }
    if (b->active == BOND_NO_PORT || !b->admin_up)
        b->promisc_until_ns = BOND_NEVER;
}

bool
bond_port_wants_promisc(const struct bond *b, int slot)
{
    return slot == b->active && bond_slot_is_member(b, slot) && b->promisc_until_ns != BOND_NEVER;
}

void
bond_alb_settle(struct step *s)
{
    struct bond *b = s->b;
    bool is_alb = bond_mode(b) == BOND_MODE_BALANCE_ALB;

    for (int i = 0; i < (int) BOND_MAX_PORTS; i++)
        if (bond_slot_is_member(b, i))
            memcpy(b->port[i].client_mac, is_alb ? b->port[i].mac : (uint8_t[BOND_MAC_LEN]){0},
                   BOND_MAC_LEN);
    if (!bond_port_can_tx(b, b->client_last))
        b->client_last = BOND_NO_PORT;
    if (is_alb)
        stand_in(s);
    else
        b->promisc_until_ns = BOND_NEVER;
    if (!bond_alb_balances_receiving(b) || !b->admin_up) {
        bond_alb_forget(b);
        return;
    }
    move_clients(s);
    tell_who_is_due(s);
}
