#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the instructions of a frame go: a profile by function of contenders side by side.

    hot.py BUILD [--kernel 6.12] [--mode active-backup] [--what socket] [--least 8] [--smoke] CONTENDER...

Each contender is measured twice in a guest, with few frames and with many, while a plugin of QEMU counts
every instruction (hot.c); the difference, divided by the frames that were more, is what a frame costs in
each function of the kernel. Prints a table, the functions that differ most between the contenders first;
"other" is what is below --least. What, and contenders: as beside.py knows them.
"""
import argparse
import bisect
import collections
import os
import shlex
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from beside import CONTEND, GUEST, MODULES  # noqa: E402 (nothing is written beside the sources)

FEW, MANY = 6400, 64000  # timers and the like make 20 instructions a frame of it, either way
OF_THE_DRIVER = "bond_handle_frame"  # once for each frame that it receives
USER = "(user space)"


class Symbols:
    """Of a guest, as /proc/kallsyms had them while the bond was there."""

    def __init__(self, path):
        with open(path, encoding="ascii") as file:
            words = (line.split() for line in file)
            pairs = sorted((int(w[0], 16), w[2]) for w in words if w[1] in "tTwW")
        self.addresses, self.names = zip(*pairs)

    def name(self, address):
        if address < 1 << 63:
            return USER
        name = self.names[bisect.bisect_right(self.addresses, address) - 1]
        if name.startswith("bpf_prog_"):
            return "BPF: " + name.split("_", 3)[-1]  # bpf_prog_TAG_NAME, or without a name
        return name.split(".")[0]  # .cold, .isra.0: the compiler's parts of one function


def count(args, contender, frames):
    """Instructions by function, and how many things were measured."""
    with tempfile.TemporaryDirectory(prefix="nmb-hot-") as out:
        argv = [CONTEND, args.build, contender, args.mode, str(frames), "1", args.what]
        done = subprocess.run(
            [GUEST, "--kernel", args.kernel, "--count", "--timeout", "600", "--modules", MODULES,
             "--memory", "768", "--out", out, "--plugin",
             f"{args.build}/tests/bench/libhot.so,out={out}/blocks", "sh", "-c",
             f"KALLSYMS=/run/out/kallsyms {shlex.join(argv)} >/run/out/measured"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode:
            print(f"{contender}: {done.stdout.strip()}")
            sys.exit(done.returncode)
        symbols = Symbols(os.path.join(out, "kallsyms"))
        by_function = collections.Counter()
        with open(os.path.join(out, "blocks"), encoding="ascii") as file:
            for line in file:
                address, instructions = line.split()
                by_function[symbols.name(int(address, 16))] += int(instructions)
        with open(os.path.join(out, "measured"), encoding="ascii") as file:
            return by_function, int(file.read().split()[2])


def profile(args, contender):
    """Instructions a frame by function."""
    few, n_few = count(args, contender, args.few)
    many, n_many = count(args, contender, args.few * MANY // FEW)
    return {name: (many[name] - few[name]) / (n_many - n_few) for name in many | few}


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n", 2)[1].strip())
    parser.add_argument("build")
    parser.add_argument("contenders", nargs="+")
    parser.add_argument("--kernel", choices=("6.1", "6.12"), default="6.12")
    parser.add_argument("--mode", default="active-backup")
    parser.add_argument("--what", default="socket")
    parser.add_argument("--smoke", action="store_true", help="little of it: is the kernel's driver found?")
    parser.add_argument("--least", type=float, default=8)
    args = parser.parse_args()
    args.build, args.few = os.path.abspath(args.build), 640 if args.smoke else FEW
    costs = [profile(args, contender) for contender in args.contenders]
    names = {name for cost in costs for name in cost}

    def differ(name):
        values = [cost.get(name, 0) for cost in costs]
        return max(values) - min(values) if len(values) > 1 else values[0]
    shown = sorted((name for name in names if differ(name) >= args.least), key=differ, reverse=True)
    print("| function | " + " | ".join(args.contenders) + " |")
    print("|---" * (1 + len(costs)) + "|")
    for name in shown:
        print(f"| `{name}` | " + " | ".join(f"{round(cost.get(name, 0)):,}" for cost in costs) + " |")
    rest = [sum(value for name, value in cost.items() if name not in shown) for cost in costs]
    print("| other | " + " | ".join(f"{value:,.0f}" for value in rest) + " |")
    print("| all | " + " | ".join(f"{sum(cost.values()):,.0f}" for cost in costs) + " |")
    if args.smoke and not all(cost.get(OF_THE_DRIVER, 0) > 0 for cost in costs):
        print(f"{OF_THE_DRIVER} is not among them")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
