# SPDX-License-Identifier: GPL-2.0-or-later
"""A laboratory: two hosts and a switch in network namespaces, with the real NetworkManager.

    from lab import Lab
    with Lab() as lab:
        lab.nmcli("connection", "add", "type", "bond", ...)

See topology.py for what stands where, `tests/lab/shell` for a prompt inside.
"""
from .namespace import Host, LabError, Process, wait_for
from .probes import Streams
from .topology import Lab

__all__ = ["Host", "Lab", "LabError", "Process", "Streams", "wait_for"]
