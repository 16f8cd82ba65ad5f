/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state_mutants.c - the state file, written and read again, then damaged in many ways: reading it
 * either refuses with a sentence or gives a bond that is whole. Run under sanitizers, too.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/parted.h"
#include "daemon/state.h"

#define N_MUTANTS 20000u

static char dir[] = "/tmp/nmb-state-XXXXXX";
static uint64_t random_state = 0x9e3779b97f4a7c15u;

static uint32_t
next_random(uint32_t below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t) (random_state >> 16) % below;
}

static void
attach(struct bondd_bond *b, int ifindex)
{
    struct bond_event ev = {.type = BOND_EV_PORT_ATTACH};
    struct bond_actions acts;
    struct dp_link link = {.ifindex = ifindex, .mtu = 1400, .flags = IFF_UP | IFF_PROMISC};
    int slot;

    g_snprintf(link.name, sizeof(link.name), "eth%i", ifindex);
    g_snprintf(link.alias, sizeof(link.alias), "alias of = %i %%41 \xc3\xa9", ifindex);
    memcpy(link.mac, "\x02\0\0\0\0\x11", BOND_MAC_LEN);
    link.mac[5] = (uint8_t) ifindex;
    ev.u.attach.ifindex = ifindex;
    memcpy(ev.u.attach.name, link.name, sizeof(link.name));
    memcpy(ev.u.attach.mac, link.mac, BOND_MAC_LEN);
    ev.u.attach.admin_up = ev.u.attach.carrier = true;
    slot = bond_step(&b->core, &ev, 1000, &acts, NULL);
    g_assert_cmpint(slot, >=, 0);
    b->port[slot].id = (uint32_t) ifindex;
    bondd_port_save(&b->port[slot], &link);
    b->port[slot].mac_set = b->port[slot].uc_set = ifindex % 2;
    memcpy(b->port[slot].uc, link.mac, BOND_MAC_LEN);
    memcpy(b->port[slot].set_mac, link.mac, BOND_MAC_LEN);
}

static char *
written(const struct bondd_bond *b)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_strconcat(dir, "/bond0.state", NULL);
    char *text = NULL;

    bondd_state_write(dir, b, &error);
    g_assert_no_error(error);
    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    return text;
}

static struct bondd_bond *
sample(void)
{
    struct bondd_parted parted = {.ifindex = 99, .name = "eth99", .orig_disable_ipv6 = 0};
    struct bondd_bond *b = bondd_bond_alloc(NULL);
    struct bond_options opt;

    bond_options_init(&opt, BOND_MODE_ACTIVE_BACKUP);
    bond_init(&b->core, "bond0", 7, &opt);
    b->peer_ifindex = 8;
    b->id = 3;
    for (int i = 11; i < 15; i++)
        attach(b, i);
    g_array_append_val(b->parted, parted);
    return b;
}

static char *
mutant_of(const char *text)
{
    g_autoptr(GString) s = g_string_new(text);

    for (uint32_t n = 1 + next_random(3); n > 0 && s->len > 1; n--) {
        gssize at = (gssize) next_random((uint32_t) s->len);
        uint32_t len = next_random((uint32_t) MIN(s->len - (gsize) at, 60)) + 1;
        g_autofree char *piece = g_strndup(s->str + at, len);

        switch (next_random(6)) {
        case 0:
            s->str[at] = (char) (1 + next_random(255));
            break;
        case 1:
            g_string_erase(s, at, (gssize) MIN(len, s->len - (gsize) at));
            break;
        case 2:
            g_string_insert(s, at, piece);
            break;
        case 3:
            g_string_truncate(s, (gsize) at);
            break;
        case 4:
            g_string_insert(s, at, "99999999999999999999");
            break;
        default:
            s->str[at] = (char) ('0' + next_random(10));
            break;
        }
    }
    return g_strdup(s->str);
}

int
main(void)
{
    struct bondd_bond *b = sample(), *again = bondd_bond_alloc(NULL);
    g_autofree char *text = NULL, *second = NULL;
    g_autoptr(GError) error = NULL;
    guint accepted = 0;

    g_assert_nonnull(mkdtemp(dir));
    text = written(b);
    bondd_state_parse(again, text, &error);
    g_assert_no_error(error);
    second = written(again);
    g_assert_cmpstr(text, ==, second);
    g_assert_cmpstr(again->port[1].orig_alias, ==, b->port[1].orig_alias);

    for (guint i = 0; i < N_MUTANTS; i++) {
        struct bondd_bond *m = bondd_bond_alloc(NULL);
        g_autofree char *damaged = mutant_of(text);
        g_autoptr(GError) refused = NULL;

        if (bondd_state_parse(m, damaged, &refused)) {
            g_assert_null(bond_check(&m->core));
            accepted++;
        } else {
            g_assert_nonnull(refused);
            g_assert_cmpint((int) strlen(refused->message), >, 5);
        }
        bondd_bond_free(m);
    }
    printf("%u mutants, %u of them harmless\n", N_MUTANTS, accepted);
    bondd_state_remove(dir, "bond0");
    rmdir(dir);
    bondd_bond_free(b);
    bondd_bond_free(again);
    /* a test that refuses everything, or nothing, says nothing */
    return accepted > 10 && accepted < N_MUTANTS / 2 ? 0 : 1;
}
