#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the tables and plots of docs/performance.md from the raw results beside it.

    report.py            from docs/performance/*.csv
    report.py BUILD      after having taken over what `meson test --benchmark` left in BUILD
    report.py --check    writes nothing, fails where the page is another

A ratio is what the kernel's driver costs in the same mode, kernel and run, divided by what the contender
costs: above 1 the contender is the cheaper one, below 1 the kernel's driver.
"""
import collections
import csv
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, HERE)
import scale_table  # noqa: E402 (the path comes first)

DOCS = os.path.join(HERE, "..", "..", "docs")
PAGE = os.path.join(DOCS, "performance.md")
RESULTS = os.path.join(DOCS, "performance")
SCALE, ABOVE = "scale.csv", "vlans.csv"
OF_OTHER_PAGES = ("oneflow.csv",)  # docs/spreading.md
WHAT = {"send": "sent", "drop": "received, dropped at the bond", "socket": "received, to a socket",
        "receive": "end to end", "forward": "forwarded", "rr": "request-response",
        "latency-p50": "round trip by the clock, p50", "latency-p99": "p99",
        "tcp-send-1": "TCP sent, 1 stream", "tcp-send-4": "4 streams", "tcp-send-16": "16 streams",
        "tcp-receive-1": "TCP received, 1 stream", "tcp-receive-4": "4 streams",
        "tcp-receive-16": "16 streams"}
NAMES = {"none": "no bond", "kernel": "kernel bonding", "team": "teamd",
         "macvlan": "macvlan passthru", "redirect_ingress": "programs that only redirect, to the bond",
         "redirect_peer": "programs that only redirect, by two peers",
         "ovs": "Open vSwitch (user space)"}
ONE_MODE = ("none", "macvlan", "redirect_ingress", "redirect_peer")
TCP = ("tcp-send-1", "tcp-receive-1", "tcp-send-4", "tcp-receive-4", "tcp-send-16", "tcp-receive-16")
# what was asked for: quantity, mode, against whom, at least
GOALS = [("send", "active-backup", "kernel", 1.02), ("send", "balance-xor", "kernel", 1.04),
         ("socket", "active-backup", "kernel", 0.87), ("receive", "active-backup", "kernel", 0.92),
         *((what, "active-backup", "kernel", 0.99) for what in (*TCP, "rr", "latency-p50", "latency-p99")),
         *((what, "active-backup", "none", 0.97) for what in TCP)]


def name(contender):
    return NAMES.get(contender, f"**ours, {spaced(contender)}**")


def spaced(contender):
    return contender.replace(",", ", ")


class Run:
    """One file of raw results."""

    def __init__(self, path):
        self.file = os.path.basename(path)
        with open(path, encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        self.kernel, self.commit, self.date = (rows[0][k] for k in ("kernel", "commit", "date"))
        self.host = self.file.startswith("host")
        values = collections.defaultdict(dict)
        self.modes, self.contenders = [], []
        for row in rows:
            # Open vSwitch does its part in a process of its own: the clock is all that it has.
            time = "ns" if row["contender"] == "ovs" else "cpu_ns"
            key = row["what"], row["mode"], row["contender"]
            values[key][int(row["round"])] = int(row[time]) / int(row["count"])
            for known, value in ((self.modes, row["mode"]), (self.contenders, row["contender"])):
                if value not in known:
                    known.append(value)
        self.values = values
        self.what = [w for w in WHAT if any(key[0] == w for key in values)]

    def cost(self, what, mode, contender):
        """(median, lowest, highest), or None."""
        if contender in ONE_MODE:
            mode = self.modes[0]
        found = self.values.get((what, mode, contender))
        if not found:
            return None
        return statistics.median(found.values()), min(found.values()), max(found.values())

    def ratio(self, what, mode, contender, against):
        mine, other = self.cost(what, mode, contender), self.cost(what, mode, against)
        return other[0] / mine[0] if mine and other else None

    def rounds(self):
        return max(len(found) for found in self.values.values())


def table(run, mode):
    against = "none" if run.host else "kernel"
    yield f"| {mode} | " + " | ".join(WHAT[w] for w in run.what) + " |"
    yield "|---" * (len(run.what) + 1) + "|"
    for contender in run.contenders:
        if contender in ONE_MODE[1:] and mode != run.modes[0]:
            continue
        cells = []
        for what in run.what:
            cost = run.cost(what, mode, contender)
            if not cost:
                cells.append("–")
                continue
            digits = 0 if cost[0] >= 1000 else 1
            spread = f" ({cost[1]:,.{digits}f}–{cost[2]:,.{digits}f})" if run.host else ""
            ratio = run.ratio(what, mode, contender, against)
            cells.append(f"{cost[0]:,.{digits}f}{spread}" +
                         ("" if contender == against or ratio is None else f" · {ratio:.3f}"))
        if any(cell != "–" for cell in cells):
            yield f"| {name(contender)} | " + " | ".join(cells) + " |"


def goals(runs):
    guests = [run for run in runs if not run.host]
    columns = [(run, c) for run in guests for c in mine(run) + least_of(run)]
    yield "| against the kernel's driver in the same guest, Linux | asked for | " + " | ".join(
        f"{run.file.removesuffix('.csv')}, {NAMES.get(c, spaced(c))}" for run, c in columns) + " |"
    yield "|---" * (2 + len(columns)) + "|"
    for what, mode, against, least in GOALS:
        cells = []
        for run, contender in columns:
            ratio = run.ratio(what, mode, contender, against)
            missed = ratio is not None and round(ratio, 3) < least
            cells.append("–" if ratio is None else f"{ratio:.3f}" + (" ✗" if missed else ""))
        of = "" if against == "kernel" else ", against a plain veth"
        yield f"| {title(what)}, {mode}{of} | ≥ {least:.2f} | " + " | ".join(cells) + " |"
    for run in (run for run in runs if run.host):
        yield from native_goals(run)


def native_goals(run):
    """What was asked for against a receive handler, natively."""
    mode = run.modes[0]
    yield ""
    yield (f"| natively, Linux {run.kernel}, {mode} | asked for | " + " | ".join(map(spaced, mine(run))) + " |")
    yield "|---" * (2 + len(mine(run))) + "|"
    handler = run.cost("socket", mode, "macvlan")
    over = [run.cost("socket", mode, c)[0] - handler[0] for c in mine(run)]
    yield f"| {title('socket')}, above macvlan passthru | ≤ +90 ns | " + " | ".join(
        f"{ns:+.0f} ns" + ("" if ns <= 90 else " ✗") for ns in over) + " |"


def title(what):
    """What a table's column is called where the one before it does not stand beside it."""
    first = {"tcp-send": "tcp-send-1", "tcp-receive": "tcp-receive-1", "latency": "latency-p50"}.get(
        what.rpartition("-")[0], what)
    return WHAT[what] if first == what else f"{WHAT[first].split(',')[0]}, {WHAT[what]}"


def mine(run):
    """What goals are for: ours, but not where its device has to count."""
    return [c for c in run.contenders if c not in NAMES and not c.endswith(",counters")]


def least_of(run):
    return [c for c in run.contenders if c.startswith("redirect_")]


def plot(run):
    """A bar for each contender and quantity: its cost as a multiple of the kernel driver's (natively:
    of no bond's)."""
    against, mode = "none" if run.host else "kernel", run.modes[0]
    contenders = [c for c in run.contenders if c not in (against, "ovs")]
    lines = ["what " + " ".join(f'"{NAMES.get(c, "ours, " + c)}"' for c in contenders)]
    labels = {what: title(what).replace(", ", "\\n").replace(" at ", "\\nat ").replace("-", "-\\n")
              for what in run.what}
    for what in run.what:
        ratios = [run.ratio(what, mode, c, against) for c in contenders]
        lines.append(f'"{labels[what]}" ' + " ".join("NaN" if r is None else f"{1 / r:.4f}" for r in ratios))
    with tempfile.NamedTemporaryFile("w", suffix=".dat", encoding="utf-8") as data:
        data.write("\n".join(lines) + "\n")
        data.flush()
        beside = "no bond" if run.host else "the kernel's bonding driver"
        script = f"""set terminal svg size 1100,420 noenhanced font "sans-serif,11" background "white"
set title "What a frame costs, {mode}, Linux {run.kernel}: {beside} = 1, lower is better"
set style data histograms
set style histogram clustered gap 1
set style fill solid 0.8 noborder
set boxwidth 0.9
set yrange [0:*]
set grid ytics
set key inside top right
set bmargin 4
set arrow from graph 0, first 1 to graph 1, first 1 nohead lw 1 dt 2
plot for [i=2:{len(contenders) + 1}] "{data.name}" using i:xtic(1) title columnheader(i)
"""
        return subprocess.run(["gnuplot"], input=script, stdout=subprocess.PIPE, text=True,
                              check=True).stdout


def section(run):
    counted = ("CPU time, ns; median of {n} rounds (lowest–highest), then no bond's divided by it. Open "
               "vSwitch: by the clock" if run.host else
               "instructions, median of {n} rounds, then the ratio to the kernel's driver")
    yield f"### {'This machine' if run.host else 'Guest'}, Linux {run.kernel}"
    yield ""
    yield (f"{run.date}, commit {run.commit}, [raw](performance/{run.file}); a frame's, a KiB's (TCP) "
           f"or a round trip's {counted.format(n=run.rounds())}.")
    for mode in run.modes:
        yield ""
        yield from table(run, mode)
    yield ""
    yield f"![cost of a frame](performance/{run.file.removesuffix('.csv')}.svg)"
    yield ""


def replace(text, mark, lines):
    pattern = rf"(<!-- {mark} -->\n).*?(<!-- end -->)"
    if not re.search(pattern, text, re.S):
        sys.exit(f"docs/performance.md has no <!-- {mark} -->")
    return re.sub(pattern, lambda m: m[1] + "\n".join(lines).rstrip() + "\n" + m[2], text, 1, re.S)


def main():
    if "--help" in sys.argv:
        sys.exit(__doc__)
    arguments = [a for a in sys.argv[1:] if a != "--check"]
    for build in arguments:
        left = os.path.join(build, "tests", "bench")
        for file in sorted(f for f in os.listdir(left) if f.endswith(".csv") and not f.startswith("failover")):
            shutil.copy(os.path.join(left, file), RESULTS)
            print(f"taken over: {file}")
    runs = [Run(os.path.join(RESULTS, f)) for f in sorted(os.listdir(RESULTS), reverse=True)
            if f.endswith(".csv") and f not in (SCALE, ABOVE, *OF_OTHER_PAGES)]
    runs.sort(key=lambda run: run.host)
    with open(PAGE, encoding="utf-8") as file:
        old = file.read()
    text = replace(old, "goals", goals(runs))
    text = replace(text, "results", [line for run in runs for line in section(run)])
    text = replace(text, "scale", scale_table.lines(os.path.join(RESULTS, SCALE)))
    text = replace(text, "above", scale_table.above_lines(os.path.join(RESULTS, ABOVE)))
    if "--check" in sys.argv:
        if text != old:
            sys.exit("docs/performance.md is out of date: tests/bench/report.py")
        return
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(text)
    for run in runs:
        with open(os.path.join(RESULTS, run.file.removesuffix(".csv") + ".svg"), "w",
                  encoding="utf-8") as file:
            file.write(plot(run))


if __name__ == "__main__":
    main()
