#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints the bonds, then what happens to them, also over restarts of bondd. Nothing blocks."""
import gi

gi.require_version("Nmbond", "1.0")
from gi.repository import GLib, Nmbond  # noqa: E402


def print_bonds(client, *_):
    if not client.get_running():
        print("bondd is away; traffic flows without it", flush=True)
        return
    for bond in client.get_bonds():
        props = bond.props
        print(f"{props.name}: {props.mode}, carrier {'on' if props.carrier else 'off'}")
        for port in client.get_ports(bond):
            print(f"  {port.props.name}: {port.props.state}")
    print(end="", flush=True)


def print_event(_client, event):
    print(f"{event.get_bond()}: {event.get_text()}", flush=True)


clients = []  # alive as long as somebody holds it


def on_client(_source, result):
    client = Nmbond.Client.new_finish(result)
    client.connect("event", print_event)
    client.connect("notify::running", print_bonds)
    print_bonds(client)
    clients.append(client)


Nmbond.Client.new_async(None, Nmbond.ClientFlags.NONE, None, on_client)
GLib.MainLoop().run()
