/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * blast.c - small UDP packets, as many as go, and round trips one at a time.
 *
 *     blast sink ADDR PORT              counts what comes; on end of its input prints packets and
 * ns blast send ADDR PORT MS           sends for so long; prints packets and ns blast echo ADDR
 * PORT              sends back what comes, until the end of its input blast ask ADDR PORT MS round
 * trips for so long; prints count, ns, median ns
 *
 * A number is followed by its unit's meaning on one line: "packets ns [median_ns]".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PAYLOAD 18 /* a frame of 60 bytes, the least that Ethernet sends */
#define BATCH 64
#define MAX_TRIPS (1u << 22)
#define TURN (16 * BATCH) /* packets */

static uint64_t
clock_ns(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (uint64_t) t.tv_sec * 1000000000u + (uint64_t) t.tv_nsec;
}

static uint64_t
now_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

static int
die(const char *what)
{
    fprintf(stderr, "blast: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int
udp_socket(const char *addr, const char *port, bool to)
{
    struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons((uint16_t) atoi(port))};
    int fd = socket(AF_INET, SOCK_DGRAM, 0), size = 8 << 20;

    if (fd < 0 || inet_pton(AF_INET, addr, &sin.sin_addr) != 1)
        die(addr);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
    if (to ? connect(fd, (struct sockaddr *) &sin, sizeof(sin))
           : bind(fd, (struct sockaddr *) &sin, sizeof(sin)))
        die(addr);
    return fd;
}

static void
batch(struct mmsghdr *m, struct iovec *iov, uint8_t (*buf)[64], size_t len)
{
    for (unsigned i = 0; i < BATCH; i++) {
        iov[i] = (struct iovec){buf[i], len};
        m[i].msg_hdr = (struct msghdr){.msg_iov = &iov[i], .msg_iovlen = 1};
    }
}

/* Ends with its input: whoever started it closes that. */
static int
sink(int fd, bool echo)
{
    struct pollfd p[2] = {{.fd = fd, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
    static uint8_t buf[BATCH][64];
    struct mmsghdr m[BATCH];
    struct iovec iov[BATCH];
    uint64_t n = 0, first = 0, last = 0;

    batch(m, iov, buf, sizeof(buf[0]));
    printf("ready\n");
    fflush(stdout);
    while (poll(p, 2, -1) > 0 && !p[1].revents) {
        struct sockaddr_in from;
        socklen_t len = sizeof(from);
        ssize_t size;
        int got;

        if (echo) {
            size = recvfrom(fd, buf[0], sizeof(buf[0]), 0, (struct sockaddr *) &from, &len);
            if (size > 0 &&
                sendto(fd, buf[0], (size_t) size, 0, (struct sockaddr *) &from, len) > 0)
                n++;
            continue;
        }
        got = recvmmsg(fd, m, BATCH, MSG_DONTWAIT, NULL);
        if (got <= 0)
            continue;
        last = now_ns();
        if (!first)
            first = last;
        n += (unsigned) got;
    }
    /* On a busy machine this may be the first time that we run: what waits has arrived. */
    for (int got; !echo && (got = recvmmsg(fd, m, BATCH, MSG_DONTWAIT, NULL)) > 0;)
        n += (unsigned) got;
    printf("%llu %llu\n", (unsigned long long) n, (unsigned long long) (last - first));
    return 0;
}

static int
send_for(int fd, uint64_t ns)
{
    static uint8_t buf[BATCH][64];
    struct mmsghdr m[BATCH];
    struct iovec iov[BATCH];
    uint64_t n = 0, start = now_ns(), t = start, cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);

    batch(m, iov, buf, PAYLOAD);
    for (; t - start < ns; t = now_ns()) {
        int sent = sendmmsg(fd, m, BATCH, 0);

        if (sent < 0 && errno != ENOBUFS && errno != ECONNREFUSED)
            die("send");
        if (sent > 0)
            n += (unsigned) sent;
    }
    cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
    printf("%llu %llu %llu\n", (unsigned long long) n, (unsigned long long) (t - start),
           (unsigned long long) cpu);
    return 0;
}

static int
compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *) a, y = *(const uint32_t *) b;

    return x < y ? -1 : x > y;
}

/* Interleaved so finely that both meet the same weather; and CPU time, because on the way to the
 * receiver's socket everything is done on the sender's account. */
static int
versus(const int fd[2], uint64_t ns)
{
    static uint8_t buf[BATCH][64];
    static uint32_t cost[2][MAX_TRIPS / 64];
    struct mmsghdr m[BATCH];
    struct iovec iov[BATCH];
    uint64_t start = now_ns();
    uint32_t n = 0;

    batch(m, iov, buf, PAYLOAD);
    for (; now_ns() - start < ns && n < MAX_TRIPS / 64; n++) {
        for (unsigned k = 0; k < 2; k++) {
            unsigned which = (n + k) % 2, sent = 0;
            uint64_t cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);

            for (unsigned i = 0; i < TURN / BATCH; i++) {
                int now = sendmmsg(fd[which], m, BATCH, 0);

                if (now < 0 && errno != ENOBUFS && errno != ECONNREFUSED)
                    die("send");
                sent += now > 0 ? (unsigned) now : 0;
            }
            cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
            cost[which][n] = sent ? (uint32_t) (cpu / sent) : UINT32_MAX;
        }
    }
    for (unsigned k = 0; k < 2; k++)
        qsort(cost[k], n, sizeof(cost[k][0]), compare);
    printf("%u %u\n", n ? cost[0][n / 2] : 0, n ? cost[1][n / 2] : 0);
    return 0;
}

static int
ask_for(int fd, uint64_t ns)
{
    uint32_t *trip = calloc(MAX_TRIPS, sizeof(*trip)), n = 0;
    uint64_t start = now_ns(), t = start;
    struct timeval patience = {.tv_sec = 5};
    uint8_t buf[64] = {0};

    if (!trip)
        die("memory");
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    while (t - start < ns && n < MAX_TRIPS) {
        uint64_t begin = now_ns();

        if (send(fd, buf, PAYLOAD, 0) < 0 || recv(fd, buf, sizeof(buf), 0) < 0)
            die("round trip");
        t = now_ns();
        trip[n++] = (uint32_t) (t - begin);
    }
    qsort(trip, n, sizeof(*trip), compare);
    printf("%u %llu %u\n", n, (unsigned long long) (t - start), n ? trip[n / 2] : 0);
    free(trip);
    return 0;
}

int
main(int argc, char **argv)
{
    const char *what = argc > 3 ? argv[1] : "";
    uint64_t ns = argc > 4 ? (uint64_t) atoi(argv[4]) * 1000000u : 0;

    if (strcmp(what, "sink") == 0 || strcmp(what, "echo") == 0)
        return sink(udp_socket(argv[2], argv[3], false), what[0] == 'e');
    if (strcmp(what, "versus") == 0 && argc == 6)
        return versus(
            (int[]){udp_socket(argv[2], argv[4], true), udp_socket(argv[3], argv[4], true)},
            (uint64_t) atoi(argv[5]) * 1000000u);
    if (strcmp(what, "send") == 0 && ns)
        return send_for(udp_socket(argv[2], argv[3], true), ns);
    if (strcmp(what, "ask") == 0 && ns)
        return ask_for(udp_socket(argv[2], argv[3], true), ns);
    fprintf(stderr, "usage: blast sink|echo ADDR PORT, blast send|ask ADDR PORT MS\n");
    return 2;
}
