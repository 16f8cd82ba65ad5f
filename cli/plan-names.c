/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plan-names.c - other programs' names and values of bonding options, into the kernel's.
 *
 * Most names are the kernel's in another spelling (MinLinks, min-links, bond_min_links) and come
 * from the option table; the few that are not are listed here. What values are allowed is checked
 * where profiles are made.
 */
#include "plan.h"

#include <string.h>

#include "core/options.h"

struct plan_option {
    const char *name; /* without anything but letters and digits, in lower case */
    const char *ours;
};

/* netplan's, networkd's and ifupdown's own words. */
static const struct plan_option others[] = {
    {"transmithashpolicy", "xmit_hash_policy"},
    {"lacptransmitrate", "lacp_rate"},
    {"miimonitor", "miimon"},
    {"miimonitorinterval", "miimon"},
    {"learnpacketinterval", "lp_interval"},
    {"failovermacpolicy", "fail_over_mac"},
    {"primaryreselectpolicy", "primary_reselect"},
    {"gratuitousarp", "num_grat_arp"},
    {"gratuitiousarp", "num_grat_arp"}, /* as netplan had it at first */
    {"dynamictransmitloadbalancing", "tlb_dynamic_lb"},
    {"adactorsystempriority", "ad_actor_sys_prio"},
    {"arpiptargets", "arp_ip_target"},
    {"peernotifydelay", "peer_notif_delay"},
    {"allmembersactive", "all_slaves_active"},
    {"packetspermember", "packets_per_slave"},
};

static char *
squash(const char *name)
{
    GString *text = g_string_new(NULL);

    for (; *name != '\0'; name++) {
        if (g_ascii_isalnum(*name))
            g_string_append_c(text, g_ascii_tolower(*name));
    }
    return g_string_free(text, FALSE);
}

static const struct bond_opt_desc *
find_squashed(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(others); i++) {
        if (strcmp(others[i].name, name) == 0)
            return bond_opt_by_name(others[i].ours);
    }
    for (int id = 0; id < BOND_OPT_N; id++) {
        const struct bond_opt_desc *desc = bond_opt_desc((enum bond_opt_id) id);
        g_autofree char *known = squash(desc->name);

        if (strcmp(known, name) == 0)
            return desc;
    }
    return NULL;
}

/* networkd writes the unit behind the name of a time: UpDelaySec. */
static const struct bond_opt_desc *
find_option(const char *name)
{
    g_autofree char *squashed = squash(name);
    const struct bond_opt_desc *desc = find_squashed(squashed);

    if (desc == NULL && g_str_has_suffix(squashed, "sec")) {
        squashed[strlen(squashed) - 3] = '\0';
        desc = find_squashed(squashed);
    }
    return desc;
}

/* "100ms", "1s 500ms", "0.1": milliseconds, or -1 */
static double
time_ms(const char *text, double unit_ms)
{
    static const struct {
        const char *name;
        double ms;
    } units[] = {{"us", 0.001},  {"usec", 0.001}, {"ms", 1},         {"msec", 1},
                 {"s", 1000},    {"sec", 1000},   {"second", 1000},  {"seconds", 1000},
                 {"m", 60000},   {"min", 60000},  {"minute", 60000}, {"minutes", 60000},
                 {"h", 3600000}, {"hr", 3600000}, {"hour", 3600000}, {"hours", 3600000}};
    double total = 0;

    do {
        char *end;
        double number = g_ascii_strtod(text, &end);
        gsize length, i;

        if (end == text || number < 0)
            return -1;
        text = end + strspn(end, " \t");
        for (length = 0; g_ascii_isalpha(text[length]); length++)
            ;
        for (i = 0; length > 0 && i < G_N_ELEMENTS(units); i++) {
            if (strlen(units[i].name) == length && strncmp(units[i].name, text, length) == 0)
                break;
        }
        if (length > 0 && i == G_N_ELEMENTS(units))
            return -1;
        total += number * (length > 0 ? units[i].ms : unit_ms);
        text += length;
        text += strspn(text, " \t");
    } while (*text != '\0');
    return total;
}

/* What is no time, or no whole number of the option's unit, stays: then it is refused with its
 * option. */
static char *
convert_time(const struct bond_opt_desc *desc, const char *value, bool in_seconds)
{
    double in = strcmp(desc->unit, "s") == 0 ? 1000 : 1;
    double ms = time_ms(value, in_seconds ? 1000 : in);
    gint64 number = (gint64) (ms / in + 0.5);

    if (ms < 0 || ms / in - (double) number > 1e-6 || (double) number - ms / in > 1e-6)
        return g_strdup(value);
    return g_strdup_printf("%" G_GINT64_FORMAT, number);
}

bool
plan_is_yes(const char *value)
{
    static const char *const yes[] = {"yes", "y", "true", "t", "on", "1", NULL};
    g_autofree char *word = g_ascii_strdown(value, -1);

    return g_strv_contains(yes, word);
}

static bool
is_no(const char *value)
{
    static const char *const no[] = {"no", "n", "false", "f", "off", "0", NULL};
    g_autofree char *word = g_ascii_strdown(value, -1);

    return g_strv_contains(no, word);
}

static bool
is_value(const struct bond_opt_desc *desc, const char *value)
{
    for (const struct bond_opt_value *v = desc->values; v != NULL && v->name != NULL; v++) {
        if (strcmp(v->name, value) == 0)
            return true;
    }
    return false;
}

bool
plan_say_option(struct plan_link *link, const char *name, const char *value, const char *place,
                bool in_seconds)
{
    const struct bond_opt_desc *desc = find_option(name);
    g_autofree char *text = NULL;

    if (desc == NULL)
        return false;
    if (desc->unit != NULL)
        text = convert_time(desc, value, in_seconds);
    else if (desc->values != NULL && !is_value(desc, value) && (plan_is_yes(value) || is_no(value)))
        text = g_strdup(plan_is_yes(value) ? "1" : "0");
    else
        text = g_strdup(value);
    plan_say(link, desc->id == BOND_OPT_ACTIVE_SLAVE ? "primary" : desc->name, text, place);
    return true;
}
