/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sentence.c - bondd's sentences in the reader's language.
 *
 * bondd speaks English; all that it can say is in core/sentences.h, as formats. What it has filled
 * in is found by comparing, and put into the translated format. A sentence that is in no table, of
 * a newer bondd perhaps, stays as it is.
 */
#include "cli.h"

#include <string.h>

#include "core/sentences.h"

static const char *const sentences[] = {BOND_SENTENCES};

/* Length of the directive at text: "%s", "%02x", "%1$s"; *position: 1.., or 0 if it has none. */
static gsize
directive(const char *text, guint *position)
{
    gsize n = 1 + strspn(text + 1, "0123456789");

    *position = 0;
    if (text[n] == '$') {
        *position = (guint) g_ascii_strtoull(text + 1, NULL, 10);
        n += 1 + strspn(text + n + 1, "0123456789");
    }
    return n + 1;
}

/* What stands in place of the directives, or NULL if the text is no such sentence. */
static GPtrArray *
match(const char *format, const char *text)
{
    g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(g_free);
    gsize literal = strcspn(format, "%");
    guint position;

    if (strncmp(format, text, literal) != 0)
        return NULL;
    text += literal;
    format += literal;
    while (*format != '\0') {
        g_autofree char *before = NULL;
        const char *found;

        format += directive(format, &position);
        literal = strcspn(format, "%");
        before = g_strndup(format, literal);
        format += literal;
        if (*format != '\0')
            found = strstr(text, before);
        else /* the last piece ends the sentence */
            found = g_str_has_suffix(text, before) ? text + strlen(text) - literal : NULL;
        if (found == NULL || found == text)
            return NULL;
        g_ptr_array_add(values, g_strndup(text, (gsize) (found - text)));
        text = found + literal;
    }
    return *text == '\0' ? g_steal_pointer(&values) : NULL;
}

static char *
fill(const char *format, const GPtrArray *values)
{
    GString *text = g_string_new(NULL);
    guint next = 0;

    while (*format != '\0') {
        gsize literal = strcspn(format, "%");
        guint position;

        g_string_append_len(text, format, (gssize) literal);
        format += literal;
        if (*format == '\0')
            break;
        format += directive(format, &position);
        position = position > 0 ? position - 1 : next++;
        if (position < values->len)
            g_string_append(text, values->pdata[position]);
    }
    return g_string_free(text, FALSE);
}

static char *
translate(const char *text)
{
    for (gsize i = 0; i < G_N_ELEMENTS(sentences); i++) {
        g_autoptr(GPtrArray) values = match(sentences[i], text);

        if (values != NULL)
            return fill(_(sentences[i]), values);
    }
    return NULL;
}

/* "SENTENCE (REASON)." */
static char *
translate_with_reason(const char *text)
{
    const char *open = g_strrstr(text, " (");
    g_autofree char *head = NULL;
    g_autofree char *reason = NULL;
    g_autofree char *said = NULL;

    if (open == NULL || !g_str_has_suffix(text, ")."))
        return NULL;
    head = g_strndup(text, (gsize) (open - text));
    reason = g_strndup(open + 2, strlen(open) - 4);
    said = translate(head);
    return said != NULL ? g_strdup_printf(_("%s (%s)."), said, _(reason)) : NULL;
}

char *
cli_translate(const char *text)
{
    g_autofree char *without_stop = NULL;
    g_autofree char *said = NULL;
    char *whole = translate(text);

    if (whole == NULL)
        whole = translate_with_reason(text);
    if (whole != NULL || !g_str_has_suffix(text, "."))
        return whole != NULL ? whole : g_strdup(text);
    without_stop = g_strndup(text, strlen(text) - 1);
    said = translate(without_stop);
    return said != NULL ? g_strdup_printf(_("%s."), said) : g_strdup(text);
}
