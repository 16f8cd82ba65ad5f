/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plan.c - makes profiles of what was read, and says what could not be carried over.
 *
 * Decides which word means what in a profile. Knows no file format.
 */
#include "plan.h"

#include <string.h>

#include "words.h"

struct plan_word {
    char *key, *value, *place;
};

static void
word_free(gpointer data)
{
    struct plan_word *word = data;

    g_free(word->key);
    g_free(word->value);
    g_free(word->place);
    g_free(word);
}

static void
link_free(gpointer data)
{
    struct plan_link *link = data;

    g_free(link->name);
    g_free(link->place);
    g_free(link->bond);
    g_ptr_array_unref(link->words);
    g_free(link);
}

struct plan *
plan_new(struct import *import)
{
    struct plan *plan = g_new0(struct plan, 1);

    plan->import = import;
    plan->links = g_ptr_array_new_with_free_func(link_free);
    return plan;
}

void
plan_free(struct plan *plan)
{
    g_ptr_array_unref(plan->links);
    g_free(plan);
}

struct plan_link *
plan_link(struct plan *plan, const char *name, const char *place)
{
    struct plan_link *link;

    for (guint i = 0; i < plan->links->len; i++) {
        link = plan->links->pdata[i];
        if (strcmp(link->name, name) == 0)
            return link;
    }
    link = g_new0(struct plan_link, 1);
    link->name = g_strdup(name);
    link->place = g_strdup(place);
    link->words = g_ptr_array_new_with_free_func(word_free);
    g_ptr_array_add(plan->links, link);
    return link;
}

void
plan_port(struct plan *plan, struct plan_link *bond, const char *port, const char *place)
{
    struct plan_link *link = plan_link(plan, port, place);

    if (link->bond != NULL && strcmp(link->bond, bond->name) != 0)
        plan_error(plan, place, _("%s is a port of %s already"), port, link->bond);
    g_free(link->bond);
    link->bond = g_strdup(bond->name);
}

void
plan_say(struct plan_link *link, const char *key, const char *value, const char *place)
{
    struct plan_word *word = g_new0(struct plan_word, 1);

    word->key = g_strdup(key);
    word->value = g_strdup(value);
    word->place = g_strdup(place);
    g_ptr_array_add(link->words, word);
}

/* ---- what is to be said ---- */

static void G_GNUC_PRINTF(3, 0)
    add_sentence(GPtrArray *list, const char *place, const char *format, va_list args)
{
    g_autofree char *text = g_strdup_vprintf(format, args);

    g_ptr_array_add(list, g_strdup_printf("%s: %s", place, text));
}

void
plan_error(struct plan *plan, const char *place, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add_sentence(plan->import->errors, place, format, args);
    va_end(args);
}

void
plan_skip(struct plan *plan, const char *place, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add_sentence(plan->import->skipped, place, format, args);
    va_end(args);
}

void
plan_skip_key(struct plan *plan, const char *place, const char *key)
{
    plan_skip(plan, place, _("%s has no counterpart in a profile"), key);
}

static int
by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

GPtrArray *
plan_files(struct plan *plan, const char *directory, const char *suffix)
{
    GPtrArray *files = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    GDir *dir = g_dir_open(directory, 0, &error);
    const char *name;

    if (dir == NULL) {
        g_ptr_array_add(plan->import->errors, g_strdup(error->message));
        return files;
    }
    while ((name = g_dir_read_name(dir)) != NULL) {
        if (name[0] != '.' && g_str_has_suffix(name, suffix))
            g_ptr_array_add(files, g_build_filename(directory, name, NULL));
    }
    g_dir_close(dir);
    g_ptr_array_sort(files, by_name);
    return files;
}

/* ---- words into a profile ---- */

static NMSettingIPConfig *
ip_of(NMConnection *bond, int family)
{
    return family == AF_INET ? nm_connection_get_setting_ip4_config(bond)
                             : nm_connection_get_setting_ip6_config(bond);
}

static bool
set_method(NMConnection *bond, int family, const char *method)
{
    /* what has an address of its own has a link-local one beside it */
    if (strcmp(method, "link-local") == 0 &&
        nm_setting_ip_config_get_num_addresses(ip_of(bond, family)) > 0)
        method = "manual";
    if (strcmp(method, PLAN_METHOD_STATIC) != 0)
        g_object_set(ip_of(bond, family), NM_SETTING_IP_CONFIG_METHOD, method, NULL);
    return true;
}

/* A static address beside DHCP stays with it. */
static bool
add_address(NMConnection *bond, const char *value, GError **error)
{
    return profile_set_addresses(bond, '+', value, error);
}

static bool
add_search(NMConnection *bond, const char *value)
{
    g_auto(GStrv) words = g_strsplit_set(value, ", \t", -1);

    for (gsize i = 0; words[i] != NULL; i++) {
        if (words[i][0] != '\0')
            nm_setting_ip_config_add_dns_search(ip_of(bond, AF_INET), words[i]);
    }
    return true;
}

/* "TO VIA METRIC"; TO may be "default", VIA and METRIC "-" */
static bool
add_route(NMConnection *bond, const char *value, GError **error)
{
    g_auto(GStrv) words = g_strsplit(value, " ", 3);
    g_auto(GStrv) to = g_strsplit(words[0], "/", 2);
    const char *via = strcmp(words[1], "-") != 0 ? words[1] : NULL;
    int family = nm_utils_ipaddr_valid(AF_INET6, via != NULL ? via : to[0]) ? AF_INET6 : AF_INET;
    gint64 metric = -1;
    guint64 prefix = family == AF_INET ? 32 : 128;
    NMIPRoute *route;

    if (via != NULL && (strcmp(to[0], "default") == 0 || strcmp(words[0], "0.0.0.0/0") == 0 ||
                        strcmp(words[0], "::/0") == 0))
        return profile_set_gateway(bond, via, error);
    if ((to[1] != NULL && !g_ascii_string_to_unsigned(to[1], 10, 0, prefix, &prefix, NULL)) ||
        (strcmp(words[2], "-") != 0 &&
         !g_ascii_string_to_signed(words[2], 10, 0, G_MAXUINT32, &metric, NULL)))
        return profile_error(error, _("'%s' is no route"), value);
    route = nm_ip_route_new(family, to[0], (guint) prefix, via, metric, error);
    if (route == NULL)
        return false;
    nm_setting_ip_config_add_route(ip_of(bond, family), route);
    nm_ip_route_unref(route);
    return true;
}

static bool
apply_word(struct profile *profile, const struct plan_word *word, GError **error)
{
    if (strcmp(word->key, "ip") == 0)
        return add_address(profile->bond, word->value, error);
    if (strcmp(word->key, "dns") == 0)
        return profile_set_dns(profile->bond, '+', word->value, error);
    if (strcmp(word->key, "search") == 0)
        return add_search(profile->bond, word->value);
    if (strcmp(word->key, "route") == 0)
        return add_route(profile->bond, word->value, error);
    if (strcmp(word->key, "method4") == 0)
        return set_method(profile->bond, AF_INET, word->value);
    if (strcmp(word->key, "method6") == 0)
        return set_method(profile->bond, AF_INET6, word->value);
    return profile_set(profile, word->key, '=', word->value, error);
}

/* A gateway needs the addresses, and a method the last word. */
static int
turn_of(const struct plan_word *word)
{
    if (strcmp(word->key, "gateway") == 0 || strcmp(word->key, "route") == 0)
        return 1;
    return g_str_has_prefix(word->key, "method") ? 2 : strcmp(word->key, PLAN_UNKNOWN) == 0 ? 3 : 0;
}

static void
apply_words(struct plan *plan, struct plan_link *link, struct profile *profile)
{
    for (int turn = 0; turn < 3; turn++) {
        for (guint i = 0; i < link->words->len; i++) {
            struct plan_word *word = link->words->pdata[i];
            g_autoptr(GError) error = NULL;

            if (turn == 0 && strcmp(word->key, PLAN_UNKNOWN) == 0)
                plan_skip_key(plan, word->place, word->value);
            else if (turn_of(word) == turn && !apply_word(profile, word, &error))
                plan_error(plan, word->place, "%s", error->message);
        }
    }
}

/* ---- links into profiles ---- */

static void
add_profile(struct plan *plan, const char *place, NMConnection *connection)
{
    struct imported *imported = g_new0(struct imported, 1);

    imported->path = g_strdup(place);
    imported->connection = g_object_ref(connection);
    g_ptr_array_add(plan->import->profiles, imported);
}

/* A port has no addresses: its bond has them. */
static void
add_port(struct plan *plan, struct plan_link *link, NMConnection *bond)
{
    g_autoptr(NMConnection) port = profile_make_port(bond, link->name);
    g_autoptr(profile_auto) profile = profile_new_for(g_object_ref(port));
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < link->words->len; i++) {
        struct plan_word *word = link->words->pdata[i];
        g_autoptr(GError) wrong = NULL;

        if (strcmp(word->key, "mtu") == 0 || strcmp(word->key, "mac") == 0 ||
            strcmp(word->key, "autoconnect") == 0) {
            if (!profile_set(profile, word->key, '=', word->value, &wrong))
                plan_error(plan, word->place, "%s", wrong->message);
        } else if (strcmp(word->key, PLAN_UNKNOWN) == 0) {
            plan_skip_key(plan, word->place, word->value);
        } else if (!g_str_has_prefix(word->key, "method") || strcmp(word->value, "auto") == 0) {
            plan_skip(plan, word->place, _("%s of the port %s is left out: a port has none"),
                      word->key, link->name);
        }
    }
    if (!nm_connection_normalize(port, NULL, NULL, &error))
        plan_error(plan, link->place, "%s", error->message);
    add_profile(plan, link->place, port);
}

static void
add_bond(struct plan *plan, struct plan_link *link)
{
    g_autoptr(profile_auto) profile = NULL;
    g_autoptr(GError) error = NULL;

    if (!nm_utils_is_valid_iface_name(link->name, NULL)) {
        plan_error(plan, link->place, _("'%s' is no name that a network interface can have."),
                   link->name);
        return;
    }
    profile = profile_new(link->name);
    profile_set(profile, "ip", '=', "none", NULL);
    /* where nobody forbids it the kernel and networkd listen to routers */
    set_method(profile->bond, AF_INET6, "auto");
    for (guint i = 0; i < plan->links->len; i++) {
        struct plan_link *other = plan->links->pdata[i];

        if (g_strcmp0(other->bond, link->name) == 0 &&
            !profile_set(profile, "ports", '+', other->name, &error)) {
            plan_error(plan, other->place, "%s", error->message);
            g_clear_error(&error);
        }
    }
    apply_words(plan, link, profile);
    if (!profile_finish(profile, &error))
        plan_error(plan, link->place, "%s", error->message);
    for (guint i = 0; i < profile->notes->len; i++)
        plan_skip(plan, link->place, "%s", (const char *) profile->notes->pdata[i]);
    add_profile(plan, link->place, profile->bond);
    g_ptr_array_add(plan->import->bonds, g_strdup(link->name));
    for (guint i = 0; i < plan->links->len; i++) {
        struct plan_link *other = plan->links->pdata[i];

        if (g_strcmp0(other->bond, link->name) == 0)
            add_port(plan, other, profile->bond);
    }
}

/* ifupdown takes bond-primary in a port's stanza, too. */
static void
hand_up_primary(struct plan *plan, struct plan_link *port)
{
    for (guint i = port->bond != NULL ? port->words->len : 0; i-- > 0;) {
        struct plan_word *word = port->words->pdata[i];

        if (strcmp(word->key, "primary") != 0)
            continue;
        plan_say(plan_link(plan, port->bond, word->place), "primary", word->value, word->place);
        g_ptr_array_remove_index(port->words, i);
    }
}

void
plan_finish(struct plan *plan)
{
    for (guint i = 0; i < plan->links->len; i++)
        hand_up_primary(plan, plan->links->pdata[i]);
    for (guint i = 0; i < plan->links->len; i++) {
        struct plan_link *link = plan->links->pdata[i];

        if (link->is_bond)
            add_bond(plan, link);
    }
}
