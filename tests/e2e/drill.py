#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The how-to in two commands: `bondcli add` makes the bond, `bondcli drill` takes one port after the
other down and up as nmcli does, in mode 0 and then in mode 1. Nothing is lost."""
import json
import os
import unittest

from harness import A4, B4, LabTest, wait_for
from lab.topology import build_dir


class HowTo(LabTest):
    def drill(self):
        """What taking each port down and up has cost, by port."""
        result = self.lab.a.result("bondcli", "drill", "bond0", "--to", B4, "--yes", "--json",
                                   "admin-down:eth1", "admin-down:eth0", timeout=100)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.say(result.stderr.replace("\n", "; "))
        events = json.loads(result.stdout)["runs"][0]["events"]
        for event in events:
            self.assertEqual(event["outcome"], "played", event)
            self.assertGreater(min(event["out"]["sent"], event["in"]["sent"]), 1000)
        return {e["fault"]["port"]: (e["out"]["lost"], e["in"]["lost"]) for e in events}

    def wait_for_ports(self):
        wait_for(lambda: {p["State"] for p in self.lab.bond("bond0")["ports"].values()}
                 <= {"active", "backup"} and len(self.lab.bond("bond0")["ports"]) == 2, 15,
                 lambda: "both ports to be usable\n" + self.lab.diagnosis())
        self.lab.wait_ping()

    def test_mode_0_against_mode_1(self):
        self.lab.b.start(os.path.join(build_dir(), "cli", "bondcli"), "drill", "--respond",
                         log=self.lab.path("responder.log"))
        self.lab.bondcli("add", "bond0", "mode", "balance-rr", "miimon", "100", "ports", "eth0,eth1",
                         "ip", A4 + "/24", timeout=60)
        self.wait_for_ports()
        self.assertEqual(self.drill(), {"eth1": (0, 0), "eth0": (0, 0)})
        self.lab.bondcli("modify", "--live", "bond0", "mode", "active-backup", timeout=60)
        self.wait_for_ports()
        self.assertEqual(self.lab.bond("bond0")["Mode"], "active-backup")
        self.assertEqual(self.drill(), {"eth1": (0, 0), "eth0": (0, 0)})


if __name__ == "__main__":
    unittest.main(verbosity=2)
