/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * notes.c - finds words. Never changes state.
 */
#include "daemon/notes.h"

static const char *
port_name(const struct bondd_bond *b, int slot)
{
    return slot >= 0 && slot < (int) BOND_MAX_PORTS ? b->port[slot].name : "";
}

/* The sentence without its reason. */
static char *
sentence(const struct bondd_bond *b, const struct bond_action *a)
{
    const char *port = port_name(b, a->slot), *other = port_name(b, a->other);

    switch (a->note) {
    case BOND_NOTE_PORT_ATTACHED:
        return g_strdup_printf(BOND_SAY_PORT_ATTACHED, port);
    case BOND_NOTE_PORT_LEAVING:
        return g_strdup_printf(BOND_SAY_PORT_LEAVING, port);
    case BOND_NOTE_PORT_RELEASED:
        return g_strdup_printf(BOND_SAY_PORT_RELEASED, port);
    case BOND_NOTE_LINK_FAIL:
        return g_strdup_printf(BOND_SAY_LINK_FAIL, port);
    case BOND_NOTE_LINK_DOWN:
        return g_strdup_printf(BOND_SAY_LINK_DOWN, port);
    case BOND_NOTE_LINK_BACK:
        return g_strdup_printf(BOND_SAY_LINK_BACK, port);
    case BOND_NOTE_LINK_UP:
        return g_strdup_printf(BOND_SAY_LINK_UP, port);
    case BOND_NOTE_ACTIVE_CHANGED:
        if (port[0] == '\0')
            return g_strdup_printf(BOND_SAY_ACTIVE_NONE, other);
        if (other[0] == '\0')
            return g_strdup_printf(BOND_SAY_ACTIVE_FIRST, port);
        return g_strdup_printf(BOND_SAY_ACTIVE_CHANGED, port, other);
    case BOND_NOTE_CARRIER_UP:
        return g_strdup(BOND_SAY_CARRIER_UP);
    case BOND_NOTE_CARRIER_DOWN:
        return g_strdup(BOND_SAY_CARRIER_DOWN);
    case BOND_NOTE_OPTIONS_CHANGED:
        return g_strdup(BOND_SAY_OPTIONS_CHANGED);
    case BOND_NOTE_MAC_CHANGED:
        return g_strdup_printf(BOND_SAY_MAC_CHANGED, b->core.mac[0], b->core.mac[1], b->core.mac[2],
                               b->core.mac[3], b->core.mac[4], b->core.mac[5]);
    case BOND_NOTE_AGGREGATOR_CHANGED:
        if (port[0] == '\0')
            return g_strdup(BOND_SAY_AGGREGATOR_NONE);
        return g_strdup_printf(BOND_SAY_AGGREGATOR_CHANGED, b->core.port[a->slot].agg.id);
    case BOND_NOTE_LACP_DISTRIBUTING:
        return g_strdup_printf(BOND_SAY_LACP_DISTRIBUTING, port);
    case BOND_NOTE_LACP_NOT_DISTRIBUTING:
        return g_strdup_printf(BOND_SAY_LACP_NOT_DISTRIBUTING, port);
    case BOND_NOTE_LACP_LOOP:
        return g_strdup_printf(BOND_SAY_LACP_LOOP, port);
    case BOND_NOTE_N:
        break;
    }
    return g_strdup(bond_note_name(a->note));
}

void
bondd_note_core(struct bondd_bond *b, const struct bond_action *a, uint64_t took_us,
                const struct bondd_phases *phases)
{
    g_autofree char *text = sentence(b, a);
    const char *reason = a->reason != BOND_REASON_NONE ? bond_reason_text(a->reason) : "";
    struct bondd_event_args args = {
        .bond = b->core.name,
        .port = port_name(b, a->slot),
        .other = a->note == BOND_NOTE_ACTIVE_CHANGED ? port_name(b, a->other) : "",
        .event = bond_note_name(a->note),
        .reason = reason,
        .took_us = took_us,
        .phases = *phases,
    };

    if (reason[0] != '\0')
        bondd_log_add(b->engine->log, &args, "%s (%s).", text, reason);
    else
        bondd_log_add(b->engine->log, &args, "%s.", text);
}

void
bondd_note(struct bondd_bond *b, const char *event, const char *port, const char *reason,
           const char *format, ...)
{
    struct bondd_event_args args = {
        .bond = b->core.name,
        .port = port,
        .event = event,
        .reason = reason,
    };
    g_autofree char *text = NULL;
    va_list ap;

    va_start(ap, format);
    text = g_strdup_vprintf(format, ap);
    va_end(ap);
    bondd_log_add(b->engine->log, &args, "%s", text);
}
