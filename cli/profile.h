/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * profile.h - a bond as its profiles say it: read, changed word by word, checked, written.
 */
#ifndef BONDCLI_PROFILE_H
#define BONDCLI_PROFILE_H

#include <NetworkManager.h>

#include "core/options.h"

#define PROFILE_USER_PREFIX "nm-bond."

struct profile {
    NMConnection *bond;    /* options are in the hash until profile_finish() */
    GHashTable *options;   /* canonical name → text */
    GHashTable *given;     /* names that profile_set() was told */
    GPtrArray *ports;      /* of char *: interface names */
    GPtrArray *notes;      /* of char *: sentences for the user, from profile_finish() */
    struct bond_options o; /* after profile_finish() */
};

struct profile *profile_new(const char *name);
struct profile *profile_read(NMConnection *bond, GPtrArray *port_connections);
void profile_free(struct profile *profile);
typedef struct profile profile_auto; /* for g_autoptr */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(profile_auto, profile_free)

/* '=', '+' or '-': sets, adds to or takes from what `key` names. The error is for the user. */
bool profile_set(struct profile *profile, const char *key, char op, const char *value,
                 GError **error);
/* Checks the whole and writes the options into the bond's settings. */
bool profile_finish(struct profile *profile, GError **error);
/* The options of a connection, as bondd would be told (canonical name → text). */
GHashTable *profile_options(NMConnection *bond);

/* A profile for port `ifname` of the bond. */
NMConnection *profile_make_port(NMConnection *bond, const char *ifname);

const struct bond_opt_desc *profile_find_option(const char *key); /* '-' is '_'; NULL */
bool profile_is_key(const char *key);  /* an option of the bond, or one of ours */
bool profile_is_list(const char *key); /* takes + and - */
void profile_offer_options(const char *word);
void profile_offer_keys(const char *word); /* completion */
void profile_offer_values(const char *key, const char *word);

/* "ip" and so on (profile-ip.c) */
bool profile_set_addresses(NMConnection *bond, char op, const char *value, GError **error);
bool profile_set_gateway(NMConnection *bond, const char *value, GError **error);
bool profile_set_dns(NMConnection *bond, char op, const char *value, GError **error);

#define PROFILE_ERROR g_quark_from_static_string("bondcli-profile")
bool profile_error(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3); /* false */

#endif
