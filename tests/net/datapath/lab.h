/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lab.h - what the datapath tests share: a network namespace of their own, and a wire to listen on.
 *
 * Each test runs in a fresh namespace, which goes with all that is in it when the next one is made
 * or the program ends. Nothing of the host is touched.
 */
#ifndef LAB_H
#define LAB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <cmocka.h>

#include "datapath/announce.h"

#define WAIT_MS 5000 /* a condition that takes longer will not come */

/* Exits with 77 and the reason where namespaces cannot be made. Call it first in main(). */
void lab_require_netns(void);
/* For cmocka: a fresh namespace with lo up. */
int lab_setup(void **state);

/* Runs a command; a failure ends the test with the command's text. */
void lab_run(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same, but tells whether it succeeded (its output is thrown away). */
bool lab_try(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Fails with a text that names the call. */
#define lab_ok(call) lab_check_errno((call), #call, __FILE__, __LINE__)
void lab_check_errno(int result, const char *call, const char *file, int line);

/* A process in a network namespace of its own, which dies with this one; end it with lab_end(). */
pid_t lab_other_netns(void);
void lab_end(pid_t pid);

bool lab_kernel_is_at_least(int major, int minor);
uint64_t lab_now_ns(void);

/* Evaluates `cond` again and again until it holds; fails after WAIT_MS. */
#define lab_wait(cond)                                                                             \
    do {                                                                                           \
        uint64_t until_ = lab_now_ns() + WAIT_MS * 1000000ull;                                     \
        while (!(cond)) {                                                                          \
            if (lab_now_ns() > until_)                                                             \
                fail_msg("%s:%d: did not come true in %d ms: %s", __FILE__, __LINE__, WAIT_MS,     \
                         #cond);                                                                   \
            lab_nap();                                                                             \
        }                                                                                          \
    } while (0)
void lab_nap(void);

int lab_index(const char *name);                   /* fails where there is none */
void lab_mac(const char *name, uint8_t mac[6]);    /* as the device has it */
void lab_mac_of(const char *text, uint8_t mac[6]); /* "02:00:00:00:00:01" */

/* Everything that arrives at a device. */
int lab_listen(const char *name);

struct lab_frame {
    unsigned len;
    uint8_t byte[2048];
};

/* The next frame with this ethertype (and, for IPv6, an ICMPv6 message of type icmp6; 0: any).
 * False: none within wait_ms. */
bool lab_next(int fd, uint16_t ethertype, uint8_t icmp6, int wait_ms, struct lab_frame *out);
/* Fails with both as hex unless equal. */
void lab_expect_frame(const struct lab_frame *got, const uint8_t *want, unsigned len);
/* One's complement sum over the ICMPv6 message and its pseudo header: 0 when right. */
uint16_t lab_icmp6_sum(const uint8_t *ipv6_header);

void lab_send(const char *name, const uint8_t *frame, unsigned len);

#endif
