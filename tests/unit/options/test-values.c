/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-values.c - every option with every value: names, numbers, bounds and one past each,
 * defaults, modes and state flags, against a table written down here from the kernel's sources
 * and not from ours.
 */
#include <errno.h>
#include <limits.h>

#include "common.h"

struct row {
    const char *name;
    const char *modes; /* digits: accepted in these, EACCES in the others */
    const char *flags; /* D: refused while up (EBUSY); P: refused with ports (ENOTEMPTY) */
    const char *names; /* of an enumeration, from 0 */
    bool by_number;    /* shown as its number */
    const char *min, *max, *below, *above; /* of a number; NULL: no text is below */
    const char *words;                     /* "word=number ..." */
    const char *def;                       /* as shown */
};

#define ALL "0123456"
#define INT_MAX_TEXT "2147483647"
#define TO_INT_MAX .min = "0", .max = INT_MAX_TEXT, .above = "2147483648"
#define OFF_ON .names = "off on"

static const struct row rows[] = {
    {"mode", ALL, "DP",
     .names = "balance-rr active-backup balance-xor broadcast 802.3ad balance-tlb balance-alb",
     .def = "balance-rr"},
    {"miimon", ALL, "", TO_INT_MAX, .words = "off=0 maxval=" INT_MAX_TEXT, .def = "100"},
    {"updelay", ALL, "", TO_INT_MAX, .words = "off=0 maxval=" INT_MAX_TEXT, .def = "0"},
    {"downdelay", ALL, "", TO_INT_MAX, .words = "off=0 maxval=" INT_MAX_TEXT, .def = "0"},
    {"peer_notif_delay", ALL, "", .min = "0", .max = "300000", .above = "300001",
     .words = "off=0 maxval=300000", .def = "0"},
    {"use_carrier", ALL, "", OFF_ON, .by_number = true, .def = "1"},
    {"arp_interval", "0123", "", TO_INT_MAX, .words = "off=0 maxval=" INT_MAX_TEXT, .def = "0"},
    {"arp_validate", "0123", "",
     .names = "none active backup all filter filter_active filter_backup", .def = "none"},
    {"arp_all_targets", ALL, "", .names = "any all", .def = "any"},
    {"arp_missed_max", "0123", "", .min = "1", .max = "255", .below = "0", .above = "256",
     .words = "minval=1 maxval=255", .def = "2"},
    {"primary_reselect", ALL, "", .names = "always better failure", .def = "always"},
    {"fail_over_mac", ALL, "P", .names = "none active follow", .def = "none"},
    {"num_grat_arp", ALL, "", .min = "0", .max = "255", .above = "256", .words = "off=0 maxval=255",
     .def = "1"},
    {"num_unsol_na", ALL, "", .min = "0", .max = "255", .above = "256", .words = "off=0 maxval=255",
     .def = "1"},
    {"all_slaves_active", ALL, "", OFF_ON, .by_number = true, .def = "0"},
    {"resend_igmp", ALL, "", .min = "0", .max = "255", .above = "256", .words = "off=0 maxval=255",
     .def = "1"},
    {"packets_per_slave", "0", "", .min = "0", .max = "65535", .above = "65536",
     .words = "maxval=65535", .def = "1"},
    {"min_links", ALL, "", TO_INT_MAX, .words = "off=0 maxval=" INT_MAX_TEXT, .def = "0"},
    {"xmit_hash_policy", ALL, "", .names = "layer2 layer3+4 layer2+3 encap2+3 encap3+4 vlan+srcmac",
     .def = "layer2"},
    {"lacp_rate", "4", "D", .names = "slow fast", .def = "slow"},
    {"lacp_active", "4", "D", OFF_ON, .def = "on"},
    {"lacp_strict", "4", "", OFF_ON, .def = "off"},
    {"coupled_control", "4", "D", OFF_ON, .def = "on"},
    {"broadcast_neighbor", "4", "", OFF_ON, .def = "off"},
    {"ad_select", ALL, "D", .names = "stable bandwidth count actor_port_prio", .def = "stable"},
    {"ad_actor_sys_prio", "4", "", .min = "1", .max = "65535", .below = "0", .above = "65536",
     .words = "minval=1 maxval=65535", .def = "65535"},
    {"ad_user_port_key", "4", "D", .min = "0", .max = "1023", .above = "1024",
     .words = "minval=0 maxval=1023", .def = "0"},
    {"tlb_dynamic_lb", "56", "D", OFF_ON, .by_number = true, .def = "1"},
    {"lp_interval", ALL, "", .min = "1", .max = INT_MAX_TEXT, .below = "0", .above = "2147483648",
     .words = "minval=1 maxval=" INT_MAX_TEXT, .def = "1"},
    {"balance-slb", "2", "", OFF_ON, .by_number = true, .def = "0"},
    {"hash", ALL, "", .names = "kernel resilient", .def = "kernel"},
    {"monitors", ALL, "", .names = "any all", .def = "any"},
    {"bfd", ALL, "", .names = "off micro single-hop", .def = "off"},
    {"bfd_interval", ALL, "", .min = "10", .max = "10000", .below = "9", .above = "10001",
     .words = "", .def = "10"},
    {"bfd_multiplier", ALL, "", .min = "2", .max = "255", .below = "1", .above = "256", .words = "",
     .def = "3"},
    {"rr_order", ALL, "", .names = "kernel arrival", .def = "kernel"},
    /* These are neither names nor numbers: text, lists and addresses have tests of their own. */
    {"arp_ip_target", ALL, "", .def = ""},
    {"ns_ip6_target", ALL, "", .def = ""},
    {"bfd_peer", ALL, "", .def = ""},
    {"primary", "156", "", .def = ""},
    {"active_slave", "156", "", .def = ""},
    {"ad_actor_system", "4", "", .def = "00:00:00:00:00:00"},
};
#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

/* A bond in a mode that the option works in, polling every ms, so that no delay is rounded. */
static struct bond_options
start(const struct row *r)
{
    struct bond_options o;

    bond_options_init(&o, (enum bond_mode)(r->modes[0] - '0'));
    must_set(&o, "miimon", "1");
    return o;
}

/* A text that is good for the option in every mode that has it. */
static const char *
good_text(const struct row *r)
{
    return r->names || r->min || !strcmp(r->name, "ad_actor_system") ? r->def : "";
}

static void
expect(const struct row *r, const char *text, const char *as_shown)
{
    struct bond_options o = start(r);

    must_set(&o, r->name, text);
    if (strcmp(shown(&o, r->name), as_shown))
        fail_msg("%s=\"%s\" is shown as \"%s\", should be \"%s\"", r->name, text,
                 shown(&o, r->name), as_shown);
}

static void
expect_refused(const struct row *r, const char *text)
{
    struct bond_options o = start(r);
    const struct bond_options before = o;
    struct bond_err err = {0};
    const int ret = bond_option_set(&o, r->name, text, NULL, &err);

    if (ret != -EINVAL || err.kind != BOND_ERR_BAD_VALUE || err.code != ret)
        fail_msg("%s=\"%s\" gave %d (kind %d, \"%s\"), should be refused with EINVAL", r->name,
                 text, ret, err.kind, err.text);
    assert_memory_equal(&o, &before, sizeof(o));
    if (!strstr(err.text, r->name) || !strstr(err.text, "use "))
        fail_msg("the refusal of %s=\"%s\" must name the option and what is allowed: %s", r->name,
                 text, err.text);
}

static void
test_table_is_complete(void **state)
{
    for (unsigned int id = 0; id < BOND_OPT_N; id++) {
        const struct bond_opt_desc *d = bond_opt_desc((enum bond_opt_id) id);
        bool found = false, alias_found = !d->alias;

        assert_int_equal(d->id, id);
        assert_ptr_equal(bond_opt_by_name(d->name), d);
        for (size_t i = 0; i < N_ROWS; i++) {
            found |= !strcmp(rows[i].name, d->name);
            alias_found |= d->alias && !strcmp(rows[i].name, d->alias);
        }
        if (!found || !alias_found)
            fail_msg("no test row for %s", d->name);
        if (!d->help || !*d->help || d->help[strlen(d->help) - 1] != '.')
            fail_msg("%s has no sentence of help", d->name);
        if (d->used_in & ~d->modes)
            fail_msg("%s is used in a mode in which it is refused", d->name);
    }
    assert_null(bond_opt_by_name("nonsense"));
    assert_null(bond_opt_by_name(NULL));
    assert_null(bond_opt_desc(BOND_OPT_N));
}

static void
test_enumerations(void **state)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        char names[256], number[16], padded[64];
        char *save = NULL;
        int n = 0;

        if (!rows[i].names)
            continue;
        strcpy(names, rows[i].names);
        for (char *name = strtok_r(names, " ", &save); name; name = strtok_r(NULL, " ", &save)) {
            snprintf(number, sizeof(number), "%d", n);
            snprintf(padded, sizeof(padded), " %s\n", name);
            expect(&rows[i], name, rows[i].by_number ? number : name);
            expect(&rows[i], number, rows[i].by_number ? number : name);
            expect(&rows[i], padded, rows[i].by_number ? number : name);
            assert_string_equal(
                bond_opt_value_name((enum bond_opt_id) bond_opt_by_name(rows[i].name)->id,
                                    (uint32_t) n),
                name);
            n++;
        }
        snprintf(number, sizeof(number), "%d", n);
        expect_refused(&rows[i], number);
        assert_null(bond_opt_value_name((enum bond_opt_id) bond_opt_by_name(rows[i].name)->id,
                                        (uint32_t) n));
        expect(&rows[i], "default", rows[i].def);
    }
}

static void
test_numbers(void **state)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        const struct row *r = &rows[i];
        char padded[64], words[128];
        char *save = NULL;

        if (!r->min)
            continue;
        snprintf(padded, sizeof(padded), "\t00%s \n", r->max);
        expect(r, r->min, r->min);
        expect(r, r->max, r->max);
        expect(r, padded, r->max);
        expect(r, "default", r->def);
        if (r->below)
            expect_refused(r, r->below);
        expect_refused(r, r->above);
        strcpy(words, r->words);
        for (char *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
            char *value = strchr(w, '=');

            *value++ = '\0';
            expect(r, w, value);
        }
    }
}

static void
test_nonsense_is_refused(void **state)
{
    static const char *const nonsense[] = {
        "",
        " ",
        "-1",
        "+1",
        "1 2",
        "0x1",
        "1.5",
        "1e3",
        "nonsense",
        "oN ",
        "NONE",
        "off1",
        "1ms",
        "99999999999999999999999999",
        "18446744073709551616",
        "18446744073709551615",
        "4294967297",
        "\xff\xfe",
        "1\x01",
        "balance-rr,active-backup",
    };

    for (size_t i = 0; i < N_ROWS; i++)
        for (size_t k = 0; k < sizeof(nonsense) / sizeof(nonsense[0]); k++)
            if (rows[i].min || rows[i].names)
                expect_refused(&rows[i], nonsense[k]);
}

static void
test_defaults(void **state)
{
    struct bond_options o;

    for (uint32_t mode = 0; mode < BOND_N_MODES; mode++) {
        bond_options_init(&o, (enum bond_mode) mode);
        assert_string_equal(shown(&o, "mode"), bond_mode_name((enum bond_mode) mode));
        for (size_t i = 1; i < N_ROWS; i++)
            if (strcmp(shown(&o, rows[i].name), rows[i].def))
                fail_msg("%s is %s by default in %s, should be %s", rows[i].name,
                         shown(&o, rows[i].name), bond_mode_name((enum bond_mode) mode),
                         rows[i].def);
        assert_int_equal(o.set_mask[0] | o.set_mask[1], 0);
    }
}

static void
test_modes(void **state)
{
    for (size_t i = 0; i < N_ROWS; i++)
        for (uint32_t mode = 0; mode < BOND_N_MODES; mode++) {
            const bool allowed = strchr(rows[i].modes, '0' + (int) mode);
            struct bond_err err = {0};
            struct bond_options o;
            int r;

            bond_options_init(&o, (enum bond_mode) mode);
            r = bond_option_set(&o, rows[i].name, good_text(&rows[i]), NULL, &err);
            if (r != (allowed ? 0 : -EACCES))
                fail_msg("%s in mode %u: %d %s", rows[i].name, mode, r, err.text);
            if (!allowed)
                assert_int_equal(err.kind, BOND_ERR_WRONG_MODE);
        }
}

static void
expect_state(const struct row *r, const struct bond_opt_ctx *ctx, int code, enum bond_err_kind kind)
{
    struct bond_options o = start(r);
    struct bond_err err = {0};
    const int ret = bond_option_set(&o, r->name, good_text(r), ctx, &err);

    if (ret != code || err.kind != kind)
        fail_msg("%s, %s, %u ports%s: %d (kind %d) %s", r->name, ctx->is_up ? "up" : "down",
                 ctx->n_ports, ctx->live ? ", live" : "", ret, err.kind, err.text);
}

static void
test_state_flags(void **state)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        const bool down = strchr(rows[i].flags, 'D'), no_ports = strchr(rows[i].flags, 'P');
        struct bond_opt_ctx ctx = {.is_up = true};

        expect_state(&rows[i], &ctx, down ? -EBUSY : 0, down ? BOND_ERR_NOT_DOWN : BOND_ERR_NONE);
        ctx.n_ports = 1;
        expect_state(&rows[i], &ctx,
                     no_ports ? -ENOTEMPTY
                     : down   ? -EBUSY
                              : 0,
                     no_ports ? BOND_ERR_HAS_PORTS
                     : down   ? BOND_ERR_NOT_DOWN
                              : BOND_ERR_NONE);
        ctx.is_up = false;
        expect_state(&rows[i], &ctx, no_ports ? -ENOTEMPTY : 0,
                     no_ports ? BOND_ERR_HAS_PORTS : BOND_ERR_NONE);
        ctx = (struct bond_opt_ctx){.is_up = true, .n_ports = 2, .live = true};
        expect_state(&rows[i], &ctx, 0, BOND_ERR_NONE);
    }
}

static void
test_mode_titles(void **state)
{
    assert_string_equal(bond_mode_title(BOND_MODE_BALANCE_RR), "load balancing (round-robin)");
    assert_string_equal(bond_mode_title(BOND_MODE_ACTIVE_BACKUP),
                        "fault-tolerance (active-backup)");
    assert_string_equal(bond_mode_title(BOND_MODE_BALANCE_XOR), "load balancing (xor)");
    assert_string_equal(bond_mode_title(BOND_MODE_BROADCAST), "fault-tolerance (broadcast)");
    assert_string_equal(bond_mode_title(BOND_MODE_8023AD), "IEEE 802.3ad Dynamic link aggregation");
    assert_string_equal(bond_mode_title(BOND_MODE_BALANCE_TLB), "transmit load balancing");
    assert_string_equal(bond_mode_title(BOND_MODE_BALANCE_ALB), "adaptive load balancing");
    assert_null(bond_mode_title((enum bond_mode) 7));
    assert_null(bond_mode_name((enum bond_mode) 7));
}

static void
test_port_options(void **state)
{
    static const struct {
        enum bond_port_opt_id id;
        const char *text;
        bool ok;
        int64_t value;
    } cases[] = {
        {BOND_PORT_OPT_QUEUE_ID, "0", true, 0},
        {BOND_PORT_OPT_QUEUE_ID, "65535", true, 65535},
        {BOND_PORT_OPT_QUEUE_ID, "65536", false, 0},
        {BOND_PORT_OPT_QUEUE_ID, "-1", false, 0},
        {BOND_PORT_OPT_QUEUE_ID, "default", true, 0},
        {BOND_PORT_OPT_PRIO, "-2147483648", true, INT_MIN},
        {BOND_PORT_OPT_PRIO, "2147483647", true, INT_MAX},
        {BOND_PORT_OPT_PRIO, "+7", true, 7},
        {BOND_PORT_OPT_PRIO, "-2147483649", false, 0},
        {BOND_PORT_OPT_PRIO, "2147483648", false, 0},
        {BOND_PORT_OPT_PRIO, "-", false, 0},
        {BOND_PORT_OPT_PRIO, "- 1", false, 0},
        {BOND_PORT_OPT_ACTOR_PORT_PRIO, "0", false, 0},
        {BOND_PORT_OPT_ACTOR_PORT_PRIO, "1", true, 1},
        {BOND_PORT_OPT_ACTOR_PORT_PRIO, "65535", true, 65535},
        {BOND_PORT_OPT_ACTOR_PORT_PRIO, "65536", false, 0},
        {BOND_PORT_OPT_ACTOR_PORT_PRIO, "default", true, 255},
        {BOND_PORT_OPT_RR_DELAY, "0", true, 0},
        {BOND_PORT_OPT_RR_DELAY, "1000000", true, 1000000},
        {BOND_PORT_OPT_RR_DELAY, "1000001", false, 0},
        {BOND_PORT_OPT_RR_DELAY, "-1", false, 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bond_err err = {0};
        int64_t value = 0;
        const int r = bond_port_option_parse(cases[i].id, cases[i].text, &value, &err);

        if (r != (cases[i].ok ? 0 : -EINVAL) || value != cases[i].value)
            fail_msg("%s=%s: %d, %lld (%s)", bond_port_opt_desc(cases[i].id)->name, cases[i].text,
                     r, (long long) value, err.text);
    }
    assert_ptr_equal(bond_port_opt_by_name("prio"), bond_port_opt_desc(BOND_PORT_OPT_PRIO));
    assert_null(bond_port_opt_by_name("mode"));
    assert_int_equal(bond_port_option_parse(BOND_PORT_OPT_N, "1", &(int64_t){0}, NULL), -ENOENT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_is_complete), cmocka_unit_test(test_enumerations),
        cmocka_unit_test(test_numbers),           cmocka_unit_test(test_nonsense_is_refused),
        cmocka_unit_test(test_defaults),          cmocka_unit_test(test_modes),
        cmocka_unit_test(test_state_flags),       cmocka_unit_test(test_mode_titles),
        cmocka_unit_test(test_port_options),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
