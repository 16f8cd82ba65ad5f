/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * step.c - bond_step(): takes the event in, lets the state settle, hands out the effects. Decides
 * the order of the parts, nothing of what they decide.
 */
#include "core/arpmon.h"
#include "core/bfdmon.h"
#include "core/lacp_internal.h"

static int
need_slot(struct step *s, int slot, bool member)
{
    struct bond *b = s->b;
    bool used = slot >= 0 && slot < (int) BOND_MAX_PORTS && b->port[slot].phase != BOND_PHASE_FREE;

    if (used && (!member || bond_slot_is_member(b, slot)))
        return 0;
    return bond_err_set(s->err, BOND_ERR_NO_PORT, -ENODEV, "%s has no port in slot %d", b->name,
                        slot);
}

static int
bond_link(struct step *s, const struct bond_event *ev)
{
    if (!bond_mac_learn(s, ev->u.bond_link.mac, ev->u.bond_link.mac_given))
        return bond_err_set(s->err, BOND_ERR_BAD_VALUE, -EADDRNOTAVAIL,
                            "the address given to %s is not a unicast Ethernet address",
                            s->b->name);
    s->b->admin_up = ev->u.bond_link.admin_up;
    s->b->bridged = ev->u.bond_link.bridged;
    return 0;
}

static int
detach(struct step *s, const struct bond_event *ev)
{
    if (ev->u.detach.hard)
        bond_release(s, ev->slot, BOND_REASON_REQUEST);
    else if (bond_slot_is_member(s->b, ev->slot))
        bond_leave_start(s, ev->slot);
    return 0;
}

static int
claimed(struct step *s, const struct bond_event *ev)
{
    if (bond_slot_is_member(s->b, ev->slot))
        return bond_err_set(s->err, BOND_ERR_BUSY, -EBUSY,
                            "%s is a port of %s; only a port that is leaving can be claimed",
                            s->b->port[ev->slot].name, s->b->name);
    bond_release(s, ev->slot, BOND_REASON_CLAIMED);
    return 0;
}

static int
take_in(struct step *s, const struct bond_event *ev)
{
    int rc = 0;

    switch (ev->type) {
    case BOND_EV_TICK:
        return 0;
    case BOND_EV_BOND_LINK:
        return bond_link(s, ev);
    case BOND_EV_PORT_ATTACH:
        return bond_attach(s, ev);
    case BOND_EV_OPTIONS:
        return bond_reconfigure(s, &ev->u.options);
    case BOND_EV_SET_ACTIVE:
        return bond_set_active(s, ev->slot);
    case BOND_EV_RESUME:
        bond_lacp_resume(s);
        bond_bfd_resume_all(s);
        return 0;
    case BOND_EV_FRAME:
        rc = ev->slot == BOND_NO_PORT ? 0 : need_slot(s, ev->slot, true);
        if (rc == 0 && bond_mode(s->b) == BOND_MODE_BALANCE_ALB)
            bond_alb_frame(s, ev);
        else if (rc == 0 && ev->slot != BOND_NO_PORT) {
            bond_lacp_frame(s, ev);
            bond_arpmon_frame(s, ev);
        }
        if (rc == 0 && ev->slot != BOND_NO_PORT)
            bond_bfd_frame(s, ev);
        return rc;
    case BOND_EV_TRAFFIC:
        rc = need_slot(s, ev->slot, true);
        if (rc == 0)
            bond_arpmon_traffic(s, ev);
        return rc;
    case BOND_EV_LOAD:
        bond_buckets_balance(s, ev->u.load);
        return 0;
    case BOND_EV_PORT_OPTIONS:
        rc = need_slot(s, ev->slot, true);
        return rc < 0 ? rc : bond_port_reconfigure(s, ev);
    case BOND_EV_PORT_DETACH:
        rc = need_slot(s, ev->slot, false);
        return rc < 0 ? rc : detach(s, ev);
    case BOND_EV_PORT_LINK:
        rc = need_slot(s, ev->slot, false);
        return rc < 0 ? rc : bond_port_report(s, ev);
    case BOND_EV_PORT_CLAIMED:
        rc = need_slot(s, ev->slot, false);
        return rc < 0 ? rc : claimed(s, ev);
    case BOND_EV_PORT_GONE:
        rc = need_slot(s, ev->slot, false);
        if (rc == 0)
            bond_release(s, ev->slot, BOND_REASON_DEVICE_GONE);
        return rc;
    }
    return bond_err_set(s->err, BOND_ERR_BAD_VALUE, -EINVAL, "unknown event %d", (int) ev->type);
}

static enum bond_reason
why_carrier(const struct step *s)
{
    if (s->cause != BOND_REASON_NONE)
        return s->cause;
    if (s->b->carrier)
        return BOND_REASON_PORTS_UP;
    if (bond_n_members(s->b) == 0)
        return BOND_REASON_NO_PORTS;
    if (bond_n_up(s->b) > 0)
        return BOND_REASON_MIN_LINKS;
    for (int i = 0; bond_arpmon_on(s->b) && i < (int) BOND_MAX_PORTS; i++)
        if (bond_slot_is_member(s->b, i) && bond_port_is_up(&s->b->port[i]))
            return BOND_REASON_NO_ANSWER;
    for (int i = 0; i < (int) BOND_MAX_PORTS; i++)
        if (bond_slot_is_member(s->b, i) && s->b->port[i].bfd.silent)
            return BOND_REASON_PEER_SILENT;
    return BOND_REASON_CARRIER_LOST;
}

static void
settle_carrier(struct step *s)
{
    struct bond *b = s->b;

    b->carrier = bond_carrier_rule(b);
    if (b->carrier != s->was->carrier)
        bond_note(s, b->carrier ? BOND_NOTE_CARRIER_UP : BOND_NOTE_CARRIER_DOWN, BOND_NO_PORT,
                  BOND_NO_PORT, why_carrier(s));
}

#define POLL_MIN_MS 100

/* The safety net: a look at all ports every miimon (kernel: bond_mii_monitor()). Beside the ARP
 * monitor it is for carriers that come back: a kernel may tell of them a second late, and send
 * nothing by the port until then. */
static void
settle_poll(struct step *s)
{
    struct bond *b = s->b;
    uint32_t miimon = bond_opt_num(b, BOND_OPT_MIIMON);
    uint64_t next;

    if (bond_arpmon_on(b)) {
        miimon = bond_opt_num(b, BOND_OPT_ARP_INTERVAL);
        miimon = miimon > POLL_MIN_MS ? miimon : POLL_MIN_MS;
    }
    next = bond_after_ms(s->now, miimon);
    if (miimon == 0 || !b->admin_up || bond_n_members(b) == 0)
        b->poll_at_ns = BOND_NEVER;
    else if (s->now >= b->poll_at_ns || b->poll_at_ns > next)
        b->poll_at_ns = next;
}

static void
settle(struct step *s)
{
    bond_bfd_settle(s);
    if (bond_arpmon_on(s->b)) {
        bond_arpmon_settle(s);
    } else {
        bond_arpmon_stop(s);
        bond_mii_settle(s);
    }
    bond_lacp_settle(s);
    bond_active_settle(s);
    bond_arpmon_probe(s);
    bond_mac_settle(s);
    bond_leave_settle(s);
    bond_tlb_settle(s);
    bond_alb_settle(s);
    bond_inactive_settle(s);
    bond_buckets_settle(s);
    settle_carrier(s);
    bond_notify_settle(s);
    settle_poll(s);
}

int
bond_step(struct bond *b, const struct bond_event *ev, uint64_t now_ns, struct bond_actions *out,
          struct bond_err *err)
{
    struct bond was = *b;
    struct step s = {
        .b = b,
        .was = &was,
        .out = out,
        .err = err,
        .now = now_ns,
        .tick = ev->type == BOND_EV_TICK,
        .wish = BOND_NO_PORT,
    };
    int rc;

    out->n = 0;
    out->n_frames = 0;
    if (err)
        memset(err, 0, sizeof(*err));
    rc = take_in(&s, ev);
    if (rc < 0) {
        out->next_ns = bond_next_deadline(b, now_ns);
        return rc;
    }
    settle(&s);
    bond_effects(&s);
    return rc;
}
