# SPDX-License-Identifier: GPL-2.0-or-later
"""What the end-to-end tests share: a lab per test, the how-to's bond, and looking at it.

A test file is a program: `tests/e2e/howto.py balance-rr` runs alone (NMB_BUILD names the build
directory). What a test prints is its report; on failure the links and logs follow.
"""
import os
import re
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lab import Lab, LabError, Streams, wait_for  # noqa: E402 (the path comes first)

MODES = ("balance-rr", "active-backup", "balance-xor", "broadcast")
BALANCED = ("balance-tlb", "balance-alb")  # one address per port
A4, B4 = "10.0.1.243", "10.0.1.1"
A6, B6 = "fd00:1::243", "fd00:1::1"


def parse_status(text):
    """The text of /proc/net/bonding: (fields of the bond, {port: fields})."""
    bond, ports, current = {}, {}, None
    for line in text.splitlines():
        name, found, value = line.partition(": ")
        name, value = name.strip(), value.strip()
        if not found:
            continue
        if name == "Slave Interface":
            current = ports.setdefault(value, {})
        elif current is None:
            bond[name] = value
        else:
            current[name] = value
    return bond, ports


class Pings:
    """`ping` at 10 ms in the background, as in the how-to."""

    def __init__(self, host, address=B4, interval=0.01):
        self.host = host
        self.process = host.start("ping", "-n", "-q", "-i", interval, address)

    def stop(self):
        """(sent, received)"""
        import signal
        text = self.process.stop(signal.SIGINT)
        found = re.search(r"(\d+) packets transmitted, (\d+) received", text)
        if not found:
            raise LabError(f"ping said: {text}")
        return int(found[1]), int(found[2])


class LabTest(unittest.TestCase):
    lab_options = {}
    maxDiff = None

    def setUp(self):
        self.lab = Lab(**self.lab_options)
        self.lab.__enter__()
        self.addCleanup(self.lab.close)
        self.own_macs = {f"eth{n}": self.lab.a.mac(f"eth{n}") for n in range(self.lab.n_ports)}

    def tearDown(self):
        result = self._outcome.result
        if any(test is self for test, _ in result.failures + result.errors):
            print(self.lab.diagnosis(), file=sys.stderr)

    def say(self, text):
        print(f"{self._testMethodName[5:].replace('_', ' ')}: {text}", flush=True)

    # ---- the how-to

    def add_bond(self, options, *more, name="bond0", address=A4 + "/24"):
        self.lab.nmcli("connection", "add", "type", "bond", "con-name", name, "ifname", name,
                       "bond.options", options,
                       *(("ipv4.method", "manual", "ipv4.addresses", address) if address else ()),
                       *more)

    def add_port(self, ifname, *more, bond="bond0"):
        self.lab.nmcli("connection", "add", "type", "ethernet", "con-name", ifname, "ifname",
                       ifname, "master", bond, *more)

    def make_bond(self, options, *more, ports=("eth0", "eth1"), name="bond0",
                  address=A4 + "/24", reach=True):
        """Profiles and activation as in the how-to, up and answering."""
        self.add_bond(options, *more, name=name, address=address)
        for port in ports:
            self.add_port(port, bond=name)
        self.lab.nmcli("connection", "up", name)
        self.wait_ports(ports, name)
        if reach:
            self.lab.wait_ping(B4)
            self.lab.wait_ping(A4, host=self.lab.b)

    def wait_ports(self, ports, name="bond0", timeout=10):
        """Until NetworkManager has bond and ports connected, and each port's MII status is up."""
        def seen():
            found = {i: (self.lab.device(i) or ("", "", ""))[1] for i in (name, *ports)}
            found["status"] = {p: f.get("MII Status") for p, f in self.status(name)[1].items()}
            return found

        def good():
            found = seen()
            status = found.pop("status")
            return all(state == "connected" for state in found.values()) \
                and status == {port: "up" for port in ports}
        wait_for(good, timeout, lambda: f"{name} with {ports} connected and up: {seen()}")

    def status(self, name="bond0"):
        try:
            return parse_status(self.lab.proc_text(name))
        except LabError:
            return {}, {}

    def active_port(self, name="bond0"):
        return self.status(name)[0].get("Currently Active Slave")

    def filters(self, ifname):
        """The traffic-control filters on a device."""
        return "".join(self.lab.a.result("tc", "filter", "show", "dev", ifname, side).stdout
                       for side in ("ingress", "egress")).strip()

    def carrier(self, name="bond0"):
        """As NetworkManager tells it on D-Bus."""
        path = self.lab.call("org.freedesktop.NetworkManager", "/org/freedesktop/NetworkManager",
                             "org.freedesktop.NetworkManager", "GetDeviceByIpIface", "(s)", name)[0]
        return self.lab.get_property("org.freedesktop.NetworkManager", path,
                                     "org.freedesktop.NetworkManager.Device.Bond", "Carrier")

    # ---- claims

    def assert_port_of(self, ifname, bond="bond0"):
        if self.status(bond)[0]["Bonding Mode"].endswith("load balancing") \
                and self.active_port(bond) != ifname:
            self.assertNotEqual(self.lab.a.mac(ifname), self.lab.a.mac(bond),
                                f"{ifname} has the MAC of the active port")
            return
        self.assertEqual(self.lab.a.mac(ifname), self.lab.a.mac(bond),
                         f"{ifname} does not carry the MAC of {bond}")

    def assert_own_mac(self, ifname, timeout=5):
        """The port has its own address back (a port that drains gets it a moment later)."""
        wait_for(lambda: self.lab.a.mac(ifname) == self.own_macs[ifname], timeout,
                 lambda: f"{ifname} has {self.lab.a.mac(ifname)}, not its own "
                         f"{self.own_macs[ifname]}")

    def remains(self):
        """What is left of bonds on host a."""
        a = self.lab.a
        links = [line for line in a.run("ip", "-br", "link").splitlines()
                 if re.match(r"(bond|nmbp|mast)", line)]
        files = a.run("sh", "-c", "ls -A /run/bonding; find /run/bondd -type f -not -name events; "
                      "find /sys/fs/bpf -mindepth 1 -not -path /sys/fs/bpf/bondd "
                      "-not -name '*.debug'").split()
        ports = {}
        for ifname, mac in self.own_macs.items():
            link = a.link(ifname)
            if link is None:
                continue
            bad = [f"MAC {link['address']}"] if link["address"] != mac else []
            bad += [f"alias {link['ifalias']}"] if link.get("ifalias") else []
            bad += [flag for flag in ("PROMISC", "ALLMULTI") if flag in link["flags"]]
            bad += ["filters"] if self.filters(ifname) else []
            if bad:
                ports[ifname] = bad
        return {k: v for k, v in (("links", links), ("files", files), ("ports", ports)) if v}

    def assert_nothing_left(self, timeout=5):
        wait_for(lambda: not self.remains(), timeout, lambda: f"nothing left: {self.remains()}",
                 interval=0.1)

    def assert_lossless_pings(self, sent, received, what):
        self.assertEqual(received, sent, f"{what}: {sent - received} of {sent} pings were lost")


def main():
    """The tests of the calling file; exit status as meson wants it."""
    if os.geteuid() != 0:
        print("needs root, for network namespaces")
        sys.exit(77)
    if subprocess.run(["which", "NetworkManager"], capture_output=True, check=False,
                      env=dict(os.environ, PATH="/usr/sbin:/usr/bin:/sbin:/bin")).returncode:
        print("NetworkManager is not installed (scripts/install-deps)")
        sys.exit(77)
    unittest.main(verbosity=2, warnings="ignore")


__all__ = ["A4", "A6", "B4", "B6", "Lab", "LabError", "LabTest", "MODES", "BALANCED", "Pings",
           "Streams", "main", "parse_status", "wait_for"]
