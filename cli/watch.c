/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * watch.c - a view that stays: drawn anew whenever bondd says that something has changed.
 *
 * On a terminal it is one screen, also drawn every second, and q or Ctrl-C ends it; elsewhere each
 * drawing is a block with an empty line before it. Decides when to draw, never what.
 */
#include "view.h"

#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define TOGETHER_MS 100u /* changes within that time are shown in one drawing */
#define LOOK_MS 1000u

#define ENTER "\033[?1049h\033[?25l\033[?7l" /* other screen, no cursor, no wrapping */
#define LEAVE "\033[?7h\033[?25h\033[?1049l"

struct watch {
    struct cli *cli;
    int (*show)(struct cli *cli, gpointer data);
    gpointer data;
    GMainLoop *loop;
    bool screen, keys;
    struct termios before; /* of the keyboard */
    guint drawing;         /* the source that will draw; 0: none */
    guint n_drawn;
    int rc;
};

static void
stop(struct watch *watch, int rc)
{
    watch->rc = rc;
    g_main_loop_quit(watch->loop);
}

/* ---- drawing ---- */

/* As many lines as there are on the screen; the last one says if there were more. */
static void
put_screen(const char *text)
{
    struct winsize size = {0};
    guint left = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 1 ? size.ws_row : 24;
    const char *end;

    fputs("\033[H", stdout);
    for (; *text != '\0'; text = end + 1) {
        end = strchrnul(text, '\n');
        if (--left == 0) {
            fputs(_("(there is more: the window is too small)"), stdout);
            break;
        }
        printf("%.*s\033[K\n", (int) (end - text), text);
        if (*end == '\0')
            break;
    }
    fputs("\033[J", stdout);
}

/* What `show` prints, as one piece: half a screen is never seen. */
static int
capture(struct watch *watch, char **text)
{
    FILE *out = stdout;
    size_t size;
    FILE *memory = open_memstream(text, &size);
    int rc;

    if (memory == NULL)
        return CLI_EXIT_FAILED;
    stdout = memory;
    rc = watch->show(watch->cli, watch->data);
    stdout = out;
    fclose(memory);
    return rc;
}

static void on_change(struct watch *watch);

/* New bonds and ports are listened to from now on, too. */
static void
listen_to(struct watch *watch, gpointer proxy)
{
    if (g_object_get_data(proxy, "bondcli-watched") != NULL)
        return;
    g_object_set_data(proxy, "bondcli-watched", watch);
    g_signal_connect_swapped(proxy, "notify", G_CALLBACK(on_change), watch);
}

static void
listen_to_all(struct watch *watch)
{
    g_autoptr(GPtrArray) bonds = nmbond_client_get_bonds(watch->cli->client);

    for (guint i = 0; i < bonds->len; i++) {
        g_autoptr(GPtrArray) ports = nmbond_client_get_ports(watch->cli->client, bonds->pdata[i]);

        listen_to(watch, bonds->pdata[i]);
        for (guint p = 0; p < ports->len; p++)
            listen_to(watch, ports->pdata[p]);
    }
}

static void
draw(struct watch *watch)
{
    char *text = NULL;
    int rc;

    listen_to_all(watch);
    watch->cli->deadline_us = g_get_monotonic_time() + (gint64) watch->cli->wait_s * G_USEC_PER_SEC;
    rc = capture(watch, &text);
    if (rc != CLI_EXIT_OK) {
        stop(watch, rc);
    } else if (watch->screen) {
        put_screen(text);
    } else {
        printf("%s%s", watch->n_drawn > 0 ? "\n" : "", text);
    }
    watch->n_drawn++;
    free(text);
    if (!cli_flush())
        stop(watch, CLI_EXIT_FAILED);
}

static gboolean
on_draw(gpointer watch)
{
    ((struct watch *) watch)->drawing = 0;
    draw(watch);
    return G_SOURCE_REMOVE;
}

static void
on_change(struct watch *watch)
{
    if (watch->drawing == 0)
        watch->drawing = g_timeout_add(TOGETHER_MS, on_draw, watch);
}

static gboolean
on_second(gpointer watch)
{
    draw(watch);
    return G_SOURCE_CONTINUE;
}

/* ---- the user ---- */

static void
on_signal(int signo, gpointer watch)
{
    stop(watch, CLI_EXIT_SIGNAL + signo);
}

static gboolean
on_key(gint fd, GIOCondition condition, gpointer watch)
{
    char key;

    if (read(fd, &key, 1) != 1 || key == 'q' || key == 'Q')
        stop(watch, CLI_EXIT_OK);
    return G_SOURCE_CONTINUE;
}

static void
enter_screen(struct watch *watch)
{
    struct termios now;

    watch->keys = tcgetattr(STDIN_FILENO, &watch->before) == 0;
    if (watch->keys) {
        now = watch->before;
        now.c_lflag &= ~(tcflag_t) (ICANON | ECHO);
        now.c_cc[VSUSP] = _POSIX_VDISABLE; /* a stopped one would leave the other screen behind */
        tcsetattr(STDIN_FILENO, TCSADRAIN, &now);
        g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP, on_key, watch);
    }
    fputs(ENTER, stdout);
    g_timeout_add(LOOK_MS, on_second, watch);
}

static void
leave_screen(struct watch *watch)
{
    fputs(LEAVE, stdout);
    fflush(stdout);
    if (watch->keys)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &watch->before);
}

int
watch_run(struct cli *cli, int (*show)(struct cli *cli, gpointer data), gpointer data)
{
    struct watch watch = {.cli = cli, .show = show, .data = data};

    watch.screen = isatty(STDOUT_FILENO) == 1;
    watch.loop = g_main_loop_new(NULL, FALSE);
    cli_signal_add(SIGINT, on_signal, &watch);
    cli_signal_add(SIGTERM, on_signal, &watch);
    cli_signal_add(SIGHUP, on_signal, &watch);
    g_signal_connect_swapped(cli->client, "event", G_CALLBACK(on_change), &watch);
    g_signal_connect_swapped(cli->client, "bond-added", G_CALLBACK(on_change), &watch);
    g_signal_connect_swapped(cli->client, "bond-removed", G_CALLBACK(on_change), &watch);
    g_signal_connect_swapped(cli->client, "notify::running", G_CALLBACK(on_change), &watch);
    if (watch.screen)
        enter_screen(&watch);
    g_idle_add(on_draw, &watch);
    g_main_loop_run(watch.loop);
    if (watch.screen)
        leave_screen(&watch);
    g_signal_handlers_disconnect_by_data(cli->client, &watch);
    g_main_loop_unref(watch.loop);
    return watch.rc;
}
