/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * engine.c - waits for the kernel and for time, and hands each bond what is its own. Files and the
 * observer come last, in idle time, so that nothing urgent ever waits for them.
 */
#include "daemon/engine.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "daemon/balance.h"
#include "daemon/bond.h"
#include "daemon/error.h"
#include "daemon/parted.h"
#include "daemon/probe.h"
#include "daemon/status.h"
#include "daemon/wake.h"
#include "datapath/packet.h"

static uint64_t
read_clock(clockid_t clock)
{
    struct timespec ts;

    clock_gettime(clock, &ts);
    return (uint64_t) ts.tv_sec * BOND_NSEC_PER_SEC + (uint64_t) ts.tv_nsec;
}

uint64_t
bondd_now_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

/* Bonds -------------------------------------------------------------------------------------- */

struct bondd_bond *
bondd_engine_find(const struct bondd_engine *e, const char *name)
{
    for (guint i = 0; i < e->bonds->len; i++) {
        struct bondd_bond *b = e->bonds->pdata[i];

        if (strcmp(b->core.name, name) == 0)
            return b;
    }
    return NULL;
}

struct bondd_bond *
bondd_engine_by_ifindex(const struct bondd_engine *e, int ifindex)
{
    return g_hash_table_lookup(e->by_ifindex, GINT_TO_POINTER(ifindex));
}

void
bondd_engine_map(struct bondd_engine *e, int ifindex, struct bondd_bond *b)
{
    g_hash_table_insert(e->by_ifindex, GINT_TO_POINTER(ifindex), b);
}

void
bondd_engine_unmap(struct bondd_engine *e, int ifindex)
{
    g_hash_table_remove(e->by_ifindex, GINT_TO_POINTER(ifindex));
}

void
bondd_engine_add(struct bondd_engine *e, struct bondd_bond *b)
{
    g_ptr_array_add(e->bonds, b);
    bondd_engine_map(e, b->core.ifindex, b);
    bondd_engine_map(e, b->peer_ifindex, b);
    bondd_wake_start(b);
    bondd_engine_touch(e, b);
}

static gboolean
is_of_bond(gpointer key, gpointer value, gpointer b)
{
    return value == b;
}

void
bondd_engine_remove(struct bondd_engine *e, struct bondd_bond *b)
{
    bondd_wake_stop(b);
    g_hash_table_foreach_remove(e->by_ifindex, is_of_bond, b);
    g_ptr_array_remove(e->bonds, b);
    if (e->observer.bond_removed != NULL)
        e->observer.bond_removed(b, e->observer.data);
}

void
bondd_engine_set_busy(struct bondd_engine *e, const char *name, const char *doing)
{
    if (doing != NULL)
        g_hash_table_insert(e->busy, g_strdup(name), (gpointer) doing);
    else
        g_hash_table_remove(e->busy, name);
}

guint
bondd_engine_count(const struct bondd_engine *e)
{
    return e->bonds->len + g_hash_table_size(e->busy);
}

bool
bondd_engine_check_name(struct bondd_engine *e, const char *name, GError **error)
{
    const char *rule = NULL, *doing = g_hash_table_lookup(e->busy, name);
    struct dp_link link;

    if (name[0] == '\0')
        rule = "it is empty";
    else if (strlen(name) >= BOND_NAME_SIZE)
        rule = "it is longer than 15 characters";
    else if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        rule = "\".\" and \"..\" are not allowed";
    else if (strpbrk(name, "/:% \t\n\v\f\r") != NULL)
        rule = "\"/\", \":\", \"%\" and white space are not allowed";
    else if (strcmp(name, "all") == 0 || strcmp(name, "default") == 0)
        rule = "the kernel keeps it for its settings";
    if (rule != NULL) {
        g_set_error(error, BONDD_ERROR, BONDD_ERROR_BAD_NAME,
                    "\"%s\" cannot be the name of a bond: %s.", name, rule);
        return false;
    }
    if (doing != NULL) {
        g_set_error(error, BONDD_ERROR, BONDD_ERROR_BOND_EXISTS, "Bond \"%s\" is just %s.", name,
                    doing);
        return false;
    }
    if (bondd_engine_find(e, name) != NULL) {
        g_set_error(error, BONDD_ERROR, BONDD_ERROR_BOND_EXISTS, "Bond \"%s\" exists already.",
                    name);
        return false;
    }
    if (dp_link_get(e->nl, name, &link) == 0) {
        struct dp_link peer;

        if (strcmp(link.kind, "veth") == 0 && link.lower > 0 &&
            dp_link_get_index(e->nl, link.lower, &peer) == 0 &&
            g_str_has_prefix(peer.name, DP_PEER_PREFIX)) {
            bondd_takeover_clear_orphan(e, &link);
            return true;
        }
        g_set_error(
            error, BONDD_ERROR, BONDD_ERROR_BAD_NAME,
            "\"%s\" cannot be the name of a bond: a %s%sdevice of that name exists and is not "
            "a bond of bondd.",
            name, link.kind, link.kind[0] != '\0' ? " " : "");
        return false;
    }
    return true;
}

/* Time --------------------------------------------------------------------------------------- */

void
bondd_engine_rearm(struct bondd_engine *e)
{
    struct itimerspec at = {0};
    uint64_t next = e->close_look_ns;

    for (guint i = 0; i < e->bonds->len; i++) {
        const struct bondd_bond *b = e->bonds->pdata[i];

        next = MIN(next, b->next_ns);
    }
    if (next != BOND_NEVER) {
        next = MAX(next, 1); /* zero would stop the timer */
        at.it_value.tv_sec = (time_t) (next / BOND_NSEC_PER_SEC);
        at.it_value.tv_nsec = (long) (next % BOND_NSEC_PER_SEC);
    }
    timerfd_settime(e->timer_fd, TFD_TIMER_ABSTIME, &at, NULL);
}

/* After Linux has told of a change of carrier, which may be a second late, it withholds the next
 * ones for up to a second (linkwatch; veths it finds urgent). A link that fails seldom does so once;
 * so for these two seconds bondd does not wait to be told. However many bonds and ports there are,
 * it takes 5 % of a core. */
#define CLOSELY_NS (2 * BOND_NSEC_PER_SEC)
#define CLOSE_LOOK_NS BOND_NSEC_PER_MSEC
#define CLOSE_LOOK_SHARE 20

void
bondd_engine_look_closely(struct bondd_engine *e, struct bondd_bond *b)
{
    uint64_t now = bondd_now_ns();

    b->closely_until_ns = now + CLOSELY_NS;
    if (e->close_look_ns == BOND_NEVER)
        e->close_look_ns = now + CLOSE_LOOK_NS;
}

static void
close_looks(struct bondd_engine *e, uint64_t now)
{
    uint64_t began = read_clock(CLOCK_THREAD_CPUTIME_ID), took;
    bool any = false;

    for (guint i = 0; i < e->bonds->len; i++) {
        struct bondd_bond *b = e->bonds->pdata[i];

        if (b->closely_until_ns <= now)
            continue;
        any = true;
        b->news_at_ns = now;
        bondd_bond_look(b);
        b->news_at_ns = 0;
    }
    took = read_clock(CLOCK_THREAD_CPUTIME_ID) - began;
    e->close_look_ns = any ? now + MAX(CLOSE_LOOK_NS, took * CLOSE_LOOK_SHARE) : BOND_NEVER;
}

static gboolean
timer_fired(gint fd, GIOCondition condition, gpointer data)
{
    struct bondd_engine *e = data;
    struct bond_event tick = {.type = BOND_EV_TICK};
    uint64_t expirations, now = bondd_now_ns();

    if (read(fd, &expirations, sizeof(expirations)) < 0 && errno != EAGAIN)
        bondd_warning("The timer cannot be read: %s", g_strerror(errno));
    if (e->close_look_ns <= now)
        close_looks(e, now);
    for (guint i = 0; i < e->bonds->len; i++) {
        struct bondd_bond *b = e->bonds->pdata[i];

        if (b->next_ns > now)
            continue;
        b->news_at_ns = now;
        if (b->core.poll_at_ns <= now) {
            bondd_bond_look(b);
        } else {
            bondd_probe_catch_up(b);
            bondd_balance_catch_up(b);
            bondd_bond_step(b, &tick, NULL);
        }
        b->news_at_ns = 0;
    }
    bondd_engine_rearm(e);
    return G_SOURCE_CONTINUE;
}

/* The kernel --------------------------------------------------------------------------------- */

static void
link_changed(const struct dp_link *link, void *data)
{
    struct bondd_engine *e = data;
    struct bondd_bond *b = bondd_engine_by_ifindex(e, link->ifindex);
    int slot;

    if (b == NULL) {
        /* a device above a bond: its address counts for the bond's promiscuity */
        b = link->lower != 0 ? bondd_engine_by_ifindex(e, link->lower) : NULL;
        if (b != NULL && link->lower == b->core.ifindex) {
            const struct dp_link *own = dp_monitor_link(e->monitor, b->core.ifindex);

            if (own != NULL)
                bondd_bond_sync_promisc(b, own);
        }
        return;
    }
    b->news_at_ns = bondd_now_ns();
    slot = bondd_bond_slot(b, link->ifindex);
    if (link->ifindex == b->core.ifindex)
        bondd_bond_link_changed(b, link);
    else if (link->ifindex == b->peer_ifindex)
        bondd_bond_peer_changed(b, link);
    else if (slot != BOND_NO_PORT)
        bondd_bond_port_changed(b, slot, link);
    else if (link->master != 0)
        bondd_parted_end(b, link->ifindex);
    if (b->look)
        bondd_bond_look(b);
    b->news_at_ns = 0;
}

static void
link_gone(int ifindex, const char *name, void *data)
{
    struct bondd_engine *e = data;
    struct bondd_bond *b = bondd_engine_by_ifindex(e, ifindex);
    int slot;

    if (b == NULL)
        return;
    if (ifindex == b->core.ifindex || ifindex == b->peer_ifindex) {
        bondd_bond_destroy(b, true, NULL, NULL);
        return;
    }
    b->news_at_ns = bondd_now_ns();
    slot = bondd_bond_slot(b, ifindex);
    if (slot != BOND_NO_PORT)
        bondd_bond_port_gone(b, slot);
    else
        bondd_parted_end(b, ifindex);
    if (b->look)
        bondd_bond_look(b);
    b->news_at_ns = 0;
}

static void
addr_changed(const struct dp_addr *addr, bool added, void *data)
{
    struct bondd_engine *e = data;
    struct bondd_bond *b = added ? bondd_engine_by_ifindex(e, addr->ifindex) : NULL;

    if (b == NULL || (addr->family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&addr->u.v6)))
        return; /* a link-local address says nothing: the kernel makes it by itself */
    bondd_bond_port_claimed(b, addr->ifindex);
    bondd_parted_end(b, addr->ifindex);
}

static void
filters_changed(int ifindex, void *data)
{
    struct bondd_engine *e = data;
    struct bondd_bond *b = bondd_engine_by_ifindex(e, ifindex);

    if (b != NULL)
        bondd_bond_filters_changed(b, ifindex);
    for (guint i = 0; ifindex == 0 && i < e->bonds->len; i++)
        bondd_bond_filters_changed(e->bonds->pdata[i], 0);
}

static gboolean
monitor_ready(gint fd, GIOCondition condition, gpointer data)
{
    struct bondd_engine *e = data;

    bondd_engine_catch_up(e);
    return G_SOURCE_CONTINUE;
}

void
bondd_engine_catch_up(struct bondd_engine *e)
{
    int r = dp_monitor_dispatch(e->monitor);

    e->turns++;
    if (r < 0)
        bondd_warning("Reading the kernel's events failed: %s", g_strerror(-r));
    bondd_engine_rearm(e);
}

/* Afterwards --------------------------------------------------------------------------------- */

void
bondd_engine_flush(struct bondd_engine *e)
{
    for (guint i = 0; i < e->bonds->len; i++) {
        struct bondd_bond *b = e->bonds->pdata[i];

        if (b->features_stale)
            bondd_bond_sync_features(b);
        if (!b->dirty)
            continue;
        b->dirty = false;
        bondd_bond_save(b);
        bondd_status_write(b);
        if (e->observer.bond_changed != NULL)
            e->observer.bond_changed(b, e->observer.data);
    }
    bondd_log_flush(e->log);
    bondd_engine_rearm(e);
}

static gboolean
idle_flush(gpointer data)
{
    struct bondd_engine *e = data;

    e->idle_source = 0;
    bondd_engine_flush(e);
    return G_SOURCE_REMOVE;
}

void
bondd_engine_touch(struct bondd_engine *e, struct bondd_bond *b)
{
    b->dirty = true;
    if (e->idle_source == 0)
        e->idle_source = g_idle_add(idle_flush, e);
}

/* Start and stop ----------------------------------------------------------------------------- */

static bool
make_dirs(const struct bondd_config *c, GError **error)
{
    const char *const dirs[] = {c->run_dir, c->state_dir};

    for (guint i = 0; i < G_N_ELEMENTS(dirs); i++) {
        if (g_mkdir_with_parents(dirs[i], 0755) < 0) {
            bondd_error_from_errno(error, -errno, "Making the directory %s", dirs[i]);
            return false;
        }
    }
    /* Without it bondd can still say what is wrong, to whoever wants a bond. */
    if (g_mkdir_with_parents(c->pin_dir, 0700) < 0)
        bondd_warning("Making the directory %s: %s", c->pin_dir, g_strerror(errno));
    return true;
}

bool
bondd_engine_start(struct bondd_engine *e, const struct bondd_config *config, GError **error)
{
    static const struct dp_monitor_ops ops = {
        .link_changed = link_changed,
        .link_gone = link_gone,
        .addr_changed = addr_changed,
        .filters_changed = filters_changed,
    };
    GSource *source;
    int r;

    *e = (struct bondd_engine){.config = config, .next_id = 1, .timer_fd = -1, .sender_fd = -1};
    e->close_look_ns = BOND_NEVER;
    e->bonds = g_ptr_array_new();
    e->by_ifindex = g_hash_table_new(NULL, NULL);
    e->busy = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (!make_dirs(config, error))
        return false;
    e->log = bondd_log_new(config->state_dir);
    if ((r = dp_nl_open(&e->nl)) < 0 || (r = dp_monitor_open(&e->monitor, &ops, e)) < 0 ||
        (r = dp_announcer_open(&e->announcer)) < 0) {
        bondd_error_from_errno(error, r, "Opening netlink");
        return false;
    }
    e->sender_fd = r = dp_packet_open_sender();
    if (r < 0) {
        bondd_error_from_errno(error, r, "Opening a packet socket");
        return false;
    }
    e->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (e->timer_fd < 0) {
        bondd_error_from_errno(error, -errno, "Making a timer");
        return false;
    }
    dp_bpf_netlink_only(config->failover_netlink);
    dp_bpf_attach_by(config->attach);
    bondd_takeover_all(e);

    /* Both before D-Bus, whose sources have the default priority. */
    source = g_unix_fd_source_new(dp_monitor_fd(e->monitor), G_IO_IN);
    g_source_set_priority(source, G_PRIORITY_HIGH);
    g_source_set_callback(source, G_SOURCE_FUNC(monitor_ready), e, NULL);
    e->monitor_source = g_source_attach(source, NULL);
    g_source_unref(source);
    source = g_unix_fd_source_new(e->timer_fd, G_IO_IN);
    g_source_set_priority(source, G_PRIORITY_HIGH);
    g_source_set_callback(source, G_SOURCE_FUNC(timer_fired), e, NULL);
    e->timer_source = g_source_attach(source, NULL);
    g_source_unref(source);
    bondd_engine_flush(e);
    return true;
}

void
bondd_engine_stop(struct bondd_engine *e)
{
    if (e->log != NULL)
        bondd_engine_flush(e);
    g_clear_handle_id(&e->monitor_source, g_source_remove);
    g_clear_handle_id(&e->timer_source, g_source_remove);
    g_clear_handle_id(&e->idle_source, g_source_remove);
    for (guint i = 0; i < e->bonds->len; i++)
        bondd_bond_free(e->bonds->pdata[i]);
    g_ptr_array_unref(e->bonds);
    g_hash_table_unref(e->by_ifindex);
    g_hash_table_unref(e->busy);
    if (e->timer_fd >= 0)
        close(e->timer_fd);
    if (e->sender_fd >= 0)
        close(e->sender_fd);
    if (e->announcer != NULL)
        dp_announcer_close(e->announcer);
    if (e->monitor != NULL)
        dp_monitor_close(e->monitor);
    if (e->nl != NULL)
        dp_nl_close(e->nl);
    bondd_log_free(e->log);
}
