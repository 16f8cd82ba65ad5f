/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plan.h - bonds as another program's files describe them, before they are profiles.
 *
 * The readers (import-*.c) say what they find, each word with its place; plan.c makes the profiles,
 * and names what cannot be carried over. So a key means the same wherever it comes from.
 */
#ifndef BONDCLI_PLAN_H
#define BONDCLI_PLAN_H

#include "profiles/ifcfg.h"

struct plan_link {
    char *name;
    char *place; /* "FILE:LINE" where it was first named */
    char *bond;  /* it is a port of that one; NULL: it is not known to be a port */
    bool is_bond;
    GPtrArray *words; /* of struct plan_word */
};

struct plan {
    struct import *import; /* what is wrong, what is left out, and at last the profiles */
    GPtrArray *links;      /* of struct plan_link, in the order in which they were named */
};

struct plan *plan_new(struct import *import);
void plan_free(struct plan *plan);

/* The link of that name; made if it is new. */
struct plan_link *plan_link(struct plan *plan, const char *name, const char *place);
/* The bond has that port. */
void plan_port(struct plan *plan, struct plan_link *bond, const char *port, const char *place);

/* A word of plan.c's table: "ip", "gateway", "dns", "search", "route" (TO VIA METRIC), "method4",
 * "method6" (auto, disabled, link-local, or PLAN_METHOD_STATIC), "mtu", "mac", "autoconnect". */
void plan_say(struct plan_link *link, const char *key, const char *value, const char *place);
/* No DHCP: whatever addresses there are. */
#define PLAN_METHOD_STATIC "static"
/* A key that a profile has no counterpart for: said, if the link is a bond's or a port. */
#define PLAN_UNKNOWN "?"
/* A bonding option under another program's name for it; false if it is none. A time without a unit
 * is in seconds, or milliseconds. */
bool plan_say_option(struct plan_link *link, const char *name, const char *value, const char *place,
                     bool in_seconds);

/* "PLACE: SENTENCE" */
void plan_error(struct plan *plan, const char *place, const char *format, ...) G_GNUC_PRINTF(3, 4);
void plan_skip(struct plan *plan, const char *place, const char *format, ...) G_GNUC_PRINTF(3, 4);
void plan_skip_key(struct plan *plan, const char *place, const char *key); /* no counterpart */

bool plan_is_yes(const char *value);

/* The profiles of all bonds and their ports into plan->import. */
void plan_finish(struct plan *plan);

/* What there is to import: each reads a file, or all of a directory. */
void import_netplan(struct plan *plan, const char *path, bool is_dir);
void import_networkd(struct plan *plan, const char *path, bool is_dir);
void import_interfaces(struct plan *plan, const char *path, bool is_dir);

/* The files of a directory whose names end so, sorted. `suffix` "" is any but hidden ones. */
GPtrArray *plan_files(struct plan *plan, const char *directory, const char *suffix);

#endif
