/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ifcfg.c - reads an ifcfg file: assignments as the shell would take them, without running any.
 *
 * Decides what a line says and remembers where it stands. Knows no key.
 */
#include "profiles/ifcfg.h"

#include <glib/gi18n-lib.h>
#include <string.h>

static void
entry_free(gpointer data)
{
    struct ifcfg_entry *entry = data;

    g_free(entry->value);
    g_free(entry);
}

void
ifcfg_free(struct ifcfg *file)
{
    g_free(file->path);
    g_hash_table_unref(file->entries);
    g_ptr_array_unref(file->errors);
    g_free(file);
}

void
ifcfg_take_errors(struct import *import, struct ifcfg *file)
{
    for (guint i = 0; i < file->errors->len; i++)
        g_ptr_array_add(import->errors, g_strdup(file->errors->pdata[i]));
}

static void
say(GPtrArray *list, struct ifcfg *file, guint line, const char *text)
{
    g_ptr_array_add(list, g_strdup_printf("%s:%u: %s", file->path, line, text));
}

guint
ifcfg_line(struct ifcfg *file, const char *key)
{
    struct ifcfg_entry *entry = g_hash_table_lookup(file->entries, key);

    return entry != NULL ? entry->line : 1;
}

void
ifcfg_error(struct import *import, struct ifcfg *file, const char *key, const char *text)
{
    say(import->errors, file, ifcfg_line(file, key), text);
}

void
ifcfg_skip(struct import *import, struct ifcfg *file, const char *key, const char *text)
{
    say(import->skipped, file, ifcfg_line(file, key), text);
}

/* The value of "KEY=value", unquoted; NULL if a quote is not closed or more follows. */
static char *
unquote(const char *text)
{
    g_autoptr(GString) value = g_string_new(NULL);
    char quote = '\0';

    for (; *text != '\0'; text++) {
        if (quote == '\0' && (*text == ' ' || *text == '\t')) {
            text += strspn(text, " \t");
            if (*text != '\0' && *text != '#')
                return NULL; /* a second word: the shell would run it */
            break;
        }
        if (quote == '\0' && (*text == '"' || *text == '\''))
            quote = *text;
        else if (quote != '\0' && *text == quote)
            quote = '\0';
        else if (*text == '\\' && quote != '\'' && text[1] != '\0')
            g_string_append_c(value, *++text);
        else
            g_string_append_c(value, *text);
    }
    return quote == '\0' ? g_strdup(value->str) : NULL;
}

static bool
is_key(const char *text, gsize length)
{
    for (gsize i = 0; i < length; i++) {
        if (!g_ascii_isalnum(text[i]) && text[i] != '_')
            return false;
    }
    return length > 0 && !g_ascii_isdigit(text[0]);
}

static void
read_line(struct ifcfg *file, char *line, guint number)
{
    const char *text = g_strstrip(line);
    const char *equals = strchr(text, '=');
    struct ifcfg_entry *entry;
    char *value;

    if (text[0] == '\0' || text[0] == '#')
        return;
    value = equals != NULL && is_key(text, (gsize) (equals - text)) ? unquote(equals + 1) : NULL;
    if (value == NULL) {
        say(file->errors, file, number, _("this is not KEY=value"));
        return;
    }
    entry = g_new0(struct ifcfg_entry, 1);
    entry->value = value;
    entry->line = number;
    g_hash_table_insert(file->entries, g_strndup(text, (gsize) (equals - text)), entry);
}

struct ifcfg *
ifcfg_read(const char *path, struct import *import)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    GError *error = NULL;
    struct ifcfg *file;

    if (!g_file_get_contents(path, &text, NULL, &error)) {
        g_ptr_array_add(import->errors, g_strdup(error->message));
        g_error_free(error);
        return NULL;
    }
    file = g_new0(struct ifcfg, 1);
    file->path = g_strdup(path);
    file->errors = g_ptr_array_new_with_free_func(g_free);
    file->entries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, entry_free);
    if (!g_utf8_validate(text, -1, NULL)) {
        say(file->errors, file, 1, _("this is not text in UTF-8"));
        return file;
    }
    lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++)
        read_line(file, lines[i], i + 1);
    return file;
}

const char *
ifcfg_get(struct ifcfg *file, const char *key)
{
    struct ifcfg_entry *entry = g_hash_table_lookup(file->entries, key);

    if (entry == NULL)
        return NULL;
    entry->used = true;
    return entry->value[0] != '\0' ? entry->value : NULL;
}

bool
ifcfg_is_yes(struct ifcfg *file, const char *key, bool otherwise)
{
    static const char *const yes[] = {"yes", "y", "true", "t", "1", "on", NULL};
    const char *value = ifcfg_get(file, key);
    g_autofree char *word = value != NULL ? g_ascii_strdown(value, -1) : NULL;

    return word != NULL ? g_strv_contains(yes, word) : otherwise;
}

static int
by_line(gconstpointer a, gconstpointer b, gpointer file)
{
    return (int) ifcfg_line(file, *(const char *const *) a) -
           (int) ifcfg_line(file, *(const char *const *) b);
}

void
ifcfg_skip_unused(struct import *import, struct ifcfg *file)
{
    guint n;
    g_autofree gpointer *keys = g_hash_table_get_keys_as_array(file->entries, &n);

    g_qsort_with_data(keys, (gint) n, sizeof(gpointer), by_line, file);
    for (guint i = 0; i < n; i++) {
        struct ifcfg_entry *entry = g_hash_table_lookup(file->entries, keys[i]);
        g_autofree char *text = NULL;

        if (entry->used || entry->value[0] == '\0')
            continue;
        text = g_strdup_printf(_("%s has no counterpart in a profile"), (const char *) keys[i]);
        say(import->skipped, file, entry->line, text);
    }
}
