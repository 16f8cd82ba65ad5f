#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""libnmbond through its GIR, as a script uses it, against a real bondd; and the examples."""
import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import gi
from common import SOURCE, BonddCase
from lab.namespace import wait_for
from lab.topology import build_dir

gi.require_version("Nmbond", "1.0")
from gi.repository import Gio, GLib, Nmbond  # noqa: E402

LIBRARY = os.path.join(build_dir(), "libnmbond")
EXAMPLES = os.path.join(SOURCE, "libnmbond", "examples")


def iterate():
    while GLib.MainContext.default().iteration(False):
        pass


class Library(BonddCase):
    def setUp(self):
        self.client = Nmbond.Client.new_sync(self.lab.bus(), Nmbond.ClientFlags.NONE, None)
        self.signals = []
        for name in ("bond-added", "bond-removed", "event"):
            self.client.connect(name, lambda _, what, name=name: self.signals.append((name, what)))
        self.client.connect("notify::running",
                            lambda c, _: self.signals.append(("running", c.props.running)))

    def wait(self, condition, what):
        def check():
            iterate()
            return condition()
        wait_for(check, 10, lambda: f"{what}\n{self.signals}\n{self.lab.diagnosis()}")

    def test_bonds_and_ports(self):
        bond = self.client.get_bond("bond0")
        self.assertEqual(bond.props.mode, "active-backup")
        self.assertEqual(bond.props.options["primary"], "eth0")
        self.assertEqual([p.props.name for p in self.client.get_ports(bond)], ["eth0", "eth1"])
        port = self.client.get_port(bond, "eth1")
        self.assertEqual(port.props.state, "backup")
        self.assertEqual(port.props.bond, bond.get_object_path())
        self.assertEqual(self.client.get_bond_by_path(bond.get_object_path()).props.name, "bond0")
        self.assertEqual(self.client.get_port_by_path(port.get_object_path()).props.name, "eth1")
        self.assertIsNone(self.client.get_bond("bond7"))
        self.assertIsNone(self.client.get_bond_by_path("not a path"))
        self.assertIsNone(self.client.get_port(bond, "eth9"))

    def test_properties_follow(self):
        bond = self.client.get_bond("bond0")
        changed = []
        bond.connect("notify::active-port", lambda b, _: changed.append(b.props.active_port))
        bond.call_set_active_port_sync("eth1", None)
        self.wait(lambda: changed == ["eth1"], "the property to change")
        bond.call_set_active_port_sync("eth0", None)
        self.wait(lambda: changed == ["eth1", "eth0"], "the property to change back")
        self.wait(lambda: len([s for s in self.signals if s[0] == "event"]) >= 2, "two events")
        texts = [event.get_text() for name, event in self.signals if name == "event"]
        self.assertTrue(any("eth1 is the active port now instead of eth0" in t for t in texts), texts)
        known = self.client.get_events_sync("bond0", 0, None)
        last = [e for e in known if e.get_event() == "active-changed"][-1]
        self.assertEqual((last.get_port(), last.get_other()), ("eth0", "eth1"))
        self.assertEqual(last.get_variant().unpack()["seq"], last.get_seq())

    def test_errors_have_one_domain(self):
        manager = self.client.get_manager()
        bond = self.client.get_bond("bond0")
        options = lambda **kw: GLib.Variant("a{ss}", kw)
        nothing = GLib.Variant("a{sv}", {})
        E = Nmbond.Error
        for code, call in (
                (E.UNKNOWN_OPTION, lambda: manager.call_check_options_sync(options(speed="1"), None)),
                (E.BAD_VALUE, lambda: manager.call_check_options_sync(options(mode="fast"), None)),
                (E.BAD_VALUE, lambda: manager.call_check_options_sync(options(miimon="-1"), None)),
                (E.NOT_SUPPORTED, lambda: manager.call_check_options_sync(
                    options(**{"mode": "balance-xor", "balance-slb": "1"}), None)),
                (E.WRONG_MODE, lambda: manager.call_check_options_sync(
                    options(mode="balance-xor", primary="eth0"), None)),
                (E.HAS_PORTS, lambda: bond.call_set_options_sync(
                    options(fail_over_mac="active"), Nmbond.SetOptionsFlags.STRICT, None)),
                (E.NO_SUCH_BOND, lambda: manager.call_get_bond_sync("bond7", None)),
                (E.NO_SUCH_PORT, lambda: bond.call_attach_port_sync("eth9", nothing, None)),
                (E.NO_SUCH_PORT, lambda: bond.call_detach_port_sync("lo", 0, None)),
                (E.PORT_TYPE, lambda: bond.call_attach_port_sync("lo", nothing, None)),
                (E.BOND_EXISTS, lambda: manager.call_create_bond_sync(
                    "bond0", options(), nothing, None)),
                (E.BAD_NAME, lambda: manager.call_create_bond_sync("a/b", options(), nothing, None))):
            with self.assertRaises(GLib.Error) as caught:
                call()
            error = caught.exception
            self.assertTrue(error.matches(Nmbond.error_quark(), code),
                            f"{code.value_nick}: {error.domain} {error.code}: {error.message}")

    def test_the_error_names_agree_with_bondd(self):
        with open(os.path.join(SOURCE, "daemon", "error.c"), encoding="utf-8") as file:
            text = file.read()
        names = {Nmbond.error_get_dbus_name(c).rsplit(".", 1)[1]
                 for c in Nmbond.Error.__enum_values__.values()}
        self.assertEqual(names, set(re.findall(r'BONDD_ERROR_PREFIX "(\w+)"', text)))

    def test_new_and_deleted_bonds(self):
        manager = self.client.get_manager()
        path = manager.call_create_bond_sync("bond5", GLib.Variant("a{ss}", {"mode": "broadcast"}),
                                             GLib.Variant("a{sv}", {}), None)
        self.wait(lambda: [w.props.name for n, w in self.signals if n == "bond-added"] == ["bond5"],
                  "the bond to be added")
        bond = self.client.get_bond_by_path(path)
        self.assertEqual([b.props.name for b in self.client.get_bonds()], ["bond0", "bond5"])
        bond.call_delete_sync(None)
        self.wait(lambda: [w.props.name for n, w in self.signals if n == "bond-removed"] == ["bond5"],
                  "the bond to be removed")
        self.assertIsNone(self.client.get_bond("bond5"))

    def test_restart(self):
        self.assertTrue(self.client.props.running)
        before = self.lab.bond("bond0")
        self.lab.kill_bondd()
        self.wait(lambda: ("running", False) in self.signals, "bondd to be gone")
        self.assertEqual(self.client.get_bonds(), [])
        # a call through the Manager that stayed starts it again
        self.client.get_manager().call_check_options_sync(GLib.Variant("a{ss}", {}), None)
        self.wait(lambda: ("running", True) in self.signals, "bondd to be back")
        self.wait(lambda: self.client.get_bond("bond0") is not None, "the bond to be back")
        bond = self.client.get_bond("bond0")
        self.assertEqual(bond.props.mac_address, before["MacAddress"])
        self.assertEqual([p.props.name for p in self.client.get_ports(bond)], ["eth0", "eth1"])
        bond.call_set_active_port_sync("eth1", None)
        self.wait(lambda: self.client.get_bond("bond0").props.active_port == "eth1", "a new signal")
        bond.call_set_active_port_sync("eth0", None)

    def test_a_new_bondd_that_hangs_blocks_nobody(self):
        self.lab.start_bondd()
        self.lab.kill_bondd(signal.SIGSTOP)
        done = []
        try:
            started = time.monotonic()
            cancellable = Gio.Cancellable()
            Nmbond.Client.new_async(self.lab.bus(), Nmbond.ClientFlags.NONE, cancellable,
                                    lambda _, result: done.append(result))
            iterate()
            self.assertLess(time.monotonic() - started, 1)
            self.assertEqual(done, [])
            cancellable.cancel()
            self.wait(lambda: done, "the answer to the cancelled call")
            with self.assertRaises(GLib.Error) as caught:
                Nmbond.Client.new_finish(done[0])
            self.assertTrue(caught.exception.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED))
        finally:
            self.lab.kill_bondd(signal.SIGCONT)

    def test_only_looking_starts_nothing(self):
        self.lab.kill_bondd()
        self.wait(lambda: ("running", False) in self.signals, "bondd to be gone")
        looking = Nmbond.Client.new_sync(self.lab.bus(), Nmbond.ClientFlags.NO_AUTO_START, None)
        self.assertFalse(looking.props.running)
        self.assertEqual(looking.get_bonds(), [])
        self.assertIsNone(self.lab.owner_pid(Nmbond.BUS_NAME))
        self.lab.start_bondd()


class Examples(BonddCase):
    """The examples run as they stand."""

    env = {"GI_TYPELIB_PATH": LIBRARY, "LD_LIBRARY_PATH": LIBRARY}

    def watch(self, *argv):
        log = self.lab.path("watch-" + os.path.basename(argv[-1]))
        process = self.lab.a.start(*argv, log=log, env=self.env)
        self.addCleanup(lambda: process.alive and process.stop(signal.SIGKILL))

        def text():
            with open(log, encoding="utf-8") as file:
                return file.read()
        first = "bond0: active-backup, carrier on\n  eth0: active\n  eth1: backup\n"
        wait_for(lambda: text() == first, 10, lambda: f"the bonds: {text()}")
        self.lab.bond_call("bond0", "SetActivePort", "(s)", "eth1")
        wait_for(lambda: "bond0: eth1 is the active port now" in text(), 10,
                 lambda: f"the event: {text()}")
        self.lab.kill_bondd()
        wait_for(lambda: "bondd is away; traffic flows without it\n" in text(), 10,
                 lambda: f"the end of bondd: {text()}")
        self.lab.start_bondd()
        wait_for(lambda: text().count("bond0: active-backup, carrier on\n") == 2, 10,
                 lambda: f"the bonds again: {text()}")
        self.lab.bond_call("bond0", "SetActivePort", "(s)", "eth0")
        process.stop(signal.SIGKILL)

    def test_watch_in_c(self):
        self.watch(os.path.join(LIBRARY, "nmbond-watch"))

    def test_watch_in_python(self):
        self.watch("/usr/bin/python3", os.path.join(EXAMPLES, "watch.py"))

    @unittest.skipUnless(shutil.which("gjs"), "gjs is not installed (scripts/install-deps)")
    def test_watch_in_gjs(self):
        self.watch("gjs", os.path.join(EXAMPLES, "watch.js"))

    def test_create(self):
        self.lab.a.shell("ip link add x0 type veth peer name x1; ip link set x1 up")
        self.addCleanup(self.lab.bond_call, "bond8", "Delete")
        create = ["/usr/bin/python3", os.path.join(EXAMPLES, "create.py"), "bond8", "x0"]
        text = self.lab.a.run(*create, env=self.env)
        self.assertEqual(text, self.lab.proc_text("bond8"))
        result = self.lab.a.result(*create, env=self.env)
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, r"there is one already:\n.*bond8")


class Exports(unittest.TestCase):
    def test_nothing_but_nmbond_is_exported(self):
        text = subprocess.run(["nm", "-D", "--defined-only", os.path.join(LIBRARY, "libnmbond.so")],
                              capture_output=True, text=True, check=True).stdout
        names = [line.split()[-1].split("@")[0] for line in text.splitlines()]
        self.assertIn("nmbond_client_new_async", names)
        self.assertEqual([n for n in names if not n.startswith(("nmbond_", "LIBNMBOND_"))], [])


class Development(unittest.TestCase):
    """What a programmer gets besides the library."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="nmbond-")
        self.addCleanup(directory.cleanup)
        self.work = directory.name

    def run_in_work(self, *argv):
        env = dict(os.environ, PKG_CONFIG_PATH=os.path.join(build_dir(), "meson-uninstalled"))
        result = subprocess.run(argv, cwd=self.work, capture_output=True, text=True, check=False,
                                env=env)
        self.assertEqual((result.returncode, result.stderr), (0, ""), f"{argv}: {result.stdout}")
        return result.stdout

    def test_pkg_config_is_enough_for_the_example(self):
        flags = shlex.split(self.run_in_work("pkg-config", "--cflags", "--libs", "libnmbond"))
        self.run_in_work("cc", "-Wall", "-Werror", os.path.join(EXAMPLES, "watch.c"), *flags)
        self.assertTrue(os.path.exists(os.path.join(self.work, "a.out")))

    @unittest.skipUnless(shutil.which("valac") and
                         os.path.exists(os.path.join(LIBRARY, "libnmbond.vapi")),
                         "built without valac (scripts/install-deps)")
    def test_vala(self):
        with open(os.path.join(self.work, "look.vala"), "w", encoding="utf-8") as file:
            file.write("""async void look () throws Error {
    var client = yield new Nmbond.Client (null, Nmbond.ClientFlags.NONE, null);

    client.event.connect ((event) => print ("%s\\n", event.get_text ()));
    foreach (var bond in client.get_bonds ())
        print ("%s\\n", bond.name);
}

void main () {
    look.begin ();
    new MainLoop ().run ();
}
""")
        self.run_in_work("valac", "--quiet", "-C", f"--vapidir={LIBRARY}", f"--girdir={LIBRARY}",
                         "--pkg=gio-unix-2.0", "--pkg=libnmbond", "look.vala")
        self.assertTrue(os.path.exists(os.path.join(self.work, "look.c")))

    @unittest.skipUnless(shutil.which("gi-docgen"), "gi-docgen is not installed")
    def test_everything_is_documented(self):
        gir = os.path.join(LIBRARY, "Nmbond-1.0.gir")
        config = os.path.join(SOURCE, "libnmbond", "nmbond.toml")
        said = subprocess.run(["gi-docgen", "check", "--config", config, gir],
                              capture_output=True, text=True, check=True)
        self.assertNotIn("is not documented", said.stdout + said.stderr)
        manual = os.path.join(LIBRARY, "libnmbond", "Nmbond-1.0", "class.Client.html")
        if os.path.isdir(os.path.dirname(manual)):
            with open(manual, encoding="utf-8") as file:
                self.assertIn("Keep names, not objects", file.read())


if __name__ == "__main__":
    unittest.main(verbosity=2)
