/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-random.c - what must hold for any text: no crash, nothing changed on refusal, a refusal is
 * one printable sentence, and what was accepted is accepted again as it is shown, with the same
 * result. The sequence of random numbers is fixed, so a failure comes back.
 */
#include <errno.h>
#include <stdlib.h>

#include "common.h"

#define ROUNDS 20000

static uint64_t seed = 0x243f6a8885a308d3u;

static uint32_t
rnd(uint32_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t) (seed >> 32) % below;
}

static const char *const some_values[] = {
    "0",          "1",
    "2",          "3",
    "4",          "5",
    "6",          "7",
    "50",         "100",
    "255",        "256",
    "65535",      "65536",
    "2147483647", "2147483648",
    "-1",         "",
    "default",    "off",
    "on",         "none",
    "active",     "all",
    "maxval",     "minval",
    "eth0",       "eth1",
    "10.0.0.1",   "10.0.0.1,10.0.0.2",
    "+10.0.0.7",  "-10.0.0.1",
    "fe80::1",    "2001:db8::1 2001:db8::2",
    "layer3+4",   "vlan+srcmac",
    "better",     "02:00:00:00:00:01",
    "balance-rr", "active-backup",
    "802.3ad",    "balance-alb",
};

static void
random_text(char *buf, size_t size)
{
    const uint32_t len = rnd((uint32_t) size);

    for (uint32_t i = 0; i < len; i++)
        buf[i] = (char) (1 + rnd(255));
    buf[len] = '\0';
}

static const char *
own_value(const struct bond_opt_desc *d)
{
    static const char *const numbers[] = {"1", "2", "50", "100", "250"};
    static const char *const ifnames[] = {"eth0", "eth1", ""};
    static const char *const ip4[] = {"10.0.0.1", "10.0.0.1,10.0.0.2", "+10.0.0.7", ""};
    static const char *const ip6[] = {"fe80::1", "2001:db8::1 2001:db8::2", "-fe80::1", ""};
    uint32_t n = 0;

    switch (d->type) {
    case BOND_OPT_T_ENUM:
        while (d->values[n].name)
            n++;
        return d->values[rnd(d->id == BOND_OPT_MODE ? 4 : n)].name;
    case BOND_OPT_T_INT:
        return numbers[rnd(5)];
    case BOND_OPT_T_IFNAME:
        return ifnames[rnd(3)];
    case BOND_OPT_T_IP4_LIST:
        return ip4[rnd(4)];
    case BOND_OPT_T_IP6_LIST:
        return ip6[rnd(4)];
    case BOND_OPT_T_IP4:
        return rnd(3) ? "10.0.0.1" : "";
    case BOND_OPT_T_MAC:
        return "02:00:00:00:00:01";
    }
    return "";
}

/* A value of the option's own, the default, one of any option, or garbage. */
static void
random_value(const struct bond_opt_desc *d, char *buf, size_t size)
{
    const uint32_t kind = rnd(40);

    if (kind < 26)
        snprintf(buf, size, "%s", own_value(d));
    else if (kind < 36 && (d->type == BOND_OPT_T_ENUM || d->type == BOND_OPT_T_INT))
        snprintf(buf, size, "default");
    else if (kind < 39)
        snprintf(buf, size, "%s", some_values[rnd(sizeof(some_values) / sizeof(some_values[0]))]);
    else
        random_text(buf, size);
}

struct random_set {
    uint32_t n;
    char name[12][200], value[12][200];
    const char *names[12], *values[12];
};

static void
random_set(struct random_set *s)
{
    s->n = rnd(12);
    for (uint32_t i = 0; i < s->n; i++) {
        const struct bond_opt_desc *d = bond_opt_desc((enum bond_opt_id) rnd(BOND_OPT_N));

        s->names[i] = s->name[i];
        s->values[i] = s->value[i];
        snprintf(s->name[i], sizeof(s->name[i]), "%s", d->alias && rnd(2) ? d->alias : d->name);
        if (!rnd(200))
            random_text(s->name[i], sizeof(s->name[i]));
        random_value(d, s->value[i], sizeof(s->value[i]));
    }
}

static void
check_refusal(int r, const struct bond_err *err, const struct bond_options *o,
              const struct bond_options *before)
{
    const size_t len = strlen(err->text);

    assert_true(r < 0);
    assert_int_equal(err->code, r);
    assert_int_not_equal(err->kind, BOND_ERR_NONE);
    assert_memory_equal(o, before, sizeof(*o));
    if (len < 10 || len >= sizeof(err->text) - 1)
        fail_msg("a refusal of %zu characters: %s", len, err->text);
    for (size_t i = 0; i < len; i++)
        if (err->text[i] < ' ' || err->text[i] > '~')
            fail_msg("a refusal with the character 0x%02x: %s", (unsigned char) err->text[i],
                     err->text);
}

/* Shown, and given again to a new bond: the same. */
static void
check_fixpoint(const struct bond_options *o)
{
    char text[8192], again[8192];
    struct bond_options fresh;

    show_all(o, text, sizeof(text));
    bond_options_init(&fresh, BOND_MODE_BALANCE_RR);
    must_apply(&fresh, text, true);
    show_all(&fresh, again, sizeof(again));
    assert_string_equal(text, again);
}

static void
shuffle(struct random_set *s)
{
    for (uint32_t i = s->n; i > 1; i--) {
        const uint32_t k = rnd(i);
        const char *name = s->names[k], *value = s->values[k];

        s->names[k] = s->names[i - 1];
        s->values[k] = s->values[i - 1];
        s->names[i - 1] = name;
        s->values[i - 1] = value;
    }
}

static bool
is_eth0(const void *data, const char *ifname)
{
    return !strcmp(ifname, "eth0");
}

static void
test_sets(void **state)
{
    struct bond_options o;
    uint32_t accepted = 0, refused = 0;

    bond_options_init(&o, BOND_MODE_BALANCE_RR);
    for (int round = 0; round < ROUNDS; round++) {
        const bool replace = rnd(2);
        const struct bond_opt_ctx ctx = {.is_up = rnd(2),
                                         .n_ports = rnd(3),
                                         .live = rnd(4),
                                         .has_port = rnd(2) ? is_eth0 : NULL};
        struct bond_options before = o, other = o;
        struct bond_err err = {0}, other_err = {0};
        struct random_set s;
        int r, other_r;

        random_set(&s);
        r = bond_options_apply(&o, s.n, s.names, s.values, replace, &ctx, &err);
        shuffle(&s);
        other_r = bond_options_apply(&other, s.n, s.names, s.values, replace, &ctx, &other_err);
        assert_int_equal(!r, !other_r);
        assert_memory_equal(&o, &other, sizeof(o));
        if (r) {
            check_refusal(r, &err, &o, &before);
            refused++;
        } else {
            check_fixpoint(&o);
            accepted++;
        }
    }
    print_message("%u sets accepted, %u refused\n", accepted, refused);
    assert_true(accepted > ROUNDS / 20 && refused > ROUNDS / 20);
}

/* One at a time, in every mode, ARP monitoring included: as shown, it is accepted and changes
 * nothing of itself. */
static void
test_single(void **state)
{
    struct bond_options o;
    uint32_t accepted = 0;

    bond_options_init(&o, BOND_MODE_BALANCE_RR);
    for (int round = 0; round < ROUNDS * 3; round++) {
        const struct bond_opt_desc *d = bond_opt_desc((enum bond_opt_id) rnd(BOND_OPT_N));
        const struct bond_opt_ctx ctx = {.is_up = rnd(2), .n_ports = rnd(2), .live = rnd(4)};
        struct bond_options before = o;
        struct bond_err err = {0};
        char value[200];
        int r;

        random_value(d, value, sizeof(value));
        r = bond_option_set(&o, d->name, value, &ctx, &err);
        if (r) {
            check_refusal(r, &err, &o, &before);
            continue;
        }
        accepted++;
        before = o;
        must_set(&o, d->name, shown(&before, d->name));
        assert_string_equal(shown(&o, d->name), shown(&before, d->name));
    }
    print_message("%u options accepted\n", accepted);
    assert_true(accepted > ROUNDS / 10);
}

static void
test_any_bytes(void **state)
{
    struct bond_options o;

    bond_options_init(&o, BOND_MODE_ACTIVE_BACKUP);
    for (int round = 0; round < ROUNDS; round++) {
        const struct bond_options before = o;
        char name[200], value[1000];
        struct bond_err err = {0};
        int64_t number;
        int r;

        random_text(name, sizeof(name));
        random_text(value, sizeof(value));
        r = bond_option_set(&o, name, value, NULL, &err);
        if (!bond_opt_by_name(name))
            assert_int_equal(err.kind, BOND_ERR_UNKNOWN_OPTION);
        if (r)
            check_refusal(r, &err, &o, &before);
        memset(&err, 0, sizeof(err));
        r = bond_port_option_parse((enum bond_port_opt_id) rnd(BOND_PORT_OPT_N), value, &number,
                                   &err);
        if (r)
            check_refusal(r, &err, &o, &o);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sets),
        cmocka_unit_test(test_single),
        cmocka_unit_test(test_any_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
