/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * status-human.c - `status` for people, who may be tired: the verdict first, then why, then the
 * numbers.
 */
#include "status-lacp.h"
#include "view.h"

#include "core/options.h"

#include <stdio.h>
#include <string.h>

#define LABEL_WIDTH 15

static enum cli_color
health_color(enum view_health health)
{
    switch (health) {
    case VIEW_OK:
        return CLI_COLOR_GOOD;
    case VIEW_DEGRADED:
        return CLI_COLOR_WARN;
    case VIEW_DOWN:
        return CLI_COLOR_BAD;
    }
    return CLI_COLOR_NONE;
}

static enum cli_color
state_color(const struct view_port *port)
{
    if (!view_port_is_member(port))
        return CLI_COLOR_WARN;
    return view_port_is_usable(port) ? CLI_COLOR_GOOD : CLI_COLOR_BAD;
}

static void G_GNUC_PRINTF(3, 4)
    print_line(const struct cli *cli, const char *label, const char *format, ...)
{
    va_list args;
    g_autofree char *text = NULL;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    printf("  ");
    cli_print_cell(cli, CLI_COLOR_DIM, LABEL_WIDTH, label);
    printf("%s\n", text);
}

/* The state of a port in the reader's language. */
static const char *
state_text(const char *state)
{
    static const struct {
        const char *state, *text;
    } texts[] = {
        {"active", N_("active")},    {"backup", N_("backup")},      {"down", N_("down")},
        {"draining", N_("leaving")}, {"lingering", N_("has left")},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        if (g_strcmp0(state, texts[i].state) == 0)
            return _(texts[i].text);
    }
    return state != NULL ? state : "?";
}

static const char *
link_text(const char *link)
{
    static const struct {
        const char *link, *text;
    } texts[] = {
        {"up", N_("up")},
        {"down", N_("down")},
        {"going down", N_("going down")},
        {"going back", N_("coming back")},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        if (g_strcmp0(link, texts[i].link) == 0)
            return _(texts[i].text);
    }
    return link != NULL ? link : "?";
}

static char *
speed_text(NmbondPort *port)
{
    guint speed = nmbond_port_get_speed(port);
    const char *duplex = nmbond_port_get_duplex(port);

    if (speed == 0)
        return g_strdup(_("unknown"));
    if (g_strcmp0(duplex, "half") == 0)
        return g_strdup_printf(_("%u Mbit/s half"), speed);
    return g_strdup_printf(_("%u Mbit/s"), speed);
}

static void
print_active_port(const struct cli *cli, const struct view *view)
{
    const char *active = nmbond_bond_get_active_port(view->bond);
    const char *primary = nmbond_bond_get_primary_port(view->bond);

    if (!view_uses_active_port(view))
        return;
    if (active == NULL || active[0] == '\0')
        active = _("none");
    if (primary != NULL && primary[0] != '\0')
        print_line(cli, _("active port"), _("%s (primary: %s)"), active, primary);
    else
        print_line(cli, _("active port"), "%s", active);
}

static void
print_aggregator(const struct cli *cli, const struct view *view)
{
    g_autofree char *summary = status_lacp_summary(view);

    if (summary == NULL)
        return;
    print_line(cli, _("aggregator"), "%s", summary);
    for (guint i = 0; i < view->ports->len; i++) {
        g_autofree char *text = status_lacp_port(view->ports->pdata[i]);

        if (text != NULL)
            print_line(cli, "", "%s", text);
    }
}

static void
print_monitor(const struct cli *cli, const struct view *view)
{
    const char *miimon = view_option(view, "miimon");
    const char *arp_interval = view_option(view, "arp_interval");

    if (strcmp(arp_interval, "") != 0 && strcmp(arp_interval, "0") != 0)
        print_line(cli, _("monitor"), _("ARP, every %s ms"), arp_interval);
    else if (strcmp(miimon, "") != 0 && strcmp(miimon, "0") != 0)
        print_line(cli, _("monitor"), _("carrier, events and a look every %s ms"), miimon);
    else
        print_line(cli, _("monitor"), _("carrier, events only (miimon is 0)"));
}

/* Which ports have lately heard of the target. */
static void
add_target(GString *text, const struct view *view, const char *target)
{
    gsize before;

    g_string_append_printf(text, "%s%s: ", text->len > 0 ? "; " : "", target);
    before = text->len;
    for (guint i = 0; i < view->ports->len; i++) {
        const struct view_port *port = view->ports->pdata[i];
        GVariant *targets = nmbond_port_get_targets(port->port);
        GVariantIter iter;
        const char *address;
        gboolean heard;

        if (targets == NULL)
            continue;
        g_variant_iter_init(&iter, targets);
        while (g_variant_iter_next(&iter, "(&sb)", &address, &heard)) {
            if (heard && strcmp(address, target) == 0)
                g_string_append_printf(text, "%s%s", text->len > before ? ", " : "",
                                       nmbond_port_get_name(port->port));
        }
    }
    if (text->len == before)
        g_string_append(text, _("no port hears of it"));
}

static void
print_targets(const struct cli *cli, const struct view *view)
{
    static const char *const options[] = {"arp_ip_target", "ns_ip6_target"};
    g_autoptr(GString) text = g_string_new(NULL);

    if (strcmp(view_option(view, "arp_interval"), "0") == 0)
        return;
    for (guint i = 0; i < G_N_ELEMENTS(options); i++) {
        g_auto(GStrv) targets = g_strsplit(view_option(view, options[i]), ",", -1);

        for (guint t = 0; targets[t] != NULL && targets[t][0] != '\0'; t++)
            add_target(text, view, targets[t]);
    }
    if (text->len > 0)
        print_line(cli, _("targets"), "%s", text->str);
}

/* Of each port the state of its session with the peer. */
static void
print_bfd(const struct cli *cli, const struct view *view)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < view->ports->len; i++) {
        const struct view_port *port = view->ports->pdata[i];
        const char *state = nmbond_port_get_bfd(port->port);

        if (state != NULL && state[0] != '\0')
            g_string_append_printf(text, "%s%s %s", text->len > 0 ? ", " : "",
                                   nmbond_port_get_name(port->port), state);
    }
    if (text->len > 0)
        print_line(cli, _("BFD peer"), "%s: %s", view_option(view, "bfd_peer"), text->str);
}

/* Those that differ from the mode's defaults and are not shown elsewhere. */
static void
print_options(const struct cli *cli, const struct view *view)
{
    g_autoptr(GString) text = g_string_new(NULL);
    struct bond_options defaults;

    bond_options_init(&defaults, BOND_MODE_BALANCE_RR);
    (void) bond_option_set(&defaults, "mode", nmbond_bond_get_mode(view->bond),
                           &(struct bond_opt_ctx){.live = true}, NULL);
    for (int id = BOND_OPT_MODE + 1; id < BOND_OPT_N; id++) {
        const struct bond_opt_desc *desc = bond_opt_desc((enum bond_opt_id) id);
        char value[1024];

        if (desc == NULL || (desc->flags & BOND_OPT_F_RUNTIME) != 0)
            continue;
        bond_option_format(&defaults, (enum bond_opt_id) id, value, sizeof(value));
        if (view_option(view, desc->name)[0] != '\0' &&
            strcmp(view_option(view, desc->name), value) != 0)
            g_string_append_printf(text, "%s%s=%s", text->len > 0 ? " " : "", desc->name,
                                   view_option(view, desc->name));
    }
    if (text->len > 0)
        print_line(cli, _("options"), "%s", text->str);
}

static char *
traffic_text(guint64 packets, guint64 bytes, guint64 dropped)
{
    g_autofree char *size = cli_format_bytes(bytes);
    g_autofree char *count = g_strdup_printf("%" G_GUINT64_FORMAT, packets);
    g_autofree char *lost = g_strdup_printf("%" G_GUINT64_FORMAT, dropped);

    if (dropped == 0)
        return g_strdup_printf(_("%s packets, %s"), count, size);
    return g_strdup_printf(_("%s packets, %s; %s dropped"), count, size, lost);
}

static void
print_traffic(const struct cli *cli, const struct view_counters *counters)
{
    g_autofree char *rx =
        traffic_text(counters->rx_packets, counters->rx_bytes, counters->rx_dropped);
    g_autofree char *tx =
        traffic_text(counters->tx_packets, counters->tx_bytes, counters->tx_dropped);

    print_line(cli, _("received"), "%s", rx);
    print_line(cli, _("sent"), "%s", tx);
}

/* ---- rows in columns ---- */

#define MAX_COLUMNS 10u

struct row {
    char *cell[MAX_COLUMNS];
    enum cli_color color; /* of `colored` */
};

static struct row *
add_row(GPtrArray *rows)
{
    struct row *row = g_new0(struct row, 1);

    g_ptr_array_add(rows, row);
    return row;
}

static void
free_row(gpointer data)
{
    struct row *row = data;

    for (guint i = 0; i < MAX_COLUMNS; i++)
        g_free(row->cell[i]);
    g_free(row);
}

/* The first row is the heading. `right`: bit n: column n to the right. */
static void
print_rows(const struct cli *cli, GPtrArray *rows, guint colored, guint right)
{
    int width[MAX_COLUMNS] = {0};

    for (guint i = 0; i < rows->len; i++) {
        struct row *row = rows->pdata[i];

        for (guint c = 0; c < MAX_COLUMNS && row->cell[c] != NULL; c++)
            width[c] = MAX(width[c], cli_text_width(row->cell[c]));
    }
    for (guint i = 0; i < rows->len; i++) {
        struct row *row = rows->pdata[i];

        printf(" ");
        for (guint c = 0; c < MAX_COLUMNS && row->cell[c] != NULL; c++) {
            enum cli_color color = CLI_COLOR_NONE;
            bool last = c + 1 == MAX_COLUMNS || row->cell[c + 1] == NULL;

            if (i == 0)
                color = CLI_COLOR_DIM;
            else if (c == colored)
                color = row->color;
            printf("%s", c > 0 ? "  " : " ");
            if ((right & (1u << c)) != 0)
                cli_print_cell(cli, color, -width[c], row->cell[c]);
            else
                cli_print_cell(cli, color, last ? 0 : width[c], row->cell[c]);
        }
        printf("\n");
    }
}

/* "-": not known */
static char *
load_text(const struct view_load *load, guint64 bits)
{
    static const char *const units[] = {"bit/s", "kbit/s", "Mbit/s", "Gbit/s"};
    double number = (double) bits;
    gsize unit = 0;

    if (!load->known)
        return g_strdup("-");
    for (; number >= 1000 && unit + 1 < G_N_ELEMENTS(units); unit++)
        number /= 1000;
    return g_strdup_printf(number < 10 && unit > 0 ? "%.1f %s" : "%.0f %s", number, units[unit]);
}

static void
fill_port_row(struct row *row, const struct view_port *view)
{
    NmbondPort *port = view->port;
    gint64 change_us = (gint64) nmbond_port_get_last_change(port);
    guint n = 0;

    row->color = state_color(view);
    row->cell[n++] = g_strdup(nmbond_port_get_name(port));
    row->cell[n++] = g_strdup(state_text(nmbond_port_get_state(port)));
    row->cell[n++] = g_strdup(link_text(nmbond_port_get_link_state(port)));
    row->cell[n++] = speed_text(port);
    row->cell[n++] = g_strdup_printf("%u", nmbond_port_get_failure_count(port));
    row->cell[n++] = g_strdup_printf("%" G_GUINT64_FORMAT, view->counters.rx_packets);
    row->cell[n++] = g_strdup_printf("%" G_GUINT64_FORMAT, view->counters.tx_packets);
    row->cell[n++] = load_text(&view->load, view->load.rx_bits);
    row->cell[n++] = load_text(&view->load, view->load.tx_bits);
    row->cell[n++] = change_us > 0 ? cli_format_time(change_us, false) : g_strdup("-");
}

static void
print_ports(const struct cli *cli, const struct view *view)
{
    static const char *const titles[MAX_COLUMNS] = {
        N_("port"),     N_("state"), N_("link"),    N_("speed"),    N_("failures"),
        N_("received"), N_("sent"),  N_("load in"), N_("load out"), N_("since"),
    };
    g_autoptr(GPtrArray) rows = NULL;
    struct row *heading;

    if (view->ports->len == 0)
        return;
    rows = g_ptr_array_new_with_free_func(free_row);
    heading = add_row(rows);
    for (guint i = 0; i < MAX_COLUMNS; i++)
        heading->cell[i] = g_strdup(_(titles[i]));
    for (guint i = 0; i < view->ports->len; i++)
        fill_port_row(add_row(rows), view->ports->pdata[i]);
    printf("\n");
    print_rows(cli, rows, 1, 1u << 4 | 1u << 5 | 1u << 6 | 1u << 7 | 1u << 8);
}

static void
print_warnings(const struct cli *cli, const struct view *view, const GPtrArray *problems)
{
    const char *const *warnings = nmbond_bond_get_warnings(view->bond);

    for (guint i = 0; i < problems->len; i++) {
        printf("  ");
        cli_print_cell(cli, CLI_COLOR_BAD, 0, problems->pdata[i]);
        printf("\n");
    }
    for (guint i = 0; warnings != NULL && warnings[i] != NULL; i++) {
        g_autofree char *warning = cli_translate(warnings[i]);
        g_autofree char *text = g_strdup_printf(_("Warning: %s"), warning);

        printf("  ");
        cli_print_cell(cli, CLI_COLOR_WARN, 0, text);
        printf("\n");
    }
}

static void
print_events(const struct cli *cli, const struct view *view)
{
    if (view->events->len == 0)
        return;
    printf("\n  ");
    cli_print_cell(cli, CLI_COLOR_DIM, 0, _("last events"));
    printf("\n");
    for (guint i = 0; i < view->events->len; i++) {
        NmbondEvent *event = view->events->pdata[i];
        g_autofree char *time = cli_format_time(nmbond_event_get_time_us(event), true);
        g_autofree char *text = cli_translate(nmbond_event_get_text(event));

        printf("  %s  %s\n", time, text);
    }
}

static void
print_bond(const struct cli *cli, const struct view *view)
{
    NmbondBond *bond = view->bond;
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *summary = view_summary(view, problems);

    cli_print_cell(cli, health_color(view_health(view)), 0, summary);
    printf("\n");
    print_warnings(cli, view, problems);
    printf("\n");
    print_line(cli, _("mode"), "%s", nmbond_bond_get_mode(bond));
    print_active_port(cli, view);
    print_aggregator(cli, view);
    print_line(cli, _("MAC address"), "%s", nmbond_bond_get_mac_address(bond));
    print_line(cli, _("MTU"), "%u", nmbond_bond_get_mtu(bond));
    print_monitor(cli, view);
    print_targets(cli, view);
    print_bfd(cli, view);
    print_options(cli, view);
    print_line(cli, _("datapath"), _("%s by %s, receives by %s, failover by %s"),
               nmbond_bond_get_datapath(bond), nmbond_bond_get_attachment(bond),
               nmbond_bond_get_receive(bond), nmbond_bond_get_failover(bond));
    print_traffic(cli, &view->counters);
    print_ports(cli, view);
    print_events(cli, view);
}

void
status_print_human(struct cli *cli, GPtrArray *views)
{
    for (guint i = 0; i < views->len; i++) {
        if (i > 0)
            printf("\n");
        print_bond(cli, views->pdata[i]);
    }
}

/* ---- many bonds: one line each, and what is wrong ---- */

static void
fill_overview_row(struct row *row, const struct view *view)
{
    static const char *const words[] = {N_("works"), N_("degraded"), N_("DOWN")};
    const char *active = nmbond_bond_get_active_port(view->bond);
    g_autoptr(GString) ports = g_string_new(NULL);
    enum view_health health = view_health(view);
    guint n = 0;

    for (guint i = 0; i < view->ports->len; i++) {
        const struct view_port *port = view->ports->pdata[i];

        g_string_append_printf(ports, "%s%s", ports->len > 0 ? " " : "",
                               nmbond_port_get_name(port->port));
        if (!view_port_is_usable(port))
            g_string_append_printf(ports, "(%s)", state_text(nmbond_port_get_state(port->port)));
    }
    row->color = health_color(health);
    row->cell[n++] = g_strdup(nmbond_bond_get_name(view->bond));
    row->cell[n++] = g_strdup(_(words[health]));
    row->cell[n++] = g_strdup(nmbond_bond_get_mode(view->bond));
    row->cell[n++] =
        g_strdup(view_uses_active_port(view) && active != NULL && active[0] != '\0' ? active : "-");
    row->cell[n++] = g_strdup(ports->len > 0 ? ports->str : "-");
}

void
status_print_overview(struct cli *cli, GPtrArray *views)
{
    static const char *const titles[] = {N_("bond"), N_("state"), N_("mode"), N_("active port"),
                                         N_("ports")};
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(free_row);
    struct row *heading = add_row(rows);

    for (guint i = 0; i < G_N_ELEMENTS(titles); i++)
        heading->cell[i] = g_strdup(_(titles[i]));
    for (guint i = 0; i < views->len; i++)
        fill_overview_row(add_row(rows), views->pdata[i]);
    print_rows(cli, rows, 1, 0);
    printf("\n%s\n", _("'bondcli status BOND' says more about one of them."));
}
