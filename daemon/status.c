/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * status.c - puts the state into words. Reads, never changes anything.
 */
#include "daemon/status.h"

#include <string.h>
#include <unistd.h>

#include "core/sentences.h"
#include "daemon/parted.h"
#include "daemon/state.h"
#include "daemon/switchside.h"

char *
bondd_status_text(const struct bondd_bond *b)
{
    int n = bond_proc_format(&b->core, BONDD_VERSION, NULL, 0);
    char *text = g_malloc((gsize) n + 1);

    bond_proc_format(&b->core, BONDD_VERSION, text, (gsize) n + 1);
    return text;
}

void
bondd_status_write(const struct bondd_bond *b)
{
    g_autofree char *text = bondd_status_text(b);
    g_autoptr(GError) error = NULL;

    if (!bondd_file_replace(b->engine->config->run_dir, b->core.name, text, strlen(text), &error))
        bondd_warning("%s", error->message);
}

void
bondd_status_remove(const struct bondd_bond *b)
{
    g_autofree char *path = g_build_filename(b->engine->config->run_dir, b->core.name, NULL);

    unlink(path);
}

/* Warnings ---------------------------------------------------------------------------------- */

/* Whether it could carry traffic if the others failed: one that waits in active-backup can. */
static bool
is_usable(const struct bond_port *p)
{
    return p->admin_up && p->carrier && p->link == BOND_LINK_UP;
}

static void
warn_about_ports(const struct bondd_bond *b, GStrvBuilder *out)
{
    int order[BOND_MAX_PORTS];
    uint32_t n = bond_port_order(&b->core, false, order);
    const char *usable = NULL;
    uint32_t n_usable = 0;
    g_autofree char *text = NULL;

    for (uint32_t i = 0; i < n; i++) {
        if (is_usable(&b->core.port[order[i]])) {
            usable = b->core.port[order[i]].name;
            n_usable++;
        }
    }
    if (n == 0)
        text = g_strdup_printf(BOND_WARN_NO_PORT, b->core.name);
    else if (n_usable == 0)
        text = g_strdup_printf(BOND_WARN_NONE_USABLE, b->core.name);
    else if (n_usable == 1)
        text = g_strdup_printf(BOND_WARN_ONE_USABLE, usable, b->core.name);
    else if (n_usable * 2 <= n)
        text = g_strdup_printf(BOND_WARN_HALF_USABLE, n_usable, n, b->core.name);
    if (text != NULL)
        g_strv_builder_add(out, text);
}

static void
warn_about_speed(const struct bondd_bond *b, GStrvBuilder *out)
{
    int order[BOND_MAX_PORTS];
    uint32_t n = bond_port_order(&b->core, false, order);
    const struct bond_port *first = NULL;

    for (uint32_t i = 0; i < n; i++) {
        const struct bond_port *p = &b->core.port[order[i]];
        g_autofree char *text = NULL;

        if (p->link != BOND_LINK_UP || p->speed_mbps == BOND_SPEED_UNKNOWN)
            continue;
        if (first == NULL)
            first = p;
        if (p->speed_mbps == first->speed_mbps)
            continue;
        text = g_strdup_printf(BOND_WARN_SPEED, first->name, first->speed_mbps, p->name,
                               p->speed_mbps);
        g_strv_builder_add(out, text);
        return;
    }
}

static void
warn_about_options(const struct bondd_bond *b, GStrvBuilder *out)
{
    const struct bond_options *o = &b->core.opt;

    if (o->num[BOND_OPT_MIIMON] == 0 && o->num[BOND_OPT_ARP_INTERVAL] == 0)
        g_strv_builder_add(out, BOND_WARN_NO_MONITOR);
    if (bond_mode_uses_primary(o->num[BOND_OPT_MODE]) && o->primary[0] != '\0' &&
        bond_port_by_name(&b->core, o->primary) == BOND_NO_PORT) {
        g_autofree char *text = g_strdup_printf(BOND_WARN_PRIMARY, o->primary, b->core.name);

        g_strv_builder_add(out, text);
    }
    if (o->num[BOND_OPT_MODE] == BOND_MODE_ACTIVE_BACKUP &&
        o->num[BOND_OPT_FAIL_OVER_MAC] != BOND_FOM_NONE) {
        g_autofree char *text = g_strdup_printf(
            BOND_WARN_FAIL_OVER_MAC,
            bond_opt_value_name(BOND_OPT_FAIL_OVER_MAC, o->num[BOND_OPT_FAIL_OVER_MAC]));

        g_strv_builder_add(out, text);
    }
}

static void
warn_about_filters(const struct bondd_bond *b, GStrvBuilder *out)
{
    g_autofree char *text = NULL;

    if (b->bpf == NULL || strcmp(dp_bpf_attachment(b->bpf), "mixed") != 0)
        return;
    text = g_strdup_printf(BOND_WARN_FILTERS, b->core.name);
    g_strv_builder_add(out, text);
}

GStrv
bondd_status_warnings(const struct bondd_bond *b)
{
    g_autoptr(GStrvBuilder) out = g_strv_builder_new();

    warn_about_ports(b, out);
    warn_about_speed(b, out);
    warn_about_options(b, out);
    warn_about_filters(b, out);
    bondd_switchside_warnings(b, out);
    for (guint i = 0; i < BOND_MAX_PORTS; i++) {
        if (b->port[i].in_use && b->port[i].trouble[0] != '\0')
            g_strv_builder_add(out, b->port[i].trouble);
    }
    for (guint i = 0; i < b->parted->len; i++) {
        const struct bondd_parted *r = &g_array_index(b->parted, struct bondd_parted, i);
        g_autofree char *text = g_strdup_printf(BOND_WARN_PARTED, r->name, b->core.name, r->name);

        g_strv_builder_add(out, text);
    }
    if (strcmp(b->dev_name, b->core.name) != 0) {
        g_autofree char *text =
            g_strdup_printf(BOND_WARN_RENAMED, b->core.name, b->dev_name, b->core.name);

        g_strv_builder_add(out, text);
    }
    return g_strv_builder_end(out);
}
