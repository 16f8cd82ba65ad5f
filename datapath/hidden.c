/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hidden.c - the devices of bonds in the hidden namespace, through the one socket that we have there.
 *
 * Decides what they are called there: b and p, and the ifindex of the bond's device here.
 */
#include "datapath/hidden.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "datapath/nl.h"

struct dp_hidden {
    pthread_mutex_t lock; /* of nl: bonds are made by another thread than the one that watches */
    struct dp_nl *nl;
    int ns_fd;
};

static int
check_socket(int fd)
{
    int domain = 0, protocol = -1;
    socklen_t len = sizeof(int);

    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) ||
        getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len))
        return -errno;
    return domain == AF_NETLINK && protocol == NETLINK_ROUTE ? 0 : -EPROTOTYPE;
}

static bool
is_ours(int ns_fd)
{
    struct stat there, here;

    return fstat(ns_fd, &there) == 0 && stat("/proc/self/ns/net", &here) == 0 &&
           there.st_ino == here.st_ino && there.st_dev == here.st_dev;
}

int
dp_hidden_open(struct dp_hidden **out, int fd)
{
    struct dp_hidden *h;
    int r = check_socket(fd), ns_fd;

    if (r < 0)
        return r;
    ns_fd = ioctl(fd, SIOCGSKNS);
    if (ns_fd < 0)
        return -errno;
    fcntl(ns_fd, F_SETFD, FD_CLOEXEC);
    h = calloc(1, sizeof(*h));
    r = is_ours(ns_fd) ? -EXDEV : h ? dp_nl_adopt(&h->nl, fd) : -ENOMEM;
    if (r < 0) {
        close(ns_fd);
        free(h);
        return r;
    }
    pthread_mutex_init(&h->lock, NULL);
    h->ns_fd = ns_fd;
    *out = h;
    return 0;
}

void
dp_hidden_close(struct dp_hidden *h)
{
    if (!h)
        return;
    dp_nl_close(h->nl);
    close(h->ns_fd);
    pthread_mutex_destroy(&h->lock);
    free(h);
}

static void
name_of(char name[IFNAMSIZ], unsigned i, int bond_ifindex)
{
    snprintf(name, IFNAMSIZ, "%c%d", "bp"[i], bond_ifindex);
}

int
dp_hidden_take(struct dp_hidden *h, int bond_ifindex, const int inner[2])
{
    char name[IFNAMSIZ];
    struct dp_nl *nl; /* of this namespace */
    int r = dp_nl_open(&nl);

    if (r < 0)
        return r;
    for (unsigned i = 0; i < 2 && r == 0; i++) {
        name_of(name, i, bond_ifindex);
        r = dp_link_move(nl, inner[i], h->ns_fd, name);
    }
    dp_nl_close(nl);
    return r;
}

int
dp_hidden_find(struct dp_hidden *h, int bond_ifindex, int inside[2])
{
    int r = 0;

    pthread_mutex_lock(&h->lock);
    for (unsigned i = 0; i < 2 && r == 0; i++) {
        char name[IFNAMSIZ];
        struct dp_link link;

        name_of(name, i, bond_ifindex);
        r = dp_link_get(h->nl, name, &link);
        inside[i] = link.ifindex;
        if (r == 0)
            dp_link_without_addresses(h->nl, link.ifindex);
    }
    if (r == 0)
        r = dp_link_set_up(h->nl, inside[1], true);
    pthread_mutex_unlock(&h->lock);
    return r;
}

int
dp_hidden_set_up(struct dp_hidden *h, int inside, bool up)
{
    int r;

    pthread_mutex_lock(&h->lock);
    r = dp_link_set_up(h->nl, inside, up);
    pthread_mutex_unlock(&h->lock);
    return r;
}
