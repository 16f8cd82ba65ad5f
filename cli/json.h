/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * json.h - writes JSON to stdout.
 */
#ifndef BONDCLI_JSON_H
#define BONDCLI_JSON_H

#include <stdbool.h>
#include <glib.h>

struct json {
    bool pretty;
    bool not_first; /* a comma is due */
    int depth;
};

/* `key` is NULL inside an array and at the top. */
void json_open(struct json *json, const char *key, char bracket);
void json_close(struct json *json, char bracket);
void json_string(struct json *json, const char *key, const char *value); /* NULL: null */
void json_number(struct json *json, const char *key, gint64 value);
void json_count(struct json *json, const char *key, guint64 value);
void json_bool(struct json *json, const char *key, bool value);

#endif
