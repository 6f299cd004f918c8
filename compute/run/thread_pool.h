/* A fixed set of threads that share out numbered tasks.
 *
 * The caller is thread 0 and works too. Tasks are claimed one by one, so uneven tasks balance.
 * Nothing is allocated after creation. One run at a time per pool. */
#ifndef COMPUTE_RUN_THREAD_POOL_H
#define COMPUTE_RUN_THREAD_POOL_H

#include <stdint.h>

struct thread_pool;

typedef void thread_pool_task(void *arg, uint32_t task, uint32_t thread);

/* threads >= 1, the caller included. 0, -EINVAL, -ENOMEM or -EAGAIN. */
int thread_pool_create(uint32_t threads, struct thread_pool **pool);
void thread_pool_destroy(struct thread_pool *pool); /* accepts NULL */

/* Threads, the caller included; 1 for NULL. */
uint32_t thread_pool_threads(const struct thread_pool *pool);

/* Runs task(arg, 0..count-1, thread) and returns when all are done. thread < thread_pool_threads.
 * With a NULL pool, or one task, all runs in the caller. */
void thread_pool_run(struct thread_pool *pool, uint32_t count, thread_pool_task *task, void *arg);

#endif
