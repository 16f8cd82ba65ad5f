#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Macvlan and ipvlan devices over a bond, each in a host of its own: reached from outside, from one
another, and still after a failover.

    host g  m1 10.0.1.201 ┐                switch          host b
    host h  m2 10.0.1.202 ┴ bond0 ═╡ eth0 ────┐            10.0.1.1
                                   ╡ eth1 ────┴───────────
Needs ipvlan (run, in this directory).
"""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "daemon"))
from common import BondTest, main, wait_for  # noqa: E402 (the path comes first)
from lab import Host  # noqa: E402

MODES = ("balance-rr", "active-backup", "balance-xor", "balance-tlb", "balance-alb")
KINDS = ("macvlan mode bridge", "ipvlan mode l2")
ABOVE = {"g": "10.0.1.201", "h": "10.0.1.202"}


class Stacked(BondTest):
    def setUp(self):
        super().setUp()
        self.hosts = {name: Host(name, self.lab.work) for name in ABOVE}
        for host in self.hosts.values():
            self.addCleanup(host.close)

    def put_above(self, kind):
        for name, host in self.hosts.items():
            # only the network namespace is entered: `netns PID` is then an outside PID
            subprocess.run(["nsenter", "-t", str(self.a.holder), "-n", "ip", "link", "add", "link",
                            "bond0", "name", "m" + name, "netns", str(host.holder),
                            "type", *kind.split()], check=True)
            host.shell(f"ip addr add {ABOVE[name]}/24 dev m{name}; ip link set m{name} up")

    def assert_all_reach_all(self, when):
        b, g, h = self.lab.b, self.hosts["g"], self.hosts["h"]
        for host, address in ((g, "10.0.1.1"), (h, "10.0.1.1"), (b, ABOVE["g"]), (b, ABOVE["h"]),
                              (g, ABOVE["h"]), (h, ABOVE["g"])):
            wait_for(lambda: host.ping(address, 2, timeout=2)[1] == 2, 10,
                     f"{when}: host {host.name} to reach {address}")

    def test_each_mode(self):
        """The bond lives on; its mode and what is above it change."""
        self.create(MODES[0])
        self.attach("eth0", "eth1")
        self.lab.wait_ping()
        for mode in MODES:
            self.lab.bond_call("bond0", "SetOptions", "(a{ss}u)", {"mode": mode}, 0)
            for kind in KINDS:
                with self.subTest(mode=mode, kind=kind):
                    self.put_above(kind)
                    self.assert_all_reach_all(f"{mode}, {kind}")
                    self.lab.cut("eth0")
                    self.wait_link("down")
                    self.assert_all_reach_all(f"{mode}, {kind}, eth0 cut")
                    self.lab.mend("eth0")
                    self.wait_link("up")
                    for name, host in self.hosts.items():
                        host.run("ip", "link", "del", "m" + name)

    def wait_link(self, state):
        wait_for(lambda: self.lab.bond("bond0")["ports"]["eth0"]["LinkState"] == state, 10,
                 f"eth0 to be {state}")


if __name__ == "__main__":
    main()
