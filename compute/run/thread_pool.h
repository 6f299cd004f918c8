/* A fixed set of threads that share out numbered tasks.
 *
 * The caller is thread 0 and works too. Tasks are claimed one by one, so uneven tasks balance.
 * Nothing is allocated after creation. One run at a time per pool, but for those inside of a pause:
 *
 *   run ── task ── task ──┐ is_wanted       ┌── task ── task ──> return
 *                         └─> work: other ──┘
 *                             runs, here or in any other pool; nobody works at the first meanwhile
 *
 * Between its tasks the caller asks whether a pause is wanted. Which tasks ran before it, and in
 * which thread, is of no matter to those after it. */
#ifndef COMPUTE_RUN_THREAD_POOL_H
#define COMPUTE_RUN_THREAD_POOL_H

#include <stdbool.h>
#include <stdint.h>

struct thread_pool;

typedef void thread_pool_task(void *arg, uint32_t task, uint32_t thread);

/* threads >= 1, the caller included. 0, -EINVAL, -ENOMEM or -EAGAIN. */
int thread_pool_create(uint32_t threads, struct thread_pool **pool);
void thread_pool_destroy(struct thread_pool *pool); /* accepts NULL */

/* Threads, the caller included; 1 for NULL. */
uint32_t thread_pool_threads(const struct thread_pool *pool);

struct thread_pool_pause {
    bool (*is_wanted)(void *arg); /* asked all the time: a load and a branch; NULL: nobody is */
    void (*work)(void *arg); /* called if it says so, while no task of the pool is under way */
    void *arg;
};

/* From now on; not during a run, but for inside of its pause. NULL: none. Returns what was set. */
struct thread_pool_pause thread_pool_set_pause(struct thread_pool *pool,
                                               const struct thread_pool_pause *pause);
/* Asks now: by the caller's thread alone, between two runs or in a long task (then its thread is
 * 0), where nothing is in the works that is not its own. There is no pause inside of a pause of the
 * same pool. Accepts NULL. */
void thread_pool_look(struct thread_pool *pool);

/* Runs task(arg, 0..count-1, thread) and returns when all are done. thread < thread_pool_threads.
 * With a NULL pool, or one task, all runs in the caller. */
void thread_pool_run(struct thread_pool *pool, uint32_t count, thread_pool_task *task, void *arg);

#endif
