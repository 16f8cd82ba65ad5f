#!/usr/bin/gjs
// SPDX-License-Identifier: LGPL-2.1-or-later
// Prints the bonds, then what happens to them, also over restarts of bondd. Nothing blocks.
imports.gi.versions.Nmbond = '1.0';
const {Gio, GLib, Nmbond} = imports.gi;

Gio._promisify(Nmbond.Client, 'new_async', 'new_finish');

function printBonds(client) {
    if (!client.running) {
        print('bondd is away; traffic flows without it');
        return;
    }
    for (const bond of client.get_bonds()) {
        print(`${bond.name}: ${bond.mode}, carrier ${bond.carrier ? 'on' : 'off'}`);
        for (const port of client.get_ports(bond))
            print(`  ${port.name}: ${port.state}`);
    }
}

async function main() {
    const client = await Nmbond.Client.new_async(null, Nmbond.ClientFlags.NONE, null);

    client.connect('event', (_, event) => print(`${event.get_bond()}: ${event.get_text()}`));
    client.connect('notify::running', printBonds);
    printBonds(client);
    return client; // alive as long as somebody holds it
}

const loop = GLib.MainLoop.new(null, false);
let client;

main().then(made => (client = made)).catch(error => {
    printerr(error.message);
    loop.quit();
});
loop.run();
