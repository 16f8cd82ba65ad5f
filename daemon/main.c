/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * main.c - bondd: command line, signals, beginning and end.
 */
#include "daemon/main.h"

#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "daemon/dbus.h"
#include "daemon/worker.h"

struct app {
    GMainLoop *loop;
    int status;
};

static void
quit(int status, void *data)
{
    struct app *app = data;

    app->status = status;
    g_main_loop_quit(app->loop);
}

static gboolean
on_signal(gpointer data)
{
    quit(0, data);
    return G_SOURCE_CONTINUE;
}

static void
take_path(char **slot, char *given)
{
    if (given == NULL)
        return;
    g_free(*slot);
    *slot = given;
}

/* FALSE: `status` says how to end. */
static bool
read_arguments(struct bondd_config *c, int argc, char **argv, int *status)
{
    char *run_dir = NULL, *state_dir = NULL, *pin_dir = NULL, *file = NULL;
    int max_bonds = (int) c->max_bonds, idle = (int) c->idle_exit_s;
    gboolean version = FALSE;
    const GOptionEntry entries[] = {
        {"run-dir", 0, 0, G_OPTION_ARG_FILENAME, &run_dir, "Status texts, one file for each bond",
         "DIR"},
        {"state-dir", 0, 0, G_OPTION_ARG_FILENAME, &state_dir, "Saved state", "DIR"},
        {"pin-dir", 0, 0, G_OPTION_ARG_FILENAME, &pin_dir, "Pinned BPF maps", "DIR"},
        {"config", 0, 0, G_OPTION_ARG_FILENAME, &file, "Configuration file", "FILE"},
        {"max-bonds", 0, 0, G_OPTION_ARG_INT, &max_bonds, "How many bonds are possible", "N"},
        {"idle-exit", 0, 0, G_OPTION_ARG_INT, &idle, "Without a bond for so long: exit (0: never)",
         "SECONDS"},
        {"version", 0, 0, G_OPTION_ARG_NONE, &version, "Print the version", NULL},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("- the bonding daemon");
    g_autoptr(GError) error = NULL;

    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        fprintf(stderr, "bondd: %s\n", error->message);
        *status = 2;
        return false;
    }
    take_path(&c->run_dir, run_dir);
    take_path(&c->state_dir, state_dir);
    take_path(&c->pin_dir, pin_dir);
    take_path(&c->file, file);
    if (version) {
        printf("bondd %s\n", BONDD_VERSION);
        *status = 0;
        return false;
    }
    if (argc > 1 || max_bonds < 1 || max_bonds > (int) BOND_MAX_BONDS || idle < 0) {
        if (argc > 1)
            fprintf(stderr, "bondd: argument \"%s\" is not known; see --help\n", argv[1]);
        else if (idle < 0)
            fprintf(stderr, "bondd: --idle-exit=%i: 0 or more seconds are allowed\n", idle);
        else
            fprintf(stderr, "bondd: --max-bonds=%i: 1 to %u are allowed\n", max_bonds,
                    BOND_MAX_BONDS);
        *status = 2;
        return false;
    }
    c->max_bonds = (uint32_t) max_bonds;
    c->idle_exit_s = (uint32_t) idle;
    return true;
}

/* A bond takes some ten descriptors: the usual soft limit of 1,024 is a hundred bonds. */
static void
allow_many_descriptors(void)
{
    struct rlimit r;

    if (getrlimit(RLIMIT_NOFILE, &r) == 0) {
        r.rlim_cur = r.rlim_max;
        setrlimit(RLIMIT_NOFILE, &r);
    }
}

static int
serve(const struct bondd_config *config)
{
    struct app app = {.loop = g_main_loop_new(NULL, FALSE)};
    struct bondd_engine engine;
    struct bondd_dbus dbus = {0};
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < config->warnings->len; i++)
        bondd_warning("%s", (const char *) config->warnings->pdata[i]);
    g_unix_signal_add(SIGTERM, on_signal, &app);
    g_unix_signal_add(SIGINT, on_signal, &app);
    signal(SIGPIPE, SIG_IGN);
    allow_many_descriptors();

    /* The kernel first, the bus second: bonds that are there are watched at once. */
    if (bondd_engine_start(&engine, config, &error) &&
        bondd_dbus_start(&dbus, &engine, quit, &app, &error)) {
        g_main_loop_run(app.loop);
    } else {
        bondd_warning("%s", error->message);
        app.status = 1;
    }
    bondd_worker_drain(); /* nothing is left half done, and callers get their answers */
    bondd_dbus_stop(&dbus);
    bondd_engine_stop(&engine);
    g_main_loop_unref(app.loop);
    return app.status;
}

int
bondd_main(int argc, char **argv)
{
    struct bondd_config config;
    int status = 0;

    bondd_config_init(&config);
    if (read_arguments(&config, argc, argv, &status)) {
        bondd_config_read(&config);
        status = serve(&config);
    }
    bondd_config_clear(&config);
    return status;
}

int
main(int argc, char **argv)
{
    return bondd_main(argc, argv);
}
