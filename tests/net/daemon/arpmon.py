#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The ARP and IPv6 NS monitors: links that lie. The switch forwards nothing of a port whose carrier
stays (its bridge port is in the state "disabled")."""
import re
import time

from common import MODES, BondTest, Streams, main, wait_for

TARGET = "10.0.1.1"
TARGET6 = "fd00:1::1"
NO_ANSWER = "no answer from the ARP targets"


class Links(BondTest):
    """Looking at links. No test of its own: others build on it, too."""

    interval = 100

    def set(self, **options):
        self.lab.bond_call("bond0", "SetOptions", "(a{ss}u)", options, 0)

    def links(self):
        return {name: port["LinkState"] for name, port in self.lab.bond("bond0")["ports"].items()}

    def wait_links(self, timeout=5, **want):
        wait_for(lambda: {p: self.links().get(p) for p in want} == want, timeout,
                 lambda: f"links {want}; they are {self.links()}")

    def assert_stays(self, seconds=None, **want):
        end = time.monotonic() + (seconds or 8 * self.interval / 1000)
        while time.monotonic() < end:
            links = self.links()
            self.assertEqual({p: links[p] for p in want}, want, self.events()[-4:])
            time.sleep(0.01)


class Monitor(Links):
    ports = 2

    def bond(self, mode="active-backup", interval=100, address=True, **options):
        if not any(name.endswith("target") for name in options):
            options["arp_ip_target"] = TARGET
        self.path = self.create(mode, address="10.0.1.243" if address else None, miimon="0",
                                arp_interval=str(interval), **options)
        if address:
            self.a.run("ip", "-6", "addr", "add", "fd00:1::243/64", "dev", "bond0", "nodad")
        self.attach(*[f"eth{n}" for n in range(self.ports)])
        self.interval = interval
        self.wait_links(**{f"eth{n}": "up" for n in range(self.ports)})

    def each_mode(self, body, modes=MODES):
        for mode in modes:
            with self.subTest(mode=mode):
                try:
                    body(mode)
                finally:
                    for n in range(self.ports):
                        self.speak(f"eth{n}")
                    self.lab.bond_call("bond0", "Delete")
                self.assert_nothing_left()

    # ---- a link that lies

    def silence(self, *ports):
        for port in ports:
            self.switch_state(port, 0)

    def speak(self, *ports):
        for port in ports:
            self.switch_state(port, 3)

    def switch_state(self, port, state):
        self.lab.switch.run("bridge", "link", "set", "dev", self.lab.switch_port(port), "state",
                            str(state))

    # ---- what the bond says

    def assert_mostly(self, seconds, **want):
        """At 10 ms a busy machine may let 30 ms pass before an answer is even looked at."""
        end, good, all_looks = time.monotonic() + seconds, 0, 0
        while time.monotonic() < end:
            links = self.links()
            good += {p: links[p] for p in want} == want
            all_looks += 1
            time.sleep(0.01)
        self.assertGreater(good, 0.8 * all_looks, self.events()[-6:])

    def last(self, event, port, since):
        found = [e for e in self.events(since=since) if e["event"] == event and e["port"] == port]
        return found[-1] if found else None

    def found_after(self, port):
        """Silences the port and returns after how many ms it is found down. After how many intervals
        that must be is tested with a clock of its own (tests/unit/bond/test-arpmon.c): here looks
        that a busy machine keeps bondd from count against no port."""
        since = self.events()[-1]["seq"]
        begin = time.time()
        self.silence(port)
        event = wait_for(lambda: self.last("link-down", port, since), 5,
                         lambda: f"{port} to be found silent: {self.events()[-4:]}")
        self.assertEqual(event["reason"], NO_ANSWER)
        return (event["time"] / 1e6 - begin) * 1000

    # ---- tests

    def test_silent_loss(self):
        def body(mode):
            self.bond(mode)
            active = self.lab.bond("bond0")["ActivePort"] or "eth0"
            other = "eth1" if active == "eth0" else "eth0"
            # A port that has heard nothing yet counts as an interval silent (kernel: bond_enslave()).
            self.assert_stays(0.3, **{active: "up", other: "up"})
            took = self.found_after(active)
            self.assertTrue(self.a.link(active)["operstate"] == "UP")
            ports = self.lab.bond("bond0")["ports"]
            self.assertEqual(ports[active]["FailureCount"], 1)
            self.assertTrue(ports[active]["Carrier"])
            self.assertEqual(ports[other]["LinkState"], "up")
            self.lab.wait_ping()
            self.assertEqual(self.a.ping(TARGET, count=20)[1], 20)
            self.speak(active)
            self.wait_links(**{active: "up", other: "up"})
            self.assert_stays(**{active: "up", other: "up"})
            print(f"  {mode}: found after {took:.0f} ms")
        self.each_mode(body)

    def test_backup_silent(self):
        """It has one interval more."""
        self.bond()
        backup = "eth1" if self.lab.bond("bond0")["ActivePort"] == "eth0" else "eth0"
        took = self.found_after(backup)
        self.assertGreater(took, 150)
        self.assertEqual(self.port_state(backup), "down")
        self.lab.wait_ping()

    def test_missed_max(self):
        self.bond(arp_missed_max="5")
        active = self.lab.bond("bond0")["ActivePort"]
        self.assertGreater(self.found_after(active), 400)

    def test_ten_milliseconds(self):
        def body(mode):
            self.bond(mode, interval=10)
            active = self.lab.bond("bond0")["ActivePort"] or "eth0"
            other = "eth1" if active == "eth0" else "eth0"
            self.assert_mostly(1, **{active: "up", other: "up"})
            with Streams(self.lab, 1000) as streams:
                time.sleep(0.1)
                took = self.found_after(active)
                time.sleep(0.2)
                self.speak(active)
                self.wait_links(**{active: "up", other: "up"})
                time.sleep(0.1)
            print(f"  {mode}: found after {took:.0f} ms, lost {streams.lost_us()} µs")
            self.lab.wait_ping()
        self.each_mode(body)

    def test_all_silent_and_back(self):
        """Nothing is usable: ports are tried in turn, and the first that is answered serves."""
        def body(mode):
            self.bond(mode)
            self.silence("eth0", "eth1")
            wait_for(lambda: "LOWER_UP" not in self.a.link("bond0")["flags"], 5, "no carrier")
            self.assertEqual(self.last("carrier-down", "", 0)["reason"], NO_ANSWER)
            if mode == "active-backup":
                tried = set()
                wait_for(lambda: tried.update(p for p, link in self.links().items()
                                              if link == "going back")
                         or tried == {"eth0", "eth1"}, 5, lambda: f"both to be tried: {tried}")
            self.speak("eth1")
            self.wait_links(eth1="up")
            self.lab.wait_ping()
            self.speak("eth0")
            self.wait_links(eth0="up")
            self.assert_stays(eth0="up", eth1="up")
        self.each_mode(body)

    def test_ipv6_target(self):
        def body(mode):
            self.bond(mode, ns_ip6_target=TARGET6, arp_validate="all" if mode == "active-backup"
                      else "none")
            active = self.lab.bond("bond0")["ActivePort"] or "eth0"
            self.assert_stays(eth0="up", eth1="up")
            self.found_after(active)
            self.speak(active)
            self.wait_links(eth0="up", eth1="up")
        self.each_mode(body)

    def test_without_an_address(self):
        """Before DHCP: the targets are asked by nobody, and answer."""
        self.bond(address=False, arp_validate="all", ns_ip6_target=TARGET6, arp_ip_target=TARGET)
        self.assert_stays(eth0="up", eth1="up")
        targets = self.lab.bond("bond0")["ports"]["eth0"]["Targets"]
        self.assertEqual([t[0] for t in targets], [TARGET, TARGET6])
        self.found_after(self.lab.bond("bond0")["ActivePort"])
        self.silence("eth0", "eth1")
        wait_for(lambda: "LOWER_UP" not in self.a.link("bond0")["flags"], 5, "no carrier")
        self.speak("eth0", "eth1")
        self.wait_links(eth0="up", eth1="up")

    def test_targets_are_told_apart(self):
        """10.0.1.9 does not exist: a target too many only matters with arp_all_targets=all."""
        self.bond(arp_validate="all", arp_ip_target=f"{TARGET},10.0.1.9")
        self.assert_stays(eth0="up", eth1="up")
        active = self.lab.bond("bond0")["ActivePort"]

        def targets():
            return {t[0]: t[1] for t in self.lab.bond("bond0")["ports"][active]["Targets"]}
        wait_for(lambda: targets() == {TARGET: True, "10.0.1.9": False}, 3, targets)
        self.set(arp_all_targets="all")
        wait_for(lambda: "LOWER_UP" not in self.a.link("bond0")["flags"], 5, "no carrier")
        self.set(arp_all_targets="any")
        self.lab.b.run("ip", "addr", "add", "10.0.1.9/24", "dev", "eth0")
        self.set(arp_all_targets="all")
        self.wait_links(eth0="up", eth1="up")
        wait_for(lambda: targets() == {TARGET: True, "10.0.1.9": True}, 3, targets)
        self.assert_stays(eth0="up", eth1="up")

    def test_foreign_traffic(self):
        """Something on the silent link goes on talking: only arp_validate is not fooled by it."""
        self.bond()
        active = self.lab.bond("bond0")["ActivePort"]
        speak = ("import socket, time\n"
                 "s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)\n"
                 "s.bind(('eth0', 0))\n"
                 "mac = bytes.fromhex('020000000077')\n"
                 "arp = bytes.fromhex('0001080006040001') + mac + bytes([10, 0, 1, 77])\n"
                 "arp += bytes(6) + bytes([10, 0, 1, 77])\n"
                 "print('speaking', flush=True)\n"
                 "while True:\n"
                 "    s.send(b'\\xff' * 6 + mac + b'\\x08\\x06' + arp + bytes(18))\n"
                 "    time.sleep(0.02)\n")
        # it stands for a device on the wire, which no load of this machine keeps from talking
        chatter = self.lab.b.start("chrt", "--rr", "1", "python3", "-c", speak,
                                   log=self.lab.path("chatter.log"))
        try:
            wait_for(lambda: "speaking" in self.lab.tail("chatter.log"), 10, "the chatter to begin")
            self.lab.b.run("sysctl", "-qw", "net.ipv4.conf.eth0.arp_ignore=8")
            self.assert_stays(1, **{active: "up"})
            self.set(arp_validate="all")
            wait_for(lambda: "LOWER_UP" not in self.a.link("bond0")["flags"], 5,
                     lambda: f"no carrier: {self.links()}")
            self.lab.b.run("sysctl", "-qw", "net.ipv4.conf.eth0.arp_ignore=0")
            self.wait_links(eth0="up", eth1="up")
            self.set(arp_validate="filter")
            self.lab.b.run("sysctl", "-qw", "net.ipv4.conf.eth0.arp_ignore=8")
            self.assert_stays(1, **{active: "up"})  # ARP of anybody counts
        finally:
            chatter.kill(9)

    def test_carrier_is_at_once(self):
        """Contract 5: nobody waits for the monitor where the kernel knows already."""
        self.bond(interval=1000)
        active = self.lab.bond("bond0")["ActivePort"]
        since = self.events()[-1]["seq"]
        begin = time.time()
        self.lab.cut(active)
        event = wait_for(lambda: self.last("link-down", active, since), 3, "link-down")
        self.assertLess(event["time"] / 1e6 - begin, 0.5)
        self.assertEqual(event["reason"], "the carrier was lost")
        self.assertEqual(self.port_state("eth1" if active == "eth0" else "eth0"), "active")
        self.lab.mend(active)
        self.wait_links(timeout=8, eth0="up", eth1="up")

    def test_nobody_watching_is_nobodys_fault(self):
        """bondd is stopped, killed, started again: no port is blamed for it."""
        import signal
        self.bond(interval=50)
        since = self.events()[-1]["seq"]
        self.lab.kill_bondd(signal.SIGSTOP)
        time.sleep(1)
        self.lab.kill_bondd(signal.SIGCONT)
        self.assert_stays(0.5, eth0="up", eth1="up")
        self.kill()
        time.sleep(1)
        self.lab.bond("bond0")
        self.assert_stays(0.5, eth0="up", eth1="up")
        downs = [e for e in self.events(since=since) if e["event"] == "link-down"]
        self.assertEqual(downs, [])
        self.found_after(self.lab.bond("bond0")["ActivePort"])

    def test_monitors_change_live(self):
        self.bond()
        self.set(miimon="100", arp_interval="0", arp_ip_target="")
        self.assert_stays(0.4, eth0="up", eth1="up")
        self.assertEqual(self.lab.bond("bond0")["ports"]["eth0"]["Targets"], [])
        self.silence("eth0")
        self.assert_stays(0.6, eth0="up")
        self.set(arp_interval="100", arp_ip_target=TARGET)
        self.wait_links(eth0="down", eth1="up")
        self.set(miimon="100")
        self.wait_links(eth0="up", eth1="up")

    def test_what_files_and_dbus_carry(self):
        """A probe is no news: neither files nor D-Bus move while nothing happens."""
        self.bond(interval=50, arp_validate="all")
        text = self.lab.proc_text("bond0")
        self.assertIn("Peer Notification Delay (ms): 0\nARP Polling Interval (ms): 50\n"
                      "ARP Missed Max: 2\nARP IP target/s (n.n.n.n form): 10.0.1.1\n"
                      "NS IPv6 target/s (xx::xx form):\n\nSlave Interface: eth0\n", text)
        self.assert_stays(0.5, eth0="up", eth1="up")

        def written():
            return self.a.run("stat", "-c", "%y", "/run/bondd/bond0.state",
                              "/run/bonding/bond0")
        before = written()
        time.sleep(0.5)
        self.assertEqual(written(), before)

    def test_probes_leave_by_their_port(self):
        """Source and target of the question; a route that leads elsewhere gives no address away."""
        self.bond(arp_ip_target=f"{TARGET},192.0.2.1", ns_ip6_target=TARGET6)
        active = self.lab.bond("bond0")["ActivePort"]
        text = self.lab.switch.run("timeout", "3", "tcpdump", "-lnnep", "-c", "6", "-i",
                                   self.lab.switch_port(active), "-Q", "in",
                                   "arp or (icmp6 and ip6[40] = 135)", check=False)
        mac = self.a.mac("bond0")
        self.assertRegex(text, f"{mac} > ff:ff:ff:ff:ff:ff.*who-has 10.0.1.1 tell 10.0.1.243")
        self.assertRegex(text, f"{mac} > ff:ff:ff:ff:ff:ff.*who-has 192.0.2.1 tell 0.0.0.0")
        self.assertRegex(text, f"{mac} > 33:33:ff:00:00:01.*fd00:1::243 > ff02::1:ff00:1: "
                         "ICMP6, neighbor solicitation, who has fd00:1::1")
        backup = "eth1" if active == "eth0" else "eth0"
        text = self.lab.switch.run("timeout", "0.5", "tcpdump", "-lnnep", "-i",
                                   self.lab.switch_port(backup), "-Q", "in", "arp", check=False)
        self.assertFalse(re.search("who-has 10.0.1.1", text), text)


if __name__ == "__main__":
    main()
