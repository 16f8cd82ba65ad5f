#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The ARP monitor with the real NetworkManager: bond.options through nmcli, a link that lies."""
import json
import time

from harness import A4, B4, LabTest, Pings, main, wait_for

OPTIONS = f"mode=active-backup,arp_interval=100,arp_ip_target={B4}"


class Arp(LabTest):
    def silence(self, port, silent=True):
        """The switch forwards nothing of the port; its carrier stays."""
        self.lab.switch.run("bridge", "link", "set", "dev", self.lab.switch_port(port), "state",
                            "0" if silent else "3")

    def active(self):
        return self.status("bond0")[0]["Currently Active Slave"]

    def wait_active(self, port):
        wait_for(lambda: self.active() == port, 5, lambda: f"{port} active, it is {self.active()}")

    def test_silent_loss(self):
        self.make_bond(OPTIONS)
        text = self.lab.proc_text("bond0")
        self.assertIn(f"ARP IP target/s (n.n.n.n form): {B4}\n", text)
        self.assertIn("MII Polling Interval (ms): 0\n", text)
        first = self.active()
        other = "eth1" if first == "eth0" else "eth0"
        pings = Pings(self.lab.a)
        time.sleep(0.5)
        self.silence(first)
        self.wait_active(other)
        time.sleep(1)
        sent, received = pings.stop()
        self.say(f"{sent - received} of {sent} pings lost, 10 ms apart")
        self.assertLess(sent - received, 60)
        self.assertIn("LOWER_UP", self.lab.a.link(first)["flags"])
        port = self.status("bond0")[1][first]
        self.assertEqual((port["MII Status"], port["Link Failure Count"]), ("down", "1"))
        self.assertEqual(self.lab.device("bond0")[1], "connected")
        self.silence(first, False)
        self.wait_ports((first, other))
        self.assertEqual(self.active(), other)

    def test_bondcli_shows_targets(self):
        self.make_bond(OPTIONS + ",arp_validate=all")

        def targets():
            status = json.loads(self.lab.bondcli("status", "--json"))
            return {p["name"]: p["targets"] for p in status["bonds"][0]["ports"]}
        # the first answers come a moment after the ports are up
        heard = [{"address": B4, "heard": True}]
        wait_for(lambda: targets() == {"eth0": heard, "eth1": heard}, 5,
                 lambda: f"both ports to have heard {B4}: {targets()}")
        text = self.lab.bondcli("status", "bond0")
        self.assertRegex(text, rf"(?m)targets +{B4}: eth0, eth1$")

    def test_reapply(self):
        """From carrier to ARP and back, live."""
        self.make_bond("mode=active-backup,miimon=100")
        pings = Pings(self.lab.a)
        self.lab.nmcli("connection", "modify", "bond0", "bond.options", OPTIONS)
        self.lab.nmcli("device", "reapply", "bond0")
        wait_for(lambda: "ARP Polling Interval (ms): 100" in self.lab.proc_text("bond0"), 5,
                 lambda: self.lab.proc_text("bond0"))
        time.sleep(1)
        sent, received = pings.stop()
        self.assertEqual(sent, received)
        self.assertEqual({p["Link Failure Count"] for p in self.status("bond0")[1].values()}, {"0"})

    def test_options_that_networkmanager_does_not_know(self):
        """arp_missed_max and ns_ip6_target go through the user setting."""
        self.add_bond(OPTIONS)
        for port in ("eth0", "eth1"):
            self.add_port(port)
        path = "/etc/NetworkManager/system-connections/bond0.nmconnection"
        self.lab.a.shell(f"printf '\\n[user]\\nnm-bond.arp_missed_max=4\\n"
                         f"nm-bond.ns_ip6_target=fd00:1::1\\n' >> {path}")
        self.lab.nmcli("connection", "reload")
        self.lab.nmcli("connection", "up", "bond0")
        self.wait_ports(("eth0", "eth1"))
        text = self.lab.proc_text("bond0")
        self.assertIn("ARP Missed Max: 4\n", text)
        self.assertIn("NS IPv6 target/s (xx::xx form): fd00:1::1\n", text)


if __name__ == "__main__":
    main()
