/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * factory.h - which links and profiles become bonds of ours.
 */
#ifndef NMB_FACTORY_H
#define NMB_FACTORY_H

#include "nm-compat.h"

/* Takes `type bond` over from NetworkManager's own factory; NULL and an error, with nothing
 * changed, if that is not possible. */
NMDeviceFactory *nmb_factory_new(GError **error);

#endif
