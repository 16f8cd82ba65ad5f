#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""`bondcli drill` and its fault `delay`, which needs netem in the kernel: late frames are late by what
was asked for, its end throws away none that are being held, and nothing stays behind."""
import json
import os
import signal
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "cli"))
import jsonschema_subset  # noqa: E402 (the path comes first)
from common import BonddCase, schema  # noqa: E402
from lab.namespace import wait_for  # noqa: E402
from lab.topology import build_dir  # noqa: E402


def events(text):
    report = json.loads(text)
    problems = jsonschema_subset.errors(report, schema("drill-1.schema.json"))
    assert problems == [], problems
    return report["runs"][0]["events"]


def lost_at_the_end(event, way):
    """While the fault is undone. (Of what a busy guest loses at another time nothing is said.)"""
    begin = event["undone_us"] - 2000 * event["fault"]["delay_ms"]
    end = event["undone_us"] + 1000
    return sum(gap["lost"] for gap in event[way]["gaps"] if begin < gap["to_us"] and gap["from_us"] < end)


class InTheLab(unittest.TestCase):
    def test_both_ways_are_late(self):
        env = dict(os.environ, NM_BOND_BUILDDIR=build_dir(), LC_ALL="C.UTF-8")
        argv = [os.path.join(build_dir(), "cli", "bondcli"), "drill", "--lab", "--json", "--compare",
                "mode=active-backup primary=eth0", "delay:eth0,delay-ms=120,hold-ms=1000"]
        result = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=200,
                                check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        (event,) = events(result.stdout)
        self.assertEqual((event["outcome"], event["fault"]["delay_ms"]), ("played", 120))
        for way in ("out", "in"):
            # the kernel stops a device's queues when it changes its qdisc; 120 were being held
            self.assertLess(lost_at_the_end(event, way), 20, event)
            self.assertGreaterEqual(event[way]["late_us"], 115000, event[way])


class Live(BonddCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lab.a.shell("ip addr add 10.0.1.243/24 dev bond0")
        cls.lab.wait_ping()

    def has_netem(self):
        return "netem" in self.lab.a.run("tc", "qdisc", "show", "dev", "eth0")

    def test_what_is_sent_is_late(self):
        result = self.bondcli("drill", "bond0", "--to", "10.0.1.1", "--icmp", "--yes", "--json",
                              "--interval", "2000", "delay:eth0,delay-ms=80,hold-ms=500", timeout=100)
        self.assertEqual(result.returncode, 0, f"{result.stderr}\n{self.lab.diagnosis()}")
        (event,) = events(result.stdout)
        self.assertLess(lost_at_the_end(event, "round_trip"), 10, event)  # 40 were being held
        self.assertGreaterEqual(event["round_trip"]["late_us"], 75000, event)
        self.assertFalse(self.has_netem())

    def test_a_qdisc_of_somebody_stays(self):
        self.lab.a.run("tc", "qdisc", "add", "dev", "eth0", "root", "handle", "7:", "netem", "limit", "9")
        try:
            self.bad(2, "'delay' cannot be done to eth0: it has a queueing discipline already, see "
                     "'tc qdisc show dev eth0'.", "drill", "bond0", "--to", "10.0.1.1", "--icmp", "--yes",
                     "delay:eth0")
            self.assertIn("netem 7:", self.lab.a.run("tc", "qdisc", "show", "dev", "eth0"))
        finally:
            self.lab.a.run("tc", "qdisc", "del", "dev", "eth0", "root")

    def test_killed_in_the_middle(self):
        process = self.lab.a.start("bondcli", "drill", "bond0", "--to", "10.0.1.1", "--icmp", "--yes",
                                   "delay:eth0,hold-ms=60000")
        wait_for(self.has_netem, 60, "the fault")
        process.kill(signal.SIGKILL)
        wait_for(lambda: not self.has_netem(), 30, "the guard to take it away")
        self.lab.wait_ping()


if __name__ == "__main__":
    unittest.main(verbosity=2)
