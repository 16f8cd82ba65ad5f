/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * carrier.c - whether a device's carrier has changed, without asking for the link.
 *
 * Requests for links wait for the kernel's RTNL lock, as whoever changes any link of the machine
 * does. This counter is read without a lock, but its file must be open: looking for it waits for
 * who makes or removes a device. It is that of the network namespace for which /sys was mounted:
 * whoever relies on it compares it with what netlink says.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "datapath/link.h"

int
dp_link_carrier_open(const char *name)
{
    char path[sizeof("/sys/class/net//carrier_changes") + IFNAMSIZ];
    int fd;

    if (strlen(name) >= IFNAMSIZ || strchr(name, '/') || name[0] == '.' || name[0] == '\0')
        return -EINVAL;
    snprintf(path, sizeof(path), "/sys/class/net/%s/carrier_changes", name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int
dp_link_carrier_changes(int fd, uint32_t *changes)
{
    char text[16], *end;
    ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

    if (n < 0)
        return -errno;
    text[n] = '\0';
    *changes = (uint32_t) strtoul(text, &end, 10);
    return end == text ? -EBADMSG : 0;
}
