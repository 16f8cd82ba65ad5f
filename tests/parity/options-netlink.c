/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options-netlink.c - the options that a driver newer than User-Mode Linux's, or netlink alone,
 * has: coupled_control and ns_ip6_target, every value in every mode and state; prio of a port.
 *
 *     options-netlink ask              in the guest: a line for each case, and what the driver
 *                                      made of it
 *     options-netlink replay GOLDEN    core/options.h does the same, or says so and fails
 *
 * A line: MODE STATE OPTION VALUE ERRNO READ-BACK; "-" is none. Each case is a bond of its own.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "core/options.h"
#include "datapath/nl.h"

/* Newer than the headers of Debian 12; the numbers are the kernel's ABI. */
#define NS_IP6_TARGET 31
#define COUPLED_CONTROL 32
#define BOND_ATTRS 32
#define TEXT 1024u

enum state { DOWN, UP, PORTS, N_STATES };
static const char *const states[N_STATES] = {"down", "up", "ports"};

static const struct {
    const char *option, *value;
} values[] = {
    {"coupled_control", "0"},
    {"coupled_control", "1"},
    {"coupled_control", "2"},
    {"coupled_control", "255"},
    {"ns_ip6_target", "-"},
    {"ns_ip6_target", "2001:db8::1"},
    {"ns_ip6_target", "2001:db8::1,2001:db8::2"},
    {"ns_ip6_target", "2001:db8::1,2001:db8::1"},
    {"ns_ip6_target", "fe80::1"},
    {"ns_ip6_target", "2001:db8::1,fe80::1"},
    {"ns_ip6_target", "::"},
    {"ns_ip6_target", "::1"},
    {"ns_ip6_target", "ff02::1"},
    {"ns_ip6_target", "::ffff:10.0.0.1"},
    {"ns_ip6_target", "fd00::1,fd00::2,fd00::3,fd00::4,fd00::5,fd00::6,fd00::7,fd00::8,fd00::9,"
                      "fd00::a,fd00::b,fd00::c,fd00::d,fd00::e,fd00::f,fd00::10"},
    {"ns_ip6_target", "fd00::1,fd00::2,fd00::3,fd00::4,fd00::5,fd00::6,fd00::7,fd00::8,fd00::9,"
                      "fd00::a,fd00::b,fd00::c,fd00::d,fd00::e,fd00::f,fd00::10,fd00::11"},
    {"prio", "-2147483648"},
    {"prio", "-1"},
    {"prio", "0"},
    {"prio", "2147483647"},
};
#define N_VALUES (sizeof(values) / sizeof(values[0]))

static void __attribute__((noreturn)) die(const char *what, int err)
{
    fprintf(stderr, "options-netlink: %s: %s\n", what, strerror(err));
    exit(1);
}

static bool
is_of_port(const char *option)
{
    return !strcmp(option, "prio");
}

/* Every combination; what is a port's needs one. */
static bool
is_case(enum state state, size_t value)
{
    return state == PORTS || !is_of_port(values[value].option);
}

static unsigned
cases_there_are(void)
{
    unsigned n = 0;

    for (int state = 0; state < N_STATES; state++)
        for (size_t i = 0; i < N_VALUES; i++)
            n += is_case((enum state) state, i);
    return n * BOND_N_MODES;
}

static void
put_value(struct nlmsghdr *nlh, const char *option, const char *value)
{
    struct nlattr *list;
    char text[TEXT], *save = NULL;

    if (!strcmp(option, "coupled_control")) {
        mnl_attr_put_u8(nlh, COUPLED_CONTROL, (uint8_t) atoi(value));
        return;
    }
    if (is_of_port(option)) {
        mnl_attr_put_u32(nlh, IFLA_BOND_SLAVE_PRIO, (uint32_t) strtol(value, NULL, 10));
        return;
    }
    list = mnl_attr_nest_start(nlh, NS_IP6_TARGET);
    snprintf(text, sizeof(text), "%s", strcmp(value, "-") ? value : "");
    for (char *p = strtok_r(text, ",", &save); p; p = strtok_r(NULL, ",", &save)) {
        struct in6_addr addr;

        inet_pton(AF_INET6, p, &addr);
        mnl_attr_put(nlh, 0, sizeof(addr), &addr);
    }
    mnl_attr_nest_end(nlh, list);
}

/* option NULL: a new bond of that mode. `ifindex`: of the bond, or of the port. */
static int
request(struct dp_nl *nl, int ifindex, int mode, const char *option, const char *value)
{
    uint8_t req[DP_NL_REQ_SIZE];
    const bool of_port = option && is_of_port(option);
    struct nlattr *info, *data;
    struct nlmsghdr *nlh;

    dp_nl_request_link(&nlh, req, RTM_NEWLINK, option ? 0 : NLM_F_CREATE | NLM_F_EXCL, ifindex);
    if (!option)
        mnl_attr_put_strz(nlh, IFLA_IFNAME, "o0");
    info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
    mnl_attr_put_strz(nlh, of_port ? IFLA_INFO_SLAVE_KIND : IFLA_INFO_KIND, "bond");
    data = mnl_attr_nest_start(nlh, of_port ? IFLA_INFO_SLAVE_DATA : IFLA_INFO_DATA);
    if (option)
        put_value(nlh, option, value);
    else
        mnl_attr_put_u8(nlh, IFLA_BOND_MODE, (uint8_t) mode);
    mnl_attr_nest_end(nlh, data);
    mnl_attr_nest_end(nlh, info);
    return dp_nl_talk(nl, nlh, NULL, NULL);
}

static int
enslave(struct dp_nl *nl, const char *port, int bond)
{
    uint8_t req[DP_NL_REQ_SIZE];
    struct nlmsghdr *nlh;

    dp_nl_request_link(&nlh, req, RTM_NEWLINK, 0, (int) if_nametoindex(port));
    mnl_attr_put_u32(nlh, IFLA_MASTER, (uint32_t) bond);
    return dp_nl_talk(nl, nlh, NULL, NULL);
}

struct wanted {
    const char *option;
    char *text;
};

static int
read_value(const struct nlmsghdr *nlh, void *out)
{
    const struct nlattr *link[IFLA_MAX + 1], *info[IFLA_INFO_MAX + 1], *bond[BOND_ATTRS + 1], *a;
    const struct wanted *w = out;
    size_t n = 0;

    dp_nl_attrs(nlh, sizeof(struct ifinfomsg), link, IFLA_MAX);
    dp_nl_nested(link[IFLA_LINKINFO], info, IFLA_INFO_MAX);
    dp_nl_nested(info[is_of_port(w->option) ? IFLA_INFO_SLAVE_DATA : IFLA_INFO_DATA], bond,
                 BOND_ATTRS);
    snprintf(w->text, TEXT, "-");
    if (!strcmp(w->option, "coupled_control") && bond[COUPLED_CONTROL])
        snprintf(w->text, TEXT, "%s", mnl_attr_get_u8(bond[COUPLED_CONTROL]) ? "on" : "off");
    if (is_of_port(w->option) && bond[IFLA_BOND_SLAVE_PRIO])
        snprintf(w->text, TEXT, "%d", (int) mnl_attr_get_u32(bond[IFLA_BOND_SLAVE_PRIO]));
    if (strcmp(w->option, "ns_ip6_target") || !bond[NS_IP6_TARGET])
        return 0;
    mnl_attr_for_each_nested(a, bond[NS_IP6_TARGET])
    {
        char one[INET6_ADDRSTRLEN];

        inet_ntop(AF_INET6, mnl_attr_get_payload(a), one, sizeof(one));
        n += (size_t) snprintf(w->text + n, TEXT - n, "%s%s", n ? "," : "", one);
    }
    return 0;
}

static void
ask_case(struct dp_nl *nl, int mode, enum state state, const char *option, const char *value)
{
    uint8_t req[DP_NL_REQ_SIZE];
    struct nlmsghdr *nlh;
    char text[TEXT];
    int bond, of, err = request(nl, 0, mode, NULL, NULL);

    if (err)
        die("a bond", -err);
    bond = (int) if_nametoindex("o0");
    if (state != DOWN && (err = dp_link_set_up(nl, bond, true)))
        die("up", -err);
    if (state == PORTS && ((err = enslave(nl, "p0", bond)) || (err = enslave(nl, "p1", bond))))
        die("a port", -err);
    of = is_of_port(option) ? (int) if_nametoindex("p0") : bond;
    err = request(nl, of, mode, option, value);
    dp_nl_request_link(&nlh, req, RTM_GETLINK, 0, of);
    if (dp_nl_talk(nl, nlh, read_value, &(struct wanted){option, text}))
        die("read", EIO);
    printf("%d %s %s %s %d %s\n", mode, states[state], option, value, -err, text);
    err = dp_link_delete(nl, bond);
    if (err)
        die("an end", -err);
}

static int
ask(void)
{
    struct utsname kernel;
    struct dp_nl *nl;
    int err;

    if (!getenv("PARITY_GUEST")) {
        fprintf(stderr, "to be run in the guest: tests/guest/run\n");
        return 1;
    }
    if (system("sysctl -qw net.ipv6.conf.default.disable_ipv6=1; ip link add p0 type veth peer q0;"
               "ip link add p1 type veth peer q1; ip link set q0 up; ip link set q1 up"))
        die("no ports", EIO);
    err = dp_nl_open(&nl);
    if (err)
        die("netlink", -err);
    uname(&kernel);
    printf("# asked of Linux %s\n", kernel.release);
    for (int mode = 0; mode < (int) BOND_N_MODES; mode++)
        for (int state = 0; state < N_STATES; state++)
            for (size_t i = 0; i < N_VALUES; i++)
                if (is_case((enum state) state, i))
                    ask_case(nl, mode, (enum state) state, values[i].option, values[i].value);
    dp_nl_close(nl);
    return 0;
}

/* The driver refuses a port's prio in modes that have no use for it. Here it is kept, for when the
 * mode changes (docs/differences.md): the table of options has to say that it counts for nothing.
 */
static bool
same_of_port(int mode, const char *value, int driver, const char *driver_reads)
{
    const struct bond_opt_desc *d = bond_port_opt_desc(BOND_PORT_OPT_PRIO);
    int64_t number = 0;
    int here = -bond_port_option_parse(BOND_PORT_OPT_PRIO, value, &number, NULL);

    if (!here && !(d->modes & (1u << mode)))
        here = EACCES;
    if (here == driver && (driver || number == atoll(driver_reads)))
        return true;
    printf("%s: %s %s: the driver %s and %s, here %s\n", bond_mode_name((enum bond_mode) mode),
           d->name, value, strerror(driver), driver_reads, strerror(here));
    return false;
}

/* Does core do as the driver did? */
static bool
same(int mode, const char *state, const char *option, const char *value, int driver,
     const char *driver_reads)
{
    const struct bond_opt_desc *d = bond_opt_by_name(option);
    struct bond_opt_ctx ctx = {0};
    struct bond_options o;
    struct bond_err err = {0};
    char text[TEXT] = "";
    int here;

    bond_options_init(&o, (enum bond_mode) mode);
    ctx.is_up = strcmp(state, states[DOWN]) != 0;
    ctx.n_ports = strcmp(state, states[PORTS]) == 0 ? 2 : 0;
    here = -bond_option_set(&o, option, strcmp(value, "-") ? value : "", &ctx, &err);
    bond_option_format(&o, (enum bond_opt_id) d->id, text, sizeof(text));
    /* What is left of a list that the driver refused half way is not compared: here all or nothing
     * is taken. */
    if (here == driver && (driver || !strcmp(text[0] ? text : "-", driver_reads)))
        return true;
    printf("%s, %s: %s %s: the driver %s and %s, here %s and %s\n",
           bond_mode_name((enum bond_mode) mode), state, option, value, strerror(driver),
           driver_reads, here ? err.text : "it is taken", text);
    return false;
}

static int
replay(const char *path)
{
    char state[8], option[32], value[TEXT], reads[TEXT], line[3 * TEXT];
    unsigned cases = 0, differences = 0;
    FILE *file = fopen(path, "r");
    int mode, code;

    if (!file)
        die(path, errno);
    while (fgets(line, sizeof(line), file)) {
        if (line[0] == '#')
            continue;
        if (sscanf(line, "%d %7s %31s %1023s %d %1023s", &mode, state, option, value, &code,
                   reads) != 6 ||
            !(bond_opt_by_name(option) || is_of_port(option)) || mode < 0 ||
            mode >= (int) BOND_N_MODES)
            die(line, EINVAL);
        cases++;
        differences += is_of_port(option) ? !same_of_port(mode, value, code, reads)
                                          : !same(mode, state, option, value, code, reads);
    }
    fclose(file);
    printf("%u cases, %u differences\n", cases, differences);
    return differences || cases != cases_there_are();
}

int
main(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "ask"))
        return ask();
    if (argc == 3 && !strcmp(argv[1], "replay"))
        return replay(argv[2]);
    fprintf(stderr, "usage: options-netlink ask, options-netlink replay GOLDEN\n");
    return 2;
}
