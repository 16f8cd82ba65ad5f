/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * packet.c - packet sockets of ports. Decides what is heard and nothing of what it means.
 *
 * A packet socket for all protocols hears a frame before the receive program redirects it; one for
 * a single protocol afterwards, if the frame stays on the port. Slow protocols stay (select.h,
 * link-local), so they have the cheap kind; ARP, ND and BFD do not.
 */
#include "datapath/packet.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/pkt_sched.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "datapath/frames.h"

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23 /* Linux 4.20 */
#endif

#define RCVBUF (256 << 10)
#define RCVBUF_ALL (8 << 20) /* a LACPDU of some thousand ports in one go */
#define OFF_SOURCE 6         /* in an Ethernet header */
#define OFF_PROTO 12
#define OFF_IP6_NEXT 20 /* behind it */
#define OFF_ICMP6_TYPE 54
#define OFF_IP4_PROTO 23
#define OFF_UDP_PORT 36 /* of a header without options */
#define BFD_PORT 3784
#define MICRO_BFD_PORT 6784

/* ---- what is heard ---- */

static int
attach(int fd, const struct sock_filter *code, unsigned n)
{
    const struct sock_fprog prog = {(unsigned short) n, (struct sock_filter *) code};

    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) < 0 ? -errno : 0;
}

/* One comparison a kind; IPv6 goes on to look for a neighbour solicitation or advertisement, IPv4
 * for UDP to BFD's ports. */
static int
set_filter(int fd, uint32_t what)
{
    const bool slow = what & BOND_FRAMES_SLOW, arp = what & BOND_FRAMES_ARP;
    const bool nd = what & BOND_FRAMES_ND, bfd = what & BOND_FRAMES_BFD;
    const bool micro = what & BOND_FRAMES_MICRO_BFD;
    const struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, OFF_PROTO),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, slow ? ETH_P_SLOW : 0x10000, 13, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, arp ? ETH_P_ARP : 0x10000, 12, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nd ? ETH_P_IPV6 : 0x10000, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, bfd || micro ? ETH_P_IP : 0x10000, 5, 11),
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, OFF_IP6_NEXT),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ICMPV6, 0, 9),
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, OFF_ICMP6_TYPE),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ND_NEIGHBOR_SOLICIT, 6, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ND_NEIGHBOR_ADVERT, 5, 6),
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, OFF_IP4_PROTO),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 4),
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, OFF_UDP_PORT),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, bfd ? BFD_PORT : 0x10000, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, micro ? MICRO_BFD_PORT : 0x10000, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, DP_PACKET_SIZE),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };

    return attach(fd, code, sizeof(code) / sizeof(code[0]));
}

/* A device that is not promiscuous takes these only when somebody asks for them. */
static int
set_membership(int fd, int ifindex, bool on)
{
    const struct packet_mreq group = {
        .mr_ifindex = ifindex,
        .mr_type = PACKET_MR_MULTICAST,
        .mr_alen = ETH_ALEN,
        .mr_address = {0x01, 0x80, 0xc2, 0x00, 0x00, 0x02},
    };
    const int what = on ? PACKET_ADD_MEMBERSHIP : PACKET_DROP_MEMBERSHIP;

    if (setsockopt(fd, SOL_PACKET, what, &group, sizeof(group)) == 0)
        return 0;
    return on ? -errno : 0; /* none there, none to drop */
}

static int
bind_to(int fd, int ifindex, uint32_t what)
{
    const bool only_slow = what == BOND_FRAMES_SLOW;
    const struct sockaddr_ll to = {
        .sll_family = AF_PACKET,
        .sll_protocol = htons(only_slow ? ETH_P_SLOW : ETH_P_ALL),
        .sll_ifindex = ifindex,
    };

    return bind(fd, (const struct sockaddr *) &to, sizeof(to)) < 0 ? -errno : 0;
}

int
dp_packet_set(int fd, int ifindex, uint32_t what)
{
    int r = set_filter(fd, what);

    if (r == 0 && ifindex != 0)
        r = set_membership(fd, ifindex, false);
    if (r == 0 && ifindex != 0 && (what & BOND_FRAMES_SLOW))
        r = set_membership(fd, ifindex, true);
    return r == 0 ? bind_to(fd, ifindex, what) : r;
}

int
dp_packet_join(int fd, int ifindex, bool on)
{
    return set_membership(fd, ifindex, on);
}

int
dp_packet_open(int ifindex, uint32_t what)
{
    /* Protocol 0: hears nothing before it is bound. */
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;
    int size = ifindex != 0 ? RCVBUF : RCVBUF_ALL, r;

    if (fd < 0)
        return -errno;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)); /* as much as allowed */
    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on));
    r = setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) < 0 ? -errno : 0;
    if (r == 0)
        r = dp_packet_set(fd, ifindex, what);
    if (r < 0) {
        close(fd);
        return r;
    }
    return fd;
}

int
dp_packet_open_echo(int ifindex, const uint8_t mac[BOND_MAC_LEN])
{
    const uint32_t high = (uint32_t) mac[0] << 24 | (uint32_t) mac[1] << 16 | mac[2] << 8 | mac[3];
    const struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, OFF_SOURCE),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, high, 0, 3),
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, OFF_SOURCE + 4),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t) mac[4] << 8 | mac[5], 0, 1),
        BPF_STMT(BPF_RET | BPF_K, DP_PACKET_SIZE),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    const struct sockaddr_ll to = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ARP), .sll_ifindex = ifindex};
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1, size = 1, r;

    if (fd < 0)
        return -errno;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)); /* the least: one will do */
    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on));
    r = attach(fd, code, sizeof(code) / sizeof(code[0]));
    if (r == 0 && bind(fd, (const struct sockaddr *) &to, sizeof(to)) < 0)
        r = -errno;
    if (r < 0) {
        close(fd);
        return r;
    }
    return fd;
}

/* ---- in ---- */

static uint16_t
vlan_of(struct msghdr *msg)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        struct tpacket_auxdata aux;

        if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA)
            continue;
        memcpy(&aux, CMSG_DATA(c), sizeof(aux));
        if (aux.tp_status & TP_STATUS_VLAN_VALID)
            return aux.tp_vlan_tci & 0xfff;
    }
    return 0;
}

int
dp_packet_receive(int fd, struct dp_packet *out)
{
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
    } control;
    struct sockaddr_ll from;
    struct iovec iov = {out->data, sizeof(out->data)};
    struct msghdr msg = {
        .msg_name = &from,
        .msg_namelen = sizeof(from),
        .msg_iov = &iov,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = sizeof(control),
    };
    ssize_t n;

    do { /* a kernel without PACKET_IGNORE_OUTGOING shows what leaves, too */
        msg.msg_namelen = sizeof(from);
        msg.msg_controllen = sizeof(control);
        n = recvmsg(fd, &msg, 0);
    } while (n >= 0 && from.sll_pkttype == PACKET_OUTGOING);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    out->ifindex = from.sll_ifindex;
    out->len = (uint16_t) n;
    out->vlan_id = vlan_of(&msg);
    return 1;
}

/* ---- out ---- */

int
dp_packet_open_sender(void)
{
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int prio = TC_PRIO_CONTROL;

    if (fd < 0)
        return -errno;
    setsockopt(fd, SOL_SOCKET, SO_PRIORITY, &prio, sizeof(prio));
    return fd;
}

int
dp_packet_send(int fd, int ifindex, const struct bond_frame_out *frame)
{
    struct sockaddr_ll to = {
        .sll_family = AF_PACKET, .sll_ifindex = ifindex, .sll_halen = ETH_ALEN};
    uint8_t tagged[BOND_FRAME_SIZE + 4];
    unsigned len = frame->len;

    if (len < ETH_HLEN || len > BOND_FRAME_SIZE)
        return -EMSGSIZE;
    memcpy(tagged, frame->data, len);
    if (frame->vlan_id)
        len = dp_frame_push_vlan(tagged, len, frame->vlan_id);
    memcpy(&to.sll_protocol, tagged + OFF_PROTO, sizeof(to.sll_protocol));
    memcpy(to.sll_addr, tagged, ETH_ALEN);
    return sendto(fd, tagged, len, 0, (struct sockaddr *) &to, sizeof(to)) < 0 ? -errno : 0;
}
