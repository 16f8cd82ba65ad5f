#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""All kinds of frames over the bond: large ones, offloaded TCP, multicast, captured ones."""
import hashlib
import os
import re

from harness import A4, B4, LabTest, Streams, main, wait_for
from lab.probes import Stream


class Jumbo(LabTest):
    lab_options = {"mtu": 9000}

    def setUp(self):
        super().setUp()
        self.lab.a.shell("ip link set eth0 mtu 1500; ip link set eth1 mtu 1500")

    def mtu(self, ifname):
        return self.lab.a.link(ifname)["mtu"]

    def ping_large(self, size):
        result = self.lab.a.result("ping", "-n", "-q", "-c", "20", "-i", "0.01", "-W", "1", "-M",
                                   "do", "-s", str(size - 28), B4)
        return result.returncode == 0 and " 20 received" in result.stdout

    def test_jumbo_frames(self):
        self.make_bond("mode=balance-rr,miimon=100", "802-3-ethernet.mtu", "9000")
        self.assertEqual([self.mtu(i) for i in ("bond0", "eth0", "eth1")], [9000] * 3)
        self.assertTrue(self.ping_large(9000), "pings of 9000 bytes")
        self.assertFalse(self.ping_large(9001), "pings of 9001 bytes cannot be sent")
        self.lab.nmcli("connection", "down", "eth1")
        self.assert_own_mac("eth1")
        self.assertTrue(self.ping_large(9000), "pings of 9000 bytes by one port")
        self.lab.nmcli("connection", "delete", "bond0", "eth0", "eth1")
        wait_for(lambda: [self.mtu(i) for i in ("eth0", "eth1")] == [1500] * 2, 5,
                 "the ports' own MTU to be back")
        self.assert_nothing_left()


class Tcp(LabTest):
    SIZE = 32 << 20

    def transfer(self, source, sink, address):
        """A file by TCP; True where it arrives as it was sent."""
        data = self.lab.path("data")
        if not os.path.exists(data):
            with open(data, "wb") as file:
                file.write(os.urandom(self.SIZE))
        script = ("import socket, sys\n"
                  "s = socket.create_server((sys.argv[1], 5001)); print('ready', flush=True)\n"
                  "c = s.accept()[0]; f = c.makefile('rb')\n"
                  "import hashlib; print(hashlib.sha256(f.read()).hexdigest())\n")
        server = sink.start("python3", "-c", script, address)
        self.assertIn("ready", server.popen.stdout.readline())
        source.run("python3", "-c", "import socket, sys\n"
                   "c = socket.create_connection((sys.argv[1], 5001)); "
                   "c.sendfile(open(sys.argv[2], 'rb')); c.close()\n", address, data)
        got = server.popen.communicate(timeout=30)[0].strip()
        with open(data, "rb") as file:
            return got == hashlib.sha256(file.read()).hexdigest()

    def both_ways(self, what):
        self.assertTrue(self.transfer(self.lab.a, self.lab.b, B4), f"{what}: a to b")
        self.assertTrue(self.transfer(self.lab.b, self.lab.a, A4), f"{what}: b to a")

    def features(self, ifname):
        text = self.lab.a.run("ethtool", "-k", ifname)
        return dict(line.strip().split(": ") for line in text.splitlines()[1:] if ": " in line)

    def largest_frame(self, capture):
        return max(map(int, re.findall(r", length (\d+):", capture)), default=0)

    def capture(self, host, ifname, action, *what):
        dump = host.start("tcpdump", "-l", "-n", "-e", "-vvv", "-i", ifname, "-c", "4000", *what,
                          log=self.lab.path("tcpdump.log"))
        wait_for(lambda: "listening on" in self.lab.tail("tcpdump.log"), 5, "tcpdump")
        action()
        dump.stop()
        text = self.lab.tail("tcpdump.log", 100000)
        os.unlink(self.lab.path("tcpdump.log"))
        return text

    def test_tcp_with_offloads(self):
        for mode in ("balance-rr", "active-backup", "balance-xor", "broadcast"):
            with self.subTest(mode=mode):
                self.make_bond(f"mode={mode},miimon=100")
                features = self.features("bond0")
                for name in ("tx-checksumming", "scatter-gather", "tcp-segmentation-offload"):
                    self.assertEqual(features[name].split()[0], "on", f"{name} of bond0")
                self.both_ways(mode)
                self.lab.nmcli("connection", "delete", "bond0", "eth0", "eth1")
                self.assert_nothing_left()

    def test_large_segments_reach_the_port_whole(self):
        self.make_bond("mode=active-backup,miimon=100")
        text = self.capture(self.lab.a, self.active_port(),
                            lambda: self.transfer(self.lab.a, self.lab.b, B4), "tcp")
        self.assertGreater(self.largest_frame(text), 9000, "GSO frames on the port")

    def test_checksums_are_right_without_offloads(self):
        """Cards that compute no checksum and cut no segments: the kernel must, per frame."""
        for port in ("eth0", "eth1"):
            self.lab.a.run("ethtool", "-K", port, "tx", "off", "tso", "off", "gso", "off", "sg",
                           "off")
        self.make_bond("mode=balance-rr,miimon=100")
        features = self.features("bond0")
        self.assertEqual(features["tcp-segmentation-offload"].split()[0], "off",
                         "the bond offers what its ports cannot do")
        text = self.capture(self.lab.b, "eth0",
                            lambda: self.transfer(self.lab.a, self.lab.b, B4),
                            "tcp and src host " + A4)
        self.assertGreater(text.count("cksum"), 1000, text[:2000])
        self.assertEqual(re.findall(r".*cksum.*incorrect.*", text)[:3], [])
        self.assertLessEqual(self.largest_frame(text), 1514)
        self.both_ways("without offloads")

    def test_a_mixed_pair_of_ports(self):
        self.lab.a.run("ethtool", "-K", "eth1", "tx", "off", "sg", "off")
        self.make_bond("mode=balance-rr,miimon=100")
        self.both_ways("one port with, one without offloads")


class Multicast(LabTest):
    def test_groups_are_received_over_changes(self):
        self.make_bond("mode=active-backup,miimon=100", "ipv6.method", "link-local")
        for group in ("239.1.2.3", "ff05::1:3"):
            stream = Stream(self.lab, group, self.lab.b, self.lab.a, group, 1000, 7100,
                            ifnames=("eth0", "bond0"))
            self.lab.nmcli("connection", "down", self.active_port())
            wait_for(lambda: len(self.status()[1]) == 1, 5, "the port to be gone")
            for port in ("eth0", "eth1"):
                if (self.lab.device(port) or ("", ""))[1] != "connected":
                    self.lab.nmcli("connection", "up", port)
            self.wait_ports(("eth0", "eth1"))
            stream.stop_sender()
            result = stream.stop_sink()
            self.assertEqual(result["lost"], 0, f"{group}: {result}")
            self.assertGreater(result["sent"], 100)
            self.say(f"{group}: {result['sent']} frames, none lost")


class Capture(LabTest):
    def capture(self, action):
        dump = self.lab.a.start("tcpdump", "-l", "-n", "-e", "-i", "bond0",
                                log=self.lab.path("capture.log"))
        wait_for(lambda: "listening on" in self.lab.tail("capture.log"), 5, "tcpdump")
        try:
            action()
        finally:
            dump.stop()
        return self.lab.tail("capture.log", 100000)

    def flags(self, ifname):
        return "PROMISC" in self.lab.a.link(ifname)["flags"] \
            or self.lab.a.link(ifname).get("promiscuity", 0) > 0

    def test_a_capture_on_the_bond_sees_everything(self):
        self.make_bond("mode=active-backup,miimon=100")
        alien = "02:00:00:00:00:77"
        self.lab.b.shell(f"ip neigh replace 10.0.1.77 lladdr {alien} dev eth0 nud permanent")
        before = {port: self.flags(port) for port in ("eth0", "eth1")}

        def traffic():
            wait_for(lambda: self.flags(self.active_port()), 3, "the port to be promiscuous")
            self.assertEqual(self.lab.a.ping(B4, 20)[1], 20)
            self.lab.b.ping("10.0.1.77", 20, timeout=1)
        text = self.capture(traffic)
        mac = self.lab.a.mac("bond0")
        self.assertGreaterEqual(len(re.findall(f"{mac} > .*ICMP echo request", text)), 20,
                                "pings sent\n" + text[-3000:])
        self.assertGreaterEqual(len(re.findall(f"> {mac}, .*ICMP echo reply", text)), 20,
                                "answers received\n" + text[-3000:])
        self.assertGreaterEqual(len(re.findall(f"> {alien}, .*ICMP echo request", text)), 20,
                                "frames for somebody else\n" + text[-3000:])
        wait_for(lambda: {p: self.flags(p) for p in before} == before, 5,
                 "the ports to be as before the capture")

    def test_a_capture_loses_nothing(self):
        self.make_bond("mode=balance-rr,miimon=100")
        with Streams(self.lab, 200) as streams:
            for _ in range(3):
                self.capture(lambda: self.assertEqual(self.lab.a.ping(B4, 10)[1], 10))
        streams.assert_lossless("captures begin and end")


if __name__ == "__main__":
    main()
