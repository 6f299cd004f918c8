/* Shares a range of numbered items out over a thread pool, in pieces worth a thread's while. */
#ifndef COMPUTE_OPS_RANGE_H
#define COMPUTE_OPS_RANGE_H

#include "compute/run/thread_pool.h"

#include <stddef.h>

typedef void range_task(void *arg, size_t first, size_t last);

/* Calls task over disjoint pieces that make up [0, count), each of about grain items or more; in
 * the calling thread when there is but one piece, and not at all when count is 0. */
void range_run(struct thread_pool *pool, size_t count, size_t grain, range_task *task, void *arg);

#endif
