#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""explain and doctor: what is said is what the ports show."""
import os
import re
import sys
import unittest

from lab import wait_for
from test_profiles import A4, NMCase

B4 = "10.0.1.1"
SEND = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("{source}", {port}))
for _ in range(20):
    s.sendto(b"x" * 200, ("{destination}", 7))
"""


class Explain(NMCase):
    def make(self, *options):
        self.good("add", "bond0", *options, "ports", "eth0,eth1,eth2", "ip", A4 + "/24")
        self.wait_ports("eth0", "eth1", "eth2")
        self.lab.wait_ping()

    def sent_bytes(self):
        """Of the ports' devices, as the switch counts them."""
        return {f"eth{n}": int(self.lab.switch.run(
            "cat", f"/sys/class/net/sw{n}/statistics/rx_bytes")) for n in range(3)}

    def taken(self, port):
        """By which port 20 datagrams of 242 bytes from that UDP port have left."""
        before = self.sent_bytes()
        self.lab.a.run("/usr/bin/python3", "-c",
                       SEND.format(source=A4, port=port, destination=B4))

        def grown():
            now = self.sent_bytes()
            return [p for p in now if now[p] - before[p] >= 20 * 242]
        return wait_for(grown, 5, lambda: f"the datagrams at the switch: {self.sent_bytes()}")

    def explain(self, port):
        return self.good("-g", "PORT,BACKUP", "explain", "bond0", "--flow",
                         f"udp {A4}:{port} > {B4}:7").strip().split(":")

    def test_flows_take_the_port_that_was_said(self):
        self.make("mode", "balance-xor", "xmit_hash_policy", "layer3+4")
        self.flows_take_the_port_that_was_said()

    def test_resilient(self):
        """hash=resilient: the same, by bondd's own buckets; and who is no flow of the dead port
        stays where it is."""
        self.make("mode", "balance-xor", "xmit_hash_policy", "layer3+4", "hash", "resilient")
        self.flows_take_the_port_that_was_said()
        for port in {"eth0", "eth1", "eth2"} - set(self.ports()):
            self.lab.mend(port)
        self.wait_ports("eth0", "eth1", "eth2")
        before = {port: self.explain(port)[0] for port in range(5000, 5040)}
        self.lab.cut("eth1")
        self.addCleanup(self.lab.mend, "eth1")
        wait_for(lambda: "eth1" not in self.ports(), 5, "the port to be down")
        after = {port: self.explain(port)[0] for port in before}
        self.assertEqual({p for p in before if before[p] != after[p]},
                         {p for p in before if before[p] == "eth1"})
        text = self.good("explain", "bond0", "--flow", f"udp {A4}:5000 > {B4}:7")
        self.assertRegex(text, r"bucket \d+ of 1024 \(hash=resilient\), which is eth[02]'s")

    def flows_take_the_port_that_was_said(self):
        seen = set()
        for port in range(5000, 5012):
            said, backup = self.explain(port)
            self.assertEqual(self.taken(port), [said], f"source port {port}")
            self.assertNotEqual(backup, said)
            seen.add(said)
        self.assertEqual(seen, {"eth0", "eth1", "eth2"}, "the flows do not differ")
        # where it goes if that port fails
        said, backup = self.explain(5000)
        self.lab.cut(said)
        wait_for(lambda: said not in self.ports(), 5, "the port to be down")
        self.assertEqual(self.explain(5000)[0], backup)
        self.assertEqual(self.taken(5000), [backup])
        self.lab.mend(said)

    def test_by_mac_addresses_and_through_the_neighbour_table(self):
        self.make("mode", "balance-xor", "xmit_hash_policy", "layer2")
        said = self.explain(5000)[0]
        self.assertEqual(self.taken(5000), [said])
        text = self.good("explain", "bond0", "--flow", f"icmp {A4} > {B4}")
        mac = self.lab.b.mac("eth0")
        self.assertRegex(text, rf"\Aicmp {A4} > {B4} leaves bond0 by eth[0-2]\.\n"
                               r"  mode           balance-xor\n"
                               r"  hash           MAC addresses \(xmit_hash_policy layer2\): \d+, "
                               r"modulo 3 ports is [0-2]\n"
                               rf"  next hop       {B4} at {mac}\n"
                               r"  if it fails    eth[0-2]\n\Z")
        self.bad(1, "The MAC address of the next hop 10.0.1.77 is not known, and xmit_hash_policy "
                 "layer2 needs it: ping it once, or give --mac.",
                 "explain", "bond0", "--flow", f"icmp {A4} > 10.0.1.77")
        self.bad(1, "There is no route to 10.77.0.1; --mac gives the MAC address of the next hop, "
                 "which xmit_hash_policy layer2 needs.",
                 "explain", "bond0", "--flow", f"icmp {A4} > 10.77.0.1")
        self.good("explain", "bond0", "--flow", f"icmp {A4} > 10.77.0.1", "--mac",
                  "02:00:00:00:00:05")

    def test_other_modes(self):
        self.make("mode", "active-backup", "miimon", "100", "primary", "eth1")
        self.assertEqual(self.explain(5000), ["eth1", "eth0"])
        self.assertIn("  why            it is the active port\n",
                      self.good("exp", "bond0", "--flow", f"tcp {A4}:443 > {B4}:51000"))
        self.lab.cut("eth1")
        wait_for(lambda: self.explain(5000)[0] == "eth0", 5, "eth0 to be active")
        self.lab.mend("eth1")
        self.good("modify", "--live", "bond0", "mode", "broadcast", warnings=(
            "Warning: primary does not exist in mode broadcast and was taken out.\n"))
        self.wait_ports("eth0", "eth1", "eth2")
        self.assertEqual(self.explain(5000)[0], "eth0,eth1,eth2")
        self.assertEqual(sorted(self.taken(5000)), ["eth0", "eth1", "eth2"])
        self.good("modify", "--live", "bond0", "mode", "balance-rr")
        self.assertIn("each packet takes the next port in turn (packets_per_slave 1)",
                      self.good("explain", "bond0", "--flow", f"udp [fd00::1]:1 > [fd00::2]:2"))
        self.good("modify", "--live", "bond0", "rr_order", "arrival")
        self.assertIn("each packet takes the port by which it arrives first",
                      self.good("explain", "bond0", "--flow", f"udp [fd00::1]:1 > [fd00::2]:2"))

    def test_where_a_value_came_from(self):
        self.make("mode", "1", "miimon", "50", "updelay", "100")

        def source(option):
            return self.good("-g", "VALUE,FROM", "explain", "bond0", "option", option).strip()
        self.assertEqual(source("mode"), "active-backup:profile")
        self.assertEqual(source("miimon"), "50:profile")
        self.assertEqual(source("use_carrier"), "1:default")
        self.good("modify", "bond0", "miimon", "100")
        self.assertEqual(source("miimon"), "50:runtime")
        self.lab.bond_call("bond0", "SetOptions", "(a{ss}u)", {"resend_igmp": "7"}, 0)
        self.assertEqual(source("resend-igmp"), "7:runtime")
        self.assertEqual(
            self.good("explain", "bond0", "option", "updelay"),
            "updelay of bond0 is 100 ms.\n"
            "  from           the profile 'bond0', which says 100\n"
            "  default        0\n"
            "  How long a link must be back before its port is used; rounded down to a multiple of "
            "miimon.\n")
        self.assertEqual(self.good("explain", "bond0", "updelay"),
                         self.good("explain", "bond0", "option", "updelay"))
        table = self.good("explain", "bond0", "opt").splitlines()
        self.assertRegex(table[0], r"^OPTION +VALUE +FROM$")
        self.assertTrue(any(re.match(r"downdelay +0 +default$", l) for l in table), table)
        self.assertFalse(any(l.startswith("packets_per_slave") for l in table), table)
        self.assertEqual(self.good("--complete-args", "explain", "bond0", "option", "pr"),
                         "primary\nprimary_reselect\n")
        self.assertEqual(self.good("--complete-args", "explain", "bond0", "pr"),
                         "primary\nprimary_reselect\n")
        self.assertEqual(self.good("--complete-args", "explain", ""), "bond0\n")

    def test_wrong_words(self):
        self.make("mode", "0")
        usage = "bondcli explain BOND option [NAME] | BOND --flow FLOW | BOND --spread CIDR|PCAP"
        flow = ("'{}' is no flow, such as 'tcp 10.0.1.243:443 > 10.0.9.7:51000' or "
                "'icmp 10.0.1.243 > 10.0.9.7'.")
        for code, message, *argv in (
                (2, f"'explain' needs more words: {usage}", "bond0"),
                (2, f"'explain' does not take 'frob': {usage}", "bond0", "frob"),
                (2, "'frob' is not an option of a bond; 'bondcli help add' names them.",
                 "bond0", "option", "frob"),
                (2, "'--mac' belongs to '--flow'.", "bond0", "option", "--mac", "x"),
                (2, "'x' is no MAC address of one device, such as 02:00:00:00:00:01.",
                 "bond0", "--flow", "ip 10.0.0.1 > 10.0.0.2", "--mac", "x"),
                (2, "'sdp' is no protocol of a flow; there are: tcp, udp, sctp, icmp, ip.",
                 "bond0", "--flow", "sdp 10.0.0.1 > 10.0.0.2"),
                (2, flow.format("tcp 10.0.0.1 > 10.0.0.2:1"),
                 "bond0", "--flow", "tcp 10.0.0.1 > 10.0.0.2:1"),
                (2, flow.format("tcp 10.0.0.1:99999 > 10.0.0.2:1"),
                 "bond0", "--flow", "tcp 10.0.0.1:99999 > 10.0.0.2:1"),
                (2, flow.format("icmp 10.0.0.1 > fd00::1"),
                 "bond0", "--flow", "icmp 10.0.0.1 > fd00::1"),
                (10, "There is no bond 'bond5'; there are: bond0.", "bond5", "option")):
            with self.subTest(argv):
                self.bad(code, message, "explain", *argv)


class Doctor(NMCase):
    def findings(self, code, *states):
        result = self.bondcli("-g", "CHECK,STATE,FINDING,ADVICE", "doctor")
        self.assertEqual((result.returncode, result.stderr), (code, ""), result.stdout)
        return [l for l in result.stdout.splitlines()
                if re.split(r"(?<!\\):", l)[1] in (states or ("problem",))]

    def test_a_sound_machine(self):
        text = self.good("doc")
        for check in ("bpffs", "clsact", "networkmanager", "plugin", "permissions", "bondd",
                      "datapath", "leftovers"):
            self.assertRegex(text, rf"(?m)^ok +{check} +\S")
        self.assertTrue(text.endswith("There are no problems.\n"), text)
        self.assertEqual(self.findings(0), [])

    def test_leftovers_are_found_with_what_to_do(self):
        a = self.lab.a
        a.shell("mkdir -p /sys/fs/bpf/bondd/bond7; ip link set dev eth2 alias 'port of bond bond5'")
        try:
            self.assertEqual(self.findings(1), [
                r"leftovers:problem:/sys/fs/bpf/bondd/bond7 is there, but bondd has no bond bond7:"
                r"rm -r /sys/fs/bpf/bondd/bond7, if no bond bond7 is wanted",
                r"leftovers:problem:eth2 says that it is a port of bond bond5, which is not there:"
                r"ip link set dev eth2 alias ''; tc qdisc del dev eth2 clsact"])
            self.assertEqual(self.bondcli("doctor").stdout.splitlines()[-1], "There are problems.")
        finally:
            a.shell("rmdir /sys/fs/bpf/bondd/bond7; ip link set dev eth2 alias ''")

    def test_a_bond_without_a_monitor_is_a_hint(self):
        self.good("add", "bond0", "mode", "1", "miimon", "0", "ports", "eth0,eth1", "ip", "none")
        self.wait_ports("eth0", "eth1")
        self.assertTrue(any(l.startswith("bonds:hint:bond0\\: ")
                            for l in self.findings(0, "hint")), self.findings(0, "hint"))

    def test_networkmanager_does_not_run(self):
        self.lab.stop_nm()
        try:
            self.assertEqual(self.findings(1),
                             ["networkmanager:problem:NetworkManager is not running.:"
                              "systemctl start NetworkManager"])
        finally:
            self.lab.start_nm()

    def test_wrong_words(self):
        self.bad(2, "'doctor' does not take 'x': bondcli doctor ", "doctor", "x")
        self.bad(2, "Invalid field 'X'; allowed fields: CHECK,STATE,FINDING,ADVICE.",
                 "-f", "X", "doctor")
        self.bad(2, "Option '--frob' is unknown, try 'bondcli help'.", "doctor", "--frob")


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("needs root, for network namespaces")
        sys.exit(77)
    unittest.main(verbosity=2, warnings="ignore")
