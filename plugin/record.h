/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record.h - which bonds and ports NetworkManager had active, kept over its restarts.
 */
#ifndef NMB_RECORD_H
#define NMB_RECORD_H

#include <glib.h>

typedef struct {
    char *name;
    int ifindex;
    char *uuid;        /* of the port's profile */
    gboolean attached; /* in this run of NetworkManager; not stored */
} NmbRecordPort;

typedef struct {
    char *bond;
    int ifindex;
    char *uuid; /* of the bond's profile */
    GPtrArray *ports;
    gboolean undecided; /* found at start, not adopted yet; not stored */
} NmbRecord;

/* Reads all records. Called once, before NetworkManager looks at the links. */
void nmb_record_load_all(void);

/* The record of `bond`, NULL if there is none; borrowed until it is dropped. */
NmbRecord *nmb_record_get(const char *bond);
NmbRecord *nmb_record_ensure(const char *bond);

typedef void (*NmbRecordFunc)(NmbRecord *record, gpointer data);
void nmb_record_foreach(NmbRecordFunc func, gpointer data);

NmbRecordPort *nmb_record_port(NmbRecord *record, const char *name);
NmbRecordPort *nmb_record_port_ensure(NmbRecord *record, const char *name);
void nmb_record_port_remove(NmbRecord *record, const char *name);

/* Writes the record, and the configuration that makes NetworkManager adopt the ports by UUID. */
void nmb_record_save(NmbRecord *record);
void nmb_record_drop(const char *bond);

#endif
