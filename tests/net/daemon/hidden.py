#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Receiving by two peers, by way of a network namespace that was lent to bondd: datapath/hidden.h."""
import json
import signal
import time

from common import BondTest, Streams, main, wait_for

# As what frames of EtherType 1234 come in on bond0, in the order of their arrival.
LISTENER = """
import socket
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x1234))
s.bind(("bond0", 0x1234))
s.settimeout(5)
print("ready", flush=True)
print("types:", *(s.recvfrom(2000)[1][2] for i in range(3)))
"""
LEND = """
import os, socket, sys
lent = socket.socket(*map(int, sys.argv[1].split())).detach()
if lent != 3:
    os.dup2(lent, 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", LISTEN_FDNAMES="hidden")
os.execv(sys.argv[2], sys.argv[2:])
"""


class HiddenTest(BondTest):
    def setUp(self):
        super().setUp()
        self.lab.bondd_ends(hidden=True)

    def receive(self):
        return self.lab.bond("bond0")["Receive"]

    def inside(self):
        """The devices in the hidden namespace by name."""
        links = json.loads(self.a.run("ip", "-netns", "hidden", "-json", "link"))
        return {link["ifname"]: link for link in links if link["ifname"] != "lo"}

    def bond_of_two(self, mode="active-backup", **kw):
        super().bond_of_two(mode, **kw)
        if self.lab.bond("bond0")["Attachment"] != "tcx":
            self.skipTest("this kernel has no tcx")
        self.assertEqual(self.receive(), "peers")

    def received(self):
        link = json.loads(self.a.run("ip", "-json", "-s", "link", "show", "dev", "bond0"))[0]
        return link["stats64"]["rx"]["packets"]

    def restart(self, **how):
        self.kill()
        self.lab.bondd_ends(**how)
        self.lab.start_bondd()

    def log(self):
        return self.lab.tail("bondd.log")


class Hidden(HiddenTest):
    def test_device_counts_what_it_receives(self):
        self.bond_of_two()
        before = self.received()
        self.assertEqual(self.a.ping("10.0.1.1", count=50)[:2], (50, 50))
        self.assertGreaterEqual(self.received() - before, 50)

    def test_nothing_inside_says_anything(self):
        """No router solicitation of a device's own, which the bond would receive."""
        self.bond_of_two()
        time.sleep(3)  # what would be said has been said by then
        links = json.loads(self.a.run("ip", "-netns", "hidden", "-json", "-s", "link"))
        self.assertEqual({link["ifname"]: link["stats64"]["tx"]["packets"] for link in links
                          if link["ifname"] != "lo"}, dict.fromkeys(self.inside(), 0))
        self.assertEqual(self.a.run("ip", "-netns", "hidden", "-6", "address"), "")

    def test_killed_and_started(self):
        self.bond_of_two()
        with Streams(self.lab, 1000) as streams:
            self.restart(hidden=True)
        streams.assert_lossless("bondd killed and started again")
        self.assertEqual(self.receive(), "peers")
        self.assertNotIn("out of reach", self.log())

    def test_ports_come_and_go(self):
        self.bond_of_two("balance-rr")
        with Streams(self.lab, 1000) as streams:
            self.detach("eth0", 1)
            self.wait_gone("eth0")
            self.attach("eth0")
        streams.assert_lossless("a port went and came")

    def test_carrier(self):
        """The device has one as long as a port has, also with a bondd that came later."""
        self.bond_of_two()
        for again in (False, True):
            if again:
                self.restart(hidden=True)
            for state in ("down", "up"):
                for port in ("eth0", "eth1"):
                    (self.lab.mend if state == "up" else self.lab.cut)(port)
                wait_for(lambda: ("NO-CARRIER" in self.a.link("bond0")["flags"]) == (state == "down"), 5,
                         lambda: f"the bond to lose or get its carrier; it is {self.a.link('bond0')}")
        self.lab.wait_ping()

    def test_capture_sees_both_ways(self):
        """What is sent then takes the way through both pairs."""
        self.bond_of_two()
        with Streams(self.lab, 1000) as streams:
            self.assertEqual(self.capture(), (20, 20))
        streams.assert_lossless("a capture began and ended")

    def test_frames_for_others_are_not_ours(self):
        """A port that hears all (promiscuous) must not make what is for another host ours."""
        self.bond_of_two()
        self.a.run("ip", "link", "set", "bond0", "promisc", "on")
        wait_for(lambda: self.a.link("eth0")["promiscuity"] > 0, 5, "eth0 to hear all")
        listener = self.a.start("/usr/bin/python3", "-c", LISTENER, log=self.lab.path("types.log"))
        wait_for(lambda: "ready" in self.lab.tail("types.log"), 5, "the listener")
        for to in ("020000000099", self.a.mac("bond0").replace(":", ""), "ffffffffffff"):
            self.send_from_b(to + "0200000000bb" + "1234" * 20)
        listener.wait(10)
        self.assertIn("types: 3 0 1", self.lab.tail("types.log"))  # PACKET_OTHERHOST, _HOST, _BROADCAST


class Ends(HiddenTest):
    def assert_all_gone(self):
        def left():
            return [*self.inside(), *(line for line in self.leftovers() if line)]
        wait_for(lambda: not left(), 5, lambda: f"all to go; there are {left()}")

    def test_deleted(self):
        self.bond_of_two()
        self.assertEqual(len(self.inside()), 2)
        self.lab.bond_call("bond0", "Delete")
        self.assert_all_gone()

    def test_device_deleted(self):
        for which in ("bond0", "nmbp-*"):
            with self.subTest(which):
                self.bond_of_two()
                self.a.shell(f"cd /sys/class/net && ip link del {which}")
                self.assert_all_gone()

    def test_device_deleted_while_bondd_was_away(self):
        self.bond_of_two()
        self.kill()
        self.a.run("ip", "link", "del", "bond0")
        self.lab.start_bondd()
        self.assert_all_gone()

    def test_namespace_ends(self):
        """With it go both devices; bondd says that they are gone, and lives."""
        self.bond_of_two()
        self.kill()
        self.a.run("ip", "netns", "del", "hidden")
        wait_for(lambda: self.a.link("bond0") is None, 5, "the kernel to end the devices")
        self.lab.bondd_ends(hidden=True)
        self.lab.start_bondd()
        self.assert_nothing_left()
        self.bond_of_two()


class Lent(HiddenTest):
    def test_not_lent_any_more(self):
        """What is there goes on; what comes is made as usual. The carrier stays as it is, and bondd says so."""
        self.bond_of_two()
        with Streams(self.lab, 1000) as streams:
            self.restart(hidden=False)
        streams.assert_lossless("started without the namespace")
        self.assertEqual(self.receive(), "peers")
        self.assertIn("out of reach", self.log())
        self.create("balance-rr", name="b1", address=None)
        self.assertEqual(self.lab.bond("b1")["Receive"], "ingress")
        with Streams(self.lab, 1000) as streams:
            self.restart(hidden=True)
        streams.assert_lossless("started with it")
        self.assertEqual([self.lab.bond(bond)["Receive"] for bond in ("bond0", "b1")], ["peers", "ingress"])

    def test_clsact_cannot(self):
        self.lab.bondd_ends(f"--config={self.lab.write('bondd.conf', '[main]' + chr(10) + 'attach=clsact')}",
                            hidden=True)
        super(HiddenTest, self).bond_of_two("active-backup")
        self.assertEqual((self.receive(), self.inside()), ("ingress", {}))

    def test_no_use(self):
        """A socket of this namespace, or of another kind: bonds are made as usual."""
        for what in ("16 3 0", "2 2 0"):  # AF_NETLINK, SOCK_RAW; AF_INET, SOCK_DGRAM
            with self.subTest(what):
                self.lab.bondd_ends(wrapper=("/usr/bin/python3", "-c", LEND, what), hidden=False)
                self.create("balance-rr", address=None)
                self.assertEqual(self.receive(), "ingress")
                self.assertIn('The socket "hidden" is of no use', self.log())
                self.lab.bond_call("bond0", "Delete")
                self.kill(signal.SIGTERM)


class Changed(HiddenTest):
    def test_namespace_is_another_one(self):
        """A bondd that is lent another namespace than the one before leaves the old bonds as they are."""
        self.bond_of_two()
        holder = self.a.start("ip", "netns", "exec", "hidden", "sleep", "60", log=self.lab.path("holder.log"))
        self.addCleanup(holder.stop, signal.SIGKILL)
        wait_for(lambda: holder.alive, 5, "the namespace to be held")
        self.kill()
        self.a.run("ip", "netns", "del", "hidden")
        self.lab.bondd_ends(hidden=True)
        with Streams(self.lab, 1000) as streams:
            self.lab.start_bondd()
        streams.assert_lossless("another namespace")
        self.assertIn("out of reach", self.log())
        self.assertEqual(self.receive(), "peers")


if __name__ == "__main__":
    main()
