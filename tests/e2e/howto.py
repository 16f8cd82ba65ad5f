#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The how-to in one mode: create, look, take ports down and up ten times; nothing is lost.

howto.py MODE
"""
import sys

from harness import A4, B4, MODES, LabTest, Pings, Streams, main

MODE = sys.argv.pop(1) if len(sys.argv) > 1 and sys.argv[1] in MODES else "balance-rr"
ROUNDS = 10
DESCRIPTIONS = {
    "balance-rr": "load balancing (round-robin)",
    "active-backup": "fault-tolerance (active-backup)",
    "balance-xor": "load balancing (xor)",
    "broadcast": "fault-tolerance (broadcast)",
}


class HowTo(LabTest):
    def test_created_as_the_how_to_says(self):
        self.make_bond(f"mode={MODE},miimon=100")
        for port in ("eth0", "eth1"):
            self.assert_port_of(port)
            self.assertEqual(self.lab.device(port), ("ethernet", "connected", port))
        self.assertEqual(self.lab.device("bond0"), ("bond", "connected", "bond0"))
        self.assertIn(f"inet {A4}/24", self.lab.a.run("ip", "address", "show", "dev", "bond0"))
        self.assertEqual(self.slaves(), {"eth0", "eth1"})

        bond, ports = self.status()
        self.assertEqual(bond["Bonding Mode"], DESCRIPTIONS[MODE])
        self.assertEqual(bond["MII Status"], "up")
        self.assertEqual(bond["MII Polling Interval (ms)"], "100")
        self.assertEqual({p: f["Permanent HW addr"] for p, f in ports.items()}, self.own_macs)
        self.assertEqual(self.lab.bondcli("status", "bond0", "--proc"),
                         self.lab.proc_text("bond0"))
        self.assertIn("bond0", self.lab.bondcli("status"))

        self.lab.nmcli("connection", "reload")
        self.assertEqual(self.lab.device("bond0"), ("bond", "connected", "bond0"))
        self.lab.nmcli("connection", "delete", "bond0")
        self.lab.nmcli("connection", "delete", "eth0", "eth1")
        self.assertIsNone(self.lab.device("bond0"))
        self.assert_nothing_left()

    def slaves(self):
        text = self.lab.nmcli("-g", "BOND.SLAVES", "device", "show", "bond0")
        return set(text.split())

    def test_600_pings_at_10_ms_over_down_and_up(self):
        self.make_bond(f"mode={MODE},miimon=100")
        pings = self.lab.a.start("ping", "-n", "-q", "-i", "0.01", "-c", "600", B4)
        with Streams(self.lab, 1000, echo=True) as streams:
            self.lab.nmcli("connection", "down", "eth1")
            self.assert_own_mac("eth1")
            self.lab.nmcli("connection", "up", "eth1")
            self.wait_ports(("eth0", "eth1"))
            text = pings.popen.communicate(timeout=20)[0]
        self.assertIn("600 packets transmitted, 600 received", text)
        streams.assert_lossless("down and up of eth1")
        self.say("600 pings, none lost")

    def test_ten_rounds_of_down_and_up(self):
        self.make_bond(f"mode={MODE},miimon=100")
        pings = Pings(self.lab.a)
        sent = 0
        for number in range(1, ROUNDS + 1):
            for port in ("eth1", "eth0"):
                was_active = self.active_port() in (None, port)
                with Streams(self.lab, 100) as fast, Streams(self.lab, 1000, port=7010) as slow:
                    self.lab.nmcli("connection", "down", port)
                    self.assert_own_mac(port)
                    self.lab.nmcli("connection", "up", port)
                    self.wait_ports(("eth0", "eth1"))
                    self.assert_port_of(port)
                what = f"round {number}, {port} ({'active' if was_active else 'backup'})"
                fast.assert_lossless(what + ", 100 µs")
                slow.assert_lossless(what + ", 1 ms")
                sent += sum(r["sent"] for s in (fast, slow) for r in s.results.values())
        self.assert_lossless_pings(*pings.stop(), "ten rounds")
        self.say(f"{MODE}: {ROUNDS} rounds of eth1 and eth0, {sent} frames and the pings, "
                 "none lost")


if __name__ == "__main__":
    main()
