/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * nmbond-event.h - one line of bondd's event log.
 */
#ifndef NMBOND_EVENT_H
#define NMBOND_EVENT_H

#include <glib-object.h>

G_BEGIN_DECLS

#define NMBOND_TYPE_EVENT (nmbond_event_get_type())

/**
 * NmbondEvent:
 *
 * Something that happened to a bond or to one of its ports: a line of bondd's event log.
 */
typedef struct _NmbondEvent NmbondEvent;

GType nmbond_event_get_type(void);

NmbondEvent *nmbond_event_new_from_variant(GVariant *variant);
NmbondEvent *nmbond_event_ref(NmbondEvent *event);
void nmbond_event_unref(NmbondEvent *event);

guint64 nmbond_event_get_seq(NmbondEvent *event);
gint64 nmbond_event_get_time_us(NmbondEvent *event);
const char *nmbond_event_get_bond(NmbondEvent *event);
const char *nmbond_event_get_port(NmbondEvent *event);
const char *nmbond_event_get_event(NmbondEvent *event);
const char *nmbond_event_get_reason(NmbondEvent *event);
const char *nmbond_event_get_text(NmbondEvent *event);
const char *nmbond_event_get_other(NmbondEvent *event);
GVariant *nmbond_event_get_variant(NmbondEvent *event);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmbondEvent, nmbond_event_unref)

G_END_DECLS

#endif
