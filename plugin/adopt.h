/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * adopt.h - finding everything as it was after NetworkManager's restart.
 */
#ifndef NMB_ADOPT_H
#define NMB_ADOPT_H

#include "nm-compat.h"

/* Reads the records, repairs NetworkManager's state files and hooks into the question whether a
 * profile fits a device. Called once, from nm_device_factory_create(), that is before
 * NetworkManager has read its state files or created a device. */
void nmb_adopt_init(void);

/* The bond's device has changed state: it may be decided now whether it was adopted. TRUE if this
 * change was its adoption. */
gboolean nmb_adopt_bond_state(const char *bond, NMDeviceState state, NMDeviceStateReason reason);

/* The bond will not be adopted (its device or link is gone). */
void nmb_adopt_give_up(const char *bond);

#endif
