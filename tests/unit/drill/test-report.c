/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-report.c - a report of three faults as JUnit XML and as a page: well-formed, escaped, and
 * with the numbers that went in.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "drill.h"

struct world {
    struct drill_plan *plan;
    struct drill_report *report;
};

static void
add_port(struct drill_event *event, const char *port, guint frames)
{
    struct drill_lane *lane = g_new0(struct drill_lane, 1);

    lane->port = g_strdup(port);
    lane->samples = g_array_new(FALSE, FALSE, sizeof(struct drill_sample));
    for (gint64 t = event->begin_us; t < event->end_us; t += 20000) {
        struct drill_sample sample = {t, frames, frames};

        g_array_append_val(lane->samples, sample);
    }
    g_ptr_array_add(event->lanes, lane);
}

static struct drill_event *
add_event(struct drill_run *run, struct drill_plan *plan, guint n, enum drill_outcome outcome)
{
    struct drill_event *event = drill_run_add_event(run, plan->faults->pdata[n]);
    struct drill_arrival arrivals[] = {{0, 0, 0}, {1, 1000000, 1000000}, {5, 5000000, 5000000}};

    g_free(event->port);
    event->port = g_strdup("eth<0>");
    event->outcome = outcome;
    event->begin_us = 1000000;
    event->fault_us = 1200000;
    event->undo_us = 1700000;
    event->end_us = 2000000;
    if (outcome != DRILL_NOT_DONE) {
        drill_account(arrivals, 3, 0, 6, 1000000, 1300000000, &event->count[DRILL_OUT]);
        drill_account(arrivals, 2, 0, 2, 1000000, 1300000000, &event->count[DRILL_IN]);
        add_port(event, "eth<0>", 20);
        add_port(event, "eth1", 0);
    } else {
        event->why = g_strdup("no \"netem\" & no <fun>");
    }
    return event;
}

static int
set_up(void **state)
{
    struct world *world = g_new0(struct world, 1);
    struct drill_run *run;

    world->plan = drill_plan_new();
    assert_true(drill_plan_add(world->plan, "carrier", NULL));
    assert_true(drill_plan_add(world->plan, "delay", NULL));
    assert_true(drill_plan_add(world->plan, "silent", NULL));
    world->plan->max_outage_us = 3999;
    world->report = drill_report_new(world->plan);
    world->report->bond = g_strdup("bond&0");
    world->report->target = g_strdup("10.0.1.1");
    run = drill_report_add_run(world->report, "mode=balance-rr");
    add_event(run, world->plan, 0, DRILL_PLAYED)->too_long = true;
    add_event(run, world->plan, 1, DRILL_NOT_DONE);
    add_event(run, world->plan, 2, DRILL_PLAYED);
    *state = world;
    return 0;
}

static int
tear_down(void **state)
{
    struct world *world = *state;

    drill_report_free(world->report);
    drill_plan_free(world->plan);
    g_free(world);
    return 0;
}

static void
must_be_well_formed(const char *xml)
{
    const GMarkupParser nothing = {NULL};
    GMarkupParseContext *context = g_markup_parse_context_new(&nothing, 0, NULL, NULL);
    g_autoptr(GError) error = NULL;

    if (!g_markup_parse_context_parse(context, xml, (gssize) strlen(xml), &error) ||
        !g_markup_parse_context_end_parse(context, &error))
        fail_msg("%s in: %s", error->message, xml);
    g_markup_parse_context_free(context);
}

static void
test_verdict(void **state)
{
    struct world *world = *state;
    const struct drill_run *run = world->report->runs->pdata[0];

    assert_int_equal(drill_event_lost(run->events->pdata[0]), 3);
    assert_int_equal(drill_event_outage_us(run->events->pdata[0]), 4000);
    assert_true(drill_event_failed(run->events->pdata[0]));
    assert_false(drill_event_failed(run->events->pdata[1]));
    assert_false(drill_event_failed(run->events->pdata[2]));
    assert_true(drill_report_failed(world->report));
}

static void
test_junit(void **state)
{
    struct world *world = *state;
    g_autofree char *xml = drill_report_junit(world->report);

    must_be_well_formed(xml);
    assert_non_null(strstr(xml, "tests=\"3\" failures=\"1\" skipped=\"1\""));
    assert_non_null(strstr(xml, "classname=\"bond&amp;0 mode=balance-rr\" "
                                "name=\"carrier eth&lt;0&gt;\" time=\"1.000\""));
    assert_non_null(
        strstr(xml, "<failure type=\"outage\" message=\"4000 us, allowed are 3999 us\"/>"));
    assert_non_null(
        strstr(xml, "<skipped message=\"no &quot;netem&quot; &amp; no &lt;fun&gt;\"/>"));
    assert_non_null(strstr(xml, "out: sent 6, lost 3, duplicated 0, reordered 0, outage 4000 us"));
}

/* Each picture on its own: the page around them is HTML. */
static guint
check_pictures(const char *html)
{
    guint n = 0;

    for (const char *at = strstr(html, "<svg"); at != NULL; at = strstr(at + 1, "<svg")) {
        const char *end = strstr(at, "</svg>");
        g_autofree char *svg = NULL;

        assert_non_null(end);
        svg = g_strndup(at, (gsize) (end - at) + strlen("</svg>"));
        must_be_well_formed(svg);
        n++;
    }
    return n;
}

static void
test_page(void **state)
{
    struct world *world = *state;
    g_autofree char *html = drill_report_html(world->report);

    assert_int_equal(check_pictures(html), 3); /* the overview, and the two that were played */
    assert_non_null(strstr(html, "<svg id=\"overview\""));
    assert_non_null(strstr(html, "no &quot;netem&quot; &amp; no &lt;fun&gt;"));
    assert_non_null(strstr(html, "sent 6, lost 3, duplicated 0, reordered 0"));
    assert_null(strstr(html, "eth<0>"));
    assert_null(strstr(html, "http://www.w3.org/2000/svg\"><script"));
    /* nothing is fetched from anywhere */
    assert_null(strstr(html, "src="));
    assert_null(strstr(html, "<link"));
}

/* The gap of 4 ms that begins 101 ms after the fault, on an axis of 1 s and 840 dots from 110. */
static void
test_a_gap_is_where_it_was(void **state)
{
    struct world *world = *state;
    const struct drill_run *run = world->report->runs->pdata[0];
    g_autoptr(GString) svg = g_string_new(NULL);

    drill_svg_event(svg, world->report, run->events->pdata[0]);
    assert_non_null(strstr(svg->str, "<rect class=\"fault\" x=\"278.0\""));
    assert_non_null(strstr(svg->str, "<rect class=\"lost\" x=\"362.8\""));
    assert_non_null(strstr(svg->str, "width=\"3.4\""));
}

static void
test_times(void **state)
{
    static const struct {
        guint64 us;
        const char *text;
    } times[] = {
        {0, "0 µs"}, {999, "999 µs"}, {1000, "1.0 ms"}, {27232, "27.2 ms"}, {1100221, "1.10 s"}};

    for (gsize i = 0; i < G_N_ELEMENTS(times); i++) {
        g_autofree char *text = drill_short_time(times[i].us);

        assert_string_equal(text, times[i].text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdict), cmocka_unit_test(test_junit),
        cmocka_unit_test(test_page),    cmocka_unit_test(test_a_gap_is_where_it_was),
        cmocka_unit_test(test_times),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
