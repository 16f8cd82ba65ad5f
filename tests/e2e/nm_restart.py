#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""NetworkManager is stopped, killed and started under traffic: nobody notices.

nm_restart.py [veth|physical]: with "physical" NetworkManager takes the ports for network cards,
for which its own rules of adoption are stricter.
"""
import re
import signal
import sys
import time

from harness import A6, B6, LabTest, Streams, main, wait_for

KIND = sys.argv.pop(1) if len(sys.argv) > 1 and sys.argv[1] in ("veth", "physical") else "veth"
TERM, KILL = signal.SIGTERM, signal.SIGKILL


class Restart(LabTest):
    lab_options = {"physical": KIND == "physical"}

    def setUp(self):
        super().setUp()
        software = self.lab.nmcli("-g", "CAPABILITIES.IS-SOFTWARE", "device", "show", "eth0")
        self.assertEqual(software.strip(), "no" if KIND == "physical" else "yes")

    def profiles(self):
        lines = self.lab.nmcli("-t", "-f", "NAME,UUID,TYPE,DEVICE,STATE", "connection", "show",
                               "--active").splitlines()
        return sorted(line for line in lines if ":loopback:" not in line)

    def addresses(self):
        text = self.lab.a.run("ip", "-o", "address", "show", "dev", "bond0")
        return sorted(line.split(" valid_lft")[0] for line in text.splitlines())

    def wait_adopted(self, before):
        wait_for(lambda: self.profiles() == before, 15,
                 lambda: f"the same profiles active.\nbefore: {before}\nnow:    {self.profiles()}")

    def check(self, actions, what):
        """Runs actions under traffic; then everything must be as before, and quiet."""
        before, addresses = self.profiles(), self.addresses()
        monitor = self.lab.a.start("ip", "-ts", "monitor", "link", "address", "route")
        with Streams(self.lab, 1000) as slow, Streams(self.lab, 200, port=7010) as fast:
            actions()
            self.wait_adopted(before)
            self.wait_ports(("eth0", "eth1"))
            self.assertEqual(self.lab.device("bond0"), ("bond", "connected", "bond0"))
        slow.assert_lossless(what)
        fast.assert_lossless(what)
        self.assertEqual(self.addresses(), addresses)
        for port in ("eth0", "eth1"):
            self.assertEqual(self.lab.a.run("ip", "-o", "address", "show", "dev", port), "",
                             f"addresses of {port}")
            self.assertEqual(self.lab.a.run("sysctl", "-n", f"net.ipv6.conf.{port}.disable_ipv6"),
                             "1\n", f"IPv6 of {port}")
        self.assertEqual(self.lab.nmcli("-g", "BOND.SLAVES", "device", "show", "bond0").split(),
                         ["eth0", "eth1"])
        self.assertEqual(self.seen_by(monitor), [], "ip monitor")
        self.assertNotRegex(self.nm_complaints(), "(?i)critical|assertion|segfault")
        sent = sum(r["sent"] for s in (slow, fast) for r in s.results.values())
        self.say(f"{what}: {sent} frames, none lost; ip monitor empty")

    def nm_complaints(self):
        with open(self.lab.path("nm.log"), encoding="utf-8", errors="replace") as log:
            return "".join(line for line in log if "<error>" in line or "CRITICAL" in line)

    @staticmethod
    def seen_by(monitor):
        """What `ip monitor` saw, except for NetworkManager's own habit of switching IPv6 of a
        device without IPv6 addresses (here: the ports) on and off when it starts."""
        return [line for line in monitor.stop().splitlines()
                if line and not re.search(r"multicast ff00::/8 dev eth\d table local", line)]

    def check_down_up(self, what):
        with Streams(self.lab, 100) as streams:
            for port in ("eth1", "eth0"):
                self.lab.nmcli("connection", "down", port)
                self.assert_own_mac(port)
                self.lab.nmcli("connection", "up", port)
                self.wait_ports(("eth0", "eth1"))
        streams.assert_lossless(f"down and up of the ports after {what}")

    def bond(self, mode="active-backup"):
        self.make_bond(f"mode={mode},miimon=100", "ipv6.method", "manual", "ipv6.addresses",
                       f"{A6}/64")
        self.lab.wait_ping(B6)

    def test_four_in_a_row(self):
        self.bond()
        for signo in (TERM, KILL, TERM, KILL):
            self.check(lambda s=signo: self.lab.restart_nm(s), f"{KIND} {signo.name}")
        self.check_down_up("four restarts")

    def test_round_robin(self):
        self.bond("balance-rr")
        for signo in (KILL, TERM):
            self.check(lambda s=signo: self.lab.restart_nm(s), f"{KIND} {signo.name}")
        self.check_down_up("two restarts")

    def test_killed_while_adopting(self):
        self.bond()

        def killed_early():
            self.lab.stop_nm(KILL)
            for after_ms in (50, 150, 250, 350, 450):
                self.lab.start_nm(wait=False)
                time.sleep(after_ms / 1000)  # the subject: a death at this moment
                self.lab.stop_nm(KILL)
            self.lab.start_nm()
        self.check(killed_early, f"{KIND} five kills 50 to 450 ms after the start")
        self.check_down_up("kills while adopting")

    def test_with_a_port_without_carrier(self):
        self.bond()
        self.lab.cut("eth1")
        wait_for(lambda: self.status()[1]["eth1"]["MII Status"] == "down", 3, "the cut")
        before = self.profiles()
        with Streams(self.lab, 1000) as streams:
            self.lab.restart_nm(KILL)
            wait_for(lambda: [p for p in self.profiles() if "bond0" in p]
                     == [p for p in before if "bond0" in p], 15, "the bond to be adopted")
        streams.assert_lossless("a restart with eth1 cut")
        self.lab.mend("eth1")
        self.wait_ports(("eth0", "eth1"))


if __name__ == "__main__":
    main()
