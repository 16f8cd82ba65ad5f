/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-save.c - save.c: every sim_step() saves, loads and compares; here is what is refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sim.h"

static char good[65536];

static void
make_good(void)
{
    static struct sim s;

    sim_init(&s, "mode=active-backup miimon=100 updelay=200 downdelay=300 primary=eth1");
    sim_do(&s, 0, "attach eth0");
    sim_do(&s, 0, "attach eth1 queue=7 prio=-3");
    sim_do(&s, 100, "attach eth2 nocarrier");
    sim_do(&s, 200, "tick");
    sim_do(&s, 250, "active eth0");
    sim_do(&s, 300, "detach eth0");
    bond_save(&s.b, good, sizeof(good));
}

/* `from` replaced by `to`, once. */
static const char *
changed(const char *from, const char *to)
{
    static char text[65536];
    const char *at = strstr(good, from);

    assert_non_null(at);
    snprintf(text, sizeof(text), "%.*s%s%s", (int) (at - good), good, to, at + strlen(from));
    return text;
}

static void
refused(const char *text, const char *why)
{
    struct bond b = {.name = "untouched"};
    struct bond_err err;

    if (bond_load(&b, text, &err) != -EINVAL || !strstr(err.text, why))
        fail_msg("expected '%s', came '%s'", why, err.text);
    assert_string_equal(b.name, "untouched");
    assert_int_equal(bond_load(&b, text, NULL), -EINVAL);
}

static void
bad_lines(void **state)
{
    make_good();
    refused("", "line 1: the line does not end");
    refused("version=1", "line 1: the line does not end");
    refused(changed("version=1\n", "version=2\n"), "line 1: the version is not 1");
    refused(changed("version=1\n", ""), "line 1: the version is not 1");
    refused(changed("name=bond0\n", "name=bond0123456789012\n"),
            "line 2: the value is out of range");
    refused(changed("name=bond0\n", "nothing here\n"), "line 2: there is no '='");
    refused(changed("name=bond0\n", "nome=bond0\n"), "line 2: the key is not known");
    refused(changed("ifindex=99\n", "ifindex=x99\n"), "line 3: the value is out of range");
    refused(changed("ifindex=99\n", "ifindex=\n"), "line 3: the value is out of range");
    refused(changed("ifindex=99\n", "ifindex=-5\n"), "line 3: the value is out of range");
    refused(changed("ifindex=99\n", "ifindex=99999999999\n"), "line 3: the value is out of range");
    refused(changed("admin_up=1\n", "admin_up=2\n"), "line 4: the value is out of range");
    refused(changed("\nactive=", "\nactive=32"), "the value is out of range");
    refused(changed("next_attach_seq=", "next_attach_seq=18446744073709551616"), "out of range");
    refused(changed("\nmac=02", "\nmac=0g"), "the value is out of range");
    refused(changed("\nmac=02", "\nmac=0202"), "the value is out of range");
    refused(changed("opt.miimon=", "opt.monitor="), "the option is not known");
    refused(changed("opt.miimon=", "opt.miimon=-"), "the value is out of range");
    refused(changed("\nport=0\n", "\nport=32\n"), "there is no such slot");
    refused(changed("\nport=1\n", "\nport=0\n"), "the slot is there twice");
    refused(changed("queue_id=7\n", "queue_id=65536\n"), "the value is out of range");
    refused(changed("phase=2\n", "phase=0\n"), "the value is out of range");
}

/* Every line is right, but no bond can be like that. */
static void
impossible_states(void **state)
{
    make_good();
    refused(changed("opt.mode=1\n", "opt.mode=7\n"), "the options or the name are out of range");
    refused(changed("name=eth1\n", "name=eth2\n"), "two ports have the same name");
    refused(changed("ifindex=2\n", "ifindex=3\n"), "two ports have the same ifindex");
    refused(changed("attach_seq=2\n", "attach_seq=1\n"), "two ports came at the same time");
    refused(changed("\nactive=1\n", "\nactive=2\n"), "the active port is not usable");
    refused(changed("\nactive=1\n", "\nactive=-1\n"), "a port is up but none is active");
    refused(changed("\nactive=1\n", "\nactive=0\n"), "the active port is no port of the bond");
    refused(changed("\nactive=1\n", "\nactive=9\n"), "the active port is no port of the bond");
    refused(changed("carrier=1\n", "carrier=0\n"), "the carrier does not follow from the ports");
    refused(changed("mac_is_set=1\n", "mac_is_set=0\n"),
            "the bond's address is from a port but not");
    refused(changed("name=bond0\n", "name=bo/nd\n"), "the options or the name are out of range");
    refused(changed("notify_left=", "notify_left=9"), "announcements and their deadline disagree");
}

/* The state of today must be readable tomorrow: what is not there gets its default. */
static void
missing_keys_are_defaults(void **state)
{
    struct bond b;

    assert_int_equal(bond_load(&b, "version=1\nname=bond7\n", NULL), 0);
    assert_string_equal(b.name, "bond7");
    assert_int_equal(b.drain_ms, BOND_DRAIN_MS);
    assert_int_equal(b.active, BOND_NO_PORT);
    assert_int_equal(b.opt.num[BOND_OPT_NUM_GRAT_ARP], 1);
}

static void
targets_are_kept(void **state)
{
    static struct bond b, back;
    struct bond_options o;

    bond_options_init(&o, BOND_MODE_BALANCE_RR);
    o.n_arp_targets = BOND_MAX_ARP_TARGETS;
    o.n_ns_targets = BOND_MAX_NS_TARGETS;
    memset(o.arp_target_be, 0xa5, sizeof(o.arp_target_be));
    memset(o.ns_target, 0xfe, sizeof(o.ns_target));
    bond_init(&b, "bond0", 5, &o);
    bond_save(&b, good, sizeof(good));
    assert_int_equal(bond_load(&back, good, NULL), 0);
    assert_memory_equal(&back.opt, &o, sizeof(o));
    strcat(good, "arp_target=01020304\n");
    refused(good, "there are too many targets");
}

/* Any one byte wrong, and any end: refused or another possible state, never worse. The sanitizers
 * look on. */
static void
damaged(void **state)
{
    static char text[65536];
    static struct bond b;
    size_t len;

    make_good();
    len = strlen(good);
    srand(7);
    for (int i = 0; i < 20000; i++) {
        strcpy(text, good);
        text[(size_t) rand() % len] = (char) rand();
        if (i % 4 == 0)
            text[(size_t) rand() % len] = '\0';
        if (bond_load(&b, text, NULL) == 0)
            assert_null(bond_check(&b));
    }
}

static void
short_buffers(void **state)
{
    static struct sim s;
    char buf[100];
    int len;

    sim_init(&s, "mode=balance-rr miimon=100");
    len = bond_save(&s.b, NULL, 0);
    assert_int_equal(bond_save(&s.b, buf, sizeof(buf)), len);
    assert_int_equal(strlen(buf), sizeof(buf) - 1);
}

/* Where memory comes page by page, what no port uses costs nothing: behind the third port of three
 * nobody writes, whatever happens. */
static void
what_is_free_is_not_written_to(void **state)
{
    static const char *const options[] = {
        "mode=balance-rr miimon=100",
        "mode=active-backup miimon=100 downdelay=200",
        "mode=active-backup arp_interval=100 arp_ip_target=10.0.0.9",
        "mode=balance-xor",
        "mode=balance-xor hash=resilient",
        "mode=broadcast miimon=100",
        "mode=802.3ad miimon=100",
        "mode=balance-tlb miimon=100",
        "mode=balance-alb miimon=100",
        "mode=active-backup miimon=100 bfd=micro bfd_peer=10.0.0.9"};
    static const char *const happens[] = {"attach eth0",
                                          "attach eth1",
                                          "attach eth2",
                                          "tick",
                                          "carrier eth0 off",
                                          "carrier eth0 on",
                                          "bond down",
                                          "bond up",
                                          "active eth1",
                                          "set mode=802.3ad",
                                          "set ad_actor_sys_prio=5",
                                          "set mode=balance-alb",
                                          "set mode=active-backup",
                                          "set mode=balance-rr",
                                          "gone eth1",
                                          "attach eth1",
                                          "detach eth0",
                                          "tick",
                                          "detach eth2 hard",
                                          "claim eth0",
                                          "tick"};
    const size_t page = (size_t) sysconf(_SC_PAGESIZE), size = 16 * page + sizeof(struct sim);
    uint8_t *base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint8_t *from = base + 8 * page; /* where the fourth port begins */
    struct sim *s = (void *) (from - offsetof(struct sim, b.port[3]));
    size_t whole = (sizeof(struct bond) - offsetof(struct bond, port[3])) / page * page;

    assert_ptr_not_equal(base, MAP_FAILED);
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        assert_int_equal(mprotect(from, whole, PROT_READ | PROT_WRITE), 0);
        sim_init(s, options[i]);
        assert_int_equal(mprotect(from, whole, PROT_READ), 0);
        for (size_t j = 0; j < sizeof(happens) / sizeof(happens[0]); j++)
            sim_do(s, 500 * j, happens[j]);
    }
    munmap(base, size);
}

/* What moves on with every look and every frame is no news; anything else is. */
static void
what_is_news(void **state)
{
    static struct sim s;
    uint64_t before;

    sim_init(&s, "mode=802.3ad miimon=100 lacp_rate=fast");
    sim_do(&s, 0, "attach eth0");
    sim_do(&s, 0, "attach eth1");
    for (unsigned t = 5000; t < 20000; t += 50) /* the partner is silent long since */
        sim_do(&s, t, "tick");
    before = bond_digest(&s.b);
    for (unsigned t = 20000; t < 55000; t += 50) /* with LACPDUs at 30 s */
        sim_do(&s, t, "tick");
    assert_int_equal(bond_digest(&s.b), before);
    sim_do(&s, 55000, "queue eth1 3");
    assert_int_not_equal(bond_digest(&s.b), before);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_lines),
        cmocka_unit_test(impossible_states),
        cmocka_unit_test(missing_keys_are_defaults),
        cmocka_unit_test(targets_are_kept),
        cmocka_unit_test(damaged),
        cmocka_unit_test(short_buffers),
        cmocka_unit_test(what_is_free_is_not_written_to),
        cmocka_unit_test(what_is_news),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
