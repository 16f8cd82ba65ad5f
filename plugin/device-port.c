/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * device-port.c - the part of NmbPluginDevice that deals with ports, and with the record of them.
 *
 * Decides when a port is given to bondd and when it is taken away, and how: with a drain as long
 * as the bond lives on. Never takes a port down and never touches its MAC address: bondd does what
 * is needed without a loss, and NetworkManager's own habit of closing a port first would cost
 * frames.
 */
#include "device-port.h"

#include <net/if.h>

#include "client.h"
#include "profile.h"
#include "record.h"

/* Ports of the last run come back within the first second; slow ones get another round. */
#define NMB_RECONCILE_S 5

static const char *
port_name(NMDevice *port)
{
    const char *name = nm_device_get_ip_iface(port);

    return name ? name : nm_device_get_iface(port);
}

/* ---- the record ---- */

void
nmb_device_record(NMDevice *device)
{
    const char *iface = nm_device_get_iface(device);
    NMSettingsConnection *profile = nm_device_get_settings_connection(device);
    NmbRecord *record;

    if (!profile || nm_device_get_ifindex(device) <= 0 ||
        nm_device_sys_iface_state_is_external(device)) {
        nmb_record_drop(iface);
        return;
    }
    record = nmb_record_ensure(iface);
    record->ifindex = nm_device_get_ifindex(device);
    g_free(record->uuid);
    record->uuid = g_strdup(nm_settings_connection_get_uuid(profile));
    nmb_record_save(record);
}

static void
record_port(NMDevice *device, NMDevice *port)
{
    NMSettingsConnection *profile = nm_device_get_settings_connection(port);
    NmbRecord *record = nmb_record_get(nm_device_get_iface(device));
    NmbRecordPort *entry;

    if (!record || !profile || nm_device_get_ifindex(port) <= 0)
        return;
    entry = nmb_record_port_ensure(record, port_name(port));
    entry->ifindex = nm_device_get_ifindex(port);
    entry->attached = TRUE;
    g_free(entry->uuid);
    entry->uuid = g_strdup(nm_settings_connection_get_uuid(profile));
    nmb_record_save(record);
}

static void
forget_port(NMDevice *device, const char *name)
{
    NmbRecord *record = nmb_record_get(nm_device_get_iface(device));

    if (!record)
        return;
    nmb_record_port_remove(record, name);
    nmb_record_save(record);
}

/* ---- ports that are kept ----
 *
 * When an active bond is activated anew, NetworkManager releases its ports and takes them again a
 * moment later. They stay where they are, so that the bond keeps its carrier and loses no frame;
 * those that do not come back leave it then.
 */

#define NMB_KEPT_MS 1500

static void
end_keeping(NMDevice *device, const char *name)
{
    GPtrArray *kept = NMB_PLUGIN_DEVICE(device)->kept;
    guint i;

    if (g_ptr_array_find_with_equal_func(kept, name, g_str_equal, &i))
        g_ptr_array_remove_index(kept, i);
}

/* Of a bond: another profile that the port is given to now is none of ours. */
static gboolean
is_coming(const char *name)
{
    NMDevice *port = nm_manager_get_device_by_ifindex(NM_MANAGER_GET, (int) if_nametoindex(name));
    NMConnection *connection = port ? nm_device_get_applied_connection(port) : NULL;
    NMSettingConnection *s_con =
        connection ? nm_connection_get_setting_connection(connection) : NULL;
    g_autofree char *type = NULL;

    if (!s_con || !(nm_device_is_activating(port) ||
                    nm_device_get_state(port) == NM_DEVICE_STATE_DEACTIVATING))
        return FALSE;
    g_object_get(s_con, NM_SETTING_CONNECTION_SLAVE_TYPE, &type, NULL);
    return g_strcmp0(type, NM_SETTING_BOND_SETTING_NAME) == 0;
}

static gboolean
review_kept(gpointer data)
{
    NmbPluginDevice *self = data;
    const char *iface = nm_device_get_iface(data);

    for (guint i = self->kept->len; i > 0; i--) {
        const char *name = g_ptr_array_index(self->kept, i - 1);
        g_autoptr(GError) error = NULL;

        if (is_coming(name))
            continue;
        nmb_info(iface, "bond port %s was not taken again, detaching it", name);
        if (!nmb_client_detach(iface, name, 0, &error))
            nmb_warn(iface, "cannot detach bond port %s: %s", name, error->message);
        g_ptr_array_remove_index(self->kept, i - 1);
    }
    if (self->kept->len > 0)
        return G_SOURCE_CONTINUE;
    self->kept_source = 0;
    return G_SOURCE_REMOVE;
}

static void
keep(NMDevice *device, const char *name)
{
    NmbPluginDevice *self = NMB_PLUGIN_DEVICE(device);

    nmb_debug(nm_device_get_iface(device), "bond port %s stays for the next activation", name);
    end_keeping(device, name);
    g_ptr_array_add(self->kept, g_strdup(name));
    if (!self->kept_source)
        self->kept_source = g_timeout_add(NMB_KEPT_MS, review_kept, self);
}

void
nmb_device_port_stop(NMDevice *device)
{
    NmbPluginDevice *self = NMB_PLUGIN_DEVICE(device);

    g_clear_handle_id(&self->reconcile_source, g_source_remove);
    g_clear_handle_id(&self->kept_source, g_source_remove);
    g_ptr_array_set_size(self->kept, 0);
}

/* ---- attaching ---- */

typedef struct {
    NMDevice *device;
    NMDevice *port;
    NMDeviceAttachPortCallback callback;
    gpointer user_data;
} AttachCall;

static void
attach_done(GError *error, gpointer data)
{
    AttachCall *call = data;
    const char *iface = nm_device_get_iface(call->device);
    const char *name = port_name(call->port);

    if (!error) {
        /* The bond may have got its MAC address from this port; NetworkManager reads it next. */
        nm_platform_process_events(nm_device_get_platform(call->device));
        end_keeping(call->device, name);
        record_port(call->device, call->port);
        nmb_info(iface, "attached bond port %s", name);
    } else if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        /* NetworkManager has given the port up and will not detach what it never saw attached. */
        nmb_client_detach(iface, name, 0, NULL);
    else
        nmb_warn(iface, "cannot attach bond port %s: %s", name, error->message);

    call->callback(call->device, error, call->user_data);
    g_object_unref(call->device);
    g_object_unref(call->port);
    g_free(call);
}

static NMTernary
attach_port(NMDevice *device, NMDevice *port, NMConnection *connection, gboolean configure,
            GCancellable *cancellable, NMDeviceAttachPortCallback callback, gpointer user_data)
{
    const char *iface = nm_device_get_iface(device);
    AttachCall *call;

    nm_device_master_check_slave_physical_port(device, port, LOGD_BOND);
    if (!configure) {
        /* NetworkManager has switched IPv6 on while it had not adopted the port yet. */
        nm_device_sysctl_ip_conf_set(port, AF_INET6, "disable_ipv6", "1");
        record_port(device, port);
        nmb_info(iface, "bond port %s was attached", port_name(port));
        return NM_TERNARY_TRUE;
    }

    nm_device_bring_up(port);
    call = g_new(AttachCall, 1);
    call->device = g_object_ref(device);
    call->port = g_object_ref(port);
    call->callback = callback;
    call->user_data = user_data;
    nmb_client_attach_async(iface, port_name(port), nmb_profile_port_settings(connection),
                            cancellable, attach_done, call);
    return NM_TERNARY_DEFAULT;
}

/* ---- detaching ---- */

/* NetworkManager will put the port's own address back at once when the profile had cloned one:
 * then it has to wait until nothing more comes in for the bond's. */
static gboolean
resets_mac(NMDevice *port)
{
    NMConnection *connection = nm_device_get_applied_connection(port);
    NMSetting *s_wired =
        connection ? nm_connection_get_setting_by_name(connection, NM_SETTING_WIRED_SETTING_NAME)
                   : NULL;
    g_autofree char *mac = NULL;

    if (s_wired)
        g_object_get(s_wired, NM_SETTING_WIRED_CLONED_MAC_ADDRESS, &mac, NULL);
    return mac && !g_str_equal(mac, "preserve");
}

/* Without `configure` NetworkManager means "do not touch it". That is so when it is about to quit
 * (the port is still active); a port that has left its active states is really to go: `nmcli
 * device set eth1 managed no` comes that way, as NetworkManager sees no master in the kernel. */
static gboolean
is_real_detach(NMDevice *port, gboolean configure)
{
    NMDeviceState state = nm_device_get_state(port);

    return configure || state <= NM_DEVICE_STATE_DISCONNECTED || state > NM_DEVICE_STATE_ACTIVATED;
}

static void
detach_port(NMDevice *device, NMDevice *port, gboolean configure)
{
    NmbPluginDevice *self = NMB_PLUGIN_DEVICE(device);
    const char *iface = nm_device_get_iface(device);
    const char *name = port_name(port);
    g_autoptr(GError) error = NULL;
    NmbDetachFlags flags = 0;

    if (!is_real_detach(port, configure)) {
        nmb_debug(iface, "bond port %s stays attached", name);
        return;
    }
    forget_port(device, name);
    if (nm_device_get_ifindex(device) <= 0)
        return; /* the bond is gone, and its ports are free */
    if (self->replaced && !resets_mac(port)) {
        keep(device, name);
        return;
    }
    if (self->closing)
        flags = NMB_DETACH_HARD;
    else if (resets_mac(port))
        flags = NMB_DETACH_WAIT_DRAIN;
    if (nmb_client_detach(iface, name, flags, &error))
        nmb_info(iface, "detached bond port %s", name);
    else
        nmb_warn(iface, "cannot detach bond port %s: %s", name, error->message);
}

static gboolean
master_update_slave_connection(NMDevice *device, NMDevice *port, NMConnection *connection,
                               GError **error)
{
    NMConnection *applied = nm_device_get_applied_connection(device);

    if (!applied) {
        g_set_error(error, NM_DEVICE_ERROR, NM_DEVICE_ERROR_FAILED, "bond '%s' is not active",
                    nm_device_get_iface(device));
        return FALSE;
    }
    g_object_set(nm_connection_get_setting_connection(connection), NM_SETTING_CONNECTION_MASTER,
                 nm_connection_get_uuid(applied), NM_SETTING_CONNECTION_SLAVE_TYPE,
                 NM_SETTING_BOND_SETTING_NAME, NULL);
    return TRUE;
}

/* ---- agreeing with bondd ---- */

static void
again_done(GError *error, gpointer data)
{
    g_autofree char *what = data;

    if (error)
        nmb_warn(NULL, "%s: %s", what, error->message);
}

void
nmb_device_port_resync(NMDevice *device)
{
    const char *iface = nm_device_get_iface(device);
    NmbRecord *record = nmb_record_get(iface);

    for (guint i = 0; record && i < record->ports->len; i++) {
        NmbRecordPort *entry = g_ptr_array_index(record->ports, i);
        NMDevice *port = nm_manager_get_device_by_ifindex(NM_MANAGER_GET, entry->ifindex);

        if (!entry->attached || !port)
            continue;
        nmb_client_attach_async(
            iface, entry->name, nmb_profile_port_settings(nm_device_get_applied_connection(port)),
            NULL, again_done, g_strdup_printf("bond port %s of %s", entry->name, iface));
    }
}

static gboolean
is_on_its_way(const NmbRecordPort *entry)
{
    NMDevice *port = nm_manager_get_device_by_ifindex(NM_MANAGER_GET, entry->ifindex);

    return port && nm_device_is_activating(port);
}

static gboolean
reconcile(gpointer data)
{
    NMDevice *device = data;
    const char *iface = nm_device_get_iface(device);
    NmbRecord *record = nmb_record_get(iface);
    gboolean again = FALSE;

    for (guint i = record ? record->ports->len : 0; i > 0; i--) {
        NmbRecordPort *entry = g_ptr_array_index(record->ports, i - 1);
        g_autoptr(GError) error = NULL;

        if (entry->attached)
            continue;
        if (is_on_its_way(entry)) {
            again = TRUE;
            continue;
        }
        nmb_info(iface, "bond port %s has no active profile any more, detaching it", entry->name);
        if (!nmb_client_detach(iface, entry->name, 0, &error))
            nmb_warn(iface, "cannot detach bond port %s: %s", entry->name, error->message);
        g_ptr_array_remove_index(record->ports, i - 1);
        nmb_record_save(record);
    }
    if (again)
        return G_SOURCE_CONTINUE;
    NMB_PLUGIN_DEVICE(device)->reconcile_source = 0;
    nmb_device_port_resync(device); /* the ports' settings may have been edited meanwhile */
    return G_SOURCE_REMOVE;
}

void
nmb_device_port_reconcile_later(NMDevice *device)
{
    NmbPluginDevice *self = NMB_PLUGIN_DEVICE(device);

    if (!self->reconcile_source)
        self->reconcile_source = g_timeout_add_seconds(NMB_RECONCILE_S, reconcile, device);
}

/* Of a bond of its own NetworkManager would learn it from the ports losing their master in the
 * kernel. Ports of a bond that it has deactivated itself are not in the record any more. */
void
nmb_device_port_orphan(NMDevice *device)
{
    NmbRecord *record = nmb_record_get(nm_device_get_iface(device));

    for (guint i = 0; record && i < record->ports->len; i++) {
        NmbRecordPort *entry = g_ptr_array_index(record->ports, i);
        NMDevice *port = nm_manager_get_device_by_ifindex(NM_MANAGER_GET, entry->ifindex);

        if (entry->attached && port && nm_device_get_state(port) > NM_DEVICE_STATE_DISCONNECTED &&
            nm_device_get_state(port) <= NM_DEVICE_STATE_ACTIVATED)
            nm_device_queue_state(port, NM_DEVICE_STATE_DEACTIVATING,
                                  NM_DEVICE_STATE_REASON_DEPENDENCY_FAILED);
    }
}

void
nmb_device_port_class_init(NMDeviceClass *klass)
{
    klass->attach_port = attach_port;
    klass->detach_port = detach_port;
    klass->master_update_slave_connection = master_update_slave_connection;
}
