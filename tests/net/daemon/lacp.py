#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""802.3ad against 802.3ad: a bondd on either side, nothing but cables between them.

    lab one, host a                     lab two, host a
    bond0 10.0.9.1 ═╡ eth0 ─────────── eth0 ╞═ bond0 10.0.9.2
                    ╡ eth1 ─────────── eth1 ╞
"""
import json
import os
import re
import sys
import time
import unittest

from common import Streams, main, variant, wait_for
from lacp_side import UP, Side

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "cli"))
import jsonschema_subset  # noqa: E402 (the path comes first)


def jsonschema_errors(bond):
    """What of `bondcli status --json` is not as docs/ promise."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "docs",
                           "status-1.schema.json"), encoding="utf-8") as file:
        schema = json.load(file)
    return list(jsonschema_subset.errors(bond, schema["$defs"]["bond"], schema))


class Lacp(unittest.TestCase):
    def setUp(self):
        self.one, self.two = Side("10.0.9.1"), None
        self.addCleanup(self.one.lab.close)
        self.two = Side("10.0.9.2")
        self.addCleanup(self.two.lab.close)
        for port in ("eth0", "eth1"):
            self.one.host.wire(port, self.two.host, port)

    def tearDown(self):
        self.report = self.one.proc() + self.two.proc() + self.one.lab.diagnosis()

    def run(self, result=None):
        """A failure comes with the state of both sides."""
        failures = result and len(result.failures) + len(result.errors)
        self.report = None
        out = super().run(result)
        if result and len(result.failures) + len(result.errors) > failures and self.report:
            print(self.report, file=sys.stderr)
        return out

    def up(self, one=None, two=None):
        self.one.create(**(one or {}))
        self.two.create(**(two or {}))
        self.one.attach("eth0", "eth1")
        self.two.attach("eth0", "eth1")
        fast = [2 if (o or {}).get("lacp_rate") == "fast" else 0 for o in (one, two)]
        wait_for(lambda: self.one.in_use("eth0", "eth1", fast=fast) and
                 self.two.in_use("eth0", "eth1", fast=fast[::-1]), 20,
                 lambda: f"both in sync: {self.one.states()} {self.two.states()}")
        wait_for(lambda: self.one.host.ping("10.0.9.2", 1)[1] == 1, 5, "a ping")

    def streams(self, interval_us=500):
        return Streams(self.one.lab, interval_us, to_b="10.0.9.2", to_a="10.0.9.1",
                       near=self.one.host, other=self.two.host)

    def test_up_and_spread(self):
        self.up()
        text = self.one.proc()
        self.assertIn("Bonding Mode: IEEE 802.3ad Dynamic link aggregation\n"
                      "Transmit Hash Policy: layer3+4 (1)\nMII Status: up\n", text)
        self.assertIn("802.3ad info\nLACP active: on\nLACP rate: slow\nMin links: 0\n"
                      "Aggregator selection policy (ad_select): stable\n"
                      "System priority: 65535\n", text)
        self.assertIn("\tNumber of ports: 2\n", text)
        self.assertEqual(text.count("Aggregator ID: 1\n"), 3)
        self.assertEqual(text.count("Partner Mac Address: " + self.two.host.mac("bond0")), 1)
        before = {port: self.one.sent(port) for port in ("eth0", "eth1")}
        for port, was in before.items():  # a port is chosen a moment after its partner collects
            wait_for(lambda: self.one.flows("10.0.9.2") or self.one.sent(port) - was > 50, 5,
                     f"{port} to have its share")

    def test_told_on_dbus_and_by_bondcli(self):
        self.one.create()
        self.two.create(ad_user_port_key="5")
        self.one.attach("eth0")
        self.one.lab.bond_call("bond0", "AttachPort", "(sa{sv})", "eth1",
                               {"actor-port-prio": variant("u", 77)})
        self.two.attach("eth0", "eth1")
        wait_for(lambda: self.one.in_use("eth0", "eth1"), 10, "both in sync")
        system, partner = self.one.host.mac("bond0"), self.two.host.mac("bond0")
        bond = self.one.lab.bond("bond0")
        key = bond["Lacp"]["actor-key"]
        self.assertEqual(bond["Lacp"], {
            "system-priority": 65535, "system": system, "aggregator": 1, "ports": 2,
            "actor-key": key, "partner-key": 5 << 6 | key, "partner-system": partner})
        port = bond["ports"]["eth1"]
        self.assertEqual(port["ActorPortPriority"], 77)
        self.assertEqual(port["Lacp"], {
            "aggregator": 1, "aggregator-is-active": True, "receive-state": "current",
            "mux-state": "collecting-distributing", "looped": False,
            "actor-churn": "monitoring", "actor-churned": 0,
            "partner-churn": "monitoring", "partner-churned": 0,
            "actor": {"system-priority": 65535, "system": system, "key": key,
                      "port-priority": 77, "port": 2, "state": UP},
            "partner": {"system-priority": 65535, "system": partner, "key": 5 << 6 | key,
                        "port-priority": 255, "port": 2, "state": UP}})
        text = self.one.host.run("bondcli", "status", "bond0")
        self.assertRegex(text, rf"aggregator +1: 2 ports, partner {partner}\n")
        self.assertRegex(text, rf"eth1: aggregator 1, collecting-distributing, state 61, "
                         rf"partner {partner} \(current\), state 61\n")
        told = json.loads(self.one.host.run("bondcli", "status", "--json"))["bonds"][0]
        self.assertEqual(told["lacp"]["partner_system"], partner)
        self.assertEqual(told["ports"][1]["lacp"]["actor"]["port_priority"], 77)
        self.assertEqual(jsonschema_errors(told), [])
        self.one.lab.bond_call("bond0", "SetOptions", "(a{ss}u)", {"mode": "balance-xor"}, 0)
        bond = self.one.lab.bond("bond0")
        self.assertEqual((bond["Lacp"], bond["ports"]["eth0"]["Lacp"]), ({}, {}))
        with self.assertRaisesRegex(Exception, "actor_port_prio 0 is not allowed"):
            self.one.lab.bond_call("bond0", "AttachPort", "(sa{sv})", "eth1",
                                   {"actor-port-prio": variant("u", 0)})

    def test_leave_and_join_lossless(self):
        self.up()
        with self.streams() as streams:
            for side in (self.one, self.two):
                for port in ("eth1", "eth0"):
                    other = {"eth0": "eth1", "eth1": "eth0"}[port]
                    side.detach(port)
                    wait_for(lambda: port not in side.states(), 5, "the port to leave")
                    time.sleep(0.5)
                    self.assertTrue(side.in_use(other), side.states())
                    side.attach(port)
                    wait_for(lambda: self.one.in_use(other, port) or
                             self.one.in_use(port, other), 10,
                             lambda: f"{port} to be back: {self.one.states()}")
        streams.assert_lossless("ports left and joined on both sides")

    def test_cut(self):
        self.up()
        with self.streams() as streams:
            time.sleep(0.3)
            self.two.host.run("ip", "link", "set", "eth0", "down")
            time.sleep(1)
        for result in streams.results.values():
            self.assertLess(result["lost_span_us"], 200_000, result)
        self.two.host.run("ip", "link", "set", "eth0", "up")
        wait_for(lambda: self.one.in_use("eth0", "eth1"), 10,
                 lambda: f"eth0 to be back: {self.one.states()}")
        self.assertIn("Link Failure Count: 1\n", self.one.proc())

    def test_the_bonds_address_is_set(self):
        """LACPDUs go on, of the same system (as the kernel's), and traffic by the new address."""
        self.up({"lacp_rate": "fast"}, {"lacp_rate": "fast"})
        system = self.one.lab.bond("bond0")["Lacp"]["system"]
        self.one.host.run("ip", "link", "set", "bond0", "address", "02:00:00:00:00:99")
        wait_for(lambda: all(self.one.host.mac(port) == "02:00:00:00:00:99"
                             for port in ("eth0", "eth1")), 5, "the ports to follow")
        end = time.monotonic() + 4  # without LACPDUs the port is given up after 3 s
        while time.monotonic() < end:
            self.assertTrue(self.two.in_use("eth0", "eth1", fast=(2, 2)), self.two.states())
            time.sleep(0.1)
        self.assertEqual(self.two.lab.bond("bond0")["Lacp"]["partner-system"], system)
        wait_for(lambda: self.two.host.ping("10.0.9.1", 1)[1] == 1, 5, "a ping")

    def test_killed(self):
        self.up({"lacp_rate": "fast"}, {"lacp_rate": "fast"})
        with self.streams() as streams:
            for _ in range(3):
                self.one.kill()
                time.sleep(1)
                self.one.lab.start_bondd()
                end = time.monotonic() + 4
                while time.monotonic() < end:
                    self.assertTrue(self.two.in_use("eth0", "eth1", fast=(2, 2)),
                                    self.two.states())
                    time.sleep(0.1)
        streams.assert_lossless("bondd was killed three times")
        self.assertTrue(self.one.in_use("eth0", "eth1", fast=(2, 2)), self.one.states())

    def test_no_partner(self):
        """Nobody answers: one port carries the traffic, or with lacp_strict none."""
        self.one.create()
        self.two.create(mode="active-backup")
        self.one.attach("eth0", "eth1")
        self.two.attach("eth0", "eth1")
        wait_for(lambda: self.one.host.ping("10.0.9.2", 1)[1] == 1, 10, "a ping")
        self.one.lab.bond_call("bond0", "SetOptions", "(a{ss}u)", {"lacp_strict": "on"}, 0)
        wait_for(lambda: "NO-CARRIER" in self.one.host.link("bond0")["flags"], 5, "no carrier")

    def test_broadcast_neighbor(self):
        """Questions for neighbours leave by both ports; answers, and everything else, by one."""
        self.up({"broadcast_neighbor": "on"})
        for side, address in ((self.one, "fd00:9::1"), (self.two, "fd00:9::2")):
            side.host.shell(f"ip addr add {address}/64 dev bond0 nodad")
        self.assert_asked_by(2, "10.0.9.2", "Request who-has 10.0.9.2")
        self.assert_asked_by(2, "fd00:9::2", "neighbor solicitation, who has fd00:9::2")
        self.one.lab.bond_call("bond0", "SetOptions", "(a{ss}u)", {"broadcast_neighbor": "off"}, 0)
        self.assert_asked_by(1, "10.0.9.2", "Request who-has 10.0.9.2")
        self.assert_asked_by(1, "fd00:9::2", "neighbor solicitation, who has fd00:9::2")

    def assert_asked_by(self, n, address, words):
        """By how many ports a question arrives: a ping to somebody new is what asks."""
        logs = {port: os.path.join(self.two.lab.work, port + ".cap") for port in ("eth0", "eth1")}
        captures = [self.two.host.start("tcpdump", "--immediate-mode", "-lni", port, "arp or icmp6",
                                        log=log) for port, log in logs.items()]

        def seen(text):
            found = []
            for port, log in logs.items():
                with open(log, encoding="utf-8") as file:
                    found += [port] if text in file.read() else []
            return found

        wait_for(lambda: len(seen("listening on")) == 2, 10, "tcpdump to listen")

        def ask():
            self.one.host.run("ip", "neigh", "flush", "dev", "bond0")
            self.assertEqual(self.one.host.ping(address, 3)[1], 3)

        # a port is used a moment after its partner collects
        wait_for(lambda: ask() or len(seen(words)) >= n, 5,
                 lambda: f"{words} by {n}: {seen(words)}", interval=0.1)
        time.sleep(0.2)  # for one that must not come
        self.assertEqual(len(seen(words)), n)
        for capture in captures:
            capture.stop()
        for log in logs.values():
            os.unlink(log)

    def test_looped_cable(self):
        """Both ends of a cable in one bond: each port is alone, and nothing goes round."""
        self.one.create()
        self.one.host.shell("ip link add loop0 type veth peer name loop1")
        self.one.attach("loop0", "loop1")
        wait_for(lambda: any(e["event"] == "lacp-loop" for e in
                             self.one.lab.bondd_call("GetEvents", "(st)", "bond0", 0)[0]), 5,
                 "the loop to be noticed")
        ids = re.findall(r"Aggregator ID: (\d+)\nActor", self.one.proc())
        self.assertEqual(ids, ["1", "2"])


if __name__ == "__main__":
    main()
