/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * port.c - does and undoes. Never decides whether a device may be a port, nor when it leaves.
 */
#include "daemon/port.h"

#include <errno.h>
#include <string.h>

#include "core/sentences.h"
#include "daemon/error.h"

void
bondd_port_save(struct bondd_port *p, const struct dp_link *link)
{
    uint32_t id = p->id;

    memset(p, 0, sizeof(*p));
    p->in_use = true;
    p->id = id;
    p->ifindex = link->ifindex;
    g_strlcpy(p->name, link->name, sizeof(p->name));
    memcpy(p->orig_mac, link->mac, BOND_MAC_LEN);
    p->orig_mtu = link->mtu;
    p->orig_flags = link->flags;
    if (dp_sysctl6_get(link->name, "disable_ipv6", &p->orig_disable_ipv6) < 0)
        p->orig_disable_ipv6 = -1;
    g_strlcpy(p->orig_alias, link->alias, sizeof(p->orig_alias));
}

/* Turns on those of `flags` that are off, and remembers which. */
static int
turn_on(struct bondd_port *p, struct dp_nl *nl, const struct dp_link *now, uint32_t flags)
{
    uint32_t missing = flags & ~now->flags;
    int r;

    if (missing == 0)
        return 0;
    r = dp_link_set_flags(nl, p->ifindex, missing, missing);
    if (r == 0)
        p->set_flags |= missing;
    return r;
}

int
bondd_port_set_mtu(struct bondd_port *p, struct dp_nl *nl, uint32_t mtu)
{
    int r = dp_link_set_mtu(nl, p->ifindex, mtu);

    if (r == 0) {
        p->set_mtu = mtu;
        p->trouble[0] = '\0';
    } else {
        g_snprintf(p->trouble, sizeof(p->trouble), BOND_WARN_MTU_REFUSED, p->name, mtu,
                   g_strerror(-r));
    }
    return r;
}

int
bondd_port_set_promisc(struct bondd_port *p, struct dp_nl *nl, bool on)
{
    struct dp_link now;
    int r = dp_link_get_index(nl, p->ifindex, &now);

    if (r < 0)
        return r;
    if (on)
        return turn_on(p, nl, &now, IFF_PROMISC);
    if (!(p->set_flags & IFF_PROMISC))
        return 0;
    p->set_flags &= ~(uint32_t) IFF_PROMISC;
    return dp_link_set_flags(nl, p->ifindex, 0, IFF_PROMISC);
}

static bool
failed(GError **error, int code, const struct bondd_port *p, const char *what)
{
    bondd_error_from_errno(error, code, "Port %s could not be attached: %s", p->name, what);
    return false;
}

bool
bondd_port_apply(struct bondd_port *p, struct dp_nl *nl, struct dp_bpf *bpf, const char *bond_name,
                 uint32_t mtu, bool promisc, GError **error)
{
    g_autofree char *alias = g_strconcat(BONDD_PORT_ALIAS_PREFIX, bond_name, NULL);
    struct dp_link now;
    int r = dp_link_get_index(nl, p->ifindex, &now);

    if (r < 0)
        return failed(error, r, p, "reading the device");
    if (now.mtu != mtu && (r = bondd_port_set_mtu(p, nl, mtu)) < 0) {
        bondd_error_from_errno(error, r,
                               "Port %s could not be attached: it does not accept the "
                               "bond's MTU of %u",
                               p->name, mtu);
        return false;
    }
    if (p->orig_disable_ipv6 == 0) {
        /* or its link-local address would answer for the bond's MAC */
        r = dp_sysctl6_set(now.name, "disable_ipv6", 1);
        if (r < 0)
            return failed(error, r, p, "turning IPv6 off on it");
        p->ipv6_off = true;
    }
    if (strcmp(now.alias, alias) != 0) {
        r = dp_link_set_alias(nl, p->ifindex, alias);
        if (r < 0)
            return failed(error, r, p, "setting its alias");
    }
    p->alias_set = true;
    r = turn_on(p, nl, &now, IFF_ALLMULTI | (promisc ? IFF_PROMISC : 0u));
    if (r < 0)
        return failed(error, r, p, "receiving all multicast on it");
    r = dp_bpf_attach_port(bpf, p->ifindex);
    if (r < 0)
        return failed(error, r, p, "attaching the receive program");
    return true;
}

bool
bondd_port_bring_up(struct bondd_port *p, struct dp_nl *nl, GError **error)
{
    struct dp_link now;
    int r = dp_link_get_index(nl, p->ifindex, &now);

    if (r == 0)
        r = turn_on(p, nl, &now, IFF_UP);
    return r == 0 || failed(error, r, p, "bringing it up");
}

int
bondd_port_set_mac(struct bondd_port *p, struct dp_nl *nl, const uint8_t mac[BOND_MAC_LEN])
{
    struct dp_link now;
    int r = dp_link_get_index(nl, p->ifindex, &now);

    if (r < 0)
        return r;
    if (memcmp(now.mac, mac, BOND_MAC_LEN) != 0) {
        r = dp_link_set_mac(nl, p->ifindex, mac);
        if (r < 0)
            return r;
    }
    memcpy(p->set_mac, mac, BOND_MAC_LEN);
    p->mac_set = true;
    return 0;
}

void
bondd_port_linger(struct bondd_port *p, struct dp_nl *nl, const uint8_t mac[BOND_MAC_LEN])
{
    if (p->uc_set || dp_link_uc_addr(nl, p->ifindex, mac, true) < 0)
        return;
    p->uc_set = true;
    memcpy(p->uc, mac, BOND_MAC_LEN);
}

void
bondd_port_unlinger(struct bondd_port *p, struct dp_nl *nl)
{
    if (p->uc_set)
        dp_link_uc_addr(nl, p->ifindex, p->uc, false);
    p->uc_set = false;
}

static void
restore_mac(struct bondd_port *p, struct dp_nl *nl, const struct dp_link *now)
{
    if (p->mac_set && memcmp(now->mac, p->set_mac, BOND_MAC_LEN) == 0 &&
        memcmp(now->mac, p->orig_mac, BOND_MAC_LEN) != 0)
        dp_link_set_mac(nl, p->ifindex, p->orig_mac);
    p->mac_set = false;
}

static void
restore_flags(struct bondd_port *p, struct dp_nl *nl, const struct dp_link *now)
{
    uint32_t off = p->set_flags & (IFF_ALLMULTI | IFF_PROMISC);

    /* In use by somebody else by now: then it stays up. */
    if ((p->set_flags & IFF_UP) && now->master == 0)
        off |= IFF_UP;
    if (off != 0)
        dp_link_set_flags(nl, p->ifindex, 0, off);
    p->set_flags = 0;
}

static void
restore_ipv6(struct bondd_port *p, const struct dp_link *now)
{
    int value;

    if (p->ipv6_off && dp_sysctl6_get(now->name, "disable_ipv6", &value) == 0 && value == 1)
        dp_sysctl6_set(now->name, "disable_ipv6", p->orig_disable_ipv6);
    p->ipv6_off = false;
}

void
bondd_port_restore(struct bondd_port *p, struct dp_nl *nl, struct dp_bpf *bpf)
{
    struct dp_link now;

    if (bpf != NULL)
        dp_bpf_detach_port(bpf, p->ifindex);
    if (dp_link_get_index(nl, p->ifindex, &now) == 0) {
        bondd_port_unlinger(p, nl);
        restore_mac(p, nl, &now);
        if (p->set_mtu != 0 && now.mtu == p->set_mtu && now.mtu != p->orig_mtu)
            dp_link_set_mtu(nl, p->ifindex, p->orig_mtu);
        if (p->alias_set && g_str_has_prefix(now.alias, BONDD_PORT_ALIAS_PREFIX))
            dp_link_set_alias(nl, p->ifindex, p->orig_alias);
        restore_flags(p, nl, &now);
        restore_ipv6(p, &now);
    }
    p->in_use = false;
}
