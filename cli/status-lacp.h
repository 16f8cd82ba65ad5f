/* SPDX-License-Identifier: GPL-2.0-or-later */
/* status-lacp.h - 802.3ad in the forms of `status`. Says nothing in other modes. */
#ifndef BONDCLI_STATUS_LACP_H
#define BONDCLI_STATUS_LACP_H

#include "json.h"
#include "view.h"

/* "1, 2 ports, partner 02:..."; NULL in other modes. */
char *status_lacp_summary(const struct view *view);
/* "in sync, collecting, distributing; partner ..." of one port; NULL in other modes. */
char *status_lacp_port(const struct view_port *port);

void status_lacp_json_bond(struct json *json, NmbondBond *bond);
void status_lacp_json_port(struct json *json, NmbondPort *port);

#endif
