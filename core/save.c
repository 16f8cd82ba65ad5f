/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * save.c - the whole state as text, and back. Decides nothing; loses nothing.
 *
 * One `key=value` a line. The first line is the version, `port=<slot>` begins a port, keys after it
 * are the port's; `client=<place>` does the same for a client of balance-alb. Which keys there are
 * is said once, in the two tables below, for both directions. A key that is missing keeps what
 * bond_init() gives, so fields can be added without a new version; an unknown one is refused.
 * Reading trusts nothing: every value has a range, and what comes out must pass bond_check().
 */
#include <inttypes.h>

#include "core/internal.h"
#include "core/save_value.h"

#define SAVE_VERSION "1"

#define B(kind, member, min, max)                                                                  \
    {                                                                                              \
#member, kind, offsetof(struct bond, member), min, max                                     \
    }
#define O(kind, member, min, max)                                                                  \
    {                                                                                              \
#member, kind, offsetof(struct bond, opt.member), min, max                                 \
    }
#define P(kind, member, min, max)                                                                  \
    {                                                                                              \
#member, kind, offsetof(struct bond_port, member), min, max                                \
    }

#define C(kind, member, min, max)                                                                  \
    {                                                                                              \
#member, kind, offsetof(struct bond_client, member), min, max                              \
    }

static const struct save_field bond_fields[] = {
    B(NAME, name, 0, 0),
    B(I32, ifindex, 0, INT32_MAX),
    B(BOOL, admin_up, 0, 1),
    B(BOOL, carrier, 0, 1),
    B(BOOL, mac_is_set, 0, 1),
    B(BOOL, mac_from_first_port, 0, 1),
    B(BOOL, force_primary, 0, 1),
    B(MAC, mac, 0, 0),
    B(I32, active, BOND_NO_PORT, BOND_MAX_PORTS - 1),
    B(U64, next_attach_seq, 0, 0),
    B(U32, drain_ms, 0, UINT32_MAX),
    B(U32, notify_left, 0, UINT32_MAX),
    B(U64, notify_at_ns, 0, 0),
    B(U32, igmp_left, 0, UINT32_MAX),
    B(U64, igmp_at_ns, 0, 0),
    B(U64, poll_at_ns, 0, 0),
    B(MAC, lacp.system, 0, 0),
    B(U16, lacp.last_agg_id, 0, UINT16_MAX),
    B(I32, lacp.active_agg, BOND_NO_PORT, BOND_MAX_PORTS - 1),
    B(BOOL, bridged, 0, 1),
    B(U32, tlb_epoch, 0, UINT32_MAX),
    B(U64, tlb_at_ns, 0, 0),
    B(U64, learn_at_ns, 0, 0),
    B(U64, promisc_until_ns, 0, 0),
    B(U32, hash_seed, 0, UINT32_MAX),
    B(U64, balance_at_ns, 0, 0),
    B(BUCKETS, bucket, 0, 0),
    B(I32, client_last, BOND_NO_PORT, BOND_MAX_PORTS - 1),
    B(I32, arp_port, BOND_NO_PORT, BOND_MAX_PORTS - 1),
    B(U64, arp_at_ns, 0, 0),
    O(U32, set_mask[0], 0, UINT32_MAX),
    O(U32, set_mask[1], 0, UINT32_MAX),
    O(NAME, primary, 0, 0),
    O(NAME, active_slave, 0, 0),
    O(MAC, ad_actor_system, 0, 0),
    O(U32, bfd_peer_be, 0, UINT32_MAX),
};

static const struct save_field port_fields[] = {
    P(U8, phase, BOND_PHASE_MEMBER, BOND_PHASE_LINGERING),
    P(U8, link, BOND_LINK_UP, BOND_LINK_BACK),
    P(BOOL, admin_up, 0, 1),
    P(BOOL, carrier, 0, 1),
    P(BOOL, inactive, 0, 1),
    P(U8, duplex, 0, UINT8_MAX),
    P(I32, speed_mbps, INT32_MIN, INT32_MAX),
    P(I32, ifindex, 0, INT32_MAX),
    P(NAME, name, 0, 0),
    P(MAC, perm_mac, 0, 0),
    P(MAC, mac, 0, 0),
    P(MAC, client_mac, 0, 0),
    P(U16, queue_id, 0, UINT16_MAX),
    P(I32, prio, INT32_MIN, INT32_MAX),
    P(U16, actor_port_prio, 0, UINT16_MAX),
    P(U32, rr_delay_us, 0, BOND_RR_DELAY_MAX_US),
    P(U32, failure_count, 0, UINT32_MAX),
    P(U64, attach_seq, 0, 0),
    P(U64, delay_until_ns, 0, 0),
    P(U64, overtaken_until_ns, 0, 0),
    P(U64, last_link_up_ns, 0, 0),
    P(U64, last_change_ns, 0, 0),
    P(U32, targets_heard, 0, UINT32_MAX),
    P(U64, last_rx_ns, 0, 0),
    P(U64, last_tx_ns, 0, 0),
    P(TIMES, arp_rx_ns, 0, 0),
    P(TIMES, ns_rx_ns, 0, 0),
};

/* Of a port that takes part in 802.3ad. */
static const struct save_field lacp_fields[] = {
    P(U16, lacp.number, 0, UINT16_MAX),
    P(U16, lacp.key, 0, UINT16_MAX),
    P(U8, lacp.state, 0, UINT8_MAX),
    P(U8, lacp.agg, 0, BOND_LACP_NO_AGG),
    P(BOOL, lacp.port_enabled, 0, 1),
    P(BOOL, lacp.lacp_enabled, 0, 1),
    P(BOOL, lacp.begin, 0, 1),
    P(BOOL, lacp.selected, 0, 1),
    P(BOOL, lacp.ready_n, 0, 1),
    P(BOOL, lacp.matched, 0, 1),
    P(BOOL, lacp.ntt, 0, 1),
    P(BOOL, lacp.churned, 0, 1),
    P(BOOL, lacp.looped, 0, 1),
    P(BOOL, lacp.sends, 0, 1),
    P(U8, lacp.rx, 0, BOND_LACP_RX_N - 1),
    P(U8, lacp.periodic, 0, BOND_LACP_PERIODIC_N - 1),
    P(U8, lacp.mux, 0, BOND_LACP_MUX_N - 1),
    P(U8, lacp.churn_actor, 0, BOND_LACP_CHURN_N - 1),
    P(U8, lacp.churn_partner, 0, BOND_LACP_CHURN_N - 1),
    P(U16, lacp.partner.system_prio, 0, UINT16_MAX),
    P(MAC, lacp.partner.system, 0, 0),
    P(U16, lacp.partner.key, 0, UINT16_MAX),
    P(U16, lacp.partner.port_prio, 0, UINT16_MAX),
    P(U16, lacp.partner.port, 0, UINT16_MAX),
    P(U8, lacp.partner.state, 0, UINT8_MAX),
    P(U32, lacp.churn_actor_count, 0, UINT32_MAX),
    P(U32, lacp.churn_partner_count, 0, UINT32_MAX),
    P(U64, lacp.current_while_ns, 0, 0),
    P(U64, lacp.periodic_ns, 0, 0),
    P(U64, lacp.wait_while_ns, 0, 0),
    P(U64, lacp.join_ns, 0, 0),
    P(U64, lacp.churn_actor_ns, 0, 0),
    P(U64, lacp.churn_partner_ns, 0, 0),
    P(U64, lacp.tx_ns[0], 0, 0),
    P(U64, lacp.tx_ns[1], 0, 0),
    P(U64, lacp.tx_ns[2], 0, 0),
    P(U64, lacp.marker_since_ns, 0, 0),
    P(U32, lacp.marker_count, 0, UINT32_MAX),
    P(U32, lacp.stats.lacpdu_rx, 0, UINT32_MAX),
    P(U32, lacp.stats.lacpdu_tx, 0, UINT32_MAX),
    P(U32, lacp.stats.lacpdu_unknown, 0, UINT32_MAX),
    P(U32, lacp.stats.lacpdu_illegal, 0, UINT32_MAX),
    P(U32, lacp.stats.marker_rx, 0, UINT32_MAX),
    P(U32, lacp.stats.marker_tx, 0, UINT32_MAX),
    P(U32, lacp.stats.marker_response_rx, 0, UINT32_MAX),
    P(U32, lacp.stats.marker_unknown, 0, UINT32_MAX),
    P(U16, agg.id, 0, UINT16_MAX),
    P(BOOL, agg.is_individual, 0, 1),
    P(U16, agg.key, 0, UINT16_MAX),
    P(MAC, agg.partner_system, 0, 0),
    P(U16, agg.partner_system_prio, 0, UINT16_MAX),
    P(U16, agg.partner_key, 0, UINT16_MAX),
};

/* Of a port with a BFD session. */
static const struct save_field bfd_fields[] = {
    P(BOOL, bfd.on, 0, 1),
    P(U8, bfd.state, BOND_BFD_DOWN, BOND_BFD_UP),
    P(U8, bfd.remote_state, 0, BOND_BFD_UP),
    P(U8, bfd.diag, 0, BOND_BFD_N_DIAGS - 1),
    P(U8, bfd.remote_mult, 0, UINT8_MAX),
    P(BOOL, bfd.remote_demand, 0, 1),
    P(BOOL, bfd.poll, 0, 1),
    P(BOOL, bfd.answer, 0, 1),
    P(BOOL, bfd.urgent, 0, 1),
    P(BOOL, bfd.was_up, 0, 1),
    P(BOOL, bfd.silent, 0, 1),
    P(BOOL, bfd.peer_known, 0, 1),
    P(MAC, bfd.peer_mac, 0, 0),
    P(U32, bfd.remote_disc, 0, UINT32_MAX),
    P(U32, bfd.remote_tx_us, 0, UINT32_MAX),
    P(U32, bfd.remote_rx_us, 0, UINT32_MAX),
    P(U32, bfd.tx_us, 0, UINT32_MAX),
    P(U32, bfd.rx_us, 0, UINT32_MAX),
    P(U32, bfd.desired_us, 0, UINT32_MAX),
    P(U32, bfd.required_us, 0, UINT32_MAX),
    P(U64, bfd.tx_at_ns, 0, 0),
    P(U64, bfd.sent_ns, 0, 0),
    P(U64, bfd.detect_at_ns, 0, 0),
    P(U64, bfd.heard_ns, 0, 0),
    P(U64, bfd.since_ns, 0, 0),
};

static const struct save_field client_fields[] = {
    C(BOOL, assigned, 0, 1),
    C(U8, left, 0, UINT8_MAX),
    C(I8, slot, BOND_NO_PORT, BOND_MAX_PORTS - 1),
    C(U16, vlan_id, 0, UINT16_MAX),
    C(U32, host_ip, 0, UINT32_MAX),
    C(U32, client_ip, 0, UINT32_MAX),
    C(MAC, mac, 0, 0),
    C(U64, at_ns, 0, 0),
};

#define N(array) (sizeof(array) / sizeof((array)[0]))

/* ---- writing ---- */

static void
save_options(struct bond_text *t, const struct bond_options *o)
{
    for (int id = 0; id < BOND_OPT_N; id++)
        bond_text_add(t, "opt.%s=%" PRIu32 "\n", bond_opt_desc((enum bond_opt_id) id)->name,
                      o->num[id]);
    for (unsigned i = 0; i < o->n_arp_targets; i++) {
        bond_text_add(t, "arp_target=");
        save_put_hex(t, (const uint8_t *) &o->arp_target_be[i], 4);
        bond_text_add(t, "\n");
    }
    for (unsigned i = 0; i < o->n_ns_targets; i++) {
        bond_text_add(t, "ns_target=");
        save_put_hex(t, o->ns_target[i], 16);
        bond_text_add(t, "\n");
    }
}

int
bond_save(const struct bond *b, char *buf, size_t size)
{
    struct bond_text t = {.buf = buf, .size = size};

    bond_text_add(&t, "version=" SAVE_VERSION "\n");
    for (size_t i = 0; i < N(bond_fields); i++)
        save_put(&t, &bond_fields[i], b);
    save_options(&t, &b->opt);
    for (unsigned slot = 0; slot < BOND_MAX_PORTS; slot++) {
        if (b->port[slot].phase == BOND_PHASE_FREE)
            continue;
        bond_text_add(&t, "port=%u\n", slot);
        for (size_t i = 0; i < N(port_fields); i++)
            save_put(&t, &port_fields[i], &b->port[slot]);
        for (size_t i = 0; b->port[slot].lacp.number != 0 && i < N(lacp_fields); i++)
            save_put(&t, &lacp_fields[i], &b->port[slot]);
        for (size_t i = 0; b->port[slot].bfd.on && i < N(bfd_fields); i++)
            save_put(&t, &bfd_fields[i], &b->port[slot]);
    }
    for (unsigned at = 0; at < BOND_CLIENTS; at++) {
        if (!b->client[at].assigned)
            continue;
        bond_text_add(&t, "client=%u\n", at);
        for (size_t i = 0; i < N(client_fields); i++)
            save_put(&t, &client_fields[i], &b->client[at]);
    }
    return t.len;
}

/* ---- reading ---- */

static const struct save_field *
find_field(const struct save_field *fields, size_t n, const char *key)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(fields[i].key, key) == 0)
            return &fields[i];
    return NULL;
}

static const char *
load_option(struct bond_options *o, const char *key, const char *value)
{
    const struct bond_opt_desc *desc = bond_opt_by_name(key);
    int64_t n;

    if (!desc)
        return "the option is not known";
    if (!save_get_int(value, 0, UINT32_MAX, &n))
        return "the value is out of range";
    o->num[desc->id] = (uint32_t) n;
    return NULL;
}

static const char *
load_target(struct bond_options *o, const char *key, const char *value)
{
    bool is_arp = strcmp(key, "arp_target") == 0;
    uint8_t *n = is_arp ? &o->n_arp_targets : &o->n_ns_targets;
    bool ok;

    if (*n >= (is_arp ? BOND_MAX_ARP_TARGETS : BOND_MAX_NS_TARGETS))
        return "there are too many targets";
    ok = is_arp ? save_get_hex(value, (uint8_t *) &o->arp_target_be[*n], 4)
                : save_get_hex(value, o->ns_target[*n], 16);
    if (!ok)
        return "the value is out of range";
    (*n)++;
    return NULL;
}

/* Whose keys are being read: the bond's, or those of one of its ports or clients. */
struct reader {
    struct bond *bond;
    const struct save_field *fields;
    size_t n_fields;
    void *at;
};

static const char *
load_port(struct reader *r, const char *value)
{
    struct bond_port *p;
    int64_t slot;

    if (!save_get_int(value, 0, BOND_MAX_PORTS - 1, &slot))
        return "there is no such slot";
    p = &r->bond->port[slot];
    if (p->phase != BOND_PHASE_FREE)
        return "the slot is there twice";
    p->phase = BOND_PHASE_MEMBER;
    r->fields = port_fields;
    r->n_fields = N(port_fields);
    r->at = p;
    return NULL;
}

static const char *
load_client(struct reader *r, const char *value)
{
    int64_t place;

    if (!save_get_int(value, 0, BOND_CLIENTS - 1, &place))
        return "there is no such place for a client";
    r->fields = client_fields;
    r->n_fields = N(client_fields);
    r->at = &r->bond->client[place];
    return NULL;
}

/* NULL, or what is wrong with the line. */
static const char *
load_line(struct reader *r, const char *key, const char *value)
{
    struct bond *b = r->bond;
    bool is_bond = r->at == b;
    const struct save_field *f;

    if (strcmp(key, "port") == 0)
        return load_port(r, value);
    if (strcmp(key, "client") == 0)
        return load_client(r, value);
    if (is_bond && strncmp(key, "opt.", 4) == 0)
        return load_option(&b->opt, key + 4, value);
    if (is_bond && (strcmp(key, "arp_target") == 0 || strcmp(key, "ns_target") == 0))
        return load_target(&b->opt, key, value);
    f = find_field(r->fields, r->n_fields, key);
    if (!f && r->fields == port_fields)
        f = find_field(lacp_fields, N(lacp_fields), key);
    if (!f && r->fields == port_fields)
        f = find_field(bfd_fields, N(bfd_fields), key);
    if (!f)
        return "the key is not known";
    return save_get(f, r->at, value) ? NULL : "the value is out of range";
}

/* The next line into key and value; NULL, or what is wrong with it. */
static const char *
split(const char **text, char *line, size_t size, const char **value)
{
    size_t n = strcspn(*text, "\n");
    char *equals;

    if ((*text)[n] != '\n')
        return "the line does not end";
    if (n >= size)
        return "the line is too long";
    memcpy(line, *text, n);
    line[n] = '\0';
    *text += n + 1;
    equals = strchr(line, '=');
    if (!equals)
        return "there is no '='";
    *equals = '\0';
    *value = equals + 1;
    return NULL;
}

static int
refuse(struct bond_err *err, unsigned line, const char *what)
{
    return bond_err_set(err, BOND_ERR_BAD_VALUE, -EINVAL, "saved state, line %u: %s", line, what);
}

int
bond_load(struct bond *b, const char *text, struct bond_err *err)
{
    struct bond_options defaults;
    struct bond loaded;
    struct reader r = {&loaded, bond_fields, N(bond_fields), &loaded};
    const char *broken = NULL;
    char line[BOND_BUCKETS + 64];
    unsigned number = 0;

    bond_options_init(&defaults, BOND_MODE_BALANCE_RR);
    bond_init(&loaded, "", 0, &defaults);
    do {
        const char *value = NULL;

        number++;
        broken = split(&text, line, sizeof(line), &value);
        if (broken)
            return refuse(err, number, broken);
        if (number == 1) {
            if (strcmp(line, "version") != 0 || strcmp(value, SAVE_VERSION) != 0)
                return refuse(err, 1, "the version is not " SAVE_VERSION);
            continue;
        }
        broken = load_line(&r, line, value);
        if (broken)
            return refuse(err, number, broken);
    } while (*text != '\0');

    broken = bond_check(&loaded);
    if (broken)
        return refuse(err, number, broken);
    *b = loaded;
    return 0;
}
