#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The verbs that work on profiles: up, down, add, modify, clone, delete, port, active, reload, with
the real NetworkManager."""
import configparser
import os
import re
import shutil
import signal
import sys
import time
import unittest

from lab import Lab, Streams, wait_for

A4 = "10.0.1.243"
HOWTO = ("mode", "active-backup", "miimon", "100", "primary", "eth0", "ports", "eth0,eth1",
         "ip", A4 + "/24")
NO_IFNAME = "'{}' is no name that a network interface can have."


class NMCase(unittest.TestCase):
    """One lab with three ports per class; each test leaves no bond behind."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        if not shutil.which("NetworkManager", path="/usr/sbin:/usr/bin"):
            print("NetworkManager is not installed (scripts/install-deps)")
            sys.exit(77)
        cls.lab = Lab(ports=3)
        cls.lab.__enter__()
        cls.addClassCleanup(cls.lab.close)

    def tearDown(self):
        for name in self.profiles():
            self.lab.nmcli("connection", "delete", name, check=False)
        wait_for(lambda: "bond" not in self.lab.a.run("ip", "-br", "link"), 10,
                 lambda: f"no bond to be left\n{self.lab.diagnosis()}")

    def bondcli(self, *argv, env=None, timeout=30):
        return self.lab.a.result("bondcli", *argv, env=env, timeout=timeout)

    def good(self, *argv, warnings="", **kw):
        result = self.bondcli(*argv, **kw)
        self.assertEqual((result.returncode, result.stderr), (0, warnings),
                         f"bondcli {argv}\n{result.stdout}")
        return result.stdout

    def bad(self, code, message, *argv, **kw):
        result = self.bondcli(*argv, **kw)
        self.assertEqual((result.returncode, result.stdout, result.stderr),
                         (code, "", f"Error: {message}\n"), f"bondcli {argv}")

    def profiles(self):
        lines = self.lab.nmcli("-t", "-f", "NAME,TYPE", "connection").splitlines()
        return sorted(l.rsplit(":", 1)[0] for l in lines if not l.endswith(":loopback"))

    def get(self, field, profile):
        return self.lab.nmcli("-g", field, "connection", "show", profile).strip()

    def user_data(self, profile):
        """NetworkManager 1.42's nmcli does not show user.data."""
        parser = configparser.ConfigParser(interpolation=None, delimiters="=")
        parser.read_string(self.lab.a.run(
            "cat", f"/etc/NetworkManager/system-connections/{profile}.nmconnection"))
        return dict(parser["user"]) if parser.has_section("user") else {}

    def status(self):
        try:
            return self.lab.a.run("cat", "/run/bonding/bond0")
        except AssertionError:
            return ""

    def ports(self):
        return re.findall(r"Slave Interface: (\S+)\nMII Status: up", self.status())

    def interrupted(self, seconds, *argv):
        """Ctrl-C so long after the start, whatever the machine is doing. Returns the exit code: 130
        if it was in time."""
        return self.lab.a.result("timeout", "--preserve-status", "-s", "INT", f"{seconds:.4f}",
                                 "bondcli", *argv).returncode

    def wait_ports(self, *ports):
        wait_for(lambda: sorted(self.ports()) == sorted(ports), 10,
                 lambda: f"bond0 with {ports}, it has {self.ports()}\n{self.lab.diagnosis()}")

    def make(self):
        self.good("add", "bond0", *HOWTO)
        self.wait_ports("eth0", "eth1")
        self.lab.wait_ping()


class Add(NMCase):
    def test_the_how_to_in_one_command(self):
        text = self.good("add", "bond0", *HOWTO, "gateway", "10.0.1.1", "dns", "10.0.1.1,fd00:1::1",
                         "mtu", "1400", "mac", "02:00:00:00:00:11")
        self.assertRegex(text, r"\A" + "".join(
            rf"Connection '{name}' \([0-9a-f-]{{36}}\) successfully added\.\n"
            for name in ("bond0", "bond0-eth0", "bond0-eth1")) + r"\Z")
        self.wait_ports("eth0", "eth1")
        self.lab.wait_ping()
        link = self.lab.a.link("bond0")
        self.assertEqual((link["mtu"], link["address"]), (1400, "02:00:00:00:00:11"))
        self.assertEqual(self.get("bond.options", "bond0"),
                         "mode=active-backup,miimon=100,primary=eth0")
        self.assertEqual([self.get(f, "bond0") for f in
                          ("ipv4.method", "ipv4.addresses", "ipv4.gateway", "ipv4.dns", "ipv6.dns",
                           "connection.autoconnect-slaves")],
                         ["manual", A4 + "/24", "10.0.1.1", "10.0.1.1", r"fd00\:1\:\:1", "1"])
        self.assertEqual([self.get(f, "bond0-eth1") for f in
                          ("connection.master", "connection.slave-type",
                           "connection.interface-name")], ["bond0", "bond", "eth1"])

    def test_abbreviated_terse_and_with_other_words(self):
        text = self.good("-t", "ad", "bond0", "mode", "1", "slaves", "eth0", "autoconnect", "no",
                         "ip", "none")
        self.assertRegex(text, r"\Abond0:[0-9a-f-]{36}:bond0:added\nbond0-eth0:\S+:eth0:added\n\Z")
        self.assertEqual(self.lab.device("bond0"), None, "autoconnect was no")
        self.assertEqual(self.get("bond.options", "bond0"), "mode=active-backup")
        self.assertEqual(self.get("ipv4.method", "bond0"), "disabled")
        self.assertEqual(self.good("-g", "NAME", "add", "bond1", "autoconnect", "no"), "bond1\n")

    def test_what_networkmanager_does_not_know_goes_to_user_data(self):
        self.good("add", "bond0", "mode", "1", "autoconnect", "no", "resend_igmp", "3",
                  "arp-missed-max", "5", "options", "updelay=200,downdelay=100,miimon=100")
        self.assertEqual(self.user_data("bond0"), {"nm-bond.arp_missed_max": "5"})
        self.assertEqual(self.get("bond.options", "bond0"),
                         "mode=active-backup,downdelay=100,miimon=100,resend_igmp=3,updelay=200")

    def test_dry_run_prints_keyfiles_and_needs_nobody(self):
        text = self.good("add", "--dry-run", "bond0", *HOWTO,
                         env={"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent"})
        self.assertEqual(re.findall(r"(?m)^# (.*)$", text),
                         ["bond0.nmconnection", "bond0-eth0.nmconnection",
                          "bond0-eth1.nmconnection"])
        self.assertIn("[bond]\nmiimon=100\nmode=active-backup\nprimary=eth0\n", text)
        self.assertIn("master=bond0\nslave-type=bond\n", text)
        self.assertEqual(self.profiles(), [])
        path = "/etc/NetworkManager/system-connections/bond0.nmconnection"
        self.lab.a.run("sh", "-c", f"umask 77; cat >{path}", input=text.split("\n# ")[0])
        self.assertEqual(self.good("reload"), "")
        self.assertEqual(self.profiles(), ["bond0"])

    def test_a_port_in_use_is_not_taken_away(self):
        self.lab.nmcli("connection", "add", "type", "ethernet", "con-name", "lan", "ifname", "eth1",
                       "ipv4.method", "manual", "ipv4.addresses", "10.9.9.9/24")
        wait_for(lambda: self.lab.device("eth1")[1:] == ("connected", "lan"), 10, "lan to be up")
        self.good("add", "bond0", *HOWTO, warnings=(
            "Warning: eth1 is in use by 'lan' now; bringing up 'bond0' takes it away from there.\n"
            "Warning: profile 'lan' is for eth1 too and is brought up automatically: the next start "
            "may bring up that one instead.\n"
            "Warning: 'bond0' was not brought up, because a port is in use; 'bondcli up bond0' "
            "does it.\n"))
        self.assertEqual(self.lab.device("eth1")[2], "lan")
        self.good("up", "bond0")
        self.wait_ports("eth0", "eth1")

    def test_a_failure_in_the_middle_leaves_nothing(self):
        place = "/etc/NetworkManager/system-connections"
        self.lab.a.shell(f"mount -t tmpfs -o mode=700,nr_inodes=2 tmpfs {place}")
        self.addCleanup(self.lab.a.run, "umount", place)
        result = self.bondcli("add", "bond0", *HOWTO)
        self.assertEqual((result.returncode, result.stdout), (1, ""), result)
        self.assertRegex(result.stderr, r"\AError: Failed to add 'bond0(-eth0)?' connection: "
                                        r"[^\n]*No space left[^\n]*\nError: Nothing was changed.\n\Z")
        self.assertEqual(self.profiles(), [])
        self.assertIsNone(self.lab.device("bond0"))

    def test_interrupted_at_any_time_it_is_all_or_nothing(self):
        seen, took = set(), 0.1
        for step in range(-1, 24):  # once to its end: how long that takes
            began = time.monotonic()
            self.interrupted(0.001 + took * step / 24 if step >= 0 else 10, "add", "bond0", *HOWTO,
                             "autoconnect", "no")
            took = time.monotonic() - began if step < 0 else took
            profiles = self.profiles()
            self.assertIn(len(profiles), (0, 3), profiles)
            seen.add(len(profiles))
            for name in profiles:
                self.lab.nmcli("connection", "delete", name)
        self.assertIn(0, seen, "none was interrupted")

    def test_wrong_words(self):
        for message, *argv in (
                ("'add' needs more words: bondcli add NAME [OPTION VALUE]...",),
                (NO_IFNAME.format("a/b"), "a/b"),
                (NO_IFNAME.format("eth0 eth1 eth2 eth3"), "bond0", "ifname",
                 "eth0 eth1 eth2 eth3"),
                ("'frob' is not an option of a bond; 'bondcli help add' names them.",
                 "bond0", "frob", "1"),
                ("The value of 'mode' is missing.", "bond0", "mode"),
                ("mode 7 is not allowed: use balance-rr (0), active-backup (1), balance-xor (2), "
                 "broadcast (3), 802.3ad (4), balance-tlb (5) or balance-alb (6)",
                 "bond0", "mode", "7"),
                ("primary \"eth0\" is not allowed in mode balance-rr: it works in modes "
                 "active-backup, balance-tlb and balance-alb", "bond0", "primary", "eth0"),
                ("miimon and arp_interval exclude each other: name one of them.",
                 "bond0", "mode", "1", "miimon", "100", "arp_interval", "100"),
                ("active_slave is not kept in a profile: 'primary PORT' is, and 'bondcli active "
                 "BOND PORT' switches now.", "bond0", "active_slave", "eth0"),
                ("'10.0.1.243' is no address with its prefix, such as 10.0.1.243/24.",
                 "bond0", "ip", "10.0.1.243"),
                ("'10.0.1.243/33' is no address with its prefix, such as 10.0.1.243/24.",
                 "bond0", "ip", "10.0.1.243/33"),
                ("The gateway 10.0.1.1 needs an address of its network, by 'ip'.",
                 "bond0", "gateway", "10.0.1.1"),
                ("'here' is no IP address.", "bond0", "dns", "here"),
                ("'9' is no MTU: it is a number from 68 to 65535, or auto.", "bond0", "mtu", "9"),
                ("'01:00:5e:00:00:01' is no MAC address of one device, such as "
                 "02:00:00:00:00:01.", "bond0", "mac", "01:00:5e:00:00:01"),
                ("'maybe' is neither yes nor no.", "bond0", "autoconnect", "maybe"),
                ("eth0 is named twice as a port of 'bond0'.", "bond0", "ports", "eth0,eth0"),
                ("bond0 cannot be a port of itself.", "bond0", "ports", "bond0"),
                ("A bond has at most 32 ports, but 33 were named.", "bond0", "ports",
                 ",".join(f"p{n}" for n in range(33)))):
            with self.subTest(argv):
                self.bad(2, message, "add", *argv)
        self.assertEqual(self.profiles(), [])
        self.good("add", "bond0", "autoconnect", "no")
        self.bad(2, "There is a bond profile 'bond0' (bond0) already; 'bondcli modify bond0' "
                 "changes it.", "add", "bond0")

    def test_without_networkmanager(self):
        self.lab.stop_nm()
        try:
            for argv in (("add", "bond0"), ("modify", "bond0", "mode", "1"), ("up", "bond0"),
                         ("down", "bond0"), ("delete", "bond0"), ("clone", "bond0", "bond1"),
                         ("port", "up", "bond0", "eth0"), ("reload",)):
                with self.subTest(argv):
                    self.bad(8, "NetworkManager is not running.", *argv)
            self.assertEqual(self.good("--complete-args", "up", ""), "")
        finally:
            self.lab.start_nm()

    def test_a_device_that_is_not_there(self):
        self.good("add", "bond0", "ports", "eth9", "autoconnect", "no",
                  warnings="Warning: there is no device eth9 now.\n")
        self.assertEqual(self.profiles(), ["bond0", "bond0-eth9"])

    def test_completion(self):
        def complete(*words):
            return self.good("--complete-args", *words).split()
        self.assertEqual(complete("ad"), ["add"])
        self.assertEqual(complete("add", "b", "mi"), ["miimon", "min_links"])
        self.assertEqual(complete("add", "b", "mode", "bal"),
                         ["balance-rr", "balance-xor", "balance-tlb", "balance-alb"])
        self.assertEqual(complete("add", "b", "ports", ""), ["eth0", "eth1", "eth2"])
        self.assertEqual(complete("add", "b", "ports", "eth1,"), ["eth1,eth0", "eth1,eth2"])
        self.assertEqual(complete("add", "b", "autoconnect", ""), ["yes", "no"])
        self.assertEqual(complete("add", "--d"), ["--dry-run"])


class Change(NMCase):
    def setUp(self):
        self.make()

    def modified(self, *names):
        return r"\A" + "".join(rf"Connection '{n}' \(\S+\) successfully modified\.\n"
                               for n in names)

    def test_modify_live_loses_nothing(self):
        with Streams(self.lab, 200) as streams:
            text = self.good("modify", "--live", "bond0", "miimon", "50", "updelay", "100")
            self.assertRegex(text, self.modified("bond0") +
                             r"Applied to the running bond 'bond0'\.\n\Z")
            self.assertRegex(self.status(), r"MII Polling Interval \(ms\): 50\nUp Delay \(ms\): 100")
            self.good("modify", "bond0", "mode", "balance-rr", "--live", warnings=(
                "Warning: primary does not exist in mode balance-rr and was taken out.\n"))
            self.assertIn("load balancing (round-robin)", self.status())
            self.good("mod", "bond0", "ports", "+eth2", "ip", "+10.0.1.244/24", "--live")
            self.wait_ports("eth0", "eth1", "eth2")
            self.lab.wait_ping("10.0.1.244", host=self.lab.b)
            self.good("modify", "bond0", "-ports", "eth2", "-ip", "10.0.1.244/24", "--live")
            self.wait_ports("eth0", "eth1")
        streams.assert_lossless("a bond was modified live")
        self.assertEqual(self.profiles(), ["bond0", "bond0-eth0", "bond0-eth1"])

    def test_what_cannot_be_applied_live_is_said_and_the_rest_applied(self):
        result = self.bondcli("modify", "bond0", "mac", "02:00:00:00:00:11", "mtu", "1400",
                              "miimon", "60", "--live")
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, r"\AWarning: mac could not be applied live \([^\n]+\); it "
                                        r"takes effect when the bond is brought up again\.\n\Z")
        self.assertRegex(result.stdout, self.modified("bond0") + r"\Z")
        self.assertEqual(self.lab.a.link("bond0")["mtu"], 1400)
        self.assertIn("MII Polling Interval (ms): 60", self.status())
        self.good("up", "bond0")
        self.assertEqual(self.lab.a.mac("bond0"), "02:00:00:00:00:11")

    def test_without_live_the_running_bond_stays(self):
        before = self.status()
        self.assertRegex(self.good("modify", "bond0", "miimon", "250"),
                         self.modified("bond0") + r"\Z")
        self.assertEqual(self.status(), before)
        self.assertEqual(self.get("bond.options", "bond0"),
                         "mode=active-backup,miimon=250,primary=eth0")
        self.good("modify", "bond0", "primary", "")
        self.assertEqual(self.get("bond.options", "bond0"), "mode=active-backup,miimon=250")

    def test_modify_dry_run_and_a_rename(self):
        text = self.good("modify", "bond0", "ifname", "bond7", "ports", "eth0,eth2", "--dry-run")
        self.assertEqual(re.findall(r"(?m)^# .*$", text),
                         ["# bond0.nmconnection", "# bond0-eth2.nmconnection",
                          "# bond0-eth0.nmconnection", "# bond0-eth1 is deleted"])
        self.assertEqual(text.count("master=bond7"), 2)
        self.assertEqual(self.profiles(), ["bond0", "bond0-eth0", "bond0-eth1"])

    def test_modify_wrong_words(self):
        for code, message, *argv in (
                (2, "'modify' needs more words: bondcli modify NAME OPTION VALUE...", "bond0"),
                (10, "There is no bond profile 'bond8'; there are: bond0.", "bond8", "mode", "1"),
                (2, "'miimon' is no list: '+' and '-' cannot be used with it.",
                 "bond0", "+miimon", "1"),
                (2, "eth2 is not a port of 'bond0'.", "bond0", "ports", "-eth2"),
                (2, "eth1 is named twice as a port of 'bond0'.", "bond0", "+ports", "eth1"),
                (2, "The profile has no address 10.0.1.9/24.", "bond0", "ip", "-10.0.1.9/24"),
                (2, "The profile has no name server 10.0.1.9.", "bond0", "-dns", "10.0.1.9"),
                (2, "packets_per_slave 3 is not allowed in mode active-backup: it works in mode "
                 "balance-rr", "bond0", "packets_per_slave", "3")):
            with self.subTest(argv):
                self.bad(code, message, "modify", *argv)
        self.assertEqual(self.get("bond.options", "bond0"),
                         "mode=active-backup,miimon=100,primary=eth0")

    def test_a_failure_in_the_middle_of_modify_changes_nothing(self):
        place = "/etc/NetworkManager/system-connections"
        before = self.lab.a.run("sh", "-c", f"cat {place}/bond0.nmconnection")
        n = int(self.lab.a.run("sh", "-c", f"ls {place} | wc -l"))
        self.lab.a.shell(f"cp -a {place} /run/saved; mount -t tmpfs -o mode=700,nr_inodes={n + 2} "
                         f"tmpfs {place}; cp -a /run/saved/. {place}; rm -rf /run/saved")
        self.addCleanup(self.lab.a.run, "umount", place)
        result = self.bondcli("modify", "bond0", "miimon", "70", "ports", "+eth2,eth8,eth9")
        self.assertEqual(result.returncode, 1, result)
        self.assertRegex(result.stderr, r"(?s)No space left.*\nError: Nothing was changed\.\n\Z")
        self.assertEqual(self.profiles(), ["bond0", "bond0-eth0", "bond0-eth1"])
        self.assertEqual(self.lab.a.run("cat", f"{place}/bond0.nmconnection"), before)

    def test_clone(self):
        warning = ("Warning: 'bond1' is not brought up automatically, so that the two do not fight "
                   "for the ports; 'bondcli up bond1' switches to it.\n")
        self.assertEqual(self.good("-g", "NAME,DEVICE,ACTION", "cl", "bond0", "bond1",
                                   warnings=warning),
                         "bond1:bond1:added\nbond1-eth0:eth0:added\nbond1-eth1:eth1:added\n")
        self.assertEqual(self.get("bond.options", "bond1"),
                         self.get("bond.options", "bond0"))
        self.assertEqual(self.get("connection.master", "bond1-eth0"), "bond1")
        self.assertEqual(self.ports(), ["eth0", "eth1"], "the clone has taken ports")
        self.good("up", "bond1")
        wait_for(lambda: self.lab.a.run("cat", "/run/bonding/bond1").count("MII Status: up") == 3,
                 10, lambda: f"the clone to have the ports\n{self.lab.diagnosis()}")
        for code, message, *argv in (
                (2, "There is a bond profile 'bond1' (bond1) already; 'bondcli modify bond1' "
                 "changes it.", "bond0", "bond1"),
                (2, NO_IFNAME.format("a b"), "bond0", "a b"),
                (2, "'clone' needs more words: bondcli clone NAME NEW", "bond0"),
                (2, "'clone' does not take 'x': bondcli clone NAME NEW", "bond0", "bond2", "x"),
                (10, "There is no bond profile 'bond5'; there are: bond0, bond1.",
                 "bond5", "bond6")):
            with self.subTest(argv):
                self.bad(code, message, "clone", *argv)

    def test_down_up_delete(self):
        self.assertEqual(self.good("down", "bond0"),
                         "Connection 'bond0' successfully deactivated.\n")
        self.assertIsNone(self.lab.device("bond0"))
        self.bad(10, "'bond0' is not an active connection.", "do", "id", "bond0")
        self.assertEqual(self.good("u", "bond0"), "Connection 'bond0' successfully activated.\n")
        self.assertEqual(sorted(self.ports()), ["eth0", "eth1"], "up came back without the ports")
        uuid = self.get("connection.uuid", "bond0")
        self.assertEqual(self.good("--complete-args", "delete", ""), "bond0\n")
        self.assertEqual(self.good("-g", "NAME", "del", uuid),
                         "bond0\nbond0-eth0\nbond0-eth1\n")
        self.assertEqual(self.profiles(), [])
        for verb in ("up", "down", "delete"):
            self.bad(2, f"'{verb}' needs more words: bondcli {verb} NAME", verb)
            self.bad(2, f"'{verb}' does not take 'x': bondcli {verb} NAME", verb, "bond0", "x")
            self.bad(10, "There is no bond profile 'bond0'; NetworkManager has none of a bond.",
                     verb, "bond0")
        self.bad(2, "'reload' does not take 'x': bondcli reload ", "reload", "x")
        self.assertEqual(self.good("rel"), "")

    def test_up_fails_and_says_why(self):
        self.good("down", "bond0")
        self.lab.nmcli("connection", "modify", "bond0", "ipv4.method", "auto", "ipv4.addresses", "",
                       "ipv4.dhcp-timeout", "2", "ipv4.may-fail", "no", "ipv6.method", "disabled")
        self.bad(4, "Connection activation failed: no address was got in time.",
                 "up", "bond0")
        self.lab.nmcli("connection", "modify", "bond0", "ipv4.dhcp-timeout", "60")
        self.bad(3, "Timeout 1 second expired.", "-w", "1", "up", "bond0")
        self.assertEqual(self.good("-w", "0", "up", "bond0"), "")

    def test_ctrl_c_while_it_comes_up_takes_it_down(self):
        self.good("down", "bond0")
        self.lab.nmcli("connection", "modify", "bond0", "ipv4.method", "auto", "ipv4.addresses", "",
                       "ipv6.method", "disabled", "connection.autoconnect", "no")
        process = self.lab.a.start("bondcli", "up", "bond0")
        wait_for(lambda: (self.lab.device("bond0") or ("", ""))[1].startswith("connecting"), 10,
                 "bond0 to be on its way")
        process.kill(signal.SIGINT)
        process.wait()
        wait_for(lambda: self.lab.device("bond0") is None, 10, "bond0 to be down again")

    # ---- ports

    def test_ports_leave_and_join_and_nothing_is_lost(self):
        with Streams(self.lab, 200) as streams:
            self.assertEqual(self.good("port", "down", "bond0", "eth0"),
                             "Connection 'bond0-eth0' successfully deactivated.\n")
            self.wait_ports("eth1")
            self.assertEqual(self.good("slave", "u", "bond0", "eth0"),
                             "Connection 'bond0-eth0' successfully activated.\n")
            self.wait_ports("eth0", "eth1")
            self.assertRegex(
                self.good("port", "add", "bond0", "eth2", "prio", "7", "queue-id", "2"),
                r"\AConnection 'bond0-eth2' \(\S+\) successfully added\.\n"
                r"Connection 'bond0-eth2' successfully activated\.\n\Z")
            self.wait_ports("eth0", "eth1", "eth2")
            port = self.lab.bond("bond0")["ports"]["eth2"]
            self.assertEqual((port["Priority"], port["QueueId"]), (7, 2))
            self.assertEqual(self.good("-g", "NAME,ACTION", "port", "rem", "bond0", "eth2"),
                             "bond0-eth2:deleted\n")
            self.wait_ports("eth0", "eth1")
            self.assertEqual(self.good("active", "bond0", "eth1"),
                             "eth1 is the active port of bond0.\n")
            self.assertIn("Currently Active Slave: eth1", self.status())
            self.assertEqual(self.good("act", "bond0", "none"),
                             "The active port of bond0 is chosen automatically.\n")
        streams.assert_lossless("ports left and joined")
        self.assertEqual(self.profiles(), ["bond0", "bond0-eth0", "bond0-eth1"])

    def test_hard(self):
        since = self.good("-g", "SEQ", "events", "bond0").splitlines()[-1]
        self.good("port", "down", "--hard", "bond0", "eth1")
        self.assertEqual(self.ports(), ["eth0"])
        events = self.good("-g", "EVENT,PORT", "events", "--since", since, "bond0").splitlines()
        self.assertIn("port-released:eth1", events, "eth1 was not let go at once")
        self.good("port", "delete", "bond0", "eth1")
        self.assertEqual(self.profiles(), ["bond0", "bond0-eth0"])

    def test_port_wrong_words(self):
        usage = "add|remove|up|down BOND PORT"
        for code, message, *argv in (
                (2, f"'port' needs more words: bondcli port {usage}"),
                (2, "'frob' is not a command of 'port'; there are: add, remove, up, down.",
                 "frob", "bond0", "eth0"),
                (2, f"'port' needs more words: bondcli port {usage}", "up", "bond0"),
                (2, "'port down' takes a bond and a port, but 'x' was given too.",
                 "down", "bond0", "eth0", "x"),
                (2, "The value of 'prio' is missing.", "add", "bond0", "eth2", "prio"),
                (2, "'x' is not an option of a port; there are: queue_id, prio, actor_port_prio, "
                 "rr_delay.",
                 "add", "bond0", "eth2", "x", "1"),
                (2, "'--hard' is for 'port remove' and 'port down'.",
                 "up", "--hard", "bond0", "eth0"),
                (2, "eth0 is a port of 'bond0' already.", "add", "bond0", "eth0"),
                (10, "eth2 is not a port of 'bond0'.", "down", "bond0", "eth2"),
                (10, "There is no bond profile 'bond5'; there are: bond0.", "up", "bond5", "eth0")):
            with self.subTest(argv):
                self.bad(code, message, "port", *argv)
        self.assertEqual(self.good("--complete-args", "port", ""), "add\nremove\nup\ndown\n")
        self.assertEqual(self.good("--complete-args", "port", "up", "bond0", ""), "eth0\neth1\n")
        self.assertEqual(self.good("--complete-args", "port", "add", "bond0", "eth2", "q"),
                         "queue_id\n")

    def test_active_wrong_words(self):
        for code, message, *argv in (
                (2, "'active' needs more words: bondcli active BOND PORT|none", "bond0"),
                (10, "There is no bond 'bond5'; there are: bond0.", "bond5", "eth0"),
                (10, "\"eth2\" is not a port of bond bond0: only a port can be made the active one.",
                 "bond0", "eth2")):
            with self.subTest(argv):
                self.bad(code, message, "active", *argv)
        self.assertEqual(self.good("--complete-args", "active", "bond0", ""),
                         "eth0\neth1\nnone\n")


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("needs root, for network namespaces")
        sys.exit(77)
    unittest.main(verbosity=2, warnings="ignore")
