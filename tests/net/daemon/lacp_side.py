# SPDX-License-Identifier: GPL-2.0-or-later
"""One end of an 802.3ad bond in a lab of its own: bondd without NetworkManager."""
import os
import re
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
from lab import Lab, wait_for  # noqa: E402 (the path comes first)

UP = 61  # active, long timeout, aggregation, sync, collecting, distributing


class Side:
    """One bondd."""

    def __init__(self, address):
        self.lab = Lab(nm=False, ports=0).__enter__()
        self.host, self.address = self.lab.a, address
        self.lab.bondd_ends()

    def create(self, **options):
        options = {"mode": "802.3ad", "miimon": "100", "xmit_hash_policy": "layer3+4", **options}
        self.lab.bondd_call("CreateBond", "(sa{ss}a{sv})", "bond0", options, {})
        self.host.shell(f"ip link set bond0 up; ip addr add {self.address}/24 dev bond0")

    def attach(self, *ports):
        for port in ports:
            self.lab.bond_call("bond0", "AttachPort", "(sa{sv})", port, {})

    def detach(self, port, flags=0):
        self.lab.bond_call("bond0", "DetachPort", "(su)", port, flags)

    def proc(self):
        return self.host.result("cat", "/run/bonding/bond0").stdout

    def states(self):
        """{port: (actor state, partner state)} as /proc tells."""
        return self.states_of(self.proc())

    @staticmethod
    def states_of(text):
        found = {}
        for part in text.split("\nSlave Interface: ")[1:]:
            states = [int(n) for n in re.findall(r"port state: (\d+)", part)]
            found[part.split("\n", 1)[0]] = tuple(states)
        return found

    def in_use(self, *ports, fast=(0, 0)):
        return self.states() == {port: (UP | fast[0], UP | fast[1]) for port in ports}

    def sent(self, port):
        return int(self.host.run("cat", f"/sys/class/net/{port}/statistics/tx_packets"))

    def flows(self, to, n=200):
        """n flows that differ in one port number only: source ports that the kernel chooses may
        step together with the destination's, and then layer3+4 gives one port for all."""
        code = ("import socket; s = socket.socket(type=socket.SOCK_DGRAM); s.bind(('', 7777)); "
                f"[s.sendto(b'x', ('{to}', 9000 + i)) for i in range({n})]")
        self.host.run("/usr/bin/python3", "-c", code)

    def kill(self, signo=signal.SIGKILL):
        pid = int(self.host.run("pidof", "bondd").split()[0])
        self.host.run("kill", f"-{int(signo)}", str(pid))
        wait_for(lambda: self.host.result("pidof", "bondd").returncode != 0, 5, "bondd to end")
