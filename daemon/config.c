/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config.c - reads the optional configuration file. A mistake in it never keeps bondd from
 * starting: traffic is worth more than a setting.
 */
#include "daemon/config.h"

#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "core/limits.h"

#define GROUP "main"
#define IFCFG_GROUP "ifcfg" /* the settings plugin of NetworkManager reads it */

void
bondd_config_init(struct bondd_config *c)
{
    *c = (struct bondd_config){
        .run_dir = g_strdup("/run/bonding"),
        .state_dir = g_strdup("/run/bondd"),
        .pin_dir = g_strdup("/sys/fs/bpf/bondd"),
        .file = g_strdup("/etc/bondd.conf"),
        .datapath = BONDD_DATAPATH_AUTO,
        .drain_ms = BONDD_DRAIN_MS_DEFAULT,
        .max_bonds = BOND_MAX_BONDS,
        .idle_exit_s = 60,
        .warnings = g_ptr_array_new_with_free_func(g_free),
    };
}

void
bondd_config_clear(struct bondd_config *c)
{
    g_free(c->run_dir);
    g_free(c->state_dir);
    g_free(c->pin_dir);
    g_free(c->file);
    g_ptr_array_unref(c->warnings);
    memset(c, 0, sizeof(*c));
}

static void warn(struct bondd_config *c, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void
warn(struct bondd_config *c, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_ptr_array_add(c->warnings, g_strdup_vprintf(format, args));
    va_end(args);
}

static void
read_datapath(struct bondd_config *c, const char *value)
{
    if (strcmp(value, "auto") == 0)
        c->datapath = BONDD_DATAPATH_AUTO;
    else if (strcmp(value, "bpf") == 0)
        c->datapath = BONDD_DATAPATH_BPF;
    else if (strcmp(value, "kernel") == 0)
        c->datapath = BONDD_DATAPATH_KERNEL;
    else
        warn(c, "%s: datapath=\"%s\" is not understood: auto, bpf or kernel is allowed.", c->file,
             value);
}

static void
read_failover(struct bondd_config *c, const char *value)
{
    if (strcmp(value, "auto") == 0 || strcmp(value, "netlink") == 0)
        c->failover_netlink = value[0] == 'n';
    else
        warn(c, "%s: failover=\"%s\" is not understood: auto or netlink is allowed.", c->file,
             value);
}

static void
read_attach(struct bondd_config *c, const char *value)
{
    if (strcmp(value, "auto") == 0)
        c->attach = DP_ATTACH_AUTO;
    else if (strcmp(value, "tcx") == 0)
        c->attach = DP_ATTACH_TCX;
    else if (strcmp(value, "clsact") == 0)
        c->attach = DP_ATTACH_CLSACT;
    else
        warn(c, "%s: attach=\"%s\" is not understood: auto, tcx or clsact is allowed.", c->file,
             value);
}

static void
read_device_counters(struct bondd_config *c, const char *value)
{
    if (strcmp(value, "yes") == 0 || strcmp(value, "no") == 0)
        c->device_counters = value[0] == 'y';
    else
        warn(c, "%s: device-counters=\"%s\" is not understood: yes or no is allowed.", c->file,
             value);
}

static void
read_drain(struct bondd_config *c, const char *value)
{
    guint64 ms;

    if (g_ascii_string_to_unsigned(value, 10, 0, BONDD_DRAIN_MS_MAX, &ms, NULL))
        c->drain_ms = (uint32_t) ms;
    else
        warn(c,
             "%s: drain-ms=\"%s\" is not understood: a number of milliseconds, 0 to %u, is "
             "allowed.",
             c->file, value, BONDD_DRAIN_MS_MAX);
}

static void
read_group(struct bondd_config *c, GKeyFile *kf)
{
    g_auto(GStrv) keys = g_key_file_get_keys(kf, GROUP, NULL, NULL);

    for (guint i = 0; keys != NULL && keys[i] != NULL; i++) {
        g_autofree char *value = g_key_file_get_string(kf, GROUP, keys[i], NULL);

        if (value == NULL)
            warn(c, "%s: the value of %s is not valid UTF-8.", c->file, keys[i]);
        else if (strcmp(keys[i], "datapath") == 0)
            read_datapath(c, g_strstrip(value));
        else if (strcmp(keys[i], "failover") == 0)
            read_failover(c, g_strstrip(value));
        else if (strcmp(keys[i], "attach") == 0)
            read_attach(c, g_strstrip(value));
        else if (strcmp(keys[i], "device-counters") == 0)
            read_device_counters(c, g_strstrip(value));
        else if (strcmp(keys[i], "drain-ms") == 0)
            read_drain(c, g_strstrip(value));
        else
            warn(c,
                 "%s: key \"%s\" is not known in [%s]: datapath, failover, attach, "
                 "device-counters and drain-ms are "
                 "allowed.",
                 c->file, keys[i], GROUP);
    }
}

void
bondd_config_read(struct bondd_config *c)
{
    g_autoptr(GKeyFile) kf = g_key_file_new();
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) groups = NULL;

    if (!g_key_file_load_from_file(kf, c->file, G_KEY_FILE_NONE, &error)) {
        if (!g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
            warn(c, "%s cannot be read and is ignored: %s.", c->file, error->message);
        return;
    }
    groups = g_key_file_get_groups(kf, NULL);
    for (guint i = 0; groups[i] != NULL; i++) {
        if (strcmp(groups[i], GROUP) == 0)
            read_group(c, kf);
        else if (strcmp(groups[i], IFCFG_GROUP) != 0)
            warn(c, "%s: group [%s] is not known: [%s] and [%s] are allowed.", c->file, groups[i],
                 GROUP, IFCFG_GROUP);
    }
}

static bool
says(const char *format, const char *release, const char *word)
{
    g_autofree char *path = g_strdup_printf(format, release);
    g_autofree char *text = NULL;

    return g_file_get_contents(path, &text, NULL, NULL) && strstr(text, word) != NULL;
}

/* bondd.service hides /lib/modules; the kernel's configuration says the same. */
bool
bondd_kernel_has_bonding(void)
{
    struct utsname u;

    if (access("/sys/module/bonding", F_OK) == 0 || access("/proc/net/bonding", F_OK) == 0)
        return true;
    return uname(&u) == 0 &&
           (says("/lib/modules/%s/modules.dep", u.release, "/bonding/bonding.ko") ||
            says("/lib/modules/%s/modules.builtin", u.release, "/bonding/bonding.ko") ||
            says("/boot/config-%s", u.release, "\nCONFIG_BONDING=m") ||
            says("/boot/config-%s", u.release, "\nCONFIG_BONDING=y"));
}

const char *
bondd_config_datapath(const struct bondd_config *c, const char **reason)
{
    switch (c->datapath) {
    case BONDD_DATAPATH_BPF:
        *reason = "The configuration file says datapath=bpf.";
        return "bpf";
    case BONDD_DATAPATH_KERNEL:
        *reason = "The configuration file says datapath=kernel.";
        return "kernel";
    case BONDD_DATAPATH_AUTO:
        break;
    }
    *reason = bondd_kernel_has_bonding()
                  ? "It is the default; the kernel's bonding driver is there, too."
                  : "It is the default, and the kernel has no bonding driver.";
    return "bpf";
}
