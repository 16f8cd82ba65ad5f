/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * device.c - NmbPluginDevice: a bond of ours as NetworkManager sees it.
 *
 * Shows clients what NetworkManager's own bond device shows (type bond, D-Bus interface
 * Device.Bond) and turns the stages of an activation into calls to bondd. Decides what a profile's
 * change means for the link; never touches the datapath, and never takes the link down.
 */
#include "device.h"

#include "adopt.h"
#include "client.h"
#include "device-port.h"
#include "profile.h"
#include "record.h"

G_DEFINE_TYPE(NmbPluginDevice, nmb_plugin_device, NM_TYPE_DEVICE)

#define PARENT_CLASS NM_DEVICE_CLASS(nmb_plugin_device_parent_class)

static GSList *devices; /* all instances, borrowed */

/* ---- profiles ---- */

static NMDeviceCapabilities
get_generic_capabilities(NMDevice *device)
{
    return NM_DEVICE_CAP_CARRIER_DETECT | NM_DEVICE_CAP_IS_SOFTWARE;
}

static gboolean
check_connection_compatible(NMDevice *device, NMConnection *connection, GError **error)
{
    if (!PARENT_CLASS->check_connection_compatible(device, connection, error))
        return FALSE;
    if (nmb_profile_datapath(connection) == NMB_DATAPATH_KERNEL) {
        g_set_error_literal(error, NM_UTILS_ERROR, NM_UTILS_ERROR_CONNECTION_AVAILABLE_INCOMPATIBLE,
                            "the profile asks for the kernel's bonding (nm-bond.datapath)");
        return FALSE;
    }
    return TRUE;
}

/* Puts what is in force on the link into the bond setting. */
static void
fill_options(NMDevice *device, NMConnection *connection)
{
    const char *iface = nm_device_get_iface(device);
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) options = NULL;

    nmb_connection_ensure_bond(connection);
    options = nmb_client_get_options(iface, &error);
    if (options)
        nmb_profile_fill(connection, options);
    else
        nmb_warn(iface, "cannot read the options in force: %s", error->message);
}

/* Of an unfinished profile (`nmcli device connect`, editors). What it leaves open is as it is. */
static gboolean
complete_connection(NMDevice *device, NMConnection *connection, const char *specific_object,
                    NMConnection *const *existing_connections, GError **error)
{
    NMSettingConnection *s_con = nm_connection_get_setting_connection(connection);
    gboolean has_options =
        nm_connection_get_setting_by_name(connection, NM_SETTING_BOND_SETTING_NAME) != NULL;
    g_autofree char *iface = NULL;

    if (s_con)
        g_object_get(s_con, NM_SETTING_CONNECTION_INTERFACE_NAME, &iface, NULL);
    nm_utils_complete_generic(nm_device_get_platform(device), connection,
                              NM_SETTING_BOND_SETTING_NAME, existing_connections, NULL,
                              _("Bond connection"), "bond", NULL, TRUE);
    if (!iface)
        g_object_set(nm_connection_get_setting_connection(connection),
                     NM_SETTING_CONNECTION_INTERFACE_NAME, nm_device_get_iface(device), NULL);
    if (!has_options && nm_device_get_ifindex(device) > 0)
        fill_options(device, connection);
    nmb_connection_ensure_bond(connection);
    return TRUE;
}

/* The profile of a link that exists: to adopt it, or to show it as connected externally. */
static void
update_connection(NMDevice *device, NMConnection *connection)
{
    fill_options(device, connection);
}

/* ---- the link ---- */

static const NMPlatformLink *
find_link(NMDevice *device)
{
    NMPlatform *platform = nm_device_get_platform(device);
    int ifindex;

    nm_platform_process_events(platform);
    ifindex = nm_platform_link_get_ifindex(platform, nm_device_get_iface(device));
    return ifindex > 0 ? nm_platform_link_get(platform, ifindex) : NULL;
}

static gboolean
create_and_realize(NMDevice *device, NMConnection *connection, NMDevice *parent,
                   const NMPlatformLink **out_plink, GError **error)
{
    const char *iface = nm_device_get_iface(device);
    g_autoptr(GError) local = NULL;
    const NMPlatformLink *link;

    if (!nmb_client_create(iface, nmb_profile_options(connection),
                           nmb_profile_bond_settings(connection), &local)) {
        g_set_error(error, NM_DEVICE_ERROR, NM_DEVICE_ERROR_CREATION_FAILED,
                    "Failed to create bond interface '%s' for '%s': %s", iface,
                    nm_connection_get_id(connection), local->message);
        return FALSE;
    }
    link = find_link(device);
    if (!link) {
        g_set_error(error, NM_DEVICE_ERROR, NM_DEVICE_ERROR_CREATION_FAILED,
                    "bondd has created bond '%s', but there is no such link in NetworkManager's "
                    "network namespace",
                    iface);
        nmb_client_delete(iface, NULL);
        return FALSE;
    }
    NMB_PLUGIN_DEVICE(device)->created = TRUE;
    *out_plink = link;
    return TRUE;
}

/* NetworkManager does not delete the link itself, since this is set; and there is nothing to chain
 * up to: the base class has no function here. */
static gboolean
unrealize(NMDevice *device, GError **error)
{
    const char *iface = nm_device_get_iface(device);

    if (!nmb_client_delete(iface, error)) {
        g_prefix_error(error, "cannot delete bond '%s': ", iface);
        return FALSE;
    }
    nm_platform_process_events(nm_device_get_platform(device));
    return TRUE;
}

static void
unrealize_notify(NMDevice *device)
{
    const char *iface = nm_device_get_iface(device);

    PARENT_CLASS->unrealize_notify(device);
    nmb_device_port_stop(device);
    nmb_device_port_orphan(device);
    nmb_adopt_give_up(iface);
    nmb_record_drop(iface);
}

/* ---- activation ---- */

/* A rule of udev's in the distribution tells NetworkManager to leave veths alone, and it is heard a
 * moment after the link has been made. What the user says is above that. */
static void
keep_managed(NMDevice *device)
{
    g_object_set(device, NM_DEVICE_MANAGED, TRUE, NULL);
}

static NMActStageReturn
act_stage1_prepare(NMDevice *device, NMDeviceStateReason *out_failure_reason)
{
    const char *iface = nm_device_get_iface(device);
    NMConnection *connection = nm_device_get_applied_connection(device);
    g_autoptr(GError) error = NULL;
    gboolean assume;

    g_return_val_if_fail(connection, NM_ACT_STAGE_RETURN_FAILURE);

    if (nm_device_sys_iface_state_is_external(device))
        return NM_ACT_STAGE_RETURN_SUCCESS;
    assume = nm_device_sys_iface_state_is_external_or_assume(device);

    /* bondd changes what differs, live; of an adopted bond that is what was edited meanwhile. */
    if (!nmb_client_set_options(iface, nmb_profile_options(connection), NMB_SET_REPLACE, &error)) {
        nmb_warn(iface, "cannot apply the bond options of '%s': %s",
                 nm_connection_get_id(connection), error->message);
        if (!assume) {
            *out_failure_reason = NM_DEVICE_STATE_REASON_CONFIG_FAILED;
            return NM_ACT_STAGE_RETURN_FAILURE;
        }
    }
    if (assume)
        return NM_ACT_STAGE_RETURN_SUCCESS;

    keep_managed(device);
    if (!nm_device_hw_addr_set_cloned(device, connection, FALSE)) {
        *out_failure_reason = NM_DEVICE_STATE_REASON_CONFIG_FAILED;
        return NM_ACT_STAGE_RETURN_FAILURE;
    }
    nm_device_bring_up(device);
    return NM_ACT_STAGE_RETURN_SUCCESS;
}

static void
state_changed(NMDevice *device, NMDeviceState new_state, NMDeviceState old_state,
              NMDeviceStateReason reason)
{
    NmbPluginDevice *self = NMB_PLUGIN_DEVICE(device);
    const char *iface = nm_device_get_iface(device);

    if (self->created && new_state > NM_DEVICE_STATE_UNMANAGED) {
        self->created = FALSE;
        keep_managed(device);
    }
    if (nmb_adopt_bond_state(iface, new_state, reason))
        nmb_device_port_reconcile_later(device);

    if (new_state > NM_DEVICE_STATE_ACTIVATED) {
        self->replaced = reason == NM_DEVICE_STATE_REASON_NEW_ACTIVATION;
        self->closing = !self->replaced;
        nmb_record_drop(iface);
    } else if (new_state > NM_DEVICE_STATE_DISCONNECTED) {
        self->closing = FALSE;
        if (new_state == NM_DEVICE_STATE_ACTIVATED)
            self->replaced = FALSE; /* not before: ports are let go while it is on its way */
        nmb_device_record(device);
    } else if (old_state > NM_DEVICE_STATE_DISCONNECTED)
        nmb_record_drop(iface);
}

/* ---- changes while it is active ---- */

static gboolean
options_acceptable(NMDevice *device, NMSetting *s_bond, NMSetting *s_user, GError **error)
{
    g_autoptr(GError) local = NULL;

    if (nmb_client_set_options(nm_device_get_iface(device), nmb_settings_options(s_bond, s_user),
                               NMB_SET_REPLACE | NMB_SET_CHECK, &local))
        return TRUE;
    g_set_error(error, NM_DEVICE_ERROR, NM_DEVICE_ERROR_INCOMPATIBLE_CONNECTION,
                "Can't reapply the bond options: %s", local->message);
    return FALSE;
}

/* Bond options stand in two settings, and one is shown at a time. The other is the one of the
 * profile as it is now, if that is what is being reapplied, else the one that is active. */
static NMSetting *
other_setting(NMDevice *device, const char *setting_name, NMSetting *s_new, const char *other)
{
    NMSettingsConnection *profile = nm_device_get_settings_connection(device);
    NMConnection *now = profile ? nm_settings_connection_get_connection(profile) : NULL;

    if (!now || !nmb_settings_same(nm_connection_get_setting_by_name(now, setting_name), s_new,
                                   setting_name))
        now = nm_device_get_applied_connection(device);
    return nm_connection_get_setting_by_name(now, other);
}

/* Every option can change live, the mode included; bondd says now what it would refuse. */
static gboolean
can_reapply_change(NMDevice *device, const char *setting_name, NMSetting *s_old, NMSetting *s_new,
                   GHashTable *diffs, GError **error)
{
    static const char *const bond = NM_SETTING_BOND_SETTING_NAME;
    static const char *const user = NM_SETTING_USER_SETTING_NAME;
    g_autoptr(GHashTable) real = nmb_real_differences(s_old, s_new, diffs);

    if (diffs && g_hash_table_size(real) == 0)
        return TRUE;
    if (g_str_equal(setting_name, bond))
        return nm_device_hash_check_invalid_keys(real, bond, error, NM_SETTING_BOND_OPTIONS) &&
               options_acceptable(device, s_new, other_setting(device, bond, s_new, user), error);
    if (!PARENT_CLASS->can_reapply_change(device, setting_name, s_old, s_new, real, error))
        return FALSE;
    return !g_str_equal(setting_name, user) ||
           options_acceptable(device, other_setting(device, user, s_new, bond), s_new, error);
}

static void
reapply_connection(NMDevice *device, NMConnection *con_old, NMConnection *con_new)
{
    const char *iface = nm_device_get_iface(device);
    g_autoptr(GError) error = NULL;

    PARENT_CLASS->reapply_connection(device, con_old, con_new);
    if (!nmb_client_set_options(iface, nmb_profile_options(con_new), NMB_SET_REPLACE, &error))
        nmb_warn(iface, "cannot reapply the bond options: %s", error->message);
}

/* ---- after bondd was away ---- */

static void
resync_done(GError *error, gpointer data)
{
    g_autofree char *iface = data;

    if (error)
        nmb_warn(iface, "cannot apply the bond options again: %s", error->message);
}

static void
resync(NMDevice *device)
{
    NMConnection *connection = nm_device_get_applied_connection(device);
    NMDeviceState state = nm_device_get_state(device);
    const char *iface = nm_device_get_iface(device);

    if (nm_device_get_ifindex(device) <= 0 || !connection || state < NM_DEVICE_STATE_CONFIG ||
        state > NM_DEVICE_STATE_ACTIVATED || nm_device_sys_iface_state_is_external(device))
        return;
    nmb_client_set_options_async(iface, nmb_profile_options(connection), NMB_SET_REPLACE,
                                 resync_done, g_strdup(iface));
    nmb_device_port_resync(device);
}

void
nmb_plugin_device_resync_all(void)
{
    for (GSList *l = devices; l; l = l->next)
        resync(l->data);
}

gboolean
nmb_plugin_device_any_real(void)
{
    for (GSList *l = devices; l; l = l->next)
        if (nm_device_get_ifindex(l->data) > 0)
            return TRUE;
    return FALSE;
}

/* ---- the type ---- */

NMDevice *
nmb_plugin_device_new(const char *iface)
{
    return g_object_new(NMB_TYPE_PLUGIN_DEVICE, NM_DEVICE_IFACE, iface, NM_DEVICE_TYPE_DESC, "Bond",
                        NM_DEVICE_DEVICE_TYPE, NM_DEVICE_TYPE_BOND, NM_DEVICE_LINK_TYPE,
                        NM_LINK_TYPE_VETH, NULL);
}

static void
nmb_plugin_device_init(NmbPluginDevice *self)
{
    devices = g_slist_prepend(devices, self);
    self->kept = g_ptr_array_new_with_free_func(g_free);
}

static void
dispose(GObject *object)
{
    NmbPluginDevice *self = NMB_PLUGIN_DEVICE(object);

    devices = g_slist_remove(devices, self);
    nmb_device_port_stop(NM_DEVICE(self));
    g_clear_pointer(&self->kept, g_ptr_array_unref);
    G_OBJECT_CLASS(nmb_plugin_device_parent_class)->dispose(object);
}

static const NMDBusInterfaceInfoExtended interface_info_device_bond = {
    .parent = NM_DEFINE_GDBUS_INTERFACE_INFO_INIT(
        NM_DBUS_INTERFACE_DEVICE_BOND,
        .properties = NM_DEFINE_GDBUS_PROPERTY_INFOS(
            NM_DEFINE_DBUS_PROPERTY_INFO_EXTENDED_READABLE("HwAddress", "s", NM_DEVICE_HW_ADDRESS),
            NM_DEFINE_DBUS_PROPERTY_INFO_EXTENDED_READABLE("Carrier", "b", NM_DEVICE_CARRIER),
            NM_DEFINE_DBUS_PROPERTY_INFO_EXTENDED_READABLE("Slaves", "ao", NM_DEVICE_SLAVES), ), ),
};

static void
nmb_plugin_device_class_init(NmbPluginDeviceClass *klass)
{
    NMDBusObjectClass *dbus_class = NM_DBUS_OBJECT_CLASS(klass);
    NMDeviceClass *device_class = NM_DEVICE_CLASS(klass);

    G_OBJECT_CLASS(klass)->dispose = dispose;
    dbus_class->interface_infos = NM_DBUS_INTERFACE_INFOS(&interface_info_device_bond);

    device_class->connection_type_supported = NM_SETTING_BOND_SETTING_NAME;
    device_class->connection_type_check_compatible = NM_SETTING_BOND_SETTING_NAME;
    device_class->link_types = NM_DEVICE_DEFINE_LINK_TYPES(NM_LINK_TYPE_VETH);
    device_class->is_master = TRUE;
    device_class->get_generic_capabilities = get_generic_capabilities;
    device_class->check_connection_compatible = check_connection_compatible;
    device_class->complete_connection = complete_connection;
    device_class->update_connection = update_connection;
    device_class->create_and_realize = create_and_realize;
    device_class->unrealize = unrealize;
    device_class->unrealize_notify = unrealize_notify;
    device_class->act_stage1_prepare = act_stage1_prepare;
    device_class->act_stage1_prepare_also_for_external_or_assume = TRUE;
    device_class->get_configured_mtu = nm_device_get_configured_mtu_for_wired;
    device_class->state_changed = state_changed;
    device_class->can_reapply_change = can_reapply_change;
    device_class->reapply_connection = reapply_connection;
    nmb_device_port_class_init(device_class);
}
