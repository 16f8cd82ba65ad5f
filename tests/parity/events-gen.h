/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * events-gen.h - inside the generator of scripts only: chance, and what it must remember.
 */
#ifndef TESTS_PARITY_EVENTS_GEN_H
#define TESTS_PARITY_EVENTS_GEN_H

#include "tests/parity/events-cases.h"

struct parity_gen {
    uint64_t s;
    struct parity_script *script;
    bool attached[PARITY_MAX_PORTS], cut[PARITY_MAX_PORTS], down[PARITY_MAX_PORTS];
    bool was_short; /* one short wait, then a long one: no delay ends near a look */
    uint32_t last;  /* the port that something happened to */
    bool uses_primary;
    /* the other end, as it is */
    uint32_t mute, deaf, dead, stray, alone, loop; /* bit n: port or target n */
    uint8_t noise[PARITY_MAX_PORTS], system_of[PARITY_MAX_PORTS];
    uint32_t validate, missed_max, targets; /* arp_validate; targets: bit n, of arp_ip_target */
    uint32_t spent_ms;
};

uint32_t parity_below(struct parity_gen *g, uint32_t n);
const char *parity_pick(struct parity_gen *g, const char *const *list);
#define PARITY_PICK(g, ...) parity_pick(g, (const char *const[]){__VA_ARGS__, NULL})
void parity_setting(struct parity_gen *g, const char *option, const char *value);
void parity_change_link(struct parity_gen *g, struct parity_event *e);
void parity_set_or_unset(struct parity_gen *g, struct parity_event *e);
void parity_attach_or_detach(struct parity_gen *g, struct parity_event *e);
void parity_bond_down_and_up(struct parity_gen *g);
uint32_t parity_some_speed(struct parity_gen *g);
/* primary_reselect (0, 1), primary (2, 3) or active_slave */
void parity_change_primary(struct parity_gen *g, struct parity_event *e, uint32_t which);

/* events-cases-far.c */
void parity_monitor_script(struct parity_gen *g, uint32_t index);
void parity_partner_script(struct parity_gen *g);

#endif
