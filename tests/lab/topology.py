# SPDX-License-Identifier: GPL-2.0-or-later
"""The lab.

    host a                               switch                       host b
    ┌───────────────────────────┐        ┌──────────────────┐         ┌─────────────────────┐
    │ NetworkManager            │        │                  │         │                     │
    │ bondd, dbus-daemon        │        │ sw0 ─┐           │         │                     │
    │                      eth0 ┼────────┼──────┤           │         │                     │
    │            bond0 ═══╡     │        │      ├─ br0 ─ swb┼─────────┼ eth0  10.0.1.1/24   │
    │                      eth1 ┼────────┼──────┤           │         │       fd00:1::1/64  │
    │                           │        │ sw1 ─┘           │         │ dnsmasq, radvd,     │
    │  (eth2, eth3, ... sw2 ...)│        │                  │         │ pings, captures     │
    └───────────────────────────┘        └──────────────────┘         └─────────────────────┘

br0 is a learning bridge without LAG: the how-to's experiment. With switches=2 the odd ports are on
a second bridge br1, joined to br0. Each box is a network, mount and PID namespace of its own
(namespace.py); nothing of the machine outside is touched. Host a has a private /sys/fs/bpf,
/run/bonding, /run/bondd, /run/NetworkManager, /etc/NetworkManager, /var/lib/NetworkManager and
system bus (services.py).
"""
import os
import re
import shutil
import signal
import sys
import tempfile

from .namespace import Host, LabError, wait_for
from .services import Services


def build_dir():
    here = os.path.dirname(os.path.abspath(__file__))
    path = os.environ.get("NMB_BUILD", os.path.join(here, "..", "..", "build"))
    return os.path.abspath(path)


class Lab(Services):
    """The three hosts, up while the `with` block lasts.

    ports      how many ports host a has
    nm         start D-Bus and NetworkManager; bondd is then activated on demand
    bus        start D-Bus only (with nm false)
    physical   NetworkManager takes the ports for network cards (physical.c)
    switches   1 or 2
    """

    def __init__(self, ports=2, nm=True, bus=True, physical=False, switches=1, mtu=1500):
        self.build = build_dir()
        self.n_ports, self.with_nm, self.with_bus = ports, nm, bus or nm
        self.physical, self.switches, self.mtu = physical, switches, mtu
        self.hosts = []
        self.work = None

    def tool(self, name):
        """A program that was built for tests."""
        path = os.path.join(self.build, "tests", "lab", name)
        if not os.path.exists(path):
            raise LabError(f"{path} is not there: build first (or set NMB_BUILD)")
        return path

    # ---- up and down

    def __enter__(self):
        if os.geteuid() != 0:
            print("the lab needs root", file=sys.stderr)
            sys.exit(77)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        self.work = tempfile.mkdtemp(prefix=f"nmb{os.getpid()}-")
        os.chmod(self.work, 0o755)
        try:
            self.a = self._host("a")
            self.b = self._host("b")
            self.switch = self._host("switch")
            self._wire()
            self.start_services()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, exc_type, exc, tb):
        if exc_type and issubclass(exc_type, Exception) and self.with_bus \
                and not getattr(exc, "diagnosed", False) and "log tail" not in str(exc):
            print(self.diagnosis(), file=sys.stderr)
        self.close()
        return False

    def close(self):
        for host in reversed(self.hosts):
            host.close()
        self.hosts = []
        if self.work:
            if os.environ.get("NMB_KEEP"):
                print(f"kept: {self.work}", file=sys.stderr)
            else:
                shutil.rmtree(self.work, ignore_errors=True)
            self.work = None

    def _host(self, name):
        host = Host(name, self.work)
        self.hosts.append(host)
        return host

    def _wire(self):
        self.switch.shell(
            "sysctl -qw net.ipv6.conf.default.disable_ipv6=1; "
            + "".join(f"ip link add br{n} mtu {self.mtu} type bridge stp_state 0 forward_delay 0 "
                      f"mcast_snooping 0; ip link set br{n} up; " for n in range(self.switches)))
        if self.switches == 2:
            self.switch.shell("ip link add j0 type veth peer name j1; "
                              "ip link set j0 master br0 up; ip link set j1 master br1 up")
        for n in range(self.n_ports):
            self.add_port(n)
        self.add_wire(self.b, "eth0", "swb")
        self.b.shell("ip addr add 10.0.1.1/24 dev eth0; ip addr add fd00:1::1/64 dev eth0 nodad")

    def add_wire(self, host, ifname, switch_port, bridge="br0"):
        """A cable between a host and the switch."""
        self.switch.wire(switch_port, host, ifname, self.mtu)
        self.switch.run("ip", "link", "set", switch_port, "master", bridge, "up")
        host.shell(f"ip link set {ifname} up")

    def add_port(self, n):
        self.add_wire(self.a, f"eth{n}", f"sw{n}", f"br{n % self.switches}")

    # ---- cables

    def cut(self, ifname):
        """Host a's port loses carrier: the switch's side goes down."""
        self.switch.run("ip", "link", "set", self.switch_port(ifname), "down")

    def mend(self, ifname):
        self.switch.run("ip", "link", "set", self.switch_port(ifname), "up")

    def static_lag(self):
        """The switch becomes one with a static LAG of eth0 and eth1, instead of a bridge."""
        index = {port: self.switch.link(port)["ifindex"] for port in ("sw0", "sw1", "swb")}
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lag.bpf.c")
        program = self.path("lag.o")
        self.switch.run("clang", "-O2", "-g", "-target", "bpf", "-I",
                        f"/usr/include/{os.uname().machine}-linux-gnu", f"-DPORT0={index['sw0']}",
                        f"-DPORT1={index['sw1']}", f"-DUPLINK={index['swb']}", "-c", source,
                        "-o", program)
        for port in index:
            section = "classifier/group" if port == "swb" else "classifier/uplink"
            self.switch.shell(f"ip link set {port} nomaster; tc qdisc add dev {port} clsact; "
                              f"tc filter add dev {port} ingress bpf direct-action obj {program} "
                              f"sec {section}")

    @staticmethod
    def switch_port(ifname):
        return "sw" + re.fullmatch(r"eth(\d+)", ifname).group(1)

    # ---- waiting

    def wait_ping(self, address="10.0.1.1", host=None, timeout=10):
        """Until the path works; also resolves the neighbour."""
        host = host or self.a
        wait_for(lambda: host.ping(address, count=1, timeout=1)[1], timeout,
                 lambda: f"host {host.name} does not reach {address}\n{self.diagnosis()}")
