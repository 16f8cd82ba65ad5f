#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What only the plugin decides: when it declines or steps aside, what it reads from a profile, what
it does with what changed while NetworkManager was away. (The rest of it is in tests/e2e.)"""
import os
import re
import signal
import tempfile
import unittest.mock

from harness import Lab, LabTest, main, wait_for

BONDD = "org.freedesktop.NetworkManager.bond"
RECORDS = "/run/NetworkManager/nm-bond"
PROFILES = "/etc/NetworkManager/system-connections"
PLUGIN = "libnm-device-plugin-nm-bond.so"

PROFILE = """[connection]
id={name}
type=bond
interface-name={name}
autoconnect=false
[bond]
{options}
[user]
{user}
[ipv4]
method=disabled
[ipv6]
method=disabled
"""


class PluginTest(LabTest):
    def nm_log(self):
        with open(self.lab.path("nm.log"), encoding="utf-8", errors="replace") as log:
            return log.read()

    def write_profile(self, name, options="mode=active-backup", user=""):
        """nmcli 1.42 cannot edit the user setting."""
        path = f"{PROFILES}/{name}.nmconnection"
        self.lab.a.run("sh", "-c", f"umask 77; cat > {path}",
                       input=PROFILE.format(name=name, options=options, user=user))
        self.lab.nmcli("connection", "reload")

    def options(self, name):
        return self.lab.bond(name)["Options"]

    def refused(self, *argv):
        """nmcli's complaint."""
        result = self.lab.a.result("nmcli", *argv)
        self.assertNotEqual(result.returncode, 0, f"nmcli {argv} was not refused")
        return result.stderr + result.stdout


class Declines(LabTest):
    def setUp(self):
        """A build directory whose plugin was built for another NetworkManager."""
        build = Lab().build
        other = tempfile.TemporaryDirectory(prefix="nmb-declining-")
        self.addCleanup(other.cleanup)
        os.mkdir(os.path.join(other.name, "plugin"))
        os.symlink(os.path.join(build, "plugin", "libdeclining-device-plugin-nm-bond.so"),
                   os.path.join(other.name, "plugin", PLUGIN))
        for part in ("cli", "daemon", "tests"):
            os.symlink(os.path.join(build, part), os.path.join(other.name, part))
        with unittest.mock.patch.dict(os.environ, NMB_BUILD=other.name):
            super().setUp()

    def test_a_networkmanager_that_it_was_not_built_for(self):
        self.add_bond("mode=active-backup", "connection.autoconnect", "no")
        result = self.lab.a.result("nmcli", "connection", "up", "bond0")
        self.assertNotEqual(result.returncode, 0)
        # the words of NetworkManager's own bonding on a kernel without it
        self.assertIn("Operation not supported", result.stderr)
        with open(self.lab.path("nm.log"), encoding="utf-8") as log:
            lines = [line for line in log if "bond plugin" in line]
        self.assertEqual(len(lines), 1, lines)
        self.assertRegex(lines[0], r"built for NetworkManager 1\.0\.0 and declines to work with "
                                   r"version 1\.\d+\.\d+")


class Profile(PluginTest):
    def test_the_kernels_bonding_is_left_to_networkmanager(self):
        self.write_profile("bond5", user="nm-bond.datapath=kernel")
        self.assertIn("Operation not supported", self.refused("connection", "up", "bond5"))
        self.assertEqual(self.lab.owner_pid(BONDD), None, "bondd was asked")
        self.write_profile("bond5", user="nm-bond.datapath=bpf")
        self.lab.nmcli("connection", "up", "bond5")
        self.assertEqual(self.options("bond5")["mode"], "active-backup")

    def test_the_configuration_file_says_kernel(self):
        self.lab.private_etc()
        self.lab.a.shell("printf '[main]\\ndatapath=kernel\\n' > /etc/bondd.conf")
        self.write_profile("bond5")
        self.assertIn("Operation not supported", self.refused("connection", "up", "bond5"))
        self.write_profile("bond5", user="nm-bond.datapath=bpf")
        self.lab.nmcli("connection", "up", "bond5")  # the profile has the last word
        self.assertEqual(self.options("bond5")["mode"], "active-backup")

    def test_options_in_the_user_setting(self):
        self.write_profile("bond5", "mode=active-backup\nnum_grat_arp=2",
                           "nm-bond.num-grat-arp=7\nnm-bond.primary_reselect=better\nother.key=x")
        self.lab.nmcli("connection", "up", "bond5")
        options = self.options("bond5")
        self.assertEqual(options["num_grat_arp"], "2", "bond.options win")
        self.assertEqual(options["primary_reselect"], "better")
        self.write_profile("bond5", "mode=balance-rr", "nm-bond.packets-per-slave=9")
        self.lab.nmcli("device", "reapply", "bond5")
        options = self.options("bond5")
        self.assertEqual((options["mode"], options["packets_per_slave"]), ("balance-rr", "9"))

    def port_profile(self, **keys):
        """eth1's, with keys of ours; activated anew."""
        path = f"{PROFILES}/eth1.nmconnection"
        user = "".join(f"nm-bond.{key}={value}\\n" for key, value in keys.items())
        self.lab.a.shell(f"sed -i '/^\\[user\\]/,$d' {path}; printf '[user]\\n{user}' >> {path}")
        self.lab.nmcli("connection", "reload")
        self.lab.a.result("nmcli", "connection", "down", "eth1")  # it may be down
        return self.lab.a.result("nmcli", "connection", "up", "eth1").returncode

    def test_settings_of_a_port_in_the_user_setting(self):
        self.make_bond("mode=802.3ad,miimon=100")
        self.assertEqual(self.port_profile(actor_port_prio=77, prio=-5, rr_delay=30), 0)
        port = self.lab.bond("bond0")["ports"]["eth1"]
        self.assertEqual((port["ActorPortPriority"], port["Priority"], port["RrDelay"]), (77, -5, 30))
        self.assertIn("    port priority: 77\n", self.lab.proc_text("bond0"))
        self.assertNotEqual(self.port_profile(actor_port_prio=70000), 0)
        self.assertRegex(self.nm_log(), "eth1.*actor_port_prio.*70000.*65535")
        self.assertEqual(self.port_profile(), 0)
        self.assertEqual(self.lab.bond("bond0")["ports"]["eth1"]["ActorPortPriority"], 255)

    def test_wrong_options_in_the_user_setting(self):
        self.write_profile("bond5", user="nm-bond.num-grat-arp=7")
        self.lab.nmcli("connection", "up", "bond5")
        self.write_profile("bond5", user="nm-bond.num-grat-arp=700")
        self.assertRegex(self.refused("device", "reapply", "bond5"), "num_grat_arp.*700.*255")
        self.assertEqual(self.options("bond5")["num_grat_arp"], "7")
        self.refused("connection", "up", "bond5")
        self.assertRegex(self.nm_log(), "<warn>.*bond5.*num_grat_arp.*700.*255")

    def test_a_profile_for_a_bond_that_exists(self):
        self.lab.bondd_call("CreateBond", "(sa{ss}a{sv})", "bond5",
                            {"mode": "active-backup", "miimon": "50"}, {})
        wait_for(lambda: self.lab.device("bond5"), 5, "bond5 to be seen")
        self.lab.nmcli("device", "set", "bond5", "managed", "yes")
        self.lab.nmcli("-w", "0", "device", "connect", "bond5")
        text = self.lab.nmcli("-g", "bond.options,connection.interface-name", "connection", "show",
                              "bond5")
        self.assertEqual(text.split(), ["mode=active-backup,miimon=50", "bond5"])

    def test_mtu_live(self):
        self.write_profile("bond5")
        self.lab.nmcli("connection", "up", "bond5")
        self.lab.nmcli("connection", "modify", "bond5", "802-3-ethernet.mtu", "1400")
        self.lab.nmcli("device", "reapply", "bond5")
        wait_for(lambda: self.lab.a.link("bond5")["mtu"] == 1400, 5, "the MTU")

    def test_a_foreign_link_of_the_same_name(self):
        self.lab.a.shell("ip link add bond0 type bridge")
        self.add_bond("mode=active-backup", "connection.autoconnect", "no")
        self.assertIn("bond0", self.refused("connection", "up", "bond0"))
        self.assertEqual(self.lab.a.link("bond0")["ifname"], "bond0")
        self.lab.a.shell("ip link del bond0; ip link add bond0 type veth peer name other0; "
                         "ip link set bond0 up")
        self.refused("connection", "up", "bond0")
        self.assertIsNotNone(self.lab.a.link("other0"), "a veth of somebody else was deleted")


class Away(PluginTest):
    """Changes while NetworkManager is not running."""

    def test_options_edited(self):
        self.make_bond("mode=active-backup,miimon=100")
        self.lab.stop_nm()
        self.lab.a.shell(f"sed -i s/mode=active-backup/mode=balance-xor/ {PROFILES}/bond0.nmconnection")
        self.lab.start_nm()
        self.wait_ports(("eth0", "eth1"))
        self.assertEqual(self.options("bond0")["mode"], "balance-xor")

    def test_profile_of_a_port_deleted(self):
        self.make_bond("mode=active-backup,miimon=100")
        self.lab.stop_nm(signal.SIGKILL)
        self.lab.a.shell(f"rm {PROFILES}/eth1.nmconnection")
        self.lab.start_nm()
        wait_for(lambda: set(self.status()[1]) == {"eth0"}, 15,
                 lambda: f"eth1 to leave the bond: {self.status()[1]}")
        self.wait_ports(("eth0",))
        self.assert_own_mac("eth1")

    def test_profile_of_the_bond_deleted(self):
        self.make_bond("mode=active-backup,miimon=100")
        self.lab.stop_nm()
        self.lab.a.shell(f"rm {PROFILES}/bond0.nmconnection")
        self.lab.start_nm()
        wait_for(lambda: self.lab.device("bond0")[1].startswith("connected"), 10,
                 "bond0 as an external connection")
        self.lab.nmcli("device", "delete", "bond0")
        self.assert_nothing_left()
        self.assertNotIn("bond0", self.lab.a.run("ls", RECORDS))

    def test_the_bond_deleted(self):
        self.make_bond("mode=active-backup,miimon=100")
        self.lab.stop_nm()
        self.lab.bond_call("bond0", "Delete")
        self.lab.start_nm()
        # as at boot: the profiles' own autoconnect brings it back
        self.wait_ports(("eth0", "eth1"))
        self.lab.wait_ping()

    def test_a_record_that_cannot_be_read(self):
        self.make_bond("mode=active-backup,miimon=100")
        for text in ("nonsense", "[bond]\nversion=99\n", "[bond]\nversion=1\nifindex=-3\nuuid=x\n",
                     "[bond]\nversion=1\nifindex=7\n"):
            self.lab.stop_nm()
            self.lab.a.run("sh", "-c", f"cat > {RECORDS}/bond0", input=text)
            self.lab.start_nm()
            line = [l for l in self.nm_log().splitlines() if "the record" in l][-1]
            self.assertIn("is not used", line)
            wait_for(lambda: self.lab.device("bond0")[1] == "connected", 10, "bond0 connected")
            self.lab.nmcli("connection", "up", "eth0")
            self.lab.nmcli("connection", "up", "eth1")
            self.wait_ports(("eth0", "eth1"))
        self.assertEqual(len(re.findall("the record", self.nm_log())), 4)


class Bondd(PluginTest):
    def test_bondd_is_not_installed(self):
        os.unlink(self.lab.path(f"services/{BONDD}.service"))
        self.lab.a.run("dbus-send", "--system", "--dest=org.freedesktop.DBus", "/",
                       "org.freedesktop.DBus.ReloadConfig")
        self.add_bond("mode=active-backup", "connection.autoconnect", "no")
        wait_for(lambda: "bondd cannot be reached" in self.refused("connection", "up", "bond0"), 5,
                 "the reason")
        self.assertIn("bondd cannot be reached", self.nm_log())

    def test_brought_up_again_after_no_answer(self):
        """bondd makes the bond that it was asked for too long ago, while the next one asks."""
        self.add_bond("mode=active-backup,miimon=100", "connection.autoconnect", "no")
        self.lab.start_bondd()
        self.lab.kill_bondd(signal.SIGSTOP)
        try:
            self.refused("connection", "up", "bond0")
            self.assertIn("gave no answer", self.nm_log())
            self.lab.nmcli("connection", "modify", "bond0", "bond.options",
                           "mode=active-backup,miimon=50")
            again = self.lab.a.start("nmcli", "connection", "up", "bond0")
        finally:
            self.lab.kill_bondd(signal.SIGCONT)
        said = again.popen.communicate(timeout=30)[0]
        self.assertEqual(again.popen.returncode, 0, said)
        self.assertEqual(self.options("bond0")["miimon"], "50")

    def test_a_bondd_that_hangs_is_waited_for_once(self):
        self.make_bond("mode=active-backup,miimon=100")
        self.lab.kill_bondd(signal.SIGSTOP)
        try:
            self.lab.nmcli("connection", "down", "eth0")
            self.lab.nmcli("connection", "down", "eth1")
            self.lab.nmcli("connection", "down", "bond0")
        finally:
            self.lab.kill_bondd(signal.SIGCONT)
        self.assertEqual(len(re.findall("cannot detach bond port.*gave no answer", self.nm_log())),
                         2)
        self.assert_nothing_left()  # what was asked meanwhile is done afterwards
        for name in ("bond0", "eth0", "eth1"):
            self.lab.nmcli("connection", "up", name)
        self.wait_ports(("eth0", "eth1"))

    def test_started_again_with_what_profiles_want(self):
        self.make_bond("mode=active-backup,miimon=100")
        before = self.options("bond0")
        pid = self.lab.owner_pid(BONDD)
        self.lab.a.run("kill", "-9", pid)
        wait_for(lambda: self.lab.owner_pid(BONDD) not in (None, pid), 2, "bondd within 2 s")
        self.wait_ports(("eth0", "eth1"))
        self.assertEqual(self.options("bond0"), before)


if __name__ == "__main__":
    main()
