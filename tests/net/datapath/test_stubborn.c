/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_stubborn.c - a driver that takes a new address only while it is down.
 *
 * None of the software devices is like that; User-Mode Linux's own network card is (uml.sh).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/net/datapath/lab.h"

static void
it_is_taken_down_and_up(void **state)
{
    static const uint8_t mac[6] = {0x02, 0, 0, 0, 0, 0x02};
    const char *card = getenv("NMB_STUBBORN_CARD");
    struct dp_link link;
    struct dp_nl *nl;
    uint8_t own[6];

    lab_run("nsenter -t 1 -n ip link set %s netns %d", card, getpid());
    lab_run("ip link set %s up", card);
    if (lab_try("ip link set %s address 02:00:00:00:00:01", card))
        fail_msg("%s takes an address while it is up: nothing is tested here", card);
    lab_ok(dp_nl_open(&nl));
    lab_mac(card, own);
    lab_ok(dp_link_set_mac(nl, lab_index(card), mac));
    lab_ok(dp_link_get(nl, card, &link));
    assert_memory_equal(link.mac, mac, 6);
    assert_true(link.flags & IFF_UP);
    lab_ok(dp_link_set_mac(nl, link.ifindex, own));
    lab_ok(dp_link_get(nl, card, &link));
    assert_memory_equal(link.mac, own, 6);
    assert_true(link.flags & IFF_UP);
    /* Down it stays down. */
    lab_ok(dp_link_set_up(nl, link.ifindex, false));
    lab_ok(dp_link_set_mac(nl, link.ifindex, mac));
    lab_ok(dp_link_get(nl, card, &link));
    assert_memory_equal(link.mac, mac, 6);
    assert_false(link.flags & IFF_UP);
    dp_nl_close(nl);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(it_is_taken_down_and_up, lab_setup),
    };

    if (!getenv("NMB_STUBBORN_CARD")) {
        printf("skipped: no such card here; run it by uml.sh\n");
        return 77;
    }
    lab_require_netns();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
