/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ifcfg.h - an ifcfg file of the initscripts, as keys and values.
 */
#ifndef BONDCLI_IFCFG_H
#define BONDCLI_IFCFG_H

#include "words.h"

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

/* What an import has to say: sentences "FILE:LINE: ...". */
struct import {
    GPtrArray *errors;  /* then nothing is imported */
    GPtrArray *skipped; /* what could not be carried over */
    GPtrArray *changes; /* of struct change */
    GPtrArray *bonds;   /* of char *: names */
};

struct ifcfg *ifcfg_read(const char *path, struct import *import);
void ifcfg_take_errors(struct import *import, struct ifcfg *file);
void ifcfg_free(struct ifcfg *file);
/* NULL: the key is not there, or empty. */
const char *ifcfg_get(struct ifcfg *file, const char *key);
/* yes, true, t, y, 1 as the initscripts take them */
bool ifcfg_is_yes(struct ifcfg *file, const char *key, bool otherwise);
void ifcfg_error(struct import *import, struct ifcfg *file, const char *key, const char *text);
void ifcfg_skip(struct import *import, struct ifcfg *file, const char *key, const char *text);
/* Every key that nobody has asked for is one that is not carried over. */
void ifcfg_skip_unused(struct import *import, struct ifcfg *file);

/* IP of both families (import-ip.c). */
void import_addresses(struct import *import, struct ifcfg *file, NMConnection *bond);
/* The bond of a file, and a port (import-bond.c). */
void import_bond(struct import *import, struct ifcfg *file, GPtrArray *ports);

#endif
