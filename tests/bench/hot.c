/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hot.c - a plugin of QEMU that counts which instructions a guest runs (hot.py makes a profile of it).
 *
 *     qemu-system-x86_64 ... -plugin libhot.so,out=FILE
 *
 * FILE gets a line for each block of code that ran: its address and how many instructions were run
 * in it. Exact, for one virtual CPU; neither sampled nor disturbed by being watched. Only what is used
 * of QEMU's interface for plugins, version 1, is declared here: Debian has no package with the
 * header.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OUT "out="

struct qemu_plugin_tb;
struct qemu_info_t;
enum { INLINE_ADD_U64 };

extern void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, void (*cb)(uint64_t id,
                                                                          struct qemu_plugin_tb *tb));
extern void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb, int op, void *at,
                                                     uint64_t value);
extern void qemu_plugin_register_atexit_cb(uint64_t id, void (*cb)(uint64_t id, void *data),
                                           void *data);
extern int qemu_plugin_install(uint64_t id, const struct qemu_info_t *info, int argc, char **argv);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
extern uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

/* QEMU translates a block anew whenever it has thrown away what it knew: one entry for each time. */
struct block {
    struct block *before;
    uint64_t address, instructions;
};

static struct block *last;
static char path[4096];

static void
translated(uint64_t id, struct qemu_plugin_tb *tb)
{
    struct block *b = calloc(1, sizeof(*b));

    (void) id;
    if (!b)
        abort();
    *b = (struct block){.before = last, .address = qemu_plugin_tb_vaddr(tb)};
    last = b;
    qemu_plugin_register_vcpu_tb_exec_inline(tb, INLINE_ADD_U64, &b->instructions,
                                             qemu_plugin_tb_n_insns(tb));
}

static void
ended(uint64_t id, void *data)
{
    FILE *f = fopen(path, "w");

    (void) id, (void) data;
    if (!f) {
        perror(path);
        return;
    }
    for (const struct block *b = last; b; b = b->before) {
        if (b->instructions)
            fprintf(f, "%" PRIx64 " %" PRIu64 "\n", b->address, b->instructions);
    }
    fclose(f);
}

__attribute__((visibility("default"))) int
qemu_plugin_install(uint64_t id, const struct qemu_info_t *info, int argc, char **argv)
{
    (void) info;
    if (argc != 1 || strncmp(argv[0], OUT, strlen(OUT)) != 0 || strlen(argv[0]) >= sizeof(path)) {
        fprintf(stderr, "hot: one argument, " OUT "FILE\n");
        return 1;
    }
    strcpy(path, argv[0] + strlen(OUT));
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, ended, NULL);
    return 0;
}
