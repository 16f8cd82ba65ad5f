/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drill-plan.c - which faults are played, in which order, for how long.
 *
 * Decides what a plan may say, from a keyfile or the command line. Pure: looks at no bond.
 */
#include "drill.h"

#include <string.h>
#include <glib/gi18n.h>

#define DEFAULT_INTERVAL_US 1000u
#define MIN_INTERVAL_US 100u
#define MAX_INTERVAL_US 1000000u
#define MAX_MS 600000u
#define MAX_FLAPS 1000u
#define HOLD_MS 1000u
#define LACP_HOLD_MS 5000u /* a partner at the fast rate is given up after 3 s */

const struct drill_kind_desc drill_kinds[DRILL_N_KINDS] = {
    [DRILL_ADMIN_DOWN] = {"admin-down", N_("nmcli connection down and up"), true},
    [DRILL_CARRIER] = {"carrier", N_("the cable is cut"), true},
    [DRILL_SILENT] = {"silent", N_("frames vanish, the carrier stays"), true},
    [DRILL_FLAP] = {"flap", N_("the carrier goes and comes"), true},
    [DRILL_LOSS] = {"loss", N_("a part of the frames vanishes"), true},
    [DRILL_DELAY] = {"delay", N_("frames come late"), true},
    [DRILL_LACP_GONE] = {"lacp-gone", N_("the LACP partner says nothing any more"), false},
    [DRILL_BONDD_KILLED] = {"bondd-killed", N_("bondd is killed"), false},
    [DRILL_NM_RESTART] = {"nm-restart", N_("NetworkManager is restarted"), false},
    [DRILL_PORT_REMOVED] = {"port-removed", N_("the port is taken out at once, and added"), true},
};

G_DEFINE_QUARK(drill - error - quark, drill_error)

struct drill_plan *
drill_plan_new(void)
{
    struct drill_plan *plan = g_new0(struct drill_plan, 1);

    plan->interval_us = DEFAULT_INTERVAL_US;
    plan->faults = g_ptr_array_new();
    return plan;
}

static void
fault_free(struct drill_fault *fault)
{
    g_free(fault->port);
    g_free(fault);
}

void
drill_plan_free(struct drill_plan *plan)
{
    for (guint i = 0; i < plan->faults->len; i++)
        fault_free(plan->faults->pdata[i]);
    g_ptr_array_unref(plan->faults);
    g_free(plan);
}

/* ---- one value ---- */

static bool
parse_number(const char *key, const char *value, guint min, guint max, guint *number,
             GError **error)
{
    guint64 parsed;

    if (!g_ascii_string_to_unsigned(value, 10, min, max, &parsed, NULL)) {
        g_set_error(error, drill_error_quark(), DRILL_ERROR_PLAN,
                    _("'%s' is not a valid value of '%s'; it takes a number from %u to %u."), value,
                    key, min, max);
        return false;
    }
    *number = (guint) parsed;
    return true;
}

static bool
parse_direction(const char *value, struct drill_fault *fault, GError **error)
{
    bool both = strcmp(value, "both") == 0;

    if (!both && strcmp(value, "out") != 0 && strcmp(value, "in") != 0) {
        g_set_error(error, drill_error_quark(), DRILL_ERROR_PLAN,
                    _("'%s' is not a valid value of '%s'; allowed are 'out', 'in', 'both'."), value,
                    "direction");
        return false;
    }
    fault->way[DRILL_OUT] = both || value[0] == 'o';
    fault->way[DRILL_IN] = both || value[0] == 'i';
    return true;
}

static bool
parse_port(const char *value, struct drill_fault *fault, GError **error)
{
    if (value[0] == '\0' || strlen(value) > 15 || strpbrk(value, "/ \t\n") != NULL) {
        g_set_error(error, drill_error_quark(), DRILL_ERROR_PLAN,
                    _("'%s' is no name that a network interface can have."), value);
        return false;
    }
    g_free(fault->port);
    fault->port = g_strdup(value);
    return true;
}

static const char *
keys_of(enum drill_kind kind)
{
    switch (kind) {
    case DRILL_SILENT:
        return "port, hold-ms, direction";
    case DRILL_LOSS:
        return "port, hold-ms, direction, percent";
    case DRILL_DELAY:
        return "port, hold-ms, delay-ms";
    case DRILL_FLAP:
        return "port, count, period-ms";
    case DRILL_ADMIN_DOWN:
    case DRILL_CARRIER:
    case DRILL_PORT_REMOVED:
        return "port, hold-ms";
    case DRILL_LACP_GONE:
    case DRILL_BONDD_KILLED:
    case DRILL_NM_RESTART:
    case DRILL_N_KINDS:
        break;
    }
    return "hold-ms";
}

static bool
takes_key(enum drill_kind kind, const char *key)
{
    g_auto(GStrv) keys = g_strsplit(keys_of(kind), ", ", -1);

    return g_strv_contains((const char *const *) keys, key);
}

static bool
fault_set(struct drill_fault *fault, const char *key, const char *value, GError **error)
{
    const char *name = drill_kinds[fault->kind].name;

    if (!takes_key(fault->kind, key)) {
        g_set_error(error, drill_error_quark(), DRILL_ERROR_PLAN,
                    _("The fault '%s' has no '%s'; there are: %s."), name, key,
                    keys_of(fault->kind));
        return false;
    }
    if (strcmp(key, "port") == 0)
        return parse_port(value, fault, error);
    if (strcmp(key, "hold-ms") == 0)
        return parse_number(key, value, 10, MAX_MS, &fault->hold_ms, error);
    if (strcmp(key, "direction") == 0)
        return parse_direction(value, fault, error);
    if (strcmp(key, "percent") == 0)
        return parse_number(key, value, 1, 100, &fault->percent, error);
    if (strcmp(key, "delay-ms") == 0)
        return parse_number(key, value, 1, 10000, &fault->delay_ms, error);
    if (strcmp(key, "count") == 0)
        return parse_number(key, value, 1, MAX_FLAPS, &fault->count, error);
    return parse_number(key, value, 2, 60000, &fault->period_ms, error);
}

/* ---- a fault ---- */

static struct drill_fault *
fault_new(enum drill_kind kind)
{
    struct drill_fault *fault = g_new0(struct drill_fault, 1);

    fault->kind = kind;
    fault->hold_ms = kind == DRILL_LACP_GONE ? LACP_HOLD_MS : HOLD_MS;
    fault->way[DRILL_OUT] = fault->way[DRILL_IN] = true;
    fault->percent = 10;
    fault->delay_ms = 20;
    fault->count = 5;
    fault->period_ms = 200;
    return fault;
}

static struct drill_fault *
fault_by_name(const char *name, GError **error)
{
    g_autoptr(GString) names = g_string_new(NULL);

    for (int i = 0; i < DRILL_N_KINDS; i++) {
        if (name[0] != '\0' && g_str_has_prefix(drill_kinds[i].name, name))
            return fault_new((enum drill_kind) i);
        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "", drill_kinds[i].name);
    }
    g_set_error(error, drill_error_quark(), DRILL_ERROR_PLAN,
                _("'%s' is not a fault; there are: %s."), name, names->str);
    return NULL;
}

static bool
set_pairs(struct drill_fault *fault, char **pairs, GError **error)
{
    for (gsize i = 0; pairs[i] != NULL; i++) {
        char *equals = strchr(pairs[i], '=');

        if (equals == NULL) {
            g_set_error(error, drill_error_quark(), DRILL_ERROR_PLAN,
                        _("'%s' after '%s' is no KEY=VALUE."), pairs[i],
                        drill_kinds[fault->kind].name);
            return false;
        }
        *equals = '\0';
        if (!fault_set(fault, pairs[i], equals + 1, error))
            return false;
    }
    return true;
}

bool
drill_plan_add(struct drill_plan *plan, const char *word, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(word, ",", -1);
    const char *first = parts[0] != NULL ? parts[0] : "";
    const char *colon = strchr(first, ':');
    g_autofree char *name = colon != NULL ? g_strndup(first, (gsize) (colon - first)) : NULL;
    struct drill_fault *fault = fault_by_name(name != NULL ? name : first, error);

    if (fault == NULL)
        return false;
    if ((colon != NULL && !fault_set(fault, "port", colon + 1, error)) ||
        (parts[0] != NULL && !set_pairs(fault, parts + 1, error))) {
        fault_free(fault);
        return false;
    }
    g_ptr_array_add(plan->faults, fault);
    return true;
}

void
drill_plan_add_common(struct drill_plan *plan)
{
    static const enum drill_kind common[] = {
        DRILL_ADMIN_DOWN, DRILL_CARRIER, DRILL_SILENT, DRILL_FLAP, DRILL_BONDD_KILLED,
    };

    for (gsize i = 0; i < G_N_ELEMENTS(common); i++)
        g_ptr_array_add(plan->faults, fault_new(common[i]));
}

/* ---- the whole ---- */

bool
drill_plan_set(struct drill_plan *plan, const char *key, const char *value, GError **error)
{
    if (strcmp(key, "interval-us") == 0)
        return parse_number(key, value, MIN_INTERVAL_US, MAX_INTERVAL_US, &plan->interval_us,
                            error);
    if (strcmp(key, "max-outage-us") == 0)
        return parse_number(key, value, 1, MAX_MS * 1000u, &plan->max_outage_us, error);
    g_set_error(error, drill_error_quark(), DRILL_ERROR_PLAN,
                _("[drill] has no '%s'; there are: interval-us, max-outage-us."), key);
    return false;
}

static bool
read_group(struct drill_plan *plan, GKeyFile *file, const char *group, GError **error)
{
    bool whole = strcmp(group, "drill") == 0;
    g_autofree char *kind = g_key_file_get_string(file, group, "fault", NULL);
    g_auto(GStrv) keys = g_key_file_get_keys(file, group, NULL, error);
    struct drill_fault *fault = NULL;

    if (keys == NULL)
        return false;
    if (!whole) {
        fault = fault_by_name(kind != NULL ? kind : group, error);
        if (fault == NULL)
            return false;
        g_ptr_array_add(plan->faults, fault);
    }
    for (gsize i = 0; keys[i] != NULL; i++) {
        g_autofree char *value = g_key_file_get_string(file, group, keys[i], error);

        if (value == NULL)
            return false;
        if (whole ? !drill_plan_set(plan, keys[i], value, error)
                  : strcmp(keys[i], "fault") != 0 && !fault_set(fault, keys[i], value, error))
            return false;
    }
    return true;
}

/* GKeyFile makes one of two groups of one name. */
static bool
check_groups(const char *text, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (gsize i = 0; lines[i] != NULL; i++) {
        const char *line = g_strstrip(lines[i]);

        if (line[0] == '[' && !g_hash_table_add(seen, g_strdup(line))) {
            g_set_error(error, drill_error_quark(), DRILL_ERROR_PLAN,
                        _("%s is there twice: give the second another name, and fault=KIND."),
                        line);
            return false;
        }
    }
    return true;
}

bool
drill_plan_read(struct drill_plan *plan, const char *text, GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_auto(GStrv) groups = NULL;

    if (!check_groups(text, error) ||
        !g_key_file_load_from_data(file, text, strlen(text), G_KEY_FILE_NONE, error))
        return false;
    groups = g_key_file_get_groups(file, NULL);
    for (gsize i = 0; groups[i] != NULL; i++) {
        if (!read_group(plan, file, groups[i], error)) {
            g_prefix_error(error, "[%s]: ", groups[i]);
            return false;
        }
    }
    return true;
}

char *
drill_fault_describe(const struct drill_fault *fault, const char *port)
{
    g_autoptr(GString) text = g_string_new(drill_kinds[fault->kind].name);

    if (port != NULL && port[0] != '\0')
        g_string_append_printf(text, " %s", port);
    if (fault->kind == DRILL_LOSS)
        g_string_append_printf(text, " %u %%", fault->percent);
    if (fault->kind == DRILL_DELAY)
        g_string_append_printf(text, " %u ms", fault->delay_ms);
    if (fault->kind == DRILL_FLAP)
        g_string_append_printf(text, " %u x", fault->count);
    if (!fault->way[DRILL_OUT] || !fault->way[DRILL_IN])
        g_string_append(text, fault->way[DRILL_OUT] ? " out" : " in");
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* ---- several settings ---- */

GPtrArray *
drill_compare_parse(const char *text, GError **error)
{
    static const char all_modes[] =
        "mode=balance-rr,mode=active-backup,mode=balance-xor,mode=broadcast,mode=802.3ad,"
        "mode=balance-tlb,mode=balance-alb";
    bool all = strcmp(text, "modes") == 0;
    g_auto(GStrv) sets = g_strsplit(all ? all_modes : text, ",", -1);
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func((GDestroyNotify) g_strfreev);

    for (gsize i = 0; sets[i] != NULL; i++) {
        g_auto(GStrv) words = g_strsplit(g_strstrip(sets[i]), " ", -1);
        GPtrArray *pairs = g_ptr_array_new();

        for (gsize j = 0; words[j] != NULL; j++) {
            const char *equals = strchr(words[j], '=');

            if (equals == NULL || equals == words[j]) {
                g_set_error(error, drill_error_quark(), DRILL_ERROR_PLAN,
                            _("'%s' in '--compare' is no OPTION=VALUE."), words[j]);
                g_ptr_array_add(pairs, NULL);
                g_strfreev((char **) g_ptr_array_free(pairs, FALSE));
                return NULL;
            }
            g_ptr_array_add(pairs, g_strndup(words[j], (gsize) (equals - words[j])));
            g_ptr_array_add(pairs, g_strdup(equals + 1));
        }
        g_ptr_array_add(pairs, NULL);
        g_ptr_array_add(found, g_ptr_array_free(pairs, FALSE));
    }
    if (found->len == 0) {
        g_set_error(error, drill_error_quark(), DRILL_ERROR_PLAN,
                    _("'--compare' takes OPTION=VALUE,... or 'modes', but nothing was given."));
        return NULL;
    }
    return g_steal_pointer(&found);
}
