/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz-lacp.c - any frames on the ports of a bond in 802.3ad, at any time. The parser alone is fed
 * too, with each frame in memory of exactly its size. After every step the invariants hold, the
 * deadline lies ahead, no port has sent more than it may, and nothing was left undone.
 *
 * The input is a row of: what (a byte), a port, a pause, and for a frame its bytes. Frames begin
 * as valid ones, so that chance has to find the interesting bytes only.
 */
#include "fuzz.h"

#define PORTS 3
#define MAX_STEPS 300

static const uint64_t pauses_ns[] = {0,          1,          1000000,     333333333,
                                     1000000000, 3000000000, 30000000000, 61000000000};

static struct bond b;
static uint64_t sent_ns[BOND_MAX_PORTS][BOND_LACP_MAX_TX];

static void
check_rate(const struct bond_actions *a, uint64_t now)
{
    for (uint32_t i = 0; i < a->n; i++) {
        const struct bond_frame_out *f = &a->frame[a->v[i].index];
        uint64_t *at = sent_ns[a->v[i].slot & (BOND_MAX_PORTS - 1)];

        if (a->v[i].type != BOND_ACT_SEND || f->data[14] != 1 ||
            !bond_slot_is_member(&b, a->v[i].slot))
            continue;
        MUST(f->len == BOND_SLOW_FRAME_LEN, "%u", f->len);
        MUST(at[0] == 0 || now - at[0] >= BOND_LACP_FAST_PERIODIC_NS, "slot %d sends too often",
             a->v[i].slot);
        memmove(at, at + 1, (BOND_LACP_MAX_TX - 1) * sizeof(at[0]));
        at[BOND_LACP_MAX_TX - 1] = now;
    }
}

static void
step(const struct bond_event *ev, uint64_t now)
{
    static const struct bond_event tick = {.type = BOND_EV_TICK};
    static struct bond_actions a, again;
    static struct bond copy;
    struct bond_err err = {0};

    if (bond_step(&b, ev, now, &a, &err) < 0)
        return;
    MUST(!bond_check(&b), "event %d: %s", ev->type, bond_check(&b));
    MUST(a.next_ns > now, "event %d: the next step is due at once", ev->type);
    check_rate(&a, now);
    copy = b;
    MUST(!bond_step(&copy, &tick, now, &again, NULL) && again.n == 0, "something was left undone");
}

/* A valid frame with some of its bytes replaced: pairs of where and what. */
static void
frame(struct bytes *in, int slot, uint64_t now)
{
    static const uint8_t source[BOND_MAC_LEN] = {2, 9, 9, 9, 9, 9};
    const uint8_t n = next_byte(in), kind = next_byte(in);
    struct bond_lacpdu pdu = {.partner = bond_lacp_actor(&b, slot)}, parsed;
    struct bond_event ev = {.type = BOND_EV_FRAME, .slot = slot};
    uint8_t data[BOND_SLOW_FRAME_LEN], *exact;

    pdu.actor = (struct bond_lacp_info){.system_prio = 1,
                                        .system = {2, 0, 0, 0, 0, kind & 3},
                                        .key = 9,
                                        .port_prio = 1,
                                        .port = (uint16_t) slot,
                                        .state = kind};
    bond_lacpdu_build(data, source, &pdu);
    for (int i = 0; i < (n & 7); i++)
        data[next_byte(in) % sizeof(data)] = next_byte(in);
    ev.u.frame.len = (uint16_t) (n & 0x80 ? next_byte(in) % (sizeof(data) + 1) : sizeof(data));
    exact = malloc(ev.u.frame.len + 1u);
    memcpy(exact + 1, data, ev.u.frame.len); /* what is before and behind it is out of bounds */
    bond_slow_parse(exact + 1, ev.u.frame.len, &parsed);
    ev.u.frame.data = exact + 1;
    step(&ev, now);
    free(exact);
}

static void
link_changes(struct bytes *in, int slot, uint64_t now)
{
    struct bond_event ev = {.type = BOND_EV_PORT_LINK, .slot = slot};
    const uint8_t what = next_byte(in);

    ev.u.port_link.admin_up = true;
    ev.u.port_link.carrier = what & 1;
    ev.u.port_link.speed_mbps = what & 2 ? 1000 : what & 4 ? 10000 : BOND_SPEED_UNKNOWN;
    ev.u.port_link.duplex = what & 8 ? BOND_DUPLEX_HALF : BOND_DUPLEX_FULL;
    memcpy(ev.u.port_link.mac, b.port[slot].mac, BOND_MAC_LEN);
    memcpy(ev.u.port_link.name, b.port[slot].name, BOND_NAME_SIZE);
    step(&ev, now);
}

static void
options_change(struct bytes *in, uint64_t now)
{
    static const char *const names[] = {"lacp_rate",        "lacp_active",      "coupled_control",
                                        "lacp_strict",      "ad_select",        "min_links",
                                        "ad_user_port_key", "ad_actor_sys_prio"};
    static const char *const values[] = {"0", "1", "2", "3"};
    struct bond_event ev = {.type = BOND_EV_OPTIONS};
    const uint8_t what = next_byte(in);
    const char *name = names[what & 7], *value = values[what >> 3 & 3];

    ev.u.options = b.opt;
    if (bond_options_apply(&ev.u.options, 1, &name, &value, false, NULL, NULL) == 0)
        step(&ev, now);
}

static void
start(void)
{
    const char *name = "mode", *value = "802.3ad";

    memset(sent_ns, 0, sizeof(sent_ns));
    start_bond(&b, 1, &name, &value, PORTS, step, 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct bond_event tick = {.type = BOND_EV_TICK};
    static const struct bond_event resume = {.type = BOND_EV_RESUME};
    struct bytes in = {data, data + size};
    uint64_t now = BOND_NSEC_PER_SEC;

    start();
    for (int i = 0; in.at < in.end && i < MAX_STEPS; i++) {
        const uint8_t what = next_byte(&in);
        const int slot = (what >> 3) % PORTS;

        now += pauses_ns[next_byte(&in) & 7];
        switch (what & 7) {
        case 0:
            step(&tick, now);
            break;
        case 1:
            link_changes(&in, slot, now);
            break;
        case 2:
            options_change(&in, now);
            break;
        case 3:
            memset(sent_ns, 0, sizeof(sent_ns)); /* forgets what it has sent */
            step(&resume, now);
            break;
        default:
            frame(&in, slot, now);
            break;
        }
    }
    return 0;
}
