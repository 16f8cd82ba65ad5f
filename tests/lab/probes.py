# SPDX-License-Identifier: GPL-2.0-or-later
"""Streams of numbered datagrams between two hosts, and what became of them.

    with Streams(lab, interval_us=100) as streams:
        ...                         # what must lose nothing
    streams.assert_lossless()

Two independent one-way streams (an echo would blame one direction for the other) and, if asked for,
an echo. Streams are up and seen on the other side before the body begins, and everything that was
sent had its time to arrive before the counting.
"""
import json

from .namespace import LabError, wait_for

PORT = 7000


class Stream:
    """One direction: a sender in one host, a sink in another."""

    def __init__(self, lab, name, source, sink, address, interval_us, port, ifnames=None):
        """ifnames: for a group, the devices that it leaves and is joined on."""
        self.name, self.interval_us = name, interval_us
        sink_argv, sink_env, send_env = [], {}, {}
        if ifnames:
            sink_argv = [address]
            send_env, sink_env = ({"LAB_IFNAME": ifname} for ifname in ifnames)
        self.sink = self._start(sink, [lab.tool("probe"), "sink", port, *sink_argv], sink_env)
        self.sender = self._start(source, [lab.tool("probe"), "send", address, port, interval_us],
                                  send_env)

    @staticmethod
    def _start(host, argv, env):
        process = host.start(*argv, env=env)
        if "ready" not in process.popen.stdout.readline():
            raise LabError(f"host {host.name}: the probe did not start: {argv}")
        return process

    def stop_sender(self):
        self.sent = json.loads(self.sender.stop())

    def stop_sink(self):
        got = json.loads(self.sink.stop())
        sent = self.sent
        result = dict(got, name=self.name, sent=sent["sent"], errors=sent["errors"],
                      error=sent["error"], late=sent["late"], lost=sent["sent"] - got["received"])
        # what was lost at the very end leaves no hole between two arrivals
        result["lost_span_us"] += (sent["sent"] - 1 - got["highest"]) * self.interval_us
        return result


class Echo:
    """Both directions at once: what was sent and did not come back."""

    def __init__(self, lab, source, mirror, address, interval_us, port):
        self.mirror = Stream._start(mirror, [lab.tool("probe"), "echo", port], None)
        self.pinger = Stream._start(source, [lab.tool("probe"), "ping", address, port,
                                             interval_us], None)

    def stop(self):
        got = json.loads(self.pinger.stop())
        self.mirror.stop()
        return dict(got, name="echo", lost=got["sent"] - got["received"])


class Streams:
    """A to B and B to A, each on its own; results by name after the body."""

    def __init__(self, lab, interval_us=1000, to_b="10.0.1.1", to_a="10.0.1.243", echo=False,
                 port=PORT, other=None, directions=("a>b", "b>a"), near=None):
        self.lab = lab
        self.arguments = interval_us, to_b, to_a, echo, port
        self.directions = directions
        self.a = near or lab.a
        self.b = other or lab.b
        self.results = {}

    def __enter__(self):
        interval_us, to_b, to_a, echo, port = self.arguments
        self.streams = []
        if "a>b" in self.directions:
            self.streams.append(Stream(self.lab, "a>b", self.a, self.b, to_b, interval_us, port))
        if "b>a" in self.directions:
            self.streams.append(Stream(self.lab, "b>a", self.b, self.a, to_a, interval_us,
                                       port + 1))
        self.echo = Echo(self.lab, self.a, self.b, to_b, interval_us, port + 2) if echo else None
        return self

    def __exit__(self, exc_type, exc, tb):
        for stream in self.streams:
            stream.stop_sender()
        self._settle()
        for stream in self.streams:
            self.results[stream.name] = stream.stop_sink()
        if self.echo:
            self.results["echo"] = self.echo.stop()
        return False

    def _settle(self):
        """Until nothing more arrives: the sinks' sockets are empty and stay so."""
        def backlog():
            text = self.a.run("ss", "-Hulnm") + self.b.run("ss", "-Hulnm")
            return [line for line in text.splitlines() if ":70" in line]
        last = [None]

        def quiet():
            now = backlog()
            same, last[0] = now == last[0], now
            return same
        wait_for(quiet, 5, "the probes' sockets to be empty", interval=0.1)

    def lost(self):
        return {name: r["lost"] for name, r in self.results.items()}

    def lost_us(self):
        """Per direction, µs from before the first lost frame until after the last."""
        return {name: r["lost_span_us"] for name, r in self.results.items()}

    def describe(self):
        return "; ".join(
            f"{name}: sent {r['sent']}, lost {r['lost']}"
            + (f" (within {r['lost_span_us']} µs, {r['longest_run']} in a row)" if r["lost"]
               else "")
            + (f", duplicated {r['duplicated']}" if r["duplicated"] else "")
            + (f", reordered {r['reordered']}" if r["reordered"] else "")
            + (f", {r['errors']} could not be sent: {r['error']}" if r.get("errors") else "")
            + (f", overflowed {r['overflowed']}" if r["overflowed"] else "")
            + f", longest silence {r['longest_gap_us']} µs"
            for name, r in self.results.items())

    def assert_lossless(self, what=""):
        if any(r["lost"] or not r["sent"] for r in self.results.values()):
            raise LabError(f"{what}: frames were lost: {self.describe()}\n{self.lab.diagnosis()}")
