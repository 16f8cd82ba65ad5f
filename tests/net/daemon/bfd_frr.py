#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""BFD with FRR's bfdd at the other end, a single-hop session on each port. (FRR 8.4 has no micro
sessions of LAG members; they differ in the UDP port and the first destination address.)

    host a: bond0 ═╡ eth0 ── br10 ── eth0 ╞ peer: zebra, bfdd, 10.0.2.1 on both
                   ╡ eth1 ── br11 ── eth1 ╞

A bridge port in the state "disabled" makes a link silent: both ends keep their carrier."""
import json
import os
import shutil
import sys
import time

from common import BondTest, main, wait_for

FRR = "/usr/lib/frr"
PEER, US = "10.0.2.1", "10.0.2.243"


class Bfd(BondTest):
    def setUp(self):
        super().setUp()
        self.peer = self.lab._host("peer")
        self.peer.shell("sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0")
        for n in (0, 1):
            self.lab.switch.shell(f"ip link add br1{n} type bridge stp_state 0 forward_delay 0 "
                                  f"mcast_snooping 0; ip link set br1{n} up; "
                                  f"ip link set sw{n} master br1{n}")
            self.lab.add_wire(self.peer, f"eth{n}", f"p{n}", f"br1{n}")
            self.peer.shell(f"sysctl -qw net.ipv4.conf.eth{n}.rp_filter=0; "
                            f"ip addr add {PEER}/24 dev eth{n}")

    def bond(self, mode="balance-xor", **options):
        self.create(mode, address=None, bfd="single-hop", bfd_peer=PEER, **options)
        self.a.run("ip", "addr", "add", f"{US}/24", "dev", "bond0")
        self.attach("eth0", "eth1")
        # ARP comes back by one of the ports only
        for n in (0, 1):
            self.peer.run("ip", "neigh", "replace", US, "lladdr", self.a.mac("bond0"), "dev", f"eth{n}")

    def start_frr(self, interval, multiplier=3):
        work = self.lab.path("frr")
        os.makedirs(work, exist_ok=True)
        shutil.chown(work, "frr", "frr")
        config = self.lab.write("bfdd.conf", "bfd\n" + "".join(
            f" peer {US} interface eth{n}\n  detect-multiplier {multiplier}\n"
            f"  receive-interval {interval}\n  transmit-interval {interval}\n" for n in (0, 1)))
        empty = self.lab.write("zebra.conf", "")
        common = ["-u", "frr", "-g", "frr", "--vty_socket", work, "-z", f"{work}/zserv.api", "-A",
                  "127.0.0.1", "-P", "0"]
        self.zebra = self.peer.start(f"{FRR}/zebra", *common, "-f", empty, "-i", f"{work}/zebra.pid",
                                     log=self.lab.path("zebra.log"))
        wait_for(lambda: os.path.exists(f"{work}/zserv.api"), 10, "zebra to listen")
        self.bfdd = self.peer.start(f"{FRR}/bfdd", *common, "-f", config, "-i", f"{work}/bfdd.pid",
                                    "--bfdctl", f"{work}/bfdd.sock", log=self.lab.path("bfdd.log"))

    def frr(self):
        """By interface, what FRR says of its sessions."""
        text = self.peer.result("vtysh", "--vty_socket", self.lab.path("frr"), "-d", "bfdd", "-c",
                                "show bfd peers json").stdout
        return {p["interface"]: p for p in json.loads(text)} if text.startswith("[") else {}

    def sessions(self):
        return {name: port["Bfd"] for name, port in self.lab.bond("bond0")["ports"].items()}

    def wait_sessions(self, **want):
        wait_for(lambda: self.sessions() == want, 20, lambda: f"{want}: {self.sessions()}, {self.frr()}")

    def links(self):
        return {name: port["LinkState"] for name, port in self.lab.bond("bond0")["ports"].items()}

    def wait_links(self, **want):
        wait_for(lambda: self.links() == want, 20, lambda: f"{want}: {self.links()}, {self.sessions()}, {self.frr()}")

    def switch_state(self, port, state):
        self.lab.switch.run("bridge", "link", "set", "dev", self.lab.switch_port(port), "state", str(state))

    def down_event(self, port, since):
        found = [e for e in self.events(since=since) if e["event"] == "link-down" and e["port"] == port]
        return found[-1] if found else None

    def settled(self):
        self.wait_sessions(eth0="up", eth1="up")
        wait_for(lambda: [p["status"] for p in self.frr().values()] == ["up"] * 2, 10, self.frr)

    def test_silent_link(self):
        self.bond(bfd_interval="40", bfd_multiplier="12")
        self.start_frr(50, 10)
        self.settled()
        wait_for(lambda: [(p["remote-transmit-interval"], p["remote-receive-interval"],
                           p["remote-detect-multiplier"]) for p in self.frr().values()] == [(40, 40, 12)] * 2,
                 10, self.frr)
        took = []
        for _ in range(2):
            since = self.events()[-1]["seq"]
            begin = time.time()
            self.switch_state("eth1", 0)
            event = wait_for(lambda: self.down_event("eth1", since), 10, self.events)
            took.append(round((event["time"] / 1e6 - begin) * 1000, 1))
            self.assertIn("BFD", event["reason"])
            self.assertTrue(self.lab.bond("bond0")["ports"]["eth1"]["Carrier"])
            self.assertEqual(self.links()["eth0"], "up")
            self.assertEqual(self.lab.bond("bond0")["ports"]["eth1"]["State"], "down")
            wait_for(lambda: self.frr()["eth1"]["status"] == "down", 10, self.frr)
            self.switch_state("eth1", 3)
            self.wait_links(eth0="up", eth1="up")
            self.settled()
        print(f"  50 ms x 10: found after {took} ms")
        self.assertIn("eth1 up", self.lab.bondcli("status", "bond0"))

    def test_silent_peer(self):
        """Its daemon is killed: no link is to blame. Ours is: FRR hears nothing of it."""
        self.bond("active-backup", bfd_interval="50", bfd_multiplier="100")
        self.start_frr(50)
        self.settled()
        self.kill()
        self.lab.start_bondd()
        self.wait_sessions(eth0="up", eth1="up")
        self.assertEqual([p["status"] for p in self.frr().values()], ["up", "up"])
        seq = self.events()[-1]["seq"]
        self.bfdd.kill(9)
        self.wait_sessions(eth0="down", eth1="down")
        self.assertEqual(self.links(), {"eth0": "up", "eth1": "up"})
        self.assertIsNone(self.down_event("eth0", seq) or self.down_event("eth1", seq))

    def test_all(self):
        """Nobody answers, and monitors=all: no port is usable until somebody does."""
        self.bond(bfd_interval="50", bfd_multiplier="20", monitors="all")
        self.assertEqual(self.links(), {"eth0": "down", "eth1": "down"})
        self.assertFalse(self.lab.bond("bond0")["Carrier"])
        self.start_frr(50, 20)
        self.wait_links(eth0="up", eth1="up")
        self.lab.bond_call("bond0", "SetOptions", "(a{ss}u)", {"bfd": "off"}, 0)
        wait_for(lambda: [p["status"] for p in self.frr().values()] == ["down"] * 2, 10, self.frr)
        self.assertEqual(self.links(), {"eth0": "up", "eth1": "up"})

    def test_refused(self):
        def make(**options):
            self.lab.bondd_call("CreateBond", "(sa{ss}a{sv})", "bond0", options, {})
        self.assert_refused("Conflict", ["bfd", "bfd_peer"], lambda: make(bfd="micro"))
        self.assert_refused("BadValue", ["bfd_interval", "10 to 10000"],
                            lambda: make(bfd="micro", bfd_peer=PEER, bfd_interval="1"))


if __name__ == "__main__":
    if not os.path.exists(f"{FRR}/bfdd"):
        print("FRR's bfdd is not installed (package frr)")
        sys.exit(77)
    main()
