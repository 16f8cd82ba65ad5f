#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Traffic through a bond in each mode: ports come and go, links are cut."""
import os
import sys
import time

from common import MODES, BondTest, Streams, main, variant, wait_for

# A tap (TUNSETIFF with IFF_TAP | IFF_NO_PI), which has a carrier and may be given a speed.
TAP = """
import fcntl, os, signal, struct, sys
fcntl.ioctl(os.open("/dev/net/tun", os.O_RDWR), 0x400454ca,
            struct.pack("16sH22x", sys.argv[1].encode(), 0x1002))
signal.pause()
"""


class Traffic(BondTest):
    def each_mode(self, body):
        for mode in MODES:
            with self.subTest(mode=mode):
                try:
                    body(mode)
                finally:
                    self.lab.bond_call("bond0", "Delete")
                self.assert_nothing_left()

    def test_both_ways(self):
        def body(mode):
            self.bond_of_two(mode)
            bond = self.lab.bond("bond0")
            self.assertEqual(bond["Mode"], mode)
            self.assertTrue(bond["Carrier"])
            self.assertEqual({self.a.mac(p) for p in ("eth0", "eth1", "bond0")},
                             {bond["MacAddress"]})
            sent, got, twice = self.a.ping("10.0.1.1", count=50)
            self.assertEqual((sent, got), (50, 50))
            if mode != "broadcast":
                self.assertEqual(twice, 0)
            counters = self.lab.bond_call("bond0", "GetCounters")[0]
            self.assertGreaterEqual(counters["tx-packets"], 50)
            self.assertGreaterEqual(counters["rx-packets"], 50)
        self.each_mode(body)

    def test_detach_loses_nothing(self):
        def body(mode):
            for leaving in ("eth0", "eth1"):
                found = {p: self.looks(p) for p in ("eth0", "eth1")}
                before = {p: dict(found[p]) for p in found}
                self.bond_of_two(mode)
                with Streams(self.lab, 1000) as streams:
                    self.detach(leaving, flags=2)
                    time.sleep(0.2)
                    self.attach(leaving)
                    time.sleep(0.2)
                    self.detach(leaving, flags=2)
                streams.assert_lossless(f"{mode}, {leaving} leaves")
                if mode != "active-backup":
                    self.assertEqual(self.port_state(leaving), "lingering")
                    self.detach(leaving, flags=1)
                self.wait_gone(leaving)
                now = self.looks(leaving)
                if now["address"] == self.a.mac("bond0"):
                    # it would speak for the bond if it spoke by itself
                    self.assertEqual(now.pop("disable_ipv6").strip(), "1")
                    before[leaving].pop("disable_ipv6")
                    self.assertIn("IPv6 stays off", str(self.lab.bond("bond0")["Warnings"]))
                self.assertEqual(now, before[leaving])
                self.lab.bond_call("bond0", "Delete")
                self.assertEqual({p: self.looks(p) for p in ("eth0", "eth1")}, found)
            self.bond_of_two(mode)
        self.each_mode(body)

    def test_cut(self):
        def body(mode):
            self.bond_of_two(mode)
            cut = self.lab.bond("bond0")["ActivePort"] or "eth0"
            other = "eth1" if cut == "eth0" else "eth0"
            with Streams(self.lab, 1000) as streams:
                time.sleep(0.1)
                self.lab.cut(cut)
                event = self.wait_event("link-down", cut)
                time.sleep(0.3)
                self.lab.mend(cut)
                wait_for(lambda: self.lab.bond("bond0")["ports"][cut]["LinkState"] == "up", 5,
                         "the port to come back")
            self.assertEqual(event["reason"], "the carrier was lost")
            # other work on this machine holds the kernel's one lock of links, too
            slow = 50 if os.getloadavg()[0] > os.cpu_count() else 1
            self.assertLess(event["took-us"], 20000 * slow)
            lost = streams.lost_us()
            print(f"  {mode}: lost {lost} µs; decided in {event['took-us']} µs")
            self.assertLess(max(lost.values()), 50000 * slow, streams.describe())
            ports = self.lab.bond("bond0")["ports"]
            self.assertEqual(ports[cut]["FailureCount"], 1)
            self.assertEqual(ports[other]["FailureCount"], 0)
            self.assertIn("Link Failure Count: 1", self.lab.proc_text("bond0"))
            if mode == "active-backup":
                changed = self.wait_event("active-changed", other)
                self.assertEqual(changed["other"], cut)
        self.each_mode(body)

    def test_last_port_is_the_carrier(self):
        self.bond_of_two("active-backup")
        self.lab.cut("eth0")
        self.lab.cut("eth1")
        wait_for(lambda: "LOWER_UP" not in self.a.link("bond0")["flags"], 3, "no carrier")
        self.assertFalse(self.lab.bond("bond0")["Carrier"])
        self.lab.mend("eth1")
        wait_for(lambda: "LOWER_UP" in self.a.link("bond0")["flags"], 3, "carrier")
        self.lab.wait_ping()

    def sent(self, count=60):
        """Frames that leave by each port while so many pings are answered."""
        def now():
            return [int(self.a.run("cat", f"/sys/class/net/{port}/statistics/tx_packets"))
                    for port in ("eth0", "eth1")]
        before = now()
        self.assertEqual(self.a.ping("10.0.1.1", count=count)[1], count)
        return [after - was for was, after in zip(before, now())]

    def assert_spread(self, count=60):
        self.assertGreaterEqual(min(self.sent(count)), count * 2 // 5)

    def test_rr_order(self):
        """In turns by default, and among equals; else what one port can carry by the quickest."""
        self.bond_of_two("balance-rr")
        self.assertEqual(self.lab.bond("bond0")["Options"]["rr_order"], "kernel")
        self.attach("eth1", **{"rr-delay": variant("u", 400)})
        self.assert_spread()
        self.lab.bond_call("bond0", "SetOptions", "(a{ss}u)", {"rr_order": "arrival"}, 0)
        self.kill()
        self.lab.start_bondd()
        self.assertEqual(self.lab.bond("bond0")["ports"]["eth1"]["RrDelay"], 400)
        quick, slow = self.sent()
        self.assertGreaterEqual(quick, 60)
        self.assertLess(slow, 6)
        self.attach("eth1", **{"rr-delay": variant("u", 0)})
        self.assert_spread()
        with self.assertRaisesRegex(Exception, "rr_delay 1000001 is not allowed"):
            self.attach("eth1", **{"rr-delay": variant("u", 1000001)})

    def test_segments(self):
        """Where one flow's order is to be kept, super-packets are small; else they are as the ports'."""
        def segments(n):
            wait_for(lambda: f"gso_max_segs {n} " in self.a.run("ip", "-d", "link", "show", "bond0"), 5,
                     lambda: self.a.run("ip", "-d", "link", "show", "bond0"))
        taps = ("tap0", "tap1")
        for tap in taps:
            self.a.start(sys.executable, "-c", TAP, tap)
            wait_for(lambda: self.a.result("ethtool", "-s", tap, "speed", "1000", "duplex", "full").returncode
                     == 0, 5, "the tap to have a speed")
        self.create("balance-rr", address=None)
        self.attach(*taps)
        segments(65535)
        self.lab.bond_call("bond0", "SetOptions", "(a{ss}u)", {"rr_order": "arrival"}, 0)
        segments(2)
        self.kill()
        self.lab.start_bondd()
        segments(2)
        self.attach("eth0")  # 10 Gbit/s
        segments(65535)
        self.detach("eth0")
        segments(2)
        self.lab.bond_call("bond0", "SetOptions", "(a{ss}u)", {"mode": "active-backup"}, 0)
        segments(65535)


if __name__ == "__main__":
    main()
