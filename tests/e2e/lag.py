#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Behind a static LAG the switch goes on sending to a port that has left: nothing is lost.

The switch knows nothing of `nmcli connection down eth1`; half of what host b sends still comes in
on eth1, which nobody else uses, so bondd lets it in.
"""
import time

from harness import A4, LabTest, Streams, main


class Lag(LabTest):
    def check(self, mode):
        self.lab.static_lag()
        self.make_bond(f"mode={mode},miimon=100")
        with Streams(self.lab, 200) as streams:
            for port in ("eth1", "eth0"):
                self.lab.nmcli("connection", "down", port)
                self.assert_own_mac(port)
                time.sleep(0.7)  # well beyond the drain: what is kept then is kept for good
                self.assertEqual(self.lab.b.ping(A4, 20)[1], 20)
                self.lab.nmcli("connection", "up", port)
                self.wait_ports(("eth0", "eth1"))
        streams.assert_lossless(f"{mode} behind a static LAG")
        self.say(f"{streams.describe()}")
        self.lab.nmcli("connection", "down", "eth1")
        self.lab.a.run("ip", "addr", "add", "10.77.0.1/24", "dev", "eth1")
        self.lab.nmcli("connection", "delete", "bond0", "eth0", "eth1")
        self.lab.a.run("ip", "addr", "flush", "dev", "eth1")
        self.assert_nothing_left()

    def test_balance_rr(self):
        self.check("balance-rr")

    def test_balance_xor(self):
        self.check("balance-xor")


if __name__ == "__main__":
    main()
