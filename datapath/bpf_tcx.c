/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bpf_tcx.c - puts BPF programs on the tcx hooks of devices (kernel 6.6 and later), and takes them
 * away.
 *
 * A program is held by a link, the link by a pin in the bond's directory: "in-7" is the one on
 * ingress of device 7. The pin is what outlives bondd, and by it another program is put in place
 * without a gap. What others attach there is neither read nor moved: ours come after those that
 * are there already, and pass on what they do not take.
 *
 * libbpf names none of this before 1.3; its plain system calls are enough.
 */
#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "datapath/bpf_priv.h"

/* kernel: enum bpf_attach_type */
#define TCX_INGRESS 46
#define TCX_EGRESS 47
#define LOOPBACK 1 /* kernel: LOOPBACK_IFINDEX, in every namespace */

static enum bpf_attach_type
type_of(unsigned direction)
{
    return (enum bpf_attach_type)(direction == DP_HOOK_EGRESS ? TCX_EGRESS : TCX_INGRESS);
}

static void
pin_path(char path[PATH_MAX + 32], const char *dir, int ifindex, unsigned direction)
{
    if (direction >= DP_HOOK_INSIDE)
        snprintf(path, PATH_MAX + 32, "%s/inside-%u", dir, direction - DP_HOOK_INSIDE);
    else
        snprintf(path, PATH_MAX + 32, "%s/%s-%d", dir, direction == DP_HOOK_EGRESS ? "out" : "in",
                 ifindex);
}

bool
dp_tcx_is_pin(const char *name, int *ifindex, unsigned *direction)
{
    unsigned i;
    char end;

    if (sscanf(name, "inside-%u%c", &i, &end) == 1) {
        *direction = DP_HOOK_INSIDE + i;
        *ifindex = 0;
        return i < 2;
    }
    *direction = name[0] == 'o' ? DP_HOOK_EGRESS : DP_HOOK_INGRESS;
    return sscanf(name, *direction == DP_HOOK_EGRESS ? "out-%d%c" : "in-%d%c", ifindex, &end) == 1;
}

bool
dp_tcx_available(void)
{
    uint32_t n = 0;

    return bpf_prog_query(LOOPBACK, type_of(DP_HOOK_INGRESS), 0, NULL, NULL, &n) == 0;
}

bool
dp_tcx_is_used(int ifindex, unsigned direction)
{
    uint32_t n = 0;

    return bpf_prog_query(ifindex, type_of(direction), 0, NULL, NULL, &n) == 0 && n > 0;
}

/* The link that is pinned there, or -1; its program's id. One whose device is gone is none. (A device
 * in the hidden namespace is known by its pin alone: its number may be another one there.) */
static int
open_link(const char *dir, int ifindex, unsigned direction, uint32_t *prog_id)
{
    char path[PATH_MAX + 32];
    struct bpf_link_info info = {0};
    uint32_t len = sizeof(info);
    int fd;

    pin_path(path, dir, ifindex, direction);
    fd = bpf_obj_get(path);
    if (fd < 0)
        return -1;
    /* kernel: the index is first in what a link tells of tcx, as in what it tells of XDP */
    if (bpf_obj_get_info_by_fd(fd, &info, &len) || info.xdp.ifindex == 0 ||
        (direction < DP_HOOK_INSIDE && info.xdp.ifindex != (uint32_t) ifindex)) {
        close(fd);
        return -1;
    }
    *prog_id = info.prog_id;
    return fd;
}

bool
dp_tcx_is_there(const char *dir, int ifindex, unsigned direction)
{
    uint32_t id;
    int fd = open_link(dir, ifindex, direction, &id);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

bool
dp_tcx_runs(const char *dir, int ifindex, unsigned direction, int prog_fd)
{
    struct bpf_prog_info info = {0};
    uint32_t len = sizeof(info), id;
    int fd = open_link(dir, ifindex, direction, &id);

    if (fd < 0)
        return false;
    close(fd);
    return bpf_obj_get_info_by_fd(prog_fd, &info, &len) == 0 && info.id == id;
}

/* A bond beside ours has the device. One that is dead lets go of it; so does what is left under
 * another name of our own. */
static int
evict(const char *dir, int ifindex, unsigned direction)
{
    char parent[PATH_MAX], other[PATH_MAX], name[IF_NAMESIZE];
    const char *own = strrchr(dir, '/') + 1;
    int bond, err = 0;
    struct dirent *e;
    DIR *d;

    snprintf(parent, sizeof(parent), "%s", dir);
    d = opendir(dirname(parent));
    while (d && !err && (e = readdir(d))) {
        if (e->d_name[0] == '.' || strcmp(e->d_name, own) == 0 ||
            (size_t) snprintf(other, sizeof(other), "%s/%s", parent, e->d_name) >= sizeof(other) ||
            !dp_tcx_is_there(other, ifindex, direction))
            continue;
        bond = dp_pin_bond_of(other);
        if (bond != dp_pin_bond_of(dir) && if_indextoname((unsigned) bond, name))
            err = -EBUSY;
        else
            dp_tcx_detach(other, ifindex, direction);
    }
    if (d)
        closedir(d);
    return err;
}

int
dp_tcx_check_free(const char *dir, int ifindex, unsigned direction)
{
    if (!dp_tcx_is_used(ifindex, direction) || dp_tcx_is_there(dir, ifindex, direction))
        return 0;
    return evict(dir, ifindex, direction);
}

int
dp_tcx_replace(const char *dir, int ifindex, unsigned direction, int prog_fd)
{
    uint32_t id;
    int err, fd = open_link(dir, ifindex, direction, &id);

    if (fd < 0)
        return -ENOENT;
    err = bpf_link_update(fd, prog_fd, NULL) ? -errno : 0;
    close(fd);
    return err;
}

int
dp_tcx_attach(const char *dir, int ifindex, unsigned direction, int prog_fd)
{
    char path[PATH_MAX + 32];
    int err = dp_tcx_replace(dir, ifindex, direction, prog_fd), fd;

    if (err != -ENOENT)
        return err;
    fd = bpf_link_create(prog_fd, ifindex, type_of(direction), NULL);
    if (fd < 0)
        return -errno;
    pin_path(path, dir, ifindex, direction);
    unlink(path); /* of a device that had this number before */
    err = bpf_obj_pin(fd, path) ? -errno : 0;
    close(fd); /* without a pin the program goes with it */
    return err;
}

void
dp_tcx_detach(const char *dir, int ifindex, unsigned direction)
{
    char path[PATH_MAX + 32];
    uint32_t id;
    int fd = open_link(dir, ifindex, direction, &id);

    if (fd >= 0) {
        bpf_link_detach(fd); /* now: when the last pin goes, the kernel takes its time */
        close(fd);
    }
    pin_path(path, dir, ifindex, direction);
    unlink(path);
}

/* What is inside stays as long as the bond. */
static bool
is_hook(const struct dp_shared *shared, int ifindex, unsigned direction)
{
    if (direction >= DP_HOOK_INSIDE)
        return shared->bond_ifindex != 0;
    for (unsigned i = 0; i < DP_HOOKS; i++) {
        if (shared->hook[i].ifindex == (uint32_t) ifindex && shared->hook[i].direction == direction)
            return true;
    }
    return false;
}

void
dp_tcx_prune(const char *dir, const struct dp_shared *shared)
{
    unsigned direction;
    struct dirent *e;
    DIR *d = opendir(dir);
    int ifindex;

    while (d && (e = readdir(d))) {
        if (dp_tcx_is_pin(e->d_name, &ifindex, &direction) && !is_hook(shared, ifindex, direction))
            dp_tcx_detach(dir, ifindex, direction);
    }
    if (d)
        closedir(d);
}
