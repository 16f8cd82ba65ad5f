/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state.c - writes and reads the state file. Whatever the file says is checked; it is believed
 * only as a whole. Never looks at the kernel: takeover.c compares.
 */
#include "daemon/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/error.h"
#include "daemon/parted.h"

#define VERSION_LINE "bondd-state 1"
#define CORE_LINE "core"
#define MAC_FORMAT "%02x:%02x:%02x:%02x:%02x:%02x"
#define MAC_ARGS(m) (m)[0], (m)[1], (m)[2], (m)[3], (m)[4], (m)[5]

bool
bondd_file_replace(const char *dir, const char *name, const char *text, gsize size, GError **error)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    g_autofree char *tmp = g_strconcat(dir, "/.bondd-tmp-", name, NULL);
    int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    /* whatever the umask says: everybody may read how a bond is */
    bool ok = fd >= 0 && fchmod(fd, 0644) == 0 && write(fd, text, size) == (ssize_t) size;
    int code = errno;

    if (fd >= 0)
        close(fd);
    if (ok && rename(tmp, path) < 0) {
        ok = false;
        code = errno;
    }
    if (!ok) {
        unlink(tmp);
        bondd_error_from_errno(error, -code, "Writing %s", path);
    }
    return ok;
}

static void
format_port(GString *s, guint slot, const struct bondd_port *p)
{
    g_autofree char *alias = g_uri_escape_string(p->orig_alias, NULL, FALSE);

    g_string_append_printf(s,
                           "port slot=%u id=%u ifindex=%i name=%s mac=" MAC_FORMAT
                           " mtu=%u flags=%u disable-ipv6=%i set-mtu=%u set-flags=%u ipv6-off=%i "
                           "alias-set=%i",
                           slot, p->id, p->ifindex, p->name, MAC_ARGS(p->orig_mac), p->orig_mtu,
                           p->orig_flags, p->orig_disable_ipv6, p->set_mtu, p->set_flags,
                           p->ipv6_off, p->alias_set);
    if (p->mac_set)
        g_string_append_printf(s, " set-mac=" MAC_FORMAT, MAC_ARGS(p->set_mac));
    if (p->uc_set)
        g_string_append_printf(s, " uc=" MAC_FORMAT, MAC_ARGS(p->uc));
    g_string_append_printf(s, " alias=%s\n", alias);
}

bool
bondd_state_write(const char *dir, const struct bondd_bond *b, GError **error)
{
    g_autoptr(GString) s = g_string_new(VERSION_LINE "\n");
    g_autofree char *name = g_strconcat(b->core.name, ".state", NULL);
    gsize start;
    int n;

    g_string_append_printf(
        s, "bond id=%u next-port-id=%u ifindex=%i peer=%i clock=%" G_GINT64_FORMAT "\n", b->id,
        b->next_port_id, b->core.ifindex, b->peer_ifindex, b->real_minus_mono_us);
    for (guint i = 0; i < G_N_ELEMENTS(b->port); i++) {
        if (b->port[i].in_use)
            format_port(s, i, &b->port[i]);
    }
    for (guint i = 0; i < b->parted->len; i++) {
        const struct bondd_parted *r = &g_array_index(b->parted, struct bondd_parted, i);

        g_string_append_printf(s, "parted ifindex=%i name=%s disable-ipv6=%i\n", r->ifindex,
                               r->name, r->orig_disable_ipv6);
    }
    g_string_append(s, CORE_LINE "\n");

    start = s->len;
    n = bond_save(&b->core, NULL, 0);
    g_string_set_size(s, start + (gsize) n + 1);
    bond_save(&b->core, s->str + start, (gsize) n + 1);
    return bondd_file_replace(dir, name, s->str, start + (gsize) n, error);
}

/* Reading ----------------------------------------------------------------------------------- */

static bool bad(GError **error, guint line, const char *format, ...) G_GNUC_PRINTF(3, 4);

static bool
bad(GError **error, guint line, const char *format, ...)
{
    g_autofree char *what = NULL;
    va_list args;

    va_start(args, format);
    what = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, BONDD_ERROR, BONDD_ERROR_FAILED, "line %u: %s", line, what);
    return false;
}

static bool
read_number(const char *value, gint64 min, gint64 max, gint64 *out)
{
    return g_ascii_string_to_signed(value, 10, min, max, out, NULL);
}

static bool
read_mac(const char *value, uint8_t mac[BOND_MAC_LEN])
{
    int end = 0;

    return sscanf(value, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &mac[0], &mac[1], &mac[2],
                  &mac[3], &mac[4], &mac[5], &end) == 6 &&
           value[end] == '\0';
}

static bool
set_port_field(struct bondd_port *p, const char *key, const char *value)
{
    gint64 n = 0;

    if (strcmp(key, "name") == 0)
        return g_strlcpy(p->name, value, sizeof(p->name)) < sizeof(p->name);
    if (strcmp(key, "mac") == 0)
        return read_mac(value, p->orig_mac);
    if (strcmp(key, "set-mac") == 0)
        return p->mac_set = read_mac(value, p->set_mac);
    if (strcmp(key, "uc") == 0)
        return p->uc_set = read_mac(value, p->uc);
    if (strcmp(key, "alias") == 0) {
        g_autofree char *alias = g_uri_unescape_string(value, NULL);

        return alias != NULL &&
               g_strlcpy(p->orig_alias, alias, sizeof(p->orig_alias)) < sizeof(p->orig_alias);
    }
    if (!read_number(value, INT32_MIN, UINT32_MAX, &n))
        return false;
    if (strcmp(key, "id") == 0)
        p->id = (uint32_t) n;
    else if (strcmp(key, "ifindex") == 0)
        p->ifindex = (int) n;
    else if (strcmp(key, "mtu") == 0)
        p->orig_mtu = (uint32_t) n;
    else if (strcmp(key, "flags") == 0)
        p->orig_flags = (uint32_t) n;
    else if (strcmp(key, "disable-ipv6") == 0)
        p->orig_disable_ipv6 = (int) n;
    else if (strcmp(key, "set-mtu") == 0)
        p->set_mtu = (uint32_t) n;
    else if (strcmp(key, "set-flags") == 0)
        p->set_flags = (uint32_t) n;
    else if (strcmp(key, "ipv6-off") == 0)
        p->ipv6_off = n != 0;
    else if (strcmp(key, "alias-set") == 0)
        p->alias_set = n != 0;
    else
        return strcmp(key, "slot") == 0;
    return true;
}

static bool
parse_port(struct bondd_bond *b, char **words, guint line, GError **error)
{
    struct bondd_port p = {.in_use = true};
    gint64 slot = -1;

    for (guint i = 1; words[i] != NULL; i++) {
        char *value = strchr(words[i], '=');

        if (value == NULL)
            return bad(error, line, "\"%s\" has no value", words[i]);
        *value++ = '\0';
        if (strcmp(words[i], "slot") == 0 && !read_number(value, 0, BONDD_PORT_COMING, &slot))
            return bad(error, line, "slot %s is not in 0..%u", value, BONDD_PORT_COMING);
        if (!set_port_field(&p, words[i], value))
            return bad(error, line, "%s=%s is not understood", words[i], value);
    }
    if (slot < 0 || p.ifindex <= 0 || p.name[0] == '\0')
        return bad(error, line, "the port has no slot, ifindex or name");
    if (b->port[slot].in_use)
        return bad(error, line, "slot %i is given twice", (int) slot);
    b->port[slot] = p;
    return true;
}

static bool
parse_parted(struct bondd_bond *b, char **words, guint line, GError **error)
{
    struct bondd_port p = {0}; /* the fields are those of a port */
    struct bondd_parted r;

    for (guint i = 1; words[i] != NULL; i++) {
        char *value = strchr(words[i], '=');

        if (value == NULL)
            return bad(error, line, "\"%s\" has no value", words[i]);
        *value++ = '\0';
        if (!set_port_field(&p, words[i], value))
            return bad(error, line, "%s=%s is not understood", words[i], value);
    }
    if (p.ifindex <= 0 || p.name[0] == '\0')
        return bad(error, line, "the parted port has no ifindex or name");
    r = (struct bondd_parted){.ifindex = p.ifindex, .orig_disable_ipv6 = p.orig_disable_ipv6};
    g_strlcpy(r.name, p.name, sizeof(r.name));
    g_array_append_val(b->parted, r);
    return true;
}

static bool
parse_bond(struct bondd_bond *b, char **words, guint line, GError **error)
{
    for (guint i = 1; words[i] != NULL; i++) {
        char *value = strchr(words[i], '=');
        gint64 n;

        if (value == NULL || !read_number(value + 1, INT64_MIN, INT64_MAX, &n))
            return bad(error, line, "\"%s\" is not understood", words[i]);
        *value = '\0';
        if (strcmp(words[i], "clock") == 0)
            b->real_minus_mono_us = n;
        else if (n < 0 || n > INT32_MAX)
            return bad(error, line, "%s is out of range", words[i]);
        else if (strcmp(words[i], "id") == 0)
            b->id = (uint32_t) n;
        else if (strcmp(words[i], "next-port-id") == 0)
            b->next_port_id = (uint32_t) n;
        else if (strcmp(words[i], "peer") == 0)
            b->peer_ifindex = (int) n;
        else if (strcmp(words[i], "ifindex") != 0) /* core has it, too */
            return bad(error, line, "\"%s\" is not known", words[i]);
    }
    return true;
}

/* Every port of core must have its record; more records than that are ports to restore. */
static bool
check_whole(const struct bondd_bond *b, GError **error)
{
    const char *broken = bond_check(&b->core);

    if (broken != NULL)
        return bad(error, 0, "%s", broken);
    if (b->id == 0 || b->peer_ifindex <= 0 || b->core.ifindex <= 0)
        return bad(error, 0, "the line \"bond\" is not complete");
    for (guint i = 0; i < BOND_MAX_PORTS; i++) {
        const struct bond_port *p = &b->core.port[i];

        if (p->phase != BOND_PHASE_FREE && (!b->port[i].in_use || b->port[i].ifindex != p->ifindex))
            return bad(error, 0, "what port %s was like before is missing", p->name);
    }
    return true;
}

bool
bondd_state_parse(struct bondd_bond *b, const char *text, GError **error)
{
    struct bond_err err = {0};
    struct bond core;
    const char *line = text;

    for (guint n = 1;; n++) {
        const char *end = strchr(line, '\n');
        g_autofree char *copy = NULL;
        g_auto(GStrv) words = NULL;
        bool ok;

        if (end == NULL)
            return bad(error, n, "the file ends too early");
        copy = g_strndup(line, (gsize) (end - line));
        line = end + 1;
        if (n == 1 && strcmp(copy, VERSION_LINE) != 0)
            return bad(error, n, "\"%.40s\" is not the version \"%s\"", copy, VERSION_LINE);
        if (n == 1)
            continue;
        if (strcmp(copy, CORE_LINE) == 0)
            break;
        words = g_strsplit(copy, " ", -1);
        if (g_strcmp0(words[0], "bond") == 0)
            ok = parse_bond(b, words, n, error);
        else if (g_strcmp0(words[0], "port") == 0)
            ok = parse_port(b, words, n, error);
        else if (g_strcmp0(words[0], "parted") == 0)
            ok = parse_parted(b, words, n, error);
        else
            ok = bad(error, n, "\"%.40s\" is not known", copy);
        if (!ok)
            return false;
    }
    if (bond_load(&core, line, &err) < 0) {
        g_set_error(error, BONDD_ERROR, BONDD_ERROR_FAILED, "core: %s", err.text);
        return false;
    }
    bond_copy(&b->core, &core);
    return check_whole(b, error);
}

void
bondd_state_remove(const char *dir, const char *bond_name)
{
    g_autofree char *path = g_strconcat(dir, "/", bond_name, ".state", NULL);

    unlink(path);
}

void
bondd_state_set_aside(const char *dir, const char *bond_name)
{
    g_autofree char *path = g_strconcat(dir, "/", bond_name, ".state", NULL);
    g_autofree char *bad_path = g_strconcat(path, ".bad", NULL);

    if (rename(path, bad_path) < 0)
        unlink(path);
}
