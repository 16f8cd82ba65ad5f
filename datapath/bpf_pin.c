/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bpf_pin.c - a bond's maps under names in the BPF file system, where they outlive bondd.
 *
 * Decides whether what is found there can be used: same layout, same bond. Anything else is
 * removed, never repaired.
 */
#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/magic.h>

#include "datapath/bpf_priv.h"
#include "datapath/bond.skel.h" /* needs the types of shared.h */

#define PIN_SHARED "shared"

static const char *const pin_names[DP_BPF_N_MAPS] = {PIN_SHARED, "counters", "rr_counter", "tlb"};

static void
skel_maps(const struct bond_bpf *skel, struct bpf_map *maps[DP_BPF_N_MAPS])
{
    maps[0] = skel->maps.data_shared;
    maps[1] = skel->maps.counters;
    maps[2] = skel->maps.rr_counter;
    maps[3] = skel->maps.tlb;
}

int
dp_text(char *text, size_t size, int code, const char *fmt, ...)
{
    va_list ap;

    if (text && size) {
        va_start(ap, fmt);
        vsnprintf(text, size, fmt, ap);
        va_end(ap);
    }
    return code;
}

/* The BPF file system allows no dot in a name; an interface may have one. */
static void
escape(char *out, size_t size, const char *name)
{
    size_t n = 0;

    for (; *name && n + 4 < size; name++) {
        if (*name == '.' || *name == '%')
            n += (size_t) snprintf(out + n, size - n, "%%%02x", (unsigned char) *name);
        else
            out[n++] = *name;
    }
    out[n] = '\0';
}

static bool
on_bpffs(const char *path)
{
    struct statfs fs;

    return statfs(path, &fs) == 0 && fs.f_type == BPF_FS_MAGIC;
}

static int
make_dir(const char *path, char *text, size_t text_size)
{
    if (mkdir(path, 0700) == 0 || errno == EEXIST)
        return 0;
    return dp_text(text, text_size, -errno, "The directory '%s' could not be made: %s.", path,
                   strerror(errno));
}

static int
open_pin(const char *dir, const char *name)
{
    char path[PATH_MAX + 32];

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    return bpf_obj_get(path);
}

static bool
fits(int fd, const struct bpf_map *map)
{
    struct bpf_map_info info = {0};
    uint32_t len = sizeof(info);

    return bpf_obj_get_info_by_fd(fd, &info, &len) == 0 && info.type == bpf_map__type(map) &&
           info.key_size == bpf_map__key_size(map) && info.value_size == bpf_map__value_size(map) &&
           info.max_entries == bpf_map__max_entries(map);
}

/* A pinned shared memory of our layout, mapped; NULL if it is not. */
static struct dp_shared *
map_shared(int fd)
{
    struct bpf_map_info info = {0};
    uint32_t len = sizeof(info);
    struct dp_shared *shared;

    if (bpf_obj_get_info_by_fd(fd, &info, &len) || info.value_size != sizeof(*shared))
        return NULL;
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (shared == MAP_FAILED)
        return NULL;
    if (shared->version != BOND_TABLE_VERSION) {
        munmap(shared, sizeof(*shared));
        return NULL;
    }
    return shared;
}

static int
bond_of(const char *dir)
{
    int fd = open_pin(dir, PIN_SHARED), ifindex = 0;
    struct dp_shared *shared = fd >= 0 ? map_shared(fd) : NULL;

    if (shared) {
        ifindex = (int) shared->bond_ifindex;
        munmap(shared, sizeof(*shared));
    }
    if (fd >= 0)
        close(fd);
    return ifindex;
}

/* The bond's device has another name now: its pins follow. */
static bool
find_renamed(const char *pin_dir, const char *dir, int bond_ifindex)
{
    DIR *d = opendir(pin_dir);
    char old[PATH_MAX];
    struct dirent *e;
    bool found = false;

    while (d && !found && (e = readdir(d))) {
        if (e->d_name[0] == '.' ||
            (size_t) snprintf(old, sizeof(old), "%s/%s", pin_dir, e->d_name) >= sizeof(old))
            continue;
        found = bond_of(old) == bond_ifindex && rename(old, dir) == 0;
    }
    if (d)
        closedir(d);
    return found;
}

/* pin_dir on a BPF file system, made where it is missing. */
static int
make_pin_dir(const char *pin_dir, char *text, size_t text_size)
{
    char parent[PATH_MAX];

    if (on_bpffs(pin_dir))
        return 0;
    snprintf(parent, sizeof(parent), "%s", pin_dir);
    if (access(pin_dir, F_OK) == 0 || (access(dirname(parent), F_OK) == 0 && !on_bpffs(parent)))
        return dp_text(text, text_size, -EINVAL,
                       "The directory '%s' for pinned maps is not on a BPF file system; allowed is "
                       "one below a mount of type bpf, usually /sys/fs/bpf.",
                       pin_dir);
    return make_dir(pin_dir, text, text_size);
}

int
dp_pin_dir(char *dir, size_t size, const char *pin_dir, const char *bond_name, int bond_ifindex,
           char *text, size_t text_size)
{
    char name[BOND_NAME_SIZE * 3];
    int err = make_pin_dir(pin_dir, text, text_size);

    if (err)
        return err;
    escape(name, sizeof(name), bond_name);
    if ((size_t) snprintf(dir, size, "%s/%s", pin_dir, name) >= size)
        return dp_text(text, text_size, -ENAMETOOLONG, "The directory name '%s' is too long.",
                       pin_dir);
    if (access(dir, F_OK) != 0 && find_renamed(pin_dir, dir, bond_ifindex))
        return 0;
    return make_dir(dir, text, text_size);
}

void
dp_pin_remove(const char *dir)
{
    char path[PATH_MAX + 32];

    for (unsigned i = 0; i < DP_BPF_N_MAPS; i++) {
        snprintf(path, sizeof(path), "%s/%s", dir, pin_names[i]);
        unlink(path);
    }
    rmdir(dir);
}

/* Of a bond that is no more: its filters, then its pins. */
static void
clean_up(struct dp_tc *tc, const char *dir)
{
    int fd = open_pin(dir, PIN_SHARED);
    struct dp_shared *shared = fd >= 0 ? map_shared(fd) : NULL;

    if (shared) {
        dp_tc_detach_hooks(tc, shared);
        munmap(shared, sizeof(*shared));
    }
    if (fd >= 0)
        close(fd);
    dp_pin_remove(dir);
}

/* The maps are whole, of this layout, and of the bond with this device. *of_other: they belong to a
 * device of another number, so to a bond that is no more. */
static bool
usable(const int fds[DP_BPF_N_MAPS], struct bpf_map *maps[DP_BPF_N_MAPS], int bond_ifindex,
       bool *of_other)
{
    struct dp_shared *shared;
    bool ok;

    *of_other = false;
    for (unsigned i = 0; i < DP_BPF_N_MAPS; i++) {
        if (fds[i] < 0 || !fits(fds[i], maps[i]))
            return false;
    }
    shared = map_shared(fds[0]);
    if (!shared)
        return false;
    ok = shared->bond_ifindex == (uint32_t) bond_ifindex;
    *of_other = !ok;
    munmap(shared, sizeof(*shared));
    return ok;
}

int
dp_pin_reuse(struct dp_bpf *bpf, int bond_ifindex, bool *reused, char *text, size_t text_size)
{
    struct bpf_map *maps[DP_BPF_N_MAPS];
    int fds[DP_BPF_N_MAPS];
    bool of_other;
    int err = 0;

    skel_maps(bpf->skel, maps);
    for (unsigned i = 0; i < DP_BPF_N_MAPS; i++)
        fds[i] = open_pin(bpf->dir, pin_names[i]);
    *reused = usable(fds, maps, bond_ifindex, &of_other);
    for (unsigned i = 0; i < DP_BPF_N_MAPS; i++) {
        if (*reused && !err)
            err = bpf_map__reuse_fd(maps[i], fds[i]);
        if (fds[i] >= 0)
            close(fds[i]);
    }
    if (err)
        return dp_text(text, text_size, err, "The pinned maps in '%s' cannot be used: %s.",
                       bpf->dir, strerror(-err));
    if (*reused)
        return 0;
    if (of_other)
        clean_up(bpf->tc, bpf->dir);
    else
        dp_pin_remove(bpf->dir);
    return make_dir(bpf->dir, text, text_size);
}

int
dp_pin_maps(struct dp_bpf *bpf, char *text, size_t text_size)
{
    struct bpf_map *maps[DP_BPF_N_MAPS];
    char path[PATH_MAX + 32];

    skel_maps(bpf->skel, maps);
    for (unsigned i = 0; i < DP_BPF_N_MAPS; i++) {
        snprintf(path, sizeof(path), "%s/%s", bpf->dir, pin_names[i]);
        if (bpf_obj_pin(bpf_map__fd(maps[i]), path)) {
            int err = -errno;

            dp_pin_remove(bpf->dir);
            return dp_text(text, text_size, err, "A map could not be pinned as '%s': %s.", path,
                           strerror(-err));
        }
    }
    return 0;
}

static bool
is_name_kept(const char *name, const char *const *keep, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (strcmp(name, keep[i]) == 0)
            return true;
    }
    return false;
}

static bool
is_kept(const char *dir_name, const char *const *keep, unsigned n)
{
    char name[BOND_NAME_SIZE * 3];

    for (unsigned i = 0; i < n; i++) {
        escape(name, sizeof(name), keep[i]);
        if (strcmp(name, dir_name) == 0)
            return true;
    }
    return false;
}

int
dp_bpf_sweep(const char *pin_dir, const char *const *keep, unsigned n)
{
    DIR *d = on_bpffs(pin_dir) ? opendir(pin_dir) : NULL;
    char dir[PATH_MAX], name[IF_NAMESIZE];
    struct dp_tc *tc;
    struct dirent *e;
    int removed = 0, err;

    if (!d) /* nothing was ever pinned */
        return 0;
    err = dp_tc_open(&tc);
    if (err) {
        closedir(d);
        return err;
    }
    while ((e = readdir(d))) {
        if (e->d_name[0] == '.' || is_kept(e->d_name, keep, n))
            continue;
        if ((size_t) snprintf(dir, sizeof(dir), "%s/%s", pin_dir, e->d_name) >= sizeof(dir))
            continue;
        if (if_indextoname((unsigned) bond_of(dir), name) && is_name_kept(name, keep, n))
            dp_pin_remove(dir); /* of a bond that has other pins: its filters are in use */
        else
            clean_up(tc, dir);
        if (access(dir, F_OK) != 0)
            removed++;
    }
    dp_tc_close(tc);
    closedir(d);
    return removed;
}
