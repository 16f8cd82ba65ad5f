/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lent.h - what the service manager lends us: the hidden namespace (datapath/hidden.h).
 */
#ifndef BONDD_LENT_H
#define BONDD_LENT_H

#include "datapath/hidden.h"

/* The namespace of the socket called "hidden" that we were started with (bondd-hidden.socket); NULL:
 * there is none, or it is no such thing, which becomes a warning. Called once. Transfer full. */
struct dp_hidden *bondd_lent_hidden(void);

#endif
