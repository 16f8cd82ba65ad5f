/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explain-spread.c - how evenly a set of flows would be spread over the ports, by each hash policy.
 *
 * The set is an address range, to each of whose addresses a connection is thought, or the frames of
 * a capture (explain-pcap.c). Each frame goes through core's own hash. Judges no policy; what is
 * even, and what a policy may do to the order of packets, the user decides.
 */
#include "explain.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "core/select.h"

#define MAX_FLOWS 65536u
#define N_POLICIES 6u

static const char *const field_names[] = {"POLICY", "PORT",  "FLOWS",    "PACKETS",
                                          "BYTES",  "SHARE", "IN-FORCE", NULL};

struct share {
    guint64 flows, packets, bytes;
};

struct spread {
    NmbondBond *bond;
    GPtrArray *ports; /* those that carry traffic now; borrowed proxies */
    guint n_ports;
    bool has_policy;   /* the mode goes by xmit_hash_policy */
    guint32 in_force;  /* the bond's policy */
    GHashTable *known; /* of what tells one flow from another: guint64 */
    struct share share[N_POLICIES][BOND_MAX_PORTS];
    guint64 flows, packets, bytes;
};

static guint64
mix(guint64 a, guint64 b)
{
    return (a ^ b) * 0x9e3779b97f4a7c15ull;
}

/* Flows that none of the policies can tell apart are one. */
static bool
is_new_flow(struct spread *spread, const guint32 *hashes, struct bond_frame *frame)
{
    guint64 key = mix(frame->tagged ? frame->vlan_tci : 0, 1);

    for (guint i = 0; i < N_POLICIES; i++)
        key = mix(key, hashes[i]);
    return g_hash_table_add(spread->known, g_memdup2(&key, sizeof(key)));
}

void
spread_add(struct spread *spread, struct bond_frame *frame)
{
    guint32 hashes[N_POLICIES];
    bool is_new;

    for (guint32 policy = 0; policy < N_POLICIES; policy++) {
        hashes[policy] = bond_hash(policy, frame);
        if (frame->missing) /* a capture that was cut too short: what is there decides */
            frame->missing = false;
    }
    is_new = is_new_flow(spread, hashes, frame);
    for (guint32 policy = 0; policy < N_POLICIES; policy++) {
        struct share *share = &spread->share[policy][hashes[policy] % spread->n_ports];

        share->flows += is_new ? 1 : 0;
        share->packets++;
        share->bytes += frame->len;
    }
    spread->flows += is_new ? 1 : 0;
    spread->packets++;
    spread->bytes += frame->len;
}

/* ---- a range of addresses ---- */

struct range {
    int family;
    guint8 first[16];
    guint prefix, bits;
    guint32 n; /* of addresses that are looked at */
};

static bool
parse_range(const char *text, struct range *range)
{
    g_auto(GStrv) parts = g_strsplit(text, "/", 2);
    guint64 prefix;

    if (g_strv_length(parts) != 2)
        return false;
    range->family = inet_pton(AF_INET, parts[0], range->first) == 1    ? AF_INET
                    : inet_pton(AF_INET6, parts[0], range->first) == 1 ? AF_INET6
                                                                       : AF_UNSPEC;
    range->bits = range->family == AF_INET ? 32 : 128;
    if (range->family == AF_UNSPEC ||
        !g_ascii_string_to_unsigned(parts[1], 10, 0, range->bits, &prefix, NULL))
        return false;
    range->prefix = (guint) prefix;
    range->n = range->bits - range->prefix >= 16 ? MAX_FLOWS : 1u << (range->bits - range->prefix);
    return true;
}

/* The i-th of the addresses, evenly over the whole range. */
static void
address_of(const struct range *range, guint32 i, guint8 address[16])
{
    guint host_bits = range->bits - range->prefix;
    guint shift = host_bits > 16 ? host_bits - 16 : 0; /* steps of 2^shift */
    guint32 last = i;

    memcpy(address, range->first, 16);
    for (guint bit = 0; bit < host_bits; bit++)
        address[(range->bits - 1 - bit) / 8] &= (guint8) ~(1u << (bit % 8));
    for (guint bit = shift; bit < host_bits && last != 0; bit++, last >>= 1) {
        if ((last & 1) != 0)
            address[(range->bits - 1 - bit) / 8] |= (guint8) (1u << (bit % 8));
    }
}

/* A neighbour's MAC address, if the range is on the link: not known, but another for each. */
static void
make_up_mac(const guint8 address[16], guint bits, guint8 mac[6])
{
    guint64 key = 0;

    for (guint i = 0; i < bits / 8; i++)
        key = mix(key, address[i] + 1);
    mac[0] = 0x02;
    for (guint i = 1; i < 6; i++)
        mac[i] = (guint8) (key >> (8 * i));
}

static void
add_flow(struct spread *spread, struct flow *flow)
{
    guint8 data[FLOW_FRAME_SIZE];
    gsize length = flow_frame(flow, data);
    struct bond_frame frame = {.data = data,
                               .end = data + length,
                               .len = (guint32) length,
                               .proto_be = flow->family == AF_INET ? BOND_BE16(BOND_ETH_IP)
                                                                   : BOND_BE16(BOND_ETH_IPV6)};

    spread_add(spread, &frame);
}

/* tcp to port 443 of each address, from ports as the kernel gives them: even, and apart. */
static char *
add_range(struct spread *spread, const struct range *range)
{
    const char *own = nmbond_bond_get_mac_address(spread->bond);
    struct flow flow = {.family = range->family, .proto = IPPROTO_TCP, .destination_port = 443};
    struct next_hop hop = {0};
    bool routed;

    if (own != NULL)
        nm_utils_hwaddr_aton(own, flow.source_mac, 6);
    address_of(range, 0, flow.destination);
    routed = next_hop_find(range->family, flow.destination, &hop) &&
             strcmp(hop.address, flow_address(&flow, flow.destination)) != 0;
    memcpy(flow.source, hop.source, sizeof(flow.source));
    for (guint32 i = 0; i < range->n; i++) {
        address_of(range, i, flow.destination);
        flow.source_port = (guint16) (32768 + 2 * (mix(i, 7) >> 40) % 28232);
        if (routed)
            memcpy(flow.destination_mac, hop.mac, 6);
        else
            make_up_mac(flow.destination, range->bits, flow.destination_mac);
        add_flow(spread, &flow);
    }
    return routed ? g_strdup_printf(_("all through the gateway %s"), hop.address)
                  : g_strdup(_("all on the link, each with a MAC address of its own"));
}

/* ---- what came of it ---- */

static guint
percent(guint64 part, guint64 whole)
{
    return whole > 0 ? (guint) ((part * 100 + whole / 2) / whole) : 0;
}

static void
print_rows(const struct spread *spread, struct cli_table *table)
{
    for (guint32 policy = 0; policy < N_POLICIES; policy++) {
        for (guint i = 0; i < spread->n_ports; i++) {
            const struct share *share = &spread->share[policy][i];
            char **values = g_new0(char *, G_N_ELEMENTS(field_names));
            guint n = 0;

            values[n++] = g_strdup(bond_opt_value_name(BOND_OPT_XMIT_HASH_POLICY, policy));
            values[n++] = g_strdup(nmbond_port_get_name(spread->ports->pdata[i]));
            values[n++] = g_strdup_printf("%" G_GUINT64_FORMAT, share->flows);
            values[n++] = g_strdup_printf("%" G_GUINT64_FORMAT, share->packets);
            values[n++] = g_strdup_printf("%" G_GUINT64_FORMAT, share->bytes);
            values[n++] = g_strdup_printf("%u", percent(share->bytes, spread->bytes));
            values[n++] = g_strdup(spread->has_policy && spread->in_force == policy ? "yes" : "no");
            cli_table_add(table, values);
        }
    }
}

static void
print_heading(const struct cli *cli, const struct spread *spread)
{
    cli_print_cell(cli, CLI_COLOR_DIM, 15, _("policy"));
    for (guint i = 0; i < spread->n_ports; i++)
        cli_print_cell(cli, CLI_COLOR_DIM, -12, nmbond_port_get_name(spread->ports->pdata[i]));
    printf("  ");
    cli_print_cell(cli, CLI_COLOR_DIM, 0, _("the busiest has"));
    printf("\n");
}

/* In a capture bytes count, in a thought set flows do: all of its packets have one size. */
static void
print_people(const struct cli *cli, const struct spread *spread)
{
    print_heading(cli, spread);
    for (guint32 policy = 0; policy < N_POLICIES; policy++) {
        bool in_force = spread->has_policy && spread->in_force == policy;
        guint64 most = 0;

        cli_print_cell(cli, in_force ? CLI_COLOR_TITLE : CLI_COLOR_NONE, 15,
                       bond_opt_value_name(BOND_OPT_XMIT_HASH_POLICY, policy));
        for (guint i = 0; i < spread->n_ports; i++) {
            const struct share *share = &spread->share[policy][i];
            g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT " %3u %%", share->flows,
                                                    percent(share->bytes, spread->bytes));

            cli_print_cell(cli, CLI_COLOR_NONE, -12, text);
            most = MAX(most, share->bytes);
        }
        printf(in_force ? _("  %3u %%  in force\n") : "  %3u %%\n", percent(most, spread->bytes));
    }
}

static void
collect_ports(struct cli *cli, struct spread *spread, const struct bond_options *o)
{
    spread->ports = nmbond_client_get_ports(cli->client, spread->bond);
    for (guint i = spread->ports->len; i-- > 0;) {
        if (!explain_port_carries(o, spread->ports->pdata[i]))
            g_ptr_array_remove_index(spread->ports, i);
    }
    spread->n_ports = MIN(spread->ports->len, BOND_MAX_PORTS);
}

static int
fill(struct spread *spread, const char *what, char **how)
{
    struct range range;
    GError *error = NULL;

    if (parse_range(what, &range)) {
        *how = add_range(spread, &range);
        return CLI_EXIT_OK;
    }
    if (!g_file_test(what, G_FILE_TEST_EXISTS)) {
        cli_error(_("'%s' is neither a range of addresses, such as 10.0.9.0/24, nor a file with a "
                    "capture."),
                  what);
        return CLI_EXIT_USER_INPUT;
    }
    if (!spread_read_capture(spread, what, &error)) {
        cli_error("%s", error->message);
        g_error_free(error);
        return CLI_EXIT_USER_INPUT;
    }
    *how = g_strdup_printf(_("as captured in %s"), what);
    return CLI_EXIT_OK;
}

static int
print(struct cli *cli, const struct spread *spread, const char *how)
{
    const char *name = nmbond_bond_get_name(spread->bond);
    g_autofree char *flows = NULL;
    struct cli_table table;
    int rc;

    if (cli_wants_table(cli)) {
        rc = cli_table_init(cli, &table, field_names);
        if (rc != CLI_EXIT_OK)
            return rc;
        print_rows(spread, &table);
        cli_table_print(cli, &table);
        cli_table_clear(&table);
        return CLI_EXIT_OK;
    }
    if (!spread->has_policy)
        cli_warn(_("mode %s does not go by xmit_hash_policy: this is what balance-xor and 802.3ad "
                   "would do."),
                 nmbond_bond_get_mode(spread->bond));
    flows = g_strdup_printf("%" G_GUINT64_FORMAT, spread->flows);
    printf(_("%s flows over %u ports of %s, %s:\n\n"), flows, spread->n_ports, name, how);
    print_people(cli, spread);
    return CLI_EXIT_OK;
}

int
explain_spread(struct cli *cli, NmbondBond *bond, const char *what)
{
    struct spread spread = {.bond = bond};
    struct bond_options o;
    g_autofree char *how = NULL;
    int rc = cli_table_check(cli, field_names);

    if (rc != CLI_EXIT_OK)
        return rc;
    if (!explain_read_options(bond, &o))
        return CLI_EXIT_FAILED;
    spread.in_force = o.num[BOND_OPT_XMIT_HASH_POLICY];
    spread.has_policy = explain_uses_policy(&o);
    spread.known = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    collect_ports(cli, &spread, &o);
    if (spread.n_ports == 0) {
        cli_error(_("No port of %s can be used now, so that there is nothing to spread over."),
                  nmbond_bond_get_name(bond));
        rc = CLI_EXIT_FAILED;
    } else {
        rc = fill(&spread, what, &how);
    }
    if (rc == CLI_EXIT_OK)
        rc = print(cli, &spread, how);
    g_ptr_array_unref(spread.ports);
    g_hash_table_unref(spread.known);
    return rc;
}
