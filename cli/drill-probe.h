/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drill-probe.h - numbered probes on the wire: an end that sends and receives, and two that know of
 * each other.
 */
#ifndef BONDCLI_DRILL_PROBE_H
#define BONDCLI_DRILL_PROBE_H

#include <sys/socket.h>

#include "drill.h"

#define PROBE_PORT 7350u

gint64 probe_now_ns(void);

/* ---- one end (drill-probe.c) ---- */

/* Sends numbered probes at fixed times from a thread of its own, and records in another what
 * arrives. */
struct probe_end;

struct probe_peer {
    struct sockaddr_storage address;
    socklen_t length;
};

/* `fd` is taken: a bound UDP socket, or with `icmp` a raw one, which gets its own echoes back. */
struct probe_end *probe_end_new(int fd, const struct probe_peer *peer, guint32 session,
                                guint interval_us, bool icmp);
void probe_end_free(struct probe_end *end); /* stops both threads */
/* The first number that was sent at `time_ns` or later; the next one if none was. */
guint32 probe_end_number_at(struct probe_end *end, gint64 time_ns);
gint64 probe_end_sent_ns(struct probe_end *end, guint32 seq); /* 0: not sent */
/* Appends to `to` (of drill_arrival) what came since number `from` of the arrivals; returns the
 * count of all. */
gsize probe_end_arrivals(struct probe_end *end, gsize from, GArray *to);

/* ---- two ends (drill-control.c) ---- */

/* The bond's end, connected to a responder; or alone with plain ICMP. */
struct probe_link;

struct probe_target {
    const char *address; /* numeric */
    guint port;
    bool icmp;
};

/* NULL: `error` says why, and connection refused is G_IO_ERROR_CONNECTION_REFUSED. */
struct probe_link *probe_link_open(const struct probe_target *target, guint interval_us,
                                   GError **error);
void probe_link_close(struct probe_link *link);
/* So many numbers that a new session is better: everything is kept until the link is closed. */
bool probe_link_is_long(struct probe_link *link);
/* Counts what was sent within [from_ns, to_ns) of our clock; times are µs since `zero_ns`. */
bool probe_link_count(struct probe_link *link, gint64 from_ns, gint64 to_ns, gint64 zero_ns,
                      struct drill_count count[DRILL_N_WAYS], GError **error);

/* The other side: answers one drill after the other until `*stop`. An exit code. */
int probe_respond(guint port, volatile int *stop);

#endif
