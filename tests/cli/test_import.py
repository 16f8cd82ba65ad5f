#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""import netplan, networkd, interfaces: bonds of other programs become profiles that work."""
import os
import re
import shutil
import sys
import unittest

from test_profiles import A4, NMCase

NETPLAN = """network:
  version: 2
  renderer: networkd
  ethernets:
    eth0: {mtu: 1450}
    eth1:
      dhcp4: false
    eth2: {dhcp4: true}
  bonds:
    bond0:
      interfaces: [eth0, eth1]
      addresses:
        - 10.0.1.243/24
        - "fd00:1::243/64": {lifetime: 0}
      mtu: 1400
      macaddress: 02:00:00:00:00:11
      nameservers:
        search: [example.org]
        addresses: [10.0.1.1, "fd00:1::53"]
      routes:
        - to: default
          via: 10.0.1.1
        - {to: 10.9.0.0/16, via: 10.0.1.2, metric: 7}
      accept-ra: no
      parameters:
        mode: active-backup
        mii-monitor-interval: 1s
        up-delay: 2000
        primary: eth0
        primary-reselect-policy: better
        fail-over-mac-policy: active
        gratuitous-arp: 3
        all-members-active: true
        learn-packet-interval: 2
"""
NETDEV = """# the bond
[NetDev]
Name=bond0
Kind=bond
MTUBytes=1400

[Bond]
Mode=active-backup
MIIMonitorSec=1s
UpDelaySec=2
FailOverMACPolicy=active
GratuitousARP=3
AllSlavesActive=yes
PrimaryReselectPolicy=better
LearnPacketIntervalSec=2
"""
NETWORK = """[Match]
Name=bond0
[Network]
DNS=10.0.1.1
DNS=fd00:1::53
Domains=example.org
IPv6AcceptRA=no
[Address]
Address=10.0.1.243/24
[Address]
Address=fd00:1::243/64
[Route]
Gateway=10.0.1.1
[Route]
Destination=10.9.0.0/16
Gateway=10.0.1.2
Metric=7
"""
INTERFACES = """# as on Debian
auto lo bond0
iface lo inet loopback
iface eth0 inet manual
    bond-primary eth0
    mtu 1450
iface bond0 inet static
    address 10.0.1.243
    netmask 255.255.255.0
    gateway 10.0.1.1
    dns-nameservers 10.0.1.1 fd00:1::53
    dns-search example.org
    mtu 1400
    hwaddress ether 02:00:00:00:00:11
    bond-slaves eth0 \\
        eth1
    bond_mode 1
    bond-miimon 1000
    bond-updelay 2000
    bond-fail-over-mac active
    bond-num-grat-arp 3
    bond-all-slaves-active 1
    bond-primary-reselect better
    bond-lp-interval 2
    bond-primary eth0
iface bond0 inet6 static
    address fd00:1::243/64
    accept_ra 0
"""
OPTIONS = ("all_slaves_active=1\nfail_over_mac=active\nlp_interval=2\nmiimon=1000\n"
           "mode=active-backup\nnum_grat_arp=3\n{}primary_reselect=better\nupdelay=2000\n")


class Import(NMCase):
    def setUp(self):
        self.dir = self.lab.path("etc")
        os.mkdir(self.dir)
        self.addCleanup(shutil.rmtree, self.dir)

    def file(self, name, text):
        return self.lab.write(os.path.join("etc", name), text)

    def keyfiles(self, *argv, warnings=""):
        """{profile: its keyfile without UUID} as --dry-run prints them."""
        text = self.good("import", "--dry-run", *argv, warnings=warnings)
        text = re.sub(r"(?m)^uuid=.*\n", "", text)
        return dict(part.split(".nmconnection\n", 1) for part in
                    re.split(r"(?m)^# ", text)[1:])

    def assert_all(self, files, primary="primary=eth0\n", route=True, mac=True):
        self.assertEqual(list(files), ["bond0", "bond0-eth0", "bond0-eth1"])
        bond = files["bond0"]
        self.assertIn("[bond]\n" + OPTIONS.format(primary), bond)
        self.assertIn("mtu=1400\n", bond)
        self.assertEqual("cloned-mac-address=02:00:00:00:00:11\n" in bond, mac)
        self.assertIn("[ipv4]\naddress1=10.0.1.243/24,10.0.1.1\ndns=10.0.1.1;\n"
                      "dns-search=example.org;\nmethod=manual\n"
                      + ("route1=10.9.0.0/16,10.0.1.2,7\n" if route else ""), bond)
        self.assertIn("address1=fd00:1::243/64\ndns=fd00:1::53;\nmethod=manual\n", bond)
        for port in ("eth0", "eth1"):
            self.assertIn(f"interface-name={port}\nmaster=bond0\nslave-type=bond\n",
                          files["bond0-" + port])

    def up(self):
        self.good("up", "bond0")
        self.wait_ports("eth0", "eth1")
        self.lab.wait_ping()

    def test_netplan(self):
        self.file("10-bond.yaml", NETPLAN)
        self.file("20-more.yaml", "network:\n  bonds:\n    bond0:\n      parameters: {up-delay: 2s}\n")
        files = self.keyfiles("netplan", self.dir)
        self.assert_all(files)
        self.assertIn("mtu=1450\n", files["bond0-eth0"])
        text = self.good("im", "netp", self.dir)
        self.assertEqual(len(re.findall("successfully added", text)), 3)
        self.assertEqual(self.profiles(), ["bond0", "bond0-eth0", "bond0-eth1"])
        self.up()
        self.bad(2, "There is a bond profile 'bond0' (bond0) already; 'bondcli modify bond0' "
                 "changes it.", "import", "netplan", self.dir)

    def test_networkd(self):
        netdev = self.file("25-bond0.netdev", NETDEV)
        self.file("25-bond0.network", NETWORK)
        for n in (0, 1):
            self.file(f"25-eth{n}.network", f"[Match]\nName=eth{n}\n[Network]\nBond=bond0\n"
                      + ("PrimarySlave=true\n" if n == 0 else ""))
        self.assert_all(self.keyfiles("networkd", self.dir), mac=False)
        self.assert_all(self.keyfiles("networkd", netdev), mac=False)
        os.mkdir(os.path.join(self.dir, "25-bond0.netdev.d"))
        self.file("25-bond0.netdev.d/mac.conf", "[NetDev]\nMACAddress=02:00:00:00:00:11\n")
        self.assert_all(self.keyfiles("networkd", self.dir))
        self.assertEqual(len(self.good("-t", "import", "networkd", self.dir).splitlines()), 3)
        self.up()

    def test_interfaces(self):
        path = self.file("interfaces", INTERFACES)
        files = self.keyfiles("interfaces", path)
        self.assert_all(files, route=False)
        self.assertNotIn("autoconnect=false", files["bond0"])
        # ports that name their bond, in another file
        self.file("more", "iface eth2 inet manual\n bond-master bond0\n")
        self.file("interfaces", INTERFACES.replace("auto lo bond0", "auto lo\nsource more"))
        files = self.keyfiles("interfaces", path)
        self.assertEqual(list(files), ["bond0", "bond0-eth2", "bond0-eth0", "bond0-eth1"])
        self.assertIn("autoconnect=false\n", files["bond0"])
        self.file("interfaces", INTERFACES)
        self.good("import", "interfaces", path)
        self.up()

    def test_dhcp(self):
        self.file("a.yaml", "network: {bonds: {bond0: {interfaces: [eth0], dhcp4: yes, "
                  "link-local: []}}}\n")
        self.file("a.netdev", "[NetDev]\nName=bond0\nKind=bond\n")
        self.file("a.network", "[Match]\nName=bond0\n[Network]\nDHCP=ipv4\n"
                  "LinkLocalAddressing=no\n")
        self.file("b.network", "[Match]\nName=eth0\n[Network]\nBond=bond0\n")
        interfaces = self.file("interfaces", "auto bond0\niface bond0 inet dhcp\n bond-slaves eth0\n"
                               "iface bond0 inet6 manual\n")
        found = [self.keyfiles("netplan", self.dir), self.keyfiles("networkd", self.dir),
                 self.keyfiles("interfaces", interfaces)]
        self.assertIn("[ipv4]\nmethod=auto\n", found[0]["bond0"])
        self.assertIn("method=disabled\n", found[0]["bond0"])
        self.assertEqual(found[0], found[1])
        self.assertEqual(found[0], found[2])

    def test_what_cannot_be_carried_over_is_named(self):
        nothing = "has no counterpart in a profile"
        path = self.file("a.yaml", """network:
  bonds:
    bond0:
      interfaces: [eth0]
      dhcp4-overrides: {use-dns: no}
      parameters:
        mode: 802.3ad
        system-mac: none
  ethernets:
    eth0:
      match: {macaddress: 02:00:00:00:00:01}
      addresses: [10.9.9.9/24]
  vlans:
    vlan5: {id: 5, link: bond0}
""")
        self.keyfiles("netplan", path, warnings=(
            f"Warning: {path}:14: vlan5 on bond0 is left out: it is no bond\n"
            f"Warning: {path}:5: dhcp4-overrides {nothing}\n"
            f"Warning: {path}:8: system-mac {nothing}\n"
            f"Warning: {path}:11: match {nothing}\n"
            f"Warning: {path}:12: ip of the port eth0 is left out: a port has none\n"))
        netdev = self.file("a.netdev", "[NetDev]\nName=bond0\nKind=bond\n[Bond]\nFrob=1\n")
        network = self.file("a.network", "[Match]\nName=eth*\n[Network]\nBond=bond0\n")
        mac = self.file("b.network", "[Match]\nMACAddress=02:00:00:00:00:01\n[Network]\nBond=bond0\n")
        self.keyfiles("networkd", netdev, warnings=(
            f"Warning: {network}:2: 'eth*' is a pattern; name the ports with 'bondcli modify bond0 "
            f"ports +PORT'\n"
            f"Warning: {mac}:4: the ports are not matched by Name; name them with 'bondcli modify "
            f"bond0 ports +PORT'\n"
            f"Warning: {netdev}:5: Frob {nothing}\n"))
        path = self.file("interfaces", "iface bond0 inet ppp\n bond-slaves eth0 /eth.*\n"
                         " bond-frob 1\n up touch /tmp/never\niface eth1 inet dhcp\n up x\n")
        self.keyfiles("interfaces", path, warnings=(
            f"Warning: {path}:1: the method ppp has no counterpart in a profile\n"
            f"Warning: {path}:2: '/eth.*' is a pattern; name the ports with 'bondcli modify bond0 "
            f"ports +PORT'\n"
            f"Warning: {path}:3: bond-frob {nothing}\n"
            f"Warning: {path}:4: up {nothing}\n"))
        self.assertFalse(os.path.exists("/tmp/never"))

    def test_all_or_nothing(self):
        bond = "network: {{bonds: {{bond0: {{interfaces: [eth0], {} }}}}}}\n"
        for name, text, line, message in (
                ("netplan", bond.format("parameters: {mode: 9}"), 1, "mode 9 is not allowed: use"),
                ("netplan", bond.format("parameters: {up-delay: soon}"), 1, 'updelay "soon" is not allowed: use '),
                ("netplan", bond.format("addresses: [10.0.0.1]"), 1,
                 "'10.0.0.1' is no address with its prefix, such as 10.0.1.243/24."),
                ("netplan", bond.format("mtu: x"), 1, "'x' is no MTU"),
                ("netplan", "network:\n  bonds: {\n", 3, "this is no YAML: "),
                ("netplan", "network:\n  bonds:\n    bond0: {interfaces: [eth0]}\n"
                 "    bond1: {interfaces: [eth0]}\n", 4, "eth0 is a port of bond0 already"),
                ("networkd", "[NetDev]\nKind=bond\n", 2, "the bond has no Name"),
                ("networkd", "[NetDev]\nKind=bond\nName=bond0\nfrob\n", 4,
                 "this is neither [Section] nor Key=value"),
                ("networkd", "[NetDev]\nKind=bond\nName=bond 0\n", 3,
                 "'bond 0' is no name that a network interface can have."),
                ("interfaces", "iface bond0 inet\n bond-slaves eth0\n", 1,
                 "this is not 'iface NAME FAMILY METHOD'"),
                ("interfaces", "iface bond0 inet static\n address 10.0.0.1\n netmask 255.0.255.0\n"
                 " bond-slaves none\n", 2, "'255.0.255.0' is no netmask"),
                ("interfaces", "iface bond0 inet static\n bond-slaves none\n gateway here\n", 3,
                 "'here' is no IP address.")):
            path = self.file("a." + {"netplan": "yaml", "networkd": "netdev"}.get(name, "if"), text)
            with self.subTest(text):
                result = self.bondcli("import", name, path)
                lines = result.stderr.splitlines()
                self.assertEqual((result.returncode, result.stdout), (2, ""), result)
                self.assertTrue(any(l.startswith(f"Error: {path}:{line}: {message}")
                                    for l in lines), lines)
                self.assertEqual(lines[-1], "Error: Nothing was changed.")
                self.assertEqual(self.profiles(), [])
            os.unlink(path)

    def test_wrong_words(self):
        usage = "bondcli import ifcfg|netplan|networkd|interfaces FILE|DIR"
        for message, *argv in (
                (f"'import' needs more words: {usage}", "netplan"),
                ("'nmstate' is not a format that can be imported; there are: ifcfg, netplan, "
                 "networkd, interfaces.", "nmstate", self.dir),
                ("/nowhere: there is no such file\nError: Nothing was changed.", "net", "/nowhere"),
                (f"{self.dir}: no file is of a bond\nError: Nothing was changed.", "networkd",
                 self.dir)):
            with self.subTest(argv):
                self.bad(2, message, "import", *argv)
        self.assertEqual(self.good("--complete-args", "import", "n"), "netplan\nnetworkd\n")
        self.assertEqual(self.bondcli("--complete-args", "import", "netplan", "").returncode, 65)


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("needs root, for network namespaces")
        sys.exit(77)
    unittest.main(verbosity=2, warnings="ignore")
