/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * profile.h - words of the command line into a bond's profile (profiles/profile.h), and back.
 */
#ifndef BONDCLI_PROFILE_H
#define BONDCLI_PROFILE_H

#include "profiles/profile.h"

struct profile *profile_read(NMConnection *bond, GPtrArray *port_connections);

/* '=', '+' or '-': sets, adds to or takes from what `key` names. The error is for the user. */
bool profile_set(struct profile *profile, const char *key, char op, const char *value,
                 GError **error);
/* The options of a connection, as bondd would be told (canonical name → text). */
GHashTable *profile_options(NMConnection *bond);

bool profile_is_key(const char *key);  /* an option of the bond, or one of ours */
bool profile_is_list(const char *key); /* takes + and - */
void profile_offer_options(const char *word);
void profile_offer_keys(const char *word); /* completion */
void profile_offer_values(const char *key, const char *word);

/* "ip" and so on (profile-ip.c) */
bool profile_set_addresses(NMConnection *bond, char op, const char *value, GError **error);
bool profile_set_gateway(NMConnection *bond, const char *value, GError **error);
bool profile_set_dns(NMConnection *bond, char op, const char *value, GError **error);

#endif
