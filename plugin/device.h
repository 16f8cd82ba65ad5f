/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * device.h - NmbPluginDevice: a bond of ours as NetworkManager sees it.
 */
#ifndef NMB_DEVICE_H
#define NMB_DEVICE_H

#include "nm-compat.h"

#define NMB_TYPE_PLUGIN_DEVICE (nmb_plugin_device_get_type())
#define NMB_PLUGIN_DEVICE(obj)                                                                     \
    (G_TYPE_CHECK_INSTANCE_CAST((obj), NMB_TYPE_PLUGIN_DEVICE, NmbPluginDevice))
#define NMB_IS_PLUGIN_DEVICE(obj) (G_TYPE_CHECK_INSTANCE_TYPE((obj), NMB_TYPE_PLUGIN_DEVICE))

typedef struct {
    NMDevice parent;
    gboolean created;       /* a moment ago, by us */
    gboolean closing;       /* the bond goes away for good: its ports need no drain */
    gboolean replaced;      /* another activation of the bond takes the place of this one */
    guint reconcile_source; /* after an adoption (device-port.c) */
    GPtrArray *kept;        /* of char *: ports that wait for that activation (device-port.c) */
    guint kept_source;
} NmbPluginDevice;

typedef struct {
    NMDeviceClass parent;
} NmbPluginDeviceClass;

GType nmb_plugin_device_get_type(void);

NMDevice *nmb_plugin_device_new(const char *iface);

/* For the watch over bondd: whether there is a bond, and bringing bondd up to date after it was
 * away. */
gboolean nmb_plugin_device_any_real(void);
void nmb_plugin_device_resync_all(void);

#endif
