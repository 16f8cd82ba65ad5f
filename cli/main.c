/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * main.c - bondcli: finds the verb and runs it. The verbs are in files of their own.
 */
#include "words.h"

#include "config-cli.h"

#include <libintl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_WAIT_S 10u

static void
complete_profile(int argc, char **argv)
{
    if (argc == 1)
        nm_offer_bonds(argv[0]);
}

static void
complete_modify(int argc, char **argv)
{
    if (argc == 1)
        nm_offer_bonds(argv[0]);
    else
        words_complete(argc - 1, argv + 1);
}

static void
complete_import(int argc, char **argv)
{
    if (argc == 1)
        import_offer_formats(argv[0]);
    else if (argc == 2)
        cli_offer_files = true;
}

static void
complete_add(int argc, char **argv)
{
    if (argc > 1)
        words_complete(argc - 1, argv + 1);
}

/* In this order abbreviations are resolved. */
const struct cli_verb cli_verbs[] = {
    {
        .name = "status",
        .arguments = "[--json | --proc | --prometheus] [--watch] [BOND...]",
        .summary = N_("the state of the bonds and their ports"),
        .help = N_("  --json        everything, for programs (docs/status.md)\n"
                   "  --proc        the text of /proc/net/bonding/BOND\n"
                   "  --prometheus  state and counters as metrics\n"
                   "  --watch       stays, and shows what changes; q or Ctrl-C ends it\n"
                   "  BOND          the name of a bond; without one: all bonds"),
        .options = (const char *const[]){"json", "proc", "prometheus", "watch", NULL},
        .takes_bonds = true,
        .run = cli_status,
    },
    {
        .name = "events",
        .arguments = "[--follow] [--since SEQ] [--json] [BOND]",
        .summary = N_("what happened, and why"),
        .help = N_("  --follow     go on with what happens now; before it the last ten\n"
                   "  --since SEQ  only events with a greater number\n"
                   "  --json       a JSON object for each event, one a line\n"
                   "  BOND         the name of a bond; without one: of all bonds"),
        .options = (const char *const[]){"follow", "since", "json", NULL},
        .takes_bonds = true,
        .run = cli_events,
    },
    {
        .name = "up",
        .arguments = "NAME",
        .summary = N_("brings a bond up, its ports too"),
        .help = N_("  NAME       the profile's name, UUID or interface"),
        .complete = complete_profile,
        .run = cli_up,
    },
    {
        .name = "down",
        .arguments = "NAME",
        .summary = N_("takes a bond down"),
        .help = N_("  NAME       the profile's name, UUID or interface"),
        .complete = complete_profile,
        .run = cli_down,
    },
    {
        .name = "add",
        .arguments = "[--dry-run] NAME [OPTION VALUE]...",
        .summary = N_("makes the profiles of a bond and its ports"),
        .help = N_("  --dry-run  prints the profiles, and changes nothing\n"
                   "  NAME       of the profile and of the interface\n"
                   "  OPTION     of the bond: mode, miimon, primary, ... (docs/options.md), or\n"
                   "    ports IFNAME,...           its ports\n"
                   "    ip ADDRESS/PREFIX,...      or auto (the default), or none\n"
                   "    gateway ADDRESS,...\n"
                   "    dns ADDRESS,...\n"
                   "    mtu NUMBER\n"
                   "    mac ADDRESS                of the bond; else that of the first port\n"
                   "    autoconnect yes|no         brought up at start; default yes\n"
                   "    ifname NAME                of the interface, if it is another"),
        .options = (const char *const[]){"dry-run", NULL},
        .complete = complete_add,
        .run = cli_add,
    },
    {
        .name = "modify",
        .arguments = "[--live] [--dry-run] NAME OPTION VALUE...",
        .summary = N_("changes a bond's profile, and which ports it has"),
        .help = N_("  --live     applies it to the running bond too; nothing is lost\n"
                   "  --dry-run  prints the profiles, and changes nothing\n"
                   "  NAME       the profile's name, UUID or interface\n"
                   "  OPTION     as for 'add'; an empty VALUE gives the default. Lists take\n"
                   "             +VALUE and -VALUE: ports +eth2"),
        .options = (const char *const[]){"live", "dry-run", NULL},
        .complete = complete_modify,
        .run = cli_modify,
    },
    {
        .name = "clone",
        .arguments = "NAME NEW",
        .summary = N_("copies a bond's profiles under another name"),
        .help = N_("  NAME       the profile's name, UUID or interface\n"
                   "  NEW        the name of the new profile and interface"),
        .complete = complete_profile,
        .run = cli_clone,
    },
    {
        .name = "delete",
        .arguments = "NAME",
        .summary = N_("deletes a bond's profile and its ports'"),
        .help = N_("  NAME       the profile's name, UUID or interface"),
        .complete = complete_profile,
        .run = cli_delete,
    },
    {
        .name = "port",
        .arguments = "add|remove|up|down [--hard] BOND PORT [OPTION VALUE]...",
        .summary = N_("adds a port to a bond, or takes one out, losing nothing"),
        .help = N_("  add        makes a profile for the port; it joins if the bond is up\n"
                   "  remove     the port leaves, and its profile is deleted\n"
                   "  up, down   the port joins or leaves; its profile stays\n"
                   "  --hard     leaves at once, without waiting for what is under way\n"
                   "  BOND       the profile's name, UUID or interface\n"
                   "  PORT       the interface\n"
                   "  OPTION     with add: queue_id, prio, actor_port_prio, rr_delay"),
        .options = (const char *const[]){"hard", NULL},
        .complete = cli_port_complete,
        .run = cli_port,
    },
    {
        .name = "active",
        .arguments = "BOND PORT|none",
        .summary = N_("makes a port the active one now"),
        .help = N_("  BOND       the bond's interface\n"
                   "  PORT       the port to switch to; none: bondd chooses"),
        .complete = cli_active_complete,
        .run = cli_active,
    },
    {
        .name = "explain",
        .arguments = "BOND option [NAME] | BOND --flow FLOW [--mac MAC] | BOND --spread CIDR|PCAP",
        .summary = N_("where an option's value came from; which port a flow takes"),
        .help = N_(
            "  BOND       the bond's interface\n"
            "  option     the option NAME, or all: its value, and who has set it\n"
            "  --flow FLOW  'tcp 10.0.1.243:443 > 10.0.9.7:51000'; also udp, sctp, and\n"
            "             icmp or ip without ports: the port, why, and the next if it fails\n"
            "  --mac MAC  of the next hop; else as the neighbour table has it\n"
            "  --spread CIDR|PCAP  how evenly connections to a range of addresses, or the frames\n"
            "             of a capture, would be spread, by each xmit_hash_policy"),
        .options = (const char *const[]){"flow", "mac", "spread", NULL},
        .complete = cli_explain_complete,
        .run = cli_explain,
    },
    {
        .name = "doctor",
        .arguments = "",
        .summary = N_("looks whether all is there that bonds need, and says what to do"),
        .run = cli_doctor,
    },
    {
        .name = "import",
        .arguments = "[--dry-run] ifcfg|netplan|networkd|interfaces FILE|DIR",
        .summary = N_("makes profiles of the bonds in another program's files"),
        .help = N_("  --dry-run  prints the profiles, and changes nothing\n"
                   "  ifcfg      of the initscripts: a bond's file, or a directory such as\n"
                   "             /etc/sysconfig/network-scripts\n"
                   "  netplan    a YAML file, or /etc/netplan\n"
                   "  networkd   of systemd: a bond's .netdev file, or /etc/systemd/network\n"
                   "  interfaces of ifupdown: /etc/network/interfaces"),
        .options = (const char *const[]){"dry-run", NULL},
        .complete = complete_import,
        .run = cli_import,
    },
    {
        .name = "export",
        .arguments = "[--directory DIR] NAME",
        .summary = N_("prints a bond's profiles as ifcfg files"),
        .help = N_("  --directory DIR  writes them there; nothing is overwritten\n"
                   "  NAME       the profile's name, UUID or interface"),
        .options = (const char *const[]){"directory", NULL},
        .complete = complete_profile,
        .run = cli_export,
    },
    {
        .name = "drill",
        .arguments = "BOND --to ADDRESS [FAULT...] | --lab [FAULT...] | --respond",
        .summary = N_("plays failures and measures what they cost"),
        .help = N_("  BOND       the bond's interface: it is harmed, and put back\n"
                   "  --lab      a bond of its own, in hosts that vanish afterwards\n"
                   "  --respond  answers the probes of a drill on another host\n"
                   "  --to ADDRESS  where that runs; with --icmp any host that answers pings\n"
                   "  --port N   of the responder; default 7350\n"
                   "  --icmp     pings instead of a responder: there and back are one\n"
                   "  --plan FILE  the faults from a file (bondcli(1))\n"
                   "  --interval US  between two probes, from 100; default 1000\n"
                   "  --max-outage US  what is longer is a failure: exit status 1\n"
                   "  --compare SETTING,...  the same under several: mode=0,mode=1 or modes\n"
                   "  --json     the report for programs (docs/drill.md)\n"
                   "  --junit FILE, --html FILE  writes it there too\n"
                   "  --yes      does not ask; --yes-really takes the last working port too\n"
                   "  FAULT      KIND[:PORT][,KEY=VALUE...]: admin-down, carrier, silent, flap,\n"
                   "             loss, delay, lacp-gone, bondd-killed, nm-restart, port-removed"),
        .options = (const char *const[]){"lab", "respond", "to", "port", "icmp", "plan", "interval",
                                         "max-outage", "compare", "json", "junit", "html", "yes",
                                         "yes-really", NULL},
        .complete = cli_drill_complete,
        .run = cli_drill,
    },
    {
        .name = "reload",
        .arguments = "",
        .summary = N_("makes NetworkManager read its profiles again"),
        .run = cli_reload,
    },
    {
        .name = "version",
        .arguments = "",
        .summary = N_("the versions of bondcli and bondd, and the datapath in use"),
        .run = cli_version,
    },
    {
        .name = "help",
        .arguments = "[COMMAND]",
        .summary = N_("this text, or that of a command"),
        .takes_verb = true,
        .run = cli_help,
    },
    {.name = NULL},
};

static int
dispatch(struct cli *cli, int argc, char **argv)
{
    const struct cli_verb *verb;
    int rc = cli_parse(cli, NULL, true, &argc, argv);

    if (rc != CLI_EXIT_OK)
        return rc;
    if (cli->version) {
        printf("bondcli %s\n", NMB_VERSION);
        return CLI_EXIT_OK;
    }
    if (argc == 0 && cli->help) {
        cli_print_help(NULL);
        return CLI_EXIT_OK;
    }
    if (argc == 0)
        return cli_status(cli, 0, argv);
    verb = cli_find_verb(argv[0]);
    if (verb == NULL)
        return CLI_EXIT_USER_INPUT;
    cli->title = verb->summary;
    return verb->run(cli, argc - 1, argv + 1);
}

int
main(int argc, char **argv)
{
    struct cli cli = {.wait_s = DEFAULT_WAIT_S};
    const char *locale_dir = g_getenv("NM_BOND_LOCALEDIR"); /* for a copy that is not installed */
    int rc;

    setlocale(LC_ALL, "");
    bindtextdomain(GETTEXT_PACKAGE, locale_dir != NULL ? locale_dir : NMB_LOCALEDIR);
    bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8");
    textdomain(GETTEXT_PACKAGE);

    if (argc > 1 && strcmp(argv[1], "--complete-args") == 0) {
        cli_complete(argc - 2, argv + 2);
        return cli_offer_files ? CLI_EXIT_COMPLETE_FILE : CLI_EXIT_OK;
    }
    rc = dispatch(&cli, argc - 1, argv + 1);
    g_clear_object(&cli.client);
    if (!cli_flush() && rc == CLI_EXIT_OK)
        rc = CLI_EXIT_FAILED;
    return rc;
}
