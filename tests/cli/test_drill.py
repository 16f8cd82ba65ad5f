#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""`bondcli drill` on a live bond under the real NetworkManager: what it measures against a capture on
the ports, what it refuses, and that nothing stays behind however it ends. test_drill_lab.py has its lab."""
import json
import os
import pty
import re
import select
import signal
import subprocess
import unittest
import xml.etree.ElementTree as ElementTree

import jsonschema_subset
from common import SOURCE, schema
from lab.namespace import wait_for
from lab.topology import build_dir
from test_profiles import NMCase

B4 = "10.0.1.1"
TO = ("drill", "bond0", "--to", B4)
DROP = "tc filter {} dev sw0 {} pref 1 handle 0x77 protocol all bpf {}"
FAULTS = ("admin-down, carrier, silent, flap, loss, delay, lacp-gone, bondd-killed, nm-restart, "
          "port-removed")


def parse(text):
    report = json.loads(text)
    problems = jsonschema_subset.errors(report, schema("drill-1.schema.json"))
    assert problems == [], problems
    return report


class Live(NMCase):
    """bond0 in active-backup on eth0 and eth1, and a responder on host b."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lab.switch.run("tc", "qdisc", "add", "dev", "sw0", "clsact")
        cls.responder = cls.lab.b.start(os.path.join(build_dir(), "cli", "bondcli"), "drill",
                                        "--respond", log=cls.lab.path("responder.log"))
        cls.bondcli_result = cls.lab.a.result(
            "bondcli", "add", "bond0", "mode", "active-backup", "miimon", "100", "ports",
            "eth0,eth1", "ip", "10.0.1.243/24")
        wait_for(lambda: cls.usable() == {"eth0", "eth1"}, 15,
                 lambda: f"{cls.bondcli_result}\n{cls.lab.diagnosis()}")
        cls.lab.wait_ping()

    def tearDown(self):
        wait_for(lambda: self.usable() == {"eth0", "eth1"}, 20,
                 lambda: f"both ports to be back\n{self.lab.diagnosis()}")
        self.assertEqual(self.filters(), "")

    @classmethod
    def usable(cls):
        try:
            ports = cls.lab.bond("bond0")["ports"]
        except Exception:  # bondd may be away for a moment
            return set()
        return {n for n, p in ports.items() if p["State"] in ("active", "backup")}

    def filters(self):
        """The drill's filters on the ports."""
        return "".join(self.lab.a.run("tc", "filter", "show", "dev", port, side)
                       for port in ("eth0", "eth1") for side in ("ingress", "egress")
                       if "0x4e4d" in self.lab.a.run("tc", "filter", "show", "dev", port, side))

    def active(self):
        return self.lab.bond("bond0")["ActivePort"]

    def drill(self, *argv, code=0):
        """The report of a drill, and what was said meanwhile."""
        result = self.bondcli(*TO, "--yes", "--json", *argv, timeout=90)
        self.assertEqual(result.returncode, code, f"{result.stderr}\n{self.lab.diagnosis()}")
        return parse(result.stdout), result.stderr

    def start(self, *argv):
        """A drill that goes on; `until` waits for what it says."""
        log = self.lab.path(f"{self.id()}.log")
        process = self.lab.a.start("bondcli", *TO, "--yes", *argv, log=log)
        self.addCleanup(lambda: process.alive and process.stop(signal.SIGKILL))

        def text():
            with open(log, encoding="utf-8") as file:
                return file.read()
        return process, text

    # ---- what it measures

    def capture(self, host, *devices):
        process = host.start("/usr/bin/python3",
                             os.path.join(SOURCE, "tests", "cli", "probe_capture.py"), *devices)
        self.assertEqual(process.popen.stdout.readline(), "ready\n")

        def stop():
            out, _ = process.popen.communicate(timeout=20)
            return json.loads(out)
        return stop

    def test_the_numbers_are_those_of_a_capture_on_the_ports(self):
        """The far side of eth0's cable swallows both ways for a while, behind the drill's back."""
        self.lab.bond_call("bond0", "SetActivePort", "(s)", "eth0")
        here, there = (self.capture(self.lab.a, "eth0", "eth1"), self.capture(self.lab.b, "eth0"))
        process, text = self.start("--json", "bondd-killed,hold-ms=1200")
        wait_for(lambda: "bondd-killed" in text(), 20, "the fault")
        for side in ("ingress", "egress"):
            self.lab.switch.shell(DROP.format("add", side, "da bytecode '1,6 0 0 2'"))
        for side in ("ingress", "egress"):
            self.lab.switch.shell(DROP.format("del", side, ""))
        self.assertEqual(process.wait(30), 0, text())
        (event,) = parse(text()[text().index("{"):])["runs"][0]["events"]
        here, there = here(), there()
        for way, sent, received in (("out", here["sent"], there["received"]),
                                    ("in", there["sent"], here["received"])):
            # what was under way when the drill ended is nobody's loss
            missing = {n for n in set(sent) - set(received) if n < max(received)}
            self.assertEqual(event[way]["lost"], len(missing), (way, event[way]))
            self.assertGreater(len(missing), 0)
            self.assertEqual(sum(gap["lost"] for gap in event[way]["gaps"]), len(missing))
            self.assertEqual(event[way]["received"] + event[way]["lost"], event[way]["sent"])

    def test_silent_loss_lasts_as_long_as_it_is_held(self):
        report, said = self.drill("--interval", "500", "silent,hold-ms=400")
        (event,) = report["runs"][0]["events"]
        self.assertEqual(event["fault"]["port"], self.active())
        held = event["undone_us"] - event["fault_us"]
        self.assertGreaterEqual(held, 400000)
        for way in "out", "in":
            self.assertGreater(event[way]["outage_us"], 300000)
            self.assertLess(event[way]["outage_us"], event["end_us"] - event["fault_us"])
            self.assertGreater(event[way]["lost"], 0)
        self.assertRegex(said, r"\A\[1/1\] silent eth\d: \d+ lost, outage [\d.]+ ms\n\Z")

    def test_one_way_only(self):
        report, _ = self.drill("silent,hold-ms=300,direction=out")
        (event,) = report["runs"][0]["events"]
        self.assertGreater(event["out"]["lost"], 0)
        self.assertEqual(event["in"]["lost"], 0, event["in"])

    def test_a_backup_costs_nothing(self):
        """...and bondd's death neither; the fault without a port has none in the report."""
        backup = {"eth0": "eth1", "eth1": "eth0"}[self.active()]
        report, _ = self.drill(f"silent:{backup},hold-ms=200", "bondd-killed")
        events = report["runs"][0]["events"]
        self.assertEqual([e["outcome"] for e in events], ["played", "played"])
        self.assertEqual([e["out"]["lost"] + e["in"]["lost"] for e in events], [0, 0], events)
        self.assertIsNone(events[1]["fault"]["port"])

    def test_a_failover_has_its_phases(self):
        report, _ = self.drill("admin-down")
        (event,) = report["runs"][0]["events"]
        names = [note["event"] for note in event["bondd"]]
        self.assertIn("active-changed", names)
        self.assertIn("port-released", names)
        phases = event["phases_us"]
        self.assertGreater(phases["switched"], 0)
        self.assertLessEqual(phases["detected"], phases["decided"])
        self.assertLessEqual(phases["decided"], phases["switched"])

    def test_pings_where_nothing_runs(self):
        report, _ = self.drill("--icmp", "silent,hold-ms=200")
        (event,) = report["runs"][0]["events"]
        self.assertNotIn("out", event)
        self.assertGreater(event["round_trip"]["lost"], 0)
        self.assertGreater(event["round_trip"]["received"], 0)

    def test_several_settings_of_a_live_bond(self):
        before = self.lab.bond("bond0")["Options"]
        report, _ = self.drill("--compare", "mode=0,mode=2 xmit_hash_policy=layer3+4,mode=1",
                               "silent:eth0,hold-ms=100,direction=out")
        self.assertEqual([run["setting"] for run in report["runs"]],
                         ["mode=balance-rr", "mode=balance-xor xmit_hash_policy=layer3+4",
                          "mode=active-backup"])
        self.assertGreater(report["runs"][0]["events"][0]["out"]["lost"], 0)
        self.assertEqual(self.lab.bond("bond0")["Options"], before)

    # ---- reports

    def test_for_people_for_scripts_and_for_machines(self):
        junit, html = self.lab.path("drill.xml"), self.lab.path("drill.html")
        plan = self.lab.write("plan", "[drill]\ninterval-us=2000\nmax-outage-us=10000\n"
                                      "[silent]\nhold-ms=200\n[bondd-killed]\nhold-ms=20\n")
        result = self.bondcli(*TO, "--yes", "--plan", plan, "--junit", junit, "--html", html)
        self.assertEqual(result.returncode, 1, result.stderr)  # 200 ms are more than 10
        self.assertRegex(result.stdout, r"\Abond0\n  fault +out: lost +outage +in: lost +outage .*\n"
                                        r"  silent eth\d .* longer than allowed\n  bondd-killed .*\n")
        self.assertIn("One probe each 2000 µs and way.", result.stdout)
        suite = ElementTree.parse(junit).getroot().find("testsuite")
        self.assertEqual((suite.get("tests"), suite.get("failures")), ("2", "1"))
        with open(html, encoding="utf-8") as file:
            page = file.read()
        self.assertEqual(page.count("<svg"), 3)
        for picture in re.findall(r"<svg.*?</svg>", page, re.S):
            ElementTree.fromstring(picture)

    def test_fields_and_abbreviations(self):
        result = self.bondcli("-t", "-f", "FAULT,PORT,RESULT,OUT-LOST", "dri", "bond0", "--to", B4,
                              "-y", "si:eth0,hold-ms=50", "bon,hold-ms=20")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stdout, r"\Asilent:eth0:ok:\d+\nbondd-killed::ok:0\n\Z")

    def test_completion(self):
        def complete(*words):
            return self.good("--complete-args", *words).split()
        self.assertEqual(complete("dr"), ["drill"])
        self.assertEqual(complete("drill", "bond0", "a"), ["admin-down"])
        self.assertEqual(complete("drill", "bond"), ["bond0", "bondd-killed"])
        self.assertEqual(complete("drill", "--ju"), ["--junit"])
        self.assertEqual(sorted(complete("drill", "bond0", "silent:e")),
                         ["silent:eth0", "silent:eth1"])
        self.assertEqual(complete("drill", "--compare", "m"), ["modes"])

    # ---- what it refuses

    def test_refusals(self):
        plan = self.lab.write("bad-plan", "[loss]\npercent=200\n")
        to = ("--to", B4)
        for message, *argv in (
                ("'drill' needs a bond, or '--lab'.",),
                ("'drill' needs '--to ADDRESS': a host where 'bondcli drill --respond' runs, or with "
                 "'--icmp' one that answers pings.", "bond0"),
                (f"'fire' is not a fault; there are: {FAULTS}.", "bond0", *to, "fire"),
                ("'99' is not a valid value of 'interval-us'; it takes a number from 100 to 1000000.",
                 "bond0", *to, "--interval", "99"),
                (f"{plan}: [loss]: '200' is not a valid value of 'percent'; it takes a number from 1 "
                 "to 100.", "bond0", *to, "--plan", plan),
                ("'--lab' has a responder of its own: it does not go with '--to' or '--icmp'.",
                 "--lab", *to),
                ("'mode' in '--compare' is no OPTION=VALUE.", "bond0", *to, "--compare", "mode"),
                ("mode 9 is not allowed: use balance-rr (0), active-backup (1), balance-xor (2), "
                 "broadcast (3), 802.3ad (4), balance-tlb (5) or balance-alb (6).", "bond0", *to,
                 "--yes", "--compare", "mode=0,mode=9", "bondd-killed"),
                ("'drill --respond' takes no bond and no fault, but 'bond0' was given.", "--respond",
                 "bond0"),
                ("'0' is not a valid argument for '--port'; it takes a number from 1 to 65535.",
                 "--respond", "--port", "0"),
                ("'--json' and the options for fields exclude each other.", "bond0", *to, "--json",
                 "-f", "FAULT"),
                ("eth7 is not a usable port of bond0.", "bond0", *to, "silent:eth7"),
                ("'carrier' cannot be done to eth0 from here: its driver cannot drop the carrier. "
                 "Pull the cable or shut the switch's port, or use --lab.", "bond0", *to,
                 "carrier:eth0"),
                ("'lacp-gone' cannot be done from here: it is the switch that must fall silent. Use "
                 "--lab.", "bond0", *to, "lacp-gone"),
                ("'nm-restart' cannot be done here: systemd does not run.", "bond0", *to,
                 "nm-restart"),
                ("A drill harms bond0 while it is in use; without a terminal to ask at it needs "
                 "'--yes'.", "bond0", *to, "silent")):
            with self.subTest(argv):
                self.bad(2, message, "drill", *argv)
        self.bad(10, "There is no bond 'bond7'.", "drill", "bond7", *to, "silent")
        self.bad(1, "/nonexistent/x: No such file or directory", *TO, "--yes", "--html",
                 "/nonexistent/x", "silent")
        self.bad(1, "'b.example' is no IP address.", "drill", "bond0", "--to", "b.example", "--yes",
                 "silent")
        result = self.bondcli("drill", "bond0", "--to", B4, "--port", "9", "--yes", "silent")
        self.assertEqual((result.returncode, result.stderr),
                         (1, f"Error: Nobody answers at {B4} port 9: start 'bondcli drill "
                             "--respond' there, or use '--icmp'.\n"))

    def test_the_last_working_port_stays(self):
        self.lab.switch.run("ip", "link", "set", "sw1", "down")
        try:
            wait_for(lambda: self.usable() == {"eth0"}, 10, "one port to be left")
            self.bad(2, "eth0 is the last working port of bond0; '--yes-really' takes it all the "
                        "same.", *TO, "--yes", "silent:eth0,hold-ms=50")
            result = self.bondcli(*TO, "--yes-really", "silent:eth0,hold-ms=50")
            self.assertEqual(result.returncode, 0, result.stderr)
        finally:
            self.lab.switch.run("ip", "link", "set", "sw1", "up")

    def at_terminal(self, answer):
        """(exit status, what was shown) of a drill that asks."""
        master, slave = pty.openpty()
        process = subprocess.Popen(
            self.lab.a.enter_argv(["timeout", "60", "bondcli", *TO, "silent,hold-ms=50"]),
            env=self.lab.a.env, stdin=slave, stdout=slave, stderr=slave)
        os.close(slave)
        shown = ""
        try:
            while select.select([master], [], [], 30)[0]:
                shown += os.read(master, 4096).decode()
                if shown.endswith("[no] "):
                    os.write(master, answer)
        except OSError:  # its other end is closed
            pass
        os.close(master)
        return process.wait(30), shown

    def test_it_asks(self):
        for answer in (b"no\n", b"\n", b"y\n"):
            code, shown = self.at_terminal(answer)
            self.assertEqual(code, 1, shown)
            self.assertIn("This does harm to bond0 while it is in use: silent.", shown)
            self.assertIn("Nothing was done.", shown)
        code, shown = self.at_terminal(b"yes\n")
        self.assertEqual(code, 0, shown)
        self.assertIn("[1/1] silent", shown)

    # ---- however it ends

    def test_a_signal_undoes_the_fault_and_reports_what_was(self):
        for signo in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(signo):
                process, text = self.start("--json", "silent,hold-ms=60000", "bondd-killed")
                wait_for(self.filters, 20, text)
                process.kill(signo)
                self.assertEqual(process.wait(30) % 256, 128 + signo, text())
                self.assertEqual(self.filters(), "")
                report = parse(text()[text().index("{"):])
                self.assertTrue(report["interrupted"])
                self.assertEqual(len(report["runs"][0]["events"]), 1)
                os.unlink(self.lab.path(f"{self.id()}.log"))

    def test_killed_in_the_middle_of_a_silent_port(self):
        process, text = self.start("silent,hold-ms=60000")
        wait_for(self.filters, 20, text)
        process.kill(signal.SIGKILL)
        wait_for(lambda: self.filters() == "", 20, "the guard to take the filters away")

    def test_killed_under_another_setting(self):
        before = self.lab.bond("bond0")["Options"]
        process, text = self.start("silent,hold-ms=60000", "--compare", "mode=0")
        wait_for(self.filters, 20, text)
        self.assertEqual(self.lab.bond("bond0")["Mode"], "balance-rr")
        process.kill(signal.SIGKILL)
        wait_for(lambda: self.lab.bond("bond0")["Options"] == before, 20, "the guard")

    def test_killed_while_a_port_is_down(self):
        process, text = self.start("admin-down:eth1,hold-ms=60000")
        wait_for(lambda: self.usable() == {"eth0"}, 20, text)
        process.kill(signal.SIGKILL)
        wait_for(lambda: self.usable() == {"eth0", "eth1"}, 30, "the guard to bring eth1 up")


if __name__ == "__main__":
    unittest.main(verbosity=2)
