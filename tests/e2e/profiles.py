#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Profiles as people write them, ports and bonds in any order, and what clients read on D-Bus."""
import signal

from harness import LabTest, Streams, main, wait_for

NM = "org.freedesktop.NetworkManager"


class Spellings(LabTest):
    PORT_SPELLINGS = (
        ("type", "ethernet", "master", "bond0"),
        ("type", "ethernet", "slave-type", "bond", "master", "bond0"),
        ("type", "bond-slave", "master", "bond0"),
        ("type", "ethernet", "connection.master", "bond0", "connection.slave-type", "bond"),
    )

    def test_ports(self):
        for words in self.PORT_SPELLINGS:
            with self.subTest(words=words):
                self.add_bond("mode=active-backup,miimon=100")
                for port in ("eth0", "eth1"):
                    self.lab.nmcli("connection", "add", "con-name", port, "ifname", port, *words)
                self.lab.nmcli("connection", "up", "bond0")
                self.wait_ports(("eth0", "eth1"))
                self.lab.nmcli("connection", "delete", "bond0", "eth0", "eth1")
                self.assert_nothing_left()

    def test_port_by_uuid_of_its_bond(self):
        self.add_bond("mode=active-backup,miimon=100")
        uuid = self.lab.nmcli_get("connection.uuid", "connection", "show", "bond0")
        for port in ("eth0", "eth1"):
            self.lab.nmcli("connection", "add", "type", "ethernet", "con-name", port, "ifname",
                           port, "connection.master", uuid, "connection.slave-type", "bond")
        self.lab.nmcli("connection", "up", "bond0")
        self.wait_ports(("eth0", "eth1"))

    def test_bonds(self):
        cases = (
            (("bond.options", "mode=1,miimon=100"), "fault-tolerance (active-backup)"),
            (("mode", "balance-xor", "miimon", "100"), "load balancing (xor)"),
            (("bond.options", "mode=3"), "fault-tolerance (broadcast)"),
            (("+bond.options", "mode=0", "+bond.options", "miimon=100"),
             "load balancing (round-robin)"),
            ((), "load balancing (round-robin)"),
        )
        for words, title in cases:
            with self.subTest(words=words):
                self.lab.nmcli("connection", "add", "type", "bond", "con-name", "b", "ifname",
                               "bond0", "ipv4.method", "disabled", "ipv6.method", "disabled",
                               *words)
                self.add_port("eth0")
                self.lab.nmcli("connection", "up", "b")
                self.wait_ports(("eth0",))
                self.assertEqual(self.status()[0]["Bonding Mode"], title)
                self.lab.nmcli("connection", "delete", "b", "eth0")
                self.assert_nothing_left()

    def test_generated_interface_name(self):
        self.lab.nmcli("connection", "add", "type", "bond", "con-name", "some", "ipv4.method",
                       "disabled", "ipv6.method", "disabled")
        name = wait_for(lambda: self.lab.nmcli_get("GENERAL.DEVICES", "connection", "show", "some"),
                        5, "a device for the profile")
        self.assertEqual(self.lab.device(name)[0], "bond")

    def test_cloned_mac(self):
        self.make_bond("mode=active-backup,miimon=100", "802-3-ethernet.cloned-mac-address",
                       "02:11:22:33:44:55")
        for ifname in ("bond0", "eth0", "eth1"):
            self.assertEqual(self.lab.a.mac(ifname), "02:11:22:33:44:55")
        self.lab.nmcli("connection", "delete", "bond0", "eth0", "eth1")
        self.assert_nothing_left()


class Order(LabTest):
    def test_ports_before_the_bond(self):
        for port in ("eth0", "eth1"):
            self.lab.nmcli("connection", "add", "type", "ethernet", "con-name", port, "ifname",
                           port, "master", "bond0", "slave-type", "bond",
                           "connection.autoconnect", "no")
        self.add_bond("mode=balance-rr,miimon=100", "connection.autoconnect", "no")
        self.lab.nmcli("connection", "up", "eth1")
        self.wait_ports(("eth1",))
        self.lab.nmcli("connection", "up", "eth0")
        self.wait_ports(("eth0", "eth1"))
        self.lab.wait_ping()

    def test_ports_long_after_the_bond(self):
        self.add_bond("mode=active-backup,miimon=100")
        self.lab.nmcli("connection", "up", "bond0")
        self.assertEqual(self.lab.device("bond0")[0], "bond")
        self.assertIs(self.carrier(), False)
        self.assertEqual(self.status()[0]["MII Status"], "down")
        self.add_port("eth0")
        self.lab.nmcli("connection", "up", "eth0")
        self.wait_ports(("eth0",))
        self.assertIs(self.carrier(), True)
        self.lab.wait_ping()
        self.add_port("eth1")
        self.lab.nmcli("connection", "up", "eth1")
        self.wait_ports(("eth0", "eth1"))

    def test_autoconnect_slaves(self):
        self.add_bond("mode=active-backup,miimon=100", "connection.autoconnect", "no",
                      "connection.autoconnect-slaves", "1")
        for port in ("eth0", "eth1"):
            self.add_port(port, "connection.autoconnect", "no")
        self.lab.nmcli("connection", "up", "bond0")
        self.wait_ports(("eth0", "eth1"))

    def test_bond_down_and_up(self):
        self.make_bond("mode=active-backup,miimon=100")
        for _ in range(3):
            self.lab.nmcli("connection", "down", "bond0")
            self.assert_nothing_left()
            self.lab.nmcli("connection", "up", "bond0")
            self.wait_ports(("eth0", "eth1"))
            self.lab.wait_ping()

    def test_a_port_moves_to_another_bond(self):
        self.make_bond("mode=active-backup,miimon=100")
        self.add_bond("mode=active-backup,miimon=100", name="bond1", address="10.0.2.1/24")
        self.lab.nmcli("connection", "add", "type", "ethernet", "con-name", "other", "ifname",
                       "eth1", "master", "bond1")
        with Streams(self.lab, 200) as streams:
            self.lab.nmcli("connection", "up", "other")
            self.wait_ports(("eth1",), "bond1")
        streams.assert_lossless("eth1 moves from bond0 to bond1")
        self.assertEqual(set(self.status("bond0")[1]), {"eth0"})
        self.assert_port_of("eth1", "bond1")

    def test_a_released_port_gets_its_own_profile(self):
        self.make_bond("mode=balance-rr,miimon=100")
        self.lab.nmcli("connection", "add", "type", "ethernet", "con-name", "alone", "ifname",
                       "eth1", "ipv4.method", "manual", "ipv4.addresses", "10.9.9.1/24",
                       "connection.autoconnect", "no")
        self.lab.b.run("ip", "addr", "add", "10.9.9.2/24", "dev", "eth0")
        with Streams(self.lab, 200) as streams:
            self.lab.nmcli("connection", "up", "alone")
            self.lab.wait_ping("10.9.9.2")
            self.assert_own_mac("eth1")
        streams.assert_lossless("eth1 taken by another profile")

    def test_disconnect_and_connect(self):
        self.make_bond("mode=active-backup,miimon=100")
        with Streams(self.lab, 200) as streams:
            self.lab.nmcli("device", "disconnect", "eth1")
            self.assert_own_mac("eth1")
            self.lab.nmcli("device", "connect", "eth1")
            self.wait_ports(("eth0", "eth1"))
            self.lab.nmcli("device", "set", "eth1", "managed", "no")
            self.assert_own_mac("eth1")
            self.lab.nmcli("device", "set", "eth1", "managed", "yes")
            self.lab.nmcli("connection", "up", "eth1")
            self.wait_ports(("eth0", "eth1"))
            self.lab.nmcli("connection", "delete", "eth1")
            self.assert_own_mac("eth1")
        streams.assert_lossless("disconnect, connect, managed no and yes, delete of eth1")

    def test_delete_of_the_bond_alone(self):
        self.make_bond("mode=balance-rr,miimon=100")
        self.lab.nmcli("connection", "delete", "bond0")
        wait_for(lambda: self.lab.a.link("bond0") is None, 5, "bond0 to be gone")
        self.assert_nothing_left()
        self.assertNotEqual(self.lab.device("eth0")[1], "connected")

    def test_delete_of_the_device(self):
        self.make_bond("mode=active-backup,miimon=100")
        self.lab.nmcli("device", "delete", "bond0")
        wait_for(lambda: self.lab.a.link("bond0") is None, 5, "bond0 to be gone")
        self.assert_nothing_left()

    def test_link_deleted_behind_everybody(self):
        self.make_bond("mode=active-backup,miimon=100")
        self.lab.nmcli("connection", "modify", "bond0", "connection.autoconnect", "no")
        self.lab.a.run("ip", "link", "delete", "bond0")
        wait_for(lambda: self.lab.device("bond0") is None, 5, "NetworkManager to see it")
        self.assert_nothing_left()
        self.lab.nmcli("connection", "up", "bond0")
        self.wait_ports(("eth0", "eth1"))


class Clients(LabTest):
    def path(self, ifname):
        return self.lab.call(NM, "/org/freedesktop/NetworkManager", NM, "GetDeviceByIpIface",
                             "(s)", ifname)[0]

    def test_what_guis_read(self):
        self.make_bond("mode=active-backup,miimon=100")
        path = self.path("bond0")
        device = self.lab.get_all(NM, path, NM + ".Device")
        bond = self.lab.get_all(NM, path, NM + ".Device.Bond")
        ports = {self.path("eth0"), self.path("eth1")}
        self.assertEqual(device["DeviceType"], 10)
        self.assertEqual(device["State"], 100)
        self.assertEqual(device["Interface"], "bond0")
        self.assertEqual(device["HwAddress"].lower(), self.lab.a.mac("bond0"))
        self.assertEqual(bond["HwAddress"].lower(), self.lab.a.mac("bond0"))
        self.assertIs(bond["Carrier"], True)
        self.assertEqual(set(bond["Slaves"]), ports)
        self.assertEqual(set(device["Ports"]), ports)
        plain = self.lab.get_all(NM, self.path("eth0"), NM + ".Device")["Udi"]
        if plain:  # there is none without udev, as in this lab
            self.assertTrue(device["Udi"].startswith("/sys/"), device["Udi"])
        self.assertEqual(device["Capabilities"] & 6, 6, "CARRIER_DETECT and IS_SOFTWARE")
        self.assertTrue(device["InterfaceFlags"] & 0x10000, "lower-up")
        self.lab.nmcli("connection", "down", "eth1")
        bond = self.lab.get_all(NM, path, NM + ".Device.Bond")
        self.assertEqual(bond["Slaves"], [self.path("eth0")])

    def test_foreign_veths_stay_veths(self):
        self.lab.a.shell("ip link add v0 type veth peer name v1; ip link set v0 up; "
                         "ip link set v1 up")
        wait_for(lambda: (self.lab.device("v0") or ("",))[0] == "ethernet", 5, "v0 to be seen")
        driver = self.lab.nmcli("-g", "GENERAL.DRIVER", "device", "show", "v0").strip()
        self.assertEqual(driver, "veth")
        self.make_bond("mode=active-backup,miimon=100")
        peers = [l for l in self.lab.nmcli("-t", "-f", "DEVICE", "device").split()
                 if l.startswith("nmbp")]
        self.assertEqual(peers, [], "the bond's hidden peer is shown")

    def test_nothing_of_ours_is_in_the_profile(self):
        self.make_bond("mode=active-backup,miimon=100")
        text = self.lab.a.run("sh", "-c",
                              "cat /etc/NetworkManager/system-connections/bond0.nmconnection")
        self.assertIn("mode=active-backup", text)
        self.assertNotIn("nm-bond", text)

    def test_logs_are_clean(self):
        self.make_bond("mode=active-backup,miimon=100")
        self.lab.nmcli("connection", "down", "eth1")
        self.lab.nmcli("connection", "up", "eth1")
        self.lab.restart_nm(signal.SIGTERM)
        self.lab.nmcli("connection", "delete", "bond0", "eth0", "eth1")
        with open(self.lab.path("nm.log"), encoding="utf-8", errors="replace") as log:
            bad = [line for line in log if any(word in line for word in (
                "<error>", "CRITICAL", "WARNING **", "assertion"))
                or "<warn>" in line and "bond" in line]
        self.assertEqual(bad, [])


if __name__ == "__main__":
    main()
