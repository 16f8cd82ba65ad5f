#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a failover loses, over many cuts: numbered datagrams both ways, active-backup, a learning switch.

    peer-down        the far end of the active port is set down; bondd and the packet path
    netlink          the same where the packet path does not see carriers (failover=netlink)
    bondd-stopped    the same while bondd is stopped
    bondd-killed     nothing is cut; bondd is killed and started again

Lost counts everything, also what a veth loses between its far end's going down and its carrier's.
The gap is the longest run of lost datagrams in time.
"""
import argparse
import datetime
import os
import platform
import signal
import statistics
import subprocess
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(HERE, "..", "net", "daemon"))
from common import BondTest, Streams, wait_for  # noqa: E402 (the path comes first)

KINDS = ("peer-down", "netlink", "bondd-stopped", "bondd-killed")


class Bench(BondTest):
    cuts, interval_us, kind = 1, 100, "peer-down"

    def one(self):
        with Streams(self.lab, self.interval_us) as streams:
            if self.kind == "bondd-stopped":
                self.lab.kill_bondd(signal.SIGSTOP)
            if self.kind == "bondd-killed":
                self.kill(signal.SIGKILL)
                self.lab.start_bondd()
            else:
                self.lab.cut("eth0")
            time.sleep(0.05)
        if self.kind == "bondd-stopped":
            self.lab.kill_bondd(signal.SIGCONT)
        if self.kind != "bondd-killed":
            wait_for(lambda: self.lab.bond("bond0")["ActivePort"] == "eth1", 5, "the failover")
            self.lab.mend("eth0")
            wait_for(lambda: self.lab.bond("bond0")["ActivePort"] == "eth0", 5, "the way back")
            self.lab.wait_ping()
        return {name: (r["lost"], r["longest_lost_us"]) for name, r in streams.results.items()}

    def measure(self):
        if self.kind == "netlink":
            path = self.lab.write("bondd.conf", "[main]\nfailover=netlink\n")
            self.run_bondd_with(f"--config={path}")
        self.bond_of_two("active-backup", primary="eth0")
        for _ in range(self.cuts):
            for name, found in self.one().items():
                self.found.setdefault(name, []).append(found)


def percentile(values, p):
    return sorted(values)[min(len(values) - 1, int(len(values) * p))]


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--cuts", type=int, default=200, help="of each kind; default: %(default)s")
    p.add_argument("--interval-us", type=int, default=100)
    p.add_argument("--kinds", default=",".join(KINDS))
    p.add_argument("--smoke", action="store_true", help="one cut: does it yield numbers?")
    args = p.parse_args()
    if os.geteuid() != 0:
        print("skipped: needs root")
        return 77
    kinds = ["peer-down"] if args.smoke else args.kinds.split(",")
    commit = subprocess.run(["git", "-C", HERE, "rev-parse", "--short", "HEAD"], text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.strip()
    print(f"kernel {platform.release()}, {datetime.date.today()}, commit {commit or 'unknown'}, "
          f"load {os.getloadavg()[0]:.1f}, one datagram each {args.interval_us} us\n\n"
          f"{'kind':14} {'way':4} {'cuts':>5} {'no loss':>8} {'lost':>6} {'gap p50':>8} {'p99':>8} {'max us':>8}")
    for kind in kinds:
        found = {}
        body = type("Body", (Bench,), {"cuts": 1 if args.smoke else args.cuts, "kind": kind,
                                       "interval_us": args.interval_us, "found": found,
                                       "runTest": Bench.measure})
        result = unittest.TextTestRunner(stream=sys.stderr, verbosity=0).run(body())
        if not result.wasSuccessful():
            return 1
        for way, cuts in found.items():
            lost, gaps = zip(*cuts)
            print(f"{kind:14} {way:4} {len(cuts):5} {sum(n == 0 for n in lost):8} {sum(lost):6} "
                  f"{statistics.median(gaps):8.0f} {percentile(gaps, 0.99):8} {max(gaps):8}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
