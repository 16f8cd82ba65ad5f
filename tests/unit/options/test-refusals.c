/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-refusals.c - what a user is told: one row is one set of options for a new bond, how it is
 * refused, and the exact sentence. Every sentence names the option, its value and what is allowed.
 */
#include <errno.h>

#include "common.h"

struct row {
    const char *options;
    enum bond_err_kind kind;
    int code;
    const char *message;
};

#define BAD BOND_ERR_BAD_VALUE, -EINVAL
#define MODE BOND_ERR_WRONG_MODE, -EACCES
#define NEED BOND_ERR_CONFLICT, -EPERM
#define CONFLICT BOND_ERR_CONFLICT, -EINVAL
#define LATER BOND_ERR_NOT_SUPPORTED, -EOPNOTSUPP
#define UNKNOWN BOND_ERR_UNKNOWN_OPTION, -ENOENT

#define ALL_NAMES                                                                                  \
    "the options are mode, miimon, updelay, downdelay, peer_notif_delay, use_carrier, "            \
    "arp_interval, arp_ip_target, ns_ip6_target, arp_validate, arp_all_targets, arp_missed_max, "  \
    "primary, primary_reselect, active_slave, fail_over_mac, num_grat_arp, all_slaves_active, "    \
    "resend_igmp, packets_per_slave, min_links, xmit_hash_policy, lacp_rate, lacp_active, "        \
    "lacp_strict, coupled_control, broadcast_neighbor, ad_select, ad_actor_sys_prio, "             \
    "ad_actor_system, ad_user_port_key, tlb_dynamic_lb, lp_interval, balance-slb, hash, "          \
    "monitors, "                                                                                   \
    "bfd, bfd_peer, bfd_interval, bfd_multiplier and rr_order"
#define MODES                                                                                      \
    "use balance-rr (0), active-backup (1), balance-xor (2), broadcast (3), 802.3ad (4), "         \
    "balance-tlb (5) or balance-alb (6)"
#define IFNAME                                                                                     \
    "use the name of a network interface (at most 15 characters, none of them a space, \"/\" or "  \
    "\":\"), or none"
#define IP4 "use at most 16 IPv4 addresses such as 192.0.2.1, with commas between"
#define IP6 "use at most 16 IPv6 addresses such as 2001:db8::1, with commas between"
#define MAC                                                                                        \
    "use a MAC address that is not multicast, such as 02:00:00:00:00:01, or 00:00:00:00:00:00 "    \
    "for the bond's own"
#define PRIMARY_MODES "it works in modes active-backup, balance-tlb and balance-alb"
#define ARP_MODES "it works in modes balance-rr, active-backup, balance-xor and broadcast"
#define ON_OFF "use off (0) or on (1)"
static const struct row rows[] = {
    /* Modes. */
    {"mode=balance-foo", BAD, "mode \"balance-foo\" is not allowed: " MODES},
    {"mode=7", BAD, "mode 7 is not allowed: " MODES},
    {"mode=-1", BAD, "mode \"-1\" is not allowed: " MODES},
    {"mode=", BAD, "mode \"\" is not allowed: " MODES},
    {"mode", BAD, "mode \"\" is not allowed: " MODES},
    {"mode=Active-Backup", BAD, "mode \"Active-Backup\" is not allowed: " MODES},
    {"mode=active-backup miimon=100", BAD,
     "mode \"active-backup miimon=100\" is not allowed: " MODES},

    /* Names. */
    {"foo=1", UNKNOWN, "option \"foo\" is not known: " ALL_NAMES},
    {"=1", UNKNOWN, "option \"\" is not known: " ALL_NAMES},
    {"mimon=100", UNKNOWN, "option \"mimon\" is not known: did you mean miimon?"},
    {"mode=1;Primary=eth0", UNKNOWN, "option \"Primary\" is not known: did you mean primary?"},
    {"up_delay=100", UNKNOWN, "option \"up_delay\" is not known: did you mean updelay?"},
    {"num_unsol_n=1", UNKNOWN, "option \"num_unsol_n\" is not known: did you mean num_unsol_na?"},
    {"arp_ip_targets=10.0.0.1", UNKNOWN,
     "option \"arp_ip_targets\" is not known: did you mean arp_ip_target?"},
    {"xmit-hash-policy=layer2", UNKNOWN,
     "option \"xmit-hash-policy\" is not known: did you mean xmit_hash_policy?"},
    {"mode=1;slaves=+eth0", UNKNOWN, "option \"slaves\" is not known: " ALL_NAMES},

    /* Numbers. */
    {"miimon=abc", BAD, "miimon \"abc\" is not allowed: use a number of ms from 0 to 2147483647"},
    {"miimon=2147483648", BAD,
     "miimon 2147483648 is not allowed: use a number of ms from 0 to 2147483647"},
    {"miimon=100ms", BAD,
     "miimon \"100ms\" is not allowed: use a number of ms from 0 to 2147483647"},
    {"updelay=1.5", BAD, "updelay \"1.5\" is not allowed: use a number of ms from 0 to 2147483647"},
    {"downdelay=-100", BAD,
     "downdelay \"-100\" is not allowed: use a number of ms from 0 to 2147483647"},
    {"peer_notif_delay=300001", BAD,
     "peer_notif_delay 300001 is not allowed: use a number of ms from 0 to 300000"},
    {"num_grat_arp=256", BAD, "num_grat_arp 256 is not allowed: use a number from 0 to 255"},
    {"num_unsol_na=few", BAD, "num_unsol_na \"few\" is not allowed: use a number from 0 to 255"},
    {"resend_igmp=256", BAD, "resend_igmp 256 is not allowed: use a number from 0 to 255"},
    {"packets_per_slave=65536", BAD,
     "packets_per_slave 65536 is not allowed: use a number from 0 to 65535"},
    {"min_links=two", BAD, "min_links \"two\" is not allowed: use a number from 0 to 2147483647"},
    {"lp_interval=0", BAD, "lp_interval 0 is not allowed: use a number of s from 1 to 2147483647"},
    {"arp_missed_max=0", BAD, "arp_missed_max 0 is not allowed: use a number from 1 to 255"},
    {"arp_interval=0x64", BAD,
     "arp_interval \"0x64\" is not allowed: use a number of ms from 0 to 2147483647"},

    /* Enumerations. */
    {"use_carrier=2", BAD, "use_carrier 2 is not allowed: " ON_OFF},
    {"use_carrier=yes", BAD, "use_carrier \"yes\" is not allowed: " ON_OFF},
    {"all_slaves_active=true", BAD, "all_slaves_active \"true\" is not allowed: " ON_OFF},
    {"mode=0;rr_order=flowlets", BAD,
     "rr_order \"flowlets\" is not allowed: use kernel (0) or arrival (1)"},
    {"mode=2;hash=even", BAD, "hash \"even\" is not allowed: use kernel (0) or resilient (1)"},
    {"mode=2;balance-slb=2", BAD, "balance-slb 2 is not allowed: " ON_OFF},
    {"mode=1;primary_reselect=never", BAD,
     "primary_reselect \"never\" is not allowed: use always (0), better (1) or failure (2)"},
    {"mode=1;fail_over_mac=3", BAD,
     "fail_over_mac 3 is not allowed: use none (0), active (1) or follow (2)"},
    {"mode=2;xmit_hash_policy=layer4", BAD,
     "xmit_hash_policy \"layer4\" is not allowed: use layer2 (0), layer3+4 (1), layer2+3 (2), "
     "encap2+3 (3), encap3+4 (4) or vlan+srcmac (5)"},
    {"arp_validate=7", BAD,
     "arp_validate 7 is not allowed: use none (0), active (1), backup (2), all (3), filter "
     "(4), "
     "filter_active (5) or filter_backup (6)"},
    {"arp_all_targets=some", BAD,
     "arp_all_targets \"some\" is not allowed: use any (0) or all (1)"},
    {"ad_select=4", BAD,
     "ad_select 4 is not allowed: use stable (0), bandwidth (1), count (2) or actor_port_prio "
     "(3)"},

    /* Interfaces and addresses. */
    {"mode=1;primary=a/b", BAD, "primary \"a/b\" is not allowed: " IFNAME},
    {"mode=1;primary=sixteen-letters1", BAD,
     "primary \"sixteen-letters1\" is not allowed: " IFNAME},
    {"mode=1;primary=eth0 eth1", BAD, "primary \"eth0 eth1\" is not allowed: " IFNAME},
    {"mode=1;active_slave=eth0:1", BAD, "active_slave \"eth0:1\" is not allowed: " IFNAME},
    {"mode=1;primary=..", BAD, "primary \"..\" is not allowed: " IFNAME},
    {"arp_ip_target=10.0.0.300", BAD, "arp_ip_target \"10.0.0.300\" is not allowed: " IP4},
    {"arp_ip_target=10.0.0.1,gateway", BAD, "arp_ip_target \"gateway\" is not allowed: " IP4},
    {"arp_ip_target=10.0.0.1,10.0.0.1", BAD,
     "arp_ip_target \"10.0.0.1\" is in the list already: use each address once"},
    {"arp_ip_target=255.255.255.255", BAD,
     "arp_ip_target \"255.255.255.255\" is not allowed: use the address of a host, not 0.0.0.0 "
     "or "
     "255.255.255.255"},
    {"arp_ip_target=1.1.1.1 1.1.1.2 1.1.1.3 1.1.1.4 1.1.1.5 1.1.1.6 1.1.1.7 1.1.1.8 1.1.1.9 "
     "1.1.1.10 1.1.1.11 1.1.1.12 1.1.1.13 1.1.1.14 1.1.1.15 1.1.1.16 1.1.1.17",
     BOND_ERR_LIMIT, -EINVAL,
     "arp_ip_target \"1.1.1.17\" is one too many: at most 16 addresses are allowed"},
    {"ns_ip6_target=fd00::1 fd00::2 fd00::3 fd00::4 fd00::5 fd00::6 fd00::7 fd00::8 fd00::9 fd00::a "
     "fd00::b fd00::c fd00::d fd00::e fd00::f fd00::10 fd00::11",
     BOND_ERR_LIMIT, -EINVAL,
     "ns_ip6_target \"fd00::11\" is one too many: at most 16 addresses are allowed"},
    {"ns_ip6_target=10.0.0.1", BAD, "ns_ip6_target \"10.0.0.1\" is not allowed: " IP6},
    {"ns_ip6_target=ff02::1", BAD,
     "ns_ip6_target \"ff02::1\" is not allowed: use the address of a host, not ::, ::1 or a "
     "multicast address"},
    {"mode=4;ad_actor_system=01:00:00:00:00:01", BAD,
     "ad_actor_system \"01:00:00:00:00:01\" is not allowed: " MAC},
    {"mode=4;ad_actor_system=02:00:00:00:00", BAD,
     "ad_actor_system \"02:00:00:00:00\" is not allowed: " MAC},

    /* The wrong mode. */
    {"mode=balance-rr;primary=eth0", MODE,
     "primary \"eth0\" is not allowed in mode balance-rr: " PRIMARY_MODES},
    {"mode=2;active_slave=eth1", MODE,
     "active_slave \"eth1\" is not allowed in mode balance-xor: " PRIMARY_MODES},
    {"packets_per_slave=2;mode=1", MODE,
     "packets_per_slave 2 is not allowed in mode active-backup: it works in mode balance-rr"},
    {"mode=1;lacp_rate=fast", MODE,
     "lacp_rate \"fast\" is not allowed in mode active-backup: it works in mode 802.3ad"},
    {"mode=3;tlb_dynamic_lb=0", MODE,
     "tlb_dynamic_lb 0 is not allowed in mode broadcast: it works in modes balance-tlb and "
     "balance-alb"},
    {"mode=4;arp_interval=100;arp_ip_target=10.0.0.1", MODE,
     "arp_interval 100 is not allowed in mode 802.3ad: " ARP_MODES},
    {"mode=6;arp_validate=all", MODE,
     "arp_validate \"all\" is not allowed in mode balance-alb: " ARP_MODES},
    {"mode=0;ad_actor_sys_prio=1", MODE,
     "ad_actor_sys_prio 1 is not allowed in mode balance-rr: it works in mode 802.3ad"},
    {"mode=1;balance-slb=1", MODE,
     "balance-slb 1 is not allowed in mode active-backup: it works in mode balance-xor"},
    {"mode=0;lacp_active=nonsense", MODE,
     "lacp_active \"nonsense\" is not allowed in mode balance-rr: it works in mode 802.3ad"},

    /* One option needs another, or contradicts it. */
    {"miimon=0;updelay=50", NEED,
     "updelay 50 needs miimon: set miimon to the polling interval in ms first"},
    {"downdelay=200;miimon=off", NEED,
     "downdelay 200 needs miimon: set miimon to the polling interval in ms first"},
    {"peer_notif_delay=100;arp_interval=100;arp_ip_target=10.0.0.1;miimon=0", NEED,
     "peer_notif_delay 100 needs miimon: set miimon to the polling interval in ms first"},
    {"arp_interval=100", CONFLICT,
     "arp_interval 100 needs a target: set arp_ip_target or ns_ip6_target to the addresses to "
     "probe too"},
    {"arp_ip_target=10.0.0.1", CONFLICT,
     "arp_ip_target \"10.0.0.1\" needs arp_interval: set arp_interval to the probing interval "
     "in "
     "ms too"},
    {"ns_ip6_target=fe80::1", CONFLICT,
     "ns_ip6_target \"fe80::1\" needs arp_interval: set arp_interval to the probing interval "
     "in ms "
     "too"},
    {"mode=1;arp_validate=active", CONFLICT,
     "arp_validate \"active\" needs arp_interval: set arp_interval to the probing interval in "
     "ms "
     "too"},
    {"miimon=100;miimon=200", CONFLICT,
     "miimon is given twice, as 100 and as 200: use each option once"},
    {"num_grat_arp=1;num_unsol_na=2", CONFLICT,
     "num_unsol_na 2 contradicts num_grat_arp 1: they are one option, give it one value"},

    /* Not carried out yet. */
    {"mode=2;balance-slb=1", LATER,
     "balance-slb 1 is not supported yet: use xmit_hash_policy=vlan+srcmac where the switch "
     "has "
     "the "
     "ports as one aggregate, or mode active-backup"},

    /* What cannot be shown as it is. */
    {"mode=1;primary=\xff\x01\"/\\", BAD, "primary \"\\xff\\x01\\\"/\\\\\" is not allowed: " IFNAME},
    {"mode=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", BAD,
     "mode \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...\" is not allowed: " MODES},
    {"bfd=micro", CONFLICT,
     "bfd micro needs a peer: set bfd_peer to the IPv4 address of the host at the other end too"},
    {"bfd=yes;bfd_peer=10.0.0.1", BAD,
     "bfd \"yes\" is not allowed: use off (0), micro (1) or single-hop (2)"},
    {"bfd=micro;bfd_peer=224.0.0.1", BAD,
     "bfd_peer \"224.0.0.1\" is not allowed: use the IPv4 address of a host, such as 192.0.2.1, or "
     "none"},
    {"bfd=micro;bfd_peer=10.0.0.1,10.0.0.2", BAD,
     "bfd_peer \"10.0.0.1,10.0.0.2\" is not allowed: use the IPv4 address of a host, such as "
     "192.0.2.1, or none"},
    {"bfd=micro;bfd_peer=10.0.0.1;bfd_interval=9", BAD,
     "bfd_interval 9 is not allowed: use a number of ms from 10 to 10000"},
    {"bfd=micro;bfd_peer=10.0.0.1;bfd_multiplier=1", BAD,
     "bfd_multiplier 1 is not allowed: use a number from 2 to 255"},
    {"monitors=all", CONFLICT, "monitors \"all\" needs bfd: set bfd to micro or single-hop too"},
    {"bfd_interval=50", CONFLICT, "bfd_interval 50 needs bfd: set bfd to micro or single-hop too"},
    {"miimon=123456789012345678901234567890", BAD,
     "miimon \"123456789012345678901234567890\" is not allowed: use a number of ms from 0 to "
     "2147483647"},
};
#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

static void
test_refusals(void **state)
{
    unsigned int wrong = 0;

    for (size_t i = 0; i < N_ROWS; i++) {
        struct bond_options o, before;
        struct bond_err err = {0};
        int r;

        bond_options_init(&o, BOND_MODE_BALANCE_RR);
        before = o;
        r = apply_text(&o, rows[i].options, true, NULL, &err);
        if (r != rows[i].code || err.code != r || err.kind != rows[i].kind ||
            strcmp(err.text, rows[i].message)) {
            print_error("%s\n  is:        %d, kind %d, %s\n  should be: %d, kind %d, %s\n",
                        rows[i].options, r, err.kind, err.text, rows[i].code, rows[i].kind,
                        rows[i].message);
            wrong++;
        }
        assert_memory_equal(&o, &before, sizeof(o));
    }
    print_message("%zu refusals, %u wrong\n", N_ROWS, wrong);
    assert_int_equal(wrong, 0);
}

static void
test_port_refusals(void **state)
{
    struct bond_err err = {0};
    int64_t v = 0;

    assert_int_equal(bond_port_option_parse(BOND_PORT_OPT_QUEUE_ID, "many", &v, &err), -EINVAL);
    assert_string_equal(err.text, "queue_id \"many\" is not allowed: use a number from 0 to 65535");
    assert_int_equal(bond_port_option_parse(BOND_PORT_OPT_PRIO, "2147483648", &v, &err), -EINVAL);
    assert_string_equal(err.text, "prio 2147483648 is not allowed: use a number from -2147483648 "
                                  "to 2147483647");
    assert_int_equal(bond_port_option_parse(BOND_PORT_OPT_ACTOR_PORT_PRIO, "", &v, &err), -EINVAL);
    assert_string_equal(err.text,
                        "actor_port_prio \"\" is not allowed: use a number from 1 to 65535");
    assert_int_equal(bond_port_option_parse(BOND_PORT_OPT_RR_DELAY, "1s", &v, &err), -EINVAL);
    assert_string_equal(err.text,
                        "rr_delay \"1s\" is not allowed: use a number of us from 0 to 1000000");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_port_refusals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
