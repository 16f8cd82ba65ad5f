/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drill-probe.c - one end of the probes: a thread that sends at fixed times, one that records.
 *
 * Decides how a probe looks; what its absence means is decided elsewhere (drill-account.c).
 */
#include "drill-probe.h"

#include <endian.h>
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define MAGIC 0x4e4d4244u /* "NMBD" */
#define BATCH 32
#define RCVBUF_BYTES (8 * 1024 * 1024)
#define ARRIVALS_MAX (1u << 25) /* nobody keeps a responder busy until its memory is full */
#define LOOK_MS 50              /* how soon the receiver sees that it shall stop */

struct probe { /* on the wire, big-endian */
    guint32 magic, session, seq, zero;
    guint64 sent_ns;
};

struct echo { /* ICMP and ICMPv6 have one layout */
    guint8 type, code;
    guint16 checksum, id, number;
    struct probe probe;
};

struct probe_end {
    int fd;
    struct probe_peer peer;
    guint32 session;
    gint64 interval_ns;
    bool icmp;
    gint stop;
    GThread *sender, *receiver;
    GMutex lock;      /* of the two below */
    GArray *sent_ns;  /* by number */
    GArray *arrivals; /* of drill_arrival */
};

gint64
probe_now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (gint64) ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* ---- sending ---- */

static guint16
checksum(const void *data, gsize length)
{
    const guint16 *word = data;
    guint32 sum = 0;

    for (; length > 1; length -= 2)
        sum += *word++;
    sum = (sum >> 16) + (sum & 0xffff);
    return (guint16) ~(sum + (sum >> 16));
}

static void
send_one(struct probe_end *end, guint32 seq, gint64 now_ns)
{
    bool v6 = end->peer.address.ss_family == AF_INET6;
    struct echo echo = {
        .type = v6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO,
        .id = htobe16((guint16) end->session),
        .number = htobe16((guint16) seq),
        .probe = {htobe32(MAGIC), htobe32(end->session), htobe32(seq), 0,
                  htobe64((guint64) now_ns)},
    };
    const void *data = end->icmp ? (const void *) &echo : &echo.probe;
    gsize length = end->icmp ? sizeof(echo) : sizeof(echo.probe);

    if (end->icmp && !v6)
        echo.checksum = checksum(&echo, sizeof(echo));
    /* What cannot be sent is lost: to the user it makes no difference. */
    if (sendto(end->fd, data, length, MSG_DONTWAIT, (const struct sockaddr *) &end->peer.address,
               end->peer.length) < 0)
        return;
}

static gpointer
send_all(gpointer data)
{
    struct probe_end *end = data;
    gint64 next_ns = probe_now_ns();

    prctl(PR_SET_TIMERSLACK, 1);
    for (guint32 seq = 0; !g_atomic_int_get(&end->stop); seq++, next_ns += end->interval_ns) {
        struct timespec at = {next_ns / 1000000000, next_ns % 1000000000};
        gint64 now_ns;

        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
            ;
        now_ns = probe_now_ns();
        g_mutex_lock(&end->lock);
        g_array_append_val(end->sent_ns, now_ns);
        g_mutex_unlock(&end->lock);
        send_one(end, seq, now_ns);
    }
    return NULL;
}

/* ---- receiving ---- */

/* The probe within what was received, or NULL. */
static const guint8 *
find_probe(const struct probe_end *end, const guint8 *data, gsize length)
{
    bool v6 = end->peer.address.ss_family == AF_INET6;
    gsize skip = 0;

    if (end->icmp && !v6)
        skip = (gsize) (data[0] & 0xf) * 4;
    if (end->icmp) {
        if (length < skip + sizeof(struct echo) ||
            data[skip] != (v6 ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY))
            return NULL;
        skip += offsetof(struct echo, probe);
    }
    return length == skip + sizeof(struct probe) ? data + skip : NULL;
}

static void
take_one(struct probe_end *end, const guint8 *data, gsize length, gint64 now_ns)
{
    const guint8 *found = length > 0 ? find_probe(end, data, length) : NULL;
    struct drill_arrival arrival;
    struct probe probe;

    if (found == NULL)
        return;
    memcpy(&probe, found, sizeof(probe));
    if (be32toh(probe.magic) != MAGIC || be32toh(probe.session) != end->session)
        return;
    arrival = (struct drill_arrival){
        .seq = be32toh(probe.seq), .sent_ns = (gint64) be64toh(probe.sent_ns), .at_ns = now_ns};
    if (end->arrivals->len < ARRIVALS_MAX)
        g_array_append_val(end->arrivals, arrival);
}

static int
receive(struct probe_end *end)
{
    guint8 data[BATCH][128];
    struct iovec iov[BATCH];
    struct mmsghdr msgs[BATCH] = {0};
    gint64 now_ns;
    int n;

    for (int i = 0; i < BATCH; i++) {
        iov[i] = (struct iovec){data[i], sizeof(data[i])};
        msgs[i].msg_hdr = (struct msghdr){.msg_iov = &iov[i], .msg_iovlen = 1};
    }
    n = recvmmsg(end->fd, msgs, BATCH, MSG_DONTWAIT, NULL);
    now_ns = probe_now_ns();
    g_mutex_lock(&end->lock);
    for (int i = 0; i < n; i++)
        take_one(end, data[i], msgs[i].msg_len, now_ns);
    g_mutex_unlock(&end->lock);
    return n;
}

static gpointer
receive_all(gpointer data)
{
    struct probe_end *end = data;
    struct pollfd pfd = {end->fd, POLLIN, 0};

    while (!g_atomic_int_get(&end->stop)) {
        if (poll(&pfd, 1, LOOK_MS) > 0 && receive(end) < 0)
            g_usleep(100); /* an error of the socket, such as port unreachable */
    }
    return NULL;
}

/* ---- the end as a whole ---- */

struct probe_end *
probe_end_new(int fd, const struct probe_peer *peer, guint32 session, guint interval_us, bool icmp)
{
    struct probe_end *end = g_new0(struct probe_end, 1);
    int bytes = RCVBUF_BYTES;

    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) != 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
    end->fd = fd;
    end->peer = *peer;
    end->session = session;
    end->interval_ns = (gint64) interval_us * 1000;
    end->icmp = icmp;
    g_mutex_init(&end->lock);
    end->sent_ns = g_array_new(FALSE, FALSE, sizeof(gint64));
    end->arrivals = g_array_new(FALSE, FALSE, sizeof(struct drill_arrival));
    end->receiver = g_thread_new("receive", receive_all, end);
    end->sender = g_thread_new("send", send_all, end);
    return end;
}

void
probe_end_free(struct probe_end *end)
{
    g_atomic_int_set(&end->stop, 1);
    g_thread_join(end->sender);
    g_thread_join(end->receiver);
    close(end->fd);
    g_array_unref(end->sent_ns);
    g_array_unref(end->arrivals);
    g_mutex_clear(&end->lock);
    g_free(end);
}

guint32
probe_end_number_at(struct probe_end *end, gint64 time_ns)
{
    guint32 low = 0, high;

    g_mutex_lock(&end->lock);
    high = end->sent_ns->len;
    while (low < high) {
        guint32 middle = low + (high - low) / 2;

        if (g_array_index(end->sent_ns, gint64, middle) < time_ns)
            low = middle + 1;
        else
            high = middle;
    }
    g_mutex_unlock(&end->lock);
    return low;
}

gint64
probe_end_sent_ns(struct probe_end *end, guint32 seq)
{
    gint64 sent_ns;

    g_mutex_lock(&end->lock);
    sent_ns = seq < end->sent_ns->len ? g_array_index(end->sent_ns, gint64, seq) : 0;
    g_mutex_unlock(&end->lock);
    return sent_ns;
}

gsize
probe_end_arrivals(struct probe_end *end, gsize from, GArray *to)
{
    gsize n;

    g_mutex_lock(&end->lock);
    n = end->arrivals->len;
    if (n > from)
        g_array_append_vals(to, &g_array_index(end->arrivals, struct drill_arrival, from),
                            (guint) (n - from));
    g_mutex_unlock(&end->lock);
    return n;
}
