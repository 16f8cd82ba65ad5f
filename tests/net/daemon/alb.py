#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""balance-tlb and balance-alb: host a's bond among several hosts behind one switch that knows
nothing of bonds. Who sends to which port, and what is lost when ports come and go."""
import json
import time

from common import ADDRESS, BondTest, Streams, main, wait_for

CLIENTS = 4
BOTH = ("balance-tlb", "balance-alb")


class Balance(BondTest):
    ports = 2

    def setUp(self):
        super().setUp()
        self.clients = [self.lab.b]
        for n in range(1, CLIENTS):
            host = self.lab._host(f"c{n}")
            self.lab.add_wire(host, "eth0", f"swc{n}")
            host.run("ip", "addr", "add", f"10.0.1.{n + 1}/24", "dev", "eth0")
            self.clients.append(host)

    def address(self, n):
        return f"10.0.1.{n + 1}"

    def port_macs(self):
        return {port: self.a.mac(port) for port in ("eth0", "eth1")}

    def knows(self, host):
        """The address under which a client knows host a."""
        entries = json.loads(host.run("ip", "-j", "neigh", "show", ADDRESS) or "[]")
        return entries[0].get("lladdr") if entries else None

    def active(self):
        return self.lab.bond("bond0")["ActivePort"]

    def counted(self, what):
        return {p: int(self.a.run("cat", f"/sys/class/net/{p}/statistics/{what}_packets"))
                for p in ("eth0", "eth1")}

    def everybody_pings(self):
        for host in self.clients:
            self.lab.wait_ping(ADDRESS, host=host)

    def wait_spread(self):
        """Until clients know host a by the address of each of its ports."""
        def spread():
            return {self.knows(h) for h in self.clients} == set(self.port_macs().values())
        wait_for(spread, 12, lambda: f"clients on both ports: ports {self.port_macs()}, clients "
                 f"{[self.knows(h) for h in self.clients]}")


class Sending(Balance):
    def both_carry(self):
        """Whether each port has carried at least one client's pings."""
        before = self.counted("tx")
        for n in range(CLIENTS):
            self.assertEqual(self.a.ping(self.address(n), count=50), (50, 50, 0))
        after = self.counted("tx")
        return all(after[port] - before[port] >= 50 for port in after)

    def test_by_every_port_under_its_own_address(self):
        for mode in BOTH:
            with self.subTest(mode=mode):
                self.bond_of_two(mode)
                macs, bond = self.port_macs(), self.a.mac("bond0")
                self.assertEqual(macs[self.active()], bond)
                self.assertEqual(len(set(macs.values())), 2)
                for n in range(CLIENTS):
                    self.lab.wait_ping(self.address(n))
                wait_for(self.both_carry, 25, "flows on both ports (balanced each 10 s)", 0.2)
                # the switch learned each address where its port is
                fdb = self.lab.switch.run("bridge", "fdb", "show", "br", "br0")
                for port, mac in macs.items():
                    self.assertIn(f"{mac} dev {self.lab.switch_port(port)} ", fdb)
                self.lab.bond_call("bond0", "Delete")
                self.assert_nothing_left()

    def test_without_bondd(self):
        for mode in BOTH:
            with self.subTest(mode=mode):
                self.bond_of_two(mode)
                self.everybody_pings()
                with Streams(self.lab, 1000) as streams:
                    self.kill()
                    for n in range(CLIENTS):
                        self.assertEqual(self.a.ping(self.address(n), count=50)[1], 50)
                    self.lab.bond("bond0")  # D-Bus starts it again
                streams.assert_lossless(f"{mode}: bondd killed and started")
                self.lab.bond_call("bond0", "Delete")


class Receiving(Balance):
    def test_clients_are_spread_over_ports(self):
        self.bond_of_two("balance-alb")
        self.everybody_pings()
        self.wait_spread()
        before = self.counted("rx")
        for host in self.clients:
            self.assertEqual(host.ping(ADDRESS, count=50)[1], 50)
        after = self.counted("rx")
        self.assertTrue(all(after[p] - before[p] >= 50 for p in after), (before, after))
        # a bridge above: nobody is balanced any more, and new ARP names the bond
        self.a.shell("ip link add br9 type bridge; ip link set bond0 master br9; "
                     f"ip addr flush dev bond0; ip addr add {ADDRESS}/24 dev br9; "
                     "ip link set br9 up")

        def asked_anew():
            for host in self.clients:
                host.run("ip", "neigh", "flush", "all")
            self.everybody_pings()
            return {self.knows(h) for h in self.clients}
        # bondd hears of the bridge a moment after the command has ended
        wait_for(lambda: asked_anew() == {self.a.mac("bond0")}, 10,
                 lambda: f"clients to know {self.a.mac('bond0')}: {asked_anew()}")

    def test_detach_loses_nothing(self):
        for leaving in ("active", "other"):
            with self.subTest(leaving=leaving):
                self.bond_of_two("balance-alb")
                self.everybody_pings()
                self.wait_spread()
                port = self.active()
                if leaving == "other":
                    port = "eth1" if port == "eth0" else "eth0"
                pings = [h.start("ping", "-n", "-q", "-i", "0.01", "-c", "300", ADDRESS)
                         for h in self.clients]
                with Streams(self.lab, 1000) as streams:
                    time.sleep(0.1)
                    self.detach(port, flags=2)
                    time.sleep(1.5)
                    self.attach(port)
                    for ping in pings:
                        text = ping.popen.communicate(timeout=20)[0]
                        self.assertIn("300 packets transmitted, 300 received", text)
                streams.assert_lossless(f"{port} left and came back")
                self.lab.bond_call("bond0", "Delete")

    def test_cut(self):
        for which in ("active", "other"):
            with self.subTest(cut=which):
                self.bond_of_two("balance-alb")
                self.everybody_pings()
                self.wait_spread()
                port = self.active()
                if which == "other":
                    port = "eth1" if port == "eth0" else "eth0"
                pings = [h.start("ping", "-n", "-q", "-i", "0.01", "-c", "300", ADDRESS)
                         for h in self.clients]
                time.sleep(0.2)
                self.lab.cut(port)
                lost = []
                for ping in pings:
                    text = ping.popen.communicate(timeout=20)[0]
                    lost.append(300 - int(text.split(" received")[0].split()[-1]))
                print(f"  {which} cut: pings lost of 300 each: {lost}")
                self.assertLess(max(lost), 20)
                self.lab.mend(port)
                self.everybody_pings()
                self.wait_spread()
                self.lab.bond_call("bond0", "Delete")


if __name__ == "__main__":
    main()
