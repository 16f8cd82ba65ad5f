/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-proc.c - proc.c: golden texts, byte for byte as bond_procfs.c writes them. */
#include <stdio.h>
#include <string.h>

#include "sim.h"

static void
expect_text(const struct sim *s, const char *want)
{
    char got[8192], small[64];
    int len = bond_proc_format(&s->b, "v6.1.0", got, sizeof(got));

    assert_string_equal(got, want);
    assert_int_equal(len, strlen(want));
    assert_int_equal(bond_proc_format(&s->b, "v6.1.0", small, sizeof(small)), len);
    assert_int_equal(strlen(small), sizeof(small) - 1);
    assert_int_equal(bond_proc_format(&s->b, "v6.1.0", NULL, 0), len);
}

static void
active_backup(void **state)
{
    static struct sim s;

    sim_init(&s, "mode=active-backup miimon=100 updelay=250 downdelay=200 peer_notif_delay=300 "
                 "primary=eth1 primary_reselect=better fail_over_mac=follow");
    sim_do(&s, 0, "attach eth0");
    sim_do(&s, 0, "attach eth1 queue=3");
    sim_do(&s, 0, "attach eth2 speed=-1 nocarrier");
    sim_do(&s, 500, "tick");
    sim_do(&s, 500, "carrier eth0 off");
    sim_do(&s, 900, "tick");
    sim_do(&s, 900, "carrier eth0 on");
    sim_do(&s, 1200, "tick");
    sim_do(&s, 1300, "carrier eth0 off");
    expect_text(&s, "Ethernet Channel Bonding Driver: v6.1.0\n"
                    "\n"
                    "Bonding Mode: fault-tolerance (active-backup) (fail_over_mac follow)\n"
                    "Primary Slave: eth1 (primary_reselect better)\n"
                    "Currently Active Slave: eth1\n"
                    "MII Status: up\n"
                    "MII Polling Interval (ms): 100\n"
                    "Up Delay (ms): 200\n"
                    "Down Delay (ms): 200\n"
                    "Peer Notification Delay (ms): 300\n"
                    "\n"
                    "Slave Interface: eth0\n"
                    "MII Status: going down\n"
                    "Speed: 1000 Mbps\n"
                    "Duplex: full\n"
                    "Link Failure Count: 1\n"
                    "Permanent HW addr: 02:00:00:00:00:01\n"
                    "Slave queue ID: 0\n"
                    "\n"
                    "Slave Interface: eth1\n"
                    "MII Status: up\n"
                    "Speed: 1000 Mbps\n"
                    "Duplex: full\n"
                    "Link Failure Count: 0\n"
                    "Permanent HW addr: 02:00:00:00:00:02\n"
                    "Slave queue ID: 3\n"
                    "\n"
                    "Slave Interface: eth2\n"
                    "MII Status: down\n"
                    "Speed: Unknown\n"
                    "Duplex: Unknown\n"
                    "Link Failure Count: 0\n"
                    "Permanent HW addr: 02:00:00:00:00:03\n"
                    "Slave queue ID: 0\n");
}

static void
no_ports(void **state)
{
    static struct sim s;

    sim_init(&s, "mode=active-backup miimon=100 primary=eth1");
    expect_text(&s, "Ethernet Channel Bonding Driver: v6.1.0\n"
                    "\n"
                    "Bonding Mode: fault-tolerance (active-backup)\n"
                    "Primary Slave: None\n"
                    "Currently Active Slave: None\n"
                    "MII Status: down\n"
                    "MII Polling Interval (ms): 100\n"
                    "Up Delay (ms): 0\n"
                    "Down Delay (ms): 0\n"
                    "Peer Notification Delay (ms): 0\n");
    sim_init(&s, "mode=balance-xor miimon=0 xmit_hash_policy=layer2+3");
    expect_text(&s, "Ethernet Channel Bonding Driver: v6.1.0\n"
                    "\n"
                    "Bonding Mode: load balancing (xor)\n"
                    "Transmit Hash Policy: layer2+3 (2)\n"
                    "MII Status: down\n"
                    "MII Polling Interval (ms): 0\n"
                    "Up Delay (ms): 0\n"
                    "Down Delay (ms): 0\n"
                    "Peer Notification Delay (ms): 0\n");
    sim_init(&s, "mode=broadcast miimon=0");
    expect_text(&s, "Ethernet Channel Bonding Driver: v6.1.0\n"
                    "\n"
                    "Bonding Mode: fault-tolerance (broadcast)\n"
                    "MII Status: down\n"
                    "MII Polling Interval (ms): 0\n"
                    "Up Delay (ms): 0\n"
                    "Down Delay (ms): 0\n"
                    "Peer Notification Delay (ms): 0\n");
}

/* Leaving ports are not shown; the order is that of attachment. */
static void
rr_with_a_leaving_port(void **state)
{
    static struct sim s;

    sim_init(&s, "mode=balance-rr miimon=100");
    sim_do(&s, 0, "attach eth9");
    sim_do(&s, 0, "attach eth8 speed=10000");
    sim_do(&s, 0, "detach eth9");
    expect_text(&s, "Ethernet Channel Bonding Driver: v6.1.0\n"
                    "\n"
                    "Bonding Mode: load balancing (round-robin)\n"
                    "MII Status: up\n"
                    "MII Polling Interval (ms): 100\n"
                    "Up Delay (ms): 0\n"
                    "Down Delay (ms): 0\n"
                    "Peer Notification Delay (ms): 0\n"
                    "\n"
                    "Slave Interface: eth8\n"
                    "MII Status: up\n"
                    "Speed: 10000 Mbps\n"
                    "Duplex: full\n"
                    "Link Failure Count: 0\n"
                    "Permanent HW addr: 02:00:00:00:00:09\n"
                    "Slave queue ID: 0\n");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(active_backup),
        cmocka_unit_test(no_ports),
        cmocka_unit_test(rr_with_a_leaving_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
