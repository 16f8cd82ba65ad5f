#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The how-to by ifcfg files: drop three files, reload, up. And what becomes of broken, changed,
removed files, and of profiles that nmcli shall change or delete.

ifcfg.py [MODE]   (the kernel's number of the mode, for the how-to itself)
"""
import re
import sys

from harness import A4, LabTest, Pings, Streams, main, wait_for

DIR = "/etc/sysconfig/network-scripts"
BOND = """DEVICE=bond0
NAME=bond0
TYPE=Bond
BONDING_MASTER=yes
IPADDR={address}
PREFIX=24
ONBOOT=yes
BOOTPROTO=none
BONDING_OPTS="mode={mode} miimon=100"
"""
PORT = """TYPE=Ethernet
BOOTPROTO=none
DEVICE={port}
NAME={port}
ONBOOT=yes
MASTER=bond0
SLAVE=yes
"""
MODE = sys.argv.pop(1) if len(sys.argv) > 1 and sys.argv[1].isdigit() else "1"
PLUGIN = "nm-bond-ifcfg"


class Ifcfg(LabTest):
    def setUp(self):
        super().setUp()
        self.lab.private_etc()
        self.lab.a.run("mkdir", "-p", DIR)

    def write(self, name, text):
        self.lab.a.run("tee", f"{DIR}/ifcfg-{name}", input=text)

    def write_all(self, mode=MODE, ports=("eth0", "eth1")):
        self.write("bond0", BOND.format(mode=mode, address=A4))
        for port in ports:
            self.write(port, PORT.format(port=port))

    def reload(self):
        self.lab.nmcli("connection", "reload")

    def profiles(self):
        """{name: (UUID, file)}"""
        text = self.lab.nmcli("-t", "-f", "NAME,UUID,FILENAME,TYPE", "connection", "show")
        rows = [line.split(":") for line in text.splitlines()]
        return {r[0]: (r[1], r[2]) for r in rows if r[3] != "loopback"}

    def log(self, level="warn"):
        with open(self.lab.path("nm.log"), encoding="utf-8") as file:
            return re.findall(rf"<{level}>.*{PLUGIN}: (.*)", file.read())

    def up(self):
        self.lab.nmcli("connection", "up", "bond0")
        self.wait_ports(("eth0", "eth1"))
        self.lab.wait_ping()

    def test_the_how_to(self):
        self.write_all()
        self.assertEqual(self.profiles(), {})
        self.reload()
        self.assertEqual({n: f for n, (_, f) in self.profiles().items()},
                         {n: f"{DIR}/ifcfg-{n}" for n in ("bond0", "eth0", "eth1")})
        self.up()
        title = {"0": "load balancing (round-robin)", "1": "fault-tolerance (active-backup)"}
        self.assertEqual(self.status()[0]["Bonding Mode"], title[MODE])
        pings = Pings(self.lab.a)
        with Streams(self.lab, 1000, echo=True) as streams:
            self.lab.nmcli("connection", "down", "eth1")
            self.assert_own_mac("eth1")
            self.lab.nmcli("connection", "up", "eth1")
            self.wait_ports(("eth0", "eth1"))
        sent, received = pings.stop()
        streams.assert_lossless("down and up of eth1")
        self.assert_lossless_pings(sent, received, "down and up of eth1")
        self.assertEqual(self.log(), [])
        self.say(f"mode {MODE}: {sent} pings, none lost")


class Files(Ifcfg):
    """Not the how-to: it is tested once for each mode."""
    test_the_how_to = None

    def test_uuids_stay_and_the_bond_over_a_restart(self):
        self.write_all()
        self.reload()
        self.up()
        before = self.profiles()
        self.reload()
        self.assertEqual(self.profiles(), before)
        pings = Pings(self.lab.a)
        self.lab.restart_nm()
        self.wait_ports(("eth0", "eth1"))
        self.assert_lossless_pings(*pings.stop(), "a restart of NetworkManager")
        self.assertEqual(self.profiles(), before)

    def test_broken_files_harm_no_other(self):
        self.write_all()
        self.write("eth1", PORT.format(port="eth1") + "HWADDR=here\nMTU=many\n")
        self.write("bond1", BOND.format(mode="9", address=A4).replace("bond0", "bond1"))
        self.write("bond2", "TYPE=Bond\nrm -rf /\n")
        self.write("wlan0", "this is of no bond (\n")
        self.write("eth2.bak", PORT.format(port="eth2"))
        self.reload()
        self.assertEqual(sorted(self.profiles()), ["bond0", "eth0"])
        said = "\n".join(self.log())
        for line in ("bond1:9: mode.*9.*balance-rr", "bond2:2: this is not KEY=value",
                     "eth1:8: this is no MAC address", "eth1:9: 'many' is no MTU"):
            self.assertRegex(said, rf"(?m)^{DIR}/ifcfg-{line}")
        self.assertNotIn("wlan0", said)
        self.lab.nmcli("connection", "up", "bond0")
        self.wait_ports(("eth0",))
        result = self.lab.a.result("nmcli", "connection", "load", f"{DIR}/ifcfg-bond1",
                                   f"{DIR}/ifcfg-eth0")
        self.assertIn(f"{DIR}/ifcfg-bond1", result.stdout + result.stderr)
        self.assertNotIn("ifcfg-eth0", result.stdout + result.stderr)
        self.assertEqual(sorted(self.profiles()), ["bond0", "eth0"])

    def test_an_alias_and_routes(self):
        """More addresses; what NetworkManager lets no plugin make is named."""
        self.write_all()
        self.write("bond0:1", "DEVICE=bond0:1\nIPADDR=10.0.3.1\nPREFIX=24\n")
        self.lab.a.run("tee", f"{DIR}/route-bond0", input="# routes\n10.9.0.0/16 via 10.0.1.1\n")
        self.lab.a.run("tee", f"{DIR}/rule-bond0", input="from 10.0.1.0/24 table 7\n")
        self.reload()
        self.up()
        self.assertIn("10.0.3.1/24", self.lab.a.run("ip", "-4", "addr", "show", "dev", "bond0"))
        named = "are not taken from files in place; 'bondcli import ifcfg' carries them over"
        for line in (f"{DIR}/route-bond0:2: routes {named}", f"{DIR}/rule-bond0:1: rules {named}"):
            self.assertIn(line, "\n".join(self.log("info")))

    def test_a_running_bond_outlives_a_file_that_breaks(self):
        self.write_all()
        self.reload()
        self.up()
        pings = Pings(self.lab.a)
        before = self.profiles()
        self.write("bond0", BOND.format(mode="1", address="10.0.1.here"))
        self.reload()
        self.assertEqual(self.profiles(), before)
        self.assertIn(f"{DIR}/ifcfg-bond0: its profile stays as it was", self.log())
        self.write("bond0", BOND.format(mode="1", address=A4) + "MTU=1400\n")
        self.reload()
        self.assertEqual(self.lab.nmcli_get("802-3-ethernet.mtu", "connection", "show", "bond0"),
                         "1400")
        self.lab.nmcli("device", "reapply", "bond0")
        wait_for(lambda: self.lab.a.link("bond0")["mtu"] == 1400, 5, "the new MTU")
        self.assert_lossless_pings(*pings.stop(), "a file that broke and was mended")

    def test_removed_files_and_devices_that_are_left_alone(self):
        self.write_all()
        self.write("eth1", PORT.format(port="eth1") + "NM_CONTROLLED=no\n")
        self.reload()
        self.assertEqual(sorted(self.profiles()), ["bond0", "eth0"])
        wait_for(lambda: self.lab.device("eth1")[1] == "unmanaged", 5, "eth1 to be unmanaged")
        self.write("eth1", PORT.format(port="eth1"))
        self.reload()
        self.up()
        self.lab.a.run("sh", "-c", f"rm {DIR}/ifcfg-*")
        self.reload()
        self.assertEqual(self.profiles(), {})
        wait_for(lambda: self.lab.device("bond0") is None, 10, "bond0 to be gone")
        self.assert_nothing_left()

    def test_modify_delete_migrate(self):
        self.write_all()
        self.reload()
        self.up()
        for argv in (("modify", "bond0", "ipv4.addresses", "10.0.1.9/24"),
                     ("modify", "eth1", "connection.autoconnect", "no")):
            said = self.lab.nmcli_error("connection", *argv)
            self.assertIn(f"this profile is the file {DIR}/ifcfg-{argv[1]}: edit it and run "
                          "'nmcli connection reload'", said)
        self.assertEqual(self.lab.nmcli_get("ipv4.addresses", "connection", "show", "bond0"),
                         f"{A4}/24")
        before = self.profiles()
        pings = Pings(self.lab.a)
        self.lab.nmcli("connection", "migrate", "bond0", "eth0", "eth1")
        self.lab.nmcli("connection", "modify", "bond0", "ipv4.dns", "10.0.1.1")
        self.reload()
        after = self.profiles()
        self.assert_lossless_pings(*pings.stop(), "the profiles' migration")
        self.assertEqual({n: u for n, (u, _) in after.items()},
                         {n: u for n, (u, _) in before.items()})
        self.assertEqual({f for _, f in after.values()},
                         {f"/etc/NetworkManager/system-connections/{n}.nmconnection"
                          for n in before})
        self.assertEqual(self.files(), ["ifcfg-bond0.old", "ifcfg-eth0.old", "ifcfg-eth1.old"])

    def files(self):
        return self.lab.a.run("ls", DIR).split()

    def test_delete_keeps_what_was_written(self):
        self.write_all()
        self.reload()
        self.lab.nmcli("connection", "delete", "eth1")
        self.assertEqual(self.files(), ["ifcfg-bond0", "ifcfg-eth0", "ifcfg-eth1.old"])
        self.reload()
        self.assertEqual(sorted(self.profiles()), ["bond0", "eth0"])
        self.write("eth1", PORT.format(port="eth1"))
        self.reload()
        self.assertEqual(sorted(self.profiles()), ["bond0", "eth0", "eth1"])
        self.lab.nmcli("connection", "delete", "bond0", "eth0", "eth1")
        self.assertEqual(self.profiles(), {})

    def test_another_directory_and_the_same_uuid_twice(self):
        self.lab.a.shell("mkdir /etc/bonds; printf '[ifcfg]\\ndirectory=/etc/bonds\\n' "
                         "> /etc/bondd.conf")
        uuid = "UUID=0ff7ee1e-5d06-4c5b-8f0f-2c8f4d0a7a11\n"
        for name in ("bond0", "bond1"):
            self.lab.a.run("tee", f"/etc/bonds/ifcfg-{name}", input=BOND.format(
                mode="1", address=A4).replace("bond0", name) + uuid)
        self.reload()
        self.assertEqual(self.profiles(), {"bond0": (uuid[5:-1], "/etc/bonds/ifcfg-bond0")})
        self.assertIn("/etc/bonds/ifcfg-bond1: the file is ignored: /etc/bonds/ifcfg-bond0 has "
                      "the same UUID", self.log())
        self.lab.start_bondd()
        self.assertNotIn("ifcfg", self.lab.tail("bondd.log"))


if __name__ == "__main__":
    main()
