/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * check.c - is this the NetworkManager that the plugins were built for?
 *
 * The plugins use private structures of NetworkManager. On any other version, or on one with other
 * structure sizes, they decline with one line in the log, before they have changed anything.
 */
#include "check.h"

#ifndef NMB_BUILT_FOR /* a test sets another version */
#define NMB_BUILT_FOR VERSION
#endif

gboolean
nmb_check_version(GError **error)
{
    g_autofree char *version = NULL;

    if (g_object_class_find_property(G_OBJECT_GET_CLASS(NM_MANAGER_GET), NM_MANAGER_VERSION))
        g_object_get(NM_MANAGER_GET, NM_MANAGER_VERSION, &version, NULL);
    if (g_strcmp0(version, NMB_BUILT_FOR) == 0)
        return TRUE;
    g_set_error(error, NM_MANAGER_ERROR, NM_MANAGER_ERROR_FAILED,
                "the bond plugin was built for NetworkManager " NMB_BUILT_FOR
                " and declines to work "
                "with version %s",
                version ? version : "unknown");
    return FALSE;
}

static gboolean
check_size(const char *name, const char *what, guint found, gsize expected, GError **error)
{
    if (found == expected)
        return TRUE;
    g_set_error(error, NM_MANAGER_ERROR, NM_MANAGER_ERROR_FAILED,
                "the bond plugin was built for a NetworkManager whose %s%s has %zu bytes and "
                "declines to work with one of %u bytes",
                name, what, expected, found);
    return FALSE;
}

gboolean
nmb_check_instance(GType type, gsize instance_size, gsize class_size, GError **error)
{
    GTypeQuery query;

    g_type_query(type, &query);
    return check_size(query.type_name, "", query.instance_size, instance_size, error) &&
           check_size(query.type_name, "Class", query.class_size, class_size, error);
}
