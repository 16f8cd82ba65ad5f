#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What others do to the devices of a bond, and what stands above it."""
import os
import re
import time

from common import ADDRESS, MODES, BondTest, Streams, main, wait_for


class Ports(BondTest):
    def test_restored_exactly(self):
        """Whatever a port was like before: MTU, flags, alias, up or down, IPv6."""
        self.a.shell("ip link set eth1 mtu 1400; ip link set eth1 allmulticast on promisc on; "
                     "ip link set eth1 alias 'my port / %41'; "
                     "sysctl -qw net.ipv6.conf.eth1.disable_ipv6=1; "
                     "ip link set eth0 down; ip link set eth0 alias 'x'")
        before = {p: self.looks(p) for p in ("eth0", "eth1")}
        for mode in MODES:
            for hard in (0, 1):
                with self.subTest(mode=mode, hard=hard):
                    self.create(mode, address=None, mac=None)
                    self.attach("eth1", "eth0")
                    self.assertIn("UP", self.a.link("eth0")["flags"])
                    self.assertEqual(self.a.link("eth1")["mtu"], 1500)
                    self.assertEqual(self.a.link("eth1")["ifalias"], "port of bond bond0")
                    self.detach("eth0", hard)
                    self.detach("eth1", hard)
                    self.lab.bond_call("bond0", "Delete")
                    self.assertEqual({p: self.looks(p) for p in ("eth0", "eth1")}, before)
                    self.assert_nothing_left()

    def create(self, *args, mac=None, **kw):
        if mac:
            from common import variant
            kw["settings"] = {"mac": variant("s", mac)}
        return super().create(*args, **kw)

    def test_gone(self):
        self.bond_of_two("active-backup")
        self.a.run("ip", "link", "delete", "eth0")
        self.wait_gone("eth0")
        self.assertEqual(self.lab.bond("bond0")["ActivePort"], "eth1")
        self.assertEqual(self.wait_event("port-released", "eth0")["reason"],
                         "the device is gone")
        self.lab.wait_ping()
        self.lab.bond_call("bond0", "Delete")
        self.assert_nothing_left()

    def test_renamed(self):
        before = self.looks("eth1")
        self.bond_of_two("active-backup")
        with Streams(self.lab, 1000) as streams:
            self.a.run("ip", "link", "set", "eth1", "name", "blue")
            wait_for(lambda: "blue" in self.lab.bond("bond0")["ports"], 5, "the new name")
        streams.assert_lossless("a port is renamed")
        self.wait_event("port-renamed", "blue")
        self.assertIn("Slave Interface: blue", self.lab.proc_text("bond0"))
        self.kill()
        self.lab.start_bondd()
        self.assertEqual(sorted(self.lab.bond("bond0")["ports"]), ["blue", "eth0"])
        self.detach("blue")
        self.wait_gone("blue")
        after = self.looks("blue")
        self.assertEqual(after, before)

    def test_enslaved_elsewhere(self):
        before = self.looks("eth1")
        for mode in MODES:
            with self.subTest(mode=mode):
                self.bond_of_two(mode)
                self.a.shell("ip link add br7 type bridge; ip link set eth1 master br7")
                self.wait_gone("eth1")
                self.assertIn("br7", self.wait_event("port-taken", "eth1")["text"])
                after = self.looks("eth1")
                self.assertEqual(after["address"], before["address"])
                self.assertEqual(after["filters"], "")
                self.a.run("ip", "link", "delete", "br7")
                self.assertEqual(self.looks("eth1"), before)
                self.lab.wait_ping()
                self.lab.bond_call("bond0", "Delete")
                self.assert_nothing_left()

    def test_lingering_ends_when_claimed(self):
        before = self.looks("eth1")

        def address():
            self.a.run("ip", "addr", "add", "10.0.9.1/24", "dev", "eth1")
            return lambda: self.a.run("ip", "addr", "flush", "dev", "eth1", "scope", "global")

        def address6():
            # whoever gives one turns IPv6 on first
            self.a.shell("sysctl -qw net.ipv6.conf.eth1.disable_ipv6=0; "
                         "ip addr add fd00:9::1/64 dev eth1 nodad")
            return lambda: self.a.run("ip", "addr", "flush", "dev", "eth1", "scope", "global")

        def master():
            self.a.shell("ip link add br7 type bridge; ip link set eth1 master br7")
            return lambda: self.a.run("ip", "link", "delete", "br7")

        def down():
            self.a.run("ip", "link", "set", "eth1", "down")
            return lambda: self.a.run("ip", "link", "set", "eth1", "up")

        def other_bond():
            self.create(name="bond1", address=None)
            self.attach("eth1", name="bond1")
            self.assertEqual(self.lab.bond("bond1")["ports"]["eth1"]["PermanentMacAddress"],
                             before["address"])
            return lambda: self.lab.bond_call("bond1", "Delete")

        for claim in (address, address6, master, down, other_bond):
            with self.subTest(claim=claim.__name__):
                self.bond_of_two("balance-xor")
                self.detach("eth1", flags=2)
                self.assertEqual(self.port_state("eth1"), "lingering")
                self.assertEqual(self.a.mac("eth1"), before["address"])
                undo = claim()
                wait_for(lambda: "eth1" in [e["port"] for e in self.events()
                                            if e["event"] == "port-released"], 5, "its release")
                undo()
                self.lab.bond_call("bond0", "Delete")
                self.assertEqual(self.looks("eth1"), before)
                self.assert_nothing_left()

    def test_attached_twice_is_once(self):
        self.bond_of_two("active-backup")
        from common import variant
        first = self.attach("eth0")
        again = self.attach("eth0", **{"queue-id": variant("u", 3), "prio": variant("i", -2)})
        self.assertEqual(first, again)
        port = self.lab.bond("bond0")["ports"]["eth0"]
        self.assertEqual((port["QueueId"], port["Priority"]), (3, -2))

    def test_killed_in_the_middle_of_attaching(self):
        """A record of a port without a slot: the next bondd restores the device."""
        before = {p: self.looks(p) for p in ("eth0", "eth1")}
        self.bond_of_two("active-backup")
        state = self.a.run("cat", "/run/bondd/bond0.state")
        self.kill()
        lines = state.splitlines(keepends=True)
        at = next(i for i, line in enumerate(lines) if line.startswith("port slot=1"))
        coming = lines[at].replace("slot=1", "slot=32")
        text = "".join(lines[:at] + [coming] + lines[at + 1:])
        text = text[:text.index("\nport=1\n") + 1]  # core has not heard of it
        text = text.replace("next_attach_seq=2", "next_attach_seq=1")
        self.a.run("tee", "/run/bondd/bond0.state", input=text)
        self.lab.start_bondd()
        self.assertEqual(list(self.lab.bond("bond0")["ports"]), ["eth0"])
        self.assertEqual(self.looks("eth1"), before["eth1"])


class Bond(BondTest):
    def test_deleted_by_somebody(self):
        before = {p: self.looks(p) for p in ("eth0", "eth1")}
        self.bond_of_two()
        path = self.lab.bond_path("bond0")
        self.a.run("ip", "link", "delete", "bond0")
        wait_for(lambda: self.lab.get_property("org.freedesktop.NetworkManager.bond", path,
                                               "org.freedesktop.NetworkManager.bond.Bond",
                                               "Name") is None, 5, "the object to go")
        self.assert_nothing_left()
        self.assertEqual({p: self.looks(p) for p in ("eth0", "eth1")}, before)
        self.bond_of_two()

    def test_mtu(self):
        self.a.run("ip", "link", "set", "eth1", "mtu", "1400")
        self.bond_of_two()
        self.assertEqual(self.a.link("eth1")["mtu"], 1500)
        self.a.run("ip", "link", "set", "bond0", "mtu", "9000")
        wait_for(lambda: {self.a.link(p)["mtu"] for p in ("eth0", "eth1")} == {9000}, 5,
                 "the ports' MTU")
        self.assertEqual(self.lab.bond("bond0")["Mtu"], 9000)
        self.lab.switch.shell("for i in sw0 sw1 swb br0; do ip link set $i mtu 9000; done")
        self.lab.b.run("ip", "link", "set", "eth0", "mtu", "9000")
        result = self.a.run("ping", "-n", "-c", "3", "-i", "0.1", "-M", "do", "-s", "8900",
                            "10.0.1.1")
        self.assertIn(" 3 received", result)
        self.detach("eth1", 1)
        self.assertEqual(self.a.link("eth1")["mtu"], 1400)

    def test_mac_given(self):
        before = {p: self.a.mac(p) for p in ("eth0", "eth1")}
        self.bond_of_two("balance-xor")
        self.a.run("ip", "link", "set", "bond0", "address", "02:00:00:00:00:77")
        wait_for(lambda: {self.a.mac(p) for p in ("eth0", "eth1")} == {"02:00:00:00:00:77"}, 5,
                 "the ports' MAC")
        self.assertEqual(self.lab.bond("bond0")["MacAddress"], "02:00:00:00:00:77")
        self.lab.wait_ping()
        self.detach("eth0", 1)
        self.detach("eth1", 1)
        self.assertEqual({p: self.a.mac(p) for p in ("eth0", "eth1")}, before)
        self.assertEqual(self.a.mac("bond0"), "02:00:00:00:00:77")

    def test_down_and_up(self):
        self.bond_of_two("active-backup")
        self.a.run("ip", "link", "set", "bond0", "down")
        wait_for(lambda: not self.lab.bond("bond0")["Up"], 5, "down")
        self.a.run("ip", "link", "set", "bond0", "up")
        wait_for(lambda: self.lab.bond("bond0")["Up"], 5, "up")
        self.lab.wait_ping()

    def test_carrier_is_nobody_elses(self):
        self.bond_of_two()
        peer = next(l for l in self.a.run("ls", "/sys/class/net").split() if l.startswith("nmbp"))
        self.a.run("ip", "link", "set", peer, "down")
        wait_for(lambda: "LOWER_UP" in self.a.link("bond0")["flags"], 5, "the carrier")
        self.lab.wait_ping()

    def test_capture(self):
        for mode in MODES:
            with self.subTest(mode=mode):
                self.bond_of_two(mode)
                with Streams(self.lab, 1000) as streams:
                    self.assertEqual(self.capture(), (20, 20 if mode != "broadcast" else 40))
                streams.assert_lossless("a capture begins and ends")
                self.lab.bond_call("bond0", "Delete")

    def test_bridge(self):
        """A guest behind a bridge over the bond."""
        self.create("active-backup", address=None)
        self.attach("eth0", "eth1")
        self.a.shell("ip link add br0 type bridge forward_delay 0; ip link set bond0 master br0; "
                     "ip link set br0 up; ip link add g0 type veth peer name g1; "
                     "ip link set g0 master br0 up; ip netns add guest; ip link set g1 netns guest; "
                     f"ip -n guest addr add {ADDRESS}/24 dev g1; ip -n guest link set g1 up")
        wait_for(lambda: all("PROMISC" in self.a.link(p)["flags"] for p in ("eth0", "eth1")), 5,
                 "promiscuous ports")
        ping = ("ip", "netns", "exec", "guest", "ping", "-n", "-q", "-i", "0.01", "-c", "20",
                "-w", "5", "10.0.1.1")
        self.assertIn(" 20 received", self.a.run(*ping))
        self.lab.cut("eth0")
        self.wait_event("active-changed", "eth1")
        self.assertIn(" 20 received", self.a.run(*ping))

    def test_macvlan(self):
        """A guest with an address of its own on the bond: no capture, yet its frames come in."""
        self.create("active-backup", address=None)
        self.attach("eth0", "eth1")
        self.a.shell("ip netns add guest; ip link add m0 link bond0 type macvlan mode bridge; "
                     "ip link set m0 netns guest; ip -n guest link set m0 up; "
                     f"ip -n guest addr add {ADDRESS}/24 dev m0")
        ping = ("ip", "netns", "exec", "guest", "ping", "-n", "-q", "-i", "0.01", "-c", "20",
                "-w", "5", "10.0.1.1")
        self.assertIn(" 20 received", self.a.run(*ping))
        self.lab.cut("eth0")
        self.wait_event("active-changed", "eth1")
        self.assertIn(" 20 received", self.a.run(*ping))

    def test_vlan(self):
        self.bond_of_two("balance-xor")
        for host, link, address in ((self.a, "bond0", "10.0.5.2"), (self.lab.b, "eth0", "10.0.5.1")):
            result = host.result("ip", "link", "add", "link", link, "name", "v5", "type", "vlan",
                                 "id", "5")
            if result.returncode:
                self.skipTest("the kernel has no VLAN devices: " + result.stderr.strip())
            host.shell(f"ip link set v5 up; ip addr add {address}/24 dev v5")
        self.assertEqual(self.a.ping("10.0.5.1", count=20)[:2], (20, 20))

    def test_bond_renamed(self):
        self.bond_of_two("active-backup")
        result = self.a.result("ip", "link", "set", "bond0", "name", "uplink")
        if result.returncode:
            self.skipTest("the kernel does not rename links that are up")
        wait_for(lambda: "renamed to uplink" in str(self.lab.bond("bond0")["Warnings"]), 5,
                 "the warning")
        self.lab.wait_ping()
        self.kill()
        self.lab.start_bondd()
        self.lab.cut("eth0")
        self.wait_event("active-changed", "eth1")
        self.lab.wait_ping()
        self.lab.bond_call("bond0", "Delete")
        self.assertIsNone(self.a.link("uplink"))
        self.assert_nothing_left()

    def test_live_mode_change(self):
        self.bond_of_two("balance-rr")
        with Streams(self.lab, 1000) as streams:
            for mode in ("balance-xor", "active-backup", "balance-rr", "active-backup"):
                self.lab.bond_call("bond0", "SetOptions", "(a{ss}u)", {"mode": mode}, 0)
                self.assertEqual(self.lab.bond("bond0")["Mode"], mode)
                time.sleep(0.2)
        streams.assert_lossless("the mode changes")


class Many(BondTest):
    ports = 0

    def test_fifty_bonds(self):
        self.a.shell("for i in $(seq 0 99); do ip link add p$i type veth peer name q$i; "
                     "ip link set q$i up; done")
        before = {f"p{i}": self.looks(f"p{i}") for i in (0, 50, 99)}
        begin = time.monotonic()
        for n in range(50):
            self.create(MODES[n % 4], name=f"b{n}", address=None)
            self.attach(f"p{2 * n}", f"p{2 * n + 1}", name=f"b{n}")
        took = time.monotonic() - begin
        print(f"  50 bonds of two ports in {took:.1f} s")
        self.assertTrue(all(self.lab.bond(f"b{n}")["Carrier"] for n in (0, 17, 49)))
        pid = self.lab.owner_pid("org.freedesktop.NetworkManager.bond")

        def wakeups(seconds=2):
            ticks = [0, 0]
            for n in (0, 1):
                status = self.a.run("cat", f"/proc/{pid}/status")
                ticks[n] = int(re.search(r"voluntary_ctxt_switches:\s*(\d+)", status).group(1))
                time.sleep(0 if n else seconds)
            return (ticks[1] - ticks[0]) / seconds
        wait_for(lambda: wakeups() <= 15, 20, lambda: f"bondd to be quiet: {wakeups()} wakeups/s")
        print("  quiet; " + self.a.run("grep", "VmRSS", f"/proc/{pid}/status"))
        self.kill()
        self.lab.start_bondd()
        for n in range(50):
            self.lab.bond_call(f"b{n}", "Delete")
        self.assert_nothing_left()
        self.assertEqual({p: self.looks(p) for p in before}, before)


if __name__ == "__main__":
    main()
