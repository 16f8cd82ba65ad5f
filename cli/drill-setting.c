/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drill-setting.c - other options of a live bond for as long as a run lasts, and back.
 *
 * bondd is asked directly: the profile stays as it is, and nothing is taken down. The guard works
 * with these too, so they have a connection of their own.
 */
#include "drill-fault.h"

#include <gio/gio.h>
#include <string.h>

#define CALL_MS 10000

/* A bond's proxy, or NULL. */
static NmbondBond *
open_bond(const char *name, GError **error)
{
    g_autoptr(NmbondManager) manager = NULL;
    g_autofree char *path = NULL;
    NmbondBond *bond;

    manager =
        nmbond_manager_proxy_new_for_bus_sync(G_BUS_TYPE_SYSTEM, G_DBUS_PROXY_FLAGS_NONE,
                                              NMBOND_BUS_NAME, NMBOND_OBJECT_PATH, NULL, error);
    if (manager == NULL || !nmbond_manager_call_get_bond_sync(manager, name, &path, NULL, error))
        return NULL;
    bond = nmbond_bond_proxy_new_for_bus_sync(G_BUS_TYPE_SYSTEM, G_DBUS_PROXY_FLAGS_NONE,
                                              NMBOND_BUS_NAME, path, NULL, error);
    if (bond != NULL)
        g_dbus_proxy_set_default_timeout(G_DBUS_PROXY(bond), CALL_MS);
    return bond;
}

static bool
set_options(const char *name, const char *const *pairs, NmbondSetOptionsFlags flags, GError **error)
{
    g_autoptr(NmbondBond) bond = open_bond(name, error);
    g_auto(GVariantBuilder) options = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a{ss}"));

    if (bond == NULL)
        return false;
    for (; *pairs != NULL; pairs += 2)
        g_variant_builder_add(&options, "{ss}", pairs[0], pairs[1]);
    if (nmbond_bond_call_set_options_sync(bond, g_variant_builder_end(&options), flags, NULL,
                                          error))
        return true;
    if (error != NULL)
        g_dbus_error_strip_remote_error(*error);
    return false;
}

char **
setting_save(const char *bond, GError **error)
{
    g_autoptr(NmbondBond) found = open_bond(bond, error);
    g_autoptr(GPtrArray) saved = NULL;
    const char *name, *value;
    GVariantIter iter;

    if (found == NULL)
        return NULL;
    saved = g_ptr_array_new();
    g_ptr_array_add(saved, g_strdup(UNDO_OPTIONS));
    g_ptr_array_add(saved, g_strdup(bond));
    g_variant_iter_init(&iter, nmbond_bond_get_options(found));
    while (g_variant_iter_next(&iter, "{&s&s}", &name, &value)) {
        g_ptr_array_add(saved, g_strdup(name));
        g_ptr_array_add(saved, g_strdup(value));
    }
    g_ptr_array_add(saved, NULL);
    return (char **) g_ptr_array_free(g_steal_pointer(&saved), FALSE);
}

bool
setting_apply(const char *bond, const char *const *pairs, bool only_check, GError **error)
{
    return set_options(bond, pairs,
                       only_check ? NMBOND_SET_OPTIONS_FLAGS_CHECK : NMBOND_SET_OPTIONS_FLAGS_NONE,
                       error);
}

bool
setting_restore(const char *const *saved, GError **error)
{
    return set_options(saved[1], saved + 2, NMBOND_SET_OPTIONS_FLAGS_REPLACE, error);
}
