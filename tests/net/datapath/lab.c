/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lab.c - see lab.h.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/net/datapath/lab.h"

void
lab_require_netns(void)
{
    if (unshare(CLONE_NEWNET) < 0) {
        printf("skipped: cannot make a network namespace (%s); run as root\n", strerror(errno));
        exit(77);
    }
}

int
lab_setup(void **state)
{
    if (unshare(CLONE_NEWNET) < 0) {
        print_error("unshare(CLONE_NEWNET): %s\n", strerror(errno));
        return -1;
    }
    lab_run("ip link set lo up");
    return 0;
}

void
lab_run(const char *format, ...)
{
    char command[512];
    va_list args;
    int status;

    va_start(args, format);
    vsnprintf(command, sizeof(command), format, args);
    va_end(args);
    status = system(command);
    if (status != 0)
        fail_msg("command failed (status %d): %s", status, command);
}

bool
lab_try(const char *format, ...)
{
    char command[512];
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(command, sizeof(command), format, args);
    va_end(args);
    snprintf(command + n, sizeof(command) - (size_t) n, " >/dev/null 2>&1");
    return system(command) == 0;
}

void
lab_check_errno(int result, const char *call, const char *file, int line)
{
    if (result < 0)
        fail_msg("%s:%d: %s: %s", file, line, call, strerror(-result));
}

pid_t
lab_other_netns(void)
{
    int ready[2];
    char c = 0;
    pid_t pid = -1;

    if (pipe2(ready, O_CLOEXEC) < 0 || (pid = fork()) < 0)
        fail_msg("fork: %s", strerror(errno));
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (unshare(CLONE_NEWNET) == 0 && write(ready[1], "", 1) == 1)
            pause();
        _exit(1);
    }
    close(ready[1]);
    if (read(ready[0], &c, 1) != 1)
        fail_msg("no second network namespace");
    close(ready[0]);
    return pid;
}

void
lab_end(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

bool
lab_kernel_is_at_least(int major, int minor)
{
    struct utsname u;
    int a = 0, b = 0;

    uname(&u);
    sscanf(u.release, "%d.%d", &a, &b);
    return a > major || (a == major && b >= minor);
}

uint64_t
lab_now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t) ts.tv_sec * 1000000000ull + (uint64_t) ts.tv_nsec;
}

void
lab_nap(void)
{
    usleep(1000);
}

int
lab_index(const char *name)
{
    unsigned i = if_nametoindex(name);

    if (i == 0)
        fail_msg("there is no device %s", name);
    return (int) i;
}

void
lab_mac(const char *name, uint8_t mac[6])
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq ifr = {0};

    snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
    if (fd < 0 || ioctl(fd, SIOCGIFHWADDR, &ifr) < 0)
        fail_msg("SIOCGIFHWADDR %s: %s", name, strerror(errno));
    close(fd);
    memcpy(mac, ifr.ifr_hwaddr.sa_data, 6);
}

void
lab_mac_of(const char *text, uint8_t mac[6])
{
    unsigned b[6];

    if (sscanf(text, "%x:%x:%x:%x:%x:%x", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5]) != 6)
        fail_msg("no MAC address: %s", text);
    for (int i = 0; i < 6; i++)
        mac[i] = (uint8_t) b[i];
}

static int
packet_socket(const char *name, uint16_t protocol)
{
    struct sockaddr_ll at = {
        .sll_family = AF_PACKET,
        .sll_protocol = htons(protocol),
        .sll_ifindex = lab_index(name),
    };
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), size = 8 << 20, on = 1;

    if (fd < 0)
        fail_msg("AF_PACKET socket: %s", strerror(errno));
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
    setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on));
    if (bind(fd, (struct sockaddr *) &at, sizeof(at)) < 0)
        fail_msg("AF_PACKET bind to %s: %s", name, strerror(errno));
    return fd;
}

int
lab_listen(const char *name)
{
    return packet_socket(name, ETH_P_ALL);
}

static bool
is_wanted(const struct lab_frame *f, uint16_t ethertype, uint8_t icmp6)
{
    if (f->len < 14 || (f->byte[12] << 8 | f->byte[13]) != ethertype)
        return false;
    if (ethertype != ETH_P_IPV6 || icmp6 == 0)
        return true;
    if (f->byte[20] == IPPROTO_HOPOPTS)
        return f->len > 62 && f->byte[54] == IPPROTO_ICMPV6 && f->byte[62] == icmp6;
    return f->len > 54 && f->byte[20] == IPPROTO_ICMPV6 && f->byte[54] == icmp6;
}

/* The kernel takes a VLAN tag out of what it hands to packet sockets; here it is put back. */
static void
put_back_tag(struct lab_frame *f, struct msghdr *msg)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        struct tpacket_auxdata aux;

        if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA)
            continue;
        memcpy(&aux, CMSG_DATA(c), sizeof(aux));
        if (!(aux.tp_status & TP_STATUS_VLAN_VALID))
            continue;
        memmove(f->byte + 16, f->byte + 12, f->len - 12);
        f->byte[12] = (uint8_t) (aux.tp_vlan_tpid >> 8);
        f->byte[13] = (uint8_t) aux.tp_vlan_tpid;
        f->byte[14] = (uint8_t) (aux.tp_vlan_tci >> 8);
        f->byte[15] = (uint8_t) aux.tp_vlan_tci;
        f->len += 4;
    }
}

static bool
receive(int fd, struct lab_frame *out, int *pkttype)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
    struct iovec iov = {out->byte, sizeof(out->byte) - 4};
    struct sockaddr_ll from;
    struct msghdr msg = {
        .msg_name = &from,
        .msg_namelen = sizeof(from),
        .msg_iov = &iov,
        .msg_iovlen = 1,
        .msg_control = control,
        .msg_controllen = sizeof(control),
    };
    ssize_t len = recvmsg(fd, &msg, 0);

    if (len < 0 && errno == ENETDOWN)
        return false; /* the device was down meanwhile */
    if (len < 0)
        fail_msg("AF_PACKET recv: %s", strerror(errno));
    out->len = (unsigned) len;
    put_back_tag(out, &msg);
    *pkttype = from.sll_pkttype;
    return true;
}

bool
lab_next(int fd, uint16_t ethertype, uint8_t icmp6, int wait_ms, struct lab_frame *out)
{
    uint64_t until = lab_now_ns() + (uint64_t) wait_ms * 1000000u;

    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        uint64_t now = lab_now_ns();
        int pkttype = 0;

        if (poll(&p, 1, now < until ? (int) ((until - now) / 1000000u) : 0) <= 0)
            return false;
        if (receive(fd, out, &pkttype) && pkttype != PACKET_OUTGOING &&
            is_wanted(out, ethertype, icmp6))
            return true;
    }
}

static void
hex(char *text, size_t size, const uint8_t *byte, unsigned len)
{
    size_t at = 0;

    for (unsigned i = 0; i < len && at + 4 < size; i++)
        at += (size_t) snprintf(text + at, size - at, "%02x%s", byte[i], i % 2 ? " " : "");
}

void
lab_expect_frame(const struct lab_frame *got, const uint8_t *want, unsigned len)
{
    char a[1024] = "", b[1024] = "";

    if (got->len == len && memcmp(got->byte, want, len) == 0)
        return;
    hex(a, sizeof(a), got->byte, got->len);
    hex(b, sizeof(b), want, len);
    fail_msg("wrong frame\n  got  (%u bytes) %s\n  want (%u bytes) %s", got->len, a, len, b);
}

uint16_t
lab_icmp6_sum(const uint8_t *ip)
{
    unsigned len = (unsigned) (ip[4] << 8 | ip[5]);
    const uint8_t *icmp = ip + 40;
    uint32_t sum = IPPROTO_ICMPV6;

    if (ip[6] == IPPROTO_HOPOPTS) {
        unsigned skip = 8 + 8u * icmp[1];

        icmp += skip;
        len -= skip;
    }
    sum += len;
    for (int i = 8; i < 40; i += 2)
        sum += (uint32_t) (ip[i] << 8 | ip[i + 1]);
    for (unsigned i = 0; i + 1 < len; i += 2)
        sum += (uint32_t) (icmp[i] << 8 | icmp[i + 1]);
    if (len % 2)
        sum += (uint32_t) icmp[len - 1] << 8;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t) ~sum;
}

void
lab_send(const char *name, const uint8_t *frame, unsigned len)
{
    int fd = packet_socket(name, 0);

    if (send(fd, frame, len, 0) != (ssize_t) len)
        fail_msg("sending a frame on %s: %s", name, strerror(errno));
    close(fd);
}
