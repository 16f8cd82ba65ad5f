#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""bondd dies under traffic: nothing is lost, it is back within a second, as it was."""
import signal
import time

from harness import LabTest, Streams, main, wait_for
from lab.services import BONDD

VOLATILE = ("LastChange", "Warnings")


class BonddDeath(LabTest):
    def snapshot(self):
        """Everything D-Bus says of the bond, without what time alone changes."""
        bond = self.lab.bond("bond0")
        ports = {name: {k: v for k, v in port.items() if k not in VOLATILE + ("Bond",)}
                 for name, port in bond["ports"].items()}
        return dict({k: v for k, v in bond.items() if k not in VOLATILE + ("Ports",)}, ports=ports)

    def die_and_compare(self, signo):
        before, text = self.snapshot(), self.lab.proc_text("bond0")
        pid = self.lab.kill_bondd(signo)
        died = time.monotonic()
        wait_for(lambda: self.lab.owner_pid(BONDD) not in (None, pid), 10, "bondd to be back",
                 interval=0.01)
        back_ms = (time.monotonic() - died) * 1000
        self.assertEqual(self.snapshot(), before)
        self.assertEqual(self.lab.proc_text("bond0"), text)
        return back_ms

    def test_kill_9_in_each_mode(self):
        for mode in ("balance-rr", "active-backup", "balance-xor", "broadcast"):
            with self.subTest(mode=mode):
                self.make_bond(f"mode={mode},miimon=100")
                self.lab.cut("eth0")
                wait_for(lambda: self.status()[1]["eth0"]["MII Status"] == "down", 3, "the cut")
                self.lab.mend("eth0")
                self.wait_ports(("eth0", "eth1"))
                with Streams(self.lab, 100) as streams:
                    back = [self.die_and_compare(signal.SIGKILL) for _ in range(3)]
                streams.assert_lossless(f"{mode}: kill -9 of bondd")
                # the best of three: on a busy machine one may take longer
                self.assertLess(min(back), 1000, f"ms until bondd was back: {back}")
                time.sleep(2)  # the issue: a link cut 2 s later is still handled
                with Streams(self.lab, 100) as cut:
                    self.lab.cut("eth1")
                    wait_for(lambda: self.status()[1]["eth1"]["MII Status"] == "down", 2,
                             "the cut after the restart to be seen")
                    self.lab.wait_ping()
                self.lab.mend("eth1")
                self.say(f"{mode}: back after {min(back):.0f} to {max(back):.0f} ms, nothing lost; "
                         f"a cut then lost µs {cut.lost_us()}")
                self.lab.nmcli("connection", "delete", "bond0", "eth0", "eth1")
                self.assert_nothing_left()

    def test_term_keeps_the_traffic_too(self):
        self.make_bond("mode=active-backup,miimon=100")
        with Streams(self.lab, 100) as streams:
            self.die_and_compare(signal.SIGTERM)
        streams.assert_lossless("SIGTERM of bondd")
        with Streams(self.lab, 1000) as streams:
            self.lab.nmcli("connection", "down", "eth1")
            self.lab.nmcli("connection", "up", "eth1")
            self.wait_ports(("eth0", "eth1"))
        streams.assert_lossless("down and up of eth1 after the restart")

    def test_a_cut_while_bondd_is_dead_is_found(self):
        self.make_bond("mode=active-backup,miimon=100")
        gone = self.active_port()
        self.lab.kill_bondd()
        self.lab.cut(gone)
        wait_for(lambda: self.active_port() not in (None, gone, "None"), 3,
                 "the other port to be active")
        self.lab.wait_ping()


if __name__ == "__main__":
    main()
