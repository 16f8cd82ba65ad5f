/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * options_table.c - what options there are: the one table, and looking things up in it.
 *
 * The only place that knows an option's name, values, range, default, modes and conditions. It
 * decides nothing about a bond; options.c and options_apply.c do, from these rows. Reference:
 * the kernel's bond_options.c; rows newer than Linux 6.1 are lacp_strict, coupled_control,
 * broadcast_neighbor, ad_select=actor_port_prio and actor_port_prio.
 *
 * To carry out something that is refused today, take its BOND_OPT_F_LATER away: here, nowhere else.
 */
#include <limits.h>
#include <string.h>

#include "core/options_private.h"

#define N_(text) text
#define LATER BOND_OPT_F_LATER

#define M(mode) (1u << BOND_MODE_##mode)
#define M_ALL ((1u << BOND_N_MODES) - 1)
#define M_ARP (M(BALANCE_RR) | M(ACTIVE_BACKUP) | M(BALANCE_XOR) | M(BROADCAST))
#define M_PRIMARY (M(ACTIVE_BACKUP) | M(BALANCE_TLB) | M(BALANCE_ALB))
#define M_LB (M(BALANCE_TLB) | M(BALANCE_ALB))
#define M_HASH (M(BALANCE_XOR) | M(8023AD) | M(BALANCE_TLB))

static const struct bond_opt_value mode_values[] = {
    {"balance-rr", BOND_MODE_BALANCE_RR, 0},   {"active-backup", BOND_MODE_ACTIVE_BACKUP, 0},
    {"balance-xor", BOND_MODE_BALANCE_XOR, 0}, {"broadcast", BOND_MODE_BROADCAST, 0},
    {"802.3ad", BOND_MODE_8023AD, 0},          {"balance-tlb", BOND_MODE_BALANCE_TLB, 0},
    {"balance-alb", BOND_MODE_BALANCE_ALB, 0}, {NULL, 0, 0},
};

static const struct bond_opt_value xmit_values[] = {
    {"layer2", BOND_XMIT_LAYER2, 0},
    {"layer3+4", BOND_XMIT_LAYER34, 0},
    {"layer2+3", BOND_XMIT_LAYER23, 0},
    {"encap2+3", BOND_XMIT_ENCAP23, 0},
    {"encap3+4", BOND_XMIT_ENCAP34, 0},
    {"vlan+srcmac", BOND_XMIT_VLAN_SRCMAC, 0},
    {NULL, 0, 0},
};

static const struct bond_opt_value arp_validate_values[] = {
    {"none", 0, 0},   {"active", 1, 0},        {"backup", 2, 0},        {"all", 3, 0},
    {"filter", 4, 0}, {"filter_active", 5, 0}, {"filter_backup", 6, 0}, {NULL, 0, 0},
};

static const struct bond_opt_value arp_all_targets_values[] = {
    {"any", 0, 0},
    {"all", 1, 0},
    {NULL, 0, 0},
};

static const struct bond_opt_value reselect_values[] = {
    {"always", BOND_RESELECT_ALWAYS, 0},
    {"better", BOND_RESELECT_BETTER, 0},
    {"failure", BOND_RESELECT_FAILURE, 0},
    {NULL, 0, 0},
};

static const struct bond_opt_value fom_values[] = {
    {"none", BOND_FOM_NONE, 0},
    {"active", BOND_FOM_ACTIVE, 0},
    {"follow", BOND_FOM_FOLLOW, 0},
    {NULL, 0, 0},
};

static const struct bond_opt_value lacp_rate_values[] = {
    {"slow", 0, 0},
    {"fast", 1, 0},
    {NULL, 0, 0},
};

static const struct bond_opt_value ad_select_values[] = {
    {"stable", 0, 0}, {"bandwidth", 1, 0}, {"count", 2, 0}, {"actor_port_prio", 3, 0}, {NULL, 0, 0},
};

static const struct bond_opt_value hash_values[] = {
    {"kernel", BOND_HASH_KERNEL, 0},
    {"resilient", BOND_HASH_RESILIENT, 0},
    {NULL, 0, 0},
};

static const struct bond_opt_value rr_order_values[] = {
    {"kernel", BOND_RR_ORDER_KERNEL, 0},
    {"arrival", BOND_RR_ORDER_ARRIVAL, 0},
    {NULL, 0, 0},
};

static const struct bond_opt_value switch_values[] = {
    {"off", 0, 0},
    {"on", 1, 0},
    {NULL, 0, 0},
};

static const struct bond_opt_value monitors_values[] = {
    {"any", 0, 0},
    {"all", 1, 0},
    {NULL, 0, 0},
};

static const struct bond_opt_value bfd_values[] = {
    {"off", BOND_BFD_OFF, 0},
    {"micro", BOND_BFD_MICRO, 0},
    {"single-hop", BOND_BFD_SINGLE_HOP, 0},
    {NULL, 0, 0},
};

/* Words that the kernel takes for numbers. */
static const struct bond_opt_value int_words[] = {
    {"off", 0, 0}, {"maxval", INT_MAX, 0}, {NULL, 0, 0}};
static const struct bond_opt_value byte_words[] = {{"off", 0, 0}, {"maxval", 255, 0}, {NULL, 0, 0}};
static const struct bond_opt_value notif_delay_words[] = {
    {"off", 0, 0}, {"maxval", 300000, 0}, {NULL, 0, 0}};
static const struct bond_opt_value missed_words[] = {
    {"minval", 1, 0}, {"maxval", 255, 0}, {NULL, 0, 0}};
static const struct bond_opt_value packets_words[] = {{"maxval", 65535, 0}, {NULL, 0, 0}};
static const struct bond_opt_value sys_prio_words[] = {
    {"minval", 1, 0}, {"maxval", 65535, 0}, {NULL, 0, 0}};
static const struct bond_opt_value port_key_words[] = {
    {"minval", 0, 0}, {"maxval", 1023, 0}, {NULL, 0, 0}};
static const struct bond_opt_value lp_words[] = {
    {"minval", 1, 0}, {"maxval", INT_MAX, 0}, {NULL, 0, 0}};

#define ID(SUFFIX, NAME) .id = BOND_OPT_##SUFFIX, .name = NAME
#define ENUM(VALUES, MAX, DEF)                                                                     \
    .type = BOND_OPT_T_ENUM, .values = VALUES, .min = 0, .max = MAX, .def = DEF
#define INT(WORDS, MIN, MAX, DEF)                                                                  \
    .type = BOND_OPT_T_INT, .values = WORDS, .min = MIN, .max = MAX, .def = DEF
#define IN(ALLOWED, USED) .modes = ALLOWED, .used_in = USED
#define NEEDS(ID) .needs = BOND_OPT_##ID
#define NEEDS_NOTHING .needs = BOND_OPT_NO_NEED

static const struct bond_opt_desc table[BOND_OPT_N] = {
    [BOND_OPT_MODE] = {ID(MODE, "mode"),
                       ENUM(mode_values, BOND_MODE_BALANCE_ALB, BOND_MODE_BALANCE_RR),
                       IN(M_ALL, M_ALL), NEEDS_NOTHING,
                       .flags = BOND_OPT_F_IFDOWN | BOND_OPT_F_NOPORTS,
                       .help = N_("How the bond uses its ports.")},
    [BOND_OPT_MIIMON] =
        {ID(MIIMON, "miimon"), INT(int_words, 0, INT_MAX, 100), IN(M_ALL, M_ALL), NEEDS_NOTHING,
         .unit = "ms",
         .help = N_("How often the carrier of every port is looked at; carrier events are acted on "
                    "at once besides.")},
    [BOND_OPT_UPDELAY] =
        {ID(UPDELAY, "updelay"), INT(int_words, 0, INT_MAX, 0), IN(M_ALL, M_ALL), NEEDS(MIIMON),
         .unit = "ms",
         .help = N_("How long a link must be back before its port is used; rounded down to a "
                    "multiple of miimon.")},
    [BOND_OPT_DOWNDELAY] =
        {ID(DOWNDELAY, "downdelay"), INT(int_words, 0, INT_MAX, 0), IN(M_ALL, M_ALL), NEEDS(MIIMON),
         .unit = "ms",
         .help = N_("How long a link must be gone before its port is given up; rounded down to a "
                    "multiple of miimon.")},
    [BOND_OPT_PEER_NOTIF_DELAY] =
        {ID(PEER_NOTIF_DELAY, "peer_notif_delay"), INT(notif_delay_words, 0, 300000, 0),
         IN(M_ALL, M_ALL), NEEDS(MIIMON), .unit = "ms",
         .help = N_("The time between two announcements of one change; 0 is one miimon interval; "
                    "rounded down to a multiple of miimon.")},
    [BOND_OPT_USE_CARRIER] =
        {ID(USE_CARRIER, "use_carrier"), ENUM(switch_values, 1, 1), IN(M_ALL, M_ALL), NEEDS(MIIMON),
         .flags = BOND_OPT_F_NUMBER,
         .help = N_(
             "Whether the link state is the carrier that the port's driver reports; off asks "
             "for the MII registers, which current kernels no longer do.")},
    [BOND_OPT_ARP_INTERVAL] =
        {ID(ARP_INTERVAL, "arp_interval"), INT(int_words, 0, INT_MAX, 0), IN(M_ARP, M_ARP),
         NEEDS_NOTHING, .unit = "ms",
         .help = N_("How often the targets are probed by ARP and neighbour solicitation; excludes "
                    "miimon.")},
    [BOND_OPT_ARP_IP_TARGET] = {ID(ARP_IP_TARGET, "arp_ip_target"), .type = BOND_OPT_T_IP4_LIST,
                                IN(M_ALL, M_ARP), NEEDS(ARP_INTERVAL),
                                .help = N_("The IPv4 addresses that are probed by ARP.")},
    [BOND_OPT_NS_IP6_TARGET] =
        {ID(NS_IP6_TARGET, "ns_ip6_target"), .type = BOND_OPT_T_IP6_LIST, IN(M_ALL, M_ARP),
         NEEDS(ARP_INTERVAL),
         .help = N_("The IPv6 addresses that are probed by neighbour solicitation.")},
    [BOND_OPT_ARP_VALIDATE] =
        {ID(ARP_VALIDATE, "arp_validate"), ENUM(arp_validate_values, 6, 0), IN(M_ARP, M_ARP),
         NEEDS(ARP_INTERVAL),
         .help = N_("Which ports must see real answers of the targets; filter counts only ARP "
                    "traffic as a sign of life.")},
    [BOND_OPT_ARP_ALL_TARGETS] = {ID(ARP_ALL_TARGETS, "arp_all_targets"),
                                  ENUM(arp_all_targets_values, 1, 0), IN(M_ALL, M(ACTIVE_BACKUP)),
                                  NEEDS(ARP_VALIDATE),
                                  .help = N_(
                                      "Whether a port needs the answers of any target or of all.")},
    [BOND_OPT_ARP_MISSED_MAX] = {ID(ARP_MISSED_MAX, "arp_missed_max"), INT(missed_words, 1, 255, 2),
                                 IN(M_ARP, M_ARP), NEEDS(ARP_INTERVAL),
                                 .help = N_(
                                     "How many probes in a row may stay without an answer.")},
    [BOND_OPT_PRIMARY] =
        {ID(PRIMARY, "primary"), .type = BOND_OPT_T_IFNAME, IN(M_PRIMARY, M_PRIMARY), NEEDS_NOTHING,
         .help = N_("The port that is active whenever it is usable; it need not be attached yet.")},
    [BOND_OPT_PRIMARY_RESELECT] =
        {ID(PRIMARY_RESELECT, "primary_reselect"),
         ENUM(reselect_values, BOND_RESELECT_FAILURE, BOND_RESELECT_ALWAYS), IN(M_ALL, M_PRIMARY),
         NEEDS_NOTHING, .help = N_("When a primary port that has come back takes over again.")},
    [BOND_OPT_ACTIVE_SLAVE] = {ID(ACTIVE_SLAVE, "active_slave"), .type = BOND_OPT_T_IFNAME,
                               IN(M_PRIMARY, M_PRIMARY), NEEDS_NOTHING, .flags = BOND_OPT_F_RUNTIME,
                               .help = N_("The port to switch to now.")},
    [BOND_OPT_FAIL_OVER_MAC] =
        {ID(FAIL_OVER_MAC, "fail_over_mac"), ENUM(fom_values, BOND_FOM_FOLLOW, BOND_FOM_NONE),
         IN(M_ALL, M(ACTIVE_BACKUP)), NEEDS_NOTHING, .flags = BOND_OPT_F_NOPORTS,
         .help = N_("Whose MAC address is used: one for all ports (none), the bond takes that of "
                    "the active port (active), or the active port takes the bond's (follow).")},
    [BOND_OPT_NUM_GRAT_ARP] =
        {ID(NUM_GRAT_ARP, "num_grat_arp"), .alias = "num_unsol_na", INT(byte_words, 0, 255, 1),
         IN(M_ALL, M_ALL), NEEDS_NOTHING,
         .help = N_("How often a change is announced by gratuitous ARP and unsolicited neighbour "
                    "advertisement; the kernel announces in active-backup only.")},
    [BOND_OPT_ALL_SLAVES_ACTIVE] =
        {ID(ALL_SLAVES_ACTIVE, "all_slaves_active"), ENUM(switch_values, 1, 0), IN(M_ALL, M_ALL),
         NEEDS_NOTHING, .flags = BOND_OPT_F_NUMBER,
         .help = N_("Whether frames that come in on an inactive port enter the bond.")},
    [BOND_OPT_RESEND_IGMP] =
        {ID(RESEND_IGMP, "resend_igmp"), INT(byte_words, 0, 255, 1),
         IN(M_ALL, M(BALANCE_RR) | M_PRIMARY), NEEDS_NOTHING,
         .help = N_("How often IGMP membership reports are sent after a failover, 200 ms apart.")},
    [BOND_OPT_PACKETS_PER_SLAVE] =
        {ID(PACKETS_PER_SLAVE, "packets_per_slave"), INT(packets_words, 0, 65535, 1),
         IN(M(BALANCE_RR), M(BALANCE_RR)), NEEDS_NOTHING,
         .help = N_("How many packets leave by one port before the next; 0 chooses at random.")},
    [BOND_OPT_MIN_LINKS] =
        {ID(MIN_LINKS, "min_links"), INT(int_words, 0, INT_MAX, 0), IN(M_ALL, M_ALL), NEEDS_NOTHING,
         .help = N_(
             "How many links must be up for the bond to have carrier; the kernel heeds it in "
             "802.3ad only.")},
    [BOND_OPT_XMIT_HASH_POLICY] =
        {ID(XMIT_HASH_POLICY, "xmit_hash_policy"),
         ENUM(xmit_values, BOND_XMIT_VLAN_SRCMAC, BOND_XMIT_LAYER2), IN(M_ALL, M_HASH),
         NEEDS_NOTHING, .help = N_("Which parts of a frame choose the port that it leaves by.")},
    [BOND_OPT_LACP_RATE] =
        {ID(LACP_RATE, "lacp_rate"), ENUM(lacp_rate_values, 1, 0), IN(M(8023AD), M(8023AD)),
         NEEDS_NOTHING, .flags = BOND_OPT_F_IFDOWN,
         .help = N_("How often the partner is asked to send LACPDUs: every 30 s or every second.")},
    [BOND_OPT_LACP_ACTIVE] =
        {ID(LACP_ACTIVE, "lacp_active"), ENUM(switch_values, 1, 1), IN(M(8023AD), M(8023AD)),
         NEEDS_NOTHING, .flags = BOND_OPT_F_IFDOWN,
         .help = N_("Whether LACPDUs are sent unasked, or only to a partner that does.")},
    [BOND_OPT_LACP_STRICT] =
        {ID(LACP_STRICT, "lacp_strict"), ENUM(switch_values, 1, 0), IN(M(8023AD), M(8023AD)),
         NEEDS_NOTHING,
         .help = N_("Whether the bond is without carrier while no port has a partner.")},
    [BOND_OPT_COUPLED_CONTROL] = {ID(COUPLED_CONTROL, "coupled_control"), ENUM(switch_values, 1, 1),
                                  IN(M(8023AD), M(8023AD)), NEEDS_NOTHING,
                                  .flags = BOND_OPT_F_IFDOWN,
                                  .help =
                                      N_("Whether collecting and distributing begin together.")},
    [BOND_OPT_BROADCAST_NEIGHBOR] =
        {ID(BROADCAST_NEIGHBOR, "broadcast_neighbor"), ENUM(switch_values, 1, 0),
         IN(M(8023AD), M(8023AD)), NEEDS_NOTHING,
         .help = N_("Whether ARP and neighbour solicitations leave by all active ports, for pairs "
                    "of switches without MLAG.")},
    [BOND_OPT_AD_SELECT] = {ID(AD_SELECT, "ad_select"), ENUM(ad_select_values, 3, 0),
                            IN(M_ALL, M(8023AD)), NEEDS_NOTHING, .flags = BOND_OPT_F_IFDOWN,
                            .help = N_("What makes an aggregator the better one.")},
    [BOND_OPT_AD_ACTOR_SYS_PRIO] = {ID(AD_ACTOR_SYS_PRIO, "ad_actor_sys_prio"),
                                    INT(sys_prio_words, 1, 65535, 65535), IN(M(8023AD), M(8023AD)),
                                    NEEDS_NOTHING,
                                    .help = N_("The LACP priority of this system; lower wins.")},
    [BOND_OPT_AD_ACTOR_SYSTEM] =
        {ID(AD_ACTOR_SYSTEM, "ad_actor_system"), .type = BOND_OPT_T_MAC, IN(M(8023AD), M(8023AD)),
         NEEDS_NOTHING,
         .help = N_("The MAC address of this system in LACPDUs; all zero is the bond's.")},
    [BOND_OPT_AD_USER_PORT_KEY] = {ID(AD_USER_PORT_KEY, "ad_user_port_key"),
                                   INT(port_key_words, 0, 1023, 0), IN(M(8023AD), M(8023AD)),
                                   NEEDS_NOTHING, .flags = BOND_OPT_F_IFDOWN,
                                   .help = N_("The upper ten bits of the ports' LACP key.")},
    [BOND_OPT_TLB_DYNAMIC_LB] =
        {ID(TLB_DYNAMIC_LB, "tlb_dynamic_lb"), ENUM(switch_values, 1, 1), IN(M_LB, M_LB),
         NEEDS_NOTHING, .flags = BOND_OPT_F_IFDOWN | BOND_OPT_F_NUMBER,
         .help = N_("Whether flows move between ports by load, or stay where xmit_hash_policy puts "
                    "them.")},
    [BOND_OPT_LP_INTERVAL] =
        {ID(LP_INTERVAL, "lp_interval"), INT(lp_words, 1, INT_MAX, 1), IN(M_ALL, M_LB),
         NEEDS_NOTHING, .unit = "s",
         .help = N_("How often learning packets tell the switches where addresses are.")},
    [BOND_OPT_BALANCE_SLB] =
        {ID(BALANCE_SLB, "balance-slb"), ENUM(switch_values, 1, 0),
         IN(M(BALANCE_XOR), M(BALANCE_XOR)), NEEDS_NOTHING,
         .flags = LATER | BOND_OPT_F_NUMBER | BOND_OPT_F_NM,
         .help = N_("Source load balancing by VLAN and MAC address without help of the switch."),
         .instead = "xmit_hash_policy=vlan+srcmac where the switch has the ports as one aggregate, "
                    "or mode active-backup"},
    [BOND_OPT_HASH] =
        {ID(HASH, "hash"), ENUM(hash_values, BOND_HASH_RESILIENT, BOND_HASH_KERNEL),
         IN(M_ALL, M(BALANCE_XOR) | M(8023AD)), NEEDS_NOTHING, .flags = BOND_OPT_F_OURS,
         .help = N_("How xmit_hash_policy's parts of a frame become a port: as the kernel does, or "
                    "by buckets that stay with their port when another one fails.")},
    [BOND_OPT_MONITORS] =
        {ID(MONITORS, "monitors"), ENUM(monitors_values, 1, 0), IN(M_ALL, M_ALL), NEEDS(BFD),
         .flags = BOND_OPT_F_OURS,
         .help = N_(
             "Whether a port with a carrier needs one of its probes (ARP/NS monitor, BFD) to "
             "hear something, or all of them.")},
    [BOND_OPT_BFD] =
        {ID(BFD, "bfd"), ENUM(bfd_values, BOND_BFD_SINGLE_HOP, BOND_BFD_OFF), IN(M_ALL, M_ALL),
         NEEDS_NOTHING, .flags = BOND_OPT_F_OURS,
         .help = N_(
             "Whether each port runs a BFD session with the host at its other end: as member "
             "of a LAG (micro, RFC 7130) or by itself (single-hop, RFC 5881).")},
    [BOND_OPT_BFD_PEER] = {ID(BFD_PEER, "bfd_peer"), .type = BOND_OPT_T_IP4, IN(M_ALL, M_ALL),
                           NEEDS(BFD), .flags = BOND_OPT_F_OURS,
                           .help = N_("The IPv4 address of the host at the other end.")},
    [BOND_OPT_BFD_INTERVAL] =
        {ID(BFD_INTERVAL, "bfd_interval"), INT(NULL, BOND_BFD_MIN_MS, BOND_BFD_MAX_MS, 10),
         IN(M_ALL, M_ALL), NEEDS(BFD), .flags = BOND_OPT_F_OURS, .unit = "ms",
         .help = N_("How often the two hosts tell each other that they hear each other.")},
    [BOND_OPT_BFD_MULTIPLIER] = {ID(BFD_MULTIPLIER, "bfd_multiplier"), INT(NULL, 2, 255, 3),
                                 IN(M_ALL, M_ALL), NEEDS(BFD), .flags = BOND_OPT_F_OURS,
                                 .help = N_(
                                     "After how many intervals of silence a link counts as dead.")},
    [BOND_OPT_RR_ORDER] =
        {ID(RR_ORDER, "rr_order"),
         ENUM(rr_order_values, BOND_RR_ORDER_ARRIVAL, BOND_RR_ORDER_KERNEL),
         IN(M_ALL, M(BALANCE_RR)), NEEDS_NOTHING, .flags = BOND_OPT_F_OURS,
         .help = N_("Which port is next: as packets_per_slave says, or the one by which the frame "
                    "arrives first without overtaking its own flow.")},
};

static const struct bond_opt_desc port_table[BOND_PORT_OPT_N] = {
    [BOND_PORT_OPT_QUEUE_ID] =
        {.id = BOND_PORT_OPT_QUEUE_ID,
         .name = "queue_id",
         INT(NULL, 0, 65535, 0),
         IN(M_ALL, M_ALL),
         NEEDS_NOTHING,
         .help = N_("Frames of this transmit queue leave by this port; 0 is none.")},
    [BOND_PORT_OPT_PRIO] =
        {.id = BOND_PORT_OPT_PRIO,
         .name = "prio",
         INT(NULL, INT_MIN, INT_MAX, 0),
         IN(M_PRIMARY, M_PRIMARY),
         NEEDS_NOTHING,
         .help = N_("Of the usable ports the one with the highest priority becomes active.")},
    [BOND_PORT_OPT_ACTOR_PORT_PRIO] = {.id = BOND_PORT_OPT_ACTOR_PORT_PRIO,
                                       .name = "actor_port_prio",
                                       INT(NULL, 1, 65535, 255),
                                       IN(M(8023AD), M(8023AD)),
                                       NEEDS_NOTHING,
                                       .help = N_("The LACP priority of this port; lower wins.")},
    [BOND_PORT_OPT_RR_DELAY] =
        {.id = BOND_PORT_OPT_RR_DELAY,
         .name = "rr_delay",
         INT(NULL, 0, BOND_RR_DELAY_MAX_US, 0),
         IN(M_ALL, M(BALANCE_RR)),
         NEEDS_NOTHING,
         .flags = BOND_OPT_F_OURS,
         .unit = "us",
         .help = N_("How much longer frames are under way by this port than by the quickest one; "
                    "for rr_order=arrival.")},
};

static const char *const mode_titles[BOND_N_MODES] = {
    [BOND_MODE_BALANCE_RR] = "load balancing (round-robin)",
    [BOND_MODE_ACTIVE_BACKUP] = "fault-tolerance (active-backup)",
    [BOND_MODE_BALANCE_XOR] = "load balancing (xor)",
    [BOND_MODE_BROADCAST] = "fault-tolerance (broadcast)",
    [BOND_MODE_8023AD] = "IEEE 802.3ad Dynamic link aggregation",
    [BOND_MODE_BALANCE_TLB] = "transmit load balancing",
    [BOND_MODE_BALANCE_ALB] = "adaptive load balancing",
};

static const struct bond_opt_desc *
find(const struct bond_opt_desc *rows, size_t n, const char *name)
{
    for (size_t i = 0; name && i < n; i++)
        if (!strcmp(rows[i].name, name) || (rows[i].alias && !strcmp(rows[i].alias, name)))
            return &rows[i];
    return NULL;
}

const struct bond_opt_desc *
bond_opt_desc(enum bond_opt_id id)
{
    return (unsigned int) id < BOND_OPT_N ? &table[id] : NULL;
}

const struct bond_opt_desc *
bond_opt_by_name(const char *name)
{
    return find(table, BOND_OPT_N, name);
}

const struct bond_opt_desc *
bond_port_opt_desc(enum bond_port_opt_id id)
{
    return (unsigned int) id < BOND_PORT_OPT_N ? &port_table[id] : NULL;
}

const struct bond_opt_desc *
bond_port_opt_by_name(const char *name)
{
    return find(port_table, BOND_PORT_OPT_N, name);
}

static const struct bond_opt_value *
find_value(enum bond_opt_id id, uint32_t value)
{
    const struct bond_opt_desc *d = bond_opt_desc(id);

    if (!d || d->type != BOND_OPT_T_ENUM)
        return NULL;
    for (const struct bond_opt_value *v = d->values; v->name; v++)
        if (v->value == value)
            return v;
    return NULL;
}

const char *
bond_opt_value_name(enum bond_opt_id id, uint32_t value)
{
    const struct bond_opt_value *v = find_value(id, value);

    return v ? v->name : NULL;
}

const char *
bond_mode_name(enum bond_mode mode)
{
    return bond_opt_value_name(BOND_OPT_MODE, mode);
}

const char *
bond_mode_title(enum bond_mode mode)
{
    return (unsigned int) mode < BOND_N_MODES ? mode_titles[mode] : NULL;
}

bool
bond_opt_value_is_carried_out(enum bond_opt_id id, uint32_t value)
{
    const struct bond_opt_desc *d = bond_opt_desc(id);
    const struct bond_opt_value *v = find_value(id, value);

    if (!d || (v && (v->flags & LATER)))
        return false;
    return !(d->flags & LATER) || value == d->def;
}

bool
bond_opt_is_carried_out(enum bond_opt_id id)
{
    const struct bond_opt_desc *d = bond_opt_desc(id);
    bool in_some_mode = false;

    if (!d || (d->flags & LATER))
        return false;
    for (uint32_t mode = 0; mode < BOND_N_MODES; mode++)
        if (d->used_in & (1u << mode))
            in_some_mode |= bond_opt_value_is_carried_out(BOND_OPT_MODE, mode);
    return in_some_mode && (d->needs < 0 || bond_opt_is_carried_out((enum bond_opt_id) d->needs));
}
