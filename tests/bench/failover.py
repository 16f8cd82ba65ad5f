#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What failovers lose, over many cuts: numbered frames every 10 us both ways, active-backup, the real bondd.

The ports are taps; volley.c is what is at their far ends, and cuts them. Kinds:
    carrier         the active port loses its carrier
    listener        the same while the host only receives: the switch learns of it by what is announced
    netlink         carrier where the packet path does not see carriers (failover=netlink)
    two             two of three ports lose it within a millisecond
    flap            the active port's carrier goes and comes at 1 kHz, to the end of the volley
    silent-arp      its link falls silent, the carrier stays; ARP monitor, arp_interval=10
    silent-bfd      the same; micro-BFD, 10 ms x 3
    stopped         carrier, while bondd is stopped
    cpu             carrier, while two busy loops run
    rtnl            carrier, while links are made and deleted in a loop
    removed         nothing is cut: the active port is detached, and attached again afterwards
    killed          nothing is cut: bondd is killed and started again
Two of the lab, with datagrams every 100 us and hosts at a learning switch:
    peer-down       the far end of the active port (a veth) is set down: frames under way are lost with it
    nm-restart      nothing is cut: NetworkManager is restarted under the bond that it made

Lost is everything that was sent and did not arrive. The gap is the longest row of lost frames in time.
"""
import argparse
import csv
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
from common import BondTest, Lab, Streams, variant, wait_for  # noqa: E402 (the path comes first)

OWN, PEER = "10.0.3.243", "10.0.3.1"
# kind: what is cut, frames before and after it in us
CUTS = {"carrier": ("carrier", 1000, 9000), "listener": ("listen", 1000, 149000),
        "netlink": ("carrier", 1000, 149000), "two": ("two", 1000, 9000),
        "flap": ("flap", 1000, 19000), "silent-arp": ("silent", 1000, 79000),
        "silent-bfd": ("silent", 1000, 59000), "stopped": ("carrier", 1000, 9000),
        "cpu": ("carrier", 1000, 19000), "rtnl": ("carrier", 1000, 19000)}
DONE_MEANWHILE = ("removed", "killed")
OF_THE_LAB = ("peer-down", "nm-restart")
KINDS = (*CUTS, *DONE_MEANWHILE, *OF_THE_LAB)
PHASES = ("detected-us", "decided-us", "switched-us", "announced-us")
WAYS = ("sent", "received")


class Volleys(BondTest):
    """One bond with tap ports, and volley at the far ends."""
    ports = 1  # the lab's own ports are not used
    kind, cuts = "carrier", 1

    def lines(self, n):
        for _ in range(n):
            line = self.volley.popen.stdout.readline().split()
            if line in ([], ["stuck"]):
                self.fail(f"{self.kind}: the bond did not come back")
            yield line

    def say(self, text):
        self.volley.popen.stdin.write(text + "\n")
        self.volley.popen.stdin.flush()

    def make(self):
        config = "failover=netlink" if self.kind == "netlink" else ""
        path = self.lab.write("bondd.conf", f"[main]\n{config}\n")
        # as data/bondd.service has it
        self.lab.bondd_ends(f"--config={path}", wrapper=("chrt", "--rr", "--reset-on-fork", "1"))
        taps = [f"t{n}" for n in range(3 if self.kind == "two" else 2)]
        self.volley = self.a.start(os.path.join(self.lab.build, "tests", "bench", "volley"), "bond0", OWN,
                                   PEER, *taps)
        self.assertEqual(next(self.lines(1)), ["ready"])
        options = {"primary": "t0"}
        if self.kind == "silent-arp":
            options.update(miimon="0", arp_interval="10", arp_ip_target=PEER, arp_validate="all")
        if self.kind == "silent-bfd":
            options.update(bfd="micro", bfd_peer=PEER)
        self.create("active-backup", address=None, settings={"drain-ms": variant("u", 50)}, **options)
        self.a.run("ip", "addr", "add", f"{OWN}/24", "dev", "bond0")
        self.attach(*taps)
        self.a.run("ip", "neigh", "replace", PEER, "lladdr", "02:00:00:00:00:99", "dev", "bond0")
        self.say("start bfd" if self.kind == "silent-bfd" else "start switch")
        self.assertEqual(next(self.lines(1)), ["started"])
        if self.kind == "silent-bfd":
            wait_for(lambda: all(p["Bfd"] == "up" for p in self.lab.bond("bond0")["ports"].values()), 20,
                     "the BFD sessions")

    def note(self, line):
        for way, at in zip(WAYS, (0, 2)):
            self.found.setdefault(way, []).append((int(line[at]), int(line[at + 1])))

    def measure(self):
        self.make()
        if self.kind in DONE_MEANWHILE:
            for _ in range(self.cuts):
                self.meanwhile()
            return
        if self.kind == "stopped":
            self.lab.kill_bondd(signal.SIGSTOP)
        load = self.start_load()
        try:
            cut, before, after = CUTS[self.kind]
            self.say(f"cuts {self.cuts} {cut} {before} {after}")
            for line in self.lines(self.cuts):
                self.note(line)
            self.assertEqual(next(self.lines(1)), ["done"])
        finally:
            for process in load:
                process.kill(signal.SIGKILL)
            if self.kind == "stopped":
                self.lab.kill_bondd(signal.SIGCONT)
        for event in self.events():
            if event["event"] == "active-changed" and event["port"] not in ("", "t0"):
                self.phases.append([event.get(phase, 0) for phase in PHASES])

    def start_load(self):
        busy = "while :; do :; done"
        links = "while :; do ip link add x0 type veth peer name x1; ip link del x0; done"
        return [self.a.start("sh", "-c", script, log=self.lab.path("load.log")) for script in
                {"cpu": [busy] * 2, "rtnl": [links] * 2}.get(self.kind, [])]

    def meanwhile(self):
        """A volley of 150 ms, and something done in it."""
        self.say("cuts 1 none 1000 149000")
        self.assertEqual(next(self.lines(1)), ["go"])
        if self.kind == "removed":
            self.detach("t0")
            self.wait_gone("t0")
        else:
            self.kill(signal.SIGKILL)
            self.lab.start_bondd()
        self.note(next(self.lines(1)))
        self.assertEqual(next(self.lines(1)), ["done"])
        if self.kind == "removed":
            self.a.run("ip", "link", "set", "t0", "up")
            self.attach("t0")


class PeerDown(BondTest):
    kind, cuts = "peer-down", 1

    def measure(self):
        self.bond_of_two("active-backup", primary="eth0")
        for _ in range(self.cuts):
            with Streams(self.lab, 100) as streams:
                self.lab.cut("eth0")
                time.sleep(0.05)
            wait_for(lambda: self.lab.bond("bond0")["ActivePort"] == "eth1", 5, "the failover")
            self.lab.mend("eth0")
            wait_for(lambda: self.lab.bond("bond0")["ActivePort"] == "eth0", 5, "the way back")
            self.lab.wait_ping()
            for way, name in zip(WAYS, ("a>b", "b>a")):
                r = streams.results[name]
                self.found.setdefault(way, []).append((r["lost"], r["longest_lost_us"]))


class NmRestart(unittest.TestCase):
    kind, cuts = "nm-restart", 1

    def measure(self):
        with Lab(ports=2) as lab:
            lab.nmcli("connection", "add", "type", "bond", "con-name", "bond0", "ifname", "bond0", "bond.options",
                      "mode=active-backup,miimon=100", "ipv4.method", "manual", "ipv4.addresses",
                      "10.0.1.243/24", "ipv6.method", "disabled")
            for port in ("eth0", "eth1"):
                lab.nmcli("connection", "add", "type", "ethernet", "con-name", port, "ifname", port, "master",
                          "bond0")
            for profile in ("bond0", "eth0", "eth1"):
                lab.nmcli("connection", "up", profile)
            lab.wait_ping()
            for _ in range(self.cuts):
                with Streams(lab, 100) as streams:
                    lab.restart_nm()
                for way, name in zip(WAYS, ("a>b", "b>a")):
                    r = streams.results[name]
                    self.found.setdefault(way, []).append((r["lost"], r["longest_lost_us"]))


def percentile(values, p):
    return sorted(values)[min(len(values) - 1, int(len(values) * p))]


def body(kind, cuts, found, phases):
    base = {"peer-down": PeerDown, "nm-restart": NmRestart}.get(kind, Volleys)
    return type("Body", (base,), {"kind": kind, "cuts": cuts, "found": found, "phases": phases,
                                  "runTest": base.measure})()


def summary(kind, way, cuts):
    lost, gaps = zip(*cuts)
    return {"kind": kind, "way": way, "cuts": len(cuts), "cuts without loss": sum(n == 0 for n in lost),
            "frames lost": sum(lost), "lost median": int(statistics.median(lost)),
            "lost p99": percentile(lost, 0.99), "gap median us": int(statistics.median(gaps)),
            "gap p99 us": percentile(gaps, 0.99), "gap max us": max(gaps)}


def markdown(rows):
    """The table of docs/performance.md."""
    yield "| kind | way | cuts | without loss | frames lost: median | p99 | gap: median | p99 | max, ms | load |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for r in rows:
        share = 100 * int(r["cuts without loss"]) / int(r["cuts"])
        gaps = [f"{int(r[f'gap {which} us']) / 1000:.2f}" for which in ("median", "p99", "max")]
        yield (f"| {r['kind'] if r['way'] == WAYS[0] else ''} | {r['way']} | {r['cuts']} | {share:.1f} % "
               f"| {r['lost median']} | {r['lost p99']} | {' | '.join(gaps)} | {r['load']} |")


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    p.add_argument("--cuts", type=int, default=1000, help="of each kind; default: %(default)s")
    p.add_argument("--lab-cuts", type=int, default=50, help="of " + " and ".join(OF_THE_LAB))
    p.add_argument("--kinds", default=",".join(KINDS))
    p.add_argument("--csv", help="where each single cut goes")
    p.add_argument("--table", help="where the summary goes, as CSV")
    p.add_argument("--markdown", metavar="TABLE", help="measure nothing, print that summary as a table")
    p.add_argument("--smoke", action="store_true", help="a few cuts: does it yield numbers?")
    args = p.parse_args()
    if args.markdown:
        with open(args.markdown, encoding="utf-8") as file:
            print("\n".join(markdown(csv.DictReader(file))))
        return 0
    if os.geteuid() != 0:
        print("skipped: needs root")
        return 77
    kinds = ["carrier", "silent-bfd"] if args.smoke else args.kinds.split(",")
    commit = subprocess.run(["git", "-C", HERE, "rev-parse", "--short", "HEAD"], text=True, check=False,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.strip() or "unknown"
    where = {"kernel": platform.release(), "date": str(datetime.date.today()), "commit": commit}
    rows, single, failed = [], [], False
    for kind in kinds:
        found, phases = {}, []
        cuts = 3 if args.smoke else args.lab_cuts if kind in OF_THE_LAB else args.cuts
        load = f"{os.getloadavg()[0]:.1f}"
        result = unittest.TextTestRunner(stream=sys.stderr, verbosity=0).run(body(kind, cuts, found, phases))
        failed |= not result.wasSuccessful()
        for way, of_way in found.items():
            rows.append(dict(summary(kind, way, of_way), **where, load=load))
            single += [dict(kind=kind, way=way, cut=i, lost=lost, gap_us=gap, **where)
                       for i, (lost, gap) in enumerate(of_way)]
            print(", ".join(f"{key} {value}" for key, value in rows[-1].items()), flush=True)
        if phases:
            print("  " + kind + ", median us from the news (p99): " + ", ".join(
                f"{name[:-3]} {statistics.median(times):.0f} ({percentile(times, 0.99)})"
                for name, times in zip(PHASES, zip(*phases))), flush=True)
    for path, table in ((args.csv, single), (args.table, rows)):
        if path and table:
            with open(path, "w", encoding="utf-8", newline="") as file:
                out = csv.DictWriter(file, table[0].keys(), lineterminator="\n")
                out.writeheader()
                out.writerows(table)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
