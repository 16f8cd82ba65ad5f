/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bfdmon.c - what BFD sessions mean for the ports of a bond. Decides which port is silent; the
 * link states follow in mii.c and arpmon.c.
 *
 * monitors=all: a port without a session that is up is silent.
 * monitors=any: a port is silent when its session has been up and is not any more, and another port
 * bears witness: its own session is up, was so before, and was heard of just now. So a peer
 * that never spoke BFD, that takes leave, or whose daemon is gone (all ports at once) takes no port
 * down. And when every other port has lost its carrier, one that is silent is better than none.
 */
#include "core/bfdmon.h"

#define OF_ALL 1u /* monitors=all */

bool
bond_bfd_on(const struct bond *b)
{
    return bond_opt_num(b, BOND_OPT_BFD) != BOND_BFD_OFF;
}

uint16_t
bond_bfd_udp_port(const struct bond *b)
{
    return bond_opt_num(b, BOND_OPT_BFD) == BOND_BFD_MICRO ? 6784 : 3784;
}

uint32_t
bond_bfd_frames(const struct bond *b)
{
    if (!bond_bfd_on(b))
        return 0;
    return bond_opt_num(b, BOND_OPT_BFD) == BOND_BFD_MICRO ? BOND_FRAMES_MICRO_BFD
                                                           : BOND_FRAMES_BFD;
}

bool
bond_monitors_all(const struct bond *b)
{
    return bond_opt_num(b, BOND_OPT_MONITORS) == OF_ALL;
}

bool
bond_bfd_vouches(const struct bond *b, int slot)
{
    return !bond_monitors_all(b) && b->port[slot].bfd.state == BOND_BFD_UP;
}

static struct bond_bfd_config
config(const struct bond *b, int slot)
{
    return (struct bond_bfd_config){
        .interval_ms = bond_opt_num(b, BOND_OPT_BFD_INTERVAL),
        .detect_mult = (uint8_t) bond_opt_num(b, BOND_OPT_BFD_MULTIPLIER),
        .disc = (uint32_t) b->port[slot].ifindex,
    };
}

/* ---- in ---- */

void
bond_bfd_frame(struct step *s, const struct bond_event *ev)
{
    struct bond *b = s->b;
    struct bond_bfd *session = &b->port[ev->slot].bfd;
    const struct bond_bfd_config c = config(b, ev->slot);
    const uint8_t *source = ev->u.frame.data + BOND_MAC_LEN;
    struct bond_bfd_packet packet;

    if (!session->on ||
        !bond_bfd_parse(ev->u.frame.data, ev->u.frame.len, bond_bfd_udp_port(b), &packet))
        return;
    /* a looped cable, or two ports on one switch: we are no peer of ours */
    if (bond_has_mac(b, source) || !bond_mac_valid(source))
        return;
    if (!bond_bfd_receive(session, &c, &packet, s->now))
        return;
    session->peer_known = true;
    memcpy(session->peer_mac, source, BOND_MAC_LEN);
}

/* ---- out ---- */

/* Until the peer has spoken: the group of RFC 7130, 2.3, or everybody. */
static void
destination(const struct bond *b, const struct bond_bfd *session, uint8_t mac[BOND_MAC_LEN])
{
    static const uint8_t micro[BOND_MAC_LEN] = {0x01, 0x00, 0x5e, 0x90, 0x00, 0x01};
    static const uint8_t everybody[BOND_MAC_LEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    bool is_micro = bond_opt_num(b, BOND_OPT_BFD) == BOND_BFD_MICRO;

    memcpy(mac,
           session->peer_known ? session->peer_mac
           : is_micro          ? micro
                               : everybody,
           BOND_MAC_LEN);
}

static void
put(struct step *s, const struct bond *of, int slot, const struct bond_bfd_packet *packet)
{
    uint8_t *data = bond_send_as(s, BOND_ACT_BFD, slot, BOND_MAC_LEN + BOND_BFD_LEN, 0);

    destination(of, &of->port[slot].bfd, data);
    bond_bfd_build(data + BOND_MAC_LEN, packet);
}

/* A port that leaves is to be used no more, also by the peer. One that stays, without BFD from now
 * on, is fine. */
static void
end(struct step *s, int slot)
{
    struct bond_port *p = &s->b->port[slot];
    const struct bond_port *was = &s->was->port[slot];
    const struct bond_bfd_config c = {
        .interval_ms = bond_opt_num(s->was, BOND_OPT_BFD_INTERVAL),
        .detect_mult = (uint8_t) bond_opt_num(s->was, BOND_OPT_BFD_MULTIPLIER),
        .disc = (uint32_t) was->ifindex,
    };
    struct bond_bfd_packet packet;

    bond_bfd_farewell(&was->bfd, &c,
                      p->phase == BOND_PHASE_MEMBER ? BOND_BFD_ADMIN_DOWN : BOND_BFD_DOWN, &packet);
    put(s, s->was, slot, &packet);
    memset(&p->bfd, 0, sizeof(p->bfd));
}

static void
run(struct step *s, int slot)
{
    struct bond_bfd *session = &s->b->port[slot].bfd;
    const struct bond_bfd_config c = config(s->b, slot);
    struct bond_bfd_packet packet;

    if (!session->on)
        bond_bfd_start(session, &c, s->now);
    bond_bfd_configure(session, &c);
    if (s->tick)
        bond_bfd_expire(session, &c, s->now);
    if (bond_bfd_transmit(session, &c, s->now, &packet))
        put(s, s->b, slot, &packet);
}

/* ---- verdicts ---- */

static bool
bears_witness(const struct bond *b, int slot, const struct bond_bfd *against, uint64_t now)
{
    const struct bond_port *p = &b->port[slot];
    uint64_t fresh = bond_bfd_detection_ns(&p->bfd) / 2;

    return bond_slot_is_member(b, slot) && bond_port_is_up(p) && p->bfd.state == BOND_BFD_UP &&
           (p->bfd.since_ns <= against->since_ns ||
            now >= bond_after_ms(p->bfd.since_ns, BOND_BFD_SETTLE_MS)) &&
           now <= p->bfd.heard_ns + fresh;
}

static bool
has_witness(const struct bond *b, int slot, uint64_t now)
{
    for (int i = 0; i < (int) BOND_MAX_PORTS; i++)
        if (i != slot && bears_witness(b, i, &b->port[slot].bfd, now))
            return true;
    return false;
}

static bool
is_silent(const struct bond *b, int slot, uint64_t now)
{
    const struct bond_bfd *session = &b->port[slot].bfd;

    if (!session->on || session->state == BOND_BFD_UP)
        return false;
    if (bond_monitors_all(b))
        return true;
    return session->was_up && (session->silent || has_witness(b, slot, now));
}

static void
judge(struct step *s)
{
    struct bond *b = s->b;
    bool something_left = bond_monitors_all(b);

    for (int i = 0; i < (int) BOND_MAX_PORTS; i++) {
        struct bond_port *p = &b->port[i];

        if (!bond_slot_is_member(b, i))
            continue;
        p->bfd.silent = is_silent(b, i, s->now);
        something_left |= bond_port_is_up(p) && !p->bfd.silent;
    }
    for (int i = 0; !something_left && i < (int) BOND_MAX_PORTS; i++)
        if (b->port[i].bfd.on)
            b->port[i].bfd.silent = false;
}

void
bond_bfd_settle(struct step *s)
{
    for (int i = 0; i < (int) BOND_MAX_PORTS; i++) {
        if (bond_bfd_on(s->b) && s->b->admin_up && bond_slot_is_member(s->b, i))
            run(s, i);
        else if (s->was->port[i].bfd.on)
            end(s, i);
    }
    if (bond_bfd_on(s->b) || bond_bfd_on(s->was))
        judge(s);
}

/* ---- time ---- */

uint64_t
bond_bfd_deadline(const struct bond *b, uint64_t now)
{
    uint64_t next = BOND_NEVER;

    for (int i = 0; bond_bfd_on(b) && i < (int) BOND_MAX_PORTS; i++) {
        const struct bond_bfd *session = &b->port[i].bfd;
        uint64_t detect = session->detect_at_ns > now ? session->detect_at_ns : now + 1;

        if (!session->on)
            continue;
        next = session->tx_at_ns < next ? session->tx_at_ns : next;
        next = detect < next ? detect : next; /* only a TICK judges silence */
    }
    return next;
}

uint64_t
bond_bfd_detect_at(const struct bond *b)
{
    uint64_t next = BOND_NEVER;

    for (int i = 0; bond_bfd_on(b) && i < (int) BOND_MAX_PORTS; i++)
        if (b->port[i].bfd.on && b->port[i].bfd.detect_at_ns < next)
            next = b->port[i].bfd.detect_at_ns;
    return next;
}

void
bond_bfd_resume_all(struct step *s)
{
    for (int i = 0; i < (int) BOND_MAX_PORTS; i++)
        bond_bfd_resume(&s->b->port[i].bfd, s->now);
}

const char *
bond_bfd_check(const struct bond *b)
{
    for (int i = 0; i < (int) BOND_MAX_PORTS; i++) {
        const struct bond_bfd *session = &b->port[i].bfd;

        if (session->on != (bond_bfd_on(b) && b->admin_up && bond_slot_is_member(b, i)))
            return "a port has a BFD session without need, or none";
        if (!session->on && (session->silent || session->state != 0))
            return "a port is silent without a BFD session";
        if (session->silent && session->state == BOND_BFD_UP)
            return "a port whose peer answers is silent";
        if (session->on && session->tx_us == 0)
            return "a BFD session sends without a pause";
    }
    return NULL;
}
