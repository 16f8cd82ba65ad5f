# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the recorders in guests and returns what they say, in the format of the golden files.

Without numbers they ask what the golden files have; frames and sequences beyond those, and scripts with
another seed, are fresh ones.
"""
import os
import re
import subprocess
import sys
import tempfile

import compact

HERE = os.path.dirname(os.path.abspath(__file__))
# Scripts in one guest at the same time: more of them, and they come late.
AT_ONCE = {"links": 32, "monitors": 20, "partners": 32}
AT_ONCE_AGAIN = 6
FAMILIES = tuple(AT_ONCE)  # of the scripts of events
SKIP = 77


class GuestFailed(Exception):
    """The guest's exit status, and what it wrote."""

    def __init__(self, status, text):
        super().__init__(f"the guest ended with {status}: {text[-2000:]}")
        self.status = status


def start(build, program, *args, timeout=1200, options=()):
    command = [os.path.join(HERE, "..", "guest", "run"), "--timeout", str(timeout), *options,
               os.path.join(build, "tests/parity", program), *map(str, args)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def end(guest):
    out, errors = guest.communicate()
    if guest.returncode:
        raise GuestFailed(guest.returncode, errors)
    return out


def frames(build, *numbers):
    return end(start(build, "frames-guest", *numbers))


def options(build, *numbers, kernel="uml"):
    return end(start(build, "options-guest", *numbers, options=("--kernel", kernel)))


def options_netlink(build):
    """Of a driver that has what User-Mode Linux's has not."""
    return end(start(build, "options-netlink", "ask", options=("--kernel", "6.12")))


def families(build):
    """What the recorder says of its scripts, on the host: {family: (first, how many, checksum)}."""
    out = subprocess.run([os.path.join(build, "tests/parity/events-guest"), "--about"], check=True,
                         stdout=subprocess.PIPE, text=True).stdout
    return {name: (int(first), int(count), checksum) for name, first, count, checksum in
            re.findall(r"^(\w+) (\d+) (\d+) (\w+)$", out, re.M)}


def scripts(build, seed, numbers, at_once):
    """Two guests share the work: each has one CPU. {number: looks}"""
    guests = [start(build, "events-guest", seed, at_once, *part, timeout=1800,
                    options=("--urgent", "--memory", "1024", "--modules", "tun"))
              for part in (numbers[::2], numbers[1::2]) if part]
    found = {}
    for said in [end(guest) for guest in guests]:
        found.update(compact.scripts(said))
    return found


def that_differ(build, text):
    """Numbers of the scripts in which the replay finds a difference."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(text)
        file.flush()
        out = subprocess.run([os.path.join(build, "tests/parity/test-events"), file.name, "fresh"],
                             check=False, stdout=subprocess.PIPE, text=True).stdout
    said = re.search(r"^scripts that differ:(.*)$", out, re.M)
    return [int(number) for number in said.group(1).split()] if said else []


def events(build, family, seed=0, numbers=None):
    """A guest with much to do may be late itself (its driver looks at the links when it can have the
    lock of the network's configuration). So where the two differ the driver is asked again, with few
    others at the same time; what differs then is a difference."""
    first, count, checksum = families(build)[family]
    numbers = numbers or range(first, first + count)
    found = scripts(build, seed, numbers, AT_ONCE[family])
    kernel = re.search(r"^Ethernet Channel Bonding Driver: v(\S+)$",
                       "\n".join(found[numbers[0]][0][1]), re.M).group(1)
    title = (f"# {len(numbers)} scripts of {family}, seed {seed}, sum {checksum}, asked of Linux "
             f"{kernel}")
    again = that_differ(build, compact.compact(found, title))
    if again:
        print("asked again: " + " ".join(map(str, again)), file=sys.stderr)
        found.update(scripts(build, seed, again, AT_ONCE_AGAIN))
    return compact.compact(found, title)


def skip_or_fail(error):
    print(error, file=sys.stderr)
    sys.exit(SKIP if error.status == SKIP else 1)
