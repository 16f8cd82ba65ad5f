/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-plan.c - what a plan may say, in a file and on the command line, and what is said of a wrong
 * one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "drill.h"

static void
test_words(void **state)
{
    g_autoptr(drill_plan_auto) plan = drill_plan_new();
    const struct drill_fault *fault;

    assert_true(drill_plan_add(plan, "admin-down", NULL));
    assert_true(drill_plan_add(plan, "si:eth1,direction=in,hold-ms=300", NULL));
    assert_true(drill_plan_add(plan, "loss,percent=7,port=eth2", NULL));
    assert_true(drill_plan_add(plan, "flap:eth0,count=3,period-ms=50", NULL));
    assert_int_equal(plan->faults->len, 4);
    fault = plan->faults->pdata[0];
    assert_int_equal(fault->kind, DRILL_ADMIN_DOWN);
    assert_null(fault->port);
    assert_int_equal(fault->hold_ms, 1000);
    fault = plan->faults->pdata[1];
    assert_int_equal(fault->kind, DRILL_SILENT);
    assert_string_equal(fault->port, "eth1");
    assert_int_equal(fault->hold_ms, 300);
    assert_false(fault->way[DRILL_OUT]);
    assert_true(fault->way[DRILL_IN]);
    fault = plan->faults->pdata[2];
    assert_int_equal(fault->percent, 7);
    assert_string_equal(fault->port, "eth2");
    fault = plan->faults->pdata[3];
    assert_int_equal(fault->count, 3);
    assert_int_equal(fault->period_ms, 50);
}

static void
test_every_kind_is_known_by_its_name(void **state)
{
    for (int kind = 0; kind < DRILL_N_KINDS; kind++) {
        g_autoptr(drill_plan_auto) plan = drill_plan_new();
        const struct drill_fault *fault;

        assert_true(drill_plan_add(plan, drill_kinds[kind].name, NULL));
        fault = plan->faults->pdata[0];
        assert_int_equal(fault->kind, kind);
    }
}

static void
test_file(void **state)
{
    static const char text[] = "[drill]\n"
                               "interval-us=200\n"
                               "max-outage-us=50000\n"
                               "\n"
                               "[carrier]\n"
                               "port=eth1\n"
                               "\n"
                               "# the same again, longer\n"
                               "[a longer cut]\n"
                               "fault=carrier\n"
                               "hold-ms=5000\n";
    g_autoptr(drill_plan_auto) plan = drill_plan_new();
    const struct drill_fault *fault;

    assert_true(drill_plan_read(plan, text, NULL));
    assert_int_equal(plan->interval_us, 200);
    assert_int_equal(plan->max_outage_us, 50000);
    assert_int_equal(plan->faults->len, 2);
    fault = plan->faults->pdata[0];
    assert_string_equal(fault->port, "eth1");
    fault = plan->faults->pdata[1];
    assert_int_equal(fault->kind, DRILL_CARRIER);
    assert_int_equal(fault->hold_ms, 5000);
}

static const struct {
    const char *word, *message;
} wrong_words[] = {
    {"", "'' is not a fault; there are: admin-down, carrier, silent, flap, loss, delay, lacp-gone, "
         "bondd-killed, nm-restart, port-removed."},
    {"fire:eth0",
     "'fire' is not a fault; there are: admin-down, carrier, silent, flap, loss, delay, "
     "lacp-gone, bondd-killed, nm-restart, port-removed."},
    {"bondd-killed:eth0", "The fault 'bondd-killed' has no 'port'; there are: hold-ms."},
    {"carrier,percent=5", "The fault 'carrier' has no 'percent'; there are: port, hold-ms."},
    {"carrier:", "'' is no name that a network interface can have."},
    {"carrier:eth/0", "'eth/0' is no name that a network interface can have."},
    {"carrier,now", "'now' after 'carrier' is no KEY=VALUE."},
    {"loss,percent=101",
     "'101' is not a valid value of 'percent'; it takes a number from 1 to 100."},
    {"loss,percent=-1", "'-1' is not a valid value of 'percent'; it takes a number from 1 to 100."},
    {"silent,hold-ms=9",
     "'9' is not a valid value of 'hold-ms'; it takes a number from 10 to 600000."},
    {"silent,direction=up", "'up' is not a valid value of 'direction'; allowed are 'out', 'in', "
                            "'both'."},
};

static void
test_wrong_words(void **state)
{
    for (gsize i = 0; i < G_N_ELEMENTS(wrong_words); i++) {
        g_autoptr(drill_plan_auto) plan = drill_plan_new();
        g_autoptr(GError) error = NULL;

        assert_false(drill_plan_add(plan, wrong_words[i].word, &error));
        assert_string_equal(error->message, wrong_words[i].message);
        assert_int_equal(plan->faults->len, 0);
    }
}

static const struct {
    const char *text, *message;
} wrong_files[] = {
    {"[drill]\ninterval-us=99\n", "[drill]: '99' is not a valid value of 'interval-us'; it takes a "
                                  "number from 100 to 1000000."},
    {"[drill]\nspeed=9\n",
     "[drill]: [drill] has no 'speed'; there are: interval-us, max-outage-us."},
    {"[first]\nfault=rain\n", "[first]: 'rain' is not a fault; there are: admin-down, carrier, "
                              "silent, flap, loss, delay, lacp-gone, bondd-killed, nm-restart, "
                              "port-removed."},
    {"[carrier]\nport=eth0\n\n [carrier] \nport=eth1\n",
     "[carrier] is there twice: give the second another name, and fault=KIND."},
    {"[flap]\nhold-ms=100\n", "[flap]: The fault 'flap' has no 'hold-ms'; there are: port, count, "
                              "period-ms."},
};

static void
test_wrong_files(void **state)
{
    g_autoptr(drill_plan_auto) broken = drill_plan_new();

    for (gsize i = 0; i < G_N_ELEMENTS(wrong_files); i++) {
        g_autoptr(drill_plan_auto) plan = drill_plan_new();
        g_autoptr(GError) error = NULL;

        assert_false(drill_plan_read(plan, wrong_files[i].text, &error));
        assert_string_equal(error->message, wrong_files[i].message);
    }
    assert_false(drill_plan_read(broken, "carrier\n", NULL));
}

static void
test_descriptions(void **state)
{
    static const struct {
        const char *word, *port, *text;
    } described[] = {
        {"carrier", "eth0", "carrier eth0"},
        {"carrier", NULL, "carrier"},
        {"loss,percent=5,direction=out", "eth1", "loss eth1 5 % out"},
        {"silent,direction=in", "eth1", "silent eth1 in"},
        {"delay,delay-ms=7", "eth1", "delay eth1 7 ms"},
        {"flap,count=9", "eth1", "flap eth1 9 x"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(described); i++) {
        g_autoptr(drill_plan_auto) plan = drill_plan_new();
        g_autofree char *text = NULL;

        assert_true(drill_plan_add(plan, described[i].word, NULL));
        text = drill_fault_describe(plan->faults->pdata[0], described[i].port);
        assert_string_equal(text, described[i].text);
    }
}

static void
test_settings(void **state)
{
    g_autoptr(GPtrArray) sets =
        drill_compare_parse("mode=balance-rr,mode=802.3ad lacp_rate=fast", NULL);
    g_autoptr(GPtrArray) modes = drill_compare_parse("modes", NULL);
    g_autoptr(GError) error = NULL;
    char **second;

    assert_non_null(sets);
    assert_int_equal(sets->len, 2);
    second = sets->pdata[1];
    assert_int_equal(g_strv_length(second), 4);
    assert_string_equal(second[0], "mode");
    assert_string_equal(second[1], "802.3ad");
    assert_string_equal(second[2], "lacp_rate");
    assert_string_equal(second[3], "fast");
    assert_int_equal(modes->len, 7);
    assert_null(drill_compare_parse("mode", &error));
    assert_string_equal(error->message, "'mode' in '--compare' is no OPTION=VALUE.");
    g_clear_error(&error);
    assert_null(drill_compare_parse("", &error));
    assert_string_equal(error->message,
                        "'--compare' takes OPTION=VALUE,... or 'modes', but nothing was given.");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),       cmocka_unit_test(test_every_kind_is_known_by_its_name),
        cmocka_unit_test(test_file),        cmocka_unit_test(test_wrong_words),
        cmocka_unit_test(test_wrong_files), cmocka_unit_test(test_descriptions),
        cmocka_unit_test(test_settings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
