/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * volley.c - the far ends of a bond's ports, the switch and the host behind it, in one process:
 * taps whose carrier and silence it holds, and numbered frames both ways at a fixed distance.
 *
 *   volley BOND OWN-ADDRESS PEER-ADDRESS TAP...
 *
 * runs in the bond's namespace, makes the taps, prints "ready" and obeys two kinds of lines.
 *
 *   start switch|bfd
 *
 * The bond is there: its MAC is learned, and all is served from now on.
 *
 *   cuts N KIND BEFORE_US AFTER_US
 *
 * N times: a volley with a cut in it, the link is mended, the bond is back on the first tap. KIND:
 * carrier, two, flap, silent; none, which prints "go" first; listen: carrier, and the bond's host
 * sends nothing. Prints a line for each volley: lost and gap of what was sent, lost and gap of what
 * was received.
 *
 * The switch learns: what comes for the bond goes to the tap where its MAC was last seen; with BFD
 * there is no switch, and the host sends by its first link whose session is up. Lost is what leaves
 * by a tap, or is sent to one, whose link is cut. The gap is the time between the last frame before
 * and the first behind the longest row of lost ones. ARP and BFD are answered on taps whose link is
 * whole. It decides nothing: what is too much is for people.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/if_ether.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/bfd.h"
#include "core/parse.h"
#include "datapath/frames.h"

#define MAX_TAPS 4
#define MAX_FRAMES 40000
#define SPACING_NS 10000u
#define PORT 7100
#define MICRO_BFD_PORT 6784
#define FLAP_NS 500000u /* half a period: 1 kHz */
#define BACK_NS (60 * BOND_NSEC_PER_SEC)
#define QUIET_NS (5 * BOND_NSEC_PER_MSEC)

struct tap {
    int fd, ifindex;
    bool whole; /* the link works */
    struct bond_bfd bfd;
};

static const uint8_t host_mac[BOND_MAC_LEN] = {2, 0, 0, 0, 0, 0x99};
static const char *bond_name;
static uint8_t bond_mac[BOND_MAC_LEN];
static struct in_addr own, peer;
static struct tap tap[MAX_TAPS];
static unsigned n_taps, learned;
static int out_fd, in_fd;
static bool serving, with_bfd;
static uint64_t sent_ns[MAX_FRAMES];
static bool out_came[MAX_FRAMES], in_came[MAX_FRAMES];
static uint32_t volley_id;

struct payload {
    uint32_t id, seq;
};

static void
die(const char *what)
{
    fprintf(stderr, "volley: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t
now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t) ts.tv_sec * BOND_NSEC_PER_SEC + (uint64_t) ts.tv_nsec;
}

/* ---- taps ---- */

static void
set_up(const char *name)
{
    struct ifreq ifr = {0};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    strncpy(ifr.ifr_name, name, IFNAMSIZ - 1);
    if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &ifr) < 0)
        die(name);
    ifr.ifr_flags |= IFF_UP;
    if (ioctl(fd, SIOCSIFFLAGS, &ifr) < 0)
        die(name);
    close(fd);
}

static void
make_tap(const char *name)
{
    struct ifreq ifr = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    struct tap *t = &tap[n_taps++];

    strncpy(ifr.ifr_name, name, IFNAMSIZ - 1);
    t->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (t->fd < 0 || ioctl(t->fd, TUNSETIFF, &ifr) < 0)
        die(name);
    t->whole = true;
    set_up(name);
}

static void
set_carrier(struct tap *t, int on)
{
    if (ioctl(t->fd, TUNSETCARRIER, &on) < 0)
        die("TUNSETCARRIER");
    t->whole = on;
}

static void
put(struct tap *t, const void *frame, size_t len)
{
    if (t->whole && write(t->fd, frame, len) < 0 && errno != EAGAIN && errno != EIO)
        die("writing to a tap");
}

/* ---- the host behind the switch ---- */

static void
answer_arp(struct tap *t, const uint8_t *frame, size_t len, const struct bond_arp *arp)
{
    uint8_t reply[64] = {0};

    for (unsigned i = 0; i < n_taps; i++)
        if (&tap[i] != t && (frame[0] & 1))
            put(&tap[i], frame, len);
    if (arp->op != BOND_ARP_REQUEST || arp->target_be != peer.s_addr)
        return;
    memcpy(reply, frame, 42);
    memcpy(reply, arp->sender_mac, BOND_MAC_LEN);
    memcpy(reply + 6, host_mac, BOND_MAC_LEN);
    reply[21] = BOND_ARP_REPLY;
    memcpy(reply + 22, host_mac, BOND_MAC_LEN);
    memcpy(reply + 28, &peer, 4);
    memcpy(reply + 32, arp->sender_mac, BOND_MAC_LEN);
    memcpy(reply + 38, &arp->sender_be, 4);
    put(t, reply, DP_FRAME_MIN);
}

static struct bond_bfd_config
bfd_config(const struct tap *t)
{
    return (struct bond_bfd_config){
        .interval_ms = 10, .detect_mult = 3, .disc = (uint32_t) (t - tap) + 1};
}

static void
serve_bfd(struct tap *t)
{
    const struct bond_bfd_config c = bfd_config(t);
    struct bond_bfd_packet p;

    bond_bfd_expire(&t->bfd, &c, now_ns());
    while (bond_bfd_transmit(&t->bfd, &c, now_ns(), &p)) {
        const struct dp_frame_udp udp = {host_mac, bond_mac, peer, own, 50000, MICRO_BFD_PORT, 255};
        uint8_t data[BOND_BFD_LEN], frame[128];

        bond_bfd_build(data, &p);
        put(t, frame, dp_frame_udp(frame, &udp, data, sizeof(data)));
    }
}

/* What a tap has sent. */
static void
take_frame(struct tap *t, const uint8_t *frame, size_t len)
{
    struct bond_bfd_packet bfd;
    struct bond_arp arp;
    struct payload p;

    if (!t->whole || len < 42)
        return;
    if (!with_bfd && memcmp(frame + 6, bond_mac, BOND_MAC_LEN) == 0)
        learned = (unsigned) (t - tap);
    if (bond_arp_parse(frame, len, &arp)) {
        answer_arp(t, frame, len, &arp);
    } else if (bond_bfd_parse(frame, len, MICRO_BFD_PORT, &bfd)) {
        const struct bond_bfd_config c = bfd_config(t);

        bond_bfd_receive(&t->bfd, &c, &bfd, now_ns());
    } else if (len >= 42 + sizeof(p) && frame[12] == 8 && frame[13] == 0 && frame[23] == 17 &&
               (frame[36] << 8 | frame[37]) == PORT) {
        memcpy(&p, frame + 42, sizeof(p));
        if (p.id == volley_id && p.seq < MAX_FRAMES)
            out_came[p.seq] = true;
    }
}

static void
serve(void)
{
    uint8_t frame[2048];

    for (unsigned i = 0; i < n_taps; i++) {
        ssize_t n;

        while ((n = read(tap[i].fd, frame, sizeof(frame))) > 0)
            take_frame(&tap[i], frame, (size_t) n);
        if (with_bfd)
            serve_bfd(&tap[i]);
    }
    for (unsigned i = n_taps; with_bfd && i-- > 0;)
        if (tap[i].bfd.state == BOND_BFD_UP)
            learned = i;
}

static void
receive(void)
{
    struct payload p;

    while (recv(in_fd, &p, sizeof(p), MSG_DONTWAIT) == sizeof(p))
        if (p.id == volley_id && p.seq < MAX_FRAMES)
            in_came[p.seq] = true;
}

/* ---- volleys ---- */

static void
send_both(uint32_t seq, bool host_speaks)
{
    const struct payload p = {volley_id, seq};
    const struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr = peer};
    const struct dp_frame_udp udp = {host_mac, bond_mac, peer, own, PORT, PORT, 64};
    uint8_t frame[128];

    if (host_speaks)
        sendto(out_fd, &p, sizeof(p), MSG_DONTWAIT, (const struct sockaddr *) &to, sizeof(to));
    serve();
    put(&tap[learned], frame, dp_frame_udp(frame, &udp, (const uint8_t *) &p, sizeof(p)));
}

static void
cut(const char *kind, uint64_t since, unsigned *step)
{
    if (strcmp(kind, "flap") == 0) {
        for (; since >= *step * (uint64_t) FLAP_NS; (*step)++)
            set_carrier(&tap[0], *step % 2);
    } else if (*step == 0) {
        if (strcmp(kind, "silent") == 0)
            tap[0].whole = false;
        else if (strcmp(kind, "none") != 0)
            set_carrier(&tap[0], 0);
        (*step)++;
    } else if (*step == 1 && strcmp(kind, "two") == 0 && since >= volley_id % 1000 * 1000u) {
        set_carrier(&tap[1], 0);
        (*step)++;
    }
}

static void
mend(void)
{
    for (unsigned i = 0; i < n_taps; i++) {
        if (tap[i].whole)
            continue;
        set_carrier(&tap[i], 1);
        tap[i].bfd.tx_at_ns = now_ns(); /* the far end speaks at once */
    }
}

/* Of frames 0..n-1: how many are missing, and the longest row of missing ones in time. */
static void
print_way(const bool *came, uint32_t n, const char *end)
{
    uint64_t gap = 0, last = sent_ns[0];
    uint32_t lost = 0;

    for (uint32_t i = 0; i <= n; i++) {
        if (i < n && !came[i]) {
            lost++;
            continue;
        }
        if (i > 0 && (i == n || !came[i - 1])) {
            uint64_t at = i < n ? sent_ns[i] : sent_ns[n - 1];

            if (!came[i - 1] && at - last > gap)
                gap = at - last;
        }
        if (i < n)
            last = sent_ns[i];
    }
    printf("%u %" PRIu64 "%s", lost, gap / 1000, end);
}

static bool
wait_back(void)
{
    uint64_t end = now_ns() + BACK_NS, quiet = 0;
    uint32_t seq = 0;

    volley_id++; /* nobody counts these */
    while (now_ns() < end) {
        struct timespec ms = {0, 1000000};

        nanosleep(&ms, NULL);
        send_both(seq++ % MAX_FRAMES, true);
        receive();
        if (learned != 0)
            quiet = 0;
        else if (quiet == 0)
            quiet = now_ns();
        else if (now_ns() - quiet > QUIET_NS)
            return true;
    }
    return false;
}

static void
volley(const char *kind, uint64_t before_ns, uint64_t after_ns)
{
    uint32_t n = (uint32_t) ((before_ns + after_ns) / SPACING_NS);
    const bool host_speaks = strcmp(kind, "listen") != 0;
    unsigned step = 0;
    uint64_t start;

    n = n < MAX_FRAMES ? n : MAX_FRAMES;
    volley_id++;
    memset(out_came, !host_speaks, sizeof(out_came));
    memset(in_came, 0, sizeof(in_came));
    if (strcmp(kind, "none") == 0) { /* somebody else does something meanwhile */
        printf("go\n");
        fflush(stdout);
    }
    start = now_ns();
    for (uint32_t i = 0; i < n; i++) {
        uint64_t due = start + (uint64_t) i * SPACING_NS;

        while (now_ns() < due)
            serve();
        sent_ns[i] = now_ns();
        send_both(i, host_speaks);
        if (sent_ns[i] >= start + before_ns)
            cut(kind, sent_ns[i] - start - before_ns, &step);
        if (i % 64 == 0)
            receive();
    }
    serve();
    receive();
    print_way(out_came, n, " ");
    print_way(in_came, n, "\n");
    fflush(stdout);
    mend();
}

static void
cuts(unsigned n, const char *kind, uint64_t before_us, uint64_t after_us)
{
    for (unsigned i = 0; i < n; i++) {
        if (!wait_back()) {
            printf("stuck\n");
            fflush(stdout);
            return;
        }
        volley(kind, (before_us + i * 37 % 1000) * 1000, after_us * 1000);
    }
    printf("done\n");
    fflush(stdout);
}

/* ---- lines ---- */

static void
start_serving(const char *how)
{
    struct ifreq ifr = {0};
    const struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr = own};
    int bytes = 16 << 20;

    strncpy(ifr.ifr_name, bond_name, IFNAMSIZ - 1);
    out_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    in_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (out_fd < 0 || in_fd < 0 || ioctl(out_fd, SIOCGIFHWADDR, &ifr) < 0)
        die(bond_name);
    memcpy(bond_mac, ifr.ifr_hwaddr.sa_data, BOND_MAC_LEN);
    setsockopt(in_fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
    if (bind(in_fd, (const struct sockaddr *) &at, sizeof(at)) < 0)
        die("bind");
    with_bfd = strcmp(how, "bfd") == 0;
    for (unsigned i = 0; with_bfd && i < n_taps; i++) {
        const struct bond_bfd_config c = bfd_config(&tap[i]);

        bond_bfd_start(&tap[i].bfd, &c, now_ns());
    }
    serving = true;
}

static bool
obey(void)
{
    char line[256], kind[16], how[16] = "";
    unsigned n, before, after;

    if (!fgets(line, sizeof(line), stdin))
        return false;
    if (sscanf(line, "cuts %u %15s %u %u", &n, kind, &before, &after) == 4) {
        cuts(n, kind, before, after);
    } else if (sscanf(line, "start %15s", how) == 1) {
        start_serving(how);
        printf("started\n");
        fflush(stdout);
    } else {
        fprintf(stderr, "volley: what is %s", line);
        return false;
    }
    return true;
}

int
main(int argc, char **argv)
{
    const struct sched_param first = {.sched_priority = 10};

    if (argc < 5 || argc > 4 + MAX_TAPS || inet_pton(AF_INET, argv[2], &own) != 1 ||
        inet_pton(AF_INET, argv[3], &peer) != 1) {
        fprintf(stderr, "usage: volley BOND OWN-ADDRESS PEER-ADDRESS TAP...\n");
        return 2;
    }
    bond_name = argv[1];
    for (int i = 4; i < argc; i++)
        make_tap(argv[i]);
    setvbuf(stdin, NULL, _IONBF, 0);
    prctl(PR_SET_TIMERSLACK, 1);
    sched_setscheduler(0, SCHED_FIFO, &first); /* or as good as it gets */
    printf("ready\n");
    fflush(stdout);
    for (;;) {
        struct pollfd fds[1 + MAX_TAPS] = {{STDIN_FILENO, POLLIN, 0}};

        for (unsigned i = 0; i < n_taps; i++)
            fds[1 + i] = (struct pollfd){tap[i].fd, POLLIN, 0};
        poll(fds, 1 + n_taps, 2);
        if (serving)
            serve();
        if ((fds[0].revents & (POLLIN | POLLHUP)) && !obey())
            return 0;
    }
}
