/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * nmbond-error.c - which D-Bus error name is which code.
 *
 * Decides nothing else; the sentences are bondd's.
 */
#include "nmbond-error.h"

#include <gio/gio.h>

#define ERROR_PREFIX "org.freedesktop.NetworkManager.bond.Error."

static const GDBusErrorEntry error_entries[] = {
    {NMBOND_ERROR_FAILED, ERROR_PREFIX "Failed"},
    {NMBOND_ERROR_UNKNOWN_OPTION, ERROR_PREFIX "UnknownOption"},
    {NMBOND_ERROR_BAD_VALUE, ERROR_PREFIX "BadValue"},
    {NMBOND_ERROR_WRONG_MODE, ERROR_PREFIX "WrongMode"},
    {NMBOND_ERROR_NOT_DOWN, ERROR_PREFIX "NotDown"},
    {NMBOND_ERROR_HAS_PORTS, ERROR_PREFIX "HasPorts"},
    {NMBOND_ERROR_CONFLICT, ERROR_PREFIX "Conflict"},
    {NMBOND_ERROR_NOT_SUPPORTED, ERROR_PREFIX "NotSupported"},
    {NMBOND_ERROR_NO_SUCH_BOND, ERROR_PREFIX "NoSuchBond"},
    {NMBOND_ERROR_NO_SUCH_PORT, ERROR_PREFIX "NoSuchPort"},
    {NMBOND_ERROR_PORT_BUSY, ERROR_PREFIX "PortBusy"},
    {NMBOND_ERROR_PORT_TYPE, ERROR_PREFIX "PortType"},
    {NMBOND_ERROR_BOND_EXISTS, ERROR_PREFIX "BondExists"},
    {NMBOND_ERROR_BAD_NAME, ERROR_PREFIX "BadName"},
    {NMBOND_ERROR_LIMIT_REACHED, ERROR_PREFIX "LimitReached"},
    {NMBOND_ERROR_NOT_AUTHORIZED, ERROR_PREFIX "NotAuthorized"},
};

G_STATIC_ASSERT(G_N_ELEMENTS(error_entries) == NMBOND_ERROR_NOT_AUTHORIZED + 1);

/**
 * nmbond_error_quark:
 *
 * Registers the D-Bus error names on first use.
 *
 * Returns: the domain of #NmbondError
 */
GQuark
nmbond_error_quark(void)
{
    static gsize quark;

    g_dbus_error_register_error_domain("nmbond-error-quark", &quark, error_entries,
                                       G_N_ELEMENTS(error_entries));
    return (GQuark) quark;
}

/**
 * nmbond_error_get_dbus_name:
 * @code: an error
 *
 * What an error is called on D-Bus.
 *
 * Returns: (transfer none) (nullable): the name that @code has on D-Bus
 */
const char *
nmbond_error_get_dbus_name(NmbondError code)
{
    for (gsize i = 0; i < G_N_ELEMENTS(error_entries); i++) {
        if (error_entries[i].error_code == (gint) code)
            return error_entries[i].dbus_error_name;
    }
    return NULL;
}
