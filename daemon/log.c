/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log.c - a ring of events, appended to a file. Decides nothing, and never delays a switch-over:
 * adding is a copy, writing and telling come with bondd_log_flush().
 */
#include "daemon/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifdef HAVE_SYSTEMD
#include <systemd/sd-journal.h>
#endif

#include "core/limits.h"

/* One id for every failover, so that `journalctl MESSAGE_ID=...` lists them; one for the rest. */
#define MESSAGE_ID_FAILOVER "6f1b1f5cf7d94b1f8d2a6d0f3b7c9e21"
#define MESSAGE_ID_EVENT "c4a0d8fd8c5b4c0e9a51d7c2e94b6f18"

#define N_FIELDS 9

struct bondd_log {
    struct bondd_event ring[BONDD_LOG_SIZE];
    uint64_t next_seq;
    uint64_t flushed; /* seq of the last event that is in the file and was told */
    unsigned lines;   /* in the file */
    char *path;
    bondd_log_cb cb;
    void *data;
};

static struct bondd_event *
slot_of(const struct bondd_log *log, uint64_t seq)
{
    return (struct bondd_event *) &log->ring[seq % BONDD_LOG_SIZE];
}

static uint64_t
first_seq(const struct bondd_log *log)
{
    return log->next_seq > BONDD_LOG_SIZE ? log->next_seq - BONDD_LOG_SIZE : 1;
}

/* Tabs separate the fields; texts have none, because names and sentences have none. */
static void
write_line(FILE *f, const struct bondd_event *ev)
{
    fprintf(f,
            "%" PRIu64 "\t%" PRIi64 "\t%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64
            "\t%s\t%s\t%s\t%s\t%s\t%s\n",
            ev->seq, ev->time_us, ev->took_us, ev->phases.detected_us, ev->phases.decided_us,
            ev->phases.switched_us, ev->phases.announced_us, ev->bond, ev->port, ev->other,
            ev->event, ev->reason, ev->text);
}

/* "took" alone, or with the phases behind it. */
static void
read_times(struct bondd_event *ev, const char *text)
{
    uint64_t *const to[] = {&ev->took_us, &ev->phases.detected_us, &ev->phases.decided_us,
                            &ev->phases.switched_us, &ev->phases.announced_us};
    char *end;

    for (guint i = 0; i < G_N_ELEMENTS(to); i++) {
        *to[i] = g_ascii_strtoull(text, &end, 10);
        if (*end != ',')
            return;
        text = end + 1;
    }
}

static void
read_line(struct bondd_log *log, const char *line)
{
    g_auto(GStrv) f = g_strsplit(line, "\t", N_FIELDS);
    struct bondd_event *ev;
    uint64_t seq;

    if (g_strv_length(f) != N_FIELDS || !g_utf8_validate(line, -1, NULL))
        return;
    seq = g_ascii_strtoull(f[0], NULL, 10);
    if (seq < log->next_seq || seq >= UINT64_MAX / 2)
        return;
    ev = slot_of(log, seq);
    memset(ev, 0, sizeof(*ev));
    ev->seq = seq;
    ev->time_us = g_ascii_strtoll(f[1], NULL, 10);
    read_times(ev, f[2]);
    g_strlcpy(ev->bond, f[3], sizeof(ev->bond));
    g_strlcpy(ev->port, f[4], sizeof(ev->port));
    g_strlcpy(ev->other, f[5], sizeof(ev->other));
    g_strlcpy(ev->event, f[6], sizeof(ev->event));
    g_strlcpy(ev->reason, f[7], sizeof(ev->reason));
    g_strlcpy(ev->text, f[8], sizeof(ev->text));
    log->next_seq = seq + 1;
}

struct bondd_log *
bondd_log_new(const char *dir)
{
    struct bondd_log *log = g_new0(struct bondd_log, 1);
    g_autofree char *text = NULL;

    log->next_seq = 1;
    log->path = g_build_filename(dir, "events", NULL);
    if (g_file_get_contents(log->path, &text, NULL, NULL)) {
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

        for (guint i = 0; lines[i] != NULL; i++) {
            read_line(log, lines[i]);
            log->lines++;
        }
    }
    log->flushed = log->next_seq - 1;
    return log;
}

void
bondd_log_free(struct bondd_log *log)
{
    if (log == NULL)
        return;
    bondd_log_flush(log);
    g_free(log->path);
    g_free(log);
}

void
bondd_log_set_listener(struct bondd_log *log, bondd_log_cb cb, void *data)
{
    log->cb = cb;
    log->data = data;
}

static void
to_journal(const struct bondd_event *ev)
{
#ifdef HAVE_SYSTEMD
    if (g_getenv("JOURNAL_STREAM") != NULL) {
        sd_journal_send(
            "MESSAGE=%s: %s", ev->bond, ev->text, "MESSAGE_ID=%s",
            strcmp(ev->event, "active-changed") == 0 ? MESSAGE_ID_FAILOVER : MESSAGE_ID_EVENT,
            "PRIORITY=%i", 6, "NMBOND_SEQ=%" PRIu64, ev->seq, "NMBOND_BOND=%s", ev->bond,
            "NMBOND_PORT=%s", ev->port, "NMBOND_OTHER=%s", ev->other, "NMBOND_EVENT=%s", ev->event,
            "NMBOND_REASON=%s", ev->reason, "NMBOND_TOOK_US=%" PRIu64, ev->took_us,
            "NMBOND_DETECTED_US=%" PRIu64, ev->phases.detected_us, "NMBOND_DECIDED_US=%" PRIu64,
            ev->phases.decided_us, "NMBOND_SWITCHED_US=%" PRIu64, ev->phases.switched_us,
            "NMBOND_ANNOUNCED_US=%" PRIu64, ev->phases.announced_us, NULL);
        return;
    }
#endif
    fprintf(stderr, "bondd: %s: %s\n", ev->bond, ev->text);
}

void
bondd_log_add(struct bondd_log *log, const struct bondd_event_args *args, const char *format, ...)
{
    struct bondd_event *ev = slot_of(log, log->next_seq);
    va_list ap;

    memset(ev, 0, sizeof(*ev));
    ev->seq = log->next_seq++;
    ev->time_us = g_get_real_time();
    ev->took_us = args->took_us;
    ev->phases = args->phases;
    g_strlcpy(ev->bond, args->bond ?: "", sizeof(ev->bond));
    g_strlcpy(ev->port, args->port ?: "", sizeof(ev->port));
    g_strlcpy(ev->other, args->other ?: "", sizeof(ev->other));
    g_strlcpy(ev->event, args->event ?: "", sizeof(ev->event));
    g_strlcpy(ev->reason, args->reason ?: "", sizeof(ev->reason));
    va_start(ap, format);
    g_vsnprintf(ev->text, sizeof(ev->text), format, ap);
    va_end(ap);
    g_strdelimit(ev->text, "\t\n", ' ');
}

void
bondd_log_foreach(const struct bondd_log *log, const char *bond, uint64_t since, bondd_log_cb cb,
                  void *data)
{
    uint64_t from = since < log->next_seq ? MAX(since + 1, first_seq(log)) : log->next_seq;

    for (uint64_t seq = from; seq < log->next_seq; seq++) {
        const struct bondd_event *ev = slot_of(log, seq);

        /* the file may have had a gap */
        if (ev->seq == seq && (bond == NULL || bond[0] == '\0' || strcmp(bond, ev->bond) == 0))
            cb(ev, data);
    }
}

static void
rewrite(struct bondd_log *log)
{
    g_autofree char *tmp = g_strconcat(log->path, ".tmp", NULL);
    FILE *f = fopen(tmp, "we");

    if (f == NULL)
        return;
    log->lines = 0;
    for (uint64_t seq = first_seq(log); seq < log->next_seq; seq++) {
        if (slot_of(log, seq)->seq == seq) {
            write_line(f, slot_of(log, seq));
            log->lines++;
        }
    }
    if (fclose(f) != 0 || rename(tmp, log->path) != 0)
        unlink(tmp);
}

void
bondd_log_flush(struct bondd_log *log)
{
    uint64_t from = MAX(log->flushed + 1, first_seq(log));
    FILE *f;

    if (log->flushed + 1 >= log->next_seq)
        return;
    f = fopen(log->path, "ae");
    for (uint64_t seq = from; seq < log->next_seq; seq++) {
        const struct bondd_event *ev = slot_of(log, seq);

        if (f != NULL) {
            write_line(f, ev);
            log->lines++;
        }
        to_journal(ev);
        if (log->cb != NULL)
            log->cb(ev, log->data);
    }
    log->flushed = log->next_seq - 1;
    if (f != NULL)
        fclose(f);
    if (log->lines > 2 * BONDD_LOG_SIZE)
        rewrite(log);
}

static void
say(int priority, const char *format, va_list args)
{
    g_autofree char *text = g_strdup_vprintf(format, args);

#ifdef HAVE_SYSTEMD
    if (g_getenv("JOURNAL_STREAM") != NULL) {
        sd_journal_send("MESSAGE=%s", text, "PRIORITY=%i", priority, NULL);
        return;
    }
#endif
    fprintf(stderr, "bondd: %s%s\n", priority <= 4 ? "warning: " : "", text);
}

void
bondd_info(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say(6, format, args);
    va_end(args);
}

void
bondd_warning(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say(4, format, args);
    va_end(args);
}
