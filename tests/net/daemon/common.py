# SPDX-License-Identifier: GPL-2.0-or-later
"""bondd on its private bus in the lab, without NetworkManager. Each test has its own lab."""
import os
import re
import signal
import sys
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
from lab import Lab, LabError, Streams, wait_for  # noqa: E402 (the path comes first)
from lab.services import BONDD, BONDD_PATH  # noqa: E402

ADDRESS = "10.0.1.243"
MODES = ("balance-rr", "active-backup", "balance-xor", "broadcast")
ERROR = BONDD + ".Error."
# what a port must look like afterwards exactly as before; operstate and counters may differ
KEPT = ("address", "mtu", "ifalias", "promiscuity", "allmulti", "master")


def variant(signature, value):
    from gi.repository import GLib
    return GLib.Variant(signature, value)


SEND = """
import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("eth0", 0))
s.send(bytes.fromhex(sys.argv[1]))
"""


class BondTest(unittest.TestCase):
    ports = 2
    bondd_args = ()

    def setUp(self):
        self.lab = Lab(nm=False, ports=self.ports).__enter__()
        self.addCleanup(self.lab.close)
        self.a = self.lab.a
        # bondd's end is what some of these tests are about
        self.lab.bondd_ends(*self.bondd_args)

    def run(self, result=None):
        """A failure comes with the state of the lab."""
        failures = result and len(result.failures) + len(result.errors)
        self.report = None
        out = super().run(result)
        if result and len(result.failures) + len(result.errors) > failures and self.report:
            print(self.report, file=sys.stderr)
        return out

    def tearDown(self):
        self.report = self.lab.diagnosis()

    # ---- bonds

    def create(self, mode="balance-rr", name="bond0", settings=None, address=ADDRESS, **options):
        options = {"mode": mode, "miimon": "100", **options}
        path = self.lab.bondd_call("CreateBond", "(sa{ss}a{sv})", name, options, settings or {})[0]
        self.a.run("ip", "link", "set", name, "up")
        if address:
            self.a.run("ip", "addr", "add", f"{address}/24", "dev", name)
        return path

    def attach(self, *ports, name="bond0", **settings):
        for port in ports:
            path = self.lab.bond_call(name, "AttachPort", "(sa{sv})", port, settings)[0]
        return path

    def detach(self, port, flags=0, name="bond0"):
        self.lab.bond_call(name, "DetachPort", "(su)", port, flags)

    def bond_of_two(self, mode="balance-rr", **kw):
        self.create(mode, **kw)
        self.attach("eth0", "eth1")
        self.lab.wait_ping()

    def events(self, bond="bond0", since=0):
        return self.lab.bondd_call("GetEvents", "(st)", bond, since)[0]

    def wait_event(self, event, port=None, timeout=5):
        def find():
            return [e for e in self.events() if e["event"] == event
                    and (port is None or e["port"] == port)]
        return wait_for(find, timeout, lambda: f"event {event} of {port}; there are: " + "\n".join(
            f"{e['event']} {e['port']} {e['text']}" for e in self.events()))[-1]

    def port_state(self, port):
        """Of a port that may be leaving; None: it has no object."""
        objects = self.lab.call(BONDD, BONDD_PATH, "org.freedesktop.DBus.ObjectManager",
                                "GetManagedObjects")[0]
        for interfaces in objects.values():
            if interfaces.get(BONDD + ".Port", {}).get("Name") == port:
                return interfaces[BONDD + ".Port"]["State"]
        return None

    def wait_gone(self, port):
        """Until the port has no object any more."""
        wait_for(lambda: self.port_state(port) is None, 5, lambda: f"{port} to be let go: {self.events()[-3:]}")

    def kill(self, signo=signal.SIGKILL):
        self.lab.kill_bondd(signo)
        wait_for(lambda: self.lab.owner_pid(BONDD) is None, 5, "bondd to end")

    # ---- devices

    def send_from_b(self, frame):
        """A frame in hexadecimal digits, from the other host."""
        self.lab.b.run("/usr/bin/python3", "-c", SEND, frame)

    def capture(self, seconds=1.0):
        """Frames of pings as tcpdump on the bond sees them: (requests, replies)."""
        tcpdump = self.a.start("tcpdump", "-l", "-n", "-i", "bond0", "--immediate-mode", "icmp",
                               log=self.lab.path("tcpdump.log"))
        wait_for(lambda: "listening on" in self.lab.tail("tcpdump.log"), 5, "tcpdump to listen")
        wait_for(lambda: all(self.a.link(p)["promiscuity"] > 0 for p in ("eth0", "eth1")), 5,
                 "the ports to be promiscuous")
        self.a.ping("10.0.1.1", count=20)
        time.sleep(seconds)
        tcpdump.stop()
        text = self.lab.tail("tcpdump.log", 100000)
        os.unlink(self.lab.path("tcpdump.log"))
        wait_for(lambda: all(self.a.link(p)["promiscuity"] == 0 for p in ("eth0", "eth1")), 5,
                 "the ports not to be promiscuous")
        return text.count("echo request"), text.count("echo reply")

    def looks(self, port):
        """What must be restored exactly."""
        link = self.a.link(port)
        out = {key: link.get(key) for key in KEPT}
        out["flags"] = sorted(set(link["flags"]) - {"LOWER_UP", "NO-CARRIER"})
        out["disable_ipv6"] = self.a.run("cat", f"/proc/sys/net/ipv6/conf/{port}/disable_ipv6")
        out["filters"] = self.a.run("tc", "filter", "show", "dev", port, "ingress")
        out["clsact"] = "clsact" in self.a.run("tc", "qdisc", "show", "dev", port)
        out["fdb"] = [line for line in self.a.run("bridge", "fdb", "show", "dev", port).splitlines()
                      if not line.startswith(("33:33", "01:00:5e"))]
        return out

    def programs(self, bond="bond0"):
        """(hook, id) of each program of the bond, however it is attached."""
        text = self.a.shell(
            f"cd /sys/fs/bpf/bondd/{bond}; for p in in-* out-*; do [ -e $p ] && "
            "echo $p $(bpftool link show pinned $p); done; "
            "for i in $(ls /sys/class/net); do for w in ingress egress; do "
            "tc filter show dev $i $w | sed -n \"s/^/$w-$(cat /sys/class/net/$i/ifindex) /p\"; done; done")
        return [(line.split()[0].replace("ingress", "in").replace("egress", "out"), found.group(1))
                for line in text.splitlines()
                for found in [re.search(r" prog (\d+)|nm-bond:.* id (\d+) name", line)] if found
                for found in [re.search(r"(?:prog|id) (\d+)", line[found.start():])]]

    def leftovers(self):
        """Everything of bondd that is on the host."""
        text = self.a.shell(
            "ls /sys/class/net | grep -E '^(nmbp|nmbp-|bond|b)[0-9]+$' || true; "
            "for d in /run/bonding /sys/fs/bpf/bondd; do ls -A $d 2>/dev/null || true; done; "
            "ls /run/bondd 2>/dev/null | grep -v '^events' || true; "
            "ip -o link | grep 'port of bond' || true; "
            "for i in $(ls /sys/class/net); do tc filter show dev $i ingress; "
            "tc filter show dev $i egress; tc qdisc show dev $i | grep clsact; done 2>/dev/null "
            "|| true")
        return text.split("\n") if text.strip() else []

    def assert_nothing_left(self):
        self.assertEqual([line for line in self.leftovers() if line], [])

    # ---- errors

    def assert_refused(self, name, words, call, *args):
        """`call` ends in the error `name`, whose sentence has all `words`."""
        from gi.repository import Gio, GLib
        with self.assertRaises(GLib.Error) as caught:
            call(*args)
        error = caught.exception
        text = error.message.split(": ", 1)[-1]
        self.assertEqual(Gio.DBusError.get_remote_error(error), ERROR + name, text)
        for word in words:
            self.assertIn(word, text)
        self.assertRegex(text, r"[.)\w]$")
        return text


def main():
    if os.geteuid() != 0:
        print("these tests need root (network namespaces)")
        sys.exit(77)
    unittest.main(verbosity=2)
