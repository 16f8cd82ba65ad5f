#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Many bonds of two ports, one real bondd: what a bond takes to set up, in memory and in wake-ups when idle, and
how long a failover takes among all of them. And one bond of 32 ports.

The ports are veths, their far ends in the same namespace. Memory is what bondd has of its own, and apart
from it the pages of BPF maps that it has mapped. Wake-ups are how often bondd's main thread went to sleep.
"""
import argparse
import csv
import datetime
import os
import platform
import statistics
import subprocess
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(HERE, "..", "net", "daemon"))
from common import BONDD, BondTest, wait_for  # noqa: E402 (the path comes first)

PHASES = ("detected-us", "decided-us", "switched-us", "announced-us")
BIG = 32  # ports a bond: BOND_MAX_PORTS


def percentile(values, p):
    return sorted(values)[min(len(values) - 1, int(len(values) * p))]


class Scale(BondTest):
    ports = 1  # the lab's own port is not used
    bonds, cuts, idle_s = 1, 1, 1

    def status(self, key):
        """A number of /proc/PID/status of bondd."""
        text = self.a.run("cat", f"/proc/{self.lab.owner_pid(BONDD)}/status")
        return next(int(line.split()[1]) for line in text.splitlines() if line.startswith(key + ":"))

    def wire(self, first, last):
        """Ports pN, their far ends qN."""
        self.a.run("ip", "-batch", "-", timeout=600, input="".join(
            f"link add p{n} type veth peer name q{n}\nlink set p{n} up\nlink set q{n} up\n"
            for n in range(first, last)))

    def bond(self, name, first, n, miimon):
        start = time.monotonic()
        self.lab.bondd_call("CreateBond", "(sa{ss}a{sv})", name, {"mode": "active-backup", "miimon": miimon}, {},
                            timeout=60)
        created = time.monotonic()
        self.attach(*[f"p{i}" for i in range(first, first + n)], name=name)
        attached = time.monotonic()
        self.a.run("ip", "link", "set", name, "up")
        return (created - start) * 1000, (attached - created) * 1000

    def wake_ups(self):
        """In a second, when nothing happens any more."""
        time.sleep(3)  # drains and announcements are over
        before, start = self.status("voluntary_ctxt_switches"), time.monotonic()
        time.sleep(self.idle_s)
        return round((self.status("voluntary_ctxt_switches") - before) / (time.monotonic() - start), 1)

    def failover(self, bond):
        """The carrier of its active port goes: the phases."""
        name, port = f"b{bond}", f"p{2 * bond}"
        since = self.events(bond=name)[-1]["seq"]
        self.a.run("ip", "link", "set", f"q{2 * bond}", "down")

        def changed():
            return [e for e in self.events(bond=name, since=since)
                    if e["event"] == "active-changed" and e["other"] == port]
        event = wait_for(changed, 20, lambda: f"{name} to fail over")[-1]
        return [event[phase] for phase in PHASES]

    def set_all(self, **options):
        for i in range(self.bonds):
            self.lab.bond_call(f"b{i}", "SetOptions", "(a{ss}u)", options, 0)

    def measure(self):
        row = self.row
        self.lab.start_bondd()
        memory = {"KB a bond": "RssAnon", "KB of maps a bond": "RssFile"}
        empty = {key: self.status(key) for key in memory.values()}
        self.wire(0, 2 * self.bonds)
        times = [self.bond(f"b{i}", 2 * i, 2, "0") for i in range(self.bonds)]
        create, attach = zip(*times)
        row.update({"bonds": self.bonds, "create ms median": round(statistics.median(create), 1),
                    "create ms last tenth": round(statistics.median(create[-max(1, len(create) // 10):]), 1),
                    "two ports ms median": round(statistics.median(attach), 1),
                    "two ports ms last tenth": round(statistics.median(attach[-max(1, len(attach) // 10):]), 1),
                    "MB empty": round(sum(empty.values()) / 1024, 1)})
        row["wake-ups/s, events only"] = self.wake_ups()
        for name, key in memory.items():
            row[name] = round((self.status(key) - empty[key]) / self.bonds, 1)
        cuts = min(self.cuts, self.bonds)
        phases = [self.failover(i * self.bonds // cuts) for i in range(cuts)]
        for name, of_phase in zip(PHASES, zip(*phases)):
            row[f"{name} median"] = int(statistics.median(of_phase))
            row[f"{name} p99"] = percentile(of_phase, 0.99)
        self.set_all(miimon="100")
        row["wake-ups/s, miimon=100"] = self.wake_ups()
        self.wire(2 * self.bonds, 2 * self.bonds + BIG)
        _, row[f"{BIG} ports ms"] = map(round, self.bond("big", 2 * self.bonds, BIG, "100"))
        start = time.monotonic()
        self.lab.kill_bondd()
        wait_for(lambda: self.lab.owner_pid(BONDD) is None, 120, "bondd to end")
        row["its end ms"] = round((time.monotonic() - start) * 1000)
        start = time.monotonic()
        self.lab.start_bondd()
        row["start ms"] = round((time.monotonic() - start) * 1000)


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    p.add_argument("--bonds", default="1,10,100,1000")
    p.add_argument("--cuts", type=int, default=100)
    p.add_argument("--idle-s", type=int, default=10)
    p.add_argument("--table", help="where the rows go, as CSV")
    args = p.parse_args()
    if os.geteuid() != 0:
        print("skipped: needs root")
        return 77
    commit = subprocess.run(["git", "-C", HERE, "rev-parse", "--short", "HEAD"], text=True, check=False,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.strip() or "unknown"
    rows = []
    for bonds in map(int, args.bonds.split(",")):
        row = {"kernel": platform.release(), "date": str(datetime.date.today()), "commit": commit,
               "load": f"{os.getloadavg()[0]:.1f}"}
        body = type("Body", (Scale,), {"bonds": bonds, "cuts": args.cuts, "idle_s": args.idle_s, "row": row,
                                       "runTest": Scale.measure})
        if not unittest.TextTestRunner(stream=sys.stderr, verbosity=0).run(body()).wasSuccessful():
            return 1
        rows.append(row)
        print(", ".join(f"{key} {value}" for key, value in row.items()), flush=True)
    if args.table:
        with open(args.table, "w", encoding="utf-8", newline="") as file:
            out = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
            out.writeheader()
            out.writerows(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
