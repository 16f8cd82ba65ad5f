#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Which numbered probes of a drill pass the devices named, seen by packet sockets, until stdin ends.

Prints {"sent": [number, ...], "received": [...]}: all devices together, each number as often as it
passed. A probe is a UDP datagram of 24 bytes from or to the responder's port, with the number as its
third word.
"""
import json
import select
import socket
import struct
import sys

PORT, MAGIC = 7350, 0x4e4d4244


def number_of(frame):
    """The number of the probe in an Ethernet frame, or None."""
    if len(frame) < 14 + 20 + 8 + 24 or frame[12:14] != b"\x08\x00" or frame[23] != 17:
        return None
    udp = 14 + (frame[14] & 0xf) * 4
    if PORT not in struct.unpack_from("!HH", frame, udp):
        return None
    magic, _, number = struct.unpack_from("!III", frame, udp + 8)
    return number if magic == MAGIC else None


def main():
    sockets = []
    for name in sys.argv[1:]:
        fd = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0003))
        fd.setsockopt(socket.SOL_SOCKET, 33, 16 << 20)  # SO_RCVBUFFORCE
        fd.bind((name, 0))
        sockets.append(fd)
    print("ready", flush=True)
    seen = {"sent": [], "received": []}
    ended = False
    while True:
        ready, _, _ = select.select(sockets if ended else sockets + [sys.stdin], [], [],
                                    0 if ended else None)
        if ended and not ready:
            break
        for fd in ready:
            if fd is sys.stdin:
                ended = True
                continue
            frame, address = fd.recvfrom(2048)
            number = number_of(frame)
            if number is not None:
                seen["sent" if address[2] == socket.PACKET_OUTGOING else "received"].append(number)
    print(json.dumps(seen), flush=True)


if __name__ == "__main__":
    main()
