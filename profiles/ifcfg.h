/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ifcfg.h - ifcfg files of the initscripts: keys and values, and the profiles of a bond that they
 * make.
 */
#ifndef PROFILES_IFCFG_H
#define PROFILES_IFCFG_H

#include "profiles/profile.h"

#define IFCFG_DIRECTORY "/etc/sysconfig/network-scripts"

struct ifcfg_entry {
    char *value;
    guint line;
    bool used; /* somebody has asked for it */
};

struct ifcfg {
    char *path;
    GHashTable *entries; /* key → struct ifcfg_entry */
    GPtrArray *errors;   /* sentences about its lines; they count only if it is of a bond */
};

/* What one file became. */
struct imported {
    char *path;
    NMConnection *connection; /* NULL: something in the file is wrong */
};

/* A line of a route file. Strings are borrowed for the call. */
struct ifcfg_route {
    int family;
    const char *to;
    guint prefix;
    const char *via;        /* NULL: on the link */
    gint64 metric;          /* -1: not given */
    const char *attributes; /* " src=10.0.0.1 onlink=true", as nmcli writes them */
};

/* What an import has to say: sentences "FILE:LINE: ...". */
struct import {
    bool in_place;                        /* NM_CONTROLLED=no is obeyed */
    char *(*make_uuid)(const char *path); /* for a file without UUID; NULL: a random one */
    /* Into a profile; NULL: it cannot be done here, and each is said to be skipped. A rule is a
     * line as for `ip rule add`. */
    bool (*add_route)(NMConnection *bond, const struct ifcfg_route *route, GError **error);
    bool (*add_rule)(NMConnection *bond, int family, const char *rule, GError **error);
    GPtrArray *errors;    /* what is wrong */
    GPtrArray *skipped;   /* what could not be carried over */
    GPtrArray *profiles;  /* of struct imported: a bond, its ports, ... */
    GPtrArray *bonds;     /* of char *: interface names */
    GPtrArray *unmanaged; /* of char *: devices with NM_CONTROLLED=no */
};

void import_init(struct import *import);
void import_clear(struct import *import);
/* The bonds of a directory with their ports, into profiles. `only`: the file of the one bond that
 * is wanted, or NULL. (ifcfg-dir.c) */
void import_directory(struct import *import, const char *directory, const char *only);
/* Is this the name of an ifcfg file, and none that an editor left behind? */
bool ifcfg_is_name(const char *name);
/* 255.255.255.0 into a number of bits; false: it is no netmask. */
bool ifcfg_netmask(const char *text, guint *prefix);

/* ---- within profiles/ ---- */

struct ifcfg *ifcfg_read(const char *path, struct import *import);
void ifcfg_take_errors(struct import *import, struct ifcfg *file);
void ifcfg_free(struct ifcfg *file);
/* NULL: the key is not there, or empty. */
const char *ifcfg_get(struct ifcfg *file, const char *key);
/* yes, true, t, y, 1 as the initscripts take them */
bool ifcfg_is_yes(struct ifcfg *file, const char *key, bool otherwise);
const char *ifcfg_device(struct ifcfg *file); /* DEVICE, or what the file's name says */
void ifcfg_error(struct import *import, struct ifcfg *file, const char *key, const char *text);
void ifcfg_skip(struct import *import, struct ifcfg *file, const char *key, const char *text);
/* Every key that nobody has asked for is one that is not carried over. */
void ifcfg_skip_unused(struct import *import, struct ifcfg *file);

guint ifcfg_line(struct ifcfg *file, const char *key); /* where it stands; 1: nowhere */

/* IP of both families (ifcfg-ip.c). `aliases`: of struct ifcfg, files of bond0:1 and such. */
void import_addresses(struct import *import, struct ifcfg *file, GPtrArray *aliases,
                      NMConnection *bond);
/* Routes and rules, in files of their own (ifcfg-route.c). */
void import_side_files(struct import *import, struct ifcfg *file, NMConnection *bond);
/* The bond of a file, its aliases and its ports (ifcfg-bond.c). */
void import_bond(struct import *import, struct ifcfg *file, GPtrArray *aliases, GPtrArray *ports);

#endif
