/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drill-control.c - two ends that know of each other: the drill and its responder.
 *
 * One TCP connection carries lines: "DRILL 1 SESSION INTERVAL PORT" begins, answered by "OK";
 * "TAKE", answered by "N" and N times a number and a time, fetches what arrived there since
 * the last. Its end ends the session. Nothing is sent on it while a fault lasts, so it never backs
 * off. The responder sends probes to nobody but who has connected.
 */
#include "drill-probe.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <gio/gio.h>
#include <glib/gi18n.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 128
#define ANSWER_S 10
#define KEEPALIVE_S 15
#define LONG_SESSION (1u << 21) /* numbers: what is kept of each side is some 50 MB then */
#define INTERVAL_MIN_US 100u
#define INTERVAL_MAX_US 1000000u

struct taken { /* on the wire, big-endian */
    guint32 seq, zero;
    guint64 at_ns;
};

struct probe_link {
    int control; /* -1 with plain ICMP */
    struct probe_end *end;
    gint64 interval_ns;
    GArray *there; /* of drill_arrival: what the responder has received */
};

/* ---- sockets ---- */

static bool
fail(GError **error, const char *what)
{
    int saved = errno;

    g_set_error(error, G_IO_ERROR, g_io_error_from_errno(saved), "%s: %s", what, g_strerror(saved));
    return false;
}

static bool
parse_address(const char *text, guint port, struct probe_peer *peer, GError **error)
{
    g_autoptr(GSocketAddress) address = g_inet_socket_address_new_from_string(text, port);
    gssize size = address != NULL ? g_socket_address_get_native_size(address) : 0;

    if (size <= 0) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, _("'%s' is no IP address."),
                    text);
        return false;
    }
    peer->length = (socklen_t) size;
    return g_socket_address_to_native(address, &peer->address, sizeof(peer->address), error);
}

static void
set_port(struct probe_peer *peer, guint port)
{
    if (peer->address.ss_family == AF_INET)
        ((struct sockaddr_in *) &peer->address)->sin_port = htons((guint16) port);
    else
        ((struct sockaddr_in6 *) &peer->address)->sin6_port = htons((guint16) port);
}

static guint
port_of(int fd)
{
    struct sockaddr_storage own = {0};
    socklen_t length = sizeof(own);

    if (getsockname(fd, (struct sockaddr *) &own, &length) != 0)
        return 0;
    return own.ss_family == AF_INET ? ntohs(((struct sockaddr_in *) &own)->sin_port)
                                    : ntohs(((struct sockaddr_in6 *) &own)->sin6_port);
}

static int
open_udp(int family, guint port)
{
    struct sockaddr_in6 any6 = {.sin6_family = AF_INET6, .sin6_port = htons((guint16) port)};
    struct sockaddr_in any4 = {.sin_family = AF_INET, .sin_port = htons((guint16) port)};
    const struct sockaddr *any =
        family == AF_INET ? (const struct sockaddr *) &any4 : (const struct sockaddr *) &any6;
    int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 && bind(fd, any, family == AF_INET ? sizeof(any4) : sizeof(any6)) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static void
set_timeouts(int fd)
{
    struct timeval tv = {.tv_sec = ANSWER_S};
    int on = 1, idle_s = KEEPALIVE_S;

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static bool
send_all_of(int fd, const void *data, gsize length)
{
    const char *at = data;

    while (length > 0) {
        ssize_t n = send(fd, at, length, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += n;
        length -= (gsize) n;
    }
    return true;
}

static bool
receive_all_of(int fd, void *data, gsize length)
{
    char *at = data;

    while (length > 0) {
        ssize_t n = recv(fd, at, length, 0);

        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0)
            errno = ECONNRESET;
        if (n <= 0)
            return false;
        at += n;
        length -= (gsize) n;
    }
    return true;
}

static bool
receive_line(int fd, char line[LINE_MAX_BYTES])
{
    for (gsize i = 0; i < LINE_MAX_BYTES; i++) {
        if (!receive_all_of(fd, line + i, 1))
            return false;
        if (line[i] == '\n') {
            line[i] = '\0';
            return true;
        }
    }
    errno = EPROTO;
    return false;
}

/* ---- the drill's side ---- */

static struct probe_link *
open_icmp(const struct probe_peer *peer, guint32 session, guint interval_us, GError **error)
{
    bool v6 = peer->address.ss_family == AF_INET6;
    struct probe_link *link;
    int fd = socket(peer->address.ss_family, SOCK_RAW | SOCK_CLOEXEC,
                    v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);

    if (fd < 0) {
        fail(error, _("A socket for ICMP"));
        return NULL;
    }
    link = g_new0(struct probe_link, 1);
    link->control = -1;
    link->interval_ns = (gint64) interval_us * 1000;
    link->there = g_array_new(FALSE, FALSE, sizeof(struct drill_arrival));
    link->end = probe_end_new(fd, peer, session, interval_us, true);
    return link;
}

static bool
greet(int control, guint32 session, guint interval_us, guint port, GError **error)
{
    g_autofree char *hello = g_strdup_printf("DRILL 1 %08x %u %u\n", session, interval_us, port);
    char line[LINE_MAX_BYTES];

    if (!send_all_of(control, hello, strlen(hello)) || !receive_line(control, line)) {
        if (errno != EAGAIN)
            return fail(error, _("The responder"));
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_BUSY,
                    _("The responder does not answer: it serves one drill at a time."));
        return false;
    }
    if (strcmp(line, "OK") == 0)
        return true;
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, _("The responder refuses: %s"), line);
    return false;
}

static void
fail_connect(GError **error, const struct probe_target *target)
{
    if (errno != ECONNREFUSED) {
        fail(error, target->address);
        return;
    }
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED,
                _("Nobody answers at %s port %u: start 'bondcli drill --respond' there, or use "
                  "'--icmp'."),
                target->address, target->port);
}

struct probe_link *
probe_link_open(const struct probe_target *target, guint interval_us, GError **error)
{
    guint32 session = g_random_int();
    struct probe_link *link;
    struct probe_peer peer;
    int control, fd;

    if (!parse_address(target->address, target->port, &peer, error))
        return NULL;
    if (target->icmp) {
        set_port(&peer, 0);
        return open_icmp(&peer, session, interval_us, error);
    }
    control = socket(peer.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (control >= 0)
        set_timeouts(control);
    if (control < 0 ||
        connect(control, (const struct sockaddr *) &peer.address, peer.length) != 0) {
        fail_connect(error, target);
        if (control >= 0)
            close(control);
        return NULL;
    }
    fd = open_udp(peer.address.ss_family, 0);
    if (fd < 0 || !greet(control, session, interval_us, port_of(fd), error)) {
        if (fd >= 0)
            close(fd);
        else
            fail(error, _("A socket for UDP"));
        close(control);
        return NULL;
    }
    link = g_new0(struct probe_link, 1);
    link->control = control;
    link->interval_ns = (gint64) interval_us * 1000;
    link->there = g_array_new(FALSE, FALSE, sizeof(struct drill_arrival));
    link->end = probe_end_new(fd, &peer, session, interval_us, false);
    return link;
}

void
probe_link_close(struct probe_link *link)
{
    probe_end_free(link->end);
    if (link->control >= 0)
        close(link->control);
    g_array_unref(link->there);
    g_free(link);
}

bool
probe_link_is_long(struct probe_link *link)
{
    return probe_end_number_at(link->end, G_MAXINT64) > LONG_SESSION;
}

/* What the responder has received since the last time. */
static bool
fetch(struct probe_link *link, GError **error)
{
    char line[LINE_MAX_BYTES];
    guint n;

    if (!send_all_of(link->control, "TAKE\n", 5) || !receive_line(link->control, line))
        return fail(error, _("The responder"));
    if (sscanf(line, "%u", &n) != 1) {
        errno = EPROTO;
        return fail(error, _("The responder"));
    }
    for (guint i = 0; i < n; i++) {
        struct drill_arrival arrival;
        struct taken taken;

        if (!receive_all_of(link->control, &taken, sizeof(taken)))
            return fail(error, _("The responder"));
        arrival.seq = be32toh(taken.seq);
        arrival.at_ns = (gint64) be64toh(taken.at_ns);
        arrival.sent_ns = probe_end_sent_ns(link->end, arrival.seq);
        if (arrival.sent_ns != 0)
            g_array_append_val(link->there, arrival);
    }
    return true;
}

/* Which of the other side's numbers were sent within a time of our clock. Those that came say;
 * where none has come for long, the time since the last one does. */
static void
find_range(const GArray *arrivals, gint64 shift_ns, gint64 from_ns, gint64 to_ns,
           gint64 interval_ns, guint32 *first, guint32 *end)
{
    gint64 last_ns = from_ns;

    *first = 0;
    *end = G_MAXUINT32;
    for (guint i = 0; i < arrivals->len; i++) {
        const struct drill_arrival *a = &g_array_index(arrivals, struct drill_arrival, i);
        gint64 sent_ns = a->sent_ns + shift_ns;

        if (sent_ns < from_ns && a->seq >= *first) {
            *first = a->seq + 1;
            last_ns = sent_ns;
        } else if (sent_ns >= to_ns) {
            *end = MIN(*end, a->seq);
        }
    }
    if (from_ns - last_ns > 2 * interval_ns)
        *first += (guint32) ((from_ns - last_ns) / interval_ns - 1);
    if (*end == G_MAXUINT32)
        *end = *first + (guint32) ((to_ns - from_ns) / interval_ns);
}

static void
count_own(struct probe_link *link, const GArray *arrivals, gint64 from_ns, gint64 to_ns,
          gint64 zero_ns, struct drill_count *count)
{
    drill_account((const struct drill_arrival *) (const void *) arrivals->data, arrivals->len,
                  probe_end_number_at(link->end, from_ns), probe_end_number_at(link->end, to_ns),
                  link->interval_ns, -zero_ns, count);
}

/* Where nothing came at all there is no time to go by: then it is the whole of the window. */
static void
place_total_loss(struct drill_count *count, gint64 from_ns, gint64 to_ns, gint64 zero_ns)
{
    struct drill_gap *gap;

    if (count->received > 0 || count->gaps->len == 0)
        return;
    gap = &g_array_index(count->gaps, struct drill_gap, 0);
    gap->from_us = (from_ns - zero_ns) / 1000;
    gap->to_us = (to_ns - zero_ns) / 1000;
    count->longest_us = count->span_us = (guint64) (gap->to_us - gap->from_us);
}

bool
probe_link_count(struct probe_link *link, gint64 from_ns, gint64 to_ns, gint64 zero_ns,
                 struct drill_count count[DRILL_N_WAYS], GError **error)
{
    g_autoptr(GArray) here = g_array_new(FALSE, FALSE, sizeof(struct drill_arrival));
    const struct drill_arrival *arrivals;
    gint64 shift_ns;
    guint32 first, end;

    for (int way = 0; way < DRILL_N_WAYS; way++)
        drill_count_clear(&count[way]);
    probe_end_arrivals(link->end, 0, here);
    if (link->control < 0) {
        count_own(link, here, from_ns, to_ns, zero_ns, &count[DRILL_IN]);
        place_total_loss(&count[DRILL_IN], from_ns, to_ns, zero_ns);
        return true;
    }
    if (!fetch(link, error))
        return false;
    count_own(link, link->there, from_ns, to_ns, zero_ns, &count[DRILL_OUT]);
    arrivals = (const struct drill_arrival *) (const void *) here->data;
    shift_ns = drill_clock_shift_ns(arrivals, here->len);
    find_range(here, shift_ns, from_ns, to_ns, link->interval_ns, &first, &end);
    drill_account(arrivals, here->len, first, end, link->interval_ns, shift_ns - zero_ns,
                  &count[DRILL_IN]);
    place_total_loss(&count[DRILL_OUT], from_ns, to_ns, zero_ns);
    place_total_loss(&count[DRILL_IN], from_ns, to_ns, zero_ns);
    return true;
}

/* ---- the responder ---- */

/* Answers "TAKE"; *from is how many arrivals the drill has already. */
static bool
give(int control, struct probe_end *end, gsize *from)
{
    g_autoptr(GArray) fresh = g_array_new(FALSE, FALSE, sizeof(struct drill_arrival));
    g_autofree char *head = NULL;

    *from = probe_end_arrivals(end, *from, fresh);
    head = g_strdup_printf("%u\n", fresh->len);
    if (!send_all_of(control, head, strlen(head)))
        return false;
    for (guint i = 0; i < fresh->len; i++) {
        const struct drill_arrival *a = &g_array_index(fresh, struct drill_arrival, i);
        struct taken taken = {htobe32(a->seq), 0, htobe64((guint64) a->at_ns)};

        if (!send_all_of(control, &taken, sizeof(taken)))
            return false;
    }
    return true;
}

/* Reads the greeting; NULL: it was none, and has been answered. */
static struct probe_end *
begin(int control, guint port, struct probe_peer *peer)
{
    static const char bad[] = "this responder speaks version 1\n", busy[] = "no socket\n";
    unsigned session, interval_us, peer_port;
    char line[LINE_MAX_BYTES];
    int fd;

    if (!receive_line(control, line))
        return NULL;
    if (sscanf(line, "DRILL 1 %x %u %u", &session, &interval_us, &peer_port) != 3 ||
        interval_us < INTERVAL_MIN_US || interval_us > INTERVAL_MAX_US || peer_port > 65535) {
        send_all_of(control, bad, sizeof(bad) - 1);
        return NULL;
    }
    fd = open_udp(peer->address.ss_family, port);
    if (fd < 0) {
        send_all_of(control, busy, sizeof(busy) - 1);
        return NULL;
    }
    set_port(peer, peer_port);
    if (!send_all_of(control, "OK\n", 3)) {
        close(fd);
        return NULL;
    }
    return probe_end_new(fd, peer, session, interval_us, false);
}

static void
serve(int control, guint port, struct probe_peer *peer, volatile int *stop)
{
    struct pollfd pfd = {control, POLLIN, 0};
    struct probe_end *end;
    gsize from = 0;
    bool ok = true;

    set_timeouts(control);
    end = begin(control, port, peer);
    while (end != NULL && ok && !*stop) {
        char line[LINE_MAX_BYTES];

        if (poll(&pfd, 1, 200) <= 0)
            continue;
        ok = receive_line(control, line) && strcmp(line, "TAKE") == 0 && give(control, end, &from);
    }
    if (end != NULL)
        probe_end_free(end);
}

static int
listen_on(guint port)
{
    struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons((guint16) port)};
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, (struct sockaddr *) &any, sizeof(any)) != 0 || listen(fd, 1) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

int
probe_respond(guint port, volatile int *stop)
{
    int fd = listen_on(port);
    struct pollfd pfd = {fd, POLLIN, 0};

    if (fd < 0)
        return errno;
    while (!*stop) {
        struct probe_peer peer = {.length = sizeof(peer.address)};
        int control;

        if (poll(&pfd, 1, 200) <= 0)
            continue;
        control = accept4(fd, (struct sockaddr *) &peer.address, &peer.length, SOCK_CLOEXEC);
        if (control < 0)
            continue;
        serve(control, port, &peer, stop);
        close(control);
    }
    close(fd);
    return 0;
}
