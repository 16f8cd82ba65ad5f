/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dbus.h - bondd on D-Bus: what is shared by the files for each interface.
 *
 * Objects mirror the engine and are brought up to date after a step, all properties at once; the
 * skeletons find out what has changed and tell it in one signal.
 */
#ifndef BONDD_DBUS_H
#define BONDD_DBUS_H

#include <gio/gio.h>

#include "bondd-dbus.h" /* generated from data/org.freedesktop.NetworkManager.bond.xml */
#include "daemon/bond.h"

#define BONDD_BUS_NAME "org.freedesktop.NetworkManager.bond"
#define BONDD_ROOT_PATH "/org/freedesktop/NetworkManager/bond"

struct bondd_port_object {
    uint32_t id; /* of the port that it shows; 0: none */
    BonddDbusObjectSkeleton *object;
    BonddDbusPort *iface;
};

struct bondd_bond_object {
    struct bondd_bond *bond;
    BonddDbusObjectSkeleton *object;
    BonddDbusBond *iface;
    struct bondd_port_object port[BOND_MAX_PORTS];
    GPtrArray *waiting; /* calls of DetachPort that answer when the drain is over */
};

struct bondd_dbus {
    struct bondd_engine *engine;
    GDBusConnection *connection;
    GDBusObjectManagerServer *objects;
    BonddDbusManager *manager;
    GHashTable *bonds;          /* struct bondd_bond -> struct bondd_bond_object */
    struct creation *creations; /* bonds that are being made (dbus_manager.c) */
    guint name_id, idle_id;
    void (*quit)(int status, void *data);
    void *quit_data;
};

/* dbus.c. quit() is called when the bus is gone (1) or there is nothing to do (idle status). */
bool bondd_dbus_start(struct bondd_dbus *d, struct bondd_engine *e,
                      void (*quit)(int status, void *data), void *data, GError **error);
void bondd_dbus_stop(struct bondd_dbus *d);

/* A method call on its way. `bond` is there for calls on bonds and ports, `slot` for ports. */
struct bondd_call {
    struct bondd_dbus *d;
    struct bondd_bond *bond;
    int slot;
    GDBusMethodInvocation *invocation;
    GVariant *params; /* borrowed */
    GVariant *reply;  /* floating; NULL: nothing to say */
    bool deferred;    /* somebody else answers */
};
typedef bool (*bondd_method)(struct bondd_call *call, GError **error);

/* Checks who calls (for methods that change something), reads the kernel's news, calls `method`,
 * brings files and objects up to date and answers. `iface` must have been tied to its object. */
gboolean bondd_dbus_call(gpointer iface, GDBusMethodInvocation *invocation, bondd_method method,
                         bool changes);

/* For deferred calls: answers with `reply` (floating, or NULL), or with the error. */
void bondd_dbus_answer(struct bondd_dbus *d, GDBusMethodInvocation *invocation, GVariant *reply,
                       const GError *error);

/* Where a call on `iface` goes. bond 0 and slot BOND_NO_PORT: the manager. A path's numbers are
 * never used twice, so a bond or port that is no more is noticed. */
void bondd_dbus_tie(gpointer iface, struct bondd_dbus *d, uint32_t bond_id, uint32_t port_id);

/* dbus_manager.c */
void bondd_dbus_manager_init(struct bondd_dbus *d);
void bondd_dbus_manager_event(const struct bondd_event *ev, void *d);

/* dbus_bond.c */
void bondd_dbus_bond_changed(struct bondd_bond *b, void *d);
void bondd_dbus_bond_removed(struct bondd_bond *b, void *d);
char *bondd_dbus_bond_path(const struct bondd_bond *b); /* transfer full */
GVariant *bondd_dbus_counters(const struct bond_counters *c);

/* dbus_find.c */
bool bondd_dbus_find_port(struct bondd_call *call, GError **error);

/* dbus_port.c */
void bondd_dbus_port_sync(struct bondd_dbus *d, struct bondd_bond_object *o, int slot);
void bondd_dbus_port_drop(struct bondd_dbus *d, struct bondd_port_object *p);
char *bondd_dbus_port_path(const struct bondd_bond *b, int slot); /* transfer full */

/* dbus_args.c: dictionaries of callers, with a sentence for every mistake. */
bool bondd_args_port(GVariant *settings, struct bondd_port_settings *out, GError **error);
bool bondd_args_bond(GVariant *settings, bool *has_mac, uint8_t mac[BOND_MAC_LEN],
                     uint32_t *drain_ms, bool *insists, GError **error);
bool bondd_args_flags(uint32_t flags, const char *const *names, GError **error); /* bit by bit */
struct bondd_args_options {
    guint n;
    const char **names, **values; /* borrow from the variant */
};
void bondd_args_options(GVariant *options, struct bondd_args_options *out);
void bondd_args_options_clear(struct bondd_args_options *o);

#endif
