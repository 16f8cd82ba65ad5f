/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * redirect.c - the least that a bond of BPF programs costs: programs on tcx that do nothing but
 * redirect, chosen and counted is nothing.
 *
 *     redirect ingress BOND PEER PORT...   what comes in goes to the bond by bpf_redirect()
 *     redirect peer BOND PEER PORT...      by two bpf_redirect_peer(): port -> PEER, which is in
 * the network namespace HIDDEN (environment), -> BOND
 *
 * What is sent leaves by the first PORT. Says "attached" and stays until its input ends. 77: the
 * kernel has no tcx.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>

/* kernel: enum bpf_attach_type */
#define TCX_INGRESS 46
#define TCX_EGRESS 47

static void __attribute__((noreturn)) die(const char *what)
{
    fprintf(stderr, "redirect: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void
attach(unsigned ifindex, int where, int helper, unsigned to, unsigned flags)
{
    const struct bpf_insn insns[] = {
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_1, .imm = (int) to},
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = (int) flags},
        {.code = BPF_JMP | BPF_CALL, .imm = helper},
        {.code = BPF_JMP | BPF_EXIT},
    };
    int program = bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "redirect", "GPL", insns,
                                sizeof(insns) / sizeof(insns[0]), NULL);

    if (program < 0)
        die("no program");
    /* The link stays open: it is what holds the program. */
    if (!ifindex || bpf_link_create(program, (int) ifindex, (enum bpf_attach_type) where, NULL) < 0)
        die("no tcx");
}

static void
enter(const char *name)
{
    char path[64];
    int fd;

    snprintf(path, sizeof(path), "/run/netns/%s", name);
    fd = open(path, O_RDONLY);
    if (fd < 0 || setns(fd, CLONE_NEWNET))
        die(path);
}

int
main(int argc, char **argv)
{
    const char *hidden = getenv("HIDDEN");
    bool by_peer = argc > 1 && !strcmp(argv[1], "peer");
    uint32_t n = 0;
    unsigned bond;

    if (argc < 5 || (by_peer && !hidden)) {
        fprintf(stderr, "usage: redirect ingress|peer BOND PEER PORT...\n");
        return 2;
    }
    if (bpf_prog_query(1, TCX_INGRESS, 0, NULL, NULL, &n)) {
        fprintf(stderr, "this kernel has no tcx\n");
        return 77;
    }
    bond = if_nametoindex(argv[2]);
    attach(bond, TCX_EGRESS, BPF_FUNC_redirect, if_nametoindex(argv[4]), 0);
    for (int i = 4; i < argc; i++)
        attach(if_nametoindex(argv[i]), TCX_INGRESS,
               by_peer ? BPF_FUNC_redirect_peer : BPF_FUNC_redirect, bond,
               by_peer ? 0 : BPF_F_INGRESS);
    if (by_peer) {
        enter(hidden);
        attach(if_nametoindex(argv[3]), TCX_INGRESS, BPF_FUNC_redirect_peer,
               if_nametoindex(argv[3]), 0);
    }
    printf("attached\n");
    fflush(stdout);
    while (getchar() != EOF)
        ;
    return 0;
}
