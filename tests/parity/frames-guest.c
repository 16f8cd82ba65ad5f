/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frames-guest.c - asks the real driver, in the guest: by which port does each frame leave?
 *
 * Eight bonds in balance-xor, of 1 to 8 ports; the ports' peers are in a namespace of their own:
 *
 *      x1 --- x1_0 ====== y1_0         every frame is sent on every bond by a packet socket (or on
 *      x2 --- x2_0 ====== y2_0         a VLAN device over it, for an accelerated tag); another
 *         \-- x2_1 ====== y2_1         packet socket sees by which port it leaves
 *      ...
 *
 * Output: a line per frame, for each policy the hash's remainder by 840 in two digits to base 30.
 * Eight answers make one remainder (those of 8, 7, 5 and 3 ports), and must agree with it (1, 2, 4
 * and 6 ports): a frame that was lost or overtaken by another cannot go unnoticed.
 */
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include "tests/parity/frames.h"

#define BONDS 8u
#define BATCH 64u
#define PATIENCE_MS 2000

static int sender, receiver;
static unsigned int device_of[BONDS + 1][PARITY_VLANS + 1]; /* [.][0]: the bond itself */
static uint8_t port_of[4096];                               /* by ifindex: ports << 4 | port */

static void __attribute__((noreturn, format(printf, 1, 2))) die(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\n");
    exit(1);
}

static void
set(const char *value, const char *format, ...)
{
    char path[128];
    va_list args;
    FILE *file;

    va_start(args, format);
    vsnprintf(path, sizeof(path), format, args);
    va_end(args);
    file = fopen(path, "w");
    if (!file || fputs(value, file) < 0 || fclose(file))
        die("%s: %s: %s", path, value, strerror(errno));
}

/* The ports last: all devices from the first one on are ports. */
static void
make_devices(void)
{
    FILE *ip;

    set("1", "/proc/sys/net/ipv6/conf/default/disable_ipv6");
    if (system("ip netns add far"))
        die("no namespace");
    ip = popen("ip -batch -", "w");
    for (unsigned int n = 1; n <= BONDS; n++) {
        fprintf(ip, "link add x%u type bond mode balance-xor miimon 100\n", n);
        for (unsigned int v = 0; v < PARITY_VLANS; v++)
            fprintf(ip, "link add link x%u name x%u.%u type vlan proto %s id %u egress 0:%u\n", n,
                    n, v, parity_vlan[v].proto == 0x8100 ? "802.1Q" : "802.1ad", parity_vlan[v].vid,
                    parity_vlan[v].priority);
    }
    for (unsigned int n = 1; n <= BONDS; n++) {
        for (unsigned int i = 0; i < n; i++) {
            fprintf(ip, "link add x%u_%u type veth peer name y%u_%u netns far\n", n, i, n, i);
            fprintf(ip, "link set x%u_%u master x%u\n", n, i, n);
        }
        fprintf(ip, "link set x%u up\n", n);
        for (unsigned int v = 0; v < PARITY_VLANS; v++)
            fprintf(ip, "link set x%u.%u up\n", n, v);
    }
    if (pclose(ip))
        die("ip refused");
    ip = popen("ip -n far -batch -", "w");
    for (unsigned int n = 1; n <= BONDS; n++) {
        for (unsigned int i = 0; i < n; i++)
            fprintf(ip, "link set y%u_%u up\n", n, i);
    }
    if (pclose(ip))
        die("ip refused in the other namespace");
}

/* The kernel shows a packet socket what leaves by any device: by the VLAN device, by the bond, and
 * by the port. Only the last is wanted. */
static void
only_ports(unsigned int first)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t) (SKF_AD_OFF + SKF_AD_IFINDEX)),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, first, 0, 3),
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, (uint32_t) (SKF_AD_OFF + SKF_AD_PKTTYPE)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0xffff),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};

    if (setsockopt(receiver, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)))
        die("no filter: %s", strerror(errno));
}

static void
find_devices(void)
{
    char name[IF_NAMESIZE];
    struct sockaddr_ll all = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
    int size = 32 << 20;

    sender = socket(AF_PACKET, SOCK_RAW, 0);
    receiver = socket(AF_PACKET, SOCK_RAW, 0); /* sees nothing before it is bound */
    if (sender < 0 || receiver < 0)
        die("sockets: %s", strerror(errno));
    for (unsigned int n = 1; n <= BONDS; n++) {
        snprintf(name, sizeof(name), "x%u", n);
        device_of[n][0] = if_nametoindex(name);
        for (unsigned int v = 0; v < PARITY_VLANS; v++) {
            snprintf(name, sizeof(name), "x%u.%u", n, v);
            device_of[n][v + 1] = if_nametoindex(name);
        }
        for (unsigned int i = 0; i < n; i++) {
            unsigned int index;

            snprintf(name, sizeof(name), "x%u_%u", n, i);
            index = if_nametoindex(name);
            if (!index || index >= sizeof(port_of))
                die("no device %s", name);
            port_of[index] = (uint8_t) (n << 4 | i);
        }
    }
    only_ports(if_nametoindex("x1_0"));
    if (bind(receiver, (struct sockaddr *) &all, sizeof(all)))
        die("bind: %s", strerror(errno));
    setsockopt(receiver, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
    setsockopt(sender, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
}

static void
wait_for_ports(void)
{
    for (unsigned int n = 1; n <= BONDS; n++) {
        for (unsigned int patience = 0;; patience++) {
            char path[64], line[128];
            unsigned int up = 0;
            FILE *file;

            snprintf(path, sizeof(path), "/proc/net/bonding/x%u", n);
            file = fopen(path, "r");
            while (file && fgets(line, sizeof(line), file))
                up += !strcmp(line, "MII Status: up\n");
            if (file)
                fclose(file);
            if (up == n + 1)
                break;
            if (patience == 100)
                die("x%u: %u of %u ports are up", n, up - 1, n);
            usleep(100000);
        }
    }
}

static unsigned int
device_for(unsigned int n, const struct parity_frame *f)
{
    if (!f->tag_proto)
        return device_of[n][0];
    for (unsigned int v = 0; v < PARITY_VLANS; v++) {
        if (parity_vlan[v].proto == f->tag_proto && parity_vlan[v].vid == (f->tag_tci & 0xfff))
            return device_of[n][v + 1];
    }
    die("no VLAN device for %s", parity_dump(f));
}

/* The frame has left by the device of `from`. */
static void
arrival(const uint8_t *data, int length, const struct sockaddr_ll *from, unsigned int n,
        const struct parity_frame *frame, uint8_t *port)
{
    unsigned int index = (unsigned int) from->sll_ifindex;

    if (length != frame->len || memcmp(data, frame->data, frame->len))
        die("another frame than was sent came out: %d bytes %02x:%02x:%02x:%02x:%02x:%02x %02x%02x "
            "instead of %s",
            length, data[0], data[1], data[2], data[3], data[4], data[5], data[12], data[13],
            parity_dump(frame));
    if (index >= sizeof(port_of) || port_of[index] >> 4 != n)
        die("a frame came out of another bond: %s", parity_dump(frame));
    *port = port_of[index] & 15;
}

static void
send_batch(const struct parity_frame *frames, unsigned int count, unsigned int n)
{
    struct sockaddr_ll to[BATCH];
    struct mmsghdr out[BATCH];
    struct iovec iov[BATCH];

    memset(to, 0, sizeof(to));
    memset(out, 0, sizeof(out));
    for (unsigned int i = 0; i < count; i++) {
        to[i].sll_family = AF_PACKET;
        /* said, not left to be guessed: on a VLAN device the guess is what is inside all tags */
        memcpy(&to[i].sll_protocol, frames[i].data + 12, 2);
        to[i].sll_ifindex = (int) device_for(n, &frames[i]);
        iov[i].iov_base = (void *) frames[i].data;
        iov[i].iov_len = frames[i].len;
        out[i].msg_hdr.msg_name = &to[i];
        out[i].msg_hdr.msg_namelen = sizeof(to[i]);
        out[i].msg_hdr.msg_iov = &iov[i];
        out[i].msg_hdr.msg_iovlen = 1;
    }
    for (unsigned int sent = 0; sent < count;) {
        int r = sendmmsg(sender, out + sent, count - sent, 0);

        if (r <= 0)
            die("not sent: %s: %s", strerror(errno), parity_dump(&frames[sent]));
        sent += (unsigned int) r;
    }
}

static void
receive_batch(const struct parity_frame *frames, unsigned int count, unsigned int n, uint8_t *ports)
{
    static uint8_t data[BATCH][PARITY_FRAME_MAX + 32];
    struct sockaddr_ll from[BATCH];
    struct mmsghdr in[BATCH];
    struct iovec iov[BATCH];

    memset(in, 0, sizeof(in));
    for (unsigned int i = 0; i < count; i++) {
        iov[i].iov_base = data[i];
        iov[i].iov_len = sizeof(data[i]);
        in[i].msg_hdr.msg_name = &from[i];
        in[i].msg_hdr.msg_namelen = sizeof(from[i]);
        in[i].msg_hdr.msg_iov = &iov[i];
        in[i].msg_hdr.msg_iovlen = 1;
    }
    for (unsigned int have = 0; have < count;) {
        struct pollfd ready = {.fd = receiver, .events = POLLIN};
        int r;

        if (poll(&ready, 1, PATIENCE_MS) != 1)
            die("%u of %u frames came out of x%u; the next: %s", have, count, n,
                parity_dump(&frames[have]));
        r = recvmmsg(receiver, in + have, count - have, MSG_DONTWAIT, NULL);
        if (r <= 0)
            die("not received: %s", strerror(errno));
        for (int k = 0; k < r; k++, have++)
            arrival(data[have], (int) in[have].msg_len, &from[have], n, &frames[have],
                    &ports[have]);
    }
}

static unsigned int
remainder_of(const uint8_t port[BONDS + 1], const struct parity_frame *f)
{
    for (unsigned int h = port[8]; h < PARITY_MODULUS; h += 8) {
        unsigned int agree = 0;

        for (unsigned int n = 1; n <= BONDS; n++)
            agree += h % n == port[n];
        if (agree == BONDS)
            return h;
    }
    die("no hash gives ports %u %u %u %u %u %u %u %u of 1 to 8: %s", port[1], port[2], port[3],
        port[4], port[5], port[6], port[7], port[8], parity_dump(f));
}

static void
ask(uint32_t first, uint32_t count, char (*answers)[2 * PARITY_POLICIES + 1])
{
    static struct parity_frame frames[BATCH];
    static const char digits[] = "0123456789abcdefghijklmnopqrst";
    uint8_t ports[BONDS + 1][BATCH];

    for (unsigned int policy = 0; policy < PARITY_POLICIES; policy++) {
        char number[4];

        snprintf(number, sizeof(number), "%u", policy);
        for (unsigned int n = 1; n <= BONDS; n++)
            set(number, "/sys/class/net/x%u/bonding/xmit_hash_policy", n);
        for (uint32_t at = 0; at < count; at += BATCH) {
            unsigned int batch = count - at < BATCH ? count - at : BATCH;

            for (unsigned int i = 0; i < batch; i++)
                parity_frame(first + at + i, &frames[i]);
            for (unsigned int n = 1; n <= BONDS; n++) {
                send_batch(frames, batch, n);
                receive_batch(frames, batch, n, ports[n]);
            }
            for (unsigned int i = 0; i < batch; i++) {
                uint8_t port[BONDS + 1];
                unsigned int h;

                for (unsigned int n = 1; n <= BONDS; n++)
                    port[n] = ports[n][i];
                h = remainder_of(port, &frames[i]);
                answers[at + i][2 * policy] = digits[h / 30];
                answers[at + i][2 * policy + 1] = digits[h % 30];
            }
        }
    }
}

int
main(int argc, char **argv)
{
    uint32_t first = argc > 1 ? (uint32_t) strtoul(argv[1], NULL, 10) : 0;
    uint32_t count = argc > 2 ? (uint32_t) strtoul(argv[2], NULL, 10) : PARITY_FRAMES;
    char(*answers)[2 * PARITY_POLICIES + 1] = calloc(count, sizeof(*answers));
    struct utsname kernel;

    if (!getenv("PARITY_GUEST")) {
        fprintf(stderr, "to be run in the guest: tests/guest/run\n");
        return 1;
    }
    if (!answers)
        die("no memory");
    make_devices();
    find_devices();
    wait_for_ports();
    ask(first, count, answers);
    uname(&kernel);
    printf("# %u frames from %u, sum %llx, asked of Linux %s\n", count, first,
           (unsigned long long) parity_frames_sum(first, count), kernel.release);
    for (uint32_t i = 0; i < count; i++)
        printf("%s\n", answers[i]);
    free(answers);
    return 0;
}
