/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ifcfg-route.c - the files beside a bond's ifcfg file: route-, route6-, rule- and rule6-DEVICE.
 *
 * Decides what a line says. Making routes and rules of it is the caller's, by import->add_route and
 * add_rule: NetworkManager's daemon has no function for that among those that it exports.
 */
#include "profiles/ifcfg.h"

#include <arpa/inet.h>
#include <glib/gi18n-lib.h>
#include <string.h>

#define MAX_NUMBER 256 /* ADDRESS0= .. */

struct side {
    struct import *import;
    NMConnection *bond;
    const char *device; /* the bond's */
    const char *path;
    int family;
};

/* Takes text. */
static void
say(GPtrArray *list, const struct side *side, guint line, char *text)
{
    g_ptr_array_add(list, g_strdup_printf("%s:%u: %s", side->path, line, text));
    g_free(text);
}

static void
wrong(const struct side *side, guint line, char *text)
{
    say(side->import->errors, side, line, text);
}

static void
skip(const struct side *side, guint line, char *text)
{
    say(side->import->skipped, side, line, text);
}

static void
take(const struct side *side, guint line, const struct ifcfg_route *route)
{
    g_autoptr(GError) error = NULL;

    if (side->import->add_route == NULL)
        skip(side, line,
             g_strdup(_("routes are not taken from files in place; 'bondcli import ifcfg' carries "
                        "them over")));
    else if (!side->import->add_route(side->bond, route, &error))
        wrong(side, line, g_strdup(error->message));
}

/* ---- "10.9.0.0/16 via 10.0.1.1 metric 100", as for `ip route add` ---- */

/* Words with a value that a route of a profile has under the same name. */
static const char *const attributes[] = {"src",      "mtu",      "tos", "window",
                                         "initcwnd", "initrwnd", NULL};
static const char *const types[] = {"unicast", "blackhole", "unreachable", "prohibit",
                                    "throw",   "local",     NULL};

static bool
read_destination(const struct side *side, guint line, char *word, struct ifcfg_route *route)
{
    bool v6 = side->family == AF_INET6;
    char *slash = strchr(word, '/');
    struct in6_addr address; /* the larger one */
    guint64 prefix = v6 ? 128 : 32;

    if (slash != NULL)
        *slash = '\0';
    if (strcmp(word, "default") == 0) {
        route->to = v6 ? "::" : "0.0.0.0";
        route->prefix = 0;
        return true;
    }
    if (inet_pton(side->family, word, &address) != 1 ||
        (slash != NULL && !g_ascii_string_to_unsigned(slash + 1, 10, 0, prefix, &prefix, NULL))) {
        wrong(side, line, g_strdup(_("the route does not begin with ADDRESS/PREFIX or default")));
        return false;
    }
    route->to = word;
    route->prefix = (guint) prefix;
    return true;
}

/* The number of a table by its name; the names are those that every system has. */
static const char *
table_number(const char *word)
{
    return strcmp(word, "main") == 0      ? "254"
           : strcmp(word, "local") == 0   ? "255"
           : strcmp(word, "default") == 0 ? "253"
                                          : word;
}

/* One word with its value. False: the route is not carried over, and that was said. */
static bool
read_pair(const struct side *side, guint line, const char *key, const char *value,
          struct ifcfg_route *route, GString *more)
{
    if (strcmp(key, "via") == 0)
        route->via = value;
    else if (strcmp(key, "metric") == 0 || strcmp(key, "preference") == 0) {
        if (!g_ascii_string_to_signed(value, 10, 0, G_MAXUINT32, &route->metric, NULL)) {
            wrong(side, line, g_strdup(_("this is no metric of a route")));
            return false;
        }
    } else if (strcmp(key, "table") == 0)
        g_string_append_printf(more, " table=%s", table_number(value));
    else if (g_strv_contains(attributes, key))
        g_string_append_printf(more, " %s=%s", key, value);
    else if (strcmp(key, "dev") == 0 && strcmp(value, side->device) != 0) {
        skip(side, line, g_strdup_printf(_("a route over %s is none of %s"), value, side->device));
        return false;
    } else if (strcmp(key, "dev") != 0 && strcmp(key, "proto") != 0 && strcmp(key, "scope") != 0) {
        skip(side, line,
             g_strdup_printf(_("'%s' of a route has no counterpart in a profile"), key));
        return false;
    }
    return true;
}

static void
read_ip_route(const struct side *side, guint line, char **words)
{
    struct ifcfg_route route = {.family = side->family, .metric = -1};
    g_autoptr(GString) more = g_string_new(NULL);

    if (*words != NULL && g_strv_contains(types, *words)) {
        if (strcmp(*words, "unicast") != 0)
            g_string_append_printf(more, " type=%s", *words);
        words++;
    }
    if (*words != NULL && strcmp(*words, "to") == 0)
        words++;
    if (*words == NULL || !read_destination(side, line, *words, &route)) {
        if (*words == NULL)
            wrong(side, line, g_strdup(_("the route has no destination")));
        return;
    }
    for (words++; *words != NULL; words++) {
        if (strcmp(*words, "onlink") == 0) {
            g_string_append(more, " onlink=true");
            continue;
        }
        if (words[1] == NULL) {
            wrong(side, line, g_strdup_printf(_("'%s' has no value"), *words));
            return;
        }
        if (!read_pair(side, line, words[0], words[1], &route, more))
            return;
        words++;
    }
    route.attributes = more->str;
    take(side, line, &route);
}

/* Words without the empty ones between spaces. */
static char **
split(const char *line)
{
    g_auto(GStrv) parts = g_strsplit_set(line, " \t", -1);
    GPtrArray *words = g_ptr_array_new();

    for (gsize i = 0; parts[i] != NULL; i++) {
        if (parts[i][0] != '\0')
            g_ptr_array_add(words, g_strdup(parts[i]));
    }
    g_ptr_array_add(words, NULL);
    return (char **) g_ptr_array_free(words, FALSE);
}

/* ---- ADDRESS0=, NETMASK0=, GATEWAY0= ---- */

static const char *
numbered(struct ifcfg *file, const char *key, int number, char name[32])
{
    g_snprintf(name, 32, "%s%d", key, number);
    return ifcfg_get(file, name);
}

static void
read_numbered(const struct side *side, struct ifcfg *file, int number)
{
    struct ifcfg_route route = {.family = AF_INET, .prefix = 32, .metric = -1, .attributes = ""};
    char name[32], key[32];
    const char *mask = numbered(file, "NETMASK", number, name);
    const char *metric = numbered(file, "METRIC", number, key);
    struct in_addr bits;

    if (mask != NULL && !ifcfg_netmask(mask, &route.prefix)) {
        ifcfg_error(side->import, file, name, _("this is no netmask"));
        return;
    }
    if (metric != NULL &&
        !g_ascii_string_to_signed(metric, 10, 0, G_MAXUINT32, &route.metric, NULL)) {
        ifcfg_error(side->import, file, key, _("this is no metric of a route"));
        return;
    }
    route.via = numbered(file, "GATEWAY", number, name);
    if (route.via != NULL && inet_pton(AF_INET, route.via, &bits) != 1) {
        ifcfg_error(side->import, file, name, _("this is no address"));
        return;
    }
    route.to = numbered(file, "ADDRESS", number, name);
    if (inet_pton(AF_INET, route.to, &bits) != 1)
        ifcfg_error(side->import, file, name, _("this is no address"));
    else
        take(side, ifcfg_line(file, name), &route);
}

static void
read_all_numbered(const struct side *side)
{
    struct ifcfg *file = ifcfg_read(side->path, side->import);
    char name[32];

    if (file == NULL)
        return;
    ifcfg_take_errors(side->import, file);
    for (int i = 0; i < MAX_NUMBER; i++) {
        if (numbered(file, "ADDRESS", i, name) != NULL)
            read_numbered(side, file, i);
    }
    ifcfg_skip_unused(side->import, file);
    ifcfg_free(file);
}

/* ---- files ---- */

/* Words that iproute2 takes, and the one that libnm knows. */
static void
use_full_words(char **words)
{
    static const char *const full[][2] = {{"prio", "priority"},
                                          {"pref", "priority"},
                                          {"preference", "priority"},
                                          {"order", "priority"},
                                          {"lookup", "table"}};

    for (; *words != NULL; words++) {
        for (gsize i = 0; i < G_N_ELEMENTS(full); i++) {
            if (strcmp(*words, full[i][0]) == 0) {
                g_free(*words);
                *words = g_strdup(full[i][1]);
            }
        }
    }
}

static void
read_rule(const struct side *side, guint line, char **words)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;

    use_full_words(words);
    text = g_strjoinv(" ", words);

    if (side->import->add_rule == NULL)
        skip(side, line,
             g_strdup(_("rules are not taken from files in place; 'bondcli import ifcfg' carries "
                        "them over")));
    else if (!side->import->add_rule(side->bond, side->family, text, &error))
        skip(side, line, g_strdup_printf(_("the rule is not carried over: %s"), error->message));
}

static void
read_lines(const struct side *side, bool rules, char **lines)
{
    for (guint i = 0; lines[i] != NULL; i++) {
        g_auto(GStrv) words = NULL;
        const char *line = g_strstrip(lines[i]);

        if (line[0] == '\0' || line[0] == '#')
            continue;
        words = split(line);
        if (rules)
            read_rule(side, i + 1, words);
        else
            read_ip_route(side, i + 1, words);
    }
}

/* As the initscripts tell the two formats apart. */
static bool
is_numbered(char **lines)
{
    for (gsize i = 0; lines[i] != NULL; i++) {
        const char *line = lines[i] + strspn(lines[i], " \t");

        if (g_str_has_prefix(line, "ADDRESS") && g_ascii_isdigit(line[7]))
            return true;
    }
    return false;
}

void
import_side_files(struct import *import, struct ifcfg *file, NMConnection *bond)
{
    static const struct {
        const char *name;
        int family;
        bool rules;
    } kinds[] = {{"route", AF_INET, false},
                 {"route6", AF_INET6, false},
                 {"rule", AF_INET, true},
                 {"rule6", AF_INET6, true}};
    g_autofree char *dir = g_path_get_dirname(file->path);

    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autofree char *name = g_strdup_printf("%s-%s", kinds[i].name, ifcfg_device(file));
        g_autofree char *path = g_build_filename(dir, name, NULL);
        g_autofree char *text = NULL;
        g_auto(GStrv) lines = NULL;
        struct side side = {import, bond, ifcfg_device(file), path, kinds[i].family};

        if (!g_file_get_contents(path, &text, NULL, NULL))
            continue;
        lines = g_strsplit(text, "\n", -1);
        if (!g_utf8_validate(text, -1, NULL))
            wrong(&side, 1, g_strdup(_("this is not text in UTF-8")));
        else if (kinds[i].family == AF_INET && !kinds[i].rules && is_numbered(lines))
            read_all_numbered(&side);
        else
            read_lines(&side, kinds[i].rules, lines);
    }
}
