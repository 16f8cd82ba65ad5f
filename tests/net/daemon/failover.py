#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A port loses its carrier: by the packet path itself, by netlink alone, and how long each step took."""
import signal
import sys
import time

from common import BONDD, BondTest, main, wait_for, wait_for

# A cable in tap0; SIGUSR1 breaks it, SIGUSR2 mends it. (TUNSETIFF with IFF_TAP | IFF_NO_PI, TUNSETCARRIER)
CABLE = """
import fcntl, os, signal, struct
tap = os.open("/dev/net/tun", os.O_RDWR)
def carrier(signo, frame):
    fcntl.ioctl(tap, 0x400454e2, struct.pack("i", signo == signal.SIGUSR2))
signal.signal(signal.SIGUSR1, carrier)
signal.signal(signal.SIGUSR2, carrier)
fcntl.ioctl(tap, 0x400454ca, struct.pack("16sH22x", b"tap0", 0x1002))
while True:
    signal.pause()
"""
PHASES = ("detected-us", "decided-us", "switched-us", "announced-us")


class Failover(BondTest):
    def failover(self):
        return self.lab.get_property(BONDD, self.lab.bond_path("bond0"), BONDD + ".Bond", "Failover")

    def check_phases(self):
        event = self.wait_event("active-changed", "eth1")
        times = [event[phase] for phase in PHASES]
        print("  " + self.failover() + ": " + ", ".join(f"{p} {t}" for p, t in zip(PHASES, times)))
        self.assertEqual(times, sorted(times))
        self.assertGreaterEqual(event["took-us"], times[-1])
        return event

    def test_phases(self):
        self.bond_of_two("active-backup")
        self.assertIn(self.failover(), ("packet-path", "netlink"))
        self.lab.cut("eth0")
        event = self.check_phases()
        self.lab.wait_ping()
        self.kill(signal.SIGTERM)  # the log keeps them
        self.lab.start_bondd()
        again = [e for e in self.events() if e["seq"] == event["seq"]]
        self.assertEqual([again[0][p] for p in PHASES], [event[p] for p in PHASES])

    def test_netlink_alone(self):
        path = self.lab.write("bondd.conf", "[main]\nfailover=netlink\n")
        self.lab.bondd_ends(f"--config={path}")
        self.bond_of_two("active-backup")
        self.assertEqual(self.failover(), "netlink")
        self.lab.cut("eth0")
        self.check_phases()
        self.lab.wait_ping()

    def test_news_that_the_kernel_withholds(self):
        """A link that fails again soon. Of a tap's second change in a second the kernel tells when
        the second is over; no frame is sent, and by miimon no look is due for minutes."""
        cable = self.a.start(sys.executable, "-c", CABLE)
        self.create("active-backup", miimon="300000", address=None)
        wait_for(lambda: self.a.result("ip", "link", "show", "tap0").returncode == 0, 5, "tap0 to be there")
        self.attach("eth0", "tap0")
        delays = []
        for carrier in (0, 1, 0, 1):
            since = self.events()[-1]["seq"]
            began = time.time()
            cable.kill(signal.SIGUSR2 if carrier else signal.SIGUSR1)
            time.sleep(0.4)
            times = [e["time"] / 1e6 for e in self.events(since=since) if e["port"] == "tap0" and
                     e["event"] == ("link-up" if carrier else "link-down")]
            self.assertEqual(len(times), 1, f"after {delays}: {self.events(since=since)}")
            delays.append(f"{(times[0] - began) * 1000:.1f} ms")
        print(f"  heard of after {', '.join(delays)}")

    def test_bondd_stopped(self):
        """The packet path does it all, both ways; afterwards bondd finds what it would have done."""
        self.bond_of_two("active-backup")
        if self.failover() != "packet-path":
            self.skipTest("this kernel does not let the packet path see carriers")
        self.lab.kill_bondd(signal.SIGSTOP)
        try:
            self.lab.cut("eth0")
            self.lab.wait_ping()
        finally:
            self.lab.kill_bondd(signal.SIGCONT)
        self.wait_event("active-changed", "eth1")
        self.lab.wait_ping()

    def test_news_older_than_a_look(self):
        """While bondd is stopped the carrier goes and comes, and a frame is led past the port. So bondd
        looks first, finds nothing missing, and then reads of the loss: no reason to leave the port."""
        self.bond_of_two("active-backup")
        if self.failover() != "packet-path":
            self.skipTest("this kernel does not let the packet path see carriers")
        since = self.events()[-1]["seq"]
        self.lab.kill_bondd(signal.SIGSTOP)
        try:
            self.lab.cut("eth0")
            self.lab.wait_ping()
            self.lab.mend("eth0")
            wait_for(lambda: "LOWER_UP" in self.a.run("ip", "link", "show", "eth0"), 5, "eth0's carrier")
            self.lab.wait_ping()
        finally:
            self.lab.kill_bondd(signal.SIGCONT)
        self.assertEqual(self.lab.bond("bond0")["ActivePort"], "eth0")
        self.lab.cut("eth1")  # what is news, as ever
        events = []
        wait_for(lambda: events.extend(self.events(since=since)) or events, 5, "eth1's loss")
        self.assertEqual({e["port"] for e in events}, {"eth1"}, events)

    def test_an_announcement_that_nothing_carried(self):
        """It is no failure, and it is said again when something can; the filter is what ours is without
        a port that can send."""
        self.lab.bondd_ends("--config=" + self.lab.write("bondd.conf", "[main]\nattach=clsact\n"))
        self.bond_of_two("active-backup")
        heard = self.lab.path("heard")
        self.lab.b.start("tcpdump", "-lni", "eth0", "arp and src host 10.0.1.243", log=heard)

        def text():
            with open(heard, encoding="utf-8") as file:
                return file.read()
        wait_for(lambda: "listening" in text(), 10, text)
        self.a.shell("tc filter add dev bond0 egress pref 1 handle 7 protocol all bpf direct-action "
                     "bytecode '1,6 0 0 2'")
        self.lab.cut("eth0")
        self.wait_event("active-changed", "eth1")
        self.assertNotIn("ARP", text())
        self.a.shell("tc filter del dev bond0 egress pref 1")
        wait_for(lambda: "ARP" in text(), 5, lambda: text() + self.lab.diagnosis())
        self.assertNotIn("announcing was not complete", self.lab.tail("bondd.log", 1000))

    def test_restart_uses_the_same_programs(self):
        self.bond_of_two("active-backup")
        before = self.programs()
        self.assertEqual(len(before), 4, before)
        self.kill(signal.SIGKILL)
        self.lab.start_bondd()
        self.assertEqual(self.programs(), before)
        self.lab.cut("eth0")
        self.wait_event("active-changed", "eth1")
        self.lab.wait_ping()


if __name__ == "__main__":
    main()
