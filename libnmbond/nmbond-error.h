/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * nmbond-error.h - the one error domain of bondd and of this library.
 *
 * The D-Bus names are stable: org.freedesktop.NetworkManager.bond.Error.NAME. What comes over the
 * bus with such a name arrives as a GError of this domain.
 */
#ifndef NMBOND_ERROR_H
#define NMBOND_ERROR_H

#include <glib.h>

G_BEGIN_DECLS

#define NMBOND_ERROR (nmbond_error_quark())

/**
 * NmbondError:
 * @NMBOND_ERROR_FAILED: something went wrong; the message says what
 * @NMBOND_ERROR_UNKNOWN_OPTION: there is no bonding option of this name
 * @NMBOND_ERROR_BAD_VALUE: the option does not take this value
 * @NMBOND_ERROR_WRONG_MODE: the option does not exist in the bond's mode
 * @NMBOND_ERROR_NOT_DOWN: the option changes only while the bond is down
 * @NMBOND_ERROR_HAS_PORTS: the option changes only while the bond has no ports
 * @NMBOND_ERROR_CONFLICT: the options do not make sense together
 * @NMBOND_ERROR_NOT_SUPPORTED: known, but not carried out by this bondd or this kernel
 * @NMBOND_ERROR_NO_SUCH_BOND: there is no bond of this name
 * @NMBOND_ERROR_NO_SUCH_PORT: there is no such device, or it is no port of the bond
 * @NMBOND_ERROR_PORT_BUSY: the device is in use by something else
 * @NMBOND_ERROR_PORT_TYPE: a device of this type cannot be a port
 * @NMBOND_ERROR_BOND_EXISTS: the name is taken
 * @NMBOND_ERROR_BAD_NAME: not a name for a network device
 * @NMBOND_ERROR_LIMIT_REACHED: one more than bondd can hold
 * @NMBOND_ERROR_NOT_AUTHORIZED: polkit does not allow it
 *
 * Errors of bondd.
 */
typedef enum {
    NMBOND_ERROR_FAILED,
    NMBOND_ERROR_UNKNOWN_OPTION,
    NMBOND_ERROR_BAD_VALUE,
    NMBOND_ERROR_WRONG_MODE,
    NMBOND_ERROR_NOT_DOWN,
    NMBOND_ERROR_HAS_PORTS,
    NMBOND_ERROR_CONFLICT,
    NMBOND_ERROR_NOT_SUPPORTED,
    NMBOND_ERROR_NO_SUCH_BOND,
    NMBOND_ERROR_NO_SUCH_PORT,
    NMBOND_ERROR_PORT_BUSY,
    NMBOND_ERROR_PORT_TYPE,
    NMBOND_ERROR_BOND_EXISTS,
    NMBOND_ERROR_BAD_NAME,
    NMBOND_ERROR_LIMIT_REACHED,
    NMBOND_ERROR_NOT_AUTHORIZED,
} NmbondError;

GQuark nmbond_error_quark(void);

const char *nmbond_error_get_dbus_name(NmbondError code);

G_END_DECLS

#endif
