/* Shares numbered items out over a thread pool when each runner needs scratch of its own.
 *
 * How many threads will compute is not known when scratch is sized, so scratch is cut into slots
 * instead: at most that many runners work at a time, each owning its slot from start to end. */
#ifndef COMPUTE_OPS_SLOTS_H
#define COMPUTE_OPS_SLOTS_H

#include "compute/run/thread_pool.h"

#include <stddef.h>

typedef void slots_task(void *arg, size_t item, uint32_t slot);

/* task(arg, item, slot) for every item of [0, count), in rising order within a slot < slots. */
void slots_run(struct thread_pool *pool, size_t count, uint32_t slots, slots_task *task, void *arg);

#endif
