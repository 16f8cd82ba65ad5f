/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live.c - a changed profile applied to the bond that runs, by NetworkManager's reapply: nothing is
 * taken down.
 *
 * Tries everything at once; what NetworkManager refuses is tried piece by piece, and what is left
 * over is named.
 */
#include "live.h"

#include <stdio.h>
#include <string.h>

static bool
reapply(struct nm *nm, NMDevice *device, NMConnection *connection, GError **error)
{
    struct nm_wait wait;
    gboolean ok;

    nm_wait_init(nm, &wait);
    nm_device_reapply_async(device, connection, 0, 0, nm->cancellable, nm_ready, &wait);
    nm_wait(nm, &wait);
    ok = nm_device_reapply_finish(device, wait.result, error);
    nm_wait_clear(&wait);
    return ok;
}

static NMConnection *
get_applied(struct nm *nm, NMDevice *device)
{
    NMConnection *applied;
    struct nm_wait wait;
    guint64 version;

    nm_wait_init(nm, &wait);
    nm_device_get_applied_connection_async(device, 0, nm->cancellable, nm_ready, &wait);
    nm_wait(nm, &wait);
    applied = nm_device_get_applied_connection_finish(device, wait.result, &version, NULL);
    nm_wait_clear(&wait);
    return applied;
}

/* ---- pieces ---- */

static void
copy_setting(NMConnection *to, NMConnection *from, GType type)
{
    NMSetting *setting = nm_connection_get_setting(from, type);

    if (setting != NULL)
        nm_connection_add_setting(to, nm_setting_duplicate(setting));
    else
        nm_connection_remove_setting(to, type);
}

static void
copy_ip(NMConnection *to, NMConnection *from)
{
    copy_setting(to, from, NM_TYPE_SETTING_IP4_CONFIG);
    copy_setting(to, from, NM_TYPE_SETTING_IP6_CONFIG);
}

static void
copy_wired(NMConnection *to, NMConnection *from, const char *property)
{
    g_auto(GValue) value = G_VALUE_INIT;
    NMSetting *s_from = NM_SETTING(nm_connection_get_setting_wired(from));
    GParamSpec *spec;

    if (s_from == NULL)
        return;
    if (nm_connection_get_setting_wired(to) == NULL)
        nm_connection_add_setting(to, nm_setting_wired_new());
    spec = g_object_class_find_property(G_OBJECT_GET_CLASS(s_from), property);
    g_value_init(&value, spec->value_type);
    g_object_get_property(G_OBJECT(s_from), property, &value);
    g_object_set_property(G_OBJECT(nm_connection_get_setting_wired(to)), property, &value);
}

static void
copy_mtu(NMConnection *to, NMConnection *from)
{
    copy_wired(to, from, NM_SETTING_WIRED_MTU);
}

static void
copy_mac(NMConnection *to, NMConnection *from)
{
    copy_wired(to, from, NM_SETTING_WIRED_CLONED_MAC_ADDRESS);
}

/* True if it is in force now; else the reason has been said. */
static bool
try_piece(struct nm *nm, NMDevice *device, NMConnection *candidate, const char *what)
{
    g_autoptr(GError) error = NULL;

    if (reapply(nm, device, candidate, &error))
        return true;
    g_dbus_error_strip_remote_error(error);
    cli_warn(_("%s could not be applied live (%s); it takes effect when the bond is brought up "
               "again."),
             what, error->message);
    return false;
}

static bool
try_option(struct nm *nm, NMDevice *device, struct profile *profile, const char *name)
{
    g_autoptr(NMConnection) applied = get_applied(nm, device);
    g_autoptr(GPtrArray) no_ports = g_ptr_array_new();
    g_autoptr(profile_auto) one = NULL;
    g_autoptr(GError) error = NULL;
    const char *value = g_hash_table_lookup(profile->options, name);

    if (applied == NULL)
        return false;
    one = profile_read(applied, no_ports);
    if (profile_set(one, name, '=', value != NULL ? value : "", &error) &&
        profile_finish(one, &error))
        return try_piece(nm, device, one->bond, name);
    cli_warn(_("%s could not be applied live (%s); it takes effect when the bond is brought up "
               "again."),
             name, error->message);
    return false;
}

static bool
try_pieces(struct nm *nm, NMDevice *device, struct profile *profile)
{
    static const struct {
        const char *what;
        void (*copy)(NMConnection *to, NMConnection *from);
    } pieces[] = {{"ip", copy_ip}, {"mtu", copy_mtu}, {"mac", copy_mac}};
    GHashTableIter iter;
    gpointer name;
    bool all = true;

    for (gsize i = 0; i < G_N_ELEMENTS(pieces); i++) {
        g_autoptr(NMConnection) applied = get_applied(nm, device);
        g_autoptr(NMConnection) candidate = NULL;

        if (applied == NULL)
            return false;
        candidate = nm_simple_connection_new_clone(applied);
        pieces[i].copy(candidate, profile->bond);
        if (!nm_connection_compare(candidate, applied, NM_SETTING_COMPARE_FLAG_EXACT))
            all &= try_piece(nm, device, candidate, pieces[i].what);
    }
    g_hash_table_iter_init(&iter, profile->given);
    while (g_hash_table_iter_next(&iter, &name, NULL))
        all &= try_option(nm, device, profile, name);
    return all;
}

/* ---- all of it ---- */

static int
start_ports(struct nm *nm, GPtrArray *changes)
{
    int rc = CLI_EXIT_OK;

    for (guint i = 0; i < changes->len && rc == CLI_EXIT_OK; i++) {
        struct change *change = changes->pdata[i];

        if (change->kind == CHANGE_ADD)
            rc = nm_activate(nm, change->remote, true);
    }
    return rc;
}

int
live_apply(struct nm *nm, NMRemoteConnection *bond, struct profile *profile, GPtrArray *changes)
{
    NMActiveConnection *active = nm_active_of(nm, bond);
    const GPtrArray *devices = active != NULL ? nm_active_connection_get_devices(active) : NULL;
    g_autoptr(GError) error = NULL;
    bool ok;

    if (devices == NULL || devices->len == 0) {
        cli_warn(_("'%s' is not up: the change takes effect when it is brought up."),
                 nm_connection_get_id(profile->bond));
        return CLI_EXIT_OK;
    }
    ok = reapply(nm, devices->pdata[0], NULL, &error) || try_pieces(nm, devices->pdata[0], profile);
    if (ok && nm->signo == 0)
        printf(_("Applied to the running bond '%s'.\n"), nm_connection_get_id(profile->bond));
    return start_ports(nm, changes) != CLI_EXIT_OK ? CLI_EXIT_CON_ACTIVATION
           : ok                                    ? CLI_EXIT_OK
                                                   : CLI_EXIT_FAILED;
}
