#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""`bondcli drill --lab`: the faults that only a lab can have, settings side by side, and that the lab
is gone however the drill ends."""
import os
import select
import signal
import subprocess
import sys
import unittest

from lab.namespace import children, wait_for
from lab.topology import build_dir
from test_drill import parse


class OwnLab(unittest.TestCase):
    """`bondcli drill --lab`, beside the tests' lab: it makes its own."""

    bondcli = os.path.join(build_dir(), "cli", "bondcli")
    env = dict(os.environ, NM_BOND_BUILDDIR=build_dir(), LC_ALL="C.UTF-8")

    def popen(self, *argv):
        return subprocess.Popen([self.bondcli, *argv], env=self.env, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run_to_end(self, *argv):
        process = self.popen("drill", "--lab", *argv)
        out, err = process.communicate(timeout=150)
        self.assertEqual(process.returncode, 0, err)
        return out, err

    def descendants(self, pid):
        found = []
        for child in children(pid):
            found += [child, *self.descendants(child)]
        return found

    def test_faults_that_a_live_bond_cannot_have(self):
        out, _ = self.run_to_end("--json", "--interval", "500", "--compare",
                                 "mode=4,mode=active-backup primary=eth1",
                                 "carrier", "flap,count=2,period-ms=100", "lacp-gone,hold-ms=3500",
                                 "nm-restart,hold-ms=100")
        report = parse(out)
        self.assertTrue(report["lab"])
        self.assertEqual([run["setting"] for run in report["runs"]],
                         ["mode=802.3ad", "mode=active-backup primary=eth1"])
        lacp, backup = (run["events"] for run in report["runs"])
        self.assertEqual([e["outcome"] for e in lacp], ["played"] * 4, lacp)
        self.assertEqual([e["outcome"] for e in backup],
                         ["played", "played", "not-done", "played"], backup)
        self.assertEqual(backup[0]["fault"]["port"], "eth1")
        self.assertIn("link-down", [note["event"] for note in backup[0]["bondd"]])
        self.assertEqual(backup[2]["why"], "'lacp-gone' needs mode 802.3ad, and this is "
                                           "active-backup.")
        for event in (lacp[3], backup[3]):  # NetworkManager's restart costs nothing
            self.assertEqual(event["out"]["lost"] + event["in"]["lost"], 0, event)

    def test_what_is_missing_is_said(self):
        result = subprocess.run([self.bondcli, "drill", "--lab"], capture_output=True, text=True,
                                env=dict(self.env, PATH="/nonexistent"), check=False)
        self.assertEqual((result.returncode, result.stdout, result.stderr), (
            1, "", "Error: '--lab' needs NetworkManager, which is not installed.\n"))

    def test_side_by_side(self):
        out, err = self.run_to_end("--compare", "mode=0,mode=1", "bondd-killed,hold-ms=20")
        self.assertRegex(out, r"\ALost probes of both ways / the longest outage\n\n"
                              r" +balance-rr +active-backup +\n  bondd-killed +0 +0 *\n")
        self.assertEqual(err.count("\n"), 2, err)

    def end_in_the_middle(self, signo):
        process = self.popen("drill", "--lab", "silent,hold-ms=60000")
        self.addCleanup(process.kill)
        line = ""
        while "silent" not in line:
            self.assertTrue(select.select([process.stderr], [], [], 60)[0], "the fault")
            line += os.read(process.stderr.fileno(), 4096).decode()
        inside = self.descendants(process.pid)
        self.assertGreater(len(inside), 6, "the lab's processes")
        process.send_signal(signo)
        code = process.wait(30)
        out = process.stdout.read()
        process.stdout.close()
        process.stderr.close()
        wait_for(lambda: not [pid for pid in inside if os.path.exists(f"/proc/{pid}")], 10,
                 "the lab to be gone")
        return code, out

    def test_a_signal_ends_it_in_order(self):
        for signo in (signal.SIGINT, signal.SIGTERM):
            code, out = self.end_in_the_middle(signo)
            self.assertEqual(code, 128 + signo)
            self.assertIn("The drill was interrupted; what was changed is as it was before.", out)

    def test_killed_it_leaves_nothing(self):
        self.assertEqual(self.end_in_the_middle(signal.SIGKILL), (-signal.SIGKILL, ""))


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("the lab needs root")
        sys.exit(77)
    unittest.main(verbosity=2)
