/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * promisc.c - what bondd concludes from the bond's promiscuity, and how many of the devices above
 * it looks at for that: with 4,000 VLANs the bond has news 4,000 times.
 *
 * The devices above are made up (ld --wrap); no network is needed.
 */
#include <string.h>

#include "daemon/bond.h"

#define ABOVE 4000
#define FOREIGN 0x55

static struct dp_link above[ABOVE];
static guint looked_at;

void __wrap_dp_monitor_foreach_upper(const struct dp_monitor *m, int ifindex, dp_upper_cb cb,
                                     void *data);

void
__wrap_dp_monitor_foreach_upper(const struct dp_monitor *m, int ifindex, dp_upper_cb cb, void *data)
{
    for (guint i = 0; i < ABOVE; i++) {
        looked_at++;
        if (!cb(&above[i], data))
            return;
    }
}

/* `first_foreign`: of the devices above, from 1; 0: all have the bond's address. */
static void
expect(uint32_t promiscuity, bool bridged, guint first_foreign, bool captured, guint looks)
{
    struct bondd_engine e = {0};
    g_autoptr(GPtrArray) dirty = g_ptr_array_new();
    struct bondd_bond *b = bondd_bond_alloc(&e);
    struct dp_link link = {.promiscuity = promiscuity, .master = bridged ? 7 : 0};

    e.dirty = dirty;
    memset(above, 0, sizeof(above));
    for (guint i = first_foreign; i > 0 && i <= ABOVE; i++)
        above[i - 1].mac[0] = FOREIGN;
    for (guint i = 0; i < ABOVE; i++)
        above[i].ifindex = 100 + (int) i;
    b->via_peer = captured; /* so that nothing has to be published, which takes a kernel */
    looked_at = 0;
    bondd_bond_sync_promisc(b, &link);
    g_assert_true(b->via_peer == captured);
    g_assert_true(b->promisc == (promiscuity > 0));
    g_assert_cmpuint(looked_at, ==, looks);
    g_clear_handle_id(&e.idle_source, g_source_remove);
    bondd_bond_free(b);
}

int
main(void)
{
    expect(0, false, 0, false, 0);    /* VLANs */
    expect(1, false, 1, false, 1);    /* macvlans: the first explains it */
    expect(1, false, 0, true, ABOVE); /* VLANs, and somebody captures */
    expect(1, false, 100, false, 100);
    expect(2, false, 1, true, 0); /* more than macvlans could explain */
    expect(1, true, 0, false, 0); /* the bridge explains it */
    expect(2, true, 1, false, 1);
    expect(2, true, 0, true, ABOVE);
    expect(3, true, 1, true, 0);
    return 0;
}
