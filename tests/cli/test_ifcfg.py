#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""import ifcfg and export: the how-to's three files become a bond that works, and come back."""
import os
import re
import shutil
import sys
import unittest

from test_profiles import A4, NMCase

BOND = """# CentOS 7
DEVICE=bond0
NAME=bond0
TYPE=Bond
BONDING_MASTER=yes
IPADDR=10.0.1.243
PREFIX=24
GATEWAY=10.0.1.1
DNS1=10.0.1.1
ONBOOT=yes
BOOTPROTO=none
BONDING_OPTS="mode=1 miimon=100 primary=eth0"
"""
PORT = """DEVICE=eth{0}
NAME=eth{0}
TYPE=Ethernet
ONBOOT=yes
BOOTPROTO=none
MASTER=bond0
SLAVE=yes
"""


class Ifcfg(NMCase):
    def setUp(self):
        self.dir = self.lab.path("network-scripts")
        os.mkdir(self.dir)
        self.addCleanup(shutil.rmtree, self.dir)
        for n in (0, 1):
            self.file(f"ifcfg-eth{n}", PORT.format(n))

    def file(self, name, text):
        return self.lab.write(os.path.join("network-scripts", name), text)

    def keyfiles(self, *argv, warnings=""):
        """{profile: its keyfile without UUID} as --dry-run prints them."""
        text = self.good("import", "--dry-run", "ifcfg", *argv, warnings=warnings)
        text = re.sub(r"(?m)^uuid=.*\n", "", text)
        return dict(part.split(".nmconnection\n", 1) for part in
                    re.split(r"(?m)^# ", text)[1:])

    def test_the_how_to(self):
        self.file("ifcfg-bond0", BOND)
        self.file("ifcfg-lo", "DEVICE=lo\n")
        self.file("ifcfg-eth2", "this is broken, and of no bond\n")
        self.file("ifcfg-eth0.bak", PORT.format(0))
        text = self.good("import", "ifcfg", self.dir)
        self.assertEqual(re.findall(r"Connection '(\w+)' \(\S+\) successfully added", text),
                         ["bond0", "eth0", "eth1"])
        self.good("up", "bond0")
        self.wait_ports("eth0", "eth1")
        self.lab.wait_ping()
        self.assertEqual(self.get("bond.options", "bond0"),
                         "mode=active-backup,miimon=100,primary=eth0")
        self.assertEqual([self.get(f, "bond0") for f in
                          ("ipv4.addresses", "ipv4.gateway", "ipv4.dns", "ipv6.method")],
                         [A4 + "/24", "10.0.1.1", "10.0.1.1", "disabled"])
        self.lab.nmcli("connection", "down", "eth1")
        self.wait_ports("eth0")

    def test_all_the_keys_of_addresses(self):
        self.file("ifcfg-bond0", """DEVICE=bond0
TYPE="Bond"
ONBOOT='no'
BOOTPROTO=dhcp   # a comment
IPADDR0=10.0.1.243
NETMASK0=255.255.240.0
IPADDR1=10.0.2.243
PREFIX1=16
DEFROUTE=no
PEERDNS=no
PEERROUTES=no
IPV4_FAILURE_FATAL=yes
IPV4_ROUTE_METRIC=77
IPV6INIT=yes
IPV6_AUTOCONF=no
IPV6ADDR=fd00:1::243/48
IPV6ADDR_SECONDARIES="fd00:1::1/64 fd00:1::2"
IPV6_DEFAULTGW=fe80::1%bond0
IPV6_DEFROUTE=yes
DNS1=10.0.1.1
DNS2=fd00:1::53
DOMAIN="example.org example.com"
MTU=1400
MACADDR=02:00:00:00:00:11
ZONE=internal
NM_CONTROLLED=yes
USERCTL=no
BONDING_OPTS="mode=active-backup miimon=100 arp_missed_max=4 fail_over_mac=1 num_unsol_na=3"
""")
        self.file("ifcfg-eth0", PORT.format(0) + "HWADDR=02:00:00:00:00:99\nMTU=1450\n"
                  "BOND_PORT_QUEUE_ID=2\n")
        files = self.keyfiles(os.path.join(self.dir, "ifcfg-bond0"))
        bond = files["bond0"]
        for part in ("autoconnect=false\n", "zone=internal\n", "mtu=1400\n",
                     "cloned-mac-address=02:00:00:00:00:11\n",
                     "[bond]\nfail_over_mac=active\nmiimon=100\nmode=active-backup\n"
                     "num_grat_arp=3\n",
                     "[ipv4]\naddress1=10.0.1.243/20\naddress2=10.0.2.243/16\ndns=10.0.1.1;\n"
                     "dns-search=example.org;example.com;\nignore-auto-dns=true\n"
                     "ignore-auto-routes=true\nmay-fail=false\nmethod=auto\nnever-default=true\n"
                     "route-metric=77\n",
                     "address1=fd00:1::243/48,fe80::1\naddress2=fd00:1::1/64\n"
                     "address3=fd00:1::2/64\ndns=fd00:1::53;\nmethod=manual\n",
                     "[user]\nnm-bond.arp_missed_max=4\n"):
            self.assertIn(part, bond)
        for part in ("mac-address=02:00:00:00:00:99\n", "mtu=1450\n", "queue-id=2\n",
                     "master=bond0\nslave-type=bond\n"):
            self.assertIn(part, files["eth0"])

    def test_what_cannot_be_carried_over_is_named(self):
        bond = self.file("ifcfg-bond0", BOND.replace("miimon", "max_bonds=2 miimon") + "FROB=1\n")
        route = self.file("route-bond0", "10.9.0.0/16 dev eth9\n\n10.8.0.0/16 realm 5\n")
        rule = self.file("rule-bond0", "frob\n")
        alias = self.file("ifcfg-bond0:1", "DEVICE=bond0:1\nIPADDR=10.0.3.1\nPREFIX=24\nFROB=2\n")
        port = self.file("ifcfg-eth1", PORT.format(1) + "ETHTOOL_OPTS='speed 1000'\n")
        nothing = "has no counterpart in a profile"
        self.keyfiles(self.dir, warnings=(
            f"Warning: {bond}:12: max_bonds in BONDING_OPTS {nothing}\n"
            f"Warning: {alias}:4: FROB {nothing}\n"
            f"Warning: {route}:1: a route over eth9 is none of bond0\n"
            f"Warning: {route}:3: 'realm' of a route {nothing}\n"
            f"Warning: {rule}:1: the rule is not carried over: unsupported key \"frob\"\n"
            f"Warning: {bond}:13: FROB {nothing}\n"
            f"Warning: {port}:8: ETHTOOL_OPTS {nothing}\n"))

    ROUTES = ("address1=10.0.1.243/24,10.0.1.1\naddress2=10.0.3.1/16\ndns=10.0.1.1;\nmethod=manual\n"
              "route1=10.9.0.0/16,10.0.1.1,100\nroute1_options=table=7\nroute2=10.8.0.1/32\n"
              "route2_options=onlink=true,src=10.0.1.243\nroute3=0.0.0.0/0,10.0.1.9\n"
              "route4=10.7.0.0/16\nroute4_options=type=blackhole\n"
              "routing-rule1=priority 5 from 10.0.1.0/24 table 7\n"
              "routing-rule2=priority 32764 to 10.1.0.0/16 table 9\n")

    def test_routes_rules_and_aliases(self):
        self.file("ifcfg-bond0", BOND + "IPV6INIT=yes\n")
        self.file("ifcfg-bond0:1", "DEVICE=bond0:1\nONPARENT=yes\nIPADDR=10.0.3.1\nNETMASK=255.255.0.0\n")
        self.file("route-bond0", "# a comment\n10.9.0.0/16 via 10.0.1.1 dev bond0 metric 100 table 7\n"
                  "to 10.8.0.1  src 10.0.1.243 onlink scope link\ndefault via 10.0.1.9\n"
                  "blackhole 10.7.0.0/16\n")
        self.file("route6-bond0", "fd00:9::/48 via fd00:1::1 metric 7\n")
        self.file("rule-bond0", "from 10.0.1.0/24 table 7 priority 5\n\nto 10.1.0.0/16 lookup 9\n")
        self.file("rule6-bond0", "from fd00:1::/64 table 7 prio 8\n")
        before = self.keyfiles(self.dir)
        self.assertIn("[ipv4]\n" + self.ROUTES, before["bond0"])
        self.assertIn("route1=fd00:9::/48,fd00:1::1,7\nrouting-rule1=priority 8 from fd00:1::/64 table 7\n",
                      before["bond0"])
        self.good("import", "ifcfg", self.dir)
        out = self.lab.path("exported")
        os.mkdir(out)
        self.addCleanup(shutil.rmtree, out)
        self.good("export", "--directory", out, "bond0")
        self.assertEqual(sorted(os.listdir(out)), ["ifcfg-bond0", "ifcfg-eth0", "ifcfg-eth1", "route-bond0",
                                                   "route6-bond0", "rule-bond0", "rule6-bond0"])
        self.assertEqual(self.keyfiles(out), before)
        self.good("up", "bond0")
        self.assertIn("10.9.0.0/16 via 10.0.1.1", self.lab.a.run("ip", "route", "show", "table", "7"))

    def test_numbered_routes(self):
        self.file("ifcfg-bond0", BOND)
        route = self.file("route-bond0", "ADDRESS0=10.9.0.0\nNETMASK0=255.255.0.0\nGATEWAY0=10.0.1.1\n"
                          "ADDRESS3=10.8.0.1\nMETRIC3=5\nGATEWAY3=10.0.1.9\nFROB=1\n")
        files = self.keyfiles(self.dir, warnings=f"Warning: {route}:7: FROB has no counterpart in a profile\n")
        self.assertIn("route1=10.9.0.0/16,10.0.1.1\nroute2=10.8.0.1/32,10.0.1.9,5\n", files["bond0"])

    def test_wrong_routes(self):
        self.file("ifcfg-bond0", BOND)
        for text, line, message in (
                ("10.9.0.0/33 via 10.0.1.1\n", 1, "the route does not begin with ADDRESS/PREFIX or default"),
                ("\nvia 10.0.1.1\n", 2, "the route does not begin with ADDRESS/PREFIX or default"),
                ("blackhole\n", 1, "the route has no destination"),
                ("10.9.0.0/16 via\n", 1, "'via' has no value"),
                ("10.9.0.0/16 metric much\n", 1, "this is no metric of a route"),
                ("10.9.0.0/16 via here\n", 1, None),
                ("10.9.0.0/16 mtu many\n", 1, None),
                ("ADDRESS0=10.9.0.0\nNETMASK0=255.0.255.0\n", 2, "this is no netmask"),
                ("ADDRESS0=10.9.0.0\nMETRIC0=x\n", 2, "this is no metric of a route"),
                ("ADDRESS0=here\n", 1, "this is no address"),
                ("ADDRESS0=10.9.0.0\nGATEWAY0=here\n", 2, "this is no address"),
                ("ADDRESS0=10.9.0.0\nfrob\n", 2, "this is not KEY=value")):
            with self.subTest(text):
                route = self.file("route-bond0", text)
                result = self.bondcli("import", "ifcfg", self.dir)
                self.assertEqual(result.returncode, 2, result)
                self.assertRegex(result.stderr, rf"\AError: {route}:{line}: {message or ''}.*\n"
                                                r"Error: Nothing was changed.\n\Z")
        self.assertEqual(self.profiles(), [])

    def test_all_or_nothing(self):
        for line, replacement, message in (
                (7, ("PREFIX=24", "PREFIX=33"), "the prefix is a number from 0 to 32"),
                (7, ("PREFIX=24", "NETMASK=255.0.255.0"), "this is no netmask"),
                (6, ("PREFIX=24\n", ""), "the address has neither a PREFIX nor a NETMASK"),
                (8, ("GATEWAY=10.0.1.1", "GATEWAY=here"), "this is no address"),
                (11, ("BOOTPROTO=none", "BOOTPROTO=x"), "this is none of none, static, dhcp, "
                 "bootp"),
                (4, ("TYPE=Bond", "TYPE=Bond x"), "this is not KEY=value"),
                (12, ('eth0"', 'eth0'), "this is not KEY=value"),
                (12, ("miimon=100", "miimon"), "'miimon' in BONDING_OPTS is not option=value"),
                (12, ("miimon=100", "miimon=x"), None),
                (12, ("mode=1", "mode=9"), None)):
            bond = self.file("ifcfg-bond0", BOND.replace(*replacement))
            with self.subTest(replacement):
                result = self.bondcli("import", "ifcfg", self.dir)
                self.assertEqual((result.returncode, result.stdout), (2, ""), result)
                lines = result.stderr.splitlines()
                self.assertEqual(lines[-1], "Error: Nothing was changed.")
                if message:
                    self.assertIn(f"Error: {bond}:{line}: {message}", lines)
                else:
                    self.assertTrue(lines[0].startswith(f"Error: {bond}:{line}: m"), lines)
                self.assertEqual(self.profiles(), [])
        port = self.file("ifcfg-eth1", PORT.format(1) + "HWADDR=x\n")
        self.file("ifcfg-bond0", BOND)
        self.bad(2, f"{port}:8: this is no MAC address\nError: Nothing was changed.",
                 "import", "ifcfg", self.dir)
        self.assertEqual(self.profiles(), [])

    def test_wrong_words(self):
        for message, *argv in (
                ("'import' needs more words: bondcli import ifcfg|netplan|networkd|interfaces FILE|DIR", "ifcfg"),
                ("/nowhere: there is no such file\nError: Nothing was changed.",
                 "ifcfg", "/nowhere"),
                (f"{self.dir}: no file is of a bond\nError: Nothing was changed.",
                 "if", self.dir),
                (f"{self.dir}/ifcfg-eth0: this is not of a bond\nError: Nothing was changed.",
                 "ifcfg", self.dir + "/ifcfg-eth0")):
            with self.subTest(argv):
                self.bad(2, message, "import", *argv)
        self.file("ifcfg-bond0", BOND)
        self.good("im", "ifcfg", self.dir + "/ifcfg-bond0")
        self.bad(2, "There is a bond profile 'bond0' (bond0) already; 'bondcli modify bond0' "
                 "changes it.", "import", "ifcfg", self.dir)
        result = self.bondcli("--complete-args", "import", "ifcfg", "")
        self.assertEqual((result.returncode, result.stdout), (65, ""))
        self.assertEqual(self.good("--complete-args", "import", "i"), "ifcfg\ninterfaces\n")

    def test_export_comes_back_as_it_was(self):
        self.file("ifcfg-bond0", BOND + 'IPV6INIT=yes\nIPV6ADDR=fd00:1::243/64\nMTU=1400\n'
                  'DOMAIN="example.org example.com"\nIPADDR1=10.0.9.1\nPREFIX1=24\n')
        before = self.keyfiles(self.dir)
        self.good("-t", "import", "ifcfg", self.dir)
        out = self.lab.path("exported")
        os.mkdir(out)
        self.addCleanup(shutil.rmtree, out)
        self.assertEqual(self.good("export", "--directory", out, "bond0"), "")
        self.assertEqual(sorted(os.listdir(out)), ["ifcfg-bond0", "ifcfg-eth0", "ifcfg-eth1"])
        self.assertEqual(self.keyfiles(out), before)
        text = self.good("export", "bond0")
        self.assertIn('BONDING_OPTS="mode=active-backup miimon=100 primary=eth0"\n', text)
        self.assertEqual(self.good("--complete-args", "export", "b"), "bond0\n")
        os.unlink(os.path.join(out, "ifcfg-bond0"))
        for code, message, *argv in (
                (1, f"{out}/ifcfg-eth0 is there already", "--directory", out, "bond0"),
                (2, "/nowhere is not a directory.", "--directory", "/nowhere", "bond0"),
                (2, "'export' needs more words: bondcli export NAME",),
                (10, "There is no bond profile 'bond5'; there are: bond0.", "bond5")):
            with self.subTest(argv):
                self.bad(code, message, "export", *argv)
        self.assertEqual(sorted(os.listdir(out)), ["ifcfg-eth0", "ifcfg-eth1"],
                         "a failed export left a file")


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("needs root, for network namespaces")
        sys.exit(77)
    unittest.main(verbosity=2, warnings="ignore")
