#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""`bondcli status` against a real bondd: every form, and what it says when something is wrong."""
import itertools
import json
import os
import re
import signal
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

import jsonschema_subset
from common import SOURCE, BonddCase, schema
from lab.namespace import wait_for
from lab.services import BONDD


VERBS = ["status", "events", "up", "down", "add", "modify", "clone", "delete", "port", "active",
         "explain", "doctor", "import", "export", "drill", "reload", "version", "help"]


class OneBond(BonddCase):
    def parsed(self, *argv):
        value = json.loads(self.good("status", "--json", *argv))
        found = jsonschema_subset.errors(value, schema("status-1.schema.json"))
        self.assertEqual(found, [], json.dumps(value, indent=1))
        return value

    def test_people_see_the_verdict_first(self):
        text = self.good("status", "bond0")
        self.assertEqual(text.splitlines()[0], "bond0 works: all 2 ports are usable.")
        self.assertRegex(text, r"(?m)^  mode +active-backup$")
        self.assertRegex(text, r"(?m)^  active port +eth0 \(primary: eth0\)$")
        self.assertRegex(text, rf"(?m)^  MAC address +{self.lab.a.mac('bond0')}$")
        self.assertRegex(text, r"(?m)^  monitor +carrier, events and a look every 100 ms$")
        self.assertRegex(text, r"(?m)^  options +primary=eth0$")
        self.assertRegex(text, r"(?m)^  eth0 +active +up +\d+ Mbit/s +0 +\d+ +\d+ +\d.*bit/s +\d.*bit/s ")
        self.assertRegex(text, r"(?m)^  eth1 +backup +up +\d+ Mbit/s +0 ")
        self.assertIn("last events", text)
        self.assertIn("eth1 is a port now", text)

    def test_without_a_verb_it_is_status(self):
        strip = lambda text: re.sub(r"[0-9.]+ [kM]?bit/s|\d+|  +|\.\d", "", text)
        self.assertEqual(strip(self.good()), strip(self.good("status", "bond0")))

    def test_abbreviations(self):
        terse = self.good("-t", "status")
        for argv in (("--te", "stat"), ("-terse", "s"), ("s", "--terse"), ("st", "-t", "bond0")):
            self.assertEqual(self.good("-f", "NAME,MODE", *argv), "bond0:active-backup\n", argv)
        self.assertTrue(terse.startswith("bond0:active-backup:ok:yes:yes:"), terse)

    def test_terse_and_fields(self):
        mac = self.lab.a.mac("bond0")
        self.assertEqual(self.good("-g", "mac-address,Ports", "status"),
                         mac.replace(":", "\\:") + ":eth0,eth1\n")
        self.assertEqual(self.good("-e", "no", "-g", "MAC-ADDRESS", "status"), mac + "\n")
        self.assertEqual(self.good("-f", "NAME,ACTIVE-PORT", "status"),
                         "NAME   ACTIVE-PORT\nbond0  eth0\n")
        self.assertEqual(self.good("-t", "-m", "multiline", "-f", "NAME,HEALTH", "status"),
                         "NAME:bond0\nHEALTH:ok\n")

    def test_json_fits_its_schema(self):
        value = self.parsed()
        bond = value["bonds"][0]
        self.assertEqual((bond["name"], bond["health"], bond["mode"]),
                         ("bond0", "ok", "active-backup"))
        self.assertEqual(bond["ifindex"], self.lab.a.link("bond0")["ifindex"])
        self.assertEqual(bond["options"]["miimon"], 100)
        self.assertEqual(bond["options"]["arp_ip_target"], [])
        self.assertEqual(bond["options"]["primary"], "eth0")
        self.assertEqual([p["name"] for p in bond["ports"]], ["eth0", "eth1"])
        self.assertEqual([p["state"] for p in bond["ports"]], ["active", "backup"])
        self.assertEqual(value["bondd"]["datapath"], "bpf")

    def test_the_schema_checker_finds_what_is_wrong(self):
        good, rules = self.parsed(), schema("status-1.schema.json")
        for path, value in ((["version"], 2), (["bonds", 0, "health"], "fine"),
                            (["bonds", 0, "mtu"], "1500"), (["bonds", 0, "surprise"], 1),
                            (["bonds", 0, "ports", 0, "mac_address"], "02")):
            broken = json.loads(json.dumps(good))
            inner = broken
            for key in path[:-1]:
                inner = inner[key]
            inner[path[-1]] = value
            self.assertEqual(len(jsonschema_subset.errors(broken, rules)), 1, path)

    def test_proc_is_the_status_text(self):
        text = self.good("status", "--proc", "bond0")
        self.assertEqual(text, self.lab.bond_call("bond0", "GetStatusText")[0])
        self.assertIn("Currently Active Slave: eth0\n", text)

    def test_completion(self):
        complete = lambda *words: self.good("--complete-args", *words).split()
        self.assertEqual(complete(""), VERBS)
        self.assertEqual(complete("s"), ["status"])
        self.assertEqual(complete("status", ""), ["bond0"])
        self.assertEqual(complete("-c", "yes", "ev", "bo"), ["bond0"])
        self.assertEqual(complete("status", "x"), [])
        self.assertEqual(complete("help", "v"), ["version"])
        self.assertEqual(complete("version", ""), [])
        self.assertEqual(complete("status", "--p"), ["--proc", "--prometheus", "--pretty"])
        self.assertEqual(complete("status", "--w"), ["--watch", "--wait"])
        self.assertEqual(complete("events", "--f"), ["--follow", "--fields"])
        self.assertEqual(complete("--te"), ["--terse"])
        self.assertEqual(complete("--mode", "m"), ["multiline"])
        self.assertEqual(complete("-c", ""), ["auto", "yes", "no"])
        self.assertEqual(complete("--wait", ""), [])
        self.assertEqual(complete(), VERBS)
        script = ("source cli/bondcli-completion; COMP_WORDS=(bondcli st bo); COMP_CWORD=2; _bondcli; "
                  "echo ${COMPREPLY[@]}")
        self.assertEqual(self.lab.a.run("env", "-C", SOURCE, "bash", "-c", script), "bond0\n")

    def test_everybody_may_look(self):
        for verb in (["status", "--json"], ["status", "--proc"], ["events", "--json"], ["version"]):
            result = self.lab.a.result("setpriv", "--reuid", "65534", "--regid", "65534",
                                       "--clear-groups", "bondcli", *verb)
            self.assertEqual((result.returncode, result.stderr), (0, ""), verb)
            if verb[0] != "version":
                self.assertIn("eth1", result.stdout)

    def test_counters_count_what_is_sent(self):
        self.lab.a.shell("ip addr replace 10.0.1.243/24 dev bond0")
        before = self.parsed()["bonds"][0]
        sent, received, _ = self.lab.a.ping("10.0.1.1", count=10)
        self.assertEqual((sent, received), (10, 10), self.lab.diagnosis())
        after = self.parsed()["bonds"][0]
        for where in (lambda b: b["counters"], lambda b: b["ports"][0]["counters"]):
            for key in ("rx_packets", "tx_packets"):
                self.assertGreaterEqual(where(after)[key] - where(before)[key], 10, key)

    def test_counters_are_those_of_a_capture_on_the_ports(self):
        """Frame by frame, and which port is the active one; a backup's frames are dropped ones."""
        self.lab.a.shell("ip addr replace 10.0.1.243/24 dev bond0")
        self.lab.wait_ping()

        def counters():
            return {p["name"]: [p["counters"][key] for key in ("tx_packets", "rx_packets", "rx_dropped")]
                    for p in self.parsed()["bonds"][0]["ports"]}

        captures = {}
        for port in ("eth0", "eth1"):
            for way in ("out", "in"):
                log = self.lab.path(f"capture-{port}-{way}")
                captures[port, way] = (self.lab.a.start("tcpdump", "-Ulnqi", port, "-Q", way, log=log), log)

        def text(log):
            with open(log, encoding="utf-8") as file:
                return file.read()
        wait_for(lambda: all("listening" in text(log) for _, log in captures.values()), 10, "the captures")

        def frames():
            return {key: len(re.findall(r"(?m)^\d+:\d+", text(log))) for key, (_, log) in captures.items()}

        def quiet():
            before = counters(), frames()
            time.sleep(0.3)
            return before if (counters(), frames()) == before else None
        counted_before, seen_before = wait_for(quiet, 20, "a moment in which nothing passes")
        self.assertEqual(self.lab.a.ping("10.0.1.1", count=20)[:2], (20, 20))
        self.lab.b.shell("ip neigh flush dev eth0; ping -qc 5 -i 0.01 10.0.1.243")  # and a broadcast

        def seen():
            return {key: n - seen_before[key] for key, n in frames().items()}

        def passed():
            return {port: [b - a for a, b in zip(counted_before[port], now)]
                    for port, now in counters().items()}

        def agree():
            """What is on its way while it is read is in one of them only: they are read again."""
            found, counted = seen(), passed()
            return counted["eth0"] == [found["eth0", "out"], found["eth0", "in"], 0] and \
                counted["eth1"] == [found["eth1", "out"], 0, found["eth1", "in"]]
        wait_for(agree, 10, lambda: f"the captures {seen()} and the counters {passed()} to agree")
        found = seen()
        self.assertGreaterEqual(min(found["eth0", "out"], found["eth0", "in"]), 25)
        self.assertEqual(found["eth1", "out"], 0)
        self.assertGreater(found["eth1", "in"], 0)
        for process, _ in captures.values():
            process.stop(signal.SIGINT)

    def metrics(self):
        """{(name, labels): value}; each metric has its head, and its rows stand together."""
        values, heads, names = {}, {}, []
        for line in self.good("status", "--prometheus").splitlines():
            head = re.fullmatch(r"# (HELP|TYPE) (\w+) (.+)", line)
            if head:
                heads.setdefault(head.group(2), []).append(head.group(1))
                continue
            row = re.fullmatch(r'(\w+)\{((?:\w+="[^"]*",?)+)\} (\d+)', line)
            self.assertTrue(row, line)
            if not names or names[-1] != row.group(1):
                names.append(row.group(1))
            values[row.group(1), tuple(re.findall(r'\w+="([^"]*)"', row.group(2)))] = int(row.group(3))
        self.assertEqual(len(names), len(set(names)), names)
        self.assertEqual({name: ["HELP", "TYPE"] for name in names}, heads)
        return values

    def test_all_tell_the_same_counters(self):
        """D-Bus, --json, the fields and --prometheus; what is sent meanwhile makes it ask again."""
        self.lab.a.shell("ip addr replace 10.0.1.243/24 dev bond0")
        self.assertEqual(self.lab.a.ping("10.0.1.1", count=10)[:2], (10, 10), self.lab.diagnosis())
        names = {"rx-packets": "receive_packets", "rx-bytes": "receive_bytes", "rx-dropped": "receive_drop",
                 "tx-packets": "transmit_packets", "tx-bytes": "transmit_bytes", "tx-dropped": "transmit_drop"}

        def all_agree():
            dbus = self.lab.bond_call("bond0", "GetCounters")[0]
            bond, metrics = self.parsed()["bonds"][0], self.metrics()
            fields = self.good("-g", "RX-PACKETS,RX-BYTES,TX-PACKETS,TX-BYTES", "status").strip().split(":")
            if self.lab.bond_call("bond0", "GetCounters")[0] != dbus:
                return None
            self.assertGreaterEqual(min(dbus["tx-packets"], dbus["rx-packets"]), 10)
            for key, name in names.items():
                self.assertEqual(bond["counters"][key.replace("-", "_")], dbus[key], key)
                self.assertEqual(metrics[f"nmbond_{name}_total", ("bond0",)], dbus[key], key)
                for port in bond["ports"]:
                    self.assertEqual(metrics[f"nmbond_port_{name}_total", ("bond0", port["name"])],
                                     port["counters"][key.replace("-", "_")], key)
            self.assertEqual(fields, [str(dbus[key]) for key in
                                      ("rx-packets", "rx-bytes", "tx-packets", "tx-bytes")])
            return metrics
        metrics = wait_for(all_agree, 10, "a moment in which nothing is counted")
        self.assertEqual(metrics["nmbond_info", ("bond0", "active-backup", "ok", "bpf", *(
            self.parsed()["bonds"][0][key] for key in ("attachment", "receive", "failover")))], 1)
        self.assertEqual([metrics["nmbond_port_active", ("bond0", f"eth{n}")] for n in (0, 1)], [1, 0])
        self.assertEqual(metrics["nmbond_usable_ports", ("bond0",)], 2)

    def test_colours(self):
        self.assertNotIn("\033", self.good("status"))
        self.assertIn("\033[32mbond0 works", self.good("-c", "yes", "status"))
        self.assertIn("\033[32m", self.good("--colors=y", "status", env={"NO_COLOR": "1"}))

    def test_colours_on_a_terminal_unless_no_color(self):
        for env, expected in (({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)):
            env = dict({"TERM": "xterm"}, **env)
            text = self.lab.a.run("script", "-qec", "bondcli status", "/dev/null", env=env)
            self.assertEqual("\033[" in text, expected, (env, text))

    def test_translated(self):
        build = self.lab.build
        self.lab.a.shell("mkdir -p /run/locale; for l in de zh_CN; do "
                         "mkdir -p /run/locale/$l/LC_MESSAGES; "
                         f"cp '{build}'/po/$l/LC_MESSAGES/*.mo "
                         "/run/locale/$l/LC_MESSAGES/NetworkManager-bond.mo; done")
        env = {"LC_ALL": "C.UTF-8", "LANGUAGE": "de", "NM_BOND_LOCALEDIR": "/run/locale"}
        text = self.good("status", env=env)
        self.assertEqual(text.splitlines()[0],
                         "bond0 arbeitet: alle 2 Ports sind benutzbar.")
        self.assertRegex(text, r"(?m)^  MAC-Adresse ")
        self.assertRegex(text, r"(?m)^  Datenpfad +bpf.*, Umschaltung durch ")
        self.assertRegex(text, r"(?m)^  [0-9:.]+  eth1 ist jetzt ein Port \(es wurde verlangt\)\.$")
        self.assertRegex(self.good("events", env=env), r"(?m) Bond bond0 wurde angelegt, Modus ")
        self.assertEqual(self.good("status", env=dict(env, LANGUAGE="zh_CN")).splitlines()[0],
                         "bond0 正常工作：全部 2 个端口可用。")
        self.assertEqual(self.good("-t", "status", env=env), self.good("-t", "status"))

    def test_wrong_input(self):
        fields = ("NAME,MODE,HEALTH,UP,CARRIER,MAC-ADDRESS,MTU,ACTIVE-PORT,PRIMARY-PORT,PORTS,"
                  "FAILURES,RX-PACKETS,RX-BYTES,TX-PACKETS,TX-BYTES,DATAPATH,WARNINGS")
        for code, message, *argv in (
                (10, "There is no bond 'bond7'; there are: bond0.", "status", "bond7"),
                (10, "There is no bond 'eth0'; there are: bond0.", "status", "bond0", "eth0"),
                (10, "There is no bond ''; there are: bond0.", "status", ""),
                (2, f"Invalid field 'SPEED'; allowed fields: {fields}.",
                 "-f", "NAME,SPEED", "status"),
                (2, f"Invalid field ''; allowed fields: {fields}.", "-g", "", "status"),
                (2, "Option '--jason' is unknown, try 'bondcli help'.", "status", "--jason"),
                (2, "Option '--json' takes no value, but '1' was given.", "status", "--json=1"),
                (2, "Option '--json' is specified the second time.", "status", "-j", "--json"),
                (2, "'--json', '--proc', '--prometheus' and the options for fields exclude each other.",
                 "status", "--json", "--proc"),
                (2, "'--json', '--proc', '--prometheus' and the options for fields exclude each other.",
                 "-t", "status", "--json"),
                (2, "'--fields' and '--get-values' exclude each other.",
                 "-f", "NAME", "-g", "NAME", "status")):
            with self.subTest(argv):
                self.bad(code, message, *argv)


class Watch(BonddCase):
    def start(self, *argv, text=None, env=None):
        """status --watch without a terminal; text: a function for what it has written so far."""
        log = self.lab.path(f"watch-{self.id()}")
        process = self.lab.a.start("bondcli", "status", "--watch", *argv, log=log, env=env)
        self.addCleanup(lambda: process.alive and process.stop(signal.SIGKILL))

        def written():
            with open(log, encoding="utf-8") as file:
                return file.read()
        return process, written

    def test_without_a_terminal_each_change_is_a_block(self):
        process, text = self.start()
        wait_for(lambda: "last events" in text(), 5, "the first block")
        self.assertRegex(text(), r"\A[0-9:]+\n\nbond0 works: all 2 ports are usable\.\n")
        self.assertNotIn("\033", text())
        self.lab.cut("eth0")
        wait_for(lambda: "bond0 works, but is degraded: 1 of 2" in text(), 5,
                 lambda: f"the cut to be shown: {text()}")
        self.assertRegex(text(), r"\n\n[0-9:]+\n\nbond0 works, but is degraded")
        self.lab.mend("eth0")
        wait_for(lambda: text().rsplit("\n\nbond0 ", 1)[1].startswith("works: all 2"), 5,
                 lambda: f"the mended cable to be shown: {text()}")
        process.stop(signal.SIGINT)
        self.assertEqual(process.popen.returncode % 256, 130)

    def test_options_bonds_and_bondd_that_come_and_go(self):
        self.make_bond("bond1", {"mode": "balance-rr"}, [])
        process, text = self.start("-g", "NAME,MODE", "bond1", "bond0")
        wait_for(lambda: text() == "bond1:balance-rr\nbond0:active-backup\n", 5, "the first block")
        self.lab.bond_call("bond1", "SetOptions", "(a{ss}u)", {"mode": "broadcast"}, 0)
        wait_for(lambda: "\n\nbond1:broadcast\n" in text(), 5, "the option to be shown")
        self.lab.bond_call("bond1", "Delete")
        wait_for(lambda: text().endswith("\n\nbond0:active-backup\n"), 5, "bond1 to be away")
        self.lab.kill_bondd(signal.SIGKILL)
        wait_for(lambda: "\n\nbondd has stopped; waiting for it.\n" in text(), 5, text)
        self.lab.start_bondd()
        wait_for(lambda: text().rsplit("waiting for it.", 1)[1].endswith("bond0:active-backup\n"),
                 10, text)
        process.stop(signal.SIGTERM)
        self.assertEqual(process.popen.returncode % 256, 143)

    def test_json_and_names_that_are_not_there(self):
        process, text = self.start("--json")
        wait_for(lambda: text().endswith("}\n"), 5, "the first block")
        self.assertEqual(json.loads(text())["bonds"][0]["name"], "bond0")
        process.stop(signal.SIGINT)
        self.bad(10, "There is no bond 'bond7'; there are: bond0.", "status", "--watch", "bond7")

    def test_on_a_terminal_q_leaves_it_as_it_was(self):
        """script(1) makes the terminal; its own settings are printed before and after.

        Its shell lives on after Ctrl-C, whichever one $SHELL names: not all do by themselves.
        """
        run = "trap : INT; stty -g; bondcli status --watch; echo left $?; stty -g"
        for key, left in (("q", 0), ("\x03", 130)):
            text = self.lab.a.run(
                "sh", "-c", f"(sleep 0.2; until grep -q 'last events' {self.lab.path('tty')}; do "
                f"sleep 0.1; done; printf '{key}'; sleep 0.3) | "
                f"script -qfec '{run}' {self.lab.path('tty')}", env={"TERM": "xterm"})
            before, rest = text.split("\n", 1)
            screen, after = rest.split("\033[?7h\033[?25h\033[?1049l", 1)
            self.assertTrue(screen.startswith("\033[?1049h\033[?25l\033[?7l"), rest)
            self.assertIn("(q ends this)", screen)
            self.assertIn("bond0 works: all 2 ports are usable.", screen)
            self.assertEqual(after.split(), ["left", str(left), before])
            os.unlink(self.lab.path("tty"))

    def test_load_is_what_passes(self):
        self.lab.a.shell("ip addr replace 10.0.1.243/24 dev bond0")
        self.lab.wait_ping()
        flood = self.lab.a.start("ping", "-qi", "0.002", "-s", "1000", "10.0.1.1")
        try:
            def load():
                line = next(l for l in self.good("status").splitlines() if l.startswith("  eth0 "))
                found = re.search(r" ([0-9.]+) (k|M)bit/s +([0-9.]+) (k|M)bit/s ",
                                  line.split("Mbit/s", 1)[1])
                return found and found.group(2) == found.group(4) == "M" or \
                    found and min(float(found.group(1)), float(found.group(3))) > 50
            wait_for(load, 5, lambda: self.good("status"))
        finally:
            flood.stop()


class WarningsCase(BonddCase):
    def warnings(self):
        text = self.good("-g", "WARNINGS", "-e", "no", "status", "bond0").strip()
        return text.split(" | ") if text else []

    def expect(self, *sentences):
        wait_for(lambda: self.warnings() == list(sentences), 10,
                 lambda: f"{sentences}, there are: {self.warnings()}")

    def lacpdu(self, port, system, key=1, state="0d"):
        """What a switch that is set to LACP sends there (active, aggregates, in sync)."""
        data = bytes.fromhex(f"0180c2000002 {system} 8809 0101 0114 8000 {system} {key:04x} 8000 "
                             f"0001 {state} 000000 0214") + bytes(18) + bytes.fromhex("0310") + bytes(66)
        code = (f"import socket; s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); "
                f"s.bind(('{self.lab.switch_port(port)}', 0)); s.send({data!r})")
        self.lab.switch.run("/usr/bin/python3", "-c", code)


class Warnings(WarningsCase):
    """In words, on D-Bus and in every form of status."""

    ports = 4
    options = {"mode": "active-backup", "miimon": "100"}

    def test_in_words(self):
        self.expect()
        self.lab.bond_call("bond0", "SetOptions", "(a{ss}u)", {"miimon": "0"}, 0)
        self.expect("miimon is 0: a port that loses its carrier is still noticed at once by the "
                    "kernel's event, but there is no regular look at the ports as a safety net "
                    "(miimon=100 is usual).")
        self.lab.bond_call("bond0", "SetOptions", "(a{ss}u)", {"miimon": "100"}, 0)
        self.expect()
        cut = ("eth0", "eth2", "eth3")
        for port in cut[:2]:
            self.lab.cut(port)
        half = "Only 2 of 4 ports of bond0 can be used: half of what it is made for is missing."
        self.expect(half)
        self.assertIn(f"\n  Warning: {half}\n", self.good("status"))
        self.lab.cut(cut[2])
        self.expect("Only eth1 can be used: when it fails, bond0 has no connection.")
        for port in cut:
            self.lab.mend(port)
        self.expect()
        # a switch that speaks LACP unasked
        self.lacpdu("eth1", "02aabbccddee")
        self.expect("The switch speaks LACP on eth1 (partner 02:aa:bb:cc:dd:ee), but mode "
                    "active-backup does not: its side of the link is not made for this mode; it "
                    "may keep the port blocked.")
        self.assertEqual(self.usable("bond0"), {"eth0", "eth1", "eth2", "eth3"})


class StaticAggregate(WarningsCase):
    """Modes 0, 2 and 3 want the switch's ports in one; a switch that floods what they send back has not."""

    options = {"mode": "balance-rr", "miimon": "100"}

    def test_what_comes_back_and_what_does_not(self):
        self.lab.a.shell("ip addr replace 10.0.1.243/24 dev bond0")
        for mode in ("balance-rr", "balance-xor", "broadcast"):
            self.lab.bond_call("bond0", "SetOptions", "(a{ss}u)", {"mode": "active-backup"}, 0)
            self.expect()
            self.lab.bond_call("bond0", "SetOptions", "(a{ss}u)", {"mode": mode}, 0)
            self.lab.a.shell("ip neigh flush dev bond0")
            self.lab.wait_ping()
            self.expect("What bond0 sends comes back to it: the switch does not have its ports in one "
                        f"static aggregate, as mode {mode} wants it (or there is a loop in the network).")
        # under another address it is that one which comes back
        self.lab.a.shell("ip link set bond0 address 02:00:00:00:00:07")

        def asked_and_warned():
            self.lab.a.shell("ip neigh flush dev bond0")
            self.lab.wait_ping()
            return len(self.warnings()) == 1
        wait_for(asked_and_warned, 10, self.warnings)
        # and with the aggregate nothing comes back
        self.lab.bond_call("bond0", "SetOptions", "(a{ss}u)", {"mode": "active-backup"}, 0)
        self.lab.static_lag()
        for mode in ("balance-rr", "balance-xor", "broadcast"):
            self.lab.bond_call("bond0", "SetOptions", "(a{ss}u)", {"mode": mode}, 0)
            for _ in range(3):
                self.lab.a.shell("ip neigh flush dev bond0; ip -4 neigh flush dev bond0")
                self.lab.wait_ping()
            self.expect()


# a TAP has a carrier while somebody has it open
TAP = """
import fcntl, os, struct, time
tap = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(tap, 0x400454ca, struct.pack("16sH14x", b"tap0", 0x1002))
while True:
    os.read(tap, 2048)
"""


class Unequal(WarningsCase):
    """A port that can be told its speed."""

    options = {"mode": "balance-rr", "miimon": "100"}

    @classmethod
    def make_bond(cls, name, options, ports):
        cls.lab.a.start("/usr/bin/python3", "-c", TAP)
        wait_for(lambda: cls.lab.a.result("ip", "link", "show", "tap0").returncode == 0, 10, "tap0")
        cls.lab.a.run("ethtool", "-s", "tap0", "speed", "1000", "duplex", "full")
        super().make_bond(name, options, [*ports, "tap0"])

    def test_ports_of_unequal_speed(self):
        speed = self.lab.a.run("cat", "/sys/class/net/eth0/speed").strip()
        self.assertNotEqual(speed, "1000")
        self.expect(f"The ports differ in speed: eth0 has {speed} Mbit/s, tap0 1000 Mbit/s.")


class Partners(WarningsCase):
    options = {"mode": "802.3ad", "miimon": "100"}

    @classmethod
    def make_bond(cls, name, options, ports):
        cls.lab.bondd_call("CreateBond", "(sa{ss}a{sv})", name, options, {})
        cls.lab.a.run("ip", "link", "set", name, "up")
        for port in ports:
            cls.lab.bond_call(name, "AttachPort", "(sa{sv})", port, {})

    def test_partners_that_do_not_fit(self):
        nobody = ("Nobody answers LACP on {}: is the switch's side configured for it (active or "
                  "passive)?")
        self.expect(nobody.format("eth0"), nobody.format("eth1"))
        self.lacpdu("eth0", "02aaaaaaaaaa")
        self.expect(nobody.format("eth1"))
        self.lacpdu("eth1", "02bbbbbbbbbb")
        self.expect("eth0 and eth1 are connected to different LACP partners (02:aa:aa:aa:aa:aa and "
                    "02:bb:bb:bb:bb:bb), and only one's ports are used: two switches must act as "
                    "one (MLAG).")
        self.lacpdu("eth1", "02aaaaaaaaaa", key=7)
        self.expect("The partner has eth0 and eth1 in different aggregations (keys 1 and 7), and "
                    "only one's ports are used: put the switch's ports into one.")
        self.lacpdu("eth1", "02aaaaaaaaaa", state="09")
        self.expect("The partner on eth1 does not aggregate: its port is not in an aggregation of "
                    "the switch.")
        self.lacpdu("eth1", "02aaaaaaaaaa")
        self.expect()


class Leaving(BonddCase):
    options = {"mode": "balance-rr", "miimon": "100"}

    def test_a_port_that_has_left_is_still_told(self):
        self.lab.bond_call("bond0", "DetachPort", "(su)", "eth1", 2)
        text = self.good("status")
        self.assertEqual(text.splitlines()[0], "bond0 works, with one port only.")
        self.assertRegex(text, r"(?m)^  eth0 +active +up ")
        self.assertRegex(text, r"(?m)^  eth1 +has left +up ")
        bond = json.loads(self.good("status", "--json"))["bonds"][0]
        self.assertEqual([(p["name"], p["state"]) for p in bond["ports"]],
                         [("eth0", "active"), ("eth1", "lingering")])
        self.assertEqual(bond["health"], "degraded", "one port is no bond to rely on")
        self.assertEqual(bond["options"]["use_carrier"], 1)
        self.assertEqual(self.good("-g", "PORTS", "status"), "eth0\n")
        # used for something else: let go
        self.lab.a.run("ip", "addr", "add", "10.9.9.9/24", "dev", "eth1")
        wait_for(lambda: "eth1" not in [p["name"] for p in json.loads(
            self.good("status", "--json"))["bonds"][0]["ports"]], 10,
            lambda: f"eth1 to be let go\n{self.lab.diagnosis()}")


class Restarts(BonddCase):
    def test_status_answers_while_bondd_is_killed_again_and_again(self):
        """A bondd is on the bus for 100 ms; each answer must be complete all the same."""
        killer = self.lab.a.start("sh", "-c", f"""
            while :; do
                gdbus wait --system --timeout 1 {BONDD} 2>/dev/null || continue
                sleep 0.1
                for pid in $(pidof bondd); do kill -9 $pid 2>/dev/null && echo killed; done
            done""", log=self.lab.path("killer.log"))
        forms = (("status", "--json"), ("status",), ("status", "--proc"), ("-t", "status"),
                 ("events",))

        def killed():
            with open(self.lab.path("killer.log"), encoding="utf-8") as file:
                return len(file.readlines())
        def ask(form):
            for n in itertools.count():
                if n >= 8 and killed() > 5:
                    break
                text = self.good(*form)
                for word in ("bond0", "eth0", "eth1") if form != ("status", "--proc") else \
                        ("Slave Interface: eth0", "Slave Interface: eth1"):
                    self.assertIn(word, text, form)
        try:
            with ThreadPoolExecutor(len(forms)) as pool:  # each answer waits for a new bondd
                list(pool.map(ask, forms))
        finally:
            killer.stop(signal.SIGKILL)


class Trouble(BonddCase):
    """The same bond, with a cable cut."""

    def test_a_cut_cable_is_named_with_its_time(self):
        self.lab.cut("eth0")
        wait_for(lambda: self.lab.bond("bond0")["ports"]["eth0"]["State"] == "down", 10,
                 lambda: f"eth0 to be down\n{self.lab.diagnosis()}")
        text = self.good("status")
        lines = text.splitlines()
        self.assertEqual(lines[0], "bond0 works, but is degraded: 1 of 2 ports are usable.")
        self.assertRegex(lines[1], r"^  eth0 has had no carrier since [0-9:]+ \(for \d+ seconds?\)\.$")
        self.assertRegex(text, r"(?m)^  active port +eth1 \(primary: eth0\)$")
        self.assertRegex(text, r"(?m)^  eth0 +down +down +.* 1 ")
        self.assertRegex(text, r"(?m)^  [0-9:.]+  eth1 is the active port now instead of eth0 ")
        self.assertEqual(self.good("-g", "HEALTH,FAILURES", "status"), "degraded:1\n")

        self.lab.cut("eth1")
        wait_for(lambda: not self.lab.bond("bond0")["Carrier"], 10,
                 lambda: f"bond0 to lose carrier\n{self.lab.diagnosis()}")
        self.assertEqual(self.good("status").splitlines()[0],
                         "bond0 is DOWN: 0 of 2 ports are usable.")
        self.assertEqual(self.good("-g", "HEALTH,CARRIER", "status"), "down:no\n")

        self.lab.mend("eth0")
        self.lab.mend("eth1")
        wait_for(lambda: self.usable("bond0") == {"eth0", "eth1"}, 10,
                 lambda: f"both ports to be back\n{self.lab.diagnosis()}")
        self.assertEqual(self.good("-g", "HEALTH,ACTIVE-PORT", "status"), "ok:eth0\n")

    def test_switched_off(self):
        self.make_bond("bond1", {"mode": "balance-rr", "miimon": "0"}, [])
        self.addCleanup(self.lab.bond_call, "bond1", "Delete")
        self.assertEqual(self.good("status", "bond1").splitlines()[0],
                         "bond1 has no ports: nothing is sent or received.")
        self.lab.a.run("ip", "link", "set", "bond1", "down")
        wait_for(lambda: not self.lab.bond("bond1")["Up"], 10, "bond1 to be down")
        text = self.good("status", "bond1")
        self.assertEqual(text.splitlines()[0],
                         "bond1 is switched off: nothing is sent or received.")
        self.assertRegex(text, r"(?m)^  monitor +carrier, events only \(miimon is 0\)$")
        self.assertIn("Warning: ", text)
        self.assertNotIn("active port", text)

    def test_odd_names(self):
        name = 'q"\\é1'
        self.make_bond(name, {"mode": "balance-rr"}, [])
        self.addCleanup(self.lab.bond_call, name, "Delete")
        bonds = json.loads(self.good("status", "--json"))["bonds"]
        self.assertEqual([b["name"] for b in bonds], ["bond0", name])
        self.assertEqual(self.good("-g", "NAME", "status", name), 'q"\\\\é1\n')
        self.assertRegex(self.good("status"), r'(?m)^  q"\\é1  DOWN   balance-rr ')
        events = [json.loads(l) for l in self.good("events", "--json", name).splitlines()]
        self.assertEqual({e["bond"] for e in events}, {name})

    def test_several_bonds_as_a_table(self):
        self.make_bond("bond1", {"mode": "balance-rr"}, [])
        self.addCleanup(self.lab.bond_call, "bond1", "Delete")
        text = self.good("status")
        self.assertRegex(text, r"(?m)^  bond0 +works +active-backup +eth0 +eth0 eth1$")
        self.assertRegex(text, r"(?m)^  bond1 +DOWN +balance-rr +- +-$")
        self.assertIn("'bondcli status BOND' says more about one of them.", text)
        self.assertEqual(self.good("-g", "NAME", "status"), "bond0\nbond1\n")
        self.assertEqual(self.good("-g", "NAME", "status", "bond1"), "bond1\n")
        proc = self.good("status", "--proc")
        self.assertEqual(proc.count("Bonding Mode: "), 2, proc)


if __name__ == "__main__":
    unittest.main(verbosity=2)
