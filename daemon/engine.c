/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * engine.c - waits for the kernel and for time, and hands each bond what is its own. Files and the
 * observer come last, in idle time, so that nothing urgent ever waits for them.
 */
#include "daemon/engine.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "daemon/bond.h"
#include "daemon/error.h"
#include "daemon/frames.h"
#include "daemon/lent.h"
#include "daemon/looks.h"
#include "daemon/parted.h"
#include "daemon/status.h"
#include "daemon/wake.h"
#include "datapath/packet.h"

/* Bonds -------------------------------------------------------------------------------------- */

struct bondd_bond *
bondd_engine_find(const struct bondd_engine *e, const char *name)
{
    return g_hash_table_lookup(e->by_name, name);
}

struct bondd_bond *
bondd_engine_by_id(const struct bondd_engine *e, uint32_t id)
{
    return g_hash_table_lookup(e->by_id, GUINT_TO_POINTER(id));
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
    g_array_append_val(e->due, b->next_ns);
    b->place = e->bonds->len;
    g_hash_table_insert(e->by_name, b->core.name, b);
    g_hash_table_insert(e->by_id, GUINT_TO_POINTER(b->id), b);
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
    g_hash_table_remove(e->by_name, b->core.name);
    g_hash_table_remove(e->by_id, GUINT_TO_POINTER(b->id));
    g_ptr_array_remove(e->dirty, b);
    g_ptr_array_remove(e->close, b);
    g_ptr_array_remove(e->to_look, b);
    if (e->rejoining != NULL)
        g_ptr_array_remove(e->rejoining, b);
    if (e->news_above == b)
        e->news_above = NULL;
    g_ptr_array_remove_index(e->bonds, b->place - 1);
    g_array_remove_index(e->due, b->place - 1);
    for (guint i = b->place - 1; i < e->bonds->len; i++)
        ((struct bondd_bond *) e->bonds->pdata[i])->place = i + 1;
    b->place = 0;
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
        if (dp_link_peer_of(e->nl, &link) > 0) {
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

/* The kernel --------------------------------------------------------------------------------- */

/* Once for many: with a bond's carrier that of 4,000 VLANs goes. */
static void
look_above(struct bondd_engine *e)
{
    struct bondd_bond *b = e->news_above;
    const struct dp_link *own = b != NULL ? dp_monitor_link(e->monitor, b->core.ifindex) : NULL;

    e->news_above = NULL;
    if (own != NULL)
        bondd_bond_sync_promisc(b, own);
}

static void
link_changed(const struct dp_link *link, void *data)
{
    struct bondd_engine *e = data;
    struct bondd_bond *b = bondd_engine_by_ifindex(e, link->ifindex);
    int slot;

    if (b == NULL) {
        /* a device above a bond: its address counts for the bond's promiscuity */
        b = link->lower != 0 ? bondd_engine_by_ifindex(e, link->lower) : NULL;
        if (b != NULL && link->lower == b->core.ifindex && e->news_above != b) {
            look_above(e);
            e->news_above = b;
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
    look_above(e);
    if (r < 0)
        bondd_warning("Reading the kernel's events failed: %s", g_strerror(-r));
    bondd_engine_rearm(e);
}

/* Afterwards --------------------------------------------------------------------------------- */

static void
flush_first(struct bondd_engine *e)
{
    struct bondd_bond *b = g_ptr_array_remove_index(e->dirty, 0);

    b->dirty = false;
    if (b->features_stale)
        bondd_bond_sync_features(b);
    bondd_bond_save(b);
    bondd_status_write(b);
    if (e->observer.bond_changed != NULL)
        e->observer.bond_changed(b, e->observer.data);
}

void
bondd_engine_flush(struct bondd_engine *e)
{
    while (e->dirty->len > 0)
        flush_first(e);
    bondd_log_flush(e->log);
    bondd_engine_rearm(e);
}

static gboolean
idle_flush(gpointer data)
{
    struct bondd_engine *e = data;
    uint64_t until = bondd_now_ns() + BONDD_SLICE_NS;

    while (e->dirty->len > 0 && bondd_now_ns() < until)
        flush_first(e);
    if (e->dirty->len > 0)
        return G_SOURCE_CONTINUE;
    e->idle_source = 0;
    bondd_engine_flush(e);
    return G_SOURCE_REMOVE;
}

void
bondd_engine_touch(struct bondd_engine *e, struct bondd_bond *b)
{
    if (!b->dirty && b->place != 0) {
        b->dirty = true;
        g_ptr_array_add(e->dirty, b);
    }
    if (e->idle_source == 0)
        e->idle_source = g_idle_add(idle_flush, e);
}

/* Start and stop ----------------------------------------------------------------------------- */

guint
bondd_engine_watch(int fd, GUnixFDSourceFunc ready, gpointer data)
{
    GSource *source = g_unix_fd_source_new(fd, G_IO_IN);
    guint id;

    g_source_set_priority(source, G_PRIORITY_HIGH);
    g_source_set_callback(source, G_SOURCE_FUNC(ready), data, NULL);
    id = g_source_attach(source, NULL);
    g_source_unref(source);
    return id;
}

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
    int r;

    *e = (struct bondd_engine){.config = config, .next_id = 1, .close_look_ns = BOND_NEVER};
    e->timer_fd = e->sender_fd = e->slow_fd = e->wake_fd = -1;
    e->bonds = g_ptr_array_new();
    e->due = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    e->dirty = g_ptr_array_new();
    e->close = g_ptr_array_new();
    e->to_look = g_ptr_array_new();
    e->by_name = g_hash_table_new(g_str_hash, g_str_equal);
    e->by_id = g_hash_table_new(NULL, NULL);
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
    e->hidden = bondd_lent_hidden();
    e->sender_fd = r = dp_packet_open_sender();
    if (r >= 0)
        r = bondd_frames_start(e);
    if (r < 0) {
        bondd_error_from_errno(error, r, "Opening a packet socket");
        return false;
    }
    r = bondd_wake_open(e);
    if (r < 0) {
        bondd_error_from_errno(error, r, "Making an epoll");
        return false;
    }
    r = bondd_looks_open(e);
    if (r < 0) {
        bondd_error_from_errno(error, r, "Making a timer");
        return false;
    }
    dp_bpf_netlink_only(config->failover_netlink);
    dp_bpf_attach_by(config->attach);
    bondd_takeover_all(e);

    e->monitor_source = bondd_engine_watch(dp_monitor_fd(e->monitor), monitor_ready, e);
    bondd_engine_flush(e);
    return true;
}

void
bondd_engine_stop(struct bondd_engine *e)
{
    if (e->log != NULL)
        bondd_engine_flush(e);
    g_clear_handle_id(&e->monitor_source, g_source_remove);
    g_clear_handle_id(&e->idle_source, g_source_remove);
    bondd_looks_close(e);
    for (guint i = 0; i < e->bonds->len; i++)
        bondd_bond_free(e->bonds->pdata[i]);
    bondd_frames_stop(e);
    bondd_wake_close(e);
    g_ptr_array_unref(e->bonds);
    g_ptr_array_unref(e->dirty);
    g_ptr_array_unref(e->close);
    g_ptr_array_unref(e->to_look);
    g_clear_pointer(&e->rejoining, g_ptr_array_unref); /* nobody waits for the answer any more */
    g_array_unref(e->due);
    g_hash_table_unref(e->by_name);
    g_hash_table_unref(e->by_id);
    g_hash_table_unref(e->by_ifindex);
    g_hash_table_unref(e->busy);
    if (e->sender_fd >= 0)
        close(e->sender_fd);
    if (e->announcer != NULL)
        dp_announcer_close(e->announcer);
    if (e->monitor != NULL)
        dp_monitor_close(e->monitor);
    dp_hidden_close(e->hidden);
    if (e->nl != NULL)
        dp_nl_close(e->nl);
    bondd_log_free(e->log);
}
