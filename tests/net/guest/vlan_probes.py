#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Targets of the ARP and NS monitors behind VLANs over the bond: the questions carry their tags.

    host a                            switch            host b
    v7   10.0.7.243   bond0 ═╡ eth0 ────┐                eth0   v7   10.0.7.1   fd00:7::1
    v30  10.0.30.243         ╡ eth1 ────┴─────────────── eth0   v30  10.0.30.1

v7 is VLAN 7; v30 is VLAN 30 inside the service VLAN 100 (802.1ad). Needs 8021q (run, in this
directory).
"""
import os
import re
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "daemon"))
import arpmon  # noqa: E402 (the path comes first)
from common import main, wait_for  # noqa: E402

ONE_TAG = r"vlan 7, p 0, ethertype "
TWO_TAGS = r"vlan 100, p 0, ethertype 802.1Q.*, vlan 30, p 0, ethertype "


class VlanProbes(arpmon.Links):
    def setUp(self):
        super().setUp()
        self.create("active-backup", miimon="100")
        self.attach("eth0", "eth1")
        for host, lower, last in ((self.a, "bond0", 243), (self.lab.b, "eth0", 1)):
            host.shell(
                f"ip link add link {lower} name v7 type vlan id 7; "
                f"ip link add link {lower} name s100 type vlan proto 802.1ad id 100; "
                "ip link add link s100 name v30 type vlan id 30; "
                "for v in s100 v7 v30; do ip link set $v up; done; "
                f"ip addr add 10.0.7.{last}/24 dev v7; ip addr add 10.0.30.{last}/24 dev v30; "
                f"ip addr add fd00:7::{last}/64 dev v7 nodad")

    def asks(self, tags, question, **options):
        """The question leaves with these tags."""
        log = self.lab.path("questions")
        capture = self.lab.b.start("tcpdump", "-enli", "eth0", log=log)
        wait_for(lambda: "listening" in self.lab.tail("questions"), 10, "tcpdump to listen")
        self.set(miimon="0", arp_interval="100", **options)
        wait_for(lambda: re.search(tags + question, self.lab.tail("questions")), 10,
                 lambda: f"{tags}{question}\n" + self.lab.tail("questions"))
        capture.stop(signal.SIGINT)
        os.unlink(log)

    def watch(self, tags, question, target_device, **options):
        """Both ports are up because of tagged answers, and down without them."""
        self.asks(tags, question, arp_validate="all", **options)
        self.wait_links(15, eth0="up", eth1="up")
        self.lab.b.run("ip", "link", "set", target_device, "down")
        wait_for(lambda: "up" not in self.links().values(), 15,
                 lambda: f"no port to be up: {self.links()}")
        self.lab.b.run("ip", "link", "set", target_device, "up")
        self.wait_links(15, eth0="up", eth1="up")

    def test_arp(self):
        self.watch(ONE_TAG, r"ARP .*Request who-has 10\.0\.7\.1 tell 10\.0\.7\.243", "v7",
                   arp_ip_target="10.0.7.1")

    def test_two_tags_are_asked_with(self):
        """Not more: an answer that has a tag left inside is for nobody on a port, as in the kernel."""
        self.asks(TWO_TAGS, r"ARP .*Request who-has 10\.0\.30\.1 tell 10\.0\.30\.243",
                  arp_ip_target="10.0.30.1", arp_validate="none")

    def test_solicitation(self):
        self.lab.b.run("sysctl", "-qw", "net.ipv6.conf.v7.keep_addr_on_down=1")
        self.watch(ONE_TAG, r"IPv6 .*fd00:7::243 > ff02::1:ff00:1: .*neighbor solicitation, "
                   r"(length 32, )?who has fd00:7::1", "v7", ns_ip6_target="fd00:7::1")


if __name__ == "__main__":
    main()
