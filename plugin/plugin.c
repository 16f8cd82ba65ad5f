/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plugin.c - the entry: is this the NetworkManager that the plugin was built for?
 *
 * The plugin uses private structures of NetworkManager. On any other version, or on one with other
 * structure sizes, it declines with one line in the log, before it has changed anything.
 */
#include <gmodule.h>

#include "adopt.h"
#include "client.h"
#include "device.h"
#include "factory.h"
#include "nm-compat.h"

#ifndef NMB_BUILT_FOR /* a test sets another version */
#define NMB_BUILT_FOR VERSION
#endif

G_MODULE_EXPORT NMDeviceFactory *nm_device_factory_create(GError **error);

static gboolean
check_version(GError **error)
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
check_size(const char *name, guint found, gsize expected, GError **error)
{
    if (found == expected)
        return TRUE;
    g_set_error(error, NM_MANAGER_ERROR, NM_MANAGER_ERROR_FAILED,
                "the bond plugin was built for a NetworkManager whose %s has %zu bytes and "
                "declines to work with one of %u bytes",
                name, expected, found);
    return FALSE;
}

static gboolean
check_layout(GError **error)
{
    GTypeQuery device, factory;

    g_type_query(NM_TYPE_DEVICE, &device);
    g_type_query(NM_TYPE_DEVICE_FACTORY, &factory);
    return check_size("NMDevice", device.instance_size, sizeof(NMDevice), error) &&
           check_size("NMDeviceClass", device.class_size, sizeof(NMDeviceClass), error) &&
           check_size("NMDeviceFactory", factory.instance_size, sizeof(NMDeviceFactory), error) &&
           check_size("NMDeviceFactoryClass", factory.class_size, sizeof(NMDeviceFactoryClass),
                      error);
}

NMDeviceFactory *
nm_device_factory_create(GError **error)
{
    NMDeviceFactory *factory;

    if (!check_version(error) || !check_layout(error))
        return NULL;
    factory = nmb_factory_new(error);
    if (!factory)
        return NULL;
    nmb_client_init(nm_dbus_manager_get_dbus_connection(nm_dbus_manager_get()),
                    nmb_plugin_device_resync_all, nmb_plugin_device_any_real);
    nmb_adopt_init();
    return factory;
}
