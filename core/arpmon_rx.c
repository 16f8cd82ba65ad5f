/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * arpmon_rx.c - what counts as a sign of life of a port (arp_validate), and of which target.
 *
 * Decides whether a frame proves something; link states follow in arpmon.c. Kernel:
 * bond_rcv_validate(), bond_arp_rcv(), bond_na_rcv(). As there a frame is believed on
 *   (a) an active port, or one that is being tried: an answer of a target to us
 *   (b) a backup, while the active port gets answers: our own question to a target, which came
 *       around through the switch, with source and destination the other way round
 *   (c) any port, while one is being tried: an answer, which a switch may still deliver elsewhere
 * In modes 0, 2 and 3 every port asks by itself, so (a) holds for ports that are down too; in the
 * kernel a bond of one port with arp_validate=all never comes back there.
 */
#include "core/arpmon.h"
#include "core/parse.h"

struct proof {
    bool to_us;      /* (a), (c): it is said to us */
    bool from_us;    /* (b): we said it, by another port */
    bool is_answer;  /* (c) */
    uint32_t sender; /* targets that say it, bit n: arp target n, bit 16 + n: ns target n */
    uint32_t asked;  /* targets that it is said to */
};

static bool
is_all_zero(const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

static uint32_t
arp_targets(const struct bond *b, uint32_t addr_be)
{
    for (unsigned i = 0; i < b->opt.n_arp_targets; i++)
        if (b->opt.arp_target_be[i] == addr_be)
            return 1u << i;
    return 0;
}

/* kernel: bond_get_targets_ip6(). Questions go to the solicited-node group (RFC 4291, 2.7.1). */
static uint32_t
ns_targets(const struct bond *b, const uint8_t addr[16])
{
    static const uint8_t group[13] = {0xff, 0x02, [11] = 0x01, [12] = 0xff};
    bool is_group = memcmp(addr, group, sizeof(group)) == 0;
    uint32_t bits = 0;

    for (unsigned i = 0; i < b->opt.n_ns_targets; i++) {
        const uint8_t *target = b->opt.ns_target[i];

        if (memcmp(target, addr, 16) == 0 || (is_group && memcmp(target + 13, addr + 13, 3) == 0))
            bits |= 1u << (BOND_MAX_ARP_TARGETS + i);
    }
    return bits;
}

/* A bond without an address asks from 0.0.0.0, so that is whom an answer is for, and our address
 * is then known by its MAC. */
static void
read_arp(const struct bond *b, const struct bond_event *ev, const struct bond_arp *arp,
         struct proof *proof)
{
    bool from_mac = bond_has_mac(b, arp->sender_mac);

    proof->is_answer = arp->op == BOND_ARP_REPLY;
    proof->to_us = ev->u.frame.to_us ||
                   (proof->is_answer && arp->target_be == 0 && bond_has_mac(b, ev->u.frame.data));
    proof->from_us = ev->u.frame.from_us || (arp->sender_be == 0 && from_mac);
    proof->sender = arp_targets(b, arp->sender_be);
    proof->asked = arp_targets(b, arp->target_be);
}

/* An advertisement is of the target that it names, whatever address of that host it comes from. */
static void
read_nd(const struct bond *b, const struct bond_event *ev, const struct bond_nd *nd,
        struct proof *proof)
{
    static const uint8_t all_nodes[16] = {0xff, 0x02, [15] = 0x01};

    proof->is_answer = true;
    proof->to_us = ev->u.frame.to_us || memcmp(nd->destination, all_nodes, 16) == 0;
    proof->from_us = ev->u.frame.from_us || (is_all_zero(nd->source, 16) &&
                                             bond_has_mac(b, ev->u.frame.data + BOND_MAC_LEN));
    proof->sender = is_all_zero(nd->source, 16) ? 0 : ns_targets(b, nd->source);
    if (nd->type == BOND_ND_ADVERT)
        proof->sender |= ns_targets(b, nd->target);
    proof->asked = ns_targets(b, nd->destination);
}

/* The targets that are proven to be reached by the frame. */
static uint32_t
believe(const struct bond *b, int slot, const struct proof *proof, uint64_t now)
{
    bool balancing = bond_mode(b) != BOND_MODE_ACTIVE_BACKUP;
    uint32_t answered = proof->to_us ? proof->sender : 0;
    uint32_t overheard = proof->from_us ? proof->asked : 0;

    if (bond_arpmon_is_active(b, slot))
        return answered;
    if (bond_slot_is_member(b, b->active) &&
        bond_arpmon_last_rx(b, b->active) > b->port[b->active].last_link_up_ns)
        return balancing ? answered | overheard : overheard;
    if (balancing)
        return answered;
    if (bond_slot_is_member(b, b->arp_port) && proof->is_answer &&
        bond_arpmon_within(b, b->port[b->arp_port].last_tx_ns, 1, now))
        return answered;
    return 0;
}

static bool
is_filter(const struct bond *b)
{
    return bond_opt_num(b, BOND_OPT_ARP_VALIDATE) & 4u;
}

void
bond_arpmon_frame(struct step *s, const struct bond_event *ev)
{
    struct bond *b = s->b;
    struct bond_port *p = &b->port[ev->slot];
    struct proof proof = {0};
    struct bond_arp arp;
    struct bond_nd nd;
    uint32_t targets;
    bool validates;

    if (!bond_arpmon_on(b))
        return;
    if (bond_arp_parse(ev->u.frame.data, ev->u.frame.len, &arp))
        read_arp(b, ev, &arp, &proof);
    else if (bond_nd_parse(ev->u.frame.data, ev->u.frame.len, &nd))
        read_nd(b, ev, &nd, &proof);
    else
        return;
    validates = bond_arpmon_validates(b, ev->slot);
    if (!validates && is_filter(b))
        p->last_rx_ns = s->now;
    /* kernel: PACKET_OTHERHOST */
    if (!(ev->u.frame.data[0] & 1) && !bond_mac_equal(ev->u.frame.data, p->mac))
        return;
    targets = believe(b, ev->slot, &proof, s->now);
    if (targets != 0 && validates)
        p->last_rx_ns = s->now;
    for (unsigned i = 0; i < BOND_MAX_ARP_TARGETS; i++)
        if (targets & (1u << i))
            p->arp_rx_ns[i] = s->now;
    for (unsigned i = 0; i < BOND_MAX_NS_TARGETS; i++)
        if (targets & (1u << (BOND_MAX_ARP_TARGETS + i)))
            p->ns_rx_ns[i] = s->now;
}

/* Without arp_validate any frame will do. */
void
bond_arpmon_traffic(struct step *s, const struct bond_event *ev)
{
    struct bond_port *p = &s->b->port[ev->slot];
    uint64_t at = ev->u.traffic.last_rx_ns;

    if (bond_arpmon_on(s->b) && !is_filter(s->b) && !bond_arpmon_validates(s->b, ev->slot) &&
        at > p->last_rx_ns && at <= s->now)
        p->last_rx_ns = at;
}

uint32_t
bond_arpmon_frames(const struct bond *b)
{
    if (!bond_arpmon_on(b))
        return 0;
    return (b->opt.n_arp_targets > 0 || is_filter(b) ? BOND_FRAMES_ARP : 0) |
           (b->opt.n_ns_targets > 0 || is_filter(b) ? BOND_FRAMES_ND : 0);
}

/* Some port may be up because of any frame that comes in. */
bool
bond_arpmon_counts_traffic(const struct bond *b)
{
    return bond_arpmon_on(b) && !is_filter(b) && bond_opt_num(b, BOND_OPT_ARP_VALIDATE) != 3;
}

/* ---- targets that change ---- */

static uint64_t
arp_stamp(const struct bond_options *was, const uint64_t *stamp, uint32_t target_be, uint64_t now)
{
    for (unsigned i = 0; i < was->n_arp_targets; i++)
        if (was->arp_target_be[i] == target_be)
            return stamp[i];
    return now;
}

static uint64_t
ns_stamp(const struct bond_options *was, const uint64_t *stamp, const uint8_t *target, uint64_t now)
{
    for (unsigned i = 0; i < was->n_ns_targets; i++)
        if (memcmp(was->ns_target[i], target, 16) == 0)
            return stamp[i];
    return now;
}

/* kernel: _bond_options_arp_ip_target_set(): a new target begins now. */
void
bond_arpmon_retarget(struct step *s)
{
    const struct bond_options *o = &s->b->opt, *was = &s->was->opt;

    for (int slot = 0; slot < (int) BOND_MAX_PORTS; slot++) {
        struct bond_port *p = &s->b->port[slot];
        const struct bond_port *q = &s->was->port[slot];

        if (p->phase == BOND_PHASE_FREE)
            continue;
        for (unsigned i = 0; i < BOND_MAX_ARP_TARGETS; i++)
            p->arp_rx_ns[i] = i < o->n_arp_targets
                                  ? arp_stamp(was, q->arp_rx_ns, o->arp_target_be[i], s->now)
                                  : 0;
        for (unsigned i = 0; i < BOND_MAX_NS_TARGETS; i++)
            p->ns_rx_ns[i] =
                i < o->n_ns_targets ? ns_stamp(was, q->ns_rx_ns, o->ns_target[i], s->now) : 0;
        p->targets_heard = bond_arpmon_on(s->b) ? bond_arpmon_heard(s->b, p, s->now) : 0;
    }
}
