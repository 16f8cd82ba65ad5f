/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * auth.c - asks the bus who calls, and polkit whether that user may. Never blocks: a bond must not
 * wait for a password dialog. Where there is no polkit, only root may.
 */
#include "daemon/auth.h"

#ifdef HAVE_POLKIT
#define POLKIT_AGENT_I_KNOW_API_IS_SUBJECT_TO_CHANGE
#include <polkit/polkit.h>
#endif

#include "daemon/error.h"

struct request {
    GDBusMethodInvocation *invocation; /* owned until answered */
    bondd_auth_cb allowed;
    gpointer data;
    GDestroyNotify free_data;
    guint32 uid;
};

static void
allow(struct request *q)
{
    q->allowed(q->invocation, q->data);
    g_free(q);
}

static void
deny(struct request *q, const char *why)
{
    g_dbus_method_invocation_return_error(
        q->invocation, BONDD_ERROR, BONDD_ERROR_NOT_AUTHORIZED,
        "%s may only be called by root, or with the polkit right %s: %s.",
        g_dbus_method_invocation_get_method_name(q->invocation), BONDD_POLKIT_ACTION, why);
    if (q->free_data != NULL)
        q->free_data(q->data);
    g_free(q);
}

#ifdef HAVE_POLKIT
static void
polkit_answered(GObject *source, GAsyncResult *result, gpointer data)
{
    struct request *q = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(PolkitAuthorizationResult) answer =
        polkit_authority_check_authorization_finish(POLKIT_AUTHORITY(source), result, &error);

    if (answer != NULL && polkit_authorization_result_get_is_authorized(answer))
        allow(q);
    else
        deny(q, answer == NULL ? "polkit does not answer" : "this user has not got it");
}

static void
polkit_there(GObject *source, GAsyncResult *result, gpointer data)
{
    struct request *q = data;
    g_autoptr(PolkitAuthority) authority = polkit_authority_get_finish(result, NULL);
    g_autoptr(PolkitSubject) subject = NULL;
    PolkitCheckAuthorizationFlags flags = POLKIT_CHECK_AUTHORIZATION_FLAGS_NONE;
    GDBusMessage *message = g_dbus_method_invocation_get_message(q->invocation);

    if (authority == NULL) {
        deny(q, "polkit is not on the bus");
        return;
    }
    if (g_dbus_message_get_flags(message) & G_DBUS_MESSAGE_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION)
        flags = POLKIT_CHECK_AUTHORIZATION_FLAGS_ALLOW_USER_INTERACTION;
    subject = polkit_system_bus_name_new(g_dbus_method_invocation_get_sender(q->invocation));
    polkit_authority_check_authorization(authority, subject, BONDD_POLKIT_ACTION, NULL, flags, NULL,
                                         polkit_answered, q);
}
#endif

static void
uid_known(GObject *source, GAsyncResult *result, gpointer data)
{
    struct request *q = data;
    g_autoptr(GVariant) reply =
        g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, NULL);

    if (reply == NULL) {
        deny(q, "the bus does not know the caller");
        return;
    }
    g_variant_get(reply, "(u)", &q->uid);
    if (q->uid == 0) {
        allow(q);
        return;
    }
#ifdef HAVE_POLKIT
    polkit_authority_get_async(NULL, polkit_there, q);
#else
    deny(q, "bondd was built without polkit");
#endif
}

void
bondd_auth_check(GDBusMethodInvocation *invocation, bondd_auth_cb allowed, gpointer data,
                 GDestroyNotify free_data)
{
    struct request *q = g_new0(struct request, 1);

    q->invocation = invocation;
    q->allowed = allowed;
    q->data = data;
    q->free_data = free_data;
    g_dbus_connection_call(g_dbus_method_invocation_get_connection(invocation),
                           "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                           "GetConnectionUnixUser",
                           g_variant_new("(s)", g_dbus_method_invocation_get_sender(invocation)),
                           G_VARIANT_TYPE("(u)"), G_DBUS_CALL_FLAGS_NONE, -1, NULL, uid_known, q);
}
