#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""bondd dies and comes back: traffic does not notice, and nothing is forgotten."""
import os
import re
import signal
import time

from common import BondTest, Streams, main, wait_for


class Restart(BondTest):
    def state(self):
        """The saved state without the time of the next look."""
        text = self.a.run("cat", "/run/bondd/bond0.state")
        return re.sub(r"poll_at_ns=\d+", "", text)

    def test_killed_under_traffic(self):
        for signo in (signal.SIGKILL, signal.SIGTERM):
            with self.subTest(signal=signo.name):
                self.bond_of_two("active-backup", primary="eth0")
                self.detach("eth1", flags=2)
                self.attach("eth1")
                before, bond, seq = self.state(), self.lab.bond("bond0"), self.events()[-1]["seq"]
                with Streams(self.lab, 1000) as streams:
                    for _ in range(2):
                        self.kill(signo)
                        time.sleep(0.1)
                        begin = time.monotonic()
                        self.lab.start_bondd()
                        self.assertLess(time.monotonic() - begin, 1)
                    self.assertEqual(self.state(), before)
                    self.assertEqual(self.lab.bond("bond0"), bond)
                streams.assert_lossless(f"bondd ended by {signo.name}")
                self.assertEqual(self.events()[-1]["seq"], seq)
                self.lab.cut("eth0")
                self.assertEqual(self.wait_event("active-changed", "eth1")["other"], "eth0")
                self.lab.wait_ping()
                self.lab.mend("eth0")
                wait_for(lambda: self.lab.bond("bond0")["ActivePort"] == "eth0", 5, "the primary")
                self.lab.bond_call("bond0", "Delete")
                self.assert_nothing_left()

    def test_cut_while_dead(self):
        self.bond_of_two("active-backup")
        self.kill(signal.SIGKILL)
        self.lab.cut("eth0")
        self.lab.start_bondd()
        self.assertEqual(self.lab.bond("bond0")["ActivePort"], "eth1")
        self.lab.wait_ping()

    def test_deleted_while_dead(self):
        before = {p: self.looks(p) for p in ("eth0", "eth1")}
        self.bond_of_two()
        self.kill(signal.SIGKILL)
        self.a.run("ip", "link", "delete", "bond0")
        self.lab.start_bondd()
        self.assert_nothing_left()
        self.assertEqual({p: self.looks(p) for p in ("eth0", "eth1")}, before)
        self.assertEqual(self.wait_event("bond-deleted")["reason"], "its link is gone")

    def test_port_gone_while_dead(self):
        self.bond_of_two()
        self.kill(signal.SIGKILL)
        self.a.run("ip", "link", "delete", "eth1")
        self.lab.start_bondd()
        self.assertEqual(list(self.lab.bond("bond0")["ports"]), ["eth0"])
        self.lab.wait_ping()

    def test_lingering_survives(self):
        before = self.looks("eth1")
        self.bond_of_two()
        self.detach("eth1", flags=2)
        self.kill(signal.SIGKILL)
        self.lab.start_bondd()
        self.a.run("ip", "addr", "add", "10.0.2.1/24", "dev", "eth1")
        self.wait_gone("eth1")
        self.assertEqual(self.looks("eth1"), before)

    def test_damaged_state(self):
        self.bond_of_two()
        self.kill(signal.SIGKILL)
        self.a.shell("head -c 300 /run/bondd/bond0.state > /tmp/s; cat /tmp/s > "
                     "/run/bondd/bond0.state; rm /tmp/s")
        self.lab.start_bondd()
        event = self.wait_event("state-unreadable")
        self.assertIn("/run/bondd/bond0.state.bad", event["text"])
        self.a.run("test", "-e", "/run/bondd/bond0.state.bad")
        self.lab.wait_ping()  # traffic goes on without anyone
        self.create(address=None)
        self.a.run("ip", "addr", "replace", "10.0.1.243/24", "dev", "bond0")
        self.attach("eth0", "eth1")
        self.lab.wait_ping()

    def test_every_damage_is_survived(self):
        self.bond_of_two()
        whole = self.a.run("cat", "/run/bondd/bond0.state")
        self.kill(signal.SIGKILL)
        lines = whole.splitlines(keepends=True)
        damaged = ["", "\n", "bondd-state 2\n", whole.replace("slot=1", "slot=77"),
                   whole.replace("mac=", "mac=zz", 1), whole.replace("peer=", "pier="),
                   "".join(lines[:3] + lines[4:]), whole.replace("core", "kernel"),
                   "\0" * 100, "x" * 70000]
        for text in damaged:
            self.a.run("rm", "-f", "/run/bondd/bond0.state.bad")
            self.a.run("tee", "/run/bondd/bond0.state", input=text)
            self.lab.start_bondd()
            self.a.run("test", "-e", "/run/bondd/bond0.state.bad")
            self.kill(signal.SIGKILL)
        self.a.run("tee", "/run/bondd/bond0.state", input=whole)
        self.lab.start_bondd()
        self.assertEqual(sorted(self.lab.bond("bond0")["ports"]), ["eth0", "eth1"])
        self.lab.wait_ping()


    def test_killed_while_creating(self):
        """A pair without state is removed; one that is up is somebody's, and is not."""
        self.create(address=None)
        self.a.run("ip", "link", "set", "bond0", "down")
        self.kill(signal.SIGKILL)
        self.a.run("rm", "/run/bondd/bond0.state")
        self.lab.start_bondd()
        self.assert_nothing_left()
        self.create(address=None)
        self.kill(signal.SIGKILL)
        self.a.run("rm", "/run/bondd/bond0.state")
        self.lab.start_bondd()
        self.assertIsNotNone(self.a.link("bond0"))
        self.bond_of_two()  # made again under its name


class Confined(BondTest):
    """With what the systemd unit leaves it, and nothing more."""

    def setUp(self):
        super().setUp()
        self.lab.bondd_ends(wrapper=("setpriv", "--no-new-privs", "--inh-caps=-all",
                                     "--bounding-set", "-all,+net_admin,+net_raw,+bpf,+perfmon"))

    def test_it_is_enough(self):
        before = {p: self.looks(p) for p in ("eth0", "eth1")}
        self.bond_of_two("active-backup")
        pid = self.lab.owner_pid("org.freedesktop.NetworkManager.bond")
        status = self.a.run("cat", f"/proc/{pid}/status")
        effective = int(re.search(r"CapEff:\s*(\w+)", status)[1], 16)
        self.assertEqual(effective, 1 << 12 | 1 << 13 | 1 << 38 | 1 << 39)
        self.lab.cut("eth0")
        self.wait_event("active-changed", "eth1")
        self.lab.wait_ping()
        self.lab.mend("eth0")
        self.kill(signal.SIGKILL)
        self.lab.start_bondd()
        self.lab.wait_ping()
        self.a.run("ip", "link", "set", "bond0", "mtu", "2000")
        wait_for(lambda: self.a.link("eth1")["mtu"] == 2000, 5, "the MTU")
        self.lab.bond_call("bond0", "Delete")
        self.assert_nothing_left()
        self.assertEqual({p: self.looks(p) for p in ("eth0", "eth1")}, before)


class Configured(BondTest):
    """/etc/bondd.conf: what is wrong in it is said, and everything else holds."""

    def start(self, text):
        path = self.lab.write("bondd.conf", text)
        self.lab.bondd_ends(f"--config={path}")
        self.lab.start_bondd()
        with open(self.lab.path("bondd.log"), encoding="utf-8") as log:
            return path, log.read()

    def test_mistakes(self):
        rows = [("[main]\ndatapath=fast\n", ["datapath", '"fast"', "auto, bpf or kernel"]),
                ("[main]\nfailover=never\n", ["failover", '"never"', "auto or netlink"]),
                ("[main]\nattach=xdp\n", ["attach", '"xdp"', "auto, tcx or clsact"]),
                ("[main]\ndevice-counters=1\n", ["device-counters", '"1"', "yes or no"]),
                ("[main]\ndrain-ms=-1\n", ["drain-ms", '"-1"', "0 to 60000"]),
                ("[main]\nspeed=1\n", ['"speed"', "datapath, failover, attach, device-counters and drain-ms"]),
                ("[other]\n", ["[other]", "[main] and [ifcfg]"]),
                ("nonsense\n", ["cannot be read"])]
        for text, words in rows:
            with self.subTest(config=text):
                path, log = self.start(text)
                for word in [path, *words]:
                    self.assertIn(word, log)
                self.create(address=None)
                self.lab.bond_call("bond0", "Delete")
                self.kill()
                os.unlink(self.lab.path("bondd.log"))

    def test_kernel(self):
        self.start("[main]\ndatapath=kernel\n")
        self.assert_refused("NotSupported", ["datapath=kernel", "bondd.conf"], self.create)
        self.assertIsNone(self.a.link("bond0"))
        from gi.repository import GLib
        self.lab.bondd_call("CreateBond", "(sa{ss}a{sv})", "bond0", {},
                            {"datapath": GLib.Variant("s", "bpf")})
        self.lab.bond_call("bond0", "Delete")

    def test_no_bpf_file_system(self):
        for path in ("/run/no-bpf", "/sys/fs/nothing/here"):
            self.lab.bondd_ends(f"--pin-dir={path}")
            text = self.assert_refused("Failed", ["bond0", path], self.create)
            print("  " + text)
            self.assert_nothing_left()
            self.assertEqual(self.a.result("ls", "-A", path).stdout, "")
            self.kill()

    def test_drain(self):
        self.start("[main]\ndatapath=bpf\ndrain-ms=1000\n")
        self.bond_of_two("active-backup")
        begin = time.monotonic()
        self.detach("eth0", flags=2)
        self.assertAlmostEqual(time.monotonic() - begin, 1, delta=0.3)


class Idle(BondTest):
    bondd_args = ("--idle-exit=1",)

    def test_ends_without_bonds_only(self):
        name = "org.freedesktop.NetworkManager.bond"
        self.create()
        time.sleep(1.5)
        self.assertIsNotNone(self.lab.owner_pid(name))
        self.lab.bond_call("bond0", "Delete")
        wait_for(lambda: self.lab.owner_pid(name) is None, 5, "bondd to end by itself")
        self.create()  # and D-Bus starts it again


if __name__ == "__main__":
    main()
