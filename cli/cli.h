/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cli.h - what the verbs of bondcli share: options, the connection to bondd, exit codes.
 */
#ifndef BONDCLI_CLI_H
#define BONDCLI_CLI_H

#include <stdbool.h>
#include <glib.h>
#include <glib/gi18n.h>

#include "nmbond.h"

enum cli_exit { /* as nmcli's, where it has the case */
                CLI_EXIT_OK = 0,
                CLI_EXIT_FAILED = 1,
                CLI_EXIT_USER_INPUT = 2,
                CLI_EXIT_TIMEOUT = 3,
                CLI_EXIT_CON_ACTIVATION = 4,
                CLI_EXIT_CON_DEACTIVATION = 5,
                CLI_EXIT_CON_DELETE = 7,
                CLI_EXIT_NOT_RUNNING = 8,
                CLI_EXIT_NOT_FOUND = 10,
                CLI_EXIT_COMPLETE_FILE = 65, /* --complete-args: a file is wanted */
                CLI_EXIT_SIGNAL = 128,       /* plus the signal's number */
};

struct cli {
    bool terse, pretty;
    bool ask; /* what is missing is asked for */
    bool help;
    bool version;
    const char *mode;       /* --mode as given, or NULL */
    const char *fields;     /* --fields */
    const char *get_values; /* --get-values */
    const char *escape;
    const char *colors;
    const char *wait;
    unsigned wait_s;
    gint64 deadline_us; /* of g_get_monotonic_time(); nothing waits longer */
    const char *title;  /* what the verb shows, for --pretty */
    NmbondClient *client;
};

struct cli_verb {
    const char *name;
    const char *arguments;      /* for the synopsis */
    const char *summary;        /* one line, translatable */
    const char *help;           /* what each argument is, translatable */
    const char *const *options; /* of its own, NULL at the end; for completion */
    bool takes_bonds, takes_verb;
    /* completes argv[argc - 1], a word after the verb; may be NULL */
    void (*complete)(int argc, char **argv);
    int (*run)(struct cli *cli, int argc, char **argv);
};

extern const struct cli_verb cli_verbs[]; /* ends with a NULL name */

int cli_status(struct cli *cli, int argc, char **argv);
int cli_events(struct cli *cli, int argc, char **argv);
int cli_up(struct cli *cli, int argc, char **argv);
int cli_down(struct cli *cli, int argc, char **argv);
int cli_add(struct cli *cli, int argc, char **argv);
int cli_clone(struct cli *cli, int argc, char **argv);
int cli_delete(struct cli *cli, int argc, char **argv);
int cli_modify(struct cli *cli, int argc, char **argv);
int cli_port(struct cli *cli, int argc, char **argv);
void cli_port_complete(int argc, char **argv);
int cli_active(struct cli *cli, int argc, char **argv);
void cli_active_complete(int argc, char **argv);
int cli_explain(struct cli *cli, int argc, char **argv);
void cli_explain_complete(int argc, char **argv);
int cli_doctor(struct cli *cli, int argc, char **argv);
int cli_import(struct cli *cli, int argc, char **argv);
void import_offer_formats(const char *word);
int cli_export(struct cli *cli, int argc, char **argv);
int cli_drill(struct cli *cli, int argc, char **argv);
void cli_drill_complete(int argc, char **argv);
int cli_reload(struct cli *cli, int argc, char **argv);
int cli_version(struct cli *cli, int argc, char **argv);
int cli_help(struct cli *cli, int argc, char **argv);

/* ---- options (options.c) ---- */

/* A flag, or an option with a value. The name may be abbreviated; the first in table order wins. */
struct cli_opt {
    const char *name;
    bool *flag;
    const char **value;
    size_t shortest; /* that many letters at least, so that a global option keeps its own */
};
#define CLI_OPT_MAX 8

/* Takes the options out of argv; what is left are *argc words from argv[0] on. The verb's own
 * options (may be NULL, ends with a NULL name) go before the global ones. With `until_word`
 * everything from the first word on stays as it is. Returns CLI_EXIT_OK or an exit code after
 * having said why. */
int cli_parse(struct cli *cli, const struct cli_opt *own, bool until_word, int *argc, char **argv);

const struct cli_verb *cli_match_verb(const char *word); /* NULL */
const struct cli_verb *cli_find_verb(const char *word);  /* NULL, and says so */
void cli_print_help(const struct cli_verb *verb);        /* NULL: of bondcli as a whole */

/* "Error: SENTENCE", "Warning: SENTENCE" on stderr. */
void cli_error(const char *format, ...) G_GNUC_PRINTF(1, 2);
void cli_warn(const char *format, ...) G_GNUC_PRINTF(1, 2);

/* ---- bondd (connect.c) ---- */

/* Connects cli->client, anew if it was, within the time that --wait allows in all. */
int cli_connect(struct cli *cli);
/* The same, but bondd is not started, and nothing is said: is it there? */
bool cli_look(struct cli *cli);
/* Before a _sync call on `proxy`: it gets the time that is left. */
void cli_bound_call(struct cli *cli, gpointer proxy);
/* Whether bondd went away while it was asked; and whether only the object did. */
bool cli_bondd_has_gone(const GError *error);
bool cli_object_has_gone(const GError *error);
/* Says what went wrong and returns the exit code for it. Takes `error`. */
int cli_fail(struct cli *cli, GError *error);

/* "There is no bond ..."; returns the exit code. */
int cli_fail_no_bond(struct cli *cli, const char *name);

void cli_offer_bonds(const char *word); /* that bondd has */
extern bool cli_offer_files;            /* the shell completes a file's name */
void cli_complete(int argc, char **argv);
void cli_offer(const char *candidate, const char *word); /* if it begins with word */

/* A signal does not end the program from now on: `on` is told. The id of the source. (signal.c) */
guint cli_signal_add(int signo, void (*on)(int signo, gpointer data), gpointer data);

/* ---- output (output.c) ---- */

enum cli_color {
    CLI_COLOR_NONE,
    CLI_COLOR_GOOD,
    CLI_COLOR_WARN,
    CLI_COLOR_BAD,
    CLI_COLOR_TITLE,
    CLI_COLOR_DIM,
};

bool cli_use_color(const struct cli *cli);
/* Prints `text` padded to `width` columns (negative: to the right) and coloured. */
void cli_print_cell(const struct cli *cli, enum cli_color color, int width, const char *text);
int cli_text_width(const char *text);
/* Flushes stdout; false if nobody reads it any more. */
bool cli_flush(void);

/* Local time for people, "14:32:01", with the date if that is not today. */
char *cli_format_time(gint64 time_us, bool milliseconds);
/* "3 minutes" */
char *cli_format_age(gint64 time_us);
char *cli_format_bytes(guint64 bytes);

/* What bondd said, in the reader's language (sentence.c). Transfer full. */
char *cli_translate(const char *text);

/* ---- tables of fields (table.c): -t, -f, -g, -m, -e ---- */

struct cli_table {
    const char *const *names; /* all fields, NULL at the end */
    guint n_selected;
    guint selected[32];
    GPtrArray *rows; /* of char **, one string per field of names[] */
};

bool cli_wants_table(const struct cli *cli);
/* Reads --fields or --get-values against `names`; without one all of them are taken. */
int cli_table_init(struct cli *cli, struct cli_table *table, const char *const *names);
/* Only that: a wrong field is refused before anything is asked or done. */
int cli_table_check(struct cli *cli, const char *const *names);
void cli_table_add(struct cli_table *table, char **values); /* takes values */
void cli_table_print(const struct cli *cli, const struct cli_table *table);
void cli_table_clear(struct cli_table *table);

#endif
