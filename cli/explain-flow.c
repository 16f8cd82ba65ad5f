/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explain-flow.c - the port that a flow takes, why, and where it goes if that port fails.
 *
 * The answer is core's own selection (select.h), run over a table made from what bondd says: the
 * same code that the packet path runs. Where the load decides, bondd is asked (explain-balance.c).
 */
#include "explain.h"

#include <stdio.h>
#include <string.h>

#include "core/select.h"
#include "words.h"

static const char *const field_names[] = {"FLOW",   "PORT",     "BACKUP",      "MODE", "POLICY",
                                          "HASHED", "NEXT-HOP", "MAC-ADDRESS", "HASH", NULL};

struct answer {
    struct bond_options o;
    struct bond_table table;
    GPtrArray *ports; /* borrowed proxies by slot */
    struct flow flow;
    struct next_hop hop;
    bool needs_mac;
    guint32 hash;
    char *why; /* where bondd was asked */
};

bool
explain_read_options(NmbondBond *bond, struct bond_options *o)
{
    const struct bond_opt_ctx ctx = {.live = true};
    GVariantIter iter;
    const char *name, *value;
    struct bond_err err;

    bond_options_init(o, BOND_MODE_BALANCE_RR);
    if (nmbond_bond_get_options(bond) == NULL ||
        !g_variant_lookup(nmbond_bond_get_options(bond), "mode", "&s", &value) ||
        bond_option_set(o, "mode", value, &ctx, &err) != 0) {
        cli_error(_("The mode %s of %s is not known to this bondcli."), nmbond_bond_get_mode(bond),
                  nmbond_bond_get_name(bond));
        return false;
    }
    g_variant_iter_init(&iter, nmbond_bond_get_options(bond));
    while (g_variant_iter_next(&iter, "{&s&s}", &name, &value)) {
        if (strcmp(name, "xmit_hash_policy") == 0 || strcmp(name, "packets_per_slave") == 0 ||
            strcmp(name, "primary") == 0 || strcmp(name, "tlb_dynamic_lb") == 0 ||
            strcmp(name, "hash") == 0 || strcmp(name, "rr_order") == 0)
            bond_option_set(o, name, value, &ctx, &err);
    }
    return true;
}

bool
explain_port_carries(const struct bond_options *o, NmbondPort *port)
{
    const char *state = nmbond_port_get_state(port);
    bool one_active = bond_mode_uses_primary(o->num[BOND_OPT_MODE]);

    return g_strcmp0(state, "active") == 0 || (one_active && g_strcmp0(state, "backup") == 0);
}

static bool
is_usable(struct answer *answer, guint slot, guint without)
{
    return slot != without && explain_port_carries(&answer->o, answer->ports->pdata[slot]);
}

/* core/active.c's order: the primary, the higher priority, who came first. */
static guint
best_port(struct answer *answer, guint without)
{
    guint best = BOND_MAX_PORTS;

    for (guint i = 0; i < answer->ports->len; i++) {
        NmbondPort *port = answer->ports->pdata[i];

        if (!is_usable(answer, i, without))
            continue;
        if (strcmp(nmbond_port_get_name(port), answer->o.primary) == 0)
            return i;
        if (best == BOND_MAX_PORTS ||
            nmbond_port_get_priority(port) > nmbond_port_get_priority(answer->ports->pdata[best]))
            best = i;
    }
    return best;
}

static guint
slot_of(struct answer *answer, const char *name)
{
    for (guint i = 0; i < answer->ports->len; i++) {
        if (g_strcmp0(nmbond_port_get_name(answer->ports->pdata[i]), name) == 0)
            return i;
    }
    return BOND_MAX_PORTS;
}

/* The table that bondd publishes, or would without that slot. */
static void
build_table(struct answer *answer, NmbondBond *bond, guint without)
{
    struct bond_table *t = &answer->table;
    guint active = slot_of(answer, nmbond_bond_get_active_port(bond));

    *t = (struct bond_table){.mode = answer->o.num[BOND_OPT_MODE],
                             .xmit_policy = answer->o.num[BOND_OPT_XMIT_HASH_POLICY],
                             .packets_per_slave = answer->o.num[BOND_OPT_PACKETS_PER_SLAVE],
                             .n_ports = MIN(answer->ports->len, BOND_MAX_PORTS)};
    for (guint i = 0; i < t->n_ports; i++) {
        t->port[i].ifindex = i + 1; /* any number that is not 0 */
        if (!bond_mode_uses_primary(t->mode) && is_usable(answer, i, without))
            t->tx[t->n_tx++] = (guint8) i;
    }
    if (!bond_mode_uses_primary(t->mode))
        return;
    if (active == without || active == BOND_MAX_PORTS)
        active = best_port(answer, without);
    if (active != BOND_MAX_PORTS)
        t->tx[t->n_tx++] = (guint8) active;
}

/* "eth0", with commas where a copy goes out of each, "" where nothing can be sent. */
static char *
choose(struct answer *answer)
{
    guint8 data[FLOW_FRAME_SIZE];
    gsize length = flow_frame(&answer->flow, data);
    struct bond_frame frame = {.data = data,
                               .end = data + length,
                               .len = (guint32) length,
                               .proto_be = answer->flow.family == AF_INET
                                               ? BOND_BE16(BOND_ETH_IP)
                                               : BOND_BE16(BOND_ETH_IPV6)};
    const struct bond_table *t = &answer->table;
    g_autoptr(GString) names = g_string_new(NULL);
    struct bond_rr rr = {0};
    struct bond_choice choice;

    answer->hash = bond_hash(t->xmit_policy, &frame);
    if (t->mode != BOND_MODE_BALANCE_RR && t->mode != BOND_MODE_BROADCAST) {
        choice = bond_choose(t, &frame, &rr);
        return g_strdup(choice.send == BOND_SEND_PORT
                            ? nmbond_port_get_name(answer->ports->pdata[choice.slot])
                            : "");
    }
    for (guint i = 0; i < t->n_tx; i++)
        g_string_append_printf(names, "%s%s", i > 0 ? "," : "",
                               nmbond_port_get_name(answer->ports->pdata[t->tx[i]]));
    return g_strdup(names->str);
}

static bool
uses_hash(guint32 mode)
{
    return mode == BOND_MODE_BALANCE_XOR || mode == BOND_MODE_8023AD;
}

bool
explain_uses_policy(const struct bond_options *o)
{
    return uses_hash(o->num[BOND_OPT_MODE]) ||
           (o->num[BOND_OPT_MODE] == BOND_MODE_BALANCE_TLB && o->num[BOND_OPT_TLB_DYNAMIC_LB] == 0);
}

/* With 802.3ad another aggregator takes over: the ports that stand by, whose choice is bondd's. */
static char *
standby(struct answer *answer, guint without)
{
    g_autoptr(GString) names = g_string_new(NULL);

    for (guint i = 0; i < answer->ports->len; i++) {
        NmbondPort *port = answer->ports->pdata[i];

        if (i != without && g_strcmp0(nmbond_port_get_state(port), "backup") == 0)
            g_string_append_printf(names, "%s%s", names->len > 0 ? "," : "",
                                   nmbond_port_get_name(port));
    }
    return g_strdup(names->str);
}

static const char *
hashed_fields(const struct answer *answer)
{
    bool has_ports = answer->flow.source_port != 0;

    if (!uses_hash(answer->table.mode))
        return "";
    switch ((enum bond_xmit_policy) answer->table.xmit_policy) {
    case BOND_XMIT_LAYER2:
        return _("MAC addresses");
    case BOND_XMIT_LAYER23:
    case BOND_XMIT_ENCAP23:
        return _("MAC and IP addresses");
    case BOND_XMIT_LAYER34:
    case BOND_XMIT_ENCAP34:
        return has_ports ? _("IP addresses and ports") : _("IP addresses");
    case BOND_XMIT_VLAN_SRCMAC:
        return _("VLAN and source MAC address");
    }
    return "";
}

static void
print_reason(const struct answer *answer, const char *port, const char *backup)
{
    const struct bond_table *t = &answer->table;
    const char *policy = bond_opt_value_name(BOND_OPT_XMIT_HASH_POLICY, t->xmit_policy);

    if (answer->why == NULL && uses_hash(t->mode)) {
        printf(_("  hash           %s (xmit_hash_policy %s): %u, modulo %u ports is %u\n"),
               hashed_fields(answer), policy, answer->hash, t->n_tx,
               t->n_tx > 0 ? answer->hash % t->n_tx : 0);
    } else if (t->mode == BOND_MODE_BALANCE_RR &&
               answer->o.num[BOND_OPT_RR_ORDER] == BOND_RR_ORDER_ARRIVAL) {
        puts(_("  why            each packet takes the port by which it arrives first without "
               "overtaking its flow (rr_order arrival)"));
    } else if (t->mode == BOND_MODE_BALANCE_RR) {
        printf(_("  why            each packet takes the next port in turn (packets_per_slave "
                 "%u)\n"),
               t->packets_per_slave);
    } else if (t->mode == BOND_MODE_BROADCAST) {
        puts(_("  why            a copy of each packet leaves by every port"));
    } else {
        printf(_("  why            %s\n"),
               answer->why != NULL ? answer->why : _("it is the active port"));
    }
    if (answer->hop.address[0] != '\0')
        printf(_("  next hop       %s at %02x:%02x:%02x:%02x:%02x:%02x\n"), answer->hop.address,
               answer->flow.destination_mac[0], answer->flow.destination_mac[1],
               answer->flow.destination_mac[2], answer->flow.destination_mac[3],
               answer->flow.destination_mac[4], answer->flow.destination_mac[5]);
    if (strchr(port, ',') == NULL)
        printf(_("  if it fails    %s\n"), backup[0] != '\0' ? backup : _("nothing is sent"));
}

static int
print_answer(struct cli *cli, struct answer *answer, NmbondBond *bond, const char *text,
             const char *port, const char *backup)
{
    const char *policy =
        uses_hash(answer->table.mode)
            ? bond_opt_value_name(BOND_OPT_XMIT_HASH_POLICY, answer->table.xmit_policy)
            : "";
    g_autofree char *hash =
        uses_hash(answer->table.mode) ? g_strdup_printf("%u", answer->hash) : g_strdup("");
    const guint8 *mac = answer->flow.destination_mac;
    g_autofree char *mac_text = answer->hop.address[0] == '\0'
                                    ? g_strdup("")
                                    : g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", mac[0],
                                                      mac[1], mac[2], mac[3], mac[4], mac[5]);
    const char *values[] = {text,
                            port,
                            backup,
                            nmbond_bond_get_mode(bond),
                            policy,
                            hashed_fields(answer),
                            answer->hop.address,
                            mac_text,
                            hash,
                            NULL};
    struct cli_table table;
    int rc;

    if (!cli_wants_table(cli)) {
        if (port[0] == '\0')
            printf(_("%s is not sent: no port of %s can be used.\n"), text,
                   nmbond_bond_get_name(bond));
        else
            printf(_("%s leaves %s by %s.\n"), text, nmbond_bond_get_name(bond), port);
        printf("  mode           %s\n", nmbond_bond_get_mode(bond));
        print_reason(answer, port, backup);
        return CLI_EXIT_OK;
    }
    rc = cli_table_init(cli, &table, field_names);
    if (rc != CLI_EXIT_OK)
        return rc;
    cli_table_add(&table, g_strdupv((char **) values));
    cli_table_print(cli, &table);
    cli_table_clear(&table);
    return CLI_EXIT_OK;
}

/* balance-alb goes by the receiver's address, unless tlb_dynamic_lb is off. */
static bool
hashes_macs(const struct bond_options *o)
{
    guint32 mode = o->num[BOND_OPT_MODE];

    return uses_hash(mode) || mode == BOND_MODE_BALANCE_TLB ||
           (mode == BOND_MODE_BALANCE_ALB && o->num[BOND_OPT_TLB_DYNAMIC_LB] == 0);
}

/* The MAC addresses of the frame, where the answer depends on them. */
static int
resolve(struct answer *answer, NmbondBond *bond, const char *mac)
{
    const char *own = nmbond_bond_get_mac_address(bond);
    guint32 policy = answer->o.num[BOND_OPT_XMIT_HASH_POLICY];
    bool found;

    answer->needs_mac = hashes_macs(&answer->o) && policy != BOND_XMIT_LAYER34 &&
                        policy != BOND_XMIT_ENCAP34 && policy != BOND_XMIT_VLAN_SRCMAC;
    if (own != NULL)
        nm_utils_hwaddr_aton(own, answer->flow.source_mac, 6);
    if (mac != NULL) {
        if (nm_utils_hwaddr_aton(mac, answer->flow.destination_mac, 6) != NULL)
            return CLI_EXIT_OK;
        cli_error(_("'%s' is no MAC address of one device, such as 02:00:00:00:00:01."), mac);
        return CLI_EXIT_USER_INPUT;
    }
    found = next_hop_find(answer->flow.family, answer->flow.destination, &answer->hop);
    if (found && answer->hop.ifindex != nmbond_bond_get_ifindex(bond)) {
        char name[IF_NAMESIZE] = "?";

        if_indextoname((unsigned) answer->hop.ifindex, name);
        cli_warn(_("the route to %s goes by %s, not by %s itself."),
                 flow_address(&answer->flow, answer->flow.destination), name,
                 nmbond_bond_get_name(bond));
    }
    if (answer->hop.has_mac) {
        memcpy(answer->flow.destination_mac, answer->hop.mac, 6);
        return CLI_EXIT_OK;
    }
    answer->hop.address[0] = answer->needs_mac ? answer->hop.address[0] : '\0';
    if (!answer->needs_mac)
        return CLI_EXIT_OK;
    if (!found)
        cli_error(_("There is no route to %s; --mac gives the MAC address of the next hop, which "
                    "xmit_hash_policy %s needs."),
                  flow_address(&answer->flow, answer->flow.destination),
                  bond_opt_value_name(BOND_OPT_XMIT_HASH_POLICY, policy));
    else
        cli_error(_("The MAC address of the next hop %s is not known, and xmit_hash_policy %s "
                    "needs it: ping it once, or give --mac."),
                  answer->hop.address, bond_opt_value_name(BOND_OPT_XMIT_HASH_POLICY, policy));
    return CLI_EXIT_FAILED;
}

/* As the kernel's driver: a packet that has a hash over its ports already keeps it. */
static void
warn_of_sockets(const struct answer *answer)
{
    if (explain_uses_policy(&answer->o) &&
        answer->o.num[BOND_OPT_XMIT_HASH_POLICY] == BOND_XMIT_ENCAP34 &&
        (answer->flow.proto == IPPROTO_TCP || answer->flow.proto == IPPROTO_UDP))
        cli_warn(_("with encap3+4 a connection of this host's own goes by a random number of its "
                   "socket; what is said here holds for what is forwarded, such as a guest's."));
}

int
explain_flow(struct cli *cli, NmbondBond *bond, const char *text, const char *mac)
{
    struct answer answer = {0};
    g_autoptr(GPtrArray) ports = nmbond_client_get_ports(cli->client, bond);
    g_autofree char *port = NULL;
    g_autofree char *backup = NULL;
    GError *error = NULL;
    int rc;

    answer.ports = ports;
    if (!flow_parse(text, &answer.flow, &error)) {
        cli_error("%s", error->message);
        g_error_free(error);
        return CLI_EXIT_USER_INPUT;
    }
    if (!explain_read_options(bond, &answer.o))
        return CLI_EXIT_FAILED;
    warn_of_sockets(&answer);
    rc = resolve(&answer, bond, mac);
    if (rc != CLI_EXIT_OK)
        return rc;
    if (explain_asks_bondd(&answer.o)) {
        build_table(&answer, bond, BOND_MAX_PORTS);
        answer.why = explain_ask_bondd(cli, bond, &answer.flow, &port, &backup, &error);
        if (answer.why == NULL)
            return cli_fail(cli, error);
        rc = print_answer(cli, &answer, bond, text, port, backup);
        g_free(answer.why);
        return rc;
    }
    build_table(&answer, bond, BOND_MAX_PORTS);
    port = choose(&answer);
    build_table(&answer, bond, slot_of(&answer, port));
    backup = choose(&answer);
    if (backup[0] == '\0' && answer.o.num[BOND_OPT_MODE] == BOND_MODE_8023AD) {
        g_free(backup);
        backup = standby(&answer, slot_of(&answer, port));
    }
    build_table(&answer, bond, BOND_MAX_PORTS);
    g_free(choose(&answer));
    return print_answer(cli, &answer, bond, text, port, backup);
}
