# SPDX-License-Identifier: GPL-2.0-or-later
"""One host: a network, mount and PID namespace, and the processes in it.

A holder process is PID 1 of the host. When it goes, the kernel kills everything inside, and the
links, filters, BPF pins and mounts go with it: nothing can be left behind, whatever happens to the
test. The holder itself dies with the process that made the lab. Nothing here knows about bonds.
"""
import contextlib
import ctypes
import json
import os
import shlex
import signal
import subprocess
import time

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


class LabError(AssertionError):
    """Something in the lab went wrong; the text has what a person needs."""


def die_with_parent():
    """For preexec_fn: the child is killed when we are."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def wait_for(condition, timeout=10.0, what="condition", interval=0.02):
    """Calls `condition` until it is true, and returns what it returned."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise LabError(f"not within {timeout} s: {what() if callable(what) else what}")
        time.sleep(interval)


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(child) for child in file.read().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


class Process:
    """A long-lived process inside a host. `pid` is what the outside sees."""

    def __init__(self, host, argv, log, env):
        self.name = os.path.basename(argv[0])
        self.popen = subprocess.Popen(
            host.enter_argv(["setpriv", "--pdeathsig", "KILL", *argv]), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if log is None else log,
            stderr=subprocess.STDOUT if log is not None else None,
            env=env, text=True, preexec_fn=die_with_parent)
        self.pid = wait_for(lambda: (children(self.popen.pid) or [None])[0] or self.ended(), 5,
                            f"{self.name} to start")

    def ended(self):
        return -1 if self.popen.poll() is not None else None

    @property
    def alive(self):
        return self.popen.poll() is None

    def kill(self, signo):
        """Nothing, where it has ended: it may do so between the look and the signal."""
        if self.alive and self.pid > 0:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signo)

    def wait(self, timeout=10):
        try:
            return self.popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise LabError(f"{self.name} (pid {self.pid}) does not end") from None

    def stop(self, signo=signal.SIGTERM, timeout=10):
        """Signals and waits. Returns what it had written, where that was not logged to a file."""
        self.kill(signo)
        try:
            return self.popen.communicate(timeout=timeout)[0] or ""
        except subprocess.TimeoutExpired:
            raise LabError(f"{self.name} (pid {self.pid}) does not end") from None


class Host:
    """A machine of the lab."""

    def __init__(self, name, work):
        self.name = name
        self.work = work
        self.env = dict(os.environ, LC_ALL="C.UTF-8", PATH="/usr/sbin:/usr/bin:/sbin:/bin")
        self.processes = []
        # The first child after unshare is PID 1 of the new PID namespace. SIGCHLD ignored: whoever
        # is left to PID 1 is reaped by the kernel.
        init = (f"trap '' CHLD; mount -t proc proc /proc; hostname {name}; echo up; "
                "exec sleep infinity")
        self.unshare = subprocess.Popen(
            ["unshare", "--net", "--mount", "--pid", "--uts", "--ipc", "--propagation", "private",
             "--", "sh", "-c", f"setpriv --pdeathsig KILL sh -ec {shlex.quote(init)} & wait"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
            preexec_fn=die_with_parent)
        if self.unshare.stdout.readline().strip() != "up":
            raise LabError(f"host {name}: no namespaces (root is needed)")
        self.holder = children(self.unshare.pid)[0]
        self.shell("mount -t sysfs sysfs /sys; ip link set lo up; "
                   "sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 "
                   "net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.default.rp_filter=1")

    def enter_argv(self, argv):
        return ["nsenter", "-t", str(self.holder), "-n", "-m", "-p", "-u", "-i", "--", *argv]

    def run(self, *argv, timeout=20, check=True, input=None, env=None):
        """Runs a command in the host to its end. Returns its standard output."""
        result = self.result(*argv, timeout=timeout, input=input, env=env)
        if check and result.returncode:
            raise LabError(self.failure(argv, result))
        return result.stdout

    def result(self, *argv, timeout=20, input=None, env=None):
        argv = self.enter_argv(["timeout", "-k", "1", str(timeout), *map(str, argv)])
        return subprocess.run(argv, input=input, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              stdin=subprocess.DEVNULL if input is None else None, text=True,
                              errors="replace", env=dict(self.env, **(env or {})),
                              timeout=timeout + 5)

    def failure(self, argv, result):
        status = "timed out" if result.returncode == 124 else f"exit status {result.returncode}"
        return (f"on host {self.name}: {shlex.join(map(str, argv))}: {status}\n"
                f"{result.stdout}{result.stderr}".rstrip())

    def shell(self, script, **kw):
        return self.run("sh", "-ec", script, **kw)

    def start(self, *argv, log=None, env=None):
        """Starts a process. log: a path that its output is added to; None: a pipe."""
        file = open(log, "a", encoding="utf-8") if log else None
        try:
            process = Process(self, list(map(str, argv)), file, dict(self.env, **(env or {})))
        finally:
            if file:
                file.close()
        self.processes.append(process)
        return process

    def wire(self, name, other, other_name, mtu=1500):
        """A veth pair between two hosts."""
        # only the network namespace is entered: `netns PID` is then an outside PID
        argv = ["nsenter", "-t", str(self.holder), "-n", "ip", "link", "add", name, "mtu", str(mtu),
                "type", "veth", "peer", "name", other_name, "mtu", str(mtu),
                "netns", str(other.holder)]
        result = subprocess.run(argv, capture_output=True, text=True, check=False)
        if result.returncode:
            raise LabError(self.failure(argv, result))

    def ping(self, address, count=5, interval=0.01, timeout=10):
        """(sent, received, duplicates) of that many pings."""
        argv = ("ping", "-n", "-q", "-i", interval, "-c", count, "-w", timeout, address)
        result = self.result(*argv, timeout=timeout + 5)
        line = next((l for l in result.stdout.splitlines() if "packets transmitted" in l), None)
        if line is None:
            raise LabError(self.failure(argv, result))
        numbers = {words[-1] if words[-1] != "transmitted" else "sent": int(words[0])
                   for words in (part.split() for part in line.split(","))
                   if words[0].isdigit()}
        return numbers["sent"], numbers.get("received", 0), numbers.get("duplicates", 0)

    def link(self, name):
        """The device as `ip -json -details link` has it, or None."""
        result = self.result("ip", "-json", "-details", "link", "show", "dev", name)
        return json.loads(result.stdout)[0] if result.returncode == 0 else None

    def mac(self, name):
        link = self.link(name)
        if not link:
            raise LabError(f"host {self.name} has no device {name}")
        return link["address"]

    def close(self):
        """Ends everything inside, whatever its state, and waits until it is gone."""
        if self.unshare.poll() is None:
            try:
                os.kill(self.holder, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.unshare.wait()
        for process in self.processes:
            process.popen.wait()
            for pipe in (process.popen.stdin, process.popen.stdout):
                if pipe:
                    try:
                        pipe.close()
                    except BrokenPipeError:
                        pass
        self.unshare.stdout.close()
