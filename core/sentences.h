/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sentences.h - what bondd says of events and what it warns of: each sentence once, as a format.
 *
 * bondd fills them in, in English, for D-Bus, its log and the journal. A client that shows them in
 * another language finds the sentence in BOND_SENTENCES and fills in the translation. Reasons,
 * which stand in parentheses behind an event, are bond_reason_text()'s (names.c).
 */
#ifndef BOND_SENTENCES_H
#define BOND_SENTENCES_H

#ifndef N_
#define N_(text) text
#endif

/* ---- events; the full stop comes behind the reason ---- */
#define BOND_SAY_PORT_ATTACHED N_("%s is a port now")
#define BOND_SAY_PORT_LEAVING N_("%s is leaving: nothing more is sent by it")
#define BOND_SAY_PORT_RELEASED N_("%s has been let go")
#define BOND_SAY_LINK_FAIL N_("The link of %s went down, downdelay runs")
#define BOND_SAY_LINK_DOWN N_("The link of %s is down")
#define BOND_SAY_LINK_BACK N_("The link of %s came back, updelay runs")
#define BOND_SAY_LINK_UP N_("The link of %s is up")
#define BOND_SAY_ACTIVE_NONE N_("No port is active any more, %s was")
#define BOND_SAY_ACTIVE_FIRST N_("%s is the active port now")
#define BOND_SAY_ACTIVE_CHANGED N_("%s is the active port now instead of %s")
#define BOND_SAY_CARRIER_UP N_("The bond has a carrier")
#define BOND_SAY_CARRIER_DOWN N_("The bond has lost its carrier")
#define BOND_SAY_OPTIONS_CHANGED N_("Options have changed")
#define BOND_SAY_MAC_CHANGED N_("The bond's MAC address is %02x:%02x:%02x:%02x:%02x:%02x now")
#define BOND_SAY_AGGREGATOR_NONE N_("No aggregator is active any more")
#define BOND_SAY_AGGREGATOR_CHANGED N_("Aggregator %u is the active one now")
#define BOND_SAY_LACP_DISTRIBUTING N_("%s carries traffic")
#define BOND_SAY_LACP_NOT_DISTRIBUTING N_("%s carries no traffic")
#define BOND_SAY_LACP_LOOP N_("%s is connected to this bond itself")

/* ---- events of bondd's own ---- */
#define BOND_SAY_BOND_CREATED N_("Bond %s has been created, mode %s.")
#define BOND_SAY_BOND_DELETED N_("The bond has been deleted.")
#define BOND_SAY_LINK_DELETED N_("The link was deleted: the bond is no more.")
#define BOND_SAY_DELETED_MEANWHILE N_("Bond %s was deleted while bondd was not running.")
#define BOND_SAY_PORT_TAKEN N_("%s was made a port of %s: it is let go.")
#define BOND_SAY_PORT_RENAMED N_("Port %s is called %s now.")
#define BOND_SAY_BOND_RENAMED N_("The link of bond %s is called %s now.")
#define BOND_SAY_MTU_CHANGED N_("The MTU is %u now.")

/* their reasons */
#define BOND_WHY_LINK_GONE N_("its link is gone")
#define BOND_WHY_ASKED N_("it was asked for")
#define BOND_WHY_TAKEN N_("somebody else took it")
#define BOND_WHY_RENAMED N_("somebody renamed it")
#define BOND_WHY_SET N_("somebody set it")

/* ---- warnings ---- */
#define BOND_WARN_NO_PORT N_("%s has no port: nothing can be sent or received.")
#define BOND_WARN_NONE_USABLE N_("None of the ports of %s can be used: nothing can be sent.")
#define BOND_WARN_ONE_USABLE N_("Only %s can be used: when it fails, %s has no connection.")
#define BOND_WARN_HALF_USABLE                                                                      \
    N_("Only %u of %u ports of %s can be used: half of what it is made for is missing.")
#define BOND_WARN_SPEED N_("The ports differ in speed: %s has %i Mbit/s, %s %i Mbit/s.")
#define BOND_WARN_NO_MONITOR                                                                       \
    N_("miimon is 0: a port that loses its carrier is still noticed at once by the kernel's "      \
       "event, "                                                                                   \
       "but there is no regular look at the ports as a safety net (miimon=100 is usual).")
#define BOND_WARN_PRIMARY N_("primary=%s is not a port of %s.")
#define BOND_WARN_FAIL_OVER_MAC                                                                    \
    N_("fail_over_mac=%s: ports keep different MAC addresses; address leases and filters that "    \
       "know the bond's MAC must allow every port's.")
#define BOND_WARN_PARTED                                                                           \
    N_("%s has left, but its own MAC address is the one that %s uses: IPv6 stays off on %s until " \
       "it is used for something else or the bond is gone.")
#define BOND_WARN_RENAMED N_("The link of bond %s was renamed to %s; bondd goes on calling it %s.")
#define BOND_WARN_FILTERS                                                                          \
    N_("Somebody has tc filters on devices of %s. They come first, and what they decide on does "  \
       "not enter the bond: let them end in \"continue\".")
#define BOND_WARN_MTU_REFUSED                                                                      \
    N_("%s does not accept the bond's MTU of %u (%s): longer frames are lost there.")
#define BOND_WARN_MAC_NOT_SET N_("The MAC address of %s could not be set: %s.")
#define BOND_WARN_NO_PARTNER                                                                       \
    N_("Nobody answers LACP on %s: is the switch's side configured for it (active or passive)?")
#define BOND_WARN_PARTNERS                                                                         \
    N_("%s and %s are connected to different LACP partners (%s and %s), and only one's ports are " \
       "used: two switches must act as one (MLAG).")
#define BOND_WARN_PARTNER_KEYS                                                                     \
    N_("The partner has %s and %s in different aggregations (keys %u and %u), and only one's "     \
       "ports are used: put the switch's ports into one.")
#define BOND_WARN_PARTNER_INDIVIDUAL                                                               \
    N_("The partner on %s does not aggregate: its port is not in an aggregation of the switch.")
#define BOND_WARN_LACP_UNASKED                                                                     \
    N_("The switch speaks LACP on %s (partner %s), but mode %s does not: its side of the link is " \
       "not made for this mode; it may keep the port blocked.")

#define BOND_WARN_COMES_BACK                                                                       \
    N_("What %s sends comes back to it: the switch does not have its ports in one static "         \
       "aggregate, as mode %s wants it (or there is a loop in the network).")

#define BOND_SENTENCES                                                                             \
    BOND_SAY_PORT_ATTACHED, BOND_SAY_PORT_LEAVING, BOND_SAY_PORT_RELEASED, BOND_SAY_LINK_FAIL,     \
        BOND_SAY_LINK_DOWN, BOND_SAY_LINK_BACK, BOND_SAY_LINK_UP, BOND_SAY_ACTIVE_NONE,            \
        BOND_SAY_ACTIVE_CHANGED, BOND_SAY_ACTIVE_FIRST, BOND_SAY_CARRIER_UP,                       \
        BOND_SAY_CARRIER_DOWN, BOND_SAY_OPTIONS_CHANGED, BOND_SAY_MAC_CHANGED,                     \
        BOND_SAY_AGGREGATOR_NONE, BOND_SAY_AGGREGATOR_CHANGED, BOND_SAY_LACP_DISTRIBUTING,         \
        BOND_SAY_LACP_NOT_DISTRIBUTING, BOND_SAY_LACP_LOOP, BOND_SAY_BOND_CREATED,                 \
        BOND_SAY_BOND_DELETED, BOND_SAY_LINK_DELETED, BOND_SAY_DELETED_MEANWHILE,                  \
        BOND_SAY_PORT_TAKEN, BOND_SAY_PORT_RENAMED, BOND_SAY_BOND_RENAMED, BOND_SAY_MTU_CHANGED,   \
        BOND_WARN_NO_PORT, BOND_WARN_NONE_USABLE, BOND_WARN_ONE_USABLE, BOND_WARN_HALF_USABLE,     \
        BOND_WARN_SPEED, BOND_WARN_NO_MONITOR, BOND_WARN_PRIMARY, BOND_WARN_FAIL_OVER_MAC,         \
        BOND_WARN_PARTED, BOND_WARN_RENAMED, BOND_WARN_MTU_REFUSED, BOND_WARN_MAC_NOT_SET,         \
        BOND_WARN_NO_PARTNER, BOND_WARN_PARTNERS, BOND_WARN_PARTNER_KEYS,                          \
        BOND_WARN_PARTNER_INDIVIDUAL, BOND_WARN_LACP_UNASKED, BOND_WARN_COMES_BACK,                \
        BOND_WARN_FILTERS

#endif
