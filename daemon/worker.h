/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * worker.h - work that may take long (loading BPF programs, deleting links), beside the main loop:
 * the other bonds must not wait for it.
 */
#ifndef BONDD_WORKER_H
#define BONDD_WORKER_H

#include <stdbool.h>

typedef void (*bondd_work_fn)(void *data);

/* `work` in the worker's thread, then `done` in the main loop. One at a time, in order. */
void bondd_worker_run(bondd_work_fn work, bondd_work_fn done, void *data);
/* Waits until everything is done. */
void bondd_worker_drain(void);

#endif
