/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * nmbond-event.c - one line of bondd's event log, read out of its D-Bus dictionary.
 *
 * Missing keys read as 0 and "", unknown ones stay reachable through the variant: an older
 * library goes on working with a newer bondd.
 */
#include "nmbond-event.h"

struct _NmbondEvent {
    gatomicrefcount refs;
    GVariant *variant; /* a{sv} */
    guint64 seq;
    gint64 time_us;
    const char *bond, *port, *event, *reason, *text, *other; /* in the variant */
};

G_DEFINE_BOXED_TYPE(NmbondEvent, nmbond_event, nmbond_event_ref, nmbond_event_unref)

static const char *
lookup_string(GVariant *dict, const char *key)
{
    const char *value = NULL;

    return g_variant_lookup(dict, key, "&s", &value) ? value : "";
}

static guint64
lookup_number(GVariant *dict, const char *key)
{
    g_autoptr(GVariant) value = g_variant_lookup_value(dict, key, NULL);

    if (value != NULL && g_variant_is_of_type(value, G_VARIANT_TYPE_UINT64))
        return g_variant_get_uint64(value);
    if (value != NULL && g_variant_is_of_type(value, G_VARIANT_TYPE_INT64))
        return (guint64) g_variant_get_int64(value);
    return 0;
}

/**
 * nmbond_event_new_from_variant:
 * @variant: an event as it is on D-Bus, of type a{sv}; a floating reference is taken
 *
 * Makes an event of what bondd sends.
 *
 * Returns: (transfer full) (nullable): the event, or %NULL if @variant is of another type
 */
NmbondEvent *
nmbond_event_new_from_variant(GVariant *variant)
{
    NmbondEvent *event;

    g_return_val_if_fail(variant != NULL, NULL);
    g_variant_ref_sink(variant);
    if (!g_variant_is_of_type(variant, G_VARIANT_TYPE_VARDICT)) {
        g_variant_unref(variant);
        return NULL;
    }
    event = g_new0(NmbondEvent, 1);
    g_atomic_ref_count_init(&event->refs);
    event->variant = variant;
    event->seq = lookup_number(variant, "seq");
    event->time_us = (gint64) lookup_number(variant, "time");
    event->bond = lookup_string(variant, "bond");
    event->port = lookup_string(variant, "port");
    event->event = lookup_string(variant, "event");
    event->reason = lookup_string(variant, "reason");
    event->text = lookup_string(variant, "text");
    event->other = lookup_string(variant, "other");
    return event;
}

/**
 * nmbond_event_ref:
 * @event: an event
 *
 * Takes a reference.
 *
 * Returns: (transfer full): @event
 */
NmbondEvent *
nmbond_event_ref(NmbondEvent *event)
{
    g_atomic_ref_count_inc(&event->refs);
    return event;
}

/**
 * nmbond_event_unref:
 * @event: (transfer full): an event
 *
 * Gives a reference back.
 */
void
nmbond_event_unref(NmbondEvent *event)
{
    if (!g_atomic_ref_count_dec(&event->refs))
        return;
    g_variant_unref(event->variant);
    g_free(event);
}

/**
 * nmbond_event_get_seq:
 * @event: an event
 *
 * The number of the event.
 *
 * Returns: its number; they only grow
 */
guint64
nmbond_event_get_seq(NmbondEvent *event)
{
    return event->seq;
}

/**
 * nmbond_event_get_time_us:
 * @event: an event
 *
 * The time of the event.
 *
 * Returns: when it was, in microseconds since the epoch
 */
gint64
nmbond_event_get_time_us(NmbondEvent *event)
{
    return event->time_us;
}

/**
 * nmbond_event_get_bond:
 * @event: an event
 *
 * The bond that it is about.
 *
 * Returns: the bond's name
 */
const char *
nmbond_event_get_bond(NmbondEvent *event)
{
    return event->bond;
}

/**
 * nmbond_event_get_port:
 * @event: an event
 *
 * The port that it is about.
 *
 * Returns: the port's name, or "" if it is about the bond alone
 */
const char *
nmbond_event_get_port(NmbondEvent *event)
{
    return event->port;
}

/**
 * nmbond_event_get_event:
 * @event: an event
 *
 * What happened, as a word for programs.
 *
 * Returns: what happened, a stable word such as "active-changed"
 */
const char *
nmbond_event_get_event(NmbondEvent *event)
{
    return event->event;
}

/**
 * nmbond_event_get_reason:
 * @event: an event
 *
 * Why it happened.
 *
 * Returns: why, in a few English words
 */
const char *
nmbond_event_get_reason(NmbondEvent *event)
{
    return event->reason;
}

/**
 * nmbond_event_get_text:
 * @event: an event
 *
 * What happened and why, as a sentence for people.
 *
 * Returns: an English sentence that says it all
 */
const char *
nmbond_event_get_text(NmbondEvent *event)
{
    return event->text;
}

/**
 * nmbond_event_get_other:
 * @event: an event
 *
 * The other port, where there are two: the one that was active before.
 *
 * Returns: for "active-changed" the active port before; else ""
 */
const char *
nmbond_event_get_other(NmbondEvent *event)
{
    return event->other;
}

/**
 * nmbond_event_get_variant:
 * @event: an event
 *
 * The event as it is on D-Bus.
 *
 * Returns: (transfer none): the dictionary as it came, with keys that this library does not know
 */
GVariant *
nmbond_event_get_variant(NmbondEvent *event)
{
    return event->variant;
}
