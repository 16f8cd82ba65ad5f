/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drill.h - what the parts of `bondcli drill` share: the plan, what was counted, the report.
 *
 * Everything here is data and pure functions: no clock, no socket, no output. The times of a report
 * are µs since its beginning.
 */
#ifndef BONDCLI_DRILL_H
#define BONDCLI_DRILL_H

#include <stdbool.h>
#include <glib.h>

/* ---- the plan (drill-plan.c) ---- */

enum drill_kind {
    DRILL_ADMIN_DOWN,
    DRILL_CARRIER,
    DRILL_SILENT,
    DRILL_FLAP,
    DRILL_LOSS,
    DRILL_DELAY,
    DRILL_LACP_GONE,
    DRILL_BONDD_KILLED,
    DRILL_NM_RESTART,
    DRILL_PORT_REMOVED,
    DRILL_N_KINDS,
};

/* As the bond's host sees it. */
enum drill_way {
    DRILL_OUT,
    DRILL_IN, /* with plain ICMP: there and back, and DRILL_OUT is not used */
    DRILL_N_WAYS,
};

struct drill_kind_desc {
    const char *name;
    const char *summary; /* translatable */
    bool takes_port;     /* else it has no port= */
};
extern const struct drill_kind_desc drill_kinds[DRILL_N_KINDS];

struct drill_fault {
    enum drill_kind kind;
    char *port; /* NULL: the one with the most traffic */
    guint hold_ms;
    bool way[DRILL_N_WAYS]; /* silent, loss */
    guint percent;          /* loss */
    guint delay_ms;         /* delay */
    guint count, period_ms; /* flap */
};

struct drill_plan {
    guint interval_us;
    guint max_outage_us; /* 0: whatever it costs is accepted */
    GPtrArray *faults;
};

enum { DRILL_ERROR_PLAN };
GQuark drill_error_quark(void);

struct drill_plan *drill_plan_new(void);
void drill_plan_free(struct drill_plan *plan);
typedef struct drill_plan drill_plan_auto;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(drill_plan_auto, drill_plan_free)

/* A keyfile's text. False: `error` names group, key, value and what is allowed. */
bool drill_plan_read(struct drill_plan *plan, const char *text, GError **error);
/* "KIND[:PORT][,KEY=VALUE...]", from the command line. */
bool drill_plan_add(struct drill_plan *plan, const char *word, GError **error);
bool drill_plan_set(struct drill_plan *plan, const char *key, const char *value, GError **error);
/* The five that happen most often, for a plan without any. */
void drill_plan_add_common(struct drill_plan *plan);
/* "loss of eth0, 10 percent"; port may be NULL. */
char *drill_fault_describe(const struct drill_fault *fault, const char *port);
/* "mode=balance-rr,mode=802.3ad lacp_rate=fast" or "modes"; each set is "NAME VALUE" pairs. */
GPtrArray *drill_compare_parse(const char *text, GError **error); /* of char **, NULL: error */

/* ---- numbered probes (drill-account.c) ---- */

struct drill_arrival {
    guint32 seq;
    gint64 sent_ns; /* by the sender's clock */
    gint64 at_ns;   /* by the receiver's */
};

/* Numbers that did not come, in a row: from the last before them that came to the first after. */
struct drill_gap {
    guint32 first, count;
    gint64 from_us, to_us;
};

struct drill_count {
    guint64 sent, received, lost, duplicated, reordered;
    guint64 longest_us; /* the longest gap: an outage */
    guint64 span_us;    /* from before the first loss until after the last */
    guint64 late_us;    /* the slowest of them: how much longer it was on the way than the quickest */
    bool open;          /* the last number did not come */
    GArray *gaps;       /* of drill_gap */
};

/* Counts the numbers [first, end). `arrivals` are in the order in which they came, and may have
 * others too. Times in `gaps` are by the sender's clock plus `shift_ns`. */
void drill_account(const struct drill_arrival *arrivals, gsize n, guint32 first, guint32 end,
                   gint64 interval_ns, gint64 shift_ns, struct drill_count *count);
void drill_count_clear(struct drill_count *count);
/* What the sender's clock lacks to ours, by the quickest frame: from above by its time on the way.
 */
gint64 drill_clock_shift_ns(const struct drill_arrival *arrivals, gsize n);

/* ---- the report ---- */

struct drill_note { /* of bondd's event log */
    gint64 time_us;
    char *port, *event, *text;
};

struct drill_sample { /* what a port carried since the sample before */
    gint64 time_us;
    guint rx, tx;
};

struct drill_lane { /* a port in the picture */
    char *port;
    GArray *samples; /* of drill_sample */
    guint64 rx, tx;  /* the counters at the last one */
    bool started;
};

enum drill_phase { DRILL_DETECTED, DRILL_DECIDED, DRILL_SWITCHED, DRILL_ANNOUNCED, DRILL_N_PHASES };
extern const char *const drill_phase_names[DRILL_N_PHASES]; /* "detected", ... */

enum drill_outcome {
    DRILL_PLAYED,
    DRILL_NOT_DONE, /* `why` says why not */
    DRILL_NOT_BACK, /* played, but the bond is not as it was */
};

struct drill_event {
    const struct drill_fault *fault; /* borrowed from the plan */
    char *port;                      /* "" where the fault has none */
    enum drill_outcome outcome;
    char *why;
    gint64 begin_us, fault_us, undo_us, end_us;
    struct drill_count count[DRILL_N_WAYS];
    guint64 phase_us[DRILL_N_PHASES]; /* 0: not known */
    bool too_long;                    /* longer than the plan's max-outage-us */
    GPtrArray *notes, *lanes;
};

struct drill_run { /* the plan under one setting */
    char *setting; /* "mode=balance-rr" */
    GPtrArray *events;
};

struct drill_report {
    const struct drill_plan *plan;
    char *bond, *target;
    bool lab, round_trip;
    bool interrupted;
    gint64 started_us; /* since the epoch */
    GPtrArray *runs;
};

struct drill_report *drill_report_new(const struct drill_plan *plan);
void drill_report_free(struct drill_report *report);
struct drill_run *drill_report_add_run(struct drill_report *report, const char *setting);
struct drill_event *drill_run_add_event(struct drill_run *run, const struct drill_fault *fault);
/* Of a column: "802.3ad lacp_rate=slow", or the bond where there is one setting only. */
const char *drill_run_title(const struct drill_report *report, const struct drill_run *run);
/* Both ways together. */
guint64 drill_event_lost(const struct drill_event *event);
guint64 drill_event_outage_us(const struct drill_event *event);
bool drill_event_failed(const struct drill_event *event);
bool drill_report_failed(const struct drill_report *report);

/* "850 µs", "3.1 ms", "1.20 s" */
char *drill_short_time(guint64 us);
/* As g_string_append_printf(), but what is put in is escaped for XML and HTML. */
void drill_append(GString *out, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Text to write to a file. */
char *drill_report_junit(const struct drill_report *report);
char *drill_report_html(const struct drill_report *report);
/* One event's picture. */
void drill_svg_event(GString *out, const struct drill_report *report,
                     const struct drill_event *event);

#endif
