#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Throughput over a bond against a plain veth pair, interleaved; medians and ratios.

    host A                                host B
    plain   10.66.0.1 ===== 10.66.0.2   plain
    bond0   10.66.1.1
      eth0            ===== 10.66.1.2   e0
      eth1            =====             e1       (e0's MAC: either takes what is for B)

Both are measured in every round, in turns in the other order, so that whatever else the machine
does meets both. Everything lives in two network namespaces of this process.
"""

import argparse
import datetime
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile

PORT = 5201


def run(*cmd, check=True):
    done = subprocess.run(cmd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(cmd)}: {done.stdout.strip()}")
    return done.stdout


class Hosts:
    def __init__(self, mkbond, mode, attach):
        self.bond = None
        self.a, self.b = f"nmb{os.getpid()}a", f"nmb{os.getpid()}b"
        self.made = []
        try:
            self.build(mkbond, mode, attach)
        except BaseException:
            self.close()
            raise

    def build(self, mkbond, mode, attach):
        for ns in (self.a, self.b):
            run("ip", "netns", "add", ns)
            self.made.append(ns)
            self.at(ns, "sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1",
                    "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0")
            self.at(ns, "ip", "link", "set", "lo", "up")
        mac_b = "02:00:00:00:0b:01"
        for name_a, name_b in (("plain", "plain"), ("eth0", "e0"), ("eth1", "e1")):
            self.at(self.a, "ip", "link", "add", name_a, "type", "veth", "peer", "name", name_b,
                    "netns", self.b)
            self.at(self.a, "ip", "link", "set", name_a, "up")
            self.at(self.b, "ip", "link", "set", name_b, "up")
        for name in ("e0", "e1"):
            self.at(self.b, "ip", "link", "set", name, "address", mac_b)
        self.at(self.a, "ip", "link", "add", "bond0", "address", "02:00:00:00:0a:01", "type", "veth",
                "peer", "name", "nmbp0")
        for name in ("eth0", "eth1"):
            self.at(self.a, "ip", "link", "set", name, "address", "02:00:00:00:0a:01", "alias",
                    "port of bond bond0")
        self.at(self.a, "ip", "link", "set", "nmbp0", "arp", "off", "up")
        self.at(self.a, "ip", "link", "set", "bond0", "up")
        self.at(self.a, "ip", "addr", "add", "10.66.0.1/24", "dev", "plain")
        self.at(self.b, "ip", "addr", "add", "10.66.0.2/24", "dev", "plain")
        self.at(self.a, "ip", "addr", "add", "10.66.1.1/24", "dev", "bond0")
        self.at(self.b, "ip", "addr", "add", "10.66.1.2/24", "dev", "e0")
        # Pinned on a mount of its own, so it must stay.
        self.pins = tempfile.mkdtemp(prefix="nmb")
        self.bond = subprocess.Popen(
            ["ip", "netns", "exec", self.a, "unshare", "-m", "sh", "-c",
             'mount --make-rprivate / && mount -t bpf bpf "$0" && exec "$@"',
             self.pins, mkbond, attach, f"{self.pins}/bondd", mode, "bond0", "nmbp0", "eth0", "eth1"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.attachment = self.bond.stdout.readline().strip()
        if not self.attachment:
            raise RuntimeError("mkbond made no bond")
        for addr in ("10.66.0.2", "10.66.1.2"):
            self.at(self.a, "ping", "-q", "-c", "3", "-i", "0.01", "-W", "2", addr)

    def at(self, ns, *cmd):
        return run("ip", "netns", "exec", ns, *cmd)

    def start(self, ns, cpu, *cmd):
        return subprocess.Popen(["ip", "netns", "exec", ns, "taskset", "-c", str(cpu), *cmd],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def close(self):
        for ns in self.made:
            run("ip", "netns", "del", ns, check=False)
        if self.bond:
            self.bond.communicate()
            os.rmdir(self.pins)


class Bench:
    def __init__(self, hosts, blast, seconds):
        self.hosts, self.blast, self.seconds = hosts, blast, seconds
        cpus = sorted(os.sched_getaffinity(0))
        self.cpu_a, self.cpu_b = cpus[0], cpus[-1]

    def tcp(self, net, streams, reverse):
        """Gbit/s as the receiver counts them, and Gbit for a second of both sides' CPU time."""
        address = f"10.66.{net}.2"
        server = self.hosts.start(self.hosts.b, self.cpu_b, "iperf3", "-s", "-1", "-B", address,
                                  "-p", str(PORT), "--forceflush")
        try:
            for line in server.stdout:
                if "listening" in line:
                    break
            cmd = ["timeout", str(int(self.seconds) + 20), "ip", "netns", "exec", self.hosts.a,
                   "taskset", "-c", str(self.cpu_a), "iperf3", "-c", address, "-p", str(PORT), "-J",
                   "-t", str(max(1, round(self.seconds))), "-P", str(streams)]
            report = json.loads(run(*cmd, *(["-R"] if reverse else [])))
            if "error" in report:
                raise RuntimeError(report["error"])
            rate = report["end"]["sum_received"]["bits_per_second"] / 1e9
            cpu = report["end"]["cpu_utilization_percent"]
            return rate, rate / (cpu["host_total"] + cpu["remote_total"]) * 100
        finally:
            server.kill()
            server.communicate()

    def pair(self, net, listen, talk, to_a):
        """What `blast talk` and the `blast listen` at the other side print."""
        end = 1 if to_a else 2
        at, by = (self.hosts.a, self.hosts.b) if to_a else (self.hosts.b, self.hosts.a)
        address = f"10.66.{net}.{end}"
        listener = self.hosts.start(at, self.cpu_b, self.blast, listen, address, str(PORT))
        try:
            if listener.stdout.readline().strip() != "ready":
                raise RuntimeError(listener.stderr.read())
            said = self.hosts.at(by, "taskset", "-c", str(self.cpu_a), self.blast, talk, address,
                                 str(PORT), str(int(self.seconds * 1000)))
            heard, _ = listener.communicate(timeout=20)  # closes its input
            return said.split(), heard.split()
        finally:
            listener.kill()
            listener.wait()

    def packets(self, net, to_a):
        """Thousands of 60-byte frames a second that arrive."""
        (_, ns, _), (arrived, _) = self.pair(net, "sink", "send", to_a)
        return (int(arrived) / int(ns) * 1e6,)

    def packets_by_cpu_time(self, to_a):
        """Thousands of 60-byte frames for a second of CPU time, over veth and bond: in turns of
        milliseconds, and the whole way to the receiver's socket is on the sender's account. So
        this hardly depends on what else the machine does."""
        end = 1 if to_a else 2
        at, by = (self.hosts.a, self.hosts.b) if to_a else (self.hosts.b, self.hosts.a)
        listener = self.hosts.start(at, self.cpu_b, self.blast, "sink", "0.0.0.0", str(PORT))
        try:
            if listener.stdout.readline().strip() != "ready":
                raise RuntimeError(listener.stderr.read())
            said = self.hosts.at(by, "taskset", "-c", str(self.cpu_a), self.blast, "versus",
                                 f"10.66.0.{end}", f"10.66.1.{end}", str(PORT),
                                 str(int(2 * self.seconds * 1000)))
            return [tuple(1e6 / int(ns) for ns in said.split())]
        finally:
            listener.kill()
            listener.communicate()

    def round_trips(self, net):
        """Thousands of round trips a second, one at a time."""
        (n, ns, _), _ = self.pair(net, "echo", "ask", False)
        return (int(n) / int(ns) * 1e6,)

    def all(self):
        """(name, its units, function of the round's number that gives veth's and the bond's number
        for each unit)"""

        def in_turns(measure, *args):
            def both(i):
                got = {net: measure(net, *args) for net in ((0, 1), (1, 0))[i % 2]}
                return list(zip(got[0], got[1]))
            return both

        tcp, udp, by_cpu = ("Gbit/s", "Gbit/CPU s"), ("k/s",), ("k/CPU s",)
        return [
            ("TCP send, 1 stream", tcp, in_turns(self.tcp, 1, False)),
            ("TCP receive, 1 stream", tcp, in_turns(self.tcp, 1, True)),
            ("TCP send, 4 streams", tcp, in_turns(self.tcp, 4, False)),
            ("TCP receive, 4 streams", tcp, in_turns(self.tcp, 4, True)),
            ("UDP send, arrived", udp, in_turns(self.packets, False)),
            ("UDP receive, arrived", udp, in_turns(self.packets, True)),
            ("UDP send", by_cpu, lambda i: self.packets_by_cpu_time(False)),
            ("UDP receive", by_cpu, lambda i: self.packets_by_cpu_time(True)),
            ("UDP request-response", udp, in_turns(self.round_trips)),
        ]


def commit():
    try:
        return run("git", "-C", os.path.dirname(os.path.abspath(__file__)), "rev-parse", "--short",
                   "HEAD").strip()
    except (RuntimeError, OSError):
        return "unknown"


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--mkbond", required=True, help="the program that makes the bond")
    p.add_argument("--blast", required=True, help="the program that makes the packets")
    p.add_argument("--mode", default="active-backup", help="default: %(default)s")
    p.add_argument("--attach", default="auto", help="auto, tcx, clsact; default: %(default)s")
    p.add_argument("--rounds", type=int, default=7)
    p.add_argument("--seconds", type=float, default=2.0, help="for each number")
    p.add_argument("--only", default="", help="only measurements with this in their name or unit")
    p.add_argument("--smoke", action="store_true", help="one short round: does it yield numbers?")
    args = p.parse_args()
    if os.geteuid() != 0 or not shutil.which("iperf3"):
        print("skipped: needs root and iperf3")
        return 77
    if args.smoke:
        args.rounds, args.seconds = 1, 0.3
    hosts = Hosts(args.mkbond, args.mode, args.attach)
    try:
        bench = Bench(hosts, args.blast, args.seconds)
        tests = [t for t in bench.all() if args.only in f"{t[0]} {t[1]}"]
        if args.smoke:
            tests = [t for t in tests if "4 streams" not in t[0]]
        got = {(name, unit): [] for name, units, _ in tests for unit in units}
        for i in range(args.rounds):
            for name, units, measure in tests:
                for unit, pair in zip(units, measure(i)):
                    got[name, unit].append(pair)
    finally:
        hosts.close()
    print(f"{args.mode}, attached by {hosts.attachment}, {args.rounds} rounds of {args.seconds:g} s, "
          f"kernel {platform.release()}, {os.cpu_count()} CPUs, "
          f"{datetime.date.today().isoformat()}, commit {commit()}")
    print(f"{'median of all rounds':24} {'veth':>9} {'bond':>9} {'unit':10} {'ratio':>6}  "
          "ratio of each round")
    for (name, unit), pairs in got.items():
        plain, bond = zip(*pairs)
        if min(plain + bond) <= 0:
            print(f"{name}: nothing arrived: veth {plain}, bond {bond}")
            return 1
        ratios = sorted(b / a for a, b in pairs)
        print(f"{name:24} {statistics.median(plain):9.1f} {statistics.median(bond):9.1f} {unit:10} "
              f"{statistics.median(ratios):6.2f}  {' '.join(f'{r:.2f}' for r in ratios)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
