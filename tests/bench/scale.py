#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Many bonds of two ports, one real bondd without NetworkManager: what a bond takes to set up, in memory and in
wake-ups when idle, how long failovers take among all of them, one at a time and all at once, and how bonds and
bondd end. Then one bond of 32 ports, with 4,000 VLANs above it (macvlans where the kernel has no
VLANs), and the same above a veth and above the kernel's own bond, where there is one:

    tests/net/guest/run tests/bench/scale.py --above [--csv FILE]

only does that, in a guest, whose kernel has both.

The ports are veths, their far ends in the same namespace. Raw results go to a CSV file, a line for each number;
tests/bench/report.py makes the table of docs/performance.md from it.

Memory is what bondd has of its own (RssAnon). Apart from it, the kernel's: what the descriptors' `memlock` says
of BPF maps and programs. Wake-ups are how often bondd's main thread went to sleep, for whatever reason: in poll(),
until something happens, or in a system call, until somebody else has left a lock of the kernel (which is no wake-up of
an idle machine, but cannot be told from it here).
"""
import argparse
import csv
import datetime
import os
import platform
import re
import signal
import subprocess
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(HERE, "..", "net", "daemon"))
from common import BONDD, BondTest, wait_for  # noqa: E402 (the path comes first)

PHASES = ("detected", "decided", "switched", "announced")
BIG = 32  # ports a bond: BOND_MAX_PORTS
# Of six bonds, those after the third: the first ones bring what all share. Twice what was asked for, because
# memory comes in pages and arenas; 146 before anybody looked.
SMOKE_BONDS, SMOKE_KB = 6, 100


class Scale(BondTest):
    ports = 1  # the lab's own port is not used
    bonds, cuts, idle_s, vlans, limit_s = 1, 1, 1, 1, 1e9
    raw = None  # where the numbers go
    patience = 1  # less: numbers that mean nothing, sooner

    def tearDown(self):
        """The state of a thousand bonds says nothing to anybody."""

    def out(self, what, which, value):
        self.raw.add(self.bonds, what, which, value)

    # ---- bondd from outside

    def pid(self):
        return self.lab.owner_pid(BONDD)

    def status(self, key):
        """A number of /proc/PID/status of bondd."""
        text = self.a.run("cat", f"/proc/{self.pid()}/status")
        return next(int(line.split()[1]) for line in text.splitlines() if line.startswith(key + ":"))

    def cpu_ms(self):
        fields = self.a.run("cat", f"/proc/{self.pid()}/stat").rpartition(")")[2].split()
        return sum(map(int, fields[11:13])) * 1000 / os.sysconf("SC_CLK_TCK")

    def bpf_kb(self):
        """The kernel's memory behind bondd's descriptors: (maps, programs)."""
        text = self.a.shell(f"cd /proc/{self.pid()}/fdinfo; grep -H -E '^(map_type|prog_type|memlock)' * 2>/dev/null "
                            "|| true", timeout=120)
        kinds = dict(re.findall(r"^(\d+):(map|prog)_type", text, re.M))
        sums = {"map": 0, "prog": 0}
        for fd, size in re.findall(r"^(\d+):memlock:\s*(\d+)", text, re.M):
            sums[kinds[fd]] += int(size)
        return sums["map"] / 1024, sums["prog"] / 1024

    def descriptors(self):
        return len(self.a.run("ls", f"/proc/{self.pid()}/fd").split())

    # ---- what is measured

    def batch(self, lines, timeout=1200):
        """Returns how long it took, ms."""
        start = time.monotonic()
        self.a.run("ip", "-batch", "-", timeout=timeout, input="\n".join(lines) + "\n")
        return (time.monotonic() - start) * 1000

    def wire(self, *pairs):
        """Veths, (name, name of the far end). The far ends are in the same namespace, but hosts of their own: without
        IPv6 they do not look up 4,000 routes to fe80::/64 for each announcement, in the time of bondd, which sends it.
        """
        self.a.run("sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1")
        self.batch(line for near, far in pairs for line in
                   (f"link add {near} type veth peer name {far}", f"link set {near} up", f"link set {far} up"))
        self.a.run("sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=0")

    def wire_ports(self, first, n):
        """Ports pN, their far ends qN."""
        self.wire(*((f"p{i}", f"q{i}") for i in range(first, first + n)))

    def bond(self, name, first, n, miimon):
        """(ms to make it, ms for its ports)"""
        start = time.monotonic()
        self.lab.bondd_call("CreateBond", "(sa{ss}a{sv})", name, {"mode": "active-backup", "miimon": miimon}, {},
                            timeout=60)
        created = time.monotonic()
        self.attach(*[f"p{i}" for i in range(first, first + n)], name=name)
        attached = time.monotonic()
        self.a.run("ip", "link", "set", name, "up")
        return (created - start) * 1000, (attached - created) * 1000

    def idle(self, which):
        """Wake-ups and CPU time a second, when nothing happens any more."""
        time.sleep(4 * self.patience)  # drains, announcements and close looks are over
        before, cpu, start = self.status("voluntary_ctxt_switches"), self.cpu_ms(), time.monotonic()
        time.sleep(self.idle_s)
        passed = time.monotonic() - start
        self.out(f"wake-ups/s, {which}", 0, round((self.status("voluntary_ctxt_switches") - before) / passed, 1))
        self.out(f"CPU ms/s, {which}", 0, round((self.cpu_ms() - cpu) / passed, 1))

    def changes(self, since):
        """The changes of active ports since then, by bond."""
        return {e["bond"]: e for e in self.events("", since) if e["event"] == "active-changed" and e["other"]}

    def cut(self, *names, seconds=120):
        """The carriers of the bonds' active ports go, at once, and come back: their events."""
        far = ["q" + self.lab.bond(name)["ActivePort"][1:] for name in names]
        since = self.last_seq()
        self.batch(f"link set {end} down" for end in far)
        wait_for(lambda: set(names) <= set(self.changes(since)), seconds,
                 lambda: f"{len(names)} bonds to fail over; {len(self.changes(since))} did", interval=0.1)
        found = self.changes(since)
        self.batch(f"link set {end} up" for end in far)
        return [found[name] for name in names]

    def one_by_one(self):
        step = self.bonds // min(self.cuts, self.bonds)
        return [event for i in range(0, self.bonds, step) for event in self.cut(f"b{i}")]

    def last_seq(self):
        events = self.events("")
        return events[-1]["seq"] if events else 0

    def failovers(self, what, events):
        for i, event in enumerate(events):
            for phase in PHASES:
                self.out(f"{what}: {phase} us", i, event.get(f"{phase}-us", 0))

    def set_all(self, **options):
        for i in range(self.bonds):
            self.lab.bond_call(f"b{i}", "SetOptions", "(a{ss}u)", options, 0)

    # ---- in turn

    def measure(self):
        self.lab.start_bondd()
        self.out("KB empty", 0, self.status("RssAnon") + self.status("RssFile"))
        self.make_bonds()
        self.idle("events only")
        self.failovers("failover", self.one_by_one())
        self.set_all(miimon="100")
        self.idle("miimon=100")
        self.failovers("failover, miimon=100", self.one_by_one())
        self.all_at_once()
        self.many_vlans()
        self.ends()

    def measure_above(self):
        self.lab.start_bondd()
        self.make_bonds()  # without any bondd would end, as nobody needs it
        self.many_vlans()

    def make_bonds(self):
        anon, (maps, programs) = self.status("RssAnon"), self.bpf_kb()
        half, start, times = anon, time.monotonic(), []
        for i in range(self.bonds):
            self.wire_ports(2 * i, 2)
            times.append(self.bond(f"b{i}", 2 * i, 2, "0"))
            if i + 1 == max(1, self.bonds // 2):
                half = self.status("RssAnon")
            if time.monotonic() - start > self.limit_s:
                self.bonds = i + 1
                break
        for i, (create, attach) in enumerate(times):
            self.out("making it ms", i, round(create, 1))
            self.out("two ports ms", i, round(attach, 1))
        time.sleep(1)
        now = self.status("RssAnon")
        self.later_kb = (now - half) / max(1, self.bonds - self.bonds // 2)
        self.out("KB a bond", 0, round((now - anon) / self.bonds, 1))
        self.out("KB of maps a bond", 0, round((self.bpf_kb()[0] - maps) / self.bonds, 1))
        self.out("KB of programs a bond", 0, round((self.bpf_kb()[1] - programs) / self.bonds, 1))
        self.out("descriptors", 0, self.descriptors())

    def all_at_once(self):
        """From the first cut to the last bond's switched table, by bondd's clock."""
        events = self.cut(*[f"b{i}" for i in range(self.bonds)])
        times = [event["time"] for event in events]
        self.out("all at once: ms", 0, round((max(times) - min(times)) / 1000))
        self.failovers("all at once", events)

    def big_bond(self):
        self.wire_ports(2 * self.bonds, BIG)
        create, attach = self.bond("big", 2 * self.bonds, BIG, "100")
        self.out(f"{BIG} ports ms", 0, round(create + attach, 1))

    def kind_above(self):
        """What can be stacked here: "vlan", or "macvlan" where the kernel has no VLANs (private ones: they do not
        flood each other)."""
        works = self.a.result("ip", "link", "add", "link", "plain", "name", "try", "type", "vlan", "id", 1)
        self.a.result("ip", "link", "delete", "try")
        return "vlan" if works.returncode == 0 else "macvlan"

    def plain_veth(self):
        self.wire(("plain", "far"))
        self.a.run("sysctl", "-qw", "net.ipv6.conf.plain.disable_ipv6=0")  # it has addresses of its own, like a bond

    def kernels_bond(self):
        """False: this kernel has none."""
        if self.a.result("ip", "link", "add", "kern", "type", "bond", "mode", "active-backup", "miimon", 100).returncode:
            return False
        self.wire(*((f"r{i}", f"s{i}") for i in range(BIG)))
        self.batch(line for i in range(BIG) for line in (f"link set r{i} down", f"link set r{i} master kern"))
        self.a.run("ip", "link", "set", "kern", "up")
        return True

    def many_vlans(self):
        """On a veth without a bond, on the kernel's bond of 32 ports, and on ours; one after the other, because what
        they cost depends on how many there are in the namespace. Then what is below them goes."""
        self.plain_veth()
        kind = self.kind_above()
        self.stack(kind, "plain")
        self.delete_below("veth", lambda: self.a.run("ip", "link", "delete", "plain", timeout=900))
        if self.kernels_bond():
            self.stack(kind, "kern")
            self.delete_below("kernel's bond", lambda: self.a.run("ip", "link", "delete", "kern", timeout=900))
        self.big_bond()
        self.stack(kind, "big")
        cpu = self.cpu_ms()
        self.failovers(f"failover below {kind}s", self.cut("big"))
        time.sleep(5 * self.patience)
        self.out(f"failover below {kind}s: bondd's CPU ms", self.vlans, round(self.cpu_ms() - cpu))
        self.delete_below("bond", lambda: self.lab.bond_call("big", "Delete", "()", timeout=900))

    def stack(self, kind, name):
        cpu, anon = self.cpu_ms(), self.status("RssAnon")
        self.out(f"{kind}s on {name}: ms", self.vlans, round(self.batch(
            line for n in range(1, self.vlans + 1) for line in
            (f"link add link {name} name v{n} type {kind} {'id ' + str(n) if kind == 'vlan' else 'mode private'}",
             f"link set v{n} up", f"addr add 10.{n >> 8}.{n & 255}.1/32 dev v{n}"))))
        time.sleep(2 * self.patience)
        self.out(f"{kind}s on {name}: bondd's CPU ms", self.vlans, round(self.cpu_ms() - cpu))
        self.out(f"{kind}s on {name}: bondd's KB", self.vlans, self.status("RssAnon") - anon)

    def delete_below(self, what, delete):
        start = time.monotonic()
        delete()
        self.out(f"deleting the {what} below them ms", 0, round((time.monotonic() - start) * 1000, 1))

    def ends(self):
        for i in range(min(self.cuts, self.bonds // 2)):
            start = time.monotonic()
            self.lab.bond_call(f"b{i}", "Delete", "()", timeout=60)
            self.out("deleting it ms", i, round((time.monotonic() - start) * 1000, 1))
        for what, signo in (("killed", signal.SIGKILL), ("told to end", signal.SIGTERM)):
            start = time.monotonic()
            self.lab.kill_bondd(signo)
            wait_for(lambda: self.pid() is None, 300, "bondd to end")
            self.out(f"{what}: its end ms", 0, round((time.monotonic() - start) * 1000))
            start = time.monotonic()
            self.lab.call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                          "StartServiceByName", "(su)", BONDD, 0, timeout=120)
            self.out(f"{what}: start ms", 0, round((time.monotonic() - start) * 1000))


class Raw:
    """A line for each number, written at once: what was measured stays when something fails."""

    FIELDS = ("bonds", "what", "which", "value", "kernel", "commit", "date", "load")

    def __init__(self, path):
        self.file = open(path, "w", encoding="utf-8", newline="") if path else None
        self.writer = csv.writer(self.file, lineterminator="\n") if path else None
        if path:
            self.writer.writerow(self.FIELDS)
        commit = subprocess.run(["git", "-C", HERE, "rev-parse", "--short", "HEAD"], text=True, check=False,
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.strip() or "unknown"
        self.where = platform.release(), commit, str(datetime.date.today())

    def add(self, bonds, what, which, value):
        if self.writer:
            self.writer.writerow((bonds, what, which, value, *self.where, f"{os.getloadavg()[0]:.1f}"))
            self.file.flush()
        if which == 0:
            print(f"{bonds} bonds: {what}: {value}", flush=True)


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    p.add_argument("--bonds", default="1,100,1000")
    p.add_argument("--cuts", type=int, default=100)
    p.add_argument("--idle-s", type=int, default=10)
    p.add_argument("--vlans", type=int, default=4000)
    p.add_argument("--above", action="store_true", help="only what is above a bond")
    p.add_argument("--limit-s", type=float, default=1e9, help="make no more bonds after so long: a busy machine")
    p.add_argument("--csv", help="where each single number goes")
    p.add_argument("--smoke", action="store_true", help="a few bonds: does it yield numbers, and is memory as it was?")
    args = p.parse_args()
    if os.geteuid() != 0:
        print("skipped: needs root")
        return 77
    if args.smoke:
        args.bonds, args.cuts, args.idle_s, args.vlans = str(SMOKE_BONDS), 2, 1, 20
        Scale.patience = 0.1
    raw = Raw(args.csv)
    for bonds in [1] if args.above else map(int, args.bonds.split(",")):
        body = type("Body", (Scale,), {"bonds": bonds, "cuts": args.cuts, "idle_s": args.idle_s, "vlans": args.vlans,
                                       "limit_s": args.limit_s, "raw": raw,
                                       "runTest": Scale.measure_above if args.above else Scale.measure})()
        if not unittest.TextTestRunner(stream=sys.stderr, verbosity=0).run(body).wasSuccessful():
            return 1
    if args.smoke and body.later_kb > SMOKE_KB:
        print(f"a bond takes {body.later_kb:.0f} KB of bondd's memory; {SMOKE_KB} would do", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
