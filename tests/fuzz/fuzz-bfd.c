/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz-bfd.c - any frames on the ports of a bond with BFD, at any time, in any mode. The parser
 * alone is fed too, with each frame in memory of exactly its size. After every step the invariants
 * hold, the deadline lies ahead, and nothing was left undone.
 *
 * The input is a row of: what (a byte), a pause, and for a frame its bytes. Frames begin as valid
 * ones, so that chance has to find the interesting bytes only.
 */
#include "fuzz.h"

#define PORTS 3
#define MAX_STEPS 300
#define FRAME_LEN 66u

static const uint64_t pauses_ns[] = {0,        1,         1000000,    9999999,
                                     10000000, 100000000, 1000000000, 3000000000};

static struct bond b;

static void
step(const struct bond_event *ev, uint64_t now)
{
    static const struct bond_event tick = {.type = BOND_EV_TICK};
    static struct bond_actions a, again;
    static struct bond copy;

    if (bond_step(&b, ev, now, &a, NULL) < 0)
        return;
    MUST(!bond_check(&b), "event %d: %s", ev->type, bond_check(&b));
    MUST(a.next_ns > now, "event %d: the next step is due at once", ev->type);
    if (ev->type != BOND_EV_TICK)
        return; /* time has not passed: silence is judged by a TICK */
    copy = b;
    MUST(!bond_step(&copy, &tick, now, &again, NULL) && again.n == 0, "something was left undone");
}

/* A valid packet with some of its bytes replaced: pairs of where and what. */
static void
frame(struct bytes *in, int slot, uint64_t now)
{
    static const uint8_t head[42] = {2,    0,         0,          0,         0,        1, 2,
                                     9,    9,         9,          9,         9,        8, 0,
                                     0x45, [17] = 52, [22] = 255, [23] = 17, [39] = 32};
    const uint8_t n = next_byte(in), kind = next_byte(in);
    const struct bond_bfd_packet p = {
        .state = kind & 3,
        .detect_mult = (uint8_t) (1 + (kind >> 2 & 3)),
        .poll = kind & 0x10,
        .final = kind & 0x20,
        .demand = (kind & 0xc0) == 0xc0,
        .my_disc = 1 + (kind >> 6),
        .your_disc = n & 0x40 ? 0 : (uint32_t) b.port[slot].ifindex,
        .desired_tx_us = 10000,
        .required_rx_us = 10000,
    };
    struct bond_event ev = {.type = BOND_EV_FRAME, .slot = slot};
    struct bond_bfd_packet parsed;
    uint8_t data[FRAME_LEN], *exact;

    memcpy(data, head, sizeof(head));
    data[36] = (uint8_t) (bond_bfd_udp_port(&b) >> 8);
    data[37] = (uint8_t) bond_bfd_udp_port(&b);
    bond_bfd_build(data + sizeof(head), &p);
    for (int i = 0; i < (n & 7); i++)
        data[next_byte(in) % sizeof(data)] = next_byte(in);
    ev.u.frame.len = (uint16_t) (n & 0x80 ? next_byte(in) % (sizeof(data) + 1) : sizeof(data));
    exact = malloc(ev.u.frame.len + 1u);
    memcpy(exact + 1, data, ev.u.frame.len); /* what is before and behind it is out of bounds */
    if (bond_bfd_parse(exact + 1, ev.u.frame.len, bond_bfd_udp_port(&b), &parsed))
        MUST(parsed.my_disc != 0 && parsed.detect_mult != 0, "an invalid packet was taken");
    ev.u.frame.data = exact + 1;
    step(&ev, now);
    free(exact);
}

static void
link_changes(struct bytes *in, int slot, uint64_t now)
{
    struct bond_event ev = {.type = BOND_EV_PORT_LINK, .slot = slot};
    const uint8_t what = next_byte(in);

    ev.u.port_link.admin_up = !(what & 2);
    ev.u.port_link.carrier = what & 1;
    ev.u.port_link.speed_mbps = BOND_SPEED_UNKNOWN;
    ev.u.port_link.duplex = BOND_DUPLEX_UNKNOWN;
    memcpy(ev.u.port_link.mac, b.port[slot].mac, BOND_MAC_LEN);
    memcpy(ev.u.port_link.name, b.port[slot].name, BOND_NAME_SIZE);
    step(&ev, now);
}

static void
options_change(struct bytes *in, uint64_t now)
{
    static const struct {
        const char *name, *value;
    } rows[] = {{"monitors", "all"},   {"monitors", "any"},     {"bfd", "micro"},
                {"bfd", "single-hop"}, {"bfd_interval", "50"},  {"bfd_interval", "10"},
                {"bfd", "off"},        {"bfd_multiplier", "5"}, {"updelay", "200"},
                {"mode", "2"},         {"mode", "4"},           {"mode", "6"}};
    struct bond_event ev = {.type = BOND_EV_OPTIONS};
    const size_t i = next_byte(in) % (sizeof(rows) / sizeof(rows[0]));

    ev.u.options = b.opt;
    if (bond_options_apply(&ev.u.options, 1, &rows[i].name, &rows[i].value, false, NULL, NULL) == 0)
        step(&ev, now);
}

static void
start(void)
{
    static const char *const names[] = {"mode", "bfd", "bfd_peer"};
    static const char *const values[] = {"active-backup", "micro", "10.0.0.1"};

    start_bond(&b, 3, names, values, PORTS, step, 1);
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
        case 1:
            step(&tick, now);
            break;
        case 2:
            link_changes(&in, slot, now);
            break;
        case 3:
            options_change(&in, now);
            break;
        case 4:
            step(&resume, now);
            break;
        default:
            frame(&in, slot, now);
            break;
        }
    }
    return 0;
}
