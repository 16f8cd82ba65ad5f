#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Wrong profiles through nmcli: each refused with a sentence, nothing left behind."""
from harness import LabTest, LabError, main, wait_for

# options, words that the answer has (the option, the value or what is allowed)
BAD_OPTIONS = (
    ("mode=bogus", ("mode", "bogus")),
    ("mode=7", ("mode",)),
    ("mode=-1", ("mode",)),
    ("mode=802.3ad,miimon=100", ("mode", "802.3ad")),
    ("mode=balance-tlb,miimon=100", ("mode", "balance-tlb")),
    ("mode=balance-alb,miimon=100", ("mode", "balance-alb")),
    ("mode=active-backup,miimon=-1", ("miimon",)),
    ("mode=active-backup,miimon=abc", ("miimon", "abc")),
    ("mode=active-backup,miimon=99999999999", ("miimon",)),
    ("mode=active-backup,miimon=100,updelay=-5", ("updelay",)),
    ("mode=active-backup,miimon=100,downdelay=x", ("downdelay",)),
    ("mode=active-backup,updelay=100,miimon=0", ("updelay",)),
    ("mode=active-backup,arp_interval=100,miimon=100", ("arp_interval",)),
    ("mode=active-backup,arp_interval=100,arp_ip_target=10.0.1.1", ("arp_interval",)),
    ("mode=active-backup,arp_ip_target=10.0.1.1", ("arp",)),
    ("mode=active-backup,arp_interval=100,arp_ip_target=300.0.0.1", ("arp",)),
    ("mode=active-backup,arp_validate=sometimes", ("arp_validate",)),
    ("mode=balance-rr,miimon=100,primary=eth0", ("primary",)),
    ("mode=balance-xor,miimon=100,primary=eth0", ("primary",)),
    ("mode=balance-rr,miimon=100,active_slave=eth0", ("active_slave",)),
    ("mode=active-backup,miimon=100,primary_reselect=maybe", ("primary_reselect",)),
    ("mode=active-backup,miimon=100,primary_reselect=3", ("primary_reselect",)),
    ("mode=active-backup,miimon=100,fail_over_mac=sometimes", ("fail_over_mac",)),
    ("mode=active-backup,miimon=100,fail_over_mac=3", ("fail_over_mac",)),
    ("mode=balance-xor,miimon=100,xmit_hash_policy=layer9", ("xmit_hash_policy",)),
    ("mode=balance-xor,miimon=100,xmit_hash_policy=77", ("xmit_hash_policy",)),
    ("mode=active-backup,miimon=100,num_grat_arp=256", ("num_grat_arp",)),
    ("mode=active-backup,miimon=100,num_unsol_na=-1", ("num_unsol_na",)),
    ("mode=active-backup,miimon=100,num_grat_arp=3,num_unsol_na=4", ("num_",)),
    ("mode=active-backup,miimon=100,all_slaves_active=2", ("all_slaves_active",)),
    ("mode=active-backup,miimon=100,min_links=-1", ("min_links",)),
    ("mode=balance-rr,miimon=100,packets_per_slave=65536", ("packets_per_slave",)),
    ("mode=active-backup,miimon=100,packets_per_slave=2", ("packets_per_slave",)),
    ("mode=active-backup,miimon=100,resend_igmp=256", ("resend_igmp",)),
    ("mode=active-backup,miimon=100,use_carrier=2", ("use_carrier",)),
    ("mode=active-backup,miimon=100,lacp_rate=fast", ("lacp_rate",)),
    ("mode=active-backup,miimon=100,lacp_rate=often", ("lacp_rate",)),
    ("mode=active-backup,miimon=100,ad_select=best", ("ad_select",)),
    ("mode=active-backup,miimon=100,ad_actor_sys_prio=0", ("ad_actor_sys_prio",)),
    ("mode=active-backup,miimon=100,ad_user_port_key=1024", ("ad_user_port_key",)),
    ("mode=active-backup,miimon=100,tlb_dynamic_lb=0", ("tlb_dynamic_lb",)),
    ("mode=active-backup,miimon=100,lp_interval=0", ("lp_interval",)),
    ("mode=active-backup,miimon=100,peer_notif_delay=150", ("peer_notif_delay",)),
    ("mode=active-backup,miimon=100,no_such_option=1", ("no_such_option",)),
    ("mode", ("mode",)),
    ("=1", ("",)),
)


class BadInput(LabTest):
    def refusal(self, options):
        """What the user is told, by nmcli on the spot or when the profile is brought up."""
        lab = self.lab
        added = lab.a.result("nmcli", "connection", "add", "type", "bond", "con-name", "bond0",
                             "ifname", "bond0", "connection.autoconnect", "no", "ipv4.method",
                             "disabled", "ipv6.method", "disabled", "bond.options", options)
        if added.returncode:
            return added.stderr.strip()
        try:
            told = lab.nmcli_error("connection", "up", "bond0", timeout=15)
            # nmcli shows the reason only; the sentence is in the log, where it says to look
            with open(lab.path("nm.log"), encoding="utf-8", errors="replace") as log:
                return told + "\n" + "".join(line for line in log.readlines()[-30:]
                                             if "bond0" in line and ("<warn>" in line
                                                                     or "<error>" in line))
        finally:
            lab.nmcli("connection", "delete", "bond0")

    def test_option_strings(self):
        self.assertGreaterEqual(len(BAD_OPTIONS), 40)
        for options, words in BAD_OPTIONS:
            with self.subTest(options=options):
                told = self.refusal(options)
                for word in words:
                    self.assertIn(word, told)
                self.say(f"{options}: {told.splitlines()[-1]}")
        self.assert_nothing_left()

    def up_fails(self, name):
        told = self.lab.nmcli_error("connection", "up", name, timeout=20)
        self.assertTrue(told, "nmcli says nothing")
        return told

    def test_a_port_that_is_not_there(self):
        self.add_bond("mode=active-backup,miimon=100")
        self.add_port("eth7")
        self.up_fails("eth7")
        self.assertEqual(self.status()[1], {})

    def test_a_port_in_a_bridge_outside_networkmanager(self):
        self.make_bond("mode=active-backup,miimon=100", ports=("eth0",))
        self.lab.a.shell("ip link add outside type bridge; ip link set eth1 master outside")
        self.add_port("eth1", "connection.autoconnect", "no")
        result = self.lab.a.result("nmcli", "connection", "up", "eth1", timeout=20)
        link = self.lab.a.link("eth1")
        if result.returncode == 0:  # taken out of the bridge, as the stock does: then it is a port
            self.assertNotIn("master", link)
            self.wait_ports(("eth0", "eth1"))
        else:
            self.assertEqual(link.get("master"), "outside")
            self.assertEqual(set(self.status()[1]), {"eth0"})

    def test_a_port_that_vanishes_and_comes_back(self):
        self.make_bond("mode=active-backup,miimon=100")
        self.lab.switch.run("ip", "link", "delete", "sw1")
        wait_for(lambda: set(self.status()[1]) == {"eth0"}, 5, "eth1 to leave the status")
        self.lab.wait_ping()
        self.lab.add_port(1)
        self.own_macs["eth1"] = None
        self.wait_ports(("eth0", "eth1"), timeout=15)
        self.lab.wait_ping()

    def test_a_port_that_is_renamed(self):
        self.make_bond("mode=active-backup,miimon=100")
        self.lab.a.run("ip", "link", "set", "eth1", "name", "renamed1", check=False)
        self.lab.wait_ping()
        self.assertIn("eth0", self.status()[1])
        self.lab.nmcli("connection", "delete", "bond0", "eth0", "eth1")
        wait_for(lambda: self.lab.a.link("bond0") is None, 5, "bond0 to be gone")

    def test_a_port_of_another_type(self):
        """A loopback or point-to-point device is no Ethernet: the profile must not come up."""
        self.make_bond("mode=active-backup,miimon=100", ports=("eth0",))
        self.lab.a.run("ip", "tuntap", "add", "dev", "tun9", "mode", "tun")
        self.lab.a.run("ip", "link", "set", "tun9", "up")
        added = self.lab.a.result("nmcli", "connection", "add", "type", "tun", "con-name", "tun9",
                                  "ifname", "tun9", "mode", "tun", "master", "bond0",
                                  "slave-type", "bond", "connection.autoconnect", "no")
        if added.returncode == 0:
            self.up_fails("tun9")
        self.assertEqual(set(self.status()[1]), {"eth0"})

    def test_a_name_in_use(self):
        self.lab.a.run("ip", "link", "add", "bond0", "type", "bridge")
        self.add_bond("mode=active-backup,miimon=100", "connection.autoconnect", "no")
        try:
            self.up_fails("bond0")
        except LabError:
            self.fail("a bond came up on a bridge's name")
        self.assertEqual(self.lab.a.link("bond0")["linkinfo"]["info_kind"], "bridge")
        self.lab.a.run("ip", "link", "delete", "bond0")
        self.lab.nmcli("connection", "delete", "bond0")
        self.assert_nothing_left()


if __name__ == "__main__":
    main()
