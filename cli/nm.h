/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nm.h - what the verbs that work on profiles share: NetworkManager, waiting, finding, changing.
 */
#ifndef BONDCLI_NM_H
#define BONDCLI_NM_H

#include <NetworkManager.h>

#include "cli.h"

struct nm {
    struct cli *cli;
    NMClient *client;
    GCancellable *cancellable; /* of the call that is under way */
    int signo;                 /* SIGINT, SIGTERM or SIGHUP came; 0: none */
    bool timed_out;
    guint wait_s;
    guint sources[3];
};

/* Connects to NetworkManager. `wait_s`: how long a step may take if --wait does not say. From now
 * on a signal does not end the program: it is in nm->signo. */
int nm_open(struct nm *nm, struct cli *cli, guint wait_s);
void nm_close(struct nm *nm);

/* One asynchronous call: start it with nm_ready and &wait, then nm_wait(), then its finish. */
struct nm_wait {
    GMainLoop *loop;
    GAsyncResult *result;
};
void nm_wait_init(struct nm *nm, struct nm_wait *wait);
void nm_ready(GObject *source, GAsyncResult *result, gpointer wait);
void nm_wait(struct nm *nm, struct nm_wait *wait);
void nm_wait_clear(struct nm_wait *wait);

/* Until `done` is true, the time is over (false) or a signal came (false). */
bool nm_wait_until(struct nm *nm, bool (*done)(struct nm *nm, gpointer data), gpointer data,
                   guint wait_ms);

/* Says what went wrong ("PREFIX: why"; prefix may be NULL) and returns the exit code: `code`, or
 * the one of a timeout, a signal, a NetworkManager that is not running. Takes error. */
int nm_fail(struct nm *nm, int code, const char *prefix, GError *error);

/* ---- finding (borrowed) ---- */
bool nm_is_bond(NMConnection *connection);
const char *nm_ifname_of(gpointer connection);
/* By id, UUID, path or interface; NULL if there is none. */
NMRemoteConnection *nm_look_for_bond(struct nm *nm, const char *name);
/* The same, and says so; *rc is then the exit code. */
NMRemoteConnection *nm_find_bond(struct nm *nm, const char *name, int *rc);
bool nm_is_port_of(NMConnection *port, NMConnection *bond);
GPtrArray *nm_ports_of(struct nm *nm, NMConnection *bond); /* of NMRemoteConnection */
NMActiveConnection *nm_active_of(struct nm *nm, NMRemoteConnection *connection);
/* The profile of port `ifname` in `bond`, or NULL. */
NMRemoteConnection *nm_port_profile(struct nm *nm, NMConnection *bond, const char *ifname);

/* ---- changing, all or nothing (change.c) ---- */
enum change_kind { CHANGE_ADD, CHANGE_UPDATE, CHANGE_DELETE };
struct change {
    enum change_kind kind;
    NMConnection *connection;   /* ADD, UPDATE: what shall be */
    NMRemoteConnection *remote; /* UPDATE, DELETE; after ADD: what was made */
    NMConnection *before;       /* UPDATE, DELETE */
    bool done, unknown;         /* unknown: time ran out before the answer came */
};
GPtrArray *changes_new(void);
void changes_add(GPtrArray *changes, NMConnection *connection);
void changes_update(GPtrArray *changes, NMRemoteConnection *remote, NMConnection *connection);
void changes_delete(GPtrArray *changes, NMRemoteConnection *remote);
/* In the order given. Whatever fails, or a signal: everything is as it was, and said why. */
int changes_commit(struct nm *nm, GPtrArray *changes);
void changes_say(struct nm *nm, GPtrArray *changes);
/* The profiles as keyfiles on stdout (--dry-run). */
int changes_print(GPtrArray *changes);

/* ---- bringing up and down (activate.c) ---- */
int nm_activate(struct nm *nm, NMRemoteConnection *connection, bool wait);
int nm_deactivate(struct nm *nm, NMRemoteConnection *connection, bool wait);
/* Waits until the bond's ports are up too, and names those that are not. */
void nm_wait_for_ports(struct nm *nm, NMRemoteConnection *bond);

void nm_offer_bonds(const char *word);
void nm_offer_devices(const char *word, bool with_comma);
void nm_offer_ports(const char *bond, const char *word);

#endif
