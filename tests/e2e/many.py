#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Fifty bonds of two ports each are made and deleted; nothing remains, and no process grows."""
import json
import time

from harness import Lab, LabTest, main, wait_for
from lab.services import BONDD

BONDS = 50


class Many(LabTest):
    def setUp(self):
        self.lab = Lab(ports=0)
        self.lab.__enter__()
        self.addCleanup(self.lab.close)
        # ports whose other ends are in the switch, without 100 bridge ports to flood
        for n in range(2 * BONDS):
            self.lab.switch.wire(f"sw{n}", self.lab.a, f"eth{n}")
        self.lab.switch.shell("".join(f"ip link set sw{n} up; " for n in range(2 * BONDS)))
        self.lab.a.shell("".join(f"ip link set eth{n} up; " for n in range(2 * BONDS)))
        self.own_macs = {l["ifname"]: l["address"] for l in self.links()
                         if l["ifname"].startswith("eth")}

    def links(self):
        return json.loads(self.lab.a.run("ip", "-json", "link"))

    def descriptors(self):
        pid = self.lab.owner_pid(BONDD)
        return len(self.lab.a.run("ls", f"/proc/{pid}/fd").split())

    def bonds_up(self):
        text = self.lab.nmcli("-t", "-f", "TYPE,STATE", "device")
        return text.splitlines().count("bond:connected")

    def test_fifty_bonds(self):
        self.lab.start_bondd()
        idle = self.descriptors()
        began = time.monotonic()
        profiles = []
        for n in range(BONDS):
            profiles += self.profile(f"bond{n}", (f"eth{2 * n}", f"eth{2 * n + 1}"), n)
        self.lab.a.run("nmcli", "connection", "reload", timeout=60)
        wait_for(lambda: self.bonds_up() == BONDS, 90,
                 lambda: f"{BONDS} bonds connected; there are {self.bonds_up()}", interval=0.25)
        wait_for(self.all_ports_up, 60, "all ports up", interval=0.25)
        up = time.monotonic() - began
        for n in (0, BONDS // 2, BONDS - 1):
            self.assert_port_of(f"eth{2 * n}", f"bond{n}")
        began = time.monotonic()
        self.lab.nmcli("connection", "delete", *profiles, timeout=90)
        wait_for(lambda: not self.remains(), 60, lambda: f"nothing left: {self.remains()}",
                 interval=0.5)
        self.say(f"{BONDS} bonds of 2 ports up in {up:.1f} s, "
                 f"deleted in {time.monotonic() - began:.1f} s")
        wait_for(lambda: self.descriptors() <= idle + 2, 10,
                 lambda: f"bondd's {idle} descriptors; there are {self.descriptors()}")

    def all_ports_up(self):
        text = self.lab.a.run("sh", "-c", "cat /run/bonding/* 2>/dev/null || true")
        ports = text.split("Slave Interface: ")[1:]
        return len(ports) == 2 * BONDS and all("MII Status: up" in port for port in ports)

    def profile(self, bond, ports, number):
        """Keyfiles: 150 calls of nmcli would be the subject otherwise."""
        self.keyfile(bond, f"[connection]\nid={bond}\ntype=bond\ninterface-name={bond}\n"
                     "[bond]\nmode=active-backup\nmiimon=100\n"
                     f"[ipv4]\nmethod=manual\naddress1=10.8.{number}.1/24\n"
                     "[ipv6]\nmethod=disabled\n")
        for port in ports:
            self.keyfile(port, f"[connection]\nid={port}\ntype=ethernet\ninterface-name={port}\n"
                         f"master={bond}\nslave-type=bond\n")
        return [bond, *ports]

    def keyfile(self, name, text):
        path = f"/etc/NetworkManager/system-connections/{name}.nmconnection"
        self.lab.a.run("sh", "-c", f"umask 077; cat >{path}", input=text)

    def remains(self):
        own = {link["ifname"]: link for link in self.links()}
        left = [name for name in own if name.startswith(("bond", "nmbp"))]
        left += [name for name, mac in self.own_macs.items() if own[name]["address"] != mac]
        left += self.lab.a.run("sh", "-c", "ls -A /run/bonding; "
                               "find /run/bondd -type f -not -name events; "
                               "ls -A /sys/fs/bpf/bondd 2>/dev/null || true").split()
        left += [f"{name}: filter" for name in ("eth0", "eth1", f"eth{2 * BONDS - 1}")
                 if self.filters(name)]
        return left


if __name__ == "__main__":
    main()
