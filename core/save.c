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
#include <stdlib.h>

#include "core/internal.h"
#include "core/text.h"

#define SAVE_VERSION "1"

enum kind { BOOL, U8, U16, U32, U64, I8, I32, MAC, NAME, TIMES, BUCKETS };

#define N_TIMES 16 /* TIMES: a row of that many uint64_t, without the zeros at its end */
_Static_assert(N_TIMES == BOND_MAX_ARP_TARGETS && N_TIMES == BOND_MAX_NS_TARGETS, "rows of times");

struct field {
    const char *key;
    enum kind kind;
    uint16_t offset;
    int64_t min, max; /* of the numbers but U64 */
};

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

static const struct field bond_fields[] = {
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
};

static const struct field port_fields[] = {
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
static const struct field lacp_fields[] = {
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

static const struct field client_fields[] = {
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
add_hex(struct bond_text *t, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        bond_text_add(t, "%02x", bytes[i]);
}

static void
add_times(struct bond_text *t, const uint64_t *times)
{
    unsigned n = N_TIMES;

    while (n > 0 && times[n - 1] == 0)
        n--;
    for (unsigned i = 0; i < n; i++)
        bond_text_add(t, "%s%" PRIu64, i > 0 ? "," : "", times[i]);
}

/* A digit each; nothing where no bucket has a port. */
#define BUCKET_DIGITS "0123456789abcdefghijklmnopqrstuv-"
_Static_assert(sizeof(BUCKET_DIGITS) == BOND_MAX_PORTS + 2, "a digit for each slot and for none");

static void
add_buckets(struct bond_text *t, const uint8_t *bucket)
{
    char text[BOND_BUCKETS + 1] = "";

    for (unsigned i = 0; bucket[0] < BOND_MAX_PORTS && i < BOND_BUCKETS; i++)
        text[i] = BUCKET_DIGITS[bucket[i]];
    bond_text_add(t, "%s", text);
}

static void
save_field(struct bond_text *t, const struct field *f, const void *base)
{
    const char *at = (const char *) base + f->offset;

    bond_text_add(t, "%s=", f->key);
    switch (f->kind) {
    case BOOL:
        bond_text_add(t, "%d", *(const bool *) at);
        break;
    case U8:
        bond_text_add(t, "%u", *(const uint8_t *) at);
        break;
    case U16:
        bond_text_add(t, "%u", *(const uint16_t *) at);
        break;
    case U32:
        bond_text_add(t, "%" PRIu32, *(const uint32_t *) at);
        break;
    case U64:
        bond_text_add(t, "%" PRIu64, *(const uint64_t *) at);
        break;
    case I8:
        bond_text_add(t, "%d", *(const int8_t *) at);
        break;
    case I32:
        bond_text_add(t, "%" PRId32, *(const int32_t *) at);
        break;
    case MAC:
        add_hex(t, (const uint8_t *) at, BOND_MAC_LEN);
        break;
    case NAME:
        bond_text_add(t, "%.*s", BOND_NAME_SIZE - 1, at);
        break;
    case TIMES:
        add_times(t, (const uint64_t *) at);
        break;
    case BUCKETS:
        add_buckets(t, (const uint8_t *) at);
        break;
    }
    bond_text_add(t, "\n");
}

static void
save_options(struct bond_text *t, const struct bond_options *o)
{
    for (int id = 0; id < BOND_OPT_N; id++)
        bond_text_add(t, "opt.%s=%" PRIu32 "\n", bond_opt_desc((enum bond_opt_id) id)->name,
                      o->num[id]);
    for (unsigned i = 0; i < o->n_arp_targets; i++) {
        bond_text_add(t, "arp_target=");
        add_hex(t, (const uint8_t *) &o->arp_target_be[i], 4);
        bond_text_add(t, "\n");
    }
    for (unsigned i = 0; i < o->n_ns_targets; i++) {
        bond_text_add(t, "ns_target=");
        add_hex(t, o->ns_target[i], 16);
        bond_text_add(t, "\n");
    }
}

int
bond_save(const struct bond *b, char *buf, size_t size)
{
    struct bond_text t = {.buf = buf, .size = size};

    bond_text_add(&t, "version=" SAVE_VERSION "\n");
    for (size_t i = 0; i < N(bond_fields); i++)
        save_field(&t, &bond_fields[i], b);
    save_options(&t, &b->opt);
    for (unsigned slot = 0; slot < BOND_MAX_PORTS; slot++) {
        if (b->port[slot].phase == BOND_PHASE_FREE)
            continue;
        bond_text_add(&t, "port=%u\n", slot);
        for (size_t i = 0; i < N(port_fields); i++)
            save_field(&t, &port_fields[i], &b->port[slot]);
        for (size_t i = 0; b->port[slot].lacp.number != 0 && i < N(lacp_fields); i++)
            save_field(&t, &lacp_fields[i], &b->port[slot]);
    }
    for (unsigned at = 0; at < BOND_CLIENTS; at++) {
        if (!b->client[at].assigned)
            continue;
        bond_text_add(&t, "client=%u\n", at);
        for (size_t i = 0; i < N(client_fields); i++)
            save_field(&t, &client_fields[i], &b->client[at]);
    }
    return t.len;
}

/* ---- reading ---- */

/* Digits only, with a sign where min is negative; strtoll() alone would take more. */
static bool
read_int(const char *value, int64_t min, int64_t max, int64_t *out)
{
    size_t digits = strspn(value[0] == '-' ? value + 1 : value, "0123456789");

    if (digits == 0 || digits > 10 || (value[0] == '-' ? value + 1 : value)[digits] != '\0')
        return false;
    *out = strtoll(value, NULL, 10);
    return *out >= min && *out <= max;
}

static bool
read_u64(const char *value, uint64_t *out)
{
    uint64_t n = 0;

    if (value[0] == '\0')
        return false;
    for (; *value >= '0' && *value <= '9'; value++) {
        uint64_t digit = (uint64_t) (*value - '0');

        if (n > (UINT64_MAX - digit) / 10)
            return false;
        n = n * 10 + digit;
    }
    *out = n;
    return *value == '\0';
}

static bool
read_times(const char *value, uint64_t out[N_TIMES])
{
    char one[24];

    memset(out, 0, N_TIMES * sizeof(out[0]));
    for (unsigned i = 0; *value != '\0'; i++) {
        size_t n = strcspn(value, ",");

        if (i == N_TIMES || n >= sizeof(one))
            return false;
        memcpy(one, value, n);
        one[n] = '\0';
        if (!read_u64(one, &out[i]) || (value[n] == ',' && value[n + 1] == '\0'))
            return false;
        value += n + (value[n] == ',');
    }
    return true;
}

static int
hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
read_hex(const char *value, uint8_t *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int high = hex_digit(value[0]), low = high < 0 ? -1 : hex_digit(value[1]);

        if (low < 0)
            return false;
        out[i] = (uint8_t) (high << 4 | low);
        value += 2;
    }
    return *value == '\0';
}

static bool
read_buckets(const char *value, uint8_t *bucket)
{
    memset(bucket, BOND_MAX_PORTS, BOND_BUCKETS);
    if (*value == '\0')
        return true;
    for (unsigned i = 0; i < BOND_BUCKETS; i++) {
        const char *digit = value[i] != '\0' ? strchr(BUCKET_DIGITS, value[i]) : NULL;

        if (!digit)
            return false;
        bucket[i] = (uint8_t) (digit - BUCKET_DIGITS);
    }
    return value[BOND_BUCKETS] == '\0';
}

static bool
load_field(const struct field *f, void *base, const char *value)
{
    char *at = (char *) base + f->offset;
    int64_t n = 0;

    if (f->kind == MAC)
        return read_hex(value, (uint8_t *) at, BOND_MAC_LEN);
    if (f->kind == U64)
        return read_u64(value, (uint64_t *) at);
    if (f->kind == TIMES)
        return read_times(value, (uint64_t *) at);
    if (f->kind == BUCKETS)
        return read_buckets(value, (uint8_t *) at);
    if (f->kind == NAME) {
        if (strlen(value) >= BOND_NAME_SIZE)
            return false;
        memset(at, 0, BOND_NAME_SIZE);
        memcpy(at, value, strlen(value));
        return true;
    }
    if (!read_int(value, f->min, f->max, &n))
        return false;
    if (f->kind == BOOL)
        *(bool *) at = n != 0;
    else if (f->kind == U8)
        *(uint8_t *) at = (uint8_t) n;
    else if (f->kind == U16)
        *(uint16_t *) at = (uint16_t) n;
    else if (f->kind == U32)
        *(uint32_t *) at = (uint32_t) n;
    else if (f->kind == I8)
        *(int8_t *) at = (int8_t) n;
    else
        *(int32_t *) at = (int32_t) n;
    return true;
}

static const struct field *
find_field(const struct field *fields, size_t n, const char *key)
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
    if (!read_int(value, 0, UINT32_MAX, &n))
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
    ok = is_arp ? read_hex(value, (uint8_t *) &o->arp_target_be[*n], 4)
                : read_hex(value, o->ns_target[*n], 16);
    if (!ok)
        return "the value is out of range";
    (*n)++;
    return NULL;
}

/* Whose keys are being read: the bond's, or those of one of its ports or clients. */
struct reader {
    struct bond *bond;
    const struct field *fields;
    size_t n_fields;
    void *at;
};

static const char *
load_port(struct reader *r, const char *value)
{
    struct bond_port *p;
    int64_t slot;

    if (!read_int(value, 0, BOND_MAX_PORTS - 1, &slot))
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

    if (!read_int(value, 0, BOND_CLIENTS - 1, &place))
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
    const struct field *f;

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
    if (!f)
        return "the key is not known";
    return load_field(f, r->at, value) ? NULL : "the value is out of range";
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
