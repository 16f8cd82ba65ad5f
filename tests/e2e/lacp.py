#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The how-to's experiment in mode 802.3ad: NetworkManager here, an LACP partner at the other end.

    host a: NetworkManager, bondd       another lab's host a: bondd alone
    bond0 10.0.9.1 ═╡ eth0 ─────────── eth0 ╞═ bond0 10.0.9.2
                    ╡ eth1 ─────────── eth1 ╞
"""
import os
import sys

from cut import BEST_US_MAX, WORST_US_MAX
from harness import LabTest, Streams, main, wait_for

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "net", "daemon"))
from lacp_side import Side  # noqa: E402 (the path comes first)

ROUNDS = 10
BOTH = ("eth0", "eth1")


class Lacp(LabTest):
    lab_options = {"ports": 0}

    def setUp(self):
        super().setUp()
        self.partner = Side("10.0.9.2")
        self.addCleanup(self.partner.lab.close)
        for port in BOTH:
            self.lab.a.wire(port, self.partner.host, port)
        self.partner.create(lacp_rate="fast")
        self.partner.attach(*BOTH)

    def used(self):
        """Ports that carry traffic at both ends."""
        ends = [{port for port, states in Side.states_of(text).items()
                 if states and states[0] & 0x38 == 0x38}
                for text in (self.lab.proc_text("bond0"), self.partner.proc())]
        return tuple(sorted(ends[0] & ends[1])) if ends[0] == ends[1] else ()

    def wait_used(self, *ports):
        wait_for(lambda: self.used() == ports, 20,
                 lambda: f"{ports} in use:\n{self.lab.proc_text('bond0')}\n{self.partner.proc()}")

    def up(self, options="mode=802.3ad,miimon=100,lacp_rate=fast,xmit_hash_policy=layer3+4"):
        self.add_bond(options, address="10.0.9.1/24")
        for port in BOTH:
            self.lab.nmcli("connection", "add", "type", "ethernet", "con-name", port, "ifname",
                           port, "master", "bond0")
        for name in ("bond0", *BOTH):  # how long a busy machine takes is not the subject
            wait_for(lambda: self.lab.a.result("nmcli", "connection", "up", name).returncode == 0,
                     60, f"{name} to be activated")
        wait_for(lambda: self.lab.proc_text("bond0"), 10, "the status text")
        self.wait_used(*BOTH)
        wait_for(lambda: self.lab.a.ping("10.0.9.2", 1)[1] == 1, 10, "a ping")

    def streams(self):
        return Streams(self.lab, 1000, to_b="10.0.9.2", to_a="10.0.9.1", echo=True,
                       near=self.lab.a, other=self.partner.host)

    def test_ten_rounds_of_down_and_up(self):
        self.up()
        self.assertIn("Bonding Mode: IEEE 802.3ad Dynamic link aggregation\n",
                      self.lab.proc_text("bond0"))
        with self.streams() as streams:
            for n in range(ROUNDS):
                port, other = BOTH[n % 2], BOTH[1 - n % 2]
                self.lab.nmcli("connection", "down", port)
                self.wait_used(other)
                self.lab.nmcli("connection", "up", port)
                self.wait_used(*BOTH)
        streams.assert_lossless(f"{ROUNDS} rounds of down and up")
        self.say(f"{ROUNDS} rounds, nothing lost")

    def test_reapply_under_traffic(self):
        self.up()
        with self.streams() as streams:
            self.lab.nmcli("connection", "modify", "bond0", "+bond.options",
                           "xmit_hash_policy=layer2+3,min_links=1")
            self.lab.nmcli("device", "reapply", "bond0")
            wait_for(lambda: "Min links: 1\n" in self.lab.proc_text("bond0"), 5, "the option")
        streams.assert_lossless("reapply")
        self.assertEqual(self.used(), BOTH)

    def test_each_port_cut_and_mended(self):
        """As cut.py for the other modes."""
        self.up()
        lost = []
        for n, (port, other) in enumerate((BOTH, BOTH[::-1]) * 2):
            with self.streams() as cut:
                self.partner.host.run("ip", "link", "set", port, "down")
                self.wait_used(other)
            with self.streams() as mend:
                self.partner.host.run("ip", "link", "set", port, "up")
                self.wait_used(*BOTH)
            mend.assert_lossless(f"{port} was mended")
            self.assertIn(f"Link Failure Count: {n // 2 + 1}\n",
                          self.lab.proc_text("bond0").split(f"Slave Interface: {port}\n")[1])
            self.say(f"{port} cut: lost µs {cut.lost_us()}")
            lost.append(max(cut.lost_us().values()))
            self.assertLess(lost[-1], WORST_US_MAX, cut.describe())
        self.assertLess(min(lost), BEST_US_MAX, f"µs of loss, cut by cut: {lost}")

    def test_the_last_port_dies(self):
        self.up()
        for port in BOTH:
            self.partner.host.run("ip", "link", "set", port, "down")
        wait_for(lambda: self.carrier() is False, 5, "NetworkManager to show no carrier")
        self.assertIn("NO-CARRIER", self.lab.a.link("bond0")["flags"])
        self.partner.host.run("ip", "link", "set", "eth1", "up")
        self.wait_used("eth1")
        wait_for(lambda: self.carrier() is True, 5, "NetworkManager to show carrier")
        wait_for(lambda: self.lab.a.ping("10.0.9.2", 1)[1] == 1, 10, "a ping")


if __name__ == "__main__":
    main()
