/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * error.h - the one error domain of bondd, and its names on D-Bus.
 *
 * Whoever refuses something says it in one sentence: the key, the value, what is allowed.
 */
#ifndef BONDD_ERROR_H
#define BONDD_ERROR_H

#include <gio/gio.h>

#include "core/options.h"

#define BONDD_ERROR_PREFIX "org.freedesktop.NetworkManager.bond.Error."

enum bondd_error {
    BONDD_ERROR_FAILED,
    BONDD_ERROR_UNKNOWN_OPTION,
    BONDD_ERROR_BAD_VALUE,
    BONDD_ERROR_WRONG_MODE,
    BONDD_ERROR_NOT_DOWN,
    BONDD_ERROR_HAS_PORTS,
    BONDD_ERROR_CONFLICT,
    BONDD_ERROR_NOT_SUPPORTED,
    BONDD_ERROR_NO_SUCH_BOND,
    BONDD_ERROR_NO_SUCH_PORT,
    BONDD_ERROR_PORT_BUSY,
    BONDD_ERROR_PORT_TYPE,
    BONDD_ERROR_BOND_EXISTS,
    BONDD_ERROR_BAD_NAME,
    BONDD_ERROR_LIMIT_REACHED,
    BONDD_ERROR_NOT_AUTHORIZED,
    BONDD_ERROR_N
};

#define BONDD_ERROR (bondd_error_quark())
GQuark bondd_error_quark(void);

/* What core refused, under its name on D-Bus. */
void bondd_error_from_core(GError **error, const struct bond_err *err);
/* "DOING: what errno says"; code is a negative errno. */
void bondd_error_from_errno(GError **error, int code, const char *format, ...) G_GNUC_PRINTF(3, 4);

#endif
