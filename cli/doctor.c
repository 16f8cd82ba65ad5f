/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * doctor.c - the verb `doctor`: is everything there that a bond needs, and what is to be done.
 *
 * Decides what is a problem (exit status 1) and what a hint. Changes nothing.
 */
#include "doctor.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "config-cli.h"
#include "words.h"

#define PLUGIN_PATTERN "/usr/lib*/NetworkManager/*/libnm-device-plugin-nm-bond.so"
#define PLUGIN_PATTERN_TRIPLET "/usr/lib/*/NetworkManager/*/libnm-device-plugin-nm-bond.so"

static const char *const field_names[] = {"CHECK", "STATE", "FINDING", "ADVICE", NULL};

static const char *const state_words[] = {"ok", "hint", "problem"};

void
doctor_add(struct doctor *doctor, const char *check, enum doctor_state state, char *finding,
           const char *advice)
{
    const char *values[] = {check, state_words[state], finding, advice, NULL};

    doctor->has_problem |= state == DOCTOR_PROBLEM;
    g_ptr_array_add(doctor->rows, g_strdupv((char **) values));
    g_free(finding);
}

/* ---- NetworkManager ---- */

/* "1.42.4" out of ".../NetworkManager/1.42.4/libnm-device-plugin-nm-bond.so" */
static bool
plugin_fits(const char *version, GString *found)
{
    bool fits = false;
    glob_t paths;

    if (glob(PLUGIN_PATTERN, 0, NULL, &paths) != 0 && paths.gl_pathc == 0)
        paths.gl_pathc = 0;
    glob(PLUGIN_PATTERN_TRIPLET, GLOB_APPEND, NULL, &paths);
    for (gsize i = 0; i < paths.gl_pathc; i++) {
        g_autofree char *dir = g_path_get_dirname(paths.gl_pathv[i]);
        g_autofree char *name = g_path_get_basename(dir);

        fits |= strcmp(name, version) == 0;
        g_string_append_printf(found, "%s%s", found->len > 0 ? ", " : "", name);
    }
    globfree(&paths);
    return fits;
}

static void
check_plugin(struct doctor *doctor, const char *version)
{
    g_autoptr(GString) found = g_string_new(NULL);

    if (plugin_fits(version, found))
        doctor_add(doctor, "plugin", DOCTOR_OK,
                   g_strdup_printf(_("the plugin for NetworkManager %s is installed"), version),
                   "");
    else if (found->len > 0)
        doctor_add(doctor, "plugin", DOCTOR_PROBLEM,
                   g_strdup_printf(_("the plugin is for NetworkManager %s, but %s runs"),
                                   found->str, version),
                   _("build NetworkManager-bond against the NetworkManager that is installed"));
    else
        doctor_add(doctor, "plugin", DOCTOR_PROBLEM,
                   g_strdup(_("the plugin of NetworkManager-bond is not installed: NetworkManager "
                              "makes bonds by the kernel's driver only")),
                   _("install NetworkManager-bond, then restart NetworkManager"));
}

static void
check_permission(struct doctor *doctor, NMClient *client)
{
    NMClientPermissionResult result = NM_CLIENT_PERMISSION_RESULT_UNKNOWN;

    for (int i = 0; i < 50 && result == NM_CLIENT_PERMISSION_RESULT_UNKNOWN; i++) {
        result =
            nm_client_get_permission_result(client, NM_CLIENT_PERMISSION_SETTINGS_MODIFY_SYSTEM);
        if (result == NM_CLIENT_PERMISSION_RESULT_UNKNOWN) {
            while (g_main_context_iteration(NULL, FALSE))
                ;
            g_usleep(10000);
        }
    }
    if (result == NM_CLIENT_PERMISSION_RESULT_YES)
        doctor_add(doctor, "permissions", DOCTOR_OK, g_strdup(_("you may change profiles")), "");
    else
        doctor_add(doctor, "permissions", DOCTOR_HINT,
                   g_strdup(result == NM_CLIENT_PERMISSION_RESULT_AUTH
                                ? _("changing profiles asks for a password")
                                : _("you may look at bonds, but not change profiles")),
                   _("be root, or allow it by polkit"));
}

static void
check_networkmanager(struct doctor *doctor)
{
    g_autoptr(NMClient) client = NULL;
    g_autoptr(GError) error = NULL;

    client = g_initable_new(NM_TYPE_CLIENT, NULL, &error, NM_CLIENT_INSTANCE_FLAGS,
                            (guint) NM_CLIENT_INSTANCE_FLAGS_NONE, NULL);
    if (client == NULL || !nm_client_get_nm_running(client)) {
        doctor_add(doctor, "networkmanager", DOCTOR_PROBLEM,
                   g_strdup(_("NetworkManager is not running.")),
                   _("systemctl start NetworkManager"));
        return;
    }
    doctor_add(doctor, "networkmanager", DOCTOR_OK,
               g_strdup_printf(_("NetworkManager %s runs"), nm_client_get_version(client)), "");
    check_plugin(doctor, nm_client_get_version(client));
    check_permission(doctor, client);
}

/* ---- bondd ---- */

static void
check_bondd(struct doctor *doctor)
{
    NmbondManager *manager;
    const char *version, *datapath, *reason;

    if (!cli_look(doctor->cli)) {
        g_clear_object(&doctor->cli->client);
        if (cli_connect(doctor->cli) != CLI_EXIT_OK) {
            doctor_add(doctor, "bondd", DOCTOR_PROBLEM,
                       g_strdup(_("bondd does not run and cannot be started")),
                       _("journalctl -u bondd says why"));
            return;
        }
    }
    manager = nmbond_client_get_manager(doctor->cli->client);
    version = nmbond_manager_get_version(manager);
    if (g_strcmp0(version, NMB_VERSION) == 0)
        doctor_add(doctor, "bondd", DOCTOR_OK, g_strdup_printf(_("bondd %s runs"), version), "");
    else
        doctor_add(doctor, "bondd", DOCTOR_PROBLEM,
                   g_strdup_printf(_("bondd %s runs, but bondcli is %s"), version, NMB_VERSION),
                   _("systemctl restart bondd; traffic goes on meanwhile"));
    datapath = nmbond_manager_get_datapath(manager);
    reason = nmbond_manager_get_datapath_reason(manager);
    doctor_add(
        doctor, "datapath", datapath != NULL && datapath[0] != '\0' ? DOCTOR_OK : DOCTOR_PROBLEM,
        g_strdup_printf("%s: %s", datapath != NULL ? datapath : "?", reason != NULL ? reason : "?"),
        "");
    doctor_check_leftovers(doctor);
    doctor_check_cards(doctor);
}

/* ---- the answer ---- */

static void
print_human(struct doctor *doctor)
{
    static const enum cli_color colors[] = {CLI_COLOR_GOOD, CLI_COLOR_WARN, CLI_COLOR_BAD};

    for (guint i = 0; i < doctor->rows->len; i++) {
        char **row = doctor->rows->pdata[i];
        gsize state = row[1][0] == 'o' ? 0 : row[1][0] == 'h' ? 1 : 2;

        cli_print_cell(doctor->cli, colors[state], 9, row[1]);
        cli_print_cell(doctor->cli, CLI_COLOR_NONE, 16, row[0]);
        printf("%s\n", row[2]);
        if (row[3][0] != '\0')
            printf("%25s-> %s\n", "", row[3]);
    }
    puts(doctor->has_problem ? _("There are problems.") : _("There are no problems."));
}

int
cli_doctor(struct cli *cli, int argc, char **argv)
{
    struct doctor doctor = {.cli = cli};
    struct cli_table table;
    int rc = cli_parse(cli, NULL, false, &argc, argv);

    if (rc == CLI_EXIT_OK)
        rc = words_expect(cli, "doctor", &argc, &argv, 0, 0, "");
    if (rc != CLI_EXIT_OK)
        return MAX(rc, 0);
    rc = cli_table_init(cli, &table, field_names);
    if (rc != CLI_EXIT_OK)
        return rc;
    doctor.rows = table.rows;
    doctor_check_kernel(&doctor);
    check_networkmanager(&doctor);
    check_bondd(&doctor);
    if (cli_wants_table(cli))
        cli_table_print(cli, &table);
    else
        print_human(&doctor);
    cli_table_clear(&table);
    return doctor.has_problem ? CLI_EXIT_FAILED : CLI_EXIT_OK;
}
