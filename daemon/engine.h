/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * engine.h - all bonds, and the events of the kernel and of time that move them.
 *
 * Knows nothing of D-Bus: an observer is told when files are written, in idle time.
 */
#ifndef BONDD_ENGINE_H
#define BONDD_ENGINE_H

#include <glib-unix.h>

#include "daemon/config.h"
#include "daemon/log.h"
#include "datapath/announce.h"
#include "datapath/bpf.h"
#include "datapath/hidden.h"
#include "datapath/link.h"
#include "datapath/monitor.h"

struct bondd_bond;

struct bondd_observer {                                     /* any may be NULL */
    void (*bond_changed)(struct bondd_bond *b, void *data); /* new, or anything of it changed */
    void (*bond_removed)(struct bondd_bond *b, void *data); /* about to be freed */
    void *data;
};

struct bondd_engine {
    const struct bondd_config *config; /* borrowed */
    struct bondd_log *log;
    struct dp_nl *nl;
    struct dp_monitor *monitor;
    struct dp_announcer *announcer;
    struct dp_hidden *hidden; /* NULL: there is none */
    GPtrArray *bonds;       /* of struct bondd_bond, in order of creation */
    GArray *due;            /* of uint64_t, in the same order: when core wants to be called */
    GHashTable *by_name, *by_id;
    GPtrArray *dirty; /* those with files and D-Bus behind */
    struct bondd_bond *news_above; /* something above it has changed, and nobody has looked; NULL */
    GPtrArray *to_look;            /* those whose look (miimon) is due */
    GPtrArray *close;              /* those whose ports are looked at often */
    GPtrArray *rejoining; /* those whose groups are read and said (announce.c); NULL: none */
    GHashTable *busy;       /* name -> "being created" or "being deleted" (static strings) */
    GHashTable *by_ifindex; /* ifindex of bond, peer, port -> struct bondd_bond */
    struct bondd_observer observer;
    uint32_t next_id;
    uint64_t turns; /* how often everything that the kernel had told was read */
    uint64_t close_look_ns; /* the next of the looks after a carrier has changed */
    guint monitor_source, timer_source, slow_source, wake_source, look_source, idle_source;
    int timer_fd;
    int sender_fd; /* frames of core leave by it */
    int slow_fd;   /* slow protocols, on all devices (frames.c) */
    int wake_fd;   /* an epoll over all bonds' (wake.c) */
};

/* Opens everything, takes over what a bondd before left, and starts to watch. */
bool bondd_engine_start(struct bondd_engine *e, const struct bondd_config *config, GError **error);
/* Files are made true; the kernel keeps everything. */
void bondd_engine_stop(struct bondd_engine *e);

/* Calls `ready` when fd is readable, before D-Bus, whose sources have the default priority. */
guint bondd_engine_watch(int fd, GUnixFDSourceFunc ready, gpointer data);

struct bondd_bond *bondd_engine_find(const struct bondd_engine *e, const char *name);
struct bondd_bond *bondd_engine_by_id(const struct bondd_engine *e, uint32_t id);
struct bondd_bond *bondd_engine_by_ifindex(const struct bondd_engine *e, int ifindex);

/* Registered: events reach it, from add to remove. */
void bondd_engine_add(struct bondd_engine *e, struct bondd_bond *b);
void bondd_engine_remove(struct bondd_engine *e, struct bondd_bond *b);
void bondd_engine_map(struct bondd_engine *e, int ifindex, struct bondd_bond *b);
void bondd_engine_unmap(struct bondd_engine *e, int ifindex);

/* Something of the bond changed: files and D-Bus follow when nothing urgent is left. */
void bondd_engine_touch(struct bondd_engine *e, struct bondd_bond *b);
/* They follow now (before a method call is answered). */
void bondd_engine_flush(struct bondd_engine *e);
/* What the kernel has told and nobody has read yet (before a method call is judged). */
void bondd_engine_catch_up(struct bondd_engine *e);

/* The name is taken by work that is under way; doing NULL: no more. */
void bondd_engine_set_busy(struct bondd_engine *e, const char *name, const char *doing);
/* Bonds that are, and those that are being made. */
guint bondd_engine_count(const struct bondd_engine *e);
/* The rules for names of bonds; sets BadName, BondExists. */
bool bondd_engine_check_name(struct bondd_engine *e, const char *name, GError **error);

/* looks.c ----------------------------------------------------------------------------------- */

uint64_t bondd_now_ns(void); /* CLOCK_MONOTONIC */

/* A port's carrier changed, or may have: from now on its bond's ports are looked at more often than
 * miimon says, for a while. */
void bondd_engine_look_closely(struct bondd_engine *e, struct bondd_bond *b);
/* b->next_ns has changed. */
void bondd_engine_due(struct bondd_engine *e, const struct bondd_bond *b);
/* The timer, after deadlines changed. */
void bondd_engine_rearm(struct bondd_engine *e);

#endif
