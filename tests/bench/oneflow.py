#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""One TCP flow over four ports, one of them with a longer cable: what arrives, what is sent twice.

    oneflow.py BUILD [--labs LAB ...] [--contenders WHO ...] [--csv FILE] [--smoke]

In a guest that counts instructions (tests/guest/run --kernel 6.12 --count), so its time does not
depend on the machine. The sender's bond is the contender, the receiver's the kernel's in balance-rr.

    A  10.66.0.1 on bond0                          B  10.66.0.2 on bond0
       p0..p3  =========== four cables =========== e0..e3

LAB: whole     4 x 1 Gbit/s, MTU 1500, the fourth 200 µs longer. Rate and delay are the port's netem:
               a super-packet (up to 64 KB) travels as one, as in a virtual port.
     segments  four times slower (250 Mbit/s, 800 µs), because the guest's processor is too: ports
               cut super-packets into frames of MTU 9000 before the cable; the receiver has GRO.
WHO: kernel    the kernel's bonding driver, balance-rr
     ours      ours, the same
     arrival   ours, rr_order=arrival
     arrival,2 the same, and senders hand the bond two segments at most (gso_max_segs), as bondd has it
               where ports are slow enough
     arrival,1 the same, single segments

cpu_ns is what both hosts (and the cables) were busy, by_port what each port of A sent, in bytes.
--smoke sees to it that all of it still yields numbers: it says nothing about them.
"""
import argparse
import csv
import os
import re
import socket
import struct
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
from beside import GUEST, SKIP, commit, write_rows  # noqa: E402 (nothing is written beside the sources)

LABS = {"whole": {"mbps": 1000, "delays": (0, 0, 0, 200), "mtu": 1500},
        "segments": {"mbps": 250, "delays": (0, 0, 0, 800), "mtu": 9000}}
WHO = {"whole": ("kernel", "ours", "arrival", "arrival,2"),
       "segments": ("kernel", "ours", "arrival", "arrival,2", "arrival,1")}
MODULES = "sch_ingress cls_bpf cls_matchall act_mirred"
MEASURED = ("bytes", "ns", "segments", "retransmitted", "cpu_ns", "by_port")
FIELDS = ("date", "commit", "kernel", "lab", "contender", "window", *MEASURED)
WINDOWS, WINDOW, WARM_UP = 4, 0.15, 0.4  # s
SMOKE = 2, 0.1, 0.0  # from the first byte on, so that who gets stuck later has got somewhere
SMOKE_CELLS = ["whole:kernel", "whole:ours", "segments:arrival", "segments:arrival,2"]
PORT = 5001
TCP_INFO, BYTES_ACKED = 11, 120


# ---- in the guest ----

def run(*words):
    subprocess.run(words, check=True)


def ip(ns, *words):
    run("ip", "-n", ns, *(str(word) for word in words))


def inside(ns, *words):
    return ("ip", "netns", "exec", ns, *(str(word) for word in words))


def netem(ns, device, lab, delay):
    ip(ns, "link", "set", device, "txqueuelen", 10000)
    run(*inside(ns, "tc", "qdisc", "add", "dev", device, "root", "netem", "rate",
                f"{lab['mbps']}mbit", "delay", f"{delay}us", "limit", 5000))


def cable(name, i, delay):
    """From p of A to e of B: through S, where the segments of a super-packet queue one by one."""
    lab, port, end = LABS[name], f"p{i}", f"e{i}"
    if name == "whole":
        ip("A", "link", "add", port, "type", "veth", "peer", "name", end, "netns", "B")
        devices = (("A", port), ("B", end))
    else:
        near, far = f"s{i}", f"r{i}"
        ip("A", "link", "add", port, "type", "veth", "peer", "name", near, "netns", "S")
        ip("S", "link", "add", far, "type", "veth", "peer", "name", end, "netns", "B")
        for device, other in ((near, far), (far, near)):
            ip("S", "link", "set", device, "mtu", lab["mtu"], "up")
            run(*inside("S", "tc", "qdisc", "add", "dev", device, "clsact"))
            run(*inside("S", "tc", "filter", "add", "dev", device, "ingress", "matchall", "action",
                        "mirred", "egress", "redirect", "dev", other))
        run(*inside("A", "ethtool", "-K", port, "tso", "off", "gso", "off"))
        run(*inside("B", "ethtool", "-K", end, "gro", "on"))
        devices = (("S", far), ("B", end))
    ip("A", "link", "set", port, "mtu", lab["mtu"])
    ip("B", "link", "set", end, "mtu", lab["mtu"])
    return [(ns, device, lab, delay) for ns, device in devices]


def kernel_bond(ns, ports, mac):
    ip(ns, "link", "add", "bond0", "address", mac, "type", "bond", "mode", "balance-rr", "miimon", 100)
    for port in ports:
        ip(ns, "link", "set", port, "master", "bond0")


def our_bond(build, who, lab, ports, mac):
    """The process that holds it."""
    mode = "balance-rr"
    if who.startswith("arrival"):
        mode += "," + ",".join(str(n) for n in (lab["mbps"], *lab["delays"]))
    ip("A", "link", "add", "bond0", "address", mac, "type", "veth", "peer", "name", "nmbp0")
    for port in ports:
        ip("A", "link", "set", port, "address", mac, "up")
    ip("A", "link", "set", "nmbp0", "mtu", lab["mtu"], "arp", "off", "up")
    pins = tempfile.mkdtemp()
    made = subprocess.Popen(
        inside("A", "unshare", "-m", "sh", "-c",
               'mount --make-rprivate / && mount -t bpf bpf "$0" && exec "$@"', pins,
               f"{build}/tests/bench/mkbond", "auto", pins, mode, "bond0", "nmbp0", *ports),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    if not made.stdout.readline():
        sys.exit("mkbond failed")
    return made


def in_guest(build, cells, spans):
    """For each cell its name, then a line for each window."""
    for cell in cells:
        print(cell, flush=True)
        one_cell(build, *cell.split(":"), spans)
        for ns in "ABS":
            run("ip", "netns", "del", ns)


def one_cell(build, name, who, spans):
    lab = LABS[name]
    macs = {"A": "02:00:00:00:0a:01", "B": "02:00:00:00:0b:01"}
    for ns in "ABS":
        run("ip", "netns", "add", ns)
        run(*inside(ns, "sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1",
                    "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0",
                    "net.ipv4.tcp_rmem=4096 131072 33554432",
                    "net.ipv4.tcp_wmem=4096 131072 33554432"))
    queues = [queue for i, delay in enumerate(lab["delays"]) for queue in cable(name, i, delay)]
    ports = [f"p{i}" for i in range(len(lab["delays"]))]
    kernel_bond("B", [port.replace("p", "e") for port in ports], macs["B"])
    held = None
    if who == "kernel":
        kernel_bond("A", ports, macs["A"])
    else:
        held = our_bond(build, who, lab, ports, macs["A"])
    if "," in who:
        ip("A", "link", "set", "bond0", "gso_max_segs", who.split(",")[1])
    for ns, address in (("A", "10.66.0.1/24"), ("B", "10.66.0.2/24")):
        ip(ns, "link", "set", "bond0", "mtu", lab["mtu"], "up")
        ip(ns, "addr", "add", address, "dev", "bond0")
    for queue in queues:
        netem(*queue)
    me = (sys.executable, os.path.abspath(__file__))
    sink = subprocess.Popen(inside("B", *me, "--sink"), stdout=subprocess.PIPE)
    sink.stdout.readline()
    run(*inside("A", *me, "--send", *spans))
    sink.wait()
    if held:
        held.communicate()


def sink():
    with socket.create_server(("", PORT)) as server:
        print("listening", flush=True)
        connection, _ = server.accept()
        into = bytearray(1 << 20)
        while connection.recv_into(into):
            pass


def read(path):
    with open(path, encoding="ascii") as file:
        return file.read()


def counted(connection):
    """As the kernel counts from the beginning: MEASURED, by_port as one number for each."""
    names, values = [line.split() for line in read("/proc/net/snmp").splitlines()
                     if line.startswith("Tcp:")]
    tcp = dict(zip(names, values))
    now, idle = time.monotonic_ns(), re.findall(r"\.idle_sleeptime *: *(\d+)", read("/proc/timer_list"))
    info = connection.getsockopt(socket.IPPROTO_TCP, TCP_INFO, 232)
    acknowledged = struct.unpack_from("Q", info, BYTES_ACKED)[0]  # and only then what has carried them
    ports = [int(read(f"/sys/class/net/p{i}/statistics/tx_bytes")) for i in range(4)]
    return [acknowledged, now, int(tcp["OutSegs"]), int(tcp["RetransSegs"]),
            len(idle) * now - sum(map(int, idle)), *ports]


def send(windows, window, warm_up):
    """A line for each window: what was counted in it."""
    data = bytes(1000000)
    with socket.create_connection(("10.66.0.2", PORT)) as connection:
        at, seen = time.monotonic_ns() + int(warm_up * 1e9), []
        while len(seen) <= windows:
            if time.monotonic_ns() >= at:
                seen.append(counted(connection))
                at += int(window * 1e9)
            connection.send(data)
    for before, after in zip(seen, seen[1:]):
        print(*(b - a for a, b in zip(before, after)))


# ---- outside ----

def measure(args, cells, spans):
    """Rows of the CSV, of cells that one guest goes through."""
    done = subprocess.run(
        [GUEST, "--kernel", "6.12", "--count", "--timeout", str(args.timeout), "--modules", MODULES,
         os.path.abspath(__file__), args.build, "--in-guest", *cells, "--spans",
         *map(str, spans)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        print(done.stdout + done.stderr)
        sys.exit(done.returncode)
    rows = []
    for line in done.stdout.splitlines():
        if line in cells:
            lab, who = line.split(":")
            window = 0
            continue
        numbers = line.split(maxsplit=len(MEASURED) - 1)
        rows.append({"lab": lab, "contender": who, "window": window, **dict(zip(MEASURED, numbers))})
        window += 1
    return rows


def total(rows, field):
    return sum(int(row[field]) for row in rows)


def ports_total(rows):
    return [sum(column) for column in zip(*(map(int, row["by_port"].split()) for row in rows))]


def show(rows):
    of = LABS[rows[0]["lab"]]["mbps"] * 4 / 1000
    reached = [int(row["bytes"]) * 8 / int(row["ns"]) for row in rows]
    again, segments = total(rows, "retransmitted"), total(rows, "segments")
    mean = sum(reached) / len(reached)
    ports = ports_total(rows)
    shares = ", ".join(f"{port / max(sum(ports), 1):.0%}" for port in ports)
    print(f"| {rows[0]['lab']} | {rows[0]['contender']} | {mean:.2f} of {of:g} | {mean / of:.0%} | "
          f"{min(reached):.2f} to {max(reached):.2f} | {again} of {segments} | "
          f"{again / max(segments, 1):.3%} | "
          f"{total(rows, 'cpu_ns') * 1024 / max(total(rows, 'bytes'), 1):.0f} | {shares} |", flush=True)


def check(path, cells, windows):
    """What a CSV of SMOKE must have, however slow the contenders were."""
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = [(row["lab"], row["contender"], int(row["window"])) for row in rows]
    wanted = [(*cell.split(":"), window) for cell in cells for window in range(windows)]
    assert found == wanted, f"rows of {found}"
    for cell in cells:
        of_cell = [row for row in rows if f"{row['lab']}:{row['contender']}" == cell]
        ports = ports_total(of_cell)
        assert all(row[field] for row in of_cell for field in FIELDS), f"{cell}: a field is empty"
        assert total(of_cell, "bytes") > 0 and total(of_cell, "segments") > 0, f"{cell}: no progress"
        assert 0 <= total(of_cell, "retransmitted") < total(of_cell, "segments"), f"{cell}: sent again"
        assert 0 < total(of_cell, "cpu_ns") <= total(of_cell, "ns"), f"{cell}: CPU time"
        assert len(ports) == 4 and all(ports), f"{cell}: ports without traffic: {ports}"
        assert sum(ports) >= total(of_cell, "bytes"), f"{cell}: more arrived than {ports}"


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("build", nargs="?")
    parser.add_argument("--labs", nargs="+", choices=LABS, default=LABS)
    parser.add_argument("--contenders", nargs="+")
    parser.add_argument("--timeout", type=float, default=1800)
    parser.add_argument("--csv")
    parser.add_argument("--smoke", action="store_true", help="little of it: does it yield numbers?")
    parser.add_argument("--in-guest", nargs="+", metavar="LAB:WHO")
    parser.add_argument("--spans", nargs=3, metavar=("WINDOWS", "SECONDS", "WARM_UP"))
    parser.add_argument("--sink", action="store_true")
    parser.add_argument("--send", nargs=3, metavar=("WINDOWS", "SECONDS", "WARM_UP"))
    args = parser.parse_args()
    if args.sink:
        return sink()
    if args.send:
        return send(int(args.send[0]), *map(float, args.send[1:]))
    args.build = os.path.abspath(args.build)
    if args.in_guest:
        return in_guest(args.build, args.in_guest, args.spans)
    if os.geteuid() != 0:
        print("skipped: needs root")
        return SKIP
    spans = SMOKE if args.smoke else (WINDOWS, WINDOW, WARM_UP)
    cells = SMOKE_CELLS if args.smoke else [
        f"{lab}:{who}" for lab in args.labs for who in args.contenders or WHO[lab]]
    measured, rows = commit(), []
    print("| lab | sender | Gbit/s | | of the windows | sent again | | CPU, ns a KiB | by port |\n"
          "|---|---|---|---|---|---|---|---|---|")
    for part in [cells] if args.smoke else [[cell] for cell in cells]:
        found = measure(args, part, spans)
        for at in range(0, len(found), spans[0]):
            show(found[at:at + spans[0]])
        rows += found
    with tempfile.TemporaryDirectory() as work:
        path = args.csv or os.path.join(work, "oneflow.csv")
        write_rows(path, FIELDS, rows, measured, "6.12")
        if args.smoke:
            check(path, cells, spans[0])
    return 0


if __name__ == "__main__":
    sys.exit(main())
