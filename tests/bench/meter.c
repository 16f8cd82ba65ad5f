/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * meter.c - what frames cost: so many of a kind, and the time that they took.
 *
 *     meter NS_A NS_B DEVICE PORT FRAMES ROUNDS WHAT...
 *
 * NS_A has the bond (DEVICE, with the address 10.66.0.1) and its first port PORT; NS_B is the other
 * host, 10.66.0.2. For each WHAT and round a line "WHAT ROUND COUNT NS CPU_NS"; NS by the clock,
 * CPU_NS this process's CPU time. Where a kernel does everything on the way on the account of who
 * sends, as it does over veths, and here one process does both ends, that is all of the work,
 * whatever else the machine does.
 *
 *     send        small UDP from A, dropped as soon as it comes in at e0 or e1 in B
 *     drop        frames put in at PORT as a network card does, 64 at a time; dropped as soon as
 *                 they come in at DEVICE
 *     socket      the same, read from a UDP socket in A
 *     receive     small UDP from B, read in A
 *     forward     the same, routed by A out of f0; dropped as soon as it comes in at f1 in B
 *     tcp-send-N, tcp-receive-N    N streams from A to B, or back; COUNT is KiB
 *     rr          round trips of a small UDP datagram between two processes
 *     latency     the same, each timed: lines latency-p50 and latency-p99, NS by the clock of one
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>

#define ADDRESS_A "10.66.0.1"
#define ADDRESS_B "10.66.0.2"
#define ADDRESS_BEYOND "10.67.0.2" /* behind f0 */
#define PORT_ASK 7001
#define PORT_ANSWER 7002
#define PAYLOAD 18 /* a frame of 60 bytes, the least that Ethernet sends */
#define BATCH 64u
#define MAX_STREAMS 16u
#define CHUNK (256u << 10)

struct bed {
    int ns_a, ns_b;
    const char *device, *port;
    unsigned frames;
};

struct cost {
    uint64_t count, ns, cpu_ns;
};

static void __attribute__((noreturn)) die(const char *what)
{
    fprintf(stderr, "meter: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t
clock_ns(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (uint64_t) t.tv_sec * 1000000000u + (uint64_t) t.tv_nsec;
}

static uint64_t
cpu_ns(void)
{
    struct rusage gone;

    getrusage(RUSAGE_CHILDREN, &gone);
    return clock_ns(CLOCK_PROCESS_CPUTIME_ID) +
           (uint64_t) (gone.ru_utime.tv_sec + gone.ru_stime.tv_sec) * 1000000000u +
           (uint64_t) (gone.ru_utime.tv_usec + gone.ru_stime.tv_usec) * 1000u;
}

static void
begin(struct cost *c)
{
    c->cpu_ns = cpu_ns();
    c->ns = clock_ns(CLOCK_MONOTONIC);
}

static void
end(struct cost *c, uint64_t count)
{
    c->ns = clock_ns(CLOCK_MONOTONIC) - c->ns;
    c->cpu_ns = cpu_ns() - c->cpu_ns;
    c->count = count;
}

static int namespace(const char *name)
{
    char path[64];
    int fd;

    snprintf(path, sizeof(path), "/run/netns/%s", name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        die(path);
    return fd;
}

static int
socket_in(int ns, int type)
{
    int fd, size = 32 << 20;

    if (setns(ns, CLONE_NEWNET))
        die("setns");
    fd = socket(AF_INET, type, 0);
    if (fd < 0)
        die("socket");
    if (type == SOCK_DGRAM) {
        setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
        setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
    }
    return fd;
}

static struct sockaddr_in
place(const char *address, unsigned port)
{
    struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons((uint16_t) port)};

    inet_pton(AF_INET, address, &sin.sin_addr);
    return sin;
}

static int
udp(int ns, const char *from, unsigned from_port, const char *to, unsigned to_port)
{
    int fd = socket_in(ns, SOCK_DGRAM);
    struct sockaddr_in local = place(from, from_port), remote;

    if (bind(fd, (struct sockaddr *) &local, sizeof(local)))
        die(from);
    if (to) {
        remote = place(to, to_port);
        if (connect(fd, (struct sockaddr *) &remote, sizeof(remote)))
            die(to);
    }
    return fd;
}

struct batch {
    struct mmsghdr m[BATCH];
    struct iovec iov[BATCH];
    uint8_t buf[BATCH][64];
};

static void
fill_batch(struct batch *b, size_t len)
{
    memset(b, 0, sizeof(*b));
    for (unsigned i = 0; i < BATCH; i++) {
        b->iov[i] = (struct iovec){b->buf[i], len};
        b->m[i].msg_hdr = (struct msghdr){.msg_iov = &b->iov[i], .msg_iovlen = 1};
    }
}

/* All that has come; with patience for what is on its way on another CPU. */
static unsigned
drain(int fd, struct batch *b, unsigned expected)
{
    uint64_t patience = clock_ns(CLOCK_MONOTONIC) + 200000000u;
    unsigned got = 0;

    do {
        int n = recvmmsg(fd, b->m, BATCH, MSG_DONTWAIT, NULL);

        got += n > 0 ? (unsigned) n : 0;
    } while (got < expected && clock_ns(CLOCK_MONOTONIC) < patience);
    return got;
}

static void
send_batch(int fd, struct batch *b)
{
    for (unsigned done = 0; done < BATCH;) {
        int n = sendmmsg(fd, b->m + done, BATCH - done, 0);

        if (n < 0 && errno != ENOBUFS && errno != ECONNREFUSED && errno != EAGAIN)
            die("send");
        done += n > 0 ? (unsigned) n : 0;
    }
}

/* Ends, and counts, what comes in at a device, before anything else looks at it. */
struct drop {
    int ns, map, program;
    struct bpf_tc_hook hook;
};

static void
drop_at(struct drop *d, int ns, const char *device)
{
    LIBBPF_OPTS(bpf_tc_opts, opts, .handle = 1, .priority = 1);

    d->ns = ns;
    d->map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "dropped", 4, 8, 1, NULL);
    {
        const struct bpf_insn insns[] = {
            {.code = BPF_LD | BPF_DW | BPF_IMM,
             .dst_reg = BPF_REG_1,
             .src_reg = BPF_PSEUDO_MAP_VALUE,
             .imm = d->map},
            {0},
            {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1},
            {.code = BPF_STX | BPF_ATOMIC | BPF_DW,
             .dst_reg = BPF_REG_1,
             .src_reg = BPF_REG_0,
             .imm = BPF_ADD},
            {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = TC_ACT_SHOT},
            {.code = BPF_JMP | BPF_EXIT},
        };

        d->program = bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "drop", "GPL", insns,
                                   sizeof(insns) / sizeof(insns[0]), NULL);
    }
    if (setns(ns, CLONE_NEWNET))
        die("setns");
    d->hook = (struct bpf_tc_hook){.sz = sizeof(d->hook),
                                   .ifindex = (int) if_nametoindex(device),
                                   .attach_point = BPF_TC_INGRESS};
    opts.prog_fd = d->program;
    bpf_tc_hook_create(&d->hook); /* it may be there already */
    if (bpf_tc_attach(&d->hook, &opts))
        die("no program that drops");
}

/* How many it dropped. */
static uint64_t
drop_no_more(struct drop *d)
{
    LIBBPF_OPTS(bpf_tc_opts, opts, .handle = 1, .priority = 1);
    uint32_t key = 0;
    uint64_t n = 0;

    if (setns(d->ns, CLONE_NEWNET) || bpf_tc_detach(&d->hook, &opts))
        die("the program that drops stays");
    bpf_map_lookup_elem(d->map, &key, &n);
    close(d->program);
    close(d->map);
    return n;
}

static void
must_have_arrived(uint64_t arrived, uint64_t n)
{
    if (arrived >= n)
        return;
    fprintf(stderr, "meter: of %llu frames %llu arrived\n", (unsigned long long) n,
            (unsigned long long) arrived);
    exit(1);
}

/* From a socket, until it comes in at one of two devices in B. */
static struct cost
measure_until_dropped(const struct bed *bed, int fd, const char *one, const char *other)
{
    static struct batch b;
    struct drop at[2];
    struct cost c;
    unsigned n = 0;

    drop_at(&at[0], bed->ns_b, one);
    drop_at(&at[1], bed->ns_b, other);
    fill_batch(&b, PAYLOAD);
    send_batch(fd, &b);
    begin(&c);
    for (; n < bed->frames; n += BATCH)
        send_batch(fd, &b);
    end(&c, n);
    close(fd);
    must_have_arrived(drop_no_more(&at[0]) + drop_no_more(&at[1]), n);
    return c;
}

static struct cost
measure_send(const struct bed *bed)
{
    return measure_until_dropped(bed, udp(bed->ns_a, ADDRESS_A, PORT_ASK, ADDRESS_B, PORT_ANSWER),
                                 "e0", "e1");
}

static struct cost
measure_forward(const struct bed *bed)
{
    return measure_until_dropped(
        bed, udp(bed->ns_b, ADDRESS_B, PORT_ASK, ADDRESS_BEYOND, PORT_ANSWER), "f1", "e1");
}

static struct cost
measure_receive(const struct bed *bed)
{
    int to = udp(bed->ns_a, ADDRESS_A, PORT_ANSWER, NULL, 0);
    int from = udp(bed->ns_b, ADDRESS_B, PORT_ASK, ADDRESS_A, PORT_ANSWER);
    static struct batch out, in;
    struct cost c;
    unsigned n = 0, got = 0;

    fill_batch(&out, PAYLOAD);
    fill_batch(&in, sizeof(in.buf[0]));
    send_batch(from, &out);
    drain(to, &in, BATCH);
    begin(&c);
    for (; n < bed->frames; n += BATCH) {
        send_batch(from, &out);
        got += drain(to, &in, BATCH);
    }
    end(&c, got);
    must_have_arrived(got + n / 100, n);
    close(to);
    close(from);
    return c;
}

static void
hardware_address(int ns, const char *device, uint8_t mac[ETH_ALEN])
{
    struct ifreq req = {0};
    int fd = socket_in(ns, SOCK_DGRAM);

    snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", device);
    if (ioctl(fd, SIOCGIFHWADDR, &req))
        die(device);
    memcpy(mac, req.ifr_hwaddr.sa_data, ETH_ALEN);
    close(fd);
}

static uint16_t
ip_checksum(const void *header, size_t len)
{
    const uint16_t *word = header;
    uint32_t sum = 0;

    for (size_t i = 0; i < len / 2; i++)
        sum += word[i];
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t) ~(sum + (sum >> 16));
}

struct frame {
    struct ethhdr eth;
    struct iphdr ip;
    struct udphdr udp;
    uint8_t payload[PAYLOAD];
} __attribute__((packed));

static void
make_frame(const struct bed *bed, struct frame *f)
{
    static const uint8_t sender[ETH_ALEN] = {2, 0, 0, 0, 0x0b, 1};
    const struct sockaddr_in from = place(ADDRESS_B, PORT_ASK), to = place(ADDRESS_A, PORT_ANSWER);

    memset(f, 0, sizeof(*f));
    hardware_address(bed->ns_a, bed->device, f->eth.h_dest);
    memcpy(f->eth.h_source, sender, sizeof(sender));
    f->eth.h_proto = htons(ETH_P_IP);
    f->ip = (struct iphdr){.version = 4,
                           .ihl = 5,
                           .ttl = 64,
                           .protocol = IPPROTO_UDP,
                           .tot_len = htons(sizeof(*f) - sizeof(f->eth)),
                           .saddr = from.sin_addr.s_addr,
                           .daddr = to.sin_addr.s_addr};
    f->ip.check = ip_checksum(&f->ip, sizeof(f->ip));
    f->udp.source = from.sin_port;
    f->udp.dest = to.sin_port;
    f->udp.len = htons(sizeof(f->udp) + PAYLOAD);
}

/* A program that lets pass what it is run for: the kernel then takes the frames in at the port, as
 * it does a list that a driver hands it. */
static int
pass_program(void)
{
    const struct bpf_insn insns[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = XDP_PASS},
                                     {.code = BPF_JMP | BPF_EXIT}};
    int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "pass", "GPL", insns, 2, NULL);

    if (fd < 0)
        die("no XDP program");
    return fd;
}

static void
put_in(int program, const struct frame *f, unsigned ifindex, unsigned times)
{
    struct xdp_md ctx = {.data_end = sizeof(*f), .ingress_ifindex = ifindex};
    LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = f, .data_size_in = sizeof(*f), .ctx_in = &ctx,
                .ctx_size_in = sizeof(ctx), .repeat = (int) times,
                .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = BATCH);

    if (bpf_prog_test_run_opts(program, &opts))
        die("frames cannot be put in");
}

/* fd < 0: nobody reads them. */
static struct cost
measure_put_in(const struct bed *bed, int fd)
{
    /* Calls are dear, so there are few; but a socket's queue has to hold them. */
    const unsigned times = fd < 0 ? bed->frames : 16 * BATCH;
    int program = pass_program();
    static struct batch in;
    struct frame f;
    unsigned ifindex, n = 0, got = 0;
    struct cost c;

    make_frame(bed, &f);
    if (setns(bed->ns_a, CLONE_NEWNET))
        die("setns");
    ifindex = if_nametoindex(bed->port);
    fill_batch(&in, sizeof(in.buf[0]));
    put_in(program, &f, ifindex, times);
    if (fd >= 0)
        drain(fd, &in, times);
    begin(&c);
    for (; n < bed->frames; n += times) {
        put_in(program, &f, ifindex, times);
        got += fd >= 0 ? drain(fd, &in, times) : times;
    }
    end(&c, got);
    must_have_arrived(got + n / 100, n);
    close(program);
    return c;
}

static struct cost
measure_drop(const struct bed *bed)
{
    struct drop at;
    struct cost c;

    drop_at(&at, bed->ns_a, bed->device);
    c = measure_put_in(bed, -1);
    must_have_arrived(drop_no_more(&at), c.count);
    return c;
}

static struct cost
measure_socket(const struct bed *bed)
{
    int fd = udp(bed->ns_a, ADDRESS_A, PORT_ANSWER, NULL, 0);
    struct cost c = measure_put_in(bed, fd);

    close(fd);
    return c;
}

/* Streams of one process: it writes as much as goes, and reads all that has come. */
static void
connect_streams(const struct bed *bed, bool to_b, unsigned n, int *from, int *to)
{
    const char *address = to_b ? ADDRESS_B : ADDRESS_A;
    const struct sockaddr_in sin = place(address, PORT_ANSWER);
    int listener = socket_in(to_b ? bed->ns_b : bed->ns_a, SOCK_STREAM), one = 1;

    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(listener, (const struct sockaddr *) &sin, sizeof(sin)) || listen(listener, 16))
        die("listen");
    for (unsigned i = 0; i < n; i++) {
        from[i] = socket_in(to_b ? bed->ns_a : bed->ns_b, SOCK_STREAM);
        if (connect(from[i], (const struct sockaddr *) &sin, sizeof(sin)))
            die("connect");
        to[i] = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        if (to[i] < 0)
            die("accept");
        fcntl(from[i], F_SETFL, O_NONBLOCK);
    }
    close(listener);
}

static uint64_t
move_bytes(unsigned n, const int *from, const int *to, uint64_t wanted)
{
    static uint8_t buf[CHUNK];
    uint64_t moved = 0;

    while (moved < wanted) {
        for (unsigned i = 0; i < n; i++) {
            ssize_t got;

            if (send(from[i], buf, sizeof(buf), MSG_NOSIGNAL) < 0 && errno != EAGAIN)
                die("send");
            while ((got = recv(to[i], buf, sizeof(buf), 0)) > 0)
                moved += (uint64_t) got;
            if (got == 0)
                die("a stream ended");
        }
    }
    return moved;
}

static struct cost
measure_tcp(const struct bed *bed, bool to_b, unsigned n)
{
    int from[MAX_STREAMS], to[MAX_STREAMS];
    struct cost c;

    n = n < 1 ? 1 : n > MAX_STREAMS ? MAX_STREAMS : n;
    connect_streams(bed, to_b, n, from, to);
    move_bytes(n, from, to, (uint64_t) n * (4u << 20)); /* windows are open, buffers grown */
    begin(&c);
    end(&c, move_bytes(n, from, to, (uint64_t) bed->frames << 11) >> 10);
    for (unsigned i = 0; i < n; i++) {
        close(from[i]);
        close(to[i]);
    }
    return c;
}

/* took[trips], or NULL: nobody asks what each of them took. */
static struct cost
measure_rr(const struct bed *bed, unsigned trips, uint64_t *took)
{
    int answer = udp(bed->ns_b, ADDRESS_B, PORT_ANSWER, ADDRESS_A, PORT_ASK);
    int ask = udp(bed->ns_a, ADDRESS_A, PORT_ASK, ADDRESS_B, PORT_ANSWER);
    const struct timeval patience = {.tv_sec = 5};
    uint8_t buf[64] = {0};
    struct cost c;
    pid_t child = fork();

    if (child < 0)
        die("fork");
    if (child == 0) {
        for (unsigned i = 0; i < trips; i++)
            if (recv(answer, buf, sizeof(buf), 0) < 0 || send(answer, buf, PAYLOAD, 0) < 0)
                _exit(1);
        _exit(0);
    }
    setsockopt(ask, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    begin(&c);
    for (unsigned i = 0; i < trips; i++) {
        uint64_t since = took ? clock_ns(CLOCK_MONOTONIC) : 0;

        if (send(ask, buf, PAYLOAD, 0) < 0 || recv(ask, buf, sizeof(buf), 0) < 0)
            die("round trip");
        if (took)
            took[i] = clock_ns(CLOCK_MONOTONIC) - since;
    }
    waitpid(child, NULL, 0);
    end(&c, trips);
    close(ask);
    close(answer);
    return c;
}

static struct cost
measure(const struct bed *bed, const char *what)
{
    if (!strcmp(what, "send"))
        return measure_send(bed);
    if (!strcmp(what, "drop"))
        return measure_drop(bed);
    if (!strcmp(what, "socket"))
        return measure_socket(bed);
    if (!strcmp(what, "receive"))
        return measure_receive(bed);
    if (!strcmp(what, "rr"))
        return measure_rr(bed, bed->frames / 4, NULL);
    if (!strcmp(what, "forward"))
        return measure_forward(bed);
    if (!strncmp(what, "tcp-send-", 9))
        return measure_tcp(bed, true, (unsigned) atoi(what + 9));
    if (!strncmp(what, "tcp-receive-", 12))
        return measure_tcp(bed, false, (unsigned) atoi(what + 12));
    fprintf(stderr, "meter: '%s': what is that to be?\n", what);
    exit(2);
}

static void
print_cost(const char *what, unsigned round, const struct cost *c)
{
    printf("%s %u %llu %llu %llu\n", what, round, (unsigned long long) c->count,
           (unsigned long long) c->ns, (unsigned long long) c->cpu_ns);
    fflush(stdout);
}

static int
by_value(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *) a, y = *(const uint64_t *) b;

    return x < y ? -1 : x > y;
}

/* What the middle one of the round trips takes, and what one of a hundred exceeds. */
static void
measure_latency(const struct bed *bed, unsigned round)
{
    static const struct {
        const char *name;
        unsigned percent;
    } lines[] = {{"latency-p50", 50}, {"latency-p99", 99}};
    const unsigned trips = bed->frames / 4;
    uint64_t *took = calloc(trips, sizeof(*took));

    if (!took)
        die("latency");
    measure_rr(bed, trips, took);
    qsort(took, trips, sizeof(*took), by_value);
    for (unsigned i = 0; i < 2; i++) {
        const uint64_t ns = took[(uint64_t) trips * lines[i].percent / 100];

        print_cost(lines[i].name, round, &(struct cost){.count = 1, .ns = ns, .cpu_ns = ns});
    }
    free(took);
}

int
main(int argc, char **argv)
{
    struct bed bed;
    unsigned rounds;

    libbpf_set_print(NULL);
    if (argc < 8) {
        fprintf(stderr, "usage: meter NS_A NS_B DEVICE PORT FRAMES ROUNDS WHAT...\n");
        return 2;
    }
    bed = (struct bed){.ns_a = namespace(argv[1]),
                       .ns_b = namespace(argv[2]),
                       .device = argv[3],
                       .port = argv[4],
                       .frames = (unsigned) atoi(argv[5])};
    rounds = (unsigned) atoi(argv[6]);
    for (unsigned i = 0; i < rounds; i++) {
        for (int w = 7; w < argc; w++) {
            struct cost c;

            if (!strcmp(argv[w], "latency")) {
                measure_latency(&bed, i);
                continue;
            }
            c = measure(&bed, argv[w]);
            if (!c.count) {
                fprintf(stderr, "meter: %s: nothing arrived\n", argv[w]);
                return 1;
            }
            print_cost(argv[w], i, &c);
        }
    }
    return 0;
}
