/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bond.h - one bond of bondd: core's state, the datapath's handles, and what ties them together.
 *
 * bond.c steps a bond; announce.c tells the network of it; lifecycle.c makes and ends it; attach.c
 * brings ports in and takes them out; watch.c turns what happens to links into events for core;
 * takeover.c goes on after a restart.
 */
#ifndef BONDD_BOND_H
#define BONDD_BOND_H

#include <glib.h>

#include "core/bond.h"
#include "daemon/engine.h"
#include "daemon/port.h"

#define BONDD_PORT_COMING BOND_MAX_PORTS /* index of the port that has no slot yet */

/* How core hears a port (frames.c). */
struct bondd_ear {
    int fd, ifindex;
    uint32_t what; /* BOND_FRAMES_*; 0: not listening */
    guint source;  /* of fd; 0: the engine's socket for slow protocols is enough */
    /* who speaks LACP there, although the mode is not 802.3ad (switchside.c) */
    uint8_t partner[BOND_MAC_LEN];
    guint forget; /* 0: nobody does */
};

/* Whether what the bond sends comes back to it (switchside.c). */
struct bondd_echo {
    int fd, ifindex;
    uint8_t mac[BOND_MAC_LEN];
    guint source; /* 0: not listening */
    guint timer;  /* 0: nothing came back of late */
    uint64_t heard_ns;
};

/* What a port was like at the last look (watch.c). */
struct bondd_seen {
    int ifindex, fd;  /* its count of carrier changes; ifindex 0: it is not open */
    uint64_t changes; /* 1 + the count before the look; 0: there is no relying on it */
};

struct bondd_bond {
    struct bondd_engine *engine; /* borrowed */
    struct dp_bpf *bpf;
    int peer_ifindex;
    bool hidden; /* the device and its peer are joined in the hidden namespace (datapath/hidden.h) */
    int inside;  /* the end of the device's pair there; 0: out of reach, or not hidden */
    uint32_t id, next_port_id;  /* numbers in D-Bus paths */
    int64_t real_minus_mono_us; /* turns core's times into those of a clock; stays the same */

    /* the bond's device as last seen */
    uint32_t mtu;
    uint8_t dev_mac[BOND_MAC_LEN];
    char dev_name[BOND_NAME_SIZE]; /* differs from core.name when somebody renamed it */
    bool promisc, via_peer;
    uint32_t stand_ins; /* bit n: the port in slot n is promiscuous because core wants it */

    guint place;               /* in engine->bonds, from 1; 0: the engine does not know it */
    uint64_t next_ns;          /* core wants to be called then */
    uint64_t news_at_ns;       /* when the event that is being handled came in; 0: none */
    uint64_t closely_until_ns; /* its ports are looked at often until then; 0: they are not */
    guint announce_again;      /* there is more to be said (announce.c); 0: all is said */
    guint announce_left;       /* attempts, where no port could carry an announcement */
    int announce_from;         /* the next device; 0: the bond itself */
    int groups_from;           /* the same for multicast groups */
    bool can_wake;             /* the packet path may tell (wake.c) */
    bool look;                 /* a port's link has news */
    bool waits_to_look;        /* in engine->to_look */
    bool dirty;                /* files and D-Bus lag behind */
    uint64_t saved;            /* bond_digest() of what the state file holds of core */
    bool ports_changed;        /* the state file lags behind in what was done to ports */
    bool features_stale;       /* the bond's offloads may not be those of its ports */
    uint32_t max_segments;     /* bond_max_segments() as the bond's device has it */
    int mac_error;             /* of the last MAC that a port did not accept; 0 */

    GArray *parted; /* of struct bondd_parted: have left, with the address that is the bond's */

    struct bondd_echo echo;
    struct bond_bucket_load *load_told; /* hash=resilient: what core knows of (balance.c) */
    struct bondd_routes *routes;        /* to the targets of the ARP/NS monitor (probe.c) */
    struct bondd_bfd *bfd;              /* to the BFD peer (bfd.c) */

    /* What of the rows is free was never written to: see bondd_bond_alloc(). */
    struct bondd_seen seen[BOND_MAX_PORTS];   /* by slot */
    struct bondd_ear ear[BOND_MAX_PORTS + 1]; /* by slot; the last hears the host, at the peer */
    struct bond core;
    /* by slot; one more for a port on its way in. in_use while core's slot is free: to restore */
    struct bondd_port port[BOND_MAX_PORTS + 1];
};

/* bond.c ------------------------------------------------------------------------------------ */

struct bondd_bond *bondd_bond_alloc(struct bondd_engine *e);
void bondd_bond_free(struct bondd_bond *b); /* memory and handles; the kernel keeps everything */

/* One event through core, and all that follows from it. Returns what bond_step() returned. */
int bondd_bond_step(struct bondd_bond *b, const struct bond_event *ev, GError **error);
void bondd_bond_publish(struct bondd_bond *b);

/* Makes the state file true; after this returns a kill loses nothing. */
void bondd_bond_save(struct bondd_bond *b);

/* n options at once; `check`: only say whether they would do. */
bool bondd_bond_set_options(struct bondd_bond *b, guint n, const char *const *names,
                            const char *const *values, bool replace, bool strict, bool check,
                            GError **error);
bool bondd_bond_set_active(struct bondd_bond *b, const char *ifname, GError **error);

/* lifecycle.c ------------------------------------------------------------------------------- */

struct bondd_new_bond {
    char name[BOND_NAME_SIZE];
    struct bond_options options;
    bool has_mac;
    uint8_t mac[BOND_MAC_LEN];
    uint32_t drain_ms;
};
typedef void (*bondd_created_cb)(struct bondd_bond *b, const GError *error, void *data);
typedef void (*bondd_destroyed_cb)(void *data);

/* A new bond with its devices; `done` is called later. All or nothing: on failure `b` is NULL and
 * nothing is left behind. The name has been checked. */
void bondd_bond_create(struct bondd_engine *e, const struct bondd_new_bond *what,
                       bondd_created_cb done, void *data);
/* Ports are let go before this returns, and `b` is no more for anyone; when devices, pins and files
 * are removed `done` (may be NULL) is called. */
void bondd_bond_destroy(struct bondd_bond *b, bool link_is_gone, bondd_destroyed_cb done,
                        void *data);

/* attach.c ---------------------------------------------------------------------------------- */

struct bondd_port_settings {
    bool has_queue_id, has_prio, has_rr_delay;
    uint16_t queue_id;
    int32_t prio;
    uint16_t actor_port_prio; /* 0: not given */
    uint32_t rr_delay_us;
};

/* The slot, or -1. */
int bondd_bond_attach(struct bondd_bond *b, const char *ifname,
                      const struct bondd_port_settings *settings, GError **error);
/* The slot that is leaving (or has left already), or -1. */
int bondd_bond_detach(struct bondd_bond *b, const char *ifname, bool hard, GError **error);
bool bondd_bond_port_settings(struct bondd_bond *b, int slot,
                              const struct bondd_port_settings *settings, GError **error);
/* The slot's device, in whatever phase of the bond, or BOND_NO_PORT. */
int bondd_bond_slot(const struct bondd_bond *b, int ifindex);

/* watch.c ----------------------------------------------------------------------------------- */

void bondd_bond_link_changed(struct bondd_bond *b, const struct dp_link *link);
void bondd_bond_peer_changed(struct bondd_bond *b, const struct dp_link *link);
/* Makes core's carrier that of the bond's device. */
void bondd_bond_show_carrier(struct bondd_bond *b);
void bondd_bond_port_changed(struct bondd_bond *b, int slot, const struct dp_link *link);
void bondd_bond_port_gone(struct bondd_bond *b, int slot);
/* Somebody's tc filters on a device of the bond; 0: on any. */
void bondd_bond_filters_changed(struct bondd_bond *b, int ifindex);
/* Somebody uses it (an address, another bond): one that is leaving is let go at once. */
void bondd_bond_port_claimed(struct bondd_bond *b, int ifindex);
/* All ports are read and core is told; then time passes. */
void bondd_bond_look(struct bondd_bond *b);
/* The same, but nothing is read if no carrier has changed since the last look (miimon). */
void bondd_bond_poll(struct bondd_bond *b);
/* Time passes. */
void bondd_bond_tick(struct bondd_bond *b);
/* Descriptors of looks are closed. */
void bondd_bond_unsee(struct bondd_bond *b);
void bondd_bond_sync_features(struct bondd_bond *b);
/* What core wants of ports besides their addresses. */
void bondd_bond_sync_ports(struct bondd_bond *b);
void bondd_bond_sync_promisc(struct bondd_bond *b, const struct dp_link *link);

/* takeover.c -------------------------------------------------------------------------------- */

/* Goes on with every bond that has a state file. */
void bondd_takeover_all(struct bondd_engine *e);
/* A bond's link whose state is lost: removed, with what is known of its ports undone. */
void bondd_takeover_clear_orphan(struct bondd_engine *e, const struct dp_link *link);

#endif
