/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options-allowed.c - the rules, each with its reason; docs/differences.md, "Options", has them for
 * users. None of them excuses a value: what the driver takes a text for is worked out here, and
 * core has to do with that what the driver did.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/parity/options-allowed.h"

enum rule {
    RULE_OVERFLOW,
    RULE_WORD,
    RULE_NEWLINE,
    RULE_NEWER,
    RULE_DEFAULT,
    RULE_LIST,
    RULE_ZEROS,
    RULE_NAME,
    RULE_NONE,
    RULE_OTHER_DEVICE,
    RULE_DELAY_TOO_LONG,
    RULE_DELAY_BACK,
    RULE_N
};

static const char *const reasons[RULE_N] = {
    [RULE_OVERFLOW] = "a number of more than 64 bits is too big, not what is left of it",
    [RULE_WORD] = "what follows the first word, or the 32nd character, is not passed over",
    [RULE_NEWLINE] = "a line's end before the value is space, not the end of the text",
    [RULE_NEWER] = "values of newer drivers than 6.1",
    [RULE_DEFAULT] = "every option knows \"default\"; miimon's is NetworkManager's",
    [RULE_LIST] = "arp_ip_target takes a whole list, as NetworkManager writes it",
    [RULE_ZEROS] = "the numbers of an address begin with no 0",
    [RULE_NAME] = "what can be no name of an interface is refused",
    [RULE_NONE] = "active_slave knows \"none\", as primary does",
    [RULE_OTHER_DEVICE] = "what is no port is no port: other devices are not looked at",
    [RULE_DELAY_TOO_LONG] = "a delay that grows with miimon stays within its bounds",
    [RULE_DELAY_BACK] = "a delay that miimon=0 has ended does not come back with the next miimon",
};
static unsigned int needed[RULE_N];

/* Space as the kernel knows it. */
static bool
is_space(char c)
{
    return isspace((unsigned char) c) || c == '\xa0';
}

/* Digits and space: what the driver takes for a number. */
static bool
is_number(const char *text)
{
    for (; *text; text++)
        if (!isdigit((unsigned char) *text) && !is_space(*text))
            return false;
    return true;
}

static void
first_word(const char *text, size_t max, char out[PARITY_TEXT])
{
    size_t n = 0;

    while (is_space(*text))
        text++;
    while (text[n] && n < max && !is_space(text[n]))
        n++;
    snprintf(out, PARITY_TEXT, "%.*s", (int) n, text);
}

/* The driver counts on in 64 bits. */
static bool
wrap(char number[PARITY_TEXT])
{
    unsigned __int128 v = 0;
    bool over = false;

    for (const char *p = number; *p; p++) {
        v = v * 10 + (unsigned int) (*p - '0');
        over = over || v >> 64;
        v = (unsigned long long) v;
    }
    if (over)
        snprintf(number, PARITY_TEXT, "%llu", (unsigned long long) v);
    return over;
}

static enum rule
rule_of_number(const char *option, const char *text, int driver, int here, char means[PARITY_TEXT])
{
    char line[PARITY_TEXT], word[PARITY_TEXT];

    snprintf(line, sizeof(line), "%.*s", (int) strcspn(text, "\n"), text);
    first_word(text, sizeof(word), word);
    first_word(line, is_number(line) ? sizeof(line) : 32, means);
    if (is_number(line) && wrap(means))
        return RULE_OVERFLOW;
    if (!*means && *word && driver == EINVAL)
        return RULE_NEWLINE; /* core has taken what stands on the second line, or understood it */
    if (driver == EINVAL && !here && !strcmp(option, "ad_select") &&
        (!strcmp(word, "3") || !strcmp(word, "actor_port_prio"))) {
        *means = '\0';
        return RULE_NEWER;
    }
    if (driver == EINVAL && !strcmp(word, "default")) {
        *means = '\0';
        return RULE_DEFAULT;
    }
    return *means && strcmp(means, text) ? RULE_WORD : RULE_N;
}

/* The driver takes 010 for ten. */
static enum rule
rule_of_list(const char *text, int driver, char means[PARITY_TEXT])
{
    unsigned int a, b, c, d;
    char address[PARITY_TEXT];

    if (*text != '+' && *text != '-')
        return driver == EPERM ? RULE_LIST : RULE_N;
    snprintf(means, PARITY_TEXT, "%c%.*s", *text, (int) strspn(text + 1, "0123456789."), text + 1);
    if (driver)
        return RULE_N;
    if (sscanf(means + 1, "%u.%u.%u.%u", &a, &b, &c, &d) != 4)
        return RULE_WORD;
    snprintf(address, sizeof(address), "%c%u.%u.%u.%u", *text, a, b, c, d);
    if (!strcmp(address, means))
        return RULE_WORD;
    strcpy(means, address);
    return RULE_ZEROS;
}

static enum rule
rule_of_name(const char *option, const char *text, int driver, int here, char means[PARITY_TEXT])
{
    if (here == EINVAL && (!driver || driver == ENODEV)) {
        /* The driver remembers or looks for the first line of it, and no device has that name. */
        snprintf(means, PARITY_TEXT, "%s", driver ? "" : "none");
        return RULE_NAME;
    }
    if (driver == ENODEV && !here && !strcmp(text, "none"))
        return RULE_NONE;
    if (strcmp(option, "active_slave"))
        return RULE_N;
    if (*text == '\n' && !driver && here == ENODEV)
        return RULE_NEWLINE;
    return here == ENODEV && driver == EINVAL ? RULE_OTHER_DEVICE : RULE_N;
}

bool
parity_allowed(const char *option, const char *text, int driver, int here, char means[PARITY_TEXT])
{
    const struct bond_opt_desc *d = bond_opt_by_name(option);
    enum rule rule = RULE_N;

    means[0] = '\0';
    switch (d->type) {
    case BOND_OPT_T_ENUM:
    case BOND_OPT_T_INT:
        rule = rule_of_number(option, text, driver, here, means);
        break;
    case BOND_OPT_T_IP4_LIST:
        rule = rule_of_list(text, driver, means);
        break;
    case BOND_OPT_T_IFNAME:
        rule = rule_of_name(option, text, driver, here, means);
        break;
    case BOND_OPT_T_MAC:
        if (driver == EINVAL && !here && bond_opt_is_default((enum bond_opt_id) d->id, text))
            rule = RULE_DEFAULT;
        break;
    case BOND_OPT_T_IP6_LIST:
    case BOND_OPT_T_IP4: /* the kernel has none */
        break;
    }
    if (rule == RULE_N)
        return false;
    needed[rule]++;
    return true;
}

bool
parity_value_allowed(const char *option, const char *text, const char *read, const char *driver,
                     const char *here, char means[PARITY_TEXT])
{
    const struct bond_opt_desc *d = bond_opt_by_name(read);
    char word[PARITY_TEXT];
    enum rule rule = RULE_N;

    means[0] = '\0';
    first_word(text, sizeof(word), word);
    if (!strcmp(option, "miimon") && !strcmp(word, "default")) {
        rule = RULE_DEFAULT;
        strcpy(means, "0");
    } else if (d->needs == BOND_OPT_MIIMON && strcmp(option, read)) {
        const long long ms = atoll(driver);

        if (!strcmp(here, "0") && ms > 0 && ms <= d->max)
            rule = RULE_DELAY_BACK;
        else if (ms < 0 || ms > d->max || atoll(here) > INT_MAX / 2)
            rule = RULE_DELAY_TOO_LONG;
    }
    if (rule == RULE_N)
        return false;
    needed[rule]++;
    return true;
}

/* One of them only other seeds than that of the golden file meet. */
bool
parity_allowed_report(bool all)
{
    bool each = true;

    for (int i = 0; i < RULE_N; i++) {
        printf("allowed %u times: %s\n", needed[i], reasons[i]);
        each = each && (needed[i] > 0 || i == RULE_ZEROS);
    }
    return each || !all;
}
