/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plugin.c - the entry of the device plugin: nothing but the order in which things begin.
 */
#include <gmodule.h>

#include "adopt.h"
#include "check.h"
#include "client.h"
#include "device.h"
#include "factory.h"
#include "nm-compat.h"

G_MODULE_EXPORT NMDeviceFactory *nm_device_factory_create(GError **error);

NMDeviceFactory *
nm_device_factory_create(GError **error)
{
    NMDeviceFactory *factory;

    if (!nmb_check_version(error) ||
        !nmb_check_instance(NM_TYPE_DEVICE, sizeof(NMDevice), sizeof(NMDeviceClass), error) ||
        !nmb_check_instance(NM_TYPE_DEVICE_FACTORY, sizeof(NMDeviceFactory),
                            sizeof(NMDeviceFactoryClass), error))
        return NULL;
    factory = nmb_factory_new(error);
    if (!factory)
        return NULL;
    nmb_client_init(nm_dbus_manager_get_dbus_connection(nm_dbus_manager_get()),
                    nmb_plugin_device_resync_all, nmb_plugin_device_any_real);
    nmb_adopt_init();
    return factory;
}
