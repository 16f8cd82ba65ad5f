#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A bridge over the bond, with a host behind it: a guest, as virtual machines have it.

    guest c (10.0.1.50) ── br0 ── bond0 ═ eth0, eth1 ── switch ── b

Active-backup only: in the other modes a switch without LAG floods the guest's broadcasts back by
the second port, and br0 then looks for the guest on the wrong side (so it is with the kernel's
bond as well).
"""
import signal

from harness import B4, LabTest, Streams, main, wait_for
from lab.namespace import Host

GUEST = "10.0.1.50"


class Bridge(LabTest):
    def setUp(self):
        super().setUp()
        self.guest = Host("c", self.lab.work)
        self.addCleanup(self.guest.close)

    def bridge(self, mode):
        nmcli = self.lab.nmcli
        nmcli("connection", "add", "type", "bridge", "con-name", "br0", "ifname", "br0",
              "bridge.stp", "no", "ipv4.method", "manual", "ipv4.addresses", "10.0.1.243/24",
              "ipv6.method", "disabled")
        nmcli("connection", "add", "type", "bond", "con-name", "bond0", "ifname", "bond0",
              "bond.options", f"mode={mode},miimon=100", "master", "br0")
        for port in ("eth0", "eth1"):
            self.add_port(port)
        nmcli("connection", "up", "bond0")
        self.wait_ports(("eth0", "eth1"))
        self.lab.a.wire("vnet0", self.guest, "eth0")
        self.lab.a.run("ip", "link", "set", "vnet0", "master", "br0", "up")
        self.guest.shell(f"ip link set eth0 up; ip addr add {GUEST}/24 dev eth0")
        wait_for(lambda: self.guest.ping(B4, 1, timeout=1)[1], 10, "the guest to reach host b")
        self.lab.wait_ping(B4)

    def streams(self):
        return (Streams(self.lab, 200, to_a=GUEST, near=self.guest),
                Streams(self.lab, 1000, port=7010))

    def check(self, mode):
        self.bridge(mode)
        guest, own = self.streams()
        with guest, own:
            for port in ("eth1", "eth0"):
                self.lab.nmcli("connection", "down", port)
                self.assert_own_mac(port)
                self.lab.nmcli("connection", "up", port)
                self.wait_ports(("eth0", "eth1"))
        guest.assert_lossless(f"{mode}: the guest's traffic over down and up of the ports")
        own.assert_lossless(f"{mode}: the bridge's own traffic over down and up of the ports")
        cut, _ = self.streams()
        active = self.active_port()
        with cut:
            self.lab.cut(active)
            wait_for(lambda: self.status()[1][active]["MII Status"] == "down", 3, "the cut")
            wait_for(lambda: self.guest.ping(B4, 1, timeout=1)[1], 5, "the guest to be back")
        self.say(f"{mode}: nothing lost over down and up; {active} (active) cut: lost µs "
                 f"{cut.lost_us()}")
        self.assertLess(max(cut.lost_us().values()), 1000000, cut.describe())

    def test_active_backup(self):
        self.check("active-backup")
        self.lab.mend("eth0")
        self.lab.mend("eth1")
        self.wait_ports(("eth0", "eth1"))
        guest, own = self.streams()
        with guest, own:
            self.lab.restart_nm(signal.SIGKILL)
            self.wait_ports(("eth0", "eth1"))
        guest.assert_lossless("NetworkManager killed: the guest")
        own.assert_lossless("NetworkManager killed: the bridge")


if __name__ == "__main__":
    main()
