#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Addresses on the bond: DHCP, router advertisements, link-local; kept when ports come and go."""
import ipaddress
import re
import signal

from harness import B4, B6, LabTest, Streams, main, wait_for


class Addresses(LabTest):
    def address4(self):
        text = self.lab.a.run("ip", "-4", "-o", "address", "show", "dev", "bond0")
        found = re.search(r"inet (10\.0\.1\.1\d\d)/24", text)
        return found and found[1]

    def addresses6(self, scope):
        text = self.lab.a.run("ip", "-6", "-o", "address", "show", "dev", "bond0", "scope", scope)
        return re.findall(r"inet6 ([0-9a-f:]+)/", text)

    def down_up(self, to_a):
        with Streams(self.lab, 1000, to_a=to_a) as streams:
            for port in ("eth1", "eth0"):
                self.lab.nmcli("connection", "down", port)
                self.lab.nmcli("connection", "up", port)
                self.wait_ports(("eth0", "eth1"))
        streams.assert_lossless("down and up of both ports")

    def test_dhcp(self):
        self.lab.start_dhcp()
        self.make_bond("mode=active-backup,miimon=100", address=None, reach=False)
        address = wait_for(self.address4, 15, "an address by DHCP")
        self.lab.wait_ping(B4)
        self.down_up(address)
        self.assertEqual(self.address4(), address)
        with Streams(self.lab, 1000, to_a=address) as streams:
            self.lab.restart_nm(signal.SIGKILL)
            self.wait_ports(("eth0", "eth1"))
        streams.assert_lossless("NetworkManager killed with a lease")
        self.assertEqual(self.address4(), address)
        with open(self.lab.path("dnsmasq.log"), encoding="utf-8") as log:
            self.assertIn(self.lab.a.mac("bond0"), log.read())
        self.say(f"{address}, kept over ports down and up and NetworkManager killed")

    def test_dhcp_with_the_bond_up_before_its_ports(self):
        self.lab.start_dhcp()
        self.add_bond("mode=balance-rr,miimon=100", address=None)
        for port in ("eth0", "eth1"):
            self.add_port(port)
        self.wait_ports(("eth0", "eth1"), timeout=20)
        self.assertTrue(wait_for(self.address4, 20, "an address by DHCP"))
        self.lab.wait_ping(B4)

    def test_slaac_and_link_local(self):
        self.lab.start_radvd()
        self.make_bond("mode=active-backup,miimon=100", "ipv6.method", "auto",
                       "ipv6.addr-gen-mode", "eui64", "ipv6.ip6-privacy", "0")
        mac = self.lab.a.mac("bond0")
        first, *rest = (int(part, 16) for part in mac.split(":"))
        eui = [first ^ 2, *rest[:2], 0xff, 0xfe, *rest[2:]]
        tail = ":".join(f"{(eui[i] << 8) | eui[i + 1]:x}" for i in range(0, 8, 2))
        expected = str(ipaddress.ip_address("fd00:1:0:0:" + tail))
        wait_for(lambda: expected in self.addresses6("global"), 15,
                 lambda: f"{expected}; there is {self.addresses6('global')}")
        self.assertEqual(self.addresses6("link"), [str(ipaddress.ip_address("fe80:0:0:0:" + tail))])
        self.lab.wait_ping(B6)
        for port in ("eth0", "eth1"):
            self.assertEqual(self.lab.a.run("ip", "-6", "-o", "address", "show", "dev", port), "",
                             "a port has no IPv6 address of its own")
        with Streams(self.lab, 1000, to_b=B6, to_a=expected) as streams:
            for port in ("eth1", "eth0"):
                self.lab.nmcli("connection", "down", port)
                self.lab.nmcli("connection", "up", port)
                self.wait_ports(("eth0", "eth1"))
        streams.assert_lossless("IPv6, down and up of both ports")
        for signo in (signal.SIGTERM, signal.SIGKILL):
            with Streams(self.lab, 1000, to_b=B6, to_a=expected) as streams:
                self.lab.restart_nm(signo)
                self.wait_ports(("eth0", "eth1"))
            streams.assert_lossless(f"IPv6, NetworkManager gets {signo.name}")
            self.assertIn(expected, self.addresses6("global"))
        link_local = self.addresses6("link")[0] + "%eth0"
        self.assertEqual(self.lab.b.ping(link_local, 20)[1], 20)
        self.say(f"{expected}: nothing lost")


if __name__ == "__main__":
    main()
