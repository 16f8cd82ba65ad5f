/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * world.c - a network of our own for a test.
 */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <setjmp.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/socket.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cmocka.h>

#include "core/options.h"
#include "tests/bpf/world.h"

static void
cannot(const char *what)
{
    fprintf(stderr, "skipped: %s: %s\n", what, strerror(errno));
    exit(77);
}

void
run(const char *fmt, ...)
{
    char cmd[512], out[1024];
    size_t n;
    va_list ap;
    FILE *p;

    va_start(ap, fmt);
    n = (size_t) vsnprintf(cmd, sizeof(cmd) - 8, fmt, ap);
    va_end(ap);
    snprintf(cmd + n, sizeof(cmd) - n, " 2>&1");
    p = popen(cmd, "r");
    if (!p)
        fail_msg("%s: %s", cmd, strerror(errno));
    n = fread(out, 1, sizeof(out) - 1, p);
    out[n] = '\0';
    if (pclose(p) != 0)
        fail_msg("%s: %s", cmd, out);
}

void
world_attach_by(void)
{
    static const char *const names[] = {
        [DP_ATTACH_AUTO] = "auto", [DP_ATTACH_TCX] = "tcx", [DP_ATTACH_CLSACT] = "clsact"};
    const char *way = getenv("BOND_ATTACH");

    for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (strcmp(way ? way : "auto", names[i]) == 0) {
            dp_bpf_attach_by((enum dp_attach) i);
            return;
        }
    }
    fail_msg("BOND_ATTACH=%s", way);
}

void
world_open(struct world *w)
{
    const char *tmp = getenv("TMPDIR");

    memset(w, 0, sizeof(*w));
    world_attach_by();
    if (unshare(CLONE_NEWNET | CLONE_NEWNS))
        cannot("a network namespace of our own");
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
        cannot("a mount namespace of our own");
    snprintf(w->mount_dir, sizeof(w->mount_dir), "%s/nmb%d.XXXXXX", tmp ? tmp : "/tmp", getpid());
    if (!mkdtemp(w->mount_dir) || mount("bpf", w->mount_dir, "bpf", 0, NULL))
        cannot("a BPF file system of our own");
    snprintf(w->pin_dir, sizeof(w->pin_dir), "%s/bondd", w->mount_dir);
    run("sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1");
    run("ip link set lo up");
    run("ip link add bond0 type veth peer name nmbp0 && ip link set bond0 up && "
        "ip link set nmbp0 arp off up");
    w->bond = (int) if_nametoindex("bond0");
    w->peer = (int) if_nametoindex("nmbp0");
    for (int i = 0; i < WORLD_PORTS; i++) {
        char name[16];

        run("ip link add p%d type veth peer name q%d && ip link set p%d up && ip link set q%d up",
            i, i, i, i);
        snprintf(name, sizeof(name), "p%d", i);
        w->port[i] = (int) if_nametoindex(name);
        snprintf(name, sizeof(name), "q%d", i);
        w->far[i] = (int) if_nametoindex(name);
    }
    /* Until then the packet path goes past them. */
    for (int i = 0; i < WORLD_PORTS; i++)
        run("for n in $(seq 1000); do ip -o link show p%d | grep -q 'state UP' && exit; "
            "sleep 0.01; done; false",
            i);
}

void
world_close(struct world *w)
{
    umount2(w->mount_dir, MNT_DETACH);
    rmdir(w->mount_dir);
}

struct dp_bpf *
open_bond(const struct world *w)
{
    char text[DP_BPF_TEXT_SIZE] = "";
    struct dp_bpf *bpf = NULL;
    int err = dp_bpf_open(&bpf, w->pin_dir, "bond0", w->bond, w->peer, text, sizeof(text));

    if (err)
        fail_msg("dp_bpf_open: %d: %s", err, text);
    return bpf;
}

void
table_fill(struct bond_table *t, const struct world *w, unsigned mode, unsigned policy, unsigned n)
{
    memset(t, 0, sizeof(*t));
    t->mode = mode;
    t->xmit_policy = policy;
    t->packets_per_slave = 1;
    t->n_ports = n;
    t->n_tx = mode == BOND_MODE_ACTIVE_BACKUP && n ? 1 : n;
    t->igmp_slot = n ? 0 : BOND_MAX_PORTS;
    for (unsigned i = 0; i < n; i++) {
        t->tx[i] = (uint8_t) i;
        t->port[i].ifindex = (uint32_t) w->port[i];
        t->port[i].rx = BOND_RX_ACCEPT;
        t->port[i].can_tx = 1;
    }
}

struct bond_frame
view(const struct frame *f)
{
    return (struct bond_frame){.data = f->b,
                               .end = f->b + f->len,
                               .len = f->len,
                               .proto_be = htons((uint16_t) (f->b[12] << 8 | f->b[13]))};
}

void
make_runnable(struct frame *f)
{
    const uint16_t proto = (uint16_t) (f->b[12] << 8 | f->b[13]);
    const unsigned least = proto == ETH_P_IP ? 14 + 20 : proto == ETH_P_IPV6 ? 14 + 40 : 15;

    if (f->len < least)
        f->len = least;
}

uint64_t
sent_by(struct dp_bpf *bpf, uint32_t slot)
{
    uint64_t n = 0;

    if (bpf_map_lookup_elem(bpf->map_fd[DP_MAP_COUNTERS], &slot, bpf->per_cpu))
        fail_msg("counters of slot %u", slot);
    for (int i = 0; i < bpf->n_cpus; i++)
        n += bpf->per_cpu[i].tx_packets;
    return n;
}

void
set_rr_counter(struct dp_bpf *bpf, uint32_t value)
{
    uint64_t per_cpu[1024]; /* each is padded to 8 bytes */
    uint32_t key = 0;

    assert_in_range(bpf->n_cpus, 1, 1024);
    for (int i = 0; i < bpf->n_cpus; i++)
        per_cpu[i] = value;
    assert_int_equal(bpf_map_update_elem(bpf->map_fd[DP_MAP_RR], &key, per_cpu, BPF_ANY), 0);
}

uint32_t
rr_counted(struct dp_bpf *bpf, uint32_t value)
{
    uint64_t per_cpu[1024];
    uint32_t key = 0, counted = 0;

    assert_int_equal(bpf_map_lookup_elem(bpf->map_fd[DP_MAP_RR], &key, per_cpu), 0);
    for (int i = 0; i < bpf->n_cpus; i++)
        counted += (uint32_t) per_cpu[i] - value;
    return counted;
}

int
test_run(int prog_fd, const struct frame *f, unsigned ifindex, uint32_t mark)
{
    struct __sk_buff ctx = {.ifindex = ifindex, .mark = mark};
    LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = f->b, .data_size_in = f->len);

    if (ifindex || mark) {
        opts.ctx_in = &ctx;
        opts.ctx_size_in = sizeof(ctx);
    }
    if (bpf_prog_test_run_opts(prog_fd, &opts))
        fail_msg("BPF_PROG_TEST_RUN of %u bytes %s: %s", f->len, f_dump(f), strerror(errno));
    return (int) opts.retval;
}

int
capture(int ifindex, bool out)
{
    struct sockaddr_ll sll = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = ifindex};
    int one = 1;
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

    if (fd < 0)
        fail_msg("packet socket: %s", strerror(errno));
    if (setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof(one)) ||
        (!out && setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one))) ||
        bind(fd, (struct sockaddr *) &sll, sizeof(sll)))
        fail_msg("packet socket on %d: %s", ifindex, strerror(errno));
    return fd;
}

unsigned
receive(int fd, struct frame *f, int ms, unsigned *pkt_type, unsigned *tci)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    union {
        struct cmsghdr align;
        char buf[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
    } control;
    struct sockaddr_ll from;
    struct iovec iov = {f->b, sizeof(f->b)};
    struct msghdr m = {.msg_name = &from,
                       .msg_namelen = sizeof(from),
                       .msg_iov = &iov,
                       .msg_iovlen = 1,
                       .msg_control = &control,
                       .msg_controllen = sizeof(control)};
    ssize_t len;

    f->len = 0;
    if (poll(&p, 1, ms) <= 0)
        return 0;
    len = recvmsg(fd, &m, MSG_TRUNC);
    if (len < 0)
        fail_msg("packet socket: %s", strerror(errno));
    f->len = (size_t) len < sizeof(f->b) ? (unsigned) len : sizeof(f->b);
    if (pkt_type)
        *pkt_type = from.sll_pkttype;
    if (tci) {
        *tci = 0;
        for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
            struct tpacket_auxdata aux;

            if (c->cmsg_type != PACKET_AUXDATA)
                continue;
            memcpy(&aux, CMSG_DATA(c), sizeof(aux));
            if (aux.tp_status & TP_STATUS_VLAN_VALID)
                *tci = aux.tp_vlan_tci;
        }
    }
    return (unsigned) len;
}

unsigned
drain(int fd)
{
    struct frame f;
    unsigned n = 0;

    while (receive(fd, &f, 0, NULL, NULL))
        n++;
    return n;
}

void
send_frame(int ifindex, const struct frame *f)
{
    struct sockaddr_ll sll = {.sll_family = AF_PACKET,
                              .sll_protocol = htons((uint16_t) (f->b[12] << 8 | f->b[13])),
                              .sll_ifindex = ifindex,
                              .sll_halen = 6};
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

    if (fd < 0 || sendto(fd, f->b, f->len, 0, (struct sockaddr *) &sll, sizeof(sll)) < 0)
        fail_msg("sending on %d: %s", ifindex, strerror(errno));
    close(fd);
}

unsigned
lines(const char *fmt, ...)
{
    char cmd[256], line[512];
    unsigned n = 0;
    va_list ap;
    FILE *p;

    va_start(ap, fmt);
    vsnprintf(cmd, sizeof(cmd), fmt, ap);
    va_end(ap);
    p = popen(cmd, "r");
    assert_non_null(p);
    while (fgets(line, sizeof(line), p))
        n++;
    pclose(p);
    return n;
}

bool
by_tcx(const struct dp_bpf *bpf)
{
    return strcmp(dp_bpf_attachment(bpf), "tcx") == 0;
}

void
plain_frame(struct frame *f)
{
    memset(f, 0, sizeof(*f));
    f_eth(f, MAC(2), MAC(1), 0x88b5);
    f_zero(f, 46);
}
