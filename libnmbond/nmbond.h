/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * nmbond.h - libnmbond, the client library of bondd. Include this one.
 */
#ifndef NMBOND_H
#define NMBOND_H

#include "nmbond-error.h"
#include "nmbond-event.h"
#include "nmbond-generated.h"
#include "nmbond-client.h"
#include "nmbond-enum-types.h"

#endif
