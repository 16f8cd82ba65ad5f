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
    bond_lacp_show(&t, b);
    for (uint32_t i = 0; i < n; i++) {
        show_port(&t, &b->port[order[i]]);
        bond_lacp_show_port(&t, b, order[i]);
    }
    return t.len;
}
