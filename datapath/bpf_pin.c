/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bpf_pin.c - a bond's maps and programs under names in the BPF file system, where they outlive
 * bondd.
 *
 * Decides whether what is found there can be used: same layout, same bond, and for programs the
 * same build. Anything else is removed, never repaired.
 */
#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/magic.h>

#include "datapath/bpf_priv.h"

#define PIN_SHARED "shared"

static const char *const pin_names[DP_BPF_N_MAPS] = {
    [DP_MAP_SHARED] = PIN_SHARED, [DP_MAP_COUNTERS] = "counters", [DP_MAP_RR] = "rr_counter",
    [DP_MAP_TLB] = "tlb",         [DP_MAP_LOAD] = "load",         [DP_MAP_WAKE] = "wake",
};

/* What a pinned map must be like. */
static const struct bpf_map_info expected[DP_BPF_N_MAPS] = {
    [DP_MAP_SHARED] = {.type = BPF_MAP_TYPE_ARRAY,
                       .key_size = 4,
                       .value_size = sizeof(struct dp_shared),
                       .max_entries = 1},
    [DP_MAP_COUNTERS] = {.type = BPF_MAP_TYPE_PERCPU_ARRAY,
                         .key_size = 4,
                         .value_size = sizeof(struct bond_counters),
                         .max_entries = BOND_MAX_PORTS + 1},
    [DP_MAP_RR] = {.type = BPF_MAP_TYPE_PERCPU_ARRAY,
                   .key_size = 4,
                   .value_size = 4,
                   .max_entries = 1},
    [DP_MAP_TLB] = {.type = BPF_MAP_TYPE_ARRAY,
                    .key_size = 4,
                    .value_size = sizeof(struct bond_tlb),
                    .max_entries = 1},
    [DP_MAP_LOAD] = {.type = BPF_MAP_TYPE_ARRAY,
                     .key_size = 4,
                     .value_size = sizeof(struct bond_bucket_load),
                     .max_entries = 1},
    [DP_MAP_WAKE] = {.type = BPF_MAP_TYPE_RINGBUF},
};

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
fits(int fd, const struct bpf_map_info *want)
{
    struct bpf_map_info info = {0};
    uint32_t len = sizeof(info);

    if (bpf_obj_get_info_by_fd(fd, &info, &len) || info.type != want->type)
        return false;
    return want->type == BPF_MAP_TYPE_RINGBUF || /* its size may be any */
           (info.key_size == want->key_size && info.value_size == want->value_size &&
            info.max_entries == want->max_entries);
}

struct dp_shared *
dp_pin_map_shared(int fd)
{
    struct dp_shared *shared;

    if (!fits(fd, &expected[DP_MAP_SHARED]))
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

int
dp_pin_bond_of(const char *dir)
{
    int fd = open_pin(dir, PIN_SHARED), ifindex = 0;
    struct dp_shared *shared = fd >= 0 ? dp_pin_map_shared(fd) : NULL;

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
        found = dp_pin_bond_of(old) == bond_ifindex && rename(old, dir) == 0;
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
    if ((size_t) snprintf(parent, sizeof(parent), "%s", pin_dir) >= sizeof(parent))
        return dp_text(text, text_size, -ENAMETOOLONG,
                       "The path of the pin directory is too long.");
    if (access(pin_dir, F_OK) == 0 || (access(dirname(parent), F_OK) == 0 && !on_bpffs(parent)))
        return dp_text(text, text_size, -EINVAL,
                       "The directory '%s' for pinned maps is not on a BPF file system; allowed is "
                       "one below a mount of type bpf, usually /sys/fs/bpf.",
                       pin_dir);
    return make_dir(pin_dir, text, text_size);
}

/* Programs are on the bond's device. On a new one there are none, and nobody has to look through
 * the pins of a thousand bonds for one of that number. */
static bool
is_at_work(struct dp_tc *tc, int bond_ifindex)
{
    enum dp_tc_owner owner;

    return dp_tcx_is_used(bond_ifindex, DP_HOOK_EGRESS) ||
           (dp_tc_owner(tc, bond_ifindex, DP_HOOK_EGRESS, bond_ifindex, &owner, NULL) == 0 &&
            owner != DP_TC_NOBODY);
}

int
dp_pin_dir(char **dir, struct dp_tc *tc, const char *pin_dir, const char *bond_name,
           int bond_ifindex, char *text, size_t text_size)
{
    char name[BOND_NAME_SIZE * 3], path[PATH_MAX];
    int err = make_pin_dir(pin_dir, text, text_size);

    if (err)
        return err;
    escape(name, sizeof(name), bond_name);
    if ((size_t) snprintf(path, sizeof(path), "%s/%s", pin_dir, name) >= sizeof(path))
        return dp_text(text, text_size, -ENAMETOOLONG, "The directory name '%s' is too long.",
                       pin_dir);
    *dir = strdup(path);
    if (!*dir)
        return dp_text(text, text_size, -ENOMEM, "There is no memory for bond '%s'.", bond_name);
    if (access(path, F_OK) != 0 && is_at_work(tc, bond_ifindex) &&
        find_renamed(pin_dir, path, bond_ifindex))
        return 0;
    return make_dir(path, text, text_size);
}

/* All pins of the directory but those that are named, and those that hold a program on a device:
 * frames go by them until there is something better. */
static void
remove_others(const char *dir, const char (*keep)[32], unsigned n)
{
    unsigned direction;
    int ifindex;
    char path[PATH_MAX + NAME_MAX + 2];
    DIR *d = opendir(dir);
    struct dirent *e;

    while (d && (e = readdir(d))) {
        bool kept = e->d_name[0] == '.' || dp_tcx_is_pin(e->d_name, &ifindex, &direction);

        for (unsigned i = 0; i < n && !kept; i++)
            kept = strcmp(e->d_name, keep[i]) == 0;
        snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
        if (!kept)
            unlink(path);
    }
    if (d)
        closedir(d);
}

void
dp_pin_remove(const char *dir)
{
    static const struct dp_shared none;

    dp_tcx_prune(dir, &none);
    remove_others(dir, NULL, 0);
    rmdir(dir);
}

/* Of a bond that is no more: its filters, then its pins. */
static void
clean_up(struct dp_tc *tc, const char *dir)
{
    int fd = open_pin(dir, PIN_SHARED);
    struct dp_shared *shared = fd >= 0 ? dp_pin_map_shared(fd) : NULL;

    if (shared) {
        dp_hook_detach_all(tc, dir, shared);
        munmap(shared, sizeof(*shared));
    }
    if (fd >= 0)
        close(fd);
    dp_pin_remove(dir);
}

/* The maps are whole, of this layout, and of the bond with this device. *of_other: they belong to a
 * device of another number, so to a bond that is no more. */
static bool
usable(const int fds[DP_BPF_N_MAPS], int bond_ifindex, bool *of_other)
{
    struct dp_shared *shared;
    bool ok;

    *of_other = false;
    for (unsigned i = 0; i < DP_MAP_WAKE; i++) {
        if (fds[i] < 0 || !fits(fds[i], &expected[i]))
            return false;
    }
    shared = dp_pin_map_shared(fds[DP_MAP_SHARED]);
    if (!shared)
        return false;
    ok = shared->bond_ifindex == (uint32_t) bond_ifindex;
    *of_other = !ok;
    munmap(shared, sizeof(*shared));
    return ok;
}

static void
close_all(int *fds, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
        fds[i] = -1;
    }
}

/* Programs are pinned under the name of their build: what another build has left is never taken for
 * ours. */
static void
program_pin(char name[32], enum dp_variant variant, unsigned prog)
{
    static const char *const names[DP_BPF_N_PROGS] = {"tx", "rx", "splice"};

    snprintf(name, 32, "%s-%016llx", names[prog], (unsigned long long) dp_object_id(variant));
}

static uint32_t
map_id(int fd)
{
    struct bpf_map_info info = {0};
    uint32_t len = sizeof(info);

    return bpf_obj_get_info_by_fd(fd, &info, &len) ? 0 : info.id;
}

/* The program is loaded with this map. */
static bool
uses_map(int prog_fd, int map_fd)
{
    uint32_t ids[16], id = map_id(map_fd), len;
    struct bpf_prog_info info = {.map_ids = (uintptr_t) ids, .nr_map_ids = 16};

    len = sizeof(info);
    if (id == 0 || bpf_obj_get_info_by_fd(prog_fd, &info, &len))
        return false;
    for (unsigned i = 0; i < info.nr_map_ids && i < 16; i++) {
        if (ids[i] == id)
            return true;
    }
    return false;
}

static bool
take_programs(struct dp_bpf *bpf, enum dp_variant variant)
{
    char name[32];
    bool ok = variant != DP_VARIANT_SEES || bpf->map_fd[DP_MAP_WAKE] >= 0;

    for (unsigned i = 0; i < DP_BPF_N_PROGS && ok; i++) {
        program_pin(name, variant, i);
        bpf->prog_fd[i] = open_pin(bpf->dir, name);
        ok = bpf->prog_fd[i] >= 0 && uses_map(bpf->prog_fd[i], bpf->map_fd[DP_MAP_SHARED]) &&
             (i == DP_PROG_INSIDE ||
              uses_map(bpf->prog_fd[i], bpf->map_fd[DP_MAP_COUNTERS]));
    }
    if (ok && variant == DP_VARIANT_SEES)
        ok = uses_map(bpf->prog_fd[DP_PROG_TX], bpf->map_fd[DP_MAP_WAKE]);
    if (ok)
        bpf->variant = variant;
    else
        close_all(bpf->prog_fd, DP_BPF_N_PROGS);
    return ok;
}

int
dp_pin_reuse(struct dp_bpf *bpf, int bond_ifindex, bool *maps, bool *programs, char *text,
             size_t text_size)
{
    bool of_other;

    *programs = false;
    for (unsigned i = 0; i < DP_BPF_N_MAPS; i++)
        bpf->map_fd[i] = open_pin(bpf->dir, pin_names[i]);
    *maps = usable(bpf->map_fd, bond_ifindex, &of_other);
    if (*maps) {
        if (bpf->map_fd[DP_MAP_WAKE] >= 0 &&
            !fits(bpf->map_fd[DP_MAP_WAKE], &expected[DP_MAP_WAKE]))
            close_all(&bpf->map_fd[DP_MAP_WAKE], 1);
        *programs = take_programs(bpf, dp_object_best());
        return 0;
    }
    close_all(bpf->map_fd, DP_BPF_N_MAPS);
    if (of_other)
        clean_up(bpf->tc, bpf->dir);
    else
        remove_others(bpf->dir, NULL, 0);
    return make_dir(bpf->dir, text, text_size);
}

static int
pin(const char *dir, const char *name, int fd, char *text, size_t text_size)
{
    char path[PATH_MAX + 32];
    int err;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    if (bpf_obj_pin(fd, path) == 0)
        return 0;
    err = -errno;
    return dp_text(text, text_size, err, "'%s' could not be pinned: %s.", path, strerror(-err));
}

/* Killed in between, the next one finds maps without programs of its build, and makes those. */
int
dp_pin_all(struct dp_bpf *bpf, char *text, size_t text_size)
{
    char keep[DP_BPF_N_MAPS + DP_BPF_N_PROGS][32];
    unsigned n = 0;
    int err = 0, fd;

    for (unsigned i = 0; i < DP_BPF_N_MAPS; i++) {
        if (bpf->map_fd[i] < 0)
            continue;
        fd = open_pin(bpf->dir, pin_names[i]);
        if (fd < 0 || map_id(fd) != map_id(bpf->map_fd[i])) {
            char path[PATH_MAX + 32];

            snprintf(path, sizeof(path), "%s/%s", bpf->dir, pin_names[i]);
            unlink(path);
            err = err ? err : pin(bpf->dir, pin_names[i], bpf->map_fd[i], text, text_size);
        }
        if (fd >= 0)
            close(fd);
        strcpy(keep[n++], pin_names[i]);
    }
    remove_others(bpf->dir, keep, n);
    for (unsigned i = 0; i < DP_BPF_N_PROGS && !err; i++) {
        program_pin(keep[n], bpf->variant, i);
        err = pin(bpf->dir, keep[n], bpf->prog_fd[i], text, text_size);
    }
    return err;
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

typedef char dir_name[BOND_NAME_SIZE * 3];

static int
by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* The names of their directories, in order; NULL: there is no memory. */
static dir_name *
names_of(const char *const *keep, unsigned n)
{
    dir_name *names = calloc(n + 1, sizeof(*names));

    for (unsigned i = 0; names && i < n; i++)
        escape(names[i], sizeof(names[i]), keep[i]);
    if (names)
        qsort(names, n, sizeof(*names), by_name);
    return names;
}

/* What no hook knows of, in a directory that stays. */
static void
prune(const char *dir)
{
    int fd = open_pin(dir, PIN_SHARED);
    struct dp_shared *shared = fd >= 0 ? dp_pin_map_shared(fd) : NULL;

    if (shared) {
        dp_tcx_prune(dir, shared);
        munmap(shared, sizeof(*shared));
    }
    if (fd >= 0)
        close(fd);
}

int
dp_bpf_sweep(const char *pin_dir, const char *const *keep, unsigned n)
{
    DIR *d = on_bpffs(pin_dir) ? opendir(pin_dir) : NULL;
    char dir[PATH_MAX], name[IF_NAMESIZE];
    struct dp_tc *tc = NULL;
    dir_name *names;
    struct dirent *e;
    int removed = 0, err;

    if (!d) /* nothing was ever pinned */
        return 0;
    names = names_of(keep, n);
    err = names ? dp_tc_open(&tc) : -ENOMEM;
    if (err) {
        free(names);
        closedir(d);
        return err;
    }
    while ((e = readdir(d))) {
        if (e->d_name[0] == '.' ||
            (size_t) snprintf(dir, sizeof(dir), "%s/%s", pin_dir, e->d_name) >= sizeof(dir))
            continue;
        if (bsearch(e->d_name, names, n, sizeof(*names), by_name)) {
            prune(dir);
            continue;
        }
        if (if_indextoname((unsigned) dp_pin_bond_of(dir), name) && is_name_kept(name, keep, n))
            dp_pin_remove(dir); /* of a bond that has other pins: its filters are in use */
        else
            clean_up(tc, dir);
        if (access(dir, F_OK) != 0)
            removed++;
    }
    dp_tc_close(tc);
    free(names);
    closedir(d);
    return removed;
}
