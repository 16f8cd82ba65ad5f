/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * connect.c - reaching bondd, and saying in one sentence when it cannot be reached.
 *
 * Decides how long to wait and which exit code an error has.
 */
#include "cli.h"

#define MAX_ATTEMPTS 5

struct attempt {
    GMainLoop *loop;
    GCancellable *cancellable;
    NmbondClient *client;
    GError *error;
    bool timed_out;
};

static gboolean
on_timeout(gpointer user_data)
{
    struct attempt *attempt = user_data;

    attempt->timed_out = true;
    g_cancellable_cancel(attempt->cancellable);
    return G_SOURCE_CONTINUE;
}

static void
on_client(GObject *source, GAsyncResult *result, gpointer user_data)
{
    struct attempt *attempt = user_data;

    attempt->client = nmbond_client_new_finish(result, &attempt->error);
    g_main_loop_quit(attempt->loop);
}

static guint
left_ms(const struct cli *cli)
{
    return (guint) CLAMP((cli->deadline_us - g_get_monotonic_time()) / 1000, 1, G_MAXINT);
}

static int
fail_timeout(struct cli *cli)
{
    cli_error(ngettext("Timeout: bondd has not answered for %u second.",
                       "Timeout: bondd has not answered for %u seconds.", cli->wait_s),
              cli->wait_s);
    return CLI_EXIT_TIMEOUT;
}

static int
fail_not_running(struct cli *cli)
{
    const char *why = nmbond_client_get_start_error(cli->client);

    if (why != NULL)
        cli_error(_("bondd is not running and could not be started: %s"), why);
    else
        cli_error(_("bondd is not running."));
    return CLI_EXIT_NOT_RUNNING;
}

static void
make_client(struct cli *cli, NmbondClientFlags flags, struct attempt *attempt)
{
    guint timer;

    *attempt = (struct attempt){0};
    attempt->loop = g_main_loop_new(NULL, FALSE);
    attempt->cancellable = g_cancellable_new();
    timer = g_timeout_add(left_ms(cli), on_timeout, attempt);
    nmbond_client_new_async(NULL, flags, attempt->cancellable, on_client, attempt);
    g_main_loop_run(attempt->loop);
    g_source_remove(timer);
    g_main_loop_unref(attempt->loop);
    g_object_unref(attempt->cancellable);
    cli->client = attempt->client;
}

static void
set_deadline(struct cli *cli)
{
    if (cli->deadline_us == 0)
        cli->deadline_us = g_get_monotonic_time() + (gint64) cli->wait_s * G_USEC_PER_SEC;
}

bool
cli_look(struct cli *cli)
{
    struct attempt attempt;

    set_deadline(cli);
    make_client(cli, NMBOND_CLIENT_FLAGS_NO_AUTO_START, &attempt);
    g_clear_error(&attempt.error);
    return cli->client != NULL && nmbond_client_get_running(cli->client);
}

static int
connect_once(struct cli *cli)
{
    struct attempt attempt;

    make_client(cli, NMBOND_CLIENT_FLAGS_NONE, &attempt);
    if (attempt.timed_out && attempt.error != NULL) {
        g_error_free(attempt.error);
        return fail_timeout(cli);
    }
    if (attempt.error != NULL) {
        g_dbus_error_strip_remote_error(attempt.error);
        cli_error(_("bondd cannot be reached: %s"), attempt.error->message);
        g_error_free(attempt.error);
        return CLI_EXIT_NOT_RUNNING;
    }
    return CLI_EXIT_OK;
}

int
cli_connect(struct cli *cli)
{
    set_deadline(cli);
    /* One that was started and has ended at once may be one that somebody restarts. */
    for (int i = 0; i < MAX_ATTEMPTS; i++) {
        int rc;

        g_clear_object(&cli->client);
        rc = connect_once(cli);
        if (rc != CLI_EXIT_OK || nmbond_client_get_running(cli->client))
            return rc;
        if (nmbond_client_get_start_error(cli->client) != NULL)
            break;
    }
    return fail_not_running(cli);
}

void
cli_bound_call(struct cli *cli, gpointer proxy)
{
    g_dbus_proxy_set_default_timeout(G_DBUS_PROXY(proxy), (int) left_ms(cli));
}

bool
cli_bondd_has_gone(const GError *error)
{
    return g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY) ||
           g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN) ||
           g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER);
}

bool
cli_object_has_gone(const GError *error)
{
    return g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD) ||
           g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_OBJECT) ||
           g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_INTERFACE) ||
           g_error_matches(error, NMBOND_ERROR, NMBOND_ERROR_NO_SUCH_BOND);
}

int
cli_fail(struct cli *cli, GError *error)
{
    int code = CLI_EXIT_FAILED;

    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT)) {
        g_error_free(error);
        return fail_timeout(cli);
    }
    if (cli_bondd_has_gone(error)) {
        g_error_free(error);
        cli_error(_("bondd has stopped while it was asked."));
        return CLI_EXIT_NOT_RUNNING;
    }
    if (g_error_matches(error, NMBOND_ERROR, NMBOND_ERROR_NO_SUCH_BOND) ||
        g_error_matches(error, NMBOND_ERROR, NMBOND_ERROR_NO_SUCH_PORT))
        code = CLI_EXIT_NOT_FOUND;
    g_dbus_error_strip_remote_error(error);
    cli_error("%s", error->message);
    g_error_free(error);
    return code;
}
