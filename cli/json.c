/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * json.c - writes JSON to stdout.
 *
 * Decides commas, indentation and escapes; text that is not UTF-8 is made so, never passed on.
 */
#include "json.h"

#include <stdio.h>

static void
print_quoted(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);

    putchar('"');
    for (const char *c = valid; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            printf("\\%c", *c);
        else if (*c == '\n')
            printf("\\n");
        else if ((unsigned char) *c < 0x20)
            printf("\\u%04x", (unsigned) *c);
        else
            putchar(*c);
    }
    putchar('"');
}

static void
begin_value(struct json *json, const char *key)
{
    if (json->not_first)
        printf(json->pretty ? "," : ", ");
    if (json->pretty && json->depth > 0)
        printf("\n%*s", 2 * json->depth, "");
    if (key != NULL) {
        print_quoted(key);
        printf(": ");
    }
    json->not_first = true;
}

void
json_open(struct json *json, const char *key, char bracket)
{
    begin_value(json, key);
    putchar(bracket);
    json->depth++;
    json->not_first = false;
}

void
json_close(struct json *json, char bracket)
{
    json->depth--;
    if (json->pretty && json->not_first)
        printf("\n%*s", 2 * json->depth, "");
    putchar(bracket);
    json->not_first = true;
    if (json->depth == 0) {
        putchar('\n');
        json->not_first = false;
    }
}

void
json_string(struct json *json, const char *key, const char *value)
{
    begin_value(json, key);
    if (value == NULL)
        printf("null");
    else
        print_quoted(value);
}

void
json_number(struct json *json, const char *key, gint64 value)
{
    begin_value(json, key);
    printf("%" G_GINT64_FORMAT, value);
}

void
json_count(struct json *json, const char *key, guint64 value)
{
    begin_value(json, key);
    printf("%" G_GUINT64_FORMAT, value);
}

void
json_bool(struct json *json, const char *key, bool value)
{
    begin_value(json, key);
    printf(value ? "true" : "false");
}
