#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What bondcli has in common with nmcli, and Ctrl-C in the middle of every verb that changes something."""
import os
import re
import shutil
import signal
import sys
import time
import unittest

from common import SOURCE
from lab import wait_for
from test_profiles import HOWTO, NMCase

PLACE = "/etc/NetworkManager/system-connections"


class Interrupted(NMCase):
    """Whenever it comes, all is as it was or as it should be, never between."""

    def snapshot(self):
        """What profiles say, without what is made anew each time."""
        text = self.lab.a.run("sh", "-c", f"cd {PLACE} && for f in *; do [ -f \"$f\" ] || continue; "
                              "echo \"# $f\"; grep -v '^uuid=\\|^timestamp=\\|^$' \"$f\"; done")
        return text.replace("[proxy]\n", "")

    def interrupt(self, *argv, undo, steps=8, state=None):
        """Runs it to its end, and then again and again with Ctrl-C a little later each time."""
        state = state or self.snapshot
        before = state()
        began = time.monotonic()
        self.assertEqual(self.bondcli(*argv).returncode, 0, argv)
        took = time.monotonic() - began
        after = state()
        self.assertNotEqual(before, after, argv)
        undo()
        wait_for(lambda: state() == before, 10, lambda: f"{argv} undone: {before}\n{state()}")
        codes = set()
        for step in range(steps):
            wait = 0.001 + took * step / steps
            codes.add(self.interrupted(wait, *argv))
            wait_for(lambda: state() in (before, after), 5,
                     lambda: f"{argv} after {wait} s is in between: {state()}")
            if state() == after:
                undo()
                wait_for(lambda: state() == before, 10, f"{argv} undone")
        self.assertIn(130, codes, argv)
        self.assertLessEqual(codes, {0, 130}, argv)

    def test_profiles(self):
        self.good("add", "bond0", *HOWTO, "autoconnect", "no")
        saved = self.lab.path("saved")
        self.lab.a.run("cp", "-a", PLACE, saved)

        def restore():
            self.lab.a.shell(f"rm -f {PLACE}/*; cp -a {saved}/* {PLACE}/")
            self.good("reload")
            wait_for(lambda: self.profiles() == ["bond0", "bond0-eth0", "bond0-eth1"], 10,
                     lambda: f"the profiles again: {self.profiles()}")
        try:
            self.interrupt("modify", "bond0", "miimon", "50", "ports", "-eth1", undo=restore)
            self.interrupt("clone", "bond0", "trial", undo=restore)
            self.interrupt("port", "add", "bond0", "eth2", undo=restore)
            self.interrupt("port", "remove", "bond0", "eth1", undo=restore)
            self.interrupt("delete", "bond0", undo=restore)
        finally:
            shutil.rmtree(saved)

    def test_import_and_export(self):
        self.good("add", "bond0", *HOWTO, "autoconnect", "no")
        out = self.lab.path("exported")
        os.mkdir(out)
        self.addCleanup(shutil.rmtree, out)

        def remove():
            for name in os.listdir(out):
                os.unlink(os.path.join(out, name))
        self.interrupt("export", "--directory", out, "bond0", undo=remove,
                       state=lambda: sorted(os.listdir(out)))
        self.good("export", "--directory", out, "bond0")
        self.good("delete", "bond0")

        def delete():
            for name in self.profiles():
                self.lab.nmcli("connection", "delete", name)
        self.interrupt("import", "ifcfg", out, undo=delete)

    def test_active(self):
        self.good("add", "bond0", *HOWTO)
        self.wait_ports("eth0", "eth1")

        def active():
            return self.good("-g", "ACTIVE-PORT", "status", "bond0")
        wait_for(lambda: active() == "eth0\n", 5, "eth0 to be active")
        self.interrupt("active", "bond0", "eth1", state=active,
                       undo=lambda: self.good("active", "bond0", "eth0"))

    def standing(self):
        """Whether the bond is there, and its ports."""
        device = self.lab.device("bond0")
        return (device and device[1], sorted(self.ports()))

    def test_up_and_down(self):
        """What NetworkManager has begun it ends: the bond is up with its ports, or it is not there."""
        self.good("add", "bond0", *HOWTO, "autoconnect", "no")
        up, down = ("up", "bond0"), ("down", "bond0")
        self.interrupt(*up, undo=lambda: self.good(*down), state=self.standing, steps=5)
        self.good(*up)
        self.wait_ports("eth0", "eth1")
        self.interrupt(*down, undo=lambda: self.good(*up), state=self.standing, steps=5)

    def test_ports_up_and_down(self):
        self.good("add", "bond0", *HOWTO)
        self.wait_ports("eth0", "eth1")
        up, down = ("port", "up", "bond0", "eth1"), ("port", "down", "bond0", "eth1")
        self.interrupt(*down, undo=lambda: self.good(*up), state=self.standing, steps=5)
        self.good(*down)
        self.interrupt(*up, undo=lambda: self.good(*down), state=self.standing, steps=5)

    def everything(self):
        return self.snapshot() + self.lab.a.run(
            "sh", "-c", "ls /sys/class/net /run/bonding /run/bondd /sys/fs/bpf/bondd/*; "
            "tc qdisc show; ip -o -4 addr")

    def test_verbs_that_only_look(self):
        self.good("add", "bond0", *HOWTO)
        self.wait_ports("eth0", "eth1")
        self.lab.wait_ping()
        out = self.lab.path("looked-at")
        os.mkdir(out)
        self.addCleanup(shutil.rmtree, out)
        self.good("export", "--directory", out, "bond0")
        for verb in (("status",), ("status", "--json"), ("events",), ("doctor",), ("version",), ("help",),
                     ("export", "bond0"), ("import", "--dry-run", "ifcfg", out), ("reload",),
                     ("explain", "bond0", "option"), ("explain", "bond0", "--spread", "10.0.0.0/18"),
                     ("explain", "bond0", "--flow", "tcp 10.0.1.243:1 > 10.0.1.1:2")):
            with self.subTest(verb):
                before = self.everything()
                self.bondcli(*verb)
                began = time.monotonic()
                ended = self.bondcli(*verb).returncode  # 1: doctor has found something
                took = time.monotonic() - began
                codes = {self.interrupted(0.001 + took * step / 4, *verb) for step in range(4)}
                self.assertLessEqual(codes, {ended, 130}, verb)
                self.assertIn(130, codes, verb)
                self.assertEqual(self.everything(), before, verb)


class Habits(NMCase):
    def test_exit_codes_are_nmclis(self):
        self.good("add", "bond0", *HOWTO, "autoconnect", "no")
        for ours, theirs in (
                (["up", "nope"], ["connection", "up", "nope"]),
                (["down", "bond0"], ["connection", "down", "bond0"]),
                (["delete", "nope"], ["connection", "delete", "nope"]),
                (["--frob"], ["--frob"]),
                (["-f", "NOPE", "doctor"], ["-f", "NOPE", "connection"]),
                (["-w", "x", "status"], ["-w", "x", "connection"]),
                (["-m"], ["-m"]),
                (["-t", "-p", "doctor"], ["-t", "-p", "connection"]),
                (["frob"], ["frob"]),
                (["reload"], ["connection", "reload"])):
            with self.subTest(ours):
                self.assertEqual(self.bondcli(*ours).returncode,
                                 self.lab.a.result("nmcli", *theirs).returncode, theirs)
        self.lab.stop_nm()
        try:
            self.assertEqual(self.bondcli("up", "bond0").returncode, 8)
            self.assertEqual(self.lab.a.result("nmcli", "connection", "up", "bond0").returncode, 8)
        finally:
            self.lab.start_nm()

    def test_a_wrong_field_is_refused_before_anything_is_done(self):
        message = "Invalid field 'X'; allowed fields: NAME,UUID,DEVICE,ACTION."
        self.bad(2, message, "-g", "X", "add", "bond0", *HOWTO, "autoconnect", "no")
        self.assertEqual(self.profiles(), [])
        self.good("add", "bond0", *HOWTO, "autoconnect", "no")
        for verb in (("modify", "bond0", "miimon", "50"), ("clone", "bond0", "new"),
                     ("delete", "bond0")):
            self.bad(2, message, "-f", "NAME,X", *verb)
        self.assertEqual(self.profiles(), ["bond0", "bond0-eth0", "bond0-eth1"])
        self.assertIn("miimon=100", self.get("bond.options", "bond0"))

    def test_pretty(self):
        self.good("add", "bond0", *HOWTO)
        self.wait_ports("eth0", "eth1")
        self.assertEqual(self.good("-p", "-f", "NAME,MODE", "status"),
                         "====================\n  the state of the bonds and their ports\n"
                         "====================\nNAME   MODE\n--------------------\n"
                         "bond0  active-backup\n")
        lines = self.good("--pretty", "-m", "multiline", "-f", "NAME,MODE", "status").splitlines()
        self.assertEqual((lines[0], lines[3:]),
                         ("=" * 79, ["NAME:                   bond0",
                                     "MODE:                   active-backup"]))
        self.bad(2, "'--terse' and '--pretty' exclude each other.", "-t", "status", "-p")

    def test_prefixes_are_nmclis_before_and_after_the_verb(self):
        """-p and -w, and all that they may be written as, are --pretty and --wait; --proc and --watch need more."""
        self.good("add", "bond0", *HOWTO)
        self.wait_ports("eth0", "eth1")
        pretty = self.good("--pretty", "-f", "NAME,MODE", "status")
        for word in ("-p", "--p", "-pr", "--pre", "-pretty"):
            self.assertEqual(self.good(word, "-f", "NAME,MODE", "status"), pretty, word)
            self.assertEqual(self.good("status", "-f", "NAME,MODE", word), pretty, word)
            self.assertEqual(self.lab.a.result("nmcli", word, "-f", "NAME", "connection").returncode, 0)
        for word in ("-w", "--w", "-wa", "--wait"):
            for argv in ((word, "5", "status"), ("status", word, "5"), (word + "=5", "status")):
                self.assertIn("bond0 works", self.good(*argv))
            self.bad(2, "'x' is not a valid argument for '--wait'; it takes seconds, 0 to 86400.",
                     "status", word, "x")
            self.assertEqual(self.lab.a.result("nmcli", word, "5", "connection").returncode, 0)
        for argv in (("-tp", "status"), ("-w5", "status")):  # letters do not go together
            self.assertEqual(self.bondcli(*argv).returncode, 2)
            self.assertEqual(self.lab.a.result("nmcli", argv[0], "connection").returncode, 2)
        proc = self.good("status", "--proc")
        self.assertEqual(self.good("status", "-pro"), proc)
        self.assertTrue(self.good("status", "--prom").startswith("# HELP"))

    def test_ask(self):
        def ask(answers, *argv, code=0):
            result = self.lab.a.result("sh", "-c", f"printf '{answers}' | bondcli {' '.join(argv)}")
            self.assertEqual(result.returncode, code, result)
            return result.stdout
        text = ask("bond0\\nactive-backup\\neth0,eth1\\nnone\\n", "--ask", "add")
        self.assertTrue(text.startswith("NAME: mode (empty: balance-rr): ports, with commas: ip: "), text)
        self.assertEqual(self.get("bond.options", "bond0"), "mode=active-backup")
        self.wait_ports("eth0", "eth1")
        self.assertEqual(self.get("ipv4.method", "bond0"), "disabled")
        self.assertEqual(ask("\\nbond0\\nminmon\\n1\\n", "-a", "modify", code=2),
                         "NAME: NAME: OPTION: VALUE...: ")
        ask("bond0\\nmiimon\\n50\\n", "modify", "-a")
        self.assertIn("miimon=50", self.get("bond.options", "bond0"))
        ask("remove\\nbond0\\neth1\\n", "port", "-a")
        self.assertEqual(self.profiles(), ["bond0", "bond0-eth0"])
        # nothing more is said: as without --ask
        self.bad(2, "'clone' needs more words: bondcli clone NAME NEW", "clone", "bond0")
        self.assertEqual(ask("", "-a", "clone", "bond0", code=2), "NEW: \n")
        ask("bond0\\n", "-a", "delete")
        self.assertEqual(self.profiles(), [])

    def test_two_dashes_end_the_options(self):
        self.bad(10, "There is no bond '--json'; bondd has no bonds.", "status", "--", "--json")
        self.bad(10, "There is no bond profile '-t'; NetworkManager has none of a bond.",
                 "up", "--", "-t")

    def test_every_verb_has_its_usage(self):
        verbs = [l.split()[0] for l in self.good("help").splitlines() if re.match(r"  [a-z]", l)]
        self.assertGreater(len(verbs), 16)
        for verb in verbs:
            text = self.good("help", verb)
            self.assertTrue(text.startswith(f"Usage: bondcli {verb} "), text)
            self.assertEqual(self.good("help", verb[:max(3, len(verb) - 1)]), text, verb)
            if verb == "help":
                continue
            for words in ((verb, "--help"), ("-h", verb)):
                self.assertEqual(self.good(*words), text, words)
            result = self.bondcli(verb, "--frob")
            self.assertEqual((result.returncode, result.stdout, result.stderr), (
                2, "", "Error: Option '--frob' is unknown, try 'bondcli help'.\n"), verb)
            self.assertIn("--help\n", self.good("--complete-args", verb, "--h"))

    def test_every_verb_may_be_abbreviated(self):
        """To every prefix that no verb before it has."""
        verbs = [l.split()[0] for l in self.good("help").splitlines() if re.match(r"  [a-z]", l)]
        texts = {verb: self.good("help", verb) for verb in verbs}
        for i, verb in enumerate(verbs):
            for n in range(1, len(verb) + 1):
                if not any(other.startswith(verb[:n]) for other in verbs[:i]) and verb != "help":
                    self.assertEqual(self.good(verb[:n], "--help"), texts[verb], verb[:n])
        self.assertTrue(self.good("he", "sta").startswith("Usage: bondcli status "))
        self.assertEqual(self.good("vers"), self.good("version"))

    def test_every_verb_completes_what_it_takes(self):
        self.good("add", "bond0", *HOWTO)
        self.wait_ports("eth0", "eth1")
        verbs = [l.split()[0] for l in self.good("help").splitlines() if re.match(r"  [a-z]", l)]
        takes = {"add": "", "doctor": "", "reload": "", "version": "", "help": "\n".join(verbs) + "\n",
                 "port": "add\nremove\nup\ndown\n",
                 "import": "ifcfg\nnetplan\nnetworkd\ninterfaces\n"}
        for verb in verbs:
            offered = self.good("--complete-args", verb, "")
            if verb == "drill":  # the bond, or what it does in a lab
                offered = offered[:6]
            self.assertEqual(offered, takes.get(verb, "bond0\n"), verb)
            self.assertEqual(self.good("--complete-args", verb[:-1]).split()[-1], verb)

    def test_terse_verbs_that_have_no_fields_say_what_they_say(self):
        self.good("-t", "add", "bond0", *HOWTO, "autoconnect", "no")
        for terse in ((), ("-t",)):
            self.assertEqual(self.good(*terse, "up", "bond0"),
                             "Connection 'bond0' successfully activated.\n")
            self.assertEqual(self.good(*terse, "ac", "bond0", "eth1"),
                             "eth1 is the active port of bond0.\n")
            self.assertEqual(self.good(*terse, "po", "d", "bond0", "eth1"),
                             "Connection 'bond0-eth1' successfully deactivated.\n")
            self.assertEqual(self.good(*terse, "do", "bond0"),
                             "Connection 'bond0' successfully deactivated.\n")
            self.assertEqual(self.good(*terse, "rel"), "")
            self.assertEqual(self.good(*terse, "vers"), self.good("version"))
            self.assertEqual(self.good(*terse, "he"), self.good("help"))
            self.assertEqual(self.good(*terse, "expo", "bond0"), self.good("export", "bond0"))

    def test_wrong_words_for_verbs_that_take_none(self):
        self.bad(2, "'version' takes no argument, but 'x' was given.", "version", "x")
        self.bad(2, "Option '--json' is unknown, try 'bondcli help'.", "version", "--json")
        self.bad(2, "Missing argument for '--wait'.", "version", "--wait")
        self.bad(2, "Option '--frob' is unknown, try 'bondcli help'.", "help", "--frob")
        self.bad(2, "'reload' does not take 'x': bondcli reload ", "reload", "x")
        self.bad(2, "Option '--all' is unknown, try 'bondcli help'.", "reload", "--all")
        self.bad(8, "NetworkManager cannot be reached: Could not connect: No such file or directory",
                 "reload", env={"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent"})

    def test_zsh_asks_as_bash_does(self):
        """The function itself; what zsh's own functions would be told is printed."""
        self.good("add", "bond0", *HOWTO, "autoconnect", "no")

        def complete(*words):
            line = " ".join(f"'{w}'" for w in ("bondcli",) + words)
            return self.lab.a.result(
                "zsh", "-fc", "compadd() { shift; print -l -- \"$@\" }; _files() { print FILES }; "
                f"words=({line}); CURRENT={len(words) + 1}; source '{SOURCE}/cli/zsh-completion'").stdout
        for words, expected in (
                (("sta",), "status\n"), (("up", ""), "bond0\n"), (("modify", "bond0", "arp_v"),
                                                               "arp_validate\n"),
                (("add", "b", "mode", "balance-x"), "balance-xor\n"), (("import", "netplan", ""),
                                                                      "FILES\n"),
                (("add", "b", "ports", "eth0,eth1"), "eth0,eth1\n"), (("status", "--wat"), "--watch\n"),
                (("port", "up", "bond0", ""), "eth0\neth1\n"), (("version", ""), "")):
            self.assertEqual(complete(*words), expected, words)


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("needs root, for network namespaces")
        sys.exit(77)
    if not shutil.which("zsh"):
        print("zsh is not installed (scripts/install-deps)")
        sys.exit(77)
    unittest.main(verbosity=2, warnings="ignore")
