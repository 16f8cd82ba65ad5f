#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Options of a bond in use are changed with nmcli, the mode too: live, nothing lost."""
import itertools
import time

from harness import A4, LabTest, MODES, Streams, main, wait_for

TITLES = {"balance-rr": "load balancing (round-robin)",
          "active-backup": "fault-tolerance (active-backup)",
          "balance-xor": "load balancing (xor)",
          "broadcast": "fault-tolerance (broadcast)"}


class UpAgain(LabTest):
    """`nmcli connection up bond0` on a bond that is up. NetworkManager takes the addresses away for a
    moment; the link, its ports and what neighbours know of it stay."""

    def events(self):
        return [(e["event"], e["port"]) for e in self.lab.bondd_call("GetEvents", "(st)", "bond0", 0)[0]]

    def test_the_link_does_not_notice(self):
        for mode in MODES:
            self.make_bond(f"mode={mode},miimon=100")
            before, ids = self.events(), self.lab.bond("bond0")["ports"].keys()
            log = self.lab.path(f"monitor-{mode}")
            monitor = self.lab.a.start("ip", "-o", "monitor", "link", log=log)
            with Streams(self.lab, 1000, echo=True) as streams:
                self.lab.nmcli("connection", "up", "bond0")
                self.wait_connected()
            time.sleep(2.5)  # ports that are not taken again would leave now
            self.assertEqual(self.events(), before)
            self.assertEqual(self.lab.bond("bond0")["ports"].keys(), ids)
            monitor.stop()
            with open(log, encoding="utf-8") as file:
                self.assertNotIn("NO-CARRIER", file.read())
            self.say(f"{mode}: {streams.describe()}")
            for port in ("eth0", "eth1"):
                self.assert_port_of(port)
            with Streams(self.lab, 200) as streams:
                self.lab.nmcli("connection", "down", "eth1")
                self.lab.nmcli("connection", "up", "eth1")
            streams.assert_lossless("eth1 down and up afterwards")
            self.lab.nmcli("connection", "delete", "bond0", "eth0", "eth1")
            self.assert_nothing_left()

    def wait_connected(self):
        def there():
            return all((self.lab.device(d) or ("", ""))[1] == "connected" for d in ("bond0", "eth0", "eth1"))
        wait_for(there, 10, lambda: "all to be connected again\n" + self.lab.diagnosis())
        self.lab.wait_ping()

    def test_ports_that_do_not_come_back_leave(self):
        self.make_bond("mode=active-backup,miimon=100")
        self.lab.nmcli("connection", "modify", "eth1", "connection.autoconnect", "no")
        self.lab.nmcli("connection", "up", "bond0")
        self.wait_ports(("eth0",))
        self.lab.wait_ping()
        self.assertEqual(self.lab.device("eth1")[1], "disconnected")


class Reapply(LabTest):
    def reapply(self, options):
        self.lab.nmcli("connection", "modify", "bond0", "bond.options", options)
        self.lab.nmcli("device", "reapply", "bond0")

    def wait_status(self, field, value):
        wait_for(lambda: self.status()[0].get(field) == value, 3,
                 lambda: f"{field}: {value}; it is {self.status()[0].get(field)}")

    def test_the_how_to(self):
        self.make_bond("mode=balance-rr,miimon=100")
        with Streams(self.lab, 100) as fast, Streams(self.lab, 1000, port=7010) as slow:
            self.reapply("mode=active-backup,miimon=100,primary=eth0")
            self.wait_status("Bonding Mode", TITLES["active-backup"])
            self.wait_status("Currently Active Slave", "eth0")
            self.assertIn("eth0", self.status()[0]["Primary Slave"])
            self.lab.wait_ping()
        fast.assert_lossless("the mode changed by reapply")
        slow.assert_lossless("the mode changed by reapply")
        for port in ("eth0", "eth1"):
            self.assert_port_of(port)
            self.assertEqual(self.lab.device(port)[1], "connected")

    def test_from_every_mode_to_every_mode(self):
        self.make_bond("mode=balance-rr,miimon=100")
        mac = self.lab.a.mac("bond0")
        walk = [MODES[n] for n in (0, 1, 0, 2, 0, 3, 1, 2, 1, 3, 2, 3, 0)]
        self.assertEqual(set(itertools.pairwise(walk)), set(itertools.permutations(MODES, 2)))
        for old, new in itertools.pairwise(walk):
            with Streams(self.lab, 200) as streams:
                self.reapply(f"mode={new},miimon=100")
                self.wait_status("Bonding Mode", TITLES[new])
                self.lab.wait_ping()
            streams.assert_lossless(f"{old} to {new}")
        self.assertEqual(self.lab.a.mac("bond0"), mac)
        self.say(" → ".join(walk) + ": nothing lost")

    def test_options_one_by_one(self):
        self.make_bond("mode=active-backup,miimon=100")
        steps = (
            ("mode=active-backup,miimon=50", "MII Polling Interval (ms)", "50"),
            ("mode=active-backup,miimon=50,updelay=100", "Up Delay (ms)", "100"),
            ("mode=active-backup,miimon=50,downdelay=200", "Down Delay (ms)", "200"),
            ("mode=active-backup,miimon=50,primary=eth1", "Currently Active Slave", "eth1"),
            ("mode=active-backup,miimon=50,primary=eth0", "Currently Active Slave", "eth0"),
            ("mode=active-backup,miimon=50,active_slave=eth1", "Currently Active Slave", "eth1"),
        )
        with Streams(self.lab, 200) as streams:
            for options, field, value in steps:
                self.reapply(options)
                self.wait_status(field, value)
        streams.assert_lossless("options changed by reapply")

    def test_an_address_is_added_live(self):
        self.make_bond("mode=active-backup,miimon=100")
        with Streams(self.lab, 200) as streams:
            self.lab.nmcli("connection", "modify", "bond0", "+ipv4.addresses", "10.0.1.244/24")
            self.lab.nmcli("device", "reapply", "bond0")
            self.lab.wait_ping("10.0.1.244", host=self.lab.b)
            self.lab.wait_ping(A4, host=self.lab.b)
        streams.assert_lossless("an address added by reapply")

    def test_what_is_wrong_is_refused_and_changes_nothing(self):
        self.make_bond("mode=active-backup,miimon=100")
        before = self.lab.proc_text("bond0")
        self.lab.nmcli("connection", "modify", "bond0", "bond.options",
                       "mode=balance-rr,miimon=100,packets_per_slave=70000", check=False)
        self.lab.nmcli("device", "reapply", "bond0", check=False)
        self.assertEqual(self.lab.proc_text("bond0"), before)


if __name__ == "__main__":
    main()
