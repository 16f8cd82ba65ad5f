/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * import-netplan.c - netplan's YAML: bonds, and what is said of their ports. libyaml reads it.
 *
 * Decides what a key says. Files of a directory are read in their order, and add to one another.
 */
#include "plan.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "words.h"

struct reader {
    struct plan *plan;
    const char *path;
    yaml_document_t *document;
};

typedef void (*on_pair)(struct reader *reader, gpointer data, const char *key,
                        yaml_node_t *key_node, yaml_node_t *value);

static char *
place_of(const struct reader *reader, const yaml_node_t *node)
{
    return g_strdup_printf("%s:%zu", reader->path, node->start_mark.line + 1);
}

/* "" if it is no single value */
static const char *
text_of(const yaml_node_t *node)
{
    return node->type == YAML_SCALAR_NODE ? (const char *) node->data.scalar.value : "";
}

static void
for_each_pair(struct reader *reader, yaml_node_t *node, on_pair callback, gpointer data)
{
    if (node->type != YAML_MAPPING_NODE)
        return;
    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top; pair++) {
        yaml_node_t *key = yaml_document_get_node(reader->document, pair->key);
        yaml_node_t *value = yaml_document_get_node(reader->document, pair->value);

        callback(reader, data, text_of(key), key, value);
    }
}

/* A list becomes words with commas between them; of a mapping in it, its first key counts. */
static char *
words_of(const struct reader *reader, yaml_node_t *node)
{
    GString *text = g_string_new(NULL);

    if (node->type == YAML_SCALAR_NODE)
        g_string_append(text, text_of(node));
    if (node->type != YAML_SEQUENCE_NODE)
        return g_string_free(text, FALSE);
    for (yaml_node_item_t *item = node->data.sequence.items.start;
         item < node->data.sequence.items.top; item++) {
        yaml_node_t *value = yaml_document_get_node(reader->document, *item);

        if (value->type == YAML_MAPPING_NODE &&
            value->data.mapping.pairs.start < value->data.mapping.pairs.top)
            value = yaml_document_get_node(reader->document, value->data.mapping.pairs.start->key);
        g_string_append_printf(text, "%s%s", text->len > 0 ? "," : "", text_of(value));
    }
    return g_string_free(text, FALSE);
}

/* ---- what is said of one link ---- */

static void
on_parameter(struct reader *reader, gpointer link, const char *key, yaml_node_t *key_node,
             yaml_node_t *value)
{
    g_autofree char *place = place_of(reader, key_node);
    g_autofree char *words = words_of(reader, value);

    if (!plan_say_option(link, key, words, place, false))
        plan_say(link, PLAN_UNKNOWN, key, place);
}

static void
on_nameserver(struct reader *reader, gpointer link, const char *key, yaml_node_t *key_node,
              yaml_node_t *value)
{
    g_autofree char *place = place_of(reader, key_node);
    g_autofree char *words = words_of(reader, value);

    plan_say(link,
             strcmp(key, "addresses") == 0 ? "dns"
             : strcmp(key, "search") == 0  ? "search"
                                           : PLAN_UNKNOWN,
             strcmp(key, "addresses") == 0 || strcmp(key, "search") == 0 ? words : key, place);
}

struct route {
    struct plan_link *link;
    const char *to, *via, *metric;
};

static void
on_route_key(struct reader *reader, gpointer data, const char *key, yaml_node_t *key_node,
             yaml_node_t *value)
{
    struct route *route = data;
    g_autofree char *place = place_of(reader, key_node);

    if (strcmp(key, "to") == 0)
        route->to = text_of(value);
    else if (strcmp(key, "via") == 0)
        route->via = text_of(value);
    else if (strcmp(key, "metric") == 0)
        route->metric = text_of(value);
    else
        plan_say(route->link, PLAN_UNKNOWN, key, place);
}

static void
say_routes(struct reader *reader, struct plan_link *link, yaml_node_t *node)
{
    if (node->type != YAML_SEQUENCE_NODE)
        return;
    for (yaml_node_item_t *item = node->data.sequence.items.start;
         item < node->data.sequence.items.top; item++) {
        yaml_node_t *value = yaml_document_get_node(reader->document, *item);
        struct route route = {.link = link, .to = "default", .via = "-", .metric = "-"};
        g_autofree char *place = place_of(reader, value);
        g_autofree char *text = NULL;

        for_each_pair(reader, value, on_route_key, &route);
        text = g_strdup_printf("%s %s %s", route.to, route.via, route.metric);
        plan_say(link, "route", text, place);
    }
}

static void
say_ports(struct reader *reader, struct plan_link *link, yaml_node_t *node, const char *place)
{
    g_autofree char *words = words_of(reader, node);
    g_auto(GStrv) names = g_strsplit(words, ",", -1);

    for (gsize i = 0; names[i] != NULL; i++) {
        if (names[i][0] != '\0')
            plan_port(reader->plan, link, names[i], place);
    }
}

static void
on_link_key(struct reader *reader, gpointer data, const char *key, yaml_node_t *key_node,
            yaml_node_t *value)
{
    static const char *const same[][2] = {{"addresses", "ip"},
                                          {"gateway4", "gateway"},
                                          {"gateway6", "gateway"},
                                          {"macaddress", "mac"},
                                          {"mtu", "mtu"}};
    static const char *const said[] = {"renderer", "optional", "accept-ra", "link-local", NULL};
    struct plan_link *link = data;
    g_autofree char *place = place_of(reader, key_node);
    g_autofree char *words = words_of(reader, value);

    for (gsize i = 0; i < G_N_ELEMENTS(same); i++) {
        if (strcmp(key, same[i][0]) == 0) {
            plan_say(link, same[i][1], words, place);
            return;
        }
    }
    if (strcmp(key, "interfaces") == 0)
        say_ports(reader, link, value, place);
    else if (strcmp(key, "parameters") == 0)
        for_each_pair(reader, value, on_parameter, link);
    else if (strcmp(key, "nameservers") == 0)
        for_each_pair(reader, value, on_nameserver, link);
    else if (strcmp(key, "routes") == 0)
        say_routes(reader, link, value);
    else if (strcmp(key, "dhcp4") == 0 || strcmp(key, "dhcp6") == 0)
        plan_say(link, key[4] == '4' ? "method4" : "method6",
                 plan_is_yes(words) ? "auto" : PLAN_METHOD_STATIC, place);
    else if (strcmp(key, "accept-ra") == 0 && !plan_is_yes(words))
        plan_say(link, "method6", "link-local", place);
    else if (strcmp(key, "link-local") == 0 && strstr(words, "ipv6") == NULL)
        plan_say(link, "method6", "disabled", place);
    else if (!g_strv_contains(said, key))
        plan_say(link, PLAN_UNKNOWN, key, place);
}

/* ---- the file ---- */

static void
on_bond(struct reader *reader, gpointer data, const char *name, yaml_node_t *key_node,
        yaml_node_t *value)
{
    g_autofree char *place = place_of(reader, key_node);
    struct plan_link *link = plan_link(reader->plan, name, place);

    link->is_bond = true;
    for_each_pair(reader, value, on_link_key, link);
}

static void
on_other(struct reader *reader, gpointer data, const char *name, yaml_node_t *key_node,
         yaml_node_t *value)
{
    g_autofree char *place = place_of(reader, key_node);

    for_each_pair(reader, value, on_link_key, plan_link(reader->plan, name, place));
}

/* VLANs and bridges stay what they are; that one stands on a bond is said. */
static void
on_upper_key(struct reader *reader, gpointer name, const char *key, yaml_node_t *key_node,
             yaml_node_t *value)
{
    g_autofree char *place = place_of(reader, key_node);
    g_autofree char *words = words_of(reader, value);
    g_auto(GStrv) below = g_strsplit(words, ",", -1);

    for (gsize i = 0; below[i] != NULL; i++) {
        struct plan_link *link = NULL;

        for (guint l = 0; l < reader->plan->links->len; l++) {
            link = reader->plan->links->pdata[l];
            if (link->is_bond && strcmp(link->name, below[i]) == 0 &&
                (strcmp(key, "link") == 0 || strcmp(key, "interfaces") == 0))
                plan_skip(reader->plan, place, _("%s on %s is left out: it is no bond"),
                          (const char *) name, link->name);
        }
    }
}

static void
on_upper(struct reader *reader, gpointer data, const char *name, yaml_node_t *key_node,
         yaml_node_t *value)
{
    for_each_pair(reader, value, on_upper_key, (gpointer) name);
}

static void
on_kind(struct reader *reader, gpointer uppers, const char *key, yaml_node_t *key_node,
        yaml_node_t *value)
{
    if (uppers != NULL) {
        if (strcmp(key, "vlans") == 0 || strcmp(key, "bridges") == 0)
            for_each_pair(reader, value, on_upper, NULL);
    } else if (strcmp(key, "bonds") == 0) {
        for_each_pair(reader, value, on_bond, NULL);
    } else if (strcmp(key, "ethernets") == 0) {
        for_each_pair(reader, value, on_other, NULL);
    }
}

static void
on_root(struct reader *reader, gpointer uppers, const char *key, yaml_node_t *key_node,
        yaml_node_t *value)
{
    if (strcmp(key, "network") == 0)
        for_each_pair(reader, value, on_kind, uppers);
}

static void
read_document(struct plan *plan, const char *path, yaml_document_t *document)
{
    struct reader reader = {plan, path, document};
    yaml_node_t *root = yaml_document_get_root_node(document);

    if (root == NULL)
        return;
    for_each_pair(&reader, root, on_root, NULL);
    for_each_pair(&reader, root, on_root, plan); /* with the bonds known */
}

static void
read_file(struct plan *plan, const char *path)
{
    FILE *file = fopen(path, "re");
    yaml_parser_t parser;
    yaml_document_t document;

    if (file == NULL) {
        g_ptr_array_add(plan->import->errors,
                        g_strdup_printf(_("%s cannot be read: %s"), path, g_strerror(errno)));
        return;
    }
    yaml_parser_initialize(&parser);
    yaml_parser_set_input_file(&parser, file);
    if (yaml_parser_load(&parser, &document)) {
        read_document(plan, path, &document);
        yaml_document_delete(&document);
    } else {
        g_autofree char *place = g_strdup_printf("%s:%zu", path, parser.problem_mark.line + 1);

        plan_error(plan, place, _("this is no YAML: %s"), parser.problem);
    }
    yaml_parser_delete(&parser);
    fclose(file);
}

void
import_netplan(struct plan *plan, const char *path, bool is_dir)
{
    g_autoptr(GPtrArray) files = NULL;

    if (!is_dir) {
        read_file(plan, path);
        return;
    }
    files = plan_files(plan, path, ".yaml");
    for (guint i = 0; i < files->len; i++)
        read_file(plan, files->pdata[i]);
}
