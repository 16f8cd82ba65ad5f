/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-notify.c - notify.c: when the network is told. */
#include "sim.h"

/* Kernel: bond_change_active_slave() sets send_peer_notif; the first goes out at once. */
SIM_ROWS(a_row_of_three, "mode=active-backup miimon=100 num_grat_arp=3 resend_igmp=0",
         {0, "attach eth0", "bond-mac 01, publish, carrier on, announce", NULL},
         {99, "tick", "", NULL}, {100, "tick", "announce", NULL}, {199, "tick", "", NULL},
         {200, "tick", "announce", NULL}, {300, "tick", "", NULL}, {400, "tick", "", NULL})

SIM_ROWS(peer_notif_delay,
         "mode=active-backup miimon=100 peer_notif_delay=300 num_unsol_na=2 resend_igmp=0",
         {0, "attach eth0", "bond-mac 01, publish, carrier on, announce", NULL},
         {299, "tick", "", NULL}, {300, "tick", "announce", NULL}, {600, "tick", "", NULL})

SIM_ROWS(without_miimon_100_ms, "mode=active-backup miimon=0 num_grat_arp=2 resend_igmp=0",
         {0, "attach eth0", "bond-mac 01, publish, carrier on, announce", NULL},
         {99, "tick", "", NULL}, {100, "tick", "announce", NULL})

SIM_ROWS(none_at_all, "mode=active-backup miimon=100 num_grat_arp=0 resend_igmp=0",
         {0, "attach eth0", "bond-mac 01, publish, carrier on", NULL},
         {0, "attach eth1", "eth1.mac 01, publish", NULL}, {9, "carrier eth0 off", "publish", NULL})

/* The kernel announces in active-backup only. */
SIM_ROWS(a_failure_in_every_mode, "mode=balance-rr miimon=100 resend_igmp=0",
         {0, "attach eth0", NULL, NULL}, {0, "attach eth1", NULL, NULL},
         {0, "attach eth2", "eth2.mac 01, publish", NULL},
         {10, "carrier eth1 off", "publish, announce", NULL},
         {20, "carrier eth1 on", "publish", NULL}, /* the switch learns that by itself */
         {30, "set mode=balance-xor", "publish", NULL},
         {40, "carrier eth1 off", "publish, announce", NULL},
         {50, "carrier eth1 on", "publish", NULL}, {60, "set mode=broadcast", "publish", NULL},
         {70, "detach eth0", "publish, announce", NULL},
         {80, "gone eth1", "publish, announce, release slot1", NULL})

/* In active-backup a backup that fails carried nothing. */
SIM_ROWS(a_backup_fails_in_silence, "mode=active-backup miimon=100 resend_igmp=0",
         {0, "attach eth0", NULL, NULL}, {0, "attach eth1", NULL, NULL},
         {10, "carrier eth1 off", "publish", NULL},
         {20, "gone eth1", "publish, release slot1", NULL})

/* In the modes without an active port the carrier is gone with the last port; what was to be said
 * is said when it is back. The kernel lets it pass. */
SIM_ROWS(it_waits_for_the_carrier, "mode=balance-xor miimon=100 num_grat_arp=2",
         {0, "attach eth0", NULL, NULL}, {10, "carrier eth0 off", "publish, carrier off", NULL},
         {9000, "tick", "", NULL}, {9010, "carrier eth0 on", "publish, carrier on, announce", NULL},
         {9110, "tick", "announce", NULL}, {9210, "tick", "", NULL})

/* Kernel: bond_should_notify_peers() needs the carrier, bond_close() drops the rest. */
SIM_ROWS(nothing_while_down, "mode=active-backup miimon=100 num_grat_arp=5 resend_igmp=5",
         {0, "attach eth0", NULL, NULL}, {0, "attach eth1", NULL, NULL},
         {10, "bond down", "", NULL}, {300, "tick", "", NULL},
         {310, "active eth1", "publish", NULL}, {320, "bond up", "", NULL}, {500, "tick", "", NULL})

/* Kernel: bond_resend_igmp_join_requests_delayed(): HZ/5 apart. */
SIM_ROWS(igmp, "mode=active-backup miimon=0 num_grat_arp=0 resend_igmp=3",
         {0, "attach eth0", "bond-mac 01, publish, carrier on, igmp", NULL},
         {199, "tick", "", NULL}, {200, "tick", "igmp", NULL}, {399, "tick", "", NULL},
         {400, "tick", "igmp", NULL}, {999, "tick", "", NULL})

/* Kernel: bond_change_active_slave(): modes with a primary, and round-robin. */
SIM_ROWS(igmp_in_rr_when_its_port_changes, "mode=balance-rr miimon=100 num_grat_arp=0",
         {0, "attach eth0", NULL, NULL}, {0, "attach eth1", NULL, NULL},
         {10, "carrier eth1 off", "publish", NULL}, {20, "carrier eth1 on", "publish", NULL},
         {30, "carrier eth0 off", "publish, igmp", NULL},
         {40, "set mode=balance-xor", "publish", NULL}, {50, "carrier eth0 on", "publish", NULL},
         {60, "carrier eth1 off", "publish", NULL})

/* A new change begins a new row. */
SIM_ROWS(a_new_row, "mode=active-backup miimon=100 num_grat_arp=2 resend_igmp=0",
         {0, "attach eth0", NULL, NULL}, {0, "attach eth1", NULL, NULL},
         {50, "active eth1", "publish, announce", NULL}, {100, "tick", "", NULL},
         {120, "active eth0", "publish, announce", NULL}, {150, "tick", "", NULL},
         {220, "tick", "announce", NULL}, {320, "tick", "", NULL})

/* Fewer are wanted while a row runs. */
SIM_ROWS(options_while_a_row_runs, "mode=active-backup miimon=100 num_grat_arp=50 resend_igmp=0",
         {0, "attach eth0", NULL, NULL}, {100, "tick", "announce", NULL},
         {110, "set num_grat_arp=1", "", NULL}, {200, "tick", "announce", NULL},
         {300, "tick", "", NULL})

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_of_three),
        cmocka_unit_test(peer_notif_delay),
        cmocka_unit_test(without_miimon_100_ms),
        cmocka_unit_test(none_at_all),
        cmocka_unit_test(a_failure_in_every_mode),
        cmocka_unit_test(a_backup_fails_in_silence),
        cmocka_unit_test(it_waits_for_the_carrier),
        cmocka_unit_test(nothing_while_down),
        cmocka_unit_test(igmp),
        cmocka_unit_test(igmp_in_rr_when_its_port_changes),
        cmocka_unit_test(a_new_row),
        cmocka_unit_test(options_while_a_row_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
