# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the recorders in guests and returns what they say, in the format of the golden files.

`first` and `count` are numbers of frames, sequences or scripts: without them, those of the golden
files; beyond them, fresh ones.
"""
import os
import re
import subprocess
import sys

import compact

HERE = os.path.dirname(os.path.abspath(__file__))
EVENTS_AT_ONCE = 32  # scripts in one guest at the same time: more of them, and they come late
SKIP = 77


class GuestFailed(Exception):
    """The guest's exit status, and what it wrote."""

    def __init__(self, status, text):
        super().__init__(f"the guest ended with {status}: {text[-2000:]}")
        self.status = status


def start(build, program, *args, timeout=1200, options=()):
    command = [os.path.join(HERE, "guest"), "--timeout", str(timeout), *options,
               os.path.join(build, "tests/parity", program), *map(str, args)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def end(guest):
    out, errors = guest.communicate()
    if guest.returncode:
        raise GuestFailed(guest.returncode, errors)
    return out


def frames(build, *numbers):
    return end(start(build, "frames-guest", *numbers))


def options(build, *numbers):
    return end(start(build, "options-guest", *numbers))


def numbers_of(build, program):
    """What a recorder says of itself on the host: (how many, checksum)."""
    out = subprocess.run([os.path.join(build, "tests/parity", program), "--about"], check=True,
                         stdout=subprocess.PIPE, text=True).stdout
    return re.fullmatch(r"(\d+) (\w+)\n", out).groups()


def events(build, seed=0, first=0, count=None):
    """Two guests share the work: each has one CPU."""
    all_of_them, checksum = numbers_of(build, "events-guest")
    count = count or int(all_of_them)
    half = count // 2
    guests = [start(build, "events-guest", seed, at, n, EVENTS_AT_ONCE, timeout=1800,
                    options=("--urgent", "--memory", "1024", "--modules", "tun"))
              for at, n in ((first, half), (first + half, count - half))]
    said = [end(guest) for guest in guests]
    kernel = re.search(r"Driver: v(\S+)", said[0]).group(1)
    return compact.compact("".join(said), f"# {count} scripts, seed {seed}, sum {checksum}, "
                           f"asked of Linux {kernel}")


def skip_or_fail(error):
    print(error, file=sys.stderr)
    sys.exit(SKIP if error.status == SKIP else 1)
