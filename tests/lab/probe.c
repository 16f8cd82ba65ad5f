/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe.c - counts what a network loses, frame by frame.
 *
 *   probe sink PORT [ADDRESS]             receives, tells per stream what came
 *   probe send ADDRESS PORT INTERVAL_US   sends numbered datagrams, tells how many
 *   probe echo PORT                       sends everything back to where it came from
 *   probe ping ADDRESS PORT INTERVAL_US   sends to an echo, tells what came back
 *
 * IPv4 and IPv6, unicast and multicast (sink ADDRESS is then the group; LAB_IFNAME the device).
 * Each prints {"ready": ...} when it is at work, runs until SIGTERM or until its standard input
 * ends, and then prints one line of JSON. Times are CLOCK_MONOTONIC, both hosts of a lab being
 * one machine. It decides nothing: what is too much is the test's business.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NSEC_PER_USEC UINT64_C(1000)
#define NSEC_PER_SEC UINT64_C(1000000000)
#define BATCH 64
#define SEQ_MAX (1u << 24) /* numbers that a sink can tell apart: 28 minutes at 100 µs */
#define BUFFER_BYTES (32 * 1024 * 1024)

struct datagram {
    uint64_t seq;
    uint64_t sent_ns;
};

struct record {
    uint64_t received, duplicated, reordered, foreign;
    uint64_t last_arrival_ns;
    uint64_t longest_gap_ns; /* between two arrivals */
    uint64_t longest_trip_ns;
    uint64_t overflowed; /* dropped by our own socket: the prober's fault, not the network's */
    int64_t highest;     /* -1: nothing came */
    uint64_t *sent_ns;   /* [SEQ_MAX], by number; 0: did not come */
};

/* Holes in what came, times by the sender's clock. */
struct holes {
    uint64_t longest_run;     /* numbers missing in a row */
    uint64_t longest_lost_ns; /* between two frames that came, with nothing between them */
    uint64_t span_ns;         /* from before the first missing one until after the last */
};

static volatile sig_atomic_t stopping;

static void
on_signal(int signo)
{
    stopping = 1;
}

static uint64_t
now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t) ts.tv_sec * NSEC_PER_SEC + (uint64_t) ts.tv_nsec;
}

static void
die(const char *what)
{
    fprintf(stderr, "probe: %s: %s\n", what, strerror(errno));
    exit(1);
}

static struct sockaddr_storage
resolve(const char *address, const char *port, socklen_t *len)
{
    struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICHOST}, *found;
    struct sockaddr_storage out = {0};
    int rc = getaddrinfo(address, port, &hints, &found);

    if (rc) {
        fprintf(stderr, "probe: %s port %s: %s\n", address, port, gai_strerror(rc));
        exit(1);
    }
    memcpy(&out, found->ai_addr, found->ai_addrlen);
    *len = found->ai_addrlen;
    freeaddrinfo(found);
    return out;
}

static int
open_socket(int family)
{
    int fd = socket(family, SOCK_DGRAM, 0), one = 1, bytes = BUFFER_BYTES;

    if (fd < 0)
        die("socket");
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)))
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
    setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &one, sizeof(one));
    return fd;
}

static void
join_group(int fd, const struct sockaddr_storage *group)
{
    unsigned index = if_nametoindex(getenv("LAB_IFNAME") ? getenv("LAB_IFNAME") : "");
    struct group_req request = {.gr_interface = index, .gr_group = *group};

    if (setsockopt(fd, group->ss_family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6, MCAST_JOIN_GROUP,
                   &request, sizeof(request)))
        die("joining the group");
}

static bool
is_group(const struct sockaddr_storage *a)
{
    if (a->ss_family == AF_INET)
        return IN_MULTICAST(ntohl(((const struct sockaddr_in *) a)->sin_addr.s_addr));
    return IN6_IS_ADDR_MULTICAST(&((const struct sockaddr_in6 *) a)->sin6_addr);
}

static int
listen_on(const char *port, const char *address)
{
    struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t) atoi(port))};
    struct sockaddr_storage at;
    socklen_t len;
    int fd;

    if (!address) {
        fd = open_socket(AF_INET6);
        if (bind(fd, (struct sockaddr *) &any, sizeof(any)))
            die("bind");
        return fd;
    }
    at = resolve(address, port, &len);
    fd = open_socket(at.ss_family);
    if (bind(fd, (struct sockaddr *) &at, len))
        die("bind");
    if (is_group(&at))
        join_group(fd, &at);
    return fd;
}

static void
record_arrival(struct record *r, const struct datagram *d, uint64_t t)
{
    if (d->seq >= SEQ_MAX || !d->sent_ns) {
        r->foreign++;
        return;
    }
    if (r->sent_ns[d->seq]) {
        r->duplicated++;
        return;
    }
    r->sent_ns[d->seq] = d->sent_ns;
    if (t - d->sent_ns > r->longest_trip_ns)
        r->longest_trip_ns = t - d->sent_ns;
    if (r->received++ && t - r->last_arrival_ns > r->longest_gap_ns)
        r->longest_gap_ns = t - r->last_arrival_ns;
    r->last_arrival_ns = t;
    if ((int64_t) d->seq < r->highest)
        r->reordered++;
    else
        r->highest = (int64_t) d->seq;
}

static struct holes
find_holes(const struct record *r)
{
    struct holes h = {0};
    uint64_t before_first = 0;
    int64_t last = -1; /* the last number seen to have come */

    for (int64_t seq = 0; seq <= r->highest; seq++) {
        uint64_t lost_ns;

        if (!r->sent_ns[seq])
            continue;
        if (last >= 0 && seq > last + 1) {
            lost_ns = r->sent_ns[seq] - r->sent_ns[last];
            if (!before_first)
                before_first = r->sent_ns[last];
            h.span_ns = r->sent_ns[seq] - before_first;
            if (lost_ns > h.longest_lost_ns)
                h.longest_lost_ns = lost_ns;
            if ((uint64_t) (seq - last - 1) > h.longest_run)
                h.longest_run = (uint64_t) (seq - last - 1);
        }
        last = seq;
    }
    return h;
}

static void
note_overflow(struct record *r, struct msghdr *msg)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c))
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL) {
            uint32_t dropped;

            memcpy(&dropped, CMSG_DATA(c), sizeof(dropped));
            r->overflowed = dropped;
        }
}

/* Takes in what has arrived. Returns how many datagrams that were. */
static int
receive(int fd, struct record *r)
{
    static struct datagram data[BATCH];
    static char control[BATCH][CMSG_SPACE(sizeof(uint32_t))];
    struct iovec iov[BATCH];
    struct mmsghdr msgs[BATCH] = {0};
    uint64_t t;
    int n;

    for (int i = 0; i < BATCH; i++) {
        iov[i] = (struct iovec){&data[i], sizeof(data[i])};
        msgs[i].msg_hdr = (struct msghdr){.msg_iov = &iov[i],
                                          .msg_iovlen = 1,
                                          .msg_control = control[i],
                                          .msg_controllen = sizeof(control[i])};
    }
    n = recvmmsg(fd, msgs, BATCH, MSG_DONTWAIT, NULL);
    t = now_ns();
    for (int i = 0; i < n; i++) {
        note_overflow(r, &msgs[i].msg_hdr);
        if (msgs[i].msg_len == sizeof(struct datagram))
            record_arrival(r, &data[i], t);
        else
            r->foreign++;
    }
    return n;
}

static void
print_record(const struct record *r)
{
    struct holes h = find_holes(r);

    printf("\"received\": %" PRIu64 ", \"duplicated\": %" PRIu64 ", \"reordered\": %" PRIu64
           ", \"foreign\": %" PRIu64 ", \"overflowed\": %" PRIu64 ", \"highest\": %" PRId64,
           r->received, r->duplicated, r->reordered, r->foreign, r->overflowed, r->highest);
    printf(", \"longest_gap_us\": %" PRIu64 ", \"longest_trip_us\": %" PRIu64
           ", \"longest_run\": %" PRIu64 ", \"longest_lost_us\": %" PRIu64
           ", \"lost_span_us\": %" PRIu64,
           r->longest_gap_ns / NSEC_PER_USEC, r->longest_trip_ns / NSEC_PER_USEC, h.longest_run,
           h.longest_lost_ns / NSEC_PER_USEC, h.span_ns / NSEC_PER_USEC);
}

static void
record_init(struct record *r)
{
    memset(r, 0, sizeof(*r));
    r->highest = -1;
    /* Untouched pages cost nothing; calloc() touches them all under meson's MALLOC_PERTURB_. */
    r->sent_ns = mmap(NULL, SEQ_MAX * sizeof(*r->sent_ns), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (r->sent_ns == MAP_FAILED)
        die("memory");
}

static void
ready(void)
{
    printf("{\"ready\": true}\n");
    fflush(stdout);
}

/* Waits for datagrams or the end; true when something may have arrived. */
static bool
wait_input(int fd, int timeout_ms)
{
    struct pollfd fds[2] = {{fd, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};

    if (poll(fds, 2, timeout_ms) < 0)
        return false;
    if (fds[1].revents) {
        char c;

        if (read(STDIN_FILENO, &c, 1) <= 0)
            stopping = 1;
    }
    return fds[0].revents & POLLIN;
}

static int
do_sink(const char *port, const char *address)
{
    int fd = listen_on(port, address);
    struct record r;

    record_init(&r);
    ready();
    while (!stopping)
        if (wait_input(fd, -1))
            receive(fd, &r);
    while (receive(fd, &r) > 0)
        ;
    printf("{");
    print_record(&r);
    printf("}\n");
    return 0;
}

static int
do_echo(const char *port)
{
    int fd = listen_on(port, NULL);

    ready();
    while (!stopping) {
        struct sockaddr_storage from;
        socklen_t len = sizeof(from);
        char data[2048];
        ssize_t n;

        if (!wait_input(fd, -1))
            continue;
        while ((n = recvfrom(fd, data, sizeof(data), MSG_DONTWAIT, (void *) &from, &len)) > 0) {
            if (sendto(fd, data, (size_t) n, 0, (void *) &from, len) < 0 && errno == ENOMEM)
                die("sendto");
            len = sizeof(from);
        }
    }
    printf("{}\n");
    return 0;
}

static bool
input_ended(void)
{
    struct pollfd in = {STDIN_FILENO, POLLIN, 0};
    char c;

    return poll(&in, 1, 0) > 0 && read(STDIN_FILENO, &c, 1) <= 0;
}

/* Numbered datagrams at fixed times until told to stop; with a record, answers are taken in. */
static int
do_send(const char *address, const char *port, const char *interval_us, bool echoed)
{
    uint64_t interval = strtoull(interval_us, NULL, 10) * NSEC_PER_USEC, next, late = 0;
    uint64_t check_every = NSEC_PER_SEC / 100 / (interval ? interval : 1) + 1;
    struct datagram d = {0};
    struct sockaddr_storage to;
    socklen_t len;
    struct record r;
    uint64_t errors = 0;
    int fd, last_errno = 0;

    to = resolve(address, port, &len);
    fd = open_socket(to.ss_family);
    if (is_group(&to)) {
        struct ip_mreqn device = {.imr_ifindex = (int) if_nametoindex(getenv("LAB_IFNAME"))};

        if (to.ss_family == AF_INET &&
            setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &device, sizeof(device)))
            die("multicast device");
        if (to.ss_family == AF_INET6 &&
            setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &device.imr_ifindex, sizeof(int)))
            die("multicast device");
    }
    record_init(&r);
    ready();
    for (next = now_ns(); !stopping; next += interval) {
        struct timespec at = {(time_t) (next / NSEC_PER_SEC), (long) (next % NSEC_PER_SEC)};

        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
        d.sent_ns = now_ns();
        if (d.sent_ns > next + interval)
            late++;
        if (sendto(fd, &d, sizeof(d), 0, (void *) &to, len) < 0) {
            errors++;
            last_errno = errno;
        }
        d.seq++;
        if (echoed)
            receive(fd, &r);
        if (d.seq % check_every == 0 && input_ended())
            break;
    }
    for (uint64_t end = now_ns() + NSEC_PER_SEC / 2; echoed && now_ns() < end;) {
        if (r.received == d.seq - errors)
            break;
        if (poll(&(struct pollfd){fd, POLLIN, 0}, 1, 10) > 0)
            receive(fd, &r);
    }
    printf("{\"sent\": %" PRIu64 ", \"errors\": %" PRIu64 ", \"error\": \"%s\", \"late\": %" PRIu64,
           d.seq, errors, errors ? strerror(last_errno) : "", late);
    if (echoed) {
        printf(", ");
        print_record(&r);
    }
    printf("}\n");
    return 0;
}

int
main(int argc, char **argv)
{
    struct sigaction stop = {.sa_handler = on_signal}; /* no SA_RESTART: poll must return */

    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGINT, &stop, NULL);
    prctl(PR_SET_TIMERSLACK, 1);
    if (argc >= 3 && strcmp(argv[1], "sink") == 0)
        return do_sink(argv[2], argc > 3 ? argv[3] : NULL);
    if (argc == 3 && strcmp(argv[1], "echo") == 0)
        return do_echo(argv[2]);
    if (argc == 5 && strcmp(argv[1], "send") == 0)
        return do_send(argv[2], argv[3], argv[4], false);
    if (argc == 5 && strcmp(argv[1], "ping") == 0)
        return do_send(argv[2], argv[3], argv[4], true);
    fprintf(stderr, "usage: probe sink PORT [ADDRESS] | send ADDRESS PORT INTERVAL_US |\n"
                    "       echo PORT | ping ADDRESS PORT INTERVAL_US\n");
    return 2;
}
