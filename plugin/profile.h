/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * profile.h - what a connection profile asks for, in bondd's terms.
 */
#ifndef NMB_PROFILE_H
#define NMB_PROFILE_H

#include "nm-compat.h"

typedef enum {
    NMB_DATAPATH_AUTO, /* ours, unless the link is a bond of the kernel already */
    NMB_DATAPATH_BPF,
    NMB_DATAPATH_KERNEL, /* NetworkManager's own bonding */
} NmbDatapath;

/* user.data nm-bond.datapath, else [main] datapath in the configuration file of bondd. */
NmbDatapath nmb_profile_datapath(NMConnection *connection);

/* Does this bond profile belong to us (and not to NetworkManager's own bonding)? */
gboolean nmb_profile_is_ours(NMConnection *connection);

/* a{ss} for CreateBond and SetOptions, floating. */
GVariant *nmb_profile_options(NMConnection *connection);

/* The same for settings that are being compared: either may be NULL. */
GVariant *nmb_settings_options(NMSetting *s_bond, NMSetting *s_user);

/* Do the two have the same options (bond setting) or data (user setting)? Either may be NULL. */
gboolean nmb_settings_same(NMSetting *a, NMSetting *b, const char *setting_name);

/* Keeps of the differences between two settings (as nm_connection_diff() lists them) those where a
 * value is not merely its default written out, because one setting is missing. Transfer full. */
GHashTable *nmb_real_differences(NMSetting *s_old, NMSetting *s_new, GHashTable *diffs);

/* a{sv} for CreateBond, floating. */
GVariant *nmb_profile_bond_settings(NMConnection *connection);

/* a{sv} for AttachPort, floating; `connection` is the port's profile and may be NULL. */
GVariant *nmb_profile_port_settings(NMConnection *connection);

/* Puts the options (a{ss}) that differ from their defaults into the bond setting of a profile that
 * NetworkManager generates for an existing link. */
void nmb_profile_fill(NMConnection *connection, GVariant *options);

#endif
