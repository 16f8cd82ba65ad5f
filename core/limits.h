/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * limits.h - every fixed bound of the project, in one place.
 *
 * Included by the native code and by the BPF programs, so it holds nothing but
 * numbers. Whoever meets a bound reports it with a sentence that names it.
 */
#ifndef BOND_LIMITS_H
#define BOND_LIMITS_H

#define BOND_MAX_PORTS 32u      /* ports in one bond */
#define BOND_MAX_BONDS 4096u    /* bonds in one bondd */
#define BOND_MAX_ARP_TARGETS 16 /* kernel: BOND_MAX_ARP_TARGETS */
#define BOND_MAX_NS_TARGETS 16  /* kernel: BOND_MAX_NS_TARGETS */
#define BOND_NAME_SIZE 16       /* IFNAMSIZ, the NUL included */
#define BOND_MAC_LEN 6

#define BOND_NSEC_PER_MSEC 1000000ull
#define BOND_NSEC_PER_SEC 1000000000ull
#define BOND_NEVER UINT64_MAX /* "no deadline" */

#endif
