/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * output.c - text for people: colours, columns, times, sizes.
 *
 * Decides whether there is colour. Knows nothing of bonds.
 */
#include "cli.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Behind what was printed until now; a line of its own. */
static void G_GNUC_PRINTF(1, 0) say(const char *format, const char *prefix, va_list args)
{
    g_autofree char *text = g_strdup_vprintf(format, args);

    fflush(stdout);
    fprintf(stderr, prefix, text);
    fputc('\n', stderr);
}

void
cli_error(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say(format, _("Error: %s"), args);
    va_end(args);
}

void
cli_warn(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say(format, _("Warning: %s"), args);
    va_end(args);
}

bool
cli_use_color(const struct cli *cli)
{
    const char *no_color = g_getenv("NO_COLOR");

    if (cli->colors != NULL && cli->colors[0] == 'y')
        return true;
    if (cli->colors != NULL && cli->colors[0] == 'n')
        return false;
    return (no_color == NULL || no_color[0] == '\0') && g_strcmp0(g_getenv("TERM"), "dumb") != 0 &&
           isatty(STDOUT_FILENO) == 1;
}

static const char *
color_start(enum cli_color color)
{
    switch (color) {
    case CLI_COLOR_NONE:
        return "";
    case CLI_COLOR_GOOD:
        return "\033[32m";
    case CLI_COLOR_WARN:
        return "\033[33m";
    case CLI_COLOR_BAD:
        return "\033[1;31m";
    case CLI_COLOR_TITLE:
        return "\033[1m";
    case CLI_COLOR_DIM:
        return "\033[2m";
    }
    return "";
}

int
cli_text_width(const char *text)
{
    int width = 0;

    if (!g_utf8_validate(text, -1, NULL))
        return (int) strlen(text);
    for (; *text != '\0'; text = g_utf8_next_char(text)) {
        gunichar c = g_utf8_get_char(text);

        if (!g_unichar_iszerowidth(c))
            width += g_unichar_iswide(c) ? 2 : 1;
    }
    return width;
}

void
cli_print_cell(const struct cli *cli, enum cli_color color, int width, const char *text)
{
    int pad = ABS(width) - cli_text_width(text);
    bool colored = color != CLI_COLOR_NONE && cli_use_color(cli);

    if (width < 0 && pad > 0)
        printf("%*s", pad, "");
    printf("%s%s%s", colored ? color_start(color) : "", text, colored ? "\033[0m" : "");
    if (width > 0 && pad > 0)
        printf("%*s", pad, "");
}

bool
cli_flush(void)
{
    return fflush(stdout) == 0 && !ferror(stdout);
}

char *
cli_format_time(gint64 time_us, bool milliseconds)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(time_us / G_USEC_PER_SEC);
    g_autoptr(GDateTime) time = utc != NULL ? g_date_time_to_local(utc) : NULL;
    g_autofree char *clock = NULL;
    bool today;

    if (time == NULL)
        return g_strdup("?");
    today = g_date_time_get_year(now) == g_date_time_get_year(time) &&
            g_date_time_get_day_of_year(now) == g_date_time_get_day_of_year(time);
    clock = g_date_time_format(time, today ? "%H:%M:%S" : "%Y-%m-%d %H:%M:%S");
    if (!milliseconds)
        return g_steal_pointer(&clock);
    return g_strdup_printf("%s.%03d", clock, (int) (time_us % G_USEC_PER_SEC / 1000));
}

char *
cli_format_age(gint64 time_us)
{
    gint64 age_s = MAX(0, (g_get_real_time() - time_us) / G_USEC_PER_SEC);
    gulong n;

    if (age_s < 60) {
        n = (gulong) age_s;
        return g_strdup_printf(ngettext("%lu second", "%lu seconds", n), n);
    }
    if (age_s < 60 * 60) {
        n = (gulong) (age_s / 60);
        return g_strdup_printf(ngettext("%lu minute", "%lu minutes", n), n);
    }
    if (age_s < 24 * 60 * 60) {
        n = (gulong) (age_s / (60 * 60));
        return g_strdup_printf(ngettext("%lu hour", "%lu hours", n), n);
    }
    n = (gulong) (age_s / (24 * 60 * 60));
    return g_strdup_printf(ngettext("%lu day", "%lu days", n), n);
}

char *
cli_format_bytes(guint64 bytes)
{
    return g_format_size_full(bytes, G_FORMAT_SIZE_DEFAULT);
}
