/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * check.h - is this the NetworkManager that the plugins were built for?
 */
#ifndef NMB_CHECK_H
#define NMB_CHECK_H

#include "nm-compat.h"

gboolean nmb_check_version(GError **error);
gboolean nmb_check_instance(GType type, gsize instance_size, gsize class_size, GError **error);

#endif
