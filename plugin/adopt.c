/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * adopt.c - finding everything as it was after NetworkManager's restart.
 *
 * NetworkManager adopts ("assumes") a device whose state file names the profile that was active.
 * Three things stand in the way of a bond on our datapath, and are decided here:
 *
 * - Order. NetworkManager looks at a port before it looks at the bond, and a port that is adopted
 *   before its bond exists stays without it for good. So, while a bond of the last run is
 *   undecided, no bond-port profile fits a port of it: the base class's
 *   check_connection_compatible() is hooked. The refusal leaves the UUID in the port's device
 *   alone. Once the bond activates, its ports are asked again.
 * - A second death while adopting. NetworkManager rewrites the state file without the UUID on the
 *   way; it is put back from our record before the files are read.
 * - Ports without a sign of configuration: record.c.
 *
 * The hook ends with the decision: when the bond activates, when it comes to rest without being
 * adopted, when it disappears, or after a timeout. It never changes a link.
 */
#include "adopt.h"

#include <net/if.h>

#include "profile.h"
#include "record.h"

#define NMB_DEVICE_STATE_DIR NMRUNDIR "/devices"
/* From the loading of the plugin; udev may take its time to announce the links at boot. */
#define NMB_ADOPT_TIMEOUT_S 20

typedef gboolean (*CheckCompatible)(NMDevice *device, NMConnection *connection, GError **error);

static CheckCompatible base_check;
static guint timeout_source;

/* ---- the hook ---- */

typedef struct {
    int ifindex;
    const char *bond; /* out */
} PortSearch;

static void
search_undecided(NmbRecord *record, gpointer data)
{
    PortSearch *search = data;

    for (guint i = 0; record->undecided && i < record->ports->len; i++)
        if (((NmbRecordPort *) g_ptr_array_index(record->ports, i))->ifindex == search->ifindex)
            search->bond = record->bond;
}

/* NetworkManager keeps the device of a profile that asked for the kernel's bonding before. */
static gboolean
is_kernel_bond_device(NMDevice *device)
{
    return g_str_equal(G_OBJECT_TYPE_NAME(device), "NMDeviceBond") &&
           nm_device_get_ifindex(device) <= 0;
}

static gboolean
check_connection_compatible(NMDevice *device, NMConnection *connection, GError **error)
{
    NMDeviceClass *klass = NM_DEVICE_GET_CLASS(device);
    PortSearch search = {.ifindex = nm_device_get_ifindex(device)};

    /* The base function compares its own address with the class's to know that a class supports
     * nothing; ours stands there now. */
    if (!klass->connection_type_check_compatible &&
        klass->check_connection_compatible == check_connection_compatible) {
        g_set_error_literal(error, NM_UTILS_ERROR, NM_UTILS_ERROR_CONNECTION_AVAILABLE_INCOMPATIBLE,
                            "device does not support any connections");
        return FALSE;
    }
    if (is_kernel_bond_device(device) && nmb_profile_is_ours(connection)) {
        g_set_error_literal(error, NM_UTILS_ERROR, NM_UTILS_ERROR_CONNECTION_AVAILABLE_INCOMPATIBLE,
                            "the profile is not for the kernel's bonding");
        return FALSE;
    }
    if (search.ifindex > 0 && timeout_source && nmb_connection_is_bond_port(connection)) {
        nmb_record_foreach(search_undecided, &search);
        if (search.bond) {
            g_set_error(error, NM_UTILS_ERROR, NM_UTILS_ERROR_CONNECTION_AVAILABLE_TEMPORARY,
                        "waiting for bond %s to be adopted", search.bond);
            return FALSE;
        }
    }
    return base_check(device, connection, error);
}

/* Classes that exist already have copied the base's pointer. */
static void
hook_class(GType type)
{
    g_autofree GType *children = g_type_children(type, NULL);
    NMDeviceClass *klass = g_type_class_peek(type);

    if (klass && klass->check_connection_compatible == base_check)
        klass->check_connection_compatible = check_connection_compatible;
    for (guint i = 0; children[i]; i++)
        hook_class(children[i]);
}

static void
install_hook(void)
{
    NMDeviceClass *base = g_type_class_ref(NM_TYPE_DEVICE);

    base_check = base->check_connection_compatible;
    hook_class(NM_TYPE_DEVICE);
}

/* ---- the decision ---- */

/* Without their bond ports must not be adopted; they activate as at boot, if they do that. */
static void
recheck_ports(NmbRecord *record, gboolean adopted)
{
    for (guint i = 0; i < record->ports->len; i++) {
        NmbRecordPort *port = g_ptr_array_index(record->ports, i);
        NMDevice *device = nm_manager_get_device_by_ifindex(NM_MANAGER_GET, port->ifindex);

        if (!device)
            continue;
        if (adopted)
            nm_device_queue_recheck_assume(device); /* first: runs before an autoconnect can */
        nm_device_recheck_available_connections(device);
        nm_device_emit_recheck_auto_activate(device);
    }
}

static void
search_any_undecided(NmbRecord *record, gpointer data)
{
    *(gboolean *) data |= record->undecided;
}

static void
decide(NmbRecord *record, gboolean adopted)
{
    gboolean any = FALSE;

    record->undecided = FALSE;
    nmb_record_foreach(search_any_undecided, &any);
    if (!any)
        g_clear_handle_id(&timeout_source, g_source_remove);
    if (adopted)
        nmb_debug(record->bond, "adopted, its ports follow");
    else
        nmb_info(record->bond, "not adopted");
    recheck_ports(record, adopted);
    if (!adopted)
        nmb_record_drop(record->bond);
}

/* A bond that is a port of a bridge is asked again when the bridge activates. */
static gboolean
has_master(int ifindex)
{
    const NMPlatformLink *link = nm_platform_link_get(NM_PLATFORM_GET, ifindex);

    return link && link->master > 0;
}

gboolean
nmb_adopt_bond_state(const char *bond, NMDeviceState state, NMDeviceStateReason reason)
{
    NmbRecord *record = nmb_record_get(bond);

    if (!record || !record->undecided)
        return FALSE;
    if (state >= NM_DEVICE_STATE_PREPARE) {
        decide(record, TRUE);
        return TRUE;
    }
    if (state >= NM_DEVICE_STATE_UNAVAILABLE &&
        reason != NM_DEVICE_STATE_REASON_CONNECTION_ASSUMED && !has_master(record->ifindex))
        decide(record, FALSE);
    return FALSE;
}

void
nmb_adopt_give_up(const char *bond)
{
    NmbRecord *record = nmb_record_get(bond);

    if (record && record->undecided)
        decide(record, FALSE);
}

static void
time_is_over(NmbRecord *record, gpointer data)
{
    if (record->undecided)
        decide(record, FALSE);
}

static gboolean
on_timeout(gpointer data)
{
    timeout_source = 0;
    nmb_record_foreach(time_is_over, NULL);
    return G_SOURCE_REMOVE;
}

/* ---- at start ---- */

static gboolean
is_link(const char *name, int ifindex)
{
    return (int) if_nametoindex(name) == ifindex;
}

static char *
state_file_path(int ifindex)
{
    return g_strdup_printf(NMB_DEVICE_STATE_DIR "/%d", ifindex);
}

static void
save_state_file(GKeyFile *file, const char *path)
{
    g_autoptr(GError) error = NULL;

    if (!g_key_file_save_to_file(file, path, &error))
        nmb_warn(NULL, "cannot write %s: %s", path, error->message);
}

/* Adds what nm_config_device_state_write() writes, if the file lacks the profile. */
static void
repair_state_file(int ifindex, const char *uuid, gboolean is_bond)
{
    g_autofree char *path = state_file_path(ifindex);
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *known = NULL;

    g_key_file_load_from_file(file, path, G_KEY_FILE_KEEP_COMMENTS, NULL);
    known = g_key_file_get_string(file, "device", "connection-uuid", NULL);
    if (known && known[0])
        return;
    g_key_file_set_string(file, "device", "managed", "true");
    g_key_file_set_string(file, "device", "connection-uuid", uuid);
    if (is_bond)
        g_key_file_set_string(file, "device", "nm-owned", "true");
    save_state_file(file, path);
}

/* A port whose bond is gone would be adopted without it, and stay so. */
static void
clear_state_file(int ifindex, const char *uuid)
{
    g_autofree char *path = state_file_path(ifindex);
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *known = NULL;

    if (!g_key_file_load_from_file(file, path, G_KEY_FILE_KEEP_COMMENTS, NULL))
        return;
    known = g_key_file_get_string(file, "device", "connection-uuid", NULL);
    if (g_strcmp0(known, uuid) != 0)
        return;
    g_key_file_remove_key(file, "device", "connection-uuid", NULL);
    save_state_file(file, path);
}

static void
prepare_record(NmbRecord *record, gpointer data)
{
    gboolean has_bond = is_link(record->bond, record->ifindex);

    for (guint i = record->ports->len; i > 0; i--) {
        NmbRecordPort *port = g_ptr_array_index(record->ports, i - 1);

        if (!is_link(port->name, port->ifindex))
            g_ptr_array_remove_index(record->ports, i - 1);
        else if (has_bond)
            repair_state_file(port->ifindex, port->uuid, FALSE);
        else
            clear_state_file(port->ifindex, port->uuid);
    }
    if (!has_bond) {
        nmb_record_drop(record->bond);
        return;
    }
    repair_state_file(record->ifindex, record->uuid, TRUE);
    record->undecided = TRUE;
    *(gboolean *) data = TRUE;
}

void
nmb_adopt_init(void)
{
    gboolean any = FALSE;

    nmb_record_load_all();
    nmb_record_foreach(prepare_record, &any);
    install_hook();
    if (any)
        timeout_source = g_timeout_add_seconds(NMB_ADOPT_TIMEOUT_S, on_timeout, NULL);
}
