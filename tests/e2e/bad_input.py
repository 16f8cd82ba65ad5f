#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Wrong options, profiles and calls: each refused with a sentence, nothing left behind."""
import re

from gi.repository import Gio, GLib

from harness import LabTest, LabError, main, wait_for

# options; what bondd's sentence names: the option, the value, something of what is allowed
BAD_OPTIONS = (
    ("mode=bogus", ("mode", "bogus", "active-backup")),
    ("mode=7", ("mode", "7", "broadcast")),
    ("mode=-1", ("mode", "-1", "balance-rr")),
    ("mode", ("mode", "balance-rr")),
    ("mode=balance-tlb,miimon=100", ("mode", "balance-tlb", "active-backup")),
    ("mode=balance-alb,miimon=100", ("mode", "balance-alb", "active-backup")),
    ("mode=active-backup,miimon=-1", ("miimon", "-1", "from 0 to 2147483647")),
    ("mode=active-backup,miimon=abc", ("miimon", "abc", "from 0 to")),
    ("mode=active-backup,miimon=99999999999", ("miimon", "99999999999", "2147483647")),
    ("mode=active-backup,miimon=100,updelay=-5", ("updelay", "-5", "from 0 to")),
    ("mode=active-backup,miimon=100,downdelay=x", ("downdelay", "x", "from 0 to")),
    ("mode=active-backup,updelay=100,miimon=0", ("updelay", "100", "miimon")),
    ("mode=active-backup,arp_ip_target=10.0.1.1", ("arp_ip_target", "10.0.1.1", "arp_interval")),
    ("mode=active-backup,arp_interval=100,arp_ip_target=300.0.0.1",
     ("arp_ip_target", "300.0.0.1", "IPv4")),
    ("mode=active-backup,arp_validate=sometimes", ("arp_validate", "sometimes", "backup")),
    ("mode=balance-rr,miimon=100,primary=eth0", ("primary", "eth0", "active-backup")),
    ("mode=balance-xor,miimon=100,primary=eth0", ("primary", "eth0", "active-backup")),
    ("mode=broadcast,miimon=100,primary=eth0", ("primary", "eth0", "active-backup")),
    ("mode=balance-rr,miimon=100,active_slave=eth0", ("active_slave", "eth0", "active-backup")),
    ("mode=active-backup,miimon=100,primary_reselect=maybe",
     ("primary_reselect", "maybe", "always")),
    ("mode=active-backup,miimon=100,primary_reselect=3", ("primary_reselect", "3", "better")),
    ("mode=active-backup,miimon=100,fail_over_mac=sometimes",
     ("fail_over_mac", "sometimes", "follow")),
    ("mode=active-backup,miimon=100,fail_over_mac=3", ("fail_over_mac", "3", "none")),
    ("mode=balance-xor,miimon=100,xmit_hash_policy=layer9",
     ("xmit_hash_policy", "layer9", "layer2+3")),
    ("mode=balance-xor,miimon=100,xmit_hash_policy=77", ("xmit_hash_policy", "77", "layer3+4")),
    ("mode=active-backup,miimon=100,num_grat_arp=256", ("num_grat_arp", "256", "255")),
    ("mode=active-backup,miimon=100,num_unsol_na=-1", ("num_unsol_na", "-1", "255")),
    ("mode=active-backup,miimon=100,num_grat_arp=3,num_unsol_na=4",
     ("num_unsol_na", "4", "num_grat_arp")),
    ("mode=active-backup,miimon=100,all_slaves_active=2", ("all_slaves_active", "2", "on")),
    ("mode=active-backup,miimon=100,min_links=-1", ("min_links", "-1", "from 0")),
    ("mode=balance-rr,miimon=100,packets_per_slave=65536", ("packets_per_slave", "65535")),
    ("mode=active-backup,miimon=100,packets_per_slave=2",
     ("packets_per_slave", "2", "balance-rr")),
    ("mode=active-backup,miimon=100,resend_igmp=256", ("resend_igmp", "256", "255")),
    ("mode=active-backup,miimon=100,use_carrier=2", ("use_carrier", "2", "on")),
    ("mode=active-backup,miimon=100,lacp_rate=fast", ("lacp_rate", "fast", "802.3ad")),
    ("mode=active-backup,miimon=100,lacp_rate=often", ("lacp_rate", "often", "802.3ad")),
    ("mode=active-backup,miimon=100,ad_select=best", ("ad_select", "best", "bandwidth")),
    ("mode=active-backup,miimon=100,ad_actor_sys_prio=0", ("ad_actor_sys_prio", "0", "802.3ad")),
    ("mode=active-backup,miimon=100,ad_user_port_key=1024", ("ad_user_port_key", "802.3ad")),
    ("mode=active-backup,miimon=100,tlb_dynamic_lb=0", ("tlb_dynamic_lb", "0", "balance-tlb")),
    ("mode=active-backup,miimon=100,lp_interval=0", ("lp_interval", "0", "from 1")),
    ("mode=active-backup,miimon=100,no_such_option=1", ("no_such_option", "miimon")),
    ("=1", ("miimon",)),
)
# NetworkManager itself drops options that the profile's mode does not have (as the stock does)
DROPPED = ("active_slave=eth0", "packets_per_slave=2", "tlb_dynamic_lb=0")

# of the Bond interface: port, settings, part of the sentence
BAD_PORTS = (
    ("eth9", {}, "eth9"), ("", {}, ""), ("lo", {}, "lo"), ("bond0", {}, "bond0"),
    ("tun9", {}, "tun9"), ("held9", {}, "bridge9"), ("x" * 40, {}, "xxx"), ("../eth0", {}, "eth0"),
    ("eth1", {"queue-id": ("i", -1)}, "queue-id"), ("eth1", {"queue-id": ("s", "1")}, "queue-id"),
    ("eth1", {"prio": ("s", "high")}, "prio"), ("eth1", {"colour": ("s", "red")}, "colour"),
)
BAD_BONDS = ("", "eth0", "lo", "a/b", "x" * 16, "sp ace", ".", "..")


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

    def test_option_strings_through_nmcli(self):
        """The sentence is libnm's where libnm knows better, and names the option or the value."""
        for options, words in BAD_OPTIONS:
            if options.endswith(DROPPED):
                continue
            with self.subTest(options=options):
                told = self.refusal(options)
                self.assertTrue(any(word in told for word in words), told)
        self.assert_nothing_left()

    def refused(self, call, *args):
        try:
            answer = call(*args)
        except GLib.Error as error:
            name = Gio.DBusError.get_remote_error(error)
            self.assertTrue(name.startswith("org.freedesktop."), name)
            self.assertNotRegex(name, "NoReply|UnixProcess|Failed$", "bondd has died")
            return re.sub(r"^GDBus\.Error:[\w.]+: ", "", error.message)
        return self.fail(f"{args} was accepted: {answer}")

    def test_option_strings_on_d_bus(self):
        self.assertGreaterEqual(len(BAD_OPTIONS), 40)
        for options, words in BAD_OPTIONS:
            with self.subTest(options=options):
                pairs = dict(option.partition("=")[::2] for option in options.split(","))
                for method, signature, args in (
                        ("CheckOptions", "(a{ss})", (pairs,)),
                        ("CreateBond", "(sa{ss}a{sv})", ("bond9", pairs, {}))):
                    told = self.refused(self.lab.bondd_call, method, signature, *args)
                    for word in words:
                        self.assertIn(word, told)
                self.say(f"{options}: {told}")
        self.assert_nothing_left()

    def test_d_bus_calls(self):
        self.make_bond("mode=active-backup,miimon=100", ports=("eth0",))
        self.lab.a.shell("ip tuntap add dev tun9 mode tun; ip link set tun9 up; "
                         "ip link add bridge9 type bridge; ip link set bridge9 up; "
                         "ip link add held9 type veth peer name other9; "
                         "ip link set held9 master bridge9 up")
        before = self.lab.proc_text("bond0")
        count = 0
        for ifname, settings, word in BAD_PORTS:
            with self.subTest(port=ifname, settings=settings):
                told = self.refused(self.lab.bond_call, "bond0", "AttachPort", "(sa{sv})", ifname,
                                    {k: GLib.Variant(*v) for k, v in settings.items()})
                self.assertIn(word, told)
                count += 1
                self.say(f"{ifname} {settings or ''}: {told}")
        for name in BAD_BONDS:
            with self.subTest(bond=name):
                told = self.refused(self.lab.bondd_call, "CreateBond", "(sa{ss}a{sv})", name, {},
                                    {})
                self.assertIn(name, told)
                count += 1
                self.say(f"{name!r}: {told}")
        for method, signature, args in (("SetActivePort", "(s)", ("eth1",)),
                                        ("DetachPort", "(su)", ("eth1", 0)),
                                        ("SetOptions", "(a{ss}u)", ({"miimon": "x"}, 0)),
                                        ("SetOptions", "(a{ss}u)", ({}, 0xffff))):
            with self.subTest(method=method, args=args):
                told = self.refused(self.lab.bond_call, "bond0", method, signature, *args)
                self.assertTrue(told)
                count += 1
                self.say(f"{method}{args}: {told}")
        self.assertGreaterEqual(count, 15)
        self.assertEqual(self.lab.proc_text("bond0"), before)
        self.assertFalse(self.filters("tun9") or self.filters("held9") or self.filters("eth1"))

    def test_a_port_of_another_bond(self):
        self.make_bond("mode=active-backup,miimon=100")
        self.lab.bondd_call("CreateBond", "(sa{ss}a{sv})", "bond9", {"mode": "1"}, {})
        told = self.refused(self.lab.bond_call, "bond9", "AttachPort", "(sa{sv})", "eth1", {})
        self.assertIn("eth1", told)
        self.assertIn("bond0", told)
        self.wait_ports(("eth0", "eth1"))
        self.lab.bond_call("bond9", "Delete")

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
