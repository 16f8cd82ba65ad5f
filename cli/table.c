/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table.c - fields in rows, for scripts (-t, -g) and for people (-f, -m), as nmcli prints them.
 *
 * Decides which fields are shown and how they are separated; the values come from the verb.
 */
#include "cli.h"

#include <stdio.h>
#include <string.h>

bool
cli_wants_table(const struct cli *cli)
{
    return cli->terse || cli->fields != NULL || cli->get_values != NULL || cli->mode != NULL;
}

static int
select_field(struct cli_table *table, const char *name)
{
    g_autofree char *allowed = NULL;

    for (guint i = 0; table->names[i] != NULL; i++) {
        if (g_ascii_strcasecmp(table->names[i], name) == 0) {
            if (table->n_selected < G_N_ELEMENTS(table->selected))
                table->selected[table->n_selected++] = i;
            return CLI_EXIT_OK;
        }
    }
    allowed = g_strjoinv(",", (char **) table->names);
    cli_error(_("Invalid field '%s'; allowed fields: %s."), name, allowed);
    return CLI_EXIT_USER_INPUT;
}

int
cli_table_init(struct cli *cli, struct cli_table *table, const char *const *names)
{
    const char *wanted = cli->get_values != NULL ? cli->get_values : cli->fields;
    g_auto(GStrv) fields = NULL;
    int rc = CLI_EXIT_OK;

    *table = (struct cli_table){.names = names};
    if (wanted == NULL || g_ascii_strcasecmp(wanted, "all") == 0 ||
        g_ascii_strcasecmp(wanted, "common") == 0) {
        for (guint i = 0; names[i] != NULL; i++)
            table->selected[table->n_selected++] = i;
    } else {
        fields = g_strsplit(wanted, ",", -1);
        if (fields[0] == NULL)
            rc = select_field(table, "");
        for (guint i = 0; fields[i] != NULL && rc == CLI_EXIT_OK; i++)
            rc = select_field(table, g_strstrip(fields[i]));
    }
    table->rows = g_ptr_array_new_with_free_func((GDestroyNotify) g_strfreev);
    if (rc != CLI_EXIT_OK)
        cli_table_clear(table);
    return rc;
}

int
cli_table_check(struct cli *cli, const char *const *names)
{
    struct cli_table table;
    int rc = cli_table_init(cli, &table, names);

    if (rc == CLI_EXIT_OK)
        cli_table_clear(&table);
    return rc;
}

void
cli_table_add(struct cli_table *table, char **values)
{
    g_ptr_array_add(table->rows, values);
}

void
cli_table_clear(struct cli_table *table)
{
    g_clear_pointer(&table->rows, g_ptr_array_unref);
}

static void
print_escaped(const struct cli *cli, const char *text)
{
    bool escape = cli->escape == NULL || cli->escape[0] == 'y';

    for (; *text != '\0'; text++) {
        if (escape && (*text == ':' || *text == '\\'))
            putchar('\\');
        putchar(*text);
    }
}

static void
print_terse(const struct cli *cli, const struct cli_table *table)
{
    for (guint row = 0; row < table->rows->len; row++) {
        char **values = table->rows->pdata[row];

        for (guint i = 0; i < table->n_selected; i++) {
            if (i > 0)
                putchar(':');
            print_escaped(cli, values[table->selected[i]]);
        }
        putchar('\n');
    }
}

static void
print_line(const struct cli *cli, char c, int width)
{
    g_autofree char *line = g_strnfill((gsize) MAX(width, 1), c);

    cli_print_cell(cli, CLI_COLOR_DIM, 0, line);
    putchar('\n');
}

/* With --pretty: what it is, between two lines. */
static void
print_title(const struct cli *cli, int width)
{
    if (!cli->pretty)
        return;
    print_line(cli, '=', width);
    if (cli->title != NULL)
        printf("  %s\n", _(cli->title));
    print_line(cli, '=', width);
}

#define LABEL_WIDTH 24
#define PRETTY_WIDTH 79

static void
print_multiline(const struct cli *cli, const struct cli_table *table)
{
    bool terse = cli->terse || cli->get_values != NULL;

    print_title(cli, PRETTY_WIDTH);
    for (guint row = 0; row < table->rows->len; row++) {
        char **values = table->rows->pdata[row];

        if (row > 0 && cli->pretty)
            print_line(cli, '-', PRETTY_WIDTH);
        else if (row > 0 && !terse)
            putchar('\n');
        for (guint i = 0; i < table->n_selected; i++) {
            const char *name = table->names[table->selected[i]];
            const char *value = values[table->selected[i]];

            if (terse) {
                printf("%s:", name);
                print_escaped(cli, value);
                putchar('\n');
            } else {
                g_autofree char *label = g_strdup_printf("%s:", name);

                cli_print_cell(cli, CLI_COLOR_NONE, LABEL_WIDTH, label);
                printf("%s\n", value[0] != '\0' ? value : "--");
            }
        }
    }
}

static void
print_tabular(const struct cli *cli, const struct cli_table *table)
{
    int width[G_N_ELEMENTS(table->selected)] = {0}, whole = 0;

    for (guint i = 0; i < table->n_selected; i++) {
        width[i] = cli_text_width(table->names[table->selected[i]]);
        for (guint row = 0; row < table->rows->len; row++) {
            char **values = table->rows->pdata[row];

            width[i] = MAX(width[i], cli_text_width(values[table->selected[i]]));
        }
        whole += width[i] + (i + 1 < table->n_selected ? 2 : 0);
    }
    print_title(cli, whole);
    for (guint row = 0; row <= table->rows->len; row++) {
        char **values = row > 0 ? table->rows->pdata[row - 1] : NULL;

        for (guint i = 0; i < table->n_selected; i++) {
            guint field = table->selected[i];
            const char *text = values != NULL ? values[field] : table->names[field];
            bool last = i + 1 == table->n_selected;

            cli_print_cell(cli, values == NULL ? CLI_COLOR_TITLE : CLI_COLOR_NONE,
                           last ? 0 : width[i] + 2, text[0] != '\0' ? text : "--");
        }
        putchar('\n');
        if (row == 0 && cli->pretty)
            print_line(cli, '-', whole);
    }
}

void
cli_table_print(const struct cli *cli, const struct cli_table *table)
{
    bool multiline = cli->mode != NULL && cli->mode[0] == 'm';
    bool terse = cli->terse || cli->get_values != NULL;

    if (multiline)
        print_multiline(cli, table);
    else if (terse)
        print_terse(cli, table);
    else
        print_tabular(cli, table);
}
