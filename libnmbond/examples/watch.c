/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * watch.c - prints the bonds, then what happens to them, also over restarts of bondd.
 *
 *   cc watch.c $(pkg-config --cflags --libs libnmbond) && ./a.out
 */
#include <nmbond.h>
#include <stdio.h>

static void
print_bonds(NmbondClient *client)
{
    g_autoptr(GPtrArray) bonds = nmbond_client_get_bonds(client);

    for (guint i = 0; i < bonds->len; i++) {
        NmbondBond *bond = bonds->pdata[i];
        g_autoptr(GPtrArray) ports = nmbond_client_get_ports(client, bond);

        printf("%s: %s, carrier %s\n", nmbond_bond_get_name(bond), nmbond_bond_get_mode(bond),
               nmbond_bond_get_carrier(bond) ? "on" : "off");
        for (guint p = 0; p < ports->len; p++)
            printf("  %s: %s\n", nmbond_port_get_name(ports->pdata[p]),
                   nmbond_port_get_state(ports->pdata[p]));
    }
    fflush(stdout);
}

static void
on_running(NmbondClient *client, GParamSpec *pspec, gpointer user_data)
{
    if (nmbond_client_get_running(client))
        print_bonds(client);
    else
        puts("bondd is away; traffic flows without it");
    fflush(stdout);
}

static void
on_event(NmbondClient *client, NmbondEvent *event, gpointer user_data)
{
    printf("%s: %s\n", nmbond_event_get_bond(event), nmbond_event_get_text(event));
    fflush(stdout);
}

static void
on_client(GObject *source, GAsyncResult *result, gpointer user_data)
{
    NmbondClient **client = user_data;
    g_autoptr(GError) error = NULL;

    *client = nmbond_client_new_finish(result, &error);
    if (*client == NULL)
        g_error("no bus: %s", error->message);
    g_signal_connect(*client, "event", G_CALLBACK(on_event), NULL);
    g_signal_connect(*client, "notify::running", G_CALLBACK(on_running), NULL);
    on_running(*client, NULL, NULL);
}

int
main(void)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    NmbondClient *client = NULL;

    nmbond_client_new_async(NULL, NMBOND_CLIENT_FLAGS_NONE, NULL, on_client, &client);
    g_main_loop_run(loop);
    return 0;
}
