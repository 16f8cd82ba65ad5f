#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A port loses its carrier: by the packet path itself, by netlink alone, and how long each step took."""
import signal

from common import BONDD, BondTest, main

PHASES = ("detected-us", "decided-us", "switched-us", "announced-us")


class Failover(BondTest):
    def failover(self):
        return self.lab.get_property(BONDD, self.lab.bond_path("bond0"), BONDD + ".Bond", "Failover")

    def check_phases(self):
        event = self.wait_event("active-changed", "eth1")
        times = [event[phase] for phase in PHASES]
        print("  " + self.failover() + ": " + ", ".join(f"{p} {t}" for p, t in zip(PHASES, times)))
        self.assertEqual(times, sorted(times))
        self.assertGreaterEqual(event["took-us"], times[-1])
        return event

    def test_phases(self):
        self.bond_of_two("active-backup")
        self.assertIn(self.failover(), ("packet-path", "netlink"))
        self.lab.cut("eth0")
        event = self.check_phases()
        self.lab.wait_ping()
        self.kill(signal.SIGTERM)  # the log keeps them
        self.lab.start_bondd()
        again = [e for e in self.events() if e["seq"] == event["seq"]]
        self.assertEqual([again[0][p] for p in PHASES], [event[p] for p in PHASES])

    def test_netlink_alone(self):
        path = self.lab.write("bondd.conf", "[main]\nfailover=netlink\n")
        self.lab.bondd_ends(f"--config={path}")
        self.bond_of_two("active-backup")
        self.assertEqual(self.failover(), "netlink")
        self.lab.cut("eth0")
        self.check_phases()
        self.lab.wait_ping()

    def test_bondd_stopped(self):
        """The packet path does it all, both ways; afterwards bondd finds what it would have done."""
        self.bond_of_two("active-backup")
        if self.failover() != "packet-path":
            self.skipTest("this kernel does not let the packet path see carriers")
        self.lab.kill_bondd(signal.SIGSTOP)
        try:
            self.lab.cut("eth0")
            self.lab.wait_ping()
        finally:
            self.lab.kill_bondd(signal.SIGCONT)
        self.wait_event("active-changed", "eth1")
        self.lab.wait_ping()

    def test_restart_uses_the_same_programs(self):
        self.bond_of_two("active-backup")
        before = self.programs()
        self.assertEqual(len(before), 4, before)
        self.kill(signal.SIGKILL)
        self.lab.start_bondd()
        self.assertEqual(self.programs(), before)
        self.lab.cut("eth0")
        self.wait_event("active-changed", "eth1")
        self.lab.wait_ping()


if __name__ == "__main__":
    main()
