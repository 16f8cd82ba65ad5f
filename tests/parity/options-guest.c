/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options-guest.c - writes every case of options-cases.h to the real driver, in the guest, through
 * sysfs, and says what came of it: a line for each sequence, a word for each write.
 *
 *   I B N A P D   refused: EINVAL EBUSY ENOTEMPTY EACCES EPERM ENODEV (eNUMBER: another errno);
 *                 I*3: and the next three writes as well
 *   .             taken, and no option reads differently than before
 *   17=100 n_m=x  taken, and these read differently now: number in parity_options[] and text, with
 *                 "_" for a space, and a comma between
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "tests/parity/options-cases.h"

#define MAX_OPTIONS 64u
#define TEXT 512u
#define DIRECTORY "/sys/class/net/"

static const char *bond = "o0";
static int fds[MAX_OPTIONS];
static char now[MAX_OPTIONS][TEXT];

static void __attribute__((noreturn, format(printf, 1, 2))) die(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\n");
    exit(1);
}

static int
write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY), r = 0;

    if (fd < 0)
        die("%s: %s", path, strerror(errno));
    if (write(fd, text, strlen(text)) < 0)
        r = errno;
    close(fd);
    return r;
}

static void
must(const char *text, const char *path)
{
    int r = write_file(path, text);

    if (r)
        die("%s: %s: %s", path, text, strerror(r));
}

static void
in_bond(char *path, size_t size, const char *file)
{
    snprintf(path, size, DIRECTORY "%s/bonding/%s", bond, file);
}

static void
read_option(unsigned int i, char text[TEXT])
{
    ssize_t n = pread(fds[i], text, TEXT - 1, 0);

    if (n < 0)
        die("%s: %s", parity_options[i], strerror(errno));
    text[n] = '\0';
    text[strcspn(text, "\n")] = '\0';
    for (char *p = text; *p; p++)
        *p = *p == ' ' ? '_' : *p;
}

static void
new_bond(const struct parity_sequence *s)
{
    char path[128], text[32];

    snprintf(text, sizeof(text), "+%s", bond);
    must(text, DIRECTORY "bonding_masters");
    in_bond(path, sizeof(path), "mode");
    snprintf(text, sizeof(text), "%u", s->mode);
    must(text, path);
    if (s->state != PARITY_DOWN) {
        snprintf(path, sizeof(path), DIRECTORY "%s/flags", bond);
        must("0x1403", path);
    }
    if (s->state == PARITY_PORTS) {
        in_bond(path, sizeof(path), "slaves");
        must("+p0", path);
        must("+p1", path);
    }
    for (unsigned int i = 0; parity_options[i]; i++) {
        in_bond(path, sizeof(path), parity_options[i]);
        fds[i] = open(path, O_RDWR);
        if (fds[i] < 0)
            die("%s: %s", path, strerror(errno));
        read_option(i, now[i]);
    }
}

static void
end_bond(void)
{
    char text[32];

    for (unsigned int i = 0; parity_options[i]; i++)
        close(fds[i]);
    snprintf(text, sizeof(text), "-%s", bond);
    must(text, DIRECTORY "bonding_masters");
}

/* The same word many times over is written once, with how often it follows. */
static void
print_word(const char *word)
{
    static char last[16];
    static unsigned int more;

    if (word && !strcmp(word, last)) {
        more++;
        return;
    }
    if (more)
        printf("*%u", more);
    more = 0;
    snprintf(last, sizeof(last), "%s", word ? word : "");
    if (word)
        printf(" %s", word);
}

static void
print_refusal(int r)
{
    static const struct {
        int code;
        const char *word;
    } words[] = {{EINVAL, "I"}, {EBUSY, "B"}, {ENOTEMPTY, "N"},
                 {EACCES, "A"}, {EPERM, "P"}, {ENODEV, "D"}};
    char other[16];

    for (unsigned int i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (words[i].code == r) {
            print_word(words[i].word);
            return;
        }
    snprintf(other, sizeof(other), "e%d", r);
    print_word(other);
}

static void
print_changes(void)
{
    char text[TEXT];
    bool any = false;

    for (unsigned int i = 0; parity_options[i]; i++) {
        /* what is active is not an option's value; the events' part of the suite looks at it */
        if (!strcmp(parity_options[i], "active_slave"))
            continue;
        read_option(i, text);
        if (!strcmp(text, now[i]))
            continue;
        if (!any)
            print_word(NULL);
        printf("%s%u=%s", any ? "," : " ", i, text);
        strcpy(now[i], text);
        any = true;
    }
    if (!any)
        print_word(".");
}

static void
write_option(const struct parity_write *w)
{
    unsigned int i = 0;
    ssize_t r;

    while (strcmp(parity_options[i], w->option))
        i++;
    /* No empty write reaches a file of sysfs; a shell's `echo` ends every text like this. */
    r = w->text[0] ? pwrite(fds[i], w->text, strlen(w->text), 0) : pwrite(fds[i], "\n", 1, 0);
    if (r < 0)
        print_refusal(errno);
    else
        print_changes();
}

int
main(int argc, char **argv)
{
    uint32_t first = argc > 1 ? (uint32_t) strtoul(argv[1], NULL, 10) : 0;
    uint32_t count = argc > 2 ? (uint32_t) strtoul(argv[2], NULL, 10) : parity_sequences();
    static struct parity_sequence s;
    struct utsname kernel;

    if (!getenv("PARITY_GUEST")) {
        fprintf(stderr, "to be run in the guest: tests/guest/run\n");
        return 1;
    }
    if (system("sysctl -qw net.ipv6.conf.default.disable_ipv6=1; ip link add p0 type veth peer q0;"
               "ip link add p1 type veth peer q1; ip link set q0 up; ip link set q1 up"))
        die("no ports");
    uname(&kernel);
    printf("# %u sequences, asked of Linux %s\n", count, kernel.release);
    for (uint32_t i = first; i < first + count; i++) {
        parity_sequence(i, &s);
        new_bond(&s);
        printf("%u", i);
        for (uint32_t k = 0; k < s.n; k++)
            write_option(&s.write[k]);
        print_word(NULL);
        printf("\n");
        end_bond();
    }
    return 0;
}
