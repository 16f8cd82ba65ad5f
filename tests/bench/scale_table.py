# SPDX-License-Identifier: GPL-2.0-or-later
"""The tables of "Many bonds" of docs/performance.md, from the raw results of scale.py: a column for each number of
bonds; and of what is above a bond, a column for each kind of what is below. What was not measured is "–"."""
import collections
import csv
import os
import statistics

PHASES = ("switched", "announced")


def percentile(values, p):
    return sorted(values)[min(len(values) - 1, int(len(values) * p))]


def number(value):
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.1f}"


class Scale:
    def __init__(self, path):
        self.file = os.path.basename(path)
        with open(path, encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        self.kernel, self.commit, self.date = (rows[-1][key] for key in ("kernel", "commit", "date"))
        loads = [float(row["load"]) for row in rows]
        self.loads = min(loads), max(loads)
        self.values = collections.defaultdict(list)  # in the order in which they were measured
        for row in rows:
            self.values[int(row["bonds"]), row["what"]].append(float(row["value"]))
        self.bonds = sorted({bonds for bonds, _ in self.values})
        self.above = next((what.split()[0] for _, what in self.values if what.endswith("s on plain: ms")), "vlans")
        self.n_above = next((int(row["which"]) for row in rows if row["what"].endswith(" on plain: ms")), 0)

    def cells(self, what, show):
        for bonds in self.bonds:
            values = self.values.get((bonds, what))
            yield show(values, bonds) if values else "–"

    def rows(self):
        def first(values, _bonds):
            return number(values[0])

        def course(values, _bonds):
            tenth = max(1, len(values) // 10)
            if len(values) == 1:
                return number(values[0])
            return (f"{number(statistics.median(values))} ({number(statistics.median(values[:tenth]))}, "
                    f"{number(statistics.median(values[-tenth:]))})")

        def spread(values, _bonds):
            return f"{number(statistics.median(values))} ({number(percentile(values, 0.99))})"

        yield "making one, ms: median (of the first tenth, the last)", "making it ms", course
        yield "its two ports, ms", "two ports ms", course
        yield "bondd's memory when it has none, KB", "KB empty", first
        yield "bondd's own memory, KB a bond", "KB a bond", first
        yield "the kernel's: BPF maps, KB a bond", "KB of maps a bond", first
        yield "the kernel's: BPF programs, KB a bond", "KB of programs a bond", first
        yield "descriptors", "descriptors", first
        for which in ("events only", "miimon=100"):
            yield f"wake-ups a second when idle, {which}", f"wake-ups/s, {which}", first
            yield f"CPU time a second when idle, ms, {which}", f"CPU ms/s, {which}", first
        for kind in ("failover", "failover, miimon=100", "all at once"):
            for phase in PHASES:
                name = {"failover": "one fails over", "failover, miimon=100": "the same, miimon=100",
                        "all at once": "all fail over at once"}[kind]
                yield f"{name}: {phase} after µs, median (p99)", f"{kind}: {phase} us", spread
        yield "all fail over at once: from the first to the last, ms", "all at once: ms", first
        yield "one more bond with 32 ports, ms", "32 ports ms", first
        for on, name in (("plain", "a veth without a bond"), ("big", "that bond")):
            yield f"{self.n_above:,} {self.above} on {name}, ms", f"{self.above} on {on}: ms", first
            yield ("the same: bondd's CPU time, ms", f"{self.above} on {on}: bondd's CPU ms", first)
            yield ("the same: bondd's memory grows by, KB", f"{self.above} on {on}: bondd's KB", first)
        for phase in PHASES:
            yield f"it fails over: {phase} after µs", f"failover below {self.above}: {phase} us", first
        yield "it fails over: bondd's CPU time, ms", f"failover below {self.above}: bondd's CPU ms", first
        yield "deleting it, ms", "deleting the bond below them ms", first
        yield "deleting the veth instead, ms", "deleting the veth below them ms", first
        yield "deleting one of two ports, ms", "deleting it ms", course
        for what, name in (("killed", "bondd killed"), ("told to end", "bondd told to end")):
            yield f"{name}: until it is gone, ms", f"{what}: its end ms", first
            yield f"{name}: until the next one has its name, ms", f"{what}: start ms", first


def origin(scale):
    return (f"{scale.date}, Linux {scale.kernel}, commit {scale.commit}, load {scale.loads[0]:.0f} to "
            f"{scale.loads[1]:.0f}, [raw](performance/{scale.file}).")


def above_lines(path):
    """The table of what is above a bond (scale.py --above), line by line."""
    scale = Scale(path)

    def value(what):
        return next((number(values[0]) for (_, name), values in scale.values.items() if name == what), "–")

    def row(title, what, *below):
        return f"| {title} | " + " | ".join(value(what.format(*names)) if names else "–" for names in below) + " |"

    below = ("plain", "veth"), ("kern", "kernel's bond"), ("big", "bond")
    kinds = scale.above.removesuffix("s").upper() + "s" if scale.above == "vlans" else scale.above
    yield origin(scale)
    yield ""
    yield f"| {scale.n_above:,} {kinds} | on a veth | on the kernel's bond | on ours |"
    yield "|---|---|---|---|"
    yield row("making them, ms", scale.above + " on {}: ms", *below)
    yield row("bondd's CPU time for it, ms", scale.above + " on {}: bondd's CPU ms", *below)
    yield row("bondd's memory grows by, KB", scale.above + " on {}: bondd's KB", *below)
    for phase in PHASES:
        yield row(f"failover: {phase} after µs", f"failover below {scale.above}: {phase} us", (), (), below[2])
    yield row("failover: bondd's CPU time, ms", f"failover below {scale.above}: bondd's CPU ms", (), (), below[2])
    yield row("deleting what is below them, ms", "deleting the {1} below them ms", *below)


def lines(path):
    """The section, line by line."""
    scale = Scale(path)
    yield origin(scale)
    yield ""
    yield "| | " + " | ".join(f"{bonds:,} bond{'s' if bonds > 1 else ''}" for bonds in scale.bonds) + " |"
    yield "|---" * (len(scale.bonds) + 1) + "|"
    for title, what, show in scale.rows():
        cells = list(scale.cells(what, show))
        if any(cell != "–" for cell in cells):
            yield f"| {title} | " + " | ".join(cells) + " |"
