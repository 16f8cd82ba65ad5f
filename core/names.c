/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * names.c - the words for links, phases, notes and reasons. Link words are the kernel's
 * (bond_slave_link_status()); note names are stable, the event log and D-Bus carry them.
 */
#include "core/bond.h"
#include "core/sentences.h"

const char *
bond_link_name(enum bond_link link)
{
    switch (link) {
    case BOND_LINK_UP:
        return "up";
    case BOND_LINK_FAIL:
        return "going down";
    case BOND_LINK_DOWN:
        return "down";
    case BOND_LINK_BACK:
        return "going back";
    }
    return "unknown";
}

const char *
bond_phase_name(enum bond_phase phase)
{
    switch (phase) {
    case BOND_PHASE_FREE:
        return "free";
    case BOND_PHASE_MEMBER:
        return "member";
    case BOND_PHASE_DRAINING:
        return "draining";
    case BOND_PHASE_LINGERING:
        return "lingering";
    }
    return "unknown";
}

const char *
bond_lacp_rx_name(enum bond_lacp_rx state)
{
    static const char *const names[BOND_LACP_RX_N] = {
        [BOND_LACP_RX_PORT_DISABLED] = "port-disabled",
        [BOND_LACP_RX_EXPIRED] = "expired",
        [BOND_LACP_RX_LACP_DISABLED] = "lacp-disabled",
        [BOND_LACP_RX_DEFAULTED] = "defaulted",
        [BOND_LACP_RX_CURRENT] = "current",
    };

    return state < BOND_LACP_RX_N ? names[state] : "unknown";
}

const char *
bond_lacp_mux_name(enum bond_lacp_mux state)
{
    static const char *const names[BOND_LACP_MUX_N] = {
        [BOND_LACP_MUX_DETACHED] = "detached",
        [BOND_LACP_MUX_WAITING] = "waiting",
        [BOND_LACP_MUX_ATTACHED] = "attached",
        [BOND_LACP_MUX_COLLECTING] = "collecting",
        [BOND_LACP_MUX_DISTRIBUTING] = "distributing",
        [BOND_LACP_MUX_COLLECTING_DISTRIBUTING] = "collecting-distributing",
    };

    return state < BOND_LACP_MUX_N ? names[state] : "unknown";
}

/* kernel: bond_3ad_churn_desc() */
const char *
bond_lacp_churn_name(enum bond_lacp_churn state)
{
    static const char *const names[BOND_LACP_CHURN_N] = {
        [BOND_LACP_CHURN_MONITOR] = "monitoring",
        [BOND_LACP_CHURN] = "churned",
        [BOND_LACP_NO_CHURN] = "none",
    };

    return state < BOND_LACP_CHURN_N ? names[state] : "unknown";
}

const char *
bond_note_name(enum bond_note note)
{
    switch (note) {
    case BOND_NOTE_PORT_ATTACHED:
        return "port-attached";
    case BOND_NOTE_PORT_LEAVING:
        return "port-leaving";
    case BOND_NOTE_PORT_RELEASED:
        return "port-released";
    case BOND_NOTE_LINK_FAIL:
        return "link-going-down";
    case BOND_NOTE_LINK_DOWN:
        return "link-down";
    case BOND_NOTE_LINK_BACK:
        return "link-going-back";
    case BOND_NOTE_LINK_UP:
        return "link-up";
    case BOND_NOTE_ACTIVE_CHANGED:
        return "active-changed";
    case BOND_NOTE_CARRIER_UP:
        return "carrier-up";
    case BOND_NOTE_CARRIER_DOWN:
        return "carrier-down";
    case BOND_NOTE_OPTIONS_CHANGED:
        return "options-changed";
    case BOND_NOTE_MAC_CHANGED:
        return "mac-changed";
    case BOND_NOTE_AGGREGATOR_CHANGED:
        return "aggregator-changed";
    case BOND_NOTE_LACP_DISTRIBUTING:
        return "lacp-distributing";
    case BOND_NOTE_LACP_NOT_DISTRIBUTING:
        return "lacp-not-distributing";
    case BOND_NOTE_LACP_LOOP:
        return "lacp-loop";
    case BOND_NOTE_N:
        break;
    }
    return "unknown";
}

const char *
bond_reason_text(enum bond_reason reason)
{
    switch (reason) {
    case BOND_REASON_NONE:
        return "";
    case BOND_REASON_REQUEST:
        return BOND_WHY_ASKED;
    case BOND_REASON_CARRIER_LOST:
        return N_("the carrier was lost");
    case BOND_REASON_CARRIER_BACK:
        return N_("the carrier is back");
    case BOND_REASON_CARRIER_AT_ATTACH:
        return N_("it came with a carrier");
    case BOND_REASON_ADMIN_DOWN:
        return N_("the device was set down");
    case BOND_REASON_ADMIN_UP:
        return N_("the device was set up");
    case BOND_REASON_DEVICE_GONE:
        return N_("the device is gone");
    case BOND_REASON_DELAY_OVER:
        return N_("the delay is over");
    case BOND_REASON_DRAINED:
        return N_("the drain is over");
    case BOND_REASON_CLAIMED:
        return N_("the device is used for something else");
    case BOND_REASON_PRIMARY:
        return N_("it is the primary port");
    case BOND_REASON_BETTER:
        return N_("it is preferred and faster");
    case BOND_REASON_FIRST_USABLE:
        return N_("nothing else was usable");
    case BOND_REASON_ACTIVE_FAILED:
        return N_("the active port failed or left");
    case BOND_REASON_OPTION:
        return N_("an option changed");
    case BOND_REASON_PRIO:
        return N_("its prio is higher");
    case BOND_REASON_MIN_LINKS:
        return N_("fewer ports are up than min_links asks for");
    case BOND_REASON_PORTS_UP:
        return N_("enough ports are up");
    case BOND_REASON_NO_PORTS:
        return N_("the last port has left");
    case BOND_REASON_FIRST_PORT:
        return N_("the first port gives its address");
    case BOND_REASON_FAIL_OVER_MAC:
        return N_("fail_over_mac takes the active port's address");
    case BOND_REASON_PARTNER:
        return N_("the LACP partner says so");
    case BOND_REASON_PARTNER_SILENT:
        return N_("no LACP partner is heard");
    case BOND_REASON_OWN_SYSTEM:
        return N_("it hears this bond's own LACPDUs: a cable is looped");
    case BOND_REASON_NO_ANSWER:
        return N_("no answer from the ARP targets");
    case BOND_REASON_ANSWERS:
        return N_("the ARP targets answer");
    case BOND_REASON_PEER_SILENT:
        return N_("its peer does not answer (BFD)");
    case BOND_REASON_PEER_ANSWERS:
        return N_("its peer answers (BFD)");
    case BOND_REASON_N:
        break;
    }
    return "unknown";
}
