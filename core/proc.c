/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * proc.c - the state as /proc/net/bonding/<bond> shows it, byte for byte, so that scripts that
 * read the kernel's file read ours. Shows; decides nothing. Kernel: bond_procfs.c, in its order:
 * one function for each group of lines.
 */
#include "core/lacp_internal.h"
#include "core/text.h"

static const char *
value_name(const struct bond *b, enum bond_opt_id id)
{
    const char *name = bond_opt_value_name(id, bond_opt_num(b, id));
    return name ? name : "unknown";
}

/* kernel: bond_mode_uses_xmit_hash() */
static bool
shows_hash(const struct bond *b)
{
    switch (bond_mode(b)) {
    case BOND_MODE_BALANCE_XOR:
    case BOND_MODE_8023AD:
        return true;
    case BOND_MODE_BALANCE_TLB:
    case BOND_MODE_BALANCE_ALB:
        return bond_opt_num(b, BOND_OPT_TLB_DYNAMIC_LB) == 0;
    case BOND_MODE_BALANCE_RR:
    case BOND_MODE_ACTIVE_BACKUP:
    case BOND_MODE_BROADCAST:
        return false;
    }
    return false;
}

static void
show_mode(struct bond_text *t, const struct bond *b)
{
    bond_text_add(t, "Bonding Mode: %s", bond_mode_title(bond_mode(b)));
    if (bond_mode(b) == BOND_MODE_ACTIVE_BACKUP && bond_opt_num(b, BOND_OPT_FAIL_OVER_MAC))
        bond_text_add(t, " (fail_over_mac %s)", value_name(b, BOND_OPT_FAIL_OVER_MAC));
    bond_text_add(t, "\n");
    if (shows_hash(b))
        bond_text_add(t, "Transmit Hash Policy: %s (%u)\n",
                      value_name(b, BOND_OPT_XMIT_HASH_POLICY),
                      bond_opt_num(b, BOND_OPT_XMIT_HASH_POLICY));
}

static void
show_active(struct bond_text *t, const struct bond *b)
{
    int primary = bond_primary(b);

    if (!bond_uses_primary(b))
        return;
    bond_text_add(t, "Primary Slave: %s", primary != BOND_NO_PORT ? b->port[primary].name : "None");
    if (primary != BOND_NO_PORT)
        bond_text_add(t, " (primary_reselect %s)", value_name(b, BOND_OPT_PRIMARY_RESELECT));
    bond_text_add(t, "\nCurrently Active Slave: %s\n",
                  b->active != BOND_NO_PORT ? b->port[b->active].name : "None");
}

static void
show_monitor(struct bond_text *t, const struct bond *b)
{
    bond_text_add(t, "MII Status: %s\n", b->carrier ? "up" : "down");
    bond_text_add(t, "MII Polling Interval (ms): %u\n", bond_opt_num(b, BOND_OPT_MIIMON));
    bond_text_add(t, "Up Delay (ms): %u\n", bond_delay_ms(b, BOND_OPT_UPDELAY));
    bond_text_add(t, "Down Delay (ms): %u\n", bond_delay_ms(b, BOND_OPT_DOWNDELAY));
    bond_text_add(t, "Peer Notification Delay (ms): %u\n",
                  bond_delay_ms(b, BOND_OPT_PEER_NOTIF_DELAY));
}

/* kernel: %pI4 */
static void
show_ip4_targets(struct bond_text *t, const struct bond_options *o)
{
    for (unsigned i = 0; i < o->n_arp_targets; i++) {
        const uint8_t *a = (const uint8_t *) &o->arp_target_be[i];

        bond_text_add(t, "%s %u.%u.%u.%u", i > 0 ? "," : "", a[0], a[1], a[2], a[3]);
    }
}

/* The longest row of zero words, if it is longer than one word: its beginning, *len its length. */
static unsigned
zero_row(const uint16_t word[8], unsigned n, unsigned *len)
{
    unsigned at = n, longest = 1;

    for (unsigned i = 0; i < n; i++) {
        unsigned j = i;

        while (j < n && word[j] == 0)
            j++;
        if (j - i > longest) {
            at = i;
            longest = j - i;
        }
    }
    *len = longest;
    return at;
}

/* kernel: %pI6c. Not inet_ntop(): that writes ::1.2.3.4 where the kernel does not, and the kernel
 * writes ISATAP addresses with dots. */
static void
show_ip6(struct bond_text *t, const uint8_t a[16])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    bool isatap = (a[8] & ~2) == 0 && a[9] == 0 && a[10] == 0x5e && a[11] == 0xfe;
    bool dots = isatap || memcmp(a, mapped, sizeof(mapped)) == 0, colon = false;
    unsigned n = dots ? 6 : 8, row, row_len;
    uint16_t word[8];

    for (unsigned i = 0; i < 8; i++)
        word[i] = (uint16_t) (a[2 * i] << 8 | a[2 * i + 1]);
    row = zero_row(word, n, &row_len);
    for (unsigned i = 0; i < n; i++) {
        if (i == row) {
            bond_text_add(t, "%s:", colon || i == 0 ? ":" : "");
            colon = false;
            i += row_len - 1;
            continue;
        }
        bond_text_add(t, "%s%x", colon ? ":" : "", word[i]);
        colon = true;
    }
    if (dots)
        bond_text_add(t, "%s%u.%u.%u.%u", colon ? ":" : "", a[12], a[13], a[14], a[15]);
}

static void
show_ip6_targets(struct bond_text *t, const struct bond_options *o)
{
    for (unsigned i = 0; i < o->n_ns_targets; i++) {
        bond_text_add(t, "%s ", i > 0 ? "," : "");
        show_ip6(t, o->ns_target[i]);
    }
}

static void
show_arp(struct bond_text *t, const struct bond *b)
{
    if (bond_opt_num(b, BOND_OPT_ARP_INTERVAL) == 0)
        return;
    bond_text_add(t, "ARP Polling Interval (ms): %u\n", bond_opt_num(b, BOND_OPT_ARP_INTERVAL));
    bond_text_add(t, "ARP Missed Max: %u\n", bond_opt_num(b, BOND_OPT_ARP_MISSED_MAX));
    bond_text_add(t, "ARP IP target/s (n.n.n.n form):");
    show_ip4_targets(t, &b->opt);
    bond_text_add(t, "\nNS IPv6 target/s (xx::xx form):");
    show_ip6_targets(t, &b->opt);
    bond_text_add(t, "\n");
}

static void
show_port(struct bond_text *t, const struct bond_port *p)
{
    const uint8_t *m = p->perm_mac;

    bond_text_add(t, "\nSlave Interface: %s\n", p->name);
    bond_text_add(t, "MII Status: %s\n", bond_link_name((enum bond_link) p->link));
    if (p->speed_mbps == BOND_SPEED_UNKNOWN)
        bond_text_add(t, "Speed: Unknown\n");
    else
        bond_text_add(t, "Speed: %d Mbps\n", (int) p->speed_mbps);
    if (p->duplex == BOND_DUPLEX_UNKNOWN)
        bond_text_add(t, "Duplex: Unknown\n");
    else
        bond_text_add(t, "Duplex: %s\n", p->duplex ? "full" : "half");
    bond_text_add(t, "Link Failure Count: %u\n", p->failure_count);
    bond_text_add(t, "Permanent HW addr: %02x:%02x:%02x:%02x:%02x:%02x\n", m[0], m[1], m[2], m[3],
                  m[4], m[5]);
    bond_text_add(t, "Slave queue ID: %u\n", p->queue_id);
}

int
bond_proc_format(const struct bond *b, const char *version, char *buf, size_t size)
{
    struct bond_text t = {.buf = buf, .size = size};
    int order[BOND_MAX_PORTS];
    uint32_t n = bond_port_order(b, false, order);

    bond_text_add(&t, "Ethernet Channel Bonding Driver: %s\n\n", version);
    show_mode(&t, b);
    show_active(&t, b);
    show_monitor(&t, b);
    show_arp(&t, b);
    bond_lacp_show(&t, b);
    for (uint32_t i = 0; i < n; i++) {
        show_port(&t, &b->port[order[i]]);
        bond_lacp_show_port(&t, b, order[i]);
    }
    return t.len;
}
