/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * profile.h - a bond as its profiles say it: made, given options, checked, written.
 */
#ifndef PROFILES_PROFILE_H
#define PROFILES_PROFILE_H

#include <stdbool.h>
#ifndef NM_TYPE_CONNECTION /* NetworkManager's private headers bring their own */
#include <NetworkManager.h>
#endif

#include "core/options.h"

#define PROFILE_USER_PREFIX "nm-bond."

struct profile {
    NMConnection *bond;    /* options are in the hash until profile_finish() */
    GHashTable *options;   /* canonical name → text */
    GHashTable *given;     /* names that profile_set_option() was told */
    GPtrArray *ports;      /* of char *: interface names */
    GPtrArray *notes;      /* of char *: sentences for the user, from profile_finish() */
    struct bond_options o; /* after profile_finish() */
};

struct profile *profile_new(const char *name);
struct profile *profile_new_for(NMConnection *bond); /* takes the connection */
void profile_free(struct profile *profile);
typedef struct profile profile_auto; /* for g_autoptr */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(profile_auto, profile_free)

const struct bond_opt_desc *profile_find_option(const char *key);   /* '-' is '_'; NULL */
bool profile_option_is_list(const struct bond_opt_desc *desc);      /* takes + and - */
int profile_find_port(struct profile *profile, const char *ifname); /* -1 */

/* '=', '+' or '-': sets, adds to or takes from the option. The errors are for the user. */
bool profile_set_option(struct profile *profile, const struct bond_opt_desc *desc, char op,
                        const char *value, GError **error);
bool profile_set_mtu(NMConnection *connection, const char *value, GError **error);
bool profile_set_mac(NMConnection *connection, const char *value, GError **error);
/* Checks the whole and writes the options into the bond's settings. */
bool profile_finish(struct profile *profile, GError **error);

/* A profile for port `ifname` of the bond. */
NMConnection *profile_make_port(NMConnection *bond, const char *ifname);

/* The setting of this name, made if it is not there: "bond" is of type "NMSettingBond". */
NMSetting *profile_ensure(NMConnection *connection, const char *name, const char *type);

#define PROFILE_ERROR g_quark_from_static_string("nm-bond-profile")
bool profile_error(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3); /* false */

#endif
