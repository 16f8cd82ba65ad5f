/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options-cases.c - good values, bad ones, bounds and one past, spellings, and nonsense.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "tests/parity/options-cases.h"

#define MODES 7u
#define RANDOM_TEXTS 200u /* sequences of RANDOM_WRITES random texts */
#define RANDOM_SETS 700u  /* sequences of RANDOM_WRITES mostly good values */
#define RANDOM_WRITES 24u
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

const char *const parity_options[] = {
    "mode",
    "packets_per_slave",
    "xmit_hash_policy",
    "arp_validate",
    "arp_all_targets",
    "fail_over_mac",
    "arp_interval",
    "arp_missed_max",
    "arp_ip_target",
    "downdelay",
    "updelay",
    "lacp_active",
    "lacp_rate",
    "min_links",
    "ad_select",
    "num_unsol_na",
    "num_grat_arp",
    "miimon",
    "primary",
    "primary_reselect",
    "use_carrier",
    "active_slave",
    "all_slaves_active",
    "resend_igmp",
    "lp_interval",
    "tlb_dynamic_lb",
    "ad_actor_sys_prio",
    "ad_actor_system",
    "ad_user_port_key",
    "peer_notif_delay",
    NULL,
};
#define OPTIONS (COUNT(parity_options) - 1)

/* Tried on every option. */
static const char *const numbers[] = {
    "0",
    "1",
    "2",
    "3",
    "4",
    "5",
    "6",
    "7",
    "8",
    "15",
    "100",
    "254",
    "255",
    "256",
    "257",
    "1000",
    "1022",
    "1023",
    "1024",
    "65534",
    "65535",
    "65536",
    "65537",
    "299999",
    "300000",
    "300001",
    "2147483646",
    "2147483647",
    "2147483648",
    "4294967295",
    "4294967296",
    "4294967297",
    "18446744073709551614",
    "18446744073709551615",
    "18446744073709551616",
    "-1",
    "-2147483648",
    "+1",
    "007",
    "00",
    "0x1",
    " 1",
    "1 ",
    "\t1",
    "1\n",
    "\n1",
    "1\n2",
    "1 2",
    "1.0",
    "1,2",
    "1e3",
    "",
    "\n",
    " ",
    "default",
    "Default",
    "default ",
    "defaults",
    "minval",
    "maxval",
    "none",
    "off",
    "on",
    "yes",
    "true",
};

static const char *const words[] = {
    "balance-rr",
    "active-backup",
    "balance-xor",
    "broadcast",
    "802.3ad",
    "balance-tlb",
    "balance-alb",
    "Active-Backup",
    "active-backup ",
    " active-backup",
    "active-backup x",
    "active_backup",
    "layer2",
    "layer3+4",
    "layer2+3",
    "encap2+3",
    "encap3+4",
    "vlan+srcmac",
    "layer23",
    "LAYER2",
    "active",
    "backup",
    "all",
    "filter",
    "filter_active",
    "filter_backup",
    "any",
    "follow",
    "slow",
    "fast",
    "stable",
    "bandwidth",
    "count",
    "actor_port_prio",
    "always",
    "better",
    "failure",
    "p0",
    "p1",
    "p2",
    "+10.0.0.1",
    "-10.0.0.1",
    "+10.0.0.2",
    "+10.0.0.1",
    "+0.0.0.0",
    "+255.255.255.255",
    "+0.0.0.1",
    "+127.0.0.1",
    "+224.0.0.1",
    "+10.0.0.256",
    "+10.0.0",
    "+10.0.0.3\n",
    "-10.0.0.9",
    "+",
    "-",
    "10.0.0.1",
    "02:00:00:00:00:01",
    "00:00:00:00:00:00",
    "01:00:00:00:00:01",
    "02:00:00:00:00:0",
    "02-00-00-00-00-02",
    "02:00:00:00:00:01\n",
    "FE:DC:BA:98:76:54",
    "ff:ff:ff:ff:ff:ff",
};

struct good {
    const char *option;
    const char *values[12];
};

/* What somebody might well write. Twice here is twice as often. */
static const struct good good[] = {
    {"mode", {"balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "5", "6"}},
    {"miimon", {"0", "100", "50", "200", "30", "1000"}},
    {"miimon", {"0", "100", "70"}},
    {"updelay", {"0", "200", "250", "99", "1000", "100000"}},
    {"downdelay", {"0", "200", "150", "1000"}},
    {"peer_notif_delay", {"0", "200", "300000", "1000"}},
    {"arp_interval", {"0", "100", "1000", "60000"}},
    {"arp_interval", {"0", "500"}},
    {"arp_ip_target", {"+10.0.0.1", "+10.0.0.2", "-10.0.0.1", "+10.0.0.3", "-10.0.0.2"}},
    {"arp_validate", {"none", "active", "backup", "all", "filter", "filter_active"}},
    {"arp_all_targets", {"any", "all"}},
    {"arp_missed_max", {"1", "2", "255"}},
    {"primary", {"p0", "p1", "", "p2"}},
    {"primary_reselect", {"always", "better", "failure"}},
    {"active_slave", {"p0", "p1", ""}},
    {"fail_over_mac", {"none", "active", "follow"}},
    {"num_grat_arp", {"0", "1", "3", "255"}},
    {"num_unsol_na", {"2"}},
    {"all_slaves_active", {"0", "1"}},
    {"resend_igmp", {"0", "1", "255"}},
    {"packets_per_slave", {"0", "1", "100", "65535"}},
    {"min_links", {"0", "1", "3"}},
    {"xmit_hash_policy", {"layer2", "layer3+4", "layer2+3", "vlan+srcmac"}},
    {"lacp_rate", {"slow", "fast"}},
    {"lacp_active", {"on", "off"}},
    {"ad_select", {"stable", "bandwidth", "count"}},
    {"ad_actor_sys_prio", {"1", "1000", "65535"}},
    {"ad_actor_system", {"02:00:00:00:00:01", "00:00:00:00:00:00"}},
    {"ad_user_port_key", {"0", "7", "1023"}},
    {"tlb_dynamic_lb", {"0", "1"}},
    {"lp_interval", {"1", "5"}},
    {"use_carrier", {"0", "1"}},
};

static uint64_t seed;

static uint32_t
below(uint32_t n)
{
    /* xorshift64* */
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return (uint32_t) (((seed * 0x2545f4914f6cdd1dull >> 32) * n) >> 32);
}

static void
add(struct parity_sequence *s, const char *option, const char *text)
{
    struct parity_write *w = &s->write[s->n++];

    w->option = option;
    snprintf(w->text, sizeof(w->text), "%s", text);
}

/* Before the option itself: nothing, a monitor by miimon, one by ARP. */
static const char *const preludes[][2] = {{NULL, NULL}, {"miimon", "70"}, {"arp_interval", "5000"}};
#define PRELUDES COUNT(preludes)
#define HALVES 2u /* numbers, words */
#define SYSTEMATIC (MODES * PARITY_STATES * OPTIONS * PRELUDES * HALVES)

static void
systematic(uint32_t index, struct parity_sequence *s)
{
    const char *option = parity_options[index % OPTIONS];
    const char *const *prelude;
    uint32_t half;

    index /= OPTIONS;
    prelude = preludes[index % PRELUDES];
    index /= PRELUDES;
    half = index % HALVES;
    index /= HALVES;
    s->state = (enum parity_state)(index % PARITY_STATES);
    s->mode = index / PARITY_STATES;
    if (prelude[0])
        add(s, prelude[0], prelude[1]);
    for (uint32_t i = 0; i < (half ? COUNT(words) : COUNT(numbers)); i++)
        add(s, option, half ? words[i] : numbers[i]);
}

static void
mutate(char text[PARITY_TEXT])
{
    static const char odd[] = "0123456789abcxyz+-.:/, \t\n\"'%$\\~A-F\x7f\xa0\xff";
    size_t len = strlen(text), at = below((uint32_t) len + 1);

    switch (below(4)) {
    case 0: /* one more */
        if (len + 1 < PARITY_TEXT) {
            memmove(text + at + 1, text + at, len + 1 - at);
            text[at] = odd[below(sizeof(odd) - 1)];
        }
        break;
    case 1: /* one less */
        if (at < len)
            memmove(text + at, text + at + 1, len - at);
        break;
    case 2: /* another */
        if (at < len)
            text[at] = odd[below(sizeof(odd) - 1)];
        break;
    default: /* twice */
        if (2 * len < PARITY_TEXT)
            memmove(text + len, text, len), text[2 * len] = '\0';
        break;
    }
}

static void
random_text(char text[PARITY_TEXT])
{
    uint32_t kind = below(8);

    memset(text, 0, PARITY_TEXT);
    if (kind == 0) {
        uint32_t len = below(PARITY_TEXT - 1);

        for (uint32_t i = 0; i < len; i++)
            text[i] = (char) (1 + below(255));
        return;
    }
    if (kind < 4)
        snprintf(text, PARITY_TEXT, "%u", below(2) ? below(70000) : below(UINT32_MAX));
    else
        snprintf(text, PARITY_TEXT, "%s",
                 below(3) ? words[below(COUNT(words))] : numbers[below(COUNT(numbers))]);
    for (uint32_t i = below(3); i > 0; i--)
        mutate(text);
}

static void
random_sequence(uint32_t index, struct parity_sequence *s, bool texts)
{
    char text[PARITY_TEXT];

    seed = (index + 1) * 0x9e3779b97f4a7c15ull + texts;
    below(2);
    s->mode = below(MODES);
    s->state = (enum parity_state) below(PARITY_STATES);
    for (uint32_t i = 0; i < RANDOM_WRITES; i++) {
        const struct good *g = &good[below(COUNT(good))];
        uint32_t values = 0;

        while (values < COUNT(g->values) && g->values[values])
            values++;
        if (texts || below(20) == 0) {
            random_text(text);
            add(s, texts ? parity_options[below(OPTIONS)] : g->option, text);
        } else {
            add(s, g->option, g->values[below(values)]);
        }
    }
}

uint32_t
parity_sequences(void)
{
    return SYSTEMATIC + RANDOM_TEXTS + RANDOM_SETS;
}

void
parity_sequence(uint32_t index, struct parity_sequence *s)
{
    memset(s, 0, sizeof(*s));
    if (index < SYSTEMATIC)
        systematic(index, s);
    else if (index < parity_sequences())
        random_sequence(index, s, index - SYSTEMATIC < RANDOM_TEXTS);
    else
        random_sequence(index, s, index % 5 == 0);
}

const char *
parity_escape(const char *text)
{
    static char buf[4 * PARITY_TEXT + 3];
    size_t n = 0;

    buf[n++] = '"';
    for (const unsigned char *p = (const unsigned char *) text; *p && n + 6 < sizeof(buf); p++) {
        if (*p < ' ' || *p >= 0x7f || *p == '"' || *p == '\\')
            n += (size_t) snprintf(buf + n, 5, "\\x%02x", *p);
        else
            buf[n++] = (char) *p;
    }
    buf[n++] = '"';
    buf[n] = '\0';
    return buf;
}
