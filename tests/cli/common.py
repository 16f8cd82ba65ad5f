# SPDX-License-Identifier: GPL-2.0-or-later
"""A host with two ports, a real bondd and one bond, for the tests of bondcli and libnmbond."""
import json
import os
import unittest

from lab.namespace import wait_for
from lab.topology import Lab, build_dir

SOURCE = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))


class BonddCase(unittest.TestCase):
    """One lab per class: bond0 in active-backup with eth0 (primary) and eth1, all up."""

    ports = 2
    options = {"mode": "active-backup", "miimon": "100", "primary": "eth0"}

    @classmethod
    def setUpClass(cls):
        cls.lab = Lab(ports=cls.ports, nm=False)
        cls.lab.__enter__()
        cls.addClassCleanup(cls.lab.close)
        try:
            cls.make_bond("bond0", cls.options, [f"eth{n}" for n in range(cls.ports)])
        except BaseException:
            print(cls.lab.diagnosis())
            raise

    @classmethod
    def make_bond(cls, name, options, ports):
        from gi.repository import GLib
        cls.lab.bondd_call("CreateBond", "(sa{ss}a{sv})", name, options, {})
        cls.lab.a.run("ip", "link", "set", name, "up")
        for port in ports:
            cls.lab.bond_call(name, "AttachPort", "(sa{sv})", port, {})
        wait_for(lambda: cls.usable(name) == set(ports), 10,
                 lambda: f"the ports of {name} to be usable\n{cls.lab.diagnosis()}")

    @classmethod
    def usable(cls, name):
        return {n for n, p in cls.lab.bond(name)["ports"].items()
                if p["State"] in ("active", "backup")}

    # ---- running bondcli

    def bondcli(self, *argv, env=None, timeout=20):
        return self.lab.a.result("bondcli", *argv, env=env, timeout=timeout)

    def good(self, *argv, **kw):
        """The output of a call that must succeed, without a word on stderr."""
        result = self.bondcli(*argv, **kw)
        self.assertEqual((result.returncode, result.stderr), (0, ""),
                         f"bondcli {argv}\n{result.stdout}\n{self.lab.diagnosis()}")
        return result.stdout

    def bad(self, code, message, *argv, **kw):
        """A call that must be refused with this status and exactly this sentence."""
        result = self.bondcli(*argv, **kw)
        self.assertEqual((result.returncode, result.stdout, result.stderr),
                         (code, "", f"Error: {message}\n"), f"bondcli {argv}")


def schema(name):
    with open(os.path.join(SOURCE, "docs", name), encoding="utf-8") as file:
        return json.load(file)
