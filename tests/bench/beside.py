#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a frame costs: ours beside the kernel's bonding driver, teamd and no bond at all.

    beside.py BUILD --kernel 6.1|6.12    in a guest that counts instructions: one is one nanosecond, so
                                         the numbers repeat to about 1 % on any machine
    beside.py BUILD --kernel host        natively: CPU time, round after round through all contenders

Prints medians; --csv FILE keeps the raw numbers, with kernel, commit and
date, for report.py.
"""
import argparse
import collections
import csv
import datetime
import os
import platform
import shlex
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
CONTEND = os.path.join(HERE, "contend")
GUEST = os.path.join(HERE, "..", "guest", "run")
MODULES = ("team team_mode_activebackup team_mode_loadbalance team_mode_roundrobin sch_ingress "
           "cls_bpf macvlan")
MODES = ("active-backup", "balance-xor", "balance-rr")
ONLY_REDIRECT = ("redirect_ingress", "redirect_peer")
ONE_MODE = ("none", "macvlan", *ONLY_REDIRECT)
CONTENDERS = {"host": ("none", "macvlan", "ovs", *ONLY_REDIRECT),
              "guest": ("none", "kernel", "team", *ONLY_REDIRECT)}
OURS = ("clsact", "tcx", "tcx,peers", "tcx,counters")  # as mkbond knows them
WHAT = ("send", "drop", "socket", "receive", "forward", "rr", "latency",
        *(f"tcp-{way}-{n}" for way in ("send", "receive") for n in (1, 4, 16)))
FIELDS = ("date", "commit", "kernel", "mode", "contender", "what", "round", "count", "ns", "cpu_ns")
SKIP = 77


def commit():
    """Of this tree; with a "+" where it has changes that nobody has committed."""
    done = subprocess.run(["git", "-C", HERE, "describe", "--always", "--dirty=+", "--exclude=*"],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    return done.stdout.strip() or "unknown"


def write_rows(path, fields, rows, measured, kernel):
    """Raw results as CSV, with commit, kernel and date in each."""
    same = {"date": datetime.date.today().isoformat(), "commit": measured, "kernel": kernel}
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fields, lineterminator="\n")
        writer.writeheader()
        writer.writerows({**same, **row} for row in rows)


def cells(args):
    """Modes and contenders that say something together."""
    for mode in args.modes:
        for contender in args.contenders:
            if contender not in ONE_MODE or mode == args.modes[0]:
                yield mode, contender


def command(args, mode, contender, rounds):
    what = [w for w in args.what if contender != "ovs" or w.startswith(("rr", "latency", "tcp"))]
    return [CONTEND, args.build, contender, mode, str(args.frames), str(rounds), *what]


def parse(text, mode, contender, first_round=0):
    for line in text.splitlines():
        what, number, count, ns, cpu_ns = line.split()
        yield {"mode": mode, "contender": contender, "what": what,
               "round": first_round + int(number), "count": int(count), "ns": int(ns),
               "cpu_ns": int(cpu_ns)}


def in_guest(args):
    with tempfile.TemporaryDirectory(prefix="nmb-beside-") as out:
        lines = ["uname -r >/run/out/kernel"]
        for mode, contender in cells(args):
            to = f"/run/out/{mode}.{contender}"
            lines.append(f"{shlex.join(command(args, mode, contender, args.rounds))} >{to} 2>{to}.why;"
                         f" echo $? >{to}.status")
        script = os.path.join(out, "script")
        with open(script, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        done = subprocess.run(
            [GUEST, "--kernel", args.kernel, "--count", "--timeout", str(args.timeout), "--modules",
             MODULES, "--memory", "768", "--out", out, "sh", "/run/out/script"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode:
            print(done.stdout.strip())
            sys.exit(done.returncode)

        def read(name):
            with open(os.path.join(out, name), encoding="utf-8") as file:
                return file.read()
        rows = []
        for mode, contender in cells(args):
            name = f"{mode}.{contender}"
            check(int(read(name + ".status")), read(name + ".why"))
            rows += parse(read(name), mode, contender)
        return rows, read("kernel").strip()


def check(status, why):
    if status == SKIP:
        print(f"left out: {why.strip()}", file=sys.stderr)
    elif status:
        print(why.strip())
        sys.exit(1)


def on_host(args):
    rows, left_out = [], set()
    for number in range(args.rounds):
        for mode, contender in cells(args):
            if (mode, contender) in left_out:
                continue
            done = subprocess.run(command(args, mode, contender, 1), stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True, timeout=args.timeout,
                                  check=False)
            check(done.returncode, done.stderr)
            if done.returncode:
                left_out.add((mode, contender))
            rows += parse(done.stdout, mode, contender, number)
    return rows, platform.release()


def show(rows):
    """A line for each quantity, mode and contender: the median cost."""
    costs = collections.defaultdict(list)
    for row in rows:
        costs[row["what"], row["mode"], row["contender"]].append(row["cpu_ns"] / row["count"])
    for (what, mode, contender), cost in costs.items():
        print(f"{what:14} {mode:14} {contender:10} {statistics.median(cost):10.1f} ns "
              f"({min(cost):.1f} to {max(cost):.1f})")


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n", 1)[1])
    parser.add_argument("build")
    parser.add_argument("--kernel", choices=("6.1", "6.12", "host"), required=True)
    parser.add_argument("--modes", nargs="+", choices=MODES, default=MODES)
    parser.add_argument("--contenders", nargs="+")
    parser.add_argument("--what", nargs="+", choices=WHAT, default=WHAT)
    parser.add_argument("--frames", type=int, default=3200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--timeout", type=float, default=1800)
    parser.add_argument("--csv")
    parser.add_argument("--smoke", action="store_true", help="little of it: does it yield numbers?")
    args = parser.parse_args()
    args.build = os.path.abspath(args.build)
    if os.geteuid() != 0:
        print("skipped: needs root")
        return SKIP
    where = "host" if args.kernel == "host" else "guest"
    args.contenders = args.contenders or CONTENDERS[where] + OURS
    if args.smoke:
        args.modes, args.frames, args.rounds, args.timeout = MODES[:1], 256, 1, 170
        args.contenders = [c for c in args.contenders if c in ("none", "kernel", OURS[0])]
        args.what = [w for w in args.what if not w.endswith(("-4", "-16"))]
    measured = commit()  # before somebody changes the tree
    rows, kernel = on_host(args) if where == "host" else in_guest(args)
    found = {row["contender"] for row in rows}
    if len(found) < 2 or not found & set(OURS):
        print("there is nothing to compare: " + ", ".join(sorted(found)))
        return 1
    print(f"kernel {kernel}, commit {measured}; CPU time of a frame, of a KiB (tcp) or a round trip (rr)")
    show(rows)
    if args.csv:
        write_rows(args.csv, FIELDS, rows, measured, kernel)
    return 0


if __name__ == "__main__":
    sys.exit(main())
