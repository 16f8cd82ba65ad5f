/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sysctl.c - IPv6 settings of one device, under /proc/sys/net/ipv6/conf.
 *
 * The files show the network namespace of the calling thread. Never touches "all" and "default",
 * which are settings of everything, although a device could bear such a name.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "datapath/link.h"

static int
open_key(const char *name, const char *key, int flags)
{
    char path[128];
    int n, fd;

    if (strlen(name) >= IFNAMSIZ || strchr(name, '/') || name[0] == '\0' ||
        strcmp(name, "all") == 0 || strcmp(name, "default") == 0 || name[0] == '.')
        return -EINVAL;
    n = snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/%s", name, key);
    if (n < 0 || (size_t) n >= sizeof(path))
        return -EINVAL;
    fd = open(path, flags | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int
dp_sysctl6_get(const char *name, const char *key, int *value)
{
    char text[32], *end;
    int fd = open_key(name, key, O_RDONLY);
    ssize_t n;
    long v;

    if (fd < 0)
        return fd;
    n = read(fd, text, sizeof(text) - 1);
    if (n < 0)
        n = -errno;
    close(fd);
    if (n < 0)
        return (int) n;
    text[n] = '\0';
    v = strtol(text, &end, 10);
    if (end == text)
        return -EBADMSG;
    *value = (int) v;
    return 0;
}

int
dp_sysctl6_set(const char *name, const char *key, int value)
{
    char text[16];
    int n = snprintf(text, sizeof(text), "%d\n", value), fd, r = 0;

    fd = open_key(name, key, O_WRONLY);
    if (fd < 0)
        return fd;
    if (write(fd, text, (size_t) n) != n)
        r = -errno;
    close(fd);
    return r;
}
