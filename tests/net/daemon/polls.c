/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * polls.c - when bondd asks the kernel for a port's link because of miimon: not while its count of
 * carrier changes, which is read without a lock, says that nothing has happened.
 *
 * Links, counts and core's steps are made up (ld --wrap); no network is needed.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "daemon/bond.h"

#define PORTS 2
#define FIRST 11 /* ifindex */

static guint opened, asked, ticks; /* the latter two since the last expect() */
static int fd_of[PORTS];
static uint32_t counted[PORTS], told[PORTS]; /* by sysfs, by netlink */
static int count_error;

int __wrap_dp_link_carrier_open(const char *name);
int __wrap_dp_link_carrier_changes(int fd, uint32_t *changes);
int __wrap_dp_link_get_index(struct dp_nl *nl, int ifindex, struct dp_link *out);
bool __wrap_dp_monitor_is_read(const struct dp_monitor *m);
int __wrap_bondd_bond_step(struct bondd_bond *b, const struct bond_event *ev, GError **error);

int
__wrap_dp_link_carrier_open(const char *name)
{
    guint i = (guint) g_ascii_strtoull(name + strlen("eth"), NULL, 10) - FIRST;

    g_assert_cmpuint(i, <, PORTS);
    opened++;
    return fd_of[i] = dup(STDERR_FILENO);
}

int
__wrap_dp_link_carrier_changes(int fd, uint32_t *changes)
{
    *changes = counted[fd == fd_of[0] ? 0 : 1];
    g_assert_true(fd == fd_of[0] || fd == fd_of[1]);
    return count_error;
}

int
__wrap_dp_link_get_index(struct dp_nl *nl, int ifindex, struct dp_link *out)
{
    asked++;
    *out = (struct dp_link){.ifindex = ifindex, .flags = IFF_UP, .carrier = true};
    out->carrier_changes = told[ifindex == FIRST ? 0 : 1];
    out->mac[0] = 2;
    g_snprintf(out->name, sizeof(out->name), "eth%i", FIRST + (ifindex == FIRST ? 0 : 1));
    return 0;
}

bool
__wrap_dp_monitor_is_read(const struct dp_monitor *m)
{
    return true;
}

int
__wrap_bondd_bond_step(struct bondd_bond *b, const struct bond_event *ev, GError **error)
{
    /* Nothing is news, but for a speed. */
    g_assert_true(
        ev->type == BOND_EV_TICK ||
        (ev->type == BOND_EV_PORT_LINK && b->core.port[ev->slot].speed_mbps == BOND_SPEED_UNKNOWN));
    ticks += ev->type == BOND_EV_TICK;
    return 0;
}

static struct bondd_bond *
bond_of_two(struct bondd_engine *e)
{
    struct bondd_bond *b = bondd_bond_alloc(e);
    struct bond_options opt;

    bond_options_init(&opt, BOND_MODE_ACTIVE_BACKUP);
    bond_init(&b->core, "bond0", 7, &opt);
    for (int i = 0; i < PORTS; i++) {
        struct bond_event ev = {.type = BOND_EV_PORT_ATTACH};
        struct bond_actions acts;
        int slot;

        ev.u.attach.ifindex = FIRST + i;
        g_snprintf(ev.u.attach.name, sizeof(ev.u.attach.name), "eth%i", FIRST + i);
        ev.u.attach.mac[0] = 2;
        ev.u.attach.admin_up = ev.u.attach.carrier = true;
        ev.u.attach.speed_mbps = 1000;
        ev.u.attach.duplex = BOND_DUPLEX_FULL;
        slot = bond_step(&b->core, &ev, 1000, &acts, NULL);
        g_assert_cmpint(slot, ==, i);
        g_strlcpy(b->port[slot].name, ev.u.attach.name, sizeof(b->port[slot].name));
    }
    return b;
}

/* n times miimon: the ports are asked for so often, all together. */
static void
expect(struct bondd_bond *b, guint n, guint times)
{
    asked = ticks = 0;
    for (guint i = 0; i < n; i++)
        bondd_bond_poll(b);
    g_assert_cmpuint(asked, ==, times);
    g_assert_cmpuint(ticks, ==, n); /* time passes in any case */
}

int
main(void)
{
    struct bondd_engine e = {0};
    struct bondd_bond *b = bond_of_two(&e);

    expect(b, 1, PORTS); /* the first look */
    expect(b, 100, 0);

    counted[1] = told[1] = 1;
    expect(b, 100, PORTS);
    counted[0] = 1; /* it has changed after netlink had answered: once more */
    expect(b, 2, 2 * PORTS);
    told[0] = 1;
    expect(b, 100, PORTS);

    told[1] = 5; /* /sys shows another namespace's device */
    b->look = true;
    expect(b, 100, 100 * PORTS);
    told[1] = 1;
    expect(b, 100, PORTS);

    count_error = -ENOENT;
    expect(b, 3, 3 * PORTS);
    count_error = 0;
    expect(b, 3, PORTS);

    b->closely_until_ns = 1;
    expect(b, 3, 3 * PORTS);
    b->closely_until_ns = 0;
    expect(b, 3, 0);
    g_assert_cmpuint(opened, ==, PORTS); /* once: looking for a file does take locks */

    /* Another device with the same name. */
    b->core.port[1].ifindex = FIRST + 7;
    expect(b, 2, PORTS);
    g_assert_cmpuint(opened, ==, PORTS + 1);

    b->core.port[1].speed_mbps = BOND_SPEED_UNKNOWN; /* it is asked for until it is known */
    expect(b, 1, PORTS);
    bondd_bond_free(b);
    g_assert_cmpint(fcntl(fd_of[0], F_GETFD), ==, -1);
    g_assert_cmpint(fcntl(fd_of[1], F_GETFD), ==, -1);
    return 0;
}
