#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What listeners on D-Bus hear: every change, once, all properties of a step together."""
import time

from common import BONDD, BONDD_PATH, BondTest, Streams, main, wait_for


class Signals(BondTest):
    def setUp(self):
        super().setUp()
        from gi.repository import Gio, GLib
        self.context = GLib.MainContext.default()
        self.heard = []
        self.lab.bus().signal_subscribe(BONDD, None, None, None, None, Gio.DBusSignalFlags.NONE,
                                        lambda bus, sender, path, interface, member, parameters:
                                        self.heard.append((path, member, parameters.unpack())))

    def listen(self, condition, what, timeout=5):
        end = time.monotonic() + timeout
        while not condition():
            self.context.iteration(False)
            if time.monotonic() > end:
                self.fail(f"not heard: {what}\n" + "\n".join(map(str, self.heard)))
        for _ in range(20):  # and what comes right behind it
            self.context.iteration(False)
            time.sleep(0.01)

    def changes(self, interface, path=None):
        return [values[1] for where, member, values in self.heard
                if member == "PropertiesChanged" and values[0] == BONDD + interface
                and path in (None, where)]

    def test_failover(self):
        self.bond_of_two("active-backup")
        bond = self.lab.bond_path("bond0")
        ports = {self.lab.get_property(BONDD, path, BONDD + ".Port", "Name"): path
                 for path in self.lab.get_property(BONDD, bond, BONDD + ".Bond", "Ports")}
        self.listen(lambda: True, "")
        self.heard.clear()
        self.lab.cut("eth0")
        self.listen(lambda: self.changes(".Bond"), "a change of the bond")
        mine = self.changes(".Bond", bond)
        self.assertEqual(len(mine), 1, mine)
        self.assertEqual(mine[0]["ActivePort"], "eth1")
        self.assertIn("Only eth1 can be used", str(mine[0]["Warnings"]))
        eth0 = self.changes(".Port", ports["eth0"])
        self.assertEqual(len(eth0), 1, eth0)
        self.assertEqual({k: eth0[0][k] for k in ("State", "LinkState", "Carrier", "FailureCount")},
                         {"State": "down", "LinkState": "down", "Carrier": False,
                          "FailureCount": 1})
        self.assertAlmostEqual(eth0[0]["LastChange"] / 1e6, time.time(), delta=30)
        self.assertEqual([c["State"] for c in self.changes(".Port", ports["eth1"])], ["active"])
        events = [values[0] for _, member, values in self.heard if member == "Event"]
        self.assertEqual([(e["event"], e["port"]) for e in events],
                         [("link-down", "eth0"), ("active-changed", "eth1")])
        self.assertEqual(events[1]["other"], "eth0")
        self.assertEqual(events, self.events()[-2:])
        for event in events:
            self.assertTrue(event["reason"] and event["text"].endswith("."))
            self.assertAlmostEqual(event["time"] / 1e6, time.time(), delta=30)

    def test_objects_come_and_go(self):
        self.create("active-backup")
        bond = self.lab.bond_path("bond0")
        port = self.attach("eth0")
        self.detach("eth0", flags=1)
        self.lab.bond_call("bond0", "Delete")

        def members():
            return [(m, v[0]) for _, m, v in self.heard
                    if m in ("InterfacesAdded", "InterfacesRemoved")]
        self.listen(lambda: len(members()) >= 4, "objects")
        self.assertEqual(members(), [("InterfacesAdded", bond), ("InterfacesAdded", port),
                                     ("InterfacesRemoved", port), ("InterfacesRemoved", bond)])
        added = next(v[1] for _, m, v in self.heard if m == "InterfacesAdded")
        self.assertEqual(added[BONDD + ".Bond"]["Name"], "bond0")

    def test_quiet_when_nothing_happens(self):
        self.bond_of_two("balance-rr")
        self.listen(lambda: True, "")
        self.heard.clear()
        before = self.a.run("stat", "-c", "%y", "/run/bonding/bond0", "/run/bondd/bond0.state")
        time.sleep(1)
        self.listen(lambda: True, "")
        self.assertEqual(self.heard, [])
        self.assertEqual(self.a.run("stat", "-c", "%y", "/run/bonding/bond0",
                                    "/run/bondd/bond0.state"), before)

    def test_answers_come_after_changes(self):
        """Whoever has the answer of a call reads properties that are true."""
        self.bond_of_two("active-backup")
        for mode in ("balance-rr", "active-backup") * 3:
            self.lab.bond_call("bond0", "SetOptions", "(a{ss}u)", {"mode": mode}, 0)
            bond = self.lab.bond("bond0")
            self.assertEqual((bond["Mode"], bond["Options"]["mode"]), (mode, mode))
            self.assertIn(f"Bonding Mode: {'load' if mode == 'balance-rr' else 'fault'}",
                          self.lab.proc_text("bond0"))

    def test_stopping_is_no_deletion(self):
        self.bond_of_two()
        self.listen(lambda: True, "")
        self.heard.clear()
        self.kill(15)
        self.listen(lambda: True, "")
        self.assertEqual([h for h in self.heard if h[1] == "InterfacesRemoved"], [])

    def test_the_bus_dies(self):
        """bondd ends with it, and traffic goes on."""
        self.bond_of_two()
        pid = self.lab.owner_pid(BONDD)
        with Streams(self.lab, 1000) as streams:
            self.lab.dbus.kill(9)
            wait_for(lambda: self.a.result("ps", "-o", "stat=", "-p", str(pid)).stdout.strip()[:1]
                     in ("", "Z"), 5, "bondd to end")  # ZN, where the test is niced
            time.sleep(0.2)
        streams.assert_lossless("the bus is killed")


if __name__ == "__main__":
    main()
