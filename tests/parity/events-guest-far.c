/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * events-guest-far.c - moves frames between tap devices and events-far.c.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "tests/parity/events-guest-far.h"

#define JIFFY_NS (10 * BOND_NSEC_PER_MSEC)
#define LATE_NS (70 * BOND_NSEC_PER_MSEC)

static struct parity_far_end far_end;
static const int *taps;
static uint64_t asked_ns; /* when the monitor asked in the round before */

static uint64_t
now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t) t.tv_sec * BOND_NSEC_PER_SEC + (uint64_t) t.tv_nsec;
}

bool
guest_far_addresses(const struct parity_script *script)
{
    bool vlan = false, ip6 = false;

    if (script->family != PARITY_MONITORS)
        return true;
    for (uint32_t i = 0; i < script->n_targets; i++) {
        vlan = vlan || script->target[i] == PARITY_IN_VLAN;
        ip6 = ip6 || script->target[i] == PARITY_IN_IPV6;
    }
    if (system("ip addr add 10.9.0.1/24 dev b"))
        return false;
    if (vlan && system("ip link add link b name b.5 type vlan id 5 && "
                       "ip addr add 10.9.5.1/24 dev b.5 && ip link set b.5 up"))
        return false;
    for (uint32_t i = 0; ip6 && i < script->ports; i++) {
        char text[128]; /* a port asks by its own IPv6 stack */

        snprintf(text, sizeof(text),
                 "cd /proc/sys/net/ipv6/conf/p%u && echo 1 >addr_gen_mode && echo 0 >disable_ipv6",
                 i);
        if (system(text))
            return false;
    }
    return !ip6 || !system("cd /proc/sys/net/ipv6/conf/b && echo 1 >addr_gen_mode && "
                           "echo 1 >keep_addr_on_down && echo 0 >disable_ipv6 && ip addr add "
                           "2001:db8::1/64 dev b nodad");
}

static void
arrive(void *data, uint32_t port, const uint8_t *frame, uint32_t len)
{
    (void) data;
    if (write(taps[port], frame, len) < 0)
        return; /* the port is down */
}

void
guest_far_begin(const struct parity_script *script, const int tap[PARITY_MAX_PORTS])
{
    taps = tap;
    parity_far_begin(&far_end, script, now(), arrive, NULL);
    if (script->interval_ms)
        far_end.period_ns += JIFFY_NS; /* a timer never is early */
}

void
guest_far_is_up(void)
{
    parity_far_tick(&far_end, now());
    asked_ns = 0; /* another rhythm */
}

void
guest_far_first(void)
{
    const uint64_t at = parity_far_quarter(&far_end, now());
    const struct timespec t = {(time_t) (at / BOND_NSEC_PER_SEC), (long) (at % BOND_NSEC_PER_SEC)};

    while (far_end.script->interval_ms && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL))
        ;
}

void
guest_far_link(uint32_t port, const struct parity_far_port *is)
{
    parity_far_link(&far_end, port, is, now());
}

void
guest_far_event(const struct parity_event *e)
{
    parity_far_event(&far_end, e, now());
}

void
guest_far_pump(void)
{
    uint8_t frame[2048];
    ssize_t n;

    for (uint32_t i = 0; i < far_end.script->ports; i++)
        while ((n = read(taps[i], frame, sizeof(frame))) > 0)
            parity_far_frame(&far_end, i, frame, (uint32_t) n, now());
    parity_far_run(&far_end, now());
}

static bool
has_active(void)
{
    FILE *file = fopen("/sys/class/net/b/bonding/active_slave", "r");
    bool any = file && fgetc(file) == 'p';

    if (file)
        fclose(file);
    return any;
}

static void
sleep_for_frames(uint64_t until)
{
    struct pollfd fds[PARITY_MAX_PORTS];
    const uint64_t at = now();

    for (uint32_t i = 0; i < far_end.script->ports; i++)
        fds[i] = (struct pollfd){.fd = taps[i], .events = POLLIN};
    if (until > at)
        poll(fds, far_end.script->ports, (int) ((until - at) / BOND_NSEC_PER_MSEC) + 1);
}

/* The monitor asks once an interval, if somebody is there to ask. */
static bool
keeps_pace(bool had_asked, uint64_t at)
{
    const uint64_t interval = far_end.script->interval_ms * BOND_NSEC_PER_MSEC;
    const uint64_t gap = at - asked_ns;

    if (!far_end.has_asked || had_asked)
        return true;
    asked_ns = at;
    return gap > interval * 3 / 2 || gap < interval + LATE_NS;
}

static bool
wait_for_it(void)
{
    for (;;) {
        const bool had_asked = far_end.has_asked;
        uint64_t due, at;
        bool active = true;

        guest_far_pump();
        at = now();
        if (far_end.script->mode == 1 && far_end.rounds <= 1 && at >= far_end.until_ns)
            active = has_active();
        if (parity_far_is_over(&far_end, active, at))
            return true;
        if (!keeps_pace(had_asked, at) || far_end.broken)
            return false;
        due = parity_far_next(&far_end);
        sleep_for_frames(due);
        if (now() > due + LATE_NS)
            return false;
    }
}

bool
guest_far_wait_before(const struct parity_event *e)
{
    if (e->rounds_before == 0)
        return true;
    parity_far_wait_rounds(&far_end, e->rounds_before, now());
    return wait_for_it();
}

bool
guest_far_wait(const struct parity_event *e)
{
    parity_far_wait(&far_end, e, now());
    return wait_for_it();
}

void
guest_far_asked(char text[64])
{
    parity_far_asked(&far_end, text);
}
