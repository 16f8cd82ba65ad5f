#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""802.3ad against other implementations of it: the kernel's bonding driver, and teamd.

    lab, host a: bondd                  host k
    bond0 10.0.9.1 ═╡ eth0 ─────────── eth0 ╞═ lag0 10.0.9.2 (the bonding driver, or team and teamd)
                    ╡ eth1 ─────────── eth1 ╞

lacp_partners.py kernel|team. After each step both ends must say the same of the ports, and a ping
must come back. The kernel of the guest has both drivers (run, in this directory).
"""
import json
import os
import shutil
import signal
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "daemon"))
from common import Streams, main, wait_for  # noqa: E402 (the path comes first)
from lacp_side import UP, Side  # noqa: E402
from lab import Host  # noqa: E402

BOTH = ("eth0", "eth1")
FAST = 2
WORKS = UP | FAST


class Kernel:
    """The bonding driver."""

    needs = "ip"

    def __init__(self, work):
        self.host = Host("k", work)

    def start(self):
        self.host.shell("ip link add lag0 type bond mode 802.3ad miimon 100 lacp_rate fast "
                        "xmit_hash_policy layer3+4")
        for port in BOTH:
            self.add(port)
        self.host.shell("ip addr add 10.0.9.2/24 dev lag0; ip link set lag0 up")

    def add(self, port):
        self.host.shell(f"ip link set {port} down; ip link set {port} master lag0; "
                        f"ip link set {port} up")

    def remove(self, port):
        self.host.run("ip", "link", "set", port, "nomaster")

    def stop(self):
        self.host.run("ip", "link", "del", "lag0")

    def text(self):
        return self.host.result("cat", "/proc/net/bonding/lag0").stdout

    def states(self):
        """Of ports with a link: of others the driver shows what was."""
        text = self.text()
        return {port: states for port, states in Side.states_of(text).items()
                if f"Slave Interface: {port}\nMII Status: up\n" in text}


class Team:
    """The team driver with teamd."""

    needs = "teamd"

    def __init__(self, work):
        self.host = Host("k", work)
        self.log = os.path.join(work, "teamd.log")
        self.config = os.path.join(work, "teamd.conf")
        with open(self.config, "w", encoding="utf-8") as file:
            json.dump({"device": "lag0", "ports": {port: {} for port in BOTH},
                       "link_watch": {"name": "ethtool"},
                       "runner": {"name": "lacp", "active": True, "fast_rate": True,
                                  "tx_hash": ["ipv4", "l4"]}}, file)
        self.host.shell("mount -t tmpfs tmpfs /run; mkdir -p /run/teamd")

    def start(self, *how):
        self.host.shell("for p in eth0 eth1; do ip link set $p down; done")
        self.teamd = self.host.start("teamd", "-U", *how, "-f", self.config,
                                     log=self.log)
        wait_for(lambda: self.host.link("lag0"), 15, lambda: "teamd to begin: " + self.text())
        self.host.shell("ip addr add 10.0.9.2/24 dev lag0; ip link set lag0 up")

    def ctl(self, *argv):
        return self.host.result("teamdctl", "-U", "lag0", *argv)

    def add(self, port):
        self.host.run("ip", "link", "set", port, "down")
        self.host.run("teamdctl", "-U", "lag0", "port", "add", port)

    def remove(self, port):
        self.host.run("teamdctl", "-U", "lag0", "port", "remove", port)

    def stop(self):
        self.teamd.stop()
        wait_for(lambda: self.host.link("lag0") is None, 10, "the team device to go")

    def die(self):
        """Links stay, LACPDUs stop."""
        self.teamd.stop(signal.SIGKILL)
        self.host.shell("rm /run/teamd/*")

    def text(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return self.ctl("state", "dump").stdout + file.read()[-1500:]

    def states(self):
        result = self.ctl("state", "dump")
        ports = json.loads(result.stdout).get("ports", {}) if result.returncode == 0 else {}
        return {name: tuple(port["runner"][end + "_lacpdu_info"]["state"]
                            for end in ("actor", "partner"))
                for name, port in ports.items() if "actor_lacpdu_info" in port["runner"]}


PARTNERS = {"kernel": Kernel, "team": Team}
PARTNER = PARTNERS[sys.argv.pop(1) if len(sys.argv) > 1 and sys.argv[1] in PARTNERS else "kernel"]


class AgainstPartner(unittest.TestCase):
    def setUp(self):
        if not shutil.which(PARTNER.needs, path="/usr/sbin:/usr/bin:/sbin:/bin"):
            self.skipTest(f"{PARTNER.needs} is not here (scripts/install-deps)")
        self.one = Side("10.0.9.1")
        self.addCleanup(self.one.lab.close)
        self.partner = PARTNER(self.one.lab.work)
        self.addCleanup(self.partner.host.close)
        for port in BOTH:
            self.one.host.wire(port, self.partner.host, port)
        self.partner.start()
        self.one.create(lacp_rate="fast")
        self.one.attach(*BOTH)
        self.wait_used(*BOTH)

    def tearDown(self):
        if any(error for _, error in getattr(self._outcome, "errors", None) or []):
            print(self.state(), file=sys.stderr)

    def state(self):
        return self.one.proc() + self.partner.text() + self.one.lab.diagnosis()

    def wait_used(self, *ports):
        """Both ends say of these ports that both ends use them, and of no other."""
        def used():
            return all({port for port, (actor, partner) in side.states().items()
                        if actor == partner == WORKS} == set(ports) and
                       not any(actor & 0x38 == 0x38 for port, (actor, _) in side.states().items()
                               if port not in ports)
                       for side in (self.one, self.partner))
        wait_for(used, 40, lambda: f"{ports} in use at both ends:\n{self.state()}", interval=0.1)
        wait_for(lambda: self.one.host.ping("10.0.9.2", 1)[1] == 1, 10, "a ping")

    def streams(self):
        return Streams(self.one.lab, 4000, to_b="10.0.9.2", to_a="10.0.9.1", near=self.one.host,
                       other=self.partner.host)

    def received(self, port):
        return int(self.partner.host.run(
            "cat", f"/sys/class/net/{port}/statistics/rx_packets"))

    def test_with_partner(self):
        """One life of a bond; a lab for each part would cost the guest half a minute more."""
        for part in (self.spread, self.cut, self.detach_and_attach_lossless,
                     self.partner_takes_a_port_out, self.partner_restarts, self.partner_falls_silent):
            print(part.__name__, flush=True)
            part()

    def spread(self):
        before = {port: (self.one.sent(port), self.received(port)) for port in BOTH}
        for port, (sent, received) in before.items():
            wait_for(lambda: self.one.flows("10.0.9.2") or
                     (self.one.sent(port) - sent > 50 and self.received(port) - received > 50), 10,
                     f"{port} to have its share")

    def cut(self):
        for port, other in (BOTH, BOTH[::-1]):
            self.partner.host.run("ip", "link", "set", port, "down")
            self.wait_used(other)
            self.assertEqual(self.one.host.ping("10.0.9.2", 20)[1], 20)
            self.partner.host.run("ip", "link", "set", port, "up")
            self.wait_used(*BOTH)

    def detach_and_attach_lossless(self):
        with self.streams() as streams:
            for port, other in (BOTH, BOTH[::-1]):
                self.one.detach(port)
                self.wait_used(other)
                self.one.attach(port)
                self.wait_used(*BOTH)
        streams.assert_lossless("ports left and joined")

    def partner_takes_a_port_out(self):
        self.partner.remove("eth1")
        wait_for(lambda: "eth1" not in self.partner.states(), 5, "the port to be out")
        self.wait_used("eth0")
        self.assertEqual(self.one.host.ping("10.0.9.2", 20)[1], 20)
        self.partner.add("eth1")
        self.wait_used(*BOTH)

    def partner_restarts(self):
        """Its links go down with it."""
        self.partner.stop()
        wait_for(lambda: "NO-CARRIER" in self.one.host.link("bond0")["flags"], 15,
                 lambda: "no carrier\n" + self.state())
        self.partner.start()
        self.wait_used(*BOTH)
    def partner_falls_silent(self):
        if PARTNER is not Team:
            return  # the driver in the kernel does not
        self.partner.die()
        wait_for(lambda: "Partner Mac Address: 00:00:00:00:00:00" in self.one.proc(), 15,
                 "the partner to be given up")
        self.partner.start("-r")
        self.wait_used(*BOTH)


if __name__ == "__main__":
    main()
