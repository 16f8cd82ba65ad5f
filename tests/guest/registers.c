/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * registers.c - preloaded into User-Mode Linux on CPUs whose processes have more registers than it
 * has room for (AMX): the host then takes all of them or none, and the guest panics at once. It
 * gets the part that it knows, and what it sets is put into the whole.
 */
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static long
call(int request, int pid, void *address, void *data)
{
    return syscall(SYS_ptrace, (long) request, (long) pid, address, data);
}

static long
all_registers(int request, int pid, struct iovec *part)
{
    static uint8_t room[1 << 16] __attribute__((aligned(64))); /* it has one thread that asks */
    struct iovec all = {room, sizeof(room)};
    const long r = call(PTRACE_GETREGSET, pid, (void *) NT_X86_XSTATE, &all);

    if (r < 0)
        return r;
    if (part->iov_len > all.iov_len)
        part->iov_len = all.iov_len;
    if (request == PTRACE_GETREGSET) {
        memcpy(part->iov_base, room, part->iov_len);
        return 0;
    }
    memcpy(room, part->iov_base, part->iov_len);
    return call(PTRACE_SETREGSET, pid, (void *) NT_X86_XSTATE, &all);
}

/* In place of the C library's. */
long
ptrace(enum __ptrace_request request, ...)
{
    void *address, *data;
    long r, word = 0;
    va_list args;
    int pid;

    va_start(args, request);
    pid = va_arg(args, int);
    address = va_arg(args, void *);
    data = va_arg(args, void *);
    va_end(args);
    if (address == (void *) NT_X86_XSTATE &&
        (request == PTRACE_GETREGSET || request == PTRACE_SETREGSET))
        return all_registers((int) request, pid, data);
    if (request != PTRACE_PEEKTEXT && request != PTRACE_PEEKDATA && request != PTRACE_PEEKUSER)
        return call((int) request, pid, address, data);
    r = call((int) request, pid, address, &word); /* the word itself is returned */
    if (r < 0)
        return r;
    errno = 0;
    return word;
}
