#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The lab itself, without a bond: what the other tests' numbers rest on."""
import os
import signal
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lab import Lab, LabError, Streams, wait_for  # noqa: E402 (the path comes first)

# what a lab would leave on the machine outside (other tests may run there at the same time)
OUTSIDE = ["sh", "-c", "ip -br link | grep -E '^(bond|nmbp|br[0-9]|sw|eth)'; "
           "ip -br address show eth0; "
           "ls -A /run/bonding /run/bondd /run/NetworkManager /sys/fs/bpf/bondd 2>&1 || true"]


def inside_pids(work):
    """Processes of a lab by a path that they all have in their environment or arguments."""
    found = subprocess.run(["pgrep", "-f", work], capture_output=True, text=True, check=False)
    return [pid for pid in found.stdout.split() if os.path.exists(f"/proc/{pid}/exe")]


class Probes(unittest.TestCase):
    def test_counts_are_exact(self):
        """A known loss: a route that is away for a while."""
        with Lab(nm=False, bus=False) as lab:
            lab.a.shell("ip addr add 10.0.1.243/24 dev eth0")
            lab.wait_ping()
            with Streams(lab, 200, echo=True) as quiet:
                time.sleep(1)
            quiet.assert_lossless("an idle cable")
            self.assertGreater(quiet.results["a>b"]["sent"], 4000)
            with Streams(lab, 1000, directions=("a>b",)) as streams:
                lab.a.run("ip", "route", "replace", "blackhole", "10.0.1.1")
                time.sleep(0.2)
                lab.a.run("ip", "route", "delete", "blackhole", "10.0.1.1")
                time.sleep(0.1)
            result = streams.results["a>b"]
            self.assertEqual(result["lost"], result["errors"])
            self.assertGreater(result["lost"], 150)
            # by the clock, not by the count: a busy machine sends late
            self.assertGreater(streams.lost_us()["a>b"], 190000)
            self.assertLess(streams.lost_us()["a>b"], 2000000)
            with self.assertRaises(LabError):
                streams.assert_lossless()


class Isolation(unittest.TestCase):
    def outside(self):
        return subprocess.run(OUTSIDE, capture_output=True, text=True, check=True).stdout

    def test_nothing_is_left(self):
        before = self.outside()
        with Lab() as lab:
            work = lab.work
            self.assertEqual(lab.device("eth0"), ("ethernet", "disconnected", ""))
            self.assertTrue(inside_pids(work))
        self.assertEqual(self.outside(), before)
        self.assertFalse(os.path.exists(work))
        wait_for(lambda: not inside_pids(work), 5, lambda: f"no process: {inside_pids(work)}")

    def test_a_killed_test_leaves_no_process(self):
        shell = os.path.join(os.path.dirname(os.path.abspath(__file__)), "shell")
        test = subprocess.Popen([shell, "--no-nm", "--", "sh", "-c",
                                 "echo $DBUS_SYSTEM_BUS_ADDRESS; sleep 100"],
                                stdout=subprocess.PIPE, text=True)
        work = os.path.dirname(test.stdout.readline().strip().removeprefix("unix:path="))
        self.assertTrue(inside_pids(work))
        test.send_signal(signal.SIGKILL)
        test.wait()
        test.stdout.close()
        wait_for(lambda: not inside_pids(work), 5, lambda: f"no process: {inside_pids(work)}")
        subprocess.run(["rm", "-r", work], check=True)

    def test_ports_that_look_physical(self):
        for physical, expected in ((False, "yes"), (True, "no")):
            with Lab(physical=physical) as lab:
                self.assertEqual(lab.nmcli("-g", "CAPABILITIES.IS-SOFTWARE", "device", "show",
                                           "eth0").strip(), expected)


if __name__ == "__main__":
    unittest.main(verbosity=2, warnings="ignore")
