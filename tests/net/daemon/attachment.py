#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How the programs are on their devices: tcx or clsact, changed under traffic, beside others' filters."""
import json
import signal

from common import BONDD, BondTest, Streams, main, wait_for


class Attachment(BondTest):
    def attachment(self):
        return self.lab.get_property(BONDD, self.lab.bond_path("bond0"), BONDD + ".Bond", "Attachment")

    def wait_attachment(self, word):
        wait_for(lambda: self.attachment() == word, 5, lambda: f"{word}; it is {self.attachment()}")

    def configure(self, config):
        self.lab.bondd_ends(f"--config={self.lab.write('bondd.conf', config)}")

    def restart(self, config):
        self.kill(signal.SIGKILL)
        self.configure(config)
        self.lab.start_bondd()

    def filters(self):
        return self.a.shell("for d in bond0 eth0 eth1 nmbp0; do tc filter show dev $d ingress; "
                            "tc filter show dev $d egress; done | grep -c nm-bond || true").strip()

    def need_tcx(self):
        if self.attachment() != "tcx":
            self.skipTest("this kernel has no tcx")

    def test_held_by_the_kernel(self):
        self.bond_of_two("active-backup")
        self.need_tcx()
        self.assertEqual(self.filters(), "0")
        before = self.programs()
        self.kill(signal.SIGKILL)
        self.lab.wait_ping()
        with Streams(self.lab, 1000) as streams:
            self.lab.start_bondd()
        streams.assert_lossless("bondd started again")
        self.assertEqual(self.programs(), before)
        self.lab.bond_call("bond0", "Delete")
        self.assert_nothing_left()

    def test_from_clsact_and_back(self):
        """An upgrade finds filters; whoever turns tcx off finds links. Either is replaced."""
        self.configure("[main]\nattach=clsact\n")
        self.bond_of_two()
        self.assertEqual((self.attachment(), self.filters()), ("clsact", "4"))
        for config, word, filters in (("", "tcx", "0"), ("[main]\nattach=clsact\n", "clsact", "4"),
                                      ("[main]\nattach=tcx\n", "tcx", "0")):
            with Streams(self.lab, 1000) as streams:
                self.restart(config)
            if config == "":
                self.need_tcx()
            self.assertEqual((self.attachment(), self.filters()), (word, filters))
            streams.assert_lossless(f"now {word}")
        self.lab.bond_call("bond0", "Delete")
        self.assert_nothing_left()

    def test_makes_way_for_filters_of_others(self):
        self.bond_of_two("active-backup")
        self.need_tcx()
        for dev, way, match in (("eth0", "ingress", "u8 0xff 0xff at 0"),  # no packet begins so
                                ("bond0", "egress", "u32 0 0")):           # then through the pair
            with self.subTest(dev=dev):
                self.a.run("tc", "qdisc", "add", "dev", dev, "clsact")
                with Streams(self.lab, 1000) as streams:
                    self.a.shell(f"tc filter add dev {dev} {way} protocol all prio 1 u32 match {match} "
                                 "flowid 1:1")
                    self.wait_attachment("mixed")
                    self.assertEqual(self.filters(), "1")
                    self.assertIn("tc filters", str(self.lab.bond("bond0")["Warnings"]))
                    self.lab.wait_ping()
                    self.a.shell(f"tc filter del dev {dev} {way} prio 1")
                    self.wait_attachment("tcx")
                    self.assertEqual(self.filters(), "0")
                streams.assert_lossless(f"filters on {dev}")
        self.lab.bond_call("bond0", "Delete")
        self.assertIn("clsact", self.a.run("tc", "qdisc", "show", "dev", "eth0"))  # not ours
        self.a.run("tc", "qdisc", "del", "dev", "eth0", "clsact")
        self.assert_nothing_left()

    def test_filters_that_somebody_removed(self):
        """With the qdisc that they were on; they come back."""
        self.configure("[main]\nattach=clsact\n")
        self.bond_of_two("active-backup")
        self.a.run("tc", "qdisc", "del", "dev", "eth0", "clsact")
        wait_for(lambda: self.filters() == "4", 5, lambda: f"four filters; there are {self.filters()}")
        self.lab.wait_ping()

    def device_counters(self):
        stats = json.loads(self.a.run("ip", "-json", "-s", "link", "show", "dev", "bond0"))[0]["stats64"]
        return [stats[way][what] for way in ("tx", "rx") for what in ("packets", "bytes")]

    def assert_device_counts(self):
        """ip -s link show bond0 and bondd count the same; while nothing passes, they can be compared."""
        self.assertEqual(self.a.ping("10.0.1.1", count=50)[:2], (50, 50))

        def differences():
            exact = self.lab.bond_call("bond0", "GetCounters")[0]
            device = self.device_counters()
            if self.lab.bond_call("bond0", "GetCounters")[0] != exact:
                return None
            self.assertGreaterEqual(min(device), 50)
            return [a - exact[key] for a, key in zip(device, ("tx-packets", "tx-bytes", "rx-packets",
                                                              "rx-bytes"))]
        before = wait_for(differences, 10, "a moment in which nothing is counted")
        self.send_from_b("ff" * 6 + "00" * 60)  # to all: another way in
        self.assertEqual(self.a.ping("10.0.1.1", count=50)[:2], (50, 50))
        self.assertEqual(wait_for(differences, 10, "a moment in which nothing is counted"), before)

    def test_device_counters(self):
        self.configure("[main]\ndevice-counters=yes\n")
        self.bond_of_two("active-backup")
        self.assert_device_counts()
        self.restart("")
        before = self.device_counters()
        self.assertEqual(self.a.ping("10.0.1.1", count=50)[:2], (50, 50))
        self.assertEqual(self.device_counters(), before)  # the default: bondd alone counts

    def test_device_counters_by_peers(self):
        config = self.lab.write("bondd.conf", "[main]\ndevice-counters=yes\n")
        self.lab.bondd_ends(f"--config={config}", hidden=True)
        self.bond_of_two("active-backup")
        self.need_tcx()
        self.assertEqual(self.lab.bond("bond0")["Receive"], "peers")
        self.assert_device_counts()

    def test_a_port_in_another_namespace(self):
        """It is let go there too, also if it went while bondd was away."""
        self.bond_of_two("active-backup")
        self.need_tcx()
        for kill in (False, True):
            with self.subTest(bondd_away=kill):
                if kill:
                    self.kill(signal.SIGKILL)
                port = "eth1" if kill else "eth0"
                n = len(self.programs())
                self.a.shell(f"mkdir -p /run/netns; ip netns add far{int(kill)}; "
                             f"ip link set {port} netns far{int(kill)}")
                self.addCleanup(self.a.shell, f"ip netns del far{int(kill)}")
                if kill:
                    self.lab.start_bondd()
                wait_for(lambda: len(self.programs()) == n - 1, 5, lambda: f"{self.programs()}")


if __name__ == "__main__":
    main()
