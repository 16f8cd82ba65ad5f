#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""explain where the load decides, and --spread: what is said is what the ports show."""
import os
import socket
import struct
import sys
import unittest

from lab import wait_for
import test_explain
from test_profiles import A4, NMCase

B4 = test_explain.B4

PORTS = ("eth0", "eth1", "eth2")
POLICIES = ("layer2", "layer3+4", "layer2+3", "encap2+3", "encap3+4", "vlan+srcmac")


def ipv4(proto, source, destination, payload):
    return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 0, 0, 64, proto, 0,
                       socket.inet_aton(source), socket.inet_aton(destination)) + payload


def frame(n, source_mac, kind):
    """The n-th of its kind, to a host that nobody has: a switch floods it, and no one answers."""
    to = bytes.fromhex(f"02000000{n:04x}")
    udp = struct.pack("!HHHH", 2000 + 3 * n, 53 + n, 8, 0) + bytes(40)
    inner = ipv4(socket.IPPROTO_UDP, f"10.8.{n % 7}.{n}", f"10.9.0.{n}", udp)
    packet = {"plain": inner,
              "ipip": ipv4(socket.IPPROTO_IPIP, "10.0.1.9", "10.0.1.77", inner),
              "gre": ipv4(socket.IPPROTO_GRE, "10.0.1.9", "10.0.1.77",
                          struct.pack("!HH", 0, 0x0800) + inner)}[kind]
    return to + source_mac + b"\x08\x00" + packet


def pcap(frames):
    head = struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1)
    return head + b"".join(struct.pack("<IIII", n, 0, len(f), len(f)) + f
                           for n, f in enumerate(frames))


class Traffic(NMCase):
    make, explain = test_explain.Explain.make, test_explain.Explain.explain
    sent_bytes, taken = test_explain.Explain.sent_bytes, test_explain.Explain.taken

    def rows(self, what):
        """{policy: {port: (flows, packets, bytes)}}"""
        found = {}
        for line in self.good("-g", "POLICY,PORT,FLOWS,PACKETS,BYTES", "explain", "bond0",
                              "--spread", what).splitlines():
            policy, port, *numbers = line.split(":")
            found.setdefault(policy, {})[port] = tuple(int(n) for n in numbers)
        return found

    def test_balancing_by_load(self):
        for mode in ("balance-tlb", "balance-alb"):
            self.make("mode", mode, "miimon", "100", "xmit_hash_policy", "layer3+4")
            for port in (5000, 5001, 5002):
                self.taken(port)  # has its port now, until they are balanced anew

                def agree():
                    """Within one epoch; it changes every 10 s."""
                    said, backup = self.explain(port)
                    self.assertIn(backup, set(PORTS) - {said})
                    return self.taken(port) == [said]
                wait_for(agree, 15, f"{mode}: the port that was said for {port}")
            text = self.good("exp", "bond0", "--flow", f"udp {A4}:5000 > {B4}:7")
            self.assertRegex(text, rf"(?m)^  mode           {mode}$")
            self.assertRegex(text, r"(?m)^  why            flows of kind \d+ \(of 256\) (were given "
                                   r"to eth[0-2] when they were last balanced, which is done every "
                                   r"10 s|have no port yet: eth[0-2] has the most to spare)$")
            self.assertRegex(text, r"(?m)^  if it fails    eth[0-2]$")
            said = self.explain(5000)[0]
            self.lab.cut(said)
            wait_for(lambda: said not in self.ports(), 5, "the port to be down")
            self.assertNotEqual(self.explain(5000)[0], said)
            self.lab.mend(said)
            self.good("delete", "bond0")
            wait_for(lambda: "bond0" not in self.lab.a.run("ip", "-br", "link"), 10, "no bond0")

    def test_a_frame_that_is_none_is_refused(self):
        from gi.repository import GLib
        self.make("mode", "balance-xor")
        mac = bytes.fromhex("020000000001")
        for data, found in ((b"", False), (bytes(13), False), (frame(1, mac, "plain"), True)):
            if found:
                answer = self.lab.bond_call("bond0", "FindPort", "(ay)", data)[0]
                self.assertEqual({answer["port"], answer["backup"]} - set(PORTS), set(), answer)
                self.assertNotEqual(answer["port"], answer["backup"])
                continue
            with self.assertRaises(GLib.Error) as caught:
                self.lab.bond_call("bond0", "FindPort", "(ay)", data)
            self.assertIn(f"A frame of {len(data)} bytes is not possible: it has 14 to 65535, "
                          "beginning with its Ethernet header.", str(caught.exception))

    def test_spread_of_a_capture_is_what_the_ports_show(self):
        self.make("mode", "balance-xor", "xmit_hash_policy", "layer2", "miimon", "100")
        mac = bytes.fromhex(self.lab.a.mac("bond0").replace(":", ""))
        frames = [frame(n, mac, kind) for kind in ("plain", "ipip", "gre") for n in range(40)]
        with open(self.lab.path("frames.pcap"), "wb") as file:
            file.write(pcap(frames))
        said = self.rows(self.lab.path("frames.pcap"))
        self.assertEqual(sorted(said), sorted(POLICIES))
        send = ("import socket, sys; s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); "
                "s.bind(('bond0', 0x0800)); data = sys.stdin.buffer.read()[24:]\n"
                "while data:\n n = int.from_bytes(data[8:12], 'little'); s.send(data[16:16 + n]); "
                "data = data[16 + n:]\n")
        for policy in POLICIES:
            self.good("modify", "--live", "bond0", "xmit_hash_policy", policy)
            self.assertEqual(sum(n[1] for n in said[policy].values()), len(frames))
            seen = self.captured(lambda: self.lab.a.run(
                "sh", "-c", f"/usr/bin/python3 -c \"{send}\" <{self.lab.path('frames.pcap')}"))
            with self.subTest(policy):
                self.assertEqual(seen, {port: n[1] for port, n in said[policy].items()})

    def test_tags_in_a_capture_are_vlans(self):
        self.make("mode", "balance-xor")
        mac = bytes.fromhex("020000000001")
        plain = frame(1, mac, "plain")
        tagged = [plain[:12] + struct.pack("!HH", 0x8100, vlan) + plain[12:] for vlan in range(6)]
        path = self.lab.path("vlan.pcap")
        with open(path, "wb") as file:
            file.write(pcap(tagged))
        said = self.rows(path)
        self.assertEqual([n[0] for n in said["vlan+srcmac"].values()], [2, 2, 2])
        self.assertEqual(sorted(n[0] for n in said["layer3+4"].values()), [0, 0, 6])

    def captured(self, act):
        """How many of our frames came to the switch from each port."""
        logs = {port: self.lab.path(f"seen-{port}") for port in PORTS}
        taps = [self.lab.switch.start("tcpdump", "-nUi", self.lab.switch_port(port), "-Q", "in",
                                      "-w", logs[port], "ether[0:4] = 0x02000000",
                                      log=logs[port] + ".log")
                for port in PORTS]
        try:
            for port in PORTS:  # its file begins when it listens
                wait_for(lambda: os.path.exists(logs[port]) and os.path.getsize(logs[port]) >= 24, 10,
                         "tcpdump")
            act()
            counts = lambda: {port: len(self.lab.a.run("tcpdump", "-nr", log).splitlines())
                              for port, log in logs.items()}
            wait_for(lambda: sum(counts().values()) >= 120, 10, lambda: f"120 frames: {counts()}")
            return counts()
        finally:
            for tap in taps:
                tap.stop()
            for log in logs.values():
                os.unlink(log)

    def test_spread_of_a_range(self):
        self.make("mode", "balance-xor", "xmit_hash_policy", "layer3+4")
        text = self.good("explain", "bond0", "--spread", "10.0.9.0/25", warnings="")
        self.assertRegex(text, r"\A128 flows over 3 ports of bond0, all on the link, each with a MAC "
                               r"address of its own:\n\npolicy +eth0 +eth1 +eth2  the busiest has\n")
        self.assertRegex(text, r"(?m)^layer3\+4( +\d+ +\d+ %){3}  +\d+ %  in force$")
        self.lab.a.run("ip", "route", "add", "10.0.9.0/24", "via", B4)
        text = self.good("explain", "bond0", "--spread", "10.0.9.0/25")
        self.assertIn(f"all through the gateway {B4}:\n", text)
        said = self.rows("10.0.9.0/25")
        self.assertEqual(sorted(n[0] for n in said["layer2"].values()), [0, 0, 128],
                         "one gateway is one MAC address")
        self.assertEqual(sum(n[0] for n in said["layer3+4"].values()), 128)
        self.assertLess(max(n[0] for n in said["layer3+4"].values()), 70)
        self.assertEqual(sum(n[0] for n in self.rows("fd00:9::/64")["layer2"].values()), 65536)
        # each flow of the range goes where --flow says
        self.good("modify", "--live", "bond0", "xmit_hash_policy", "vlan+srcmac")
        only = [port for port, n in said["vlan+srcmac"].items() if n[0] == 128]
        self.assertEqual(self.explain(5000)[:1], only)

    def test_wrong_words(self):
        self.make("mode", "1")
        bad = self.lab.write("text.pcap", "this is no capture, but long enough to look like one\n")
        with open(self.lab.path("none.pcap"), "wb") as file:
            file.write(pcap([]))
        with open(self.lab.path("raw.pcap"), "wb") as file:
            file.write(pcap([])[:20] + struct.pack("<I", 101))
        for code, message, *argv in (
                (2, "'10.0.9.0' is neither a range of addresses, such as 10.0.9.0/24, nor a file "
                 "with a capture.", "bond0", "--spread", "10.0.9.0"),
                (2, "'10.0.9.0/33' is neither a range of addresses, such as 10.0.9.0/24, nor a file "
                 "with a capture.", "bond0", "--spread", "10.0.9.0/33"),
                (2, f"{bad}: this is no capture (unknown file format)", "bond0", "--spread", bad),
                (2, f"{self.lab.path('none.pcap')}: there is no frame in it", "bond0", "--spread",
                 self.lab.path("none.pcap")),
                (2, f"{self.lab.path('raw.pcap')}: the frames are of type RAW, but only Ethernet can "
                 "be spread", "bond0", "--spread", self.lab.path("raw.pcap")),
                (2, "'--flow' and '--spread' exclude each other.", "bond0", "--spread",
                 "10.0.9.0/24", "--flow", "icmp 10.0.1.1 > 10.0.1.2")):
            with self.subTest(argv):
                self.bad(code, message, "explain", *argv)
        self.good("explain", "bond0", "--spread", "10.0.9.0/30", warnings=(
            "Warning: mode active-backup does not go by xmit_hash_policy: this is what balance-xor "
            "and 802.3ad would do.\n"))


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("needs root, for network namespaces")
        sys.exit(77)
    unittest.main(verbosity=2, warnings="ignore")
