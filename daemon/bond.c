/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bond.c - steps a bond. What core says is carried out in core's order, the
 * network first: publishing, addresses and announcements come before logs, files and D-Bus.
 */
#include "daemon/bond.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "daemon/announce.h"
#include "daemon/bfd.h"
#include "daemon/error.h"
#include "daemon/frames.h"
#include "daemon/notes.h"
#include "daemon/parted.h"
#include "daemon/probe.h"
#include "daemon/state.h"
#include "daemon/switchside.h"
#include "daemon/wake.h"

/* Straight from the kernel, which gives a page when it is first written to: a bond has room for 32
 * ports and 256 clients, and most have two and none. */
struct bondd_bond *
bondd_bond_alloc(struct bondd_engine *e)
{
    struct bondd_bond *b =
        mmap(NULL, sizeof(*b), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (b == MAP_FAILED)
        g_error("There is no memory for a bond");
    b->engine = e;
    b->next_port_id = 1;
    b->next_ns = BOND_NEVER;
    b->real_minus_mono_us = g_get_real_time() - (int64_t) (bondd_now_ns() / 1000);
    b->parted = g_array_new(FALSE, FALSE, sizeof(struct bondd_parted));
    return b;
}

void
bondd_bond_free(struct bondd_bond *b)
{
    if (b == NULL)
        return;
    bondd_frames_close(b);
    bondd_bond_unsee(b);
    bondd_wake_stop(b);
    bondd_probe_free(b);
    g_free(b->load_told);
    bondd_bfd_free(b);
    bondd_announce_forget(b);
    bondd_switchside_close(b);
    if (b->bpf != NULL)
        dp_bpf_close(b->bpf, false);
    g_array_unref(b->parted);
    munmap(b, sizeof(*b));
}

/* The step ---------------------------------------------------------------------------------- */

void
bondd_bond_publish(struct bondd_bond *b)
{
    struct bond_table t;
    int r;

    bond_table_build(&b->core, &t);
    b->features_stale |= bond_max_segments(&b->core) != b->max_segments;
    if (b->via_peer || b->engine->config->device_counters)
        t.flags |= BOND_TABLE_F_VIA_PEER;
    if (b->engine->config->device_counters)
        t.flags |= BOND_TABLE_F_RX_VIA_PEER;
    r = dp_bpf_publish(b->bpf, &t);
    if (r < 0)
        bondd_warning("%s: publishing the packet table failed: %s", b->core.name, g_strerror(-r));
}

static void
set_bond_mac(struct bondd_bond *b, const uint8_t mac[BOND_MAC_LEN])
{
    int r;

    if (memcmp(b->dev_mac, mac, BOND_MAC_LEN) == 0)
        return;
    r = dp_link_set_mac(b->engine->nl, b->core.ifindex, mac);
    if (r == 0)
        memcpy(b->dev_mac, mac, BOND_MAC_LEN);
    else
        bondd_warning("%s: setting its MAC address failed: %s", b->core.name, g_strerror(-r));
}

static void
set_port_mac(struct bondd_bond *b, int slot, const uint8_t mac[BOND_MAC_LEN])
{
    struct bondd_port *p = &b->port[slot];
    bool is_alb = b->core.opt.num[BOND_OPT_MODE] == BOND_MODE_BALANCE_ALB;
    const uint8_t *known_by = is_alb ? b->core.port[slot].client_mac : b->core.mac;
    int r;

    /* Still takes frames for the address by which it is known when it gets its own back: no gap. */
    if (b->core.port[slot].phase == BOND_PHASE_LINGERING &&
        memcmp(mac, known_by, BOND_MAC_LEN) != 0)
        bondd_port_linger(p, b->engine->nl, known_by);
    r = bondd_port_set_mac(p, b->engine->nl, mac);
    b->ports_changed = true;
    if (r < 0 && r != -ENODEV) {
        b->mac_error = r;
        g_snprintf(p->trouble, sizeof(p->trouble), BOND_WARN_MAC_NOT_SET, p->name, g_strerror(-r));
    }
}

/* The slot is free for core already. The record goes to the file first: killed in between, the
 * next bondd finishes. */
static void
release(struct bondd_bond *b, int slot)
{
    struct bondd_port *p = &b->port[slot];

    if (!p->in_use)
        return;
    b->ports_changed = true;
    bondd_bond_save(b);
    bondd_engine_unmap(b->engine, p->ifindex);
    bondd_parted_keep(b, p);
    bondd_port_restore(p, b->engine->nl, b->bpf);
    b->ports_changed = b->features_stale = true;
}

static void
carry_out(struct bondd_bond *b, const struct bond_actions *acts, const struct bond_action *a)
{
    switch (a->type) {
    case BOND_ACT_PUBLISH:
        bondd_bond_publish(b);
        break;
    case BOND_ACT_CARRIER:
        bondd_bond_show_carrier(b);
        break;
    case BOND_ACT_BOND_MAC:
        set_bond_mac(b, a->mac);
        break;
    case BOND_ACT_PORT_MAC:
        set_port_mac(b, a->slot, a->mac);
        break;
    case BOND_ACT_ANNOUNCE:
        bondd_announce(b);
        break;
    case BOND_ACT_RESEND_IGMP:
        bondd_announce_groups(b);
        break;
    case BOND_ACT_SEND:
        bondd_frames_send(b, a->slot, &acts->frame[a->index]);
        break;
    case BOND_ACT_BFD:
        bondd_bfd_send(b, a->slot, &acts->frame[a->index]);
        break;
    case BOND_ACT_LEARN:
        bondd_frames_learn(b, a);
        break;
    case BOND_ACT_PROBE:
        bondd_probe_send(b, a->slot);
        break;
    case BOND_ACT_PORT_RELEASE:
        release(b, a->slot);
        break;
    case BOND_ACT_NOTE:
        break; /* afterwards */
    }
}

/* A port that came in has its slot now; one that came back need not linger any more. */
static void
settle_ports(struct bondd_bond *b)
{
    for (guint i = 0; i < BOND_MAX_PORTS; i++) {
        if (b->port[i].uc_set && b->core.port[i].phase == BOND_PHASE_MEMBER) {
            bondd_port_unlinger(&b->port[i], b->engine->nl);
            b->ports_changed = true;
        }
    }
    if (b->parted->len > 0)
        bondd_parted_review(b, false);
}

static void
take_slot(struct bondd_bond *b, int slot)
{
    struct bondd_port *coming = &b->port[BONDD_PORT_COMING];

    if (!coming->in_use)
        return;
    b->port[slot] = *coming;
    memset(coming, 0, sizeof(*coming));
    b->port[slot].since_turn = b->engine->turns;
    b->ports_changed = true;
    dp_bpf_counters_reset(b->bpf, (unsigned) slot);
    bondd_engine_map(b->engine, b->port[slot].ifindex, b);
    bondd_engine_look_closely(b->engine, b);
}

/* A look that found nothing new, or a LACPDU that said nothing new, leaves files and D-Bus alone.
 */
static bool
is_news(struct bondd_bond *b)
{
    return b->ports_changed || b->saved != bond_digest(&b->core);
}

/* With the last of these, a switch-over is done as far as we can do it. */
static bool
moves_traffic(enum bond_action_type type)
{
    return type == BOND_ACT_PUBLISH || type == BOND_ACT_CARRIER || type == BOND_ACT_BOND_MAC ||
           type == BOND_ACT_ANNOUNCE;
}

/* Looks of all bonds fall on the same ticks of the clock, so that a hundred bonds wake the machine
 * as often as one does. Never later than core asked for. */
static void
align_look(struct bondd_bond *b, uint64_t now)
{
    uint64_t period = b->core.opt.num[BOND_OPT_MIIMON] * BOND_NSEC_PER_MSEC;
    uint64_t at = b->core.poll_at_ns;

    if (period == 0 || at == BOND_NEVER || at - at % period <= now)
        return;
    b->core.poll_at_ns = at - at % period;
    b->next_ns = MIN(b->next_ns, b->core.poll_at_ns);
}

/* Frames say nothing of the bond, and what is published follows from the state. */
static bool
tells_something(const struct bond_actions *acts)
{
    for (uint32_t i = 0; i < acts->n; i++) {
        switch (acts->v[i].type) {
        case BOND_ACT_PUBLISH:
        case BOND_ACT_SEND:
        case BOND_ACT_BFD:
        case BOND_ACT_PROBE:
        case BOND_ACT_LEARN:
            break;
        case BOND_ACT_CARRIER:
        case BOND_ACT_BOND_MAC:
        case BOND_ACT_PORT_MAC:
        case BOND_ACT_ANNOUNCE:
        case BOND_ACT_RESEND_IGMP:
        case BOND_ACT_PORT_RELEASE:
        case BOND_ACT_NOTE:
            return true;
        }
    }
    return false;
}

/* At least 1: 0 is "not measured". */
static uint64_t
since_news_us(const struct bondd_bond *b, uint64_t now)
{
    return now > b->news_at_ns + 1000 ? (now - b->news_at_ns) / 1000 : 1;
}

int
bondd_bond_step(struct bondd_bond *b, const struct bond_event *ev, GError **error)
{
    struct bond_actions acts;
    struct bond_err err = {0};
    struct bondd_phases phases = {0};
    uint64_t now = bondd_now_ns(), took_us = 0;
    int r = bond_step(&b->core, ev, now, &acts, &err);

    if (r < 0) {
        if (err.kind == BOND_ERR_NONE && err.text[0] == '\0')
            err.code = r;
        bondd_error_from_core(error, &err);
        return r;
    }
    if (b->news_at_ns != 0) {
        phases.detected_us = since_news_us(b, now);
        phases.decided_us = since_news_us(b, bondd_now_ns());
    }
    b->next_ns = acts.next_ns;
    align_look(b, now);
    bondd_engine_due(b->engine, b);
    if (ev->type == BOND_EV_PORT_ATTACH)
        take_slot(b, r);
    bondd_frames_sync(b);
    for (uint32_t i = 0; i < acts.n; i++) {
        carry_out(b, &acts, &acts.v[i]);
        if (b->news_at_ns == 0 || !moves_traffic(acts.v[i].type))
            continue;
        took_us = since_news_us(b, bondd_now_ns());
        if (acts.v[i].type == BOND_ACT_PUBLISH)
            phases.switched_us = took_us;
        else if (acts.v[i].type == BOND_ACT_ANNOUNCE)
            phases.announced_us = took_us;
    }
    settle_ports(b);
    bondd_bond_sync_ports(b);
    for (uint32_t i = 0; i < acts.n; i++) {
        if (acts.v[i].type == BOND_ACT_NOTE)
            bondd_note_core(b, &acts.v[i], took_us, &phases);
    }
    if (tells_something(&acts) || is_news(b))
        bondd_engine_touch(b->engine, b);
    return r;
}

/* Files ------------------------------------------------------------------------------------- */

void
bondd_bond_save(struct bondd_bond *b)
{
    g_autoptr(GError) error = NULL;

    if (!is_news(b))
        return;
    if (!bondd_state_write(b->engine->config->state_dir, b, &error)) {
        bondd_warning("%s", error->message);
        return;
    }
    b->saved = bond_digest(&b->core);
    b->ports_changed = false;
}

/* Options ----------------------------------------------------------------------------------- */

static bool
has_port(const void *data, const char *ifname)
{
    const struct bondd_bond *b = data;
    int slot = bond_port_by_name(&b->core, ifname);

    return slot != BOND_NO_PORT && bond_slot_is_member(&b->core, slot);
}

bool
bondd_bond_set_options(struct bondd_bond *b, guint n, const char *const *names,
                       const char *const *values, bool replace, bool strict, bool check,
                       GError **error)
{
    int order[BOND_MAX_PORTS];
    struct bond_event ev = {.type = BOND_EV_OPTIONS};
    struct bond_err err = {0};
    struct bond_opt_ctx ctx = {
        .is_up = b->core.admin_up,
        .n_ports = bond_port_order(&b->core, false, order),
        .live = !strict,
        .has_port = has_port,
        .data = b,
    };

    ev.u.options = b->core.opt;
    if (bond_options_apply(&ev.u.options, n, names, values, replace, &ctx, &err) < 0) {
        bondd_error_from_core(error, &err);
        return false;
    }
    if (check)
        return true;
    bondd_probe_tell_traffic(b); /* it counts by the arp_validate under which it came in */
    return bondd_bond_step(b, &ev, error) >= 0;
}

bool
bondd_bond_set_active(struct bondd_bond *b, const char *ifname, GError **error)
{
    struct bond_event ev = {.type = BOND_EV_SET_ACTIVE, .slot = BOND_NO_PORT};

    if (ifname[0] != '\0') {
        ev.slot = bond_port_by_name(&b->core, ifname);
        if (ev.slot == BOND_NO_PORT) {
            g_set_error(error, BONDD_ERROR, BONDD_ERROR_NO_SUCH_PORT,
                        "\"%s\" is not a port of bond %s: only a port can be made the active one.",
                        ifname, b->core.name);
            return false;
        }
    }
    return bondd_bond_step(b, &ev, error) >= 0;
}
