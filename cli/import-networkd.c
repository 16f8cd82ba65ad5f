/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * import-networkd.c - systemd-networkd's .netdev and .network files of bonds and their ports.
 *
 * Decides what a key says. Keys may come again and add to what they said before, so that these are
 * no key files of GLib's.
 */
#include "plan.h"

#include <string.h>

#include "words.h"

struct entry {
    char *section, *key, *value, *place;
    guint number; /* of the section: there may be many [Address] */
};

static void
entry_free(gpointer data)
{
    struct entry *entry = data;

    g_free(entry->section);
    g_free(entry->key);
    g_free(entry->value);
    g_free(entry->place);
    g_free(entry);
}

static GPtrArray *
read_file(struct plan *plan, const char *path)
{
    GPtrArray *entries = g_ptr_array_new_with_free_func(entry_free);
    g_autofree char *text = NULL;
    g_autofree char *section = g_strdup("");
    g_auto(GStrv) lines = NULL;
    g_autoptr(GError) error = NULL;
    guint number = 0;

    if (!g_file_get_contents(path, &text, NULL, &error)) {
        g_ptr_array_add(plan->import->errors, g_strdup(error->message));
        return entries;
    }
    lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++) {
        char *line = g_strstrip(lines[i]), *equals = strchr(line, '=');
        g_autofree char *place = g_strdup_printf("%s:%u", path, i + 1);

        if (line[0] == '\0' || line[0] == '#' || line[0] == ';')
            continue;
        if (line[0] == '[' && g_str_has_suffix(line, "]")) {
            g_free(section);
            section = g_strndup(line + 1, strlen(line) - 2);
            number++;
        } else if (equals == NULL || equals == line) {
            plan_error(plan, place, _("this is neither [Section] nor Key=value"));
        } else {
            struct entry *entry = g_new0(struct entry, 1);

            *equals = '\0';
            entry->section = g_strdup(section);
            entry->key = g_strdup(g_strchomp(line));
            entry->value = g_strdup(g_strchug(equals + 1));
            entry->place = g_steal_pointer(&place);
            entry->number = number;
            g_ptr_array_add(entries, entry);
        }
    }
    return entries;
}

static const struct entry *
find(const GPtrArray *entries, const char *section, const char *key)
{
    for (guint i = 0; i < entries->len; i++) {
        const struct entry *entry = entries->pdata[i];

        if (strcmp(entry->section, section) == 0 && strcmp(entry->key, key) == 0)
            return entry;
    }
    return NULL;
}

static bool
is(const struct entry *entry, const char *section, const char *key)
{
    return strcmp(entry->section, section) == 0 && strcmp(entry->key, key) == 0;
}

/* ---- .netdev ---- */

static void
read_netdev(struct plan *plan, const GPtrArray *entries)
{
    const struct entry *name = find(entries, "NetDev", "Name");
    const struct entry *kind = find(entries, "NetDev", "Kind");
    struct plan_link *link;

    if (kind == NULL || strcmp(kind->value, "bond") != 0)
        return;
    if (name == NULL) {
        plan_error(plan, kind->place, _("the bond has no Name"));
        return;
    }
    link = plan_link(plan, name->value, name->place);
    link->is_bond = true;
    for (guint i = 0; i < entries->len; i++) {
        const struct entry *entry = entries->pdata[i];

        if (is(entry, "NetDev", "MTUBytes"))
            plan_say(link, "mtu", entry->value, entry->place);
        else if (is(entry, "NetDev", "MACAddress") && strcmp(entry->value, "none") != 0)
            plan_say(link, "mac", entry->value, entry->place);
        else if (strcmp(entry->section, "Bond") == 0 &&
                 plan_say_option(link, entry->key, entry->value, entry->place, true))
            continue;
        else if (!is(entry, "NetDev", "Name") && !is(entry, "NetDev", "Kind") &&
                 !is(entry, "NetDev", "Description"))
            plan_say(link, PLAN_UNKNOWN, entry->key, entry->place);
    }
}

/* ---- .network ---- */

static void
say_dhcp(struct plan *plan, struct plan_link *link, const struct entry *entry)
{
    bool both = plan_is_yes(entry->value);

    if (both || strcmp(entry->value, "ipv4") == 0)
        plan_say(link, "method4", "auto", entry->place);
    if (both || strcmp(entry->value, "ipv6") == 0)
        plan_say(link, "method6", "auto", entry->place);
    else if (strcmp(entry->value, "ipv4") != 0 && strcmp(entry->value, "no") != 0 &&
             strcmp(entry->value, "false") != 0)
        plan_error(plan, entry->place, _("'%s' is none of yes, no, ipv4, ipv6"), entry->value);
}

/* One [Route], told at its first entry. */
static void
say_route(struct plan_link *link, const GPtrArray *entries, guint first)
{
    const struct entry *entry = entries->pdata[first];
    const char *to = "default", *via = "-", *metric = "-";
    g_autofree char *text = NULL;

    for (guint i = first; i < entries->len; i++) {
        const struct entry *next = entries->pdata[i];

        if (next->number != entry->number)
            break;
        if (strcmp(next->key, "Destination") == 0)
            to = next->value;
        else if (strcmp(next->key, "Gateway") == 0)
            via = next->value;
        else if (strcmp(next->key, "Metric") == 0)
            metric = next->value;
        else
            plan_say(link, PLAN_UNKNOWN, next->key, next->place);
    }
    text = g_strdup_printf("%s %s %s", to, via, metric);
    plan_say(link, "route", text, entry->place);
}

static void
say_entry(struct plan *plan, struct plan_link *link, const GPtrArray *entries, guint i)
{
    static const char *const same[][3] = {
        {"Network", "Address", "ip"},      {"Address", "Address", "ip"},
        {"Network", "Gateway", "gateway"}, {"Network", "DNS", "dns"},
        {"Network", "Domains", "search"},  {"Link", "MTUBytes", "mtu"},
        {"Link", "MACAddress", "mac"}};
    const struct entry *entry = entries->pdata[i];
    const struct entry *before = i > 0 ? entries->pdata[i - 1] : NULL;

    for (gsize s = 0; s < G_N_ELEMENTS(same); s++) {
        if (is(entry, same[s][0], same[s][1])) {
            plan_say(link, same[s][2], entry->value, entry->place);
            return;
        }
    }
    if (strcmp(entry->section, "Route") == 0) {
        if (before == NULL || before->number != entry->number)
            say_route(link, entries, i);
    } else if (is(entry, "Network", "DHCP")) {
        say_dhcp(plan, link, entry);
    } else if (is(entry, "Network", "PrimarySlave") || is(entry, "Network", "ActiveSlave")) {
        if (plan_is_yes(entry->value) && link->bond != NULL)
            plan_say(plan_link(plan, link->bond, entry->place), "primary", link->name,
                     entry->place);
    } else if (is(entry, "Network", "IPv6AcceptRA")) {
        if (!plan_is_yes(entry->value))
            plan_say(link, "method6", "link-local", entry->place);
    } else if (is(entry, "Network", "LinkLocalAddressing")) {
        if (!plan_is_yes(entry->value) && strcmp(entry->value, "ipv6") != 0)
            plan_say(link, "method6", "disabled", entry->place);
    } else if (strcmp(entry->section, "Match") != 0 && !is(entry, "Network", "Bond") &&
               !is(entry, "Network", "Description")) {
        plan_say(link, PLAN_UNKNOWN, entry->key, entry->place);
    }
}

/* Links that the file is for, by name; others are told if the file makes ports of them. */
static void
read_network(struct plan *plan, const GPtrArray *entries)
{
    const struct entry *match = find(entries, "Match", "Name");
    const struct entry *bond = find(entries, "Network", "Bond");
    g_auto(GStrv) names = g_strsplit(match != NULL ? match->value : "", " ", -1);

    if (bond != NULL && match == NULL)
        plan_skip(plan, bond->place,
                  _("the ports are not matched by Name; name them with 'bondcli modify %s ports "
                    "+PORT'"),
                  bond->value);
    for (gsize n = 0; names[n] != NULL; n++) {
        struct plan_link *link;

        if (names[n][0] == '\0')
            continue;
        if (strpbrk(names[n], "*?[!") != NULL) {
            if (bond != NULL)
                plan_skip(plan, match->place,
                          _("'%s' is a pattern; name the ports with 'bondcli modify %s ports "
                            "+PORT'"),
                          names[n], bond->value);
            continue;
        }
        link = plan_link(plan, names[n], match->place);
        if (bond != NULL)
            plan_port(plan, plan_link(plan, bond->value, bond->place), names[n], match->place);
        for (guint i = 0; i < entries->len; i++)
            say_entry(plan, link, entries, i);
    }
}

/* A file FILE.netdev has drop-ins in FILE.netdev.d; they count as its end. */
static GPtrArray *
read_with_drop_ins(struct plan *plan, const char *path)
{
    GPtrArray *entries = read_file(plan, path);
    g_autofree char *dir = g_strconcat(path, ".d", NULL);
    g_autoptr(GPtrArray) files = NULL;

    if (!g_file_test(dir, G_FILE_TEST_IS_DIR))
        return entries;
    files = plan_files(plan, dir, ".conf");
    for (guint i = 0; i < files->len; i++) {
        g_autoptr(GPtrArray) more = read_file(plan, files->pdata[i]);

        for (guint e = 0; e < more->len; e++) {
            ((struct entry *) more->pdata[e])->number += 1000 * (i + 1);
            g_ptr_array_add(entries, more->pdata[e]);
        }
        g_ptr_array_set_free_func(more, NULL);
    }
    return entries;
}

static void
read_all(struct plan *plan, const char *directory, const char *suffix,
         void (*read)(struct plan *plan, const GPtrArray *entries))
{
    g_autoptr(GPtrArray) files = plan_files(plan, directory, suffix);

    for (guint i = 0; i < files->len; i++) {
        g_autoptr(GPtrArray) entries = read_with_drop_ins(plan, files->pdata[i]);

        read(plan, entries);
    }
}

void
import_networkd(struct plan *plan, const char *path, bool is_dir)
{
    g_autofree char *dir = is_dir ? g_strdup(path) : g_path_get_dirname(path);

    if (is_dir) {
        read_all(plan, dir, ".netdev", read_netdev);
    } else {
        g_autoptr(GPtrArray) entries = read_with_drop_ins(plan, path);

        read_netdev(plan, entries);
    }
    read_all(plan, dir, ".network", read_network);
}
