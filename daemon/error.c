/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * error.c - names of errors, and nothing else: sentences are made where the refusal is.
 */
#include "daemon/error.h"

static const GDBusErrorEntry entries[] = {
    {BONDD_ERROR_FAILED, BONDD_ERROR_PREFIX "Failed"},
    {BONDD_ERROR_UNKNOWN_OPTION, BONDD_ERROR_PREFIX "UnknownOption"},
    {BONDD_ERROR_BAD_VALUE, BONDD_ERROR_PREFIX "BadValue"},
    {BONDD_ERROR_WRONG_MODE, BONDD_ERROR_PREFIX "WrongMode"},
    {BONDD_ERROR_NOT_DOWN, BONDD_ERROR_PREFIX "NotDown"},
    {BONDD_ERROR_HAS_PORTS, BONDD_ERROR_PREFIX "HasPorts"},
    {BONDD_ERROR_CONFLICT, BONDD_ERROR_PREFIX "Conflict"},
    {BONDD_ERROR_NOT_SUPPORTED, BONDD_ERROR_PREFIX "NotSupported"},
    {BONDD_ERROR_NO_SUCH_BOND, BONDD_ERROR_PREFIX "NoSuchBond"},
    {BONDD_ERROR_NO_SUCH_PORT, BONDD_ERROR_PREFIX "NoSuchPort"},
    {BONDD_ERROR_PORT_BUSY, BONDD_ERROR_PREFIX "PortBusy"},
    {BONDD_ERROR_PORT_TYPE, BONDD_ERROR_PREFIX "PortType"},
    {BONDD_ERROR_BOND_EXISTS, BONDD_ERROR_PREFIX "BondExists"},
    {BONDD_ERROR_BAD_NAME, BONDD_ERROR_PREFIX "BadName"},
    {BONDD_ERROR_LIMIT_REACHED, BONDD_ERROR_PREFIX "LimitReached"},
    {BONDD_ERROR_NOT_AUTHORIZED, BONDD_ERROR_PREFIX "NotAuthorized"},
};
G_STATIC_ASSERT(G_N_ELEMENTS(entries) == BONDD_ERROR_N);

GQuark
bondd_error_quark(void)
{
    static gsize quark;

    g_dbus_error_register_error_domain("bondd-error", &quark, entries, G_N_ELEMENTS(entries));
    return (GQuark) quark;
}

static enum bondd_error
code_of_kind(enum bond_err_kind kind)
{
    switch (kind) {
    case BOND_ERR_NONE:
        return BONDD_ERROR_FAILED;
    case BOND_ERR_UNKNOWN_OPTION:
        return BONDD_ERROR_UNKNOWN_OPTION;
    case BOND_ERR_BAD_VALUE:
        return BONDD_ERROR_BAD_VALUE;
    case BOND_ERR_WRONG_MODE:
        return BONDD_ERROR_WRONG_MODE;
    case BOND_ERR_NOT_DOWN:
        return BONDD_ERROR_NOT_DOWN;
    case BOND_ERR_HAS_PORTS:
        return BONDD_ERROR_HAS_PORTS;
    case BOND_ERR_CONFLICT:
        return BONDD_ERROR_CONFLICT;
    case BOND_ERR_NOT_SUPPORTED:
        return BONDD_ERROR_NOT_SUPPORTED;
    case BOND_ERR_NO_PORT:
        return BONDD_ERROR_NO_SUCH_PORT;
    case BOND_ERR_LIMIT:
        return BONDD_ERROR_LIMIT_REACHED;
    case BOND_ERR_BUSY:
        return BONDD_ERROR_PORT_BUSY;
    }
    return BONDD_ERROR_FAILED;
}

void
bondd_error_from_core(GError **error, const struct bond_err *err)
{
    const char *text = err->text[0] != '\0' ? err->text : g_strerror(-err->code);

    g_set_error(error, BONDD_ERROR, code_of_kind(err->kind), "%s%s", text,
                g_str_has_suffix(text, ".") ? "" : ".");
}

void
bondd_error_from_errno(GError **error, int code, const char *format, ...)
{
    g_autofree char *doing = NULL;
    va_list args;

    va_start(args, format);
    doing = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, BONDD_ERROR, BONDD_ERROR_FAILED, "%s: %s", doing, g_strerror(-code));
}
