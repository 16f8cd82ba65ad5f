/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * events-guest.c - lets the scripts of events-cases.h happen to the real driver, in the guest.
 *
 * Every script has a network namespace (and a process) of its own, with a bond "b" over tap devices
 * p0..p3: their carrier, speed and both directions of traffic are in our hand. Many run at once;
 * one that could not keep its times is run again.
 *
 * Output, for each script: "script N", and for each look "@ ERRNO-OF-THE-EVENT" and then a line
 * each: carrier, addresses, by which port the probes left, from which ports frames came in, and the
 * text of /proc/net/bonding/b.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>

#include "tests/parity/events-guest-far.h"

#define LATE 2 /* exit status of a script that could not keep its times */
#define LATE_MS 150
#define LATE_FRAME_MS                                                                              \
    60 /* a monitor counts by halves of its interval: what a look sends it must see soon */
#define TRIES 30
#define TUN "/run/tmp/tun"
#define BOND "/sys/class/net/b/"

static struct parity_script script;
static int tap[PARITY_MAX_PORTS], control, on_bond;
static bool cut[PARITY_MAX_PORTS], half[PARITY_MAX_PORTS];
static uint32_t speeds[PARITY_MAX_PORTS];

static void __attribute__((noreturn, format(printf, 1, 2))) die(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\n");
    exit(1);
}

static int64_t
now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
sleep_until(int64_t ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL))
        ;
}

/* 0 or errno */
static int
write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY), r = 0;

    if (fd < 0)
        die("%s: %s", path, strerror(errno));
    if (write(fd, text, strlen(text)) < 0)
        r = errno;
    close(fd);
    return r;
}

static int
option(const char *name, const char *value)
{
    char path[96];

    if (!strcmp(name, "ns_ip6_target")) { /* by netlink only */
        snprintf(path, sizeof(path), "ip link set dev b type bond ns_ip6_target %s", value);
        return system(path) ? EINVAL : 0;
    }
    snprintf(path, sizeof(path), BOND "bonding/%s", name);
    return write_file(path, value);
}

static struct ifreq
request(const char *device)
{
    struct ifreq r;

    memset(&r, 0, sizeof(r));
    snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", device);
    return r;
}

static int
set_up(const char *device, bool up)
{
    struct ifreq r = request(device);

    if (ioctl(control, SIOCGIFFLAGS, &r))
        return errno;
    r.ifr_flags = (short) (up ? r.ifr_flags | IFF_UP : r.ifr_flags & ~IFF_UP);
    return ioctl(control, SIOCSIFFLAGS, &r) ? errno : 0;
}

static bool
is_up(const char *device)
{
    struct ifreq r = request(device);

    return !ioctl(control, SIOCGIFFLAGS, &r) && (r.ifr_flags & IFF_UP);
}

static const char *
port_name(uint32_t port)
{
    static const char *const names[] = {"p0", "p1", "p2", "p3"};

    return names[port];
}

static void
set_speed(uint32_t port, uint32_t speed, bool is_half)
{
    struct ethtool_cmd command = {.cmd = ETHTOOL_SSET, .port = PORT_TP};
    struct ifreq r = request(port_name(port));

    ethtool_cmd_speed_set(&command, speed);
    command.duplex = is_half ? DUPLEX_HALF : DUPLEX_FULL;
    speeds[port] = speed;
    half[port] = is_half;
    r.ifr_data = (char *) &command;
    if (ioctl(control, SIOCETHTOOL, &r))
        die("speed of p%u: %s", port, strerror(errno));
}

static void
set_carrier(uint32_t port, bool on)
{
    int value = on;

    cut[port] = !on;
    if (ioctl(tap[port], TUNSETCARRIER, &value))
        die("carrier of p%u: %s", port, strerror(errno));
}

static void
make_port(uint32_t port)
{
    struct ifreq r = request(port_name(port));

    tap[port] = open(TUN, O_RDWR | O_NONBLOCK);
    r.ifr_flags = IFF_TAP | IFF_NO_PI;
    if (tap[port] < 0 || ioctl(tap[port], TUNSETIFF, &r))
        die("p%u: %s", port, strerror(errno));
    r.ifr_hwaddr.sa_family = 1; /* ARPHRD_ETHER */
    parity_port_mac(port, (uint8_t *) r.ifr_hwaddr.sa_data);
    if (ioctl(control, SIOCSIFHWADDR, &r))
        die("address of p%u: %s", port, strerror(errno));
    set_speed(port, script.speed[port], script.half[port]);
    set_carrier(port, !script.cut[port]);
}

static void
own_namespace(void)
{
    if (unshare(CLONE_NEWNET | CLONE_NEWNS) ||
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
        mount("sysfs", "/sys", "sysfs", 0, NULL))
        die("no namespace: %s", strerror(errno));
    write_file("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
    control = socket(AF_INET, SOCK_DGRAM, 0);
}

static void
prepare(void)
{
    struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
    char number[4];
    int r;

    own_namespace();
    for (uint32_t i = 0; i < script.ports; i++)
        make_port(i);
    if (write_file("/sys/class/net/bonding_masters", "+b"))
        die("no bond");
    snprintf(number, sizeof(number), "%u", script.mode & 7u);
    r = option("mode", number);
    for (uint32_t i = 0; i < script.n_settings && !r; i++) {
        r = option(script.setting[i].option, script.setting[i].value);
        if (r)
            die("%s=%s: %s", script.setting[i].option, script.setting[i].value, strerror(r));
    }
    if (r || set_up("b", true))
        die("no bond of that mode");
    guest_far_is_up();
    if (!guest_far_addresses(&script))
        die("no addresses");
    at.sll_ifindex = (int) if_nametoindex("b");
    on_bond = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0);
    if (on_bond < 0 || bind(on_bond, (struct sockaddr *) &at, sizeof(at)))
        die("no socket: %s", strerror(errno));
}

/* What has become of the port is the other end's link, too. */
static void
tell_far_end(uint32_t port)
{
    char path[64];
    const struct parity_far_port is = {
        .has_link = !cut[port] && is_up(port_name(port)),
        .is_attached =
            (snprintf(path, sizeof(path), "/sys/class/net/p%u/master", port), !access(path, F_OK)),
        .half = half[port],
        .speed = speeds[port],
    };

    guest_far_link(port, &is);
}

static int
attach(uint32_t port)
{
    char text[8];

    if (is_up(port_name(port)))
        set_up(port_name(port), false);
    snprintf(text, sizeof(text), "+p%u", port);
    return option("slaves", text);
}

static int
happen(const struct parity_event *e)
{
    char text[96];
    int r;

    switch (e->what) {
    case PARITY_CUT:
        set_carrier(e->port, false);
        return 0;
    case PARITY_MEND:
        if (e->speed)
            set_speed(e->port, e->speed, e->half);
        set_carrier(e->port, true);
        return 0;
    case PARITY_UNSET:
    case PARITY_SET:
        return set_up(port_name(e->port), e->what == PARITY_SET);
    case PARITY_ATTACH:
        return attach(e->port);
    case PARITY_DETACH:
        snprintf(text, sizeof(text), "-p%u", e->port);
        return option("slaves", text);
    case PARITY_OPTION:
        return option(e->option, e->value);
    case PARITY_PRIO:
        snprintf(text, sizeof(text),
                 "ip link set p%u type bond_slave prio %s 2>/run/tmp/prio-errors", e->port,
                 e->value);
        return system(text) ? EINVAL : 0;
    case PARITY_BOND_DOWN:
        return set_up("b", false);
    case PARITY_BOND_UP:
        r = set_up("b", true);
        guest_far_is_up();
        return r;
    case PARITY_FAR:
        guest_far_event(e);
        return 0;
    case PARITY_PAUSE:
        return 0;
    }
    return -1;
}

/* "p0" for the address of port 0, "own" for any other. */
static const char *
address_name(const char *device)
{
    struct ifreq r = request(device);
    uint8_t mac[6];

    if (ioctl(control, SIOCGIFHWADDR, &r))
        return "?";
    for (uint32_t i = 0; i < script.ports; i++) {
        parity_port_mac(i, mac);
        if (!memcmp(r.ifr_hwaddr.sa_data, mac, 6))
            return port_name(i);
    }
    return "own";
}

/* A port that was cut or set down drops what it is given: no frame is seen then. */
static void
look_at_sending(FILE *out)
{
    struct sockaddr_ll to = {.sll_family = AF_PACKET};
    uint8_t frame[PARITY_PROBE_LEN], got[2048];

    to.sll_ifindex = (int) if_nametoindex("b");
    fprintf(out, "sent by");
    for (uint32_t i = 0; i < script.ports; i++)
        while (read(tap[i], got, sizeof(got)) > 0)
            ;
    for (uint32_t k = 0; k < PARITY_PROBES; k++) {
        bool any = false;

        parity_probe(k, frame);
        memcpy(&to.sll_protocol, frame + 12, 2);
        if (sendto(on_bond, frame, sizeof(frame), 0, (struct sockaddr *) &to, sizeof(to)) < 0 &&
            errno != ENOBUFS && errno != ENETDOWN)
            die("not sent: %s", strerror(errno));
        fprintf(out, " ");
        for (uint32_t i = 0; i < script.ports; i++) {
            ssize_t n;

            while ((n = read(tap[i], got, sizeof(got))) > 0) {
                if (n == PARITY_PROBE_LEN && !memcmp(got, frame, 6) &&
                    !memcmp(got + 12, frame + 12, sizeof(frame) - 12)) {
                    /* balance-tlb and balance-alb: "*" with another source address */
                    fprintf(out, "%u%s", i, memcmp(got + 6, frame + 6, 6) ? "*" : "");
                    any = true;
                }
            }
        }
        fprintf(out, "%s", any ? "" : "-");
    }
    fprintf(out, "\n");
}

/* One frame for the bond comes in on each port that has a link. */
static void
look_at_receiving(FILE *out)
{
    struct ifreq r = request("b");
    uint8_t frame[PARITY_PROBE_LEN], got[2048];

    if (ioctl(control, SIOCGIFHWADDR, &r))
        die("no address: %s", strerror(errno));
    memset(frame, 0, sizeof(frame));
    memcpy(frame, r.ifr_hwaddr.sa_data, 6);
    memcpy(frame + 6, "\x02\xcc\0\0\0\1\x88\xb5", 8);
    while (recv(on_bond, got, sizeof(got), 0) > 0)
        ;
    fprintf(out, "comes in from");
    for (uint32_t i = 0; i < script.ports; i++) {
        bool enters = false;

        frame[20] = (uint8_t) i;
        if (!cut[i] && is_up(port_name(i)) && write(tap[i], frame, sizeof(frame)) > 0)
            for (ssize_t n; (n = recv(on_bond, got, sizeof(got), 0)) > 0;)
                enters = enters || !memcmp(got, frame, sizeof(frame));
        fprintf(out, " %s", enters ? port_name(i) : "-");
    }
    fprintf(out, "\n");
}

static void
look(FILE *out, int result, int64_t at)
{
    char text[8192], asked[64];
    size_t n;
    FILE *file;

    file = fopen("/proc/net/bonding/b", "r");
    n = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
    if (!file)
        die("no /proc/net/bonding/b");
    fclose(file);
    text[n] = '\0';
    fprintf(out, "@ %d\n", result);
    file = fopen(BOND "carrier", "r");
    fprintf(out, "carrier %c\n", file && fread(text + n + 1, 1, 1, file) == 1 ? text[n + 1] : '-');
    if (file)
        fclose(file);
    fprintf(out, "addresses %s:", address_name("b"));
    for (uint32_t i = 0; i < script.ports; i++)
        fprintf(out, " %s", address_name(port_name(i)));
    fprintf(out, "\n");
    look_at_sending(out);
    look_at_receiving(out);
    if (now_ms() - at > (script.family == PARITY_MONITORS ? LATE_FRAME_MS : LATE_MS))
        exit(LATE);
    guest_far_asked(asked);
    fprintf(out, "%s%s", asked, text);
}

/* When it is time to look. */
static int64_t
wait_after(const struct parity_event *e)
{
    int64_t at = now_ms() + parity_wait_ms(&script, e);

    if (script.family == PARITY_LINKS)
        sleep_until(at);
    else if (!guest_far_wait(e))
        exit(LATE);
    else
        at = now_ms();
    return at;
}

static void
run(uint32_t index, FILE *out)
{
    int64_t at;

    guest_far_begin(&script, tap);
    prepare();
    guest_far_first();
    for (uint32_t i = 0; i < script.ports; i++) {
        if (attach(i))
            die("script %u: p%u is not taken", index, i);
        tell_far_end(i);
        guest_far_pump();
    }
    at = wait_after(NULL);
    fprintf(out, "script %u\n", index);
    look(out, 0, at);
    for (uint32_t i = 0; i < script.n_events; i++) {
        const struct parity_event *e = &script.event[i];
        int64_t before;
        int result;

        if (!guest_far_wait_before(e))
            exit(LATE);
        before = now_ms();
        result = happen(e);

        if (e->what <= PARITY_DETACH)
            tell_far_end(e->port);
        if (now_ms() - before > LATE_MS)
            exit(LATE);
        at = wait_after(e);
        look(out, result, at);
    }
}

static void
output_path(char path[64], uint32_t index)
{
    snprintf(path, 64, "/run/tmp/script-%u", index);
}

static pid_t
start(uint32_t seed, uint32_t index)
{
    pid_t pid = fork();
    char path[64];
    FILE *out;

    if (pid)
        return pid;
    parity_script(seed, index, &script);
    output_path(path, index);
    out = fopen(path, "w");
    if (!out)
        die("%s: %s", path, strerror(errno));
    run(index, out);
    fclose(out);
    exit(0);
}

static void
print_script(uint32_t index)
{
    char path[64], text[4096];
    size_t n;
    FILE *file;

    output_path(path, index);
    file = fopen(path, "r");
    while (file && (n = fread(text, 1, sizeof(text), file)) > 0)
        fwrite(text, 1, n, stdout);
    if (file)
        fclose(file);
}

/* The number of the child that has ended, and how. */
static uint32_t
next_end(const pid_t *pids, uint32_t n, int *status)
{
    for (;;) {
        const pid_t pid = wait(status);

        if (pid < 0)
            die("wait: %s", strerror(errno));
        for (uint32_t i = 0; i < n; i++)
            if (pids[i] == pid)
                return i;
    }
}

/* Runs the scripts, so many at once. Returns how many were late and had to be run again. */
static uint32_t
run_all(uint32_t seed, const uint32_t *numbers, uint32_t count, uint32_t at_once)
{
    pid_t *pids = calloc(count, sizeof(*pids));
    uint8_t *tries = calloc(count, 1);
    uint32_t running = 0, next = 0, again = 0;

    if (!pids || !tries)
        die("no memory");
    while (next < count || running > 0) {
        uint32_t i;
        int status;

        if (next < count && running < at_once) {
            pids[next] = start(seed, numbers[next]);
            next++;
            running++;
            continue;
        }
        i = next_end(pids, next, &status);
        running--;
        if (WIFEXITED(status) && WEXITSTATUS(status) == LATE && ++tries[i] < TRIES) {
            again++;
            running++;
            pids[i] = start(seed, numbers[i]);
        } else if (status != 0) {
            die("script %u ended with status %d", numbers[i], status);
        }
    }
    free(pids);
    free(tries);
    return again;
}

int
main(int argc, char **argv)
{
    uint32_t numbers[PARITY_MAX_SCRIPTS], count = 0, again;

    for (int f = 0; argc > 1 && !strcmp(argv[1], "--about") && f < PARITY_FAMILIES; f++)
        printf("%s %u %u %llx\n", parity_family_name(f), parity_family_first(f),
               parity_family_count(f), (unsigned long long) parity_scripts_sum(f));
    if (argc > 1 && !strcmp(argv[1], "--about"))
        return 0;
    if (!getenv("PARITY_GUEST") || argc < 4)
        die("usage, in the guest (tests/guest/run): events-guest SEED AT-ONCE SCRIPT...");
    for (int i = 3; i < argc && count < PARITY_MAX_SCRIPTS; i++)
        numbers[count++] = (uint32_t) strtoul(argv[i], NULL, 10);
    if (mknod(TUN, S_IFCHR | 0600, makedev(10, 200)))
        die("mknod: %s", strerror(errno));
    again = run_all((uint32_t) strtoul(argv[1], NULL, 10), numbers, count,
                    (uint32_t) strtoul(argv[2], NULL, 10));
    for (uint32_t i = 0; i < count; i++)
        print_script(numbers[i]);
    fprintf(stderr, "%u scripts were run again: late\n", again);
    return 0;
}
