/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log.h - the event log: what happened to which bond and port, and why.
 *
 * The last BONDD_LOG_SIZE events, numbered, kept in a file beside the saved state so that they
 * outlive bondd. Every event also goes to the journal (or to standard error).
 */
#ifndef BONDD_LOG_H
#define BONDD_LOG_H

#include <glib.h>
#include <stdint.h>

#define BONDD_LOG_SIZE 4096u

/* µs from the news of it; 0: not measured, or did not happen */
struct bondd_phases {
    uint64_t detected_us, decided_us, switched_us, announced_us;
};

struct bondd_event {
    uint64_t seq;    /* from 1; never used twice while the state directory lives */
    int64_t time_us; /* CLOCK_REALTIME */
    struct bondd_phases phases;
    uint64_t took_us; /* from the news to the end of the switch-over; 0: not measured */
    char bond[16], port[16], other[16];
    char event[24];
    char reason[64];
    char text[256];
};

struct bondd_log;
typedef void (*bondd_log_cb)(const struct bondd_event *ev, void *data);

/* dir: where the file is. Reads what is there. */
struct bondd_log *bondd_log_new(const char *dir);
void bondd_log_free(struct bondd_log *log);
void bondd_log_set_listener(struct bondd_log *log, bondd_log_cb cb, void *data);

/* NULL strings count as "". seq and time are filled in. */
struct bondd_event_args {
    const char *bond, *port, *other, *event, *reason;
    uint64_t took_us;
    struct bondd_phases phases;
};
void bondd_log_add(struct bondd_log *log, const struct bondd_event_args *args, const char *format,
                   ...) G_GNUC_PRINTF(3, 4);

/* Oldest first, those with seq > since; bond NULL or "": all. */
void bondd_log_foreach(const struct bondd_log *log, const char *bond, uint64_t since,
                       bondd_log_cb cb, void *data);

/* Brings the file up to date and tells the listener; called when nothing urgent is left to do. */
void bondd_log_flush(struct bondd_log *log);

/* Lines for people who run the daemon; not events. */
void bondd_info(const char *format, ...) G_GNUC_PRINTF(1, 2);
void bondd_warning(const char *format, ...) G_GNUC_PRINTF(1, 2);

#endif
