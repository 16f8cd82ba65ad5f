/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * effects.c - what must be done so that the world follows the state, and in which order.
 *
 * Decides nothing about the bond. Actions come from the difference between the state before and
 * after the step. The order is the publishing order: addresses of ports that carry traffic, then
 * the packet table, then frames of protocols (a partner that is told of a change finds it done),
 * then the carrier, then the announcements (they travel through the new table),
 * and only then what concerns ports that have left.
 */
#include "core/bfdmon.h"
#include "core/lacp_internal.h"

static struct bond_action *
add(struct step *s, enum bond_action_type type, int slot)
{
    static struct bond_action overflow;
    struct bond_action *a = s->out->n < BOND_MAX_ACTIONS ? &s->out->v[s->out->n++] : &overflow;

    memset(a, 0, sizeof(*a));
    a->type = type;
    a->slot = slot;
    a->other = BOND_NO_PORT;
    return a;
}

void
bond_note(struct step *s, enum bond_note note, int slot, int other, enum bond_reason reason)
{
    struct bond_action *a = add(s, BOND_ACT_NOTE, slot);

    a->note = note;
    a->other = other;
    a->reason = reason;
}

uint8_t *
bond_send(struct step *s, int slot, uint16_t len, uint16_t vlan_id)
{
    return bond_send_as(s, BOND_ACT_SEND, slot, len, vlan_id);
}

uint8_t *
bond_send_as(struct step *s, enum bond_action_type type, int slot, uint16_t len, uint16_t vlan_id)
{
    static struct bond_frame_out overflow;
    struct bond_frame_out *f = &overflow;

    if (s->out->n_frames < BOND_MAX_FRAMES) {
        s->frame_slot[s->out->n_frames] = (uint8_t) slot;
        s->frame_act[s->out->n_frames] = (uint8_t) type;
        f = &s->out->frame[s->out->n_frames++];
    }
    memset(f, 0, sizeof(*f));
    f->len = len;
    f->vlan_id = vlan_id;
    return f->data;
}

/* The active port speaks for what is above the bond, in balance-tlb (kernel: bond_alb_monitor()).
 */
static void
put_learning(struct step *s)
{
    const struct bond *b = s->b;

    for (int i = 0; i < (int) BOND_MAX_PORTS; i++) {
        struct bond_action *a;

        if (s->learn_own & (1u << i)) {
            a = add(s, BOND_ACT_LEARN, i);
            a->on =
                i == b->active && (bond_mode(b) == BOND_MODE_BALANCE_TLB || i != s->was->active);
            memcpy(a->mac, b->port[i].mac, BOND_MAC_LEN);
        }
        if ((s->learn_other & (1u << i)) && b->active != BOND_NO_PORT)
            memcpy(add(s, BOND_ACT_LEARN, b->active)->mac, b->port[i].client_mac, BOND_MAC_LEN);
    }
}

static void
put_frames(struct step *s)
{
    for (uint32_t i = 0; i < s->out->n_frames; i++)
        add(s, (enum bond_action_type) s->frame_act[i], s->frame_slot[i])->index = i;
}

static void
put_macs(struct step *s, bool members)
{
    for (int i = 0; i < (int) BOND_MAX_PORTS; i++) {
        if (!(s->put_port_mac & (1u << i)) || bond_slot_is_member(s->b, i) != members)
            continue;
        memcpy(add(s, BOND_ACT_PORT_MAC, i)->mac, s->b->port[i].mac, BOND_MAC_LEN);
    }
}

static void
put_table(struct step *s)
{
    struct bond_table before, after;

    bond_table_build(s->was, &before);
    bond_table_build(s->b, &after);
    if (memcmp(&before, &after, sizeof(after)) != 0)
        add(s, BOND_ACT_PUBLISH, BOND_NO_PORT);
}

static void
put_carrier(struct step *s)
{
    if (s->b->carrier != s->was->carrier)
        add(s, BOND_ACT_CARRIER, BOND_NO_PORT)->on = s->b->carrier;
}

uint64_t
bond_next_deadline(const struct bond *b, uint64_t now)
{
    uint64_t next = b->poll_at_ns, lacp = bond_lacp_deadline(b), bfd = bond_bfd_deadline(b, now);

    next = lacp < next ? lacp : next;
    next = bfd < next ? bfd : next;
    next = b->notify_at_ns < next ? b->notify_at_ns : next;
    next = b->igmp_at_ns < next ? b->igmp_at_ns : next;
    next = b->tlb_at_ns < next ? b->tlb_at_ns : next;
    next = b->learn_at_ns < next ? b->learn_at_ns : next;
    next = b->balance_at_ns < next ? b->balance_at_ns : next;
    next = b->promisc_until_ns < next ? b->promisc_until_ns : next;
    next = bond_alb_deadline(b) < next ? bond_alb_deadline(b) : next;
    for (unsigned i = 0; i < BOND_MAX_PORTS; i++) {
        const struct bond_port *p = &b->port[i];

        if (p->phase == BOND_PHASE_FREE)
            continue;
        next = p->delay_until_ns < next ? p->delay_until_ns : next;
        if (p->overtaken_until_ns != 0)
            next = p->overtaken_until_ns < next ? p->overtaken_until_ns : next;
    }
    /* Only a TICK has the monitor look, and nobody is to be woken in the past. */
    if (b->arp_at_ns < next)
        next = b->arp_at_ns > now ? b->arp_at_ns : now + 1;
    return next;
}

void
bond_effects(struct step *s)
{
    if (s->put_bond_mac)
        memcpy(add(s, BOND_ACT_BOND_MAC, BOND_NO_PORT)->mac, s->b->mac, BOND_MAC_LEN);
    put_macs(s, true);
    put_table(s);
    put_learning(s);
    put_frames(s);
    for (int i = 0; i < (int) BOND_MAX_PORTS; i++)
        if (s->probe_ports & (1u << i))
            add(s, BOND_ACT_PROBE, i);
    put_carrier(s);
    if (s->announce)
        add(s, BOND_ACT_ANNOUNCE, BOND_NO_PORT);
    if (s->resend_igmp)
        add(s, BOND_ACT_RESEND_IGMP, BOND_NO_PORT);
    put_macs(s, false);
    for (int i = 0; i < (int) BOND_MAX_PORTS; i++)
        if (s->released & (1u << i))
            add(s, BOND_ACT_PORT_RELEASE, i);
    s->out->next_ns = bond_next_deadline(s->b, s->now);
}
