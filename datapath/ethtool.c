/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ethtool.c - what a driver tells about its link: speed, duplex, permanent address.
 *
 * Reads only. A driver that does not say is no error: the value is "unknown".
 */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/bond.h"
#include "datapath/ethtool.h"

int
dp_ethtool_open(void)
{
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    return fd < 0 ? -errno : fd;
}

int
dp_ethtool(int fd, const char *name, void *cmd)
{
    struct ifreq ifr = {.ifr_data = cmd};
    size_t len = strlen(name);
    int r;

    if (len >= sizeof(ifr.ifr_name))
        return -ENODEV;
    memcpy(ifr.ifr_name, name, len + 1);
    r = ioctl(fd, SIOCETHTOOL, &ifr);
    return r < 0 ? -errno : r;
}

/* The kernel wants to be asked twice: it answers the first time with the size of its masks. */
static int
get_link_settings(int fd, const char *name, struct ethtool_link_settings *out)
{
    struct {
        struct ethtool_link_settings req;
        uint32_t masks[3 * 127];
    } cmd = {.req.cmd = ETHTOOL_GLINKSETTINGS};
    int r = dp_ethtool(fd, name, &cmd);

    if (r < 0)
        return r;
    if (cmd.req.link_mode_masks_nwords >= 0)
        return -EPROTO;
    cmd.req.cmd = ETHTOOL_GLINKSETTINGS;
    cmd.req.link_mode_masks_nwords = (int8_t) -cmd.req.link_mode_masks_nwords;
    r = dp_ethtool(fd, name, &cmd);
    if (r >= 0)
        *out = cmd.req;
    return r;
}

int
dp_link_speed(int ifindex, int32_t *speed_mbps, uint8_t *duplex)
{
    struct ethtool_link_settings s;
    char name[IFNAMSIZ];
    int fd, r;

    *speed_mbps = BOND_SPEED_UNKNOWN;
    *duplex = BOND_DUPLEX_UNKNOWN;
    if (!if_indextoname((unsigned) ifindex, name))
        return -ENODEV;
    fd = dp_ethtool_open();
    if (fd < 0)
        return fd;
    r = get_link_settings(fd, name, &s);
    close(fd);
    if (r == -ENODEV)
        return r;
    if (r < 0)
        return 0; /* the driver has nothing to say */
    /* kernel: bond_update_speed_duplex() takes 0 and SPEED_UNKNOWN for unknown */
    if (s.speed != 0 && s.speed <= INT32_MAX)
        *speed_mbps = (int32_t) s.speed;
    if (s.duplex == DUPLEX_HALF || s.duplex == DUPLEX_FULL)
        *duplex = s.duplex;
    return 0;
}

int
dp_link_perm_mac(const char *name, uint8_t mac[BOND_MAC_LEN])
{
    struct {
        struct ethtool_perm_addr req;
        uint8_t data[32];
    } cmd = {.req = {.cmd = ETHTOOL_GPERMADDR, .size = 32}};
    static const uint8_t none[BOND_MAC_LEN];
    int fd = dp_ethtool_open(), r;

    if (fd < 0)
        return fd;
    r = dp_ethtool(fd, name, &cmd);
    close(fd);
    if (r < 0)
        return r;
    if (cmd.req.size != BOND_MAC_LEN || memcmp(cmd.data, none, BOND_MAC_LEN) == 0)
        return -ENODATA;
    memcpy(mac, cmd.data, BOND_MAC_LEN);
    return 0;
}
