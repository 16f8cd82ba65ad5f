/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * options.h - the bonding options, each declared once.
 *
 * The table behind these functions (options.c) is the only place that knows an
 * option's name, number, values, default, modes and conditions. Validation,
 * D-Bus, CLI, completion and the reference in docs/ derive from it. Kernel
 * semantics (drivers/net/bonding/bond_options.c) are the reference.
 *
 * Nothing here allocates, reads a clock or knows a device.
 */
#ifndef BOND_OPTIONS_H
#define BOND_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limits.h"

/* The numbers are the kernel's (BOND_MODE_*), and part of the packet table. */
enum bond_mode {
    BOND_MODE_BALANCE_RR = 0,
    BOND_MODE_ACTIVE_BACKUP = 1,
    BOND_MODE_BALANCE_XOR = 2,
    BOND_MODE_BROADCAST = 3,
    BOND_MODE_8023AD = 4,
    BOND_MODE_BALANCE_TLB = 5,
    BOND_MODE_BALANCE_ALB = 6,
};
#define BOND_N_MODES 7

/* kernel: BOND_XMIT_POLICY_* */
enum bond_xmit_policy {
    BOND_XMIT_LAYER2 = 0,
    BOND_XMIT_LAYER34 = 1,
    BOND_XMIT_LAYER23 = 2,
    BOND_XMIT_ENCAP23 = 3,
    BOND_XMIT_ENCAP34 = 4,
    BOND_XMIT_VLAN_SRCMAC = 5,
};

enum bond_fail_over_mac {
    BOND_FOM_NONE = 0,
    BOND_FOM_ACTIVE = 1,
    BOND_FOM_FOLLOW = 2,
};

enum bond_primary_reselect {
    BOND_RESELECT_ALWAYS = 0,
    BOND_RESELECT_BETTER = 1,
    BOND_RESELECT_FAILURE = 2,
};

enum bond_hash_kind {
    BOND_HASH_KERNEL = 0,
    BOND_HASH_RESILIENT = 1,
};

enum bond_rr_order {
    BOND_RR_ORDER_KERNEL = 0,
    BOND_RR_ORDER_ARRIVAL = 1,
};

enum bond_bfd_kind {
    BOND_BFD_OFF = 0,
    BOND_BFD_MICRO = 1,
    BOND_BFD_SINGLE_HOP = 2,
};
#define BOND_BFD_MIN_MS 10u
#define BOND_BFD_MAX_MS 10000u
#define BOND_RR_DELAY_MAX_US 1000000u

/* In the order in which a set of options is applied (mode first, then what
 * others depend on). */
enum bond_opt_id {
    BOND_OPT_MODE,
    BOND_OPT_MIIMON,
    BOND_OPT_UPDELAY,
    BOND_OPT_DOWNDELAY,
    BOND_OPT_PEER_NOTIF_DELAY,
    BOND_OPT_USE_CARRIER,
    BOND_OPT_ARP_INTERVAL,
    BOND_OPT_ARP_IP_TARGET,
    BOND_OPT_NS_IP6_TARGET,
    BOND_OPT_ARP_VALIDATE,
    BOND_OPT_ARP_ALL_TARGETS,
    BOND_OPT_ARP_MISSED_MAX,
    BOND_OPT_PRIMARY,
    BOND_OPT_PRIMARY_RESELECT,
    BOND_OPT_ACTIVE_SLAVE,
    BOND_OPT_FAIL_OVER_MAC,
    BOND_OPT_NUM_GRAT_ARP, /* num_unsol_na is another name of it */
    BOND_OPT_ALL_SLAVES_ACTIVE,
    BOND_OPT_RESEND_IGMP,
    BOND_OPT_PACKETS_PER_SLAVE,
    BOND_OPT_MIN_LINKS,
    BOND_OPT_XMIT_HASH_POLICY,
    BOND_OPT_LACP_RATE,
    BOND_OPT_LACP_ACTIVE,
    BOND_OPT_LACP_STRICT,
    BOND_OPT_COUPLED_CONTROL,
    BOND_OPT_BROADCAST_NEIGHBOR,
    BOND_OPT_AD_SELECT,
    BOND_OPT_AD_ACTOR_SYS_PRIO,
    BOND_OPT_AD_ACTOR_SYSTEM,
    BOND_OPT_AD_USER_PORT_KEY,
    BOND_OPT_TLB_DYNAMIC_LB,
    BOND_OPT_LP_INTERVAL,
    BOND_OPT_BALANCE_SLB, /* NetworkManager's, not the kernel's */
    BOND_OPT_HASH,        /* from here on ours */
    BOND_OPT_MONITORS,
    BOND_OPT_BFD,
    BOND_OPT_BFD_PEER,
    BOND_OPT_BFD_INTERVAL,
    BOND_OPT_BFD_MULTIPLIER,
    BOND_OPT_RR_ORDER,
    BOND_OPT_N
};

/* Options of a port (kernel: IFLA_BOND_SLAVE_*), same table style. */
enum bond_port_opt_id {
    BOND_PORT_OPT_QUEUE_ID,
    BOND_PORT_OPT_PRIO,
    BOND_PORT_OPT_ACTOR_PORT_PRIO,
    BOND_PORT_OPT_RR_DELAY, /* ours */
    BOND_PORT_OPT_N
};

/* How an option's text is read. */
enum bond_opt_type {
    BOND_OPT_T_ENUM,     /* one of values[]: its name or its number */
    BOND_OPT_T_INT,      /* min..max, or the word "default" */
    BOND_OPT_T_IFNAME,   /* an interface name; "" or "none" is none */
    BOND_OPT_T_IP4_LIST, /* up to BOND_MAX_ARP_TARGETS, comma (or space) between */
    BOND_OPT_T_IP6_LIST, /* up to BOND_MAX_NS_TARGETS */
    BOND_OPT_T_IP4,      /* one address; "" or "none" is none */
    BOND_OPT_T_MAC,      /* aa:bb:cc:dd:ee:ff, not multicast; zero is "default" */
};

enum bond_opt_flag {
    BOND_OPT_F_IFDOWN = 1u << 0,  /* kernel: only while the bond is down (EBUSY) */
    BOND_OPT_F_NOPORTS = 1u << 1, /* kernel: only without ports (ENOTEMPTY) */
    BOND_OPT_F_RUNTIME = 1u << 2, /* not configuration: active_slave */
    BOND_OPT_F_LATER = 1u << 3,   /* known and validated, not carried out yet: on a row, every
                                   * value but the default; on a value, that one */
    BOND_OPT_F_NUMBER = 1u << 4,  /* ENUM that is shown as its number, as sysfs and NetworkManager
                                   * spell it */
    BOND_OPT_F_NM = 1u << 5,      /* NetworkManager's own, unknown to the kernel */
    BOND_OPT_F_OURS = 1u << 6,    /* unknown to both */
};

struct bond_opt_value {
    const char *name;
    uint32_t value;
    uint8_t flags; /* BOND_OPT_F_LATER */
};

struct bond_opt_desc {
    uint16_t id; /* enum bond_opt_id, or enum bond_port_opt_id in the port table */
    const char *name;
    const char *alias; /* second spelling, or NULL */
    enum bond_opt_type type;
    const struct bond_opt_value *values; /* ends in {NULL}. ENUM: all values. INT: words that the
                                          * kernel takes for some numbers, or NULL */
    int64_t min, max, def;               /* INT and ENUM */
    uint8_t modes;                       /* bit n: allowed in mode n */
    uint8_t used_in;                     /* bit n: has an effect in mode n */
    int16_t needs;                       /* this option must not be 0 for it to be set or to have
                                          * an effect (enum bond_opt_id); -1: none */
    uint8_t flags;                       /* enum bond_opt_flag */
    const char *unit;                    /* "us", "ms", "s", or NULL */
    const char *help;                    /* one sentence, translatable */
    const char *instead;                 /* F_LATER: what to use; NULL: the default */
};

/* The effective options of one bond. Plain data: copy and compare freely. */
struct bond_options {
    uint32_t num[BOND_OPT_N]; /* ENUM and INT options, by id */
    uint32_t set_mask[2];     /* bit id: given by the user, not a default */
    uint8_t n_arp_targets, n_ns_targets;
    uint32_t arp_target_be[BOND_MAX_ARP_TARGETS];
    uint8_t ns_target[BOND_MAX_NS_TARGETS][16];
    char primary[BOND_NAME_SIZE];      /* "" is none */
    char active_slave[BOND_NAME_SIZE]; /* wish of the user; "" is none */
    uint8_t ad_actor_system[BOND_MAC_LEN];
    uint32_t bfd_peer_be; /* 0: none */
};

/* Why something was refused. `code` is a negative errno as the kernel gives it;
 * `text` is one English sentence with the option, the value and what is allowed. */
/* Stable names on D-Bus, see daemon/. */
enum bond_err_kind {
    BOND_ERR_NONE,
    BOND_ERR_UNKNOWN_OPTION,
    BOND_ERR_BAD_VALUE,
    BOND_ERR_WRONG_MODE,
    BOND_ERR_NOT_DOWN,
    BOND_ERR_HAS_PORTS,
    BOND_ERR_CONFLICT,
    BOND_ERR_NOT_SUPPORTED,
    BOND_ERR_NO_PORT,
    BOND_ERR_LIMIT,
    BOND_ERR_BUSY,
};
struct bond_err {
    int code;
    enum bond_err_kind kind;
    char text[1024];
};

/* What the rules need to know of the bond's situation. */
struct bond_opt_ctx {
    bool is_up;
    uint32_t n_ports;
    bool live; /* ours: allow what the kernel refuses because of F_IFDOWN, F_NOPORTS */
    bool (*has_port)(const void *data, const char *ifname); /* may be NULL: not checked */
    const void *data;
};

const struct bond_opt_desc *bond_opt_desc(enum bond_opt_id id);
const struct bond_opt_desc *bond_opt_by_name(const char *name); /* name or alias; NULL */
const struct bond_opt_desc *bond_port_opt_desc(enum bond_port_opt_id id);
const struct bond_opt_desc *bond_port_opt_by_name(const char *name);
const char *bond_mode_name(enum bond_mode mode);  /* "balance-rr" */
const char *bond_mode_title(enum bond_mode mode); /* /proc: "load balancing (round-robin)" */
const char *bond_opt_value_name(enum bond_opt_id id, uint32_t value); /* NULL if none */

/* All defaults of `mode` (miimon as NetworkManager sends it: 100). */
void bond_options_init(struct bond_options *o, enum bond_mode mode);

/* One option as the kernel's sysfs/netlink would: checks the text, mode and state, applies the
 * kernel's side effects (mode 4..6 force miimon, miimon clears arp_interval, ...).
 * On refusal `o` is unchanged. Returns 0 or err->code. */
int bond_option_set(struct bond_options *o, const char *name, const char *value,
                    const struct bond_opt_ctx *ctx, struct bond_err *err);

/* A set of options at once, in table order, all or nothing: names[n], values[n].
 * `replace`: options not named return to their defaults (active_slave stays). The finished
 * set must also make sense as a whole (arp_interval needs a target, delays need miimon, ...).
 * Options known but not carried out yet (F_LATER and modes 4..6) are refused here. */
int bond_options_apply(struct bond_options *o, size_t n, const char *const *names,
                       const char *const *values, bool replace, const struct bond_opt_ctx *ctx,
                       struct bond_err *err);

/* Is the option, or this value of it, carried out already (not F_LATER, and the same for the
 * modes that it has an effect in and for what it needs)? */
bool bond_opt_is_carried_out(enum bond_opt_id id);
bool bond_opt_value_is_carried_out(enum bond_opt_id id, uint32_t value);

/* Does the text say the option's default, in whatever spelling? */
bool bond_opt_is_default(enum bond_opt_id id, const char *value);

/* The value as text, in the kernel's spelling ("active-backup", "100", "10.0.0.1,10.0.0.2").
 * Returns the length as snprintf does. */
int bond_option_format(const struct bond_options *o, enum bond_opt_id id, char *buf, size_t size);

/* One number option of a port, same rules. */
int bond_port_option_parse(enum bond_port_opt_id id, const char *value, int64_t *out,
                           struct bond_err *err);

/* Fills *err with kind, code and the formatted sentence, returns code. */
int bond_err_set(struct bond_err *err, enum bond_err_kind kind, int code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static inline bool
bond_mode_uses_primary(uint32_t mode)
{
    return mode == BOND_MODE_ACTIVE_BACKUP || mode == BOND_MODE_BALANCE_TLB ||
           mode == BOND_MODE_BALANCE_ALB;
}

#endif
