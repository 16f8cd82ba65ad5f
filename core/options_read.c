/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * options_read.c - from text to a value and back, one option at a time.
 *
 * Decides whether a text is a value of its row: spelling, range, address. Knows nothing of modes,
 * of other options or of the state of a bond.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/bond.h"
#include "core/options_private.h"

#define TOKEN_SIZE 64
#define SPACE " \t\r\n\v\f"

/* The addresses of one option, whatever their family. */
struct addr_list {
    int family;
    size_t width;
    unsigned int max;
    uint8_t *n;
    uint8_t *addr;
    const char *what;
};

static struct addr_list
addr_list(struct bond_options *o, enum bond_opt_type type)
{
    if (type == BOND_OPT_T_IP4_LIST)
        return (struct addr_list){AF_INET,
                                  4,
                                  BOND_MAX_ARP_TARGETS,
                                  &o->n_arp_targets,
                                  (uint8_t *) o->arp_target_be,
                                  "IPv4 addresses such as 192.0.2.1"};
    return (struct addr_list){AF_INET6,
                              16,
                              BOND_MAX_NS_TARGETS,
                              &o->n_ns_targets,
                              o->ns_target[0],
                              "IPv6 addresses such as 2001:db8::1"};
}

/* Without the space around it. False: it does not fit, and no value is that long. */
static bool
trim(const char *text, char *buf, size_t size)
{
    size_t len;

    text += strspn(text, SPACE);
    len = strlen(text);
    while (len > 0 && strchr(SPACE, text[len - 1]))
        len--;
    if (len >= size)
        return false;
    memcpy(buf, text, len);
    buf[len] = '\0';
    return true;
}

/* Digits, and a sign only where the row goes below zero. */
static bool
read_int(const struct bond_opt_desc *d, const char *text, int64_t *out)
{
    const char *digits = text;
    long long v;

    if (d->min < 0 && (*digits == '-' || *digits == '+'))
        digits++;
    if (!*digits || digits[strspn(digits, "0123456789")])
        return false;
    v = strtoll(text, NULL, 10); /* what is too big for it is too big for every row */
    if (v < d->min || v > d->max)
        return false;
    *out = v;
    return true;
}

/* A name of the row, the word "default", or a number. */
static bool
read_number(const struct bond_opt_desc *d, const char *text, int64_t *out)
{
    char token[TOKEN_SIZE];

    if (!trim(text, token, sizeof(token)))
        return false;
    if (!strcmp(token, "default")) {
        *out = d->def;
        return true;
    }
    for (const struct bond_opt_value *v = d->values; v && v->name; v++)
        if (!strcmp(token, v->name)) {
            *out = v->value;
            return true;
        }
    return read_int(d, token, out);
}

static int
refuse_number(const struct bond_opt_desc *d, const char *name, const char *text,
              struct bond_err *err)
{
    char quoted[BOND_QUOTE_SIZE], words[BOND_WORDS_SIZE];

    bond_opt_quote(text, quoted);
    if (d->type == BOND_OPT_T_ENUM)
        return bond_err_set(err, BOND_ERR_BAD_VALUE, -EINVAL, "%s %s is not allowed: use %s", name,
                            quoted, bond_opt_values_text(d, false, words, sizeof(words)));
    return bond_err_set(err, BOND_ERR_BAD_VALUE, -EINVAL,
                        "%s %s is not allowed: use a number%s%s from %lld to %lld", name, quoted,
                        d->unit ? " of " : "", d->unit ? d->unit : "", (long long) d->min,
                        (long long) d->max);
}

static int
read_ifname(const char *name, const char *text, char out[BOND_NAME_SIZE], struct bond_err *err)
{
    char token[BOND_NAME_SIZE], quoted[BOND_QUOTE_SIZE];

    if (trim(text, token, sizeof(token))) {
        const bool none = !*token || !strcmp(token, "none");

        if (none || bond_name_valid(token)) {
            memset(out, 0, BOND_NAME_SIZE);
            strcpy(out, none ? "" : token);
            return 0;
        }
    }
    return bond_err_set(err, BOND_ERR_BAD_VALUE, -EINVAL,
                        "%s %s is not allowed: use the name of a network interface (at most %d "
                        "characters, none of them a space, \"/\" or \":\"), or none",
                        name, bond_opt_quote(text, quoted), BOND_NAME_SIZE - 1);
}

static int
read_address(const char *name, const char *text, uint32_t *out_be, struct bond_err *err)
{
    char token[TOKEN_SIZE], quoted[BOND_QUOTE_SIZE];
    uint32_t be = 0;

    if (trim(text, token, sizeof(token))) {
        const bool none = !*token || !strcmp(token, "none");

        if (none || (inet_pton(AF_INET, token, &be) == 1 && be != 0 && be != INADDR_BROADCAST &&
                     !IN_MULTICAST(ntohl(be)))) {
            *out_be = be;
            return 0;
        }
    }
    return bond_err_set(err, BOND_ERR_BAD_VALUE, -EINVAL,
                        "%s %s is not allowed: use the IPv4 address of a host, such as 192.0.2.1, "
                        "or none",
                        name, bond_opt_quote(text, quoted));
}

static int
hex(char c)
{
    const char *const digits = "0123456789abcdef";
    const char *p = c ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;

    return p ? (int) (p - digits) : -1;
}

static bool
parse_mac(const char *text, uint8_t out[BOND_MAC_LEN])
{
    if (strlen(text) != 3 * BOND_MAC_LEN - 1)
        return false;
    for (int i = 0; i < BOND_MAC_LEN; i++) {
        const int high = hex(text[3 * i]), low = hex(text[3 * i + 1]);

        if (high < 0 || low < 0 || (i + 1 < BOND_MAC_LEN && text[3 * i + 2] != ':'))
            return false;
        out[i] = (uint8_t) (high << 4 | low);
    }
    return true;
}

static int
read_mac(const char *name, const char *text, uint8_t out[BOND_MAC_LEN], struct bond_err *err)
{
    char token[TOKEN_SIZE], quoted[BOND_QUOTE_SIZE];
    uint8_t mac[BOND_MAC_LEN] = {0};

    if (trim(text, token, sizeof(token)) &&
        (!strcmp(token, "default") || (parse_mac(token, mac) && !(mac[0] & 1)))) {
        memcpy(out, mac, sizeof(mac));
        return 0;
    }
    return bond_err_set(err, BOND_ERR_BAD_VALUE, -EINVAL,
                        "%s %s is not allowed: use a MAC address that is not multicast, such as "
                        "02:00:00:00:00:01, or 00:00:00:00:00:00 for the bond's own",
                        name, bond_opt_quote(text, quoted));
}

/* kernel: bond_is_ip_target_ok(), bond_is_ip6_target_ok() */
static bool
is_target(const struct addr_list *l, const uint8_t *a)
{
    static const uint8_t zero[16];
    static const uint8_t loopback[16] = {[15] = 1};

    if (l->family == AF_INET)
        return memcmp(a, zero, 4) && !(a[0] == 255 && a[1] == 255 && a[2] == 255 && a[3] == 255);
    return memcmp(a, zero, 16) && memcmp(a, loopback, 16) && a[0] != 0xff;
}

static int
find_addr(const struct addr_list *l, const uint8_t *a)
{
    for (unsigned int i = 0; i < *l->n; i++)
        if (!memcmp(l->addr + i * l->width, a, l->width))
            return (int) i;
    return -1;
}

static int
remove_addr(const struct addr_list *l, const char *name, const char *quoted, const uint8_t *a,
            struct bond_err *err)
{
    const int at = find_addr(l, a);

    if (at < 0)
        return bond_err_set(err, BOND_ERR_BAD_VALUE, -EINVAL,
                            "%s %s is not allowed: only an address that is in the list can be "
                            "removed",
                            name, quoted);
    (*l->n)--;
    memmove(l->addr + (size_t) at * l->width, l->addr + ((size_t) at + 1) * l->width,
            (*l->n - (size_t) at) * l->width);
    memset(l->addr + *l->n * l->width, 0, l->width);
    return 0;
}

static int
add_addr(const struct addr_list *l, const char *name, const char *quoted, const uint8_t *a,
         struct bond_err *err)
{
    if (!is_target(l, a))
        return bond_err_set(err, BOND_ERR_BAD_VALUE, -EINVAL,
                            "%s %s is not allowed: use the address of a host, not %s", name, quoted,
                            l->family == AF_INET ? "0.0.0.0 or 255.255.255.255"
                                                 : "::, ::1 or a multicast address");
    if (find_addr(l, a) >= 0)
        return bond_err_set(err, BOND_ERR_BAD_VALUE, -EINVAL,
                            "%s %s is in the list already: use each address once", name, quoted);
    if (*l->n >= l->max)
        return bond_err_set(err, BOND_ERR_LIMIT, -EINVAL,
                            "%s %s is one too many: at most %u addresses are allowed", name, quoted,
                            l->max);
    memcpy(l->addr + *l->n * l->width, a, l->width);
    (*l->n)++;
    return 0;
}

/* Whether the kernel would have found an address at the beginning, whatever follows: in4_pton(). */
static bool
begins_with_ip4(const char *text)
{
    for (int i = 0; i < 4; i++) {
        unsigned int v = 0;

        if (i > 0 && *text++ != '.')
            return false;
        if (*text < '0' || *text > '9')
            return false;
        for (; *text >= '0' && *text <= '9'; text++) {
            v = v * 10 + (unsigned int) (*text - '0');
            if (v > 255)
                return false;
        }
    }
    return *text != '.' && hex(*text) < 0;
}

/* One address of the list; `sign` '+' or '-' as in sysfs, 0 in a plain list. What sysfs can make
 * nothing of is EPERM there, an address that is out of place EINVAL. */
static int
edit_list(const struct addr_list *l, const char *name, const char *token, char sign,
          struct bond_err *err)
{
    char quoted[BOND_QUOTE_SIZE];
    uint8_t a[16];

    bond_opt_quote(token, quoted);
    if (inet_pton(l->family, sign ? token + 1 : token, a) != 1)
        return bond_err_set(err, BOND_ERR_BAD_VALUE,
                            sign && !begins_with_ip4(token + 1) ? -EPERM : -EINVAL,
                            "%s %s is not allowed: use at most %u %s, with commas between", name,
                            quoted, l->max, l->what);
    return sign == '-' ? remove_addr(l, name, quoted, a, err) : add_addr(l, name, quoted, a, err);
}

/* A list replaces what was there; a single address with + or - in front changes it (sysfs). */
static int
read_list(const struct bond_opt_desc *d, const char *name, const char *text, struct bond_options *o,
          struct bond_err *err)
{
    const struct addr_list l = addr_list(o, d->type);
    char token[TOKEN_SIZE];

    text += strspn(text, SPACE);
    if (*text == '+' || *text == '-')
        return edit_list(&l, name, trim(text, token, sizeof(token)) ? token : text, *text, err);
    memset(l.addr, 0, l.width * l.max);
    *l.n = 0;
    while (*(text += strspn(text, SPACE ","))) {
        const size_t len = strcspn(text, SPACE ",");
        int r;

        snprintf(token, sizeof(token), "%.*s", (int) (len < sizeof(token) ? len : sizeof(token)),
                 text);
        r = edit_list(&l, name, token, 0, err);
        if (r)
            return r;
        text += len;
    }
    return 0;
}

int
bond_opt_read(const struct bond_opt_desc *d, const char *name, const char *text,
              struct bond_options *o, struct bond_err *err)
{
    int64_t v;

    switch (d->type) {
    case BOND_OPT_T_ENUM:
    case BOND_OPT_T_INT:
        if (!read_number(d, text, &v))
            return refuse_number(d, name, text, err);
        o->num[d->id] = (uint32_t) v;
        return 0;
    case BOND_OPT_T_IFNAME:
        return read_ifname(name, text, d->id == BOND_OPT_PRIMARY ? o->primary : o->active_slave,
                           err);
    case BOND_OPT_T_IP4_LIST:
    case BOND_OPT_T_IP6_LIST:
        return read_list(d, name, text, o, err);
    case BOND_OPT_T_IP4:
        return read_address(name, text, &o->bfd_peer_be, err);
    case BOND_OPT_T_MAC:
        return read_mac(name, text, o->ad_actor_system, err);
    }
    return -EINVAL;
}

int
bond_port_option_parse(enum bond_port_opt_id id, const char *value, int64_t *out,
                       struct bond_err *err)
{
    const struct bond_opt_desc *d = bond_port_opt_desc(id);

    if (!d)
        return bond_err_set(err, BOND_ERR_UNKNOWN_OPTION, -ENOENT,
                            "port option number %d is not known: use queue_id, prio, "
                            "actor_port_prio or rr_delay",
                            (int) id);
    if (!value || !read_number(d, value, out))
        return refuse_number(d, d->name, value ? value : "", err);
    return 0;
}

/* Where the option's value lies in struct bond_options. Unused addresses are zero, and zero is no
 * target, so that comparing the bytes compares the lists. */
struct place {
    size_t at, size;
};

#define PLACE(member)                                                                              \
    (struct place)                                                                                 \
    {                                                                                              \
        offsetof(struct bond_options, member), sizeof(((struct bond_options *) NULL)->member)      \
    }

static struct place
place(enum bond_opt_id id)
{
    switch (bond_opt_desc(id)->type) {
    case BOND_OPT_T_ENUM:
    case BOND_OPT_T_INT:
        return PLACE(num[id]);
    case BOND_OPT_T_IFNAME:
        return id == BOND_OPT_PRIMARY ? PLACE(primary) : PLACE(active_slave);
    case BOND_OPT_T_IP4_LIST:
        return PLACE(arp_target_be);
    case BOND_OPT_T_IP6_LIST:
        return PLACE(ns_target);
    case BOND_OPT_T_IP4:
        return PLACE(bfd_peer_be);
    case BOND_OPT_T_MAC:
        return PLACE(ad_actor_system);
    }
    return (struct place){0, 0};
}

void
bond_opt_copy(struct bond_options *to, const struct bond_options *from, enum bond_opt_id id)
{
    struct place p = place(id);

    memmove((char *) to + p.at, (const char *) from + p.at, p.size);
    if (id == BOND_OPT_ARP_IP_TARGET)
        to->n_arp_targets = from->n_arp_targets;
    else if (id == BOND_OPT_NS_IP6_TARGET)
        to->n_ns_targets = from->n_ns_targets;
}

bool
bond_opt_equal(const struct bond_options *a, const struct bond_options *b, enum bond_opt_id id)
{
    struct place p = place(id);

    return !memcmp((const char *) a + p.at, (const char *) b + p.at, p.size);
}

bool
bond_opt_is_default(enum bond_opt_id id, const char *value)
{
    const struct bond_opt_desc *d = bond_opt_desc(id);
    struct bond_options said, def;

    if (!d || !value)
        return false;
    bond_options_init(&def, BOND_MODE_BALANCE_RR);
    said = def;
    return !bond_opt_read(d, d->name, value, &said, NULL) && bond_opt_equal(&said, &def, id);
}

static int
format_list(struct addr_list l, char *buf, size_t size)
{
    size_t at = 0;

    if (size)
        buf[0] = '\0';
    for (unsigned int i = 0; i < *l.n; i++) {
        char one[INET6_ADDRSTRLEN];
        int n;

        inet_ntop(l.family, l.addr + i * l.width, one, sizeof(one));
        n = snprintf(at < size ? buf + at : NULL, at < size ? size - at : 0, "%s%s", i ? "," : "",
                     one);
        at += (size_t) n;
    }
    return (int) at;
}

static int
format_address(uint32_t be, char *buf, size_t size)
{
    char text[INET_ADDRSTRLEN] = "";

    if (be)
        inet_ntop(AF_INET, &be, text, sizeof(text));
    return snprintf(buf, size, "%s", text);
}

int
bond_option_format(const struct bond_options *o, enum bond_opt_id id, char *buf, size_t size)
{
    const struct bond_opt_desc *d = bond_opt_desc(id);
    struct bond_options copy;
    const uint8_t *m = o->ad_actor_system;

    if (!d)
        return -EINVAL;
    switch (d->type) {
    case BOND_OPT_T_ENUM:
        if (!(d->flags & BOND_OPT_F_NUMBER) && bond_opt_value_name(id, o->num[id]))
            return snprintf(buf, size, "%s", bond_opt_value_name(id, o->num[id]));
        return snprintf(buf, size, "%u", o->num[id]);
    case BOND_OPT_T_INT:
        return snprintf(buf, size, "%u", o->num[id]);
    case BOND_OPT_T_IFNAME:
        return snprintf(buf, size, "%s", id == BOND_OPT_PRIMARY ? o->primary : o->active_slave);
    case BOND_OPT_T_IP4_LIST:
    case BOND_OPT_T_IP6_LIST:
        copy = *o;
        return format_list(addr_list(&copy, d->type), buf, size);
    case BOND_OPT_T_IP4:
        return format_address(o->bfd_peer_be, buf, size);
    case BOND_OPT_T_MAC:
        return snprintf(buf, size, "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4],
                        m[5]);
    }
    return -EINVAL;
}
