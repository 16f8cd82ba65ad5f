/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dbus_args.c - reads what callers send. Everything that is not understood is refused: a setting
 * that is silently ignored is a network that is not what its owner thinks it is.
 */
#include "daemon/dbus.h"

#include <stdio.h>
#include <string.h>

#include "daemon/error.h"

static bool bad(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static bool
bad(GError **error, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (error != NULL)
        *error = g_error_new_valist(BONDD_ERROR, BONDD_ERROR_BAD_VALUE, format, args);
    va_end(args);
    return false;
}

static bool
is_type(const char *key, GVariant *value, const GVariantType *type, const char *words,
        GError **error)
{
    if (g_variant_is_of_type(value, type))
        return true;
    return bad(error, "The setting \"%s\" must be of D-Bus type %.*s (%s), not %s.", key,
               (int) g_variant_type_get_string_length(type), g_variant_type_peek_string(type),
               words, g_variant_get_type_string(value));
}

/* core knows the range of a port's options, and the sentence. */
static bool
port_number(enum bond_port_opt_id id, gint64 value, GError **error)
{
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, value);
    struct bond_err err = {0};
    int64_t parsed;

    if (bond_port_option_parse(id, text, &parsed, &err) == 0)
        return true;
    bondd_error_from_core(error, &err);
    return false;
}

bool
bondd_args_port(GVariant *settings, struct bondd_port_settings *out, GError **error)
{
    GVariantIter iter;
    const char *key;
    GVariant *v;

    memset(out, 0, sizeof(*out));
    g_variant_iter_init(&iter, settings);
    while (g_variant_iter_next(&iter, "{&sv}", &key, &v)) {
        g_autoptr(GVariant) value = v;

        if (strcmp(key, "queue-id") == 0) {
            if (!is_type(key, value, G_VARIANT_TYPE_UINT32, "an unsigned number", error) ||
                !port_number(BOND_PORT_OPT_QUEUE_ID, g_variant_get_uint32(value), error))
                return false;
            out->queue_id = (uint16_t) g_variant_get_uint32(value);
            out->has_queue_id = true;
        } else if (strcmp(key, "prio") == 0) {
            if (!is_type(key, value, G_VARIANT_TYPE_INT32, "a number", error) ||
                !port_number(BOND_PORT_OPT_PRIO, g_variant_get_int32(value), error))
                return false;
            out->prio = g_variant_get_int32(value);
            out->has_prio = true;
        } else if (strcmp(key, "actor-port-prio") == 0) {
            if (!is_type(key, value, G_VARIANT_TYPE_UINT32, "an unsigned number", error) ||
                !port_number(BOND_PORT_OPT_ACTOR_PORT_PRIO, g_variant_get_uint32(value), error))
                return false;
            out->actor_port_prio = (uint16_t) g_variant_get_uint32(value);
        } else if (strcmp(key, "rr-delay") == 0) {
            if (!is_type(key, value, G_VARIANT_TYPE_UINT32, "an unsigned number", error) ||
                !port_number(BOND_PORT_OPT_RR_DELAY, g_variant_get_uint32(value), error))
                return false;
            out->rr_delay_us = g_variant_get_uint32(value);
            out->has_rr_delay = true;
        } else {
            return bad(error,
                       "The setting \"%s\" of a port is not known: \"queue-id\" (u), \"prio\" (i), "
                       "\"actor-port-prio\" (u) and \"rr-delay\" (u) are allowed.",
                       key);
        }
    }
    return true;
}

static bool
read_mac(const char *text, uint8_t mac[BOND_MAC_LEN], GError **error)
{
    static const uint8_t zero[BOND_MAC_LEN];
    int end = 0;

    if (strlen(text) != 17 ||
        sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &mac[0], &mac[1], &mac[2], &mac[3],
               &mac[4], &mac[5], &end) != 6 ||
        end != 17)
        return bad(error,
                   "mac=\"%s\" is not a MAC address: six bytes such as 02:00:00:12:34:56 are "
                   "allowed.",
                   text);
    if ((mac[0] & 1) || memcmp(mac, zero, BOND_MAC_LEN) == 0)
        return bad(error,
                   "mac=\"%s\" cannot be a device's address: it must not be multicast (first "
                   "byte odd) nor zero.",
                   text);
    return true;
}

bool
bondd_args_bond(GVariant *settings, bool *has_mac, uint8_t mac[BOND_MAC_LEN], uint32_t *drain_ms,
                bool *insists, GError **error)
{
    GVariantIter iter;
    const char *key;
    GVariant *v;

    *has_mac = *insists = false;
    g_variant_iter_init(&iter, settings);
    while (g_variant_iter_next(&iter, "{&sv}", &key, &v)) {
        g_autoptr(GVariant) value = v;

        if (strcmp(key, "datapath") == 0) {
            if (!is_type(key, value, G_VARIANT_TYPE_STRING, "a string", error))
                return false;
            if (strcmp(g_variant_get_string(value, NULL), "bpf") != 0)
                return bad(error, "datapath=\"%s\" is not bondd's: \"bpf\" is allowed.",
                           g_variant_get_string(value, NULL));
            *insists = true;
        } else if (strcmp(key, "mac") == 0) {
            if (!is_type(key, value, G_VARIANT_TYPE_STRING, "a string", error) ||
                !read_mac(g_variant_get_string(value, NULL), mac, error))
                return false;
            *has_mac = true;
        } else if (strcmp(key, "drain-ms") == 0) {
            if (!is_type(key, value, G_VARIANT_TYPE_UINT32, "an unsigned number", error))
                return false;
            *drain_ms = g_variant_get_uint32(value);
            if (*drain_ms > BONDD_DRAIN_MS_MAX)
                return bad(error, "drain-ms=%u is too long: 0 to %u milliseconds are allowed.",
                           *drain_ms, BONDD_DRAIN_MS_MAX);
        } else {
            return bad(
                error,
                "The setting \"%s\" of a bond is not known: \"mac\" (s), \"drain-ms\" (u) and "
                "\"datapath\" (s) are allowed.",
                key);
        }
    }
    return true;
}

bool
bondd_args_flags(uint32_t flags, const char *const *names, GError **error)
{
    g_autoptr(GString) allowed = g_string_new(NULL);
    uint32_t known = 0;

    for (guint i = 0; names[i] != NULL; i++) {
        known |= 1u << i;
        g_string_append_printf(allowed, "%s%u (%s)", i == 0 ? "" : ", ", 1u << i, names[i]);
    }
    if ((flags & ~known) == 0)
        return true;
    return bad(error, "flags=%u has unknown bits (%u): the sum of %s is allowed.", flags,
               flags & ~known, allowed->str);
}

void
bondd_args_options(GVariant *options, struct bondd_args_options *out)
{
    GVariantIter iter;
    guint i = 0;

    out->n = (guint) g_variant_iter_init(&iter, options);
    out->names = g_new0(const char *, out->n + 1);
    out->values = g_new0(const char *, out->n + 1);
    while (i < out->n && g_variant_iter_next(&iter, "{&s&s}", &out->names[i], &out->values[i]))
        i++;
}

void
bondd_args_options_clear(struct bondd_args_options *o)
{
    g_clear_pointer(&o->names, g_free);
    g_clear_pointer(&o->values, g_free);
}
