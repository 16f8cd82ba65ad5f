/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drill-lab-bond.c - the lab's bond under one setting, made as a user makes it; and for 802.3ad the
 * group at the switch, which a second bondd does.
 */
#include "drill-lab.h"
#include "drill-fault.h"

#include <gio/gio.h>
#include <string.h>

#define SWITCH_BUS "unix:path=/run/lab/switch-bus"
#define GROUP "lag0"
#define ADDRESS "10.0.1.243/24"
#define CALL_MS 15000
#define READY_MS 20000
#define ATTEMPTS 3 /* where the machine is so busy that bondd is given up too early */

static GVariant *
call_partner(const char *path, const char *interface, const char *method, GVariant *arguments,
             GError **error)
{
    g_autoptr(GDBusConnection) bus =
        g_dbus_connection_new_for_address_sync(SWITCH_BUS,
                                               G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                   G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                               NULL, NULL, error);

    if (bus == NULL) {
        g_variant_unref(g_variant_ref_sink(arguments));
        return NULL;
    }
    return g_dbus_connection_call_sync(bus, NMBOND_BUS_NAME, path, interface, method, arguments,
                                       NULL, G_DBUS_CALL_FLAGS_NONE, CALL_MS, NULL, error);
}

static bool
on_switch(struct lab *lab, const char *script, GError **error)
{
    g_autofree char *pid = g_strdup_printf("%i", lab->switch_pid);
    const char *const argv[] = {"nsenter", "-t", pid, "-n", "--", "sh", "-ec", script, NULL};

    return command_run(argv, NULL, error);
}

static bool
make_group(struct lab *lab, GError **error)
{
    static const char *const ports[] = {"sw0", "sw1"};
    g_auto(GVariantBuilder) options = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a{ss}"));
    g_autoptr(GVariant) reply = NULL;
    g_autofree char *path = NULL;

    g_variant_builder_add(&options, "{ss}", "mode", "802.3ad");
    g_variant_builder_add(&options, "{ss}", "miimon", "100");
    g_variant_builder_add(&options, "{ss}", "lacp_rate", "fast");
    reply = call_partner(NMBOND_OBJECT_PATH, NMBOND_BUS_NAME ".Manager", "CreateBond",
                         g_variant_new("(sa{ss}a{sv})", GROUP, &options, NULL), error);
    if (reply == NULL)
        return false;
    lab->partner_bus = SWITCH_BUS;
    g_variant_get(reply, "(o)", &path);
    if (!on_switch(lab, "ip link set sw0 nomaster; ip link set sw1 nomaster", error))
        return false;
    for (gsize i = 0; i < G_N_ELEMENTS(ports); i++) {
        g_autoptr(GVariant) port = call_partner(path, NMBOND_BUS_NAME ".Bond", "AttachPort",
                                                g_variant_new("(sa{sv})", ports[i], NULL), error);

        if (port == NULL)
            return false;
    }
    return on_switch(lab, "ip link set " GROUP " up; ip link set " GROUP " master br0", error);
}

static bool
remove_group(struct lab *lab, GError **error)
{
    g_autoptr(GVariant) found = NULL;
    g_autoptr(GVariant) gone = NULL;
    g_autofree char *path = NULL;

    found = call_partner(NMBOND_OBJECT_PATH, NMBOND_BUS_NAME ".Manager", "GetBond",
                         g_variant_new("(s)", GROUP), error);
    if (found == NULL)
        return false;
    lab->partner_bus = NULL;
    g_variant_get(found, "(o)", &path);
    gone = call_partner(path, NMBOND_BUS_NAME ".Bond", "Delete", g_variant_new("()"), error);
    return gone != NULL &&
           on_switch(lab, "ip link set sw0 master br0 up; ip link set sw1 master br0 up", error);
}

static bool
wait_nm(GError **error)
{
    const char *const argv[] = {"nm-online", "-s", "-q", "-t", "20", NULL};
    const char *const look[] = {"nmcli", "-w", "5", "-g", "RUNNING", "general", NULL};

    for (int waited_ms = 0; waited_ms < READY_MS; waited_ms += 100) {
        g_autofree char *running = NULL;

        if (command_run(look, &running, NULL) && strcmp(running, "running") == 0)
            return command_run(argv, NULL, error);
        g_usleep(100000);
    }
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, _("NetworkManager does not start."));
    return false;
}

static const char *
find(char *const *options, const char *name)
{
    for (; *options != NULL; options += 2) {
        if (strcmp(options[0], name) == 0)
            return options[1];
    }
    return NULL;
}

static void
add_pair(GPtrArray *argv, const char *name, const char *value)
{
    g_ptr_array_add(argv, (gpointer) name);
    g_ptr_array_add(argv, (gpointer) value);
}

bool
lab_make_bond(struct lab *lab, char *const *options, GError **error)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", error);
    const char *const up[] = {self, "-w", "30", "up", LAB_BOND, NULL};
    g_autoptr(GPtrArray) add = g_ptr_array_new();
    const char *mode = find(options, "mode");
    bool lacp = g_strcmp0(mode, "802.3ad") == 0 || g_strcmp0(mode, "4") == 0;

    if (self == NULL || !wait_nm(error) || (lacp && !make_group(lab, error)))
        return false;
    add_pair(add, self, "-w");
    add_pair(add, "30", "add");
    g_ptr_array_add(add, (gpointer) LAB_BOND);
    if (mode == NULL)
        add_pair(add, "mode", "active-backup");
    for (char *const *option = options; *option != NULL; option += 2)
        add_pair(add, option[0], option[1]);
    if (find(options, "miimon") == NULL && find(options, "arp_interval") == NULL)
        add_pair(add, "miimon", "100");
    if (lacp && find(options, "lacp_rate") == NULL)
        add_pair(add, "lacp_rate", "fast");
    add_pair(add, "ports", "eth0,eth1");
    add_pair(add, "ip", ADDRESS);
    g_ptr_array_add(add, NULL);
    if (!command_run((const char *const *) add->pdata, NULL, error))
        return false;
    for (int attempt = 1; attempt < ATTEMPTS; attempt++) {
        if (command_run(up, NULL, NULL))
            return true;
    }
    return command_run(up, NULL, error);
}

bool
lab_remove_bond(struct lab *lab, GError **error)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", error);
    const char *const argv[] = {self, "-w", "30", "delete", LAB_BOND, NULL};

    if (self == NULL || !command_run(argv, NULL, error))
        return false;
    return lab->partner_bus == NULL || remove_group(lab, error);
}
