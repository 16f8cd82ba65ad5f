#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls that bondd refuses: each with its error, a sentence, and nothing left behind."""
from common import BONDD, BONDD_PATH, BondTest, main, variant


class BadCalls(BondTest):
    ports = 3

    def manager(self, method, signature, *args):
        return self.lab.bondd_call(method, signature, *args)

    def create_raw(self, name, options, settings=None):
        return self.manager("CreateBond", "(sa{ss}a{sv})", name, options, settings or {})

    def test_create(self):
        u, s, i = (lambda v: variant("u", v)), (lambda v: variant("s", v)), \
            (lambda v: variant("i", v))
        rr = {"mode": "balance-rr"}
        rows = [
            ("BadName", ["empty"], "", rr, {}),
            ("BadName", ["sixteen-letters-", "15"], "sixteen-letters-", rr, {}),
            ("BadName", ["a/b", "/"], "a/b", rr, {}),
            ("BadName", ["a b", "white space"], "a b", rr, {}),
            ("BadName", ["a:b"], "a:b", rr, {}),
            ("BadName", ["b%d"], "b%d", rr, {}),
            ("BadName", ["."], ".", rr, {}),
            ("BadName", [".."], "..", rr, {}),
            ("BadName", ["eth0", "exists"], "eth0", rr, {}),
            ("BadName", ["lo", "exists"], "lo", rr, {}),
            ("BadValue", ["mode", "fast"], "bond0", {"mode": "fast"}, {}),
            ("UnknownOption", ["colour"], "bond0", dict(rr, colour="red"), {}),
            ("BadValue", ["miimon", "-1"], "bond0", dict(rr, miimon="-1"), {}),
            ("WrongMode", ["primary"], "bond0", dict(rr, primary="eth0"), {}),
            ("NotSupported", ["balance-slb"], "bond0", {"mode": "2", "balance-slb": "1"}, {}),
            ("BadValue", ["color", "mac", "drain-ms"], "bond0", rr, {"color": s("red")}),
            ("BadValue", ["mac", "not u"], "bond0", rr, {"mac": u(1)}),
            ("BadValue", ["mac", "02:00"], "bond0", rr, {"mac": s("02:00")}),
            ("BadValue", ["mac", "multicast"], "bond0", rr, {"mac": s("03:00:00:00:00:01")}),
            ("BadValue", ["mac", "zero"], "bond0", rr, {"mac": s("00:00:00:00:00:00")}),
            ("BadValue", ["datapath", "fast", "bpf"], "bond0", rr, {"datapath": s("fast")}),
            ("BadValue", ["drain-ms", "not i"], "bond0", rr, {"drain-ms": i(1)}),
            ("BadValue", ["drain-ms", "60001", "60000"], "bond0", rr, {"drain-ms": u(60001)}),
        ]
        for error, words, name, options, settings in rows:
            with self.subTest(name=name, options=options, settings=settings):
                text = self.assert_refused(error, words, self.create_raw, name, options, settings)
                print(f"  {error}: {text}")
                self.assert_nothing_left()

    def test_existing(self):
        self.create()
        self.assert_refused("BondExists", ["bond0"], self.create_raw, "bond0", {"mode": "1"})
        self.assert_refused("NoSuchBond", ["bond7"], self.manager, "GetBond", "(s)", "bond7")
        self.assert_refused("BadValue", ["mode", "9"], self.manager, "CheckOptions", "(a{ss})",
                            {"mode": "9"})
        self.manager("CheckOptions", "(a{ss})", {"mode": "active-backup", "primary": "eth7"})

    def test_at_the_same_time(self):
        """Two want the same name; one deletes what the other makes."""
        self.lab.start_bondd()
        call = (f"gdbus call --system --dest {BONDD} --object-path {BONDD_PATH} --method "
                f"{BONDD}.Manager.CreateBond bond0 \"{{'mode': '1'}}\" '@a{{sv}} {{}}'")
        for _ in range(5):
            text = self.a.shell(f"for i in 1 2 3 4; do {call} 2>&1 & done; wait")
            self.assertEqual(text.count("/bonds/"), 1, text)
            self.assertEqual(text.count("Error.BondExists"), 3, text)
            path = self.lab.bond_path("bond0")
            text = self.a.shell(
                f"gdbus call --system --dest {BONDD} --object-path {path} --method "
                f"{BONDD}.Bond.Delete & {call} 2>&1 || true; wait")
            if "/bonds/" in text:  # it came after the end of the first
                self.lab.bond_call("bond0", "Delete")
            self.assert_nothing_left()

    def test_ports(self):
        self.create()
        self.create(name="bond1", address=None)
        self.attach("eth1", name="bond1")
        self.a.shell("ip link add v0 type vlan id 5 link eth0 2>/dev/null || true; "
                     "ip link add m0 link bond0 type macvlan; "
                     "ip tuntap add mode tun name tun0; ip link add br0 type bridge; "
                     "ip link set eth2 master br0")
        before = {p: self.looks(p) for p in ("eth0", "eth2", "tun0", "m0")}
        peer = next(l for l in self.a.run("ls", "/sys/class/net").split() if l.startswith("nmbp"))
        attach = lambda port, **kw: self.attach(port, **kw)  # noqa: E731
        rows = [
            ("NoSuchPort", ["eth9", "no such device"], "eth9", {}),
            ("NoSuchPort", ["", "no such device"], "", {}),
            ("NoSuchPort", ["no such device"], "a-name-that-is-far-too-long", {}),
            ("PortType", ["lo", "loopback"], "lo", {}),
            ("PortType", ["tun0", "Ethernet"], "tun0", {}),
            ("PortType", ["bond0", "bond itself"], "bond0", {}),
            ("PortType", ["bond1", "bond itself"], "bond1", {}),
            ("PortType", [peer, "hidden"], peer, {}),
            ("PortBusy", ["eth1", "bond1"], "eth1", {}),
            ("PortBusy", ["eth2", "bridge br0"], "eth2", {}),
            ("Conflict", ["m0", "loop"], "m0", {}),
            ("BadValue", ["speed", "queue-id", "prio"], "eth0", {"speed": variant("u", 1)}),
            ("BadValue", ["queue-id", "not s"], "eth0", {"queue-id": variant("s", "1")}),
            ("BadValue", ["queue_id"], "eth0", {"queue-id": variant("u", 70000)}),
            ("BadValue", ["prio", "not u"], "eth0", {"prio": variant("u", 1)}),
        ]
        for error, words, port, settings in rows:
            with self.subTest(port=port, settings=settings):
                text = self.assert_refused(error, words, lambda: self.lab.bond_call(
                    "bond0", "AttachPort", "(sa{sv})", port, settings))
                print(f"  {error}: {text}")
        self.assert_refused("NoSuchPort", ["eth0", "bond0"], self.detach, "eth0")
        self.assert_refused("BadValue", ["flags=8"], self.detach, "eth0", 8)
        self.assert_refused("NoSuchPort", ["eth0"], self.lab.bond_call, "bond0", "SetActivePort",
                            "(s)", "eth0")
        self.assertEqual(self.lab.bond("bond0")["ports"], {})
        self.assertEqual({p: self.looks(p) for p in before}, before)
        attach("eth0")

    def test_devices_that_refuse(self):
        """What the device itself does not accept: everything is as it was, and it is said."""
        self.create("active-backup")
        self.attach("eth0")
        self.a.shell("ip link add m2 link eth2 type macvlan mode passthru; ip link set bond0 mtu 9000; "
                     "ip link add i1 link eth1 type ipvlan mode l2 || true")
        before = {p: self.looks(p) for p in ("m2", "eth2")}
        text = self.assert_refused("Failed", ["m2", "MTU of 9000"], self.attach, "m2")
        print("  " + text)
        self.assertEqual({p: self.looks(p) for p in before}, before)
        if self.a.link("i1"):
            self.a.run("ip", "link", "set", "bond0", "mtu", "1500")
            before = self.looks("i1")
            text = self.assert_refused("Failed", ["i1", "MAC address", "fail_over_mac=active"],
                                       self.attach, "i1")
            print("  " + text)
            self.assertEqual(self.looks("i1"), before)
        self.assertEqual(list(self.lab.bond("bond0")["ports"]), ["eth0"])

    def test_options(self):
        self.bond_of_two("active-backup")
        set_options = lambda options, flags=0: self.lab.bond_call(  # noqa: E731
            "bond0", "SetOptions", "(a{ss}u)", options, flags)
        before = self.lab.bond("bond0")
        rows = [
            ("BadValue", ["flags=8"], {}, 8),
            ("UnknownOption", ["speed"], {"speed": "1"}, 0),
            ("BadValue", ["miimon", "x"], {"miimon": "x"}, 0),
            ("BadValue", ["miimon", "x"], {"miimon": "x"}, 2),
            ("WrongMode", ["packets_per_slave"], {"packets_per_slave": "2"}, 0),
            ("HasPorts", ["mode"], {"mode": "balance-rr"}, 4),
            ("HasPorts", ["fail_over_mac"], {"fail_over_mac": "active"}, 4),
        ]
        for error, words, options, flags in rows:
            with self.subTest(options=options, flags=flags):
                text = self.assert_refused(error, words, set_options, options, flags)
                print(f"  {error}: {text}")
                self.assertEqual(self.lab.bond("bond0"), before)
        set_options({"mode": "balance-rr"}, 2)
        self.assertEqual(self.lab.bond("bond0"), before)
        for port in ("eth0", "eth1"):
            self.detach(port, 1)
        self.assert_refused("NotDown", ["mode"], set_options, {"mode": "balance-rr"}, 4)
        set_options({"mode": "balance-rr"})
        self.assertEqual(self.lab.bond("bond0")["Mode"], "balance-rr")

    def test_objects_that_are_gone(self):
        path = self.create()
        port = self.attach("eth0")
        self.detach("eth0", flags=1)
        self.wait_gone("eth0")
        from gi.repository import GLib
        for target, interface, method, signature, args in (
                (port, ".Port", "SetSettings", "(a{sv})", [{}]),
                (path + "7", ".Bond", "Delete", "()", [])):
            with self.assertRaises(GLib.Error):
                self.lab.call(BONDD, target, BONDD + interface, method, signature, *args)
        self.lab.bond_call("bond0", "Delete")
        with self.assertRaises(GLib.Error):
            self.lab.call(BONDD, path, BONDD + ".Bond", "Delete")
        self.lab.call(BONDD, BONDD_PATH, "org.freedesktop.DBus.Peer", "Ping")
        self.assert_nothing_left()


class Rights(BondTest):
    def as_nobody(self, method, *args):
        return self.a.result("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
                             "gdbus", "call", "--system", "--dest", BONDD, "--object-path",
                             args[0], "--method", BONDD + "." + method, *args[1:])

    def test_only_root_changes(self):
        self.create(address=None)
        path = self.lab.bond_path("bond0")
        before = self.lab.bond("bond0")
        rows = [("Manager.CreateBond", BONDD_PATH, "bond1", "{'mode': 'balance-rr'}", "@a{sv} {}"),
                ("Bond.Delete", path), ("Bond.SetOptions", path, "{'miimon': '5'}", "0"),
                ("Bond.AttachPort", path, "eth0", "@a{sv} {}"),
                ("Bond.DetachPort", path, "eth0", "0"), ("Bond.SetActivePort", path, "")]
        for row in rows:
            with self.subTest(method=row[0]):
                result = self.as_nobody(*row)
                self.assertNotEqual(result.returncode, 0)
                self.assertIn("Error.NotAuthorized", result.stderr)
                self.assertIn("root", result.stderr)
        self.assertEqual(self.lab.bond("bond0"), before)
        for row in (("Manager.GetBond", BONDD_PATH, "bond0"),
                    ("Manager.GetEvents", BONDD_PATH, "", "0"),
                    ("Bond.GetStatusText", path), ("Bond.GetCounters", path)):
            with self.subTest(method=row[0]):
                result = self.as_nobody(*row)
                self.assertEqual(result.returncode, 0, result.stderr)


class Limits(BondTest):
    bondd_args = ("--max-bonds=3",)

    def test_bonds(self):
        for n in range(3):
            self.create(name=f"bond{n}", address=None)
        text = self.assert_refused("LimitReached", ["3", "bond3"], self.create, "balance-rr",
                                   "bond3")
        print("  " + text)
        self.assertIsNone(self.a.link("bond3"))

    def test_ports(self):
        self.create()
        self.a.shell("for i in $(seq 0 32); do ip link add p$i type veth peer name q$i; done")
        for n in range(32):
            self.attach(f"p{n}")
        before = self.looks("p32")
        text = self.assert_refused("LimitReached", ["32", "p32"], self.attach, "p32")
        print("  " + text)
        self.assertEqual(self.looks("p32"), before)
        self.assertEqual(len(self.lab.bond("bond0")["Ports"]), 32)
        self.detach("p7")
        self.attach("p32")


if __name__ == "__main__":
    main()
