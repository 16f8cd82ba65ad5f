/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * activate.c - profiles brought up and down, waited for as nmcli does; the verbs `up` and `down`.
 */
#include "words.h"

#include <stdio.h>

#define UP_WAIT_S 90u
#define DOWN_WAIT_S 10u
#define PORTS_WAIT_MS 5000u

/* One that is being brought up. Why it failed only its device knows, and only for a moment. */
struct rising {
    NMActiveConnection *active;
    NMDevice *device;
    gulong handler;
    guint failed_because; /* NMDeviceStateReason */
};

static void
on_device_state(NMDevice *device, guint new_state, guint old_state, guint reason, gpointer data)
{
    struct rising *rising = data;

    if (new_state == NM_DEVICE_STATE_FAILED)
        rising->failed_because = reason;
}

static bool
is_settled(struct nm *nm, gpointer data)
{
    struct rising *rising = data;
    NMActiveConnectionState state = nm_active_connection_get_state(rising->active);
    const GPtrArray *devices = nm_active_connection_get_devices(rising->active);

    if (rising->device == NULL && devices != NULL && devices->len > 0) {
        rising->device = g_object_ref(devices->pdata[0]);
        rising->handler =
            g_signal_connect(rising->device, "state-changed", G_CALLBACK(on_device_state), rising);
    }
    return state == NM_ACTIVE_CONNECTION_STATE_ACTIVATED ||
           state >= NM_ACTIVE_CONNECTION_STATE_DEACTIVATING;
}

static bool
is_gone(struct nm *nm, gpointer active)
{
    const GPtrArray *all = nm_client_get_active_connections(nm->client);

    return !g_ptr_array_find((GPtrArray *) all, active, NULL) ||
           nm_active_connection_get_state(active) == NM_ACTIVE_CONNECTION_STATE_DEACTIVATED;
}

static const char *
reason_text(NMActiveConnection *active, guint device_reason)
{
    switch (device_reason) {
    case NM_DEVICE_STATE_REASON_IP_CONFIG_UNAVAILABLE:
    case NM_DEVICE_STATE_REASON_IP_CONFIG_EXPIRED:
        return _("no address was got in time");
    case NM_DEVICE_STATE_REASON_CONFIG_FAILED:
        return _("the bond's device could not be made");
    case NM_DEVICE_STATE_REASON_DEPENDENCY_FAILED:
        return _("its bond could not be brought up");
    default:
        break;
    }
    switch ((int) nm_active_connection_get_state_reason(active)) {
    case NM_ACTIVE_CONNECTION_STATE_REASON_USER_DISCONNECTED:
        return _("it was disconnected meanwhile");
    case NM_ACTIVE_CONNECTION_STATE_REASON_DEVICE_DISCONNECTED:
        return _("its device was disconnected or cannot be used");
    case NM_ACTIVE_CONNECTION_STATE_REASON_IP_CONFIG_INVALID:
        return _("its IP configuration could not be applied");
    case NM_ACTIVE_CONNECTION_STATE_REASON_CONNECT_TIMEOUT:
        return _("no address was got in time");
    case NM_ACTIVE_CONNECTION_STATE_REASON_DEVICE_REALIZE_FAILED:
        return _("the bond's device could not be made");
    case NM_ACTIVE_CONNECTION_STATE_REASON_DEVICE_REMOVED:
        return _("its device has gone");
    case NM_ACTIVE_CONNECTION_STATE_REASON_DEPENDENCY_FAILED:
        return _("its bond could not be brought up");
    case NM_ACTIVE_CONNECTION_STATE_REASON_CONNECTION_REMOVED:
        return _("its profile was deleted");
    default:
        return _("NetworkManager's log says why");
    }
}

static NMActiveConnection *
start(struct nm *nm, NMRemoteConnection *connection, GError **error)
{
    NMActiveConnection *active;
    struct nm_wait wait;

    nm_wait_init(nm, &wait);
    nm_client_activate_connection_async(nm->client, NM_CONNECTION(connection), NULL, NULL,
                                        nm->cancellable, nm_ready, &wait);
    nm_wait(nm, &wait);
    active = nm_client_activate_connection_finish(nm->client, wait.result, error);
    nm_wait_clear(&wait);
    return active;
}

int
nm_activate(struct nm *nm, NMRemoteConnection *connection, bool wait)
{
    g_autoptr(NMActiveConnection) active = NULL;
    struct rising rising = {0};
    GError *error = NULL;
    bool settled;

    rising.active = active = start(nm, connection, &error);
    if (active == NULL)
        return nm_fail(nm, CLI_EXIT_CON_ACTIVATION, _("Connection activation failed"), error);
    if (!wait || nm->wait_s == 0)
        return CLI_EXIT_OK;
    settled = nm_wait_until(nm, is_settled, &rising, nm->wait_s * 1000);
    if (rising.device != NULL)
        g_signal_handler_disconnect(rising.device, rising.handler);
    g_clear_object(&rising.device);
    if (!settled)
        return nm_fail(nm, CLI_EXIT_TIMEOUT, NULL, NULL);
    if (nm_active_connection_get_state(active) != NM_ACTIVE_CONNECTION_STATE_ACTIVATED) {
        cli_error(_("Connection activation failed: %s."),
                  reason_text(active, rising.failed_because));
        return CLI_EXIT_CON_ACTIVATION;
    }
    printf(_("Connection '%s' successfully activated.\n"),
           nm_connection_get_id(NM_CONNECTION(connection)));
    return CLI_EXIT_OK;
}

int
nm_deactivate(struct nm *nm, NMRemoteConnection *connection, bool wait)
{
    const char *id = nm_connection_get_id(NM_CONNECTION(connection));
    NMActiveConnection *found = nm_active_of(nm, connection);
    g_autoptr(NMActiveConnection) active = found != NULL ? g_object_ref(found) : NULL;
    GError *error = NULL;
    struct nm_wait op;
    gboolean ok;

    if (active == NULL) {
        cli_error(_("'%s' is not an active connection."), id);
        return CLI_EXIT_NOT_FOUND;
    }
    nm_wait_init(nm, &op);
    nm_client_deactivate_connection_async(nm->client, active, nm->cancellable, nm_ready, &op);
    nm_wait(nm, &op);
    ok = nm_client_deactivate_connection_finish(nm->client, op.result, &error);
    nm_wait_clear(&op);
    if (!ok)
        return nm_fail(nm, CLI_EXIT_CON_DEACTIVATION, _("Connection deactivation failed"), error);
    if (!wait || nm->wait_s == 0)
        return CLI_EXIT_OK;
    if (!nm_wait_until(nm, is_gone, active, nm->wait_s * 1000))
        return nm_fail(nm, CLI_EXIT_TIMEOUT, NULL, NULL);
    printf(_("Connection '%s' successfully deactivated.\n"), id);
    return CLI_EXIT_OK;
}

/* ---- the ports ---- */

static bool
is_up(struct nm *nm, NMRemoteConnection *connection)
{
    NMActiveConnection *active = nm_active_of(nm, connection);

    return active != NULL &&
           nm_active_connection_get_state(active) == NM_ACTIVE_CONNECTION_STATE_ACTIVATED;
}

static bool
are_up(struct nm *nm, gpointer ports)
{
    GPtrArray *all = ports;

    for (guint i = 0; i < all->len; i++) {
        if (!is_up(nm, all->pdata[i]))
            return false;
    }
    return true;
}

void
nm_wait_for_ports(struct nm *nm, NMRemoteConnection *bond)
{
    g_autoptr(GPtrArray) ports = nm_ports_of(nm, NM_CONNECTION(bond));

    for (guint i = ports->len; i-- > 0;) {
        if (nm_client_get_device_by_iface(nm->client, nm_ifname_of(ports->pdata[i])) == NULL) {
            cli_warn(_("there is no device %s now."), nm_ifname_of(ports->pdata[i]));
            g_ptr_array_remove_index(ports, i);
        }
    }
    nm_wait_until(nm, are_up, ports, MIN(nm->wait_s * 1000, PORTS_WAIT_MS));
    for (guint i = 0; i < ports->len; i++) {
        if (!is_up(nm, ports->pdata[i]))
            cli_warn(_("port %s is not up; 'bondcli port up %s %s' says why."),
                     nm_ifname_of(ports->pdata[i]), nm_connection_get_id(NM_CONNECTION(bond)),
                     nm_ifname_of(ports->pdata[i]));
    }
}

/* ---- the verbs ---- */

/* Ctrl-C while a bond comes up takes it down again: nothing is left half up. */
static int
bring_up(struct nm *nm, NMRemoteConnection *bond)
{
    int rc = nm_activate(nm, bond, true);

    if (rc == CLI_EXIT_OK && nm->wait_s > 0 && nm->signo == 0)
        nm_wait_for_ports(nm, bond);
    if (nm->signo != 0 && rc > CLI_EXIT_SIGNAL) {
        nm->signo = 0;
        if (nm_active_of(nm, bond) != NULL)
            nm_deactivate(nm, bond, false);
    }
    return rc;
}

static int
run(struct cli *cli, const char *verb, int argc, char **argv, bool up)
{
    NMRemoteConnection *bond;
    struct nm nm;
    int rc = cli_parse(cli, NULL, false, &argc, argv);

    if (rc != CLI_EXIT_OK)
        return rc;
    /* nmcli's keyword may stand before the name */
    if (argc == 2 && (g_str_equal(argv[0], "id") || g_str_equal(argv[0], "uuid") ||
                      g_str_equal(argv[0], "path")))
        argc--, argv++;
    rc = words_expect(cli, verb, &argc, &argv, 1, 1, "NAME");
    if (rc != CLI_EXIT_OK)
        return MAX(rc, 0);
    rc = nm_open(&nm, cli, up ? UP_WAIT_S : DOWN_WAIT_S);
    bond = rc == CLI_EXIT_OK ? nm_find_bond(&nm, argv[0], &rc) : NULL;
    if (bond != NULL)
        rc = up ? bring_up(&nm, bond) : nm_deactivate(&nm, bond, true);
    nm_close(&nm);
    return rc;
}

int
cli_up(struct cli *cli, int argc, char **argv)
{
    return run(cli, "up", argc, argv, true);
}

int
cli_down(struct cli *cli, int argc, char **argv)
{
    return run(cli, "down", argc, argv, false);
}
