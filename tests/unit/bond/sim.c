/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sim.c - see sim.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

#define MAX_WORDS 32

/* ---- the world ---- */

static void
carry_out(struct sim *s, const struct bond *b)
{
    struct sim_world *w = &s->world;

    for (uint32_t i = 0; i < s->out.n; i++) {
        const struct bond_action *a = &s->out.v[i];

        switch (a->type) {
        case BOND_ACT_PUBLISH:
            bond_table_build(b, &w->table);
            break;
        case BOND_ACT_CARRIER:
            w->carrier = a->on;
            break;
        case BOND_ACT_BOND_MAC:
            memcpy(w->bond_mac, a->mac, BOND_MAC_LEN);
            break;
        case BOND_ACT_PORT_MAC:
            memcpy(w->port_mac[a->slot], a->mac, BOND_MAC_LEN);
            break;
        case BOND_ACT_PORT_RELEASE:
            memset(w->port_mac[a->slot], 0, BOND_MAC_LEN);
            break;
        case BOND_ACT_ANNOUNCE:
        case BOND_ACT_RESEND_IGMP:
        case BOND_ACT_SEND:
        case BOND_ACT_BFD:
        case BOND_ACT_PROBE:
        case BOND_ACT_LEARN:
        case BOND_ACT_NOTE:
            break;
        }
    }
}

/* What the event itself says of the devices, before anything is decided. */
static void
observe(struct sim *s, const struct bond_event *ev, int rc)
{
    if (ev->type == BOND_EV_BOND_LINK)
        memcpy(s->world.bond_mac, ev->u.bond_link.mac, BOND_MAC_LEN);
    if (ev->type == BOND_EV_PORT_ATTACH)
        memcpy(s->world.port_mac[rc], ev->u.attach.mac, BOND_MAC_LEN);
    if (ev->type == BOND_EV_PORT_LINK)
        memcpy(s->world.port_mac[ev->slot], ev->u.port_link.mac, BOND_MAC_LEN);
}

static void
check_world(struct sim *s)
{
    struct bond_table table;

    bond_table_build(&s->b, &table);
    if (memcmp(&table, &s->world.table, sizeof(table)) != 0)
        fail_msg("the packet table changed and was not published");
    if (s->world.carrier != s->b.carrier)
        fail_msg("the carrier changed and was not set");
    if (s->b.mac_is_set && memcmp(s->world.bond_mac, s->b.mac, BOND_MAC_LEN) != 0)
        fail_msg("the bond's address changed and was not set");
    for (int i = 0; i < (int) BOND_MAX_PORTS; i++)
        if (s->b.port[i].phase != BOND_PHASE_FREE &&
            memcmp(s->world.port_mac[i], s->b.port[i].mac, BOND_MAC_LEN) != 0)
            fail_msg("the address of %s changed and was not set", s->b.port[i].name);
}

/* ---- steps ---- */

/* What the twin, saved and loaded before the step, makes of the same event. */
static void
check_twin(const struct sim *s, struct bond *twin, const struct bond_event *ev, uint64_t now_ns,
           int rc)
{
    static char mine[65536], its[65536];
    static struct bond_actions out;
    int twin_rc = bond_step(twin, ev, now_ns, &out, NULL);

    assert_int_equal(twin_rc, rc);
    assert_int_equal(out.n, s->out.n);
    assert_true(out.next_ns == s->out.next_ns);
    assert_memory_equal(out.v, s->out.v, out.n * sizeof(out.v[0]));
    if (memcmp(twin, &s->b, sizeof(*twin)) == 0)
        return;
    bond_save(&s->b, mine, sizeof(mine));
    bond_save(twin, its, sizeof(its));
    assert_string_equal(mine, its);
    fail_msg("the twin is not the same, but saves the same text");
}

static void
make_twin(struct sim *s, struct bond *twin)
{
    static char text[65536];

    assert_true(bond_save(&s->b, text, sizeof(text)) < (int) sizeof(text));
    if (bond_load(twin, text, &s->err) != 0)
        fail_msg("what was saved cannot be loaded: %s\n%s", s->err.text, text);
}

/* Onto any other state: the one before. */
static void
check_copy(const struct sim *s, struct bond *was)
{
    bond_copy(was, &s->b);
    if (memcmp(was, &s->b, sizeof(*was)) != 0 || bond_digest(was) != bond_digest(&s->b))
        fail_msg("the copy is not the same");
}

static void
check_step(const struct sim *s, uint64_t now_ns, int rc)
{
    const char *broken = bond_check(&s->b);

    if (broken)
        fail_msg("at %llu ms: %s", (unsigned long long) (now_ns / BOND_NSEC_PER_MSEC), broken);
    if (s->out.n > SIM_MAX_ACTIONS)
        fail_msg("%u actions in one step", s->out.n);
    if (rc >= 0 && s->out.next_ns <= now_ns)
        fail_msg("the next deadline is not ahead");
    if (rc < 0 && (s->out.n > 0 || s->err.text[0] == '\0' || s->err.code != rc))
        fail_msg("refused with actions or without a sentence");
}

int
sim_step(struct sim *s, const struct bond_event *ev, uint64_t now_ns)
{
    struct bond was = s->b, twin;
    int rc;

    if (!s->without_twin)
        make_twin(s, &twin);
    memset(&s->out, 0, sizeof(s->out));
    rc = bond_step(&s->b, ev, now_ns, &s->out, &s->err);
    if (!s->without_twin)
        check_twin(s, &twin, ev, now_ns, rc);
    check_step(s, now_ns, rc);
    if (rc < 0 && memcmp(&s->b, &was, sizeof(was)) != 0)
        fail_msg("refused, but the state changed");
    if (rc >= 0) {
        observe(s, ev, rc);
        carry_out(s, &s->b);
        check_world(s);
    }
    check_copy(s, &was);
    return rc;
}

static void
apply_options(struct sim *s, struct bond_options *o, int n, char **words)
{
    const char *names[MAX_WORDS], *values[MAX_WORDS];
    struct bond_opt_ctx ctx = {.live = true};

    for (int i = 0; i < n; i++) {
        char *equals = strchr(words[i], '=');

        assert_non_null(equals);
        *equals = '\0';
        names[i] = words[i];
        values[i] = equals + 1;
    }
    if (bond_options_apply(o, (size_t) n, names, values, false, &ctx, &s->err) != 0)
        fail_msg("options: %s", s->err.text);
}

static int
split(const char *text, char *copy, size_t size, char **words)
{
    int n = 0;

    assert_true(strlen(text) < size);
    strcpy(copy, text);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " ")) {
        assert_true(n < MAX_WORDS);
        words[n++] = word;
    }
    return n;
}

void
sim_init(struct sim *s, const char *options)
{
    char copy[1024], *words[MAX_WORDS];
    struct bond_options o;
    int n = split(options, copy, sizeof(copy), words);
    struct bond_event up = {.type = BOND_EV_BOND_LINK};

    memset(s, 0, sizeof(*s));
    bond_options_init(&o, BOND_MODE_BALANCE_RR);
    apply_options(s, &o, n, words);
    bond_init(&s->b, "bond0", 99, &o);
    bond_table_build(&s->b, &s->world.table);
    up.u.bond_link.admin_up = true;
    memcpy(up.u.bond_link.mac, (uint8_t[]){2, 0, 0, 0, 0, 0xbb}, BOND_MAC_LEN);
    sim_step(s, &up, 0);
}

/* ---- words in ---- */

static int
number_of(const char *name)
{
    return atoi(name + strcspn(name, "0123456789"));
}

static void
attach(struct bond_event *ev, int n, char **words)
{
    int number = number_of(words[1]);

    ev->type = BOND_EV_PORT_ATTACH;
    ev->u.attach.ifindex = number + 1;
    strncpy(ev->u.attach.name, words[1], BOND_NAME_SIZE - 1);
    memcpy(ev->u.attach.mac, (uint8_t[]){2, 0, 0, 0, 0, (uint8_t) (number + 1)}, BOND_MAC_LEN);
    ev->u.attach.admin_up = ev->u.attach.carrier = true;
    ev->u.attach.speed_mbps = 1000;
    ev->u.attach.duplex = BOND_DUPLEX_FULL;
    for (int i = 2; i < n; i++) {
        if (strcmp(words[i], "nocarrier") == 0)
            ev->u.attach.carrier = false;
        else if (strcmp(words[i], "down") == 0)
            ev->u.attach.admin_up = ev->u.attach.carrier = false;
        else if (sscanf(words[i], "prio=%d", &ev->u.attach.prio) != 1 &&
                 sscanf(words[i], "queue=%hu", &ev->u.attach.queue_id) != 1 &&
                 sscanf(words[i], "delay=%u", &ev->u.attach.rr_delay_us) != 1 &&
                 sscanf(words[i], "speed=%d", &ev->u.attach.speed_mbps) != 1 &&
                 sscanf(words[i], "mac=%hhx", &ev->u.attach.mac[5]) != 1)
            fail_msg("attach: what is %s?", words[i]);
    }
}

/* The port's device as it is, so that a test need only say what changes. A device keeps its
 * address when it leaves a bond, so an attach of a leaving port reports the one it has. */
static void
report(struct sim *s, struct bond_event *ev)
{
    const struct bond_port *p = &s->b.port[ev->slot];

    ev->type = BOND_EV_PORT_LINK;
    ev->u.port_link.admin_up = p->admin_up;
    ev->u.port_link.carrier = p->carrier;
    ev->u.port_link.speed_mbps = p->speed_mbps;
    ev->u.port_link.duplex = p->duplex;
    memcpy(ev->u.port_link.mac, p->mac, BOND_MAC_LEN);
    memcpy(ev->u.port_link.name, p->name, BOND_NAME_SIZE);
}

static void
bond_words(struct sim *s, struct bond_event *ev, char **words)
{
    ev->type = BOND_EV_BOND_LINK;
    ev->u.bond_link.admin_up = s->b.admin_up;
    ev->u.bond_link.bridged = s->b.bridged;
    memcpy(ev->u.bond_link.mac, s->world.bond_mac, BOND_MAC_LEN);
    if (strcmp(words[1], "bridged") == 0 || strcmp(words[1], "free") == 0)
        ev->u.bond_link.bridged = words[1][0] == 'b';
    else if (strcmp(words[1], "mac") == 0) {
        ev->u.bond_link.mac_given = true;
        ev->u.bond_link.mac[5] = (uint8_t) strtoul(words[2], NULL, 16);
    } else {
        ev->u.bond_link.admin_up = strcmp(words[1], "up") == 0;
    }
}

void
sim_arp(uint8_t f[60], bool is_request, uint8_t from, uint8_t to, uint8_t mac)
{
    static const uint8_t head[] = {8, 6, 0, 1, 8, 0, 6, 4, 0};

    memset(f, 0, 60);
    memcpy(f + 6, (uint8_t[]){2, 0, 0, 0, 0, 0xbb}, BOND_MAC_LEN);
    memcpy(f + 22, f + 6, BOND_MAC_LEN);
    memcpy(f + 12, head, sizeof(head));
    f[21] = is_request ? 1 : 2;
    memcpy(f + 28, (uint8_t[]){10, 0, 0, from}, 4);
    memcpy(f + 38, (uint8_t[]){10, 0, 0, to}, 4);
    if (is_request)
        memset(f, 0xff, BOND_MAC_LEN);
    else
        memcpy(f + 32, memcpy(f, (uint8_t[]){2, 0, 0, 0, 0, mac}, BOND_MAC_LEN), BOND_MAC_LEN);
}

static void
arp_words(struct sim *s, struct bond_event *ev, int n, char **words)
{
    static uint8_t f[60];
    bool heard = strncmp(words[0], "hear", 4) == 0;
    bool asks = strcmp(words[0], "ask") == 0 || strcmp(words[0], "hear?") == 0;
    char **a = words + (heard ? 2 : 1);
    uint8_t mac = n > (heard ? 4 : 3) ? (uint8_t) strtoul(a[2], NULL, 16) : 0;

    sim_arp(f, asks, (uint8_t) atoi(a[0]), (uint8_t) atoi(a[1]), mac);
    if (heard) {
        memset(f + 32, 0, BOND_MAC_LEN);
        f[11] = f[27] = mac;
    } else {
        memcpy(f + 6, s->b.mac, BOND_MAC_LEN);
        memcpy(f + 22, s->b.mac, BOND_MAC_LEN);
    }
    ev->type = BOND_EV_FRAME;
    ev->slot = heard ? bond_port_by_name(&s->b, words[1]) : BOND_NO_PORT;
    ev->u.frame.data = f;
    ev->u.frame.len = sizeof(f);
}

static void
port_words(struct sim *s, struct bond_event *ev, int n, char **words)
{
    const char *verb = words[0], *arg = n > 2 ? words[2] : "";

    ev->slot = bond_port_by_name(&s->b, words[1]);
    if (strcmp(verb, "detach") == 0) {
        ev->type = BOND_EV_PORT_DETACH;
        ev->u.detach.hard = strcmp(arg, "hard") == 0;
    } else if (strcmp(verb, "gone") == 0) {
        ev->type = BOND_EV_PORT_GONE;
    } else if (strcmp(verb, "claim") == 0) {
        ev->type = BOND_EV_PORT_CLAIMED;
    } else if (strcmp(verb, "active") == 0) {
        ev->type = BOND_EV_SET_ACTIVE;
    } else if (ev->slot == BOND_NO_PORT) {
        fail_msg("%s %s: there is no such port", verb, words[1]);
    } else if (strcmp(verb, "prio") == 0 || strcmp(verb, "queue") == 0 ||
               strcmp(verb, "delay") == 0) {
        const struct bond_port *p = &s->b.port[ev->slot];

        ev->type = BOND_EV_PORT_OPTIONS;
        ev->u.port_options.prio = verb[0] == 'p' ? atoi(arg) : p->prio;
        ev->u.port_options.queue_id = verb[0] == 'q' ? (uint16_t) atoi(arg) : p->queue_id;
        ev->u.port_options.rr_delay_us = verb[0] == 'd' ? (uint32_t) atoi(arg) : p->rr_delay_us;
    } else {
        report(s, ev);
        if (strcmp(verb, "carrier") == 0)
            ev->u.port_link.carrier = strcmp(arg, "on") == 0;
        else if (strcmp(verb, "admin") == 0)
            ev->u.port_link.admin_up = strcmp(arg, "up") == 0;
        else if (strcmp(verb, "speed") == 0)
            ev->u.port_link.speed_mbps = atoi(arg);
        else if (strcmp(verb, "rename") == 0)
            snprintf(ev->u.port_link.name, BOND_NAME_SIZE, "%s", arg);
        else
            fail_msg("what is %s?", verb);
    }
}

int
sim_do(struct sim *s, uint64_t t_ms, const char *text)
{
    char copy[1024], *words[MAX_WORDS];
    int n = split(text, copy, sizeof(copy), words);
    struct bond_event ev = {.slot = BOND_NO_PORT};

    if (strcmp(words[0], "tick") == 0) {
        ev.type = BOND_EV_TICK;
    } else if (strcmp(words[0], "set") == 0) {
        ev.type = BOND_EV_OPTIONS;
        ev.u.options = s->b.opt;
        apply_options(s, &ev.u.options, n - 1, words + 1);
    } else if (strcmp(words[0], "attach") == 0) {
        int slot;

        attach(&ev, n, words);
        slot = bond_port_by_ifindex(&s->b, ev.u.attach.ifindex);
        if (slot != BOND_NO_PORT)
            memcpy(ev.u.attach.mac, s->b.port[slot].mac, BOND_MAC_LEN);
    } else if (strcmp(words[0], "bond") == 0) {
        bond_words(s, &ev, words);
    } else if (words[0][0] == 'h' || strcmp(words[0], "ask") == 0 ||
               strcmp(words[0], "answer") == 0) {
        arp_words(s, &ev, n, words);
    } else {
        port_words(s, &ev, n, words);
    }
    return sim_step(s, &ev, t_ms * BOND_NSEC_PER_MSEC);
}

/* ---- words out ---- */

static void __attribute__((format(printf, 2, 3))) say(struct sim *s, const char *fmt, ...)
{
    size_t used = strlen(s->text);
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(s->text + used, sizeof(s->text) - used, fmt, ap);
    va_end(ap);
}

static const char *
name_of(const struct sim *s, int slot)
{
    static char buf[2][BOND_NAME_SIZE];
    static int turn;

    if (slot == BOND_NO_PORT)
        return "none";
    if (s->b.port[slot].phase != BOND_PHASE_FREE)
        return s->b.port[slot].name;
    turn = !turn;
    snprintf(buf[turn], sizeof(buf[turn]), "slot%d", slot);
    return buf[turn];
}

static void
say_frame(struct sim *s, int slot, const struct bond_frame_out *f)
{
    if (f->data[12] == 8 && f->data[13] == 6)
        say(s, "tell %s .%u is %02x at %02x", name_of(s, slot), f->data[41], f->data[27],
            f->data[5]);
    else
        say(s, "send %s", name_of(s, slot));
    if (f->vlan_id)
        say(s, " in %u", f->vlan_id);
}

/* "bfd eth0 init p to 42": its state, poll or final, and the last byte of whom it is sent to. */
static void
say_bfd(struct sim *s, int slot, const uint8_t *data)
{
    const uint8_t *p = data + BOND_MAC_LEN;

    say(s, "bfd %s %s%s%s to %02x", name_of(s, slot),
        bond_bfd_state_name((enum bond_bfd_state)(p[1] >> 6)), p[1] & 0x20 ? " p" : "",
        p[1] & 0x10 ? " f" : "", data[5]);
}

const char *
sim_effects(struct sim *s)
{
    const char *sep = "";

    s->text[0] = '\0';
    for (uint32_t i = 0; i < s->out.n; i++) {
        const struct bond_action *a = &s->out.v[i];

        if (a->type == BOND_ACT_NOTE)
            continue;
        say(s, "%s", sep);
        sep = ", ";
        switch (a->type) {
        case BOND_ACT_PUBLISH:
            say(s, "publish");
            break;
        case BOND_ACT_CARRIER:
            say(s, "carrier %s", a->on ? "on" : "off");
            break;
        case BOND_ACT_BOND_MAC:
            say(s, "bond-mac %02x", a->mac[5]);
            break;
        case BOND_ACT_PORT_MAC:
            say(s, "%s.mac %02x", name_of(s, a->slot), a->mac[5]);
            break;
        case BOND_ACT_ANNOUNCE:
            say(s, "announce");
            break;
        case BOND_ACT_RESEND_IGMP:
            say(s, "igmp");
            break;
        case BOND_ACT_SEND:
            say_frame(s, a->slot, &s->out.frame[a->index]);
            break;
        case BOND_ACT_BFD:
            say_bfd(s, a->slot, s->out.frame[a->index].data);
            break;
        case BOND_ACT_PROBE:
            say(s, "probe %s", name_of(s, a->slot));
            break;
        case BOND_ACT_LEARN:
            say(s, "learn %s %02x%s", name_of(s, a->slot), a->mac[5], a->on ? "+" : "");
            break;
        case BOND_ACT_PORT_RELEASE:
            say(s, "release slot%d", a->slot);
            break;
        case BOND_ACT_NOTE:
            break;
        }
    }
    return s->text;
}

const char *
sim_notes(struct sim *s)
{
    const char *sep = "";

    s->text[0] = '\0';
    for (uint32_t i = 0; i < s->out.n; i++) {
        const struct bond_action *a = &s->out.v[i];

        if (a->type != BOND_ACT_NOTE)
            continue;
        say(s, "%s%s", sep, bond_note_name(a->note));
        if (a->note == BOND_NOTE_ACTIVE_CHANGED)
            say(s, " %s -> %s", name_of(s, a->other), name_of(s, a->slot));
        else if (a->slot != BOND_NO_PORT)
            say(s, " %s", name_of(s, a->slot));
        say(s, ": %s", bond_reason_text(a->reason));
        sep = "; ";
    }
    return s->text;
}

const char *
sim_state(struct sim *s)
{
    int order[BOND_MAX_PORTS];
    uint32_t n = bond_port_order(&s->b, true, order);
    struct bond_table t;

    s->text[0] = '\0';
    say(s, "%s", s->b.carrier ? "on" : "off");
    for (uint32_t i = 0; i < n; i++) {
        const struct bond_port *p = &s->b.port[order[i]];
        bool is_member = p->phase == BOND_PHASE_MEMBER;

        say(s, ", %s %s", p->name, is_member ? bond_link_name(p->link) : bond_phase_name(p->phase));
        if (p->failure_count && is_member)
            say(s, " %u", p->failure_count);
        if (order[i] == s->b.active)
            say(s, " active");
    }
    bond_table_build(&s->b, &t);
    say(s, "; tx");
    for (uint32_t i = 0; i < t.n_tx; i++)
        say(s, " %s", name_of(s, t.tx[i]));
    return s->text;
}

/* ---- tables ---- */

static void
expect(struct sim *s, const struct sim_row *row, const char *what, const char *want,
       const char *(*get)(struct sim *s))
{
    if (want && strcmp(want, get(s)) != 0)
        fail_msg("at %u ms, %s: %s\n  expected: %s\n  came:     %s", row->t_ms, row->event, what,
                 want, get(s));
}

void
sim_run(const char *options, const struct sim_row *rows)
{
    static struct sim s;

    sim_init(&s, options);
    for (const struct sim_row *row = rows; row->event; row++) {
        bool refused = row->event[0] == '!';
        int rc = sim_do(&s, row->t_ms, row->event + refused);

        if ((rc < 0) != refused)
            fail_msg("at %u ms, %s: returned %d %s", row->t_ms, row->event, rc, s.err.text);
        expect(&s, row, "effects", row->effects, sim_effects);
        expect(&s, row, "state", row->state, sim_state);
    }
}
