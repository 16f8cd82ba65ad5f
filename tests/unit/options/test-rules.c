/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-rules.c - how options depend on each other: one at a time as the kernel has it
 * (bond_option_set), and whole sets (bond_options_apply).
 */
#include <errno.h>

#include "common.h"

/* A bond in `mode` with these set one after the other, kernel fashion. */
static struct bond_options
set_all(enum bond_mode mode, const char *text)
{
    struct bond_options o;
    struct option_list l;

    bond_options_init(&o, mode);
    option_list_parse(&l, text);
    for (size_t i = 0; i < l.n; i++)
        must_set(&o, l.names[i], l.values[i]);
    return o;
}

#define expect(o, name, value) assert_string_equal(shown(o, name), value)

static void
test_kernel_mode(void **state)
{
    static const char *const without_arp[] = {"4", "5", "6"};
    struct bond_options o;

    for (size_t i = 0; i < 3; i++) {
        o = set_all(BOND_MODE_BALANCE_RR, "arp_interval=100;arp_validate=all");
        expect(&o, "miimon", "0");
        must_set(&o, "mode", without_arp[i]);
        expect(&o, "arp_interval", "0");
        expect(&o, "arp_validate", "none");
        expect(&o, "miimon", "100");
        o = set_all(BOND_MODE_BALANCE_RR, "miimon=50");
        must_set(&o, "mode", without_arp[i]);
        expect(&o, "miimon", "50");
    }
    o = set_all(BOND_MODE_ACTIVE_BACKUP, "arp_interval=100;arp_validate=backup;mode=balance-xor");
    expect(&o, "arp_interval", "100");
    expect(&o, "arp_validate", "none");
    o = set_all(BOND_MODE_BALANCE_RR, "miimon=0;mode=1");
    expect(&o, "miimon", "0");
    o = set_all(BOND_MODE_BALANCE_TLB, "tlb_dynamic_lb=0;mode=balance-alb");
    expect(&o, "tlb_dynamic_lb", "1");
    o = set_all(BOND_MODE_8023AD, "broadcast_neighbor=on;mode=802.3ad");
    expect(&o, "broadcast_neighbor", "off");
}

static void
test_kernel_monitors(void **state)
{
    struct bond_options o =
        set_all(BOND_MODE_ACTIVE_BACKUP, "updelay=200;downdelay=300;peer_notif_delay=400;"
                                         "arp_interval=500;arp_ip_target=10.0.0.1;arp_validate=3");

    expect(&o, "miimon", "0");
    expect(&o, "updelay", "0");
    expect(&o, "downdelay", "0");
    expect(&o, "peer_notif_delay", "0");
    must_set(&o, "miimon", "0"); /* says nothing against ARP monitoring */
    expect(&o, "arp_interval", "500");
    must_set(&o, "miimon", "20");
    expect(&o, "arp_interval", "0");
    expect(&o, "arp_validate", "none");
    expect(&o, "arp_ip_target", "10.0.0.1");
    must_set(&o, "arp_interval", "0"); /* says nothing against MII monitoring */
    expect(&o, "miimon", "20");
}

static void
test_kernel_delays(void **state)
{
    static const char *const names[] = {"updelay", "downdelay", "peer_notif_delay"};

    for (size_t i = 0; i < 3; i++) {
        struct bond_options o = set_all(BOND_MODE_ACTIVE_BACKUP, "miimon=100"), before;
        struct bond_err err = {0};

        must_set(&o, names[i], "299");
        expect(&o, names[i], "200");
        must_set(&o, names[i], "99");
        expect(&o, names[i], "0");
        must_set(&o, names[i], "300000");
        must_set(&o, "miimon", "50"); /* kept as a multiple: follows */
        expect(&o, names[i], "150000");
        must_set(&o, names[i], "100");
        must_set(&o, "miimon", "2147483647"); /* more than the option can be */
        assert_in_range(o.num[bond_opt_by_name(names[i])->id], 0, bond_opt_by_name(names[i])->max);
        must_set(&o, "miimon", "0");
        expect(&o, names[i], "0");
        before = o;
        assert_int_equal(bond_option_set(&o, names[i], "0", NULL, &err), -EPERM);
        assert_int_equal(err.kind, BOND_ERR_CONFLICT);
        assert_memory_equal(&o, &before, sizeof(o));
    }
}

static void
test_kernel_one_value_two_names(void **state)
{
    struct bond_options o = set_all(BOND_MODE_ACTIVE_BACKUP, "num_unsol_na=7");

    expect(&o, "num_grat_arp", "7");
    expect(&o, "num_unsol_na", "7");
    must_set(&o, "num_grat_arp", "off");
    expect(&o, "num_unsol_na", "0");
    assert_ptr_equal(bond_opt_by_name("num_unsol_na"), bond_opt_by_name("num_grat_arp"));
}

static void
test_names_of_ports(void **state)
{
    struct bond_options o = set_all(BOND_MODE_ACTIVE_BACKUP, "primary= eth0\n");

    expect(&o, "primary", "eth0");
    must_set(&o, "primary", "fifteen-letters");
    expect(&o, "primary", "fifteen-letters");
    must_set(&o, "primary", "");
    expect(&o, "primary", "");
    must_set(&o, "primary", "eth0.7");
    must_set(&o, "primary", "none");
    expect(&o, "primary", "");
    must_set(&o, "active_slave", "eth1"); /* nobody to ask whether it is a port */
    expect(&o, "active_slave", "eth1");
    expect(&o, "primary", "");
}

static bool
only_eth1(const void *data, const char *ifname)
{
    return !strcmp(ifname, data);
}

static void
test_active_must_be_a_port(void **state)
{
    const struct bond_opt_ctx ctx = {.n_ports = 1, .has_port = only_eth1, .data = "eth1"};
    struct bond_options o = set_all(BOND_MODE_ACTIVE_BACKUP, "");
    struct bond_err err = {0};

    assert_int_equal(bond_option_set(&o, "active_slave", "eth9", &ctx, &err), -ENODEV);
    assert_int_equal(err.kind, BOND_ERR_NO_PORT);
    assert_string_equal(err.text, "active_slave \"eth9\" is not a port of this bond: use the name "
                                  "of an attached port");
    assert_int_equal(bond_option_set(&o, "active_slave", "eth1", &ctx, &err), 0);
    assert_int_equal(bond_option_set(&o, "active_slave", "", &ctx, &err), 0);
    assert_int_equal(bond_option_set(&o, "primary", "eth9", &ctx, &err), 0);
}

#define FIFTEEN                                                                                    \
    "10.0.0.1,10.0.0.2,10.0.0.3,10.0.0.4,10.0.0.5,10.0.0.6,10.0.0.7,10.0.0.8,10.0.0.9,"            \
    "10.0.0.10,10.0.0.11,10.0.0.12,10.0.0.13,10.0.0.14,10.0.0.15"

static void
test_lists(void **state)
{
    struct bond_options o = set_all(BOND_MODE_BALANCE_RR, "arp_ip_target= 10.0.0.1, 10.0.0.2,,"
                                                          "10.0.0.3 10.0.0.4 \n");
    char short_buf[8];

    expect(&o, "arp_ip_target", "10.0.0.1,10.0.0.2,10.0.0.3,10.0.0.4");
    assert_int_equal(bond_option_format(&o, BOND_OPT_ARP_IP_TARGET, short_buf, sizeof(short_buf)),
                     strlen("10.0.0.1,10.0.0.2,10.0.0.3,10.0.0.4"));
    assert_string_equal(short_buf, "10.0.0.");
    must_set(&o, "arp_ip_target", "-10.0.0.2");
    must_set(&o, "arp_ip_target", "+10.0.0.9");
    expect(&o, "arp_ip_target", "10.0.0.1,10.0.0.3,10.0.0.4,10.0.0.9");
    must_set(&o, "arp_ip_target", "-10.0.0.9");
    must_set(&o, "arp_ip_target", "-10.0.0.1");
    expect(&o, "arp_ip_target", "10.0.0.3,10.0.0.4");
    must_set(&o, "arp_ip_target", FIFTEEN ",10.0.0.16");
    expect(&o, "arp_ip_target", FIFTEEN ",10.0.0.16");
    must_set(&o, "arp_ip_target", "");
    expect(&o, "arp_ip_target", "");
    must_set(&o, "ns_ip6_target", "2001:DB8::1 fe80::2");
    must_set(&o, "ns_ip6_target", "+2001:db8:0:0::3");
    must_set(&o, "ns_ip6_target", "-fe80::2");
    expect(&o, "ns_ip6_target", "2001:db8::1,2001:db8::3");
}

/* Equal options are equal bytes: whoever keeps them compares them with memcmp(). */
static void
test_no_trace_of_old_values(void **state)
{
    struct bond_options used =
        set_all(BOND_MODE_ACTIVE_BACKUP, "primary=fifteen-letters;arp_ip_target=" FIFTEEN
                                         ";ns_ip6_target=fe80::1,fe80::2,fe80::3");
    struct bond_options fresh =
        set_all(BOND_MODE_ACTIVE_BACKUP, "primary=e0;arp_ip_target=10.0.0.1,10.0.0.3;"
                                         "ns_ip6_target=fe80::3");

    must_set(&used, "primary", "e0");
    must_set(&used, "arp_ip_target", "10.0.0.1,10.0.0.2,10.0.0.3");
    must_set(&used, "arp_ip_target", "-10.0.0.2");
    must_set(&used, "ns_ip6_target", "fe80::3");
    assert_memory_equal(&used, &fresh, sizeof(fresh));
}

static void
test_list_refusals(void **state)
{
    static const struct {
        const char *name, *value;
        int code;
        const char *text;
    } cases[] = {
        {"arp_ip_target", "-10.0.0.9", -EINVAL,
         "arp_ip_target \"-10.0.0.9\" is not allowed: only an address that is in the list can be "
         "removed"},
        {"arp_ip_target", "+10.0.0.1", -EINVAL,
         "arp_ip_target \"+10.0.0.1\" is in the list already: use each address once"},
        {"arp_ip_target", "+nonsense", -EPERM,
         "arp_ip_target \"+nonsense\" is not allowed: use at most 16 IPv4 addresses such as "
         "192.0.2.1, with commas between"},
        {"arp_ip_target", "-10.0.0.9-10.0.0.9", -EINVAL, /* sysfs passes over what follows */
         "arp_ip_target \"-10.0.0.9-10.0.0.9\" is not allowed: use at most 16 IPv4 addresses such "
         "as 192.0.2.1, with commas between"},
        {"arp_ip_target", "-10.0.0.256", -EPERM,
         "arp_ip_target \"-10.0.0.256\" is not allowed: use at most 16 IPv4 addresses such as "
         "192.0.2.1, with commas between"},
        {"arp_ip_target", "-10.0.0.9a", -EPERM,
         "arp_ip_target \"-10.0.0.9a\" is not allowed: use at most 16 IPv4 addresses such as "
         "192.0.2.1, with commas between"},
        {"arp_ip_target", "-10.0.0.9.", -EPERM,
         "arp_ip_target \"-10.0.0.9.\" is not allowed: use at most 16 IPv4 addresses such as "
         "192.0.2.1, with commas between"},
        {"arp_ip_target", "+0.0.0.0", -EINVAL,
         "arp_ip_target \"+0.0.0.0\" is not allowed: use the address of a host, not 0.0.0.0 or "
         "255.255.255.255"},
        {"arp_ip_target", FIFTEEN ",10.0.0.16,10.0.0.17", -EINVAL,
         "arp_ip_target \"10.0.0.17\" is one too many: at most 16 addresses are allowed"},
        {"ns_ip6_target", "-fe80::1", -EINVAL,
         "ns_ip6_target \"-fe80::1\" is not allowed: only an address that is in the list can be "
         "removed"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bond_options o = set_all(BOND_MODE_BALANCE_RR, "arp_ip_target=10.0.0.1");
        const struct bond_options before = o;
        struct bond_err err = {0};

        assert_int_equal(bond_option_set(&o, cases[i].name, cases[i].value, NULL, &err),
                         cases[i].code);
        assert_string_equal(err.text, cases[i].text);
        assert_memory_equal(&o, &before, sizeof(o));
    }
}

static void
test_mac(void **state)
{
    struct bond_options o = set_all(BOND_MODE_8023AD, "ad_actor_system=02:AB:cd:00:00:ff");

    expect(&o, "ad_actor_system", "02:ab:cd:00:00:ff");
    must_set(&o, "ad_actor_system", "default");
    expect(&o, "ad_actor_system", "00:00:00:00:00:00");
}

/* The order in which a set is given says nothing. */
static void
test_apply_order(void **state)
{
    static const char *const same[] = {
        "mode=active-backup;miimon=50;updelay=120;primary=eth0",
        "primary=eth0;updelay=120;miimon=50;mode=active-backup",
        "updelay=120;mode=1;primary=eth0;miimon=50",
    };

    for (size_t i = 0; i < 3; i++) {
        struct bond_options o;

        bond_options_init(&o, BOND_MODE_BROADCAST);
        must_apply(&o, same[i], true);
        expect(&o, "mode", "active-backup");
        expect(&o, "miimon", "50");
        expect(&o, "updelay", "100");
        expect(&o, "primary", "eth0");
        assert_int_equal(o.set_mask[0], 1u << BOND_OPT_MODE | 1u << BOND_OPT_MIIMON |
                                            1u << BOND_OPT_UPDELAY | 1u << BOND_OPT_PRIMARY);
    }
}

static void
test_apply_replaces_or_adds(void **state)
{
    struct bond_options o;

    bond_options_init(&o, BOND_MODE_BALANCE_RR);
    must_apply(&o, "mode=1;miimon=50;primary=eth0;active_slave=eth1;resend_igmp=9", true);
    must_apply(&o, "downdelay=100", false);
    expect(&o, "mode", "active-backup");
    expect(&o, "resend_igmp", "9");
    expect(&o, "downdelay", "100");
    must_apply(&o, "mode=1;miimon=20", true);
    expect(&o, "miimon", "20");
    expect(&o, "primary", "");
    expect(&o, "resend_igmp", "1");
    expect(&o, "downdelay", "0");
    expect(&o, "active_slave", "eth1");
    must_apply(&o, "", true);
    expect(&o, "mode", "balance-rr");
    expect(&o, "active_slave", "");
}

static void
test_apply_is_all_or_nothing(void **state)
{
    struct bond_options o, before;
    struct bond_err err = {0};

    bond_options_init(&o, BOND_MODE_BALANCE_RR);
    must_apply(&o, "mode=1;miimon=50;primary=eth0", true);
    before = o;
    assert_int_equal(
        apply_text(&o, "mode=2;miimon=10;resend_igmp=3;lp_interval=0", false, NULL, &err), -EINVAL);
    assert_memory_equal(&o, &before, sizeof(o));
    assert_int_equal(apply_text(&o, "mode=1;lacp_rate=fast", true, NULL, &err), -EACCES);
    assert_memory_equal(&o, &before, sizeof(o));
    /* No place for a sentence is no reason to crash. */
    assert_int_equal(apply_text(&o, "mode=nonsense", true, NULL, NULL), -EINVAL);
    assert_int_equal(bond_option_set(&o, NULL, NULL, NULL, NULL), -ENOENT);
    assert_memory_equal(&o, &before, sizeof(o));
}

/* NetworkManager: given both monitors, MII it is. */
static void
test_apply_mii_wins(void **state)
{
    struct bond_options o;
    struct bond_err err = {0};

    bond_options_init(&o, BOND_MODE_BALANCE_RR);
    must_apply(&o, "mode=1;arp_validate=all;arp_ip_target=10.0.0.1;arp_interval=100;miimon=20",
               true);
    expect(&o, "miimon", "20");
    expect(&o, "arp_interval", "0");
    expect(&o, "arp_ip_target", "");
    expect(&o, "arp_validate", "none");
    assert_int_equal(o.set_mask[0], 1u << BOND_OPT_MODE | 1u << BOND_OPT_MIIMON);
    assert_int_equal(
        apply_text(&o, "arp_interval=100;miimon=20;arp_ip_target=nonsense", true, NULL, &err),
        -EINVAL);
    /* Left behind by an editor. */
    must_apply(&o, "mode=1;miimon=100;arp_validate=all", true);
    expect(&o, "arp_validate", "none");
    assert_int_equal(apply_text(&o, "miimon=20;arp_validate=nonsense", true, NULL, &err), -EINVAL);
    assert_int_equal(apply_text(&o, "miimon=20;arp_ip_target=10.0.0.1", true, NULL, &err), -EINVAL);
    must_apply(&o, "arp_interval=100;miimon=0;arp_ip_target=10.0.0.1", true);
    expect(&o, "arp_interval", "100");
    expect(&o, "miimon", "0");
    must_apply(&o, "arp_interval=0;arp_ip_target=;ns_ip6_target=;arp_validate=none", true);
}

/* Editors write the defaults of everything into profiles of every mode. */
static void
test_apply_idle_defaults(void **state)
{
    static const char defaults[] =
        ";updelay=0;downdelay=0;peer_notif_delay=0;arp_interval=0;arp_ip_target=;arp_validate=0;"
        "arp_missed_max=2;primary=;active_slave=none;packets_per_slave=1;lacp_rate=slow;"
        "lacp_active=on;lacp_strict=0;coupled_control=1;broadcast_neighbor=off;ad_select=stable;"
        "ad_actor_sys_prio=65535;ad_actor_system=00:00:00:00:00:00;ad_user_port_key=0;"
        "tlb_dynamic_lb=1;lp_interval=1;balance-slb=0;num_grat_arp=1;num_unsol_na=1";

    for (int mode = 0; mode <= 3; mode++)
        for (int miimon = 0; miimon <= 100; miimon += 100) {
            char text[1024];
            struct bond_options o;

            snprintf(text, sizeof(text), "mode=%d;miimon=%d%s", mode, miimon, defaults);
            bond_options_init(&o, BOND_MODE_BALANCE_RR);
            must_apply(&o, text, true);
        }
}

static void
test_apply_mode_change_drops_leftovers(void **state)
{
    struct bond_options o;

    bond_options_init(&o, BOND_MODE_BALANCE_RR);
    must_apply(&o, "mode=0;packets_per_slave=7;resend_igmp=3", true);
    must_apply(&o, "mode=1;primary=eth0", false);
    expect(&o, "packets_per_slave", "1");
    expect(&o, "resend_igmp", "3");
    must_apply(&o, "mode=balance-xor;xmit_hash_policy=layer3+4", false);
    expect(&o, "primary", "");
    must_apply(&o, "mode=0", false);
    expect(&o, "xmit_hash_policy", "layer3+4");
}

/* The change from ARP to MII monitoring takes the targets with it. */
static void
test_apply_monitor_change_drops_leftovers(void **state)
{
    struct bond_options o =
        set_all(BOND_MODE_ACTIVE_BACKUP, "arp_interval=100;arp_ip_target=10.0.0.1;"
                                         "ns_ip6_target=fe80::1;arp_validate=all");

    must_apply(&o, "miimon=50", false);
    expect(&o, "miimon", "50");
    expect(&o, "arp_interval", "0");
    expect(&o, "arp_ip_target", "");
    expect(&o, "ns_ip6_target", "");
    expect(&o, "arp_validate", "none");
    assert_int_equal(o.set_mask[0], 1u << BOND_OPT_MIIMON);
}

/* As the kernel refuses; but what is named and stays as it is needs nothing. */
static void
test_apply_strict(void **state)
{
    const struct bond_opt_ctx up = {.is_up = true}, ports = {.n_ports = 2},
                              live = {.is_up = true, .n_ports = 2, .live = true};
    struct bond_options o, before;
    struct bond_err err = {0};

    bond_options_init(&o, BOND_MODE_ACTIVE_BACKUP);
    before = o;
    assert_int_equal(apply_text(&o, "mode=2", false, &up, &err), -EBUSY);
    assert_string_equal(err.text, "mode \"balance-xor\" is not allowed while the bond is up: take "
                                  "the bond down first");
    assert_int_equal(apply_text(&o, "mode=2", false, &ports, &err), -ENOTEMPTY);
    assert_string_equal(err.text, "mode \"balance-xor\" is not allowed while the bond has ports: "
                                  "detach them first (2 now)");
    assert_int_equal(apply_text(&o, "mode=1;fail_over_mac=1", false, &ports, &err), -ENOTEMPTY);
    assert_int_equal(apply_text(&o, "miimon=20", true, &up, &err), -EBUSY); /* back to mode 0 */
    assert_memory_equal(&o, &before, sizeof(o));
    assert_int_equal(apply_text(&o, "mode=1;fail_over_mac=0;miimon=20", true, &up, &err), 0);
    assert_int_equal(apply_text(&o, "mode=2;miimon=20", true, &live, &err), 0);
    expect(&o, "mode", "balance-xor");
}

/* What a mode does not use may be anything that the kernel takes, and is there for one that does.
 */
static void
test_apply_unused_value(void **state)
{
    struct bond_options o;

    bond_options_init(&o, BOND_MODE_BALANCE_RR);
    must_apply(&o, "mode=1;xmit_hash_policy=vlan+srcmac", true);
    must_apply(&o, "mode=2", false);
    expect(&o, "xmit_hash_policy", "vlan+srcmac");
}

static void
test_carried_out(void **state)
{
    assert_true(bond_opt_is_carried_out(BOND_OPT_MODE));
    assert_true(bond_opt_is_carried_out(BOND_OPT_UPDELAY));
    assert_true(bond_opt_is_carried_out(BOND_OPT_PRIMARY));
    assert_true(bond_opt_is_carried_out(BOND_OPT_ARP_INTERVAL));
    assert_true(bond_opt_is_carried_out(BOND_OPT_ARP_ALL_TARGETS));
    assert_true(bond_opt_is_carried_out(BOND_OPT_LACP_RATE));
    assert_true(bond_opt_is_carried_out(BOND_OPT_LP_INTERVAL));
    assert_false(bond_opt_is_carried_out(BOND_OPT_N));
    assert_true(bond_opt_value_is_carried_out(BOND_OPT_MODE, BOND_MODE_BROADCAST));
    assert_true(bond_opt_value_is_carried_out(BOND_OPT_MODE, BOND_MODE_8023AD));
    for (uint32_t policy = BOND_XMIT_LAYER2; policy <= BOND_XMIT_VLAN_SRCMAC; policy++)
        assert_true(bond_opt_value_is_carried_out(BOND_OPT_XMIT_HASH_POLICY, policy));
    assert_false(bond_opt_value_is_carried_out(BOND_OPT_BALANCE_SLB, 1));
    assert_true(bond_opt_value_is_carried_out(BOND_OPT_BALANCE_SLB, 0));
}

static void
test_is_default(void **state)
{
    assert_true(bond_opt_is_default(BOND_OPT_USE_CARRIER, "1"));
    assert_true(bond_opt_is_default(BOND_OPT_USE_CARRIER, "on"));
    assert_false(bond_opt_is_default(BOND_OPT_USE_CARRIER, "0"));
    assert_true(bond_opt_is_default(BOND_OPT_MODE, "0"));
    assert_true(bond_opt_is_default(BOND_OPT_MODE, "balance-rr"));
    assert_true(bond_opt_is_default(BOND_OPT_MIIMON, "100"));
    assert_false(bond_opt_is_default(BOND_OPT_MIIMON, "0"));
    assert_true(bond_opt_is_default(BOND_OPT_PRIMARY, ""));
    assert_false(bond_opt_is_default(BOND_OPT_PRIMARY, "eth0"));
    assert_true(bond_opt_is_default(BOND_OPT_ARP_IP_TARGET, ""));
    assert_true(bond_opt_is_default(BOND_OPT_AD_ACTOR_SYSTEM, "00:00:00:00:00:00"));
    assert_false(bond_opt_is_default(BOND_OPT_MIIMON, "nonsense"));
    assert_false(bond_opt_is_default(BOND_OPT_MIIMON, NULL));
    assert_false(bond_opt_is_default(BOND_OPT_N, "0"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kernel_mode),
        cmocka_unit_test(test_kernel_monitors),
        cmocka_unit_test(test_kernel_delays),
        cmocka_unit_test(test_kernel_one_value_two_names),
        cmocka_unit_test(test_names_of_ports),
        cmocka_unit_test(test_active_must_be_a_port),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_no_trace_of_old_values),
        cmocka_unit_test(test_list_refusals),
        cmocka_unit_test(test_mac),
        cmocka_unit_test(test_apply_order),
        cmocka_unit_test(test_apply_replaces_or_adds),
        cmocka_unit_test(test_apply_is_all_or_nothing),
        cmocka_unit_test(test_apply_mii_wins),
        cmocka_unit_test(test_apply_idle_defaults),
        cmocka_unit_test(test_apply_mode_change_drops_leftovers),
        cmocka_unit_test(test_apply_monitor_change_drops_leftovers),
        cmocka_unit_test(test_apply_strict),
        cmocka_unit_test(test_apply_unused_value),
        cmocka_unit_test(test_carried_out),
        cmocka_unit_test(test_is_default),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
