#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What bondcli does without a bondd, with one that does not answer, and with wrong words."""
import os
import signal
import time
import unittest

from common import SOURCE
from lab.namespace import wait_for
from lab.services import BONDD, BUS_CONFIG
from lab.topology import Lab


class Usage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lab = Lab(ports=1, nm=False)
        cls.lab.__enter__()
        cls.addClassCleanup(cls.lab.close)
        # a bus beside it that knows no bondd
        os.mkdir(cls.lab.path("empty"))
        os.mkdir(cls.lab.path("empty/services"))
        config = cls.lab.write("empty.conf", BUS_CONFIG.format(work=cls.lab.path("empty")))
        cls.empty_bus = cls.lab.a.start("dbus-daemon", "--nofork", "--nopidfile",
                                        f"--config-file={config}", log=cls.lab.path("empty.log"))
        wait_for(lambda: os.path.exists(cls.lab.path("empty/bus")), 10, "the second bus")
        cls.no_bondd = {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={cls.lab.path('empty/bus')}"}

    def bondcli(self, *argv, env=None, timeout=20):
        return self.lab.a.result("bondcli", *argv, env=env, timeout=timeout)

    def bad(self, code, message, *argv, stdout="", **kw):
        result = self.bondcli(*argv, **kw)
        self.assertEqual((result.returncode, result.stdout, result.stderr),
                         (code, stdout, f"Error: {message}\n"), f"bondcli {argv}")

    # ---- no bondd

    def test_no_bondd(self):
        message = ("bondd is not running and could not be started: The name "
                   f"{BONDD} was not provided by any .service files")
        for argv in ([], ["status"], ["status", "--json"], ["status", "--proc"], ["-t", "status"],
                     ["events"], ["events", "--follow"]):
            with self.subTest(argv):
                self.bad(8, message, *argv, env=self.no_bondd)
        self.bad(8, message, "version", env=self.no_bondd, stdout=self.own_version())

    def test_no_bus(self):
        result = self.bondcli("status", env={"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent"})
        self.assertEqual((result.returncode, result.stdout), (8, ""))
        self.assertRegex(result.stderr,
                         r"\AError: bondd cannot be reached: [^\n]*No such file or directory\n\Z")

    def test_bondd_is_started_on_demand(self):
        self.assertEqual(self.bondcli("status").stdout, "There are no bonds.\n",
                         self.lab.diagnosis())
        self.assertIsNotNone(self.lab.owner_pid(BONDD))
        self.bad(10, "There is no bond 'bond0'; bondd has no bonds.", "status", "bond0")

    def test_a_bondd_that_does_not_answer(self):
        self.lab.start_bondd()
        self.lab.kill_bondd(signal.SIGSTOP)
        try:
            for argv in (["status"], ["events"], ["events", "--follow"], ["status", "--proc"]):
                started = time.monotonic()
                self.bad(3, "Timeout: bondd has not answered for 1 second.", "-w", "1", *argv)
                self.assertLess(time.monotonic() - started, 4, argv)
        finally:
            self.lab.kill_bondd(signal.SIGCONT)

    def test_completion_starts_nothing_and_says_nothing(self):
        result = self.bondcli("--complete-args", "status", "", env=self.no_bondd)
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "", ""))

    # ---- words

    @staticmethod
    def own_version():
        with open(os.path.join(SOURCE, "meson.build"), encoding="utf-8") as file:
            line = next(l for l in file if l.strip().startswith("version:"))
        return f"bondcli {line.split(chr(39))[1]}\n"

    def test_version(self):
        for argv in (["--version"], ["-v"], ["--vers"]):
            result = self.bondcli(*argv, env=self.no_bondd)
            self.assertEqual((result.returncode, result.stdout, result.stderr),
                             (0, self.own_version(), ""))
        lines = self.bondcli("version").stdout.splitlines()
        self.assertEqual(lines[0] + "\n", self.own_version())
        self.assertEqual(lines[1], lines[0].replace("bondcli", "bondd"))
        self.assertRegex(lines[2], r"^datapath bpf: .+")

    def test_help(self):
        for argv in (["help"], ["--help"], ["-h"], ["-help"], ["he"]):
            result = self.bondcli(*argv, env=self.no_bondd)
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            self.assertTrue(result.stdout.startswith("Usage: bondcli [OPTIONS] COMMAND"), argv)
            for verb in ("status", "events", "version", "help"):
                self.assertIn(f"\n  {verb} ", result.stdout)
        for verb in ("status", "events", "version", "help"):
            text = self.bondcli("help", verb).stdout
            self.assertTrue(text.startswith(f"Usage: bondcli {verb} "), text)
        for verb in ("status", "events", "version"):
            self.assertEqual(self.bondcli(verb, "--help", env=self.no_bondd).stdout,
                             self.bondcli("help", verb).stdout)

    def test_wrong_words(self):
        verbs = ("status, events, up, down, add, modify, clone, delete, port, active, explain, "
                 "doctor, import, export, drill, reload, version, help")
        for message, *argv in (
                (f"'frob' is not a command of bondcli; there are: {verbs}.", "frob"),
                (f"'' is not a command of bondcli; there are: {verbs}.", ""),
                (f"'statusx' is not a command of bondcli; there are: {verbs}.", "statusx"),
                (f"'x' is not a command of bondcli; there are: {verbs}.", "help", "x"),
                ("'help' takes one command, but 'status' was given too.",
                 "help", "events", "status"),
                ("'version' takes no argument, but 'bond0' was given.", "version", "bond0"),
                ("'events' takes one bond, but 'bond1' was given too.", "events", "bond0", "bond1"),
                ("Option '--frob' is unknown, try 'bondcli help'.", "--frob"),
                ("Option '-x' is unknown, try 'bondcli help'.", "-x", "status"),
                ("Option '---' is unknown, try 'bondcli help'.", "---", "status"),
                ("Option '--terse' is specified the second time.", "-t", "--terse"),
                ("Option '--wait' is specified the second time.", "-w", "1", "status", "-w", "2"),
                ("Missing argument for '--fields'.", "-f"),
                ("'maybe' is not a valid argument for '--colors'; allowed are 'auto', 'yes', 'no'.",
                 "-c", "maybe"),
                ("'' is not a valid argument for '--escape'; allowed are 'yes', 'no'.", "--escape="),
                ("'wide' is not a valid argument for '--mode'; allowed are 'tabular', 'multiline'.",
                 "-m", "wide"),
                ("'-1' is not a valid argument for '--wait'; it takes seconds, 0 to 86400.",
                 "-w", "-1"),
                ("'1s' is not a valid argument for '--wait'; it takes seconds, 0 to 86400.",
                 "--wait=1s"),
                ("'-5' is not a valid argument for '--since'; it takes the number of an event.",
                 "events", "--since", "-5"),
                ("'two' is not a valid argument for '--since'; it takes the number of an event.",
                 "events", "--since=two"),
                ("Invalid field 'NAME'; allowed fields: SEQ,TIME,BOND,PORT,EVENT,REASON,OTHER,TEXT.",
                 "-g", "NAME", "events"),
                ("'--json' and the options for fields exclude each other.", "-t", "events", "--json")):
            with self.subTest(argv):
                self.bad(2, message, *argv, env=self.no_bondd)

    def test_a_full_disk_is_an_error(self):
        result = self.lab.a.result("sh", "-c", "bondcli help >/dev/full")
        self.assertEqual(result.returncode, 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
