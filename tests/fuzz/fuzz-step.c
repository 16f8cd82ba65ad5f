/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz-step.c - any sequence of events. After every step: the invariants hold, the same again
 * gives the same, a refusal changed nothing, the actions tell all that changed, and the state
 * that was saved and loaded is the state.
 */
#include "fuzz.h"

#define TEXT_SIZE 65536
#define MAX_STEPS 400
#define REST_STEPS 45 /* enough for the longest row of delays and announcements below */
#define REST_NS 100000000u

static const char *const names[] = {"eth0", "eth1", "eth2", "eth3", "x", "", "bond0", "eth10"};
static const int32_t speeds[] = {10, 100, 1000, 10000, 0, BOND_SPEED_UNKNOWN, INT32_MAX, -7};
static const uint8_t duplexes[] = {BOND_DUPLEX_FULL, BOND_DUPLEX_HALF, BOND_DUPLEX_UNKNOWN, 7};
static const uint64_t pauses_ns[] = {0,        1,         1000000,   10000000,
                                     99999999, 100000000, 300000000, 5000000000};

static const struct {
    const char *name, *value;
} options[] = {
    {"mode", "0"},
    {"mode", "1"},
    {"mode", "2"},
    {"mode", "3"},
    {"mode", "4"},
    {"miimon", "0"},
    {"miimon", "1"},
    {"miimon", "100"},
    {"miimon", "maxval"},
    {"updelay", "0"},
    {"updelay", "200"},
    {"downdelay", "0"},
    {"downdelay", "300"},
    {"primary", "eth0"},
    {"primary", "eth1"},
    {"primary", ""},
    {"primary_reselect", "always"},
    {"primary_reselect", "better"},
    {"primary_reselect", "failure"},
    {"active_slave", "eth1"},
    {"active_slave", ""},
    {"fail_over_mac", "none"},
    {"fail_over_mac", "active"},
    {"fail_over_mac", "follow"},
    {"num_grat_arp", "0"},
    {"num_grat_arp", "3"},
    {"peer_notif_delay", "100"},
    {"all_slaves_active", "1"},
    {"all_slaves_active", "0"},
    {"resend_igmp", "0"},
    {"resend_igmp", "5"},
    {"min_links", "0"},
    {"min_links", "2"},
    {"arp_validate", "all"},
    {"arp_validate", "filter_backup"},
    {"arp_all_targets", "all"},
    {"arp_missed_max", "1"},
    {"monitors", "all"},
    {"bfd_interval", "50"},
    {"bfd", "off"},
};

static const char *const monitor_names[] = {"arp_interval", "arp_ip_target", "ns_ip6_target"};
static const char *const monitor_values[] = {"100", "10.0.0.1,10.0.0.2", "fd00::1"};

static void
read_mac(struct bytes *in, uint8_t mac[BOND_MAC_LEN])
{
    const uint8_t b = next_byte(in);

    memset(mac, 0, BOND_MAC_LEN);
    mac[0] = b & 0x80 ? 0x01 : 0x02; /* some are multicast */
    mac[5] = b & 7;
    if (b & 0x40)
        mac[0] = 0; /* and some are zero */
}

static void
read_device(struct bytes *in, bool *up, bool *carrier, int32_t *speed, uint8_t *duplex)
{
    const uint8_t b = next_byte(in);

    *up = b & 1;
    *carrier = b & 2;
    *speed = speeds[b >> 2 & 7];
    *duplex = duplexes[b >> 5 & 3];
}

static void
read_options(struct bytes *in, const struct bond *b, struct bond_options *o)
{
    const uint8_t n = next_byte(in) & 3;

    *o = b->opt;
    for (int i = 0; i <= n; i++) {
        const size_t k = next_byte(in) % (sizeof(options) / sizeof(options[0]));

        bond_options_apply(o, 1, &options[k].name, &options[k].value, false, NULL, NULL);
    }
    if (n == 3) /* they come together or not at all */
        bond_options_apply(o, 3, monitor_names, monitor_values, false, NULL, NULL);
}

/* The input itself is the frame: of any length, of any content. */
static void
read_frame(struct bytes *in, struct bond_event *ev)
{
    const size_t left = (size_t) (in->end - in->at), len = next_byte(in) & 0x9f;

    ev->u.frame.vlan_id = len & 0x80 ? 7 : 0;
    ev->u.frame.len = (uint16_t) (len < left ? len : left > 0 ? left - 1 : 0);
    ev->u.frame.data = in->at;
    in->at += ev->u.frame.len;
}

/* Each byte is the load of some buckets. */
static void
read_load(struct bytes *in, struct bond_event *ev)
{
    static struct bond_bucket_load load;

    memset(&load, 0, sizeof(load));
    for (size_t i = 0; i < 8; i++)
        load.bytes[(next_byte(in) * 7 + i) % BOND_BUCKETS] = next_byte(in) * 1000000ull;
    ev->u.load = &load;
}

static void
read_event(struct bytes *in, const struct bond *b, struct bond_event *ev)
{
    const uint8_t first = next_byte(in);

    memset(ev, 0, sizeof(*ev));
    ev->type = (enum bond_event_type)(first % (BOND_EV_RESUME + 1));
    ev->slot = (int) (next_byte(in) % 6) - 1;
    switch (ev->type) {
    case BOND_EV_BOND_LINK:
        ev->u.bond_link.admin_up = first & 0x80;
        ev->u.bond_link.mac_given = first & 0x40;
        read_mac(in, ev->u.bond_link.mac);
        break;
    case BOND_EV_PORT_ATTACH:
        ev->u.attach.ifindex = next_byte(in) % 9;
        strcpy(ev->u.attach.name, names[next_byte(in) % 8]);
        read_mac(in, ev->u.attach.mac);
        read_device(in, &ev->u.attach.admin_up, &ev->u.attach.carrier, &ev->u.attach.speed_mbps,
                    &ev->u.attach.duplex);
        ev->u.attach.queue_id = next_byte(in) % 3;
        ev->u.attach.prio = (int8_t) next_byte(in);
        break;
    case BOND_EV_PORT_DETACH:
        ev->u.detach.hard = first & 0x80;
        break;
    case BOND_EV_PORT_LINK:
        read_mac(in, ev->u.port_link.mac);
        read_device(in, &ev->u.port_link.admin_up, &ev->u.port_link.carrier,
                    &ev->u.port_link.speed_mbps, &ev->u.port_link.duplex);
        strcpy(ev->u.port_link.name, names[next_byte(in) % 8]);
        break;
    case BOND_EV_OPTIONS:
        read_options(in, b, &ev->u.options);
        break;
    case BOND_EV_PORT_OPTIONS:
        ev->u.port_options.queue_id = next_byte(in) % 3;
        ev->u.port_options.prio = (int8_t) next_byte(in);
        break;
    case BOND_EV_FRAME:
        read_frame(in, ev);
        break;
    case BOND_EV_LOAD:
        read_load(in, ev);
        break;
    case BOND_EV_TRAFFIC:
        ev->u.traffic.last_rx_ns = next_byte(in) * 10000000ull;
        break;
    case BOND_EV_TICK:
    case BOND_EV_PORT_GONE:
    case BOND_EV_PORT_CLAIMED:
    case BOND_EV_SET_ACTIVE:
    case BOND_EV_RESUME:
        break;
    }
}

static bool
has_action(const struct bond_actions *a, enum bond_action_type type, int slot)
{
    for (uint32_t i = 0; i < a->n; i++)
        if (a->v[i].type == type && a->v[i].slot == slot)
            return true;
    return false;
}

/* All that the owner of the devices must know is among the actions, and nothing that is not so. */
static void
check_actions(const struct bond *was, const struct bond *b, const struct bond_actions *a)
{
    struct bond_table before, after;
    bool changed;

    bond_table_build(was, &before);
    bond_table_build(b, &after);
    changed = memcmp(&before, &after, sizeof(after));
    MUST(a->n <= BOND_MAX_ACTIONS, "%u", a->n);
    MUST(changed == has_action(a, BOND_ACT_PUBLISH, BOND_NO_PORT), "the table changed: %d",
         changed);
    MUST((was->carrier != b->carrier) == has_action(a, BOND_ACT_CARRIER, BOND_NO_PORT),
         "carrier %d, was %d", b->carrier, was->carrier);
    for (int slot = 0; slot < (int) BOND_MAX_PORTS; slot++) {
        const struct bond_port *p = &b->port[slot], *q = &was->port[slot];
        const bool left = q->phase != BOND_PHASE_FREE && p->phase == BOND_PHASE_FREE;

        MUST(left == has_action(a, BOND_ACT_PORT_RELEASE, slot), "slot %d left: %d", slot, left);
        if (q->phase != BOND_PHASE_FREE && p->phase != BOND_PHASE_FREE && p->ifindex == q->ifindex)
            MUST(!memcmp(p->perm_mac, q->perm_mac, BOND_MAC_LEN), "slot %d forgot its address",
                 slot);
    }
}

/* The addresses that the devices have, by slot: what was reported, and then what was ordered. */
static uint8_t device_mac[BOND_MAX_PORTS][BOND_MAC_LEN];

static void
follow_macs(const struct bond *b, const struct bond_event *ev, int r, const struct bond_actions *a)
{
    if (ev->type == BOND_EV_PORT_ATTACH)
        memcpy(device_mac[r], ev->u.attach.mac, BOND_MAC_LEN);
    else if (ev->type == BOND_EV_PORT_LINK)
        memcpy(device_mac[ev->slot], ev->u.port_link.mac, BOND_MAC_LEN);
    for (uint32_t i = 0; i < a->n; i++)
        if (a->v[i].type == BOND_ACT_PORT_MAC)
            memcpy(device_mac[a->v[i].slot], a->v[i].mac, BOND_MAC_LEN);
    for (int slot = 0; slot < (int) BOND_MAX_PORTS; slot++)
        if (b->port[slot].phase != BOND_PHASE_FREE)
            MUST(!memcmp(device_mac[slot], b->port[slot].mac, BOND_MAC_LEN),
                 "slot %d has another address than the bond believes", slot);
}

static void
check_saved(const struct bond *b)
{
    static char text[2][TEXT_SIZE];
    static struct bond loaded;
    struct bond_err err = {0};

    bond_save(b, text[0], TEXT_SIZE);
    memset(&loaded, 0, sizeof(loaded));
    MUST(!bond_load(&loaded, text[0], &err), "%s", err.text);
    bond_save(&loaded, text[1], TEXT_SIZE);
    MUST(!strcmp(text[0], text[1]), "loaded, it is another");
}

static void
step(struct bond *b, const struct bond_event *ev, uint64_t now)
{
    static struct bond_actions a, again;
    static struct bond was, copy;
    static const struct bond_event tick = {.type = BOND_EV_TICK};
    struct bond_err err = {0};
    int r;

    was = *b;
    copy = *b;
    r = bond_step(b, ev, now, &a, &err);
    MUST(!bond_check(b), "event %d: %s", ev->type, bond_check(b));
    MUST(bond_step(&copy, ev, now, &again, NULL) == r, "another answer");
    MUST(!memcmp(&copy, b, sizeof(copy)) && a.n == again.n && a.next_ns == again.next_ns &&
             !memcmp(a.v, again.v, a.n * sizeof(a.v[0])) && a.n_frames == again.n_frames &&
             !memcmp(a.frame, again.frame, a.n_frames * sizeof(a.frame[0])),
         "event %d twice gives two results", ev->type);
    if (r < 0) {
        MUST(!memcmp(b, &was, sizeof(was)) && a.n == 0, "event %d changed although refused: %s",
             ev->type, err.text);
        MUST(err.text[0] && err.code == r, "event %d: no sentence for %d", ev->type, r);
        return;
    }
    check_actions(&was, b, &a);
    follow_macs(b, ev, r, &a);
    MUST(a.next_ns > now, "event %d: the next step is due at once", ev->type);
    if (copy.arp_at_ns <= now)
        return; /* the ARP monitor looks and asks at a TICK, and is due */
    MUST(!bond_step(&copy, &tick, now, &again, NULL) && again.n == 0,
         "event %d left something undone: action %d", ev->type, again.v[0].type);
}

/* Left alone, a bond comes to rest: delays end, announcements end, and then nothing happens (but
 * for an ARP monitor, which goes on asking). */
static void
rest(struct bond *b, uint64_t now)
{
    static const struct bond_event tick = {.type = BOND_EV_TICK};
    static struct bond_actions a;

    for (int i = 0; i < REST_STEPS; i++) {
        MUST(!bond_step(b, &tick, now, &a, NULL) && !bond_check(b), "%s", bond_check(b));
        MUST(i < REST_STEPS - 5 || a.n == 0 || b->arp_at_ns != BOND_NEVER, "no rest: action %d",
             a.v[0].type);
        now += REST_NS;
        if (a.next_ns != BOND_NEVER && a.next_ns > now)
            now = a.next_ns;
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes in = {data, data + size};
    static struct bond b;
    struct bond_options o;
    uint64_t now = 1;

    bond_options_init(&o, BOND_MODE_BALANCE_RR);
    memset(&b, 0, sizeof(b));
    bond_init(&b, "bond0", 100, &o);
    MUST(!bond_check(&b), "a new bond: %s", bond_check(&b));
    for (int i = 0; in.at < in.end && i < MAX_STEPS; i++) {
        struct bond_event ev;

        now += pauses_ns[next_byte(&in) & 7];
        read_event(&in, &b, &ev);
        step(&b, &ev, now);
        if (i % 8 == 7)
            check_saved(&b);
    }
    check_saved(&b);
    rest(&b, now);
    return 0;
}
