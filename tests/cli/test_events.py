#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""`bondcli events`: the log, following it, over a restart of bondd."""
import json
import signal
import unittest

import jsonschema_subset
from common import BonddCase, schema
from lab.namespace import wait_for


class Events(BonddCase):
    def setUp(self):
        self.n_logs = 0

    def lines(self, *argv):
        found = [json.loads(line) for line in self.good("events", "--json", *argv).splitlines()]
        for event in found:
            self.assertEqual(jsonschema_subset.errors(event, schema("events-1.schema.json")), [],
                             event)
        return found

    def follow(self, *argv):
        """Starts a follower; returns it and a function for what it has written so far."""
        self.n_logs += 1
        log = self.lab.path(f"follow-{self.id()}-{self.n_logs}")
        process = self.lab.a.start("bondcli", "events", "--follow", *argv, log=log)
        self.addCleanup(lambda: process.alive and process.stop(signal.SIGKILL))

        def text():
            with open(log, encoding="utf-8") as file:
                return file.read()
        return process, text

    def fail_over(self):
        """A failover by hand, there and back; returns how many events were seen before."""
        self.lab.bond_call("bond0", "SetActivePort", "(s)", "eth1")
        self.lab.bond_call("bond0", "SetActivePort", "(s)", "eth0")

    def test_the_log(self):
        events = self.lines()
        seqs = [e["seq"] for e in events]
        self.assertEqual(seqs, sorted(set(seqs)))
        attached = [e["port"] for e in events if e["event"] == "port-attached"]
        self.assertEqual(attached[:2], ["eth0", "eth1"], events)
        self.assertEqual({e["bond"] for e in events}, {"bond0"})
        self.assertEqual(self.lines("bond0"), events)
        middle = seqs[len(seqs) // 2]
        self.assertEqual(self.lines("--since", str(middle)), [e for e in events if e["seq"] > middle])
        self.assertEqual(self.lines("--since", str(seqs[-1])), [])

    def test_for_people_and_for_scripts(self):
        events = self.lines()
        text = self.good("events").splitlines()
        self.assertEqual(len(text), len(events))
        for line, event in zip(text, events):
            self.assertRegex(line, r"^[0-9:. -]+  bond0 ")
            self.assertTrue(line.endswith(event["text"]), (line, event))
        self.assertEqual(self.good("-g", "SEQ,EVENT,PORT", "events"),
                         "".join(f"{e['seq']}:{e['event']}:{e['port'] or ''}\n" for e in events))
        self.assertEqual(self.good("ev", "--js", "--si", "0"), self.good("events", "--json"))

    def test_unknown_bond(self):
        self.bad(10, "There is no bond 'bond7', and no event of one.", "events", "bond7")

    def test_a_failover_is_told_with_its_reason(self):
        last = self.lines()[-1]["seq"]
        self.fail_over()
        changes = [e for e in self.lines("--since", str(last)) if e["event"] == "active-changed"]
        self.assertEqual([(e["other"], e["port"]) for e in changes],
                         [("eth0", "eth1"), ("eth1", "eth0")], changes)
        for event in changes:
            self.assertNotEqual(event["reason"], "")

    def test_follow(self):
        last = self.lines()[-1]["seq"]
        process, text = self.follow("--json", "--since", str(last), "bond0")
        _, other = self.follow("--json", "--since", str(last), "bond7")
        wait_for(lambda: process.alive, 5, "the follower")
        self.fail_over()
        seen = lambda: [json.loads(l) for l in text().splitlines()]
        wait_for(lambda: len([e for e in seen() if e["event"] == "active-changed"]) == 2, 10,
                 lambda: f"two failovers to be told: {text()}")
        self.assertEqual(seen(), self.lines("--since", str(last)))
        self.assertEqual(other(), "", "events of another bond")
        process.stop(signal.SIGINT)
        self.assertEqual(process.popen.returncode % 256, 130)

    def test_follow_shows_the_last_ten_first(self):
        for _ in range(6):
            self.fail_over()
        known = self.lines()
        self.assertGreater(len(known), 10)
        _, text = self.follow("--json")
        wait_for(lambda: len(text().splitlines()) >= 10, 10, lambda: f"ten lines: {text()}")
        self.assertEqual([json.loads(l) for l in text().splitlines()], known[-10:])

    def test_follow_over_a_restart(self):
        last = self.lines()[-1]["seq"]
        process, text = self.follow("--json", "--since", str(last))
        self.fail_over()
        wait_for(lambda: text().count("active-changed") == 2, 10, lambda: f"a failover: {text()}")
        self.lab.kill_bondd()
        wait_for(lambda: "bondd has stopped; waiting for it.\n" in text(), 10,
                 lambda: f"the follower to notice: {text()}")
        self.lab.start_bondd()
        wait_for(lambda: "bondd is back.\n" in text(), 10, lambda: f"bondd to be back: {text()}")
        self.fail_over()
        wait_for(lambda: text().count("active-changed") >= 4, 10,
                 lambda: f"a failover after the restart: {text()}\n{self.lab.diagnosis()}")
        self.assertTrue(process.alive)
        shown = [json.loads(l)["seq"] for l in text().splitlines() if l.startswith("{")]
        self.assertEqual(shown, [e["seq"] for e in self.lines("--since", str(last))],
                         "nothing twice, nothing left out")

    def test_a_reader_that_goes_away_ends_it(self):
        # it ends at the first event after the reader has gone
        process = self.lab.a.start("bash", "-c", "bondcli events --follow --since 0 | head -n 1; "
                                   "echo ended", log=self.lab.path("head.log"))
        def ended():
            self.fail_over()
            return not process.alive
        wait_for(ended, 10, "bondcli to end when nobody reads", interval=0.2)


JOURNAL = """
import json, os, socket
os.makedirs("/run/systemd/journal", exist_ok=True)
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("/run/systemd/journal/socket")
while True:
    lines = s.recv(65536).decode().splitlines()
    print(json.dumps(dict(l.split("=", 1) for l in lines if "=" in l)), flush=True)
"""


class Journal(BonddCase):
    """A journal of our own: what journald would be told."""

    @classmethod
    def make_bond(cls, name, options, ports):
        cls.lab.a.start("/usr/bin/python3", "-c", JOURNAL, log=cls.lab.path("journal"))
        wait_for(lambda: cls.lab.a.result("test", "-S", "/run/systemd/journal/socket").returncode == 0,
                 10, "the journal")
        cls.lab.bondd_ends(wrapper=("env", "JOURNAL_STREAM=1:1"))
        super().make_bond(name, options, ports)

    def entries(self):
        with open(self.lab.path("journal"), encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def test_events_have_their_fields(self):
        self.lab.cut("eth0")
        wait_for(lambda: any(e.get("NMBOND_EVENT") == "active-changed" and
                             e["NMBOND_PORT"] == "eth1" for e in self.entries()), 10, self.entries)
        wait_for(lambda: len([e for e in self.entries() if "NMBOND_SEQ" in e]) ==
                 len(self.good("events").splitlines()), 10, self.entries)
        told = [e for e in self.entries() if "NMBOND_SEQ" in e]
        events = [json.loads(l) for l in self.good("events", "--json").splitlines()]
        for entry, event in zip(told, events):
            self.assertEqual(entry["MESSAGE"], f"bond0: {event['text']}")
            for key in ("seq", "bond", "port", "other", "event", "reason", "detected_us",
                        "decided_us", "switched_us", "announced_us"):
                expected = event.get(key, 0 if key.endswith("_us") else "")
                self.assertEqual(entry["NMBOND_" + key.upper()],
                                 "" if expected is None else str(expected), (key, entry))
        failover = [e for e in told if e["NMBOND_EVENT"] == "active-changed"][-1]
        self.assertEqual((failover["NMBOND_PORT"], failover["NMBOND_OTHER"]), ("eth1", "eth0"))
        self.assertEqual(failover["MESSAGE_ID"], "6f1b1f5cf7d94b1f8d2a6d0f3b7c9e21")
        self.assertGreater(int(failover["NMBOND_SWITCHED_US"]), 0)
        self.assertEqual({e["MESSAGE_ID"] for e in told if e["NMBOND_EVENT"] != "active-changed"},
                         {"c4a0d8fd8c5b4c0e9a51d7c2e94b6f18"})


if __name__ == "__main__":
    unittest.main(verbosity=2)
