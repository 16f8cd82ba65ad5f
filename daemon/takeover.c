/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * takeover.c - goes on where a bondd that died has stopped. The state file says what was, the
 * kernel what is; where they differ, the kernel is right and the difference is noted.
 */
#include "daemon/bond.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "daemon/error.h"
#include "daemon/notes.h"
#include "daemon/parted.h"
#include "daemon/state.h"
#include "daemon/status.h"

#define SUFFIX ".state"

/* The pair is still the one that the file means: ifindexes may have been given to others. */
static bool
is_our_pair(struct bondd_engine *e, const struct dp_link *link, int peer_ifindex)
{
    return dp_link_peer_of(e->nl, link) == peer_ifindex;
}

static bool
is_our_port(const struct bondd_bond *b, const struct dp_link *link)
{
    g_autofree char *alias = g_strconcat(BONDD_PORT_ALIAS_PREFIX, b->core.name, NULL);

    return strcmp(link->alias, alias) == 0;
}

/* What was begun and not finished: a port on its way in, or one that core had let go. */
static void
finish_ports(struct bondd_bond *b)
{
    for (guint i = 0; i < G_N_ELEMENTS(b->port); i++) {
        bool free_slot = i == BONDD_PORT_COMING || b->core.port[i].phase == BOND_PHASE_FREE;

        if (b->port[i].in_use && free_slot) {
            bondd_port_restore(&b->port[i], b->engine->nl, b->bpf);
            b->ports_changed = true;
        }
    }
}

static void
take_ports(struct bondd_bond *b)
{
    for (int i = 0; i < (int) BOND_MAX_PORTS; i++) {
        struct bond_event gone = {.type = BOND_EV_PORT_GONE, .slot = i};
        g_autoptr(GError) error = NULL;
        struct dp_link link;

        if (b->core.port[i].phase == BOND_PHASE_FREE)
            continue;
        if (dp_link_get_index(b->engine->nl, b->port[i].ifindex, &link) < 0 ||
            !is_our_port(b, &link)) {
            dp_bpf_detach_port(b->bpf, b->port[i].ifindex); /* in whatever namespace it is now */
            b->port[i].in_use = false;                      /* not to be touched */
            bondd_bond_step(b, &gone, NULL);
            continue;
        }
        g_strlcpy(b->port[i].name, link.name, sizeof(b->port[i].name));
        bondd_engine_map(b->engine, link.ifindex, b);
        if (!bondd_port_apply(&b->port[i], b->engine->nl, b->bpf, b->core.name, b->mtu, b->promisc,
                              &error))
            bondd_warning("%s: %s", b->core.name, error->message);
    }
    for (guint i = 0; i < b->parted->len; i++)
        bondd_engine_map(b->engine, g_array_index(b->parted, struct bondd_parted, i).ifindex, b);
    bondd_parted_review(b, false);
}

/* The end of the device's pair is in another namespace. */
static void
find_inside(struct bondd_bond *b)
{
    struct bondd_engine *e = b->engine;
    int inside[2], r = e->hidden != NULL ? dp_hidden_find(e->hidden, b->core.ifindex, inside)
                                         : -ENOLINK;

    b->hidden = true;
    if (r == 0) {
        b->inside = inside[0];
        r = dp_bpf_set_inside(b->bpf, inside);
    }
    if (r < 0)
        bondd_warning("%s: the hidden namespace through which it receives is out of reach, so its "
                      "device keeps the carrier that it has: %s",
                      b->core.name, e->hidden != NULL ? g_strerror(-r) : "nobody lent it");
}

/* Its link is gone: so are filters and maps' users; ports get back what they had. */
static void
bury(struct bondd_bond *b)
{
    for (guint i = 0; i < G_N_ELEMENTS(b->port); i++) {
        struct dp_link link;

        if (b->port[i].in_use && dp_link_get_index(b->engine->nl, b->port[i].ifindex, &link) == 0 &&
            is_our_port(b, &link))
            bondd_port_restore(&b->port[i], b->engine->nl, NULL);
    }
    bondd_parted_review(b, true);
    bondd_state_remove(b->engine->config->state_dir, b->core.name);
    bondd_status_remove(b);
    bondd_note(b, "bond-deleted", NULL, BOND_WHY_LINK_GONE, BOND_SAY_DELETED_MEANWHILE,
               b->core.name);
    bondd_bond_free(b);
}

static bool
take_over(struct bondd_bond *b, const struct dp_link *link, GError **error)
{
    struct bondd_engine *e = b->engine;
    struct bond_event resume = {.type = BOND_EV_RESUME};
    char text[256] = "";
    int r = dp_bpf_open(&b->bpf, e->config->pin_dir, b->core.name, b->core.ifindex, b->peer_ifindex,
                        text, sizeof(text));

    if (r < 0) {
        b->bpf = NULL;
        g_set_error(error, BONDD_ERROR, BONDD_ERROR_FAILED,
                    "The packet path of bond %s cannot be taken over; it goes on as it is, without "
                    "being watched. %s",
                    b->core.name, text[0] != '\0' ? text : g_strerror(-r));
        return false;
    }
    if (link->lower == 0)
        find_inside(b);
    b->mtu = link->mtu;
    memcpy(b->dev_mac, link->mac, BOND_MAC_LEN);
    g_strlcpy(b->dev_name, b->core.name, sizeof(b->dev_name));
    b->promisc = link->promiscuity > 0;
    b->saved = bond_digest(&b->core);
    e->next_id = MAX(e->next_id, b->id + 1);
    bondd_engine_add(e, b);
    bondd_bond_step(b, &resume, NULL); /* partners hear of us before they give us up */
    bondd_bond_publish(b); /* before a program that would look for a table is attached */
    finish_ports(b);
    take_ports(b);
    bondd_bond_publish(b);
    bondd_bond_show_carrier(b);
    bondd_bond_link_changed(b, link);
    bondd_bond_look(b);
    return true;
}

static void
load(struct bondd_engine *e, const char *name)
{
    g_autofree char *path = g_strconcat(e->config->state_dir, "/", name, SUFFIX, NULL);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    struct bondd_bond *b = bondd_bond_alloc(e);
    struct dp_link link;

    if (!g_file_get_contents(path, &text, NULL, &error) || !bondd_state_parse(b, text, &error) ||
        strcmp(b->core.name, name) != 0) {
        struct bondd_event_args args = {
            .bond = name, .event = "state-unreadable", .reason = "the saved state is damaged"};

        bondd_log_add(e->log, &args,
                      "%s cannot be used (%s); it was set aside as %s.bad, and the bond goes on "
                      "without being watched until it is created again.",
                      path, error != NULL ? error->message : "it is of another bond", path);
        bondd_state_set_aside(e->config->state_dir, name);
        bondd_bond_free(b);
        return;
    }
    if (dp_link_get_index(e->nl, b->core.ifindex, &link) < 0 ||
        !is_our_pair(e, &link, b->peer_ifindex)) {
        bury(b);
        return;
    }
    if (!take_over(b, &link, &error)) {
        bondd_warning("%s", error->message);
        bondd_bond_free(b);
    }
}

/* Status files of bonds that are no more; pins likewise. A bond that could not be taken over keeps
 * its pins as long as its link is there: traffic goes on. */
static void
sweep(struct bondd_engine *e)
{
    g_autoptr(GPtrArray) keep = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) dir = g_dir_open(e->config->run_dir, 0, NULL);
    g_autoptr(GDir) pins = g_dir_open(e->config->pin_dir, 0, NULL);
    struct dp_link link;
    const char *name;

    while (pins != NULL && (name = g_dir_read_name(pins)) != NULL) {
        if (bondd_engine_find(e, name) != NULL ||
            (dp_link_get(e->nl, name, &link) == 0 && strcmp(link.kind, "veth") == 0))
            g_ptr_array_add(keep, g_strdup(name));
    }
    dp_bpf_sweep(e->config->pin_dir, (const char *const *) keep->pdata, keep->len);
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(e->config->run_dir, name, NULL);

        if (bondd_engine_find(e, name) == NULL)
            unlink(path);
    }
}

/* A pair that a bondd was making when it was killed: without saved state, also without a damaged
 * one, and never up, because nobody was told of it. Or the peer of a hidden bond that is no more. */
struct halves {
    struct bondd_engine *engine;
    GArray *links; /* of struct dp_link */
};

static void
collect_half(const struct dp_link *link, void *data)
{
    struct halves *h = data;
    g_autofree char *bad =
        g_strconcat(h->engine->config->state_dir, "/", link->name, SUFFIX ".bad", NULL);
    int bond = dp_link_bond_of_side(link->name);

    if (strcmp(link->kind, "veth") != 0 || access(bad, F_OK) == 0 ||
        bondd_engine_by_ifindex(h->engine, link->ifindex) != NULL)
        return;
    if (bond != 0 ? dp_monitor_link(h->engine->monitor, bond) == NULL
                  : !(link->flags & IFF_UP) && !g_str_has_prefix(link->name, DP_PEER_PREFIX) &&
                        dp_link_peer_of(h->engine->nl, link) > 0)
        g_array_append_val(h->links, *link);
}

static void
sweep_halves(struct bondd_engine *e)
{
    g_autoptr(GArray) links = g_array_new(FALSE, FALSE, sizeof(struct dp_link));
    struct halves h = {e, links};

    dp_monitor_foreach_link(e->monitor, collect_half, &h);
    for (guint i = 0; i < links->len; i++) {
        const struct dp_link *link = &g_array_index(links, struct dp_link, i);
        g_autofree char *state = g_strconcat(e->config->state_dir, "/", link->name, SUFFIX, NULL);

        if (dp_link_bond_of_side(link->name) != 0)
            dp_link_delete(e->nl, link->ifindex);
        else if (access(state, F_OK) < 0) /* else: it could not be taken over, and is left alone */
            bondd_takeover_clear_orphan(e, link);
    }
}

static gint
by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

void
bondd_takeover_all(struct bondd_engine *e)
{
    g_autoptr(GDir) dir = g_dir_open(e->config->state_dir, 0, NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const char *file;

    while (dir != NULL && (file = g_dir_read_name(dir)) != NULL) {
        if (g_str_has_suffix(file, SUFFIX) && file[0] != '\0')
            g_ptr_array_add(names, g_strndup(file, strlen(file) - strlen(SUFFIX)));
    }
    g_ptr_array_sort(names, by_name);
    for (guint i = 0; i < names->len; i++)
        load(e, names->pdata[i]);
    sweep_halves(e);
    sweep(e);
}

/* Orphans ------------------------------------------------------------------------------------ */

struct orphan {
    char alias[128];
    GArray *ports; /* of struct dp_link */
};

static void
collect_port(const struct dp_link *link, void *data)
{
    struct orphan *o = data;

    if (strcmp(link->alias, o->alias) == 0)
        g_array_append_val(o->ports, *link);
}

void
bondd_takeover_clear_orphan(struct bondd_engine *e, const struct dp_link *link)
{
    static const uint8_t no_mac[BOND_MAC_LEN];
    g_autoptr(GArray) ports = g_array_new(FALSE, FALSE, sizeof(struct dp_link));
    struct orphan o = {.ports = ports};
    struct dp_bpf *bpf = NULL;
    int peer = dp_link_peer_of(e->nl, link);
    char text[256];

    g_snprintf(o.alias, sizeof(o.alias), BONDD_PORT_ALIAS_PREFIX "%s", link->name);
    dp_link_foreach(e->nl, collect_port, &o);
    if (dp_bpf_open(&bpf, e->config->pin_dir, link->name, link->ifindex, MAX(peer, 0), text,
                    sizeof(text)) < 0)
        bpf = NULL;
    for (guint i = 0; i < ports->len; i++) {
        const struct dp_link *port = &g_array_index(ports, struct dp_link, i);

        if (bpf != NULL)
            dp_bpf_detach_port(bpf, port->ifindex);
        if (memcmp(port->perm_mac, no_mac, BOND_MAC_LEN) != 0)
            dp_link_set_mac(e->nl, port->ifindex, port->perm_mac);
        dp_link_set_flags(e->nl, port->ifindex, 0, IFF_ALLMULTI | IFF_PROMISC);
        dp_link_set_alias(e->nl, port->ifindex, "");
        dp_sysctl6_set(port->name, "disable_ipv6", 0);
    }
    if (bpf != NULL)
        dp_bpf_close(bpf, true);
    dp_link_delete_bond(e->nl, link->ifindex, peer);
    bondd_warning("%s: a link without saved state was removed; its %u ports got back what is known",
                  link->name, ports->len);
}
