/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nm.c - NetworkManager as the verbs see it: reaching it, waiting for it, finding profiles.
 *
 * Decides how a name on the command line becomes a profile. Changes nothing.
 */
#include "nm.h"

#include <signal.h>
#include <string.h>

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

static void
on_signal(int signo, gpointer data)
{
    struct nm *nm = data;

    nm->signo = signo;
    g_main_context_wakeup(NULL);
}

static gboolean
on_timeout(gpointer data)
{
    struct nm *nm = data;

    nm->timed_out = true;
    if (nm->cancellable != NULL)
        g_cancellable_cancel(nm->cancellable);
    g_main_context_wakeup(NULL);
    return G_SOURCE_CONTINUE;
}

void
nm_wait_init(struct nm *nm, struct nm_wait *wait)
{
    wait->loop = g_main_loop_new(NULL, FALSE);
    wait->result = NULL;
    g_clear_object(&nm->cancellable);
    nm->cancellable = g_cancellable_new();
    nm->timed_out = false;
}

void
nm_ready(GObject *source, GAsyncResult *result, gpointer data)
{
    struct nm_wait *wait = data;

    wait->result = g_object_ref(result);
    g_main_loop_quit(wait->loop);
}

/* A call that is under way is waited for even if a signal came: its outcome must be known. */
void
nm_wait(struct nm *nm, struct nm_wait *wait)
{
    guint timer = g_timeout_add(MAX(nm->wait_s, 1) * 1000, on_timeout, nm);

    g_main_loop_run(wait->loop);
    g_source_remove(timer);
    g_clear_pointer(&wait->loop, g_main_loop_unref);
}

void
nm_wait_clear(struct nm_wait *wait)
{
    g_clear_pointer(&wait->loop, g_main_loop_unref);
    g_clear_object(&wait->result);
}

bool
nm_wait_until(struct nm *nm, bool (*done)(struct nm *nm, gpointer data), gpointer data,
              guint wait_ms)
{
    guint timer = g_timeout_add(MAX(wait_ms, 1), on_timeout, nm);
    bool is_done;

    g_clear_object(&nm->cancellable);
    nm->timed_out = false;
    while (!(is_done = done(nm, data)) && !nm->timed_out && nm->signo == 0)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(timer);
    return is_done;
}

int
nm_open(struct nm *nm, struct cli *cli, guint wait_s)
{
    GError *error = NULL;
    struct nm_wait wait;

    *nm = (struct nm){.cli = cli, .wait_s = cli->wait != NULL ? cli->wait_s : wait_s};
    for (gsize i = 0; i < G_N_ELEMENTS(signals); i++)
        nm->sources[i] = cli_signal_add(signals[i], on_signal, nm);
    nm_wait_init(nm, &wait);
    nm_client_new_async(nm->cancellable, nm_ready, &wait);
    nm_wait(nm, &wait);
    nm->client = nm_client_new_finish(wait.result, &error);
    nm_wait_clear(&wait);
    if (nm->client == NULL)
        return nm_fail(nm, CLI_EXIT_NOT_RUNNING, _("NetworkManager cannot be reached"), error);
    if (!nm_client_get_nm_running(nm->client)) {
        cli_error(_("NetworkManager is not running."));
        return CLI_EXIT_NOT_RUNNING;
    }
    return CLI_EXIT_OK;
}

void
nm_close(struct nm *nm)
{
    g_clear_object(&nm->client);
    g_clear_object(&nm->cancellable);
    for (gsize i = 0; i < G_N_ELEMENTS(nm->sources); i++) {
        if (nm->sources[i] != 0)
            g_source_remove(nm->sources[i]);
    }
}

int
nm_fail(struct nm *nm, int code, const char *prefix, GError *error)
{
    g_autoptr(GError) own = error;

    if (nm->timed_out) {
        cli_error(ngettext("Timeout %u second expired.", "Timeout %u seconds expired.", nm->wait_s),
                  nm->wait_s);
        return CLI_EXIT_TIMEOUT;
    }
    if (nm->signo != 0)
        return CLI_EXIT_SIGNAL + nm->signo;
    if (own == NULL)
        return code;
    if (g_error_matches(own, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN) ||
        g_error_matches(own, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY)) {
        cli_error(_("NetworkManager is not running."));
        return CLI_EXIT_NOT_RUNNING;
    }
    g_dbus_error_strip_remote_error(own);
    if (prefix != NULL)
        cli_error("%s: %s", prefix, own->message);
    else
        cli_error("%s", own->message);
    return code;
}

/* ---- finding ---- */

bool
nm_is_bond(NMConnection *connection)
{
    return nm_connection_is_type(connection, NM_SETTING_BOND_SETTING_NAME);
}

const char *
nm_ifname_of(gpointer connection)
{
    const char *ifname = nm_connection_get_interface_name(connection);

    return ifname != NULL ? ifname : "";
}

static bool
has_name(NMRemoteConnection *remote, const char *name, int how)
{
    NMConnection *connection = NM_CONNECTION(remote);

    switch (how) {
    case 0:
        return g_strcmp0(nm_connection_get_id(connection), name) == 0;
    case 1:
        return g_strcmp0(nm_connection_get_uuid(connection), name) == 0 ||
               g_strcmp0(nm_connection_get_path(connection), name) == 0;
    default:
        return g_strcmp0(nm_ifname_of(connection), name) == 0;
    }
}

NMRemoteConnection *
nm_look_for_bond(struct nm *nm, const char *name)
{
    const GPtrArray *all = nm_client_get_connections(nm->client);

    for (int how = 0; how < 3; how++) {
        for (guint i = 0; i < all->len; i++) {
            if (nm_is_bond(all->pdata[i]) && has_name(all->pdata[i], name, how))
                return all->pdata[i];
        }
    }
    return NULL;
}

static char *
bond_names(struct nm *nm)
{
    const GPtrArray *all = nm_client_get_connections(nm->client);
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    for (guint i = 0; i < all->len; i++) {
        if (nm_is_bond(all->pdata[i]))
            g_ptr_array_add(names, (gpointer) nm_connection_get_id(all->pdata[i]));
    }
    g_ptr_array_add(names, NULL);
    return g_strjoinv(", ", (char **) names->pdata);
}

NMRemoteConnection *
nm_find_bond(struct nm *nm, const char *name, int *rc)
{
    NMRemoteConnection *found = nm_look_for_bond(nm, name);
    g_autofree char *names = NULL;

    *rc = found != NULL ? CLI_EXIT_OK : CLI_EXIT_NOT_FOUND;
    if (found != NULL)
        return found;
    names = bond_names(nm);
    if (names[0] == '\0')
        cli_error(_("There is no bond profile '%s'; NetworkManager has none of a bond."), name);
    else
        cli_error(_("There is no bond profile '%s'; there are: %s."), name, names);
    return NULL;
}

bool
nm_is_port_of(NMConnection *port, NMConnection *bond)
{
    NMSettingConnection *s_con = nm_connection_get_setting_connection(port);
    const char *master = nm_setting_connection_get_master(s_con);

    if (master == NULL ||
        g_strcmp0(nm_setting_connection_get_slave_type(s_con), NM_SETTING_BOND_SETTING_NAME) != 0)
        return false;
    return g_strcmp0(master, nm_connection_get_uuid(bond)) == 0 ||
           g_strcmp0(master, nm_ifname_of(bond)) == 0;
}

GPtrArray *
nm_ports_of(struct nm *nm, NMConnection *bond)
{
    const GPtrArray *all = nm_client_get_connections(nm->client);
    GPtrArray *ports = g_ptr_array_new();

    for (guint i = 0; i < all->len; i++) {
        if (nm_is_port_of(all->pdata[i], bond))
            g_ptr_array_add(ports, all->pdata[i]);
    }
    return ports;
}

NMRemoteConnection *
nm_port_profile(struct nm *nm, NMConnection *bond, const char *ifname)
{
    g_autoptr(GPtrArray) ports = nm_ports_of(nm, bond);

    for (guint i = 0; i < ports->len; i++) {
        if (strcmp(nm_ifname_of(ports->pdata[i]), ifname) == 0)
            return ports->pdata[i];
    }
    return NULL;
}

NMActiveConnection *
nm_active_of(struct nm *nm, NMRemoteConnection *connection)
{
    const GPtrArray *all = nm_client_get_active_connections(nm->client);

    for (guint i = 0; i < all->len; i++) {
        NMActiveConnection *active = all->pdata[i];

        if (nm_active_connection_get_connection(active) == connection &&
            nm_active_connection_get_state(active) < NM_ACTIVE_CONNECTION_STATE_DEACTIVATING)
            return active;
    }
    return NULL;
}

/* ---- completion ---- */

static bool
look(struct nm *nm, struct cli *cli)
{
    g_autofree char *owner = NULL;
    GError *error = NULL;
    struct nm_wait wait;

    *nm = (struct nm){.cli = cli, .wait_s = 2};
    nm_wait_init(nm, &wait);
    nm_client_new_async(nm->cancellable, nm_ready, &wait);
    nm_wait(nm, &wait);
    nm->client = nm_client_new_finish(wait.result, &error);
    nm_wait_clear(&wait);
    g_clear_error(&error);
    return nm->client != NULL && nm_client_get_nm_running(nm->client);
}

void
nm_offer_bonds(const char *word)
{
    struct cli cli = {0};
    struct nm nm;

    if (look(&nm, &cli)) {
        const GPtrArray *all = nm_client_get_connections(nm.client);

        for (guint i = 0; i < all->len; i++) {
            if (nm_is_bond(all->pdata[i]))
                cli_offer(nm_connection_get_id(all->pdata[i]), word);
        }
    }
    nm_close(&nm);
}

/* After a comma the next of a list; a sign before the first. */
void
nm_offer_devices(const char *word, bool with_comma)
{
    const char *comma = strrchr(word, ',');
    gsize kept = comma != NULL ? (gsize) (comma - word) + 1 : word[0] == '+' || word[0] == '-';
    g_autofree char *before = g_strndup(word, with_comma ? kept : 0);
    g_auto(GStrv) named = g_strsplit_set(before, "+-,", -1);
    struct cli cli = {0};
    struct nm nm;

    if (look(&nm, &cli)) {
        const GPtrArray *all = nm_client_get_devices(nm.client);

        for (guint i = 0; i < all->len; i++) {
            g_autofree char *candidate =
                g_strconcat(before, nm_device_get_iface(all->pdata[i]), NULL);

            if (NM_IS_DEVICE_ETHERNET(all->pdata[i]) &&
                !g_strv_contains((const char *const *) named, nm_device_get_iface(all->pdata[i])))
                cli_offer(candidate, word);
        }
    }
    nm_close(&nm);
}

void
nm_offer_ports(const char *bond, const char *word)
{
    struct cli cli = {0};
    struct nm nm;
    NMRemoteConnection *found;

    if (look(&nm, &cli) && (found = nm_look_for_bond(&nm, bond)) != NULL) {
        g_autoptr(GPtrArray) ports = nm_ports_of(&nm, NM_CONNECTION(found));

        for (guint i = 0; i < ports->len; i++)
            cli_offer(nm_ifname_of(ports->pdata[i]), word);
    }
    nm_close(&nm);
}
