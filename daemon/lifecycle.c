/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lifecycle.c - the beginning and the end of a bond. What takes long is done by the worker; until
 * it is done the name is taken, and the engine does not know the bond yet, or any more.
 *
 * Killed in between, a bond that was begun is a pair without saved state, and one that was ended is
 * a bond without ports: takeover.c clears up.
 */
#include "daemon/bond.h"

#include <errno.h>
#include <string.h>

#include "daemon/error.h"
#include "daemon/notes.h"
#include "daemon/parted.h"
#include "daemon/state.h"
#include "daemon/status.h"
#include "daemon/worker.h"

/* Beginning ---------------------------------------------------------------------------------- */

struct birth {
    struct bondd_engine *engine;
    struct bondd_new_bond what;
    bondd_created_cb done;
    void *data;

    /* what the worker brings */
    int ifindex, peer_ifindex;
    bool hidden;
    int inside[2];
    struct dp_bpf *bpf;
    GError *error;
};

/* What was made of the bond goes again. */
static void
unmake(struct birth *w, struct dp_nl *nl)
{
    if (w->bpf != NULL)
        dp_bpf_close(w->bpf, true);
    w->bpf = NULL;
    dp_link_delete_bond(nl, w->ifindex, w->peer_ifindex);
}

static bool
open_path(struct birth *w)
{
    char text[256] = "";
    int r = dp_bpf_open(&w->bpf, w->engine->config->pin_dir, w->what.name, w->ifindex,
                        w->peer_ifindex, text, sizeof(text));

    if (r == 0)
        return true;
    w->bpf = NULL;
    g_set_error(&w->error, BONDD_ERROR, BONDD_ERROR_FAILED,
                "The packet path of bond \"%s\" could not be set up. %s", w->what.name,
                text[0] != '\0' ? text : g_strerror(-r));
    return false;
}

/* The pair is there; its second end becomes inner[0]. The programs are put on while the devices are
 * still in this namespace. 0 or a negative errno, also with w->error set. */
static int
hide(struct birth *w, struct dp_nl *nl)
{
    int inner[2] = {w->peer_ifindex};
    int r = dp_link_create_side(nl, w->ifindex, &w->peer_ifindex, &inner[1]);

    if (r < 0) {
        w->peer_ifindex = inner[0];
        return r;
    }
    w->hidden = true;
    if (!open_path(w))
        return -EIO;
    r = dp_bpf_put_inside(w->bpf, inner);
    if (r == 0)
        r = dp_hidden_take(w->engine->hidden, w->ifindex, inner);
    if (r == 0)
        r = dp_hidden_find(w->engine->hidden, w->ifindex, w->inside);
    return r == 0 ? dp_bpf_set_inside(w->bpf, w->inside) : r;
}

static bool
make_pair(struct birth *w, struct dp_nl *nl)
{
    const char *name = w->what.name;
    int r = dp_link_create_pair(nl, name, w->what.has_mac ? w->what.mac : NULL, &w->ifindex,
                                &w->peer_ifindex);

    if (r == -EEXIST)
        g_set_error(&w->error, BONDD_ERROR, BONDD_ERROR_BAD_NAME,
                    "Bond \"%s\" cannot be created: a link of that name exists already.", name);
    else if (r < 0)
        bondd_error_from_errno(&w->error, r, "Creating the link of bond \"%s\"", name);
    return r == 0;
}

/* Hidden where that is possible; if it is not after all, the bond is made anew as all others are. */
static void
make(struct birth *w, struct dp_nl *nl)
{
    int r;

    if (!make_pair(w, nl))
        return;
    if (w->engine->hidden != NULL && dp_bpf_can_hide()) {
        r = hide(w, nl);
        if (r == 0)
            return;
        bondd_warning("%s: receives by the ingress of its device, for it could not be hidden: %s",
                      w->what.name, w->error != NULL ? w->error->message : g_strerror(-r));
        g_clear_error(&w->error);
        unmake(w, nl);
        w->hidden = false;
        if (!make_pair(w, nl))
            return;
    }
    if (!open_path(w))
        unmake(w, nl);
}

static void
birth_work(void *data)
{
    struct birth *w = data;
    struct dp_nl *nl;
    int r = dp_nl_open(&nl);

    if (r < 0) {
        bondd_error_from_errno(&w->error, r, "Opening netlink");
        return;
    }
    make(w, nl);
    dp_nl_close(nl);
}

static struct bondd_bond *
bond_of(struct birth *w, const struct dp_link *link)
{
    struct bondd_bond *b = bondd_bond_alloc(w->engine);
    struct bond_event ev = {.type = BOND_EV_BOND_LINK};
    struct bond core;

    b->bpf = w->bpf;
    b->peer_ifindex = w->peer_ifindex;
    b->hidden = w->hidden;
    b->inside = w->inside[0];
    b->id = w->engine->next_id++;
    bond_init(&core, w->what.name, w->ifindex, &w->what.options);
    bond_copy(&b->core, &core);
    b->core.drain_ms = w->what.drain_ms;
    b->core.hash_seed = g_random_int();
    g_strlcpy(b->dev_name, link->name, sizeof(b->dev_name));
    b->mtu = link->mtu;
    memcpy(b->dev_mac, link->mac, BOND_MAC_LEN);
    bondd_engine_add(w->engine, b);
    ev.u.bond_link.admin_up = (link->flags & IFF_UP) != 0;
    ev.u.bond_link.mac_given = w->what.has_mac;
    memcpy(ev.u.bond_link.mac, link->mac, BOND_MAC_LEN);
    bondd_bond_step(b, &ev, NULL);
    bondd_bond_publish(b);
    bondd_bond_save(b);
    bondd_note(b, "bond-created", NULL, "", BOND_SAY_BOND_CREATED, b->core.name,
               bond_mode_name((enum bond_mode) b->core.opt.num[BOND_OPT_MODE]));
    return b;
}

static void
birth_done(void *data)
{
    struct birth *w = data;
    struct bondd_bond *b = NULL;
    struct dp_link link;
    int r;

    bondd_engine_set_busy(w->engine, w->what.name, NULL);
    if (w->error == NULL) {
        r = dp_link_get_index(w->engine->nl, w->ifindex, &link);
        if (r == 0) {
            b = bond_of(w, &link);
        } else {
            bondd_error_from_errno(&w->error, r, "The link of bond \"%s\" has gone again",
                                   w->what.name);
            dp_bpf_close(w->bpf, true);
        }
    }
    w->done(b, w->error, w->data);
    g_clear_error(&w->error);
    g_free(w);
}

void
bondd_bond_create(struct bondd_engine *e, const struct bondd_new_bond *what, bondd_created_cb done,
                  void *data)
{
    struct birth *w = g_new0(struct birth, 1);

    *w = (struct birth){.engine = e, .what = *what, .done = done, .data = data};
    bondd_engine_set_busy(e, what->name, "being created");
    bondd_worker_run(birth_work, birth_done, w);
}

/* End ---------------------------------------------------------------------------------------- */

struct death {
    struct bondd_bond *bond;
    bool link_is_gone;
    bondd_destroyed_cb done;
    void *data;
};

static void
death_work(void *data)
{
    struct death *w = data;
    struct dp_nl *nl;

    dp_bpf_close(w->bond->bpf, true);
    w->bond->bpf = NULL;
    if ((w->bond->hidden || !w->link_is_gone) && dp_nl_open(&nl) == 0) {
        dp_link_delete_bond(nl, w->bond->core.ifindex, w->bond->peer_ifindex);
        dp_nl_close(nl);
    }
}

static void
death_done(void *data)
{
    struct death *w = data;
    struct bondd_engine *e = w->bond->engine;

    bondd_state_remove(e->config->state_dir, w->bond->core.name);
    bondd_engine_set_busy(e, w->bond->core.name, NULL);
    bondd_bond_free(w->bond);
    if (w->done != NULL)
        w->done(w->data);
    g_free(w);
}

static void
let_port_go(struct bondd_bond *b, int slot)
{
    struct bond_event ev = {.type = BOND_EV_PORT_DETACH, .slot = slot, .u.detach.hard = true};

    if (slot != BOND_NO_PORT && b->core.port[slot].phase != BOND_PHASE_FREE)
        bondd_bond_step(b, &ev, NULL);
}

/* The active port at last: another one in its place would be announced for every address above. */
static void
let_ports_go(struct bondd_bond *b)
{
    for (int i = 0; i < (int) BOND_MAX_PORTS; i++) {
        if (i != b->core.active)
            let_port_go(b, i);
    }
    let_port_go(b, b->core.active);
    for (guint i = 0; i < G_N_ELEMENTS(b->port); i++) {
        if (b->port[i].in_use)
            bondd_port_restore(&b->port[i], b->engine->nl, b->bpf);
    }
    bondd_parted_review(b, true);
}

void
bondd_bond_destroy(struct bondd_bond *b, bool link_is_gone, bondd_destroyed_cb done, void *data)
{
    struct bondd_engine *e = b->engine;
    struct death *w = g_new0(struct death, 1);

    let_ports_go(b);
    bondd_bond_save(b);
    bondd_status_remove(b);
    bondd_note(b, "bond-deleted", NULL, link_is_gone ? BOND_WHY_LINK_GONE : BOND_WHY_ASKED, "%s",
               link_is_gone ? BOND_SAY_LINK_DELETED : BOND_SAY_BOND_DELETED);
    bondd_engine_remove(e, b);
    bondd_engine_set_busy(e, b->core.name, "being deleted");
    *w = (struct death){b, link_is_gone, done, data};
    if (link_is_gone) { /* what is left takes no time */
        death_work(w);
        death_done(w);
    } else {
        bondd_worker_run(death_work, death_done, w);
    }
}
