#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""802.3ad against Open vSwitch: another implementation of LACP at the other end of the cables.

    lab, host a                         host o
    bond0 10.0.9.1 ═╡ eth0 ─────────── eth0 ╞ bond ─ br0 10.0.9.2 (ovs-vswitchd, its datapath in
                    ╡ eth1 ─────────── eth1 ╞                      user space)

Open vSwitch runs in host o only, with a database, sockets and directories of the test's own.
"""
import os
import shutil
import sys
import time
import unittest

from common import Streams, main, wait_for
from lacp_side import Side

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
from lab import Host  # noqa: E402 (the path comes first)

BOTH = ("eth0", "eth1")


class Switch:
    """A host that is a switch with one LACP bond."""

    def __init__(self, work):
        self.host = Host("o", work)
        self.dir = os.path.join(work, "ovs")
        os.makedirs(self.dir)
        for name in ("OVS_RUNDIR", "OVS_LOGDIR", "OVS_DBDIR", "OVS_SYSCONFDIR"):
            self.host.env[name] = self.dir
        self.db = f"unix:{self.dir}/db.sock"

    def start(self, lacp_time="fast"):
        self.host.run("ovsdb-tool", "create", f"{self.dir}/conf.db",
                      "/usr/share/openvswitch/vswitch.ovsschema")
        self.server = self.host.start("ovsdb-server", f"{self.dir}/conf.db",
                                      f"--remote=p{self.db}", f"--unixctl={self.dir}/s.ctl",
                                      log=f"{self.dir}/server.log")
        wait_for(lambda: os.path.exists(f"{self.dir}/db.sock"), 5, "ovsdb-server")
        self.start_switch()
        self.host.shell("for p in eth0 eth1; do ethtool -K $p tx off >/dev/null; "
                        "ip link set $p up; done")
        self.vsctl("add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=netdev")
        self.vsctl("add-bond", "br0", "lag", *BOTH, "bond_mode=balance-tcp", "lacp=active",
                   f"other_config:lacp-time={lacp_time}", "other_config:bond-rebalance-interval=0")
        self.host.shell("ip addr add 10.0.9.2/24 dev br0; ip link set br0 up; "
                        "ethtool -K br0 tx off >/dev/null")

    def start_switch(self):
        self.switch = self.host.start("ovs-vswitchd", self.db, f"--unixctl={self.dir}/v.ctl",
                                      log=f"{self.dir}/vswitchd.log")
        wait_for(lambda: os.path.exists(f"{self.dir}/v.ctl"), 10, "ovs-vswitchd")

    def vsctl(self, *argv):
        return self.host.run("ovs-vsctl", f"--db={self.db}", *argv)

    def ctl(self, *argv):
        return self.host.run("ovs-appctl", "-t", f"{self.dir}/v.ctl", *argv)

    def enabled(self):
        """Members that Open vSwitch sends by."""
        return sorted(line.split()[1].rstrip(":") for line in
                      self.ctl("bond/show", "lag").splitlines()
                      if line.startswith("member ") and line.endswith(": enabled"))


class AgainstOpenVSwitch(unittest.TestCase):
    def setUp(self):
        if shutil.which("ovs-vswitchd", path="/usr/sbin:/sbin") is None:
            self.skipTest("Open vSwitch is not here (Debian: openvswitch-switch)")
        self.one = Side("10.0.9.1")
        self.addCleanup(self.one.lab.close)
        self.switch = Switch(self.one.lab.work)
        self.addCleanup(self.switch.host.close)
        for port in BOTH:
            self.one.host.wire(port, self.switch.host, port)

    def tearDown(self):
        if any(error for _, error in getattr(self._outcome, "errors", None) or []):
            print(self.state(), file=sys.stderr)

    def state(self):
        return self.one.proc() + self.switch.ctl("lacp/show") + self.switch.ctl("bond/show")

    def up(self, lacp_time="fast", **options):
        self.switch.start(lacp_time)
        self.one.create(**options)
        self.one.host.shell("for p in eth0 eth1; do ethtool -K $p tx off >/dev/null; done; "
                            "ethtool -K bond0 tx off >/dev/null")
        self.one.attach(*BOTH)
        self.wait_both()
        wait_for(lambda: self.one.host.ping("10.0.9.2", 1)[1] == 1, 5, "a ping")

    def wait_both(self):
        wait_for(lambda: self.distributing() == list(BOTH) and self.switch.enabled() == list(BOTH),
                 15, lambda: "both ports in use at both ends:\n" + self.state())

    def distributing(self):
        return sorted(port for port, states in self.one.states().items()
                      if states and states[0] & 0x38 == 0x38)

    def streams(self):
        return Streams(self.one.lab, 1000, to_b="10.0.9.2", to_a="10.0.9.1", near=self.one.host,
                       other=self.switch.host)

    def test_up_spread_cut(self):
        self.up()
        self.assertIn(f"Partner Mac Address: {self.switch.host.mac('br0')}", self.one.proc())
        before = {port: self.one.sent(port) for port in BOTH}
        for port, was in before.items():  # a port is chosen a moment after its partner collects
            wait_for(lambda: self.one.flows("10.0.9.2") or self.one.sent(port) - was > 50, 5,
                     f"{port} to have its share")
        self.switch.host.run("ip", "link", "set", "eth0", "down")
        wait_for(lambda: self.distributing() == ["eth1"] and self.switch.enabled() == ["eth1"], 5,
                 "eth1 alone")
        self.assertEqual(self.one.host.ping("10.0.9.2", 20)[1], 20)
        self.switch.host.run("ip", "link", "set", "eth0", "up")
        self.wait_both()

    def test_leave_and_join_lossless(self):
        self.up(lacp_rate="fast")
        with self.streams() as streams:
            for port in ("eth1", "eth0"):
                self.one.detach(port)
                wait_for(lambda: port not in self.one.states() and
                         port not in self.switch.enabled(), 5, "the port to leave")
                time.sleep(0.5)
                self.one.attach(port)
                self.wait_both()
        streams.assert_lossless("ports left and joined")

    def test_partner_restarts(self):
        self.up(lacp_rate="fast")
        self.switch.switch.stop()
        wait_for(lambda: "Partner Mac Address: 00:00:00:00:00:00" in self.one.proc(), 15,
                 "the partner to be given up")
        wait_for(lambda: not os.path.exists(f"{self.switch.dir}/v.ctl"), 5, "its socket to go")
        self.switch.start_switch()
        self.wait_both()

    def test_killed(self):
        self.up(lacp_rate="fast")
        with self.streams() as streams:
            self.one.kill()
            time.sleep(1)
            self.one.lab.start_bondd()
            end = time.monotonic() + 5
            while time.monotonic() < end:
                self.assertEqual(self.switch.enabled(), list(BOTH))
                time.sleep(0.2)
        streams.assert_lossless("bondd was killed")

    def test_independent_control(self):
        self.up(coupled_control="off")
        self.assertEqual(self.one.host.ping("10.0.9.2", 20)[1], 20)


if __name__ == "__main__":
    main()
