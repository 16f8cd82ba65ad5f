#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""create.py BOND PORT... - makes an active-backup bond of the ports, and says what it looks like.

Without NetworkManager; needs root. Refusals are errors of one domain, with a sentence to show."""
import sys

import gi

gi.require_version("Nmbond", "1.0")
from gi.repository import GLib, Nmbond  # noqa: E402


def main(name, ports):
    client = Nmbond.Client.new_sync(None, Nmbond.ClientFlags.NONE, None)
    manager = client.get_manager()
    options = GLib.Variant("a{ss}", {"mode": "active-backup", "miimon": "100"})
    path = manager.call_create_bond_sync(name, options, GLib.Variant("a{sv}", {}), None)
    bond = Nmbond.BondProxy.new_sync(client.get_connection(), 0, Nmbond.BUS_NAME, path, None)
    for port in ports:
        bond.call_attach_port_sync(port, GLib.Variant("a{sv}", {}), None)
    print(bond.call_get_status_text_sync(None), end="")


try:
    main(sys.argv[1], sys.argv[2:])
except GLib.Error as error:
    if error.matches(Nmbond.error_quark(), Nmbond.Error.BOND_EXISTS):
        print("there is one already:", file=sys.stderr)
    sys.exit(error.message)
