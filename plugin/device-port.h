/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * device-port.h - the part of NmbPluginDevice that deals with ports, and with the record of them.
 */
#ifndef NMB_DEVICE_PORT_H
#define NMB_DEVICE_PORT_H

#include "device.h"

void nmb_device_port_class_init(NMDeviceClass *klass);

/* Writes down which profile is active on the bond, if NetworkManager manages it; else forgets. */
void nmb_device_record(NMDevice *device);

/* Gives bondd the ports again that NetworkManager has attached: idempotent. */
void nmb_device_port_resync(NMDevice *device);

/* After an adoption: ports of the last run that no profile has claimed leave the bond. */
void nmb_device_port_reconcile_later(NMDevice *device);

/* Nothing more is looked at later. */
void nmb_device_port_stop(NMDevice *device);

/* The link has gone behind NetworkManager's back: the profiles of its ports end. */
void nmb_device_port_orphan(NMDevice *device);

#endif
