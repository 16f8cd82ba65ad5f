/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drill-undo.c - puts back what the drill has done, also when the drill is killed.
 *
 * The guard is a child in a session of its own that holds the reading end of a pipe. It is told of
 * every command before the harm that the command undoes, and of every one that has been run. When
 * the pipe ends with commands left, their owner is dead, and the guard runs them.
 */
#include "drill-fault.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define SEPARATOR "\037" /* between words; none of our commands has it */

struct undo {
    GPtrArray *commands; /* of char **, oldest first */
    int guard_fd;        /* -1: it is gone */
    pid_t guard;
};

static void
own_session(gpointer data)
{
    setsid();
}

bool
command_run(const char *const *argv, char **output, GError **error)
{
    g_autofree char *out = NULL, *err = NULL;
    int status;

    if (!g_spawn_sync(NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, own_session, NULL, &out,
                      &err, &status, error))
        return false;
    if (!g_spawn_check_wait_status(status, NULL)) {
        const char *said = g_strstrip(err)[0] != '\0' ? err : g_strstrip(out);
        const char *line = strrchr(said, '\n');

        g_set_error(error, G_SPAWN_ERROR, G_SPAWN_ERROR_FAILED, "%s: %s", argv[0],
                    line != NULL ? line + 1 : said);
        return false;
    }
    if (output != NULL)
        *output = g_strdup(g_strchomp(out));
    return true;
}

static bool
run_last(GPtrArray *commands, GError **error)
{
    const char *const *argv = commands->pdata[commands->len - 1];

    if (strcmp(argv[0], UNDO_OPTIONS) == 0)
        return setting_restore(argv, error);
    return command_run(argv, NULL, error);
}

/* ---- the guard ---- */

static void
take_line(GPtrArray *commands, char *line)
{
    if (line[0] == '+')
        g_ptr_array_add(commands, g_strsplit(line + 1, SEPARATOR, -1));
    else if (commands->len > 0)
        g_ptr_array_set_size(commands, (int) commands->len - 1);
}

static void
guard_main(int fd)
{
    g_autoptr(GPtrArray) commands = g_ptr_array_new_with_free_func((GDestroyNotify) g_strfreev);
    FILE *input = fdopen(fd, "r");
    char *line = NULL;
    size_t size = 0;
    ssize_t n;

    setsid();
    prctl(PR_SET_NAME, "drill-guard");
    for (int signo = 1; signo < 32; signo++) {
        if (signo == SIGINT || signo == SIGTERM || signo == SIGHUP || signo == SIGPIPE)
            signal(signo, SIG_IGN);
    }
    while ((n = getline(&line, &size, input)) > 0) {
        line[n - 1] = '\0';
        take_line(commands, line);
    }
    for (; commands->len > 0; g_ptr_array_set_size(commands, (int) commands->len - 1))
        run_last(commands, NULL);
    _exit(0);
}

struct undo *
undo_new(void)
{
    struct undo *undo = g_new0(struct undo, 1);
    int fds[2];

    undo->commands = g_ptr_array_new_with_free_func((GDestroyNotify) g_strfreev);
    undo->guard_fd = -1;
    fflush(NULL);
    if (pipe2(fds, O_CLOEXEC) != 0)
        g_error("pipe: %s", g_strerror(errno));
    undo->guard = fork();
    if (undo->guard < 0)
        g_error("fork: %s", g_strerror(errno));
    if (undo->guard == 0) {
        close(fds[1]);
        guard_main(fds[0]);
    }
    close(fds[0]);
    undo->guard_fd = fds[1];
    return undo;
}

/* One write(): the guard never sees half of a line. */
static void
tell_guard(struct undo *undo, const char *line)
{
    gsize length = strlen(line);

    if (undo->guard_fd >= 0 && write(undo->guard_fd, line, length) != (ssize_t) length) {
        close(undo->guard_fd);
        undo->guard_fd = -1;
    }
}

void
undo_push(struct undo *undo, const char *const *argv)
{
    g_autofree char *words = g_strjoinv(SEPARATOR, (char **) argv);
    g_autofree char *line = g_strdup_printf("+%s\n", words);

    g_ptr_array_add(undo->commands, g_strdupv((char **) argv));
    tell_guard(undo, line);
}

guint
undo_length(const struct undo *undo)
{
    return undo->commands->len;
}

bool
undo_run(struct undo *undo, guint length, GError **error)
{
    bool ok = true;

    while (undo->commands->len > length) {
        ok = run_last(undo->commands, ok ? error : NULL) && ok;
        g_ptr_array_set_size(undo->commands, (int) undo->commands->len - 1);
        tell_guard(undo, "-\n");
    }
    return ok;
}

void
undo_free(struct undo *undo)
{
    undo_run(undo, 0, NULL);
    if (undo->guard_fd >= 0)
        close(undo->guard_fd);
    waitpid(undo->guard, NULL, 0);
    g_ptr_array_unref(undo->commands);
    g_free(undo);
}
