/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * import-interfaces.c - /etc/network/interfaces of ifupdown: interfaces(5), with the bond-* options
 * of ifenslave.
 *
 * Decides what a line says. Nothing that a file asks to be run is run.
 */
#include "plan.h"

#include <glob.h>
#include <string.h>

#include "words.h"

#define MAX_DEPTH 8 /* of files that name files */

struct reader {
    struct plan *plan;
    struct plan_link *link; /* of the stanza; NULL: one that does not concern us */
    bool is_v6;
    char *address, *netmask; /* of the stanza, NULL: not named */
    char *address_place;
    GHashTable *automatic; /* names behind auto and allow-hotplug */
    int depth;
};

static void read_file(struct reader *reader, const char *path);

/* A number of bits, or 255.255.255.0 */
static bool
read_netmask(struct reader *reader, guint64 *prefix)
{
    guint bits;

    if (g_ascii_string_to_unsigned(reader->netmask, 10, 0, reader->is_v6 ? 128 : 32, prefix, NULL))
        return true;
    if (!ifcfg_netmask(reader->netmask, &bits))
        return false;
    *prefix = bits;
    return true;
}

/* Without a prefix it is of one host, as ifupdown takes it. */
static void
finish_address(struct reader *reader)
{
    g_autofree char *text = NULL;
    guint64 prefix = reader->is_v6 ? 128 : 32;

    if (reader->address == NULL)
        return;
    if (reader->netmask != NULL && !read_netmask(reader, &prefix)) {
        plan_error(reader->plan, reader->address_place, _("'%s' is no netmask"), reader->netmask);
        return;
    }
    text = strchr(reader->address, '/') != NULL
               ? g_strdup(reader->address)
               : g_strdup_printf("%s/%u", reader->address, (guint) prefix);
    plan_say(reader->link, "ip", text, reader->address_place);
}

static void
begin_stanza(struct reader *reader)
{
    if (reader->link != NULL)
        finish_address(reader);
    g_clear_pointer(&reader->address, g_free);
    g_clear_pointer(&reader->netmask, g_free);
    g_clear_pointer(&reader->address_place, g_free);
    reader->link = NULL;
}

/* "iface NAME inet METHOD" */
static void
read_iface(struct reader *reader, char **words, const char *place)
{
    static const char *const methods[][2] = {
        {"dhcp", "auto"}, {"auto", "auto"}, {"manual", "disabled"}, {"static", PLAN_METHOD_STATIC}};
    guint n = g_strv_length(words);
    const char *method = NULL;

    if (n < 4) {
        plan_error(reader->plan, place, _("this is not 'iface NAME FAMILY METHOD'"));
        return;
    }
    if (strcmp(words[3], "loopback") == 0)
        return;
    reader->is_v6 = strcmp(words[2], "inet6") == 0;
    reader->link = plan_link(reader->plan, words[1], place);
    for (gsize i = 0; i < G_N_ELEMENTS(methods); i++) {
        if (strcmp(words[3], methods[i][0]) == 0)
            method = methods[i][1];
    }
    if (method == NULL)
        plan_skip(reader->plan, place, _("the method %s has no counterpart in a profile"),
                  words[3]);
    else
        plan_say(reader->link, reader->is_v6 ? "method6" : "method4", method, place);
}

static void
add_ports(struct reader *reader, const char *value, const char *place)
{
    g_auto(GStrv) names = g_strsplit_set(value, " \t", -1);

    reader->link->is_bond = true;
    for (gsize i = 0; names[i] != NULL; i++) {
        if (names[i][0] == '\0' || strcmp(names[i], "none") == 0)
            continue;
        if (names[i][0] == '/' || strpbrk(names[i], "*?[") != NULL)
            plan_skip(reader->plan, place,
                      _("'%s' is a pattern; name the ports with 'bondcli modify %s ports +PORT'"),
                      names[i], reader->link->name);
        else
            plan_port(reader->plan, reader->link, names[i], place);
    }
}

/* "bond-mode 4", also "bond_mode 4"; false if it is not of a bond */
static bool
read_bond_option(struct reader *reader, const char *key, const char *value, const char *place)
{
    const char *name = key + strlen("bond-");

    if (!g_str_has_prefix(key, "bond-") && !g_str_has_prefix(key, "bond_"))
        return false;
    if (strcmp(name, "slaves") == 0 || strcmp(name, "ports") == 0) {
        add_ports(reader, value, place);
    } else if (strcmp(name, "master") == 0) {
        struct plan_link *bond = plan_link(reader->plan, value, place);

        bond->is_bond = true;
        plan_port(reader->plan, bond, reader->link->name, place);
    } else if (plan_say_option(reader->link, name, value, place, false)) {
        reader->link->is_bond |= strcmp(name, "primary") != 0; /* a port may name it, too */
    } else {
        plan_skip_key(reader->plan, place, key);
    }
    return true;
}

/* A line within a stanza. */
static void
read_option(struct reader *reader, const char *key, const char *value, const char *place)
{
    static const char *const same[][2] = {{"gateway", "gateway"},     {"mtu", "mtu"},
                                          {"dns-nameservers", "dns"}, {"dns-search", "search"},
                                          {"dns-domain", "search"},   {"dns-nameserver", "dns"}};
    static const char *const said[] = {"network", "broadcast", NULL}; /* by the address */

    if (reader->link == NULL || read_bond_option(reader, key, value, place))
        return;
    if (strcmp(key, "address") == 0) {
        g_free(reader->address);
        reader->address = g_strdup(value);
        g_free(reader->address_place);
        reader->address_place = g_strdup(place);
        return;
    }
    if (strcmp(key, "netmask") == 0) {
        g_free(reader->netmask);
        reader->netmask = g_strdup(value);
        return;
    }
    if (strcmp(key, "hwaddress") == 0) {
        plan_say(reader->link, "mac", g_str_has_prefix(value, "ether ") ? value + 6 : value, place);
        return;
    }
    if (strcmp(key, "accept_ra") == 0 || strcmp(key, "autoconf") == 0) {
        if (strcmp(value, "0") == 0)
            plan_say(reader->link, "method6", "link-local", place);
        return;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(same); i++) {
        if (strcmp(key, same[i][0]) == 0) {
            plan_say(reader->link, same[i][1], value, place);
            return;
        }
    }
    if (!g_strv_contains(said, key))
        plan_say(reader->link, PLAN_UNKNOWN, key, place);
}

static void
read_source(struct reader *reader, const char *path, const char *pattern, const char *place)
{
    g_autofree char *dir = g_path_get_dirname(path);
    g_autofree char *full =
        pattern[0] == '/' ? g_strdup(pattern) : g_build_filename(dir, pattern, NULL);
    glob_t found;

    if (reader->depth >= MAX_DEPTH) {
        plan_error(reader->plan, place, _("files name one another in a circle"));
        return;
    }
    if (glob(full, 0, NULL, &found) == 0) {
        for (gsize i = 0; i < found.gl_pathc; i++) {
            if (!g_file_test(found.gl_pathv[i], G_FILE_TEST_IS_DIR))
                read_file(reader, found.gl_pathv[i]);
        }
        globfree(&found);
    }
}

static void
read_line(struct reader *reader, const char *path, char *line, guint number)
{
    g_autofree char *place = g_strdup_printf("%s:%u", path, number);
    char *text = g_strstrip(line);
    gsize length = strcspn(text, " \t");
    g_autofree char *key = g_strndup(text, length);
    const char *value = text + length + strspn(text + length, " \t");
    g_auto(GStrv) words = g_regex_split_simple("[ \\t]+", text, 0, 0);

    if (text[0] == '\0' || text[0] == '#')
        return;
    if (strcmp(key, "iface") == 0) {
        begin_stanza(reader);
        read_iface(reader, words, place);
    } else if (strcmp(key, "auto") == 0 || g_str_has_prefix(key, "allow-")) {
        begin_stanza(reader);
        for (gsize i = 1; words[i] != NULL; i++)
            g_hash_table_add(reader->automatic, g_strdup(words[i]));
    } else if (strcmp(key, "source") == 0) {
        begin_stanza(reader);
        read_source(reader, path, value, place);
    } else if (strcmp(key, "source-directory") == 0) {
        g_autofree char *pattern = g_build_filename(value, "*", NULL);

        begin_stanza(reader);
        read_source(reader, path, pattern, place);
    } else if (strcmp(key, "mapping") == 0 || g_str_has_prefix(key, "no-")) {
        begin_stanza(reader);
    } else {
        read_option(reader, key, value, place);
    }
}

/* A line that ends with a backslash goes on in the next. */
static void
read_file(struct reader *reader, const char *path)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    g_autoptr(GString) whole = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    guint first = 0;

    if (!g_file_get_contents(path, &text, NULL, &error)) {
        g_ptr_array_add(reader->plan->import->errors, g_strdup(error->message));
        return;
    }
    reader->depth++;
    lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++) {
        bool goes_on = g_str_has_suffix(lines[i], "\\");

        if (whole->len == 0)
            first = i + 1;
        g_string_append_len(whole, lines[i], (gssize) strlen(lines[i]) - (goes_on ? 1 : 0));
        if (goes_on)
            continue;
        read_line(reader, path, whole->str, first);
        g_string_truncate(whole, 0);
    }
    begin_stanza(reader);
    reader->depth--;
}

/* Brought up at start, if a file says so; ports come with their bond. */
static void
set_automatic(struct reader *reader)
{
    for (guint i = 0; i < reader->plan->links->len; i++) {
        struct plan_link *link = reader->plan->links->pdata[i];

        if (link->is_bond)
            plan_say(link, "autoconnect",
                     g_hash_table_contains(reader->automatic, link->name) ? "yes" : "no",
                     link->place);
    }
}

void
import_interfaces(struct plan *plan, const char *path, bool is_dir)
{
    struct reader reader = {.plan = plan};

    reader.automatic = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (is_dir) {
        g_autoptr(GPtrArray) files = plan_files(plan, path, "");

        for (guint i = 0; i < files->len; i++) {
            if (!g_file_test(files->pdata[i], G_FILE_TEST_IS_DIR))
                read_file(&reader, files->pdata[i]);
        }
    } else {
        read_file(&reader, path);
    }
    set_automatic(&reader);
    g_hash_table_unref(reader.automatic);
}
