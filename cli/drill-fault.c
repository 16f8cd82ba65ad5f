/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drill-fault.c - how each fault is made, in the lab and on the user's own bond.
 *
 * In the lab what happens beyond the port is done at the switch's side of its cable. On a live bond
 * only what this host can do alone is done; the rest is refused with the reason. Measures nothing.
 */
#include "drill-fault.h"

#include <gio/gio.h>
#include <glib/gi18n.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#define NM_NAME "org.freedesktop.NetworkManager"
#define FILTER_PREF "1"
#define FILTER_HANDLE "0x4e4d" /* ours: only this one is ever deleted */
#define NETEM_HANDLE "4e4d:"   /* the same for the queueing discipline */
#define NETEM_LIMIT "200000"   /* frames that are late; what does not fit would be lost */

/* An argument list: words until NULL. */
static GPtrArray *
words(const char *first, ...)
{
    GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);
    va_list args;

    va_start(args, first);
    for (const char *word = first; word != NULL; word = va_arg(args, const char *))
        g_ptr_array_add(argv, g_strdup(word));
    va_end(args);
    g_ptr_array_add(argv, NULL);
    return argv;
}

/* The same, in the switch's network. Takes argv. */
static GPtrArray *
on_switch(const struct drill_place *place, GPtrArray *argv)
{
    g_autofree char *pid = g_strdup_printf("%i", place->switch_pid);
    GPtrArray *all = words("nsenter", "-t", pid, "-n", "--", NULL);

    g_ptr_array_set_size(all, (int) all->len - 1);
    for (guint i = 0; i < argv->len; i++)
        g_ptr_array_add(all, g_strdup(argv->pdata[i]));
    g_ptr_array_unref(argv);
    return all;
}

static const char *const *
argv_of(GPtrArray *argv)
{
    return (const char *const *) argv->pdata;
}

/* Takes both. The way back is noted first. */
static bool
harm(struct undo *undo, GPtrArray *there, GPtrArray *back, GError **error)
{
    bool ok;

    if (back != NULL) {
        undo_push(undo, argv_of(back));
        g_ptr_array_unref(back);
    }
    ok = command_run(argv_of(there), NULL, error);
    g_ptr_array_unref(there);
    return ok;
}

/* The switch's side of a port's cable, "sw0" of "eth0". */
static char *
far_side(const char *port)
{
    return g_strconcat("sw", port + strcspn(port, "0123456789"), NULL);
}

/* ---- who is who ---- */

static guint32
owner_pid(GDBusConnection *bus, const char *name, GError **error)
{
    g_autoptr(GVariant) reply = NULL;
    guint32 pid = 0;

    reply = g_dbus_connection_call_sync(bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                        "org.freedesktop.DBus", "GetConnectionUnixProcessID",
                                        g_variant_new("(s)", name), G_VARIANT_TYPE("(u)"),
                                        G_DBUS_CALL_FLAGS_NO_AUTO_START, 5000, NULL, error);
    if (reply != NULL)
        g_variant_get(reply, "(u)", &pid);
    return pid;
}

static char *
owner_pid_text(const char *address, const char *name, GError **error)
{
    g_autoptr(GDBusConnection) bus = NULL;
    guint32 pid;

    if (address == NULL)
        bus = g_bus_get_sync(G_BUS_TYPE_SYSTEM, NULL, error);
    else
        bus = g_dbus_connection_new_for_address_sync(
            address,
            G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
            NULL, NULL, error);
    pid = bus != NULL ? owner_pid(bus, name, error) : 0;
    return pid != 0 ? g_strdup_printf("%u", pid) : NULL;
}

/* The UUID of the profile that is active on a port, or NULL. */
static char *
profile_of(const char *port)
{
    const char *const argv[] = {"nmcli",  "-w",   "10", "-g", "GENERAL.CON-UUID",
                                "device", "show", port, NULL};
    char *uuid = NULL;

    if (command_run(argv, &uuid, NULL) && uuid[0] == '\0')
        g_clear_pointer(&uuid, g_free);
    return uuid;
}

/* ---- faults of NetworkManager and bondd ---- */

static bool
admin_down(const char *port, struct undo *undo, GError **error)
{
    g_autofree char *uuid = profile_of(port);

    if (uuid == NULL) {
        g_set_error(error, drill_error_quark(), 0, _("%s has no active profile."), port);
        return false;
    }
    return harm(undo, words("nmcli", "-w", "20", "connection", "down", "uuid", uuid, NULL),
                words("nmcli", "-w", "20", "connection", "up", "uuid", uuid, NULL), error);
}

static bool
remove_port(const struct drill_place *place, const char *port, struct undo *undo, GError **error)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", error);

    if (self == NULL)
        return false;
    return harm(undo, words(self, "-w", "20", "port", "down", "--hard", place->bond, port, NULL),
                words(self, "-w", "20", "port", "up", place->bond, port, NULL), error);
}

static bool
send_signal(const char *signal_name, const char *bus, const char *name, GError **error)
{
    g_autofree char *pid = owner_pid_text(bus, name, error);
    g_autoptr(GPtrArray) argv = NULL;

    if (pid == NULL)
        return false;
    argv = words("kill", "-s", signal_name, pid, NULL);
    return command_run(argv_of(argv), NULL, error);
}

static bool
silence_partner(const struct drill_place *place, struct undo *undo, GError **error)
{
    g_autofree char *pid = owner_pid_text(place->partner_bus, NMBOND_BUS_NAME, error);

    if (pid == NULL)
        return false;
    return harm(undo, words("kill", "-s", "STOP", pid, NULL),
                words("kill", "-s", "CONT", pid, NULL), error);
}

static bool
restart_nm(const struct drill_place *place, GError **error)
{
    g_autoptr(GPtrArray) restart = words("systemctl", "restart", "NetworkManager", NULL);

    if (place->lab) /* which starts it again */
        return send_signal("TERM", NULL, NM_NAME, error);
    return command_run(argv_of(restart), NULL, error);
}

/* ---- faults of the cable ---- */

static bool
cut(const struct drill_place *place, const char *port, struct undo *undo, GError **error)
{
    g_autofree char *far = far_side(port);

    if (place->lab)
        return harm(undo, on_switch(place, words("ip", "link", "set", far, "down", NULL)),
                    on_switch(place, words("ip", "link", "set", far, "up", NULL)), error);
    return harm(undo, words("ip", "link", "set", "dev", port, "carrier", "off", NULL),
                words("ip", "link", "set", "dev", port, "carrier", "on", NULL), error);
}

/* A classic BPF program: `percent` of the frames end here, the others go on to the next filter. */
static char *
drop_program(guint percent)
{
    guint32 limit = (guint32) (G_MAXUINT32 / 100 * percent);

    if (percent >= 100)
        return g_strdup("1,6 0 0 2");
    return g_strdup_printf("4,32 0 0 4294963256,53 1 0 %u,6 0 0 2,6 0 0 4294967295", limit);
}

static GPtrArray *
filter(const struct drill_place *place, GPtrArray *argv)
{
    return place->lab ? on_switch(place, argv) : argv;
}

static bool
drop(const struct drill_place *place, const struct drill_fault *fault, const char *port,
     guint percent, struct undo *undo, GError **error)
{
    g_autofree char *device = place->lab ? far_side(port) : g_strdup(port);
    g_autofree char *program = drop_program(percent);
    g_autoptr(GPtrArray) hook =
        filter(place, words("tc", "qdisc", "add", "dev", device, "clsact", NULL));

    command_run(argv_of(hook), NULL, NULL); /* it may be there; then the filter is the answer */
    for (int way = 0; way < DRILL_N_WAYS; way++) {
        bool egress = (way == DRILL_OUT) != place->lab;
        const char *side = egress ? "egress" : "ingress";

        if (fault->way[way] &&
            !harm(
                undo,
                filter(place, words("tc", "filter", "add", "dev", device, side, "pref", FILTER_PREF,
                                    "handle", FILTER_HANDLE, "protocol", "all", "bpf",
                                    "direct-action", "bytecode", program, NULL)),
                filter(place, words("tc", "filter", "del", "dev", device, side, "pref", FILTER_PREF,
                                    "handle", FILTER_HANDLE, "protocol", "all", "bpf", NULL)),
                error))
            return false;
    }
    return true;
}

/* What is under way when it ends still arrives: a qdisc that is deleted throws away what it holds.
 */
static GPtrArray *
undelay(const char *device, guint delay_ms)
{
    g_autofree char *script = g_strdup_printf(
        "tc qdisc change dev '%s' root handle " NETEM_HANDLE " netem delay 0ms limit " NETEM_LIMIT
        " && sleep %u.%03u; tc qdisc del dev '%s' root handle " NETEM_HANDLE,
        device, delay_ms / 1000, delay_ms % 1000, device);

    return words("sh", "-c", script, NULL);
}

static bool
delay(const struct drill_place *place, const struct drill_fault *fault, const char *port,
      struct undo *undo, GError **error)
{
    g_autofree char *time = g_strdup_printf("%ums", fault->delay_ms);
    g_autofree char *far = far_side(port);

    if (!harm(undo,
              words("tc", "qdisc", "add", "dev", port, "root", "handle", NETEM_HANDLE, "netem",
                    "delay", time, "limit", NETEM_LIMIT, NULL),
              undelay(port, fault->delay_ms), error))
        return false;
    return !place->lab || harm(undo,
                               on_switch(place, words("tc", "qdisc", "add", "dev", far, "root",
                                                      "handle", NETEM_HANDLE, "netem", "delay",
                                                      time, "limit", NETEM_LIMIT, NULL)),
                               on_switch(place, undelay(far, fault->delay_ms)), error);
}

bool
fault_inflict(const struct drill_place *place, const struct drill_fault *fault, const char *port,
              struct undo *undo, GError **error)
{
    switch (fault->kind) {
    case DRILL_ADMIN_DOWN:
        return admin_down(port, undo, error);
    case DRILL_CARRIER:
    case DRILL_FLAP:
        return cut(place, port, undo, error);
    case DRILL_SILENT:
        return drop(place, fault, port, 100, undo, error);
    case DRILL_LOSS:
        return drop(place, fault, port, fault->percent, undo, error);
    case DRILL_DELAY:
        return delay(place, fault, port, undo, error);
    case DRILL_LACP_GONE:
        return silence_partner(place, undo, error);
    case DRILL_BONDD_KILLED:
        return send_signal("KILL", NULL, NMBOND_BUS_NAME, error);
    case DRILL_NM_RESTART:
        return restart_nm(place, error);
    case DRILL_PORT_REMOVED:
        return remove_port(place, port, undo, error);
    case DRILL_N_KINDS:
        break;
    }
    return false;
}

/* ---- what cannot be done ---- */

static bool
kernel_has_netem(void)
{
    const char *const argv[] = {"unshare", "-n",   "tc",    "qdisc", "add", "dev",
                                "lo",      "root", "netem", "delay", "1ms", NULL};

    return command_run(argv, NULL, NULL);
}

/* One that somebody has put there has a number; it would have to go. */
static char *
refuse_qdisc(const char *port, const char *name)
{
    const char *const argv[] = {"tc", "qdisc", "show", "dev", port, "root", NULL};
    g_autofree char *said = NULL;

    if (!command_run(argv, &said, NULL) || said[0] == '\0' || strstr(said, " 0: ") != NULL)
        return NULL;
    return g_strdup_printf(_("'%s' cannot be done to %s: it has a queueing discipline already, "
                             "see 'tc qdisc show dev %s'."),
                           name, port, port);
}

static char *
refuse_cut(const char *port, const char *name)
{
    const char *const argv[] = {"ip", "link", "set", "dev", port, "carrier", "on", NULL};

    if (command_run(argv, NULL, NULL))
        return NULL;
    return g_strdup_printf(_("'%s' cannot be done to %s from here: its driver cannot drop the "
                             "carrier. Pull the cable or shut the switch's port, or use --lab."),
                           name, port);
}

static char *
refuse_inward_loss(const struct drill_place *place, const char *name)
{
    if (!place->arp_monitor && strcmp(place->mode, "802.3ad") != 0)
        return NULL;
    return g_strdup_printf(_("'%s' of received frames would deceive here: bondd's monitor sees "
                             "them before they can be dropped. Use direction=out, or --lab."),
                           name);
}

static char *
refuse_live(const struct drill_place *place, const struct drill_fault *fault, const char *port)
{
    const char *name = drill_kinds[fault->kind].name;
    g_autofree char *uuid = NULL;

    if (geteuid() != 0)
        return g_strdup_printf(_("'%s' needs root."), name);
    switch (fault->kind) {
    case DRILL_CARRIER:
    case DRILL_FLAP:
        return refuse_cut(port, name);
    case DRILL_SILENT:
    case DRILL_LOSS:
        return fault->way[DRILL_IN] ? refuse_inward_loss(place, name) : NULL;
    case DRILL_LACP_GONE:
        return g_strdup_printf(
            _("'%s' cannot be done from here: it is the switch that must fall silent. Use --lab."),
            name);
    case DRILL_ADMIN_DOWN:
    case DRILL_PORT_REMOVED:
        uuid = profile_of(port);
        return uuid != NULL
                   ? NULL
                   : g_strdup_printf(_("'%s' cannot be done to %s: it has no active profile of "
                                       "NetworkManager."),
                                     name, port);
    case DRILL_NM_RESTART:
        if (g_find_program_in_path("systemctl") == NULL ||
            !g_file_test("/run/systemd/system", G_FILE_TEST_IS_DIR))
            return g_strdup_printf(_("'%s' cannot be done here: systemd does not run."), name);
        return NULL;
    case DRILL_DELAY:
        return refuse_qdisc(port, name);
    case DRILL_BONDD_KILLED:
    case DRILL_N_KINDS:
        break;
    }
    return NULL;
}

char *
fault_refusal(const struct drill_place *place, const struct drill_fault *fault, const char *port)
{
    if (fault->kind == DRILL_DELAY && !kernel_has_netem())
        return g_strdup_printf(_("'%s' cannot be done here: the kernel has no netem "
                                 "(CONFIG_NET_SCH_NETEM)."),
                               drill_kinds[fault->kind].name);
    if (place->lab && fault->kind == DRILL_LACP_GONE && place->partner_bus == NULL)
        return g_strdup_printf(_("'%s' needs mode 802.3ad, and this is %s."),
                               drill_kinds[fault->kind].name, place->mode);
    return place->lab ? NULL : refuse_live(place, fault, port);
}
