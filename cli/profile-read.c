/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * profile-read.c - the options that a connection of NetworkManager says.
 *
 * The reverse of what profiles/profile.c writes: bond.options, and user.data (nm-bond.NAME).
 */
#include "profile.h"

#include <string.h>

GHashTable *
profile_options(NMConnection *bond)
{
    GHashTable *options = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    NMSettingBond *s_bond = nm_connection_get_setting_bond(bond);
    NMSettingUser *s_user = NM_SETTING_USER(nm_connection_get_setting(bond, NM_TYPE_SETTING_USER));
    const char *const *user_keys = s_user != NULL ? nm_setting_user_get_keys(s_user, NULL) : NULL;
    const char *name, *value;

    for (; user_keys != NULL && *user_keys != NULL; user_keys++) {
        const struct bond_opt_desc *desc = NULL;

        if (g_str_has_prefix(*user_keys, PROFILE_USER_PREFIX))
            desc = profile_find_option(*user_keys + strlen(PROFILE_USER_PREFIX));
        if (desc != NULL)
            g_hash_table_insert(options, g_strdup(desc->name),
                                g_strdup(nm_setting_user_get_data(s_user, *user_keys)));
    }
    for (guint i = 0; s_bond != NULL && i < nm_setting_bond_get_num_options(s_bond); i++) {
        const struct bond_opt_desc *desc = NULL;

        if (nm_setting_bond_get_option(s_bond, i, &name, &value))
            desc = profile_find_option(name);
        if (desc != NULL) /* active_slave is NetworkManager's old name of primary */
            g_hash_table_insert(
                options, g_strdup(desc->id == BOND_OPT_ACTIVE_SLAVE ? "primary" : desc->name),
                g_strdup(value));
    }
    return options;
}
