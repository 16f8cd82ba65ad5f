/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gen-options.c - writes docs/options.md from the option table, or checks that it is the same.
 *
 *   gen-options FILE          writes FILE
 *   gen-options --check FILE  says where FILE differs, and fails
 *
 * Rows come from the table alone; the prose around them is here.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/options.h"

static const char head[] =
    "# Options of a bond\n"
    "\n"
    "<!-- Generated from core/options_table.c by docs/gen-options.c; `ninja update-options-doc` "
    "in\n"
    "     the build directory writes it anew. -->\n"
    "\n"
    "The options are those of the kernel's bonding driver, with the same names, numbers and\n"
    "meaning. They are given as in NetworkManager (`bond.options "
    "\"mode=active-backup,miimon=100\"`)\n"
    "and to the D-Bus interface of bondd. A value with a number in parentheses may be given "
    "either\n"
    "way; the word `default` is accepted for every name and number. Where an option says *later*,\n"
    "it is known and checked, but a bond that asks for it is refused.\n"
    "\n"
    "**Modes** are those in which the option may be given; *(used in ...)* follows where it has "
    "an\n"
    "effect in fewer. An option that is given with its default is accepted in every mode.\n"
    "\n"
    "**Strict** is what the kernel wants before the option may change: *down* is a bond that is\n"
    "down, *no ports* a bond without ports. Here every option changes live and with nothing lost;\n"
    "only `SetOptions` with the strict flag refuses what the kernel would.\n"
    "\n";

static const char tail[] =
    "\n"
    "## What goes with what\n"
    "\n"
    "- A set of options is applied as a whole or not at all, in the order of the table, whatever\n"
    "  order it is given in.\n"
    "- `miimon` above 0 ends ARP monitoring (`arp_interval`, `arp_validate`), and `arp_interval`\n"
    "  above 0 ends MII monitoring with its delays. If one set has both above 0, `miimon` wins, "
    "as\n"
    "  in NetworkManager.\n"
    "- `updelay`, `downdelay` and `peer_notif_delay` need `miimon` and are rounded down to a\n"
    "  multiple of it; when `miimon` changes, they change in proportion.\n"
    "- `arp_interval` needs `arp_ip_target` or `ns_ip6_target`; these and `arp_validate` need\n"
    "  `arp_interval`.\n"
    "- Setting `mode` to 802.3ad, balance-tlb or balance-alb ends ARP monitoring and sets "
    "`miimon`\n"
    "  to 100 if it was 0. Every change of mode resets `arp_validate`, `broadcast_neighbor` and "
    "all\n"
    "  options that the new mode does not have; balance-alb turns `tlb_dynamic_lb` on.\n"
    "- `num_grat_arp` and `num_unsol_na` are one option under two names.\n"
    "- `arp_ip_target` and `ns_ip6_target` take a list, with commas or spaces between, that\n"
    "  replaces the old one; or one address with `+` or `-` in front, which is added or removed.\n"
    "- `primary` and `active_slave` take no name (or `none`) for no port.\n"
    "\n"
    "## Where this differs from the kernel\n"
    "\n"
    "- `miimon` is 100 unless it is given, as NetworkManager has it. The kernel leaves it at 0 in\n"
    "  modes 0 to 3, and such a bond never notices a dead link.\n"
    "- `min_links` counts in every mode, and announcements (`num_grat_arp`) are sent in every "
    "mode.\n"
    "- `default` works for every name and number; the kernel does not know it for some.\n"
    "- Text after a value is refused; the kernel ignores it (`active-backup foo`).\n";

static void
put_modes(FILE *f, uint8_t modes)
{
    const char *sep = "";

    if (modes == (1u << BOND_N_MODES) - 1) {
        fputs("all", f);
        return;
    }
    for (int mode = 0; mode < BOND_N_MODES; mode++)
        if (modes & (1u << mode)) {
            fprintf(f, "%s%d", sep, mode);
            sep = ", ";
        }
}

static void
put_values(FILE *f, const struct bond_opt_desc *d)
{
    const char *sep = "";

    switch (d->type) {
    case BOND_OPT_T_ENUM:
        for (const struct bond_opt_value *v = d->values; v->name; v++) {
            const bool later = v->flags & BOND_OPT_F_LATER;

            fprintf(f, "%s`%s` (%u)%s", sep, v->name, v->value, later ? " *later*" : "");
            sep = ", ";
        }
        return;
    case BOND_OPT_T_INT:
        fprintf(f, "%lld to %lld%s%s", (long long) d->min, (long long) d->max, d->unit ? " " : "",
                d->unit ? d->unit : "");
        for (const struct bond_opt_value *v = d->values; v && v->name; v++)
            fprintf(f, ", `%s` (%u)", v->name, v->value);
        return;
    case BOND_OPT_T_IFNAME:
        fputs("an interface", f);
        return;
    case BOND_OPT_T_IP4_LIST:
        fprintf(f, "up to %d IPv4 addresses", BOND_MAX_ARP_TARGETS);
        return;
    case BOND_OPT_T_IP6_LIST:
        fprintf(f, "up to %d IPv6 addresses", BOND_MAX_NS_TARGETS);
        return;
    case BOND_OPT_T_IP4:
        fputs("an IPv4 address", f);
        return;
    case BOND_OPT_T_MAC:
        fputs("a MAC address, not multicast", f);
        return;
    }
}

static void
put_default(FILE *f, const struct bond_opt_desc *d)
{
    struct bond_options o;
    char text[64];

    bond_options_init(&o, BOND_MODE_BALANCE_RR);
    bond_option_format(&o, (enum bond_opt_id) d->id, text, sizeof(text));
    fputs(*text ? text : "none", f);
}

static void
put_strict(FILE *f, uint8_t flags)
{
    const bool down = flags & BOND_OPT_F_IFDOWN, no_ports = flags & BOND_OPT_F_NOPORTS;

    fprintf(f, "%s%s%s", down ? "down" : "", down && no_ports ? ", " : "",
            no_ports ? "no ports" : "");
}

static void
put_row(FILE *f, const struct bond_opt_desc *d)
{
    fprintf(f, "| `%s`", d->name);
    if (d->alias)
        fprintf(f, ", `%s`", d->alias);
    fputs(" | ", f);
    put_values(f, d);
    fputs(" | ", f);
    put_default(f, d);
    fputs(" | ", f);
    put_modes(f, d->modes);
    if (d->used_in != d->modes) {
        fputs(" (used in ", f);
        put_modes(f, d->used_in);
        fputs(")", f);
    }
    fputs(" | ", f);
    if (d->needs >= 0)
        fprintf(f, "`%s`", bond_opt_desc((enum bond_opt_id) d->needs)->name);
    fputs(" | ", f);
    put_strict(f, d->flags);
    fprintf(f, " | %s | %s%s |\n",
            bond_opt_is_carried_out((enum bond_opt_id) d->id) ? "yes" : "later", d->help,
            d->flags & BOND_OPT_F_NM     ? " NetworkManager's own."
            : d->flags & BOND_OPT_F_OURS ? " Not an option of the kernel's."
                                         : "");
}

static void
put_port_row(FILE *f, const struct bond_opt_desc *d)
{
    fprintf(f, "| `%s` | ", d->name);
    put_values(f, d);
    fprintf(f, " | %lld | ", (long long) d->def);
    put_modes(f, d->used_in);
    fprintf(f, " | %s |\n", d->help);
}

static void
put_all(FILE *f)
{
    fputs(head, f);
    fputs("| option | values | default | modes | needs | strict | now | meaning |\n"
          "|---|---|---|---|---|---|---|---|\n",
          f);
    for (int id = 0; id < BOND_OPT_N; id++)
        put_row(f, bond_opt_desc((enum bond_opt_id) id));
    fputs("\n## Options of a port\n\n"
          "| option | values | default | used in modes | meaning |\n|---|---|---|---|---|\n",
          f);
    for (int id = 0; id < BOND_PORT_OPT_N; id++)
        put_port_row(f, bond_port_opt_desc((enum bond_port_opt_id) id));
    fputs(tail, f);
}

static char *
read_all(const char *path)
{
    FILE *f = fopen(path, "re");
    char *text = NULL;
    size_t size = 0;

    if (!f || getdelim(&text, &size, '\0', f) < 0) {
        perror(path);
        exit(1);
    }
    fclose(f);
    return text;
}

/* The first line in which they differ. */
static int
check(const char *path, const char *want)
{
    char *have = read_all(path);
    size_t line = 1, start = 0, i = 0;
    int r = 0;

    for (; have[i] && have[i] == want[i]; i++)
        if (have[i] == '\n') {
            line++;
            start = i + 1;
        }
    if (have[i] != want[i]) {
        fprintf(stderr,
                "%s:%zu is not what the option table says; `ninja update-options-doc` writes it "
                "anew.\nis:        %.*s\nshould be: %.*s\n",
                path, line, (int) strcspn(have + start, "\n"), have + start,
                (int) strcspn(want + start, "\n"), want + start);
        r = 1;
    }
    free(have);
    return r;
}

int
main(int argc, char **argv)
{
    const bool checking = argc == 3 && !strcmp(argv[1], "--check");
    const char *path = argv[argc - 1];
    char *text = NULL;
    size_t size;
    FILE *f;
    int r = 0;

    if (!checking && argc != 2) {
        fprintf(stderr, "usage: gen-options [--check] FILE\n");
        return 2;
    }
    f = checking ? open_memstream(&text, &size) : fopen(path, "we");
    if (!f) {
        perror(path);
        return 1;
    }
    put_all(f);
    if (fclose(f)) {
        perror(path);
        return 1;
    }
    if (checking)
        r = check(path, text);
    free(text);
    return r;
}
