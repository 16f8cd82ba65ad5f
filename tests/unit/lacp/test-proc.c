/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-proc.c - the 802.3ad part of /proc/net/bonding/<bond>, byte for byte as bond_procfs.c writes
 * it.
 */
#include "wire.h"

static struct wire w;

static const char *
proc(int host)
{
    static char text[16384];

    assert_true(bond_proc_format(&w.bond[host], "v", text, sizeof(text)) < (int) sizeof(text));
    return text;
}

#define HEAD(hash, mii)                                                                            \
    "Ethernet Channel Bonding Driver: v\n"                                                         \
    "\n"                                                                                           \
    "Bonding Mode: IEEE 802.3ad Dynamic link aggregation\n"                                        \
    "Transmit Hash Policy: " hash "\n"                                                             \
    "MII Status: " mii "\n"                                                                        \
    "MII Polling Interval (ms): 10000\n"                                                           \
    "Up Delay (ms): 0\n"                                                                           \
    "Down Delay (ms): 0\n"                                                                         \
    "Peer Notification Delay (ms): 0\n"                                                            \
    "\n"                                                                                           \
    "802.3ad info\n"

static void
in_use(void **state)
{
    wire_pair(&w, 2, "lacp_rate=fast xmit_hash_policy=layer3+4 ad_user_port_key=3 min_links=1",
              "ad_actor_sys_prio=7");
    wire_cut(&w, 0, 1, true);
    wire_run(&w, 70000);
    assert_string_equal(
        proc(0), HEAD("layer3+4 (1)",
                      "up") "LACP active: on\n"
                            "LACP rate: fast\n"
                            "Min links: 1\n"
                            "Aggregator selection policy (ad_select): stable\n"
                            "System priority: 65535\n"
                            "System MAC address: 02:00:00:01:00:00\n"
                            "Active Aggregator Info:\n"
                            "\tAggregator ID: 1\n"
                            "\tNumber of ports: 1\n"
                            "\tActor Key: 201\n"
                            "\tPartner Key: 9\n"
                            "\tPartner Mac Address: 02:00:00:02:00:00\n"
                            "\n"
                            "Slave Interface: eth0\n"
                            "MII Status: up\n"
                            "Speed: 1000 Mbps\n"
                            "Duplex: full\n"
                            "Link Failure Count: 0\n"
                            "Permanent HW addr: 02:00:00:01:00:01\n"
                            "Slave queue ID: 0\n"
                            "Aggregator ID: 1\n"
                            "Actor Churn State: none\n"
                            "Partner Churn State: none\n"
                            "Actor Churned Count: 0\n"
                            "Partner Churned Count: 0\n"
                            "details actor lacp pdu:\n"
                            "    system priority: 65535\n"
                            "    system mac address: 02:00:00:01:00:00\n"
                            "    port key: 201\n"
                            "    port priority: 255\n"
                            "    port number: 1\n"
                            "    port state: 63\n"
                            "details partner lacp pdu:\n"
                            "    system priority: 7\n"
                            "    system mac address: 02:00:00:02:00:00\n"
                            "    oper key: 9\n"
                            "    port priority: 255\n"
                            "    port number: 1\n"
                            "    port state: 61\n"
                            "\n"
                            "Slave Interface: eth1\n"
                            "MII Status: down\n"
                            "Speed: 1000 Mbps\n"
                            "Duplex: full\n"
                            "Link Failure Count: 1\n"
                            "Permanent HW addr: 02:00:00:01:00:02\n"
                            "Slave queue ID: 0\n"
                            "Aggregator ID: 2\n"
                            "Actor Churn State: churned\n"
                            "Partner Churn State: churned\n"
                            "Actor Churned Count: 1\n"
                            "Partner Churned Count: 1\n"
                            "details actor lacp pdu:\n"
                            "    system priority: 65535\n"
                            "    system mac address: 02:00:00:01:00:00\n"
                            "    port key: 192\n"
                            "    port priority: 255\n"
                            "    port number: 2\n"
                            "    port state: 199\n" /* defaulted and expired when its link went */
                            "details partner lacp pdu:\n"
                            "    system priority: 65535\n"
                            "    system mac address: 00:00:00:00:00:00\n"
                            "    oper key: 1\n"
                            "    port priority: 255\n"
                            "    port number: 1\n"
                            "    port state: 2\n");
}

static void
without_ports(void **state)
{
    wire_init(&w);
    wire_host(&w, 0, "lacp_active=off ad_select=actor_port_prio ad_actor_sys_prio=3 min_links=2");
    assert_string_equal(
        proc(0),
        HEAD("layer2 (0)", "down") "LACP active: off\n"
                                   "LACP rate: slow\n"
                                   "Min links: 2\n"
                                   "Aggregator selection policy (ad_select): actor_port_prio\n"
                                   "System priority: 3\n"
                                   "System MAC address: 00:00:00:00:00:00\n"
                                   "bond bond0 has no active aggregator\n");
}

/* Before the bond is up its machines have not run. */
static void
not_yet(void **state)
{
    wire_init(&w);
    wire_host(&w, 0, "");
    wire_attach(&w, 0, 0, 1000);
    assert_non_null(strstr(proc(0), "Slave queue ID: 0\nAggregator ID: N/A\n"));
    assert_null(strstr(proc(0), "details actor"));
}

/* A port without link still belongs to its aggregator, but does not count. */
static void
one_of_two(void **state)
{
    wire_pair(&w, 2, "", "");
    wire_run(&w, 5000);
    assert_non_null(strstr(proc(0), "\tAggregator ID: 1\n\tNumber of ports: 2\n"));
    wire_cut(&w, 0, 1, true);
    assert_non_null(strstr(proc(0), "\tAggregator ID: 1\n\tNumber of ports: 1\n"));
    assert_non_null(strstr(strstr(proc(0), "Interface: eth1"), "\nAggregator ID: 1\n"));
}

/* Nobody answers: 77 is a port alone, 69 one that waits in reserve. */
static void
alone(void **state)
{
    wire_init(&w);
    wire_host(&w, 0, "");
    wire_up(&w, 0, true);
    wire_attach(&w, 0, 0, 1000);
    wire_attach(&w, 0, 1, 1000);
    wire_run(&w, 100000);
    assert_non_null(strstr(proc(0), "\tNumber of ports: 1\n\tActor Key: 9\n\tPartner Key: 1\n"
                                    "\tPartner Mac Address: 00:00:00:00:00:00\n"));
    assert_non_null(strstr(proc(0), "port number: 1\n    port state: 77\n"));
    assert_non_null(strstr(proc(0), "port number: 2\n    port state: 69\n"));
    assert_non_null(strstr(proc(0), "Actor Churn State: none\nPartner Churn State: churned\n"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_use),     cmocka_unit_test(without_ports), cmocka_unit_test(not_yet),
        cmocka_unit_test(one_of_two), cmocka_unit_test(alone),
    };

    return cmocka_run_group_tests_name("lacp-proc", tests, NULL, NULL);
}
