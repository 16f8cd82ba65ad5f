#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The how-to in one mode: create, look, take ports down and up ten times; nothing is lost.

howto.py MODE
"""
import sys

from harness import A4, A6, B4, B6, BALANCED, MODES, LabTest, Pings, Streams, main, wait_for

MODE = sys.argv.pop(1) if len(sys.argv) > 1 and sys.argv[1] in MODES + BALANCED else "balance-rr"
ROUNDS = 10
DESCRIPTIONS = {
    "balance-rr": "load balancing (round-robin)",
    "active-backup": "fault-tolerance (active-backup)",
    "balance-xor": "load balancing (xor)",
    "broadcast": "fault-tolerance (broadcast)",
    "balance-tlb": "transmit load balancing",
    "balance-alb": "adaptive load balancing",
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

    def test_a_host_that_is_silent(self):
        """Nothing that host a sends tells the switch where it is now: the announcements must."""
        self.make_bond(f"mode={MODE},miimon=100", "ipv6.method", "manual", "ipv6.addresses",
                       f"{A6}/64")
        self.lab.wait_ping(B6)
        silent = ("b>a",)
        with Streams(self.lab, 200, directions=silent) as four, \
                Streams(self.lab, 200, directions=silent, to_a=A6, port=7010) as six:
            for port in ("eth1", "eth0"):
                self.lab.nmcli("connection", "down", port)
                self.assert_own_mac(port)
                self.assert_claimed(port)
                self.lab.nmcli("connection", "up", port)
                self.wait_ports(("eth0", "eth1"))
        four.assert_lossless("IPv4 to a host that sends nothing")
        six.assert_lossless("IPv6 to a host that sends nothing")

    def assert_claimed(self, port):
        """Somebody else wants the port: from here on what the switch still sends there is lost."""
        self.lab.a.shell(f"ip addr add 10.55.0.1/24 dev {port}")
        wait_for(lambda: not self.filters(port), 5, f"{port} to be let go")
        self.lab.a.shell(f"ip addr flush dev {port}")

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
